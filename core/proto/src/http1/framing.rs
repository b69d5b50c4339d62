//! Where a response's body ends, and whether the connection can serve another request after it.

use std::fmt;

use super::head::ResponseHead;
use crate::error::Error;
use crate::header::{HeaderList, number, text};

/// How the end of a body is found (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    /// There is no body.
    None,
    /// The body has this many bytes.
    Length(u64),
    /// The body comes in chunks and may have trailers.
    Chunked,
    /// The body ends with the connection.
    UntilClose,
}

/// Why the end of a body cannot be told (ERROR_WINHTTP_INVALID_SERVER_RESPONSE).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FramingError {
    /// A Content-Length is not a number.
    Length,
    /// There are several lengths.
    Lengths,
    /// A Transfer-Encoding names no coding that was asked for, or several.
    Coding,
}

impl fmt::Display for FramingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "a Content-Length is not a number (RFC 9112 section 6.3)",
            Self::Lengths => "there are different Content-Lengths (RFC 9112 section 6.3)",
            Self::Coding => {
                "Transfer-Encoding names a coding other than chunked (RFC 9112 section 6.1)"
            }
        })
    }
}

impl std::error::Error for FramingError {}

impl From<FramingError> for Error {
    fn from(error: FramingError) -> Self {
        match error {
            FramingError::Length | FramingError::Lengths | FramingError::Coding => {
                Self::InvalidServerResponse
            }
        }
    }
}

impl BodyFraming {
    /// The framing of the response `head` to a request with `request_method` (case-sensitive).
    ///
    /// # Errors
    /// [`FramingError`].
    pub fn of_response(request_method: &str, head: &ResponseHead) -> Result<Self, FramingError> {
        // RFC 9112 §6.3 rules 1 and 2: these never have a body, whatever the headers say.
        let bodiless = request_method == "HEAD" || matches!(head.status, 100..=199 | 204 | 304);
        let tunnel = request_method == "CONNECT" && matches!(head.status, 200..=299);
        if bodiless || tunnel {
            return Ok(Self::None);
        }
        // A contradiction is refused although Transfer-Encoding beats Content-Length (rule 3):
        // whoever sends it wants two parties to read different bodies.
        let length = content_length(&head.headers)?;
        if transfer_coding(&head.headers)? == TransferCoding::Chunked {
            return Ok(Self::Chunked);
        }
        // Rules 5, 6 and 8.
        Ok(length.map_or(Self::UntilClose, Self::Length))
    }
}

/// Whether the connection stays usable after this response (RFC 9112 §9.3).
///
/// Not so after 101, when the connection speaks another protocol, after a body that ends with the
/// connection, and after framing that two parties could read differently (RFC 9112 §6.1 and §6.3).
#[must_use]
pub fn keep_alive(head: &ResponseHead, framing: &BodyFraming) -> bool {
    let headers = &head.headers;
    let says = |option| {
        headers.has_token("Connection", option) || headers.has_token("Proxy-Connection", option)
    };
    if head.status == 101
        || *framing == BodyFraming::UntilClose
        || is_ambiguous(head, *framing)
        || says("close")
    {
        return false;
    }
    head.version_minor >= 1 || says("keep-alive")
}

/// Two parties could read the framing differently, although one of them is right.
fn is_ambiguous(head: &ResponseHead, framing: BodyFraming) -> bool {
    let headers = &head.headers;
    let is_counted = matches!(framing, BodyFraming::Length(_));
    if is_counted && !headers.contains(TRANSFER_ENCODING) && head.status != 204 {
        return false; // as of most responses: the length has been read already
    }
    let (Ok(length), Ok(coding)) = (content_length(headers), transfer_coding(headers)) else {
        return true; // of a response that has no body, whatever its headers say
    };
    let announces_body = coding != TransferCoding::None || length.is_some_and(|length| length > 0);
    if head.status == 204 && announces_body {
        return true; // RFC 9110 §8.6, RFC 9112 §6.1: no server sends these with it
    }
    if coding == TransferCoding::None {
        return false;
    }
    let once = headers.tokens(TRANSFER_ENCODING).count() == 1;
    head.version_minor == 0 || length.is_some() || coding == TransferCoding::Identity || !once
}

