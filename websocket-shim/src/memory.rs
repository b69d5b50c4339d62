//! The memory a handle works with, as the protocol sees it: buffers, lent payload, lent targets.

use winhttp_abi::block::MemoryBlock;
use winhttp_abi::buffer::{Lent, LentMut};
use winhttp_proto::embed::{ReadMemory, WriteMemory};
use winhttp_proto::websocket::component::{
    CONTROL_BYTES, ComponentError, Lender, Memory, Place, Settings,
};

/// The memory of this library's handles.
#[derive(Debug)]
pub(crate) struct CallerMemory;

impl Lender for CallerMemory {
    type Memory = Buffers;
    type Payload = Payload;
    type Target = Target;
}

/// A handle's three areas, one behind the other.
///
/// ```text
/// | receive area | send area | control area |
/// ```
#[derive(Debug)]
pub(crate) struct Buffers {
    block: MemoryBlock,
    receive_bytes: usize,
    send_bytes: usize,
}

impl Buffers {
    /// Buffers in memory of the caller, or without it in memory that is allocated when the session
    /// begins.
    pub(crate) fn new(settings: &Settings, lent: Option<MemoryBlock>) -> Self {
        let bytes = |size| usize::try_from(size).unwrap_or(usize::MAX);
        let all = usize::try_from(settings.memory_bytes()).unwrap_or(usize::MAX);
        Self {
            block: lent.unwrap_or_else(|| MemoryBlock::unallocated(all)),
            receive_bytes: bytes(settings.receive_bytes),
            send_bytes: bytes(settings.send_bytes),
        }
    }

    /// The address of a place; NULL for one that is not there.
    pub(crate) fn address(&self, place: &Place) -> *mut u8 {
        let (offset, len) = match *place {
            Place::ReceiveArea { start, len } => (start, len),
            Place::SendArea { len } => (self.receive_bytes, len),
            Place::ControlArea { start, len } => {
                (self.receive_bytes + self.send_bytes + start, len)
            }
            Place::Lent { address, .. } => return std::ptr::with_exposed_provenance_mut(address),
        };
        self.block.at(offset, len).unwrap_or_default()
    }
}

impl Memory for Buffers {
    fn provide(&mut self) -> Result<(), ComponentError> {
        self.block
            .provide()
            .then_some(())
            .ok_or(ComponentError::OutOfMemory)
    }

    fn receive_area(&mut self) -> &mut [u8] {
        self.block.piece(0..self.receive_bytes)
    }

    fn send_area(&mut self) -> &mut [u8] {
        let start = self.receive_bytes;
        self.block.piece(start..start + self.send_bytes)
    }

    fn control_area(&mut self) -> &mut [u8] {
        let start = self.receive_bytes + self.send_bytes;
        self.block.piece(start..start + CONTROL_BYTES)
    }
}

/// Payload of a send.
#[derive(Debug)]
pub(crate) struct Payload(pub(crate) Lent);

impl WriteMemory for Payload {
    fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    fn address(&self) -> usize {
        self.0.address()
    }
}

/// Memory a receive copies to.
#[derive(Debug)]
pub(crate) struct Target(pub(crate) LentMut);

impl ReadMemory for Target {
    fn bytes(&mut self) -> &mut [u8] {
        self.0.bytes()
    }

    fn address(&self) -> usize {
        self.0.address()
    }
}
