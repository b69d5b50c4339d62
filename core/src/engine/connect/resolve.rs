//! Name look-up off every other thread: a small pool of workers that ends when there is nothing to
//! look up.
//!
//! A name is looked up once for all who ask for it meanwhile, so that a slow one holds one worker
//! and not all of them.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError};
use dns_lookup::{AddrInfoHints, LookupErrorKind, SockType, getaddrinfo};
use winhttp_process::PerProcess;
use winhttp_proto::error::Error;
use winhttp_proto::exchange::timers::{Wait, left_since};
use winhttp_proto::failure::{Failure, Reason, Result};

use crate::contain::contained;
use crate::engine::clock;
use crate::engine::extended_error::{HOST_NOT_FOUND, NO_DATA, NO_RECOVERY, TRY_AGAIN};
use crate::engine::shortage::{has_descriptors, is_shortage, short_of};
use crate::engine::sleeper::Wake;

/// Names being looked up at once in the process; further ones wait their turn within their own
/// timeouts.
const MAX_WORKERS: usize = 32;

/// What C's library opens at once for a look-up. Without them glibc says that a name does not
/// exist.
const DESCRIPTORS: usize = 4;

/// How long a look-up is inside C's library before it waits for the network only.
const SETTLING: Duration = Duration::from_millis(20);

#[derive(Default)]
struct Pool {
    /// Names that no worker has begun with.
    queue: VecDeque<String>,
    /// Who waits for which name, queued or under way.
    waiting: BTreeMap<String, Vec<Waiter>>,
    workers: usize,
    /// When the look-ups under way began.
    running: Vec<Instant>,
    /// Who waits for a moment to fork in: meanwhile no look-up begins.
    holding: usize,
}

/// The pool's lock, held: no look-up begins, and none is about to leave a lock of C's library to
/// the child of a fork.
pub struct Held {
    _pool: MutexGuard<'static, Pool>,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}

struct Waiter {
    port: u16,
    answer: Sender<Result<Vec<SocketAddr>>>,
    /// Dead when nobody waits for the answer any more.
    wake: std::sync::Weak<dyn Wake>,
}

/// A forked child starts its own: its parent's workers stay behind.
static POOL: PerProcess<(Mutex<Pool>, Condvar)> = PerProcess::new(Default::default);

fn pool() -> MutexGuard<'static, Pool> {
    let (pool, _) = POOL.get();
    pool.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Holds look-ups back while the process forks.
///
/// C's library has locks of its own that forking does not free. A look-up takes them as it begins;
/// those that have just begun are waited for, until they have ended or wait for the network.
#[must_use]
pub fn hold() -> Held {
    let (_, changed) = POOL.get();
    let mut pool = pool();
    let begun = clock::now();
    pool.holding += 1;
    loop {
        let youngest = pool.running.iter().max().copied();
        let settled = youngest.map_or(begun, |youngest| youngest + SETTLING);
        let left = settled.saturating_duration_since(clock::now());
        if left.is_zero() {
            pool.holding -= 1;
            changed.notify_all();
            return Held { _pool: pool };
        }
        let waited = changed.wait_timeout(pool, left);
        pool = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// Finding the addresses of one host, within a limit.
#[derive(Debug)]
pub struct Resolve {
    host: Host,
    since: Instant,
}

/// Whose addresses are wanted.
#[derive(Debug)]
enum Host {
    /// One that is an address itself.
    Address(SocketAddr),
    Name {
        name: String,
        port: u16,
        lookup: Option<Lookup>,
    },
}

/// What finding addresses has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResolveStep {
    /// The addresses.
    Found(Vec<SocketAddr>),
    /// Nothing to do until woken, or until this time comes.
    Wait(Option<Instant>),
}

impl Resolve {
    /// The addresses of `name` are wanted from `now` on.
    #[must_use]
    pub fn new(name: &str, port: u16, now: Instant) -> Self {
        let host = match name.parse::<IpAddr>() {
            Ok(address) => Host::Address(SocketAddr::new(address, port)),
            Err(_) => Host::Name {
                name: name.to_owned(),
                port,
                lookup: None,
            },
        };
        Self { host, since: now }
    }

    /// Starts the look-up, unless that was done or an address needs none; `wake` is used when the
    /// answer is there.
    ///
    /// # Errors
    /// As [`Lookup::start`]; it may be tried again then.
    pub fn begin(&mut self, wake: &Arc<dyn Wake>) -> Result<()> {
        if let Host::Name { name, port, lookup } = &mut self.host
            && lookup.is_none()
        {
            *lookup = Some(Lookup::start(name, *port, wake)?);
        }
        Ok(())
    }

    /// Moves on; `timeout` is RESOLVE_TIMEOUT, `None` for no limit.
    ///
    /// # Errors
    /// [`Error::NameNotResolved`], of which [`is_unanswered`] knows more; [`Error::Timeout`],
    /// [`Error::NotEnoughMemory`].
    pub fn step(&self, now: Instant, timeout: Option<Duration>) -> Result<ResolveStep> {
        let answer = match &self.host {
            Host::Address(address) => return Ok(ResolveStep::Found(vec![*address])),
            Host::Name { lookup, .. } => lookup.as_ref().and_then(Lookup::poll),
        };
        match answer {
            Some(addresses) => addresses.map(ResolveStep::Found),
            None => left_since(Wait::Resolve, self.since, now, timeout).map(ResolveStep::Wait),
        }
    }
}

/// A look-up under way; dropping it abandons the answer.
pub struct Lookup {
    answer: Receiver<Result<Vec<SocketAddr>>>,
    /// Keeps the wake-up alive exactly as long as somebody waits.
    _wake: Arc<dyn Wake>,
}

impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lookup")
    }
}

