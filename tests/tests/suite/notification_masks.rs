//! Verifies which completions of a WebSocket a notification mask selects, with the exact masks of
//! real programs.

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::{Mode, WebSocket, scenarios};

const CLOSE: u32 = c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE;
const SHUTDOWN: u32 = c::WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE;
const READ: u32 = c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE;
const WRITE: u32 = c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE;
const CLOSING: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING;
const HANDLES: u32 = c::WINHTTP_CALLBACK_FLAG_HANDLES;
const COMPLETIONS: u32 = c::WINHTTP_CALLBACK_FLAG_ALL_COMPLETIONS;

/// What a WebSocket with this mask is told of Send, Shutdown, Close and CloseHandle.
///
/// Nothing is waited for in between, since the mask may leave it out: completions keep the order of
/// the calls, and HANDLE_CLOSING, which every mask here has, is the last word.
fn told<W: Unit>(mode: Mode, mask: u32) -> Vec<u32> {
    let server = Server::plain(by_path).unwrap();
    let socket = WebSocket::<W>::open(mode, &server, "/close-now?code=1000");
    let client = &socket.client;
    // The peer's close frame is there, so that a close is over as soon as the own one has left.
    socket.receive(16).unwrap();
    let before = socket.events().len();
    let callback = Some(client.recorder.callback::<W>());
    client.set_callback(socket.handle, callback, mask).unwrap();

    let binary = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
    until_accepted(|| socket.start_send(binary, b"data"));
    until_accepted(|| socket.start_shutdown(1000, b"done"));
    until_accepted(|| socket.start_close(1000, b"done"));
    // Close is over when its status can be asked for: only then is nothing left to be cancelled.
    until_accepted(|| socket.close_status().map(|_| ()));
    client.close(socket.handle).unwrap();
    client.recorder.wait(socket.handle, CLOSING);
    let statuses = client.recorder.statuses_of(socket.handle);
    socket.finish();
    statuses[before..].to_vec()
}

/// Repeats a call while the operation before it has not ended, which a mask may keep from being
/// told.
fn until_accepted(mut call: impl FnMut() -> Result<(), u32>) {
    let deadline = std::time::Instant::now() + winhttp_tests::PATIENCE;
    loop {
        match call() {
            Ok(()) => return,
            Err(error) => assert_eq!(error, c::ERROR_INVALID_OPERATION),
        }
        assert!(std::time::Instant::now() < deadline, "never accepted");
        std::thread::yield_now();
    }
}

/// The completions in `expected`, which exist in asynchronous mode only, and the last word.
fn check<W: Unit>(mode: Mode, mask: u32, expected: &[u32]) {
    let completions = if mode == Mode::Async { expected } else { &[] };
    let expected = [completions, &[CLOSING]].concat();
    assert_eq!(told::<W>(mode, mask), expected, "mask {mask:#x}");
}

scenarios! {
    /// What Microsoft's own programs register, although it has neither bit.
    fn all_completions_brings_the_end_of_shutdown_and_close<W>(mode) {
        let all = [WRITE, SHUTDOWN, CLOSE];
        check::<W>(mode, COMPLETIONS | HANDLES, &all);
        let secure = c::WINHTTP_CALLBACK_FLAG_SECURE_FAILURE;
        check::<W>(mode, COMPLETIONS | HANDLES | secure, &all);
        // The constant's value in older headers.
        check::<W>(mode, 0x017e_0000 | HANDLES, &all);
        check::<W>(mode, 0x007e_0000 | HANDLES, &all);
        check::<W>(mode, c::WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS, &all);
    }

    fn one_flag_of_a_completion_is_enough<W>(mode) {
        check::<W>(mode, c::WINHTTP_CALLBACK_FLAG_REQUEST_ERROR | HANDLES, &[SHUTDOWN, CLOSE]);
        check::<W>(mode, READ | HANDLES, &[SHUTDOWN, CLOSE]);
        check::<W>(mode, WRITE | HANDLES, &[WRITE, SHUTDOWN, CLOSE]);
    }

    fn a_mask_without_completions_stays_without_them<W>(mode) {
        check::<W>(mode, HANDLES, &[]);
        check::<W>(mode, HANDLES | c::WINHTTP_CALLBACK_FLAG_SECURE_FAILURE, &[]);
        let informational = 0x0001_ffff;
        check::<W>(mode, informational, &[]);
    }

    fn the_bits_of_the_statuses_still_select_them_alone<W>(mode) {
        check::<W>(mode, CLOSE | HANDLES, &[CLOSE]);
        check::<W>(mode, SHUTDOWN | HANDLES, &[SHUTDOWN]);
    }
}
