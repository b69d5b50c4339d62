//! Which connection serves whom: those that are idle, how many there may be, and who waits for one.
//!
//! Pure: it knows no socket and no clock. A connection is *open* from the moment somebody may open
//! it until it is gone; meanwhile it serves a request, is read to the end of an answer, or is idle.

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, DefaultHasher, Hash};
use std::sync::Arc;
use std::time::{Duration, Instant};

use winhttp_proto::notify::SecureProblems;

/// What marks a connection (CONNECTION_GUID).
pub type Mark = [u8; 16];

/// What a request asks of a connection that others have used.
#[derive(Clone, Copy, Debug)]
pub struct Demand {
    /// Defects of the server's certificate that it ignores.
    pub ignores: SecureProblems,
    /// Which marks the connection may have (MATCH_CONNECTION_GUID).
    pub marks: Marks,
    /// How many connections to its server there may be.
    pub limits: Limits,
}

/// Which marked connections a request takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Marks {
    /// Any.
    #[default]
    All,
    /// Those with this mark, and those without any.
    ThisOrNone(Mark),
    /// Those with this mark.
    This(Mark),
}

/// How many connections to one server there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// MAX_CONNS_PER_SERVER.
    pub usual: usize,
    /// MAX_CONNS_PER_1_0_SERVER, for one that has answered with HTTP/1.0.
    pub http_1_0: usize,
    /// So many may be opened at once; from then on one in a [`PACE`], as a server takes only so
    /// many from its queue, and what the queue drops comes again after seconds.
    pub burst: usize,
}

/// The time between connections to one server beyond the first ones.
pub const PACE: Duration = Duration::from_millis(1);

impl Limits {
    /// As many as are wanted.
    pub const NONE: Self = Self {
        usual: usize::MAX,
        http_1_0: usize::MAX,
        burst: usize::MAX,
    };
}

/// A connection that is idle, or was until now.
#[derive(Debug)]
pub struct Kept<C> {
    /// The connection itself.
    pub connection: C,
    /// Defects of the server's certificate that were ignored for it.
    pub tolerated: SecureProblems,
    /// What marks it (CONNECTION_GUID).
    pub mark: Option<Mark>,
    /// When it has been idle for too long.
    pub until: Instant,
}

/// A request's way to its server.
#[derive(Debug)]
pub enum Grant<C> {
    /// A connection that others have used.
    Use(Kept<C>),
    /// It may open one.
    Open,
}

/// What becomes of a request that wants a connection.
#[derive(Debug)]
pub enum Answer<C> {
    /// It has one, or may open one.
    Now(Grant<C>),
    /// It waits, under this number, until it is woken.
    Wait(u64),
}

/// What a change has brought: connections to be closed, and who is to be woken, without the lock.
#[derive(Debug)]
pub struct Aftermath<C, W> {
    /// Of no more use.
    pub closed: Vec<C>,
    /// May look for what they got.
    pub woken: Vec<W>,
    /// Somebody may open a connection then, and is served by a sweep.
    pub serves_at: Option<Instant>,
}

impl<C, W> Default for Aftermath<C, W> {
    fn default() -> Self {
        Self {
            closed: Vec::new(),
            woken: Vec::new(),
            serves_at: None,
        }
    }
}

/// Without random numbers: the system may refuse them, and the keys are servers that the program
/// connects to.
type Hasher = BuildHasherDefault<DefaultHasher>;

/// The connections to all servers.
#[derive(Debug)]
pub struct Shelf<K, C, W> {
    servers: HashMap<Arc<K>, Server<C, W>, Hasher>,
    last_number: u64,
    /// How many servers there are when it is time to forget some.
    forgets_at: usize,
}

/// So few servers need not be forgotten.
const FORGETS_AT: usize = 64;

#[derive(Debug)]
struct Server<C, W> {
    open: usize,
    /// The one that came last is at the end, and leaves first: the server has it in its memory.
    idle: VecDeque<Idle<C>>,
    /// First come, first served.
    waiting: VecDeque<Waiting<C, W>>,
    /// Marks of open connections, each as often as it is there.
    marks: Vec<Mark>,
    /// Until when it counts as one that answers with HTTP/1.0.
    answers_1_0: Option<Instant>,
    /// Nobody will ask for it any more: no connection stays idle.
    ended: bool,
    /// When the next connection beyond the first ones may be opened.
    next_open: Option<Instant>,
}

#[derive(Debug)]
struct Idle<C> {
    kept: Kept<C>,
    number: u64,
}

#[derive(Debug)]
struct Waiting<C, W> {
    number: u64,
    demand: Demand,
    wake: W,
    grant: Option<Grant<C>>,
    /// It opens a connection of its own meanwhile.
    stands_by: bool,
}

