//! Each timeout ends what it limits with ERROR_WINHTTP_TIMEOUT (fact 2.14), not before its time,
//! and nothing else.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::hole::TcpHole;
use winhttp_fixtures::{Connection, Server, by_path};
use winhttp_tests::support;
use winhttp_tests::support::schemes::both_schemes;
use winhttp_tests::support::{
    assert_failed_as, close_for_good, request, set_dword, set_timeouts, takes, ticker, time_passes,
    undisturbed,
};
use winhttp_tests::{Call, Client, Handle, Info, Mode, PATIENCE, Sending, call, scenarios};

const TIMEOUT: Call<()> = Err(c::ERROR_WINHTTP_TIMEOUT);
/// A limit short enough for a test and long enough not to be met by accident, in milliseconds.
const LIMIT: i32 = 200;
const LIMIT_TIME: Duration = Duration::from_millis(200);
/// More than any pair of socket buffers takes, in bytes.
const HUGE: u32 = 64 << 20;

fn finish<W: Unit>(client: &Client<W>, handle: Handle) {
    close_for_good(client, handle);
    client.close(client.session).unwrap();
}

/// A head that promises ten bytes, three of them, and then nothing.
fn stalled_body(connection: &mut Connection) -> io::Result<()> {
    connection.read_head()?;
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")?;
    connection.wait_closed();
    Ok(())
}

/// The head of a [`stalled_body`], received with [`LIMIT`] for each wait.
fn stalled<W: Unit>(client: &Client<W>, server: &Server) -> Handle {
    undisturbed(|| {
        let handle = support::get(client, server.port(), "/");
        set_timeouts::<W>(handle, 0, 0, 0, LIMIT);
        client.exchange(handle).ok().map(|()| handle)
    })
}

