//! The WebSocket part of the opening handshake: keys, and the client's check of the server's
//! answer.
//!
//! The HTTP exchange around it, its status code included, belongs to the caller.

use std::fmt;
use std::ops::Deref;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use sha1::{Digest, Sha1};

/// Appended to the key before hashing (RFC 6455 §1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What a `Sec-WebSocket-Key` field carries: 24 characters of base64.
pub type ClientKey = Base64Text<24>;

/// What a `Sec-WebSocket-Accept` field carries: 28 characters of base64.
pub type AcceptKey = Base64Text<28>;

/// A field value of `N` base64 characters, stored in place.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Base64Text<const N: usize>([u8; N]);

impl<const N: usize> Base64Text<N> {
    fn encode(bytes: &[u8]) -> Self {
        let mut text = [b'='; N];
        let written = STANDARD.encode_slice(bytes, &mut text);
        debug_assert_eq!(written, Ok(N), "N is the encoded length of what is given");
        Self(text)
    }

    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl<const N: usize> Deref for Base64Text<N> {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<const N: usize> AsRef<str> for Base64Text<N> {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl<const N: usize> fmt::Display for Base64Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Base64Text<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// The key for a handshake (RFC 6455 §4.1); `nonce` must be fresh random bytes.
#[must_use]
pub fn client_key(nonce: [u8; 16]) -> ClientKey {
    Base64Text::encode(&nonce)
}

/// Reads keys of others, also those whose last character has bits that mean nothing.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// Whether a client's key is what it must be: 16 bytes in base64 (RFC 6455 §4.2.1).
#[must_use]
pub fn is_client_key(key: &str) -> bool {
    let mut nonce = [0; 18]; // what 24 characters can hold
    key.len() == 24 && LENIENT.decode_slice(key, &mut nonce) == Ok(16)
}

/// The answer a server owes to a key: the SHA-1 of key and GUID (RFC 6455 §4.2.2).
///
/// `key` is the field's value as it was sent, without surrounding white space.
#[must_use]
pub fn accept_for(key: &str) -> AcceptKey {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    Base64Text::encode(&digest)
}

/// What a client asks for in its opening handshake, as far as the answer depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The key that was sent.
    pub key: ClientKey,
    /// The sub-protocols that were offered; empty if none was.
    pub sub_protocols: Vec<Box<[u8]>>,
}

/// Why a 101 response does not open a WebSocket connection (RFC 6455 §4.1, client requirements
/// 2–6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandshakeError {
    /// `Upgrade` is missing or does not name `websocket`.
    UpgradeMissing,
    /// `Connection` is missing or does not name `Upgrade`.
    ConnectionMissing,
    /// `Sec-WebSocket-Accept` is missing.
    AcceptMissing,
    /// `Sec-WebSocket-Accept` does not answer our key, or appears more than once.
    AcceptMismatch,
    /// The server uses an extension although none was offered.
    ExtensionNotOffered,
    /// The server selects a sub-protocol that was not offered, or several.
    SubProtocolNotOffered,
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UpgradeMissing => "the response does not upgrade to websocket",
            Self::ConnectionMissing => "the response's Connection field lacks Upgrade",
            Self::AcceptMissing => "the response lacks Sec-WebSocket-Accept",
            Self::AcceptMismatch => "Sec-WebSocket-Accept does not answer the key",
            Self::ExtensionNotOffered => "the server uses an extension that was not offered",
            Self::SubProtocolNotOffered => "the server selects a sub-protocol that was not offered",
        })
    }
}

impl std::error::Error for HandshakeError {}

