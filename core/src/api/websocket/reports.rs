//! Where the ends of operations go: to the program, or to a test.

use winhttp_proto::embed::Embedder;
use winhttp_proto::notify::Notification;

use crate::api::completions::Completions;

/// Takes the notifications of what has ended, in that order.
pub(super) trait Reports {
    fn push(&mut self, notification: Notification);
}

impl<E: Embedder> Reports for Completions<'_, E> {
    fn push(&mut self, notification: Notification) {
        Completions::push(self, notification);
    }
}