impl Lookup {
    /// Starts looking `name` up, or joins a look-up of it; `wake` is used when the answer is there.
    ///
    /// # Errors
    /// [`Error::NotEnoughMemory`] when no thread can be started.
    pub fn start(name: &str, port: u16, wake: &Arc<dyn Wake>) -> Result<Self> {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        let own: Arc<dyn Wake> = Arc::new(Forward(Arc::clone(wake)));
        let waiter = Waiter {
            port,
            answer: sender,
            wake: Arc::downgrade(&own),
        };
        let mut pool = pool();
        if let Some(others) = pool.waiting.get_mut(name) {
            others.retain(Waiter::is_waiting);
            others.push(waiter);
        } else {
            pool.have_looked_up(name)?;
            pool.waiting.insert(name.to_owned(), vec![waiter]);
        }
        Ok(Self {
            answer: receiver,
            _wake: own,
        })
    }

    /// The addresses, once they are there; `None` while the look-up goes on.
    #[must_use]
    pub fn poll(&self) -> Option<Result<Vec<SocketAddr>>> {
        match self.answer.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(Error::NameNotResolved.into())),
        }
    }
}

impl Pool {
    /// Queues a name for a worker, which is started unless there are enough of them.
    fn have_looked_up(&mut self, name: &str) -> Result<()> {
        if self.workers < MAX_WORKERS {
            match winhttp_process::spawn("winhttp-resolve", work) {
                Ok(_) => self.workers += 1,
                Err(_) if self.workers == 0 => return Err(Error::NotEnoughMemory.into()),
                Err(_) => {}
            }
        }
        self.queue.push_back(name.to_owned());
        Ok(())
    }

    /// The next name that somebody still waits for.
    fn next(&mut self) -> Option<String> {
        loop {
            let name = self.queue.pop_front()?;
            let waiters = self.waiting.get(&name);
            if waiters.is_some_and(|waiters| waiters.iter().any(Waiter::is_waiting)) {
                return Some(name);
            }
            self.waiting.remove(&name);
        }
    }
}

impl Waiter {
    fn is_waiting(&self) -> bool {
        self.wake.strong_count() > 0
    }

    /// Tells the answer; whoever has given up meanwhile is not there to receive it, or to be woken.
    fn tell(self, answer: &Result<Vec<SocketAddr>>) {
        let mut answer = answer.clone();
        for address in answer.iter_mut().flatten() {
            address.set_port(self.port);
        }
        let _ = self.answer.send(answer);
        if let Some(wake) = self.wake.upgrade() {
            wake.wake();
        }
    }
}

struct Forward(Arc<dyn Wake>);

impl Wake for Forward {
    fn wake(&self) {
        self.0.wake();
    }
}

