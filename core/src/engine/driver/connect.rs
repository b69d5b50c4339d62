//! Connecting: from the server's name to a connection on which the request can be sent.

use std::borrow::Cow;
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

use super::{Closing, Connection, Driver, State, Step, Upload, refusal};
use crate::engine::buffers::Inbox;
use crate::engine::connect::dial::{DialSettings, Race, RaceStep};
use crate::engine::connect::resolve::{Resolve, ResolveStep};
use crate::engine::connect::secure::{Secure, SecureStep};
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
                let name = self.plan.look_up.as_deref().unwrap_or(&self.plan.host);
                self.state = State::Resolving(Resolve::new(name, self.plan.port, now));
                Ok(Step::Notify(Notification::ResolvingName(&self.plan.host)))
            }
            State::Resolving(_) => self.resolve(now, timeouts),
            State::Dialing(_) => self.dial(now, timeouts),
            State::Connected(_) => self.start_tls(now).map(|()| Step::Again),
            State::Handshaking(_) => self.handshake(now, timeouts),
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
        let State::Resolving(resolve) = &mut self.state else {
            return Err(Error::Internal.into());
        };
        resolve.begin(&self.wake)?;
        let addresses = match resolve.step(now, Timeouts::effective(timeouts.resolve_ms)) {
            Ok(ResolveStep::Found(addresses)) => addresses,
            Ok(ResolveStep::Wait(until)) => return Ok(Step::Wait(until)),
            Err(error) => return self.fail(error),
        };
        let Some(first) = addresses.first().map(|first| first.ip()) else {
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
        let Some(config) = &self.plan.tls else {
            self.announce(Stack::tcp(socket));
            return Ok(());
        };
        let tcp = Box::new(Tcp::new(Arc::clone(&socket)));
        let secure = Secure::new(config, &self.plan.host, tcp, Some(socket), now)?;
        self.state = State::Handshaking(secure);
        Ok(())
    }

    fn handshake(&mut self, now: Instant, timeouts: &Timeouts) -> Result<Step<'_>> {
        let State::Handshaking(secure) = &mut self.state else {
            return Err(Error::Internal.into());
        };
        match secure.step(now, Timeouts::effective(timeouts.connect_ms)) {
            Ok(SecureStep::Done(stack)) => {
                self.announce(stack);
                Ok(Step::Again)
            }
            Ok(SecureStep::Wait(until)) => Ok(Step::Wait(until)),
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
            | State::Resolving(_)
            | State::Dialing(_)
            | State::Connected(_)
            | State::Handshaking(_)
            | State::Refused(_)
            | State::Failed) => self.state = before,
        }
    }
}
