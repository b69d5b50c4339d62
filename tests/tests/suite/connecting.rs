//! Names and addresses: what is refused or unknown fails soon with the right number, and literals
//! reach their server.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::hole::RefusedPort;
use winhttp_fixtures::{Server, Settings, by_path};
use winhttp_tests::support;
use winhttp_tests::support::{assert_failed_as, close_for_good, dword, request};
use winhttp_tests::{Client, Handle, Info, Mode, scenarios};

const RESOLVING: u32 = c::WINHTTP_CALLBACK_STATUS_RESOLVING_NAME;
const RESOLVED: u32 = c::WINHTTP_CALLBACK_STATUS_NAME_RESOLVED;
const CONNECTING: u32 = c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER;
const CONNECTED: u32 = c::WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER;
const ERROR: u32 = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
const CREATED: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED;

/// The statuses of a request without HANDLE_CREATED, repeated CONNECTING_TO_SERVER (fact 5.1.1)
/// taken once.
fn steps<W: Unit>(client: &Client<W>, handle: Handle) -> Vec<u32> {
    let mut statuses = client.recorder.statuses_of(handle);
    statuses.retain(|status| *status != CREATED);
    statuses.dedup_by(|a, b| *a == CONNECTING && *b == CONNECTING);
    statuses
}

/// The texts of the notifications of one status.
fn texts<W: Unit>(client: &Client<W>, handle: Handle, status: u32) -> Vec<String> {
    let events = client.recorder.events_of(handle).into_iter();
    events
        .filter(|event| event.status == status)
        .map(|event| match event.info {
            Info::Text(text) => text,
            info => panic!("{status:#x} carries {info:?}"),
        })
        .collect()
}

fn failed_steps(mode: Mode, steps: &[u32]) -> Vec<u32> {
    let mut steps = steps.to_vec();
    if mode == Mode::Async {
        steps.push(ERROR);
    }
    steps
}

scenarios! {
    fn fact_2_12_a_refused_connection_fails_soon<W>(mode) {
        let refused = RefusedPort::new().unwrap();
        let client = Client::<W>::new(mode);
        let handle = support::get(&client, refused.port(), "/");
        let start = Instant::now();
        assert_eq!(client.send(handle), Err(c::ERROR_WINHTTP_CANNOT_CONNECT));
        assert!(start.elapsed() < Duration::from_secs(5));
        assert_failed_as(&client, handle, c::API_SEND_REQUEST, c::ERROR_WINHTTP_CANNOT_CONNECT);
        assert_eq!(steps(&client, handle), failed_steps(mode, &[RESOLVING, RESOLVED, CONNECTING]));
        assert_eq!(texts(&client, handle, CONNECTING)[0], "127.0.0.1");
        let state = c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE;
        assert_eq!(client.receive(handle), Err(state), "fact 2.2");
        close_for_good(&client, handle);
        client.close(client.session).unwrap();
    }

    fn fact_2_13_an_unknown_host_is_not_resolved<W>(mode) {
        let client = Client::<W>::new(mode);
        let handle = request(&client, "no-such-host.invalid", 80, "/", 0);
        assert_eq!(client.send(handle), Err(c::ERROR_WINHTTP_NAME_NOT_RESOLVED));
        assert_failed_as(&client, handle, c::API_SEND_REQUEST, c::ERROR_WINHTTP_NAME_NOT_RESOLVED);
        assert_eq!(steps(&client, handle), failed_steps(mode, &[RESOLVING]));
        assert_eq!(texts(&client, handle, RESOLVING), ["no-such-host.invalid"]);
        let state = c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE;
        assert_eq!(client.receive(handle), Err(state));
        close_for_good(&client, handle);
        client.close(client.session).unwrap();
    }

    fn fact_5_1_a_name_is_resolved_and_its_address_connected<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let handle = request(&client, "localhost", server.port(), "/status?close", 0);
        client.exchange(handle).unwrap();
        assert_eq!(steps(&client, handle)[..4], [RESOLVING, RESOLVED, CONNECTING, CONNECTED]);
        assert_eq!(texts(&client, handle, RESOLVING), ["localhost"]);
        assert_eq!(texts(&client, handle, CONNECTED), ["127.0.0.1"]);
        assert!(texts(&client, handle, CONNECTING).contains(&"127.0.0.1".to_owned()));
        let host = format!("localhost:{}", server.port());
        assert_eq!(server.requests()[0].header("Host"), Some(host.as_str()));
        close_for_good(&client, handle);
        client.close(client.session).unwrap();
    }

    fn an_ipv6_literal_works_with_and_without_brackets_and_zone<W>(mode) {
        let server = Server::start(Settings { ipv6: true, ..Settings::default() }, by_path).unwrap();
        let client = Client::<W>::new(mode);
        for (index, literal) in ["[::1]", "::1", "[0:0:0:0:0:0:0:1]", "::1%1", "[::1%1]"].into_iter().enumerate() {
            let handle = request(&client, literal, server.port(), "/status?close", 0);
            client.exchange(handle).unwrap();
            assert_eq!(client.status_code(handle), Ok(200), "{literal}");
            assert_eq!(texts(&client, handle, CONNECTED), ["::1"]);
            let head = server.requests()[index].clone();
            let host = head.header("Host").unwrap();
            let port = format!("]:{}", server.port());
            assert!(host.starts_with('[') && host.ends_with(&port), "{literal} gives Host: {host}");
            assert!(!host.contains('%'), "{literal} gives Host: {host}");
            close_for_good(&client, handle);
        }
        client.close(client.session).unwrap();
    }
}

