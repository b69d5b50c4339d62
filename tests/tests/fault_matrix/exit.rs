//! The process exits while an operation is pending: it ends at once, with the status it chose and
//! without a word.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use std::{env, fs};

use winhttp_tests::{Client, Mode, PATIENCE};

use super::case::wait_until_it_waits;
use super::operation::Attempt;
use super::possessions::Possessions;
use super::row::{Operation, Peer, Row, Weight};
use super::stage::{Played, ready};

/// Tells the child what to do: number of the row, mode, host, port.
const ORDER: &str = "WINHTTP_FAULTS_CHILD";
/// What the child says when the operation is pending.
const PENDING: &[u8] = b"operation is pending\n";
/// Exit status that nothing else gives.
const STATUS: i32 = 47;
/// "Promptly".
const SOON: Duration = Duration::from_secs(5);

/// Whether a row's cases differ from those of its neighbours: until a peer is released, many are
/// alike.
pub(crate) fn is_worth_a_process(row: &Row) -> bool {
    row.weight != Weight::Cut
        && (row.limited || row.endless || row.fault == "reset" || row.fault == "half-closed")
}

/// Runs a child that exits in the middle of a row's operation, while the fault strikes; false if
/// the row does not pend.
pub(crate) fn run(row: &Row, index: usize, mode: Mode) -> bool {
    if !row.pends || row.seen {
        return false;
    }
    let what = format!("{} ({mode:?}, process exit)", row.name());
    let before = Possessions::now();
    let played = Played::start(row);
    let (host, port) = played.address();
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "child",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(ORDER, format!("{index} {mode:?} {host} {port}"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = wait_until_pending(&mut child);
    let start = Instant::now();
    if !matches!(row.peer, Peer::Swallows) {
        played.release();
    }
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if said.is_err() || start.elapsed() > SOON {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::yield_now();
    };
    let mut complaints = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut complaints)
        .unwrap();
    assert!(said.is_ok(), "{what}: never pending; {complaints}");
    let code = status.and_then(|status| status.code());
    assert_eq!(
        (code, complaints.as_str()),
        (Some(STATUS), ""),
        "{what}: {status:?}"
    );
    drop((child, played));
    before.wait_for(&what);
    true
}

/// Waits, within patience, for the child's word.
fn wait_until_pending(child: &mut Child) -> Result<(), mpsc::RecvTimeoutError> {
    let mut output = child.stdout.take().unwrap();
    let (tell, told) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut said = Vec::new();
        let mut byte = [0];
        while output.read(&mut byte).is_ok_and(|count| count == 1) {
            said.push(byte[0]);
            if said.ends_with(PENDING) {
                // Fails only when patience has ended.
                let _late = tell.send(());
                break;
            }
        }
    });
    let told = told.recv_timeout(PATIENCE);
    if told.is_err() {
        // Ends the reader, too.
        child.kill().unwrap();
    }
    reader.join().unwrap();
    told
}

/// The child's side.
pub(crate) fn child() {
    let order = env::var(ORDER).unwrap();
    let words: Vec<&str> = order.split(' ').collect();
    let rows = super::rows();
    let row = &rows[words[0].parse::<usize>().unwrap()];
    let mode = if words[1] == "Sync" {
        Mode::Sync
    } else {
        Mode::Async
    };
    let client = Client::<u16>::new(mode);
    let ready = ready(&client, row, (words[2], words[3].parse().unwrap()), false);
    let attempt = Attempt::new(&client, row.operation, ready.handle);
    std::thread::scope(|scope| {
        let (tell, task) = mpsc::sync_channel(1);
        let attempt = &attempt;
        let worker = scope.spawn(move || {
            tell.send(fs::read_link("/proc/thread-self").unwrap())
                .unwrap();
            attempt.perform()
        });
        let task = task.recv_timeout(PATIENCE).unwrap();
        attempt.begun.wait("the child");
        if mode == Mode::Sync || row.operation == Operation::Idle {
            wait_until_it_waits(&task, &worker, "the child");
        }
        std::io::stdout().write_all(PENDING).unwrap();
        std::process::exit(STATUS)
    });
}
