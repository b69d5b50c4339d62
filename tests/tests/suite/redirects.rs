//! Redirects: what is followed, what leaves on the way, and what the program is told.

use std::io;
use std::sync::{Arc, Mutex};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Connection, Request, Server};
use winhttp_tests::support::{set_dword, url_of};
use winhttp_tests::{
    Client, HELLO, Handle, Info, Mode, Sending, answers_each, call, scenarios, text,
};

const REDIRECT: u32 = c::WINHTTP_CALLBACK_STATUS_REDIRECT;

/// Where each path leads: `/302/x` to `/x` with this status; `/to/…` to what follows, as it is;
/// anything else is answered with what was asked.
fn answer(connection: &mut Connection, request: &Request) -> io::Result<()> {
    let body = connection.read_body(request)?;
    let path = &*request.target;
    let redirect = |status: &str, location: &str| {
        format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 4\r\n\r\ngone")
    };
    if path == "/fragment" {
        return connection.send(redirect("302", "/x#there").as_bytes());
    }
    if let Some(location) = path.strip_prefix("/to/") {
        return connection.send(redirect("302", location).as_bytes());
    }
    let status = path
        .get(1..4)
        .filter(|status| status.parse::<u16>().is_ok());
    if let (Some(status), Some(location)) = (status, path.get(4..)) {
        return connection.send(redirect(status, location).as_bytes());
    }
    let body = String::from_utf8(body).unwrap();
    let found = format!("{} {path} {body}", request.method);
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", found.len());
    connection.send(&[head.as_bytes(), found.as_bytes()].concat())
}

fn server() -> Server {
    Server::plain(|connection: &mut Connection| {
        while let Some(request) = connection.read_head()? {
            answer(connection, &request)?;
        }
        Ok(())
    })
    .unwrap()
}

fn open<W: Unit>(client: &Client<W>, server: &Server, verb: &str, path: &str) -> Handle {
    let connect = client.connect("127.0.0.1", server.port()).unwrap();
    client.open_request(connect, verb, path, 0).unwrap()
}

/// Sends, receives, and reads all.
fn fetch<W: Unit>(
    client: &Client<W>,
    request: Handle,
    sending: Sending<'_>,
) -> Result<String, u32> {
    client.send_with(request, sending)?;
    client.receive(request)?;
    Ok(String::from_utf8(client.body(request)?).unwrap())
}

/// The URLs that the program was told.
fn told<W: Unit>(client: &Client<W>, request: Handle) -> Vec<String> {
    let events = client.recorder.events_of(request).into_iter();
    let redirects = events.filter(|event| event.status == REDIRECT);
    let texts = redirects.map(|event| match event.info {
        Info::Text(text) => text,
        other => panic!("{other:?}"),
    });
    texts.collect()
}

fn names(request: &Request) -> Vec<String> {
    request
        .headers
        .iter()
        .map(|(name, _)| name.clone())
        .collect()
}

