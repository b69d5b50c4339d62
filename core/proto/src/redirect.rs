//! What a redirect asks for, and what of it is done: which answers are followed, where to, and with
//! what of the request. Pure; who follows is `core/src/api/request/legs.rs`.
//!
//! As Windows does it (observed), and by RFC 9110 §15.4 and RFC 3986 §5 where nothing is known.

use std::borrow::Cow;

use url::Url;

use crate::error::{Error, Result};
use crate::header::{HeaderList, text};
use crate::http1::head::ResponseHead;
use crate::url::escape::{EscapeFlags, request_target};
use crate::url::host::Host;

/// The longest Location that is looked at, in bytes: as long as a field of a request may be.
const LOCATION_MAX: usize = 65536;

/// WINHTTP_OPTION_REDIRECT_POLICY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// No redirect is followed.
    Never,
    /// None from https to http.
    NotToHttp,
    /// All.
    Always,
}

/// What a program allows.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Which redirects are followed.
    pub policy: Policy,
    /// How many more may be (MAX_HTTP_AUTOMATIC_REDIRECTS).
    pub left: u32,
    /// A Location with user information is refused (REJECT_USERPWD_IN_URL).
    pub rejects_userinfo: bool,
}

/// Where a request goes: what WinHttpConnect and WinHttpOpenRequest were told, or a redirect.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    /// https.
    pub secure: bool,
    /// The server.
    pub host: &'p Host,
    /// Its port.
    pub port: u16,
    /// The method, as it is sent.
    pub method: &'p str,
}

/// A redirect that is followed.
#[derive(Clone, Debug)]
pub struct Redirect {
    /// The new URL, absolute, with the fragment of Location.
    pub url: String,
    /// https.
    pub secure: bool,
    /// The new server.
    pub host: Host,
    /// Its port.
    pub port: u16,
    /// The new request target.
    pub target: String,
    /// The request becomes a GET without a body.
    pub becomes_get: bool,
}

/// What is to be done with this answer to a request whose URL is `url`: `None` is that the program
/// gets it.
///
/// # Errors
/// [`Error::HeaderNotFound`] without Location, [`Error::InvalidUrl`] and
/// [`Error::UnrecognizedScheme`] for one that names nothing, [`Error::RedirectFailed`] for one
/// redirect too many.
pub fn followed(
    rules: Rules,
    place: Place<'_>,
    url: &str,
    answer: &ResponseHead,
) -> Result<Option<Redirect>> {
    if !is_redirect(answer.status) || rules.policy == Policy::Never {
        return Ok(None);
    }
    let location = answer.headers.first("Location").map(text::trim_blanks);
    let Some(location) = location.filter(|location| !location.is_empty()) else {
        // A choice among several need not name one of them.
        return match answer.status {
            300 => Ok(None),
            _ => Err(Error::HeaderNotFound),
        };
    };
    if location.len() > LOCATION_MAX {
        return Err(Error::InvalidUrl);
    }
    let base = Url::parse(url).map_err(|_| Error::InvalidUrl)?;
    let mut to = base
        .join(&text::decode(location))
        .map_err(|_| Error::InvalidUrl)?;
    let secure = match to.scheme() {
        "https" => true,
        "http" => false,
        _ => return Err(Error::UnrecognizedScheme),
    };
    if !to.username().is_empty() || to.password().is_some() {
        if rules.rejects_userinfo {
            return Err(Error::InvalidUrl);
        }
        // Credentials are the program's, not the server's.
        let dropped = to.set_username("").and_then(|()| to.set_password(None));
        dropped.map_err(|()| Error::InvalidUrl)?;
    }
    if place.secure && !secure && rules.policy == Policy::NotToHttp {
        return Ok(None);
    }
    let host = match to.host_str().ok_or(Error::InvalidUrl)? {
        // As the program wrote it, with its zone: it is the same server.
        same if Some(same) == base.host_str() => place.host.clone(),
        other => Host::parse(other).map_err(|_| Error::InvalidUrl)?,
    };
    let port = to.port_or_known_default().filter(|port| *port != 0);
    let port = port.ok_or(Error::InvalidUrl)?;
    if rules.left == 0 {
        return Err(Error::RedirectFailed);
    }
    let query = to.query().map(|query| Cow::from(format!("?{query}")));
    let object = [to.path(), query.as_deref().unwrap_or_default()].concat();
    let target = request_target(&object, EscapeFlags::default());
    Ok(Some(Redirect {
        url: absolute(&to, &target),
        secure,
        host,
        port,
        target,
        becomes_get: becomes_get(place.method, answer.status),
    }))
}

