//! Ctrl-C and SIGTERM: the first closes properly, the second ends at once.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;
use common::{MODES, PATIENCE, Running, server};

use std::os::unix::process::ExitStatusExt;

use rustix::process::Signal;
use winhttp_fixtures::{Opcode, Server, Settings, by_path};

#[test]
fn a_signal_closes_properly() {
    for (mode, signal) in MODES.into_iter().zip([Signal::INT, Signal::TERM]) {
        let server = server();
        let url = server.ws_url("/sink");
        let running =
            Running::start(&[mode, &["--close", "4001", "--reason", "bye", &url]].concat());
        running.wait_until_connected();
        running.feed("hi\n");
        server.wait_frames(0, 1, PATIENCE).unwrap();
        running.signal(signal);
        running.wait().with(0).saying("closed: 4001");
        let frames = server.frames(0);
        assert_eq!(frames[1].opcode, Opcode::CLOSE);
        assert_eq!(
            frames[1].payload,
            [&4001_u16.to_be_bytes()[..], b"bye"].concat()
        );
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    for mode in MODES {
        let server = server();
        let url = server.ws_url("/no-close-answer");
        let running = Running::start(&[mode, &[&url]].concat());
        running.wait_until_connected();
        running.signal(Signal::INT);
        let frames = server.wait_frames(0, 1, PATIENCE).unwrap();
        assert_eq!(frames[0].opcode, Opcode::CLOSE);
        running.signal(Signal::TERM);
        let ended = running.wait();
        assert_eq!(ended.status.signal(), Some(Signal::TERM.as_raw()));
    }
}

#[test]
fn before_there_is_a_conversation_a_signal_ends_at_once() {
    for mode in MODES {
        let held = Settings {
            held: Some("never"),
            ..Settings::default()
        };
        let server = Server::start(held, by_path).unwrap();
        let running = Running::start(&[mode, &[&server.ws_url("/echo")]].concat());
        assert!(server.wait_connections(1, PATIENCE));
        running.signal(Signal::INT);
        let ended = running.wait();
        assert_eq!(ended.status.signal(), Some(Signal::INT.as_raw()));
    }
}

#[test]
fn a_signal_does_not_wait_for_what_the_server_does_not_read() {
    for mode in MODES {
        let server = Server::plain(|connection| {
            common::upgrade(connection)?;
            connection.hold("read")?;
            while common::next_payload(connection)?.is_some() {}
            Ok(())
        })
        .unwrap();
        let running = Running::start(&[mode, &["--binary", &server.ws_url("/")]].concat());
        running.wait_until_connected();
        running.feed(vec![0; 64 << 20]);
        running.signal(Signal::INT);
        // What is on its way leaves, what only waits does not.
        server.release("read").unwrap();
        running.wait().saying("closed: 1000");
    }
}
