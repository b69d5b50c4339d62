//! What is said of an answer that is no response to the request, ends too early, or refuses an upgrade.

use std::fmt;

use winhttp_proto::error::Error;
use winhttp_proto::exchange::ExchangeError;
use winhttp_proto::failure::{Failure, Quoted, Reason};
use winhttp_proto::http1::head::{HeadError, ResponseHead, Rule};
use winhttp_proto::http1::secrets::Secrets;
use winhttp_proto::http1::shown::{BODY_BYTES_MAX, shown};
use winhttp_proto::websocket::HandshakeError;

use super::{Connection, Driver, State};

/// Bytes of what is no HTTP that are looked at.
const FOREIGN_BYTES_MAX: usize = 1024;

/// Why the answer to a request is none.
#[derive(Debug)]
enum BadAnswer {
    /// It is no HTTP, and begins like this.
    Foreign(Quoted),
    Head(HeadError),
    TooManyInterim(u32),
    Switch,
    /// The 101, and what it lacks.
    Handshake(HandshakeError, String),
    Framing(winhttp_proto::http1::body::FramingError),
    /// The server ended the connection behind so many bytes of a head.
    Ended(usize),
    Misused,
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
            Self::Switch => f.write_str(
                "the server sent 101 Switching Protocols, which nobody asked for \
                 (RFC 9110 section 15.2.2)",
            ),
            Self::Handshake(error, response) => {
                write!(
                    f,
                    "the server's handshake breaks RFC 6455 section 4.1: {error}\n{response}"
                )
            }
            Self::Framing(error) => write!(f, "the response's head: {error}"),
            Self::Ended(0) => f.write_str("the server ended the connection without an answer"),
            Self::Ended(bytes) => write!(
                f,
                "the server ended the connection behind {bytes} bytes of the response's head"
            ),
            Self::Misused => f.write_str("a head was looked for behind the head"),
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

/// The failure of a head that cannot be used; `input` is what came, `request` the head that was sent.
pub(super) fn bad_answer(error: ExchangeError, input: &[u8], request: &[u8]) -> Failure {
    let meaning = Error::from(&error);
    Failure::because(
        meaning,
        match error {
            ExchangeError::Head(HeadError::Malformed(Rule::Start)) => {
                // A server that sends back whatever it gets has the request's credentials.
                let begins = input.get(..FOREIGN_BYTES_MAX).unwrap_or(input);
                BadAnswer::Foreign(Quoted::new(&Secrets::of(request).withhold(begins)))
            }
            ExchangeError::Head(error) => BadAnswer::Head(error),
            ExchangeError::TooManyInterim(limit) => BadAnswer::TooManyInterim(limit),
            ExchangeError::Switch => BadAnswer::Switch,
            ExchangeError::Handshake(error, head) => {
                BadAnswer::Handshake(error, shown(&head, &[], request))
            }
            ExchangeError::Framing(error) => BadAnswer::Framing(error),
            ExchangeError::Misused => BadAnswer::Misused,
        },
    )
}

/// The failure of a connection that ended behind `received` bytes of a head.
pub(super) fn ended_in_head(received: usize) -> Failure {
    Failure::because(Error::InvalidServerResponse, BadAnswer::Ended(received))
}

/// The failure of a head that does not fit.
pub(super) fn head_too_large() -> Failure {
    let reason = BadAnswer::Head(HeadError::TooLarge);
    Failure::because(Error::HeaderSizeOverflow, reason)
}

impl Driver {
    /// Why the upgrade did not happen: what the server answered, as far as it has arrived. `taken` is the response's head
    /// if it was taken from here.
    #[must_use]
    pub fn upgrade_refused(&mut self, taken: Option<&ResponseHead>) -> Failure {
        let State::Open(connection) = &mut self.state else {
            return Error::InvalidOperation.into();
        };
        let mut body = [0; BODY_BYTES_MAX + 1];
        let length = connection.peek(&mut body);
        let body = body.get(..length).unwrap_or_default();
        let Some(head) = taken.or(connection.head.as_deref()) else {
            return Error::InvalidOperation.into();
        };
        let text = shown(head, body, &self.plan.head);
        Failure::because(Error::InvalidOperation, UpgradeRefused(text))
    }
}

impl Connection {
    /// Copies the beginning of the body, as far as it can be had without waiting; the program reads it all the same.
    fn peek(&mut self, out: &mut [u8]) -> usize {
        if self.inbox.is_empty() && self.owed.is_none() {
            // Without room for payload a turn only passes framing and fetches more bytes.
            self.owed = self.read_body(&mut []).err();
        }
        let Some(mut decoder) = self.exchange.body_ref().cloned() else {
            return 0;
        };
        let mut input = self.inbox.data();
        let mut filled = 0;
        while let Some(room) = out.get_mut(filled..).filter(|room| !room.is_empty()) {
            match decoder.advance(input, room) {
                Ok(step) if step.consumed > 0 => {
                    filled += step.produced;
                    input = input.get(step.consumed..).unwrap_or_default();
                }
                Ok(_) | Err(_) => break,
            }
        }
        filled
    }
}
