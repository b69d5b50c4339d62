//! Pooled memory for bytes that arrive: a connection owns a buffer only while bytes wait in it.

use std::cell::Cell;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use winhttp_process::PerProcess;
use winhttp_proto::websocket::MAX_HEADER_BYTES;

/// Size of a pooled buffer: one read of many small messages, and the spill behind a large one.
pub const BUFFER_BYTES: usize = 64 * 1024;
/// A large message is masked and written in pieces of 256 KiB (smaller ones cost system calls,
/// larger ones leave the cache), each with room for its frame's header, so that header and payload
/// leave together.
pub const PIECE_BYTES: usize = 256 * 1024 + MAX_HEADER_BYTES;

/// What sealing adds to a piece, and more: 40 bytes at the most for each TLS record of 16 KiB.
pub const SEALING_BYTES: usize = 4096;

/// Size of a thread's scratch buffer: a piece, sealed.
pub const SCRATCH_BYTES: usize = PIECE_BYTES + SEALING_BYTES;

/// Scratch buffers that the process keeps: a piece is masked in one and sealed in the other. Nobody
/// waits with one, so few are in use at a time, however many threads there are.
const SCRATCH_KEPT: usize = 4;

/// Buffers that the process keeps beside one for each thread: TLS takes a second one for a moment,
/// and gathered sends do.
const SPARE_KEPT: usize = 8;

thread_local! {
    /// The one buffer a thread keeps: an idle thread should cost little.
    static OWN: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

static SPARE: PerProcess<Mutex<Vec<Box<[u8]>>>> = PerProcess::new(Mutex::default);
static SCRATCH: PerProcess<Mutex<Vec<Box<[u8]>>>> = PerProcess::new(Mutex::default);

fn spare() -> MutexGuard<'static, Vec<Box<[u8]>>> {
    let spare = SPARE.get().lock();
    spare.unwrap_or_else(PoisonError::into_inner)
}

fn scratch() -> MutexGuard<'static, Vec<Box<[u8]>>> {
    let scratch = SCRATCH.get().lock();
    scratch.unwrap_or_else(PoisonError::into_inner)
}

/// The calling thread's own buffer; while a thread ends it may have none any more.
fn take_own() -> Option<Box<[u8]>> {
    OWN.try_with(Cell::take).ok().flatten()
}

fn take() -> Box<[u8]> {
    take_own()
        .or_else(|| spare().pop())
        .unwrap_or_else(|| vec![0; BUFFER_BYTES].into_boxed_slice())
}

fn give_back(buffer: Box<[u8]>) {
    if buffer.len() != BUFFER_BYTES {
        return;
    }
    let before = OWN.try_with(|own| own.replace(Some(buffer))).ok().flatten();
    if let Some(before) = before {
        let mut spare = spare();
        if spare.len() < SPARE_KEPT {
            spare.push(before);
        }
    }
}

/// Memory whose size a peer decides; `None` if there is none.
fn zeroed(bytes: usize) -> Option<Box<[u8]>> {
    let mut memory = Vec::new();
    memory.try_reserve_exact(bytes).ok()?;
    memory.resize(bytes, 0);
    Some(memory.into_boxed_slice())
}

/// Bytes received and not consumed yet.
#[derive(Default)]
pub struct Inbox {
    buffer: Option<Box<[u8]>>,
    start: usize,
    end: usize,
}

