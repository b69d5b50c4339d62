//! How the end of an operation is reported to the program: in which order, and on which thread.
//!
//! Completions are queued under the object's lock, in the order in which operations end, and
//! delivered after it was released. The end of a request's step needs no queue: that runs on the
//! handle's lane already. A program must see the completion of a cancelled receive before that of
//! the close which cancelled it, also when two threads find these out.
//!
//! | ended by | delivered by |
//! |---|---|
//! | the poll | the callback thread |
//! | a call | the callback thread; inside the call with ASSURED_NON_BLOCKING_CALLBACKS |
//! | cancelling (CloseHandle, Close with a receive pending) | that call, before it returns, after what was queued before |
//!
//! Beyond three callbacks on one thread's stack it is the callback thread again, and from inside a
//! callback of the same handle a cancelled operation follows that callback.

use std::sync::Arc;

use callback_thread::{Appended, Hold};
use winhttp_proto::embed::Embedder;
use winhttp_proto::notify::Notification;

use super::handle::{Handle, HandleJob};

/// Completions on their way to the program; [`Completions::deliver`] must follow after the lock was
/// released. If a panic prevents that, the callback thread delivers them.
pub(super) struct Completions<'a, E: Embedder> {
    handle: &'a Arc<Handle<E>>,
    /// This thread delivers: until it has finished, no other thread delivers a notification of the
    /// handle.
    hold: Option<Hold<'a, HandleJob<E>>>,
    /// Everything that ends is delivered here, not only what is cancelled.
    inline: bool,
    /// The program may free what its callbacks use once the call has returned: nothing is left to
    /// other calls.
    cancels: bool,
    queued: Option<Appended>,
    /// The part of it that is delivered here.
    here: Option<Appended>,
}

impl<'a, E: Embedder> Completions<'a, E> {
    /// For operations that the poll ends; none yet.
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

    /// For operations that a call ends; none yet.
    pub(super) fn of_call(handle: &'a Arc<Handle<E>>) -> Self {
        let hold = handle.hold_inline();
        Self {
            inline: hold.is_some(),
            hold,
            ..Self::of(handle)
        }
    }

    /// For operations that CloseHandle cancels; none yet.
    pub(super) fn of_cancel(handle: &'a Arc<Handle<E>>) -> Self {
        let mut cancelled = Self::of(handle);
        cancelled.cancelling();
        cancelled
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queued.is_none()
    }

    /// Queues one.
    pub(super) fn push(&mut self, notification: Notification) {
        let later = match &self.hold {
            Some(hold) if self.inline => self.handle.queue_here(hold, notification),
            _ => self.handle.queue(notification),
        };
        self.queued = Some(self.queued.map_or(later, |earlier| earlier.and(later)));
        if self.inline {
            self.here = self.queued;
        }
    }

    /// The call also cancels an operation; to be said before the first completion is queued.
    pub(super) fn cancelling(&mut self) {
        debug_assert!(self.is_empty());
        self.cancels = true;
        if self.hold.is_none() {
            self.hold = self.handle.hold_to_cancel();
        }
    }

    /// What is queued by now is delivered before the call returns.
    pub(super) fn before_return(&mut self) {
        self.here = Some(self.handle.queued());
    }

    /// Has them delivered; the object's lock must not be held. Returns whether the last was
    /// delivered on this thread.
    pub(super) fn deliver(mut self) -> bool {
        // What is left is scheduled when the hold ends, or else when this is dropped.
        match (&self.hold, self.here.take()) {
            (Some(hold), Some(here)) if self.cancels => hold.run_all(here),
            (Some(hold), Some(here)) => hold.run(here),
            (Some(_) | None, _) => false,
        }
    }
}

impl<E: Embedder> Drop for Completions<'_, E> {
    fn drop(&mut self) {
        if self.hold.is_none()
            && let Some(queued) = self.queued.take()
        {
            self.handle.settle(queued);
        }
    }
}
