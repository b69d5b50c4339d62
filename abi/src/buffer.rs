//! Memory that a caller lends to an operation until it completes.
//!
//! The lifetime rule of WinHTTP: from the call until the operation's completion was delivered (or
//! the call returned, in synchronous mode) the memory belongs to the library. An operation owns its
//! buffer value and drops it before the completion is delivered, so nothing here outlives the loan.

use std::fmt;

use crate::code::{Code, Result};
use crate::input::is_plausible;

/// Writable memory lent by the caller.
pub struct LentMut {
    pointer: *mut u8,
    length: usize,
}

/// Readable memory lent by the caller.
pub struct Lent {
    pointer: *const u8,
    length: usize,
}

// SAFETY: the loan is exclusive until the operation completes, whichever thread works on it; the
// caller must not touch the memory meanwhile.
unsafe impl Send for LentMut {}
// SAFETY: as above; the caller must not change the memory meanwhile.
unsafe impl Send for Lent {}

impl LentMut {
    /// Takes the loan.
    ///
    /// # Safety
    /// `pointer` is NULL, or points to `length` writable bytes that stay valid and untouched until
    /// the operation that gets this value completes.
    ///
    /// # Errors
    /// ERROR_INVALID_PARAMETER for NULL with a length above 0, or a range that cannot be memory.
    #[inline]
    pub unsafe fn new(pointer: *mut u8, length: u32) -> Result<Self> {
        let length = usize::try_from(length).map_err(|_| Code::INVALID_PARAMETER)?;
        if (pointer.is_null() && length > 0) || !is_plausible(pointer.addr(), length) {
            return Err(Code::INVALID_PARAMETER);
        }
        Ok(Self { pointer, length })
    }

    /// The memory.
    #[inline]
    pub fn bytes(&mut self) -> &mut [u8] {
        if self.length == 0 {
            return &mut [];
        }
        // SAFETY: `new` was promised that the memory is valid and ours until the operation
        // completes.
        unsafe { std::slice::from_raw_parts_mut(self.pointer, self.length) }
    }

    /// The address the caller passed.
    #[must_use]
    #[inline]
    pub fn address(&self) -> usize {
        self.pointer.expose_provenance()
    }
}

impl Lent {
    /// Takes the loan.
    ///
    /// # Safety
    /// `pointer` is NULL, or points to `length` readable bytes that stay valid and unchanged until
    /// the operation that gets this value completes.
    ///
    /// # Errors
    /// ERROR_INVALID_PARAMETER for NULL with a length above 0, or a range that cannot be memory.
    #[inline]
    pub unsafe fn new(pointer: *const u8, length: u32) -> Result<Self> {
        let length = usize::try_from(length).map_err(|_| Code::INVALID_PARAMETER)?;
        if (pointer.is_null() && length > 0) || !is_plausible(pointer.addr(), length) {
            return Err(Code::INVALID_PARAMETER);
        }
        Ok(Self { pointer, length })
    }

    /// The memory.
    #[must_use]
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        if self.length == 0 {
            return &[];
        }
        // SAFETY: `new` was promised that the memory is valid and unchanged until the operation
        // completes.
        unsafe { std::slice::from_raw_parts(self.pointer, self.length) }
    }

    /// The address the caller passed.
    #[must_use]
    #[inline]
    pub fn address(&self) -> usize {
        self.pointer.expose_provenance()
    }
}

impl fmt::Debug for LentMut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LentMut({} bytes)", self.length)
    }
}

impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lent({} bytes)", self.length)
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
    fn null_is_memory_only_when_empty() {
        assert!(
            unsafe { LentMut::new(std::ptr::null_mut(), 0) }
                .unwrap()
                .bytes()
                .is_empty()
        );
        assert_eq!(
            unsafe { Lent::new(std::ptr::null(), 1) }.unwrap_err(),
            Code::INVALID_PARAMETER
        );
    }

    #[test]
    fn a_range_that_wraps_around_is_refused() {
        let top = std::ptr::without_provenance::<u8>(usize::MAX - 3);
        assert_eq!(
            unsafe { Lent::new(top, 8) }.unwrap_err(),
            Code::INVALID_PARAMETER
        );
    }

    #[test]
    fn the_memory_is_the_callers() {
        let mut memory = [0_u8; 4];
        let mut lent = unsafe { LentMut::new(memory.as_mut_ptr(), 4) }.unwrap();
        lent.bytes().copy_from_slice(b"abcd");
        assert_eq!(lent.address(), memory.as_ptr().addr());
        assert_eq!(&memory, b"abcd");
    }
}
