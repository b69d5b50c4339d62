//! Knows what the current thread is doing: whose jobs are on its stack, whose source it waits in.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU64, Ordering};

/// Names a dispatcher within the process; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DispatcherId(u64);

/// Names a thread within the process; never used twice. Cheaper to ask for than `ThreadId`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ThreadToken(u64);

impl DispatcherId {
    pub(crate) fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Most jobs on one thread's stack before even a job of another lane is posted instead of nested.
///
/// A program can chain idle lanes (a callback of one handle completes something on the next), and
/// each would add a callback to the stack. Older Windows bounds its nesting at this figure.
const NESTED_JOBS_MAX: usize = 128;

#[cfg(loom)]
loom::thread_local! {
    static TOKEN: Cell<u64> = Cell::new(0);
    static JOBS: RefCell<Vec<DispatcherId>> = RefCell::new(Vec::new());
    static WAITS_FOR: Cell<Option<DispatcherId>> = Cell::new(None);
}

#[cfg(not(loom))]
thread_local! {
    /// 0: not asked for yet.
    static TOKEN: Cell<u64> = const { Cell::new(0) };
    /// The dispatchers of the jobs on this thread's stack, outermost first.
    static JOBS: RefCell<Vec<DispatcherId>> = const { RefCell::new(Vec::new()) };
    /// The dispatcher in whose source this thread waits.
    static WAITS_FOR: Cell<Option<DispatcherId>> = const { Cell::new(None) };
}

pub(crate) fn token() -> ThreadToken {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    TOKEN.with(|token| {
        if token.get() == 0 {
            token.set(NEXT.fetch_add(1, Ordering::Relaxed));
        }
        ThreadToken(token.get())
    })
}

/// Is a job of this dispatcher on this thread's stack?
pub(crate) fn runs_jobs_of(dispatcher: DispatcherId) -> bool {
    // The list is gone while the thread's own destructors run: no job is on the stack then.
    JOBS.try_with(|jobs| jobs.borrow().contains(&dispatcher))
        .unwrap_or(false)
}

/// May one more job nest on this thread's stack?
pub(crate) fn has_room_for_a_job() -> bool {
    JOBS.try_with(|jobs| jobs.borrow().len() < NESTED_JOBS_MAX)
        .unwrap_or(false)
}

/// Is this thread inside this dispatcher's [`Source::wait`](crate::Source::wait)?
pub(crate) fn waits_for(dispatcher: DispatcherId) -> bool {
    WAITS_FOR.with(Cell::get) == Some(dispatcher)
}

/// Marks a job as being on the stack until dropped.
#[derive(Debug)]
pub(crate) struct InJob(());

impl InJob {
    pub(crate) fn of(dispatcher: DispatcherId) -> Self {
        // Without a list (see above) the mark is missed, and the job still runs.
        let _ = JOBS.try_with(|jobs| jobs.borrow_mut().push(dispatcher));
        Self(())
    }
}

impl Drop for InJob {
    fn drop(&mut self) {
        let _ = JOBS.try_with(|jobs| jobs.borrow_mut().pop());
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
    fn a_thread_keeps_its_token_and_another_has_another() {
        let mine = token();
        let theirs = std::thread::spawn(token).join().unwrap();
        assert_eq!(mine, token());
        assert_ne!(mine, theirs);
    }

    #[test]
    fn an_outer_dispatcher_stays_current_under_an_inner_one() {
        let (outer, inner) = (DispatcherId::fresh(), DispatcherId::fresh());
        let outer_job = InJob::of(outer);
        {
            let _inner_job = InJob::of(inner);
            assert!(runs_jobs_of(outer) && runs_jobs_of(inner));
        }
        assert!(runs_jobs_of(outer) && !runs_jobs_of(inner));
        drop(outer_job);
        assert!(!runs_jobs_of(outer));
    }

    #[test]
    fn nesting_has_an_end() {
        let id = DispatcherId::fresh();
        let mut stack: Vec<_> = (1..NESTED_JOBS_MAX).map(|_| InJob::of(id)).collect();
        assert!(has_room_for_a_job());
        stack.push(InJob::of(id));
        assert!(!has_room_for_a_job());
    }
}
