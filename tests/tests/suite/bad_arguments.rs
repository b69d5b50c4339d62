//! NULL pointers, wrong lengths, unknown numbers and invalid text: each function fails with its
//! documented number, leaves its outputs alone, and the object goes on working.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use winhttp::*;
use winhttp_abi::constants as c;
use winhttp_abi::types::SystemTime;
use winhttp_abi::wide::Unit;
use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support;
use winhttp_tests::support::{close_for_good, request};
use winhttp_tests::{
    Call, Client, Handle, Mode, call, last_error, scenarios, set_option, status, text,
};

const INVALID: u32 = c::ERROR_INVALID_PARAMETER;
const UNTOUCHED: u32 = 0xdead_beef;
const UTF8: i32 = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;

/// Text that no program means: lone surrogates, and in 32-bit units surrogate pairs and numbers
/// beyond Unicode.
fn invalid_texts<W: Unit>() -> Vec<Vec<W>> {
    let of = |units: &[u32]| {
        units
            .iter()
            .map(|unit| W::narrow(*unit))
            .collect::<Vec<W>>()
    };
    let mut texts = vec![
        of(&[0x61, 0xd834, 0]),
        of(&[0xdd1e, 0x61, 0]),
        of(&[0xd834, 0xd834, 0]),
        of(&[0xdd1e, 0xd834, 0]),
        of(&[0xdfff, 0]),
    ];
    if W::BYTES == 4 {
        texts.push(of(&[0xd834, 0xdd1e, 0]));
        texts.push(of(&[0x11_0000, 0]));
        texts.push(of(&[0x7fff_ffff, 0]));
        texts.push(of(&[u32::MAX, 0]));
    }
    texts
}

fn handle_of(result: *mut c_void) -> Call<Handle> {
    if result.is_null() {
        Err(last_error())
    } else {
        Ok(result.into())
    }
}

fn open<W: Unit>(
    agent: *const W,
    access: u32,
    proxy: *const W,
    bypass: *const W,
    flags: u32,
) -> Call<()> {
    // SAFETY: all texts are NULL or terminated locals of the caller.
    let session = handle_of(unsafe { WinHttpOpen::<W>(agent, access, proxy, bypass, flags) })?;
    // SAFETY: any number may be passed.
    call(unsafe { WinHttpCloseHandle::<W>(session.raw()) })
}

fn open_checks_its_arguments<W: Unit>() {
    let (none, empty, some) = (null(), text::<W>(""), text::<W>("proxy:8080"));
    let (agent, proxy) = (text::<W>("agent"), some.as_ptr());
    let direct = c::WINHTTP_ACCESS_TYPE_NO_PROXY;
    let named = c::WINHTTP_ACCESS_TYPE_NAMED_PROXY;
    for access in [2, 5, 77, u32::MAX] {
        assert_eq!(
            open(agent.as_ptr(), access, none, none, 0),
            Err(INVALID),
            "type {access}"
        );
    }
    assert_eq!(
        open(none, named, none, none, 0),
        Err(INVALID),
        "a named proxy needs its name"
    );
    assert_eq!(open(none, named, empty.as_ptr(), none, 0), Err(INVALID));
    // Fact 29.2.6.
    open(none, named, proxy, empty.as_ptr(), 0).unwrap();
    for flags in [1, 0x2000_0000, 0x4000_0000, 0x1000_0001, u32::MAX] {
        assert_eq!(
            open(none, direct, none, none, flags),
            Err(INVALID),
            "flags {flags:#x}"
        );
    }
    for bad in invalid_texts::<W>() {
        assert_eq!(
            open(bad.as_ptr(), direct, none, none, 0),
            Err(INVALID),
            "agent {bad:x?}"
        );
        assert_eq!(
            open(none, named, bad.as_ptr(), none, 0),
            Err(INVALID),
            "proxy {bad:x?}"
        );
        assert_eq!(
            open(none, named, proxy, bad.as_ptr(), 0),
            Err(INVALID),
            "bypass {bad:x?}"
        );
    }
    // Expectation 20 and NULL: what is allowed.
    for access in [0, direct, c::WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY] {
        assert_eq!(open(none, access, none, none, 0), Ok(()));
        assert_eq!(
            open(agent.as_ptr(), access, empty.as_ptr(), none, 0),
            Ok(())
        );
    }
    assert_eq!(
        open(none, 0, proxy, none, 0),
        Ok(()),
        "a proxy without its type is ignored"
    );
    assert_eq!(open(none, named, proxy, none, 0), Ok(()));
}

