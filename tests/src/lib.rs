//! The harness of the behaviour tests: WinHTTP calls in Rust's clothes, and a recorder of
//! notifications.
//!
//! In scope: bringing a test to its first interesting line. Out of scope: judging; that is what the
//! tests do. Everything goes through the exported functions, in the string width of the type
//! parameter.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::wildcard_enum_match_arm,
    reason = "a harness fails its test by panicking"
)]

mod client;
mod gate;
pub mod judge;
mod peer;
pub mod program;
mod recorder;
pub mod scratch;
pub mod support;
mod transfer;
mod websocket;

pub use client::{Call, Client, Handle, Mode, call, last_error, status, text};
pub use gate::Gate;
pub use peer::{HELLO, answers, answers_and_ends, answers_each};
pub use recorder::{Callback, Event, Info, Recorder};
pub use transfer::{Answer, Sending, set_option};
pub use websocket::{
    Memory, WebSocket, for_ever, receive_now, start_close, start_receive, start_send,
    start_shutdown, upgrade, web_socket_server,
};

use std::time::Duration;

/// The longest any test waits for something that must happen.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a scenario in both modes and both string widths: `scenario!(name, |mode, W| { … })` makes
/// four tests.
#[macro_export]
macro_rules! scenarios {
    ($($(#[$meta:meta])* fn $name:ident<$W:ident>($mode:ident) $body:block)*) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports, reason = "not every scenario uses everything")]
            use super::*;

            fn scenario<$W: winhttp_abi::wide::Unit>($mode: $crate::Mode) $body

            #[test]
            fn sync_utf16() {
                scenario::<u16>($crate::Mode::Sync);
            }

            #[test]
            fn sync_wchar32() {
                scenario::<u32>($crate::Mode::Sync);
            }

            #[test]
            fn async_utf16() {
                scenario::<u16>($crate::Mode::Async);
            }

            #[test]
            fn async_wchar32() {
                scenario::<u32>($crate::Mode::Async);
            }
        }
    )*};
}
