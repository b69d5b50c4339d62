//! Frames as bytes: built with the key of the scenarios, and taken apart.

/// The masking key of all frames that tests write.
pub(crate) const KEY: [u8; 4] = [0x37, 0xFA, 0x21, 0x3D];

/// Bytes from hexadecimal digits; spaces are ignored.
pub(crate) fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(|byte| *byte != b' ').collect();
    assert!(digits.len().is_multiple_of(2), "whole bytes");
    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap() as u8;
    digits
        .chunks(2)
        .map(|pair| digit(pair[0]) << 4 | digit(pair[1]))
        .collect()
}

/// A header with the shortest length, without a key.
fn header(first: u8, length: usize, mask: u8) -> Vec<u8> {
    match length {
        0..=125 => vec![first, mask | length as u8],
        126..=0xFFFF => {
            let mut bytes = vec![first, mask | 126];
            bytes.extend((length as u16).to_be_bytes());
            bytes
        }
        _ => {
            let mut bytes = vec![first, mask | 127];
            bytes.extend((length as u64).to_be_bytes());
            bytes
        }
    }
}

/// A client's frame.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, payload.len(), 0x80);
    bytes.extend(KEY);
    bytes.extend(payload.iter().zip(KEY.iter().cycle()).map(|(a, b)| a ^ b));
    bytes
}

/// A server's frame.
pub(crate) fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, payload.len(), 0);
    bytes.extend(payload);
    bytes
}

/// A frame that the library built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    pub(crate) key: Option<[u8; 4]>,
    /// Unmasked.
    pub(crate) payload: Vec<u8>,
}

/// Takes bytes apart that are whole frames, each with the shortest length.
pub(crate) fn frames(mut bytes: &[u8]) -> Vec<Frame> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (frame, used) = frame(bytes);
        found.push(frame);
        bytes = &bytes[used..];
    }
    found
}

fn frame(bytes: &[u8]) -> (Frame, usize) {
    let (first, second) = (bytes[0], bytes[1]);
    let (length, mut at) = match second & 0x7F {
        126 => (usize::from(u16::from_be_bytes([bytes[2], bytes[3]])), 4),
        127 => {
            let length = u64::from_be_bytes(bytes[2..10].try_into().unwrap());
            (usize::try_from(length).unwrap(), 10)
        }
        short => (usize::from(short), 2),
    };
    let shortest = header(first, length, 0).len();
    assert_eq!(at, shortest, "the length has its shortest form");
    let mut key = None;
    if second & 0x80 != 0 {
        key = Some(bytes[at..at + 4].try_into().unwrap());
        at += 4;
    }
    let wire = &bytes[at..at + length];
    let mask = key.unwrap_or([0; 4]);
    let payload = wire.iter().zip(mask.iter().cycle()).map(|(a, b)| a ^ b);
    let payload = payload.collect();
    (
        Frame {
            first,
            key,
            payload,
        },
        at + length,
    )
}
