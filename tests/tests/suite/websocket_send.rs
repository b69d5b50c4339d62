//! Verifies sending: arguments, what the server sees frame by frame, sizes, and a peer that does
//! not read.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Connection, Frame, Opcode, Server, by_path};
use winhttp_tests::{
    Call, Handle, Info, Memory, Mode, PATIENCE, WebSocket, scenarios, start_send, status,
    web_socket_server,
};

const BINARY: i32 = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
const BINARY_FRAGMENT: i32 = c::WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE;
const TEXT: i32 = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
const TEXT_FRAGMENT: i32 = c::WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE;
const SEND: i32 = c::WINHTTP_WEB_SOCKET_SEND_OPERATION;
const CLOSE: i32 = c::WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE;

const BAD_PARAMETER: Call<()> = Err(c::ERROR_INVALID_PARAMETER);
const BUSY: Call<()> = Err(c::ERROR_INVALID_OPERATION);

/// More than the buffers of two sockets hold.
const TOO_MUCH: usize = 32 << 20;

fn send_null<W: Unit>(websocket: Handle, kind: i32, length: u32) -> Call<()> {
    // SAFETY: NULL is not read.
    status(unsafe {
        winhttp::WinHttpWebSocketSend::<W>(websocket.raw(), kind, std::ptr::null(), length)
    })
}

/// Sends (NULL, 0) and waits for its completion.
fn send_nothing<W: Unit>(socket: &WebSocket<W>, kind: i32) -> Call<()> {
    let before = socket.events().len();
    send_null::<W>(socket.handle, kind, 0)?;
    let written = c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE;
    let info = socket.client.completion(socket.handle, written, before)?;
    if socket.client.mode == Mode::Async {
        assert_eq!(info, Info::WebSocketStatus(0, kind));
    }
    Ok(())
}

fn frames(server: &Server, count: usize) -> Vec<Frame> {
    server
        .wait_frames(0, count, PATIENCE)
        .expect("the frames do not arrive")
}

/// FIN, opcode and payload of a frame that is right in every other respect.
fn essence(frame: &Frame) -> (bool, Opcode, &[u8]) {
    assert_eq!(frame.reserved, 0);
    assert!(
        frame.masking_key.is_some(),
        "client frames are masked (RFC 6455 section 5.3)"
    );
    (frame.fin, frame.opcode, &frame.payload)
}

/// A server that reads one byte of the first frame, says so, and reads on when it is released: the
/// message's length comes through the channel.
fn reluctant() -> (Server, Receiver<usize>) {
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    let script = move |connection: &mut Connection| {
        let tell: Sender<usize> = tell.lock().unwrap().clone();
        let mut header = connection.read_exactly(1)?;
        tell.send(0).unwrap();
        connection.hold("read")?;
        header.extend(connection.read_exactly(13)?);
        let length = u64::from_be_bytes(header[2..10].try_into().unwrap());
        let payload = connection.read_exactly(length)?;
        tell.send(payload.len()).unwrap();
        connection.wait_closed();
        Ok(())
    };
    (web_socket_server(script), told)
}

fn set_send_timeout<W: Unit>(client: &winhttp_tests::Client<W>, request: Handle) {
    let timeout = c::WINHTTP_OPTION_SEND_TIMEOUT;
    client
        .put_option(request, timeout, &100_u32.to_ne_bytes())
        .unwrap();
}

