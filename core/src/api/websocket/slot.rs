//! The place of one pending operation: what it is, who waits for it, how it ended.

use std::sync::Arc;
use std::time::Instant;

use winhttp_proto::embed::Embedder;
use winhttp_proto::failure::Result;
use winhttp_proto::notify::BufferKind;

use crate::engine::channel::Outgoing;
use crate::engine::sleeper::Wake;

/// One side's operation.
pub(super) enum Slot<Op, T> {
    /// None is pending.
    Free,
    /// Waits for the connection.
    Waiting(Op, Caller),
    /// Has ended; its synchronous caller has not looked yet.
    Ended(Result<T>),
}

/// How an operation reports its completion.
pub(super) enum Caller {
    /// By a notification.
    Callback,
    /// The thread inside the call looks itself, and is woken if it sleeps.
    Thread(Option<Arc<dyn Wake>>),
}

/// WinHttpWebSocketReceive.
pub(super) struct Receive<E: Embedder> {
    pub(super) buffer: E::ReadBuffer,
    pub(super) filled: usize,
}

/// WinHttpWebSocketSend or WinHttpWebSocketShutdown.
pub(super) enum Send<E: Embedder> {
    Data {
        frame: Outgoing,
        data: E::WriteBuffer,
        kind: BufferKind,
        /// Since when the socket takes nothing, if it was full.
        stall: Option<Stall>,
    },
    Shutdown,
}

/// The socket takes nothing.
pub(super) struct Stall {
    /// What it had taken before.
    pub(super) sent: u64,
    /// When the send fails, if it still has taken no more.
    pub(super) ends_at: Option<Instant>,
}

/// WinHttpWebSocketClose.
pub(super) struct Close {
    pub(super) deadline: Option<Instant>,
}

impl<Op, T> Slot<Op, T> {
    pub(super) fn is_free(&self) -> bool {
        matches!(self, Self::Free)
    }

    pub(super) fn is_waiting(&self) -> bool {
        matches!(self, Self::Waiting(..))
    }

    /// The result for the synchronous caller, once.
    pub(super) fn take_result(&mut self) -> Option<Result<T>> {
        if !matches!(self, Self::Ended(_)) {
            return None;
        }
        match std::mem::replace(self, Self::Free) {
            Self::Ended(result) => Some(result),
            Self::Free | Self::Waiting(..) => None,
        }
    }

    /// Whom to wake when the operation ends: its synchronous caller while that sleeps.
    pub(super) fn set_waker(&mut self, waker: Option<Arc<dyn Wake>>) {
        if let Self::Waiting(_, Caller::Thread(slot)) = self {
            *slot = waker;
        }
    }

    /// Ends the operation: keeps the result for a synchronous caller, else says so. Returns the
    /// operation.
    pub(super) fn end(&mut self, result: Result<T>) -> Option<(Op, Option<Result<T>>)> {
        if !self.is_waiting() {
            return None;
        }
        match std::mem::replace(self, Self::Free) {
            Self::Waiting(op, Caller::Thread(waker)) => {
                *self = Self::Ended(result);
                if let Some(waker) = waker {
                    waker.wake();
                }
                Some((op, None))
            }
            Self::Waiting(op, Caller::Callback) => Some((op, Some(result))),
            Self::Free | Self::Ended(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use winhttp_proto::error::Error;

    use super::*;

    #[derive(Debug, Default)]
    struct Sleeper(AtomicUsize);

    impl Wake for Sleeper {
        fn wake(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_a_callback_reports_leaves_the_slot_free() {
        let mut slot = Slot::Waiting('o', Caller::Callback);
        assert!(slot.is_waiting() && !slot.is_free());
        assert_eq!(slot.end(Ok(7)), Some(('o', Some(Ok(7)))));
        assert!(slot.is_free());
        assert_eq!(slot.end(Ok(8)), None, "an operation ends once");
        assert_eq!(slot.take_result(), None);
    }

    #[test]
    fn what_a_thread_waits_for_is_kept_until_it_looks() {
        let mut slot = Slot::Waiting('o', Caller::Thread(None));
        assert_eq!(slot.take_result(), None);
        let failure = Error::Timeout.into();
        assert_eq!(slot.end(Err(failure)), Some(('o', None)));
        assert_eq!(slot.end(Ok(8)), None);
        assert!(!slot.is_free(), "the next operation must wait");
        assert_eq!(slot.take_result(), Some(Err(Error::Timeout.into())));
        assert!(slot.is_free());
        assert_eq!(slot.take_result(), None);
    }

    #[test]
    fn a_thread_is_woken_only_while_it_sleeps() {
        let sleeper = Arc::new(Sleeper::default());
        for (sleeps, woken) in [(true, 1), (false, 1)] {
            let mut slot = Slot::Waiting('o', Caller::Thread(None));
            slot.set_waker(Some(Arc::clone(&sleeper) as Arc<dyn Wake>));
            if !sleeps {
                slot.set_waker(None);
            }
            slot.end(Ok(7));
            assert_eq!(sleeper.0.load(Ordering::Relaxed), woken);
        }
    }
}
