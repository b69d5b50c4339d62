//! Steps that no fork divides: what is made once must not be found half made by a child, where
//! nobody would finish it.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

/// Threads inside such a step.
static INSIDE: AtomicU32 = AtomicU32::new(0);
/// Forks that wait for them, or are under way.
static FORKS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// Steps this thread is in, and its forks.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Runs a short step; forks wait until it is done, and it waits for forks. It may contain another
/// one.
pub fn undivided<R>(step: impl FnOnce() -> R) -> R {
    let _inside = Inside::enter();
    step()
}

struct Inside;

impl Inside {
    fn enter() -> Self {
        let depth = DEPTH.get();
        DEPTH.set(depth + 1);
        if depth == 0 {
            wait_for_forks();
        }
        Self
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let depth = DEPTH.get() - 1;
        DEPTH.set(depth);
        if depth == 0 {
            INSIDE.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Counts this thread as inside a step when no fork is under way.
fn wait_for_forks() {
    loop {
        INSIDE.fetch_add(1, Ordering::SeqCst);
        if FORKS.load(Ordering::SeqCst) == 0 {
            return;
        }
        INSIDE.fetch_sub(1, Ordering::SeqCst);
        std::thread::yield_now();
    }
}

/// To be called before a fork, on the thread that forks: returns when nobody is inside a step, and
/// lets nobody in.
///
/// May be called several times for one fork; [`after_fork`] must follow as often.
pub fn before_fork() {
    FORKS.fetch_add(1, Ordering::SeqCst);
    while INSIDE.load(Ordering::SeqCst) > 0 {
        std::thread::yield_now();
    }
    // Steps of this thread itself need not wait.
    DEPTH.set(DEPTH.get() + 1);
}

/// To be called after a fork, in parent and child.
pub fn after_fork() {
    DEPTH.set(DEPTH.get() - 1);
    FORKS.fetch_sub(1, Ordering::SeqCst);
}

/// In the child: forgets the forks of other threads, which do not exist here.
pub(crate) fn forget_others() {
    FORKS.store(DEPTH.get(), Ordering::SeqCst);
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_fork_and_a_step_wait_for_each_other() {
        let _alone = crate::PRETENDING.lock();
        let (began, begun) = channel();
        let (finish, finished) = channel::<()>();
        let step = std::thread::spawn(move || {
            undivided(|| {
                // A step inside a step does not wait, whoever wants to fork.
                began.send(()).unwrap();
                finished.recv().unwrap();
                undivided(|| ());
            });
        });
        begun.recv().unwrap();
        let (forked, may_go_on) = channel::<()>();
        let fork = std::thread::spawn(move || {
            before_fork();
            undivided(|| ());
            may_go_on.recv().unwrap();
            after_fork();
        });
        while FORKS.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        assert!(!fork.is_finished());
        finish.send(()).unwrap();
        step.join().unwrap();
        let late = std::thread::spawn(|| undivided(|| ()));
        assert!(!late.is_finished());
        forked.send(()).unwrap();
        fork.join().unwrap();
        late.join().unwrap();
    }
}