scenarios! {
    fn fact_9_3_1_null_needs_length_zero<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        let before = socket.events().len();
        assert_eq!(send_null::<W>(socket.handle, BINARY, 1), BAD_PARAMETER);
        assert_eq!(socket.events().len(), before);
        socket.finish();
    }

    fn fact_9_3_1_and_expectation_11_null_and_zero_is_an_empty_message<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        for kind in [BINARY, TEXT] {
            assert_eq!(send_nothing(&socket, kind), Ok(()));
            assert_eq!(socket.receive(10), Ok((vec![], kind)));
        }
        let frames = frames(&server, 2);
        assert_eq!(essence(&frames[0]), (true, Opcode::BINARY, &b""[..]));
        assert_eq!(essence(&frames[1]), (true, Opcode::TEXT, &b""[..]));
        socket.finish();
    }

    fn fact_9_3_1_an_empty_message_buffer_finishes_a_fragmented_message<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        assert_eq!(socket.send(BINARY_FRAGMENT, &[1; 8192]), Ok(()));
        assert_eq!(socket.send(BINARY_FRAGMENT, &[2; 8192]), Ok(()));
        assert_eq!(send_nothing(&socket, BINARY), Ok(()));
        let frames = frames(&server, 3);
        assert_eq!(essence(&frames[0]), (false, Opcode::BINARY, &[1; 8192][..]));
        assert_eq!(essence(&frames[1]), (false, Opcode::CONTINUATION, &[2; 8192][..]));
        assert_eq!(essence(&frames[2]), (true, Opcode::CONTINUATION, &b""[..]));
        let whole = [[1; 8192], [2; 8192]].concat();
        assert_eq!(socket.message(), Ok((whole, BINARY)));
        socket.finish();
        assert_eq!(server.violations(), []);
    }

    fn fact_9_3_2_a_message_keeps_its_kind<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        for (first, last, wrong) in [
            (BINARY_FRAGMENT, BINARY, [TEXT_FRAGMENT, TEXT]),
            (TEXT_FRAGMENT, TEXT, [BINARY_FRAGMENT, BINARY]),
        ] {
            assert_eq!(socket.send(first, b"one "), Ok(()));
            let before = socket.events().len();
            for kind in wrong {
                assert_eq!(socket.start_send(kind, b"x"), BAD_PARAMETER);
                assert_eq!(send_null::<W>(socket.handle, kind, 0), BAD_PARAMETER);
            }
            assert_eq!(socket.events().len(), before, "no notification for a refused call");
            assert_eq!(socket.send(last, b"two"), Ok(()));
            assert_eq!(socket.message(), Ok((b"one two".to_vec(), last)));
        }
        socket.finish();
        assert_eq!(server.violations(), []);
    }

    fn fact_9_3_2_close_and_unknown_types_cannot_be_sent<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        for kind in [CLOSE, 5, -1, i32::MAX, i32::MIN] {
            assert_eq!(socket.start_send(kind, b"x"), BAD_PARAMETER, "{kind}");
        }
        assert_eq!(socket.send(BINARY, b"fine"), Ok(()));
        assert_eq!(frames(&server, 1).len(), 1);
        socket.finish();
    }

    fn fact_9_3_4_nothing_can_be_sent_after_shutdown_or_close<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/sink");
        assert_eq!(socket.shutdown(1000, b""), Ok(()));
        for _ in 0..2 {
            let before = socket.events().len();
            for kind in [BINARY, BINARY_FRAGMENT, TEXT, TEXT_FRAGMENT] {
                assert_eq!(socket.start_send(kind, b"late"), BUSY);
            }
            assert_eq!(socket.events().len(), before);
            // Close again changes nothing about that; the second time it is refused itself.
            let _second_is_refused = socket.close(1000, b"");
        }
        socket.finish();
        assert!(server.wait_peer_end(0, PATIENCE).is_some());
        let frames = server.frames(0);
        assert_eq!(frames.len(), 1, "{frames:?}");
        assert_eq!(essence(&frames[0]), (true, Opcode::CLOSE, &1000_u16.to_be_bytes()[..]));
        let received = server.received(0);
        let head = server.requests()[0].raw.len();
        // Two bytes, the masking key, the status: not even a piece of another frame.
        assert_eq!(received.len() - head, 2 + 4 + 2, "nothing follows");
        assert_eq!(server.violations(), []);
    }

    fn the_shortest_length_field_is_used_at_every_border<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/sink");
        let sizes = [0, 1, 125, 126, 127, 65535, 65536, 65537];
        for size in sizes {
            assert_eq!(socket.send(BINARY, &vec![5; size]), Ok(()));
        }
        let frames = frames(&server, sizes.len());
        for (frame, size) in frames.iter().zip(sizes) {
            let field = if size < 126 { 1 } else if size < 65536 { 3 } else { 9 };
            assert_eq!((frame.payload.len(), frame.length_field_bytes), (size, field));
            assert_eq!(essence(frame), (true, Opcode::BINARY, &vec![5; size][..]));
        }
        socket.finish();
        assert_eq!(server.violations(), []);
    }

    fn every_frame_has_a_fresh_masking_key<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/sink");
        for _ in 0..100 {
            assert_eq!(socket.send(BINARY, b"the same"), Ok(()));
        }
        let keys: HashSet<_> = frames(&server, 100).iter().map(|f| f.masking_key).collect();
        // RFC 6455 section 5.3: unpredictable. Two of 100 random keys are equal once in a million
        // runs.
        assert!(keys.len() >= 99, "{} different keys", keys.len());
        assert!(!keys.contains(&None));
        socket.finish();
    }

    fn fragments_may_end_inside_a_character<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        let text = "a\u{20ac}\u{1f600}z".as_bytes();
        for byte in text {
            assert_eq!(socket.send(TEXT_FRAGMENT, &[*byte]), Ok(()));
        }
        assert_eq!(send_nothing(&socket, TEXT), Ok(()));
        assert_eq!(socket.message(), Ok((text.to_vec(), TEXT)));
        socket.finish();
        assert_eq!(server.violations(), []);
    }
}

