//! Server names of WinHttpConnect: host names and IP literals.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Longest server name in bytes: what getaddrinfo can return and so what it can be asked for.
const MAX_NAME_BYTES: usize = 1024;

/// A server to connect to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Host {
    text: String,
    kind: HostKind,
    /// The interface through which a link-local IPv6 address is reached; only this machine knows
    /// its name.
    zone: Option<String>,
}

/// What a server name is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostKind {
    /// A name to look up, in the case given; ASCII.
    Name(String),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
}

/// The text is no server name (ERROR_WINHTTP_INVALID_URL).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostError;

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid server name")
    }
}

impl std::error::Error for HostError {}

impl Host {
    /// Reads a server name: a host name, an IPv4 literal, or an IPv6 literal with or without
    /// brackets and a zone (`fe80::1%eth0`).
    ///
    /// Names are judged mildly, because the resolver decides what exists: underscores, lone labels
    /// and numbers pass. Names outside ASCII become Punycode (UTS 46).
    ///
    /// # Errors
    /// [`HostError`] for the empty text, for more than `MAX_NAME_BYTES`, and for characters that
    /// cannot stand in a Host header: the name must not end there or begin something else.
    pub fn parse(server_name: &str) -> Result<Self, HostError> {
        if server_name.is_empty() || server_name.len() > MAX_NAME_BYTES {
            return Err(HostError);
        }
        let literal = server_name
            .strip_prefix('[')
            .map_or(Some(server_name), |inner| inner.strip_suffix(']'))
            .ok_or(HostError)?;
        if server_name.contains(':') {
            let (address, zone) = split_zone(literal)?;
            let address: Ipv6Addr = address.parse().map_err(|_| HostError)?;
            return Ok(Self {
                text: format!("[{address}]"),
                kind: HostKind::V6(address),
                zone: zone.map(str::to_owned),
            });
        }
        if let Ok(address) = server_name.parse() {
            return Ok(Self {
                text: server_name.to_owned(),
                kind: HostKind::V4(address),
                zone: None,
            });
        }
        let name = ascii_name(server_name)?;
        if name.bytes().any(is_forbidden) {
            return Err(HostError);
        }
        Ok(Self {
            text: name.clone(),
            kind: HostKind::Name(name),
            zone: None,
        })
    }

    /// The name as it stands in URLs and in the Host header: IPv6 addresses have brackets and no
    /// zone, which means nothing to others (RFC 6874 §3, §4).
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The name as certificates have it: IPv6 addresses have no brackets.
    #[must_use]
    pub fn name(&self) -> &str {
        let inner = self
            .text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'));
        inner.unwrap_or(&self.text)
    }

