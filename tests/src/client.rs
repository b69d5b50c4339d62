//! WinHTTP calls with Rust arguments, for either string width.

use std::ffi::c_void;
use std::marker::PhantomData;

use winhttp_abi::constants as c;
use winhttp_abi::wide::{Unit, terminated};

use crate::recorder::{Info, Recorder};
use crate::transfer::Sending;
use crate::websocket::upgrade;

/// Synchronous or asynchronous session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Calls return when they are done.
    Sync,
    /// Completions come through the callback.
    Async,
}

/// A HINTERNET.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle(pub usize);

impl Handle {
    /// NULL.
    pub const NULL: Self = Self(0);

    /// As the functions take it.
    #[must_use]
    pub fn raw(self) -> *mut c_void {
        std::ptr::without_provenance_mut(self.0)
    }
}

impl From<*mut c_void> for Handle {
    fn from(raw: *mut c_void) -> Self {
        Self(raw.addr())
    }
}

/// Result of a BOOL or HINTERNET function.
pub type Call<T> = Result<T, u32>;

/// The thread's last error.
#[must_use]
pub fn last_error() -> u32 {
    winhttp::GetLastError()
}

/// A BOOL result, with the last error on failure.
///
/// # Errors
/// The last error.
pub fn call(result: i32) -> Call<()> {
    if result != 0 {
        Ok(())
    } else {
        Err(last_error())
    }
}

/// A DWORD result.
///
/// # Errors
/// The number, if it is not 0.
pub fn status(result: u32) -> Call<()> {
    if result == 0 { Ok(()) } else { Err(result) }
}

/// A terminated text in units of `W`.
#[must_use]
pub fn text<W: Unit>(text: &str) -> Vec<W> {
    terminated(text)
}

/// A session with a recorder, and short forms of the calls.
#[derive(Debug)]
pub struct Client<W: Unit> {
    /// The session handle.
    pub session: Handle,
    /// Its recorder, inherited by what is opened from it.
    pub recorder: Recorder,
    /// Its mode.
    pub mode: Mode,
    width: PhantomData<W>,
}

