//! The bottom layer: a TCP socket, and what the system's errors on it mean.

use std::fmt;
use std::io;
use std::sync::Arc;

use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Reason, Result};

use super::{Flush, Interest, Read, Transport, Write};
use crate::engine::extended_error;
use crate::engine::socket::{Socket, is_would_block};

/// The bottom layer.
#[derive(Debug)]
pub struct Tcp {
    socket: Arc<Socket>,
}

impl Tcp {
    /// Uses a connected socket.
    #[must_use]
    pub fn new(socket: Arc<Socket>) -> Self {
        Self { socket }
    }
}

impl Transport for Tcp {
    fn read(&mut self, buffer: &mut [u8], spill: &mut [u8]) -> Result<Read> {
        let room = buffer.len() + spill.len();
        let received = if spill.is_empty() {
            self.socket.receive(buffer)
        } else {
            self.socket.receive_into(buffer, spill)
        };
        match received {
            Ok(0) => Ok(Read::End { orderly: true }),
            Ok(count) => Ok(Read::Bytes {
                count,
                drained: count < room,
            }),
            Err(error) if is_would_block(&error) => Ok(Read::Blocked),
            Err(error) => Err(socket_failure(&error)),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<Write> {
        match self.socket.send(bytes) {
            Ok(count) => Ok(Write::Taken(count)),
            Err(error) if is_would_block(&error) => Ok(Write::Blocked),
            Err(error) => Err(socket_failure(&error)),
        }
    }

    fn flush(&mut self) -> Result<Flush> {
        Ok(Flush::Complete)
    }

    fn finish(&mut self) {
        self.socket.finish_sending();
    }

    fn interest(&self) -> Interest {
        Interest::default()
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
