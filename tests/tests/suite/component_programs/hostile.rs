//! The echo server with clients that break HTTP and the WebSocket protocol, byte by byte: each gets
//! its answer, and the next client does not notice.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use winhttp_tests::PATIENCE;

use super::programs::EchoServer;

const HEAD: &str = "GET /chat HTTP/1.1\r\n\
    Host: 127.0.0.1\r\n\
    Connection: keep-alive, Upgrade\r\n\
    upgrade: WebSocket\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Protocol: chat, superchat\r\n\
    Sec-WebSocket-Extensions: permessage-deflate\r\n\
    \r\n";
/// "Hello", and what comes back (RFC 6455 §5.7).
const HELLO: [u8; 11] = *b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
const HELLO_BACK: [u8; 7] = *b"\x81\x05Hello";

fn connect(server: &EchoServer) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Reads up to the end of a response's head.
fn read_response(stream: &mut TcpStream) -> String {
    let mut response = Vec::new();
    while !response.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        response.push(byte[0]);
    }
    String::from_utf8(response).unwrap()
}

/// A connection after its handshake.
fn open(server: &EchoServer) -> TcpStream {
    let mut stream = connect(server);
    stream.write_all(HEAD.as_bytes()).unwrap();
    assert_eq!(
        read_response(&mut stream).lines().next(),
        Some("HTTP/1.1 101 Switching Protocols")
    );
    stream
}

/// All that comes until the server ends the connection.
fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    bytes
}

fn read_up_to(stream: &mut TcpStream, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

fn expect_echo(stream: &mut TcpStream) {
    assert_eq!(read_up_to(stream, HELLO_BACK.len()), HELLO_BACK);
}

/// The server serves, whatever went before.
fn expect_service(server: &EchoServer) {
    let mut stream = open(server);
    stream.write_all(&HELLO).unwrap();
    expect_echo(&mut stream);
}

fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    assert!(length < 126, "a short frame");
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![first, 0x80 | length];
    frame.extend(key);
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(b, k)| b ^ k));
    frame
}

#[test]
fn the_response_selects_what_it_must_and_nothing_else() {
    let server = EchoServer::start();
    let mut stream = connect(&server);
    stream.write_all(HEAD.as_bytes()).unwrap();
    let response = read_response(&mut stream);
    let mut lines: Vec<&str> = response.split("\r\n").filter(|l| !l.is_empty()).collect();
    lines[1..].sort_unstable();
    assert_eq!(
        lines,
        [
            "HTTP/1.1 101 Switching Protocols",
            "Connection: Upgrade",
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            "Upgrade: websocket",
        ]
    );
}

#[test]
fn requests_that_are_no_good_get_their_status() {
    let without = |name: &str| -> String {
        HEAD.split_inclusive("\r\n")
            .filter(|line| !line.starts_with(name))
            .collect()
    };
    let with = |from: &str, to: &str| {
        assert!(HEAD.contains(from), "{from}");
        HEAD.replacen(from, to, 1)
    };
    let many: String = (0..100).map(|n| format!("X-{n}: y\r\n")).collect();
    let table = [
        (400, "empty line", "\r\n\r\n".to_owned()),
        (400, "no HTTP", "hello there\r\n\r\n".to_owned()),
        (400, "HTTP/1.0", with("HTTP/1.1", "HTTP/1.0")),
        (400, "no target", with("GET /chat", "GET")),
        (400, "two spaces", with("GET /chat", "GET  /chat")),
        (400, "line ends without CR", HEAD.replace("\r\n", "\n")),
        (400, "no colon", with("Host:", "Host")),
        (400, "blank before the colon", with("Host:", "Host :")),
        (400, "folded line", with("Host:", " Host:")),
        (400, "empty name", with("Host:", ":")),
        (400, "NUL in a name", with("Host", "Ho\0st")),
        (400, "NUL in a value", with("127.0.0.1", "127\0.0.0.1")),
        (400, "CR in a value", with("127.0.0.1", "127\r.0.0.1")),
        (400, "TLS", "\x16\x03\x01\x02\r\n\r\n".to_owned()),
        (400, "no host", without("Host")),
        (400, "no key", without("Sec-WebSocket-Key")),
        (400, "no version", without("Sec-WebSocket-Version")),
        (400, "no connection", without("Connection")),
        (400, "short key", with("dGhlIHNhbXBsZSBub25jZQ==", "AAAA")),
        (
            400,
            "two keys",
            with(
                "Host:",
                "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nHost:",
            ),
        ),
        (405, "POST", with("GET", "POST")),
        (426, "a browser that shows a page", without("upgrade")),
        (426, "another version", with("Version: 13", "Version: 8")),
        (431, "many fields", with("Host:", &format!("{many}Host:"))),
        (
            431,
            "a long field",
            with("Host:", &format!("X: {}\r\nHost:", "y".repeat(10_000))),
        ),
        (431, "an endless line", "G".repeat(10_000)),
    ];
    let server = EchoServer::start();
    for (status, what, head) in table {
        let mut stream = connect(&server);
        stream.write_all(head.as_bytes()).unwrap();
        let response = read_response(&mut stream);
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status} ")),
            "{what}: {response}"
        );
        assert_eq!(
            status == 426,
            response.contains("Sec-WebSocket-Version: 13\r\n"),
            "{what}: {response}"
        );
        assert_eq!(read_to_end(&mut stream), [], "{what}");
    }
    expect_service(&server);
}

