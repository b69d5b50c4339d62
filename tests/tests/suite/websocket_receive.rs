//! Verifies receiving: arguments, buffers of any size, fragments, pings, and every way a peer can
//! go wrong.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Connection, Frame, Opcode, Server, by_path};
use winhttp_tests::{
    Call, Info, Memory, Mode, PATIENCE, WebSocket, scenarios, start_receive, status,
    web_socket_server,
};

const BINARY: i32 = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
const BINARY_FRAGMENT: i32 = c::WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE;
const TEXT: i32 = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
const TEXT_FRAGMENT: i32 = c::WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE;
const CLOSE: i32 = c::WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE;

const BAD_PARAMETER: Call<()> = Err(c::ERROR_INVALID_PARAMETER);
const BUSY: Call<()> = Err(c::ERROR_INVALID_OPERATION);
const BROKEN: u32 = c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE;
const GONE: u32 = c::ERROR_WINHTTP_CONNECTION_ERROR;

/// A server that sends these bytes behind the 101 and then answers the close.
fn says(bytes: Vec<u8>) -> Server {
    web_socket_server(move |connection| {
        connection.send(&bytes)?;
        until_close(connection)
    })
}

fn until_close(connection: &mut Connection) -> std::io::Result<()> {
    while let Some(frame) = connection.read_frame()? {
        if frame.opcode == Opcode::CLOSE {
            return connection.send_frame(Opcode::CLOSE, true, &frame.payload);
        }
    }
    Ok(())
}

/// A server that sends each of `before`, then a ping, reports the payload of the pong, and sends
/// each of `after`.
fn pings(before: Vec<Frame>, after: Vec<Frame>) -> (Server, Receiver<Vec<u8>>) {
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    let server = web_socket_server(move |connection| {
        for frame in &before {
            connection.send(&frame.encode())?;
        }
        connection.send_frame(Opcode::PING, true, b"are you there?")?;
        let pong = connection.read_frame()?.expect("no pong");
        assert_eq!((pong.opcode, pong.fin), (Opcode::PONG, true));
        tell.lock().unwrap().send(pong.payload).unwrap();
        for frame in &after {
            connection.send(&frame.encode())?;
        }
        until_close(connection)
    });
    (server, told)
}

fn text(fin: bool, payload: &[u8]) -> Frame {
    Frame::new(Opcode::TEXT, fin, payload)
}

fn more(fin: bool, payload: &[u8]) -> Frame {
    Frame::new(Opcode::CONTINUATION, fin, payload)
}

fn wire(frames: &[Frame]) -> Vec<u8> {
    frames.iter().flat_map(Frame::encode).collect()
}

