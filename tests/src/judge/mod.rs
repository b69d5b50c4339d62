//! A handle of websocket.h under judgement: what every call must do is predicted from the
//! specification, and compared.
//!
//! In scope: the session, as a driver sees it; queues, slots, frames in both directions, lent
//! memory. Out of scope: what is sent, received and done when; that is the test's. The fuzz targets
//! compile this folder too, so it uses nothing else of the harness.
#![allow(clippy::cast_possible_truncation, reason = "a test's sizes are small")]

use core::ffi::c_void;
use std::collections::VecDeque;

use winhttp_abi::constants as c;
use winhttp_abi::types::Property;

mod complete;
pub mod functions;
pub mod handshake;
mod memory;
mod poll;
mod predict;
mod queue;
mod transmit;
mod wire;

pub use self::functions as f;
pub use self::memory::Guarded;
pub use self::poll::Polled;
pub use self::queue::{Close, Message};
pub use self::wire::{Item, Kind, Wire};

/// More than both buffers: the largest control payload and the largest frame header, rounded up.
pub const CONTROL_SIZE: u32 = 144;
/// Success.
pub const S_OK: i32 = 0;

/// Which end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Masks what it sends.
    Client,
    /// Does not.
    Server,
}

/// How a handle is created.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Which end.
    pub role: Role,
    /// Bytes of the receive buffer.
    pub receive_size: u32,
    /// Bytes of the send buffer.
    pub send_size: u32,
    /// The buffers lie in the program's memory.
    pub allocated: bool,
    /// A client masks with the key 0, a server takes frames that are not masked.
    pub masking_off: bool,
    /// Text is not checked.
    pub verification_off: bool,
}

/// How far a handle has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nothing has begun.
    Created,
    /// The handshake has.
    Handshake,
    /// Frames may be exchanged.
    Session,
}

/// A handle, and everything that is known of it.
#[derive(Debug)]
pub struct Judge {
    /// How it was created.
    pub setup: Setup,
    handle: *mut c_void,
    block: Option<Guarded>,
    stage: Stage,
    sends: VecDeque<queue::Send>,
    receives: VecDeque<queue::Receive>,
    send_slot: Option<complete::Slot>,
    receive_slot: Option<complete::Slot>,
    /// What the peer sent.
    wire: Wire,
    /// A ping that is not answered yet.
    ping: Option<Vec<u8>>,
    sending: Option<Kind>,
    close_sent: bool,
    close_seen: bool,
    failed: Option<i32>,
    aborted: bool,
    contexts: usize,
    /// Actions that are over.
    stale: VecDeque<*mut c_void>,
    /// Sends that were indicated.
    pub indicated_sends: usize,
    /// Receives that were indicated.
    pub indicated_receives: usize,
}

impl Judge {
    /// A handle that was just created.
    pub fn new(setup: Setup) -> Self {
        let (handle, block) = create(setup);
        Self {
            setup,
            handle,
            block,
            stage: Stage::Created,
            sends: VecDeque::new(),
            receives: VecDeque::new(),
            send_slot: None,
            receive_slot: None,
            wire: Wire::new(setup),
            ping: None,
            sending: None,
            close_sent: false,
            close_seen: false,
            failed: None,
            aborted: false,
            contexts: 0,
            stale: VecDeque::new(),
            indicated_sends: 0,
            indicated_receives: 0,
        }
    }

    /// A handle with an open session.
    pub fn open(setup: Setup) -> Self {
        let mut judge = Self::new(setup);
        judge.shake_hands();
        judge
    }

    /// The handle itself.
    pub fn handle(&self) -> *mut c_void {
        self.handle
    }

    /// How far it has come.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether frames may be exchanged.
    pub fn in_session(&self) -> bool {
        self.stage == Stage::Session
    }

    /// Whether it was aborted.
    pub fn is_aborted(&self) -> bool {
        self.aborted
    }

    /// Whether receiving is over, by a close frame, a violation or an abort.
    pub fn receives_nothing(&self) -> bool {
        self.aborted || self.close_seen || self.failed.is_some()
    }

    /// What the peer broke.
    pub fn failure(&self) -> Option<i32> {
        self.failed
    }

    /// Whether a close frame was queued.
    pub fn has_closed(&self) -> bool {
        self.close_sent
    }

    /// The message that is being sent in fragments.
    pub fn sending(&self) -> Option<Kind> {
        self.sending
    }

