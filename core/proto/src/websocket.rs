//! The WebSocket protocol (RFC 6455) without I/O: bytes and random bytes go in; bytes and events
//! come out.
//!
//! In scope: frames, masking, UTF-8 checking, close frames, the opening handshake's keys and its
//! client-side check, the order of frames in both directions, for either [`Role`]; a connection's
//! [`Life`]. Out of scope: reading and writing, deadlines, keep-alive, answering pings (the
//! engine's work), extensions (none is ever negotiated).
//!
//! ```text
//! network ─► Receiver ─► payload into the caller's buffer, Event::{FrameEnd, Ping, Pong, Close}
//! caller  ─► Sender   ─► EncodedHeader; payload through mask::copy_masked ─► network
//! ```

mod control;
mod inline;

pub mod close;
mod code;
pub mod component;
pub mod error;
pub mod frame;
pub mod handshake;
pub mod life;
pub mod mask;
pub mod message;
pub mod receive;
pub mod send;
pub mod utf8;

#[cfg(test)]
mod tests;

pub use close::{CloseFrame, CloseReason, NotSendable, ReasonTooLong};
pub use code::CloseCode;
pub use control::ControlPayload;
pub use error::ProtocolError;
pub use frame::{EncodedHeader, FrameHeader, MAX_CONTROL_PAYLOAD_BYTES, MAX_HEADER_BYTES, Opcode};
pub use handshake::{AcceptKey, ClientKey, HandshakeError, Offer, accept_for, client_key};
pub use life::{Call, Life};
pub use mask::MaskKey;
pub use message::{MessageKind, Role};
pub use receive::{Advance, Event, InPlace, Receiver};
pub use send::{ControlFrame, SendError, Sender};
pub use utf8::{InvalidUtf8, Utf8Check};