/// The URL as programs are told it.
fn absolute(to: &Url, target: &str) -> String {
    let authority = to.authority();
    let fragment = to.fragment().map(|fragment| format!("#{fragment}"));
    let fragment = fragment.unwrap_or_default();
    format!("{}://{authority}{target}{fragment}", to.scheme())
}

/// Answers with this status lead elsewhere, if they say where to.
pub(crate) fn is_redirect(status: u16) -> bool {
    matches!(status, 300..=303 | 307 | 308)
}

/// Table 26.2 of the observations.
fn becomes_get(method: &str, status: u16) -> bool {
    match (method, status) {
        ("GET" | "HEAD", _) | (_, 307 | 308) => false,
        ("POST", _) | (_, 303) => true,
        _ => false,
    }
}

/// Takes out of a program's fields what the new request must not have: what describes a body that
/// is not sent, what another server must not see, the name of the old server.
pub fn strip(fields: &mut HeaderList, from: Place<'_>, redirect: &Redirect) {
    if redirect.becomes_get {
        fields.retain(|name| !is_of_body(name));
    }
    let same_host = from.host.name().eq_ignore_ascii_case(redirect.host.name());
    if !same_host || from.secure && !redirect.secure {
        for secret in ["Authorization", "Proxy-Authorization", "Cookie"] {
            fields.remove(secret);
        }
    }
    if !same_host || from.port != redirect.port {
        fields.remove("Host");
    }
}

