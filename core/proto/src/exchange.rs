//! One request from its first notification to the end of the response's body: pure, fed with bytes
//! and the time.
//!
//! The engine asks [`Exchange::next`] what to do, does it, and says what came of it; it decides
//! nothing. Everything that a program can see is decided here: what is notified in which order,
//! what is written, how long anything is waited for, and what ends an operation.
//!
//! ```text
//!    ┌───────────────── a connection that is there ──────────────────────────┐
//! Composed ─► Unconnected ─► Resolving ─► Dialing ─► Securing (https) ─► Connected ─► Sending ─► Sent ─► Head ─► Body
//!                  ▲                                    │                                │               │  └─► Upgraded
//!                  │             certificate refused: Refused                            │               │
//!                  └─────────────────── Stale: the connection was given up (`retry`) ◄───┴───────────────┘
//! ```
//!
//! Beside that stands the upload, which may go on while the response is received: one call writes,
//! another receives or reads. A failure leaves the exchange Over. A redirect that is followed and a
//! challenge that is answered are the next exchange's. Through a proxy, what is dialed is that; its
//! own TLS and [`tunnel`] lie between Dialing and Securing.

mod body;
mod coded;
pub mod compose;
mod connecting;
mod dialogue;
mod head;
pub mod legality;
mod reasons;
pub mod record;
mod replay;
pub mod request_body;
mod rest;
mod retry;
mod sending;
#[cfg(test)]
mod tests;
pub mod timers;
pub mod tunnel;

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::auth::HeadBytes;
use crate::decode::Codings;
use crate::error::Error;
use crate::failure::{Failure, Result};
use crate::header::HeaderList;
use crate::http1::head::{HeadLimits, ResponseHead};
use crate::notify::{Notification, RequestOperation, SecureProblems};
use crate::option::ConnectionRetries;
use crate::redirect::is_redirect;
use crate::websocket::Offer;

use body::Body;
use connecting::said_of_proxy;
pub use dialogue::{Action, Arrived, Awaits, Call, Flow, Received, Release, Room, Turn, Wrote};
use head::Head;
use record::Record;
use replay::Replay;
pub use rest::Rest;
use retry::Provenance;
use sending::Upload;
use timers::{Stall, Wait};
use tunnel::{Tunnel, Via};

/// What an exchange tolerates.
#[derive(Clone, Copy, Debug)]
pub struct ExchangeLimits {
    /// Limits of one response head (MAX_RESPONSE_HEADER_SIZE).
    pub head: HeadLimits,
    /// Interim responses skipped (MAX_HTTP_STATUS_CONTINUE).
    pub max_interim: u32,
    /// Bytes of a response passed unread for another request to use its connection
    /// (MAX_RESPONSE_DRAIN_SIZE).
    pub max_drain: u64,
}

/// A request as it will be sent, fixed when SendRequest begins.
pub struct Composed {
    /// The server's name or address, without brackets: for notifications.
    pub host: Arc<str>,
    /// TLS comes before the request.
    pub secure: bool,
    /// The proxy on the way to the server.
    pub via: Option<Via>,
    /// The encoded request head.
    pub head: HeadBytes,
    /// The method, which decides how the response is framed.
    pub method: Cow<'static, str>,
    /// The request announced the end of the connection.
    pub announces_close: bool,
    /// When it is sent once more, and how often (FAILED_CONNECTION_RETRIES).
    pub retries: Option<ConnectionRetries>,
    /// What a WebSocket upgrade offers.
    pub upgrade: Option<Offer>,
    /// It was composed because of an answer that ReceiveResponse has got, which goes on with this
    /// one.
    pub is_later_leg: bool,
    /// Its answer says something of the credentials it carries, whatever the status is.
    pub is_authenticated: bool,
    /// What is taken off the response's body (DECOMPRESSION).
    pub codings: Codings,
    /// What the response may cost.
    pub limits: ExchangeLimits,
}

/// One request on its way; see the module's picture.
pub struct Exchange {
    request: Composed,
    state: State,
    /// The request on its way out, beside the response that may come meanwhile.
    upload: Upload,
    /// Since when nothing has arrived of what is waited for.
    stall: Stall,
    provenance: Provenance,
    told: Told,
    replay: Replay,
    /// The program gets the answer that is there.
    is_given: bool,
    /// What is received is a proxy's answer to CONNECT.
    is_of_proxy: bool,
    /// EXPIRE_CONNECTION.
    expires: bool,
    /// How often it was sent once more.
    retried: u32,
    record: Record,
}

/// What the program was told of the request; it is not told twice, however often it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Nothing,
    /// Of the sending of a CONNECT.
    Tunnelling,
    Sending,
    Receiving,
}

