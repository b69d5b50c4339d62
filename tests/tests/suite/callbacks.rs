//! Status callbacks: contexts, masks, inheritance, replacement, and what a program may do inside
//! one.

use std::ffi::c_void;
use std::ptr::{null, null_mut};
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support::schemes::both_schemes;
use winhttp_tests::support::set_dword;
use winhttp_tests::{
    Client, Handle, Info, Mode, PATIENCE, Recorder, Sending, call, for_ever, scenarios,
};

const CREATED: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED;
const CLOSING: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING;
const HEADERS: u32 = c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE;
const ALL: u32 = c::WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS;

/// An event in the sense of CreateEvent: set once, waited for with a limit.
#[derive(Clone, Default)]
struct Signal(Arc<(Mutex<bool>, Condvar)>);

impl Signal {
    fn set(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    /// Whether it was set in time.
    fn wait(&self) -> bool {
        let unset = |set: &mut bool| !*set;
        let (set, _) = self
            .0
            .1
            .wait_timeout_while(self.0.0.lock().unwrap(), PATIENCE, unset)
            .unwrap();
        *set
    }
}

/// The request has this context, and its last word carries it.
fn assert_context<W: Unit>(client: &Client<W>, request: Handle, context: usize) {
    assert_eq!(client.context(request), Ok(context));
    client.close(request).unwrap();
    assert_eq!(client.recorder.wait(request, CLOSING).context, context);
}

scenarios! {
    fn fact_1_11_contexts_are_inherited_replaced_and_kept<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        client.put_context(client.session, 0xaaaa).unwrap();
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = client.open_request(connect, "GET", "/status", 0).unwrap();
        assert_eq!((client.context(connect), client.context(request)), (Ok(0xaaaa), Ok(0xaaaa)));

        // Later changes of the parent do not reach the children.
        client.put_context(client.session, 0xbbbb).unwrap();
        assert_eq!((client.context(connect), client.context(request)), (Ok(0xaaaa), Ok(0xaaaa)));

        client.put_context(request, 0xcccc).unwrap();
        client.send_with(request, Sending { context: 0xdddd, ..Sending::default() }).unwrap();
        assert_eq!(client.context(request), Ok(0xdddd));
        client.receive(request).unwrap();
        client.send_with(request, Sending { context: 0, ..Sending::default() }).unwrap();
        assert_eq!(client.context(request), Ok(0xdddd));
        let during_send = client.recorder.events_of(request).into_iter().filter(|event| event.status != CREATED);
        assert!(during_send.into_iter().all(|event| event.context == 0xdddd));
        client.finish();
    }

    fn fact_35_3_the_context_of_a_send_that_fails_at_once_is_stored<W>(mode) {
        let server = Server::silent().unwrap();
        let client = Client::<W>::new(mode);
        client.put_context(client.session, 0xaaaa).unwrap();
        let malformed = Sending { headers: Some("no colon"), ..Sending::default() };
        let short = Sending { body: b"hello", total: 3, ..Sending::default() };
        let contradicts = Sending { headers: Some("Content-Length: 5"), total: 6, ..Sending::default() };
        for (context, sending) in (0x1111..).zip([malformed, short, contradicts]) {
            let request = client.get(server.port(), "/");
            let refused = client.start_sending(request, Sending { context, ..sending });
            assert_eq!(refused, Err(c::ERROR_INVALID_PARAMETER), "{sending:?}");
            assert_context(&client, request, context);
        }
        // A lone surrogate: no text that could be looked at.
        let request = client.get(server.port(), "/");
        let headers = [0x61, 0xd834, 0].map(|unit| W::narrow(unit));
        let (raw, headers) = (request.raw(), headers.as_ptr());
        // SAFETY: the text lives through the call.
        let sent = unsafe { winhttp::WinHttpSendRequest::<W>(raw, headers, u32::MAX, null(), 0, 0, 0x2222) };
        assert_eq!(call(sent), Err(c::ERROR_INVALID_PARAMETER));
        assert_context(&client, request, 0x2222);
        // An operation is pending.
        if mode == Mode::Async {
            let request = client.get(server.port(), "/");
            client.start_send(request, 0).unwrap();
            client.start_receive(request).unwrap();
            assert_eq!(client.start_send(request, 0x3333), Err(c::ERROR_INVALID_OPERATION));
            assert_context(&client, request, 0x3333);
        }
        // 0 leaves the one before.
        let request = client.get(server.port(), "/");
        client.start_sending(request, malformed).unwrap_err();
        assert_context(&client, request, 0xaaaa);
        client.finish();
    }

