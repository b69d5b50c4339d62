//! The payload of a control frame, stored in place.

use std::fmt;
use std::ops::Deref;

use super::frame::MAX_CONTROL_PAYLOAD_BYTES;
use super::inline::InlineBytes;

/// The payload of a ping, pong or close frame: at most 125 bytes (RFC 6455 §5.5), unmasked.
#[derive(Clone, Copy)]
pub struct ControlPayload(InlineBytes<MAX_CONTROL_PAYLOAD_BYTES>);

impl ControlPayload {
    /// The empty payload.
    #[must_use]
    pub const fn new() -> Self {
        Self(InlineBytes::new())
    }

    /// Appends as much of `more` as fits into 125 bytes and says how many bytes that was.
    pub fn extend(&mut self, more: &[u8]) -> usize {
        self.0.extend(more)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    pub(super) fn as_mut_bytes(&mut self) -> &mut [u8] {
        self.0.as_mut_slice()
    }
}

impl Default for ControlPayload {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for ControlPayload {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsRef<[u8]> for ControlPayload {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl PartialEq for ControlPayload {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for ControlPayload {}

impl fmt::Debug for ControlPayload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}
