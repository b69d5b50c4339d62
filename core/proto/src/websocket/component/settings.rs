//! How an end of a connection is set up.

use super::super::message::Role;
use super::areas::CONTROL_BYTES;
use super::error::ComponentError;

/// The smallest receive buffer.
pub const RECEIVE_BYTES_MIN: u32 = 256;

/// The smallest send buffer: the longest header and the status of a close frame.
pub const SEND_BYTES_MIN: u32 = 16;

/// Receive buffers have this size unless set; so do a client's send buffers.
const BUFFER_BYTES: u32 = 4096;

/// What can be set when an [`Endpoint`](super::Endpoint) is created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Bytes that are received at a time, at least 256. Messages and frames may be larger.
    pub receive_bytes: u32,
    /// Bytes of masked frames that are sent at a time, at least 16; frames that are not masked need
    /// no more.
    pub send_bytes: u32,
    /// A client masks with the key 0, which leaves payload as it is; a server takes frames that are
    /// not masked.
    pub disable_masking: bool,
    /// Received text and close reasons are not checked.
    pub disable_utf8_verification: bool,
}

impl Settings {
    /// What holds unless set.
    #[must_use]
    pub fn new(role: Role) -> Self {
        Self {
            receive_bytes: BUFFER_BYTES,
            send_bytes: match role {
                Role::Client => BUFFER_BYTES,
                Role::Server => SEND_BYTES_MIN,
            },
            disable_masking: false,
            disable_utf8_verification: false,
        }
    }

    /// Checks the sizes.
    ///
    /// # Errors
    /// [`ComponentError::InvalidArgument`] for a buffer below its smallest size.
    pub fn check(&self) -> Result<(), ComponentError> {
        if self.receive_bytes < RECEIVE_BYTES_MIN || self.send_bytes < SEND_BYTES_MIN {
            return Err(ComponentError::InvalidArgument);
        }
        Ok(())
    }

    /// Bytes of memory the buffers take: receive, send and control area.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        u64::from(self.receive_bytes) + u64::from(self.send_bytes) + CONTROL_BYTES as u64
    }
}
