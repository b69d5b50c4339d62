//! Memory lent to operations: poisoned after the completion, and looked at again later.

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::report::violation;

/// What memory holds whose loan is over. No echoed message contains it.
pub(crate) const POISON: u8 = 0xdb;
/// Blocks under watch at once; the oldest are checked and freed first.
const WATCHED_MAX: usize = 2048;

/// A block of memory that the library may write to.
#[derive(Debug)]
pub(crate) struct Block(Box<[UnsafeCell<u8>]>);

// SAFETY: access is through volatile reads and writes, outside the loan only; a late write is what
// the test looks for.
unsafe impl Send for Block {}
// SAFETY: as above.
unsafe impl Sync for Block {}

static WATCHED: Mutex<VecDeque<Block>> = Mutex::new(VecDeque::new());
/// Memory of which nobody knows when its loan ended; kept to the end of the round.
static KEPT: Mutex<Vec<Block>> = Mutex::new(Vec::new());

impl Block {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(bytes.iter().copied().map(UnsafeCell::new).collect())
    }

    pub(crate) fn pointer(&self) -> *mut u8 {
        self.0.as_ptr().cast_mut().cast()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The first `count` bytes satisfy `good`.
    pub(crate) fn all(&self, count: usize, good: impl Fn(u8) -> bool) -> bool {
        // SAFETY: the cell is there.
        let read = |cell: &UnsafeCell<u8>| unsafe { cell.get().read_volatile() };
        self.0.iter().take(count).all(|cell| good(read(cell)))
    }

    /// Ends the loan: whoever touches the memory from now on is found out.
    pub(crate) fn watch(self) {
        for cell in &self.0 {
            // SAFETY: the cell is there, and its loan is over.
            unsafe { cell.get().write_volatile(POISON) };
        }
        let oldest = {
            let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
            watched.push_back(self);
            (watched.len() > WATCHED_MAX).then(|| watched.pop_front())
        };
        if let Some(block) = oldest.flatten() {
            block.check();
        }
    }

    pub(crate) fn keep(self) {
        KEPT.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(self);
    }

    fn check(&self) {
        if !self.all(self.len(), |byte| byte == POISON) {
            violation("lent memory was written after the completion");
        }
    }
}

/// Checks and frees everything; no operation is under way any more.
pub(crate) fn settle() {
    let watched = std::mem::take(&mut *WATCHED.lock().unwrap_or_else(PoisonError::into_inner));
    watched.iter().for_each(Block::check);
    let kept = std::mem::take(&mut *KEPT.lock().unwrap_or_else(PoisonError::into_inner));
    drop(kept);
}
