//! Sending the head and the body, with an eye on an answer that comes first.
//!
//! While the system takes nothing, what arrives is read up to the answer's head and kept for ReceiveResponse. A refusal
//! ends the upload: the server has decided without the rest, and many do not read it. After any failure to write, what
//! had arrived by then is read, too: a server that answers and closes with unread bytes resets the connection behind
//! its answer.

use std::fmt;
use std::time::Instant;

use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Reason, Result};
use winhttp_proto::http1::head::HeadLimits;
use winhttp_proto::notify::Notification;
use winhttp_proto::option::Timeouts;

use super::{Connection, Driver, State, Step};
use crate::engine::timed_out::Wait;
use crate::engine::transport::{Flush, Read, Write};

/// Whether more of the request can be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Upload {
    /// It can, or all of it is out.
    Open,
    /// It was given up for the answer, which is there.
    Answered,
    /// The connection was lost; what had arrived by then can still be received.
    Lost(Failure),
}

impl Upload {
    /// What a further write fails with.
    fn failure(&self) -> Option<Failure> {
        match self {
            Self::Open => None,
            Self::Answered => Some(Failure::because(Error::ConnectionError, Answered)),
            Self::Lost(failure) => Some(failure.clone()),
        }
    }

    /// What is met behind the last byte that had arrived.
    pub(super) fn lost(&self) -> Option<Failure> {
        match self {
            Self::Open | Self::Answered => None,
            Self::Lost(failure) => Some(failure.clone()),
        }
    }
}

/// Nothing more is sent, because the answer has come.
#[derive(Debug)]
struct Answered;

impl fmt::Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server has answered before the body was sent, and takes no more of it")
    }
}

impl Reason for Answered {}

/// What came of an attempt to write.
enum Pushed {
    All,
    Blocked,
    Failed(Failure),
}

impl Driver {
    /// Writes the request's head and the body given with it.
    pub(super) fn write(
        &mut self,
        now: Instant,
        timeouts: &Timeouts,
        body: &[u8],
    ) -> Result<Step<'_>> {
        let State::Sending(connection) = &mut self.state else {
            return Err(Error::Internal.into());
        };
        let mut written = connection.written;
        let pieces = [&self.plan.head, body];
        let pushed = connection.push(pieces, &mut written, &self.plan.limits.head);
        connection.written = written;
        match self.settle(pushed, now, timeouts) {
            Ok(Some(step)) => return Ok(step),
            Ok(None) => {}
            // The answer is worth more to the program than the failure.
            Err(_) if self.is_answered() => {}
            Err(error) => return self.fail(error),
        }
        self.progress();
        self.turn(State::Sent);
        Ok(Step::Notify(Notification::RequestSent(
            u32::try_from(written).unwrap_or(u32::MAX),
        )))
    }

    /// Writes more of the body (WinHttpWriteData); `written` counts the bytes of `data` taken so far.
    ///
    /// # Errors
    /// Write failures and the send timeout. The response can be received all the same if [`Driver::is_answered`].
    pub fn step_write(
        &mut self,
        now: Instant,
        timeouts: &Timeouts,
        data: &[u8],
        written: &mut usize,
    ) -> Result<Step<'_>> {
        let State::Sent(connection) = &mut self.state else {
            return Err(Error::IncorrectHandleState.into());
        };
        let pushed = connection.push([&[], data], written, &self.plan.limits.head);
        match self.settle(pushed, now, timeouts) {
            Ok(Some(step)) => Ok(step),
            Ok(None) => {
                self.progress();
                Ok(Step::Done)
            }
            Err(error) if self.is_answered() => {
                self.progress();
                Err(error)
            }
            Err(error) => self.fail(error),
        }
    }

    /// Head and given body are written.
    #[must_use]
    pub fn is_sent(&self) -> bool {
        matches!(self.state, State::Sent(_))
    }

    /// Waits until the response's head has arrived, or never will: receiving the response says what came.
    ///
    /// # Errors
    /// The timeouts of receiving a head.
    pub fn await_head(&mut self, now: Instant, timeouts: &Timeouts) -> Result<Step<'_>> {
        let State::Sent(connection) = &mut self.state else {
            return Err(Error::IncorrectHandleState.into());
        };
        connection.look_for_answer(&self.plan.limits.head);
        let found = !connection.early.is_open();
        let since = *connection.awaited_since.get_or_insert(now);
        if found {
            self.progress();
            return Ok(Step::Done);
        }
        self.wait_for_head(now, since, timeouts)
    }

    /// The final response's head has arrived while the request was being sent.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.connection()
            .is_some_and(|connection| connection.early.is_found())
    }

    /// How writing goes on: with a wait, or not at all (`None`, all is written).
    fn settle(
        &mut self,
        pushed: Pushed,
        now: Instant,
        timeouts: &Timeouts,
    ) -> Result<Option<Step<'static>>> {
        match pushed {
            Pushed::All => Ok(None),
            Pushed::Failed(error) => Err(error),
            Pushed::Blocked => {
                let limit = Timeouts::effective(timeouts.send_ms);
                let left = self.time_left(Wait::Send, now, limit);
                if left.is_err()
                    && let State::Sending(connection) | State::Sent(connection) = &mut self.state
                {
                    connection.upload = Upload::Answered; // if it is not, the driver fails
                }
                left.map(|until| Some(Step::Wait(until)))
            }
        }
    }
}

