//! Drives one request over one connection: moves bytes between a transport and an exchange, and says what happens.
//!
//! The driver never blocks and never calls user code. Whoever runs it (a synchronous call, or a lane of the callback
//! thread) calls a `step_*` function until it says `Done`, delivers the notifications it yields, and waits when told.
//! Each step is told the request's timeouts as they are now: they govern the waits from here on.
//!
//! ```text
//! Start ─► Resolving ─► Dialing ─► Connected ─► Handshaking (https) ─► Announced ─► Sending ─► Sent
//!                                                    │                                          │ step_head
//!                                                    ▼                                          ▼
//!                             certificate refused: Refused        upgraded or body: Open ◄── Receiving
//! ```
//!
//! A failure leaves it Failed, and so does handing the upgraded connection over. Exceptions: a look-up that cannot begin, and
//! a write whose answer has come.

mod body;
mod connect;
mod head;
mod reasons;
mod upload;

use std::fmt;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use connect::Plan;
use upload::Upload;

use super::buffers::Inbox;
use super::connect::dial::{Attach, Race};
use super::connect::resolve::Resolve;
use super::connect::secure::Secure;
use super::sleeper::{Interest, Wake};
use super::socket::Socket;
use super::timed_out::{Wait, left_since};
use super::transport::Stack;
use winhttp_proto::exchange::Exchange;
use winhttp_proto::failure::{Failure, Result};
use winhttp_proto::http1::early::EarlyAnswer;
use winhttp_proto::http1::head::ResponseHead;
use winhttp_proto::notify::{Notification, SecureProblems};

/// What to do after a step.
#[derive(Debug)]
pub enum Step<'a> {
    /// Deliver this, then step again.
    Notify(Notification<'a>),
    /// Step again at once.
    Again,
    /// Step again when a socket of [`Driver::interests`] is ready, when woken, or at this time.
    Wait(Option<Instant>),
    /// The operation is finished.
    Done,
}

/// One request on its way; see the module's picture.
pub struct Driver {
    plan: Plan,
    state: State,
    wake: Arc<dyn Wake>,
    attach: Option<Arc<dyn Attach>>,
    /// The wait of the current operation.
    stall: Option<Stall>,
    /// The server's address, once connected.
    peer: Option<SocketAddr>,
}

/// A wait in which nothing moves.
#[derive(Clone, Copy)]
struct Stall {
    since: Instant,
    /// What the socket had carried by then in the direction that is waited for.
    carried: u64,
}

enum State {
    Start,
    Resolving(Resolve),
    Dialing(Race),
    Connected(Arc<Socket>),
    Handshaking(Secure),
    Refused(Failure),
    Announced(Connection),
    Sending(Connection),
    Sent(Connection),
    Receiving {
        connection: Connection,
        since: Instant,
    },
    Open(Connection),
    Failed,
}

/// A connection with the request's exchange on it.
struct Connection {
    stack: Stack,
    inbox: Inbox,
    /// The last read stopped for others to have a turn, and left bytes that the poll will not report again.
    gave_up: bool,
    exchange: Exchange,
    /// Bytes of the head and the given body already written.
    written: usize,
    upload: Upload,
    /// An answer that comes before the request is out.
    early: EarlyAnswer,
    /// When SendRequest began to wait for the answer's head.
    awaited_since: Option<Instant>,
    head: Option<Box<ResponseHead>>,
    /// Body bytes announced by the last step_available.
    available: u32,
    /// What ended the body, where the read before was given its last bytes.
    owed: Option<Failure>,
    closing: Closing,
}

/// Whether the end of the body is followed by the end of the connection, and who said so.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Closing {
    /// The end is not announced, or by the server alone, which WinHTTP passes over in silence.
    Silent,
    /// Both sides announced it: to be notified.
    Announced,
    /// CLOSING_CONNECTION was notified.
    Notified,
    /// CONNECTION_CLOSED was notified.
    Complete,
}

impl Driver {
    /// A driver that has not done anything yet.
    #[must_use]
    pub fn new(plan: Plan, wake: Arc<dyn Wake>, attach: Option<Arc<dyn Attach>>) -> Self {
        Self {
            plan,
            state: State::Start,
            wake,
            attach,
            stall: None,
            peer: None,
        }
    }

    /// Replaces who is woken: a synchronous call may come from another thread each time.
    pub fn set_wake(&mut self, wake: Arc<dyn Wake>) {
        self.wake = wake;
    }

