//! Adding request headers: what the server gets on the wire, and what queries show.

use winhttp_abi::constants as c;
use winhttp_abi::types::{EitherString, ExtendedHeader};
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::{Call, Client, Handle, PATIENCE, Sending, scenarios, status, text};

const ADD: u32 = c::WINHTTP_ADDREQ_FLAG_ADD;
const ADD_IF_NEW: u32 = c::WINHTTP_ADDREQ_FLAG_ADD_IF_NEW;
const REPLACE: u32 = c::WINHTTP_ADDREQ_FLAG_REPLACE;
const COMMA: u32 = c::WINHTTP_ADDREQ_FLAG_COALESCE_WITH_COMMA;
const SEMICOLON: u32 = c::WINHTTP_ADDREQ_FLAG_COALESCE_WITH_SEMICOLON;
const CUSTOM: u32 = c::WINHTTP_QUERY_CUSTOM | c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS;

/// A server and a request to it that is not sent yet.
fn prepared<W: Unit>(client: &Client<W>) -> (Server, Handle) {
    let server = Server::plain(by_path).unwrap();
    let request = client.get(server.port(), "/status");
    (server, request)
}

/// What queries show, and after an exchange what the server got: both must be `expected`.
fn check<W: Unit>(
    client: &Client<W>,
    server: &Server,
    request: Handle,
    name: &str,
    expected: &[&str],
) {
    assert_eq!(
        client.values(request, CUSTOM, Some(name)),
        expected,
        "before the send"
    );
    let index = server.requests().len();
    client.exchange(request).unwrap();
    let seen = server.wait_request(index, PATIENCE).unwrap();
    let on_the_wire: Vec<&str> = seen.values(name).collect();
    assert_eq!(on_the_wire, expected, "on the wire");
    assert_eq!(
        client.values(request, CUSTOM, Some(name)),
        expected,
        "after the send"
    );
}

