//! Two threads on one handle: scenario 87.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Condvar, Mutex};
use std::thread;

use tungstenite::protocol::{Role as PeerRole, WebSocket};
use tungstenite::{Error, Message};
use winhttp_tests::PATIENCE;

use super::harness::driver::Driver;
use super::harness::{
    BINARY_MESSAGE, CLOSE, FROM_NETWORK, INDICATE_RECEIVE, INDICATE_SEND, NO_ACTION, PING_PONG,
    RECEIVE, Role, S_OK, SEND, Setup, Socket, TO_NETWORK, UTF8_FRAGMENT, UTF8_MESSAGE,
};

/// Messages each way.
const MESSAGES: usize = 10_000;

/// Message `number`: most are short, some are longer than the buffers.
fn payload(number: usize) -> Vec<u8> {
    let length = if number % 100 == 7 {
        5000 + number
    } else {
        number % 300
    };
    (0..length)
        .map(|at| b'a' + ((at + number) % 26) as u8)
        .collect()
}

fn is_text(number: usize) -> bool {
    number.is_multiple_of(3)
}

/// What both threads share.
struct Shared<'s, 'm> {
    socket: &'s Socket<'m>,
    /// Frames are written as a whole.
    writer: Mutex<UnixStream>,
    /// How many pongs were completed; a send may have waited for one.
    pongs: Mutex<usize>,
    pong_done: Condvar,
}

impl Shared<'_, '_> {
    /// Drives the send queue until this operation is over.
    fn send(&self, number: usize) {
        let payload = payload(number);
        let kind = if is_text(number) {
            UTF8_MESSAGE
        } else {
            BINARY_MESSAGE
        };
        // SAFETY: this returns when the operation is over.
        let result = unsafe { self.socket.send_lent(kind, &payload, number) };
        assert_eq!(result, S_OK);
        loop {
            let pongs = *self.pongs.lock().unwrap();
            // Asked for and written under one lock: a frame of several parts is not torn by a pong.
            let mut writer = self.writer.lock().unwrap();
            let action = self.socket.get(SEND, 2);
            assert_eq!(action.result, S_OK);
            match action.kind {
                TO_NETWORK => {
                    writer.write_all(&action.bytes()).unwrap();
                    self.socket.done(&action);
                }
                INDICATE_SEND => {
                    assert_eq!((action.application, action.buffer_type), (number, kind));
                    self.socket.done(&action);
                    self.socket.forget_lent();
                    return;
                }
                _ => {
                    assert_eq!(action.kind, NO_ACTION);
                    drop(writer);
                    self.wait_for_a_pong(pongs);
                }
            }
        }
    }

    fn wait_for_a_pong(&self, before: usize) {
        let pongs = self.pongs.lock().unwrap();
        let waited = self
            .pong_done
            .wait_timeout_while(pongs, PATIENCE, |pongs| *pongs == before);
        assert!(!waited.unwrap().1.timed_out(), "the send waits for no pong");
    }

    /// Drives the receive queue until a whole message is here.
    fn receive(&self, reader: &mut UnixStream, number: usize) {
        let (mut bytes, mut room) = (Vec::new(), vec![0; 4096]);
        assert_eq!(self.socket.receive(number), S_OK);
        loop {
            let action = self.socket.get(RECEIVE, 1);
            assert_eq!(action.result, S_OK);
            match action.kind {
                FROM_NETWORK => {
                    let length = reader.read(&mut room).unwrap();
                    assert_ne!(length, 0, "the peer is gone");
                    self.socket.fill(&action, &room[..length]);
                }
                TO_NETWORK => {
                    assert_eq!(action.buffer_type, PING_PONG);
                    let mut writer = self.writer.lock().unwrap();
                    writer.write_all(&action.bytes()).unwrap();
                    drop(writer);
                    self.socket.done(&action);
                    *self.pongs.lock().unwrap() += 1;
                    self.pong_done.notify_all();
                }
                INDICATE_RECEIVE => {
                    assert_eq!(action.application, number);
                    bytes.extend(action.bytes());
                    self.socket.done(&action);
                    let kind = if is_text(number) {
                        UTF8_MESSAGE
                    } else {
                        BINARY_MESSAGE
                    };
                    if action.buffer_type == kind {
                        assert!(bytes == payload(number), "message {number}");
                        return;
                    }
                    let fragment = kind + (UTF8_FRAGMENT - UTF8_MESSAGE);
                    assert_eq!(action.buffer_type, fragment);
                    assert_eq!(self.socket.receive(number), S_OK);
                }
                _ => panic!("a receive is pending: {action:?}"),
            }
        }
    }
}

