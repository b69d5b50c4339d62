//! Calls in the wrong state or order: each gets its documented error, synchronously from the call,
//! asynchronously from the call or its REQUEST_ERROR but never both, and the handle goes on
//! working.

use std::ptr::{null, null_mut};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support::{close_for_good, request};
use winhttp_tests::{
    Call, Client, Handle, Info, Mode, answers_and_ends, call, scenarios, status, upgrade,
};

const STATE: u32 = c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE;
const BUSY: u32 = c::ERROR_INVALID_OPERATION;
const UTF8: i32 = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
const UNTOUCHED: u32 = 0xdead_beef;

/// How a call failed: by itself, or asynchronously with one REQUEST_ERROR that names `api`.
pub(crate) fn failure<W: Unit>(
    client: &Client<W>,
    handle: Handle,
    api: u32,
    run: impl FnOnce() -> Call<()>,
) -> Call<()> {
    let before = client.events(handle);
    run()?;
    if client.mode == Mode::Sync {
        return Ok(());
    }
    let error = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
    let event = client.recorder.wait_after(handle, before, &[error]);
    match event.info {
        Info::AsyncResult(function, error) => {
            assert_eq!(function, usize::try_from(api).unwrap());
            Err(error)
        }
        info => panic!("REQUEST_ERROR carries {info:?}"),
    }
}

/// WinHttpReadData that is to fail, with its error.
fn read_fails<W: Unit>(client: &Client<W>, handle: Handle, length: u32) -> Call<()> {
    let memory = winhttp_tests::Memory::new(usize::try_from(length).unwrap());
    let (place, mut count) = (memory.pointer().cast(), 0);
    let count = if client.mode == Mode::Sync {
        &raw mut count
    } else {
        null_mut()
    };
    failure(client, handle, c::API_READ_DATA, || {
        // SAFETY: the memory lives for ever, the count through the call, which alone writes it.
        call(unsafe { winhttp::WinHttpReadData::<W>(handle.raw(), place, length, count) })
    })
}

/// The calls that need a response, or at least a request that was sent.
fn assert_all_refused<W: Unit>(client: &Client<W>, handle: Handle, what: &str) {
    let raw = handle.raw();
    let (mut bytes, mut buffer) = (UNTOUCHED, [0x55_u8; 8]);
    let count = &raw mut bytes;
    let place = (&raw mut buffer).cast();
    let receive = failure(client, handle, c::API_RECEIVE_RESPONSE, || {
        // SAFETY: no memory is passed.
        call(unsafe { winhttp::WinHttpReceiveResponse::<W>(raw, null_mut()) })
    });
    assert_eq!(receive, Err(STATE), "fact 2.2, {what}");
    // Fact 2.3, and fact 2.5: asynchronously the error names its function by its API_ number.
    let available = failure(client, handle, c::API_QUERY_DATA_AVAILABLE, || {
        // SAFETY: the count is a local that lives until the failure.
        call(unsafe { winhttp::WinHttpQueryDataAvailable::<W>(raw, count) })
    });
    assert_eq!(available, Err(STATE), "fact 2.3, {what}");
    let read = failure(client, handle, c::API_READ_DATA, || {
        // SAFETY: as above, and the buffer too.
        call(unsafe { winhttp::WinHttpReadData::<W>(raw, place, 8, null_mut()) })
    });
    assert_eq!(read, Err(STATE), "ReadData, {what}");
    let write = failure(client, handle, c::API_WRITE_DATA, || {
        // SAFETY: as above.
        call(unsafe { winhttp::WinHttpWriteData::<W>(raw, place, 8, count) })
    });
    assert_eq!(write, Err(STATE), "WriteData, {what}");
    assert_eq!(
        (bytes, buffer),
        (UNTOUCHED, [0x55; 8]),
        "outputs are untouched, {what}"
    );
    assert_eq!(client.status_code(handle), Err(STATE), "fact 2.6, {what}");
    assert_eq!(client.complete_upgrade(handle, 0), Err(STATE), "{what}");
    // SAFETY: the count is a local.
    let schemes = call(unsafe { winhttp::WinHttpQueryAuthSchemes::<W>(raw, count, count, count) });
    assert_eq!((schemes, bytes), (Err(BUSY), UNTOUCHED), "fact 6.1, {what}");
    assert_eq!(
        client
            .query(handle, c::WINHTTP_QUERY_REQUEST_METHOD, None)
            .as_deref(),
        Ok("GET")
    );
}

