//! Which notifications come, in which order, with which information, and on which thread.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::hole::RefusedPort;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::{
    Client, Event, Handle, Info, Mode, PATIENCE, Sending, answers, call, for_ever, last_error,
    scenarios,
};

const CREATED: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED;
const CLOSING: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING;
const RESOLVING: u32 = c::WINHTTP_CALLBACK_STATUS_RESOLVING_NAME;
const RESOLVED: u32 = c::WINHTTP_CALLBACK_STATUS_NAME_RESOLVED;
const CONNECTING: u32 = c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER;
const CONNECTED: u32 = c::WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER;
const SENDING: u32 = c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST;
const SENT: u32 = c::WINHTTP_CALLBACK_STATUS_REQUEST_SENT;
const SEND_COMPLETE: u32 = c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE;
const RECEIVING: u32 = c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE;
const RECEIVED: u32 = c::WINHTTP_CALLBACK_STATUS_RESPONSE_RECEIVED;
const HEADERS: u32 = c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE;
const AVAILABLE: u32 = c::WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE;
const READ: u32 = c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE;
const WRITE: u32 = c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE;
const ERROR: u32 = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
const CLOSING_CONNECTION: u32 = c::WINHTTP_CALLBACK_STATUS_CLOSING_CONNECTION;
const CONNECTION_CLOSED: u32 = c::WINHTTP_CALLBACK_STATUS_CONNECTION_CLOSED;

/// A first exchange in the order of 5.1, for either mode.
fn first_exchange(mode: Mode) -> Vec<u32> {
    let all = [
        CREATED,
        RESOLVING,
        RESOLVED,
        CONNECTING,
        CONNECTED,
        SENDING,
        SENT,
        SEND_COMPLETE,
        RECEIVING,
        RECEIVED,
        HEADERS,
    ];
    let completions = [SEND_COMPLETE, HEADERS];
    all.into_iter()
        .filter(|status| mode == Mode::Async || !completions.contains(status))
        .collect()
}

/// The only event of this status.
fn one(events: &[Event], status: u32) -> &Event {
    let mut found = events.iter().filter(|event| event.status == status);
    let event = found.next().unwrap_or_else(|| panic!("no {status:#x}"));
    assert!(found.next().is_none(), "{status:#x} came twice");
    event
}

