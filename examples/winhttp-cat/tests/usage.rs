//! What the command line may say, and what becomes of it on the wire.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;
use common::{MODES, PATIENCE, Running, leading, program, run, server};

use std::process::Stdio;

use winhttp_fixtures::{Connection, Server};

#[test]
fn input_without_a_url_is_a_mistake_and_no_demonstration() {
    run(&[], b"hi\n").with(2).saying("no URL");
    run(&[""], b"hi\n").with(2).saying("the URL is empty");
    run(&["--trace"], b"").with(2).saying("a URL is missing");
}

#[test]
fn an_input_that_never_says_whether_it_is_empty_is_no_reason_to_wait_for_ever() {
    Running::start(&[]).wait().with(2).saying("--demo");
}

#[test]
fn without_arguments_and_input_it_demonstrates_the_library() {
    let ended = run(&[], b"").with(0);
    assert!(
        ended.text().ends_with("all four conversations succeeded\n"),
        "{ended:?}"
    );
}

#[test]
fn the_demonstration_can_be_asked_for() {
    let ended = run(&["--demo"], b"not looked at\n").with(0);
    assert!(
        ended.text().contains("all four conversations succeeded"),
        "{ended:?}"
    );
    run(&["--demo", "ws://127.0.0.1:1/"], b"")
        .with(2)
        .saying("takes no URL");
}

#[test]
fn redirects_are_followed_if_asked_for() {
    let target = server();
    let location = target.ws_url("/echo").replace("ws://", "http://");
    let first = leading(&location, "");
    let url = first.ws_url("/");
    run(&["-x", "hello", &url], b"").with(3).saying("302");
    for option in ["-L", "--location"] {
        let ended = run(&[option, "-x", "hello", &url], b"").with(0);
        assert_eq!(ended.text(), "hello\n");
    }
}

#[test]
fn the_url_that_answered_is_named() {
    let target = server();
    let echo = target.ws_url("/echo?a=b");
    let location = format!("{}#part", echo.replace("ws://", "http://"));
    let first = leading(&location, "");
    for mode in MODES {
        for url in [&first.ws_url("/"), &echo] {
            run(&[mode, &["-L", "-x", "hello", url]].concat(), b"")
                .with(0)
                .saying(&format!("connected to {echo}\n"));
        }
    }
}

#[test]
fn headers_that_cannot_be_sent_are_mistakes() {
    for (header, words) in [
        ("no colon", "'Name: value'"),
        ("A b: c", "not a header's name"),
        ("A: b\u{7}", "control characters"),
        (
            "sec-websocket-key: mine",
            "the handshake sets this header itself",
        ),
        ("Connection: close", "the handshake sets this header itself"),
    ] {
        run(&["-H", header, "ws://127.0.0.1:1/"], b"")
            .with(2)
            .saying(words);
    }
}

#[test]
fn the_scheme_may_be_in_capitals() {
    let server = server();
    let url = server.ws_url("/echo").replace("ws://", "WS://");
    assert_eq!(run(&[&url], b"hi\n").with(0).text(), "hi\n");
}

#[test]
fn a_fragment_is_refused() {
    let ended = run(&["ws://me:secret@127.0.0.1:1/a#b"], b"")
        .with(2)
        .saying("no fragment");
    assert!(!ended.errors.contains("secret"), "{}", ended.errors);
}

#[test]
fn a_mistake_in_a_url_with_credentials_shows_none() {
    run(&["http://me:secret@127.0.0.1/"], b"")
        .with(2)
        .saying("http://127.0.0.1/: a URL starts");
}

#[test]
fn options_become_headers() {
    let server = server();
    let url = server.ws_url("/echo");
    let arguments = ["-o", "http://here", "-s", "a", "-s", "b", "-H", "X-One: 1"];
    let ended = run(&[&arguments[..], &["-x", "hi", &url]].concat(), b"").with(0);
    ended.saying("subprotocol a");
    let request = server.wait_target("/echo", PATIENCE).unwrap();
    assert_eq!(request.header("Origin"), Some("http://here"));
    assert_eq!(request.header("Sec-WebSocket-Protocol"), Some("a, b"));
    assert_eq!(request.header("X-One"), Some("1"));
}

#[test]
fn a_refused_upgrade_and_an_error_status_have_their_exit_codes() {
    let server = server();
    let refused = server.ws_url("/status?code=403");
    run(&["-x", "hi", &refused], b"")
        .with(3)
        .saying("answered 403 instead of 101");
    let failing = server.ws_url("/close?code=1011&reason=enough");
    run(&["-x", "hi", &failing], b"")
        .with(4)
        .saying("closed: 1011 enough");
}

/// Also of a body that comes later than the head.
#[test]
fn a_refusal_is_shown_with_the_beginning_of_its_body() {
    let late = Server::plain(|connection: &mut Connection| {
        connection.read_head()?;
        connection
            .send(b"HTTP/1.1 403 Forbidden\r\nServer: doorman\r\nContent-Length: 2000\r\n\r\n")?;
        connection.send(&[b"No entry. \x1b[31m".as_slice(), &[b'x'; 1985]].concat())?;
        connection.wait_closed();
        Ok(())
    })
    .unwrap();
    for mode in MODES {
        let ended = run(&[mode, &["-x", "hi", &late.ws_url("/")]].concat(), b"")
            .with(3)
            .saying("answered 403 instead of 101 Switching Protocols\nHTTP/1.1 403 Forbidden\nServer: doorman\n")
            .saying("\n\nNo entry. \u{fffd}[31mxxx")
            .saying("xxx...");
        assert!(
            ended.errors.len() < 1400,
            "the first kilobyte: {}",
            ended.errors
        );
    }
}

#[test]
fn a_url_that_winhttp_cannot_parse_is_a_mistake() {
    for url in ["ws://127.0.0.1:99999/", "wss://[::1/"] {
        run(&["-x", "hi", url], b"")
            .with(2)
            .saying(url)
            .saying("ERROR_WINHTTP_INVALID_URL");
    }
}

#[test]
fn the_last_line_is_the_status_and_the_reason_as_it_came() {
    let server = server();
    for (query, line) in [
        ("code=4000", "closed: 4000\n"),
        (
            "code=4000&reason=it%27s%20%22so%22%20%C3%BC",
            "closed: 4000 it's \"so\" ü\n",
        ),
        (
            "code=4000&reason=%1B%5B2Ja%0Ab",
            "closed: 4000 \\u{1b}[2Ja\\nb\n",
        ),
    ] {
        let url = server.ws_url(&format!("/close?{query}"));
        let ended = run(&["-x", "hi", "--expect", "0", &url], b"").with(4);
        assert!(ended.errors.ends_with(line), "{ended:?}");
    }
}

#[test]
fn nobody_has_to_read_what_it_says() {
    let server = server();
    let mut command = program(&["--trace", "-x", "hi", &server.ws_url("/echo")]);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    assert!(common::wait_for(&mut child).success());
    for words in [&["--help"][..], &["--demo"]] {
        let mut child = program(words).stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        assert!(common::wait_for(&mut child).success(), "{words:?}");
    }
}
