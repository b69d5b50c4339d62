//! A lane: the jobs of one handle, first in first out, and who may take them.
//!
//! Usually a worker takes the lane from the run list and runs one job after the other. A call whose
//! completion must be reported on the calling thread takes a [`Hold`] first. Until that ends,
//! workers take nothing from the lane, and the call runs the queued jobs itself. Calls of several
//! threads may hold the lane at the same time; each then runs the jobs it has appended.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::here::{self, InJob, LaneKey};
use crate::interface::Job;
use crate::monitor::monitor;
use crate::role::Worker;
use crate::sync::{Mutex, lock};
use crate::workers::{Batch, Runnable, Workers};

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
    workers: Arc<Workers<Self>>,
    queue: Mutex<Queue<J>>,
}

struct Queue<J> {
    jobs: VecDeque<QueuedJob<J>>,
    /// The number of the last job that was appended.
    last: u64,
    phase: Phase,
    /// Holds that have not ended.
    holds: u32,
    /// The last hold that was taken.
    newest: HoldId,
}

/// A job in the queue.
struct QueuedJob<J> {
    job: J,
    /// Its place among all jobs of the lane, from 1.
    number: u64,
    /// The hold it was appended with; other holds leave it alone.
    owner: Option<HoldId>,
}

/// Tells one hold of a lane from the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct HoldId(u64);

/// Jobs that were appended to a lane: [`Lane::settle`] has them run, [`Hold::run`] runs them here.
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "what was appended without a hold does not run before it is settled"]
pub struct Appended {
    /// The number of the last of them.
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
    /// The lane is not on the run list, and no worker runs a job of it. Jobs wait only for the end
    /// of holds.
    Idle,
    /// Jobs wait, and the lane is on the run list or on its way there.
    Scheduled,
    /// A worker took the lane from the run list and runs a job. More may wait.
    Running,
}

/// The right to run a lane's jobs on this thread; until it is dropped, workers take none.
///
/// A job that a worker took before may still be running meanwhile. Calls of other threads may hold
/// the same lane. What is queued when the last hold ends is run by a worker.
#[must_use = "a hold that is dropped at once holds nothing"]
pub struct Hold<'l, J: Job> {
    lane: &'l Lane<J>,
    id: HoldId,
}

impl<J: Job> Lane<J> {
    pub(crate) fn new(workers: Arc<Workers<LaneShared<J>>>) -> Self {
        let queue = Mutex::new(Queue::new());
        Self {
            shared: Arc::new(LaneShared { workers, queue }),
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

    /// Appends `job` and does nothing else, so that the caller may hold the lock that decides the
    /// order of the jobs. [`Lane::settle`] must follow without that lock, unless this thread had a
    /// [`Hold`] on the lane when it appended.
    pub fn append(&self, job: J) -> Appended {
        lock(&self.shared.queue).append(job, None)
    }

    /// Makes sure that a worker runs the appended jobs, as it runs those of [`Lane::post`].
    ///
    /// It does no harm if they have run already.
    pub fn settle(&self, appended: Appended) {
        if appended.must_schedule {
            self.schedule();
        }
    }

    /// All jobs queued now; there is nothing to settle.
    pub fn queued(&self) -> Appended {
        let queue = lock(&self.shared.queue);
        Appended {
            last: queue.last,
            must_schedule: false,
        }
    }

    /// Takes the right to run jobs on this thread. Never waits.
    ///
    /// `None` if `limit` jobs, of whatever lanes, are on this thread's stack already (current
    /// Windows nests about 3), and inside the source, which must not run user code.
    pub fn hold(&self, limit: usize) -> Option<Hold<'_, J>> {
        let may_run = here::has_room_for_a_job(limit) && !here::waits_for(self.shared.workers.id());
        may_run.then(|| {
            let id = lock(&self.shared.queue).hold();
            Hold { lane: self, id }
        })
    }

    /// Is the current thread a worker of this lane's dispatcher, and inside a job?
    ///
    /// If so, the dispatcher's source gets a turn soon after the job. That is not promised for jobs
    /// that a [`Hold`] runs on a thread of the program.
    #[must_use]
    pub fn is_inside_dispatcher(&self) -> bool {
        here::works_for(self.shared.workers.id())
    }

    /// Is a job of this very lane running on the current thread?
    ///
    /// Whoever wants to wait for the lane's jobs must not if this is so.
    #[must_use]
    pub fn is_current(&self) -> bool {
        here::runs_jobs_of_lane(self.shared.key())
    }

    fn schedule(&self) {
        self.shared.workers.schedule(Arc::clone(&self.shared));
    }
}

impl<J: Job> Hold<'_, J> {
    /// As [`Lane::append`], but [`Hold::run`] of other holds leaves the job alone. There is nothing
    /// to settle: what this hold does not run is left to others when it ends.
    pub fn append(&self, job: J) -> Appended {
        lock(&self.lane.shared.queue).append(job, Some(self.id))
    }

