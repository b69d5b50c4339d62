//! Takes the content codings (RFC 9110 §8.4) off a response's body, as far as the program has asked
//! for that (WINHTTP_OPTION_DECOMPRESSION).
//!
//! ```text
//! framing off (http1::body) ─► outermost coding ─► 8 KiB ─► … ─► innermost coding ─► where the program's bytes go
//! ```
//!
//! A decoder keeps what its codings need to look back at, 32 KiB each, and a buffer between two of
//! them. It takes no more of the body than it has room for the outcome, so memory has a limit,
//! whatever arrives. What was decoded before a defect is handed out before the defect is.

mod codings;
mod deflate;
mod gzip;
mod inflate;
#[cfg(test)]
pub(crate) mod tests;

use std::fmt;

pub use codings::{CODINGS_MAX, Coding, Codings, TooManyCodings, hide};
use deflate::Deflate;
use gzip::Gzip;

use crate::error::Error;
use crate::failure::{Failure, Reason};

/// What waits between two codings.
const BETWEEN_BYTES: usize = 8 * 1024;
/// Bytes behind which a call returns, whatever room is left: few that come out may have been many
/// on the way.
const CALL_BYTES_MAX: usize = 256 * 1024;

/// Why a body cannot be decoded (ERROR_WINHTTP_INVALID_SERVER_RESPONSE).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// It does not begin as gzip does, or its head is broken.
    Header,
    /// The compressed data is broken, or the checksum of deflate's is wrong.
    Data(Coding),
    /// Checksum or length of gzip's data are others.
    Checksum,
    /// The body ends within the coded data.
    Truncated(Coding),
    /// The connection ended before the announced length, which the program cannot see any more.
    Short,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response's body: ")?;
        match self {
            Self::Header => f.write_str("what is labelled gzip has no head of gzip (RFC 1952)"),
            Self::Data(coding) => write!(f, "its {coding} data is broken (RFC 1951)"),
            Self::Checksum => f.write_str("its gzip data has another checksum or length"),
            Self::Truncated(coding) => write!(f, "it ends within its {coding} data"),
            Self::Short => f.write_str(
                "the connection ended before its Content-Length, which a decoded body hides",
            ),
        }
    }
}

impl std::error::Error for DecodeError {}

impl Reason for DecodeError {}

impl From<DecodeError> for Failure {
    fn from(error: DecodeError) -> Self {
        Self::because(Error::InvalidServerResponse, error)
    }
}

/// What one call of [`Decoder::advance`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Decoded {
    /// Bytes taken from the input.
    pub consumed: usize,
    /// Bytes written to the output.
    pub produced: usize,
    /// Bytes that went into and out of all codings.
    pub worked: usize,
}

/// What one coding did.
#[derive(Clone, Copy, Debug, Default)]
struct Moved {
    consumed: usize,
    produced: usize,
}

/// Decodes one body.
///
/// [`Self::advance`] takes it in pieces of any size; what moves nothing, with room to write to,
/// needs more of the body. When there is none, [`Self::end`] says whether it was whole.
#[derive(Debug)]
pub struct Decoder {
    /// The innermost coding.
    stage: Stage,
    /// Those around it.
    outer: Option<Box<Outer>>,
}

#[derive(Debug)]
enum Stage {
    Gzip(Box<Gzip>),
    Deflate(Deflate),
}