enum State {
    /// Nobody knows yet how to get to the server.
    Unrouted,
    Composed,
    Unconnected,
    Resolving,
    /// With what there is to tell first.
    Dialing(Option<Notification>),
    Reached(IpAddr),
    Tunnelling(Tunnel),
    Securing(Hop),
    Refused(Option<SecureProblems>, Failure),
    Connected,
    Sending,
    /// Everything given with SendRequest is out, or no more of it is wanted.
    Written,
    Sent,
    /// The connection turned out stale: another one is needed.
    Stale,
    Head(Head),
    Body(Body),
    /// The server speaks WebSocket from here on.
    Upgraded(Option<Box<ResponseHead>>),
    Over,
}

/// Whose TLS it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hop {
    Proxy,
    Server,
}

impl Exchange {
    /// An exchange of which nothing has happened.
    #[must_use]
    pub fn new(request: Composed) -> Self {
        Self {
            request,
            state: State::Composed,
            upload: Upload::default(),
            stall: Stall::default(),
            provenance: Provenance::Fresh,
            told: Told::Nothing,
            replay: Replay::Given { is_all: false },
            is_given: false,
            is_of_proxy: false,
            expires: false,
            retried: 0,
            record: Record::default(),
        }
    }

    /// An exchange that asks first how to get to the server ([`Action::Routes`]): another one, with
    /// the answer, takes its place then.
    #[must_use]
    pub fn unrouted(request: Composed) -> Self {
        Self {
            state: State::Unrouted,
            ..Self::new(request)
        }
    }

    /// Where a head goes that arrives.
    fn room_for_head(&self) -> Room {
        Room::Inbox(self.request.limits.head.max_bytes)
    }

    /// When the wait ends in which the call is: it begins anew with each byte that moves.
    fn left(&mut self, wait: Wait, turn: &Turn<'_>) -> Result<Option<Instant>> {
        self.stall.left(wait, turn.carried, turn.now, turn.timeouts)
    }

    /// What to do next for this call.
    ///
    /// # Errors
    /// What the call fails with. A failed SendRequest or ReceiveResponse leaves nothing to go on
    /// with; a failed write or read may ([`Exchange::is_answered`], [`legality`]).
    pub fn next(
        &mut self,
        turn: &Turn<'_>,
        call: &mut Call<'_>,
        input: &mut impl Received,
    ) -> Result<Action> {
        if turn.cancelled {
            // The handle is closed: what it had goes with it.
            return Err(Error::OperationCancelled.into());
        }
        self.expires |= turn.expires;
        if matches!(call, Call::Send { .. } | Call::Receive { .. })
            && let Some(action) = self.next_of_tunnel(input)?
        {
            self.note(turn.now, call);
            return Ok(action);
        }
        let action = match call {
            Call::Send {
                given,
                piece,
                awaits,
            } => self.next_of_send(turn, given.len(), *piece, *awaits),
            Call::Write {
                data,
                piece,
                written,
            } => self.next_of_write(data.len(), *piece, **written),
            Call::Receive { again, piece } => {
                self.next_of_receive(turn, input, again.len(), *piece)
            }
            Call::Available { found } => self.next_of_available(input, found),
            Call::Read { into, filled, any } => self.next_of_read(input, into, filled, *any),
        };
        self.note(turn.now, call);
        let action = action?;
        // Whoever has read to the end need not close the handle for others to go on.
        let over = matches!(action, Action::Done);
        let let_go = over.then(|| self.let_go(input.data())).flatten();
        Ok(let_go.unwrap_or(action))
    }