    /// Runs the appended jobs and those queued before them; returns whether the last of them ran
    /// here. What was appended with other holds is left to those.
    pub fn run(&self, appended: Appended) -> bool {
        self.run_those(appended, |owner| owner.is_none_or(|owner| owner == self.id))
    }

    /// As [`Hold::run`], including what was appended with other holds.
    pub fn run_all(&self, appended: Appended) -> bool {
        self.run_those(appended, |_| true)
    }

    fn run_those(&self, appended: Appended, is_ours: impl Fn(Option<HoldId>) -> bool) -> bool {
        let shared = &self.lane.shared;
        let mut ran = false;
        while let Some((job, number)) = shared.take_until(appended.last, &is_ours) {
            let _in_job = InJob::visiting(shared.workers.id(), shared.key());
            run_contained(job);
            ran = number == appended.last;
            if !shared.workers.is_at_home() {
                return ran;
            }
        }
        ran
    }
}

impl<J: Job> Drop for Hold<'_, J> {
    fn drop(&mut self) {
        // A job may have forked: in the child the lane is nobody's any more.
        let shared = &self.lane.shared;
        if shared.workers.is_at_home() && lock(&shared.queue).release(self.id) {
            self.lane.schedule();
        }
    }
}

impl<J: Job> fmt::Debug for Hold<'_, J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hold").field("lane", self.lane).finish()
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
        let queue = lock(&self.shared.queue);
        let (phase, queued) = (queue.phase, queue.jobs.len());
        drop(queue);
        f.debug_struct("Lane")
            .field("phase", &phase)
            .field("queued", &queued)
            .finish_non_exhaustive()
    }
}

/// What a batch may take before it lets others have their turn.
struct Quota {
    /// The number of jobs after which it is used up.
    jobs: u32,
    /// The monitor's tick in which it lasts.
    tick: u64,
}

impl Quota {
    /// The quota from here on, after `jobs` jobs.
    fn new(jobs: u32, now: u64) -> Self {
        Self {
            jobs: jobs.saturating_add(BATCH_JOBS),
            tick: now,
        }
    }

    fn is_used_up(&self, jobs: u32, now: u64) -> bool {
        jobs >= self.jobs || now != self.tick
    }
}

impl<J: Job> Runnable for LaneShared<J> {
    fn run_batch(&self, worker: &Worker) -> Option<Batch> {
        let mut jobs = 0_u32;
        let mut quota = Quota::new(jobs, monitor().now());
        let _in_job = InJob::working(self.workers.id(), self.key());
        while let Some(job) = self.next_job() {
            let now = monitor().now();
            worker.pulse.beat(now);
            run_contained(job);
            if !self.workers.is_at_home() {
                return None;
            }
            jobs = jobs.saturating_add(1);
            if quota.is_used_up(jobs, now) {
                // Who has lost the role keeps nobody waiting: it runs its lane dry.
                if self.workers.is_held_by(worker) {
                    let left = lock(&self.queue).reschedule();
                    return Some(Batch { jobs, left });
                }
                quota = Quota::new(jobs, now);
            }
        }
        Some(Batch { jobs, left: false })
    }
}

