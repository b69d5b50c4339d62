//! The value that answers a Digest challenge (RFC 7616 §3.4).

use std::fmt::Write as _;

use zeroize::Zeroizing;

use super::{DigestChallenge, Protection};
use crate::auth::Sending;
use crate::auth::credentials::Login;
use crate::auth::secret::Authorization;
use crate::header::text;

/// Bytes of names, commas and hashes: about 400 at most.
const FRAME_BYTES: usize = 512;

/// What changes between requests with the same challenge.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn<'t> {
    /// The challenge's nonce, or the one that the server has sent since.
    pub(super) nonce: &'t [u8],
    /// Ours; the same for all requests of a session (RFC 7616 §3.4.2).
    pub(super) cnonce: &'t str,
    /// How often the nonce has been used, this time included.
    pub(super) count: u32,
}

/// The field's value, in the order Windows is known for.
///
/// `None` if it cannot be: the login cannot be sent ([`Login::is_sendable`]), the body is needed
/// and not at hand, the target has control characters.
pub(super) fn authorization(
    challenge: &DigestChallenge,
    turn: Turn<'_>,
    login: &Login,
    sending: &Sending<'_>,
) -> Option<Authorization> {
    if !login.is_sendable() || !text::is_field_value(sending.target.as_bytes()) {
        return None;
    }
    let count = format!("{:08x}", turn.count);
    let response = response(challenge, turn, &count, login, sending)?;
    let mut value = Writer::new(challenge, turn, login, sending);
    value.user(challenge, login);
    value.quoted("realm", &challenge.realm);
    value.quoted("nonce", turn.nonce);
    value.quoted("uri", sending.target.as_bytes());
    let qop = challenge.protection.name();
    if qop.is_some() || challenge.algorithm.is_session() {
        value.quoted("cnonce", turn.cnonce.as_bytes());
    }
    if qop.is_some() {
        value.plain("nc", count.as_bytes());
    }
    if let Some(name) = &challenge.algorithm_name {
        value.plain("algorithm", name);
    }
    value.quoted("response", response.as_bytes());
    if let Some(qop) = qop {
        value.plain("qop", qop.as_bytes());
    }
    if let Some(opaque) = &challenge.opaque {
        value.quoted("opaque", opaque);
    }
    if challenge.hashes_user {
        value.plain("userhash", b"true");
    }
    Some(value.value)
}

/// RFC 7616 §3.4.1 to §3.4.3; without qop, RFC 2617 §3.2.2.1.
fn response(
    challenge: &DigestChallenge,
    turn: Turn<'_>,
    count: &str,
    login: &Login,
    sending: &Sending<'_>,
) -> Option<Zeroizing<String>> {
    let algorithm = challenge.algorithm;
    let (user, password) = (login.user.expose(), login.password.expose());
    let cnonce = turn.cnonce.as_bytes();
    let mut secret = algorithm.hash(&[user.as_bytes(), &challenge.realm, password.as_bytes()]);
    if algorithm.is_session() {
        secret = algorithm.hash(&[secret.as_bytes(), &challenge.nonce, cnonce]);
    }
    let (method, target) = (sending.method.as_bytes(), sending.target.as_bytes());
    let data = match challenge.protection {
        Protection::Old | Protection::Auth => algorithm.hash(&[method, target]),
        Protection::AuthInt => {
            let body = algorithm.hash(&[sending.body?]);
            algorithm.hash(&[method, target, body.as_bytes()])
        }
    };
    let (secret, data) = (secret.as_bytes(), data.as_bytes());
    Some(match challenge.protection.name() {
        None => algorithm.hash(&[secret, turn.nonce, data]),
        Some(qop) => algorithm.hash(&[
            secret,
            turn.nonce,
            count.as_bytes(),
            cnonce,
            qop.as_bytes(),
            data,
        ]),
    })
}

struct Writer {
    value: Authorization,
    separator: &'static str,
}

impl Writer {
    /// With room for everything, each byte escaped.
    fn new(
        challenge: &DigestChallenge,
        turn: Turn<'_>,
        login: &Login,
        sending: &Sending<'_>,
    ) -> Self {
        let opaque = challenge.opaque.as_ref().map_or(0, Vec::len);
        let doubled = challenge.realm.len() + turn.nonce.len() + opaque + sending.target.len();
        let user = 3 * login.user.expose().len();
        let value = Authorization::with_capacity(FRAME_BYTES + 2 * doubled + user);
        Self {
            value,
            separator: "Digest ",
        }
    }

    /// The name: hashed where the server can read that, in UTF-8 where it says so, else as it is.
    fn user(&mut self, challenge: &DigestChallenge, login: &Login) {
        let user = login.user.expose().as_bytes();
        if challenge.hashes_user {
            let hash = challenge.algorithm.hash(&[user, &challenge.realm]);
            self.quoted("username", hash.as_bytes());
        } else if challenge.is_utf_8 && !user.is_ascii() {
            self.plain("username*", extended(user).as_bytes());
        } else {
            self.quoted("username", user);
        }
    }

    fn plain(&mut self, name: &str, value: &[u8]) {
        for part in [self.separator.as_bytes(), name.as_bytes(), b"=", value] {
            self.value.push(part);
        }
        self.separator = ", ";
    }

    fn quoted(&mut self, name: &str, value: &[u8]) {
        self.plain(name, b"\"");
        for byte in value {
            if matches!(byte, b'"' | b'\\') {
                self.value.push(b"\\");
            }
            self.value.push(std::slice::from_ref(byte));
        }
        self.value.push(b"\"");
    }
}

/// RFC 8187 §3.2: `UTF-8''` and the bytes, those that are no attr-char as %XX.
fn extended(text: &[u8]) -> Zeroizing<String> {
    const PREFIX: &str = "UTF-8''";
    let mut value = Zeroizing::new(String::with_capacity(PREFIX.len() + 3 * text.len()));
    value.push_str(PREFIX);
    for &byte in text {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            value.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(*value, "%{byte:02X}");
        }
    }
    value
}

#[cfg(test)]
mod tests;
