//! Sending bodies: the announced length, WinHttpWriteData, and the program's own chunk framing.

use std::io::Read as _;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Connection, Server, by_path};
use winhttp_tests::support::schemes::both_schemes;
use winhttp_tests::support::time_passes;
use winhttp_tests::{
    Client, Handle, Info, Memory, Mode, PATIENCE, Sending, call, last_error, scenarios,
};

const WRITE: u32 = c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE;
const ADD: u32 = c::WINHTTP_ADDREQ_FLAG_ADD;

/// More than the buffers of both sides take together, in bytes.
const HUGE: u32 = 16 << 20;

/// So much memory, lent to writes that this module loses sight of.
fn huge() -> Memory {
    static LENT: OnceLock<Memory> = OnceLock::new();
    *LENT.get_or_init(|| Memory::new(HUGE as usize))
}

fn open<W: Unit>(client: &Client<W>, server: &Server, verb: &str) -> Handle {
    let connect = client.connect("127.0.0.1", server.port()).unwrap();
    client.open_request(connect, verb, "/body", 0).unwrap()
}

fn total(total: u32) -> Sending<'static> {
    Sending {
        total,
        ..Sending::default()
    }
}

scenarios! {
    fn fact_2_9_writing_past_the_announced_length_is_refused<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = open(&client, &server, "POST");
        client.send_with(request, Sending { body: b"all", total: 3, ..Sending::default() }).unwrap();
        let events = client.events(request);
        let mut written = 0xdead_beef;
        // SAFETY: data and count live through the call, which is refused.
        let done = unsafe {
            winhttp::WinHttpWriteData::<W>(request.raw(), b"x".as_ptr().cast(), 1, &raw mut written)
        };
        assert_eq!((done, last_error(), written), (0, c::ERROR_INVALID_PARAMETER, 0xdead_beef));
        client.receive(request).unwrap();
        assert_eq!(client.body(request).unwrap(), b"all");
        assert!(!client.recorder.statuses_of(request)[events..].contains(&WRITE));
        client.finish();
    }

    fn fact_2_9_more_than_what_is_left_is_refused_and_the_rest_still_taken<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = open(&client, &server, "POST");
        client.send_with(request, Sending { body: b"ab", total: 6, ..Sending::default() }).unwrap();
        assert_eq!(client.write(request, b"cd"), Ok(2));
        assert_eq!(client.write(request, b"efg"), Err(c::ERROR_INVALID_PARAMETER));
        assert_eq!(client.write(request, b"ef"), Ok(2));
        client.receive(request).unwrap();
        assert_eq!(client.body(request).unwrap(), b"abcdef");
        client.finish();
    }

    fn fact_2_10_a_get_may_carry_a_body<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = open(&client, &server, "GET");
        client.send_with(request, total(1)).unwrap();
        assert_eq!(client.write(request, b"x"), Ok(1));
        client.receive(request).unwrap();
        assert_eq!(client.body(request).unwrap(), b"x");
        assert_eq!(server.requests()[0].header("Content-Length"), Some("1"));
        client.finish();
    }

    fn fact_2_11_post_and_put_without_a_body_say_length_0<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let without = ["GET", "DELETE", "OPTIONS", "PATCH", "MERGE"].map(|verb| (verb, None));
        let verbs = [("POST", Some("0")), ("PUT", Some("0"))].into_iter().chain(without);
        for (index, (verb, length)) in verbs.enumerate() {
            let request = open(&client, &server, verb);
            client.exchange(request).unwrap();
            let seen = server.wait_request(index, PATIENCE).unwrap();
            assert_eq!((seen.method.as_str(), seen.header("Content-Length")), (verb, length));
        }
        client.finish();
    }

    fn fact_2_11_with_transfer_encoding_the_given_bytes_go_out_as_they_are<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = open(&client, &server, "POST");
        let framed: &'static [u8] = b"5\r\nhello\r\n0\r\n\r\n";
        let length = u32::try_from(framed.len()).unwrap();
        client.add_headers(request, "Transfer-Encoding: chunked", ADD).unwrap();
        client.send_with(request, Sending { body: framed, total: length, ..Sending::default() }).unwrap();
        client.receive(request).unwrap();
        assert_eq!(client.body(request).unwrap(), b"hello");
        let seen = &server.requests()[0];
        assert_eq!(seen.header("Content-Length"), None);
        assert_eq!(server.received(0), [&seen.raw[..], framed].concat());
        client.finish();
    }

    fn expectation_21_a_program_frames_its_own_chunks_with_write_data<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        for in_send in [false, true] {
            let client = Client::<W>::new(mode);
            let request = open(&client, &server, "POST");
            let header = "Transfer-Encoding: chunked";
            let mut sending = total(c::WINHTTP_IGNORE_REQUEST_TOTAL_LENGTH);
            if in_send {
                sending.headers = Some(header);
            } else {
                client.add_headers(request, header, ADD).unwrap();
            }
            client.send_with(request, sending).unwrap();
            for piece in ["4\r\n", "wiki", "\r\n", "5\r\npedia\r\n", "0\r\n\r\n"] {
                assert_eq!(client.write(request, piece.as_bytes()).map(usize::try_from), Ok(Ok(piece.len())));
            }
            client.receive(request).unwrap();
            assert_eq!(client.body(request).unwrap(), b"wikipedia");
            client.finish();
        }
        for seen in server.requests() {
            assert_eq!(seen.values("Transfer-Encoding").collect::<Vec<_>>(), ["chunked"]);
            assert_eq!(seen.header("Content-Length"), None);
        }
    }

    fn with_total_0_the_programs_content_length_counts<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        for in_send in [false, true] {
            for given in [0, 2] {
                let client = Client::<W>::new(mode);
                let request = open(&client, &server, "POST");
                let header = "Content-Length: 5";
                let mut sending = total(c::WINHTTP_IGNORE_REQUEST_TOTAL_LENGTH);
                sending.body = &b"he"[..given];
                if in_send {
                    sending.headers = Some(header);
                } else {
                    client.add_headers(request, header, ADD).unwrap();
                }
                client.send_with(request, sending).unwrap();
                assert_eq!(client.write(request, &b"hello"[given..4]), Ok(u32::try_from(4 - given).unwrap()));
                assert_eq!(client.write(request, b"o!"), Err(c::ERROR_INVALID_PARAMETER), "one too many");
                assert_eq!(client.write(request, b"o"), Ok(1));
                client.receive(request).unwrap();
                assert_eq!(client.body(request).unwrap(), b"hello");
                client.finish();
            }
        }
        for seen in server.requests() {
            assert_eq!(seen.values("Content-Length").collect::<Vec<_>>(), ["5"]);
        }
    }

    fn with_total_0_a_content_length_may_be_above_4_gib<W>(mode) {
        let server = Server::plain(|connection| {
            connection.read_head()?;
            connection.read_exactly(10)?;
            connection.send(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")?;
            connection.wait_closed();
            Ok(())
        })
        .unwrap();
        let client = Client::<W>::new(mode);
        let request = open(&client, &server, "PUT");
        client.add_headers(request, "Content-Length: 5000000000", ADD).unwrap();
        client.send_with(request, total(c::WINHTTP_IGNORE_REQUEST_TOTAL_LENGTH)).unwrap();
        for piece in [&b"01234"[..], b"56789"] {
            assert_eq!(client.write(request, piece), Ok(5));
        }
        client.receive(request).unwrap();
        assert_eq!(client.status_code(request), Ok(413));
        assert_eq!(server.requests()[0].header("Content-Length"), Some("5000000000"));
        client.finish();
    }

    fn a_content_length_that_agrees_is_sent_once<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        for (headers, body) in [
            ("Content-Length: 3", &b"all"[..]),
            ("content-length:  3 ", b"all"),
            ("Content-Length: 0", b""),
            ("Content-Length: 3\r\nContent-Length: 3", b"all"),
        ] {
            let request = open(&client, &server, "POST");
            client.add_headers(request, headers, ADD).unwrap();
            let length = u32::try_from(body.len()).unwrap();
            client.send_with(request, Sending { body, total: length, ..Sending::default() }).unwrap();
            client.receive(request).unwrap();
            assert_eq!(client.body(request).unwrap(), body);
            let seen = server.requests().pop().unwrap();
            assert_eq!(seen.values("Content-Length").count(), 1, "{headers:?}");
        }
        client.finish();
    }

    fn a_content_length_that_disagrees_is_refused<W>(mode) {
        let client = Client::<W>::new(mode);
        let connect = client.connect("127.0.0.1", 1).unwrap();
        for (headers, given, total) in [
            ("Content-Length: 4", 3, 3),
            ("Content-Length: 2", 3, 3),
            ("Content-Length: 5", 0, 6),
            ("Content-Length: 5000000000", 0, 6),
            // With total 0 the header counts: it is exceeded already, or says nothing.
            ("Content-Length: 2", 3, 0),
            ("Content-Length: many", 0, 0),
            ("Content-Length: +5", 0, 0),
            ("Content-Length: ", 0, 0),
            ("Content-Length: 5, 5", 0, 0),
            ("Content-Length: 18446744073709551616", 0, 0),
            ("Content-Length: 5\r\nContent-Length: 6", 0, 0),
            // http-behaviours 25.6: two framings.
            ("Content-Length: 5\r\nTransfer-Encoding: chunked", 0, 0),
            ("Content-Length: 5\r\nTransfer-Encoding: chunked", 0, 5),
        ] {
            let request = client.open_request(connect, "POST", "/", 0).unwrap();
            client.add_headers(request, headers, ADD).unwrap();
            let sending = Sending { body: &b"all"[..given], total, ..Sending::default() };
            let refused = client.start_sending(request, sending);
            assert_eq!(refused, Err(c::ERROR_INVALID_PARAMETER), "{headers:?}, {given}, {total}");
            assert_eq!(client.events(request), 1, "HANDLE_CREATED, and nothing of the send");
            client.close(request).unwrap();
        }
        client.finish();
    }

    fn fact_5_5_1_each_write_completes_once_with_its_count<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = open(&client, &server, "PUT");
        client.send_with(request, total(30)).unwrap();
        for piece in [&b"0123456789"[..], b"abcdefghij", b"ABCDEFGHIJ"] {
            assert_eq!(client.write(request, piece), Ok(10));
        }
        client.receive(request).unwrap();
        assert_eq!(client.body(request).unwrap(), b"0123456789abcdefghijABCDEFGHIJ");
        if mode == Mode::Async {
            let events = client.recorder.events_of(request);
            let writes: Vec<_> = events.iter().filter(|event| event.status == WRITE).collect();
            assert_eq!(writes.len(), 3);
            assert!(writes.iter().all(|event| event.info == Info::Dword(10) && event.length == 4));
        }
        client.finish();
    }

    fn fact_25_8_what_was_written_is_on_its_way_when_the_call_is_over<W>(mode) {
        let (say, said) = channel();
        let say = Arc::new(Mutex::new(say));
        let places = both_schemes(move |connection: &mut Connection| {
            connection.read_head()?;
            for _ in 0..3 {
                let piece = connection.read_exactly(4)?;
                say.lock().unwrap().send(piece).unwrap();
            }
            Ok(())
        });
        for place in places {
            let client = Client::<W>::new(mode);
            let request = place.request(&client, "POST", "/");
            client.send_with(request, total(12)).unwrap();
            // Its memory is the program's again.
            let mut data = *b"0000";
            for digit in b"123" {
                data.fill(*digit);
                assert_eq!(client.write(request, &data), Ok(4));
                data.fill(b'x');
                // No further call is needed.
                assert_eq!(said.recv_timeout(PATIENCE).unwrap(), [*digit; 4]);
            }
            client.finish();
        }
    }

    fn fact_25_8_a_write_is_over_when_the_system_has_all_of_it<W>(mode) {
        let places = both_schemes(|connection: &mut Connection| {
            connection.limit_unread(64 << 10)?;
            connection.read_head()?;
            let _held = connection.hold("read")?;
            let mut body = connection.by_ref().take(u64::from(HUGE));
            let taken = std::io::copy(&mut body, &mut std::io::sink())?;
            let head = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";
            connection.send(format!("{head}X-Taken: {taken}\r\n\r\n").as_bytes())
        });
        let data = huge().bytes();
        for place in places {
            place.server.set_recording(false);
            let client = Client::<W>::new(mode);
            let request = place.request(&client, "POST", "/");
            client.send_with(request, total(HUGE)).unwrap();
            std::thread::scope(|scope| {
                let writing = scope.spawn(|| client.write(request, &data));
                time_passes(Duration::from_millis(300));
                assert!(!writing.is_finished(), "nobody has taken it");
                place.server.release("read").unwrap();
                assert_eq!(writing.join().unwrap(), Ok(HUGE));
            });
            client.receive(request).unwrap();
            let taken = client.query(request, c::WINHTTP_QUERY_CUSTOM, Some("X-Taken"));
            assert_eq!(taken, Ok(HUGE.to_string()));
            client.finish();
        }
    }

    fn fact_25_8_one_write_is_pending_at_a_time<W>(mode) {
        if mode == Mode::Sync {
            return; // the thread is in the call
        }
        let places = both_schemes(|connection: &mut Connection| {
            connection.limit_unread(64 << 10)?;
            connection.read_head()?;
            connection.hold("end").map(drop)
        });
        for place in places {
            let kinds = [(0, HUGE), (c::WINHTTP_FLAG_AUTOMATIC_CHUNKING, 0)];
            for (flags, length) in kinds {
                let client = Client::<W>::new(mode);
                let connect = client.connect("127.0.0.1", place.server.port()).unwrap();
                let request = place.request_of(&client, connect, "POST", "/", flags);
                client.send_with(request, total(length)).unwrap();
                let before = client.events(request);
                client.start_write(request, huge()).unwrap();
                for piece in [Memory::of(b"more"), huge()] {
                    let second = client.start_write(request, piece);
                    assert_eq!(second, Err(c::ERROR_INVALID_OPERATION), "{flags:#x}");
                }
                assert_eq!(client.end_body(request), Err(c::ERROR_INVALID_OPERATION));
                client.close(request).unwrap();
                client.recorder.wait(request, c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING);
                let told = client.recorder.events_of(request).split_off(before);
                let cancelled = c::ERROR_WINHTTP_OPERATION_CANCELLED;
                let infos: Vec<Info> = told.into_iter().map(|event| event.info).collect();
                let api = c::API_WRITE_DATA as usize;
                assert_eq!(infos, [Info::AsyncResult(api, cancelled), Info::Handle(request.0)]);
                client.finish();
            }
            place.server.release("end").unwrap();
        }
    }

    fn a_large_upload_arrives_whole<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = open(&client, &server, "POST");
        let data: Vec<u8> = (0..=250).cycle().take(4 << 20).collect();
        let (first, rest) = data.split_at(1 << 20);
        let length = u32::try_from(data.len()).unwrap();
        client.send_with(request, Sending { body: first, total: length, ..Sending::default() }).unwrap();
        for piece in rest.chunks(1 << 20) {
            assert_eq!(client.write(request, piece), Ok(1 << 20));
        }
        client.receive(request).unwrap();
        assert!(client.body(request).unwrap() == data);
        client.finish();
    }

    fn a_write_of_nothing_is_a_write<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = open(&client, &server, "POST");
        client.send_with(request, total(2)).unwrap();
        assert_eq!(client.write(request, b""), Ok(0));
        assert_eq!(client.write(request, b"ok"), Ok(2));
        // SAFETY: NULL is what is tested.
        let null = unsafe {
            winhttp::WinHttpWriteData::<W>(request.raw(), std::ptr::null(), 1, std::ptr::null_mut())
        };
        assert_eq!(call(null), Err(c::ERROR_INVALID_PARAMETER));
        client.receive(request).unwrap();
        assert_eq!(client.body(request).unwrap(), b"ok");
        client.finish();
    }

    fn fact_25_7_the_total_length_may_differ_from_send_to_send<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = open(&client, &server, "POST");
        for body in [&b"first"[..], b"second one"] {
            let length = u32::try_from(body.len()).unwrap();
            client.send_with(request, Sending { body, total: length, ..Sending::default() }).unwrap();
            client.receive(request).unwrap();
            assert_eq!(client.body(request).unwrap(), body);
        }
        // Part of it written, and none at all.
        client.send_with(request, Sending { body: b"th", total: 5, ..Sending::default() }).unwrap();
        assert_eq!(client.write(request, b"irdly"), Err(c::ERROR_INVALID_PARAMETER), "five in all");
        assert_eq!(client.write(request, b"ird"), Ok(3));
        client.receive(request).unwrap();
        assert_eq!(client.body(request).unwrap(), b"third");
        client.exchange(request).unwrap();
        assert_eq!(client.body(request).unwrap(), b"");
        let heads = server.requests();
        let lengths: Vec<_> = heads.iter().map(|seen| seen.header("Content-Length").unwrap()).collect();
        assert_eq!(lengths, ["5", "10", "5", "0"]);
        client.finish();
    }
}

