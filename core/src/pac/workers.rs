//! The threads on which look-ups run: a few, that end when there is nothing to do. Scripts must not
//! run where a program waits for its callbacks, nor where the network is polled.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use winhttp_process::PerProcess;
use winhttp_proto::error::Error;

use crate::contain::contained;

/// Look-ups that run at once in the process; further ones wait their turn within their own limits.
const MAX_WORKERS: usize = 8;

/// Look-ups that wait for a worker.
const MAX_QUEUED: usize = 1024;

type Job = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Pool {
    queue: VecDeque<Job>,
    workers: usize,
}

/// A forked child starts its own: its parent's workers stay behind.
static POOL: PerProcess<Mutex<Pool>> = PerProcess::new(Default::default);

fn pool() -> MutexGuard<'static, Pool> {
    POOL.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has a job done on a worker.
///
/// # Errors
/// [`Error::NotEnoughMemory`] when no thread can be started, or too many jobs wait.
pub(crate) fn start(job: Job) -> Result<(), Error> {
    let mut pool = pool();
    if pool.queue.len() >= MAX_QUEUED {
        return Err(Error::NotEnoughMemory);
    }
    if pool.workers < MAX_WORKERS {
        match winhttp_process::spawn("winhttp-pac", work) {
            Ok(_) => pool.workers += 1,
            Err(_) if pool.workers == 0 => return Err(Error::NotEnoughMemory),
            Err(_) => {}
        }
    }
    pool.queue.push_back(job);
    Ok(())
}

fn work() {
    let mut pool = pool();
    while let Some(job) = pool.queue.pop_front() {
        drop(pool);
        let _ = contained(|| {
            job();
            Ok::<(), Error>(())
        });
        pool = self::pool();
    }
    pool.workers -= 1;
}
