//! What an authenticator must know of a request that is about to be sent.

use std::fmt::Write as _;

use crate::url::Origin;

/// A request as it goes on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Sending<'s> {
    /// Who gets it: the server, or for a proxy's authenticator the proxy.
    pub origin: &'s Origin,
    /// The method, CONNECT for a tunnel.
    pub method: &'s str,
    /// The request target, exactly as it is sent: a path with its query, for CONNECT `host:port`,
    /// the whole URL for a plain proxy.
    pub target: &'s str,
    /// The whole body, empty if there is none; `None` if it is not at hand.
    pub body: Option<&'s [u8]>,
}

/// A nonce of ours: fresh random bytes for each challenge (RFC 7616 §3.4, cnonce).
#[derive(Clone, Copy, Debug)]
pub struct Cnonce([u8; 16]);

impl Cnonce {
    /// Takes bytes from a strong source of entropy.
    #[must_use]
    pub const fn new(random: [u8; 16]) -> Self {
        Self(random)
    }

    /// In hexadecimal digits.
    pub(super) fn digits(self) -> String {
        self.0.iter().fold(String::new(), |mut digits, byte| {
            // Writing to a string does not fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        })
    }
}
