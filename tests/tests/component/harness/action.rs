//! Everything that one WebSocketGetAction answers, checked against what is true of all answers.

use windows_sys::Win32::Networking::WebSocket::{WEB_SOCKET_BUFFER, WebSocketGetAction};

use super::raw::pointer;
use super::{
    BINARY_FRAGMENT, BINARY_MESSAGE, CLOSE, FROM_NETWORK, INDICATE_RECEIVE, INDICATE_SEND,
    NO_ACTION, PING_PONG, S_OK, TO_NETWORK, UNSOLICITED_PONG, UTF8_FRAGMENT, UTF8_MESSAGE,
};

/// What entries are full of before the call.
const PATTERN: u8 = 0xA5;
/// What the outputs are before the call.
const UNSET: i32 = 0x5A5A_5A5A;

/// A buffer entry as the library wrote it.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) address: usize,
    pub(crate) length: u32,
    /// Of a close frame only; anything else otherwise.
    pub(crate) status: u16,
    /// What the entry points to; nothing for a receive from the network, where nothing is yet.
    pub(crate) bytes: Vec<u8>,
}

/// The answer.
#[derive(Debug, Clone)]
pub(crate) struct Action {
    pub(crate) result: i32,
    pub(crate) kind: i32,
    pub(crate) buffer_type: i32,
    pub(crate) count: u32,
    pub(crate) application: usize,
    pub(crate) context: usize,
    pub(crate) entries: Vec<Entry>,
}

/// Memory for one entry, so that every byte of it can be compared.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Slot([u8; 16]);

impl Action {
    /// Calls WebSocketGetAction with so many entries.
    pub(crate) fn get(handle: usize, queue: i32, entries: usize) -> Self {
        let mut slots = vec![Slot([PATTERN; 16]); entries];
        let mut count = entries as u32;
        let (mut kind, mut buffer_type) = (UNSET, UNSET);
        let (mut application, mut context) = (pointer(1), pointer(2));
        let buffers = if entries == 0 {
            std::ptr::null_mut()
        } else {
            slots.as_mut_ptr().cast::<WEB_SOCKET_BUFFER>()
        };
        // SAFETY: all outputs live through the call, and there are `count` entries.
        let result = unsafe {
            WebSocketGetAction(
                pointer(handle),
                queue,
                buffers,
                &raw mut count,
                &raw mut kind,
                &raw mut buffer_type,
                &raw mut application,
                &raw mut context,
            )
        };
        assert!(count as usize <= entries, "no more entries than there are");
        for (at, slot) in slots.iter().enumerate().skip(count as usize) {
            assert_eq!(slot.0, [PATTERN; 16], "entry {at} is beyond the count");
        }
        let written = slots.iter().take(count as usize);
        let action = Self {
            result,
            kind,
            buffer_type,
            count,
            application: application.expose_provenance(),
            context: context.expose_provenance(),
            entries: written.map(|slot| Entry::read(slot, kind)).collect(),
        };
        action.check();
        action
    }

    /// What the specification says of every answer (its section 7.4).
    fn check(&self) {
        if self.result != S_OK {
            assert!(self.result < 0, "success is exactly S_OK: {self:?}");
            assert_eq!(self.kind, NO_ACTION, "{self:?}");
        }
        let types: &[i32] = match self.kind {
            NO_ACTION | FROM_NETWORK => &[0],
            TO_NETWORK | INDICATE_SEND => &[
                UTF8_MESSAGE,
                UTF8_FRAGMENT,
                BINARY_MESSAGE,
                BINARY_FRAGMENT,
                CLOSE,
                PING_PONG,
                UNSOLICITED_PONG,
            ],
            INDICATE_RECEIVE => &[
                UTF8_MESSAGE,
                UTF8_FRAGMENT,
                BINARY_MESSAGE,
                BINARY_FRAGMENT,
                CLOSE,
                PING_PONG,
            ],
            _ => panic!("no such action: {self:?}"),
        };
        assert!(types.contains(&self.buffer_type), "{self:?}");
        let counts = match self.kind {
            NO_ACTION | INDICATE_SEND => 0..=0,
            TO_NETWORK => 1..=2,
            _ => 1..=1,
        };
        assert!(counts.contains(&self.count), "{self:?}");
        assert_eq!(self.context == 0, self.kind == NO_ACTION, "{self:?}");
        if self.kind == NO_ACTION {
            assert_eq!(self.application, 0, "{self:?}");
        }
        if matches!(self.kind, TO_NETWORK | FROM_NETWORK) {
            let lengths = self.entries.iter().map(|entry| entry.length);
            assert!(
                lengths.min().unwrap() > 0,
                "there is something to do: {self:?}"
            );
        }
    }

    /// How many bytes all entries have together.
    pub(crate) fn total(&self) -> u32 {
        self.entries.iter().map(|entry| entry.length).sum()
    }

    /// The bytes of all entries.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let all = self.entries.iter().map(|entry| entry.bytes.as_slice());
        all.collect::<Vec<_>>().concat()
    }
}

impl Entry {
    /// Reads a written entry and, unless it is room to receive into, what it points to.
    fn read(slot: &Slot, kind: i32) -> Self {
        let buffer = std::ptr::from_ref(slot).cast::<WEB_SOCKET_BUFFER>();
        // SAFETY: the slot has the size and alignment of a buffer, and any bytes make one.
        let buffer = unsafe { buffer.read() };
        // SAFETY: both members share pointer and length, and any bytes make a status.
        let close = unsafe { buffer.CloseStatus };
        let length = close.ulReasonLength;
        let bytes = if kind == FROM_NETWORK || length == 0 {
            Vec::new()
        } else {
            // SAFETY: the library says that so many bytes are there until the action is completed.
            unsafe { std::slice::from_raw_parts(close.pbReason, length as usize) }.to_vec()
        };
        Self {
            address: close.pbReason.expose_provenance(),
            length,
            status: close.usStatus,
            bytes,
        }
    }
}