impl<K: Eq + Hash, C, W: Clone> Shelf<K, C, W> {
    /// Nothing is open.
    #[must_use]
    pub fn new() -> Self {
        Self {
            servers: HashMap::default(),
            last_number: 0,
            forgets_at: FORGETS_AT,
        }
    }

    /// No connection is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.servers.values().all(|server| server.open == 0)
    }

    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// A request wants a connection to `key`'s server.
    pub fn ask(
        &mut self,
        key: &Arc<K>,
        demand: &Demand,
        wake: impl FnOnce() -> W,
        now: Instant,
        aftermath: &mut Aftermath<C, W>,
    ) -> Answer<C> {
        if !self.servers.contains_key(&**key) {
            self.forget(now);
            self.servers.insert(Arc::clone(key), Server::new());
        }
        let number = self.number();
        let Some(server) = self.servers.get_mut(&**key) else {
            return Answer::Now(Grant::Open);
        };
        server.ended = false;
        let waits = |other: &Waiting<C, W>| other.grant.is_none() && !other.stands_by;
        let others = server.waiting.iter().any(waits);
        if !others && let Some(grant) = server.grant(demand, now, aftermath) {
            return Answer::Now(grant);
        }
        server.waiting.push_back(Waiting {
            number,
            demand: *demand,
            wake: wake(),
            grant: None,
            stands_by: false,
        });
        aftermath.serves_at = server.serves_at(now);
        Answer::Wait(number)
    }

    /// The only connection to a server is about to be opened, and so many more at the most are to
    /// be opened with it: how many may be.
    pub fn open_ahead(&mut self, key: &K, wanted: usize, limits: Limits, now: Instant) -> usize {
        let Some(server) = self.servers.get_mut(key) else {
            return 0;
        };
        if server.open != 1 || !server.idle.is_empty() {
            return 0;
        }
        let more = wanted.min(server.limit(limits, now).saturating_sub(1));
        server.open += more;
        more
    }

    /// A request that opens a connection takes one that others let go before that is there; if
    /// there is one already, nobody is woken for it.
    pub fn stand_by(
        &mut self,
        key: &K,
        demand: &Demand,
        wake: W,
        now: Instant,
        aftermath: &mut Aftermath<C, W>,
    ) -> u64 {
        let number = self.number();
        if let Some(server) = self.servers.get_mut(key) {
            let grant = server.find(demand, now, aftermath).map(Grant::Use);
            server.waiting.push_back(Waiting {
                number,
                demand: *demand,
                wake,
                grant,
                stands_by: true,
            });
        }
        number
    }

    /// Forgets servers that nobody has to do with, once there may be as many of them as of others:
    /// what they answer with is known for a while after the last connection is gone.
    fn forget(&mut self, now: Instant) {
        if self.servers.len() >= self.forgets_at {
            self.servers.retain(|_, server| !server.is_over(now));
            self.forgets_at = FORGETS_AT.max(2 * self.servers.len());
        }
    }

    /// What somebody who waits has got.
    pub fn collect(&mut self, key: &K, number: u64) -> Option<Grant<C>> {
        let server = self.servers.get_mut(key)?;
        let place = server.waiting.iter().position(|one| one.number == number)?;
        server.waiting.get(place)?.grant.as_ref()?;
        server.waiting.remove(place)?.grant
    }

    /// Somebody does not wait any more; what they got meanwhile serves others.
    pub fn leave(&mut self, key: &K, number: u64, now: Instant) -> Aftermath<C, W> {
        self.change(key, now, |server| {
            let place = server.waiting.iter().position(|one| one.number == number);
            let waiting = place.and_then(|place| server.waiting.remove(place));
            match waiting.and_then(|waiting| waiting.grant) {
                Some(Grant::Use(kept)) => Some(kept),
                Some(Grant::Open) => {
                    server.open = server.open.saturating_sub(1);
                    None
                }
                None => None,
            }
        })
    }

    /// The connection that was given turned out dead; gives another one in its place, if there is
    /// one that is idle.
    pub fn instead(
        &mut self,
        key: &K,
        demand: &Demand,
        now: Instant,
        aftermath: &mut Aftermath<C, W>,
    ) -> Option<Kept<C>> {
        let server = self.servers.get_mut(key)?;
        let kept = server.find(demand, now, aftermath)?;
        server.open = server.open.saturating_sub(1);
        Some(kept)
    }

    /// A connection has become idle.
    pub fn put(&mut self, key: &K, kept: Kept<C>, now: Instant) -> Aftermath<C, W> {
        self.change(key, now, |_| Some(kept))
    }

    /// An open connection is gone.
    pub fn gone(&mut self, key: &K, mark: Option<Mark>, now: Instant) -> Aftermath<C, W> {
        self.change(key, now, |server| {
            server.open = server.open.saturating_sub(1);
            server.unmark(mark);
            None
        })
    }

    /// Changes a server's state, then serves those who wait for it. A connection that the change
    /// gives becomes idle again.
    fn change(
        &mut self,
        key: &K,
        now: Instant,
        change: impl FnOnce(&mut Server<C, W>) -> Option<Kept<C>>,
    ) -> Aftermath<C, W> {
        let number = self.number();
        let mut aftermath = Aftermath::default();
        let Some(server) = self.servers.get_mut(key) else {
            return aftermath;
        };
        if let Some(kept) = change(server) {
            server.idle.push_back(Idle { kept, number });
        }
        server.settle(now, &mut aftermath);
        aftermath.serves_at = server.serves_at(now);
        if server.is_over(now) {
            self.servers.remove(key);
        }
        aftermath
    }

    /// An open connection is marked from now on, in place of the mark it had.
    pub fn mark(&mut self, key: &K, before: Option<Mark>, mark: Mark) {
        if let Some(server) = self.servers.get_mut(key) {
            server.unmark(before);
            server.marks.push(mark);
        }
    }

    /// An open connection is not marked any more.
    pub fn unmark(&mut self, key: &K, mark: Option<Mark>) {
        if let Some(server) = self.servers.get_mut(key) {
            server.unmark(mark);
        }
    }

    /// The server has answered with HTTP/1.0, which counts until then.
    pub fn answers_1_0(&mut self, key: &K, until: Instant) {
        if let Some(server) = self.servers.get_mut(key) {
            server.answers_1_0 = Some(until);
        }
    }

    /// Takes an idle connection out, to be looked at.
    pub fn take(&mut self, key: &K, number: u64) -> Option<Kept<C>> {
        let server = self.servers.get_mut(key)?;
        let place = server.idle.iter().position(|idle| idle.number == number)?;
        server.idle.remove(place).map(|idle| idle.kept)
    }

    /// Nobody will ask for the servers that `wanted` selects any more: closes what is idle, and
    /// what becomes idle from now on.
    pub fn end(&mut self, now: Instant, wanted: impl Fn(&K) -> bool) -> Aftermath<C, W> {
        let mut aftermath = Aftermath::default();
        for (_, server) in self.servers.iter_mut().filter(|(key, _)| wanted(key)) {
            server.ended = true;
            server.settle(now, &mut aftermath);
        }
        self.servers.retain(|_, server| !server.is_over(now));
        aftermath
    }

    /// Drops what has expired, and serves those whose time has come; gives when there is more to
    /// do.
    pub fn sweep(&mut self, now: Instant) -> (Aftermath<C, W>, Option<Instant>) {
        let mut aftermath = Aftermath::default();
        let mut next = None;
        for server in self.servers.values_mut() {
            let mut place = 0;
            while let Some(idle) = server.idle.get(place) {
                if idle.kept.until <= now {
                    server.close(place, &mut aftermath);
                } else {
                    next = earliest(next, idle.kept.until);
                    place += 1;
                }
            }
            server.settle(now, &mut aftermath);
            if let Some(at) = server.serves_at(now) {
                next = earliest(next, at);
            }
        }
        self.servers.retain(|_, server| !server.is_over(now));
        (aftermath, next)
    }

    /// All idle connections: server, number, connection.
    pub fn idle(&mut self) -> impl Iterator<Item = (&Arc<K>, u64, &mut C)> {
        self.servers.iter_mut().flat_map(|(key, server)| {
            let idle = server.idle.iter_mut();
            idle.map(move |idle| (key, idle.number, &mut idle.kept.connection))
        })
    }

    /// How many connections to the servers that `wanted` selects are open, by their marks.
    pub fn open_by_mark<'k>(
        &'k self,
        wanted: impl Fn(&K) -> bool + 'k,
    ) -> impl Iterator<Item = (&'k K, usize, &'k [Mark])> {
        self.servers
            .iter()
            .filter(move |(key, _)| wanted(key))
            .map(|(key, server)| (&**key, server.open, &*server.marks))
    }
}

