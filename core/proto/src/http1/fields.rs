//! Field lines, which response heads and trailers share: httparse reads them, with WinHTTP's
//! leniencies switched on.
//!
//! ```text
//! field-line = field-name ":" OWS field-value OWS          ; RFC 9112 §5
//! obs-fold   = OWS CRLF RWS                                ; RFC 9112 §5.2
//! ```
//!
//! Lenient: a line may end with a bare LF (RFC 9112 §2.2), blanks before the colon are dropped (as
//! WinHTTP does), an obsolete line folding is read as one space. Strict: anything else.

use std::borrow::Cow;
use std::fmt;

use httparse::{ParserConfig, Response, Status};

use crate::header::{HeaderList, text};

/// Why field lines cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldsError {
    /// A line breaks this rule.
    Malformed(Rule),
    /// There are more fields than the limit.
    TooMany,
}

/// What a line of a head breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A response begins with `HTTP/1.0` or `HTTP/1.1` (RFC 9112 §4).
    Start,
    /// A status code of three digits, from 100 on, follows it (RFC 9112 §4, RFC 9110 §15).
    StatusCode,
    /// A field line begins with a name and a colon (RFC 9112 §5).
    FieldName,
    /// A field's value has no control characters (RFC 9110 §5.5).
    FieldValue,
    /// Lines end with CR LF, or with LF (RFC 9112 §2.2).
    LineEnd,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "it does not begin with HTTP/1.0 or HTTP/1.1 (RFC 9112 section 4)",
            Self::StatusCode => "its status line has no valid status code (RFC 9112 section 4)",
            Self::FieldName => {
                "a header line does not begin with a name and a colon (RFC 9112 section 5)"
            }
            Self::FieldValue => "a header's value has a control character (RFC 9110 section 5.5)",
            Self::LineEnd => "a line does not end with CR LF (RFC 9112 section 2.2)",
        })
    }
}

/// What httparse finds in a response head.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The x of HTTP/1.x, 0 or 1.
    pub(super) version_minor: u8,
    /// Three digits, 000 to 999.
    pub(super) status: u16,
    /// The fields in wire order.
    pub(super) fields: HeaderList,
}

/// Reads `head`, a status line, at most `max_count` fields and the empty line.
pub(super) fn parse_head(head: &[u8], max_count: usize) -> Result<Parsed, FieldsError> {
    // Every field has a line of its own, so there is no need to make room for more.
    let lines = head.iter().filter(|&&byte| byte == b'\n').count();
    let mut room = vec![httparse::EMPTY_HEADER; lines.min(max_count)];
    let mut response = Response::new(&mut room);
    match leniencies().parse_response(&mut response, head) {
        Ok(Status::Complete(length)) if length == head.len() => {}
        Ok(Status::Complete(_) | Status::Partial) => {
            return Err(FieldsError::Malformed(Rule::LineEnd));
        }
        Err(error) => return Err(fields_error(error)),
    }
    let (Some(version_minor), Some(status)) = (response.version, response.code) else {
        return Err(FieldsError::Malformed(Rule::StatusCode));
    };
    let mut fields = HeaderList::with_capacity(response.headers.len());
    for field in response.headers {
        fields.push(field.name, unfold(field.value));
    }
    Ok(Parsed {
        version_minor,
        status,
        fields,
    })
}

/// Reads `section`, at most `max_count` fields and the empty line (RFC 9112 §7.1.2).
///
/// httparse's function for bare fields knows no leniencies. Behind a status line trailers get the
/// same as headers.
pub(super) fn parse_trailers(section: &[u8], max_count: usize) -> Result<HeaderList, FieldsError> {
    const STATUS_LINE: &[u8] = b"HTTP/1.1 200\r\n";
    parse_head(&[STATUS_LINE, section].concat(), max_count).map(|parsed| parsed.fields)
}

fn fields_error(error: httparse::Error) -> FieldsError {
    FieldsError::Malformed(match error {
        httparse::Error::TooManyHeaders => return FieldsError::TooMany,
        httparse::Error::HeaderName | httparse::Error::Token => Rule::FieldName,
        httparse::Error::HeaderValue => Rule::FieldValue,
        httparse::Error::NewLine => Rule::LineEnd,
        httparse::Error::Status => Rule::StatusCode,
        httparse::Error::Version => Rule::Start,
    })
}

fn leniencies() -> ParserConfig {
    let mut config = ParserConfig::default();
    config
        .allow_spaces_after_header_name_in_responses(true)
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_multiple_spaces_in_response_status_delimiters(true);
    config
}

/// RFC 9112 §5.2: a user agent replaces each obs-fold by blanks; here by one space. httparse leaves
/// that to its caller.
fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.contains(&b'\n') {
        return Cow::Borrowed(value);
    }
    let lines = value.split(|&byte| byte == b'\n').map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        text::trim_blanks(line)
    });
    let lines: Vec<_> = lines.filter(|line| !line.is_empty()).collect();
    Cow::Owned(lines.join(&b' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(lines: &str) -> Result<Vec<(String, String)>, FieldsError> {
        Ok(parse_trailers(format!("{lines}\r\n").as_bytes(), 3)?
            .iter()
            .map(|field| {
                (
                    field.name.to_string(),
                    text::decode(&field.value).into_owned(),
                )
            })
            .collect())
    }

    #[test]
    fn fact_4_2_5_blanks_before_the_colon_are_dropped() {
        let expected = vec![("SpaceAfterHdr".to_owned(), "bad".to_owned())];
        assert_eq!(pairs("SpaceAfterHdr  :   bad\r\n").unwrap(), expected);
        assert_eq!(pairs("SpaceAfterHdr\t: bad \t\n").unwrap(), expected);
    }

    #[test]
    fn folded_lines_become_one_space() {
        for lines in [
            "a: 1\r\n 2\r\n",
            "a: 1 \n\t  2\n",
            "a:\r\n 1\r\n 2\r\n",
            "a: 1\r\n \r\n 2\n",
        ] {
            assert_eq!(
                pairs(lines).unwrap(),
                [("a".to_owned(), "1 2".to_owned())],
                "{lines:?}"
            );
        }
    }

    #[test]
    fn lines_that_are_no_fields_are_malformed() {
        for lines in [
            "a\r\n",
            ": 1\r\n",
            " a: 1\r\n",
            "a b: 1\r\n",
            "a: 1\r2\r\n",
            "a: \0\r\n",
            "a: 1\r\n \x01\r\n",
            "\r\n",
            "é: 1\r\n",
            "a: 1\r\r\n",
        ] {
            let error = pairs(lines).unwrap_err();
            assert!(matches!(error, FieldsError::Malformed(_)), "{lines:?}");
        }
    }

    #[test]
    fn the_count_of_fields_is_limited_and_folding_does_not_count() {
        assert_eq!(pairs("a:\nb:\nc:\n").unwrap().len(), 3);
        assert_eq!(pairs("a:\n 1\n 2\nb:\nc:\n").unwrap().len(), 3);
        assert_eq!(pairs("a:\nb:\nc:\nd:\n"), Err(FieldsError::TooMany));
    }
}
