//! What C programs do without a thought: very many requests at once, closing everything under a
//! call that waits, one handle for all requests.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;
use std::thread;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketType, bind, listen, socket};
use winhttp_fixtures::{Connection, Server};
use winhttp_tests::HELLO;
use winhttp_tests::program::run_within;
use winhttp_tests::support::programs::{WIDTHS, build, run};

const HELLO_AND_BYE: &[u8] =
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
const MANY: usize = 200;
/// Connections that a short queue has room for, less one.
const QUEUE: i32 = 5;
/// The program's own limit is 120 seconds for each answer, behind those for the connection.
const SLOWEST: Duration = Duration::from_secs(180);

/// A listener whose queue has room for so many connections.
fn short_queue(backlog: i32) -> TcpListener {
    let bound = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&bound, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
    listen(&bound, backlog).unwrap();
    bound.into()
}

/// A server whose queue is full at once: the system drops attempts, and repeats them later, which
/// costs no request its answer. Each connection is served by itself, as the bytes of a request that
/// was dropped with its attempt come late.
fn many_requests_to_a_short_queue() {
    let listener = short_queue(QUEUE);
    let port = listener.local_addr().unwrap().port().to_string();
    let server = thread::spawn(move || {
        thread::scope(|scope| {
            for _ in 0..MANY {
                let (stream, _) = listener.accept().unwrap();
                scope.spawn(move || {
                    let mut lines = BufReader::new(&stream).lines();
                    while !lines.next().unwrap().unwrap().is_empty() {}
                    (&stream).write_all(HELLO_AND_BYE).unwrap();
                });
            }
        });
    });
    let program = build("many_at_once.c", WIDTHS[0], &["-lwinhttp"]);
    let mut command = Command::new(&program.file);
    command.args(["127.0.0.1", &port, "/", &MANY.to_string(), "0"]);
    let printed = run_within(&mut command, SLOWEST);
    assert_eq!(printed, format!("{MANY} of {MANY} answered\n"));
    server.join().unwrap();
}

/// Connections beyond the first ones are opened one after the other: opened all at once, most would
/// be answered with SYN cookies, that is to say, count as connected here and be unknown there, and
/// their requests would be repeated all at once, too, some of them past every timeout.
#[test]
fn two_hundred_requests_at_once_to_a_server_with_a_short_queue() {
    many_requests_to_a_short_queue();
}

/// Expectation 8 and fact 35.6: closing the parents first changes nothing, and the call ends with
/// the request.
#[test]
fn everything_is_closed_under_a_call_that_waits() {
    let expected = "receive: 0, error 12017\n".repeat(50);
    for width in WIDTHS {
        let server = Server::plain(|connection: &mut Connection| {
            let _request = connection.read_head()?;
            connection.wait_closed();
            Ok(())
        })
        .unwrap();
        let program = build("cancel_blocked_call.c", width, &["-lwinhttp"]);
        let port = server.port().to_string();
        let printed = run(&program, &["127.0.0.1", &port, "/"]);
        assert_eq!(printed, expected, "{width:?}");
    }
}

/// Facts 5.2.3 and 21.3.1: what was not read is passed over, and one connection serves all.
#[test]
fn one_handle_for_all_requests() {
    for width in WIDTHS {
        let server = Server::plain(|connection: &mut Connection| {
            while connection.read_head()?.is_some() {
                connection.send(HELLO)?;
            }
            Ok(())
        })
        .unwrap();
        let program = build("send_again.c", width, &["-lwinhttp"]);
        let port = server.port().to_string();
        let printed = run(&program, &["127.0.0.1", &port, "/"]);
        assert_eq!(printed, "300 right\n", "{width:?}");
        assert_eq!(server.connections(), 1);
    }
}
