//! Percent-escaping: request targets from object names, URL components under ICU_ESCAPE and
//! ICU_DECODE.

use std::fmt::Write as _;

use crate::numbers as n;

use super::units::{self, NotACharacter, UnitWidth};

/// The escaping flags of WinHttpOpenRequest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EscapeFlags {
    /// Escape `%` too.
    pub percent: bool,
    /// Escape nothing but spaces and non-ASCII characters; drop CR and LF. Beats `percent`.
    pub disable: bool,
    /// Like `disable`, from the question mark on.
    pub disable_query: bool,
}

impl EscapeFlags {
    /// Reads the WINHTTP_FLAG_ESCAPE_* bits of dwFlags and ignores all others.
    #[must_use]
    pub const fn from_bits(flags: u32) -> Self {
        Self {
            percent: flags & n::ESCAPE_PERCENT != 0,
            disable: flags & n::ESCAPE_DISABLE != 0,
            disable_query: flags & n::ESCAPE_DISABLE_QUERY != 0,
        }
    }
}

/// How one part of an object name is written.
#[derive(Clone, Copy, Debug)]
enum Style {
    Escaped { percent: bool },
    Raw,
}

/// The request target for an object name of WinHttpOpenRequest: path and query, escaped.
///
/// Starts with `/` and is ASCII without CR, LF and spaces. The empty name is `/`.
#[must_use]
pub fn request_target(object: &str, flags: EscapeFlags) -> String {
    let query_start = object.find('?').unwrap_or(object.len());
    let (path, query) = object.split_at(query_start);
    let style = |raw| {
        if raw {
            Style::Raw
        } else {
            Style::Escaped {
                percent: flags.percent,
            }
        }
    };
    let mut target = String::with_capacity(object.len() + 1);
    if !path.starts_with('/') {
        target.push('/');
    }
    push_target_part(&mut target, path, style(flags.disable));
    push_target_part(
        &mut target,
        query,
        style(flags.disable || flags.disable_query),
    );
    target
}

/// Escapes a path or extra info for ICU_ESCAPE; the result has the same units in either width.
///
/// Controls, spaces, `"#%<>[\]^{|}~`, the backquote and 0x7F become %XX; non-ASCII characters the
/// %XX of their UTF-8 bytes.
///
/// # Errors
/// [`NotACharacter`] for what has no UTF-8 form (ERROR_INVALID_PARAMETER).
pub fn escape_component(component: &[u32]) -> Result<Vec<u32>, NotACharacter> {
    let mut escaped = String::with_capacity(component.len());
    for character in units::chars(component) {
        let character = character?;
        if is_unsafe(character) || matches!(character, '%' | '~') {
            push_percent(&mut escaped, character);
        } else {
            escaped.push(character);
        }
    }
    let mut units = Vec::with_capacity(escaped.len());
    units::push_ascii(&mut units, &escaped);
    Ok(units)
}

/// Decodes the %XX of a path or extra info for ICU_DECODE, in units of `width`.
///
/// A run of %XX is read as UTF-8 where it is valid UTF-8, otherwise as Latin-1. What is not %XX is
/// left alone, and so is %00: its NUL would cut the caller's string short.
#[must_use]
pub fn decode_component(component: &[u32], width: UnitWidth) -> Vec<u32> {
    let mut decoded = Vec::with_capacity(component.len());
    let mut rest = component;
    while let Some((&unit, after)) = rest.split_first() {
        let mut bytes = Vec::new();
        while let Some((byte, after)) = split_escape(rest) {
            bytes.push(byte);
            rest = after;
        }
        if bytes.is_empty() {
            decoded.push(unit);
            rest = after;
        } else {
            units::push_str(&mut decoded, &crate::header::text::decode(&bytes), width);
        }
    }
    decoded
}

fn push_target_part(target: &mut String, part: &str, style: Style) {
    for character in part.chars() {
        let escape = match style {
            Style::Escaped { percent } => is_unsafe(character) || (percent && character == '%'),
            Style::Raw if matches!(character, '\r' | '\n' | '\0') => continue,
            Style::Raw => character == ' ' || !character.is_ascii(),
        };
        if escape {
            push_percent(target, character);
        } else {
            target.push(character);
        }
    }
}

/// What never stands for itself in an escaped path or query.
fn is_unsafe(character: char) -> bool {
    matches!(
        character,
        ' ' | '"' | '#' | '<' | '>' | '[' | '\\' | ']' | '^' | '`' | '{' | '|' | '}'
    ) || character.is_ascii_control()
        || !character.is_ascii()
}

fn push_percent(out: &mut String, character: char) {
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        // Writing to a String cannot fail.
        let _ = write!(out, "%{byte:02X}");
    }
}