impl<J: Job> LaneShared<J> {
    /// The next job of ours and its number, if that is not above `last`.
    fn take_until(&self, last: u64, is_ours: impl Fn(Option<HoldId>) -> bool) -> Option<(J, u64)> {
        let mut queue = lock(&self.queue);
        let mut up_to_last = queue
            .jobs
            .iter()
            .take_while(|waiting| waiting.number <= last);
        let place = up_to_last.position(|waiting| is_ours(waiting.owner))?;
        let QueuedJob { job, number, .. } = queue.jobs.remove(place)?;
        Some((job, number))
    }

    /// A function of its own so that the lock is let go before the job runs.
    fn next_job(&self) -> Option<J> {
        lock(&self.queue).next()
    }

    /// Names the lane while it lives.
    fn key(&self) -> LaneKey {
        LaneKey::of(self)
    }
}

impl<J> Queue<J> {
    fn new() -> Self {
        Self {
            jobs: VecDeque::new(),
            last: 0,
            phase: Phase::Idle,
            holds: 0,
            newest: HoldId::default(),
        }
    }

    fn append(&mut self, job: J, owner: Option<HoldId>) -> Appended {
        self.last += 1;
        self.jobs.push_back(QueuedJob {
            job,
            number: self.last,
            owner,
        });
        // If the lane is held, the end of the last hold has it scheduled.
        let must_schedule = matches!(self.phase, Phase::Idle) && self.holds == 0;
        if must_schedule {
            self.phase = Phase::Scheduled;
        }
        Appended {
            last: self.last,
            must_schedule,
        }
    }

    /// The next job for the worker that took the lane from the run list; if there is none, the lane
    /// becomes idle.
    fn next(&mut self) -> Option<J> {
        let next = if self.holds == 0 {
            self.jobs.pop_front()
        } else {
            None
        };
        if next.is_some() {
            self.phase = Phase::Running;
        } else {
            self.become_idle();
        }
        next.map(|waiting| waiting.job)
    }

    /// Marks the lane as scheduled if jobs are queued, else as idle; returns whether it must be put
    /// on the run list.
    fn reschedule(&mut self) -> bool {
        if self.jobs.is_empty() {
            self.become_idle();
            return false;
        }
        self.phase = Phase::Scheduled;
        true
    }

    /// Begins a hold.
    fn hold(&mut self) -> HoldId {
        self.holds += 1;
        self.newest = HoldId(self.newest.0 + 1);
        self.newest
    }

    /// Ends a hold; returns whether the lane must be put on the run list.
    fn release(&mut self, hold: HoldId) -> bool {
        // Whoever comes next may run what it has not run.
        for waiting in &mut self.jobs {
            waiting.owner = waiting.owner.filter(|owner| *owner != hold);
        }
        self.holds -= 1;
        let left = self.holds == 0 && matches!(self.phase, Phase::Idle);
        left && self.reschedule()
    }

    fn become_idle(&mut self) {
        self.phase = Phase::Idle;
        self.jobs.shrink_to(RETAINED_JOBS);
    }
}

