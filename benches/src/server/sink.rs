//! `/sink`: discards binary messages by their headers; a text message asks how many bytes they
//! held.

use std::io::Result;

use super::Stream;
use crate::wire;

/// Payload discarded at a time.
const SCRATCH_BYTES: usize = 1 << 20;

pub(super) fn serve(stream: &mut impl Stream) -> Result<()> {
    let mut scratch = vec![0; SCRATCH_BYTES];
    let mut total = 0;
    // Both the header of a large message and the whole of a mark of 8 bytes have this length.
    let mut start = [0; wire::HEADER_BYTES_MAX];
    loop {
        stream.read_exact(&mut start)?;
        let header = wire::parse(&start).unwrap();
        let mut left = (header.bytes + header.payload)
            .checked_sub(start.len())
            .expect("a frame shorter than a mark");
        while left > 0 {
            let room = left.min(scratch.len());
            match stream.discard(&mut scratch[..room])? {
                0 => return Ok(()),
                discarded => left -= discarded,
            }
        }
        match header.opcode {
            wire::TEXT => {
                let answer = wire::server_frame(wire::BINARY, &u64::to_be_bytes(total));
                stream.write_all(&answer)?;
                total = 0;
            }
            wire::CLOSE => return Ok(()),
            _ => total += header.payload as u64,
        }
    }
}
