//! The chunked transfer coding (RFC 9112 §7.1), decoded and encoded.
//!
//! ```text
//! chunked-body = *chunk last-chunk trailer-section CRLF
//! chunk        = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
//! last-chunk   = 1*"0" [ chunk-ext ] CRLF
//! ```
//!
//! Lenient: a line may end with a bare LF, blanks may follow the size. Extensions are skipped.
//! Strict: anything else. A CR ends a line and stands nowhere else, or two parties could find
//! different chunks in the same bytes.
//!
//! ```text
//!        ┌────────────────────────────────────────────────────────┐     an error anywhere: Failed, behind the data before it
//!        ▼                                                        │
//! ──► Size ──► SizeEnd ──► Extension ──► LineEnd ──LF──► Data ──► DataEnd
//!                                                  └──► Trailers ──► Done
//! ```

mod error;

pub use error::{ChunkError, ChunkRule};

use super::fields::{self, FieldsError};
use super::head::HeadLimits;
use crate::header::{HeaderList, text};

/// A chunk-size line is shorter, in bytes, extensions included and its end not. Sizes need 16
/// digits at most; the rest is room for extensions, which nobody needs but anybody may send.
const MAX_SIZE_LINE_BYTES: usize = 4096;

/// What ends a chunk's data.
const CHUNK_END: &[u8] = b"\r\n";

/// The chunk that ends a body without trailers.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Where in the grammar the decoder stands; see the picture above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Size { value: u64, digits: usize },
    SizeEnd { value: u64, line_bytes: usize },
    Extension { value: u64, line_bytes: usize },
    LineEnd { value: u64 },
    Data { remaining: u64 },
    DataEnd { after_cr: bool },
    Trailers { line_start: usize },
    Done,
    Failed(ChunkError),
}

impl State {
    const START: Self = Self::Size {
        value: 0,
        digits: 0,
    };

    /// The state after one byte of framing. Data, trailers and the end do not come here and stay.
    fn after_framing_byte(self, byte: u8) -> Result<Self, ChunkError> {
        let next = match self {
            Self::Size { value, digits } => match hex_digit(byte) {
                Some(digit) => {
                    let value = value
                        .checked_mul(16)
                        .ok_or(ChunkError::ChunkHeaderTooLarge)?;
                    Self::Size {
                        value: value | digit,
                        digits: digits + 1,
                    }
                }
                None if digits == 0 => return Err(ChunkError::Malformed(ChunkRule::Size)),
                // The byte belongs to what follows the size.
                None => Self::SizeEnd {
                    value,
                    line_bytes: digits,
                }
                .after_framing_byte(byte)?,
            },
            Self::SizeEnd { value, .. }
            | Self::Extension { value, .. }
            | Self::LineEnd { value }
                if byte == b'\n' =>
            {
                Self::after_size_line(value)
            }
            Self::SizeEnd { value, .. } | Self::Extension { value, .. } if byte == b'\r' => {
                Self::LineEnd { value }
            }
            Self::SizeEnd { value, line_bytes } => match byte {
                b' ' | b'\t' => Self::SizeEnd {
                    value,
                    line_bytes: line_bytes + 1,
                },
                b';' => Self::Extension {
                    value,
                    line_bytes: line_bytes + 1,
                },
                _ => return Err(ChunkError::Malformed(ChunkRule::SizeLine)),
            },
            Self::Extension { value, line_bytes } if text::is_field_value(&[byte]) => {
                Self::Extension {
                    value,
                    line_bytes: line_bytes + 1,
                }
            }
            Self::Extension { .. } | Self::LineEnd { .. } => {
                return Err(ChunkError::Malformed(ChunkRule::SizeLine));
            }
            Self::DataEnd { .. } if byte == b'\n' => Self::START,
            Self::DataEnd { after_cr: false } if byte == b'\r' => Self::DataEnd { after_cr: true },
            Self::DataEnd { .. } => return Err(ChunkError::Malformed(ChunkRule::DataEnd)),
            Self::Data { .. } | Self::Trailers { .. } | Self::Done | Self::Failed(_) => self,
        };
        if next.size_line_bytes() >= MAX_SIZE_LINE_BYTES {
            return Err(ChunkError::ChunkHeaderTooLarge);
        }
        Ok(next)
    }