impl<W: Unit> Client<W> {
    /// Opens a session whose recorder hears everything.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self::with_session(Self::open(mode), mode)
    }

    /// As [`Client::new`], with an access type that needs no proxy list.
    #[must_use]
    pub fn with_access(mode: Mode, access_type: u32) -> Self {
        Self::with_session(Self::open_as(mode, access_type), mode)
    }

    /// Takes over a session of this mode; its recorder hears everything.
    #[must_use]
    pub fn with_session(session: Handle, mode: Mode) -> Self {
        let client = Self {
            session,
            recorder: Recorder::of(session),
            mode,
            width: PhantomData,
        };
        client.listen(session, c::WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS);
        client
    }

    /// Opens a session without a callback.
    #[must_use]
    pub fn open(mode: Mode) -> Handle {
        Self::open_as(mode, c::WINHTTP_ACCESS_TYPE_NO_PROXY)
    }

    fn open_as(mode: Mode, access_type: u32) -> Handle {
        let flags = if mode == Mode::Async {
            c::WINHTTP_FLAG_ASYNC
        } else {
            0
        };
        let agent = text::<W>("winhttp-tests");
        // SAFETY: the texts live through the call.
        let session = unsafe {
            winhttp::WinHttpOpen::<W>(
                agent.as_ptr(),
                access_type,
                std::ptr::null(),
                std::ptr::null(),
                flags,
            )
        };
        assert!(!session.is_null(), "WinHttpOpen: {}", last_error());
        session.into()
    }

    /// Installs the recorder's callback on a handle.
    pub fn listen(&self, handle: Handle, flags: u32) {
        let callback = self.recorder.callback::<W>();
        self.set_callback(handle, Some(callback), flags).unwrap();
    }

    /// WinHttpConnect.
    ///
    /// # Errors
    /// The last error.
    pub fn connect(&self, host: &str, port: u16) -> Call<Handle> {
        let host = text::<W>(host);
        // SAFETY: the text lives through the call.
        let connect =
            unsafe { winhttp::WinHttpConnect::<W>(self.session.raw(), host.as_ptr(), port, 0) };
        if connect.is_null() {
            Err(last_error())
        } else {
            Ok(connect.into())
        }
    }

    /// WinHttpOpenRequest with a verb, a path and flags.
    ///
    /// # Errors
    /// The last error.
    pub fn open_request(
        &self,
        connect: Handle,
        verb: &str,
        path: &str,
        flags: u32,
    ) -> Call<Handle> {
        let (verb, path) = (text::<W>(verb), text::<W>(path));
        let null = std::ptr::null();
        // SAFETY: the texts live through the call.
        let request = unsafe {
            winhttp::WinHttpOpenRequest::<W>(
                connect.raw(),
                verb.as_ptr(),
                path.as_ptr(),
                null,
                null,
                std::ptr::null(),
                flags,
            )
        };
        if request.is_null() {
            Err(last_error())
        } else {
            Ok(request.into())
        }
    }

    /// A GET request to a local plain server.
    #[must_use]
    pub fn get(&self, port: u16, path: &str) -> Handle {
        let connect = self.connect("127.0.0.1", port).unwrap();
        self.open_request(connect, "GET", path, 0).unwrap()
    }

    /// WinHttpSendRequest without headers and body, not waiting for its completion.
    ///
    /// # Errors
    /// The last error.
    pub fn start_send(&self, request: Handle, context: usize) -> Call<()> {
        let sending = Sending {
            context,
            ..Sending::default()
        };
        self.start_sending(request, sending)
    }

    /// Sends a request and waits until it is sent.
    ///
    /// # Errors
    /// The error of the call or of its REQUEST_ERROR.
    pub fn send(&self, request: Handle) -> Call<()> {
        self.send_with(request, Sending::default())
    }

    /// Receives a response's head and waits for it.
    ///
    /// # Errors
    /// The error of the call or of its REQUEST_ERROR.
    pub fn receive(&self, request: Handle) -> Call<()> {
        let before = self.events(request);
        self.start_receive(request)?;
        self.completion(
            request,
            c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE,
            before,
        )
        .map(|_| ())
    }

    /// Sends a request and receives its response's head.
    ///
    /// # Errors
    /// The first error.
    pub fn exchange(&self, request: Handle) -> Call<()> {
        self.send(request)?;
        self.receive(request)
    }

    /// Waits for the end of an asynchronous operation of a handle that had `before` events when it
    /// was started; at once `Ok(Info::None)` in synchronous mode.
    ///
    /// # Errors
    /// The error in its REQUEST_ERROR.
    pub fn completion(&self, handle: Handle, success: u32, before: usize) -> Call<Info> {
        if self.mode == Mode::Sync {
            return Ok(Info::None);
        }
        let ends = [success, c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR];
        let event = self.recorder.wait_after(handle, before, &ends);
        match event.info {
            Info::AsyncResult(_, error) | Info::WebSocketResult(_, error, _) => Err(error),
            info => Ok(info),
        }
    }

    /// How many events a handle has had so far.
    #[must_use]
    pub fn events(&self, handle: Handle) -> usize {
        self.recorder.events_of(handle).len()
    }

    /// A request that asks for a WebSocket at a local plain server, not sent yet.
    #[must_use]
    pub fn web_socket_request(&self, port: u16, path: &str) -> Handle {
        let request = self.get(port, path);
        upgrade::<W>(request).unwrap();
        request
    }

    /// WinHttpWebSocketCompleteUpgrade.
    ///
    /// # Errors
    /// The last error.
    pub fn complete_upgrade(&self, request: Handle, context: usize) -> Call<Handle> {
        // SAFETY: no memory is passed.
        let websocket =
            unsafe { winhttp::WinHttpWebSocketCompleteUpgrade::<W>(request.raw(), context) };
        if websocket.is_null() {
            Err(last_error())
        } else {
            Ok(websocket.into())
        }
    }

    /// A WebSocket to a local plain server; its request and connection are closed.
    #[must_use]
    pub fn web_socket(&self, port: u16, path: &str) -> Handle {
        self.web_socket_with(port, path, |_| {})
    }

    /// The same after `prepare` did something with the request.
    #[must_use]
    pub fn web_socket_with(&self, port: u16, path: &str, prepare: impl FnOnce(Handle)) -> Handle {
        let connect = self.connect("127.0.0.1", port).unwrap();
        let request = self.open_request(connect, "GET", path, 0).unwrap();
        upgrade::<W>(request).unwrap();
        prepare(request);
        self.exchange(request).unwrap();
        let websocket = self.complete_upgrade(request, 0).unwrap();
        self.close(request).unwrap();
        self.close(connect).unwrap();
        websocket
    }

    /// Sends a piece of a message and waits until it is sent.
    ///
    /// # Errors
    /// The error of the call or of its REQUEST_ERROR.
    pub fn ws_send(&self, websocket: Handle, buffer_type: i32, data: &[u8]) -> Call<()> {
        let before = self.events(websocket);
        let length = u32::try_from(data.len()).unwrap();
        // SAFETY: the data lives until the completion was waited for.
        status(unsafe {
            winhttp::WinHttpWebSocketSend::<W>(
                websocket.raw(),
                buffer_type,
                data.as_ptr().cast(),
                length,
            )
        })?;
        self.completion(websocket, c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE, before)
            .map(|_| ())
    }

    /// Receives once with a buffer of `capacity` bytes and waits for it: the data and the buffer
    /// type.
    ///
    /// # Errors
    /// The error of the call or of its REQUEST_ERROR.
    pub fn ws_receive(&self, websocket: Handle, capacity: usize) -> Call<(Vec<u8>, i32)> {
        let before = self.events(websocket);
        let mut data = vec![0; capacity];
        let (mut bytes, mut buffer_type) = (u32::MAX, -1);
        // SAFETY: buffer and results live until the completion was waited for.
        status(unsafe {
            winhttp::WinHttpWebSocketReceive::<W>(
                websocket.raw(),
                data.as_mut_ptr().cast(),
                u32::try_from(capacity).unwrap(),
                &raw mut bytes,
                &raw mut buffer_type,
            )
        })?;
        let read = c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE;
        if let Info::WebSocketStatus(count, kind) = self.completion(websocket, read, before)? {
            (bytes, buffer_type) = (count, kind);
        }
        data.truncate(usize::try_from(bytes).unwrap());
        Ok((data, buffer_type))
    }

    /// Receives a whole message of any kind.
    ///
    /// # Errors
    /// As [`Client::ws_receive`].
    pub fn ws_message(&self, websocket: Handle) -> Call<(Vec<u8>, i32)> {
        let mut message = Vec::new();
        loop {
            let (piece, buffer_type) = self.ws_receive(websocket, 4096)?;
            message.extend(piece);
            let goes_on = [
                c::WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE,
                c::WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE,
            ];
            if !goes_on.contains(&buffer_type) {
                return Ok((message, buffer_type));
            }
        }
    }

    /// WinHttpWebSocketShutdown, waiting for its completion; an empty reason is not NULL.
    ///
    /// # Errors
    /// The error of the call or of its REQUEST_ERROR.
    pub fn ws_shutdown(&self, websocket: Handle, code: u16, reason: &[u8]) -> Call<()> {
        let before = self.events(websocket);
        let length = u32::try_from(reason.len()).unwrap();
        // SAFETY: the reason is copied by the call.
        status(unsafe {
            winhttp::WinHttpWebSocketShutdown::<W>(
                websocket.raw(),
                code,
                reason.as_ptr().cast(),
                length,
            )
        })?;
        self.completion(
            websocket,
            c::WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE,
            before,
        )
        .map(|_| ())
    }

    /// WinHttpWebSocketClose, waiting for its completion; an empty reason is not NULL.
    ///
    /// # Errors
    /// The error of the call or of its REQUEST_ERROR.
    pub fn ws_close(&self, websocket: Handle, code: u16, reason: &[u8]) -> Call<()> {
        let before = self.events(websocket);
        let length = u32::try_from(reason.len()).unwrap();
        // SAFETY: the reason is copied by the call.
        status(unsafe {
            winhttp::WinHttpWebSocketClose::<W>(
                websocket.raw(),
                code,
                reason.as_ptr().cast(),
                length,
            )
        })?;
        self.ws_close_completion(websocket, before)
    }

    /// Waits for the end of a close that was started when the handle had `before` events.
    ///
    /// # Errors
    /// The error of a REQUEST_ERROR of the close operation; those of a cancelled receive are passed
    /// over.
    pub fn ws_close_completion(&self, websocket: Handle, before: usize) -> Call<()> {
        if self.mode == Mode::Sync {
            return Ok(());
        }
        self.recorder.wait_until("the end of a close", |events| {
            let own = events.iter().filter(|event| event.handle == websocket);
            own.skip(before).find_map(|event| match event.info {
                Info::WebSocketResult(_, error, c::WINHTTP_WEB_SOCKET_CLOSE_OPERATION) => {
                    Some(Err(error))
                }
                _ if event.status == c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE => Some(Ok(())),
                _ => None,
            })
        })
    }

    /// WinHttpWebSocketQueryCloseStatus with a 123-byte buffer.
    ///
    /// # Errors
    /// The returned number.
    pub fn ws_close_status(&self, websocket: Handle) -> Call<(u16, Vec<u8>)> {
        let (mut code, mut consumed) = (0, 0);
        let mut reason = vec![0_u8; 123];
        // SAFETY: the results live through the call.
        status(unsafe {
            winhttp::WinHttpWebSocketQueryCloseStatus::<W>(
                websocket.raw(),
                &raw mut code,
                reason.as_mut_ptr().cast(),
                123,
                &raw mut consumed,
            )
        })?;
        reason.truncate(usize::try_from(consumed).unwrap());
        Ok((code, reason))
    }

    /// WinHttpQueryHeaders of a text level.
    ///
    /// # Errors
    /// The last error.
    pub fn query(&self, request: Handle, level: u32, name: Option<&str>) -> Call<String> {
        let name = name.map(text::<W>);
        let name = name.as_ref().map_or(std::ptr::null(), |name| name.as_ptr());
        let mut units = vec![W::default(); 70_000];
        let mut length = u32::try_from(units.len() * W::BYTES).unwrap();
        // SAFETY: buffer and length live through the call.
        call(unsafe {
            winhttp::WinHttpQueryHeaders::<W>(
                request.raw(),
                level,
                name,
                units.as_mut_ptr().cast(),
                &raw mut length,
                std::ptr::null_mut(),
            )
        })?;
        units.truncate(usize::try_from(length).unwrap() / W::BYTES);
        Ok(W::decode(&units).unwrap())
    }

    /// The response's status code.
    ///
    /// # Errors
    /// The last error.
    pub fn status_code(&self, request: Handle) -> Call<u32> {
        let level = c::WINHTTP_QUERY_STATUS_CODE | c::WINHTTP_QUERY_FLAG_NUMBER;
        let answer = self.ask(request, level, None, Some(4), None);
        answer.result.map(|()| answer.dword())
    }

    /// Reads up to `capacity` body bytes with WinHttpReadData and waits for them.
    ///
    /// # Errors
    /// The error of the call or of its REQUEST_ERROR.
    pub fn read(&self, request: Handle, capacity: usize) -> Call<Vec<u8>> {
        self.read_by(request, capacity, |buffer, length, count| {
            // SAFETY: the buffer lives until the completion was waited for.
            call(unsafe { winhttp::WinHttpReadData::<W>(request.raw(), buffer, length, count) })
        })
    }

    /// The same with WinHttpReadDataEx and its flags.
    ///
    /// # Errors
    /// The error of the call or of its REQUEST_ERROR.
    pub fn read_ex(&self, request: Handle, capacity: usize, flags: u64) -> Call<Vec<u8>> {
        self.read_by(request, capacity, |buffer, length, count| {
            // SAFETY: the buffer lives until the completion was waited for.
            status(unsafe {
                winhttp::WinHttpReadDataEx::<W>(
                    request.raw(),
                    buffer,
                    length,
                    count,
                    flags,
                    0,
                    std::ptr::null_mut(),
                )
            })
        })
    }

    fn read_by(
        &self,
        request: Handle,
        capacity: usize,
        read: impl FnOnce(*mut c_void, u32, *mut u32) -> Call<()>,
    ) -> Call<Vec<u8>> {
        let before = self.events(request);
        let mut data = vec![0_u8; capacity];
        let mut bytes = u32::MAX;
        let asks = if self.mode == Mode::Sync {
            &raw mut bytes
        } else {
            std::ptr::null_mut()
        };
        let length = u32::try_from(capacity).unwrap();
        read(data.as_mut_ptr().cast(), length, asks)?;
        if self.mode == Mode::Async {
            let read = c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE;
            self.completion(request, read, before)?;
            let event = self.recorder.wait_after(request, before, &[read]);
            bytes = event.length;
        }
        let bytes = usize::try_from(bytes).unwrap();
        assert!(bytes <= capacity, "{bytes} bytes were read into {capacity}");
        data.truncate(bytes);
        Ok(data)
    }

    /// Reads a body to its end.
    ///
    /// # Errors
    /// As [`Client::read`].
    pub fn body(&self, request: Handle) -> Call<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let piece = self.read(request, 4096)?;
            if piece.is_empty() {
                return Ok(body);
            }
            body.extend(piece);
        }
    }

    /// WinHttpCloseHandle.
    ///
    /// # Errors
    /// The last error.
    pub fn close(&self, handle: Handle) -> Call<()> {
        // SAFETY: any number may be passed.
        call(unsafe { winhttp::WinHttpCloseHandle::<W>(handle.raw()) })
    }

    /// WinHttpCloseHandle, and its notice.
    pub fn close_and_wait(&self, handle: Handle) {
        self.close(handle).unwrap();
        self.recorder
            .wait(handle, c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING);
    }
}
