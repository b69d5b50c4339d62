//! The sending side: queued frames, and which part of which frame is to be sent next.
//!
//! A frame that is not masked is sent from where its payload lies; a masked one is built in the
//! send area, as much at a time as fits.

use std::collections::VecDeque;

use crate::embed::WriteMemory;

use super::super::code::CloseCode;
use super::super::frame::{EncodedHeader, MAX_HEADER_BYTES, Opcode};
use super::super::inline::InlineBytes;
use super::super::mask::{self, MaskKey};
use super::super::message::{MessageKind, Role};
use super::super::send::Sender;
use super::action::{Action, BufferType, Place};
use super::areas::Memory;
use super::error::ComponentError;
use super::keys::Keys;
use super::slot::{Slot, Token, Tokens};

/// Bytes of the status in a close frame's payload.
const STATUS_BYTES: usize = 2;

/// A header, and the status of a close frame.
type Head = InlineBytes<{ MAX_HEADER_BYTES + STATUS_BYTES }>;

/// A frame to be sent.
#[derive(Debug)]
pub enum Outgoing<P> {
    /// A data frame.
    Data {
        /// The kind of its message.
        kind: MessageKind,
        /// Whether it is the last of its message.
        last: bool,
        /// Its payload.
        payload: P,
    },
    /// A close frame, with a status and a reason or without both.
    Close(Option<(u16, P)>),
    /// A ping without payload.
    Ping,
    /// A pong without payload that nobody asked for.
    UnsolicitedPong,
}

/// How frames are masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Masking {
    /// Not at all: a server's.
    None,
    /// Each with a key of its own.
    Fresh,
    /// With the key 0, which changes nothing.
    Zero,
}

/// Whether frames may be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gate {
    Open,
    /// Not before a pong has left.
    Held,
    /// Never again: the session was aborted.
    Shut,
}

/// The sending side of a session.
pub(super) struct Sending<P> {
    sender: Sender,
    masking: Masking,
    queue: VecDeque<Operation<P>>,
    slot: Slot<Outstanding>,
}

#[derive(Debug, Clone, Copy)]
enum Outstanding {
    /// A part of the queue's first frame is being sent: so many bytes.
    ToNetwork {
        len: u64,
    },
    Indication,
}

/// A queued frame.
struct Operation<P> {
    buffer_type: BufferType,
    context: usize,
    head: Head,
    /// The payload behind the head; `None` without any.
    payload: Option<P>,
    /// The key and the phase it starts with at `payload`'s first byte; `None` if the payload is
    /// sent as it lies.
    mask: Option<(MaskKey, u64)>,
    /// Bytes of the frame that were asked to be sent.
    offered: u64,
    /// Nothing more of it is to be sent.
    over: bool,
}

impl<P: WriteMemory> Sending<P> {
    pub(super) fn new(role: Role, disable_masking: bool) -> Self {
        Self {
            sender: Sender::new(role),
            masking: match (role, disable_masking) {
                (Role::Server, _) => Masking::None,
                (Role::Client, false) => Masking::Fresh,
                (Role::Client, true) => Masking::Zero,
            },
            queue: VecDeque::new(),
            slot: Slot::FREE,
        }
    }

    /// Queues a frame.
    #[inline]
    pub(super) fn push(
        &mut self,
        outgoing: Outgoing<P>,
        context: usize,
        keys: Keys<'_>,
    ) -> Result<(), ComponentError> {
        let operation = match outgoing {
            Outgoing::Data {
                kind,
                last,
                payload,
            } => self.data(kind, last, payload, context, keys)?,
            Outgoing::Close(body) => self.close(body, context, keys)?,
            Outgoing::Ping => self.control(Opcode::Ping, BufferType::PingPong, context, keys)?,
            Outgoing::UnsolicitedPong => {
                self.control(Opcode::Pong, BufferType::UnsolicitedPong, context, keys)?
            }
        };
        self.queue.push_back(operation);
        Ok(())
    }

    /// A pong with this payload, for [`Place::ControlArea`].
    pub(super) fn pong(
        &self,
        payload: &[u8],
        area: &mut [u8],
        keys: Keys<'_>,
    ) -> Result<Place, ComponentError> {
        let frame = self.sender.control(Opcode::Pong, payload, self.key(keys)?);
        let len = frame.as_bytes().len();
        let room = area.get_mut(..len).ok_or(ComponentError::OutOfMemory)?;
        room.copy_from_slice(frame.as_bytes());
        Ok(Place::ControlArea { start: 0, len })
    }

