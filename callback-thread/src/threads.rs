//! Counts a dispatcher's threads: the limit on them, and the wait for their end.

use std::sync::Arc;
use std::time::Duration;

use crate::sync::{Condvar, Mutex, lock, wait_timeout_while};

/// How many threads a dispatcher has; a view that keeps nothing alive.
///
/// From [`Dispatcher::threads`](crate::Dispatcher::threads). Useful to see that a closed session
/// has left nothing behind.
#[derive(Clone, Debug)]
pub struct Threads {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    limit: usize,
    count: Mutex<usize>,
    fewer: Condvar,
}

impl Threads {
    pub(crate) fn new(limit: usize) -> Self {
        let shared = Shared {
            limit,
            count: Mutex::new(0),
            fewer: Condvar::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Threads that exist now, starting ones included.
    #[must_use]
    pub fn count(&self) -> usize {
        *lock(&self.shared.count)
    }

    /// Waits until there are at most `count` threads; returns whether that came before `timeout`.
    ///
    /// Not for use in a job: its own thread is among those waited for.
    #[must_use]
    pub fn wait_for_at_most(&self, count: usize, timeout: Duration) -> bool {
        let now = lock(&self.shared.count);
        let still_more = |now: &usize| *now > count;
        let (_now, timed_out) = wait_timeout_while(&self.shared.fewer, now, timeout, still_more);
        !timed_out
    }

    /// Room for one more thread, or none at the limit.
    pub(crate) fn take_slot(&self) -> Option<Slot> {
        let mut count = lock(&self.shared.count);
        if *count >= self.shared.limit {
            return None;
        }
        *count += 1;
        Some(Slot {
            shared: Arc::clone(&self.shared),
        })
    }
}

/// One thread's place in the count; the thread drops it as its last act.
#[derive(Debug)]
pub(crate) struct Slot {
    shared: Arc<Shared>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        *lock(&self.shared.count) -= 1;
        self.shared.fewer.notify_all();
    }
}

#[cfg(test)]
#[cfg(not(loom))]
mod tests {
    use super::*;

    #[test]
    fn the_limit_counts_slots_and_a_dropped_slot_is_free_again() {
        let threads = Threads::new(2);
        let first = threads.take_slot().unwrap();
        let _second = threads.take_slot().unwrap();
        assert!(threads.take_slot().is_none());
        assert_eq!(threads.count(), 2);
        drop(first);
        assert_eq!(threads.count(), 1);
        assert!(threads.take_slot().is_some());
    }

    #[test]
    fn waiting_says_whether_the_count_fell() {
        let threads = Threads::new(1);
        let slot = threads.take_slot().unwrap();
        assert!(!threads.wait_for_at_most(0, Duration::ZERO));
        let dropper = std::thread::spawn(move || drop(slot));
        assert!(threads.wait_for_at_most(0, Duration::from_secs(10)));
        dropper.join().unwrap();
    }
}
