//! Taking a URL apart the way WinHttpCrackUrl does: into places within the caller's text.
//!
//! ```text
//! https://user:password@host:port/path?extra
//! ```

use std::fmt;
use std::ops::Range;

use super::Scheme;
use super::units::{eq_ignore_ascii_case, is_ascii};
use crate::error::Error;

/// The parts of a URL as ranges of code units of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cracked {
    /// The scheme (nScheme).
    pub scheme: Scheme,
    /// The scheme's text, in the case given.
    pub scheme_range: Range<usize>,
    /// The user name; absent without `@`.
    pub user: Option<Range<usize>>,
    /// The password; absent without `:` before the `@`.
    pub password: Option<Range<usize>>,
    /// The host; IPv6 literals keep their brackets. Never empty.
    pub host: Range<usize>,
    /// The port, the scheme's default where none is written.
    pub port: u16,
    /// The path; may be empty, there is no implied `/`.
    pub path: Range<usize>,
    /// Query and fragment with their `?` or `#`; may be empty.
    pub extra: Range<usize>,
}

impl Cracked {
    /// The path for callers who do not ask for the extra info: it stays part of the path.
    #[must_use]
    pub fn path_with_extra(&self) -> Range<usize> {
        self.path.start..self.extra.end
    }
}

/// Why a URL cannot be taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrackError {
    /// The scheme is there but the rest is no URL (ERROR_WINHTTP_INVALID_URL).
    InvalidUrl,
    /// There is no scheme, or not http or https (ERROR_WINHTTP_UNRECOGNIZED_SCHEME).
    UnrecognizedScheme,
}

impl fmt::Display for CrackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidUrl => "invalid URL",
            Self::UnrecognizedScheme => "missing or unknown URL scheme",
        })
    }
}

impl std::error::Error for CrackError {}

impl From<CrackError> for Error {
    fn from(error: CrackError) -> Self {
        match error {
            CrackError::InvalidUrl => Self::InvalidUrl,
            CrackError::UnrecognizedScheme => Self::UnrecognizedScheme,
        }
    }
}

/// A URL of Rust's text, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrackedText {
    units: Vec<u32>,
    /// Where its parts are, as [`CrackedText::text`] takes them.
    pub parts: Cracked,
}

impl CrackedText {
    /// Takes `url` apart.
    ///
    /// # Errors
    /// As [`crack`].
    pub fn new(url: &str) -> Result<Self, CrackError> {
        let units: Vec<u32> = url.chars().map(u32::from).collect();
        let parts = crack(&units, false)?;
        Ok(Self { units, parts })
    }

    /// The text of this part.
    #[must_use]
    pub fn text(&self, part: Range<usize>) -> String {
        let units = self.units.get(part).unwrap_or_default();
        units.iter().copied().filter_map(char::from_u32).collect()
    }
}

/// Takes `url` apart; with `reject_userpwd` (ICU_REJECT_USERPWD) user names are not allowed.
///
/// # Errors
/// Any [`CrackError`].
pub fn crack(url: &[u32], reject_userpwd: bool) -> Result<Cracked, CrackError> {
    let (scheme, scheme_end) = crack_scheme(url)?;
    let after_colon = scheme_end + 1;
    if !is_at(url, after_colon, b'/') || !is_at(url, after_colon + 1, b'/') {
        return Err(CrackError::InvalidUrl);
    }
    let authority_start = after_colon + 2;
    let authority_end = find(url, authority_start, b"/?#");
    let (user, password, host_start) = crack_userinfo(url, authority_start..authority_end);
    if reject_userpwd && user.is_some() {
        return Err(CrackError::InvalidUrl);
    }
    let (host, port) = crack_host(url, host_start..authority_end)?;
    let port = match port {
        Some(digits) if !digits.is_empty() => parse_port(url, digits)?,
        Some(_) | None => scheme.default_port(),
    };
    let (path, extra) = crack_path(url, authority_end);
    let scheme_range = 0..scheme_end;
    Ok(Cracked {
        scheme,
        scheme_range,
        user,
        password,
        host,
        port,
        path,
        extra,
    })
}

/// The scheme and where its colon is.
fn crack_scheme(url: &[u32]) -> Result<(Scheme, usize), CrackError> {
    let end = find(url, 0, b":");
    let name = url.get(..end).unwrap_or_default();
    // Text that ends without a colon has no scheme.
    let known = [Scheme::Http, Scheme::Https]
        .into_iter()
        .find(|scheme| end < url.len() && eq_ignore_ascii_case(name, scheme.name()));
    Ok((known.ok_or(CrackError::UnrecognizedScheme)?, end))
}

type UserInfo = (Option<Range<usize>>, Option<Range<usize>>, usize);

/// User, password and where the host begins: behind the last `@` of the authority.
fn crack_userinfo(url: &[u32], authority: Range<usize>) -> UserInfo {
    let start = authority.start;
    let text = url.get(authority).unwrap_or_default();
    let Some(at) = text.iter().rposition(|&unit| is_ascii(unit, b'@')) else {
        return (None, None, start);
    };
    let end = start + at;
    let colon = find(url, start, b":").min(end);
    let password = (colon < end).then(|| colon + 1..end);
    (Some(start..colon), password, end + 1)
}

