//! The limit: frames made beforehand, answers of a length known ahead, and nothing else.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::TcpStream;

use super::tls::Connect;
use crate::arguments::Order;
use crate::wire;
use crate::work::blocking::Blocking;

/// Frames that one read of the flood may bring.
const BATCH_BYTES: usize = 64 * 1024;

pub(super) struct Raw<S> {
    stream: S,
    buffer: Vec<u8>,
}

impl<S: Connect> Blocking for Raw<S> {
    type Message = Vec<u8>;

    fn open(order: &Order) -> Self {
        let mut stream = S::connect(order);
        wire::upgrade(&mut stream, order.path());
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    fn text(text: &str) -> Vec<u8> {
        wire::client_frame(wire::TEXT, text.as_bytes())
    }

    fn binary(bytes: &[u8]) -> Vec<u8> {
        wire::client_frame(wire::BINARY, bytes)
    }

    fn send(&mut self, message: &mut Vec<u8>) {
        self.stream.write_all(message).unwrap();
    }

    fn receive(&mut self, bytes: usize) -> &[u8] {
        let header = wire::server_header_bytes(bytes);
        if self.buffer.len() < header + bytes {
            self.buffer.resize(header + bytes, 0);
        }
        let frame = &mut self.buffer[..header + bytes];
        self.stream.read_exact(frame).unwrap();
        &frame[header..]
    }

    /// One write for all that one read brought: the limit for whoever may gather.
    fn flood(&mut self, message: &mut Vec<u8>, bytes: usize, in_flight: u64, count: u64) {
        let reply = wire::server_header_bytes(bytes) + bytes;
        let batch = message.repeat(in_flight as usize);
        let mut buffer = vec![0; BATCH_BYTES];
        let (mut sent, mut received, mut partial) = (in_flight.min(count), 0, 0);
        self.stream
            .write_all(&batch[..sent as usize * message.len()])
            .unwrap();
        while received < count {
            let read = self.stream.read(&mut buffer).unwrap();
            assert!(read > 0);
            partial += read;
            received += (partial / reply) as u64;
            partial %= reply;
            let more = (received + in_flight).min(count) - sent;
            self.stream
                .write_all(&batch[..more as usize * message.len()])
                .unwrap();
            sent += more;
        }
    }
}

/// A connection whose reads never sleep.
pub(super) struct Spinning(TcpStream);

impl Connect for Spinning {
    fn connect(order: &Order) -> Self {
        let stream = order.connect();
        stream.set_nonblocking(true).unwrap();
        Self(stream)
    }
}

impl Read for Spinning {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
    }
}

impl Write for Spinning {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        self.0.flush()
    }
}