scenarios! {
    fn fact_2_14_connect_timeout<W>(mode) {
        let hole = TcpHole::full().unwrap();
        let client = Client::<W>::new(mode);
        let handle = support::get(&client, hole.port(), "/");
        set_timeouts::<W>(handle, 0, LIMIT, 0, 0);
        assert_eq!(takes(LIMIT_TIME, || client.send(handle)), TIMEOUT);
        assert_failed_as(&client, handle, c::API_SEND_REQUEST, c::ERROR_WINHTTP_TIMEOUT);
        // The handle can be sent again.
        assert_eq!(takes(LIMIT_TIME, || client.send(handle)), TIMEOUT);
        finish(&client, handle);
    }

    fn fact_2_14_receive_timeout_of_a_silent_server<W>(mode) {
        let hole = TcpHole::new().unwrap();
        let client = Client::<W>::new(mode);
        let handle = support::get(&client, hole.port(), "/");
        set_timeouts::<W>(handle, 0, 0, 0, LIMIT);
        client.send(handle).unwrap();
        assert_eq!(takes(LIMIT_TIME, || client.receive(handle)), TIMEOUT);
        assert_failed_as(&client, handle, c::API_RECEIVE_RESPONSE, c::ERROR_WINHTTP_TIMEOUT);
        finish(&client, handle);
    }

    fn fact_2_14_receive_timeout_in_the_middle_of_a_body<W>(mode) {
        let server = Server::plain(stalled_body).unwrap();
        let client = Client::<W>::new(mode);
        let handle = stalled(&client, &server);
        // The read that waited in vain ends with what came; the next one is told.
        assert_eq!(takes(LIMIT_TIME, || client.read(handle, 10)).as_deref(), Ok(&b"abc"[..]));
        assert_eq!(client.read(handle, 10), Err(c::ERROR_WINHTTP_TIMEOUT));
        assert_failed_as(&client, handle, c::API_READ_DATA, c::ERROR_WINHTTP_TIMEOUT);
        assert_eq!(client.status_code(handle), Ok(200), "the head stays readable");
        finish(&client, handle);
    }

    fn fact_2_14_receive_timeout_of_query_data_available<W>(mode) {
        let server = Server::plain(stalled_body).unwrap();
        let client = Client::<W>::new(mode);
        let handle = stalled(&client, &server);
        assert_eq!(client.available(handle), Ok(3));
        assert_eq!(client.read(handle, 3).as_deref(), Ok(&b"abc"[..]));
        let timed_out = takes(LIMIT_TIME, || client.available(handle));
        assert_eq!(timed_out, Err(c::ERROR_WINHTTP_TIMEOUT));
        assert_failed_as(&client, handle, c::API_QUERY_DATA_AVAILABLE, c::ERROR_WINHTTP_TIMEOUT);
        finish(&client, handle);
    }

    fn fact_35_9_a_silent_server_is_left_to_the_receive_timeout<W>(mode) {
        for place in both_schemes(|connection: &mut Connection| {
            connection.read_head()?;
            connection.wait_closed();
            Ok(())
        }) {
            let client = Client::<W>::new(mode);
            let handle = place.request(&client, "GET", "/");
            set_timeouts::<W>(handle, 0, 0, 0, 50);
            set_dword::<W>(handle, c::WINHTTP_OPTION_RECEIVE_RESPONSE_TIMEOUT, 50).unwrap();
            // It may be lower than this limit, which came later.
            set_timeouts::<W>(handle, 0, 0, 0, 2 * LIMIT);
            client.send(handle).unwrap();
            assert_eq!(takes(2 * LIMIT_TIME, || client.receive(handle)), TIMEOUT);
            assert_failed_as(&client, handle, c::API_RECEIVE_RESPONSE, c::ERROR_WINHTTP_TIMEOUT);
            finish(&client, handle);
        }
    }

    fn fact_35_9_a_head_that_was_waited_for_too_long_comes_too_late<W>(mode) {
        for place in both_schemes(|connection: &mut Connection| {
            connection.read_head()?;
            let _held = connection.hold("head")?;
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
            connection.wait_closed();
            Ok(())
        }) {
            let client = Client::<W>::new(mode);
            let handle = place.request(&client, "GET", "/");
            set_timeouts::<W>(handle, 0, 0, 0, 0);
            set_dword::<W>(handle, c::WINHTTP_OPTION_RECEIVE_RESPONSE_TIMEOUT, LIMIT.unsigned_abs()).unwrap();
            client.send(handle).unwrap();
            std::thread::scope(|scope| {
                let receiving = scope.spawn(|| client.receive(handle));
                client.recorder.wait(handle, c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE);
                time_passes(2 * LIMIT_TIME);
                place.server.release("head").unwrap();
                assert_eq!(receiving.join().unwrap(), TIMEOUT);
            });
            finish(&client, handle);
        }
    }

    fn fact_2_14_send_timeout_of_a_body_given_at_once<W>(mode) {
        let hole = TcpHole::new().unwrap();
        let client = Client::<W>::new(mode);
        let handle = support::get(&client, hole.port(), "/");
        set_timeouts::<W>(handle, 0, 0, LIMIT, 0);
        let body = vec![0; HUGE as usize];
        let sending = Sending { body: &body, total: HUGE, ..Sending::default() };
        assert_eq!(takes(LIMIT_TIME, || client.send_with(handle, sending)), TIMEOUT);
        assert_failed_as(&client, handle, c::API_SEND_REQUEST, c::ERROR_WINHTTP_TIMEOUT);
        finish(&client, handle);
    }

    fn fact_2_14_send_timeout_of_written_data<W>(mode) {
        let hole = TcpHole::new().unwrap();
        let client = Client::<W>::new(mode);
        let handle = support::get(&client, hole.port(), "/");
        set_timeouts::<W>(handle, 0, 0, LIMIT, 0);
        let body = vec![0; HUGE as usize];
        let sending = Sending { total: HUGE, ..Sending::default() };
        client.send_with(handle, sending).unwrap();
        assert_eq!(takes(LIMIT_TIME, || client.write(handle, &body).map(drop)), TIMEOUT);
        assert_failed_as(&client, handle, c::API_WRITE_DATA, c::ERROR_WINHTTP_TIMEOUT);
        finish(&client, handle);
    }
}

/// CONNECT_TIMEOUT is about reaching an address and shaking hands together: the system repeats an
/// attempt that found no room after a second, and then nobody shakes hands.
#[test]
fn fact_35_9_the_handshake_has_what_connecting_has_left() {
    let limit = Duration::from_millis(1500);
    for mode in [Mode::Sync, Mode::Async] {
        undisturbed(|| {
            let hole = Arc::new(TcpHole::full().unwrap());
            let client = Client::<u16>::new(mode);
            let makes_room = Arc::clone(&hole);
            let connecting = c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER;
            let (begun, begins) = channel();
            let maker = std::thread::spawn(move || {
                begins.recv_timeout(PATIENCE).unwrap();
                makes_room.accept().unwrap()
            });
            client
                .recorder
                .on(connecting, move |_| begun.send(()).unwrap());
            let flags = c::WINHTTP_FLAG_SECURE;
            let handle = request(&client, "127.0.0.1", hole.port(), "/", flags);
            set_timeouts::<u16>(handle, 0, 1500, 0, 0);
            let start = Instant::now();
            assert_eq!(client.send(handle), TIMEOUT);
            let took = start.elapsed();
            let connected = c::WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER;
            let reached = client.recorder.statuses_of(handle).contains(&connected);
            let _filler = maker.join().unwrap();
            finish(&client, handle);
            assert!(took >= limit, "{took:?}");
            // Its own limit would end a second later.
            (reached && took < limit + Duration::from_millis(700)).then_some(())
        });
    }
}

