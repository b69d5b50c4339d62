//! The characters of header names and values, and how value bytes become text.

use std::borrow::Cow;

/// Whether `name` is a token: the only form of header names and methods (RFC 9110 §5.6.2).
#[must_use]
pub fn is_token(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().copied().all(is_token_byte)
}

/// Whether `value` can stand in a header line: no control character but the tab (RFC 9110 §5.5).
#[must_use]
pub fn is_field_value(value: &[u8]) -> bool {
    value
        .iter()
        .all(|&byte| byte == b'\t' || !byte.is_ascii_control())
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
        Err(_) => Cow::Owned(bytes.iter().copied().map(char::from).collect()),
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

fn trim_blanks_start(mut bytes: &[u8]) -> &[u8] {
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
    fn blanks_are_trimmed_at_both_ends_only() {
        assert_eq!(trim_blanks(b" \t a b\t "), b"a b");
        assert_eq!(trim_blanks(b" \t "), b"");
    }
}
