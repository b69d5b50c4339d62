//! Programs that a test starts: each ends by itself in a limited time, or is ended.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;

use crate::PATIENCE;

/// Runs a program to its successful end and gives what it printed; it must say nothing on its standard error.
#[must_use]
pub fn run(command: &mut Command) -> String {
    let process = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (status, output, errors) = end_of(process);
    assert!(
        status.success() && errors.is_empty(),
        "{command:?} ended with {status}:\n{output}{errors}"
    );
    output
}

/// Waits for a process to end, and ends it if it does not; gives its status and what it wrote to its pipes.
#[must_use]
pub fn end_of(mut process: Child) -> (ExitStatus, String, String) {
    let collect = |pipe: Option<Box<dyn Read + Send>>| {
        thread::spawn(move || {
            let mut text = String::new();
            if let Some(mut pipe) = pipe {
                pipe.read_to_string(&mut text).unwrap();
            }
            text
        })
    };
    let output = collect(process.stdout.take().map(|pipe| Box::new(pipe) as _));
    let errors = collect(process.stderr.take().map(|pipe| Box::new(pipe) as _));
    let (done, is_done) = mpsc::channel();
    let id = process.id();
    let waiting = thread::spawn(move || {
        let status = process.wait().unwrap();
        let _the_test_may_be_over = done.send(());
        status
    });
    let in_time = is_done.recv_timeout(PATIENCE).is_ok();
    if !in_time {
        signal(id, "KILL");
    }
    let (status, output, errors) = (
        waiting.join().unwrap(),
        output.join().unwrap(),
        errors.join().unwrap(),
    );
    assert!(in_time, "it hangs:\n{output}{errors}");
    (status, output, errors)
}

/// Sends a signal, named as the command `kill` names it, to a process that is there.
pub fn signal(id: u32, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &id.to_string()])
        .status();
    assert!(status.unwrap().success(), "process {id} is there");
}

/// Whether a program that a test may do without is installed; says so if not.
#[must_use]
#[expect(clippy::print_stdout, reason = "what is skipped says why")]
pub fn is_installed(program: &str) -> bool {
    let found = Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        println!("skipped: {program} is not installed");
    }
    found
}