fn work() {
    let (_, changed) = POOL.get();
    let mut pool = pool();
    loop {
        let free = changed.wait_while(pool, |pool| pool.holding > 0);
        pool = free.unwrap_or_else(PoisonError::into_inner);
        let Some(name) = pool.next() else {
            break;
        };
        let began = clock::now();
        pool.running.push(began);
        drop(pool);
        let answer = contained(|| look_up(&name));
        pool = self::pool();
        let place = pool.running.iter().position(|other| *other == began);
        place.map(|place| pool.running.swap_remove(place));
        changed.notify_all();
        let waiters = pool.waiting.remove(&name);
        drop(pool);
        for waiter in waiters.unwrap_or_default() {
            waiter.tell(&answer);
        }
        pool = self::pool();
    }
    pool.workers -= 1;
}

/// getaddrinfo: follows the system's configuration (hosts file, search domains, mDNS). The
/// addresses have no port.
fn look_up(name: &str) -> Result<Vec<SocketAddr>> {
    has_descriptors(DESCRIPTORS).map_err(|error| short_of(&error))?;
    let hints = AddrInfoHints {
        socktype: SockType::Stream.into(),
        ..AddrInfoHints::default()
    };
    let found = getaddrinfo(Some(name), None, Some(hints));
    let found = found.map_err(|error| refused(name, error.kind(), &error.into()))?;
    // Addresses of other families than IP serve nobody.
    let addresses: Vec<SocketAddr> = found.flatten().map(|info| info.sockaddr).collect();
    if addresses.is_empty() {
        let system = "the answer is empty".to_owned();
        return Err(Unresolved::failure(name, system, NO_DATA));
    }
    Ok(addresses)
}

/// What a look-up failed with.
fn refused(name: &str, kind: LookupErrorKind, system: &io::Error) -> Failure {
    if matches!(kind, LookupErrorKind::Memory) || is_shortage(system) {
        return short_of(system);
    }
    if let Err(error) = has_descriptors(1) {
        return short_of(&error);
    }
    let socket_error = match kind {
        LookupErrorKind::Again => TRY_AGAIN,
        LookupErrorKind::Fail | LookupErrorKind::System => NO_RECOVERY,
        LookupErrorKind::NoData => NO_DATA,
        LookupErrorKind::Badflags
        | LookupErrorKind::NoName
        | LookupErrorKind::Family
        | LookupErrorKind::Socktype
        | LookupErrorKind::Service
        | LookupErrorKind::Memory
        | LookupErrorKind::Unknown
        | LookupErrorKind::IO => HOST_NOT_FOUND,
    };
    Unresolved::failure(name, system.to_string(), socket_error)
}

/// A name was not resolved because nobody has answered: it may have addresses.
#[must_use]
pub fn is_unanswered(failure: &Failure) -> bool {
    failure
        .reason()
        .is_some_and(|reason| [TRY_AGAIN, NO_RECOVERY].contains(&reason.socket_error()))
}

/// The system knows no address of this name.
#[derive(Debug)]
struct Unresolved {
    name: String,
    /// The system's words.
    system: String,
    /// Winsock's number.
    socket_error: u32,
}

impl Unresolved {
    fn failure(name: &str, system: String, socket_error: u32) -> Failure {
        let unresolved = Self {
            name: name.to_owned(),
            system,
            socket_error,
        };
        Failure::because(Error::NameNotResolved, unresolved)
    }
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no address of {} was found: {}", self.name, self.system)
    }
}

impl Reason for Unresolved {
    fn socket_error(&self) -> u32 {
        self.socket_error
    }
}

#[cfg(test)]
mod tests {
    use winhttp_proto::failure::detail;

    use super::*;
    use crate::engine::sleeper;

    const LIMIT: Duration = Duration::from_secs(15);

    struct Nobody;

    impl Wake for Nobody {
        fn wake(&self) {}
    }

    /// A look-up that no worker answers but the test.
    fn pending(now: Instant) -> (Resolve, Sender<Result<Vec<SocketAddr>>>) {
        let (sender, answer) = crossbeam_channel::bounded(1);
        let host = Host::Name {
            name: "a.example".to_owned(),
            port: 80,
            lookup: Some(Lookup {
                answer,
                _wake: Arc::new(Nobody),
            }),
        };
        (Resolve { host, since: now }, sender)
    }

