//! A synchronous receive that must wait: the calling thread reads the socket itself, without the
//! connection's lock, in one system call.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use winhttp_proto::failure::Result;

use super::Channel;
use crate::engine::buffers::Inbox;
use crate::engine::socket::{Socket, is_would_block};
use crate::engine::switches::Spin;
use crate::engine::transport::socket_failure;

/// How long one read may wait in the kernel, where no other thread can wake it; then the thread
/// waits in a way that can be ended. Deadlines and cancellations are late by so much at the most.
pub const PATIENCE: Duration = Duration::from_millis(20);

/// The sole right to read a connection's socket; whoever has it reads without the connection's
/// lock.
#[derive(Debug)]
pub struct LentReader {
    socket: Arc<Socket>,
    input: Inbox,
    /// Bytes to read at the most.
    limit: usize,
    drained: bool,
}

impl LentReader {
    /// Waits for bytes, at most for [`PATIENCE`]: looks for a while where that pays, then sleeps.
    ///
    /// # Errors
    /// `WouldBlock` if nothing came; otherwise the connection's failure.
    pub fn read(&mut self, spin: &mut Spin) -> io::Result<usize> {
        let space = self.input.space();
        let length = space.len().min(self.limit);
        let mut space = space.get_mut(..length).unwrap_or_default();
        let socket = &self.socket;
        let result = spin.wait(
            &mut space,
            |space| match socket.receive(space) {
                Err(error) if is_would_block(&error) => None,
                result => Some(result),
            },
            |space| socket.receive_patiently(space, PATIENCE),
        );
        let count = *result.as_ref().unwrap_or(&0);
        self.drained = count < length;
        self.input.filled(count);
        result
    }
}

impl Channel {
    /// Lends the right to read, unless something else must happen first; [`Channel::take_back`]
    /// must follow.
    pub fn lend(&mut self) -> Option<LentReader> {
        let busy = self.readiness.is_lent()
            || self.readiness.is_unfinished()
            || !self.life.can_receive()
            || self.life.peer_close().is_some()
            || self.wants_write()
            || !self.inbox.is_empty()
            || self.stack.holds_input()
            || self.reads_directly();
        if busy {
            return None;
        }
        let socket = Arc::clone(self.stack.socket()?);
        self.readiness.lend();
        Some(LentReader {
            socket,
            input: Inbox::default(),
            limit: self.input_limit(),
            drained: false,
        })
    }

    /// Takes the right to read back, with what the read brought; `true` if that is anything at all.
    ///
    /// # Errors
    /// The connection's failure.
    pub fn take_back(&mut self, reader: LentReader, result: &io::Result<usize>) -> Result<bool> {
        let short_read = reader.drained || result.is_err();
        self.readiness.take_back(short_read);
        // Of a connection that failed meanwhile nothing is kept.
        self.life.check_receiving()?;
        match result {
            Ok(0) => Err(self.end_of_stream()),
            Ok(_) => {
                if let Some(input) = self.stack.accept(reader.input) {
                    self.inbox = input;
                }
                Ok(true)
            }
            Err(error) if is_would_block(error) => Ok(false),
            Err(error) => Err(self.cannot_read(socket_failure(error))),
        }
    }
}
