//! The receiving side: queued receives, the bytes that came, and what they are.

use std::collections::VecDeque;

use crate::embed::ReadMemory;

use super::super::close::CloseFrame;
use super::super::code::CloseCode;
use super::super::control::ControlPayload;
use super::super::error::ProtocolError;
use super::super::message::{MessageKind, Role};
use super::super::receive::{Event, Receiver};
use super::action::{Action, Place, Received};
use super::areas::Memory;
use super::settings::Settings;
use super::slot::{Slot, Token, Tokens};

/// The receiving side of a session.
#[derive(Debug)]
pub(super) struct Receiving<T> {
    receiver: Receiver,
    queue: VecDeque<Operation<T>>,
    slot: Slot<Outstanding>,
    /// Bytes of the receive area that came and were not looked at: from the first to before the
    /// second.
    unread: (usize, usize),
    state: ReceiveState,
}

/// Whether frames are still taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReceiveState {
    Open,
    /// A close frame came.
    Closed,
    /// The peer broke the protocol.
    Failed(ProtocolError),
    /// The session was aborted.
    Aborted,
}

#[derive(Debug, Clone, Copy)]
enum Outstanding {
    /// So many bytes may come.
    FromNetwork {
        room: usize,
    },
    Indication,
    Pong,
}

/// A queued receive.
#[derive(Debug)]
struct Operation<T> {
    /// Where payload is copied to; `None` to hand it out where it lies.
    target: Option<T>,
    context: usize,
    cancelled: bool,
}

/// What the bytes that came amount to.
#[derive(Debug)]
pub(super) enum Decoded {
    /// All bytes were looked at.
    NeedMore,
    /// A ping, which the application is not told of.
    Ping(ControlPayload),
    /// What ends the first receive.
    Received(Received),
}

impl<T: ReadMemory> Receiving<T> {
    pub(super) fn new(role: Role, settings: &Settings) -> Self {
        let mut receiver = Receiver::new(role).accept_undefined_close_codes();
        if settings.disable_masking {
            receiver = receiver.accept_unmasked();
        }
        if settings.disable_utf8_verification {
            receiver = receiver
                .without_text_verification()
                .without_reason_verification();
        }
        Self {
            receiver,
            queue: VecDeque::new(),
            slot: Slot::FREE,
            unread: (0, 0),
            state: ReceiveState::Open,
        }
    }

    pub(super) fn state(&self) -> ReceiveState {
        self.state
    }

    pub(super) fn abort(&mut self) {
        self.state = ReceiveState::Aborted;
    }

    /// Queues a receive.
    #[inline]
    pub(super) fn push(&mut self, target: Option<T>, context: usize) {
        self.queue.push_back(Operation {
            target,
            context,
            cancelled: false,
        });
    }

    /// Whether an action of this side may be offered.
    pub(super) fn is_free(&self) -> bool {
        self.slot.is_free()
    }

    /// Whether a pong is being sent.
    pub(super) fn pong_is_outstanding(&self) -> bool {
        matches!(self.slot.outstanding(), Some(Outstanding::Pong))
    }

    /// Whether a receive is queued, and if so whether it was cancelled.
    #[inline]
    pub(super) fn first_is_cancelled(&self) -> Option<bool> {
        self.queue.front().map(|receive| receive.cancelled)
    }

    /// Decodes what came until something must be told, or all was looked at.
    #[inline]
    pub(super) fn decode(&mut self, memory: &mut impl Memory) -> Result<Decoded, ProtocolError> {
        let decoded = self.try_decode(memory);
        match &decoded {
            Err(error) => self.state = ReceiveState::Failed(*error),
            Ok(Decoded::Received(Received::Close { .. })) => self.state = ReceiveState::Closed,
            Ok(_) => {}
        }
        decoded
    }

    /// Completes an action; returns whether `token` names one of this side.
    #[inline]
    pub(super) fn complete(&mut self, token: Token, bytes: u32) -> bool {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        match self.slot.release(token) {
            None => return false,
            Some(Outstanding::Indication | Outstanding::Pong) => {}
            Some(Outstanding::FromNetwork { room }) if (1..=room).contains(&bytes) => {
                self.unread = (0, bytes);
            }
            Some(Outstanding::FromNetwork { .. }) => {
                if let Some(receive) = self.queue.front_mut() {
                    receive.cancelled = true;
                }
            }
        }
        true
    }

    /// The action that ends the first receive.
    #[inline]
    pub(super) fn indicate(&mut self, received: Received, tokens: &mut Tokens) -> Action {
        let Some(Operation { context, .. }) = self.queue.pop_front() else {
            return Action::None;
        };
        Action::IndicateReceiveComplete {
            received,
            context,
            token: self.slot.occupy(tokens.next(), Outstanding::Indication),
        }
    }

    /// The action that ends the first receive without anything.
    pub(super) fn indicate_nothing(&mut self, tokens: &mut Tokens) -> Action {
        let kind = self.receiver.message().unwrap_or(MessageKind::Binary);
        self.indicate(Received::Nothing { kind }, tokens)
    }

    /// The action that brings more bytes. All that came was looked at, so the whole receive area is
    /// free.
    #[inline]
    pub(super) fn read(&mut self, room: usize, tokens: &mut Tokens) -> Action {
        let Some(Operation { context, .. }) = self.queue.front() else {
            return Action::None;
        };
        Action::ReceiveFromNetwork {
            place: Place::ReceiveArea {
                start: 0,
                len: room,
            },
            context: *context,
            token: self
                .slot
                .occupy(tokens.next(), Outstanding::FromNetwork { room }),
        }
    }

