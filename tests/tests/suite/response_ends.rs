//! How a response's body ends, in order and otherwise, and what each way of reading gets of it.

use std::io;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::certs::{Authority, Identity, IdentityOptions};
use winhttp_fixtures::{Connection, Server};
use winhttp_tests::support::{assert_failed_as, secure, set_dword};
use winhttp_tests::{Call, Client, Handle, Mode, answers, answers_and_ends, scenarios};

const BROKEN: u32 = c::ERROR_WINHTTP_CONNECTION_ERROR;
const STATE: u32 = c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE;
const NOT_FOUND: u32 = c::ERROR_WINHTTP_HEADER_NOT_FOUND;
const TIMEOUT: u32 = c::ERROR_WINHTTP_TIMEOUT;
const TRAILERS: u32 = c::WINHTTP_QUERY_FLAG_TRAILERS;
const RAW: u32 = c::WINHTTP_QUERY_RAW_HEADERS_CRLF;

const LENGTH: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const UNTIL_CLOSE: &str = "HTTP/1.1 200 OK\r\n\r\n";

/// How a server ends its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// FIN, over TLS behind a close_notify.
    Orderly,
    /// FIN alone.
    Cut,
    Reset,
}

/// Answers with these bytes, and ends the connection once `end` is released.
fn ending(
    answer: &'static str,
    end: End,
) -> impl Fn(&mut Connection) -> io::Result<()> + Send + Sync + 'static {
    move |connection| {
        if connection.read_head()?.is_some() {
            connection.send(answer.as_bytes())?;
            connection.hold("end")?;
            match end {
                End::Orderly => connection.close(),
                End::Cut => connection.disconnect(),
                End::Reset => connection.reset()?,
            }
        }
        Ok(())
    }
}

fn identity() -> Identity {
    let authority = Authority::new().unwrap();
    authority.issue(&IdentityOptions::default()).unwrap()
}

/// What reads get of an answer that ends like this: at first what came, then how it ended.
fn reads<W: Unit>(client: &Client<W>, server: &Server, request: Handle) -> [Call<Vec<u8>>; 2] {
    client.exchange(request).unwrap();
    let first = client.read(request, 5);
    server.release("end").unwrap();
    [first, client.read(request, 5)]
}

fn plain<W: Unit>(mode: Mode, answer: &'static str, end: End) -> [Call<Vec<u8>>; 2] {
    let server = Server::plain(ending(answer, end)).unwrap();
    let client = Client::<W>::new(mode);
    let request = client.get(server.port(), "/");
    let outcome = reads(&client, &server, request);
    if let Err(error) = outcome[1] {
        assert_failed_as(&client, request, c::API_READ_DATA, error);
        assert_eq!(client.status_code(request), Ok(200), "the head stays");
    }
    client.finish();
    outcome
}

fn over_tls<W: Unit>(
    mode: Mode,
    identity: &Identity,
    answer: &'static str,
    end: End,
) -> [Call<Vec<u8>>; 2] {
    let server = Server::tls(ending(answer, end), identity).unwrap();
    let client = Client::<W>::new(mode);
    let request = secure(&client, server.port(), "/");
    let ignored = c::SECURITY_FLAG_IGNORE_UNKNOWN_CA;
    set_dword::<W>(request, c::WINHTTP_OPTION_SECURITY_FLAGS, ignored).unwrap();
    let outcome = reads(&client, &server, request);
    client.finish();
    outcome
}

/// A request whose answer has been received.
fn answered<W: Unit>(client: &Client<W>, answer: impl Into<Vec<u8>>) -> (Server, Handle) {
    let server = answers(answer);
    let request = client.get(server.port(), "/");
    client.exchange(request).unwrap();
    (server, request)
}

fn came<T>(bytes: &[u8]) -> Result<Vec<u8>, T> {
    Ok(bytes.to_vec())
}

