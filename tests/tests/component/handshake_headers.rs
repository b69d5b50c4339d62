//! Header fields of handshakes beyond the scenarios: section 6, and fields that are missing,
//! duplicated, oversized, not ASCII or malformed.

use std::ffi::CStr;
use std::ptr::{null, null_mut};

use windows_sys::Win32::Networking::WebSocket::*;

use super::harness::headers::{
    Header, ZERO_KEY, and, fields, raw, read, request, response, value, with, without,
};
use super::harness::memory::live_bytes;
use super::harness::raw::pointer;
use super::harness::{
    ALL, E_INVALIDARG, FORMAT, Memory, NO_EXTENSION, NO_SUBPROTOCOL, NO_VERSION, OPERATION, Role,
    S_OK, Setup, Socket, TOO_SMALL,
};

const PROTOCOL: &str = "Sec-WebSocket-Protocol";
const EXTENSIONS: &str = "Sec-WebSocket-Extensions";

fn new_client<'m>() -> Socket<'m> {
    Setup::new(Role::Client).create()
}

/// What a new server answers.
fn answer(request: &[Header]) -> Result<Vec<Header>, i32> {
    answer_selecting(None, &[], request)
}

fn answer_selecting(
    protocol: Option<&CStr>,
    extensions: &[&CStr],
    request: &[Header],
) -> Result<Vec<Header>, i32> {
    let server = Setup::new(Role::Server).create();
    server.begin_server(protocol, extensions, request)
}

/// How a new client with these offers takes the shortest response with these fields added.
fn takes(
    protocols: &[&CStr],
    extensions: &[&CStr],
    more: &[(&str, &str)],
) -> (i32, Vec<u32>, Option<u32>) {
    let client = new_client();
    let headers = client.begin_client(protocols, extensions, &[]).unwrap();
    let mut response = response(value(&headers, "Sec-WebSocket-Key"));
    response.extend(fields(more));
    client.end_client_selecting(&response, extensions.len())
}

#[test]
fn a_client_offers_in_the_given_order() {
    let client = new_client();
    let headers = client
        .begin_client(
            &[c"chat", c"superchat"],
            &[c"a", c"permessage-deflate; server_no_context_takeover"],
            &[],
        )
        .unwrap();
    assert_eq!(headers.len(), 6);
    assert_eq!(value(&headers, PROTOCOL), "chat, superchat");
    let offered = "a, permessage-deflate; server_no_context_takeover";
    assert_eq!(value(&headers, EXTENSIONS), offered);
}

#[test]
fn a_client_gives_all_fields_whatever_the_application_has() {
    let initial = fields(&[
        ("Host", "localhost"),
        ("Sec-WebSocket-Key", ZERO_KEY),
        ("Sec-WebSocket-Version", "8"),
        ("Upgrade", "h2c"),
        ("Connection", "close"),
        ("X-Other", "value"),
    ]);
    let headers = new_client().begin_client(&[], &[], &initial).unwrap();
    assert_eq!(headers.len(), 4);
    assert_eq!(value(&headers, "Sec-WebSocket-Version"), "13");
    assert_ne!(value(&headers, "Sec-WebSocket-Key"), ZERO_KEY);
}

#[test]
fn sub_protocols_must_be_tokens() {
    for bad in [c"", c"a b", c"a,b", c"a;b", c"\"a\"", c"a\x7f", c"\xc3\xa4"] {
        for offers in [&[bad][..], &[c"good", bad]] {
            let client = new_client();
            let begun = client.begin_client(offers, &[], &[]);
            assert_eq!(begun, Err(E_INVALIDARG), "{bad:?}");
            assert!(client.begin_client(&[c"good"], &[], &[]).is_ok());
        }
    }
}

