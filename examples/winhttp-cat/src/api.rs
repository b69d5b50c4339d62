//! The C API with Rust's types around it: handles that close themselves, errors that know their
//! call. All unsafe code of this program is here and in the callback (`observer`).

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{GetLastError, NO_ERROR};
use windows_sys::Win32::Networking::WinHttp::*;

use crate::arguments::Way;
use crate::detail;

/// A call that failed; [`reasons`](crate::reasons) makes a sentence of it.
#[derive(Debug, Clone)]
pub(crate) struct CallError {
    pub(crate) call: &'static str,
    pub(crate) code: u32,
    /// What the library knows beyond the number.
    pub(crate) detail: Option<String>,
}

impl CallError {
    /// To be made where the error is met: behind the call, or inside the callback that is told.
    pub(crate) fn new(call: &'static str, code: u32) -> Self {
        let detail = detail::of(code);
        Self { call, code, detail }
    }
}

/// Owns one HINTERNET and closes it.
#[derive(Debug)]
pub(crate) struct Handle(*mut c_void);

impl Handle {
    fn new(raw: *mut c_void, call: &'static str) -> Result<Self, CallError> {
        if raw.is_null() {
            Err(last_error(call))
        } else {
            Ok(Self(raw))
        }
    }

    /// A reference for another thread. It may outlive the handle: WinHTTP then answers
    /// ERROR_INVALID_HANDLE.
    pub(crate) fn reference(&self) -> HandleRef {
        HandleRef(self.0 as usize)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open until here, and nobody else closes it.
        unsafe { WinHttpCloseHandle(self.0) };
    }
}

/// A handle's value without ownership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HandleRef(pub(crate) usize);

impl HandleRef {
    fn raw(self) -> *mut c_void {
        self.0 as *mut c_void
    }
}

/// Text as the W functions take it: UTF-16 with its NUL.
pub(crate) fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// A length as WinHTTP counts; this program's buffers are far below 4 GiB.
fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// For functions that return BOOL and leave the reason in the last error.
fn check(result: i32, call: &'static str) -> Result<(), CallError> {
    if result == 0 {
        Err(last_error(call))
    } else {
        Ok(())
    }
}

/// For the WebSocket functions, which return the reason.
fn check_code(code: u32, call: &'static str) -> Result<(), CallError> {
    if code == NO_ERROR {
        Ok(())
    } else {
        Err(CallError::new(call, code))
    }
}

fn last_error(call: &'static str) -> CallError {
    // SAFETY: takes nothing and touches only this thread's last error.
    let code = unsafe { GetLastError() };
    CallError::new(call, code)
}

/// Host, port, path and whether TLS is wanted.
#[derive(Debug)]
pub(crate) struct Url {
    host: Vec<u16>,
    path: Vec<u16>,
    port: u16,
    secure: bool,
}

/// Takes a ws or wss URL, in lower case, apart. WinHTTP knows http and https instead: "http"
/// followed by what comes after "ws" is the URL it takes.
pub(crate) fn crack_url(text: &str) -> Result<Url, CallError> {
    crack_http_url(&format!("http{}", text.strip_prefix("ws").unwrap_or(text)))
}

/// Whether a ws or wss URL of ours and an http or https URL of WinHTTP's name the same server:
/// host, port, and whether TLS is wanted.
pub(crate) fn is_same_server(ours: &str, theirs: &str) -> Result<bool, CallError> {
    let [ours, theirs] = [crack_url(ours)?, crack_http_url(theirs)?];
    let [one, other] = [&ours.host, &theirs.host].map(|host| {
        let name = host.split(|unit| *unit == 0).next().unwrap_or_default();
        String::from_utf16_lossy(name).to_ascii_lowercase()
    });
    Ok(one == other && ours.port == theirs.port && ours.secure == theirs.secure)
}

