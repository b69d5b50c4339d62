//! HTTP dates: WinHttpTimeFromSystemTime, WinHttpTimeToSystemTime.

use winhttp_abi::Code;
use winhttp_abi::export;
use winhttp_abi::export::Done;
use winhttp_abi::types::SystemTime;
use winhttp_abi::{input, output};
use winhttp_proto::http_date;

/// Room in the caller's buffer, in characters: what WINHTTP_TIME_FORMAT_BUFSIZE says for either
/// width.
const DATE_ROOM: u32 = 31;

export! {
    /// Writes a time as `Mon, 28 Jul 2008 10:05:52 GMT` into a buffer of
    /// WINHTTP_TIME_FORMAT_BUFSIZE bytes.
    ///
    /// Milliseconds are dropped; the day of the week is computed from the date. FALSE:
    /// ERROR_INVALID_PARAMETER for NULL and for a time that does not exist.
    pub fn WinHttpTimeFromSystemTime<W>(time: *const SystemTime, text: *mut W) -> Done {
        // SAFETY: C's promise about its structure.
        let time = unsafe { input::value(time) }.ok_or(Code::INVALID_PARAMETER)?;
        let time = from_abi(time);
        if !time.is_valid() {
            return Err(Code::INVALID_PARAMETER);
        }
        let date = W::encode(&http_date::format(&time));
        // SAFETY: C's promise that its buffer has the size the function is defined with.
        unsafe { output::characters(text, DATE_ROOM, &date) }.map_err(|_| Code::INVALID_PARAMETER)?;
        Ok(Done)
    }

    /// Reads a date in any of HTTP's forms or something like them, and leaves no milliseconds.
    ///
    /// FALSE: ERROR_INVALID_PARAMETER for NULL and for text without an existing date; `time` is
    /// left alone.
    pub fn WinHttpTimeToSystemTime<W>(text: *const W, time: *mut SystemTime) -> Done {
        // SAFETY: C's promise about its string.
        let date = unsafe { input::text(text) }?.ok_or(Code::INVALID_PARAMETER)?;
        let date = http_date::parse(&date).ok_or(Code::INVALID_PARAMETER)?;
        // SAFETY: C's promise about its structure.
        let written = unsafe { output::value(time, to_abi(date)) };
        if written { Ok(Done) } else { Err(Code::INVALID_PARAMETER) }
    }
}

fn from_abi(time: SystemTime) -> http_date::CalendarTime {
    http_date::CalendarTime {
        year: time.w_year,
        month: time.w_month,
        day_of_week: time.w_day_of_week,
        day: time.w_day,
        hour: time.w_hour,
        minute: time.w_minute,
        second: time.w_second,
        milliseconds: time.w_milliseconds,
    }
}

fn to_abi(time: http_date::CalendarTime) -> SystemTime {
    SystemTime {
        w_year: time.year,
        w_month: time.month,
        w_day_of_week: time.day_of_week,
        w_day: time.day,
        w_hour: time.hour,
        w_minute: time.minute,
        w_second: time.second,
        w_milliseconds: time.milliseconds,
    }
}
