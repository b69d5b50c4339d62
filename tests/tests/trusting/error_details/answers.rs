//! Answers that are no HTTP, break a rule of it, end too early, or refuse a WebSocket.

use winhttp_abi::constants as c;
use winhttp_fixtures::{Connection, Server, by_path};
use winhttp_tests::support::get;
use winhttp_tests::{Mode, answers, answers_and_ends, scenarios};

use super::ear::{Ear, detail};

const INVALID: u32 = c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE;

/// What a head becomes, and the error.
const HEADS: &[(&[u8], u32, &str)] = &[
    (
        b"SSH-2.0-OpenSSH_9.9\r\n",
        INVALID,
        "what the server sent is no HTTP/1 response: it begins with \"SSH-2.0-OpenSSH_9.9\\r\\n\"",
    ),
    (
        b"HTTP/1.1 OK\r\n\r\n",
        INVALID,
        "the response's head: its status line has no valid status code (RFC 9112 section 4)",
    ),
    (
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        INVALID,
        "the response's head: a header line does not begin with a name and a colon (RFC 9112 section 5)",
    ),
    (
        b"HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n",
        INVALID,
        "the response's head: a header's value has a control character (RFC 9110 section 5.5)",
    ),
    (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        INVALID,
        "the response's head: there are different Content-Lengths (RFC 9112 section 6.3)",
    ),
    (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        INVALID,
        "the response's head: Transfer-Encoding names a coding other than chunked (RFC 9112 section 6.1)",
    ),
    (
        b"",
        INVALID,
        "the server ended the connection without an answer",
    ),
    (
        b"HTTP/1.1 200",
        INVALID,
        "the server ended the connection behind 12 bytes of the response's head",
    ),
];

/// What a body becomes behind its first bytes, and the error.
const BODIES: &[(&[u8], u32, &str)] = &[
    (
        b"x\r\n",
        INVALID,
        "the response's body: a chunk does not begin with its size in hexadecimal (RFC 9112 section 7.1)",
    ),
    (
        b"1\r\nab",
        INVALID,
        "the response's body: a chunk's data does not end where its size says (RFC 9112 section 7.1)",
    ),
    (
        b"5\r\nab",
        c::ERROR_WINHTTP_CONNECTION_ERROR,
        "the response's body: the connection ended before it was complete",
    ),
];