fn crack_http_url(text: &str) -> Result<Url, CallError> {
    let url = wide(text);
    // No component is longer than the URL.
    let mut host = vec![0; url.len()];
    let mut path = vec![0; url.len()];
    let mut parts = URL_COMPONENTS {
        dwStructSize: size(size_of::<URL_COMPONENTS>()),
        lpszHostName: host.as_mut_ptr(),
        dwHostNameLength: size(host.len()),
        lpszUrlPath: path.as_mut_ptr(),
        dwUrlPathLength: size(path.len()),
        ..Default::default()
    };
    // SAFETY: `url` ends with NUL; `parts` names two live buffers with their lengths.
    let cracked = unsafe { WinHttpCrackUrl(url.as_ptr(), 0, 0, &raw mut parts) };
    check(cracked, "WinHttpCrackUrl")?;
    let secure = parts.nScheme == WINHTTP_INTERNET_SCHEME_HTTPS;
    Ok(Url {
        host,
        path,
        port: parts.nPort,
        secure,
    })
}

pub(crate) fn open_session(asynchronous: bool, way: &Way) -> Result<Handle, CallError> {
    let agent = wide(concat!("winhttp-cat/", env!("CARGO_PKG_VERSION")));
    let (access, proxies) = match way {
        Way::Configured => (WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY, None),
        Way::Direct => (WINHTTP_ACCESS_TYPE_NO_PROXY, None),
        Way::Through(list) => (WINHTTP_ACCESS_TYPE_NAMED_PROXY, Some(wide(list))),
    };
    let proxies = proxies.as_ref().map_or(null(), |list| list.as_ptr());
    let flags = if asynchronous { WINHTTP_FLAG_ASYNC } else { 0 };
    // SAFETY: both texts end with NUL, or are none; no target is exempt.
    let raw = unsafe { WinHttpOpen(agent.as_ptr(), access, proxies, null(), flags) };
    Handle::new(raw, "WinHttpOpen")
}

/// Limits name look-up and connecting, in milliseconds each; the other two keep their defaults.
pub(crate) fn set_connect_timeout(session: &Handle, limit_ms: i32) -> Result<(), CallError> {
    const SEND_AND_RECEIVE_DEFAULT_MS: i32 = 30_000;
    let default = SEND_AND_RECEIVE_DEFAULT_MS;
    // SAFETY: numbers only.
    let set = unsafe { WinHttpSetTimeouts(session.0, limit_ms, limit_ms, default, default) };
    check(set, "WinHttpSetTimeouts")
}

/// Sets callback and context value; all handles opened from the session inherit both.
///
/// # Safety
///
/// `callback` must accept `context` until the last of these handles has reported HANDLE_CLOSING.
pub(crate) unsafe fn set_callback(
    session: &Handle,
    callback: WINHTTP_STATUS_CALLBACK,
    context: usize,
) -> Result<(), CallError> {
    let length = size(size_of::<usize>());
    // SAFETY: the option's value is one pointer-sized integer, and that is what is lent.
    let set = unsafe {
        let value = &raw const context;
        WinHttpSetOption(
            session.0,
            WINHTTP_OPTION_CONTEXT_VALUE,
            value.cast(),
            length,
        )
    };
    check(set, "WinHttpSetOption(CONTEXT_VALUE)")?;
    let flags = WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS;
    // SAFETY: the caller promises that the callback may be called from now on.
    let former = unsafe { WinHttpSetStatusCallback(session.0, callback, flags, 0) };
    // WINHTTP_INVALID_STATUS_CALLBACK is all ones; a fresh session has no former callback.
    match former {
        None => Ok(()),
        Some(_) => Err(last_error("WinHttpSetStatusCallback")),
    }
}

pub(crate) fn connect(session: &Handle, url: &Url) -> Result<Handle, CallError> {
    // SAFETY: the host ends with NUL, as WinHttpCrackUrl left it.
    let raw = unsafe { WinHttpConnect(session.0, url.host.as_ptr(), url.port, 0) };
    Handle::new(raw, "WinHttpConnect")
}

