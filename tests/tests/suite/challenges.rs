//! Challenges that are answered: with credentials that are set, or options, and to whom they go.

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Connection, Server};
use winhttp_tests::support::credentials::{self, DIGEST_CHALLENGE, TOKEN, basic, digest};
use winhttp_tests::support::{set_dword, set_text};
use winhttp_tests::{Client, HELLO, Handle, Mode, Sending, answers, scenarios};

const BASIC: u32 = c::WINHTTP_AUTH_SCHEME_BASIC;
const DIGEST: u32 = c::WINHTTP_AUTH_SCHEME_DIGEST;
const ASK: &[u8] =
    b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n";

/// Challenges with this answer whoever shows nothing, and gives the others that one.
fn asks_once(challenge: &'static [u8], answer: impl Into<Vec<u8>>) -> Server {
    let answer = answer.into();
    Server::plain(move |connection: &mut Connection| {
        while let Some(request) = connection.read_head()? {
            match request.header("Authorization") {
                Some(_) => connection.send(&answer)?,
                None => connection.send(challenge)?,
            }
        }
        Ok(())
    })
    .unwrap()
}

fn set<W: Unit>(request: Handle, scheme: u32, password: &str) {
    let server = c::WINHTTP_AUTH_TARGET_SERVER;
    credentials::set::<W>(request, server, scheme, Some("user"), Some(password)).unwrap();
}

/// USERNAME and PASSWORD.
fn put_options<W: Unit>(request: Handle, password: &str) {
    set_text::<W>(request, c::WINHTTP_OPTION_USERNAME, "user").unwrap();
    set_text::<W>(request, c::WINHTTP_OPTION_PASSWORD, password).unwrap();
}

/// The status, and how many requests have left with credentials and without.
fn outcome<W: Unit>(client: &Client<W>, server: &Server, request: Handle) -> (u32, usize, usize) {
    client.exchange(request).unwrap();
    let status = client.status_code(request).unwrap();
    client.body(request).unwrap();
    let requests = server.requests();
    let with = requests
        .iter()
        .filter(|request| request.header("Authorization").is_some())
        .count();
    (status, with, requests.len() - with)
}