    /// A size of 0 is the last chunk; trailers follow it.
    fn after_size_line(value: u64) -> Self {
        if value == 0 {
            Self::Trailers { line_start: 0 }
        } else {
            Self::Data { remaining: value }
        }
    }

    /// Bytes of the chunk-size line so far.
    fn size_line_bytes(self) -> usize {
        match self {
            Self::Size { digits, .. } => digits,
            Self::SizeEnd { line_bytes, .. } | Self::Extension { line_bytes, .. } => line_bytes,
            Self::LineEnd { .. }
            | Self::Data { .. }
            | Self::DataEnd { .. }
            | Self::Trailers { .. }
            | Self::Done
            | Self::Failed(_) => 0,
        }
    }
}

/// Takes the chunk framing off a body that arrives in pieces.
///
/// Holds nothing of the body; trailers are bounded by [`HeadLimits::default`].
#[derive(Clone, Debug)]
pub struct ChunkDecoder {
    state: State,
    trailer_bytes: Vec<u8>,
    trailers: HeaderList,
}

impl Default for ChunkDecoder {
    fn default() -> Self {
        Self::new()
    }
}

impl ChunkDecoder {
    /// A decoder at the beginning of a body.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            state: State::START,
            trailer_bytes: Vec::new(),
            trailers: HeaderList::new(),
        }
    }

    /// Whether the last chunk and its trailers were read.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// The trailers; empty until the body is done.
    #[must_use]
    pub fn trailers(&self) -> &HeaderList {
        &self.trailers
    }

    /// Bytes of the current chunk that were not decoded yet; 0 between chunks.
    #[must_use]
    pub(crate) fn chunk_remaining(&self) -> u64 {
        match self.state {
            State::Data { remaining } => remaining,
            State::Size { .. }
            | State::SizeEnd { .. }
            | State::Extension { .. }
            | State::LineEnd { .. }
            | State::DataEnd { .. }
            | State::Trailers { .. }
            | State::Done
            | State::Failed(_) => 0,
        }
    }

    /// Counts `n` bytes of the current chunk as decoded because they went to the caller another
    /// way. At most [`Self::chunk_remaining`] are counted.
    pub(crate) fn skip_data(&mut self, n: u64) {
        if let State::Data { remaining } = self.state {
            self.state = match remaining.saturating_sub(n) {
                0 => State::DataEnd { after_cr: false },
                remaining => State::Data { remaining },
            };
        }
    }

    /// Decodes `input` into `output`; says how many bytes it took and how many it gave.
    ///
    /// It stops when `input` is used up, at data for which `output` has no room, or behind data
    /// before an error: that comes with the next call.
    ///
    /// # Errors
    /// Any [`ChunkError`]; the body cannot be continued then.
    pub fn advance(
        &mut self,
        input: &[u8],
        output: &mut [u8],
    ) -> Result<(usize, usize), ChunkError> {
        let (mut rest, mut produced) = (input, 0);
        match self.decode(&mut rest, output, &mut produced) {
            Err(error) if produced == 0 => Err(error),
            _ => Ok((input.len() - rest.len(), produced)),
        }
    }

    fn decode(
        &mut self,
        rest: &mut &[u8],
        output: &mut [u8],
        produced: &mut usize,
    ) -> Result<(), ChunkError> {
        while let Some((&byte, after)) = rest.split_first() {
            match self.state {
                State::Data { remaining } => {
                    let room = output.get_mut(*produced..).unwrap_or_default();
                    let copied = copy_prefix(rest, room, remaining);
                    if copied == 0 {
                        break;
                    }
                    *produced += copied;
                    *rest = rest.get(copied..).unwrap_or_default();
                    self.skip_data(copied.try_into().unwrap_or(u64::MAX));
                }
                State::Trailers { line_start } => {
                    self.push_trailer_byte(byte, line_start)
                        .map_err(|error| self.fail(error))?;
                    *rest = after;
                }
                State::Done => break,
                State::Failed(error) => return Err(error),
                State::Size { .. }
                | State::SizeEnd { .. }
                | State::Extension { .. }
                | State::LineEnd { .. }
                | State::DataEnd { .. } => {
                    let next = self.state.after_framing_byte(byte);
                    self.state = next.map_err(|error| self.fail(error))?;
                    *rest = after;
                }
            }
        }
        Ok(())
    }

    /// What is behind the error is not looked at any more, and the byte that shows it stays in the
    /// input.
    fn fail(&mut self, error: ChunkError) -> ChunkError {
        self.state = State::Failed(error);
        error
    }

    /// How many bytes of `input` are data of one chunk: the current one, or the one that begins in
    /// `input`. 0 if `input` has none, ends the body or is malformed. Decodes nothing.
    #[must_use]
    pub(crate) fn data_at_hand(&self, input: &[u8]) -> u64 {
        let (mut state, mut rest) = (self.state, input);
        loop {
            match (state, rest.split_first()) {
                (State::Data { remaining }, _) => {
                    return remaining.min(rest.len().try_into().unwrap_or(u64::MAX));
                }
                (State::Trailers { .. } | State::Done | State::Failed(_), _) | (_, None) => {
                    return 0;
                }
                (_, Some((&byte, after))) => match state.after_framing_byte(byte) {
                    Ok(next) => (state, rest) = (next, after),
                    Err(_) => return 0,
                },
            }
        }
    }

    /// Collects the trailer section up to its empty line, then reads it.
    fn push_trailer_byte(&mut self, byte: u8, line_start: usize) -> Result<(), ChunkError> {
        let limits = HeadLimits::default();
        if self.trailer_bytes.len() == limits.max_bytes {
            return Err(ChunkError::TrailersTooLarge);
        }
        self.trailer_bytes.push(byte);
        if byte != b'\n' {
            return Ok(());
        }
        let last = self.trailer_bytes.get(line_start..);
        if !matches!(last, Some(b"\n" | b"\r\n")) {
            self.state = State::Trailers {
                line_start: self.trailer_bytes.len(),
            };
            return Ok(());
        }
        let trailers = fields::parse_fields(&self.trailer_bytes, limits.max_count);
        self.trailers = trailers.map_err(|error| match error {
            FieldsError::Malformed(rule) => ChunkError::Malformed(ChunkRule::Trailer(rule)),
            FieldsError::TooMany => ChunkError::TooManyTrailers,
        })?;
        self.trailer_bytes = Vec::new();
        self.state = State::Done;
        Ok(())
    }
}

