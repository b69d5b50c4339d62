//! Verifies that a receiving operation is outstanding until the program is about to be told of its
//! end: programs poll for ERROR_INVALID_OPERATION, and their callback moves the buffer of the next
//! receive.

use std::ptr::null_mut;
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::Instant;

use winhttp_abi::constants as c;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::{
    Client, Gate, Handle, Memory, Mode, PATIENCE, call, start_close, start_receive, start_send,
    web_socket_server,
};

type W = u16;

const READ: u32 = c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE;
const AVAILABLE: u32 = c::WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE;
const WRITTEN: u32 = c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE;
const OUTSTANDING: u32 = c::ERROR_INVALID_OPERATION;

fn read(request: Handle, memory: Memory) -> Result<(), u32> {
    let pointer = memory.pointer().cast();
    // SAFETY: the memory lives for ever.
    call(unsafe { winhttp::WinHttpReadData::<W>(request.raw(), pointer, 10, null_mut()) })
}

fn ask(request: Handle) -> Result<(), u32> {
    // SAFETY: no memory is passed.
    call(unsafe { winhttp::WinHttpQueryDataAvailable::<W>(request.raw(), null_mut()) })
}

#[test]
fn expectation_36_a_receive_whose_completion_waits_for_a_callback_is_outstanding() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<W>::on_callback_thread(Mode::Async);
    let socket = client.web_socket(server.port(), "/push?count=3&size=10");
    let gate = Gate::at(&client.recorder, READ, move |_| {
        // Inside its callback a receive is over: the next is accepted, and is outstanding in its
        // turn.
        assert_eq!(start_receive::<W>(socket, Memory::new(10)), Ok(()));
        assert_eq!(
            start_receive::<W>(socket, Memory::new(10)),
            Err(OUTSTANDING)
        );
    });
    start_receive::<W>(socket, Memory::new(10)).unwrap();
    gate.wait_entered();
    // The message is there, so it has ended; but the program cannot have been told, however long it
    // polls.
    for _ in 0..1000 {
        assert_eq!(
            start_receive::<W>(socket, Memory::new(10)),
            Err(OUTSTANDING)
        );
    }
    gate.open();
    client.recorder.wait_nth(socket, READ, 2);
    assert_eq!(start_receive::<W>(socket, Memory::new(10)), Ok(()));
    client.recorder.wait_nth(socket, READ, 3);
    let errors = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
    assert!(!client.recorder.statuses_of(socket).contains(&errors));
    client.finish();
}

#[test]
fn expectation_36_a_thread_that_the_callback_has_signalled_may_receive() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<W>::on_callback_thread(Mode::Async);
    let socket = client.web_socket(server.port(), "/push?count=2&size=10");
    let gate = Gate::at(&client.recorder, READ, |_| {});
    start_receive::<W>(socket, Memory::new(10)).unwrap();
    gate.wait_entered();
    assert_eq!(start_receive::<W>(socket, Memory::new(10)), Ok(()));
    gate.open();
    client.recorder.wait_nth(socket, READ, 2);
    client.finish();
}

#[test]
fn a_read_or_question_whose_completion_waits_for_a_callback_is_outstanding() {
    let server = Server::plain(by_path).unwrap();
    for status in [READ, AVAILABLE] {
        let client = Client::<W>::on_callback_thread(Mode::Async);
        let request = client.get(server.port(), "/status?code=200&size=100");
        client.exchange(request).unwrap();
        let gate = Gate::at(&client.recorder, status, |_| {});
        let start = || {
            if status == READ {
                read(request, Memory::new(10))
            } else {
                ask(request)
            }
        };
        start().unwrap();
        gate.wait_entered();
        // The next ends at once, as its data is there, and waits for the callback.
        assert_eq!(start(), Ok(()));
        assert_eq!(read(request, Memory::new(10)), Err(OUTSTANDING));
        assert_eq!(ask(request), Err(OUTSTANDING));
        gate.open();
        client.recorder.wait_nth(request, status, 2);
        assert_eq!(start(), Ok(()));
        client.recorder.wait_nth(request, status, 3);
        client.finish();
    }
}

