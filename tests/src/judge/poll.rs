//! WebSocketGetAction: the call, and whether its answer is the one that is due.

use core::ffi::c_void;
use core::ptr;

use winhttp_abi::constants as c;
use winhttp_abi::types::{DataBuffer, WebSocketBuffer};

use super::complete::{Slot, What};
use super::predict::Due;
use super::queue::data;
use super::wire::{Item, Kind};
use super::{Guarded, Judge, S_OK, Stage, f};

/// What an action was; the judge keeps what is needed to complete it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Polled {
    /// NO_ACTION.
    Nothing,
    /// The call failed, for the peer's or the state's sake.
    Failed(i32),
    /// The action that is due needs an entry.
    NoRoom,
    /// SEND_TO_NETWORK: these bytes, of the first send, or of a pong.
    Transmit(Vec<u8>, bool),
    /// INDICATE_SEND_COMPLETE.
    Sent,
    /// RECEIVE_FROM_NETWORK: room for so many bytes.
    Read(usize),
    /// INDICATE_RECEIVE_COMPLETE of data: kind, last, payload.
    Data(Kind, bool, Vec<u8>),
    /// INDICATE_RECEIVE_COMPLETE of a pong.
    Pong(Vec<u8>),
    /// INDICATE_RECEIVE_COMPLETE of a close frame.
    Close(u16, Option<Vec<u8>>),
    /// INDICATE_RECEIVE_COMPLETE after a cancelled receive or an abort.
    Empty,
}

/// What the function wrote.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) entries: Vec<WebSocketBuffer>,
    pub(super) count: usize,
    pub(super) action: i32,
    pub(super) buffer_type: i32,
    pub(super) application: *mut c_void,
    pub(super) context: *mut c_void,
}

/// Entries hold this before the call.
const UNTOUCHED: usize = 0x5a5a_5a5a;
const UNTOUCHED_LENGTH: u32 = 0x5a5a_5a5b;

fn part(entry: &WebSocketBuffer) -> DataBuffer {
    // SAFETY: every bit pattern of either member is one of the other.
    unsafe { entry.data }
}

impl Answer {
    pub(super) fn part(&self, index: usize) -> (*mut u8, usize) {
        let part = part(&self.entries[index]);
        (part.pb_buffer, part.ul_buffer_length as usize)
    }

    fn check_shape(&self, result: i32) {
        let rest = &self.entries[self.count.min(self.entries.len())..];
        for entry in rest.iter().map(part) {
            let untouched =
                entry.pb_buffer.addr() == UNTOUCHED && entry.ul_buffer_length == UNTOUCHED_LENGTH;
            assert!(untouched, "an entry behind the count was written");
        }
        let counts = match self.action {
            c::WEB_SOCKET_NO_ACTION | c::WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION => 0..=0,
            c::WEB_SOCKET_SEND_TO_NETWORK_ACTION => 1..=2,
            c::WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION
            | c::WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION => 1..=1,
            other => panic!("action {other}"),
        };
        assert!(
            counts.contains(&self.count) && self.count <= self.entries.len(),
            "{self:?}"
        );
        let nothing = self.action == c::WEB_SOCKET_NO_ACTION;
        assert_eq!(self.context.is_null(), nothing, "{self:?}");
        if nothing {
            assert_eq!(self.buffer_type, 0);
            assert!(self.application.is_null());
        }
        assert!(result == S_OK || nothing, "a failure with an action");
    }
}

/// The bytes there.
pub(super) fn read(pointer: *const u8, length: usize) -> Vec<u8> {
    if length == 0 {
        return Vec::new();
    }
    // SAFETY: the library hands out so many bytes, which is what a sanitizer checks here.
    unsafe { core::slice::from_raw_parts(pointer, length) }.to_vec()
}

