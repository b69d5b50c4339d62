//! Challenges of proxies: how they are answered, and that nothing of it reaches the wrong wire
//! (http-behaviours 28, 29.3).

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::Request;
use winhttp_tests::support::credentials::{self, TOKEN};
use winhttp_tests::support::proxy::{
    Verdict, WANTS_BASIC, WANTS_BASIC_AND_CLOSES, answers_as_proxy, everything, hello, proxy,
    set_credentials, trusting, untrusted,
};
use winhttp_tests::support::{set_dword, set_text};
use winhttp_tests::{Client, HELLO, Handle, Sending, scenarios};

/// `server:5ecret`, as Basic sends it.
const SERVER_TOKEN: &str = "Basic c2VydmVyOjVlY3JldA==";
const DIGEST: &str = "HTTP/1.1 407 Who\r\nProxy-Authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 3\r\n\r\nwho";

type Judge = fn(&Request) -> Verdict;

fn wants_basic(request: &Request) -> Verdict {
    (request.header("Proxy-Authorization") != Some(TOKEN)).then_some(WANTS_BASIC)
}

fn wants_basic_and_closes(request: &Request) -> Verdict {
    (request.header("Proxy-Authorization") != Some(TOKEN)).then_some(WANTS_BASIC_AND_CLOSES)
}

/// Looks at the form of the answer, which the judges of Digest check elsewhere.
fn wants_digest(request: &Request) -> Verdict {
    let uri = format!("uri=\"{}\"", request.target);
    let is_right = request
        .header("Proxy-Authorization")
        .is_some_and(|value| value.starts_with("Digest username=\"user\"") && value.contains(&uri));
    (!is_right).then_some(DIGEST)
}

/// A request for http, or for https.
fn asking<W: Unit>(client: &Client<W>, is_secure: bool) -> Handle {
    let (port, flags) = if is_secure {
        (443, c::WINHTTP_FLAG_SECURE)
    } else {
        (80, 0)
    };
    trusting::<W>(client.request_there(port, "GET", "/describe", flags))
}

fn options<W: Unit>(request: Handle) {
    set_text::<W>(request, c::WINHTTP_OPTION_PROXY_USERNAME, "user").unwrap();
    set_text::<W>(request, c::WINHTTP_OPTION_PROXY_PASSWORD, "pa55word").unwrap();
}

/// The proxy's and the server's.
fn both_options<W: Unit>(request: Handle) {
    options::<W>(request);
    set_text::<W>(request, c::WINHTTP_OPTION_USERNAME, "server").unwrap();
    set_text::<W>(request, c::WINHTTP_OPTION_PASSWORD, "5ecret").unwrap();
}

/// What the server wants.
fn wants_login(request: &Request) -> Verdict {
    (request.header("Authorization") != Some(SERVER_TOKEN)).then_some(
        "HTTP/1.1 401 Who\r\nWWW-Authenticate: Basic realm=\"y\"\r\nContent-Length: 0\r\n\r\n",
    )
}

/// What requests have shown to proxy and server.
fn shown(requests: &[Request]) -> Vec<(Option<&str>, Option<&str>)> {
    let of = |name| requests.iter().map(move |request| request.header(name));
    of("Proxy-Authorization").zip(of("Authorization")).collect()
}