    fn fact_1_11_the_web_sockets_context_is_its_own_and_can_be_set_later<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        client.put_context(client.session, 0xaaaa).unwrap();
        let contexts = [0x1111, 0].map(|context| {
            let request = client.web_socket_request(server.port(), "/idle");
            client.exchange(request).unwrap();
            let websocket = client.complete_upgrade(request, context).unwrap();
            let first = client.context(websocket);
            client.put_context(websocket, 0x2222).unwrap();
            assert_eq!(client.context(websocket), Ok(0x2222));
            assert_eq!(client.context(request), Ok(0xaaaa));
            client.close(websocket).unwrap();
            assert_eq!(client.recorder.wait(websocket, CLOSING).context, 0x2222);
            first
        });
        assert_eq!(contexts, [Ok(0x1111), Ok(0)]);
        client.finish();
    }

    /// The leg of a redirect: `later_legs.rs`.
    fn fact_35_5_what_is_changed_in_sending_request_is_for_the_next_leg<W>(mode) {
        for place in both_schemes(by_path) {
            let client = Client::<W>::new(mode);
            let request = place.request(&client, "GET", "/status?size=1");
            let (sender, changed) = channel();
            client.recorder.on(c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST, move |event| {
                let header = winhttp_tests::text::<W>("X-Late: here");
                let (raw, flags) = (event.handle.raw(), c::WINHTTP_ADDREQ_FLAG_ADD);
                // SAFETY: the text lives through the call.
                let added = call(unsafe {
                    winhttp::WinHttpAddRequestHeaders::<W>(raw, header.as_ptr(), u32::MAX, flags)
                });
                let feature = c::WINHTTP_OPTION_DISABLE_FEATURE;
                let set = set_dword::<W>(event.handle, feature, c::WINHTTP_DISABLE_KEEP_ALIVE);
                sender.send((added, set)).unwrap();
            });
            for late in 0..2 {
                client.exchange(request).unwrap();
                assert_eq!(client.body(request).unwrap().len(), 1);
                assert_eq!(changed.try_recv(), Ok((Ok(()), Ok(()))));
                let head = &place.server.requests()[late];
                assert_eq!(head.values("X-Late").count(), late, "{head:?}");
                assert_eq!(head.header("Connection") == Some("close"), late == 1, "{head:?}");
            }
            client.finish();
        }
    }

    fn expectation_3_a_context_of_0_is_delivered_as_0<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/status");
        client.exchange(request).unwrap();
        client.close(request).unwrap();
        client.recorder.wait(request, CLOSING);
        assert!(client.recorder.events().iter().all(|event| event.context == 0));
        client.finish();
    }

    fn fact_1_12_function_and_mask_are_inherited_at_creation<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let own = client.recorder.callback::<W>();
        client.set_callback(client.session, Some(own), c::WINHTTP_CALLBACK_FLAG_SEND_REQUEST).unwrap();
        let early = client.connect("127.0.0.1", server.port()).unwrap();
        // Does not reach the connect that exists.
        client.set_callback(client.session, Some(own), ALL).unwrap();
        let request = client.open_request(early, "GET", "/status", 0).unwrap();
        exchange_silently(&client, request);
        let selected = [c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST, c::WINHTTP_CALLBACK_STATUS_REQUEST_SENT];
        assert_eq!(client.recorder.statuses_of(request), selected);
        assert_eq!(client.recorder.statuses_of(early), []);
        for handle in [request, early, client.session] {
            client.close(handle).unwrap();
        }
        client.recorder.wait(client.session, CLOSING);
        assert_eq!(client.recorder.statuses_of(request), selected);
        client.recorder.retire();
    }

    fn a_mask_selects_exactly_its_statuses<W>(mode) {
        let flags = [
            (c::WINHTTP_CALLBACK_FLAG_RESOLVE_NAME, 2),
            (c::WINHTTP_CALLBACK_FLAG_CONNECT_TO_SERVER, 2),
            (c::WINHTTP_CALLBACK_FLAG_SEND_REQUEST, 2),
            (c::WINHTTP_CALLBACK_FLAG_RECEIVE_RESPONSE, 2),
            (c::WINHTTP_CALLBACK_FLAG_HANDLES, 1),
            (c::WINHTTP_CALLBACK_STATUS_REQUEST_SENT, 1),
            (0, 0),
        ];
        for (flag, count) in flags {
            // Each has a connection to open.
            let server = Server::plain(by_path).unwrap();
            let client = Client::<W>::new(mode);
            let request = client.get(server.port(), "/status");
            client.set_callback(request, Some(client.recorder.callback::<W>()), flag).unwrap();
            exchange_silently(&client, request);
            for handle in [request, client.recorder.events()[0].handle, client.session] {
                client.close(handle).unwrap();
            }
            // The session hears everything; once its last word came the request's is long past.
            client.recorder.wait(client.session, CLOSING);
            let events = client.recorder.events_of(request);
            let (created, selected) = events.split_first().unwrap();
            assert_eq!(created.status, CREATED);
            assert_eq!(selected.len(), count, "{flag:#x}: {selected:#?}");
            assert!(selected.iter().all(|event| event.status & flag != 0), "{flag:#x}: {selected:#?}");
            client.recorder.retire();
        }
    }

    fn set_status_callback_returns_the_function_before<W>(mode) {
        let client = Client::<W>::new(mode);
        let other = Recorder::new();
        let [own, second] = [client.recorder.callback::<W>(), other.callback::<W>()];
        let address = |callback: winhttp_tests::Callback| (callback as *const c_void).addr();
        let connect = client.connect("localhost", 1).unwrap();
        assert_eq!(client.set_callback(connect, Some(second), ALL), Ok(address(own)));
        assert_eq!(client.set_callback(connect, None, 0), Ok(address(second)));
        assert_eq!(client.set_callback(connect, None, 0), Ok(0));
        assert_eq!(client.set_callback(Handle::NULL, Some(own), ALL), Err(c::ERROR_INVALID_HANDLE));
        assert_eq!(client.set_callback(connect, Some(own), ALL), Ok(0));
        client.finish();
        other.retire();
    }

    fn expectation_3_another_callback_on_the_web_socket_replaces_it_there_only<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let other = Recorder::new();
        let request = client.web_socket_request(server.port(), "/echo");
        client.exchange(request).unwrap();
        let websocket = client.complete_upgrade(request, 0).unwrap();
        client.set_callback(websocket, Some(other.callback::<W>()), ALL).unwrap();
        client.close(request).unwrap();
        client.recorder.wait(request, CLOSING);
        client.close(websocket).unwrap();
        other.wait(websocket, CLOSING);
        assert_eq!(client.recorder.statuses_of(websocket), [CREATED]);
        assert_eq!(other.statuses_of(websocket), [CLOSING]);
        assert_eq!(other.events().len(), 1);
        for handle in [client.recorder.events()[0].handle, client.session] {
            client.close(handle).unwrap();
            client.recorder.wait(handle, CLOSING);
        }
        client.recorder.retire();
        other.retire();
    }

    fn expectation_5_any_function_may_be_called_on_any_handle_inside_a_callback<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let inner = Arc::new(Client::<W>::new(Mode::Sync));
        let port = server.port();
        let request = client.get(port, "/headers");
        let (sender, results) = channel();
        let called = Arc::clone(&inner);
        client.recorder.on(c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST, move |event| {
            // A whole synchronous exchange on another session, on this thread.
            let other = called.get(port, "/status?body=inner");
            called.exchange(other).unwrap();
            let body = called.body(other).unwrap();
            called.close(other).unwrap();
            // And the handle the callback is for.
            let context = called.put_context(event.handle, 3).and_then(|()| called.context(event.handle));
            let agent = called.query(
                event.handle,
                c::WINHTTP_QUERY_USER_AGENT | c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS,
                None,
            );
            let removed = called.set_callback(event.handle, None, 0);
            sender.send((body, context, agent, removed.is_ok())).unwrap();
        });
        exchange_silently(&client, request);
        let (body, context, agent, removed) = results.recv_timeout(PATIENCE).unwrap();
        assert_eq!((body.as_slice(), context, removed), (&b"inner"[..], Ok(3), true));
        assert_eq!(agent, Ok("winhttp-tests".to_owned()));
        // Without a callback nothing more was told.
        let statuses = client.recorder.statuses_of(request);
        assert_eq!(statuses.last(), Some(&c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST));
        for handle in [request, client.recorder.events()[0].handle, client.session] {
            client.close(handle).unwrap();
        }
        client.recorder.wait(client.session, CLOSING);
        client.recorder.retire(); // forgets the hook, which uses the inner client
        Arc::into_inner(inner).unwrap().finish();
    }
}

