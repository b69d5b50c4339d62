//! Connections in use: what keeps one busy, what its end means to the request on it, and requests
//! that run beside each other.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::Connection;
use winhttp_tests::support::schemes::{Place, both_schemes};
use winhttp_tests::support::{assert_failed_as, set_dword, time_passes};
use winhttp_tests::{Call, Client, HELLO, Handle, PATIENCE, Sending, scenarios};

const SENT: u32 = c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE;
const BROKEN: u32 = c::ERROR_WINHTTP_CONNECTION_ERROR;

/// Long enough for a request that does not wait.
const WHILE: Duration = Duration::from_millis(200);

/// Answers the first request of each connection, and reads the next one before it ends the
/// connection in this way.
fn once(
    end: impl Fn(&mut Connection) -> io::Result<()> + Clone + Send + Sync + 'static,
) -> [Place; 2] {
    both_schemes(move |connection: &mut Connection| {
        if let Some(request) = connection.read_head()? {
            let _body = connection.read_body(&request)?;
            connection.send(HELLO)?;
        }
        if let Some(request) = connection.read_head()? {
            let _body = connection.read_body(&request)?;
            end(connection)?;
        }
        Ok(())
    })
}

/// Gets a path whole, which leaves a connection for the next request.
fn warm_up<W: Unit>(client: &Client<W>, place: &Place) {
    let request = place.request(client, "GET", "/first");
    client.exchange(request).unwrap();
    assert_eq!(client.body(request).as_deref(), Ok(&b"hello"[..]));
    client.close(request).unwrap();
}

/// Sends a body at once, and receives the answer.
fn exchange_with<W: Unit>(
    client: &Client<W>,
    request: Handle,
    body: &'static [u8],
) -> Result<(), (u32, u32)> {
    let total = u32::try_from(body.len()).unwrap();
    let sending = Sending {
        body,
        total,
        ..Sending::default()
    };
    let sent = client.send_with(request, sending);
    sent.map_err(|error| (c::API_SEND_REQUEST, error))?;
    let received = client.receive(request);
    received.map_err(|error| (c::API_RECEIVE_RESPONSE, error))
}

