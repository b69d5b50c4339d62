//! HTTP/1.1 messages (RFC 9112): heads, and bodies with their framing.
//!
//! In scope: writing request heads and chunks, reading responses. Out of scope: which request to
//! send, and when, which belongs to the exchange.

pub mod body;
pub mod chunked;
pub mod early;
mod fields;
mod framing;
pub mod head;
pub mod secrets;
pub mod shown;
mod status_line;

pub use crate::header::Version;
