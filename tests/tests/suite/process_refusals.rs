//! Verifies that each call of the system in this table, when it fails, ends in a documented error
//! or is done without: soon, without burning a processor, and with every handle's last word.

use std::io;
use std::process::Command;

use winhttp_fixtures::{Connection, Server, by_path};
use winhttp_tests::PATIENCE;
use winhttp_tests::program::{run, start, wait};
use winhttp_tests::support::programs::{Program, build};

const EIO: u32 = 5;
const EBADF: u32 = 9;
const EAGAIN: u32 = 11;
const EACCES: u32 = 13;
const EINVAL: u32 = 22;
const EMFILE: u32 = 24;
const ENOSPC: u32 = 28;
const ENOBUFS: u32 = 105;
const ECONNRESET: u32 = 104;

/// Nothing is noticed.
const FINE: &str = "echo 0, request 0";
/// ERROR_NOT_ENOUGH_MEMORY of WinHttpOpen.
const NOT_OPENED: &str = "open 8";
const NO_MEMORY: &str = "upgrade 8";
const CANNOT_CONNECT: &str = "upgrade 12029";
const BROKEN: &str = "upgrade 12030";
const INTERNAL: &str = "upgrade 12004";
const LOST_OR_BROKEN: &str = "upgrade 12004 or upgrade 12030";
const REQUEST_LOST_OR_BROKEN: &str = "echo 12030, request 12004 or echo 12030, request 12030";
/// A call that finds what it needs does not wait, and a poll that is under way when the refusal
/// begins returns as usual: how busy the machine is decides which is the first that fails. Where
/// nothing comes without waiting, the result is one: see [`WAITS`].
const WAIT_LOST: &str = "echo 12004, request 12004 or echo 12004, request 0 or \
    echo 0, request 12004 or echo 0, request 0";
const FIRST_WAIT_LOST: &str = "upgrade 12004 or echo 12004, request 12004 or \
    echo 12004, request 0 or echo 0, request 12004 or echo 0, request 0";
/// A look-up needs a thread, unless that of the look-up before has not ended yet.
const NO_THREAD: &str = "echo 0, request 8 or echo 0, request 0";

/// A call, its error, and what becomes of everything: refused from the beginning and in the middle,
/// synchronously and asynchronously.
type Row = (&'static str, u32, [&'static str; 4]);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    ("socket", EMFILE, [NO_MEMORY, "echo 0, request 8", NO_MEMORY, "echo 0, request 8"]),
    ("socket", EACCES, [CANNOT_CONNECT, "echo 0, request 12029", CANNOT_CONNECT, "echo 0, request 12029"]),
    ("connect", EAGAIN, [CANNOT_CONNECT, "echo 0, request 12029", CANNOT_CONNECT, "echo 0, request 12029"]),
    ("setsockopt", EINVAL, [CANNOT_CONNECT, "echo 0, request 12029", CANNOT_CONNECT, "echo 0, request 12029"]),
    ("getpeername", EIO, [CANNOT_CONNECT, "echo 0, request 12029", CANNOT_CONNECT, "echo 0, request 12029"]),
    ("getsockname", EIO, [FINE; 4]),
    // A synchronous request may have to wait for the look-up, whose wake-up is lost, too.
    ("recvfrom", ECONNRESET, [LOST_OR_BROKEN, REQUEST_LOST_OR_BROKEN, BROKEN, "echo 12030, request 12030"]),
    ("recvmsg", EIO, [FINE; 4]),
    ("sendto", ENOBUFS, [LOST_OR_BROKEN, REQUEST_LOST_OR_BROKEN, BROKEN, "echo 12030, request 12030"]),
    ("shutdown", EIO, [FINE; 4]),
    ("socketpair", EMFILE, [NO_MEMORY, FINE, FINE, FINE]),
    ("ppoll", EINVAL, [FIRST_WAIT_LOST, WAIT_LOST, FINE, FINE]),
    ("fcntl", EINVAL, [FINE, FINE, NOT_OPENED, FINE]),
    ("ioctl", EINVAL, [NO_MEMORY, FINE, FINE, FINE]),
    ("getrandom", EIO, [INTERNAL, FINE, INTERNAL, FINE]),
    ("clone3", EAGAIN, [NO_MEMORY, NO_THREAD, NO_MEMORY, NO_THREAD]),
    ("epoll_create1", EMFILE, [FINE, FINE, NOT_OPENED, FINE]),
    ("epoll_ctl", ENOSPC, [FINE, FINE, NOT_OPENED, "echo 0, request 12029"]),
    ("epoll_wait", EBADF, [FINE, FINE, FIRST_WAIT_LOST, WAIT_LOST]),
    ("eventfd2", EMFILE, [FINE, FINE, NOT_OPENED, FINE]),
    ("timerfd_create", EMFILE, [FINE; 4]),
    ("timerfd_settime", EINVAL, [FINE; 4]),
];

/// How each mode waits, and the error of what the system refuses.
const WAITS: [(&str, &str, u32); 2] = [("sync", "ppoll", EINVAL), ("async", "epoll_wait", EBADF)];

