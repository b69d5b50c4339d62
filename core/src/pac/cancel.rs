//! How a look-up that runs on another thread is ended: it asks now and then, and is woken where it
//! waits.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use winhttp_proto::error::Error;

use crate::engine::sleeper::Wake;

/// Ends one look-up; clones end the same one.
#[derive(Clone, Default)]
pub(crate) struct Cancel(Arc<State>);

#[derive(Default)]
struct State {
    cancelled: AtomicBool,
    /// What its threads wait with now.
    waiting: Mutex<Vec<Arc<dyn Wake>>>,
}

impl Cancel {
    /// Ends the look-up soon, from any thread.
    pub(crate) fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        let waiting = self.all_waiting().clone();
        for wake in waiting {
            wake.wake();
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// # Errors
    /// [`Error::OperationCancelled`].
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.is_cancelled() {
            Err(Error::OperationCancelled)
        } else {
            Ok(())
        }
    }

    /// Does what can be woken by `wake`, unless it is cancelled already.
    ///
    /// # Errors
    /// [`Error::OperationCancelled`], and what `wait` says.
    pub(crate) fn waiting<T, F: From<Error>>(
        &self,
        wake: Arc<dyn Wake>,
        wait: impl FnOnce() -> Result<T, F>,
    ) -> Result<T, F> {
        self.all_waiting().push(Arc::clone(&wake));
        // After that: whoever cancels from now on finds it.
        let result = self.check().map_err(F::from).and_then(|()| wait());
        let mut waiting = self.all_waiting();
        let place = waiting.iter().position(|other| Arc::ptr_eq(other, &wake));
        let ended = place.map(|place| waiting.swap_remove(place));
        drop(waiting);
        drop(ended);
        result
    }

    fn all_waiting(&self) -> MutexGuard<'_, Vec<Arc<dyn Wake>>> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancel").field(&self.is_cancelled()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(&self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// A script's thread waits for a name while a worker waits for the script.
    #[test]
    fn all_that_wait_are_woken_and_nobody_else() {
        let cancel = Cancel::default();
        let [outer, inner, gone] = std::array::from_fn(|_| Arc::<Counter>::default());
        let wake = |counter: &Arc<Counter>| -> Arc<dyn Wake> { Arc::<Counter>::clone(counter) };
        let ended = cancel.waiting(wake(&outer), || {
            cancel.waiting(wake(&gone), || Ok::<(), Error>(()))?;
            cancel.waiting(wake(&inner), || {
                cancel.cancel();
                cancel.check()
            })
        });
        assert_eq!(ended, Err(Error::OperationCancelled));
        let woken = [&outer, &inner, &gone].map(|counter| counter.0.load(Ordering::SeqCst));
        assert_eq!(woken, [1, 1, 0]);
        assert!(cancel.all_waiting().is_empty());
        let late = cancel.waiting(wake(&gone), || Ok::<(), Error>(()));
        assert_eq!(late, Err(Error::OperationCancelled));
    }
}
