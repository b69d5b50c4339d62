//! Verifies what CloseHandle, and Close with a receive outstanding, tell before they return:
//! programs free their context then.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use winhttp_abi::constants as c;
use winhttp_fixtures::hole::TcpHole;
use winhttp_fixtures::{Opcode, Server, by_path};
use winhttp_tests::{
    Client, Event, Gate, Handle, Info, Memory, Mode, PATIENCE, Sending, call, start_close,
    start_receive, start_send, web_socket_server,
};

type W = u16;

const READ: u32 = c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE;
const WRITTEN: u32 = c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE;
const FAILED: u32 = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
const CLOSED: u32 = c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE;
const CLOSING: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING;
const CANCELLED: u32 = c::ERROR_WINHTTP_OPERATION_CANCELLED;
const BINARY: i32 = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;

fn close(handle: Handle) -> Result<(), u32> {
    // SAFETY: any number may be passed.
    call(unsafe { winhttp::WinHttpCloseHandle::<W>(handle.raw()) })
}

fn cancelled(operation: i32) -> Info {
    Info::WebSocketResult(0, CANCELLED, operation)
}

/// What was told of a handle after its first `skip` notifications, without its last word.
fn told(client: &Client<W>, handle: Handle, skip: usize) -> Vec<Event> {
    let mut events = client.recorder.events_of(handle).split_off(skip);
    events.retain(|event| event.status != CLOSING);
    events
}

fn statuses(events: &[Event]) -> Vec<u32> {
    events.iter().map(|event| event.status).collect()
}

fn all_here(events: &[Event]) -> bool {
    let here = thread::current().id();
    events.iter().all(|event| event.thread == here)
}

/// A server whose requests and WebSockets never get an answer.
fn silent() -> Server {
    Server::plain(|connection| {
        let Some(request) = connection.read_head()? else {
            return Ok(());
        };
        if request.path() == "/socket" {
            connection.accept_websocket(&request)?;
        }
        if request.path() == "/half" {
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789")?;
        }
        connection.wait_closed();
        Ok(())
    })
    .unwrap()
}

#[test]
fn close_handle_tells_what_is_queued_and_then_what_it_cancels() {
    let server = silent();
    let client = Client::<W>::on_callback_thread(Mode::Async);
    let socket = client.web_socket(server.port(), "/socket");
    let gate = Gate::at(&client.recorder, WRITTEN, |_| {});
    start_receive::<W>(socket, Memory::new(10)).unwrap();
    let before = client.events(socket);
    start_send::<W>(socket, BINARY, Memory::of(b"one")).unwrap();
    gate.wait_entered();
    // Its completion waits for the callback that runs.
    start_send::<W>(socket, BINARY, Memory::of(b"second")).unwrap();
    assert_eq!(close(socket), Ok(()));
    let told = told(&client, socket, before);
    assert_eq!(statuses(&told), [WRITTEN, WRITTEN, FAILED]);
    assert!(all_here(&told[1..]), "{told:?}");
    assert_eq!(told[1].info, Info::WebSocketStatus(6, BINARY));
    assert_eq!(
        told[2].info,
        cancelled(c::WINHTTP_WEB_SOCKET_RECEIVE_OPERATION)
    );
    let closing = client.recorder.statuses_of(socket).contains(&CLOSING);
    assert!(!closing, "a callback of the handle still runs");
    gate.open();
    let last = client.recorder.wait(socket, CLOSING);
    assert_ne!(last.thread, thread::current().id());
    client.finish();
}

#[test]
fn fact_9_5_5_close_from_a_thread_that_a_callback_has_signalled_tells_inside_the_call() {
    for close_at in ["close", "close handle"] {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::on_callback_thread(Mode::Async);
        let socket = client.web_socket(server.port(), "/push?count=1&size=10");
        let gate = Gate::at(&client.recorder, READ, move |_| {
            start_receive::<W>(socket, Memory::new(10)).unwrap();
        });
        start_receive::<W>(socket, Memory::new(10)).unwrap();
        gate.wait_entered();
        let before = client.events(socket);
        if close_at == "close" {
            assert_eq!(start_close::<W>(socket, 1000, b""), Ok(()));
        } else {
            assert_eq!(close(socket), Ok(()));
        }
        let told = told(&client, socket, before);
        assert_eq!(statuses(&told[..1]), [FAILED], "{close_at}");
        assert!(all_here(&told[..1]), "{close_at}");
        gate.open();
        client.finish();
    }
}

