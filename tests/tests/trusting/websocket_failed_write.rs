//! A write that fails ends the sending side only: everything that was received by then is
//! delivered, in order, and the close frame names the status (RFC 6455 §7.1.5); the error comes
//! after it.

use std::io;
use std::sync::{Mutex, mpsc};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::IdentityOptions;
use winhttp_fixtures::{Connection, Frame, Opcode, Server};
use winhttp_tests::support;
use winhttp_tests::support::tls::{identity, world};
use winhttp_tests::{
    Call, Client, Handle, Mode, PATIENCE, WebSocket, scenarios, upgrade, web_socket_server,
};

const BROKEN: u32 = c::ERROR_WINHTTP_CONNECTION_ERROR;
const TEXT: i32 = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
const PIECE: i32 = c::WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE;
const BINARY_PIECE: i32 = c::WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE;
const CLOSE: i32 = c::WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE;
/// More than any pair of socket buffers takes, in bytes.
const HUGE: usize = 64 << 20;

/// How a peer goes.
#[derive(Clone, Copy, Debug)]
enum Way {
    Reset,
    Vanish,
}

const WAYS: [Way; 2] = [Way::Reset, Way::Vanish];

/// A peer that says its frames when it is released, and is gone.
struct Peer {
    server: Server,
    gone: mpsc::Receiver<()>,
    secure: bool,
}

impl Peer {
    fn new(secure: bool, way: Way, frames: &[Frame]) -> Self {
        let frames: Vec<u8> = frames.iter().flat_map(Frame::encode).collect();
        let (tell, gone) = mpsc::channel();
        let tell = Mutex::new(tell);
        let script = move |connection: &mut Connection| -> io::Result<()> {
            let Some(request) = connection.read_head()? else {
                return Ok(());
            };
            connection.accept_websocket(&request)?;
            connection.hold("go")?;
            connection.send(&frames)?;
            match way {
                Way::Reset => connection.reset()?,
                Way::Vanish => connection.vanish(),
            }
            tell.lock().unwrap().send(()).unwrap();
            Ok(())
        };
        let server = if secure {
            Server::tls(script, &identity(&IdentityOptions::default())).unwrap()
        } else {
            Server::plain(script).unwrap()
        };
        Self {
            server,
            gone,
            secure,
        }
    }

    fn open<W: Unit>(&self, mode: Mode) -> WebSocket<W> {
        let client = Client::<W>::new(mode);
        let handle = open(&client, self.server.port(), self.secure);
        WebSocket { client, handle }
    }

    /// Says everything and is gone.
    fn go(&self) {
        self.server.release("go").unwrap();
        self.gone.recv_timeout(PATIENCE).unwrap();
    }
}

fn open<W: Unit>(client: &Client<W>, port: u16, secure: bool) -> Handle {
    let request = if secure {
        support::secure(client, port, "/")
    } else {
        support::get(client, port, "/")
    };
    upgrade::<W>(request).unwrap();
    client.exchange(request).unwrap();
    let handle = client.complete_upgrade(request, 0).unwrap();
    client.close(request).unwrap();
    handle
}

fn text(data: &str) -> Frame {
    Frame::new(Opcode::TEXT, true, data)
}

fn ping() -> Frame {
    Frame::new(Opcode::PING, true, "are you there?")
}

fn policy() -> Frame {
    Frame::close(Some(1008), b"policy")
}

fn twenty_messages() -> Vec<Frame> {
    (0..20).map(|n| text(&format!("message {n}"))).collect()
}

fn receives_twenty<W: Unit>(websocket: &WebSocket<W>) {
    for n in 0..20 {
        let expected = format!("message {n}").into_bytes();
        assert_eq!(websocket.message(), Ok((expected, TEXT)));
    }
}

fn receives_policy<W: Unit>(websocket: &WebSocket<W>) {
    assert_eq!(websocket.receive(100), Ok((Vec::new(), CLOSE)));
    assert_eq!(websocket.close_status(), Ok((1008, b"policy".to_vec())));
    assert_eq!(websocket.receive(100), Err(c::ERROR_INVALID_OPERATION));
}

