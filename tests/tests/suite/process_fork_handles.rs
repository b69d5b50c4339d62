//! Verifies what a forked child may do with the handles that it inherits: use those that nobody
//! uses, and close all.

use std::io;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Connection, Server, by_path};
use winhttp_tests::program::run as run_command;
use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::programs::{build, run};
use winhttp_tests::support::proxy::hello;

fn children_inherit(case: &str) {
    let program = build("process_fork_handles.c", &[], &["-lwinhttp"]);
    for mode in ["sync", "async"] {
        let server = Server::plain(by_path).unwrap();
        let printed = run(&program, &[&server.port().to_string(), mode, case]);
        assert_eq!(printed, "", "{mode}");
        assert_eq!(server.violations(), [], "{mode}");
    }
}

/// As after `daemon` between WinHttpOpen and the first request.
#[test]
fn handles_that_were_not_used_yet_work() {
    children_inherit("unused");
}

#[test]
fn handles_of_an_asynchronous_session_at_work_are_refused_and_can_be_closed() {
    children_inherit("used");
}

#[test]
fn handles_that_a_thread_of_the_parent_uses_are_refused_and_can_be_closed() {
    children_inherit("in_use");
}

#[test]
fn what_has_a_connections_number_in_the_child_is_not_closed_for_it() {
    children_inherit("mistaken");
}

#[test]
fn a_child_that_returns_from_a_callback_ends_or_fails_its_call() {
    children_inherit("returned");
}

#[test]
fn a_child_that_returns_from_the_callback_of_a_redirect_does_not_follow_it() {
    let program = build("process_fork_handles.c", &[], &["-lwinhttp"]);
    for mode in ["sync", "async"] {
        let led = Arc::new(AtomicUsize::new(0));
        let seen = Arc::clone(&led);
        let is_first = AtomicBool::new(true);
        let server = Server::plain(move |connection: &mut Connection| {
            while let Some(request) = connection.read_head()? {
                if request.target == "/there" {
                    seen.fetch_add(1, Ordering::Relaxed);
                }
                let head = match is_first.swap(false, Ordering::Relaxed) {
                    true => "HTTP/1.1 302 Found\r\nLocation: /there",
                    false => "HTTP/1.1 200 OK",
                };
                connection.send(format!("{head}\r\nContent-Length: 0\r\n\r\n").as_bytes())?;
            }
            Ok(())
        })
        .unwrap();
        let port = server.port().to_string();
        assert_eq!(run(&program, &[&port, mode, "redirected"]), "", "{mode}");
        assert_eq!(led.load(Ordering::Relaxed), 1, "{mode}");
        assert_eq!(server.violations(), [], "{mode}");
    }
}

#[test]
fn a_connection_that_was_given_and_is_not_used_yet_stays_the_parents() {
    let program = build("process_fork_handles.c", &[], &["-lwinhttp"]);
    let server = Server::plain(by_path).unwrap();
    let printed = run(&program, &[&server.port().to_string(), "async", "given"]);
    assert_eq!(printed, "");
    assert_eq!(server.connections(), 1);
    assert_eq!(server.violations(), []);
}

#[test]
fn a_connection_over_tls_stays_the_parents() {
    stays_the_parents_over_tls("tls", by_path);
}

#[test]
fn a_connection_over_tls_to_a_proxy_stays_the_parents() {
    stays_the_parents_over_tls("tls_proxy", hello);
}

fn stays_the_parents_over_tls(case: &str, script: fn(&mut Connection) -> io::Result<()>) {
    let program = build("process_fork_handles.c", &[], &["-lwinhttp"]);
    let own = Scratch::new("fork");
    let authority = Authority::new().unwrap();
    let identity = authority.issue(&IdentityOptions::default()).unwrap();
    let file = authority.write_pem(own.path()).unwrap();
    for mode in ["sync", "async"] {
        let server = Server::tls(script, &identity).unwrap();
        let mut command = Command::new(&program.file);
        command.args([&server.port().to_string(), mode, case]);
        assert_eq!(
            run_command(command.env("SSL_CERT_FILE", &file)),
            "",
            "{mode}"
        );
        assert_eq!(server.violations(), [], "{mode}");
    }
}
