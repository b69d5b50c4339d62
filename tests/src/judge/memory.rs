//! Memory that is lent to the library: aligned as it asks, between guard bytes that nobody may
//! touch.

const GUARD: usize = 64;
const PATTERN: u8 = 0xc7;

/// A block between guard bytes.
#[derive(Debug)]
pub struct Guarded {
    /// Words, so that the block is aligned to 8 bytes.
    words: Vec<u64>,
    size: usize,
}

impl Guarded {
    /// Memory of this size, filled with a pattern.
    pub fn new(size: usize) -> Self {
        let words = (GUARD + size + GUARD).div_ceil(8);
        Self {
            words: vec![u64::from_ne_bytes([PATTERN; 8]); words],
            size,
        }
    }

    /// Where it begins.
    pub fn pointer(&mut self) -> *mut u8 {
        self.words.as_mut_ptr().wrapping_add(GUARD / 8).cast()
    }

    /// How many bytes it has.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether so many bytes from there lie inside.
    pub fn holds(&self, pointer: *const u8, length: usize) -> bool {
        let start = self.words.as_ptr().addr() + GUARD;
        let end = start + self.size;
        pointer.addr() >= start && pointer.addr() <= end && length <= end - pointer.addr()
    }

    /// Whether the bytes around it are as they were.
    pub fn is_intact(&self) -> bool {
        let (before, rest) = self.words.split_at(GUARD / 8);
        let after = &rest[self.size / 8..];
        let whole = |word: &u64| *word == u64::from_ne_bytes([PATTERN; 8]);
        let mixed = after[0].to_ne_bytes();
        before.iter().chain(&after[1..]).all(whole)
            && mixed[self.size % 8..].iter().all(|&byte| byte == PATTERN)
    }
}
