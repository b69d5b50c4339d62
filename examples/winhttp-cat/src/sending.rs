//! What goes out: one message after another, then our close frame; one operation at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use crate::api::{self, HandleRef};
use crate::message::Queued;
use crate::observer::Event;

/// Our close frame.
#[derive(Debug)]
pub(crate) struct Closing {
    pub(crate) status: u16,
    pub(crate) reason: String,
}

/// One operation. Whoever carries it out shares its bytes, which do not change.
#[derive(Debug, Clone)]
pub(crate) enum Work {
    Message(Arc<Queued>),
    Close(Arc<Closing>),
}

/// The queue, and what of it is under way.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    waiting: VecDeque<Queued>,
    closing: Option<Closing>,
    /// Its bytes are lent to WinHTTP until it is over.
    under_way: Option<Work>,
}

impl Outbox {
    pub(crate) fn push(&mut self, message: Queued) {
        self.waiting.push_back(message);
    }

    /// Lets the close frame follow what waits.
    pub(crate) fn close(&mut self, closing: Closing) {
        self.closing = Some(closing);
    }

    /// What to start now: nothing while something is under way.
    pub(crate) fn next(&mut self) -> Option<Work> {
        if self.under_way.is_some() {
            return None;
        }
        let message = self.waiting.pop_front();
        self.under_way = match message {
            Some(message) => Some(Work::Message(Arc::new(message))),
            None => self.closing.take().map(|it| Work::Close(Arc::new(it))),
        };
        self.under_way.clone()
    }

    /// What was under way is over.
    pub(crate) fn done(&mut self) {
        self.under_way = None;
    }

    pub(crate) fn is_under_way(&self) -> bool {
        self.under_way.is_some()
    }

    /// Messages that are not sent yet.
    pub(crate) fn unsent(&self) -> usize {
        let under_way = matches!(self.under_way, Some(Work::Message(_)));
        self.waiting.len() + usize::from(under_way)
    }

    /// Gives back what is not under way.
    pub(crate) fn take_waiting(&mut self) -> VecDeque<Queued> {
        std::mem::take(&mut self.waiting)
    }
}

/// The thread that makes a synchronous session's calls, which block: ends with the first that
/// fails, or when there will be no more.
pub(crate) fn send_all(socket: HandleRef, work: &Receiver<Work>, events: &Sender<Event>) {
    for work in work {
        let (result, event) = match &work {
            Work::Message(queued) => {
                let message = &queued.message;
                // SAFETY: a synchronous send is over when it returns.
                let sent = unsafe { api::send(socket, message.binary, &message.data) };
                (sent, Event::Sent)
            }
            Work::Close(closing) => {
                // SAFETY: a synchronous shutdown is over when it returns.
                let closed = unsafe { api::shut_down(socket, closing.status, &closing.reason) };
                (closed, Event::ShutDown)
            }
        };
        let goes_on = result.is_ok();
        let event = result.map_or_else(Event::Failed, |()| event);
        if events.send(event).is_err() || !goes_on {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    fn message(data: &[u8]) -> Queued {
        Queued::from(Message {
            binary: false,
            data: data.to_vec(),
        })
    }

    #[test]
    fn one_after_another_and_the_close_frame_last() {
        let mut outbox = Outbox::default();
        assert!(outbox.next().is_none());
        outbox.push(message(b"one"));
        outbox.push(message(b"two"));
        outbox.close(Closing {
            status: 1000,
            reason: String::new(),
        });
        for text in [b"one", b"two"] {
            let Some(Work::Message(queued)) = outbox.next() else {
                panic!()
            };
            assert_eq!(queued.message.data, text);
            assert!(outbox.next().is_none(), "one at a time");
            outbox.done();
        }
        assert!(matches!(outbox.next(), Some(Work::Close(_))));
        outbox.done();
        assert!(outbox.next().is_none(), "closed once");
    }

    #[test]
    fn what_is_under_way_is_not_sent_yet() {
        let mut outbox = Outbox::default();
        outbox.push(message(b"one"));
        outbox.push(message(b"two"));
        outbox.next();
        assert_eq!(outbox.unsent(), 2);
        assert_eq!(outbox.take_waiting().len(), 1);
        assert_eq!(outbox.unsent(), 1);
        outbox.done();
        assert_eq!(outbox.unsent(), 0);
    }
}
