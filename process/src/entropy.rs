//! Random bytes from the system, buffered so that a masking key costs no system call.

use std::cell::RefCell;

use crate::fork::{Epoch, epoch};

/// Bytes fetched from the system at a time: 1,024 masking keys.
const BLOCK_BYTES: usize = 4096;

struct Block {
    bytes: [u8; BLOCK_BYTES],
    used: usize,
    /// Whose bytes they are: the child of a fork has its parent's block, too, and must not use it.
    epoch: Epoch,
}

thread_local! {
    static BLOCK: RefCell<Box<Block>> =
        RefCell::new(Box::new(Block { bytes: [0; BLOCK_BYTES], used: BLOCK_BYTES, epoch: epoch() }));
}

/// Random bytes that nobody can predict and no fork repeats: masking keys (RFC 6455 §5.3), nonces
/// (§4.1).
///
/// None if the system gives no random bytes.
#[must_use]
pub fn random<const N: usize>() -> Option<[u8; N]> {
    // A thread that ends has no block any more, but its destructors may still send.
    BLOCK
        .try_with(|block| block.borrow_mut().take(epoch()))
        .unwrap_or_else(|_| fetch())
}

/// Bytes straight from the system.
fn fetch<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes)
}

impl Block {
    fn take<const N: usize>(&mut self, epoch: Epoch) -> Option<[u8; N]> {
        if self.used + N > BLOCK_BYTES || self.epoch != epoch {
            getrandom::fill(&mut self.bytes).ok()?;
            self.used = 0;
            self.epoch = epoch;
        }
        let start = self.used;
        let piece = self.bytes.get_mut(start..start + N)?;
        let mut taken = [0; N];
        taken.copy_from_slice(piece);
        // A key that was handed out must not be found in memory again.
        piece.fill(0);
        self.used += N;
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_do_not_repeat_across_blocks() {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..2 * BLOCK_BYTES / 16 {
            assert!(seen.insert(random::<16>().unwrap()));
        }
    }

    #[test]
    fn a_thread_that_ends_still_gets_bytes() {
        struct AtExit(std::sync::mpsc::Sender<bool>);
        impl Drop for AtExit {
            fn drop(&mut self) {
                let gone = BLOCK.try_with(|_| ()).is_err();
                let _ = self.0.send(gone && random::<16>().is_some());
            }
        }
        thread_local! {
            static AT_EXIT: RefCell<Option<AtExit>> = const { RefCell::new(None) };
        }
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            // Destroyed after the block, because it was there before.
            AT_EXIT.set(Some(AtExit(sender)));
            random::<16>().unwrap();
        })
        .join()
        .unwrap();
        assert_eq!(receiver.recv(), Ok(true));
    }

    #[test]
    fn bytes_that_were_fetched_are_not_used_in_another_epoch() {
        let (parent, child) = (epoch(), epoch().next());
        let mut block = Block {
            bytes: [0; BLOCK_BYTES],
            used: BLOCK_BYTES,
            epoch: parent,
        };
        block.take::<16>(parent).unwrap();
        let next = block.bytes[block.used..block.used + 16].to_vec();
        assert_ne!(block.take::<16>(child).unwrap(), next[..]);
    }
}
