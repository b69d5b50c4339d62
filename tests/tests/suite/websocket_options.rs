//! Verifies the options around an upgrade: the switch itself, buffer sizes, keep-alive, close
//! timeout.

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::{
    Call, Client, Handle, Info, Mode, WebSocket, call, last_error, scenarios, upgrade,
};

const RECEIVE_BUFFER: u32 = c::WINHTTP_OPTION_WEB_SOCKET_RECEIVE_BUFFER_SIZE;
const SEND_BUFFER: u32 = c::WINHTTP_OPTION_WEB_SOCKET_SEND_BUFFER_SIZE;
const KEEP_ALIVE: u32 = c::WINHTTP_OPTION_WEB_SOCKET_KEEPALIVE_INTERVAL;
const CLOSE_TIMEOUT: u32 = c::WINHTTP_OPTION_WEB_SOCKET_CLOSE_TIMEOUT;
const UPGRADE: u32 = c::WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET;

const WRONG_TYPE: Call<()> = Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE);
const BAD_PARAMETER: Call<()> = Err(c::ERROR_INVALID_PARAMETER);

fn put<W: Unit>(client: &Client<W>, handle: Handle, option: u32, value: u32) -> Call<()> {
    client.put_option(handle, option, &value.to_ne_bytes())
}

fn get<W: Unit>(client: &Client<W>, handle: Handle, option: u32) -> Call<u32> {
    let bytes = client.get_option(handle, option)?;
    Ok(u32::from_ne_bytes(bytes.try_into().unwrap()))
}

fn request_header<W: Unit>(client: &Client<W>, request: Handle, name: &str) -> Call<String> {
    let level = c::WINHTTP_QUERY_CUSTOM | c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS;
    client.query(request, level, Some(name))
}