impl Judge {
    fn ask(&self, queue: i32, entries: usize) -> (i32, Answer) {
        let mut answer = Answer {
            entries: vec![data(ptr::without_provenance_mut(UNTOUCHED), UNTOUCHED_LENGTH); entries],
            count: 0,
            action: -1,
            buffer_type: -1,
            application: ptr::without_provenance_mut(1),
            context: ptr::without_provenance_mut(1),
        };
        let mut count = entries as u32;
        let pointer = if entries == 0 {
            ptr::null_mut()
        } else {
            answer.entries.as_mut_ptr()
        };
        // SAFETY: there are so many entries, and the other outputs live through the call.
        let result = unsafe {
            f::WebSocketGetAction(
                self.handle,
                queue,
                pointer,
                &raw mut count,
                &raw mut answer.action,
                &raw mut answer.buffer_type,
                &raw mut answer.application,
                &raw mut answer.context,
            )
        };
        answer.count = count as usize;
        (result, answer)
    }

    /// WebSocketGetAction with room for so many entries.
    pub fn poll(&mut self, queue: i32, entries: usize) -> Polled {
        let allowed = self.may_exchange();
        if allowed {
            self.stage = Stage::Session;
        }
        let due = self.due(queue, entries);
        let (result, answer) = self.ask(queue, entries);
        answer.check_shape(result);
        if !allowed {
            assert_eq!(result, c::E_INVALID_PROTOCOL_OPERATION);
            return Polled::Failed(result);
        }
        let polled = self.settle(&due, entries, result, &answer);
        self.guards_hold();
        polled
    }

    fn settle(&mut self, due: &Due, entries: usize, result: i32, answer: &Answer) -> Polled {
        if let Due::Fail(code, data) = due
            && (result == *code || data.is_none())
        {
            assert_eq!(result, *code, "{due:?} {answer:?}");
            self.failed = Some(*code);
            return Polled::Failed(result);
        }
        if entries == 0 && !matches!(due, Due::Nothing | Due::Sent) {
            assert_eq!(result, c::E_INSUFFICIENT_BUFFER, "{due:?}");
            return Polled::NoRoom;
        }
        assert_eq!(result, S_OK, "{due:?} {answer:?}");
        let action = match due {
            Due::Nothing => c::WEB_SOCKET_NO_ACTION,
            Due::Pong(_) | Due::Transmit => c::WEB_SOCKET_SEND_TO_NETWORK_ACTION,
            Due::Sent => c::WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION,
            Due::Read => c::WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION,
            Due::Empty | Due::Data(..) | Due::Item | Due::Fail(..) => {
                c::WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION
            }
        };
        assert_eq!(answer.action, action, "{due:?} {answer:?}");
        match due {
            Due::Nothing => Polled::Nothing,
            Due::Pong(payload) => self.pong(payload, answer),
            Due::Transmit => self.transmit(entries, answer),
            Due::Sent => self.sent_is_indicated(answer),
            Due::Read => self.read(answer),
            Due::Empty => self.nothing_received(answer),
            Due::Data(kind, count, last) => self.data(*kind, *count, *last, answer),
            Due::Fail(_, valid) => {
                let (kind, count) = valid.as_ref().map_or((Kind::Text, 0), |valid| *valid);
                self.data(kind, count, false, answer)
            }
            Due::Item => self.item(answer),
        }
    }

    /// The ping that is due is answered.
    fn answered(&mut self) {
        if self.ping.take().is_none() {
            self.wire.items.pop_front();
        }
    }

    fn pong(&mut self, payload: &[u8], answer: &Answer) -> Polled {
        self.answered();
        assert_eq!(answer.buffer_type, c::WEB_SOCKET_PING_PONG_BUFFER_TYPE);
        assert!(answer.application.is_null());
        assert_eq!(answer.count, 1);
        let (pointer, length) = answer.part(0);
        self.check_own(pointer, length);
        let bytes = read(pointer, length);
        assert_eq!(bytes, self.frame(0x8a, payload, &bytes));
        let handed_out = vec![(pointer.cast_const(), bytes.clone())];
        self.receive_slot = Some(Slot::new(answer.context, What::Pong, handed_out));
        Polled::Transmit(bytes, true)
    }

    fn sent_is_indicated(&mut self, answer: &Answer) -> Polled {
        let Some(send) = self.sends.pop_front() else {
            panic!("a send was due");
        };
        assert_eq!(answer.application, send.context);
        assert_eq!(answer.buffer_type, send.buffer_type);
        assert!(send.is_unchanged(), "the caller's payload was written");
        self.indicated_sends += 1;
        self.send_slot = Some(Slot::new(answer.context, What::Indication, Vec::new()));
        Polled::Sent
    }

