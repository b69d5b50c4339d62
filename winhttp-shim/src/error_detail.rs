//! What is known of an error beyond its number: kept beside the thread's last error, and for the
//! notification that is being delivered. Programs read it with WinHttpShimGetErrorDetail, see
//! `include/winhttp_shim.h`.
//!
//! A reason is text only when a program asks. What succeeds comes nowhere near.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use winhttp_abi::export;
use winhttp_abi::export::Quiet;
use winhttp_abi::last_error::failures;
use winhttp_abi::{Code, constants as c, output};
use winhttp_proto::failure::{Failure, Reason, detail};

/// An error number and what is behind it.
struct Known {
    code: Code,
    reason: Arc<dyn Reason>,
}

/// The failures that a thread can be asked about.
struct Details {
    /// A call that failed here; within a callback for a failure, of the calls made from inside.
    failed: Option<Known>,
    /// How many calls have failed here with that one: after more of them it is not the last.
    failures: u32,
    /// The failure that is being told to a callback.
    told: Option<Known>,
}

thread_local! {
    static DETAILS: RefCell<Details> = const { RefCell::new(Details { failed: None, failures: 0, told: None }) };
    static SOCKET_ERROR: Cell<u32> = const { Cell::new(0) };
}

/// A call on this thread fails with `code`.
pub(crate) fn keep(code: Code, failure: &Failure) {
    let failed = known(code, failure);
    // A thread that is ending has no last error any more, and nobody can ask. What is replaced is
    // dropped without the borrow.
    let before = DETAILS.try_with(|details| {
        let mut details = details.borrow_mut();
        details.failures = failures().wrapping_add(1); // the number is about to be reported
        std::mem::replace(&mut details.failed, failed)
    });
    drop(before);
}

/// Makes `call`, in which the program is told of a failure with `code`.
pub(crate) fn telling(code: Code, failure: &Failure, call: impl FnOnce()) {
    let inside = Details {
        failed: None,
        failures: 0,
        told: known(code, failure),
    };
    let before = failures();
    let outside = DETAILS.try_with(|details| details.replace(inside));
    call();
    if let Ok(mut outside) = outside {
        let inside = failures().wrapping_sub(before);
        outside.failures = outside.failures.wrapping_add(inside);
        drop(DETAILS.try_with(|details| details.replace(outside)));
    }
}

/// The socket error behind the last failure on this thread that had one
/// (WINHTTP_OPTION_EXTENDED_ERROR).
pub(crate) fn socket_error() -> u32 {
    SOCKET_ERROR.try_with(Cell::get).unwrap_or(0)
}

fn known(code: Code, failure: &Failure) -> Option<Known> {
    let reason = Arc::clone(failure.reason()?);
    let socket_error = reason.socket_error();
    if socket_error != 0 {
        // As above: a thread that is ending is not asked.
        let _ = SOCKET_ERROR.try_with(|last| last.set(socket_error));
    }
    Some(Known { code, reason })
}

/// The text for an error number, if this thread knows one.
fn text(code: Code) -> Option<String> {
    let reason = DETAILS.try_with(|details| {
        let details = details.borrow();
        let last = details.failures == failures();
        let failed = details.failed.as_ref().filter(|_| last);
        let known = [failed, details.told.as_ref()].into_iter().flatten();
        let mut matching = known.filter(|known| known.code == code);
        matching.next().map(|known| Arc::clone(&known.reason))
    });
    Some(detail(&*reason.ok()??))
}

export! {
    /// Says what is behind an error of this thread; see `include/winhttp_shim.h`, where the rules
    /// are.
    ///
    /// Returns ERROR_SUCCESS, ERROR_NOT_FOUND, ERROR_INVALID_PARAMETER without `length`, or
    /// ERROR_INSUFFICIENT_BUFFER with the bytes needed in `length`. Leaves the last error and errno
    /// alone.
    pub fn WinHttpShimGetErrorDetail<W>(error: u32, buffer: *mut W, length: *mut u32) -> Quiet {
        let text = wanted(error, length)?;
        // SAFETY: C's promise about its buffer and length.
        unsafe { output::text::<W>(buffer.cast(), length, &text) }?;
        Ok(Quiet)
    }
}

