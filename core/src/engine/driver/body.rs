//! Receiving the response's body.

use std::time::Instant;

use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Result};
use winhttp_proto::header::HeaderList;
use winhttp_proto::http1::body::BodyDecoder;
use winhttp_proto::notify::Notification;
use winhttp_proto::option::Timeouts;

use super::{Closing, Connection, Driver, State, Step};
use crate::engine::timed_out::Wait;
use crate::engine::transport::{Read, late};

/// Most bytes one QueryDataAvailable announces.
const AVAILABLE_MAX: u32 = 8192;
/// From this size on, body bytes are read straight into the caller's memory.
const DIRECT_MIN: usize = 16 * 1024;

/// What a turn of reading brought.
pub(super) enum Got {
    Bytes(usize),
    Blocked,
    End,
}

impl Driver {
    /// Waits until body bytes can be read or the body ends; the number is in [`Driver::available`].
    ///
    /// # Errors
    /// A malformed body, the end of the connection inside it, a timeout: each behind the last byte that came before it.
    pub fn step_available(&mut self, now: Instant, timeouts: &Timeouts) -> Result<Step<'_>> {
        loop {
            let State::Open(connection) = &mut self.state else {
                return Err(Error::IncorrectHandleState.into());
            };
            let waiting = connection.waiting_bytes();
            if waiting > 0 {
                connection.available = u32::try_from(waiting)
                    .unwrap_or(u32::MAX)
                    .min(AVAILABLE_MAX);
                self.progress();
                return Ok(Step::Done);
            }
            if let Some(error) = connection.owed.take() {
                return self.fail(error);
            }
            // Without room for payload a turn only passes framing and fetches more bytes.
            match connection.read_body(&mut []) {
                Ok(Got::Bytes(_)) => {}
                Ok(Got::Blocked) => return self.wait_to_receive(now, timeouts, 0),
                Ok(Got::End) => {
                    connection.available = 0;
                    return Ok(self.end_of_body());
                }
                Err(error) => return self.fail(error),
            }
        }
    }

    /// Body bytes found by the last [`Driver::step_available`]; 0 at the end.
    #[must_use]
    pub fn available(&self) -> u32 {
        self.connection()
            .map_or(0, |connection| connection.available)
    }

    /// Reads body bytes behind the first `filled` bytes of `out`, until it is full or the body ends; with `any`, until
    /// there is at least one byte.
    ///
    /// # Errors
    /// As [`Driver::step_available`].
    pub fn step_read(
        &mut self,
        now: Instant,
        timeouts: &Timeouts,
        out: &mut [u8],
        filled: &mut usize,
        any: bool,
    ) -> Result<Step<'_>> {
        loop {
            let State::Open(connection) = &mut self.state else {
                return Err(Error::IncorrectHandleState.into());
            };
            if *filled >= out.len() || (any && *filled > 0) {
                self.progress();
                return Ok(Step::Done);
            }
            if let Some(error) = connection.owed.take() {
                return self.fail(error);
            }
            match connection.read_body(out.get_mut(*filled..).unwrap_or_default()) {
                Ok(Got::Bytes(count)) => *filled += count,
                Ok(Got::Blocked) => return self.wait_to_receive(now, timeouts, *filled),
                Ok(Got::End) => return Ok(self.end_of_body()),
                Err(error) => return self.break_off(error, *filled),
            }
        }
    }

    /// The body's trailers: `None` before its end, `Some(None)` if there are none.
    #[must_use]
    pub fn trailers(&self) -> Option<Option<&HeaderList>> {
        let State::Open(connection) = &self.state else {
            return None;
        };
        let body = connection.exchange.body_ref()?;
        body.is_done().then(|| body.trailers())
    }

    /// The end of the body will be followed by notifications about the end of the connection.
    #[must_use]
    pub fn ends_connection(&self) -> bool {
        self.connection()
            .is_some_and(|connection| connection.closing == Closing::Announced)
    }

    /// Whether a read of `wanted` bytes needs no waiting: they were received already, or the body is over.
    #[must_use]
    pub fn has_at_hand(&self, wanted: usize) -> bool {
        let State::Open(connection) = &self.state else {
            return false;
        };
        connection.is_done() || (wanted > 0 && connection.waiting_bytes() >= wanted)
    }

    /// Waits for more than the `filled` bytes that a read has got.
    fn wait_to_receive(
        &mut self,
        now: Instant,
        timeouts: &Timeouts,
        filled: usize,
    ) -> Result<Step<'static>> {
        let limit = Timeouts::effective(timeouts.receive_ms);
        match self.time_left(Wait::Receive, now, limit) {
            Ok(until) => Ok(Step::Wait(until)),
            Err(error) => self.break_off(error, filled),
        }
    }

    /// The body breaks off: a read that has got some bytes ends with them, and the next one meets the error.
    fn break_off(&mut self, error: Failure, filled: usize) -> Result<Step<'static>> {
        if let State::Open(connection) = &mut self.state
            && filled > 0
        {
            connection.owed = Some(error);
            self.progress();
            return Ok(Step::Done);
        }
        self.fail(error)
    }

    /// The body is over: says once that the connection goes, if both sides announced that.
    fn end_of_body(&mut self) -> Step<'static> {
        let State::Open(connection) = &mut self.state else {
            return Step::Done;
        };
        match connection.closing {
            Closing::Announced => {
                connection.closing = Closing::Notified;
                Step::Notify(Notification::ClosingConnection)
            }
            Closing::Notified => {
                connection.closing = Closing::Complete;
                connection.stack.finish();
                Step::Notify(Notification::ConnectionClosed)
            }
            Closing::Silent | Closing::Complete => Step::Done,
        }
    }
}

