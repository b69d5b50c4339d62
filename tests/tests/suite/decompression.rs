//! Bodies that are decoded on their way to the program (WINHTTP_OPTION_DECOMPRESSION): what is
//! asked for, what is hidden, what is counted, what is broken, and what becomes of the connection.

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::Server;
use winhttp_tests::support::coded::{chunked, deflate, gzip, text, zlib};
use winhttp_tests::support::set_dword;
use winhttp_tests::{
    Call, Client, Handle, Memory, Mode, Sending, answers, answers_and_ends, answers_each, scenarios,
};

use super::request_statistics::stats;

const BOTH: u32 = c::WINHTTP_DECOMPRESSION_FLAG_ALL;
const GZIP: u32 = c::WINHTTP_DECOMPRESSION_FLAG_GZIP;
const DEFLATE: u32 = c::WINHTTP_DECOMPRESSION_FLAG_DEFLATE;
const INVALID: u32 = c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE;
const NOT_FOUND: u32 = c::ERROR_WINHTTP_HEADER_NOT_FOUND;
const ENCODING: u32 = c::WINHTTP_QUERY_CONTENT_ENCODING;
const LENGTH: u32 = c::WINHTTP_QUERY_CONTENT_LENGTH;

/// `printf hello | gzip -c`, with another compressor's head and data.
const FOREIGN: &[u8] = &[
    0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 7, 0, 0x86, 0xa6, 0x10, 0x36,
    5, 0, 0, 0,
];

/// A response of announced length.
fn counted(status: &str, coding: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Encoding: {coding}\r\nContent-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// A response in chunks, without its end.
fn in_chunks(coding: &str, body: &[u8]) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding";
    [
        format!("{head}: {coding}\r\n\r\n").as_bytes(),
        &chunked(body, 300),
    ]
    .concat()
}

fn decoding<W: Unit>(client: &Client<W>, port: u16, verb: &str) -> Handle {
    let connect = client.connect("127.0.0.1", port).unwrap();
    let request = client.open_request(connect, verb, "/", 0).unwrap();
    set_dword::<W>(request, c::WINHTTP_OPTION_DECOMPRESSION, BOTH).unwrap();
    client.close(connect).unwrap();
    request
}

/// What a program reads of this response, and what ends it.
fn read<W: Unit>(mode: Mode, server: &Server) -> (Vec<u8>, Call<()>) {
    let client = Client::<W>::new(mode);
    let request = decoding(&client, server.port(), "GET");
    client.exchange(request).unwrap();
    let outcome = read_on(&client, request);
    client.finish();
    outcome
}

fn read_on<W: Unit>(client: &Client<W>, request: Handle) -> (Vec<u8>, Call<()>) {
    let mut body = Vec::new();
    loop {
        match client.read(request, 3000) {
            Ok(piece) if piece.is_empty() => return (body, Ok(())),
            Ok(piece) => body.extend(piece),
            Err(error) => return (body, Err(error)),
        }
    }
}

