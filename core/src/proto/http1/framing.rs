//! Where a response's body ends, and whether the connection can serve another request after it.

use std::fmt;

use super::head::ResponseHead;
use crate::error::Error;
use crate::header::{HeaderList, query, text};

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

/// Content-Length is not a number, or there are several that differ
/// (ERROR_WINHTTP_INVALID_SERVER_RESPONSE).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FramingError;

impl fmt::Display for FramingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed or contradicting Content-Length")
    }
}

impl std::error::Error for FramingError {}

impl From<FramingError> for Error {
    fn from(FramingError: FramingError) -> Self {
        Self::InvalidServerResponse
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
        // Rules 3 and 4: Transfer-Encoding beats Content-Length; without chunked as the last
        // coding, the end of the connection is the end of the body.
        if let Some(last_coding) = last_transfer_coding(&head.headers) {
            let chunked = last_coding.eq_ignore_ascii_case(b"chunked");
            return Ok(if chunked {
                Self::Chunked
            } else {
                Self::UntilClose
            });
        }
        // Rules 5, 6 and 8.
        Ok(content_length(&head.headers)?.map_or(Self::UntilClose, Self::Length))
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
    let encoded = headers.contains("Transfer-Encoding");
    let ambiguous = encoded && (head.version_minor == 0 || headers.contains("Content-Length"));
    if head.status == 101 || *framing == BodyFraming::UntilClose || ambiguous || says("close") {
        return false;
    }
    head.version_minor >= 1 || says("keep-alive")
}

/// The last coding applied; `identity`, which old servers send, is none.
fn last_transfer_coding(headers: &HeaderList) -> Option<&[u8]> {
    headers
        .tokens("Transfer-Encoding")
        .filter(|coding| !coding.eq_ignore_ascii_case(b"identity"))
        .last()
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
            .and_then(query::parse_number)
            .ok_or(FramingError)?;
        if length.is_some_and(|other| other != number) {
            return Err(FramingError);
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
    fn transfer_encoding_beats_content_length() {
        assert_eq!(
            framing("GET", 200, &[LENGTH, CHUNKED]),
            Ok(BodyFraming::Chunked)
        );
        let gzip = ("Transfer-Encoding", "gzip, Chunked");
        assert_eq!(framing("GET", 200, &[gzip]), Ok(BodyFraming::Chunked));
        let not_last = ("Transfer-Encoding", "chunked, gzip");
        assert_eq!(
            framing("GET", 200, &[not_last, LENGTH]),
            Ok(BodyFraming::UntilClose)
        );
        let identity = ("Transfer-Encoding", "identity");
        assert_eq!(
            framing("GET", 200, &[identity, LENGTH]),
            Ok(BodyFraming::Length(100))
        );
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
        ] {
            assert_eq!(of(bad), Err(FramingError), "{bad:?}");
        }
        assert_eq!(of(&["18446744073709551616"]), Err(FramingError));
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
        ];
        for (head, expected) in cases {
            assert_eq!(
                keep_alive(&head, &BodyFraming::Length(1)),
                expected,
                "{head:?}"
            );
            assert!(!keep_alive(&head, &BodyFraming::UntilClose));
        }
    }
}