impl<K: Eq + Hash, C, W: Clone> Default for Shelf<K, C, W> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C, W: Clone> Server<C, W> {
    fn new() -> Self {
        Self {
            open: 0,
            idle: VecDeque::new(),
            waiting: VecDeque::new(),
            marks: Vec::new(),
            answers_1_0: None,
            ended: false,
            next_open: None,
        }
    }

    /// Nobody has to do with it.
    fn is_over(&self, now: Instant) -> bool {
        self.open == 0
            && self.waiting.is_empty()
            && (self.ended || self.answers_1_0.is_none_or(|until| until <= now))
    }

    /// After a change: serves those who wait; nothing stays idle for nobody, and no memory is kept
    /// for what there is not.
    fn settle(&mut self, now: Instant, aftermath: &mut Aftermath<C, W>) {
        self.serve(now, aftermath);
        while self.ended && !self.idle.is_empty() {
            self.close(0, aftermath);
        }
        if self.open == 0 && self.waiting.is_empty() {
            // Which version it answers with may be all that is known from now on, of very many.
            (self.idle, self.waiting) = Default::default();
        }
    }

    fn unmark(&mut self, mark: Option<Mark>) {
        let place = mark.and_then(|mark| self.marks.iter().position(|other| *other == mark));
        place.map(|place| self.marks.swap_remove(place));
    }