/// An exchange whose completions nobody hears: waits by asking.
fn exchange_silently<W: Unit>(client: &Client<W>, request: Handle) {
    client.start_send(request, 0).unwrap();
    if client.mode == Mode::Sync {
        return client.start_receive(request).unwrap();
    }
    // Accepted while the send runs, or right behind it.
    client.start_receive(request).unwrap();
    let deadline = std::time::Instant::now() + PATIENCE;
    while client.status_code(request).is_err() {
        assert!(
            std::time::Instant::now() < deadline,
            "the silent exchange never ended"
        );
        std::thread::yield_now();
    }
}

#[test]
fn without_a_callback_asynchronous_operations_complete_silently() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<u16>::new(Mode::Async);
    let request = client.get(server.port(), "/status");
    client.set_callback(request, None, 0).unwrap();
    exchange_silently(&client, request);
    assert_eq!(client.recorder.statuses_of(request), [CREATED]);
    // Set again, it hears again.
    client
        .set_callback(request, Some(client.recorder.callback::<u16>()), ALL)
        .unwrap();
    client.exchange(request).unwrap();
    client.finish();
}

#[test]
fn a_callback_set_while_an_operation_waits_gets_its_completion() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<u32>::on_callback_thread(Mode::Async);
    let other = Recorder::new();
    let request = client.get(server.port(), "/stall?name=replaced");
    client.send(request).unwrap();
    client.start_receive(request).unwrap();
    client
        .recorder
        .wait(request, c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE);
    client
        .set_callback(request, Some(other.callback::<u32>()), ALL)
        .unwrap();
    server.release("replaced").unwrap();
    other.wait(request, HEADERS);
    assert!(!client.recorder.statuses_of(request).contains(&HEADERS));
    client.close(request).unwrap();
    other.wait(request, CLOSING);
    for handle in [client.recorder.events()[0].handle, client.session] {
        client.close(handle).unwrap();
        client.recorder.wait(handle, CLOSING);
    }
    client.recorder.retire();
    other.retire();
}

