//! A lane: the jobs of one handle, first in first out, never two at once.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::here::{self, InJob, ThreadToken};
use crate::role::Worker;
use crate::sync::Mutex;
use crate::worker::Core;
use crate::{Job, lock};

/// Jobs of one lane run in a row before the other lanes and the source get a turn.
///
/// A batch also ends at a tick of the monitor, for jobs that are few but slow.
const BATCH_JOBS: u32 = 16;

/// Jobs an idle lane keeps room for; more is given back to the allocator.
const RETAINED_JOBS: usize = 32;

/// The queue of one handle. Clones are the same lane.
///
/// A lane keeps its dispatcher's memory, but none of its threads. Dropping the last clone drops no
/// job: what was posted runs.
pub struct Lane<J: Job> {
    shared: Arc<LaneShared<J>>,
}

pub(crate) struct LaneShared<J: Job> {
    core: Arc<Core<J>>,
    line: Mutex<Line<J>>,
}

struct Line<J> {
    jobs: VecDeque<J>,
    /// Jobs that have left the queue so far.
    taken: u64,
    phase: Phase,
}

/// What [`Lane::append`] leaves to be done, by [`Lane::settle`] or [`Lane::settle_here`].
#[derive(Debug, Default)]
#[must_use = "what was appended does not run before it is settled"]
pub struct Appended {
    /// The number of jobs that have left the queue when the last of these has.
    last: u64,
    /// The lane was idle: it must be put on the run list.
    must_schedule: bool,
}

impl Appended {
    /// Both, in this order.
    pub fn and(self, later: Self) -> Self {
        Self {
            last: self.last.max(later.last),
            must_schedule: self.must_schedule || later.must_schedule,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// No job waits and none runs.
    Idle,
    /// Jobs wait, and the lane is on the run list or on its way there.
    Scheduled,
    /// A job runs, `depth` of them nested in each other. More may wait.
    Running { thread: ThreadToken, depth: u32 },
}

/// How a batch ended.
pub(crate) struct Batch {
    /// Jobs run.
    pub(crate) jobs: u32,
    /// Jobs still wait: the lane belongs back on the run list.
    pub(crate) left: bool,
}

impl<J: Job> Lane<J> {
    pub(crate) fn new(core: Arc<Core<J>>) -> Self {
        let line = Mutex::new(Line {
            jobs: VecDeque::new(),
            taken: 0,
            phase: Phase::Idle,
        });
        Self {
            shared: Arc::new(LaneShared { core, line }),
        }
    }

    /// Appends `job`; it runs after all jobs posted to this lane before, on a dispatcher's thread.
    ///
    /// From inside a job of the same dispatcher, and from inside its source, this costs no wake-up;
    /// from elsewhere a sleeping poll is woken once, however many posts follow. Works on a closed
    /// dispatcher too. Any thread; unbounded, as each WinHTTP operation posts a bounded number.
    ///
    /// If the job needs a new thread and none can be started, it and all that is runnable run here
    /// before this returns: call it with no lock held that a job might need.
    pub fn post(&self, job: J) {
        self.settle(self.append(job));
    }

    /// [`Lane::append`] and [`Lane::settle_here`] in one.
    #[cfg(test)]
    pub(crate) fn run_or_post(&self, job: J, limit: u32) -> bool {
        self.settle_here(self.append(job), limit)
    }

    /// Appends `job` and nothing else: with a lock held that decides the order of the jobs, for
    /// instance. Nothing runs before [`Lane::settle`] or [`Lane::settle_here`], which must follow
    /// without that lock.
    pub fn append(&self, job: J) -> Appended {
        lock(&self.shared.line).append(job)
    }

    /// Has the appended jobs run, as those of [`Lane::post`].
    pub fn settle(&self, appended: Appended) {
        if appended.must_schedule {
            self.schedule();
        }
    }

    /// Runs the appended jobs, and what waits before them, before returning as far as the lane's
    /// order allows, and has the others run as those of [`Lane::post`]; returns whether all ran here.
    ///
    /// They run here if the lane was idle, or if it is this thread that runs the lane, and fewer
    /// than `limit` jobs of the lane are on the stack: 0 and 1 allow no nesting, 3 is the habit of
    /// current Windows. They are left to others inside the source, which must not run user code, and
    /// when this thread's stack holds 128 jobs of whatever lanes.
    pub fn settle_here(&self, appended: Appended, limit: u32) -> bool {
        let mut must_schedule = appended.must_schedule;
        let may_run = here::has_room_for_a_job() && !here::waits_for(self.shared.core.id());
        let mut ran = false;
        if may_run {
            while let Some(job) = self.shared.enter(&appended, must_schedule, limit) {
                let _in_job = InJob::of(self.shared.core.id());
                run_contained(job);
                if !self.shared.core.is_at_home() {
                    return true;
                }
                must_schedule = lock(&self.shared.line).leave();
                // Who may run one of them may run them all: nobody else comes between.
                ran = true;
            }
        }
        if must_schedule {
            self.schedule();
        }
        ran
    }

    /// Is a job of this lane's dispatcher, of whatever lane, on the current thread's stack?
    ///
    /// Then the dispatcher's source gets a turn before anybody waits in it.
    #[must_use]
    pub fn is_inside_dispatcher(&self) -> bool {
        here::runs_jobs_of(self.shared.core.id())
    }

    /// Is a job of this very lane running on the current thread?
    ///
    /// Whoever wants to wait for the lane's jobs must not if this is so.
    #[must_use]
    pub fn is_current(&self) -> bool {
        let phase = lock(&self.shared.line).phase;
        match phase {
            Phase::Running { thread, .. } => thread == here::token(),
            Phase::Idle | Phase::Scheduled => false,
        }
    }

    fn schedule(&self) {
        self.shared.core.schedule(Arc::clone(&self.shared));
    }
}

impl<J: Job> Clone for Lane<J> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<J: Job> fmt::Debug for Lane<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = lock(&self.shared.line);
        let (phase, waiting) = (line.phase, line.jobs.len());
        drop(line);
        f.debug_struct("Lane")
            .field("phase", &phase)
            .field("waiting", &waiting)
            .finish_non_exhaustive()
    }
}

