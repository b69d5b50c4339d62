//! A gate in a callback: the test waits until the program is inside, and decides when it may leave.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::PATIENCE;
use crate::recorder::{Event, Recorder};

#[derive(Debug, Default)]
struct State {
    /// Somebody is inside, or was.
    is_taken: bool,
    /// And has done what was to be done there.
    is_entered: bool,
    is_open: bool,
}

/// Holds the callback of one status. Opens when it is dropped, so that a test that fails does not
/// hang.
#[derive(Debug)]
pub struct Gate(Arc<(Mutex<State>, Condvar)>);

impl Gate {
    /// Holds whoever is told of `status` first; `then` runs inside the callback before it waits.
    #[must_use]
    pub fn at(
        recorder: &Recorder,
        status: u32,
        then: impl Fn(&Event) + Send + Sync + 'static,
    ) -> Self {
        let gate = Self(Arc::default());
        let inner = Arc::clone(&gate.0);
        recorder.on(status, move |event| {
            let (state, changed) = &*inner;
            let first = {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                !std::mem::replace(&mut state.is_taken, true)
            };
            if first {
                then(event);
                state
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .is_entered = true;
                changed.notify_all();
                wait(&inner, "the gate stayed closed", |state| state.is_open);
            }
        });
        gate
    }

    /// Returns once a callback is inside and `then` is done.
    pub fn wait_entered(&self) {
        wait(&self.0, "no callback came", |state| state.is_entered);
    }

    /// Lets the callback return.
    pub fn open(&self) {
        let (state, changed) = &*self.0;
        state.lock().unwrap_or_else(PoisonError::into_inner).is_open = true;
        changed.notify_all();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
    }
}

fn wait(inner: &(Mutex<State>, Condvar), failure: &str, reached: impl Fn(&State) -> bool) {
    let (state, changed) = inner;
    let state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let (_state, waited) = changed
        .wait_timeout_while(state, PATIENCE, |state| !reached(state))
        .unwrap_or_else(PoisonError::into_inner);
    assert!(!waited.timed_out(), "{failure}");
}
