//! Verifies the order in which the routes that a script names are tried, and what goes along to the
//! next one (http-behaviours 29.4.2).

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::hole::RefusedPort;
use winhttp_fixtures::{Connection, Server, by_path};
use winhttp_tests::support::own_process::{World, replace_file};
use winhttp_tests::support::proxy::{
    TARGET, answers_as_proxy, everything, hello, proxy, set_credentials, trusting, untrusted,
};
use winhttp_tests::support::{get, request, set_text, set_timeouts};
use winhttp_tests::{
    Client, Handle, Info, PATIENCE, Sending, answers, answers_each, own_processes,
};

use super::scripts::{CANCELLED, MODES, script, use_script, user};
use super::{ALICE, SECURE, status_from, status_of, wants};

/// The names that were looked up for a request.
fn looked_up<W: Unit>(client: &Client<W>, request: Handle) -> Vec<String> {
    let events = client.recorder.events_of(request).into_iter();
    let looked_up =
        events.filter(|event| event.status == c::WINHTTP_CALLBACK_STATUS_RESOLVING_NAME);
    let name = |info| match info {
        Info::Text(name) => name,
        other => panic!("{other:?}"),
    };
    looked_up.map(|event| name(event.info)).collect()
}

/// The status of a request to an invented host, and the names that were looked up for it.
fn got<W: Unit>(client: &Client<W>, path: &str) -> (Result<u32, u32>, Vec<String>) {
    let asked = client.request_there(80, "GET", path, 0);
    let status = status_of(client, asked);
    let names = looked_up(client, asked);
    client.close(asked).unwrap();
    (status, names)
}

/// A proxy that answers with the body that it got.
fn reflecting() -> Server {
    Server::plain(|connection: &mut Connection| {
        while let Some(request) = connection.read_head()? {
            let body = connection.read_body(&request)?;
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
            connection.send(&[head.as_bytes(), &body].concat())?;
        }
        Ok(())
    })
    .unwrap()
}

/// A proxy that takes one connection and no other: what is asked on it first is answered, and then
/// it is gone.
struct Dying {
    address: SocketAddr,
    thread: thread::JoinHandle<()>,
}

impl Dying {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let thread = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            drop(listener);
            let head = read_head(&mut stream);
            read_body(&mut stream, &head);
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                .unwrap();
            read_head(&mut stream);
        });
        Self { address, thread }
    }

    fn wait(self) {
        self.thread.join().unwrap();
    }
}

fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

fn read_body(stream: &mut TcpStream, head: &str) {
    if head.contains("Content-Length: 5") {
        stream.read_exact(&mut [0; 5]).unwrap();
    }
}

