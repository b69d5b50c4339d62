//! How what a call or the poll has ended reaches the program: in which order, and on which thread.
//!
//! Completions are queued under the object's lock, in the order in which operations end, and delivered without it. A
//! program must be told of a cancelled receive before it is told that the close which cancelled it is complete, also
//! when two threads find these out.
//!
//! | ended by | delivered by |
//! |---|---|
//! | the poll | the callback thread |
//! | a call | the callback thread; inside the call with ASSURED_NON_BLOCKING_CALLBACKS |
//! | cancelling (CloseHandle, Close with a receive pending) | that call, before it returns, after what was queued before |
//!
//! Beyond three callbacks on one thread's stack it is the callback thread again, and from inside a callback of the
//! same handle a cancelled operation follows that callback.

use std::sync::Arc;

use callback_thread::{Appended, Hold};

use super::handle::Handle;
use super::job::Job;
use crate::embed::Embedder;
use crate::notify::Notification;

/// Completions on their way to the program; [`Completions::deliver`] must follow without the lock.
pub(super) struct Completions<'a, E: Embedder> {
    handle: &'a Arc<Handle<E>>,
    /// This thread delivers: until it is through, nobody else takes a notification of the handle.
    hold: Option<Hold<'a, Job<E>>>,
    /// Everything that ends is delivered here, not only what is cancelled.
    inline: bool,
    /// The program may free what its callbacks use once the call has returned: nothing is left to other calls.
    cancels: bool,
    queued: Option<Appended>,
    /// The part of it that is delivered here.
    here: Option<Appended>,
}

impl<'a, E: Embedder> Completions<'a, E> {
    /// None yet; the poll finds them.
    pub(super) fn of(handle: &'a Arc<Handle<E>>) -> Self {
        Self {
            handle,
            hold: None,
            inline: false,
            cancels: false,
            queued: None,
            here: None,
        }
    }

    /// None yet; a call ends operations.
    pub(super) fn of_call(handle: &'a Arc<Handle<E>>) -> Self {
        let hold = handle.hold_inline();
        Self {
            inline: hold.is_some(),
            hold,
            ..Self::of(handle)
        }
    }

    /// None yet; CloseHandle cancels operations.
    pub(super) fn of_cancel(handle: &'a Arc<Handle<E>>) -> Self {
        let mut cancelled = Self::of(handle);
        cancelled.cancelling();
        cancelled
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queued.is_none()
    }

    /// Queues one.
    pub(super) fn push(&mut self, notification: Notification<'static>) {
        let later = match &self.hold {
            Some(hold) if self.inline => self.handle.queue_here(hold, notification),
            _ => self.handle.queue(notification),
        };
        self.queued = Some(self.queued.map_or(later, |earlier| earlier.and(later)));
        if self.inline {
            self.here = self.queued;
        }
    }

    /// The call also cancels an operation.
    pub(super) fn cancelling(&mut self) {
        self.cancels = true;
        if self.hold.is_none() {
            self.hold = self.handle.hold_to_cancel();
        }
    }

    /// What is queued by now is delivered before the call returns.
    pub(super) fn before_return(&mut self) {
        self.here = Some(self.handle.queued());
    }

    /// Has them delivered; the lock is let go. Returns whether the last was delivered on this thread.
    pub(super) fn deliver(self) -> bool {
        match (self.hold, self.here, self.queued) {
            // What is left is scheduled when the hold ends.
            (Some(hold), Some(here), _) if self.cancels => hold.run_all(here),
            (Some(hold), Some(here), _) => hold.run(here),
            (None, _, Some(queued)) => {
                self.handle.settle(queued);
                false
            }
            (Some(_), None, _) | (None, _, None) => false,
        }
    }
}
