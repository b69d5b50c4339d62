//! Names that are not found, addresses that refuse, connections that break, limits that expire.

use std::time::Duration;

use winhttp_abi::constants as c;
use winhttp_fixtures::hole::{RefusedPort, TcpHole};
use winhttp_fixtures::{Connection, Server};
use winhttp_tests::support::tls::world;
use winhttp_tests::support::{get, request, set_dword, set_timeouts, ticker};
use winhttp_tests::{Mode, Sending, scenarios};

use super::ear::Ear;

/// A limit short enough for a test, in milliseconds.
const LIMIT: i32 = 100;

scenarios! {
    fn a_name_that_is_not_found_is_named<W>(mode) {
        let ear = Ear::<W>::new(mode);
        world();
        let handle = request(&ear.client, "no-such-host.invalid", 80, "/", 0);
        let (error, detail) = ear.failed(ear.client.send(handle));
        assert_eq!(error, c::ERROR_WINHTTP_NAME_NOT_RESOLVED);
        assert!(detail.starts_with("no address of no-such-host.invalid was found: "), "{detail}");
        ear.client.close(handle).unwrap();
        ear.finish();
    }

    fn an_address_that_refuses_is_named_with_the_systems_words<W>(mode) {
        let refused = RefusedPort::new().unwrap();
        let ear = Ear::<W>::new(mode);
        let handle = get(&ear.client, refused.port(), "/");
        let (error, detail) = ear.failed(ear.client.send(handle));
        assert_eq!(error, c::ERROR_WINHTTP_CANNOT_CONNECT);
        let expected = format!("cannot connect to 127.0.0.1:{}: Connection refused", refused.port());
        assert!(detail.starts_with(&expected), "{detail}");
        ear.client.close(handle).unwrap();
        ear.finish();
    }

    fn a_connect_timeout_names_address_and_limit<W>(mode) {
        let hole = TcpHole::full().unwrap();
        let ear = Ear::<W>::new(mode);
        let handle = get(&ear.client, hole.port(), "/");
        set_timeouts::<W>(handle, 0, LIMIT, 0, 0);
        let (error, detail) = ear.failed(ear.client.send(handle));
        assert_eq!(error, c::ERROR_WINHTTP_TIMEOUT);
        let expected = format!(
            "cannot connect to 127.0.0.1:{}: no answer within 100 ms (CONNECT_TIMEOUT)",
            hole.port()
        );
        assert_eq!(detail, expected);
        ear.client.close(handle).unwrap();
        ear.finish();
    }

    fn a_receive_timeout_names_its_limit<W>(mode) {
        let hole = TcpHole::new().unwrap();
        let ear = Ear::<W>::new(mode);
        let handle = get(&ear.client, hole.port(), "/");
        set_timeouts::<W>(handle, 0, 0, 0, LIMIT);
        ear.client.send(handle).unwrap();
        let (error, detail) = ear.failed(ear.client.receive(handle));
        assert_eq!(error, c::ERROR_WINHTTP_TIMEOUT);
        assert_eq!(detail, "the server sent nothing within 100 ms (RECEIVE_TIMEOUT)");
        ear.client.close(handle).unwrap();
        ear.finish();
    }

    fn the_limit_of_the_whole_head_is_another_one<W>(mode) {
        let (stop, tick) = ticker(Duration::from_millis(20));
        let server = Server::plain(move |connection: &mut Connection| {
            connection.read_head()?;
            connection.send(b"HTTP/1.1 200 OK\r\nX-Endless: ")?;
            while tick() && connection.send(b"x").is_ok() {}
            Ok(())
        })
        .unwrap();
        let ear = Ear::<W>::new(mode);
        let handle = get(&ear.client, server.port(), "/");
        set_timeouts::<W>(handle, 0, 0, 0, 0);
        let option = c::WINHTTP_OPTION_RECEIVE_RESPONSE_TIMEOUT;
        set_dword::<W>(handle, option, 100).unwrap();
        ear.client.send(handle).unwrap();
        let (error, detail) = ear.failed(ear.client.receive(handle));
        assert_eq!(error, c::ERROR_WINHTTP_TIMEOUT);
        let expected = "the head of the response was not complete within 100 ms (RECEIVE_RESPONSE_TIMEOUT)";
        assert_eq!(detail, expected);
        ear.client.close(handle).unwrap();
        ear.finish();
        drop((stop, server));
    }

    fn a_send_timeout_names_its_limit<W>(mode) {
        let hole = TcpHole::new().unwrap();
        let ear = Ear::<W>::new(mode);
        let handle = get(&ear.client, hole.port(), "/");
        set_timeouts::<W>(handle, 0, 0, LIMIT, 0);
        let body = vec![0; 64 << 20]; // more than any pair of socket buffers takes
        let total = u32::try_from(body.len()).unwrap();
        let sending = Sending { body: &body, total, ..Sending::default() };
        let (error, detail) = ear.failed(ear.client.send_with(handle, sending));
        assert_eq!(error, c::ERROR_WINHTTP_TIMEOUT);
        let expected = "the server took no bytes of the request within 100 ms (SEND_TIMEOUT)";
        assert_eq!(detail, expected);
        ear.client.close(handle).unwrap();
        ear.finish();
    }

    fn a_reset_has_the_systems_words<W>(mode) {
        let server = Server::plain(|connection: &mut Connection| {
            connection.read_head()?;
            connection.reset()
        })
        .unwrap();
        let ear = Ear::<W>::new(mode);
        let handle = get(&ear.client, server.port(), "/");
        ear.client.send(handle).unwrap();
        let (error, detail) = ear.failed(ear.client.receive(handle));
        assert_eq!(error, c::ERROR_WINHTTP_CONNECTION_ERROR);
        assert!(detail.starts_with("the connection broke: Connection reset"), "{detail}");
        ear.client.close(handle).unwrap();
        ear.finish();
    }
}

/// The socket error is that of the failure that is told, on whatever thread that is.
#[test]
fn the_socket_error_of_an_asynchronous_failure_is_known_in_its_callback() {
    let refused = RefusedPort::new().unwrap();
    let ear = Ear::<u16>::new(Mode::Async);
    let (sender, extended) = std::sync::mpsc::channel();
    let status = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
    ear.client.recorder.on(status, move |_| {
        let option = c::WINHTTP_OPTION_EXTENDED_ERROR;
        let number = winhttp_tests::support::dword::<u16>(winhttp_tests::Handle::NULL, option);
        sender.send(number).unwrap();
    });
    let handle = get(&ear.client, refused.port(), "/");
    ear.client.send(handle).unwrap_err();
    let number = extended.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(number, Ok(10061), "WSAECONNREFUSED");
    ear.client.close(handle).unwrap();
    ear.finish();
}