scenarios! {
    fn fact_5_1_a_first_request_on_a_new_connection<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = client.open_request(connect, "GET", "/status?size=10", 0).unwrap();
        client.exchange(request).unwrap();
        assert_eq!(client.recorder.statuses_of(request), first_exchange(mode));
        assert_eq!(client.recorder.statuses_of(connect), [CREATED]);
        assert_eq!(client.recorder.statuses_of(client.session), []);
        let before = client.events(request);
        assert_eq!(client.body(request).unwrap().len(), 10);
        let reads = client.recorder.statuses_of(request).split_off(before);
        match mode {
            Mode::Sync => assert_eq!(reads, []),
            Mode::Async => assert_eq!(reads, [READ, READ]),
        }
        for handle in [request, connect, client.session] {
            client.close(handle).unwrap();
            client.recorder.wait(handle, CLOSING);
        }
        client.finish();
    }

    fn fact_5_1_1_localhost_may_be_tried_twice<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let connect = client.connect("localhost", server.port()).unwrap();
        let request = client.open_request(connect, "GET", "/status", 0).unwrap();
        client.exchange(request).unwrap();
        let mut statuses = client.recorder.statuses_of(request);
        statuses.dedup();
        assert_eq!(statuses, first_exchange(mode));
        let events = client.recorder.events_of(request);
        assert_eq!(one(&events, RESOLVING).info, Info::Text("localhost".into()));
        client.finish();
    }

    fn fact_5_1_2_information_and_lengths_of_each_status<W>(mode) {
        let response = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n";
        let server = answers(format!("{response}abcdef"));
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        let body: &'static [u8] = b"optional";
        let total = u32::try_from(body.len()).unwrap();
        client.send_with(request, Sending { body, total, ..Sending::default() }).unwrap();
        client.receive(request).unwrap();
        let events = client.recorder.events_of(request);
        let address = Info::Text("127.0.0.1".into());
        for status in [RESOLVING, RESOLVED, CONNECTING, CONNECTED] {
            let event = one(&events, status);
            assert_eq!((&event.info, event.length), (&address, 9), "{status:#x}");
        }
        for status in [SENDING, RECEIVING] {
            let event = one(&events, status);
            assert_eq!((&event.info, event.length), (&Info::None, 0), "{status:#x}");
        }
        let on_the_wire = u32::try_from(server.requests()[0].raw.len() + body.len()).unwrap();
        let sent = one(&events, SENT);
        assert_eq!((&sent.info, sent.length), (&Info::Dword(on_the_wire), 4));
        let received = one(&events, RECEIVED);
        let head = u32::try_from(response.len()).unwrap();
        assert_eq!((&received.info, received.length), (&Info::Dword(head), 4));
        if mode == Mode::Async {
            let complete = one(&events, SEND_COMPLETE);
            assert_eq!((&complete.info, complete.length), (&Info::Buffer(body.as_ptr().addr()), total));
            let headers = one(&events, HEADERS);
            assert_eq!((&headers.info, headers.length), (&Info::None, 0));
            client.available(request).unwrap();
            let mut buffer = vec![0_u8; 6];
            // SAFETY: the buffer lives until the completion was waited for.
            call(unsafe {
                winhttp::WinHttpReadData::<W>(request.raw(), buffer.as_mut_ptr().cast(), 6, null_mut())
            })
            .unwrap();
            let read = client.recorder.wait(request, READ);
            assert_eq!((read.info, read.length), (Info::Buffer(buffer.as_ptr().addr()), 6));
            assert_eq!(buffer, b"abcdef");
            let available = client.recorder.wait(request, AVAILABLE);
            assert_eq!((available.info, available.length), (Info::Dword(6), 4));
        }
        client.finish();
    }

    fn send_complete_without_optional_data_has_none<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/status");
        client.exchange(request).unwrap();
        let events = client.recorder.events_of(request);
        let complete = events.iter().find(|event| event.status == SEND_COMPLETE);
        match mode {
            Mode::Sync => assert!(complete.is_none()),
            Mode::Async => {
                let complete = complete.unwrap();
                assert_eq!((&complete.info, complete.length), (&Info::None, 0));
            }
        }
        client.finish();
    }

    fn fact_5_2_4_no_word_when_only_the_response_says_close<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        for path in ["/status?size=5&close", "/status?size=5&header=Connection:close", "/until-close?size=5"] {
            let request = client.get(server.port(), path);
            client.exchange(request).unwrap();
            assert_eq!(client.body(request).unwrap().len(), 5);
            client.close(request).unwrap();
            client.recorder.wait(request, CLOSING);
        }
        let told = |event: &Event| [CLOSING_CONNECTION, CONNECTION_CLOSED].contains(&event.status);
        assert!(!client.recorder.events().iter().any(told));
        client.finish();
    }

    fn fact_5_2_6_both_sides_say_close_and_the_read_at_the_end_tells<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/status?size=5");
        client.add_headers(request, "Connection: close", c::WINHTTP_ADDREQ_FLAG_ADD).unwrap();
        client.exchange(request).unwrap();
        let before = client.events(request);
        assert_eq!(client.body(request).unwrap().len(), 5);
        let statuses = client.recorder.statuses_of(request).split_off(before);
        let mut told: Vec<u32> = statuses.iter().copied().filter(|status| *status != READ).collect();
        told.dedup();
        assert_eq!(told, [CLOSING_CONNECTION, CONNECTION_CLOSED], "{statuses:x?}");
        if mode == Mode::Async {
            let closed = statuses.iter().position(|status| *status == CONNECTION_CLOSED).unwrap();
            assert_eq!(statuses[closed + 1], READ, "before the READ_COMPLETE that reaches the end");
        }
        client.finish();
    }

    fn fact_2_13_statuses_before_a_refusal<W>(mode) {
        let refused = RefusedPort::new().unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(refused.port(), "/");
        client.send(request).unwrap_err();
        let mut expected = vec![CREATED, RESOLVING, RESOLVED, CONNECTING];
        if mode == Mode::Async {
            let error = client.recorder.wait(request, ERROR);
            assert_eq!((error.info, error.length), (Info::AsyncResult(5, c::ERROR_WINHTTP_CANNOT_CONNECT), 16));
            expected.push(ERROR);
        }
        let mut statuses = client.recorder.statuses_of(request);
        statuses.dedup();
        assert_eq!(statuses, expected);
        client.finish();
    }

    fn fact_5_7_1_over_tls_the_order_is_the_same<W>(mode) {
        let authority = Authority::new().unwrap();
        let identity = authority.issue(&IdentityOptions::default()).unwrap();
        let server = Server::tls(by_path, &identity).unwrap();
        let client = Client::<W>::new(mode);
        let request = secure_request(&client, server.port(), c::SECURITY_FLAG_IGNORE_UNKNOWN_CA);
        client.exchange(request).unwrap();
        assert_eq!(client.recorder.statuses_of(request), first_exchange(mode));
        client.finish();
    }

    fn fact_5_7_4_a_bad_certificate_is_told_and_then_fails_the_send<W>(mode) {
        let authority = Authority::new().unwrap();
        let identity = authority.issue(&IdentityOptions::default()).unwrap();
        let server = Server::tls(by_path, &identity).unwrap();
        let client = Client::<W>::new(mode);
        let request = secure_request(&client, server.port(), 0);
        assert_eq!(client.send(request), Err(c::ERROR_WINHTTP_SECURE_FAILURE));
        let mut expected =
            vec![CREATED, RESOLVING, RESOLVED, CONNECTING, CONNECTED, c::WINHTTP_CALLBACK_STATUS_SECURE_FAILURE];
        if mode == Mode::Async {
            expected.push(ERROR);
        }
        let events = client.recorder.events_of(request);
        let statuses: Vec<u32> = events.iter().map(|event| event.status).collect();
        assert_eq!(statuses, expected);
        let failure = one(&events, c::WINHTTP_CALLBACK_STATUS_SECURE_FAILURE);
        let reasons = Info::Dword(c::WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CA);
        assert_eq!((&failure.info, failure.length), (&reasons, 4));
        client.finish();
    }

    fn everything_of_a_sync_session_comes_on_the_calling_thread<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::on_callback_thread(mode);
        let request = client.get(server.port(), "/chunked?count=5");
        client.exchange(request).unwrap();
        client.body(request).unwrap();
        client.close(request).unwrap();
        client.recorder.wait(request, CLOSING);
        let here = std::thread::current().id();
        for event in client.recorder.events() {
            let on_caller = mode == Mode::Sync || event.status == CREATED;
            assert_eq!(event.thread == here, on_caller, "{event:?}");
        }
        client.finish();
    }
}

