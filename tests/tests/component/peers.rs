//! Conversations with an independent implementation: scenarios 91 and 92.

use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::thread;

use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::protocol::{CloseFrame, WebSocket};
use tungstenite::{Error, Message, Utf8Bytes};
use winhttp_tests::PATIENCE;

use super::harness::driver::{Driver, Piece};
use super::harness::{
    BINARY_FRAGMENT, BINARY_MESSAGE, CLOSE, Memory, PING_PONG, Role, S_OK, Setup, UNSOLICITED_PONG,
    UTF8_FRAGMENT, UTF8_MESSAGE,
};

const ROLES: [Role; 2] = [Role::Server, Role::Client];

/// The statuses of scenario 92.
const STATUSES: [u16; 11] = [
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 4999,
];

type Ours<'s, 'm> = Driver<'s, 'm, TcpStream>;
type Peer = WebSocket<TcpStream>;

/// Connects a handle of this role with the other implementation, and lets each do its part.
fn converse(
    setup: Setup,
    peer: impl FnOnce(&mut Peer) + Send,
    ours: impl FnOnce(&mut Ours<'_, '_>),
) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connecting = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (accepted, _) = listener.accept().unwrap();
    for stream in [&connecting, &accepted] {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
    }
    let role = setup.role;
    let (stream, theirs) = match role {
        Role::Client => (connecting, accepted),
        Role::Server => (accepted, connecting),
    };
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut socket = match role {
                Role::Client => tungstenite::accept(theirs).unwrap(),
                Role::Server => tungstenite::client("ws://localhost/", theirs).unwrap().0,
            };
            peer(&mut socket);
        });
        let socket = setup.create();
        let mut driver = Driver {
            socket: &socket,
            stream,
        };
        driver.shake_hands(role);
        ours(&mut driver);
    });
}

/// A peer that sends back every message until the connection is closed.
fn echo<S: std::io::Read + std::io::Write>(peer: &mut WebSocket<S>) {
    loop {
        match peer.read() {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => peer.send(message).unwrap(),
            Ok(_) => {}
            Err(Error::ConnectionClosed) => return,
            Err(error) => panic!("{error}"),
        }
    }
}

/// The peer reads until the connection is closed; the close frame that came.
fn read_close(peer: &mut Peer) -> Option<CloseFrame> {
    let mut close = None;
    loop {
        match peer.read() {
            Ok(Message::Close(frame)) => close = frame,
            Ok(other) => panic!("after the end: {other:?}"),
            Err(Error::ConnectionClosed) => return close,
            Err(error) => panic!("{error}"),
        }
    }
}

fn close_frame(status: u16, reason: &'static str) -> CloseFrame {
    CloseFrame {
        code: CloseCode::from(status),
        reason: Utf8Bytes::from_static(reason),
    }
}

/// Deterministic bytes that are also text.
fn text(length: usize) -> Vec<u8> {
    (0..length).map(|at| b'a' + (at * at % 26) as u8).collect()
}

#[test]
fn scenario_91_a_dotnet_client() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    for stream in [&ours, &theirs] {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
    }
    thread::scope(|scope| {
        scope.spawn(move || echo(&mut tungstenite::accept(theirs).unwrap()));
        let setup = Setup::new(Role::Client).receive(16384).send(16384);
        let setup = setup.without_masking().memory(Memory::Block);
        let client = setup.create();
        let mut driver = Driver {
            socket: &client,
            stream: ours,
        };
        driver.shake_hands(Role::Client);
        for number in 0..100 {
            let payload = text(1 + number * 69_999 / 99);
            let kind = if number % 2 == 0 {
                UTF8_MESSAGE
            } else {
                BINARY_MESSAGE
            };
            driver.send(kind, &payload);
            let echoed = driver.message();
            assert!(echoed.kind == kind && echoed.bytes == payload, "{number}");
        }
        driver.send_close(1000, b"");
        let close = driver.message();
        assert_eq!(
            (close.kind, close.status, close.bytes),
            (CLOSE, 1000, vec![])
        );
    });
}

/// Lengths of messages at every border, and a large one.
const LENGTHS: [usize; 8] = [0, 1, 125, 126, 4096, 65535, 65536, 1 << 20];

/// The peer drives: messages of these sizes, fragments, and pings between them.
fn peer_drives(peer: &mut Peer, lengths: &[usize]) {
    for &length in lengths {
        let sent = text(length);
        let sent_text = String::from_utf8(sent.clone()).unwrap();
        peer.send(Message::text(sent_text.clone())).unwrap();
        assert!(read(peer) == Message::text(sent_text));
        peer.send(Message::binary(sent.clone())).unwrap();
        assert!(read(peer) == Message::binary(sent.clone()));
        peer.send(Message::Ping(sent[..length.min(125)].to_vec().into()))
            .unwrap();
        let pong = Message::Pong(sent[..length.min(125)].to_vec().into());
        assert_eq!(read(peer), pong);
    }
    let parts = ["Fragments ", "", "of \u{20AC}", " text"];
    for (at, part) in parts.iter().enumerate() {
        let opcode = if at == 0 { Data::Text } else { Data::Continue };
        let frame = Frame::message(*part, OpCode::Data(opcode), at == 3);
        peer.send(Message::Frame(frame)).unwrap();
        peer.send(Message::Ping(part.to_owned().into())).unwrap();
    }
    let (last, others) = parts.split_last().unwrap();
    for part in others {
        assert_eq!(read(peer), Message::Pong((*part).into()));
    }
    assert_eq!(read(peer), Message::text(parts.concat()));
    assert_eq!(read(peer), Message::Pong((*last).into()));
}