#[test]
fn a_read_that_was_refused_is_outstanding_until_its_error_is_told() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<W>::on_callback_thread(Mode::Async);
    let request = client.get(server.port(), "/status?code=200&size=10");
    client.send(request).unwrap();
    let gate = Gate::at(
        &client.recorder,
        c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR,
        |_| {},
    );
    assert_eq!(ask(request), Ok(()), "its error is notified");
    gate.wait_entered();
    assert_eq!(ask(request), Ok(()));
    assert_eq!(read(request, Memory::new(10)), Err(OUTSTANDING));
    gate.open();
    client.finish();
}

/// Receives `count` messages whose completions nobody sees, polling until each next receive is
/// accepted.
fn poll_receives(socket: Handle, count: usize) {
    let deadline = Instant::now() + PATIENCE;
    for _ in 0..count {
        loop {
            match start_receive::<W>(socket, Memory::new(10)) {
                Ok(()) => break,
                Err(error) => assert_eq!(error, OUTSTANDING),
            }
            assert!(Instant::now() < deadline, "the receive never ended");
            std::thread::yield_now();
        }
    }
}

#[test]
fn without_a_callback_a_receive_is_over_in_its_turn() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<W>::on_callback_thread(Mode::Async);
    let socket = client.web_socket(server.port(), "/push?count=20&size=10");
    client.set_callback(socket, None, 0).unwrap();
    poll_receives(socket, 20);
    client.close(socket).unwrap();
}

#[test]
fn a_mask_without_reads_does_not_keep_a_receive_outstanding() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<W>::on_callback_thread(Mode::Async);
    let socket = client.web_socket(server.port(), "/push?count=20&size=10");
    let mask = c::WINHTTP_CALLBACK_FLAG_HANDLES | c::WINHTTP_CALLBACK_FLAG_WRITE_COMPLETE;
    let callback = client.recorder.callback::<W>();
    client.set_callback(socket, Some(callback), mask).unwrap();
    poll_receives(socket, 20);
    client.finish();
}

#[test]
fn a_close_behind_a_send_that_nobody_waited_for_is_accepted_and_told_after_it() {
    let server = Server::plain(by_path).unwrap();
    for inline in [false, true] {
        let client = if inline {
            Client::<W>::inline()
        } else {
            Client::<W>::on_callback_thread(Mode::Async)
        };
        let socket = client.web_socket(server.port(), "/echo");
        let before = client.events(socket);
        let binary = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
        for _ in 0..3 {
            assert_eq!(start_send::<W>(socket, binary, Memory::of(b"sent")), Ok(()));
        }
        assert_eq!(start_close::<W>(socket, 1000, b""), Ok(()));
        let closed = c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE;
        client.recorder.wait(socket, closed);
        let told = client.recorder.statuses_of(socket)[before..].to_vec();
        assert_eq!(told, [WRITTEN, WRITTEN, WRITTEN, closed]);
        client.finish();
    }
}

#[test]
fn a_send_whose_bytes_are_gone_is_over_when_the_call_returns() {
    let (say, said) = channel();
    let say = Mutex::new(say);
    let server = web_socket_server(move |connection| {
        for _ in 0..3 {
            let frame = connection.read_frame()?.unwrap();
            say.lock().unwrap().send(frame.payload).unwrap();
        }
        Ok(())
    });
    let client = Client::<W>::on_callback_thread(Mode::Async);
    let socket = client.web_socket(server.port(), "/");
    let gate = Gate::at(&client.recorder, WRITTEN, |_| {});
    let binary = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
    start_send::<W>(socket, binary, Memory::of(b"one")).unwrap();
    gate.wait_entered();
    // The first one's callback still runs, and nobody is told of the second.
    assert_eq!(start_send::<W>(socket, binary, Memory::of(b"two")), Ok(()));
    assert_eq!(
        start_send::<W>(socket, binary, Memory::of(b"three")),
        Ok(())
    );
    for expected in [&b"one"[..], b"two", b"three"] {
        assert_eq!(said.recv_timeout(PATIENCE).unwrap(), expected);
    }
    gate.open();
    client.recorder.wait_nth(socket, WRITTEN, 3);
    client.finish();
}
