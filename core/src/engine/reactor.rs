//! The poll of an asynchronous session: readiness of sockets and deadlines, handed to whoever is
//! registered.

mod place;
mod source;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use mio::unix::SourceFd;
use mio::{Interest, Poll, Token, Waker};

use super::connect::dial::Attach;
use super::socket::Socket;
pub use place::Place;
pub use source::PollSource;

/// Bits of a slot's generation that fit into a token.
const GENERATION_MASK: u32 = 0x7fff_ffff;
/// The token of the poll's own waker.
const WAKER: Token = Token(usize::MAX);
/// The token of its alarm.
const ALARM: Token = Token(usize::MAX - 1);

/// Owns sockets that the poll watches.
pub trait Ready: Send + Sync {
    /// A registered socket may be readable or writable; edge-triggered, spurious calls allowed.
    fn ready(self: Arc<Self>);
    /// The registration's deadline has passed.
    fn expired(self: Arc<Self>);
    /// The system refuses to wait: nothing will be reported any more, and whatever waits must fail.
    /// Returns whether that posted any job.
    fn lost(self: Arc<Self>) -> bool;
    /// What was put off with [`Registration::flush_later`] is due; returns whether that posted any
    /// job.
    fn flush(self: Arc<Self>) -> bool;
}

/// Registers owners of sockets with the session's poll.
#[derive(Clone)]
pub struct Reactor(Arc<Shared>);

struct Shared {
    registry: mio::Registry,
    waker: Waker,
    /// Times the poll has been looked at.
    turns: AtomicU64,
    entries: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    slots: Vec<Slot>,
    free: Vec<usize>,
    /// When to look at which slot: at most one entry for each, also after its deadline has changed.
    timers: BTreeSet<(Instant, usize)>,
    /// Registrations with something to flush before the poll waits.
    flushes: Vec<Token>,
    /// Until when the poll sleeps: `None` while it is awake.
    sleep: Option<Sleep>,
}

#[derive(Clone, Copy)]
enum Sleep {
    Until(Instant),
    Forever,
}

#[derive(Default)]
struct Slot {
    generation: u32,
    owner: Option<Weak<dyn Ready>>,
    ended: Arc<AtomicBool>,
    deadline: Option<Instant>,
    /// When the entry of this slot in the timers comes up; not later than its deadline.
    scheduled: Option<Instant>,
}

impl Reactor {
    /// Opens a poll; the source half waits, the reactor half registers.
    ///
    /// # Errors
    /// The system's refusal (no descriptor left).
    pub fn open() -> io::Result<(Self, PollSource)> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let waker = Waker::new(poll.registry(), WAKER)?;
        let shared = Arc::new(Shared {
            registry,
            waker,
            turns: AtomicU64::new(1),
            entries: Mutex::default(),
        });
        let source = PollSource::new(poll, Arc::clone(&shared));
        Ok((Self(shared), source))
    }
}

impl callback_thread::Wake for Reactor {
    fn wake(&self) {
        // The only failure would be a full counter, which means that a wake-up is waiting already.
        let _ = self.0.waker.wake();
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reactor")
    }
}

/// A place in the poll: any number of sockets and one deadline, all reported to one owner.
#[derive(Debug)]
pub struct Registration {
    reactor: Reactor,
    index: usize,
    generation: u32,
    ended: Arc<AtomicBool>,
}

impl Registration {
    /// A new registration, reporting to `owner`.
    #[must_use]
    pub fn new(reactor: &Reactor, owner: Weak<dyn Ready>) -> Self {
        let mut entries = reactor.0.lock();
        let index = entries.free.pop().unwrap_or(entries.slots.len());
        if index == entries.slots.len() {
            entries.slots.push(Slot::default());
        }
        let mut generation = 0;
        let ended = Arc::new(AtomicBool::new(false));
        if let Some(slot) = entries.slots.get_mut(index) {
            slot.owner = Some(owner);
            slot.ended = Arc::clone(&ended);
            generation = slot.generation;
        }
        drop(entries);
        Self {
            reactor: reactor.clone(),
            index,
            generation,
            ended,
        }
    }

    /// A socket's peer has sent its last byte, or the connection failed. That is reported once,
    /// perhaps together with the last bytes: whoever reads those must go on to the end of the
    /// stream.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Reports to another owner from now on.
    pub fn hand_over(&self, owner: Weak<dyn Ready>) {
        if let Some(slot) = self.reactor.0.lock().slots.get_mut(self.index) {
            slot.owner = Some(owner);
        }
    }

    /// Reports to nobody any more.
    pub fn disown(&self) {
        let mut owner = None;
        if let Some(slot) = self.reactor.0.lock().slots.get_mut(self.index) {
            slot.deadline = None;
            owner = slot.owner.take();
        }
        // It may end with this reference; not under the lock.
        drop(owner);
    }

    /// It is a place in this poll.
    #[must_use]
    pub fn is_of(&self, reactor: &Reactor) -> bool {
        Arc::ptr_eq(&self.reactor.0, &reactor.0)
    }

    /// The poll does not watch the socket any more.
    pub fn detach(&self, socket: &Socket) {
        // It was attached; if not, there is nothing to end.
        let registry = &self.reactor.0.registry;
        let _ = registry.deregister(&mut SourceFd(&socket.as_raw_fd()));
    }