fn secure_request<W: Unit>(client: &Client<W>, port: u16, ignored: u32) -> Handle {
    let connect = client.connect("127.0.0.1", port).unwrap();
    let request = client
        .open_request(connect, "GET", "/status", c::WINHTTP_FLAG_SECURE)
        .unwrap();
    client
        .put_option(
            request,
            c::WINHTTP_OPTION_SECURITY_FLAGS,
            &ignored.to_ne_bytes(),
        )
        .unwrap();
    request
}

#[test]
fn each_async_session_has_a_callback_thread_of_its_own() {
    let server = Server::plain(by_path).unwrap();
    let clients = [
        Client::<u16>::on_callback_thread(Mode::Async),
        Client::<u16>::on_callback_thread(Mode::Async),
    ];
    // While one session's callback is inside, the other's comes all the same: they share no thread.
    let (sender, receiver) = channel::<ThreadId>();
    let receiver = Mutex::new(receiver);
    let outcome = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&outcome);
    clients[0].recorder.on(HEADERS, move |event| {
        let other = receiver.lock().unwrap().recv_timeout(PATIENCE).ok();
        *seen.lock().unwrap() = Some((event.thread, other));
    });
    clients[1]
        .recorder
        .on(HEADERS, move |event| sender.send(event.thread).unwrap());
    let requests = [0, 1].map(|index: usize| {
        let request = clients[index].get(server.port(), "/status");
        clients[index].send(request).unwrap();
        clients[index].start_receive(request).unwrap();
        request
    });
    for (client, request) in clients.iter().zip(requests) {
        client.recorder.wait(request, HEADERS);
        client.close(request).unwrap();
        client.recorder.wait(request, CLOSING);
    }
    let (first, second) = outcome.lock().unwrap().take().unwrap();
    assert_ne!(Some(first), second);
    assert!(second.is_some());
    clients.into_iter().for_each(Client::finish);
}

