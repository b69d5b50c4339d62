//! The connection's state behind its lock: what is pending, and how it moves on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use winhttp_proto::embed::{Embedder, ReadMemory, WriteMemory};
use winhttp_proto::error::Error;
use winhttp_proto::exchange::timers::{Wait, timed_out};
use winhttp_proto::failure::Result;
use winhttp_proto::notify::BufferKind;
use winhttp_proto::websocket::{Life, MessageKind};

use super::connection::Connection;
use super::reports::Reports;
use super::slot::{Close, Receive, Send, Slot, Stall};
use crate::contain::contained;
use crate::engine::buffers::{BUFFER_BYTES, with_scratch};
use crate::engine::channel::{Channel, LentReader, PATIENCE, Received};
use crate::engine::clock;
use crate::engine::sleeper::WaitFor;
use crate::engine::socket::Socket;
use crate::engine::switches::Spin;

/// Time between unsolicited pongs unless set (WEB_SOCKET_KEEPALIVE_INTERVAL).
const KEEP_ALIVE: Duration = Duration::from_millis(30_000);
/// Time Close waits for the peer unless set (WEB_SOCKET_CLOSE_TIMEOUT).
const CLOSE_TIMEOUT: Duration = Duration::from_millis(10_000);

/// Messages or pieces of them that one turn of Close discards.
const DISCARDS_MAX: usize = 256;

/// The protocol state and the pending operations of a WebSocket.
pub(super) struct Io<E: Embedder> {
    pub(super) connection: Connection,
    pub(super) receive: Slot<Receive<E>, (u32, BufferKind)>,
    pub(super) send: Slot<Send<E>, ()>,
    pub(super) close: Slot<Close, ()>,
    pub(super) close_timeout: Duration,
    keep_alive_interval: Duration,
    keep_alive_at: Option<Instant>,
    send_timeout: Option<Duration>,
    /// The deadline the poll was told last.
    armed: Option<Instant>,
    /// The poll was asked to flush what is gathered.
    pub(super) flush_asked: bool,
    /// The poll's turn in which a callback has sent last, if one has.
    sent_in: Option<u64>,
    /// Whether looking pays before a synchronous receive sleeps.
    pub(super) spin: Spin,
    /// Reads the clock, only where the time matters.
    pub(super) now: fn() -> Instant,
}

impl<E: Embedder> Io<E> {
    pub(super) fn new(
        channel: Channel,
        send_timeout: Option<Duration>,
        now: fn() -> Instant,
    ) -> Self {
        Self {
            connection: Connection::Open(channel),
            receive: Slot::Free,
            send: Slot::Free,
            close: Slot::Free,
            close_timeout: CLOSE_TIMEOUT,
            keep_alive_interval: KEEP_ALIVE,
            keep_alive_at: clock::deadline(now(), Some(KEEP_ALIVE)),
            send_timeout,
            armed: None,
            flush_asked: false,
            sent_in: None,
            spin: Spin::default(),
            now,
        }
    }

    pub(super) fn note_ready(&mut self, stream_ended: bool) {
        if let Some(channel) = self.connection.channel_mut() {
            channel.note_ready(stream_ended);
        }
    }

    pub(super) fn set_keep_alive(&mut self, interval: Duration) {
        self.keep_alive_interval = interval;
        self.keep_alive_at = clock::deadline((self.now)(), Some(interval));
    }

    pub(super) fn socket(&self) -> Option<Arc<Socket>> {
        let channel = self.connection.channel();
        channel.and_then(Channel::socket).map(Arc::clone)
    }

    /// What a synchronous caller waits for: its own direction, and room for control frames that
    /// wait to be written.
    pub(super) fn interest(&self, own: WaitFor) -> WaitFor {
        match self.connection.channel() {
            // Nothing more is read behind the peer's close frame.
            Some(channel) if channel.wants_write() && channel.life().peer_close().is_some() => {
                WaitFor::Writable
            }
            Some(channel) if channel.wants_write() && own == WaitFor::Readable => WaitFor::Either,
            _ => own,
        }
    }

    /// The right to read without the lock, unless something is due soon.
    pub(super) fn lend(&mut self) -> Option<LentReader> {
        let soon = (self.now)() + PATIENCE;
        if self.deadline().is_some_and(|deadline| deadline < soon) {
            return None;
        }
        self.connection.channel_mut()?.lend()
    }

    /// The connection, if it can still send.
    ///
    /// # Errors
    /// The failure that ended that.
    pub(super) fn sending(&mut self) -> Result<&mut Channel> {
        self.channel_that(Life::check_sending)
    }

    /// The connection, if it can still receive: what has arrived, if nothing more.
    ///
    /// # Errors
    /// The failure that ended that.
    pub(super) fn receiving(&mut self) -> Result<&mut Channel> {
        self.channel_that(Life::check_receiving)
    }

