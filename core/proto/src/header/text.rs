//! The characters of header names and values, and how text becomes value bytes and these become
//! text.

use std::borrow::Cow;

/// Longest field of a request in bytes, `Name: value` without the line end; more is
/// ERROR_INVALID_PARAMETER.
pub(crate) const MAX_FIELD_BYTES: usize = 65536;

/// Whether `name` is a token: the only form of header names and methods (RFC 9110 §5.6.2).
#[must_use]
pub fn is_token(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().copied().all(is_token_byte)
}

/// Whether `value` can stand in a header line: no control character but the tab (RFC 9110 §5.5).
#[must_use]
pub(crate) fn is_field_value(value: &[u8]) -> bool {
    // To the end in any case, so that the compiler can look at many bytes at once.
    let is_bad = |byte: u8| byte != b'\t' && byte.is_ascii_control();
    !value.iter().fold(false, |bad, &byte| bad | is_bad(byte))
}

/// Whether `Name: value` is not longer than [`MAX_FIELD_BYTES`].
#[must_use]
pub(crate) fn fits_a_field(name: &str, value_bytes: usize) -> bool {
    let with_colon = name.len().saturating_add(2);
    with_colon.saturating_add(value_bytes) <= MAX_FIELD_BYTES
}

/// A program's text as the value of the request field `name`: one byte for each character
/// (Latin-1).
///
/// `None` for characters above U+00FF, for control characters but the tab, and for more than fits.
#[must_use]
pub fn request_value(name: &str, text: &str) -> Option<Vec<u8>> {
    let value = latin_1(text)?;
    (is_field_value(&value) && fits_a_field(name, value.len())).then_some(value)
}

/// Text in Latin-1; `None` if a character is above U+00FF.
#[must_use]
pub fn latin_1(text: &str) -> Option<Vec<u8>> {
    let bytes = text.chars().map(|character| u8::try_from(character).ok());
    bytes.collect()
}

/// Latin-1 as text: the inverse of [`latin_1`].
#[must_use]
pub(crate) fn from_latin_1(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
    }
}

/// `bytes` without the blanks (space, tab) at both ends (OWS of RFC 9110 §5.6.3).
#[must_use]
pub fn trim_blanks(bytes: &[u8]) -> &[u8] {
    trim_blanks_end(trim_blanks_start(bytes))
}

/// Header bytes as text: UTF-8 where they are valid UTF-8, otherwise Latin-1.
///
/// Every byte sequence has a text, so a strange header never becomes an error.
#[must_use]
pub fn decode(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => from_latin_1(bytes),
    }
}

/// `bytes` without the blanks at its end.
pub(crate) fn trim_blanks_end(mut bytes: &[u8]) -> &[u8] {
    while let Some((&last, rest)) = bytes.split_last()
        && is_blank(last)
    {
        bytes = rest;
    }
    bytes
}

/// Whether `byte` is a space or a tab.
pub(crate) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// `bytes` without the blanks at its beginning.
pub(crate) fn trim_blanks_start(mut bytes: &[u8]) -> &[u8] {
    while let Some((&first, rest)) = bytes.split_first()
        && is_blank(first)
    {
        bytes = rest;
    }
    bytes
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_no_blanks_and_no_separators() {
        for good in ["A", "Sec-WebSocket-Key", "x!#$%&'*+-.^_`|~9"] {
            assert!(is_token(good.as_bytes()), "{good}");
        }
        for bad in ["", " a", "a ", "a:b", "a\0", "é", "a(b)", "a\r\nb"] {
            assert!(!is_token(bad.as_bytes()), "{bad:?}");
        }
    }

    #[test]
    fn values_hold_no_control_character_but_the_tab() {
        assert!(is_field_value("a\tb é".as_bytes()));
        for bad in ["a\0", "a\rb", "a\nb", "\x1b", "\x7f"] {
            assert!(!is_field_value(bad.as_bytes()), "{bad:?}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_latin_1() {
        assert_eq!(decode("naïve €".as_bytes()), "naïve €");
        assert_eq!(decode(b"na\xefve"), "naïve");
        assert_eq!(decode(b""), "");
    }

    #[test]
    fn fact_22_8_text_of_programs_is_latin_1() {
        assert_eq!(latin_1("a\u{80}\u{ff}").unwrap(), b"a\x80\xff");
        assert_eq!(latin_1("\u{100}"), None);
        assert_eq!(latin_1("\u{1d11e}"), None);
        let all: Vec<u8> = (0..=u8::MAX).collect();
        assert_eq!(latin_1(&from_latin_1(&all)).unwrap(), all);
        // What would be UTF-8 stays what it was.
        assert_eq!(from_latin_1(b"\xc3\xbc"), "\u{c3}\u{bc}");
        assert_eq!(request_value("X", "gr\u{fc}n\t").unwrap(), b"gr\xfcn\t");
        for bad in ["\r", "\n", "\0", "\u{7f}", "\u{4e00}"] {
            assert_eq!(request_value("X", bad), None, "{bad:?}");
        }
    }

    #[test]
    fn fact_22_8_a_field_has_a_largest_size() {
        let longest = MAX_FIELD_BYTES - "Name: ".len();
        assert!(request_value("Name", &"v".repeat(longest)).is_some());
        assert!(request_value("Name", &"v".repeat(longest + 1)).is_none());
        // Bytes count, as they go out.
        assert!(request_value("Name", &"\u{e4}".repeat(longest)).is_some());
        assert!(!fits_a_field("Name", usize::MAX));
    }

    #[test]
    fn blanks_are_trimmed_at_both_ends_only() {
        assert_eq!(trim_blanks(b" \t a b\t "), b"a b");
        assert_eq!(trim_blanks(b" \t "), b"");
    }
}
