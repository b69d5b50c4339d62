//! The echo server with a client library that nobody here wrote: scenario 92 of the component.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::protocol::frame::{Frame, FrameHeader};
use tungstenite::{Message, WebSocket};
use winhttp_tests::PATIENCE;

use super::programs::EchoServer;

/// A connection that never waits to write: an echo server stops reading from a client that does not
/// read.
struct Duplex {
    reader: TcpStream,
    pending: Option<mpsc::Sender<Vec<u8>>>,
    writer: Option<JoinHandle<()>>,
}

impl Duplex {
    fn connect(port: u16) -> Self {
        let reader = TcpStream::connect(("127.0.0.1", port)).unwrap();
        reader.set_read_timeout(Some(PATIENCE)).unwrap();
        reader.set_nodelay(true).unwrap();
        let mut stream = reader.try_clone().unwrap();
        let (pending, waiting) = mpsc::channel::<Vec<u8>>();
        let writer = thread::spawn(move || {
            for bytes in waiting {
                if stream.write_all(&bytes).is_err() {
                    return; // The reader meets the same end, and judges it.
                }
            }
        });
        Self {
            reader,
            pending: Some(pending),
            writer: Some(writer),
        }
    }
}

impl Read for Duplex {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.reader.read(buffer) {
                // The client takes that for a broken connection.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

impl Write for Duplex {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let pending = self.pending.as_ref().unwrap();
        pending
            .send(bytes.to_vec())
            .map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Duplex {
    fn drop(&mut self) {
        drop(self.pending.take());
        let _no_more_to_write = self.writer.take().map(JoinHandle::join);
    }
}

fn connect(server: &EchoServer) -> WebSocket<Duplex> {
    let (socket, response) =
        tungstenite::client(server.url("/"), Duplex::connect(server.port)).unwrap();
    assert_eq!(response.status(), 101);
    socket
}

/// Sends a message and expects it back.
fn echo(socket: &mut WebSocket<Duplex>, message: &Message) {
    socket.send(message.clone()).unwrap();
    assert!(
        socket.read().unwrap() == *message,
        "a message of {} bytes came back changed",
        message.len()
    );
}

/// Closes, and gives the close frame that answers.
fn close(mut socket: WebSocket<Duplex>, frame: Option<CloseFrame>) -> Option<CloseFrame> {
    socket.close(frame).unwrap();
    let answer = match socket.read().unwrap() {
        Message::Close(answer) => answer,
        other => panic!("{other:?} instead of a close frame"),
    };
    // The server ends the connection first (RFC 6455 §7.1.1).
    assert!(matches!(
        socket.read(),
        Err(tungstenite::Error::ConnectionClosed)
    ));
    answer
}

fn fragment(payload: &[u8], opcode: Data, is_final: bool) -> Message {
    Message::Frame(Frame::message(
        payload.to_vec(),
        OpCode::Data(opcode),
        is_final,
    ))
}

/// Some bytes that do not repeat soon.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    })
    .take(length)
    .collect()
}

#[test]
fn scenario_92_messages_of_all_sizes_come_back() {
    let server = EchoServer::start();
    let mut socket = connect(&server);
    for size in [
        0, 1, 125, 126, 127, 16_383, 16_384, 16_385, 65_535, 65_536, 1_048_576,
    ] {
        echo(&mut socket, &Message::binary(noise(size)));
        let text: String = "grüß dich, 世界 🌍 ".chars().cycle().take(size).collect();
        echo(&mut socket, &Message::text(text));
    }
    assert_eq!(close(socket, None), None);
}

#[test]
fn scenario_92_fragments_become_one_message_again() {
    let server = EchoServer::start();
    let mut socket = connect(&server);
    // A character is cut in two, a fragment is empty, and a ping comes in between.
    for message in [
        fragment("grü".as_bytes().split_at(3).0, Data::Text, false),
        fragment(&[], Data::Continue, false),
        Message::Ping("between".into()),
        fragment("grüß".as_bytes().split_at(3).1, Data::Continue, false),
        fragment(&[], Data::Continue, true),
        fragment(&noise(40_000), Data::Binary, false),
        fragment(&noise(40_000), Data::Continue, true),
    ] {
        socket.send(message).unwrap();
    }
    assert_eq!(socket.read().unwrap(), Message::Pong("between".into()));
    assert_eq!(socket.read().unwrap(), Message::text("grüß"));
    let twice = [noise(40_000), noise(40_000)].concat();
    assert!(
        socket.read().unwrap() == Message::binary(twice),
        "the binary message"
    );
    close(socket, None);
}

#[test]
fn scenario_92_pings_are_answered_with_their_payload() {
    let server = EchoServer::start();
    let mut socket = connect(&server);
    for payload in [vec![], b"hello".to_vec(), noise(125)] {
        socket.send(Message::Ping(payload.clone().into())).unwrap();
        assert_eq!(socket.read().unwrap(), Message::Pong(payload.into()));
    }
    // A pong that nobody asked for is not answered.
    socket.send(Message::Pong("unsolicited".into())).unwrap();
    echo(&mut socket, &Message::text("after it"));
    close(socket, None);
}

#[test]
fn scenario_92_close_codes_come_back() {
    let server = EchoServer::start();
    for code in [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1014, 3000, 4999,
    ] {
        for reason in ["", "grüß dich", &"r".repeat(123)] {
            let frame = CloseFrame {
                code: CloseCode::from(code),
                reason: reason.to_owned().into(),
            };
            assert_eq!(
                close(connect(&server), Some(frame.clone())),
                Some(frame),
                "{code} {reason}"
            );
        }
    }
}

/// RFC 6455 §7.4: numbers that are only reserved are a protocol error. The handle leaves that to
/// the server.
#[test]
fn reserved_close_codes_are_answered_with_1002() {
    let server = EchoServer::start();
    for code in [1004_u16, 1016, 2999, 5000, 65_535] {
        let mut socket = connect(&server);
        // As a frame, for the library would not say such a thing by itself.
        let header = FrameHeader {
            opcode: OpCode::Control(tungstenite::protocol::frame::coding::Control::Close),
            ..FrameHeader::default()
        };
        let frame = Frame::from_payload(header, code.to_be_bytes().to_vec().into());
        socket.send(Message::Frame(frame)).unwrap();
        match socket.read().unwrap() {
            Message::Close(Some(CloseFrame { code: answer, .. })) => {
                assert_eq!(answer, CloseCode::Protocol, "{code}");
            }
            other => panic!("{code} was answered with {other:?}"),
        }
    }
}

#[test]
fn many_connections_are_served_at_a_time() {
    let server = EchoServer::start();
    let mut sockets: Vec<_> = (0..50).map(|_| connect(&server)).collect();
    for round in 0..3 {
        for (number, socket) in sockets.iter_mut().enumerate() {
            socket
                .send(Message::text(format!("{number} in round {round}")))
                .unwrap();
        }
        for (number, socket) in sockets.iter_mut().enumerate().rev() {
            assert_eq!(
                socket.read().unwrap(),
                Message::text(format!("{number} in round {round}"))
            );
        }
    }
    for socket in sockets {
        close(socket, None);
    }
}

/// What ends the server ends its sessions as RFC 6455 §7.4.1 says: 1001, going away.
#[test]
fn a_server_that_ends_says_that_it_goes_away() {
    for signal in [None, Some("TERM"), Some("INT")] {
        let mut server = EchoServer::start();
        let mut sockets = [connect(&server), connect(&server)];
        echo(&mut sockets[0], &Message::text("hello"));
        // In the middle of a message.
        sockets[1]
            .send(fragment(b"half a mess", Data::Text, false))
            .unwrap();
        match signal {
            None => server.end_input(),
            Some(signal) => server.signal(signal),
        }
        for socket in &mut sockets {
            match socket.read().unwrap() {
                Message::Close(Some(frame)) => assert_eq!(frame.code, CloseCode::Away),
                other => panic!("{other:?} instead of a close frame"),
            }
            // Reading on sends the answer and sees the end of the connection.
            assert!(matches!(
                socket.read(),
                Err(tungstenite::Error::ConnectionClosed)
            ));
        }
        drop(sockets);
        server.expect_end();
    }
}

/// A peer that does not answer the close frame cannot hold the server: a second signal does not
/// wait for it.
#[test]
fn a_second_signal_ends_the_server_at_once() {
    let mut server = EchoServer::start();
    let mut socket = connect(&server);
    echo(&mut socket, &Message::text("hello"));
    server.signal("TERM");
    match socket.read().unwrap() {
        Message::Close(Some(frame)) => assert_eq!(frame.code, CloseCode::Away),
        other => panic!("{other:?} instead of a close frame"),
    }
    server.signal("TERM");
    server.expect_end();
}