scenarios! {
    fn facts_2_2_to_2_6_nothing_was_sent_or_sending_failed<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let handle = request(&client, "127.0.0.1", server.port(), "/status?body=fine", 0);
        assert_all_refused(&client, handle, "before the send");
        client.exchange(handle).unwrap();
        assert_eq!(client.body(handle).as_deref(), Ok(&b"fine"[..]), "nothing was lost");
        close_for_good(&client, handle);

        let refused = winhttp_fixtures::hole::RefusedPort::new().unwrap();
        let handle = request(&client, "127.0.0.1", refused.port(), "/", 0);
        assert_eq!(client.send(handle), Err(c::ERROR_WINHTTP_CANNOT_CONNECT));
        assert_all_refused(&client, handle, "after a failed send");
        close_for_good(&client, handle);
        close_for_good(&client, client.session);
    }

    fn fact_2_4_a_second_receive_response_fails_and_loses_nothing<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let handle = request(&client, "127.0.0.1", server.port(), "/status?body=kept", 0);
        client.exchange(handle).unwrap();
        let again = failure(&client, handle, c::API_RECEIVE_RESPONSE, || {
            // SAFETY: no memory is passed.
            call(unsafe { winhttp::WinHttpReceiveResponse::<W>(handle.raw(), null_mut()) })
        });
        assert_eq!(again, Err(STATE));
        assert_eq!(client.status_code(handle), Ok(200));
        assert_eq!(client.body(handle).as_deref(), Ok(&b"kept"[..]));
        // Fact 5.3.4: the end of the body, as often as asked.
        for _ in 0..3 {
            assert_eq!(client.read(handle, 8).as_deref(), Ok(&b""[..]));
        }
        close_for_good(&client, handle);
        close_for_good(&client, client.session);
    }

    fn reading_on_after_a_failed_read_is_out_of_state<W>(mode) {
        let cut = answers_and_ends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        let client = Client::<W>::new(mode);
        let handle = request(&client, "127.0.0.1", cut.port(), "/", 0);
        client.exchange(handle).unwrap();
        let lost = read_fails(&client, handle, 4096);
        assert_eq!(lost, Err(c::ERROR_WINHTTP_CONNECTION_ERROR));
        assert_eq!(read_fails(&client, handle, 4096), Err(STATE));
        close_for_good(&client, handle);
    }

    fn after_the_upgrade_the_request_has_no_connection_to_use<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        for receives in [true, false] {
            let handle = request(&client, "127.0.0.1", server.port(), "/echo", 0);
            upgrade::<W>(handle).unwrap();
            client.send(handle).unwrap();
            if receives {
                client.receive(handle).unwrap();
            }
            client.complete_upgrade(handle, 0).unwrap();
            let receive = failure(&client, handle, c::API_RECEIVE_RESPONSE, || {
                // SAFETY: no memory is passed.
                call(unsafe { winhttp::WinHttpReceiveResponse::<W>(handle.raw(), null_mut()) })
            });
            assert_eq!(receive, Err(STATE), "{receives}");
            assert_eq!(read_fails(&client, handle, 10), Err(STATE), "{receives}");
        }
        client.finish();
    }

    fn fact_2_9_writing_beyond_the_announced_length_is_refused<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let handle = client.open_request(connect, "POST", "/body", 0).unwrap();
        let body = b"whole";
        let before = client.events(handle);
        // SAFETY: the body is static.
        call(unsafe {
            winhttp::WinHttpSendRequest::<W>(handle.raw(), null(), 0, body.as_ptr().cast(), 5, 5, 0)
        })
        .unwrap();
        client.completion(handle, c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE, before).unwrap();
        let mut written = UNTOUCHED;
        // SAFETY: the byte is static and the count a local of a call that fails.
        let more = call(unsafe {
            winhttp::WinHttpWriteData::<W>(handle.raw(), b"x".as_ptr().cast(), 1, &raw mut written)
        });
        assert_eq!((more, written), (Err(c::ERROR_INVALID_PARAMETER), UNTOUCHED));
        client.receive(handle).unwrap();
        assert_eq!(client.body(handle).as_deref(), Ok(&b"whole"[..]));
        close_for_good(&client, handle);
        close_for_good(&client, connect);
        close_for_good(&client, client.session);
    }

    fn fact_9_2_8_upgrades_need_the_option_and_a_101<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        // Without the option.
        let handle = request(&client, "127.0.0.1", server.port(), "/status?body=plain", 0);
        client.exchange(handle).unwrap();
        assert_eq!(client.complete_upgrade(handle, 0), Err(STATE));
        assert_eq!(client.body(handle).as_deref(), Ok(&b"plain"[..]), "nothing was lost");
        close_for_good(&client, handle);
        // With it, but the server says 200.
        let handle = request(&client, "127.0.0.1", server.port(), "/status?body=no", 0);
        upgrade::<W>(handle).unwrap();
        client.exchange(handle).unwrap();
        assert_eq!(client.complete_upgrade(handle, 0), Err(BUSY));
        assert_eq!(client.body(handle).as_deref(), Ok(&b"no"[..]), "nothing was lost");
        close_for_good(&client, handle);
        // One WebSocket for each exchange.
        let handle = request(&client, "127.0.0.1", server.port(), "/echo", 0);
        upgrade::<W>(handle).unwrap();
        client.exchange(handle).unwrap();
        let web_socket = client.complete_upgrade(handle, 0).unwrap();
        assert_eq!(client.complete_upgrade(handle, 0), Err(BUSY));
        client.ws_send(web_socket, UTF8, b"one").unwrap();
        assert_eq!(client.ws_message(web_socket), Ok((b"one".to_vec(), UTF8)));
        close_for_good(&client, web_socket);
        close_for_good(&client, handle);
        close_for_good(&client, client.session);
    }

    fn reads_without_a_connection_are_refused<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        // The connection went to a WebSocket.
        let handle = request(&client, "127.0.0.1", server.port(), "/echo", 0);
        upgrade::<W>(handle).unwrap();
        client.exchange(handle).unwrap();
        let web_socket = client.complete_upgrade(handle, 0).unwrap();
        assert_eq!(client.read(handle, 8), Err(STATE));
        assert_eq!(client.available(handle), Err(STATE));
        client.ws_send(web_socket, UTF8, b"mine").unwrap();
        assert_eq!(client.ws_message(web_socket), Ok((b"mine".to_vec(), UTF8)));
        close_for_good(&client, web_socket);
        close_for_good(&client, handle);
        // The connection ended inside the body.
        let cut = answers_and_ends("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf");
        let handle = request(&client, "127.0.0.1", cut.port(), "/", 0);
        client.exchange(handle).unwrap();
        assert_eq!(client.read(handle, 9).as_deref(), Ok(&b"half"[..]));
        assert_eq!(client.read(handle, 9), Err(c::ERROR_WINHTTP_CONNECTION_ERROR));
        assert_eq!(client.read(handle, 9), Err(STATE));
        assert_eq!(client.available(handle), Err(STATE));
        assert_eq!(client.status_code(handle), Ok(200), "the head stays readable");
        close_for_good(&client, handle);
        close_for_good(&client, client.session);
    }

    fn facts_9_3_4_and_9_4_6_and_9_5_2_after_shutdown_and_close<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let web_socket = client.web_socket(server.port(), "/echo");
        client.ws_send(web_socket, UTF8, b"before").unwrap();
        client.ws_shutdown(web_socket, 1000, b"").unwrap();
        assert_eq!(client.ws_send(web_socket, UTF8, b"after"), Err(BUSY));
        assert_eq!(client.ws_shutdown(web_socket, 1000, b""), Err(BUSY));
        assert_eq!(client.ws_close_status(web_socket), Err(BUSY), "fact 9.5.7");
        let close = c::WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE;
        assert_eq!(client.ws_message(web_socket), Ok((b"before".to_vec(), UTF8)));
        assert_eq!(client.ws_message(web_socket), Ok((vec![], close)));
        assert_eq!(client.ws_receive(web_socket, 8), Err(BUSY), "after the close frame");
        assert_eq!(client.ws_close_status(web_socket).map(|status| status.0), Ok(1000));
        client.ws_close(web_socket, 1000, b"").unwrap();
        assert_eq!(client.ws_close(web_socket, 1000, b""), Err(BUSY), "a second close");
        assert_eq!(client.ws_send(web_socket, UTF8, b"after"), Err(BUSY));
        assert_eq!(client.ws_receive(web_socket, 8), Err(BUSY));
        close_for_good(&client, web_socket);
        close_for_good(&client, client.session);
        assert_eq!(server.violations(), []);
    }
}

