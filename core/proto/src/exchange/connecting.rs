//! From a server's name to a connection on which the request can be sent.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::replay::Replay;
use super::request_body::Piece;
use super::retry::{Condition, Provenance};
use super::tunnel::Tunnel;
use super::{Action, Awaits, Exchange, Hop, Release, State, Told, Turn};
use crate::error::Error;
use crate::failure::{Failure, Reason, Result};
use crate::notify::{Notification, SecureProblems};
use crate::option::Timeouts;

impl Exchange {
    pub(super) fn next_of_send(
        &mut self,
        turn: &Turn<'_>,
        given: usize,
        piece: Piece,
        awaits: Awaits,
    ) -> Result<Action> {
        match &mut self.state {
            State::Unrouted => Ok(Action::Routes),
            State::Composed => Ok(Action::Acquire),
            State::Unconnected => {
                self.state = State::Resolving;
                let via = self.request.via.as_ref().map(|via| &via.host);
                let dialed = Arc::clone(via.unwrap_or(&self.request.host));
                Ok(Action::Notify(Notification::ResolvingName(dialed)))
            }
            State::Resolving => {
                let limit = Timeouts::effective(turn.timeouts.resolve_ms);
                Ok(Action::Resolve(limit))
            }
            State::Dialing(news) => Ok(match news.take() {
                Some(notification) => Action::Notify(notification),
                None => Action::Dial(Timeouts::effective(turn.timeouts.connect_ms)),
            }),
            State::Reached(address) => {
                let notification = Notification::ConnectedToServer(*address);
                self.state = self.behind_dialing();
                Ok(Action::Notify(notification))
            }
            // The handshake is part of connecting and has the same limit.
            State::Securing(_) => {
                let limit = Timeouts::effective(turn.timeouts.connect_ms);
                Ok(Action::Secure(limit))
            }
            State::Refused(problems, failure) => match problems.take() {
                Some(problems) => {
                    let refused = Notification::SecureFailure(problems, failure.clone());
                    Ok(Action::Notify(refused))
                }
                None => {
                    let failure = failure.clone();
                    self.failed(failure)
                }
            },
            State::Connected => {
                self.upload = self.upload.anew();
                let first = self.upload.next(&self.request, given, piece);
                self.replay = Replay::Given {
                    is_all: piece.is_last || self.request.is_later_leg,
                };
                self.state = State::Sending;
                if self.told >= Told::Sending {
                    return Ok(first);
                }
                self.told = Told::Sending;
                Ok(Action::Notify(Notification::SendingRequest))
            }
            State::Sending => Ok(self.upload.next(&self.request, given, piece)),
            State::Written => {
                let bytes = u32::try_from(self.upload.written()).unwrap_or(u32::MAX);
                self.state = State::Sent;
                Ok(Action::Notify(Notification::RequestSent(bytes)))
            }
            State::Sent if awaits == Awaits::Head => Ok(self.await_head()),
            State::Sent => Ok(Action::Done),
            State::Stale => {
                self.provenance = Provenance::Replacement;
                self.state = State::Unconnected;
                Ok(Action::Release(Release::Replace))
            }
            State::Tunnelling(_)
            | State::Head(_)
            | State::Body(_)
            | State::Upgraded(_)
            | State::Over => Err(Error::IncorrectHandleState.into()),
        }
    }

    /// A connection is there that so many requests have used before: none, if it was opened ahead.
    pub fn acquired(&mut self, preceding: u32) {
        self.provenance = Provenance::Reused;
        self.record.preceding = preceding;
        self.state = State::Connected;
    }

    /// There is no connection that could be used again.
    pub fn must_connect(&mut self) {
        self.state = State::Unconnected;
    }

    /// The name has addresses; the first of them.
    pub fn resolved(&mut self, first: IpAddr) {
        self.state = State::Dialing(Some(Notification::NameResolved(first)));
    }

