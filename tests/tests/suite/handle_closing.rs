//! Closing handles: HANDLE_CLOSING once, last and in order, and what becomes of pending operations.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::hole::RefusedPort;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::{
    Client, Event, Handle, Info, Mode, PATIENCE, Sending, call, for_ever, scenarios,
};

const CLOSING: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING;
const ERROR: u32 = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
const CANCELLED: u32 = c::ERROR_WINHTTP_OPERATION_CANCELLED;

/// The handles whose HANDLE_CLOSING came, in order.
fn closed<W: Unit>(client: &Client<W>) -> Vec<Handle> {
    let events = client.recorder.events();
    events
        .iter()
        .filter(|event| event.status == CLOSING)
        .map(|event| event.handle)
        .collect()
}

fn close<W: Unit>(handle: Handle) -> Result<(), u32> {
    // SAFETY: any number may be passed.
    call(unsafe { winhttp::WinHttpCloseHandle::<W>(handle.raw()) })
}

/// Buffers of operations that are still pending when a test goes on.
fn lend(bytes: usize) -> &'static mut [u8] {
    for_ever(vec![0; bytes])
}

/// Starts an operation that stays pending until its handle is closed: the handle, and the API
/// number it fails with.
type Starter<W> = fn(&Client<W>, u16) -> (Handle, usize);