scenarios! {
    fn fact_9_4_1_a_receive_needs_a_buffer_even_while_data_waits<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/greeting");
        let before = socket.events().len();
        let (mut bytes, mut kind) = (77, 88);
        let mut memory = [0_u8; 8];
        for (buffer, length) in
            [(std::ptr::null_mut(), 8), (std::ptr::null_mut(), 0), (memory.as_mut_ptr(), 0)]
        {
            // SAFETY: all of it is refused.
            let result = status(unsafe {
                winhttp::WinHttpWebSocketReceive::<W>(
                    socket.handle.raw(),
                    buffer.cast(),
                    length,
                    &raw mut bytes,
                    &raw mut kind,
                )
            });
            assert_eq!(result, BAD_PARAMETER);
        }
        assert_eq!((bytes, kind), (77, 88));
        assert_eq!(socket.events().len(), before);
        assert_eq!(socket.message(), Ok((b"hello".to_vec(), TEXT)));
        socket.finish();
    }

    fn fact_9_4_3_a_small_buffer_gives_fragments_and_an_exact_fit_a_message<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        for (kind, part) in [(BINARY, BINARY_FRAGMENT), (TEXT, TEXT_FRAGMENT)] {
            assert_eq!(socket.send(kind, &[b'x'; 256]), Ok(()));
            let mut sum = 0;
            loop {
                let (data, got) = socket.receive(128).unwrap();
                assert!(data.iter().all(|byte| *byte == b'x'));
                sum += data.len();
                if got == kind {
                    break;
                }
                assert_eq!(got, part);
                assert!(sum < 256, "the last piece is a MESSAGE");
            }
            assert_eq!(sum, 256);
        }
        // In one segment there is no reason to stop early.
        let server = says(wire(&[text(true, &[b'y'; 256]), text(true, b"z")]));
        let exact = WebSocket::<W>::open(mode, &server, "/");
        assert_eq!(exact.receive(128), Ok((vec![b'y'; 128], TEXT_FRAGMENT)));
        assert_eq!(exact.receive(128), Ok((vec![b'y'; 128], TEXT)));
        assert_eq!(exact.receive(128), Ok((vec![b'z'], TEXT)));
        exact.finish();
        socket.finish();
    }

    fn fact_9_4_4_server_fragments_add_up<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/fragments?size=3&ping=between");
        for (kind, data) in [(TEXT, &b"0123456789"[..]), (BINARY, &[1, 2, 3, 4, 5, 6]), (TEXT, b"")] {
            assert_eq!(socket.send(kind, data), Ok(()));
            assert_eq!(socket.message(), Ok((data.to_vec(), kind)));
        }
        socket.finish();
        assert_eq!(server.violations(), []);
    }

    fn empty_frames_are_pieces_of_nothing<W>(mode) {
        let server = says(wire(&[
            text(false, b""),
            more(false, b"a"),
            more(false, b""),
            more(false, b"b"),
            more(true, b""),
            text(true, b""),
            text(true, b"end"),
        ]));
        let socket = WebSocket::<W>::open(mode, &server, "/");
        assert_eq!(socket.message(), Ok((b"ab".to_vec(), TEXT)));
        assert_eq!(socket.message(), Ok((vec![], TEXT)));
        assert_eq!(socket.message(), Ok((b"end".to_vec(), TEXT)));
        socket.finish();
    }

    fn single_byte_buffers_and_single_byte_segments<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/slow");
        let data = "gr\u{fc}\u{df}e \u{1f600}".as_bytes();
        assert_eq!(socket.send(TEXT, data), Ok(()));
        let mut back = Vec::new();
        loop {
            let (piece, kind) = socket.receive(1).unwrap();
            back.extend(piece);
            if kind == TEXT {
                break;
            }
            assert_eq!(kind, TEXT_FRAGMENT);
        }
        assert_eq!(back, data);
        socket.finish();
    }

    fn fact_9_4_6_receiving_goes_on_after_shutdown_until_the_close_frame<W>(mode) {
        let server = web_socket_server(|connection| {
            let close = connection.read_frame()?.expect("a close frame");
            assert_eq!(close.opcode, Opcode::CLOSE);
            let answer = Frame::close(Some(1000), b"done");
            connection.send(&wire(&[text(true, b"late"), Frame::new(Opcode::BINARY, true, "too"), answer]))
        });
        let socket = WebSocket::<W>::open(mode, &server, "/");
        assert_eq!(socket.shutdown(1000, b""), Ok(()));
        assert_eq!(socket.receive(100), Ok((b"late".to_vec(), TEXT)));
        assert_eq!(socket.receive(100), Ok((b"too".to_vec(), BINARY)));
        assert_eq!(socket.receive(100), Ok((vec![], CLOSE)));
        let before = socket.events().len();
        for _ in 0..2 {
            assert_eq!(socket.receive(100).map(|_| ()), BUSY);
        }
        assert_eq!(socket.events().len(), before);
        assert_eq!(socket.close_status(), Ok((1000, b"done".to_vec())));
        socket.finish();
    }

    fn a_message_and_the_close_in_one_segment_come_one_after_the_other<W>(mode) {
        let server = says(wire(&[text(true, b"last words"), Frame::close(Some(1001), b"")]));
        let socket = WebSocket::<W>::open(mode, &server, "/");
        assert_eq!(socket.receive(4), Ok((b"last".to_vec(), TEXT_FRAGMENT)));
        assert_eq!(socket.message(), Ok((b" words".to_vec(), TEXT)));
        assert_eq!(socket.message(), Ok((vec![], CLOSE)));
        assert_eq!(socket.close_status(), Ok((1001, vec![])));
        socket.finish();
    }

    fn a_close_inside_a_fragmented_message_ends_it<W>(mode) {
        let server = says(wire(&[text(false, b"begun"), Frame::close(Some(1000), b"")]));
        let socket = WebSocket::<W>::open(mode, &server, "/");
        assert_eq!(socket.receive(100), Ok((b"begun".to_vec(), TEXT_FRAGMENT)));
        assert_eq!(socket.receive(100), Ok((vec![], CLOSE)));
        socket.finish();
    }

    fn fact_9_4_7_a_ping_is_answered_with_its_payload_while_receiving<W>(mode) {
        let (server, told) = pings(vec![], vec![text(true, b"thanks")]);
        let socket = WebSocket::<W>::open(mode, &server, "/");
        assert_eq!(socket.receive(100), Ok((b"thanks".to_vec(), TEXT)));
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), b"are you there?");
        socket.finish();
    }

    fn fact_9_4_7_a_ping_between_fragments_is_answered<W>(mode) {
        let (server, told) = pings(vec![text(false, b"one ")], vec![more(true, b"two")]);
        let socket = WebSocket::<W>::open(mode, &server, "/");
        assert_eq!(socket.message(), Ok((b"one two".to_vec(), TEXT)));
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), b"are you there?");
        socket.finish();
    }

    fn fact_9_4_7_pongs_are_ignored<W>(mode) {
        let pong = |payload: &[u8]| Frame::new(Opcode::PONG, true, payload);
        let server = says(wire(&[
            pong(b""),
            text(false, b"a"),
            pong(&[b'p'; 125]),
            more(true, b"b"),
            pong(b"x"),
            text(true, b"c"),
        ]));
        let socket = WebSocket::<W>::open(mode, &server, "/");
        assert_eq!(socket.message(), Ok((b"ab".to_vec(), TEXT)));
        assert_eq!(socket.message(), Ok((b"c".to_vec(), TEXT)));
        assert_eq!(socket.close(1000, b""), Ok(()));
        let opcodes: Vec<Opcode> = server.frames(0).iter().map(|frame| frame.opcode).collect();
        assert_eq!(opcodes, [Opcode::CLOSE], "pongs are not answered");
        socket.finish();
    }

    fn fact_9_4_8_a_broken_frame_fails_the_receive_and_the_server_is_told_why<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let paths = [
            ("/invalid-utf8", 1007),
            ("/masked-frame", 1002),
            ("/reserved-bits", 1002),
            ("/bad-opcode", 1002),
            ("/bad-control-opcode", 1002),
            ("/fragmented-control", 1002),
            ("/long-control", 1002),
            ("/orphan-continuation", 1002),
            ("/overlong-length", 1002),
            ("/negative-length", 1002),
            ("/close-one-byte", 1002),
            ("/close-bad-code", 1002),
            ("/close-bad-utf8", 1007),
        ];
        for (path, code) in paths {
            let socket = WebSocket::<W>::open(mode, &server, path);
            assert_eq!(socket.receive(100), Err(BROKEN), "{path}");
            let connection = server.connections() - 1;
            let frames = server.wait_frames(connection, 1, PATIENCE).expect(path);
            assert_eq!(frames[0].opcode, Opcode::CLOSE, "{path}");
            assert_eq!(frames[0].close_code_and_reason().map(|told| told.0), Some(code), "{path}");
            // Nothing works any more, and nothing more is sent.
            assert_eq!(socket.receive(100), Err(BROKEN), "{path}");
            socket.send(TEXT, b"x").unwrap_err();
            socket.shutdown(1000, b"").unwrap_err();
            socket.close(1000, b"").unwrap_err();
            assert_eq!(socket.close_status(), Err(c::ERROR_INVALID_OPERATION), "{path}");
            socket.finish();
            assert!(server.wait_peer_end(connection, PATIENCE).is_some(), "{path}");
            assert_eq!(server.frames(connection).len(), 1, "{path}");
        }
    }

    fn fact_9_4_8_what_came_before_the_broken_frame_is_delivered<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/interrupted-message");
        assert_eq!(socket.receive(100), Ok((b"hi".to_vec(), TEXT_FRAGMENT)));
        assert_eq!(socket.receive(100), Err(BROKEN));
        socket.finish();
        let frames = server.wait_frames(0, 1, PATIENCE).unwrap();
        assert_eq!(frames[0].close_code_and_reason().map(|told| told.0), Some(1002));
    }

    fn what_came_before_the_broken_frame_can_still_be_answered<W>(mode) {
        // In one segment, so that the broken frame is there when the program gets to its answer.
        let mut bytes = wire(&[text(true, b"question")]);
        bytes.extend([0xf1, 0]);
        let server = says(bytes);
        let socket = WebSocket::<W>::open(mode, &server, "/");
        assert_eq!(socket.message(), Ok((b"question".to_vec(), TEXT)));
        assert_eq!(socket.send(TEXT, b"answer"), Ok(()));
        assert_eq!(socket.receive(100), Err(BROKEN));
        assert_eq!(socket.send(TEXT, b"more"), Err(BROKEN));
        let frames = server.wait_frames(0, 2, PATIENCE).unwrap();
        assert_eq!(frames[0].payload, b"answer");
        assert_eq!(frames[1].close_code_and_reason().map(|told| told.0), Some(1002));
        socket.finish();
    }

    fn text_is_validated_across_frames_and_to_its_end<W>(mode) {
        let euro = "\u{20ac}".as_bytes();
        let server = says(wire(&[
            text(false, &euro[..1]),
            more(false, &euro[1..2]),
            more(true, &euro[2..]),
            text(true, &euro[..2]),
        ]));
        let socket = WebSocket::<W>::open(mode, &server, "/");
        assert_eq!(socket.message(), Ok((euro.to_vec(), TEXT)));
        assert_eq!(socket.message(), Err(BROKEN), "the message ends inside a character");
        socket.finish();
        let frames = server.wait_frames(0, 1, PATIENCE).unwrap();
        assert_eq!(frames[0].close_code_and_reason().map(|told| told.0), Some(1007));
    }

    fn fact_9_4_8_the_end_of_tcp_without_a_close_frame_is_a_connection_error<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        for path in ["/drop?now", "/reset?now", "/drop-mid-frame?now&sent=0", "/drop-mid-frame?now"] {
            let socket = WebSocket::<W>::open(mode, &server, path);
            let result = loop {
                match socket.receive(20) {
                    // Payload of the cut frame may come first.
                    Ok((_, kind)) => assert_eq!(kind, BINARY_FRAGMENT, "{path}"),
                    Err(error) => break error,
                }
            };
            assert_eq!(result, GONE, "{path}");
            assert_eq!(socket.receive(20), Err(GONE), "{path}");
            assert_eq!(socket.send(BINARY, b"x"), Err(GONE), "{path}");
            assert_eq!(socket.shutdown(1000, b""), Err(GONE), "{path}");
            assert_eq!(socket.close(1000, b""), Err(GONE), "{path}");
            assert_eq!(socket.close_status(), Err(c::ERROR_INVALID_OPERATION), "{path}");
            socket.finish();
        }
    }
}

