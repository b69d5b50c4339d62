//! The dispatcher as its owner sees it: make lanes, keep it running, close it.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::here;
use crate::interface::{Job, Source, Wake};
use crate::lane::{Lane, LaneShared};
use crate::threads::Threads;
use crate::workers::{Limits, Workers};

/// Runs the jobs of its lanes on one dedicated thread, which also polls. Clones are the same one.
///
/// No thread exists before the first post. When the last clone is dropped, the dispatcher closes:
/// whoever needs its source polled keeps a clone. Lanes do not keep it open; a clone inside the
/// source would, for ever.
pub struct Dispatcher<J: Job> {
    owner: Arc<Owner<J>>,
}

/// Closes when the last clone of the dispatcher goes.
struct Owner<J: Job> {
    workers: Arc<Workers<LaneShared<J>>>,
}

impl<J: Job> Dispatcher<J> {
    /// A dispatcher that waits in `source` and is woken by `wake`; its threads are called `name`.
    pub fn new(name: &str, source: impl Source, wake: impl Wake) -> Self {
        Self::with_limits(name, source, wake, Limits::default())
    }

    pub(crate) fn with_limits(
        name: &str,
        source: impl Source,
        wake: impl Wake,
        limits: Limits,
    ) -> Self {
        let workers = Arc::new(Workers::new(name, source, wake, limits));
        Self {
            owner: Arc::new(Owner { workers }),
        }
    }

    #[cfg(test)]
    #[cfg(not(loom))]
    pub(crate) fn has_spare(&self) -> bool {
        self.owner.workers.has_spare()
    }

    /// What the monitor would look at.
    #[cfg(test)]
    #[cfg(loom)]
    pub(crate) fn workers(&self) -> Arc<Workers<LaneShared<J>>> {
        Arc::clone(&self.owner.workers)
    }

    /// A new lane, empty and idle.
    #[must_use]
    pub fn lane(&self) -> Lane<J> {
        Lane::new(Arc::clone(&self.owner.workers))
    }

    /// Makes sure that a thread polls, without waiting for the first post. Not to be called with a
    /// lock that a job takes: where no thread can be started, jobs run here.
    ///
    /// # Errors
    ///
    /// What the system says when a thread cannot be started. Jobs are not lost by that: the threads
    /// that post them run them, but nobody polls until a later call or post succeeds.
    pub fn ensure_running(&self) -> io::Result<()> {
        self.owner.workers.nudge()
    }

    /// Wakes the poll if the holder of the role sleeps in it, say because a timer was added.
    ///
    /// Starts the thread if there is none, with the same care for locks as
    /// [`Dispatcher::ensure_running`], but does not report that it could not be started.
    pub fn nudge(&self) {
        let _ = self.owner.workers.nudge();
    }

    /// Lets the threads end once the lanes have drained, and then drops the source.
    ///
    /// Returns at once. A lane whose callback overstays is not drained: until it returns, the
    /// source is served. Posts after this still run, on a thread that is started for them and does
    /// not poll. Closing twice is closing once. Any thread, also inside a job.
    pub fn close(&self) {
        self.owner.workers.close();
    }

    /// Is the current thread inside a job of this dispatcher?
    #[must_use]
    pub fn is_current(&self) -> bool {
        here::runs_jobs_of(self.owner.workers.id())
    }

    /// The count of this dispatcher's threads, which outlives it.
    #[must_use]
    pub fn threads(&self) -> Threads {
        self.owner.workers.threads().clone()
    }
}

impl<J: Job> Drop for Owner<J> {
    fn drop(&mut self) {
        self.workers.close();
    }
}

impl<J: Job> Clone for Dispatcher<J> {
    fn clone(&self) -> Self {
        Self {
            owner: Arc::clone(&self.owner),
        }
    }
}

impl<J: Job> fmt::Debug for Dispatcher<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatcher")
            .field("name", &self.owner.workers.name())
            .field("threads", &self.owner.workers.threads().count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[cfg(not(loom))]
impl<J: Job> Dispatcher<J> {
    pub(crate) fn is_watched(&self) -> bool {
        self.owner.workers.is_watched()
    }
}
