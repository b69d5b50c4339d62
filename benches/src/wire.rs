//! The bytes on the wire, by hand: frames and the upgrade of contestants and of the server that do
//! no WebSocket work.

use std::io::{Read, Write};

/// Opcodes of RFC 6455 section 5.2, as far as the work needs them.
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;

/// The longest header of a frame.
pub(crate) const HEADER_BYTES_MAX: usize = 14;

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
/// Frames made beforehand have a key that never changes; whoever does WebSocket work draws its own.
const KEY: [u8; 4] = [0x5a, 0xc3, 0x96, 0x0f];
/// The key of the upgrade; its answer is not checked by contestants without WebSocket work.
const CLIENT_KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// A frame's header as it arrived.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) opcode: u8,
    pub(crate) key: [u8; 4],
    /// Bytes of the header itself.
    pub(crate) bytes: usize,
    /// Bytes of payload behind it.
    pub(crate) payload: usize,
}

/// Reads the header at the start of `input`, if all of it is there.
pub(crate) fn parse(input: &[u8]) -> Option<Header> {
    let [first, second, ..] = *input else {
        return None;
    };
    let (payload, length_bytes) = match second & !MASKED {
        126 => (u64::from(u16::from_be_bytes(array(input, 2)?)), 2),
        127 => (u64::from_be_bytes(array(input, 2)?), 8),
        short => (u64::from(short), 0),
    };
    let mut bytes = 2 + length_bytes;
    let mut key = [0; 4];
    if second & MASKED != 0 {
        key = array(input, bytes)?;
        bytes += 4;
    }
    Some(Header {
        opcode: first & 0x0f,
        key,
        bytes,
        payload: usize::try_from(payload).unwrap(),
    })
}

fn array<const N: usize>(input: &[u8], at: usize) -> Option<[u8; N]> {
    input.get(at..at + N)?.try_into().ok()
}

/// Bytes of the header of a server's frame.
pub(crate) fn server_header_bytes(payload: usize) -> usize {
    match payload {
        0..=125 => 2,
        126..=0xffff => 4,
        _ => 10,
    }
}

/// Appends a header, masked or not.
pub(crate) fn put_header(output: &mut Vec<u8>, opcode: u8, payload: usize, mask: u8) {
    output.push(FIN | opcode);
    match payload {
        0..=125 => output.push(mask | payload as u8),
        126..=0xffff => {
            output.push(mask | 126);
            output.extend((payload as u16).to_be_bytes());
        }
        _ => {
            output.push(mask | 127);
            output.extend((payload as u64).to_be_bytes());
        }
    }
}

/// A whole frame as a server sends it.
pub(crate) fn server_frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEADER_BYTES_MAX + payload.len());
    put_header(&mut frame, opcode, payload.len(), 0);
    frame.extend(payload);
    frame
}

/// A whole frame as a client sends it, masked once and for all.
pub(crate) fn client_frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEADER_BYTES_MAX + payload.len());
    put_header(&mut frame, opcode, payload.len(), MASKED);
    frame.extend(KEY);
    append_unmasked(&mut frame, payload, KEY);
    frame
}

/// Appends `payload` with the mask taken off (or put on), in the same pass as the copy.
pub(crate) fn append_unmasked(output: &mut Vec<u8>, payload: &[u8], key: [u8; 4]) {
    let start = output.len();
    output.extend_from_slice(payload);
    let [a, b, c, d] = key;
    let word = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, tail) = output[start..].as_chunks_mut::<8>();
    for bytes in words {
        *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, key) in tail.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// Asks for the upgrade and reads the head of its answer, and nothing behind it.
pub(crate) fn upgrade(stream: &mut (impl Read + Write), path: &str) {
    stream.write_all(upgrade_request(path).as_bytes()).unwrap();
    let head = read_head(stream);
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
}

/// The head of the upgrade's request.
pub(crate) fn upgrade_request(path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {CLIENT_KEY}\r\n\r\n"
    )
}

/// Reads up to the empty line; neither side sends anything behind it before the other has answered.
pub(crate) fn read_head(stream: &mut impl Read) -> String {
    let mut input = Vec::new();
    let bytes = read_until_head(stream, &mut input).expect("the connection ended inside a head");
    assert_eq!(bytes, input.len(), "nothing follows");
    String::from_utf8(input).unwrap()
}

/// Reads until `input` begins with a head; its length, or nothing if the connection ends.
pub(crate) fn read_until_head(stream: &mut impl Read, input: &mut Vec<u8>) -> Option<usize> {
    loop {
        if let Some(end) = memchr::memmem::find(input, b"\r\n\r\n") {
            return Some(end + 4);
        }
        let before = input.len();
        input.resize(before + 16 * 1024, 0);
        let read = stream.read(&mut input[before..]).unwrap_or(0);
        input.truncate(before + read);
        if read == 0 {
            return None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_made() {
        for bytes in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = crate::work::pattern(bytes);
            let frame = client_frame(BINARY, &payload);
            let header = parse(&frame).unwrap();
            assert_eq!((header.opcode, header.payload), (BINARY, bytes));
            let mut unmasked = Vec::new();
            append_unmasked(&mut unmasked, &frame[header.bytes..], header.key);
            assert_eq!(unmasked, payload);

            let frame = server_frame(BINARY, &payload);
            let header = parse(&frame).unwrap();
            assert_eq!(header.bytes, server_header_bytes(bytes));
            assert_eq!(&frame[header.bytes..], payload);
        }
    }

    #[test]
    fn a_cut_header_is_no_header() {
        let frame = client_frame(BINARY, &[7; 70_000]);
        for end in 0..HEADER_BYTES_MAX {
            assert!(parse(&frame[..end]).is_none(), "{end} bytes");
        }
    }
}
