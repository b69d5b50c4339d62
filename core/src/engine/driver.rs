//! Drives one request: does what its exchange asks for with a connection, and says what came of it.
//!
//! The driver never blocks, never calls user code and decides nothing. Whoever runs it (a
//! synchronous call, or a lane of the callback thread) calls [`Driver::step`] until it says `Done`,
//! delivers the notifications it yields, and waits when told.

mod connection;
#[cfg(test)]
pub(crate) mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use winhttp_proto::auth::HeadBytes;
use winhttp_proto::error::Error;
use winhttp_proto::exchange::timers::Carried;
use winhttp_proto::exchange::{
    Action, Arrived, Call, Composed, Exchange, Flow, Received, Room, Turn, Wrote,
};
use winhttp_proto::failure::Result;
use winhttp_proto::http1::head::ResponseHead;
use winhttp_proto::notify::{Notification, RequestOperation};

use super::buffers::Inbox;
use super::connect::way::{Destination, Way};
use super::pool::shelf::{Demand, Mark};
use super::pool::{Aside, Asked, Ends, Lease, Returning, Seat, Ticket};
use super::reactor::{Place, Registration};
use super::sleeper::{WaitFor, Wake};
use super::socket::Socket;
use super::switches::Spin;
use super::transport::{Flush, Read, Stack, Write};

pub use connection::Left;

/// A connection that was looked at before is looked at once more before anything is written.
const LOOKS_AGAIN_AFTER: Duration = Duration::from_millis(1);

/// Where a request goes, and what becomes of its connection.
#[derive(Debug)]
pub struct Route {
    /// How its server is reached.
    pub to: Destination,
    /// What marks its connection (CONNECTION_GUID).
    pub mark: Option<Mark>,
    /// How long its connection may be idle afterwards.
    pub idle_life: Duration,
    /// What a connection must be that it takes when others let one go while it opens its own
    /// (FIRST_AVAILABLE_CONNECTION).
    pub stands_by: Option<Box<Demand>>,
}

