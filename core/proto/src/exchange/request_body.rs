//! A request's body as the program gives it, piece by piece: how each piece goes on the wire, and
//! which one is too much.

use super::compose::{body_length, frames_own_body};
use crate::error::{Error, Result};
use crate::header::HeaderList;

/// Bytes of the longest chunk head: the size in hexadecimal digits, and CRLF.
const CHUNK_HEAD_MAX: usize = 2 * size_of::<u64>() + 2;

/// The end of a chunked body: the last chunk, and no trailers (RFC 9112 §7.1).
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// What is still to come of a body; fixed when the request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestBody {
    /// So many bytes of the announced length.
    Length(u64),
    /// The program frames it with a Transfer-Encoding of its own: only it knows.
    Own,
    /// Each piece becomes a chunk (WINHTTP_FLAG_AUTOMATIC_CHUNKING), up to the last one.
    Chunked,
    /// Nothing: the last chunk was sent.
    Ended,
}

/// When WriteData is possible beside, or behind, a receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uploads {
    /// Not from ReceiveResponse on.
    BeforeResponse,
    /// Also afterwards, one call at a time.
    InTurn,
    /// At any time, beside the calls that receive.
    Beside,
}

/// The bytes around a piece of a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Piece {
    head: ChunkHead,
    tail: &'static [u8],
    /// Nothing of the body follows.
    pub is_last: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct ChunkHead {
    bytes: [u8; CHUNK_HEAD_MAX],
    length: usize,
}

impl RequestBody {
    /// The body of a request with these headers of the program, of which `given` bytes come with
    /// SendRequest, and how they go on the wire. Where `chunks` says so, the library frames it.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] where two lengths, or two framings, contradict each other, and
    /// for a chunked body of a method that has none.
    pub fn new(
        verb: &str,
        headers: &HeaderList,
        chunks: bool,
        total: u32,
        given: u64,
    ) -> Result<(Self, u64, Piece)> {
        let length = body_length(headers, total, given)?;
        if !chunks && !frames_own_body(headers) {
            let left = Self::Length(length - given);
            return Ok((left, length, left.raw()));
        }
        // Observed: chunked bodies of these are refused before any I/O.
        let bodyless = ["GET", "HEAD"]
            .iter()
            .any(|it| verb.eq_ignore_ascii_case(it));
        if bodyless {
            return Err(Error::InvalidParameter);
        }
        if !chunks {
            return Ok((Self::Own, length, Self::Own.raw()));
        }
        if total != 0 || headers.contains("Content-Length") {
            return Err(Error::InvalidParameter);
        }
        Ok((Self::Chunked, length, Piece::chunk(given)))
    }

    /// Takes the next piece, of so many bytes; `ends` where it is the end of a chunked body.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] beyond the end of the body; nothing is taken then.
    pub fn take(&mut self, bytes: u64, ends: bool) -> Result<Piece> {
        match self {
            Self::Length(left) => {
                *left = left.checked_sub(bytes).ok_or(Error::InvalidParameter)?;
            }
            Self::Chunked if ends => {
                *self = Self::Ended;
                return Ok(Piece {
                    tail: LAST_CHUNK,
                    is_last: true,
                    ..Piece::default()
                });
            }
            Self::Chunked => return Ok(Piece::chunk(bytes)),
            Self::Ended if bytes > 0 => return Err(Error::InvalidParameter),
            Self::Own | Self::Ended => {}
        }
        Ok(self.raw())
    }

    /// SendRequest gave everything.
    #[must_use]
    pub fn is_complete(self) -> bool {
        matches!(self, Self::Length(0) | Self::Ended)
    }

    /// When more of it can be written.
    #[must_use]
    pub fn uploads(self) -> Uploads {
        match self {
            // Also while, and after, its end is written.
            Self::Chunked | Self::Ended => Uploads::Beside,
            Self::Length(1..) => Uploads::InTurn,
            // ReceiveResponse ends what the program frames itself.
            Self::Length(0) | Self::Own => Uploads::BeforeResponse,
        }
    }

    /// A piece that goes out as it is.
    fn raw(self) -> Piece {
        Piece {
            is_last: self.is_complete(),
            ..Piece::default()
        }
    }
}

impl Piece {
    /// All of a body, as it is.
    pub const WHOLE: Self = Self {
        head: ChunkHead {
            bytes: [0; CHUNK_HEAD_MAX],
            length: 0,
        },
        tail: b"",
        is_last: true,
    };

    /// So many bytes as a chunk; a chunk without any would be the last one, and is not sent.
    fn chunk(bytes: u64) -> Self {
        if bytes == 0 {
            return Self::default();
        }
        Self {
            head: ChunkHead::new(bytes),
            tail: b"\r\n",
            is_last: false,
        }
    }

    /// What goes out: the head of a chunk, the data, and what ends the chunk.
    #[must_use]
    pub fn parts<'a>(&'a self, data: &'a [u8]) -> [&'a [u8]; 3] {
        [self.head.bytes(), data, self.tail]
    }

    /// How many bytes go out with so much data.
    #[must_use]
    pub fn wire_bytes(&self, data: usize) -> usize {
        let frame = self.head.length + self.tail.len();
        data.saturating_add(frame)
    }
}

