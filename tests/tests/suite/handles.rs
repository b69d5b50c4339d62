//! Handles: the last error they leave, bad and wrong handles, and how long they live.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use winhttp::SetLastError;
use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::{Client, Handle, Info, Mode, last_error, scenarios, text};

/// A value no function leaves behind.
const STALE: u32 = 0xdead_beef;

type Probe = (&'static str, fn(*mut c_void) -> u32, &'static [Kind]);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Session,
    Connect,
    Request,
    WebSocket,
}

/// The error of a BOOL, HINTERNET or pointer result.
fn of_last_error(failed: bool) -> u32 {
    if failed { last_error() } else { 0 }
}

#[expect(clippy::too_many_lines, reason = "a table with a row per function")]
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "the same for all: every pointer is NULL, which each function has to cope with"
)]
/// Every function that takes a handle, called with that handle and NULL or 0 otherwise; and the
/// kinds it takes.
fn probes<W: Unit>() -> Vec<Probe> {
    use Kind::{Connect, Request, Session, WebSocket};
    const ANY: &[Kind] = &[Session, Connect, Request, WebSocket];
    vec![
        (
            "Connect",
            |h| of_last_error(unsafe { winhttp::WinHttpConnect::<W>(h, null(), 0, 0) }.is_null()),
            &[Session],
        ),
        (
            "OpenRequest",
            |h| {
                of_last_error(
                    unsafe {
                        winhttp::WinHttpOpenRequest::<W>(
                            h,
                            null(),
                            null(),
                            null(),
                            null(),
                            null(),
                            0x8000,
                        )
                    }
                    .is_null(),
                )
            },
            &[Connect],
        ),
        (
            "SetOption",
            |h| {
                let option = c::WINHTTP_OPTION_CONTEXT_VALUE;
                of_last_error(
                    unsafe { winhttp::WinHttpSetOption::<W>(h, option, null_mut(), 0) } == 0,
                )
            },
            ANY,
        ),
        (
            "QueryOption",
            |h| {
                let option = c::WINHTTP_OPTION_CONTEXT_VALUE;
                of_last_error(
                    unsafe { winhttp::WinHttpQueryOption::<W>(h, option, null_mut(), null_mut()) }
                        == 0,
                )
            },
            ANY,
        ),
        (
            "SetTimeouts",
            |h| of_last_error(unsafe { winhttp::WinHttpSetTimeouts::<W>(h, 0, 0, 0, 0) } == 0),
            &[Session, Request],
        ),
        (
            "AddRequestHeaders",
            |h| {
                of_last_error(
                    unsafe { winhttp::WinHttpAddRequestHeaders::<W>(h, null(), 0, 0) } == 0,
                )
            },
            &[Request],
        ),
        (
            "AddRequestHeadersEx",
            |h| unsafe { winhttp::WinHttpAddRequestHeadersEx::<W>(h, 0, 0, 1, 1, null()) },
            &[Request],
        ),
        (
            "SendRequest",
            |h| {
                of_last_error(
                    unsafe { winhttp::WinHttpSendRequest::<W>(h, null(), 0, null(), 0, 0, 0) } == 0,
                )
            },
            &[Request],
        ),
        (
            "WriteData",
            |h| {
                of_last_error(
                    unsafe { winhttp::WinHttpWriteData::<W>(h, null(), 1, null_mut()) } == 0,
                )
            },
            &[Request],
        ),
        (
            "ReceiveResponse",
            |h| of_last_error(unsafe { winhttp::WinHttpReceiveResponse::<W>(h, null_mut()) } == 0),
            &[Request],
        ),
        (
            "QueryDataAvailable",
            |h| {
                of_last_error(
                    unsafe { winhttp::WinHttpQueryDataAvailable::<W>(h, null_mut()) } == 0,
                )
            },
            &[Request],
        ),
        (
            "ReadData",
            |h| {
                of_last_error(
                    unsafe { winhttp::WinHttpReadData::<W>(h, null_mut(), 1, null_mut()) } == 0,
                )
            },
            &[Request],
        ),
        (
            "ReadDataEx",
            |h| unsafe {
                winhttp::WinHttpReadDataEx::<W>(h, null_mut(), 1, null_mut(), 0xff, 1, null_mut())
            },
            &[Request],
        ),
        (
            "QueryHeaders",
            |h| {
                of_last_error(
                    unsafe {
                        winhttp::WinHttpQueryHeaders::<W>(
                            h,
                            0xffff,
                            null(),
                            null_mut(),
                            null_mut(),
                            null_mut(),
                        )
                    } == 0,
                )
            },
            &[Request],
        ),
        (
            "QueryHeadersEx",
            |h| unsafe {
                winhttp::WinHttpQueryHeadersEx::<W>(
                    h,
                    0xffff,
                    1,
                    0,
                    null_mut(),
                    null(),
                    null_mut(),
                    null_mut(),
                    null_mut(),
                    null_mut(),
                )
            },
            &[Request],
        ),
        (
            "WebSocketCompleteUpgrade",
            |h| {
                of_last_error(
                    unsafe { winhttp::WinHttpWebSocketCompleteUpgrade::<W>(h, 0) }.is_null(),
                )
            },
            &[Request],
        ),
        (
            "WebSocketSend",
            |h| unsafe { winhttp::WinHttpWebSocketSend::<W>(h, 99, null(), 1) },
            &[WebSocket],
        ),
        (
            "WebSocketReceive",
            |h| unsafe {
                winhttp::WinHttpWebSocketReceive::<W>(h, null_mut(), 0, null_mut(), null_mut())
            },
            &[WebSocket],
        ),
        (
            "WebSocketShutdown",
            |h| unsafe { winhttp::WinHttpWebSocketShutdown::<W>(h, 0, null(), 1) },
            &[WebSocket],
        ),
        (
            "WebSocketClose",
            |h| unsafe { winhttp::WinHttpWebSocketClose::<W>(h, 0, null(), 1) },
            &[WebSocket],
        ),
        (
            "WebSocketQueryCloseStatus",
            |h| unsafe {
                winhttp::WinHttpWebSocketQueryCloseStatus::<W>(
                    h,
                    null_mut(),
                    null_mut(),
                    1,
                    null_mut(),
                )
            },
            &[WebSocket],
        ),
    ]
}