/// What Transfer-Encoding says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TransferCoding {
    /// There is no such field.
    None,
    /// `identity`, which old servers send and which is no coding.
    Identity,
    /// `chunked`; several of them, which careless servers send, count as one.
    Chunked,
}

const TRANSFER_ENCODING: &str = "Transfer-Encoding";

/// Rule 4, with one coding only: no other was asked for with TE, so no server may apply one (RFC
/// 9112 §7.4), and what is not understood cannot be delimited.
fn transfer_coding(headers: &HeaderList) -> Result<TransferCoding, FramingError> {
    let mut codings = headers.tokens(TRANSFER_ENCODING);
    let Some(first) = codings.next() else {
        let is_empty = headers.contains(TRANSFER_ENCODING);
        return if is_empty {
            Err(FramingError::Coding)
        } else {
            Ok(TransferCoding::None)
        };
    };
    let coding = match first.to_ascii_lowercase().as_slice() {
        b"chunked" => TransferCoding::Chunked,
        b"identity" => TransferCoding::Identity,
        _ => return Err(FramingError::Coding),
    };
    if codings.all(|coding| coding.eq_ignore_ascii_case(first)) {
        Ok(coding)
    } else {
        Err(FramingError::Coding)
    }
}

/// Rule 5: a list of equal lengths counts as one.
fn content_length(headers: &HeaderList) -> Result<Option<u64>, FramingError> {
    let mut length = None;
    for value in headers
        .all("Content-Length")
        .flat_map(|value| value.split(|&byte| byte == b','))
    {
        let number = std::str::from_utf8(text::trim_blanks(value))
            .ok()
            .and_then(number::whole)
            .ok_or(FramingError::Length)?;
        if length.is_some_and(|other| other != number) {
            return Err(FramingError::Lengths);
        }
        length = Some(number);
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(version_minor: u8, status: u16, headers: &[(&str, &str)]) -> ResponseHead {
        let mut list = HeaderList::new();
        for (name, value) in headers {
            list.push(name, value);
        }
        ResponseHead {
            version_minor,
            status,
            reason: String::new(),
            headers: list,
        }
    }

    fn framing(
        method: &str,
        status: u16,
        headers: &[(&str, &str)],
    ) -> Result<BodyFraming, FramingError> {
        BodyFraming::of_response(method, &head(1, status, headers))
    }

    const LENGTH: (&str, &str) = ("Content-Length", "100");
    const CHUNKED: (&str, &str) = ("Transfer-Encoding", "chunked");

    #[test]
    fn fact_4_2_7_head_has_no_body_whatever_its_length_says() {
        assert_eq!(framing("HEAD", 200, &[LENGTH]), Ok(BodyFraming::None));
        assert_eq!(framing("HEAD", 200, &[CHUNKED]), Ok(BodyFraming::None));
        assert_eq!(framing("GET", 200, &[LENGTH]), Ok(BodyFraming::Length(100)));
    }

    #[test]
    fn fact_5_3_4_some_statuses_have_no_body() {
        for status in [100, 101, 199, 204, 304] {
            assert_eq!(
                framing("GET", status, &[LENGTH]),
                Ok(BodyFraming::None),
                "{status}"
            );
            assert_eq!(
                framing("GET", status, &[]),
                Ok(BodyFraming::None),
                "{status}"
            );
        }
        assert_eq!(framing("CONNECT", 200, &[LENGTH]), Ok(BodyFraming::None));
        assert_eq!(
            framing("CONNECT", 407, &[LENGTH]),
            Ok(BodyFraming::Length(100))
        );
    }

    #[test]
    fn fact_23_2_2_chunked_beats_content_length() {
        assert_eq!(
            framing("GET", 200, &[LENGTH, CHUNKED]),
            Ok(BodyFraming::Chunked)
        );
        let differing = [LENGTH, ("content-length", "101"), CHUNKED];
        assert_eq!(framing("GET", 200, &differing), Err(FramingError::Lengths));
        let broken = [("Content-Length", "1x"), CHUNKED];
        assert_eq!(framing("GET", 200, &broken), Err(FramingError::Length));
    }

    #[test]
    fn fact_23_2_2_only_chunked_is_understood() {
        let of = |values: &[&str]| {
            let fields: Vec<_> = values.iter().map(|value| (CHUNKED.0, *value)).collect();
            framing("GET", 200, &[&fields[..], &[LENGTH]].concat())
        };
        for chunked in [&["Chunked"][..], &[" chunked\t"], &["chunked,"]] {
            assert_eq!(of(chunked), Ok(BodyFraming::Chunked), "{chunked:?}");
        }
        for twice in [&["chunked, chunked"][..], &["chunked", "CHUNKED"]] {
            assert_eq!(of(twice), Ok(BodyFraming::Chunked), "{twice:?}");
        }
        assert_eq!(of(&["identity"]), Ok(BodyFraming::Length(100)));
        for unknown in [
            &["chunked, identity"][..],
            &["chunked", "identity"],
            &["identity, chunked"],
            &["gzip, chunked"],
            &["chunked, gzip"],
            &["gzip"],
            &["chunked;q=1"],
            &["xchunked"],
            &["chunked chunked"],
            &["\"chunked\""],
            &["chunked\x0b"],
            &[""],
            &[" , "],
        ] {
            assert_eq!(of(unknown), Err(FramingError::Coding), "{unknown:?}");
        }
        // Where there is no body there is nothing to misread.
        let unknown = (CHUNKED.0, "gzip");
        assert_eq!(framing("HEAD", 200, &[unknown]), Ok(BodyFraming::None));
        assert_eq!(framing("GET", 304, &[unknown]), Ok(BodyFraming::None));
    }

    #[test]
    fn lengths_must_be_numbers_and_agree() {
        let of = |values: &[&str]| {
            let headers: Vec<_> = values
                .iter()
                .map(|value| ("Content-Length", *value))
                .collect();
            framing("GET", 200, &headers)
        };
        assert_eq!(of(&["5", "5"]), Ok(BodyFraming::Length(5)));
        assert_eq!(of(&["5, 5"]), Ok(BodyFraming::Length(5)));
        assert_eq!(of(&[]), Ok(BodyFraming::UntilClose));
        for bad in [
            &["5", "6"][..],
            &["5, 6"],
            &["-1"],
            &["+1"],
            &["1x"],
            &[""],
            &["5,"],
            &["5 5"],
            &["0x5"],
            &["5;5"],
            &["5", ""],
            &["5, 5, 6"],
        ] {
            assert!(of(bad).is_err(), "{bad:?}");
        }
        assert_eq!(
            of(&["18446744073709551615"]),
            Ok(BodyFraming::Length(u64::MAX))
        );
        assert_eq!(of(&["0000000000000000000005"]), Ok(BodyFraming::Length(5)));
        assert_eq!(of(&["18446744073709551616"]), Err(FramingError::Length));
    }

    #[test]
    fn connections_persist_by_version_and_option() {
        let close = ("Connection", "Close");
        let keep = ("Connection", "foo, Keep-Alive");
        let proxy_keep = ("Proxy-Connection", "Keep-Alive");
        let cases = [
            (head(1, 200, &[]), true),
            (head(1, 200, &[close]), false),
            (head(1, 200, &[keep, close]), false),
            (head(0, 200, &[]), false),
            (head(0, 200, &[keep]), true),
            (head(0, 200, &[proxy_keep]), true),
            (head(0, 200, &[keep, CHUNKED]), false),
            (head(1, 200, &[CHUNKED]), true),
            (head(1, 200, &[CHUNKED, LENGTH]), false),
            (head(1, 101, &[("Connection", "Upgrade")]), false),
            (head(1, 200, &[(CHUNKED.0, "chunked, chunked")]), false),
            (head(1, 200, &[(CHUNKED.0, "identity"), LENGTH]), false),
            (head(1, 200, &[LENGTH, LENGTH]), true),
            // Without a body, and yet with framing that somebody could believe in.
            (head(1, 304, &[LENGTH]), true),
            (head(1, 304, &[LENGTH, ("Content-Length", "5")]), false),
            (head(1, 304, &[(CHUNKED.0, "gzip")]), false),
            (head(1, 204, &[("Content-Length", "0")]), true),
            (head(1, 204, &[LENGTH]), false),
            (head(1, 204, &[CHUNKED]), false),
        ];
        for (head, expected) in cases {
            let framing = match head.status {
                204 | 304 => BodyFraming::None,
                _ => BodyFraming::Length(1),
            };
            assert_eq!(keep_alive(&head, &framing), expected, "{head:?}");
            assert!(!keep_alive(&head, &BodyFraming::UntilClose));
        }
    }
}
