//! WinHttpWebSocketSend and WinHttpWebSocketReceive, and how synchronous calls wait.

use std::sync::{Arc, MutexGuard};

use super::WebSocket;
use super::io::{Ended, Io, Receive, Send, Slot};
use crate::embed::{Embedder, ReadMemory, WriteMemory};
use crate::engine::channel::{Channel, LentReader};
use crate::engine::clock;
use crate::engine::sleeper::{self, Interest, Wake};
use crate::error::{Error, Result};
use crate::notify::BufferKind;
use crate::proto::websocket::MessageKind;

impl<E: Embedder> WebSocket<E> {
    /// Sends a message or a piece of one (WinHttpWebSocketSend).
    ///
    /// Synchronously returns when all bytes have reached the system; asynchronously the completion tells.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a kind that cannot be sent (now), [`Error::InvalidOperation`] while a send or
    /// close is pending or after Shutdown or Close, and the connection's failure.
    pub fn send(&self, kind: BufferKind, data: E::WriteBuffer) -> Result<()> {
        let (message, fin) = match kind {
            BufferKind::BinaryMessage => (MessageKind::Binary, true),
            BufferKind::BinaryFragment => (MessageKind::Binary, false),
            BufferKind::Utf8Message => (MessageKind::Text, true),
            BufferKind::Utf8Fragment => (MessageKind::Text, false),
            BufferKind::Close => return Err(Error::InvalidParameter),
        };
        let mut ended = Ended::default();
        let waker = self.sync_waker()?;
        let mut io = self.io();
        if !io.send.is_free() || io.send_closed {
            return Err(Error::InvalidOperation);
        }
        let channel = io.working()?;
        channel.can_send(message)?;
        let frame = channel.begin(message, fin, data.bytes().len())?;
        io.send = Slot::Waiting(
            Send::Data {
                frame,
                data,
                kind,
                stalls_at: None,
            },
            waker,
        );
        if self.handle.gathers() {
            io.gather_send(&mut ended);
        }
        if io.send.is_waiting() {
            io.pump_send(&mut ended);
        }
        self.ask_to_flush(&mut io);
        self.finish(io, ended, |io| io.send.take_result(), Interest::Writable)
            .map(|sent| sent.unwrap_or_default())
    }

    /// Receives a message or a piece of one (WinHttpWebSocketReceive).
    ///
    /// Synchronously gives the byte count and the kind; asynchronously `None`, and the completion tells.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for an empty buffer, [`Error::InvalidOperation`] while a receive or close is pending
    /// and after the peer's close frame, and the connection's failure.
    pub fn receive(&self, mut buffer: E::ReadBuffer) -> Result<Option<(u32, BufferKind)>> {
        if buffer.bytes().is_empty() {
            return Err(Error::InvalidParameter);
        }
        let mut ended = Ended::default();
        let waker = self.sync_waker()?;
        let mut io = self.io();
        if !io.receive.is_free() || io.receive_closed {
            return Err(Error::InvalidOperation);
        }
        io.working()?;
        io.receive = Slot::Waiting(Receive { buffer, filled: 0 }, waker);
        io.pump_receive(&mut ended);
        self.finish(io, ended, |io| io.receive.take_result(), Interest::Readable)
    }

    /// Has what was gathered leave before the poll waits.
    fn ask_to_flush(&self, io: &mut Io<E>) {
        let gathered = io.channel.as_ref().is_some_and(Channel::has_gathered);
        if gathered
            && !io.flush_asked
            && let Some(endpoint) = &self.endpoint
        {
            io.flush_asked = true;
            endpoint.flush_later();
        }
    }

    /// The waker of a synchronous caller; `None` in asynchronous mode.
    pub(super) fn sync_waker(&self) -> Result<Option<Arc<dyn Wake>>> {
        if self.handle.is_asynchronous() {
            Ok(None)
        } else {
            sleeper::current_waker().map(Some)
        }
    }

    /// Ends a call: asynchronously delivers what has ended; synchronously waits for the call's own result.
    pub(super) fn finish<'a, T>(
        &'a self,
        mut io: MutexGuard<'a, Io<E>>,
        ended: Ended,
        take: impl Fn(&mut Io<E>) -> Option<Result<T>>,
        interest: Interest,
    ) -> Result<Option<T>> {
        if self.handle.is_asynchronous() {
            self.set_deadline(&mut io);
            io.outbox.put(ended);
            self.deliver(io);
            return Ok(None);
        }
        let mut patient = true;
        loop {
            if let Some(result) = take(&mut io) {
                return result.map(Some);
            }
            let Some(socket) = io.socket() else {
                return Err(Error::OperationCancelled);
            };
            if interest == Interest::Readable
                && patient
                && let Some(reader) = io.lend()
            {
                (io, patient) = self.read_without_lock(io, reader);
                continue;
            }
            patient = true;
            let (deadline, interest) = (io.deadline(), io.interest(interest));
            drop(io);
            let waited = sleeper::wait(&[(std::os::fd::AsFd::as_fd(&*socket), interest)], deadline);
            io = self.io();
            if let (Err(error), Some(channel)) = (waited, &mut io.channel) {
                // Without waiting nothing can end the operation, and its memory must not stay lent.
                channel.abandon(error);
            }
            io.note_ready(false);
            io.pump(Some(clock::now()), &mut Ended::default());
        }
    }

    /// Reads for a synchronous receive; the flag says whether that brought anything.
    fn read_without_lock<'a>(
        &'a self,
        io: MutexGuard<'a, Io<E>>,
        mut reader: LentReader,
    ) -> (MutexGuard<'a, Io<E>>, bool) {
        let mut spin = io.spin;
        drop(io);
        let result = reader.read(&mut spin);
        let mut io = self.io();
        io.spin = spin;
        let mut came = true;
        if let Some(channel) = &mut io.channel {
            // A failure shows in the operations that wait.
            came = channel.take_back(reader, &result).unwrap_or(true);
        }
        io.pump(None, &mut Ended::default());
        (io, came)
    }
}