fn pending_operations<W: Unit>() -> [(&'static str, Starter<W>); 4] {
    fn responding<W: Unit>(client: &Client<W>, port: u16) -> Handle {
        // The first 50 of 100 bytes come; the rest only when nobody waits any more.
        let request = client.get(port, "/half");
        client.exchange(request).unwrap();
        assert_eq!(client.read(request, 50).map(|data| data.len()), Ok(50));
        request
    }
    [
        ("ReceiveResponse", |client, port| {
            let request = client.get(port, "/silence");
            client.send(request).unwrap();
            client.start_receive(request).unwrap();
            client
                .recorder
                .wait(request, c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE);
            (request, 1)
        }),
        ("QueryDataAvailable", |client, port| {
            let request = responding(client, port);
            // SAFETY: no memory is passed.
            call(unsafe { winhttp::WinHttpQueryDataAvailable::<W>(request.raw(), null_mut()) })
                .unwrap();
            (request, 2)
        }),
        ("ReadData", |client, port| {
            let request = responding(client, port);
            let buffer = lend(50).as_mut_ptr().cast::<c_void>();
            // SAFETY: the buffer lives for ever.
            call(unsafe { winhttp::WinHttpReadData::<W>(request.raw(), buffer, 50, null_mut()) })
                .unwrap();
            (request, 3)
        }),
        ("SendRequest", |client, port| {
            // A body larger than what the system buffers, to a peer that reads none of it.
            let request = client.get(port, "/deaf");
            let body: &[u8] = lend(64 << 20);
            let total = u32::try_from(body.len()).unwrap();
            client
                .start_sending(
                    request,
                    Sending {
                        body,
                        total,
                        ..Sending::default()
                    },
                )
                .unwrap();
            client
                .recorder
                .wait(request, c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST);
            (request, 5)
        }),
    ]
}

fn stubborn() -> Server {
    Server::plain(|connection| {
        let Some(request) = connection.read_head()? else {
            return Ok(());
        };
        match request.path() {
            "/half" => {
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")?;
                connection.send(&[7; 50])?;
                connection.hold("")?;
            }
            "/deaf" => {
                // Fills up to its limit, then reads no more.
                connection.hold("")?;
            }
            _ => connection.wait_closed(),
        }
        Ok(())
    })
    .unwrap()
}

scenarios! {
    fn fact_1_9_closing_comes_once_per_handle_in_the_order_of_closing<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        client.put_context(client.session, 9).unwrap();
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = client.open_request(connect, "GET", "/status?size=3", 0).unwrap();
        client.exchange(request).unwrap();
        assert_eq!(client.body(request).unwrap().len(), 3);
        let order = [request, connect, client.session];
        for handle in order {
            client.close(handle).unwrap();
            client.recorder.wait(handle, CLOSING);
        }
        assert_eq!(closed(&client), order);
        for event in client.recorder.events().iter().filter(|event| event.status == CLOSING) {
            assert_eq!((&event.info, event.length, event.context), (&Info::Handle(event.handle.0), 8, 9));
            if mode == Mode::Sync {
                assert_eq!(event.thread, std::thread::current().id());
            }
        }
        client.finish();
    }

    fn fact_1_10_a_parents_closing_waits_for_its_last_child<W>(mode) {
        let client = Client::<W>::new(mode);
        let connect = client.connect("localhost", 1).unwrap();
        let first = client.open_request(connect, "GET", "/", 0).unwrap();
        let second = client.open_request(connect, "GET", "/", 0).unwrap();
        client.close(client.session).unwrap();
        client.close(connect).unwrap();
        client.close(first).unwrap();
        client.recorder.wait(first, CLOSING);
        assert_eq!(closed(&client), [first]);
        client.close(second).unwrap();
        client.recorder.wait(client.session, CLOSING);
        assert_eq!(closed(&client), [first, second, connect, client.session]);
        client.finish();
    }

    fn fact_1_9_closing_needs_the_mask<W>(mode) {
        let client = Client::<W>::new(mode);
        let silent = client.connect("localhost", 1).unwrap();
        let callback = client.recorder.callback::<W>();
        let all_but = c::WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS & !c::WINHTTP_CALLBACK_FLAG_HANDLES;
        client.set_callback(silent, Some(callback), all_but).unwrap();
        client.close(silent).unwrap();
        client.close(client.session).unwrap();
        // The session's comes after everything of its children.
        client.recorder.wait(client.session, CLOSING);
        assert_eq!(closed(&client), [client.session]);
        client.recorder.retire();
    }

    fn expectation_4_closing_comes_also_when_the_request_failed_at_once<W>(mode) {
        let refused = RefusedPort::new().unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(refused.port(), "/");
        assert_eq!(client.send(request), Err(c::ERROR_WINHTTP_CANNOT_CONNECT));
        client.close(request).unwrap();
        client.recorder.wait(request, CLOSING);
        let never_sent = client.get(refused.port(), "/");
        client.close(never_sent).unwrap();
        client.recorder.wait(never_sent, CLOSING);
        client.finish();
    }

    fn expectation_2_a_web_socket_survives_request_connect_and_session<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = client.open_request(connect, "GET", "/echo", 0).unwrap();
        // SAFETY: no memory is passed.
        let upgrade = unsafe {
            winhttp::WinHttpSetOption::<W>(request.raw(), c::WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, null_mut(), 0)
        };
        call(upgrade).unwrap();
        client.exchange(request).unwrap();
        let websocket = client.complete_upgrade(request, 0).unwrap();
        for handle in [request, connect, client.session] {
            client.close(handle).unwrap();
        }
        let text = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
        for message in ["one", "two", "three"] {
            client.ws_send(websocket, text, message.as_bytes()).unwrap();
            assert_eq!(client.ws_message(websocket), Ok((message.as_bytes().to_vec(), text)));
        }
        client.ws_close(websocket, 1000, b"").unwrap();
        client.close(websocket).unwrap();
        client.recorder.wait(client.session, CLOSING);
        // The WebSocket is the connect's child: connect and session come after it, the request came
        // long before.
        assert_eq!(closed(&client), [request, websocket, connect, client.session]);
        client.finish();
    }

    fn expectation_5_a_callback_may_close_its_handle_and_the_ancestors_in_any_notification<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let in_send = [
            c::WINHTTP_CALLBACK_STATUS_RESOLVING_NAME,
            c::WINHTTP_CALLBACK_STATUS_NAME_RESOLVED,
            c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER,
            c::WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER,
            c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST,
            c::WINHTTP_CALLBACK_STATUS_REQUEST_SENT,
        ];
        let in_receive = [c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE, c::WINHTTP_CALLBACK_STATUS_RESPONSE_RECEIVED];
        for status in in_send.into_iter().chain(in_receive) {
            let client = Client::<W>::new(mode);
            let connect = client.connect("127.0.0.1", server.port()).unwrap();
            let request = client.open_request(connect, "GET", "/status", 0).unwrap();
            let session = client.session;
            client.recorder.on(status, move |event| {
                for handle in [event.handle, connect, session] {
                    assert_eq!(close::<W>(handle), Ok(()));
                    assert_eq!(close::<W>(handle), Err(c::ERROR_INVALID_HANDLE));
                }
            });
            let outcome = if in_send.contains(&status) {
                client.send(request)
            } else {
                client.send(request).unwrap();
                client.receive(request)
            };
            assert_eq!(outcome, Err(CANCELLED), "closed in {status:#x}");
            client.recorder.wait(session, CLOSING);
            assert_eq!(closed(&client), [request, connect, session], "closed in {status:#x}");
            let own = client.recorder.statuses_of(request);
            let after = own.iter().skip_while(|own| **own != status).skip(1).copied().collect::<Vec<_>>();
            match mode {
                Mode::Sync => assert_eq!(after, [CLOSING], "closed in {status:#x}"),
                Mode::Async => assert_eq!(after, [ERROR, CLOSING], "closed in {status:#x}"),
            }
            client.finish();
        }
    }

    fn a_close_inside_handle_created_cancels_nothing_and_keeps_the_order<W>(mode) {
        let client = Client::<W>::new(mode);
        client.recorder.on(c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED, |event| {
            assert_eq!(close::<W>(event.handle), Ok(()));
        });
        let connect = client.connect("localhost", 1).unwrap();
        client.recorder.wait(connect, CLOSING);
        assert_eq!(client.close(connect), Err(c::ERROR_INVALID_HANDLE));
        client.finish();
    }

    fn a_handle_is_invalid_inside_its_own_closing_and_other_handles_can_be_closed_there<W>(mode) {
        let client = Client::<W>::new(mode);
        let other = client.connect("localhost", 1).unwrap();
        let connect = client.connect("localhost", 2).unwrap();
        let (sender, results) = channel();
        client.recorder.on(CLOSING, move |event| {
            if event.handle == connect {
                sender.send((close::<W>(connect), close::<W>(other))).unwrap();
            }
        });
        client.close(connect).unwrap();
        let results = results.recv_timeout(PATIENCE).unwrap();
        assert_eq!(results, (Err(c::ERROR_INVALID_HANDLE), Ok(())));
        client.recorder.wait(other, CLOSING);
        client.finish();
    }

    fn fact_1_13_the_unload_event_is_signalled_after_the_sessions_last_notification<W>(mode) {
        let client = Client::<W>::new(mode);
        let connect = client.connect("localhost", 1).unwrap();
        let request = client.open_request(connect, "GET", "/", 0).unwrap();
        let (event, signalled) = unload_event();
        let option = c::WINHTTP_OPTION_UNLOAD_NOTIFY_EVENT;
        let value = event.address().to_ne_bytes();
        assert_eq!(client.put_option(request, option, &value), Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE));
        assert_eq!(client.put_option(connect, option, &value), Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE));
        assert_eq!(client.put_option(client.session, option, &value[..4]), Err(c::ERROR_INVALID_PARAMETER));
        assert_eq!(client.put_option(client.session, option, &value), Ok(()));
        assert_eq!(client.put_option(client.session, option, &value), Err(c::ERROR_INVALID_PARAMETER));
        for handle in [request, connect] {
            client.close(handle).unwrap();
            client.recorder.wait(handle, CLOSING);
            assert!(!event.is_set(), "signalled too early");
        }
        let (sender, at_closing) = channel();
        client.recorder.on(CLOSING, move |_| sender.send(event.is_set()).unwrap());
        client.close(client.session).unwrap();
        assert_eq!(at_closing.recv_timeout(PATIENCE), Ok(false), "not before the last callback");
        signalled.recv_timeout(PATIENCE).unwrap();
        client.finish();
    }
}

