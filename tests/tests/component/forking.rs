//! A child of fork goes on with its copy of a handle, and masks with keys of its own.
#![cfg(unix)]

use std::ffi::{c_int, c_uint};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::harness::{INDICATE_SEND, PING_PONG, S_OK, SEND, Socket, TO_NETWORK, client};

unsafe extern "C" {
    fn fork() -> c_int;
    fn waitpid(process: c_int, status: *mut c_int, options: c_int) -> c_int;
    fn _exit(status: c_int) -> !;
    fn alarm(seconds: c_uint) -> c_uint;
}

/// How long a child that hangs is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A ping's frame, whose last four bytes are its key.
fn ping(client: &Socket<'_>) -> Vec<u8> {
    assert_eq!(client.send_null(PING_PONG, 0), S_OK);
    let action = client.expect(SEND, TO_NETWORK);
    let frame = action.bytes();
    client.done(&action);
    client.done(&client.expect(SEND, INDICATE_SEND));
    frame
}

#[test]
fn parent_and_child_never_mask_with_the_same_key() {
    let client = client();
    let _ = ping(&client); // random bytes are there now
    let (mut here, mut there) = UnixStream::pair().unwrap();
    // SAFETY: the child calls nothing but this library, on a handle no other thread uses, and ends
    // without destructors.
    let process = unsafe { fork() };
    if process == 0 {
        let sent = catch_unwind(AssertUnwindSafe(|| {
            there.write_all(&ping(&client)).unwrap();
        }));
        // SAFETY: ends this process.
        unsafe { _exit(c_int::from(sent.is_err())) };
    }
    drop(there);
    here.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut child = Vec::new();
    here.read_to_end(&mut child).unwrap();
    let mut status = -1;
    // SAFETY: the status is a local.
    let waited = unsafe { waitpid(process, &raw mut status, 0) };
    assert_eq!((waited, status), (process, 0));
    assert_eq!(child.len(), 6);
    assert_ne!(child, ping(&client));
}

/// Forks while a thread is inside the handle most of the time: its lock is never left to that
/// thread.
#[test]
fn a_child_finds_no_handle_in_the_middle_of_a_call() {
    const FORKS: usize = 100;
    let client = client();
    let ended = AtomicBool::new(false);
    let statuses: Vec<(c_int, c_int)> = thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                let _ = ping(&client);
            }
        });
        let statuses = (0..FORKS).map(|_| {
            // SAFETY: the child calls nothing but this library, and ends without destructors, or by
            // the alarm.
            let process = unsafe { fork() };
            if process == 0 {
                // SAFETY: the alarm ends this process.
                unsafe { alarm(20) };
                let _ = client.send_null(PING_PONG, 0);
                // SAFETY: ends this process.
                unsafe { _exit(0) };
            }
            let mut status = -1;
            // SAFETY: the status is a local.
            let waited = unsafe { waitpid(process, &raw mut status, 0) };
            (waited - process, status)
        });
        let statuses = statuses.collect();
        ended.store(true, Ordering::Relaxed);
        statuses
    });
    assert_eq!(statuses, [(0, 0); FORKS]);
}