/// The host and the digits behind its colon.
fn crack_host(
    url: &[u32],
    range: Range<usize>,
) -> Result<(Range<usize>, Option<Range<usize>>), CrackError> {
    let bracketed = is_at(url, range.start, b'[');
    let host_end = if bracketed {
        find(url, range.start, b"]") + 1
    } else {
        find(url, range.start, b":").min(range.end)
    };
    // An empty host or literal, a literal without its bracket, or text behind the bracket.
    let literal_is_empty = bracketed && host_end == range.start + 2;
    let followed = host_end == range.end || is_at(url, host_end, b':');
    if range.start >= host_end || host_end > range.end || literal_is_empty || !followed {
        return Err(CrackError::InvalidUrl);
    }
    let port = (host_end < range.end).then(|| host_end + 1..range.end);
    Ok((range.start..host_end, port))
}

fn parse_port(url: &[u32], digits: Range<usize>) -> Result<u16, CrackError> {
    let mut port: u16 = 0;
    for &unit in url.get(digits).unwrap_or_default() {
        let digit = char::from_u32(unit)
            .and_then(|character| character.to_digit(10))
            .and_then(|digit| u16::try_from(digit).ok())
            .ok_or(CrackError::InvalidUrl)?;
        port = port
            .checked_mul(10)
            .and_then(|port| port.checked_add(digit))
            .ok_or(CrackError::InvalidUrl)?;
    }
    Ok(port)
}

/// Path and extra info, which begins at the first `?` or `#`.
fn crack_path(url: &[u32], start: usize) -> (Range<usize>, Range<usize>) {
    let end = url.len();
    // Observed: a lone question mark right behind the host is no part of anything; path and extra
    // info are empty and stand behind it.
    if is_at(url, start, b'?') && start + 1 == end {
        return (end..end, end..end);
    }
    let extra_start = find(url, start, b"?#");
    (start..extra_start, extra_start..end)
}

/// Where the first of `bytes` stands from `start` on; the end of `url` if nowhere.
fn find(url: &[u32], start: usize, bytes: &[u8]) -> usize {
    let text = url.get(start..).unwrap_or_default();
    let place = text
        .iter()
        .position(|&unit| bytes.iter().any(|&byte| is_ascii(unit, byte)));
    place.map_or(url.len(), |place| start + place)
}

