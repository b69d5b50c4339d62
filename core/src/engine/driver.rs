//! Drives one request: does what its exchange asks for with a connection, and says what came of it.
//!
//! The driver never blocks, never calls user code and decides nothing. Whoever runs it (a
//! synchronous call, or a lane of the callback thread) calls [`Driver::step`] until it says `Done`,
//! delivers the notifications it yields, and waits when told.

#[cfg(test)]
pub(crate) mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use winhttp_proto::error::Error;
use winhttp_proto::exchange::timers::Carried;
use winhttp_proto::exchange::{
    Action, Arrived, Call, Composed, Exchange, Flow, Received, Room, Turn, Wrote,
};
use winhttp_proto::failure::Result;
use winhttp_proto::http1::head::ResponseHead;
use winhttp_proto::notify::{Notification, RequestOperation};

use super::buffers::Inbox;
use super::connect::dial::{Attach, DialSettings, Race, RaceStep};
use super::connect::resolve::{Resolve, ResolveStep};
use super::connect::secure::{Secure, SecureStep};
use super::sleeper::{WaitFor, Wake};
use super::socket::Socket;
use super::transport::{Flush, Read, Stack, Tcp, Write};

/// Where a request goes, and how its server is reached.
#[derive(Debug)]
pub struct Route {
    /// The name to look up, if it is not that of the server (RESOLUTION_HOSTNAME).
    pub look_up: Option<String>,
    /// The server's port.
    pub port: u16,
    /// Its TLS configuration, for https.
    pub tls: Option<Arc<ClientConfig>>,
    /// How addresses are tried.
    pub dial: DialSettings,
}

/// What to do after a step.
#[derive(Debug)]
pub enum Step {
    /// Deliver this, then step again.
    Notify(Notification),
    /// Step again when a socket of [`Driver::interests`] is ready, when woken, or at this time.
    Wait(Option<Instant>),
    /// Let others have a turn, then step again: there is more to do than anybody will report.
    Yield,
    /// The call is over.
    Done,
}

/// One request, and the connection it has.
pub struct Driver {
    exchange: Exchange,
    route: Route,
    connection: Connection,
    inbox: Inbox,
    wake: Arc<dyn Wake>,
    attach: Option<Arc<dyn Attach>>,
    /// The server's address, once connected.
    peer: Option<SocketAddr>,
    /// The last read stopped for others to have a turn, and left bytes that the poll will not
    /// report again.
    gave_up: bool,
}

/// A connection on which the server speaks WebSocket, and the bytes that came behind its response.
type Upgraded = (Stack, Inbox);

/// How far the connection has come.
enum Connection {
    None,
    Resolving(Resolve),
    Dialing(Race),
    Reached(Arc<Socket>),
    Securing(Secure),
    Ready(Stack),
}

impl Driver {
    /// A driver that has not done anything yet.
    #[must_use]
    pub fn new(
        request: Composed,
        route: Route,
        wake: Arc<dyn Wake>,
        attach: Option<Arc<dyn Attach>>,
    ) -> Self {
        Self {
            exchange: Exchange::new(request),
            route,
            connection: Connection::None,
            inbox: Inbox::default(),
            wake,
            attach,
            peer: None,
            gave_up: false,
        }
    }

    /// Replaces who is woken: a synchronous call may come from another thread each time.
    pub fn set_wake(&mut self, wake: Arc<dyn Wake>) {
        self.wake = wake;
    }

    /// What has been decided and found out so far.
    #[must_use]
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Does what there is to do for this call, up to the next notification or wait.
    ///
    /// # Errors
    /// What the call fails with; [`Exchange::next`] says what is possible then.
    pub fn step(&mut self, mut turn: Turn<'_>, mut call: Call<'_>) -> Result<Step> {
        loop {
            let action = self.exchange.next(&turn, &mut call, &mut self.inbox)?;
            let flow = match action {
                Action::Notify(notification) => return Ok(Step::Notify(notification)),
                Action::Done => return Ok(Step::Done),
                Action::Acquire => {
                    self.exchange.must_connect();
                    Flow::On
                }
                Action::Resolve(limit) => self.resolve(turn.now, limit)?,
                Action::Dial(limit) => self.dial(turn.now, limit)?,
                Action::Secure(limit) => self.secure(turn.now, limit)?,
                Action::Write(from) => {
                    let wrote = self.write(from, &call);
                    turn.carried = self.carried();
                    self.exchange.wrote(&turn, &mut call, wrote)?
                }
                Action::Flush => {
                    let wrote = self.flush();
                    turn.carried = self.carried();
                    self.exchange.wrote(&turn, &mut call, wrote)?
                }
                Action::Read(room) => {
                    let arrived = self.receive(room, &mut call);
                    turn.carried = self.carried();
                    let input = self.inbox.data();
                    self.exchange.read(&turn, &mut call, room, arrived, input)?
                }
                Action::Finish => {
                    if let Connection::Ready(stack) = &mut self.connection {
                        stack.finish();
                    }
                    Flow::On
                }
                Action::Release => {
                    self.connection = Connection::None;
                    Flow::On
                }
            };
            match flow {
                Flow::On => {}
                Flow::Done => return Ok(Step::Done),
                Flow::Wait(until) => return Ok(self.wait(call.operation(), until)),
            }
        }
    }