    /// Whether the first part of a frame was asked to be sent and another part is to come.
    #[inline]
    pub(super) fn is_mid_frame(&self) -> bool {
        self.queue
            .front()
            .is_some_and(|frame| frame.offered > 0 && !frame.is_finished())
    }

    /// The next action, if there is one. A closed gate does not keep a finished frame from being
    /// indicated.
    #[inline]
    pub(super) fn offer(
        &mut self,
        memory: &mut impl Memory,
        entries: usize,
        gate: Gate,
        tokens: &mut Tokens,
    ) -> Result<Option<Action>, ComponentError> {
        if !self.slot.is_free() {
            return Ok(None);
        }
        let Some(frame) = self.queue.front_mut() else {
            return Ok(None);
        };
        if gate == Gate::Shut || frame.is_finished() {
            return Ok(self.indicate(tokens));
        }
        if gate == Gate::Held {
            return Ok(None);
        }
        if entries == 0 {
            return Err(ComponentError::InsufficientBuffer);
        }
        let (first, second) = frame.next_part(memory.send_area(), entries);
        let len = first.len() as u64 + second.map_or(0, |place| place.len() as u64);
        frame.offered += len;
        Ok(Some(Action::SendToNetwork {
            buffer_type: frame.buffer_type,
            first,
            second,
            context: Some(frame.context),
            token: self
                .slot
                .occupy(tokens.next(), Outstanding::ToNetwork { len }),
        }))
    }

    /// Completes an action; returns whether `token` names one of this side.
    ///
    /// A frame of almost 4 GiB has more bytes with its header than a program can count: `bytes` are
    /// compared in 32 bits.
    #[inline]
    pub(super) fn complete(&mut self, token: Token, bytes: u32) -> bool {
        let Some(outstanding) = self.slot.release(token) else {
            return false;
        };
        if let (Outstanding::ToNetwork { len }, Some(frame)) = (outstanding, self.queue.front_mut())
        {
            frame.over |= len & u64::from(u32::MAX) != u64::from(bytes);
        }
        true
    }

    /// The queue's first frame is done with: its payload goes back to the application.
    #[inline]
    fn indicate(&mut self, tokens: &mut Tokens) -> Option<Action> {
        let Operation {
            buffer_type,
            context,
            ..
        } = self.queue.pop_front()?;
        Some(Action::IndicateSendComplete {
            buffer_type,
            context,
            token: self.slot.occupy(tokens.next(), Outstanding::Indication),
        })
    }

    #[inline]
    fn data(
        &mut self,
        kind: MessageKind,
        last: bool,
        payload: P,
        context: usize,
        keys: Keys<'_>,
    ) -> Result<Operation<P>, ComponentError> {
        // Before a key is drawn: nothing changes when the call fails.
        self.sender
            .can_send(kind)
            .map_err(|_| ComponentError::InvalidOperation)?;
        let key = self.key(keys)?;
        let header = self
            .sender
            .begin(kind, last, payload.bytes().len() as u64, key)
            .map_err(|_| ComponentError::InvalidOperation)?;
        let buffer_type = if last {
            BufferType::Message(kind)
        } else {
            BufferType::Fragment(kind)
        };
        let operation = Operation::new(buffer_type, context, header.as_bytes());
        Ok(operation.with_payload(payload, self.effective(key), 0))
    }

    fn close(
        &mut self,
        body: Option<(u16, P)>,
        context: usize,
        keys: Keys<'_>,
    ) -> Result<Operation<P>, ComponentError> {
        let body = body.map(check_close).transpose()?.flatten();
        if self.sender.is_closed() {
            return Err(ComponentError::InvalidOperation);
        }
        let key = self.key(keys)?;
        let body_bytes = body
            .as_ref()
            .map_or(0, |(_, reason)| STATUS_BYTES + reason.bytes().len());
        let header: EncodedHeader = self.sender.begin_close(body_bytes, key);
        let mut operation = Operation::new(BufferType::Close, context, header.as_bytes());
        if let Some((status, reason)) = body {
            let mut status = status.to_be_bytes();
            if let Some(key) = key {
                mask::apply(key, 0, &mut status);
            }
            operation.head.extend(&status);
            operation = operation.with_payload(reason, self.effective(key), STATUS_BYTES as u64);
        }
        Ok(operation)
    }

