//! What both C edges share: Win32 types and numbers, string widths, the export guard, and checked
//! access to the caller's memory.
//!
//! In scope: everything that touches a raw pointer or the C ABI. Out of scope: WinHTTP and
//! websocket.h themselves; this crate knows no other crate of the project but `winhttp-process`,
//! and has no exports of its own.
//!
//! Pointers die at the door: [`input`] and [`output`] turn them into checked Rust values,
//! [`buffer`] holds the memory that a caller lends to a pending operation, and nothing behind the
//! door sees an address it could follow.

pub mod allocation;
pub mod block;
pub mod buffer;
mod cancellation;
mod code;
pub mod constants;
pub mod entropy;
pub mod exit;
pub mod export;
mod fork;
pub mod handle;
pub mod header_block;
pub mod hresult;
pub mod input;
pub mod last_error;
pub mod output;
pub mod process;
pub mod types;
pub mod wide;

pub use code::{Code, Result};