/// The peer's writing half: a ping before every message.
fn peer_writes(stream: UnixStream, role: PeerRole) {
    let mut peer = WebSocket::from_raw_socket(stream, role, None);
    for number in 0..MESSAGES {
        let ping = number.to_string().into_bytes();
        peer.write(Message::Ping(ping.into())).unwrap();
        let payload = payload(number);
        let message = if is_text(number) {
            Message::text(String::from_utf8(payload).unwrap())
        } else {
            Message::binary(payload)
        };
        peer.send(message).unwrap();
    }
}

/// The peer's reading half: checks every message, and counts pongs, which come in order.
fn peer_reads(stream: UnixStream, role: PeerRole) -> usize {
    let mut peer = WebSocket::from_raw_socket(stream, role, None);
    let (mut messages, mut pongs, mut latest) = (0, 0, None);
    loop {
        let message = match peer.read() {
            Ok(message) => message,
            Err(Error::ConnectionClosed) => break,
            Err(error) => panic!("{error}"),
        };
        match message {
            Message::Pong(number) => {
                let number: usize = std::str::from_utf8(&number).unwrap().parse().unwrap();
                assert!(Some(number) > latest, "in order");
                latest = Some(number);
                pongs += 1;
            }
            Message::Close(_) => {}
            message => {
                assert_eq!(message.is_text(), is_text(messages));
                assert!(message.into_data() == payload(messages), "{messages}");
                messages += 1;
            }
        }
    }
    assert_eq!(messages, MESSAGES);
    pongs
}

/// All messages both ways; how many pongs the peer got.
fn talk(role: Role) -> usize {
    let (ours, theirs) = UnixStream::pair().unwrap();
    for stream in [&ours, &theirs] {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
    }
    let peer_role = match role {
        Role::Client => PeerRole::Server,
        Role::Server => PeerRole::Client,
    };
    let socket = Setup::new(role).session();
    let shared = Shared {
        socket: &socket,
        writer: Mutex::new(ours.try_clone().unwrap()),
        pongs: Mutex::new(0),
        pong_done: Condvar::new(),
    };
    let mut reader = ours.try_clone().unwrap();
    thread::scope(|scope| {
        let half = theirs.try_clone().unwrap();
        let writes = scope.spawn(move || peer_writes(half, peer_role));
        let reads = scope.spawn(move || peer_reads(theirs, peer_role));
        let sends = scope.spawn(|| (0..MESSAGES).for_each(|number| shared.send(number)));
        (0..MESSAGES).for_each(|number| shared.receive(&mut reader, number));
        sends.join().unwrap();
        writes.join().unwrap();
        let mut driver = Driver {
            socket: &socket,
            stream: ours,
        };
        // A pong that waited for the last frame must not come after the close frame.
        driver.answer();
        driver.send_close(1000, b"");
        assert_eq!(driver.message().kind, CLOSE);
        driver.stream.shutdown(Shutdown::Both).unwrap();
        reads.join().unwrap()
    })
}

#[test]
fn scenario_87_two_threads_on_a_servers_handle() {
    // Frames of a server are never in parts, so that every ping is answered.
    assert_eq!(talk(Role::Server), MESSAGES);
}

#[test]
fn scenario_87_two_threads_on_a_clients_handle() {
    // While a frame is sent in parts, newer pings replace older ones.
    let pongs = talk(Role::Client);
    assert!((MESSAGES / 2..=MESSAGES).contains(&pongs), "{pongs} pongs");
}

#[test]
fn calls_on_one_handle_wait_for_each_other() {
    // Every send is indicated exactly once, whichever thread asks.
    let socket = Setup::new(Role::Client).send(256).session();
    let ends = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for thread in 0..4 {
            let (socket, ends) = (&socket, &ends);
            scope.spawn(move || {
                for number in 0..500 {
                    let context = 1 + thread * 500 + number;
                    assert_eq!(socket.send(BINARY_MESSAGE, &[b'x'; 600], context), S_OK);
                    let action = socket.get(SEND, 1);
                    assert_eq!(action.result, S_OK);
                    if action.kind == NO_ACTION {
                        continue;
                    }
                    socket.done(&action);
                    if action.kind == INDICATE_SEND {
                        ends.lock().unwrap().push(action.application);
                    }
                }
            });
        }
    });
    let mut ends = ends.into_inner().unwrap();
    loop {
        let action = socket.get(SEND, 1);
        if action.kind == NO_ACTION {
            break;
        }
        socket.done(&action);
        if action.kind == INDICATE_SEND {
            ends.push(action.application);
        }
    }
    ends.sort_unstable();
    assert_eq!(ends, (1..=2000).collect::<Vec<_>>());
}
