//! Name look-up off every other thread: a small pool of workers that ends when its queue is empty.

use std::collections::VecDeque;
use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError};
use winhttp_process::PerProcess;

use super::clock;
use super::extended_error::HOST_NOT_FOUND;
use super::sleeper::Wake;
use crate::error::Error;
use crate::failure::{Failure, Reason, Result};

/// Look-ups under way at once in the process; further ones wait their turn within their own timeout.
const MAX_WORKERS: usize = 8;

/// How long a look-up is inside C's library before it waits for the network only.
const SETTLING: Duration = Duration::from_millis(20);

struct Pool {
    queue: VecDeque<Task>,
    workers: usize,
    /// When the look-ups under way began.
    running: Vec<Instant>,
}

/// The pool's lock, held: no look-up begins, and none is about to leave a lock of C's library to the child of a fork.
pub struct Held {
    _pool: MutexGuard<'static, Pool>,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}

struct Task {
    name: String,
    port: u16,
    answer: Sender<Result<Vec<SocketAddr>>>,
    /// Dead when nobody waits for the answer any more.
    wake: std::sync::Weak<dyn Wake>,
}

/// A forked child starts its own: its parent's workers stay behind.
static POOL: PerProcess<(Mutex<Pool>, Condvar)> = PerProcess::new(|| {
    let pool = Pool {
        queue: VecDeque::new(),
        workers: 0,
        running: Vec::new(),
    };
    (Mutex::new(pool), Condvar::new())
});

fn pool() -> MutexGuard<'static, Pool> {
    let (pool, _) = POOL.get();
    pool.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Holds look-ups back while the process forks.
///
/// C's library has locks of its own that forking does not free. A look-up takes them as it begins; those that have just
/// begun are waited for, until they have ended or wait for the network.
#[must_use]
pub fn hold() -> Held {
    let (_, ended) = POOL.get();
    let mut pool = pool();
    let begun = clock::now();
    loop {
        let youngest = pool.running.iter().max().copied();
        let settled = youngest.map_or(begun, |youngest| youngest + SETTLING);
        let left = settled.saturating_duration_since(clock::now());
        if left.is_zero() {
            return Held { _pool: pool };
        }
        let waited = ended.wait_timeout(pool, left);
        pool = waited.unwrap_or_else(PoisonError::into_inner).0;
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
    /// Starts looking `name` up; `wake` is used when the answer is there.
    ///
    /// # Errors
    /// [`Error::NotEnoughMemory`] when no thread can be started.
    pub fn start(name: &str, port: u16, wake: &Arc<dyn Wake>) -> Result<Self> {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        let own: Arc<dyn Wake> = Arc::new(Forward(Arc::clone(wake)));
        let task = Task {
            name: name.to_owned(),
            port,
            answer: sender,
            wake: Arc::downgrade(&own),
        };
        let mut pool = pool();
        pool.queue.push_back(task);
        if pool.workers < MAX_WORKERS {
            match winhttp_process::spawn("winhttp-resolve", work) {
                Ok(_) => pool.workers += 1,
                Err(_) if pool.workers == 0 => {
                    pool.queue.pop_back();
                    return Err(Error::NotEnoughMemory.into());
                }
                Err(_) => {}
            }
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

struct Forward(Arc<dyn Wake>);

impl Wake for Forward {
    fn wake(&self) {
        self.0.wake();
    }
}

fn work() {
    let (_, ended) = POOL.get();
    let mut pool = pool();
    while let Some(task) = pool.queue.pop_front() {
        if task.wake.strong_count() == 0 {
            continue;
        }
        let began = clock::now();
        pool.running.push(began);
        drop(pool);
        let answer = look_up(&task.name, task.port);
        pool = self::pool();
        let place = pool.running.iter().position(|other| *other == began);
        place.map(|place| pool.running.swap_remove(place));
        ended.notify_one();
        drop(pool);
        // The requester may have given up meanwhile: then nobody is there to receive or to wake.
        let _ = task.answer.send(answer);
        if let Some(wake) = task.wake.upgrade() {
            wake.wake();
        }
        pool = self::pool();
    }
    pool.workers -= 1;
}

/// getaddrinfo: follows the system's configuration (hosts file, search domains, mDNS).
fn look_up(name: &str, port: u16) -> Result<Vec<SocketAddr>> {
    let unresolved = |system: String| {
        let name = name.to_owned();
        Failure::because(Error::NameNotResolved, Unresolved { name, system })
    };
    match (name, port).to_socket_addrs() {
        Ok(found) => {
            let addresses: Vec<SocketAddr> = found.collect();
            if addresses.is_empty() {
                Err(unresolved("the answer is empty".to_owned()))
            } else {
                Ok(addresses)
            }
        }
        Err(error) => Err(unresolved(error.to_string())),
    }
}

/// The system knows no address of this name.
#[derive(Debug)]
struct Unresolved {
    name: String,
    /// The system's words.
    system: String,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no address of {} was found: {}", self.name, self.system)
    }
}

impl Reason for Unresolved {
    fn socket_error(&self) -> u32 {
        HOST_NOT_FOUND
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::sleeper;

    #[test]
    fn localhost_has_a_loopback_address() {
        let sleeper = sleeper::current().unwrap();
        let lookup = Lookup::start("localhost", 80, &sleeper.waker()).unwrap();
        let answer = loop {
            if let Some(answer) = lookup.poll() {
                break answer.unwrap();
            }
            sleeper.wait(&[], None).unwrap();
        };
        assert!(
            answer
                .iter()
                .all(|address| address.ip().is_loopback() && address.port() == 80)
        );
    }

    #[test]
    fn the_zone_of_an_address_becomes_its_scope() {
        let found = look_up("fe80::1%7", 80).unwrap();
        let address = "[fe80::1%7]:80".parse().unwrap();
        assert!(found.contains(&address), "{found:?}");
        let none = look_up("fe80::1%no-such-interface", 80);
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
            sleeper.wait(&[], None).unwrap();
        };
        assert_eq!(answer, Err(Error::NameNotResolved.into()));
    }
}
