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
use std::time::Instant;

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
pub(super) enum Tunnel {
    Unasked,
    Writing {
        head: HeadBytes,
        written: usize,
        /// It has answered on this connection before.
        again: bool,
    },
    Reading {
        answer: Answer,
        head: HeadBytes,
        again: bool,
    },
    /// Whether there are credentials is for others to say.
    Challenged {
        response: Box<ResponseHead>,
        bytes: usize,
        head: HeadBytes,
    },
    /// The rest of a challenge that will be answered: so many bytes of heads, and a body.
    Passing(usize, Rest),
    /// The next CONNECT goes over the connection that has brought a challenge.
    UnaskedAgain,
    Reconnecting,
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
    /// What is to be written for a tunnel is this; see [`Action::Tunnel`].
    pub fn ask_for_tunnel(&mut self, head: HeadBytes) {
        let State::Tunnelling(tunnel) = &mut self.state else {
            return;
        };
        let again = matches!(tunnel, Tunnel::UnaskedAgain);
        *tunnel = Tunnel::Writing {
            head,
            written: 0,
            again,
        };
    }

    /// The proxy's challenge is answered by another CONNECT.
    pub fn answer_proxy(&mut self) {
        let max_drain = self.request.limits.max_drain;
        let State::Tunnelling(tunnel) = &mut self.state else {
            return;
        };
        *tunnel = match std::mem::replace(tunnel, Tunnel::Reconnecting) {
            Tunnel::Challenged {
                response, bytes, ..
            } => {
                let framing = BodyFraming::of_response(CONNECT, &response);
                match framing {
                    Ok(framing) if keep_alive(&response, &framing) => {
                        Tunnel::Passing(bytes, Rest::of(BodyDecoder::new(framing), max_drain))
                    }
                    Ok(_) | Err(_) => Tunnel::Reconnecting,
                }
            }
            other => other,
        };
    }

    /// The response is a proxy's answer to CONNECT.
    #[must_use]
    pub fn is_of_proxy(&self) -> bool {
        self.is_of_proxy
    }

    /// The proxy's challenge to a CONNECT, while it is not decided what becomes of it.
    pub(super) fn challenge_of_proxy(&self) -> Option<&ResponseHead> {
        match &self.state {
            State::Tunnelling(Tunnel::Challenged { response, .. }) => Some(response),
            _ => None,
        }
    }

    /// The program gets what the proxy has answered: as the response to its request, of which
    /// nothing was sent.
    pub(super) fn give_proxys_answer(&mut self, head: HeadBytes) {
        let is_received = self.request.via.as_ref().is_some_and(|via| via.is_received);
        self.request.head = head;
        // Without the option there is a head only.
        self.request.method = if is_received { CONNECT } else { "HEAD" }.into();
        self.request.codings = Codings::default();
        self.is_of_proxy = true;
        self.is_given = true;
        self.expires = true;
        self.upload.refuse(PROXY_AUTHENTICATION_REQUIRED);
        self.stall.over();
        self.state = State::Sent;
    }

    pub(super) fn give_challenge(&mut self) {
        if let State::Tunnelling(tunnel) = &mut self.state
            && let Tunnel::Challenged { head, .. } = tunnel
        {
            let head = std::mem::take(head);
            self.give_proxys_answer(head);
        }
    }

    /// What to do next for a tunnel; `None` if it is not asked for any more.
    pub(super) fn next_of_tunnel(
        &mut self,
        turn: &Turn<'_>,
        input: &mut impl Received,
    ) -> Result<Option<Action>> {
        let room = self.room_for_head();
        let State::Tunnelling(tunnel) = &mut self.state else {
            return Ok(None);
        };
        let action = match tunnel {
            Tunnel::Unasked | Tunnel::UnaskedAgain => {
                if self.told >= Told::Tunnelling {
                    return Ok(Some(Action::Tunnel));
                }
                self.told = Told::Tunnelling;
                Action::Notify(Notification::SendingRequest)
            }
            Tunnel::Writing { head, written, .. } if *written < head.len() => {
                Action::Write(*written)
            }
            Tunnel::Writing { .. } => Action::Flush,
            Tunnel::Reading { answer, head, .. } => {
                match answer.look(input.data(), &self.request.limits) {
                    Ok(None) => Action::Read(room),
                    Ok(Some((response, bytes))) => {
                        return self.proxy_answered(response, bytes, input);
                    }
                    Err(bad) => {
                        let failure = bad_answer(bad, input.data(), head);
                        return self.failed(failure);
                    }
                }
            }
            Tunnel::Challenged { .. } => Action::Answered,
            Tunnel::Passing(heads, rest) => {
                input.consume(std::mem::take(heads));
                let passed = rest.discard(input.data());
                input.consume(passed.unwrap_or(0));
                if rest.is_over() && input.data().is_empty() {
                    *tunnel = Tunnel::UnaskedAgain;
                } else if passed.is_err() || rest.is_over() || rest.is_too_long() {
                    *tunnel = Tunnel::Reconnecting;
                } else {
                    return Ok(Some(Action::Read(room)));
                }
                return self.next_of_tunnel(turn, input);
            }
            Tunnel::Reconnecting => {
                input.consume(input.data().len());
                self.stall.over();
                self.state = State::Unconnected;
                Action::Release(Release::Replace)
            }
        };
        Ok(Some(action))
    }

