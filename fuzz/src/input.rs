//! Reads decisions from the bytes of an input; past the end everything is zero, so every input
//! means something.

/// The bytes that were not used yet.
pub struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        first
    }

    pub fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::from(self.byte()) % limit
    }

    pub fn number(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// At most `count` bytes.
    pub fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    /// A byte that says how many, and so many bytes.
    pub fn short(&mut self) -> &'a [u8] {
        let count = usize::from(self.byte());
        self.bytes(count)
    }

    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

/// Sizes of pieces, from a seed: many tiny ones, some large.
pub struct Pieces(u32);

impl Pieces {
    pub fn new(seed: u16) -> Self {
        Self(u32::from(seed) << 1 | 1)
    }

    /// The next size, at least 1.
    pub fn next(&mut self) -> usize {
        // Marsaglia's xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        let size = match self.0 >> 30 {
            0 => 1,
            1 => 1 + (self.0 & 3),
            2 => 1 + (self.0 & 31),
            _ => 1 + (self.0 & 1023),
        };
        size as usize
    }

    pub fn flag(&mut self) -> bool {
        self.next() & 1 == 1
    }
}
