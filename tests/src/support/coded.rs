//! Bodies as servers code them.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

/// With the coding `gzip`.
#[must_use]
pub fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// With the coding `deflate`, as RFC 9110 defines it.
#[must_use]
pub fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// With the coding `deflate`, as many servers send it.
#[must_use]
pub fn deflate(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// In chunks of this size, without the last one.
#[must_use]
pub fn chunked(data: &[u8], size: usize) -> Vec<u8> {
    let chunk =
        |chunk: &[u8]| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
    data.chunks(size).flat_map(chunk).collect()
}

/// Lines that are alike, as those of most bodies.
#[must_use]
pub fn text(bytes: usize) -> Vec<u8> {
    let line = |number: usize| format!("line {number}, {};", number * 7919 % 100_003).into_bytes();
    (0..).flat_map(line).take(bytes).collect()
}
