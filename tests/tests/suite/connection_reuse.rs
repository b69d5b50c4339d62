//! Which requests share a connection, and when a connection ends: seen by the server, which counts
//! them, and by the program, which is told of each one that is opened.

use std::io;
use std::ptr::null_mut;
use std::time::{Duration, Instant};

use winhttp_abi::constants as c;
use winhttp_abi::types::Guid;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::{Connection, Server, by_path};
use winhttp_tests::support::{dword, set_dword, set_text};
use winhttp_tests::{
    Call, Client, HELLO, Handle, Mode, PATIENCE, Sending, answers_each, call, scenarios, status,
};

/// Many times what it takes; far below everything else that would end a connection.
const SOON: Duration = Duration::from_secs(8);
const CONNECTED: u32 = c::WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER;
const SENDING: u32 = c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST;
const SENT: u32 = c::WINHTTP_CALLBACK_STATUS_REQUEST_SENT;
const SEND_COMPLETE: u32 = c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE;

/// A server whose answers depend on the path and on how often it was asked on this connection.
fn server(
    answer: impl Fn(&mut Connection, &str, usize) -> io::Result<()> + Send + Sync + 'static,
) -> Server {
    Server::plain(answers_each(answer)).unwrap()
}

/// Always says hello.
fn friendly() -> Server {
    server(|connection, _, _| connection.send(HELLO))
}

/// Sends a request and reads its body to the end.
fn whole<W: Unit>(client: &Client<W>, request: Handle) -> Vec<u8> {
    client.exchange(request).unwrap();
    client.body(request).unwrap()
}

/// Gets a path with a request and a connect of its own, reads it to the end, and closes both.
fn get<W: Unit>(client: &Client<W>, port: u16, path: &str) -> Vec<u8> {
    let request = client.get(port, path);
    let body = whole(client, request);
    client.close_and_wait(request);
    body
}

fn was_told<W: Unit>(client: &Client<W>, request: Handle, status: u32) -> bool {
    client.recorder.statuses_of(request).contains(&status)
}

