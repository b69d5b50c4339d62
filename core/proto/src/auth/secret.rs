//! Texts and values that only their receiver may see: `Debug` shows nothing of them, and their
//! memory is wiped when they go.

use std::fmt;
use std::ops::Deref;

use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, Zeroizing};

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

/// The bytes of a request's head; wiped when they go if credentials are among them, and only then,
/// as most requests have none. `Debug` shows nothing of it.
#[derive(Default)]
pub struct HeadBytes {
    bytes: Vec<u8>,
    has_credentials: bool,
}

impl HeadBytes {
    /// Puts parts of a secret behind these bytes. They move before, if they have to, and not
    /// between the parts: what moves leaves a copy.
    pub(crate) fn with_secret<'p>(
        mut bytes: Vec<u8>,
        parts: impl IntoIterator<Item = &'p [u8]> + Clone,
    ) -> Self {
        bytes.reserve_exact(parts.clone().into_iter().map(<[u8]>::len).sum());
        let mut head = Self {
            bytes,
            has_credentials: true,
        };
        for part in parts {
            head.bytes.extend_from_slice(part);
        }
        head
    }
}

/// A head without credentials.
impl From<Vec<u8>> for HeadBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            has_credentials: false,
        }
    }
}

impl Deref for HeadBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for HeadBytes {
    fn drop(&mut self) {
        if self.has_credentials {
            self.bytes.zeroize();
        }
    }
}

impl fmt::Debug for HeadBytes {
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
            format!("{:?}", HeadBytes::from(b"hunter2".to_vec())),
            format!(
                "{:?}",
                HeadBytes::with_secret(Vec::new(), [&b"hunter2"[..]])
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
    fn a_head_moves_before_its_secret_is_in_it() {
        for room in [0, 3, 7, 12, 100] {
            let mut bytes = Vec::with_capacity(room);
            bytes.extend_from_slice(b"GET");
            let parts = [&b"hunter2"[..], b"\r\n", b"\r\n"];
            let head = HeadBytes::with_secret(bytes, parts);
            assert_eq!(&*head, b"GEThunter2\r\n\r\n");
            assert!(head.bytes.capacity() >= head.len());
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
