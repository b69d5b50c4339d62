//! How a peer can break the protocol, and the close code that answers it.

use std::fmt;

use super::code::CloseCode;
use super::utf8::InvalidUtf8;

/// A violation of RFC 6455 in what the peer sent; the connection must be failed (§7.1.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtocolError {
    /// A reserved bit is set although no extension was negotiated (§5.2).
    ReservedBits,
    /// An opcode of 3–7 or 11–15 (§5.2).
    ReservedOpcode(u8),
    /// A control frame without FIN (§5.5).
    ControlFragmented,
    /// A control frame of more than 125 bytes (§5.5).
    ControlTooLong,
    /// The length was not written in the fewest bytes possible (§5.2).
    LengthNotMinimal,
    /// A 64-bit length with the most significant bit set (§5.2).
    LengthTooLarge,
    /// A server sent a masked frame (§5.1).
    MaskUnexpected,
    /// A client sent a frame that is not masked (§5.1).
    MaskMissing,
    /// A continuation frame while no message is open (§5.4).
    ContinuationWithoutMessage,
    /// A text or binary frame while a fragmented message is open (§5.4).
    MessageInterrupted,
    /// A text message that is not UTF-8 (§8.1).
    TextNotUtf8,
    /// A close frame with a payload of one byte (§5.5.1).
    CloseTooShort,
    /// A close frame with a code that must not be on the wire (§7.4).
    CloseCodeInvalid(CloseCode),
    /// A close reason that is not UTF-8 (§5.5.1).
    CloseReasonNotUtf8,
    /// A message above the limit given to the receiver.
    MessageTooBig,
}

impl ProtocolError {
    /// The code to close the connection with (RFC 6455 §7.4.1).
    #[must_use]
    pub fn close_code(self) -> CloseCode {
        match self {
            Self::ReservedBits
            | Self::ReservedOpcode(_)
            | Self::ControlFragmented
            | Self::ControlTooLong
            | Self::LengthNotMinimal
            | Self::LengthTooLarge
            | Self::MaskUnexpected
            | Self::MaskMissing
            | Self::ContinuationWithoutMessage
            | Self::MessageInterrupted
            | Self::CloseTooShort
            | Self::CloseCodeInvalid(_) => CloseCode::PROTOCOL_ERROR,
            Self::TextNotUtf8 | Self::CloseReasonNotUtf8 => CloseCode::INVALID_FRAME_PAYLOAD_DATA,
            Self::MessageTooBig => CloseCode::MESSAGE_TOO_BIG,
        }
    }
}

impl ProtocolError {
    /// The section of RFC 6455 with the rule that was broken; `None` for what breaks only a limit
    /// of ours.
    #[must_use]
    pub fn section(self) -> Option<&'static str> {
        Some(match self {
            Self::ReservedBits
            | Self::ReservedOpcode(_)
            | Self::LengthNotMinimal
            | Self::LengthTooLarge => "5.2",
            Self::ControlFragmented | Self::ControlTooLong => "5.5",
            Self::MaskUnexpected | Self::MaskMissing => "5.1",
            Self::ContinuationWithoutMessage | Self::MessageInterrupted => "5.4",
            Self::TextNotUtf8 => "8.1",
            Self::CloseTooShort | Self::CloseReasonNotUtf8 => "5.5.1",
            Self::CloseCodeInvalid(_) => "7.4",
            Self::MessageTooBig => return None,
        })
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::ReservedBits => "a reserved bit is set",
            Self::ReservedOpcode(opcode) => return write!(f, "opcode {opcode} is reserved"),
            Self::ControlFragmented => "a control frame is fragmented",
            Self::ControlTooLong => "a control frame is longer than 125 bytes",
            Self::LengthNotMinimal => "a length is not written in the fewest bytes",
            Self::LengthTooLarge => "a length has its top bit set",
            Self::MaskUnexpected => "the server sent a masked frame",
            Self::MaskMissing => "the client sent an unmasked frame",
            Self::ContinuationWithoutMessage => "a continuation frame without a message",
            Self::MessageInterrupted => "a new message inside a fragmented one",
            Self::TextNotUtf8 => "a text message is not UTF-8",
            Self::CloseTooShort => "a close frame has half a code",
            Self::CloseCodeInvalid(code) => return write!(f, "close code {code} is not allowed"),
            Self::CloseReasonNotUtf8 => "a close reason is not UTF-8",
            Self::MessageTooBig => "a message is larger than the limit",
        };
        f.write_str(text)
    }
}

impl std::error::Error for ProtocolError {}

impl From<InvalidUtf8> for ProtocolError {
    fn from(InvalidUtf8: InvalidUtf8) -> Self {
        Self::TextNotUtf8
    }
}