/// A server that says a byte of an endless head every 40 ms.
fn dripping_head() -> (Server, std::sync::mpsc::SyncSender<()>) {
    let (stop, tick) = ticker(Duration::from_millis(40));
    let server = Server::plain(move |connection| {
        connection.read_head()?;
        connection.send(b"HTTP/1.1 200 OK\r\nX-Endless: ")?;
        while tick() && connection.send(b"x").is_ok() {}
        Ok(())
    })
    .unwrap();
    (server, stop)
}

/// RECEIVE_TIMEOUT is about each wait, RECEIVE_RESPONSE_TIMEOUT about the whole head.
#[test]
fn fact_35_9_receive_response_timeout_limits_a_head_that_drips() {
    for mode in [Mode::Sync, Mode::Async] {
        let (server, stop) = dripping_head();
        let client = Client::<u16>::new(mode);
        undisturbed(|| {
            let handle = support::get(&client, server.port(), "/");
            set_timeouts::<u16>(handle, 0, 0, 0, 300);
            set_dword::<u16>(handle, c::WINHTTP_OPTION_RECEIVE_RESPONSE_TIMEOUT, 600).unwrap();
            client.send(handle).unwrap();
            let start = Instant::now();
            assert_eq!(client.receive(handle), TIMEOUT);
            let took = start.elapsed();
            let (api, error) = (c::API_RECEIVE_RESPONSE, c::ERROR_WINHTTP_TIMEOUT);
            assert_failed_as(&client, handle, api, error);
            close_for_good(&client, handle);
            (took >= Duration::from_millis(600)).then_some(())
        });
        client.close(client.session).unwrap();
        drop((stop, server));
    }
}

/// Bytes that keep coming keep the receive timeout away, however long the whole takes.
#[test]
fn fact_35_9_receive_timeout_starts_anew_with_every_byte() {
    for mode in [Mode::Sync, Mode::Async] {
        let (stop, tick) = ticker(Duration::from_millis(100));
        let server = Server::plain(move |connection| {
            connection.read_head()?;
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n")?;
            for byte in b"abcdef" {
                tick();
                connection.send(&[*byte])?;
            }
            connection.wait_closed();
            Ok(())
        })
        .unwrap();
        let client = Client::<u16>::new(mode);
        let (body, took) = undisturbed(|| {
            let handle = support::get(&client, server.port(), "/");
            set_timeouts::<u16>(handle, 0, 0, 0, 400);
            let start = Instant::now();
            let body = client
                .exchange(handle)
                .and_then(|()| client.read(handle, 6));
            close_for_good(&client, handle);
            Some((body.ok()?, start.elapsed()))
        });
        assert_eq!(body, b"abcdef");
        assert!(took >= Duration::from_millis(500), "{took:?}");
        client.close(client.session).unwrap();
        drop((stop, server));
    }
}

/// Fact 3.4.6: 0 and -1 switch a limit off; another request's limit measures that time passes.
#[test]
fn no_limit_means_no_limit() {
    let hole = TcpHole::new().unwrap();
    let client = Client::<u16>::new(Mode::Async);
    let unlimited: Vec<Handle> = [0, -1]
        .into_iter()
        .map(|none| {
            let handle = support::get(&client, hole.port(), "/");
            set_timeouts::<u16>(handle, none, none, none, none);
            client.send(handle).unwrap();
            // SAFETY: no memory is passed.
            call(unsafe {
                winhttp::WinHttpReceiveResponse::<u16>(handle.raw(), std::ptr::null_mut())
            })
            .unwrap();
            handle
        })
        .collect();
    let clock = support::get(&client, hole.port(), "/");
    set_timeouts::<u16>(clock, 0, 0, 0, 400);
    client.send(clock).unwrap();
    assert_eq!(
        takes(Duration::from_millis(400), || client.receive(clock)),
        TIMEOUT
    );
    client.close(clock).unwrap();
    for handle in unlimited {
        let error = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
        assert!(!client.recorder.statuses_of(handle).contains(&error));
        close_for_good(&client, handle);
        assert_failed_as(
            &client,
            handle,
            c::API_RECEIVE_RESPONSE,
            c::ERROR_WINHTTP_OPERATION_CANCELLED,
        );
    }
    client.close(client.session).unwrap();
}