#[test]
fn fact_9_5_5_close_tells_a_receive_that_has_ended_with_its_own_result() {
    let (go, gone) = channel::<()>();
    let (say, said) = channel();
    let ends = Mutex::new((gone, say));
    let server = web_socket_server(move |connection| {
        let (gone, say) = &*ends.lock().unwrap();
        connection.send(b"\x82\x03one")?;
        let _ = gone.recv_timeout(PATIENCE);
        connection.send(b"\x82\x03two\x89\x00")?;
        while let Some(frame) = connection.read_frame()? {
            let _ = say.send(frame.opcode);
            if frame.opcode == Opcode::CLOSE {
                connection.send(b"\x88\x00")?;
            }
        }
        Ok(())
    });
    let client = Client::<W>::on_callback_thread(Mode::Async);
    let socket = client.web_socket(server.port(), "/");
    let gate = Gate::at(&client.recorder, READ, move |_| {
        start_receive::<W>(socket, Memory::new(10)).unwrap();
    });
    start_receive::<W>(socket, Memory::new(10)).unwrap();
    gate.wait_entered();
    let before = client.events(socket);
    go.send(()).unwrap();
    // Whoever has answered the ping has ended the receive; the callback that runs keeps it from
    // being told.
    assert_eq!(said.recv_timeout(PATIENCE), Ok(Opcode::PONG));
    assert_eq!(start_close::<W>(socket, 1000, b""), Ok(()));
    let ended = told(&client, socket, before);
    assert_eq!(statuses(&ended[..1]), [READ]);
    assert_eq!(ended[0].info, Info::WebSocketStatus(3, BINARY));
    assert!(all_here(&ended[..1]));
    gate.open();
    client.recorder.wait(socket, CLOSED);
    assert_eq!(told(&client, socket, before).len(), 2, "told once");
    client.finish();
}

/// What the peer says once CloseHandle has returned goes nowhere: the program may have freed its
/// memory.
#[test]
fn memory_that_was_lent_is_untouched_after_close_handle() {
    for kind in ["/socket", "/body"] {
        let (say, said) = channel();
        let say = Mutex::new(say);
        let server = Server::plain(move |connection| {
            let Some(request) = connection.read_head()? else {
                return Ok(());
            };
            if request.path() == "/socket" {
                connection.accept_websocket(&request)?;
            } else {
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")?;
            }
            connection.hold("closed")?;
            // A message of ten bytes, or twelve of the body; the client may have reset the
            // connection.
            let _ = connection.send(b"\x82\x0a0123456789");
            connection.wait_closed();
            say.lock().unwrap().send(()).unwrap();
            Ok(())
        })
        .unwrap();
        let client = Client::<W>::on_callback_thread(Mode::Async);
        let memory = Memory::new(12);
        let handle = if kind == "/socket" {
            let socket = client.web_socket(server.port(), kind);
            start_receive::<W>(socket, memory).unwrap();
            socket
        } else {
            let request = client.get(server.port(), kind);
            client.exchange(request).unwrap();
            let pointer = memory.pointer().cast();
            // SAFETY: the memory lives for ever.
            call(unsafe { winhttp::WinHttpReadData::<W>(request.raw(), pointer, 12, null_mut()) })
                .unwrap();
            request
        };
        assert_eq!(close(handle), Ok(()));
        server.release("closed").unwrap();
        said.recv_timeout(PATIENCE).unwrap();
        client.finish();
        assert_eq!(memory.bytes(), [0xaa; 12], "{kind}");
    }
}

#[test]
fn a_close_complete_that_is_found_meanwhile_waits_for_the_callback_thread() {
    let server = web_socket_server(|connection| {
        connection.send(b"\x88\x02\x03\xe8")?;
        connection.wait_closed();
        Ok(())
    });
    let client = Client::<W>::on_callback_thread(Mode::Async);
    let socket = client.web_socket(server.port(), "/");
    let before = client.events(socket);
    start_receive::<W>(socket, Memory::new(10)).unwrap();
    // The peer's close frame ends the receive, or is found by the close that cancels it.
    assert_eq!(start_close::<W>(socket, 1000, b""), Ok(()));
    let closed = client.recorder.wait(socket, CLOSED);
    assert_ne!(closed.thread, thread::current().id());
    let told = statuses(&told(&client, socket, before));
    assert!(
        told == [FAILED, CLOSED] || told == [READ, CLOSED],
        "{told:x?}"
    );
    client.finish();
}

