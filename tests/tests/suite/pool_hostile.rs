//! Connections that are shared, against servers and programs that do what they should not: nobody
//! waits for ever, no answer reaches another request, and no place is lost.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Connection, Server};
use winhttp_tests::support::set_dword;
use winhttp_tests::{Call, Client, HELLO, Handle, Mode, PATIENCE, answers_each, scenarios};

const CLOSING: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING;
const SENT: u32 = c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE;
const READ: u32 = c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE;

fn open<W: Unit>(client: &Client<W>, port: u16, path: &str, secure: bool) -> Handle {
    let connect = client.connect("127.0.0.1", port).unwrap();
    let flags = if secure { c::WINHTTP_FLAG_SECURE } else { 0 };
    let request = client.open_request(connect, "GET", path, flags).unwrap();
    client.close(connect).unwrap();
    if secure {
        let ignored = c::SECURITY_FLAG_IGNORE_UNKNOWN_CA
            | c::SECURITY_FLAG_IGNORE_CERT_CN_INVALID
            | c::SECURITY_FLAG_IGNORE_CERT_DATE_INVALID;
        set_dword::<W>(request, c::WINHTTP_OPTION_SECURITY_FLAGS, ignored).unwrap();
    }
    request
}

fn get<W: Unit>(client: &Client<W>, port: u16, path: &str, secure: bool) -> Call<Vec<u8>> {
    let request = open(client, port, path, secure);
    let outcome = client.exchange(request).and_then(|()| client.body(request));
    client.close_and_wait(request);
    outcome
}

/// A plain server, and one with TLS.
fn both(
    answer: impl Fn(&mut Connection, &str, usize) -> io::Result<()> + Send + Sync + Clone + 'static,
) -> [(Server, bool); 2] {
    let identity = Authority::new()
        .and_then(|authority| authority.issue(&IdentityOptions::default()))
        .unwrap();
    let secure = Server::tls(answers_each(answer.clone()), &identity).unwrap();
    [
        (Server::plain(answers_each(answer)).unwrap(), false),
        (secure, true),
    ]
}

scenarios! {
    fn a_connection_that_ends_at_any_byte_of_a_later_answer<W>(mode) {
        let servers = both(|connection, path, count| {
            let bytes: usize = path.trim_start_matches('/').parse().unwrap_or(HELLO.len());
            if count == 0 || bytes == HELLO.len() {
                return connection.send(HELLO);
            }
            connection.send(&HELLO[..bytes])?;
            connection.close();
            Ok(())
        });
        for (server, secure) in servers {
            let client = Client::<W>::new(mode);
            for bytes in 0..=HELLO.len() {
                assert_eq!(get(&client, server.port(), "/first", secure).as_deref(), Ok(&b"hello"[..]));
                let second = get(&client, server.port(), &format!("/{bytes}"), secure);
                if bytes == 0 || bytes == HELLO.len() {
                    assert_eq!(second.as_deref(), Ok(&b"hello"[..]), "{bytes}");
                } else if let Some(body) = bytes.checked_sub(HELLO.len() - 5) {
                    // Fact 24.1: a body that ends early is what there is of it.
                    assert_eq!(second.as_deref(), Ok(&b"hello"[..body]), "{bytes}");
                } else {
                    assert_eq!(second, Err(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE), "{bytes}");
                }
            }
            client.finish();
        }
    }

    fn what_comes_behind_an_answer_is_nobodys<W>(mode) {
        let behind: [&[u8]; 5] = [
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong",
            b"H",
            b"\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\n",
            b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n",
        ];
        let servers = both(move |connection, path, _| {
            connection.send(HELLO)?;
            if let Ok(index) = path.trim_start_matches('/').parse::<usize>() {
                // Once the program has the answer.
                let _held = connection.hold("behind")?;
                connection.send(behind[index])?;
            }
            Ok(())
        });
        for (server, secure) in servers {
            let client = Client::<W>::new(mode);
            let all = 0..behind.len();
            let requests: Vec<Handle> = all.clone()
                .map(|index| open(&client, server.port(), &format!("/{index}"), secure))
                .collect();
            requests.iter().for_each(|request| client.exchange(*request).unwrap());
            for request in requests {
                assert_eq!(client.body(request).unwrap(), b"hello");
                client.close_and_wait(request);
            }
            server.release("behind").unwrap();
            for index in all {
                assert!(server.wait_peer_end(index, PATIENCE).is_some(), "{index}: seen without any call");
            }
            assert_eq!(get(&client, server.port(), "/", secure).as_deref(), Ok(&b"hello"[..]));
            assert_eq!(server.connections(), behind.len() + 1);
            client.finish();
        }
    }
}

