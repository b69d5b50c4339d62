//! What a call of the component can fail with.

use std::fmt;

use super::super::error::ProtocolError;

/// Why a call failed; nothing but what the variant says has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComponentError {
    // The application misused the component.
    /// An argument is malformed or out of range.
    InvalidArgument,
    /// The call is not allowed in this state.
    InvalidOperation,
    /// There are fewer buffer entries or indices than the result needs.
    InsufficientBuffer,

    // The peer cannot be talked to.
    /// A header field of the handshake is missing or malformed, or does not answer the key.
    HandshakeMalformed,
    /// The client speaks another version of the protocol.
    VersionNotSupported,
    /// The sub-protocol is none of those offered, or none was selected although some were offered.
    SubprotocolNotSupported,
    /// An extension is none of those offered, or none was selected although some were offered.
    ExtensionsNotSupported,
    /// The peer broke the protocol; the receiving side has failed for good.
    Protocol(ProtocolError),

    // The machine cannot.
    /// There is no memory for the buffers.
    OutOfMemory,
    /// The system gives no random bytes.
    NoEntropy,
}

impl fmt::Display for ComponentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidArgument => "an argument is malformed or out of range",
            Self::InvalidOperation => "the call is not allowed in this state",
            Self::InsufficientBuffer => "the caller's array is too small",
            Self::HandshakeMalformed => "the handshake's header fields are malformed",
            Self::VersionNotSupported => "the client speaks another version",
            Self::SubprotocolNotSupported => "the sub-protocol was not offered",
            Self::ExtensionsNotSupported => "the extension was not offered",
            Self::Protocol(error) => return error.fmt(f),
            Self::OutOfMemory => "there is no memory",
            Self::NoEntropy => "the system gives no random bytes",
        })
    }
}

impl std::error::Error for ComponentError {}

impl From<ProtocolError> for ComponentError {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(error)
    }
}
