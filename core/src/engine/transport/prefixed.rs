//! Bytes that were read elsewhere come first, then those of the layer below.

use winhttp_proto::failure::Result;

use super::{Flush, Interest, Read, Transport, Write};
use crate::engine::buffers::Inbox;

/// A layer that gives back what was read ahead of it: whoever answers for a tunnel may have read into what goes through it.
#[derive(Debug)]
pub struct Prefixed {
    prefix: Inbox,
    below: Box<dyn Transport>,
}

impl Prefixed {
    /// `prefix` comes before whatever `below` brings.
    #[must_use]
    pub fn new(prefix: Inbox, below: Box<dyn Transport>) -> Self {
        Self { prefix, below }
    }
}

impl Transport for Prefixed {
    fn read(&mut self, buffer: &mut [u8], spill: &mut [u8]) -> Result<Read> {
        let waiting = self.prefix.data();
        if waiting.is_empty() {
            return self.below.read(buffer, spill);
        }
        let count = waiting.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), waiting.get(..count)) {
            to.copy_from_slice(from);
        }
        self.prefix.consume(count);
        Ok(Read::Bytes {
            count,
            drained: false,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<Write> {
        self.below.write(bytes)
    }

    fn flush(&mut self) -> Result<Flush> {
        self.below.flush()
    }

    fn finish(&mut self) {
        self.below.finish();
    }

    fn interest(&self) -> Interest {
        let below = self.below.interest();
        Interest {
            has_input: !self.prefix.is_empty() || below.has_input,
            ..below
        }
    }
}
