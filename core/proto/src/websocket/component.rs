//! The WebSocket Protocol Component: one end of a connection that says what to do with the network
//! and is told when it is done. It is what websocket.h drives, in safe Rust and without I/O.
//!
//! ```text
//!            begin_*_handshake           end_*_handshake
//!   Created ──────────────────► Handshake ──────────────► Session ── abort ──► Session, aborted
//!                                   └── server: also by the first send, receive or action
//!
//!   send ────► queue ─► action: SendToNetwork … IndicateSendComplete ──────────┐
//!   receive ─► queue ─► action: ReceiveFromNetwork … IndicateReceiveComplete ──┤ each needs complete(token)
//!   ping ─────────────► action: SendToNetwork (a pong) ────────────────────────┘
//! ```
//!
//! In scope: which call is legal when, the queues, what each action points to. Out of scope:
//! pointers, numbers of the C API, locks, handles. Memory is the embedder's ([`Memory`] and the
//! lent buffers); random keys are arguments.

mod action;
mod areas;
mod endpoint;
mod error;
mod handshake;
mod keys;
mod receiving;
mod sending;
mod session;
mod settings;
mod slot;

#[cfg(test)]
mod tests;

pub use action::{Action, BufferType, Place, Queue, Received};
pub use areas::{CONTROL_BYTES, Lender, Memory};
pub use endpoint::Endpoint;
pub use error::ComponentError;
pub use handshake::{Field, HandshakeFields, Selection};
pub use keys::Keys;
pub use sending::Outgoing;
pub use settings::{RECEIVE_BYTES_MIN, SEND_BYTES_MIN, Settings};
pub use slot::Token;