#[test]
fn fact_5_4_1_receive_response_may_be_called_before_the_send_is_complete() {
    fn scenario<W: Unit>() {
        for status in [SENDING, SENT, SEND_COMPLETE] {
            // Each has a connection to open.
            let server = Server::plain(by_path).unwrap();
            let client = Client::<W>::new(Mode::Async);
            let (sender, results) = channel();
            client.recorder.on(status, move |event| {
                // SAFETY: no memory is passed.
                let received =
                    unsafe { winhttp::WinHttpReceiveResponse::<W>(event.handle.raw(), null_mut()) };
                sender.send(call(received)).unwrap();
            });
            let request = client.get(server.port(), "/status");
            client.start_send(request, 0).unwrap();
            assert_eq!(results.recv_timeout(PATIENCE), Ok(Ok(())));
            client.recorder.wait(request, HEADERS);
            assert_eq!(
                client.recorder.statuses_of(request),
                first_exchange(Mode::Async)
            );
            assert_eq!(client.status_code(request), Ok(200));
            client.finish();
        }
    }
    scenario::<u16>();
    scenario::<u32>();
}

#[test]
fn a_receive_called_early_fails_when_the_send_fails() {
    let refused = RefusedPort::new().unwrap();
    let client = Client::<u16>::new(Mode::Async);
    client.recorder.on(CONNECTING, |event| {
        // SAFETY: no memory is passed.
        call(unsafe { winhttp::WinHttpReceiveResponse::<u16>(event.handle.raw(), null_mut()) })
            .unwrap();
    });
    let request = client.get(refused.port(), "/");
    client.start_send(request, 0).unwrap();
    let send = client.recorder.wait_nth(request, ERROR, 1);
    let receive = client.recorder.wait_nth(request, ERROR, 2);
    assert_eq!(
        send.info,
        Info::AsyncResult(5, c::ERROR_WINHTTP_CANNOT_CONNECT)
    );
    assert_eq!(
        receive.info,
        Info::AsyncResult(1, c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE)
    );
    client.finish();
}

#[test]
fn fact_5_4_2_and_5_5_1_receive_inside_write_complete() {
    fn scenario<W: Unit>() {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(Mode::Async);
        client.recorder.on(SEND_COMPLETE, |event| {
            let data: &'static [u8] = b"later";
            // SAFETY: the data is static.
            let written = unsafe {
                winhttp::WinHttpWriteData::<W>(
                    event.handle.raw(),
                    data.as_ptr().cast(),
                    5,
                    null_mut(),
                )
            };
            call(written).unwrap();
        });
        client.recorder.on(WRITE, |event| {
            // SAFETY: no memory is passed.
            call(unsafe { winhttp::WinHttpReceiveResponse::<W>(event.handle.raw(), null_mut()) })
                .unwrap();
        });
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = client.open_request(connect, "POST", "/body", 0).unwrap();
        client
            .start_sending(
                request,
                Sending {
                    total: 5,
                    ..Sending::default()
                },
            )
            .unwrap();
        client.recorder.wait(request, HEADERS);
        let mut expected = first_exchange(Mode::Async);
        let receiving = expected
            .iter()
            .position(|status| *status == RECEIVING)
            .unwrap();
        expected.insert(receiving, WRITE);
        assert_eq!(client.recorder.statuses_of(request), expected);
        let write = client.recorder.wait(request, WRITE);
        assert_eq!((write.info, write.length), (Info::Dword(5), 4));
        assert_eq!(client.body(request).unwrap(), b"later");
        client.finish();
    }
    scenario::<u16>();
    scenario::<u32>();
}

