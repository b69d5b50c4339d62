//! Drives one request: does what its exchange asks for with a connection, and says what came of it.
//!
//! The driver never blocks, never calls user code and decides nothing. Whoever runs it (a synchronous call, or a lane of the
//! callback thread) calls [`Driver::step`] until it says `Done`, delivers the notifications it yields, and waits when told.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use winhttp_proto::error::Error;
use winhttp_proto::exchange::{
    Action, Arrived, Call, Composed, Exchange, Flow, Received, Room, Source, Turn, Wrote,
};
use winhttp_proto::failure::{Failure, Result};
use winhttp_proto::http1::head::ResponseHead;
use winhttp_proto::notify::Notification;

use super::buffers::Inbox;
use super::dial::{Attach, DialSettings, Race, RaceStep};
use super::resolve::Lookup;
use super::sleeper::{Interest, Wake};
use super::tls::{HandshakeStep, TlsHandshake, is_would_block};
use super::transport::{Carried, Tcp, Transport};

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
}

/// A connection on which the server speaks WebSocket, and the bytes that came behind its response.
type Upgraded = (Box<dyn Transport>, Inbox);

/// How far the connection has come.
enum Connection {
    None,
    Resolving(Lookup),
    Dialing(Race),
    Securing(Box<TlsHandshake>),
    Ready(Box<dyn Transport>),
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
                Action::Resolve => self.resolve(&turn)?,
                Action::Dial(timeout) => self.dial(turn.now, timeout)?,
                Action::Secure => self.secure(&turn)?,
                Action::Write(source) => {
                    let wrote = self.write(source, &call);
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
                    match (arrived, room) {
                        (Arrived::Bytes(count), Room::Lent { .. }) => {
                            self.exchange.read_lent(&mut call, count)
                        }
                        (arrived, _) => {
                            let input = self.inbox.data();
                            self.exchange.read(&turn, &mut call, arrived, input)?
                        }
                    }
                }
                Action::Finish => {
                    if let Connection::Ready(transport) = &mut self.connection {
                        transport.finish_sending();
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
                Flow::Wait(until) => return Ok(self.wait(until)),
            }
        }
    }

    /// A layer that gave up for others to have a turn has left bytes that the poll will not report again.
    fn wait(&self, until: Option<Instant>) -> Step {
        let reads = self.exchange.waits_to_read() && !self.exchange.waits_to_write();
        if reads && !self.transport().is_none_or(Transport::is_drained) {
            Step::Yield
        } else {
            Step::Wait(until)
        }
    }

    fn resolve(&mut self, turn: &Turn<'_>) -> Result<Flow> {
        let name = self.route.look_up.as_deref();
        let name = name.unwrap_or_else(|| self.exchange.host());
        if let Ok(address) = name.parse::<IpAddr>() {
            return self.dial_all(vec![SocketAddr::new(address, self.route.port)]);
        }
        if !matches!(self.connection, Connection::Resolving(_)) {
            match Lookup::start(name, self.route.port, &self.wake) {
                Ok(lookup) => self.connection = Connection::Resolving(lookup),
                Err(failure) => return self.exchange.failed(failure),
            }
        }
        let answer = if let Connection::Resolving(lookup) = &self.connection {
            lookup.poll()
        } else {
            None
        };
        match answer {
            Some(Ok(addresses)) => self.dial_all(addresses),
            Some(Err(failure)) => self.exchange.failed(failure),
            None => self.exchange.blocked(turn),
        }
    }

    fn dial_all(&mut self, addresses: Vec<SocketAddr>) -> Result<Flow> {
        let Some(first) = addresses.first().map(SocketAddr::ip) else {
            return self.exchange.failed(Error::NameNotResolved);
        };
        self.connection = Connection::Dialing(Race::new(addresses, self.route.dial));
        self.exchange.resolved(first);
        Ok(Flow::On)
    }

    fn dial(&mut self, now: Instant, timeout: Option<Duration>) -> Result<Flow> {
        let Connection::Dialing(race) = &mut self.connection else {
            return self.exchange.failed(Error::CannotConnect);
        };
        match race.step(now, timeout, self.attach.as_deref()) {
            Ok(RaceStep::Connecting(address)) => self.exchange.dialing(address.ip()),
            Ok(RaceStep::Connected(winner)) => {
                self.peer = Some(winner.peer);
                self.exchange.dialed(winner.address.ip());
                self.connection = Connection::Ready(Box::new(Tcp::new(winner.socket)));
            }
            Ok(RaceStep::Wait(until)) => return Ok(Flow::Wait(until)),
            Err(failure) => return self.exchange.failed(failure),
        }
        Ok(Flow::On)
    }

    /// Moves on with the TLS handshake; the first time, TLS is put on the new connection.
    fn secure(&mut self, turn: &Turn<'_>) -> Result<Flow> {
        let connection = std::mem::replace(&mut self.connection, Connection::None);
        let handshake = match (connection, &self.route.tls) {
            (Connection::Securing(handshake), _) => handshake,
            (Connection::Ready(tcp), Some(config)) => {
                match TlsHandshake::new(Arc::clone(config), self.exchange.host(), tcp) {
                    Ok(handshake) => Box::new(handshake),
                    Err(error) => return self.exchange.failed(error),
                }
            }
            _ => return self.exchange.failed(Error::SecureChannelError),
        };
        match handshake.advance() {
            Ok(HandshakeStep::Done(tls)) => {
                self.connection = Connection::Ready(tls);
                self.exchange.secured();
                Ok(Flow::On)
            }
            Ok(HandshakeStep::Wait(handshake)) => {
                self.connection = Connection::Securing(handshake);
                self.exchange.blocked(turn)
            }
            Err((failure, problems)) => {
                self.exchange.refused(problems, failure);
                Ok(Flow::On)
            }
        }
    }

    fn write(&mut self, source: Source, call: &Call<'_>) -> Wrote {
        let bytes = match (source, call) {
            (Source::Head(from), _) => self.exchange.head().get(from..),
            (Source::Lent(from), Call::Send { given, .. }) => given.get(from..),
            (Source::Lent(from), Call::Write { data, .. }) => data.get(from..),
            (Source::Lent(_), Call::Receive | Call::Available { .. } | Call::Read { .. }) => None,
        };
        let Connection::Ready(transport) = &mut self.connection else {
            return Wrote::Failed(Error::ConnectionError.into());
        };
        match transport.write(bytes.unwrap_or_default()) {
            Ok(count) => Wrote::Bytes(count),
            Err(error) => not_written(&**transport, &error),
        }
    }

    fn flush(&mut self) -> Wrote {
        let Connection::Ready(transport) = &mut self.connection else {
            return Wrote::Failed(Error::ConnectionError.into());
        };
        match transport.flush() {
            Ok(()) => Wrote::All,
            Err(error) => not_written(&**transport, &error),
        }
    }

    /// Reads; an empty inbox owns no buffer meanwhile.
    fn receive(&mut self, room: Room, call: &mut Call<'_>) -> Arrived {
        let Connection::Ready(transport) = &mut self.connection else {
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
        let arrived = match transport.read(space) {
            Ok(0) => Arrived::Ended {
                in_order: transport.has_ended_in_order(),
            },
            Ok(count) => Arrived::Bytes(count),
            Err(error) if is_would_block(&error) => Arrived::Blocked,
            Err(error) => Arrived::Failed(transport.failure(&error)),
        };
        match (&arrived, room) {
            (Arrived::Bytes(count), Room::Inbox(_)) => self.inbox.filled(*count),
            _ => self.inbox.release(),
        }
        arrived
    }

    fn carried(&self) -> Carried {
        self.transport().map(Transport::carried).unwrap_or_default()
    }

    /// The sockets whose readiness the last `Wait` is about.
    #[must_use]
    pub fn interests(&self) -> Vec<(BorrowedFd<'_>, Interest)> {
        match &self.connection {
            Connection::Dialing(race) => race
                .sockets()
                .map(|socket| (socket.as_fd(), Interest::Writable))
                .collect(),
            Connection::Securing(handshake) => {
                let interest = if handshake.wants_write() {
                    Interest::Both
                } else {
                    Interest::Readable
                };
                vec![(handshake.socket().as_fd(), interest)]
            }
            Connection::Ready(transport) => {
                let writes = self.exchange.waits_to_write();
                let interest = match (writes, self.exchange.waits_to_read()) {
                    (true, true) => Interest::Both,
                    (true, false) => Interest::Writable,
                    (false, _) => Interest::Readable,
                };
                vec![(transport.socket().as_fd(), interest)]
            }
            Connection::None | Connection::Resolving(_) => Vec::new(),
        }
    }

    /// The connection, once the request can be sent on it.
    #[must_use]
    pub fn transport(&self) -> Option<&dyn Transport> {
        match &self.connection {
            Connection::Ready(transport) => Some(&**transport),
            Connection::None
            | Connection::Resolving(_)
            | Connection::Dialing(_)
            | Connection::Securing(_) => None,
        }
    }

    /// Own and peer address, once connected.
    #[must_use]
    pub fn addresses(&self) -> Option<(SocketAddr, SocketAddr)> {
        let local = self.transport()?.socket().local_address()?;
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

    /// The server agreed to speak WebSocket: gives the transport and the bytes that came behind the response.
    ///
    /// # Errors
    /// It did not: what it answered instead, as far as it has arrived; then the driver is given back. `taken` is the
    /// response's head if it was taken from here.
    pub fn into_upgraded(
        mut self: Box<Self>,
        taken: Option<&ResponseHead>,
    ) -> Result<Upgraded, (Box<Self>, Failure)> {
        if self.exchange.is_upgraded()
            && matches!(self.connection, Connection::Ready(_))
            && let Connection::Ready(transport) =
                std::mem::replace(&mut self.connection, Connection::None)
        {
            return Ok((transport, self.inbox));
        }
        if self.exchange.may_look_ahead(self.inbox.data()) {
            let arrived = self.receive(Room::Inbox(0), &mut Call::Receive);
            self.exchange.looked_ahead(arrived);
        }
        let failure = self.exchange.upgrade_refused(taken, self.inbox.data());
        Err((self, failure))
    }
}

/// Why nothing was written.
fn not_written(transport: &dyn Transport, error: &io::Error) -> Wrote {
    if is_would_block(error) {
        Wrote::Blocked
    } else {
        Wrote::Failed(transport.failure(error))
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
