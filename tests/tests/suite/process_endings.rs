//! Verifies that calls work where a thread or the process ends: in atexit handlers and in
//! destructors of every kind.

use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support::programs::{build, run};

fn everything_works(place: &str) {
    let program = build("process_endings.cpp", &[], &["-lwinhttp"]);
    for mode in ["sync", "async"] {
        let server = Server::plain(by_path).unwrap();
        let printed = run(&program, &[&server.port().to_string(), mode, place]);
        assert_eq!(printed, "everything worked\n", "{mode}");
    }
}

#[test]
fn in_a_handler_of_atexit() {
    everything_works("atexit");
}

#[test]
fn in_the_destructor_of_a_static_object() {
    everything_works("static");
}

#[test]
fn in_the_destructor_of_a_thread_local_object() {
    everything_works("thread_local");
}

#[test]
fn in_the_destructor_of_a_thread_local_object_of_the_main_thread() {
    everything_works("main_thread_local");
}

#[test]
fn in_the_destructor_of_a_pthread_key() {
    everything_works("key");
}

#[test]
fn in_the_last_destructor_of_a_pthread_key() {
    everything_works("key_again");
}
