//! The client: each connection goes from callback to callback, checks every number, and closes and
//! opens again.

use std::cell::UnsafeCell;
use std::collections::VecDeque;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use winhttp_abi::constants as c;
use winhttp_abi::types::{AsyncResult, WebSocketStatus};
use winhttp_tests::{Handle, last_error};

use crate::{calls, message};

/// Connections that are being opened at once: fewer than a server's system keeps waiting.
const OPENING_MAX: usize = 200;
/// Room for one receive; longer messages come in pieces.
const ROOM: usize = 1024;

/// Connections and counters of the process; callbacks find them here.
pub(crate) static CLIENT: OnceLock<Client> = OnceLock::new();

pub(crate) fn client() -> &'static Client {
    CLIENT.get().unwrap()
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) messages: AtomicU64,
    /// Connections that are open.
    pub(crate) open: AtomicUsize,
    /// Connections that were opened, and those closed with the closing handshake.
    pub(crate) opened: AtomicU64,
    pub(crate) closed: AtomicU64,
    pub(crate) errors: AtomicU64,
    /// Sessions whose HANDLE_CLOSING came.
    pub(crate) sessions_closed: AtomicUsize,
}

#[derive(Debug)]
pub(crate) struct Client {
    /// Connects of ws and wss.
    connects: [Handle; 2],
    connections: Vec<Connection>,
    /// Connections from here on may be refused.
    optional: usize,
    /// How many connections are being opened, and which wait for that.
    opening: Mutex<(usize, VecDeque<usize>)>,
    pub(crate) counters: Counters,
    /// Messages are sent.
    pub(crate) talking: AtomicBool,
    /// Every connection is closed and stays so.
    pub(crate) ending: AtomicBool,
}

#[derive(Debug)]
struct Connection {
    secure: bool,
    state: Mutex<State>,
    /// Lent to the pending receive.
    room: UnsafeCell<[u8; ROOM]>,
}

// SAFETY: `room` is read only in the receive's completion, before it is lent again.
unsafe impl Sync for Connection {}

#[derive(Debug, Default)]
struct State {
    socket: Option<Handle>,
    /// The number of the next message to send and of the next to receive.
    next: u64,
    echoed: u64,
    /// Lent to the pending send.
    sending: Vec<u8>,
    is_sending: bool,
    /// Pieces of a message.
    pieces: Vec<u8>,
    closing: bool,
    /// To be closed and opened again.
    due: bool,
    /// Why opening failed.
    refused: Option<u32>,
}

impl Client {
    pub(crate) fn new(connects: [Handle; 2], count: usize, optional: usize) -> Self {
        let connection = |index: usize| Connection {
            secure: index % 2 == 1,
            state: Mutex::default(),
            room: UnsafeCell::new([0; ROOM]),
        };
        Self {
            connects,
            connections: (0..count).map(connection).collect(),
            optional,
            opening: Mutex::default(),
            counters: Counters::default(),
            talking: AtomicBool::new(false),
            ending: AtomicBool::new(false),
        }
    }

    fn fail(&self, what: &str) {
        if self.counters.errors.fetch_add(1, Ordering::Relaxed) < 20 {
            eprintln!("client: {what}");
        }
    }

    fn state(&self, index: usize) -> MutexGuard<'_, State> {
        self.connections[index]
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Why opening a connection failed, once.
    pub(crate) fn take_refusal(&self, index: usize) -> Option<u32> {
        self.state(index).refused.take()
    }

    pub(crate) fn is_open(&self, index: usize) -> bool {
        self.state(index).socket.is_some()
    }

    /// Begins a connection, or puts it in the queue; even ones are ws, odd ones wss.
    pub(crate) fn open(&self, index: usize) {
        {
            let mut opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
            if opening.0 == OPENING_MAX {
                return opening.1.push_back(index);
            }
            opening.0 += 1;
        }
        self.begin(index);
    }

    /// A connection is open, or refused: the next in the queue may begin.
    fn settled(&self) {
        let next = {
            let mut opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
            let next = opening.1.pop_front();
            opening.0 -= usize::from(next.is_none());
            next
        };
        if let Some(next) = next {
            self.begin(next);
        }
    }

    fn begin(&self, index: usize) {
        *self.state(index) = State::default();
        if let Err(error) = self.start(index) {
            self.refused(index, error);
        }
    }

