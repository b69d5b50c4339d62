//! Memory that the library gives to the program, which frees it with GlobalFree, LocalFree or a
//! function of its own.
//!
//! All of it comes from C's allocator, so that GlobalFree and LocalFree work for whatever they get,
//! and a program may even pass memory of its own `malloc`.

use std::ffi::c_void;

use crate::wide::{Unit, terminated};

mod c {
    use std::ffi::c_void;

    unsafe extern "C" {
        pub(super) fn calloc(count: usize, size: usize) -> *mut c_void;
        pub(super) fn free(pointer: *mut c_void);
    }
}

/// Allocates zeroed memory; NULL when there is none.
#[must_use]
pub fn allocate(bytes: usize) -> *mut c_void {
    // SAFETY: calloc takes any two numbers and checks their product.
    unsafe { c::calloc(1, bytes.max(1)) }
}

/// Frees memory that came from [`allocate`] or C's `malloc`; NULL is fine.
///
/// # Safety
/// `pointer` is NULL or such memory, and is not used again.
pub unsafe fn release(pointer: *mut c_void) {
    // SAFETY: the caller's promise, handed on.
    unsafe { c::free(pointer) }
}

/// A terminated copy of `text` for the program to free; NULL when there is no memory.
#[must_use]
pub fn text<W: Unit>(text: &str) -> *mut W {
    let units = terminated::<W>(text);
    let memory = allocate(units.len() * W::BYTES).cast::<W>();
    if !memory.is_null() {
        // SAFETY: the memory was allocated for exactly these units and overlaps nothing.
        unsafe { memory.copy_from_nonoverlapping(units.as_ptr(), units.len()) };
    }
    memory
}

#[cfg(test)]
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "tests pass memory of their own that lives as long as they use it"
)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_a_text_is_terminated_and_can_be_freed() {
        let copy = text::<u16>("ab");
        let units = [0, 1, 2].map(|index| unsafe { copy.wrapping_add(index).read() });
        assert_eq!(units, [97, 98, 0]);
        unsafe { release(copy.cast()) };
    }
}
