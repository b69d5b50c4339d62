//! A client's handshake: the offer, and the check of the answer.

use super::super::super::handshake::{ClientKey, accept_for, client_key};
use super::super::error::ComponentError;
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
    ) -> Result<Self, ComponentError> {
        check_names(initial)?;
        let proper = subprotocols.iter().all(|name| is_token(name))
            && extensions.iter().all(|extension| is_extension(extension));
        if !proper {
            return Err(ComponentError::InvalidArgument);
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
    ) -> Result<Selection, ComponentError> {
        check_names(response)?;
        check_upgrades(response)?;
        if only_value(response, "Sec-WebSocket-Accept")? != accept_for(&self.key).as_bytes() {
            return Err(ComponentError::HandshakeMalformed);
        }
        let selection = Selection {
            subprotocol: self.selected_subprotocol(response)?,
            extensions: self.selected_extensions(response)?,
        };
        let offered = u32::try_from(self.extensions.len()).unwrap_or(u32::MAX);
        if room.is_some_and(|room| room < offered) {
            return Err(ComponentError::InsufficientBuffer);
        }
        Ok(selection)
    }

    /// One of those offered; none only if none was.
    fn selected_subprotocol(&self, response: &[Field<'_>]) -> Result<Option<u32>, ComponentError> {
        let mut selected = members(response, SUBPROTOCOL);
        match (selected.next(), selected.next()) {
            (None, _) if self.subprotocols.is_empty() => Ok(None),
            (Some(name), None) => position(&self.subprotocols, |offered| offered == name)
                .map(Some)
                .ok_or(ComponentError::SubprotocolNotSupported),
            _ => Err(ComponentError::SubprotocolNotSupported),
        }
    }

    /// Some of those offered; none only if none was.
    fn selected_extensions(&self, response: &[Field<'_>]) -> Result<Vec<u32>, ComponentError> {
        let mut selected = Vec::new();
        for name in extension_names(response) {
            let index = position(&self.extensions, |offered| extension_name(offered) == name)
                .ok_or(ComponentError::ExtensionsNotSupported)?;
            if selected.contains(&index) {
                // RFC 6455 §9.1: an extension is accepted once; also the application's array has
                // room for each once.
                return Err(ComponentError::ExtensionsNotSupported);
            }
            selected.push(index);
        }
        if selected.is_empty() && !self.extensions.is_empty() {
            return Err(ComponentError::ExtensionsNotSupported);
        }
        Ok(selected)
    }
}

fn position(offered: &[Vec<u8>], is_it: impl Fn(&[u8]) -> bool) -> Option<u32> {
    let index = offered.iter().position(|name| is_it(name))?;
    u32::try_from(index).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCEPT: &[u8] = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    fn offer(
        subprotocols: &[&str],
        extensions: &[&str],
    ) -> Result<ClientHandshake, ComponentError> {
        let bytes = |names: &[&str]| names.iter().map(|name| name.as_bytes().to_vec()).collect();
        let (subprotocols, extensions) = (bytes(subprotocols), bytes(extensions));
        ClientHandshake::new(*b"the sample nonce", subprotocols, extensions, &[])
    }

    fn response<'a>(more: &[(&'a str, &'a str)]) -> Vec<Field<'a>> {
        let field = |name: &'a str, value: &'a [u8]| Field {
            name: name.as_bytes(),
            value,
        };
        let mut fields = vec![
            field("upgrade", b"WebSocket"),
            field("CONNECTION", b" keep-alive,\tupgrade "),
            field("Sec-WebSocket-Accept", ACCEPT),
        ];
        fields.extend(
            more.iter()
                .map(|(name, value)| field(name, value.as_bytes())),
        );
        fields
    }

    #[test]
    fn names_that_cannot_be_offered() {
        for name in ["", "two words", "a,b", "a;b", "kös", "a\r\nb"] {
            assert_eq!(
                offer(&[name], &[]).unwrap_err(),
                ComponentError::InvalidArgument
            );
        }
        for extension in ["", ";x", "a\r\nHost: b", " ", "kös", "a b", "x; a, y"] {
            assert_eq!(
                offer(&[], &[extension]).unwrap_err(),
                ComponentError::InvalidArgument
            );
        }
        assert!(
            offer(
                &["chat.v1"],
                &["permessage-deflate; client_max_window_bits"]
            )
            .is_ok()
        );
    }

    #[test]
    fn offers_are_lists() {
        let fields = offer(&["a", "b"], &["x; y=1", "z"]).unwrap().fields();
        let value = |name| &fields.iter().find(|field| field.0 == name).unwrap().1[..];
        assert_eq!(value(SUBPROTOCOL), b"a, b");
        assert_eq!(value(EXTENSIONS), b"x; y=1, z");
    }

    #[test]
    fn the_selection_is_among_what_was_offered() {
        type Selected = Result<(Vec<u32>, Option<u32>), ComponentError>;
        let no_protocol = || Err(ComponentError::SubprotocolNotSupported);
        let no_extension = || Err(ComponentError::ExtensionsNotSupported);
        type Names<'a> = &'a [&'a str];
        type Fields<'a> = &'a [(&'a str, &'a str)];
        let cases: &[(Names<'_>, Names<'_>, Fields<'_>, Selected)] = &[
            (&[], &[], &[], Ok((vec![], None))),
            (
                &["a", "b"],
                &[],
                &[(SUBPROTOCOL, "b")],
                Ok((vec![], Some(1))),
            ),
            (&["a"], &[], &[], no_protocol()),
            (&["a"], &[], &[(SUBPROTOCOL, "A")], no_protocol()),
            (&["a", "b"], &[], &[(SUBPROTOCOL, "a, b")], no_protocol()),
            (
                &["a", "b"],
                &[],
                &[(SUBPROTOCOL, "a"), (SUBPROTOCOL, "a")],
                no_protocol(),
            ),
            (&[], &[], &[(SUBPROTOCOL, "a")], no_protocol()),
            (
                &[],
                &["x; p", "y"],
                &[(EXTENSIONS, "y;q=1 , x")],
                Ok((vec![1, 0], None)),
            ),
            (
                &[],
                &["x", "y"],
                &[(EXTENSIONS, "x"), (EXTENSIONS, "y")],
                Ok((vec![0, 1], None)),
            ),
            (&[], &["x"], &[], no_extension()),
            (&[], &["x"], &[(EXTENSIONS, "z")], no_extension()),
            (&[], &["x"], &[(EXTENSIONS, "x, x")], no_extension()),
            (&[], &[], &[(EXTENSIONS, "x")], no_extension()),
        ];
        for (subprotocols, extensions, more, expected) in cases {
            let offer = offer(subprotocols, extensions).unwrap();
            let selected = offer.end(&response(more), None);
            let selected = selected.map(|selected| (selected.extensions, selected.subprotocol));
            assert_eq!(
                selected, *expected,
                "{subprotocols:?} {extensions:?} {more:?}"
            );
        }
    }

    #[test]
    fn there_must_be_room_for_all_that_was_offered() {
        let offer = offer(&[], &["x", "y"]).unwrap();
        let response = response(&[(EXTENSIONS, "y")]);
        assert_eq!(
            offer.end(&response, Some(1)),
            Err(ComponentError::InsufficientBuffer)
        );
        assert!(offer.end(&response, Some(2)).is_ok());
    }

    #[test]
    fn an_answer_to_another_key_or_two_answers_are_malformed() {
        let offer = offer(&[], &[]).unwrap();
        let twice = response(&[("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")]);
        assert_eq!(
            offer.end(&twice, None),
            Err(ComponentError::HandshakeMalformed)
        );
        for missing in 0..3 {
            let mut fields = response(&[]);
            fields.remove(missing);
            assert_eq!(
                offer.end(&fields, None),
                Err(ComponentError::HandshakeMalformed)
            );
        }
        let mut other = response(&[]);
        other[2].value = b"ICX+Yqv66kxgM0FcWaLWlFLwTAI=";
        assert_eq!(
            offer.end(&other, None),
            Err(ComponentError::HandshakeMalformed)
        );
    }
}