/// WebSocketBeginClientHandshake with arrays as they are.
fn begin_client_raw(
    protocols: (*const *const u8, u32),
    extensions: (*const *const u8, u32),
    initial: (*const WEB_SOCKET_HTTP_HEADER, u32),
) -> i32 {
    let client = new_client();
    let (mut headers, mut count) = (pointer(1).cast(), 1);
    // SAFETY: the caller's arrays are NULL or have so many elements.
    let result = unsafe {
        WebSocketBeginClientHandshake(
            pointer(client.handle()),
            protocols.0,
            protocols.1,
            extensions.0,
            extensions.1,
            initial.0,
            initial.1,
            &raw mut headers,
            &raw mut count,
        )
    };
    assert_eq!((headers.is_null(), count == 0), (result != 0, result != 0));
    result
}

#[test]
fn counts_without_arrays_and_entries_without_text() {
    let nothing = (null(), 0);
    let text = [c"good".as_ptr().cast::<u8>(), null()];
    let headers = (null(), 0);
    assert_eq!(
        begin_client_raw((null(), 1), nothing, headers),
        E_INVALIDARG
    );
    assert_eq!(
        begin_client_raw(nothing, (null(), 1), headers),
        E_INVALIDARG
    );
    let missing = (null(), 1);
    assert_eq!(begin_client_raw(nothing, nothing, missing), E_INVALIDARG);
    let with_null = (text.as_ptr(), 2);
    assert_eq!(begin_client_raw(with_null, nothing, headers), E_INVALIDARG);
    assert_eq!(begin_client_raw(nothing, with_null, headers), E_INVALIDARG);
    // What is not counted is not looked at.
    let first = (text.as_ptr(), 1);
    assert_eq!(begin_client_raw(first, first, headers), S_OK);
    let unused = (pointer(8).cast_const().cast(), 0);
    assert_eq!(begin_client_raw(unused, nothing, headers), S_OK);
}

#[test]
fn names_must_not_be_empty_nor_have_a_null_text_with_a_length() {
    let value = "value";
    let header = |name: *const u8, name_length, value: *const u8, value_length| {
        [WEB_SOCKET_HTTP_HEADER {
            pcName: name.cast_mut(),
            ulNameLength: name_length,
            pcValue: value.cast_mut(),
            ulValueLength: value_length,
        }]
    };
    let none = (null(), 0);
    for (bad, why) in [
        (header("N".as_ptr(), 0, value.as_ptr(), 5), "empty name"),
        (header(null(), 0, value.as_ptr(), 5), "no name"),
        (header(null(), 4, value.as_ptr(), 5), "a name at NULL"),
        (header("N".as_ptr(), 1, null(), 5), "a value at NULL"),
    ] {
        let result = begin_client_raw(none, none, (bad.as_ptr(), 1));
        assert_eq!(result, E_INVALIDARG, "{why}");
    }
    let empty = header("N".as_ptr(), 1, null(), 0);
    assert_eq!(begin_client_raw(none, none, (empty.as_ptr(), 1)), S_OK);
}

#[test]
fn a_request_without_fields_is_an_error() {
    assert!(matches!(answer(&[]), Err(E_INVALIDARG | FORMAT)));
    let client = new_client();
    client.begin_client(&[], &[], &[]).unwrap();
    assert_eq!(client.end_client(&[]), E_INVALIDARG);
    let array = raw(&request());
    // SAFETY: an array of no elements may be anywhere.
    let result = unsafe {
        WebSocketEndClientHandshake(
            pointer(client.handle()),
            array.as_ptr(),
            0,
            null_mut(),
            null_mut(),
            null_mut(),
        )
    };
    assert_eq!(result, E_INVALIDARG);
}

