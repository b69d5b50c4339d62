//! Answers to WinHttpQueryHeaders: what a level says about a block of headers.
//!
//! Answers are text; the C edge converts it to the session's string width and applies one rule for
//! all levels: on success the length is that of the text without the terminating NUL, a size query
//! counts the NUL too.

use std::borrow::Cow;
use std::fmt;

use super::name_table::{AnswerSource, Level};
use super::{Header, HeaderList, Version, number, text};
use crate::error::Error;
use crate::http_date::{self, CalendarTime};

/// The first line of a block of headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartLine<'a> {
    /// A request line (RFC 9112 §3).
    Request {
        /// The method as it is sent.
        method: &'a str,
        /// The request target as it is sent.
        target: &'a str,
        /// The version as it is sent.
        version: Version,
    },
    /// A status line (RFC 9112 §4).
    Response {
        /// The version the server announced.
        version: Version,
        /// The status code, three digits.
        status: u16,
        /// The reason phrase; may be empty.
        reason: &'a str,
    },
    /// Trailers have none.
    Trailers,
}

impl fmt::Display for StartLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Trailers => Ok(()),
            Self::Request {
                method,
                target,
                version,
            } => write!(f, "{method} {target} {version}"),
            Self::Response {
                version,
                status,
                reason: "",
            } => write!(f, "{version} {status:03}"),
            Self::Response {
                version,
                status,
                reason,
            } => {
                write!(f, "{version} {status:03} {reason}")
            }
        }
    }
}

/// A start line with its headers: what a query looks at.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// The first line.
    pub start_line: StartLine<'a>,
    /// The headers, or the trailers with WINHTTP_QUERY_FLAG_TRAILERS.
    pub headers: &'a HeaderList,
}

impl Block<'_> {
    /// A value of this block as text: a request's is Latin-1, as the program gave it; a response's
    /// is read as its bytes suggest.
    #[must_use]
    pub fn decode<'v>(&self, value: &'v [u8]) -> Cow<'v, str> {
        match self.start_line {
            StartLine::Request { .. } => text::from_latin_1(value),
            StartLine::Response { .. } | StartLine::Trailers => text::decode(value),
        }
    }
}

/// Why a query has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryError {
    /// No such header, or not so many of them (ERROR_WINHTTP_HEADER_NOT_FOUND).
    NotFound,
    /// A custom query without a name (ERROR_INVALID_PARAMETER).
    NameMissing,
    /// The level has no list of headers (ERROR_INVALID_PARAMETER).
    NotAHeader,
    /// The text is not a number in range or not a date (ERROR_INVALID_PARAMETER).
    Unparsable,
}

impl From<QueryError> for Error {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::NotFound => Self::HeaderNotFound,
            QueryError::NameMissing | QueryError::NotAHeader | QueryError::Unparsable => {
                Self::InvalidParameter
            }
        }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "no such header",
            Self::NameMissing => "a custom query needs a name",
            Self::NotAHeader => "the level is not a header",
            Self::Unparsable => "the header has another form",
        })
    }
}

impl std::error::Error for QueryError {}

/// The answer to a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderAnswer {
    /// The text, without terminating NUL.
    pub text: String,
    /// Whether success moves the caller's index to the next instance; false for special levels.
    pub advances_index: bool,
}

/// The answer to a query for the bytes on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireAnswer {
    /// The bytes, without terminating NUL.
    pub bytes: Vec<u8>,
    /// As [`HeaderAnswer::advances_index`].
    pub advances_index: bool,
}

impl HeaderAnswer {
    /// The value for WINHTTP_QUERY_FLAG_NUMBER.
    ///
    /// # Errors
    /// [`QueryError::Unparsable`] unless the text begins with a decimal number below 2^32.
    pub fn number(&self) -> Result<u32, QueryError> {
        self.number64()?
            .try_into()
            .map_err(|_| QueryError::Unparsable)
    }

    /// The value for WINHTTP_QUERY_FLAG_NUMBER64.
    ///
    /// # Errors
    /// [`QueryError::Unparsable`] unless the text begins with a decimal number below 2^64.
    pub fn number64(&self) -> Result<u64, QueryError> {
        number::leading(&self.text).ok_or(QueryError::Unparsable)
    }

    /// The value for WINHTTP_QUERY_FLAG_SYSTEMTIME.
    ///
    /// # Errors
    /// [`QueryError::Unparsable`] unless the text is an HTTP date.
    pub fn system_time(&self) -> Result<CalendarTime, QueryError> {
        http_date::parse(&self.text).ok_or(QueryError::Unparsable)
    }
}

