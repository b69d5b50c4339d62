//! Heads: reading a status line with its headers, writing a request line with its headers.

use std::fmt;

use super::Version;
pub use super::fields::Rule;
use super::fields::{self, FieldsError};
use super::status_line::{START, StatusLine};
use crate::error::Error;
use crate::header::query::{Block, StartLine};
use crate::header::{HeaderList, text};

/// How large a response head may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    /// Bytes from the status line to the empty line, both included; 65536 by default, the default
    /// of WINHTTP_OPTION_MAX_RESPONSE_HEADER_SIZE.
    pub max_bytes: usize,
    /// Header fields; 1024 by default: far above what servers send, and a bound for the memory the
    /// fields need beside their bytes.
    pub max_count: usize,
}

impl Default for HeadLimits {
    fn default() -> Self {
        Self {
            max_bytes: 65536,
            max_count: 1024,
        }
    }
}

/// A response's status line and headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseHead {
    /// The x of HTTP/1.x, one digit.
    pub version_minor: u8,
    /// The status code, 100 to 999.
    pub status: u16,
    /// The reason phrase as text; empty where the server sent none.
    pub reason: String,
    /// The headers in wire order.
    pub headers: HeaderList,
}

impl ResponseHead {
    /// The version the server announced.
    #[must_use]
    pub fn version(&self) -> Version {
        Version {
            major: 1,
            minor: self.version_minor,
        }
    }

    /// The head as WinHttpQueryHeaders looks at it.
    #[must_use]
    pub fn block(&self) -> Block<'_> {
        Block {
            start_line: StartLine::Response {
                version: self.version(),
                status: self.status,
                reason: &self.reason,
            },
            headers: &self.headers,
        }
    }
}

/// What the bytes received so far amount to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeadStatus {
    /// The head is complete.
    Complete {
        /// The head.
        head: ResponseHead,
        /// How many bytes it took; the body begins there.
        consumed: usize,
    },
    /// More bytes are needed.
    Partial,
}

/// Why bytes are not a response head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadError {
    /// The head is larger than [`HeadLimits::max_bytes`] (ERROR_WINHTTP_HEADER_SIZE_OVERFLOW).
    TooLarge,
    /// More fields than [`HeadLimits::max_count`] (ERROR_WINHTTP_HEADER_COUNT_EXCEEDED).
    TooManyHeaders,
    /// It breaks this rule (ERROR_WINHTTP_INVALID_SERVER_RESPONSE).
    Malformed(Rule),
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "it is larger than MAX_RESPONSE_HEADER_SIZE allows",
            Self::TooManyHeaders => "it has too many headers",
            Self::Malformed(rule) => return rule.fmt(f),
        })
    }
}

impl std::error::Error for HeadError {}

impl From<HeadError> for Error {
    fn from(error: HeadError) -> Self {
        match error {
            HeadError::TooLarge => Self::HeaderSizeOverflow,
            HeadError::TooManyHeaders => Self::HeaderCountExceeded,
            HeadError::Malformed(_) => Self::InvalidServerResponse,
        }
    }
}

/// Reads a response head from the beginning of `buf` in one go.
///
/// # Errors
/// Any [`HeadError`].
pub fn parse_response(buf: &[u8], limits: &HeadLimits) -> Result<HeadStatus, HeadError> {
    HeadParser::default().parse(buf, limits)
}

/// Reads a response head that arrives in pieces.
///
/// It remembers how far it has looked for the end of the head, so a peer that sends single bytes
/// costs each byte one look. Invariant: `line_start <= scanned`.
#[derive(Clone, Debug, Default)]
pub struct HeadParser {
    /// An empty line before the head is passed over.
    skips_empty_line: bool,
    /// Bytes looked at for line ends.
    scanned: usize,
    /// Where the line begins that has no end yet.
    line_start: usize,
}

