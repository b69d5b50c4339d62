//! libwebsocket: the WebSocket Protocol Component API of websocket.h for Linux and macOS.
//!
//! Windows' websocket.dll is the protocol of RFC 6455 without I/O: a program that has a connection,
//! as a client or as a server, queues sends and receives, asks for actions, and moves the bytes
//! itself.
//!
//! In scope: C's side of the 13 functions. Out of scope: what they mean, which is
//! [`winhttp_proto::websocket::component`]'s. Nothing here blocks, starts threads or uses sockets.

mod action;
mod handle;
mod handshake;
mod map;
mod memory;
mod property;
mod transfer;

pub use action::{WebSocketCompleteAction, WebSocketGetAction};
pub use handle::{
    WebSocketAbortHandle, WebSocketCreateClientHandle, WebSocketCreateServerHandle,
    WebSocketDeleteHandle,
};
pub use handshake::{
    WebSocketBeginClientHandshake, WebSocketBeginServerHandshake, WebSocketEndClientHandshake,
    WebSocketEndServerHandshake,
};
pub use property::WebSocketGetGlobalProperty;
pub use transfer::{WebSocketReceive, WebSocketSend};
