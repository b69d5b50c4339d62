//! Verifies Shutdown, Close and QueryCloseStatus: arguments, order, what the peer sees, and peers
//! that do not answer.

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Connection, Frame, Opcode, Server, by_path};
use winhttp_tests::{
    Call, Handle, Info, Mode, PATIENCE, WebSocket, scenarios, status, web_socket_server,
};

const TEXT: i32 = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
const CLOSE: i32 = c::WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE;
const SHUTDOWN_COMPLETE: u32 = c::WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE;
const CLOSE_COMPLETE: u32 = c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE;

const BAD_PARAMETER: Call<()> = Err(c::ERROR_INVALID_PARAMETER);
const BUSY: Call<()> = Err(c::ERROR_INVALID_OPERATION);

/// WinHttpWebSocketShutdown or WinHttpWebSocketClose with any pointer.
fn end<W: Unit>(
    close: bool,
    handle: Handle,
    code: u16,
    reason: *const u8,
    length: u32,
) -> Call<()> {
    let reason = reason.cast();
    let raw = handle.raw();
    // SAFETY: the reason is NULL or has as many bytes as its length says.
    let close_now = || unsafe { winhttp::WinHttpWebSocketClose::<W>(raw, code, reason, length) };
    // SAFETY: as above.
    let shut_down = || unsafe { winhttp::WinHttpWebSocketShutdown::<W>(raw, code, reason, length) };
    status(if close { close_now() } else { shut_down() })
}

/// WinHttpWebSocketQueryCloseStatus: its result, and what the outputs hold (777, 0xAA… and 888 are
/// untouched).
fn query<W: Unit>(handle: Handle, capacity: Option<usize>) -> (Call<()>, u16, Vec<u8>, u32) {
    let mut reason = vec![0xaa_u8; capacity.unwrap_or(0)];
    let pointer = if capacity.is_some() {
        reason.as_mut_ptr()
    } else {
        std::ptr::null_mut()
    };
    let (mut code, mut consumed) = (777, 888);
    // SAFETY: the outputs live through the call.
    let result = status(unsafe {
        winhttp::WinHttpWebSocketQueryCloseStatus::<W>(
            handle.raw(),
            &raw mut code,
            pointer.cast(),
            u32::try_from(reason.len()).unwrap(),
            &raw mut consumed,
        )
    });
    (result, code, reason, consumed)
}

fn set_close_timeout<W: Unit>(socket: &WebSocket<W>, ms: u32) {
    let option = c::WINHTTP_OPTION_WEB_SOCKET_CLOSE_TIMEOUT;
    socket
        .client
        .put_option(socket.handle, option, &ms.to_ne_bytes())
        .unwrap();
}

/// The close frame that the server got on its first connection.
fn close_frame(server: &Server) -> Frame {
    let frames = server
        .wait_frames(0, 1, PATIENCE)
        .expect("no frame arrives");
    let frame = frames.into_iter().next_back().unwrap();
    assert_eq!(
        (frame.opcode, frame.fin, frame.reserved),
        (Opcode::CLOSE, true, 0)
    );
    assert!(frame.masking_key.is_some());
    frame
}

fn await_close(connection: &mut Connection) -> std::io::Result<Frame> {
    loop {
        let frame = connection.read_frame()?.expect("no close frame");
        if frame.opcode == Opcode::CLOSE {
            return Ok(frame);
        }
    }
}

