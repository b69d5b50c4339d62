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
        taken(self.socket.send(bytes))
    }

    fn write_parts(&mut self, parts: &[&[u8]]) -> Result<Write> {
        taken(self.socket.send_parts(parts))
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

/// What the system has taken.
fn taken(sent: io::Result<usize>) -> Result<Write> {
    match sent {
        Ok(count) => Ok(Write::Taken(count)),
        Err(error) if is_would_block(&error) => Ok(Write::Blocked),
        Err(error) => Err(socket_failure(&error)),
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

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{Shutdown, TcpListener, TcpStream};

    use super::*;

    fn connected() -> (Tcp, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let socket = Socket::connect(listener.local_addr().unwrap(), None).unwrap();
        (Tcp::new(Arc::new(socket)), listener.accept().unwrap().0)
    }

    /// Reads once there is something.
    fn read(tcp: &mut Tcp, buffer: &mut [u8], spill: &mut [u8]) -> Result<Read> {
        loop {
            match tcp.read(buffer, spill) {
                Ok(Read::Blocked) => std::thread::yield_now(),
                read => return read,
            }
        }
    }

    #[test]
    fn a_read_that_leaves_room_has_drained_the_socket() {
        let (mut tcp, mut peer) = connected();
        let (mut buffer, mut spill) = ([0; 3], [0; 3]);
        assert_eq!(tcp.read(&mut buffer, &mut []), Ok(Read::Blocked));
        peer.write_all(b"hello").unwrap();
        let (count, drained) = (3, false);
        let full = Ok(Read::Bytes { count, drained });
        assert_eq!(read(&mut tcp, &mut buffer, &mut []), full);
        let (count, drained) = (2, true);
        let rest = Ok(Read::Bytes { count, drained });
        assert_eq!(read(&mut tcp, &mut buffer, &mut spill), rest);
        assert_eq!(&buffer[..2], b"lo");
        peer.write_all(b"world").unwrap();
        let (count, drained) = (5, true);
        let both = Ok(Read::Bytes { count, drained });
        assert_eq!(read(&mut tcp, &mut buffer, &mut spill), both);
        assert_eq!((&buffer, &spill[..2]), (b"wor", &b"ld"[..]));
        peer.shutdown(Shutdown::Write).unwrap();
        let end = Ok(Read::End { orderly: true });
        assert_eq!(read(&mut tcp, &mut buffer, &mut []), end);
    }

    #[test]
    fn a_full_socket_blocks_and_the_end_is_seen_behind_what_it_took() {
        let (mut tcp, mut peer) = connected();
        let mut taken = 0;
        while let Write::Taken(count) = tcp.write(&[7; 65_536]).unwrap() {
            taken += count;
        }
        tcp.finish();
        let mut received = Vec::new();
        peer.read_to_end(&mut received).unwrap();
        assert_eq!(received.len(), taken);
    }

    #[test]
    fn a_failure_has_winsocks_number() {
        let (mut tcp, peer) = connected();
        tcp.write(b"unread").unwrap();
        drop(peer); // with unread bytes: a reset
        let failure = read(&mut tcp, &mut [0], &mut []).unwrap_err();
        assert_eq!(failure.error(), Error::ConnectionError);
        assert_eq!(failure.reason().unwrap().socket_error(), 10054);
    }
}
