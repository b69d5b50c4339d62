//! The WebSocket Protocol Component through its C ABI: every numbered acceptance scenario of its
//! specification as a test that carries the number (`scenario_30_…`), the other rules of the
//! specification, and calls that are wrong.
//!
//! A program of its own: its allocator counts, and it forks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, and its sizes are small"
)]

// The library whose functions windows-sys declares.
use websocket as _;

mod harness;

mod aborting;
mod allocated;
mod client_sends;
mod closing;
mod forking;
mod handles;
mod handshake;
mod handshake_headers;
mod misuse;
mod peers;
mod programs;
mod receiving;
mod receiving_control;
mod receiving_shapes;
mod server_sends;
mod states;
mod threads;
mod violations;
