//! Decodes what the peer sends: frames become message payload and events, in wire order.
//!
//! ```text
//!            header complete            last payload byte: Event::{FrameEnd, Ping, Pong}
//!   Header ───────────────► Data or Control ───────────────► Header
//!                                   │ last payload byte of a close frame: Event::Close
//!                                   └───────────────► Closed: all further bytes are swallowed
//!   any ── protocol error ─► Failed: the same error for ever
//! ```
//!
//! Payload is written once, straight into the caller's memory: [`Receiver::advance`] unmasks or
//! copies it there from bytes already read, and [`Receiver::advance_direct`] takes payload that was
//! read into that memory by the transport. Nothing is buffered but a partial header and a control
//! payload.

mod payload;

use std::fmt;

use self::payload::{ControlFrame, ControlKind, DataFrame};
use super::close::{CloseFrame, CloseRules};
use super::control::ControlPayload;
use super::error::ProtocolError;
use super::frame::{self, FrameHeader, MAX_HEADER_BYTES, Opcode, Parsed};
use super::inline::InlineBytes;
use super::message::{MessageKind, Role};
use super::utf8::Utf8Check;

type PartialHeader = InlineBytes<MAX_HEADER_BYTES>;

/// The receiving half of a connection.
pub struct Receiver {
    masking: Masking,
    verify_text: bool,
    close_rules: CloseRules,
    message_limit_bytes: u64,
    /// The message under way, from its first header to its last payload byte.
    message: Option<Message>,
    /// Invariant: at the start of a text unless a text message is under way.
    text: Utf8Check,
    state: State,
}

/// What one call of [`Receiver::advance`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Advance {
    /// Bytes taken from the front of the input.
    pub consumed: usize,
    /// Bytes of message payload written to the front of the output.
    pub produced: usize,
    /// What ended the call, if it was not the end of input or output.
    pub event: Option<Event>,
}

/// Payload that [`Receiver::advance_in_place`] took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InPlace {
    /// Bytes of the header in front of it.
    pub header_len: usize,
    /// Bytes of the payload.
    pub payload_len: usize,
    /// The kind of its message.
    pub kind: MessageKind,
    /// The FIN bit of its frame, if the frame ends here.
    pub end: Option<bool>,
}

/// Something the peer completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A data frame; all its payload has been handed out.
    FrameEnd {
        /// The kind of its message.
        kind: MessageKind,
        /// Whether it was the last frame of its message.
        fin: bool,
    },
    /// A ping; a pong with the same payload is due (RFC 6455 §5.5.2).
    Ping(ControlPayload),
    /// A pong, asked for or not (RFC 6455 §5.5.3).
    Pong(ControlPayload),
    /// A close frame; it is the last event.
    Close(CloseFrame),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Masking {
    Forbidden,
    Required,
    Optional,
}

#[derive(Clone, Copy)]
struct Message {
    kind: MessageKind,
    /// Payload bytes the frame headers so far have announced.
    announced_bytes: u64,
}

enum State {
    Header(PartialHeader),
    Data(DataFrame),
    Control(ControlFrame),
    Closed,
    Failed(ProtocolError),
}

impl Receiver {
    /// The receiving half of a fresh connection; `role` is ours.
    ///
    /// RFC 6455 §5.1: a client takes only unmasked frames, a server only masked ones. Text is
    /// verified, and messages may have any size, as they are never held.
    #[must_use]
    pub fn new(role: Role) -> Self {
        let masking = match role {
            Role::Client => Masking::Forbidden,
            Role::Server => Masking::Required,
        };
        Self {
            masking,
            verify_text: true,
            close_rules: CloseRules::STRICT,
            message_limit_bytes: u64::MAX,
            message: None,
            text: Utf8Check::new(),
            state: State::START,
        }
    }

    /// Also takes unmasked frames as a server, for clients on links that need no masking. Changes
    /// nothing for a client.
    #[must_use]
    pub fn accept_unmasked(mut self) -> Self {
        self.masking = match self.masking {
            Masking::Forbidden => Masking::Forbidden,
            Masking::Required | Masking::Optional => Masking::Optional,
        };
        self
    }

    /// Takes text messages without checking that they are UTF-8.
    #[must_use]
    pub fn without_text_verification(mut self) -> Self {
        self.verify_text = false;
        self
    }