/// A small generator, so that runs differ from thread to thread and not from day to day.
fn next(random: &AtomicU32, below: u32) -> u32 {
    let mut x = random.load(Ordering::Relaxed);
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    random.store(x, Ordering::Relaxed);
    x % below
}

fn half_way<W: Unit>(client: &Client<W>, request: Handle, depth: u32) {
    let steps = || -> Call<()> {
        if depth > 0 {
            client.send(request)?;
        }
        if depth > 1 {
            client.receive(request)?;
        }
        if depth > 2 {
            client.read(request, 1)?;
        }
        if depth > 3 {
            client.body(request)?;
        }
        Ok(())
    };
    let _closed_meanwhile = steps();
}

#[test]
fn handles_that_are_closed_at_any_time_leave_their_place_to_the_next_synchronously() {
    let server = Server::plain(answers_each(|connection, _, _| {
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n")?;
        connection.send(b"3\r\nllo\r\n0\r\n\r\n")
    }))
    .unwrap();
    let client = Client::<u16>::new(Mode::Sync);
    set_dword::<u16>(client.session, c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER, 1).unwrap();
    thread::scope(|scope| {
        for seed in 1..9 {
            let (client, port) = (&client, server.port());
            scope.spawn(move || {
                let random = AtomicU32::new(seed * 7919);
                for _ in 0..100 {
                    let request = client.get(port, "/");
                    let depth = next(&random, 5);
                    let spins = next(&random, 3000);
                    thread::scope(|inner| {
                        let used = inner.spawn(move || half_way(client, request, depth));
                        if spins.is_multiple_of(2) {
                            used.join().unwrap();
                        } else {
                            (0..spins).for_each(|_| std::hint::spin_loop());
                        }
                        client.close(request).unwrap();
                    });
                }
            });
        }
    });
    assert_eq!(
        get(&client, server.port(), "/", false).as_deref(),
        Ok(&b"hello"[..])
    );
    client.finish();
}

#[test]
fn handles_that_are_closed_at_any_time_leave_their_place_to_the_next_asynchronously() {
    let server = Server::plain(answers_each(|connection, _, _| {
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n")?;
        connection.send(b"3\r\nllo\r\n0\r\n\r\n")
    }))
    .unwrap();
    let client = Client::<u16>::new(Mode::Async);
    set_dword::<u16>(client.session, c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER, 1).unwrap();
    thread::scope(|scope| {
        for seed in 1..9 {
            let (client, port) = (&client, server.port());
            scope.spawn(move || {
                let random = AtomicU32::new(seed * 104_729);
                for _ in 0..100 {
                    let request = client.get(port, "/");
                    client.start_send(request, 0).unwrap();
                    match next(&random, 4) {
                        0 => {
                            client.recorder.wait(request, SENT);
                            client.receive(request).unwrap();
                            client.read(request, 1).unwrap();
                        }
                        1 => {
                            client.recorder.wait(request, SENT);
                            client.receive(request).unwrap();
                            assert_eq!(client.body(request).as_deref(), Ok(&b"hello"[..]));
                        }
                        2 => (0..next(&random, 3000)).for_each(|_| std::hint::spin_loop()),
                        _ => {}
                    }
                    client.close(request).unwrap();
                    client.recorder.wait(request, CLOSING);
                    let events = client.recorder.statuses_of(request);
                    let last = events.iter().filter(|status| **status == CLOSING);
                    assert_eq!(last.count(), 1);
                    assert!(events.iter().filter(|status| **status == SENT).count() < 2);
                }
            });
        }
    });
    assert_eq!(
        get(&client, server.port(), "/", false).as_deref(),
        Ok(&b"hello"[..])
    );
    client.finish();
}

#[test]
fn a_request_is_sent_again_from_inside_its_own_last_read() {
    let server = Server::plain(answers_each(|connection, _, _| connection.send(HELLO))).unwrap();
    let client = Client::<u16>::new(Mode::Async);
    set_dword::<u16>(client.session, c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER, 1).unwrap();
    let request = client.get(server.port(), "/");
    let again = std::sync::atomic::AtomicBool::new(true);
    client.recorder.on(READ, move |event| {
        if event.handle == request && again.swap(false, Ordering::Relaxed) {
            // SAFETY: no memory is passed.
            let sent = unsafe {
                winhttp::WinHttpSendRequest::<u16>(
                    request.raw(),
                    std::ptr::null(),
                    0,
                    std::ptr::null(),
                    0,
                    0,
                    0,
                )
            };
            assert_eq!(sent, 1);
        }
    });
    client.exchange(request).unwrap();
    assert_eq!(client.read(request, 5).unwrap(), b"hello");
    client.recorder.wait_nth(request, SENT, 2);
    client.receive(request).unwrap();
    assert_eq!(client.body(request).unwrap(), b"hello");
    assert_eq!(server.connections(), 1);
    client.finish();
}
