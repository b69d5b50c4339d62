//! WebSocketSend and WebSocketReceive: what they must answer, and the operations that they queue.

use core::ffi::c_void;
use core::ptr;

use winhttp_abi::constants as c;
use winhttp_abi::types::{CloseBuffer, DataBuffer, WebSocketBuffer};

use super::wire::Kind;
use super::{Guarded, Judge, Role, S_OK, Stage, f};

/// What a close frame says.
#[derive(Clone, Debug)]
pub struct Close {
    /// Its status.
    pub status: u16,
    /// Its reason.
    pub reason: Vec<u8>,
}

/// What is sent.
#[derive(Clone, Debug)]
pub enum Message {
    /// A part of a message: its kind, whether it is the last, the payload.
    Data(Kind, bool, Vec<u8>),
    /// A ping.
    Ping,
    /// A pong that nobody asked for.
    Pong,
    /// A close frame; `None` passes NULL.
    Close(Option<Close>),
}

/// A send that was accepted.
#[derive(Debug)]
pub(super) struct Send {
    pub(super) context: *mut c_void,
    pub(super) buffer_type: i32,
    pub(super) first_byte: u8,
    /// The status of a close frame, as it goes to the peer.
    pub(super) status: Vec<u8>,
    /// Lent to the library, and what it must stay.
    pub(super) lent: Vec<u8>,
    copy: Vec<u8>,
    /// The whole frame, once its key is known.
    pub(super) frame: Vec<u8>,
    /// Bytes handed out so far.
    pub(super) offered: usize,
    /// All was handed out and sent, or less was sent than handed out.
    pub(super) is_over: bool,
}

impl Send {
    pub(super) fn is_unchanged(&self) -> bool {
        self.lent == self.copy
    }

    pub(super) fn header_length(&self, role: Role) -> usize {
        let length = match self.status.len() + self.lent.len() {
            0..=125 => 2,
            126..=0xffff => 4,
            _ => 10,
        };
        length + if role == Role::Client { 4 } else { 0 }
    }

    pub(super) fn length(&self, role: Role) -> usize {
        self.header_length(role) + self.status.len() + self.lent.len()
    }

    /// Whether a part of its frame has been handed out and another has not.
    pub(super) fn is_half_way(&self, role: Role) -> bool {
        !self.is_over && self.offered > 0 && self.offered < self.length(role)
    }
}

/// A receive that was accepted.
#[derive(Debug)]
pub(super) struct Receive {
    pub(super) context: *mut c_void,
    pub(super) memory: Option<Guarded>,
    pub(super) is_cancelled: bool,
}

fn bits(pointer: &[u8]) -> (*mut u8, u32) {
    (pointer.as_ptr().cast_mut(), pointer.len() as u32)
}

impl Judge {
    pub(super) fn next_context(&mut self) -> *mut c_void {
        self.contexts += 1;
        ptr::without_provenance_mut(0x1_0000 + self.contexts)
    }

    /// WebSocketSend; whether it was accepted.
    pub fn send(&mut self, message: Message) -> bool {
        let context = self.next_context();
        let lent = match &message {
            Message::Data(_, _, payload) => payload.clone(),
            Message::Close(Some(close)) => close.reason.clone(),
            Message::Ping | Message::Pong | Message::Close(None) => Vec::new(),
        };
        let (pointer, length) = bits(&lent);
        let (buffer_type, mut buffer) = match &message {
            Message::Data(kind, last, _) => (kind.buffer_type(*last), Some(data(pointer, length))),
            Message::Ping => (c::WEB_SOCKET_PING_PONG_BUFFER_TYPE, None),
            Message::Pong => (c::WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE, None),
            Message::Close(close) => {
                let buffer = close.as_ref().map(|close| WebSocketBuffer {
                    close: CloseBuffer {
                        pb_reason: pointer,
                        ul_reason_length: length,
                        us_status: close.status,
                    },
                });
                (c::WEB_SOCKET_CLOSE_BUFFER_TYPE, buffer)
            }
        };
        let expected = self.expected_of_send(&message);
        let structure = buffer.as_mut().map_or(ptr::null_mut(), ptr::from_mut);
        // SAFETY: the structure lives through the call, the payload until the send is indicated.
        let result = unsafe { f::WebSocketSend(self.handle, buffer_type, structure, context) };
        if let Some(buffer) = &mut buffer {
            *buffer = data(ptr::without_provenance_mut(8), u32::MAX); // it was copied
        }
        assert!(expected.contains(&result), "{result:#x} for {message:?}");
        if self.may_exchange() {
            self.stage = Stage::Session;
        }
        if result != S_OK {
            return false;
        }
        let (first_byte, status) = self.sent(&message);
        self.sends.push_back(Send {
            context,
            buffer_type,
            first_byte,
            status,
            copy: lent.clone(),
            lent,
            frame: Vec::new(),
            offered: 0,
            is_over: false,
        });
        true
    }