scenarios! {
    fn fact_5_2_1_and_21_1_2_a_connection_that_is_there_needs_no_look_up_and_no_news<W>(mode) {
        let server = friendly();
        let client = Client::<W>::new(mode);
        assert_eq!(get(&client, server.port(), "/first"), b"hello");
        let second = client.get(server.port(), "/second");
        let before = client.events(second);
        client.send(second).unwrap();
        let told = client.recorder.statuses_of(second).split_off(before);
        match mode {
            Mode::Sync => assert_eq!(told, [SENDING, SENT]),
            Mode::Async => assert_eq!(told, [SENDING, SENT, SEND_COMPLETE]),
        }
        client.receive(second).unwrap();
        assert_eq!(client.body(second).unwrap(), b"hello");
        assert_eq!(server.connections(), 1);
        client.finish();
    }

    fn fact_5_2_2_and_21_2_2_the_pool_is_the_processes_and_outlives_sessions<W>(mode) {
        let server = friendly();
        for _ in 0..3 {
            let client = Client::<W>::new(mode);
            get(&client, server.port(), "/");
            client.finish();
        }
        assert_eq!(server.connections(), 1);
    }

    fn fact_21_1_1_connects_own_no_connection<W>(mode) {
        let server = friendly();
        let client = Client::<W>::new(mode);
        for _ in 0..2 {
            let connect = client.connect("127.0.0.1", server.port()).unwrap();
            let request = client.open_request(connect, "GET", "/", 0).unwrap();
            client.close(connect).unwrap();
            whole(&client, request);
            client.close_and_wait(request);
        }
        assert_eq!(server.connections(), 1);
        client.finish();
    }

    fn fact_5_2_3_and_21_3_1_an_unread_body_is_passed_over<W>(mode) {
        let server = server(|connection, path, _| match path {
            "/unread" => connection.send(&[&b"HTTP/1.1 200 OK\r\nContent-Length: 10240\r\n\r\n"[..], &[7; 10240]].concat()),
            _ => connection.send(HELLO),
        });
        let client = Client::<W>::new(mode);
        let first = client.get(server.port(), "/unread");
        client.exchange(first).unwrap();
        client.close_and_wait(first);
        let second = client.get(server.port(), "/unread");
        client.exchange(second).unwrap();
        assert_eq!(client.read(second, 100).unwrap().len(), 100);
        // Sent again without having been read to the end.
        assert_eq!(client.exchange(second), Ok(()));
        client.close_and_wait(second);
        get(&client, server.port(), "/");
        assert_eq!(server.connections(), 1);
        client.finish();
    }

    fn fact_21_3_1_chunks_that_nobody_read_and_that_are_still_to_come_end_the_connection<W>(mode) {
        let server = server(|connection, path, _| match path {
            "/chunks" => {
                connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")?;
                let _held = connection.hold("chunks")?;
                connection.send(b"1\r\nx\r\n0\r\n\r\n")
            }
            _ => connection.send(HELLO),
        });
        let client = Client::<W>::new(mode);
        let first = client.get(server.port(), "/chunks");
        client.exchange(first).unwrap();
        client.close_and_wait(first);
        assert!(server.wait_peer_end(0, PATIENCE).is_some());
        server.release("chunks").unwrap();
        get(&client, server.port(), "/");
        assert_eq!(server.connections(), 2);
        client.finish();
    }

    fn fact_21_3_1_and_21_3_2_a_body_that_was_begun_is_drained_behind_the_programs_back<W>(mode) {
        let server = server(|connection, path, _| match path {
            "/chunks" => {
                connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")?;
                let _held = connection.hold("rest")?;
                connection.send(b"1\r\nx\r\n0\r\n\r\n")
            }
            _ => connection.send(HELLO),
        });
        let client = Client::<W>::new(mode);
        // One connection at a time: the next request waits for the one that is drained.
        set_dword::<W>(client.session, c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER, 1).unwrap();
        let first = client.get(server.port(), "/chunks");
        client.exchange(first).unwrap();
        assert_eq!(client.read(first, 1).unwrap(), b"x");
        client.close(first).unwrap();
        server.release("rest").unwrap();
        assert_eq!(get(&client, server.port(), "/"), b"hello");
        assert_eq!(server.connections(), 1);
        client.finish();
    }

    fn fact_21_4_3_also_a_connection_that_is_drained_ends_with_its_session<W>(mode) {
        let server = server(|connection, _, _| {
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx")?;
            let _held = connection.hold("rest")?;
            connection.send(b"x")
        });
        let client = Client::<W>::new(mode);
        set_dword::<W>(client.session, c::WINHTTP_OPTION_DISABLE_GLOBAL_POOLING, 1).unwrap();
        let request = client.get(server.port(), "/");
        client.exchange(request).unwrap();
        assert_eq!(client.read(request, 1).unwrap(), b"x");
        client.close_and_wait(request);
        client.finish();
        server.release("rest").unwrap();
        assert!(server.wait_peer_end(0, PATIENCE).is_some());
    }

    fn a_refused_upgrade_that_was_received_unseen_lets_its_connection_go<W>(mode) {
        let server = server(|connection, path, _| match path {
            "/refuses" => connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
            _ => connection.send(HELLO),
        });
        let client = Client::<W>::new(mode);
        set_dword::<W>(client.session, c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER, 1).unwrap();
        let refused = client.web_socket_request(server.port(), "/refuses");
        client.send(refused).unwrap();
        client.complete_upgrade(refused, 0).unwrap_err();
        assert_eq!(get(&client, server.port(), "/"), b"hello");
        client.finish();
    }

    fn fact_21_3_2_a_body_that_stalls_delays_no_close_and_ends_its_connection<W>(mode) {
        let server = server(|connection, path, _| match path {
            "/stalls" => {
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")?;
                connection.wait_closed();
                Ok(())
            }
            _ => connection.send(HELLO),
        });
        let client = Client::<W>::new(mode);
        let first = client.get(server.port(), "/stalls");
        client.exchange(first).unwrap();
        let begun = Instant::now();
        client.close_and_wait(first);
        get(&client, server.port(), "/");
        assert_eq!(server.connections(), 2);
        assert!(server.wait_peer_end(0, PATIENCE).is_some());
        // It is waited for a second, and the machine may be busy; the connection would be idle for
        // two minutes, and a receive may wait for thirty seconds.
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        client.finish();
    }

    fn fact_21_3_1_a_body_above_the_drain_limit_ends_its_connection<W>(mode) {
        let server = server(|connection, path, _| match path {
            "/long" => connection.send(&[&b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n"[..], &[7; 2000]].concat()),
            _ => connection.send(HELLO),
        });
        for (limit, connections) in [(1999, 2), (2000, 3)] {
            let client = Client::<W>::new(mode);
            let first = client.get(server.port(), "/long");
            set_dword::<W>(first, c::WINHTTP_OPTION_MAX_RESPONSE_DRAIN_SIZE, limit).unwrap();
            client.exchange(first).unwrap();
            client.close_and_wait(first);
            let own = if limit == 1999 { 2 } else { connections - 1 };
            get(&client, server.port(), "/");
            assert_eq!(server.connections(), own, "{limit}");
            client.finish();
        }
    }

    fn fact_5_2_5_every_body_that_says_where_it_ends_keeps_its_connection<W>(mode) {
        let answers: [&[u8]; 6] = [
            HELLO,
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            b"HTTP/1.1 204 No Content\r\n\r\n",
            b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
        ];
        let server = server(move |connection, _, count| connection.send(answers[count % answers.len()]));
        let client = Client::<W>::new(mode);
        for answer in answers {
            let body = get(&client, server.port(), "/");
            assert_eq!(body.is_empty(), !answer.windows(5).any(|word| word == b"hello"));
        }
        assert_eq!(server.connections(), 1);
        client.finish();
    }

    fn facts_21_3_4_and_21_3_5_what_says_otherwise_or_is_not_in_order_ends_it<W>(mode) {
        let answers: [&[u8]; 7] = [
            b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
            b"HTTP/1.1 200 OK\r\nProxy-Connection: close\r\nContent-Length: 5\r\n\r\nhello",
            b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, world",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        ];
        for answer in answers {
            let server = server(move |connection, path, _| connection.send(if path == "/odd" { answer } else { HELLO }));
            let client = Client::<W>::new(mode);
            assert_eq!(get(&client, server.port(), "/odd"), b"hello");
            let second = client.get(server.port(), "/");
            assert_eq!(whole(&client, second), b"hello");
            assert!(was_told(&client, second, CONNECTED), "{}", String::from_utf8_lossy(answer));
            assert!(server.wait_peer_end(0, PATIENCE).is_some(), "closed at once");
            client.finish();
        }
    }

    fn fact_5_2_6_and_21_7_1_a_request_that_ends_its_connection_may_use_a_pooled_one<W>(mode) {
        let server = friendly();
        let client = Client::<W>::new(mode);
        get(&client, server.port(), "/");
        let last = client.get(server.port(), "/last");
        let sending = Sending { headers: Some("Connection: close"), ..Sending::default() };
        client.send_with(last, sending).unwrap();
        client.receive(last).unwrap();
        assert_eq!(client.body(last).unwrap(), b"hello");
        assert!(!was_told(&client, last, CONNECTED));
        assert!(server.wait_peer_end(0, PATIENCE).is_some(), "the client closes it");
        get(&client, server.port(), "/");
        assert_eq!(server.connections(), 2);
        client.finish();
    }

    fn fact_21_2_1_the_name_as_given_decides_in_any_case_and_a_session_of_its_own_shares_nothing<W>(mode) {
        let server = friendly();
        let client = Client::<W>::new(mode);
        let names = [("127.0.0.1", 1), ("localhost", 2), ("LOCALHOST", 2), ("127.0.0.1", 2)];
        for (name, connections) in names {
            let connect = client.connect(name, server.port()).unwrap();
            let request = client.open_request(connect, "GET", "/", 0).unwrap();
            whole(&client, request);
            client.close_and_wait(request);
            assert_eq!(server.connections(), connections, "{name}");
        }
        for connections in [3, 4] {
            let own = Client::<W>::new(mode);
            set_dword::<W>(own.session, c::WINHTTP_OPTION_DISABLE_GLOBAL_POOLING, 1).unwrap();
            get(&own, server.port(), "/");
            get(&own, server.port(), "/");
            assert_eq!(server.connections(), connections);
            own.finish();
            // Fact 21.4.3: its connections end with it.
            assert!(server.wait_peer_end(connections - 1, PATIENCE).is_some());
        }
        get(&client, server.port(), "/");
        assert_eq!(server.connections(), 4);
        client.finish();
    }

    fn fact_21_1_6_another_name_to_look_up_is_another_connection<W>(mode) {
        let server = friendly();
        let client = Client::<W>::new(mode);
        get(&client, server.port(), "/");
        let second = client.get(server.port(), "/");
        resolve_as::<W>(second, "localhost").unwrap();
        whole(&client, second);
        assert!(was_told(&client, second, CONNECTED));
        client.close_and_wait(second);
        // The one without the other name is still there.
        get(&client, server.port(), "/");
        assert_eq!(server.connections(), 2);
        client.finish();
    }

    fn fact_21_4_4_what_the_server_has_ended_is_not_used<W>(mode) {
        let server = server(|connection, path, _| {
            connection.send(HELLO)?;
            if path == "/ends" {
                connection.close();
            }
            Ok(())
        });
        let client = Client::<W>::new(mode);
        get(&client, server.port(), "/ends");
        assert!(server.wait_peer_end(0, PATIENCE).is_some(), "answered without any call");
        let second = client.get(server.port(), "/");
        assert_eq!(whole(&client, second), b"hello");
        assert!(was_told(&client, second, CONNECTED));
        client.finish();
    }

    fn fact_21_5_3_a_stale_connection_is_replaced_unseen_where_that_does_no_harm<W>(mode) {
        // The second request on a connection meets its end.
        let server = server(|connection, _, count| match count {
            0 => connection.send(HELLO),
            _ => {
                connection.close();
                Ok(())
            }
        });
        let client = Client::<W>::new(mode);
        get(&client, server.port(), "/");
        let second = client.get(server.port(), "/again");
        assert_eq!(whole(&client, second), b"hello");
        assert_eq!(server.connections(), 2);
        assert!(was_told(&client, second, CONNECTED));
        client.close_and_wait(second);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let put = client.open_request(connect, "PUT", "/", 0).unwrap();
        client.send_with(put, Sending { body: b"body", total: 4, ..Sending::default() }).unwrap();
        assert_eq!(client.receive(put), Ok(()), "lent until then");
        assert_eq!(client.body(put).as_deref(), Ok(&b"hello"[..]));
        assert_eq!(server.connections(), 3);
        client.close_and_wait(put);
        // Ruling 40.10: what may have been done once is not done twice.
        let post = client.open_request(connect, "POST", "/", 0).unwrap();
        client.send(post).unwrap();
        assert_eq!(client.receive(post), Err(c::ERROR_WINHTTP_CONNECTION_ERROR));
        assert_eq!(server.connections(), 3);
        client.finish();
    }

    fn a_connection_in_place_of_a_stale_one_does_not_have_its_mark<W>(mode) {
        let server = server(|connection, path, _| match path {
            "/stale" if connection.id() == 0 => {
                connection.close();
                Ok(())
            }
            _ => connection.send(HELLO),
        });
        let client = Client::<W>::new(mode);
        let marked = client.get(server.port(), "/marked");
        client.put_option(marked, c::WINHTTP_OPTION_CONNECTION_GUID, &[7; 16]).unwrap();
        whole(&client, marked);
        client.close_and_wait(marked);
        assert_eq!(get(&client, server.port(), "/stale"), b"hello");
        assert_eq!(server.connections(), 2);
        let matching = client.get(server.port(), "/matching");
        let required = c::WINHTTP_MATCH_CONNECTION_GUID_FLAG_REQUIRE_MARKED_CONNECTION;
        let wanted = [&[7; 16][..], &required.to_ne_bytes()].concat();
        client.put_option(matching, c::WINHTTP_OPTION_MATCH_CONNECTION_GUID, &wanted).unwrap();
        whole(&client, matching);
        assert_eq!(server.connections(), 3);
        client.finish();
    }

    fn fact_21_7_2_an_expired_connection_serves_no_other_request<W>(mode) {
        let server = friendly();
        let client = Client::<W>::new(mode);
        let first = client.get(server.port(), "/");
        client.exchange(first).unwrap();
        expire::<W>(first).unwrap();
        assert_eq!(client.body(first).unwrap(), b"hello");
        assert_eq!(expire::<W>(first), Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE), "it is gone");
        get(&client, server.port(), "/");
        assert_eq!(server.connections(), 2);
        client.finish();
    }

    fn facts_21_6_1_and_21_6_2_a_request_over_the_limit_waits_for_those_before_it<W>(mode) {
        let server = friendly();
        let client = Client::<W>::new(mode);
        set_dword::<W>(client.session, c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER, 1).unwrap();
        assert_eq!(dword::<W>(client.session, c::WINHTTP_OPTION_MAX_CONNS_PER_SERVER), Ok(1));
        let first = client.get(server.port(), "/0");
        client.exchange(first).unwrap();
        if mode == Mode::Sync {
            // The body is read to its end, and the handle stays open.
            assert_eq!(client.body(first).unwrap(), b"hello");
            get(&client, server.port(), "/1");
        } else {
            let others: Vec<Handle> = (1..6).map(|n| client.get(server.port(), &format!("/{n}"))).collect();
            for other in &others {
                client.start_send(*other, 0).unwrap();
            }
            for other in &others {
                assert!(!was_told(&client, *other, SENDING), "it waits");
            }
            // One that is closed leaves its place to the next.
            client.close_and_wait(others[1]);
            assert_eq!(client.body(first).unwrap(), b"hello");
            for other in others.iter().filter(|other| **other != others[1]) {
                client.recorder.wait(*other, SEND_COMPLETE);
                client.receive(*other).unwrap();
                assert_eq!(client.body(*other).unwrap(), b"hello");
            }
            let targets: Vec<String> = server.requests().iter().map(|request| request.target.clone()).collect();
            assert_eq!(targets, ["/0", "/1", "/3", "/4", "/5"]);
        }
        assert_eq!(server.connections(), 1);
        client.finish();
    }

    fn fact_21_8_1_connections_are_counted_by_their_guids<W>(mode) {
        let server = friendly();
        let client = Client::<W>::new(mode);
        set_dword::<W>(client.session, c::WINHTTP_OPTION_DISABLE_GLOBAL_POOLING, 1).unwrap();
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let insecure = c::WINHTTP_QUERY_CONNECTION_GROUP_FLAG_INSECURE;
        assert_eq!(groups::<W>(connect, None, insecure), Ok(vec![]));
        let open = |guid: Option<Guid>| {
            let request = client.open_request(connect, "GET", "/", 0).unwrap();
            if let Some(guid) = guid {
                mark::<W>(request, guid).unwrap();
            }
            client.exchange(request).unwrap();
            request
        };
        let requests = [open(None), open(None), open(Some(MINE))];
        let host = "127.0.0.1".to_owned();
        let none = Guid { data1: 0, data2: 0, data3: 0, data4: [0; 8] };
        let both = vec![(host.clone(), vec![(2, none), (1, MINE)])];
        assert_eq!(groups::<W>(connect, None, insecure), Ok(both.clone()));
        assert_eq!(groups::<W>(requests[0], None, 0), Ok(both));
        assert_eq!(groups::<W>(connect, None, 0), Ok(vec![]), "https");
        let mine = vec![(host, vec![(1, MINE)])];
        assert_eq!(groups::<W>(connect, Some(MINE), insecure), Ok(mine));
        assert_eq!(groups::<W>(client.session, None, 0), Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE));
        assert_eq!(groups::<W>(connect, None, 2), Err(c::ERROR_INVALID_PARAMETER));
        client.finish();
    }

    fn fact_21_2_4_a_connection_with_an_ignored_defect_serves_only_who_ignores_it<W>(mode) {
        let authority = Authority::new().unwrap();
        let identity = authority.issue(&IdentityOptions::default()).unwrap();
        let server = Server::tls(by_path, &identity).unwrap();
        let client = Client::<W>::new(mode);
        let ask = |flags: u32| {
            let connect = client.connect("127.0.0.1", server.port()).unwrap();
            let request = client.open_request(connect, "GET", "/status?body=x", c::WINHTTP_FLAG_SECURE).unwrap();
            if flags != 0 {
                set_dword::<W>(request, c::WINHTTP_OPTION_SECURITY_FLAGS, flags).unwrap();
            }
            let outcome = client.exchange(request).and_then(|()| client.body(request));
            client.close_and_wait(request);
            outcome
        };
        let all = c::SECURITY_FLAG_IGNORE_UNKNOWN_CA | c::SECURITY_FLAG_IGNORE_CERT_CN_INVALID | c::SECURITY_FLAG_IGNORE_CERT_DATE_INVALID;
        assert_eq!(ask(all).as_deref(), Ok(&b"x"[..]));
        assert_eq!(ask(all).as_deref(), Ok(&b"x"[..]));
        assert_eq!(server.connections(), 1);
        assert_eq!(ask(0), Err(c::ERROR_WINHTTP_SECURE_FAILURE));
        assert_eq!(server.connections(), 2);
        assert_eq!(ask(all).as_deref(), Ok(&b"x"[..]), "the connection is still there");
        assert_eq!(server.connections(), 2);
        client.finish();
    }
}

#[test]
fn a_server_that_answers_with_http_1_0_has_a_limit_of_its_own() {
    let server = server(|connection, _, _| {
        connection
            .send(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello")
    });
    let client = Client::<u16>::new(Mode::Async);
    let limit = c::WINHTTP_OPTION_MAX_CONNS_PER_1_0_SERVER;
    set_dword::<u16>(client.session, limit, 1).unwrap();
    let first = client.get(server.port(), "/");
    client.exchange(first).unwrap();
    let second = client.get(server.port(), "/");
    client.start_send(second, 0).unwrap();
    assert_eq!(client.body(first).unwrap(), b"hello");
    client.recorder.wait(second, SEND_COMPLETE);
    assert!(!was_told(&client, second, CONNECTED), "it has waited");
    assert_eq!(server.connections(), 1);
    client.finish();
}

fn expire<W: Unit>(request: Handle) -> Call<()> {
    let option = c::WINHTTP_OPTION_EXPIRE_CONNECTION;
    // SAFETY: no memory is passed.
    call(unsafe { winhttp::WinHttpSetOption::<W>(request.raw(), option, null_mut(), 0) })
}

fn resolve_as<W: Unit>(request: Handle, name: &str) -> Call<()> {
    set_text::<W>(request, c::WINHTTP_OPTION_RESOLUTION_HOSTNAME, name)
}

const MINE: Guid = Guid {
    data1: 1,
    data2: 2,
    data3: 3,
    data4: [4; 8],
};

fn mark<W: Unit>(request: Handle, guid: Guid) -> Call<()> {
    let mut guid = guid;
    let option = c::WINHTTP_OPTION_CONNECTION_GUID;
    // SAFETY: the GUID lives through the call, which only reads it.
    call(unsafe {
        winhttp::WinHttpSetOption::<W>(request.raw(), option, (&raw mut guid).cast(), 16)
    })
}

/// The name of each host, and its groups.
type Groups = Vec<(String, Vec<(u32, Guid)>)>;

#[expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "one promise for the whole result"
)]
fn groups<W: Unit>(handle: Handle, guid: Option<Guid>, flags: u64) -> Call<Groups> {
    let guid = guid.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let mut result = null_mut();
    // SAFETY: GUID and result live through the call.
    status(unsafe {
        winhttp::WinHttpQueryConnectionGroup::<W>(handle.raw(), guid, flags, &raw mut result)
    })?;
    // SAFETY: the result is whole, and is freed once.
    Ok(unsafe {
        let hosts = (0..(*result).c_hosts as usize)
            .map(|index| *(*result).p_host_connection_groups.add(index));
        let found = hosts.map(|host| {
            let groups = (0..host.c_connection_groups as usize)
                .map(|index| *host.p_connection_groups.add(index));
            let groups = groups.map(|group| (group.c_connections, group.guid_group));
            let length = (0..).take_while(|at| host.pwsz_host.add(*at).read().widen() != 0);
            let name = std::slice::from_raw_parts(host.pwsz_host, length.count());
            (W::decode(name).unwrap(), groups.collect())
        });
        let found = found.collect();
        winhttp::WinHttpFreeQueryConnectionGroupResult::<W>(result);
        found
    })
}