scenarios! {
    fn facts_6_4_and_28_2_1_and_28_3_1_and_expectation_26_basic_goes_out_unasked<W>(mode) {
        let server = basic();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        set::<W>(request, BASIC, "pa55word");
        assert_eq!(outcome(&client, &server, request), (200, 1, 0));
        client.close_and_wait(request);
        // The loop of every program.
        let request = client.get(server.port(), "/");
        assert_eq!(outcome(&client, &server, request), (401, 1, 1));
        set::<W>(request, BASIC, "pa55word");
        assert_eq!(outcome(&client, &server, request), (200, 2, 1));
        // They were for one exchange.
        assert_eq!(outcome(&client, &server, request), (401, 2, 2));
        client.finish();
    }

    /// What the server has asked with is remembered, so the next request answers it at once.
    fn fact_28_2_1_a_challenge_is_answered_with_credentials_that_come_after_it<W>(mode) {
        let server = digest();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        assert_eq!(outcome(&client, &server, request), (401, 0, 1));
        set::<W>(request, DIGEST, "pa55word");
        assert_eq!(outcome(&client, &server, request), (200, 1, 1));
        client.finish();
    }

    fn facts_6_5_and_28_1_3_options_answer_a_challenge_by_themselves<W>(mode) {
        for server in [basic(), digest()] {
            let client = Client::<W>::new(mode);
            let request = client.get(server.port(), "/a?b=c");
            put_options::<W>(request, "pa55word");
            assert_eq!(outcome(&client, &server, request), (200, 1, 1));
            client.close_and_wait(request);
            // What was set wins, and is wrong.
            let request = client.get(server.port(), "/");
            put_options::<W>(request, "pa55word");
            set::<W>(request, BASIC, "wrong");
            set::<W>(request, DIGEST, "wrong");
            client.exchange(request).unwrap();
            assert_eq!(client.status_code(request), Ok(401));
            client.finish();
            assert_eq!(server.connections(), 1, "a challenge is read to its end");
        }
    }

    fn fact_35_8_the_order_of_what_is_told<W>(mode) {
        let server = basic();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        put_options::<W>(request, "pa55word");
        client.send(request).unwrap();
        let before = client.events(request);
        client.receive(request).unwrap();
        let mut expected = vec![
            c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE,
            c::WINHTTP_CALLBACK_STATUS_RESPONSE_RECEIVED,
            c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST,
            c::WINHTTP_CALLBACK_STATUS_REQUEST_SENT,
            c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE,
            c::WINHTTP_CALLBACK_STATUS_RESPONSE_RECEIVED,
        ];
        if mode == Mode::Async {
            expected.push(c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE);
        }
        assert_eq!(client.recorder.statuses_of(request).split_off(before), expected);
        client.finish();
    }

    fn fact_6_6_a_redirect_of_passport_reads_as_a_challenge<W>(mode) {
        let server = answers("HTTP/1.1 302 Found\r\nLocation: /login\r\nWWW-Authenticate: Passport1.4 x=y\r\nContent-Length: 0\r\n\r\n");
        let client = Client::<W>::new(mode);
        set_dword::<W>(client.session, c::WINHTTP_OPTION_CONFIGURE_PASSPORT_AUTH, c::WINHTTP_ENABLE_PASSPORT_AUTH).unwrap();
        let request = client.get(server.port(), "/");
        client.exchange(request).unwrap();
        assert_eq!(client.status_code(request), Ok(401));
        let raw = client.query(request, c::WINHTTP_QUERY_RAW_HEADERS_CRLF, None).unwrap();
        assert!(raw.starts_with("HTTP/1.1 401 Found\r\n"), "{raw}");
        client.finish();
        assert_eq!(server.requests().len(), 1);
    }

    fn fact_27_1_3_a_challenge_that_is_answered_sets_cookies<W>(mode) {
        let server = asks_once(
            b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n",
            HELLO,
        );
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        put_options::<W>(request, "pa55word");
        assert_eq!(outcome(&client, &server, request), (200, 1, 1));
        assert_eq!(client.query(request, c::WINHTTP_QUERY_SET_COOKIE, None), Err(c::ERROR_WINHTTP_HEADER_NOT_FOUND));
        assert_eq!(server.requests()[1].header("Cookie"), Some("a=1"));
        client.finish();
    }

    fn fact_28_2_4_a_wrong_answer_is_not_given_twice<W>(mode) {
        for server in [basic(), digest()] {
            let client = Client::<W>::new(mode);
            let request = client.get(server.port(), "/");
            put_options::<W>(request, "wrong");
            assert_eq!(outcome(&client, &server, request), (401, 1, 1));
            client.finish();
        }
    }

    fn facts_28_3_2_and_40_4_digest_is_answered_inside_receive_response_and_remembered<W>(mode) {
        let server = digest();
        let client = Client::<W>::new(mode);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = client.open_request(connect, "POST", "/x", 0).unwrap();
        for (with, without) in [(1, 1), (2, 1)] {
            set::<W>(request, DIGEST, "pa55word");
            let sending = Sending { body: b"body", total: 4, ..Sending::default() };
            client.send_with(request, sending).unwrap();
            client.receive(request).unwrap();
            assert_eq!(client.status_code(request), Ok(200));
            assert_eq!(client.body(request).unwrap(), b"hellobody");
            let requests = server.requests();
            let carrying: Vec<&str> = requests.iter().filter_map(|request| request.header("Authorization")).collect();
            assert_eq!((carrying.len(), requests.len() - carrying.len()), (with, without));
            assert!(carrying[with - 1].contains(&format!("nc=0000000{with}")), "{carrying:?}");
        }
        client.finish();
    }

    fn fact_28_3_2_and_25_13_what_was_written_is_sent_again_by_the_program<W>(mode) {
        let server = digest();
        let client = Client::<W>::new(mode);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = client.open_request(connect, "POST", "/x", 0).unwrap();
        set::<W>(request, DIGEST, "pa55word");
        let send = || {
            client.send_with(request, Sending { total: 4, ..Sending::default() }).unwrap();
            assert_eq!(client.write(request, b"body"), Ok(4));
            client.receive(request)
        };
        assert_eq!(send(), Err(c::ERROR_WINHTTP_RESEND_REQUEST));
        assert_eq!(send(), Ok(()));
        assert_eq!(client.status_code(request), Ok(200));
        client.finish();
    }

    fn fact_28_7_1_nothing_is_answered_where_that_is_forbidden<W>(mode) {
        let server = basic();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        set_dword::<W>(request, c::WINHTTP_OPTION_DISABLE_FEATURE, c::WINHTTP_DISABLE_AUTHENTICATION).unwrap();
        put_options::<W>(request, "pa55word");
        set::<W>(request, BASIC, "pa55word");
        assert_eq!(outcome(&client, &server, request), (401, 0, 1));
        client.finish();
    }

    fn facts_26_10_and_26_18_and_28_7_4_credentials_stay_with_their_origin<W>(mode) {
        let target = basic();
        let location = format!("http://localhost:{}/", target.port());
        let go = format!("HTTP/1.1 307 Go\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let first = asks_once(ASK, go);
        let client = Client::<W>::new(mode);
        let request = client.get(first.port(), "/");
        put_options::<W>(request, "pa55word");
        client.exchange(request).unwrap();
        assert_eq!(client.status_code(request), Ok(401), "that of the target");
        assert_eq!(first.requests().len(), 2);
        let [seen] = &target.requests()[..] else {
            panic!("{:?}", target.requests());
        };
        assert_eq!(seen.header("Authorization"), None);
        client.finish();
    }

    fn fact_28_5_5_a_server_that_ends_the_connection_with_its_challenge_is_answered_on_another<W>(mode) {
        for ends in ["Content-Length: 0\r\n\r\n", "\r\nwho?"] {
            for challenge in ["Basic realm=x", DIGEST_CHALLENGE] {
                let ask = format!("HTTP/1.1 401 No\r\nWWW-Authenticate: {challenge}\r\nConnection: close\r\n{ends}");
                let server = Server::plain(move |connection: &mut Connection| {
                    if let Some(request) = connection.read_head()? {
                        match request.header("Authorization") {
                            Some(_) => connection.send(HELLO)?,
                            None => connection.send(ask.as_bytes())?,
                        }
                        connection.close();
                    }
                    Ok(())
                })
                .unwrap();
                let client = Client::<W>::new(mode);
                let request = client.get(server.port(), "/");
                put_options::<W>(request, "pa55word");
                assert_eq!(outcome(&client, &server, request), (200, 1, 1));
                assert_eq!(server.connections(), 2);
                client.finish();
            }
        }
    }

    fn a_web_socket_is_opened_with_credentials<W>(mode) {
        let server = Server::plain(|connection: &mut Connection| {
            while let Some(request) = connection.read_head()? {
                if request.header("Authorization") != Some(TOKEN) {
                    connection.send(ASK)?;
                    continue;
                }
                connection.accept_websocket_with(&request, &request.accept_fields(), b"")?;
                return connection.hold("the end").map(drop);
            }
            Ok(())
        })
        .unwrap();
        let client = Client::<W>::new(mode);
        let websocket = client.web_socket_with(server.port(), "/", |request| put_options::<W>(request, "pa55word"));
        assert_eq!(server.requests().len(), 2);
        client.close_and_wait(websocket);
        client.finish();
    }

    fn a_query_does_not_show_the_credentials_of_the_library<W>(mode) {
        let server = basic();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        set::<W>(request, BASIC, "pa55word");
        client.exchange(request).unwrap();
        let level = c::WINHTTP_QUERY_AUTHORIZATION | c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS;
        assert_eq!(client.query(request, level, None), Err(c::ERROR_WINHTTP_HEADER_NOT_FOUND));
        client.finish();
    }
}
