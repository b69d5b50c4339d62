//! Verifies which bytes a program's text becomes in a request's head, what is refused, and what
//! queries show of it.

use std::ptr::null;

use winhttp_abi::constants as c;
use winhttp_abi::types::{EitherString, ExtendedHeader, HeaderName};
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support::set_text;
use winhttp_tests::{
    Call, Client, Handle, Mode, PATIENCE, Sending, call, last_error, scenarios, status, text,
};

const ADD: u32 = c::WINHTTP_ADDREQ_FLAG_ADD;
const COMMA: u32 = c::WINHTTP_ADDREQ_FLAG_COALESCE_WITH_COMMA;
const REQUEST: u32 = c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS;
const CUSTOM: u32 = c::WINHTTP_QUERY_CUSTOM | REQUEST;
const WIRE: u32 = c::WINHTTP_QUERY_FLAG_WIRE_ENCODING;
const BAD: u32 = c::ERROR_INVALID_PARAMETER;

/// Every character that is one byte, the ends of the range among them, and what looks like UTF-8 as
/// Latin-1.
const LATIN: &str = "gr\u{fc}\u{df}e \u{80}\u{9f}\u{a0}\u{ff} \u{c3}\u{bc}";
const LATIN_BYTES: &[u8] = b"gr\xfc\xdfe \x80\x9f\xa0\xff \xc3\xbc";
/// Characters that no byte is.
const ABOVE: [&str; 4] = ["\u{100}", "\u{20ac}", "\u{65e5}\u{672c}", "\u{1d11e}"];

/// The value of a field in the bytes of the head that arrived first.
fn on_the_wire<W: Unit>(
    client: &Client<W>,
    server: &Server,
    request: Handle,
    name: &str,
) -> Vec<u8> {
    let index = server.requests().len();
    client.exchange(request).unwrap();
    let raw = server.wait_request(index, PATIENCE).unwrap().raw;
    let start = format!("\r\n{name}: ");
    let at = raw
        .windows(start.len())
        .position(|bytes| bytes == start.as_bytes());
    let value = &raw[at.expect("the field is there") + start.len()..];
    let end = value.windows(2).position(|bytes| bytes == b"\r\n").unwrap();
    value[..end].to_vec()
}

/// WinHttpOpenRequest with a referrer and one accept type.
fn open_request<W: Unit>(connect: Handle, referrer: &str, accept: &str) -> Call<Handle> {
    let [referrer, accept] = [referrer, accept].map(text::<W>);
    let types = [accept.as_ptr(), null()];
    // SAFETY: texts and array live through the call.
    let request = Handle::from(unsafe {
        winhttp::WinHttpOpenRequest::<W>(
            connect.raw(),
            null(),
            null(),
            null(),
            referrer.as_ptr(),
            types.as_ptr(),
            0,
        )
    });
    if request == Handle::NULL {
        Err(last_error())
    } else {
        Ok(request)
    }
}

/// WinHttpOpen with this agent.
fn open_session<W: Unit>(agent: &str) -> Call<Handle> {
    let (agent, direct) = (text::<W>(agent), c::WINHTTP_ACCESS_TYPE_NO_PROXY);
    // SAFETY: the text lives through the call.
    let session = unsafe { winhttp::WinHttpOpen::<W>(agent.as_ptr(), direct, null(), null(), 0) };
    if session.is_null() {
        Err(last_error())
    } else {
        Ok(session.into())
    }
}

fn put_units<W: Unit>(handle: Handle, option: u32, units: &[W]) -> Call<()> {
    let length = u32::try_from(units.len() - 1).unwrap();
    // SAFETY: the units live through the call.
    call(unsafe {
        winhttp::WinHttpSetOption::<W>(handle.raw(), option, units.as_ptr().cast(), length)
    })
}

/// WinHttpAddRequestHeadersEx with one pair.
fn add_pair<W: Unit>(request: Handle, flags: u64, pair: ExtendedHeader<W>) -> Call<()> {
    // SAFETY: the pair and its texts live through the call.
    status(unsafe {
        winhttp::WinHttpAddRequestHeadersEx::<W>(request.raw(), ADD, flags, 0, 1, &raw const pair)
    })
}

