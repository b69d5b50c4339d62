//! Reading bodies: how they end, how many bytes each call gives, and what becomes of broken ones.

use winhttp_abi::constants as c;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::{Client, Info, Mode, answers, answers_and_ends, call, last_error, scenarios};

const BROKEN: u32 = c::ERROR_WINHTTP_CONNECTION_ERROR;

/// The fixtures' body of this size.
fn pattern(size: usize) -> Vec<u8> {
    (0..=250).cycle().take(size).collect()
}

scenarios! {
    fn every_way_a_body_can_end<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        for size in [0, 1, 4095, 4096, 4097, 100_000] {
            for path in [
                format!("/status?size={size}"),
                format!("/until-close?size={size}"),
                format!("/status?size={size}&close"),
            ] {
                let request = client.get(server.port(), &path);
                client.exchange(request).unwrap();
                assert!(client.body(request).unwrap() == pattern(size), "{path}");
                client.close(request).unwrap();
            }
        }
        for (count, size) in [(0, 1), (1, 1), (3, 5), (100, 1), (7, 20_000)] {
            for extension in ["", "&extension"] {
                let path = format!("/chunked?count={count}&size={size}{extension}");
                let request = client.get(server.port(), &path);
                client.exchange(request).unwrap();
                assert!(client.body(request).unwrap() == pattern(size).repeat(count), "{path}");
                client.close(request).unwrap();
            }
        }
        client.finish();
    }

    fn fact_5_3_4_the_end_can_be_asked_for_as_often_as_one_likes<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        for path in ["/status?size=3", "/chunked?count=1&size=3", "/until-close?size=3"] {
            let request = client.get(server.port(), path);
            client.exchange(request).unwrap();
            assert_eq!(client.body(request).unwrap(), pattern(3));
            for _ in 0..3 {
                assert_eq!(client.available(request), Ok(0));
                assert_eq!(client.read(request, 16), Ok(Vec::new()));
                if mode == Mode::Sync {
                    assert_eq!(last_error(), 0);
                }
            }
        }
        client.finish();
    }

    fn fact_5_3_4_bodiless_responses_are_at_their_end_at_once<W>(mode) {
        // The peers keep the connection open: waiting for its end would wait for ever.
        let bodiless = [
            ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
            ("GET", "HTTP/1.1 304 Not Modified\r\n\r\n"),
            ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n"),
            ("HEAD", "HTTP/1.1 200 OK\r\n\r\n"),
            ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ];
        for (verb, response) in bodiless {
            let server = answers(response);
            let client = Client::<W>::new(mode);
            let connect = client.connect("127.0.0.1", server.port()).unwrap();
            let request = client.open_request(connect, verb, "/", 0).unwrap();
            client.exchange(request).unwrap();
            for _ in 0..2 {
                assert_eq!(client.available(request), Ok(0), "{verb} {response}");
                assert_eq!(client.read(request, 8), Ok(Vec::new()), "{verb} {response}");
            }
            client.finish();
        }
    }

    fn fact_4_2_7_head_shows_the_length_and_has_no_data<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = client.open_request(connect, "HEAD", "/status?size=100", 0).unwrap();
        client.exchange(request).unwrap();
        assert_eq!(client.query(request, c::WINHTTP_QUERY_CONTENT_LENGTH, None), Ok("100".to_owned()));
        assert_eq!(client.available(request), Ok(0));
        client.finish();
    }

    fn fact_9_2_3_a_101_has_no_data<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.web_socket_request(server.port(), "/greeting");
        client.exchange(request).unwrap();
        assert_eq!(client.available(request), Ok(0));
        assert_eq!(client.read(request, 8), Ok(Vec::new()));
        let websocket = client.complete_upgrade(request, 0).unwrap();
        assert_eq!(client.ws_message(websocket).map(|(data, _)| data), Ok(b"hello".to_vec()));
        client.finish();
    }

    fn fact_5_3_6_what_is_available_can_be_read_at_once<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        for path in ["/status?size=50000", "/chunked?count=5&size=10000", "/until-close?size=50000"] {
            let request = client.get(server.port(), path);
            client.exchange(request).unwrap();
            let mut body = Vec::new();
            loop {
                let available = usize::try_from(client.available(request).unwrap()).unwrap();
                if available == 0 {
                    break;
                }
                assert_eq!(usize::try_from(client.available(request).unwrap()), Ok(available), "not recomputed");
                let piece = client.read(request, available).unwrap();
                assert_eq!(piece.len(), available, "{path}");
                body.extend(piece);
            }
            assert_eq!(body.len(), 50_000, "{path}");
        }
        client.finish();
    }

    fn fact_5_3_6_available_stops_at_the_current_chunk<W>(mode) {
        let server = Server::plain(|connection| {
            while let Some(_request) = connection.read_head()? {
                connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")?;
                connection.hold("second chunk")?;
                connection.send(b"6\r\nsecond\r\n0\r\n\r\n")?;
            }
            Ok(())
        })
        .unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        client.exchange(request).unwrap();
        assert_eq!(client.available(request), Ok(5));
        assert_eq!(client.read(request, 5), Ok(b"first".to_vec()));
        server.release("second chunk").unwrap();
        assert_eq!(client.available(request), Ok(6));
        assert_eq!(client.read(request, 6), Ok(b"second".to_vec()));
        assert_eq!(client.available(request), Ok(0));
        client.finish();
    }

    fn fact_5_3_7_a_read_fills_its_buffer<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/chunked?count=10&size=10");
        client.exchange(request).unwrap();
        assert_eq!(client.read(request, 64).map(|data| data.len()), Ok(64), "across chunks");
        assert_eq!(client.read(request, 64).map(|data| data.len()), Ok(36), "to the end");
        let whole = client.get(server.port(), "/status?size=100");
        client.exchange(whole).unwrap();
        assert_eq!(client.read(whole, 4096), Ok(pattern(100)));
        client.finish();
    }

    fn a_read_waits_for_all_its_bytes<W>(mode) {
        let server = Server::plain(|connection| {
            if connection.read_head()?.is_some() {
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n")?;
                connection.send_slow(&[b'x'; 40])?;
                connection.wait_closed();
            }
            Ok(())
        })
        .unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        client.exchange(request).unwrap();
        assert_eq!(client.read(request, 40), Ok(vec![b'x'; 40]));
        client.finish();
    }

    fn a_read_of_0_bytes_takes_nothing<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/status?size=3");
        client.exchange(request).unwrap();
        assert_eq!(client.read(request, 0), Ok(Vec::new()));
        assert_eq!(client.read(request, 3), Ok(pattern(3)));
        let mut bytes = 7;
        // SAFETY: NULL is what is tested.
        let done = unsafe {
            winhttp::WinHttpReadData::<W>(request.raw(), std::ptr::null_mut(), 1, &raw mut bytes)
        };
        assert_eq!(call(done), Err(c::ERROR_INVALID_PARAMETER));
        client.finish();
    }

    fn a_large_body_arrives_whole<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let size = 8 << 20;
        for path in [format!("/status?size={size}"), format!("/chunked?count=8&size={}", size / 8)] {
            let request = client.get(server.port(), &path);
            client.exchange(request).unwrap();
            let body = client.read(request, size + 1).unwrap();
            let expected = if path.starts_with("/status") { pattern(size) } else { pattern(size / 8).repeat(8) };
            assert!(body == expected, "{path}: {} bytes", body.len());
        }
        client.finish();
    }

    fn a_chunked_body_cut_short_is_a_connection_error<W>(mode) {
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let cut = [
            format!("{chunked}10\r\n0123456789"),
            format!("{chunked}a\r\n0123456789\r\n"),
            format!("{chunked}a\r\n0123456789\r\n0\r\n"),
        ];
        for response in cut {
            let server = answers_and_ends(response.as_str());
            let client = Client::<W>::new(mode);
            let request = client.get(server.port(), "/");
            client.exchange(request).unwrap();
            assert_eq!(client.read(request, 10), Ok(b"0123456789".to_vec()));
            let before = client.events(request);
            assert_eq!(client.read(request, 10), Err(BROKEN), "{response:?}");
            if mode == Mode::Async {
                let error = c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR;
                let event = client.recorder.wait_after(request, before, &[error]);
                assert_eq!(event.info, Info::AsyncResult(3, BROKEN));
            }
            assert_eq!(client.status_code(request), Ok(200), "the head is still there");
            client.finish();
        }
    }

    fn a_reset_in_the_body_is_a_connection_error<W>(mode) {
        let server = Server::plain(|connection| {
            if connection.read_head()?.is_some() {
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")?;
                connection.hold("reset")?;
                connection.reset()?;
            }
            Ok(())
        })
        .unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        client.exchange(request).unwrap();
        server.release("reset").unwrap();
        assert_eq!(client.read(request, 100), Err(BROKEN));
        client.finish();
    }

    fn a_broken_chunk_is_an_invalid_response<W>(mode) {
        for chunk in ["xyz\r\n", "-1\r\n", "5\r\nhelloX"] {
            let server = answers(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}"));
            let client = Client::<W>::new(mode);
            let request = client.get(server.port(), "/");
            client.exchange(request).unwrap();
            let outcome = client.body(request);
            assert_eq!(outcome, Err(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE), "{chunk:?}");
            client.finish();
        }
    }

    fn fact_2_14_a_body_that_stops_is_a_timeout<W>(mode) {
        let server = answers("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234");
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        // SAFETY: no memory is passed.
        call(unsafe { winhttp::WinHttpSetTimeouts::<W>(request.raw(), 0, 60_000, 30_000, 100) }).unwrap();
        client.exchange(request).unwrap();
        assert_eq!(client.read(request, 10), Ok(b"01234".to_vec()), "what came is not lost");
        assert_eq!(client.read(request, 10), Err(c::ERROR_WINHTTP_TIMEOUT));
        client.finish();
    }
}

#[test]
fn fact_5_3_3_data_at_hand_is_there_when_the_call_returns() {
    let server = answers("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef");
    let client = Client::<u16>::new(Mode::Async);
    let request = client.get(server.port(), "/");
    client.exchange(request).unwrap();
    assert_eq!(client.available(request), Ok(6));
    // Now the body is at hand for certain.
    let mut count = 0xdead_beef_u32;
    let before = client.events(request);
    // SAFETY: the variable lives until the completion was waited for.
    call(unsafe { winhttp::WinHttpQueryDataAvailable::<u16>(request.raw(), &raw mut count) })
        .unwrap();
    assert_eq!(count, 6);
    client.recorder.wait_after(
        request,
        before,
        &[c::WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE],
    );
    let mut buffer = [0_u8; 6];
    count = 0xdead_beef;
    let before = client.events(request);
    // SAFETY: both live until the completion was waited for.
    call(unsafe {
        winhttp::WinHttpReadData::<u16>(
            request.raw(),
            buffer.as_mut_ptr().cast(),
            6,
            &raw mut count,
        )
    })
    .unwrap();
    assert_eq!((count, buffer), (6, *b"abcdef"));
    client
        .recorder
        .wait_after(request, before, &[c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE]);
    client.finish();
}