impl Connection {
    /// Body bytes in the inbox that can be delivered without crossing a chunk.
    fn waiting_bytes(&self) -> usize {
        let waiting = |body: &BodyDecoder| body.boundary_available(self.inbox.data());
        usize::try_from(self.exchange.body_ref().map_or(0, waiting)).unwrap_or(usize::MAX)
    }

    /// The body is over, or there never is one (an upgraded connection).
    fn is_done(&self) -> bool {
        self.exchange.body_ref().is_none_or(BodyDecoder::is_done)
    }

    /// One turn of reading: from the inbox, straight from the transport, or into the inbox.
    pub(super) fn read_body(&mut self, out: &mut [u8]) -> Result<Got> {
        let Some(decoder) = self.exchange.body() else {
            return Ok(Got::End);
        };
        let step = decoder.advance(self.inbox.data(), out)?;
        self.inbox.consume(step.consumed);
        if step.produced > 0 {
            return Ok(Got::Bytes(step.produced));
        }
        if step.done {
            return Ok(Got::End);
        }
        if !self.inbox.is_empty() {
            // Payload waits for room; the caller gave none.
            return Ok(Got::Bytes(0));
        }
        let remaining =
            usize::try_from(decoder.direct_remaining().unwrap_or(0)).unwrap_or(usize::MAX);
        let direct = remaining.min(out.len());
        if direct >= DIRECT_MIN {
            return self.read_direct(out.get_mut(..direct).unwrap_or_default());
        }
        match self.stack.read(self.inbox.space(), &mut []) {
            Ok(Read::Bytes { count, .. }) => {
                self.inbox.filled(count);
                Ok(Got::Bytes(0))
            }
            nothing => self.nothing_read(nothing),
        }
    }

    /// Reads payload straight into the caller's memory: a large body is touched once.
    fn read_direct(&mut self, room: &mut [u8]) -> Result<Got> {
        match self.stack.read(room, &mut []) {
            Ok(Read::Bytes { count, .. }) => {
                if let Some(decoder) = self.exchange.body() {
                    decoder.advance_direct(u64::try_from(count).unwrap_or(u64::MAX));
                }
                Ok(Got::Bytes(count))
            }
            nothing => self.nothing_read(nothing),
        }
    }

    /// A read that brought no bytes.
    fn nothing_read(&mut self, read: Result<Read>) -> Result<Got> {
        self.inbox.release();
        match read {
            Ok(Read::End { orderly }) => self.end_of_stream(orderly),
            Ok(nothing) => {
                self.gave_up = nothing == Read::Again;
                self.upload.lost().map_or(Ok(Got::Blocked), Err)
            }
            Err(failure) => Err(late(failure)),
        }
    }

    fn end_of_stream(&mut self, orderly: bool) -> Result<Got> {
        if let Some(error) = self.upload.lost() {
            return Err(error); // a reset that a write has met looks like a FIN here
        }
        match self.exchange.body() {
            Some(decoder) => decoder
                .on_eof(orderly)
                .map(|()| Got::End)
                .map_err(Failure::from),
            None => Ok(Got::End),
        }
    }
}
