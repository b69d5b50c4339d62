//! What a callback thread waits in when another thread polls for it
//! (WINHTTP_SHIM_POLLING_CALLBACKS=0).

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Where the callback thread waits for its jobs; clones are the same place.
#[derive(Clone, Debug, Default)]
pub struct Parking(Arc<Place>);

#[derive(Debug, Default)]
struct Place {
    woken: Mutex<bool>,
    changed: Condvar,
}

impl Parking {
    fn woken(&self) -> MutexGuard<'_, bool> {
        self.0.woken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl callback_thread::Source for Parking {
    fn wait(&mut self, may_block: bool) {
        let mut woken = self.woken();
        while may_block && !*woken {
            woken = self
                .0
                .changed
                .wait(woken)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *woken = false;
    }
}

impl callback_thread::Wake for Parking {
    fn wake(&self) {
        *self.woken() = true;
        self.0.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use callback_thread::{Source, Wake};

    use super::*;

    #[test]
    fn a_wake_up_before_the_wait_is_not_lost_and_counts_once() {
        let mut parking = Parking::default();
        parking.wake();
        parking.wake();
        parking.wait(true);
        assert!(!*parking.woken());
    }

    #[test]
    fn a_turn_that_may_not_block_returns() {
        Parking::default().wait(false);
    }

    #[test]
    fn another_thread_ends_the_wait() {
        let mut parking = Parking::default();
        let waker = parking.clone();
        std::thread::scope(|scope| {
            scope.spawn(move || waker.wake());
            parking.wait(true);
        });
    }
}
