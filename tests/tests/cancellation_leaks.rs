//! Cancelled operations leave no thread and no descriptor behind.
//!
//! A program of its own, with one test: it counts what the process has.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::ptr::null_mut;
use std::time::Instant;

use winhttp_abi::constants as c;
use winhttp_fixtures::hole::TcpHole;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support::{closing_is_last, request, secure};
use winhttp_tests::{Client, Handle, Mode, PATIENCE, status, upgrade};

fn count(folder: &str) -> usize {
    fs::read_dir(folder).unwrap().count()
}

/// Threads and descriptors of the process.
fn possessions() -> (usize, usize) {
    (count("/proc/self/task"), count("/proc/self/fd"))
}

/// One round: operations of every kind, cancelled; then everything is closed.
fn round(mode: Mode, full: &TcpHole, silent: &Server, friendly: &Server) {
    let client = Client::<u16>::new(mode);
    let mut buffer = [0_u8; 64];
    let mut handles = vec![
        request(&client, "127.0.0.1", full.port(), "/", 0),
        secure(&client, silent.port(), "/"),
        request(&client, "127.0.0.1", silent.port(), "/", 0),
        request(&client, "localhost", friendly.port(), "/status", 0),
    ];
    let upgrading = request(&client, "127.0.0.1", friendly.port(), "/idle", 0);
    upgrade::<u16>(upgrading).unwrap();
    client.exchange(upgrading).unwrap();
    let web_socket = client.complete_upgrade(upgrading, 0).unwrap();
    handles.push(upgrading);
    if mode == Mode::Async {
        for handle in handles.iter().take(4) {
            client.start_send(*handle, 0).unwrap();
        }
        let place = (&raw mut buffer).cast();
        // SAFETY: the buffer lives until HANDLE_CLOSING.
        status(unsafe {
            winhttp::WinHttpWebSocketReceive::<u16>(
                web_socket.raw(),
                place,
                64,
                null_mut(),
                null_mut(),
            )
        })
        .unwrap();
    } else {
        for handle in handles.iter().skip(2).take(2) {
            client.send(*handle).unwrap();
        }
    }
    handles.push(web_socket);
    handles.push(client.session);
    for handle in &handles {
        client.close(*handle).unwrap();
    }
    for handle in handles {
        closing_is_last(&client, handle);
    }
    assert_eq!(client.close(Handle::NULL), Err(c::ERROR_INVALID_HANDLE));
}

#[test]
fn expectation_14_nothing_is_left_behind() {
    let full = TcpHole::full().unwrap();
    let silent = Server::silent().unwrap();
    // What a process has once it has used the library a little: workers that linger, files read
    // once.
    let friendly = Server::plain(by_path).unwrap();
    for mode in [Mode::Sync, Mode::Async] {
        round(mode, &full, &silent, &friendly);
    }
    let settled = settle(|_| true);
    for mode in [Mode::Sync, Mode::Async] {
        for _ in 0..10 {
            round(mode, &full, &silent, &friendly);
        }
    }
    settle(|now| now.0 <= settled.0 && now.1 <= settled.1);
}

/// Waits until the servers' own threads and sockets have gone too and `enough` holds: both end a
/// moment after us.
fn settle(enough: impl Fn((usize, usize)) -> bool) -> (usize, usize) {
    let start = Instant::now();
    let mut last = possessions();
    let mut since = Instant::now();
    loop {
        std::thread::yield_now();
        let now = possessions();
        if now != last {
            (last, since) = (now, Instant::now());
        }
        if since.elapsed().as_millis() >= 500 && enough(now) {
            return now;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "threads and descriptors left: {now:?}"
        );
    }
}
