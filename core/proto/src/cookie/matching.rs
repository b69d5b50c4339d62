//! Which hosts and paths a cookie is for (RFC 6265 §5.1.3, §5.1.4), and which domains no one server
//! may set cookies for (<https://publicsuffix.org>).

use psl::{List, Psl as _};

use super::RequestUri;
use crate::url::host::{Host, is_within};

/// What a cookie's Domain attribute comes to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scope {
    pub(super) domain: Box<str>,
    /// The domain alone, none below it.
    pub(super) host_only: bool,
}

impl Scope {
    /// That of a cookie of this leg; `None` if the server may not set it.
    ///
    /// RFC 6265bis §5.7: a public suffix can be named by the host that is one, and then means that
    /// host alone. So does the address of a host, or a name without dots.
    pub(super) fn of(attribute: Option<&[u8]>, uri: &RequestUri) -> Option<Self> {
        let host_only = Self {
            domain: uri.host.clone(),
            host_only: true,
        };
        let attribute = attribute.unwrap_or_default();
        let name = attribute.strip_prefix(b".").unwrap_or(attribute);
        if name.is_empty() {
            return Some(host_only);
        }
        let domain = canonical(name)?;
        // The suffix of the host, not of the domain: `amazonaws.com` is no public suffix, and yet
        // nothing that the customers in `*.compute.amazonaws.com` may share.
        let shared = public_suffix(&uri.host).len();
        let is_shared = domain.strip_suffix('.').unwrap_or(&domain).len() <= shared;
        match uri.is_name && !is_shared {
            true => is_within(&uri.host, &domain).then_some(Self {
                domain,
                host_only: false,
            }),
            false => (domain == uri.host).then_some(host_only),
        }
    }
}

/// The domain in small letters, Punycode where it is outside ASCII.
fn canonical(domain: &[u8]) -> Option<Box<str>> {
    let text = std::str::from_utf8(domain).ok()?;
    if text.is_ascii() {
        return Some(text.to_ascii_lowercase().into());
    }
    let host = Host::parse(text).ok()?;
    Some(host.name().to_ascii_lowercase().into())
}

/// The domain, then each domain that it is part of.
pub(super) fn with_parents(domain: &str) -> impl Iterator<Item = &str> {
    fn parent<'n>(name: &&'n str) -> Option<&'n str> {
        Some(name.split_once('.')?.1)
    }
    std::iter::successors(Some(domain), parent)
}

/// The part of a host's name, in small letters, directly below which anybody can have names:
/// cookies for it, or for a part of it, would go to servers that know nothing of each other.
///
/// Top-level domains are such, also those that the list does not know, and so is what the private
/// part of the list has (`github.io`). A dot at the end is left out.
#[must_use]
pub fn public_suffix(name: &str) -> &str {
    let name = name.strip_suffix('.').unwrap_or(name);
    let suffix = List.suffix(name.as_bytes());
    let start = suffix.map(|suffix| name.len().saturating_sub(suffix.as_bytes().len()));
    start.and_then(|start| name.get(start..)).unwrap_or(name)
}

/// The path of a cookie without a Path attribute: the request's, up to its last `/` (RFC 6265
/// §5.1.4).
pub(super) fn default_path(request_path: &str) -> &[u8] {
    let directory = request_path
        .rsplit_once('/')
        .map(|(directory, _)| directory);
    match directory {
        None | Some("") => b"/",
        Some(directory) => directory.as_bytes(),
    }
}