#[test]
fn a_request_and_frames_may_come_byte_by_byte() {
    let server = EchoServer::start();
    let mut stream = connect(&server);
    for byte in HEAD.as_bytes() {
        stream.write_all(&[*byte]).unwrap();
    }
    read_response(&mut stream);
    for byte in HELLO {
        stream.write_all(&[byte]).unwrap();
    }
    // A message may come back in as many pieces as it came in.
    let (mut text, mut last) = (Vec::new(), false);
    while !last {
        let mut header = [0; 2];
        stream.read_exact(&mut header).unwrap();
        let mut payload = vec![0; header[1].into()];
        stream.read_exact(&mut payload).unwrap();
        assert_eq!(
            header[0] & 0x7F,
            u8::from(text.is_empty()),
            "text, then continuations"
        );
        last = header[0] & 0x80 != 0;
        text.extend(payload);
    }
    assert_eq!(text, b"Hello");
}

/// Nobody should, but bytes behind the request are the session's, not lost.
#[test]
fn frames_in_the_same_packet_as_the_request_are_read() {
    let server = EchoServer::start();
    let mut stream = connect(&server);
    stream
        .write_all(&[HEAD.as_bytes(), &HELLO, &HELLO].concat())
        .unwrap();
    read_response(&mut stream);
    expect_echo(&mut stream);
    expect_echo(&mut stream);
}

#[test]
fn bad_frames_are_answered_with_a_close_frame_and_the_end() {
    // An error of order has a status. One of form has none: a bad frame and bad text are the same
    // to a program.
    let (order, form) = (&b"\x88\x02\x03\xea"[..], &b"\x88\x00"[..]);
    let table = [
        (form, "not masked", b"\x81\x05Hello".to_vec()),
        (form, "reserved bit", masked(0xC1, b"x")),
        (form, "reserved opcode", masked(0x83, b"x")),
        (form, "reserved control opcode", masked(0x8B, b"")),
        (form, "fragmented ping", masked(0x09, b"x")),
        (form, "long ping", b"\x89\xfe\x00\x7e\0\0\0\0".to_vec()),
        (
            form,
            "length with its top bit",
            b"\x82\xff\x80\0\0\0\0\0\0\0\0\0\0\0".to_vec(),
        ),
        (form, "text that is no UTF-8", masked(0x81, b"\xC3\x28")),
        (form, "a surrogate", masked(0x81, b"\xED\xA0\x80")),
        (form, "close of one byte", masked(0x88, b"\x03")),
        (form, "close with 1005", masked(0x88, b"\x03\xED")),
        (form, "close with 999", masked(0x88, b"\x03\xE7")),
        (
            form,
            "close with a bad reason",
            masked(0x88, b"\x03\xE8\xFF"),
        ),
        (order, "continuation of nothing", masked(0x80, b"x")),
    ];
    let server = EchoServer::start();
    for (answer, what, frame) in table {
        let mut stream = open(&server);
        // What came before the bad frame is echoed, and what comes behind it is not looked at.
        stream
            .write_all(&[&HELLO[..], &frame, &HELLO].concat())
            .unwrap();
        expect_echo(&mut stream);
        assert_eq!(read_to_end(&mut stream), answer, "{what}");
    }
    let mut stream = open(&server);
    stream
        .write_all(&[masked(0x01, b"open"), masked(0x81, b"new")].concat())
        .unwrap();
    assert_eq!(
        read_to_end(&mut stream),
        [&b"\x01\x04open"[..], order].concat()
    );
    expect_service(&server);
}