scenarios! {
    fn fact_9_1_1_the_switch_changes_nothing_visible_before_the_send<W>(mode) {
        let client = Client::<W>::new(mode);
        let request = client.get(1, "/");
        assert_eq!(upgrade::<W>(request), Ok(()));
        assert_eq!(last_error(), 0);
        for name in ["Sec-WebSocket-Key", "Sec-WebSocket-Version", "Upgrade", "Connection"] {
            let absent = Err(c::ERROR_WINHTTP_HEADER_NOT_FOUND);
            assert_eq!(request_header(&client, request, name), absent, "{name}");
        }
        client.finish();
    }

    fn fact_9_1_1_the_switch_belongs_to_requests_and_takes_no_buffer<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        let client = &socket.client;
        let connect = client.connect("127.0.0.1", 1).unwrap();
        for handle in [client.session, connect, socket.handle] {
            assert_eq!(upgrade::<W>(handle), WRONG_TYPE);
        }
        assert_eq!(upgrade::<W>(Handle::NULL), Err(c::ERROR_INVALID_HANDLE));
        let request = client.open_request(connect, "GET", "/", 0).unwrap();
        assert_eq!(put(client, request, UPGRADE, 1), BAD_PARAMETER);
        socket.finish();
    }

    fn fact_9_1_2_buffer_sizes_are_inherited_by_later_requests<W>(mode) {
        let client = Client::<W>::new(mode);
        for option in [RECEIVE_BUFFER, SEND_BUFFER] {
            let early = client.get(1, "/");
            assert_eq!(get(&client, client.session, option), Ok(32768));
            assert_eq!(get(&client, early, option), Ok(32768));
            for value in [15, 65535, 1_048_576] {
                assert_eq!(put(&client, client.session, option, value), Ok(()));
                assert_eq!(get(&client, client.session, option), Ok(value));
                let later = client.get(1, "/");
                assert_eq!(get(&client, later, option), Ok(value));
                assert_eq!(get(&client, early, option), Ok(32768));

                assert_eq!(put(&client, later, option, value + 1), Ok(()));
                assert_eq!(get(&client, later, option), Ok(value + 1));
                assert_eq!(get(&client, client.session, option), Ok(value));
            }
        }
        client.finish();
    }

    fn fact_9_1_3_connections_and_websockets_have_no_buffer_sizes<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        let client = &socket.client;
        let connect = client.connect("127.0.0.1", 1).unwrap();
        for option in [RECEIVE_BUFFER, SEND_BUFFER] {
            for handle in [connect, socket.handle] {
                assert_eq!(get(client, handle, option).map(|_| ()), WRONG_TYPE);
                assert_eq!(put(client, handle, option, 65535), WRONG_TYPE);
            }
        }
        socket.finish();
    }

    fn fact_9_1_4_a_send_buffer_under_16_bytes_fails_the_send<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.web_socket_request(server.port(), "/echo");
        assert_eq!(put(&client, request, SEND_BUFFER, 15), Ok(()));

        let before = client.events(request);
        let memory = c::ERROR_NOT_ENOUGH_MEMORY;
        if mode == Mode::Sync {
            assert_eq!(client.start_send(request, 0), Err(memory));
            assert_eq!(client.events(request), before);
        } else {
            assert_eq!(client.start_send(request, 0), Ok(()));
            let error = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
            let event = client.recorder.wait_after(request, before, &[error]);
            let api = usize::try_from(c::API_SEND_REQUEST).unwrap();
            assert_eq!(event.info, Info::AsyncResult(api, memory));
            assert_eq!(client.events(request), before + 1, "nothing else is told");
        }
        assert_eq!(server.connections(), 0);

        assert_eq!(put(&client, request, SEND_BUFFER, 16), Ok(()));
        assert_eq!(client.send(request), Ok(()));
        assert_eq!(put(&client, request, SEND_BUFFER, 15), Ok(()), "too late to do harm");
        assert_eq!(client.receive(request), Ok(()));
        let websocket = client.complete_upgrade(request, 0).unwrap();
        let binary = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
        assert_eq!(client.ws_send(websocket, binary, &[7; 100]), Ok(()));
        assert_eq!(client.ws_message(websocket), Ok((vec![7; 100], binary)));
        client.finish();
        assert_eq!(server.violations(), []);
    }

    fn fact_9_1_4_a_small_send_buffer_matters_to_upgrades_only<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        assert_eq!(put(&client, client.session, SEND_BUFFER, 1), Ok(()));
        let request = client.get(server.port(), "/status");
        assert_eq!(client.exchange(request), Ok(()));
        assert_eq!(client.status_code(request), Ok(200));
        client.finish();
    }

    fn fact_9_1_5_the_keep_alive_interval_is_four_bytes_from_15_seconds_on<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        let (client, handle) = (&socket.client, socket.handle);
        for refused in [0, 10_000, 14_999] {
            assert_eq!(put(client, handle, KEEP_ALIVE, refused), BAD_PARAMETER, "{refused}");
        }
        for taken in [15_000, 20_000, u32::MAX] {
            assert_eq!(put(client, handle, KEEP_ALIVE, taken), Ok(()), "{taken}");
            assert_eq!(last_error(), 0);
        }
        assert_eq!(client.put_option(handle, KEEP_ALIVE, &20_000_u64.to_ne_bytes()), BAD_PARAMETER);
        assert_eq!(client.put_option(handle, KEEP_ALIVE, &20_000_u16.to_ne_bytes()), BAD_PARAMETER);
        assert_eq!(set_null::<W>(handle, KEEP_ALIVE), BAD_PARAMETER);
        socket.finish();
    }

    fn fact_9_1_5_the_keep_alive_interval_is_never_readable<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        let client = &socket.client;
        let request = client.get(1, "/");
        for handle in [client.session, request, socket.handle] {
            assert_eq!(get(client, handle, KEEP_ALIVE).map(|_| ()), BAD_PARAMETER);
            let mut length = 0;
            // SAFETY: the length lives through the call.
            let measured = call(unsafe {
                winhttp::WinHttpQueryOption::<W>(
                    handle.raw(),
                    KEEP_ALIVE,
                    std::ptr::null_mut(),
                    &raw mut length,
                )
            });
            assert_eq!((measured, length), (BAD_PARAMETER, 0));
        }
        for handle in [client.session, request] {
            assert_eq!(put(client, handle, KEEP_ALIVE, 20_000), WRONG_TYPE);
        }
        socket.finish();
    }

    fn fact_9_1_6_the_close_timeout_is_ten_seconds_until_set<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let socket = WebSocket::<W>::open(mode, &server, "/echo");
        let (client, handle) = (&socket.client, socket.handle);
        assert_eq!(get(client, handle, CLOSE_TIMEOUT), Ok(10_000));
        assert_eq!(put(client, handle, CLOSE_TIMEOUT, 1000), Ok(()));
        assert_eq!(get(client, handle, CLOSE_TIMEOUT), Ok(1000));
        // Expectation 23: programs pass an unsigned long.
        assert_eq!(client.put_option(handle, CLOSE_TIMEOUT, &2000_u64.to_ne_bytes()), Ok(()));
        assert_eq!(get(client, handle, CLOSE_TIMEOUT), Ok(2000));
        let request = client.get(1, "/");
        for other in [client.session, request] {
            assert_eq!(put(client, other, CLOSE_TIMEOUT, 1000), WRONG_TYPE);
        }
        assert_eq!(set_null::<W>(handle, CLOSE_TIMEOUT), BAD_PARAMETER);
        socket.finish();
    }
}

fn set_null<W: Unit>(handle: Handle, option: u32) -> Call<()> {
    // SAFETY: NULL is not read.
    call(unsafe { winhttp::WinHttpSetOption::<W>(handle.raw(), option, std::ptr::null_mut(), 4) })
}
