//! Waits that lasted longer than their limit: which limit that was, and how long.

use std::fmt;
use std::time::{Duration, Instant};

use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Reason, Result};

use super::clock;
use super::extended_error::TIMED_OUT;
use super::transport::Carried;

/// What was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The addresses of the server's name.
    Resolve,
    /// The TLS handshake, which is part of connecting.
    Handshake,
    /// The peer to take bytes of a request.
    Send,
    /// The peer to send the next bytes of a response.
    Receive,
    /// The whole head of the response.
    ReceiveResponse,
    /// The peer to take bytes of a WebSocket's frame.
    WebSocketSend,
    /// The peer's close frame.
    WebSocketClose,
}

impl Wait {
    /// The bytes whose movement begins such a wait anew.
    pub(super) fn moves(self, carried: Carried) -> u64 {
        match self {
            Self::Send | Self::WebSocketSend => carried.sent,
            Self::Receive => carried.received,
            // Limits of a whole, however it moves.
            Self::Resolve | Self::Handshake | Self::ReceiveResponse | Self::WebSocketClose => 0,
        }
    }
}

#[derive(Debug)]
struct TimedOut {
    wait: Wait,
    limit: Option<Duration>,
}

/// The failure of a wait that has lasted for `limit`.
#[must_use]
pub fn timed_out(wait: Wait, limit: Option<Duration>) -> Failure {
    Failure::because(Error::Timeout, TimedOut { wait, limit })
}

/// When a wait that began at `since` ends, unless it has lasted for `limit` already.
///
/// # Errors
/// The failure of a wait that has.
pub(super) fn left_since(
    wait: Wait,
    since: Instant,
    now: Instant,
    limit: Option<Duration>,
) -> Result<Option<Instant>> {
    let until = clock::deadline(since, limit);
    if until.is_some_and(|until| until <= now) {
        return Err(timed_out(wait, limit));
    }
    Ok(until)
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (event, option) = match self.wait {
            Wait::Resolve => ("the look-up of the name did not end", "RESOLVE_TIMEOUT"),
            Wait::Handshake => ("the TLS handshake did not end", "CONNECT_TIMEOUT"),
            Wait::Send => ("the server took no bytes of the request", "SEND_TIMEOUT"),
            Wait::Receive => ("the server sent nothing", "RECEIVE_TIMEOUT"),
            Wait::ReceiveResponse => (
                "the head of the response was not complete",
                "RECEIVE_RESPONSE_TIMEOUT",
            ),
            Wait::WebSocketSend => ("the peer took no bytes of a frame", "SEND_TIMEOUT"),
            Wait::WebSocketClose => (
                "the peer did not answer the close frame",
                "WEB_SOCKET_CLOSE_TIMEOUT",
            ),
        };
        let limit = self.limit.unwrap_or_default().as_millis();
        write!(f, "{event} within {limit} ms ({option})")
    }
}

impl Reason for TimedOut {
    fn socket_error(&self) -> u32 {
        TIMED_OUT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use winhttp_proto::failure::detail;

    #[test]
    fn a_timeout_names_its_limit() {
        let failure = timed_out(Wait::Receive, Some(Duration::from_millis(1500)));
        assert_eq!(failure.error(), Error::Timeout);
        assert_eq!(
            detail(&**failure.reason().unwrap()),
            "the server sent nothing within 1500 ms (RECEIVE_TIMEOUT)"
        );
    }
}
