//! A response's body as it arrives: framing off, bytes to the caller, the end recognised.

use std::fmt;

pub use super::chunked::ChunkRule;
use super::chunked::{self, ChunkDecoder, ChunkError};
pub use super::framing::{BodyFraming, FramingError, keep_alive};
use crate::error::Error;
use crate::failure::{Failure, Reason};
use crate::header::HeaderList;

/// Why a body cannot be read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// The chunk framing is broken, or too large.
    Chunk(ChunkError),
    /// The connection ended before the body did (ERROR_WINHTTP_CONNECTION_ERROR).
    Truncated,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the response's body: ")?;
        match self {
            Self::Chunk(error) => error.fmt(f),
            Self::Truncated => f.write_str("the connection ended before it was complete"),
        }
    }
}

impl std::error::Error for BodyError {}

impl From<BodyError> for Error {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Chunk(ChunkError::Malformed(_)) => Self::InvalidServerResponse,
            BodyError::Chunk(ChunkError::ChunkHeaderTooLarge) => Self::ChunkHeaderOverflow,
            BodyError::Chunk(ChunkError::TrailersTooLarge) => Self::HeaderSizeOverflow,
            BodyError::Chunk(ChunkError::TooManyTrailers) => Self::HeaderCountExceeded,
            BodyError::Truncated => Self::ConnectionError,
        }
    }
}

impl Reason for BodyError {}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        Self::because(error.into(), error)
    }
}

impl From<ChunkError> for BodyError {
    fn from(error: ChunkError) -> Self {
        Self::Chunk(error)
    }
}

/// What one call of [`BodyDecoder::advance`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyAdvance {
    /// Bytes taken from the input.
    pub consumed: usize,
    /// Bytes written to the output.
    pub produced: usize,
    /// Whether the body is complete; input that is left belongs to the next response.
    pub done: bool,
}

/// Delivers a body that arrives in pieces.
///
/// Bytes come either through [`Self::advance`], or are read straight into the caller's buffer and
/// counted with [`Self::advance_direct`]. The decoder buffers nothing of the body.
#[derive(Clone, Debug)]
pub struct BodyDecoder {
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// The body is complete, or there is none.
    Done,
    /// This many bytes are to come; never 0.
    Length(u64),
    /// Bytes come until the connection ends.
    UntilClose,
    /// Chunks come; the decoder knows when they are over.
    Chunked(ChunkDecoder),
}

impl BodyDecoder {
    /// A decoder at the beginning of a body.
    #[must_use]
    pub fn new(framing: BodyFraming) -> Self {
        let state = match framing {
            BodyFraming::None | BodyFraming::Length(0) => State::Done,
            BodyFraming::Length(length) => State::Length(length),
            BodyFraming::Chunked => State::Chunked(ChunkDecoder::new()),
            BodyFraming::UntilClose => State::UntilClose,
        };
        Self { state }
    }

    /// Whether the body is complete.
    #[must_use]
    pub fn is_done(&self) -> bool {
        match &self.state {
            State::Done => true,
            State::Chunked(decoder) => decoder.is_done(),
            State::Length(_) | State::UntilClose => false,
        }
    }

    /// It comes in chunks.
    #[must_use]
    pub fn is_chunked(&self) -> bool {
        matches!(self.state, State::Chunked(_))
    }

    /// Its length was announced, and not all of it has come.
    #[must_use]
    pub fn is_counted(&self) -> bool {
        matches!(self.state, State::Length(_))
    }

    /// The trailers, once a chunked body is complete.
    #[must_use]
    pub fn trailers(&self) -> Option<&HeaderList> {
        match &self.state {
            State::Chunked(decoder) if decoder.is_done() => Some(decoder.trailers()),
            State::Chunked(_) | State::Done | State::Length(_) | State::UntilClose => None,
        }
    }

    /// Moves body bytes from `input` to `output`.
    ///
    /// Framing is consumed even where `output` is full, so that the end shows as early as it can.
    ///
    /// # Errors
    /// Any [`BodyError`] but [`BodyError::Truncated`].
    pub fn advance(&mut self, input: &[u8], output: &mut [u8]) -> Result<BodyAdvance, BodyError> {
        let (consumed, produced) = match &mut self.state {
            State::Done => (0, 0),
            State::Length(remaining) => {
                let copied = chunked::copy_prefix(input, output, *remaining);
                self.advance_direct(copied.try_into().unwrap_or(u64::MAX));
                (copied, copied)
            }
            State::UntilClose => {
                let copied = chunked::copy_prefix(input, output, u64::MAX);
                (copied, copied)
            }
            State::Chunked(decoder) => decoder.advance(input, output)?,
        };
        Ok(BodyAdvance {
            consumed,
            produced,
            done: self.is_done(),
        })
    }

