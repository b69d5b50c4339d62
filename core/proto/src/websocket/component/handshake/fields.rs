//! Header fields, and the lists in them.

use super::super::super::handshake::{HandshakeError, check_upgrade, list_members, trim};
use super::super::error::ComponentError;

/// A header field as the application gives it.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// Its name, in any case.
    pub name: &'a [u8],
    /// Its value; white space around it does not count.
    pub value: &'a [u8],
}

/// Header fields for the application to send: names and values.
pub type HandshakeFields = Vec<(&'static str, Vec<u8>)>;

/// The version of the protocol (RFC 6455 §4.1).
pub(super) const VERSION: &str = "13";

pub(super) const SUBPROTOCOL: &str = "Sec-WebSocket-Protocol";
pub(super) const EXTENSIONS: &str = "Sec-WebSocket-Extensions";

/// Names must be there, and must not contain the colon that ends them.
pub(super) fn check_names(fields: &[Field<'_>]) -> Result<(), ComponentError> {
    let proper = |field: &Field<'_>| !field.name.is_empty() && !field.name.contains(&b':');
    if fields.iter().all(proper) {
        Ok(())
    } else {
        Err(ComponentError::InvalidArgument)
    }
}

/// The values of the fields with this name.
pub(super) fn values<'a>(fields: &[Field<'a>], name: &str) -> impl Iterator<Item = &'a [u8]> {
    fields
        .iter()
        .filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
        .map(|field| trim(field.value))
}

/// The members of a list that may be spread over several fields.
pub(super) fn members<'a>(fields: &[Field<'a>], name: &str) -> impl Iterator<Item = &'a [u8]> {
    values(fields, name).flat_map(list_members)
}

/// The extensions named in a field, without their parameters.
pub(super) fn extension_names<'a>(fields: &[Field<'a>]) -> impl Iterator<Item = &'a [u8]> {
    members(fields, EXTENSIONS).map(extension_name)
}

/// An extension without its parameters.
pub(super) fn extension_name(extension: &[u8]) -> &[u8] {
    let name = extension.split(|&byte| byte == b';').next();
    trim(name.unwrap_or_default())
}

/// The only value of a field.
pub(super) fn only_value<'a>(fields: &[Field<'a>], name: &str) -> Result<&'a [u8], ComponentError> {
    let mut values = values(fields, name);
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        _ => Err(ComponentError::HandshakeMalformed),
    }
}

/// `Upgrade: websocket` and `Connection: Upgrade`, in either direction.
pub(super) fn check_upgrades(fields: &[Field<'_>]) -> Result<(), ComponentError> {
    check_upgrade(|name| values(fields, name))
        .map_err(|_: HandshakeError| ComponentError::HandshakeMalformed)
}

/// A token (RFC 9110 §5.6.2), as names of sub-protocols and extensions are.
pub(super) fn is_token(name: &[u8]) -> bool {
    let is_tchar = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !name.is_empty() && name.iter().all(is_tchar)
}

/// A name and perhaps parameters, nothing that would end the field or begin another extension.
pub(super) fn is_extension(extension: &[u8]) -> bool {
    let visible = |&byte: &u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
    is_token(extension_name(extension))
        && extension.iter().all(visible)
        && !extension.contains(&b',')
}

/// A field's value that lists these.
pub(super) fn list(members: &[Vec<u8>]) -> Vec<u8> {
    members.join(&b", "[..])
}
