//! Programs that a test starts: each ends by itself in a limited time, or is ended.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// The longest a program may take, unless a test says otherwise: it does many things, and
/// compilers may run beside it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a program to its successful end and gives what it printed; it must say nothing on its
/// standard error.
pub fn run(command: &mut Command) -> String {
    run_within(command, PATIENCE)
}

/// The same with a program that may take so long.
pub fn run_within(command: &mut Command, patience: Duration) -> String {
    let (status, output, errors) = ends_within(command, patience);
    assert!(
        status.success() && errors.is_empty(),
        "{command:?} ended with {status}:\n{output}{errors}"
    );
    output
}

/// Runs a program to its end, whatever that is; gives its status and what it wrote to its standard
/// output and error.
#[must_use]
pub fn ends(command: &mut Command) -> (ExitStatus, String, String) {
    ends_within(command, PATIENCE)
}

/// Starts a program that goes on until its standard input ends, which [`wait`] sees to, or that
/// this value is dropped.
#[must_use]
pub fn start(command: &mut Command) -> Child {
    piped(command).stdin(Stdio::piped()).spawn().unwrap()
}

fn piped(command: &mut Command) -> &mut Command {
    command
        // Cargo's search path comes before the program's own, and may lead to an older library.
        .env_remove("LD_LIBRARY_PATH")
        .env_remove("DYLD_FALLBACK_LIBRARY_PATH")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
}

fn ends_within(command: &mut Command, patience: Duration) -> (ExitStatus, String, String) {
    let process = piped(command).stdin(Stdio::null()).process_group(0);
    let process = process.spawn().unwrap();
    let group = format!("-{}", process.id());
    end_of(process, &group, patience)
}

/// One test of this program, in a process of its own: to be given an environment, and run. The
/// module is `module_path!()`; the test may be one that is ignored.
#[must_use]
pub fn own_test(module: &str, test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    // The program itself is no part of the name.
    match module.split_once("::") {
        Some((_, module)) => command.args(["--exact", &format!("{module}::{test}")]),
        None => command.args(["--exact", test]),
    };
    command.args(["--include-ignored", "--nocapture"]);
    command
}

/// Ends the standard input of a process, waits for it to end, and ends it if it does not; gives its
/// status and what it wrote to its pipes.
#[must_use]
pub fn wait(process: Child) -> (ExitStatus, String, String) {
    let id = process.id().to_string();
    end_of(process, &id, PATIENCE)
}

/// What the process forks counts as part of it: it hangs as long as any of them has its output
/// open. `whom` is then killed.
fn end_of(mut process: Child, whom: &str, patience: Duration) -> (ExitStatus, String, String) {
    let collect = |pipe: Option<Box<dyn Read + Send>>| {
        thread::spawn(move || {
            let mut text = Vec::new();
            if let Some(mut pipe) = pipe {
                pipe.read_to_end(&mut text).unwrap();
            }
            String::from_utf8_lossy(&text).into_owned()
        })
    };
    let output = collect(process.stdout.take().map(|pipe| Box::new(pipe) as _));
    let errors = collect(process.stderr.take().map(|pipe| Box::new(pipe) as _));
    let (done, is_done) = mpsc::channel();
    let waiting = thread::spawn(move || {
        let ended = (
            process.wait().unwrap(),
            output.join().unwrap(),
            errors.join().unwrap(),
        );
        let _the_test_may_be_over = done.send(());
        ended
    });
    let in_time = is_done.recv_timeout(patience).is_ok();
    if !in_time {
        send_signal(whom, "KILL");
    }
    let (status, output, errors) = waiting.join().unwrap();
    assert!(in_time, "it hangs:\n{output}{errors}");
    (status, output, errors)
}

/// Sends a signal, named as the command `kill` names it, to a process that is there.
pub fn signal(id: u32, name: &str) {
    send_signal(&id.to_string(), name);
}

fn send_signal(whom: &str, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), "--", whom])
        .status();
    assert!(status.unwrap().success(), "process {whom} is there");
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
