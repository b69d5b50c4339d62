//! What the requests carry that ReceiveResponse sends by itself, behind redirects and challenges,
//! and what is told of them.

use std::sync::Mutex;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Connection, Request, Server};
use winhttp_tests::support::coded::gzip;
use winhttp_tests::support::{set_dword, set_text};
use winhttp_tests::{Client, HELLO, Handle, Info, Sending, call, scenarios, text};

use super::request_statistics::{stats, times};

const ASK: &str = "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"r\"\r\n\
    Set-Cookie: asked=1; Path=/\r\nContent-Length: 3\r\n\r\nwho";
const ADD: u32 = c::WINHTTP_ADDREQ_FLAG_ADD;
const REDIRECT: u32 = c::WINHTTP_CALLBACK_STATUS_REDIRECT;
const SENDING: u32 = c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST;
const OVERFLOW: u32 = c::ERROR_WINHTTP_RESPONSE_DRAIN_OVERFLOW;

/// Answers each request, its body read.
fn server(answer: impl Fn(&Request) -> Vec<u8> + Send + Sync + 'static) -> Server {
    Server::plain(move |connection: &mut Connection| {
        while let Some(request) = connection.read_head()? {
            connection.read_body(&request)?;
            connection.send(&answer(&request))?;
        }
        Ok(())
    })
    .unwrap()
}

/// Leads from `/` to this place with this status; greets whoever comes there.
fn leading(status: u16, location: impl Into<String>) -> Server {
    let location = location.into();
    server(move |request| match &*request.target {
        "/" => moved(status, &location, "", b"gone"),
        _ => HELLO.to_vec(),
    })
}

