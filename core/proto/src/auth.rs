//! Authentication: which schemes a challenge offers, credentials a program gives, and how both
//! become an answer.
//!
//! In scope: reading WWW-Authenticate and Proxy-Authenticate, Basic and Digest, who may be shown
//! which credentials, keeping secrets out of logs and freed memory. Out of scope: answering with
//! NTLM, Negotiate or Passport, which are recognised only; sending.

mod authenticator;
mod basic;
mod challenge;
mod credentials;
mod digest;
mod offer;
mod secret;
mod select;
mod sending;
mod sources;

pub use authenticator::{Authenticator, Reaction};
pub use challenge::{Challenge, offered};
pub use credentials::{Credentials, Login};
pub use secret::{Authorization, Fingerprint, HeadBytes, Secret};
pub use sending::{Cnonce, Sending};

/// A scheme WinHTTP knows (WINHTTP_AUTH_SCHEME_*).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthScheme {
    /// Name and password as they are (RFC 7617).
    Basic,
    /// Windows' own, of the connection.
    Ntlm,
    /// Microsoft's Passport 1.4, whose service is gone.
    Passport,
    /// A digest of name, password and a nonce (RFC 7616).
    Digest,
    /// Kerberos or NTLM (RFC 4559).
    Negotiate,
}

impl AuthScheme {
    /// Every scheme with its name in challenges.
    const NAMES: [(Self, &str); 5] = [
        (Self::Basic, "Basic"),
        (Self::Ntlm, "NTLM"),
        (Self::Passport, "Passport1.4"),
        (Self::Digest, "Digest"),
        (Self::Negotiate, "Negotiate"),
    ];

    /// The scheme of this name, in any case (RFC 9110 §11.1).
    fn named(name: &[u8]) -> Option<Self> {
        let known = Self::NAMES
            .iter()
            .find(|(_, known)| name.eq_ignore_ascii_case(known.as_bytes()));
        known.map(|(scheme, _)| *scheme)
    }

    /// The scheme can do without name and password: it then uses those of whoever is logged on.
    #[must_use]
    pub(crate) fn has_default_credentials(self) -> bool {
        match self {
            Self::Basic | Self::Digest => false,
            Self::Ntlm | Self::Passport | Self::Negotiate => true,
        }
    }
}

/// Who asks for authentication (WINHTTP_AUTH_TARGET_*).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthTarget {
    /// The server, with a 401.
    Server,
    /// A proxy, with a 407.
    Proxy,
}

impl AuthTarget {
    /// Who asks with this status.
    #[must_use]
    pub(crate) fn of_status(status: u16) -> Option<Self> {
        match status {
            401 => Some(Self::Server),
            407 => Some(Self::Proxy),
            _ => None,
        }
    }

    /// The field that has the challenges (RFC 9110 §11.6.1, §11.7.1).
    #[must_use]
    pub fn challenge_field(self) -> &'static str {
        match self {
            Self::Server => "WWW-Authenticate",
            Self::Proxy => "Proxy-Authenticate",
        }
    }
    /// The field that answers (RFC 9110 §11.6.2, §11.7.2).
    #[must_use]
    pub fn authorization_field(self) -> &'static str {
        match self {
            Self::Server => "Authorization",
            Self::Proxy => "Proxy-Authorization",
        }
    }

    /// The field of a response that followed an answer (RFC 9110 §11.6.3, §11.7.3).
    #[must_use]
    pub fn information_field(self) -> &'static str {
        match self {
            Self::Server => "Authentication-Info",
            Self::Proxy => "Proxy-Authentication-Info",
        }
    }
}
