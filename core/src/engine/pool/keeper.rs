//! The thread that looks after connections nobody uses: closes those that expire or that the server
//! ends, reads the rest of answers, and opens what nobody waits for. There is one for the process
//! while there is something to look after.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Registry, Token, Waker};

use super::drain::Drain;
use super::opening::{Opening, Watched, Watching};
use super::{Key, Pool, lessen, pool};
use crate::engine::clock;
use crate::engine::sleeper::Wake;

/// How long a connection is idle before it is watched: most are used again before.
const WATCHED_AFTER: Duration = Duration::from_secs(1);
/// Events taken from the system at a time.
const EVENTS_PER_POLL: usize = 64;
const WAKER: Token = Token(usize::MAX);
/// Set in the tokens of connections that are not idle.
const AT_WORK: usize = 1 << (usize::BITS - 2);

/// What the pool knows of the thread.
#[derive(Default)]
pub(super) struct Keeper {
    runs: bool,
    waker: Option<Arc<Waker>>,
    /// When it looks at all that are idle; `None` for never.
    wakes_at: Option<Instant>,
    /// It has still to take these over.
    tasks: Vec<Task>,
}

/// What it does with a connection that is not idle.
pub(super) enum Task {
    Drain(Drain),
    Open(Opening),
}

impl From<Drain> for Task {
    fn from(drain: Drain) -> Self {
        Self::Drain(drain)
    }
}

impl From<Opening> for Task {
    fn from(opening: Opening) -> Self {
        Self::Open(opening)
    }
}

/// A task that it has taken over.
enum Work {
    Drain(Drain),
    Open(Watching),
}

/// What became of a turn.
#[derive(Debug)]
pub(super) enum Turned<T> {
    /// The connection serves others, or is closed.
    Over,
    /// Something has to happen.
    Wait(T),
    /// There may be more to do at once, after others have had a turn.
    Again(T),
}

/// What the thread has to be told, without the lock.
pub(super) enum Nudge {
    Nothing,
    Start,
    Wake(Arc<Waker>),
}

impl Keeper {
    /// A connection has become idle, and somebody may be served then.
    pub(super) fn has_more_to_watch(&mut self, now: Instant, serves_at: Option<Instant>) -> Nudge {
        self.looks_at(serves_at.or(Some(now + WATCHED_AFTER)))
    }

    /// There is something to do then.
    pub(super) fn looks_at(&mut self, at: Option<Instant>) -> Nudge {
        let Some(at) = at else {
            return Nudge::Nothing;
        };
        if self.runs && self.wakes_at.is_some_and(|wakes| wakes <= at) {
            return Nudge::Nothing;
        }
        self.wakes_at = Some(at);
        self.nudge()
    }

    /// The last connection has gone: the thread has no reason to wait for the time when one would
    /// have expired.
    pub(super) fn has_nothing_to_watch(&mut self, now: Instant) -> Nudge {
        if !self.runs || self.wakes_at.is_some_and(|wakes| wakes <= now) {
            return Nudge::Nothing;
        }
        self.wakes_at = Some(now);
        self.nudge()
    }

    fn nudge(&mut self) -> Nudge {
        if !std::mem::replace(&mut self.runs, true) {
            return Nudge::Start;
        }
        // A thread that has no waker yet is about to look.
        self.waker.clone().map_or(Nudge::Nothing, Nudge::Wake)
    }
}

/// Has the thread look. Where none can be started, connections are looked at when they are to be
/// used, and nothing else is done.
pub(super) fn nudge(nudge: Nudge) {
    match nudge {
        Nudge::Nothing => {}
        // A counter that is full means that a wake-up is waiting already.
        Nudge::Wake(waker) => drop(waker.wake()),
        Nudge::Start => {
            if winhttp_process::spawn("winhttp-pool", run).is_err() {
                // Whoever asks next tries again.
                pool().keeper.runs = false;
            }
        }
    }
}

/// Has the thread do this.
pub(super) fn take_over(task: Task) {
    let mut pool = pool();
    pool.keeper.tasks.push(task);
    let needed = pool.keeper.nudge();
    drop(pool);
    nudge(needed);
}

fn run() {
    match Watch::open() {
        Ok(mut watch) => while watch.turn() {},
        Err(_) => {
            let refused = std::mem::take(&mut pool().keeper);
            // Its tasks give their leases back: not under the lock.
            drop(refused);
            // Descriptors are scarce, and those of idle connections would stay for ever.
            lessen(|shelf, now| shelf.end(now, |_| true));
        }
    }
}

/// What the thread owns.
struct Watch {
    poll: Poll,
    registry: Arc<Registry>,
    waker: Arc<Waker>,
    events: Events,
    /// The servers of idle connections that are watched, or were.
    watched: BTreeMap<usize, Arc<Key>>,
    work: BTreeMap<usize, Work>,
    last_work: usize,
}

