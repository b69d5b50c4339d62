//! Verifies WebSockets under threads: full duplex, many at once, and chains of operations started
//! from completions.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::{
    Client, Handle, Info, Memory, Mode, WebSocket, scenarios, start_close, start_receive,
    start_send,
};

const BINARY: i32 = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
const BINARY_FRAGMENT: i32 = c::WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE;
const WRITTEN: u32 = c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE;
const READ: u32 = c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE;
const CLOSED: u32 = c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE;
const FAILED: u32 = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;

/// Messages of a chain.
const CHAIN: usize = 3000;

/// A message that is different for every number and size.
fn message(number: usize, size: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..size)
        .map(|at| at.wrapping_mul(31).wrapping_add(number).to_le_bytes()[0])
        .collect();
    bytes.extend(number.to_le_bytes());
    bytes
}

scenarios! {
    fn one_thread_sends_while_another_receives<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        server.set_recording(false);
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        let size = |number: usize| number * 97 % 5000;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0..400 {
                    assert_eq!(socket.send(BINARY, &message(number, size(number))), Ok(()));
                }
            });
            for number in 0..400 {
                let expected = message(number, size(number));
                assert_eq!(socket.message(), Ok((expected, BINARY)), "{number}");
            }
        });
        assert_eq!(socket.close(1000, b""), Ok(()));
        socket.finish();
        assert_eq!(server.violations(), []);
    }

    fn many_websockets_of_one_session_do_not_disturb_each_other<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let sockets: Vec<Handle> =
            (0..40).map(|_| client.web_socket(server.port(), "/echo")).collect();
        std::thread::scope(|scope| {
            for part in sockets.chunks(10) {
                let client = &client;
                scope.spawn(move || {
                    for round in 0..5 {
                        for (index, socket) in part.iter().enumerate() {
                            let data = message(round, index * 100);
                            assert_eq!(client.ws_send(*socket, BINARY, &data), Ok(()));
                        }
                        for (index, socket) in part.iter().enumerate() {
                            let data = message(round, index * 100);
                            assert_eq!(client.ws_message(*socket), Ok((data, BINARY)));
                        }
                    }
                });
            }
        });
        // Some end well, some are just closed.
        for socket in sockets.iter().step_by(3) {
            assert_eq!(client.ws_close(*socket, 1000, b""), Ok(()));
        }
        client.finish();
        assert_eq!(server.violations(), []);
    }
}

/// Sends, receives the echo and sends again, everything but the first call from inside completions.
fn chain<W: Unit>(inline: bool) {
    let server = Server::plain(by_path).unwrap();
    server.set_recording(false);
    let client = if inline {
        Client::<W>::inline()
    } else {
        Client::<W>::new(Mode::Async)
    };
    let socket = client.web_socket(server.port(), "/echo");
    let (outgoing, incoming) = (Memory::of(b"again and again"), Memory::new(64));
    let count = Arc::new(AtomicUsize::new(0));
    client.recorder.on(WRITTEN, move |event| {
        assert_eq!(start_receive::<W>(event.handle, incoming), Ok(()));
    });
    client.recorder.on(READ, {
        let count = Arc::clone(&count);
        move |event| {
            assert_eq!(event.info, Info::WebSocketStatus(15, BINARY));
            if count.fetch_add(1, Ordering::Relaxed) + 1 == CHAIN {
                assert_eq!(start_close::<W>(event.handle, 1000, b""), Ok(()));
            } else {
                assert_eq!(start_send::<W>(event.handle, BINARY, outgoing), Ok(()));
            }
        }
    });
    assert_eq!(start_send::<W>(socket, BINARY, outgoing), Ok(()));
    client.recorder.wait(socket, CLOSED);
    assert_eq!(count.load(Ordering::Relaxed), CHAIN);
    assert_eq!(incoming.bytes()[..15], *b"again and again");
    let statuses = client.recorder.statuses_of(socket);
    let pairs = &statuses[1..=2 * CHAIN];
    assert!(
        pairs.chunks(2).all(|pair| pair == [WRITTEN, READ]),
        "one completion per operation"
    );
    assert_eq!(statuses.len(), 2 * CHAIN + 2);
    client.finish();
    assert_eq!(server.violations(), []);
}

#[test]
fn a_chain_inside_completions_on_the_callback_thread() {
    chain::<u16>(false);
    chain::<u32>(false);
}

#[test]
fn a_chain_inside_completions_that_are_delivered_inline() {
    chain::<u16>(true);
    chain::<u32>(true);
}

/// A fast sender on one side, a receive chain on the other, until everything has come back.
fn duplex_chain<W: Unit>(inline: bool) {
    let server = Server::plain(by_path).unwrap();
    server.set_recording(false);
    let client = if inline {
        Client::<W>::inline()
    } else {
        Client::<W>::new(Mode::Async)
    };
    let socket = client.web_socket(server.port(), "/echo");
    let data = message(7, 3000);
    let (outgoing, incoming) = (Memory::of(&data), Memory::new(4096));
    let sent = AtomicUsize::new(1);
    let received = Arc::new(Mutex::new((0_usize, 0_usize)));
    client.recorder.on(WRITTEN, move |event| {
        if sent.fetch_add(1, Ordering::Relaxed) < CHAIN {
            assert_eq!(start_send::<W>(event.handle, BINARY, outgoing), Ok(()));
        }
    });
    client.recorder.on(READ, {
        let received = Arc::clone(&received);
        move |event| {
            let Info::WebSocketStatus(bytes, kind) = event.info else {
                panic!("{event:?}")
            };
            let mut received = received.lock().unwrap();
            received.0 += usize::try_from(bytes).unwrap();
            match kind {
                BINARY => received.1 += 1,
                other => assert_eq!(other, BINARY_FRAGMENT),
            }
            let done = received.1 == CHAIN;
            drop(received);
            if done {
                assert_eq!(start_close::<W>(event.handle, 1000, b""), Ok(()));
            } else {
                assert_eq!(start_receive::<W>(event.handle, incoming), Ok(()));
            }
        }
    });
    assert_eq!(start_receive::<W>(socket, incoming), Ok(()));
    assert_eq!(start_send::<W>(socket, BINARY, outgoing), Ok(()));
    let ended = client.recorder.wait_after(socket, 0, &[CLOSED, FAILED]);
    assert_eq!(ended.status, CLOSED, "{ended:?}");
    assert_eq!(*received.lock().unwrap(), (CHAIN * data.len(), CHAIN));
    client.finish();
    assert_eq!(server.violations(), []);
}

#[test]
fn both_directions_in_chains_on_the_callback_thread() {
    duplex_chain::<u16>(false);
}

#[test]
fn both_directions_in_chains_that_are_delivered_inline() {
    duplex_chain::<u32>(true);
}

/// Two threads that race for the end of a WebSocket, again and again: the order of what is told
/// never varies.
#[test]
fn fact_9_5_5_the_cancelled_receive_comes_before_the_close_whoever_finds_out_first() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<u16>::new(Mode::Async);
    for _ in 0..200 {
        let socket = client.web_socket(server.port(), "/echo");
        assert_eq!(start_receive::<u16>(socket, Memory::new(16)), Ok(()));
        assert_eq!(start_close::<u16>(socket, 1000, b""), Ok(()));
        client.recorder.wait(socket, CLOSED);
        assert_eq!(client.recorder.statuses_of(socket)[1..], [FAILED, CLOSED]);
        assert_eq!(client.close(socket), Ok(()));
    }
    client.finish();
    assert_eq!(server.violations(), []);
}
