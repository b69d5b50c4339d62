//! One block of memory that is divided into areas and handed out piece by piece: the caller's, or
//! the library's own.
//!
//! Pieces are made one at a time and only for the range that is asked for, so that a program may
//! work on one piece while the library works on another.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::fmt;
use std::ops::Range;
use std::ptr::NonNull;

/// Every block begins at a multiple of this many bytes.
const ALIGNMENT: usize = 8;

/// Memory for a handle's buffers.
pub struct MemoryBlock {
    /// Invariant: if there is one, it points to `bytes` bytes that are ours until the block is
    /// dropped.
    start: Option<NonNull<u8>>,
    bytes: usize,
    /// The memory came from the allocator, with [`layout`](Self::layout).
    owned: bool,
}

// SAFETY: the memory is ours alone, whichever thread works on it.
unsafe impl Send for MemoryBlock {}

impl MemoryBlock {
    /// A block that [`provide`](Self::provide) allocates.
    #[must_use]
    pub fn unallocated(bytes: usize) -> Self {
        Self {
            start: None,
            bytes,
            owned: false,
        }
    }

    /// A block of the caller's memory; `None` if it is NULL, misaligned, or cannot be memory.
    ///
    /// # Safety
    /// `start` points to `bytes` bytes that stay valid and are used by nobody but through this
    /// block until it is dropped.
    #[must_use]
    pub unsafe fn lent(start: *mut u8, bytes: usize) -> Option<Self> {
        let start = NonNull::new(start)?;
        let proper = start.addr().get().is_multiple_of(ALIGNMENT)
            && crate::input::is_plausible(start.addr().get(), bytes);
        proper.then_some(Self {
            start: Some(start),
            bytes,
            owned: false,
        })
    }

    /// Allocates the memory, zeroed, unless it is there; whether it is there afterwards.
    pub fn provide(&mut self) -> bool {
        if self.start.is_none()
            && let Some(layout) = self.layout()
        {
            // SAFETY: the layout is not empty.
            self.start = NonNull::new(unsafe { alloc_zeroed(layout) });
            self.owned = self.start.is_some();
        }
        self.start.is_some()
    }

    /// A piece of the memory; empty if the range is not inside or the memory is not there.
    #[inline]
    pub fn piece(&mut self, range: Range<usize>) -> &mut [u8] {
        let Some(start) = self.at(range.start, range.len()) else {
            return &mut [];
        };
        // SAFETY: the piece lies inside the block, which is ours, and `self` is borrowed as long as
        // it is used. Where a program was told an address in the block, it works on another piece
        // meanwhile: that is the caller's part.
        unsafe { std::slice::from_raw_parts_mut(start, range.len()) }
    }

    /// The address of a piece of `len` bytes, to be told to the program; `None` if it is not
    /// inside.
    #[must_use]
    #[inline]
    pub fn at(&self, offset: usize, len: usize) -> Option<*mut u8> {
        let end = offset.checked_add(len)?;
        let start = self.start.filter(|_| end <= self.bytes)?;
        Some(start.as_ptr().wrapping_add(offset))
    }

    fn layout(&self) -> Option<Layout> {
        Layout::from_size_align(self.bytes, ALIGNMENT)
            .ok()
            .filter(|layout| layout.size() > 0)
    }
}

impl Drop for MemoryBlock {
    fn drop(&mut self) {
        if let (Some(start), true, Some(layout)) = (self.start, self.owned, self.layout()) {
            // SAFETY: `provide` allocated it with this layout, and nobody uses it after the drop.
            unsafe { dealloc(start.as_ptr(), layout) };
        }
    }
}

impl fmt::Debug for MemoryBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryBlock({} bytes)", self.bytes)
    }
}

#[cfg(test)]
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "tests pass memory of their own that lives as long as they use it"
)]
mod tests {
    use super::*;

    #[test]
    fn an_own_block_is_there_once_it_is_provided() {
        let mut block = MemoryBlock::unallocated(64);
        assert_eq!((block.piece(0..8).len(), block.at(0, 8)), (0, None));
        assert!(block.provide() && block.provide());
        assert_eq!(block.piece(8..64), [0; 56]);
        block.piece(8..9)[0] = 7;
        assert_eq!(unsafe { block.at(8, 1).unwrap().read() }, 7);
    }

    #[test]
    fn pieces_end_where_the_block_ends() {
        let mut block = MemoryBlock::unallocated(16);
        assert!(block.provide());
        for range in [0..17, 16..17, 17..17, usize::MAX..usize::MAX] {
            assert!(block.piece(range.clone()).is_empty());
            assert!(block.at(range.start, range.len().max(1)).is_none());
        }
        assert!(block.at(16, 0).is_some());
    }

    #[test]
    fn lent_memory_must_be_there_and_aligned() {
        let mut memory = [0_u64; 4];
        let start = memory.as_mut_ptr().cast::<u8>();
        assert!(unsafe { MemoryBlock::lent(std::ptr::null_mut(), 8) }.is_none());
        assert!(unsafe { MemoryBlock::lent(start.wrapping_add(4), 8) }.is_none());
        let mut block = unsafe { MemoryBlock::lent(start, 32) }.unwrap();
        assert!(block.provide());
        block.piece(24..32).fill(0xff);
        assert_eq!(block.at(24, 8), Some(start.wrapping_add(24)));
        drop(block);
        assert_eq!(memory, [0, 0, 0, u64::MAX]);
    }

    #[test]
    fn more_than_there_is_cannot_be_provided() {
        assert!(!MemoryBlock::unallocated(usize::MAX).provide());
        assert!(!MemoryBlock::unallocated(0).provide());
    }
}