    /// Sets or clears the deadline.
    pub fn set_deadline(&self, deadline: Option<Instant>) {
        let mut entries = self.reactor.0.lock();
        let Some(slot) = entries.slots.get_mut(self.index) else {
            return;
        };
        slot.deadline = deadline;
        let Some(at) = deadline else { return };
        // An entry that comes up earlier will find the new deadline by itself.
        if slot.scheduled.is_some_and(|scheduled| scheduled <= at) {
            return;
        }
        let later = slot.scheduled.replace(at);
        if let Some(later) = later {
            entries.timers.remove(&(later, self.index));
        }
        entries.timers.insert((at, self.index));
        let too_late = match entries.sleep {
            Some(Sleep::Until(until)) => at < until,
            Some(Sleep::Forever) => true,
            None => false,
        };
        drop(entries);
        if too_late {
            callback_thread::Wake::wake(&self.reactor);
        }
    }

    /// Counts the poll's turns: calls that find the same number were made in the same one. Starts
    /// at 1.
    #[must_use]
    pub fn turn(&self) -> u64 {
        self.reactor.0.turns.load(Ordering::Relaxed)
    }

    /// Has the owner's [`Ready::flush`] called before the poll waits next; to be asked for once
    /// until then.
    pub fn flush_later(&self) {
        let mut entries = self.reactor.0.lock();
        entries.flushes.push(token(self.index, self.generation));
        let sleeps = entries.sleep.is_some();
        drop(entries);
        if sleeps {
            callback_thread::Wake::wake(&self.reactor);
        }
    }
}

impl Attach for Registration {
    fn attach(&self, socket: &Socket) -> io::Result<()> {
        let token = token(self.index, self.generation);
        // Registered once, edge-triggered, for both directions: no system call per operation.
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.reactor
            .0
            .registry
            .register(&mut SourceFd(&socket.as_raw_fd()), token, interest)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let mut entries = self.reactor.0.lock();
        let mut owner = None;
        if let Some(slot) = entries.slots.get_mut(self.index) {
            slot.generation = slot.generation.wrapping_add(1) & GENERATION_MASK;
            slot.deadline = None;
            owner = slot.owner.take();
            entries.free.push(self.index);
        }
        // The owner may end with this reference; not under the lock.
        drop(entries);
        drop(owner);
    }
}

impl Entries {
    fn first_timer(&self) -> Option<Instant> {
        self.timers.first().map(|(at, _)| *at)
    }

    /// All who wait for anything.
    fn owners(&self) -> Vec<Arc<dyn Ready>> {
        let owners = self.slots.iter().filter_map(|slot| slot.owner.as_ref());
        owners.filter_map(Weak::upgrade).collect()
    }

    fn owner_of(&self, token: Token, ended: bool) -> Option<Arc<dyn Ready>> {
        let (index, generation) = untoken(token);
        let slot = self
            .slots
            .get(index)
            .filter(|slot| slot.generation == generation)?;
        if ended {
            slot.ended.store(true, Ordering::Release);
        }
        slot.owner.as_ref()?.upgrade()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Index in the low half, generation in the high half: an event of a registration that has ended
/// finds nobody.
fn token(index: usize, generation: u32) -> Token {
    Token(index | (usize::try_from(generation & GENERATION_MASK).unwrap_or(0) << 32))
}

fn untoken(token: Token) -> (usize, u32) {
    (
        token.0 & 0xffff_ffff,
        u32::try_from(token.0 >> 32).unwrap_or(u32::MAX),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::engine::clock;

    use super::*;

    struct Nobody;

    impl Ready for Nobody {
        fn ready(self: Arc<Self>) {}
        fn expired(self: Arc<Self>) {}
        fn lost(self: Arc<Self>) -> bool {
            false
        }
        fn flush(self: Arc<Self>) -> bool {
            false
        }
    }

    fn owned(reactor: &Reactor, owner: &Arc<Nobody>) -> Registration {
        let owner = Arc::clone(owner) as Arc<dyn Ready>;
        Registration::new(reactor, Arc::downgrade(&owner))
    }

    #[test]
    fn a_deadline_that_comes_and_goes_leaves_one_entry() {
        let (reactor, _source) = Reactor::open().unwrap();
        let owner = Arc::new(Nobody);
        let registration = owned(&reactor, &owner);
        let start = clock::now();
        let late = start + Duration::from_secs(30);
        for turn in 1..100 {
            // A peer that never stops: the turn is over, and the next one is due at once.
            let now = start + Duration::from_millis(turn);
            registration.set_deadline(Some(late));
            registration.set_deadline(Some(now));
            assert!(reactor.0.next_expired(now).is_some());
            assert!(reactor.0.next_expired(now).is_none());
        }
        registration.set_deadline(Some(late));
        assert_eq!(reactor.0.lock().timers.len(), 1);
        assert!(reactor.0.next_expired(late).is_some());
        assert!(reactor.0.lock().timers.is_empty());
    }

    #[test]
    fn a_deadline_that_was_put_off_or_taken_back_does_not_expire() {
        let (reactor, _source) = Reactor::open().unwrap();
        let owner = Arc::new(Nobody);
        let registration = owned(&reactor, &owner);
        let soon = clock::now() + Duration::from_secs(1);
        let late = soon + Duration::from_secs(1);
        registration.set_deadline(Some(soon));
        registration.set_deadline(Some(late));
        assert!(reactor.0.next_expired(soon).is_none());
        assert!(reactor.0.next_expired(late).is_some());
        registration.set_deadline(Some(late));
        registration.set_deadline(None);
        assert!(reactor.0.next_expired(late).is_none());
    }
}
