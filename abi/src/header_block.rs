//! Header fields that the library hands out: an array of structures, and the terminated texts they
//! point to.

use std::fmt;

use crate::types::HttpHeader;

/// The fields of a handshake, in memory that does not move. The program may use the array until
/// this is dropped.
pub struct HeaderBlock {
    headers: Box<[HttpHeader]>,
    /// Names and values, each terminated; `headers` points into it.
    _text: Box<[u8]>,
}

// SAFETY: the pointers are into the block's own memory.
unsafe impl Send for HeaderBlock {}

impl HeaderBlock {
    /// Copies names and values.
    #[must_use]
    pub fn new<'a>(fields: impl Iterator<Item = (&'a [u8], &'a [u8])> + Clone) -> Self {
        let mut text = Vec::new();
        for (name, value) in fields.clone() {
            for part in [name, value] {
                text.extend_from_slice(part);
                text.push(0);
            }
        }
        let mut text = text.into_boxed_slice();
        let mut next = text.as_mut_ptr();
        let mut place = |part: &[u8]| {
            let at = next;
            next = next.wrapping_add(part.len() + 1);
            (at, u32::try_from(part.len()).unwrap_or(u32::MAX))
        };
        let headers = fields
            .map(|(name, value)| {
                let (pc_name, ul_name_length) = place(name);
                let (pc_value, ul_value_length) = place(value);
                HttpHeader {
                    pc_name,
                    ul_name_length,
                    pc_value,
                    ul_value_length,
                }
            })
            .collect();
        Self {
            headers,
            _text: text,
        }
    }

    /// The array, for the program.
    #[must_use]
    pub fn as_mut_ptr(&mut self) -> *mut HttpHeader {
        self.headers.as_mut_ptr()
    }

    /// Number of fields.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.headers.len()).unwrap_or(u32::MAX)
    }
}

impl fmt::Debug for HeaderBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HeaderBlock({} fields)", self.headers.len())
    }
}

#[cfg(test)]
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all pointers are into the block"
)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_terminated_at_their_lengths() {
        let fields = [(&b"Host"[..], &b"example"[..]), (b"Empty", b"")];
        let mut block = HeaderBlock::new(fields.iter().copied());
        assert_eq!(block.count(), 2);
        for (index, (name, value)) in fields.into_iter().enumerate() {
            let header = unsafe { block.as_mut_ptr().wrapping_add(index).read() };
            for (start, len, text) in [
                (header.pc_name, header.ul_name_length, name),
                (header.pc_value, header.ul_value_length, value),
            ] {
                let len = usize::try_from(len).unwrap();
                let read = unsafe { std::slice::from_raw_parts(start, len + 1) };
                assert_eq!(read, [text, b"\0"].concat());
            }
        }
    }
}
