//! WinHttpWebSocketSend and WinHttpWebSocketReceive, and how synchronous calls wait.

use std::sync::MutexGuard;

use winhttp_proto::embed::{Embedder, ReadMemory};
use winhttp_proto::error::Error;
use winhttp_proto::failure::Result;
use winhttp_proto::notify::BufferKind;

use super::WebSocket;
use super::io::Io;
use super::slot::{Caller, Slot};
use crate::api::completions::Completions;
use crate::engine::channel::{Channel, LentReader};
use crate::engine::clock;
use crate::engine::sleeper::{self, WaitFor};

impl<E: Embedder> WebSocket<E> {
    /// Sends a message or a piece of one (WinHttpWebSocketSend).
    ///
    /// Synchronously returns when all bytes have reached the system; asynchronously the completion
    /// tells.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a kind that cannot be sent (now),
    /// [`Error::InvalidOperation`] while a send or close is pending or after Shutdown or Close, and
    /// the connection's failure.
    pub fn send(&self, kind: BufferKind, data: E::WriteBuffer) -> Result<()> {
        let mut ended = Completions::of_call(&self.handle);
        let mut io = self.io();
        io.begin_send(kind, data, self.caller())?;
        if let Some(turn) = self.turn_of_callback()
            && io.is_one_of_many(turn)
        {
            io.contain(&mut ended, Io::gather_send);
            self.ask_to_flush(&mut io);
        }
        if io.send.is_waiting() {
            io.contain(&mut ended, Io::pump_send);
        }
        self.finish(io, ended, |io| &mut io.send, WaitFor::Writable)
            .map(|sent| sent.unwrap_or_default())
    }

    /// Receives a message or a piece of one (WinHttpWebSocketReceive).
    ///
    /// Synchronously gives the byte count and the kind; asynchronously `None`, and the completion
    /// tells.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for an empty buffer, [`Error::InvalidOperation`] while a receive
    /// or close is pending and after the peer's close frame, and the connection's failure.
    pub fn receive(&self, mut buffer: E::ReadBuffer) -> Result<Option<(u32, BufferKind)>> {
        if buffer.bytes().is_empty() {
            return Err(Error::InvalidParameter.into());
        }
        if self.handle.is_receiving() {
            return Err(Error::InvalidOperation.into());
        }
        let mut ended = Completions::of_call(&self.handle);
        let mut io = self.io();
        if self.handle.is_receiving() {
            return Err(Error::InvalidOperation.into());
        }
        io.begin_receive(buffer, self.caller())?;
        self.handle.begin_receiving();
        io.contain(&mut ended, Io::pump_receive);
        self.finish(io, ended, |io| &mut io.receive, WaitFor::Readable)
    }

    /// The poll's turn, if the call comes from a callback whose sends may leave together.
    fn turn_of_callback(&self) -> Option<u64> {
        let endpoint = self.endpoint.as_ref()?;
        self.handle.gathers().then(|| endpoint.turn())
    }

    /// Has what was gathered leave before the poll waits.
    fn ask_to_flush(&self, io: &mut Io<E>) {
        let gathered = io.connection.channel().is_some_and(Channel::has_gathered);
        if gathered
            && !io.flush_asked
            && let Some(endpoint) = &self.endpoint
        {
            io.flush_asked = true;
            endpoint.flush_later();
        }
    }

    /// How a call made now reports its completion.
    pub(super) fn caller(&self) -> Caller {
        if self.handle.is_asynchronous() {
            Caller::Callback
        } else {
            Caller::Thread(None)
        }
    }

    /// Ends a call: asynchronously delivers what has ended; synchronously waits for the call's own
    /// result.
    pub(super) fn finish<'a, Op, T>(
        &'a self,
        mut io: MutexGuard<'a, Io<E>>,
        ended: Completions<'a, E>,
        slot: impl Fn(&mut Io<E>) -> &mut Slot<Op, T>,
        interest: WaitFor,
    ) -> Result<Option<T>> {
        if self.handle.is_asynchronous() {
            self.set_deadline(&mut io);
            drop(io);
            ended.deliver();
            return Ok(None);
        }
        let mut patient = true;
        loop {
            if let Some(result) = slot(&mut io).take_result() {
                return result.map(Some);
            }
            if interest == WaitFor::Readable
                && patient
                && let Some(reader) = io.lend()
            {
                (io, patient) = self.read_without_lock(io, reader);
                continue;
            }
            patient = true;
            let Some(socket) = io.socket() else {
                return Err(Error::OperationCancelled.into());
            };
            let (deadline, interest) = (io.deadline(), io.interest(interest));
            let sleeper = sleeper::current();
            slot(&mut io).set_waker(sleeper.as_ref().ok().map(|sleeper| sleeper.waker()));
            drop(io);
            let waited = sleeper.and_then(|sleeper| {
                sleeper.wait(&[(std::os::fd::AsFd::as_fd(&*socket), interest)], deadline)
            });
            io = self.io();
            slot(&mut io).set_waker(None);
            if let (Err(error), Some(channel)) = (waited, io.connection.channel_mut()) {
                // Without waiting nothing can end the operation, and its memory must not stay lent.
                channel.abandon(error);
            }
            let now = Some(clock::now());
            let mut ended = Completions::of(&self.handle);
            io.contain(&mut ended, |io, ended| io.pump(now, ended));
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
        if let Some(channel) = io.connection.channel_mut() {
            // A failure shows in the operations that wait.
            came = channel.take_back(reader, &result).unwrap_or(true);
        }
        let mut ended = Completions::of(&self.handle);
        io.contain(&mut ended, |io, ended| {
            io.pump_receive(ended);
            io.pump_close(ended);
        });
        (io, came)
    }
}