/// Splits off a leading %XX that is not %00.
fn split_escape(units: &[u32]) -> Option<(u8, &[u32])> {
    let (&[percent, high, low], after) = units.split_first_chunk()?;
    let digit = |unit| char::from_u32(unit).and_then(|character| character.to_digit(16));
    let byte = u8::try_from(digit(high)? * 16 + digit(low)?).ok()?;
    (units::is_ascii(percent, b'%') && byte != 0).then_some((byte, after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PERCENT: u32 = 0x4;
    const DISABLE: u32 = 0x40;
    const DISABLE_QUERY: u32 = 0x80;

    fn target(object: &str, flags: u32) -> String {
        request_target(object, EscapeFlags::from_bits(flags))
    }

    /// Every ASCII character that is not a letter or digit, in one name.
    const TOUCHED: &str = "\x01\x1f\x7f \"#<>[\\]^`{|}\r\n";
    const TOUCHED_ESCAPED: &str = "%01%1F%7F%20%22%23%3C%3E%5B%5C%5D%5E%60%7B%7C%7D%0D%0A";
    const TOUCHED_RAW: &str = "\x01\x1f\x7f%20\"#<>[\\]^`{|}";
    const UNTOUCHED: &str = "!$&'()*+,-./:;=@_~";

    #[test]
    fn fact_7_3_path_and_query_by_flag() {
        let object = format!("/{TOUCHED}{UNTOUCHED}%\u{80}?{TOUCHED}{UNTOUCHED}?%\u{80}");
        let escaped = |percent: &str| {
            format!(
                "/{TOUCHED_ESCAPED}{UNTOUCHED}{percent}%C2%80?\
                 {TOUCHED_ESCAPED}{UNTOUCHED}?{percent}%C2%80"
            )
        };
        assert_eq!(target(&object, 0), escaped("%"));
        assert_eq!(target(&object, PERCENT), escaped("%25"));
        let raw_query = format!("?{TOUCHED_RAW}{UNTOUCHED}?%%C2%80");
        let raw = format!("/{TOUCHED_RAW}{UNTOUCHED}%%C2%80{raw_query}");
        assert_eq!(target(&object, DISABLE), raw);
        assert_eq!(target(&object, DISABLE | PERCENT), raw);
        let mixed = format!("/{TOUCHED_ESCAPED}{UNTOUCHED}%%C2%80{raw_query}");
        assert_eq!(target(&object, DISABLE_QUERY), mixed);
    }

    #[test]
    fn a_missing_slash_is_added() {
        for (object, expected) in [
            ("", "/"),
            ("big", "/big"),
            ("/big", "/big"),
            ("?a=/", "/?a=/"),
            ("//", "//"),
        ] {
            assert_eq!(target(object, 0), expected);
            assert_eq!(target(object, DISABLE), expected);
        }
    }

    fn units(text: &str) -> Vec<u32> {
        let mut units = Vec::new();
        units::push_str(&mut units, text, UnitWidth::Utf16);
        units
    }

    #[test]
    fn fact_8_3_5_icu_escape_includes_percent_and_tilde() {
        let text = format!("{TOUCHED}%~");
        let expected = format!("{TOUCHED_ESCAPED}%25%7E");
        assert_eq!(escape_component(&units(&text)), Ok(units(&expected)));
        let kept = "!$&'()*+,-./:;=?@_az09";
        assert_eq!(escape_component(&units(kept)), Ok(units(kept)));
    }

    #[test]
    fn fact_8_3_6_icu_escape_writes_utf_8() {
        assert_eq!(
            escape_component(&units("€😀")),
            Ok(units("%E2%82%AC%F0%9F%98%80"))
        );
        assert_eq!(escape_component(&[0x1F600]), Ok(units("%F0%9F%98%80")));
        assert_eq!(escape_component(&[0xDC00]), Err(NotACharacter(0xDC00)));
    }

    #[test]
    fn icu_decode_reads_utf_8_then_latin_1() {
        let decode = |text: &str| decode_component(&units(text), UnitWidth::Utf16);
        assert_eq!(decode("/a%20b%2Fc"), units("/a b/c"));
        assert_eq!(
            decode("%F0%9f%98%80%e9"),
            units("\u{f0}\u{9f}\u{98}\u{80}é")
        );
        assert_eq!(decode("%F0%9F%98%80"), units("😀"));
        assert_eq!(
            decode_component(&units("%F0%9F%98%80"), UnitWidth::Utf32),
            [0x1F600]
        );
        for unchanged in ["%", "%2", "%zz", "100%", "%00", "a%00b", "%+1"] {
            assert_eq!(decode(unchanged), units(unchanged));
        }
    }

    proptest! {
        #[test]
        fn targets_stay_on_their_line(object in "\\PC{0,30}", bits in any::<u32>()) {
            let target = target(&object, bits);
            prop_assert!(target.starts_with('/') && target.is_ascii());
            prop_assert!(!target.contains([' ', '\r', '\n', '\0']));
        }

        #[test]
        fn escaped_components_decode_to_themselves(text in "[^\\x00]{0,30}") {
            let escaped = escape_component(&units(&text)).unwrap();
            prop_assert_eq!(decode_component(&escaped, UnitWidth::Utf16), units(&text));
        }

        #[test]
        fn any_units_are_handled(component in prop::collection::vec(any::<u32>(), 0..20)) {
            let _ = escape_component(&component);
            let decoded = decode_component(&component, UnitWidth::Utf32);
            prop_assert!(decoded.len() <= component.len());
        }
    }
}
