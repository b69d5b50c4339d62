//! Verifies the opening handshake: what is on the wire, what the program sees of it, what is
//! refused.

use std::collections::HashSet;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::{
    Call, Client, Handle, Info, Mode, PATIENCE, WebSocket, last_error, scenarios, upgrade,
};

const TEXT: i32 = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
const BINARY: i32 = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
const CLOSE: i32 = c::WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE;

/// A request header by name.
fn sent<W: Unit>(client: &Client<W>, request: Handle, name: &str) -> Call<String> {
    let level = c::WINHTTP_QUERY_CUSTOM | c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS;
    client.query(request, level, Some(name))
}

/// A response header by name.
fn got<W: Unit>(client: &Client<W>, request: Handle, name: &str) -> Call<String> {
    client.query(request, c::WINHTTP_QUERY_CUSTOM, Some(name))
}

fn open<W: Unit>(mode: Mode, server: &Server, path: &str) -> (Client<W>, Handle) {
    let client = Client::<W>::new(mode);
    let request = client.web_socket_request(server.port(), path);
    (client, request)
}

fn echoes<W: Unit>(client: &Client<W>, websocket: Handle, data: &[u8]) {
    assert_eq!(client.ws_send(websocket, BINARY, data), Ok(()));
    assert_eq!(client.ws_message(websocket), Ok((data.to_vec(), BINARY)));
}

