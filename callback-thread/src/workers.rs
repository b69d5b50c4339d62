//! The workers of a dispatcher, which are its threads: what they share, what they do, how they
//! start and end.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::Duration;

use winhttp_process::{Epoch, epoch};

use crate::board::{Board, Inspection, Reaction, Step};
use crate::here::{self, DispatcherId, InWait};
use crate::interface::{Source, Wake};
use crate::monitor::{Attendance, OVERSTAY_TICKS, Watched, monitor};
use crate::role::Worker;
use crate::sync::{Condvar, Mutex, lock, spawn, wait_timeout_while};
use crate::threads::Threads;

/// Most threads of one dispatcher.
///
/// Each callback that blocks holds one. With this many blocked at once, the last of them stalls
/// the dispatcher's other lanes and its source, until any of them returns.
pub const THREADS_MAX: usize = 64;

/// How long a spare thread waits to be needed before it ends.
const SPARE_LIFETIME: Duration = Duration::from_secs(5);

/// The figures tests vary.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) threads: usize,
    pub(crate) spare_lifetime: Duration,
    pub(crate) overstay_ticks: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            threads: THREADS_MAX,
            spare_lifetime: SPARE_LIFETIME,
            overstay_ticks: OVERSTAY_TICKS,
        }
    }
}

/// A lane as the workers see it.
pub(crate) trait Runnable: Send + Sync + 'static {
    /// Runs jobs until the lane is dry or its batch is over. The lane came from the run list.
    ///
    /// `None` if a job has forked and this is the child: it has no business here.
    fn run_batch(&self, worker: &Worker) -> Option<Batch>;
}

/// How a batch ended.
pub(crate) struct Batch {
    /// Jobs run.
    pub(crate) jobs: u32,
    /// Jobs still wait: the lane belongs back on the run list.
    pub(crate) left: bool,
}

/// The workers of one dispatcher, and what they share with it and its lanes.
pub(crate) struct Workers<L: Runnable> {
    id: DispatcherId,
    name: String,
    limits: Limits,
    board: Mutex<Board<Arc<L>>>,
    /// Where the spare parks, under the board's lock.
    spare: Condvar,
    /// Locked by the role holder only, for the time of a turn. Gone when all has drained after
    /// close: it may own the handles whose lanes own this.
    source: Mutex<Option<Box<dyn Source>>>,
    wake: Box<dyn Wake>,
    threads: Threads,
    /// The process that the workers belong to.
    epoch: Epoch,
    _attendance: Attendance,
}

impl<L: Runnable> Workers<L> {
    pub(crate) fn new(name: &str, source: impl Source, wake: impl Wake, limits: Limits) -> Self {
        Self {
            id: DispatcherId::fresh(),
            // The standard library refuses a NUL in a thread's name by panicking.
            name: name.replace('\0', ""),
            limits,
            board: Mutex::new(Board::new(limits.overstay_ticks)),
            spare: Condvar::new(),
            source: Mutex::new(Some(Box::new(source))),
            wake: Box::new(wake),
            threads: Threads::new(limits.threads),
            epoch: epoch(),
            _attendance: monitor().attend(),
        }
    }

