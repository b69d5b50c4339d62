//! Echo client in Rust, written against windows-sys as for Windows: `echo-rust URL [MESSAGE]`.
//!
//! On Linux and macOS the only additions are the line `use winhttp as _`, which links winhttp-shim:
//! it defines the functions that windows-sys declares; and `detail`, which says what is behind an
//! error. Exit code 0 means that the server sent back exactly what it was sent and that the closing
//! handshake worked.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program"
)]

#[cfg(not(windows))]
use winhttp as _;

use std::ffi::c_void;
use std::process::ExitCode;
use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{GetLastError, NO_ERROR};
use windows_sys::Win32::Networking::WinHttp::*;

/// Longest echo that is accepted, in bytes: no command line argument is longer.
const MESSAGE_LIMIT_BYTES: usize = 1 << 20;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (url, message) = match arguments.as_slice() {
        [url] => (url, "hello"),
        [url, message] => (url, message.as_str()),
        _ => {
            eprintln!("usage: echo-rust ws://host:port/path [message]");
            return ExitCode::from(2);
        }
    };
    match run(url, message) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(url: &str, message: &str) -> Result<(), String> {
    let socket = connect(&Url::parse(url)?)?;
    println!("connected");
    send_text(&socket, message)?;
    println!("sent: {message}");
    let answer = receive_message(&socket)?;
    println!("received: {}", String::from_utf8_lossy(&answer));
    if answer != message.as_bytes() {
        return Err("that is not what was sent".to_owned());
    }
    let (status, reason) = close(&socket)?;
    println!("closed: {status} {reason}");
    Ok(())
}

/// Where to connect.
struct Url {
    host: Vec<u16>,
    path: Vec<u16>,
    port: u16,
    secure: bool,
}

impl Url {
    /// Takes `ws://` and `wss://`. WinHTTP knows http and https instead: "http" followed by what
    /// comes after "ws" is the URL it takes.
    fn parse(text: &str) -> Result<Self, String> {
        let rest = text
            .strip_prefix("ws")
            .filter(|rest| rest.starts_with("://") || rest.starts_with("s://"))
            .ok_or_else(|| format!("{text}: a URL starts with ws:// or wss://"))?;
        let url = wide(&format!("http{rest}"));
        let mut host = [0_u16; 256];
        let mut path = [0_u16; 2048];
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
        Ok(Self {
            host: host.to_vec(),
            path: path.to_vec(),
            port: parts.nPort,
            secure: parts.nScheme == WINHTTP_INTERNET_SCHEME_HTTPS,
        })
    }
}

/// Owns one HINTERNET and closes it.
struct Handle(*mut c_void);

