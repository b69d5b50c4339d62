//! Masking of payload (RFC 6455 §5.3): byte `i` of a frame is XORed with key byte `i mod 4`.
//!
//! Both functions take the offset of their first byte within the frame, so that a payload can be
//! treated in pieces of any size. They run over blocks of 32 bytes, which compilers turn into
//! vector instructions; key phases stay aligned because every block is a multiple of the key's 4
//! bytes.

use std::fmt;

/// Bytes per step of the main loop: two 128-bit or one 256-bit vector.
const BLOCK_BYTES: usize = 32;

/// A frame's masking key; it must come fresh from a cryptographic generator (RFC 6455 §5.3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MaskKey([u8; 4]);

impl MaskKey {
    /// The key with these bytes, in wire order.
    #[must_use]
    pub const fn new(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }

    /// The bytes in wire order.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 4] {
        self.0
    }

    /// The key as seen by payload that starts `offset` bytes into the frame.
    fn at(self, offset: u64) -> [u8; 4] {
        let mut bytes = self.0;
        let phase = match offset % 4 {
            0 => 0,
            1 => 1,
            2 => 2,
            _ => 3,
        };
        bytes.rotate_left(phase);
        bytes
    }
}

impl From<[u8; 4]> for MaskKey {
    fn from(bytes: [u8; 4]) -> Self {
        Self(bytes)
    }
}

/// Shows no key bytes: a predictable key would let a script choose the bytes on the wire (§10.3).
impl fmt::Debug for MaskKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaskKey(..)")
    }
}

/// Masks or unmasks `bytes` in place; the first of them is byte `offset` of the frame's payload.
pub fn apply(key: MaskKey, offset: u64, bytes: &mut [u8]) {
    let key = key.at(offset);
    let word = wide(key);
    let (blocks, rest) = bytes.as_chunks_mut::<BLOCK_BYTES>();
    for block in blocks {
        for bytes in block.as_chunks_mut().0 {
            *bytes = xor(*bytes, word);
        }
    }
    let (words, tail) = rest.as_chunks_mut();
    for bytes in words {
        *bytes = xor(*bytes, word);
    }
    for (byte, key) in tail.iter_mut().zip(key.into_iter().cycle()) {
        *byte ^= key;
    }
}

/// Masks or unmasks from `src` into `dst` in one pass; `src` starts at byte `offset` of the
/// payload.
///
/// As many bytes are written as the shorter of the two holds.
pub fn copy_masked(key: MaskKey, offset: u64, src: &[u8], dst: &mut [u8]) {
    let len = src.len().min(dst.len());
    let (src, dst) = (
        src.get(..len).unwrap_or_default(),
        dst.get_mut(..len).unwrap_or_default(),
    );

    let key = key.at(offset);
    let word = wide(key);
    let (src_blocks, src_rest) = src.as_chunks::<BLOCK_BYTES>();
    let (dst_blocks, dst_rest) = dst.as_chunks_mut::<BLOCK_BYTES>();
    for (from, to) in src_blocks.iter().zip(dst_blocks) {
        for (from, to) in from.as_chunks().0.iter().zip(to.as_chunks_mut().0) {
            *to = xor(*from, word);
        }
    }
    let (src_words, src_tail) = src_rest.as_chunks();
    let (dst_words, dst_tail) = dst_rest.as_chunks_mut();
    for (from, to) in src_words.iter().zip(dst_words) {
        *to = xor(*from, word);
    }
    for ((from, to), key) in src_tail.iter().zip(dst_tail).zip(key.into_iter().cycle()) {
        *to = from ^ key;
    }
}

/// The key twice, as a word that keeps memory order.
fn wide([a, b, c, d]: [u8; 4]) -> u64 {
    u64::from_ne_bytes([a, b, c, d, a, b, c, d])
}

fn xor(bytes: [u8; 8], word: u64) -> [u8; 8] {
    (u64::from_ne_bytes(bytes) ^ word).to_ne_bytes()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: MaskKey = MaskKey::new([0x37, 0xfa, 0x21, 0x3d]);

    fn naive(key: MaskKey, offset: u64, bytes: &[u8]) -> Vec<u8> {
        let key = key.to_bytes();
        (offset..)
            .zip(bytes)
            .map(|(at, byte)| byte ^ key[usize::try_from(at % 4).unwrap()])
            .collect()
    }

    #[test]
    fn rfc_example() {
        let mut bytes = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
        apply(KEY, 0, &mut bytes);
        assert_eq!(&bytes, b"Hello");
    }

    #[test]
    fn every_length_phase_and_alignment_agrees_with_the_definition() {
        let source: Vec<u8> = (0..=255).collect();
        for len in 0..=100 {
            for offset in [0, 1, 2, 3, 4, 1 << 32, u64::MAX - 200] {
                for start in 0..8 {
                    let plain = &source[start..start + len];
                    let expected = naive(KEY, offset, plain);

                    let mut in_place = plain.to_vec();
                    apply(KEY, offset, &mut in_place);
                    assert_eq!(in_place, expected, "apply len {len} offset {offset}");

                    let mut copied = vec![0xEE; len + 3];
                    copy_masked(KEY, offset, plain, &mut copied);
                    assert_eq!(&copied[..len], expected, "copy len {len} offset {offset}");
                    assert_eq!(
                        &copied[len..],
                        [0xEE; 3],
                        "nothing behind the payload is written"
                    );
                }
            }
        }
    }

    #[test]
    fn a_short_destination_takes_what_fits() {
        let mut dst = [0; 3];
        copy_masked(KEY, 0, b"Hello", &mut dst);
        assert_eq!(dst, [0x7f, 0x9f, 0x4d]);
    }

    #[test]
    fn debug_output_hides_the_key() {
        assert_eq!(format!("{KEY:?}"), "MaskKey(..)");
    }

    proptest! {
        #[test]
        fn pieces_give_the_same_bytes_as_the_whole(
            key: [u8; 4],
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            cuts in prop::collection::vec(1_usize..70, 1..20),
        ) {
            let key = MaskKey::from(key);
            let expected = naive(key, 0, &bytes);
            let (mut in_place, mut copied) = (bytes.clone(), vec![0; bytes.len()]);
            let (mut at, mut cuts) = (0, cuts.iter().cycle());
            while at < bytes.len() {
                let end = bytes.len().min(at + cuts.next().unwrap());
                apply(key, at as u64, &mut in_place[at..end]);
                copy_masked(key, at as u64, &bytes[at..end], &mut copied[at..end]);
                at = end;
            }
            prop_assert_eq!(&in_place, &expected);
            prop_assert_eq!(&copied, &expected);
        }
    }
}
