//! Texts and values that only their receiver may see: `Debug` shows nothing of them, and their
//! memory is wiped when they go.

use std::fmt;

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::credentials::Login;

/// A user name or password. `Debug` shows nothing of it, not even its length.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Keeps a text in the memory it has; nothing is copied.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for whoever has to send it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// The value of Authorization or Proxy-Authorization. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization(Zeroizing<Vec<u8>>);

impl Authorization {
    /// An empty value that takes so many bytes without moving: what moves leaves a copy.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(bytes)))
    }

    /// Appends bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The value's bytes, for whoever writes the field.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// Tells a user with a password from others, and says nothing of either.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(super) fn of(login: &Login) -> Self {
        let mut hash = Sha256::new();
        let user = login.user.expose();
        hash.update(user.len().to_be_bytes());
        hash.update(user);
        hash.update(login.password.expose());
        Self(hash.finalize().into())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_neither_text_nor_length() {
        let mut value = Authorization::with_capacity(5);
        value.push(b"hunter2");
        for shown in [
            format!("{:?}", Secret::new("hunter2".to_owned())),
            format!("{:?}", Secret::new(String::new())),
            format!("{value:?}"),
            format!(
                "{:?}",
                Fingerprint::of(&Login::new("me".into(), "hunter2".into()))
            ),
        ] {
            assert_eq!(shown, "(hidden)");
        }
        assert_eq!(value.expose(), b"hunter2");
    }

    #[test]
    fn fingerprints_tell_names_and_passwords_apart() {
        let of =
            |user: &str, password: &str| Fingerprint::of(&Login::new(user.into(), password.into()));
        assert_eq!(of("me", "secret"), of("me", "secret"));
        for (user, password) in [("mes", "ecret"), ("me", "Secret"), ("", "mesecret")] {
            assert_ne!(of("me", "secret"), of(user, password));
        }
    }

    #[test]
    fn a_text_stays_where_it_is() {
        let mut text = String::with_capacity(100);
        text.push_str("hunter2");
        let at = text.as_ptr();
        let secret = Secret::new(text);
        assert_eq!((secret.expose(), secret.expose().as_ptr()), ("hunter2", at));
    }
}
