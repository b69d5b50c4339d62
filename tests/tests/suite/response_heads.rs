//! Which status lines and header lines of a response are understood, how large a head may be, and
//! what it is when a head never becomes complete.

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::Server;
use winhttp_tests::support::{assert_failed_as, set_dword};
use winhttp_tests::{Call, Client, Handle, Mode, Sending, answers, answers_and_ends, scenarios};

const INVALID: u32 = c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE;
const BROKEN: u32 = c::ERROR_WINHTTP_CONNECTION_ERROR;
const NOT_FOUND: u32 = c::ERROR_WINHTTP_HEADER_NOT_FOUND;
const TOO_LARGE: u32 = c::ERROR_WINHTTP_HEADER_SIZE_OVERFLOW;
const CUSTOM: u32 = c::WINHTTP_QUERY_CUSTOM;
const RAW: u32 = c::WINHTTP_QUERY_RAW_HEADERS_CRLF;
const DEFAULT_LIMIT: usize = 65_536;

/// Asks a server that answers with these bytes; `look` at what came of it.
fn ask<W: Unit, T>(
    mode: Mode,
    answer: impl Into<Vec<u8>>,
    look: impl FnOnce(&Client<W>, Handle, Call<()>) -> T,
) -> T {
    let server = answers_and_ends(answer);
    let client = Client::<W>::new(mode);
    let request = client.get(server.port(), "/");
    client.send(request).unwrap();
    let received = client.receive(request);
    let outcome = look(&client, request, received);
    client.finish();
    outcome
}

/// Such an answer is none.
fn is_refused<W: Unit>(mode: Mode, answer: &str, error: u32) {
    ask::<W, _>(mode, answer, |client, request, received| {
        assert_eq!(received, Err(error), "{answer:?}");
        assert_failed_as(client, request, c::API_RECEIVE_RESPONSE, error);
        let state = c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE;
        assert_eq!(client.status_code(request), Err(state), "{answer:?}");
    });
}

/// Version, status and reason of an answer that begins with this line.
fn parts<W: Unit>(mode: Mode, line: &str, line_end: &str) -> (String, String, String) {
    let answer = format!("{line}{line_end}Content-Length: 2{line_end}A: b{line_end}{line_end}ok");
    ask::<W, _>(mode, answer, |client, request, received| {
        assert_eq!(received, Ok(()), "{line:?}");
        assert_eq!(client.query(request, CUSTOM, Some("A")).as_deref(), Ok("b"));
        assert_eq!(client.body(request), Ok(b"ok".to_vec()), "{line:?}");
        let of = |level| client.query(request, level, None).unwrap();
        (
            of(c::WINHTTP_QUERY_VERSION),
            of(c::WINHTTP_QUERY_STATUS_CODE),
            of(c::WINHTTP_QUERY_STATUS_TEXT),
        )
    })
}

/// A header of an answer with this section of header lines.
fn header<W: Unit>(mode: Mode, lines: &str, name: &str) -> Call<String> {
    let answer = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
    ask::<W, _>(mode, answer, |client, request, received| {
        received.and_then(|()| client.query(request, CUSTOM, Some(name)))
    })
}

/// A head of exactly so many bytes.
fn head_of(bytes: usize) -> String {
    let (start, end) = (
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Large: ",
        "\r\n\r\n",
    );
    let value = "v".repeat(bytes - start.len() - end.len());
    [start, &value, end].concat()
}

