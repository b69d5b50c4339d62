//! `/stream`: a message that holds a number asks for that many large messages.

use std::fs::File;
use std::io::{Result, Write};

use super::Stream;
use crate::rows::LARGE_BYTES;
use crate::wire;

/// The frame that is sent again and again, in memory and as a file that only memory holds.
pub(super) struct Prepared {
    pub(super) bytes: Vec<u8>,
    pub(super) file: File,
}

pub(super) fn serve(stream: &mut impl Stream) -> Result<()> {
    let prepared = prepare()?;
    let mut request = [0; 14];
    loop {
        stream.read_exact(&mut request)?;
        let header = wire::parse(&request).unwrap();
        if header.opcode == wire::CLOSE {
            return Ok(());
        }
        assert_eq!((header.bytes, header.payload), (6, 8));
        let mut count = Vec::new();
        wire::append_unmasked(&mut count, &request[6..], header.key);
        let count = u64::from_be_bytes(count.try_into().unwrap());
        stream.repeat(&prepared, count)?;
    }
}

fn prepare() -> Result<Prepared> {
    let bytes = wire::server_frame(wire::BINARY, &crate::work::pattern(LARGE_BYTES));
    let mut file = crate::machine::file_in_memory()?;
    file.write_all(&bytes)?;
    Ok(Prepared { bytes, file })
}
