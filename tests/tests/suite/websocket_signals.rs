//! Verifies that a synchronous receive ends in time although signals keep interrupting its thread.

use std::ffi::c_int;
use std::os::unix::thread::{JoinHandleExt, RawPthread};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use winhttp_abi::constants as c;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::{Mode, WebSocket, receive_now, start_close};

/// Between two signals: much less than a receive stays in the kernel.
const INTERVAL: Duration = Duration::from_millis(3);
/// Much less than Close waits for the peer, much more than a receive stays in the kernel.
const SOON: Duration = Duration::from_secs(5);
/// Signals before the receive is cancelled.
const BEFORE: usize = 10;
const CANCELLED: u32 = c::ERROR_WINHTTP_OPERATION_CANCELLED;
/// SIGWINCH: the same number everywhere, and harmless to other threads.
const SIGNAL: c_int = 28;

unsafe extern "C" {
    fn pthread_kill(thread: RawPthread, signal: c_int) -> c_int;
    fn signal(number: c_int, handler: extern "C" fn(c_int)) -> usize;
}

extern "C" fn ignore(_: c_int) {}

#[test]
fn signals_do_not_keep_a_cancelled_receive() {
    // SAFETY: the handler does nothing.
    unsafe { signal(SIGNAL, ignore) };
    let server = Server::plain(by_path).unwrap();
    let socket = WebSocket::<u16>::open(Mode::Sync, &server, "/no-close-answer");
    let handle = socket.handle;
    let (tell, told) = channel();
    let (stop, stopped) = channel::<()>();
    let receiver = thread::spawn(move || {
        tell.send(receive_now::<u16>(handle, 64)).unwrap();
        // The thread stays until nobody signals it any more.
        let _ = stopped.recv();
    });
    let target = receiver.as_pthread_t();
    let (end, ended) = channel::<()>();
    let (warm, warmed) = channel();
    let signaller = thread::spawn(move || {
        while ended.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
            // SAFETY: the thread is joined only after this one.
            assert_eq!(unsafe { pthread_kill(target, SIGNAL) }, 0);
            let _ = warm.send(());
        }
    });
    for _ in 0..BEFORE {
        warmed.recv_timeout(SOON).unwrap();
    }
    let closer = thread::spawn(move || start_close::<u16>(handle, 1000, b""));
    let received = told.recv_timeout(SOON).expect("the receive ends");
    // On a machine that is very busy Close may be first; then the receive is refused.
    let refused = Err(c::ERROR_INVALID_OPERATION);
    assert!(received == Err(CANCELLED) || received == refused);
    assert_eq!(socket.close_handle(), Ok(()));
    assert_eq!(closer.join().unwrap(), Err(CANCELLED));
    drop(end);
    signaller.join().unwrap();
    drop(stop);
    receiver.join().unwrap();
    socket.finish();
}
