//! The memory an end of a connection works with, all of it the embedder's.

use crate::embed::{ReadMemory, WriteMemory};

use super::error::ComponentError;

/// Size of the control area: the longest control frame (131 bytes), or a received close frame's
/// payload.
///
/// The longest control payload and the longest header, rounded up to 8.
pub const CONTROL_BYTES: usize = 144;

/// Three areas of memory. While an action points into an area, the area is not touched here.
pub trait Memory {
    /// Makes the areas available; called once, when the session begins.
    ///
    /// # Errors
    /// [`ComponentError::OutOfMemory`].
    fn provide(&mut self) -> Result<(), ComponentError>;

    /// Where bytes from the network are put and payload is handed out.
    fn receive_area(&mut self) -> &mut [u8];
    /// Where headers and masked frames are built.
    fn send_area(&mut self) -> &mut [u8];
    /// [`CONTROL_BYTES`] for pongs, received control payload and close reasons.
    fn control_area(&mut self) -> &mut [u8];
}

/// The kinds of memory an embedder lends.
pub trait Lender {
    /// The three areas.
    type Memory: Memory;
    /// Payload of a send, lent until the send is indicated as complete.
    type Payload: WriteMemory;
    /// Memory that a receive copies to, lent until the receive is indicated as complete.
    type Target: ReadMemory;
}
