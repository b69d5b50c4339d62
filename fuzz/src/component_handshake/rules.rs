//! What the handshake's header fields must say, written to be obvious: which results a call may
//! have.

use winhttp_abi::constants as c;

use crate::judge::S_OK;

/// A header field, and whether its pointers are given.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: Vec<u8>,
    pub value: Vec<u8>,
    pub name_is_null: bool,
    pub value_is_null: bool,
}

impl Field {
    pub fn new(name: &[u8], value: &[u8]) -> Self {
        Self {
            name: name.to_vec(),
            value: value.to_vec(),
            name_is_null: false,
            value_is_null: false,
        }
    }

    /// Its name is there and has no colon; NULL goes only with length 0.
    pub fn is_proper(&self) -> bool {
        let name = !self.name.is_empty() && !self.name_is_null && !self.name.contains(&b':');
        name && (!self.value_is_null || self.value.is_empty())
    }
}

fn trim(bytes: &[u8]) -> &[u8] {
    // RFC 9110 section 5.6.3: nothing else is optional.
    let white = |byte: &u8| b" \t".contains(byte);
    let start = bytes
        .iter()
        .position(|byte| !white(byte))
        .unwrap_or(bytes.len());
    let end = bytes
        .iter()
        .rposition(|byte| !white(byte))
        .map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// The values of a field, in order.
pub fn values(fields: &[Field], name: &str) -> Vec<Vec<u8>> {
    let own = fields
        .iter()
        .filter(|field| field.name.to_ascii_lowercase() == name.as_bytes());
    own.map(|field| trim(&field.value).to_vec()).collect()
}

/// The members of the lists in a field.
pub fn members(fields: &[Field], name: &str) -> Vec<Vec<u8>> {
    let joined = values(fields, name).join(&b","[..]);
    let members = joined
        .split(|&byte| byte == b',')
        .map(|member| trim(member).to_vec());
    members.filter(|member| !member.is_empty()).collect()
}

/// An extension without its parameters.
pub fn extension_name(extension: &[u8]) -> &[u8] {
    trim(extension.split(|&byte| byte == b';').next().unwrap())
}

pub fn extension_names(fields: &[Field]) -> Vec<Vec<u8>> {
    let members = members(fields, "sec-websocket-extensions");
    members
        .iter()
        .map(|member| extension_name(member).to_vec())
        .collect()
}

pub fn is_token(name: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_graphic() && !b"\"(),/:;<=>?@[\\]{}".contains(byte);
    !name.is_empty() && name.iter().all(fits)
}

/// A name and perhaps parameters; a comma would begin another one.
pub fn is_extension(text: &[u8]) -> bool {
    is_token(extension_name(text))
        && !text.contains(&b',')
        && text
            .iter()
            .all(|&byte| byte == b'\t' || matches!(byte, 32..127))
}

/// Base64 of 16 bytes.
pub fn is_key(key: &[u8]) -> bool {
    let digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/".contains(byte);
    key.len() == 24 && key.ends_with(b"==") && key[..22].iter().all(digit)
}

fn is_upgrade(fields: &[Field]) -> bool {
    let names = |field: &str, what: &[u8]| {
        members(fields, field)
            .iter()
            .any(|member| member.eq_ignore_ascii_case(what))
    };
    names("upgrade", b"websocket") && names("connection", b"upgrade")
}

/// What WebSocketBeginServerHandshake may answer to a request.
pub fn request(fields: &[Field], subprotocol: Option<&[u8]>, extensions: &[Vec<u8>]) -> Vec<i32> {
    if !fields.iter().all(Field::is_proper) {
        return vec![c::E_INVALIDARG];
    }
    let keys = values(fields, "sec-websocket-key");
    let versions = values(fields, "sec-websocket-version");
    let has_host = !values(fields, "host").is_empty();
    if !has_host
        || !is_upgrade(fields)
        || keys.len() != 1
        || !is_key(&keys[0])
        || versions.len() != 1
    {
        return vec![c::E_INVALID_PROTOCOL_FORMAT];
    }
    if versions[0] != b"13" {
        return vec![c::E_PROTOCOL_VERSION_NOT_SUPPORTED];
    }
    let offered = members(fields, "sec-websocket-protocol");
    if subprotocol.is_some_and(|name| !offered.contains(&name.to_vec())) {
        return vec![c::E_SUBPROTOCOL_NOT_SUPPORTED];
    }
    if subprotocol.is_some_and(|name| !is_token(name)) {
        return vec![c::E_INVALIDARG, c::E_SUBPROTOCOL_NOT_SUPPORTED];
    }
    let offered = extension_names(fields);
    let known = |text: &Vec<u8>| offered.iter().any(|name| *name == extension_name(text));
    if extensions
        .iter()
        .all(|text| known(text) && is_extension(text))
    {
        return vec![S_OK];
    }
    let mut allowed = Vec::new();
    if !extensions.iter().all(known) {
        allowed.push(c::E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED);
    }
    if !extensions.iter().all(|text| is_extension(text)) {
        allowed.push(c::E_INVALIDARG);
    }
    allowed
}

/// What WebSocketEndClientHandshake may answer to a response, with enough room.
pub fn response(
    fields: &[Field],
    accept: &str,
    subprotocols: &[Vec<u8>],
    extensions: &[Vec<u8>],
) -> Vec<i32> {
    if fields.is_empty() || !fields.iter().all(Field::is_proper) {
        return vec![c::E_INVALIDARG];
    }
    if !is_upgrade(fields) || values(fields, "sec-websocket-accept") != [accept.as_bytes()] {
        return vec![c::E_INVALID_PROTOCOL_FORMAT];
    }
    let subprotocol = members(fields, "sec-websocket-protocol");
    let fits = match &subprotocol[..] {
        [] => subprotocols.is_empty(),
        [one] => subprotocols.contains(one),
        _ => false,
    };
    let named = extension_names(fields);
    let offered = |name: &Vec<u8>| extensions.iter().any(|text| extension_name(text) == name);
    let twice = (1..named.len()).any(|index| named[..index].contains(&named[index]));
    let known = named.iter().all(offered) && !twice && named.is_empty() == extensions.is_empty();
    match (fits, known) {
        (true, true) => vec![S_OK],
        (false, _) => vec![c::E_SUBPROTOCOL_NOT_SUPPORTED],
        (true, false) => vec![c::E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED],
    }
}