#[test]
fn expectation_1_a_web_socket_can_be_taken_over_inside_headers_available() {
    fn scenario<W: Unit>() {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(Mode::Async);
        let sockets = Recorder::new();
        let buffer: &'static mut [u8] = for_ever(vec![0; 64]);
        let address = buffer.as_mut_ptr().expose_provenance();
        let callback = sockets.callback::<W>();
        let (sender, opened) = channel();
        client.recorder.on(HEADERS, move |event| {
            let request = event.handle.raw();
            // SAFETY: no memory is passed.
            let websocket = unsafe { winhttp::WinHttpWebSocketCompleteUpgrade::<W>(request, 0x55) };
            assert!(!websocket.is_null());
            // SAFETY: as above.
            call(unsafe { winhttp::WinHttpCloseHandle::<W>(request) }).unwrap();
            // SAFETY: the callback lives as long as the process.
            unsafe { winhttp::WinHttpSetStatusCallback::<W>(websocket, Some(callback), ALL, 0) };
            let buffer = std::ptr::with_exposed_provenance_mut(address);
            // SAFETY: the buffer has 64 bytes and lives for ever.
            let code = unsafe {
                winhttp::WinHttpWebSocketReceive::<W>(websocket, buffer, 64, null_mut(), null_mut())
            };
            sender.send((Handle::from(websocket), code)).unwrap();
        });
        let request = client.web_socket_request(server.port(), "/greeting");
        client.send(request).unwrap();
        client.start_receive(request).unwrap();
        let (websocket, code) = opened.recv_timeout(PATIENCE).unwrap();
        assert_eq!(code, 0);
        let read = sockets.wait(websocket, c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE);
        let greeting = Info::WebSocketStatus(5, c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE);
        assert_eq!((read.info, read.length, read.context), (greeting, 8, 0x55));
        client.recorder.wait(request, CLOSING);
        assert_eq!(client.recorder.statuses_of(request).last(), Some(&CLOSING));
        client.close(websocket).unwrap();
        sockets.wait(websocket, CLOSING);
        assert_eq!(buffer[..5], *b"hello");
        for handle in [client.recorder.events()[0].handle, client.session] {
            client.close(handle).unwrap();
            client.recorder.wait(handle, CLOSING);
        }
        client.recorder.retire();
        sockets.retire();
    }
    scenario::<u16>();
    scenario::<u32>();
}

