//! GlobalFree and its relatives: programs free with them what WinHTTP functions allocated for them.

use std::ffi::c_void;

use winhttp_abi::allocation::{allocate, release};

/// GMEM_ZEROINIT: all memory is zeroed, whether asked for or not.
#[unsafe(no_mangle)]
pub extern "C" fn GlobalAlloc(_flags: u32, bytes: usize) -> *mut c_void {
    allocate(bytes)
}

/// Frees what the library (or GlobalAlloc) allocated and returns NULL; NULL is fine.
///
/// # Safety
/// `memory` is NULL or such memory, and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn GlobalFree(memory: *mut c_void) -> *mut c_void {
    // SAFETY: the caller's promise, handed on.
    unsafe { release(memory) };
    std::ptr::null_mut()
}

/// As [`GlobalFree`], for the strings of WINHTTP_CERTIFICATE_INFO.
///
/// # Safety
/// As [`GlobalFree`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn LocalFree(memory: *mut c_void) -> *mut c_void {
    // SAFETY: the caller's promise, handed on.
    unsafe { release(memory) };
    std::ptr::null_mut()
}

#[cfg(test)]
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "tests pass memory of their own"
)]
mod tests {
    use super::*;

    #[test]
    fn what_was_allocated_is_zeroed_and_can_be_freed() {
        let memory = GlobalAlloc(0, 8);
        assert_eq!(unsafe { memory.cast::<u64>().read_unaligned() }, 0);
        assert!(unsafe { GlobalFree(memory) }.is_null());
        assert!(unsafe { LocalFree(std::ptr::null_mut()) }.is_null());
    }
}
