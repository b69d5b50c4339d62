//! Structures of WebSocket notifications.

use super::request::AsyncResult;

/// Data of `WINHTTP_CALLBACK_STATUS_REQUEST_ERROR` on a WebSocket handle
/// (`WINHTTP_WEB_SOCKET_ASYNC_RESULT`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct WebSocketAsyncResult {
    /// The error.
    pub async_result: AsyncResult,
    /// The operation that failed.
    pub operation: i32,
}

/// Data of the read and write completions of a WebSocket handle (`WINHTTP_WEB_SOCKET_STATUS`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct WebSocketStatus {
    /// Bytes of this operation.
    pub dw_bytes_transferred: u32,
    /// Type of the data.
    pub e_buffer_type: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_those_of_windows() {
        layout!(WebSocketAsyncResult, 24, 8, { async_result: 0, operation: 16 });
        layout!(WebSocketStatus, 8, 4, { dw_bytes_transferred: 0, e_buffer_type: 4 });
    }
}
