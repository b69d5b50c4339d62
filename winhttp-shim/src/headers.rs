//! Headers: WinHttpAddRequestHeaders(Ex) and WinHttpQueryHeaders(Ex).

use winhttp_abi::Code;
use winhttp_abi::export;
use winhttp_abi::export::Done;
use winhttp_abi::handle::{Hinternet, bits};
use winhttp_abi::{input, output};
use winhttp_proto::header::edit::Modifiers;
use winhttp_proto::header::query;

use crate::arguments::header_text;
use crate::library::library;
use crate::map;

mod extended;
mod info_level;

pub use extended::{WinHttpAddRequestHeadersEx, WinHttpQueryHeadersEx};

use info_level::Query;

export! {
    /// Adds, replaces or removes headers of a request; all or nothing. `length` is in characters,
    /// -1 means terminated.
    ///
    /// FALSE: ERROR_INVALID_HANDLE, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, ERROR_INVALID_PARAMETER
    /// for NULL, a length of 0 with text, malformed text, characters above U+00FF and headers above
    /// 64 KiB; ERROR_WINHTTP_HEADER_NOT_FOUND, ERROR_WINHTTP_HEADER_ALREADY_EXISTS.
    pub fn WinHttpAddRequestHeaders<W>(
        request: Hinternet,
        headers: *const W,
        length: u32,
        modifiers: u32,
    ) -> Done {
        let request = library().request(bits(request)).map_err(map::code)?;
        // SAFETY: C's promise about its string: at least its first unit can be read.
        let first = unsafe { input::value(headers) }.ok_or(Code::INVALID_PARAMETER)?;
        if length == 0 && first != W::default() {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: C's promise about its string.
        let text = unsafe { header_text(headers, length) }?.unwrap_or_default();
        let modifiers = Modifiers::from_bits(modifiers).map_err(|_| Code::INVALID_PARAMETER)?;
        request.add_headers(&text, modifiers).map_err(map::code)?;
        Ok(Done)
    }

    /// Answers a query about the request's or response's headers.
    ///
    /// Lengths are in bytes: on success of what was written without the terminator, on
    /// ERROR_INSUFFICIENT_BUFFER of what is needed with it. With WINHTTP_QUERY_FLAG_WIRE_ENCODING
    /// text is narrow: the bytes as they are on the wire, and a NUL. `index` selects one of several
    /// headers of a name and is moved on by success.
    ///
    /// FALSE: ERROR_INVALID_HANDLE, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE,
    /// ERROR_WINHTTP_INCORRECT_HANDLE_STATE before the response, ERROR_INVALID_PARAMETER for
    /// unknown levels and values of another form, ERROR_WINHTTP_HEADER_NOT_FOUND.
    pub fn WinHttpQueryHeaders<W>(
        request: Hinternet,
        info_level: u32,
        name: *const W,
        buffer: *mut std::ffi::c_void,
        buffer_length: *mut u32,
        index: *mut u32,
    ) -> Done {
        let request = library().request(bits(request)).map_err(map::code)?;
        if buffer_length.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        let query = Query::parse(info_level)?;
        // SAFETY: C's promise about its string.
        let name = unsafe { query.name(name) }?;
        // SAFETY: C's promise about its index.
        let first = unsafe { input::value(index) }.unwrap_or(0);
        let advances_index = if query.asks_wire_encoding() {
            let answer = query.ask(&request, name.as_deref(), first, query::wire)?;
            let terminated = [&*answer.bytes, b"\0"].concat();
            // SAFETY: C's promise about its buffer and length.
            unsafe { output::sized(buffer.cast(), buffer_length, &terminated, answer.bytes.len()) }?;
            answer.advances_index
        } else {
            let answer = query.ask(&request, name.as_deref(), first, query::text)?;
            // SAFETY: as above.
            unsafe { query.give::<W>(&answer, buffer.cast(), buffer_length) }?;
            answer.advances_index
        };
        if advances_index {
            // SAFETY: C's promise about its index.
            unsafe { output::value(index, first.saturating_add(1)) };
        }
        Ok(Done)
    }
}