    fn control(
        &mut self,
        opcode: Opcode,
        buffer_type: BufferType,
        context: usize,
        keys: Keys<'_>,
    ) -> Result<Operation<P>, ComponentError> {
        let frame = self.sender.control(opcode, &[], self.key(keys)?);
        Ok(Operation::new(buffer_type, context, frame.as_bytes()))
    }

    /// A key for a frame's header.
    #[inline]
    fn key(&self, keys: Keys<'_>) -> Result<Option<MaskKey>, ComponentError> {
        match self.masking {
            Masking::None => Ok(None),
            Masking::Fresh => keys().map(Some).ok_or(ComponentError::NoEntropy),
            Masking::Zero => Ok(Some(MaskKey::new([0; 4]))),
        }
    }

    /// A key as far as it changes payload.
    #[inline]
    fn effective(&self, key: Option<MaskKey>) -> Option<MaskKey> {
        key.filter(|_| self.masking == Masking::Fresh)
    }
}

/// What is sent of a close frame's body. 1005 stands for a frame without one.
fn check_close<P: WriteMemory>(
    (status, reason): (u16, P),
) -> Result<Option<(u16, P)>, ComponentError> {
    let code = CloseCode::to_send(status, reason.bytes().len());
    let code = code.map_err(|_| ComponentError::InvalidArgument)?;
    Ok(code.map(|code| (code.get(), reason)))
}

impl<P: WriteMemory> Operation<P> {
    #[inline]
    fn new(buffer_type: BufferType, context: usize, head: &[u8]) -> Self {
        let mut bytes = Head::new();
        bytes.extend(head);
        Self {
            buffer_type,
            context,
            head: bytes,
            payload: None,
            mask: None,
            offered: 0,
            over: false,
        }
    }

    #[inline]
    fn with_payload(mut self, payload: P, key: Option<MaskKey>, phase: u64) -> Self {
        self.mask = key.map(|key| (key, phase));
        self.payload = Some(payload).filter(|payload| !payload.bytes().is_empty());
        self
    }

    #[inline]
    fn payload(&self) -> &[u8] {
        self.payload.as_ref().map_or(&[], P::bytes)
    }

    #[inline]
    fn is_finished(&self) -> bool {
        self.over || self.offered >= (self.head.len() + self.payload().len()) as u64
    }

    /// The next bytes of the frame, in as many pieces as there are entries.
    #[inline]
    fn next_part(&self, area: &mut [u8], entries: usize) -> (Place, Option<Place>) {
        if self.mask.is_some() {
            return (
                Place::SendArea {
                    len: self.fill(area),
                },
                None,
            );
        }
        let payload = self.payload.as_ref().map(|payload| Place::Lent {
            address: payload.address(),
            len: payload.bytes().len(),
        });
        if self.offered == 0 {
            let len = copy(self.head.as_slice(), area);
            let payload = payload.filter(|_| entries > 1);
            return (Place::SendArea { len }, payload);
        }
        // Only one entry was offered for the header.
        (payload.unwrap_or(Place::SendArea { len: 0 }), None)
    }

    /// Builds as much of the masked frame as fits, and says how much that is.
    #[inline]
    fn fill(&self, area: &mut [u8]) -> usize {
        let offered = usize::try_from(self.offered).unwrap_or(usize::MAX);
        let head = self.head.as_slice().get(offered..).unwrap_or_default();
        let head_bytes = copy(head, area);

        let start = (offered + head_bytes).saturating_sub(self.head.len());
        let payload = self.payload().get(start..).unwrap_or_default();
        let room = area.get_mut(head_bytes..).unwrap_or_default();
        let len = payload.len().min(room.len());
        if let Some((key, phase)) = self.mask {
            mask::copy_masked(key, phase + start as u64, payload, room);
        }
        head_bytes + len
    }
}

/// Copies as much as fits, and says how much that is.
#[inline]
fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let len = from.len().min(to.len());
    if let (Some(from), Some(to)) = (from.get(..len), to.get_mut(..len)) {
        to.copy_from_slice(from);
    }
    len
}
