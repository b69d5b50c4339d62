//! How much may wait in memory: whoever brings a message takes room for it and waits while there is
//! none.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Counted for every message beside its bytes: many empty messages take memory too.
const OVERHEAD_BYTES: usize = 128;

/// Room for a number of bytes.
#[derive(Debug)]
pub(crate) struct Room {
    limit_bytes: usize,
    taken_bytes: Mutex<usize>,
    given_back: Condvar,
}

/// Room that was taken; it is given back when this goes.
#[derive(Debug)]
pub(crate) struct Share {
    room: Arc<Room>,
    bytes: usize,
}

impl Room {
    pub(crate) fn new(limit_bytes: usize) -> Arc<Self> {
        Arc::new(Self {
            limit_bytes,
            taken_bytes: Mutex::new(0),
            given_back: Condvar::new(),
        })
    }

    /// Takes room for a message, and waits until there is some. One message always fits: it is in
    /// memory already.
    pub(crate) fn take(self: &Arc<Self>, length: usize) -> Share {
        let bytes = length.saturating_add(OVERHEAD_BYTES);
        let taken = self
            .taken_bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut taken = self
            .given_back
            .wait_while(taken, |taken| {
                *taken > 0 && taken.saturating_add(bytes) > self.limit_bytes
            })
            .unwrap_or_else(PoisonError::into_inner);
        *taken = taken.saturating_add(bytes);
        Share {
            room: Arc::clone(self),
            bytes,
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let room = &self.room;
        let mut taken = room
            .taken_bytes
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *taken = taken.saturating_sub(self.bytes);
        room.given_back.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn who_finds_no_room_waits_until_some_is_given_back() {
        let room = Room::new(1000 + OVERHEAD_BYTES);
        let first = room.take(1000);
        let (sender, receiver) = mpsc::channel();
        let other = Arc::clone(&room);
        let thread = std::thread::spawn(move || {
            let second = other.take(1);
            sender.send(()).unwrap();
            drop(second);
        });
        assert!(receiver.try_recv().is_err());
        drop(first);
        receiver.recv().unwrap();
        thread.join().unwrap();
        assert_eq!(*room.taken_bytes.lock().unwrap(), 0);
    }

    #[test]
    fn a_message_larger_than_all_room_fits_alone() {
        let room = Room::new(10);
        drop(room.take(1_000_000));
        drop(room.take(0));
        drop(room.take(usize::MAX));
    }
}
