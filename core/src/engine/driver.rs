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

use winhttp_proto::error::Error;
use winhttp_proto::exchange::timers::Carried;
use winhttp_proto::exchange::{
    Action, Arrived, Call, Composed, Exchange, Flow, Received, Release, Room, Turn, Wrote,
};
use winhttp_proto::failure::Result;
use winhttp_proto::http1::head::ResponseHead;
use winhttp_proto::notify::{Notification, RequestOperation};

use super::buffers::Inbox;
use super::clock;
use super::connect::dial::{Attach, DialSettings, Race, RaceStep};
use super::connect::resolve::{Resolve, ResolveStep};
use super::connect::secure::{Secure, SecureStep};
use super::pool::drain::drain;
use super::pool::shelf::Mark;
use super::pool::{Ends, Idle, Lease, Returning, Seat};
use super::reactor::{Place, Registration};
use super::sleeper::{WaitFor, Wake};
use super::socket::Socket;
use super::switches::Spin;
use super::transport::tls::TlsConfig;
use super::transport::{Flush, Read, Stack, Tcp, Write, socket_failure};

/// Where a request goes, and how its server is reached.
#[derive(Debug)]
pub struct Route {
    /// The name to look up, if it is not that of the server (RESOLUTION_HOSTNAME).
    pub look_up: Option<String>,
    /// The server's port.
    pub port: u16,
    /// Its TLS configuration, for https.
    pub tls: Option<Arc<TlsConfig>>,
    /// How addresses are tried.
    pub dial: DialSettings,
    /// What marks its connection (CONNECTION_GUID).
    pub mark: Option<Mark>,
    /// How long its connection may be idle afterwards.
    pub idle_life: Duration,
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
    /// Where an asynchronous request is told of its connection.
    place: Option<Place>,
    /// What the pool has given, until it is used.
    seat: Option<Seat>,
    /// The right to have a connection.
    lease: Option<Lease>,
    /// A connection that this request needs no more.
    returning: Option<Returning>,
    /// The connection is another one than the last time somebody asked.
    is_new: bool,
    /// Both ends, once connected.
    ends: Option<Ends>,
    /// Whether looking before sleeping pays on this connection.
    spin: Spin,
    /// The last read stopped for others to have a turn, and left bytes that the poll will not
    /// report again.
    gave_up: bool,
}

/// A connection on which the server speaks WebSocket, the bytes that came behind its response, and
/// its place in the poll.
type Upgraded = (Stack, Inbox, Option<Arc<Registration>>);

/// How far the connection has come.
enum Connection {
    None,
    Resolving(Resolve),
    Dialing(Race),
    Reached(Arc<Socket>, Duration),
    Securing(Secure),
    Ready(Stack),
}

