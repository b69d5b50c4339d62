//! Connections that are opened before anybody needs them, and requests that take another one than
//! they open: seen by the server, which counts them, and by what the program is told.

use std::io;
use std::thread;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Connection, Server, Settings, TlsSettings};
use winhttp_tests::support::set_dword;
use winhttp_tests::{Client, HELLO, Handle, PATIENCE, scenarios};

const CLOSING: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING;
const RESOLVING: u32 = c::WINHTTP_CALLBACK_STATUS_RESOLVING_NAME;
const CONNECTING: u32 = c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER;

/// Paths whose answers wait until they are released under their own names.
const HELD: [&str; 2] = ["/first", "/third"];

/// Says hello; TLS has a defect that requests ignore.
fn server(secure: bool, settings: Settings) -> Server {
    let authority = Authority::new().unwrap();
    let identity = authority.issue(&IdentityOptions::default()).unwrap();
    let tls = secure.then(|| TlsSettings::new(&identity));
    Server::start(Settings { tls, ..settings }, say_hello).unwrap()
}

fn say_hello(connection: &mut Connection) -> io::Result<()> {
    while let Some(request) = connection.read_head()? {
        if HELD.contains(&&*request.target) {
            let _released = connection.hold(&request.target)?;
        }
        connection.send(HELLO)?;
    }
    Ok(())
}

fn get<W: Unit>(client: &Client<W>, server: &Server, secure: bool, path: &str) -> Handle {
    let connect = client.connect("127.0.0.1", server.port()).unwrap();
    let flags = if secure { c::WINHTTP_FLAG_SECURE } else { 0 };
    let request = client.open_request(connect, "GET", path, flags).unwrap();
    let ignored = c::SECURITY_FLAG_IGNORE_ALL_CERT_ERRORS;
    set_dword::<W>(request, c::WINHTTP_OPTION_SECURITY_FLAGS, ignored).unwrap();
    request
}

/// Receives what was sent, to its end, and closes the request; gives what the program was told.
fn finish<W: Unit>(client: &Client<W>, request: Handle) -> Vec<u32> {
    client.receive(request).unwrap();
    assert_eq!(client.body(request).unwrap(), b"hello");
    client.close(request).unwrap();
    client.recorder.wait(request, CLOSING);
    client.recorder.statuses_of(request)
}

fn set<W: Unit>(client: &Client<W>, option: u32, value: u32) {
    set_dword::<W>(client.session, option, value).unwrap();
}

scenarios! {
    fn fact_21_1_5_the_first_send_opens_more_connections_for_those_that_follow<W>(mode) {
        for secure in [false, true] {
            let server = server(secure, Settings::default());
            let client = Client::<W>::new(mode);
            set(&client, c::WINHTTP_OPTION_BACKGROUND_CONNECTIONS, 2);
            // Who comes later waits for those that are opened, and opens none.
            set(&client, c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER, 2);
            let first = get(&client, &server, secure, "/first");
            client.send(first).unwrap();
            assert!(server.wait_connections(2, PATIENCE), "nobody has asked for it");
            let second = get(&client, &server, secure, "/second");
            client.send(second).unwrap();
            let told = finish(&client, second);
            assert!(!told.contains(&RESOLVING) && !told.contains(&CONNECTING), "{told:?}");
            server.release("/first").unwrap();
            finish(&client, first);
            client.finish();
            assert_eq!(server.connections(), 2);
        }
    }

    fn as_many_connections_are_opened_ahead_as_the_limit_allows_and_only_where_there_is_none<W>(mode) {
        let server = server(false, Settings::default());
        let client = Client::<W>::new(mode);
        set(&client, c::WINHTTP_OPTION_BACKGROUND_CONNECTIONS, u32::MAX);
        set(&client, c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER, 3);
        let first = get(&client, &server, false, "/first");
        client.send(first).unwrap();
        assert!(server.wait_connections(3, PATIENCE));
        let others: Vec<Handle> = (0..2).map(|_| get(&client, &server, false, "/third")).collect();
        for other in &others {
            client.send(*other).unwrap();
        }
        for path in HELD {
            server.release(path).unwrap();
        }
        for request in [vec![first], others].concat() {
            finish(&client, request);
        }
        client.finish();
        assert_eq!(server.connections(), 3);
    }

    fn a_server_that_cannot_be_reached_is_no_trouble_to_those_opened_ahead<W>(mode) {
        let refused = winhttp_fixtures::hole::RefusedPort::new().unwrap();
        let client = Client::<W>::new(mode);
        set(&client, c::WINHTTP_OPTION_BACKGROUND_CONNECTIONS, 8);
        for _ in 0..2 {
            let request = client.get(refused.port(), "/");
            assert_eq!(client.send(request), Err(c::ERROR_WINHTTP_CANNOT_CONNECT));
        }
        client.finish();
    }

    fn fact_21_1_5_a_request_takes_what_is_free_first_and_leaves_its_own_connection_to_others<W>(mode) {
        let held = Settings { held: Some("handshake"), held_from: 1, ..Settings::default() };
        let server = server(true, held);
        let client = Client::<W>::new(mode);
        set(&client, c::WINHTTP_OPTION_FIRST_AVAILABLE_CONNECTION, 1);
        set(&client, c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER, 2);
        let first = get(&client, &server, true, "/first");
        client.send(first).unwrap();
        let second = get(&client, &server, true, "/second");
        thread::scope(|scope| {
            let sent = scope.spawn(|| client.send(second));
            assert!(server.wait_connections(2, PATIENCE), "it opens its own");
            server.release("/first").unwrap();
            finish(&client, first);
            assert_eq!(sent.join().unwrap(), Ok(()));
        });
        let told = finish(&client, second);
        assert!(told.contains(&CONNECTING), "{told:?}");
        // Its own is there at last; two requests at once need both.
        server.release("handshake").unwrap();
        let third = get(&client, &server, true, "/third");
        client.send(third).unwrap();
        let fourth = get(&client, &server, true, "/fourth");
        client.send(fourth).unwrap();
        let told = finish(&client, fourth);
        assert!(!told.contains(&RESOLVING) && !told.contains(&CONNECTING), "{told:?}");
        server.release("/third").unwrap();
        finish(&client, third);
        client.finish();
        assert_eq!(server.connections(), 2);
    }

    fn a_request_whose_own_connection_is_there_first_uses_that<W>(mode) {
        let server = server(false, Settings::default());
        let client = Client::<W>::new(mode);
        set(&client, c::WINHTTP_OPTION_FIRST_AVAILABLE_CONNECTION, 1);
        let first = get(&client, &server, false, "/first");
        client.send(first).unwrap();
        let second = get(&client, &server, false, "/second");
        client.send(second).unwrap();
        finish(&client, second);
        server.release("/first").unwrap();
        finish(&client, first);
        client.finish();
        assert_eq!(server.connections(), 2);
    }
}
