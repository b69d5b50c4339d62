//! Field lines, which response heads and trailers share, read with WinHTTP's leniencies.
//!
//! ```text
//! field-line = field-name ":" OWS field-value OWS          ; RFC 9112 §5
//! obs-fold   = OWS CRLF RWS                                ; RFC 9112 §5.2
//! ```
//!
//! Lenient: a line may end with a bare LF (RFC 9112 §2.2), blanks before the colon are dropped (as
//! WinHTTP does), an obsolete line folding is read as one space, a name may be no token: such a
//! line is kept, and no query by name finds it. Strict: a line without a colon, and control
//! characters but the tab.

use std::fmt;

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
    /// A response begins with `HTTP/1.` and a digit (RFC 9112 §4).
    Start,
    /// A status code of three digits, from 100 on, follows it (RFC 9112 §4, RFC 9110 §15).
    StatusCode,
    /// A reason phrase has no control characters (RFC 9112 §4).
    Reason,
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
            Self::Start => "it does not begin with HTTP/1.x (RFC 9112 section 4)",
            Self::StatusCode => "its status line has no valid status code (RFC 9112 section 4)",
            Self::Reason => "its reason has a control character (RFC 9112 section 4)",
            Self::FieldName => {
                "a header line does not begin with a name and a colon (RFC 9112 section 5)"
            }
            Self::FieldValue => "a header's value has a control character (RFC 9110 section 5.5)",
            Self::LineEnd => "a line does not end with CR LF (RFC 9112 section 2.2)",
        })
    }
}

/// Reads `section`: at most `max_count` fields and the empty line, which is its end.
pub(super) fn parse_fields(section: &[u8], max_count: usize) -> Result<HeaderList, FieldsError> {
    // Every field has a line of its own, so there is no need to make room for more.
    let lines = memchr::memchr_iter(b'\n', section).count();
    let mut reader = Reader {
        fields: HeaderList::with_capacity(lines.saturating_sub(1).min(max_count)),
        max_count,
    };
    let mut rest = section;
    while let Some((line, after)) = split_line(rest) {
        rest = after;
        if !line.is_empty() {
            reader.line(line)?;
        } else if rest.is_empty() {
            return Ok(reader.fields);
        } else {
            break;
        }
    }
    Err(FieldsError::Malformed(Rule::LineEnd))
}

/// The first line of `bytes` without its end, and what is behind it.
pub(super) fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr(b'\n', bytes)?;
    let (line, after) = bytes.split_at_checked(end)?;
    Some((line.strip_suffix(b"\r").unwrap_or(line), after.get(1..)?))
}

/// Collects the fields of a section.
struct Reader {
    fields: HeaderList,
    max_count: usize,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), FieldsError> {
        if !text::is_field_value(line) {
            return Err(FieldsError::Malformed(if line.contains(&b'\r') {
                Rule::LineEnd
            } else {
                Rule::FieldValue
            }));
        }
        if line.first().copied().is_some_and(text::is_blank) {
            return self.folding(text::trim_blanks(line));
        }
        let colon = memchr::memchr(b':', line);
        let parts = colon.and_then(|colon| line.split_at_checked(colon));
        let Some((name, [_colon, value @ ..])) = parts else {
            return Err(FieldsError::Malformed(Rule::FieldName));
        };
        if self.fields.len() == self.max_count {
            return Err(FieldsError::TooMany);
        }
        let name = text::decode(text::trim_blanks_end(name));
        self.fields.push(&name, text::trim_blanks(value));
        Ok(())
    }

    /// RFC 9112 §5.2: a user agent replaces each obs-fold by blanks; here by one space.
    fn folding(&mut self, more: &[u8]) -> Result<(), FieldsError> {
        let last = self.fields.last_mut();
        let last = last.ok_or(FieldsError::Malformed(Rule::FieldName))?;
        if !last.value.is_empty() && !more.is_empty() {
            last.value.push(b' ');
        }
        last.value.extend_from_slice(more);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(lines: &str) -> Result<Vec<(String, String)>, FieldsError> {
        Ok(parse_fields(format!("{lines}\r\n").as_bytes(), 3)?
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
    fn fact_23_2_3_folded_lines_become_one_space() {
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
    fn fact_23_2_3_lines_whose_names_are_no_tokens_are_kept() {
        for (lines, name) in [
            (": 1\r\n", ""),
            ("a b : 1\r\n", "a b"),
            ("a\tb: 1\n", "a\tb"),
            ("(a)\t: 1\r\n", "(a)"),
            ("é: 1\r\n", "é"),
        ] {
            let expected = [(name.to_owned(), "1".to_owned())];
            assert_eq!(pairs(lines).unwrap(), expected, "{lines:?}");
        }
    }

    #[test]
    fn fact_23_2_3_lines_that_are_no_fields_are_malformed() {
        for lines in [
            "a\r\n",
            " a: 1\r\n",
            "\t: 1\r\n",
            "a\x0b: 1\r\n",
            "a: 1\x7f\r\n",
            "a: 1\r2\r\n",
            "a: \0\r\n",
            "a: 1\r\n \x01\r\n",
            "\r\n",
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
