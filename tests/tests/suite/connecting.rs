//! Names and addresses: what is refused or unknown fails soon with the right number, and literals
//! reach their server.

use std::fs;
use std::io::{Read, Write};
use std::mem::offset_of;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::{BorrowedFd, RawFd};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

use winhttp_abi::constants as c;
use winhttp_abi::types::ConnectionInfo;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::hole::{RefusedPort, TcpHole};
use winhttp_fixtures::{Server, Settings, by_path};
use winhttp_tests::support;
use winhttp_tests::support::schemes::both_schemes;
use winhttp_tests::support::{assert_failed_as, close_for_good, dword, request, set_timeouts};
use winhttp_tests::{Call, Client, Handle, Info, Mode, PATIENCE, scenarios};

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

/// Whether the socket with this end on 127.0.0.1 sends small pieces at once.
fn sends_at_once(own_port: u16) -> bool {
    let own = SocketAddr::from((Ipv4Addr::LOCALHOST, own_port));
    let descriptors = fs::read_dir("/dev/fd").unwrap();
    let numbers = descriptors.filter_map(|entry| {
        let name = entry.ok()?.file_name();
        name.to_str()?.parse::<RawFd>().ok()
    });
    let mut sockets = numbers.filter_map(|number| {
        // SAFETY: it is only looked at, and one that somebody has closed meanwhile is an error.
        let descriptor = unsafe { BorrowedFd::borrow_raw(number) };
        let address = rustix::net::getsockname(descriptor).ok()?;
        let is_it = SocketAddr::try_from(address) == Ok(own);
        is_it.then(|| rustix::net::sockopt::tcp_nodelay(descriptor).unwrap())
    });
    sockets.next().expect("the connection is open")
}

/// The extended error of this thread.
fn extended<W: Unit>() -> Call<u32> {
    dword::<W>(Handle::NULL, c::WINHTTP_OPTION_EXTENDED_ERROR)
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

    fn fact_21_1_3_small_pieces_are_sent_at_once<W>(mode) {
        for place in both_schemes(by_path) {
            let client = Client::<W>::new(mode);
            let handle = place.request(&client, "GET", "/status?size=10");
            client.exchange(handle).unwrap();
            let info = client.get_option(handle, c::WINHTTP_OPTION_CONNECTION_INFO).unwrap();
            let port = offset_of!(ConnectionInfo, local_address) + 2;
            let port = u16::from_be_bytes([info[port], info[port + 1]]);
            assert!(sends_at_once(port), "TCP_NODELAY");
            client.finish();
        }
    }

    fn fact_21_1_7_ports_of_other_protocols_are_refused_without_a_word<W>(mode) {
        let client = Client::<W>::new(mode);
        for (port, flags) in [21, 25, 70, 110, 119, 143].into_iter().flat_map(|port| {
            [(port, 0), (port, c::WINHTTP_FLAG_SECURE)]
        }) {
            let handle = request(&client, "127.0.0.1", port, "/", flags);
            assert_eq!(client.send(handle), Err(c::ERROR_WINHTTP_CANNOT_CONNECT), "port {port}");
            assert_failed_as(&client, handle, c::API_SEND_REQUEST, c::ERROR_WINHTTP_CANNOT_CONNECT);
            assert_eq!(steps(&client, handle), failed_steps(mode, &[]), "port {port}");
            close_for_good(&client, handle);
        }
        client.finish();
    }

    /// The text of REDIRECT: `later_legs.rs`.
    fn fact_34_4_addresses_are_plain_and_texts_count_characters<W>(mode) {
        let server = Server::start(Settings { ipv6: true, ..Settings::default() }, by_path).unwrap();
        for (host, name, address) in [
            ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
            ("localhost", "localhost", ""),
            ("[::1]", "::1", "::1"),
            ("[::1%1]", "::1", "::1"),
        ] {
            let client = Client::<W>::new(mode);
            let handle = request(&client, host, server.port(), "/status?close", 0);
            client.exchange(handle).unwrap();
            assert_eq!(texts(&client, handle, RESOLVING), [name]);
            for status in [RESOLVED, CONNECTING, CONNECTED] {
                for text in texts(&client, handle, status) {
                    assert!(text.parse::<IpAddr>().is_ok(), "{host}, {status:#x}: {text}");
                    assert!(address.is_empty() || text == address, "{host}, {status:#x}: {text}");
                }
            }
            let events = client.recorder.events_of(handle);
            for event in events.iter().filter(|event| event.status < c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST) {
                // ASCII, which the recorder reads up to the NUL.
                let Info::Text(text) = &event.info else { panic!("{event:?}") };
                assert_eq!(event.length as usize, text.len(), "{host}: {event:?}");
            }
            client.finish();
        }
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
            while !head.ends_with(b"\r\n\r\n") && socket.read_exact(&mut byte).is_ok() {
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
fn fact_34_5_extended_error_tells_the_socket_error_of_this_thread() {
    let refused = RefusedPort::new().unwrap();
    let client = Client::<u16>::new(Mode::Sync);
    let handle = support::get(&client, refused.port(), "/");
    assert_eq!(client.send(handle), Err(c::ERROR_WINHTTP_CANNOT_CONNECT));
    assert_eq!(extended::<u16>(), Ok(10061), "WSAECONNREFUSED");
    client.close(handle).unwrap();
    let elsewhere = std::thread::scope(|scope| {
        let client = &client;
        let thread = scope.spawn(move || {
            let before = extended::<u32>();
            let handle = request(client, "no-such-host.invalid", 80, "/", 0);
            assert_eq!(client.send(handle), Err(c::ERROR_WINHTTP_NAME_NOT_RESOLVED));
            client.close(handle).unwrap();
            (before, extended::<u32>())
        });
        thread.join().unwrap()
    });
    assert_eq!(elsewhere, (Ok(0), Ok(11001)), "WSAHOST_NOT_FOUND");
    assert_eq!(extended::<u16>(), Ok(10061), "another thread has its own");
    client.close(client.session).unwrap();
}

/// Whichever thread it comes on, and whatever came on that before.
#[test]
fn fact_34_5_extended_error_is_known_in_the_callback_of_each_failure() {
    fn scenario<W: Unit>(client: Client<W>) {
        let (sender, results) = channel();
        client
            .recorder
            .on(ERROR, move |_| sender.send(extended::<W>()).unwrap());
        let told = |handle: Handle, outcome: Call<()>| {
            outcome.unwrap_err();
            client.close(handle).unwrap();
            results.recv_timeout(PATIENCE).unwrap()
        };
        let refused = RefusedPort::new().unwrap();
        let resets = Server::plain(|connection| {
            connection.read_head()?;
            connection.reset()
        })
        .unwrap();
        let hole = TcpHole::new().unwrap();
        for _ in 0..2 {
            let handle = support::get(&client, refused.port(), "/");
            assert_eq!(told(handle, client.send(handle)), Ok(10061));
            let handle = request(&client, "no-such-host.invalid", 80, "/", 0);
            assert_eq!(told(handle, client.send(handle)), Ok(11001));
            let handle = support::get(&client, hole.port(), "/");
            set_timeouts::<W>(handle, 0, 0, 0, 50);
            assert_eq!(told(handle, client.exchange(handle)), Ok(10060));
            let handle = support::get(&client, resets.port(), "/");
            assert_eq!(told(handle, client.exchange(handle)), Ok(10054));
        }
        client.finish();
    }
    scenario(Client::<u16>::on_callback_thread(Mode::Async));
    scenario(Client::<u32>::on_callback_thread(Mode::Async));
    scenario(Client::<u16>::inline());
    scenario(Client::<u32>::inline());
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