/// Appends the size line of a chunk of `size` bytes; the data and [`CHUNK_END`] must follow.
///
/// A size of 0 would end the body, so nothing is written for it.
fn encode_size_line(out: &mut Vec<u8>, size: u64) {
    if size > 0 {
        out.extend_from_slice(format!("{size:x}\r\n").as_bytes());
    }
}

/// Appends `data` as one chunk; empty data is no chunk.
pub fn encode_chunk(out: &mut Vec<u8>, data: &[u8]) {
    if !data.is_empty() {
        encode_size_line(out, data.len().try_into().unwrap_or(u64::MAX));
        out.extend_from_slice(data);
        out.extend_from_slice(CHUNK_END);
    }
}

/// Copies as much as `input`, `output` and `limit` allow and says how much that was.
pub(super) fn copy_prefix(input: &[u8], output: &mut [u8], limit: u64) -> usize {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let count = input.len().min(output.len()).min(limit);
    match (input.get(..count), output.get_mut(..count)) {
        (Some(from), Some(to)) => to.copy_from_slice(from),
        (None, _) | (_, None) => return 0,
    }
    count
}

fn hex_digit(byte: u8) -> Option<u64> {
    char::from(byte).to_digit(16).map(u64::from)
}

#[cfg(test)]
mod tests;
