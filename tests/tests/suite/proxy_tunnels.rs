//! Tunnels through a proxy, for https and WebSockets: what is asked for, what becomes of refusals,
//! which tunnels are shared (http-behaviours 29.3).

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support::proxy::{
    answers_as_proxy, everything, hello, proxy, set_credentials, trusting, untrusted,
};
use winhttp_tests::support::tls::certificate;
use winhttp_tests::support::{dword, set_dword};
use winhttp_tests::upgrade;
use winhttp_tests::{Client, Handle, Mode, scenarios};

const UTF8: i32 = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;

/// A request for https that trusts whoever answers.
fn secure<W: Unit>(client: &Client<W>, path: &str) -> Handle {
    trusting::<W>(client.request_there(443, "GET", path, c::WINHTTP_FLAG_SECURE))
}

fn received<W: Unit>(client: &Client<W>, request: Handle) {
    client.exchange(request).unwrap();
    assert_eq!(client.status_code(request), Ok(200));
    client.body(request).unwrap();
    client.close(request).unwrap();
}

scenarios! {
    fn facts_29_3_1_and_29_3_2_https_asks_for_a_tunnel_with_nothing_of_the_programs<W>(mode) {
        let server = untrusted(hello);
        let proxy = proxy(server.address(), everything).unwrap();
        let client = Client::<W>::new(mode).through(&proxy);
        let request = secure(&client, "/describe");
        let own = "Authorization: Bearer own\r\nProxy-Authorization: Basic own\r\nCookie: own=1\r\nX-Own: 1";
        client.add_headers(request, own, c::WINHTTP_ADDREQ_FLAG_ADD).unwrap();
        received(&client, request);
        let expected = "CONNECT nosuchhost.invalid:443 HTTP/1.1\r\nHost: nosuchhost.invalid:443\r\n\
                        User-Agent: winhttp-tests\r\nProxy-Connection: Keep-Alive\r\n\r\n";
        let asked = proxy.requests();
        assert_eq!(String::from_utf8_lossy(&asked[0].raw), expected);
        let inside = server.requests();
        assert_eq!((asked.len(), inside.len()), (1, 1));
        assert_eq!(inside[0].target, "/describe");
        assert_eq!(inside[0].header("X-Own"), Some("1"));
        assert_eq!(inside[0].header("Host"), Some("nosuchhost.invalid"));
        assert_eq!(inside[0].header("Connection"), Some("Keep-Alive"));
        assert_eq!(inside[0].header("Proxy-Authorization"), None);
        client.finish();
    }

    fn fact_40_1_websockets_go_through_a_tunnel<W>(mode) {
        for is_secure in [false, true] {
            let server = if is_secure { untrusted(by_path) } else { Server::plain(by_path).unwrap() };
            let proxy = proxy(server.address(), everything).unwrap();
            let client = Client::<W>::new(mode).through(&proxy);
            let (port, flags) = if is_secure { (443, c::WINHTTP_FLAG_SECURE) } else { (80, 0) };
            let request = client.request_there(port, "GET", "/echo", flags);
            if is_secure {
                trusting::<W>(request);
            }
            upgrade::<W>(request).unwrap();
            client.exchange(request).unwrap();
            let websocket = client.complete_upgrade(request, 0).unwrap();
            for message in [&b"hello"[..], &[b'x'; 40_000]] {
                client.ws_send(websocket, UTF8, message).unwrap();
                assert_eq!(client.ws_message(websocket).unwrap().0, message);
            }
            client.ws_close(websocket, 1000, b"").unwrap();
            assert_eq!(proxy.requests()[0].target, format!("nosuchhost.invalid:{port}"));
            client.finish();
        }
    }

    fn fact_29_3_9_a_tunnel_serves_further_requests_to_the_same_server<W>(mode) {
        let server = untrusted(hello);
        let proxy = proxy(server.address(), everything).unwrap();
        let client = Client::<W>::new(mode).through(&proxy);
        for _ in 0..3 {
            received(&client, secure(&client, "/describe"));
        }
        assert_eq!((proxy.requests().len(), server.requests().len()), (1, 3));
        let other = trusting::<W>(client.request_there(444, "GET", "/describe", c::WINHTTP_FLAG_SECURE));
        received(&client, other);
        let asked: Vec<String> = proxy.requests().into_iter().map(|request| request.target).collect();
        assert_eq!(asked, ["nosuchhost.invalid:443", "nosuchhost.invalid:444"]);
        client.finish();
    }

    /// Where connections are counted by server, both have the same one: what is meant for the proxy
    /// must not reach it.
    fn facts_28_7_4_and_29_3_9_a_tunnel_serves_no_request_that_is_for_the_proxy<W>(mode) {
        for first in [true, false] {
            let server = Server::plain(hello).unwrap();
            let proxy = proxy(server.address(), everything).unwrap();
            let client = Client::<W>::new(mode).through(&proxy);
            set_dword::<W>(client.session, c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER, 2).unwrap();
            for is_upgrade in [first, !first] {
                let request = client.request_there(80, "GET", "/describe", 0);
                match is_upgrade {
                    true => upgrade::<W>(request).unwrap(),
                    false => set_credentials::<W>(request, c::WINHTTP_AUTH_SCHEME_BASIC, "user", "pa55word").unwrap(),
                }
                received(&client, request);
            }
            let inside = server.requests();
            assert_eq!(inside.len(), 1);
            assert_eq!(inside[0].target, "/describe");
            assert_eq!(inside[0].header("Proxy-Authorization"), None);
            assert_eq!(proxy.connections(), 2);
            client.finish();
        }
    }

    fn fact_29_3_5_sending_is_told_of_both_and_there_is_no_certificate_at_first<W>(mode) {
        let server = untrusted(hello);
        let proxy = proxy(server.address(), everything).unwrap();
        let client = Client::<W>::new(mode).through(&proxy);
        let (say, said) = std::sync::mpsc::channel();
        client.recorder.on(c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST, move |event| {
            let known = dword::<W>(event.handle, c::WINHTTP_OPTION_SECURITY_KEY_BITNESS);
            let certificate = certificate::<W>(event.handle).map(drop);
            say.send((known.is_ok(), certificate)).unwrap();
        });
        received(&client, secure(&client, "/describe"));
        let said: Vec<_> = said.try_iter().collect();
        let state = Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE);
        assert_eq!(said, [(false, state), (true, Ok(()))]);
        client.finish();
    }

    fn fact_29_3_3_a_challenge_without_credentials_is_the_response<W>(mode) {
        const CHALLENGE: &str = "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\nSet-Cookie: a=b\r\nContent-Length: 5\r\n\r\nwhose";
        for is_received in [false, true] {
            let proxy = answers_as_proxy(|_| Some(CHALLENGE));
            let client = Client::<W>::new(mode).through(&proxy);
            let request = secure(&client, "/");
            set_dword::<W>(request, c::WINHTTP_OPTION_RECEIVE_PROXY_CONNECT_RESPONSE, u32::from(is_received)).unwrap();
            assert_eq!(dword::<W>(request, c::WINHTTP_OPTION_IS_PROXY_CONNECT_RESPONSE), Ok(0));
            client.exchange(request).unwrap();
            assert_eq!(client.status_code(request), Ok(407));
            assert_eq!(client.query(request, c::WINHTTP_QUERY_PROXY_AUTHENTICATE, None).unwrap(), "Basic realm=\"x\"");
            assert_eq!(dword::<W>(request, c::WINHTTP_OPTION_IS_PROXY_CONNECT_RESPONSE), Ok(1));
            // Fact 40.12.
            let body: &[u8] = if is_received { b"whose" } else { b"" };
            assert_eq!(client.body(request).unwrap(), body);
            assert_eq!(dword::<W>(client.session, c::WINHTTP_OPTION_IS_PROXY_CONNECT_RESPONSE), Ok(0));
            // The proxy sets no cookies for the server.
            client.exchange(request).unwrap();
            assert!(proxy.requests().iter().all(|asked| asked.method == "CONNECT" && asked.header("Cookie").is_none()));
            client.finish();
        }
    }

    fn fact_29_3_4_any_other_refusal_is_the_response_where_it_is_asked_for<W>(mode) {
        for answer in [
            "HTTP/1.1 503 Not now\r\nContent-Length: 5\r\n\r\nlater",
            "HTTP/1.1 302 There\r\nLocation: http://elsewhere.invalid/\r\nContent-Length: 5\r\n\r\nlater",
            "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 5\r\n\r\nlater",
        ] {
            let proxy = answers_as_proxy(move |_| Some(answer));
            let client = Client::<W>::new(mode).through(&proxy);
            let refused = secure(&client, "/");
            assert_eq!(client.send(refused), Err(c::ERROR_WINHTTP_CANNOT_CONNECT));
            let request = secure(&client, "/");
            set_dword::<W>(request, c::WINHTTP_OPTION_RECEIVE_PROXY_CONNECT_RESPONSE, 1).unwrap();
            client.exchange(request).unwrap();
            let status = answer[9..12].parse().unwrap();
            assert_eq!(client.status_code(request), Ok(status));
            assert_eq!(client.body(request).unwrap(), b"later");
            assert_eq!(dword::<W>(request, c::WINHTTP_OPTION_IS_PROXY_CONNECT_RESPONSE), Ok(1));
            assert_eq!(proxy.requests().len(), 2, "nothing follows from it");
            client.finish();
        }
    }

    fn a_websocket_is_not_opened_by_the_proxy<W>(mode) {
        const SWITCHES: &str = "HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
        let proxy = answers_as_proxy(|_| Some(SWITCHES));
        let client = Client::<W>::new(mode).through(&proxy);
        let request = client.request_there(80, "GET", "/", 0);
        upgrade::<W>(request).unwrap();
        set_dword::<W>(request, c::WINHTTP_OPTION_RECEIVE_PROXY_CONNECT_RESPONSE, 1).unwrap();
        client.exchange(request).unwrap();
        assert_eq!(client.status_code(request), Ok(101));
        assert_eq!(client.complete_upgrade(request, 0), Err(c::ERROR_INVALID_OPERATION));
        client.finish();
    }

    fn a_redirect_between_schemes_changes_how_the_proxy_is_asked<W>(mode) {
        const TO_SECURE: &str = "HTTP/1.1 302 Go\r\nLocation: https://other.invalid/describe\r\nContent-Length: 0\r\n\r\n";
        let server = untrusted(hello);
        let proxy = proxy(server.address(), |request| (request.method == "GET").then_some(TO_SECURE)).unwrap();
        let client = Client::<W>::new(mode).through(&proxy);
        let request = client.request_there(80, "GET", "/", 0);
        received(&client, trusting::<W>(request));
        let asked: Vec<_> = proxy.requests().into_iter().map(|request| request.target).collect();
        assert_eq!(asked, ["http://nosuchhost.invalid/", "other.invalid:443"]);
        assert_eq!(server.requests().len(), 1);
        client.finish();
    }
}

#[test]
fn what_a_proxy_may_do_wrong() {
    for mode in [Mode::Sync, Mode::Async] {
        for (answer, error) in [
            (
                "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
                c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE,
            ),
            (
                "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
                c::ERROR_WINHTTP_CONNECTION_ERROR,
            ),
            (
                "SSH-2.0 hello\r\n",
                c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE,
            ),
            (
                "HTTP/1.1 407 Who\r\nA: b\0c\r\n\r\n",
                c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE,
            ),
        ] {
            let proxy = answers_as_proxy(move |_| Some(answer));
            let client = Client::<u32>::new(mode).through(&proxy);
            assert_eq!(client.send(secure(&client, "/")), Err(error), "{answer}");
            client.finish();
        }
    }
}