    fn read(&mut self, answer: &Answer) -> Polled {
        assert_eq!(answer.buffer_type, 0);
        assert_eq!(answer.application, self.receives[0].context);
        let (pointer, length) = answer.part(0);
        assert!(
            length >= 1 && length <= self.setup.receive_size as usize,
            "{answer:?}"
        );
        self.check_own(pointer, length);
        self.receive_slot = Some(Slot::new(
            answer.context,
            What::Read(pointer, length),
            Vec::new(),
        ));
        Polled::Read(length)
    }

    /// The first receive is over: takes what it got, into whose memory.
    fn received_is_indicated(&mut self, answer: &Answer, own: bool) -> (Vec<u8>, *mut u8) {
        let Some(mut receive) = self.receives.pop_front() else {
            panic!("a receive was due");
        };
        assert_eq!(answer.application, receive.context);
        let (pointer, length) = answer.part(0);
        match &mut receive.memory {
            Some(memory) if !own => {
                assert_eq!(
                    pointer,
                    memory.pointer(),
                    "data goes to the caller's memory"
                );
                assert!(length <= memory.size());
            }
            _ => self.check_own(pointer, length),
        }
        let bytes = read(pointer, length);
        let intact = receive.memory.as_ref().is_none_or(Guarded::is_intact);
        assert!(intact, "written outside of the caller's memory");
        let mut slot = Slot::new(
            answer.context,
            What::Indication,
            vec![(pointer.cast_const(), bytes.clone())],
        );
        slot.memory = receive.memory;
        self.receive_slot = Some(slot);
        self.indicated_receives += 1;
        (bytes, pointer)
    }

    fn nothing_received(&mut self, answer: &Answer) -> Polled {
        let open = self.wire.open();
        let fits = match answer.buffer_type {
            c::WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE => {
                open != Some(Kind::Text) || self.is_unsure()
            }
            c::WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE => open == Some(Kind::Text) || self.is_unsure(),
            _ => false,
        };
        assert!(fits, "type {:#x} with {open:?}", answer.buffer_type);
        let (bytes, pointer) = self.received_is_indicated(answer, true);
        assert!(bytes.is_empty() && pointer.is_null(), "{answer:?}");
        Polled::Empty
    }

    /// The parser need not have reached what has come.
    fn is_unsure(&self) -> bool {
        self.receives_nothing() || !self.wire.items.is_empty()
    }

    fn data(&mut self, kind: Kind, count: usize, last: bool, answer: &Answer) -> Polled {
        assert_eq!(answer.buffer_type, kind.buffer_type(last), "{answer:?}");
        let (received, _) = self.received_is_indicated(answer, false);
        let Some(Item::Data {
            bytes,
            complete,
            begun,
            ..
        }) = self.wire.items.front_mut()
        else {
            panic!("data was due");
        };
        let expected: Vec<u8> = bytes.drain(..count).collect();
        *begun = true;
        let is_over = *complete && bytes.is_empty();
        assert!(
            received == expected,
            "{received:x?} instead of {expected:x?}"
        );
        if is_over {
            self.wire.items.pop_front();
        }
        Polled::Data(kind, last, received)
    }

    fn item(&mut self, answer: &Answer) -> Polled {
        let (received, pointer) = self.received_is_indicated(answer, true);
        match self.wire.items.pop_front() {
            Some(Item::Pong(payload)) => {
                assert_eq!(answer.buffer_type, c::WEB_SOCKET_PING_PONG_BUFFER_TYPE);
                assert_eq!(received, payload);
                Polled::Pong(payload)
            }
            Some(Item::Close(status, reason)) => {
                assert_eq!(answer.buffer_type, c::WEB_SOCKET_CLOSE_BUFFER_TYPE);
                // SAFETY: every bit pattern of either member is one of the other.
                let close = unsafe { answer.entries[0].close };
                assert_eq!(close.us_status, status);
                assert_eq!(pointer.is_null(), reason.is_none(), "{answer:?}");
                assert_eq!(received, reason.clone().unwrap_or_default());
                self.close_seen = true;
                self.ping = None;
                Polled::Close(status, reason)
            }
            other => panic!("{other:?} was not due"),
        }
    }
}
