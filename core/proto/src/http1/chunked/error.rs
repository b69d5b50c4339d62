//! How a chunked body can break the grammar.

use std::fmt;

use crate::http1::fields::Rule;

/// Why a chunked body cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkError {
    /// Bytes that the grammar does not allow here.
    Malformed(ChunkRule),
    /// A chunk-size line longer than `MAX_SIZE_LINE_BYTES`, or a size of 2^64 or more
    /// (ERROR_WINHTTP_CHUNKED_ENCODING_HEADER_SIZE_OVERFLOW).
    ChunkHeaderTooLarge,
    /// Trailers larger than a response head may be by default.
    TrailersTooLarge,
    /// More trailers than a response head may have headers by default.
    TooManyTrailers,
}

/// What a chunked body breaks (RFC 9112 §7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkRule {
    /// A chunk begins with its size in hexadecimal digits.
    Size,
    /// The size, with or without extensions, ends its line.
    SizeLine,
    /// A line's end follows the data.
    DataEnd,
    /// A trailer breaks this rule.
    Trailer(Rule),
}

impl fmt::Display for ChunkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed(ChunkRule::Size) => {
                "a chunk does not begin with its size in hexadecimal (RFC 9112 section 7.1)"
            }
            Self::Malformed(ChunkRule::SizeLine) => {
                "the line with a chunk's size is malformed (RFC 9112 section 7.1)"
            }
            Self::Malformed(ChunkRule::DataEnd) => {
                "a chunk's data does not end where its size says (RFC 9112 section 7.1)"
            }
            Self::Malformed(ChunkRule::Trailer(rule)) => return write!(f, "trailers: {rule}"),
            Self::ChunkHeaderTooLarge => "the line with a chunk's size is too long",
            Self::TrailersTooLarge => "the trailers are too large",
            Self::TooManyTrailers => "there are too many trailers",
        })
    }
}

impl std::error::Error for ChunkError {}
