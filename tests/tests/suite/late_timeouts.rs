//! Timeouts set after WinHttpSendRequest govern the waits that follow, whichever way they are set.

use std::time::Duration;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::hole::TcpHole;
use winhttp_fixtures::{Connection, Server};
use winhttp_tests::support::{get, set_dword, set_timeouts, takes, ticker, undisturbed};
use winhttp_tests::{Client, Handle, Sending, scenarios};

const TIMEOUT: u32 = c::ERROR_WINHTTP_TIMEOUT;
/// The limit set late, in milliseconds.
const LIMIT: i32 = 200;
const LIMIT_TIME: Duration = Duration::from_millis(200);
/// More than any pair of socket buffers takes, in bytes.
const HUGE: u32 = 64 << 20;

/// How a limit is set.
#[derive(Clone, Copy, Debug)]
enum Way {
    Option,
    SetTimeouts,
}

const WAYS: [Way; 2] = [Way::Option, Way::SetTimeouts];

fn limit_receiving<W: Unit>(request: Handle, way: Way, limit: i32) {
    match way {
        Way::Option => set_dword::<W>(
            request,
            c::WINHTTP_OPTION_RECEIVE_TIMEOUT,
            limit.unsigned_abs(),
        )
        .unwrap(),
        Way::SetTimeouts => set_timeouts::<W>(request, 0, 0, 0, limit),
    }
}

fn limit_sending<W: Unit>(request: Handle, way: Way, limit: i32) {
    match way {
        Way::Option => set_dword::<W>(
            request,
            c::WINHTTP_OPTION_SEND_TIMEOUT,
            limit.unsigned_abs(),
        )
        .unwrap(),
        Way::SetTimeouts => set_timeouts::<W>(request, 0, 0, limit, 0),
    }
}

/// A request without limits that has been sent.
fn sent<W: Unit>(client: &Client<W>, port: u16) -> Handle {
    let request = get(client, port, "/");
    set_timeouts::<W>(request, 0, 0, 0, 0);
    client.send(request).unwrap();
    request
}

/// A server whose body of ten bytes stops behind the third.
fn stalling() -> Server {
    Server::plain(|connection: &mut Connection| {
        connection.read_head()?;
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")?;
        connection.wait_closed();
        Ok(())
    })
    .unwrap()
}

scenarios! {
    fn receive_timeout_between_send_request_and_receive_response<W>(mode) {
        let hole = TcpHole::new().unwrap();
        let client = Client::<W>::new(mode);
        for way in WAYS {
            let request = sent(&client, hole.port());
            limit_receiving::<W>(request, way, LIMIT);
            assert_eq!(takes(LIMIT_TIME, || client.receive(request)), Err(TIMEOUT));
        }
        client.finish();
    }

    fn receive_timeout_after_the_head_and_between_two_reads<W>(mode) {
        let server = stalling();
        let client = Client::<W>::new(mode);
        for (way, first) in WAYS.into_iter().flat_map(|way| [(way, 0), (way, 3)]) {
            let request = sent(&client, server.port());
            client.receive(request).unwrap();
            assert_eq!(client.read(request, first).map(|data| data.len()), Ok(first));
            limit_receiving::<W>(request, way, LIMIT);
            if first == 0 {
                assert_eq!(client.read(request, 3).as_deref(), Ok(&b"abc"[..]));
            }
            assert_eq!(takes(LIMIT_TIME, || client.read(request, 10)), Err(TIMEOUT));
        }
        client.finish();
    }

    fn receive_timeout_before_query_data_available<W>(mode) {
        let server = stalling();
        let client = Client::<W>::new(mode);
        let request = sent(&client, server.port());
        client.receive(request).unwrap();
        assert_eq!(client.read(request, 3).as_deref(), Ok(&b"abc"[..]));
        limit_receiving::<W>(request, Way::Option, LIMIT);
        assert_eq!(takes(LIMIT_TIME, || client.available(request)), Err(TIMEOUT));
        client.finish();
    }

    fn a_limit_can_be_lifted_and_lowered_again<W>(mode) {
        let server = Server::plain(|connection: &mut Connection| {
            connection.read_head()?;
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")?;
            connection.hold("on")?;
            connection.send(b"abc")?;
            connection.wait_closed();
            Ok(())
        })
        .unwrap();
        let hole = TcpHole::new().unwrap();
        let client = Client::<W>::new(mode);
        let request = undisturbed(|| {
            let request = get(&client, server.port(), "/");
            set_timeouts::<W>(request, 0, 0, 0, LIMIT);
            client.exchange(request).ok().map(|()| request)
        });
        limit_receiving::<W>(request, Way::Option, 0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // Another request's limit measures that time passes.
                let client = Client::<W>::new(mode);
                let clock = get(&client, hole.port(), "/");
                set_timeouts::<W>(clock, 0, 0, 0, 2 * LIMIT);
                client.send(clock).unwrap();
                assert_eq!(client.receive(clock), Err(TIMEOUT));
                client.finish();
                server.release("on").unwrap();
            });
            assert_eq!(client.read(request, 3).as_deref(), Ok(&b"abc"[..]));
        });
        limit_receiving::<W>(request, Way::Option, LIMIT);
        assert_eq!(takes(LIMIT_TIME, || client.read(request, 3)), Err(TIMEOUT));
        client.finish();
    }

    fn send_timeout_before_write_data<W>(mode) {
        let hole = TcpHole::new().unwrap();
        let client = Client::<W>::new(mode);
        let body = vec![0; HUGE as usize];
        for way in WAYS {
            let request = get(&client, hole.port(), "/");
            set_timeouts::<W>(request, 0, 0, 0, 0);
            client.send_with(request, Sending { total: HUGE, ..Sending::default() }).unwrap();
            limit_sending::<W>(request, way, LIMIT);
            let written = takes(LIMIT_TIME, || client.write(request, &body));
            assert_eq!(written, Err(TIMEOUT));
        }
        client.finish();
    }

    fn receive_response_timeout_after_send_request<W>(mode) {
        // The head comes in drops, so that RECEIVE_TIMEOUT never strikes.
        let (stop, tick) = ticker(Duration::from_millis(40));
        let server = Server::plain(move |connection| {
            connection.read_head()?;
            connection.send(b"HTTP/1.1 200 OK\r\nX-Endless: ")?;
            while tick() && connection.send(b"x").is_ok() {}
            Ok(())
        })
        .unwrap();
        let client = Client::<W>::new(mode);
        let request = sent(&client, server.port());
        set_dword::<W>(request, c::WINHTTP_OPTION_RECEIVE_RESPONSE_TIMEOUT, 600).unwrap();
        let limit = Duration::from_millis(600);
        assert_eq!(takes(limit, || client.receive(request)), Err(TIMEOUT));
        client.finish();
        drop((stop, server));
    }

    fn a_limit_set_in_a_callback_of_the_send_counts<W>(mode) {
        let hole = TcpHole::full().unwrap();
        let client = Client::<W>::new(mode);
        let request = get(&client, hole.port(), "/");
        set_timeouts::<W>(request, 0, 0, 0, 0);
        client.recorder.on(c::WINHTTP_CALLBACK_STATUS_RESOLVING_NAME, |event| {
            set_timeouts::<W>(event.handle, 0, LIMIT, 0, 0);
        });
        assert_eq!(takes(LIMIT_TIME, || client.send(request)), Err(TIMEOUT));
        client.finish();
    }
}