/// What WINHTTP_OPTION_UNLOAD_NOTIFY_EVENT takes, as `compat/winhttp_event.h` declares it, and who
/// is told.
#[repr(C)]
struct UnloadEvent {
    magic: u64,
    set: unsafe extern "C" fn(event: *mut c_void),
    is_set: AtomicBool,
    sender: Mutex<Sender<()>>,
}

impl UnloadEvent {
    fn is_set(&self) -> bool {
        self.is_set.load(Ordering::SeqCst)
    }

    fn address(&'static self) -> usize {
        (&raw const *self).expose_provenance()
    }
}

fn unload_event() -> (&'static UnloadEvent, Receiver<()>) {
    unsafe extern "C" fn set(event: *mut c_void) {
        // SAFETY: the library passes back the address it was given, which lives for ever.
        let event = unsafe { &*event.cast::<UnloadEvent>() };
        event.is_set.store(true, Ordering::SeqCst);
        let _nobody_listens = event.sender.lock().unwrap().send(());
    }
    let (sender, signalled) = channel();
    let event = UnloadEvent {
        magic: 0x5748_4556_454E_5431,
        set,
        is_set: AtomicBool::new(false),
        sender: Mutex::new(sender),
    };
    (&for_ever(vec![event])[0], signalled)
}

