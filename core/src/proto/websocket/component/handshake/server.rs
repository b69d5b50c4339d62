//! A server's handshake: the check of the request, and the answer.

use super::super::super::handshake::{accept_for, is_client_key};
use super::super::error::Error;
use super::fields::{
    EXTENSIONS, Field, HandshakeFields, SUBPROTOCOL, VERSION, check_names, check_upgrades,
    extension_name, extension_names, is_extension, list, members, only_value, values,
};

/// The response's fields to a request (RFC 6455 §4.2).
pub(in super::super) fn respond(
    request: &[Field<'_>],
    subprotocol: Option<&[u8]>,
    extensions: &[Vec<u8>],
) -> Result<HandshakeFields, Error> {
    check_names(request)?;
    let key = check_request(request)?;
    check_selection(request, subprotocol, extensions)?;

    let mut fields = vec![
        ("Sec-WebSocket-Accept", accept_for(key).as_bytes().to_vec()),
        ("Connection", b"Upgrade".to_vec()),
        ("Upgrade", b"websocket".to_vec()),
    ];
    if let Some(name) = subprotocol {
        fields.push((SUBPROTOCOL, name.to_vec()));
    }
    if !extensions.is_empty() {
        fields.push((EXTENSIONS, list(extensions)));
    }
    Ok(fields)
}

/// What RFC 6455 §4.2.1 asks of a request's fields, and the key.
fn check_request<'a>(request: &[Field<'a>]) -> Result<&'a str, Error> {
    values(request, "Host")
        .next()
        .ok_or(Error::HandshakeMalformed)?;
    check_upgrades(request)?;
    let key = only_value(request, "Sec-WebSocket-Key")?;
    let key = std::str::from_utf8(key).map_err(|_| Error::HandshakeMalformed)?;
    if !is_client_key(key) {
        return Err(Error::HandshakeMalformed);
    }
    if only_value(request, "Sec-WebSocket-Version")? != VERSION.as_bytes() {
        return Err(Error::VersionNotSupported);
    }
    Ok(key)
}

/// A server selects among what the client offered.
fn check_selection(
    request: &[Field<'_>],
    subprotocol: Option<&[u8]>,
    extensions: &[Vec<u8>],
) -> Result<(), Error> {
    if let Some(name) = subprotocol
        && !members(request, SUBPROTOCOL).any(|offered| offered == name)
    {
        return Err(Error::SubprotocolNotSupported);
    }
    for extension in extensions {
        if !is_extension(extension) {
            return Err(Error::InvalidArgument);
        }
        if !extension_names(request).any(|offered| offered == extension_name(extension)) {
            return Err(Error::ExtensionsNotSupported);
        }
    }
    Ok(())
}
