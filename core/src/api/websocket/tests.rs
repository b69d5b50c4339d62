//! The life of a WebSocket with bytes and a virtual clock: which call is legal when, what ends it,
//! and in which order the program is told.

mod closing;
mod order;
mod times;

use std::cell::Cell;
use std::time::{Duration, Instant};

use winhttp_proto::error::Error;
use winhttp_proto::failure::Result;
use winhttp_proto::notify::{BufferKind, Notification, WebSocketOperation};
use winhttp_proto::websocket::{CloseCode, CloseFrame};

use super::io::Io;
use super::reports::Reports;
use super::slot::Caller;
use crate::api::edge::{Edge, Memory};
use crate::engine::channel::fake::{Frame, Peer, connection};

/// WINHTTP_OPTION_SEND_TIMEOUT of the connections here.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
const HELLO: &[u8] = b"\x81\x05hello";
/// A close frame with 1001.
const BYE: &[u8] = b"\x88\x02\x03\xe9";
const PING: &[u8] = b"\x89\x04ping";

thread_local! {
    static NOW: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// The virtual time: it stands still but for [`World::pass`].
fn now() -> Instant {
    let now = NOW.get().unwrap_or_else(Instant::now);
    NOW.set(Some(now));
    now
}

impl Reports for Vec<Notification> {
    fn push(&mut self, notification: Notification) {
        Self::push(self, notification);
    }
}

/// An asynchronous WebSocket without locks and threads, and its peer.
struct World {
    io: Io<Edge>,
    peer: Peer,
    told: Vec<Notification>,
}

impl World {
    fn new() -> Self {
        let (channel, peer) = connection();
        Self {
            io: Io::new(channel, Some(SEND_TIMEOUT), now),
            peer,
            told: Vec::new(),
        }
    }

    fn send(&mut self, payload: &[u8]) -> Result<()> {
        let data = Memory(payload.to_vec());
        let kind = BufferKind::BinaryMessage;
        self.io.begin_send(kind, data, Caller::Callback)?;
        self.io.pump_send(&mut self.told);
        Ok(())
    }

    fn receive(&mut self) -> Result<()> {
        let buffer = Memory(vec![0; 64]);
        self.io.begin_receive(buffer, Caller::Callback)?;
        self.io.pump_receive(&mut self.told);
        Ok(())
    }

    fn shutdown(&mut self) -> Result<()> {
        self.io.begin_shutdown(&normal(), Caller::Callback)?;
        self.io.pump_send(&mut self.told);
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        self.io.begin_close(&normal(), Caller::Callback)?;
        let cancelled = Err(Error::OperationCancelled.into());
        self.io.end_receive(cancelled, &mut self.told);
        self.io.pump(None, &mut self.told);
        Ok(())
    }

    /// The code of the peer's close frame, as the program sees it.
    fn close_status(&self) -> Result<Option<u16>> {
        Ok(self.io.close_status()?.code.map(CloseCode::get))
    }

    /// The peer sends these bytes, and the poll reports them.
    fn arrives(&mut self, bytes: &[u8]) {
        self.peer.send(bytes);
        self.ready();
    }

    fn ready(&mut self) {
        self.io.note_ready(false);
        self.io.pump(None, &mut self.told);
    }

    /// Time passes; the owner comes back if it has asked for that.
    fn pass(&mut self, time: Duration) {
        NOW.set(Some(now() + time));
        if self.io.deadline().is_some_and(|deadline| deadline <= now()) {
            self.io.pump(Some(now()), &mut self.told);
        }
    }

    /// What the program was told since the last look.
    fn told(&mut self) -> Vec<Notification> {
        std::mem::take(&mut self.told)
    }
}

fn normal() -> CloseFrame {
    CloseFrame::with_code(CloseCode::NORMAL_CLOSURE)
}

fn sent(payload: &[u8]) -> Notification {
    Notification::WebSocketSent {
        bytes: u32::try_from(payload.len()).unwrap(),
        kind: BufferKind::BinaryMessage,
    }
}

fn received(bytes: u32, kind: BufferKind) -> Notification {
    Notification::WebSocketReceived { bytes, kind }
}

fn failed(operation: WebSocketOperation, error: Error) -> Notification {
    Notification::WebSocketError(operation, error.into())
}

fn message(payload: &[u8]) -> Frame {
    Frame::Data(
        winhttp_proto::websocket::MessageKind::Binary,
        payload.to_vec(),
    )
}
