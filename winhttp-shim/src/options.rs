//! WinHttpSetOption and WinHttpQueryOption.

use std::ffi::c_void;

use winhttp_abi::export;
use winhttp_abi::export::Done;
use winhttp_abi::handle::{Hinternet, bits};

use crate::library::library;
use crate::map;

mod answer;
mod buffer;
mod security;
mod statistics;
mod value;

use buffer::Buffer;

export! {
    /// Sets an option of a handle, or with NULL of the process; `docs/options.md` lists all
    /// options.
    ///
    /// `length` is in bytes, for text options in characters, the terminator counted or not. The
    /// buffer is copied. Always synchronous.
    ///
    /// FALSE: ERROR_WINHTTP_INVALID_OPTION, ERROR_INVALID_HANDLE,
    /// ERROR_WINHTTP_OPTION_NOT_SETTABLE, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE,
    /// ERROR_WINHTTP_INCORRECT_HANDLE_STATE, ERROR_INVALID_PARAMETER for NULL and for values the
    /// option does not take, ERROR_INSUFFICIENT_BUFFER for lengths it does not take.
    pub fn WinHttpSetOption<W>(
        handle: Hinternet,
        option: u32,
        buffer: *const c_void,
        length: u32,
    ) -> Done {
        let has_buffer = !buffer.is_null();
        let setting =
            library().set_option(bits(handle), option, has_buffer, length).map_err(map::code)?;
        // SAFETY: C's promise about its buffer; the core has found that its length fits the option.
        let value = unsafe { value::read::<W>(&setting, buffer, length) }?;
        setting.put(value).map_err(map::code)?;
        Ok(Done)
    }

    /// Reads an option of a handle, or with NULL of the process.
    ///
    /// `length` is in bytes, in and out, for text too: what is returned does not count the
    /// terminator, what is needed does. On failure the buffer is untouched. Always synchronous.
    ///
    /// FALSE: ERROR_INVALID_PARAMETER for options that can only be set and without `length`,
    /// ERROR_WINHTTP_INVALID_OPTION, ERROR_INVALID_HANDLE, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE,
    /// ERROR_WINHTTP_INCORRECT_HANDLE_STATE for what only a connection can tell,
    /// ERROR_INSUFFICIENT_BUFFER with the bytes needed in `length`.
    pub fn WinHttpQueryOption<W>(
        handle: Hinternet,
        option: u32,
        buffer: *mut c_void,
        length: *mut u32,
    ) -> Done {
        // SAFETY: C's promise about its buffer and length.
        let buffer = unsafe { Buffer::new(buffer.cast(), length) };
        let input = buffer.as_ref().map_or(0, Buffer::dword);
        let answer = library().query_option(bits(handle), option, input).map_err(map::code)?;
        answer::write::<W>(answer, &buffer?)?;
        Ok(Done)
    }
}