    fn wait(&self, call: RequestOperation, until: Option<Instant>) -> Step {
        if self.gave_up && self.exchange.waits_to_read(call) {
            Step::Yield
        } else {
            Step::Wait(until)
        }
    }

    fn resolve(&mut self, now: Instant, limit: Option<Duration>) -> Result<Flow> {
        if !matches!(self.connection, Connection::Resolving(_)) {
            let name = self.route.look_up.as_deref();
            let name = name.unwrap_or_else(|| self.exchange.host());
            self.connection = Connection::Resolving(Resolve::new(name, self.route.port, now));
        }
        let Connection::Resolving(resolve) = &mut self.connection else {
            return Ok(Flow::On);
        };
        let step = resolve
            .begin(&self.wake)
            .and_then(|()| resolve.step(now, limit));
        let addresses = match step {
            Ok(ResolveStep::Found(addresses)) => addresses,
            Ok(ResolveStep::Wait(until)) => return Ok(Flow::Wait(until)),
            Err(failure) => return self.exchange.failed(failure),
        };
        let Some(first) = addresses.first().map(SocketAddr::ip) else {
            return self.exchange.failed(Error::NameNotResolved);
        };
        self.connection = Connection::Dialing(Race::new(addresses, self.route.dial));
        self.exchange.resolved(first);
        Ok(Flow::On)
    }

    fn dial(&mut self, now: Instant, limit: Option<Duration>) -> Result<Flow> {
        let Connection::Dialing(race) = &mut self.connection else {
            return self.exchange.failed(Error::CannotConnect);
        };
        match race.step(now, limit, self.attach.as_deref()) {
            Ok(RaceStep::Connecting(address)) => self.exchange.dialing(address.ip()),
            Ok(RaceStep::Connected(winner)) => {
                self.peer = Some(winner.peer);
                self.exchange.dialed(winner.address.ip());
                self.connection = match self.route.tls {
                    Some(_) => Connection::Reached(winner.socket),
                    None => Connection::Ready(Stack::tcp(winner.socket)),
                };
            }
            Ok(RaceStep::Wait(until)) => return Ok(Flow::Wait(until)),
            Err(failure) => return self.exchange.failed(failure),
        }
        Ok(Flow::On)
    }

    /// Moves on with the TLS handshake; the first time, TLS is put on the new connection.
    fn secure(&mut self, now: Instant, limit: Option<Duration>) -> Result<Flow> {
        if let (Connection::Reached(socket), Some(config)) = (&self.connection, &self.route.tls) {
            let tcp = Box::new(Tcp::new(Arc::clone(socket)));
            let socket = Some(Arc::clone(socket));
            match Secure::new(config, self.exchange.host(), tcp, socket, now) {
                Ok(secure) => self.connection = Connection::Securing(secure),
                Err(error) => return self.exchange.failed(error),
            }
        }
        let securing = std::mem::replace(&mut self.connection, Connection::None);
        let Connection::Securing(secure) = securing else {
            return self.exchange.failed(Error::SecureChannelError);
        };
        match secure.step(now, limit) {
            Ok(SecureStep::Done(stack)) => {
                self.connection = Connection::Ready(stack);
                self.exchange.secured();
            }
            Ok(SecureStep::Wait(secure, until)) => {
                self.connection = Connection::Securing(secure);
                return Ok(Flow::Wait(until));
            }
            Err((failure, problems)) => self.exchange.refused(problems, failure),
        }
        Ok(Flow::On)
    }

    fn write(&mut self, from: usize, call: &Call<'_>) -> Wrote {
        let Connection::Ready(stack) = &mut self.connection else {
            return Wrote::Failed(Error::ConnectionError.into());
        };
        match stack.write_parts(&self.exchange.outgoing(call, from)) {
            Ok(Write::Taken(count)) => Wrote::Bytes(count),
            Ok(Write::Blocked) => Wrote::Blocked,
            Err(failure) => Wrote::Failed(failure),
        }
    }

    fn flush(&mut self) -> Wrote {
        let Connection::Ready(stack) = &mut self.connection else {
            return Wrote::Failed(Error::ConnectionError.into());
        };
        match stack.flush() {
            Ok(Flush::Complete) => Wrote::All,
            Ok(Flush::Blocked) => Wrote::Blocked,
            Err(failure) => Wrote::Failed(failure),
        }
    }

