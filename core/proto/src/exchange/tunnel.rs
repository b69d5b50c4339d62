//! Asking a proxy for a tunnel to the server (RFC 9110 §9.3.6), before anything of the request.
//!
//! ```text
//! Unasked ─► Writing ─► Reading ─► 2xx: the connection leads to the server
//!    ▲                     ├─► 407: Challenged ─► answered: Passing its body, or Reconnecting ─┐
//!    │                     └─► else, and a 407 that is not answered: the program's response,   │
//!    │                         or CANNOT_CONNECT                                               │
//!    └─────────────────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! What is written is composed when it is needed, since a tunnel that is there already needs none.
//! An answer that the program gets is left where it is, and received like any other.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::reasons::{BadAnswer, bad_answer, ended_in_head};
use super::rest::Rest;
use super::timers::Wait;
use super::{
    Action, Arrived, Exchange, ExchangeLimits, Flow, Hop, Received, Release, State, Told, Turn,
    Wrote,
};
use crate::auth::HeadBytes;
use crate::decode::Codings;
use crate::error::Error;
use crate::failure::{Failure, Reason, Result};
use crate::http1::body::{BodyDecoder, BodyFraming, keep_alive};
use crate::http1::head::{HeadParser, HeadStatus, ResponseHead};
use crate::notify::Notification;

/// The method that asks for a tunnel.
pub const CONNECT: &str = "CONNECT";
const PROXY_AUTHENTICATION_REQUIRED: u16 = 407;

/// How long the rest of a challenge is waited for that will be answered: another connection is had
/// sooner.
const PASSING: Duration = Duration::from_secs(1);

/// The proxy that a request goes through.
#[derive(Clone, Debug)]
pub struct Via {
    /// The proxy's name or address, without brackets: for notifications.
    pub host: Arc<str>,
    /// TLS protects the connection to it.
    pub secure: bool,
    /// It is asked for a tunnel; otherwise it is given the request itself.
    pub tunnels: bool,
    /// The program gets whatever it answers to CONNECT (RECEIVE_PROXY_CONNECT_RESPONSE).
    pub is_received: bool,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Tunnel {
    stage: Stage,
    /// The proxy has answered on this connection before.
    again: bool,
}

#[derive(Debug)]
enum Stage {
    Unasked,
    Writing {
        head: HeadBytes,
        written: usize,
    },
    Reading {
        head: HeadBytes,
        answer: Answer,
    },
    /// Whether there are credentials is for others to say. The response ends behind so many bytes
    /// of what has arrived.
    Challenged {
        head: HeadBytes,
        response: Box<ResponseHead>,
        bytes: usize,
    },
    /// The rest of a challenge that will be answered: so many bytes of heads, and a body; and since
    /// when it is waited for.
    Passing(usize, Rest, Option<Instant>),
    Reconnecting,
}

impl Tunnel {
    /// On a new connection.
    pub(super) fn new() -> Self {
        Self {
            stage: Stage::Unasked,
            again: false,
        }
    }

    /// What is being written, if it is that.
    pub(super) fn writes(&self) -> Option<&[u8]> {
        if let Stage::Writing { head, .. } = &self.stage {
            Some(head)
        } else {
            None
        }
    }

    fn challenge(&self) -> Option<&ResponseHead> {
        if let Stage::Challenged { response, .. } = &self.stage {
            Some(response)
        } else {
            None
        }
    }

    /// A connection that ends now, with so many bytes of an answer there, is to be replaced: the
    /// proxy has ended it behind its challenge, without saying so there.
    fn may_reconnect(&self, arrived: usize) -> bool {
        match &self.stage {
            Stage::Writing { .. } => self.again,
            Stage::Reading { .. } => self.again && arrived == 0,
            Stage::Unasked
            | Stage::Challenged { .. }
            | Stage::Passing(..)
            | Stage::Reconnecting => false,
        }
    }
}

/// The proxy's answer, as far as it has come.
#[derive(Debug)]
pub(super) struct Answer {
    parser: HeadParser,
    /// Bytes of the interim responses in front.
    skipped: usize,
    interim: u32,
    since: Instant,
}

impl Answer {
    fn new(since: Instant) -> Self {
        Self {
            parser: HeadParser::new(),
            skipped: 0,
            interim: 0,
            since,
        }
    }

    /// The final response's head, and the bytes up to its end, once all of them are there.
    fn look(
        &mut self,
        input: &[u8],
        limits: &ExchangeLimits,
    ) -> Result<Option<(Box<ResponseHead>, usize)>, BadAnswer> {
        loop {
            let rest = input.get(self.skipped..).unwrap_or_default();
            let (head, consumed) = match self.parser.parse(rest, &limits.head)? {
                HeadStatus::Partial => return Ok(None),
                HeadStatus::Complete { head, consumed } => (head, consumed),
            };
            if !(100..200).contains(&head.status) || head.status == 101 {
                return Ok(Some((Box::new(head), self.skipped + consumed)));
            }
            self.interim += 1;
            if self.interim > limits.max_interim {
                return Err(BadAnswer::TooManyInterim(limits.max_interim));
            }
            self.skipped += consumed;
            self.parser = HeadParser::new();
        }
    }
}

/// Why there is no tunnel.
#[derive(Debug)]
enum Refused {
    /// The proxy's status.
    Status(u16),
    /// Bytes behind the answer, which nobody can have sent: the server is asked first.
    BytesBehind(usize),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "the proxy answered CONNECT with {status}"),
            Self::BytesBehind(bytes) => write!(
                f,
                "the proxy sent {bytes} bytes behind its answer to CONNECT, before the server was \
                 asked for anything"
            ),
        }
    }
}