#[test]
fn expectation_6_a_blocked_callback_does_not_stall_another_request_of_the_session() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<u16>::on_callback_thread(Mode::Async);
    let [first, second] = [0, 1].map(|_| client.get(server.port(), "/status"));
    let (blocked, awaited) = (Signal::default(), Signal::default());
    let (entered, other_ran) = (blocked.clone(), awaited.clone());
    let (sender, outcome) = channel();
    client.recorder.on(HEADERS, move |event| {
        if event.handle == first {
            entered.set();
            sender.send(other_ran.wait()).unwrap();
        } else {
            other_ran.set();
        }
    });
    client.send(first).unwrap();
    client.start_receive(first).unwrap();
    assert!(blocked.wait());
    client.send(second).unwrap();
    client.receive(second).unwrap();
    assert!(
        outcome.recv_timeout(PATIENCE).unwrap(),
        "the second request's callback never came"
    );
    let threads = [first, second].map(|request| client.recorder.wait(request, HEADERS).thread);
    assert_ne!(threads[0], threads[1]);
    client.finish();
}

#[test]
fn expectation_6_a_web_sockets_callback_may_wait_for_another_web_sockets_callback() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<u32>::new(Mode::Async);
    let [first, second] = [0, 1].map(|_| client.web_socket(server.port(), "/echo"));
    let awaited = Signal::default();
    let other_ran = awaited.clone();
    let (sender, outcome) = channel();
    client
        .recorder
        .on(c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE, move |event| {
            if event.handle == first {
                sender.send(other_ran.wait()).unwrap();
            } else {
                other_ran.set();
            }
        });
    let binary = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
    // Both echoes arrive, in whatever order; the first one's callback blocks until the second one's
    // ran. The sends are not waited for: a handle's completions queue behind its own blocked
    // callback.
    for websocket in [first, second] {
        let buffer: &'static mut [u8] = for_ever(vec![0; 16]);
        // SAFETY: the buffer lives for ever.
        let code = unsafe {
            winhttp::WinHttpWebSocketReceive::<u32>(
                websocket.raw(),
                buffer.as_mut_ptr().cast(),
                16,
                null_mut(),
                null_mut(),
            )
        };
        assert_eq!(code, 0);
        // SAFETY: the data is static.
        let code = unsafe {
            winhttp::WinHttpWebSocketSend::<u32>(
                websocket.raw(),
                binary,
                b"wake".as_ptr().cast(),
                4,
            )
        };
        assert_eq!(code, 0);
    }
    assert!(
        outcome.recv_timeout(PATIENCE).unwrap(),
        "the second socket's callback never came"
    );
    client.finish();
}

#[test]
fn rule_10_callbacks_of_one_handle_never_run_at_the_same_time() {
    let server = Server::plain(by_path).unwrap();
    // Delivered inside calls they may: each call tells what it ends, whatever runs elsewhere.
    let client = Client::<u16>::on_callback_thread(Mode::Async);
    let request = client.get(server.port(), "/chunked?count=200&size=100");
    let inside = Arc::new(Mutex::new(()));
    for status in [
        c::WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE,
        c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE,
        HEADERS,
        CLOSING,
    ] {
        let inside = Arc::clone(&inside);
        client.recorder.on(status, move |event| {
            if event.handle == request {
                // Fails if another thread, or this one further up, is in here.
                let _alone = inside.try_lock().expect("two callbacks at once");
                std::thread::yield_now();
            }
        });
    }
    client.exchange(request).unwrap();
    while client.available(request).unwrap() > 0 {
        client.read(request, 64).unwrap();
    }
    client.finish();
}

#[test]
fn a_null_callback_on_a_session_is_inherited_too() {
    let server = Server::plain(by_path).unwrap();
    let session = Client::<u16>::open(Mode::Sync);
    let client = Client::<u16>::new(Mode::Sync);
    let host = winhttp_tests::text::<u16>("127.0.0.1");
    // SAFETY: the texts live through the calls.
    let connect =
        unsafe { winhttp::WinHttpConnect::<u16>(session.raw(), host.as_ptr(), server.port(), 0) };
    // SAFETY: as above.
    let request = unsafe {
        winhttp::WinHttpOpenRequest::<u16>(connect, null(), null(), null(), null(), null(), 0)
    };
    for handle in [request, connect] {
        assert_eq!(client.set_callback(Handle::from(handle), None, 0), Ok(0));
        client.close(handle.into()).unwrap();
    }
    client.close(session).unwrap();
    client.finish();
}
