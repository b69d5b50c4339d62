//! WebSocketCompleteAction: the two slots of outstanding actions, and what completing them does.

use core::ffi::c_void;

use winhttp_abi::constants as c;

use super::{Guarded, Judge, S_OK, f};

/// Contexts that are tried again after their end.
const STALE_MAX: usize = 8;

/// An action that was handed out and not completed.
#[derive(Debug)]
pub(super) struct Slot {
    context: *mut c_void,
    what: What,
    /// What was handed out, and must stay until the completion.
    handed_out: Vec<(*const u8, Vec<u8>)>,
    /// The caller's memory of a receive, kept as long as its indication.
    pub(super) memory: Option<Guarded>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A part of the first send's frame.
    Chunk,
    Pong,
    Indication,
    Read(*mut u8, usize),
}

impl Slot {
    pub(super) fn new(
        context: *mut c_void,
        what: What,
        handed_out: Vec<(*const u8, Vec<u8>)>,
    ) -> Self {
        Self {
            context,
            what,
            handed_out,
            memory: None,
        }
    }

    pub(super) fn is_pong(&self) -> bool {
        self.what == What::Pong
    }

    fn bytes(&self) -> usize {
        self.handed_out.iter().map(|part| part.1.len()).sum()
    }

    fn check_unchanged(&self) {
        for (pointer, bytes) in &self.handed_out {
            let now = super::poll::read(*pointer, bytes.len());
            assert!(now == *bytes, "memory changed while it was handed out");
        }
    }
}

impl Judge {
    /// The contexts of the actions that are outstanding.
    pub fn contexts_outstanding(&self) -> Vec<*mut c_void> {
        let slots = [&self.send_slot, &self.receive_slot];
        slots
            .into_iter()
            .flatten()
            .map(|slot| slot.context)
            .collect()
    }

    /// Whether an action of the send queue is outstanding, and how many bytes it has.
    pub fn outstanding_send(&self) -> Option<usize> {
        self.send_slot.as_ref().map(Slot::bytes)
    }

    /// The same of the receive queue: bytes of a pong or of an indication, 0 of a read.
    pub fn outstanding_receive(&self) -> Option<usize> {
        self.receive_slot.as_ref().map(Slot::bytes)
    }

    /// Room of the read that is outstanding.
    pub fn outstanding_read(&self) -> Option<usize> {
        match self.receive_slot.as_ref()?.what {
            What::Read(_, length) => Some(length),
            What::Chunk | What::Pong | What::Indication => None,
        }
    }

    /// Whether a pong is being sent.
    pub fn outstanding_pong(&self) -> bool {
        self.receive_slot.as_ref().is_some_and(Slot::is_pong)
    }

    /// Completes what is outstanding of the send queue.
    pub fn complete_send(&mut self, bytes: u32) {
        let Some(slot) = self.send_slot.take() else {
            return;
        };
        slot.check_unchanged();
        self.complete(slot.context, bytes);
        if slot.what == What::Chunk {
            let send = &mut self.sends[0];
            let done = send.offered == send.length(self.setup.role);
            send.is_over = done || bytes as usize != slot.bytes();
        }
        self.guards_hold();
    }

    /// Completes what is outstanding of the receive queue; of a read, nothing was received.
    pub fn complete_receive(&mut self, bytes: u32) {
        let Some(slot) = self.receive_slot.take() else {
            return;
        };
        slot.check_unchanged();
        if let What::Read(_, length) = slot.what {
            let count = if bytes as usize <= length { 0 } else { bytes };
            self.complete(slot.context, count);
            if let Some(receive) = self.receives.front_mut() {
                receive.is_cancelled = true;
            }
        } else {
            self.complete(slot.context, bytes);
        }
        self.guards_hold();
    }

    /// Completes the outstanding read with these bytes, at least one and no more than fit.
    pub fn feed(&mut self, bytes: &[u8]) {
        let Some(slot) = self.receive_slot.take() else {
            panic!("no read is outstanding");
        };
        let What::Read(pointer, length) = slot.what else {
            panic!("{slot:?} is no read");
        };
        assert!(!bytes.is_empty() && bytes.len() <= length);
        // SAFETY: the library offered so much room; a driver may use all of it.
        unsafe { core::ptr::write_bytes(pointer, 0xee, length) };
        // SAFETY: as above, and the bytes are ours.
        unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), pointer, bytes.len()) };
        self.complete(slot.context, bytes.len() as u32);
        if !self.aborted {
            self.wire.feed(bytes);
        }
        self.guards_hold();
    }

    fn complete(&mut self, context: *mut c_void, bytes: u32) {
        // SAFETY: what the action handed out is not used any more.
        let result = unsafe { f::WebSocketCompleteAction(self.handle, context, bytes) };
        assert_eq!(result, S_OK);
        if self.stale.len() == STALE_MAX {
            self.stale.pop_front();
        }
        self.stale.push_back(context);
    }

    /// Completes an action that is over, which changes nothing.
    pub fn complete_stale(&mut self, index: usize, bytes: u32) {
        let live = self.contexts_outstanding();
        let Some(&context) = self.stale.get(index % STALE_MAX) else {
            return;
        };
        if live.contains(&context) {
            return; // a number may come again
        }
        // SAFETY: the library ignores what it does not know.
        let result = unsafe { f::WebSocketCompleteAction(self.handle, context, bytes) };
        assert_eq!(result, c::E_INVALIDARG);
    }
}
