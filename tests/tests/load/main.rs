//! Verifies that thousands of connections at once lose nothing, cost little and leave nothing
//! behind.
//!
//! One process holds WINHTTP_LOAD_CONNECTIONS connections (default 100), half ws, half wss, through
//! the C ABI, to a server in a process of its own. Phases: all connections idle; for
//! WINHTTP_LOAD_SECONDS (default 3) all exchange numbered messages, checked on both sides, while
//! each is closed with the closing handshake and opened again from time to time; no descriptors are
//! left, so that connecting fails as documented while everything else goes on; the orderly end.
//! `tests/load/run` runs it with ten thousand.
//!
//! Then HTTP, from a new server: WINHTTP_LOAD_HTTP_CONNECTIONS (default 100) connections are open
//! at once, half http, half https, and serve WINHTTP_LOAD_HTTP_REQUESTS (default 10,000) numbered
//! requests, one half from callbacks, the other from threads whose calls wait, in another session.
//! No answer is lost or swapped, no further connection is opened, and what was taken comes back.
//!
//! A program of its own: its allocator counts, it uses up the descriptors, and it is the server
//! too.
//!
//! The process may be stopped for any time: there are no timeouts but one for being awake without
//! any progress.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, and prints what it measured"
)]

#[cfg(target_os = "linux")]
mod answers;
#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
mod frames;
#[cfg(target_os = "linux")]
mod http_phases;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(target_os = "linux")]
mod message;
#[cfg(target_os = "linux")]
mod phases;
#[cfg(target_os = "linux")]
mod requests;
#[cfg(target_os = "linux")]
mod server;

#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: memory::Counting = memory::Counting;

/// The variable that makes a process the server.
#[cfg(target_os = "linux")]
const SERVE: &str = "WINHTTP_LOAD_SERVE";

/// The variable that names the only part to run: `websocket` or `http`.
#[cfg(target_os = "linux")]
const PART: &str = "WINHTTP_LOAD_PART";

#[cfg(target_os = "linux")]
fn main() {
    if std::env::args().any(|argument| argument == "--list") {
        println!("load: test");
    } else if std::env::var_os(SERVE).is_some() {
        server::serve();
    } else {
        let part = std::env::var(PART).unwrap_or_default();
        if part != "http" {
            phases::run();
        }
        if part != "websocket" {
            http_phases::run();
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {}
