//! What is said of an answer that is no response to the request, ends too early, or refuses an
//! upgrade.

use std::fmt;

use super::Exchange;
use crate::decode::TooManyCodings;
use crate::error::Error;
use crate::failure::{Failure, Quoted, Reason};
use crate::http1::body::FramingError;
use crate::http1::head::{HeadError, ResponseHead, Rule};
use crate::http1::secrets::Secrets;
use crate::http1::shown::{BODY_BYTES_MAX, shown};
use crate::websocket::HandshakeError;

/// Bytes of what is no HTTP that are looked at.
const FOREIGN_BYTES_MAX: usize = 1024;

/// Why the answer to a request is none.
#[derive(Debug)]
pub(super) enum BadAnswer {
    /// It is no HTTP, and begins like this.
    Foreign(Quoted),
    /// It is no response at all, or too large.
    Head(HeadError),
    /// More interim responses than this (MAX_HTTP_STATUS_CONTINUE).
    TooManyInterim(u32),
    /// The 101, and what it lacks to open a WebSocket.
    Handshake(HandshakeError, String),
    /// A head that does not say where the body ends.
    Framing(FramingError),
    /// A body with more codings than are taken off.
    Codings(TooManyCodings),
    /// The server ended the connection behind so many bytes of a head.
    Ended(usize),
}

impl BadAnswer {
    pub(super) fn handshake(error: HandshakeError, head: &ResponseHead, request: &[u8]) -> Self {
        Self::Handshake(error, shown(head, &[], request))
    }

    fn meaning(&self) -> Error {
        match self {
            Self::Head(error) => (*error).into(),
            Self::Framing(error) => (*error).into(),
            Self::Foreign(_)
            | Self::TooManyInterim(_)
            | Self::Handshake(..)
            | Self::Codings(_)
            | Self::Ended(_) => Error::InvalidServerResponse,
        }
    }
}

impl From<HeadError> for BadAnswer {
    fn from(error: HeadError) -> Self {
        Self::Head(error)
    }
}

impl From<FramingError> for BadAnswer {
    fn from(error: FramingError) -> Self {
        Self::Framing(error)
    }
}

impl From<TooManyCodings> for BadAnswer {
    fn from(error: TooManyCodings) -> Self {
        Self::Codings(error)
    }
}

impl fmt::Display for BadAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign(begins) => {
                write!(
                    f,
                    "what the server sent is no HTTP/1 response: it begins with {begins}"
                )
            }
            Self::Head(error) => write!(f, "the response's head: {error}"),
            Self::TooManyInterim(limit) => write!(
                f,
                "the server sent more than {limit} interim responses (MAX_HTTP_STATUS_CONTINUE)"
            ),
            Self::Handshake(error, response) => {
                write!(
                    f,
                    "the server's handshake breaks RFC 6455 section 4.1: {error}\n{response}"
                )
            }
            Self::Framing(error) => write!(f, "the response's head: {error}"),
            Self::Codings(error) => write!(f, "the response's Content-Encoding: {error}"),
            Self::Ended(0) => f.write_str("the server ended the connection without an answer"),
            Self::Ended(bytes) => write!(
                f,
                "the server ended the connection behind {bytes} bytes of the response's head"
            ),
        }
    }
}

impl Reason for BadAnswer {}

/// The answer to an upgrade is another one than 101 Switching Protocols.
#[derive(Debug)]
struct UpgradeRefused(String);

impl fmt::Display for UpgradeRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server refuses the WebSocket handshake\n{}", self.0)
    }
}

impl Reason for UpgradeRefused {}

/// The failure of a head that cannot be used; `input` is what came, `request` the head that was
/// sent.
pub(super) fn bad_answer(answer: BadAnswer, input: &[u8], request: &[u8]) -> Failure {
    let meaning = answer.meaning();
    if let BadAnswer::Head(HeadError::Malformed(Rule::Start)) = answer {
        // A server that sends back whatever it gets has the request's credentials.
        let begins = input.get(..FOREIGN_BYTES_MAX).unwrap_or(input);
        let begins = Quoted::new(&Secrets::of(request).withhold(begins));
        return Failure::because(meaning, BadAnswer::Foreign(begins));
    }
    Failure::because(meaning, answer)
}

/// The failure of a connection that ended behind `received` bytes of a head.
pub(super) fn ended_in_head(received: usize) -> Failure {
    let answer = BadAnswer::Ended(received);
    Failure::because(answer.meaning(), answer)
}

/// The server has ended a connection that other requests had used before, instead of answering, and
/// the request cannot be sent once more.
#[derive(Debug)]
struct GivenUp;

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the server gave up the connection, which had served other requests before, without an \
             answer; the request may have been executed, so it is not sent once more",
        )
    }
}

impl Reason for GivenUp {}

/// The failure of a request that would be sent once more if that did no harm.
pub(super) fn given_up() -> Failure {
    Failure::because(Error::ConnectionError, GivenUp)
}

impl Exchange {
    /// Why the upgrade did not happen: what the server answered, as far as it is in `input`.
    /// `taken` is the response's head if it was taken from here.
    #[must_use]
    pub fn upgrade_refused(&self, taken: Option<&ResponseHead>, input: &[u8]) -> Failure {
        let Some(head) = taken.or_else(|| self.response()) else {
            return Error::InvalidOperation.into();
        };
        let mut body = [0; BODY_BYTES_MAX + 1];
        let length = self.peek(input, &mut body);
        let body = body.get(..length).unwrap_or_default();
        let text = shown(head, body, &self.request.head);
        Failure::because(Error::InvalidOperation, UpgradeRefused(text))
    }
}
