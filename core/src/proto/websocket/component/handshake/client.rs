//! A client's handshake: the offer, and the check of the answer.

use super::super::super::handshake::{ClientKey, accept_for, client_key};
use super::super::error::Error;
use super::fields::{
    EXTENSIONS, Field, HandshakeFields, SUBPROTOCOL, VERSION, check_names, check_upgrades,
    extension_name, extension_names, is_extension, is_token, list, members, only_value,
};

/// What a client offered.
#[derive(Debug)]
pub(in super::super) struct ClientHandshake {
    key: ClientKey,
    subprotocols: Vec<Vec<u8>>,
    extensions: Vec<Vec<u8>>,
}

/// What the server selected, as indices into what was offered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// The extensions, in the server's order.
    pub extensions: Vec<u32>,
    /// The sub-protocol.
    pub subprotocol: Option<u32>,
}

impl ClientHandshake {
    pub(in super::super) fn new(
        nonce: [u8; 16],
        subprotocols: Vec<Vec<u8>>,
        extensions: Vec<Vec<u8>>,
        initial: &[Field<'_>],
    ) -> Result<Self, Error> {
        check_names(initial)?;
        let proper = subprotocols.iter().all(|name| is_token(name))
            && extensions.iter().all(|extension| is_extension(extension));
        if !proper {
            return Err(Error::InvalidArgument);
        }
        Ok(Self {
            key: client_key(nonce),
            subprotocols,
            extensions,
        })
    }

    /// The fields of the request (RFC 6455 §4.1).
    pub(in super::super) fn fields(&self) -> HandshakeFields {
        let mut fields = vec![
            ("Sec-WebSocket-Key", self.key.as_bytes().to_vec()),
            ("Connection", b"Upgrade".to_vec()),
            ("Upgrade", b"websocket".to_vec()),
            ("Sec-WebSocket-Version", VERSION.as_bytes().to_vec()),
        ];
        for (name, offered) in [
            (SUBPROTOCOL, &self.subprotocols),
            (EXTENSIONS, &self.extensions),
        ] {
            if !offered.is_empty() {
                fields.push((name, list(offered)));
            }
        }
        fields
    }

    /// Checks the response (RFC 6455 §4.1).
    pub(in super::super) fn end(
        &self,
        response: &[Field<'_>],
        room: Option<u32>,
    ) -> Result<Selection, Error> {
        check_names(response)?;
        check_upgrades(response)?;
        if only_value(response, "Sec-WebSocket-Accept")? != accept_for(&self.key).as_bytes() {
            return Err(Error::HandshakeMalformed);
        }
        let selection = Selection {
            subprotocol: self.selected_subprotocol(response)?,
            extensions: self.selected_extensions(response)?,
        };
        let offered = u32::try_from(self.extensions.len()).unwrap_or(u32::MAX);
        if room.is_some_and(|room| room < offered) {
            return Err(Error::InsufficientBuffer);
        }
        Ok(selection)
    }

    /// One of those offered; none only if none was.
    fn selected_subprotocol(&self, response: &[Field<'_>]) -> Result<Option<u32>, Error> {
        let mut selected = members(response, SUBPROTOCOL);
        match (selected.next(), selected.next()) {
            (None, _) if self.subprotocols.is_empty() => Ok(None),
            (Some(name), None) => position(&self.subprotocols, |offered| offered == name)
                .map(Some)
                .ok_or(Error::SubprotocolNotSupported),
            _ => Err(Error::SubprotocolNotSupported),
        }
    }

    /// Some of those offered; none only if none was.
    fn selected_extensions(&self, response: &[Field<'_>]) -> Result<Vec<u32>, Error> {
        let mut selected = Vec::new();
        for name in extension_names(response) {
            let index = position(&self.extensions, |offered| extension_name(offered) == name)
                .ok_or(Error::ExtensionsNotSupported)?;
            if selected.contains(&index) {
                // RFC 6455 §9.1: an extension is accepted once; also the application's array has room for each once.
                return Err(Error::ExtensionsNotSupported);
            }
            selected.push(index);
        }
        if selected.is_empty() && !self.extensions.is_empty() {
            return Err(Error::ExtensionsNotSupported);
        }
        Ok(selected)
    }
}

fn position(offered: &[Vec<u8>], is_it: impl Fn(&[u8]) -> bool) -> Option<u32> {
    let index = offered.iter().position(|name| is_it(name))?;
    u32::try_from(index).ok()
}
