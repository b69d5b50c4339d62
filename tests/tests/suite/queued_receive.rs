//! Verifies ReceiveResponse during a pending send: it runs next, nothing comes between, and it
//! always completes.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use winhttp_abi::constants as c;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::{Client, Mode, PATIENCE, last_error};

type W = u16;

#[test]
fn fact_5_4_1_a_receive_asked_for_while_sending_is_not_lost_to_another_send() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<W>::new(Mode::Async);
    let request = client.get(server.port(), "/status?code=200");
    let raw = request.0;
    client
        .recorder
        .on(c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST, move |_| {
            let request = std::ptr::without_provenance_mut(raw);
            // SAFETY: no memory is passed.
            let accepted =
                unsafe { winhttp::WinHttpReceiveResponse::<W>(request, std::ptr::null_mut()) };
            assert_eq!(accepted, 1);
        });
    let (tell, told) = channel();
    let tell = Arc::new(Mutex::new(tell));
    client.recorder.on(
        c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE,
        move |event| {
            let (null, none) = (std::ptr::null(), std::ptr::null());
            // SAFETY: no memory is passed.
            let again = unsafe {
                winhttp::WinHttpSendRequest::<W>(event.handle.raw(), null, 0, none, 0, 0, 0)
            };
            tell.lock().unwrap().send((again, last_error())).unwrap();
        },
    );
    client.start_send(request, 0).unwrap();
    client
        .recorder
        .wait(request, c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE);
    assert_eq!(
        told.recv_timeout(PATIENCE).unwrap(),
        (0, c::ERROR_INVALID_OPERATION)
    );
    assert_eq!(client.status_code(request), Ok(200));
    client.finish();
}

#[test]
fn fact_2_5_a_receive_asked_for_while_a_send_fails_fails_too() {
    let client = Client::<W>::new(Mode::Async);
    let refused = winhttp_fixtures::hole::RefusedPort::new().unwrap();
    let request = client.get(refused.port(), "/");
    let raw = request.0;
    client
        .recorder
        .on(c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER, move |_| {
            let request = std::ptr::without_provenance_mut(raw);
            // SAFETY: no memory is passed.
            unsafe { winhttp::WinHttpReceiveResponse::<W>(request, std::ptr::null_mut()) };
        });
    client.start_send(request, 0).unwrap();
    client
        .recorder
        .wait_nth(request, c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR, 2);
    client.finish();
}
