//! Every function given a handle that is none, or of the wrong kind, fails with the documented
//! number, leaves its outputs alone and touches no memory.
//!
//! A program of its own: numbers near a live handle may be live handles of a test that runs beside.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking"
)]

mod proxies;

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::{Mutex, PoisonError};

use winhttp::*;
use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support::autoproxy::create_resolver;
use winhttp_tests::support::{self, set_dword};
use winhttp_tests::{Client, Handle, Mode, last_error, text, upgrade};

const SESSION: u8 = 1;
const CONNECT: u8 = 2;
const REQUEST: u8 = 4;
const WEB_SOCKET: u8 = 8;
/// Of asynchronous sessions only.
const RESOLVER: u8 = 16;

/// One test runs at a time, for the same reason.
static ALONE: Mutex<()> = Mutex::new(());

/// A value no function writes.
const UNTOUCHED: u32 = 0xdead_beef;

/// One function: the handle kinds it takes, and a call that is right but for the handle.
struct Row<W> {
    name: &'static str,
    takes: u8,
    /// Gives the error number, 0 for success.
    call: fn(*mut c_void) -> u32,
    width: std::marker::PhantomData<W>,
}

fn row<W>(name: &'static str, takes: u8, call: fn(*mut c_void) -> u32) -> Row<W> {
    Row {
        name,
        takes,
        call,
        width: std::marker::PhantomData,
    }
}

fn of_bool(result: i32) -> u32 {
    if result != 0 { 0 } else { last_error() }
}

fn of_handle(result: *mut c_void) -> u32 {
    if result.is_null() { last_error() } else { 0 }
}

/// Gives numbers to a call and asserts that it left them alone if it failed.
fn with_outputs<const N: usize>(call: impl FnOnce([*mut u32; N]) -> u32) -> u32 {
    let mut outputs = [UNTOUCHED; N];
    let base = (&raw mut outputs).cast::<u32>();
    let error = call(std::array::from_fn(|index| base.wrapping_add(index)));
    assert!(
        error == 0 || outputs == [UNTOUCHED; N],
        "outputs were touched"
    );
    error
}

/// Gives a count to a call that reads, and asserts that it was set to 0 first (functions 3.7,
/// http-behaviours 24.6).
fn with_count(call: impl FnOnce(*mut u32) -> u32) -> u32 {
    let mut count = UNTOUCHED;
    let error = call(&raw mut count);
    assert_eq!(count, 0);
    error
}

unsafe extern "system" fn callback(_: *mut c_void, _: usize, _: u32, _: *mut c_void, _: u32) {}

