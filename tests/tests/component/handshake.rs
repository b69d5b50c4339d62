//! Handshakes: scenarios 11 to 27.

use std::collections::BTreeSet;

use super::harness::headers::{
    Header, ZERO_ACCEPT, and, base64, fields, request, response, value, with, without,
};
use super::harness::{
    E_INVALIDARG, FORMAT, FROM_NETWORK, NO_EXTENSION, NO_SUBPROTOCOL, NO_VERSION, OPERATION,
    RECEIVE, Role, S_OK, Setup, Socket, TOO_SMALL, UTF8_MESSAGE, masked, unmasked,
};

fn new_client<'m>() -> Socket<'m> {
    Setup::new(Role::Client).create()
}

fn new_server<'m>() -> Socket<'m> {
    Setup::new(Role::Server).create()
}

/// The names, in lower case and in order.
fn names(headers: &[Header]) -> Vec<String> {
    let mut names: Vec<String> = headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    names.sort();
    names
}

/// Checks the four fields that every client adds, and gives the key.
fn plain_request(headers: &[Header]) -> String {
    let wanted = [
        "connection",
        "sec-websocket-key",
        "sec-websocket-version",
        "upgrade",
    ];
    assert_eq!(names(headers), wanted);
    assert_eq!(value(headers, "Connection"), "Upgrade");
    assert_eq!(value(headers, "Upgrade"), "websocket");
    assert_eq!(value(headers, "Sec-WebSocket-Version"), "13");
    let key = value(headers, "Sec-WebSocket-Key");
    assert_eq!(key.len(), 24);
    assert_eq!(base64(key).unwrap().len(), 16);
    key.to_owned()
}

#[test]
fn scenario_11_a_client_begins_with_four_fields() {
    // `begin_client` checks that every text ends with NUL at its length.
    let client = new_client();
    plain_request(&client.begin_client(&[], &[], &[]).unwrap());
}

#[test]
fn scenario_12_every_handshake_has_a_key_of_its_own() {
    let begin = |_| plain_request(&new_client().begin_client(&[], &[], &[]).unwrap());
    let keys: BTreeSet<String> = (0..100).map(begin).collect();
    assert_eq!(keys.len(), 100);
    // Two that exist at the same time.
    let (one, other) = (new_client(), new_client());
    let begin = |client: &Socket<'_>| plain_request(&client.begin_client(&[], &[], &[]).unwrap());
    assert_ne!(begin(&one), begin(&other));
}

#[test]
fn scenario_13_initial_fields_without_host_and_no_end() {
    let client = new_client();
    let initial = fields(&[("Connection", "Upgrade"), ("Upgrade", "websocket")]);
    plain_request(&client.begin_client(&[], &[], &initial).unwrap());
}

#[test]
fn scenario_14_a_client_and_a_server_in_one_process() {
    let (client, server) = (new_client(), new_server());
    let request = client.begin_client(&[], &[], &[]).unwrap();
    let request = and(&request, "Host", "localhost");
    let response = server.begin_server(None, &[], &request).unwrap();
    assert_eq!(client.end_client(&response), S_OK);
    assert_eq!(server.end_server(), S_OK);
}

#[test]
fn scenario_15_a_server_answers_the_zero_key() {
    let server = new_server();
    let response = server.begin_server(None, &[], &request()).unwrap();
    let wanted = ["connection", "sec-websocket-accept", "upgrade"];
    assert_eq!(names(&response), wanted);
    assert_eq!(value(&response, "Sec-WebSocket-Accept"), ZERO_ACCEPT);
    assert_eq!(value(&response, "Connection"), "Upgrade");
    assert_eq!(value(&response, "Upgrade"), "websocket");
}

