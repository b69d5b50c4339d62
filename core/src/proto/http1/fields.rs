//! Field lines: the grammar that response heads and trailers share, with WinHTTP's leniencies.
//!
//! ```text
//! field-line = field-name ":" OWS field-value OWS          ; RFC 9112 §5
//! obs-fold   = OWS CRLF RWS                                ; RFC 9112 §5.2
//! ```
//!
//! Lenient: a line may end with a bare LF (RFC 9112 §2.2), blanks before the colon are dropped (as
//! WinHTTP does), an obsolete line folding is read as one space. Strict: anything else.

use crate::header::{HeaderList, text};

/// Why field lines cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldsError {
    /// A line has no colon or no valid name, or a value has a control character.
    Malformed,
    /// There are more fields than the limit.
    TooMany,
}

/// Reads `lines`, complete lines without the empty one at the end, into a list of at most
/// `max_count` fields.
pub(super) fn parse(lines: &[u8], max_count: usize) -> Result<HeaderList, FieldsError> {
    let mut fields = HeaderList::new();
    let mut rest = lines;
    while !rest.is_empty() {
        let (line, after) = split_line(rest);
        let (folded, after) = split_folded_lines(after);
        rest = after;
        if fields.len() == max_count {
            return Err(FieldsError::TooMany);
        }
        let colon = line
            .iter()
            .position(|&byte| byte == b':')
            .ok_or(FieldsError::Malformed)?;
        let (name, value) = line.split_at(colon);
        let name = text::trim_blanks_end(name);
        let value = text::trim_blanks(value.strip_prefix(b":").unwrap_or(value));
        if !text::is_token(name) {
            return Err(FieldsError::Malformed);
        }
        let name = std::str::from_utf8(name).map_err(|_| FieldsError::Malformed)?;
        if folded.is_empty() {
            push_checked(&mut fields, name, value)?;
        } else {
            push_checked(&mut fields, name, &unfold(value, folded))?;
        }
    }
    Ok(fields)
}

/// Splits off the first line, without its line end; what follows the line end is the rest.
pub(super) fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes
        .iter()
        .position(|&byte| byte == b'\n')
        .unwrap_or(bytes.len());
    let (line, rest) = bytes.split_at(end);
    (
        line.strip_suffix(b"\r").unwrap_or(line),
        rest.strip_prefix(b"\n").unwrap_or(rest),
    )
}

/// Whether a line that begins with `byte` continues the line before it.
pub(super) fn is_folded(byte: u8) -> bool {
    text::is_blank(byte)
}

/// Splits off the lines that continue the line before.
fn split_folded_lines(bytes: &[u8]) -> (&[u8], &[u8]) {
    let mut rest = bytes;
    while rest.first().is_some_and(|&first| is_folded(first)) {
        (_, rest) = split_line(rest);
    }
    bytes.split_at(bytes.len() - rest.len())
}

/// RFC 9112 §5.2: a user agent replaces each obs-fold by blanks; here by one space.
fn unfold(value: &[u8], mut folded: &[u8]) -> Vec<u8> {
    let mut whole = value.to_vec();
    while !folded.is_empty() {
        let (line, rest) = split_line(folded);
        folded = rest;
        let line = text::trim_blanks(line);
        if !line.is_empty() && !whole.is_empty() {
            whole.push(b' ');
        }
        whole.extend_from_slice(line);
    }
    whole
}

/// RFC 9110 §5.5: a value with CR, LF or NUL is dangerous; no control character is let through.
fn push_checked(fields: &mut HeaderList, name: &str, value: &[u8]) -> Result<(), FieldsError> {
    if !text::is_field_value(value) {
        return Err(FieldsError::Malformed);
    }
    fields.push(name, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(lines: &str) -> Result<Vec<(String, String)>, FieldsError> {
        Ok(parse(lines.as_bytes(), 3)?
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
            assert_eq!(pairs(lines), Err(FieldsError::Malformed), "{lines:?}");
        }
    }

    #[test]
    fn the_count_of_fields_is_limited_and_folding_does_not_count() {
        assert_eq!(pairs("a:\nb:\nc:\n").unwrap().len(), 3);
        assert_eq!(pairs("a:\n 1\n 2\nb:\nc:\n").unwrap().len(), 3);
        assert_eq!(pairs("a:\nb:\nc:\nd:\n"), Err(FieldsError::TooMany));
    }
}