impl Handle {
    fn new(raw: *mut c_void, call: &str) -> Result<Self, String> {
        if raw.is_null() {
            Err(last_error(call))
        } else {
            Ok(Self(raw))
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is open until here, and nobody else closes it.
        unsafe { WinHttpCloseHandle(self.0) };
    }
}

/// From nothing to an open WebSocket, which outlives the three handles it came from.
fn connect(url: &Url) -> Result<Handle, String> {
    let agent = wide("echo-rust/1.0");
    // SAFETY: `agent` ends with NUL; no proxy is named.
    let raw = unsafe {
        WinHttpOpen(
            agent.as_ptr(),
            WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY,
            null(),
            null(),
            0,
        )
    };
    let session = Handle::new(raw, "WinHttpOpen")?;
    // SAFETY: the host ends with NUL, as WinHttpCrackUrl left it.
    let raw = unsafe { WinHttpConnect(session.0, url.host.as_ptr(), url.port, 0) };
    let connection = Handle::new(raw, "WinHttpConnect")?;
    let verb = wide("GET");
    let flags = if url.secure { WINHTTP_FLAG_SECURE } else { 0 };
    // SAFETY: verb and path end with NUL; NULL stands for the default everywhere else.
    let raw = unsafe {
        WinHttpOpenRequest(
            connection.0,
            verb.as_ptr(),
            url.path.as_ptr(),
            null(),
            null(),
            null(),
            flags,
        )
    };
    let request = Handle::new(raw, "WinHttpOpenRequest")?;
    handshake(&request)?;
    // SAFETY: a request that was answered; a synchronous session needs no context.
    let raw = unsafe { WinHttpWebSocketCompleteUpgrade(request.0, 0) };
    Handle::new(raw, "WinHttpWebSocketCompleteUpgrade")
}

/// Sends the request and checks that the server agreed to the upgrade.
fn handshake(request: &Handle) -> Result<(), String> {
    // SAFETY: this option takes no buffer.
    let set =
        unsafe { WinHttpSetOption(request.0, WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, null(), 0) };
    check(set, "WinHttpSetOption")?;
    // SAFETY: neither headers nor a body.
    let sent = unsafe { WinHttpSendRequest(request.0, null(), 0, null(), 0, 0, 0) };
    check(sent, "WinHttpSendRequest")?;
    // SAFETY: the reserved pointer is NULL.
    let received = unsafe { WinHttpReceiveResponse(request.0, null_mut()) };
    check(received, "WinHttpReceiveResponse")?;

    let mut status = 0_u32;
    let mut length = size(size_of::<u32>());
    // SAFETY: with FLAG_NUMBER the result is one DWORD, and that is what is lent.
    let found = unsafe {
        WinHttpQueryHeaders(
            request.0,
            WINHTTP_QUERY_STATUS_CODE | WINHTTP_QUERY_FLAG_NUMBER,
            null(),
            (&raw mut status).cast(),
            &raw mut length,
            null_mut(),
        )
    };
    check(found, "WinHttpQueryHeaders")?;
    match status {
        HTTP_STATUS_SWITCH_PROTOCOLS => Ok(()),
        _ => Err(format!("the server answered {status} instead of 101")),
    }
}

fn send_text(socket: &Handle, text: &str) -> Result<(), String> {
    let kind = WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
    let data = if text.is_empty() {
        null()
    } else {
        text.as_ptr().cast()
    };
    // SAFETY: `text` outlives the call, and a synchronous send is over when it returns.
    let code = unsafe { WinHttpWebSocketSend(socket.0, kind, data, size(text.len())) };
    check_code(code, "WinHttpWebSocketSend")
}

/// One whole message: WinHTTP may hand it over in any number of pieces.
fn receive_message(socket: &Handle) -> Result<Vec<u8>, String> {
    let mut message = Vec::new();
    let mut piece = [0_u8; 4096];
    loop {
        let mut length = 0_u32;
        let mut kind = WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
        // SAFETY: `piece` is lent with its own length; the call writes nothing after it returns.
        let code = unsafe {
            WinHttpWebSocketReceive(
                socket.0,
                piece.as_mut_ptr().cast(),
                size(piece.len()),
                &raw mut length,
                &raw mut kind,
            )
        };
        check_code(code, "WinHttpWebSocketReceive")?;
        if kind == WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE {
            return Err("the server closed before it answered".to_owned());
        }
        message.extend(
            piece
                .iter()
                .take(usize::try_from(length).unwrap_or(usize::MAX)),
        );
        if message.len() > MESSAGE_LIMIT_BYTES {
            return Err("the message is too long".to_owned());
        }
        if kind == WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE
            || kind == WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE
        {
            return Ok(message);
        }
    }
}

/// Closing handshake; the result is the server's status and reason.
fn close(socket: &Handle) -> Result<(u16, String), String> {
    let success = u16::try_from(WINHTTP_WEB_SOCKET_SUCCESS_CLOSE_STATUS).unwrap_or(1000);
    // SAFETY: no reason is given.
    let code = unsafe { WinHttpWebSocketClose(socket.0, success, null(), 0) };
    check_code(code, "WinHttpWebSocketClose")?;

    let mut status = 0_u16;
    let mut reason = [0_u8; WINHTTP_WEB_SOCKET_MAX_CLOSE_REASON_LENGTH as usize];
    let mut length = 0_u32;
    // SAFETY: `reason` is lent with its own length.
    let code = unsafe {
        WinHttpWebSocketQueryCloseStatus(
            socket.0,
            &raw mut status,
            reason.as_mut_ptr().cast(),
            size(reason.len()),
            &raw mut length,
        )
    };
    check_code(code, "WinHttpWebSocketQueryCloseStatus")?;
    let length = usize::try_from(length).unwrap_or(0);
    Ok((
        status,
        String::from_utf8_lossy(reason.get(..length).unwrap_or_default()).into_owned(),
    ))
}

/// For functions that return BOOL and leave the reason in the last error.
fn check(result: i32, call: &str) -> Result<(), String> {
    if result == 0 {
        Err(last_error(call))
    } else {
        Ok(())
    }
}

/// For the WebSocket functions, which return the reason.
fn check_code(code: u32, call: &str) -> Result<(), String> {
    if code == NO_ERROR {
        Ok(())
    } else {
        Err(format!("{call} failed: error {code}{}", detail(code)))
    }
}

fn last_error(call: &str) -> String {
    // SAFETY: takes nothing and touches only this thread's last error.
    let code = unsafe { GetLastError() };
    format!("{call} failed: error {code}{}", detail(code))
}

/// What the library knows of an error of this thread.
#[cfg(not(windows))]
fn detail(code: u32) -> String {
    let mut text = [0; 8192]; // WINHTTP_SHIM_ERROR_DETAIL_MAX
    let mut length = size(text.len());
    // SAFETY: the buffer is lent with its length.
    let known =
        unsafe { winhttp::WinHttpShimGetErrorDetailUtf8(code, text.as_mut_ptr(), &raw mut length) };
    let length = usize::try_from(length).unwrap_or_default();
    match text.get(..length) {
        Some(text) if known == NO_ERROR => format!(": {}", String::from_utf8_lossy(text)),
        _ => String::new(),
    }
}

/// Windows' library knows nothing but the number.
#[cfg(windows)]
fn detail(_: u32) -> String {
    String::new()
}

/// UTF-16 with its NUL, as the W functions take it.
fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().chain([0]).collect()
}

/// A length as WinHTTP counts: lengths here are far below 4 GiB.
fn size(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
