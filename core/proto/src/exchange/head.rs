//! Receiving the response's head.

use std::time::Instant;

use super::body::{Behind, Body};
use super::coded::Coded;
use super::reasons::{BadAnswer, bad_answer, ended_in_head, given_up};
use super::request_body::Piece;
use super::retry::{Condition, Loss, Provenance};
use super::timers::Wait;
use super::{
    Action, Arrived, Awaits, Call, Composed, Exchange, Flow, Received, Room, State, Told, Turn,
};
use crate::decode::{Decoder, hide};
use crate::error::Error;
use crate::failure::Result;
use crate::http1::body::{BodyDecoder, BodyFraming, keep_alive};
use crate::http1::head::{HeadParser, HeadStatus, ResponseHead};
use crate::notify::Notification;

/// A head that is waited for.
#[derive(Debug)]
pub(super) struct Head {
    parser: HeadParser,
    /// Interim responses that were skipped.
    interim: u32,
    since: Instant,
}

/// What the bytes of a head turned out to be.
///
/// ```text
///   1xx ──► Interim (counted and skipped)
///   101 with upgrade ──► Final, with a WebSocket behind it
///   any other, and 101 unasked ──► Final, with its body's framing
/// ```
#[derive(Debug)]
enum Found {
    /// More bytes are needed.
    Partial,
    /// An interim response with this status, in so many bytes.
    Interim(u16, usize),
    /// The final response, in so many bytes.
    Final(Box<ResponseHead>, usize, Follows),
}

/// What comes behind a final head.
#[derive(Debug)]
enum Follows {
    Body(BodyFraming, Option<Box<Coded>>),
    WebSocket,
}

impl Head {
    fn new(since: Instant, provenance: Provenance) -> Self {
        Self {
            parser: match provenance {
                Provenance::Reused => HeadParser::behind_another(),
                Provenance::Fresh | Provenance::Replacement => HeadParser::new(),
            },
            interim: 0,
            since,
        }
    }

    /// Looks for a head at the start of `input`, all bytes received and not dropped yet.
    fn look(
        &mut self,
        request: &Composed,
        is_of_proxy: bool,
        input: &[u8],
    ) -> Result<Found, BadAnswer> {
        let limits = &request.limits;
        let (head, bytes) = match self.parser.parse(input, &limits.head)? {
            HeadStatus::Partial => return Ok(Found::Partial),
            HeadStatus::Complete { head, consumed } => (Box::new(head), consumed),
        };
        let follows = match (head.status, &request.upgrade) {
            (101, Some(offer)) if !is_of_proxy => {
                // The version is not among what RFC 6455 §4.1 lets a client look at, and fields
                // that announce a body mean nothing: a 101 has none, whatever they say (RFC 9112
                // §6.3 rule 1).
                match offer.check_response(|name| head.headers.all(name)) {
                    Ok(()) => Follows::WebSocket,
                    Err(error) => return Err(BadAnswer::handshake(error, &head, &request.head)),
                }
            }
            (status @ 100..200, _) if status != 101 => {
                self.interim += 1;
                if self.interim > limits.max_interim {
                    return Err(BadAnswer::TooManyInterim(limits.max_interim));
                }
                self.parser = HeadParser::new();
                return Ok(Found::Interim(status, bytes));
            }
            // A 101 that nobody asked for is a response like others, without a body (RFC 9110
            // §15.2.2); what follows it is another protocol, which nobody speaks.
            _ => {
                let framing = BodyFraming::of_response(&request.method, &head)?;
                let coded = if request.codings.is_empty() || framing == BodyFraming::None {
                    None
                } else {
                    let codings = request.codings.of_response(&head.headers)?;
                    Decoder::new(&codings).map(Coded::new)
                };
                Follows::Body(framing, coded)
            }
        };
        Ok(Found::Final(head, bytes, follows))
    }
}

impl Exchange {
    pub(super) fn next_of_receive(
        &mut self,
        turn: &Turn<'_>,
        input: &mut impl Received,
        given: usize,
        piece: Piece,
    ) -> Result<Action> {
        match &mut self.state {
            State::Sent => {
                self.state = State::Head(Head::new(turn.now, self.provenance));
                self.stall.over();
                if self.told == Told::Receiving {
                    return Ok(Action::Read(self.room_for_head()));
                }
                self.told = Told::Receiving;
                Ok(Action::Notify(Notification::ReceivingResponse))
            }
            State::Head(head) => match head.look(&self.request, self.is_of_proxy, input.data()) {
                Ok(Found::Partial) => Ok(Action::Read(self.room_for_head())),
                Ok(Found::Interim(status, bytes)) => {
                    input.consume(bytes);
                    let status = u32::from(status);
                    Ok(Action::Notify(Notification::IntermediateResponse(status)))
                }
                Ok(Found::Final(response, ..)) if self.is_refused_unread(response.status) => {
                    input.consume(input.data().len());
                    self.state = State::Stale;
                    self.next_of_send(turn, given, piece, Awaits::Sent)
                }
                Ok(Found::Final(response, bytes, follows)) => {
                    input.consume(bytes);
                    self.record.response_head_bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
                    self.upload.answered(response.status);
                    self.begin_body(response, follows);
                    let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
                    Ok(Action::Notify(Notification::ResponseReceived(bytes)))
                }
                Err(error) => {
                    let failure = bad_answer(error, input.data(), &self.request.head);
                    self.failed(failure)
                }
            },
            State::Body(_) | State::Upgraded(_) => Ok(match self.asks_for_more() {
                true => Action::Answered,
                false => Action::Done,
            }),
            State::Written if self.told == Told::Receiving => {
                self.state = State::Head(Head::new(turn.now, self.provenance));
                Ok(Action::Read(self.room_for_head()))
            }
            State::Over => Err(self.end()),
            State::Stale
            | State::Unrouted
            | State::Composed
            | State::Unconnected
            | State::Resolving
            | State::Dialing(_)
            | State::Reached(_)
            | State::Tunnelling(_)
            | State::Securing(_)
            | State::Refused(..)
            | State::Connected
            | State::Sending
            | State::Written => {
                if !self.is_sent_by_receiving() {
                    return Err(Error::IncorrectHandleState.into());
                }
                // The request is sent once more, unseen, or another one in its place.
                self.next_of_send(turn, given, piece, Awaits::Sent)
            }
        }
    }

