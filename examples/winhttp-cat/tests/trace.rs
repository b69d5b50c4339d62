//! `--trace` shows heads, payloads and notifications.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod common;
use common::{MODES, run, server};

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