/// A server that exists on `[::1]` only, for one request.
#[test]
fn a_server_on_the_other_family_only_is_reached() {
    for mode in [Mode::Sync, Mode::Async] {
        let listener = TcpListener::bind(("::1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let peer = std::thread::spawn(move || {
            let (mut socket, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && socket.read(&mut byte).unwrap() == 1 {
                head.push(byte[0]);
            }
            socket
                .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                .unwrap();
        });
        let client = Client::<u16>::new(mode);
        let handle = request(&client, "::1", port, "/", 0);
        client.exchange(handle).unwrap();
        assert_eq!(client.status_code(handle), Ok(204));
        close_for_good(&client, handle);
        client.close(client.session).unwrap();
        peer.join().unwrap();
    }
}

/// Errors section 3: EXTENDED_ERROR tells the thread's last socket error in Winsock's numbers; NULL
/// is a good handle for it.
#[test]
fn extended_error_tells_the_socket_error_of_this_thread() {
    let refused = RefusedPort::new().unwrap();
    let client = Client::<u16>::new(Mode::Sync);
    let extended = || dword::<u16>(Handle::NULL, c::WINHTTP_OPTION_EXTENDED_ERROR);
    let handle = support::get(&client, refused.port(), "/");
    assert_eq!(client.send(handle), Err(c::ERROR_WINHTTP_CANNOT_CONNECT));
    assert_eq!(extended(), Ok(10061), "WSAECONNREFUSED");
    client.close(handle).unwrap();
    let handle = request(&client, "no-such-host.invalid", 80, "/", 0);
    assert_eq!(client.send(handle), Err(c::ERROR_WINHTTP_NAME_NOT_RESOLVED));
    assert_eq!(extended(), Ok(11001), "WSAHOST_NOT_FOUND");
    client.close(handle).unwrap();
    let elsewhere =
        std::thread::spawn(move || dword::<u16>(Handle::NULL, c::WINHTTP_OPTION_EXTENDED_ERROR));
    assert_eq!(
        elsewhere.join().unwrap(),
        Ok(0),
        "another thread has its own"
    );
    client.close(client.session).unwrap();
}

/// Headers-info 10: ports of other protocols are refused before anything is sent there.
#[test]
fn well_known_ports_of_other_protocols_are_refused() {
    for mode in [Mode::Sync, Mode::Async] {
        let client = Client::<u16>::new(mode);
        for port in [21, 25, 70, 110, 119, 143] {
            let handle = support::get(&client, port, "/");
            assert_eq!(
                client.send(handle),
                Err(c::ERROR_WINHTTP_CANNOT_CONNECT),
                "port {port}"
            );
            let statuses = client.recorder.statuses_of(handle);
            assert!(!statuses.contains(&CONNECTING), "port {port}");
            close_for_good(&client, handle);
        }
        client.close(client.session).unwrap();
    }
}

/// A host that cannot be looked up keeps nobody else from being looked up.
#[test]
fn many_lookups_at_once_all_get_their_own_answer() {
    let server = Server::plain(by_path).unwrap();
    let client = Client::<u32>::new(Mode::Async);
    let handles: Vec<Handle> = (0..32)
        .map(|index| {
            let host = if index % 2 == 0 {
                "localhost"
            } else {
                "no-such-host.invalid"
            };
            let handle = request(&client, host, server.port(), "/status?close", 0);
            client.start_send(handle, index + 1).unwrap();
            handle
        })
        .collect();
    for (index, handle) in handles.into_iter().enumerate() {
        let ends = [c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE, ERROR];
        let end = client.recorder.wait_after(handle, 0, &ends);
        assert_eq!(end.context, index + 1);
        assert_eq!(end.status, ends[index % 2]);
        close_for_good(&client, handle);
    }
    client.close(client.session).unwrap();
}
