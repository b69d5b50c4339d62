//! Challenges of proxies: how they are answered, and that nothing of it reaches the wrong wire
//! (http-behaviours 28, 29.3).

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Connection, Request, Server};
use winhttp_tests::support::credentials::{self, TOKEN};
use winhttp_tests::support::proxy::{Verdict, everything, hello, proxy, set_credentials};
use winhttp_tests::support::{set_dword, set_text};
use winhttp_tests::{Client, Handle, Sending, scenarios};

const BASIC: &str =
    "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 3\r\n\r\nwho";
const CLOSING: &str = "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\nConnection: close\r\nContent-Length: 3\r\n\r\nwho";
const DIGEST: &str = "HTTP/1.1 407 Who\r\nProxy-Authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\", algorithm=SHA-256\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 3\r\n\r\nwho";

type Judge = fn(&Request) -> Verdict;

fn wants_basic(request: &Request) -> Verdict {
    (request.header("Proxy-Authorization") != Some(TOKEN)).then_some(BASIC)
}

fn wants_basic_and_closes(request: &Request) -> Verdict {
    (request.header("Proxy-Authorization") != Some(TOKEN)).then_some(CLOSING)
}

/// Looks at the form of the answer, which the judges of Digest check elsewhere.
fn wants_digest(request: &Request) -> Verdict {
    let uri = format!("uri=\"{}\"", request.target);
    let is_right = request
        .header("Proxy-Authorization")
        .is_some_and(|value| value.starts_with("Digest username=\"user\"") && value.contains(&uri));
    (!is_right).then_some(DIGEST)
}

fn secure_server() -> Server {
    secure_server_that(hello)
}

fn secure_server_that(script: fn(&mut Connection) -> std::io::Result<()>) -> Server {
    let authority = Authority::new().unwrap();
    let identity = authority.issue(&IdentityOptions::default()).unwrap();
    Server::tls(script, &identity).unwrap()
}

/// A request for http, or for https.
fn asking<W: Unit>(client: &Client<W>, is_secure: bool) -> Handle {
    let (port, flags) = if is_secure {
        (443, c::WINHTTP_FLAG_SECURE)
    } else {
        (80, 0)
    };
    let request = client.request_there(port, "GET", "/describe", flags);
    let ignored = c::SECURITY_FLAG_IGNORE_UNKNOWN_CA | c::SECURITY_FLAG_IGNORE_CERT_CN_INVALID;
    set_dword::<W>(request, c::WINHTTP_OPTION_SECURITY_FLAGS, ignored).unwrap();
    request
}

fn options<W: Unit>(request: Handle) {
    set_text::<W>(request, c::WINHTTP_OPTION_PROXY_USERNAME, "user").unwrap();
    set_text::<W>(request, c::WINHTTP_OPTION_PROXY_PASSWORD, "pa55word").unwrap();
}

scenarios! {
    fn fact_29_3_7_a_challenge_is_answered_by_the_options<W>(mode) {
        let judges: [(Judge, usize); 3] = [(wants_basic, 1), (wants_basic_and_closes, 2), (wants_digest, 1)];
        for (judge, connections) in judges {
            for is_secure in [false, true] {
                let server = secure_server();
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
                let server = secure_server();
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
            let server = secure_server();
            let proxy = proxy(server.address(), wants_basic).unwrap();
            let client = Client::<W>::new(mode).through(&proxy);
            let (port, flags) = if is_secure { (443, c::WINHTTP_FLAG_SECURE) } else { (80, 0) };
            let request = client.request_there(port, "POST", "/", flags);
            let ignored = c::SECURITY_FLAG_IGNORE_UNKNOWN_CA | c::SECURITY_FLAG_IGNORE_CERT_CN_INVALID;
            set_dword::<W>(request, c::WINHTTP_OPTION_SECURITY_FLAGS, ignored).unwrap();
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
            let proxy = proxy("127.0.0.1:9".parse().unwrap(), |request| {
                request.header("Proxy-Authorization").is_none().then_some(CHALLENGE)
            })
            .unwrap();
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
            let server = secure_server();
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
            let server = secure_server_that(|connection| {
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
            let proxy = proxy("127.0.0.1:9".parse().unwrap(), |_| Some(BASIC)).unwrap();
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
                let proxy = proxy("127.0.0.1:9".parse().unwrap(), |_| Some(BASIC)).unwrap();
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
        for is_secure in [false, true] {
            let server = secure_server();
            let proxy = proxy(server.address(), wants_basic).unwrap();
            let client = Client::<W>::new(mode).through(&proxy);
            let request = asking(&client, is_secure);
            options::<W>(request);
            set_text::<W>(request, c::WINHTTP_OPTION_USERNAME, "server").unwrap();
            set_text::<W>(request, c::WINHTTP_OPTION_PASSWORD, "5ecret").unwrap();
            client.exchange(request).unwrap();
            client.body(request).unwrap();
            for request in proxy.requests() {
                assert_eq!(request.header("Authorization"), None);
            }
            for request in server.requests() {
                assert_eq!(request.header("Proxy-Authorization"), None);
            }
            client.finish();
        }
    }

    fn a_tunnel_belongs_to_whoever_has_opened_it<W>(mode) {
        let server = secure_server();
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