#[test]
fn a_synchronous_receive_needs_both_results() {
    let server = Server::plain(by_path).unwrap();
    let socket = WebSocket::<u16>::open(Mode::Sync, &server, "/greeting");
    assert_eq!(socket.start_receive(100).map(|_| ()), BAD_PARAMETER);
    assert_eq!(socket.message(), Ok((b"hello".to_vec(), TEXT)));
    socket.finish();
}

#[test]
fn fact_9_4_2_and_expectation_11_results_are_untouched_in_asynchronous_mode() {
    let server = Server::plain(by_path).unwrap();
    let socket = WebSocket::<u32>::open(Mode::Async, &server, "/greeting");
    let memory = Memory::new(100);
    let (mut bytes, mut kind) = (0xdead_beef_u32, -5);
    // SAFETY: memory and results live until the completion was waited for.
    let result = status(unsafe {
        winhttp::WinHttpWebSocketReceive::<u32>(
            socket.handle.raw(),
            memory.pointer().cast(),
            100,
            &raw mut bytes,
            &raw mut kind,
        )
    });
    assert_eq!(result, Ok(()));
    assert_eq!(socket.wait_read(1), (5, TEXT));
    assert_eq!((bytes, kind), (0xdead_beef, -5));
    assert_eq!(memory.bytes()[..5], *b"hello");
    assert!(
        memory.bytes()[5..].iter().all(|byte| *byte == 0xaa),
        "no more than that is written"
    );
    let read = c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE;
    assert_eq!(socket.log(), [(read, Info::WebSocketStatus(5, TEXT), 8)]);
    socket.finish();
}

