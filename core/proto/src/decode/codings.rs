//! Which codings a program has decoded for it, what the request says of that, and which of them a
//! response has.

use std::fmt;

use crate::header::{HeaderList, text};
use crate::numbers as n;

/// Codings that one body may have: each costs memory and time, and no server has use for two.
pub const CODINGS_MAX: usize = 4;

/// A coding that can be taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `gzip`, and `x-gzip`, its older name (RFC 9110 §8.4.1.3).
    Gzip,
    /// `deflate`.
    Deflate,
}

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        })
    }
}

/// The codings that are taken off (WINHTTP_OPTION_DECOMPRESSION); by default none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Codings {
    gzip: bool,
    deflate: bool,
}

/// A body has more codings than [`CODINGS_MAX`], and each could be taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooManyCodings;

impl fmt::Display for TooManyCodings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the body has more than {CODINGS_MAX} codings")
    }
}

impl Codings {
    /// Those of the option's bits.
    #[must_use]
    pub fn new(flags: u32) -> Self {
        Self {
            gzip: flags & n::DECOMPRESS_GZIP != 0,
            deflate: flags & n::DECOMPRESS_DEFLATE != 0,
        }
    }

    /// Nothing is.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// What Accept-Encoding says, which replaces the program's own (observed).
    #[must_use]
    pub fn accept_encoding(self) -> Option<&'static str> {
        match (self.gzip, self.deflate) {
            (true, true) => Some("gzip, deflate"),
            (true, false) => Some("gzip"),
            (false, true) => Some("deflate"),
            (false, false) => None,
        }
    }

    /// What is to be taken off a body with these fields, in the order in which it was applied:
    /// everything, or nothing where one of its codings must stay.
    ///
    /// # Errors
    /// [`TooManyCodings`].
    pub fn of_response(self, headers: &HeaderList) -> Result<Vec<Coding>, TooManyCodings> {
        let (mut codings, mut count) = (Vec::new(), 0);
        for value in headers.all(CONTENT_ENCODING) {
            for name in value.split(|byte| *byte == b',').map(text::trim_blanks) {
                if name.is_empty() || name.eq_ignore_ascii_case(b"identity") {
                    continue;
                }
                let Some(coding) = self.named(name) else {
                    return Ok(Vec::new());
                };
                count += 1;
                if count <= CODINGS_MAX {
                    codings.push(coding);
                }
            }
        }
        if count > CODINGS_MAX {
            return Err(TooManyCodings);
        }
        Ok(codings)
    }

    fn named(self, name: &[u8]) -> Option<Coding> {
        let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
        if self.gzip && (is(b"gzip") || is(b"x-gzip")) {
            Some(Coding::Gzip)
        } else if self.deflate && is(b"deflate") {
            Some(Coding::Deflate)
        } else {
            None
        }
    }
}

const CONTENT_ENCODING: &str = "Content-Encoding";

/// Removes what is not true of a decoded body (observed).
pub fn hide(headers: &mut HeaderList) {
    headers.remove(CONTENT_ENCODING);
    headers.remove("Content-Length");
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: u32 = n::DECOMPRESS_GZIP | n::DECOMPRESS_DEFLATE;

    fn of(flags: u32, fields: &[&str]) -> Result<Vec<Coding>, TooManyCodings> {
        let mut headers = HeaderList::new();
        for value in fields {
            headers.push("content-encoding", value);
        }
        Codings::new(flags).of_response(&headers)
    }

    #[test]
    fn fact_31_2_accept_encoding_says_what_is_set_in_one_order() {
        let says = |flags| Codings::new(flags).accept_encoding();
        assert_eq!(says(0), None);
        assert_eq!(says(n::DECOMPRESS_GZIP), Some("gzip"));
        assert_eq!(says(n::DECOMPRESS_DEFLATE), Some("deflate"));
        assert_eq!(says(BOTH), Some("gzip, deflate"));
    }

    #[test]
    fn fact_31_1_only_what_is_known_and_set_is_taken_off() {
        assert_eq!(of(BOTH, &["gzip"]), Ok(vec![Coding::Gzip]));
        assert_eq!(of(BOTH, &["Deflate"]), Ok(vec![Coding::Deflate]));
        for other in [
            "br",
            "zstd",
            "compress",
            "x-deflate",
            "gzip;q=1",
            "\"gzip\"",
            "gz ip",
        ] {
            assert_eq!(of(BOTH, &[other]), Ok(vec![]), "{other}");
            assert_eq!(of(BOTH, &["gzip", other]), Ok(vec![]), "{other}");
            assert_eq!(of(BOTH, &[other, "gzip"]), Ok(vec![]), "{other}");
        }
        for flags in [0, n::DECOMPRESS_DEFLATE] {
            assert_eq!(of(flags, &["gzip"]), Ok(vec![]));
            assert_eq!(of(flags, &["deflate, x-gzip"]), Ok(vec![]));
        }
        assert_eq!(of(n::DECOMPRESS_GZIP, &["deflate"]), Ok(vec![]));
        assert_eq!(of(BOTH, &[]), Ok(vec![]));
        assert_eq!(of(BOTH, &["", " , "]), Ok(vec![]));
    }

    #[test]
    fn fact_31_5_up_to_four_codings_in_their_order_and_identity_is_none() {
        let both = vec![Coding::Deflate, Coding::Gzip];
        assert_eq!(of(BOTH, &["deflate, X-GZIP"]), Ok(both.clone()));
        assert_eq!(of(BOTH, &["deflate", "gzip"]), Ok(both.clone()));
        let hidden = ["identity, deflate", "IDENTITY", ",,gzip, identity"];
        assert_eq!(of(BOTH, &hidden), Ok(both));
        assert_eq!(of(BOTH, &["identity"]), Ok(vec![]));
        assert_eq!(
            of(BOTH, &["gzip,gzip,gzip,gzip"]),
            Ok(vec![Coding::Gzip; 4])
        );
        assert_eq!(
            of(BOTH, &["gzip,gzip,gzip,gzip", "gzip"]),
            Err(TooManyCodings)
        );
        assert_eq!(of(BOTH, &["gzip,gzip,gzip,gzip,gzip", "br"]), Ok(vec![]));
        let endless = "deflate,".repeat(8000);
        assert_eq!(of(BOTH, &[&endless]), Err(TooManyCodings));
    }

    #[test]
    fn fact_31_3_what_is_hidden_is_hidden_in_every_field() {
        let mut headers = HeaderList::new();
        for name in [
            "content-ENCODING",
            "a",
            "Content-Length",
            "Content-Encoding",
            "content-length",
        ] {
            headers.push(name, "1");
        }
        hide(&mut headers);
        assert_eq!(
            headers
                .iter()
                .map(|header| &*header.name)
                .collect::<Vec<_>>(),
            ["a"]
        );
    }
}
