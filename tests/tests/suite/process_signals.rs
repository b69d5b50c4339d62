//! Verifies that signals sent to the process never reach a thread of the library.

use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support::programs::{build, run};

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