/// What `level` says about `block`; `index` (from 0) counts headers of the same name.
///
/// `custom_name` is looked at for WINHTTP_QUERY_CUSTOM only, `index` for headers only. The caller
/// passes the request's block for levels that [`Level::always_asks_the_request`].
///
/// # Errors
/// [`QueryError::NotFound`], or [`QueryError::NameMissing`].
pub fn text(
    block: &Block<'_>,
    level: &Level,
    custom_name: Option<&str>,
    index: usize,
) -> Result<HeaderAnswer, QueryError> {
    let (text, advances_index) = answer(block, level, custom_name, index, Form::Text)?;
    Ok(HeaderAnswer {
        text: into_text(text),
        advances_index,
    })
}

/// As [`text()`], with the values as they are on the wire (WINHTTP_QUERY_FLAG_WIRE_ENCODING). A
/// reason phrase is UTF-8.
///
/// # Errors
/// As [`text()`].
pub fn wire(
    block: &Block<'_>,
    level: &Level,
    custom_name: Option<&str>,
    index: usize,
) -> Result<WireAnswer, QueryError> {
    let (bytes, advances_index) = answer(block, level, custom_name, index, Form::Wire)?;
    Ok(WireAnswer {
        bytes,
        advances_index,
    })
}

/// How the values in an answer are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As text, in UTF-8.
    Text,
    /// As the bytes on the wire.
    Wire,
}

impl Form {
    fn push(self, out: &mut Vec<u8>, block: &Block<'_>, value: &[u8]) {
        match self {
            Self::Text => out.extend_from_slice(block.decode(value).as_bytes()),
            Self::Wire => out.extend_from_slice(value),
        }
    }
}

/// The answer, and whether it advances the index.
fn answer(
    block: &Block<'_>,
    level: &Level,
    custom_name: Option<&str>,
    index: usize,
    form: Form,
) -> Result<(Vec<u8>, bool), QueryError> {
    let header = |name: &str| {
        let value = block.headers.nth(name, index).ok_or(QueryError::NotFound)?;
        let mut bytes = Vec::with_capacity(value.len());
        form.push(&mut bytes, block, value);
        Ok((bytes, true))
    };
    let special = match (level.source, block.start_line) {
        (AnswerSource::Header(name), _) => return header(name),
        (AnswerSource::Custom, _) => return header(custom(custom_name)?),
        (AnswerSource::RawHeaders, _) => return Ok((raw_lines(block, "\0", form), false)),
        (AnswerSource::RawHeadersCrlf, _) => {
            let mut raw = raw_lines(block, "\r\n", form);
            raw.extend_from_slice(b"\r\n");
            return Ok((raw, false));
        }
        (
            AnswerSource::Version,
            StartLine::Request { version, .. } | StartLine::Response { version, .. },
        ) => version.to_string(),
        (AnswerSource::StatusCode, StartLine::Response { status, .. }) => format!("{status:03}"),
        (AnswerSource::StatusText, StartLine::Response { reason, .. }) => reason.to_owned(),
        (AnswerSource::RequestMethod, StartLine::Request { method, .. }) => method.to_owned(),
        (AnswerSource::StatusCode | AnswerSource::StatusText, StartLine::Request { .. })
        | (AnswerSource::RequestMethod, StartLine::Response { .. })
        | (_, StartLine::Trailers) => {
            return Err(QueryError::NotFound);
        }
    };
    Ok((special.into_bytes(), false))
}

/// The headers that WinHttpQueryHeadersEx returns as an array.
///
/// WINHTTP_QUERY_EX_ALL_HEADERS (the number of WINHTTP_QUERY_RAW_HEADERS) gives all of them, a
/// header level or WINHTTP_QUERY_CUSTOM those of that name. `index` selects one of them.
///
/// # Errors
/// [`QueryError::NotAHeader`] for special levels, [`QueryError::NameMissing`], and
/// [`QueryError::NotFound`] if nothing matches; an empty block still has its list of all headers.
pub fn headers<'a>(
    block: &Block<'a>,
    level: &Level,
    custom_name: Option<&str>,
    index: Option<usize>,
) -> Result<Vec<&'a Header>, QueryError> {
    let name = match level.source {
        AnswerSource::RawHeaders => None,
        AnswerSource::Header(name) => Some(name),
        AnswerSource::Custom => Some(custom(custom_name)?),
        AnswerSource::Version
        | AnswerSource::StatusCode
        | AnswerSource::StatusText
        | AnswerSource::RawHeadersCrlf
        | AnswerSource::RequestMethod => return Err(QueryError::NotAHeader),
    };
    let matching = block
        .headers
        .iter()
        .filter(|header| name.is_none_or(|name| header.is_named(name)));
    let found: Vec<_> = match index {
        Some(index) => matching.skip(index).take(1).collect(),
        None => matching.collect(),
    };
    let must_match = name.is_some() || index.is_some();
    if found.is_empty() && must_match {
        Err(QueryError::NotFound)
    } else {
        Ok(found)
    }
}

