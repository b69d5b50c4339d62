//! The two URL schemes WinHTTP speaks.

/// A URL scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// http: INTERNET_SCHEME_HTTP, 1.
    Http,
    /// https: INTERNET_SCHEME_HTTPS, 2.
    Https,
}

impl Scheme {
    /// The scheme of requests opened with or without WINHTTP_FLAG_SECURE.
    #[must_use]
    pub const fn of_request(secure: bool) -> Self {
        if secure { Self::Https } else { Self::Http }
    }

    /// The name as it is written in URLs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// The port a URL of this scheme need not write.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}
