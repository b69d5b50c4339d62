//! The text of a script, as it comes from a server.

use std::borrow::Cow;

/// The largest file that is taken for a script.
pub const MAX_SCRIPT_BYTES: usize = 1024 * 1024;

/// The text: UTF-8 if a byte order mark says so, else Latin-1, of which every byte is a character.
#[must_use]
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(utf8) => String::from_utf8_lossy(utf8),
        None => match std::str::from_utf8(bytes) {
            Ok(ascii) if ascii.is_ascii() => Cow::Borrowed(ascii),
            Ok(_) | Err(_) => bytes.iter().copied().map(char::from).collect(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_says_utf8_and_everything_else_is_latin1() {
        assert_eq!(text(b"abc"), "abc");
        assert_eq!(text(b"\xef\xbb\xbf\xc3\xbc"), "\u{fc}");
        assert_eq!(text(b"\xef\xbb\xbfa\xff"), "a\u{fffd}");
        assert_eq!(text(b"\xfc"), "\u{fc}");
        assert_eq!(text(b"\xc3\xbc"), "\u{c3}\u{bc}");
        assert_eq!(text(b""), "");
    }
}