scenarios! {
    fn fact_23_1_1_status_lines_that_are_understood<W>(mode) {
        let with = |version: &str, status: &str, reason: &str| {
            (version.to_owned(), status.to_owned(), reason.to_owned())
        };
        for line_end in ["\r\n", "\n"] {
            for version in ["HTTP/1.0", "HTTP/1.1", "HTTP/1.2", "HTTP/1.7"] {
                let line = format!("{version} 200 OK");
                assert_eq!(parts::<W>(mode, &line, line_end), with(version, "200", "OK"));
            }
            for (line, status, reason) in [
                ("HTTP/1.1 299 A", "299", "A"),
                ("HTTP/1.1 345 A", "345", "A"),
                ("HTTP/1.1 555 A", "555", "A"),
                ("HTTP/1.1 600 A", "600", "A"),
                ("HTTP/1.1 999 A", "999", "A"),
                ("HTTP/1.1\t200\tOK", "200", "OK"),
                ("HTTP/1.1 200    OK", "200", "OK"),
                ("HTTP/1.1 200", "200", ""),
                ("HTTP/1.1 200   ", "200", ""),
                ("HTTP/1.1 200 a\tb  c", "200", "a\tb  c"),
            ] {
                assert_eq!(parts::<W>(mode, line, line_end), with("HTTP/1.1", status, reason));
            }
        }
    }

    fn fact_23_1_1_status_lines_that_are_an_invalid_response<W>(mode) {
        for line in [
            "HTTP/0.9 200 OK",
            "HTTP/2.0 200 OK",
            "HTTP/3.1 200 OK",
            "HTTP/4.2 200 OK",
            "HTTP/A.1 200 OK",
            "HTTP/1.A 200 OK",
            "HTTP/1.1.1 200 OK",
            "HTTP/1.12 200 OK",
            "HTTP/12.1 200 OK",
            "HTTP 1.1 200 OK",
            "HTTP\\1.1 200 OK",
            "HTTQ/1.1 200 OK",
            "http/1.1 200 OK",
            " HTTP/1.1 200 OK",
            "HTTP/1.1",
            "HTTP/1.1 ",
            "HTTP/1.1 OK",
            "HTTP/1.1 2 OK",
            "HTTP/1.1 23 OK",
            "HTTP/1.1 2000 OK",
            "HTTP/1.1 20c OK",
            "HTTP/1.1 099 OK",
            "HTTP/1.1 200OK",
            "HTTP/1.1 200 O\rK",
        ] {
            is_refused::<W>(mode, &format!("{line}\r\nContent-Length: 0\r\n\r\n"), INVALID);
        }
    }

    fn fact_23_1_2_an_empty_line_is_passed_over_on_a_used_connection_only<W>(mode) {
        let server = Server::plain(|connection| {
            let mut line = &b""[..];
            while connection.read_head()?.is_some() {
                connection.send(line)?;
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")?;
                line = b"\r\n";
            }
            Ok(())
        }).unwrap();
        let client = Client::<W>::new(mode);
        for _ in 0..3 {
            let request = client.get(server.port(), "/");
            assert_eq!(client.exchange(request), Ok(()));
            assert_eq!(client.body(request), Ok(b"ok".to_vec()));
            client.close(request).unwrap();
        }
        assert_eq!(server.connections(), 1);
        client.finish();
        is_refused::<W>(mode, "\r\nHTTP/1.1 200 OK\r\n\r\n", INVALID);
    }

    fn fact_23_2_1_equal_lengths_count_once_and_different_ones_are_refused<W>(mode) {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
        let twice = format!("{head}Content-Length: 2\r\n\r\nokay");
        ask::<W, _>(mode, twice, |client, request, received| {
            assert_eq!(received, Ok(()));
            assert_eq!(client.body(request), Ok(b"ok".to_vec()));
        });
        is_refused::<W>(mode, &format!("{head}Content-Length: 3\r\n\r\nokay"), INVALID);
        let blank = header::<W>(mode, "Content-Length : 0\r\nA \t: b\r\n", "A");
        assert_eq!(blank.as_deref(), Ok("b"));
    }

    fn fact_23_2_3_folded_lines_are_one<W>(mode) {
        for lines in ["A: 1\r\n 2\r\n", "A: 1 \r\n\t \t2\r\n", "A:\r\n 1\r\n 2\r\n", "A: 1\n 2\n"] {
            assert_eq!(header::<W>(mode, lines, "A").as_deref(), Ok("1 2"), "{lines:?}");
        }
        for lines in [" A: 1\r\n", "\tA: 1\r\n", "A: 1\r\n2\r\n", "A\r\n"] {
            is_refused::<W>(mode, &format!("HTTP/1.1 200 OK\r\n{lines}\r\n"), INVALID);
        }
    }

    fn fact_23_2_3_a_name_that_is_no_token_is_shown_raw_and_not_found<W>(mode) {
        let lines = "A b: 1\r\n(c): 2\r\n: 3\r\nD: 4\r\nContent-Length: 0\r\n";
        let answer = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
        ask::<W, _>(mode, &*answer, |client, request, received| {
            assert_eq!(received, Ok(()));
            assert_eq!(client.query(request, RAW, None).as_deref(), Ok(&*answer));
            for name in ["A b", "(c)", ""] {
                assert_eq!(client.query(request, CUSTOM, Some(name)), Err(NOT_FOUND), "{name:?}");
            }
            assert_eq!(client.query(request, CUSTOM, Some("D")).as_deref(), Ok("4"));
        });
    }

    fn facts_40_15_and_23_2_3_control_characters_are_an_invalid_response<W>(mode) {
        for line in ["A: \0", "A: 1\r2", "A: \x01", "A: \x1b[1m", "A: \x7f", "A\0: 1", "A\x0b: 1", "A: 1\r\n \0"] {
            is_refused::<W>(mode, &format!("HTTP/1.1 200 OK\r\n{line}\r\n\r\n"), INVALID);
        }
        assert_eq!(header::<W>(mode, "A: 1\t2\r\n", "A").as_deref(), Ok("1\t2"));
    }

    fn fact_23_2_4_a_head_may_be_as_large_as_its_limit_to_the_byte<W>(mode) {
        for limit in [None, Some(1024), Some(31 << 10), Some(64 << 10), Some(128 << 10)] {
            let most = limit.unwrap_or(DEFAULT_LIMIT);
            for (bytes, expected) in [(most, Ok(())), (most + 1, Err(TOO_LARGE))] {
                let server = answers(head_of(bytes));
                let client = Client::<W>::new(mode);
                let request = client.get(server.port(), "/");
                if let Some(limit) = limit {
                    let option = c::WINHTTP_OPTION_MAX_RESPONSE_HEADER_SIZE;
                    set_dword::<W>(request, option, u32::try_from(limit).unwrap()).unwrap();
                }
                client.send(request).unwrap();
                assert_eq!(client.receive(request), expected, "{bytes} of {most}");
                if expected.is_err() {
                    assert_failed_as(&client, request, c::API_RECEIVE_RESPONSE, TOO_LARGE);
                }
                client.finish();
            }
        }
    }

    fn fact_23_2_4_interim_heads_count_for_themselves<W>(mode) {
        let interim = head_of(DEFAULT_LIMIT).replace("200 OK", "103 Hi");
        let answer = [interim.clone(), interim, head_of(DEFAULT_LIMIT)].concat();
        ask::<W, _>(mode, answer, |_, _, received| assert_eq!(received, Ok(())));
    }

    fn fact_23_2_4_a_head_has_at_most_1024_fields<W>(mode) {
        let count = c::ERROR_WINHTTP_HEADER_COUNT_EXCEEDED;
        for (fields, expected) in [(1024, Ok("b".to_owned())), (1025, Err(count))] {
            assert_eq!(header::<W>(mode, &"a:b\r\n".repeat(fields), "a"), expected, "{fields}");
        }
    }

    fn facts_23_2_5_and_23_2_6_values_are_enumerated_with_a_growing_buffer<W>(mode) {
        let values = [1, 127, 128, 200, 255, 256, 1000, 2].map(|length| "v".repeat(length));
        let lines: String = values.iter().map(|value| format!("Set-Cookie: {value}\r\n")).collect();
        let raw = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
        ask::<W, _>(mode, &*raw, |client, request, received| {
            assert_eq!(received, Ok(()));
            assert_eq!(client.query(request, RAW, None).as_deref(), Ok(&*raw), "never joined");
            let (mut capacity, mut index, mut found) = (128 * W::BYTES, 0, Vec::new());
            loop {
                let answer = client.ask(request, c::WINHTTP_QUERY_SET_COOKIE, None, Some(capacity), Some(index));
                match answer.result {
                    Ok(()) => {
                        assert_eq!(answer.index, index + 1);
                        found.push(answer.text::<W>());
                    }
                    Err(c::ERROR_INSUFFICIENT_BUFFER) => {
                        assert_eq!(answer.index, index, "moves on success only");
                        capacity *= 2;
                    }
                    Err(error) => {
                        assert_eq!((error, answer.index), (NOT_FOUND, index));
                        break;
                    }
                }
                index = answer.index;
            }
            assert_eq!(found, values);
        });
    }

    fn fact_23_3_1_an_end_in_the_head_is_the_servers_fault_and_a_reset_the_connections<W>(mode) {
        for begun in ["", "H", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\nA: b\r\n"] {
            is_refused::<W>(mode, begun, INVALID);
            let server = Server::plain(move |connection| {
                if connection.read_head()?.is_some() {
                    connection.send(begun.as_bytes())?;
                    connection.reset()?;
                }
                Ok(())
            }).unwrap();
            let client = Client::<W>::new(mode);
            let request = client.get(server.port(), "/");
            assert_eq!(client.exchange(request), Err(BROKEN), "{begun:?}");
            client.finish();
        }
    }

    fn fact_23_3_2_silence_is_a_timeout_in_both_modes<W>(mode) {
        let server = answers("HTTP/1.1 200 OK\r\nA: ");
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        set_dword::<W>(request, c::WINHTTP_OPTION_RECEIVE_TIMEOUT, 50).unwrap();
        client.send(request).unwrap();
        assert_eq!(client.receive(request), Err(c::ERROR_WINHTTP_TIMEOUT));
        assert_failed_as(&client, request, c::API_RECEIVE_RESPONSE, c::ERROR_WINHTTP_TIMEOUT);
        client.finish();
    }

    fn fact_23_3_3_a_response_that_came_before_a_reset_is_kept<W>(mode) {
        let server = Server::plain(|connection| {
            if connection.read_head()?.is_some() {
                connection.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")?;
                connection.hold("reset")?;
                connection.reset()?;
            }
            Ok(())
        })
        .unwrap();
        let client = Client::<W>::new(mode);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = client.open_request(connect, "POST", "/", 0).unwrap();
        client.send_with(request, Sending { total: u32::MAX, ..Sending::default() }).unwrap();
        server.release("reset").unwrap();
        let piece = vec![0; 1 << 20];
        let failed = (0..4095).find_map(|_| client.write(request, &piece).err());
        assert_eq!(failed, Some(BROKEN));
        assert_eq!(client.receive(request), Ok(()));
        assert_eq!(client.status_code(request), Ok(413));
        client.finish();
    }

    fn fact_23_4_1_a_101_that_nobody_asked_for_is_delivered_and_ends_the_connection<W>(mode) {
        let server = answers(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 5\r\n\r\nother",
        );
        let client = Client::<W>::new(mode);
        for connections in 1..=2 {
            let request = client.get(server.port(), "/");
            assert_eq!(client.exchange(request), Ok(()));
            assert_eq!(client.status_code(request), Ok(101));
            let upgrade = client.query(request, c::WINHTTP_QUERY_UPGRADE, None);
            assert_eq!(upgrade.as_deref(), Ok("h2c"));
            assert_eq!(client.available(request), Ok(0));
            assert_eq!(client.body(request), Ok(Vec::new()));
            let told = client.recorder.statuses_of(request);
            assert!(!told.contains(&c::WINHTTP_CALLBACK_STATUS_INTERMEDIATE_RESPONSE));
            assert_eq!(server.connections(), connections);
        }
        client.finish();
    }
}
