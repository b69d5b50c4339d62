//! Connecting: from the server's name to a connection on which the request can be sent.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use rustls::ClientConfig;
use winhttp_proto::error::Error;
use winhttp_proto::exchange::{Exchange, ExchangeLimits};
use winhttp_proto::failure::Result;
use winhttp_proto::http1::early::EarlyAnswer;
use winhttp_proto::notify::Notification;
use winhttp_proto::option::Timeouts;
use winhttp_proto::websocket::Offer;

use super::{Closing, Connection, Driver, State, Step, Upload, left_since, refusal};
use crate::engine::buffers::Inbox;
use crate::engine::connect::dial::{DialSettings, Race, RaceStep};
use crate::engine::connect::resolve::Lookup;
use crate::engine::timed_out::Wait;
use crate::engine::transport::tls::{HandshakeStep, TlsHandshake};
use crate::engine::transport::{Stack, Tcp};

/// Everything a request needs to be sent, fixed when SendRequest starts.
#[derive(Debug)]
pub struct Plan {
    /// The server's name or address, without brackets: for the certificate and for notifications.
    pub host: String,
    /// The name to look up, if it differs (RESOLUTION_HOSTNAME).
    pub look_up: Option<String>,
    /// The server's port.
    pub port: u16,
    /// Its TLS configuration, for https.
    pub tls: Option<Arc<ClientConfig>>,
    /// The encoded request head.
    pub head: Vec<u8>,
    /// The method, which decides how the response is framed.
    pub method: Cow<'static, str>,
    /// The request announced the end of the connection.
    pub announces_close: bool,
    /// What a WebSocket upgrade offers.
    pub upgrade: Option<Offer>,
    /// How addresses are tried.
    pub dial: DialSettings,
    /// What the response may cost.
    pub limits: ExchangeLimits,
}

