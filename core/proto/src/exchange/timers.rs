//! The waits of a request or WebSocket, each with a name and a limit, and the failure of those that
//! last longer.

use std::fmt;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::failure::{Failure, Reason, Result};
use crate::option::Timeouts;

/// WSAETIMEDOUT: the socket error behind a wait that lasted too long
/// (WINHTTP_OPTION_EXTENDED_ERROR).
pub const SOCKET_TIMED_OUT: u32 = 10060;

/// What is waited for.
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

/// Bytes that the socket below a connection has taken and given so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Taken for the peer.
    pub sent: u64,
    /// Given by the peer.
    pub received: u64,
}

impl Wait {
    /// The bytes whose movement begins such a wait anew.
    #[must_use]
    pub fn moves(self, carried: Carried) -> u64 {
        match self {
            Self::Send | Self::WebSocketSend => carried.sent,
            Self::Receive => carried.received,
            // Limits of a whole, however it moves.
            Self::Resolve | Self::Handshake | Self::ReceiveResponse | Self::WebSocketClose => 0,
        }
    }

    /// Its limit on a request with these timeouts; `None` for none. Those of connecting and of a
    /// WebSocket are with those who wait.
    fn limit(self, timeouts: &Timeouts) -> Option<Duration> {
        Timeouts::effective(match self {
            Self::Send => timeouts.send_ms,
            Self::Receive => timeouts.receive_ms,
            Self::ReceiveResponse => timeouts.receive_response_ms,
            Self::Resolve | Self::Handshake | Self::WebSocketSend | Self::WebSocketClose => {
                return None;
            }
        })
    }

    /// When such a wait ends that began at `since`; `None` for never.
    ///
    /// # Errors
    /// [`Error::Timeout`] if it has lasted for its limit already.
    pub fn left(
        self,
        since: Instant,
        now: Instant,
        timeouts: &Timeouts,
    ) -> Result<Option<Instant>> {
        left_since(self, since, now, self.limit(timeouts))
    }
}

/// When a wait that began at `since` ends; `None` for never.
///
/// # Errors
/// [`Error::Timeout`] if it has lasted for `limit` already.
pub fn left_since(
    wait: Wait,
    since: Instant,
    now: Instant,
    limit: Option<Duration>,
) -> Result<Option<Instant>> {
    let until = deadline(since, limit);
    if until.is_some_and(|until| until <= now) {
        return Err(timed_out(wait, limit));
    }
    Ok(until)
}

/// A wait that begins anew whenever bytes move: since when nothing has moved.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stall(Option<Stalled>);

#[derive(Clone, Copy, Debug)]
struct Stalled {
    since: Instant,
    /// What the socket had carried by then in the direction that is waited for.
    carried: u64,
}

impl Stall {
    /// When the wait ends, unless nothing has moved for its limit already.
    ///
    /// # Errors
    /// [`Error::Timeout`].
    pub fn left(
        &mut self,
        wait: Wait,
        carried: Carried,
        now: Instant,
        timeouts: &Timeouts,
    ) -> Result<Option<Instant>> {
        let carried = wait.moves(carried);
        let before = self.0.filter(|stalled| stalled.carried == carried);
        let since = before.map_or(now, |stalled| stalled.since);
        self.0 = Some(Stalled { since, carried });
        wait.left(since, now, timeouts)
    }

    /// Nothing was there when it was looked for.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.is_some()
    }

    /// The operation is over: the next one's wait begins anew.
    pub fn over(&mut self) {
        self.0 = None;
    }
}

/// `now` plus a timeout; `None` (never) for no timeout or one beyond what the clock can express.
#[must_use]
pub fn deadline(now: Instant, timeout: Option<Duration>) -> Option<Instant> {
    timeout.and_then(|timeout| now.checked_add(timeout))
}

/// The earlier of two deadlines, where `None` means never.
#[must_use]
pub fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
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
        SOCKET_TIMED_OUT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::detail;

    #[test]
    fn a_timeout_names_its_limit() {
        let failure = timed_out(Wait::Receive, Some(Duration::from_millis(1500)));
        assert_eq!(failure.error(), Error::Timeout);
        assert_eq!(failure.reason().unwrap().socket_error(), SOCKET_TIMED_OUT);
        assert_eq!(
            detail(&**failure.reason().unwrap()),
            "the server sent nothing within 1500 ms (RECEIVE_TIMEOUT)"
        );
    }
}