#[test]
fn fact_9_4_5_and_expectation_12_a_second_receive_is_refused_and_the_first_goes_on() {
    let server = Server::plain(by_path).unwrap();
    let socket = WebSocket::<u16>::open(Mode::Async, &server, "/echo");
    let memory = socket.start_receive(100).unwrap();
    for _ in 0..3 {
        assert_eq!(start_receive::<u16>(socket.handle, Memory::new(1)), BUSY);
    }
    assert_eq!(socket.log(), []);
    assert_eq!(socket.send(TEXT, b"for the first"), Ok(()));
    assert_eq!(socket.wait_read(1), (13, TEXT));
    assert_eq!(memory.bytes()[..13], *b"for the first");
    assert_eq!(socket.log().len(), 2);
    socket.finish();
}

#[test]
fn fact_9_4_7_a_ping_is_answered_while_nobody_receives() {
    let (server, told) = pings(vec![], vec![text(true, b"thanks")]);
    let socket = WebSocket::<u16>::open(Mode::Async, &server, "/");
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), b"are you there?");
    assert_eq!(socket.log(), []);
    assert_eq!(socket.message(), Ok((b"thanks".to_vec(), TEXT)));
    socket.finish();
}

#[test]
fn fact_9_4_7_a_ping_is_answered_between_two_receives_of_one_message() {
    let (server, told) = pings(vec![text(false, b"one ")], vec![more(true, b"two")]);
    let socket = WebSocket::<u32>::open(Mode::Async, &server, "/");
    assert_eq!(socket.receive(100), Ok((b"one ".to_vec(), TEXT_FRAGMENT)));
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), b"are you there?");
    assert_eq!(socket.message(), Ok((b"two".to_vec(), TEXT)));
    socket.finish();
}