fn read(peer: &mut Peer) -> Message {
    peer.read().unwrap()
}

#[test]
fn scenario_92_a_peer_drives() {
    for role in ROLES {
        let end = |peer: &mut Peer| {
            peer_drives(peer, &LENGTHS);
            peer.close(None).unwrap();
            assert_eq!(read_close(peer), None);
        };
        converse(Setup::new(role), end, |driver| {
            let close = driver.echo();
            assert_eq!((close.status, close.bytes), (1005, vec![]));
        });
    }
}

#[test]
fn scenario_92_a_peer_closes() {
    for role in ROLES {
        for status in STATUSES {
            let closes = move |peer: &mut Peer| {
                peer.close(Some(close_frame(status, "because"))).unwrap();
                assert_eq!(read_close(peer), Some(close_frame(status, "because")));
            };
            converse(Setup::new(role), closes, |driver| {
                let close = driver.echo();
                assert_eq!((close.status, close.bytes), (status, b"because".to_vec()));
            });
        }
    }
}

/// We drive: the same the other way round.
fn we_drive(driver: &mut Ours<'_, '_>) {
    let mut pongs = 0;
    for length in LENGTHS {
        let payload = text(length);
        for kind in [UTF8_MESSAGE, BINARY_MESSAGE] {
            driver.send(kind, &payload);
            driver.send_null(PING_PONG);
            driver.send_null(UNSOLICITED_PONG);
            pongs += pongs_before(driver, kind, &payload);
        }
    }
    for (fragment, message) in [
        (UTF8_FRAGMENT, UTF8_MESSAGE),
        (BINARY_FRAGMENT, BINARY_MESSAGE),
    ] {
        driver.send(fragment, b"Fragments ");
        driver.send_null(PING_PONG);
        driver.send(fragment, b"");
        driver.send(fragment, "of \u{20AC}".as_bytes());
        driver.send(message, b"");
        let whole = "Fragments of \u{20AC}".as_bytes();
        pongs += pongs_before(driver, message, whole);
    }
    // The last pong may come behind the last message.
    if pongs < 18 {
        assert_eq!(driver.message().kind, PING_PONG);
        pongs += 1;
    }
    assert_eq!(pongs, 18);
}

/// Receives a message and the pongs before it; how many there were.
fn pongs_before(driver: &mut Ours<'_, '_>, kind: i32, payload: &[u8]) -> u32 {
    let mut pongs = 0;
    loop {
        let piece = driver.message();
        if piece.kind == PING_PONG {
            assert_eq!(piece.bytes, b"");
            pongs += 1;
            continue;
        }
        assert!(piece.kind == kind && piece.bytes == payload);
        return pongs;
    }
}

#[test]
fn scenario_92_we_drive() {
    for role in ROLES {
        converse(Setup::new(role), echo, |driver| {
            we_drive(driver);
            driver.send_null(CLOSE);
            let close = driver.message();
            let wanted = Piece {
                kind: CLOSE,
                bytes: vec![],
                status: 1005,
            };
            assert_eq!(close, wanted);
        });
    }
}

#[test]
fn scenario_92_we_close() {
    for role in ROLES {
        for status in STATUSES {
            converse(Setup::new(role), echo, |driver| {
                driver.send_close(status, b"because");
                let close = driver.message();
                assert_eq!((close.kind, close.status), (CLOSE, status));
                assert_eq!(close.bytes, b"because");
            });
        }
    }
}

#[test]
fn scenario_92_with_the_smallest_buffers() {
    for role in ROLES {
        let setup = Setup::new(role).receive(256).send(16);
        let end = |peer: &mut Peer| {
            peer_drives(peer, &LENGTHS[..7]);
            peer.close(None).unwrap();
            read_close(peer);
        };
        converse(setup.memory(Memory::Block), end, |driver| {
            driver.echo();
        });
    }
}

#[test]
fn a_peer_that_selects_a_sub_protocol_is_understood() {
    use tungstenite::handshake::server::{ErrorResponse, Request, Response};

    let (ours, theirs) = UnixStream::pair().unwrap();
    for stream in [&ours, &theirs] {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
    }
    thread::scope(|scope| {
        scope.spawn(move || {
            #[expect(clippy::result_large_err, reason = "the type is the other library's")]
            let select = |_: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
                let headers = response.headers_mut();
                headers.insert("Sec-WebSocket-Protocol", "superchat".parse().unwrap());
                Ok(response)
            };
            echo(&mut tungstenite::accept_hdr(theirs, select).unwrap());
        });
        let client = Setup::new(Role::Client).create();
        let offers = [c"chat", c"superchat"];
        let mut driver = Driver {
            socket: &client,
            stream: ours,
        };
        let headers = client.begin_client(&offers, &[], &[]).unwrap();
        let response = driver.upgrade(&headers);
        let selected = client.end_client_selecting(&response, 0);
        assert_eq!(selected, (S_OK, vec![], Some(1)));
        driver.send(UTF8_MESSAGE, b"hi");
        assert_eq!(driver.message().bytes, b"hi");
        driver.send_null(CLOSE);
        assert_eq!(driver.message().kind, CLOSE);
    });
}