/// Sends until a write fails: the first may still find room.
fn fails_to_send<W: Unit>(websocket: &WebSocket<W>) -> Call<()> {
    for _ in 0..1000 {
        websocket.send(TEXT, b"anybody?")?;
    }
    Ok(())
}

/// Plain and TLS, each way to go.
fn with_each_peer(frames: &[Frame], test: impl Fn(&Peer)) {
    world();
    for secure in [false, true] {
        for way in WAYS {
            test(&Peer::new(secure, way, frames));
        }
    }
}

scenarios! {
    fn pongs_that_cannot_be_written_cost_no_message<W>(mode) {
        let frames =
            [text("one"), ping(), text("two"), ping(), text("three"), ping(), policy()];
        with_each_peer(&frames, |peer| {
            let websocket = peer.open::<W>(mode);
            peer.go();
            for expected in ["one", "two", "three"] {
                assert_eq!(websocket.message(), Ok((expected.into(), TEXT)));
            }
            receives_policy(&websocket);
            assert_eq!(websocket.close(1000, b""), Ok(()), "both know how it ended");
            websocket.finish();
        });
    }

    fn a_receive_that_begins_at_any_time_loses_nothing_either<W>(mode) {
        let frames = [ping(), text("one"), ping(), text("two"), ping(), policy()];
        with_each_peer(&frames, |peer| {
            let websocket = peer.open::<W>(mode);
            let server = &peer.server;
            std::thread::scope(|scope| {
                scope.spawn(|| server.release("go").unwrap());
                for expected in ["one", "two"] {
                    assert_eq!(websocket.message(), Ok((expected.into(), TEXT)));
                }
            });
            receives_policy(&websocket);
            websocket.finish();
        });
    }

    fn without_a_close_frame_the_error_comes_last<W>(mode) {
        let frames = [text("one"), ping(), text("two"), ping(), text("three"), ping()];
        with_each_peer(&frames, |peer| {
            let websocket = peer.open::<W>(mode);
            peer.go();
            for expected in ["one", "two", "three"] {
                assert_eq!(websocket.message(), Ok((expected.into(), TEXT)));
            }
            for _ in 0..2 {
                assert_eq!(websocket.receive(100), Err(BROKEN));
            }
            assert_eq!(websocket.close_status(), Err(c::ERROR_INVALID_OPERATION));
            assert_eq!(websocket.shutdown(1000, b""), Err(BROKEN));
            assert_eq!(websocket.close(1000, b""), Err(BROKEN));
            websocket.finish();
        });
    }

    fn a_failed_send_costs_no_message<W>(mode) {
        let frames = [twenty_messages(), vec![policy()]].concat();
        with_each_peer(&frames, |peer| {
            let websocket = peer.open::<W>(mode);
            peer.go();
            assert_eq!(fails_to_send(&websocket), Err(BROKEN));
            assert_eq!(websocket.close_status(), Err(c::ERROR_INVALID_OPERATION), "not received yet");
            receives_twenty(&websocket);
            assert_eq!(websocket.send(TEXT, b"again"), Err(BROKEN));
            receives_policy(&websocket);
            websocket.finish();
        });
    }

    fn a_failed_send_is_followed_by_all_messages_and_then_its_error<W>(mode) {
        with_each_peer(&twenty_messages(), |peer| {
            let websocket = peer.open::<W>(mode);
            peer.go();
            assert_eq!(fails_to_send(&websocket), Err(BROKEN));
            receives_twenty(&websocket);
            assert_eq!(websocket.receive(100), Err(BROKEN));
            websocket.finish();
        });
    }

    fn after_a_failed_send_shutdown_fails_and_close_finds_the_close_frame<W>(mode) {
        let frames = [twenty_messages(), vec![policy()]].concat();
        with_each_peer(&frames, |peer| {
            let websocket = peer.open::<W>(mode);
            peer.go();
            assert_eq!(fails_to_send(&websocket), Err(BROKEN));
            assert_eq!(websocket.shutdown(1000, b""), Err(BROKEN));
            assert_eq!(websocket.close(1000, b""), Ok(()));
            assert_eq!(websocket.close_status(), Ok((1008, b"policy".to_vec())));
            websocket.finish();
        });
    }

    fn a_close_that_cannot_send_its_frame_finds_the_peers<W>(mode) {
        let frames = [twenty_messages(), vec![policy()]].concat();
        with_each_peer(&frames, |peer| {
            let websocket = peer.open::<W>(mode);
            peer.go();
            assert_eq!(websocket.close(1000, b""), Ok(()));
            assert_eq!(websocket.close_status(), Ok((1008, b"policy".to_vec())));
            websocket.finish();
        });
    }

    fn a_close_that_finds_no_close_frame_fails<W>(mode) {
        with_each_peer(&twenty_messages(), |peer| {
            let websocket = peer.open::<W>(mode);
            peer.go();
            assert_eq!(websocket.close(1000, b""), Err(BROKEN));
            assert_eq!(websocket.close_status(), Err(c::ERROR_INVALID_OPERATION));
            websocket.finish();
        });
    }

    fn a_message_that_breaks_off_is_a_fragment_and_then_the_error<W>(mode) {
        let half = |opcode, whole: &[u8]| {
            let wire = Frame::new(opcode, true, whole).encode();
            wire[..wire.len() - 3].to_vec()
        };
        let large = vec![b'x'; 100_000];
        world();
        for secure in [false, true] {
            for (wire, expected, kind) in [
                (half(Opcode::TEXT, b"Hello!"), &b"Hel"[..], PIECE),
                (half(Opcode::BINARY, &large), &large[3..], BINARY_PIECE),
            ] {
                let script = move |connection: &mut Connection| {
                    let Some(request) = connection.read_head()? else {
                        return Ok(());
                    };
                    connection.accept_websocket(&request)?;
                    connection.send(&wire)?;
                    connection.close_notify()?;
                    connection.wait_closed();
                    Ok(())
                };
                let server = if secure {
                    Server::tls(script, &identity(&IdentityOptions::default())).unwrap()
                } else {
                    Server::plain(script).unwrap()
                };
                let client = Client::<W>::new(mode);
                let handle = open(&client, server.port(), secure);
                let websocket = WebSocket { client, handle };
                let mut data = Vec::new();
                while data.len() < expected.len() {
                    let (piece, is) = websocket.receive(1 << 20).unwrap();
                    assert_eq!(is, kind);
                    data.extend(piece);
                }
                assert!(data == expected);
                assert_eq!(websocket.receive(100), Err(BROKEN));
                websocket.finish();
            }
        }
    }

    fn a_send_that_times_out_costs_no_message<W>(mode) {
        let (tell, said) = mpsc::channel();
        let tell = Mutex::new(tell);
        let server = web_socket_server(move |connection| {
            for frame in twenty_messages().iter().chain([&policy()]) {
                connection.send(&frame.encode())?;
            }
            tell.lock().unwrap().send(()).unwrap();
            connection.hold("end").map(drop)
        });
        let websocket = WebSocket::<W>::open_with(mode, &server, "/", |_, request| {
            support::set_timeouts::<W>(request, 0, 0, 200, 0);
        });
        said.recv_timeout(PATIENCE).unwrap();
        let huge = vec![0; HUGE];
        let binary = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
        assert_eq!(websocket.send(binary, &huge), Err(c::ERROR_WINHTTP_TIMEOUT));
        receives_twenty(&websocket);
        receives_policy(&websocket);
        websocket.finish();
        server.release("end").unwrap();
    }
}

#[test]
fn a_receive_that_waits_already_loses_nothing_either() {
    let frames = [ping(), text("one"), ping(), text("two"), ping(), policy()];
    with_each_peer(&frames, |peer| {
        let websocket = peer.open::<u16>(Mode::Async);
        let memory = websocket.start_receive(100).unwrap();
        peer.go();
        assert_eq!(websocket.wait_read(1), (3, TEXT));
        assert_eq!(memory.bytes()[..3], *b"one");
        assert_eq!(websocket.message(), Ok((b"two".to_vec(), TEXT)));
        receives_policy(&websocket);
        websocket.finish();
    });
}
