//! The number behind a HINTERNET: slot index and generation, never a pointer.

use std::num::NonZeroU64;

/// Names one handle for the life of the process; never reused.
///
/// The upper half is the slot's generation, the lower half its index plus one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct HandleId(NonZeroU64);

impl HandleId {
    pub(super) fn new(index: u32, generation: u32) -> Option<Self> {
        let low = u64::from(index).checked_add(1)?;
        NonZeroU64::new(u64::from(generation) << 32 | low).map(Self)
    }

    /// Takes any number a caller passed; whether it names a live handle is the table's answer.
    #[must_use]
    #[inline]
    pub fn from_bits(bits: u64) -> Option<Self> {
        NonZeroU64::new(bits).map(Self)
    }

    /// The number to give to the caller.
    #[must_use]
    #[inline]
    pub fn bits(self) -> u64 {
        self.0.get()
    }

    /// 32 bits, not 0, that no other live handle of a table has; a handle that takes the same slot
    /// later has others, until generations have passed 64 times.
    #[must_use]
    pub fn tag(self) -> u32 {
        // Tables have at most 2²⁶ slots.
        let slot = u32::try_from(self.bits() & 0x03ff_ffff).unwrap_or(0);
        slot | (self.generation() & 0x3f) << 26
    }

    #[inline]
    pub(super) fn index(self) -> Option<u32> {
        u32::try_from(self.bits() & 0xffff_ffff)
            .ok()?
            .checked_sub(1)
    }

    #[inline]
    pub(super) fn generation(self) -> u32 {
        u32::try_from(self.bits() >> 32).unwrap_or(0)
    }
}
