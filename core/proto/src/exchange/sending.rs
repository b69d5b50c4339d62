//! Sending the head and the body, with an eye on an answer that comes first.
//!
//! While the system takes nothing, what arrives is read up to the answer's head and kept for
//! ReceiveResponse. A refusal ends the upload: the server has decided without the rest, and many do
//! not read it. After any failure to write, what had arrived by then is read, too: a server that
//! answers and closes with unread bytes resets the connection behind its answer.

use std::fmt;
use std::time::Instant;

use super::replay::Replay;
use super::retry::Loss;
use super::timers::Wait;
use super::{Action, Arrived, Call, Composed, Exchange, Flow, Room, Source, State, Turn, Wrote};
use crate::error::Error;
use crate::failure::{Failure, Reason, Result};
use crate::http1::early::EarlyAnswer;
use crate::http1::head::HeadLimits;

/// A request on its way out.
#[derive(Debug, Default)]
pub(super) struct Upload {
    /// Bytes of the head and the data given with SendRequest that are written.
    written: usize,
    way: Way,
    /// An answer that comes before the request is out.
    early: EarlyAnswer,
    /// Something of an answer has come.
    has_arrived: bool,
    doing: Doing,
}

/// What an upload is at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Doing {
    #[default]
    Writing,
    /// Writing cannot go on; what has arrived is looked at.
    Looking,
    /// Everything is out, and SendRequest waits for the answer's head since then.
    Awaiting(Instant),
}

/// Whether more of the request can be sent.
#[derive(Clone, Debug, Default)]
enum Way {
    /// It can, or all of it is out.
    #[default]
    Open,
    /// It was given up for the answer, which is there.
    Answered,
    /// The connection was lost; what had arrived by then can still be received.
    Lost(Failure),
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

impl Upload {
    /// What to do for what is left of the head and `given`.
    pub(super) fn next(&self, request: &Composed, given: &[u8]) -> Action {
        if self.doing == Doing::Looking {
            return Action::Read(Room::Inbox(request.limits.head.max_bytes));
        }
        match self.written.checked_sub(request.head.len()) {
            None => Action::Write(Source::Head(self.written)),
            Some(written) if written < given.len() => Action::Write(Source::Lent(written)),
            Some(_) => Action::Flush,
        }
    }

    pub(super) fn written(&self) -> usize {
        self.written
    }

    /// An answer may come, and is looked for.
    pub(super) fn looks_for_answer(&self) -> bool {
        self.early.is_open()
    }

    /// Everything is out, and SendRequest waits for the answer.
    pub(super) fn awaits_head(&self) -> bool {
        matches!(self.doing, Doing::Awaiting(_))
    }

    pub(super) fn is_answered(&self) -> bool {
        self.early.is_found()
    }

    /// What is met behind the last byte that had arrived.
    pub(super) fn into_lost(self) -> Option<Failure> {
        match self.way {
            Way::Open | Way::Answered => None,
            Way::Lost(failure) => Some(failure),
        }
    }

    /// What a further write fails with.
    fn obstacle(&self) -> Option<Failure> {
        match &self.way {
            Way::Open => None,
            Way::Answered => Some(Failure::because(Error::ConnectionError, Answered)),
            Way::Lost(failure) => Some(failure.clone()),
        }
    }

    /// What has arrived while nothing could be written; `true` if no more of it is to be looked at
    /// now.
    fn look(&mut self, arrived: Arrived, input: &[u8], limits: &HeadLimits) -> bool {
        match arrived {
            Arrived::Bytes(_) => {
                self.has_arrived = true;
                self.early.look(input, limits);
            }
            // A server that says nothing more may still read; writing shows.
            Arrived::Ended { .. } | Arrived::NoRoom => self.early.give_up(),
            Arrived::Failed(failure) => {
                if !matches!(self.way, Way::Lost(_)) {
                    self.way = Way::Lost(failure);
                }
                self.early.give_up();
            }
            Arrived::Blocked => return true,
        }
        !self.early.is_open()
    }
}

impl Exchange {
    pub(super) fn next_of_write(&mut self, data: &[u8], written: usize) -> Result<Action> {
        let room = self.room_for_head();
        let State::Sent(upload) = &mut self.state else {
            return Err(Error::IncorrectHandleState.into());
        };
        self.replay = Replay::Written;
        if upload.doing == Doing::Looking {
            return Ok(Action::Read(room));
        }
        upload.doing = Doing::Writing;
        if let Some(failure) = upload.obstacle() {
            return Err(failure);
        }
        Ok(if written < data.len() {
            Action::Write(Source::Lent(written))
        } else {
            Action::Flush
        })
    }

