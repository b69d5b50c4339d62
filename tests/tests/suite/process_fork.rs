//! Verifies that the child of a fork works as a fresh process does, whatever its parent was doing.

use std::process::Command;

use winhttp_fixtures::{Server, by_path};
use winhttp_tests::program::run;
use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::programs::build;

fn children_work(state: &str) {
    let program = build("process_fork.c", &[], &["-rdynamic", "-lwinhttp", "-ldl"]);
    for mode in ["sync", "async"] {
        let server = Server::plain(by_path).unwrap();
        let own = Scratch::new("fork");
        let mut command = Command::new(&program.file);
        command.args([&server.port().to_string(), mode, state]);
        if state == "trust" {
            command.env("SSL_CERT_FILE", own.path().join("pipe"));
        }
        assert_eq!(run(&mut command), "", "{mode}");
    }
}

#[test]
fn of_a_parent_that_is_idle() {
    children_work("idle");
}

#[test]
fn of_a_parent_with_a_call_that_waits() {
    children_work("busy");
}

#[test]
fn of_a_parent_inside_a_callback() {
    children_work("callback");
}

#[test]
fn of_a_parent_that_looks_names_up() {
    children_work("lookups");
}

#[test]
fn which_has_somebody_who_stands_by_when_a_callback_blocks() {
    children_work("standby");
}

#[test]
fn and_its_own_children() {
    children_work("grandchild");
}

#[test]
fn of_a_parent_whose_threads_come_and_go() {
    children_work("threads");
}

#[test]
fn of_a_parent_that_reads_which_certificates_are_trusted() {
    children_work("trust");
}
