//! Short forms that several test files share: options, secure requests, errors of operations, peers
//! of their own.

pub mod autoproxy;
pub mod coded;
pub mod compiler;
pub mod cookies;
pub mod credentials;
pub mod own_process;
pub mod programs;
pub mod proxy;
pub mod schemes;
pub mod slow_reader;
pub mod tls;

use std::sync::mpsc;
use std::time::{Duration, Instant};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::hole::TcpHole;

use crate::{Call, Client, Handle, Info, Mode, PATIENCE, call, set_option, text};

/// Sets a DWORD option.
///
/// # Errors
/// The last error.
pub fn set_dword<W: Unit>(handle: Handle, option: u32, value: u32) -> Call<()> {
    set_option::<W>(handle, option, &value.to_ne_bytes())
}

/// Sets a text option, whose length is in characters.
///
/// # Errors
/// The last error.
pub fn set_text<W: Unit>(handle: Handle, option: u32, value: &str) -> Call<()> {
    let value = text::<W>(value);
    let length = u32::try_from(value.len() - 1).unwrap();
    // SAFETY: the text lives through the call, which only reads it.
    call(unsafe {
        winhttp::WinHttpSetOption::<W>(handle.raw(), option, value.as_ptr().cast(), length)
    })
}

/// Reads a DWORD option.
///
/// # Errors
/// The last error.
pub fn dword<W: Unit>(handle: Handle, option: u32) -> Call<u32> {
    let (mut value, mut length) = (0_u32, 4_u32);
    // SAFETY: value and length live through the call.
    call(unsafe {
        winhttp::WinHttpQueryOption::<W>(
            handle.raw(),
            option,
            (&raw mut value).cast(),
            &raw mut length,
        )
    })?;
    assert_eq!(length, 4, "a DWORD output has exactly four bytes");
    Ok(value)
}

/// WINHTTP_OPTION_URL; a callback can ask for it, too.
#[must_use]
pub fn url_of<W: Unit>(request: Handle) -> String {
    let mut url = [W::default(); 200];
    let mut length = u32::try_from(size_of_val(&url)).unwrap();
    // SAFETY: text and length live through the call.
    call(unsafe {
        winhttp::WinHttpQueryOption::<W>(
            request.raw(),
            c::WINHTTP_OPTION_URL,
            url.as_mut_ptr().cast(),
            &raw mut length,
        )
    })
    .unwrap();
    let end = url.iter().position(|unit| *unit == W::default()).unwrap();
    W::decode(&url[..end]).unwrap()
}

/// WinHttpSetTimeouts, in milliseconds; 0 is no limit.
pub fn set_timeouts<W: Unit>(handle: Handle, resolve: i32, connect: i32, send: i32, receive: i32) {
    // SAFETY: no memory is passed.
    call(unsafe {
        winhttp::WinHttpSetTimeouts::<W>(handle.raw(), resolve, connect, send, receive)
    })
    .unwrap();
}

/// A request for a host and port, with flags of WinHttpOpenRequest.
pub fn request<W: Unit>(
    client: &Client<W>,
    host: &str,
    port: u16,
    path: &str,
    flags: u32,
) -> Handle {
    let connect = client.connect(host, port).unwrap();
    let request = client.open_request(connect, "GET", path, flags).unwrap();
    client.close(connect).unwrap();
    request
}

/// A GET request to a local plain server; nothing but itself is left open.
pub fn get<W: Unit>(client: &Client<W>, port: u16, path: &str) -> Handle {
    request(client, "127.0.0.1", port, path, 0)
}

/// Closes the session, whose HANDLE_CLOSING comes after everything else's, and asserts that these
/// handles had nothing to say behind their own.
pub fn end_session<W: Unit>(client: &Client<W>, handles: &[Handle]) {
    close_for_good(client, client.session);
    for handle in handles {
        closing_is_last(client, *handle);
    }
}

/// An https request for `localhost`.
pub fn secure<W: Unit>(client: &Client<W>, port: u16, path: &str) -> Handle {
    request(client, "localhost", port, path, c::WINHTTP_FLAG_SECURE)
}

/// Asserts how the last operation of a handle failed: in asynchronous mode exactly one
/// REQUEST_ERROR names the function.
pub fn assert_failed_as<W: Unit>(client: &Client<W>, handle: Handle, api: u32, error: u32) {
    if client.mode == Mode::Sync {
        return;
    }
    let errors: Vec<Info> = client
        .recorder
        .events_of(handle)
        .into_iter()
        .filter(|event| event.status == c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR)
        .map(|event| {
            assert_eq!(event.length, 16, "WINHTTP_ASYNC_RESULT");
            event.info
        })
        .collect();
    assert_eq!(
        errors,
        [Info::AsyncResult(usize::try_from(api).unwrap(), error)]
    );
}

/// Closes a handle and asserts that HANDLE_CLOSING was its last notification, once.
pub fn close_for_good<W: Unit>(client: &Client<W>, handle: Handle) {
    client.close(handle).unwrap();
    closing_is_last(client, handle);
}

/// Waits for HANDLE_CLOSING and asserts that it came once and last.
pub fn closing_is_last<W: Unit>(client: &Client<W>, handle: Handle) {
    let closing = c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING;
    let event = client.recorder.wait(handle, closing);
    assert_eq!((event.info, event.length), (Info::Handle(handle.0), 8));
    let statuses = client.recorder.statuses_of(handle);
    assert_eq!(statuses.last(), Some(&closing), "{statuses:x?}");
    assert_eq!(
        statuses.iter().filter(|status| **status == closing).count(),
        1
    );
}

/// Runs `operation` and asserts that it took at least `least` and not absurdly longer.
pub fn takes<T>(least: Duration, operation: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = operation();
    let took = start.elapsed();
    assert!(took >= least, "took only {took:?}, not {least:?}");
    assert!(
        took < least + Duration::from_secs(5),
        "took {took:?} instead of {least:?}"
    );
    result
}

/// Tries, within patience, what a busy machine can spoil; for facts that one good try proves.
pub fn undisturbed<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(result) = attempt() {
            return result;
        }
        assert!(start.elapsed() < PATIENCE, "no try succeeded");
    }
}

/// Lets time pass: a request that nobody answers has this limit.
pub fn time_passes(limit: Duration) {
    let hole = TcpHole::new().unwrap();
    let client = Client::<u16>::new(Mode::Sync);
    let clock = get(&client, hole.port(), "/");
    set_timeouts::<u16>(clock, 0, 0, 0, i32::try_from(limit.as_millis()).unwrap());
    client.send(clock).unwrap();
    assert_eq!(client.receive(clock), Err(c::ERROR_WINHTTP_TIMEOUT));
    client.finish();
}

/// A clock for scripts that send slowly: ticks until the test drops its end.
pub fn ticker(
    every: Duration,
) -> (
    mpsc::SyncSender<()>,
    impl Fn() -> bool + Send + Sync + 'static,
) {
    let (stop, ticks) = mpsc::sync_channel::<()>(0);
    let ticks = std::sync::Mutex::new(ticks);
    let tick = move || {
        let ticks = ticks.lock().unwrap();
        matches!(
            ticks.recv_timeout(every),
            Err(mpsc::RecvTimeoutError::Timeout)
        )
    };
    (stop, tick)
}
