//! The closing handshake: scenarios 72 to 81, and section 11 beyond them.

use windows_sys::Win32::Networking::WebSocket::WEB_SOCKET_BUFFER;

use super::harness::socket::close_buffer;
use super::harness::{
    ALL, BINARY_FRAGMENT, BINARY_MESSAGE, CLOSE, E_INVALIDARG, FORMAT, FROM_NETWORK,
    INDICATE_RECEIVE, INDICATE_SEND, Memory, OPERATION, PING_PONG, RECEIVE, Role, S_OK, SEND,
    Setup, Socket, TO_NETWORK, UNSOLICITED_PONG, UTF8_FRAGMENT, UTF8_MESSAGE, client, frames, hex,
    masked, server, unmasked,
};

/// A close frame with 1000 and "bye".
const CLOSE_BYE: &str = "88 85 37FA213D 3412434452";

fn server_in<'m>(memory: Memory) -> Socket<'m> {
    Setup::new(Role::Server).memory(memory).session()
}

/// What a server makes of a close frame with this payload: the failure, or status, reason pointer
/// and reason.
fn received(wire: &[u8]) -> Result<(u16, usize, Vec<u8>), i32> {
    let server = server();
    assert_eq!(server.receive(0), S_OK);
    server.feed(wire);
    let action = server.get(RECEIVE, 1);
    if action.result != S_OK {
        return Err(action.result);
    }
    assert_eq!((action.kind, action.buffer_type), (INDICATE_RECEIVE, CLOSE));
    assert_eq!(action.count, 1);
    let entry = &action.entries[0];
    let read = (entry.status, entry.address, entry.bytes.clone());
    server.done(&action);
    server.idle(ALL);
    Ok(read)
}

fn close_frame(status: u16, reason: &[u8]) -> Vec<u8> {
    masked(0x88, &[&status.to_be_bytes(), reason].concat())
}

/// Scenario 72 with the buffers there.
pub(crate) fn a_close_is_indicated(memory: Memory) {
    let server = server_in(memory);
    assert_eq!(server.receive(3), S_OK);
    server.feed(&hex(CLOSE_BYE));
    let action = server.expect(RECEIVE, INDICATE_RECEIVE);
    assert_eq!((action.buffer_type, action.count), (CLOSE, 1));
    assert_eq!((action.application, action.total()), (3, 3));
    assert_eq!(
        (action.entries[0].status, action.bytes()),
        (1000, b"bye".into())
    );
    server.done(&action);
    server.idle(RECEIVE);
    server.idle(SEND);
    server.idle(ALL);
}

#[test]
fn scenario_72_a_close_is_only_indicated() {
    a_close_is_indicated(Memory::Library);
}

#[test]
fn scenario_73_a_close_without_reason() {
    let wire = hex("88 82 37FA213D 3412");
    let (status, reason, text) = received(&wire).unwrap();
    assert_eq!((status, text), (1000, vec![]));
    assert_ne!(reason, 0);
    // Inside library memory: where that is known, it can be checked.
    let server = server_in(Memory::Block);
    assert_eq!(server.receive(0), S_OK);
    server.feed(&wire);
    let action = server.expect(RECEIVE, INDICATE_RECEIVE);
    assert_eq!(action.total(), 0);
    let address = action.entries[0].address;
    assert!(server.block().unwrap().contains(address, 0));
}

#[test]
fn scenario_74_a_close_without_status() {
    let read = received(&hex("88 80 37FA213D"));
    assert_eq!(read, Ok((1005, 0, vec![])));
}

