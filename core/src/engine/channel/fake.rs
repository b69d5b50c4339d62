//! A connection without a socket, for unit tests: its peer is the test.

use std::collections::VecDeque;
use std::io;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard};

use winhttp_proto::error::Error;
use winhttp_proto::failure::Failure;
use winhttp_proto::websocket::{Event, MessageKind, Receiver, Role};

use super::Channel;
use crate::engine::buffers::Inbox;
use crate::engine::socket::Socket;
use crate::engine::tls::TlsFacts;
use crate::engine::transport::{Carried, Transport};

/// The peer's end of a connection; clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Peer(Arc<Mutex<Wire>>);

#[derive(Debug)]
struct Wire {
    /// What the peer has sent and nobody has read.
    arriving: VecDeque<u8>,
    /// The peer sends nothing behind that.
    has_ended: bool,
    /// Bytes that a write is taken of, all in all.
    room: usize,
    /// What was written and the peer has not looked at.
    written: Vec<u8>,
    /// Bytes written in all.
    carried: u64,
    /// Writes fail.
    is_broken: bool,
    /// The sending direction was ended.
    is_finished: bool,
}

/// What the peer sees.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Data(MessageKind, Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>),
}

#[derive(Debug)]
struct Line {
    peer: Peer,
    socket: Arc<Socket>,
}

impl Peer {
    fn wire(&self) -> MutexGuard<'_, Wire> {
        self.0.lock().unwrap()
    }

    /// Sends these bytes.
    pub(crate) fn send(&self, bytes: &[u8]) {
        self.wire().arriving.extend(bytes);
    }

    /// Ends its sending direction.
    pub(crate) fn end(&self) {
        self.wire().has_ended = true;
    }

    /// Lets so many bytes more through.
    pub(crate) fn make_room(&self, bytes: usize) {
        self.wire().room = bytes;
    }

    /// Fails every write from now on.
    pub(crate) fn break_writes(&self) {
        self.wire().is_broken = true;
    }

    /// The sending direction was ended.
    pub(crate) fn is_finished(&self) -> bool {
        self.wire().is_finished
    }

    /// Bytes sent that nobody has read.
    pub(crate) fn unread(&self) -> usize {
        self.wire().arriving.len()
    }

    /// The bytes that have come since the last look.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        std::mem::take(&mut self.wire().written)
    }

    /// The whole frames that have come since the last look.
    pub(crate) fn frames(&self) -> Vec<Frame> {
        let bytes = self.bytes();
        let mut receiver = Receiver::new(Role::Server);
        let (mut at, mut frames, mut payload) = (0, Vec::new(), Vec::new());
        while at < bytes.len() {
            let mut out = vec![0; bytes.len()];
            let advance = receiver.advance(&bytes[at..], &mut out).unwrap();
            at += advance.consumed;
            payload.extend_from_slice(&out[..advance.produced]);
            frames.extend(advance.event.map(|event| match event {
                Event::FrameEnd { kind, .. } => Frame::Data(kind, std::mem::take(&mut payload)),
                Event::Ping(payload) => Frame::Ping(payload.as_bytes().to_vec()),
                Event::Pong(payload) => Frame::Pong(payload.as_bytes().to_vec()),
                Event::Close(close) => Frame::Close(close.code.map(u16::from)),
            }));
        }
        frames
    }
}

/// A channel and its peer.
pub(crate) fn connection() -> (Channel, Peer) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let socket = Socket::connect(listener.local_addr().unwrap(), None).unwrap();
    let peer = Peer(Arc::new(Mutex::new(Wire {
        arriving: VecDeque::new(),
        has_ended: false,
        room: usize::MAX,
        written: Vec::new(),
        carried: 0,
        is_broken: false,
        is_finished: false,
    })));
    let line = Line {
        peer: peer.clone(),
        socket: Arc::new(socket),
    };
    let channel = Channel::new(Box::new(line), Inbox::default(), 4096);
    (channel, peer)
}

impl Transport for Line {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut wire = self.peer.wire();
        let count = wire.arriving.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(wire.arriving.drain(..count)) {
            *to = from;
        }
        if count == 0 && !wire.has_ended {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(count)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut wire = self.peer.wire();
        if wire.is_broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let count = wire.room.min(bytes.len());
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        wire.room -= count;
        wire.carried += count as u64;
        wire.written.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn is_flushed(&self) -> bool {
        true
    }

    fn carried(&self) -> Carried {
        let sent = self.peer.wire().carried;
        Carried { sent, received: 0 }
    }

    fn has_buffered_input(&self) -> bool {
        false
    }

    fn is_drained(&self) -> bool {
        self.peer.wire().arriving.is_empty()
    }

    fn note_ready(&mut self) {}

    fn holds_input(&self) -> bool {
        false
    }

    fn accept(&mut self, input: Inbox, _: bool) -> Option<Inbox> {
        Some(input)
    }

    fn finish_sending(&mut self) {
        self.peer.wire().is_finished = true;
    }

    fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    fn tls(&self) -> Option<&Arc<TlsFacts>> {
        None
    }

    fn failure(&self, _: &io::Error) -> Failure {
        Error::ConnectionError.into()
    }
}