impl<J: Job> LaneShared<J> {
    /// Runs jobs until the lane is dry or its batch is over. The lane came from the run list.
    ///
    /// `None` if a job has forked and this is the child: it has no business here.
    pub(crate) fn run_batch(&self, worker: &Worker) -> Option<Batch> {
        let mut jobs = 0_u32;
        let mut batch_end = BATCH_JOBS;
        let mut began = self.core.now();
        let _in_job = InJob::of(self.core.id());
        while let Some(job) = self.next_job() {
            let now = self.core.now();
            worker.pulse.beat(now);
            run_contained(job);
            if !self.core.is_at_home() {
                return None;
            }
            jobs = jobs.saturating_add(1);
            if jobs < batch_end && now == began {
                continue;
            }
            // Who has lost the role keeps nobody waiting: it runs its lane dry.
            if self.core.is_held_by(worker) {
                return Some(Batch {
                    jobs,
                    left: lock(&self.line).leave(),
                });
            }
            batch_end = jobs.saturating_add(BATCH_JOBS);
            began = now;
        }
        Some(Batch { jobs, left: false })
    }

    /// The next of the appended jobs or of those before them, if it may run here.
    fn enter(&self, appended: &Appended, is_mine: bool, limit: u32) -> Option<J> {
        let mut line = lock(&self.line);
        if line.taken >= appended.last || !line.enter(here::token(), limit, is_mine) {
            return None;
        }
        line.take()
    }

    /// A function of its own so that the lock is let go before the job runs.
    fn next_job(&self) -> Option<J> {
        lock(&self.line).next(here::token())
    }
}

impl<J> Line<J> {
    fn append(&mut self, job: J) -> Appended {
        self.jobs.push_back(job);
        let must_schedule = matches!(self.phase, Phase::Idle);
        if must_schedule {
            self.phase = Phase::Scheduled;
        }
        Appended {
            last: self.taken + self.jobs.len() as u64,
            must_schedule,
        }
    }

    fn take(&mut self) -> Option<J> {
        let job = self.jobs.pop_front();
        self.taken += u64::from(job.is_some());
        job
    }

    /// The next job for a thread that took the lane from the run list; none makes the lane idle.
    fn next(&mut self, thread: ThreadToken) -> Option<J> {
        let job = self.take();
        if job.is_some() {
            self.phase = Phase::Running { thread, depth: 1 };
        } else {
            self.become_idle();
        }
        job
    }

    /// Lets a thread run the next job in place of the run list, if order and nesting allow it;
    /// `is_mine`: the lane became scheduled by that thread and is not on the run list yet.
    fn enter(&mut self, here: ThreadToken, limit: u32, is_mine: bool) -> bool {
        let depth = match self.phase {
            Phase::Scheduled if is_mine => 1,
            Phase::Running { thread, depth } if thread == here && depth < limit => depth + 1,
            Phase::Idle | Phase::Scheduled | Phase::Running { .. } => return false,
        };
        self.phase = Phase::Running {
            thread: here,
            depth,
        };
        true
    }

    /// Ends a job; returns whether the lane must be put on the run list.
    fn leave(&mut self) -> bool {
        match self.phase {
            Phase::Running { thread, depth } if depth > 1 => {
                self.phase = Phase::Running {
                    thread,
                    depth: depth - 1,
                };
                false
            }
            Phase::Running { .. } if !self.jobs.is_empty() => {
                self.phase = Phase::Scheduled;
                true
            }
            Phase::Running { .. } | Phase::Idle | Phase::Scheduled => {
                self.become_idle();
                false
            }
        }
    }

    fn become_idle(&mut self) {
        self.phase = Phase::Idle;
        if self.jobs.capacity() > RETAINED_JOBS {
            self.jobs.shrink_to(RETAINED_JOBS);
        }
    }
}

/// Runs a job with no lock held. Its panic ends here: the thread has other handles to serve.
fn run_contained<J: Job>(job: J) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| job.run())) {
        // The panic's own value may panic as it goes.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(panic)));
    }
}