    fn channel_that(&mut self, works: impl Fn(&Life) -> Result<()>) -> Result<&mut Channel> {
        match &mut self.connection {
            Connection::Open(channel) => works(channel.life()).map(|()| channel),
            Connection::Gone(_) => Err(Error::OperationCancelled.into()),
        }
    }

    /// When something must happen even if the socket stays silent.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let channel = self.connection.channel();
        let channel = channel.filter(|channel| channel.life().can_receive())?;
        if channel.is_unfinished() {
            return Some((self.now)());
        }
        let keep_alive = self.keep_alive_at.filter(|_| channel.keeps_alive());
        let stall = match &self.send {
            Slot::Waiting(Send::Data { stall, .. }, _) => {
                stall.as_ref().and_then(|stall| stall.ends_at)
            }
            Slot::Waiting(Send::Shutdown, _) | Slot::Free | Slot::Ended(_) => None,
        };
        let close = match &self.close {
            Slot::Waiting(close, _) => close.deadline,
            Slot::Free | Slot::Ended(_) => None,
        };
        clock::earlier(keep_alive, clock::earlier(stall, close))
    }

    /// The deadline, if the poll has not been told of it.
    pub(super) fn new_deadline(&mut self) -> Option<Option<Instant>> {
        let deadline = self.deadline();
        if deadline == self.armed {
            return None;
        }
        self.armed = deadline;
        Some(deadline)
    }

    /// Moves everything on as far as possible without waiting. `now` is given where deadlines may
    /// have passed. They count for what the socket does not decide: both may be long ago, as when
    /// the process was stopped, and nobody need have reported the socket yet.
    pub(super) fn pump(&mut self, now: Option<Instant>, ended: &mut impl Reports) {
        if now.is_some() {
            self.note_ready(false);
        }
        self.pump_socket(ended);
        if let Some(now) = now {
            self.armed = None;
            if self.pump_timers(now, ended) {
                self.pump_socket(ended);
            }
        }
    }

    fn pump_socket(&mut self, ended: &mut impl Reports) {
        self.pump_send(ended);
        self.pump_receive(ended);
        self.pump_close(ended);
    }

    /// Runs a step; a panic in it ends the connection, and with that everything that waits.
    pub(super) fn contain<R: Reports>(
        &mut self,
        ended: &mut R,
        step: impl FnOnce(&mut Self, &mut R),
    ) {
        let done = contained(|| {
            step(self, ended);
            Ok(())
        });
        if let Err(error) = done {
            if let Some(channel) = self.connection.channel_mut() {
                channel.abandon(error);
            }
            let _ = contained(|| {
                self.pump(None, ended);
                Ok::<(), Error>(())
            });
        }
    }

    /// A send from a callback in this turn of the poll is one of many: there was another, or more
    /// messages wait for the callbacks.
    pub(super) fn is_one_of_many(&mut self, turn: u64) -> bool {
        let again = self.sent_in.replace(turn) == Some(turn);
        let Some(channel) = self.connection.channel() else {
            return false;
        };
        again || channel.has_gathered() || channel.has_unread()
    }

    /// Takes a new send to leave with others, if it is small; else it waits for [`Io::pump_send`].
    pub(super) fn gather_send(&mut self, ended: &mut impl Reports) {
        let Some(channel) = self.connection.channel_mut() else {
            return;
        };
        if let Slot::Waiting(Send::Data { frame, data, .. }, _) = &mut self.send {
            match channel.try_gather(frame, data.bytes()) {
                Ok(true) => self.end_send(Ok(()), ended),
                Ok(false) => {}
                Err(_) => self.pump_send(ended),
            }
        }
    }

    pub(super) fn pump_send(&mut self, ended: &mut impl Reports) {
        self.write(ended);
        if self.receive.is_waiting() && self.sending().is_err() {
            // What has arrived is all there will be, and the socket need not tell anything new.
            self.pump_receive(ended);
        }
    }

    fn write(&mut self, ended: &mut impl Reports) {
        self.pump_data(ended);
        self.pump_controls(ended);
    }

    fn pump_data(&mut self, ended: &mut impl Reports) {
        let Some(channel) = self.connection.channel_mut() else {
            return;
        };
        let Slot::Waiting(
            Send::Data {
                frame, data, stall, ..
            },
            _,
        ) = &mut self.send
        else {
            return;
        };
        match channel.try_send(frame, data.bytes()) {
            Ok(true) => self.end_send(Ok(()), ended),
            Ok(false) => {
                let sent = channel.sent();
                if stall.as_ref().is_none_or(|stall| stall.sent != sent) {
                    let ends_at = clock::deadline((self.now)(), self.send_timeout);
                    *stall = Some(Stall { sent, ends_at });
                }
            }
            Err(error) => self.end_send(Err(error), ended),
        }
    }

    /// Writes what waits besides a data frame. A failure shows in the operations that wait.
    fn pump_controls(&mut self, ended: &mut impl Reports) {
        let Some(channel) = self.connection.channel_mut() else {
            return;
        };
        if channel.wants_write() {
            let _ = channel.flush();
        }
        if let Slot::Waiting(Send::Shutdown, _) = &self.send {
            match channel.life().check_sending() {
                Err(error) => self.end_send(Err(error), ended),
                Ok(()) if channel.is_flushed() => self.end_send(Ok(()), ended),
                Ok(()) => {}
            }
        }
    }

    pub(super) fn pump_receive(&mut self, ended: &mut impl Reports) {
        let Some(channel) = self.connection.channel_mut() else {
            return;
        };
        if let Slot::Waiting(receive, _) = &mut self.receive {
            let received = channel.try_receive(receive.buffer.bytes(), &mut receive.filled);
            let bytes = u32::try_from(receive.filled).unwrap_or(u32::MAX);
            match received.map(buffer_kind) {
                Ok(None) => {}
                Ok(Some(kind)) => {
                    if kind == BufferKind::Close {
                        channel.life_mut().received_close();
                    }
                    self.end_receive(Ok((bytes, kind)), ended);
                }
                Err(error) => self.end_receive(Err(error), ended),
            }
        }
        self.read_ahead();
        if self.sending().is_err() {
            // It ends the send that waits, too: of a peer that does not read the socket will not
            // tell anything new.
            self.write(ended);
        }
    }

    /// Reads what no receive waits for. A receive that has just ended leaves that too: no new
    /// readiness will be reported for what is behind its data.
    fn read_ahead(&mut self) {
        let Some(channel) = self.connection.channel_mut() else {
            return;
        };
        if self.close.is_waiting() {
            discard(channel);
        } else if self.receive.is_free() {
            // Pings are answered although nobody receives; a failure waits for the next operation.
            let _ = channel.read_ahead();
        }
    }

    /// Close is complete when both close frames are through, and fails when the connection does.
    /// The peer's close frame is enough where ours could not be written: it says how the connection
    /// was closed (RFC 6455 §7.1.5).
    pub(super) fn pump_close(&mut self, ended: &mut impl Reports) {
        let Some(channel) = self.connection.channel_mut() else {
            return;
        };
        if !self.close.is_waiting() {
            return;
        }
        if let Err(error) = channel.life().check_receiving() {
            self.end_close(Err(error), ended);
        } else if channel.life().peer_close().is_some() && !channel.wants_write() {
            channel.finish_sending();
            self.end_close(Ok(()), ended);
        }
    }

    /// Acts on what is due; whether anything was.
    fn pump_timers(&mut self, now: Instant, ended: &mut impl Reports) -> bool {
        let passed = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        let mut due = false;
        if passed(self.keep_alive_at) {
            due = true;
            self.keep_alive_at = clock::deadline(now, Some(self.keep_alive_interval));
            if let Ok(channel) = self.sending() {
                let _ = channel.keep_alive();
            }
        }
        if let Slot::Waiting(Send::Data { stall, .. }, _) = &self.send
            && passed(stall.as_ref().and_then(|stall| stall.ends_at))
        {
            due = true;
            // Half a frame is on the wire: nothing can be sent behind it.
            let failure = timed_out(Wait::WebSocketSend, self.send_timeout);
            if let Some(channel) = self.connection.channel_mut() {
                channel.fail_sending(failure.clone());
            }
            self.end_send(Err(failure), ended);
        }
        if let Slot::Waiting(close, _) = &self.close
            && passed(close.deadline)
        {
            due = true;
            drop(self.connection.let_go());
            let failure = timed_out(Wait::WebSocketClose, Some(self.close_timeout));
            self.end_close(Err(failure), ended);
        }
        due
    }
}

/// Drops what arrives until the peer's close frame; a failure shows in the close that waits.
///
/// A peer that never stops sending must not keep the thread: after a while the owner comes back by
/// its deadline.
fn discard(channel: &mut Channel) {
    with_scratch(BUFFER_BYTES, |scratch| {
        for _ in 0..DISCARDS_MAX {
            if !matches!(
                channel.try_receive(scratch, &mut 0),
                Ok(Received::Fragment(_) | Received::Message(_))
            ) {
                return;
            }
        }
        channel.stop_receiving();
    });
}

fn buffer_kind(received: Received) -> Option<BufferKind> {
    match received {
        Received::Pending => None,
        Received::Fragment(MessageKind::Binary) => Some(BufferKind::BinaryFragment),
        Received::Fragment(MessageKind::Text) => Some(BufferKind::Utf8Fragment),
        Received::Message(MessageKind::Binary) => Some(BufferKind::BinaryMessage),
        Received::Message(MessageKind::Text) => Some(BufferKind::Utf8Message),
        Received::Closed => Some(BufferKind::Close),
    }
}