    /// The name as the resolver takes it: with the zone.
    #[must_use]
    pub fn look_up_name(&self) -> Cow<'_, str> {
        match &self.zone {
            Some(zone) => format!("{}%{zone}", self.name()).into(),
            None => self.name().into(),
        }
    }

    /// What to connect to.
    #[must_use]
    pub fn kind(&self) -> &HostKind {
        &self.kind
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// RFC 6265 §5.1.3, for what is known to be a name; both in small letters.
pub(crate) fn is_within(name: &str, domain: &str) -> bool {
    let below = name.strip_suffix(domain);
    below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
}

/// The last label is a number, so that resolvers may take the whole for an IPv4 address.
pub(crate) fn ends_in_number(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or_default();
    let hexadecimal = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    match hexadecimal {
        Some(digits) => digits.bytes().all(|digit| digit.is_ascii_hexdigit()),
        None => !last.is_empty() && last.bytes().all(|digit| digit.is_ascii_digit()),
    }
}

/// An IPv6 literal and its zone: an interface's name or number, in the characters RFC 6874 §2
/// leaves unescaped.
fn split_zone(literal: &str) -> Result<(&str, Option<&str>), HostError> {
    let Some((address, zone)) = literal.split_once('%') else {
        return Ok((literal, None));
    };
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if zone.is_empty() || !zone.bytes().all(is_unreserved) {
        return Err(HostError);
    }
    Ok((address, Some(zone)))
}

fn ascii_name(name: &str) -> Result<String, HostError> {
    if name.is_ascii() {
        return Ok(name.to_owned());
    }
    match url::Host::parse(name) {
        Ok(url::Host::Domain(ascii)) => Ok(ascii),
        // Look-alike digits must not turn a name into an address the caller does not see.
        Ok(url::Host::Ipv4(_) | url::Host::Ipv6(_)) | Err(_) => Err(HostError),
    }
}

/// Characters that end a host in a URL or a Host header (RFC 3986 §3.2.2), or break the header.
fn is_forbidden(byte: u8) -> bool {
    byte.is_ascii_control() || b" /@?#:\\[]<>\"%".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_taken_as_given() {
        for name in [
            "localhost",
            "Example.COM",
            "a_b.example",
            "example.com.",
            "127.1",
            "x--y",
            "1",
        ] {
            let host = Host::parse(name).unwrap();
            assert_eq!(host.text(), name);
            assert_eq!(host.kind(), &HostKind::Name(name.to_owned()));
        }
    }

    #[test]
    fn addresses_are_recognised() {
        let host = Host::parse("127.0.0.1").unwrap();
        assert_eq!(host.kind(), &HostKind::V4(Ipv4Addr::LOCALHOST));
        assert_eq!(host.text(), "127.0.0.1");
        for text in ["::1", "[::1]", "[0:0::1]"] {
            let host = Host::parse(text).unwrap();
            assert_eq!(host.kind(), &HostKind::V6(Ipv6Addr::LOCALHOST));
            assert_eq!((host.name(), &*host.to_string()), ("::1", "[::1]"));
        }
    }

    #[test]
    fn a_zone_is_for_the_resolver_only() {
        for (text, zone) in [
            ("fe80::1%eth0", "eth0"),
            ("[fe80::1%eth0]", "eth0"),
            ("FE80:0::1%2", "2"),
            ("fe80::1%br-a.1_~", "br-a.1_~"),
        ] {
            let host = Host::parse(text).unwrap();
            assert_eq!((host.text(), host.name()), ("[fe80::1]", "fe80::1"));
            assert_eq!(host.look_up_name(), format!("fe80::1%{zone}"));
            assert_ne!(Ok(host), Host::parse("fe80::1"), "another server");
        }
        let plain = Host::parse("[::1]").unwrap();
        assert_eq!(plain.look_up_name(), "::1");
    }

    #[test]
    fn international_names_become_punycode() {
        assert_eq!(
            Host::parse("bücher.example").unwrap().text(),
            "xn--bcher-kva.example"
        );
        assert_eq!(Host::parse("１27.0.0.1"), Err(HostError));
    }

    #[test]
    fn what_would_break_a_host_header_is_refused() {
        for bad in [
            "",
            " ",
            "a b",
            "a\r\nX: y",
            "a\0",
            "a/b",
            "u@h",
            "h?x",
            "h#x",
            "h:80",
            "http://h",
            "[::1",
            "::1]",
            "[h]",
            "[127.0.0.1]",
            "[]",
            "[::1]:80",
            "fe80::1%",
            "fe80::1%a%b",
            "fe80::1%eth0]",
            "fe80::1%e/0",
            "fe80::1%a b",
            "fe80::1%a\r\nX: y",
            "1.2.3.4%eth0",
            "host%eth0",
            "a\\b",
            "a\x7f",
            "ü/b",
            "ü b",
        ] {
            assert_eq!(Host::parse(bad), Err(HostError), "{bad:?}");
        }
        assert!(Host::parse(&"a".repeat(MAX_NAME_BYTES)).is_ok());
        assert_eq!(Host::parse(&"a".repeat(MAX_NAME_BYTES + 1)), Err(HostError));
    }

    #[test]
    fn a_domain_has_whole_labels_below_it() {
        for (name, domain, expected) in [
            ("a.test", "a.test", true),
            ("b.a.test", "a.test", true),
            ("ba.test", "a.test", false),
            ("a.test", "b.a.test", false),
            ("b.a.test.", "a.test", false),
            ("b.a.test.", "a.test.", true),
        ] {
            assert_eq!(is_within(name, domain), expected, "{name} {domain}");
        }
    }

    #[test]
    fn numbers_at_the_end_are_those_that_resolvers_read() {
        for name in ["1", "a.1", "127.1.", "a.0x7f", "0X", "1.2.3.08"] {
            assert!(ends_in_number(name), "{name}");
        }
        for name in ["", ".", "a", "1.a", "a.0xg", "1a", "a.1-", "1.."] {
            assert!(!ends_in_number(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn accepted_names_fit_into_a_header(name in "\\PC{0,20}|[a-z:@/\\[\\].0-9\\r\\n ]{0,12}") {
            if let Ok(host) = Host::parse(&name) {
                let text = host.text();
                prop_assert!(text.is_ascii() && !text.is_empty());
                prop_assert!(!text.contains(['\r', '\n', ' ', '/', '@', '?', '#', '\0']));
                prop_assert_eq!(Host::parse(text).is_ok_and(|again| again == host), host.zone.is_none());
            }
        }
    }
}