pub(crate) fn open_request(connection: &Handle, url: &Url) -> Result<Handle, CallError> {
    let verb = wide("GET");
    let path = url.path.as_ptr();
    let flags = if url.secure { WINHTTP_FLAG_SECURE } else { 0 };
    // SAFETY: verb and path end with NUL; NULL stands for the default everywhere else.
    let raw = unsafe {
        WinHttpOpenRequest(
            connection.0,
            verb.as_ptr(),
            path,
            null(),
            null(),
            null(),
            flags,
        )
    };
    Handle::new(raw, "WinHttpOpenRequest")
}

/// Makes the request one for a WebSocket.
pub(crate) fn request_upgrade(request: &Handle) -> Result<(), CallError> {
    let option = WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET;
    // SAFETY: this option takes no buffer.
    let set = unsafe { WinHttpSetOption(request.0, option, null(), 0) };
    check(set, "WinHttpSetOption(UPGRADE_TO_WEB_SOCKET)")
}

/// Accepts certificates with any flaw.
pub(crate) fn ignore_certificate_flaws(request: &Handle) -> Result<(), CallError> {
    let flags = SECURITY_FLAG_IGNORE_UNKNOWN_CA
        | SECURITY_FLAG_IGNORE_CERT_WRONG_USAGE
        | SECURITY_FLAG_IGNORE_CERT_CN_INVALID
        | SECURITY_FLAG_IGNORE_CERT_DATE_INVALID;
    let set = set_option(request, WINHTTP_OPTION_SECURITY_FLAGS, flags);
    check(set, "WinHttpSetOption(SECURITY_FLAGS)")
}

/// A redirect is an answer like any other.
pub(crate) fn follow_no_redirects(request: &Handle) -> Result<(), CallError> {
    let never = WINHTTP_OPTION_REDIRECT_POLICY_NEVER;
    let set = set_option(request, WINHTTP_OPTION_REDIRECT_POLICY, never);
    check(set, "WinHttpSetOption(REDIRECT_POLICY)")
}

/// Sets an option whose value is one DWORD.
fn set_option(request: &Handle, option: u32, value: u32) -> i32 {
    let length = size(size_of::<u32>());
    // SAFETY: one DWORD is lent.
    unsafe { WinHttpSetOption(request.0, option, (&raw const value).cast(), length) }
}

/// Adds one `Name: value` line.
pub(crate) fn add_header(request: &Handle, line: &str) -> Result<(), CallError> {
    const MEASURE: u32 = u32::MAX;
    let line = wide(line);
    // SAFETY: `line` ends with NUL, so the length may be left to WinHTTP.
    let added = unsafe {
        WinHttpAddRequestHeaders(request.0, line.as_ptr(), MEASURE, WINHTTP_ADDREQ_FLAG_ADD)
    };
    check(added, "WinHttpAddRequestHeaders")
}

pub(crate) fn send_request(request: &Handle) -> Result<(), CallError> {
    // SAFETY: neither headers nor a body; context 0 keeps the inherited one.
    let sent = unsafe { WinHttpSendRequest(request.0, null(), 0, null(), 0, 0, 0) };
    check(sent, "WinHttpSendRequest")
}

pub(crate) fn receive_response(request: &Handle) -> Result<(), CallError> {
    // SAFETY: the reserved pointer is NULL.
    let received = unsafe { WinHttpReceiveResponse(request.0, null_mut()) };
    check(received, "WinHttpReceiveResponse")
}

pub(crate) fn status_code(request: &Handle) -> Result<u32, CallError> {
    let mut status = 0_u32;
    let mut length = size(size_of::<u32>());
    let query = WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER;
    let value = (&raw mut status).cast();
    // SAFETY: with FLAG_NUMBER the result is one DWORD, and that is what is lent.
    let found = unsafe {
        WinHttpQueryHeaders(request.0, query, null(), value, &raw mut length, null_mut())
    };
    check(found, "WinHttpQueryHeaders")?;
    Ok(status)
}