impl Watch {
    fn open() -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let registry = Arc::new(poll.registry().try_clone()?);
        Ok(Self {
            poll,
            registry,
            waker,
            events: Events::with_capacity(EVENTS_PER_POLL),
            watched: BTreeMap::new(),
            work: BTreeMap::new(),
            last_work: AT_WORK,
        })
    }

    /// Looks after everything, then waits; `false` if there is nothing left to look after.
    fn turn(&mut self) -> bool {
        let now = clock::now();
        let mut pool = pool();
        let tasks = std::mem::take(&mut pool.keeper.tasks);
        // What is at work may have a turn for every byte that comes: those that are idle are not
        // looked at then.
        let swept = pool.keeper.wakes_at.is_some_and(|at| at <= now).then(|| {
            let (swept, expires) = pool.shelf.sweep(now);
            pool.keeper.wakes_at = expires;
            self.watch_idle(&mut pool);
            swept
        });
        let looks_at = pool.keeper.wakes_at;
        let is_over = looks_at.is_none() && self.work.is_empty() && tasks.is_empty();
        pool.keeper.runs = !is_over;
        pool.keeper.waker = (!is_over).then(|| Arc::clone(&self.waker));
        drop(pool);
        if let Some(swept) = swept {
            swept.settle();
        }
        if is_over {
            return false;
        }
        let more = self.begin(tasks);
        let deadlines = self.work.values().filter_map(Work::until);
        let until = deadlines.chain(looks_at).min();
        self.wait(until, more);
        true
    }

    /// Watches every idle connection, and forgets the servers of those that somebody has taken.
    fn watch_idle(&mut self, pool: &mut Pool) {
        let mut idle = BTreeSet::new();
        for (key, number, connection) in pool.shelf.idle() {
            let number = usize::try_from(number).unwrap_or(usize::MAX) & !AT_WORK;
            idle.insert(number);
            // What cannot be watched is looked at when it is to be used.
            if connection.watch.is_none() && connection.watch(&self.registry, Token(number)).is_ok()
            {
                self.watched.insert(number, Arc::clone(key));
            }
        }
        if self.watched.len() > 2 * idle.len() + EVENTS_PER_POLL {
            self.watched.retain(|number, _| idle.contains(number));
        }
    }

    /// Takes tasks over; `true` if one of them has more to do at once.
    fn begin(&mut self, tasks: Vec<Task>) -> bool {
        let mut more = false;
        for task in tasks {
            self.last_work = AT_WORK | (self.last_work + 1);
            let token = self.last_work;
            if let Ok(work) = self.take_over(task, Token(token)) {
                more |= self.go_on(token, work);
            }
        }
        more
    }

    fn take_over(&self, task: Task, token: Token) -> io::Result<Work> {
        Ok(match task {
            Task::Drain(mut drain) => {
                if let Some(idle) = drain.idle() {
                    idle.watch(&self.registry, token)?;
                }
                Work::Drain(drain)
            }
            Task::Open(opening) => {
                let by = Watched {
                    registry: Arc::clone(&self.registry),
                    token,
                    wake: Arc::new(WakeThread(Arc::clone(&self.waker))),
                };
                Work::Open(opening.watch(by)?)
            }
        })
    }

    fn go_on(&mut self, token: usize, work: Work) -> bool {
        match work.turn() {
            Turned::Over => false,
            Turned::Wait(work) => {
                self.work.insert(token, work);
                false
            }
            Turned::Again(work) => {
                self.work.insert(token, work);
                true
            }
        }
    }

    fn wait(&mut self, until: Option<Instant>, mut more: bool) {
        let now = clock::now();
        let timeout = until.map(|until| until.saturating_duration_since(now));
        let timeout = if more { Some(Duration::ZERO) } else { timeout };
        if self.poll.poll(&mut self.events, timeout).is_err() {
            // Refused, or a signal: the next turn looks again, but not at once.
            std::thread::sleep(Duration::from_millis(20));
            return;
        }
        let tokens: Vec<usize> = self.events.iter().map(|event| event.token().0).collect();
        let ended: Vec<_> = tokens
            .into_iter()
            .filter_map(|token| Some((self.watched.remove(&token)?, token)))
            .collect();
        if !ended.is_empty() {
            look_at_all(&ended);
        }
        // There is little of it, and not for long.
        while !self.work.is_empty() {
            more = false;
            for token in self.work.keys().copied().collect::<Vec<_>>() {
                if let Some(work) = self.work.remove(&token) {
                    more |= self.go_on(token, work);
                }
            }
            if !more {
                return;
            }
        }
    }
}

impl Work {
    fn turn(self) -> Turned<Self> {
        match self {
            Self::Drain(drain) => drain.turn().map(Self::Drain),
            Self::Open(opening) => opening.turn().map(Self::Open),
        }
    }

    /// When it is to have a turn in any case.
    fn until(&self) -> Option<Instant> {
        match self {
            Self::Drain(drain) => Some(drain.deadline),
            Self::Open(opening) => opening.until,
        }
    }
}

impl<T> Turned<T> {
    fn map<U>(self, what: impl FnOnce(T) -> U) -> Turned<U> {
        match self {
            Self::Over => Turned::Over,
            Self::Wait(task) => Turned::Wait(what(task)),
            Self::Again(task) => Turned::Again(what(task)),
        }
    }
}

/// Wakes the thread: a name look-up is done.
struct WakeThread(Arc<Waker>);

impl Wake for WakeThread {
    fn wake(&self) {
        // A counter that is full means that a wake-up is waiting already.
        let _ = self.0.wake();
    }
}

/// Looks at connections; if they were the last ones, the next turn finds nothing left to look
/// after.
fn look_at_all(connections: &[(Arc<Key>, usize)]) {
    for (key, number) in connections {
        look(key, *number);
    }
    pool().keeper.wakes_at = Some(clock::now());
}

/// Something has come on an idle connection: its end, as a rule.
fn look(key: &Arc<Key>, number: usize) {
    let number = u64::try_from(number).unwrap_or(u64::MAX);
    let Some(mut kept) = pool().shelf.take(key, number) else {
        return; // somebody uses it
    };
    kept.connection.unwatch();
    let now = clock::now();
    if kept.connection.is_alive() {
        let mut pool = pool();
        let aftermath = pool.shelf.put(key, kept, now);
        pool.keeper.wakes_at = Some(now); // to be watched again
        drop(pool);
        aftermath.settle();
    } else {
        let aftermath = pool().shelf.gone(key, kept.mark, now);
        kept.connection.close();
        aftermath.settle();
    }
}
