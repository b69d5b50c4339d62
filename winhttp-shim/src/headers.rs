//! Headers: WinHttpAddRequestHeaders(Ex) and WinHttpQueryHeaders(Ex).

use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::Done;
use winhttp_abi::handle::{Hinternet, bits};
use winhttp_abi::types::SystemTime;
use winhttp_abi::wide::Unit;
use winhttp_abi::{Code, Result};
use winhttp_abi::{input, output};
use winhttp_core::api::HeaderBlock;
use winhttp_proto::header::edit::Modifiers;
use winhttp_proto::header::name_table::{self, AnswerSource, Level};
use winhttp_proto::header::query::{self, HeaderAnswer, QueryError};

use crate::arguments::header_text;
use crate::library::{Shim, library};
use crate::map;

mod extended;

pub use extended::{WinHttpAddRequestHeadersEx, WinHttpQueryHeadersEx};

type Request = winhttp_core::api::Request<Shim>;

/// The part of an information level that names a header or property.
const LEVEL_MASK: u32 = 0xffff;
/// Flags that say how a value is returned; at most one may be given.
const CONVERSIONS: [u32; 3] = [
    c::WINHTTP_QUERY_FLAG_SYSTEMTIME,
    c::WINHTTP_QUERY_FLAG_NUMBER,
    c::WINHTTP_QUERY_FLAG_NUMBER64,
];

export! {
    /// Adds, replaces or removes headers of a request; all or nothing. `length` is in characters, -1 means terminated.
    ///
    /// FALSE: ERROR_INVALID_HANDLE, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, ERROR_INVALID_PARAMETER for NULL, a length of 0
    /// with text, malformed text, characters above U+00FF and headers above 64 KiB; ERROR_WINHTTP_HEADER_NOT_FOUND, ERROR_WINHTTP_HEADER_ALREADY_EXISTS.
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
    /// Lengths are in bytes: on success of what was written without the terminator, on ERROR_INSUFFICIENT_BUFFER of what
    /// is needed with it. With WINHTTP_QUERY_FLAG_WIRE_ENCODING text is narrow: the bytes as they are on the wire, and a
    /// NUL. `index` selects one of several headers of a name and is moved on by success.
    ///
    /// FALSE: ERROR_INVALID_HANDLE, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, ERROR_WINHTTP_INCORRECT_HANDLE_STATE before the
    /// response, ERROR_INVALID_PARAMETER for unknown levels and values of another form, ERROR_WINHTTP_HEADER_NOT_FOUND.
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

/// What is asked of a block: a level, a custom name, an index.
type Question<T> =
    fn(&query::Block<'_>, &Level, Option<&str>, usize) -> std::result::Result<T, QueryError>;

/// A parsed information level.
struct Query {
    level: &'static Level,
    block: HeaderBlock,
    flags: u32,
}

impl Query {
    fn parse(info_level: u32) -> Result<Self> {
        let flags = info_level & !LEVEL_MASK;
        let level = name_table::level(info_level & LEVEL_MASK).ok_or(Code::INVALID_PARAMETER)?;
        let conversions = CONVERSIONS
            .iter()
            .filter(|flag| flags & **flag != 0)
            .count();
        if conversions > 1 {
            return Err(Code::INVALID_PARAMETER);
        }
        let of_request = flags & c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS != 0;
        let block = if of_request || level.always_asks_the_request() {
            HeaderBlock::Request
        } else if flags & c::WINHTTP_QUERY_FLAG_TRAILERS != 0 {
            HeaderBlock::Trailers
        } else {
            HeaderBlock::Response
        };
        Ok(Self {
            level,
            block,
            flags,
        })
    }

    /// The name of a custom query; other levels ignore it.
    ///
    /// # Safety
    /// `name` is NULL or a terminated string.
    unsafe fn name<W: Unit>(&self, name: *const W) -> Result<Option<String>> {
        if self.level.source != AnswerSource::Custom {
            return Ok(None);
        }
        // SAFETY: the caller's promise, handed on.
        unsafe { crate::arguments::required_text(name) }.map(Some)
    }

    /// The values are wanted as they are on the wire, and not as numbers or dates.
    fn asks_wire_encoding(&self) -> bool {
        let wire = self.flags & c::WINHTTP_QUERY_FLAG_WIRE_ENCODING != 0;
        wire && !CONVERSIONS.iter().any(|flag| self.flags & flag != 0)
    }

    fn ask<T>(
        &self,
        request: &Request,
        name: Option<&str>,
        index: u32,
        question: Question<T>,
    ) -> Result<T> {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        let ask = |block: &query::Block<'_>| question(block, self.level, name, index);
        request.query_headers(self.block, ask).map_err(map::code)
    }

    /// Gives the answer in the form the flags ask for.
    ///
    /// # Safety
    /// `length` points to a DWORD; `buffer` is NULL or points to as many bytes as that says.
    unsafe fn give<W: Unit>(
        &self,
        answer: &HeaderAnswer,
        buffer: *mut u8,
        length: *mut u32,
    ) -> Result<()> {
        let unparsable = |_| Code::INVALID_PARAMETER;
        let bytes: Vec<u8> = if self.flags & c::WINHTTP_QUERY_FLAG_NUMBER != 0 {
            answer.number().map_err(unparsable)?.to_ne_bytes().into()
        } else if self.flags & c::WINHTTP_QUERY_FLAG_NUMBER64 != 0 {
            answer.number64().map_err(unparsable)?.to_ne_bytes().into()
        } else if self.flags & c::WINHTTP_QUERY_FLAG_SYSTEMTIME != 0 {
            system_time_bytes(&answer.system_time().map_err(unparsable)?)
        } else {
            // SAFETY: the caller's promise, handed on.
            return unsafe { output::text::<W>(buffer, length, &answer.text) };
        };
        // SAFETY: the caller's promise, handed on.
        unsafe { output::sized(buffer, length, &bytes, bytes.len()) }
    }
}

/// SYSTEMTIME as it lies in memory: eight WORDs.
fn system_time_bytes(time: &winhttp_proto::http_date::CalendarTime) -> Vec<u8> {
    const _: () = assert!(size_of::<SystemTime>() == 16);
    let fields = [
        time.year,
        time.month,
        time.day_of_week,
        time.day,
        time.hour,
        time.minute,
        time.second,
        time.milliseconds,
    ];
    fields
        .iter()
        .flat_map(|field| field.to_ne_bytes())
        .collect()
}
