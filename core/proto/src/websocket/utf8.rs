//! Checks text messages as they arrive: UTF-8 that may be cut anywhere (RFC 3629, RFC 6455 §8.1).
//!
//! Bad text is refused at the first octet that cannot be part of valid text, even when the sequence
//! it belongs to arrives in several pieces. Whole sequences go through a vectorised check; only one
//! that is cut by the end of a piece is followed octet by octet.

use std::fmt;

/// The octets seen so far cannot be the start of valid UTF-8, or they end inside a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidUtf8;

impl fmt::Display for InvalidUtf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("invalid UTF-8")
    }
}

impl std::error::Error for InvalidUtf8 {}

/// Below this length the vectorised check does not pay, and text is often ASCII.
const SHORT_BYTES: usize = 64;

/// An incremental UTF-8 check of one text after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Utf8Check(State);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum State {
    /// Everything so far is whole sequences.
    #[default]
    Boundary,
    /// A sequence was cut: `missing` octets are to come, the next one within `low..=high`.
    Inside { missing: u8, low: u8, high: u8 },
    /// An octet was refused.
    Invalid,
}

impl Utf8Check {
    /// A check that stands at the start of a text.
    #[must_use]
    pub const fn new() -> Self {
        Self(State::Boundary)
    }

    /// Checks the next octets of the text.
    ///
    /// # Errors
    /// [`InvalidUtf8`] when an octet cannot follow those before it; so does every later call.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), InvalidUtf8> {
        let mut rest = bytes;
        while let State::Inside { .. } = self.0 {
            let Some((&octet, later)) = rest.split_first() else {
                return Ok(());
            };
            self.0 = self.0.after(octet);
            rest = later;
        }
        if self.0 == State::Boundary {
            self.0 = check_from_boundary(rest);
        }
        match self.0 {
            State::Boundary | State::Inside { .. } => Ok(()),
            State::Invalid => Err(InvalidUtf8),
        }
    }

    /// Ends the text; the check is then ready for another one.
    ///
    /// # Errors
    /// [`InvalidUtf8`] when the text was refused before or ends inside a sequence.
    pub fn finish(&mut self) -> Result<(), InvalidUtf8> {
        match std::mem::take(&mut self.0) {
            State::Boundary => Ok(()),
            State::Inside { .. } | State::Invalid => Err(InvalidUtf8),
        }
    }
}

fn check_from_boundary(bytes: &[u8]) -> State {
    if bytes.len() < SHORT_BYTES && bytes.is_ascii() {
        return State::Boundary;
    }
    match simdutf8::compat::from_utf8(bytes) {
        Ok(_) => State::Boundary,
        Err(error) if error.error_len().is_some() => State::Invalid,
        // The last sequence is cut: at most three octets, followed one by one.
        Err(error) => bytes
            .get(error.valid_up_to()..)
            .unwrap_or_default()
            .iter()
            .fold(State::Boundary, |state, &octet| state.after(octet)),
    }
}

