//! Verifies what happens to pending operations when Close, Shutdown or CloseHandle is called: which
//! end, how, in which order.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Connection, Frame, Opcode, Server, by_path};
use winhttp_tests::{
    Call, Info, Memory, Mode, PATIENCE, WebSocket, receive_now, start_close, start_send,
    web_socket_server,
};

const BINARY: i32 = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
const TEXT: i32 = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
const CLOSE: i32 = c::WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE;
const SEND: i32 = c::WINHTTP_WEB_SOCKET_SEND_OPERATION;
const RECEIVE: i32 = c::WINHTTP_WEB_SOCKET_RECEIVE_OPERATION;
const CLOSING: i32 = c::WINHTTP_WEB_SOCKET_CLOSE_OPERATION;
const CANCELLED: u32 = c::ERROR_WINHTTP_OPERATION_CANCELLED;
const CLOSE_COMPLETE: u32 = c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE;
const HANDLE_CLOSING: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING;

type Told = (u32, Info, u32);

/// The REQUEST_ERROR of a cancelled operation. Fact 9.6.3: all carry the 24 bytes of the
/// WebSocket's structure.
fn cancelled(operation: i32) -> Told {
    let info = Info::WebSocketResult(0, CANCELLED, operation);
    (c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR, info, 24)
}

/// The log of a WebSocket after its handle was closed and had its last word.
fn whole_log<W: Unit>(socket: &WebSocket<W>) -> Vec<Told> {
    socket.client.recorder.wait(socket.handle, HANDLE_CLOSING);
    socket.log()
}

fn last_word<W: Unit>(socket: &WebSocket<W>) -> Told {
    (HANDLE_CLOSING, Info::Handle(socket.handle.0), 8)
}

/// Both widths, asynchronously.
macro_rules! asynchronous {
    ($(fn $name:ident<$W:ident>() $body:block)*) => {$(
        mod $name {
            use super::*;

            fn scenario<$W: Unit>() $body

            #[test]
            fn utf16() {
                scenario::<u16>();
            }

            #[test]
            fn wchar32() {
                scenario::<u32>();
            }
        }
    )*};
}

asynchronous! {
    fn fact_9_6_1_close_handle_with_a_receive_pending<W>() {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(Mode::Async, &server, "/echo");
        let memory = socket.start_receive(100).unwrap();
        assert_eq!(socket.close_handle(), Ok(()));
        assert_eq!(whole_log(&socket), [cancelled(RECEIVE), last_word(&socket)]);
        assert_eq!(memory.bytes(), [0xaa; 100]);
        assert!(server.wait_peer_end(0, PATIENCE).is_some());
        assert_eq!(server.frames(0), [], "CloseHandle sends no close frame");
        socket.finish();
    }

    fn fact_9_6_2_close_handle_while_close_waits<W>() {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(Mode::Async, &server, "/no-close-answer");
        socket.start_receive(100).unwrap();
        assert_eq!(socket.start_close(1000, b""), Ok(()));
        assert_eq!(socket.wait_error(RECEIVE), CANCELLED);
        assert_eq!(socket.close_handle(), Ok(()));
        let expected = [cancelled(RECEIVE), cancelled(CLOSING), last_word(&socket)];
        assert_eq!(whole_log(&socket), expected);
        socket.finish();
    }

    fn fact_9_6_4_close_handle_with_both_directions_pending<W>() {
        let (server, told) = deaf();
        let socket = WebSocket::<W>::open(Mode::Async, &server, "/");
        socket.start_receive(100).unwrap();
        assert_eq!(socket.start_send(BINARY, &vec![0; 32 << 20]), Ok(()));
        told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(socket.close_handle(), Ok(()));
        let log = whole_log(&socket);
        assert_eq!(log.len(), 3);
        assert!(log[..2].contains(&cancelled(RECEIVE)), "{log:?}");
        assert!(log[..2].contains(&cancelled(SEND)), "{log:?}");
        assert_eq!(log[2], last_word(&socket));
        socket.finish();
    }

    // Fact 9.4.9: a receive that Close cancels ends with OPERATION_CANCELLED.
    fn fact_9_5_5_close_cancels_a_pending_receive<W>() {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(Mode::Async, &server, "/echo");
        let memory = socket.start_receive(100).unwrap();
        assert_eq!(socket.start_close(1000, b"now"), Ok(()));
        socket.client.recorder.wait(socket.handle, CLOSE_COMPLETE);
        assert_eq!(socket.log(), [cancelled(RECEIVE), (CLOSE_COMPLETE, Info::None, 0)]);
        assert_eq!(socket.close_status(), Ok((1000, b"now".to_vec())));
        assert_eq!(memory.bytes(), [0xaa; 100]);
        assert_eq!(socket.close_handle(), Ok(()));
        assert_eq!(whole_log(&socket).last(), Some(&last_word(&socket)));
        socket.finish();
        assert_eq!(server.violations(), []);
    }

    fn fact_9_5_6_shutdown_leaves_a_pending_receive_alone<W>() {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(Mode::Async, &server, "/echo");
        socket.start_receive(100).unwrap();
        assert_eq!(socket.start_shutdown(1000, b"over"), Ok(()));
        let (shut, read) =
            (c::WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE, c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE);
        assert_eq!(socket.wait_read(1), (0, CLOSE));
        socket.client.recorder.wait(socket.handle, shut);
        let expected = [(shut, Info::None, 0), (read, Info::WebSocketStatus(0, CLOSE), 8)];
        assert_eq!(socket.log(), expected);
        assert_eq!(socket.close_status(), Ok((1000, b"over".to_vec())));
        assert_eq!(socket.close(1000, b""), Ok(()));
        assert_eq!(socket.log()[2..], [(CLOSE_COMPLETE, Info::None, 0)]);
        socket.finish();
        assert_eq!(server.violations(), []);
    }

    fn fact_1_7_closing_the_ancestors_cancels_nothing<W>() {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(Mode::Async, &server, "/echo");
        socket.start_receive(100).unwrap();
        socket.client.close(socket.client.session).unwrap();
        assert_eq!(socket.send(TEXT, b"alive"), Ok(()));
        assert_eq!(socket.wait_read(1), (5, TEXT));
        socket.finish();
    }

    fn a_handle_closed_inside_its_callback_is_quiet_afterwards<W>() {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(Mode::Async, &server, "/echo");
        socket.client.recorder.on(c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE, |event| {
            let again = winhttp_tests::start_receive::<W>(event.handle, Memory::new(10));
            assert_eq!(again, Ok(()));
            // SAFETY: any number may be passed.
            let closed = unsafe { winhttp::WinHttpCloseHandle::<W>(event.handle.raw()) };
            assert_eq!(closed, 1);
            let gone = Err(c::ERROR_INVALID_HANDLE);
            assert_eq!(start_close::<W>(event.handle, 1000, b""), gone);
        });
        socket.start_receive(100).unwrap();
        assert_eq!(socket.send(TEXT, b"go"), Ok(()));
        let log = whole_log(&socket);
        assert_eq!(log[log.len() - 2..], [cancelled(RECEIVE), last_word(&socket)]);
        socket.finish();
    }
}

