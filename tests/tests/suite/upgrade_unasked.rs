//! Verifies CompleteUpgrade without ReceiveResponse while it waits for the answer.

use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use winhttp_abi::constants as c;
use winhttp_fixtures::Server;
use winhttp_tests::{Client, Handle, Info, Mode, PATIENCE, call};

type W = u16;

const FAILED: u32 = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;

/// A request for a WebSocket that was sent, and a thread inside CompleteUpgrade.
fn completing(
    client: &Client<W>,
    mode: Mode,
    port: u16,
) -> (Handle, JoinHandle<Result<Handle, u32>>) {
    let request = client.web_socket_request(port, "/");
    client.send(request).unwrap();
    let thread = thread::spawn(move || {
        // SAFETY: any number may be passed.
        let socket = unsafe { winhttp::WinHttpWebSocketCompleteUpgrade::<W>(request.raw(), 0) };
        call(i32::from(!socket.is_null())).map(|()| Handle::from(socket))
    });
    let begun = Instant::now();
    for errors in 1.. {
        // SAFETY: no memory is passed.
        let ask = unsafe { winhttp::WinHttpQueryDataAvailable::<W>(request.raw(), null_mut()) };
        match call(ask) {
            // Before it waits this is too early; from then on an operation is pending.
            Err(c::ERROR_INVALID_OPERATION) => break,
            Ok(()) if mode == Mode::Async => {
                client.recorder.wait_nth(request, FAILED, errors);
            }
            early => assert_eq!(early, Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE)),
        }
        assert!(begun.elapsed() < PATIENCE, "CompleteUpgrade never began");
    }
    (request, thread)
}

#[test]
fn closing_the_request_ends_it() {
    for mode in [Mode::Sync, Mode::Async] {
        let server = Server::silent().unwrap();
        let client = Client::<W>::new(mode);
        let (request, thread) = completing(&client, mode, server.port());
        let begun = Instant::now();
        client.close(request).unwrap();
        let ended = thread.join().unwrap();
        assert_eq!(ended, Err(c::ERROR_WINHTTP_OPERATION_CANCELLED));
        assert!(begun.elapsed() < PATIENCE);
        client.finish();
    }
}

#[test]
fn a_receive_response_meanwhile_fails_when_it_is_over() {
    let (answer, answers) = channel::<()>();
    let answers = Mutex::new(answers);
    let server = Server::plain(move |connection| {
        let Some(request) = connection.read_head()? else {
            return Ok(());
        };
        let _ = answers.lock().unwrap().recv_timeout(PATIENCE);
        connection.accept_websocket(&request)?;
        connection.wait_closed();
        Ok(())
    })
    .unwrap();
    let client = Client::<W>::new(Mode::Async);
    let (request, thread) = completing(&client, Mode::Async, server.port());
    let before = client.events(request);
    client.start_receive(request).unwrap();
    answer.send(()).unwrap();
    thread.join().unwrap().unwrap();
    let error = client.recorder.wait_after(request, before, &[FAILED]);
    let receive = usize::try_from(c::API_RECEIVE_RESPONSE).unwrap();
    assert_eq!(
        error.info,
        Info::AsyncResult(receive, c::ERROR_INVALID_OPERATION)
    );
    client.finish();
}
