//! How long it waits for answers, and what it says of those that did not come.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;
use common::{MODES, PATIENCE, Running, next_payload, run, server, upgrade};

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use winhttp_fixtures::{Opcode, Server, Settings};

/// Answers that come with more than half of the usual wait between them.
const PACE: Duration = Duration::from_millis(1200);

/// Time is what some tests are about: nothing happens meanwhile.
fn let_time_pass() {
    let (never, nobody) = (Mutex::new(()), Condvar::new());
    drop(nobody.wait_timeout(never.lock().unwrap(), PACE).unwrap());
}

#[test]
fn the_wait_counts_from_the_last_answer() {
    const ANSWERS: [&str; 3] = ["one", "two", "three"];
    for mode in MODES {
        let server = Server::plain(|connection| {
            upgrade(connection)?;
            for _ in ANSWERS {
                next_payload(connection)?;
            }
            for answer in ANSWERS {
                connection.hold(answer)?;
                connection.send_frame(Opcode::TEXT, true, answer.as_bytes())?;
            }
            next_payload(connection).map(drop)
        })
        .unwrap();
        let mut running = Running::start(&[mode, &[&server.ws_url("/")]].concat());
        running.feed("1\n2\n3\n");
        running.end_input();
        server.wait_frames(0, ANSWERS.len(), PATIENCE).unwrap();
        for answer in ANSWERS {
            let_time_pass();
            let frames = server.frames(0);
            assert_eq!(frames.len(), ANSWERS.len(), "it closed before: {answer}");
            server.release(answer).unwrap();
        }
        assert_eq!(running.wait().with(0).text(), "one\ntwo\nthree\n");
    }
}

#[test]
fn answers_that_did_not_come_are_told() {
    let server = server();
    let deaf = server.ws_url("/sink");
    for mode in MODES {
        let ended = run(&[mode, &["-x", "a", "-x", "b", &deaf]].concat(), b"");
        ended
            .with(5)
            .saying("0 of 2 messages came")
            .saying("closed: 1000");
    }
}

#[test]
fn a_number_of_answers_can_be_expected() {
    let server = server();
    let (echo, sink) = (server.ws_url("/echo"), server.ws_url("/sink"));
    run(&["-x", "a", "--expect", "0", &sink], b"").with(0);
    run(&["-x", "a", "--count", "1", &echo], b"").with(0);
    let missing = run(&["-x", "a", "--expect", "2", "-w", "0.2", &echo], b"").with(5);
    assert_eq!(missing.saying("1 of 2 messages came").text(), "a\n");
    let push = server.ws_url("/push?count=3&size=1");
    let all = run(&["--null", "--expect", "3", &push], b"").with(0);
    assert_eq!(all.output, b"\0\0\0\0\0\0");
}

#[test]
fn with_a_time_to_wait_no_answer_in_particular_is_due() {
    let server = server();
    run(&["-x", "a", "-w", "0.2", &server.ws_url("/sink")], b"").with(0);
}

#[test]
fn it_can_end_with_a_number_of_messages() {
    let server = server();
    for mode in MODES {
        let push = server.ws_url("/push?count=1000&size=1");
        let running = Running::start(&[mode, &["-0", "--max-messages", "2", &push]].concat());
        running.wait_until_connected();
        let ended = running.wait().with(0);
        assert_eq!(ended.output, b"\0\0\0\0");
    }
}

#[test]
fn it_can_stay_until_the_server_closes() {
    let server = Server::plain(|connection| {
        upgrade(connection)?;
        let payload = next_payload(connection)?;
        connection.hold("close")?;
        connection.send_frame(Opcode::TEXT, true, &payload.unwrap())?;
        connection.send_frame(Opcode::CLOSE, true, &1000_u16.to_be_bytes())?;
        connection.read_frame().map(drop)
    })
    .unwrap();
    let mut running = Running::start(&["--no-close", &server.ws_url("/")]);
    running.feed("hi\n");
    running.end_input();
    server.wait_frames(0, 1, PATIENCE).unwrap();
    server.release("close").unwrap();
    assert_eq!(running.wait().with(0).text(), "hi\n");
    let frames = server.wait_frames(0, 2, PATIENCE).unwrap();
    assert_eq!(
        frames[1].opcode,
        Opcode::CLOSE,
        "and answers its close frame"
    );
}

#[test]
fn what_the_server_did_not_want_any_more_is_told() {
    for mode in MODES {
        let server = Server::plain(|connection| {
            upgrade(connection)?;
            // Until the program's queue is full: it reads faster than it sends.
            for _ in 0..5000 {
                next_payload(connection)?;
            }
            connection.send_frame(Opcode::CLOSE, true, &1000_u16.to_be_bytes())?;
            while connection.read_frame()?.is_some() {}
            Ok(())
        })
        .unwrap();
        let running = Running::start(&[mode, &[&server.ws_url("/")]].concat());
        // Takes longer than a close frame.
        running.feed(format!("{:999}\n", "").repeat(64_000));
        running.wait().with(5).saying("were not sent");
    }
}

#[test]
fn a_server_that_sends_for_ever_and_does_not_close_is_given_up() {
    let server = Server::start(
        Settings {
            recording: false,
            ..Settings::default()
        },
        |connection| {
            upgrade(connection)?;
            while connection.send_frame(Opcode::TEXT, true, b"more").is_ok() {}
            Ok(())
        },
    )
    .unwrap();
    let running = Running::start(&["--max-messages", "2", &server.ws_url("/")]);
    let ended = running.wait().with(1).saying("did not answer the close");
    assert_eq!(ended.text(), "more\nmore\n");
}
