//! Verifies that signals sent to the process never reach a thread of the library.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/programs.rs"]
mod programs;

use programs::{build, run};
use winhttp_fixtures::{Server, by_path};

fn signals_arrive(mode: &str) {
    let program = build("process_signals.c", &[], &["-lwinhttp"]);
    let server = Server::plain(by_path).unwrap();
    let printed = run(&program, &[&server.port().to_string(), mode]);
    assert_eq!(printed, "done\n");
}

#[test]
fn the_threads_of_an_asynchronous_session_take_no_signals() {
    signals_arrive("async");
}

#[test]
fn a_look_up_for_a_synchronous_request_takes_no_signals() {
    signals_arrive("sync");
}
