//! The status callback: turns notifications into events for the main thread, counts the handles
//! that have not reported HANDLE_CLOSING yet, and shows every notification when asked to.

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use windows_sys::Win32::Networking::WinHttp::*;

use crate::api::CallError;
use crate::message::Queued;
use crate::notification::Notification;
use crate::trace::Trace;

/// What the main thread waits for. Input and signals arrive through the same channel.
#[derive(Debug)]
pub(crate) enum Event {
    /// A message from the input.
    Input(Queued),
    /// There will be no more input; if that is not because it came to its end, why.
    InputEnded(Result<(), String>),
    /// Somebody wants the conversation to end.
    #[cfg_attr(
        not(unix),
        allow(dead_code, reason = "signals are watched on Linux and macOS")
    )]
    Interrupted,
    SendRequestComplete,
    HeadersAvailable,
    /// The first bytes of a refusal's body are there.
    DataAvailable,
    /// A piece of a message is in the buffer that was lent (asynchronous).
    Piece {
        length: usize,
        kind: i32,
    },
    /// A whole message (synchronous: the receiving thread put it together).
    Message(Queued),
    /// The server's close frame came (synchronous).
    PeerClosed,
    Sent,
    ShutDown,
    Closed,
    /// A message is larger than this program takes.
    TooLarge,
    Failed(CallError),
}

/// The context value of all handles of one conversation points to this.
#[derive(Debug)]
pub(crate) struct Observer {
    events: Sender<Event>,
    pub(crate) trace: Option<Trace>,
    certificate_flaws: AtomicU32,
    request_sent: AtomicBool,
    open_handles: Mutex<usize>,
    one_closed: Condvar,
}

impl Observer {
    pub(crate) fn new(events: Sender<Event>, trace: Option<Trace>) -> Self {
        Self {
            events,
            trace,
            certificate_flaws: AtomicU32::new(0),
            request_sent: AtomicBool::new(false),
            open_handles: Mutex::new(0),
            one_closed: Condvar::new(),
        }
    }

    /// What the last SECURE_FAILURE told.
    pub(crate) fn certificate_flaws(&self) -> u32 {
        self.certificate_flaws.load(Ordering::Acquire)
    }

    /// Whether REQUEST_SENT has told of a request since this was asked last.
    pub(crate) fn take_request_sent(&self) -> bool {
        self.request_sent.swap(false, Ordering::AcqRel)
    }

    /// Counts a handle that will report HANDLE_CLOSING.
    pub(crate) fn opened(&self) {
        *self
            .open_handles
            .lock()
            .unwrap_or_else(PoisonError::into_inner) += 1;
    }

    /// Whether every handle reported HANDLE_CLOSING within the limit. Only then is nothing that was
    /// lent to WinHTTP in use any more, this observer included.
    pub(crate) fn wait_until_closed(&self, limit: Duration) -> bool {
        let open = self
            .open_handles
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let (open, _) = self
            .one_closed
            .wait_timeout_while(open, limit, |open| *open > 0)
            .unwrap_or_else(PoisonError::into_inner);
        *open == 0
    }

    fn notice(&self, notification: &Notification) {
        if let Some(trace) = &self.trace {
            trace.show(notification);
        }
        let event = match notification.status {
            WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE => Event::SendRequestComplete,
            WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE => Event::HeadersAvailable,
            WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE => Event::DataAvailable,
            WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE => Event::Sent,
            WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE => Event::ShutDown,
            WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE => Event::Closed,
            WINHTTP_CALLBACK_STATUS_READ_COMPLETE => {
                let Some((length, kind)) = notification.web_socket_status() else {
                    return;
                };
                Event::Piece { length, kind }
            }
            WINHTTP_CALLBACK_STATUS_REQUEST_ERROR => {
                let Some((call, code)) = notification.error() else {
                    return;
                };
                Event::Failed(CallError::new(call, code))
            }
            WINHTTP_CALLBACK_STATUS_SECURE_FAILURE => {
                let flaws = notification.number().unwrap_or_default();
                self.certificate_flaws.store(flaws, Ordering::Release);
                return;
            }
            WINHTTP_CALLBACK_STATUS_REQUEST_SENT => {
                self.request_sent.store(true, Ordering::Release);
                return;
            }
            WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING => {
                self.count_closed();
                return;
            }
            _ => return,
        };
        // Nobody listens any more once the conversation is over.
        let _ = self.events.send(event);
    }

    fn count_closed(&self) {
        let mut open = self
            .open_handles
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *open = open.saturating_sub(1);
        self.one_closed.notify_all();
    }
}

/// The function WinHTTP calls.
///
/// # Safety
///
/// `context` is 0 or the address of an [`Observer`] in an [`Arc`] that lives until the last
/// HANDLE_CLOSING; the rest is as WinHTTP delivers it.
pub(crate) unsafe extern "system" fn on_status(
    handle: *mut c_void,
    context: usize,
    status: u32,
    information: *mut c_void,
    length: u32,
) {
    let observer = context as *const Observer;
    if observer.is_null() {
        return;
    }
    // SAFETY: the address comes from `Arc::as_ptr`, and the observer is alive as the caller
    // promises.
    unsafe { Arc::increment_strong_count(observer) };
    // An owner of its own: after the last HANDLE_CLOSING is counted, the waiting thread lets go of
    // the observer while this call is still inside it.
    // SAFETY: this takes over the count that was just added.
    let observer = unsafe { Arc::from_raw(observer) };
    // SAFETY: WinHTTP delivers information that fits the status and lives until we return.
    let notification = unsafe { Notification::read(handle, context, status, information, length) };
    observer.notice(&notification);
}