impl Offer {
    /// Checks the header fields of a 101 response to this offer.
    ///
    /// `values` gives every value of the fields with a name, case ignored.
    ///
    /// # Errors
    /// The first requirement of RFC 6455 §4.1 that does not hold.
    pub fn check_response<'h, V>(
        &self,
        values: impl Fn(&'static str) -> V,
    ) -> Result<(), HandshakeError>
    where
        V: IntoIterator<Item = &'h [u8]>,
    {
        check_upgrade(&values)?;

        let mut accepts = values("Sec-WebSocket-Accept").into_iter();
        let accept = accepts.next().ok_or(HandshakeError::AcceptMissing)?;
        // §11.3.3: the field "MUST NOT appear more than once in an HTTP response".
        if trim(accept) != accept_for(&self.key).as_bytes() || accepts.next().is_some() {
            return Err(HandshakeError::AcceptMismatch);
        }

        let extension = values("Sec-WebSocket-Extensions")
            .into_iter()
            .flat_map(list_members)
            .next();
        if extension.is_some() {
            return Err(HandshakeError::ExtensionNotOffered);
        }
        self.check_sub_protocol(values("Sec-WebSocket-Protocol"))
    }

    /// The server may select one of the sub-protocols, spelled as it was offered, or none.
    fn check_sub_protocol<'h>(
        &self,
        selected: impl IntoIterator<Item = &'h [u8]>,
    ) -> Result<(), HandshakeError> {
        let mut selected = selected.into_iter().map(trim);
        // §11.3.4: the field "MUST NOT appear more than once in an HTTP response". An empty one
        // selects nothing.
        match (selected.next(), selected.next()) {
            (None | Some(b""), None) => Ok(()),
            (Some(name), None) if self.offers(name) => Ok(()),
            _ => Err(HandshakeError::SubProtocolNotOffered),
        }
    }

    fn offers(&self, name: &[u8]) -> bool {
        self.sub_protocols.iter().any(|offered| **offered == *name)
    }
}

/// Checks that a request or a response upgrades to `websocket`; `values` as for
/// [`Offer::check_response`].
///
/// # Errors
/// [`HandshakeError::UpgradeMissing`] or [`HandshakeError::ConnectionMissing`].
pub fn check_upgrade<'h, V>(values: impl Fn(&'static str) -> V) -> Result<(), HandshakeError>
where
    V: IntoIterator<Item = &'h [u8]>,
{
    let names = |field, token: &[u8]| {
        values(field)
            .into_iter()
            .flat_map(list_members)
            .any(|m| m.eq_ignore_ascii_case(token))
    };
    if !names("Upgrade", b"websocket") {
        return Err(HandshakeError::UpgradeMissing);
    }
    if !names("Connection", b"upgrade") {
        return Err(HandshakeError::ConnectionMissing);
    }
    Ok(())
}

/// The members of a comma-separated list that are not empty (RFC 9110 §5.6.1).
pub(super) fn list_members(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value
        .split(|&byte| byte == b',')
        .map(trim)
        .filter(|member| !member.is_empty())
}