#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all pointers are NULL or to locals"
)]
fn handles_and_options<W: Unit>() -> Vec<Row<W>> {
    vec![
        row("WinHttpConnect", SESSION, |handle| {
            let name = text::<W>("localhost");
            of_handle(unsafe { WinHttpConnect::<W>(handle, name.as_ptr(), 80, 0) })
        }),
        row("WinHttpOpenRequest", CONNECT, |handle| {
            of_handle(unsafe {
                WinHttpOpenRequest::<W>(handle, null(), null(), null(), null(), null(), 0)
            })
        }),
        row(
            "WinHttpSetStatusCallback",
            SESSION | CONNECT | REQUEST | WEB_SOCKET | RESOLVER,
            |handle| {
                let before = unsafe { WinHttpSetStatusCallback::<W>(handle, Some(callback), 0, 0) };
                if before == usize::MAX {
                    last_error()
                } else {
                    0
                }
            },
        ),
        row("WinHttpSetTimeouts", SESSION | REQUEST, |handle| {
            of_bool(unsafe { WinHttpSetTimeouts::<W>(handle, 1000, 1000, 1000, 1000) })
        }),
        row("WinHttpSetOption", SESSION | REQUEST, |handle| {
            set_dword::<W>(handle.into(), c::WINHTTP_OPTION_REDIRECT_POLICY, 2)
                .err()
                .unwrap_or(0)
        }),
        row("WinHttpQueryOption", REQUEST, |handle| {
            with_outputs(|[value, length]| {
                unsafe { length.write(4) };
                let option = c::WINHTTP_OPTION_SECURITY_KEY_BITNESS;
                let error = of_bool(unsafe {
                    WinHttpQueryOption::<W>(handle, option, value.cast(), length)
                });
                assert!(error == 0 || unsafe { length.read() } == 4);
                unsafe { length.write(UNTOUCHED) };
                error
            })
        }),
        row("WinHttpQueryConnectionGroup", CONNECT | REQUEST, |handle| {
            let mut result = null_mut();
            let error =
                unsafe { WinHttpQueryConnectionGroup::<W>(handle, null(), 0, &raw mut result) };
            assert!(result.is_null());
            error
        }),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all pointers are NULL or to locals"
)]
fn requests<W: Unit>() -> Vec<Row<W>> {
    vec![
        row("WinHttpAddRequestHeaders", REQUEST, |handle| {
            let header = text::<W>("X-A: 1");
            let add = c::WINHTTP_ADDREQ_FLAG_ADD;
            of_bool(unsafe {
                WinHttpAddRequestHeaders::<W>(handle, header.as_ptr(), u32::MAX, add)
            })
        }),
        row("WinHttpAddRequestHeadersEx", REQUEST, |handle| unsafe {
            WinHttpAddRequestHeadersEx::<W>(handle, 0, 0, 0, 0, null())
        }),
        row("WinHttpSendRequest", REQUEST, |handle| {
            of_bool(unsafe { WinHttpSendRequest::<W>(handle, null(), 0, null(), 0, 0, 0) })
        }),
        row("WinHttpWriteData", REQUEST, |handle| {
            with_outputs(|[written]| {
                of_bool(unsafe { WinHttpWriteData::<W>(handle, b"x".as_ptr().cast(), 1, written) })
            })
        }),
        row("WinHttpReceiveResponse", REQUEST, |handle| {
            of_bool(unsafe { WinHttpReceiveResponse::<W>(handle, null_mut()) })
        }),
        row("WinHttpQueryDataAvailable", REQUEST, |handle| {
            with_outputs(|[bytes]| {
                of_bool(unsafe { WinHttpQueryDataAvailable::<W>(handle, bytes) })
            })
        }),
        row("WinHttpReadData", REQUEST, |handle| {
            with_count(|count| {
                with_outputs(|[buffer]| {
                    of_bool(unsafe { WinHttpReadData::<W>(handle, buffer.cast(), 4, count) })
                })
            })
        }),
        row("WinHttpReadDataEx", REQUEST, |handle| {
            with_count(|count| {
                with_outputs(|[buffer]| unsafe {
                    WinHttpReadDataEx::<W>(handle, buffer.cast(), 4, count, 0, 0, null_mut())
                })
            })
        }),
        row("WinHttpQueryHeaders", REQUEST, |handle| {
            with_outputs(|[length, index, buffer]| {
                let level = c::WINHTTP_QUERY_STATUS_CODE;
                of_bool(unsafe {
                    WinHttpQueryHeaders::<W>(handle, level, null(), buffer.cast(), length, index)
                })
            })
        }),
        row("WinHttpQueryHeadersEx", REQUEST, |handle| {
            with_outputs(|[length, index, buffer, count]| {
                let level = c::WINHTTP_QUERY_RAW_HEADERS;
                let mut list = null_mut();
                let error = unsafe {
                    WinHttpQueryHeadersEx::<W>(
                        handle,
                        level,
                        0,
                        0,
                        index,
                        null(),
                        buffer.cast(),
                        length,
                        &raw mut list,
                        count,
                    )
                };
                assert!(error == 0 || list.is_null());
                error
            })
        }),
        row("WinHttpQueryAuthSchemes", REQUEST, |handle| {
            with_outputs(|[supported, first, target]| {
                of_bool(unsafe { WinHttpQueryAuthSchemes::<W>(handle, supported, first, target) })
            })
        }),
        row("WinHttpSetCredentials", REQUEST, |handle| {
            let name = text::<W>("alice");
            of_bool(unsafe {
                WinHttpSetCredentials::<W>(handle, 0, 1, name.as_ptr(), name.as_ptr(), null_mut())
            })
        }),
        row("WinHttpWebSocketCompleteUpgrade", REQUEST, |handle| {
            of_handle(unsafe { WinHttpWebSocketCompleteUpgrade::<W>(handle, 7) })
        }),
    ]
}

#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all pointers are NULL or to locals"
)]
fn web_sockets<W: Unit>() -> Vec<Row<W>> {
    vec![
        row("WinHttpWebSocketSend", WEB_SOCKET, |handle| unsafe {
            WinHttpWebSocketSend::<W>(handle, 0, b"x".as_ptr().cast(), 1)
        }),
        row("WinHttpWebSocketReceive", WEB_SOCKET, |handle| {
            with_outputs(|[bytes, kind, buffer]| unsafe {
                WinHttpWebSocketReceive::<W>(handle, buffer.cast(), 4, bytes, kind.cast())
            })
        }),
        row("WinHttpWebSocketShutdown", WEB_SOCKET, |handle| unsafe {
            WinHttpWebSocketShutdown::<W>(handle, 1000, null(), 0)
        }),
        row("WinHttpWebSocketClose", WEB_SOCKET, |handle| unsafe {
            WinHttpWebSocketClose::<W>(handle, 1000, null(), 0)
        }),
        row("WinHttpWebSocketQueryCloseStatus", WEB_SOCKET, |handle| {
            with_outputs(|[status, consumed, reason]| unsafe {
                WinHttpWebSocketQueryCloseStatus::<W>(
                    handle,
                    status.cast(),
                    reason.cast(),
                    4,
                    consumed,
                )
            })
        }),
    ]
}