    /// How many of the next bytes on the wire are body bytes without framing between them, so that
    /// they can be read straight into the caller's buffer; `None` if framing comes first or the
    /// body is complete. `u64::MAX` for a body that ends with the connection.
    #[must_use]
    pub fn direct_remaining(&self) -> Option<u64> {
        match &self.state {
            State::Done => None,
            State::Length(remaining) => Some(*remaining),
            State::UntilClose => Some(u64::MAX),
            State::Chunked(decoder) => Some(decoder.chunk_remaining()).filter(|&count| count > 0),
        }
    }

    /// Counts `n` bytes that were read straight into the caller's buffer, at most
    /// [`Self::direct_remaining`].
    pub fn advance_direct(&mut self, n: u64) {
        match &mut self.state {
            State::Length(remaining) => match remaining.saturating_sub(n) {
                0 => self.state = State::Done,
                left => *remaining = left,
            },
            State::Chunked(decoder) => decoder.skip_data(n),
            State::Done | State::UntilClose => {}
        }
    }

    /// How many body bytes of `input` WinHttpQueryDataAvailable may report: those that come before
    /// the next framing, so never more than the rest of one chunk.
    #[must_use]
    pub fn boundary_available(&self, input: &[u8]) -> u64 {
        let at_hand = input.len().try_into().unwrap_or(u64::MAX);
        match &self.state {
            State::Done => 0,
            State::Length(remaining) => at_hand.min(*remaining),
            State::UntilClose => at_hand,
            State::Chunked(decoder) => decoder.data_at_hand(input),
        }
    }