#[test]
fn lists_may_be_spread_and_spaced() {
    for (name, values) in [
        ("Connection", vec!["keep-alive", "Upgrade"]),
        ("Connection", vec![" \t keep-alive ,\tUPGRADE\t "]),
        ("Connection", vec![",,Upgrade,"]),
        ("Upgrade", vec!["h2c", "WebSocket"]),
        ("Upgrade", vec!["h2c, websocket"]),
        ("Host", vec!["localhost"]),
        ("Sec-WebSocket-Version", vec![" \t13\t "]),
        ("Sec-WebSocket-Key", vec![" AAAAAAAAAAAAAAAAAAAAAA==\t"]),
    ] {
        let mut request = without(&request(), name);
        for value in &values {
            request = and(&request, name, value);
        }
        let response = answer(&request).unwrap_or_else(|_| panic!("{name}: {values:?}"));
        let accept = value(&response, "Sec-WebSocket-Accept");
        assert_eq!(accept, super::harness::headers::ZERO_ACCEPT);
    }
}

#[test]
fn malformed_requests() {
    let key = "Sec-WebSocket-Key";
    for (name, value) in [
        ("Upgrade", ""),
        ("Upgrade", "websockets"),
        ("Upgrade", "web socket"),
        ("Upgrade", "\u{fc}pgrade"),
        ("Connection", ""),
        ("Connection", "Upgraded"),
        ("Connection", "keep-alive; Upgrade"),
        (key, ""),
        (key, "AAAAAAAAAAAAAAAAAAAAAAA="),     // 17 bytes
        (key, "AAAAAAAAAAAAAAAAAAAAAA"),       // no padding
        (key, "AAAAAAAAAAAAAAAAAAAAAA=A"),     // padding inside
        (key, "AAAAAAAAAAAAAAAAAAAAA-=="),     // not of the alphabet
        (key, "AAAAAAAAAAA AAAAAAAAAA=="),     // a space inside
        (key, "AAAAAAAAAAAAAAAAAAAAA\u{e9}="), // not ASCII
        (key, "AAAAAAAAAAAAAAAAAAAAAA==AAAA"),
        ("Sec-WebSocket-Version", ""),
    ] {
        let result = answer(&with(&request(), name, value));
        let allowed = match name {
            // Present, but no version that is supported.
            "Sec-WebSocket-Version" => result == Err(NO_VERSION) || result == Err(FORMAT),
            _ => result == Err(FORMAT),
        };
        assert!(allowed, "{name}: {value}: {result:?}");
    }
}

#[test]
fn oversized_and_foreign_fields_are_ignored() {
    let long = "x".repeat(1 << 20);
    let mut request = request();
    request.push((long.clone(), "value".to_owned()));
    request.push(("X-Long".to_owned(), long.clone()));
    request.push(("X-Binary".to_owned(), "\u{1}\u{7f}\u{e4}\r\n".to_owned()));
    for number in 0..1000 {
        request.push((format!("X-{number}"), String::new()));
    }
    assert!(answer(&request).is_ok());
    let more = [("X-Long", long.as_str()), ("Date", "today"), ("Server", "")];
    assert_eq!(takes(&[], &[], &more), (S_OK, vec![], None));
    // Where they matter, they are judged.
    let key = with(&request, "Sec-WebSocket-Key", &long);
    assert_eq!(answer(&key), Err(FORMAT));
    let version = with(&request, "Sec-WebSocket-Version", &long);
    assert_eq!(answer(&version), Err(NO_VERSION));
}

#[test]
fn the_first_thing_that_is_wrong_decides() {
    // The order is Host, Upgrade, Connection, key, version, sub-protocol, extensions.
    let bad_version = with(&request(), "Sec-WebSocket-Version", "8");
    let both = without(&bad_version, "Host");
    assert_eq!(answer(&both), Err(FORMAT));
    let select = |request: &[Header]| answer_selecting(Some(c"x"), &[c"y"], request);
    assert_eq!(select(&bad_version), Err(NO_VERSION));
    assert_eq!(select(&request()), Err(NO_SUBPROTOCOL));
    let offered = and(&request(), PROTOCOL, "x");
    assert_eq!(select(&offered), Err(NO_EXTENSION));
}

