//! A WebSocket of a test's own, operations that are started without waiting for them, and servers
//! for it.

use std::cell::Cell;
use std::io;
use std::sync::{Mutex, PoisonError};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Connection, Server};

use crate::client::{Call, Client, Handle, Mode, call, status};
use crate::recorder::{Event, Info};

/// A WebSocket and its session. [`WebSocket::finish`] is the orderly end of a test.
#[derive(Debug)]
pub struct WebSocket<W: Unit> {
    /// The session, with its recorder.
    pub client: Client<W>,
    /// The WebSocket's handle.
    pub handle: Handle,
}

/// Memory that is lent to an operation. It lives as long as the process, since a test that fails
/// leaves operations behind that go on using theirs.
#[derive(Clone, Copy, Debug)]
pub struct Memory(&'static [Cell<u8>]);

// SAFETY: the owner looks at the bytes only before the loan and after the completion, which
// synchronise.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

/// Memory that lives as long as the process, in the sight of leak checkers, for operations a test
/// loses sight of.
#[must_use]
pub fn for_ever<T: Send>(values: Vec<T>) -> &'static mut [T] {
    /// Addresses, where a checker looks for them.
    static KEPT: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    let memory = values.leak();
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.push(memory.as_mut_ptr().expose_provenance());
    memory
}

impl Memory {
    /// This many bytes 0xAA.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self::keep(vec![0xaa; capacity])
    }

    /// A copy of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self::keep(bytes.to_vec())
    }

    fn keep(bytes: Vec<u8>) -> Self {
        Self(Cell::from_mut(for_ever(bytes)).as_slice_of_cells())
    }

    /// What is there; to be called when no operation is pending.
    #[must_use]
    pub fn bytes(self) -> Vec<u8> {
        // SAFETY: nobody writes any more; cells have the layout of what they hold.
        unsafe { std::slice::from_raw_parts(self.pointer(), self.0.len()) }.to_vec()
    }

    /// Where it is.
    #[must_use]
    pub fn pointer(self) -> *mut u8 {
        self.0.as_ptr().cast_mut().cast()
    }

    pub(crate) fn len(self) -> u32 {
        u32::try_from(self.0.len()).unwrap()
    }
}

impl<W: Unit> WebSocket<W> {
    /// Opens a WebSocket at a plain server; its request and connection are closed.
    #[must_use]
    pub fn open(mode: Mode, server: &Server, path: &str) -> Self {
        Self::open_with(mode, server, path, |_, _| {})
    }

    /// The same after `prepare` did something with the request.
    #[must_use]
    pub fn open_with(
        mode: Mode,
        server: &Server,
        path: &str,
        prepare: impl FnOnce(&Client<W>, Handle),
    ) -> Self {
        let client = Client::<W>::new(mode);
        let handle =
            client.web_socket_with(server.port(), path, |request| prepare(&client, request));
        Self { client, handle }
    }

    /// As [`Client::ws_send`].
    ///
    /// # Errors
    /// As there.
    pub fn send(&self, kind: i32, data: &[u8]) -> Call<()> {
        self.client.ws_send(self.handle, kind, data)
    }

    /// As [`Client::ws_receive`].
    ///
    /// # Errors
    /// As there.
    pub fn receive(&self, capacity: usize) -> Call<(Vec<u8>, i32)> {
        self.client.ws_receive(self.handle, capacity)
    }

    /// As [`Client::ws_message`].
    ///
    /// # Errors
    /// As there.
    pub fn message(&self) -> Call<(Vec<u8>, i32)> {
        self.client.ws_message(self.handle)
    }

    /// As [`Client::ws_shutdown`].
    ///
    /// # Errors
    /// As there.
    pub fn shutdown(&self, code: u16, reason: &[u8]) -> Call<()> {
        self.client.ws_shutdown(self.handle, code, reason)
    }

    /// As [`Client::ws_close`].
    ///
    /// # Errors
    /// As there.
    pub fn close(&self, code: u16, reason: &[u8]) -> Call<()> {
        self.client.ws_close(self.handle, code, reason)
    }

    /// As [`Client::ws_close_status`].
    ///
    /// # Errors
    /// As there.
    pub fn close_status(&self) -> Call<(u16, Vec<u8>)> {
        self.client.ws_close_status(self.handle)
    }

    /// WinHttpWebSocketSend, not waiting for its completion.
    ///
    /// # Errors
    /// The returned number.
    pub fn start_send(&self, kind: i32, data: &[u8]) -> Call<()> {
        start_send::<W>(self.handle, kind, Memory::of(data))
    }

    /// WinHttpWebSocketReceive with NULL results, not waiting for its completion; the memory is
    /// lent until then.
    ///
    /// # Errors
    /// The returned number.
    pub fn start_receive(&self, capacity: usize) -> Call<Memory> {
        let memory = Memory::new(capacity);
        start_receive::<W>(self.handle, memory).map(|()| memory)
    }

    /// WinHttpWebSocketShutdown, not waiting for its completion.
    ///
    /// # Errors
    /// The returned number.
    pub fn start_shutdown(&self, code: u16, reason: &[u8]) -> Call<()> {
        start_shutdown::<W>(self.handle, code, reason)
    }

    /// WinHttpWebSocketClose, not waiting for its completion.
    ///
    /// # Errors
    /// The returned number.
    pub fn start_close(&self, code: u16, reason: &[u8]) -> Call<()> {
        start_close::<W>(self.handle, code, reason)
    }

