//! Random bytes from the system, buffered so that a masking key costs no system call.

use std::cell::RefCell;

use crate::error::{Error, Result};
use crate::proto::websocket::MaskKey;

/// Bytes fetched from the system at a time: 1,024 masking keys.
const BLOCK_BYTES: usize = 4096;

struct Block {
    bytes: [u8; BLOCK_BYTES],
    used: usize,
}

thread_local! {
    static BLOCK: RefCell<Box<Block>> =
        RefCell::new(Box::new(Block { bytes: [0; BLOCK_BYTES], used: BLOCK_BYTES }));
}

/// A fresh masking key (RFC 6455 §5.3: unpredictable, from a strong source of entropy).
///
/// # Errors
/// [`Error::Internal`] if the system gives no random bytes.
pub fn mask_key() -> Result<MaskKey> {
    take().map(MaskKey::new)
}

/// A fresh nonce for Sec-WebSocket-Key (RFC 6455 §4.1).
///
/// # Errors
/// [`Error::Internal`] if the system gives no random bytes.
pub fn nonce() -> Result<[u8; 16]> {
    take()
}

fn take<const N: usize>() -> Result<[u8; N]> {
    BLOCK.with_borrow_mut(|block| {
        if block.used + N > BLOCK_BYTES {
            getrandom::fill(&mut block.bytes).map_err(|_| Error::Internal)?;
            block.used = 0;
        }
        let start = block.used;
        let piece = block
            .bytes
            .get_mut(start..start + N)
            .ok_or(Error::Internal)?;
        let mut taken = [0; N];
        taken.copy_from_slice(piece);
        // A key that was handed out must not be found in memory again.
        piece.fill(0);
        block.used += N;
        Ok(taken)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonces_do_not_repeat_across_blocks() {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..2 * BLOCK_BYTES / 16 {
            assert!(seen.insert(nonce().unwrap()));
        }
    }
}