scenarios! {
    fn fact_9_5_1_the_reason_is_checked_first_and_always<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        let reason = [b'r'; 128];
        let check = || {
            let before = socket.events().len();
            for close in [false, true] {
                let call = |pointer, length| end::<W>(close, socket.handle, 1000, pointer, length);
                assert_eq!(call(std::ptr::null(), 1), BAD_PARAMETER);
                assert_eq!(call(std::ptr::null(), 124), BAD_PARAMETER);
                assert_eq!(call(reason.as_ptr(), 124), BAD_PARAMETER);
                assert_eq!(call(reason.as_ptr(), 128), BAD_PARAMETER);
                assert_eq!(call(reason.as_ptr(), u32::MAX), BAD_PARAMETER);
            }
            assert_eq!(socket.events().len(), before, "no notification for a refused call");
        };
        check();
        assert_eq!(socket.shutdown(1000, b""), Ok(()));
        check();
        assert_eq!(socket.close(1000, b""), Ok(()));
        check();
        socket.finish();
    }

    fn fact_9_5_1_reasons_of_up_to_123_bytes_arrive_as_they_are<W>(mode) {
        let reasons = [b"".to_vec(), b"bye\0".to_vec(), "\u{e4}".into(), vec![b'x'; 123]];
        for reason in reasons {
            for close in [false, true] {
                let server = Server::plain(by_path).unwrap();
                let socket = WebSocket::<W>::open(mode, &server, "/sink");
                if close {
                    assert_eq!(socket.close(1000, &reason), Ok(()));
                } else {
                    assert_eq!(socket.shutdown(1000, &reason), Ok(()));
                }
                let frame = close_frame(&server);
                assert_eq!(frame.close_code_and_reason(), Some((1000, &reason[..])));
                socket.finish();
                assert_eq!(server.violations(), []);
            }
        }
    }

    fn status_1005_sends_an_empty_frame_and_codes_that_must_not_be_sent_are_refused<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/sink");
        for close in [false, true] {
            for code in [0, 999, 1006, 1015] {
                let result = end::<W>(close, socket.handle, code, std::ptr::null(), 0);
                assert_eq!(result, BAD_PARAMETER, "{code}");
            }
            let result = end::<W>(close, socket.handle, 1005, b"why".as_ptr(), 3);
            assert_eq!(result, BAD_PARAMETER, "an empty frame has no reason");
        }
        assert_eq!(socket.close(1005, b""), Ok(()));
        assert_eq!(close_frame(&server).payload, b"");
        socket.finish();
        assert_eq!(server.violations(), []);
    }

    /// As websocket.h does: what has no meaning yet is the program's business, and the peer's.
    fn statuses_nobody_has_defined_are_sent<W>(mode) {
        for code in [1004, 1012, 1014, 1016, 2999, 3000, 4999, 5000, u16::MAX] {
            for (close, reason) in [(false, &b""[..]), (true, b"why")] {
                let server = web_socket_server(|connection| await_close(connection).map(|_| ()));
                let socket = WebSocket::<W>::open(mode, &server, "/");
                let length = u32::try_from(reason.len()).unwrap();
                let result = end::<W>(!close, socket.handle, 1006, reason.as_ptr(), length);
                assert_eq!(result, BAD_PARAMETER, "leaves the side open");
                if close {
                    let _ = socket.close(code, reason); // the peer leaves without an answer
                } else {
                    assert_eq!(socket.shutdown(code, reason), Ok(()), "{code}");
                }
                assert_eq!(close_frame(&server).close_code_and_reason(), Some((code, reason)));
                socket.finish();
            }
        }
    }

    /// What peers may send is as narrow as before.
    fn statuses_nobody_has_defined_are_not_accepted<W>(mode) {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
            let server = Server::plain(by_path).unwrap();
            let path = format!("/close-now?code={code}");
            let socket = WebSocket::<W>::open(mode, &server, &path);
            assert_eq!(socket.receive(16).err(), Some(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE), "{code}");
            assert_eq!(socket.close_status().err(), Some(c::ERROR_INVALID_OPERATION));
            socket.finish();
        }
    }

    fn fact_9_5_2_shutdown_can_be_called_once<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/no-close-answer");
        assert_eq!(socket.shutdown(1000, b"one"), Ok(()));
        if mode == Mode::Async {
            assert_eq!(socket.log(), [(SHUTDOWN_COMPLETE, Info::None, 0)]);
        }
        let before = socket.events().len();
        assert_eq!(socket.start_shutdown(1001, b"two"), BUSY);
        assert_eq!(socket.events().len(), before);
        assert_eq!(close_frame(&server).close_code_and_reason(), Some((1000, &b"one"[..])));
        socket.finish();
    }

    fn fact_9_5_3_close_after_shutdown_sends_nothing_more<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        assert_eq!(socket.shutdown(1000, b"first"), Ok(()));
        assert_eq!(socket.close(1001, b"second"), Ok(()));
        assert_eq!(socket.close_status(), Ok((1000, b"first".to_vec())), "echoed by the peer");
        for _ in 0..2 {
            assert_eq!(socket.start_close(1000, b""), BUSY);
            assert_eq!(socket.start_shutdown(1000, b""), BUSY);
        }
        if mode == Mode::Async {
            let expected = [(SHUTDOWN_COMPLETE, Info::None, 0), (CLOSE_COMPLETE, Info::None, 0)];
            assert_eq!(socket.log(), expected);
        }
        socket.finish();
        assert!(server.wait_peer_end(0, PATIENCE).is_some());
        assert_eq!(server.frames(0).len(), 1);
        assert_eq!(server.violations(), []);
    }

    fn fact_9_5_3_and_9_5_8_close_after_the_peers_close_answers_with_its_own_status<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/close?now&code=1001&reason=away");
        assert_eq!(socket.receive(10), Ok((vec![], CLOSE)));
        let before = socket.log().len();
        assert_eq!(socket.close(3000, b"mine"), Ok(()));
        if mode == Mode::Async {
            assert_eq!(socket.log()[before..], [(CLOSE_COMPLETE, Info::None, 0)]);
        }
        assert_eq!(close_frame(&server).close_code_and_reason(), Some((3000, &b"mine"[..])));
        assert_eq!(socket.close_status(), Ok((1001, b"away".to_vec())));
        socket.finish();
        assert_eq!(server.violations(), []);
    }

    fn expectation_14_the_graceful_path<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        assert_eq!(socket.send(TEXT, b"one"), Ok(()));
        assert_eq!(socket.send(TEXT, b"two"), Ok(()));
        assert_eq!(socket.shutdown(1000, b"done"), Ok(()));
        assert_eq!(socket.message(), Ok((b"one".to_vec(), TEXT)));
        assert_eq!(socket.message(), Ok((b"two".to_vec(), TEXT)));
        assert_eq!(socket.message(), Ok((vec![], CLOSE)));
        assert_eq!(socket.close_status(), Ok((1000, b"done".to_vec())));
        assert_eq!(socket.close(1000, b""), Ok(()));
        socket.finish();
        assert!(server.wait_peer_end(0, PATIENCE).is_some());
        assert_eq!(server.violations(), []);
    }

    fn fact_9_5_4_close_discards_what_is_still_on_the_way<W>(mode) {
        let server = web_socket_server(|connection| {
            connection.send_frame(Opcode::TEXT, true, b"unread")?;
            connection.send_frame(Opcode::BINARY, false, &vec![1; 300_000])?;
            let close = await_close(connection)?;
            connection.send_frame(Opcode::CONTINUATION, true, &vec![2; 300_000])?;
            connection.send_frame(Opcode::TEXT, true, b"later")?;
            connection.send_frame(Opcode::CLOSE, true, &close.payload)
        });
        let socket = WebSocket::<W>::open(mode, &server, "/");
        assert_eq!(socket.close(1000, b"enough"), Ok(()));
        assert_eq!(socket.close_status(), Ok((1000, b"enough".to_vec())));
        assert_eq!(socket.receive(10).map(|_| ()), BUSY);
        if mode == Mode::Async {
            assert_eq!(socket.log(), [(CLOSE_COMPLETE, Info::None, 0)]);
        }
        socket.finish();
    }

    fn fact_9_5_7_the_status_is_there_only_after_the_peers_close_frame<W>(mode) {
        let server = web_socket_server(|connection| {
            await_close(connection)?;
            connection.hold("answer")?;
            connection.send(&Frame::close(Some(4242), b"peer's").encode())
        });
        let socket = WebSocket::<W>::open(mode, &server, "/");
        let untouched = (BUSY, 777, vec![0xaa; 123], 888);
        assert_eq!(query::<W>(socket.handle, Some(123)), untouched);
        assert_eq!(socket.shutdown(1000, b"ours"), Ok(()));
        assert_eq!(query::<W>(socket.handle, Some(123)), untouched);
        server.release("answer").unwrap();
        assert_eq!(socket.receive(10), Ok((vec![], CLOSE)));
        assert_eq!(socket.close_status(), Ok((4242, b"peer's".to_vec())));
        assert_eq!(socket.close(1000, b""), Ok(()));
        assert_eq!(socket.close_status(), Ok((4242, b"peer's".to_vec())), "repeatable");
        socket.finish();
    }

    fn fact_9_5_7_the_arguments_of_the_query_come_first<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        let check = || {
            let (mut code, mut reason, mut consumed) = (777, [0xaa_u8; 4], 888);
            let (code_at, reason_at, consumed_at) =
                (&raw mut code, (&raw mut reason).cast(), &raw mut consumed);
            let null = std::ptr::null_mut();
            for (code_at, reason_at, length, consumed_at) in [
                (std::ptr::null_mut(), reason_at, 4, consumed_at),
                (code_at, reason_at, 4, std::ptr::null_mut()),
                (code_at, null, 4, consumed_at),
            ] {
                // SAFETY: what is not NULL lives through the call.
                let result = status(unsafe {
                    winhttp::WinHttpWebSocketQueryCloseStatus::<W>(
                        socket.handle.raw(),
                        code_at,
                        reason_at,
                        length,
                        consumed_at,
                    )
                });
                assert_eq!(result, BAD_PARAMETER);
            }
            assert_eq!((code, reason, consumed), (777, [0xaa; 4], 888));
        };
        check();
        assert_eq!(socket.close(1000, b"abcdef"), Ok(()));
        check();
        socket.finish();
    }

    fn fact_9_5_7_and_expectation_17_the_reason_in_buffers_of_any_size<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/close?now&code=1000&reason=abcdef");
        assert_eq!(socket.receive(10), Ok((vec![], CLOSE)));
        let small = Err(c::ERROR_INSUFFICIENT_BUFFER);
        assert_eq!(query::<W>(socket.handle, None), (small, 1000, vec![], 6));
        assert_eq!(query::<W>(socket.handle, Some(5)), (small, 1000, vec![0xaa; 5], 6));
        assert_eq!(query::<W>(socket.handle, Some(6)), (Ok(()), 1000, b"abcdef".to_vec(), 6));
        let larger = b"abcdef\xaa\xaa".to_vec();
        assert_eq!(query::<W>(socket.handle, Some(8)), (Ok(()), 1000, larger, 6));
        socket.finish();

        let socket = WebSocket::<W>::open(mode, &server, "/close?now&code=1000");
        assert_eq!(socket.receive(10), Ok((vec![], CLOSE)));
        assert_eq!(query::<W>(socket.handle, None), (Ok(()), 1000, vec![], 0));
        socket.finish();
    }

    fn fact_9_5_9_and_expectation_17_a_close_frame_without_status_reads_as_1005<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/close?now&code=none");
        assert_eq!(socket.receive(10), Ok((vec![], CLOSE)));
        assert_eq!(socket.close_status(), Ok((1005, vec![])));
        socket.finish();
    }

    fn expectation_15_the_close_timeout_bounds_a_peer_that_never_answers<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/no-close-answer");
        set_close_timeout(&socket, 100);
        let begun = std::time::Instant::now();
        assert_eq!(socket.close(1000, b""), Err(c::ERROR_WINHTTP_TIMEOUT));
        assert!(begun.elapsed().as_millis() >= 100, "not before its time");
        if mode == Mode::Async {
            let operation = c::WINHTTP_WEB_SOCKET_CLOSE_OPERATION;
            let info = Info::WebSocketResult(0, c::ERROR_WINHTTP_TIMEOUT, operation);
            assert_eq!(socket.log(), [(c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR, info, 24)]);
        }
        assert_eq!(query::<W>(socket.handle, Some(4)), (BUSY, 777, vec![0xaa; 4], 888));
        socket.receive(10).unwrap_err();
        socket.send(TEXT, b"x").unwrap_err();
        assert!(server.wait_peer_end(0, PATIENCE).is_some(), "the connection is given up");
        socket.finish();
    }

    fn a_peer_that_answers_late_is_waited_for<W>(mode) {
        let server = web_socket_server(|connection| {
            let close = await_close(connection)?;
            // Byte by byte, with data in front.
            connection.send_slow(&Frame::new(Opcode::TEXT, true, "still talking").encode())?;
            connection.hold("answer")?;
            connection.send_slow(&Frame::new(Opcode::CLOSE, true, close.payload).encode())
        });
        let socket = WebSocket::<W>::open(mode, &server, "/");
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // The close frame has arrived when the answer is let go.
                server.wait_frames(0, 1, PATIENCE).unwrap();
                server.release("answer").unwrap();
            });
            assert_eq!(socket.close(1000, b"late"), Ok(()));
        });
        assert_eq!(socket.close_status(), Ok((1000, b"late".to_vec())));
        socket.finish();
    }

    fn a_peer_that_drops_the_connection_instead_of_answering_is_a_connection_error<W>(mode) {
        let server = web_socket_server(|connection| {
            await_close(connection)?;
            connection.disconnect();
            Ok(())
        });
        let socket = WebSocket::<W>::open(mode, &server, "/");
        assert_eq!(socket.close(1000, b""), Err(c::ERROR_WINHTTP_CONNECTION_ERROR));
        if mode == Mode::Async {
            let operation = c::WINHTTP_WEB_SOCKET_CLOSE_OPERATION;
            let info = Info::WebSocketResult(0, c::ERROR_WINHTTP_CONNECTION_ERROR, operation);
            assert_eq!(socket.log(), [(c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR, info, 24)]);
        }
        assert_eq!(query::<W>(socket.handle, Some(4)).0, BUSY);
        socket.finish();
    }

    fn a_peer_that_answers_the_close_with_nonsense_breaks_the_protocol<W>(mode) {
        let server = web_socket_server(|connection| {
            await_close(connection)?;
            connection.send(b"\x83\x02hi")?;
            connection.wait_closed();
            Ok(())
        });
        let socket = WebSocket::<W>::open(mode, &server, "/");
        assert_eq!(socket.close(1000, b""), Err(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE));
        assert_eq!(server.frames(0).len(), 1, "one close frame is enough");
        socket.finish();
    }
}