/// Functions section 5: RECEIVE_TIMEOUT does not end an idle WebSocket; another request's limit is
/// the clock.
#[test]
fn receive_timeout_does_not_end_an_idle_web_socket() {
    let (server, hole) = (Server::plain(by_path).unwrap(), TcpHole::new().unwrap());
    let client = Client::<u16>::new(Mode::Async);
    let handle = undisturbed(|| {
        let handle = client.web_socket_request(server.port(), "/echo");
        set_timeouts::<u16>(handle, 0, 0, 0, LIMIT);
        client.exchange(handle).ok().map(|()| handle)
    });
    let web_socket = client.complete_upgrade(handle, 0).unwrap();
    client.close(handle).unwrap();
    let before = client.events(web_socket);
    let mut buffer = [0_u8; 64];
    let null = std::ptr::null_mut();
    // SAFETY: the buffer lives until the receive has completed, at the end of this test.
    winhttp_tests::status(unsafe {
        winhttp::WinHttpWebSocketReceive::<u16>(
            web_socket.raw(),
            (&raw mut buffer).cast(),
            64,
            null,
            null.cast(),
        )
    })
    .unwrap();
    let clock = support::get(&client, hole.port(), "/");
    set_timeouts::<u16>(clock, 0, 0, 0, 2 * LIMIT);
    client.send(clock).unwrap();
    assert_eq!(takes(2 * LIMIT_TIME, || client.receive(clock)), TIMEOUT);
    client.close(clock).unwrap();
    assert_eq!(
        client.events(web_socket),
        before,
        "the receive is still pending"
    );
    let utf8 = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
    client.ws_send(web_socket, utf8, b"late").unwrap();
    let read = client.completion(web_socket, c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE, before);
    assert_eq!(read, Ok(Info::WebSocketStatus(4, utf8)));
    assert_eq!(&buffer[..4], b"late");
    client.ws_close(web_socket, 1000, b"").unwrap();
    finish(&client, web_socket);
}

/// Functions 5.2: a WebSocket send that stalls times out; the peer reads nothing behind the
/// handshake.
#[test]
fn send_timeout_ends_a_stalled_web_socket_send() {
    for mode in [Mode::Sync, Mode::Async] {
        let server = Server::plain(|connection| {
            let Some(request) = connection.read_head()? else {
                return Ok(());
            };
            connection.accept_websocket(&request)?;
            connection.hold("end").map(drop)
        })
        .unwrap();
        let client = Client::<u16>::new(mode);
        let handle = client.web_socket_request(server.port(), "/");
        set_timeouts::<u16>(handle, 0, 0, LIMIT, 0);
        client.exchange(handle).unwrap();
        let web_socket = client.complete_upgrade(handle, 0).unwrap();
        client.close(handle).unwrap();
        let binary = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
        let message = vec![0; HUGE as usize];
        let sent = takes(LIMIT_TIME, || client.ws_send(web_socket, binary, &message));
        assert_eq!(sent, TIMEOUT);
        finish(&client, web_socket);
        server.release("end").unwrap();
    }
}

/// A limit belongs to the operation: time spent between two calls counts for nothing.
#[test]
fn limits_are_per_operation() {
    let (server, hole) = (Server::plain(by_path).unwrap(), TcpHole::new().unwrap());
    for mode in [Mode::Sync, Mode::Async] {
        let client = Client::<u16>::new(mode);
        let handle = request(&client, "127.0.0.1", server.port(), "/status?body=x", 0);
        set_timeouts::<u16>(handle, LIMIT, LIMIT, LIMIT, LIMIT);
        client.send(handle).unwrap();
        let clock = support::get(&client, hole.port(), "/");
        set_timeouts::<u16>(clock, 0, 0, 0, 2 * LIMIT);
        client.send(clock).unwrap();
        assert_eq!(client.receive(clock), TIMEOUT);
        client.receive(handle).unwrap();
        assert_eq!(client.send(clock), Ok(()));
        assert_eq!(client.receive(clock), TIMEOUT);
        client.close(clock).unwrap();
        assert_eq!(client.body(handle).as_deref(), Ok(&b"x"[..]));
        finish(&client, handle);
    }
}
