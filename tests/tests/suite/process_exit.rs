//! Verifies that what was called complete has left when the process ends by exit or the end of
//! main.

use std::process::Command;
use std::sync::mpsc::{Receiver, channel};

use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Connection, Server};
use winhttp_tests::PATIENCE;
use winhttp_tests::program::run as run_command;
use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::programs::build;

/// Messages of which the program is told that they are sent.
const MESSAGES: usize = 10;

fn arrives(how: &str, more: usize) {
    let program = build("process_exit.c", &[], &["-lwinhttp"]);
    let own = Scratch::new("files");
    let authority = Authority::new().unwrap();
    let identity = authority.issue(&IdentityOptions::default()).unwrap();
    let file = authority.write_pem(own.path()).unwrap();
    for scheme in ["plain", "tls"] {
        let (tell, heard) = channel();
        let serve = move |connection: &mut Connection| {
            let request = connection.read_head()?.unwrap();
            connection.accept_websocket(&request)?;
            let mut messages = Vec::new();
            while let Ok(Some(frame)) = connection.read_frame() {
                messages.push(frame.payload);
            }
            let _ = tell.send(messages);
            Ok(())
        };
        let server = if scheme == "tls" {
            Server::tls(serve, &identity).unwrap()
        } else {
            Server::plain(serve).unwrap()
        };
        let mut command = Command::new(&program.file);
        command.args([
            &server.port().to_string(),
            scheme,
            how,
            &MESSAGES.to_string(),
        ]);
        assert_eq!(run_command(command.env("SSL_CERT_FILE", &file)), "");
        assert_eq!(all(&heard), numbered(MESSAGES + more), "{scheme}");
    }
}

fn all(heard: &Receiver<Vec<Vec<u8>>>) -> Vec<String> {
    let messages = heard.recv_timeout(PATIENCE).unwrap();
    messages
        .into_iter()
        .map(|message| String::from_utf8(message).unwrap())
        .collect()
}

fn numbered(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("message {number}"))
        .collect()
}

#[test]
fn before_exit_in_the_callback_of_the_last_one() {
    arrives("callback", 0);
}

#[test]
fn before_main_returns() {
    arrives("return", 0);
}

#[test]
fn with_what_a_handler_of_atexit_sends() {
    arrives("handler", 1);
}