#[test]
fn scenario_75_statuses_that_may_and_may_not_be_received() {
    assert_eq!(received(&masked(0x88, b"\x03")), Err(FORMAT));
    for status in ["341D", "3417", "3414"] {
        let wire = hex(&format!("88 82 37FA213D {status}"));
        assert_eq!(received(&wire), Err(FORMAT), "{status}");
    }
    let (status, ..) = received(&hex("88 82 37FA213D C805")).unwrap();
    assert_eq!(status, 65535);
    for status in [0, 1, 500, 999, 1005, 1006, 1015] {
        assert_eq!(received(&close_frame(status, b"")), Err(FORMAT), "{status}");
        assert_eq!(
            received(&close_frame(status, b"r")),
            Err(FORMAT),
            "{status}"
        );
    }
    let undefined = [1004, 1012, 1013, 1014, 1016, 2999, 5000, 65534];
    for status in (1000..=1003)
        .chain(1007..=1011)
        .chain([3000, 3999, 4000, 4999])
        .chain(undefined)
    {
        let (own, _, reason) = received(&close_frame(status, b"why")).unwrap();
        assert_eq!((own, reason), (status, b"why".to_vec()));
    }
}

#[test]
fn scenario_76_a_reason_that_is_not_utf8() {
    let wire = hex("88 83 37FA213D 3412DE");
    assert_eq!(wire, close_frame(1000, b"\xFF"));
    assert_eq!(received(&wire), Err(FORMAT));
    assert_eq!(received(&close_frame(1000, b"\xE2\x82")), Err(FORMAT));
    let (_, _, reason) = received(&close_frame(1000, "\u{20AC}".as_bytes())).unwrap();
    assert_eq!(reason, "\u{20AC}".as_bytes());
    let longest = [b'r'; 123];
    let (_, _, reason) = received(&close_frame(1000, &longest)).unwrap();
    assert_eq!(reason, longest);
}

#[test]
fn scenario_77_a_server_sends_close_frames() {
    let reason = b"bye";
    let server = server();
    assert_eq!(server.send_close(1000, reason, 4), S_OK);
    let action = server.expect(SEND, TO_NETWORK);
    assert_eq!((action.buffer_type, action.count), (CLOSE, 2));
    assert_eq!(action.entries[0].bytes, hex("88 05 03E8"));
    assert_eq!(action.entries[1].bytes, reason);
    assert_eq!(action.entries[1].address, reason.as_ptr().addr());
    server.done(&action);
    let end = server.expect(SEND, INDICATE_SEND);
    assert_eq!((end.buffer_type, end.application), (CLOSE, 4));
    server.done(&end);
    server.idle(ALL);

    let server = self::server();
    assert_eq!(server.send_null(CLOSE, 0), S_OK);
    let action = server.expect(SEND, TO_NETWORK);
    assert_eq!((action.count, action.bytes()), (1, hex("88 00")));

    let server = self::server();
    assert_eq!(server.send_close(1001, &reason[..0], 0), S_OK);
    let action = server.expect(SEND, TO_NETWORK);
    assert_eq!((action.count, action.bytes()), (1, hex("88 02 03E9")));
}

/// What sending this close frame gives, and what goes to the network.
fn sent(buffer: &WEB_SOCKET_BUFFER) -> (i32, Vec<u8>) {
    let server = server();
    // SAFETY: the buffer lives through the call, what it points to until the frame is sent.
    let result = unsafe { server.send_raw(CLOSE, buffer, 0) };
    if result == S_OK {
        return (result, server.flush());
    }
    server.idle(SEND);
    // A refused close frame closes nothing.
    assert_eq!(server.send(UTF8_MESSAGE, b"hi", 0), S_OK);
    (result, Vec::new())
}