scenarios! {
    fn fact_29_3_7_a_challenge_is_answered_by_the_options<W>(mode) {
        let judges: [(Judge, usize); 3] = [(wants_basic, 1), (wants_basic_and_closes, 2), (wants_digest, 1)];
        for (judge, connections) in judges {
            for is_secure in [false, true] {
                let server = untrusted(hello);
                let proxy = proxy(server.address(), judge).unwrap();
                let client = Client::<W>::new(mode).through(&proxy);
                let request = asking(&client, is_secure);
                options::<W>(request);
                client.exchange(request).unwrap();
                assert_eq!(client.status_code(request), Ok(200));
                client.body(request).unwrap();
                let asked = proxy.requests();
                assert_eq!(asked.len(), 2);
                assert_eq!(asked[0].header("Proxy-Authorization"), None, "not unasked");
                assert_eq!(proxy.connections(), connections);
                for inside in server.requests() {
                    assert_eq!(inside.header("Proxy-Authorization"), None);
                }
                client.finish();
            }
        }
    }

    fn the_407_loop_of_programs_sets_credentials_and_sends_again<W>(mode) {
        for is_secure in [false, true] {
            for scheme in [c::WINHTTP_AUTH_SCHEME_BASIC, c::WINHTTP_AUTH_SCHEME_DIGEST] {
                let server = untrusted(hello);
                let judge = if scheme == c::WINHTTP_AUTH_SCHEME_BASIC { wants_basic } else { wants_digest };
                let proxy = proxy(server.address(), judge).unwrap();
                let client = Client::<W>::new(mode).through(&proxy);
                let request = asking(&client, is_secure);
                client.exchange(request).unwrap();
                assert_eq!(client.status_code(request), Ok(407));
                set_credentials::<W>(request, scheme, "user", "pa55word").unwrap();
                client.exchange(request).unwrap();
                assert_eq!(client.status_code(request), Ok(200));
                client.body(request).unwrap();
                let sent = proxy.requests().len();
                assert_eq!(sent, 2, "what was asked for is known");
                client.finish();
            }
        }
    }

    fn a_body_that_is_written_meets_the_challenge_in_receive_response<W>(mode) {
        for is_secure in [false, true] {
            let server = untrusted(hello);
            let proxy = proxy(server.address(), wants_basic).unwrap();
            let client = Client::<W>::new(mode).through(&proxy);
            let (port, flags) = if is_secure { (443, c::WINHTTP_FLAG_SECURE) } else { (80, 0) };
            let request = trusting::<W>(client.request_there(port, "POST", "/", flags));
            for (status, body) in [(407, b"first"), (200, b"again")] {
                client.send_with(request, Sending { total: 5, ..Sending::default() }).unwrap();
                assert_eq!(client.write(request, body), Ok(5));
                client.receive(request).unwrap();
                assert_eq!(client.status_code(request), Ok(status));
                client.body(request).unwrap();
                set_credentials::<W>(request, c::WINHTTP_AUTH_SCHEME_BASIC, "user", "pa55word").unwrap();
            }
            client.finish();
        }
    }

    fn a_proxys_challenge_sets_no_cookies_for_the_server<W>(mode) {
        const CHALLENGE: &str = "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n";
        for has_login in [false, true] {
            let proxy = answers_as_proxy(|request| {
                request.header("Proxy-Authorization").is_none().then_some(CHALLENGE)
            });
            let client = Client::<W>::new(mode).through(&proxy);
            for _ in 0..2 {
                let request = asking(&client, false);
                if has_login {
                    options::<W>(request);
                }
                client.exchange(request).unwrap();
                client.body(request).unwrap();
            }
            assert!(proxy.requests().iter().all(|request| request.header("Cookie").is_none()));
            client.finish();
        }
    }

    fn fact_28_2_5_whoever_is_logged_on_is_tried_first_and_then_the_user_is_asked<W>(mode) {
        for is_secure in [false, true] {
            let server = untrusted(hello);
            let proxy = proxy(server.address(), wants_basic).unwrap();
            let client = Client::<W>::new(mode).through(&proxy);
            let request = asking(&client, is_secure);
            for scheme in [c::WINHTTP_AUTH_SCHEME_NTLM, c::WINHTTP_AUTH_SCHEME_NEGOTIATE] {
                for nobody in [None, Some("")] {
                    let set = credentials::set::<W>(request, c::WINHTTP_AUTH_TARGET_PROXY, scheme, nobody, nobody);
                    assert_ne!(set, Err(c::ERROR_INVALID_PARAMETER));
                    client.exchange(request).unwrap();
                    assert_eq!(client.status_code(request), Ok(407));
                }
            }
            set_credentials::<W>(request, c::WINHTTP_AUTH_SCHEME_BASIC, "user", "pa55word").unwrap();
            client.exchange(request).unwrap();
            assert_eq!(client.status_code(request), Ok(200));
            client.finish();
        }
    }

    /// Whatever the program has said of proxies: that server is none.
    fn fact_28_7_3_a_407_of_a_server_behind_a_tunnel_is_answered_with_nothing<W>(mode) {
        const ANSWER: &[u8] = b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Digest realm=\"x\", nonce=\"n\"\r\n\
            Proxy-Authenticate: Basic realm=\"x\"\r\nSet-Cookie: a=b\r\nConnection: close\r\nContent-Length: 3\r\n\r\nwho";
        for is_set in [false, true] {
            let server = untrusted(|connection| {
                let Some(request) = connection.read_head()? else { return Ok(()) };
                connection.read_body(&request)?;
                connection.send(ANSWER)
            });
            let proxy = proxy(server.address(), everything).unwrap();
            let client = Client::<W>::new(mode).through(&proxy);
            for _ in 0..2 {
                let request = asking(&client, true);
                options::<W>(request);
                if is_set {
                    set_credentials::<W>(request, c::WINHTTP_AUTH_SCHEME_DIGEST, "user", "pa55word").unwrap();
                }
                client.exchange(request).unwrap();
                assert_eq!(client.status_code(request), Ok(407));
                assert_eq!(client.body(request), Ok(b"who".to_vec()));
                client.close(request).unwrap();
            }
            let asked = [proxy.requests(), server.requests()];
            assert_eq!(asked.each_ref().map(Vec::len), [2, 2]);
            for request in asked.iter().flatten() {
                assert_eq!(request.header("Proxy-Authorization"), None);
            }
            let cookies = asked[1].iter().map(|request| request.header("Cookie"));
            assert_eq!(cookies.collect::<Vec<_>>(), [None, Some("a=b")], "the server's own");
            client.finish();
        }
    }

    fn wrong_credentials_are_sent_once<W>(mode) {
        for is_secure in [false, true] {
            let proxy = answers_as_proxy(|_| Some(WANTS_BASIC));
            let client = Client::<W>::new(mode).through(&proxy);
            let request = asking(&client, is_secure);
            options::<W>(request);
            client.exchange(request).unwrap();
            assert_eq!(client.status_code(request), Ok(407));
            assert_eq!(proxy.requests().len(), 2);
            client.finish();
        }
    }

    fn disabled_schemes_and_disabled_authentication_answer_nothing<W>(mode) {
        for is_secure in [false, true] {
            for whole in [false, true] {
                let proxy = answers_as_proxy(|_| Some(WANTS_BASIC));
                let client = Client::<W>::new(mode).through(&proxy);
                if !whole {
                    set_dword::<W>(client.session, c::WINHTTP_OPTION_DISABLE_PROXY_AUTH_SCHEMES, 1).unwrap();
                }
                let request = asking(&client, is_secure);
                if whole {
                    set_dword::<W>(request, c::WINHTTP_OPTION_DISABLE_FEATURE, c::WINHTTP_DISABLE_AUTHENTICATION).unwrap();
                }
                options::<W>(request);
                client.exchange(request).unwrap();
                assert_eq!(client.status_code(request), Ok(407));
                assert_eq!(proxy.requests().len(), 1);
                client.finish();
            }
        }
    }

    fn neither_side_sees_what_the_other_is_shown<W>(mode) {
        let server = untrusted(|connection| {
            while let Some(request) = connection.read_head()? {
                connection.send(wants_login(&request).map_or(HELLO, str::as_bytes))?;
            }
            Ok(())
        });
        let proxy = proxy(server.address(), wants_basic).unwrap();
        let client = Client::<W>::new(mode).through(&proxy);
        let request = asking(&client, true);
        both_options::<W>(request);
        client.exchange(request).unwrap();
        assert_eq!(client.status_code(request), Ok(200));
        client.body(request).unwrap();
        let inside = server.requests();
        assert_eq!(shown(&inside), [(None, None), (None, Some(SERVER_TOKEN))]);
        let outside = proxy.requests();
        assert_eq!(shown(&outside), [(None, None), (Some(TOKEN), None)]);
        client.finish();
    }

    /// Through a proxy for http all is said to the proxy: each answer in its own field.
    fn each_challenge_is_answered_with_what_is_for_it<W>(mode) {
        let proxy = answers_as_proxy(|request| wants_basic(request).or_else(|| wants_login(request)));
        let client = Client::<W>::new(mode).through(&proxy);
        let request = asking(&client, false);
        both_options::<W>(request);
        client.exchange(request).unwrap();
        assert_eq!(client.status_code(request), Ok(200));
        client.body(request).unwrap();
        let asked = proxy.requests();
        let both = (Some(TOKEN), Some(SERVER_TOKEN));
        assert_eq!(shown(&asked), [(None, None), (Some(TOKEN), None), both]);
        client.finish();
    }

    fn a_tunnel_belongs_to_whoever_has_opened_it<W>(mode) {
        let server = untrusted(hello);
        let proxy = proxy(server.address(), wants_basic).unwrap();
        let client = Client::<W>::new(mode).through(&proxy);
        for (has_login, expected, connects) in [(true, 200, 2), (true, 200, 2), (false, 407, 3), (true, 200, 3)] {
            let request = asking(&client, true);
            if has_login {
                options::<W>(request);
            }
            client.exchange(request).unwrap();
            assert_eq!(client.status_code(request), Ok(expected));
            client.body(request).unwrap();
            client.close(request).unwrap();
            assert_eq!(proxy.requests().len(), connects);
        }
        client.finish();
    }
}