    pub(crate) fn id(&self) -> DispatcherId {
        self.id
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn threads(&self) -> &Threads {
        &self.threads
    }

    /// Is this the process that the workers belong to? In a forked child none of them exists, and a
    /// lock may be held for ever.
    pub(crate) fn is_at_home(&self) -> bool {
        self.epoch.is_current()
    }

    #[cfg(test)]
    #[cfg(not(loom))]
    pub(crate) fn has_spare(&self) -> bool {
        lock(&self.board).has_spare()
    }

    pub(crate) fn is_held_by(&self, worker: &Worker) -> bool {
        lock(&self.board).is_held_by(worker)
    }

    /// Puts a lane that got work on the run list and makes sure that a worker will look at that.
    pub(crate) fn schedule(self: &Arc<Self>, lane: Arc<L>) {
        if !self.is_at_home() {
            return;
        }
        let reaction = lock(&self.board).schedule(lane, here::waits_for(self.id));
        if self.react(reaction).is_err() {
            serve(self, &Worker::guest());
        }
    }

    pub(crate) fn nudge(self: &Arc<Self>) -> io::Result<()> {
        if !self.is_at_home() {
            return Err(io::Error::other("the threads belong to the parent process"));
        }
        let reaction = lock(&self.board).nudge(here::waits_for(self.id));
        let result = self.react(reaction);
        if result.is_err() {
            // Others may have posted meanwhile and relied on the thread that this call failed to
            // start.
            serve(self, &Worker::guest());
        }
        result
    }

    pub(crate) fn close(self: &Arc<Self>) {
        if !self.is_at_home() {
            return;
        }
        let (reaction, unused) = lock(&self.board).close();
        if unused {
            self.drop_source();
        }
        if self.react(reaction).is_err() {
            serve(self, &Worker::guest());
        }
        self.spare.notify_all();
    }

    fn react(self: &Arc<Self>, reaction: Reaction) -> io::Result<()> {
        match reaction {
            Reaction::Nothing => {}
            Reaction::Wake => self.wake.wake(),
            Reaction::CallSpare => self.spare.notify_all(),
            Reaction::Start(offer) => {
                if let Err(error) = self.start_thread() {
                    lock(&self.board).withdraw(offer, None);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    fn start_thread(self: &Arc<Self>) -> io::Result<()> {
        let Some(slot) = self.threads.take_slot() else {
            return Err(io::Error::new(
                io::ErrorKind::QuotaExceeded,
                "too many callback threads",
            ));
        };
        let workers = Arc::clone(self);
        spawn(&self.name, move || {
            serve(&workers, &Worker::own());
            if !workers.is_at_home() {
                // A job has forked, and this is the child, which ends with this thread. What would
                // be dropped here is the parent's, and perhaps locked.
                Box::leak(Box::new((workers, slot)));
                return;
            }
            drop(workers);
            drop(slot);
        })
    }

    fn drop_source(&self) {
        let source = lock(&self.source).take();
        // The engine's own drop code: with no lock held, and its panic is not ours to spread.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(source)));
    }

    fn poll(&self, may_block: bool) {
        let mut source = lock(&self.source);
        if let Some(source) = source.as_mut() {
            let _in_wait = InWait::of(self.id);
            let _ = catch_unwind(AssertUnwindSafe(|| source.wait(may_block)));
        }
    }

    fn ask_to_be_watched(self: &Arc<Self>) {
        let this: Weak<Self> = Arc::downgrade(self);
        if !monitor().watch(this) {
            lock(&self.board).unwatched();
        }
    }
}

/// Does what the board says until it says to end.
fn serve<L: Runnable>(workers: &Arc<Workers<L>>, worker: &Worker) {
    let mut board = lock(&workers.board);
    loop {
        match board.next(worker, monitor().now()) {
            Step::Run { lane, watch } => {
                drop(board);
                if watch {
                    workers.ask_to_be_watched();
                }
                let Some(batch) = lane.run_batch(worker) else {
                    return;
                };
                let left = batch.left.then_some(lane);
                board = lock(&workers.board);
                board.let_go(worker, batch.jobs, left);
            }
            Step::Poll { may_block } => {
                drop(board);
                workers.poll(may_block);
                board = lock(&workers.board);
                board.turned(monitor().now());
            }
            Step::Wake => {
                drop(board);
                workers.wake.wake();
                board = lock(&workers.board);
            }
            Step::Park => {
                let lifetime = workers.limits.spare_lifetime;
                let timed_out;
                (board, timed_out) =
                    wait_timeout_while(&workers.spare, board, lifetime, Board::spare_waits);
                board.spare_left();
                if timed_out {
                    return;
                }
            }
            Step::Leave => return,
            Step::Finish => {
                drop(board);
                workers.spare.notify_all();
                workers.drop_source();
                return;
            }
        }
    }
}

impl<L: Runnable> Watched for Workers<L> {
    fn check(self: Arc<Self>, now: u64) -> bool {
        let inspection = lock(&self.board).inspect(now);
        match inspection {
            Inspection::Fine => true,
            Inspection::Quiet => false,
            Inspection::Overstayed(Reaction::Start(offer), holder) => {
                if self.start_thread().is_err() {
                    // Nobody to stand by: the holder keeps the role, and the next tick tries again.
                    lock(&self.board).withdraw(offer, Some(holder));
                }
                true
            }
            Inspection::Overstayed(Reaction::CallSpare, _) => {
                self.spare.notify_all();
                true
            }
            Inspection::Overstayed(Reaction::Nothing | Reaction::Wake, _) => true,
        }
    }
}

#[cfg(test)]
#[cfg(not(loom))]
impl<L: Runnable> Workers<L> {
    pub(crate) fn is_watched(&self) -> bool {
        lock(&self.board).is_watched()
    }
}