own_processes! {
    fn fact_29_4_2_the_next_proxy_is_tried_and_the_dead_one_comes_last<W>(World::new()) {
        let alive = answers("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        let refused = RefusedPort::new().unwrap();
        let list = format!("PROXY nosuchproxy.invalid:8080; PROXY {}; PROXY {}", refused.address(), alive.authority());
        let _pac = script(&format!("return '{list}'"), "");
        for mode in MODES {
            let client = user::<W>(mode);
            let (status, names) = got(&client, "/");
            assert_eq!((status, &*names.join(" ")), (Ok(200), "nosuchproxy.invalid 127.0.0.1 127.0.0.1"));
            let (status, names) = got(&client, "/");
            assert_eq!((status, &*names.join(" ")), (Ok(200), "127.0.0.1"));
            client.finish();
        }
        assert_eq!(alive.connections(), 4);
    }

    fn a_leg_whose_way_is_fixed_leaves_the_routes_of_the_one_before_alone<W>(World::new()) {
        let refused = RefusedPort::new().unwrap();
        let first = Server::plain(answers_each(|connection, target, _| {
            let head = match target {
                "http://a.invalid/" => "HTTP/1.1 302 There\r\nLocation: http://b.invalid/",
                _ => "HTTP/1.1 200 OK",
            };
            connection.send(format!("{head}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").as_bytes())
        })).unwrap();
        let second = answers_as_proxy(everything);
        for mode in MODES {
            let pac = script(&format!("return 'PROXY {}; PROXY {}'", first.authority(), second.authority()), "");
            let client = user::<W>(mode);
            let fixed = format!("proxy = {}", refused.address());
            client.recorder.on(c::WINHTTP_CALLBACK_STATUS_REDIRECT, move |_| replace_file(&fixed));
            let asked = request(&client, "a.invalid", 80, "/", 0);
            assert_eq!(client.exchange(asked), Err(c::ERROR_WINHTTP_CANNOT_CONNECT));
            use_script(&pac, "");
            assert_eq!(status_from(&client, "c.invalid", 80, 0), Ok(200));
            client.finish();
        }
        assert_eq!(second.connections(), 0, "the first one was there");
    }

    fn fact_29_4_2_a_dead_proxy_is_tried_when_nothing_else_is_left<W>(World::new()) {
        let refused = RefusedPort::new().unwrap();
        let list = format!("PROXY nosuchproxy.invalid:8080; PROXY {}", refused.address());
        let _pac = script(&format!("return '{list}'"), "");
        for mode in MODES {
            let client = user::<W>(mode);
            for _ in 0..2 {
                let both = vec!["nosuchproxy.invalid".to_owned(), "127.0.0.1".to_owned()];
                assert_eq!(got(&client, "/"), (Err(c::ERROR_WINHTTP_CANNOT_CONNECT), both));
            }
            client.finish();
        }
    }

    fn fact_29_4_2_a_proxy_that_never_shakes_hands_makes_room_for_the_next<W>(World::new()) {
        let (silent, alive) = (Server::silent().unwrap(), answers_as_proxy(everything));
        let _pac = script(&format!("return 'HTTPS {}; PROXY {}'", silent.authority(), alive.authority()), "");
        for mode in MODES {
            let client = user::<W>(mode);
            set_timeouts::<W>(client.session, 0, 600, 30_000, 30_000);
            assert_eq!(got(&client, "/").0, Ok(200));
            client.finish();
        }
        assert_eq!((silent.connections(), alive.requests().len()), (2, 2));
    }

    fn fact_29_4_2_from_a_dead_proxy_to_directly<W>(World::new()) {
        let (server, secure) = (Server::plain(hello).unwrap(), untrusted(by_path));
        let refused = RefusedPort::new().unwrap();
        let _pac = script(&format!("return 'PROXY {}; DIRECT'", refused.address()), "");
        for mode in MODES {
            let client = user::<W>(mode);
            assert_eq!(status_of(&client, get(&client, server.port(), "/")), Ok(200));
            assert_eq!(status_from(&client, "127.0.0.1", secure.port(), SECURE), Ok(200));
            // Directly comes first by now, and then the proxy, whose failure is that of the call.
            let (status, names) = got(&client, "/");
            assert_eq!(status, Err(c::ERROR_WINHTTP_CANNOT_CONNECT));
            assert_eq!(names, ["nosuchhost.invalid", "127.0.0.1"]);
            client.finish();
        }
        assert_eq!(server.requests().len(), 2);
    }

    fn fact_29_4_2_what_a_proxy_that_is_there_says_is_no_reason_to_leave_it<W>(World::new()) {
        let asking = answers_as_proxy(wants(ALICE));
        let broken = answers("HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n");
        let never = answers_as_proxy(everything);
        for mode in MODES {
            let _pac = script(&format!("return 'PROXY {}; PROXY {}'", broken.authority(), never.authority()), "");
            let client = user::<W>(mode);
            assert_eq!(status_from(&client, TARGET, 80, 0), Ok(502));
            assert_eq!(status_from(&client, TARGET, 443, SECURE), Err(c::ERROR_WINHTTP_CANNOT_CONNECT));
            client.finish();
            let _pac = script(&format!("return 'PROXY {}; PROXY {}'", asking.authority(), never.authority()), "");
            let client = user::<W>(mode);
            let asked = client.request_there(80, "GET", "/", 0);
            assert_eq!(status_of(&client, asked), Ok(407));
            set_credentials::<W>(asked, c::WINHTTP_AUTH_SCHEME_BASIC, "alice", "hunter2").unwrap();
            assert_eq!(status_of(&client, asked), Ok(200));
            client.finish();
        }
        assert_eq!(never.connections(), 0);
    }

    fn credentials_are_for_the_proxy_that_is_there<W>(World::new()) {
        let (asking, secure, refused) = (
            answers_as_proxy(wants(ALICE)),
            untrusted(by_path),
            RefusedPort::new().unwrap(),
        );
        let tunnel = proxy(secure.address(), wants(ALICE)).unwrap();
        for mode in MODES {
            for (next, port, flags) in [(&asking, 80, 0), (&tunnel, 443, SECURE)] {
                let list = format!("PROXY {}; PROXY {}", refused.address(), next.authority());
                let _pac = script(&format!("return '{list}'"), "");
                for is_option in [false, true] {
                    let client = user::<W>(mode);
                    let asked = trusting::<W>(client.request_there(port, "GET", "/status", flags));
                    if is_option {
                        set_text::<W>(asked, c::WINHTTP_OPTION_PROXY_USERNAME, "alice").unwrap();
                        set_text::<W>(asked, c::WINHTTP_OPTION_PROXY_PASSWORD, "hunter2").unwrap();
                    } else {
                        set_credentials::<W>(asked, c::WINHTTP_AUTH_SCHEME_BASIC, "alice", "hunter2").unwrap();
                    }
                    assert_eq!(status_of(&client, asked), Ok(200), "{mode:?} {port} {is_option}");
                    client.finish();
                }
            }
        }
    }

    fn fact_29_4_2_a_proxy_that_dies_under_its_connection_is_left_for_the_next<W>(World::new()) {
        for mode in MODES {
            for body in ["", "hello"] {
                let next = reflecting();
                let dying = Dying::new();
                let _pac = script(&format!("return 'PROXY {}; PROXY {}'", dying.address, next.authority()), "");
                let client = user::<W>(mode);
                for place in 0..2 {
                    let asked = client.request_there(80, "PUT", "/", 0);
                    let sending = Sending { body: body.as_bytes(), total: body.len() as u32, ..Sending::default() };
                    let sent = client.send_with(asked, sending).and_then(|()| client.receive(asked));
                    assert_eq!(sent, Ok(()), "{mode:?} {body} {place}");
                    assert_eq!(client.status_code(asked), Ok(200));
                    let reflected = if place == 0 { "" } else { body };
                    assert_eq!(client.body(asked).unwrap(), reflected.as_bytes());
                    assert_eq!(next.connections(), place);
                    client.close(asked).unwrap();
                }
                client.finish();
                dying.wait();
            }
        }
    }

    fn a_body_goes_along_with_a_redirect_to_the_proxy_that_is_there<W>(World::new()) {
        let (first, last, refused) = (
            answers("HTTP/1.1 307 There\r\nLocation: http://b.invalid/next\r\nContent-Length: 0\r\n\r\n"),
            reflecting(),
            RefusedPort::new().unwrap(),
        );
        let body = format!(
            "return host == 'a.invalid' ? 'PROXY {0}; PROXY {1}' : 'PROXY {0}; PROXY {2}'",
            refused.address(), first.authority(), last.authority()
        );
        let _pac = script(&body, "");
        for mode in MODES {
            let client = user::<W>(mode);
            let connect = client.connect("a.invalid", 80).unwrap();
            let asked = client.open_request(connect, "PUT", "/", 0).unwrap();
            client.send_with(asked, Sending { body: b"hello", total: 5, ..Sending::default() }).unwrap();
            client.receive(asked).unwrap();
            assert_eq!(client.body(asked).unwrap(), b"hello");
            client.finish();
        }
    }

    fn bodies_are_sent_to_the_proxy_that_is_there<W>(World::new()) {
        let (refused, reflecting) = (RefusedPort::new().unwrap(), reflecting());
        let _pac = script(&format!("return 'PROXY {}; PROXY {}'", refused.address(), reflecting.authority()), "");
        for mode in MODES {
            // At once; in pieces; a part at once and the rest in pieces.
            for (at_once, pieces) in [("hello", &[][..]), ("", &["hel", "lo"][..]), ("h", &["el", "lo"][..])] {
                let client = user::<W>(mode);
                let asked = client.request_there(80, "POST", "/", 0);
                let sending = Sending { body: at_once.as_bytes(), total: 5, ..Sending::default() };
                client.send_with(asked, sending).unwrap();
                for piece in pieces {
                    client.write(asked, piece.as_bytes()).unwrap();
                }
                client.receive(asked).unwrap();
                assert_eq!(client.body(asked).unwrap(), b"hello");
                client.finish();
            }
            let client = user::<W>(mode);
            let asked = client.request_there(80, "POST", "/", c::WINHTTP_FLAG_AUTOMATIC_CHUNKING);
            let total = c::WINHTTP_IGNORE_REQUEST_TOTAL_LENGTH;
            client.send_with(asked, Sending { total, ..Sending::default() }).unwrap();
            client.write(asked, b"hel").unwrap();
            client.write(asked, b"lo").unwrap();
            client.end_body(asked).unwrap();
            client.receive(asked).unwrap();
            assert_eq!(client.body(asked).unwrap(), b"hello");
            client.finish();
        }
    }

    fn a_callback_that_closes_the_request_between_two_proxies_ends_it<W>(World::new()) {
        let (alive, refused) = (answers_as_proxy(everything), RefusedPort::new().unwrap());
        let _pac = script(&format!("return 'PROXY {}; PROXY {}'", refused.address(), alive.authority()), "");
        for mode in MODES {
            let client = user::<W>(mode);
            let asked = client.request_there(80, "GET", "/", 0);
            let is_first = Arc::new(AtomicBool::new(true));
            let (say, said) = mpsc::channel();
            client.recorder.on(c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER, move |event| {
                if is_first.swap(false, Ordering::Relaxed) {
                    // SAFETY: no memory is passed.
                    say.send(unsafe { winhttp::WinHttpCloseHandle::<W>(event.handle.raw()) }).unwrap();
                }
            });
            assert_eq!(client.exchange(asked), Err(CANCELLED));
            assert_eq!(said.recv_timeout(PATIENCE), Ok(1));
            client.finish();
        }
        assert_eq!(alive.connections(), 0);
    }
}
