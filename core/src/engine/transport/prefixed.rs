//! Bytes that were read elsewhere come first, then those of the layer below.

use winhttp_proto::failure::Result;

use super::{Flush, Interest, Read, Transport, Write};
use crate::engine::buffers::Inbox;

/// A layer that gives back what was read ahead of it: whoever answers for a tunnel may have read
/// into what goes through it.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::transport::memory::Wire;

    #[test]
    fn the_prefix_comes_first_then_the_layer_below() {
        let (wire, mut prefix) = (Wire::default(), Inbox::default());
        assert!(prefix.append(b"before", usize::MAX));
        let mut layer = Prefixed::new(prefix, Box::new(wire.clone()));
        wire.bring(b"behind");
        let (mut buffer, mut spill) = ([0; 4], [0; 100]);
        for expected in [&b"befo"[..], b"re"] {
            assert!(layer.interest().has_input);
            let read = layer.read(&mut buffer, &mut spill);
            let count = expected.len();
            let drained = false;
            assert_eq!(read, Ok(Read::Bytes { count, drained }));
            assert_eq!(&buffer[..count], expected);
        }
        assert!(!layer.interest().has_input);
        assert_eq!(wire.reads(), 0);
        let whole = Read::Bytes {
            count: 6,
            drained: true,
        };
        assert_eq!(layer.read(&mut buffer, &mut spill), Ok(whole));
        assert_eq!((&buffer, &spill[..2]), (b"behi", &b"nd"[..]));
        assert_eq!(layer.read(&mut buffer, &mut spill), Ok(Read::Blocked));
    }

    #[test]
    fn what_is_sent_passes_through() {
        let wire = Wire::default();
        let mut layer = Prefixed::new(Inbox::default(), Box::new(wire.clone()));
        wire.set_room(3);
        assert_eq!(layer.write(b"hello"), Ok(Write::Taken(3)));
        assert_eq!(layer.write(b"lo"), Ok(Write::Blocked));
        assert_eq!(layer.flush(), Ok(Flush::Complete));
        assert_eq!(wire.take_sent(), b"hel");
        layer.finish();
        assert!(wire.is_finished());
    }
}