impl Driver {
    /// Sends the request head and `body`, connecting first.
    ///
    /// # Errors
    /// Look-up, connection, TLS and write failures; after an error the driver is of no more use.
    pub fn step_send(
        &mut self,
        now: Instant,
        timeouts: &Timeouts,
        body: &[u8],
    ) -> Result<Step<'_>> {
        match &mut self.state {
            State::Start => {
                self.state = State::Resolving {
                    lookup: None,
                    since: now,
                };
                Ok(Step::Notify(Notification::ResolvingName(&self.plan.host)))
            }
            State::Resolving { .. } => self.resolve(now, timeouts),
            State::Dialing(_) => self.dial(now, timeouts),
            State::Connected(_) => self.start_tls(now).map(|()| Step::Again),
            State::Handshaking { .. } => self.handshake(now, timeouts),
            State::Refused(failure) => {
                let failure = failure.clone();
                self.fail(failure)
            }
            State::Announced(_) => {
                self.turn(State::Sending);
                Ok(Step::Notify(Notification::SendingRequest))
            }
            State::Sending(_) => self.write(now, timeouts, body),
            State::Sent(_) => Ok(Step::Done),
            State::Receiving { .. } | State::Open(_) | State::Failed => Err(Error::Internal.into()),
        }
    }

    fn resolve(&mut self, now: Instant, timeouts: &Timeouts) -> Result<Step<'_>> {
        let name = self.plan.look_up.as_deref().unwrap_or(&self.plan.host);
        let State::Resolving { lookup, since } = &mut self.state else {
            return Err(Error::Internal.into());
        };
        let addresses = if let Ok(address) = name.parse::<IpAddr>() {
            vec![SocketAddr::new(address, self.plan.port)]
        } else {
            if lookup.is_none() {
                *lookup = Some(Lookup::start(name, self.plan.port, &self.wake)?);
            }
            match lookup.as_ref().and_then(Lookup::poll) {
                Some(Ok(addresses)) => addresses,
                Some(Err(error)) => return self.fail(error),
                None => {
                    let limit = Timeouts::effective(timeouts.resolve_ms);
                    return match left_since(Wait::Resolve, *since, now, limit) {
                        Ok(until) => Ok(Step::Wait(until)),
                        Err(error) => self.fail(error),
                    };
                }
            }
        };
        let Some(first) = addresses.first().map(SocketAddr::ip) else {
            return self.fail(Error::NameNotResolved);
        };
        self.state = State::Dialing(Race::new(addresses, self.plan.dial));
        Ok(Step::Notify(Notification::NameResolved(first)))
    }

    fn dial(&mut self, now: Instant, timeouts: &Timeouts) -> Result<Step<'_>> {
        let timeout = Timeouts::effective(timeouts.connect_ms);
        let State::Dialing(race) = &mut self.state else {
            return Err(Error::Internal.into());
        };
        match race.step(now, timeout, self.attach.as_deref()) {
            Ok(RaceStep::Connecting(address)) => {
                Ok(Step::Notify(Notification::ConnectingToServer(address.ip())))
            }
            Ok(RaceStep::Connected(winner)) => {
                self.peer = Some(winner.peer);
                self.state = State::Connected(winner.socket);
                let address = winner.address.ip();
                Ok(Step::Notify(Notification::ConnectedToServer(address)))
            }
            Ok(RaceStep::Wait(until)) => Ok(Step::Wait(until)),
            Err(error) => self.fail(error),
        }
    }

    /// Puts TLS on the new connection, or goes straight to announcing the request.
    fn start_tls(&mut self, now: Instant) -> Result<()> {
        let State::Connected(socket) = std::mem::replace(&mut self.state, State::Failed) else {
            return Err(Error::Internal.into());
        };
        match &self.plan.tls {
            None => self.announce(Stack::tcp(socket)),
            Some(config) => {
                let tcp = Box::new(Tcp::new(Arc::clone(&socket)));
                let handshake = TlsHandshake::new(Arc::clone(config), &self.plan.host, tcp)?;
                self.state = State::Handshaking {
                    handshake: Some(Box::new(handshake)),
                    socket,
                    since: now,
                };
            }
        }
        Ok(())
    }

    fn handshake(&mut self, now: Instant, timeouts: &Timeouts) -> Result<Step<'_>> {
        let State::Handshaking {
            handshake,
            socket,
            since,
        } = &mut self.state
        else {
            return Err(Error::Internal.into());
        };
        let Some(current) = handshake.take() else {
            return self.fail(Error::Internal);
        };
        match current.advance() {
            Ok(HandshakeStep::Done(tls)) => {
                let socket = Arc::clone(socket);
                self.announce(Stack::secured(tls, Some(socket)));
                Ok(Step::Again)
            }
            Ok(HandshakeStep::Wait(current)) => {
                // The handshake is part of connecting and has the same limit.
                let limit = Timeouts::effective(timeouts.connect_ms);
                match left_since(Wait::Handshake, *since, now, limit) {
                    Ok(until) => {
                        *handshake = Some(current);
                        Ok(Step::Wait(until))
                    }
                    Err(error) => self.fail(error),
                }
            }
            Err((error, problems)) => {
                self.state = State::Refused(error.clone());
                match refusal(problems, error.clone()) {
                    Some(notification) => Ok(Step::Notify(notification)),
                    None => self.fail(error),
                }
            }
        }
    }

    fn announce(&mut self, stack: Stack) {
        let plan = &mut self.plan;
        let method = std::mem::take(&mut plan.method);
        let exchange = Exchange::new(method, plan.limits, plan.upgrade.take());
        self.state = State::Announced(Connection {
            stack,
            inbox: Inbox::default(),
            gave_up: false,
            exchange,
            written: 0,
            upload: Upload::Open,
            early: EarlyAnswer::default(),
            awaited_since: None,
            head: None,
            available: 0,
            owed: None,
            closing: Closing::Silent,
        });
    }

    /// Moves the connection into its next state.
    pub(super) fn turn(&mut self, next: impl FnOnce(Connection) -> State) {
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Announced(connection)
            | State::Sending(connection)
            | State::Sent(connection)
            | State::Receiving { connection, .. }
            | State::Open(connection) => self.state = next(connection),
            before @ (State::Start
            | State::Resolving { .. }
            | State::Dialing(_)
            | State::Connected(_)
            | State::Handshaking { .. }
            | State::Refused(_)
            | State::Failed) => self.state = before,
        }
    }
}