    /// Takes close reasons without checking that they are UTF-8.
    #[must_use]
    pub fn without_reason_verification(mut self) -> Self {
        self.close_rules.verify_reason = false;
        self
    }

    /// Also takes close frames with codes that nobody has defined, as 1004 or 65535; those that are
    /// [never sent](super::CloseCode::is_never_sent) stay errors.
    #[must_use]
    pub fn accept_undefined_close_codes(mut self) -> Self {
        self.close_rules.undefined_codes = true;
        self
    }

    /// Fails on messages of more than `limit_bytes` of payload, at the header that announces too
    /// much.
    #[must_use]
    pub fn with_message_limit(mut self, limit_bytes: u64) -> Self {
        self.message_limit_bytes = limit_bytes;
        self
    }

    /// Decodes from `input` and writes message payload to the front of `output`.
    ///
    /// Stops after one event, when the input is used up, or when the output is full and more
    /// payload of the same frame is to come. A frame that ends exactly where the output is full is
    /// reported by the same call. Headers and control frames need no room in the output. After the
    /// close frame all input is swallowed.
    ///
    /// # Errors
    /// A protocol violation, as early as the bytes show it; every later call returns the same
    /// error. Payload written by a failing call is not part of any message.
    pub fn advance(&mut self, input: &[u8], output: &mut [u8]) -> Result<Advance, ProtocolError> {
        let result = self.try_advance(input, output);
        self.remember_failure(result)
    }

    /// Payload bytes of the current data frame that are still to come.
    ///
    /// So many bytes may be read straight into the caller's memory and then be given to
    /// [`advance_direct`](Self::advance_direct). 0 when a header or a control frame must come
    /// first.
    #[must_use]
    pub fn direct_remaining(&self) -> u64 {
        match &self.state {
            State::Data(frame) => frame.remaining,
            State::Header(_) | State::Control(_) | State::Closed | State::Failed(_) => 0,
        }
    }

    /// Takes the next payload bytes of the current data frame where they lie: unmasks and
    /// validates.
    ///
    /// At most [`direct_remaining`](Self::direct_remaining) bytes may be given; debug builds check
    /// that, others leave what is too much untouched.
    ///
    /// # Errors
    /// As [`advance`](Self::advance).
    pub fn advance_direct(&mut self, bytes: &mut [u8]) -> Result<Option<Event>, ProtocolError> {
        let result = self.try_advance_direct(bytes);
        self.remember_failure(result)
    }

    /// Takes a data frame's payload where it lies, its header too if one begins at the front of
    /// `bytes`: unmasks and validates as much as there is.
    ///
    /// `None` if [`advance`](Self::advance) must go on: at a control frame, at a frame without
    /// payload, within a header and without bytes. This is the short way for what peers send most.
    ///
    /// # Errors
    /// As [`advance`](Self::advance).
    pub fn advance_in_place(&mut self, bytes: &mut [u8]) -> Result<Option<InPlace>, ProtocolError> {
        let result = self.try_advance_in_place(bytes);
        self.remember_failure(result)
    }

    /// The kind of the message being received: from its first header to its last payload byte.
    #[must_use]
    pub fn message(&self) -> Option<MessageKind> {
        self.message.map(|message| message.kind)
    }

    /// Whether a message has begun and not ended.
    #[must_use]
    pub fn mid_message(&self) -> bool {
        self.message.is_some()
    }

