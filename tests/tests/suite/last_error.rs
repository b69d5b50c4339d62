//! The last error: 0 after success, the documented number after failure, the same number in errno,
//! one per thread.

use std::ptr::{null, null_mut};

use winhttp::SetLastError;
use winhttp_abi::constants as c;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support;
use winhttp_tests::support::{close_for_good, dword, set_dword};
use winhttp_tests::{Client, Handle, Mode, call, last_error, scenarios, upgrade};

/// A number no function leaves.
const STALE: u32 = 0x0bad_cafe;

fn errno() -> Option<u32> {
    std::io::Error::last_os_error()
        .raw_os_error()
        .and_then(|number| u32::try_from(number).ok())
}

/// Fact 1.1: the call succeeds and leaves 0.
fn leaves_zero<T>(what: &str, call: impl FnOnce() -> T) -> T {
    SetLastError(STALE);
    let result = call();
    assert_eq!(last_error(), 0, "after {what}");
    result
}

scenarios! {
    fn fact_1_1_and_expectation_22_success_sets_the_last_error_to_zero<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let session = leaves_zero("Open", || Client::<W>::open(mode));
        let client = Client::<W>::new(mode);
        leaves_zero("CloseHandle", || client.close(session).unwrap());
        let connect = leaves_zero("Connect", || client.connect("127.0.0.1", server.port()).unwrap());
        let path = "/status?body=x";
        let handle = leaves_zero("OpenRequest", || client.open_request(connect, "GET", path, 0).unwrap());
        leaves_zero("SetStatusCallback", || client.listen(handle, u32::MAX));
        leaves_zero("SetTimeouts", || support::set_timeouts::<W>(handle, 0, 60_000, 30_000, 30_000));
        let policy = c::WINHTTP_OPTION_REDIRECT_POLICY;
        leaves_zero("SetOption", || set_dword::<W>(handle, policy, 2).unwrap());
        leaves_zero("QueryOption", || dword::<W>(handle, c::WINHTTP_OPTION_SECURITY_FLAGS).unwrap());
        let header = winhttp_tests::text::<W>("X: 1");
        // SAFETY: the text lives through the call.
        leaves_zero("AddRequestHeaders", || call(unsafe {
            winhttp::WinHttpAddRequestHeaders::<W>(handle.raw(), header.as_ptr(), u32::MAX, 0)
        }).unwrap());
        if mode == Mode::Sync {
            leaves_zero("SendRequest", || client.send(handle).unwrap());
            leaves_zero("ReceiveResponse", || client.receive(handle).unwrap());
            leaves_zero("QueryHeaders", || client.status_code(handle).unwrap());
            let mut bytes = 0;
            // SAFETY: the count lives through the call.
            leaves_zero("QueryDataAvailable", || call(unsafe {
                winhttp::WinHttpQueryDataAvailable::<W>(handle.raw(), &raw mut bytes)
            }).unwrap());
            leaves_zero("ReadData", || client.read(handle, 4).unwrap());
        } else {
            client.exchange(handle).unwrap();
        }
        close_for_good(&client, handle);
        let handle = client.open_request(connect, "GET", "/echo", 0).unwrap();
        upgrade::<W>(handle).unwrap();
        client.exchange(handle).unwrap();
        let web_socket =
            leaves_zero("CompleteUpgrade", || client.complete_upgrade(handle, 0).unwrap());
        // SAFETY: no memory is passed.
        leaves_zero("CheckPlatform", || call(unsafe { winhttp::WinHttpCheckPlatform::<W>() }).unwrap());
        for handle in [web_socket, handle, connect, client.session] {
            close_for_good(&client, handle);
        }
    }

    fn expectation_34_a_failure_is_in_errno_too<W>(mode) {
        let client = Client::<W>::new(mode);
        let connect = client.connect("localhost", 80).unwrap();
        let null = null_mut();
        let session = client.session;
        let failures: [(u32, &dyn Fn() -> bool); 5] = [
            (c::ERROR_INVALID_HANDLE, &|| client.close(Handle::NULL).is_err()),
            (c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, &|| client.receive(connect).is_err()),
            (c::ERROR_INVALID_PARAMETER, &|| {
                let name = std::ptr::null();
                // SAFETY: NULL is refused.
                unsafe { winhttp::WinHttpConnect::<W>(session.raw(), name, 80, 0) }.is_null()
            }),
            (c::ERROR_WINHTTP_INVALID_OPTION, &|| set_dword::<W>(session, 0, 0).is_err()),
            (c::ERROR_INVALID_HANDLE, &|| {
                // SAFETY: no memory is passed.
                let before = unsafe { winhttp::WinHttpSetStatusCallback::<W>(null, None, 0, 0) };
                before == usize::MAX
            }),
        ];
        for (number, fails) in failures {
            SetLastError(STALE);
            let failed = fails();
            let system = errno();
            assert!(failed);
            assert_eq!(last_error(), number);
            assert_eq!(system, Some(number));
        }
        client.close(connect).unwrap();
        client.close(client.session).unwrap();
    }
}

/// Errors section 1: functions that return a DWORD report through it and leave the last error
/// alone; errno has it too.
#[test]
fn functions_that_return_their_error_leave_the_last_error_alone() {
    let none = null_mut();
    SetLastError(STALE);
    // SAFETY: all pointers are NULL.
    let send = unsafe { winhttp::WinHttpWebSocketSend::<u16>(none, 0, null(), 0) };
    assert_eq!(
        (send, errno()),
        (c::ERROR_INVALID_HANDLE, Some(c::ERROR_INVALID_HANDLE))
    );
    // SAFETY: as above.
    let read = unsafe { winhttp::WinHttpReadDataEx::<u16>(none, none, 0, none.cast(), 0, 0, none) };
    assert_eq!(read, c::ERROR_INVALID_HANDLE);
    assert_eq!(last_error(), STALE);
}

#[test]
fn every_thread_has_its_own_last_error() {
    let client = Client::<u16>::new(Mode::Async);
    assert_eq!(client.close(Handle::NULL), Err(c::ERROR_INVALID_HANDLE));
    std::thread::spawn(|| assert_eq!(last_error(), 0))
        .join()
        .unwrap();
    assert_eq!(last_error(), c::ERROR_INVALID_HANDLE);
    client.close(client.session).unwrap();
}

/// Errors section 1: what a callback does on this thread does not disturb the interrupted call's
/// own result.
#[test]
fn a_callback_does_not_disturb_the_result_of_the_call_it_interrupts() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<u16>::new(Mode::Sync);
    for status in [
        c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED,
        c::WINHTTP_CALLBACK_STATUS_REQUEST_SENT,
        c::WINHTTP_CALLBACK_STATUS_RESPONSE_RECEIVED,
        c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING,
    ] {
        client.recorder.on(status, |_| {
            // SAFETY: any number may be passed.
            let failed = call(unsafe { winhttp::WinHttpCloseHandle::<u16>(null_mut()) });
            assert_eq!(failed, Err(c::ERROR_INVALID_HANDLE));
        });
    }
    let connect = leaves_zero("Connect", || {
        client.connect("127.0.0.1", server.port()).unwrap()
    });
    let handle = leaves_zero("OpenRequest", || {
        client.open_request(connect, "GET", "/status", 0).unwrap()
    });
    leaves_zero("SendRequest", || client.send(handle).unwrap());
    leaves_zero("ReceiveResponse", || client.receive(handle).unwrap());
    for handle in [handle, connect, client.session] {
        leaves_zero("CloseHandle", || client.close(handle).unwrap());
    }
}