/// A server that reads one byte of the first frame, says so, and nothing more.
fn deaf() -> (Server, Receiver<()>) {
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    let server = web_socket_server(move |connection| {
        connection.read_exactly(1)?;
        tell.lock().unwrap().send(()).unwrap();
        connection.hold("never")?;
        Ok(())
    });
    server.set_recording(false);
    (server, told)
}

/// A server that pings and reports when the pong has come (in synchronous mode: when a thread sits
/// in Receive), then goes on with `script`.
fn notices_a_receive(
    script: impl Fn(&mut Connection) -> std::io::Result<()> + Send + Sync + 'static,
) -> (Server, Receiver<()>) {
    let (tell, told) = channel();
    let tell = Mutex::new(tell);
    let server = web_socket_server(move |connection| {
        connection.send_frame(Opcode::PING, true, b"?")?;
        let pong = connection.read_frame()?.expect("no pong");
        assert_eq!(pong.opcode, Opcode::PONG);
        tell.lock().unwrap().send(()).unwrap();
        script(connection)
    });
    (server, told)
}

#[test]
fn expectation_16_synchronous_close_ends_the_receive_of_another_thread() {
    let (server, told) = notices_a_receive(|connection| {
        let close = connection.read_frame()?.expect("no close frame");
        assert_eq!(close.close_code_and_reason(), Some((1000, &b"leaving"[..])));
        connection.hold("answer")?;
        connection.send(&Frame::close(Some(1001), b"peer").encode())
    });
    let socket = WebSocket::<u16>::open(Mode::Sync, &server, "/");
    let handle = socket.handle;
    std::thread::scope(|scope| {
        let receiving = scope.spawn(move || receive_now::<u16>(handle, 100));
        told.recv_timeout(PATIENCE).unwrap();
        let closing = scope.spawn(move || start_close::<u16>(handle, 1000, b"leaving"));
        assert_eq!(receiving.join().unwrap(), Err(CANCELLED));
        assert!(!closing.is_finished(), "Close waits for the peer's answer");
        assert_eq!(socket.close_status(), Err(c::ERROR_INVALID_OPERATION));
        server.release("answer").unwrap();
        assert_eq!(closing.join().unwrap(), Ok(()));
    });
    assert_eq!(socket.close_status(), Ok((1001, b"peer".to_vec())));
    socket.finish();
}