scenarios! {
    fn fact_4_1_1_add_appends_in_the_order_of_adding<W>(mode) {
        let client = Client::<W>::new(mode);
        let (server, request) = prepared(&client);
        for header in ["X-A: 1", "X-B: other", "x-a: 2", "X-A: 3"] {
            client.add_headers(request, header, ADD).unwrap();
        }
        check(&client, &server, request, "X-A", &["1", "2", "3"]);
        client.finish();
    }

    fn fact_4_1_2_replace_removes_the_first_and_appends<W>(mode) {
        for modifiers in [REPLACE, ADD | REPLACE] {
            let client = Client::<W>::new(mode);
            let (server, request) = prepared(&client);
            client.add_headers(request, "X-A: 1", ADD).unwrap();
            client.add_headers(request, "X-A: 2", ADD).unwrap();
            client.add_headers(request, "X-A: 3", modifiers).unwrap();
            check(&client, &server, request, "X-A", &["2", "3"]);
            client.finish();
        }
    }

    fn fact_4_1_2_add_or_replace_adds_what_is_not_there<W>(mode) {
        let client = Client::<W>::new(mode);
        let (server, request) = prepared(&client);
        client.add_headers(request, "X-A: 1", ADD | REPLACE).unwrap();
        check(&client, &server, request, "X-A", &["1"]);
        client.finish();
    }

    fn fact_4_1_3_replace_of_nothing_and_add_if_new_of_something_fail<W>(mode) {
        let client = Client::<W>::new(mode);
        let (server, request) = prepared(&client);
        assert_eq!(client.add_headers(request, "X-A: 1", REPLACE), Err(c::ERROR_WINHTTP_HEADER_NOT_FOUND));
        assert_eq!(client.add_headers(request, "X-A:", REPLACE), Ok(()), "removing nothing");
        assert_eq!(client.add_headers(request, "X-A: 1", ADD_IF_NEW), Ok(()));
        assert_eq!(client.add_headers(request, "X-A: 2", ADD_IF_NEW), Err(c::ERROR_WINHTTP_HEADER_ALREADY_EXISTS));
        assert_eq!(client.add_headers(request, "X-A: 3", 0), Ok(()), "no modifier adds");
        check(&client, &server, request, "X-A", &["1", "3"]);
        client.finish();
    }

    fn fact_4_1_3_replace_with_nothing_removes<W>(mode) {
        let client = Client::<W>::new(mode);
        let (server, request) = prepared(&client);
        client.add_headers(request, "X-A: 1", ADD).unwrap();
        client.add_headers(request, "X-A:", REPLACE).unwrap();
        check(&client, &server, request, "X-A", &[]);
        client.finish();
    }

    fn fact_4_1_4_coalescing_merges_into_the_first<W>(mode) {
        let client = Client::<W>::new(mode);
        let (server, request) = prepared(&client);
        client.add_headers(request, "X-A: 1", COMMA).unwrap();
        client.add_headers(request, "X-A: other", ADD).unwrap();
        client.add_headers(request, "X-A: 2", COMMA).unwrap();
        client.add_headers(request, "X-A: 3", c::WINHTTP_ADDREQ_FLAG_COALESCE).unwrap();
        client.add_headers(request, "X-A: 4", SEMICOLON).unwrap();
        check(&client, &server, request, "X-A", &["1, 2, 3; 4", "other"]);
        client.finish();
    }

    fn fact_4_1_5_malformed_headers_are_refused_whole<W>(mode) {
        let client = Client::<W>::new(mode);
        let (server, request) = prepared(&client);
        for bad in [":", ":b", "cd", " e :f", "g : value", "X-A: fine\r\ncd", "X-A: fine\r\n: b"] {
            assert_eq!(client.add_headers(request, bad, ADD), Err(c::ERROR_INVALID_PARAMETER), "{bad:?}");
        }
        client.add_headers(request, "a:", ADD).unwrap();
        client.add_headers(request, "field: value ", ADD).unwrap();
        assert_eq!(client.values(request, CUSTOM, Some("X-A")), [""; 0]);
        assert_eq!(client.values(request, CUSTOM, Some("a")), [""]);
        assert_eq!(client.values(request, CUSTOM, Some("field"))[0].trim_end(), "value");
        client.exchange(request).unwrap();
        let seen = server.wait_request(0, PATIENCE).unwrap();
        assert_eq!((seen.header("a"), seen.header("field").map(str::trim)), (Some(""), Some("value")));
        client.finish();
    }

    fn fact_4_1_6_any_run_of_cr_and_lf_separates<W>(mode) {
        for separator in ["\n", "\r", "\n\r", "\r\r\r", "\n\n\n", "\r\n\r\n", "\r\n"] {
            let lines = format!("X-A: 1{separator}X-B: 2{separator}X-A: 3\r\n");
            let client = Client::<W>::new(mode);
            let (server, request) = prepared(&client);
            client.add_headers(request, &lines, ADD).unwrap();
            check(&client, &server, request, "X-A", &["1", "3"]);
            check(&client, &server, request, "X-B", &["2"]);

            let other = client.get(server.port(), "/status");
            let index = server.requests().len();
            client.send_with(other, Sending { headers: Some(&lines), ..Sending::default() }).unwrap();
            let seen = server.wait_request(index, PATIENCE).unwrap();
            assert_eq!(seen.header("X-B"), Some("2"), "{separator:?}");
            assert!(seen.header("X-A").is_some());
            client.finish();
        }
    }

    fn fact_22_11_generated_headers_show_in_queries_once_sent<W>(mode) {
        let client = Client::<W>::new(mode);
        let (server, request) = prepared(&client);
        let host = c::WINHTTP_QUERY_HOST | c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS;
        assert_eq!(client.query(request, host, None), Err(c::ERROR_WINHTTP_HEADER_NOT_FOUND));
        client.exchange(request).unwrap();
        let authority = server.authority();
        assert_eq!(client.query(request, host, None), Ok(authority.clone()));
        let seen = server.wait_request(0, PATIENCE).unwrap();
        assert_eq!(seen.header("Host"), Some(authority.as_str()));
        assert_eq!(seen.header("User-Agent"), Some("winhttp-tests"));
        assert_eq!(seen.values("Connection").collect::<Vec<_>>(), ["Keep-Alive"]);
        let raw = c::WINHTTP_QUERY_RAW_HEADERS_CRLF | c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS;
        assert_eq!(client.query(request, raw, None).unwrap(), seen.text());
        client.finish();
    }

    fn the_programs_own_headers_replace_generated_ones<W>(mode) {
        let client = Client::<W>::new(mode);
        let (server, request) = prepared(&client);
        for header in ["Host: elsewhere.example", "User-Agent: mine", "Connection: close"] {
            client.add_headers(request, header, ADD | REPLACE).unwrap();
        }
        client.exchange(request).unwrap();
        let seen = server.wait_request(0, PATIENCE).unwrap();
        for (name, value) in [("Host", "elsewhere.example"), ("User-Agent", "mine"), ("Connection", "close")] {
            assert_eq!(seen.values(name).collect::<Vec<_>>(), [value]);
        }
        client.finish();
    }

    fn fact_22_10_headers_of_send_request_stay_for_the_next_send<W>(mode) {
        let client = Client::<W>::new(mode);
        let (server, request) = prepared(&client);
        client.send_with(request, Sending { headers: Some("X-A: 1"), ..Sending::default() }).unwrap();
        client.receive(request).unwrap();
        client.exchange(request).unwrap();
        client.send_with(request, Sending { headers: Some("X-A: 2"), ..Sending::default() }).unwrap();
        client.receive(request).unwrap();
        let values: Vec<_> =
            server.requests().iter().map(|seen| seen.values("X-A").map(str::to_owned).collect::<Vec<_>>()).collect();
        assert_eq!(values, [["1"], ["1"], ["2"]]);
        client.finish();
    }

    fn accept_types_referrer_refresh_and_version_go_on_the_wire<W>(mode) {
        let client = Client::<W>::new(mode);
        let server = Server::plain(by_path).unwrap();
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let [verb, path, version, referrer, html, plain] =
            ["OPTIONS", "/status", "HTTP/1.1", "http://before.example/", "text/html", "text/plain"].map(text::<W>);
        let types = [html.as_ptr(), plain.as_ptr(), std::ptr::null()];
        // SAFETY: texts and array live through the call.
        let request = Handle::from(unsafe {
            winhttp::WinHttpOpenRequest::<W>(
                connect.raw(),
                verb.as_ptr(),
                path.as_ptr(),
                version.as_ptr(),
                referrer.as_ptr(),
                types.as_ptr(),
                c::WINHTTP_FLAG_REFRESH,
            )
        });
        client.exchange(request).unwrap();
        let seen = server.wait_request(0, PATIENCE).unwrap();
        assert_eq!((seen.method.as_str(), seen.minor_version), ("OPTIONS", 1));
        assert_eq!(seen.header("Accept"), Some("text/html, text/plain"));
        assert_eq!(seen.header("Referer"), Some("http://before.example/"));
        assert_eq!(seen.header("Pragma"), Some("no-cache"));
        assert_eq!(seen.header("Cache-Control"), Some("no-cache"));
        client.finish();
    }

    fn nothing_can_be_smuggled_into_the_request<W>(mode) {
        let client = Client::<W>::new(mode);
        let (server, request) = prepared(&client);
        // Each line is a header of its own or refused: nothing ends the head early.
        client.add_headers(request, "X-A: 1\r\n\r\nX-B: 2", ADD).unwrap();
        assert_eq!(
            client.add_headers(request, "X-C: 1\r\n\r\nGET /smuggled HTTP/1.1", ADD),
            Err(c::ERROR_INVALID_PARAMETER)
        );
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let verb = client.open_request(connect, "GET / HTTP/1.1\r\nX:", "/", 0);
        assert_eq!(verb, Err(c::ERROR_INVALID_PARAMETER));
        client.exchange(request).unwrap();
        let requests = server.requests();
        assert_eq!(requests.len(), 1);
        assert_eq!((requests[0].header("X-B"), requests[0].header("X-C")), (Some("2"), None));
        client.finish();
    }

    fn add_request_headers_ex_takes_pairs_of_either_kind<W>(mode) {
        let client = Client::<W>::new(mode);
        let (server, request) = prepared(&client);
        let unicode = c::WINHTTP_EXTENDED_HEADER_FLAG_UNICODE;
        let wide = [["X-A", "1"], ["X-B", "2"]].map(|pair| pair.map(text::<W>));
        let wide: Vec<_> = wide
            .iter()
            .map(|[name, value]| ExtendedHeader {
                name: EitherString::from_wide(name.as_ptr()),
                value: EitherString::from_wide(value.as_ptr()),
            })
            .collect();
        let narrow = [ExtendedHeader::<W> {
            name: EitherString::from_narrow(c"X-A".as_ptr().cast()),
            value: EitherString::from_narrow(c"3".as_ptr().cast()),
        }];
        let malformed = [ExtendedHeader::<W> {
            name: EitherString::from_narrow(c"bad name".as_ptr().cast()),
            value: EitherString::from_narrow(c"x".as_ptr().cast()),
        }];
        let add = |modifiers: u32, flags: u64, extra: u64, headers: &[ExtendedHeader<W>]| -> Call<()> {
            let count = u32::try_from(headers.len()).unwrap();
            // SAFETY: the array and its texts live through the call.
            status(unsafe {
                winhttp::WinHttpAddRequestHeadersEx::<W>(
                    request.raw(),
                    modifiers,
                    flags,
                    extra,
                    count,
                    headers.as_ptr(),
                )
            })
        };
        assert_eq!(add(ADD, unicode, 0, &wide), Ok(()));
        assert_eq!(add(ADD, 0, 0, &narrow), Ok(()));
        assert_eq!(add(ADD, unicode, 1, &wide), Err(c::ERROR_INVALID_PARAMETER));
        assert_eq!(add(ADD, 0x80, 0, &narrow), Err(c::ERROR_INVALID_PARAMETER));
        assert_eq!(add(ADD, 0, 0, &malformed), Err(c::ERROR_INVALID_PARAMETER));
        assert_eq!(add(ADD_IF_NEW, 0, 0, &narrow), Err(c::ERROR_WINHTTP_HEADER_ALREADY_EXISTS));
        // SAFETY: NULL is what is tested.
        let null = unsafe {
            winhttp::WinHttpAddRequestHeadersEx::<W>(request.raw(), ADD, 0, 0, 1, std::ptr::null())
        };
        assert_eq!(null, c::ERROR_INVALID_PARAMETER);
        check(&client, &server, request, "X-A", &["1", "3"]);
        check(&client, &server, request, "X-B", &["2"]);
        client.finish();
    }
}
