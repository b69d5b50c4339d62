//! Verifies that the child of a fork works as a fresh process does, whatever its parent was doing.

use std::io;
use std::process::Command;
use std::thread;

use winhttp_fixtures::{Connection, Server, by_path};
use winhttp_tests::scratch::Scratch;
use winhttp_tests::support::programs::{build, run};
use winhttp_tests::{HELLO, PATIENCE, program};

fn children_work(state: &str) {
    let forking = build("process_fork.c", &[], &["-rdynamic", "-lwinhttp", "-ldl"]);
    for mode in ["sync", "async"] {
        let server = Server::plain(by_path).unwrap();
        let own = Scratch::new("fork");
        let mut command = Command::new(&forking.file);
        command.args([&server.port().to_string(), mode, state]);
        if state == "trust" {
            command.env("SSL_CERT_FILE", own.path().join("pipe"));
        }
        assert_eq!(program::run(&mut command), "", "{mode}");
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

/// Waits with the rest of some answers until the program has asked for other things.
fn holds(connection: &mut Connection) -> io::Result<()> {
    while let Some(request) = connection.read_head()? {
        let (begin, rest) = HELLO.split_at(HELLO.len() - 3);
        if request.target == "/held" {
            connection.send(begin)?;
            let _held = connection.hold("rest")?;
            connection.send(rest)?;
        } else {
            connection.send(HELLO)?;
        }
    }
    Ok(())
}

#[test]
fn and_shares_no_connection_with_its_parent() {
    let program = build("process_fork_pool.c", &[], &["-lwinhttp"]);
    for mode in ["sync", "async"] {
        let server = Server::plain(holds).unwrap();
        let printed = thread::scope(|scope| {
            let running = scope.spawn(|| run(&program, &[&server.port().to_string(), mode]));
            // The parent's three, and the child's.
            assert!(server.wait_connections(4, PATIENCE));
            server.release("rest").unwrap();
            running.join().unwrap()
        });
        assert_eq!(printed, "", "{mode}");
        assert_eq!(server.connections(), 4, "{mode}");
    }
}