impl HeadParser {
    /// A parser at the beginning of a head.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A parser at the beginning of a head on a connection that has carried other responses: one
    /// empty line too many behind the last of them is passed over (RFC 9112 §2.2).
    #[must_use]
    pub fn behind_another() -> Self {
        Self {
            skips_empty_line: true,
            ..Self::default()
        }
    }

    /// Looks at `buf`, which holds everything received since the head began: each call passes the
    /// bytes of the call before and more. After a complete head the parser is ready for the next.
    ///
    /// # Errors
    /// Any [`HeadError`]; garbage is refused as soon as it is visible.
    pub fn parse(&mut self, buf: &[u8], limits: &HeadLimits) -> Result<HeadStatus, HeadError> {
        if !self.skips_empty_line {
            return self.parse_here(buf, limits);
        }
        match buf {
            b"\r" => Ok(HeadStatus::Partial),
            [b'\r', b'\n', head @ ..] => {
                let mut status = self.parse_here(head, limits)?;
                if let HeadStatus::Complete { consumed, .. } = &mut status {
                    *consumed += b"\r\n".len();
                }
                Ok(status)
            }
            _ => self.parse_here(buf, limits),
        }
    }

    fn parse_here(&mut self, buf: &[u8], limits: &HeadLimits) -> Result<HeadStatus, HeadError> {
        if self.line_start == 0 {
            check_start(buf)?;
        }
        let allowed = buf.get(..limits.max_bytes).unwrap_or(buf);
        let Some(consumed) = self.find_end(allowed) else {
            let full = allowed.len() == limits.max_bytes;
            return if full {
                Err(HeadError::TooLarge)
            } else {
                Ok(HeadStatus::Partial)
            };
        };
        *self = Self::default();
        let bytes = buf.get(..consumed).unwrap_or(buf);
        Ok(HeadStatus::Complete {
            head: parse_complete(bytes, limits)?,
            consumed,
        })
    }

    /// The length of the head, its empty line included.
    fn find_end(&mut self, buf: &[u8]) -> Option<usize> {
        while let Some(distance) = memchr::memchr(b'\n', buf.get(self.scanned..)?) {
            let line = buf.get(self.line_start..self.scanned + distance)?;
            self.scanned += distance + 1;
            if matches!(line, b"" | b"\r") {
                return Some(self.scanned);
            }
            self.line_start = self.scanned;
        }
        self.scanned = buf.len();
        None
    }
}

