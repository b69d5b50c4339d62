//! The two widths of WCHAR, behind one trait: the only file that knows them.
//!
//! Windows' WCHAR is a UTF-16 code unit. C programs on Linux and macOS are full of `L""` literals,
//! whose units are 32-bit code points. Every function exists in both widths; see
//! `include/winhttp.h` for how a program selects one.

use std::fmt;

use zeroize::Zeroize;

/// A code unit: `u16` (UTF-16) or `u32` (a 32-bit `wchar_t`).
pub trait Unit:
    sealed::Sealed + Copy + Default + PartialEq + Zeroize + fmt::Debug + Send + Sync + 'static
{
    /// Size of a unit in bytes.
    const BYTES: usize;

    /// Text of these units; `None` for lone surrogates and values that are no code points.
    fn decode(units: &[Self]) -> Option<String>;

    /// The characters of these units one by one; `None` where [`Self::decode`] says so.
    fn characters(units: &[Self]) -> impl Iterator<Item = Option<char>>;

    /// The units of a text, without a terminator. They never moved, nor do they when a terminator
    /// is put behind them: no copy is left of a text that is a secret.
    fn encode(text: &str) -> Vec<Self>;

    /// The unit widened, for functions that work on code units as they are.
    fn widen(self) -> u32;

    /// The unit of a widened value; a value that does not fit becomes U+FFFD.
    fn narrow(value: u32) -> Self;
}

mod sealed {
    #[expect(unnameable_types, reason = "that is what seals the trait")]
    pub trait Sealed {}
    impl Sealed for u16 {}
    impl Sealed for u32 {}
}

impl Unit for u16 {
    const BYTES: usize = 2;

    fn decode(units: &[Self]) -> Option<String> {
        String::from_utf16(units).ok()
    }

    fn characters(units: &[Self]) -> impl Iterator<Item = Option<char>> {
        char::decode_utf16(units.iter().copied()).map(Result::ok)
    }

    fn encode(text: &str) -> Vec<Self> {
        let mut units = Vec::with_capacity(room_for_units(text));
        units.extend(text.encode_utf16());
        units
    }

    fn widen(self) -> u32 {
        self.into()
    }

    fn narrow(value: u32) -> Self {
        Self::try_from(value).unwrap_or(0xfffd)
    }
}

impl Unit for u32 {
    const BYTES: usize = 4;

    fn decode(units: &[Self]) -> Option<String> {
        Self::characters(units).collect()
    }

    fn characters(units: &[Self]) -> impl Iterator<Item = Option<char>> {
        units.iter().map(|unit| char::from_u32(*unit))
    }

    fn encode(text: &str) -> Vec<Self> {
        let mut units = Vec::with_capacity(room_for_units(text));
        units.extend(text.chars().map(Self::from));
        units
    }

    fn widen(self) -> u32 {
        self
    }

    fn narrow(value: u32) -> Self {
        value
    }
}

/// A text has no more units of either width than bytes; a terminator comes behind them.
fn room_for_units(text: &str) -> usize {
    text.len() + 1
}

/// Text as a C string: its units and a terminator.
#[must_use]
pub fn terminated<W: Unit>(text: &str) -> Vec<W> {
    let mut units = W::encode(text);
    units.push(W::default());
    units
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_widths_read_back_what_they_write() {
        for text in ["", "plain", "grüße", "日本", "𝄞 clef"] {
            assert_eq!(
                <u16 as Unit>::decode(&<u16 as Unit>::encode(text)).as_deref(),
                Some(text)
            );
            assert_eq!(
                <u32 as Unit>::decode(&<u32 as Unit>::encode(text)).as_deref(),
                Some(text)
            );
        }
        for text in ["", "plain", "grüße", "日本", "𝄞 clef"] {
            let mut units = <u32 as Unit>::encode(text);
            let at = units.as_ptr();
            units.push(0);
            assert_eq!(units.as_ptr(), at);
            assert!(<u16 as Unit>::encode(text).capacity() > text.encode_utf16().count());
        }
        assert_eq!(<u16 as Unit>::encode("𝄞").len(), 2);
        assert_eq!(<u32 as Unit>::encode("𝄞").len(), 1);
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert_eq!(<u16 as Unit>::decode(&[0x61, 0xd834]), None);
        assert_eq!(<u16 as Unit>::decode(&[0xdd1e]), None);
        assert_eq!(<u32 as Unit>::decode(&[0xd834, 0xdd1e]), None);
        assert_eq!(<u32 as Unit>::decode(&[0x11_0000]), None);
        assert_eq!(<u32 as Unit>::decode(&[u32::MAX]), None);
    }
}
