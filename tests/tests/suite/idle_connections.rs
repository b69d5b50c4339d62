//! Connections that nobody uses: how long they live, and that all that happens to them is silent.

use std::io;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Connection, Held, Server};
use winhttp_tests::support::schemes::{Place, both_schemes};
use winhttp_tests::support::{get, set_dword, time_passes};
use winhttp_tests::{
    Client, Event, HELLO, Handle, Mode, PATIENCE, Sending, answers, answers_each, scenarios,
};

const CREATED: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED;
const CLOSING: u32 = c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING;
const CONNECTED: u32 = c::WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER;
const SENDING: u32 = c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST;
const IDLE_LIFE: u32 = c::WINHTTP_OPTION_CONNECTION_IDLE_TIMEOUT;

/// Answers every request.
fn friendly(connection: &mut Connection) -> io::Result<()> {
    while connection.read_head()?.is_some() {
        connection.send(HELLO)?;
    }
    Ok(())
}

/// A request that is read to the end of its answer, and stays open.
fn whole<W: Unit>(client: &Client<W>, place: &Place, path: &str) -> Handle {
    let request = place.request(client, "GET", path);
    client.exchange(request).unwrap();
    assert_eq!(client.body(request).as_deref(), Ok(&b"hello"[..]));
    request
}

/// What all handles have been told so far, but for the last word of those the program has closed.
fn told<W: Unit>(client: &Client<W>) -> Vec<(Handle, u32)> {
    let said = |event: Event| (event.handle, event.status);
    let events = client.recorder.events().into_iter().map(said);
    events.filter(|(_, status)| *status != CLOSING).collect()
}

/// What the handles that were told of something before have been told by now.
fn told_of<W: Unit>(client: &Client<W>, before: &[(Handle, u32)]) -> Vec<(Handle, u32)> {
    let mut now = told(client);
    now.retain(|(handle, _)| before.iter().any(|(known, _)| known == handle));
    now
}

/// Whatever was on its way to the program has come: another request of the session is over.
fn settle<W: Unit>(client: &Client<W>) {
    let server = answers(HELLO);
    let request = get(client, server.port(), "/");
    client.exchange(request).unwrap();
}

/// The statuses of a whole exchange on a new connection.
fn exchange_on_a_new_connection(mode: Mode) -> Vec<u32> {
    let all = [
        CREATED,
        c::WINHTTP_CALLBACK_STATUS_RESOLVING_NAME,
        c::WINHTTP_CALLBACK_STATUS_NAME_RESOLVED,
        c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER,
        CONNECTED,
        c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST,
        c::WINHTTP_CALLBACK_STATUS_REQUEST_SENT,
        c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE,
        c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE,
        c::WINHTTP_CALLBACK_STATUS_RESPONSE_RECEIVED,
        c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE,
    ];
    let completions = [
        c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE,
        c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE,
    ];
    let mut statuses = all.to_vec();
    statuses.retain(|status| mode == Mode::Async || !completions.contains(status));
    statuses
}

/// Servers that end their first connection, in order, when "end" is released, and say so.
fn ending() -> ([Place; 2], Receiver<()>) {
    let (say, said) = channel();
    let say = Arc::new(Mutex::new(say));
    let places = both_schemes(move |connection: &mut Connection| {
        while connection.read_head()?.is_some() {
            connection.send(HELLO)?;
            if connection.id() == 0 {
                let _held = connection.hold("end")?;
                connection.close_notify()?;
                say.lock().unwrap().send(()).unwrap();
                connection.wait_closed();
                return Ok(());
            }
        }
        Ok(())
    });
    (places, said)
}