fn moved(status: u16, location: &str, fields: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\n{fields}");
    let head = format!("{head}Content-Length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// Challenges whoever has no credentials.
fn asking() -> Server {
    server(|request| match request.header("Authorization") {
        None => ASK.into(),
        Some(_) => HELLO.to_vec(),
    })
}

fn put_login<W: Unit>(request: Handle) {
    set_text::<W>(request, c::WINHTTP_OPTION_USERNAME, "user").unwrap();
    set_text::<W>(request, c::WINHTTP_OPTION_PASSWORD, "password").unwrap();
}

fn headers(server: &Server, name: &str) -> Vec<Option<String>> {
    let requests = server.requests();
    let values = requests.iter().map(|request| request.header(name));
    values.map(|value| value.map(str::to_owned)).collect()
}

fn owned(value: &str) -> Option<String> {
    Some(value.to_owned())
}

scenarios! {
    fn fact_26_12_host_and_length_are_made_anew_and_referer_stays<W>(mode) {
        let target = leading(302, "/none");
        let elsewhere = format!("http://127.0.0.1:{}/x", target.port());
        for (location, is_same) in [("/x".to_owned(), true), (elsewhere, false)] {
            for (status, verb) in [(302, "GET"), (307, "POST")] {
                let first = leading(status, location.clone());
                let client = Client::<W>::new(mode);
                let connect = client.connect("127.0.0.1", first.port()).unwrap();
                let request = client.open_request(connect, "POST", "/", 0).unwrap();
                let own = "Host: own.example\r\nReferer: http://own.example/page#part\r\n";
                client.add_headers(request, own, ADD).unwrap();
                client.send_with(request, Sending { body: b"body", total: 4, ..Sending::default() }).unwrap();
                client.receive(request).unwrap();
                assert_eq!(client.body(request).unwrap(), b"hello");
                let last = if is_same { first.requests() } else { target.requests() }.pop().unwrap();
                assert_eq!((&*last.method, &*last.target), (verb, "/x"));
                let host = if is_same { "own.example".into() } else { target.authority() };
                assert_eq!(last.values("Host").collect::<Vec<_>>(), [host]);
                assert_eq!(last.header("Referer"), Some("http://own.example/page#part"));
                assert_eq!(last.values("Connection").count(), 1);
                let length = (verb == "POST").then_some("4");
                assert_eq!(last.header("Content-Length"), length, "{location} {verb}");
                client.finish();
            }
        }
    }

    fn facts_27_2_1_and_27_2_2_the_programs_cookie_goes_with_the_answer_to_a_challenge<W>(mode) {
        for (body, verb) in [(&b""[..], "GET"), (b"body", "POST")] {
            let server = asking();
            let client = Client::<W>::new(mode);
            let connect = client.connect("127.0.0.1", server.port()).unwrap();
            let request = client.open_request(connect, verb, "/", 0).unwrap();
            put_login::<W>(request);
            client.add_headers(request, "Cookie: own=2", ADD).unwrap();
            let total = u32::try_from(body.len()).unwrap();
            client.send_with(request, Sending { body, total, ..Sending::default() }).unwrap();
            client.receive(request).unwrap();
            assert_eq!(client.body(request).unwrap(), b"hello");
            assert_eq!(headers(&server, "Cookie"), [owned("own=2"), owned("own=2; asked=1")]);
            client.finish();
        }
    }

    fn facts_34_1_and_34_3_what_is_told_is_of_the_last_leg<W>(mode) {
        const CONNECTING: std::ops::RangeInclusive<usize> = 5..=10;
        let target = leading(302, "/none");
        let elsewhere = format!("http://127.0.0.1:{}/x", target.port());
        for (location, is_reused) in [("/x".to_owned(), true), (elsewhere, false)] {
            let first = leading(302, location);
            let client = Client::<W>::new(mode);
            // No other session's connections.
            set_dword::<W>(client.session, c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER, 2).unwrap();
            let request = client.get(first.port(), "/");
            client.exchange(request).unwrap();
            assert_eq!(client.body(request).unwrap(), b"hello");
            let times = times::<W>(request, 64).unwrap();
            let connected = times[CONNECTING].iter().any(|time| *time != 0);
            let happened: Vec<u64> = times.iter().copied().filter(|time| *time != 0).collect();
            assert!(happened.is_sorted(), "{times:?}");
            let (flags, stats) = stats::<W>(request, 16).unwrap();
            let is_first = flags & c::WINHTTP_REQUEST_STAT_FLAG_FIRST_REQUEST != 0;
            assert_eq!((connected, is_first), (!is_reused, !is_reused), "{times:?}");
            assert_eq!(stats[10], 5, "the last answer's body");
            let tcp = client.get_option(request, c::WINHTTP_OPTION_CONNECTION_STATS_V1).unwrap();
            let received = u64::from_ne_bytes(tcp[56..64].try_into().unwrap());
            let last = u64::try_from(HELLO.len()).unwrap();
            assert_eq!(received > last, is_reused, "{received}: of the last leg's connection");
            client.finish();
        }
    }

    fn fact_34_4_the_text_of_redirect_counts_characters<W>(mode) {
        let server = leading(302, "/x/\u{e4}?q=a b#part");
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        client.exchange(request).unwrap();
        let events = client.recorder.events_of(request);
        let event = events.iter().find(|event| event.status == REDIRECT).unwrap();
        let url = server.url("/x/%C3%A4?q=a%20b#part");
        assert_eq!(event.length as usize, url.len(), "without the NUL, which the recorder reads up to");
        assert_eq!(event.info, Info::Text(url));
        client.finish();
    }

    fn fact_35_5_what_is_changed_in_sending_request_is_for_the_leg_of_a_redirect<W>(mode) {
        let server = leading(302, "/x");
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        let left = Mutex::new(1);
        client.recorder.on(SENDING, move |event| {
            if std::mem::take(&mut *left.lock().unwrap()) == 0 {
                return;
            }
            let header = text::<W>("X-Late: here");
            // SAFETY: the text lives through the call.
            call(unsafe {
                winhttp::WinHttpAddRequestHeaders::<W>(event.handle.raw(), header.as_ptr(), u32::MAX, ADD)
            })
            .unwrap();
        });
        client.exchange(request).unwrap();
        assert_eq!(headers(&server, "X-Late"), [None, owned("here")]);
        client.finish();
    }

    fn fact_35_7_what_is_disabled_in_several_calls_adds_up<W>(mode) {
        let server = server(|request| match &*request.target {
            "/" => moved(302, "/x", "Set-Cookie: a=1; Path=/\r\n", b""),
            _ => ASK.into(),
        });
        let client = Client::<W>::new(mode);
        let features = [
            c::WINHTTP_DISABLE_COOKIES,
            c::WINHTTP_DISABLE_AUTHENTICATION,
            c::WINHTTP_DISABLE_REDIRECTS,
        ];
        for (path, disabled, status) in [("/", 3, 302), ("/x", 2, 401), ("/", 2, 401)] {
            let before = server.requests().len();
            let request = client.get(server.port(), path);
            put_login::<W>(request);
            for feature in &features[..disabled] {
                set_dword::<W>(request, c::WINHTTP_OPTION_DISABLE_FEATURE, *feature).unwrap();
            }
            client.exchange(request).unwrap();
            assert_eq!(client.status_code(request), Ok(status), "{path}");
            for request in &server.requests()[before..] {
                assert_eq!((request.header("Cookie"), request.header("Authorization")), (None, None));
            }
            client.close_and_wait(request);
        }
        client.finish();
    }

    fn facts_26_17_and_26_18_and_27_3_2_a_web_socket_behind_a_redirect_and_a_challenge<W>(mode) {
        let server = Server::plain(|connection: &mut Connection| {
            while let Some(request) = connection.read_head()? {
                match (&*request.target, request.header("Authorization")) {
                    ("/", _) => connection.send(&moved(302, "/x", "Set-Cookie: moved=1; Path=/\r\n", b"gone"))?,
                    (_, None) => connection.send(ASK.as_bytes())?,
                    _ => {
                        let mut fields = request.accept_fields();
                        fields.push(("Set-Cookie".into(), "upgraded=1; Path=/".into()));
                        connection.accept_websocket_with(&request, &fields, b"\x81\x02on")?;
                        return connection.hold("the end").map(drop);
                    }
                }
            }
            Ok(())
        })
        .unwrap();
        let client = Client::<W>::new(mode);
        let websocket = client.web_socket_with(server.port(), "/", put_login::<W>);
        assert_eq!(client.ws_message(websocket).unwrap().0, b"on");
        let cookies = [None, owned("moved=1"), owned("asked=1; moved=1")];
        assert_eq!(headers(&server, "Cookie"), cookies);
        let mut keys = headers(&server, "Sec-WebSocket-Key");
        keys.sort();
        keys.dedup();
        assert!(keys.len() == 3 && keys[0].is_some(), "a key for each leg: {keys:?}");
        client.close_and_wait(websocket);
        let next = client.get(server.port(), "/y");
        client.exchange(next).unwrap();
        assert_eq!(headers(&server, "Cookie")[3], owned("upgraded=1; asked=1; moved=1"));
        client.finish();
    }

    /// What is passed over is counted as it is on the wire, and nothing of it is decoded.
    fn facts_5_6_4_and_21_3_3_too_much_behind_a_redirect_or_a_challenge<W>(mode) {
        let body = gzip(&[b'x'; 100_000]);
        let exactly = u32::try_from(body.len()).unwrap();
        let gzipped = "Content-Encoding: gzip\r\n";
        let broken = vec![b'?'; body.len()];
        for (limit, body, outcome) in [
            (exactly, &body, Ok(200)),
            (exactly - 1, &body, Err(OVERFLOW)),
            (exactly, &broken, Ok(200)),
        ] {
            let body = body.clone();
            let server = server(move |request| match &*request.target {
                "/" => moved(302, "/x", gzipped, &body),
                _ => HELLO.to_vec(),
            });
            let client = Client::<W>::new(mode);
            let request = client.get(server.port(), "/");
            let decompression = c::WINHTTP_OPTION_DECOMPRESSION;
            set_dword::<W>(request, decompression, c::WINHTTP_DECOMPRESSION_FLAG_ALL).unwrap();
            set_dword::<W>(request, c::WINHTTP_OPTION_MAX_RESPONSE_DRAIN_SIZE, limit).unwrap();
            let status = client.exchange(request).and_then(|()| client.status_code(request));
            assert_eq!(status, outcome, "{limit}");
            client.finish();
        }
        for (limit, outcome) in [(3, Ok(200)), (2, Err(OVERFLOW))] {
            let server = asking();
            let client = Client::<W>::new(mode);
            let request = client.get(server.port(), "/");
            put_login::<W>(request);
            set_dword::<W>(request, c::WINHTTP_OPTION_MAX_RESPONSE_DRAIN_SIZE, limit).unwrap();
            let status = client.exchange(request).and_then(|()| client.status_code(request));
            assert_eq!(status, outcome, "{limit}");
            client.finish();
            assert_eq!(server.requests().len(), if outcome.is_ok() { 2 } else { 1 });
        }
    }
}