/// The name of a custom query. What is no token is no name of a field, although a line of a
/// careless server may begin with it.
fn custom(name: Option<&str>) -> Result<&str, QueryError> {
    let name = name.ok_or(QueryError::NameMissing)?;
    if text::is_token(name.as_bytes()) {
        Ok(name)
    } else {
        Err(QueryError::NotFound)
    }
}

/// Start line, where there is one, and headers, each ended by `line_end`.
///
/// With NUL as the end, that of the last line is part of the answer and counts in the length of a
/// successful query; the one that ends the list is the terminator every answer gets, which counts
/// only in the size that is asked for.
fn raw_lines(block: &Block<'_>, line_end: &str, form: Form) -> Vec<u8> {
    let mut raw = match block.start_line {
        StartLine::Trailers => Vec::new(),
        line @ (StartLine::Request { .. } | StartLine::Response { .. }) => {
            format!("{line}{line_end}").into_bytes()
        }
    };
    for header in block.headers {
        raw.extend_from_slice(header.name.as_bytes());
        raw.extend_from_slice(b": ");
        form.push(&mut raw, block, &header.value);
        raw.extend_from_slice(line_end.as_bytes());
    }
    raw
}

/// Bytes that were put together from text.
fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::name_table::{self, level};

    const RESPONSE: StartLine<'_> = StartLine::Response {
        version: Version::HTTP_11,
        status: 200,
        reason: "OK",
    };
    const REQUEST: StartLine<'_> = StartLine::Request {
        method: "POST",
        target: "/a?b",
        version: Version::HTTP_10,
    };

    fn list(pairs: &[(&str, &[u8])]) -> HeaderList {
        let mut list = HeaderList::new();
        for (name, value) in pairs {
            list.push(name, value);
        }
        list
    }

    fn ask(
        start_line: StartLine<'_>,
        headers: &HeaderList,
        number: u32,
        name: Option<&str>,
        index: usize,
    ) -> Result<String, QueryError> {
        text(
            &Block {
                start_line,
                headers,
            },
            level(number).unwrap(),
            name,
            index,
        )
        .map(|answer| answer.text)
    }

    #[test]
    fn fact_4_2_2_the_index_counts_instances_and_advances_for_headers_only() {
        let headers = list(&[("Set-Cookie", b"a"), ("x", b"y"), ("set-cookie", b"b")]);
        assert_eq!(ask(RESPONSE, &headers, 43, None, 0).unwrap(), "a");
        assert_eq!(ask(RESPONSE, &headers, 43, None, 1).unwrap(), "b");
        assert_eq!(
            ask(RESPONSE, &headers, 43, None, 2),
            Err(QueryError::NotFound)
        );
        let block = Block {
            start_line: RESPONSE,
            headers: &headers,
        };
        for (number, advances) in [(43, true), (21, false), (22, false), (19, false)] {
            let answer = text(&block, level(number).unwrap(), Some("ignored"), 0).unwrap();
            assert_eq!(answer.advances_index, advances, "{number}");
        }
        assert!(
            ask(RESPONSE, &headers, 22, Some("x"), 7).is_ok(),
            "raw levels ignore the index"
        );
    }

    #[test]
    fn fact_4_2_3_raw_headers_end_with_an_empty_line_or_two_nuls() {
        let headers = list(&[("A", b"1"), ("B", b"")]);
        let crlf = ask(RESPONSE, &headers, 22, None, 0).unwrap();
        assert_eq!(crlf, "HTTP/1.1 200 OK\r\nA: 1\r\nB: \r\n\r\n");
        let nul = ask(REQUEST, &headers, 21, None, 0).unwrap();
        assert_eq!(nul, "POST /a?b HTTP/1.0\0A: 1\0B: \0");
        // With the terminator of the edge: w[n-2] is text, w[n-1] and w[n] are NUL.
        let mut units: Vec<u16> = nul.encode_utf16().collect();
        let n = units.len();
        units.push(0);
        assert!(units[n - 2] != 0 && units[n - 1] == 0 && units[n] == 0);
    }

    #[test]
    fn fact_4_2_4_absent_headers_are_not_found() {
        let headers = list(&[("A", b"1")]);
        for (number, name) in [(5, None), (64, None), (34, None), (65535, Some("nope"))] {
            assert_eq!(
                ask(RESPONSE, &headers, number, name, 0),
                Err(QueryError::NotFound)
            );
        }
        assert_eq!(ask(RESPONSE, &headers, 65535, Some("a"), 0).unwrap(), "1");
        let nameless = ask(RESPONSE, &headers, name_table::CUSTOM, None, 0);
        assert_eq!(nameless, Err(QueryError::NameMissing));
    }

    #[test]
    fn fact_4_2_6_an_empty_reason_is_an_answer() {
        let start = StartLine::Response {
            version: Version::HTTP_11,
            status: 200,
            reason: "",
        };
        let none = HeaderList::new();
        assert_eq!(ask(start, &none, 20, None, 0).unwrap(), "");
        assert_eq!(
            ask(start, &none, 22, None, 0).unwrap(),
            "HTTP/1.1 200\r\n\r\n"
        );
    }

    #[test]
    fn fact_4_2_7_a_content_length_is_a_number_in_both_widths() {
        let headers = list(&[("Content-Length", b"100")]);
        let block = Block {
            start_line: RESPONSE,
            headers: &headers,
        };
        let answer = text(&block, level(5).unwrap(), None, 0).unwrap();
        assert_eq!((answer.number(), answer.number64()), (Ok(100), Ok(100)));
        let large = HeaderAnswer {
            text: "4294967296".into(),
            ..answer
        };
        assert_eq!(large.number(), Err(QueryError::Unparsable));
        assert_eq!(large.number64(), Ok(1 << 32));
    }

    #[test]
    fn fact_23_2_3_what_is_no_token_is_shown_and_not_found() {
        let headers = list(&[("a b", b"1"), ("", b"2")]);
        let raw = ask(RESPONSE, &headers, 22, None, 0).unwrap();
        assert_eq!(raw, "HTTP/1.1 200 OK\r\na b: 1\r\n: 2\r\n\r\n");
        for name in ["a b", ""] {
            let found = ask(RESPONSE, &headers, 65535, Some(name), 0);
            assert_eq!(found, Err(QueryError::NotFound), "{name:?}");
        }
    }

    #[test]
    fn special_levels_read_the_start_line() {
        let none = HeaderList::new();
        assert_eq!(ask(RESPONSE, &none, 18, None, 0).unwrap(), "HTTP/1.1");
        assert_eq!(ask(REQUEST, &none, 18, None, 0).unwrap(), "HTTP/1.0");
        assert_eq!(ask(RESPONSE, &none, 19, None, 0).unwrap(), "200");
        assert_eq!(ask(RESPONSE, &none, 20, None, 0).unwrap(), "OK");
        assert_eq!(ask(REQUEST, &none, 45, None, 0).unwrap(), "POST");
        assert_eq!(ask(REQUEST, &none, 19, None, 0), Err(QueryError::NotFound));
        assert_eq!(ask(RESPONSE, &none, 45, None, 0), Err(QueryError::NotFound));
        assert!(level(45).unwrap().always_asks_the_request());
    }

    #[test]
    fn fact_24_7_trailers_have_no_start_line() {
        let trailers = list(&[("X-Sum", b"42"), ("a", b"b")]);
        let start = StartLine::Trailers;
        let raw = |level| ask(start, &trailers, level, None, 0).unwrap();
        assert_eq!(raw(22), "X-Sum: 42\r\na: b\r\n\r\n");
        assert_eq!(raw(21), "X-Sum: 42\0a: b\0");
        assert_eq!(
            ask(start, &trailers, 65535, Some("x-sum"), 0).unwrap(),
            "42"
        );
        for special in [18, 19, 20, 45] {
            let found = ask(start, &trailers, special, None, 0);
            assert_eq!(found, Err(QueryError::NotFound), "{special}");
        }
    }

    #[test]
    fn dates_become_system_times() {
        let text = "Mon, 28 Jul 2008 10:05:52 GMT".to_owned();
        let answer = HeaderAnswer {
            text,
            advances_index: true,
        };
        assert_eq!(answer.system_time().unwrap().day_of_week, 1);
        assert_eq!(answer.number(), Err(QueryError::Unparsable));
    }

    #[test]
    fn the_extended_query_lists_headers() {
        let headers = list(&[("a", b"1"), ("b", b"2"), ("A", b"3")]);
        let block = Block {
            start_line: RESPONSE,
            headers: &headers,
        };
        let values = |number: u32, name, index| {
            super::headers(&block, level(number).unwrap(), name, index).map(|found| {
                found
                    .iter()
                    .map(|header| header.value[0])
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(values(21, None, None).unwrap(), b"123");
        assert_eq!(values(65535, Some("A"), None).unwrap(), b"13");
        assert_eq!(values(65535, Some("A"), Some(1)).unwrap(), b"3");
        assert_eq!(values(65535, Some("A"), Some(2)), Err(QueryError::NotFound));
        assert_eq!(values(5, None, None), Err(QueryError::NotFound));
        for special in [18, 19, 20, 22, 45] {
            assert_eq!(values(special, None, None), Err(QueryError::NotAHeader));
        }
        let empty = HeaderList::new();
        let block = Block {
            start_line: RESPONSE,
            headers: &empty,
        };
        assert_eq!(
            super::headers(&block, level(21).unwrap(), None, None),
            Ok(vec![])
        );
    }
}