/// Without optional white space around it (RFC 9110 §5.6.3).
pub(super) fn trim(value: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t');
    let start = value.iter().position(is_text).unwrap_or(value.len());
    let end = value
        .iter()
        .rposition(is_text)
        .map_or(start, |last| last + 1);
    value.get(start..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    fn check(fields: &[(&str, &str)]) -> Result<(), HandshakeError> {
        check_offering(&["chat", "v2"], fields)
    }

    fn check_offering(
        sub_protocols: &[&str],
        fields: &[(&str, &str)],
    ) -> Result<(), HandshakeError> {
        let values = |name: &str| {
            let matching = fields
                .iter()
                .filter(|(field, _)| field.eq_ignore_ascii_case(name));
            matching
                .map(|(_, value)| value.as_bytes())
                .collect::<Vec<_>>()
        };
        let offer = Offer {
            key: client_key(*b"the sample nonce"),
            sub_protocols: sub_protocols
                .iter()
                .map(|name| name.as_bytes().into())
                .collect(),
        };
        offer.check_response(values)
    }

    #[test]
    fn rfc_example_keys() {
        assert_eq!(client_key(*b"the sample nonce").as_str(), KEY);
        assert_eq!(accept_for(KEY).as_str(), ACCEPT);
    }

    #[test]
    fn keys_of_any_nonce_have_24_characters() {
        assert_eq!(client_key([0; 16]).as_str(), "AAAAAAAAAAAAAAAAAAAAAA==");
        assert_eq!(client_key([0xff; 16]).as_str(), "/////////////////////w==");
    }

    #[test]
    fn responses_that_open_the_connection() {
        let cases: &[&[(&str, &str)]] = &[
            &[
                ("Upgrade", "websocket"),
                ("Connection", "Upgrade"),
                ("Sec-WebSocket-Accept", ACCEPT),
            ],
            &[
                ("upgrade", "h2c , WebSocket"),
                ("connection", "keep-alive"),
                ("Connection", "foo,\tUPGRADE "),
                ("sec-websocket-accept", " s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\t"),
                ("Sec-WebSocket-Protocol", "chat"),
            ],
            &[
                ("Upgrade", "websocket"),
                ("Connection", "Upgrade"),
                ("Sec-WebSocket-Accept", ACCEPT),
                ("Sec-WebSocket-Extensions", " , "),
            ],
        ];
        for fields in cases {
            assert_eq!(check(fields), Ok(()), "{fields:?}");
        }
    }

    #[test]
    fn responses_that_fail_the_handshake() {
        use HandshakeError::*;
        let good = [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", ACCEPT),
        ];
        let lower = ACCEPT.to_ascii_lowercase();
        type Fields<'f> = &'f [(&'f str, &'f str)];
        let replaced: &[(usize, Fields<'_>, HandshakeError)] = &[
            (0, &[], UpgradeMissing),
            (0, &[("Upgrade", "")], UpgradeMissing),
            (0, &[("Upgrade", "websockets")], UpgradeMissing),
            (0, &[("Upgrade", "web socket")], UpgradeMissing),
            (1, &[], ConnectionMissing),
            (1, &[("Connection", "keep-alive, close")], ConnectionMissing),
            (2, &[], AcceptMissing),
            (2, &[("Sec-WebSocket-Accept", "")], AcceptMismatch),
            (2, &[("Sec-WebSocket-Accept", KEY)], AcceptMismatch),
            (2, &[("Sec-WebSocket-Accept", &lower)], AcceptMismatch),
            (2, &[("Sec-WebSocket-Accept", ACCEPT); 2], AcceptMismatch),
        ];
        for &(at, with, error) in replaced {
            let mut fields = good.to_vec();
            fields.splice(at..=at, with.iter().copied());
            assert_eq!(check(&fields), Err(error), "{fields:?}");
        }
        let mut fields = good.to_vec();
        fields.push((
            "Sec-WebSocket-Extensions",
            "permessage-deflate; server_no_context_takeover",
        ));
        assert_eq!(check(&fields), Err(ExtensionNotOffered));
    }

    #[test]
    fn a_sub_protocol_is_one_of_those_offered_or_none() {
        let name = "Sec-WebSocket-Protocol";
        let refused = Err(HandshakeError::SubProtocolNotOffered);
        type Names<'n> = &'n [&'n str];
        let answers: &[(Names<'_>, Names<'_>, Result<(), HandshakeError>)] = &[
            (&[], &[], Ok(())),
            (&["chat", "v2"], &[], Ok(())),
            (&["chat", "v2"], &["chat"], Ok(())),
            (&["chat", "v2"], &[" v2\t"], Ok(())),
            (&["chat"], &[""], Ok(())),
            (&[], &[" "], Ok(())),
            (&[], &["chat"], refused),
            (&["chat", "v2"], &["other"], refused),
            (&["chat", "v2"], &["CHAT"], refused),
            (&["chat", "v2"], &["chat, v2"], refused),
            (&["chat", "v2"], &["chat,"], refused),
            (&["chat", "v2"], &["chat", "v2"], refused),
            (&["chat", "v2"], &["chat", "chat"], refused),
            (&["chat"], &["chat", ""], refused),
            (&["chat"], &["cha"], refused),
            (&["chat"], &["chatt"], refused),
        ];
        for (offered, selected, expected) in answers {
            let mut fields = vec![
                ("Upgrade", "websocket"),
                ("Connection", "Upgrade"),
                ("Sec-WebSocket-Accept", ACCEPT),
            ];
            fields.extend(selected.iter().map(|value| (name, *value)));
            assert_eq!(
                check_offering(offered, &fields),
                *expected,
                "{offered:?} {selected:?}"
            );
        }
    }
}
