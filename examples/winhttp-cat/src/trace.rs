//! What `--trace` shows: every notification, heads, and the first bytes of payloads.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Mutex, PoisonError};
use std::thread::ThreadId;
use std::time::Instant;

use windows_sys::Win32::Networking::WinHttp::*;

use crate::message::Message;
use crate::names;
use crate::output::note;

/// Bytes of a payload that are shown.
const PAYLOAD_SHOWN_BYTES: usize = 64;

/// A string longer than this (in UTF-16 units) is cut: it is only shown.
const STRING_LIMIT_UNITS: usize = 4096;

/// What the information pointer of a notification points to, as values.
#[derive(Debug)]
enum Information {
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
    handle: usize,
    context: usize,
    pub(crate) status: u32,
    information: Information,
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

/// Which way something went.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Direction {
    Sent,
    Received,
}

impl Direction {
    /// As curl marks them.
    fn mark(self) -> char {
        match self {
            Self::Sent => '>',
            Self::Received => '<',
        }
    }
}

/// Shows what happens on standard error, one line each.
#[derive(Debug)]
pub(crate) struct Trace {
    start: Instant,
    caller: ThreadId,
    /// Handles by value. This program opens them in a fixed order, which gives them their names.
    known: Mutex<HashMap<usize, &'static str>>,
}

impl Trace {
    /// The thread that makes this is the one whose calls are traced.
    pub(crate) fn new() -> Self {
        let known = Mutex::new(HashMap::new());
        Self {
            start: Instant::now(),
            caller: std::thread::current().id(),
            known,
        }
    }

    pub(crate) fn show(&self, notification: &Notification) {
        let name = self.name(notification);
        let thread = if std::thread::current().id() == self.caller {
            "caller"
        } else {
            "other"
        };
        note!(
            "{:9.4} s  {thread:6}  {name:10}  {:21}  {}  [handle {:#x}, context {:#x}]",
            self.start.elapsed().as_secs_f64(),
            names::status(notification.status),
            describe(notification),
            notification.handle,
            notification.context,
        );
    }

    /// Shows a head, line by line.
    pub(crate) fn head(&self, direction: Direction, head: &str) {
        let seconds = self.start.elapsed().as_secs_f64();
        for line in head.lines().filter(|line| !line.is_empty()) {
            let line = without_secrets(line).escape_debug().to_string();
            note!("{seconds:9.4} s  {} {line}", direction.mark());
        }
    }

    /// Shows the beginning of a message.
    pub(crate) fn payload(&self, direction: Direction, message: &Message) {
        note!(
            "{:9.4} s  {} {} message of {} bytes: {}",
            self.start.elapsed().as_secs_f64(),
            direction.mark(),
            message.kind(),
            message.data.len(),
            beginning(message),
        );
    }

    /// What the handle is: connection, request and socket are created in this order; whatever else
    /// reports is the session.
    fn name(&self, notification: &Notification) -> &'static str {
        const ORDER: [&str; 3] = ["connection", "request", "socket"];
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if notification.status == WINHTTP_CALLBACK_STATUS_HANDLE_CREATED
            && let Information::Handle(created) = notification.information
        {
            let name = ORDER.get(known.len()).copied().unwrap_or("handle");
            known.insert(created, name);
            return name;
        }
        known
            .get(&notification.handle)
            .copied()
            .unwrap_or("session")
    }
}

/// A header line, but not what proves who one is.
fn without_secrets(line: &str) -> String {
    const SECRET: [&str; 4] = [
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
        "Set-Cookie",
    ];
    match line.split_once(':') {
        Some((name, _))
            if SECRET
                .iter()
                .any(|secret| secret.eq_ignore_ascii_case(name)) =>
        {
            format!("{name}: (not shown)")
        }
        _ => line.to_owned(),
    }
}

