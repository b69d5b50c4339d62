//! The server's half of RFC 6455: frames from a client, frames to it. Not our own protocol code, so
//! that it can judge it.

/// A frame from the client, unmasked.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) fin: bool,
    pub(crate) opcode: u8,
    pub(crate) payload: Vec<u8>,
}

pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// Takes the first whole frame out of `input`; `Err` for one that is not masked.
pub(crate) fn take(input: &mut Vec<u8>) -> Result<Option<Frame>, &'static str> {
    let &[first, second, ..] = input.as_slice() else {
        return Ok(None);
    };
    if second & 0x80 == 0 {
        return Err("a frame without a mask");
    }
    let (extended, short) = match second & 0x7f {
        126 => (2, 0),
        127 => (8, 0),
        length => (0, usize::from(length)),
    };
    let Some(length) = input.get(2..2 + extended) else {
        return Ok(None);
    };
    let long = length
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    let (start, length) = (2 + extended + 4, short + long);
    if input.len() < start + length {
        return Ok(None);
    }
    let key: [u8; 4] = input[start - 4..start].try_into().unwrap();
    let masked = &input[start..start + length];
    let payload = masked
        .iter()
        .zip(key.iter().cycle())
        .map(|(byte, key)| byte ^ key)
        .collect();
    input.drain(..start + length);
    Ok(Some(Frame {
        fin: first & 0x80 != 0,
        opcode: first & 0x0f,
        payload,
    }))
}

/// Puts a whole message or control frame behind `output`.
pub(crate) fn put(output: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    output.push(0x80 | opcode);
    match payload.len() {
        length @ 0..126 => output.push(length as u8),
        length @ 126..0x1_0000 => {
            output.push(126);
            output.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            output.push(127);
            output.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    output.extend_from_slice(payload);
}