#[test]
fn open_checks_its_arguments_utf16() {
    open_checks_its_arguments::<u16>();
}

#[test]
fn open_checks_its_arguments_wchar32() {
    open_checks_its_arguments::<u32>();
}

fn open_request<W: Unit>(connect: Handle, texts: [*const W; 4], flags: u32) -> Call<Handle> {
    let [verb, path, version, referrer] = texts;
    // SAFETY: all texts are NULL or terminated locals of the caller.
    handle_of(unsafe {
        WinHttpOpenRequest::<W>(connect.raw(), verb, path, version, referrer, null(), flags)
    })
}

scenarios! {
    fn fact_1_5_connect_checks_the_servers_name<W>(mode) {
        let client = Client::<W>::new(mode);
        let connect = |name: *const W| {
            // SAFETY: the name is NULL or terminated.
            handle_of(unsafe { WinHttpConnect::<W>(client.session.raw(), name, 80, 0) })
        };
        assert_eq!(connect(null()), Err(INVALID));
        assert_eq!(client.connect("", 80), Err(c::ERROR_WINHTTP_INVALID_URL));
        for bad in invalid_texts::<W>() {
            assert_eq!(connect(bad.as_ptr()), Err(INVALID), "{bad:x?}");
        }
        for bad in ["a b", "host/path", "http://host", "[::1", "a\r\nX: y", "user@host"] {
            assert_eq!(client.connect(bad, 80), Err(c::ERROR_WINHTTP_INVALID_URL), "{bad}");
        }
        assert_eq!(client.recorder.events().len(), 0, "a refused call notified something");
        let good = client.connect("no-such-host.invalid", 0).unwrap();
        close_for_good(&client, good);
        client.close(client.session).unwrap();
    }

    fn open_request_checks_its_arguments<W>(mode) {
        let client = Client::<W>::new(mode);
        let connect = client.connect("localhost", 80).unwrap();
        let events = client.recorder.events().len();
        for flags in [1, 2, 0x10, 0x400, 0x8000_0000, !c::WINHTTP_FLAG_AUTOMATIC_CHUNKING] {
            assert_eq!(open_request::<W>(connect, [null(); 4], flags), Err(INVALID), "{flags:#x}");
        }
        for bad in invalid_texts::<W>() {
            for place in 0..4 {
                let mut texts = [null(); 4];
                texts[place] = bad.as_ptr();
                assert_eq!(open_request(connect, texts, 0), Err(INVALID), "{place}: {bad:x?}");
            }
        }
        // What would smuggle something into the head is refused wherever it stands.
        for (place, bad) in [(0, "GE T"), (0, "GET\r\nX:"), (2, "HTTP/1.1\r\nX: y"), (3, "a\r\nX: y")] {
            let units = text::<W>(bad);
            let mut texts = [null(); 4];
            texts[place] = units.as_ptr();
            assert_eq!(open_request(connect, texts, 0), Err(INVALID), "{place}: {bad}");
        }
        assert_eq!(client.recorder.events().len(), events, "a refused call notified something");
        let good = open_request::<W>(connect, [null(); 4], 0).unwrap();
        close_for_good(&client, good);
        client.close(connect).unwrap();
        client.close(client.session).unwrap();
    }

    fn fact_3_4_1_timeouts_below_minus_one_are_refused_before_the_handles_kind<W>(mode) {
        let client = Client::<W>::new(mode);
        let connect = client.connect("localhost", 80).unwrap();
        let set = |handle: Handle, place: usize, value: i32| {
            let mut t = [0; 4];
            t[place] = value;
            // SAFETY: no memory is passed.
            call(unsafe { WinHttpSetTimeouts::<W>(handle.raw(), t[0], t[1], t[2], t[3]) })
        };
        for place in 0..4 {
            for bad in [-2, -1000, i32::MIN] {
                assert_eq!(set(client.session, place, bad), Err(INVALID));
                assert_eq!(set(connect, place, bad), Err(INVALID), "before the kind is looked at");
            }
            for good in [-1, 0, 1, i32::MAX] {
                assert_eq!(set(client.session, place, good), Ok(()));
                let kind = c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE;
                assert_eq!(set(connect, place, good), Err(kind));
            }
        }
        client.close(connect).unwrap();
        client.close(client.session).unwrap();
    }

    fn options_check_number_buffer_and_length<W>(mode) {
        let client = Client::<W>::new(mode);
        let session = client.session;
        for unknown in [0, 8, 100_000, u32::MAX] {
            let unknown_option = c::ERROR_WINHTTP_INVALID_OPTION;
            assert_eq!(set_option::<W>(session, unknown, &[0; 4]), Err(unknown_option), "{unknown}");
        }
        let (mut value, mut length) = (UNTOUCHED, 4_u32);
        let query = |option: u32, value: *mut u32, length: *mut u32| {
            // SAFETY: the pointers are NULL or to locals.
            call(unsafe { WinHttpQueryOption::<W>(session.raw(), option, value.cast(), length) })
        };
        assert_eq!(query(0, &raw mut value, &raw mut length), Err(INVALID), "fact 3.1.3");
        assert_eq!((value, length), (UNTOUCHED, 4));
        let policy = c::WINHTTP_OPTION_REDIRECT_POLICY;
        assert_eq!(query(policy, &raw mut value, null_mut()), Err(INVALID));
        assert_eq!(query(policy, null_mut(), null_mut()), Err(INVALID));
        for (buffer, given) in [(null_mut(), 4), (null_mut(), 0), (&raw mut value, 3), (&raw mut value, 0)] {
            length = given;
            assert_eq!(query(policy, buffer, &raw mut length), Err(c::ERROR_INSUFFICIENT_BUFFER));
            assert_eq!((value, length), (UNTOUCHED, 4));
        }
        // Fact 3.1.2; expectation 23 takes eight bytes for a DWORD.
        for length in [1, 2, 3, 5] {
            let error = c::ERROR_INSUFFICIENT_BUFFER;
            assert_eq!(set_option::<W>(session, policy, &vec![0; length]), Err(error), "{length}");
        }
        // SAFETY: no memory is passed.
        let null_buffer = call(unsafe { WinHttpSetOption::<W>(session.raw(), policy, null_mut(), 4) });
        assert_eq!(null_buffer, Err(INVALID));
        let mut eight = [0xff_u8; 8];
        eight[..4].copy_from_slice(&2_u32.to_ne_bytes());
        assert_eq!(set_option::<W>(session, policy, &eight), Ok(()));
        assert_eq!(support::dword::<W>(session, policy), Ok(2), "expectation 23: the low 32 bits");
        // Expectation 23: exactly four bytes are written, however much room there is.
        let mut room = [UNTOUCHED; 4];
        length = 16;
        assert_eq!(query(policy, (&raw mut room).cast(), &raw mut length), Ok(()));
        assert_eq!((room, length), ([2, UNTOUCHED, UNTOUCHED, UNTOUCHED], 4));
        client.close(session).unwrap();
    }
}

