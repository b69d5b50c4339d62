//! Reading: message payload into the caller's memory, pings answered on the way.

use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Result, late};
use winhttp_proto::websocket::{CloseFrame, Event, MessageKind, ProtocolError};

use super::{Channel, Readiness, reasons};
use crate::engine::transport::Read;

/// From this many payload bytes on, they are read straight into the caller's memory.
const DIRECT_MIN: usize = 8 * 1024;
/// Bytes of a probably large message that go through a buffer.
const BEGINNING: usize = 2 * 1024;
/// Turns of one call at the most, so that a fast peer cannot keep a thread for ever.
const TURNS_MAX: usize = 256;

/// What a receive brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Nothing yet; the caller's memory stays in use.
    Pending,
    /// Payload of a message that goes on.
    Fragment(MessageKind),
    /// The last payload of a message.
    Message(MessageKind),
    /// The peer's close frame.
    Closed,
}

impl Channel {
    /// Receives into `out` behind its first `filled` bytes, and counts on.
    ///
    /// Ends with the message, with a frame's end, or with the buffer full, whichever comes first.
    ///
    /// # Errors
    /// The connection's failure: the peer broke the protocol, or the connection ended. What had
    /// arrived of a message is delivered before that.
    pub fn try_receive(&mut self, out: &mut [u8], filled: &mut usize) -> Result<Received> {
        let received = self.receive(out, filled);
        match (received, self.receiver.message()) {
            // A frame that breaks the protocol taints its payload: that is not delivered.
            (Err(failure), Some(kind))
                if *filled > 0 && failure.error() != Error::InvalidServerResponse =>
            {
                Ok(Received::Fragment(kind))
            }
            (received, _) => received,
        }
    }

    fn receive(&mut self, out: &mut [u8], filled: &mut usize) -> Result<Received> {
        self.life.check_receiving()?;
        self.readiness.resume();
        if let Some(kind) = self.message_end.take_if(|_| !out.is_empty()) {
            return Ok(Received::Message(kind));
        }
        for _ in 0..TURNS_MAX {
            if self.life.peer_close().is_some() {
                return Ok(Received::Closed);
            }
            let mut progress = false;
            let waiting = self.inbox.data();
            if !waiting.is_empty() {
                let room = out.get_mut(*filled..).unwrap_or_default();
                let advance = match self.receiver.advance(waiting, room) {
                    Ok(advance) => advance,
                    Err(error) => return self.violation(error, out.is_empty()),
                };
                self.inbox.consume(advance.consumed);
                *filled += advance.produced;
                if let Some(received) = self.judge(advance.event, *filled)? {
                    return Ok(received);
                }
                progress = advance.consumed > 0;
            }
            let full = *filled == out.len();
            if full
                && !out.is_empty()
                && let Some(kind) = self.receiver.message()
            {
                return Ok(Received::Fragment(kind));
            }
            if progress {
                continue;
            }
            if full && (!self.inbox.is_empty() || self.receiver.direct_remaining() > 0) {
                // Payload waits for a receive with room, here or still in the socket.
                return Ok(Received::Pending);
            }
            match self.read(out.get_mut(*filled..).unwrap_or_default())? {
                Turn::Direct(event, count) => {
                    *filled += count;
                    if let Some(received) = self.judge(event, *filled)? {
                        return Ok(received);
                    }
                }
                Turn::Buffered => {}
                Turn::Blocked => return self.nothing_more(),
            }
        }
        // Others want their turn; the owner comes back although no new readiness will be reported.
        self.readiness.stop();
        Ok(Received::Pending)
    }

    /// All that has arrived was delivered. Behind a failed write there will be nothing else: the
    /// connection is gone, or half a frame has made it useless.
    fn nothing_more(&mut self) -> Result<Received> {
        match self.life.check_sending() {
            Err(failure) if !self.readiness.is_lent() && !self.readiness.is_unfinished() => {
                Err(self.fail(failure))
            }
            Err(_) | Ok(()) => Ok(Received::Pending),
        }
    }

    /// Reads without a receive pending: answers pings and notices the peer's close, keeps payload
    /// for later.
    ///
    /// # Errors
    /// As [`Channel::try_receive`].
    pub fn read_ahead(&mut self) -> Result<()> {
        if self.inbox.is_empty() && !self.is_worth_reading() {
            return Ok(());
        }
        if self.message_end.is_none()
            && let Received::Message(kind) = self.try_receive(&mut [], &mut 0)?
        {
            self.message_end = Some(kind);
        }
        Ok(())
    }

    /// Acts on an event; `Some` if it ends the receive.
    fn judge(&mut self, event: Option<Event>, filled: usize) -> Result<Option<Received>> {
        match event {
            None | Some(Event::Pong(_)) => Ok(None),
            Some(Event::FrameEnd { kind, fin: true }) => Ok(Some(Received::Message(kind))),
            // An empty fragment tells the program nothing.
            Some(Event::FrameEnd { kind, fin: false }) => {
                Ok((filled > 0).then_some(Received::Fragment(kind)))
            }
            Some(Event::Ping(payload)) => {
                self.queue_pong(payload.as_bytes())?;
                // A pong that cannot be written costs nothing of what was received.
                let _ = self.flush();
                Ok(None)
            }
            Some(Event::Close(frame)) => {
                self.life.peer_closes(frame);
                // Payload in front of the close frame is delivered before it.
                let open = self.receiver.message().filter(|_| filled > 0);
                Ok(Some(open.map_or(Received::Closed, Received::Fragment)))
            }
        }
    }

