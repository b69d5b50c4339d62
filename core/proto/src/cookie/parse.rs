//! One Set-Cookie line (RFC 6265 §5.2, 6265bis §5.6).
//!
//! ```text
//! name = value ; attribute [ = value ] ; …
//! ```
//!
//! Any bytes mean something or are left out; nothing is an error, as a server's bad cookie is no
//! reason to withhold its answer.

use std::fmt;
use std::time::Duration;

use crate::header::text::trim_blanks;
use crate::http_date;

/// Most bytes of a cookie's name and value together, and likewise of its path; larger ones are not
/// kept (6265bis §5.6: 4096 octets).
pub const COOKIE_MAX_BYTES: usize = 4096;

/// Attributes with longer values are left out (6265bis §5.6: 1024 octets).
const ATTRIBUTE_MAX_BYTES: usize = 1024;

/// What a Set-Cookie line says. Surrounding blanks are gone, quotes stay.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SetCookie<'l> {
    /// The name; never empty.
    pub name: &'l [u8],
    /// The value; may be empty.
    pub value: &'l [u8],
    /// When it ends, since 1970: `Max-Age`, else `Expires`; `None` with the session. What is not
    /// later than now deletes the cookie.
    pub expires: Option<Duration>,
    /// The last Domain attribute.
    pub domain: Option<&'l [u8]>,
    /// The last Path attribute, if it begins with `/`.
    pub path: Option<&'l [u8]>,
    /// Only over https.
    pub secure: bool,
}

impl<'l> SetCookie<'l> {
    /// Reads a line at this time since 1970.
    ///
    /// `None`, the line is ignored: without `=`, without a name, with control characters other than
    /// the tab, with more than [`COOKIE_MAX_BYTES`].
    #[must_use]
    pub fn parse(line: &'l [u8], now: Duration) -> Option<Self> {
        // 6265bis §5.6 step 1.
        if line
            .iter()
            .any(|byte| byte.is_ascii_control() && *byte != b'\t')
        {
            return None;
        }
        let mut parts = line.split(|&byte| byte == b';');
        let (name, value) = pair(parts.next()?);
        let value = value?;
        if name.is_empty() || name.len() + value.len() > COOKIE_MAX_BYTES {
            return None;
        }
        let mut cookie = Self {
            name,
            value,
            expires: None,
            domain: None,
            path: None,
            secure: false,
        };
        let mut max_age = None;
        for (attribute, value) in parts.map(pair) {
            let value = value.unwrap_or_default();
            let is = |name: &str| attribute.eq_ignore_ascii_case(name.as_bytes());
            if value.len() > ATTRIBUTE_MAX_BYTES {
                continue;
            }
            // The last one of a name counts, if it means something.
            if is("Expires") {
                cookie.expires = date(value).or(cookie.expires);
            } else if is("Max-Age") {
                max_age = seconds(value).or(max_age);
            } else if is("Domain") {
                cookie.domain = Some(value);
            } else if is("Path") {
                cookie.path = Some(value).filter(|path| path.starts_with(b"/"));
            } else if is("Secure") {
                cookie.secure = true;
            }
        }
        if let Some(seconds) = max_age {
            let end = now.saturating_add(Duration::from_secs(seconds));
            cookie.expires = Some(if seconds == 0 { Duration::ZERO } else { end });
        }
        Some(cookie)
    }
}

/// Shows no value.
impl fmt::Debug for SetCookie<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetCookie")
            .field("name", &String::from_utf8_lossy(self.name))
            .field("secure", &self.secure)
            .finish_non_exhaustive()
    }
}

/// Name and value around the first `=`.
fn pair(part: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut halves = part.splitn(2, |&byte| byte == b'=');
    let name = halves.next().unwrap_or_default();
    (trim_blanks(name), halves.next().map(trim_blanks))
}

/// Since 1970, as leniently as WinHttpTimeToSystemTime; what was before is 1970.
fn date(value: &[u8]) -> Option<Duration> {
    let time = http_date::parse(&String::from_utf8_lossy(value))?;
    Some(http_date::since_1970(&time))
}

