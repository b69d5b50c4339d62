//! Sending the head and the body, with an eye on an answer that comes first.
//!
//! While the system takes nothing, what arrives is read up to the answer's head and kept for
//! ReceiveResponse. A refusal ends the upload: the server has decided without the rest, and many do
//! not read it. After any failure to write, what had arrived by then is read, too: a server that
//! answers and closes with unread bytes resets the connection behind its answer.
//!
//! Once the response is received, whoever receives it reads, and writing only writes.

use std::fmt;
use std::time::Instant;

use super::replay::Replay;
use super::request_body::Piece;
use super::retry::{Condition, Loss};
use super::timers::{Stall, Wait};
use super::{Action, Arrived, Call, Composed, Exchange, Flow, Room, State, Turn, Wrote};
use crate::error::Error;
use crate::failure::{Failure, Reason, Result};
use crate::http1::early::EarlyAnswer;
use crate::http1::head::HeadLimits;

/// A request on its way out.
#[derive(Debug, Default)]
pub(super) struct Upload {
    /// Bytes of the head and the data given with SendRequest that are written.
    written: usize,
    /// The system has the whole body.
    complete: bool,
    way: Way,
    /// Since when the system has taken nothing.
    stall: Stall,
    /// An answer that comes before the request is out.
    early: EarlyAnswer,
    /// Something of an answer has come.
    has_arrived: bool,
    /// When the system had all that was given last.
    out_since: Option<Instant>,
    doing: Doing,
}

/// What an upload is at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Doing {
    #[default]
    Writing,
    /// Writing cannot go on; what has arrived is looked at.
    Looking,
    /// Everything is out, and SendRequest waits for the answer's head.
    Awaiting,
}

/// Whether more of the request can be sent.
#[derive(Clone, Debug, Default)]
enum Way {
    /// It can, or all of it is out.
    #[default]
    Open,
    /// It was given up for this reason: the answer is there, or nothing was taken for too long.
    /// Receiving is not concerned.
    GivenUp(Failure),
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
    /// What to do for what is left of the head, and of a piece with so much data.
    pub(super) fn next(&self, request: &Composed, given: usize, piece: Piece) -> Action {
        if self.doing == Doing::Looking {
            return Action::Read(Room::Inbox(request.limits.head.max_bytes));
        }
        let whole = request.head.len().saturating_add(piece.wire_bytes(given));
        rest(self.written, whole)
    }

