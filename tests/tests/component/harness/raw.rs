//! The three functions that C declares as VOID, with the value they leave in the return register.

use std::ffi::c_void;

use windows_sys::Win32::Networking::WebSocket::WEB_SOCKET_HANDLE;

unsafe extern "C" {
    #[link_name = "WebSocketCompleteAction"]
    fn complete_action(socket: WEB_SOCKET_HANDLE, context: *mut c_void, bytes: u32) -> i32;
    #[link_name = "WebSocketAbortHandle"]
    fn abort_handle(socket: WEB_SOCKET_HANDLE) -> i32;
    #[link_name = "WebSocketDeleteHandle"]
    fn delete_handle(socket: WEB_SOCKET_HANDLE) -> i32;
}

/// A pointer that is only a number: a handle or a context.
pub(crate) fn pointer(number: usize) -> *mut c_void {
    std::ptr::with_exposed_provenance_mut(number)
}

/// WebSocketCompleteAction.
pub(crate) fn complete(handle: usize, context: usize, bytes: u32) -> i32 {
    // SAFETY: handles and contexts may have any value.
    unsafe { complete_action(pointer(handle), pointer(context), bytes) }
}

/// WebSocketAbortHandle.
pub(crate) fn abort(handle: usize) -> i32 {
    // SAFETY: handles may have any value.
    unsafe { abort_handle(pointer(handle)) }
}

/// WebSocketDeleteHandle.
pub(crate) fn delete(handle: usize) -> i32 {
    // SAFETY: handles may have any value.
    unsafe { delete_handle(pointer(handle)) }
}