scenarios! {
    fn fact_21_4_4_what_ends_while_the_program_is_told_of_sending_is_not_used<W>(mode) {
        let (says, said) = channel();
        let (says, said) = (Mutex::new(says), Mutex::new(said));
        let server = Server::plain(answers_each(move |connection, path, _| {
            connection.send(HELLO)?;
            if path == "/first" && connection.hold("late")? == Held::Released {
                connection.send(b"HTTP/1.1 408 Too late\r\nContent-Length: 0\r\n\r\n")?;
                says.lock().unwrap().send(()).unwrap();
                connection.close();
            }
            Ok(())
        }))
        .unwrap();
        let server = Arc::new(server);
        let client = Client::<W>::new(mode);
        let first = get(&client, server.port(), "/first");
        client.exchange(first).unwrap();
        client.body(first).unwrap();
        client.close_and_wait(first);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let second = client.open_request(connect, "POST", "/second", 0).unwrap();
        let peer = Arc::clone(&server);
        client.recorder.on(SENDING, move |event| {
            if event.handle == second {
                peer.release("late").unwrap();
                said.lock().unwrap().recv_timeout(PATIENCE).unwrap();
                time_passes(Duration::from_millis(5));
            }
        });
        let sending = Sending { body: b"body", total: 4, ..Sending::default() };
        client.send_with(second, sending).unwrap();
        client.receive(second).unwrap();
        assert_eq!(client.status_code(second), Ok(200));
        assert_eq!(client.body(second).unwrap(), b"hello");
        client.finish();
        let targets: Vec<_> = server.requests().iter().map(|request| (request.connection, request.target.clone())).collect();
        assert_eq!(targets, [(0, "/first".to_owned()), (1, "/second".to_owned())]);
    }

    fn fact_21_4_2_the_idle_life_is_set_on_sessions_without_children<W>(mode) {
        let client = Client::<W>::new(mode);
        let set = |handle, ms| set_dword::<W>(handle, IDLE_LIFE, ms);
        for too_short in [0, 1, 4999] {
            assert_eq!(set(client.session, too_short), Err(c::ERROR_INVALID_PARAMETER), "{too_short}");
        }
        for good in [5000, 60_000, u32::MAX] {
            assert_eq!(set(client.session, good), Ok(()), "{good}");
        }
        let connect = client.connect("127.0.0.1", 1).unwrap();
        let request = client.open_request(connect, "GET", "/", 0).unwrap();
        for handle in [connect, request] {
            assert_eq!(set(handle, 5000), Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE));
        }
        let state = c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE;
        assert_eq!(set(client.session, 5000), Err(state));
        client.close(connect).unwrap();
        assert_eq!(set(client.session, 5000), Err(state), "the request is still there");
        client.close(request).unwrap();
        client.recorder.wait(request, CLOSING);
        client.recorder.wait(connect, CLOSING);
        assert_eq!(set(client.session, 5000), Ok(()));
        client.finish();
    }

    fn fact_21_4_2_a_session_with_an_idle_life_of_its_own_shares_no_connection<W>(mode) {
        for place in both_schemes(friendly) {
            for connections in [1, 2] {
                let client = Client::<W>::new(mode);
                if connections == 2 {
                    set_dword::<W>(client.session, IDLE_LIFE, u32::MAX).unwrap();
                }
                whole(&client, &place, "/first");
                whole(&client, &place, "/second");
                assert_eq!(place.server.connections(), connections);
                client.finish();
            }
            // Fact 21.4.3: its connections end with it.
            assert!(place.server.wait_peer_end(1, PATIENCE).is_some());
        }
    }

    fn facts_21_7_4_and_35_1_the_end_of_an_idle_connection_is_silent<W>(mode) {
        let (places, _said) = ending();
        for place in places {
            let client = Client::<W>::new(mode);
            whole(&client, &place, "/");
            let before = told(&client);
            place.server.release("end").unwrap();
            assert!(place.server.wait_peer_end(0, PATIENCE).is_some(), "it is answered");
            settle(&client);
            assert_eq!(told_of(&client, &before), before);
            client.finish();
        }
    }

    fn fact_21_7_4_a_stale_connection_is_dropped_without_a_word<W>(mode) {
        let (places, said) = ending();
        for place in places {
            let client = Client::<W>::new(mode);
            whole(&client, &place, "/");
            let before = told(&client);
            place.server.release("end").unwrap();
            said.recv_timeout(PATIENCE).unwrap();
            let second = place.request(&client, "GET", "/");
            client.exchange(second).unwrap();
            assert_eq!(client.recorder.statuses_of(second), exchange_on_a_new_connection(mode));
            assert_eq!(told_of(&client, &before), before);
            client.finish();
        }
    }

    fn fact_21_7_4_a_drain_that_fails_is_silent<W>(mode) {
        let places = both_schemes(|connection: &mut Connection| {
            connection.read_head()?;
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")?;
            let _held = connection.hold("rest")?;
            connection.reset()
        });
        for place in places {
            let client = Client::<W>::new(mode);
            // One connection at a time: the next request has its turn when the drain is over.
            set_dword::<W>(client.session, c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER, 1).unwrap();
            let request = place.request(&client, "GET", "/");
            client.exchange(request).unwrap();
            assert_eq!(client.read(request, 1).as_deref(), Ok(&b"x"[..]));
            client.close(request).unwrap();
            client.recorder.wait(request, CLOSING);
            let before = told(&client);
            place.server.release("rest").unwrap();
            let second = place.request(&client, "GET", "/");
            client.exchange(second).unwrap();
            assert_eq!(client.recorder.statuses_of(second), exchange_on_a_new_connection(mode));
            assert_eq!(told_of(&client, &before), before);
            client.finish();
        }
    }
}

/// Also for sessions that nobody disturbs: what is idle ends with its life, and not before. Takes
/// the shortest that can be set, five seconds, for all of them at once.
#[test]
fn facts_21_4_1_and_21_4_2_and_21_7_4_an_idle_life_ends_in_silence_and_not_before() {
    const LIFE: Duration = Duration::from_secs(5);
    let places = both_schemes(friendly);
    let modes = [Mode::Sync, Mode::Async];
    let pairs = places
        .iter()
        .flat_map(|place| modes.map(|mode| (place, mode)));
    let begin = Instant::now();
    let clients: Vec<_> = pairs
        .map(|(place, mode)| {
            let client = Client::<u16>::new(mode);
            set_dword::<u16>(client.session, IDLE_LIFE, 5000).unwrap();
            whole(&client, place, "/first");
            let before = told(&client);
            (client, place, before)
        })
        .collect();
    for place in &places {
        for connection in 0..modes.len() {
            let end = place.server.wait_peer_end(connection, PATIENCE);
            assert!(end.is_some(), "{connection}");
        }
    }
    assert!(begin.elapsed() >= LIFE, "{:?}", begin.elapsed());
    for (client, place, before) in clients {
        assert_eq!(told_of(&client, &before), before);
        let second = whole(&client, place, "/second");
        let statuses = client.recorder.statuses_of(second);
        assert!(statuses.contains(&CONNECTED), "{statuses:x?}");
        client.finish();
    }
}