    /// Closes the WebSocket's handle.
    ///
    /// # Errors
    /// The last error.
    pub fn close_handle(&self) -> Call<()> {
        self.client.close(self.handle)
    }

    /// The WebSocket's events so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.client.recorder.events_of(self.handle)
    }

    /// The WebSocket's statuses with their information, HANDLE_CREATED left out.
    #[must_use]
    pub fn log(&self) -> Vec<(u32, Info, u32)> {
        let told = |event: Event| {
            let created = event.status == c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED;
            (!created).then_some((event.status, event.info, event.length))
        };
        self.events().into_iter().filter_map(told).collect()
    }

    /// Waits for the next REQUEST_ERROR of this operation: its error.
    #[must_use]
    pub fn wait_error(&self, operation: i32) -> u32 {
        self.client
            .recorder
            .wait_until(&format!("the error of operation {operation}"), |events| {
                events
                    .iter()
                    .filter(|event| event.handle == self.handle)
                    .find_map(|event| match event.info {
                        Info::WebSocketResult(0, error, of) if of == operation => Some(error),
                        _ => None,
                    })
            })
    }

    /// Waits for the `count`-th READ_COMPLETE (from 1): bytes and buffer type.
    #[must_use]
    pub fn wait_read(&self, count: usize) -> (u32, i32) {
        let read = c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE;
        match self.client.recorder.wait_nth(self.handle, read, count).info {
            Info::WebSocketStatus(bytes, kind) => (bytes, kind),
            other => panic!("READ_COMPLETE with {other:?}"),
        }
    }

    /// Closes everything and checks that every handle had its last word.
    pub fn finish(self) {
        self.client.finish();
    }
}

/// Sets WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET.
///
/// # Errors
/// The last error.
pub fn upgrade<W: Unit>(request: Handle) -> Call<()> {
    let option = c::WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET;
    // SAFETY: no memory is passed.
    call(unsafe { winhttp::WinHttpSetOption::<W>(request.raw(), option, std::ptr::null_mut(), 0) })
}

/// WinHttpWebSocketSend as it is: in synchronous mode it returns when it is done.
///
/// # Errors
/// The returned number.
pub fn start_send<W: Unit>(websocket: Handle, kind: i32, data: Memory) -> Call<()> {
    let (pointer, length) = (data.pointer().cast_const().cast(), data.len());
    // SAFETY: the memory lives for ever.
    status(unsafe { winhttp::WinHttpWebSocketSend::<W>(websocket.raw(), kind, pointer, length) })
}

/// WinHttpWebSocketReceive with NULL results.
///
/// # Errors
/// The returned number.
pub fn start_receive<W: Unit>(websocket: Handle, memory: Memory) -> Call<()> {
    // SAFETY: the memory lives for ever.
    status(unsafe {
        winhttp::WinHttpWebSocketReceive::<W>(
            websocket.raw(),
            memory.pointer().cast(),
            memory.len(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        )
    })
}

/// WinHttpWebSocketReceive in synchronous mode: data and buffer type.
///
/// # Errors
/// The returned number.
pub fn receive_now<W: Unit>(websocket: Handle, capacity: usize) -> Call<(Vec<u8>, i32)> {
    let memory = Memory::new(capacity);
    let (mut bytes, mut kind) = (0, -1);
    // SAFETY: memory and results live through the call.
    status(unsafe {
        winhttp::WinHttpWebSocketReceive::<W>(
            websocket.raw(),
            memory.pointer().cast(),
            memory.len(),
            &raw mut bytes,
            &raw mut kind,
        )
    })?;
    let mut data = memory.bytes();
    data.truncate(usize::try_from(bytes).unwrap());
    Ok((data, kind))
}

/// WinHttpWebSocketShutdown as it is; an empty reason is NULL.
///
/// # Errors
/// The returned number.
pub fn start_shutdown<W: Unit>(websocket: Handle, code: u16, reason: &[u8]) -> Call<()> {
    let (pointer, length) = optional(reason);
    // SAFETY: the reason is copied by the call.
    status(unsafe {
        winhttp::WinHttpWebSocketShutdown::<W>(websocket.raw(), code, pointer, length)
    })
}

/// WinHttpWebSocketClose as it is; an empty reason is NULL.
///
/// # Errors
/// The returned number.
pub fn start_close<W: Unit>(websocket: Handle, code: u16, reason: &[u8]) -> Call<()> {
    let (pointer, length) = optional(reason);
    // SAFETY: the reason is copied by the call.
    status(unsafe { winhttp::WinHttpWebSocketClose::<W>(websocket.raw(), code, pointer, length) })
}

fn optional(reason: &[u8]) -> (*const std::ffi::c_void, u32) {
    let pointer = if reason.is_empty() {
        std::ptr::null()
    } else {
        reason.as_ptr()
    };
    (pointer.cast(), u32::try_from(reason.len()).unwrap())
}

/// A plain server that accepts every WebSocket and then runs `script`.
#[must_use]
pub fn web_socket_server(
    script: impl Fn(&mut Connection) -> io::Result<()> + Send + Sync + 'static,
) -> Server {
    let accept = move |connection: &mut Connection| {
        let Some(request) = connection.read_head()? else {
            return Ok(());
        };
        connection.accept_websocket(&request)?;
        script(connection)
    };
    Server::plain(accept).unwrap()
}