    /// Whether the stage lets frames be exchanged; a server's handshake ends by itself.
    pub(super) fn may_exchange(&self) -> bool {
        self.stage == Stage::Session
            || (self.stage == Stage::Handshake && self.setup.role == Role::Server)
    }

    fn expected_of_send(&self, message: &Message) -> &'static [i32] {
        let fits = match message {
            Message::Data(kind, ..) => {
                !self.close_sent && self.sending.is_none_or(|open| open == *kind)
            }
            Message::Ping | Message::Pong => true,
            Message::Close(_) => !self.close_sent,
        };
        let valid = match message {
            Message::Close(Some(Close { status, reason })) => {
                reason.len() <= 123
                    && !matches!(status, 0..=999 | 1006 | 1015)
                    && (*status != 1005 || reason.is_empty())
            }
            _ => true,
        };
        match (valid, fits && !self.aborted && self.may_exchange()) {
            (true, true) => &[S_OK],
            (false, true) => &[c::E_INVALIDARG],
            (true, false) => &[c::E_INVALID_PROTOCOL_OPERATION],
            (false, false) => &[c::E_INVALIDARG, c::E_INVALID_PROTOCOL_OPERATION],
        }
    }

    /// Takes note of a message; the first byte of its frame, and a close status.
    fn sent(&mut self, message: &Message) -> (u8, Vec<u8>) {
        match message {
            Message::Data(kind, last, _) => {
                let opcode = match (self.sending, kind) {
                    (Some(_), _) => 0,
                    (None, Kind::Text) => 1,
                    (None, Kind::Binary) => 2,
                };
                self.sending = (!last).then_some(*kind);
                (opcode | if *last { 0x80 } else { 0 }, Vec::new())
            }
            Message::Ping => (0x89, Vec::new()),
            Message::Pong => (0x8a, Vec::new()),
            Message::Close(close) => {
                self.close_sent = true;
                let status = close
                    .as_ref()
                    .map(|close| close.status)
                    .filter(|status| *status != 1005);
                (
                    0x88,
                    status.map_or_else(Vec::new, |status| status.to_be_bytes().to_vec()),
                )
            }
        }
    }

    /// WebSocketReceive, into memory of this size or the library's; whether it was accepted.
    pub fn receive(&mut self, size: Option<usize>) -> bool {
        let context = self.next_context();
        let mut memory = size.map(Guarded::new);
        let mut buffer = memory
            .as_mut()
            .map(|memory| data(memory.pointer(), memory.size() as u32));
        let structure = buffer.as_mut().map_or(ptr::null_mut(), ptr::from_mut);
        // SAFETY: the structure lives through the call, the memory until the receive is indicated.
        let result = unsafe { f::WebSocketReceive(self.handle, structure, context) };
        let expected = if self.receives_nothing() || !self.may_exchange() {
            c::E_INVALID_PROTOCOL_OPERATION
        } else {
            S_OK
        };
        assert_eq!(result, expected, "receive {size:?}");
        if result != S_OK {
            return false;
        }
        self.stage = Stage::Session;
        self.receives.push_back(Receive {
            context,
            memory,
            is_cancelled: false,
        });
        true
    }
}

pub(super) fn data(pointer: *mut u8, length: u32) -> WebSocketBuffer {
    WebSocketBuffer {
        data: DataBuffer {
            pb_buffer: pointer,
            ul_buffer_length: length,
        },
    }
}
