//! Layers that carry bytes: TCP, and TLS over another layer. They share one face and stack.

use std::fmt;
use std::io;
use std::sync::Arc;

use winhttp_proto::error::Error;
pub use winhttp_proto::exchange::timers::Carried;
use winhttp_proto::failure::{Failure, Reason};

use super::buffers::Inbox;
use super::extended_error;
use super::socket::Socket;
use super::tls::TlsFacts;

fn add(total: &mut u64, outcome: &io::Result<usize>) {
    let count = *outcome.as_ref().unwrap_or(&0);
    *total = total.wrapping_add(u64::try_from(count).unwrap_or(u64::MAX));
}

/// A bidirectional byte stream that never blocks.
pub trait Transport: Send + fmt::Debug {
    /// Reads what is there; `Ok(0)` at the end of the stream.
    ///
    /// # Errors
    /// `WouldBlock` if nothing is there.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    /// As [`Transport::read`]; what does not fit into `buffer` may go into `spill`.
    ///
    /// # Errors
    /// As [`Transport::read`].
    fn read_spilling(&mut self, buffer: &mut [u8], spill: &mut [u8]) -> io::Result<usize> {
        let _ = spill;
        self.read(buffer)
    }

    /// The end of the stream, once a read has met it, is what the peer meant: over TLS only behind close_notify, since
    /// anybody on the way can forge a FIN (RFC 9112 §9.8).
    fn has_ended_in_order(&self) -> bool {
        true
    }

    /// Takes as many bytes as there is room for.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Hands everything taken to the system.
    ///
    /// # Errors
    /// `WouldBlock` while the system does not take it all.
    fn flush(&mut self) -> io::Result<()>;

    /// The system has everything that was taken.
    fn is_flushed(&self) -> bool;

    /// What went through the socket: also while this layer takes or gives nothing, as with a part of a TLS record.
    fn carried(&self) -> Carried;

    /// Bytes can be read although the socket may not become readable again.
    fn has_buffered_input(&self) -> bool;

    /// The last read took all that the socket had.
    fn is_drained(&self) -> bool;

    /// The poll reported the socket: it may have more than the last read took.
    fn note_ready(&mut self);

    /// Bytes of the socket wait in this layer.
    fn holds_input(&self) -> bool;

    /// Takes over bytes that were read from the socket elsewhere, `drained` if those were all; only while
    /// [`Transport::holds_input`] says no. They come back if reading this layer would bring just them.
    fn accept(&mut self, input: Inbox, drained: bool) -> Option<Inbox>;

    /// Ends the sending direction in an orderly way, as far as that is possible without waiting.
    fn finish_sending(&mut self);

    /// The socket at the bottom.
    fn socket(&self) -> &Arc<Socket>;

    /// What TLS negotiated; `None` on a plain connection.
    fn tls(&self) -> Option<&Arc<TlsFacts>>;

    /// What a failure of this layer means.
    fn failure(&self, error: &io::Error) -> Failure;

    /// The same once a response has begun: what TLS objects to then ends the connection like any other failure, and the
    /// functions that read a body or use a WebSocket know only that.
    fn late_failure(&self, error: &io::Error) -> Failure {
        let failure = self.failure(error);
        if failure.error() == Error::SecureChannelError {
            failure.with_error(Error::ConnectionError)
        } else {
            failure
        }
    }
}

/// The bottom layer.
#[derive(Debug)]
pub struct Tcp {
    socket: Arc<Socket>,
    drained: bool,
    carried: Carried,
}

impl Tcp {
    /// Uses a connected socket.
    #[must_use]
    pub fn new(socket: Arc<Socket>) -> Self {
        Self {
            socket,
            drained: false,
            carried: Carried::default(),
        }
    }
}

impl Transport for Tcp {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let received = self.socket.receive(buffer);
        self.drained = *received.as_ref().unwrap_or(&0) < buffer.len();
        add(&mut self.carried.received, &received);
        received
    }

    fn read_spilling(&mut self, buffer: &mut [u8], spill: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len() + spill.len();
        let received = self.socket.receive_into(buffer, spill);
        self.drained = *received.as_ref().unwrap_or(&0) < room;
        add(&mut self.carried.received, &received);
        received
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.socket.send(bytes);
        add(&mut self.carried.sent, &sent);
        sent
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn is_flushed(&self) -> bool {
        true
    }

    fn carried(&self) -> Carried {
        self.carried
    }

    fn has_buffered_input(&self) -> bool {
        false
    }

    fn is_drained(&self) -> bool {
        self.drained
    }

    fn note_ready(&mut self) {
        self.drained = false;
    }

    fn holds_input(&self) -> bool {
        false
    }

    fn accept(&mut self, input: Inbox, drained: bool) -> Option<Inbox> {
        self.drained = drained;
        Some(input)
    }

    fn finish_sending(&mut self) {
        self.socket.finish_sending();
    }

    fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    fn tls(&self) -> Option<&Arc<TlsFacts>> {
        None
    }

    fn failure(&self, error: &io::Error) -> Failure {
        socket_failure(error)
    }
}

/// What the system's error on a connection means.
#[must_use]
pub fn socket_failure(error: &io::Error) -> Failure {
    let meaning = if error.kind() == io::ErrorKind::TimedOut {
        Error::Timeout
    } else if error.kind() == io::ErrorKind::OutOfMemory {
        Error::NotEnoughMemory
    } else {
        Error::ConnectionError
    };
    Failure::because(
        meaning,
        Broken {
            system: error.to_string(),
            socket_error: extended_error::of(error),
        },
    )
}

/// The system reports the end of a connection.
#[derive(Debug)]
struct Broken {
    /// The system's words.
    system: String,
    socket_error: u32,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the connection broke: {}", self.system)
    }
}

impl Reason for Broken {
    fn socket_error(&self) -> u32 {
        self.socket_error
    }
}
