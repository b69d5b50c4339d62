//! Verifies expectation 14: once everything is closed, no thread and no descriptor of the library
//! is left.
//!
//! A program of its own, with one test: it counts what the process has.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use winhttp_abi::constants as c;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::{Client, Mode, PATIENCE, start_receive};

const BINARY: i32 = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
const CLOSE: i32 = c::WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE;

/// Threads and descriptors of the process.
fn resources() -> (usize, usize) {
    let count = |path| std::fs::read_dir(path).unwrap().count();
    (count("/proc/self/task"), count("/proc/self/fd"))
}

/// Every way a WebSocket can end, in one session and with a server of its own; everything is closed
/// afterwards.
fn round(mode: Mode) {
    let server = Server::plain(by_path).unwrap();
    // On a thread of its own, so that what synchronous calls keep for their thread ends with it.
    std::thread::scope(|scope| {
        scope.spawn(|| endings(mode, &server));
    });
}

fn endings(mode: Mode, server: &Server) {
    let client = Client::<u16>::new(mode);
    for _ in 0..5 {
        let open = |path| client.web_socket(server.port(), path);
        // Graceful.
        let socket = open("/echo");
        client.ws_send(socket, BINARY, b"x").unwrap();
        client.ws_message(socket).unwrap();
        client.ws_shutdown(socket, 1000, b"").unwrap();
        assert_eq!(client.ws_message(socket), Ok((vec![], CLOSE)));
        client.ws_close_status(socket).unwrap();
        client.close(socket).unwrap();
        // Quick.
        let socket = open("/echo");
        client.ws_close(socket, 1000, b"").unwrap();
        client.close(socket).unwrap();
        // Abandoned, with something pending where that is possible.
        let socket = open("/echo");
        if mode == Mode::Async {
            start_receive::<u16>(socket, winhttp_tests::Memory::new(10)).unwrap();
        }
        client.close(socket).unwrap();
        // Broken by the peer.
        for path in ["/drop?now", "/reset?now", "/bad-opcode", "/invalid-utf8"] {
            let socket = open(path);
            client.ws_receive(socket, 10).unwrap_err();
            client.close(socket).unwrap();
        }
        // Without an answer.
        let socket = open("/no-close-answer");
        let timeout = c::WINHTTP_OPTION_WEB_SOCKET_CLOSE_TIMEOUT;
        client
            .put_option(socket, timeout, &1_u32.to_ne_bytes())
            .unwrap();
        client.ws_close(socket, 1000, b"").unwrap_err();
        client.close(socket).unwrap();
    }
    client.finish();
}

#[test]
fn expectation_14_nothing_is_left_behind() {
    for mode in [Mode::Sync, Mode::Async] {
        // What is made once for the process stays.
        round(mode);
        let settled = settle(resources());
        for _ in 0..3 {
            round(mode);
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (threads, descriptors) = resources();
            if threads <= settled.0 && descriptors <= settled.1 {
                break;
            }
            assert!(
                Instant::now() < deadline,
                "{threads}, {descriptors} left; were {settled:?}"
            );
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }
}

/// The smallest numbers seen until they have not fallen for a while: threads of a closed session
/// may just be ending.
fn settle(mut smallest: (usize, usize)) -> (usize, usize) {
    let mut unchanged = 0;
    while unchanged < 100 {
        let (threads, descriptors) = resources();
        let now = (smallest.0.min(threads), smallest.1.min(descriptors));
        unchanged = if now == smallest { unchanged + 1 } else { 0 };
        smallest = now;
        std::thread::park_timeout(Duration::from_millis(1));
    }
    smallest
}
