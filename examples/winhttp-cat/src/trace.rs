//! What `--trace` shows: every notification, heads, and the first bytes of payloads.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::thread::ThreadId;
use std::time::Instant;

use windows_sys::Win32::Networking::WinHttp::*;

use crate::message::Message;
use crate::names;
use crate::notification::{Information, Notification};
use crate::output::note;

/// Bytes of a payload that are shown.
const PAYLOAD_SHOWN_BYTES: usize = 64;

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

    /// Shows what this program does by itself.
    pub(crate) fn step(&self, words: &str) {
        note!("{:9.4} s  {words}", self.start.elapsed().as_secs_f64());
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

/// The first bytes of a message: text in quotes, with everything that is not plain escaped; bytes
/// in hexadecimal.
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

    fn of(status: u32, information: Information) -> Notification {
        Notification {
            handle: 0x10,
            context: 1,
            status,
            information,
        }
    }

    #[test]
    fn information_is_described_in_words() {
        for (status, information, words) in [
            (
                WINHTTP_CALLBACK_STATUS_RESOLVING_NAME,
                Information::Text("a\nb".to_owned()),
                r#""a\nb""#,
            ),
            (
                WINHTTP_CALLBACK_STATUS_REQUEST_ERROR,
                Information::WebSocketResult {
                    operation: WINHTTP_WEB_SOCKET_RECEIVE_OPERATION,
                    error: 12030,
                },
                "RECEIVE_OPERATION: ERROR_WINHTTP_CONNECTION_ERROR (12030)",
            ),
            (
                WINHTTP_CALLBACK_STATUS_READ_COMPLETE,
                Information::WebSocketStatus {
                    bytes: 7,
                    kind: WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE,
                },
                "7 bytes, UTF8_MESSAGE_BUFFER_TYPE",
            ),
        ] {
            assert_eq!(describe(&of(status, information)), words);
        }
    }

    #[test]
    fn handles_get_their_names_in_the_order_of_creation() {
        let trace = Trace::new();
        for (handle, name) in [
            (0x20_usize, "connection"),
            (0x30, "request"),
            (0x40, "socket"),
        ] {
            let information = Information::Handle(handle);
            let created = of(WINHTTP_CALLBACK_STATUS_HANDLE_CREATED, information);
            assert_eq!(trace.name(&created), name);
        }
        let closing = Information::Handle(0x10);
        let session = of(WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING, closing);
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
