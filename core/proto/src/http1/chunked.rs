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

/// Largest chunk-size line in bytes, extensions and line end included. Sizes need 16 digits at
/// most; the rest is room for extensions, which nobody needs but anybody may send.
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
        let trailers = fields::parse_trailers(&self.trailer_bytes, limits.max_count);
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What came out, how much was taken, and how it ended.
    #[derive(Debug, PartialEq, Eq)]
    struct Decoded {
        data: Vec<u8>,
        consumed: usize,
        done: bool,
        trailers: HeaderList,
    }

    /// Decodes with pieces of `step` bytes and room for `room` bytes at a time.
    fn decode(input: &[u8], step: usize, room: usize) -> Result<Decoded, ChunkError> {
        let mut decoder = ChunkDecoder::new();
        let (mut data, mut consumed) = (Vec::new(), 0);
        let mut end = 0;
        while end < input.len() && !decoder.is_done() {
            end = input.len().min(end + step);
            loop {
                let mut output = vec![0; room];
                let (took, gave) = decoder.advance(&input[consumed..end], &mut output)?;
                consumed += took;
                data.extend_from_slice(&output[..gave]);
                if took == 0 {
                    break;
                }
            }
        }
        let (done, trailers) = (decoder.is_done(), decoder.trailers().clone());
        Ok(Decoded {
            data,
            consumed,
            done,
            trailers,
        })
    }

    /// Decodes whole, byte by byte, with little room, and with trailing data: always the same.
    fn decode_all_ways(input: &[u8]) -> Result<Decoded, ChunkError> {
        let whole = decode(input, usize::MAX / 2, 1000);
        for (step, room) in [(1, 1000), (1, 1), (3, 2), (1000, 1)] {
            assert_eq!(decode(input, step, room), whole, "{step} {room}");
        }
        if whole.as_ref().is_ok_and(|decoded| decoded.done) {
            assert_eq!(decode(&[input, b"5\r\ntrail"].concat(), 1000, 1000), whole);
        }
        whole
    }

    #[test]
    fn chunks_are_joined_and_extensions_skipped() {
        for body in [
            &b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"[..],
            b"005\r\nhello\r\n6\r\n world\r\n000\r\n\r\n",
            b"5;a=1;b=\"x\"\r\nhello\r\n6 \t;c\r\n world\r\n0;d\r\n\r\n",
            b"5\nhello\n6\n world\n0\n\n",
            b"5;a=\t\x80\xff\nhello\n6 ;\r\n world\n0\r\n\n",
            b"B\r\nhello world\r\n0\r\n\r\n",
        ] {
            let decoded = decode_all_ways(body).unwrap();
            assert_eq!(decoded.data, b"hello world");
            assert_eq!((decoded.done, decoded.consumed), (true, body.len()));
        }
    }

    #[test]
    fn trailers_are_read_like_headers() {
        let decoded = decode_all_ways(b"1\r\na\r\n0\r\nX: 1\r\n 2\r\ny :3\r\n\r\n").unwrap();
        assert_eq!(decoded.trailers.first("x"), Some(&b"1 2"[..]));
        assert_eq!(decoded.trailers.first("Y"), Some(&b"3"[..]));
        assert!(decoded.done);
    }

    #[test]
    fn malformed_chunks_are_refused() {
        for body in [
            &b"\r\n"[..],
            b";a\r\n",
            b"g\r\n",
            b"-1\r\n",
            b"0x5\r\nhello",
            b"5\r\nhello5\r\n",
            b"5\r\nhelloo\r\n",
            b"5\r\nhello\r\r\n",
            b"5 5\r\n",
            b" 5\r\n",
            b"\t5\r\n",
            b"+5\r\nhello",
            b"0x5\r\nhello",
            b"5h\r\nhello",
            b"5,5\r\nhello",
            b"5\0\r\nhello",
            b"5\x0b\r\nhello",
            b"5\r\r\nhello",
            b"5\rhello",
            b"5\r 5\r\n",
            b"5 \r;a\r\nhello",
            b"5;a\rb\r\nhello",
            b"5;a\r\r\nhello",
            b"5;a\0b\r\nhello",
            b"5;\x1b\r\nhello",
            b"0\r\r\n\r\n",
            b"0;a\rb\r\n\r\n",
            b"5\r\nhello\r5\r\n",
            b"0\r\nX: 1\rY: 2\r\n\r\n",
            b"0\r\nX: 1\r\r\n\r\n",
            b"0\r\nbad\r\n\r\n",
        ] {
            let text = String::from_utf8_lossy(body);
            let result = decode_all_ways(body);
            assert!(matches!(result, Err(ChunkError::Malformed(_))), "{text:?}");
        }
    }

    #[test]
    fn an_unfinished_body_is_not_done() {
        let body = b"5\r\nhello\r\n0\r\nX: 1\r\n\r\n";
        for end in 0..body.len() {
            assert!(!decode_all_ways(&body[..end]).unwrap().done, "{end}");
        }
    }

    #[test]
    fn size_lines_have_a_limit() {
        let fits = [b"5;", &*vec![b'e'; MAX_SIZE_LINE_BYTES - 4], b"\r\nhello"].concat();
        assert_eq!(decode_all_ways(&fits).unwrap().data, b"hello");
        for endless in [b"5;", b"5 ", b"00"] {
            let line = [&endless[..1], &vec![endless[1]; MAX_SIZE_LINE_BYTES]].concat();
            assert_eq!(decode_all_ways(&line), Err(ChunkError::ChunkHeaderTooLarge));
        }
        let large = decode_all_ways(b"10000000000000000\r\n");
        assert_eq!(large, Err(ChunkError::ChunkHeaderTooLarge));
        assert!(decode_all_ways(b"ffffffffffffffff\r\nab").is_ok());
    }

    #[test]
    fn trailers_have_limits() {
        let endless = [b"0\r\nx: ".as_slice(), &vec![b'a'; 70_000]].concat();
        assert_eq!(decode(&endless, 4096, 0), Err(ChunkError::TrailersTooLarge));
        let many = format!("0\r\n{}\r\n", "a:\r\n".repeat(1025));
        assert_eq!(
            decode(many.as_bytes(), 4096, 0),
            Err(ChunkError::TooManyTrailers)
        );
    }

    #[test]
    fn fact_5_3_6_data_at_hand_ends_with_the_chunk() {
        let decoder = ChunkDecoder::new();
        assert_eq!(decoder.data_at_hand(b"5\r\nhello\r\n6\r\n world"), 5);
        assert_eq!(decoder.data_at_hand(b"5\r\nhel"), 3);
        for none in [&b""[..], b"5", b"5\r\n", b"0\r\n\r\n", b"zz"] {
            assert_eq!(decoder.data_at_hand(none), 0);
        }
        let mut decoder = ChunkDecoder::new();
        decoder.advance(b"5\r\nhello", &mut [0; 9]).unwrap();
        assert_eq!(decoder.data_at_hand(b"\r\n2\r\nab\r\n"), 2);
    }

    #[test]
    fn chunks_are_encoded_without_an_early_end() {
        let mut out = Vec::new();
        encode_chunk(&mut out, b"");
        encode_size_line(&mut out, 0);
        assert!(out.is_empty(), "an empty chunk would end the body");
        encode_chunk(&mut out, &[b'x'; 26]);
        assert!(out.starts_with(b"1a\r\nxxx") && out.ends_with(b"x\r\n"));
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_in_any_split(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6),
            step in 1usize..20,
            room in 1usize..20,
        ) {
            let mut wire = Vec::new();
            for chunk in &chunks {
                encode_chunk(&mut wire, chunk);
            }
            wire.extend_from_slice(LAST_CHUNK);
            let decoded = decode(&wire, step, room).unwrap();
            prop_assert_eq!(decoded.data, chunks.concat());
            prop_assert!(decoded.done);
        }

        #[test]
        fn any_bytes_any_split_same_answer(
            input in "[0-2a;\\r\\n: \\x00]{0,60}", step in 1usize..9, room in 1usize..9,
        ) {
            let bytes = input.as_bytes();
            prop_assert_eq!(decode(bytes, step, room), decode(bytes, 1000, 1000));
        }

        #[test]
        fn data_at_hand_is_what_advance_gives_first(input in "[1-3]\\r\\n[ab]{0,9}(\\r\\n)?") {
            let mut decoder = ChunkDecoder::new();
            let announced = decoder.data_at_hand(input.as_bytes());
            let mut output = vec![0; usize::try_from(announced).unwrap()];
            if let Ok((_, produced)) = decoder.advance(input.as_bytes(), &mut output) {
                prop_assert_eq!(produced, output.len());
            }
        }
    }
}
