//! What WinHTTP reports: which information a notification of each status carries, as values.

use std::ffi::c_void;

use windows_sys::Win32::Networking::WinHttp::*;

/// A string longer than this (in UTF-16 units) is cut: it is only shown.
const STRING_LIMIT_UNITS: usize = 4096;

/// What the information pointer of a notification points to, as values.
#[derive(Debug)]
pub(crate) enum Information {
    Nothing,
    Text(String),
    Number(u32),
    Handle(usize),
    AsyncResult { api: usize, error: u32 },
    WebSocketResult { operation: i32, error: u32 },
    WebSocketStatus { bytes: u32, kind: i32 },
    Other { pointer: usize, length: u32 },
}

/// One call of the status callback.
#[derive(Debug)]
pub(crate) struct Notification {
    pub(crate) handle: usize,
    pub(crate) context: usize,
    pub(crate) status: u32,
    pub(crate) information: Information,
}

impl Notification {
    /// Reads what WinHTTP delivered.
    ///
    /// # Safety
    ///
    /// `information` and `length` are what WinHTTP passed for `status`, and still valid.
    pub(crate) unsafe fn read(
        handle: *mut c_void,
        context: usize,
        status: u32,
        information: *mut c_void,
        length: u32,
    ) -> Self {
        // SAFETY: the same promise.
        let information = unsafe { read_information(status, information, length) };
        Self {
            handle: handle as usize,
            context,
            status,
            information,
        }
    }

    /// Byte count and buffer type of a READ_COMPLETE on a WebSocket.
    pub(crate) fn web_socket_status(&self) -> Option<(usize, i32)> {
        let Information::WebSocketStatus { bytes, kind } = self.information else {
            return None;
        };
        Some((usize::try_from(bytes).ok()?, kind))
    }

    /// What a notification that carries one number says.
    pub(crate) fn number(&self) -> Option<u32> {
        let Information::Number(number) = self.information else {
            return None;
        };
        Some(number)
    }

    /// The failed call and its error number.
    pub(crate) fn error(&self) -> Option<(&'static str, u32)> {
        if let Information::AsyncResult { api, error } = self.information {
            return Some((call_name(api), error));
        }
        let Information::WebSocketResult { operation, error } = self.information else {
            return None;
        };
        Some((operation_name(operation), error))
    }
}

fn call_name(api: usize) -> &'static str {
    match u32::try_from(api) {
        Ok(API_SEND_REQUEST) => "WinHttpSendRequest",
        Ok(API_RECEIVE_RESPONSE) => "WinHttpReceiveResponse",
        _ => "the request",
    }
}

fn operation_name(operation: i32) -> &'static str {
    match operation {
        WINHTTP_WEB_SOCKET_SEND_OPERATION => "WinHttpWebSocketSend",
        WINHTTP_WEB_SOCKET_RECEIVE_OPERATION => "WinHttpWebSocketReceive",
        WINHTTP_WEB_SOCKET_CLOSE_OPERATION => "WinHttpWebSocketClose",
        WINHTTP_WEB_SOCKET_SHUTDOWN_OPERATION => "WinHttpWebSocketShutdown",
        _ => "the WebSocket",
    }
}

