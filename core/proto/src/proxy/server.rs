//! One proxy: how one talks to it, and where it is.

use std::fmt;

use crate::url::host::Host;

/// How one talks to a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProxyKind {
    /// HTTP in the clear.
    Http,
    /// HTTP over TLS.
    Https,
    /// SOCKS, whose version is not told: WinHTTP has no such transport.
    Socks,
}

impl ProxyKind {
    /// The kind that a `scheme://` names, in any case.
    #[must_use]
    pub fn of_scheme(scheme: &str) -> Option<Self> {
        let is = |name: &&str| scheme.eq_ignore_ascii_case(name);
        if is(&"http") {
            Some(Self::Http)
        } else if is(&"https") {
            Some(Self::Https)
        } else if ["socks", "socks4", "socks4a", "socks5", "socks5h"]
            .iter()
            .any(is)
        {
            Some(Self::Socks)
        } else {
            None
        }
    }

    /// The port of a proxy that is named without one.
    #[must_use]
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            Self::Socks => 1080,
        }
    }

    /// How a URL of such a proxy begins; of SOCKS, its version is left out.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks => "socks",
        }
    }

    /// WinHTTP can send requests through it.
    #[must_use]
    pub fn is_usable(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }
}

/// A proxy. Its text is `host:port`, as settings are reported: IPv6 addresses have brackets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProxyServer {
    /// How one talks to it.
    pub kind: ProxyKind,
    /// Its name or address.
    pub host: Host,
    /// Its port, never 0.
    pub port: u16,
}

impl ProxyServer {
    /// Reads `host`, `host:port`, or an IPv6 address with or without brackets (a port can follow
    /// brackets only). No port, and port 0, are the kind's own.
    ///
    /// `None` for anything else: user information, a path, a port above 65535, and what would be
    /// something else in a list.
    #[must_use]
    pub fn parse(kind: ProxyKind, authority: &str) -> Option<Self> {
        let (host, port) = split_port(authority);
        let port = match port {
            None | Some("") => 0,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok()?
            }
            Some(_) => return None,
        };
        Self::new(kind, host, port)
    }

    /// The proxy at this name or address; port 0 is the kind's own.
    ///
    /// `None` for what is no host, or would be something else in a list.
    #[must_use]
    pub fn new(kind: ProxyKind, host: &str, port: u16) -> Option<Self> {
        if host.contains(is_of_lists) {
            return None;
        }
        let host = Host::parse(host).ok()?;
        let port = if port == 0 { kind.default_port() } else { port };
        Some(Self { kind, host, port })
    }

    /// The proxy as an entry of a list that reads as the same: of https, its scheme stands before
    /// it.
    #[must_use]
    pub fn entry(&self) -> String {
        match self.kind {
            ProxyKind::Http => self.to_string(),
            ProxyKind::Https | ProxyKind::Socks => self.url(),
        }
    }

    /// `scheme://host:port`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{self}", self.kind.scheme())
    }
}

impl fmt::Display for ProxyServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// It separates entries, or a key from its value.
fn is_of_lists(c: char) -> bool {
    matches!(c, ';' | ',' | '=' | '*' | '@')
}

/// The host, and the text behind its colon. An IPv6 address without brackets has no port.
pub(super) fn split_port(authority: &str) -> (&str, Option<&str>) {
    let host_end = authority.rfind(']').map_or(0, |end| end + 1);
    let (host, rest) = authority.split_at(host_end);
    match rest.split_once(':') {
        Some((name, port)) if !port.contains(':') => {
            (&authority[..host.len() + name.len()], Some(port))
        }
        _ => (authority, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: ProxyKind, authority: &str) -> Option<String> {
        ProxyServer::parse(kind, authority).map(|server| server.to_string())
    }

    #[test]
    fn ports_are_read_or_the_kinds_own() {
        for (authority, expected) in [
            ("p", "p:80"),
            ("p:", "p:80"),
            ("p:0", "p:80"),
            ("p:00", "p:80"),
            ("p:8080", "p:8080"),
            ("p:00065535", "p:65535"),
            ("10.0.0.1:1", "10.0.0.1:1"),
            ("::1", "[::1]:80"),
            ("fe80::1:8080", "[fe80::1:8080]:80"),
            ("[::1]", "[::1]:80"),
            ("[::1]:3128", "[::1]:3128"),
            ("[::1]:", "[::1]:80"),
            ("bücher.example:1", "xn--bcher-kva.example:1"),
        ] {
            let read = text(ProxyKind::Http, authority);
            assert_eq!(read.as_deref(), Some(expected), "{authority}");
        }
        for (kind, expected) in [(ProxyKind::Https, "p:443"), (ProxyKind::Socks, "p:1080")] {
            assert_eq!(text(kind, "p").as_deref(), Some(expected));
        }
    }

    #[test]
    fn anything_else_is_no_proxy() {
        for bad in [
            "",
            ":",
            ":80",
            "p:65536",
            "p:+1",
            "p:-1",
            "p:1x",
            "p:1:2",
            "p/",
            "p/x",
            "u@p",
            "u:w@p",
            "[::1",
            "[::1]x",
            "[::1]80",
            "[::1]x:80",
            "[p]:80",
            "a b",
            "a\0",
            "a\r\nb",
            "p:99999999999999999999",
            "]:80",
            "p;q",
            "p,q",
            "p=q",
            "*",
        ] {
            assert_eq!(text(ProxyKind::Http, bad), None, "{bad:?}");
        }
    }

    #[test]
    fn schemes_are_known_in_any_case() {
        for (scheme, kind) in [
            ("HTTP", Some(ProxyKind::Http)),
            ("Https", Some(ProxyKind::Https)),
            ("ftp", None),
            ("socks", Some(ProxyKind::Socks)),
            ("SOCKS5h", Some(ProxyKind::Socks)),
            ("gopher", None),
            ("", None),
        ] {
            assert_eq!(ProxyKind::of_scheme(scheme), kind);
        }
        assert!(ProxyKind::Http.is_usable() && ProxyKind::Https.is_usable());
        assert!(!ProxyKind::Socks.is_usable());
    }
}
