//! Programs and proxies that make it hard: handles that are closed at every notification on the way
//! through a tunnel, a proxy that is the server itself, names and passwords with control characters
//! (http-behaviours 28.7, 29.3).

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Connection, Request, Server, by_path};
use winhttp_tests::support::proxy::{
    Verdict, WANTS_BASIC, WANTS_BASIC_AND_CLOSES, answers_as_proxy, everything, proxy, set_access,
    set_proxy, trusting, untrusted,
};
use winhttp_tests::support::{get, set_text};
use winhttp_tests::{Client, Handle, scenarios, upgrade};

const DIGEST: &str = "HTTP/1.1 407 Who\r\nProxy-Authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\"\r\nContent-Length: 3\r\n\r\nwho";

/// What is asked for through the proxy.
#[derive(Clone, Copy, Debug)]
struct Asked {
    is_secure: bool,
    is_web_socket: bool,
}

const ALL: [Asked; 4] = [
    Asked {
        is_secure: false,
        is_web_socket: false,
    },
    Asked {
        is_secure: true,
        is_web_socket: false,
    },
    Asked {
        is_secure: false,
        is_web_socket: true,
    },
    Asked {
        is_secure: true,
        is_web_socket: true,
    },
];

impl Asked {
    fn server(self) -> Server {
        if !self.is_secure {
            return Server::plain(by_path).unwrap();
        }
        untrusted(by_path)
    }

    fn request<W: Unit>(self, client: &Client<W>) -> Handle {
        let (port, flags) = match self.is_secure {
            true => (443, c::WINHTTP_FLAG_SECURE),
            false => (80, 0),
        };
        let path = if self.is_web_socket {
            "/echo"
        } else {
            "/status"
        };
        let request = client.request_there(port, "GET", path, flags);
        if self.is_web_socket {
            upgrade::<W>(request).unwrap();
        }
        trust_and_log_in::<W>(request, "user", "pa55word");
        request
    }
}

fn trust_and_log_in<W: Unit>(request: Handle, user: &str, password: &str) {
    trusting::<W>(request);
    set_text::<W>(request, c::WINHTTP_OPTION_PROXY_USERNAME, user).unwrap();
    set_text::<W>(request, c::WINHTTP_OPTION_PROXY_PASSWORD, password).unwrap();
}

fn challenges_once(request: &Request) -> Verdict {
    request
        .header("Proxy-Authorization")
        .is_none()
        .then_some(WANTS_BASIC)
}

fn challenges_once_and_closes(request: &Request) -> Verdict {
    request
        .header("Proxy-Authorization")
        .is_none()
        .then_some(WANTS_BASIC_AND_CLOSES)
}

/// Closes the request inside its notification number `at`; `None` lets it run.
fn close_at<W: Unit>(client: &Client<W>, request: Handle, at: usize) {
    let count = Arc::new(AtomicUsize::new(0));
    for bit in 0..32 {
        let status = 1 << bit;
        let is_of_life = [
            c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED,
            c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING,
        ];
        if is_of_life.contains(&status) {
            continue;
        }
        let count = Arc::clone(&count);
        client.recorder.on(status, move |event| {
            if event.handle == request && count.fetch_add(1, Ordering::SeqCst) == at {
                // The test may be about to close it, too.
                // SAFETY: any number may be passed.
                let _closed =
                    winhttp_tests::call(unsafe { winhttp::WinHttpCloseHandle::<W>(request.raw()) });
            }
        });
    }
}

/// A server that is a proxy as well, and its own.
fn both_at_once(connection: &mut Connection) -> io::Result<()> {
    while let Some(request) = connection.read_head()? {
        let answer = match &*request.method {
            "CONNECT" => "HTTP/1.1 200 OK\r\n\r\n".to_owned(),
            _ => {
                let body = &request.target;
                format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
            }
        };
        connection.send(answer.as_bytes())?;
        if request.method == "CONNECT" {
            let handshake = connection
                .read_head()?
                .ok_or(io::ErrorKind::UnexpectedEof)?;
            connection.accept_websocket(&handshake)?;
            connection.wait_closed();
            return Ok(());
        }
    }
    Ok(())
}

