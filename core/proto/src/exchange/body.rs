//! Receiving the response's body, and the end of the connection behind it.

use super::coded::{Coded, Gave};
use super::timers::Wait;
use super::{Action, Arrived, Call, Exchange, Flow, Received, Room, State, Turn};
use crate::decode::DecodeError;
use crate::error::Error;
use crate::failure::{Failure, Result, late};
use crate::header::HeaderList;
use crate::http1::body::BodyDecoder;
use crate::http1::head::ResponseHead;
use crate::notify::Notification;

/// Most bytes one QueryDataAvailable announces.
pub(super) const AVAILABLE_MAX: usize = 8192;
/// From this size on, body bytes are read straight into the caller's memory.
const DIRECT_MIN: usize = 16 * 1024;
/// Where bytes of a body go that are not read straight into the caller's memory: its buffer does
/// not grow.
pub(super) const FIXED: Room = Room::Inbox(0);

/// A response whose head is complete.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) head: Option<Box<ResponseHead>>,
    pub(super) decoder: BodyDecoder,
    /// What takes its codings off, if it has any of those that the program wants taken off.
    pub(super) coded: Option<Box<Coded>>,
    closing: Closing,
    /// What ended the body, where the read before was given its last bytes.
    pub(super) owed: Option<Failure>,
    /// Another request may use the connection behind it.
    pub(super) reusable: bool,
    /// Some of it was read.
    pub(super) touched: bool,
    /// The connection has been let go.
    pub(super) released: bool,
}

/// What both sides say of the connection behind a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behind {
    /// It serves further requests.
    Reusable,
    /// One side ends it, or its framing does.
    Ends,
    /// Both sides have announced its end.
    EndsByBoth,
}

/// Whether the end of the body is followed by the end of the connection, and who said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closing {
    /// The end is not announced, or by the server alone, which WinHTTP passes over in silence.
    Silent,
    /// Both sides announced it: to be notified.
    Announced,
    /// CLOSING_CONNECTION was notified.
    Notified,
    /// The connection is closed.
    Closed,
    /// CONNECTION_CLOSED was notified.
    Complete,
}

impl Body {
    pub(super) fn new(
        head: Box<ResponseHead>,
        decoder: BodyDecoder,
        coded: Option<Box<Coded>>,
        behind: Behind,
    ) -> Self {
        Self {
            head: Some(head),
            decoder,
            coded,
            closing: if behind == Behind::EndsByBoth {
                Closing::Announced
            } else {
                Closing::Silent
            },
            owed: None,
            reusable: behind == Behind::Reusable,
            touched: false,
            released: false,
        }
    }

    /// All of it has arrived and was read, and what was to be told of the connection is told.
    pub(super) fn is_finished(&self) -> bool {
        let told = matches!(self.closing, Closing::Silent | Closing::Complete);
        self.is_over() && told
    }

    pub(super) fn trailers(&self) -> Option<Option<&HeaderList>> {
        self.is_over().then(|| self.decoder.trailers())
    }

    /// All of the body has come, and what is to be decoded was read.
    pub(super) fn is_over(&self) -> bool {
        self.decoder.is_done() && self.coded.as_ref().is_none_or(|coded| coded.is_over())
    }

    /// Bytes of the body that can be delivered without crossing a chunk, or decoding.
    fn waiting_bytes(&self, input: &[u8]) -> usize {
        if let Some(coded) = &self.coded {
            return coded.waiting();
        }
        usize::try_from(self.decoder.boundary_available(input)).unwrap_or(usize::MAX)
    }

    /// Some of it was taken to be decoded.
    fn is_decoding(&self) -> bool {
        let coded = self.coded.as_ref();
        coded.is_some_and(|coded| coded.taken > 0)
    }

    /// The connection has ended. What a program is told of a decoded body has no length in it, so
    /// that nobody else would notice what is missing.
    fn on_eof(&mut self, in_order: bool) -> Result<()> {
        let is_short = self.coded.is_some() && self.decoder.is_counted();
        self.decoder.on_eof(in_order)?;
        if is_short {
            return Err(DecodeError::Short.into());
        }
        Ok(())
    }

