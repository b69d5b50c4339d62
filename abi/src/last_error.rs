//! The thread's last error, mirrored to errno on failure.
//!
//! The functions are exported and interposable: the library itself always goes through the exported symbols, so that
//! if another library of the process defines them first, both sides see one value.

use std::cell::Cell;

use crate::code::Code;

thread_local! {
    static LAST_ERROR: Cell<u32> = const { Cell::new(0) };
}

/// Returns the calling thread's last error number (GetLastError).
#[unsafe(no_mangle)]
pub extern "C" fn GetLastError() -> u32 {
    // A thread that is ending has no last error any more.
    LAST_ERROR.try_with(Cell::get).unwrap_or(0)
}

/// Sets the calling thread's last error number (SetLastError).
#[unsafe(no_mangle)]
pub extern "C" fn SetLastError(number: u32) {
    // As above: nobody can look at it any more.
    let _ = LAST_ERROR.try_with(|cell| cell.set(number));
}

mod interposable {
    // Declared, not called by path: the dynamic linker decides whose definition this is.
    unsafe extern "C" {
        pub(super) safe fn SetLastError(number: u32);
    }
}

/// Records the outcome of an exported function: 0 on success, the number (also in errno) on failure.
pub fn record(code: Code) {
    interposable::SetLastError(code.0);
    if code != Code::SUCCESS {
        set_errno(code);
    }
}

/// Leaves a last error behind a success: ERROR_IO_PENDING for an operation that goes on.
pub fn leave(code: Code) {
    interposable::SetLastError(code.0);
}

/// Other languages look at errno where Windows has the last error (std::io::Error::last_os_error, ctypes, cgo).
pub fn set_errno(code: Code) {
    if let Ok(number) = i32::try_from(code.0) {
        errno::set_errno(errno::Errno(number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_seen_in_both_places_and_a_success_clears_the_last_error() {
        record(Code(12019));
        assert_eq!(GetLastError(), 12019);
        assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(12019));
        record(Code::SUCCESS);
        assert_eq!(GetLastError(), 0);
    }

    #[test]
    fn each_thread_has_its_own() {
        SetLastError(5);
        std::thread::spawn(|| assert_eq!(GetLastError(), 0))
            .join()
            .unwrap();
        assert_eq!(GetLastError(), 5);
    }
}
