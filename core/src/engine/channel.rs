//! A WebSocket over a transport: moves frames between the wire and the caller's memory without ever
//! blocking.

#[cfg(test)]
pub(crate) mod fake;
mod gather;
mod incoming;
mod lent;
mod outgoing;
mod readiness;
mod reasons;

use std::fmt;
use std::sync::Arc;

use gather::Gathered;

pub use gather::stop_gathering;
pub use incoming::Received;
pub use lent::{LentReader, PATIENCE};
pub use outgoing::Outgoing;
use readiness::Readiness;

use super::buffers::{BUFFER_BYTES, Inbox, with_scratch};
use super::socket::Socket;
use super::transport::{Read, Stack};
use winhttp_proto::error::Error;
use winhttp_proto::failure::Failure;
use winhttp_proto::websocket::{
    ControlFrame, Life, MessageKind, Receiver, Role, SendError, Sender,
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
    /// What the peer has said, and what still works.
    life: Life,
    /// Bytes read ahead at the most (WEB_SOCKET_RECEIVE_BUFFER_SIZE).
    read_ahead: usize,
    readiness: Readiness,
    /// The last payload was read straight into the caller's memory.
    large: bool,
}

/// Control frames on their way out. At most one of each kind waits, so a flood of pings costs
/// nothing; boxed, as they are rare and an idle connection should be small.
#[derive(Debug, Default)]
struct Controls {
    started: Started,
    /// The answer to the newest ping (RFC 6455 §5.5.3 allows to skip older ones), or a keep-alive.
    pong: Option<Box<ControlFrame>>,
    close: Option<Box<ControlFrame>>,
}

/// The frame that must be finished before another begins.
#[derive(Debug, Default)]
enum Started {
    #[default]
    None,
    /// One whose owner has the rest of it ([`Outgoing`]).
    Data,
    /// One of which so many bytes have been taken.
    Control(Box<ControlFrame>, usize),
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
            life: Life::default(),
            read_ahead: read_ahead.max(1),
            readiness: Readiness::UNTRIED,
            large: false,
        }
    }

    /// Receiving must be tried again soon although the socket will not report anything new.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.readiness.is_unfinished()
    }

    /// Whoever receives stops for now, to give others a turn.
    pub fn stop_receiving(&mut self) {
        self.readiness.stop();
    }

    /// The poll reported the socket: reading is worth a try again.
    ///
    /// When the stream has ended, that may have been reported together with its last bytes: a short
    /// read proves nothing any more.
    pub fn note_ready(&mut self, stream_ended: bool) {
        if stream_ended {
            self.readiness.trust_nothing();
        } else {
            self.readiness.reported();
        }
    }

    /// Which calls are legal, what the peer has said, and what still works.
    #[must_use]
    pub fn life(&self) -> &Life {
        &self.life
    }

    /// The same, for the calls of the program; it may be taken out before the connection is
    /// released.
    pub fn life_mut(&mut self) -> &mut Life {
        &mut self.life
    }

    /// Pongs may be sent: nothing follows our close frame (RFC 6455 §5.5.1), nor a failed write.
    #[must_use]
    pub fn keeps_alive(&self) -> bool {
        self.life.can_send() && !self.sender.is_closed()
    }

    /// Everything that was queued has reached the system.
    #[must_use]
    pub fn is_flushed(&self) -> bool {
        !self.has_controls() && self.gathered.is_empty() && !self.stack.interest().has_output
    }

    /// Bytes have left the socket that nobody has asked for yet.
    #[must_use]
    pub fn has_unread(&self) -> bool {
        !self.inbox.is_empty() || self.stack.interest().has_input
    }

    /// Control frames wait to be written.
    fn has_controls(&self) -> bool {
        let Controls {
            started,
            pong,
            close,
        } = &self.controls;
        matches!(started, Started::Control(..)) || pong.is_some() || close.is_some()
    }

    /// Something waits to be written, and still can be.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        self.life.can_send() && !self.is_flushed()
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
        self.fail(error.into());
    }

    /// Nothing can be sent any more. What has arrived by now is still delivered, then this error;
    /// the first one counts.
    pub fn fail_sending(&mut self, failure: Failure) -> Failure {
        self.gathered = Gathered::default();
        self.controls = Controls::default();
        // Nothing new need be reported of a connection that is gone.
        self.readiness.trust_nothing();
        self.life.fail_sending(failure)
    }

    /// Drops the connection; after a closing handshake in a way that does not destroy our close
    /// frame on its way.
    pub fn release(mut self) {
        if self.readiness.is_lent() {
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
    fn fail(&mut self, failure: Failure) -> Failure {
        self.give_up();
        self.life.fail(failure)
    }

    /// Nothing of what is kept here is of use any more.
    fn give_up(&mut self) {
        self.inbox = Inbox::default();
        self.gathered = Gathered::default();
        self.controls = Controls::default();
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("life", &self.life)
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