/// What a 401 or 407 offers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offer {
    /// WINHTTP_AUTH_SCHEME_* bits.
    pub(crate) schemes: u32,
    /// Who asks: a WINHTTP_AUTH_TARGET_*.
    pub(crate) target: u32,
}

/// The schemes of the challenge that the response is; `None` if there are none that WinHTTP knows.
pub(crate) fn offered_schemes(request: &Handle) -> Option<Offer> {
    let [mut schemes, mut first, mut target] = [0_u32; 3];
    // SAFETY: three DWORDs are lent.
    let found = unsafe {
        let (first, target) = (&raw mut first, &raw mut target);
        WinHttpQueryAuthSchemes(request.0, &raw mut schemes, first, target)
    };
    (found != 0).then_some(Offer { schemes, target })
}

/// Gives name and password for the scheme, to be shown to this target.
pub(crate) fn set_credentials(
    request: &Handle,
    target: u32,
    scheme: u32,
    name: &str,
    password: &str,
) -> Result<(), CallError> {
    let (name, password) = (wide(name), wide(password));
    // SAFETY: both texts end with NUL; the reserved pointer is NULL.
    let set = unsafe {
        WinHttpSetCredentials(
            request.0,
            target,
            scheme,
            name.as_ptr(),
            password.as_ptr(),
            null_mut(),
        )
    };
    check(set, "WinHttpSetCredentials")
}

/// The URL that the response is of: redirects may have led to another one.
pub(crate) fn url_in_force(request: &Handle) -> Result<String, CallError> {
    let option = WINHTTP_OPTION_URL;
    let mut bytes = 0_u32;
    // SAFETY: without a buffer, WinHTTP only says how many bytes it needs.
    unsafe { WinHttpQueryOption(request.0, option, null_mut(), &raw mut bytes) };
    let mut text = vec![0_u16; usize::try_from(bytes).unwrap_or(usize::MAX).div_ceil(2)];
    let buffer = text.as_mut_ptr().cast();
    // SAFETY: the buffer is lent with its length.
    let found = unsafe { WinHttpQueryOption(request.0, option, buffer, &raw mut bytes) };
    check(found, "WinHttpQueryOption(URL)")?;
    let text = text.split(|unit| *unit == 0).next().unwrap_or_default();
    Ok(String::from_utf16_lossy(text))
}

/// The same as a ws or wss URL, which has no fragment (RFC 6455 section 3).
pub(crate) fn url_of_socket(request: &Handle) -> Result<String, CallError> {
    let url = url_in_force(request)?;
    let url = url.split('#').next().unwrap_or_default();
    Ok(format!("ws{}", url.strip_prefix("http").unwrap_or(url)))
}

/// Whether the response is what a proxy has answered to CONNECT.
pub(crate) fn is_answer_to_connect(request: &Handle) -> Result<bool, CallError> {
    let option = WINHTTP_OPTION_IS_PROXY_CONNECT_RESPONSE;
    let mut answer = 0_i32;
    let mut bytes = size(size_of::<i32>());
    let value = (&raw mut answer).cast();
    // SAFETY: the option's value is one BOOL, and that is what is lent.
    let found = unsafe { WinHttpQueryOption(request.0, option, value, &raw mut bytes) };
    check(found, "WinHttpQueryOption(IS_PROXY_CONNECT_RESPONSE)")?;
    Ok(answer != 0)
}