fn add_wide<W: Unit>(request: Handle, name: &str, value: &str) -> Call<()> {
    let [name, value] = [name, value].map(text::<W>);
    let pair = ExtendedHeader {
        name: EitherString::from_wide(name.as_ptr()),
        value: EitherString::from_wide(value.as_ptr()),
    };
    add_pair(request, c::WINHTTP_EXTENDED_HEADER_FLAG_UNICODE, pair)
}

fn add_narrow<W: Unit>(request: Handle, name: &str, value: &[u8]) -> Call<()> {
    let [name, value] = [name.as_bytes(), value].map(|bytes| [bytes, b"\0"].concat());
    let pair = ExtendedHeader::<W> {
        name: EitherString::from_narrow(name.as_ptr()),
        value: EitherString::from_narrow(value.as_ptr()),
    };
    add_pair(request, 0, pair)
}

/// WinHttpQueryHeadersEx for the first header of a name, in either form; the value's bytes, or its
/// text in UTF-8.
fn query_ex<W: Unit>(request: Handle, name: &str, wire: bool) -> Vec<u8> {
    let (wide, narrow) = (text::<W>(name), [name.as_bytes(), b"\0"].concat());
    let (level, name) = if wire {
        (CUSTOM | WIRE, EitherString::from_narrow(narrow.as_ptr()))
    } else {
        (CUSTOM, EitherString::from_wide(wide.as_ptr()))
    };
    let name = HeaderName::<W> { name };
    let mut buffer = vec![0_usize; 1000];
    let (mut length, mut count) = (8000, 0);
    let mut headers = std::ptr::null_mut::<ExtendedHeader<W>>();
    // SAFETY: the buffer and all results live through the call.
    status(unsafe {
        winhttp::WinHttpQueryHeadersEx::<W>(
            request.raw(),
            level,
            0,
            0,
            std::ptr::null_mut(),
            &raw const name,
            buffer.as_mut_ptr().cast(),
            &raw mut length,
            &raw mut headers,
            &raw mut count,
        )
    })
    .unwrap();
    assert_eq!(count, 1);
    // SAFETY: the array has one entry.
    let value = unsafe { headers.read() }.value;
    if wire {
        // SAFETY: terminated text in the buffer.
        unsafe { winhttp_abi::input::narrow(value.narrow()) }.unwrap()
    } else {
        // SAFETY: as above.
        let text = unsafe { winhttp_abi::input::text(value.wide()) };
        text.unwrap().unwrap().into_bytes()
    }
}