export! {
    /// As WinHttpShimGetErrorDetail, in UTF-8.
    pub fn WinHttpShimGetErrorDetailUtf8(error: u32, buffer: *mut u8, length: *mut u32) -> Quiet {
        let mut bytes = wanted(error, length)?.into_bytes();
        let counted = bytes.len();
        bytes.push(0);
        // SAFETY: C's promise about its buffer and length.
        unsafe { output::sized(buffer, length, &bytes, counted) }?;
        Ok(Quiet)
    }
}

/// The text that is asked for, if this thread has one.
fn wanted(error: u32, length: *const u32) -> winhttp_abi::Result<String> {
    if length.is_null() {
        return Err(Code::INVALID_PARAMETER);
    }
    text(Code(error)).ok_or(Code(c::ERROR_NOT_FOUND))
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use winhttp_abi::last_error::record;
    use winhttp_proto::error::Error;

    use super::*;

    #[derive(Debug)]
    struct Said(&'static str, u32);

    impl fmt::Display for Said {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Reason for Said {
        fn socket_error(&self) -> u32 {
            self.1
        }
    }

    const TIMEOUT: Code = Code(c::ERROR_WINHTTP_TIMEOUT);
    const BROKEN: Code = Code(c::ERROR_WINHTTP_CONNECTION_ERROR);

    fn failure(text: &'static str, socket_error: u32) -> Failure {
        Failure::because(Error::Timeout, Said(text, socket_error))
    }

    /// A call fails, as the program sees it.
    fn fails(code: Code, failure: &Failure) {
        keep(code, failure);
        record(code);
    }

    #[test]
    fn the_last_failed_call_is_known_by_its_number() {
        fails(TIMEOUT, &failure("first", 0));
        assert_eq!(text(BROKEN), None);
        fails(TIMEOUT, &failure("second", 0));
        assert_eq!(text(TIMEOUT).as_deref(), Some("second"));
        std::thread::spawn(|| assert_eq!(text(TIMEOUT), None))
            .join()
            .unwrap();
        fails(TIMEOUT, &Error::Timeout.into());
        assert_eq!(text(TIMEOUT), None, "the last one has no reason");
        fails(TIMEOUT, &failure("third", 0));
        record(Code::INVALID_PARAMETER);
        assert_eq!(text(TIMEOUT), None, "a call has failed since, at the edge");
        record(TIMEOUT);
        assert_eq!(text(TIMEOUT), None, "for another reason");
    }

    #[test]
    fn a_callback_is_told_of_its_own_failure_however_deep_it_is() {
        fails(TIMEOUT, &failure("call", 0));
        telling(TIMEOUT, &failure("outer", 0), || {
            assert_eq!(text(TIMEOUT).as_deref(), Some("outer"));
            fails(BROKEN, &failure("inside", 0));
            assert_eq!(text(BROKEN).as_deref(), Some("inside"));
            telling(BROKEN, &failure("inner", 0), || {
                assert_eq!(text(BROKEN).as_deref(), Some("inner"));
                assert_eq!(text(TIMEOUT), None);
            });
            assert_eq!(text(TIMEOUT).as_deref(), Some("outer"));
            assert_eq!(text(BROKEN).as_deref(), Some("inside"));
            record(Code::INVALID_PARAMETER);
            assert_eq!(text(BROKEN), None);
            assert_eq!(text(TIMEOUT).as_deref(), Some("outer"));
        });
        assert_eq!(text(TIMEOUT).as_deref(), Some("call"));
        assert_eq!(text(BROKEN), None);
    }

    #[test]
    fn a_socket_error_stays_until_the_next_one() {
        fails(TIMEOUT, &failure("", 10060));
        fails(TIMEOUT, &failure("", 0));
        telling(BROKEN, &failure("", 10054), || {});
        assert_eq!(socket_error(), 10054);
    }
}
