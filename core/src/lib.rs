//! WinHTTP's semantics in safe Rust: the vocabulary, the pure protocol logic, the engine and the API.
//!
//! In scope: what a session, a connect, a request and a WebSocket do, HTTP/1.1 and WebSocket framing, TLS, waiting in
//! both modes. Out of scope: C types, numbers of the C API and string widths, which the shims know.
#![forbid(unsafe_code)]

#[cfg(feature = "engine")]
pub mod api;
pub mod auth;
#[cfg(feature = "engine")]
mod contain;
pub mod embed;
#[cfg(feature = "engine")]
pub mod engine;
#[cfg(feature = "entropy")]
pub mod entropy;
pub mod error;
pub mod failure;
pub mod handle;
pub mod header;
pub mod http_date;
#[cfg(feature = "engine")]
mod lock;
pub mod notify;
pub mod numbers;
pub mod option;
pub mod proto;
#[cfg(feature = "engine")]
mod room;
pub mod url;
