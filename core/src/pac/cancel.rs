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
    /// Ends what the look-up waits for now.
    wake: Mutex<Option<Arc<dyn Wake>>>,
}

impl Cancel {
    /// Ends the look-up soon, from any thread.
    pub(crate) fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        let wake = self.wake().clone();
        if let Some(wake) = wake {
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
        *self.wake() = Some(wake);
        // After that: whoever cancels from now on finds it.
        let result = self.check().map_err(F::from).and_then(|()| wait());
        *self.wake() = None;
        result
    }

    fn wake(&self) -> MutexGuard<'_, Option<Arc<dyn Wake>>> {
        self.0.wake.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancel").field(&self.is_cancelled()).finish()
    }
}
