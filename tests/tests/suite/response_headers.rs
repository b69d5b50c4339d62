//! Querying a response's headers: sizes, indices, forms, trailers.

use std::ptr::{null, null_mut};

use winhttp_abi::constants as c;
use winhttp_abi::types::{EitherString, HeaderName};
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::{Client, Handle, answers, scenarios, text};

const NUMBER: u32 = c::WINHTTP_QUERY_FLAG_NUMBER;
const NUMBER64: u32 = c::WINHTTP_QUERY_FLAG_NUMBER64;
const SYSTEMTIME: u32 = c::WINHTTP_QUERY_FLAG_SYSTEMTIME;
const NOT_FOUND: u32 = c::ERROR_WINHTTP_HEADER_NOT_FOUND;
const SHORT: u32 = c::ERROR_INSUFFICIENT_BUFFER;
const INVALID: u32 = c::ERROR_INVALID_PARAMETER;

const HEAD: &str = "HTTP/1.1 200 Fine\r\n\
    Date: Mon, 28 Jul 2008 10:05:52 GMT\r\n\
    Set-Cookie: a=1\r\n\
    X-Big: 12345678901\r\n\
    X-Text: gr\u{fc}\u{df}e\r\n\
    Set-Cookie: b=2\r\n\
    set-cookie: c=3\r\n\
    X-Empty:\r\n\
    Content-Length: 4\r\n\r\n";

/// A request whose answer has been received, and its server.
fn answered<W: Unit>(client: &Client<W>, response: impl Into<Vec<u8>>) -> (Server, Handle) {
    let server = answers(response);
    let request = client.get(server.port(), "/");
    client.exchange(request).unwrap();
    (server, request)
}

fn in_bytes<W: Unit>(text: &str) -> u32 {
    u32::try_from(W::encode(text).len() * W::BYTES).unwrap()
}