    /// To be called when the connection has ended and all its bytes were passed in. It ended
    /// `orderly` if the server said so: by a FIN, or with TLS by close_notify.
    ///
    /// An orderly end also ends a body that has fewer bytes than its Content-Length says, as on
    /// Windows: programs compare the lengths themselves. A body that waits for the end takes any.
    ///
    /// # Errors
    /// [`BodyError::Truncated`] if the body was not complete.
    pub fn on_eof(&mut self, orderly: bool) -> Result<(), BodyError> {
        match self.state {
            State::UntilClose => self.state = State::Done,
            State::Length(_) if orderly => self.state = State::Done,
            State::Length(_) | State::Chunked(_) | State::Done => {}
        }
        if self.is_done() {
            Ok(())
        } else {
            Err(BodyError::Truncated)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `wire` in pieces of `step` bytes; the body, and what was left when it was done.
    fn read(framing: BodyFraming, wire: &[u8], step: usize) -> (Vec<u8>, Vec<u8>, bool) {
        let mut decoder = BodyDecoder::new(framing);
        let (mut body, mut consumed) = (Vec::new(), 0);
        for end in (0..=wire.len()).step_by(step).chain([wire.len()]) {
            let mut output = [0; 64];
            let advance = decoder
                .advance(&wire[consumed..end.max(consumed)], &mut output)
                .unwrap();
            consumed += advance.consumed;
            body.extend_from_slice(&output[..advance.produced]);
            assert_eq!(advance.done, decoder.is_done());
        }
        (body, wire[consumed..].to_vec(), decoder.is_done())
    }

    #[test]
    fn every_framing_whole_byte_by_byte_and_with_trailing_data() {
        let chunks = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        let cases = [
            (BodyFraming::None, &b""[..], &b""[..], true),
            (BodyFraming::Length(0), b"", b"", true),
            (BodyFraming::Length(5), b"abcde", b"abcde", true),
            (BodyFraming::Length(6), b"abcde", b"abcde", false),
            (BodyFraming::Chunked, chunks, b"abcde", true),
            (BodyFraming::UntilClose, b"abcde", b"abcde", false),
        ];
        for (framing, wire, expected, done) in cases {
            for step in [1, 2, 64] {
                let (body, left, is_done) = read(framing, wire, step);
                assert_eq!(
                    (&*body, &*left, is_done),
                    (expected, &b""[..], done),
                    "{framing:?}"
                );
                if done {
                    let (body, left, _) = read(framing, &[wire, b"HTTP"].concat(), step);
                    assert_eq!((&*body, &*left), (expected, &b"HTTP"[..]), "{framing:?}");
                }
            }
        }
    }

    #[test]
    fn which_bodies_the_end_of_the_connection_ends() {
        let after = |framing, wire: &[u8], orderly| {
            let mut decoder = BodyDecoder::new(framing);
            decoder.advance(wire, &mut [0; 64]).unwrap();
            let result = decoder.on_eof(orderly);
            assert_eq!(decoder.is_done(), result.is_ok());
            result
        };
        let cut = Err(BodyError::Truncated);
        for orderly in [false, true] {
            assert_eq!(after(BodyFraming::UntilClose, b"abc", orderly), Ok(()));
            assert_eq!(after(BodyFraming::None, b"", orderly), Ok(()));
            assert_eq!(after(BodyFraming::Length(3), b"abc", orderly), Ok(()));
            assert_eq!(after(BodyFraming::Chunked, b"3\r\nabc\r\n", orderly), cut);
            assert_eq!(after(BodyFraming::Chunked, b"0\r\n\r\n", orderly), Ok(()));
        }
        assert_eq!(after(BodyFraming::Length(4), b"abc", true), Ok(()));
        assert_eq!(after(BodyFraming::Length(4), b"abc", false), cut);
    }

    #[test]
    fn the_bytes_of_a_chunk_come_before_the_error_behind_them() {
        let mut decoder = BodyDecoder::new(BodyFraming::Chunked);
        let (wire, mut output) = (b"3\r\nabc\r\nxyz", [0; 8]);
        let advance = decoder.advance(wire, &mut output).unwrap();
        assert_eq!((advance.produced, &output[..3]), (3, &b"abc"[..]));
        let rest = &wire[advance.consumed..];
        assert!(!rest.is_empty() && !advance.done);
        assert_eq!(decoder.boundary_available(rest), 0);
        for _ in 0..2 {
            assert_eq!(
                decoder.advance(rest, &mut output),
                Err(ChunkError::Malformed(ChunkRule::Size).into())
            );
        }
    }

    #[test]
    fn direct_reads_stay_within_the_chunk() {
        let mut decoder = BodyDecoder::new(BodyFraming::Chunked);
        assert_eq!(decoder.direct_remaining(), None);
        decoder.advance(b"5\r\na", &mut [0; 8]).unwrap();
        assert_eq!(decoder.direct_remaining(), Some(4));
        decoder.advance_direct(4);
        assert_eq!(decoder.direct_remaining(), None);
        assert!(decoder.advance(b"\r\n0\r\n\r\n", &mut []).unwrap().done);
        assert_eq!(decoder.direct_remaining(), None);
    }

    #[test]
    fn direct_reads_count_for_lengths() {
        let mut decoder = BodyDecoder::new(BodyFraming::Length(5));
        assert_eq!(decoder.direct_remaining(), Some(5));
        decoder.advance_direct(4);
        assert!(!decoder.is_done());
        decoder.advance_direct(9);
        assert!(decoder.is_done());
        let mut decoder = BodyDecoder::new(BodyFraming::UntilClose);
        decoder.advance_direct(1 << 40);
        assert_eq!(decoder.direct_remaining(), Some(u64::MAX));
    }

    #[test]
    fn fact_5_3_6_what_is_available_does_not_cross_the_chunk() {
        let mut decoder = BodyDecoder::new(BodyFraming::Chunked);
        let wire = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        assert_eq!(decoder.boundary_available(wire), 3);
        let advance = decoder.advance(wire, &mut [0; 3]).unwrap();
        assert_eq!(advance.produced, 3);
        assert_eq!(decoder.boundary_available(&wire[advance.consumed..]), 2);
        assert_eq!(
            BodyDecoder::new(BodyFraming::Length(2)).boundary_available(wire),
            2
        );
        assert_eq!(
            BodyDecoder::new(BodyFraming::UntilClose).boundary_available(b"abc"),
            3
        );
        assert_eq!(
            BodyDecoder::new(BodyFraming::None).boundary_available(b"abc"),
            0
        );
    }

    #[test]
    fn the_end_shows_although_the_output_is_full() {
        let mut decoder = BodyDecoder::new(BodyFraming::Chunked);
        let advance = decoder
            .advance(b"3\r\nabc\r\n0\r\nT: 1\r\n\r\n", &mut [0; 3])
            .unwrap();
        assert!(advance.done);
        assert_eq!(decoder.trailers().unwrap().first("t"), Some(&b"1"[..]));
    }

    #[test]
    fn trailers_exist_only_after_a_complete_chunked_body() {
        let mut decoder = BodyDecoder::new(BodyFraming::Chunked);
        assert!(decoder.trailers().is_none());
        decoder.advance(LAST, &mut []).unwrap();
        assert!(decoder.trailers().unwrap().is_empty());
        assert!(BodyDecoder::new(BodyFraming::None).trailers().is_none());
    }

    const LAST: &[u8] = chunked::LAST_CHUNK;

    #[test]
    fn chunk_errors_keep_their_kind() {
        let error = |wire: &[u8]| {
            BodyDecoder::new(BodyFraming::Chunked)
                .advance(wire, &mut [])
                .unwrap_err()
        };
        assert_eq!(error(b"x"), ChunkError::Malformed(ChunkRule::Size).into());
        assert_eq!(error(&[b'0'; 5000]), ChunkError::ChunkHeaderTooLarge.into());
    }
}