fn add<W: Unit>(request: Handle, headers: *const W, length: u32, modifiers: u32) -> Call<()> {
    // SAFETY: the text is NULL, terminated, or as long as `length` says.
    call(unsafe { WinHttpAddRequestHeaders::<W>(request.raw(), headers, length, modifiers) })
}

fn send<W: Unit>(
    request: Handle,
    headers: *const W,
    length: u32,
    body: (*const u8, u32),
    total: u32,
) -> Call<()> {
    // SAFETY: the text is NULL, terminated, or as long as `length` says; so is the body.
    call(unsafe {
        WinHttpSendRequest::<W>(
            request.raw(),
            headers,
            length,
            body.0.cast(),
            body.1,
            total,
            0,
        )
    })
}

scenarios! {
    fn add_request_headers_is_all_or_nothing<W>(mode) {
        let client = Client::<W>::new(mode);
        let handle = request(&client, "localhost", 80, "/", 0);
        let flag_add = c::WINHTTP_ADDREQ_FLAG_ADD;
        let good = text::<W>("X-Good: 1");
        assert_eq!(add::<W>(handle, null(), 0, flag_add), Err(INVALID));
        assert_eq!(add::<W>(handle, null(), u32::MAX, flag_add), Err(INVALID));
        assert_eq!(add(handle, good.as_ptr(), 0, flag_add), Err(INVALID), "length 0 with text");
        for bad in invalid_texts::<W>() {
            assert_eq!(add(handle, bad.as_ptr(), u32::MAX, flag_add), Err(INVALID), "{bad:x?}");
            let length = u32::try_from(bad.len() - 1).unwrap();
            assert_eq!(add(handle, bad.as_ptr(), length, flag_add), Err(INVALID), "{bad:x?}");
        }
        // Fact 4.1.5, and the same behind a good line: then the good line is not added either.
        for bad in [":", ":b", "cd", " e :f", "g : value", "a b: c", "h: \u{1}", "h\u{e9}: x"] {
            for whole in [bad.to_owned(), format!("X-Good: 1\r\n{bad}")] {
                let units = text::<W>(&whole);
                assert_eq!(add(handle, units.as_ptr(), u32::MAX, flag_add), Err(INVALID), "{whole:?}");
            }
        }
        let level = c::WINHTTP_QUERY_CUSTOM | c::WINHTTP_QUERY_FLAG_REQUEST_HEADERS;
        let query = || client.query(handle, level, Some("X-Good"));
        assert_eq!(query(), Err(c::ERROR_WINHTTP_HEADER_NOT_FOUND));
        let replace = c::WINHTTP_ADDREQ_FLAG_REPLACE;
        let missing = c::ERROR_WINHTTP_HEADER_NOT_FOUND;
        assert_eq!(add(handle, good.as_ptr(), u32::MAX, replace), Err(missing));
        // An explicit length needs no terminator and ends the text early.
        assert_eq!(add(handle, good[..9].as_ptr(), 9, flag_add), Ok(()));
        assert_eq!(query().as_deref(), Ok("1"));
        let if_new = c::WINHTTP_ADDREQ_FLAG_ADD_IF_NEW;
        let exists = c::ERROR_WINHTTP_HEADER_ALREADY_EXISTS;
        assert_eq!(add(handle, good.as_ptr(), u32::MAX, if_new), Err(exists));
        assert_eq!(query().as_deref(), Ok("1"));
        close_for_good(&client, handle);
        client.close(client.session).unwrap();
    }

    fn a_refused_send_request_leaves_the_request_as_it_was<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let handle = support::get(&client, server.port(), "/headers");
        for bad in invalid_texts::<W>() {
            assert_eq!(send(handle, bad.as_ptr(), 0, (null(), 0), 0), Err(INVALID), "{bad:x?}");
        }
        let malformed = text::<W>("X-Lost: 1\r\nno colon");
        assert_eq!(send(handle, malformed.as_ptr(), u32::MAX, (null(), 0), 0), Err(INVALID));
        let body = b"0123456789";
        let short = send::<W>(handle, null(), 0, (body.as_ptr(), 10), 5);
        assert_eq!(short, Err(INVALID), "a total below the optional length");
        // Expectation 18: all the ways to say "none".
        let empty = text::<W>("");
        for (headers, length) in [(null(), 0), (null(), u32::MAX), (empty.as_ptr(), 0)] {
            let before = client.events(handle);
            send::<W>(handle, headers, length, (null(), 0), 0).unwrap();
            let sent = c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE;
            client.completion(handle, sent, before).unwrap();
            client.receive(handle).unwrap();
            let head = String::from_utf8(client.body(handle).unwrap()).unwrap();
            assert!(!head.contains("X-Lost"), "{head}");
        }
        close_for_good(&client, handle);
        client.close(client.session).unwrap();
        assert_eq!(server.violations(), []);
    }

    fn query_headers_checks_level_name_and_lengths<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let handle = support::get(&client, server.port(), "/status?header=X-Text:value&body=ok");
        client.exchange(handle).unwrap();
        let query = |level: u32, name: *const W, buffer: *mut u32, length: *mut u32, index: *mut u32| {
            // SAFETY: the pointers are NULL or to locals as large as the length says.
            call(unsafe {
                WinHttpQueryHeaders::<W>(handle.raw(), level, name, buffer.cast(), length, index)
            })
        };
        let (mut buffer, mut length, mut index) = ([UNTOUCHED; 64], 256, 0);
        let room = (&raw mut buffer).cast::<u32>();
        let custom = c::WINHTTP_QUERY_CUSTOM;
        let number = c::WINHTTP_QUERY_FLAG_NUMBER;
        let name = text::<W>("X-Text");
        for (what, level, name, error) in [
            ("a level above the last", 1000, null(), INVALID),
            ("custom without a name", custom, null(), INVALID),
            ("text as a number", custom | number, name.as_ptr(), INVALID),
            ("two forms", c::WINHTTP_QUERY_STATUS_CODE | number | 0x4000_0000, null(), INVALID),
            ("not there", c::WINHTTP_QUERY_UPGRADE, null(), c::ERROR_WINHTTP_HEADER_NOT_FOUND),
        ] {
            assert_eq!(query(level, name, room, &raw mut length, &raw mut index), Err(error), "{what}");
            assert_eq!((buffer, length, index), ([UNTOUCHED; 64], 256, 0), "{what}");
        }
        for bad in invalid_texts::<W>() {
            let result = query(custom, bad.as_ptr(), room, &raw mut length, &raw mut index);
            assert_eq!(result, Err(INVALID), "{bad:x?}");
        }
        let status_code = c::WINHTTP_QUERY_STATUS_CODE;
        assert_eq!(query(status_code, null(), room, null_mut(), null_mut()), Err(INVALID));
        // Fact 4.2.1: too small, or NULL whatever the length says.
        let needed = u32::try_from(4 * W::BYTES).unwrap();
        for (buffer_pointer, given) in [(null_mut(), 0), (null_mut(), 256), (room, needed - 1), (room, 0)] {
            length = given;
            let result = query(status_code, null(), buffer_pointer, &raw mut length, &raw mut index);
            assert_eq!(result, Err(c::ERROR_INSUFFICIENT_BUFFER));
            assert_eq!((buffer, length, index), ([UNTOUCHED; 64], needed, 0));
        }
        length = needed;
        assert_eq!(query(status_code, null(), room, &raw mut length, null_mut()), Ok(()));
        assert_eq!(length, needed - u32::try_from(W::BYTES).unwrap());
        close_for_good(&client, handle);
        client.close(client.session).unwrap();
    }

    fn reads_and_writes_check_their_buffers<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let handle = support::get(&client, server.port(), "/status?body=whole");
        client.exchange(handle).unwrap();
        let mut bytes = UNTOUCHED;
        let count = &raw mut bytes;
        let raw = handle.raw();
        let mut some = [0_u8; 4];
        let buffer = (&raw mut some).cast::<c_void>();
        // SAFETY: NULL is refused.
        assert_eq!(call(unsafe { WinHttpReadData::<W>(raw, null_mut(), 4, count) }), Err(INVALID));
        assert_eq!(bytes, 0, "set before anything is looked at");
        for (buffer, flags, property_length, property) in [
            (null_mut(), 0, 0, null_mut()),
            (buffer, 2, 0, null_mut()),
            (buffer, u64::MAX, 0, null_mut()),
            (buffer, 0, 4, null_mut()),
            (buffer, 0, 0, buffer),
        ] {
            bytes = UNTOUCHED;
            // SAFETY: the buffer is NULL or has four bytes.
            let result = status(unsafe {
                WinHttpReadDataEx::<W>(raw, buffer, 4, &raw mut bytes, flags, property_length, property)
            });
            assert_eq!((result, bytes), (Err(INVALID), 0));
        }
        bytes = UNTOUCHED;
        // SAFETY: NULL is refused.
        let write = call(unsafe { WinHttpWriteData::<W>(raw, null(), 4, &raw mut bytes) });
        assert_eq!(write, Err(INVALID));
        assert_eq!(bytes, UNTOUCHED);
        assert_eq!(client.body(handle).as_deref(), Ok(&b"whole"[..]), "nothing was lost");
        close_for_good(&client, handle);
        client.close(client.session).unwrap();
    }
}