#[test]
fn fact_1_14_a_pending_operation_is_cancelled_before_the_closing() {
    fn scenario<W: Unit>() {
        let server = stubborn();
        for (name, start) in pending_operations::<W>() {
            let client = Client::<W>::on_callback_thread(Mode::Async);
            let (request, api) = start(&client, server.port());
            client.close(request).unwrap();
            client.recorder.wait(request, CLOSING);
            let events = client.recorder.events_of(request);
            let last_two: Vec<&Event> = events.iter().rev().take(2).collect();
            let error = (last_two[1].status, &last_two[1].info, last_two[1].length);
            assert_eq!(
                error,
                (ERROR, &Info::AsyncResult(api, CANCELLED), 16),
                "{name}: {events:#?}"
            );
            assert_eq!(last_two[0].status, CLOSING, "{name}");
            client.finish();
        }
    }
    scenario::<u16>();
    scenario::<u32>();
}

#[test]
fn fact_1_14_a_request_may_be_closed_inside_any_completion() {
    fn scenario<W: Unit>() {
        let server = Server::plain(by_path).unwrap();
        let refused = RefusedPort::new().unwrap();
        let completions = [
            c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE,
            c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE,
            c::WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE,
            c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE,
            ERROR,
        ];
        for status in completions {
            let client = Client::<W>::new(Mode::Async);
            let port = if status == ERROR {
                refused.port()
            } else {
                server.port()
            };
            let connect = client.connect("127.0.0.1", port).unwrap();
            let request = client
                .open_request(connect, "GET", "/status?size=9", 0)
                .unwrap();
            let session = client.session;
            let buffer = lend(9).as_mut_ptr().expose_provenance();
            pump(&client, request, buffer);
            client.recorder.on(status, move |event| {
                for handle in [session, connect, event.handle] {
                    assert_eq!(close::<W>(handle), Ok(()));
                }
            });
            client.start_send(request, 0).unwrap();
            client.recorder.wait(session, CLOSING);
            assert_eq!(closed(&client), [request, connect, session]);
            let statuses = client.recorder.statuses_of(request);
            assert_eq!(
                statuses[statuses.len() - 2..],
                [status, CLOSING],
                "{statuses:x?}"
            );
            client.finish();
        }
    }
    /// Starts each operation in the completion of the one before.
    fn pump<W: Unit>(client: &Client<W>, request: Handle, buffer: usize) {
        client
            .recorder
            .on(c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE, move |_| {
                // SAFETY: no memory is passed.
                call(unsafe { winhttp::WinHttpReceiveResponse::<W>(request.raw(), null_mut()) })
                    .unwrap();
            });
        client
            .recorder
            .on(c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE, move |_| {
                // SAFETY: no memory is passed.
                call(unsafe { winhttp::WinHttpQueryDataAvailable::<W>(request.raw(), null_mut()) })
                    .unwrap();
            });
        client
            .recorder
            .on(c::WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE, move |_| {
                let buffer = std::ptr::with_exposed_provenance_mut(buffer);
                // SAFETY: the buffer has nine bytes and lives for ever.
                call(unsafe {
                    winhttp::WinHttpReadData::<W>(request.raw(), buffer, 9, null_mut())
                })
                .unwrap();
            });
    }
    scenario::<u16>();
    scenario::<u32>();
}