/// RFC 6265 §5.2.2: digits, or a minus and digits, which is 0. Too many are for ever.
fn seconds(value: &[u8]) -> Option<u64> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        // RFC 6265 lets a lone minus pass, and does not say as which number.
        return None;
    }
    if digits.len() < value.len() {
        return Some(0);
    }
    let number = digits.iter().fold(0u64, |number, digit| {
        let digit = u64::from(digit.wrapping_sub(b'0'));
        number.saturating_mul(10).saturating_add(digit)
    });
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_000_000_000);

    fn parsed(line: &str) -> Option<SetCookie<'_>> {
        SetCookie::parse(line.as_bytes(), NOW)
    }

    fn pair_of(line: &str) -> Option<(&str, &str)> {
        let cookie = parsed(line)?;
        let text = |bytes| std::str::from_utf8(bytes).unwrap();
        Some((text(cookie.name), text(cookie.value)))
    }

    #[test]
    fn facts_7_2_and_27_3_1_names_and_values_are_trimmed_and_kept_as_they_are() {
        for (line, expected) in [
            ("name=value", Some(("name", "value"))),
            ("name = value ", Some(("name", "value"))),
            ("\tname\t=\t value \t;x", Some(("name", "value"))),
            ("NAME=a=b=c", Some(("NAME", "a=b=c"))),
            ("a=\"b c\"", Some(("a", "\"b c\""))),
            ("a=\"b;c\"", Some(("a", "\"b"))),
            ("a=1, b=2", Some(("a", "1, b=2"))),
            ("a=", Some(("a", ""))),
            ("a= ; Path=/", Some(("a", ""))),
            ("", None),
            (";", None),
            ("a", None),
            ("a; b=c", None),
            ("=b", None),
            (" =b", None),
            ("=", None),
        ] {
            assert_eq!(pair_of(line), expected, "{line:?}");
        }
        let strange = SetCookie::parse(b"a\xff=\xfe\x80", NOW).unwrap();
        assert_eq!(
            (strange.name, strange.value),
            (&b"a\xff"[..], &b"\xfe\x80"[..])
        );
    }

    #[test]
    fn control_characters_spoil_the_whole_line_wherever_they_are() {
        for byte in (0..32u8).chain([127]).filter(|byte| *byte != b'\t') {
            let control = char::from(byte);
            for line in [
                format!("a{control}=b"),
                format!("a=b{control}"),
                format!("a=b; x{control}"),
            ] {
                assert_eq!(pair_of(&line), None, "{line:?}");
            }
        }
    }

    #[test]
    fn facts_27_3_1_and_8_1_2_attributes_are_read_in_any_case_and_the_last_one_counts() {
        let line = "a=b; eXPires=Wed Jul 28 10:05:52 2038; DOMAIN = .Example ; PATH=/x; secure=no; \
                    HttpOnly; SameSite=Strict; Partitioned; Unknown=1; =; ;";
        let cookie = parsed(line).unwrap();
        assert_eq!(cookie.expires, Some(Duration::from_secs(2_163_924_352)));
        assert_eq!(cookie.domain, Some(&b".Example"[..]));
        assert_eq!(cookie.path, Some(&b"/x"[..]));
        assert!(cookie.secure);
        let last = parsed("a=b; Path=/x; Path=/y; Domain=x; Domain=y").unwrap();
        assert_eq!(
            (last.path, last.domain),
            (Some(&b"/y"[..]), Some(&b"y"[..]))
        );
        for none in [
            "a=b; Path",
            "a=b; Path=",
            "a=b; Path=x",
            "a=b; Path=/x; Path=x",
        ] {
            assert_eq!(parsed(none).unwrap().path, None, "{none}");
        }
        assert!(!parsed("a=Secure; Secured").unwrap().secure);
    }

    #[test]
    fn fact_27_3_1_max_age_wins_over_expires_and_nonsense_is_left_out() {
        let at = |seconds| Some(Duration::from_secs(seconds));
        let past = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        let future = "Expires=Sun, 09 Sep 2001 01:47:40 GMT";
        for (attributes, expected) in [
            (String::new(), None),
            (past.to_owned(), at(0)),
            (future.to_owned(), at(1_000_000_060)),
            ("Expires=Mon, 28 Jul 1608 10:05:52 GMT".to_owned(), at(0)),
            ("Max-Age=5".to_owned(), at(1_000_000_005)),
            (format!("Max-Age=5; {past}"), at(1_000_000_005)),
            (format!("{future}; max-age=0"), at(0)),
            ("Max-Age=-1".to_owned(), at(0)),
            ("Max-Age=007".to_owned(), at(1_000_000_007)),
            (
                "Max-Age=99999999999999999999".to_owned(),
                Some(Duration::MAX),
            ),
            ("Max-Age=5; Max-Age=x".to_owned(), at(1_000_000_005)),
            (format!("{future}; Expires=never"), at(1_000_000_060)),
            (format!("{future}; Max-Age="), at(1_000_000_060)),
        ] {
            let line = format!("a=b; {attributes}");
            assert_eq!(parsed(&line).unwrap().expires, expected, "{line}");
        }
        for nonsense in ["", "-", "+5", "5 5", "5x", "1.5", "--1", "0x5"] {
            assert_eq!(
                parsed(&format!("a=b; Max-Age={nonsense}")).unwrap().expires,
                None
            );
        }
        for nonsense in ["", "0", "soon", "32 Jul 2038", "28 Jul 2038 25:00:00"] {
            assert_eq!(
                parsed(&format!("a=b; Expires={nonsense}")).unwrap().expires,
                None
            );
        }
    }

    #[test]
    fn fact_27_3_1_a_cookie_has_4_kib_at_the_most_and_an_attribute_1_kib() {
        let line = |name, value| format!("{}={}", "n".repeat(name), "v".repeat(value));
        assert!(parsed(&line(1, 4095)).is_some());
        assert!(parsed(&line(4096, 0)).is_some());
        assert!(parsed(&line(1, 4096)).is_none());
        assert!(parsed(&line(4097, 0)).is_none());
        let path = |bytes: usize| format!("a=b; Path=/{}; Secure", "p".repeat(bytes - 1));
        assert_eq!(parsed(&path(1024)).unwrap().path.unwrap().len(), 1024);
        let left_out = path(1025);
        let left_out = parsed(&left_out).unwrap();
        assert_eq!((left_out.path, left_out.secure), (None, true));
    }

    #[test]
    fn its_debug_text_has_no_value() {
        let text = format!("{:?}", parsed("name=secret; Path=/secret").unwrap());
        assert!(text.contains("name") && !text.contains("secret"), "{text}");
    }
}
