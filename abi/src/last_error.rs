//! How an exported function leaves its outcome: in the thread's last error, mirrored to errno on
//! failure.
//!
//! SetLastError is only declared here. The library that reports last errors defines it and exports
//! it with GetLastError; this crate has no exports of its own, as every library that is built from
//! it would have them too.
//!
//! What calls SetLastError, here and in [`export`](mod@crate::export), is `#[inline]`: it is
//! compiled for the library that uses it, so that one without last errors does not ask for the
//! symbol.

use std::cell::Cell;

use crate::code::Code;

thread_local! {
    static FAILURES: Cell<u32> = const { Cell::new(0) };
}

mod interposable {
    // Declared, not called by path: the dynamic linker decides whose definition this is.
    unsafe extern "C" {
        pub(super) safe fn SetLastError(number: u32);
    }
}

/// Records the outcome of an exported function: 0 on success, the number (also in errno) on
/// failure.
#[inline]
pub fn record(code: Code) {
    interposable::SetLastError(code.0);
    if code != Code::SUCCESS {
        failed(code);
    }
}

/// Leaves a last error behind a success: ERROR_IO_PENDING for an operation that goes on.
#[inline]
pub fn leave(code: Code) {
    interposable::SetLastError(code.0);
}

/// An exported function fails on this thread; errno has the number.
pub fn failed(code: Code) {
    // A thread that is ending asks no more.
    let _ = FAILURES.try_with(|failures| failures.set(failures.get().wrapping_add(1)));
    set_errno(code);
}

/// Other languages look at errno where Windows has the last error (std::io::Error::last_os_error,
/// ctypes, cgo).
pub fn set_errno(code: Code) {
    if let Ok(number) = i32::try_from(code.0) {
        errno::set_errno(errno::Errno(number));
    }
}

/// How many exported functions have failed on this thread; wraps around.
#[must_use]
pub fn failures() -> u32 {
    FAILURES.try_with(Cell::get).unwrap_or(0)
}