#[test]
fn fact_9_5_7_no_status_while_close_waits() {
    let server = web_socket_server(|connection| {
        await_close(connection)?;
        connection.hold("answer")?;
        connection.send(&Frame::close(Some(1000), b"late").encode())
    });
    let socket = WebSocket::<u32>::open(Mode::Async, &server, "/");
    assert_eq!(socket.start_close(1000, b""), Ok(()));
    server.wait_frames(0, 1, PATIENCE).unwrap();
    assert_eq!(
        query::<u32>(socket.handle, Some(4)),
        (BUSY, 777, vec![0xaa; 4], 888)
    );
    assert_eq!(socket.start_close(1000, b""), BUSY);
    assert_eq!(socket.start_receive(10).map(|_| ()), BUSY);
    assert_eq!(socket.start_send(TEXT, b"x"), BUSY);
    assert_eq!(socket.log(), []);
    server.release("answer").unwrap();
    socket.client.recorder.wait(socket.handle, CLOSE_COMPLETE);
    assert_eq!(socket.close_status(), Ok((1000, b"late".to_vec())));
    socket.finish();
}

#[test]
fn the_functions_take_nothing_but_websocket_handles() {
    let server = Server::plain(by_path).unwrap();
    for mode in [Mode::Sync, Mode::Async] {
        let socket = WebSocket::<u16>::open(mode, &server, "/echo");
        let request = socket.client.get(server.port(), "/status");
        let calls = |handle: Handle| {
            let mut memory = [0_u8; 4];
            let (mut bytes, mut kind) = (0, 0);
            // SAFETY: the handle is refused before anything is used.
            let received = status(unsafe {
                winhttp::WinHttpWebSocketReceive::<u16>(
                    handle.raw(),
                    memory.as_mut_ptr().cast(),
                    4,
                    &raw mut bytes,
                    &raw mut kind,
                )
            });
            [
                winhttp_tests::start_send::<u16>(handle, TEXT, winhttp_tests::Memory::of(b"x")),
                received,
                end::<u16>(false, handle, 1000, std::ptr::null(), 0),
                end::<u16>(true, handle, 1000, std::ptr::null(), 0),
                query::<u16>(handle, Some(4)).0,
                // The handle is looked at before the other arguments.
                end::<u16>(true, handle, 1000, std::ptr::null(), 200),
            ]
        };
        for wrong in [socket.client.session, request] {
            assert_eq!(
                calls(wrong),
                [Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE); 6]
            );
        }
        socket.close_handle().unwrap();
        for gone in [socket.handle, Handle::NULL, Handle(1), Handle(usize::MAX)] {
            assert_eq!(calls(gone), [Err(c::ERROR_INVALID_HANDLE); 6]);
        }
        socket.finish();
    }
}