/// Errors section 5: a second operation while one is pending is refused, and the first goes on
/// unharmed.
#[test]
fn fact_35_4_a_second_operation_while_one_is_pending_is_refused() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<u16>::on_callback_thread(Mode::Async);
    let handle = request(&client, "127.0.0.1", server.port(), "/stall?name=second", 0);
    client.send(handle).unwrap();
    let before = client.events(handle);
    let receive = || {
        // SAFETY: no memory is passed.
        call(unsafe { winhttp::WinHttpReceiveResponse::<u16>(handle.raw(), null_mut()) })
    };
    receive().unwrap();
    let receiving = c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE;
    client.recorder.wait_after(handle, before, &[receiving]);
    let mut buffer = [0_u8; 8];
    let place = (&raw mut buffer).cast();
    assert_eq!(client.start_send(handle, 0), Err(BUSY));
    // SAFETY: the buffer outlives the call, which is refused.
    let read = call(unsafe { winhttp::WinHttpReadData::<u16>(handle.raw(), place, 8, null_mut()) });
    assert_eq!(read, Err(BUSY));
    // SAFETY: no memory is passed.
    let available =
        call(unsafe { winhttp::WinHttpQueryDataAvailable::<u16>(handle.raw(), null_mut()) });
    assert_eq!(available, Err(BUSY));
    // SAFETY: as for the read.
    let write =
        call(unsafe { winhttp::WinHttpWriteData::<u16>(handle.raw(), place, 8, null_mut()) });
    assert_eq!(write, Err(BUSY));
    assert_eq!(client.complete_upgrade(handle, 0), Err(BUSY));
    assert_eq!(
        client.events(handle),
        before + 1,
        "only RECEIVING_RESPONSE of the first came"
    );
    server.release("second").unwrap();
    let headers = c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE;
    assert_eq!(client.completion(handle, headers, before), Ok(Info::None));
    assert_eq!(client.status_code(handle), Ok(200));
    close_for_good(&client, handle);
    close_for_good(&client, client.session);
}