impl Reason for Refused {}

impl Exchange {
    fn tunnel(&self) -> Option<&Tunnel> {
        if let State::Tunnelling(tunnel) = &self.state {
            Some(tunnel)
        } else {
            None
        }
    }

    fn tunnel_mut(&mut self) -> Option<&mut Tunnel> {
        if let State::Tunnelling(tunnel) = &mut self.state {
            Some(tunnel)
        } else {
            None
        }
    }

    /// What is to be written for a tunnel is this; see [`Action::Tunnel`].
    pub fn ask_for_tunnel(&mut self, head: HeadBytes) {
        if let Some(tunnel) = self.tunnel_mut() {
            tunnel.stage = Stage::Writing { head, written: 0 };
        }
    }

    /// The answer is a proxy's challenge to a CONNECT: [`Exchange::answer_proxy`] or
    /// [`Exchange::give`].
    #[must_use]
    pub fn is_challenged_by_proxy(&self) -> bool {
        self.challenge_of_proxy().is_some()
    }

    /// The response is a proxy's answer to CONNECT.
    #[must_use]
    pub fn is_of_proxy(&self) -> bool {
        self.is_of_proxy
    }

    pub(super) fn challenge_of_proxy(&self) -> Option<&ResponseHead> {
        self.tunnel()?.challenge()
    }

    /// What is to be written for the tunnel, while it is that.
    pub(super) fn connect_head(&self) -> Option<&[u8]> {
        self.tunnel()?.writes()
    }

    /// The proxy's challenge is answered by another CONNECT: on the same connection, if that can
    /// serve it.
    pub fn answer_proxy(&mut self) {
        let most = self.request.limits.max_drain;
        let Some(tunnel) = self.tunnel_mut() else {
            return;
        };
        if let Stage::Challenged {
            response, bytes, ..
        } = &tunnel.stage
        {
            tunnel.stage = match BodyFraming::of_response(CONNECT, response) {
                Ok(framing) if keep_alive(response, &framing) => {
                    Stage::Passing(*bytes, Rest::of(BodyDecoder::new(framing), most), None)
                }
                Ok(_) | Err(_) => Stage::Reconnecting,
            };
        }
    }

    /// The program gets the challenge.
    pub(super) fn give_challenge(&mut self) {
        if let Some(tunnel) = self.tunnel_mut()
            && let Stage::Challenged { head, .. } = &mut tunnel.stage
        {
            let head = std::mem::take(head);
            self.give_answer_of_proxy(head);
        }
    }

    /// The program gets what the proxy has answered to this: as the response to its request, of
    /// which nothing was sent.
    fn give_answer_of_proxy(&mut self, connect: HeadBytes) {
        self.request.head = connect;
        // Without the option there is a head only.
        self.request.method = if self.is_answer_wanted() {
            CONNECT.into()
        } else {
            "HEAD".into()
        };
        self.request.codings = Codings::default();
        self.is_of_proxy = true;
        self.is_given = true;
        self.expires = true;
        self.upload.refuse(PROXY_AUTHENTICATION_REQUIRED);
        self.stall.over();
        self.state = State::Sent;
    }

    fn is_answer_wanted(&self) -> bool {
        self.request.via.as_ref().is_some_and(|via| via.is_received)
    }

    /// What to do next for a tunnel; `None` if none is asked for, or not any more.
    pub(super) fn next_of_tunnel(&mut self, input: &mut impl Received) -> Result<Option<Action>> {
        let room = self.room_for_head();
        let is_told = self.told >= Told::Tunnelling;
        let limits = self.request.limits;
        let Some(tunnel) = self.tunnel_mut() else {
            return Ok(None);
        };
        if let Stage::Passing(heads, rest, _) = &mut tunnel.stage {
            input.consume(std::mem::take(heads));
            let passed = rest.discard(input.data());
            input.consume(passed.unwrap_or(0));
            if passed.is_ok() && !rest.is_over() && !rest.is_too_long() {
                return Ok(Some(Action::Read(room)));
            }
            // Bytes behind the challenge belong to nobody.
            let is_in_order = rest.is_over() && input.data().is_empty();
            tunnel.again = is_in_order;
            tunnel.stage = match is_in_order {
                true => Stage::Unasked,
                false => Stage::Reconnecting,
            };
        }
        Ok(Some(match &mut tunnel.stage {
            Stage::Unasked if is_told => Action::Tunnel,
            Stage::Unasked => {
                self.told = Told::Tunnelling;
                Action::Notify(Notification::SendingRequest)
            }
            Stage::Writing { head, written } if *written < head.len() => Action::Write(*written),
            Stage::Writing { .. } => Action::Flush,
            Stage::Reading { answer, head } => match answer.look(input.data(), &limits) {
                Ok(None) => Action::Read(room),
                Ok(Some((response, bytes))) => {
                    let head = std::mem::take(head);
                    return self.proxy_answered(head, response, bytes, input);
                }
                Err(bad) => {
                    let failure = bad_answer(bad, input.data(), head);
                    return self.failed(failure);
                }
            },
            Stage::Challenged { .. } => Action::Answered,
            Stage::Passing(..) | Stage::Reconnecting => {
                input.consume(input.data().len());
                self.stall.over();
                self.state = State::Unconnected;
                Action::Release(Release::Replace)
            }
        }))
    }

