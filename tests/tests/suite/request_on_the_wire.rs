//! The head of a request as it leaves: which fields, in which order and spelling, and which shapes
//! are refused before any I/O.

use std::ptr::null;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Request, Server, by_path};
use winhttp_tests::support::{set_dword, url_of};
use winhttp_tests::{Call, Client, Handle, Mode, PATIENCE, Sending, call, scenarios, text};

const ADD: u32 = c::WINHTTP_ADDREQ_FLAG_ADD;
const BAD: u32 = c::ERROR_INVALID_PARAMETER;
const REQUEST: u32 = c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS;
const RAW: u32 = c::WINHTTP_QUERY_RAW_HEADERS_CRLF | REQUEST;
const METHOD: u32 = c::WINHTTP_QUERY_REQUEST_METHOD;

fn server() -> Server {
    Server::plain(by_path).unwrap()
}

/// What is given to WinHttpOpenRequest beside the path.
#[derive(Clone, Copy, Default)]
struct Opening<'o> {
    verb: &'o str,
    version: &'o str,
    referrer: &'o str,
    accept: &'o [&'o str],
    flags: u32,
}

fn open<W: Unit>(client: &Client<W>, server: &Server, opening: Opening<'_>) -> Call<Handle> {
    let connect = client.connect("127.0.0.1", server.port()).unwrap();
    let Opening {
        verb,
        version,
        referrer,
        accept,
        flags,
    } = opening;
    let path = text::<W>("/status");
    let given =
        [verb, version, referrer].map(|given| (!given.is_empty()).then(|| text::<W>(given)));
    let [verb, version, referrer] = given
        .each_ref()
        .map(|given| given.as_ref().map_or(null(), |given| given.as_ptr()));
    let accept: Vec<_> = accept.iter().map(|it| text::<W>(it)).collect();
    let mut types: Vec<_> = accept.iter().map(|it| it.as_ptr()).collect();
    types.push(null());
    let types = if accept.is_empty() {
        null()
    } else {
        types.as_ptr()
    };
    let raw = connect.raw();
    // SAFETY: texts and array live through the call.
    let request = unsafe {
        winhttp::WinHttpOpenRequest::<W>(raw, verb, path.as_ptr(), version, referrer, types, flags)
    };
    call(i32::from(!request.is_null())).map(|()| request.into())
}

/// Sends a request with this body, receives its response, and gives the head the server got.
fn sent<W: Unit>(
    client: &Client<W>,
    server: &Server,
    request: Handle,
    body: &'static [u8],
) -> Request {
    let index = server.requests().len();
    let total = u32::try_from(body.len()).unwrap();
    let sending = Sending {
        body,
        total,
        ..Sending::default()
    };
    client.send_with(request, sending).unwrap();
    client.receive(request).unwrap();
    let seen = server.wait_request(index, PATIENCE).unwrap();
    // Fact 22.11.
    assert_eq!(client.query(request, RAW, None).unwrap(), seen.text());
    seen
}

/// As [`sent`], of a new request.
fn opened<W: Unit>(client: &Client<W>, server: &Server, opening: Opening<'_>) -> Request {
    let request = open(client, server, opening).unwrap();
    sent(client, server, request, b"")
}

/// The session's user agent, which all heads here have.
const AGENT: &str = "User-Agent: winhttp-tests\r\n";

