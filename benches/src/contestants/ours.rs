//! What both of our modes share: handles through the C ABI, with 16-bit text.
#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "chains of C calls on handles and buffers of their own, with one promise for all"
)]

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use winhttp_abi::constants as c;
use winhttp_abi::wide::terminated;

use crate::arguments::Order;

pub(crate) type Handle = *mut c_void;
pub(crate) type Callback = unsafe extern "system" fn(Handle, usize, u32, *mut c_void, u32);

/// A session; `callback` makes it an asynchronous one.
pub(crate) fn session(callback: Option<Callback>) -> Handle {
    let flags = callback.map_or(0, |_| c::WINHTTP_FLAG_ASYNC);
    // SAFETY: no memory is passed.
    unsafe {
        let session = winhttp::WinHttpOpen::<u16>(null(), 1, null(), null(), flags);
        if let Some(callback) = callback {
            let all = c::WINHTTP_CALLBACK_FLAG_ALL_COMPLETIONS;
            winhttp::WinHttpSetStatusCallback::<u16>(session, Some(callback), all, 0);
        }
        session
    }
}

/// The server's handle; all requests of a contestant come from one.
pub(crate) fn connect(session: Handle, order: &Order) -> Handle {
    let host = terminated::<u16>("127.0.0.1");
    // SAFETY: the text lives through the call.
    unsafe { winhttp::WinHttpConnect::<u16>(session, host.as_ptr(), order.port, 0) }
}

/// Sends a request for the upgrade; in a synchronous session it has been sent afterwards.
pub(crate) fn send_upgrade(connect: Handle, order: &Order, context: usize) -> Handle {
    let path = terminated::<u16>(order.path());
    let secure = if order.row.tls {
        c::WINHTTP_FLAG_SECURE
    } else {
        0
    };
    // SAFETY: the text lives through the calls, and the handles are the program's own.
    unsafe {
        let request = winhttp::WinHttpOpenRequest::<u16>(
            connect,
            null(),
            path.as_ptr(),
            null(),
            null(),
            null(),
            secure,
        );
        let upgrade = c::WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET;
        winhttp::WinHttpSetOption::<u16>(request, upgrade, null_mut(), 0);
        let sent = winhttp::WinHttpSendRequest::<u16>(request, null(), 0, null(), 0, 0, context);
        assert_eq!(sent, 1);
        request
    }
}

/// Asks for the response.
pub(crate) fn receive_response(request: Handle) {
    // SAFETY: no memory is passed.
    let received = unsafe { winhttp::WinHttpReceiveResponse::<u16>(request, null_mut()) };
    assert_eq!(received, 1);
}

/// Makes the WebSocket and closes the request.
pub(crate) fn complete_upgrade(request: Handle, context: usize) -> Handle {
    // SAFETY: no memory is passed.
    let websocket = unsafe { winhttp::WinHttpWebSocketCompleteUpgrade::<u16>(request, context) };
    assert!(!websocket.is_null());
    close(request);
    websocket
}

/// Starts or does a send.
///
/// # Safety
///
/// `start` has `length` bytes; in an asynchronous session they stay as they are until the
/// completion.
pub(crate) unsafe fn send(websocket: Handle, kind: i32, start: *const u8, length: usize) {
    // SAFETY: the caller promises it.
    let sent = unsafe {
        winhttp::WinHttpWebSocketSend::<u16>(websocket, kind, start.cast(), length as u32)
    };
    assert_eq!(sent, 0);
}

pub(crate) fn close(handle: Handle) {
    // SAFETY: no memory is passed; a wrong handle is refused.
    unsafe { winhttp::WinHttpCloseHandle::<u16>(handle) };
}
