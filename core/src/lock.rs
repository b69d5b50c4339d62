//! Locks that are not waited for, or not for long: whoever has them may never let them go, or be
//! this very thread.

use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::Instant;

use crate::engine::clock;

/// The lock, if nobody has it. That somebody panicked with it is no reason not to look.
pub(crate) fn if_free<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(guard)) => Some(guard.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// Repeats `attempt` until it gives something or the deadline has passed.
pub(crate) fn within<T>(deadline: Instant, attempt: impl Fn() -> Option<T>) -> Option<T> {
    loop {
        let done = attempt();
        if done.is_some() || clock::now() >= deadline {
            return done;
        }
        std::thread::yield_now();
    }
}