    /// The body is over: says once that the connection goes, if both sides announced that, and
    /// nothing of the request is still to be sent.
    pub(super) fn end(&mut self, sent: bool) -> Action {
        if !sent {
            return Action::Done;
        }
        let (next, action) = match self.closing {
            Closing::Announced => {
                let closing = Notification::ClosingConnection;
                (Closing::Notified, Action::Notify(closing))
            }
            Closing::Notified => (Closing::Closed, Action::Finish),
            Closing::Closed => {
                let closed = Notification::ConnectionClosed;
                (Closing::Complete, Action::Notify(closed))
            }
            unchanged @ (Closing::Silent | Closing::Complete) => (unchanged, Action::Done),
        };
        self.closing = next;
        action
    }
}

impl Exchange {
    pub(super) fn next_of_available(
        &mut self,
        input: &mut impl Received,
        found: &mut u32,
    ) -> Result<Action> {
        loop {
            let State::Body(body) = &mut self.state else {
                return self.without_body(|| *found = 0);
            };
            if body.coded.is_some() {
                return self.next_of_coded_available(input, found);
            }
            let waiting = body.waiting_bytes(input.data());
            if waiting > 0 {
                let waiting = waiting.min(AVAILABLE_MAX);
                *found = u32::try_from(waiting).unwrap_or(u32::MAX);
                self.stall.over();
                return Ok(Action::Done);
            }
            if let Some(failure) = body.owed.take() {
                return self.failed(failure);
            }
            // Without room for payload a turn only passes framing.
            let step = match body.decoder.advance(input.data(), &mut []) {
                Ok(step) => step,
                Err(error) => return self.failed(error),
            };
            input.consume(step.consumed);
            if step.done {
                *found = 0;
                return Ok(body.end(self.upload.is_complete()));
            }
            if input.data().is_empty() {
                return Ok(Action::Read(FIXED));
            }
        }
    }

    pub(super) fn next_of_read(
        &mut self,
        input: &mut impl Received,
        into: &mut [u8],
        filled: &mut usize,
        any: bool,
    ) -> Result<Action> {
        loop {
            let State::Body(body) = &mut self.state else {
                return self.without_body(|| {});
            };
            if body.coded.is_some() {
                return self.next_of_coded_read(input, into, filled, any);
            }
            if *filled >= into.len() || (any && *filled > 0) {
                self.stall.over();
                return Ok(Action::Done);
            }
            if let Some(failure) = body.owed.take() {
                return self.failed(failure);
            }
            let room = into.get_mut(*filled..).unwrap_or_default();
            let step = match body.decoder.advance(input.data(), room) {
                Ok(step) => step,
                Err(error) => return self.break_off(error, *filled).map(|_| Action::Done),
            };
            input.consume(step.consumed);
            *filled += step.produced;
            self.record.gave(step.produced);
            if step.produced > 0 {
                body.touched = true;
                continue;
            }
            if step.done {
                return Ok(body.end(self.upload.is_complete()));
            }
            if input.data().is_empty() {
                let remaining = body.decoder.direct_remaining().unwrap_or(0);
                let remaining = usize::try_from(remaining).unwrap_or(usize::MAX);
                let bytes = remaining.min(room.len());
                return Ok(Action::Read(if bytes >= DIRECT_MIN {
                    let from = *filled;
                    Room::Lent { from, bytes }
                } else {
                    FIXED
                }));
            }
        }
    }

    /// An upgraded connection has no body, which is over from the beginning.
    fn without_body(&self, over: impl FnOnce()) -> Result<Action> {
        if self.is_upgraded() {
            over();
            return Ok(Action::Done);
        }
        Err(Error::IncorrectHandleState.into())
    }

