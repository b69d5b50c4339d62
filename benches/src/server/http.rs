//! Requests and answers: `/small`, `/large/MIB` and `/upload`, on a connection that is kept.

use std::fs::File;
use std::io::{Result, Write};
use std::sync::OnceLock;

use super::Stream;
use super::stream::Prepared;
use crate::rows::{HTTP_SMALL_BYTES, LARGE_BYTES};
use crate::wire;
use crate::work::pattern;

/// Payload discarded at a time.
const SCRATCH_BYTES: usize = 1 << 20;

pub(super) fn serves(path: &str) -> bool {
    ["/small", "/large", "/upload"]
        .iter()
        .any(|own| path.starts_with(own))
}

/// Serves a connection whose first request begins `input`.
pub(super) fn serve(stream: &mut impl Stream, mut input: Vec<u8>) -> Result<()> {
    let small = answer(&pattern(HTTP_SMALL_BYTES));
    while let Some(bytes) = wire::read_until_head(stream, &mut input) {
        let head = &input[..bytes];
        if head.starts_with(b"GET /small") {
            input.drain(..bytes);
            stream.write_all(&small)?;
            continue;
        }
        let head = String::from_utf8_lossy(head).into_owned();
        input.drain(..bytes);
        let path = head.split(' ').nth(1).unwrap_or_default();
        if let Some(mib) = path.strip_prefix("/large/") {
            let mib: u64 = mib.parse().unwrap();
            let length = mib * LARGE_BYTES as u64;
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"
            )?;
            stream.repeat(prepared()?, mib)?;
        } else {
            discard(stream, &mut input, content_length(&head))?;
            stream.write_all(&answer(b""))?;
        }
    }
    Ok(())
}

fn answer(body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nServer: benches\r\nContent-Type: application/octet-stream\r\n\
         Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn content_length(head: &str) -> u64 {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let mut lengths = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.next().unwrap().1.parse().unwrap()
}

fn discard(stream: &mut impl Stream, input: &mut Vec<u8>, length: u64) -> Result<()> {
    let at_hand = length.min(input.len() as u64);
    input.drain(..at_hand as usize);
    let mut left = length - at_hand;
    let mut scratch = vec![0; SCRATCH_BYTES];
    while left > 0 {
        let room = left.min(SCRATCH_BYTES as u64) as usize;
        match stream.discard(&mut scratch[..room])? {
            0 => break,
            discarded => left -= discarded as u64,
        }
    }
    Ok(())
}

/// A mebibyte, in memory and as a file that only memory holds.
fn prepared() -> Result<&'static Prepared> {
    static PREPARED: OnceLock<Prepared> = OnceLock::new();
    if let Some(prepared) = PREPARED.get() {
        return Ok(prepared);
    }
    let bytes = pattern(LARGE_BYTES);
    let mut file: File = crate::machine::file_in_memory()?;
    file.write_all(&bytes)?;
    Ok(PREPARED.get_or_init(|| Prepared { bytes, file }))
}
