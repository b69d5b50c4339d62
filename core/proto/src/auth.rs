//! Authentication as far as this version has it: which schemes a challenge offers, and credentials
//! a program gives.
//!
//! In scope: reading WWW-Authenticate and Proxy-Authenticate, keeping secrets out of logs. Out of
//! scope: answering a challenge, which no version does yet.

mod challenge;
mod credentials;

pub use challenge::{Challenge, offered};
pub use credentials::{CredentialSet, Credentials, Secret};

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
    pub(crate) fn challenge_field(self) -> &'static str {
        match self {
            Self::Server => "WWW-Authenticate",
            Self::Proxy => "Proxy-Authenticate",
        }
    }
}
