//! Knows what the current thread is doing: whose jobs are on its stack, whose source it waits in.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};

/// Names a dispatcher within the process; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DispatcherId(u64);

/// Names a lane while it lives: its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LaneKey(usize);

/// A job on this thread's stack.
#[derive(Clone, Copy, Debug)]
struct JobOnStack {
    dispatcher: DispatcherId,
    lane: LaneKey,
    /// A worker of the dispatcher runs it, not a hold: the source gets a turn after it.
    works: bool,
}

impl DispatcherId {
    pub(crate) fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl LaneKey {
    pub(crate) fn of<T>(shared: &T) -> Self {
        Self(std::ptr::from_ref(shared).addr())
    }
}

/// Jobs on one thread's stack that are remembered; deeper ones are only counted.
///
/// Deliberate nesting ends far below; only threads that cannot be started make more.
const REMEMBERED: usize = 8;

/// The jobs on a thread's stack, outermost first. It has no destructor, so that it still works in
/// calls that destructors of other thread-locals make.
#[derive(Debug)]
struct Stack {
    depth: usize,
    jobs: [Option<JobOnStack>; REMEMBERED],
}

impl Stack {
    const EMPTY: Self = Self {
        depth: 0,
        jobs: [None; REMEMBERED],
    };

    fn push(&mut self, job: JobOnStack) {
        if let Some(place) = self.jobs.get_mut(self.depth) {
            *place = Some(job);
        }
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.depth -= 1;
        if let Some(place) = self.jobs.get_mut(self.depth) {
            *place = None;
        }
    }
}

#[cfg(loom)]
loom::thread_local! {
    static JOBS: RefCell<Stack> = RefCell::new(Stack::EMPTY);
    static WAITS_FOR: Cell<Option<DispatcherId>> = Cell::new(None);
}

#[cfg(not(loom))]
thread_local! {
    static JOBS: RefCell<Stack> = const { RefCell::new(Stack::EMPTY) };
    /// The dispatcher in whose source this thread waits.
    static WAITS_FOR: Cell<Option<DispatcherId>> = const { Cell::new(None) };
}

/// Is there a job on this thread's stack for which the condition holds?
fn runs(is_sought: impl Fn(&JobOnStack) -> bool) -> bool {
    JOBS.with(|stack| stack.borrow().jobs.iter().flatten().any(is_sought))
}

/// Is this thread a worker of this dispatcher, and inside a job?
pub(crate) fn works_for(dispatcher: DispatcherId) -> bool {
    runs(|job| job.works && job.dispatcher == dispatcher)
}

/// Is a job of this dispatcher on this thread's stack?
pub(crate) fn runs_jobs_of(dispatcher: DispatcherId) -> bool {
    runs(|job| job.dispatcher == dispatcher)
}

/// Is a job of this lane on this thread's stack?
pub(crate) fn runs_jobs_of_lane(lane: LaneKey) -> bool {
    runs(|job| job.lane == lane)
}

/// May one more job nest on this thread's stack, `limit` of them at most?
pub(crate) fn has_room_for_a_job(limit: usize) -> bool {
    JOBS.with(|stack| stack.borrow().depth < limit)
}

/// Is this thread inside this dispatcher's [`Source::wait`](crate::interface::Source::wait)?
pub(crate) fn waits_for(dispatcher: DispatcherId) -> bool {
    WAITS_FOR.with(Cell::get) == Some(dispatcher)
}

/// Marks a job as being on the stack until dropped.
#[derive(Debug)]
pub(crate) struct InJob(());

impl InJob {
    /// On a thread that took the lane from the run list.
    pub(crate) fn working(dispatcher: DispatcherId, lane: LaneKey) -> Self {
        Self::enter(dispatcher, lane, true)
    }

    /// On a thread that holds the lane.
    pub(crate) fn visiting(dispatcher: DispatcherId, lane: LaneKey) -> Self {
        Self::enter(dispatcher, lane, false)
    }

    fn enter(dispatcher: DispatcherId, lane: LaneKey, works: bool) -> Self {
        let job = JobOnStack {
            dispatcher,
            lane,
            works,
        };
        JOBS.with(|stack| stack.borrow_mut().push(job));
        Self(())
    }
}

impl Drop for InJob {
    fn drop(&mut self) {
        JOBS.with(|stack| stack.borrow_mut().pop());
    }
}

/// Marks the thread as inside a source's wait until dropped.
#[derive(Debug)]
pub(crate) struct InWait(Option<DispatcherId>);

impl InWait {
    pub(crate) fn of(dispatcher: DispatcherId) -> Self {
        Self(WAITS_FOR.with(|waits_for| waits_for.replace(Some(dispatcher))))
    }
}

impl Drop for InWait {
    fn drop(&mut self) {
        WAITS_FOR.with(|waits_for| waits_for.set(self.0));
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn an_outer_dispatcher_stays_current_under_an_inner_one() {
        let (outer, inner) = (DispatcherId::fresh(), DispatcherId::fresh());
        let (outer_lane, inner_lane) = (LaneKey::of(&outer), LaneKey::of(&inner));
        let outer_job = InJob::working(outer, outer_lane);
        assert!(!runs_jobs_of_lane(inner_lane));
        {
            let _inner_job = InJob::visiting(inner, inner_lane);
            assert!(runs_jobs_of(outer) && runs_jobs_of(inner));
            assert!(runs_jobs_of_lane(outer_lane) && runs_jobs_of_lane(inner_lane));
            assert!(works_for(outer) && !works_for(inner));
        }
        assert!(runs_jobs_of(outer) && !runs_jobs_of(inner));
        drop(outer_job);
        assert!(!runs_jobs_of(outer) && !works_for(outer));
    }

    #[test]
    fn a_thread_is_inside_a_wait_until_that_returns() {
        let (waited_in, other) = (DispatcherId::fresh(), DispatcherId::fresh());
        let in_wait = InWait::of(waited_in);
        assert!(waits_for(waited_in) && !waits_for(other));
        drop(in_wait);
        assert!(!waits_for(waited_in));
    }

    #[test]
    fn nesting_has_an_end() {
        let id = DispatcherId::fresh();
        let lane = LaneKey::of(&id);
        let mut stack = vec![InJob::working(id, lane), InJob::visiting(id, lane)];
        assert!(has_room_for_a_job(3));
        stack.push(InJob::visiting(id, lane));
        assert!(!has_room_for_a_job(3));
    }
}