fn rows<W: Unit>() -> Vec<Row<W>> {
    let parts = [
        handles_and_options(),
        requests(),
        web_sockets(),
        proxies::rows(),
    ];
    parts.into_iter().flatten().collect()
}

/// A live handle of each kind.
struct Family<W: Unit> {
    client: Client<W>,
    connect: Handle,
    request: Handle,
    web_socket: Handle,
    resolver: Option<Handle>,
    _server: Server,
}

impl<W: Unit> Family<W> {
    fn new(mode: Mode) -> Self {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = client.open_request(connect, "GET", "/echo", 0).unwrap();
        upgrade::<W>(request).unwrap();
        client.exchange(request).unwrap();
        let web_socket = client.complete_upgrade(request, 0).unwrap();
        let resolver = (mode == Mode::Async).then(|| create_resolver(&client).unwrap());
        Self {
            client,
            connect,
            request,
            web_socket,
            resolver,
            _server: server,
        }
    }

    fn handles(&self) -> Vec<(u8, Handle)> {
        let others = [
            (WEB_SOCKET, self.web_socket),
            (REQUEST, self.request),
            (CONNECT, self.connect),
            (SESSION, self.client.session),
        ];
        let resolver = self.resolver.map(|resolver| (RESOLVER, resolver));
        resolver.into_iter().chain(others).collect()
    }

    /// Closes everything and gives the closed handles.
    fn close(self) -> Vec<Handle> {
        let handles: Vec<Handle> = self.handles().iter().map(|(_, handle)| *handle).collect();
        for &handle in &handles {
            self.client.close_and_wait(handle);
        }
        handles
    }
}

/// Numbers that are no handles: small, all ones, and near misses: neighbours of live handles, and
/// other generations of their slots.
fn invented<W: Unit>(alive: &Family<W>) -> Vec<Handle> {
    let mut invalid: Vec<Handle> = (0..=64).map(Handle).collect();
    invalid.extend(
        [
            usize::MAX,
            usize::MAX - 1,
            usize::MAX >> 1,
            1 << 63,
            1 << 32,
        ]
        .map(Handle),
    );
    for (_, handle) in alive.handles() {
        for bit in 0..usize::BITS {
            let near = Handle(handle.0 ^ (1 << bit));
            if alive.handles().iter().all(|(_, live)| *live != near) {
                invalid.push(near);
            }
        }
    }
    invalid
}

fn fact_1_2_and_expectation_7_what_is_no_handle_is_an_invalid_handle<W: Unit>(mode: Mode) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let closed = Family::<W>::new(mode).close();
    // Recycles the slots of the closed handles: those must not answer to their old names.
    let alive = Family::<W>::new(mode);
    for handle in alive.handles() {
        assert!(
            !closed.contains(&handle.1),
            "a handle's number was given out twice"
        );
    }
    let mut variable = alive.request.raw();
    let pointer_to_handle = (&raw mut variable).cast::<c_void>();
    let on_the_heap = Box::new(alive.client.session.0);
    let mut invalid = invented(&alive);
    invalid.extend(closed);
    invalid.push(pointer_to_handle.into());
    invalid.push(Handle((&raw const *on_the_heap).addr()));
    let events = alive.client.recorder.events().len();
    for row in rows::<W>() {
        for handle in &invalid {
            let error = (row.call)(handle.raw());
            assert_eq!(
                error,
                c::ERROR_INVALID_HANDLE,
                "{} of {handle:x?}",
                row.name
            );
        }
    }
    for handle in invalid {
        assert_eq!(
            alive.client.close(handle),
            Err(c::ERROR_INVALID_HANDLE),
            "closing {handle:x?}"
        );
    }
    assert_eq!(
        alive.client.recorder.events().len(),
        events,
        "a refused call notified something"
    );
    // Nothing was lost meanwhile.
    let (client, web_socket) = (&alive.client, alive.web_socket);
    client
        .ws_send(
            web_socket,
            c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE,
            b"alive",
        )
        .unwrap();
    let answer = (
        b"alive".to_vec(),
        c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE,
    );
    assert_eq!(client.ws_message(web_socket), Ok(answer));
    alive.close();
}

