//! The status line of a response, read as WinHTTP reads it.
//!
//! ```text
//! status-line = HTTP-version SP status-code SP [ reason-phrase ]   ; RFC 9112 §4
//! ```
//!
//! Lenient: any digit behind `HTTP/1.`, tabs and several blanks between the parts, no reason and no
//! blank before it. Strict: anything else.

use super::fields::Rule;
use crate::header::text;

/// What every response on an HTTP/1 connection begins with.
pub(super) const START: &[u8] = b"HTTP/1.";

/// The parts of a status line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StatusLine<'l> {
    /// The x of HTTP/1.x, one digit.
    pub(super) version_minor: u8,
    /// Three digits, 100 to 999.
    pub(super) status: u16,
    /// The reason phrase without the blanks around it; empty where the server sent none.
    pub(super) reason: &'l [u8],
}

impl<'l> StatusLine<'l> {
    /// Reads `line`, which is without its end.
    pub(super) fn parse(line: &'l [u8]) -> Result<Self, Rule> {
        let rest = line.strip_prefix(START).ok_or(Rule::Start)?;
        let (&minor, rest) = rest.split_first().ok_or(Rule::Start)?;
        if !minor.is_ascii_digit() {
            return Err(Rule::Start);
        }
        let rest = behind_blanks(rest).ok_or(Rule::StatusCode)?;
        let (code, rest) = rest.split_first_chunk::<3>().ok_or(Rule::StatusCode)?;
        let status = status_code(*code).ok_or(Rule::StatusCode)?;
        let reason = if rest.is_empty() {
            rest
        } else {
            behind_blanks(rest).ok_or(Rule::StatusCode)?
        };
        if reason.contains(&b'\r') {
            return Err(Rule::LineEnd);
        }
        if !text::is_field_value(reason) {
            return Err(Rule::Reason);
        }
        Ok(Self {
            version_minor: minor - b'0',
            status,
            reason: text::trim_blanks_end(reason),
        })
    }
}

/// `bytes` without the blanks they begin with; `None` if there are none.
fn behind_blanks(bytes: &[u8]) -> Option<&[u8]> {
    let rest = text::trim_blanks_start(bytes);
    (rest.len() < bytes.len()).then_some(rest)
}

/// RFC 9110 §15: codes below 100 do not exist.
fn status_code(digits: [u8; 3]) -> Option<u16> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code = digits
        .iter()
        .fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    (code >= 100).then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_stand_behind_any_blanks() {
        for (line, minor, status, reason) in [
            ("HTTP/1.0 200 OK", 0, 200, "OK"),
            ("HTTP/1.7\t999\tfine", 7, 999, "fine"),
            ("HTTP/1.1 \t 100 \t a\t b \t", 1, 100, "a\t b"),
            ("HTTP/1.1 200", 1, 200, ""),
            ("HTTP/1.1 200   ", 1, 200, ""),
        ] {
            let expected = StatusLine {
                version_minor: minor,
                status,
                reason: reason.as_bytes(),
            };
            assert_eq!(StatusLine::parse(line.as_bytes()), Ok(expected), "{line:?}");
        }
    }

    #[test]
    fn each_part_has_its_rule() {
        for (line, rule) in [
            ("", Rule::Start),
            ("HTTP/1.", Rule::Start),
            ("HTTP/2.0 200", Rule::Start),
            ("HTTP/1.A 200", Rule::Start),
            ("http/1.1 200", Rule::Start),
            ("HTTP/1.1", Rule::StatusCode),
            ("HTTP/1.1200", Rule::StatusCode),
            ("HTTP/1.12 200", Rule::StatusCode),
            ("HTTP/1.1 ", Rule::StatusCode),
            ("HTTP/1.1 20", Rule::StatusCode),
            ("HTTP/1.1 20c", Rule::StatusCode),
            ("HTTP/1.1 099", Rule::StatusCode),
            ("HTTP/1.1 2000", Rule::StatusCode),
            ("HTTP/1.1 200OK", Rule::StatusCode),
            ("HTTP/1.1 200 O\rK", Rule::LineEnd),
            ("HTTP/1.1 200 \0", Rule::Reason),
            ("HTTP/1.1 200 \x1b[1m", Rule::Reason),
        ] {
            assert_eq!(StatusLine::parse(line.as_bytes()), Err(rule), "{line:?}");
        }
    }
}