/// Fact 25.1: a body of more than 4 GiB is counted to its last byte. Once, for it takes its time.
#[test]
fn more_than_4_gib_go_out_and_not_a_byte_beyond() {
    const WHOLE: u64 = (1 << 32) + 3;
    let server = Server::plain(|connection| {
        connection.read_head()?;
        let body = connection.by_ref().take(WHOLE);
        let mut body = std::io::BufReader::with_capacity(1 << 20, body);
        let taken = std::io::copy(&mut body, &mut std::io::sink())?;
        let answer = format!("HTTP/1.1 200 OK\r\nX-Taken: {taken}\r\nContent-Length: 0\r\n\r\n");
        connection.send(answer.as_bytes())
    })
    .unwrap();
    server.set_recording(false);
    let client = Client::<u16>::new(Mode::Sync);
    let request = open(&client, &server, "PUT");
    let header = format!("Content-Length: {WHOLE}");
    client.add_headers(request, &header, ADD).unwrap();
    client
        .send_with(request, total(c::WINHTTP_IGNORE_REQUEST_TOTAL_LENGTH))
        .unwrap();
    let piece = vec![0; 4 << 20];
    for _ in 0..1024 {
        assert_eq!(client.write(request, &piece), Ok(4 << 20));
    }
    assert_eq!(
        client.write(request, b"four"),
        Err(c::ERROR_INVALID_PARAMETER)
    );
    assert_eq!(client.write(request, b"end"), Ok(3));
    client.receive(request).unwrap();
    let taken = client.query(request, c::WINHTTP_QUERY_CUSTOM, Some("X-Taken"));
    assert_eq!(taken, Ok(WHOLE.to_string()));
    client.finish();
}