/// Ends a connection by a reset: there are unread bytes when the socket is closed.
fn reset(stream: TcpStream) {
    let mut byte = [0];
    let _something_is_there = stream.peek(&mut byte).unwrap();
    drop(stream);
}

#[test]
fn connections_that_vanish_do_not_hurt_the_server() {
    let server = EchoServer::start();
    for _ in 0..10 {
        drop(connect(&server)); // before the request
        let mut stream = connect(&server); // within it
        stream.write_all(&HEAD.as_bytes()[..100]).unwrap();
        drop(stream);
        let mut stream = connect(&server); // before the response is read
        stream.write_all(HEAD.as_bytes()).unwrap();
        reset(stream);
        drop(open(&server)); // with nothing said
        let mut stream = open(&server); // within a frame
        stream.write_all(&HELLO[..8]).unwrap();
        drop(stream);
        let mut stream = open(&server); // before the echo is read
        stream.write_all(&HELLO).unwrap();
        reset(stream);
        let mut stream = open(&server); // by halves: its sending side only
        stream.write_all(&HELLO).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(read_to_end(&mut stream), HELLO_BACK);
    }
    expect_service(&server);
}

/// A request that does not end is not waited for, nor is a peer that does not answer a close frame.
#[test]
fn a_peer_that_says_nothing_is_left() {
    let mut server = EchoServer::start();
    let mut slow = connect(&server);
    slow.write_all(&HEAD.as_bytes()[..100]).unwrap();
    assert_eq!(read_to_end(&mut slow), [], "no answer, only the end");
    let mut silent = open(&server);
    server.end_input();
    assert_eq!(read_up_to(&mut silent, 4), b"\x88\x02\x03\xe9");
    server.expect_end();
}

/// Connections beyond what the system allows wait until others have ended.
#[test]
fn a_server_without_descriptors_waits_for_connections_to_end() {
    let server = EchoServer::start_with_descriptors(16);
    let streams: Vec<TcpStream> = (0..40).map(|_| connect(&server)).collect();
    for mut stream in streams {
        stream.write_all(HEAD.as_bytes()).unwrap();
        read_response(&mut stream);
        stream.write_all(&HELLO).unwrap();
        expect_echo(&mut stream);
    }
}

/// Requests with a few wrong bytes, and frames of chance behind them: each is answered or ended,
/// none is waited for.
#[test]
fn nonsense_is_survived() {
    let server = EchoServer::start();
    let mut chance = 1_u64;
    let mut below = |limit: usize| -> usize {
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(chance >> 33).unwrap() % limit
    };
    let byte = |value: usize| u8::try_from(value).unwrap();
    for _ in 0..500 {
        let mut bytes = HEAD.as_bytes().to_vec();
        for _ in 0..below(3) {
            let (place, value) = (below(bytes.len()), byte(below(256)));
            match below(3) {
                0 => bytes[place] = value,
                1 => drop(bytes.remove(place)),
                _ => bytes.insert(place, value),
            }
        }
        for _ in 0..below(4) {
            let first = [0x81, 0x01, 0x80, 0x82, 0x89, 0x8A, 0x88, byte(below(256))][below(8)];
            let payload: Vec<u8> = (0..below(20)).map(|_| byte(below(256))).collect();
            bytes.extend(masked(first, &payload));
        }
        let mut stream = connect(&server);
        stream.write_all(&bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        if let Err(error) = stream.read_to_end(&mut answer) {
            assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{bytes:02x?}");
        }
    }
    expect_service(&server);
}

/// An echo that is not read stops the server from reading: it stores a buffer, not what comes.
#[test]
fn a_client_that_does_not_read_is_not_read_from() {
    let server = EchoServer::start();
    let mut stream = open(&server);
    // Binary frames without end; the kernel's buffers fill, then the server waits.
    let mut frame = b"\x82\xfe\xff\xff\0\0\0\0".to_vec();
    frame.resize(frame.len() + 0xFFFF, b'x');
    stream
        .set_write_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let mut sent = 0_u64;
    let stuck = loop {
        match stream.write(&frame) {
            Ok(length) => sent += length as u64,
            Err(error) => break error,
        }
        assert!(sent < 1 << 30, "somebody stores it all");
    };
    assert!(
        matches!(stuck.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        "{stuck}"
    );
    // Others are served meanwhile, and the end finds the server's write in progress.
    expect_service(&server);
    reset(stream);
    expect_service(&server);
}