    /// The same request once more, of which nothing is sent.
    pub(super) fn anew(&self) -> Self {
        Self {
            complete: self.complete,
            ..Self::default()
        }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// The exchange has ended.
    pub(super) fn end_with(&mut self, failure: &Failure) {
        if matches!(self.way, Way::Open) {
            self.way = Way::Lost(failure.clone());
        }
    }

    /// Somebody on the way has answered, with this status or a worse one: nothing is sent.
    pub(super) fn refuse(&mut self, status: u16) {
        self.early.found(status);
        self.complete = true; // nothing of it is on the connection
        self.doing = Doing::Writing;
        self.way = Way::GivenUp(Failure::because(Error::ConnectionError, Answered));
    }

    /// The response has been received, and has this status.
    pub(super) fn answered(&mut self, status: u16) {
        self.early.found(status);
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
        self.doing == Doing::Awaiting
    }

    /// When a head is waited for that is received since `receiving`: from the end of sending on.
    pub(super) fn head_is_due_since(&self, receiving: Instant) -> Instant {
        match self.out_since {
            Some(out) if self.complete => out,
            // The program may still send the rest.
            Some(out) => out.max(receiving),
            None => receiving,
        }
    }

    pub(super) fn is_answered(&self) -> bool {
        self.early.is_found()
    }

    /// What is met behind the last byte that had arrived.
    pub(super) fn lost(&self) -> Option<&Failure> {
        match &self.way {
            Way::Open | Way::GivenUp(_) => None,
            Way::Lost(failure) => Some(failure),
        }
    }

    /// What a further write fails with.
    fn obstacle(&self) -> Option<Failure> {
        match &self.way {
            Way::Open => None,
            Way::GivenUp(failure) | Way::Lost(failure) => Some(failure.clone()),
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

/// What to do for `whole` bytes of which these are written.
fn rest(written: usize, whole: usize) -> Action {
    if written < whole {
        Action::Write(written)
    } else {
        Action::Flush
    }
}

impl Exchange {
    pub(super) fn next_of_write(
        &mut self,
        data: usize,
        piece: Piece,
        written: usize,
    ) -> Result<Action> {
        if self.is_of_proxy {
            // There is nobody to write to, and the answer says what to do; it is the same as where
            // a proxy is given the request.
            return Ok(Action::Done);
        }
        let room = self.room_for_head();
        let is_sent = matches!(self.state, State::Sent);
        let upload = &mut self.upload;
        if is_sent && upload.doing == Doing::Looking {
            return Ok(Action::Read(room));
        }
        // What has ended the response ends the upload, too.
        if !is_sent && !matches!(self.state, State::Head(_) | State::Body(_)) {
            return Err(self.end());
        }
        self.replay = Replay::Written;
        upload.doing = Doing::Writing;
        if let Some(failure) = upload.obstacle() {
            return Err(failure);
        }
        Ok(rest(written, piece.wire_bytes(data)))
    }

    /// What came of writing, or of having the system take everything.
    ///
    /// # Errors
    /// What the call fails with.
    pub fn wrote(
        &mut self,
        turn: &Turn<'_>,
        call: &mut Call<'_>,
        mut outcome: Wrote,
    ) -> Result<Flow> {
        if let Wrote::Failed(failure) = &mut outcome {
            *failure = self.of_peer(failure.clone());
        }
        if matches!(self.state, State::Tunnelling(_)) {
            return self.wrote_connect(turn, outcome);
        }
        let upload = &mut self.upload;
        match outcome {
            Wrote::Bytes(count) => {
                if let Call::Write { written, .. } = call {
                    **written += count;
                } else {
                    upload.written += count;
                }
                return Ok(Flow::On);
            }
            Wrote::All => return Ok(self.all_is_out(turn, call)),
            Wrote::Blocked => {}
            Wrote::Failed(failure) => upload.way = Way::Lost(failure),
        }
        let nobody_reads = matches!(self.state, State::Sending | State::Sent);
        if nobody_reads && upload.early.is_open() {
            upload.doing = Doing::Looking;
            return Ok(Flow::On);
        }
        self.looked(turn)
    }

    /// What has ended the exchange, for the other of two calls; none of an exchange that goes on.
    pub(super) fn end(&self) -> Failure {
        let is_over = matches!(self.state, State::Over);
        let failure = self.upload.obstacle().filter(|_| is_over);
        failure.unwrap_or_else(|| Error::IncorrectHandleState.into())
    }

    /// The system has all that the call gives.
    fn all_is_out(&mut self, turn: &Turn<'_>, call: &Call<'_>) -> Flow {
        self.upload.stall.over();
        self.upload.out_since = Some(turn.now);
        if let Call::Send { piece, .. } | Call::Write { piece, .. } = call {
            self.upload.complete = piece.is_last;
        }
        self.upload.complete |= self.request.is_later_leg;
        if matches!(self.state, State::Sending) {
            self.state = State::Written;
            Flow::On
        } else {
            Flow::Done
        }
    }

    /// What has arrived is looked at: goes on with the wait to write, or gives the upload up.
    fn looked(&mut self, turn: &Turn<'_>) -> Result<Flow> {
        let upload = &mut self.upload;
        upload.doing = Doing::Writing;
        if matches!(upload.way, Way::Open) && upload.early.is_refusal() {
            upload.way = Way::GivenUp(Failure::because(Error::ConnectionError, Answered));
        }
        if let Some(failure) = upload.obstacle() {
            return self.cannot_send(failure);
        }
        let left = upload
            .stall
            .left(Wait::Send, turn.carried, turn.now, turn.timeouts);
        match left {
            Ok(until) => Ok(Flow::Wait(until)),
            Err(failure) => {
                upload.way = Way::GivenUp(if upload.is_answered() {
                    Failure::because(Error::ConnectionError, Answered)
                } else {
                    failure.clone()
                });
                self.cannot_send(failure)
            }
        }
    }

    /// Nothing more can be sent. Where the answer is there, or on its way, it is worth more to the
    /// program than the failure.
    fn cannot_send(&mut self, failure: Failure) -> Result<Flow> {
        self.upload.stall.over();
        if self.is_answered() || self.is_receiving() {
            return Err(failure);
        }
        if matches!(self.state, State::Sending) {
            if self.upload.is_answered() {
                self.state = State::Written;
                return Ok(Flow::On);
            }
            if self.is_stale() && self.tries_again(Condition::Stale) {
                self.state = State::Stale;
                return Ok(Flow::On);
            }
        }
        self.state = State::Over;
        Err(failure)
    }

    /// The connection was given up by the server before this request came.
    fn is_stale(&self) -> bool {
        let upload = &self.upload;
        let loss = Loss {
            provenance: self.provenance,
            answered: upload.has_arrived,
            written: upload.written > 0,
            replayable: self.replay.is_possible(),
            method: &self.request.method,
        };
        matches!(upload.way, Way::Lost(_)) && loss.is_stale()
    }

    /// SendRequest waits until the response's head has arrived, or never will: receiving the
    /// response says what came.
    pub(super) fn await_head(&mut self) -> Action {
        let room = self.room_for_head();
        let upload = &mut self.upload;
        upload.doing = Doing::Awaiting;
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
        if self.upload.awaits_head() && matches!(arrived, Arrived::Bytes(_)) {
            self.head_is_in_time(turn, turn.now)?;
        }
        let upload = &mut self.upload;
        let seen = upload.look(arrived, input, &limits);
        match upload.doing {
            Doing::Looking if seen => self.looked(turn),
            Doing::Awaiting if seen && upload.early.is_open() => self.wait_for_head(turn),
            Doing::Writing | Doing::Looking | Doing::Awaiting => Ok(Flow::On),
        }
    }
}