    /// The sockets whose readiness the last `Wait` is about.
    #[must_use]
    pub fn interests(&self) -> Vec<(BorrowedFd<'_>, Interest)> {
        match &self.state {
            State::Dialing(race) => race
                .sockets()
                .map(|socket| (socket.as_fd(), Interest::Writable))
                .collect(),
            State::Handshaking(secure) => {
                let wanted = secure.interest();
                let wanted = wanted.map(|(socket, interest)| (socket.as_fd(), interest));
                wanted.into_iter().collect()
            }
            State::Announced(connection) | State::Sending(connection) | State::Sent(connection) => {
                let interest = if connection.early.is_open() {
                    Interest::Both
                } else {
                    Interest::Writable
                };
                connection.waits_for(interest)
            }
            State::Receiving { connection, .. } | State::Open(connection) => {
                connection.waits_for(Interest::Readable)
            }
            State::Start
            | State::Resolving(_)
            | State::Connected(_)
            | State::Refused(_)
            | State::Failed => Vec::new(),
        }
    }

    /// The layers of the connection, once there is one.
    #[must_use]
    pub fn stack(&self) -> Option<&Stack> {
        self.connection().map(|connection| &connection.stack)
    }

    /// Own and peer address, once connected.
    #[must_use]
    pub fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        let local = self.stack()?.socket()?.local_address()?;
        Some((local, self.peer?))
    }

    /// The final response's head; taken once.
    pub fn take_head(&mut self) -> Option<Box<ResponseHead>> {
        let State::Open(connection) = &mut self.state else {
            return None;
        };
        connection.head.take()
    }

    /// The server agreed to speak WebSocket: gives the connection and the bytes that came behind the response.
    pub fn take_upgraded(&mut self) -> Option<(Stack, Inbox)> {
        if !self.connection()?.exchange.is_upgraded() {
            return None;
        }
        let State::Open(connection) = std::mem::replace(&mut self.state, State::Failed) else {
            return None;
        };
        Some((connection.stack, connection.inbox))
    }

    fn connection(&self) -> Option<&Connection> {
        match &self.state {
            State::Announced(connection)
            | State::Sending(connection)
            | State::Sent(connection)
            | State::Receiving { connection, .. }
            | State::Open(connection) => Some(connection),
            State::Start
            | State::Resolving(_)
            | State::Dialing(_)
            | State::Connected(_)
            | State::Handshaking(_)
            | State::Refused(_)
            | State::Failed => None,
        }
    }

    /// The driver cannot go on; what it held is released.
    fn fail<T>(&mut self, failure: impl Into<Failure>) -> Result<T> {
        self.state = State::Failed;
        Err(failure.into())
    }

    /// Until when to wait, unless nothing has moved for `timeout` already.
    fn time_left(
        &mut self,
        wait: Wait,
        now: Instant,
        timeout: Option<Duration>,
    ) -> Result<Option<Instant>> {
        let carried = self.stack().map(Stack::carried);
        let carried = carried.map_or(0, |carried| wait.moves(carried));
        let before = self.stall.filter(|stall| stall.carried == carried);
        let since = before.map_or(now, |stall| stall.since);
        self.stall = Some(Stall { since, carried });
        let left = left_since(wait, since, now, timeout)?;
        let gave_up = wait == Wait::Receive && self.connection().is_some_and(|c| c.gave_up);
        Ok(if gave_up { Some(now) } else { left })
    }

    /// The operation is over: the next one's wait begins anew.
    fn progress(&mut self) {
        self.stall = None;
    }
}

impl Connection {
    fn waits_for(&self, interest: Interest) -> Vec<(BorrowedFd<'_>, Interest)> {
        let socket = self.stack.socket();
        socket
            .map(|socket| (socket.as_fd(), interest))
            .into_iter()
            .collect()
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "Start",
            Self::Resolving(_) => "Resolving",
            Self::Dialing(_) => "Dialing",
            Self::Connected(_) => "Connected",
            Self::Handshaking(_) => "Handshaking",
            Self::Refused(_) => "Refused",
            Self::Announced(_) => "Announced",
            Self::Sending(_) => "Sending",
            Self::Sent(_) => "Sent",
            Self::Receiving { .. } => "Receiving",
            Self::Open(_) => "Open",
            Self::Failed => "Failed",
        })
    }
}

/// What a step of sending has to say about TLS problems before the operation fails.
fn refusal(problems: SecureProblems, failure: Failure) -> Option<Notification<'static>> {
    (!problems.is_empty()).then_some(Notification::SecureFailure(problems, failure))
}
