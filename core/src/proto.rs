//! Protocol logic without I/O: bytes, the time and random bytes go in; bytes, deadlines and events come out.

pub mod exchange;
pub mod http1;
pub mod websocket;