scenarios! {
    fn facts_24_1_and_24_2_ends_of_bodies_on_plain_connections<W>(mode) {
        let length = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
        let in_chunk = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhello";
        let until_close = "HTTP/1.1 200 OK\r\n\r\nhello";
        for (answer, end, expected) in [
            (length, End::Orderly, came(b"")),
            (length, End::Reset, Err(BROKEN)),
            (chunked, End::Orderly, Err(BROKEN)),
            (chunked, End::Reset, Err(BROKEN)),
            (in_chunk, End::Orderly, Err(BROKEN)),
            (until_close, End::Orderly, came(b"")),
            (until_close, End::Reset, Err(BROKEN)),
        ] {
            let outcome = plain::<W>(mode, answer, end);
            assert_eq!(outcome, [came(b"hello"), expected], "{answer:?} {end:?}");
        }
    }

    fn fact_24_1_over_tls_only_close_notify_is_an_end_in_order<W>(mode) {
        let identity = identity();
        let length = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
        for (answer, end, expected) in [
            (length, End::Orderly, came(b"")),
            (length, End::Cut, Err(BROKEN)),
            (length, End::Reset, Err(BROKEN)),
            (chunked, End::Orderly, Err(BROKEN)),
            (chunked, End::Cut, Err(BROKEN)),
        ] {
            let outcome = over_tls::<W>(mode, &identity, answer, end);
            assert_eq!(outcome, [came(b"hello"), expected], "{answer:?} {end:?}");
        }
    }

    fn fact_24_1_what_came_is_read_first_and_an_end_can_be_asked_for_again<W>(mode) {
        let server = answers_and_ends(format!("{LENGTH}hello"));
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        client.exchange(request).unwrap();
        assert_eq!(client.read(request, 100), came(b"hello"));
        for _ in 0..2 {
            assert_eq!(client.read(request, 100), came(b""));
            assert_eq!(client.available(request), Ok(0));
        }
        let length = client.query(request, c::WINHTTP_QUERY_CONTENT_LENGTH, None);
        assert_eq!(length.as_deref(), Ok("10"), "programs compare it themselves");
        client.finish();
    }

    fn fact_24_2_garbage_is_an_invalid_response_behind_what_came<W>(mode) {
        for chunks in ["5\r\nhello\r\nxyz", "5\r\nhello\r\n\r\n", "5\r\nhelloX"] {
            let client = Client::<W>::new(mode);
            let (_server, request) = answered(&client, format!("{CHUNKED}{chunks}"));
            assert_eq!(client.read(request, 100), came(b"hello"), "{chunks:?}");
            let invalid = c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE;
            assert_eq!(client.read(request, 100), Err(invalid), "{chunks:?}");
            assert_failed_as(&client, request, c::API_READ_DATA, invalid);
            client.finish();
        }
    }

    fn fact_24_4_some_responses_have_no_body_whatever_they_say<W>(mode) {
        for status in ["204 No Content", "304 Not Modified"] {
            for fields in ["", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"] {
                let client = Client::<W>::new(mode);
                let answer = format!("HTTP/1.1 {status}\r\n{fields}\r\nhello");
                let (_server, request) = answered(&client, answer);
                assert_eq!(client.available(request), Ok(0), "{status} {fields:?}");
                assert_eq!(client.read(request, 5), came(b""), "{status} {fields:?}");
                client.finish();
            }
        }
        for fields in ["", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"] {
            let server = answers(format!("HTTP/1.1 200 OK\r\n{fields}\r\n"));
            let client = Client::<W>::new(mode);
            let connect = client.connect("127.0.0.1", server.port()).unwrap();
            let request = client.open_request(connect, "HEAD", "/", 0).unwrap();
            client.exchange(request).unwrap();
            assert_eq!(client.read(request, 5), came(b""), "HEAD {fields:?}");
            client.finish();
        }
        let client = Client::<W>::new(mode);
        let (_server, request) = answered(&client, "HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\nhello");
        assert_eq!(client.body(request), came(b"hello"), "a 205 is no exception");
        client.finish();
    }

    fn fact_24_5_a_read_of_nothing_is_not_the_end<W>(mode) {
        let client = Client::<W>::new(mode);
        let (_server, request) = answered(&client, format!("{CHUNKED}5\r\nhello\r\n0\r\n\r\n"));
        for expected in [&b"hel"[..], b"lo", b""] {
            for _ in 0..2 {
                assert_eq!(client.read(request, 0), came(b""));
                assert_eq!(client.read_ex(request, 0, 0), came(b""));
            }
            assert_eq!(client.read(request, 3), came(expected));
        }
        client.finish();
    }

    fn fact_24_6_read_data_ex_takes_what_is_there_or_fills<W>(mode) {
        let server = Server::plain(|connection| {
            if connection.read_head()?.is_some() {
                connection.send(CHUNKED.as_bytes())?;
                connection.send(b"3\r\nabc\r\n")?;
                connection.hold("more")?;
                connection.send(b"3\r\ndef\r\n3\r\nghi\r\n3\r\njkl\r\n0\r\n\r\n")?;
                connection.wait_closed();
            }
            Ok(())
        })
        .unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        client.exchange(request).unwrap();
        assert_eq!(client.read_ex(request, 100, 0), came(b"abc"), "it waits for no more");
        server.release("more").unwrap();
        let fill = c::WINHTTP_READ_DATA_EX_FLAG_FILL_BUFFER;
        assert_eq!(client.read_ex(request, 5, fill), came(b"defgh"));
        assert_eq!(client.read_ex(request, 100, fill), came(b"ijkl"), "to the end");
        assert_eq!(client.read_ex(request, 100, 0), came(b""));
        assert_eq!(client.read_ex(request, 100, 0x10), Err(c::ERROR_INVALID_PARAMETER));
        client.finish();
    }

    fn fact_24_7_trailers_are_there_behind_the_end<W>(mode) {
        let client = Client::<W>::new(mode);
        let last = "0\r\nX-Sum: 42\r\nfolded: a\r\n b\r\nx-sum: 43\r\n\r\n";
        let (_server, request) = answered(&client, format!("{CHUNKED}5\r\nhello\r\n{last}"));
        let sum = || client.values(request, c::WINHTTP_QUERY_CUSTOM | TRAILERS, Some("X-Sum"));
        assert_eq!(client.query(request, RAW | TRAILERS, None), Err(STATE));
        assert_eq!(client.read(request, 3), came(b"hel"));
        assert_eq!(client.query(request, RAW | TRAILERS, None), Err(STATE));
        assert_eq!(client.body(request), came(b"lo"));
        let raw = client.query(request, RAW | TRAILERS, None).unwrap();
        assert_eq!(raw, "X-Sum: 42\r\nfolded: a b\r\nx-sum: 43\r\n\r\n");
        assert_eq!(sum(), ["42", "43"]);
        let absent = client.query(request, c::WINHTTP_QUERY_CUSTOM | TRAILERS, Some("X-None"));
        assert_eq!(absent, Err(NOT_FOUND));
        assert_eq!(client.query(request, c::WINHTTP_QUERY_CUSTOM, Some("X-Sum")), Err(NOT_FOUND));
        client.finish();
    }

    fn fact_24_7_without_trailers_there_is_no_block<W>(mode) {
        for answer in [format!("{CHUNKED}5\r\nhello\r\n0\r\n\r\n"), format!("{LENGTH}hellohello")] {
            let client = Client::<W>::new(mode);
            let (_server, request) = answered(&client, answer);
            client.body(request).unwrap();
            for level in [RAW, c::WINHTTP_QUERY_RAW_HEADERS, c::WINHTTP_QUERY_CONTENT_LENGTH] {
                assert_eq!(client.query(request, level | TRAILERS, None), Err(NOT_FOUND));
            }
            client.finish();
        }
    }

    fn fact_24_10_both_loops_read_every_kind_of_body<W>(mode) {
        let body: String = ('a'..='z').cycle().take(50_000).collect();
        let chunks: String = body
            .as_bytes()
            .chunks(9000)
            .map(|chunk| format!("{:x}\r\n{}\r\n", chunk.len(), std::str::from_utf8(chunk).unwrap()))
            .collect();
        for answer in [
            format!("HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n{body}"),
            format!("{CHUNKED}{chunks}0\r\n\r\n"),
            format!("{UNTIL_CLOSE}{body}"),
        ] {
            for asks in [false, true] {
                let server = answers_and_ends(&*answer);
                let client = Client::<W>::new(mode);
                let request = client.get(server.port(), "/");
                client.exchange(request).unwrap();
                let mut got = Vec::new();
                loop {
                    let size = if asks { client.available(request).unwrap() } else { 5000 };
                    assert!(size <= 8192);
                    // Programs take a buffer one byte larger, for the terminator.
                    let size = usize::try_from(size).unwrap() + usize::from(asks);
                    let piece = client.read(request, size).unwrap();
                    if piece.is_empty() {
                        break;
                    }
                    got.extend(piece);
                }
                assert!(got == body.as_bytes(), "{asks}: {} bytes", got.len());
                client.finish();
            }
        }
    }

    fn facts_24_11_and_36_6_a_receive_timeout_set_late_ends_the_body<W>(mode) {
        for asks in [false, true] {
            let client = Client::<W>::new(mode);
            let (server, request) = answered(&client, format!("{LENGTH}hello"));
            assert_eq!(client.read(request, 5), came(b"hello"));
            set_dword::<W>(request, c::WINHTTP_OPTION_RECEIVE_TIMEOUT, 50).unwrap();
            let (api, outcome) = if asks {
                (c::API_QUERY_DATA_AVAILABLE, client.available(request).map(drop))
            } else {
                (c::API_READ_DATA, client.read(request, 5).map(drop))
            };
            assert_eq!(outcome, Err(TIMEOUT));
            assert_failed_as(&client, request, api, TIMEOUT);
            assert_eq!(client.read(request, 5), Err(STATE));
            assert_eq!(client.available(request), Err(STATE));
            assert_eq!(client.status_code(request), Ok(200), "the head stays");
            // The connection is gone.
            assert!(server.wait_peer_end(0, winhttp_tests::PATIENCE).is_some());
            client.finish();
        }
    }
}