#[test]
fn scenario_78_statuses_and_reasons_that_may_be_sent() {
    let reason = [b'r'; 124];
    let close = |status, length| close_buffer(reason.as_ptr(), length, status);
    let null = |status, length| close_buffer(std::ptr::null(), length, status);
    assert_eq!(sent(&null(1005, 0)), (S_OK, hex("88 00")));
    assert_eq!(sent(&close(1005, 0)), (S_OK, hex("88 00")));
    assert_eq!(sent(&close(1005, 3)), (E_INVALIDARG, vec![]));
    let (result, wire) = sent(&close(1000, 123));
    assert_eq!((result, wire.len()), (S_OK, 127));
    for length in [124, 125, 65536, u32::MAX] {
        assert_eq!(sent(&close(1000, length)).0, E_INVALIDARG, "{length}");
    }
    for length in [1, 123, 124] {
        assert_eq!(sent(&null(1000, length)).0, E_INVALIDARG, "{length}");
    }
    for status in [0, 1, 999, 1006, 1015] {
        assert_eq!(sent(&close(status, 0)).0, E_INVALIDARG, "{status}");
        assert_eq!(sent(&close(status, 3)).0, E_INVALIDARG, "{status}");
    }
    for status in [1000_u16, 1004, 1007, 1014, 2999, 3000, 4999, 5000, 65535] {
        let wire = [&[0x88, 0x02][..], &status.to_be_bytes()].concat();
        assert_eq!(sent(&null(status, 0)), (S_OK, wire));
    }
}

#[test]
fn a_reason_that_is_sent_is_not_verified() {
    let server = server();
    assert_eq!(server.send_close(1000, b"\xFF", 0), S_OK);
    assert_eq!(server.flush(), hex("88 03 03E8 FF"));
}

#[test]
fn scenario_79_after_a_close_was_sent() {
    let server = server();
    assert_eq!(server.send_close(1000, b"", 0), S_OK);
    // From the call on, not from the moment it goes to the network.
    for kind in [UTF8_MESSAGE, UTF8_FRAGMENT, BINARY_MESSAGE, BINARY_FRAGMENT] {
        assert_eq!(server.send(kind, b"data", 0), OPERATION);
        assert_eq!(server.send_null(kind, 0), OPERATION);
    }
    assert_eq!(server.send_null(CLOSE, 0), OPERATION);
    assert_eq!(server.send_null(PING_PONG, 0), S_OK);
    assert_eq!(server.send_null(UNSOLICITED_PONG, 0), S_OK);
    assert_eq!(server.flush(), hex("88 02 03E8"));
    assert_eq!(server.flush(), hex("89 00"));
    assert_eq!(server.flush(), hex("8A 00"));
    assert_eq!(server.send_close(1000, b"", 0), OPERATION);
    assert_eq!(server.send(UTF8_MESSAGE, b"data", 0), OPERATION);
    assert_eq!(server.receive(0), S_OK);
    server.feed(&masked(0x81, b"more"));
    assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), b"more");
    assert_eq!(server.receive(0), S_OK);
    server.feed(&hex(CLOSE_BYE));
    assert_eq!(server.indicated(CLOSE).bytes(), b"bye");
    server.idle(ALL);
}

#[test]
fn scenario_80_after_a_close_was_received() {
    let server = server();
    assert_eq!(server.receive(0), S_OK);
    server.feed(&hex(CLOSE_BYE));
    server.indicated(CLOSE);
    assert_eq!(server.receive(0), OPERATION);
    assert_eq!(server.send(BINARY_MESSAGE, b"data", 0), S_OK);
    assert_eq!(server.send_null(CLOSE, 0), S_OK);
    assert_eq!(server.flush(), hex("82 04 64617461"));
    assert_eq!(server.flush(), hex("88 00"));
    assert_eq!(server.receive(0), OPERATION);
    server.idle(ALL);
}

#[test]
fn scenario_81_a_ping_after_a_close_was_sent() {
    for drop_it in [true, false] {
        let server = server();
        assert_eq!(server.send_close(1000, b"", 0), S_OK);
        assert_eq!(server.flush(), hex("88 02 03E8"));
        assert_eq!(server.receive(0), S_OK);
        server.feed(&masked(0x89, b"hb"));
        let pong = server.get(RECEIVE, 1);
        assert_eq!((pong.kind, pong.buffer_type), (TO_NETWORK, PING_PONG));
        assert_eq!(pong.bytes(), b"\x8A\x02hb");
        let bytes = if drop_it { 0 } else { 4 };
        assert_eq!(server.complete(&pong, bytes), S_OK);
        server.feed(&hex(CLOSE_BYE));
        server.indicated(CLOSE);
    }
}

