//! HINTERNET: a pointer-sized number that is never followed.

pub use crate::types::HInternet as Hinternet;

/// The number in a handle.
#[must_use]
#[inline]
pub fn bits(handle: Hinternet) -> u64 {
    // A pointer has at most 64 bits on every supported target.
    u64::try_from(handle.addr()).unwrap_or(0)
}

/// The handle with this number.
#[must_use]
#[inline]
pub fn from_bits(bits: u64) -> Hinternet {
    std::ptr::without_provenance_mut(usize::try_from(bits).unwrap_or(0))
}