    /// The proxy's final response to this is there.
    fn proxy_answered(
        &mut self,
        head: HeadBytes,
        response: Box<ResponseHead>,
        bytes: usize,
        input: &mut impl Received,
    ) -> Result<Option<Action>> {
        self.stall.over();
        let status = response.status;
        match status {
            // Fields that announce a body mean nothing (RFC 9110 §9.3.6).
            200..300 => {
                input.consume(bytes);
                let behind = input.data().len();
                if behind > 0 {
                    let reason = Refused::BytesBehind(behind);
                    return self.failed(Failure::because(Error::InvalidServerResponse, reason));
                }
                self.state = if self.request.secure {
                    State::Securing(Hop::Server)
                } else {
                    State::Connected
                };
                Ok(Some(Action::Tunnelled))
            }
            PROXY_AUTHENTICATION_REQUIRED => {
                if let Some(tunnel) = self.tunnel_mut() {
                    tunnel.stage = Stage::Challenged {
                        head,
                        response,
                        bytes,
                    };
                }
                Ok(Some(Action::Answered))
            }
            _ if self.is_answer_wanted() => {
                self.give_answer_of_proxy(head);
                Ok(None)
            }
            _ => {
                let reason = Refused::Status(status);
                self.failed(Failure::because(Error::CannotConnect, reason))
            }
        }
    }

    /// What came of writing a CONNECT.
    pub(super) fn wrote_connect(&mut self, turn: &Turn<'_>, wrote: Wrote) -> Result<Flow> {
        let Some(tunnel) = self.tunnel_mut() else {
            return Ok(Flow::On);
        };
        let may_reconnect = tunnel.may_reconnect(0);
        match (wrote, &mut tunnel.stage) {
            (Wrote::Bytes(count), Stage::Writing { written, .. }) => *written += count,
            (Wrote::All, Stage::Writing { head, .. }) => {
                tunnel.stage = Stage::Reading {
                    head: std::mem::take(head),
                    answer: Answer::new(turn.now),
                };
                self.stall.over();
            }
            (Wrote::Blocked, _) => return self.wait_for(Wait::Send, turn),
            (Wrote::Failed(_), stage) if may_reconnect => *stage = Stage::Reconnecting,
            (Wrote::Failed(failure), _) => return self.failed(failure),
            (Wrote::Bytes(_) | Wrote::All, _) => {}
        }
        Ok(Flow::On)
    }

    /// What came of reading the answer to a CONNECT.
    pub(super) fn read_of_proxy(
        &mut self,
        turn: &Turn<'_>,
        arrived: Arrived,
        input: &[u8],
    ) -> Result<Flow> {
        let Some(tunnel) = self.tunnel_mut() else {
            return Ok(Flow::On);
        };
        if let Stage::Passing(_, _, since) = &mut tunnel.stage {
            let until = *since.get_or_insert(turn.now) + PASSING;
            let goes_on = matches!(arrived, Arrived::Bytes(_) | Arrived::Blocked);
            if goes_on && turn.now < until {
                let is_blocked = matches!(arrived, Arrived::Blocked);
                return Ok(if is_blocked {
                    Flow::Wait(Some(until))
                } else {
                    Flow::On
                });
            }
            tunnel.stage = Stage::Reconnecting;
            return Ok(Flow::On);
        }
        let may_reconnect = tunnel.may_reconnect(input.len());
        let since = if let Stage::Reading { answer, .. } = &tunnel.stage {
            answer.since
        } else {
            turn.now
        };
        match arrived {
            Arrived::Bytes(_) => match Wait::ReceiveResponse.left(since, turn.now, turn.timeouts) {
                Err(failure) if self.stall.has_begun() => self.failed(failure),
                Ok(_) | Err(_) => Ok(Flow::On),
            },
            Arrived::Blocked => self.wait_for(Wait::Receive, turn),
            Arrived::Ended { .. } | Arrived::Failed(_) | Arrived::NoRoom if may_reconnect => {
                tunnel.stage = Stage::Reconnecting;
                Ok(Flow::On)
            }
            Arrived::Ended { .. } => self.failed(ended_in_head(input.len())),
            Arrived::Failed(failure) => self.failed(failure),
            Arrived::NoRoom => self.failed(Error::NotEnoughMemory),
        }
    }
}