scenarios! {
    fn fact_31_1_other_codings_stay<W>(mode) {
        for (flags, coding) in [
            (BOTH, "br"),
            (BOTH, "zstd"),
            (BOTH, "compress"),
            (BOTH, "gzip, br"),
            (DEFLATE, "gzip"),
            (GZIP, "deflate"),
            (0, "gzip"),
        ] {
            let server = answers(counted("200 OK", coding, FOREIGN));
            let client = Client::<W>::new(mode);
            let request = client.get(server.port(), "/");
            set_dword::<W>(request, c::WINHTTP_OPTION_DECOMPRESSION, flags).unwrap();
            client.exchange(request).unwrap();
            assert_eq!(client.query(request, ENCODING, None), Ok(coding.to_owned()));
            let length = client.query(request, LENGTH, None);
            assert_eq!(length, Ok(FOREIGN.len().to_string()));
            assert_eq!(client.body(request).unwrap(), FOREIGN, "{flags} {coding}");
            client.finish();
        }
    }

    fn facts_31_2_and_31_9_accept_encoding_says_what_is_set<W>(mode) {
        let server = answers("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        let client = Client::<W>::new(mode);
        let option = c::WINHTTP_OPTION_DECOMPRESSION;
        let mut sent = 0;
        let mut says = |request: Handle, headers: Option<&str>| {
            client.send_with(request, Sending { headers, ..Sending::default() }).unwrap();
            client.receive(request).unwrap();
            let head = server.requests().swap_remove(sent);
            sent += 1;
            let values: Vec<String> = head.values("Accept-Encoding").map(str::to_owned).collect();
            let asked = c::WINHTTP_QUERY_ACCEPT_ENCODING | c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS;
            assert_eq!(client.values(request, asked, None), values);
            values
        };
        let own = Some("accept-encoding: br\r\nX-A: 1");
        for (flags, expected) in [
            (BOTH, &["gzip, deflate"][..]),
            (GZIP, &["gzip"]),
            (DEFLATE, &["deflate"]),
            (0, &[]),
        ] {
            let request = client.get(server.port(), "/");
            set_dword::<W>(request, option, flags).unwrap();
            assert_eq!(says(request, None), expected);
            let with_own = if flags == 0 { &["br"] } else { expected };
            assert_eq!(says(request, own), with_own);
        }
        // The session's value is that of requests opened later, which may have their own.
        let before = client.get(server.port(), "/");
        set_dword::<W>(client.session, option, GZIP).unwrap();
        assert_eq!(says(before, None), [""; 0]);
        let request = client.get(server.port(), "/");
        assert_eq!(says(request, None), ["gzip"]);
        set_dword::<W>(request, option, DEFLATE).unwrap();
        assert_eq!(says(request, None), ["deflate"]);
        client.finish();
    }

    fn fact_31_3_a_decoded_body_hides_what_is_not_true_of_it<W>(mode) {
        let server = answers(counted("200 OK", "gzip", FOREIGN));
        let client = Client::<W>::new(mode);
        let request = decoding(&client, server.port(), "GET");
        client.exchange(request).unwrap();
        assert_eq!(client.query(request, ENCODING, None), Err(NOT_FOUND));
        assert_eq!(client.query(request, LENGTH, None), Err(NOT_FOUND));
        let number = LENGTH | c::WINHTTP_QUERY_FLAG_NUMBER;
        assert_eq!(client.query(request, number, None), Err(NOT_FOUND));
        let custom = c::WINHTTP_QUERY_CUSTOM;
        for name in ["content-encoding", "Content-Length"] {
            assert_eq!(client.query(request, custom, Some(name)), Err(NOT_FOUND));
        }
        let raw = client.query(request, c::WINHTTP_QUERY_RAW_HEADERS_CRLF, None);
        assert_eq!(raw.unwrap(), "HTTP/1.1 200 OK\r\n\r\n");
        assert_eq!(client.body(request).unwrap(), b"hello");
        client.finish();
    }

    fn facts_31_3_and_40_6_what_has_no_body_hides_nothing<W>(mode) {
        for (verb, status) in [("HEAD", "200 OK"), ("GET", "204 No"), ("GET", "304 Same")] {
            let mut head = counted(status, "gzip", FOREIGN);
            head.truncate(head.len() - FOREIGN.len());
            let server = answers(head);
            let client = Client::<W>::new(mode);
            let request = decoding(&client, server.port(), verb);
            client.exchange(request).unwrap();
            assert_eq!(client.query(request, ENCODING, None), Ok("gzip".to_owned()));
            assert_eq!(client.query(request, LENGTH, None), Ok("25".to_owned()));
            assert_eq!(client.available(request), Ok(0));
            assert_eq!(client.read(request, 9), Ok(Vec::new()));
            client.finish();
        }
        for response in [
            counted("200 OK", "gzip", b""),
            [&in_chunks("gzip", b"")[..], b"0\r\n\r\n"].concat(),
        ] {
            let server = answers(response);
            assert_eq!(read::<W>(mode, &server), (Vec::new(), Ok(())));
        }
    }

    fn facts_31_4_and_31_5_every_coding_in_every_framing<W>(mode) {
        let text = text(50_000);
        let cases = [
            ("gzip", gzip(&text)),
            ("X-GZIP", gzip(&text)),
            ("deflate", deflate(&text)),
            ("deflate", zlib(&text)),
            ("identity, gzip", gzip(&text)),
            ("gzip, gzip", gzip(&gzip(&text))),
            ("deflate, gzip", gzip(&deflate(&text))),
            ("gzip, deflate, identity, gzip, gzip", gzip(&gzip(&zlib(&gzip(&text))))),
            ("gzip", [gzip(&text[..9]), gzip(b""), gzip(&text[9..])].concat()),
            ("gzip", [&gzip(&text)[..], &[0; 300]].concat()),
            ("gzip", [&gzip(&text)[..], b"garbage"].concat()),
        ];
        for (coding, body) in cases {
            let until_close = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n");
            for (framing, server) in [
                ("counted", answers(counted("200 OK", coding, &body))),
                ("chunked", answers([&in_chunks(coding, &body)[..], b"0\r\nT: 1\r\n\r\n"].concat())),
                ("until close", answers_and_ends([until_close.as_bytes(), &body].concat())),
            ] {
                let client = Client::<W>::new(mode);
                let request = decoding(&client, server.port(), "GET");
                client.exchange(request).unwrap();
                assert!(read_on(&client, request) == (text.clone(), Ok(())), "{coding} {framing}");
                let trailers = client.query(
                    request,
                    c::WINHTTP_QUERY_CUSTOM | c::WINHTTP_QUERY_FLAG_TRAILERS,
                    Some("T"),
                );
                let expected = (framing == "chunked").then(|| "1".to_owned()).ok_or(NOT_FOUND);
                assert_eq!(trailers, expected);
                client.finish();
            }
        }
    }

    fn fact_31_5_more_than_four_codings_are_refused<W>(mode) {
        let five = counted("200 OK", "gzip, gzip, gzip, gzip, gzip", FOREIGN);
        let server = answers(five);
        let client = Client::<W>::new(mode);
        let request = decoding(&client, server.port(), "GET");
        assert_eq!(client.exchange(request), Err(INVALID));
        client.finish();
    }

    fn facts_31_6_and_40_5_what_was_decoded_comes_before_the_error<W>(mode) {
        let text = text(20_000);
        let whole = gzip(&text);
        let mut broken = whole.clone();
        *broken.last_mut().unwrap() ^= 1;
        let cut = &whole[..whole.len() - 5];
        let announced = counted("200 OK", "gzip", &whole);
        let last = b"0\r\n\r\n";
        for (what, response, expected) in [
            ("broken", counted("200 OK", "gzip", &broken), INVALID),
            ("cut", [&in_chunks("gzip", cut)[..], last].concat(), INVALID),
            ("cut and ended", announced[..announced.len() - 5].to_vec(), INVALID),
            ("without a last chunk", in_chunks("gzip", &whole), c::ERROR_WINHTTP_CONNECTION_ERROR),
        ] {
            let server = answers_and_ends(response);
            let client = Client::<W>::new(mode);
            let request = decoding(&client, server.port(), "GET");
            client.exchange(request).unwrap();
            let (body, end) = read_on(&client, request);
            assert_eq!(end, Err(expected), "{what}");
            assert!(body == text, "{what}: {} bytes", body.len());
            let state = c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE;
            assert_eq!(client.read(request, 9), Err(state));
            client.finish();
        }
        let server = answers(counted("200 OK", "gzip", b"plain text"));
        assert_eq!(read::<W>(mode, &server), (Vec::new(), Err(INVALID)));
        let client = Client::<W>::new(mode);
        let request = decoding(&client, server.port(), "GET");
        client.exchange(request).unwrap();
        assert_eq!(client.available(request), Err(INVALID));
        client.finish();
    }

    fn fact_31_7_counts_are_those_of_decoded_bytes<W>(mode) {
        let text = text(30_000);
        let server = answers(counted("200 OK", "gzip", &gzip(&text)));
        let client = Client::<W>::new(mode);
        let request = decoding(&client, server.port(), "GET");
        client.exchange(request).unwrap();
        let mut body = Vec::new();
        loop {
            let found = client.available(request).unwrap();
            assert!(found <= 8192);
            assert_eq!(client.available(request), Ok(found), "asking takes nothing");
            let piece = client.read(request, found.try_into().unwrap()).unwrap();
            assert_eq!(u32::try_from(piece.len()), Ok(found));
            body.extend(piece);
            if found == 0 {
                break;
            }
        }
        assert!(body == text);
        let request = decoding(&client, server.port(), "GET");
        client.exchange(request).unwrap();
        let first = client.read_ex(request, 100, c::WINHTTP_READ_DATA_EX_FLAG_FILL_BUFFER).unwrap();
        assert_eq!(first, &text[..100]);
        let some = client.read_ex(request, 25_000, 0).unwrap();
        assert!(!some.is_empty() && text[100..].starts_with(&some));
        let (rest, end) = read_on(&client, request);
        assert_eq!(([first, some, rest].concat() == text, end), (true, Ok(())));
        client.finish();
    }

    fn fact_31_8_stats_tell_both_sizes<W>(mode) {
        let text = text(10_000);
        let wire = gzip(&text);
        for response in [
            counted("200 OK", "gzip", &wire),
            [&in_chunks("gzip", &wire)[..], b"0\r\n\r\n"].concat(),
        ] {
            let server = answers(response);
            let client = Client::<W>::new(mode);
            let request = decoding(&client, server.port(), "GET");
            client.exchange(request).unwrap();
            client.body(request).unwrap();
            let (_, all) = stats::<W>(request, 16).unwrap();
            assert_eq!((all[10], all[11]), (10_000, u64::try_from(wire.len()).unwrap()));
            client.finish();
        }
    }

    fn fact_31_9_partial_content_is_decoded_like_others<W>(mode) {
        let server = answers(counted("206 Partial Content", "gzip", FOREIGN));
        assert_eq!(read::<W>(mode, &server), (b"hello".to_vec(), Ok(())));
        let server = answers(counted("206 Partial Content", "gzip", &FOREIGN[5..]));
        assert_eq!(read::<W>(mode, &server), (Vec::new(), Err(INVALID)));
    }

    fn fact_31_7_a_bomb_fills_what_it_is_given<W>(mode) {
        let bytes = 30_000_000;
        let bomb = gzip(&gzip(&vec![0; bytes]));
        assert!(bomb.len() < 1000);
        let server = answers(counted("200 OK", "gzip, gzip", &bomb));
        let client = Client::<W>::new(mode);
        let request = decoding(&client, server.port(), "GET");
        client.exchange(request).unwrap();
        let first = client.read(request, 20_000_000).unwrap();
        assert_eq!(first.len(), 20_000_000);
        let second = client.read(request, 20_000_000).unwrap();
        assert_eq!(second.len(), 10_000_000);
        assert_eq!(client.read(request, 1), Ok(Vec::new()));
        client.finish();
    }

    fn the_connection_is_kept_by_what_comes_over_the_wire<W>(mode) {
        let small = gzip(&vec![b'x'; 200_000]);
        assert!(small.len() < 1000);
        let large = gzip(&text(20_000));
        assert!(large.len() > 1000);
        let mut broken = small.clone();
        *broken.last_mut().unwrap() ^= 1;
        let tail = [&small[..], b"garbage"].concat();
        // Read so many bytes, and whether the next request uses the connection.
        for (body, reads, kept) in [
            (&small, usize::MAX, true),
            (&small, 0, true),
            (&small, 10, true),
            (&tail, usize::MAX, true),
            (&large, 0, false),
            (&broken, usize::MAX, false),
        ] {
            let response = counted("200 OK", "gzip", body);
            let server = answers_each(move |connection, _, _| connection.send(&response));
            let server = Server::plain(server).unwrap();
            let client = Client::<W>::new(mode);
            for _ in 0..2 {
                let request = decoding(&client, server.port(), "GET");
                let drain = c::WINHTTP_OPTION_MAX_RESPONSE_DRAIN_SIZE;
                set_dword::<W>(request, drain, 1000).unwrap();
                client.exchange(request).unwrap();
                if reads == usize::MAX {
                    let _until_its_end = read_on(&client, request);
                } else if reads > 0 {
                    assert_eq!(client.read(request, reads).unwrap().len(), reads);
                }
                client.close_and_wait(request);
            }
            let connections = if kept { 1 } else { 2 };
            assert_eq!(server.connections(), connections, "{} {reads}", body.len());
            client.finish();
        }
    }
}

/// A few KB that are decoded to a million megabytes, of which nothing is left in the end.
fn endless_nothing() -> Vec<u8> {
    let blocks = [0, 0, 0, 0xff, 0xff].repeat(200_000);
    gzip(&gzip(&gzip(&blocks).repeat(1000)).repeat(1000))
}

fn decoding_nothing(client: &Client<u16>, server: &Server) -> Handle {
    let request = decoding(client, server.port(), "GET");
    client.exchange(request).unwrap();
    request
}

#[test]
fn fact_31_7_closing_the_handle_ends_decoding_that_gives_nothing() {
    let nothing = endless_nothing();
    assert!(nothing.len() < 50_000, "{}", nothing.len());
    let server = answers(counted("200 OK", "deflate, gzip, gzip, gzip", &nothing));

    let client = Client::<u16>::on_callback_thread(Mode::Async);
    let request = decoding_nothing(&client, &server);
    client.start_read(request, Memory::new(100)).unwrap();
    client.close_and_wait(request);
    let told = client.recorder.statuses_of(request);
    let failed = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
    assert!(told.contains(&failed), "{told:x?}");
    client.finish();

    let client = Client::<u16>::new(Mode::Sync);
    let request = decoding_nothing(&client, &server);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| client.read(request, 100));
        client.close_and_wait(request);
        // Whether the read had begun or not.
        reading.join().unwrap().unwrap_err();
    });
    client.finish();
}
