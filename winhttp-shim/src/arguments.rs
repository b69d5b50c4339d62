//! Arguments many functions share.

use winhttp_abi::input::{self, Length};
use winhttp_abi::wide::Unit;
use winhttp_abi::{Code, Result};

/// "The text is terminated" as a length argument.
const TERMINATED: u32 = u32::MAX;

/// A header text with its length argument in characters; -1 means terminated.
///
/// # Safety
/// `text` is NULL, or a terminated string or as many units as `length` says.
pub(crate) unsafe fn header_text<W: Unit>(text: *const W, length: u32) -> Result<Option<String>> {
    let length = if length == TERMINATED {
        Length::Terminated
    } else {
        Length::Units(length)
    };
    // SAFETY: the caller's promise, handed on.
    unsafe { input::text_of(text, length) }
}

/// A text argument that must not be NULL.
///
/// # Safety
/// `text` is NULL or a terminated string.
pub(crate) unsafe fn required_text<W: Unit>(text: *const W) -> Result<String> {
    // SAFETY: the caller's promise, handed on.
    unsafe { input::text(text) }?.ok_or(Code::INVALID_PARAMETER)
}

/// ERROR_INVALID_PARAMETER if an argument is wrong.
pub(crate) fn refuse_if(wrong: bool) -> Result<()> {
    if wrong {
        Err(Code::INVALID_PARAMETER)
    } else {
        Ok(())
    }
}
