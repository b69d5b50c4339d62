//! A message, and a message that waits somewhere and takes room there.

use crate::room::Share;

/// Neither side makes this program keep more than this of one message.
pub(crate) const MESSAGE_LIMIT_BYTES: usize = 64 * 1024 * 1024;

/// One whole message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) binary: bool,
    pub(crate) data: Vec<u8>,
}

impl Message {
    /// `text` or `binary`.
    pub(crate) fn kind(&self) -> &'static str {
        if self.binary { "binary" } else { "text" }
    }
}

/// A message on its way through a queue.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) message: Message,
    /// What it takes of the queue's room; nothing if it was there before there was a queue.
    _share: Option<Share>,
}

impl Queued {
    pub(crate) fn new(message: Message, share: Share) -> Self {
        Self {
            message,
            _share: Some(share),
        }
    }
}

impl From<Message> for Queued {
    fn from(message: Message) -> Self {
        Self {
            message,
            _share: None,
        }
    }
}