#[test]
fn a_synchronous_receive_goes_on_after_a_shutdown_by_another_thread() {
    let (server, told) = notices_a_receive(|connection| {
        let close = connection.read_frame()?.expect("no close frame");
        connection.send_frame(Opcode::TEXT, true, b"first this")?;
        connection.send_frame(Opcode::CLOSE, true, &close.payload)
    });
    let socket = WebSocket::<u32>::open(Mode::Sync, &server, "/");
    let handle = socket.handle;
    std::thread::scope(|scope| {
        let receiving = scope.spawn(move || {
            let first = receive_now::<u32>(handle, 100);
            (first, receive_now::<u32>(handle, 100))
        });
        told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(socket.shutdown(1000, b""), Ok(()));
        let received = receiving.join().unwrap();
        assert_eq!(
            received,
            (Ok((b"first this".to_vec(), TEXT)), Ok((vec![], CLOSE)))
        );
    });
    socket.finish();
}

#[test]
fn expectation_12_a_second_synchronous_receive_is_refused() {
    let (server, told) = notices_a_receive(|connection| {
        connection.hold("go on")?;
        connection.send_frame(Opcode::TEXT, true, b"for the first")
    });
    let socket = WebSocket::<u16>::open(Mode::Sync, &server, "/");
    let handle = socket.handle;
    std::thread::scope(|scope| {
        let receiving = scope.spawn(move || receive_now::<u16>(handle, 100));
        told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(socket.receive(100), Err(c::ERROR_INVALID_OPERATION));
        server.release("go on").unwrap();
        assert_eq!(
            receiving.join().unwrap(),
            Ok((b"for the first".to_vec(), TEXT))
        );
    });
    socket.finish();
}

#[test]
fn expectation_8_close_handle_ends_the_synchronous_receive_of_another_thread() {
    let (server, told) = notices_a_receive(|connection| {
        connection.wait_closed();
        Ok(())
    });
    let socket = WebSocket::<u16>::open(Mode::Sync, &server, "/");
    let handle = socket.handle;
    std::thread::scope(|scope| {
        let receiving = scope.spawn(move || receive_now::<u16>(handle, 100));
        told.recv_timeout(PATIENCE).unwrap();
        // The session is an ancestor: closing it ends nothing.
        socket.client.close(socket.client.session).unwrap();
        assert_eq!(
            receive_now::<u16>(handle, 1),
            Err(c::ERROR_INVALID_OPERATION)
        );
        assert_eq!(socket.close_handle(), Ok(()));
        assert_eq!(receiving.join().unwrap(), Err(CANCELLED));
    });
    assert_eq!(socket.receive(1), Err(c::ERROR_INVALID_HANDLE));
    socket.finish();
}

#[test]
fn expectation_8_close_handle_ends_the_synchronous_send_of_another_thread() {
    let (server, told) = deaf();
    let socket = WebSocket::<u32>::open(Mode::Sync, &server, "/");
    let handle = socket.handle;
    std::thread::scope(|scope| {
        let data = Memory::new(32 << 20);
        let sending = scope.spawn(move || start_send::<u32>(handle, BINARY, data));
        told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(socket.close_handle(), Ok(()));
        assert_eq!(sending.join().unwrap(), Err(CANCELLED));
    });
    socket.finish();
}

#[test]
fn expectation_8_close_handle_ends_the_synchronous_close_of_another_thread() {
    let server = Server::plain(by_path).unwrap();
    let socket = WebSocket::<u16>::open(Mode::Sync, &server, "/no-close-answer");
    let handle = socket.handle;
    std::thread::scope(|scope| {
        let closing = scope.spawn(move || start_close::<u16>(handle, 1000, b""));
        server.wait_frames(0, 1, PATIENCE).unwrap();
        assert_eq!(socket.close_handle(), Ok(()));
        assert_eq!(closing.join().unwrap(), Err(CANCELLED));
    });
    socket.finish();
}

#[test]
fn handle_closing_comes_after_the_synchronous_call_has_ended() {
    let (server, told) = notices_a_receive(|connection| {
        connection.wait_closed();
        Ok(())
    });
    let socket = WebSocket::<u16>::open(Mode::Sync, &server, "/");
    let handle = socket.handle;
    let result: Call<(Vec<u8>, i32)> = std::thread::scope(|scope| {
        let receiving = scope.spawn(move || receive_now::<u16>(handle, 100));
        told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(socket.close_handle(), Ok(()));
        receiving.join().unwrap()
    });
    assert_eq!(result, Err(CANCELLED));
    // Synchronous sessions have no threads of their own: by now it has come, once.
    assert_eq!(socket.log(), [last_word(&socket)]);
    socket.finish();
}
