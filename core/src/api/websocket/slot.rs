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

    /// Ends the operation: keeps the result for a synchronous caller, else says so. Returns the operation.
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