    /// Payload bytes of the current frame that can be read straight into the caller's memory.
    fn direct_remaining(&self) -> usize {
        usize::try_from(self.receiver.direct_remaining()).unwrap_or(usize::MAX)
    }

    /// So much payload is still to come that it should not go through a buffer.
    pub(super) fn reads_directly(&self) -> bool {
        self.direct_remaining() >= DIRECT_MIN
    }

    fn read(&mut self, out: &mut [u8]) -> Result<Turn> {
        if !self.is_worth_reading() {
            return Ok(Turn::Blocked);
        }
        let direct = self.direct_remaining().min(out.len());
        if direct >= DIRECT_MIN && self.inbox.is_empty() {
            return self.read_direct(out.get_mut(..direct).unwrap_or_default());
        }
        let limit = self.input_limit();
        let space = self.inbox.space();
        let length = space.len().min(limit);
        let Some(space) = space.get_mut(..length).filter(|space| !space.is_empty()) else {
            return Ok(Turn::Blocked);
        };
        match self.stack.read(space, &mut []) {
            Ok(Read::Bytes { count, drained }) => {
                if drained {
                    self.readiness.read_short();
                }
                self.inbox.filled(count);
                Ok(Turn::Buffered)
            }
            nothing => self.nothing_read(nothing),
        }
    }

    /// Bytes to read into the inbox at the most.
    ///
    /// Behind a message that was read directly the next is probably as large: only its beginning is
    /// read here then, so that the rest is not copied.
    pub(super) fn input_limit(&mut self) -> usize {
        if std::mem::take(&mut self.large) {
            self.read_ahead.min(BEGINNING)
        } else {
            self.read_ahead
        }
    }

    /// A read here may bring something.
    fn is_worth_reading(&self) -> bool {
        match self.readiness {
            Readiness::Ready(_) | Readiness::Unfinished(_) => true,
            Readiness::Drained => self.stack.interest().has_input,
            Readiness::Lent(_) => false,
        }
    }

    /// Payload goes straight into the caller's memory: it is touched once. Where the frame's end
    /// fits in, the beginning of what follows may come along; if it does not, the socket is known
    /// to be drained.
    fn read_direct(&mut self, room: &mut [u8]) -> Result<Turn> {
        self.large = true;
        let read = if room.len() == self.direct_remaining() {
            let limit = self.read_ahead.min(BEGINNING);
            let space = self.inbox.space();
            let spill = space.len().min(limit);
            let spill = space.get_mut(..spill).unwrap_or_default();
            self.stack.read(room, spill)
        } else {
            self.stack.read(room, &mut [])
        };
        match read {
            Ok(Read::Bytes {
                count: received,
                drained,
            }) => {
                let count = received.min(room.len());
                self.inbox.filled(received - count);
                if drained {
                    self.readiness.read_short();
                }
                match self
                    .receiver
                    .advance_direct(room.get_mut(..count).unwrap_or_default())
                {
                    Ok(event) => Ok(Turn::Direct(event, count)),
                    Err(error) => Err(self.protocol_error(error)),
                }
            }
            nothing => self.nothing_read(nothing),
        }
    }

    /// A read that brought no bytes.
    fn nothing_read(&mut self, read: Result<Read>) -> Result<Turn> {
        match read {
            Ok(Read::End { .. }) => return Err(self.end_of_stream()),
            Ok(Read::Again) => self.readiness.stop(),
            Ok(Read::Blocked | Read::Bytes { .. }) => self.readiness.read_short(),
            Err(failure) => return Err(self.cannot_read(failure)),
        }
        self.inbox.release();
        Ok(Turn::Blocked)
    }

    pub(super) fn cannot_read(&mut self, failure: Failure) -> Failure {
        self.lose(late(failure))
    }

    /// The connection ended without a close frame (RFC 6455 §7.1.5: abnormal closure).
    pub(super) fn end_of_stream(&mut self) -> Failure {
        self.lose(reasons::ended())
    }

    /// The connection is gone; if a failed write has told that before, and why, that is what
    /// counts.
    fn lose(&mut self, failure: Failure) -> Failure {
        self.give_up();
        self.life.lose(failure)
    }

    /// The peer broke the protocol: that ends a receive. Reading ahead leaves it to the next
    /// receive or close, which meets it again: until then the program may answer what came before
    /// it.
    fn violation(&mut self, error: ProtocolError, reading_ahead: bool) -> Result<Received> {
        if reading_ahead {
            return Ok(Received::Pending);
        }
        Err(self.protocol_error(error))
    }

    /// The peer broke the protocol: it is told why, as far as that is possible without waiting, and
    /// the connection fails (RFC 6455 §7.1.7).
    fn protocol_error(&mut self, error: ProtocolError) -> Failure {
        if !self.sender.is_closed() {
            let _ = self.queue_close(&CloseFrame::with_code(error.close_code()));
        }
        if self.flush().unwrap_or(false) {
            self.stack.finish();
        }
        self.fail(reasons::violation(error))
    }
}

/// What one read brought.
pub(super) enum Turn {
    /// Payload in the caller's memory.
    Direct(Option<Event>, usize),
    /// Bytes in the inbox.
    Buffered,
    /// Nothing.
    Blocked,
}