scenarios! {
    fn a_head_that_is_none_says_which_rule_it_breaks<W>(mode) {
        for (bytes, number, expected) in HEADS {
            let server = answers_and_ends(*bytes);
            let ear = Ear::<W>::new(mode);
            let handle = get(&ear.client, server.port(), "/");
            ear.client.send(handle).unwrap();
            let (error, detail) = ear.failed(ear.client.receive(handle));
            assert_eq!((error, &*detail), (*number, *expected));
            ear.client.close(handle).unwrap();
            ear.finish();
        }
    }

    fn a_body_that_breaks_off_says_why<W>(mode) {
        for (bytes, number, expected) in BODIES {
            let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            let server = answers_and_ends([head, *bytes].concat());
            let ear = Ear::<W>::new(mode);
            let handle = get(&ear.client, server.port(), "/");
            ear.client.exchange(handle).unwrap();
            let outcome = loop {
                match ear.client.read(handle, 16) {
                    Ok(bytes) => assert!(!bytes.is_empty(), "the body ended"),
                    failed @ Err(_) => break failed,
                }
            };
            let (error, detail) = ear.failed(outcome);
            assert_eq!((error, &*detail), (*number, *expected));
            ear.client.close(handle).unwrap();
            ear.finish();
        }
    }

    fn a_handshake_that_breaks_a_rule_is_shown<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let ear = Ear::<W>::new(mode);
        let handle = ear.client.web_socket_request(server.port(), "/bad-accept");
        ear.client.send(handle).unwrap();
        let (error, detail) = ear.failed(ear.client.receive(handle));
        assert_eq!(error, INVALID);
        let expected = "the server's handshake breaks RFC 6455 section 4.1: Sec-WebSocket-Accept does not \
                        answer the key\nHTTP/1.1 101 ";
        assert!(detail.starts_with(expected), "{detail}");
        assert!(detail.contains("\nSec-WebSocket-Accept: AAAA"), "{detail}");
        ear.client.close(handle).unwrap();
        ear.finish();
    }

    fn a_refused_handshake_is_shown_with_the_beginning_of_its_body<W>(mode) {
        let body = "no entry ".repeat(200);
        let response = format!(
            "HTTP/1.1 403 Forbidden\r\nServer: doorman\r\nSet-Cookie: secret-of-server\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let server = answers(response);
        let ear = Ear::<W>::new(mode);
        let handle = ear.client.web_socket_request(server.port(), "/");
        ear.client.exchange(handle).unwrap();
        let error = ear.client.complete_upgrade(handle, 0).unwrap_err();
        assert_eq!(error, c::ERROR_INVALID_OPERATION);
        let detail = detail::<W>(error).unwrap();
        let length = body.len();
        let expected = format!(
            "the server refuses the WebSocket handshake\nHTTP/1.1 403 Forbidden\nServer: doorman\n\
             Set-Cookie: (withheld)\nContent-Length: {length}\n\n{}...",
            &body[..1024]
        );
        assert_eq!(detail, expected);
        // It was looked at, not taken.
        assert_eq!(ear.client.body(handle).unwrap(), body.as_bytes());
        ear.client.close(handle).unwrap();
        ear.finish();
    }

    fn a_refusal_is_shown_without_receive_response<W>(mode) {
        let server = answers("HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnone\r\n0\r\n\r\n");
        let ear = Ear::<W>::new(mode);
        let handle = ear.client.web_socket_request(server.port(), "/");
        ear.client.send(handle).unwrap();
        let error = ear.client.complete_upgrade(handle, 0).unwrap_err();
        assert_eq!(error, c::ERROR_INVALID_OPERATION);
        let detail = detail::<W>(error).unwrap();
        assert!(detail.ends_with("HTTP/1.1 404 Not Found\nTransfer-Encoding: chunked\n\nnone"), "{detail}");
        ear.client.close(handle).unwrap();
        ear.finish();
    }

    fn credentials_that_a_server_repeats_are_withheld<W>(mode) {
        let server = Server::plain(|connection: &mut Connection| {
            let Some(request) = connection.read_head()? else {
                return Ok(());
            };
            let sent = request.header("Authorization").unwrap_or_default().to_owned();
            let length = sent.len();
            let head = format!("HTTP/1.1 401 No\r\nX-You-Sent: {sent}\r\nContent-Length: {length}\r\n\r\n");
            connection.send(&[head.as_bytes(), sent.as_bytes()].concat())?;
            connection.wait_closed();
            Ok(())
        })
        .unwrap();
        let ear = Ear::<W>::new(mode);
        let handle = ear.client.web_socket_request(server.port(), "/");
        let header = "Authorization: Bearer open-sesame-0123456789";
        ear.client.add_headers(handle, header, c::WINHTTP_ADDREQ_FLAG_ADD).unwrap();
        ear.client.exchange(handle).unwrap();
        let error = ear.client.complete_upgrade(handle, 0).unwrap_err();
        let detail = detail::<W>(error).unwrap();
        assert!(!detail.contains("sesame"), "{detail}");
        assert!(detail.contains("X-You-Sent: (withheld)\n"), "{detail}");
        assert!(detail.ends_with("\n\n(withheld)"), "{detail}");
        ear.client.close(handle).unwrap();
        ear.finish();
    }
}

/// What a TCP echo service does, also where the quotation ends within them.
#[test]
fn credentials_that_come_back_as_no_http_are_withheld() {
    let server = Server::plain(|connection: &mut Connection| {
        let Some(request) = connection.read_head()? else {
            return Ok(());
        };
        let sent = request.header("X").unwrap_or_default().to_owned();
        connection.send(&[sent.as_bytes(), b"\r\n\r\n"].concat())?;
        connection.wait_closed();
        Ok(())
    })
    .unwrap();
    for padding in [0, 30, 40, 50, 58, 70] {
        let come_back = format!("{} open-sesame-0123456789", "x".repeat(padding));
        let ear = Ear::<u16>::new(Mode::Sync);
        let handle = get(&ear.client, server.port(), "/");
        let headers = format!("Authorization: Bearer open-sesame-0123456789\r\nX: {come_back}");
        ear.client
            .add_headers(handle, &headers, c::WINHTTP_ADDREQ_FLAG_ADD)
            .unwrap();
        ear.client.send(handle).unwrap();
        let (error, detail) = ear.failed(ear.client.receive(handle));
        assert_eq!(error, INVALID);
        assert!(
            detail.contains("it begins with") && !detail.contains("open-s"),
            "{detail}"
        );
        ear.client.close(handle).unwrap();
        ear.finish();
    }
}

/// What a hostile server makes as long as it can is cut, and fits into the room that programs have.
#[test]
fn the_text_is_bounded_whatever_the_server_sends() {
    // Each of these becomes three bytes.
    let value = "\u{85}".repeat(10_000);
    let head = format!("HTTP/1.1 403 No\r\nA: {value}\r\nContent-Length: 2000\r\n\r\n");
    let server = answers([head.into_bytes(), vec![0x1b; 2000]].concat());
    let ear = Ear::<u16>::new(Mode::Sync);
    let handle = ear.client.web_socket_request(server.port(), "/");
    ear.client.exchange(handle).unwrap();
    let error = ear.client.complete_upgrade(handle, 0).unwrap_err();
    let detail = detail::<u16>(error).unwrap();
    assert!(detail.len() > 8184 && detail.ends_with("..."), "{detail}");
    ear.client.close(handle).unwrap();
    ear.finish();
}
