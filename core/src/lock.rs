//! Locks that are not waited for: whoever has them may never let them go, or be this very thread.

use std::sync::{Mutex, MutexGuard, TryLockError};

/// The lock, if nobody has it. That somebody panicked with it is no reason not to look.
pub(crate) fn if_free<T>(mutex: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match mutex.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(guard)) => Some(guard.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}