scenarios! {
    fn fact_21_5_1_a_kept_connection_that_ends_under_a_request_is_a_connection_error<W>(mode) {
        let ends: [fn(&mut Connection) -> io::Result<()>; 2] = [
            |connection| {
                connection.close();
                Ok(())
            },
            Connection::reset,
        ];
        let ways = [("POST", &b""[..]), ("POST", b"body"), ("PATCH", b""), ("REPORT", b"body")];
        for end in ends {
            for place in once(end) {
                let client = Client::<W>::new(mode);
                for (count, (verb, body)) in (1..).zip(ways) {
                    warm_up(&client, &place);
                    let request = place.request(&client, verb, "/second");
                    let (api, error) = exchange_with(&client, request, body).unwrap_err();
                    assert_eq!(error, BROKEN, "{verb}");
                    assert_failed_as(&client, request, api, error);
                    // What may have been done once is not done twice.
                    assert_eq!(place.server.requests().len(), 2 * count, "{verb}");
                    assert_eq!(place.server.connections(), count, "{verb}");
                }
                client.finish();
            }
        }
    }

    fn fact_21_5_1_also_a_second_connection_that_ends_is_told<W>(mode) {
        // Every request but the first of all meets the end of its connection.
        let places = both_schemes(|connection: &mut Connection| {
            while connection.read_head()?.is_some_and(|request| request.target == "/first") {
                connection.send(HELLO)?;
            }
            connection.close();
            Ok(())
        });
        for place in places {
            let client = Client::<W>::new(mode);
            warm_up(&client, &place);
            let request = place.request(&client, "GET", "/second");
            let outcome = exchange_with(&client, request, b"");
            let invalid = c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE;
            assert_eq!(outcome, Err((c::API_RECEIVE_RESPONSE, invalid)));
            assert_failed_as(&client, request, c::API_RECEIVE_RESPONSE, invalid);
            assert_eq!(place.server.connections(), 2, "once more, and no further");
            client.finish();
        }
    }

    fn fact_21_5_1_under_parallel_load_every_request_succeeds_or_is_told<W>(mode) {
        const THREADS: usize = 4;
        const REQUESTS: usize = 15;
        // Each connection ends with its third request, which nobody answers.
        let places = both_schemes(|connection: &mut Connection| {
            for count in 0.. {
                if connection.read_head()?.is_none() || count == 2 {
                    break;
                }
                connection.send(HELLO)?;
            }
            connection.close();
            Ok(())
        });
        for place in places {
            let client = Client::<W>::new(mode);
            let told = AtomicUsize::new(0);
            thread::scope(|scope| {
                for thread in 0..THREADS {
                    let (client, place, told) = (&client, &place, &told);
                    scope.spawn(move || {
                        for count in 0..REQUESTS {
                            let path = format!("/{thread}/{count}");
                            let request = place.request(client, "POST", &path);
                            match exchange_with(client, request, b"") {
                                Ok(()) => {
                                    assert_eq!(client.body(request).as_deref(), Ok(&b"hello"[..]));
                                }
                                Err((_, error)) => {
                                    assert_eq!(error, BROKEN, "{path}");
                                    told.fetch_add(1, Ordering::Relaxed);
                                }
                            }
                            client.close(request).unwrap();
                        }
                    });
                }
            });
            // Two are answered for each that is not.
            let told = told.into_inner();
            assert!((1..=THREADS * REQUESTS / 3).contains(&told), "{told}");
            let mut seen = BTreeMap::new();
            for request in place.server.requests() {
                *seen.entry(request.target).or_insert(0) += 1;
            }
            assert!(seen.values().all(|count| *count == 1), "{seen:?}");
            client.finish();
        }
    }

    fn fact_21_6_4_a_body_that_is_not_read_keeps_its_connection_busy<W>(mode) {
        let places = both_schemes(|connection: &mut Connection| {
            while connection.read_head()?.is_some() {
                connection.send(HELLO)?;
            }
            Ok(())
        });
        for place in places {
            let client = Client::<W>::new(mode);
            set_dword::<W>(client.session, c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER, 1).unwrap();
            let first = place.request(&client, "GET", "/");
            client.exchange(first).unwrap();
            let second = place.request(&client, "GET", "/");
            thread::scope(|scope| {
                let waiting = scope.spawn(|| client.exchange(second));
                let requests = || place.server.requests().len();
                time_passes(WHILE);
                let while_unread = requests();
                let begin = client.read(first, 4);
                time_passes(WHILE);
                let while_unfinished = requests();
                let is_sent = client.recorder.statuses_of(second).contains(&SENT);
                let end = client.body(first);
                assert_eq!(waiting.join().unwrap(), Ok(()));
                assert_eq!((while_unread, while_unfinished, is_sent), (1, 1, false));
                assert_eq!([begin, end], [Ok(b"hell".to_vec()), Ok(b"o".to_vec())]);
            });
            assert_eq!(client.body(second).as_deref(), Ok(&b"hello"[..]));
            assert_eq!(place.server.connections(), 1);
            client.finish();
        }
    }

    fn fact_35_4_requests_of_one_connect_run_at_once<W>(mode) {
        const NAMES: [&str; 4] = ["a", "b", "c", "d"];
        let places = both_schemes(|connection: &mut Connection| {
            while let Some(request) = connection.read_head()? {
                let name = request.target.trim_start_matches('/');
                let _held = connection.hold(name)?;
                let head = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n";
                connection.send(format!("{head}{name}").as_bytes())?;
            }
            Ok(())
        });
        for place in places {
            let client = Client::<W>::new(mode);
            let connect = client.connect("127.0.0.1", place.server.port()).unwrap();
            thread::scope(|scope| {
                let (client, place) = (&client, &place);
                let running = NAMES.map(|name| {
                    let request = place.request_of(client, connect, "GET", name, 0);
                    scope.spawn(move || -> Call<Vec<u8>> {
                        client.exchange(request)?;
                        client.body(request)
                    })
                });
                let all_came = place.server.wait_request(NAMES.len() - 1, PATIENCE).is_some();
                if !all_came {
                    NAMES.iter().for_each(|name| place.server.release(name).unwrap());
                }
                assert!(all_came);
                // The last one ends first.
                for (name, thread) in NAMES.into_iter().zip(running).rev() {
                    place.server.release(name).unwrap();
                    assert_eq!(thread.join().unwrap().as_deref(), Ok(name.as_bytes()));
                }
            });
            assert_eq!(place.server.connections(), NAMES.len());
            client.finish();
        }
    }
}