    /// The slot of a pong that is sent.
    pub(super) fn occupy_for_pong(&mut self, tokens: &mut Tokens) -> Token {
        self.slot.occupy(tokens.next(), Outstanding::Pong)
    }

    #[inline]
    fn try_decode(&mut self, memory: &mut impl Memory) -> Result<Decoded, ProtocolError> {
        loop {
            let event = match self
                .queue
                .front_mut()
                .and_then(|first| first.target.as_mut())
            {
                None => self.step_in_place(memory)?,
                Some(_) => self.step_copying(memory)?,
            };
            match event {
                Step::Payload(received) => return Ok(Decoded::Received(received)),
                Step::Event(event) => {
                    if let Some(decoded) = control(event, memory) {
                        return Ok(decoded);
                    }
                }
                Step::Again => {}
                Step::Empty => return Ok(Decoded::NeedMore),
            }
        }
    }

    /// Looks at the next bytes; payload stays where it is.
    #[inline]
    fn step_in_place(&mut self, memory: &mut impl Memory) -> Result<Step, ProtocolError> {
        let (start, end) = self.unread;
        let unread = memory
            .receive_area()
            .get_mut(start..end)
            .unwrap_or_default();
        let Some(piece) = self.receiver.advance_in_place(unread)? else {
            return self.step_without_payload(unread);
        };
        let payload = Place::ReceiveArea {
            start: start + piece.header_len,
            len: piece.payload_len,
        };
        self.unread.0 = start + piece.header_len + piece.payload_len;
        Ok(Step::Payload(Received::Data {
            last: piece.end == Some(true),
            kind: piece.kind,
            payload,
        }))
    }

    /// Looks at bytes that begin with no payload: the rest of a header, a control frame, an empty
    /// frame.
    fn step_without_payload(&mut self, unread: &[u8]) -> Result<Step, ProtocolError> {
        let advance = self.receiver.advance(unread, &mut [])?;
        self.unread.0 += advance.consumed;
        let nothing = Place::ReceiveArea {
            start: self.unread.0,
            len: 0,
        };
        Ok(match advance.event {
            Some(event) => empty_frame_or(event, nothing),
            None if advance.consumed > 0 => Step::Again,
            None => Step::Empty,
        })
    }

    /// Looks at the next bytes; payload is copied to the first receive's memory.
    fn step_copying(&mut self, memory: &mut impl Memory) -> Result<Step, ProtocolError> {
        let (start, end) = self.unread;
        let unread = memory.receive_area().get(start..end).unwrap_or_default();
        let Some(target) = self
            .queue
            .front_mut()
            .and_then(|first| first.target.as_mut())
        else {
            return Ok(Step::Empty);
        };
        let advance = self.receiver.advance(unread, target.bytes())?;
        let payload = Place::Lent {
            address: target.address(),
            len: advance.produced,
        };
        self.unread.0 = start + advance.consumed;
        if advance.produced == 0 {
            let event = advance.event;
            return Ok(event.map_or(Step::Empty, |event| empty_frame_or(event, payload)));
        }
        let kind = match advance.event {
            Some(Event::FrameEnd { kind, .. }) => Some(kind),
            _ => self.receiver.message(),
        };
        Ok(Step::Payload(Received::Data {
            last: is_last(advance.event.as_ref()),
            kind: kind.unwrap_or(MessageKind::Binary),
            payload,
        }))
    }
}

/// What one look at the bytes brought.
enum Step {
    Payload(Received),
    Event(Event),
    /// A header is complete.
    Again,
    /// There are no more bytes.
    Empty,
}

/// What an event without payload amounts to. The end of a message is told, with an empty `payload`.
fn empty_frame_or(event: Event, payload: Place) -> Step {
    match event {
        Event::FrameEnd { kind, fin: true } => Step::Payload(Received::Data {
            last: true,
            kind,
            payload,
        }),
        event @ (Event::FrameEnd { .. } | Event::Ping(_) | Event::Pong(_) | Event::Close(_)) => {
            Step::Event(event)
        }
    }
}

fn is_last(event: Option<&Event>) -> bool {
    matches!(event, Some(Event::FrameEnd { fin: true, .. }))
}

/// What the application is told of a control frame; `None` for the end of a data frame without
/// payload.
fn control(event: Event, memory: &mut impl Memory) -> Option<Decoded> {
    match event {
        Event::FrameEnd { .. } => None,
        Event::Ping(payload) => Some(Decoded::Ping(payload)),
        Event::Pong(payload) => {
            let place = store(&payload, memory);
            Some(Decoded::Received(Received::Pong(place)))
        }
        Event::Close(CloseFrame { code, reason }) => Some(Decoded::Received(Received::Close {
            status: code.unwrap_or(CloseCode::NO_STATUS_RECEIVED).get(),
            reason: code.map(|_| store(reason.as_bytes(), memory)),
        })),
    }
}

/// Puts a control frame's text into the control area; it always fits.
fn store(bytes: &[u8], memory: &mut impl Memory) -> Place {
    let area = memory.control_area();
    if let Some(room) = area.get_mut(..bytes.len()) {
        room.copy_from_slice(bytes);
    }
    Place::ControlArea {
        start: 0,
        len: bytes.len().min(area.len()),
    }
}