    fn refused(&self, index: usize, error: u32) {
        if index < self.optional {
            self.fail(&format!("connection {index} was refused: {error}"));
        }
        self.state(index).refused = Some(error);
        self.settled();
    }

    fn start(&self, index: usize) -> Result<(), u32> {
        let secure = self.connections[index].secure;
        let connect = self.connects[usize::from(secure)];
        let request = calls::open(connect, secure, "GET", "/")?.raw();
        let null: *const u16 = std::ptr::null();
        let upgrade = c::WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET;
        // SAFETY: no memory is passed.
        let asked = unsafe { winhttp::WinHttpSetOption::<u16>(request, upgrade, null.cast(), 0) };
        // SAFETY: no memory is passed.
        let sent = asked != 0
            && unsafe {
                winhttp::WinHttpSendRequest::<u16>(request, null, 0, null.cast(), 0, 0, index + 1)
            } != 0;
        if sent {
            return Ok(());
        }
        let error = last_error();
        close(request);
        Err(error)
    }

    /// The answer is there: the request becomes a WebSocket.
    fn upgrade(&self, index: usize, request: *mut c_void) {
        // SAFETY: no memory is passed.
        let socket = unsafe { winhttp::WinHttpWebSocketCompleteUpgrade::<u16>(request, index + 1) };
        close(request);
        if socket.is_null() {
            return self.fail(&format!("CompleteUpgrade: {}", last_error()));
        }
        let hour = 3_600_000_u32;
        let (option, value) = (
            c::WINHTTP_OPTION_WEB_SOCKET_CLOSE_TIMEOUT,
            (&raw const hour).cast(),
        );
        // SAFETY: the value lives through the call. Its length is above every pause of the machine.
        unsafe { winhttp::WinHttpSetOption::<u16>(socket, option, value, 4) };
        let mut state = self.state(index);
        state.socket = Some(socket.into());
        self.counters.opened.fetch_add(1, Ordering::Relaxed);
        self.counters.open.fetch_add(1, Ordering::Relaxed);
        self.receive(index, &state);
        self.go_on(&mut state);
        drop(state);
        self.settled();
    }

    fn receive(&self, index: usize, state: &State) {
        let Some(socket) = state.socket else { return };
        let room = self.connections[index].room.get().cast();
        let (count, kind) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: the room lives as long as the process.
        let error = unsafe {
            winhttp::WinHttpWebSocketReceive::<u16>(socket.raw(), room, ROOM as u32, count, kind)
        };
        if error != 0 {
            self.fail(&format!("Receive: {error}"));
        }
    }

    /// Sends the next message when the last one is back, or closes.
    fn go_on(&self, state: &mut State) {
        let Some(socket) = state.socket.filter(|_| !state.closing) else {
            return;
        };
        if state.is_sending || state.echoed < state.next {
            return;
        }
        if self.ending.load(Ordering::Relaxed) || state.due {
            state.closing = true;
            // SAFETY: no memory is passed.
            let error = unsafe {
                winhttp::WinHttpWebSocketClose::<u16>(socket.raw(), 1000, std::ptr::null(), 0)
            };
            if error != 0 {
                self.fail(&format!("Close: {error}"));
            }
        } else if self.talking.load(Ordering::Relaxed) {
            message::write(state.next, &mut state.sending);
            state.next += 1;
            state.is_sending = true;
            let (data, length) = (state.sending.as_ptr().cast(), state.sending.len() as u32);
            let kind = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
            // SAFETY: the data stays where it is until the completion: `is_sending` guards it.
            let error =
                unsafe { winhttp::WinHttpWebSocketSend::<u16>(socket.raw(), kind, data, length) };
            if error != 0 {
                self.fail(&format!("Send: {error}"));
            }
        }
    }

    /// Lets a connection close when its last message is back, and open again.
    pub(crate) fn renew(&self, index: usize) {
        let mut state = self.state(index);
        state.due = true;
        self.go_on(&mut state);
    }

    /// The connection has still to close and open again.
    pub(crate) fn is_due(&self, index: usize) -> bool {
        self.state(index).due
    }

    /// Goes on with a connection from outside its callbacks.
    pub(crate) fn poke(&self, index: usize) {
        self.go_on(&mut self.state(index));
    }

