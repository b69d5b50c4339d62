//! Texts for the program to free, while it is not certain that it gets them.

use winhttp_abi::allocation::{release, text};
use winhttp_abi::wide::Unit;
use winhttp_abi::{Code, Result};

/// Memory for the program: a text, or NULL. It is freed with this value, unless it was handed over.
#[derive(Debug)]
pub(crate) struct Given<W>(*mut W);

impl<W: Unit> Given<W> {
    /// A copy of a text; NULL for none.
    ///
    /// # Errors
    /// ERROR_NOT_ENOUGH_MEMORY.
    pub(crate) fn text(of: Option<&str>) -> Result<Self> {
        let copy = Self(of.map_or(std::ptr::null_mut(), text));
        if of.is_some() && copy.0.is_null() {
            return Err(Code::NOT_ENOUGH_MEMORY);
        }
        Ok(copy)
    }

    /// From now on the program's.
    pub(crate) fn hand_over(mut self) -> *mut W {
        std::mem::replace(&mut self.0, std::ptr::null_mut())
    }
}

impl<W> Drop for Given<W> {
    fn drop(&mut self) {
        // SAFETY: NULL, or memory of the same allocator that nobody else has.
        unsafe { release(self.0.cast()) };
    }
}