scenarios! {
    fn facts_22_1_and_22_2_and_22_11_the_order_is_that_of_windows<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        let post = Opening { verb: "POST", ..Opening::default() };
        let request = open(&client, &server, post).unwrap();
        client.add_headers(request, "Content-Type: text/plain\r\nX-B: 2", ADD).unwrap();
        client.add_headers(request, "connection: KEEP-ALIVE\r\nX-A: 1", ADD).unwrap();
        let seen = sent(&client, &server, request, b"seventeen octets.");
        let expected = format!(
            "POST /status HTTP/1.1\r\nConnection: Keep-Alive\r\nContent-Type: text/plain\r\n\
             X-B: 2\r\nX-A: 1\r\n{AGENT}Content-Length: 17\r\nHost: {}\r\n\r\n",
            server.authority(),
        );
        assert_eq!(seen.text(), expected);
        client.finish();
    }

    fn fact_22_3_nothing_else_is_added<W>(mode) {
        let server = server();
        let flags = if mode == Mode::Async { c::WINHTTP_FLAG_ASYNC } else { 0 };
        let direct = c::WINHTTP_ACCESS_TYPE_NO_PROXY;
        for agent in [None, Some(text::<W>(""))] {
            let agent = agent.as_ref().map_or(null(), |agent| agent.as_ptr());
            // SAFETY: the text lives through the call.
            let session = unsafe { winhttp::WinHttpOpen::<W>(agent, direct, null(), null(), flags) };
            let client = Client::<W>::with_session(session.into(), mode);
            let seen = opened(&client, &server, Opening::default());
            let host = server.authority();
            let expected = format!("GET /status HTTP/1.1\r\nConnection: Keep-Alive\r\nHost: {host}\r\n\r\n");
            assert_eq!(seen.text(), expected);
            client.finish();
        }
    }

    fn fact_22_3_refresh_and_the_referrer_have_their_fields<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        for (version, fields) in [
            ("HTTP/1.1", "Pragma: no-cache\r\nCache-Control: no-cache\r\n"),
            ("HTTP/1.0", "Pragma: no-cache\r\n"),
        ] {
            let referrer = "http://before.example/?a#b";
            let opening = Opening { version, referrer, flags: c::WINHTTP_FLAG_REFRESH, ..Opening::default() };
            let head = opened(&client, &server, opening).text();
            let expected = format!("Referer: {referrer}\r\n{fields}{AGENT}Host: ");
            assert!(head.contains(&expected), "{head}");
        }
        client.finish();
    }

    fn fact_22_4_known_methods_leave_in_capitals_and_queries_read_that<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        for (verb, method) in [
            ("get", "GET"),
            ("Post", "POST"),
            ("put", "PUT"),
            ("dElete", "DELETE"),
            ("options", "OPTIONS"),
            ("trace", "TRACE"),
            ("patch", "patch"),
            ("Patch", "Patch"),
            ("merge", "merge"),
            ("gets", "gets"),
            ("", "GET"),
        ] {
            let request = open(&client, &server, Opening { verb, ..Opening::default() }).unwrap();
            assert_eq!(client.query(request, METHOD | REQUEST, None).as_deref(), Ok(method));
            let seen = sent(&client, &server, request, b"");
            assert_eq!(seen.method, method);
            // What depends on the method does so by the mapped one.
            let length = seen.header("Content-Length");
            assert_eq!(length, matches!(method, "POST" | "PUT").then_some("0"), "{verb}");
            assert_eq!(client.query(request, METHOD, None).as_deref(), Ok(method));
        }
        let head = open(&client, &server, Opening { verb: "head", ..Opening::default() }).unwrap();
        assert_eq!(sent(&client, &server, head, b"").method, "HEAD");
        assert_eq!(client.body(head), Ok(Vec::new()));
        client.finish();
    }

    fn fact_22_5_the_programs_host_is_for_the_wire_alone<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        for host in ["elsewhere.example", "elsewhere.example:81", "other.example"] {
            let request = client.get(server.port(), "/status");
            client.add_headers(request, &format!("Host: {host}"), ADD).unwrap();
            let seen = sent(&client, &server, request, b"");
            assert_eq!(seen.values("Host").collect::<Vec<_>>(), [host]);
            assert_eq!(url_of::<W>(request), server.url("/status"));
            assert_eq!(client.body(request), Ok(Vec::new()));
            client.close(request).unwrap();
        }
        assert_eq!(server.connections(), 1, "it is no part of the pool's key");
        client.finish();
    }

    fn fact_22_6_a_length_is_said_once_or_not_at_all<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        for (verb, own, body, expected) in [
            ("GET", None, &b""[..], None),
            ("DELETE", None, b"", None),
            ("custom", None, b"", None),
            ("POST", None, b"", Some("0")),
            ("put", None, b"", Some("0")),
            ("GET", None, b"four", Some("4")),
            ("DELETE", None, b"four", Some("4")),
            ("custom", None, b"four", Some("4")),
            ("GET", Some("0"), b"", Some("0")),
            ("POST", Some("0"), b"", Some("0")),
            ("POST", Some("4"), b"four", Some("4")),
        ] {
            let request = open(&client, &server, Opening { verb, ..Opening::default() }).unwrap();
            if let Some(own) = own {
                client.add_headers(request, &format!("Content-Length: {own}"), ADD).unwrap();
            }
            let seen = sent(&client, &server, request, body);
            let lengths: Vec<_> = seen.values("Content-Length").collect();
            assert_eq!(lengths, expected.into_iter().collect::<Vec<_>>(), "{verb} {own:?} {body:?}");
        }
        let post = Opening { verb: "POST", ..Opening::default() };
        let request = open(&client, &server, post).unwrap();
        client.add_headers(request, "Content-Length: 5", ADD).unwrap();
        let count = server.requests().len();
        let sending = Sending { body: b"four", total: 4, ..Sending::default() };
        assert_eq!(client.start_sending(request, sending), Err(BAD));
        assert_eq!(server.requests().len(), count);
        client.finish();
    }

    fn fact_22_7_a_get_with_a_chunked_body_never_leaves<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        let chunked = "Transfer-Encoding: chunked";
        for verb in ["GET", "get", "HEAD", "Head"] {
            let opening = Opening { verb, ..Opening::default() };
            let request = open(&client, &server, opening).unwrap();
            let sending = Sending { headers: Some(chunked), ..Sending::default() };
            assert_eq!(client.start_sending(request, sending), Err(BAD), "{verb}");
            let request = open(&client, &server, opening).unwrap();
            client.add_headers(request, chunked, ADD).unwrap();
            assert_eq!(client.start_sending(request, Sending::default()), Err(BAD), "{verb}");
        }
        assert_eq!(server.connections(), 0);
        for verb in ["DELETE", "OPTIONS", "custom"] {
            let request = open(&client, &server, Opening { verb, ..Opening::default() }).unwrap();
            client.add_headers(request, chunked, ADD).unwrap();
            let seen = sent(&client, &server, request, b"3\r\nabc\r\n0\r\n\r\n");
            assert_eq!(seen.method, verb);
            assert_eq!(seen.values("Content-Length").count(), 0);
            client.body(request).unwrap();
        }
        client.finish();
    }

    fn fact_22_9_expect_is_a_field_like_others_and_nobody_waits<W>(mode) {
        // Nothing is said before the body is there.
        let server = Server::plain(|connection| {
            while let Some(request) = connection.read_head()? {
                let body = connection.read_exactly(7)?;
                connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")?;
                connection.respond(&request, "200 OK", &[], &body)?;
            }
            Ok(())
        }).unwrap();
        let client = Client::<W>::new(mode);
        let post = Opening { verb: "POST", ..Opening::default() };
        let request = open(&client, &server, post).unwrap();
        client.add_headers(request, "Expect: 100-continue", ADD).unwrap();
        let seen = sent(&client, &server, request, b"at once");
        assert_eq!(seen.header("Expect"), Some("100-continue"));
        assert_eq!(client.body(request), Ok(b"at once".to_vec()));
        let told = client.recorder.statuses_of(request);
        let interim = c::WINHTTP_CALLBACK_STATUS_INTERMEDIATE_RESPONSE;
        assert_eq!(told.iter().filter(|status| **status == interim).count(), 1);
        client.finish();

        // A final status instead is the response.
        let server = winhttp_tests::answers("HTTP/1.1 417 No\r\nContent-Length: 2\r\n\r\nno");
        let client = Client::<W>::new(mode);
        let request = open(&client, &server, post).unwrap();
        client.add_headers(request, "Expect: 100-continue", ADD).unwrap();
        sent(&client, &server, request, b"at once");
        assert_eq!(client.status_code(request), Ok(417));
        assert_eq!(client.body(request), Ok(b"no".to_vec()));
        client.finish();
    }

    fn fact_22_10_headers_of_send_request_are_not_doubled<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/status");
        client.add_headers(request, "X-B: kept", ADD).unwrap();
        for (headers, expected) in [
            (Some("X-A: 1\r\nX-C: 3"), ["1", "3"]),
            (Some("X-A: 1\r\nX-C: 3"), ["1", "3"]),
            (None, ["1", "3"]),
            (Some("X-A: 2"), ["2", "3"]),
        ] {
            let index = server.requests().len();
            client.send_with(request, Sending { headers, ..Sending::default() }).unwrap();
            client.receive(request).unwrap();
            client.body(request).unwrap();
            let seen = server.wait_request(index, PATIENCE).unwrap();
            for (name, value) in [("X-A", expected[0]), ("X-B", "kept"), ("X-C", expected[1])] {
                assert_eq!(seen.values(name).collect::<Vec<_>>(), [value], "{headers:?}");
            }
        }
        client.finish();
    }

    fn fact_22_12_accept_types_become_one_field<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        for (accept, expected) in [
            (&[][..], None),
            (&["*/*"], Some("*/*")),
            (&["text/html", "text/plain;q=0.5", "image/*"], Some("text/html, text/plain;q=0.5, image/*")),
        ] {
            let seen = opened(&client, &server, Opening { accept, ..Opening::default() });
            let values: Vec<_> = seen.values("Accept").collect();
            assert_eq!(values, expected.into_iter().collect::<Vec<_>>());
        }
        client.finish();
    }

    fn facts_21_7_1_and_35_7_without_keep_alive_each_request_has_its_connection<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        let disable = c::WINHTTP_OPTION_DISABLE_FEATURE;
        for count in 1..=2 {
            let request = client.get(server.port(), "/status?size=3");
            // One bit at a time, as programs do, and all hold.
            for feature in [c::WINHTTP_DISABLE_KEEP_ALIVE, c::WINHTTP_DISABLE_COOKIES] {
                set_dword::<W>(request, disable, feature).unwrap();
            }
            let seen = sent(&client, &server, request, b"");
            assert_eq!(seen.values("Connection").collect::<Vec<_>>(), ["close"]);
            assert_eq!(client.body(request).map(|body| body.len()), Ok(3));
            assert_eq!(server.connections(), count);
        }
        client.finish();
    }

    fn fact_21_7_3_http_1_0_offers_no_keep_alive<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        let opening = Opening { version: "HTTP/1.0", ..Opening::default() };
        let seen = opened(&client, &server, opening);
        let expected = format!("GET /status HTTP/1.0\r\n{AGENT}Host: {}\r\n\r\n", server.authority());
        assert_eq!(seen.text(), expected);
        client.finish();
    }

    fn fact_22_8_the_version_is_http_and_two_digits<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        for version in ["HTTP/1.1 ", "HTTP/1", "1.1", "HTTP/1.1\r\nX: y", "HTTP/1.11", "HTTQ/1.1", "HTTP/1.\u{661}"] {
            let refused = open(&client, &server, Opening { version, ..Opening::default() });
            assert_eq!(refused, Err(BAD), "{version:?}");
        }
        for verb in ["G\rT", "G\nT", "G T", "GET\r\nX:", "G\tT"] {
            let refused = open(&client, &server, Opening { verb, ..Opening::default() });
            assert_eq!(refused, Err(BAD), "{verb:?}");
        }
        client.finish();
    }

    fn fact_22_8_a_path_cannot_leave_its_line<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let disable = c::WINHTTP_FLAG_ESCAPE_DISABLE;
        for (flags, target) in [(0, "/status?%0D%0AX:%20y%E2%82%AC"), (disable, "/status?X:%20y%E2%82%AC")] {
            let request = client.open_request(connect, "GET", "/status?\r\nX: y\u{20ac}", flags).unwrap();
            let seen = sent(&client, &server, request, b"");
            assert_eq!((seen.target.as_str(), seen.header("X")), (target, None));
        }
        client.finish();
    }

    fn fact_36_6_no_headers_can_be_added<W>(mode) {
        let server = server();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/status");
        let add = |headers: &str, length: u32| {
            let headers = text::<W>(headers);
            // SAFETY: the text lives through the call.
            call(unsafe {
                winhttp::WinHttpAddRequestHeaders::<W>(request.raw(), headers.as_ptr(), length, ADD)
            })
        };
        assert_eq!(add("", 0), Ok(()));
        assert_eq!(add("X-A: 1", 0), Err(BAD));
        let seen = sent(&client, &server, request, b"");
        assert_eq!(seen.headers.len(), 3, "{:?}", seen.headers);
        client.finish();
    }
}

/// Fact 22.5: an IPv6 literal is bracketed.
#[test]
fn an_ipv6_host_is_bracketed_however_it_was_given() {
    let ipv6 = winhttp_fixtures::Settings {
        ipv6: true,
        ..winhttp_fixtures::Settings::default()
    };
    let server = Server::start(ipv6, by_path).unwrap();
    for mode in [Mode::Sync, Mode::Async] {
        let client = Client::<u16>::new(mode);
        for name in ["::1", "[::1]"] {
            let connect = client.connect(name, server.port()).unwrap();
            let request = client.open_request(connect, "GET", "/status", 0).unwrap();
            let seen = sent(&client, &server, request, b"");
            let expected = format!("[::1]:{}", server.port());
            assert_eq!(seen.header("Host"), Some(expected.as_str()), "{name}");
        }
        client.finish();
    }
}
