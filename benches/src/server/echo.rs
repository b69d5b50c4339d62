//! `/echo`: every message comes back, with one write for all that one read brought.

use std::io::Result;

use super::Stream;
use crate::wire;

/// Room for the largest message that is echoed, or for many small ones.
const BUFFER_BYTES: usize = 512 * 1024;

pub(super) fn serve(stream: &mut impl Stream) -> Result<()> {
    let mut input = vec![0; BUFFER_BYTES];
    let mut output = Vec::with_capacity(BUFFER_BYTES);
    let mut filled = 0;
    loop {
        let read = stream.read(&mut input[filled..])?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        let mut at = 0;
        while let Some(header) = wire::parse(&input[at..filled]) {
            let end = at + header.bytes + header.payload;
            if end > filled {
                break;
            }
            wire::put_header(&mut output, header.opcode, header.payload, 0);
            wire::append_unmasked(&mut output, &input[at + header.bytes..end], header.key);
            at = end;
        }
        stream.write_all(&output)?;
        output.clear();
        input.copy_within(at..filled, 0);
        filled -= at;
    }
}