scenarios! {
    fn facts_26_2_and_26_2_1_methods_and_bodies<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        for (verb, path, found) in [
            ("GET", "/301/x", "GET /x "),
            ("POST", "/302/x", "GET /x "),
            ("POST", "/303/x", "GET /x "),
            ("PUT", "/303/x", "GET /x "),
            ("PUT", "/302/x", "PUT /x body"),
            ("POST", "/307/x", "POST /x body"),
            ("POST", "/308/x", "POST /x body"),
            ("POST", "/307/308/302/x", "GET /x "),
        ] {
            let request = open(&client, &server, verb, path);
            let body: &[u8] = if verb == "GET" { b"" } else { b"body" };
            let headers = (verb != "GET").then_some("Content-Type: text/plain\r\n");
            let sending = Sending { body, total: u32::try_from(body.len()).unwrap(), headers, ..Sending::default() };
            assert_eq!(fetch(&client, request, sending).as_deref(), Ok(found), "{verb} {path}");
            let last = server.requests().pop().unwrap();
            let has_body = found.ends_with("body");
            for name in ["Content-Length", "Content-Type"] {
                assert_eq!(names(&last).contains(&name.to_owned()), has_body, "{verb} {path}: {name}");
            }
            client.close_and_wait(request);
        }
        assert_eq!(server.connections(), 1, "its own answers are read to the end");
        client.finish();
    }

    fn facts_5_6_4_and_21_3_3_and_26_3_and_26_4_and_26_5_and_26_6_and_26_13_what_fails_and_what_the_program_gets<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        let error = |path: &str, prepare: &dyn Fn(Handle)| {
            let request = open(&client, &server, "GET", path);
            prepare(request);
            let outcome = fetch(&client, request, Sending::default());
            let (status, told) = (client.status_code(request), told(&client, request));
            client.close_and_wait(request);
            (outcome.map(|_| status.unwrap()), told.len())
        };
        let nothing = |_: Handle| {};
        let set = |option: u32, value: u32| move |request: Handle| set_dword::<W>(request, option, value).unwrap();
        assert_eq!(error("/302", &nothing), (Err(c::ERROR_WINHTTP_HEADER_NOT_FOUND), 0));
        assert_eq!(error("/300", &nothing), (Ok(300), 0));
        assert_eq!(error("/304/x", &nothing), (Ok(304), 0));
        assert_eq!(error("/to/ftp://127.0.0.1/", &nothing), (Err(c::ERROR_WINHTTP_UNRECOGNIZED_SCHEME), 0));
        assert_eq!(error("/to/http://127.0.0.1:99999/", &nothing), (Err(c::ERROR_WINHTTP_INVALID_URL), 0));
        let rejects = set(c::WINHTTP_OPTION_REJECT_USERPWD_IN_URL, 1);
        assert_eq!(error("/to///u:p@127.0.0.1/", &rejects), (Err(c::ERROR_WINHTTP_INVALID_URL), 0));
        let never = set(c::WINHTTP_OPTION_REDIRECT_POLICY, c::WINHTTP_OPTION_REDIRECT_POLICY_NEVER);
        assert_eq!(error("/302/x", &never), (Ok(302), 0));
        let passes_3 = set(c::WINHTTP_OPTION_MAX_RESPONSE_DRAIN_SIZE, 3);
        assert_eq!(error("/302/x", &passes_3), (Err(c::ERROR_WINHTTP_RESPONSE_DRAIN_OVERFLOW), 0));
        let disabled = set(c::WINHTTP_OPTION_DISABLE_FEATURE, c::WINHTTP_DISABLE_REDIRECTS);
        assert_eq!(error("/302/x", &disabled), (Ok(302), 0));
        for (limit, path, outcome) in [
            (2, "/302/302/x", (Ok(200), 2)),
            (1, "/302/302/x", (Err(c::ERROR_WINHTTP_REDIRECT_FAILED), 1)),
            (0, "/302/x", (Err(c::ERROR_WINHTTP_REDIRECT_FAILED), 0)),
        ] {
            let limited = set(c::WINHTTP_OPTION_MAX_HTTP_AUTOMATIC_REDIRECTS, limit);
            assert_eq!(error(path, &limited), outcome, "{path}, at most {limit}");
        }
        client.finish();
    }

    fn facts_5_6_1_and_5_6_2_and_26_7_the_order_of_what_is_told<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        let request = open(&client, &server, "GET", "/fragment");
        client.send(request).unwrap();
        let before = client.events(request);
        client.receive(request).unwrap();
        let statuses = client.recorder.statuses_of(request).split_off(before);
        let mut expected = vec![
            c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE,
            c::WINHTTP_CALLBACK_STATUS_RESPONSE_RECEIVED,
            REDIRECT,
            c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST,
            c::WINHTTP_CALLBACK_STATUS_REQUEST_SENT,
            c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE,
            c::WINHTTP_CALLBACK_STATUS_RESPONSE_RECEIVED,
        ];
        if mode == Mode::Async {
            expected.push(c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE);
        }
        // Of no connection: the answer is read to its end, which leaves the one that is there.
        assert_eq!(statuses, expected);
        assert_eq!(told(&client, request), [server.url("/x#there")]);
        assert_eq!(url_of::<W>(request), server.url("/x#there"));
        assert_eq!(client.body(request).unwrap(), b"GET /x ", "26.7: not on the wire");
        client.finish();
    }

    fn fact_26_8_and_34_7_inside_the_callback_the_answer_can_be_looked_at_and_the_request_changed<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        let request = open(&client, &server, "GET", "/302/x");
        client.add_headers(request, "Authorization: secret\r\nX-Own: 1", c::WINHTTP_ADDREQ_FLAG_ADD).unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let seen_there = Arc::clone(&seen);
        client.recorder.on(REDIRECT, move |event| {
            let status = dword_of::<W>(event.handle);
            let url = url_of::<W>(event.handle);
            let strips = text::<W>("Authorization:");
            // SAFETY: the text lives through the call.
            let stripped = call(unsafe {
                winhttp::WinHttpAddRequestHeaders::<W>(event.handle.raw(), strips.as_ptr(), u32::MAX, c::WINHTTP_ADDREQ_FLAG_REPLACE)
            });
            seen_there.lock().unwrap().push((status, stripped, url));
        });
        assert_eq!(fetch(&client, request, Sending::default()).as_deref(), Ok("GET /x "));
        assert_eq!(*seen.lock().unwrap(), [(302, Ok(()), server.url("/x"))]);
        let requests = server.requests();
        assert!(names(&requests[0]).contains(&"Authorization".to_owned()));
        assert!(!names(&requests[1]).contains(&"Authorization".to_owned()));
        assert!(names(&requests[1]).contains(&"X-Own".to_owned()));
        client.finish();
    }

    fn fact_26_9_and_26_12_secrets_do_not_go_to_another_host<W>(mode) {
        let (first, second) = (server(), server());
        let client = Client::<W>::new(mode);
        for (host, goes) in [("127.0.0.1", true), ("localhost", false)] {
            let path = format!("/to/http://{host}:{}/x", second.port());
            let request = open(&client, &first, "GET", &path);
            let own = "Authorization: a\r\nCookie: b\r\nProxy-Authorization: c\r\nX-Own: d";
            client.add_headers(request, own, c::WINHTTP_ADDREQ_FLAG_ADD).unwrap();
            assert_eq!(fetch(&client, request, Sending::default()).as_deref(), Ok("GET /x "));
            let last = second.requests().pop().unwrap();
            for name in ["Authorization", "Cookie", "Proxy-Authorization"] {
                assert_eq!(names(&last).contains(&name.to_owned()), goes, "{name} to {host}");
            }
            assert!(names(&last).contains(&"X-Own".to_owned()));
            assert_eq!(last.header("Host"), Some(format!("{host}:{}", second.port()).as_str()));
            client.close_and_wait(request);
        }
        client.finish();
    }

    fn fact_26_16_and_25_12_and_5_6_3_a_body_that_was_written_is_sent_again_by_the_program<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        let request = open(&client, &server, "POST", "/307/x");
        let send = || {
            client.send_with(request, Sending { total: 4, ..Sending::default() }).unwrap();
            assert_eq!(client.write(request, b"body"), Ok(4));
            client.receive(request)
        };
        assert_eq!(send(), Err(c::ERROR_WINHTTP_RESEND_REQUEST));
        assert_eq!(url_of::<W>(request), server.url("/x"), "the new URL is in force");
        assert_eq!(send(), Ok(()));
        assert_eq!(client.body(request).unwrap(), b"POST /x body");
        client.finish();
    }

    fn facts_26_11_and_27_1_2_and_27_2_2_cookies_are_those_of_each_leg<W>(mode) {
        let server = Server::plain(answers_each(|connection, path, _| match path {
            "/x" => connection.send(HELLO),
            _ => connection.send(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nSet-Cookie: a=1; Path=/\r\nContent-Length: 0\r\n\r\n"),
        }))
        .unwrap();
        let client = Client::<W>::new(mode);
        client.recorder.on(REDIRECT, |event| {
            let adds = text::<W>("Cookie: new=1");
            // SAFETY: the text lives through the call.
            call(unsafe {
                winhttp::WinHttpAddRequestHeaders::<W>(event.handle.raw(), adds.as_ptr(), u32::MAX, c::WINHTTP_ADDREQ_FLAG_ADD)
            })
            .unwrap();
        });
        let request = open(&client, &server, "GET", "/302/x");
        assert_eq!(fetch(&client, request, Sending::default()).as_deref(), Ok("hello"));
        let cookies: Vec<_> = server.requests().iter().map(|request| request.header("Cookie").map(str::to_owned)).collect();
        assert_eq!(cookies, [None, Some("a=1".to_owned())]);
        client.finish();
    }

    fn a_handle_that_is_closed_in_the_callback_goes_nowhere<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        let request = open(&client, &server, "GET", "/302/x");
        client.recorder.on(REDIRECT, |event| {
            // SAFETY: no memory is passed.
            call(unsafe { winhttp::WinHttpCloseHandle::<W>(event.handle.raw()) }).unwrap();
        });
        client.send(request).unwrap();
        assert_eq!(client.receive(request), Err(c::ERROR_WINHTTP_OPERATION_CANCELLED));
        client.recorder.wait(request, c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING);
        client.finish();
        assert_eq!(server.requests().len(), 1);
    }

    fn fact_26_14_a_redirect_to_the_same_url_is_followed<W>(mode) {
        let server = Server::plain(answers_each(|connection, path, count| match (path, count) {
            ("/x", 0) => connection.send(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"),
            _ => connection.send(HELLO),
        }))
        .unwrap();
        let client = Client::<W>::new(mode);
        let request = open(&client, &server, "GET", "/x");
        assert_eq!(fetch(&client, request, Sending::default()).as_deref(), Ok("hello"));
        client.finish();
        assert_eq!(server.requests().len(), 2);
    }

    /// It is not drained, so it is never too much.
    fn facts_21_3_3_and_26_1_a_redirect_whose_body_ends_with_its_connection_is_followed<W>(mode) {
        let server = Server::plain(|connection: &mut Connection| {
            if let Some(request) = connection.read_head()? {
                match &*request.target {
                    "/x" => connection.send(HELLO)?,
                    _ => connection.send(b"HTTP/1.1 302 Found\r\nLocation: /x\r\nConnection: close\r\n\r\ngone")?,
                }
                connection.close();
            }
            Ok(())
        })
        .unwrap();
        let client = Client::<W>::new(mode);
        let request = open(&client, &server, "GET", "/");
        assert_eq!(fetch(&client, request, Sending::default()).as_deref(), Ok("hello"));
        client.finish();
        assert_eq!(server.connections(), 2);
    }

    fn fact_26_17_a_web_socket_goes_where_its_request_is_sent<W>(mode) {
        let target = Server::plain(winhttp_fixtures::by_path).unwrap();
        let location = format!("http://127.0.0.1:{}/echo", target.port());
        let first = Server::plain(move |connection: &mut Connection| {
            while connection.read_head()?.is_some() {
                let head = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
                connection.send(head.as_bytes())?;
            }
            Ok(())
        })
        .unwrap();
        let client = Client::<W>::new(mode);
        let websocket = client.web_socket(first.port(), "/");
        client.ws_send(websocket, c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, b"hello").unwrap();
        assert_eq!(client.ws_message(websocket).unwrap().0, b"hello");
        let keys = [&first, &target].map(|server| server.requests()[0].header("Sec-WebSocket-Key").map(str::to_owned));
        assert!(keys[0].is_some() && keys[1].is_some() && keys[0] != keys[1], "{keys:?}");
        client.close_and_wait(websocket);
        client.finish();
    }
}

/// The status code as a callback can ask for it.
fn dword_of<W: Unit>(request: Handle) -> u32 {
    let (mut status, mut length) = (0_u32, 4_u32);
    let level = c::WINHTTP_QUERY_STATUS_CODE | c::WINHTTP_QUERY_FLAG_NUMBER;
    // SAFETY: number and length live through the call.
    call(unsafe {
        winhttp::WinHttpQueryHeaders::<W>(
            request.raw(),
            level,
            std::ptr::null(),
            (&raw mut status).cast(),
            &raw mut length,
            std::ptr::null_mut(),
        )
    })
    .unwrap();
    status
}