    #[test]
    fn a_look_up_has_its_limit_from_its_beginning_on_as_it_is_now() {
        let begin = clock::now();
        let (resolve, _sender) = pending(begin);
        let last = LIMIT.checked_sub(Duration::from_nanos(1)).unwrap();
        for after in [Duration::ZERO, last] {
            let step = resolve.step(begin + after, Some(LIMIT));
            assert_eq!(step, Ok(ResolveStep::Wait(Some(begin + LIMIT))));
        }
        let late = begin + LIMIT;
        assert_eq!(resolve.step(late, Some(LIMIT)), Err(Error::Timeout.into()));
        assert_eq!(resolve.step(late, None), Ok(ResolveStep::Wait(None)));
    }

    #[test]
    fn an_answer_counts_however_late_it_is_seen() {
        let begin = clock::now();
        let (resolve, sender) = pending(begin);
        let addresses = vec![SocketAddr::from(([127, 0, 0, 1], 80))];
        sender.send(Ok(addresses.clone())).unwrap();
        let step = resolve.step(begin + LIMIT, Some(LIMIT));
        assert_eq!(step, Ok(ResolveStep::Found(addresses)));
    }

    #[test]
    fn a_look_up_that_nobody_answers_any_more_has_failed() {
        let begin = clock::now();
        let (resolve, sender) = pending(begin);
        drop(sender);
        let step = resolve.step(begin, None);
        assert_eq!(step, Err(Error::NameNotResolved.into()));
    }

    #[test]
    fn an_address_needs_no_look_up() {
        let wake: Arc<dyn Wake> = Arc::new(Nobody);
        for (name, address) in [("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80")] {
            let mut resolve = Resolve::new(name, 80, clock::now());
            resolve.begin(&wake).unwrap();
            assert!(matches!(resolve.host, Host::Address(_)));
            let found = resolve.step(clock::now(), Some(Duration::ZERO));
            assert_eq!(
                found,
                Ok(ResolveStep::Found(vec![address.parse().unwrap()]))
            );
        }
    }

    #[test]
    fn localhost_has_a_loopback_address() {
        let sleeper = sleeper::current().unwrap();
        let lookup = Lookup::start("localhost", 80, &sleeper.waker()).unwrap();
        let answer = loop {
            if let Some(answer) = lookup.poll() {
                break answer.unwrap();
            }
            sleeper.wait(sleeper::NOTHING, None).unwrap();
        };
        assert!(
            answer
                .iter()
                .all(|address| address.ip().is_loopback() && address.port() == 80)
        );
    }

    #[test]
    fn what_the_system_says_is_told_apart() {
        let words = io::Error::other("words of the system");
        for (kind, socket_error, unanswered) in [
            (LookupErrorKind::Again, TRY_AGAIN, true),
            (LookupErrorKind::Fail, NO_RECOVERY, true),
            (LookupErrorKind::NoName, HOST_NOT_FOUND, false),
            (LookupErrorKind::NoData, NO_DATA, false),
        ] {
            let failure = refused("a.example", kind, &words);
            assert_eq!(failure.error(), Error::NameNotResolved);
            assert_eq!(failure.reason().unwrap().socket_error(), socket_error);
            assert_eq!(is_unanswered(&failure), unanswered);
        }
        let out_of_descriptors = rustix::io::Errno::MFILE.into();
        for (kind, system) in [
            (LookupErrorKind::Memory, &words),
            (LookupErrorKind::System, &out_of_descriptors),
        ] {
            let failure = refused("a.example", kind, system);
            assert_eq!(failure.error(), Error::NotEnoughMemory);
            let words = detail(&**failure.reason().unwrap());
            assert!(words.contains(&system.to_string()), "{words}");
        }
    }

    #[test]
    fn the_zone_of_an_address_becomes_its_scope() {
        let found = look_up("fe80::1%7").unwrap();
        let address = "[fe80::1%7]:0".parse().unwrap();
        assert!(found.contains(&address), "{found:?}");
        let none = look_up("fe80::1%no-such-interface");
        assert_eq!(none, Err(Error::NameNotResolved.into()));
    }

    #[test]
    fn a_name_that_cannot_exist_is_not_resolved() {
        let sleeper = sleeper::current().unwrap();
        let lookup = Lookup::start("no-such-host.invalid", 80, &sleeper.waker()).unwrap();
        let answer = loop {
            if let Some(answer) = lookup.poll() {
                break answer;
            }
            sleeper.wait(sleeper::NOTHING, None).unwrap();
        };
        assert_eq!(answer, Err(Error::NameNotResolved.into()));
    }
}