    /// Operations that were accepted and not indicated: sends, receives.
    pub fn queued(&self) -> (usize, usize) {
        (self.sends.len(), self.receives.len())
    }

    /// WebSocketAbortHandle.
    pub fn abort(&mut self) {
        // SAFETY: no memory is passed.
        assert_eq!(unsafe { f::WebSocketAbortHandle(self.handle) }, S_OK);
        if self.stage == Stage::Session && !self.aborted {
            self.aborted = true;
            self.ping = None;
        }
    }

    /// Aborts, completes what is under way, and takes every indication that is due.
    pub fn drain(&mut self) {
        if self.stage != Stage::Session {
            return;
        }
        self.abort();
        for queue in [
            c::WEB_SOCKET_SEND_ACTION_QUEUE,
            c::WEB_SOCKET_RECEIVE_ACTION_QUEUE,
        ] {
            loop {
                self.complete_send(0);
                self.complete_receive(0);
                if matches!(self.poll(queue, 1), Polled::Nothing) {
                    break;
                }
            }
        }
        assert_eq!(self.queued(), (0, 0), "indicated once each");
    }

    /// WebSocketDeleteHandle; whatever was lent may be freed.
    pub fn delete(self) -> *mut c_void {
        // SAFETY: the memory that was lent lives until after the call.
        assert_eq!(unsafe { f::WebSocketDeleteHandle(self.handle) }, S_OK);
        self.guards_hold();
        assert!(
            self.sends.iter().all(queue::Send::is_unchanged),
            "the caller's payload was written"
        );
        self.handle
    }

    /// Nothing was written outside of what was lent.
    fn guards_hold(&self) {
        let own = self.block.iter();
        let lent = self
            .receives
            .iter()
            .filter_map(|receive| receive.memory.as_ref());
        assert!(
            own.chain(lent).all(Guarded::is_intact),
            "written outside of the memory"
        );
    }

    /// What the library hands out must be its own memory.
    fn check_own(&self, pointer: *const u8, length: usize) {
        let largest = self.setup.receive_size.max(self.setup.send_size);
        assert!(length <= largest as usize, "{length} bytes of {largest}");
        assert!(!pointer.is_null() || length == 0);
        if let Some(block) = &self.block
            && !pointer.is_null()
        {
            assert!(
                block.holds(pointer, length),
                "outside of the allocated block"
            );
        }
    }
}

/// A handle with these properties, in any order, and the memory it was given.
fn create(setup: Setup) -> (*mut c_void, Option<Guarded>) {
    let size = setup.receive_size + setup.send_size + CONTROL_SIZE;
    let mut block = setup.allocated.then(|| Guarded::new(size as usize));
    let mut pointer = block
        .as_mut()
        .map_or(core::ptr::null_mut(), Guarded::pointer);
    let (mut receive, mut send) = (setup.receive_size, setup.send_size);
    let mut masking_off = i32::from(setup.masking_off);
    let mut verification_off = i32::from(setup.verification_off);
    let property = |kind, value: *mut c_void| Property {
        kind,
        pv_value: value,
        ul_value_size: 4,
    };
    let mut properties = vec![
        property(
            c::WEB_SOCKET_DISABLE_UTF8_VERIFICATION_PROPERTY_TYPE,
            (&raw mut verification_off).cast(),
        ),
        property(
            c::WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE,
            (&raw mut send).cast(),
        ),
        property(
            c::WEB_SOCKET_DISABLE_MASKING_PROPERTY_TYPE,
            (&raw mut masking_off).cast(),
        ),
        property(
            c::WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE,
            (&raw mut receive).cast(),
        ),
    ];
    if block.is_some() {
        properties.push(Property {
            kind: c::WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE,
            pv_value: (&raw mut pointer).cast(),
            ul_value_size: size,
        });
    }
    let create = match setup.role {
        Role::Client => f::WebSocketCreateClientHandle,
        Role::Server => f::WebSocketCreateServerHandle,
    };
    let (mut handle, count) = (core::ptr::null_mut(), properties.len() as u32);
    // SAFETY: the properties and what they point to live through the call, the block until the
    // handle is deleted.
    let result = unsafe { create(properties.as_ptr(), count, &raw mut handle) };
    assert_eq!(result, S_OK, "{setup:?}");
    assert!(!handle.is_null());
    (handle, block)
}
