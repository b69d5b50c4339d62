//! A connection without a socket, for unit tests: its peer is the test.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use winhttp_proto::error::Error;
use winhttp_proto::failure::Result;
use winhttp_proto::websocket::{Event, MessageKind, Receiver, Role};

use super::Channel;
use crate::engine::buffers::Inbox;
use crate::engine::socket::Socket;
use crate::engine::transport::{Flush, Interest, Read, Stack, Transport, Write};

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
    /// Bytes that there is room for again once a write was not taken.
    room_later: usize,
    /// Bytes that are taken without room for them wait here, as with TLS.
    held: Option<Vec<u8>>,
    /// What was written and the peer has not looked at.
    written: Vec<u8>,
    /// Writes fail.
    is_broken: bool,
    /// The next read gives up for now.
    gives_up: bool,
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
struct Line(Peer);

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

    /// Lets so many bytes through whenever something had to wait.
    pub(crate) fn make_room_later(&self, bytes: usize) {
        self.wire().room_later = bytes;
    }

    /// From now on takes one write more than there is room for, as TLS does.
    pub(crate) fn hold(&self) {
        self.wire().held = Some(Vec::new());
    }

    /// Fails every write from now on.
    pub(crate) fn break_writes(&self) {
        self.wire().is_broken = true;
    }

    /// Has the next read give up for now.
    pub(crate) fn make_read_give_up(&self) {
        self.wire().gives_up = true;
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
            let closed = matches!(advance.event, Some(Event::Close(_)));
            assert!(!closed || at == bytes.len(), "bytes behind a close frame");
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
    connection_above(None)
}

/// The same, above a socket that has nothing to do with it.
pub(crate) fn connection_above(socket: Option<Arc<Socket>>) -> (Channel, Peer) {
    let peer = Peer(Arc::new(Mutex::new(Wire {
        arriving: VecDeque::new(),
        has_ended: false,
        room: usize::MAX,
        room_later: 0,
        held: None,
        written: Vec::new(),
        is_broken: false,
        gives_up: false,
        is_finished: false,
    })));
    let stack = Stack::plain(Box::new(Line(peer.clone())), socket);
    let channel = Channel::new(stack, Inbox::default(), 4096);
    (channel, peer)
}

impl Wire {
    /// Takes what there is room for; how much that is.
    fn take(&mut self, bytes: &[u8]) -> usize {
        let count = self.room.min(bytes.len());
        self.room -= count;
        self.written.extend_from_slice(&bytes[..count]);
        if count < bytes.len() {
            self.room = self.room_later;
        }
        count
    }

    fn holds(&self) -> bool {
        self.held.as_ref().is_some_and(|held| !held.is_empty())
    }

    fn flush(&mut self) -> Flush {
        if let Some(mut held) = self.held.take() {
            let count = self.take(&held);
            held.drain(..count);
            self.held = Some(held);
        }
        match self.holds() {
            true => Flush::Blocked,
            false => Flush::Complete,
        }
    }
}

impl Transport for Line {
    fn read(&mut self, buffer: &mut [u8], _: &mut [u8]) -> Result<Read> {
        let mut wire = self.0.wire();
        if std::mem::take(&mut wire.gives_up) {
            return Ok(Read::Again);
        }
        let count = wire.arriving.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(wire.arriving.drain(..count)) {
            *to = from;
        }
        Ok(match count {
            0 if wire.has_ended => Read::End { orderly: true },
            0 => Read::Blocked,
            _ => Read::Bytes {
                count,
                drained: count < buffer.len(),
            },
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<Write> {
        let mut wire = self.0.wire();
        if wire.is_broken {
            return Err(Error::ConnectionError.into());
        }
        if wire.flush() == Flush::Blocked {
            return Ok(Write::Blocked);
        }
        let count = wire.take(bytes);
        if let Some(held) = &mut wire.held {
            held.extend_from_slice(&bytes[count..]);
            return Ok(Write::Taken(bytes.len()));
        }
        Ok(match count {
            0 => Write::Blocked,
            count => Write::Taken(count),
        })
    }

    fn flush(&mut self) -> Result<Flush> {
        Ok(self.0.wire().flush())
    }

    fn finish(&mut self) {
        self.0.wire().is_finished = true;
    }

    fn interest(&self) -> Interest {
        Interest {
            has_input: false,
            has_output: self.0.wire().holds(),
        }
    }
}