    /// What is still to be sent is not a call's of its own.
    fn is_sent_by_receiving(&self) -> bool {
        let is_stale = matches!(self.state, State::Stale);
        is_stale || self.provenance == Provenance::Replacement || self.request.is_later_leg
    }

    /// The server had waited too long on a connection that others had used, and the request is
    /// sent once more because the program has said so: the answer is hidden.
    fn is_refused_unread(&mut self, status: u16) -> bool {
        status == 408
            && self.provenance == Provenance::Reused
            && self.replay.is_possible()
            && self.upload.is_complete()
            && self.tries_again(Condition::Status408)
    }

    fn begin_body(&mut self, mut head: Box<ResponseHead>, follows: Follows) {
        self.stall.over();
        self.state = match follows {
            Follows::WebSocket => State::Upgraded(Some(head)),
            Follows::Body(framing, coded) => {
                let behind = match (self.request.announces_close, keep_alive(&head, &framing)) {
                    (false, true) => Behind::Reusable,
                    (true, false) => Behind::EndsByBoth,
                    (true, true) | (false, false) => Behind::Ends,
                };
                if coded.is_some() {
                    hide(&mut head.headers);
                }
                let decoder = BodyDecoder::new(framing);
                State::Body(Body::new(head, decoder, coded, behind))
            }
        };
    }

    /// What came of reading into this room; `input` is what has arrived and is not consumed.
    ///
    /// # Errors
    /// What the call fails with.
    pub fn read(
        &mut self,
        turn: &Turn<'_>,
        call: &mut Call<'_>,
        room: Room,
        mut arrived: Arrived,
        input: &[u8],
    ) -> Result<Flow> {
        if let Arrived::Failed(failure) = &mut arrived {
            *failure = self.of_peer(failure.clone());
        }
        if matches!(self.state, State::Tunnelling(_)) {
            self.read_of_proxy(turn, arrived, input)
        } else if matches!(self.state, State::Body(_)) {
            self.read_body(turn, call, room, arrived)
        } else if matches!(self.state, State::Head(_)) {
            self.read_head(turn, arrived, input)
        } else {
            self.read_early(turn, arrived, input)
        }
    }

    fn read_head(&mut self, turn: &Turn<'_>, arrived: Arrived, input: &[u8]) -> Result<Flow> {
        let State::Head(head) = &self.state else {
            return Ok(Flow::On);
        };
        let loss = Loss {
            provenance: self.provenance,
            answered: !input.is_empty() || head.interim > 0,
            written: true,
            // What is not written yet may be written meanwhile.
            replayable: self.replay.is_possible() && self.upload.is_complete(),
            method: &self.request.method,
        };
        let (is_stale, is_used) = (loss.is_stale(), loss.is_of_a_used_connection());
        let lost = self.upload.lost().cloned();
        let failure = match (arrived, lost) {
            (Arrived::Bytes(_), _) => {
                let since = head.since;
                return self.head_is_in_time(turn, since).map(|()| Flow::On);
            }
            (Arrived::Blocked, None) => return self.wait_for_head(turn),
            // A head that has reached its limit was refused before: there is no memory.
            (Arrived::NoRoom, _) => Error::NotEnoughMemory.into(),
            (Arrived::Ended { .. } | Arrived::Failed(_), _)
                if is_stale && self.tries_again(Condition::Stale) =>
            {
                self.state = State::Stale;
                return Ok(Flow::On);
            }
            (Arrived::Failed(failure), _) => failure,
            // A reset that a write has met looks like a FIN here, but is none.
            (Arrived::Blocked | Arrived::Ended { .. }, Some(lost)) => lost,
            (Arrived::Ended { .. }, None) if is_used => given_up(),
            // A FIN instead of a response, or of its end, is a broken response.
            (Arrived::Ended { .. }, None) => ended_in_head(input.len()),
        };
        self.failed(failure)
    }

    /// Waits for more of a head. The limit of the whole has no part in it: Windows looks at that
    /// when something arrives, and leaves a silent server to RECEIVE_TIMEOUT.
    pub(super) fn wait_for_head(&mut self, turn: &Turn<'_>) -> Result<Flow> {
        self.wait_for(Wait::Receive, turn)
    }

    /// Waits for bytes to move; where they do not, that is the end.
    pub(super) fn wait_for(&mut self, wait: Wait, turn: &Turn<'_>) -> Result<Flow> {
        match self.left(wait, turn) {
            Ok(until) => Ok(Flow::Wait(until)),
            Err(failure) => self.failed(failure),
        }
    }

    /// Something of a head has arrived that is received since `receiving`. What was there already
    /// when it was looked for may have come at any time since the request was sent.
    pub(super) fn head_is_in_time(&mut self, turn: &Turn<'_>, receiving: Instant) -> Result<()> {
        let since = self.upload.head_is_due_since(receiving);
        match Wait::ReceiveResponse.left(since, turn.now, turn.timeouts) {
            Err(failure) if self.stall.has_begun() => self.failed(failure),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}
