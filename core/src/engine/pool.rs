//! Connections that outlive their requests: one pool for the process, whose connections serve any
//! session that may share them.
//!
//! A request asks for a [`Seat`] when it is sent. It gets a connection that is idle, or the right
//! to open one, at once, or when others have left it room ([`shelf`] decides). Whoever has the
//! right holds a [`Lease`], which ends once: with a connection that others can use
//! ([`Lease::keep`]), or without one, when it is dropped. A thread of its own watches those that
//! are idle.
//!
//! Waking others may run their code: whatever ends a lease or a ticket is called without a lock.

pub mod drain;
mod idle;
mod keeper;
mod key;
pub mod opening;
mod returning;
pub mod shelf;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use winhttp_process::{Epoch, PerProcess, epoch};
use winhttp_proto::notify::SecureProblems;

pub use idle::{Ends, Idle};
pub use key::{Key, KeyRest, ProxyKey, Scope, TlsKey};
pub use returning::{Aside, Returning};

use super::clock;
use super::reactor::Reactor;
use super::sleeper::Wake;
use keeper::Keeper;
use shelf::{Aftermath, Answer, Demand, Grant, Kept, Mark, Shelf};

/// How long a connection may be idle, unless a session says otherwise (observed on Windows).
pub const IDLE_LIFE: Duration = Duration::from_secs(60);

/// A forked child has its own: its parent's connections are not for two.
static POOL: PerProcess<Mutex<Pool>> = PerProcess::new(Mutex::default);

type Connections = Shelf<Key, Idle, Arc<dyn Wake>>;
type After = Aftermath<Idle, Arc<dyn Wake>>;

#[derive(Default)]
struct Pool {
    shelf: Connections,
    keeper: Keeper,
}

fn pool() -> MutexGuard<'static, Pool> {
    POOL.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// A change after which there may be no connection any more.
fn lessen(change: impl FnOnce(&mut Connections, Instant) -> After) {
    let now = clock::now();
    let mut pool = pool();
    let aftermath = change(&mut pool.shelf, now);
    let nudge = match pool.shelf.is_empty() {
        true => pool.keeper.has_nothing_to_watch(now),
        false => pool.keeper.looks_at(aftermath.serves_at),
    };
    drop(pool);
    aftermath.settle();
    keeper::nudge(nudge);
}

impl After {
    /// Closes what is of no more use, and wakes those who have got something.
    fn settle(self) {
        for connection in self.closed {
            connection.close();
        }
        for wake in self.woken {
            wake.wake();
        }
    }
}

/// The right to have a connection to a server open.
pub struct Lease {
    key: Arc<Key>,
    mark: Option<Mark>,
    epoch: Epoch,
    kept: bool,
}

/// A request's place on the way to its connection.
#[derive(Debug)]
pub enum Seat {
    /// It may open one.
    Open(Lease),
    /// It has one that others have used.
    Use(Lease, Idle),
    /// It waits for others to leave it room, and is woken then.
    Wait(Ticket),
}

/// A place among those who wait for a connection to a server.
pub struct Ticket {
    key: Arc<Key>,
    number: u64,
    demand: Demand,
    epoch: Epoch,
    over: bool,
}

/// What a request has got.
#[derive(Debug)]
pub struct Asked {
    /// Its own place.
    pub seat: Seat,
    /// The right to open more connections for others with its own.
    pub ahead: Vec<Lease>,
}

/// A connection for this request; `wake` is used if it has to wait. If it opens the first one to
/// its server, so many more may be opened as `ahead` says and its limit allows.
pub fn ask(
    key: &Arc<Key>,
    demand: Demand,
    ahead: usize,
    wake: impl FnOnce() -> Arc<dyn Wake>,
) -> Asked {
    let epoch = epoch();
    let now = clock::now();
    let mut aftermath = Aftermath::default();
    let mut pool = pool();
    let answer = pool.shelf.ask(key, &demand, wake, now, &mut aftermath);
    let is_first = ahead > 0 && matches!(answer, Answer::Now(Grant::Open));
    let more = match is_first {
        true => pool.shelf.open_ahead(key, ahead, demand.limits, now),
        false => 0,
    };
    let nudge = pool.keeper.looks_at(aftermath.serves_at);
    drop(pool);
    aftermath.settle();
    keeper::nudge(nudge);
    let ahead = (0..more).map(|_| Lease::new(key, epoch)).collect();
    let seat = match answer {
        Answer::Now(grant) => seat(key, &demand, grant, (epoch, now)),
        Answer::Wait(number) => Seat::Wait(Ticket::new(key, number, demand, epoch)),
    };
    Asked { seat, ahead }
}

/// The place that a grant gives, with a connection that lives.
fn seat(
    key: &Arc<Key>,
    demand: &Demand,
    grant: Grant<Idle>,
    (epoch, now): (Epoch, Instant),
) -> Seat {
    let mut lease = Lease::new(key, epoch);
    let mut next = match grant {
        Grant::Use(kept) => Some(kept),
        Grant::Open => None,
    };
    while let Some(mut kept) = next {
        kept.connection.unwatch();
        lease.mark = kept.mark;
        if kept.connection.is_alive() {
            kept.connection.looked_at = Some(now);
            return Seat::Use(lease, kept.connection);
        }
        kept.connection.close();
        next = lease.instead(demand);
    }
    Seat::Open(lease)
}

