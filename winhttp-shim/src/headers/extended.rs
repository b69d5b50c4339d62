//! WinHttpAddRequestHeadersEx and WinHttpQueryHeadersEx: arrays of name and value.

use std::ffi::c_void;

use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::Status;
use winhttp_abi::handle::{Hinternet, bits};
use winhttp_abi::types::{EitherString, ExtendedHeader, HeaderName};
use winhttp_abi::wide::{Unit, terminated};
use winhttp_abi::{Code, Result};
use winhttp_abi::{input, output};
use winhttp_proto::header::edit::Modifiers;
use winhttp_proto::header::query;
use winhttp_proto::header::text::{decode, latin_1};

use super::info_level::{CONVERSIONS, Query, Request};
use crate::library::library;
use crate::map;

/// Headers one call adds at the most.
const ADDED_MAX: u32 = 4096;
/// The only flag of WinHttpAddRequestHeadersEx.
const UNICODE: u64 = c::WINHTTP_EXTENDED_HEADER_FLAG_UNICODE;

export! {
    /// As WinHttpAddRequestHeaders for each pair of an array; `flags`
    /// WINHTTP_EXTENDED_HEADER_FLAG_UNICODE says that the pairs are wide text. The bytes of narrow
    /// values go out as they are.
    ///
    /// Returns an error number: as WinHttpAddRequestHeaders, and ERROR_INVALID_PARAMETER for other
    /// flags, `extra` not 0, and a NULL array with a count.
    pub fn WinHttpAddRequestHeadersEx<W>(
        request: Hinternet,
        modifiers: u32,
        flags: u64,
        extra: u64,
        count: u32,
        headers: *const ExtendedHeader<W>,
    ) -> Status {
        let request = library().request(bits(request)).map_err(map::code)?;
        let no_array = headers.is_null() && count > 0;
        if flags & !UNICODE != 0 || extra != 0 || no_array || count > ADDED_MAX {
            return Err(Code::INVALID_PARAMETER);
        }
        let modifiers = Modifiers::from_bits(modifiers).map_err(|_| Code::INVALID_PARAMETER)?;
        let mut pairs = Vec::new();
        for index in 0..usize::try_from(count).unwrap_or(0) {
            // SAFETY: C's promise about its array.
            let pair = unsafe { input::value(headers.wrapping_add(index)) };
            let pair = pair.ok_or(Code::INVALID_PARAMETER)?;
            let wide = flags & UNICODE != 0;
            // SAFETY: C's promise about its strings.
            let name = unsafe { either_text(pair.name, wide) }?;
            // SAFETY: as above.
            let value = unsafe { wire_value(pair.value, wide) }?;
            pairs.push((name, value));
        }
        request.add_all(&pairs, modifiers).map_err(map::code)?;
        Ok(Status)
    }

    /// The headers of a response or request as an array of WINHTTP_EXTENDED_HEADER inside `buffer`,
    /// followed by the text they point to. `index` selects one of several headers of a name and is
    /// moved on by success.
    ///
    /// Returns an error number: ERROR_INVALID_PARAMETER for levels without headers, conversions and
    /// missing results, ERROR_INSUFFICIENT_BUFFER with the bytes needed in `buffer_length`, else as
    /// WinHttpQueryHeaders.
    pub fn WinHttpQueryHeadersEx<W>(
        request: Hinternet,
        info_level: u32,
        flags: u64,
        _code_page: u32,
        index: *mut u32,
        header_name: *const HeaderName<W>,
        buffer: *mut c_void,
        buffer_length: *mut u32,
        headers: *mut *mut ExtendedHeader<W>,
        headers_count: *mut u32,
    ) -> Status {
        let request = library().request(bits(request)).map_err(map::code)?;
        let converts = CONVERSIONS.iter().any(|flag| info_level & flag != 0);
        if flags != 0 || converts || buffer_length.is_null() || headers.is_null() || headers_count.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        let query = Query::parse(info_level)?;
        // SAFETY: C's promise about its name union.
        let name = unsafe { input::value(header_name) }.filter(|name| !name.name.wide().is_null());
        let name = match name {
            // SAFETY: as above.
            Some(name) => Some(unsafe { either_text(name.name, !query.asks_wire_encoding()) }?),
            None => None,
        };
        // SAFETY: C's promise about its index.
        let first = unsafe { input::value(index) };
        let found = collect(&request, &query, name.as_deref(), first)?;
        let list = Packed::new::<W>(&found);
        // SAFETY: C's promise about its buffer and length.
        let count = unsafe { list.give(buffer.cast(), buffer_length) }?;
        // SAFETY: C's promise about its results.
        unsafe { output::value(headers, buffer.cast()) };
        // SAFETY: as above.
        unsafe { output::value(headers_count, count) };
        if let Some(first) = first {
            // SAFETY: C's promise about its index.
            unsafe { output::value(index, first.saturating_add(1)) };
        }
        Ok(Status)
    }
}