/// Data that tells its place.
fn pattern(size: usize) -> Vec<u8> {
    (0..=250).cycle().take(size).collect()
}

fn large_messages_come_back<W: Unit>(mode: Mode) {
    let server = Server::plain(by_path).unwrap();
    server.set_recording(false);
    let socket = WebSocket::<W>::open(mode, &server, "/echo");
    for size in [1 << 20, 16 << 20] {
        let data = pattern(size);
        assert_eq!(socket.send(BINARY, &data), Ok(()));
        let mut back = Vec::new();
        loop {
            let (piece, kind) = socket.receive(1 << 18).unwrap();
            back.extend(piece);
            if kind == BINARY {
                break;
            }
            assert_eq!(kind, BINARY_FRAGMENT);
        }
        assert!(back == data, "{size} bytes came back changed");
    }
    socket.finish();
    assert_eq!(server.violations(), []);
}

#[test]
fn large_messages_come_back_sync() {
    large_messages_come_back::<u16>(Mode::Sync);
}

#[test]
fn large_messages_come_back_async() {
    large_messages_come_back::<u32>(Mode::Async);
}

#[test]
fn fact_9_3_3_write_complete_carries_count_and_type() {
    let server = Server::plain(by_path).unwrap();
    let socket = WebSocket::<u16>::open(Mode::Async, &server, "/echo");
    let written = c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE;
    for (kind, size) in [
        (BINARY_FRAGMENT, 8192),
        (BINARY, 0),
        (TEXT_FRAGMENT, 1),
        (TEXT, 3),
        (BINARY, 70_000),
    ] {
        let before = socket.log().len();
        assert_eq!(socket.send(kind, &vec![b'x'; size]), Ok(()));
        let log = socket.log();
        let size = u32::try_from(size).unwrap();
        assert_eq!(
            log[before..],
            [(written, Info::WebSocketStatus(size, kind), 8)]
        );
    }
    socket.finish();
}

#[test]
fn fact_9_3_4_a_send_that_waits_refuses_others_and_completes_when_the_peer_reads() {
    let (server, told) = reluctant();
    server.set_recording(false);
    let socket = WebSocket::<u32>::open(Mode::Async, &server, "/");
    assert_eq!(socket.start_send(BINARY, &pattern(TOO_MUCH)), Ok(()));
    assert_eq!(told.recv_timeout(PATIENCE), Ok(0));
    let before = socket.log().len();
    assert_eq!(before, 0, "the send waits");
    assert_eq!(socket.start_send(BINARY, b"second"), BUSY);
    assert_eq!(send_null::<u32>(socket.handle, BINARY, 0), BUSY);
    assert_eq!(socket.start_shutdown(1000, b""), BUSY);
    assert_eq!(socket.start_close(1000, b""), BUSY);
    assert_eq!(
        socket.log().len(),
        before,
        "no notification for refused calls"
    );

    server.release("read").unwrap();
    assert_eq!(told.recv_timeout(PATIENCE), Ok(TOO_MUCH));
    let written = c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE;
    let event = socket.client.recorder.wait(socket.handle, written);
    assert_eq!(
        event.info,
        Info::WebSocketStatus(u32::try_from(TOO_MUCH).unwrap(), BINARY)
    );
    assert_eq!(socket.send(BINARY, b"free again"), Ok(()));
    socket.finish();
}