#[test]
fn fact_9_6_1_a_pending_web_socket_receive_is_cancelled_before_the_closing() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<u16>::new(Mode::Async);
    let websocket = client.web_socket(server.port(), "/idle");
    let buffer = lend(16).as_mut_ptr().cast::<c_void>();
    // SAFETY: the buffer lives for ever.
    let code = unsafe {
        winhttp::WinHttpWebSocketReceive::<u16>(websocket.raw(), buffer, 16, null_mut(), null_mut())
    };
    assert_eq!(code, 0);
    client.close(websocket).unwrap();
    client.recorder.wait(websocket, CLOSING);
    let events = client.recorder.events_of(websocket);
    let statuses: Vec<u32> = events.iter().map(|event| event.status).collect();
    assert_eq!(
        statuses,
        [c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED, ERROR, CLOSING]
    );
    let receive = c::WINHTTP_WEB_SOCKET_RECEIVE_OPERATION;
    assert_eq!(
        (&events[1].info, events[1].length),
        (&Info::WebSocketResult(0, CANCELLED, receive), 24)
    );
    client.finish();
}

#[test]
fn expectation_8_closing_from_another_thread_ends_a_blocked_call() {
    let server = stubborn();
    for path in ["/silence", "/half"] {
        let client = Client::<u32>::new(Mode::Sync);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = client.open_request(connect, "GET", path, 0).unwrap();
        client.send(request).unwrap();
        if path == "/half" {
            client.receive(request).unwrap();
        }
        let (outcome, at) = std::thread::scope(|scope| {
            let blocked = scope.spawn(|| match path {
                "/silence" => client.receive(request),
                _ => client.read(request, 100).map(|_| ()),
            });
            if path == "/silence" {
                client
                    .recorder
                    .wait(request, c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE);
            }
            let at = std::time::Instant::now();
            client.close(request).unwrap();
            (blocked.join().unwrap(), at)
        });
        // Whether the call had begun when the handle was closed is for the scheduler to say.
        assert!(
            outcome == Err(CANCELLED) || outcome == Err(c::ERROR_INVALID_HANDLE),
            "{outcome:?}"
        );
        if path == "/silence" {
            assert_eq!(outcome, Err(CANCELLED));
        }
        assert!(at.elapsed() < PATIENCE / 2, "soon");
        client.finish();
    }
}

#[test]
fn expectation_8_closing_a_parent_does_not_cancel_its_children() {
    for mode in [Mode::Sync, Mode::Async] {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<u16>::on_callback_thread(mode);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = client
            .open_request(connect, "GET", "/stall?name=parent", 0)
            .unwrap();
        client.send(request).unwrap();
        std::thread::scope(|scope| {
            let blocked = scope.spawn(|| client.receive(request));
            client
                .recorder
                .wait(request, c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE);
            client.close(connect).unwrap();
            client.close(client.session).unwrap();
            server.release("parent").unwrap();
            assert_eq!(blocked.join().unwrap(), Ok(()));
        });
        assert_eq!(client.status_code(request), Ok(200));
        client.finish();
    }
}
