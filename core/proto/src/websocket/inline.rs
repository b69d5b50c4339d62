//! A few bytes stored in place: headers, control payloads and close reasons never need the heap.

/// At most `N` bytes (`N` ≤ 255) stored inside the value.
#[derive(Clone, Copy)]
pub(super) struct InlineBytes<const N: usize> {
    bytes: [u8; N],
    /// Invariant: at most `N`.
    len: u8,
}

impl<const N: usize> InlineBytes<N> {
    pub(super) const fn new() -> Self {
        const { assert!(N <= u8::MAX as usize, "the length is stored in one byte") };
        Self {
            bytes: [0; N],
            len: 0,
        }
    }

    /// Appends as much of `more` as fits and says how many bytes that was.
    pub(super) fn extend(&mut self, more: &[u8]) -> usize {
        let free = self
            .bytes
            .get_mut(usize::from(self.len)..)
            .unwrap_or_default();
        let mut count: u8 = 0;
        for (slot, byte) in free.iter_mut().zip(more) {
            *slot = *byte;
            count += 1; // No overflow: `free` is at most `N` ≤ 255 bytes long.
        }
        self.len += count;
        usize::from(count)
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [u8] {
        self.bytes
            .get_mut(..usize::from(self.len))
            .unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_fits_and_says_how_much() {
        let mut bytes = InlineBytes::<4>::new();
        assert_eq!(bytes.extend(b"abc"), 3);
        assert_eq!(bytes.extend(b"def"), 1);
        assert_eq!(bytes.extend(b"g"), 0);
        assert_eq!(bytes.as_slice(), b"abcd");
        assert_eq!(bytes.len(), 4);
    }

    #[test]
    fn the_largest_size_can_be_filled() {
        let mut bytes = InlineBytes::<255>::new();
        assert_eq!(bytes.extend(&[7; 300]), 255);
        assert_eq!(bytes.as_slice(), &[7; 255]);
    }
}