scenarios! {
    fn fact_22_8_up_to_u_00ff_a_character_is_a_byte_through_every_door<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let check = |request: Handle, name: &str| {
            let sent = on_the_wire(&client, &server, request, name);
            assert_eq!(sent.escape_ascii().to_string(), LATIN_BYTES.escape_ascii().to_string(), "{name}");
        };
        let request = client.get(server.port(), "/status");
        client.add_headers(request, &format!("X-A: {LATIN}"), ADD).unwrap();
        check(request, "X-A");

        let request = client.get(server.port(), "/status");
        add_wide::<W>(request, "X-B", LATIN).unwrap();
        check(request, "X-B");

        let request = client.get(server.port(), "/status");
        let line = format!("X-C: {LATIN}");
        client.send_with(request, Sending { headers: Some(&line), ..Sending::default() }).unwrap();
        client.receive(request).unwrap();
        // It stays on the handle for the next send.
        check(request, "X-C");

        let request = client.get(server.port(), "/status");
        set_text::<W>(request, c::WINHTTP_OPTION_USER_AGENT, LATIN).unwrap();
        check(request, "User-Agent");

        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = open_request::<W>(connect, LATIN, "text/html").unwrap();
        check(request, "Referer");
        let request = open_request::<W>(connect, "http://h/", LATIN).unwrap();
        check(request, "Accept");

        set_text::<W>(client.session, c::WINHTTP_OPTION_USER_AGENT, LATIN).unwrap();
        check(client.get(server.port(), "/status"), "User-Agent");
        client.finish();
    }

    fn fact_22_8_above_u_00ff_every_door_is_closed<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        let request = client.get(server.port(), "/status");
        let agent = c::WINHTTP_OPTION_USER_AGENT;
        for bad in ABOVE {
            let line = format!("X-Ok: 1\r\nX-A: {bad}");
            assert_eq!(client.add_headers(request, &line, ADD), Err(BAD), "{bad}");
            assert_eq!(add_wide::<W>(request, "X-A", bad), Err(BAD), "{bad}");
            let sending = Sending { headers: Some(&line), ..Sending::default() };
            assert_eq!(client.start_sending(request, sending), Err(BAD), "{bad}");
            for handle in [request, client.session] {
                assert_eq!(set_text::<W>(handle, agent, bad), Err(BAD), "{bad}");
            }
            assert_eq!(open_request::<W>(connect, bad, "text/html"), Err(BAD), "{bad}");
            assert_eq!(open_request::<W>(connect, "http://h/", bad), Err(BAD), "{bad}");
            assert_eq!(client.open_request(connect, &format!("G{bad}"), "/", 0), Err(BAD), "{bad}");
            assert_eq!(open_session::<W>(bad), Err(BAD), "{bad}");
        }
        // Verbs are tokens, so that what is one byte does not help; an object's name is escaped as
        // UTF-8.
        assert_eq!(client.open_request(connect, "G\u{e4}T", "/", 0), Err(BAD));
        assert_eq!(client.values(request, CUSTOM, Some("X-Ok")), [""; 0], "all or nothing");
        client.exchange(request).unwrap();
        assert_eq!(server.requests().len(), 1);
        client.finish();
    }

    fn fact_22_8_what_ends_a_line_is_refused_in_every_text_of_the_head<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        for bad in ["a\rb", "a\nb", "a\r\nX: 1", "a\u{1}b", "a\u{7f}"] {
            assert_eq!(open_request::<W>(connect, bad, "text/html"), Err(BAD), "{bad:?}");
            assert_eq!(open_request::<W>(connect, "http://h/", bad), Err(BAD), "{bad:?}");
            assert_eq!(open_session::<W>(bad), Err(BAD), "{bad:?}");
            let request = client.get(server.port(), "/status");
            assert_eq!(add_wide::<W>(request, "X-A", bad), Err(BAD), "{bad:?}");
            assert_eq!(add_narrow::<W>(request, "X-A", bad.as_bytes()), Err(BAD), "{bad:?}");
        }
        client.finish();
    }

    fn narrow_values_go_out_as_they_are<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        for value in [&b"\xe6\x97\xa5 utf-8"[..], b"\xfc latin", b"\xff\xfe", LATIN_BYTES] {
            let request = client.get(server.port(), "/status");
            add_narrow::<W>(request, "X-A", value).unwrap();
            assert_eq!(query_ex::<W>(request, "X-A", true), value);
            assert_eq!(on_the_wire(&client, &server, request, "X-A"), value);
        }
        client.finish();
    }

    fn queries_show_the_text_that_was_given_and_with_wire_encoding_its_bytes<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/status");
        client.add_headers(request, &format!("X-A: {LATIN}"), ADD).unwrap();
        for sent in [false, true] {
            if sent {
                client.exchange(request).unwrap();
            }
            assert_eq!(client.query(request, CUSTOM, Some("X-A")), Ok(LATIN.into()));
            let raw = client.query(request, c::WINHTTP_QUERY_RAW_HEADERS_CRLF | REQUEST, None);
            assert!(raw.unwrap().contains(&format!("\r\nX-A: {LATIN}\r\n")));
            assert_eq!(query_ex::<W>(request, "X-A", false), LATIN.as_bytes());
            assert_eq!(query_ex::<W>(request, "X-A", true), LATIN_BYTES);

            let size = LATIN_BYTES.len();
            let in_dword = u32::try_from(size).unwrap();
            let level = CUSTOM | WIRE;
            let short = client.ask(request, level, Some("X-A"), Some(size), Some(0));
            let told = (short.result, short.length, short.index);
            assert_eq!(told, (Err(c::ERROR_INSUFFICIENT_BUFFER), in_dword + 1, 0));
            assert!(short.is_untouched());
            let fits = client.ask(request, level, Some("X-A"), Some(size + 1), Some(0));
            assert_eq!((fits.result, fits.length, fits.index), (Ok(()), in_dword, 1));
            assert_eq!(fits.bytes, [LATIN_BYTES, b"\0"].concat());
        }
        client.finish();
    }

    fn responses_are_bytes_too_with_wire_encoding<W>(mode) {
        let head = b"HTTP/1.1 200 OK\r\nX-A: gr\xfc\xdfe\r\nX-B: gr\xc3\xbcn\r\nContent-Length: 0\r\n\r\n";
        let server = winhttp_tests::answers(head.to_vec());
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/");
        client.exchange(request).unwrap();
        let ask = |level: u32| {
            let answer = client.ask(request, level | WIRE, None, Some(1000), None);
            answer.result.unwrap();
            answer.bytes[..usize::try_from(answer.length).unwrap()].to_vec()
        };
        assert_eq!(ask(c::WINHTTP_QUERY_RAW_HEADERS_CRLF), head);
        assert_eq!(ask(c::WINHTTP_QUERY_STATUS_CODE), b"200");
        assert_eq!(ask(c::WINHTTP_QUERY_CONTENT_LENGTH), b"0");
        let number = c::WINHTTP_QUERY_CONTENT_LENGTH | c::WINHTTP_QUERY_FLAG_NUMBER;
        assert_eq!(ask(number), [0; 4]);
        // Without the flag each value is read as its bytes suggest.
        let text = client.query(request, c::WINHTTP_QUERY_RAW_HEADERS_CRLF, None).unwrap();
        assert!(text.contains("X-A: gr\u{fc}\u{df}e\r\nX-B: gr\u{fc}n\r\n"), "{text:?}");
        client.finish();
    }

    fn fact_22_8_one_header_has_at_most_64_kib<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let request = client.get(server.port(), "/status");
        let longest = "v".repeat(65_536 - "X-A: ".len());
        let too_long = format!("{longest}v");
        client.add_headers(request, &format!("X-A: {longest}"), ADD).unwrap();
        add_wide::<W>(request, "X-A", &longest).unwrap();
        add_narrow::<W>(request, "X-A", longest.as_bytes()).unwrap();
        let line = format!("X-B: 1\r\nX-A: {too_long}");
        assert_eq!(client.add_headers(request, &line, ADD), Err(BAD));
        assert_eq!(add_wide::<W>(request, "X-A", &too_long), Err(BAD));
        assert_eq!(add_narrow::<W>(request, "X-A", too_long.as_bytes()), Err(BAD));
        let sending = Sending { headers: Some(&line), ..Sending::default() };
        assert_eq!(client.start_sending(request, sending), Err(BAD));
        assert_eq!(client.add_headers(request, "X-A: 1", COMMA), Err(BAD), "grows beyond it");
        assert_eq!(client.values(request, CUSTOM, Some("X-B")), [""; 0]);

        let agent = "v".repeat(65_536);
        let connect = client.connect("127.0.0.1", server.port()).unwrap();
        assert_eq!(open_session::<W>(&agent), Err(BAD));
        assert_eq!(open_request::<W>(connect, &agent, "text/html"), Err(BAD));
        assert_eq!(open_request::<W>(connect, "http://h/", &agent), Err(BAD));
        let option = c::WINHTTP_OPTION_USER_AGENT;
        assert_eq!(set_text::<W>(client.session, option, &agent), Err(BAD));
        client.finish();
    }
}

/// Units that are no characters are refused in either width.
#[test]
fn fact_22_8_units_that_are_no_characters_are_refused() {
    let client = Client::<u16>::new(Mode::Sync);
    let request = client.get(80, "/");
    let lone: Vec<u16> = "X-A: ".encode_utf16().chain([0xd800, 0]).collect();
    let length = u32::MAX;
    // SAFETY: the text is terminated.
    let added = unsafe {
        winhttp::WinHttpAddRequestHeaders::<u16>(request.raw(), lone.as_ptr(), length, ADD)
    };
    assert_eq!((added, last_error()), (0, BAD));
    let agent = put_units(request, c::WINHTTP_OPTION_USER_AGENT, &[0xd800_u16, 0]);
    assert_eq!(agent, Err(BAD));
    client.finish();
}