/// Appends a request line, `headers` and the empty line to `out` (RFC 9112 §3).
///
/// The caller has checked the parts. As the last gate against a second request hidden in one of
/// them, CR, LF and NUL are written as spaces.
pub fn encode_request(
    out: &mut Vec<u8>,
    method: &str,
    target: &str,
    version: Version,
    headers: &HeaderList,
) {
    let fields: usize = headers
        .iter()
        .map(|header| header.name.len() + header.value.len() + 4)
        .sum();
    out.reserve(method.len() + target.len() + fields + 16);
    push_on_line(out, method.as_bytes());
    out.push(b' ');
    push_on_line(out, target.as_bytes());
    out.push(b' ');
    version.push_to(out);
    out.extend_from_slice(b"\r\n");
    for header in headers {
        push_on_line(out, header.name.as_bytes());
        out.extend_from_slice(b": ");
        push_on_line(out, &header.value);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

/// Refuses what cannot become `HTTP/1.`.
fn check_start(buf: &[u8]) -> Result<(), HeadError> {
    let as_expected = START
        .iter()
        .zip(buf)
        .all(|(expected, byte)| expected == byte);
    if as_expected {
        Ok(())
    } else {
        Err(HeadError::Malformed(Rule::Start))
    }
}

fn parse_complete(head: &[u8], limits: &HeadLimits) -> Result<ResponseHead, HeadError> {
    let malformed = HeadError::Malformed;
    let (line, section) = fields::split_line(head).ok_or_else(|| malformed(Rule::LineEnd))?;
    let line = StatusLine::parse(line).map_err(malformed)?;
    let headers = fields::parse_fields(section, limits.max_count).map_err(|error| match error {
        FieldsError::Malformed(rule) => malformed(rule),
        FieldsError::TooMany => HeadError::TooManyHeaders,
    })?;
    Ok(ResponseHead {
        version_minor: line.version_minor,
        status: line.status,
        reason: text::decode(line.reason).into_owned(),
        headers,
    })
}

fn push_on_line(out: &mut Vec<u8>, part: &[u8]) {
    let start = out.len();
    out.extend_from_slice(part);
    // Written in any case, so that the compiler can look at many bytes at once.
    for byte in out.get_mut(start..).unwrap_or_default() {
        let breaks_line = matches!(*byte, b'\r' | b'\n' | 0);
        *byte = if breaks_line { b' ' } else { *byte };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Parses byte by byte with one parser.
    fn byte_by_byte(bytes: &[u8], limits: &HeadLimits) -> Result<HeadStatus, HeadError> {
        let mut parser = HeadParser::new();
        for end in 1..=bytes.len() {
            match parser.parse(&bytes[..end], limits) {
                Ok(HeadStatus::Partial) => {}
                done => return done,
            }
        }
        Ok(HeadStatus::Partial)
    }

    /// One head read whole, byte by byte, and with trailing data.
    fn read(text: &str) -> Result<ResponseHead, HeadError> {
        let limits = HeadLimits::default();
        let whole = parse_response(text.as_bytes(), &limits);
        assert_eq!(byte_by_byte(text.as_bytes(), &limits), whole, "{text:?}");
        let trailing = parse_response(format!("{text}\r\nbody\n\n").as_bytes(), &limits);
        assert_eq!(trailing, whole, "{text:?}");
        match whole? {
            HeadStatus::Complete { head, consumed } => {
                assert_eq!(consumed, text.len(), "{text:?}");
                Ok(head)
            }
            HeadStatus::Partial => panic!("{text:?} should be complete"),
        }
    }

    #[test]
    fn a_usual_head() {
        let head = read("HTTP/1.1 404 Not Found\r\nA: 1\r\nb:2\r\na: 3\r\n\r\n").unwrap();
        assert_eq!(
            (head.version_minor, head.status, &*head.reason),
            (1, 404, "Not Found")
        );
        assert_eq!(head.headers.all("A").collect::<Vec<_>>(), [b"1", b"3"]);
        assert_eq!(head.headers.len(), 3);
    }

    #[test]
    fn fact_4_2_5_names_are_cleaned_of_blanks() {
        let head = read("HTTP/1.1 200 OK\r\nSpaceAfterHdr  :   bad\r\nNext: 1\r\n\r\n").unwrap();
        assert_eq!(head.headers.first("spaceafterhdr"), Some(&b"bad"[..]));
        let level = crate::header::name_table::level(22).unwrap(); // RAW_HEADERS_CRLF
        let raw = crate::header::query::text(&head.block(), level, None, 0).unwrap();
        assert_eq!(
            raw.text,
            "HTTP/1.1 200 OK\r\nSpaceAfterHdr: bad\r\nNext: 1\r\n\r\n"
        );
    }

    #[test]
    fn fact_4_2_6_the_reason_may_be_missing() {
        for text in [
            "HTTP/1.1 200\r\n\r\n",
            "HTTP/1.1 200 \r\n\r\n",
            "HTTP/1.1  200  \n\n",
        ] {
            let head = read(text).unwrap();
            assert_eq!((head.status, &*head.reason), (200, ""), "{text:?}");
        }
    }

    #[test]
    fn fact_4_2_6_what_has_no_status_line_is_malformed_at_once() {
        for text in [
            "H\0",
            "<html>",
            "\r\nHTTP/1.1 200\r\n\r\n",
            "HTTP/2 200\r\n",
            "ICY 200",
            "http/1",
        ] {
            let result = parse_response(text.as_bytes(), &HeadLimits::default());
            assert!(matches!(result, Err(HeadError::Malformed(_))), "{text:?}");
        }
    }

    #[test]
    fn broken_status_lines_are_malformed() {
        for line in [
            "HTTP/1.",
            "HTTP/1.1",
            "HTTP/1.1 ",
            "HTTP/1.x 200",
            "HTTP/1.1 20",
            "HTTP/1.1 2000",
            "HTTP/1.1 099 Low",
            "HTTP/1.1 +20",
            "HTTP/1.1200",
            "HTTP/1.1 200OK",
            "HTTP/1.1 200 a\0b",
            "HTTP/1.1 200 a\rb",
            "HTTP/1.10 200",
        ] {
            let result = read(&format!("{line}\r\n\r\n"));
            assert!(matches!(result, Err(HeadError::Malformed(_))), "{line:?}");
        }
    }

    #[test]
    fn lenient_line_ends_and_latin_1() {
        let head = read("HTTP/1.0 200 OK\nA: 1\n 2\r\nB:\n\r\n").unwrap();
        assert_eq!(head.headers.first("a"), Some(&b"1 2"[..]));
        assert_eq!(head.version(), Version::HTTP_10);
        let latin = b"HTTP/1.1 200 D\xe9j\xe0\r\n\r\n";
        let Ok(HeadStatus::Complete { head, .. }) = parse_response(latin, &HeadLimits::default())
        else {
            panic!("complete")
        };
        assert_eq!(head.reason, "Déjà");
    }

    #[test]
    fn the_head_size_is_limited_to_the_byte() {
        let text = b"HTTP/1.1 200 OK\r\nA: 12345\r\n\r\n";
        let exact = HeadLimits {
            max_bytes: text.len(),
            max_count: 1,
        };
        let tight = HeadLimits {
            max_bytes: text.len() - 1,
            max_count: 1,
        };
        assert!(matches!(
            parse_response(text, &exact),
            Ok(HeadStatus::Complete { .. })
        ));
        assert_eq!(parse_response(text, &tight), Err(HeadError::TooLarge));
        assert_eq!(byte_by_byte(text, &tight), Err(HeadError::TooLarge));
        let endless = vec![b'a'; 70_000];
        let endless = [b"HTTP/1.1 200 ", &*endless].concat();
        let result = byte_by_byte(&endless, &HeadLimits::default());
        assert_eq!(result, Err(HeadError::TooLarge));
    }

    #[test]
    fn the_count_of_headers_is_limited() {
        let limits = HeadLimits {
            max_bytes: 1000,
            max_count: 2,
        };
        let result = parse_response(b"HTTP/1.1 200\r\na:\r\nb:\r\nc:\r\n\r\n", &limits);
        assert_eq!(result, Err(HeadError::TooManyHeaders));
        assert!(parse_response(b"HTTP/1.1 200\r\na:\r\nb:\r\n\r\n", &limits).is_ok());
    }

    #[test]
    fn one_parser_reads_heads_in_a_row() {
        let limits = HeadLimits::default();
        let mut parser = HeadParser::new();
        let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
        let Ok(HeadStatus::Complete { head, consumed }) = parser.parse(bytes, &limits) else {
            panic!("complete")
        };
        assert_eq!(head.status, 100);
        let Ok(HeadStatus::Complete { head, .. }) = parser.parse(&bytes[consumed..], &limits)
        else {
            panic!("complete")
        };
        assert_eq!(head.status, 200);
    }

    #[test]
    fn fact_23_1_2_one_empty_line_is_passed_over_behind_another_response() {
        let limits = HeadLimits::default();
        let read = |bytes: &[u8]| {
            let whole = HeadParser::behind_another().parse(bytes, &limits);
            let mut parser = HeadParser::behind_another();
            let mut pieces = (1..=bytes.len()).map(|end| parser.parse(&bytes[..end], &limits));
            let done = pieces.find(|status| *status != Ok(HeadStatus::Partial));
            assert_eq!(done, Some(whole.clone()));
            whole
        };
        for wire in ["HTTP/1.1 200\r\n\r\n", "\r\nHTTP/1.1 200\r\n\r\n"] {
            let Ok(HeadStatus::Complete { head, consumed }) = read(wire.as_bytes()) else {
                panic!("{wire:?} should be complete");
            };
            assert_eq!((head.status, consumed), (200, wire.len()));
        }
        for wire in [
            "\r\n\r\nHTTP/1.1 200\r\n\r\n",
            "\nHTTP/1.1 200\r\n\r\n",
            "\rHTTP",
        ] {
            let refused = Err(HeadError::Malformed(Rule::Start));
            assert_eq!(read(wire.as_bytes()), refused, "{wire:?}");
        }
        // Fresh connections have had no response that could have left one behind.
        let fresh = parse_response(b"\r\nHTTP/1.1 200\r\n\r\n", &limits);
        assert_eq!(fresh, Err(HeadError::Malformed(Rule::Start)));
    }

    #[test]
    fn requests_are_written_in_order_and_on_their_lines() {
        let mut headers = HeaderList::new();
        headers.push("Host", "h");
        headers.push("X", "1\r\nInjected: 2\0");
        let mut out = Vec::new();
        encode_request(&mut out, "GET", "/a?b", Version::HTTP_11, &headers);
        let expected = "GET /a?b HTTP/1.1\r\nHost: h\r\nX: 1  Injected: 2 \r\n\r\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    /// Text made of the pieces heads are made of, so that random heads get deep into the grammar.
    fn head_like() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop::sample::select(vec![
            "HTTP/1.1", "HTTP/1.0", " ", "200", "OK", "\r\n", "\n", "\r", "a", "b-c", ":", "1",
            "\t", "\0", "é", "\r\n\r\n",
        ]);
        prop::collection::vec(piece, 0..24)
            .prop_map(|pieces| format!("HTTP/1.1 200 {}", pieces.concat()).into_bytes())
    }

    proptest! {
        #[test]
        fn any_bytes_any_split_same_answer(bytes in head_like(), max_bytes in 0usize..80) {
            let limits = HeadLimits { max_bytes, max_count: 4 };
            let whole = parse_response(&bytes, &limits);
            // Byte by byte an error may show before the later bytes are seen, but not another one.
            prop_assert_eq!(byte_by_byte(&bytes, &limits), whole.clone());
            if let Ok(HeadStatus::Complete { head, consumed }) = whole {
                prop_assert!(consumed <= max_bytes && head.headers.len() <= 4);
            }
        }

        #[test]
        fn leniencies_change_nothing_where_none_is_needed(
            text in "HTTP/1\\.[01] [1-9]00( O?K?)?\r?\n([ab]{1,2}:[ 1:\té]{0,4}\r?\n){0,4}\r?\n",
        ) {
            let bytes = text.into_bytes();
            let mut storage = [httparse::EMPTY_HEADER; 16];
            let mut response = httparse::Response::new(&mut storage);
            let limits = HeadLimits::default();
            if let Ok(httparse::Status::Complete(length)) = response.parse(&bytes) {
                let Ok(HeadStatus::Complete { head, consumed }) = parse_response(&bytes, &limits)
                else {
                    panic!("httparse accepts {:?}", String::from_utf8_lossy(&bytes));
                };
                prop_assert_eq!(consumed, length);
                prop_assert_eq!(Some(head.status), response.code);
                let theirs: Vec<_> =
                    response.headers.iter().map(|header| (header.name, header.value)).collect();
                let ours: Vec<_> =
                    head.headers.iter().map(|header| (&*header.name, &*header.value)).collect();
                prop_assert_eq!(ours, theirs);
            }
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_response(&bytes, &HeadLimits::default());
        }
    }
}
