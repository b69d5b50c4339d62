//! The protocol version of a request or status line.

use std::fmt;

/// An HTTP version as it stands in a start line (RFC 9112 §2.3), written `HTTP/1.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The digit before the dot.
    pub major: u8,
    /// The digit after the dot.
    pub minor: u8,
}

impl Version {
    /// HTTP/1.0.
    pub const HTTP_10: Self = Self { major: 1, minor: 0 };
    /// HTTP/1.1, what WinHttpOpenRequest takes when no version is given.
    pub const HTTP_11: Self = Self { major: 1, minor: 1 };

    /// Reads the version argument of WinHttpOpenRequest; the empty string means HTTP/1.1.
    ///
    /// `None` for anything but HTTP/1.0 and HTTP/1.1; letters match in either case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() || text.eq_ignore_ascii_case("HTTP/1.1") {
            Some(Self::HTTP_11)
        } else if text.eq_ignore_ascii_case("HTTP/1.0") {
            Some(Self::HTTP_10)
        } else {
            None
        }
    }
}

impl Version {
    /// Appends it as it stands in a request line.
    pub(crate) fn push_to(self, out: &mut Vec<u8>) {
        if self == Self::HTTP_11 {
            out.extend_from_slice(b"HTTP/1.1"); // without formatting: it is in every request
        } else {
            out.extend_from_slice(self.to_string().as_bytes());
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP/{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_read_back_what_they_write() {
        for version in [Version::HTTP_10, Version::HTTP_11] {
            assert_eq!(Version::parse(&version.to_string()), Some(version));
        }
        assert_eq!(Version::parse(""), Some(Version::HTTP_11));
        assert_eq!(Version::parse("HTTP/2"), None);
        assert_eq!(Version::parse("HTTP/1.1\r\nX: y"), None);
    }
}