scenarios! {
    fn facts_9_3_1_and_9_4_1_and_9_5_1_web_sockets_check_buffers_types_and_reasons<W>(mode) {
        let server = Server::plain(by_path).unwrap();
        let client = Client::<W>::new(mode);
        let web_socket = client.web_socket(server.port(), "/echo");
        let events = client.events(web_socket);
        let raw = web_socket.raw();
        let mut buffer = [0x55_u8; 200];
        let place = (&raw mut buffer).cast::<c_void>();
        for (kind, data, length) in [(0, null_mut(), 1), (2, null_mut(), u32::MAX), (4, place, 2), (4, null_mut(), 0),
            (5, place, 2), (-1, place, 2), (i32::MAX, place, 2)] {
            // SAFETY: the buffer is NULL or has as many bytes as said.
            let result = status(unsafe { WinHttpWebSocketSend::<W>(raw, kind, data, length) });
            assert_eq!(result, Err(INVALID), "type {kind}, length {length}");
        }
        let (mut bytes, mut kind) = (UNTOUCHED, -7);
        for (data, length) in [(null_mut(), 8), (null_mut(), 0), (place, 0)] {
            // SAFETY: as above.
            let result = status(unsafe {
                WinHttpWebSocketReceive::<W>(raw, data, length, &raw mut bytes, &raw mut kind)
            });
            assert_eq!(result, Err(INVALID));
        }
        if mode == Mode::Sync {
            for (bytes, kind) in [(null_mut(), &raw mut kind), (&raw mut bytes, null_mut())] {
                // SAFETY: as above.
                let result = status(unsafe { WinHttpWebSocketReceive::<W>(raw, place, 8, bytes, kind) });
                assert_eq!(result, Err(INVALID), "synchronously the results are required");
            }
        }
        for (code, reason, length) in [(1000, null_mut(), 1), (1000, place, 124), (1000, place, 128),
            (1000, place, u32::MAX)] {
            // SAFETY: a reason has as many bytes as said, or is refused for its length.
            let shutdown = status(unsafe { WinHttpWebSocketShutdown::<W>(raw, code, reason, length) });
            assert_eq!(shutdown, Err(INVALID), "reason of {length}");
            // SAFETY: as above.
            let close = status(unsafe { WinHttpWebSocketClose::<W>(raw, code, reason, length) });
            assert_eq!(close, Err(INVALID), "reason of {length}");
        }
        let (mut code, mut consumed) = (0x5555_u16, UNTOUCHED);
        for (code, reason, length, consumed) in [
            (null_mut(), place, 123, &raw mut consumed),
            (&raw mut code, place, 123, null_mut()),
            (&raw mut code, null_mut(), 1, &raw mut consumed),
        ] {
            // SAFETY: as above.
            let result = status(unsafe {
                WinHttpWebSocketQueryCloseStatus::<W>(raw, code, reason, length, consumed)
            });
            assert_eq!(result, Err(INVALID));
        }
        assert_eq!(client.ws_close_status(web_socket), Err(c::ERROR_INVALID_OPERATION), "no close frame yet");
        assert_eq!((bytes, kind, code, consumed), (UNTOUCHED, -7, 0x5555, UNTOUCHED));
        assert_eq!(buffer, [0x55; 200]);
        assert_eq!(client.events(web_socket), events, "a refused call notified something");

        client.ws_send(web_socket, UTF8, b"still here").unwrap();
        assert_eq!(client.ws_message(web_socket), Ok((b"still here".to_vec(), UTF8)), "nothing was lost");
        client.ws_close(web_socket, 1000, b"bye").unwrap();
        close_for_good(&client, web_socket);
        client.close(client.session).unwrap();
        assert_eq!(server.violations(), []);
    }
}