    /// What came of writing, or of having the system take everything.
    ///
    /// # Errors
    /// What the call fails with.
    pub fn wrote(&mut self, turn: &Turn<'_>, call: &mut Call<'_>, outcome: Wrote) -> Result<Flow> {
        let (State::Sending(upload) | State::Sent(upload)) = &mut self.state else {
            return Ok(Flow::On);
        };
        match outcome {
            Wrote::Bytes(count) => {
                let given: &[u8] = match call {
                    Call::Write { data, written } => {
                        let from = **written;
                        **written += count;
                        self.progress
                            .pass(data.get(from..from + count).unwrap_or_default());
                        return Ok(Flow::On);
                    }
                    Call::Send { given, .. } => given,
                    Call::Receive | Call::Available { .. } | Call::Read { .. } => &[],
                };
                // A write brings bytes of the head, or of the body behind it.
                if let Some(from) = upload.written.checked_sub(self.request.head.len()) {
                    self.progress
                        .pass(given.get(from..from + count).unwrap_or_default());
                }
                upload.written += count;
                return Ok(Flow::On);
            }
            Wrote::All => return Ok(self.all_is_out()),
            Wrote::Blocked => {}
            Wrote::Failed(failure) => upload.way = Way::Lost(failure),
        }
        if upload.early.is_open() {
            upload.doing = Doing::Looking;
            return Ok(Flow::On);
        }
        self.looked(turn)
    }

    /// The system has all that the call gives.
    fn all_is_out(&mut self) -> Flow {
        self.stall.over();
        if let State::Sending(upload) = &mut self.state {
            self.state = State::Written(std::mem::take(upload));
            Flow::On
        } else {
            Flow::Done
        }
    }

    /// What has arrived is looked at: goes on with the wait to write, or gives the upload up.
    fn looked(&mut self, turn: &Turn<'_>) -> Result<Flow> {
        let (State::Sending(upload) | State::Sent(upload)) = &mut self.state else {
            return Ok(Flow::On);
        };
        upload.doing = Doing::Writing;
        if matches!(upload.way, Way::Open) && upload.early.is_refusal() {
            upload.way = Way::Answered;
        }
        if let Some(failure) = upload.obstacle() {
            return self.cannot_send(failure);
        }
        let left = self
            .stall
            .left(Wait::Send, turn.carried, turn.now, turn.timeouts);
        match left {
            Ok(until) => Ok(Flow::Wait(until)),
            Err(failure) => {
                upload.way = Way::Answered; // if it is not, this is the end
                self.cannot_send(failure)
            }
        }
    }

    /// Nothing more can be sent. Where the answer is there, it is worth more to the program than
    /// the failure.
    fn cannot_send(&mut self, failure: Failure) -> Result<Flow> {
        if self.is_answered() {
            self.stall.over();
            return Err(failure);
        }
        if let State::Sending(upload) = std::mem::replace(&mut self.state, State::Over) {
            if upload.is_answered() {
                self.stall.over();
                self.state = State::Written(upload);
                return Ok(Flow::On);
            }
            if self.is_stale(&upload) {
                self.state = State::Stale;
                return Ok(Flow::On);
            }
        }
        Err(failure)
    }

    /// The connection was given up by the server before this request came.
    fn is_stale(&self, upload: &Upload) -> bool {
        let loss = Loss {
            origin: self.origin,
            answered: upload.has_arrived,
            written: upload.written > 0,
            replayable: self.replay.is_possible(true),
            method: &self.request.method,
        };
        matches!(upload.way, Way::Lost(_)) && loss.is_stale()
    }

    /// SendRequest waits until the response's head has arrived, or never will: receiving the
    /// response says what came.
    pub(super) fn await_head(&mut self, turn: &Turn<'_>) -> Action {
        let room = self.room_for_head();
        let State::Sent(upload) = &mut self.state else {
            return Action::Done;
        };
        if !upload.awaits_head() {
            upload.doing = Doing::Awaiting(turn.now);
        }
        if upload.early.is_open() {
            return Action::Read(room);
        }
        self.stall.over();
        Action::Done
    }

    /// What came of looking for the answer before ReceiveResponse.
    pub(super) fn read_early(
        &mut self,
        turn: &Turn<'_>,
        arrived: Arrived,
        input: &[u8],
    ) -> Result<Flow> {
        let limits = self.request.limits.head;
        let (State::Sending(upload) | State::Sent(upload)) = &mut self.state else {
            return Ok(Flow::On);
        };
        let seen = upload.look(arrived, input, &limits);
        match upload.doing {
            Doing::Looking if seen => self.looked(turn),
            Doing::Awaiting(since) if seen && upload.early.is_open() => {
                self.wait_for_head(turn, since)
            }
            Doing::Writing | Doing::Looking | Doing::Awaiting(_) => Ok(Flow::On),
        }
    }
}