/// A name or value as it is returned.
enum Returned {
    Text(String),
    /// With WINHTTP_QUERY_FLAG_WIRE_ENCODING.
    Wire(Box<[u8]>),
}

type Pair = (Returned, Returned);

fn collect(
    request: &Request,
    query: &Query,
    name: Option<&str>,
    index: Option<u32>,
) -> Result<Vec<Pair>> {
    let index = index.map(|index| usize::try_from(index).unwrap_or(usize::MAX));
    let ask = |block: &query::Block<'_>| {
        let found = query::headers(block, query.level, name, index)?;
        let returned = |bytes: &[u8]| {
            if query.asks_wire_encoding() {
                Returned::Wire(bytes.into())
            } else {
                Returned::Text(block.decode(bytes).into_owned())
            }
        };
        let pairs = found
            .into_iter()
            .map(|header| (returned(header.name.as_bytes()), returned(&header.value)));
        Ok(pairs.collect())
    };
    request.query_headers(query.block, ask).map_err(map::code)
}

/// A name or value that is wide or narrow.
///
/// # Safety
/// `text` is NULL or terminated text of the width `wide` says.
unsafe fn either_text<W: Unit>(text: EitherString<W>, wide: bool) -> Result<String> {
    if wide {
        // SAFETY: the caller's promise, handed on.
        return unsafe { input::text(text.wide()) }?.ok_or(Code::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise, handed on.
    let bytes = unsafe { input::narrow(text.narrow()) }.ok_or(Code::INVALID_PARAMETER)?;
    Ok(decode(&bytes).into_owned())
}

/// The bytes of a value: Latin-1 for wide text, which must not have more, narrow ones as they are.
///
/// # Safety
/// As [`either_text`].
unsafe fn wire_value<W: Unit>(value: EitherString<W>, wide: bool) -> Result<Vec<u8>> {
    if wide {
        // SAFETY: the caller's promise, handed on.
        let text = unsafe { input::text(value.wide()) }?.ok_or(Code::INVALID_PARAMETER)?;
        return latin_1(&text).ok_or(Code::INVALID_PARAMETER);
    }
    // SAFETY: the caller's promise, handed on.
    unsafe { input::narrow(value.narrow()) }.ok_or(Code::INVALID_PARAMETER)
}

/// The array and its text as they will lie in the caller's buffer.
struct Packed {
    /// Offsets of name and value from the buffer's start.
    offsets: Vec<(usize, usize)>,
    text: Vec<u8>,
}

impl Packed {
    fn new<W: Unit>(pairs: &[Pair]) -> Self {
        let start = pairs.len() * size_of::<ExtendedHeader<W>>();
        let mut text = Vec::new();
        let mut place = |returned: &Returned| {
            let offset = start + text.len();
            match returned {
                Returned::Wire(bytes) => {
                    text.extend_from_slice(bytes);
                    text.push(0);
                }
                Returned::Text(wide) => {
                    text.extend(output::unit_bytes(&terminated::<W>(wide)));
                }
            }
            offset
        };
        let offsets = pairs
            .iter()
            .map(|(name, value)| (place(name), place(value)))
            .collect();
        Self { offsets, text }
    }

    /// Writes array and text; returns the number of headers.
    ///
    /// # Safety
    /// `length` points to a DWORD; `buffer` is NULL or points to as many bytes as that says.
    unsafe fn give(&self, buffer: *mut u8, length: *mut u32) -> Result<u32> {
        let address = |offset: usize| buffer.addr().wrapping_add(offset).to_ne_bytes();
        let mut bytes = Vec::new();
        for (name, value) in &self.offsets {
            bytes.extend_from_slice(&address(*name));
            bytes.extend_from_slice(&address(*value));
        }
        bytes.extend_from_slice(&self.text);
        // SAFETY: the caller's promise, handed on.
        unsafe { output::sized(buffer, length, &bytes, bytes.len()) }?;
        u32::try_from(self.offsets.len()).map_err(|_| Code::NOT_ENOUGH_MEMORY)
    }
}