/// The codings around another one, and what they have decoded for it.
#[derive(Debug)]
struct Outer {
    decoder: Decoder,
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Decoder {
    /// A decoder at the beginning of a body with these codings, in the order in which they were
    /// applied; `None` if there are none.
    #[must_use]
    pub fn new(codings: &[Coding]) -> Option<Self> {
        let around = |outer: Option<Self>, coding: &Coding| {
            Some(Self {
                stage: Stage::new(*coding),
                outer: outer.map(|decoder| Box::new(Outer::new(decoder))),
            })
        };
        codings.iter().rev().fold(None, around)
    }

    /// Moves bytes from `input` through the codings to `output`. Without room nothing moves.
    ///
    /// # Errors
    /// What is wrong with the body, each time, once all that is before it is handed out.
    pub fn advance(&mut self, input: &[u8], output: &mut [u8]) -> Result<Decoded, DecodeError> {
        let mut all = Decoded::default();
        while all.produced < output.len() && all.worked < CALL_BYTES_MAX {
            let rest = input.get(all.consumed..).unwrap_or_default();
            let room = output.get_mut(all.produced..).unwrap_or_default();
            let most = room.len().min(CALL_BYTES_MAX);
            let round = self.round(rest, room.get_mut(..most).unwrap_or_default());
            all.consumed += round.consumed;
            all.produced += round.produced;
            all.worked += round.worked;
            if round.worked == 0 {
                break;
            }
        }
        match self.fault() {
            Some(fault) if all.worked == 0 && !output.is_empty() => Err(fault),
            _ => Ok(all),
        }
    }

    /// Each coding moves once, the innermost first, which makes room for the others.
    fn round(&mut self, input: &[u8], output: &mut [u8]) -> Decoded {
        let Some(outer) = &mut self.outer else {
            let moved = self.stage.advance(input, output);
            return Decoded {
                consumed: moved.consumed,
                produced: moved.produced,
                worked: moved.consumed + moved.produced,
            };
        };
        let moved = self.stage.advance(outer.waiting(), output);
        outer.start += moved.consumed;
        let around = outer.round(input);
        Decoded {
            consumed: around.consumed,
            produced: moved.produced,
            worked: around.worked + moved.consumed + moved.produced,
        }
    }

    /// The defect that nothing decoded is in front of any more: the innermost one.
    fn fault(&self) -> Option<DecodeError> {
        let outer = || self.outer.as_ref()?.decoder.fault();
        self.stage.fault().or_else(outer)
    }

    /// To be called when the body is over and nothing moves any more.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] if some coding's data is not.
    pub fn end(&self) -> Result<(), DecodeError> {
        if let Some(outer) = &self.outer {
            outer.decoder.end()?;
        }
        if self.stage.may_end() {
            Ok(())
        } else {
            Err(DecodeError::Truncated(self.stage.coding()))
        }
    }

    /// The codings, in the order in which they were applied.
    #[must_use]
    pub fn codings(&self) -> Vec<Coding> {
        let mut codings = vec![self.stage.coding()];
        if let Some(outer) = &self.outer {
            codings.extend(outer.decoder.codings());
        }
        codings
    }
}

impl Outer {
    fn new(decoder: Decoder) -> Self {
        Self {
            decoder,
            bytes: Box::default(), // made when something arrives
            start: 0,
            end: 0,
        }
    }

    fn waiting(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// Decodes into what is free behind the bytes that wait.
    fn round(&mut self, input: &[u8]) -> Decoded {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.bytes.is_empty() && !input.is_empty() {
            self.bytes = vec![0; BETWEEN_BYTES].into_boxed_slice();
        }
        let room = self.bytes.get_mut(self.end..).unwrap_or_default();
        let moved = self.decoder.round(input, room);
        self.end += moved.produced;
        moved
    }
}

impl Stage {
    fn new(coding: Coding) -> Self {
        match coding {
            Coding::Gzip => Self::Gzip(Box::default()),
            Coding::Deflate => Self::Deflate(Deflate::default()),
        }
    }

    fn coding(&self) -> Coding {
        match self {
            Self::Gzip(_) => Coding::Gzip,
            Self::Deflate(_) => Coding::Deflate,
        }
    }

    fn advance(&mut self, input: &[u8], output: &mut [u8]) -> Moved {
        match self {
            Self::Gzip(gzip) => gzip.advance(input, output),
            Self::Deflate(deflate) => deflate.advance(input, output),
        }
    }

    fn fault(&self) -> Option<DecodeError> {
        match self {
            Self::Gzip(gzip) => gzip.fault(),
            Self::Deflate(deflate) => deflate.fault(),
        }
    }

    /// Its data is complete, or never began: a body of no bytes has nothing to decode.
    fn may_end(&self) -> bool {
        match self {
            Self::Gzip(gzip) => gzip.may_end(),
            Self::Deflate(deflate) => deflate.may_end(),
        }
    }
}