/// The first bytes of a message: text in quotes, with everything that is not plain escaped; bytes in
/// hexadecimal.
fn beginning(message: &Message) -> String {
    let shown = message.data.get(..PAYLOAD_SHOWN_BYTES);
    let more = if shown.is_some() { " ..." } else { "" };
    let bytes = shown.unwrap_or(&message.data);
    if message.binary {
        let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        return format!("{}{more}", digits.join(" "));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // Cut inside a character.
        Err(error) => {
            let whole = bytes.get(..error.valid_up_to()).unwrap_or_default();
            std::str::from_utf8(whole).unwrap_or_default()
        }
    };
    format!("{text:?}{more}")
}

/// The information in words. Control characters in text from elsewhere are escaped.
fn describe(notification: &Notification) -> String {
    match &notification.information {
        Information::Nothing => String::new(),
        Information::Text(text) => format!("{text:?}"),
        Information::Number(word)
            if notification.status == WINHTTP_CALLBACK_STATUS_SECURE_FAILURE =>
        {
            names::certificate_flaws(*word)
        }
        Information::Number(number) => number.to_string(),
        Information::Handle(handle) => format!("{handle:#x}"),
        Information::AsyncResult { api, error } => {
            format!("{}: {}", names::call(*api), names::error(*error))
        }
        Information::WebSocketResult { operation, error } => {
            format!("{}: {}", names::operation(*operation), names::error(*error))
        }
        Information::WebSocketStatus { bytes, kind } => {
            format!("{bytes} bytes, {}", names::buffer_type(*kind))
        }
        Information::Other { pointer, length } => format!("{length} bytes at {pointer:#x}"),
    }
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
    fn text_is_read_up_to_its_nul_and_escaped() {
        let text = [0x61_u16, 0x0A, 0x62, 0, 0x63];
        let notification = read(WINHTTP_CALLBACK_STATUS_RESOLVING_NAME, text, 3);
        assert_eq!(describe(&notification), r#""a\nb""#);
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
        assert!(describe(&notification).starts_with("RECEIVE_OPERATION: ERROR_WINHTTP_CONNECTION"));
    }

    #[test]
    fn a_completed_read_gives_bytes_and_type() {
        let status = WINHTTP_WEB_SOCKET_STATUS {
            dwBytesTransferred: 7,
            eBufferType: WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE,
        };
        let notification = read(WINHTTP_CALLBACK_STATUS_READ_COMPLETE, status, 8);
        assert_eq!(notification.web_socket_status(), Some((7, 2)));
        assert_eq!(describe(&notification), "7 bytes, UTF8_MESSAGE_BUFFER_TYPE");
    }

    #[test]
    fn handles_get_their_names_in_the_order_of_creation() {
        let trace = Trace::new();
        for (handle, name) in [
            (0x20_usize, "connection"),
            (0x30, "request"),
            (0x40, "socket"),
        ] {
            let created = read(WINHTTP_CALLBACK_STATUS_HANDLE_CREATED, handle, 8);
            assert_eq!(trace.name(&created), name);
        }
        let session = read(WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING, 0x10_usize, 8);
        assert_eq!(trace.name(&session), "session");
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(
            without_secrets("authorization: Basic bWU6c2VjcmV0"),
            "authorization: (not shown)"
        );
        assert_eq!(without_secrets("Host: a"), "Host: a");
    }

    #[test]
    fn the_beginning_of_a_payload_is_quoted_or_hexadecimal() {
        let of = |binary, data: &[u8]| {
            beginning(&Message {
                binary,
                data: data.to_vec(),
            })
        };
        assert_eq!(of(false, "grün\n".as_bytes()), "\"grün\\n\"");
        assert_eq!(of(true, &[0, 0x80, 0xff]), "00 80 ff");
        let long = "ü".repeat(PAYLOAD_SHOWN_BYTES);
        let shown = of(false, format!("x{long}").as_bytes());
        assert_eq!(shown, format!("\"x{}\" ...", "ü".repeat(31)));
    }
}