fn is_at(url: &[u32], place: usize, byte: u8) -> bool {
    url.get(place).is_some_and(|&unit| is_ascii(unit, byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn units(text: &str) -> Vec<u32> {
        text.chars().map(u32::from).collect()
    }

    /// The parts as text: scheme, user, password, host, port, path, extra.
    type Parts = (
        String,
        Option<String>,
        Option<String>,
        String,
        u16,
        String,
        String,
    );

    fn parts(url: &str) -> Result<Parts, CrackError> {
        let url = CrackedText::new(url)?;
        let (cracked, text) = (url.parts.clone(), |part| url.text(part));
        Ok((
            text(cracked.scheme_range),
            cracked.user.map(text),
            cracked.password.map(text),
            text(cracked.host),
            cracked.port,
            text(cracked.path),
            text(cracked.extra),
        ))
    }

    fn expect(
        url: &str,
        user: Option<&str>,
        password: Option<&str>,
        rest: (&str, u16, &str, &str),
    ) {
        let (host, port, path, extra) = rest;
        let parts = parts(url).unwrap_or_else(|error| panic!("{url}: {error}"));
        let owned = |text: Option<&str>| text.map(str::to_owned);
        assert_eq!((parts.1, parts.2), (owned(user), owned(password)), "{url}");
        assert_eq!(
            (&*parts.3, parts.4, &*parts.5, &*parts.6),
            (host, port, path, extra),
            "{url}"
        );
    }

    #[test]
    fn fact_8_2_1_all_parts() {
        let url = "http://user:pass@host.example:81/a/b?c=d#e";
        expect(
            url,
            Some("user"),
            Some("pass"),
            ("host.example", 81, "/a/b", "?c=d#e"),
        );
    }

    #[test]
    fn fact_8_2_2_absent_parts() {
        expect("http://h", None, None, ("h", 80, "", ""));
        expect("http://h/", None, None, ("h", 80, "/", ""));
        expect("http://u@h/", Some("u"), None, ("h", 80, "/", ""));
        expect("http://:@h/", Some(""), Some(""), ("h", 80, "/", ""));
        let end = crack(&units("http://h"), false).unwrap();
        assert_eq!((end.path, end.extra), (8..8, 8..8));
    }

    #[test]
    fn fact_8_2_4_extra_info_that_is_not_wanted_stays_in_the_path() {
        let url = units("http://h/a/b?x=1#y");
        let cracked = crack(&url, false).unwrap();
        assert_eq!(cracked.path_with_extra(), 8..url.len());
    }

    #[test]
    fn fact_8_2_5_errors() {
        for url in [
            "http://",
            "HTTP:www.x.org",
            "http:/www.x.org",
            "http:",
            "https:x",
        ] {
            assert_eq!(parts(url), Err(CrackError::InvalidUrl), "{url}");
        }
        for url in [
            "",
            "www.x.org",
            "www",
            "http",
            "ftp://x/",
            "ws://x/",
            " http://x/",
            "://x",
            ":",
        ] {
            assert_eq!(parts(url), Err(CrackError::UnrecognizedScheme), "{url}");
        }
        for url in [
            "http://h:65536",
            "http://h:8x",
            "http://h:80:80",
            "http://h:-1",
            "http://h: 80",
        ] {
            assert_eq!(parts(url), Err(CrackError::InvalidUrl), "{url}");
        }
        for url in [
            "http:///x",
            "http://?x",
            "http://:80/",
            "http://u@/",
            "http://h:99999999999",
        ] {
            assert_eq!(parts(url), Err(CrackError::InvalidUrl), "{url}");
        }
    }

    #[test]
    fn fact_8_2_6_ports() {
        for (url, port) in [
            ("http://h", 80),
            ("https://h", 443),
            ("http://h:", 80),
            ("https://h:/", 443),
            ("http://h:0", 0),
            ("http://h:00080/", 80),
            ("http://h:65535?x", 65535),
        ] {
            assert_eq!(crack(&units(url), false).unwrap().port, port, "{url}");
        }
    }

    #[test]
    fn fact_8_2_7_at_signs_and_colons_behind_the_authority_mean_nothing() {
        expect(
            "http://h/p?v=a@b.com",
            None,
            None,
            ("h", 80, "/p", "?v=a@b.com"),
        );
        expect(
            "https://h/s?w=3:Bx",
            None,
            None,
            ("h", 443, "/s", "?w=3:Bx"),
        );
        expect("http://h?a@b:c", None, None, ("h", 80, "", "?a@b:c"));
        expect(
            "http://u:p@q:r@h:1/",
            Some("u"),
            Some("p@q:r"),
            ("h", 1, "/", ""),
        );
    }

    #[test]
    fn fact_8_2_8_a_query_without_a_path() {
        expect("http://winehq?", None, None, ("winehq", 80, "", ""));
        let cracked = crack(&units("http://winehq?"), false).unwrap();
        assert_eq!((cracked.path, cracked.extra), (14..14, 14..14));
        expect("http://h/post;a", None, None, ("h", 80, "/post;a", ""));
        expect("https://h/post?", None, None, ("h", 443, "/post", "?"));
        expect("http://h?x=1", None, None, ("h", 80, "", "?x=1"));
        expect("http://h#x?y", None, None, ("h", 80, "", "#x?y"));
    }

    #[test]
    fn fact_8_2_9_spaces_stay_in_the_host() {
        let rest = ("winehq.o g", 80, "/path with spaces", "");
        expect("http://winehq.o g/path with spaces", None, None, rest);
    }

    #[test]
    fn fact_8_2_10_ipv6_literals_keep_brackets_and_schemes_their_case() {
        expect("http://[::1]:8080/", None, None, ("[::1]", 8080, "/", ""));
        expect(
            "https://u@[fe80::1]",
            Some("u"),
            None,
            ("[fe80::1]", 443, "", ""),
        );
        assert_eq!(parts("HtTpS://h").unwrap().0, "HtTpS");
        for url in [
            "http://[::1",
            "http://[]/",
            "http://[::1]x/",
            "http://[::1/]",
            "http://[a]b]",
        ] {
            assert_eq!(parts(url), Err(CrackError::InvalidUrl), "{url}");
        }
    }

    #[test]
    fn user_names_can_be_rejected_even_empty_ones() {
        for url in ["http://u:p@h/", "http://u@h/", "http://@h/"] {
            assert!(crack(&units(url), false).is_ok(), "{url}");
            assert_eq!(
                crack(&units(url), true),
                Err(CrackError::InvalidUrl),
                "{url}"
            );
        }
        assert!(crack(&units("http://h/@"), true).is_ok());
    }

    proptest! {
        #[test]
        fn ranges_lie_in_order_within_the_url(text in "(https?://)?[a:@/?#\\[\\]0-9 ]{0,20}") {
            let url = units(&text);
            if let Ok(cracked) = crack(&url, false) {
                let mut places = vec![cracked.scheme_range];
                places.extend(cracked.user);
                places.extend(cracked.password);
                places.extend([cracked.host.clone(), cracked.path, cracked.extra]);
                let ends: Vec<_> =
                    places.iter().flat_map(|range| [range.start, range.end]).collect();
                prop_assert!(ends.is_sorted() && ends.iter().all(|&end| end <= url.len()));
                prop_assert!(!cracked.host.is_empty());
            }
        }

        #[test]
        fn any_units_are_handled(tail in prop::collection::vec(any::<u32>(), 0..20)) {
            let _ = crack(&tail, false);
            let _ = crack(&[units("http://"), tail].concat(), false);
        }
    }
}