fn facts_8_1_time_functions_check_their_arguments<W: Unit>() {
    let time = SystemTime {
        w_year: 2008,
        w_month: 7,
        w_day_of_week: 1,
        w_day: 28,
        w_hour: 10,
        w_minute: 5,
        w_second: 52,
        w_milliseconds: 0,
    };
    let mut date = [W::narrow(0x7e); 31];
    let from = |time: *const SystemTime, date: *mut W| {
        // SAFETY: the pointers are NULL or to locals of the documented size.
        call(unsafe { WinHttpTimeFromSystemTime::<W>(time, date) })
    };
    assert_eq!(from(null(), (&raw mut date).cast()), Err(INVALID));
    assert_eq!(from(&raw const time, null_mut()), Err(INVALID));
    let impossible = [
        SystemTime {
            w_month: 13,
            ..time
        },
        SystemTime { w_month: 0, ..time },
        SystemTime { w_day: 32, ..time },
        SystemTime {
            w_month: 2,
            w_day: 30,
            ..time
        },
        SystemTime { w_hour: 24, ..time },
        SystemTime {
            w_minute: 60,
            ..time
        },
        SystemTime {
            w_year: u16::MAX,
            w_month: u16::MAX,
            ..time
        },
    ];
    for time in impossible {
        assert_eq!(
            from(&raw const time, (&raw mut date).cast()),
            Err(INVALID),
            "{time:?}"
        );
    }
    assert_eq!(date, [W::narrow(0x7e); 31]);
    assert_eq!(from(&raw const time, (&raw mut date).cast()), Ok(()));
    let mut read = impossible[0];
    let to = |date: *const W, time: *mut SystemTime| {
        // SAFETY: the pointers are NULL or to a terminated text and a structure.
        call(unsafe { WinHttpTimeToSystemTime::<W>(date, time) })
    };
    assert_eq!(to(null(), &raw mut read), Err(INVALID));
    assert_eq!(to(date.as_ptr(), null_mut()), Err(INVALID));
    for bad in invalid_texts::<W>() {
        assert_eq!(to(bad.as_ptr(), &raw mut read), Err(INVALID), "{bad:x?}");
    }
    assert_eq!(
        to(text::<W>("not a date").as_ptr(), &raw mut read),
        Err(INVALID)
    );
    assert_eq!(read.w_month, 13, "the time was touched");
    assert_eq!(to(date.as_ptr(), &raw mut read), Ok(()));
    assert_eq!(
        (read.w_year, read.w_month, read.w_day, read.w_second),
        (2008, 7, 28, 52)
    );
}

#[test]
fn facts_8_1_time_utf16() {
    facts_8_1_time_functions_check_their_arguments::<u16>();
}

#[test]
fn facts_8_1_time_wchar32() {
    facts_8_1_time_functions_check_their_arguments::<u32>();
}