    /// The proxy's final response is there.
    fn proxy_answered(
        &mut self,
        response: Box<ResponseHead>,
        bytes: usize,
        input: &mut impl Received,
    ) -> Result<Option<Action>> {
        let State::Tunnelling(Tunnel::Reading { head, .. }) = &mut self.state else {
            return Ok(None);
        };
        let head = std::mem::take(head);
        let status = response.status;
        self.stall.over();
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
                self.state = State::Tunnelling(Tunnel::Challenged {
                    response,
                    bytes,
                    head,
                });
                Ok(Some(Action::Answered))
            }
            _ if self.request.via.as_ref().is_some_and(|via| via.is_received) => {
                self.give_proxys_answer(head);
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
        let State::Tunnelling(tunnel) = &mut self.state else {
            return Ok(Flow::On);
        };
        let Tunnel::Writing {
            head,
            written,
            again,
        } = tunnel
        else {
            return Ok(Flow::On);
        };
        match wrote {
            Wrote::Bytes(count) => *written += count,
            Wrote::All => {
                self.stall.over();
                *tunnel = Tunnel::Reading {
                    answer: Answer::new(turn.now),
                    head: std::mem::take(head),
                    again: *again,
                };
            }
            Wrote::Blocked => return self.wait_for_proxy(Wait::Send, turn),
            // It has ended the connection behind its challenge, without saying so there.
            Wrote::Failed(_) if *again => *tunnel = Tunnel::Reconnecting,
            Wrote::Failed(failure) => return self.failed(failure),
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
        let State::Tunnelling(tunnel) = &mut self.state else {
            return Ok(Flow::On);
        };
        let may_reconnect = match tunnel {
            Tunnel::Reading { again, .. } => *again && input.is_empty(),
            Tunnel::Passing(..) => true,
            _ => false,
        };
        match (arrived, &*tunnel) {
            (Arrived::Bytes(_), Tunnel::Reading { answer, .. }) => {
                match Wait::ReceiveResponse.left(answer.since, turn.now, turn.timeouts) {
                    Err(failure) if self.stall.has_begun() => self.failed(failure),
                    Ok(_) | Err(_) => Ok(Flow::On),
                }
            }
            (Arrived::Bytes(_), _) => Ok(Flow::On),
            (Arrived::Blocked, _) => self.wait_for_proxy(Wait::Receive, turn),
            (Arrived::Ended { .. } | Arrived::Failed(_) | Arrived::NoRoom, _) if may_reconnect => {
                *tunnel = Tunnel::Reconnecting;
                Ok(Flow::On)
            }
            (Arrived::Ended { .. }, _) => self.failed(ended_in_head(input.len())),
            (Arrived::Failed(failure), _) => self.failed(failure),
            (Arrived::NoRoom, _) => self.failed(Error::NotEnoughMemory),
        }
    }

    fn wait_for_proxy(&mut self, wait: Wait, turn: &Turn<'_>) -> Result<Flow> {
        match self.left(wait, turn) {
            Ok(until) => Ok(Flow::Wait(until)),
            Err(failure) => self.failed(failure),
        }
    }

    /// What is to be written for the tunnel.
    pub(super) fn connect_head(&self) -> Option<&[u8]> {
        match &self.state {
            State::Tunnelling(Tunnel::Writing { head, .. }) => Some(head),
            _ => None,
        }
    }
}