impl Driver {
    /// A driver that has not done anything yet, with what the pool has given; a synchronous call
    /// has no place in a poll.
    #[must_use]
    pub fn new(
        request: Composed,
        route: Route,
        wake: Arc<dyn Wake>,
        place: Option<Place>,
        seat: Seat,
    ) -> Self {
        Self {
            exchange: Exchange::new(request),
            route,
            connection: Connection::None,
            inbox: Inbox::default(),
            wake,
            place,
            seat: Some(seat),
            lease: None,
            returning: None,
            is_new: false,
            ends: None,
            spin: Spin::default(),
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
                Action::Notify(notification) => {
                    self.note_version(&notification, turn.now);
                    return Ok(Step::Notify(notification));
                }
                Action::Done => return Ok(Step::Done),
                Action::Acquire => self.acquire()?,
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
                Action::Release(release) => {
                    self.release(release);
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

    /// Takes what the pool gives, or waits for it.
    fn acquire(&mut self) -> Result<Flow> {
        let seat = match self.seat.take() {
            Some(Seat::Wait(ticket)) => Some(ticket.collect()),
            seat => seat,
        };
        match seat {
            Some(Seat::Use(lease, idle)) => self.use_again(lease, idle)?,
            Some(Seat::Open(lease)) => {
                self.hold(lease);
                self.exchange.must_connect();
            }
            Some(wait @ Seat::Wait(_)) => {
                self.seat = Some(wait);
                return Ok(Flow::Wait(None));
            }
            None => self.exchange.must_connect(),
        }
        Ok(Flow::On)
    }

    fn hold(&mut self, mut lease: Lease) {
        if let Some(mark) = self.route.mark {
            lease.mark(mark);
        }
        self.lease = Some(lease);
    }

    fn use_again(&mut self, lease: Lease, mut idle: Idle) -> Result<()> {
        self.hold(lease);
        idle.leave_home(self.place.as_ref().map(Place::reactor));
        if let (Some(place), Some(socket)) = (&mut self.place, idle.stack.socket())
            && let Err(error) = place.take_in(socket, idle.home.take())
        {
            return self.exchange.failed(socket_failure(&error));
        }
        self.ends = Some(idle.ends);
        self.spin = idle.spin;
        self.connection = Connection::Ready(idle.stack);
        self.is_new = true;
        self.exchange.acquired();
        Ok(())
    }

    /// How many connections its server may have depends on the version that it answers with.
    fn note_version(&self, told: &Notification, now: Instant) {
        if matches!(told, Notification::ResponseReceived(_))
            && let (Some(lease), Some(head)) = (&self.lease, self.exchange.response())
            && head.version_minor == 0
        {
            lease.answers_1_0(now);
        }
    }

    /// The connection serves this request no more.
    fn release(&mut self, release: Release) {
        let connection = std::mem::replace(&mut self.connection, Connection::None);
        let idle = match (release, connection, self.ends) {
            (Release::Keep, Connection::Ready(stack), Some(ends)) => {
                // What a layer holds already, an end say, no poll would ever report.
                let has_news = stack.interest().has_input;
                let mut idle = self.idle(stack, ends);
                (!has_news || idle.is_alive()).then_some(idle)
            }
            (Release::Keep | Release::Close, _, _) => None,
            (Release::Replace, _, _) => {
                // What was told of this connection says nothing of the next.
                drop(self.take_place());
                if let Some(mut lease) = self.lease.take() {
                    lease.replace();
                    self.hold(lease);
                }
                return;
            }
        };
        self.returning = self.lease.take().map(|lease| self.returning(lease, idle));
    }

    fn idle(&mut self, stack: Stack, ends: Ends) -> Idle {
        let home = self.place.as_mut().and_then(Place::give);
        Idle::new(stack, ends, self.spin, home)
    }

    fn returning(&self, lease: Lease, idle: Option<Idle>) -> Returning {
        let tls = idle.as_ref().and_then(|idle| idle.stack.tls());
        Returning {
            lease,
            tolerated: tls.map(|tls| tls.tolerated).unwrap_or_default(),
            idle,
            life: self.route.idle_life,
        }
    }

    /// The connection that is not needed any more; to be settled without a lock.
    pub fn take_returning(&mut self) -> Option<Returning> {
        self.returning.take()
    }

    /// Whether the connection is another one than the last time this was asked.
    pub fn has_new_connection(&mut self) -> bool {
        std::mem::take(&mut self.is_new)
    }

    /// No other request is to use the connection (EXPIRE_CONNECTION).
    pub fn expire(&mut self) {
        self.exchange.expire();
    }

    /// How a synchronous call waits for the answer.
    pub fn spin(&mut self) -> &mut Spin {
        &mut self.spin
    }

    /// What is waited for is the answer, or more of it.
    #[must_use]
    pub fn waits_for_answer(&self, call: RequestOperation) -> bool {
        let exchange = &self.exchange;
        self.stack().is_some() && exchange.waits_to_read(call) && !exchange.waits_to_write(call)
    }

    /// Sets or clears the time of an asynchronous request's next step.
    pub fn set_deadline(&mut self, deadline: Option<Instant>) {
        if let Some(place) = &mut self.place {
            place.set_deadline(deadline);
        }
    }

    /// Takes the place in the poll out.
    pub fn take_place(&mut self) -> Option<Arc<Registration>> {
        if let Some(Seat::Use(_, idle)) = &mut self.seat {
            return idle.home.take();
        }
        self.place.as_mut().and_then(Place::give)
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
        let place = self.place.as_mut().map(Place::registration);
        match race.step(now, limit, place.map(|place| &**place as &dyn Attach)) {
            Ok(RaceStep::Connecting(address)) => self.exchange.dialing(address.ip()),
            Ok(RaceStep::Connected(winner)) => {
                self.ends = winner.socket.local_address().map(|local| Ends {
                    local,
                    remote: winner.peer,
                });
                self.exchange.dialed(winner.address.ip());
                self.connection = match self.route.tls {
                    Some(_) => Connection::Reached(winner.socket, winner.spent),
                    None => Connection::Ready(Stack::tcp(winner.socket)),
                };
                self.is_new = true;
            }
            Ok(RaceStep::Wait(until)) => return Ok(Flow::Wait(until)),
            Err(failure) => return self.exchange.failed(failure),
        }
        Ok(Flow::On)
    }

    /// Moves on with the TLS handshake; the first time, TLS is put on the new connection.
    fn secure(&mut self, now: Instant, limit: Option<Duration>) -> Result<Flow> {
        if let (Connection::Reached(socket, spent), Some(config)) =
            (&self.connection, &self.route.tls)
        {
            let tcp = Box::new(Tcp::new(Arc::clone(socket)));
            let socket = Some(Arc::clone(socket));
            match Secure::new(config, self.exchange.host(), tcp, socket, now, *spent) {
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
                self.is_new = true;
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
            Connection::None | Connection::Resolving(_) | Connection::Reached(..) => Vec::new(),
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

    /// Own and peer address, once the request can be sent.
    #[must_use]
    pub fn ends(&self) -> Option<Ends> {
        self.ends.filter(|_| self.stack().is_some())
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
            let inbox = std::mem::take(&mut self.inbox);
            return Ok((stack, inbox, self.take_place()));
        }
        if self.exchange.may_look_ahead(self.inbox.data()) {
            let arrived = self.receive(Room::Inbox(0), &mut Call::Receive);
            self.exchange.looked_ahead(arrived);
        }
        Err(self.exchange.upgrade_refused(taken, self.inbox.data()))
    }
}

impl Drop for Driver {
    /// Others use the connection, if this request has left it in order. Called without a lock, as
    /// whoever waits for it is woken.
    fn drop(&mut self) {
        if let Some(returning) = self.returning.take() {
            returning.settle();
        }
        if !self.lease.as_ref().is_some_and(Lease::is_own) {
            return; // there is none, or it is that of a parent process
        }
        let connection = std::mem::replace(&mut self.connection, Connection::None);
        if let (Connection::Ready(stack), Some(ends)) = (connection, self.ends)
            && let Some(rest) = self.exchange.take_rest()
            && let Some(lease) = self.lease.take()
        {
            let idle = self.idle(stack, ends);
            let connection = self.returning(lease, Some(idle));
            let inbox = std::mem::take(&mut self.inbox);
            drain(connection, inbox, rest, clock::now());
        }
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