    /// Gives way to a request whose turn it is, if there is one.
    fn grant(
        &mut self,
        demand: &Demand,
        now: Instant,
        aftermath: &mut Aftermath<C, W>,
    ) -> Option<Grant<C>> {
        if let Some(kept) = self.find(demand, now, aftermath) {
            return Some(Grant::Use(kept));
        }
        let limit = self.limit(demand.limits, now);
        // One that does not suit must not keep out one that does.
        while self.open >= limit && !self.idle.is_empty() {
            self.close(0, aftermath);
        }
        if self.open >= limit {
            return None;
        }
        if self.open >= demand.limits.burst {
            if self.next_open.is_some_and(|at| now < at) {
                return None;
            }
            self.next_open = now.checked_add(PACE);
        }
        self.open += 1;
        Some(Grant::Open)
    }

    /// When the first who waits may open a connection, if only the pace keeps it waiting.
    fn serves_at(&self, now: Instant) -> Option<Instant> {
        let mut waiting = self.waiting.iter();
        let first = waiting.find(|one| one.grant.is_none() && !one.stands_by)?;
        let limits = first.demand.limits;
        let is_paced = self.open >= limits.burst && self.open < self.limit(limits, now);
        self.next_open.filter(|at| is_paced && now < *at)
    }

    fn limit(&self, limits: Limits, now: Instant) -> usize {
        match self.answers_1_0 {
            Some(until) if until > now => limits.http_1_0,
            _ => limits.usual,
        }
    }

    /// The idle connection that suits and was used last.
    fn find(
        &mut self,
        demand: &Demand,
        now: Instant,
        aftermath: &mut Aftermath<C, W>,
    ) -> Option<Kept<C>> {
        while self.idle.front().is_some_and(|idle| idle.kept.until <= now) {
            self.close(0, aftermath);
        }
        let place = self.idle.iter().rposition(|idle| idle.suits(demand, now))?;
        self.idle.remove(place).map(|idle| idle.kept)
    }

    fn close(&mut self, place: usize, aftermath: &mut Aftermath<C, W>) {
        if let Some(idle) = self.idle.remove(place) {
            self.open = self.open.saturating_sub(1);
            self.unmark(idle.kept.mark);
            aftermath.closed.push(idle.kept.connection);
        }
    }

    /// Serves those who wait, in order, as far as there is something for them.
    fn serve(&mut self, now: Instant, aftermath: &mut Aftermath<C, W>) {
        let mut place = 0;
        while let Some(waiting) = self.waiting.get(place) {
            if waiting.grant.is_none() {
                let (demand, stands_by) = (waiting.demand, waiting.stands_by);
                let grant = match stands_by {
                    true => self.find(&demand, now, aftermath).map(Grant::Use),
                    false => self.grant(&demand, now, aftermath),
                };
                if grant.is_none() && !stands_by {
                    return;
                }
                if let (Some(grant), Some(waiting)) = (grant, self.waiting.get_mut(place)) {
                    waiting.grant = Some(grant);
                    aftermath.woken.push(waiting.wake.clone());
                }
            }
            place += 1;
        }
    }
}

impl<C> Idle<C> {
    fn suits(&self, demand: &Demand, now: Instant) -> bool {
        let marked = match (demand.marks, self.kept.mark) {
            (Marks::All, _) | (Marks::ThisOrNone(_), None) => true,
            (Marks::This(_), None) => false,
            (Marks::ThisOrNone(wanted) | Marks::This(wanted), Some(mark)) => wanted == mark,
        };
        marked && self.kept.until > now && self.kept.tolerated.without(demand.ignores).is_empty()
    }
}

fn earliest(first: Option<Instant>, other: Instant) -> Option<Instant> {
    Some(first.map_or(other, |first| first.min(other)))
}
