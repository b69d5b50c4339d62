//! The order of completions: queued under the WebSocket's lock, in which they happen, and delivered without it.
//!
//! A program must be told of a cancelled receive before it is told that the close which cancelled it is complete, also
//! when two threads find these out.

use std::sync::Arc;

use callback_thread::Appended;

use crate::api::handle::Handle;
use crate::embed::Embedder;
use crate::notify::Notification;

/// Completions on their way to the program; [`Completions::deliver`] must follow without the lock.
pub(super) struct Completions<'a, E: Embedder> {
    handle: &'a Arc<Handle<E>>,
    queued: Option<Appended>,
}

impl<'a, E: Embedder> Completions<'a, E> {
    /// None yet.
    pub(super) fn of(handle: &'a Arc<Handle<E>>) -> Self {
        Self {
            handle,
            queued: None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queued.is_none()
    }

    /// Queues one.
    pub(super) fn push(&mut self, notification: Notification<'static>) {
        let later = self.handle.queue(notification);
        self.queued = match self.queued.take() {
            Some(earlier) => Some(earlier.and(later)),
            None => Some(later),
        };
    }

    /// Has them delivered; the lock is let go.
    pub(super) fn deliver(self) {
        if let Some(queued) = self.queued {
            self.handle.deliver(queued);
        }
    }
}