scenarios! {
    fn fact_9_2_1_request_headers_appear_with_the_send_and_response_headers_later<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let (client, request) = open::<W>(mode, &server, "/echo");
        let too_early = Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE);
        let absent = Err(c::ERROR_WINHTTP_HEADER_NOT_FOUND);
        assert_eq!(got(&client, request, "Sec-WebSocket-Accept"), too_early);
        assert_eq!(sent(&client, request, "Sec-WebSocket-Key"), absent);
        assert_eq!(sent(&client, request, "Sec-WebSocket-Version"), absent);

        assert_eq!(client.send(request), Ok(()));
        assert_eq!(sent(&client, request, "Sec-WebSocket-Key").unwrap().len(), 24);
        assert_eq!(sent(&client, request, "Sec-WebSocket-Version"), Ok("13".into()));
        assert_eq!(got(&client, request, "Sec-WebSocket-Accept"), too_early);
        assert_eq!(client.query(request, c::WINHTTP_QUERY_STATUS_CODE, None), too_early);
        client.finish();
    }

    fn fact_9_2_2_the_handshake_on_the_wire<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let (client, request) = open::<W>(mode, &server, "/echo?x=1");
        assert_eq!(client.exchange(request), Ok(()));
        let wire = &server.requests()[0];
        assert_eq!(wire.method, "GET");
        assert!(wire.text().starts_with("GET /echo?x=1 HTTP/1.1\r\n"), "{}", wire.text());
        assert_eq!(wire.values("Connection").collect::<Vec<_>>(), ["Upgrade"]);
        assert_eq!(wire.values("Sec-WebSocket-Version").collect::<Vec<_>>(), ["13"]);
        assert_eq!(wire.values("Host").collect::<Vec<_>>(), [server.authority()]);
        let upgrades: Vec<&str> = wire.values("Upgrade").collect();
        assert!(matches!(upgrades[..], [upgrade] if upgrade.eq_ignore_ascii_case("websocket")));
        let keys: Vec<&str> = wire.values("Sec-WebSocket-Key").collect();
        assert!(matches!(keys[..], [key] if key.len() == 24 && key.ends_with("==")), "{keys:?}");
        assert_eq!(wire.header("Content-Length"), None);
        assert_eq!(wire.header("Sec-WebSocket-Extensions"), None);
        assert_eq!(sent(&client, request, "Sec-WebSocket-Key").as_deref(), Ok(keys[0]));
        client.finish();
        assert_eq!(server.violations(), []);
    }

    fn fact_9_2_3_what_the_response_says<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let (client, request) = open::<W>(mode, &server, "/echo");
        assert_eq!(client.exchange(request), Ok(()));
        assert_eq!(client.status_code(request), Ok(101));
        let query = |level| client.query(request, level, None);
        assert_eq!(query(c::WINHTTP_QUERY_UPGRADE), Ok("websocket".into()));
        assert_eq!(query(c::WINHTTP_QUERY_CONNECTION), Ok("Upgrade".into()));
        let absent = Err(c::ERROR_WINHTTP_HEADER_NOT_FOUND);
        assert_eq!(query(c::WINHTTP_QUERY_CONTENT_LENGTH), absent);
        assert_eq!(got(&client, request, "Sec-WebSocket-Accept").unwrap().len(), 28);
        assert_eq!(client.available(request), Ok(0));
        let websocket = client.complete_upgrade(request, 0).unwrap();
        echoes(&client, websocket, b"still there");
        client.finish();
    }

    fn fact_9_2_4_and_9_2_5_the_upgrade_creates_a_handle_on_the_calling_thread<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let (client, request) = open::<W>(mode, &server, "/echo");
        assert_eq!(client.exchange(request), Ok(()));
        let websocket = client.complete_upgrade(request, 4711).unwrap();
        assert_eq!(last_error(), 0);
        assert_ne!(websocket, request);

        let events = client.recorder.events_of(websocket);
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].status, c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED);
        assert_eq!(events[0].info, Info::Handle(websocket.0));
        assert_eq!(events[0].thread, std::thread::current().id());
        assert_eq!(client.context(websocket), Ok(4711));

        let wrong = Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE);
        assert_eq!(client.status_code(websocket), wrong);
        assert_eq!(client.status_code(request), Ok(101));
        assert_eq!(got(&client, request, "Upgrade"), Ok("websocket".into()));
        client.finish();
    }

    fn fact_9_2_6_and_expectation_2_the_websocket_outlives_everything_it_came_from<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = client.open_request(connect, "GET", "/echo", 0).unwrap();
        upgrade::<W>(request).unwrap();
        assert_eq!(client.exchange(request), Ok(()));
        let websocket = client.complete_upgrade(request, 0).unwrap();
        assert_eq!(client.close(request), Ok(()));
        client.recorder.wait(request, c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING);
        assert_eq!(client.close(connect), Ok(()));
        assert_eq!(client.close(client.session), Ok(()));
        for size in [0, 1, 125, 126, 65535, 65536] {
            echoes(&client, websocket, &vec![3; size]);
        }
        assert_eq!(client.ws_close(websocket, 1000, b"bye"), Ok(()));
        client.finish();
        assert_eq!(server.violations(), []);
    }

    fn fact_9_2_7_data_behind_the_101_is_not_lost<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/greeting");
        assert_eq!(socket.message(), Ok((b"hello".to_vec(), TEXT)));
        echoes(&socket.client, socket.handle, b"and on");
        socket.finish();
        let socket = WebSocket::<W>::open(mode, &server, "/close-now?code=1001&reason=away");
        assert_eq!(socket.receive(16), Ok((vec![], CLOSE)));
        assert_eq!(socket.close_status(), Ok((1001, b"away".to_vec())));
        socket.finish();
    }

    fn fact_9_2_8_only_an_answered_upgrade_can_be_completed<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        let client = &socket.client;
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let wrong = Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE);
        for handle in [client.session, connect, socket.handle] {
            assert_eq!(client.complete_upgrade(handle, 0), wrong);
        }
        assert_eq!(client.complete_upgrade(Handle::NULL, 0), Err(c::ERROR_INVALID_HANDLE));
        client.close(connect).unwrap();
        assert_eq!(client.complete_upgrade(connect, 0), Err(c::ERROR_INVALID_HANDLE));

        let early = Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE);
        let unsent = client.web_socket_request(server.port(), "/echo");
        assert_eq!(client.complete_upgrade(unsent, 0), early);
        let plain = client.get(server.port(), "/status");
        assert_eq!(client.exchange(plain), Ok(()));
        assert_eq!(client.complete_upgrade(plain, 0), early);
        socket.finish();
    }

    fn fact_9_2_9_a_second_send_gives_a_second_websocket_without_receive_response<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let (client, request) = open::<W>(mode, &server, "/echo");
        assert_eq!(client.exchange(request), Ok(()));
        let first = client.complete_upgrade(request, 0).unwrap();
        assert_eq!(client.send(request), Ok(()));
        let before = client.recorder.events().len();
        let second = client.complete_upgrade(request, 0).unwrap();
        assert_eq!(client.recorder.events().len(), before + 1, "only HANDLE_CREATED");
        assert_ne!(first, second);
        for round in 0..3_u8 {
            echoes(&client, first, &[1, round]);
            echoes(&client, second, &[2, round]);
        }
        assert_eq!(server.connections(), 2);
        let requests = server.requests();
        let keys: HashSet<_> = requests.iter().map(|r| r.header("Sec-WebSocket-Key")).collect();
        assert_eq!(keys.len(), 2, "a fresh key each");
        client.finish();
        assert_eq!(server.violations(), []);
    }

    fn fact_9_2_9_one_exchange_gives_one_websocket<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let (client, request) = open::<W>(mode, &server, "/echo");
        assert_eq!(client.exchange(request), Ok(()));
        let websocket = client.complete_upgrade(request, 0).unwrap();
        assert_eq!(client.complete_upgrade(request, 0), Err(c::ERROR_INVALID_OPERATION));
        echoes(&client, websocket, b"unharmed");
        client.finish();
    }

    fn fact_9_2_10_a_broken_handshake_fails_receive_response<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let paths = [
            "/bad-accept",
            "/no-accept",
            "/bad-upgrade",
            "/no-upgrade",
            "/bad-connection",
            "/no-connection",
        ];
        for (pair, path) in paths.into_iter().enumerate() {
            let request = client.web_socket_request(server.port(), path);
            assert_eq!(client.send(request), Ok(()));
            let refused = Err(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE);
            assert_eq!(client.receive(request), refused, "{path}");
            client.complete_upgrade(request, 0).unwrap_err();

            // Also where CompleteUpgrade does the receiving.
            let request = client.web_socket_request(server.port(), path);
            assert_eq!(client.send(request), Ok(()));
            let upgraded = client.complete_upgrade(request, 0);
            assert_eq!(upgraded, Err(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE), "{path}");
            for connection in [2 * pair, 2 * pair + 1] {
                let ended = server.wait_peer_end(connection, PATIENCE);
                assert!(ended.is_some(), "{path}: connection {connection} is still open");
            }
        }
        client.finish();
    }

    fn fact_9_2_10_another_answer_than_101_is_a_response_like_any_other<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        for (path, code, body) in [
            ("/status?code=200&body=plain", 200, "plain"),
            ("/status?code=403&body=forbidden", 403, "forbidden"),
            ("/nowhere", 404, "no such path"),
        ] {
            let (client, request) = open::<W>(mode, &server, path);
            assert_eq!(client.exchange(request), Ok(()), "{path}");
            assert_eq!(client.status_code(request), Ok(code));
            assert_eq!(client.complete_upgrade(request, 0), Err(c::ERROR_INVALID_OPERATION));
            assert_eq!(client.body(request), Ok(body.into()), "{path}");
            assert_eq!(client.complete_upgrade(request, 0), Err(c::ERROR_INVALID_OPERATION));
            client.finish();
        }
    }

    fn an_extension_nobody_offered_breaks_the_handshake<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let path = "/echo?header=Sec-WebSocket-Extensions:permessage-deflate";
        let (client, request) = open::<W>(mode, &server, path);
        assert_eq!(client.send(request), Ok(()));
        assert_eq!(client.receive(request), Err(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE));
        client.finish();
    }

    fn a_101_in_single_bytes_and_behind_other_interim_answers_is_understood<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        for path in ["/slow", "/1xx?count=3"] {
            let websocket = client.web_socket(server.port(), path);
            echoes(&client, websocket, b"through");
        }
        client.finish();
        assert_eq!(server.violations(), []);
    }

    fn headers_of_the_program_go_with_the_handshake<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let (client, request) = open::<W>(mode, &server, "/echo");
        let add = c::WINHTTP_ADDREQ_FLAG_ADD;
        client.add_headers(request, "Origin: http://there\r\nX-Mine: \u{e4}", add).unwrap();
        assert_eq!(client.exchange(request), Ok(()));
        let wire = &server.requests()[0];
        assert_eq!(wire.header("Origin"), Some("http://there"));
        assert!(wire.header("X-Mine").is_some());
        client.finish();
    }
}