#[test]
fn the_close_frame_leaves_before_the_program_is_told() {
    let (say, said) = channel();
    let say = Mutex::new(say);
    let server = web_socket_server(move |connection| {
        let frame = connection.read_frame()?.unwrap();
        say.lock().unwrap().send(frame.payload).unwrap();
        connection.wait_closed();
        Ok(())
    });
    let client = Client::<W>::on_callback_thread(Mode::Async);
    let socket = client.web_socket(server.port(), "/");
    start_receive::<W>(socket, Memory::new(10)).unwrap();
    let said = Mutex::new(said);
    client.recorder.on(FAILED, move |event| {
        if event.info != cancelled(c::WINHTTP_WEB_SOCKET_RECEIVE_OPERATION) {
            return;
        }
        // The callback waits until the peer has the frame.
        let payload = said.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        assert_eq!(payload, 1000_u16.to_be_bytes());
    });
    assert_eq!(start_close::<W>(socket, 1000, b""), Ok(()));
    let event = client.recorder.wait(socket, FAILED);
    assert_eq!(event.thread, thread::current().id());
    client.finish();
}

/// Starts an operation of a request that stays pending.
fn pending(client: &Client<W>, server: &Server, operation: usize) -> Handle {
    let path = if operation < 4 && operation > 1 {
        "/half"
    } else {
        "/"
    };
    let request = client.get(server.port(), path);
    if operation == 5 {
        let body: &[u8] = winhttp_tests::for_ever(vec![0; 64 << 20]);
        let total = u32::try_from(body.len()).unwrap();
        let sending = Sending {
            body,
            total,
            ..Sending::default()
        };
        client.start_sending(request, sending).unwrap();
        return request;
    }
    client.send(request).unwrap();
    if operation == 1 {
        client.start_receive(request).unwrap();
        return request;
    }
    client.receive(request).unwrap();
    assert_eq!(client.read(request, 10).map(|data| data.len()), Ok(10));
    let memory = Memory::new(50);
    let pointer = memory.pointer().cast::<c_void>();
    let (raw, none) = (request.raw(), null_mut());
    let accepted = if operation == 2 {
        // SAFETY: no memory is passed.
        unsafe { winhttp::WinHttpQueryDataAvailable::<W>(raw, none) }
    } else {
        // SAFETY: the memory lives for ever.
        unsafe { winhttp::WinHttpReadData::<W>(raw, pointer, 50, none) }
    };
    call(accepted).unwrap();
    request
}

#[test]
fn fact_1_14_close_handle_of_a_request_tells_what_it_cancels() {
    let server = silent();
    for operation in [1, 2, 3, 5] {
        let client = Client::<W>::on_callback_thread(Mode::Async);
        // Inside an informational callback of the operation its end would be left to that thread.
        let flags = c::WINHTTP_CALLBACK_FLAG_ALL_COMPLETIONS | c::WINHTTP_CALLBACK_FLAG_HANDLES;
        client.listen(client.session, flags);
        let request = pending(&client, &server, operation);
        assert_eq!(close(request), Ok(()));
        let events = client.recorder.events_of(request);
        let failed = events.iter().find(|event| event.status == FAILED).unwrap();
        assert_eq!(failed.info, Info::AsyncResult(operation, CANCELLED));
        assert_eq!(failed.thread, thread::current().id());
        client.finish();
    }
}

/// A program's context: it is given up when CloseHandle has returned, and must not be touched from
/// then on.
#[derive(Default)]
struct Context {
    told: AtomicUsize,
    is_free: AtomicBool,
    touched_free: AtomicBool,
}

unsafe extern "system" fn touch(
    _handle: *mut c_void,
    context: usize,
    _status: u32,
    _information: *mut c_void,
    _length: u32,
) {
    let context = std::ptr::with_exposed_provenance::<Context>(context);
    // SAFETY: contexts live for ever, as far as memory goes.
    let context = unsafe { &*context };
    context.told.fetch_add(1, Ordering::SeqCst);
    if context.is_free.load(Ordering::SeqCst) {
        context.touched_free.store(true, Ordering::SeqCst);
    }
}

