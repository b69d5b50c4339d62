//! Work on a thread of its own, so that a worker is never lost with it.
//!
//! A script is interrupted between its own steps, but some functions of its language take as long
//! as they like: a search for half a text in a text of megabytes, a power of large numbers. Nobody
//! can end a thread. So it is left alone then, and counted: there are never many of them.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crossbeam_channel::TryRecvError;
use winhttp_process::PerProcess;
use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Reason, Result};

use super::Cancel;
use crate::contain::contained;
use crate::engine::clock;
use crate::engine::shortage::short_of;
use crate::engine::sleeper;

/// Threads of this kind in the process, with those that nobody waits for any more.
const MAX_THREADS: usize = 24;

/// A forked child has none of its parent's threads.
static THREADS: PerProcess<AtomicUsize> = PerProcess::new(AtomicUsize::default);

/// A thread that counts.
struct Counted(&'static AtomicUsize);

impl Counted {
    fn begin() -> Option<Self> {
        let threads = THREADS.get();
        let one_more = |count| (count < MAX_THREADS).then_some(count + 1);
        let begun = threads.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more);
        begun.ok().map(|_| Self(threads))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Why no thread is started.
#[derive(Debug)]
struct Unended;

impl fmt::Display for Unended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{MAX_THREADS} proxy scripts or their downloads have not ended"
        )
    }
}

impl Reason for Unended {}

/// What `work` gives, which may go on when this returns.
///
/// # Errors
/// That of `work`; [`Error::Timeout`] when it has not ended at the deadline,
/// [`Error::OperationCancelled`], [`Error::NotEnoughMemory`] when no thread can be started, or too
/// many have not ended.
pub(crate) fn aside<T: Send + 'static>(
    name: &str,
    deadline: Instant,
    cancel: &Cancel,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let sleeper = sleeper::current()?;
    let counted = Counted::begin();
    let counted = counted.ok_or_else(|| Failure::because(Error::NotEnoughMemory, Unended))?;
    let (sender, answer) = crossbeam_channel::bounded(1);
    let done = sleeper.waker();
    let thread = winhttp_process::spawn(name, move || {
        let result = contained(work);
        drop(counted);
        let _ = sender.send(result);
        done.wake();
    });
    thread.map_err(|error| short_of(&error))?;
    cancel.waiting(sleeper.waker(), || {
        loop {
            match answer.try_recv() {
                Ok(result) => return result,
                Err(TryRecvError::Disconnected) => return Err(Error::Internal.into()),
                Err(TryRecvError::Empty) => {}
            }
            cancel.check()?;
            if clock::now() >= deadline {
                return Err(Error::Timeout.into());
            }
            sleeper.wait(sleeper::NOTHING, Some(deadline))?;
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    fn soon() -> Instant {
        clock::now() + PATIENCE
    }

    #[test]
    fn what_the_work_gives_comes_back() {
        let cancel = Cancel::default();
        assert_eq!(aside("aside", soon(), &cancel, || Ok(7)), Ok(7));
        let failed: Result<u8> = aside("aside", soon(), &cancel, || Err(Error::Timeout.into()));
        assert_eq!(failed, Err(Error::Timeout.into()));
        let panicked: Result<u8> = aside("aside", soon(), &cancel, || panic!("in the work"));
        assert_eq!(panicked, Err(Error::Internal.into()));
    }

    #[test]
    fn work_that_does_not_end_is_left_alone() {
        let cancel = Cancel::default();
        let (end, ended) = mpsc::channel::<()>();
        let late: Result<()> = aside("aside", clock::now(), &cancel, move || {
            let _ = ended.recv_timeout(PATIENCE);
            Ok(())
        });
        assert_eq!(late, Err(Error::Timeout.into()));
        assert!(THREADS.get().load(Ordering::SeqCst) > 0);
        drop(end);
    }

    #[test]
    fn a_cancelled_wait_ends() {
        let cancel = Cancel::default();
        let (begin, begun) = mpsc::channel::<()>();
        let (end, ended) = mpsc::channel::<()>();
        let other = cancel.clone();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                begun.recv_timeout(PATIENCE).unwrap();
                other.cancel();
            });
            let gone: Result<()> = aside("aside", soon(), &cancel, move || {
                begin.send(()).unwrap();
                let _ = ended.recv_timeout(PATIENCE);
                Ok(())
            });
            assert_eq!(gone, Err(Error::OperationCancelled.into()));
        });
        drop(end);
    }
}
