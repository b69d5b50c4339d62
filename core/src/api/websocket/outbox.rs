//! The order of completions: delivered without the WebSocket's lock, yet in the order in which they happened.
//!
//! A program must be told of a cancelled receive before it is told that the close which cancelled it is complete, also
//! when two threads find these out. So completions are queued under the lock under which they happened, and one thread
//! at a time, the courier, delivers them.

use std::collections::VecDeque;
use std::thread::{self, ThreadId};

use super::io::Ended;
use crate::notify::Notification;

/// Completions on their way to the program; at most a few, as each operation has one.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Notification<'static>>,
    courier: Option<ThreadId>,
}

/// The right to deliver until [`Outbox::end`].
pub(super) struct Round {
    /// The thread was the courier already: the program called from inside a completion.
    nested: bool,
}

impl Outbox {
    /// Queues what has ended.
    pub(super) fn put(&mut self, ended: Ended) {
        for notification in ended {
            self.waiting.push_back(notification);
        }
    }

    /// Makes this thread the courier; `None` if nothing waits, or another thread will deliver it.
    pub(super) fn begin(&mut self) -> Option<Round> {
        if self.waiting.is_empty() {
            return None;
        }
        let me = thread::current().id();
        let nested = self.courier == Some(me);
        if self.courier.is_some() && !nested {
            return None;
        }
        self.courier = Some(me);
        Some(Round { nested })
    }

    /// The next to deliver.
    pub(super) fn next(&mut self) -> Option<Notification<'static>> {
        self.waiting.pop_front()
    }

    /// Ends a round, under the same hold of the lock under which nothing was left.
    pub(super) fn end(&mut self, round: &Round) {
        if !round.nested {
            self.courier = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(notifications: &[Notification<'static>]) -> Ended {
        let mut ended = Ended::default();
        for notification in notifications {
            ended.push(*notification);
        }
        ended
    }

    #[test]
    fn an_empty_outbox_needs_no_courier() {
        assert!(Outbox::default().begin().is_none());
    }

    #[test]
    fn what_others_queue_during_a_round_is_the_couriers() {
        let mut outbox = Outbox::default();
        outbox.put(ended(&[Notification::ShutdownComplete]));
        let round = outbox.begin().unwrap();
        assert_eq!(outbox.next(), Some(Notification::ShutdownComplete));
        thread::scope(|scope| {
            let other = scope.spawn(|| {
                outbox.put(ended(&[Notification::CloseComplete]));
                outbox.begin().is_none()
            });
            assert!(other.join().unwrap());
        });
        assert_eq!(outbox.next(), Some(Notification::CloseComplete));
        assert_eq!(outbox.next(), None);
        outbox.end(&round);
        outbox.put(ended(&[Notification::CloseComplete]));
        assert!(outbox.begin().is_some());
    }

    #[test]
    fn a_call_from_inside_a_completion_delivers_its_own_and_leaves_the_round_open() {
        let mut outbox = Outbox::default();
        outbox.put(ended(&[Notification::ShutdownComplete]));
        let _outer = outbox.begin().unwrap();
        assert!(outbox.next().is_some());
        outbox.put(ended(&[Notification::CloseComplete]));
        let inner = outbox.begin().unwrap();
        assert_eq!(outbox.next(), Some(Notification::CloseComplete));
        outbox.end(&inner);
        outbox.put(ended(&[Notification::CloseComplete]));
        let refused =
            thread::scope(|scope| scope.spawn(|| outbox.begin().is_none()).join().unwrap());
        assert!(refused, "the outer round goes on");
    }
}