/// Waits for the first bytes of the body, or has DATA_AVAILABLE tell of them; not longer than a
/// person is patient.
pub(crate) fn await_body(request: &Handle, synchronous: bool) -> Result<(), CallError> {
    const LIMIT_MS: u32 = 2_000;
    let limit_ms = LIMIT_MS;
    let limit = (&raw const limit_ms).cast();
    let length = size(size_of::<u32>());
    // SAFETY: the option's value is one DWORD, and that is what is lent.
    let set = unsafe { WinHttpSetOption(request.0, WINHTTP_OPTION_RECEIVE_TIMEOUT, limit, length) };
    check(set, "WinHttpSetOption(RECEIVE_TIMEOUT)")?;
    let mut number = 0;
    let variable = if synchronous {
        &raw mut number
    } else {
        null_mut()
    };
    // SAFETY: the variable is lent to a call that is over when it returns, or there is none.
    let found = unsafe { WinHttpQueryDataAvailable(request.0, variable) };
    check(found, "WinHttpQueryDataAvailable")
}

/// Whose head: the request's as it was sent, or the response's.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of {
    Request,
    Response,
}

/// A head as it went over the wire: start line and header lines.
pub(crate) fn raw_head(request: &Handle, of: Of) -> Result<String, CallError> {
    const CALL: &str = "WinHttpQueryHeaders(RAW_HEADERS_CRLF)";
    let flag = match of {
        Of::Request => WINHTTP_QUERY_FLAG_REQUEST_HEADERS,
        Of::Response => 0,
    };
    let query = WINHTTP_QUERY_RAW_HEADERS_CRLF | flag;
    let index = null_mut();
    let mut bytes = 0_u32;
    let length = &raw mut bytes;
    // SAFETY: without a buffer, WinHTTP only says how many bytes it needs.
    let found = unsafe { WinHttpQueryHeaders(request.0, query, null(), null_mut(), length, index) };
    debug_assert_eq!(found, 0, "a head is not empty");
    let mut text = vec![0_u16; usize::try_from(bytes).unwrap_or(usize::MAX).div_ceil(2)];
    let buffer = text.as_mut_ptr().cast();
    // SAFETY: the buffer is lent with its length.
    let found = unsafe { WinHttpQueryHeaders(request.0, query, null(), buffer, length, index) };
    check(found, CALL)?;
    // Now without the NUL that ends it.
    text.truncate(usize::try_from(bytes).unwrap_or(usize::MAX) / 2);
    Ok(String::from_utf16_lossy(&text))
}

/// The subprotocol the server chose.
pub(crate) fn chosen_subprotocol(request: &Handle) -> Option<String> {
    /// Names are short; one that is longer is not shown.
    const LIMIT_UNITS: usize = 256;
    let name = wide("Sec-WebSocket-Protocol");
    let mut text = [0_u16; LIMIT_UNITS];
    let mut length = size(size_of_val(&text));
    let value = text.as_mut_ptr().cast();
    let index = null_mut();
    // SAFETY: `text` is lent with its length in bytes; `name` ends with NUL.
    let found = unsafe {
        WinHttpQueryHeaders(
            request.0,
            WINHTTP_QUERY_CUSTOM,
            name.as_ptr(),
            value,
            &raw mut length,
            index,
        )
    };
    let units = usize::try_from(length).ok()? / size_of::<u16>();
    (found != 0).then(|| String::from_utf16_lossy(text.get(..units).unwrap_or_default()))
}

/// Turns the answered request into a WebSocket with the given context value.
///
/// # Safety
///
/// The request's callback must accept `context` until the socket has reported HANDLE_CLOSING.
pub(crate) unsafe fn complete_upgrade(
    request: &Handle,
    context: usize,
) -> Result<Handle, CallError> {
    // SAFETY: the caller promises what the callback needs.
    let raw = unsafe { WinHttpWebSocketCompleteUpgrade(request.0, context) };
    Handle::new(raw, "WinHttpWebSocketCompleteUpgrade")
}