#[test]
fn expectation_37_a_context_may_be_freed_when_close_handle_returns() {
    let server = silent();
    // All of the program's callbacks are completions: none is inside one when it closes the handle.
    let completions = c::WINHTTP_CALLBACK_FLAG_ALL_COMPLETIONS;
    for round in 0..60 {
        let client = Client::<W>::on_callback_thread(Mode::Async);
        let context: &Context = &winhttp_tests::for_ever(vec![Context::default()])[0];
        let address = std::ptr::from_ref(context).expose_provenance();
        client.put_context(client.session, address).unwrap();
        let kinds = [0, 1, 5];
        let handle = match kinds[round % 3] {
            0 => {
                let socket = client.web_socket(server.port(), "/socket");
                client
                    .set_callback(socket, Some(touch), completions)
                    .unwrap();
                client.put_context(socket, address).unwrap();
                start_receive::<W>(socket, Memory::new(10)).unwrap();
                socket
            }
            operation => {
                let request = client.get(server.port(), "/");
                if operation == 1 {
                    client.send(request).unwrap();
                }
                client
                    .set_callback(request, Some(touch), completions)
                    .unwrap();
                if operation == 1 {
                    client.start_receive(request).unwrap();
                } else {
                    let body: &[u8] = winhttp_tests::for_ever(vec![0; 1 << 20]);
                    let total = u32::MAX;
                    let sending = Sending {
                        body,
                        total,
                        ..Sending::default()
                    };
                    client.start_sending(request, sending).unwrap();
                }
                request
            }
        };
        // At various moments of the operation.
        for _ in 0..round * 20 {
            thread::yield_now();
        }
        assert_eq!(close(handle), Ok(()));
        context.is_free.store(true, Ordering::SeqCst);
        if kinds[round % 3] != 5 {
            assert_eq!(context.told.load(Ordering::SeqCst), 1, "round {round}");
        }
        client.close(client.session).unwrap();
        // Its last word comes after everything else of its descendants, as far as they are closed.
        for event in client.recorder.events().iter().rev() {
            let _closed_before = close(event.handle);
        }
        client.recorder.wait(client.session, CLOSING);
        assert!(
            !context.touched_free.load(Ordering::SeqCst),
            "round {round}"
        );
        client.recorder.retire();
    }
}

#[test]
fn close_handle_beside_an_informational_callback_of_the_operation_leaves_its_end_to_that_thread() {
    let server = silent();
    let client = Client::<W>::on_callback_thread(Mode::Async);
    let request = client.get(server.port(), "/");
    let gate = Gate::at(
        &client.recorder,
        c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST,
        |_| {},
    );
    client.start_send(request, 0).unwrap();
    gate.wait_entered();
    assert_eq!(close(request), Ok(()));
    assert!(!client.recorder.statuses_of(request).contains(&FAILED));
    gate.open();
    let failed = client.recorder.wait(request, FAILED);
    assert_eq!(failed.info, Info::AsyncResult(5, CANCELLED));
    assert_ne!(failed.thread, thread::current().id());
    client.finish();
}

#[test]
fn close_handle_ends_a_receive_that_waits_for_the_callback_of_its_send() {
    let server = silent();
    let client = Client::<W>::on_callback_thread(Mode::Async);
    let request = client.get(server.port(), "/");
    let raw = request.0;
    let connecting = c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER;
    client.recorder.on(connecting, move |_| {
        let request = std::ptr::without_provenance_mut(raw);
        // SAFETY: no memory is passed.
        call(unsafe { winhttp::WinHttpReceiveResponse::<W>(request, null_mut()) }).unwrap();
    });
    let sent = c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE;
    let gate = Gate::at(&client.recorder, sent, |_| {});
    client.start_send(request, 0).unwrap();
    gate.wait_entered();
    assert_eq!(close(request), Ok(()));
    let failed = client.recorder.wait(request, FAILED);
    assert_eq!(failed.info, Info::AsyncResult(1, CANCELLED));
    assert_eq!(failed.thread, thread::current().id());
    gate.open();
    client.finish();
}

#[test]
fn from_inside_a_callback_of_the_same_handle_the_report_follows_it() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<W>::on_callback_thread(Mode::Async);
    let socket = client.web_socket(server.port(), "/push?count=1&size=10");
    let before = client.events(socket);
    let recorder = client.recorder.clone();
    client.recorder.on(READ, move |_| {
        start_receive::<W>(socket, Memory::new(10)).unwrap();
        close(socket).unwrap();
        assert!(!recorder.statuses_of(socket).contains(&FAILED));
    });
    start_receive::<W>(socket, Memory::new(10)).unwrap();
    client.recorder.wait(socket, CLOSING);
    let expected = [READ, FAILED, CLOSING];
    assert_eq!(client.recorder.statuses_of(socket)[before..], expected);
    client.finish();
}

