//! Verifies what happens when a call, or a callback, is left other than by returning.

use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support::programs::{build, run};

fn ends(what: &str, mode: &str) -> String {
    let program = build("process_unwinding.cpp", &[], &["-lwinhttp"]);
    let server = Server::plain(by_path).unwrap();
    run(&program, &[&server.port().to_string(), mode, what])
}

#[test]
fn a_thread_is_cancelled_behind_its_call_and_not_inside() {
    for mode in ["sync", "async"] {
        assert_eq!(ends("cancel", mode), "works\n", "{mode}");
    }
}

#[test]
fn a_thread_that_returns_with_a_cancellation_pending_ends_in_order() {
    for mode in ["sync", "async"] {
        assert_eq!(ends("cancel_late", mode), "works\n", "{mode}");
    }
}

#[test]
fn a_callback_that_cancels_its_thread_returns() {
    for mode in ["sync", "async"] {
        assert_eq!(ends("cancel_self", mode), "works\n", "{mode}");
    }
}

#[test]
fn a_synchronous_callback_may_be_left_by_longjmp() {
    assert_eq!(ends("jump", "sync"), "works\n");
}

/// No frame of the library can be unwound by another language: the process is aborted, as
/// documented.
#[test]
fn exceptions_and_pthread_exit_in_callbacks_abort() {
    for mode in ["sync", "async"] {
        assert_eq!(ends("throw", mode), "killed by 6\n", "{mode}");
        assert_eq!(ends("pthread_exit", mode), "killed by 6\n", "{mode}");
    }
}