/// Expectation 12 and facts 9.3.4, 9.4.5: the same for a WebSocket, each side for itself.
#[test]
fn expectation_12_a_second_receive_is_refused_and_the_first_goes_on() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<u16>::new(Mode::Async);
    let web_socket = client.web_socket(server.port(), "/echo");
    let mut buffer = [0_u8; 8];
    let before = client.events(web_socket);
    let place = (&raw mut buffer).cast();
    let receive = || {
        // SAFETY: the buffer lives until the receive has completed.
        status(unsafe {
            winhttp::WinHttpWebSocketReceive::<u16>(
                web_socket.raw(),
                place,
                8,
                null_mut(),
                null_mut(),
            )
        })
    };
    receive().unwrap();
    for _ in 0..5 {
        assert_eq!(receive(), Err(BUSY));
    }
    assert_eq!(
        client.events(web_socket),
        before,
        "a refused call notified something"
    );
    client.ws_send(web_socket, UTF8, b"first").unwrap();
    let read = client.completion(web_socket, c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE, before);
    assert_eq!(read, Ok(Info::WebSocketStatus(5, UTF8)));
    assert_eq!(&buffer[..5], b"first");
    client.ws_close(web_socket, 1000, b"").unwrap();
    close_for_good(&client, web_socket);
    close_for_good(&client, client.session);
}