    fn received(&self, index: usize, told: WebSocketStatus) {
        let mut state = self.state(index);
        let count = told.dw_bytes_transferred as usize;
        let room = self.connections[index].room.get();
        // SAFETY: the receive is complete and the next one not started.
        let room: &[u8; ROOM] = unsafe { &*room };
        state.pieces.extend_from_slice(&room[..count]);
        match told.e_buffer_type {
            c::WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE => {}
            c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE => {
                let message = std::mem::take(&mut state.pieces);
                if message::read(&message) != Some(state.echoed) {
                    self.fail(&format!(
                        "connection {index}: a message is lost, repeated or harmed"
                    ));
                }
                state.echoed += 1;
                self.counters.messages.fetch_add(1, Ordering::Relaxed);
            }
            other => return self.fail(&format!("connection {index}: buffer type {other}")),
        }
        self.receive(index, &state);
        self.go_on(&mut state);
    }

    fn sent(&self, index: usize) {
        let mut state = self.state(index);
        state.is_sending = false;
        if state.sending.capacity() > ROOM {
            state.sending = Vec::new();
        }
        self.go_on(&mut state);
    }

    /// The closing handshake is through.
    fn closed(&self, socket: *mut c_void) {
        let (mut status, mut length) = (0, 0);
        // SAFETY: the results live through the call.
        let error = unsafe {
            winhttp::WinHttpWebSocketQueryCloseStatus::<u16>(
                socket,
                &raw mut status,
                std::ptr::null_mut(),
                0,
                &raw mut length,
            )
        };
        if (error, status, length) != (0, 1000, 0) {
            self.fail(&format!("close status: error {error}, {status}"));
        }
        self.counters.closed.fetch_add(1, Ordering::Relaxed);
        close(socket);
    }

    /// An operation failed.
    fn failed(&self, index: usize, handle: *mut c_void, error: u32) {
        let state = self.state(index);
        if state.closing && error == c::ERROR_WINHTTP_OPERATION_CANCELLED {
            return; // the receive that Close cancels
        }
        if state.socket.is_none() {
            drop(state);
            self.refused(index, error);
            return close(handle);
        }
        self.fail(&format!("connection {index}: error {error}"));
    }

    /// A WebSocket's last word: nothing of it is in use any more.
    fn gone(&self, index: usize, handle: *mut c_void) {
        if self.state(index).socket != Some(handle.into()) {
            return; // the request's
        }
        self.counters.open.fetch_sub(1, Ordering::Relaxed);
        *self.state(index) = State::default();
        if !self.ending.load(Ordering::Relaxed) {
            self.open(index);
        }
    }
}

fn close(handle: *mut c_void) {
    // SAFETY: no memory is passed.
    if unsafe { winhttp::WinHttpCloseHandle::<u16>(handle) } == 0 {
        client().fail(&format!("CloseHandle: {}", last_error()));
    }
}

/// WINHTTP_STATUS_CALLBACK; the context is the connection's index and one, 0 for sessions and
/// connects.
pub(crate) unsafe extern "system" fn told(
    handle: *mut c_void,
    context: usize,
    status: u32,
    information: *mut c_void,
    _length: u32,
) {
    let Some(client) = CLIENT.get() else { return };
    let Some(index) = context.checked_sub(1) else {
        if status == c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING {
            client
                .counters
                .sessions_closed
                .fetch_add(1, Ordering::Relaxed);
        }
        return;
    };
    match status {
        c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE => {
            // SAFETY: no memory is passed.
            let asked =
                unsafe { winhttp::WinHttpReceiveResponse::<u16>(handle, std::ptr::null_mut()) };
            if asked == 0 {
                client.fail(&format!("ReceiveResponse: {}", last_error()));
            }
        }
        c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE => client.upgrade(index, handle),
        c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE => {
            // SAFETY: WINHTTP_WEB_SOCKET_STATUS, as the handle is a WebSocket's.
            client.received(index, unsafe {
                information.cast::<WebSocketStatus>().read()
            });
        }
        c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE => client.sent(index),
        c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE => client.closed(handle),
        c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR => {
            // SAFETY: WINHTTP_ASYNC_RESULT, with which a WebSocket's structure begins too.
            let result = unsafe { information.cast::<AsyncResult>().read() };
            client.failed(index, handle, result.dw_error);
        }
        c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING => client.gone(index, handle),
        _ => {}
    }
}