    /// An attempt to reach this address begins.
    pub fn dialing(&mut self, address: IpAddr) {
        self.state = State::Dialing(Some(Notification::ConnectingToServer(address)));
    }

    /// One of the addresses was reached: this one.
    pub fn dialed(&mut self, address: IpAddr) {
        self.state = State::Reached(address);
    }

    fn behind_dialing(&self) -> State {
        match &self.request.via {
            Some(via) if via.secure => State::Securing(Hop::Proxy),
            Some(_) => self.behind_proxy(),
            None if self.request.secure => State::Securing(Hop::Server),
            None => State::Connected,
        }
    }

    /// What follows once the proxy is reached, and protected where it is to be.
    fn behind_proxy(&self) -> State {
        match &self.request.via {
            Some(via) if via.tunnels => State::Tunnelling(Tunnel::new()),
            Some(_) | None => State::Connected,
        }
    }

    /// The TLS handshake is complete.
    pub fn secured(&mut self) {
        self.state = if matches!(self.state, State::Securing(Hop::Proxy)) {
            self.behind_proxy()
        } else {
            State::Connected
        };
    }

    /// Connecting failed: the look-up, every address, or the TLS handshake; `problems` are the
    /// defects of the peer's certificate, if those are the cause.
    pub fn refused(&mut self, problems: SecureProblems, failure: Failure) {
        let problems = Some(problems).filter(|problems| !problems.is_empty());
        if problems.is_none()
            && failure.error() == Error::SecureChannelError
            && self.tries_again(Condition::Handshake)
        {
            self.state = State::Stale;
            return;
        }
        let failure = self.of_peer(failure);
        self.state = State::Refused(problems, failure);
    }

    /// What a failure means, if a proxy is what failed.
    pub(super) fn of_peer(&self, failure: Failure) -> Failure {
        let Some(via) = &self.request.via else {
            return failure;
        };
        let of_tls = error_of_proxy(failure.error());
        match (&self.state, of_tls) {
            (State::Resolving | State::Dialing(_), _) => {
                said_of_proxy("the proxy cannot be reached", failure)
            }
            // What has been answered has passed TLS.
            (State::Securing(Hop::Server) | State::Body(_), _) => failure,
            (State::Securing(Hop::Proxy), None) => said_of_proxy(NO_TLS, failure),
            (State::Securing(Hop::Proxy), Some(error)) => {
                said_of_proxy(NO_TLS, failure.with_error(error))
            }
            // In TLS 1.3 a peer refuses a client behind the handshake, when that has begun to
            // speak to it.
            (state, Some(error)) if via.secure => {
                let is_of_server = via.tunnels && !matches!(state, State::Tunnelling(_));
                if is_of_server {
                    failure
                } else {
                    said_of_proxy(NO_TLS, failure.with_error(error))
                }
            }
            (_, _) => failure,
        }
    }
}

/// What an error of TLS is where the peer is a proxy.
fn error_of_proxy(error: Error) -> Option<Error> {
    if matches!(error, Error::SecureFailure | Error::SecureChannelError) {
        Some(Error::SecureFailureProxy)
    } else if error == Error::ClientAuthCertNeeded {
        Some(Error::ClientAuthCertNeededProxy)
    } else {
        None
    }
}

/// What failed with the proxy, whatever exactly.
const NO_TLS: &str = "TLS with the proxy failed";

/// What failed with a proxy, where what is said of a server is meant of that.
#[derive(Debug)]
struct OfProxy(&'static str, Arc<dyn Reason>);

impl fmt::Display for OfProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0, self.1)
    }
}

impl Reason for OfProxy {
    fn socket_error(&self) -> u32 {
        self.1.socket_error()
    }
}

/// What is said of the server in this failure is meant of the proxy.
pub(super) fn said_of_proxy(what: &'static str, failure: Failure) -> Failure {
    match failure.reason() {
        Some(reason) => {
            let reason = OfProxy(what, Arc::clone(reason));
            Failure::because(failure.error(), reason)
        }
        None => failure,
    }
}
