//! Code units: the elements of the caller's strings, 16 or 32 bits wide, each held in a `u32`.

use std::ops::RangeInclusive;

/// How wide the caller's code units are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnitWidth {
    /// UTF-16.
    Utf16,
    /// UTF-32.
    Utf32,
}

const HIGH_SURROGATES: RangeInclusive<u32> = 0xD800..=0xDBFF;
const LOW_SURROGATES: RangeInclusive<u32> = 0xDC00..=0xDFFF;

/// A unit that is no character: a lone surrogate or a number above U+10FFFF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACharacter(pub u32);

/// The characters of `units`; two surrogates in a row are one character in either width.
pub fn chars(units: &[u32]) -> impl Iterator<Item = Result<char, NotACharacter>> {
    let mut rest = units;
    std::iter::from_fn(move || {
        let (&first, after) = rest.split_first()?;
        rest = after;
        if HIGH_SURROGATES.contains(&first)
            && let Some((&second, after)) = after.split_first()
            && LOW_SURROGATES.contains(&second)
        {
            rest = after;
            let scalar = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            return Some(char::from_u32(scalar).ok_or(NotACharacter(scalar)));
        }
        Some(char::from_u32(first).ok_or(NotACharacter(first)))
    })
}

/// Appends `text` in units of `width`.
pub fn push_str(out: &mut Vec<u32>, text: &str, width: UnitWidth) {
    match width {
        UnitWidth::Utf16 => out.extend(text.encode_utf16().map(u32::from)),
        UnitWidth::Utf32 => out.extend(text.chars().map(u32::from)),
    }
}

/// Appends text of ASCII characters, which are the same units in both widths.
pub(super) fn push_ascii(out: &mut Vec<u32>, text: &str) {
    out.extend(text.bytes().map(u32::from));
}

/// Whether `unit` is the ASCII character `byte`.
pub(super) fn is_ascii(unit: u32, byte: u8) -> bool {
    unit == u32::from(byte)
}

/// Whether `units` are the ASCII letters of `text`, in any case.
pub(super) fn eq_ignore_ascii_case(units: &[u32], text: &str) -> bool {
    let lower = |unit: u32| u8::try_from(unit).map(|byte| byte.to_ascii_lowercase());
    units.len() == text.len()
        && units
            .iter()
            .zip(text.bytes())
            .all(|(&unit, byte)| lower(unit).is_ok_and(|unit| unit == byte.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_survive_both_widths() {
        for width in [UnitWidth::Utf16, UnitWidth::Utf32] {
            let mut units = Vec::new();
            push_str(&mut units, "aé€😀", width);
            let text: Result<String, _> = chars(&units).collect();
            assert_eq!(text.unwrap(), "aé€😀");
        }
    }

    #[test]
    fn lone_surrogates_and_large_numbers_are_no_characters() {
        for (units, bad) in [
            (&[0xD800][..], 0xD800),
            (&[0xD800, 0x61], 0xD800),
            (&[0xDC00, 0xD800], 0xDC00),
            (&[0x11_0000], 0x11_0000),
        ] {
            assert_eq!(
                chars(units).next(),
                Some(Err(NotACharacter(bad))),
                "{units:?}"
            );
        }
        assert_eq!(chars(&[0xD800, 0x61]).nth(1), Some(Ok('a')));
    }

    #[test]
    fn ascii_compares_without_case() {
        let units: Vec<u32> = "HtTp".chars().map(u32::from).collect();
        assert!(eq_ignore_ascii_case(&units, "http"));
        assert!(!eq_ignore_ascii_case(&units, "https"));
        assert!(!eq_ignore_ascii_case(&[0x168, 0x74, 0x74, 0x70], "http"));
    }
}