scenarios! {
    fn closed_at_each_notification_a_request_ends_at_once<W>(mode) {
        for judge in [challenges_once, challenges_once_and_closes] {
            for asked in ALL {
                let mut at = 0;
                loop {
                    let server = asked.server();
                    let proxy = proxy(server.address(), judge).unwrap();
                    let client = Client::<W>::new(mode).through(&proxy);
                    let request = asked.request(&client);
                    close_at(&client, request, at);
                    let outcome = client.exchange(request);
                    let told = client.events(request);
                    let is_over = [
                        Err(c::ERROR_WINHTTP_OPERATION_CANCELLED),
                        Err(c::ERROR_INVALID_HANDLE),
                        Ok(()),
                    ];
                    assert!(is_over.contains(&outcome), "{asked:?}, at {at}: {outcome:?}");
                    let is_through = outcome.is_ok() && client.status_code(request).is_ok();
                    client.finish();
                    assert!(server.requests().iter().all(|seen| seen.header("Proxy-Authorization").is_none()));
                    if is_through {
                        assert!(at > 8, "{asked:?}: {told} notifications");
                        break;
                    }
                    at += 1;
                }
            }
        }
    }

    fn a_proxy_may_be_the_server_itself<W>(mode) {
        let server = Server::plain(both_at_once).unwrap();
        let client = Client::<W>::new(mode);
        for (is_direct, target) in [(true, "/a".to_owned()), (false, format!("http://127.0.0.1:{}/a", server.port()))] {
            match is_direct {
                true => set_access::<W>(client.session, c::WINHTTP_ACCESS_TYPE_NO_PROXY),
                false => set_proxy::<W>(client.session, &server.authority(), Some("<-loopback>")),
            }
            .unwrap();
            for _ in 0..2 {
                let request = get(&client, server.port(), "/a");
                client.exchange(request).unwrap();
                assert_eq!(client.body(request).unwrap(), target.as_bytes());
                client.close(request).unwrap();
            }
        }
        assert_eq!(server.connections(), 2, "the two ways share no connection");
        let request = client.web_socket_request(server.port(), "/a");
        client.exchange(request).unwrap();
        let socket = client.complete_upgrade(request, 0).unwrap();
        client.close(socket).unwrap();
        let asked = server.requests().into_iter().map(|request| (request.method, request.target));
        let authority = server.authority();
        let last: Vec<_> = asked.skip(4).collect();
        assert_eq!(last, [("CONNECT".to_owned(), authority), ("GET".to_owned(), "/a".to_owned())]);
        client.finish();
    }

    fn no_name_or_password_makes_a_line_of_its_own<W>(mode) {
        for challenge in [WANTS_BASIC, DIGEST] {
            for is_secure in [false, true] {
                let proxy = answers_as_proxy(move |_| Some(challenge));
                let client = Client::<W>::new(mode).through(&proxy);
                let flags = if is_secure { c::WINHTTP_FLAG_SECURE } else { 0 };
                let request = client.request_there(80, "GET", "/", flags);
                trust_and_log_in::<W>(request, "user\r\nX-Injected: 1", "pa55\r\nX-Injected: 2");
                client.exchange(request).unwrap();
                assert_eq!(client.status_code(request), Ok(407));
                let asked = proxy.requests();
                assert_eq!(asked.len(), 1, "nobody is called that");
                for request in &asked {
                    assert_eq!(request.header("X-Injected"), None);
                }
                client.finish();
            }
        }
        let proxy = answers_as_proxy(everything);
        let client = Client::<W>::new(mode).through(&proxy);
        for name in ["a\r\nX-Injected: 1", "a b", "a\tb", "a/b", "a@b", "a:80", "a\u{7f}", "a#b", "a?b"] {
            let connected = client.connect(name, 443);
            assert!(connected.is_err(), "{name:?}");
        }
        assert_eq!(proxy.connections(), 0);
        client.finish();
    }

    fn fact_29_3_1_a_tunnel_is_asked_for_by_the_name_on_the_wire<W>(mode) {
        const NOT_NOW: &str = "HTTP/1.1 503 Not now\r\nContent-Length: 0\r\n\r\n";
        let proxy = answers_as_proxy(|_| Some(NOT_NOW));
        let client = Client::<W>::new(mode).through(&proxy);
        for (host, port, expected) in [
            ("2001:db8::1", 443, "[2001:db8::1]:443"),
            ("[2001:db8::1]", 8443, "[2001:db8::1]:8443"),
            ("192.0.2.1", 80, "192.0.2.1:80"),
            ("MÜNCHEN.Example", 443, "xn--mnchen-3ya.example:443"),
            ("Host.Example.", 443, "Host.Example.:443"),
        ] {
            let connect = client.connect(host, port).unwrap();
            let request = client.open_request(connect, "GET", "/", c::WINHTTP_FLAG_SECURE).unwrap();
            assert_eq!(client.send(request), Err(c::ERROR_WINHTTP_CANNOT_CONNECT), "{host}");
            let asked = proxy.requests().pop().unwrap();
            assert_eq!((&*asked.target, asked.header("Host")), (expected, Some(expected)));
            client.close(connect).unwrap();
        }
        client.finish();
    }
}
