//! Memory of the test for a handle's buffers, between guard bytes.

/// Guard bytes before and behind.
const GUARD_BYTES: usize = 64;
/// What guard bytes are.
const GUARD: u8 = 0xC7;

/// A block whose neighbourhood must stay as it is. Freed after the handle that uses it.
#[derive(Debug)]
pub(crate) struct Block {
    /// All words, guards included; from `Box::into_raw`.
    words: *mut [u64],
    size: usize,
    /// How many bytes from the start the library may write.
    used_max: usize,
}

// SAFETY: the bytes are only touched through raw pointers: by the library under its lock, by the
// test in `drop`.
unsafe impl Send for Block {}
// SAFETY: as above; shared access only computes addresses.
unsafe impl Sync for Block {}

impl Block {
    /// A block of `size` bytes of which the library may use the first `used_max`.
    pub(crate) fn new(size: usize, used_max: usize) -> Self {
        let words = (2 * GUARD_BYTES + size).div_ceil(8);
        let guards = u64::from_ne_bytes([GUARD; 8]);
        let words = Box::into_raw(vec![guards; words].into_boxed_slice());
        Self {
            words,
            size,
            used_max,
        }
    }

    /// The first byte, aligned to 8.
    pub(crate) fn start(&self) -> *mut u8 {
        self.words.cast::<u8>().wrapping_add(GUARD_BYTES)
    }

    /// Size in bytes.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Whether these bytes lie in the part that the library may use.
    pub(crate) fn contains(&self, address: usize, bytes: usize) -> bool {
        let start = self.start().addr();
        address >= start && address + bytes <= start + self.used_max
    }

    /// Whether nothing outside the usable part was written.
    pub(crate) fn guards_are_intact(&self) -> bool {
        let behind = GUARD_BYTES + self.used_max..self.words.len() * 8;
        (0..GUARD_BYTES).chain(behind).all(|at| {
            let byte = self.words.cast::<u8>().wrapping_add(at);
            // SAFETY: inside the allocation, which lives as long as self.
            unsafe { byte.read() == GUARD }
        })
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let intact = self.guards_are_intact();
        // SAFETY: `words` came from `Box::into_raw`, and the handle that used it is gone.
        drop(unsafe { Box::from_raw(self.words) });
        assert!(
            intact || std::thread::panicking(),
            "nothing outside the block's used part is written"
        );
    }
}