#[test]
fn receives_behind_a_close_end_without_anything() {
    let server = server();
    for context in 1..=3 {
        assert_eq!(server.receive(context), S_OK);
    }
    server.feed(&[hex(CLOSE_BYE), masked(0x81, b"late"), vec![0xFF; 9]].concat());
    assert_eq!(server.indicated(CLOSE).application, 1);
    for context in 2..=3 {
        let end = server.expect(RECEIVE, INDICATE_RECEIVE);
        assert_eq!((end.application, end.total()), (context, 0));
        let kinds = [UTF8_FRAGMENT, BINARY_FRAGMENT];
        assert!(kinds.contains(&end.buffer_type), "{end:?}");
        server.done(&end);
    }
    server.idle(RECEIVE);
}

#[test]
fn no_pong_after_a_close_was_received() {
    let payload = vec![7; 600];
    let client = Setup::new(Role::Client).send(256).session();
    assert_eq!(client.send(BINARY_MESSAGE, &payload, 0), S_OK);
    assert_eq!(client.receive(0), S_OK);
    let first = client.expect(SEND, TO_NETWORK);
    // The pong waits for the frame's end, and then it is too late.
    client.feed(&[unmasked(0x89, b"hb"), unmasked(0x88, b"\x03\xE8")].concat());
    client.indicated(CLOSE);
    assert_eq!(client.complete(&first, 0), S_OK);
    client.idle(RECEIVE);
    let end = client.expect(ALL, INDICATE_SEND);
    client.done(&end);
    client.idle(ALL);
}

#[test]
fn a_client_sends_and_receives_close_frames() {
    let reason = [b'r'; 123];
    let client = client();
    assert_eq!(client.send_close(3000, &reason, 0), S_OK);
    let action = client.expect(SEND, TO_NETWORK);
    assert_eq!((action.count, action.total()), (1, 131));
    let frame = frames(&action.bytes()).remove(0);
    assert_eq!(frame.payload[..2], 3000_u16.to_be_bytes());
    assert_eq!(frame.payload[2..], reason);
    client.done(&action);
    let end = client.expect(SEND, INDICATE_SEND);
    client.done(&end);
    assert_eq!(client.receive(0), S_OK);
    for byte in unmasked(0x88, b"\x0B\xB8why") {
        client.feed(&[byte]);
    }
    let close = client.indicated(CLOSE);
    assert_eq!(
        (close.entries[0].status, close.bytes()),
        (3000, b"why".into())
    );
    client.idle(ALL);
}

#[test]
fn a_close_frame_inside_a_fragmented_message() {
    let server = server();
    assert_eq!(server.receive(0), S_OK);
    server.feed(&[masked(0x01, b"part"), hex(CLOSE_BYE)].concat());
    assert_eq!(server.indicated(UTF8_FRAGMENT).bytes(), b"part");
    assert_eq!(server.receive(0), S_OK);
    assert_eq!(server.indicated(CLOSE).bytes(), b"bye");
    // In the other direction too.
    assert_eq!(server.send(UTF8_FRAGMENT, b"part", 0), S_OK);
    assert_eq!(server.send_null(CLOSE, 0), S_OK);
    assert_eq!(server.send(UTF8_MESSAGE, b"end", 0), OPERATION);
}

#[test]
fn the_end_of_the_stream_is_not_a_close() {
    let server = server();
    assert_eq!(server.send_null(CLOSE, 0), S_OK);
    server.flush();
    assert_eq!(server.receive(0), S_OK);
    let read = server.expect(RECEIVE, FROM_NETWORK);
    assert_eq!(server.complete(&read, 0), S_OK);
    server.indicated(BINARY_FRAGMENT);
    server.idle(ALL);
}