impl Inbox {
    /// The bytes that wait.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        self.buffer
            .as_deref()
            .and_then(|bytes| bytes.get(self.start..self.end))
            .unwrap_or_default()
    }

    /// The bytes that wait, to be worked on where they lie.
    pub fn data_mut(&mut self) -> &mut [u8] {
        self.buffer
            .as_deref_mut()
            .and_then(|bytes| bytes.get_mut(self.start..self.end))
            .unwrap_or_default()
    }

    /// Memory is held, whether or not anything waits in it.
    #[cfg(test)]
    pub(crate) fn owns_buffer(&self) -> bool {
        self.buffer.is_some()
    }

    /// Nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Drops the first `count` bytes; an empty inbox gives its buffer back.
    pub fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
        if self.is_empty() {
            self.release();
        }
    }

    /// Room for more bytes behind those that wait; empty when the buffer is full.
    pub fn space(&mut self) -> &mut [u8] {
        let buffer = self.buffer.get_or_insert_with(take);
        if self.start > 0 {
            buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        buffer.get_mut(self.end..).unwrap_or_default()
    }

    /// As [`Inbox::space`], but a full buffer grows as long as less than `limit` bytes wait, and
    /// there is memory.
    pub fn space_up_to(&mut self, limit: usize) -> &mut [u8] {
        if self.space().is_empty() && self.data().len() < limit {
            let Some(mut larger) = zeroed(limit.min(self.data().len() * 2)) else {
                return &mut [];
            };
            if let (Some(front), waiting) = (larger.get_mut(..self.end), self.data()) {
                front.copy_from_slice(waiting);
            }
            self.buffer = Some(larger);
        }
        self.space()
    }

    /// Puts `bytes` behind those that wait; `false`, and nothing is kept, if more than `limit`
    /// would wait then.
    #[must_use]
    pub fn append(&mut self, mut bytes: &[u8], limit: usize) -> bool {
        if self.data().len() + bytes.len() > limit {
            return false;
        }
        while !bytes.is_empty() {
            let space = self.space_up_to(limit);
            let count = space.len().min(bytes.len());
            let (now, later) = bytes.split_at(count);
            match space.get_mut(..count) {
                Some(space) if count > 0 => space.copy_from_slice(now),
                _ => return false,
            }
            self.filled(count);
            bytes = later;
        }
        true
    }

    /// Counts `count` bytes written to the front of [`Inbox::space`].
    pub fn filled(&mut self, count: usize) {
        let capacity = self.buffer.as_ref().map_or(0, |buffer| buffer.len());
        self.end = (self.end + count).min(capacity);
        if self.is_empty() {
            self.release();
        }
    }

    /// Gives the buffer back if nothing waits in it.
    pub fn release(&mut self) {
        if self.is_empty() {
            self.start = 0;
            self.end = 0;
            if let Some(buffer) = self.buffer.take() {
                give_back(buffer);
            }
        }
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.start = self.end;
        self.release();
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox")
            .field("bytes", &(self.end - self.start))
            .finish()
    }
}

/// Runs `work` with a scratch buffer of at least so many bytes, up to [`SCRATCH_BYTES`]; its
/// content is arbitrary.
pub fn with_scratch<R>(bytes: usize, work: impl FnOnce(&mut [u8]) -> R) -> R {
    // Taken out while in use, so that nested use gets a buffer of its own.
    if bytes <= BUFFER_BYTES {
        let mut small = take();
        let result = work(&mut small);
        give_back(small);
        return result;
    }
    let kept = scratch().pop();
    let mut piece = kept.unwrap_or_else(|| vec![0; SCRATCH_BYTES].into_boxed_slice());
    let result = work(&mut piece);
    let mut scratch = scratch();
    if scratch.len() < SCRATCH_KEPT {
        scratch.push(piece);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_inbox_owns_no_buffer() {
        let mut inbox = Inbox::default();
        inbox.space()[..5].copy_from_slice(b"hello");
        inbox.filled(5);
        assert_eq!(inbox.data(), b"hello");
        inbox.consume(2);
        assert_eq!(inbox.data(), b"llo");
        inbox.consume(3);
        assert!(inbox.buffer.is_none());
    }

    #[test]
    fn a_full_inbox_grows_to_its_limit_and_no_further() {
        let mut inbox = Inbox::default();
        let limit = BUFFER_BYTES * 3;
        while !inbox.space_up_to(limit).is_empty() {
            let room = inbox.space_up_to(limit).len();
            inbox.space_up_to(limit).fill(7);
            inbox.filled(room);
        }
        assert_eq!(inbox.data().len(), limit);
        assert!(inbox.data().iter().all(|byte| *byte == 7));
    }

    #[test]
    fn room_is_made_by_moving_what_waits_to_the_front() {
        let mut inbox = Inbox::default();
        let room = inbox.space().len();
        inbox.filled(room);
        assert!(inbox.space().is_empty());
        inbox.consume(room - 3);
        assert_eq!(inbox.space().len(), room - 3);
        assert_eq!(inbox.data().len(), 3);
    }
}
