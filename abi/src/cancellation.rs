//! `pthread_cancel`: not while a thread is inside the library, where nothing could be unwound.

use std::ffi::c_int;

// POSIX's numbers differ: 0 and 1 here and there.
#[cfg(target_vendor = "apple")]
const DISABLE: c_int = 0;
#[cfg(not(target_vendor = "apple"))]
const DISABLE: c_int = 1;

unsafe extern "C" {
    /// POSIX.
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
}

/// The calling thread cannot be cancelled as long as this lives.
#[derive(Debug)]
pub(crate) struct NotCancelled {
    before: c_int,
}

impl NotCancelled {
    /// From now on.
    #[inline]
    #[must_use]
    pub(crate) fn new() -> Self {
        let mut before = DISABLE;
        // SAFETY: both arguments are as POSIX wants them; disabling is never a cancellation point.
        unsafe { pthread_setcancelstate(DISABLE, &raw mut before) };
        Self { before }
    }
}

impl Default for NotCancelled {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for NotCancelled {
    #[inline]
    fn drop(&mut self) {
        if self.before != DISABLE {
            // SAFETY: a state that the same function gave.
            unsafe { pthread_setcancelstate(self.before, std::ptr::null_mut()) };
        }
    }
}

/// The calling thread can never be cancelled.
pub(crate) fn disable() {
    // SAFETY: as above.
    unsafe { pthread_setcancelstate(DISABLE, std::ptr::null_mut()) };
}