/// Runs a job with no lock held. Its panic ends here: the thread has other handles to serve.
fn run_contained<J: Job>(job: J) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| job.run())) {
        // The panic's own value may panic as it goes.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(panic)));
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn only_an_idle_lane_without_holds_must_be_scheduled_for_a_job() {
        let mut queue = Queue::new();
        assert!(queue.append("a", None).must_schedule);
        assert!(!queue.append("b", None).must_schedule, "it is scheduled");
        assert_eq!(queue.next(), Some("a"));
        assert!(!queue.append("c", None).must_schedule, "it is running");
        assert_eq!([queue.next(), queue.next()], [Some("b"), Some("c")]);
        assert_eq!(queue.next(), None);
        let _hold = queue.hold();
        assert!(!queue.append("d", None).must_schedule, "it is held");
    }

    #[test]
    fn the_end_of_the_last_hold_schedules_an_idle_lane_with_jobs() {
        let mut queue = Queue::new();
        let (first, second) = (queue.hold(), queue.hold());
        let _ = queue.append("a", None);
        assert!(!queue.release(first), "the other hold is left");
        assert!(queue.release(second));
        assert!(!queue.append("b", None).must_schedule, "it is scheduled");
    }

    #[test]
    fn the_end_of_a_hold_leaves_other_lanes_as_they_are() {
        let mut queue = Queue::new();
        let hold = queue.hold();
        assert!(!queue.release(hold), "nothing is queued");
        let _ = queue.append("a", None);
        let hold = queue.hold();
        assert!(!queue.release(hold), "it is on the run list");
        assert_eq!(queue.next(), Some("a"));
        let hold = queue.hold();
        assert!(!queue.release(hold), "a worker runs it");
        assert!(!queue.append("b", None).must_schedule, "and still does");
    }

    #[test]
    fn what_a_hold_has_not_run_is_for_everybody_when_it_ends() {
        let mut queue = Queue::new();
        let (first, second) = (queue.hold(), queue.hold());
        let _ = queue.append("a", Some(first));
        let _ = queue.append("b", Some(second));
        let _ = queue.release(first);
        let owners: Vec<_> = queue.jobs.iter().map(|queued| queued.owner).collect();
        assert_eq!(owners, [None, Some(second)]);
    }

    #[test]
    fn a_worker_gets_nothing_from_a_held_lane_which_is_idle_then() {
        let mut queue = Queue::new();
        let _ = queue.append("a", None);
        let hold = queue.hold();
        assert_eq!(queue.next(), None);
        assert!(queue.release(hold));
        assert_eq!(queue.next(), Some("a"));
    }

    #[test]
    fn after_a_batch_the_lane_is_scheduled_if_jobs_are_queued_and_else_idle() {
        let mut queue = Queue::new();
        let _ = (queue.append("a", None), queue.append("b", None));
        assert_eq!(queue.next(), Some("a"));
        assert!(queue.reschedule());
        assert!(!queue.append("c", None).must_schedule);
        assert_eq!([queue.next(), queue.next()], [Some("b"), Some("c")]);
        assert!(!queue.reschedule());
        assert!(queue.append("d", None).must_schedule);
    }

    #[test]
    fn what_was_appended_together_ends_with_the_last_and_is_scheduled_for_any() {
        let mut queue = Queue::new();
        let (first, second) = (queue.append("a", None), queue.append("b", None));
        let third = queue.append("c", None);
        for both in [first.and(second), second.and(first)] {
            assert_eq!((both.last, both.must_schedule), (2, true));
        }
        let later = second.and(third);
        assert_eq!((later.last, later.must_schedule), (3, false));
    }

    #[test]
    fn a_batch_is_over_after_so_many_jobs_or_a_tick() {
        for before in [0, BATCH_JOBS] {
            let quota = Quota::new(before, 7);
            assert!(!quota.is_used_up(before + 1, 7));
            assert!(!quota.is_used_up(before + BATCH_JOBS - 1, 7));
            assert!(quota.is_used_up(before + BATCH_JOBS, 7));
            assert!(quota.is_used_up(before + BATCH_JOBS + 1, 7));
            assert!(quota.is_used_up(before + 1, 8));
        }
    }

    #[test]
    fn an_idle_lane_gives_its_room_back() {
        let mut queue = Queue::new();
        for _ in 0..RETAINED_JOBS * 4 {
            let _ = queue.append("a", None);
        }
        while queue.next().is_some() {}
        assert!(queue.jobs.capacity() < RETAINED_JOBS * 2);
    }
}
