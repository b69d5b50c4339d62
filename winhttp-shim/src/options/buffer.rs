//! The buffer of a query: nothing is written to it before all of the answer is known to fit.

use winhttp_abi::wide::{Unit, terminated};
use winhttp_abi::{Code, Result};
use winhttp_abi::{input, output};

/// The caller's buffer with its length, for one call.
///
/// Invariant, by the promise to [`Buffer::new`]: `length` points to a DWORD and `pointer` is NULL
/// or points to as many writable bytes as `available` says.
pub(super) struct Buffer {
    pointer: *mut u8,
    length: *mut u32,
    available: u32,
}

impl Buffer {
    /// Takes the last two arguments of WinHttpQueryOption.
    ///
    /// # Safety
    /// `length` is NULL or points to a DWORD; `pointer` is NULL or points to as many bytes as that
    /// says.
    ///
    /// # Errors
    /// ERROR_INVALID_PARAMETER without `length`.
    pub(super) unsafe fn new(pointer: *mut u8, length: *mut u32) -> Result<Self> {
        // SAFETY: the caller's promise.
        let available = unsafe { input::value(length) }.ok_or(Code::INVALID_PARAMETER)?;
        Ok(Self {
            pointer,
            length,
            available,
        })
    }

    /// The DWORD the program put into the buffer; 0 if there is no room for one.
    pub(super) fn dword(&self) -> u32 {
        self.dword_at(0)
    }

    /// The DWORD `offset` bytes into the buffer; 0 if there is no room for one.
    pub(super) fn dword_at(&self, offset: u32) -> u32 {
        let end = offset.saturating_add(4);
        if self.pointer.is_null() || self.available < end {
            return 0;
        }
        let place = self.pointer.wrapping_add(offset as usize).cast::<u32>();
        // SAFETY: the invariant; four bytes are there.
        unsafe { input::value(place) }.unwrap_or(0)
    }

    /// Checks that `bytes` fit.
    ///
    /// # Errors
    /// ERROR_INSUFFICIENT_BUFFER, with the bytes needed in the caller's length.
    pub(super) fn require(&self, bytes: usize) -> Result<()> {
        let needed = u32::try_from(bytes).map_err(|_| Code::NOT_ENOUGH_MEMORY)?;
        if self.pointer.is_null() || self.available < needed {
            self.set_length(needed);
            return Err(Code::INSUFFICIENT_BUFFER);
        }
        Ok(())
    }

    /// Writes a number or structure.
    ///
    /// # Errors
    /// As [`Buffer::require`].
    pub(super) fn put<T: Copy>(&self, value: T) -> Result<()> {
        self.require(size_of::<T>())?;
        // SAFETY: the invariant; the value fits.
        unsafe { output::value(self.pointer.cast::<T>(), value) };
        self.set_length(u32::try_from(size_of::<T>()).unwrap_or(u32::MAX));
        Ok(())
    }

    /// Writes bytes.
    ///
    /// # Errors
    /// As [`Buffer::require`].
    pub(super) fn put_bytes(&self, bytes: &[u8]) -> Result<()> {
        // SAFETY: the invariant.
        unsafe { output::sized(self.pointer, self.length, bytes, bytes.len()) }
    }

    /// Writes text; the terminator is needed and not counted.
    ///
    /// # Errors
    /// As [`Buffer::require`].
    pub(super) fn put_text<W: Unit>(&self, text: &str) -> Result<()> {
        let units = terminated::<W>(text);
        let bytes = output::unit_bytes(&units);
        // SAFETY: the invariant.
        unsafe { output::sized(self.pointer, self.length, &bytes, bytes.len() - W::BYTES) }
    }

    /// As [`put_text`](Self::put_text); no copy is left anywhere else.
    pub(super) fn put_secret<W: Unit>(&self, text: &str) -> Result<()> {
        // SAFETY: the invariant.
        unsafe { output::secret::<W>(self.pointer, self.length, text) }
    }

    /// The place `offset` bytes into the buffer, for structures that point into it.
    pub(super) fn place(&self, offset: usize) -> *mut u8 {
        self.pointer.wrapping_add(offset)
    }

    fn set_length(&self, bytes: u32) {
        // SAFETY: the invariant.
        unsafe { output::value(self.length, bytes) };
    }
}