impl State {
    /// RFC 3629 §4:
    ///
    /// ```text
    /// UTF8-1 = %x00-7F                                  UTF8-2 = %xC2-DF UTF8-tail
    /// UTF8-3 = %xE0 %xA0-BF UTF8-tail / %xE1-EC 2( UTF8-tail ) /
    ///          %xED %x80-9F UTF8-tail / %xEE-EF 2( UTF8-tail )
    /// UTF8-4 = %xF0 %x90-BF 2( UTF8-tail ) / %xF1-F3 3( UTF8-tail ) / %xF4 %x80-8F 2( UTF8-tail )
    /// UTF8-tail = %x80-BF
    /// ```
    fn after(self, octet: u8) -> Self {
        let inside = |missing, low, high| Self::Inside { missing, low, high };
        match self {
            Self::Boundary => match octet {
                0x00..=0x7F => Self::Boundary,
                0xC2..=0xDF => inside(1, 0x80, 0xBF),
                0xE0 => inside(2, 0xA0, 0xBF),
                0xE1..=0xEC | 0xEE..=0xEF => inside(2, 0x80, 0xBF),
                0xED => inside(2, 0x80, 0x9F),
                0xF0 => inside(3, 0x90, 0xBF),
                0xF1..=0xF3 => inside(3, 0x80, 0xBF),
                0xF4 => inside(3, 0x80, 0x8F),
                0x80..=0xC1 | 0xF5..=0xFF => Self::Invalid,
            },
            Self::Inside { low, high, .. } if !(low..=high).contains(&octet) => Self::Invalid,
            Self::Inside { missing: 0 | 1, .. } => Self::Boundary,
            Self::Inside { missing, .. } => inside(missing - 1, 0x80, 0xBF),
            Self::Invalid => Self::Invalid,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text and the number of its octets that may be fed before the check must fail, if it must.
    const EARLIEST_OCTET: &[(&[u8], Option<usize>)] = &[
        (b"", None),
        (b"plain", None),
        ("κόσμε".as_bytes(), None),
        (b"\xf4\x8f\xbf\xbf", None),         // U+10FFFF
        (b"\xed\x9f\xbf\xee\x80\x80", None), // around the surrogates
        (b"\x80", Some(0)),                  // a tail octet without a lead
        (b"ab\xbfc", Some(2)),
        (b"\xc0\xaf", Some(0)), // overlong
        (b"\xc1\xbf", Some(0)),
        (b"\xe0\x9f\xbf", Some(1)),
        (b"\xf0\x8f\xbf\xbf", Some(1)),
        (b"\xed\xa0\x80", Some(1)),     // a surrogate
        (b"\xf4\x90\x80\x80", Some(1)), // above U+10FFFF
        (b"\xf5\x80\x80\x80", Some(0)),
        (b"\xfe", Some(0)),
        (b"\xff", Some(0)),
        (b"\xc3\x28", Some(1)),
        (b"\xe2\x82\x28", Some(2)),
        (b"\xf0\x9f\x98\x28", Some(3)),
        (b"\xf0\x9f\x98\xc0", Some(3)),
        ("κόσμε".as_bytes(), None),
        (
            b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80edited",
            Some(12),
        ),
    ];

    #[test]
    fn bad_text_fails_at_the_earliest_octet() {
        for &(text, fails_after) in EARLIEST_OCTET {
            let mut check = Utf8Check::new();
            let failed = text.iter().position(|&octet| check.feed(&[octet]).is_err());
            assert_eq!(failed, fails_after, "octet by octet: {text:x?}");
            for end in 0..=text.len() {
                let fed = Utf8Check::new().feed(&text[..end]);
                let expected = fails_after.is_none_or(|at| end <= at);
                assert_eq!(fed.is_ok(), expected, "{:x?}", &text[..end]);
            }
        }
    }

    #[test]
    fn a_cut_sequence_is_an_error_only_at_the_end() {
        for cut in [&b"\xc3"[..], b"\xe2\x82", b"\xf0\x9f\x98", b"ok\xf0"] {
            let mut check = Utf8Check::new();
            assert_eq!(check.feed(cut), Ok(()));
            assert_eq!(check.feed(b""), Ok(()));
            assert_eq!(check.finish(), Err(InvalidUtf8));
            assert_eq!(check.finish(), Ok(()), "the next text starts afresh");
        }
    }

    #[test]
    fn a_refused_text_stays_refused_until_it_ends() {
        let mut check = Utf8Check::new();
        assert_eq!(check.feed(b"\xff"), Err(InvalidUtf8));
        assert_eq!(check.feed(b"fine"), Err(InvalidUtf8));
        assert_eq!(check.feed(b""), Err(InvalidUtf8));
        assert_eq!(check.finish(), Err(InvalidUtf8));
        assert_eq!(check.feed(b"fine"), Ok(()));
    }

    /// Text with long ASCII runs, all lengths of sequences, and now and then a damaged octet.
    fn almost_text() -> impl Strategy<Value = Vec<u8>> {
        let damage = prop::option::weighted(0.4, (any::<prop::sample::Index>(), any::<u8>()));
        (
            prop::collection::vec("[ -~]{0,80}|\\PC{0,8}|[\u{800}-\u{fff}]{0,4}", 0..5),
            damage,
        )
            .prop_map(|(parts, damage)| {
                let mut bytes = parts.concat().into_bytes();
                if let Some((at, octet)) = damage.filter(|_| !bytes.is_empty()) {
                    let at = at.index(bytes.len());
                    bytes[at] = octet;
                }
                bytes
            })
    }

    proptest! {
        #[test]
        fn agrees_with_the_standard_library_for_all_cuts(bytes in almost_text()) {
            let valid = std::str::from_utf8(&bytes).is_ok();
            for cut in 0..=bytes.len() {
                let mut check = Utf8Check::new();
                let fed = check.feed(&bytes[..cut]).and_then(|()| check.feed(&bytes[cut..]));
                let result = fed.and_then(|()| check.finish());
                prop_assert_eq!(result.is_ok(), valid, "cut at {}", cut);
            }
            let mut check = Utf8Check::new();
            let fed = bytes.iter().all(|&octet| check.feed(&[octet]).is_ok());
            prop_assert_eq!(fed && check.finish().is_ok(), valid);
        }
    }
}
