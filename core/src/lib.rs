//! WinHTTP's semantics in safe Rust: the engine that moves bytes and waits, and the API that the C
//! edge calls.
//!
//! In scope: what a session, a connect, a request and a WebSocket do, TLS, waiting in both modes.
//! Out of scope: C types, numbers of the C API and string widths, which the shim knows; and
//! whatever needs no socket, which `winhttp-proto` decides.
#![forbid(unsafe_code)]

pub mod api;
mod contain;
pub mod engine;
mod lock;
mod pac;
mod room;