impl ChunkHead {
    fn new(size: u64) -> Self {
        let mut head = Self {
            bytes: [0; CHUNK_HEAD_MAX],
            length: 0,
        };
        for byte in format!("{size:x}\r\n").bytes() {
            if let Some(place) = head.bytes.get_mut(head.length) {
                *place = byte;
                head.length += 1;
            }
        }
        head
    }

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(verb: &str, fields: &[(&str, &str)], chunks: bool, total: u32) -> Option<RequestBody> {
        let mut headers = HeaderList::new();
        for (name, value) in fields {
            headers.push(name, value);
        }
        let made = RequestBody::new(verb, &headers, chunks, total, 0).ok();
        made.map(|(body, _, _)| body)
    }

    fn wire(piece: Piece, data: &[u8]) -> Vec<u8> {
        let wire = piece.parts(data).concat();
        assert_eq!(piece.wire_bytes(data.len()), wire.len());
        wire
    }

    #[test]
    fn who_frames_a_body_follows_from_flag_headers_and_total() {
        let chunked = [("Transfer-Encoding", "chunked")];
        let length = [("Content-Length", "4294967301")];
        assert_eq!(body("POST", &[], false, 0), Some(RequestBody::Length(0)));
        assert_eq!(body("POST", &[], false, 7), Some(RequestBody::Length(7)));
        let long = Some(RequestBody::Length(4_294_967_301));
        assert_eq!(body("GET", &length, false, 0), long);
        assert_eq!(body("POST", &chunked, false, 0), Some(RequestBody::Own));
        assert_eq!(body("POST", &[], true, 0), Some(RequestBody::Chunked));
        assert_eq!(body("POST", &chunked, true, 0), Some(RequestBody::Chunked));
        assert_eq!(body("POST", &[], true, 7), None, "the length is unknown");
        assert_eq!(body("POST", &length, true, 0), None, "two framings");
        for verb in ["GET", "HEAD", "get"] {
            assert_eq!(body(verb, &chunked, false, 0), None, "{verb}");
            assert_eq!(body(verb, &[], true, 0), None, "{verb}");
        }
        for verb in ["DELETE", "OPTIONS", "MERGE"] {
            assert_eq!(body(verb, &chunked, false, 0), Some(RequestBody::Own));
        }
    }

    #[test]
    fn a_length_beyond_32_bits_is_counted_to_its_last_byte() {
        let announced = u64::from(u32::MAX) + 5;
        let mut body = RequestBody::Length(announced);
        assert!(!body.take(u64::from(u32::MAX), false).unwrap().is_last);
        assert_eq!(body, RequestBody::Length(5));
        assert_eq!(body.take(6, false), Err(Error::InvalidParameter));
        assert_eq!(body.uploads(), Uploads::InTurn);
        assert!(body.take(5, false).unwrap().is_last);
        assert_eq!(body.take(1, false), Err(Error::InvalidParameter));
        assert!(body.take(0, true).unwrap().is_last, "a write of nothing");
        assert_eq!(body.uploads(), Uploads::BeforeResponse);
    }

    #[test]
    fn each_piece_is_a_chunk_and_only_the_end_is_the_last() {
        let mut body = RequestBody::Chunked;
        let piece = body.take(0x1a, false).unwrap();
        let data = [b'x'; 0x1a];
        assert_eq!(wire(piece, &data), [b"1a\r\n", &data[..], b"\r\n"].concat());
        assert_eq!(
            wire(body.take(0, false).unwrap(), b""),
            b"",
            "no chunk at all"
        );
        assert_eq!(body.uploads(), Uploads::Beside);
        let last = body.take(0, true).unwrap();
        assert!(last.is_last && body.is_complete());
        assert_eq!(wire(last, b""), b"0\r\n\r\n");
        assert_eq!(wire(body.take(0, true).unwrap(), b""), b"", "once");
        assert_eq!(body.take(1, false), Err(Error::InvalidParameter));
        assert_eq!(body.uploads(), Uploads::Beside, "its end may be on its way");
    }

    #[test]
    fn the_largest_chunk_has_a_whole_head() {
        let piece = Piece::chunk(u64::MAX);
        assert_eq!(piece.parts(b"")[0], b"ffffffffffffffff\r\n");
    }

    #[test]
    fn what_comes_with_the_call_is_the_first_chunk() {
        let headers = HeaderList::new();
        let (_, _, piece) = RequestBody::new("PUT", &headers, true, 0, 3).unwrap();
        assert_eq!(wire(piece, b"abc"), b"3\r\nabc\r\n");
        let (left, length, piece) = RequestBody::new("PUT", &headers, false, 5, 3).unwrap();
        assert_eq!((left, length), (RequestBody::Length(2), 5));
        assert_eq!(wire(piece, b"abc"), b"abc");
        assert!(!piece.is_last);
    }
}