#[test]
fn a_server_selects_from_lists_over_several_fields() {
    let request = and(&request(), PROTOCOL, "one ,two");
    let request = and(&request, PROTOCOL, "three");
    for protocol in [c"one", c"two", c"three"] {
        let response = answer_selecting(Some(protocol), &[], &request).unwrap();
        assert_eq!(value(&response, PROTOCOL), protocol.to_str().unwrap());
    }
    // Exactly: case matters.
    let other = answer_selecting(Some(c"One"), &[], &request);
    assert_eq!(other, Err(NO_SUBPROTOCOL));
}

#[test]
fn a_server_selects_extensions_by_name() {
    let request = and(&request(), EXTENSIONS, "a; x=1, b");
    let request = and(&request, EXTENSIONS, "c");
    let select = |extensions: &[&CStr]| answer_selecting(None, extensions, &request);
    let response = select(&[c"a; y=2", c"c"]).unwrap();
    assert_eq!(value(&response, EXTENSIONS), "a; y=2, c");
    assert_eq!(response.len(), 4);
    assert_eq!(select(&[c"d"]), Err(NO_EXTENSION));
    assert_eq!(select(&[c"a", c"d"]), Err(NO_EXTENSION));
}

#[test]
fn what_a_client_takes_from_a_response() {
    let chats: &[&CStr] = &[c"chat", c"superchat"];
    let letters: &[&CStr] = &[c"a", c"b; x=1"];
    let none: &[&CStr] = &[];
    for (protocols, extensions, more, wanted) in [
        (chats, none, (PROTOCOL, "chat"), (S_OK, vec![], Some(0))),
        (
            none,
            letters,
            (EXTENSIONS, "b; y, a"),
            (S_OK, vec![1, 0], None),
        ),
        (none, letters, (EXTENSIONS, "a"), (S_OK, vec![0], None)),
    ] {
        assert_eq!(takes(protocols, extensions, &[more]), wanted, "{more:?}");
    }
    for (protocols, extensions, more, wanted) in [
        (chats, none, (PROTOCOL, "chat, superchat"), NO_SUBPROTOCOL),
        (chats, none, (PROTOCOL, "Chat"), NO_SUBPROTOCOL),
        (none, none, (PROTOCOL, "chat"), NO_SUBPROTOCOL),
        (none, letters, (EXTENSIONS, "a, c"), NO_EXTENSION),
        (none, none, (EXTENSIONS, "a"), NO_EXTENSION),
    ] {
        let (result, extensions, protocol) = takes(protocols, extensions, &[more]);
        assert_eq!((result, extensions), (wanted, vec![]), "{more:?}");
        assert_eq!(protocol, None, "{more:?}");
    }
    let twice = takes(chats, none, &[(PROTOCOL, "chat"), (PROTOCOL, "superchat")]);
    assert_eq!(twice.0, NO_SUBPROTOCOL);
}

#[test]
fn two_accepts_are_one_too_many() {
    let client = new_client();
    let headers = client.begin_client(&[], &[], &[]).unwrap();
    let right = response(value(&headers, "Sec-WebSocket-Key"));
    let accept = value(&right, "Sec-WebSocket-Accept");
    let twice = and(&right, "Sec-WebSocket-Accept", accept);
    assert_eq!(client.end_client(&twice), FORMAT);
    let lower = with(&right, "Sec-WebSocket-Accept", &accept.to_ascii_lowercase());
    assert_eq!(client.end_client(&lower), FORMAT);
    assert_eq!(client.end_client(&right), S_OK);
    assert_eq!(client.end_client(&right), OPERATION);
}

#[test]
fn extensions_that_were_offered_need_an_array_only_if_it_is_given() {
    let client = new_client();
    let headers = client.begin_client(&[], &[c"a", c"b"], &[]).unwrap();
    let response = response(value(&headers, "Sec-WebSocket-Key"));
    let response = and(&response, EXTENSIONS, "a");
    let (result, ..) = client.end_client_selecting(&response, 0);
    assert_eq!(result, TOO_SMALL);
    assert_eq!(client.end_client(&response), S_OK);
}