/// Which statuses carry which type (the table of WINHTTP_STATUS_CALLBACK); the length tells a
/// WebSocket's structures from a request's.
///
/// # Safety
///
/// As for [`Notification::read`].
unsafe fn read_information(status: u32, pointer: *mut c_void, length: u32) -> Information {
    if pointer.is_null() {
        return Information::Nothing;
    }
    let bytes = usize::try_from(length).unwrap_or(usize::MAX);
    match status {
        WINHTTP_CALLBACK_STATUS_RESOLVING_NAME
        | WINHTTP_CALLBACK_STATUS_NAME_RESOLVED
        | WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER
        | WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER
        | WINHTTP_CALLBACK_STATUS_REDIRECT => {
            // SAFETY: these carry text that ends with NUL.
            Information::Text(unsafe { read_text(pointer.cast()) })
        }
        WINHTTP_CALLBACK_STATUS_HANDLE_CREATED | WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING => {
            // SAFETY: these carry a pointer to the handle's value.
            Information::Handle(unsafe { pointer.cast::<usize>().read_unaligned() })
        }
        WINHTTP_CALLBACK_STATUS_REQUEST_ERROR
            if bytes == size_of::<WINHTTP_WEB_SOCKET_ASYNC_RESULT>() =>
        {
            // SAFETY: the length says which structure it is.
            let result = unsafe {
                pointer
                    .cast::<WINHTTP_WEB_SOCKET_ASYNC_RESULT>()
                    .read_unaligned()
            };
            let error = result.AsyncResult.dwError;
            Information::WebSocketResult {
                operation: result.Operation,
                error,
            }
        }
        WINHTTP_CALLBACK_STATUS_REQUEST_ERROR if bytes == size_of::<WINHTTP_ASYNC_RESULT>() => {
            // SAFETY: the length says which structure it is.
            let result = unsafe { pointer.cast::<WINHTTP_ASYNC_RESULT>().read_unaligned() };
            Information::AsyncResult {
                api: result.dwResult,
                error: result.dwError,
            }
        }
        WINHTTP_CALLBACK_STATUS_READ_COMPLETE | WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE
            if bytes == size_of::<WINHTTP_WEB_SOCKET_STATUS>() =>
        {
            // SAFETY: on a WebSocket, which is all this program reads from and writes to.
            let status = unsafe { pointer.cast::<WINHTTP_WEB_SOCKET_STATUS>().read_unaligned() };
            Information::WebSocketStatus {
                bytes: status.dwBytesTransferred,
                kind: status.eBufferType,
            }
        }
        _ if bytes == size_of::<u32>() => {
            // SAFETY: four bytes are there.
            Information::Number(unsafe { pointer.cast::<u32>().read_unaligned() })
        }
        _ => Information::Other {
            pointer: pointer as usize,
            length,
        },
    }
}

/// Copies text up to its NUL.
///
/// # Safety
///
/// `text` points to UTF-16 that ends with NUL.
unsafe fn read_text(text: *const u16) -> String {
    let mut units = Vec::new();
    while units.len() < STRING_LIMIT_UNITS {
        // SAFETY: every unit before this one was not NUL, so this one still belongs to the text.
        let position = unsafe { text.add(units.len()) };
        // SAFETY: the same.
        match unsafe { position.read_unaligned() } {
            0 => break,
            unit => units.push(unit),
        }
    }
    String::from_utf16_lossy(&units)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(status: u32, mut information: T, length: u32) -> Notification {
        let pointer = (&raw mut information).cast();
        // SAFETY: `information` is what the status carries, as each test chooses it.
        unsafe { Notification::read(0x10 as *mut c_void, 1, status, pointer, length) }
    }

    #[test]
    fn text_is_read_up_to_its_nul() {
        let text = [0x61_u16, 0x0A, 0x62, 0, 0x63];
        let notification = read(WINHTTP_CALLBACK_STATUS_RESOLVING_NAME, text, 3);
        let Information::Text(text) = notification.information else {
            panic!("{notification:?}")
        };
        assert_eq!(text, "a\nb");
    }

    #[test]
    fn the_length_tells_a_web_socket_error_from_a_request_error() {
        let request = WINHTTP_ASYNC_RESULT {
            dwResult: 5,
            dwError: 12029,
        };
        let notification = read(WINHTTP_CALLBACK_STATUS_REQUEST_ERROR, request, 16);
        assert_eq!(notification.error(), Some(("WinHttpSendRequest", 12029)));

        let socket = WINHTTP_WEB_SOCKET_ASYNC_RESULT {
            AsyncResult: WINHTTP_ASYNC_RESULT {
                dwResult: 0,
                dwError: 12030,
            },
            Operation: WINHTTP_WEB_SOCKET_RECEIVE_OPERATION,
        };
        let notification = read(WINHTTP_CALLBACK_STATUS_REQUEST_ERROR, socket, 24);
        assert_eq!(
            notification.error(),
            Some(("WinHttpWebSocketReceive", 12030))
        );
    }

    #[test]
    fn a_completed_read_gives_bytes_and_type() {
        let status = WINHTTP_WEB_SOCKET_STATUS {
            dwBytesTransferred: 7,
            eBufferType: WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE,
        };
        let notification = read(WINHTTP_CALLBACK_STATUS_READ_COMPLETE, status, 8);
        assert_eq!(notification.web_socket_status(), Some((7, 2)));
    }
}