/// The field is about a body: its length, its framing, or its content.
fn is_of_body(name: &str) -> bool {
    const CONTENT: &str = "Content-";
    let begins = name.get(..CONTENT.len());
    begins.is_some_and(|begin| begin.eq_ignore_ascii_case(CONTENT))
        || name.eq_ignore_ascii_case("Transfer-Encoding")
        || name.eq_ignore_ascii_case("Trailer")
        || name.eq_ignore_ascii_case("Expect")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::url::request_url;

    const RULES: Rules = Rules {
        policy: Policy::NotToHttp,
        left: 10,
        rejects_userinfo: false,
    };

    fn answer(status: u16, location: Option<&str>) -> ResponseHead {
        let mut headers = HeaderList::new();
        if let Some(location) = location {
            headers.push("Location", location);
        }
        ResponseHead {
            version_minor: 1,
            status,
            reason: String::new(),
            headers,
        }
    }

    fn follow(
        rules: Rules,
        url: &str,
        method: &str,
        status: u16,
        to: Option<&str>,
    ) -> Result<Option<Redirect>> {
        let parsed = Url::parse(url).unwrap();
        let host = Host::parse(parsed.host_str().unwrap()).unwrap();
        let place = Place {
            secure: parsed.scheme() == "https",
            host: &host,
            port: parsed.port_or_known_default().unwrap(),
            method,
        };
        followed(rules, place, url, &answer(status, to))
    }

    fn to(location: &str) -> Result<String> {
        let url = "http://a.example/b/c/d?q#f";
        Ok(follow(RULES, url, "GET", 302, Some(location))?.unwrap().url)
    }

    #[test]
    fn fact_26_1_which_statuses_are_followed() {
        for status in 200..600 {
            let redirect = follow(RULES, "http://a/", "GET", status, Some("/x")).unwrap();
            let expected = [300, 301, 302, 303, 307, 308].contains(&status);
            assert_eq!(redirect.is_some(), expected, "{status}");
        }
    }

    #[test]
    fn fact_26_2_what_becomes_a_get() {
        for (method, statuses) in [
            ("GET", &[][..]),
            ("HEAD", &[]),
            ("POST", &[300, 301, 302, 303]),
            ("PUT", &[303]),
            ("DELETE", &[303]),
            ("OPTIONS", &[303]),
            ("PATCH", &[303]),
            ("brew", &[303]),
        ] {
            for status in [300, 301, 302, 303, 307, 308] {
                let redirect = follow(RULES, "http://a/", method, status, Some("/x"));
                let becomes_get = redirect.unwrap().unwrap().becomes_get;
                assert_eq!(becomes_get, statuses.contains(&status), "{method} {status}");
            }
        }
    }

    #[test]
    fn fact_26_3_without_location_there_is_an_error_but_for_300() {
        for location in [None, Some(""), Some(" \t")] {
            for status in [301, 302, 303, 307, 308] {
                let missing = follow(RULES, "http://a/", "GET", status, location);
                assert_eq!(missing.unwrap_err(), Error::HeaderNotFound, "{status}");
            }
            let choices = follow(RULES, "http://a/", "GET", 300, location);
            assert!(choices.unwrap().is_none());
            let never = Rules {
                policy: Policy::Never,
                ..RULES
            };
            assert!(
                follow(never, "http://a/", "GET", 302, location)
                    .unwrap()
                    .is_none()
            );
        }
    }

    #[test]
    fn fact_26_4_urls_that_name_nothing_and_other_schemes() {
        for (location, error) in [
            ("ftp://a/", Error::UnrecognizedScheme),
            ("mailto:a@b", Error::UnrecognizedScheme),
            ("http://", Error::InvalidUrl),
            ("http://a:99999/", Error::InvalidUrl),
            ("http://a b/", Error::InvalidUrl),
            ("http://[::1/", Error::InvalidUrl),
            ("//:80/", Error::InvalidUrl),
            ("http://a:0/", Error::InvalidUrl),
        ] {
            assert_eq!(to(location).unwrap_err(), error, "{location}");
        }
        let rejects = Rules {
            rejects_userinfo: true,
            ..RULES
        };
        for location in ["http://u:p@a/", "http://u@a/", "//:p@a/"] {
            let refused = follow(rejects, "http://a/", "GET", 302, Some(location));
            assert_eq!(refused.unwrap_err(), Error::InvalidUrl, "{location}");
        }
    }

    #[test]
    fn facts_26_5_and_26_6_policy_and_limit() {
        let down = |policy| {
            follow(
                Rules { policy, ..RULES },
                "https://a/",
                "GET",
                302,
                Some("http://a/"),
            )
        };
        assert!(down(Policy::NotToHttp).unwrap().is_none());
        assert!(down(Policy::Never).unwrap().is_none());
        assert!(down(Policy::Always).unwrap().is_some());
        let up = follow(RULES, "http://a/", "GET", 302, Some("https://a/"));
        assert!(up.unwrap().unwrap().secure);
        let last = Rules { left: 0, ..RULES };
        let failed = follow(last, "http://a/", "GET", 302, Some("/x"));
        assert_eq!(failed.unwrap_err(), Error::RedirectFailed);
        // What is given to the program anyhow does not count.
        let all = Rules { left: 0, ..RULES };
        assert!(
            follow(all, "https://a/", "GET", 302, Some("http://a/"))
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn facts_26_7_and_26_15_locations_are_relative_to_the_url_and_escaped() {
        for (location, expected) in [
            ("/x", "http://a.example/x"),
            ("x", "http://a.example/b/c/x"),
            ("../x", "http://a.example/b/x"),
            ("../../../x", "http://a.example/x"),
            ("?y=1", "http://a.example/b/c/d?y=1"),
            ("//b.example:81", "http://b.example:81/"),
            ("https://b.example", "https://b.example/"),
            ("HTTP://B.example:80/x", "http://b.example/x"),
            ("/x#there", "http://a.example/x#there"),
            ("#there", "http://a.example/b/c/d?q#there"),
            ("/a b", "http://a.example/a%20b"),
            ("/a%20b%zz", "http://a.example/a%20b%zz"),
            ("/\u{e9}?\u{e9}", "http://a.example/%C3%A9?%C3%A9"),
            ("http://u:p@b/", "http://b/"),
            ("http://[::1]:81/x", "http://[::1]:81/x"),
        ] {
            assert_eq!(to(location).as_deref(), Ok(expected), "{location}");
        }
        let url = "http://a/?q#old";
        let redirect = follow(RULES, url, "GET", 302, Some("/x?y#new"))
            .unwrap()
            .unwrap();
        assert_eq!(redirect.target, "/x?y", "no fragment on the wire");
        let same = follow(RULES, url, "GET", 302, Some("/x")).unwrap().unwrap();
        assert_eq!(same.url, "http://a/x", "the old fragment is not kept");
    }

    #[test]
    fn the_same_host_stays_as_it_was_written() {
        for name in ["fe80::1%lo", "127.1"] {
            let host = Host::parse(name).unwrap();
            let place = Place {
                secure: false,
                host: &host,
                port: 80,
                method: "GET",
            };
            let url = request_url(false, &host, 80, "/");
            let redirect = followed(RULES, place, &url, &answer(302, Some("/x")));
            let redirect = redirect.unwrap().unwrap();
            assert_eq!(redirect.host.name(), host.name(), "{name}");
            assert_eq!(redirect.host.text(), host.text(), "{name}");
        }
    }

    #[test]
    fn a_location_in_latin_1_is_read_as_its_characters() {
        let mut head = answer(302, None);
        head.headers.push("Location", b"/\xe9");
        let host = Host::parse("a").unwrap();
        let place = Place {
            secure: false,
            host: &host,
            port: 80,
            method: "GET",
        };
        let redirect = followed(RULES, place, "http://a/", &head).unwrap().unwrap();
        assert_eq!(redirect.target, "/%C3%A9");
    }

    const A: &str = "http://a/";
    const ALL: [&str; 5] = ["authorization", "Cookie", "Host", "Content-Type", "X"];

    #[test]
    fn fact_26_9_secrets_stay_with_their_server() {
        let stripped = |url: &str, location: &str, method| {
            let rules = Rules {
                policy: Policy::Always,
                ..RULES
            };
            let redirect = follow(rules, url, method, 302, Some(location))
                .unwrap()
                .unwrap();
            let parsed = Url::parse(url).unwrap();
            let host = Host::parse(parsed.host_str().unwrap()).unwrap();
            let from = Place {
                secure: parsed.scheme() == "https",
                host: &host,
                port: parsed.port_or_known_default().unwrap(),
                method,
            };
            let mut fields = HeaderList::new();
            for name in ALL {
                fields.push(name, "1");
            }
            strip(&mut fields, from, &redirect);
            let names: Vec<_> = fields.iter().map(|field| &*field.name).collect();
            names.join(" ")
        };
        for (url, location, method, kept) in [
            (A, "/x", "GET", "authorization Cookie Host Content-Type X"),
            (
                A,
                "http://A:81/",
                "GET",
                "authorization Cookie Content-Type X",
            ),
            (
                A,
                "https://a/",
                "GET",
                "authorization Cookie Content-Type X",
            ),
            ("https://a/", A, "GET", "Content-Type X"),
            (A, "http://b/", "GET", "Content-Type X"),
            (A, "/x", "POST", "authorization Cookie Host X"),
            (A, "http://b/", "POST", "X"),
        ] {
            assert_eq!(stripped(url, location, method), kept, "{method} {location}");
        }
    }
}