#[test]
fn fact_5_3_1_inline_delivery_leaves_a_last_error_of_0() {
    fn scenario<W: Unit>() {
        let server = answers("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef");
        let client = Client::<W>::inline();
        let request = client.get(server.port(), "/");
        client.exchange(request).unwrap();
        // The first call may have to wait for the body; inside its callback it is at hand, and
        // nothing is queued.
        let calls = AtomicUsize::new(0);
        let (sender, results) = channel();
        let recorder = client.recorder.clone();
        client.recorder.on(AVAILABLE, move |event| {
            if calls.fetch_add(1, Ordering::SeqCst) > 0 {
                return;
            }
            let before = recorder.events_of(event.handle).len();
            let mut count = 0xdead_beef;
            // SAFETY: the variable is written during the call.
            let done = unsafe {
                winhttp::WinHttpQueryDataAvailable::<W>(event.handle.raw(), &raw mut count)
            };
            let left = last_error();
            let told = recorder.events_of(event.handle).split_off(before);
            sender
                .send((done, left, count, told, std::thread::current().id()))
                .unwrap();
        });
        // SAFETY: no memory is passed.
        call(unsafe { winhttp::WinHttpQueryDataAvailable::<W>(request.raw(), null_mut()) })
            .unwrap();
        let (done, left, count, told, thread) = results.recv_timeout(PATIENCE).unwrap();
        assert_eq!((done, left, count), (1, 0, 6));
        let told: Vec<_> = told
            .iter()
            .map(|event| (event.status, event.thread))
            .collect();
        assert_eq!(told, [(AVAILABLE, thread)], "delivered inside the call");
        client.finish();
    }
    scenario::<u16>();
    scenario::<u32>();
}

#[test]
fn fact_5_3_1_io_pending_means_that_another_thread_delivers() {
    let server = answers("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef");
    let client = Client::<u16>::on_callback_thread(Mode::Async);
    let request = client.get(server.port(), "/");
    client.exchange(request).unwrap();
    for expected in [&b"abc"[..], b"def", b"", b""] {
        let before = client.events(request);
        let mut buffer = [0_u8; 3];
        let mut count = 0xdead_beef;
        // SAFETY: both live until the completion was waited for.
        let done = unsafe {
            winhttp::WinHttpReadData::<u16>(
                request.raw(),
                buffer.as_mut_ptr().cast(),
                3,
                &raw mut count,
            )
        };
        let left = last_error();
        assert_eq!((done, left), (1, c::ERROR_IO_PENDING));
        let event = client.recorder.wait_after(request, before, &[READ]);
        assert_ne!(event.thread, std::thread::current().id());
        assert_eq!(usize::try_from(event.length).unwrap(), expected.len());
        assert_eq!(buffer[..expected.len()], *expected);
    }
    client.finish();
}

#[test]
fn fact_5_3_5_inline_recursion_nests_and_is_bounded() {
    let server = answers(format!(
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{}",
        "x".repeat(1000)
    ));
    let client = Client::<u16>::inline();
    let request = client.get(server.port(), "/");
    client.exchange(request).unwrap();
    assert_eq!(client.available(request), Ok(1000));
    let (depth, deepest) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let buffer: &'static mut [u8] = for_ever(vec![0; 1]);
    let address = buffer.as_mut_ptr().expose_provenance();
    let (sender, finished) = channel();
    let (nesting, most) = (Arc::clone(&depth), Arc::clone(&deepest));
    client.recorder.on(READ, move |event| {
        let level = nesting.fetch_add(1, Ordering::SeqCst) + 1;
        most.fetch_max(level, Ordering::SeqCst);
        if event.length == 0 {
            sender.send(()).unwrap();
        } else {
            let buffer = std::ptr::with_exposed_provenance_mut(address);
            // SAFETY: the buffer has one byte and lives for ever.
            call(unsafe {
                winhttp::WinHttpReadData::<u16>(event.handle.raw(), buffer, 1, null_mut())
            })
            .unwrap();
        }
        nesting.fetch_sub(1, Ordering::SeqCst);
    });
    // SAFETY: as above.
    call(unsafe {
        let buffer = std::ptr::with_exposed_provenance_mut(address);
        winhttp::WinHttpReadData::<u16>(request.raw(), buffer, 1, null_mut())
    })
    .unwrap();
    finished.recv_timeout(PATIENCE).unwrap();
    let reads = client
        .recorder
        .statuses_of(request)
        .iter()
        .filter(|status| **status == READ)
        .count();
    assert_eq!(reads, 1001, "each operation completes once");
    let deepest = deepest.load(Ordering::SeqCst);
    assert!((2..128).contains(&deepest), "{deepest}");
    client.finish();
}
