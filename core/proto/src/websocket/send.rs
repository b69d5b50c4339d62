//! The order of outgoing frames: opcodes of fragmented messages, control frames, and the end.
//!
//! The payload of data frames does not pass through here: the caller writes the header and then the
//! payload, which a client masks with [`copy_masked`](super::mask::copy_masked) under the same key.
//! Outgoing text is not validated.

use std::fmt;

use super::close::CloseFrame;
use super::control::ControlPayload;
use super::frame::{EncodedHeader, FrameHeader, MAX_CONTROL_PAYLOAD_BYTES, Opcode};
use super::inline::InlineBytes;
use super::mask::{self, MaskKey};
use super::message::{MessageKind, Role};

/// A two-byte header, a masking key and the payload.
const MAX_CONTROL_FRAME_BYTES: usize = 2 + 4 + MAX_CONTROL_PAYLOAD_BYTES;

/// Why a data frame must not be sent; nothing has changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendError {
    /// A fragmented message of the other kind is open (RFC 6455 §5.4).
    KindChanged,
    /// A close frame was sent (RFC 6455 §5.5.1).
    Closed,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::KindChanged => "a message of the other kind is open",
            Self::Closed => "a close frame was sent",
        })
    }
}

impl std::error::Error for SendError {}

/// The sending half of a connection.
///
/// Wherever a key is asked for, a client must give a fresh one and a server none (RFC 6455 §5.1);
/// debug builds check that.
#[derive(Debug, Clone)]
pub struct Sender {
    role: Role,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The next data frame starts a message.
    Idle,
    /// The next data frame continues this one.
    Open(MessageKind),
    /// A close frame was sent.
    Closed,
}

impl Sender {
    /// The sending half of a fresh connection.
    #[must_use]
    pub fn new(role: Role) -> Self {
        Self {
            role,
            state: State::Idle,
        }
    }

    /// Whether a data frame of this kind could be sent now.
    ///
    /// # Errors
    /// Why it could not.
    #[inline]
    pub fn can_send(&self, kind: MessageKind) -> Result<(), SendError> {
        match self.state {
            State::Idle => Ok(()),
            State::Open(open) if open == kind => Ok(()),
            State::Open(_) => Err(SendError::KindChanged),
            State::Closed => Err(SendError::Closed),
        }
    }

    /// Starts a data frame of `len` payload bytes (below 2⁶³) and returns its header.
    ///
    /// The first frame of a message has the opcode of `kind`, later ones are continuations; `fin`
    /// ends the message. Control frames may be sent between the frames of a message.
    ///
    /// # Errors
    /// As [`can_send`](Self::can_send).
    #[inline]
    pub fn begin(
        &mut self,
        kind: MessageKind,
        fin: bool,
        len: u64,
        key: Option<MaskKey>,
    ) -> Result<EncodedHeader, SendError> {
        self.can_send(kind)?;
        self.check_key(key);
        let opcode = match self.state {
            State::Open(_) => Opcode::Continuation,
            State::Idle | State::Closed => kind.opcode(),
        };
        self.state = if fin { State::Idle } else { State::Open(kind) };
        Ok(FrameHeader {
            fin,
            opcode,
            mask: key,
            payload_len: len,
        }
        .encode())
    }

    /// A ping or pong, complete with its payload.
    ///
    /// `opcode` must be that of a control frame and `payload` at most 125 bytes (RFC 6455 §5.5);
    /// debug builds check both, others leave out what is too much.
    #[must_use]
    pub fn control(&self, opcode: Opcode, payload: &[u8], key: Option<MaskKey>) -> ControlFrame {
        debug_assert!(opcode.is_control(), "data frames go through begin");
        self.check_key(key);
        let mut fitting = ControlPayload::new();
        let taken = fitting.extend(payload);
        debug_assert_eq!(
            taken,
            payload.len(),
            "a control frame carries at most 125 bytes"
        );
        ControlFrame::new(opcode, fitting, key)
    }

    /// The close frame, complete; no data frame can follow it.
    #[must_use]
    pub fn close(&mut self, frame: &CloseFrame, key: Option<MaskKey>) -> ControlFrame {
        self.check_key(key);
        self.state = State::Closed;
        ControlFrame::new(Opcode::Close, frame.encode(), key)
    }

    /// Starts the close frame of so many payload bytes (at most 125) and returns its header; no
    /// data frame can follow it. The caller writes the payload, as after [`begin`](Self::begin).
    #[must_use]
    pub fn begin_close(&mut self, payload_len: usize, key: Option<MaskKey>) -> EncodedHeader {
        debug_assert!(payload_len <= MAX_CONTROL_PAYLOAD_BYTES, "checked before");
        self.check_key(key);
        self.state = State::Closed;
        FrameHeader {
            fin: true,
            opcode: Opcode::Close,
            mask: key,
            payload_len: payload_len as u64,
        }
        .encode()
    }

    /// The kind of the fragmented message that is open.
    #[must_use]
    pub fn open(&self) -> Option<MessageKind> {
        match self.state {
            State::Open(kind) => Some(kind),
            State::Idle | State::Closed => None,
        }
    }

    /// Whether a close frame was sent.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    fn check_key(&self, key: Option<MaskKey>) {
        debug_assert_eq!(
            key.is_some(),
            self.role == Role::Client,
            "clients mask, servers do not"
        );
    }
}

