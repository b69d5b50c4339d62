//! The threads on which look-ups run: a few, that end when there is nothing to do. Scripts must not
//! run where a program waits for its callbacks, nor where the network is polled.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use winhttp_process::PerProcess;
use winhttp_proto::error::Error;

use super::Cancel;
use crate::contain::contained;

/// Look-ups that run at once in the process; further ones wait their turn within their own limits.
const MAX_WORKERS: usize = 8;

/// Look-ups that wait for a worker.
const MAX_QUEUED: usize = 1024;

type Job = Box<dyn FnOnce() + Send>;

/// A job, and what ends it.
struct Queued {
    job: Job,
    cancel: Cancel,
}

impl Queued {
    /// Does the job, unless it is cancelled by now.
    fn run(self) {
        let _ = contained(|| {
            self.cancel.check()?;
            (self.job)();
            Ok::<(), Error>(())
        });
    }
}

#[derive(Default)]
struct Pool {
    queue: VecDeque<Queued>,
    workers: usize,
}

impl Pool {
    /// What nobody waits for any more, and has to go for others to find a place; to be dropped
    /// without the lock.
    ///
    /// # Errors
    /// [`Error::NotEnoughMemory`] if there is no place all the same.
    fn make_room(&mut self) -> Result<VecDeque<Queued>, Error> {
        if self.queue.len() < MAX_QUEUED {
            return Ok(VecDeque::new());
        }
        let all = std::mem::take(&mut self.queue).into_iter();
        let (over, wanted) = all.partition(|queued| queued.cancel.is_cancelled());
        self.queue = wanted;
        if self.queue.len() < MAX_QUEUED {
            Ok(over)
        } else {
            Err(Error::NotEnoughMemory)
        }
    }
}

/// A forked child starts its own: its parent's workers stay behind.
static POOL: PerProcess<Mutex<Pool>> = PerProcess::new(Default::default);

fn pool() -> MutexGuard<'static, Pool> {
    POOL.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has a job done on a worker, if it is not cancelled before one is free.
///
/// # Errors
/// [`Error::NotEnoughMemory`] when no thread can be started, or too many jobs wait.
pub(crate) fn start(cancel: &Cancel, job: Job) -> Result<(), Error> {
    let mut pool = pool();
    let over = pool.make_room()?;
    if pool.workers < MAX_WORKERS {
        match winhttp_process::spawn("winhttp-pac", work) {
            Ok(_) => pool.workers += 1,
            Err(_) if pool.workers == 0 => return Err(Error::NotEnoughMemory),
            Err(_) => {}
        }
    }
    pool.queue.push_back(Queued {
        job,
        cancel: cancel.clone(),
    });
    drop(pool);
    drop(over);
    Ok(())
}

fn work() {
    let mut pool = pool();
    while let Some(queued) = pool.queue.pop_front() {
        drop(pool);
        queued.run();
        pool = self::pool();
    }
    pool.workers -= 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cancelled_is_not_done() {
        for is_cancelled in [false, true] {
            let cancel = Cancel::default();
            let (done, was_done) = std::sync::mpsc::channel();
            let queued = Queued {
                job: Box::new(move || done.send(()).unwrap()),
                cancel: cancel.clone(),
            };
            if is_cancelled {
                cancel.cancel();
            }
            queued.run();
            assert_eq!(was_done.try_recv().is_err(), is_cancelled);
        }
    }

    #[test]
    fn what_nobody_waits_for_takes_no_place() {
        let mut pool = Pool::default();
        let (wanted, over) = (Cancel::default(), Cancel::default());
        over.cancel();
        for place in 0..MAX_QUEUED {
            assert!(pool.make_room().unwrap().is_empty());
            pool.queue.push_back(Queued {
                job: Box::new(|| {}),
                cancel: if place % 4 == 0 { &wanted } else { &over }.clone(),
            });
        }
        assert_eq!(pool.make_room().unwrap().len(), MAX_QUEUED / 4 * 3);
        while pool.queue.len() < MAX_QUEUED {
            pool.queue.push_back(Queued {
                job: Box::new(|| {}),
                cancel: wanted.clone(),
            });
        }
        assert_eq!(pool.make_room().err(), Some(Error::NotEnoughMemory));
        assert_eq!(pool.queue.len(), MAX_QUEUED);
    }
}
