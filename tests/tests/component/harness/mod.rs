//! What the tests of the component drive it with: handles, actions, handshakes and frames.

pub(crate) mod action;
pub(crate) mod block;
pub(crate) mod driver;
pub(crate) mod frame;
pub(crate) mod headers;
pub(crate) mod memory;
pub(crate) mod raw;
pub(crate) mod setup;
pub(crate) mod socket;

pub(crate) use action::Action;
pub(crate) use frame::{Frame, frames, hex, masked, unmasked};
pub(crate) use setup::{Memory, Role, Setup, client, server};
pub(crate) use socket::Socket;

pub(crate) use windows_sys::Win32::Foundation::{
    E_INVALID_PROTOCOL_FORMAT as FORMAT, E_INVALID_PROTOCOL_OPERATION as OPERATION, E_INVALIDARG,
    E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED as NO_EXTENSION,
    E_PROTOCOL_VERSION_NOT_SUPPORTED as NO_VERSION, E_SUBPROTOCOL_NOT_SUPPORTED as NO_SUBPROTOCOL,
    S_OK,
};
pub(crate) use windows_sys::Win32::Networking::WebSocket::{
    WEB_SOCKET_ALL_ACTION_QUEUE as ALL, WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE as BINARY_FRAGMENT,
    WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE as BINARY_MESSAGE, WEB_SOCKET_CLOSE_BUFFER_TYPE as CLOSE,
    WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION as INDICATE_RECEIVE,
    WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION as INDICATE_SEND, WEB_SOCKET_NO_ACTION as NO_ACTION,
    WEB_SOCKET_PING_PONG_BUFFER_TYPE as PING_PONG, WEB_SOCKET_RECEIVE_ACTION_QUEUE as RECEIVE,
    WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION as FROM_NETWORK, WEB_SOCKET_SEND_ACTION_QUEUE as SEND,
    WEB_SOCKET_SEND_TO_NETWORK_ACTION as TO_NETWORK,
    WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE as UNSOLICITED_PONG,
    WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE as UTF8_FRAGMENT,
    WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE as UTF8_MESSAGE,
};

/// `HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER)`.
pub(crate) const TOO_SMALL: i32 = 0x8007_007A_u32.cast_signed();