/// A whole control frame ready to be sent, at most 131 bytes.
#[derive(Clone, Copy)]
pub struct ControlFrame(InlineBytes<MAX_CONTROL_FRAME_BYTES>);

impl ControlFrame {
    fn new(opcode: Opcode, mut payload: ControlPayload, key: Option<MaskKey>) -> Self {
        if let Some(key) = key {
            mask::apply(key, 0, payload.as_mut_bytes());
        }
        let len = payload.as_bytes().len() as u64;
        let header = FrameHeader {
            fin: true,
            opcode,
            mask: key,
            payload_len: len,
        };
        let mut bytes = InlineBytes::new();
        bytes.extend(header.encode().as_bytes());
        bytes.extend(payload.as_bytes());
        Self(bytes)
    }

    /// The bytes for the wire.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl AsRef<[u8]> for ControlFrame {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// Shows the length only: the bytes may hold a masking key.
impl fmt::Debug for ControlFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ControlFrame({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::super::close::CloseReason;
    use super::super::code::CloseCode;
    use super::MessageKind::{Binary, Text};
    use super::*;

    const KEY: Option<MaskKey> = Some(MaskKey::new([0x37, 0xfa, 0x21, 0x3d]));

    fn server_begin(
        sender: &mut Sender,
        kind: MessageKind,
        fin: bool,
    ) -> Result<Vec<u8>, SendError> {
        sender
            .begin(kind, fin, 2, None)
            .map(|header| header.as_bytes().to_vec())
    }

    #[test]
    fn a_fragmented_message_continues_with_opcode_0_and_ends_with_fin() {
        let mut sender = Sender::new(Role::Server);
        assert_eq!(server_begin(&mut sender, Text, false).unwrap(), b"\x01\x02");
        assert_eq!(sender.open(), Some(Text));
        assert_eq!(
            sender.control(Opcode::Ping, b"", None).as_bytes(),
            b"\x89\x00"
        );
        assert_eq!(server_begin(&mut sender, Text, false).unwrap(), b"\x00\x02");
        assert_eq!(server_begin(&mut sender, Text, true).unwrap(), b"\x80\x02");
        assert_eq!(sender.open(), None);
        assert_eq!(
            server_begin(&mut sender, Binary, true).unwrap(),
            b"\x82\x02"
        );
    }

    #[test]
    fn the_kind_cannot_change_inside_a_message() {
        let mut sender = Sender::new(Role::Server);
        for (open, other) in [(Text, Binary), (Binary, Text)] {
            server_begin(&mut sender, open, false).unwrap();
            for fin in [false, true] {
                assert_eq!(sender.can_send(other), Err(SendError::KindChanged));
                assert_eq!(
                    server_begin(&mut sender, other, fin),
                    Err(SendError::KindChanged)
                );
            }
            assert_eq!(sender.can_send(open), Ok(()));
            assert_eq!(server_begin(&mut sender, open, true).unwrap(), b"\x80\x02");
        }
    }

    #[test]
    fn nothing_but_control_frames_after_close() {
        let mut sender = Sender::new(Role::Server);
        server_begin(&mut sender, Text, false).unwrap();
        assert!(!sender.is_closed());
        let close = sender.close(&CloseFrame::EMPTY, None);
        assert_eq!(close.as_bytes(), b"\x88\x00");
        assert!(sender.is_closed());
        for kind in [Text, Binary] {
            assert_eq!(sender.can_send(kind), Err(SendError::Closed));
            assert_eq!(
                server_begin(&mut sender, kind, true),
                Err(SendError::Closed)
            );
        }
        assert_eq!(
            sender.control(Opcode::Pong, b"", None).as_bytes(),
            b"\x8a\x00"
        );
        assert!(sender.is_closed());
    }

    #[test]
    fn clients_mask_with_the_key_in_the_header() {
        let mut sender = Sender::new(Role::Client);
        let header = sender.begin(Text, true, 5, KEY).unwrap();
        assert_eq!(header.as_bytes(), b"\x81\x85\x37\xfa\x21\x3d");
        let header = sender.begin(Binary, true, 65536, KEY).unwrap();
        assert_eq!(
            header.as_bytes(),
            b"\x82\xff\0\0\0\0\0\x01\0\0\x37\xfa\x21\x3d"
        );
        let pong = sender.control(Opcode::Pong, b"Hello", KEY);
        assert_eq!(
            pong.as_bytes(),
            b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
        );
        assert_eq!(format!("{pong:?}"), "ControlFrame(11 bytes)");
    }

    #[test]
    fn the_largest_control_frames_fit() {
        let reason = CloseReason::new(&[b'r'; 123]).unwrap();
        let frame = CloseFrame {
            code: Some(CloseCode::NORMAL_CLOSURE),
            reason,
        };
        let sent = Sender::new(Role::Client).close(&frame, KEY);
        assert_eq!(sent.as_bytes().len(), MAX_CONTROL_FRAME_BYTES);
        assert_eq!(sent.as_bytes()[..2], [0x88, 0x80 | 125]);
        let ping = Sender::new(Role::Server).control(Opcode::Ping, &[7; 125], None);
        assert_eq!(ping.as_bytes().len(), 2 + 125);
    }
}
