//! What a script is asked: a URL without what is none of its business, and that URL's host.

use crate::error::Error;
use crate::proxy::{ProxyKind, ProxyServer};
use crate::url::Scheme;
use crate::url::crack::{CrackError, CrackedText};
use crate::url::host::Host;

/// The arguments of FindProxyForURL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The URL.
    pub url: String,
    /// Its host: without port, and without the brackets of an IPv6 address; may be empty.
    pub host: String,
}

/// In which case a script sees the host (WINHTTP_AUTOPROXY_HOST_KEEPCASE and _HOST_LOWERCASE).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HostCase {
    /// As the program wrote it.
    #[default]
    Kept,
    /// In small letters.
    Lower,
}

impl Question {
    /// The question about a URL of http or https. User name, password and fragment are left out,
    /// and of https also path and query, which the server alone should know.
    ///
    /// # Errors
    /// [`Error::UnrecognizedScheme`], [`Error::InvalidUrl`].
    pub fn about(url: &str, case: HostCase) -> Result<Self, Error> {
        let cracked = match CrackedText::new(url) {
            Ok(cracked) => cracked,
            Err(CrackError::InvalidUrl) => return Self::without_host(url),
            Err(error @ CrackError::UnrecognizedScheme) => return Err(error.into()),
        };
        let parts = &cracked.parts;
        let mut host = cracked.text(parts.host.clone());
        if case == HostCase::Lower {
            host = host.to_lowercase();
        }
        let port = cracked.text(parts.host.end..parts.path.start);
        let path = match parts.scheme {
            Scheme::Http => cracked.text(parts.path_with_extra()),
            Scheme::Https => String::new(),
        };
        Ok(Self::of(parts.scheme, &host, &port, &path))
    }

    /// Who serves the URL: whether over TLS, host and port; `None` without a host.
    #[must_use]
    pub fn server(&self) -> Option<(bool, Host, u16)> {
        let (scheme, rest) = self.url.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        // A server is written as a proxy is.
        let server = ProxyServer::parse(ProxyKind::of_scheme(scheme)?, authority)?;
        Some((server.kind == ProxyKind::Https, server.host, server.port))
    }

    /// A URL such as `http:///path`.
    fn without_host(url: &str) -> Result<Self, Error> {
        let (scheme, rest) = url.split_once("://").ok_or(Error::InvalidUrl)?;
        let scheme = [Scheme::Http, Scheme::Https]
            .into_iter()
            .find(|known| scheme.eq_ignore_ascii_case(known.name()));
        let scheme = scheme.ok_or(Error::UnrecognizedScheme)?;
        if !rest.starts_with(['/', '?', '#']) {
            return Err(Error::InvalidUrl);
        }
        let path = match scheme {
            Scheme::Http => rest,
            Scheme::Https => "",
        };
        Ok(Self::of(scheme, "", "", path))
    }

    fn of(scheme: Scheme, host: &str, port: &str, path: &str) -> Self {
        let path = path.split('#').next().unwrap_or_default();
        let slash = if path.starts_with('/') { "" } else { "/" };
        let name = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'));
        Self {
            url: format!("{}://{host}{port}{slash}{path}", scheme.name()),
            host: name.unwrap_or(host).to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(url: &str, case: HostCase) -> (String, String) {
        let question = Question::about(url, case).unwrap();
        (question.url, question.host)
    }

    #[test]
    fn fact_30_1_6_and_8_4_5_what_a_script_sees_of_a_url() {
        for (url, seen, host) in [
            (
                "HTTP://Host.Example/Path?q",
                "http://Host.Example/Path?q",
                "Host.Example",
            ),
            ("http://u:p@h:8080/a#f", "http://h:8080/a", "h"),
            ("http://h", "http://h/", "h"),
            ("http://h?q#f", "http://h/?q", "h"),
            ("http://h#f/x", "http://h/", "h"),
            ("HTTPS://u:p@H:444/secret?q#f", "https://H:444/", "H"),
            ("https://h", "https://h/", "h"),
            ("http://[FE80::1]:81/x", "http://[FE80::1]:81/x", "FE80::1"),
            ("http:///path", "http:///path", ""),
            ("https:///path", "https:///", ""),
        ] {
            let expected = (seen.to_owned(), host.to_owned());
            assert_eq!(about(url, HostCase::Kept), expected, "{url}");
        }
        let lower = about("HTTP://Host.Example:81/Path", HostCase::Lower);
        assert_eq!(lower.0, "http://host.example:81/Path");
        assert_eq!(lower.1, "host.example");
    }

    #[test]
    fn a_url_names_its_server() {
        let server = |url| {
            let question = Question::about(url, HostCase::Kept).unwrap();
            let (secure, host, port) = question.server()?;
            Some((secure, host.to_string(), port))
        };
        for (url, secure, host, port) in [
            ("HTTP://u:p@h:8080/a?b#f", false, "h", 8080),
            ("http://h?q", false, "h", 80),
            ("https://H/x", true, "H", 443),
            ("https://[FE80::1]:81/x", true, "[fe80::1]", 81),
        ] {
            assert_eq!(server(url), Some((secure, host.to_owned(), port)), "{url}");
        }
        assert_eq!(server("http:///x"), None);
    }

    #[test]
    fn fact_30_1_5_only_http_and_https_can_be_asked_about() {
        for (url, error) in [
            ("ws://h/", Error::UnrecognizedScheme),
            ("wss://h/", Error::UnrecognizedScheme),
            ("ftp://h/", Error::UnrecognizedScheme),
            ("h", Error::UnrecognizedScheme),
            ("http:", Error::InvalidUrl),
            ("http:/h", Error::InvalidUrl),
            ("http://h:x/", Error::InvalidUrl),
        ] {
            assert_eq!(Question::about(url, HostCase::Kept), Err(error), "{url}");
        }
    }
}
