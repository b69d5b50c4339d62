//! Where locks, condition variables and threads come from: the standard library, or loom where a
//! model runs.
//!
//! Models (`crate::models`) are built with `--cfg loom`, see `tests/loom/run`. They try every order
//! in which the operations named here can happen; reference counts and statistics are left to the
//! standard library.

#[cfg(loom)]
pub(crate) use loom::{
    sync::{Condvar, Mutex, MutexGuard},
    thread,
};
#[cfg(not(loom))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};

use std::io;
use std::sync::PoisonError;
use std::time::Duration;

/// Locks, whether or not a thread has panicked with the lock: what we guard is never left halfway.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts a thread of a dispatcher.
pub(crate) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    #[cfg(not(loom))]
    winhttp_process::spawn(name, body)?;
    #[cfg(loom)]
    thread::Builder::new().name(name.to_owned()).spawn(body)?;
    Ok(())
}

/// Waits while `condition` holds, at most for `timeout`; the guard, and whether the time ran out.
#[cfg(not(loom))]
pub(crate) fn wait_timeout_while<'a, T>(
    condvar: &Condvar,
    guard: MutexGuard<'a, T>,
    timeout: Duration,
    condition: impl Fn(&T) -> bool,
) -> (MutexGuard<'a, T>, bool) {
    let waited = condvar.wait_timeout_while(guard, timeout, |value| condition(value));
    let (guard, waited) = waited.unwrap_or_else(PoisonError::into_inner);
    (guard, waited.timed_out())
}

/// In a model time stands still, so that nothing is saved by a timeout: only a signal ends the
/// wait.
#[cfg(loom)]
pub(crate) fn wait_timeout_while<'a, T>(
    condvar: &Condvar,
    mut guard: MutexGuard<'a, T>,
    _timeout: Duration,
    condition: impl Fn(&T) -> bool,
) -> (MutexGuard<'a, T>, bool) {
    while condition(&guard) {
        guard = condvar.wait(guard).unwrap_or_else(PoisonError::into_inner);
    }
    (guard, false)
}
