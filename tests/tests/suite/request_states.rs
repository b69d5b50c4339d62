//! Requests: which call is allowed when, and how its refusal is told.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use winhttp::SetLastError;
use winhttp_abi::constants as c;
use winhttp_abi::types::ConnectionInfo;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::hole::RefusedPort;
use winhttp_fixtures::{Connection, Server, by_path};
use winhttp_tests::support::get;
use winhttp_tests::support::schemes::both_schemes;
use winhttp_tests::{
    Client, Handle, Info, Memory, Mode, PATIENCE, Sending, answers, call, last_error, scenarios,
    text,
};

const ERROR: u32 = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
const STATE: u32 = c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE;
const STALE: u32 = 0xdead_beef;

/// Nothing is told of a handle beyond its first events, although the session is alive: another
/// request begins and ends meanwhile.
fn assert_silence<W: Unit>(client: &Client<W>, handle: Handle, events: usize) {
    let server = answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let other = get(client, server.port(), "/");
    client.exchange(other).unwrap();
    assert_eq!(client.events(handle), events);
}

scenarios! {
    fn fact_2_1_send_measures_header_text_of_length_0_and_minus_1<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let header = text::<W>("X-Length: measured");
        let cut = text::<W>("X-Length: explicit, and more");
        let empty = text::<W>("");
        let null = std::ptr::null();
        let cases = [
            (header.as_ptr(), 0, Some("measured")),
            (header.as_ptr(), u32::MAX, Some("measured")),
            (cut.as_ptr(), 18, Some("explicit")),
            (empty.as_ptr(), 0, None),
            (empty.as_ptr(), u32::MAX, None),
            (null, 0, None),
            (null, u32::MAX, None),
        ];
        for (index, (headers, length, value)) in cases.into_iter().enumerate() {
            let request = client.get(server.port(), "/status");
            let before = client.events(request);
            // SAFETY: the texts live through the call.
            let sent = unsafe {
                winhttp::WinHttpSendRequest::<W>(request.raw(), headers, length, std::ptr::null(), 0, 0, 0)
            };
            call(sent).unwrap();
            client.completion(request, c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE, before).unwrap();
            let seen = server.wait_request(index, PATIENCE).unwrap();
            assert_eq!(seen.header("X-Length"), value, "case {index}");
            client.receive(request).unwrap();
        }
        client.finish();
    }

    fn fact_2_1_add_request_headers_wants_a_length<W>(mode) {
        let client = Client::<W>::new(mode);
        let request = client.get(1, "/");
        let header = text::<W>("X-A: b");
        // SAFETY: the text lives through the calls.
        let add = |length: u32| call(unsafe {
            winhttp::WinHttpAddRequestHeaders::<W>(request.raw(), header.as_ptr(), length, c::WINHTTP_ADDREQ_FLAG_ADD)
        });
        assert_eq!(add(0), Err(c::ERROR_INVALID_PARAMETER));
        assert_eq!(add(u32::MAX), Ok(()));
        assert_eq!(add(6), Ok(()));
        let level = c::WINHTTP_QUERY_CUSTOM | c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS;
        assert_eq!(client.values(request, level, Some("X-A")), ["b", "b"]);
        client.finish();
    }

    fn facts_2_2_to_2_4_and_35_4_calls_before_a_send_are_refused<W>(mode) {
        let client = Client::<W>::new(mode);
        let request = client.get(1, "/");
        let mut buffer = [0_u8; 4];
        let mut count = STALE;
        // SAFETY: (the four calls) buffer and count live through them; asynchronously they fail at
        // once.
        let calls: [(usize, &mut dyn FnMut() -> i32); 4] = [
            (1, &mut || unsafe { winhttp::WinHttpReceiveResponse::<W>(request.raw(), std::ptr::null_mut()) }),
            // SAFETY: as above.
            (2, &mut || unsafe { winhttp::WinHttpQueryDataAvailable::<W>(request.raw(), &raw mut count) }),
            // SAFETY: as above.
            (3, &mut || unsafe {
                winhttp::WinHttpReadData::<W>(request.raw(), buffer.as_mut_ptr().cast(), 4, std::ptr::null_mut())
            }),
            // SAFETY: as above.
            (4, &mut || unsafe {
                winhttp::WinHttpWriteData::<W>(request.raw(), b"data".as_ptr().cast(), 4, std::ptr::null_mut())
            }),
        ];
        for (api, refused) in calls {
            SetLastError(STALE);
            let before = client.events(request);
            let done = refused();
            let left = last_error();
            match mode {
                Mode::Sync => assert_eq!((done, left), (0, STATE), "API {api}"),
                Mode::Async => {
                    assert_eq!(done, 1, "API {api}");
                    let event = client.recorder.wait_after(request, before, &[ERROR]);
                    assert_eq!((event.info, event.length), (Info::AsyncResult(api, STATE), 16));
                }
            }
        }
        assert_eq!(count, STALE);
        client.finish();
    }

    fn fact_2_4_a_second_receive_response_is_refused<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/status?body=once");
        client.exchange(request).unwrap();
        let before = client.events(request);
        SetLastError(STALE);
        let called = client.start_receive(request);
        match mode {
            Mode::Sync => assert_eq!(called, Err(STATE)),
            Mode::Async => {
                assert_eq!((called, last_error()), (Ok(()), 0));
                let event = client.recorder.wait_after(request, before, &[ERROR]);
                assert_eq!(event.info, Info::AsyncResult(1, STATE));
            }
        }
        // The response is not harmed.
        assert_eq!(client.status_code(request), Ok(200));
        assert_eq!(client.body(request).unwrap(), b"once");
        client.finish();
    }

    fn fact_2_6_response_headers_hide_until_receive_response<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/status");
        let method = || client.query(request, c::WINHTTP_QUERY_REQUEST_METHOD, None);
        let raw = c::WINHTTP_QUERY_RAW_HEADERS_CRLF;
        assert_eq!(client.status_code(request), Err(STATE));
        assert_eq!(client.query(request, raw, None), Err(STATE));
        assert_eq!(method(), Ok("GET".to_owned()));
        assert!(client.query(request, raw | c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS, None).is_ok());
        client.send(request).unwrap();
        assert_eq!(client.status_code(request), Err(STATE));
        assert_eq!(method(), Ok("GET".to_owned()));
        client.receive(request).unwrap();
        assert_eq!(client.status_code(request), Ok(200));
        client.finish();
    }

    fn fact_2_7_garbage_fails_the_send_or_the_receive<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/garbage");
        assert_eq!(client.exchange(request), Err(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE));
        client.finish();
    }

    fn fact_2_8_a_request_can_be_sent_again_without_reading_the_body<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/status?code=401&size=10240");
        for _ in 0..3 {
            client.exchange(request).unwrap();
            assert_eq!(client.status_code(request), Ok(401));
        }
        assert_eq!(client.body(request).unwrap().len(), 10_240);
        client.exchange(request).unwrap();
        assert_eq!(server.requests().len(), 4);
        client.finish();
    }

    fn fact_2_8_after_a_new_send_the_old_response_is_gone<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/status");
        client.exchange(request).unwrap();
        client.send(request).unwrap();
        assert_eq!(client.status_code(request), Err(STATE));
        client.receive(request).unwrap();
        client.finish();
    }

    fn fact_2_12_a_refused_connection_fails_within_5_seconds<W>(mode) {
        let refused = RefusedPort::new().unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(refused.port(), "/");
        let start = Instant::now();
        assert_eq!(client.send(request), Err(c::ERROR_WINHTTP_CANNOT_CONNECT));
        assert!(start.elapsed() < Duration::from_secs(5));
        assert_eq!(client.receive(request), Err(STATE), "2.2: a failed send is no send");
        client.finish();
    }

    fn fact_2_12_a_failed_request_can_be_sent_again<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/empty");
        assert!(client.exchange(request).is_err());
        assert_eq!(client.receive(request), Err(STATE));
        assert!(client.exchange(request).is_err());
        assert!(server.requests().len() >= 2);
        client.finish();
    }

    fn fact_2_13_an_unknown_host_fails_the_send<W>(mode) {
        let client = Client::<W>::new(mode);
        // A label this long cannot be asked of any name server, so no network is touched.
        let connect = client.connect(&format!("{}.invalid", "x".repeat(64)), 80).unwrap();
        let request = client.open_request(connect, "GET", "/", 0).unwrap();
        assert_eq!(client.send(request), Err(c::ERROR_WINHTTP_NAME_NOT_RESOLVED));
        assert_eq!(client.receive(request), Err(STATE));
        let statuses = client.recorder.statuses_of(request);
        assert!(statuses.contains(&c::WINHTTP_CALLBACK_STATUS_RESOLVING_NAME));
        assert!(!statuses.contains(&c::WINHTTP_CALLBACK_STATUS_NAME_RESOLVED));
        client.finish();
    }

    fn fact_2_14_a_silent_server_is_a_timeout<W>(mode) {
        let server = Server::silent().unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        // SAFETY: no memory is passed.
        call(unsafe { winhttp::WinHttpSetTimeouts::<W>(request.raw(), 0, 60_000, 30_000, 50) }).unwrap();
        client.send(request).unwrap();
        let before = client.events(request);
        assert_eq!(client.receive(request), Err(c::ERROR_WINHTTP_TIMEOUT));
        if mode == Mode::Async {
            let event = client.recorder.wait_after(request, before, &[ERROR]);
            assert_eq!(event.info, Info::AsyncResult(1, c::ERROR_WINHTTP_TIMEOUT));
        }
        client.finish();
    }

    fn fact_2_15_connection_info_needs_a_connection<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/status");
        let option = c::WINHTTP_OPTION_CONNECTION_INFO;
        assert_eq!(client.get_option(request, option), Err(STATE));
        client.send(request).unwrap();
        let mut length = 0;
        // SAFETY: a NULL buffer of length 0.
        let asked = unsafe {
            winhttp::WinHttpQueryOption::<W>(request.raw(), option, std::ptr::null_mut(), &raw mut length)
        };
        assert_eq!((asked, last_error()), (0, c::ERROR_INSUFFICIENT_BUFFER));
        let size = size_of::<ConnectionInfo>();
        assert_eq!(usize::try_from(length), Ok(size));
        let check = || {
            let info = client.get_option(request, option).unwrap();
            assert_eq!(info.len(), size);
            assert_eq!(u32::from_ne_bytes(info[..4].try_into().unwrap()), length, "cbSize");
        };
        check();
        client.receive(request).unwrap();
        check();
        client.finish();
    }

    fn fact_2_16_the_url_is_there_from_the_start<W>(mode) {
        let client = Client::<W>::new(mode);
        for (port, url) in [(80, "http://localhost/a?b=c"), (8080, "http://localhost:8080/a?b=c")] {
            let connect = client.connect("localhost", port).unwrap();
            let request = client.open_request(connect, "GET", "/a?b=c", 0).unwrap();
            let mut units = vec![W::default(); url.len() + 1];
            let mut length = u32::try_from(units.len() * W::BYTES).unwrap();
            // SAFETY: buffer and length live through the call.
            call(unsafe {
                winhttp::WinHttpQueryOption::<W>(
                    request.raw(),
                    c::WINHTTP_OPTION_URL,
                    units.as_mut_ptr().cast(),
                    &raw mut length,
                )
            })
            .unwrap();
            assert_eq!(usize::try_from(length).unwrap(), url.len() * W::BYTES);
            assert_eq!(W::decode(&units[..url.len()]).unwrap(), url);
        }
        client.finish();
    }

    fn fact_35_4_an_operation_while_another_is_pending_is_refused<W>(mode) {
        if mode == Mode::Sync {
            return; // one thread cannot do it
        }
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/stall?name=busy");
        client.send(request).unwrap();
        client.start_receive(request).unwrap();
        assert_eq!(client.start_send(request, 0), Err(c::ERROR_INVALID_OPERATION));
        assert_eq!(client.available(request), Err(c::ERROR_INVALID_OPERATION));
        assert_eq!(client.read(request, 4), Err(c::ERROR_INVALID_OPERATION));
        server.release("busy").unwrap();
        client.recorder.wait(request, c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE);
        assert_eq!(client.status_code(request), Ok(200));
        client.finish();
    }

    fn fact_35_1_each_call_has_one_completion_and_a_refused_one_has_none<W>(mode) {
        if mode == Mode::Sync {
            return; // there are no completions
        }
        let (say, said) = channel();
        let say = Arc::new(Mutex::new(say));
        let places = both_schemes(move |connection: &mut Connection| {
            while let Some(request) = connection.read_head()? {
                let _body = connection.read_body(&request)?;
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody")?;
                say.lock().unwrap().send(()).unwrap();
            }
            Ok(())
        });
        for place in places {
            let client = Client::<W>::on_callback_thread(mode);
            let request = place.request(&client, "POST", "/");
            let refused = |expected, outcome| {
                let before = client.events(request);
                assert_eq!(outcome, Err(expected));
                assert_silence(&client, request, before);
            };
            let malformed = Sending { headers: Some("no colon"), ..Sending::default() };
            refused(c::ERROR_INVALID_PARAMETER, client.start_sending(request, malformed));
            client.send_with(request, Sending { total: 3, ..Sending::default() }).unwrap();
            refused(c::ERROR_INVALID_PARAMETER, client.start_write(request, Memory::of(b"four")));
            assert_eq!(client.write(request, b"all"), Ok(3));
            // The answer is there, and nobody has asked for it.
            said.recv_timeout(PATIENCE).unwrap();
            assert_silence(&client, request, client.events(request));
            client.receive(request).unwrap();
            assert_eq!(client.available(request), Ok(4));
            assert_eq!(client.read(request, 4).as_deref(), Ok(&b"body"[..]));
            assert_eq!(client.read(request, 4).as_deref(), Ok(&b""[..]));
            assert_silence(&client, request, client.events(request));
            let mut statuses = client.recorder.statuses_of(request);
            statuses.retain(|status| c::WINHTTP_CALLBACK_FLAG_ALL_COMPLETIONS & status != 0);
            let read = c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE;
            let completions = [
                c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE,
                c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE,
                c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE,
                c::WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE,
                read,
                read,
            ];
            assert_eq!(statuses, completions);
            client.finish();
        }
    }

    fn a_malformed_header_text_fails_the_send_at_once<W>(mode) {
        let server = answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        for headers in ["no colon", ": no name", "bad name: x", "X-A: b\r\n: c"] {
            let sending = Sending { headers: Some(headers), ..Sending::default() };
            assert_eq!(client.start_sending(request, sending), Err(c::ERROR_INVALID_PARAMETER), "{headers}");
        }
        client.exchange(request).unwrap();
        assert_eq!(server.requests()[0].header("X-A"), None, "all or nothing");
        client.finish();
    }

    fn a_total_below_the_optional_length_is_refused<W>(mode) {
        let client = Client::<W>::new(mode);
        let request = client.get(1, "/");
        let sending = Sending { body: b"hello", total: 3, ..Sending::default() };
        assert_eq!(client.start_sending(request, sending), Err(c::ERROR_INVALID_PARAMETER));
        client.finish();
    }
}