#[test]
fn what_is_passed_in_is_copied() {
    let client = new_client();
    let begun = {
        let offers = [c"chat".to_owned(), c"superchat".to_owned()];
        let offers: Vec<&CStr> = offers.iter().map(AsRef::as_ref).collect();
        let initial = fields(&[("Host", "localhost")]);
        client.begin_client(&offers, &offers, &initial).unwrap()
    };
    let right = response(value(&begun, "Sec-WebSocket-Key"));
    let right = and(&right, PROTOCOL, "superchat");
    let right = and(&right, EXTENSIONS, "chat");
    let selected = client.end_client_selecting(&right, 2);
    assert_eq!(selected, (S_OK, vec![0], Some(1)));
}

#[test]
fn what_is_handed_out_stays_until_the_handshake_ends() {
    let client = new_client();
    let (mut headers, mut count) = (null_mut(), 0);
    let handle = pointer(client.handle());
    // SAFETY: both outputs live through the call.
    let result = unsafe {
        WebSocketBeginClientHandshake(
            handle,
            null(),
            0,
            null(),
            0,
            null(),
            0,
            &raw mut headers,
            &raw mut count,
        )
    };
    assert_eq!((result, count), (S_OK, 4));
    // SAFETY: the library handed out so many fields.
    let before = unsafe { read(headers, count) };
    let wrong = response("another key");
    assert_eq!(client.end_client(&wrong), FORMAT);
    assert_eq!(client.begin_client(&[], &[], &[]), Err(OPERATION));
    assert_eq!(client.receive(0), OPERATION);
    // SAFETY: the handshake has not ended.
    assert_eq!(unsafe { read(headers, count) }, before);
    let right = response(value(&before, "Sec-WebSocket-Key"));
    assert_eq!(client.end_client(&right), S_OK);
}

/// Bytes that are freed by what ends the handshake; the buffers are the caller's.
fn freed(role: Role, end: impl Fn(&Socket<'_>, &[Header])) -> isize {
    let socket = Setup::new(role).memory(Memory::Block).create();
    let right = match role {
        Role::Client => {
            let begun = socket.begin_client(&[], &[], &[]).unwrap();
            response(value(&begun, "Sec-WebSocket-Key"))
        }
        Role::Server => {
            socket.begin_server(None, &[], &request()).unwrap();
            Vec::new()
        }
    };
    let before = live_bytes();
    end(&socket, &right);
    before - live_bytes()
}

#[test]
fn what_the_handshake_handed_out_is_freed_when_it_ends() {
    // At least the array with four or three fields.
    let array = |fields: usize| (fields * size_of::<WEB_SOCKET_HTTP_HEADER>()).cast_signed();
    let by_end = freed(Role::Client, |client, right| {
        assert_eq!(client.end_client(right), S_OK);
    });
    assert!(by_end >= array(4), "{by_end}");
    let by_end = freed(Role::Server, |server, _| {
        assert_eq!(server.end_server(), S_OK);
    });
    assert!(by_end >= array(3), "{by_end}");
    let by_itself = freed(Role::Server, |server, _| server.idle(ALL));
    assert!(by_itself >= array(3), "{by_itself}");
    // Not before: a failure ends nothing.
    let by_failure = freed(Role::Client, |client, right| {
        let wrong = without(right, "Upgrade");
        assert_eq!(client.end_client(&wrong), FORMAT);
    });
    assert_eq!(by_failure, 0);
}

#[test]
fn an_extension_that_is_selected_twice_is_refused() {
    // The array has room for each once; `end_client_selecting` checks that nothing is written
    // behind it.
    for offers in [&[c"a"][..], &[c"a", c"b"], &[c"a", c"a"]] {
        let (result, extensions, _) = takes(&[], offers, &[(EXTENSIONS, "a, a")]);
        assert_eq!((result, extensions), (NO_EXTENSION, vec![]));
    }
}
