//! Cookies: which are kept of an answer, and which a request gets.
//!
//! RFC 6265 with what its revision (6265bis) demands for safety: prefixes of names, Secure, public
//! suffixes and limits. All works on one leg of a request, so that each leg of a redirect has its
//! own cookies, and on a time that is given.
//!
//! In scope: Set-Cookie lines, the jar of a session, the pairs of a Cookie field. Out of scope: the
//! program's own Cookie fields ([`crate::exchange::compose`]), and any storage beyond memory:
//! WinHTTP has none.

mod jar;
mod matching;
mod parse;
#[cfg(test)]
mod public_suffix_tests;

use std::fmt;

use crate::url::Scheme;
use crate::url::crack::CrackedText;
use crate::url::escape::{EscapeFlags, request_target};
use crate::url::host::{Host, HostKind, ends_in_number};

pub use jar::{COOKIES_MAX, COOKIES_OF_A_DOMAIN_MAX, Jar, PAIRS_MAX_BYTES};
pub use matching::public_suffix;
pub use parse::{COOKIE_MAX_BYTES, SetCookie};

/// What RFC 6265 calls so: where one leg of a request goes, as far as its cookies care. The port
/// does not count: cookies of `h:8080` go to `h:9090` (§8.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestUri {
    /// The name given to WinHttpConnect, or that of a redirect; in small letters.
    host: Box<str>,
    /// Parts of the name mean something: it is no address.
    is_name: bool,
    secure: bool,
    /// The path of the request target.
    path: Box<str>,
}

impl RequestUri {
    /// The leg to this server, with this request target.
    #[must_use]
    pub fn new(host: &Host, secure: bool, target: &str) -> Self {
        let end = target.find(['?', '#']).unwrap_or(target.len());
        let path = target.get(..end).unwrap_or_default();
        let is_name = match host.kind() {
            // The resolver takes `127.1` for an address.
            HostKind::Name(name) => !ends_in_number(name),
            HostKind::V4(_) | HostKind::V6(_) => false,
        };
        Self {
            host: host.look_up_name().to_ascii_lowercase().into(),
            is_name,
            secure,
            // RFC 6265 §5.1.4: what is no path counts as the root.
            path: if path.starts_with('/') { path } else { "/" }.into(),
        }
    }

    /// The leg that a request for this URL would be; `None` if it is none of http or https.
    #[must_use]
    pub fn of_url(url: &str) -> Option<Self> {
        let url = CrackedText::new(url).ok()?;
        let host = Host::parse(&url.text(url.parts.host.clone())).ok()?;
        let path = url.text(url.parts.path.clone());
        let target = request_target(&path, EscapeFlags::default());
        Some(Self::new(&host, url.parts.scheme == Scheme::Https, &target))
    }
}

/// Pairs of name and value as they stand in a Cookie field, the newest first; empty if there are
/// none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Pairs(Vec<u8>);

impl Pairs {
    /// What stands between two pairs.
    pub(crate) const SEPARATOR: &[u8] = b"; ";

    /// The bytes of the field.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Shows nothing: cookies are credentials.
impl fmt::Debug for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pairs(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_is_a_name_in_small_letters_and_a_path_without_query() {
        let uri = |host, target| RequestUri::new(&Host::parse(host).unwrap(), false, target);
        assert_eq!(
            uri("WWW.Shop.Example", "/a/b?c=/d"),
            uri("www.shop.example", "/a/b")
        );
        assert_ne!(uri("shop.example", "/A"), uri("shop.example", "/a"));
        for root in ["/", "*", "", "?x", "/#x", "shop.example:80"] {
            assert_eq!(&*uri("h", root).path, "/", "{root:?}");
        }
        let of_url = RequestUri::of_url("HTTPS://user:p@WWW.shop.example:8080/a b/c?d#e").unwrap();
        let host = Host::parse("www.shop.example").unwrap();
        assert_eq!(of_url, RequestUri::new(&host, true, "/a%20b/c"));
        for bad in [
            "",
            "shop.example",
            "ftp://h/",
            "http://",
            "http://a b/",
            "http:/h",
        ] {
            assert_eq!(RequestUri::of_url(bad), None, "{bad:?}");
        }
        for name in ["h", "a.example", "1.example", "0x1.example"] {
            assert!(uri(name, "/").is_name, "{name}");
        }
        for address in [
            "127.0.0.1",
            "::1",
            "fe80::1%eth0",
            "127.1",
            "0x7f.1",
            "a.0x7F",
            "a.1.",
        ] {
            assert!(!uri(address, "/").is_name, "{address}");
        }
    }
}
