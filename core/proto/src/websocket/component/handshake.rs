//! The header fields of the opening handshake: what each end sends and checks (RFC 6455 §4).

mod client;
mod fields;
pub(super) mod server;

pub(super) use client::ClientHandshake;
pub use client::Selection;
pub use fields::{Field, HandshakeFields};