    /// Whether neither a message nor a frame has begun: the next byte starts something new.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        let at_frame_start = match &self.state {
            State::Header(partial) => partial.len() == 0,
            State::Data(_) | State::Control(_) | State::Closed | State::Failed(_) => false,
        };
        at_frame_start && self.message.is_none()
    }

    /// Whether a close frame was received.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    fn remember_failure<T>(
        &mut self,
        result: Result<T, ProtocolError>,
    ) -> Result<T, ProtocolError> {
        if let Err(error) = &result {
            self.state = State::Failed(*error);
        }
        result
    }

    fn try_advance(&mut self, input: &[u8], output: &mut [u8]) -> Result<Advance, ProtocolError> {
        let header_bytes = match &self.state {
            State::Header(partial) => {
                let partial = *partial;
                self.read_header(partial, input)?
            }
            State::Data(_) | State::Control(_) | State::Closed | State::Failed(_) => 0,
        };
        let input = input.get(header_bytes..).unwrap_or_default();
        let (taken, produced, event) = match &mut self.state {
            State::Header(_) => (0, 0, None),
            State::Data(frame) => {
                let produced = frame.copy(input, output, &mut self.text)?;
                (produced, produced, self.end_data_frame()?)
            }
            State::Control(frame) => (frame.collect(input), 0, self.end_control_frame()?),
            State::Closed => (input.len(), 0, None),
            State::Failed(error) => return Err(*error),
        };
        Ok(Advance {
            consumed: header_bytes + taken,
            produced,
            event,
        })
    }

    fn try_advance_direct(&mut self, bytes: &mut [u8]) -> Result<Option<Event>, ProtocolError> {
        match &mut self.state {
            State::Data(frame) => {
                frame.take_in_place(bytes, &mut self.text)?;
                self.end_data_frame()
            }
            State::Header(_) | State::Control(_) | State::Closed => {
                debug_assert!(bytes.is_empty(), "no payload is expected");
                Ok(None)
            }
            State::Failed(error) => Err(*error),
        }
    }

    fn try_advance_in_place(&mut self, bytes: &mut [u8]) -> Result<Option<InPlace>, ProtocolError> {
        let header_len = match &self.state {
            State::Header(partial) if partial.len() == 0 => self.enter_data_frame_of(bytes)?,
            State::Header(_) | State::Control(_) | State::Closed | State::Failed(_) => {
                return Ok(None);
            }
            State::Data(_) => 0,
        };
        let State::Data(frame) = &mut self.state else {
            return Ok(None);
        };
        let rest = bytes.get_mut(header_len..).unwrap_or_default();
        let payload_len = frame.at_most_remaining(rest.len());
        if payload_len == 0 {
            return Ok(None);
        }
        frame.take_in_place(
            rest.get_mut(..payload_len).unwrap_or_default(),
            &mut self.text,
        )?;
        let kind = frame.kind;
        Ok(Some(InPlace {
            header_len,
            payload_len,
            kind,
            end: self.finish_data_frame()?,
        }))
    }

    /// Enters the data frame that begins at the front of `bytes` if some of its payload is there,
    /// and says how long its header is; otherwise nothing happens.
    fn enter_data_frame_of(&mut self, bytes: &[u8]) -> Result<usize, ProtocolError> {
        self.check_order_and_masking(bytes)?;
        match FrameHeader::parse(bytes)? {
            Parsed::Complete { header, consumed }
                if !header.opcode.is_control()
                    && header.payload_len > 0
                    && bytes.len() > consumed =>
            {
                self.enter_frame(&header)?;
                Ok(consumed)
            }
            Parsed::Complete { .. } | Parsed::Partial => Ok(0),
        }
    }

    /// Reads on with a header, enters its frame when complete, and says how many bytes that took.
    fn read_header(
        &mut self,
        mut partial: PartialHeader,
        input: &[u8],
    ) -> Result<usize, ProtocolError> {
        let earlier = partial.len();
        let bytes = if earlier == 0 {
            input
        } else {
            partial.extend(input);
            partial.as_slice()
        };
        self.check_order_and_masking(bytes)?;
        match FrameHeader::parse(bytes)? {
            Parsed::Complete { header, consumed } => {
                self.enter_frame(&header)?;
                // A partial header was incomplete, so what completes it ends within `input`.
                Ok(consumed.saturating_sub(earlier))
            }
            Parsed::Partial => {
                if earlier == 0 {
                    partial.extend(input);
                }
                self.state = State::Header(partial);
                Ok(input.len())
            }
        }
    }

    /// Checks of a header that depend on what came before and on who sent it, on as many of its
    /// bytes as are there. In the order of the bytes: the error must not depend on how they
    /// arrived.
    fn check_order_and_masking(&self, header: &[u8]) -> Result<(), ProtocolError> {
        let Some((&first, rest)) = header.split_first() else {
            return Ok(());
        };
        let (_, opcode) = frame::parse_first_byte(first)?;
        match (opcode, self.mid_message()) {
            (Opcode::Continuation, false) => return Err(ProtocolError::ContinuationWithoutMessage),
            (Opcode::Text | Opcode::Binary, true) => return Err(ProtocolError::MessageInterrupted),
            (Opcode::Continuation, true) | (Opcode::Text | Opcode::Binary, false) => {}
            (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => {}
        }

        let Some(&second) = rest.first() else {
            return Ok(());
        };
        match (self.masking, frame::is_masked(second)) {
            (Masking::Forbidden, true) => Err(ProtocolError::MaskUnexpected),
            (Masking::Required, false) => Err(ProtocolError::MaskMissing),
            (Masking::Forbidden, false) | (Masking::Required, true) | (Masking::Optional, _) => {
                Ok(())
            }
        }
    }

    fn enter_frame(&mut self, header: &FrameHeader) -> Result<(), ProtocolError> {
        match header.opcode {
            Opcode::Text => self.enter_data_frame(Message::new(MessageKind::Text), header),
            Opcode::Binary => self.enter_data_frame(Message::new(MessageKind::Binary), header),
            Opcode::Continuation => {
                let message = self
                    .message
                    .ok_or(ProtocolError::ContinuationWithoutMessage)?;
                self.enter_data_frame(message, header)
            }
            Opcode::Close => self.enter_control_frame(ControlKind::Close, header),
            Opcode::Ping => self.enter_control_frame(ControlKind::Ping, header),
            Opcode::Pong => self.enter_control_frame(ControlKind::Pong, header),
        }
    }

    fn enter_data_frame(
        &mut self,
        mut message: Message,
        header: &FrameHeader,
    ) -> Result<(), ProtocolError> {
        message.announced_bytes = message.announced_bytes.saturating_add(header.payload_len);
        if message.announced_bytes > self.message_limit_bytes {
            return Err(ProtocolError::MessageTooBig);
        }
        let verify = self.verify_text && message.kind == MessageKind::Text;
        self.message = Some(message);
        self.state = State::Data(DataFrame::new(message.kind, header, verify));
        Ok(())
    }

    fn enter_control_frame(
        &mut self,
        kind: ControlKind,
        header: &FrameHeader,
    ) -> Result<(), ProtocolError> {
        self.state = State::Control(ControlFrame::new(kind, header)?);
        Ok(())
    }

    /// Reports the data frame if its payload is complete.
    fn end_data_frame(&mut self) -> Result<Option<Event>, ProtocolError> {
        let State::Data(DataFrame { kind, .. }) = self.state else {
            return Ok(None);
        };
        let fin = self.finish_data_frame()?;
        Ok(fin.map(|fin| Event::FrameEnd { kind, fin }))
    }

    /// Leaves the data frame if its payload is complete; whether its message is complete, too.
    fn finish_data_frame(&mut self) -> Result<Option<bool>, ProtocolError> {
        let State::Data(DataFrame {
            remaining: 0, fin, ..
        }) = self.state
        else {
            return Ok(None);
        };
        self.state = State::START;
        if fin {
            self.message = None;
            self.text.finish()?;
        }
        Ok(Some(fin))
    }

    /// Reports the control frame if its payload is complete.
    fn end_control_frame(&mut self) -> Result<Option<Event>, ProtocolError> {
        let State::Control(frame) = &mut self.state else {
            return Ok(None);
        };
        if !frame.is_complete() {
            return Ok(None);
        }
        let payload = frame.unmasked();
        let (event, next) = match frame.kind {
            ControlKind::Ping => (Event::Ping(payload), State::START),
            ControlKind::Pong => (Event::Pong(payload), State::START),
            ControlKind::Close => {
                self.message = None;
                let close = CloseFrame::parse_with(&payload, self.close_rules)?;
                (Event::Close(close), State::Closed)
            }
        };
        self.state = next;
        Ok(Some(event))
    }
}

/// Shows no payload and no key.
impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.state {
            State::Header(_) => "header",
            State::Data(_) => "data",
            State::Control(_) => "control",
            State::Closed => "closed",
            State::Failed(_) => "failed",
        };
        f.debug_struct("Receiver")
            .field("masking", &self.masking)
            .field("message", &self.message())
            .field("state", &state)
            .field("direct_remaining", &self.direct_remaining())
            .finish_non_exhaustive()
    }
}

impl State {
    const START: Self = Self::Header(PartialHeader::new());
}

impl Message {
    fn new(kind: MessageKind) -> Self {
        Self {
            kind,
            announced_bytes: 0,
        }
    }
}

#[cfg(test)]
mod tests;