#[test]
fn scenario_16_a_browsers_request() {
    let server = new_server();
    let request = fields(&[
        ("hOST", "server.example:8080"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"),
        ("Accept", "*/*"),
        ("Accept-Language", "en-US,en;q=0.5"),
        ("Accept-Encoding", "gzip, deflate"),
        ("Origin", "http://server.example:8080"),
        ("cOnNeCtIoN", "keep-alive, Upgrade"),
        ("UPGRADE", "WebSocket"),
        ("sec-websocket-version", "13"),
        ("Sec-WebSocket-Extensions", "permessage-deflate"),
        ("sec-WebSocket-KEY", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Cookie", "session=1"),
        ("Pragma", "no-cache"),
        ("Cache-Control", "no-cache"),
    ]);
    let response = server.begin_server(None, &[], &request).unwrap();
    let accept = value(&response, "Sec-WebSocket-Accept");
    assert_eq!(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    let wanted = ["connection", "sec-websocket-accept", "upgrade"];
    assert_eq!(names(&response), wanted, "no extension");
}

#[test]
fn scenario_17_requests_that_lack_something() {
    let complete = request();
    let short_key = "AAAAAAAAAAAAAAAAAAAA"; // 15 bytes
    let key = "Sec-WebSocket-Key";
    let mut cases: Vec<Vec<Header>> = ["Host", "Upgrade", "Connection", key]
        .iter()
        .map(|name| without(&complete, name))
        .collect();
    cases.push(without(&complete, "Sec-WebSocket-Version"));
    cases.push(with(&complete, key, short_key));
    cases.push(and(&complete, key, "dGhlIHNhbXBsZSBub25jZQ=="));
    cases.push(and(&complete, key, value(&complete, key)));
    for request in cases {
        let server = new_server();
        // `begin_server` checks that the outputs are NULL and 0.
        let failed = server.begin_server(None, &[], &request);
        assert_eq!(failed, Err(FORMAT), "{request:?}");
        // The handle is as it was created.
        assert_eq!(server.end_server(), OPERATION);
        assert!(server.begin_server(None, &[], &complete).is_ok());
    }
}

#[test]
fn scenario_18_another_version() {
    for version in ["8", "0", "12", "14", "130", "1.3", "013"] {
        let request = with(&request(), "Sec-WebSocket-Version", version);
        let result = new_server().begin_server(None, &[], &request);
        assert_eq!(result, Err(NO_VERSION), "{version}");
    }
}

#[test]
fn scenario_19_a_server_selects_a_sub_protocol() {
    let request = and(&request(), "Sec-WebSocket-Protocol", "chat, superchat");
    let select = |protocol| new_server().begin_server(protocol, &[], &request);
    let response = select(Some(c"superchat")).unwrap();
    let name = "Sec-WebSocket-Protocol";
    assert_eq!(value(&response, name), "superchat");
    assert_eq!(response.len(), 4);
    let plain = ["connection", "sec-websocket-accept", "upgrade"];
    assert_eq!(names(&select(None).unwrap()), plain);
    assert_eq!(select(Some(c"other")), Err(NO_SUBPROTOCOL));
}

/// A client that began with these offers, and the shortest response to it.
fn offering<'m>(
    protocols: &[&std::ffi::CStr],
    extensions: &[&std::ffi::CStr],
) -> (Socket<'m>, Vec<Header>) {
    let client = new_client();
    let headers = client.begin_client(protocols, extensions, &[]).unwrap();
    let response = response(value(&headers, "Sec-WebSocket-Key"));
    (client, response)
}

#[test]
fn scenario_20_a_client_learns_the_sub_protocol() {
    let name = "Sec-WebSocket-Protocol";
    let (client, plain) = offering(&[c"chat", c"superchat"], &[]);
    assert_eq!(client.end_client(&plain), NO_SUBPROTOCOL);
    assert_eq!(client.end_client(&and(&plain, name, "x")), NO_SUBPROTOCOL);
    let selected = and(&plain, name, "superchat");
    assert_eq!(
        client.end_client_selecting(&selected, 0),
        (S_OK, vec![], Some(1))
    );
}

#[test]
fn scenario_21_a_client_learns_the_extensions() {
    let name = "Sec-WebSocket-Extensions";
    let (client, plain) = offering(&[], &[c"a", c"b"]);
    let (result, ..) = client.end_client_selecting(&plain, 2);
    assert_eq!(result, NO_EXTENSION);
    let selected = and(&plain, name, "b");
    // Room for all that were offered is needed, whatever was selected.
    let (result, extensions, _) = client.end_client_selecting(&selected, 1);
    assert_eq!((result, extensions), (TOO_SMALL, vec![]));
    assert_eq!(
        client.end_client_selecting(&selected, 2),
        (S_OK, vec![1], None)
    );
}

#[test]
fn scenario_22_wrong_responses_can_be_followed_by_the_right_one() {
    let (client, right) = offering(&[], &[]);
    let other = tungstenite::handshake::derive_accept_key(b"another key");
    for wrong in [
        with(&right, "Sec-WebSocket-Accept", &other),
        with(&right, "Sec-WebSocket-Accept", ""),
        without(&right, "Sec-WebSocket-Accept"),
        without(&right, "Upgrade"),
        without(&right, "Connection"),
        with(&right, "Upgrade", "h2c"),
        with(&right, "Connection", "close"),
    ] {
        assert_eq!(client.end_client(&wrong), FORMAT, "{wrong:?}");
    }
    assert_eq!(client.end_client(&right), S_OK);
    assert_eq!(client.receive(0), S_OK);
    client.feed(&unmasked(0x81, b"hi"));
    assert_eq!(client.indicated(UTF8_MESSAGE).bytes(), b"hi");
}

#[test]
fn scenario_23_three_fields_are_a_response() {
    let (client, response) = offering(&[], &[]);
    assert_eq!(response.len(), 3);
    assert_eq!(client.end_client(&response), S_OK);
}

#[test]
fn scenario_24_a_servers_first_call_ends_the_handshake() {
    let server = new_server();
    server.begin_server(None, &[], &request()).unwrap();
    assert_eq!(server.receive(5), S_OK);
    assert_eq!(server.end_server(), OPERATION);
    server.feed(&masked(0x81, b"hi"));
    let action = server.indicated(UTF8_MESSAGE);
    assert_eq!((action.bytes(), action.application), (b"hi".to_vec(), 5));
    assert_eq!(server.end_server(), OPERATION);
}

#[test]
fn scenario_24_so_does_a_send_or_an_action() {
    let server = new_server();
    server.begin_server(None, &[], &request()).unwrap();
    assert_eq!(server.send(UTF8_MESSAGE, b"hi", 0), S_OK);
    assert_eq!(server.end_server(), OPERATION);
    assert_eq!(server.flush(), b"\x81\x02hi");
    let server = new_server();
    server.begin_server(None, &[], &request()).unwrap();
    server.idle(RECEIVE);
    assert_eq!(server.end_server(), OPERATION);
    assert_eq!(server.receive(0), S_OK);
    server.expect(RECEIVE, FROM_NETWORK);
}

#[test]
fn scenario_25_a_client_must_end_its_handshake() {
    let (client, response) = offering(&[], &[]);
    assert_eq!(client.send(UTF8_MESSAGE, b"early", 0), OPERATION);
    assert_eq!(client.receive(0), OPERATION);
    assert_eq!(client.get(RECEIVE, 2).result, OPERATION);
    let wrong_role = client.begin_server(None, &[], &request());
    assert_eq!(wrong_role, Err(OPERATION));
    assert_eq!(client.end_client(&response), S_OK);
    let wrong_role = client.begin_server(None, &[], &request());
    assert_eq!(wrong_role, Err(OPERATION));
    let fresh = new_client();
    let wrong_role = fresh.begin_server(None, &[], &request());
    assert_eq!(wrong_role, Err(OPERATION));
    let wrong_role = new_server().begin_client(&[], &[], &[]);
    assert_eq!(wrong_role, Err(OPERATION));
}

#[test]
fn scenario_26_an_abort_before_the_session_is_nothing() {
    let client = new_client();
    client.abort();
    let headers = client.begin_client(&[], &[], &[]).unwrap();
    client.abort();
    let response = response(value(&headers, "Sec-WebSocket-Key"));
    assert_eq!(client.end_client(&response), S_OK);
    assert_eq!(client.send(UTF8_MESSAGE, b"hi", 0), S_OK);
    assert_eq!(client.flush().len(), 8);

    let server = new_server();
    server.abort();
    server.begin_server(None, &[], &request()).unwrap();
    server.abort();
    assert_eq!(server.end_server(), S_OK);
    assert_eq!(server.send(UTF8_MESSAGE, b"hi", 0), S_OK);
    assert_eq!(server.flush(), b"\x81\x02hi");
}

#[test]
fn scenario_27_a_name_with_a_colon() {
    for name in ["Na:me", ":", "Name:", ":authority"] {
        let bad = fields(&[(name, "value")]);
        let begun = new_client().begin_client(&[], &[], &bad);
        assert_eq!(begun, Err(E_INVALIDARG), "{name}");
        let (client, response) = offering(&[], &[]);
        let answered = client.end_client(&and(&response, name, "value"));
        assert_eq!(answered, E_INVALIDARG, "{name}");
        assert_eq!(client.end_client(&response), S_OK);
        let server = new_server();
        let request_ = and(&request(), name, "value");
        let begun = server.begin_server(None, &[], &request_);
        assert_eq!(begun, Err(E_INVALIDARG), "{name}");
        assert!(server.begin_server(None, &[], &request()).is_ok());
    }
}