impl Ticket {
    fn new(key: &Arc<Key>, number: u64, demand: Demand, epoch: Epoch) -> Self {
        Self {
            key: Arc::clone(key),
            number,
            demand,
            epoch,
            over: false,
        }
    }

    /// The connection, or the right to open one, if there is one by now.
    #[must_use]
    pub fn collect(mut self) -> Seat {
        if !self.epoch.is_current() {
            return Seat::Wait(self);
        }
        let grant = pool().shelf.collect(&self.key, self.number);
        match grant {
            Some(grant) => {
                self.over = true;
                seat(&self.key, &self.demand, grant, (self.epoch, clock::now()))
            }
            None => Seat::Wait(self),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.over && self.epoch.is_current() {
            lessen(|shelf, now| shelf.leave(&self.key, self.number, now));
        }
    }
}

impl Lease {
    fn new(key: &Arc<Key>, epoch: Epoch) -> Self {
        Self {
            key: Arc::clone(key),
            mark: None,
            epoch,
            kept: false,
        }
    }

    /// A place among those who wait, for a request that opens a connection meanwhile: it gets no
    /// other right to open one.
    #[must_use]
    pub fn stand_by(&self, demand: Demand, wake: Arc<dyn Wake>) -> Option<Ticket> {
        if !self.epoch.is_current() {
            return None;
        }
        let mut aftermath = Aftermath::default();
        let now = clock::now();
        let number = pool()
            .shelf
            .stand_by(&self.key, &demand, wake, now, &mut aftermath);
        aftermath.settle();
        Some(Ticket::new(&self.key, number, demand, self.epoch))
    }

    /// Another connection in place of one that turned out dead.
    fn instead(&mut self, demand: &Demand) -> Option<Kept<Idle>> {
        let mut aftermath = Aftermath::default();
        let mut pool = pool();
        pool.shelf.unmark(&self.key, self.mark.take());
        let kept = pool
            .shelf
            .instead(&self.key, demand, clock::now(), &mut aftermath);
        drop(pool);
        aftermath.settle();
        kept
    }

    /// It was taken in this process, not in one that has forked it.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.epoch.is_current()
    }

    /// The connection is gone, and another one takes its place: without its mark.
    pub fn replace(&mut self) {
        if self.epoch.is_current() {
            pool().shelf.unmark(&self.key, self.mark.take());
        }
    }

    /// Marks the connection (CONNECTION_GUID).
    pub fn mark(&mut self, mark: Mark) {
        if self.mark != Some(mark) && self.epoch.is_current() {
            let before = self.mark.replace(mark);
            pool().shelf.mark(&self.key, before, mark);
        }
    }

    /// The server has answered with HTTP/1.0.
    pub fn answers_1_0(&self, now: Instant) {
        if self.epoch.is_current() {
            pool().shelf.answers_1_0(&self.key, now + IDLE_LIFE);
        }
    }

    /// The request is over, and others may use the connection, for so long.
    pub fn keep(mut self, connection: Idle, tolerated: SecureProblems, life: Duration) {
        if !self.epoch.is_current() {
            return; // the connection is the parent's
        }
        self.kept = true;
        let now = clock::now();
        let kept = Kept {
            connection,
            tolerated,
            mark: self.mark,
            until: now.checked_add(life).unwrap_or(now + IDLE_LIFE),
        };
        let mut pool = pool();
        let aftermath = pool.shelf.put(&self.key, kept, now);
        let nudge = pool.keeper.has_more_to_watch(now, aftermath.serves_at);
        drop(pool);
        aftermath.settle();
        keeper::nudge(nudge);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.kept && self.epoch.is_current() {
            lessen(|shelf, now| shelf.gone(&self.key, self.mark, now));
        }
    }
}

/// A session is over: closes the connections that only it could use, also those that are still read
/// to the end of an answer, when they are.
pub fn close_session(number: u64) {
    let scope = Scope::Session(number);
    lessen(|shelf, now| shelf.end(now, |key| key.rest().scope == scope));
}

/// A poll is over: no connection stays in it.
pub fn leave_reactor(reactor: &Reactor) {
    let mut homes = Vec::new();
    for (_, _, idle) in pool().shelf.idle() {
        if idle.home.as_ref().is_some_and(|home| home.is_of(reactor)) {
            homes.extend(idle.home.take());
        }
    }
    drop(homes);
}

/// How many connections to the servers that `wanted` selects are open, and the marks of those that
/// have one.
pub fn open_connections(wanted: impl Fn(&Key) -> bool) -> (usize, Vec<Mark>) {
    let pool = pool();
    let open = pool.shelf.open_by_mark(wanted);
    open.fold((0, Vec::new()), |(count, mut marks), (_, open, more)| {
        marks.extend_from_slice(more);
        (count + open, marks)
    })
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("key", &self.key)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}