scenarios! {
    fn fact_4_2_1_lengths_are_bytes_with_and_without_the_terminator<W>(mode) {
        let client = Client::<W>::new(mode);
        let (_server, request) = answered(&client, format!("{HEAD}body"));
        let level = c::WINHTTP_QUERY_STATUS_TEXT;
        let (without, with) = (in_bytes::<W>("Fine"), in_bytes::<W>("Fine\0"));
        let size = |bytes: u32| Some(usize::try_from(bytes).unwrap());
        for too_small in [None, Some(0), Some(1), size(without), size(with - 1)] {
            let answer = client.ask(request, level, None, too_small, Some(0));
            assert_eq!((answer.result, answer.length, answer.index), (Err(SHORT), with, 0), "{too_small:?}");
            assert!(answer.is_untouched());
        }
        let answer = client.ask(request, level, None, size(with), None);
        assert_eq!((answer.result, answer.length, answer.text::<W>().as_str()), (Ok(()), without, "Fine"));
        assert_eq!(answer.bytes[usize::try_from(without).unwrap()..], [0; 4][..W::BYTES], "terminated");
        client.finish();
    }

    fn fact_4_2_1_a_null_buffer_fails_whatever_its_length_says<W>(mode) {
        let client = Client::<W>::new(mode);
        let (_server, request) = answered(&client, format!("{HEAD}body"));
        let mut length = 1000;
        // SAFETY: NULL is what is tested.
        let done = unsafe {
            winhttp::WinHttpQueryHeaders::<W>(
                request.raw(),
                c::WINHTTP_QUERY_STATUS_TEXT,
                null(),
                null_mut(),
                &raw mut length,
                null_mut(),
            )
        };
        assert_eq!((done, winhttp_tests::last_error(), length), (0, SHORT, in_bytes::<W>("Fine\0")));
        // SAFETY: as above.
        let done = unsafe {
            winhttp::WinHttpQueryHeaders::<W>(
                request.raw(),
                c::WINHTTP_QUERY_STATUS_TEXT,
                null(),
                null_mut(),
                null_mut(),
                null_mut(),
            )
        };
        assert_eq!((done, winhttp_tests::last_error()), (0, INVALID));
        client.finish();
    }

    fn expectation_22_a_success_after_a_failure_leaves_0<W>(mode) {
        let client = Client::<W>::new(mode);
        let (_server, request) = answered(&client, format!("{HEAD}body"));
        assert_eq!(client.query(request, c::WINHTTP_QUERY_ETAG, None), Err(NOT_FOUND));
        assert!(client.query(request, c::WINHTTP_QUERY_STATUS_CODE, None).is_ok());
        assert_eq!(winhttp_tests::last_error(), 0);
        client.finish();
    }

    fn fact_4_2_2_the_index_moves_on_success_only<W>(mode) {
        let client = Client::<W>::new(mode);
        let (_server, request) = answered(&client, format!("{HEAD}body"));
        let cookies = c::WINHTTP_QUERY_SET_COOKIE;
        assert_eq!(client.values(request, cookies, None), ["a=1", "b=2", "c=3"]);
        assert_eq!(client.values(request, c::WINHTTP_QUERY_CUSTOM, Some("SET-cookie")), ["a=1", "b=2", "c=3"]);
        let too_small = client.ask(request, cookies, None, Some(W::BYTES), Some(1));
        assert_eq!((too_small.result, too_small.index), (Err(SHORT), 1));
        let past = client.ask(request, cookies, None, Some(64), Some(3));
        assert_eq!((past.result, past.index, past.length), (Err(NOT_FOUND), 3, 64));
        assert!(past.is_untouched());
        let far = client.ask(request, cookies, None, Some(64), Some(u32::MAX));
        assert_eq!((far.result, far.index), (Err(NOT_FOUND), u32::MAX));
        // A name given to another level, and the raw forms, ignore name and index.
        let raw = client.ask(request, c::WINHTTP_QUERY_RAW_HEADERS_CRLF, Some("X-Big"), Some(4096), Some(5));
        assert_eq!((raw.result, raw.index), (Ok(()), 5));
        assert!(raw.text::<W>().starts_with("HTTP/1.1 200 Fine\r\n"));
        client.finish();
    }

    fn fact_4_2_3_raw_forms<W>(mode) {
        let client = Client::<W>::new(mode);
        let (_server, request) = answered(&client, format!("{HEAD}body"));
        let with_crlf = client.query(request, c::WINHTTP_QUERY_RAW_HEADERS_CRLF, None).unwrap();
        let expected = HEAD.replace("X-Empty:\r\n", "X-Empty: \r\n");
        assert_eq!(with_crlf.replace("X-Empty:\r\n", "X-Empty: \r\n"), expected);

        let raw = client.ask(request, c::WINHTTP_QUERY_RAW_HEADERS, None, Some(4096), None);
        assert_eq!(raw.result, Ok(()));
        let length = usize::try_from(raw.length).unwrap();
        let unit = |index: usize| &raw.bytes[index * W::BYTES..][..W::BYTES];
        let units = length / W::BYTES;
        let zero = [0; 4];
        assert_eq!((unit(units), unit(units - 1)), (&zero[..W::BYTES], &zero[..W::BYTES]));
        assert_ne!(unit(units - 2), &zero[..W::BYTES]);
        let lines: Vec<String> = raw.text::<W>().split_terminator('\0').map(str::to_owned).collect();
        let expected: Vec<String> = with_crlf.trim_end().split("\r\n").map(str::to_owned).collect();
        assert_eq!(lines, expected);

        let of_request = c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS;
        let text = client.query(request, c::WINHTTP_QUERY_RAW_HEADERS_CRLF | of_request, None).unwrap();
        assert!(text.starts_with("GET / HTTP/1.1\r\n") && text.ends_with("\r\n\r\n"), "{text}");
        client.finish();
    }

    fn fact_4_2_4_what_is_not_there_is_not_found<W>(mode) {
        let client = Client::<W>::new(mode);
        let (_server, request) = answered(&client, "HTTP/1.1 204 No Content\r\n\r\n");
        for (level, name) in [
            (c::WINHTTP_QUERY_CONTENT_LENGTH, None),
            (c::WINHTTP_QUERY_CONTENT_LENGTH | NUMBER, None),
            (c::WINHTTP_QUERY_UPGRADE, None),
            (c::WINHTTP_QUERY_ORIG_URI, None),
            (c::WINHTTP_QUERY_CUSTOM, Some("X-None")),
        ] {
            let answer = client.ask(request, level, name, Some(64), Some(0));
            assert_eq!((answer.result, answer.length, answer.index), (Err(NOT_FOUND), 64, 0), "{level:#x}");
            assert!(answer.is_untouched());
        }
        let above = client.ask(request, c::WINHTTP_QUERY_MAX + 1, None, Some(64), None);
        assert_eq!((above.result, above.length), (Err(INVALID), 64));
        let nameless = client.ask(request, c::WINHTTP_QUERY_CUSTOM, None, Some(64), None);
        assert_eq!(nameless.result, Err(INVALID));
        client.finish();
    }

    fn fact_4_2_5_blanks_before_the_colon_are_cleaned<W>(mode) {
        let client = Client::<W>::new(mode);
        let response = "HTTP/1.1 200 OK\r\nSpaceAfterHdr  :   bad\r\nX-Next: kept\r\nContent-Length: 0\r\n\r\n";
        let (_server, request) = answered(&client, response);
        assert_eq!(client.query(request, c::WINHTTP_QUERY_CUSTOM, Some("SpaceAfterHdr")), Ok("bad".to_owned()));
        assert_eq!(client.query(request, c::WINHTTP_QUERY_CUSTOM, Some("X-Next")), Ok("kept".to_owned()));
        let raw = client.query(request, c::WINHTTP_QUERY_RAW_HEADERS_CRLF, None).unwrap();
        assert!(raw.contains("\r\nSpaceAfterHdr: bad\r\n"), "{raw}");
        client.finish();
    }

    fn fact_4_2_6_a_status_line_needs_no_reason<W>(mode) {
        let client = Client::<W>::new(mode);
        for line in ["HTTP/1.1 200", "HTTP/1.1 200 "] {
            let (_server, request) = answered(&client, format!("{line}\r\nContent-Length: 0\r\n\r\n"));
            assert_eq!(client.status_code(request), Ok(200));
            assert_eq!(client.query(request, c::WINHTTP_QUERY_STATUS_TEXT, None), Ok(String::new()));
        }
        client.finish();
    }

    fn status_version_and_names_by_level<W>(mode) {
        let client = Client::<W>::new(mode);
        let (_server, request) = answered(&client, format!("{HEAD}body"));
        for (level, value) in [
            (c::WINHTTP_QUERY_STATUS_CODE, "200"),
            (c::WINHTTP_QUERY_STATUS_TEXT, "Fine"),
            (c::WINHTTP_QUERY_VERSION, "HTTP/1.1"),
            (c::WINHTTP_QUERY_CONTENT_LENGTH, "4"),
            (c::WINHTTP_QUERY_DATE, "Mon, 28 Jul 2008 10:05:52 GMT"),
            (c::WINHTTP_QUERY_REQUEST_METHOD, "GET"),
        ] {
            assert_eq!(client.query(request, level, None).as_deref(), Ok(value), "{level}");
        }
        assert_eq!(client.query(request, c::WINHTTP_QUERY_CUSTOM, Some("X-Empty")), Ok(String::new()));
        assert_eq!(client.query(request, c::WINHTTP_QUERY_CUSTOM, Some("X-Text")).as_deref(), Ok("grüße"));
        client.finish();
    }

    fn bytes_that_are_no_utf_8_read_as_latin_1<W>(mode) {
        let client = Client::<W>::new(mode);
        let (_server, request) = answered(&client, *b"HTTP/1.1 200 OK\r\nX-Old: gr\xfc\xdfe\r\nContent-Length: 0\r\n\r\n");
        assert_eq!(client.query(request, c::WINHTTP_QUERY_CUSTOM, Some("X-Old")).as_deref(), Ok("grüße"));
        client.finish();
    }

    fn numbers_and_times_have_their_sizes<W>(mode) {
        let client = Client::<W>::new(mode);
        let (_server, request) = answered(&client, format!("{HEAD}body"));
        let ask = |level: u32, name: Option<&str>, capacity: usize| {
            client.ask(request, level, name, Some(capacity), None)
        };
        let status = ask(c::WINHTTP_QUERY_STATUS_CODE | NUMBER, None, 8);
        assert_eq!((status.result, status.length, status.dword()), (Ok(()), 4, 200));
        assert_eq!(status.bytes[4..], [0xaa; 4], "exactly four bytes are written");
        let big = ask(c::WINHTTP_QUERY_CUSTOM | NUMBER64, Some("X-Big"), 8);
        assert_eq!((big.result, big.length), (Ok(()), 8));
        assert_eq!(u64::from_ne_bytes(big.bytes.try_into().unwrap()), 12_345_678_901);
        let date = ask(c::WINHTTP_QUERY_DATE | SYSTEMTIME, None, 16);
        assert_eq!((date.result, date.length), (Ok(()), 16));
        let words: Vec<u16> =
            date.bytes.chunks_exact(2).map(|word| u16::from_ne_bytes([word[0], word[1]])).collect();
        assert_eq!(words, [2008, 7, 1, 28, 10, 5, 52, 0]);
        for (level, name, size) in [
            (c::WINHTTP_QUERY_STATUS_CODE | NUMBER, None, 4),
            (c::WINHTTP_QUERY_CUSTOM | NUMBER64, Some("X-Big"), 8),
            (c::WINHTTP_QUERY_DATE | SYSTEMTIME, None, 16),
        ] {
            for capacity in [None, Some(0), Some(size - 1)] {
                let short = client.ask(request, level, name, capacity, None);
                let needed = u32::try_from(size).unwrap();
                assert_eq!((short.result, short.length), (Err(SHORT), needed), "{level:#x} {capacity:?}");
            }
        }
        client.finish();
    }

    fn values_of_another_form_are_refused<W>(mode) {
        let client = Client::<W>::new(mode);
        let (_server, request) = answered(&client, format!("{HEAD}body"));
        for (level, name) in [
            (c::WINHTTP_QUERY_STATUS_TEXT | NUMBER, None),
            (c::WINHTTP_QUERY_CUSTOM | NUMBER, Some("X-Empty")),
            (c::WINHTTP_QUERY_STATUS_TEXT | SYSTEMTIME, None),
            (c::WINHTTP_QUERY_STATUS_CODE | NUMBER | NUMBER64, None),
        ] {
            let answer = client.ask(request, level, name, Some(64), None);
            assert_eq!(answer.result, Err(INVALID), "{level:#x} {name:?}");
            assert!(answer.is_untouched());
        }
        client.finish();
    }

    fn trailers_are_there_after_the_body<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/chunked?trailer=X-Sum:42&trailer=X-Other:x");
        client.exchange(request).unwrap();
        let trailers = c::WINHTTP_QUERY_FLAG_TRAILERS;
        let ask = || client.query(request, c::WINHTTP_QUERY_CUSTOM | trailers, Some("X-Sum"));
        assert_eq!(ask(), Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE));
        assert_eq!(client.body(request).unwrap().len(), 15);
        assert_eq!(ask().as_deref(), Ok("42"));
        assert_eq!(client.query(request, c::WINHTTP_QUERY_CUSTOM, Some("X-Sum")), Err(NOT_FOUND));
        client.finish();
    }

    fn query_headers_ex_gives_arrays_inside_the_callers_buffer<W>(mode) {
        let client = Client::<W>::new(mode);
        let (_server, request) = answered(&client, format!("{HEAD}body"));
        let all = ask_ex::<W>(request, c::WINHTTP_QUERY_EX_ALL_HEADERS, None, None).unwrap();
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        let expected =
            ["Date", "Set-Cookie", "X-Big", "X-Text", "Set-Cookie", "set-cookie", "X-Empty", "Content-Length"];
        assert_eq!(names, expected);
        assert_eq!(all[3].1, "grüße");
        let custom = c::WINHTTP_QUERY_CUSTOM;
        let cookies = ask_ex::<W>(request, custom, Some("Set-Cookie"), None).unwrap();
        assert_eq!(cookies.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>(), ["a=1", "b=2", "c=3"]);
        let second = ask_ex::<W>(request, c::WINHTTP_QUERY_SET_COOKIE, None, Some(1)).unwrap();
        assert_eq!(second, [("Set-Cookie".to_owned(), "b=2".to_owned())]);
        assert_eq!(ask_ex::<W>(request, custom, Some("X-None"), None), Err(NOT_FOUND));
        for level in [
            c::WINHTTP_QUERY_VERSION,
            c::WINHTTP_QUERY_STATUS_CODE,
            c::WINHTTP_QUERY_STATUS_TEXT,
            c::WINHTTP_QUERY_RAW_HEADERS_CRLF,
            c::WINHTTP_QUERY_CONTENT_LENGTH | NUMBER,
        ] {
            assert_eq!(ask_ex::<W>(request, level, None, None), Err(INVALID), "{level:#x}");
        }
        let before = client.get(1, "/");
        let state = c::ERROR_WINHTTP_INCORRECT_HANDLE_STATE;
        assert_eq!(ask_ex::<W>(before, c::WINHTTP_QUERY_EX_ALL_HEADERS, None, None), Err(state));
        client.finish();
    }

    fn fact_1_3_a_web_socket_has_no_headers_but_its_request_keeps_them<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.web_socket_request(server.port(), "/idle");
        client.exchange(request).unwrap();
        let websocket = client.complete_upgrade(request, 0).unwrap();
        assert_eq!(client.status_code(websocket), Err(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE));
        assert_eq!(client.status_code(request), Ok(101));
        client.finish();
    }
}

