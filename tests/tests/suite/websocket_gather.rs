//! Verifies sends made inside callbacks, which leave together: all arrive, in order, and none is
//! held back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use winhttp_abi::constants as c;
use winhttp_fixtures::{Connection, Frame, Opcode, Server};
use winhttp_tests::{Memory, Mode, WebSocket, call, start_close, start_send, web_socket_server};

const BINARY: i32 = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
const WRITTEN: u32 = c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE;
const CLOSED: u32 = c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE;

/// How long the peer's news is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that passes on the frames it reads, up to the end of the connection, and answers the
/// close frame.
fn listening() -> (Server, Receiver<Frame>) {
    let (frames, heard) = channel();
    let server = web_socket_server(move |connection: &mut Connection| {
        while let Some(frame) = connection.read_frame()? {
            let is_close = frame.opcode == Opcode::CLOSE;
            let _ = frames.send(frame.clone());
            if is_close {
                connection.send_frame(Opcode::CLOSE, true, &frame.payload)?;
                connection.finish_sending()?;
            }
        }
        Ok(())
    });
    (server, heard)
}

fn next(heard: &Receiver<Frame>) -> Frame {
    heard.recv_timeout(PATIENCE).expect("a frame arrives")
}

/// A message that is different for every number, with sizes below and above what is gathered.
fn message(number: usize) -> Vec<u8> {
    let size = [0, 1, 125, 126, 1000, 16 * 1024, 40 * 1024][number % 7];
    (0..size)
        .map(|at: usize| at.wrapping_mul(31).wrapping_add(number).to_le_bytes()[0])
        .collect()
}

#[test]
fn a_chain_of_sends_arrives_whole_and_in_order_with_the_close_behind_it() {
    const MESSAGES: usize = 700;
    let (server, heard) = listening();
    let socket = WebSocket::<u16>::open(Mode::Async, &server, "/");
    let sent = Arc::new(AtomicUsize::new(1));
    socket.client.recorder.on(WRITTEN, move |event| {
        let number = sent.fetch_add(1, Ordering::Relaxed);
        let started = if number < MESSAGES {
            start_send::<u16>(event.handle, BINARY, Memory::of(&message(number)))
        } else {
            start_close::<u16>(event.handle, 1000, b"done")
        };
        assert_eq!(started, Ok(()));
    });
    assert_eq!(socket.start_send(BINARY, &message(0)), Ok(()));
    for number in 0..MESSAGES {
        let frame = next(&heard);
        assert_eq!(frame.opcode, Opcode::BINARY, "{number}");
        assert!(frame.payload == message(number), "message {number}");
    }
    assert_eq!(next(&heard).opcode, Opcode::CLOSE);
    socket.client.recorder.wait(socket.handle, CLOSED);
    socket.finish();
    // Nothing follows the close frame, not even a piece of a frame.
    assert!(server.wait_peer_end(0, PATIENCE).is_some());
    assert_eq!(server.failures(), []);
    drop(server);
    assert_eq!(heard.recv_timeout(PATIENCE).ok(), None);
}

#[test]
fn a_callback_that_stays_does_not_hold_back_what_it_sent() {
    let (server, heard) = listening();
    let socket = WebSocket::<u16>::open(Mode::Async, &server, "/");
    // Sends are gathered on the callback thread only.
    let option = c::WINHTTP_OPTION_ASSURED_NON_BLOCKING_CALLBACKS;
    let (session, off) = (socket.client.session, 0_u32.to_ne_bytes());
    socket.client.put_option(session, option, &off).unwrap();
    let (arrived, news) = channel();
    let news = Mutex::new(news);
    let count = AtomicUsize::new(0);
    socket.client.recorder.on(WRITTEN, move |event| {
        let number = count.fetch_add(1, Ordering::Relaxed);
        let inside: &[u8] = match number {
            0 => b"leaves at once",
            1 => b"waits for others",
            _ => return,
        };
        let sent = start_send::<u16>(event.handle, BINARY, Memory::of(inside));
        assert_eq!(sent, Ok(()));
        if number == 1 {
            // The peer must have it before this callback returns.
            news.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        }
    });
    assert_eq!(socket.start_send(BINARY, b"outside"), Ok(()));
    assert_eq!(next(&heard).payload, b"outside");
    assert_eq!(next(&heard).payload, b"leaves at once");
    assert_eq!(next(&heard).payload, b"waits for others");
    arrived.send(()).unwrap();
    socket.client.recorder.wait_nth(socket.handle, WRITTEN, 3);
    socket.finish();
}

#[test]
fn closing_the_handle_in_the_callback_that_sent_lets_the_message_leave() {
    let (server, heard) = listening();
    let socket = WebSocket::<u16>::open(Mode::Async, &server, "/");
    let count = AtomicUsize::new(0);
    socket.client.recorder.on(WRITTEN, move |event| {
        match count.fetch_add(1, Ordering::Relaxed) {
            number @ 0..3 => {
                let inside: &[u8] = [b"one", b"two", b"end"][number];
                let sent = start_send::<u16>(event.handle, BINARY, Memory::of(inside));
                assert_eq!(sent, Ok(()));
            }
            // SAFETY: no memory is passed.
            _ => call(unsafe { winhttp::WinHttpCloseHandle::<u16>(event.handle.raw()) }).unwrap(),
        }
    });
    assert_eq!(socket.start_send(BINARY, b"first"), Ok(()));
    for expected in ["first", "one", "two", "end"] {
        assert_eq!(next(&heard).payload, expected.as_bytes());
    }
    let closing = c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING;
    socket.client.recorder.wait(socket.handle, closing);
    socket.client.finish();
}

#[test]
fn a_peer_that_reads_late_gets_everything() {
    const BYTES: usize = 8 * 1024;
    const MESSAGES: usize = 4000;
    let (go, gate) = channel();
    let (frames, heard) = channel();
    let gate = Mutex::new(gate);
    let server = web_socket_server(move |connection: &mut Connection| {
        gate.lock().unwrap().recv_timeout(PATIENCE).unwrap();
        while let Some(frame) = connection.read_frame()? {
            let _ = frames.send(frame.payload);
        }
        Ok(())
    });
    let socket = WebSocket::<u16>::open(Mode::Async, &server, "/");
    let body = |number: usize| vec![number.to_le_bytes()[0]; BYTES];
    let sent = Arc::new(AtomicUsize::new(1));
    socket.client.recorder.on(WRITTEN, {
        let sent = Arc::clone(&sent);
        move |event| {
            let number = sent.fetch_add(1, Ordering::Relaxed);
            if number < MESSAGES {
                let started = start_send::<u16>(event.handle, BINARY, Memory::of(&body(number)));
                assert_eq!(started, Ok(()));
            }
        }
    });
    assert_eq!(socket.start_send(BINARY, &body(0)), Ok(()));
    // All in all 32 MiB, more than the system and the library take: sends wait until the peer
    // reads.
    socket.client.recorder.wait_nth(socket.handle, WRITTEN, 100);
    go.send(()).unwrap();
    for number in 0..MESSAGES {
        let payload = heard.recv_timeout(PATIENCE).expect("a message");
        assert!(payload == body(number), "message {number}");
    }
    socket
        .client
        .recorder
        .wait_nth(socket.handle, WRITTEN, MESSAGES);
    socket.finish();
}
