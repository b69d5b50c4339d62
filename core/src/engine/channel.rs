//! A WebSocket over a transport: moves frames between the wire and the caller's memory without ever blocking.

mod gather;
mod incoming;
mod lent;
mod outgoing;
mod reasons;

use std::fmt;
use std::sync::Arc;

use gather::Gathered;

pub use gather::stop_gathering;
pub use incoming::Received;
pub use lent::{LentReader, PATIENCE};
pub use outgoing::Outgoing;

use super::buffers::{BUFFER_BYTES, Inbox, with_scratch};
use super::socket::Socket;
use super::transport::{Read, Stack};
use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Result};
use winhttp_proto::websocket::{
    CloseFrame, ControlFrame, MessageKind, ProtocolError, Receiver, Role, SendError, Sender,
};

/// Reads that may discard what the peer sent behind our close frame.
const DRAIN_READS_MAX: usize = 16;

/// The protocol state of one WebSocket and the layers below it.
pub struct Channel {
    stack: Stack,
    inbox: Inbox,
    receiver: Receiver,
    sender: Sender,
    controls: Controls,
    gathered: Gathered,
    /// A message that ended without payload while nobody received: what the next receive is told.
    message_end: Option<MessageKind>,
    /// The peer's close frame, once it has arrived.
    peer_close: Option<Box<CloseFrame>>,
    /// What the peer broke while nobody received. It counts from the next receive or close on: until then the program
    /// may answer what came before it.
    held_back: Option<ProtocolError>,
    /// The failure that ended sending alone: what was received by then is still delivered.
    send_failed: Option<Failure>,
    /// The failure that ended the connection; reported by every later operation.
    failed: Option<Failure>,
    /// Bytes read ahead at the most (WEB_SOCKET_RECEIVE_BUFFER_SIZE).
    read_ahead: usize,
    readiness: Readiness,
    /// The last payload was read straight into the caller's memory.
    large: bool,
    /// A thread reads the socket without the lock; nobody else may.
    lent: bool,
    /// The last receive stopped to give others a turn: it must be tried again without being asked.
    has_more: bool,
}

/// Whether trying to read is worth a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Always: the end of the stream was announced.
    Unknown,
    /// The poll said so, or nothing was tried yet.
    Ready,
    /// The last read took all there was; the poll will tell, or the caller waits and tells.
    Drained,
}

/// Control frames on their way out. At most one of each kind waits, so a flood of pings costs nothing; boxed, as they are
/// rare and an idle connection should be small.
#[derive(Debug, Default)]
struct Controls {
    /// A frame that is partly written: it must be finished before anything else.
    current: Option<(Box<ControlFrame>, usize)>,
    /// The answer to the newest ping (RFC 6455 §5.5.3 allows to skip older ones), or a keep-alive.
    pong: Option<Box<ControlFrame>>,
    close: Option<Box<ControlFrame>>,
    /// A data frame is partly written: nothing may come between.
    inside_frame: bool,
}

impl Channel {
    /// Takes over an upgraded connection and the bytes that came behind the handshake.
    #[must_use]
    pub fn new(stack: Stack, inbox: Inbox, read_ahead: usize) -> Self {
        Self {
            stack,
            inbox,
            receiver: Receiver::new(Role::Client),
            sender: Sender::new(Role::Client),
            controls: Controls::default(),
            gathered: Gathered::default(),
            message_end: None,
            peer_close: None,
            held_back: None,
            send_failed: None,
            failed: None,
            read_ahead: read_ahead.max(1),
            readiness: Readiness::Ready,
            large: false,
            lent: false,
            has_more: false,
        }
    }

    /// Receiving must be tried again soon although the socket will not report anything new.
    #[must_use]
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// Whoever receives stops for now, to give others a turn.
    pub fn come_back(&mut self) {
        self.has_more = true;
    }

    /// The poll reported the socket: reading is worth a try again.
    ///
    /// When the stream has ended, that may have been reported together with its last bytes: a short read proves nothing
    /// any more.
    pub fn note_ready(&mut self, stream_ended: bool) {
        if stream_ended {
            self.readiness = Readiness::Unknown;
        } else if self.readiness == Readiness::Drained {
            self.readiness = Readiness::Ready;
        }
    }