impl Connection {
    /// Writes what is left of `pieces` behind their first `written` bytes, and has the system take it all.
    fn push(&mut self, pieces: [&[u8]; 2], written: &mut usize, limits: &HeadLimits) -> Pushed {
        while self.upload == Upload::Open {
            let rest = rest_of(pieces, *written);
            let outcome = if rest.is_empty() {
                match self.stack.flush() {
                    Ok(Flush::Complete) => return Pushed::All,
                    Ok(Flush::Blocked) => Ok(Write::Blocked),
                    Err(failure) => Err(failure),
                }
            } else {
                self.stack.write(rest)
            };
            let blocked = match outcome {
                Ok(Write::Taken(count)) => {
                    *written += count;
                    continue;
                }
                Ok(Write::Blocked) => true,
                Err(failure) => {
                    self.upload = Upload::Lost(failure);
                    false
                }
            };
            self.look_for_answer(limits);
            if self.upload == Upload::Open && self.early.is_refusal() {
                self.upload = Upload::Answered;
            }
            if blocked && self.upload == Upload::Open {
                return Pushed::Blocked;
            }
        }
        let failure = self.upload.failure();
        Pushed::Failed(failure.unwrap_or_else(|| Error::ConnectionError.into()))
    }

    /// Reads what has arrived up to the answer's head, which stays in the inbox.
    fn look_for_answer(&mut self, limits: &HeadLimits) {
        while self.early.is_open() {
            let space = self.inbox.space_up_to(limits.max_bytes);
            if space.is_empty() {
                return self.early.give_up();
            }
            match self.stack.read(space, &mut []) {
                // A server that says nothing more may still read; writing shows.
                Ok(Read::End { .. }) => self.early.give_up(),
                Ok(Read::Bytes { count, .. }) => {
                    self.inbox.filled(count);
                    self.early.look(self.inbox.data(), limits);
                }
                Ok(nothing) => {
                    self.gave_up = nothing == Read::Again;
                    break;
                }
                Err(failure) => {
                    self.upload = Upload::Lost(self.upload.lost().unwrap_or(failure));
                    self.early.give_up();
                }
            }
        }
        self.inbox.release();
    }
}

/// What is left of two pieces behind their first `written` bytes: of one of them.
fn rest_of([head, body]: [&[u8]; 2], written: usize) -> &[u8] {
    match head.get(written..) {
        Some(rest) if !rest.is_empty() => rest,
        _ => body.get(written - head.len()..).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_the_pieces_is_head_then_body_then_nothing() {
        let pieces = [&b"head"[..], b"body"];
        for (written, rest) in [(0, "head"), (3, "d"), (4, "body"), (7, "y"), (8, "")] {
            assert_eq!(rest_of(pieces, written), rest.as_bytes());
        }
        assert_eq!(rest_of([b"", b""], 0), b"");
    }
}
