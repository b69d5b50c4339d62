//! A wire in memory, for tests: one end is a layer, the other end is the test's.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use winhttp_proto::failure::{Failure, Result};

use super::{Flush, Interest, Read, Transport, Write};

/// Both ends of a wire; clones are the same wire.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// On its way to the layer above.
    arriving: VecDeque<u8>,
    /// Taken from the layer above.
    sent: Vec<u8>,
    /// Bytes that one read brings at the most.
    piece: usize,
    /// Bytes that are taken before writing blocks.
    room: usize,
    /// Behind what arrives comes the end of the stream.
    ended: bool,
    /// What reads and writes fail with.
    broken: Option<Failure>,
    /// The sending direction was ended.
    finished: bool,
    reads: usize,
}

impl Default for State {
    fn default() -> Self {
        Self {
            arriving: VecDeque::new(),
            sent: Vec::new(),
            piece: usize::MAX,
            room: usize::MAX,
            ended: false,
            broken: None,
            finished: false,
            reads: 0,
        }
    }
}

impl Wire {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Lets bytes arrive.
    pub(crate) fn bring(&self, bytes: &[u8]) {
        self.state().arriving.extend(bytes);
    }

    /// What was sent since the last time.
    pub(crate) fn take_sent(&self) -> Vec<u8> {
        std::mem::take(&mut self.state().sent)
    }

    /// Reads bring at most so many bytes from now on.
    pub(crate) fn set_piece(&self, bytes: usize) {
        self.state().piece = bytes;
    }

    /// So many bytes are taken before writing blocks.
    pub(crate) fn set_room(&self, bytes: usize) {
        self.state().room = bytes;
    }

    /// Ends the stream behind what arrives.
    pub(crate) fn end(&self) {
        self.state().ended = true;
    }

    /// Reads and writes fail from now on.
    pub(crate) fn break_with(&self, failure: Failure) {
        self.state().broken = Some(failure);
    }

    /// The sending direction was ended.
    pub(crate) fn is_finished(&self) -> bool {
        self.state().finished
    }

    /// How often it was read.
    pub(crate) fn reads(&self) -> usize {
        self.state().reads
    }
}

impl Transport for Wire {
    fn read(&mut self, buffer: &mut [u8], spill: &mut [u8]) -> Result<Read> {
        let mut state = self.state();
        state.reads += 1;
        if let Some(failure) = &state.broken {
            return Err(failure.clone());
        }
        let room = buffer.len() + spill.len();
        let count = room.min(state.piece).min(state.arriving.len());
        let places = buffer.iter_mut().chain(spill);
        for (place, byte) in places.zip(state.arriving.drain(..count)) {
            *place = byte;
        }
        Ok(match count {
            0 if state.ended => Read::End { orderly: true },
            0 => Read::Blocked,
            count => Read::Bytes {
                count,
                drained: state.arriving.is_empty() && count < room,
            },
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<Write> {
        let mut state = self.state();
        if let Some(failure) = &state.broken {
            return Err(failure.clone());
        }
        let count = bytes.len().min(state.room);
        state.room -= count;
        state.sent.extend(&bytes[..count]);
        Ok(match count {
            0 => Write::Blocked,
            count => Write::Taken(count),
        })
    }

    fn flush(&mut self) -> Result<Flush> {
        Ok(Flush::Complete)
    }

    fn finish(&mut self) {
        self.state().finished = true;
    }

    fn interest(&self) -> Interest {
        Interest::default()
    }
}