    /// Reads; an empty inbox owns no buffer meanwhile.
    fn receive(&mut self, room: Room, call: &mut Call<'_>) -> Arrived {
        let Connection::Ready(stack) = &mut self.connection else {
            return Arrived::Failed(Error::ConnectionError.into());
        };
        let space = match (room, call) {
            (Room::Inbox(limit), _) => self.inbox.space_up_to(limit),
            (Room::Lent { from, bytes }, Call::Read { into, .. }) => {
                into.get_mut(from..from + bytes).unwrap_or_default()
            }
            (Room::Lent { .. }, _) => &mut [],
        };
        if space.is_empty() {
            return Arrived::NoRoom;
        }
        let read = stack.read(space, &mut []);
        self.gave_up = matches!(read, Ok(Read::Again));
        let arrived = match read {
            Ok(Read::Bytes { count, .. }) => Arrived::Bytes(count),
            Ok(Read::End { orderly }) => Arrived::Ended { in_order: orderly },
            Ok(Read::Blocked | Read::Again) => Arrived::Blocked,
            Err(failure) => Arrived::Failed(failure),
        };
        match (&arrived, room) {
            (Arrived::Bytes(count), Room::Inbox(_)) => self.inbox.filled(*count),
            _ => self.inbox.release(),
        }
        arrived
    }

    fn carried(&self) -> Carried {
        self.stack().map(Stack::carried).unwrap_or_default()
    }

    /// The sockets whose readiness the last `Wait` of this call is about; they can be waited for
    /// while another call uses the driver.
    #[must_use]
    pub fn interests(&self, call: RequestOperation) -> Vec<(Arc<Socket>, WaitFor)> {
        match &self.connection {
            Connection::Dialing(race) => race
                .sockets()
                .map(|socket| (Arc::clone(socket), WaitFor::Writable))
                .collect(),
            Connection::Securing(secure) => {
                let wanted = secure.interest();
                let wanted = wanted.map(|(socket, interest)| (Arc::clone(socket), interest));
                wanted.into_iter().collect()
            }
            Connection::Ready(stack) => {
                let writes = self.exchange.waits_to_write(call);
                let interest = match (writes, self.exchange.waits_to_read(call)) {
                    (true, true) => WaitFor::Either,
                    (true, false) => WaitFor::Writable,
                    (false, _) => WaitFor::Readable,
                };
                let socket = stack.socket().map(|socket| (Arc::clone(socket), interest));
                socket.into_iter().collect()
            }
            Connection::None | Connection::Resolving(_) | Connection::Reached(_) => Vec::new(),
        }
    }

    /// The layers of the connection, once the request can be sent on it.
    #[must_use]
    pub fn stack(&self) -> Option<&Stack> {
        if let Connection::Ready(stack) = &self.connection {
            Some(stack)
        } else {
            None
        }
    }

    /// Own and peer address, once connected.
    #[must_use]
    pub fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        let local = self.stack()?.socket()?.local_address()?;
        Some((local, self.peer?))
    }

    /// The final response's head; taken once.
    pub fn take_head(&mut self) -> Option<Box<ResponseHead>> {
        self.exchange.take_head()
    }

    /// Whether a read of `wanted` bytes needs no waiting, and notifies nothing on the way.
    #[must_use]
    pub fn has_at_hand(&self, wanted: usize) -> bool {
        self.exchange.has_at_hand(wanted, self.inbox.data()) && !self.exchange.ends_connection()
    }

    /// The server agreed to speak WebSocket: gives the connection and the bytes that came behind
    /// the response.
    ///
    /// # Errors
    /// It did not: what it answered instead, as far as it has arrived. `taken` is the response's
    /// head if it was taken from here.
    pub fn take_upgraded(&mut self, taken: Option<&ResponseHead>) -> Result<Upgraded> {
        if self.exchange.is_upgraded()
            && matches!(self.connection, Connection::Ready(_))
            && let Connection::Ready(stack) =
                std::mem::replace(&mut self.connection, Connection::None)
        {
            return Ok((stack, std::mem::take(&mut self.inbox)));
        }
        if self.exchange.may_look_ahead(self.inbox.data()) {
            let arrived = self.receive(Room::Inbox(0), &mut Call::Receive);
            self.exchange.looked_ahead(arrived);
        }
        Err(self.exchange.upgrade_refused(taken, self.inbox.data()))
    }
}

impl Received for Inbox {
    fn data(&self) -> &[u8] {
        Self::data(self)
    }

    fn consume(&mut self, count: usize) {
        Self::consume(self, count);
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("exchange", &self.exchange)
            .finish_non_exhaustive()
    }
}