/// WinHttpQueryHeadersEx: first with NULL for the size, then for the pairs; the array must lie
/// inside the buffer.
fn ask_ex<W: Unit>(
    request: Handle,
    level: u32,
    name: Option<&str>,
    index: Option<u32>,
) -> Result<Vec<(String, String)>, u32> {
    let name = name.map(text::<W>);
    let pointer = name.as_ref().map_or(null(), |name| name.as_ptr());
    let header_name = HeaderName {
        name: EitherString::from_wide(pointer),
    };
    let mut length = 0;
    let (mut array, mut count) = (null_mut(), 0_u32);
    let mut position = index.unwrap_or(0);
    let asks = if index.is_some() {
        &raw mut position
    } else {
        null_mut()
    };
    let mut ask = |buffer: *mut u64, length: &mut u32| {
        // SAFETY: buffer, length, name and results live through the call.
        unsafe {
            winhttp::WinHttpQueryHeadersEx::<W>(
                request.raw(),
                level,
                0,
                0,
                asks,
                &raw const header_name,
                buffer.cast(),
                length,
                &raw mut array,
                &raw mut count,
            )
        }
    };
    match ask(null_mut(), &mut length) {
        SHORT => {}
        0 => panic!("nothing was written into NULL"),
        code => return Err(code),
    }
    let size = usize::try_from(length).unwrap();
    let mut buffer = vec![0_u64; size.div_ceil(8)];
    length -= 1;
    assert_eq!(
        ask(buffer.as_mut_ptr(), &mut length),
        SHORT,
        "one byte less"
    );
    assert_eq!(usize::try_from(length), Ok(size));
    assert_eq!(ask(buffer.as_mut_ptr(), &mut length), 0);
    if let Some(index) = index {
        assert_eq!(position, index + 1);
    }
    assert_eq!(array.addr(), buffer.as_ptr().addr());
    let inside = |address: usize| (address - buffer.as_ptr().addr()) < size;
    let pairs = (0..usize::try_from(count).unwrap()).map(|at| {
        // SAFETY: the library says that the array has `count` entries.
        let pair = unsafe { array.wrapping_add(at).read() };
        [pair.name.wide(), pair.value.wide()].map(|text| {
            assert!(inside(text.addr()));
            // SAFETY: the text is inside the buffer and terminated.
            unsafe { winhttp_abi::input::text::<W>(text) }
                .unwrap()
                .unwrap()
        })
    });
    Ok(pairs.map(|[name, value]| (name, value)).collect())
}