#[test]
fn a_second_receive_response_fails_after_everything_of_the_first() {
    for inline in [false, true] {
        let server = Server::plain(by_path).unwrap();
        let client = if inline {
            Client::<W>::inline()
        } else {
            Client::<W>::on_callback_thread(Mode::Async)
        };
        let request = client.get(server.port(), "/status?code=200&size=3");
        client.send(request).unwrap();
        let before = client.events(request);
        let raw = request.0;
        let receiving = c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE;
        client.recorder.on(receiving, move |_| {
            let request = std::ptr::without_provenance_mut(raw);
            for _ in 0..2 {
                // SAFETY: no memory is passed.
                call(unsafe { winhttp::WinHttpReceiveResponse::<W>(request, null_mut()) }).unwrap();
            }
        });
        client.start_receive(request).unwrap();
        client.recorder.wait_nth(request, FAILED, 2);
        let expected = [
            receiving,
            c::WINHTTP_CALLBACK_STATUS_RESPONSE_RECEIVED,
            c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE,
            FAILED,
            FAILED,
        ];
        assert_eq!(client.recorder.statuses_of(request)[before..], expected);
        let error = client.recorder.wait(request, FAILED);
        assert_eq!(error.info, Info::AsyncResult(1, c::ERROR_INVALID_OPERATION));
        assert_eq!(client.status_code(request), Ok(200), "the response is good");
        client.finish();
    }
}

#[test]
fn ten_thousand_handles_closed_in_each_others_cancellation_end_on_a_short_stack() {
    /// What a step of the chain needs: which handle comes next, and how deep it is.
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    static DEEPEST: AtomicUsize = AtomicUsize::new(0);
    static CHAIN: Mutex<Vec<usize>> = Mutex::new(Vec::new());
    const HANDLES: usize = 10_000;
    thread_local! {
        static DEPTH: Cell<usize> = const { Cell::new(0) };
    }

    unsafe extern "system" fn told(
        _handle: *mut c_void,
        _context: usize,
        status: u32,
        _information: *mut c_void,
        _length: u32,
    ) {
        if status != FAILED {
            return;
        }
        DEPTH.set(DEPTH.get() + 1);
        DEEPEST.fetch_max(DEPTH.get(), Ordering::SeqCst);
        let next = NEXT.fetch_add(1, Ordering::SeqCst);
        let handle = CHAIN.lock().unwrap().get(next).copied();
        if let Some(handle) = handle {
            assert_eq!(close(Handle(handle)), Ok(()));
        }
        DEPTH.set(DEPTH.get() - 1);
    }

    // As many as descriptors allow: each connects for ever to a listener that takes nobody.
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).unwrap();
    let room = limit
        .maximum
        .map_or(usize::MAX, |max| usize::try_from(max).unwrap());
    let handles = HANDLES.min(room / 2);
    let hole = TcpHole::full().unwrap();
    let client = Client::<W>::on_callback_thread(Mode::Async);
    let connect = client.connect("127.0.0.1", hole.port()).unwrap();
    let flags = c::WINHTTP_CALLBACK_FLAG_REQUEST_ERROR;
    for _ in 0..handles {
        let request = client.open_request(connect, "GET", "/", 0).unwrap();
        client.set_callback(request, Some(told), flags).unwrap();
        client.start_send(request, 0).unwrap();
        CHAIN.lock().unwrap().push(request.0);
    }
    let first = NEXT.fetch_add(1, Ordering::SeqCst);
    let first = CHAIN.lock().unwrap()[first];
    assert_eq!(close(Handle(first)), Ok(()));
    let recorder = client.recorder.clone();
    client.close(client.session).unwrap();
    client.close(connect).unwrap();
    // The session's last word comes after those of all its descendants.
    recorder.wait(client.session, CLOSING);
    assert_eq!(
        NEXT.load(Ordering::SeqCst),
        handles + 1,
        "each was told once"
    );
    assert_eq!(
        DEEPEST.load(Ordering::SeqCst),
        3,
        "nested, at most three deep"
    );
    recorder.retire();
}
