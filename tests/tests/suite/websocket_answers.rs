//! Verifies which answers with 101 open a WebSocket: the sub-protocol they select, their version,
//! fields about a body.

use std::io;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Connection, Server, by_path};
use winhttp_tests::{Call, Client, Handle, Mode, PATIENCE, Sending, scenarios};

const BINARY: i32 = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
const REFUSED: Call<()> = Err(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE);
const ADD: u32 = c::WINHTTP_ADDREQ_FLAG_ADD;

/// Offers sub-protocols in these header lines; the outcome of ReceiveResponse, or else of
/// CompleteUpgrade without it.
fn answered<W: Unit>(mode: Mode, path: &str, offered: &[&str], receive: bool) -> Call<()> {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<W>::new(mode);
    let request = client.web_socket_request(server.port(), path);
    for value in offered {
        let line = format!("Sec-WebSocket-Protocol: {value}");
        client.add_headers(request, &line, ADD).unwrap();
    }
    client.send(request).unwrap();
    let outcome = if receive {
        client.receive(request)
    } else {
        Ok(())
    };
    let outcome = outcome.and_then(|()| client.complete_upgrade(request, 0));
    match outcome {
        Ok(websocket) => echoes(&client, websocket),
        Err(_) => {
            let ended = server.wait_peer_end(0, PATIENCE);
            assert!(ended.is_some(), "{path}: the connection is still open");
        }
    }
    client.finish();
    outcome.map(|_| ())
}

fn echoes<W: Unit>(client: &Client<W>, websocket: Handle) {
    assert_eq!(client.ws_send(websocket, BINARY, b"data"), Ok(()));
    let echo = client.ws_message(websocket);
    assert_eq!(echo, Ok((b"data".to_vec(), BINARY)));
}

/// A server whose 101 has this version and these further fields; it echoes one message.
fn answering(version: &'static str, more: &'static str) -> Server {
    let script = move |connection: &mut Connection| -> io::Result<()> {
        let Some(request) = connection.read_head()? else {
            return Ok(());
        };
        let mut answer = format!("{version} 101 Switching Protocols\r\n{more}");
        for (name, value) in request.accept_fields() {
            answer += &format!("{name}: {value}\r\n");
        }
        connection.send(format!("{answer}\r\n").as_bytes())?;
        if let Some(frame) = connection.read_frame()? {
            connection.send_frame(frame.opcode, frame.fin, &frame.payload)?;
        }
        let _end = connection.hold("")?;
        Ok(())
    };
    Server::plain(script).unwrap()
}

scenarios! {
    fn one_of_the_offered_sub_protocols_may_be_selected_or_none<W>(mode) {
        let offers: [&[&str]; 3] = [&["chat, v2"], &["chat", "v2"], &["x , chat", "y,v2 "]];
        for offered in offers {
            for path in ["/echo?protocol=chat", "/echo?protocol=v2", "/echo?protocol="] {
                for receive in [true, false] {
                    assert_eq!(answered::<W>(mode, path, offered, receive), Ok(()), "{offered:?} {path}");
                }
            }
        }
        assert_eq!(answered::<W>(mode, "/echo", &[], true), Ok(()));
    }

    fn what_was_not_offered_breaks_the_handshake<W>(mode) {
        for (offered, path) in [
            (&[][..], "/echo?protocol=chat"),
            (&["chat, v2"], "/echo?protocol=other"),
            (&["chat, v2"], "/echo?protocol=CHAT"),
            (&["chat, v2"], "/echo?protocol=chat,%20v2"),
            (&["chat, v2"], "/echo?protocol=chat&header=Sec-WebSocket-Protocol:v2"),
            (&["chat", "v2"], "/echo?protocol=chat&header=sec-websocket-protocol:chat"),
        ] {
            for receive in [true, false] {
                assert_eq!(answered::<W>(mode, path, offered, receive), REFUSED, "{offered:?} {path}");
            }
        }
    }

    fn the_offer_counts_as_it_was_sent_also_with_the_send<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.web_socket_request(server.port(), "/echo?protocol=v2");
        client.add_headers(request, "sec-websocket-protocol: chat", ADD).unwrap();
        let headers = Sending { headers: Some("Sec-WebSocket-Protocol: v2"), ..Sending::default() };
        // As ADD and REPLACE: only v2 is offered, so that the server may select it.
        client.send_with(request, headers).unwrap();
        client.receive(request).unwrap();
        let custom = c::WINHTTP_QUERY_CUSTOM;
        assert_eq!(client.query(request, custom, Some("Sec-WebSocket-Protocol")), Ok("v2".into()));
        echoes(&client, client.complete_upgrade(request, 0).unwrap());

        // The next send offers anew.
        let remove = c::WINHTTP_ADDREQ_FLAG_REPLACE;
        client.add_headers(request, "Sec-WebSocket-Protocol:", remove).unwrap();
        client.send(request).unwrap();
        assert_eq!(client.receive(request), REFUSED);
        client.finish();
    }

    /// RFC 6455 section 4.1 lists what a client checks; the version is not among it.
    fn the_version_of_a_101_does_not_matter<W>(mode) {
        let server = answering("HTTP/1.0", "");
        let client = Client::<W>::new(mode);
        let request = client.web_socket_request(server.port(), "/");
        assert_eq!(client.exchange(request), Ok(()));
        assert_eq!(client.query(request, c::WINHTTP_QUERY_VERSION, None), Ok("HTTP/1.0".into()));
        echoes(&client, client.complete_upgrade(request, 0).unwrap());
        client.finish();
    }

    /// A 101 has no body, whatever it says: the bytes behind it are frames.
    fn fields_about_a_body_are_ignored<W>(mode) {
        for more in [
            "Content-Length: 0\r\n",
            "Content-Length: 100\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n",
        ] {
            let server = answering("HTTP/1.1", more);
            let client = Client::<W>::new(mode);
            let request = client.web_socket_request(server.port(), "/");
            assert_eq!(client.exchange(request), Ok(()), "{more:?}");
            assert_eq!(client.available(request), Ok(0), "{more:?}");
            echoes(&client, client.complete_upgrade(request, 0).unwrap());
            client.finish();
        }
    }
}