scenarios! {
    fn fact_1_1_success_sets_the_last_error_to_0<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let after = |what: &str, done: bool| {
            assert!(done, "{what}: {}", last_error());
            assert_eq!(last_error(), 0, "{what}");
            SetLastError(STALE);
        };
        SetLastError(STALE);
        let session = Client::<W>::open(mode);
        after("WinHttpOpen", session != Handle::NULL);
        after("WinHttpCloseHandle", client.close(session).is_ok());
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        after("WinHttpConnect", true);
        let request = client.open_request(connect, "GET", "/status?size=3", 0).unwrap();
        after("WinHttpOpenRequest", true);
        // SAFETY: no memory is passed.
        let done = unsafe { winhttp::WinHttpSetTimeouts::<W>(request.raw(), 0, 60_000, 30_000, 30_000) };
        after("WinHttpSetTimeouts", done != 0);
        let flags = c::WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS;
        after("WinHttpSetStatusCallback", client.set_callback(request, Some(client.recorder.callback::<W>()), flags).is_ok());
        after("WinHttpAddRequestHeaders", client.add_headers(request, "X-A: b", c::WINHTTP_ADDREQ_FLAG_ADD).is_ok());
        after("WinHttpSetOption", client.put_context(request, 5).is_ok());
        after("WinHttpQueryOption", client.context(request) == Ok(5));
        after("WinHttpSendRequest", client.send(request).is_ok());
        after("WinHttpReceiveResponse", client.receive(request).is_ok());
        after("WinHttpQueryHeaders", client.status_code(request) == Ok(200));
        if mode == Mode::Sync {
            after("WinHttpQueryDataAvailable", client.available(request) == Ok(3));
            after("WinHttpReadData", client.read(request, 3) == Ok(vec![0, 1, 2]));
        }
        after("WinHttpCloseHandle", client.close(request).is_ok());
        client.finish();
    }

    fn fact_1_2_a_bad_handle_is_found_before_anything_else<W>(mode) {
        let client = Client::<W>::new(mode);
        let closed = client.connect("localhost", 1).unwrap();
        client.close(closed).unwrap();
        let open = client.connect("localhost", 1).unwrap();
        let pointer = &raw const open;
        let bad = [
            Handle::NULL,
            closed,
            Handle(pointer.addr()),
            Handle(1),
            Handle(2),
            Handle(0xffff),
            Handle(usize::MAX),
            Handle(usize::MAX >> 1),
            Handle(open.0 ^ (1 << 63)),
            Handle(open.0.wrapping_add(1 << 32)),
        ];
        for (name, probe, _) in probes::<W>() {
            for handle in bad {
                SetLastError(STALE);
                assert_eq!(probe(handle.raw()), c::ERROR_INVALID_HANDLE, "{name} of {handle:?}");
            }
        }
        for handle in bad {
            assert_eq!(client.close(handle), Err(c::ERROR_INVALID_HANDLE), "{handle:?}");
            assert_eq!(client.set_callback(handle, None, 0), Err(c::ERROR_INVALID_HANDLE), "{handle:?}");
        }
        client.finish();
    }

    fn fact_1_2_outputs_stay_untouched_for_a_closed_handle<W>(mode) {
        let client = Client::<W>::new(mode);
        let request = client.get(1, "/");
        client.close(request).unwrap();
        let answer = client.ask(request, c::WINHTTP_QUERY_STATUS_CODE, None, Some(64), Some(7));
        assert_eq!((answer.result, answer.length, answer.index), (Err(c::ERROR_INVALID_HANDLE), 64, 7));
        assert!(answer.is_untouched());
        let mut count = STALE;
        // SAFETY: the variable lives through the call.
        let done = unsafe { winhttp::WinHttpQueryDataAvailable::<W>(request.raw(), &raw mut count) };
        assert_eq!((done, last_error(), count), (0, c::ERROR_INVALID_HANDLE, STALE));
        client.finish();
    }

    fn fact_1_3_a_handle_of_another_kind_is_refused_as_such<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = client.open_request(connect, "GET", "/", 0).unwrap();
        let websocket = client.web_socket(server.port(), "/idle");
        let handles = [
            (Kind::Session, client.session),
            (Kind::Connect, connect),
            (Kind::Request, request),
            (Kind::WebSocket, websocket),
        ];
        for (name, probe, kinds) in probes::<W>() {
            for (kind, handle) in handles {
                if !kinds.contains(&kind) {
                    let wrong = c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE;
                    assert_eq!(probe(handle.raw()), wrong, "{name} of a {kind:?}");
                }
            }
        }
        client.finish();
    }

    fn fact_1_4_a_handle_can_be_closed_once<W>(mode) {
        let client = Client::<W>::new(mode);
        let connect = client.connect("localhost", 1).unwrap();
        client.close(connect).unwrap();
        assert_eq!(client.close(connect), Err(c::ERROR_INVALID_HANDLE));
        assert_eq!(client.connect("localhost", 1).map(|second| second == connect), Ok(false));
        client.finish(); // counts the notifications
    }

    fn fact_1_5_connect_takes_any_name_but_null<W>(mode) {
        let client = Client::<W>::new(mode);
        // SAFETY: NULL is what is tested.
        let connect = unsafe { winhttp::WinHttpConnect::<W>(client.session.raw(), null(), 80, 0) };
        assert_eq!((connect.is_null(), last_error()), (true, c::ERROR_INVALID_PARAMETER));
        assert!(client.connect("no-such-host.invalid", 0).is_ok());
        assert!(client.connect("::1", 80).is_ok());
        client.finish();
    }

    fn fact_1_6_verb_path_and_version_have_defaults<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let empty = text::<W>("");
        let mut expected = Vec::new();
        for pointer in [null(), empty.as_ptr()] {
            // SAFETY: the text lives through the call.
            let request = unsafe {
                winhttp::WinHttpOpenRequest::<W>(connect.raw(), pointer, pointer, pointer, null(), null(), 0)
            };
            client.exchange(Handle::from(request)).unwrap();
            expected.push("GET / HTTP/1.1");
        }
        for (path, line) in [("tests/post.php", "GET /tests/post.php HTTP/1.1"), ("big", "GET /big HTTP/1.1")] {
            client.exchange(client.open_request(connect, "GET", path, 0).unwrap()).unwrap();
            expected.push(line);
        }
        let lines: Vec<String> =
            server.requests().iter().map(|request| request.text().lines().next().unwrap().to_owned()).collect();
        assert_eq!(lines, expected);
        client.finish();
    }

    fn fact_1_7_children_live_on_without_their_parents<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = client.open_request(connect, "GET", "/status?body=alive", 0).unwrap();
        let websocket = client.web_socket(server.port(), "/echo");
        client.close(connect).unwrap();
        client.close(client.session).unwrap();
        assert_eq!(client.connect("localhost", 1), Err(c::ERROR_INVALID_HANDLE));
        client.exchange(request).unwrap();
        assert_eq!(client.status_code(request), Ok(200));
        assert_eq!(client.body(request).unwrap(), b"alive");
        assert!(client.get_option(request, c::WINHTTP_OPTION_URL).is_ok());
        let binary = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
        client.ws_send(websocket, binary, b"still here").unwrap();
        assert_eq!(client.ws_message(websocket), Ok((b"still here".to_vec(), binary)));
        client.finish();
    }

    fn fact_1_8_handle_created_comes_once_on_the_caller_with_the_inherited_context<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        client.put_context(client.session, 0x1234).unwrap();
        let (sender, contexts) = std::sync::mpsc::channel();
        client.recorder.on(c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED, move |event| {
            let mut context = 0_usize;
            let mut length = 8;
            // SAFETY: both variables live through the call.
            let done = unsafe {
                winhttp::WinHttpQueryOption::<W>(
                    event.handle.raw(),
                    c::WINHTTP_OPTION_CONTEXT_VALUE,
                    (&raw mut context).cast(),
                    &raw mut length,
                )
            };
            sender.send((done, context)).unwrap();
        });
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = client.open_request(connect, "GET", "/echo", 0).unwrap();
        // SAFETY: no memory is passed.
        let upgrade = unsafe {
            winhttp::WinHttpSetOption::<W>(request.raw(), c::WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET, null_mut(), 0)
        };
        assert_ne!(upgrade, 0);
        client.exchange(request).unwrap();
        let websocket = client.complete_upgrade(request, 0x77).unwrap();
        for handle in [connect, request, websocket] {
            let events = client.recorder.events_of(handle);
            let created: Vec<_> = events
                .iter()
                .filter(|event| event.status == c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED)
                .collect();
            assert_eq!(created.len(), 1);
            assert_eq!(events[0].status, c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED);
            assert_eq!((&created[0].info, created[0].length), (&Info::Handle(handle.0), 8));
            assert_eq!(created[0].thread, std::thread::current().id());
        }
        let contexts: Vec<_> = contexts.try_iter().collect();
        assert_eq!(contexts, [(1, 0x1234), (1, 0x1234), (1, 0x77)]);
        client.finish();
    }

    fn expectation_7_a_recycled_slot_never_answers_to_an_old_handle<W>(mode) {
        let session = Client::<W>::open(mode);
        let client = Client::<W>::new(mode);
        let mut seen = std::collections::HashSet::new();
        let silent = |server: &str| {
            let server = text::<W>(server);
            // SAFETY: the text lives through the call.
            Handle::from(unsafe { winhttp::WinHttpConnect::<W>(session.raw(), server.as_ptr(), 80, 0) })
        };
        let first = silent("first");
        client.close(first).unwrap();
        for _ in 0..5000 {
            let next = silent("next");
            assert!(seen.insert(next), "{next:?} was given twice");
            assert_ne!(next, first);
            assert_eq!(client.close(first), Err(c::ERROR_INVALID_HANDLE));
            client.close(next).unwrap();
        }
        client.close(session).unwrap();
        client.finish();
    }

    fn expectation_34_failure_sets_errno_to_the_same_number<W>(mode) {
        let client = Client::<W>::new(mode);
        assert!(client.close(Handle::NULL).is_err());
        assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(6));
        // SAFETY: NULL is what is tested.
        let code = unsafe { winhttp::WinHttpWebSocketSend::<W>(null_mut(), 0, null(), 0) };
        assert_eq!(std::io::Error::last_os_error().raw_os_error().map(i64::from), Some(i64::from(code)));
        let connect = client.connect("127.0.0.1", 1).unwrap();
        let (verb, path) = (text::<W>("G T"), text::<W>("/"));
        // SAFETY: the texts live through the call.
        let request = unsafe {
            winhttp::WinHttpOpenRequest::<W>(connect.raw(), verb.as_ptr(), path.as_ptr(), null(), null(), null(), 0)
        };
        assert!(request.is_null());
        assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(87));
        client.finish();
    }
}

#[test]
fn port_0_is_the_default_of_the_scheme() {
    let client = Client::<u16>::new(Mode::Sync);
    let connect = client.connect("localhost", 0).unwrap();
    for (flags, url) in [
        (0, "http://localhost/a"),
        (c::WINHTTP_FLAG_SECURE, "https://localhost/a"),
    ] {
        let request = client.open_request(connect, "GET", "/a", flags).unwrap();
        let mut units = vec![0_u16; 64];
        let mut length = 128;
        // SAFETY: buffer and length live through the call.
        let done = unsafe {
            winhttp::WinHttpQueryOption::<u16>(
                request.raw(),
                c::WINHTTP_OPTION_URL,
                units.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        assert_ne!(done, 0, "{}", last_error());
        units.truncate(usize::try_from(length).unwrap() / 2);
        assert_eq!(String::from_utf16(&units).unwrap(), url);
    }
    client.finish();
}