    /// What this call sends, without its first `from` bytes.
    #[must_use]
    pub fn outgoing<'a>(&'a self, call: &'a Call<'_>, mut from: usize) -> [&'a [u8]; 4] {
        if let Some(head) = self.connect_head() {
            return [head.get(from..).unwrap_or_default(), &[], &[], &[]];
        }
        let (head, [chunk, data, end]) = match call {
            Call::Send { given, piece, .. } => (&*self.request.head, piece.parts(given)),
            Call::Write { data, piece, .. } => (&[][..], piece.parts(data)),
            // The request is sent once more.
            Call::Receive { again, piece } => (&*self.request.head, piece.parts(again)),
            Call::Available { .. } | Call::Read { .. } => (&[][..], Default::default()),
        };
        [head, chunk, data, end].map(|part| {
            let rest = part.get(from..).unwrap_or_default();
            from = from.saturating_sub(part.len());
            rest
        })
    }

    /// What was asked for failed, and nothing can take its place.
    ///
    /// # Errors
    /// That failure.
    pub fn failed<T>(&mut self, failure: impl Into<Failure>) -> Result<T> {
        let mut failure = failure.into();
        if matches!(self.state, State::Tunnelling(_)) {
            failure = said_of_proxy("the proxy opened no tunnel", failure);
        }
        self.state = State::Over;
        self.upload.end_with(&failure);
        Err(failure)
    }

    /// What this call waits for is room to write.
    #[must_use]
    pub fn waits_to_write(&self, call: RequestOperation) -> bool {
        let is_sending = matches!(self.state, State::Sending);
        call == RequestOperation::WriteData || is_sending || self.connect_head().is_some()
    }

    /// What this call waits for is something to read, maybe beside room to write.
    #[must_use]
    pub fn waits_to_read(&self, call: RequestOperation) -> bool {
        if matches!(self.state, State::Sending | State::Sent) {
            self.upload.looks_for_answer()
        } else if let State::Tunnelling(tunnel) = &self.state {
            tunnel.writes().is_none()
        } else {
            self.is_receiving() && call != RequestOperation::WriteData
        }
    }

    /// The final response's head; taken once.
    pub fn take_head(&mut self) -> Option<Box<ResponseHead>> {
        if let State::Upgraded(head) | State::Body(Body { head, .. }) = &mut self.state {
            head.take()
        } else {
            None
        }
    }

    /// The final response's head, until it is taken.
    #[must_use]
    pub fn response(&self) -> Option<&ResponseHead> {
        if let State::Upgraded(head) | State::Body(Body { head, .. }) = &self.state {
            head.as_deref()
        } else {
            self.challenge_of_proxy()
        }
    }

    /// The program gets the answer that is there.
    pub fn give(&mut self) {
        self.is_given = true;
        self.give_challenge();
    }

    /// The answer is a challenge, whatever its status says (Passport).
    pub fn read_as_challenge(&mut self) {
        if let State::Body(Body {
            head: Some(head), ..
        }) = &mut self.state
        {
            head.status = 401;
        }
    }

    /// The body of the request can be had again where the call has its optional data; an answer may
    /// have come before the server took all of it.
    #[must_use]
    pub fn is_replayable(&self) -> bool {
        self.replay.is_given_whole()
    }

    /// An answer that asks for another request.
    fn asks_for_more(&self) -> bool {
        let head = self.response().filter(|_| !self.is_given);
        let is_authenticated = self.request.is_authenticated;
        let has_proxy = self.request.gets_answer_of_proxy();
        head.is_some_and(|head| {
            let is_challenge = head.status == 401 || (head.status == 407 && has_proxy);
            is_authenticated || is_challenge || is_redirect(head.status)
        })
    }

    /// The server agreed to speak WebSocket.
    #[must_use]
    pub fn is_upgraded(&self) -> bool {
        matches!(self.state, State::Upgraded(_))
    }

    /// TLS protects what the server gets.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.request.secure
    }

    /// The request asked for a WebSocket.
    #[must_use]
    pub fn asks_upgrade(&self) -> bool {
        self.request.upgrade.is_some()
    }

    /// The final response's head has arrived while the request was being sent: it can be received
    /// although a write fails.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        matches!(self.state, State::Sent) && self.upload.is_answered()
    }

    /// The response is being received, or read: whatever becomes of the upload, that goes on.
    #[must_use]
    pub fn is_receiving(&self) -> bool {
        matches!(self.state, State::Head(_) | State::Body(_))
    }

    /// The system has the whole body: the connection may serve another request.
    #[must_use]
    pub fn is_sent_whole(&self) -> bool {
        self.upload.is_complete()
    }

    /// The body's trailers: `None` before its end, `Some(None)` if there are none.
    #[must_use]
    pub fn trailers(&self) -> Option<Option<&HeaderList>> {
        if let State::Body(body) = &self.state {
            body.trailers()
        } else {
            None
        }
    }
}

impl Composed {
    /// A 407 is a proxy's: behind a tunnel it is the server's, which is none (http-behaviours
    /// 28.7.3).
    fn gets_answer_of_proxy(&self) -> bool {
        self.via.as_ref().is_some_and(|via| !via.tunnels)
    }
}

/// Shows no head: it may have credentials and cookies.
impl fmt::Debug for Composed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Composed")
            .field("host", &self.host)
            .field("secure", &self.secure)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unrouted => "Unrouted",
            Self::Composed => "Composed",
            Self::Unconnected => "Unconnected",
            Self::Resolving => "Resolving",
            Self::Dialing(_) => "Dialing",
            Self::Reached(_) => "Reached",
            Self::Tunnelling(_) => "Tunnelling",
            Self::Securing(_) => "Securing",
            Self::Refused(..) => "Refused",
            Self::Connected => "Connected",
            Self::Sending => "Sending",
            Self::Written => "Written",
            Self::Sent => "Sent",
            Self::Stale => "Stale",
            Self::Head(_) => "Head",
            Self::Body(_) => "Body",
            Self::Upgraded(_) => "Upgraded",
            Self::Over => "Over",
        })
    }
}