    /// The peer's close frame, once it has arrived.
    #[must_use]
    pub fn peer_close(&self) -> Option<&CloseFrame> {
        self.peer_close.as_deref()
    }

    /// Why nothing works any more, if that is so; what was received before has been delivered.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        self.failed.as_ref()
    }

    /// Why nothing can be sent any more, if that is so.
    #[must_use]
    pub fn send_failure(&self) -> Option<&Failure> {
        self.send_failed.as_ref().or(self.failed.as_ref())
    }

    /// Whether a piece of this kind may be sent now.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] if a message of the other kind is open, [`Error::InvalidOperation`] after the
    /// close frame.
    pub fn can_send(&self, kind: MessageKind) -> Result<(), Error> {
        self.sender.can_send(kind).map_err(send_error)
    }

    /// Our close frame is sent or waits to be sent.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.sender.is_closed()
    }

    /// Everything that was queued has reached the system.
    #[must_use]
    pub fn is_flushed(&self) -> bool {
        !self.has_controls() && self.gathered.is_empty() && !self.stack.interest().has_output
    }

    /// Bytes were received that nobody has asked for yet.
    #[must_use]
    pub fn holds_input(&self) -> bool {
        !self.inbox.is_empty() || self.stack.interest().has_input
    }

    /// Control frames wait to be written.
    fn has_controls(&self) -> bool {
        let Controls {
            current,
            pong,
            close,
            ..
        } = &self.controls;
        current.is_some() || pong.is_some() || close.is_some()
    }

    /// Something waits to be written, and still can be.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        self.send_failed.is_none() && !self.is_flushed()
    }

    /// Bytes that the socket has taken so far.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.stack.carried().sent
    }

    /// Ends the sending direction of the transport.
    pub fn finish_sending(&mut self) {
        self.stack.finish();
    }

    /// The socket at the bottom, if the connection has one of its own.
    #[must_use]
    pub fn socket(&self) -> Option<&Arc<Socket>> {
        self.stack.socket()
    }

    /// TLS is between it and the socket.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.stack.tls().is_some()
    }

    /// The connection is of no more use for a reason outside the protocol.
    pub fn abandon(&mut self, error: Error) {
        let _: Result<()> = self.fail(error.into());
    }

    /// Nothing can be sent any more. What has arrived by now is still delivered, then this error; the first one counts.
    pub fn fail_sending(&mut self, failure: Failure) -> Failure {
        self.gathered = Gathered::default();
        self.controls = Controls::default();
        // Only the socket itself can tell what has arrived: nothing new need be reported of a connection that is gone.
        self.readiness = Readiness::Unknown;
        self.send_failed.get_or_insert(failure).clone()
    }

    /// Drops the connection; after a closing handshake in a way that does not destroy our close frame on its way.
    pub fn release(mut self) {
        if self.lent {
            // Whoever reads is to come back at once.
            if let Some(socket) = self.stack.socket() {
                socket.shut_down();
            }
            return;
        }
        // What counts as sent leaves, as far as that is possible without waiting.
        let _ = self.write_gathered();
        if !self.sender.is_closed() {
            return;
        }
        self.stack.finish();
        // A socket that is closed with unread bytes is reset, and a reset overtakes what was sent.
        with_scratch(BUFFER_BYTES, |scratch| {
            for _ in 0..DRAIN_READS_MAX {
                let read = self.stack.read(scratch, &mut []);
                if !matches!(read, Ok(Read::Bytes { .. })) {
                    break;
                }
            }
        });
    }

    /// The failure ends the connection for good; the first one counts.
    fn fail<T>(&mut self, failure: Failure) -> Result<T> {
        let failure = self.failed.get_or_insert(failure).clone();
        self.inbox = Inbox::default();
        self.gathered = Gathered::default();
        Err(failure)
    }

    fn check(&self) -> Result<()> {
        self.failed.clone().map_or(Ok(()), Err)
    }

    fn check_sending(&self) -> Result<()> {
        self.send_failure().cloned().map_or(Ok(()), Err)
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("send_failed", &self.send_failed)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

fn send_error(error: SendError) -> Error {
    match error {
        SendError::KindChanged => Error::InvalidParameter,
        SendError::Closed => Error::InvalidOperation,
    }
}

#[cfg(test)]
mod tests;