/// Sends one whole message or, on an asynchronous session, starts to.
///
/// # Safety
///
/// Asynchronous: `data` must stay where it is and unchanged until WRITE_COMPLETE, REQUEST_ERROR for
/// the send, or HANDLE_CLOSING.
pub(crate) unsafe fn send(socket: HandleRef, binary: bool, data: &[u8]) -> Result<(), CallError> {
    let kind = if binary {
        WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE
    } else {
        WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE
    };
    let pointer = if data.is_empty() {
        null()
    } else {
        data.as_ptr().cast()
    };
    // SAFETY: the caller promises that `data` lives as long as the operation.
    let code = unsafe { WinHttpWebSocketSend(socket.raw(), kind, pointer, size(data.len())) };
    check_code(code, "WinHttpWebSocketSend")
}

/// Receives a piece of a message: how many bytes, and of which buffer type. Synchronous sessions.
pub(crate) fn receive(socket: HandleRef, buffer: &mut [u8]) -> Result<(usize, i32), CallError> {
    let mut length = 0_u32;
    let mut kind = 0;
    let pointer = buffer.as_mut_ptr().cast();
    let limit = size(buffer.len());
    // SAFETY: `buffer` is lent with its length for a call that is over when it returns.
    let code = unsafe {
        WinHttpWebSocketReceive(socket.raw(), pointer, limit, &raw mut length, &raw mut kind)
    };
    check_code(code, "WinHttpWebSocketReceive")?;
    Ok((usize::try_from(length).unwrap_or(usize::MAX), kind))
}

/// Starts to receive a piece of a message; READ_COMPLETE says what came. Asynchronous sessions.
///
/// # Safety
///
/// `buffer` must stay where it is and untouched until READ_COMPLETE, REQUEST_ERROR for the receive,
/// or HANDLE_CLOSING.
pub(crate) unsafe fn start_receive(socket: HandleRef, buffer: &mut [u8]) -> Result<(), CallError> {
    let pointer = buffer.as_mut_ptr().cast();
    let limit = size(buffer.len());
    // SAFETY: the caller promises that `buffer` lives as long as the operation.
    let code =
        unsafe { WinHttpWebSocketReceive(socket.raw(), pointer, limit, null_mut(), null_mut()) };
    check_code(code, "WinHttpWebSocketReceive")
}

/// Sends our close frame and leaves receiving open. Asynchronous: SHUTDOWN_COMPLETE ends it.
///
/// # Safety
///
/// Asynchronous: `reason` must stay where it is and unchanged until the operation has ended.
pub(crate) unsafe fn shut_down(
    socket: HandleRef,
    status: u16,
    reason: &str,
) -> Result<(), CallError> {
    let text = if reason.is_empty() {
        null()
    } else {
        reason.as_ptr().cast()
    };
    let length = size(reason.len());
    // SAFETY: the caller promises that `reason` lives as long as the operation.
    let code = unsafe { WinHttpWebSocketShutdown(socket.raw(), status, text, length) };
    check_code(code, "WinHttpWebSocketShutdown")
}

/// Ends the closing handshake without a reason. Asynchronous: CLOSE_COMPLETE says when it is over.
pub(crate) fn close(socket: HandleRef, status: u16) -> Result<(), CallError> {
    // SAFETY: no reason is given.
    let code = unsafe { WinHttpWebSocketClose(socket.raw(), status, null(), 0) };
    check_code(code, "WinHttpWebSocketClose")
}

/// Status and reason of the server's close frame.
pub(crate) fn close_status(socket: HandleRef) -> Result<(u16, String), CallError> {
    let mut status = 0_u16;
    let mut reason = [0_u8; WINHTTP_WEB_SOCKET_MAX_CLOSE_REASON_LENGTH as usize];
    let mut length = 0_u32;
    let text = reason.as_mut_ptr().cast();
    let limit = size(reason.len());
    // SAFETY: `reason` is lent with its length.
    let code = unsafe {
        WinHttpWebSocketQueryCloseStatus(
            socket.raw(),
            &raw mut status,
            text,
            limit,
            &raw mut length,
        )
    };
    check_code(code, "WinHttpWebSocketQueryCloseStatus")?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let reason = reason.get(..length).unwrap_or_default();
    Ok((status, String::from_utf8_lossy(reason).into_owned()))
}
