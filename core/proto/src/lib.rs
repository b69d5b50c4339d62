//! WinHTTP's vocabulary and the logic of its protocols: bytes, the time and random bytes go in;
//! bytes, deadlines and events come out.
//!
//! In scope: handles as numbers, options, headers, cookies, URLs, notifications, HTTP/1.1, content
//! codings, redirects, authentication, proxies, WebSocket frames, and all that websocket.h asks a
//! program to do. Out of scope: sockets, threads, clocks, entropy, the environment, and C; this
//! crate knows no other of the project, so that whoever links it alone (libwebsocket) gets no
//! engine.
#![forbid(unsafe_code)]

pub mod auth;
pub mod cookie;
pub mod decode;
pub mod embed;
pub mod error;
pub mod exchange;
pub mod failure;
pub mod handle;
pub mod header;
pub mod http1;
pub mod http_date;
pub mod notify;
pub mod numbers;
pub mod option;
pub mod proxy;
pub mod redirect;
pub mod tcp_info;
pub mod url;
pub mod websocket;
