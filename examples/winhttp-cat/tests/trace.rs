//! `--trace` shows heads, payloads and notifications.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;
use common::{MODES, leading, run, server};

#[test]
fn heads_payloads_and_notifications_are_shown() {
    let server = server();
    let url = server.ws_url("/echo?header=X-Server:yes");
    for mode in MODES {
        let arguments = ["--trace", "-H", "X-Client: yes", "-x", "grüß\u{7}", &url];
        let ended = run(&[mode, &arguments].concat(), b"").with(0);
        for words in [
            "> GET /echo?header=X-Server:yes HTTP/1.1\n",
            "> X-Client: yes\n",
            "> Sec-WebSocket-Key: ",
            "< HTTP/1.1 101 Switching Protocols\n",
            "< X-Server: yes\n",
            "> text message of 7 bytes: \"grüß\\u{7}\"\n",
            "< text message of 7 bytes: \"grüß\\u{7}\"\n",
            "HANDLE_CLOSING",
        ] {
            assert!(ended.errors.contains(words), "{words:?}: {}", ended.errors);
        }
    }
}

#[test]
fn bytes_are_shown_in_hexadecimal_and_only_the_first() {
    let server = server();
    let ended = run(&["--trace", "-b", &server.ws_url("/echo")], &[0x80; 100]).with(0);
    let shown = format!("< binary message of 100 bytes: {}...", "80 ".repeat(64));
    ended.saying(&shown);
}

#[test]
fn a_refusal_is_shown_with_its_head() {
    let server = server();
    let url = server.ws_url("/status?code=401&header=WWW-Authenticate:Basic");
    run(&["--trace", "-x", "hi", &url], b"")
        .with(3)
        .saying("< HTTP/1.1 401 Because\n")
        .saying("< WWW-Authenticate: Basic\n");
}

#[test]
fn what_proves_who_one_is_is_not_shown() {
    let server = server();
    let url = server.ws_url("/echo");
    for mode in MODES {
        let arguments = [
            "--trace",
            "-H",
            "Authorization: Bearer t0ken",
            "-x",
            "hi",
            &url,
        ];
        let ended = run(&[mode, &arguments].concat(), b"")
            .with(0)
            .saying("> Authorization: (not shown)\n");
        assert!(!ended.errors.contains("t0ken"), "{}", ended.errors);
    }
}

/// Behind a redirect it is the head that the answer belongs to.
#[test]
fn the_head_that_was_answered_stands_before_its_answer() {
    let target = server();
    let location = target.ws_url("/echo").replace("ws://", "http://");
    let first = leading(&location, "");
    for mode in MODES {
        let url = first.ws_url("/first");
        let ended = run(&[mode, &["--trace", "-L", "-x", "hi", &url]].concat(), b"").with(0);
        let heads: Vec<&str> = ended
            .errors
            .lines()
            .filter_map(|line| line.split_once(" s  ").map(|(_, words)| words))
            .filter(|words| words.contains("HTTP/1.1") || words.starts_with("> Host"))
            .collect();
        let expected = [
            "> GET /first HTTP/1.1",
            &format!("> Host: {}", first.authority()),
            "> GET /echo HTTP/1.1",
            &format!("> Host: {}", target.authority()),
            "< HTTP/1.1 101 Switching Protocols",
        ];
        assert_eq!(heads, expected, "{}", ended.errors);
    }
}