fn fact_1_3_a_live_handle_of_the_wrong_kind_is_an_incorrect_handle_type<W: Unit>(mode: Mode) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let alive = Family::<W>::new(mode);
    let events = alive.client.recorder.events().len();
    for row in rows::<W>() {
        for (kind, handle) in alive.handles() {
            if row.takes & kind == 0 {
                let error = (row.call)(handle.raw());
                let expected = c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE;
                assert_eq!(error, expected, "{} of kind {kind}", row.name);
            }
        }
    }
    assert_eq!(
        alive.client.recorder.events().len(),
        events,
        "a refused call notified something"
    );
    alive.close();
}

/// The handle is looked at before the other arguments.
#[expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "one table of calls with NULL alone"
)]
fn fact_1_2_a_bad_handle_is_reported_before_bad_arguments<W: Unit>() {
    let (none, text) = (null_mut(), null::<W>());
    // SAFETY: all pointers are NULL.
    let errors = unsafe {
        [
            of_bool(WinHttpQueryAuthSchemes::<W>(
                none,
                null_mut(),
                null_mut(),
                null_mut(),
            )),
            of_bool(WinHttpGetProxyForUrl::<W>(none, text, null(), null_mut())),
            of_handle(WinHttpConnect::<W>(none, text, 0, 0)),
            of_handle(WinHttpOpenRequest::<W>(
                none,
                text,
                text,
                text,
                text,
                null(),
                u32::MAX,
            )),
            of_bool(WinHttpSetTimeouts::<W>(none, -2, -2, -2, -2)),
            of_bool(WinHttpAddRequestHeaders::<W>(none, text, 0, u32::MAX)),
            of_bool(WinHttpWriteData::<W>(none, null(), 5, null_mut())),
            of_bool(WinHttpReadData::<W>(none, null_mut(), 5, null_mut())),
            WinHttpReadDataEx::<W>(none, null_mut(), 5, null_mut(), 2, 1, null_mut()),
            of_bool(WinHttpQueryHeaders::<W>(
                none,
                u32::MAX,
                text,
                none,
                null_mut(),
                null_mut(),
            )),
            WinHttpWebSocketSend::<W>(none, 77, null(), 5),
            WinHttpWebSocketReceive::<W>(none, null_mut(), 0, null_mut(), null_mut()),
            WinHttpWebSocketShutdown::<W>(none, 0, null(), 500),
            WinHttpWebSocketClose::<W>(none, 0, null(), 500),
            WinHttpWebSocketQueryCloseStatus::<W>(none, null_mut(), none, 1, null_mut()),
        ]
    };
    assert_eq!(errors, [c::ERROR_INVALID_HANDLE; 15]);
}

#[test]
fn fact_1_2_sync_utf16() {
    fact_1_2_and_expectation_7_what_is_no_handle_is_an_invalid_handle::<u16>(Mode::Sync);
}

#[test]
fn fact_1_2_async_utf16() {
    fact_1_2_and_expectation_7_what_is_no_handle_is_an_invalid_handle::<u16>(Mode::Async);
}

#[test]
fn fact_1_2_sync_wchar32() {
    fact_1_2_and_expectation_7_what_is_no_handle_is_an_invalid_handle::<u32>(Mode::Sync);
}

#[test]
fn fact_1_2_async_wchar32() {
    fact_1_2_and_expectation_7_what_is_no_handle_is_an_invalid_handle::<u32>(Mode::Async);
}

#[test]
fn fact_1_3_sync_utf16() {
    fact_1_3_a_live_handle_of_the_wrong_kind_is_an_incorrect_handle_type::<u16>(Mode::Sync);
}

#[test]
fn fact_1_3_async_wchar32() {
    fact_1_3_a_live_handle_of_the_wrong_kind_is_an_incorrect_handle_type::<u32>(Mode::Async);
}

#[test]
fn fact_1_2_handle_first_utf16() {
    fact_1_2_a_bad_handle_is_reported_before_bad_arguments::<u16>();
}

#[test]
fn fact_1_2_handle_first_wchar32() {
    fact_1_2_a_bad_handle_is_reported_before_bad_arguments::<u32>();
}

/// Fact 1.4: the second close of a handle fails and notifies nothing.
#[test]
fn fact_1_4_closing_twice_is_an_invalid_handle_and_silent() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for mode in [Mode::Sync, Mode::Async] {
        let client = Client::<u16>::new(mode);
        let connect = client.connect("localhost", 80).unwrap();
        support::close_for_good(&client, connect);
        assert_eq!(client.close(connect), Err(c::ERROR_INVALID_HANDLE));
        support::close_for_good(&client, client.session);
        assert_eq!(client.close(client.session), Err(c::ERROR_INVALID_HANDLE));
        support::closing_is_last(&client, connect);
        support::closing_is_last(&client, client.session);
    }
}
