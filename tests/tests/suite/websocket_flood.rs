//! Verifies that a peer that never stops sending keeps neither Close, nor CloseHandle, nor the
//! session's other handles.

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Opcode, Server, by_path};
use winhttp_tests::{Client, Handle, Mode, WebSocket, scenarios, web_socket_server};

/// A server that sends these frames until the connection breaks, and reads nothing.
fn floods(opcode: Opcode) -> Server {
    web_socket_server(move |connection| {
        let frame = winhttp_fixtures::Frame::new(opcode, true, b"x".to_vec()).encode();
        let many = frame.repeat(1000);
        while connection.send(&many).is_ok() {}
        Ok(())
    })
}

fn set_close_timeout<W: Unit>(client: &Client<W>, socket: Handle, ms: u32) {
    let option = c::WINHTTP_OPTION_WEB_SOCKET_CLOSE_TIMEOUT;
    client
        .put_option(socket, option, &ms.to_ne_bytes())
        .unwrap();
}

scenarios! {
    fn expectation_15_close_is_bounded_although_messages_never_end<W>(mode) {
        let server = floods(Opcode::BINARY);
        let socket = WebSocket::<W>::open(mode, &server, "/");
        set_close_timeout(&socket.client, socket.handle, 300);
        assert_eq!(socket.close(1000, b""), Err(c::ERROR_WINHTTP_TIMEOUT));
        assert_eq!(socket.close_handle(), Ok(()));
        socket.finish();
    }

    fn expectation_15_close_is_bounded_although_pings_never_end<W>(mode) {
        let server = floods(Opcode::PING);
        let socket = WebSocket::<W>::open(mode, &server, "/");
        set_close_timeout(&socket.client, socket.handle, 300);
        // The peer reads nothing: our answers fill the connection, and even the close frame may not
        // fit.
        assert_eq!(socket.close(1000, b""), Err(c::ERROR_WINHTTP_TIMEOUT));
        assert_eq!(socket.close_handle(), Ok(()));
        socket.finish();
    }
}

#[test]
fn expectation_6_a_flood_on_one_web_socket_leaves_time_for_another_of_its_session() {
    let flood = floods(Opcode::PING);
    let echo = Server::plain(by_path).unwrap();
    let client = Client::<u16>::new(Mode::Async);
    let flooded = client.web_socket(flood.port(), "/");
    let socket = client.web_socket(echo.port(), "/echo");
    let binary = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
    for _ in 0..50 {
        client.ws_send(socket, binary, b"ball").unwrap();
        assert_eq!(
            client.ws_receive(socket, 16),
            Ok((b"ball".to_vec(), binary))
        );
    }
    client.close(flooded).unwrap();
    client.close(socket).unwrap();
    client.finish();
}
