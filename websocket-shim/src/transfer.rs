//! Sends and receives are queued; actions carry them out.

use std::ffi::c_void;

use winhttp_abi::buffer::{Lent, LentMut};
use winhttp_abi::entropy;
use winhttp_abi::export;
use winhttp_abi::export::Succeeded;
use winhttp_abi::hresult::HResult;
use winhttp_abi::input;
use winhttp_abi::types::WebSocketBuffer;
use winhttp_proto::websocket::MaskKey;
use winhttp_proto::websocket::component::{BufferType, Outgoing};

use crate::handle::{Handle, with};
use crate::map::{from_buffer_type, hresult};
use crate::memory::{Payload, Target};

/// A fresh masking key.
pub(crate) fn key() -> Option<MaskKey> {
    entropy::random().map(MaskKey::new)
}

/// What a program wants to send.
///
/// # Safety
/// `buffer` is NULL or points to a buffer, whose bytes stay valid and unchanged until the send is
/// indicated as complete.
unsafe fn outgoing(
    buffer_type: i32,
    buffer: *const WebSocketBuffer,
) -> Result<Outgoing<Payload>, HResult> {
    let buffer_type = from_buffer_type(buffer_type).ok_or(HResult::INVALID_ARGUMENT)?;
    // SAFETY: the caller's promise; the structure is copied, the bytes are not.
    let buffer = unsafe { input::value(buffer) };
    let (kind, last) = match buffer_type {
        BufferType::Message(kind) => (kind, true),
        BufferType::Fragment(kind) => (kind, false),
        // SAFETY: the caller's promise about the bytes.
        BufferType::Close => return unsafe { close(buffer) }.map(Outgoing::Close),
        BufferType::PingPong | BufferType::UnsolicitedPong if buffer.is_some() => {
            return Err(HResult::INVALID_ARGUMENT);
        }
        BufferType::PingPong => return Ok(Outgoing::Ping),
        BufferType::UnsolicitedPong => return Ok(Outgoing::UnsolicitedPong),
    };
    let (start, length) = buffer.map_or((std::ptr::null_mut(), 0), |buffer| {
        // SAFETY: both members are plain values at the same places.
        let data = unsafe { buffer.data };
        (data.pb_buffer, data.ul_buffer_length)
    });
    Ok(Outgoing::Data {
        kind,
        last,
        // SAFETY: the caller's promise about the bytes.
        payload: unsafe { payload(start, length) }?,
    })
}

/// Status and reason of a close frame.
///
/// # Safety
/// The reason's bytes stay valid and unchanged until the send is indicated as complete.
unsafe fn close(buffer: Option<WebSocketBuffer>) -> Result<Option<(u16, Payload)>, HResult> {
    let Some(buffer) = buffer else {
        return Ok(None);
    };
    // SAFETY: both members are plain values at the same places.
    let close = unsafe { buffer.close };
    // SAFETY: the caller's promise.
    let reason = unsafe { payload(close.pb_reason, close.ul_reason_length) }?;
    Ok(Some((close.us_status, reason)))
}

/// # Safety
/// As [`Lent::new`].
unsafe fn payload(start: *const u8, length: u32) -> Result<Payload, HResult> {
    // SAFETY: the caller's promise, handed on.
    unsafe { Lent::new(start, length) }
        .map(Payload)
        .map_err(|_| HResult::INVALID_ARGUMENT)
}

export! {
    /// Queues a frame (WebSocketSend). It is sent by actions and ends in one
    /// WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION with `context`; until then the bytes behind
    /// `buffer`, not the structure itself, belong to the library.
    ///
    /// `buffer` is NULL for pings and pongs, and may be for an empty frame. After a fragment only
    /// data of its kind may follow until a message ends it, and only pings and pongs after a close
    /// frame. Fails with E_INVALIDARG, or E_INVALID_PROTOCOL_OPERATION in a wrong state (RFC 6455
    /// §5.4 to §5.6).
    pub fn WebSocketSend(
        handle: Handle,
        buffer_type: i32,
        buffer: *const WebSocketBuffer,
        context: *mut c_void,
    ) -> Succeeded {
        // SAFETY: the program's promise.
        let outgoing = unsafe { outgoing(buffer_type, buffer) }?;
        with(handle, |web_socket| {
            web_socket
                .endpoint
                .send(outgoing, context.expose_provenance(), &key)
                .map_err(hresult)?;
            Ok(Succeeded)
        })
    }

    /// Queues a receive (WebSocketReceive). It ends in one
    /// WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION with `context`.
    ///
    /// Without `buffer`, payload is handed out where it lies in the library's memory; with it,
    /// payload is copied to its `Data`, which belongs to the library until then. Fails with
    /// E_INVALIDARG, or E_INVALID_PROTOCOL_OPERATION in a wrong state.
    pub fn WebSocketReceive(
        handle: Handle,
        buffer: *const WebSocketBuffer,
        context: *mut c_void,
    ) -> Succeeded {
        // SAFETY: the program's promise.
        let target = match unsafe { input::value(buffer) } {
            None => None,
            Some(buffer) => {
                // SAFETY: both members are plain values at the same places.
                let data = unsafe { buffer.data };
                // SAFETY: the program's promise.
                let lent = unsafe { LentMut::new(data.pb_buffer, data.ul_buffer_length) }
                    .ok()
                    .filter(|_| data.ul_buffer_length > 0);
                Some(Target(lent.ok_or(HResult::INVALID_ARGUMENT)?))
            }
        };
        with(handle, |web_socket| {
            web_socket
                .endpoint
                .receive(target, context.expose_provenance())
                .map_err(hresult)?;
            Ok(Succeeded)
        })
    }
}