#[test]
fn the_end_of_a_message_that_comes_while_nobody_receives_is_not_lost() {
    let (server, told) = pings(vec![text(false, b"one")], vec![]);
    let end = web_socket_server(|connection| {
        connection.send(&wire(&[text(false, b"one")]))?;
        connection.hold("end")?;
        // The ping behind it shows that the empty last frame was not passed over with it.
        connection.send(&wire(&[more(true, b""), text(true, b"next")]))?;
        until_close(connection)
    });
    let socket = WebSocket::<u16>::open(Mode::Async, &end, "/");
    assert_eq!(socket.receive(100), Ok((b"one".to_vec(), TEXT_FRAGMENT)));
    end.release("end").unwrap();
    // A second connection of the same session: its pong shows that the thread that polls went
    // round.
    let other = socket.client.web_socket(server.port(), "/");
    let first = socket.client.ws_receive(other, 100);
    assert_eq!(first, Ok((b"one".to_vec(), TEXT_FRAGMENT)));
    told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(socket.receive(100), Ok((vec![], TEXT)));
    assert_eq!(socket.receive(100), Ok((b"next".to_vec(), TEXT)));
    socket.finish();
}

#[test]
fn a_frame_that_claims_everything_takes_no_memory() {
    let server = Server::plain(by_path).unwrap();
    let socket = WebSocket::<u16>::open(Mode::Async, &server, "/huge-length");
    socket.start_receive(100).unwrap();
    socket.close_handle().unwrap();
    let cancelled = c::ERROR_WINHTTP_OPERATION_CANCELLED;
    assert_eq!(
        socket.wait_error(c::WINHTTP_WEB_SOCKET_RECEIVE_OPERATION),
        cancelled
    );
    socket.finish();
}

#[test]
fn fact_9_4_8_errors_come_as_request_error_of_the_receive() {
    fn error_of<W: Unit>(bytes: &'static [u8]) -> Vec<(u32, Info, u32)> {
        let server = web_socket_server(move |connection| {
            connection.hold("go")?;
            connection.send(bytes)?;
            connection.disconnect();
            Ok(())
        });
        let socket = WebSocket::<W>::open(Mode::Async, &server, "/");
        socket.start_receive(10).unwrap();
        server.release("go").unwrap();
        let _error = socket.wait_error(c::WINHTTP_WEB_SOCKET_RECEIVE_OPERATION);
        let log = socket.log();
        socket.finish();
        log
    }
    let failed = |error| {
        let receive = c::WINHTTP_WEB_SOCKET_RECEIVE_OPERATION;
        let info = Info::WebSocketResult(0, error, receive);
        vec![(c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR, info, 24)]
    };
    assert_eq!(error_of::<u16>(b"\x83\x02hi"), failed(BROKEN));
    assert_eq!(error_of::<u32>(b""), failed(GONE));
}