fn outcome(program: &Program, mode: &str, when: &str, call: &str, error: u32) -> String {
    outcome_with(
        &Server::plain(by_path).unwrap(),
        program,
        mode,
        when,
        call,
        error,
    )
}

fn outcome_with(
    server: &Server,
    program: &Program,
    mode: &str,
    when: &str,
    call: &str,
    error: u32,
) -> String {
    run(&mut command(server, program, mode, when, call, error))
}

fn command(
    server: &Server,
    program: &Program,
    mode: &str,
    when: &str,
    call: &str,
    error: u32,
) -> Command {
    let (port, error) = (server.port().to_string(), error.to_string());
    let mut command = Command::new(&program.file);
    // With a poll on a thread of its own chance decides which call meets the refusal first.
    for switch in ["SPIN", "GATHER", "POLLING_CALLBACKS", "CALLBACKS"] {
        command.env_remove(format!("WINHTTP_SHIM_{switch}"));
    }
    command.args([&port, mode, when, call, &error]);
    command
}

#[test]
fn a_refusal_of_the_system_is_a_documented_error_or_none() {
    let program = build("process_refusals.c", &[], &["-lwinhttp"]);
    for (call, error, expected) in ROWS {
        let runs = ["sync", "async"].map(|mode| {
            ["begin", "middle"].map(|when| outcome(&program, mode, when, call, *error))
        });
        let runs = runs.concat();
        for (run, expected) in runs.iter().zip(expected) {
            let is_expected = expected.split(" or ").any(|one| one == run.trim_end());
            assert!(
                is_expected,
                "{call} fails with {error}: {run}, not {expected}"
            );
        }
    }
}

#[test]
fn an_idle_connection_does_not_keep_the_last_descriptor() {
    let program = build("process_descriptors.c", &[], &["-lwinhttp"]);
    let server = Server::plain(by_path).unwrap();
    let process = start(Command::new(&program.file).arg(server.port().to_string()));
    // The first one is for one request only.
    assert!(server.wait_peer_end(1, PATIENCE).is_some());
    let (status, printed, errors) = wait(process);
    assert!(status.success() && printed == "done\n", "{printed}{errors}");
}

#[test]
fn a_name_that_cannot_be_looked_up_for_want_of_descriptors_is_not_one_that_does_not_exist() {
    let program = build("process_starved_names.c", &[], &["-lwinhttp"]);
    let server = Server::plain(by_path).unwrap();
    let printed = run(Command::new(&program.file).arg(server.port().to_string()));
    assert_eq!(printed, "done\n");
}

/// Accepts one WebSocket and echoes one message; nothing else is ever answered.
fn echoes_once(connection: &mut Connection) -> io::Result<()> {
    let request = connection.read_head()?;
    if let Some(request) = request.filter(|request| request.target == "/echo") {
        connection.accept_websocket(&request)?;
        if let Some(frame) = connection.read_frame()? {
            connection.send_frame(frame.opcode, frame.fin, &frame.payload)?;
        }
    }
    connection.wait_closed();
    Ok(())
}

#[test]
fn a_call_that_has_to_wait_fails_where_the_system_refuses_that() {
    let program = build("process_refusals.c", &[], &["-lwinhttp"]);
    for (mode, call, error) in WAITS {
        let silent = Server::silent().unwrap();
        let begun = outcome_with(&silent, &program, mode, "begin", call, error);
        assert_eq!(begun, "upgrade 12004\n", "{mode}");
        let server = Server::plain(echoes_once).unwrap();
        let later = outcome_with(&server, &program, mode, "middle", call, error);
        assert_eq!(later, "echo 12004, request 12004\n", "{mode}");
    }
}

/// A body of which the rest never comes, and the whole of it on every other path.
fn begins(connection: &mut Connection) -> io::Result<()> {
    const WHOLE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    while let Some(request) = connection.read_head()? {
        if request.target == "/begun" {
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx")?;
            connection.wait_closed();
            return Ok(());
        }
        connection.send(WHOLE)?;
    }
    Ok(())
}

#[test]
fn what_is_refused_while_an_answer_is_passed_over_ends_its_connection_only() {
    let program = build("process_refusals.c", &[], &["-lwinhttp"]);
    for mode in ["sync", "async"] {
        for (call, error) in [
            ("epoll_create1", EMFILE),
            ("eventfd2", EMFILE),
            ("fcntl", EMFILE),
        ] {
            let server = Server::plain(begins).unwrap();
            let process = start(&mut command(&server, &program, mode, "drain", call, error));
            // While the session goes on.
            assert!(
                server.wait_peer_end(0, PATIENCE).is_some(),
                "{mode}, {call}"
            );
            let (status, printed, errors) = wait(process);
            let is_right = status.success() && printed == "request 0\n" && errors.is_empty();
            assert!(is_right, "{mode}, {call}: {status}, {printed}{errors}");
        }
        let server = Server::plain(begins).unwrap();
        let printed = outcome_with(&server, &program, mode, "drain", "clone3", EAGAIN);
        assert!(
            ["request 0", "request 8"].contains(&printed.trim_end()),
            "a look-up may need a thread as well: {printed}"
        );
    }
}