/// RFC 6265 §5.1.4: whole segments count.
pub(super) fn path_matches(path: &[u8], cookie_path: &[u8]) -> bool {
    path.strip_prefix(cookie_path).is_some_and(|below| {
        below.is_empty() || below.starts_with(b"/") || cookie_path.ends_with(b"/")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(host: &str, attribute: &str) -> Option<(String, bool)> {
        let uri = RequestUri::new(&Host::parse(host).unwrap(), false, "/");
        let scope = Scope::of(Some(attribute.as_bytes()), &uri)?;
        Some((scope.domain.into(), scope.host_only))
    }

    #[test]
    fn fact_27_3_1_a_domain_is_the_host_or_a_parent_and_no_public_suffix() {
        let (all, alone) = (false, true);
        let host = "a.shop.example.co.uk";
        for (attribute, expected) in [
            ("a.shop.example.co.uk", Some((host, all))),
            ("shop.example.co.uk", Some(("shop.example.co.uk", all))),
            (".Example.CO.uk", Some(("example.co.uk", all))),
            ("", Some((host, alone))),
            (".", Some((host, alone))),
            // Public suffixes, with and without dots; others; parts of labels; children.
            ("co.uk", None),
            ("uk", None),
            (".uk", None),
            ("co.uk.", None),
            ("..example.co.uk", None),
            ("example.com", None),
            ("xample.co.uk", None),
            ("b.a.shop.example.co.uk", None),
            ("example.co.uk.", None),
        ] {
            let expected = expected.map(|(domain, host_only)| (domain.to_owned(), host_only));
            assert_eq!(scope(host, attribute), expected, "{attribute:?}");
        }
    }

    #[test]
    fn fact_27_3_1_addresses_single_labels_and_public_suffixes_stand_for_themselves_alone() {
        for host in [
            "localhost",
            "127.0.0.1",
            "::1",
            "127.1",
            "com",
            "github.io",
            "intranet",
        ] {
            assert_eq!(scope(host, host), Some((host.to_owned(), true)), "{host}");
        }
        for (host, attribute) in [
            ("127.0.0.1", "0.0.1"),
            ("127.0.0.1", "1"),
            ("5.0.1", "0.1"),
            ("a.localhost", "localhost"),
            ("project.github.io", "github.io"),
            ("b.c.kobe.jp", "kobe.jp"),
            ("b.eu-west-1.compute.amazonaws.com", "amazonaws.com"),
            ("a.intranet", "intranet"),
        ] {
            assert_eq!(scope(host, attribute), None, "{attribute} on {host}");
        }
    }

    #[test]
    fn domains_outside_ascii_are_punycode_and_what_is_no_text_is_refused() {
        let host = "a.b\u{fc}cher.example";
        let expected = Some(("xn--bcher-kva.example".to_owned(), false));
        assert_eq!(scope(host, "b\u{fc}cher.example"), expected);
        assert_eq!(scope(host, "B\u{dc}CHER.example"), expected);
        let uri = RequestUri::new(&Host::parse(host).unwrap(), false, "/");
        assert_eq!(Scope::of(Some(b"b\xfccher.example"), &uri), None);
    }

    #[test]
    fn a_trailing_dot_hides_no_public_suffix() {
        assert_eq!(scope("a.com.", "com."), None);
        let own = Some(("shop.com.".to_owned(), false));
        assert_eq!(scope("a.shop.com.", "shop.com."), own);
    }

    #[test]
    fn fact_7_2_the_default_path_is_the_directory_of_the_request() {
        for (request, expected) in [
            ("/", "/"),
            ("/cookie", "/"),
            ("/a/b", "/a"),
            ("/a/b/", "/a/b"),
            ("/a//", "/a/"),
        ] {
            assert_eq!(default_path(request), expected.as_bytes(), "{request}");
        }
    }

    #[test]
    fn fact_27_3_1_paths_match_in_whole_segments() {
        for (path, cookie, expected) in [
            ("/", "/", true),
            ("/a", "/", true),
            ("/a", "/a", true),
            ("/a/", "/a", true),
            ("/a/b", "/a", true),
            ("/a/b", "/a/", true),
            ("/ab", "/a", false),
            ("/a", "/a/", false),
            ("/A", "/a", false),
            ("/", "/a", false),
        ] {
            let matches = path_matches(path.as_bytes(), cookie.as_bytes());
            assert_eq!(matches, expected, "{path} {cookie}");
        }
    }

    #[test]
    fn parents_come_from_the_nearest_on() {
        assert!(with_parents("a.b.c").eq(["a.b.c", "b.c", "c"]));
    }
}