    pub(super) fn read_body(
        &mut self,
        turn: &Turn<'_>,
        call: &mut Call<'_>,
        room: Room,
        arrived: Arrived,
    ) -> Result<Flow> {
        let mut none = 0;
        let filled = match call {
            Call::Read { filled, .. } => &mut **filled,
            Call::Send { .. }
            | Call::Write { .. }
            | Call::Receive { .. }
            | Call::Available { .. } => &mut none,
        };
        let State::Body(body) = &mut self.state else {
            return Ok(Flow::On);
        };
        let failure = match arrived {
            Arrived::Bytes(count) => {
                if let Room::Lent { .. } = room {
                    let bytes = u64::try_from(count).unwrap_or(u64::MAX);
                    body.decoder.advance_direct(bytes);
                    body.touched = true;
                    *filled += count;
                    self.record.gave(count);
                }
                return Ok(Flow::On);
            }
            Arrived::NoRoom => return Ok(Flow::On),
            // A reset that a write has met looks like a FIN here.
            Arrived::Blocked | Arrived::Ended { .. } if self.upload.lost().is_some() => {
                self.upload.lost().cloned()
            }
            Arrived::Blocked => match self.left(Wait::Receive, turn) {
                Ok(until) => return Ok(Flow::Wait(until)),
                Err(failure) => Some(failure),
            },
            Arrived::Ended { in_order } => match body.on_eof(in_order) {
                Ok(()) => return Ok(Flow::On),
                Err(failure) => Some(failure),
            },
            Arrived::Failed(failure) => Some(late(failure)),
        };
        match failure {
            Some(failure) => self.break_off(failure, *filled),
            None => Ok(Flow::On),
        }
    }

    /// The body breaks off: a read that has got some bytes ends with them, and the next one meets
    /// the failure.
    pub(super) fn break_off(&mut self, failure: impl Into<Failure>, filled: usize) -> Result<Flow> {
        if let State::Body(body) = &mut self.state
            && filled > 0
        {
            body.owed = Some(failure.into());
            self.stall.over();
            return Ok(Flow::Done);
        }
        self.failed(failure)
    }

    /// The end of the body will be followed by notifications about the end of the connection.
    #[must_use]
    pub fn ends_connection(&self) -> bool {
        matches!(&self.state, State::Body(body) if body.closing == Closing::Announced)
    }

    /// Whether a read of `wanted` bytes needs no waiting: they were received already, or the body
    /// is over.
    #[must_use]
    pub fn has_at_hand(&self, wanted: usize, input: &[u8]) -> bool {
        let State::Body(body) = &self.state else {
            return self.is_upgraded();
        };
        body.is_over() || (wanted > 0 && body.waiting_bytes(input) >= wanted)
    }

    /// More of the body may be read ahead of any call, to be shown: nothing of it waits, and
    /// nothing has ended it.
    #[must_use]
    pub fn may_look_ahead(&self, input: &[u8]) -> bool {
        // What is decoded in part may have more to give without more of the body.
        matches!(&self.state, State::Body(body)
            if input.is_empty() && body.owed.is_none() && !body.is_over() && !body.is_decoding())
    }

    /// What came of reading ahead; what ends the body is met by the next read.
    pub fn looked_ahead(&mut self, arrived: Arrived) {
        let State::Body(body) = &mut self.state else {
            return;
        };
        let lost = self.upload.lost().cloned();
        body.owed = match arrived {
            Arrived::Bytes(_) | Arrived::NoRoom => None,
            Arrived::Blocked => lost,
            Arrived::Ended { in_order } => match lost {
                None => body.on_eof(in_order).err(),
                lost => lost,
            },
            Arrived::Failed(failure) => Some(late(failure)),
        };
    }

    /// Copies the beginning of the body in `input`; the program reads it all the same.
    pub(super) fn peek(&self, mut input: &[u8], out: &mut [u8]) -> usize {
        let State::Body(body) = &self.state else {
            return 0;
        };
        let mut decoder = body.decoder.clone();
        let mut coded = body.coded.as_ref().map(|coded| coded.fresh());
        let mut filled = 0;
        while let Some(room) = out.get_mut(filled..).filter(|room| !room.is_empty()) {
            let step = match &mut coded {
                Some(Some(coded)) => match coded.decode(&mut decoder, &mut input, room) {
                    Ok(Gave::Bytes(count)) => Some(count),
                    Ok(Gave::Dry | Gave::Pause | Gave::Over) | Err(_) => None,
                },
                Some(None) => None,
                None => decoder.advance(input, room).ok().and_then(|step| {
                    input.consume(step.consumed);
                    (step.consumed > 0).then_some(step.produced)
                }),
            };
            match step {
                Some(produced) => filled += produced,
                None => break,
            }
        }
        filled
    }
}

/// Bytes that stay where they are.
impl Received for &[u8] {
    fn data(&self) -> &[u8] {
        self
    }

    fn consume(&mut self, count: usize) {
        *self = self.get(count..).unwrap_or_default();
    }
}
