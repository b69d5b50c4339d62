//! The information level of a header query: what is asked of which block, and in which form the
//! answer is given.

use winhttp_abi::constants as c;
use winhttp_abi::output;
use winhttp_abi::types::SystemTime;
use winhttp_abi::wide::Unit;
use winhttp_abi::{Code, Result};
use winhttp_core::api::HeaderBlock;
use winhttp_proto::header::name_table::{self, AnswerSource, Level};
use winhttp_proto::header::query::{self, HeaderAnswer, QueryError};

use crate::arguments::required_text;
use crate::library::Shim;
use crate::map;

pub(super) type Request = winhttp_core::api::Request<Shim>;

/// The part of an information level that names a header or property.
const LEVEL_MASK: u32 = 0xffff;
/// Flags that say how a value is returned; at most one may be given.
pub(super) const CONVERSIONS: [u32; 3] = [
    c::WINHTTP_QUERY_FLAG_SYSTEMTIME,
    c::WINHTTP_QUERY_FLAG_NUMBER,
    c::WINHTTP_QUERY_FLAG_NUMBER64,
];

/// What is asked of a block: a level, a custom name, an index.
type Question<T> =
    fn(&query::Block<'_>, &Level, Option<&str>, usize) -> std::result::Result<T, QueryError>;

/// A parsed information level.
pub(super) struct Query {
    pub(super) level: &'static Level,
    pub(super) block: HeaderBlock,
    flags: u32,
}

impl Query {
    pub(super) fn parse(info_level: u32) -> Result<Self> {
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
    pub(super) unsafe fn name<W: Unit>(&self, name: *const W) -> Result<Option<String>> {
        if self.level.source != AnswerSource::Custom {
            return Ok(None);
        }
        // SAFETY: the caller's promise, handed on.
        unsafe { required_text(name) }.map(Some)
    }

    /// The values are wanted as they are on the wire, and not as numbers or dates.
    pub(super) fn asks_wire_encoding(&self) -> bool {
        let wire = self.flags & c::WINHTTP_QUERY_FLAG_WIRE_ENCODING != 0;
        wire && !CONVERSIONS.iter().any(|flag| self.flags & flag != 0)
    }

    pub(super) fn ask<T>(
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
    pub(super) unsafe fn give<W: Unit>(
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