#[test]
fn fact_9_3_4_a_synchronous_send_blocks_until_the_peer_reads() {
    let (server, told) = reluctant();
    server.set_recording(false);
    let socket = WebSocket::<u16>::open(Mode::Sync, &server, "/");
    let handle = socket.handle;
    std::thread::scope(|scope| {
        let data = Memory::of(&pattern(TOO_MUCH));
        let sending = scope.spawn(move || start_send::<u16>(handle, BINARY, data));
        assert_eq!(told.recv_timeout(PATIENCE), Ok(0));
        assert_eq!(socket.start_send(BINARY, b"second"), BUSY);
        assert_eq!(socket.start_shutdown(1000, b""), BUSY);
        assert_eq!(socket.start_close(1000, b""), BUSY);
        assert!(!sending.is_finished());
        server.release("read").unwrap();
        assert_eq!(sending.join().unwrap(), Ok(()));
    });
    assert_eq!(told.recv_timeout(PATIENCE), Ok(TOO_MUCH));
    socket.finish();
}

fn a_stalled_send_ends_with_the_send_timeout<W: Unit>(mode: Mode) {
    let (server, told) = reluctant();
    server.set_recording(false);
    let socket = WebSocket::<W>::open_with(mode, &server, "/", set_send_timeout);
    assert_eq!(
        socket.send(BINARY, &pattern(TOO_MUCH)),
        Err(c::ERROR_WINHTTP_TIMEOUT)
    );
    assert_eq!(told.recv_timeout(PATIENCE), Ok(0));
    // Half a frame is on the wire: nothing more can be said.
    socket.send(BINARY, b"more").unwrap_err();
    socket.receive(10).unwrap_err();
    socket.close(1000, b"").unwrap_err();
    socket.finish();
}

#[test]
fn a_stalled_send_ends_with_the_send_timeout_sync() {
    a_stalled_send_ends_with_the_send_timeout::<u16>(Mode::Sync);
}

#[test]
fn a_stalled_send_ends_with_the_send_timeout_async() {
    a_stalled_send_ends_with_the_send_timeout::<u32>(Mode::Async);
}

/// A peer that does not read and breaks off, by `last_words` or by the end of its stream, while a
/// send waits.
fn what_ends_the_connection_ends_a_send_that_waits<W: Unit>(
    mode: Mode,
    last_words: &'static [u8],
    error: u32,
) {
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    let server = web_socket_server(move |connection| {
        connection.read_exactly(1)?;
        tell.lock().unwrap().send(()).unwrap();
        connection.hold("break")?;
        match last_words {
            b"" => connection.finish_sending()?,
            words => connection.send(words)?,
        }
        connection.hold("end").map(|_| ())
    });
    server.set_recording(false);
    let for_ever = |client: &winhttp_tests::Client<W>, request| {
        let timeout = c::WINHTTP_OPTION_SEND_TIMEOUT;
        client
            .put_option(request, timeout, &0_u32.to_ne_bytes())
            .unwrap();
    };
    let socket = WebSocket::<W>::open_with(mode, &server, "/", for_ever);
    let handle = socket.handle;
    let data = Memory::new(TOO_MUCH);
    let (end, ended) = channel();
    std::thread::spawn(move || end.send(start_send::<W>(handle, BINARY, data)).unwrap());
    if mode == Mode::Async {
        assert_eq!(ended.recv_timeout(PATIENCE), Ok(Ok(())));
    }
    told.recv_timeout(PATIENCE).unwrap();
    server.release("break").unwrap();
    assert_eq!(socket.receive(10), Err(error));
    match mode {
        Mode::Sync => assert_eq!(ended.recv_timeout(PATIENCE), Ok(Err(error))),
        Mode::Async => assert_eq!(socket.wait_error(SEND), error),
    }
    socket.finish();
}

#[test]
fn what_ends_the_connection_ends_a_send_that_waits_in_every_mode() {
    for mode in [Mode::Sync, Mode::Async] {
        let ends = what_ends_the_connection_ends_a_send_that_waits::<u16>;
        ends(mode, b"", c::ERROR_WINHTTP_CONNECTION_ERROR);
        // Reserved bits.
        ends(mode, b"\xf2\0", c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE);
    }
}

#[test]
fn a_send_to_a_peer_that_is_gone_is_a_connection_error() {
    for mode in [Mode::Sync, Mode::Async] {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<u16>::open(mode, &server, "/reset?now");
        assert_eq!(socket.receive(10), Err(c::ERROR_WINHTTP_CONNECTION_ERROR));
        for _ in 0..2 {
            assert_eq!(
                socket.send(BINARY, b"x"),
                Err(c::ERROR_WINHTTP_CONNECTION_ERROR)
            );
        }
        socket.finish();
    }
}
