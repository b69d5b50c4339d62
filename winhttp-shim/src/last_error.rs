//! The thread's last error, as programs read and set it.
//!
//! Both functions are interposable: the library itself goes through the exported symbols
//! ([`winhttp_abi::last_error`]), so that if another library of the process defines them first,
//! both sides see one value.

use std::cell::Cell;

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

#[cfg(test)]
mod tests {
    use winhttp_abi::Code;
    use winhttp_abi::last_error::record;

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