/// What to do after a step.
#[derive(Debug)]
pub enum Step {
    /// Deliver this, then step again.
    Notify(Notification),
    /// Step again when a socket of [`Driver::interests`] is ready, when woken, or at this time.
    Wait(Option<Instant>),
    /// An answer is there: it is given to the program ([`Driver::give`]), or another driver takes
    /// the place of this one. A proxy's challenge can be answered as well
    /// ([`Driver::answer_proxy`]).
    Answered,
    /// How to get to the server is to be found out; another driver takes the place of this one
    /// then.
    Routes,
    /// A CONNECT for the proxy is needed: [`Driver::ask_for_tunnel`].
    Tunnel,
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
    /// When the connection that others have used was looked at, until something is written on it.
    looked_at: Option<Instant>,
    /// The right to open more connections for others.
    ahead: Vec<Lease>,
    /// The right to have a connection.
    lease: Option<Lease>,
    /// A place among those who wait for another connection than the one that is being opened.
    stand_by: Option<Box<Ticket>>,
    /// A connection that this request needs no more.
    returning: Option<Returning>,
    /// What it has not used in the end.
    aside: Vec<Aside>,
    /// The connection is another one than the last time somebody asked.
    is_new: bool,
    /// Both ends, once connected.
    ends: Option<Ends>,
    /// Whether looking before sleeping pays on this connection.
    spin: Spin,
    /// Requests that had used the connection before.
    preceding: u32,
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
    Begun(Box<Way>),
    /// It leads to a proxy, which is asked for a tunnel.
    ToProxy(Stack),
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
        Asked { seat, ahead }: Asked,
    ) -> Self {
        let mut driver = Self::of(Exchange::new(request), route, wake, place);
        driver.seat = Some(seat);
        driver.ahead = ahead;
        driver
    }

    /// A driver that does nothing but ask for its route.
    #[must_use]
    pub fn unrouted(
        request: Composed,
        route: Route,
        wake: Arc<dyn Wake>,
        place: Option<Place>,
    ) -> Self {
        Self::of(Exchange::unrouted(request), route, wake, place)
    }

    fn of(exchange: Exchange, route: Route, wake: Arc<dyn Wake>, place: Option<Place>) -> Self {
        Self {
            exchange,
            route,
            connection: Connection::None,
            inbox: Inbox::default(),
            wake,
            place,
            looked_at: None,
            seat: None,
            ahead: Vec::new(),
            lease: None,
            stand_by: None,
            returning: None,
            aside: Vec::new(),
            is_new: false,
            ends: None,
            spin: Spin::default(),
            preceding: 0,
            gave_up: false,
        }
    }

    /// Replaces who is woken: a synchronous call may come from another thread each time.
    pub fn set_wake(&mut self, wake: Arc<dyn Wake>) {
        self.wake = wake;
    }

    /// The program gets the answer that is there.
    pub fn give(&mut self) {
        self.exchange.give();
    }

    /// Has this sent to the proxy, for a tunnel.
    pub fn ask_for_tunnel(&mut self, head: HeadBytes) {
        self.exchange.ask_for_tunnel(head);
    }

    /// The proxy's challenge is answered by another CONNECT.
    pub fn answer_proxy(&mut self) {
        self.exchange.answer_proxy();
    }

    /// The answer is a challenge, whatever its status says (Passport).
    pub fn read_as_challenge(&mut self) {
        self.exchange.read_as_challenge();
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
        if !self.ahead.is_empty() {
            self.open_ahead(*turn.timeouts);
        }
        loop {
            let action = self.exchange.next(&turn, &mut call, &mut self.inbox)?;
            let flow = match action {
                Action::Notify(notification) => {
                    self.note_version(&notification, turn.now);
                    return Ok(Step::Notify(notification));
                }
                Action::Answered => return Ok(Step::Answered),
                Action::Routes => return Ok(Step::Routes),
                Action::Tunnel => return Ok(Step::Tunnel),
                Action::Tunnelled => {
                    self.pass_through(turn.now)?;
                    Flow::On
                }
                Action::Yield => return Ok(Step::Yield),
                Action::Done => return Ok(Step::Done),
                Action::Acquire => self.acquire()?,
                Action::Resolve(limit) | Action::Dial(limit) | Action::Secure(limit) => {
                    self.connect(turn.now, limit, turn.timeouts)?
                }
                Action::Write(0) if self.is_stale_by_now(turn.now) => {
                    self.exchange.found_stale();
                    Flow::On
                }
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
                    if let Some(stack) = self.connection.carrier() {
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

    /// The connection was looked at when it was given; a callback, or the wait for the lane, may
    /// have taken its time since.
    fn is_stale_by_now(&mut self, now: Instant) -> bool {
        let looked_at = self.looked_at.take();
        let is_long_ago =
            looked_at.is_some_and(|at| now.saturating_duration_since(at) > LOOKS_AGAIN_AFTER);
        let Connection::Ready(stack) = &mut self.connection else {
            return false;
        };
        is_long_ago && !matches!(stack.read(&mut [0], &mut []), Ok(Read::Blocked))
    }

    fn write(&mut self, from: usize, call: &Call<'_>) -> Wrote {
        let Some(stack) = self.connection.carrier() else {
            return Wrote::Failed(Error::ConnectionError.into());
        };
        match stack.write_parts(&self.exchange.outgoing(call, from)) {
            Ok(Write::Taken(count)) => Wrote::Bytes(count),
            Ok(Write::Blocked) => Wrote::Blocked,
            Err(failure) => Wrote::Failed(failure),
        }
    }

    fn flush(&mut self) -> Wrote {
        let Some(stack) = self.connection.carrier() else {
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
        let Some(stack) = self.connection.carrier() else {
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
        match &self.connection {
            Connection::ToProxy(stack) | Connection::Ready(stack) => stack.carried(),
            Connection::None | Connection::Begun(_) => Carried::default(),
        }
    }

    /// The sockets whose readiness the last `Wait` of this call is about; they can be waited for
    /// while another call uses the driver.
    #[must_use]
    pub fn interests(&self, call: RequestOperation) -> Vec<(Arc<Socket>, WaitFor)> {
        match &self.connection {
            Connection::Begun(way) => way.interests(),
            Connection::ToProxy(stack) | Connection::Ready(stack) => {
                let writes = self.exchange.waits_to_write(call);
                let interest = match (writes, self.exchange.waits_to_read(call)) {
                    (true, true) => WaitFor::Either,
                    (true, false) => WaitFor::Writable,
                    (false, _) => WaitFor::Readable,
                };
                let socket = stack.socket().map(|socket| (Arc::clone(socket), interest));
                socket.into_iter().collect()
            }
            Connection::None => Vec::new(),
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

    /// TLS protects a part of the connection: with the server, or with a proxy.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        match &self.connection {
            Connection::ToProxy(stack) | Connection::Ready(stack) => stack.tls().is_some(),
            Connection::Begun(way) => way.is_protected(),
            Connection::None => false,
        }
    }

    /// The first hop was reached, and its TLS was there, whatever came of that.
    #[must_use]
    pub fn was_connected(&self) -> bool {
        let is_securing =
            matches!(&self.connection, Connection::Begun(way) if !way.is_behind_tunnel());
        self.ends.is_some() && !is_securing
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
            let mut call = Call::RECEIVE;
            let arrived = self.receive(Room::Inbox(0), &mut call);
            self.exchange.looked_ahead(arrived);
        }
        Err(self.exchange.upgrade_refused(taken, self.inbox.data()))
    }
}

impl Connection {
    /// What bytes go through now.
    fn carrier(&mut self) -> Option<&mut Stack> {
        match self {
            Self::ToProxy(stack) | Self::Ready(stack) => Some(stack),
            Self::None | Self::Begun(_) => None,
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
