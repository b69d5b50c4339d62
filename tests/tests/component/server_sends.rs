//! What a server sends: scenarios 28 to 40, and sections 5.6 and 8 beyond them.

use windows_sys::Win32::Networking::WebSocket::*;

use super::harness::memory::grows;
use super::harness::raw::{complete, pointer};
use super::harness::{
    ALL, BINARY_FRAGMENT, BINARY_MESSAGE, CLOSE, E_INVALIDARG, INDICATE_SEND, Memory, NO_ACTION,
    OPERATION, PING_PONG, RECEIVE, Role, S_OK, SEND, Setup, Socket, TO_NETWORK, TOO_SMALL,
    UNSOLICITED_PONG, UTF8_FRAGMENT, UTF8_MESSAGE, server,
};

const HELLO: &[u8] = b"Hello World";

/// A server with its buffers there.
fn server_in<'m>(memory: Memory) -> Socket<'m> {
    Setup::new(Role::Server).memory(memory).session()
}

/// The next action is this send's end.
fn ends(socket: &Socket<'_>, buffer_type: i32, context: usize) {
    let end = socket.expect(SEND, INDICATE_SEND);
    assert_eq!((end.buffer_type, end.application), (buffer_type, context));
    socket.done(&end);
}

#[test]
fn scenario_28_a_fresh_server_has_nothing_to_do() {
    let server = server();
    for queue in [SEND, RECEIVE, ALL] {
        for entries in [1, 2, 5] {
            // `get` checks that the entries are untouched.
            let action = server.get(queue, entries);
            assert_eq!((action.result, action.kind), (S_OK, NO_ACTION));
            assert_eq!((action.context, action.count), (0, 0));
            assert_eq!((action.buffer_type, action.application), (0, 0));
        }
    }
}

#[test]
fn scenario_29_completing_nothing_is_harmless() {
    let server = server();
    let action = server.expect(ALL, NO_ACTION);
    assert_eq!(server.complete(&action, 0), E_INVALIDARG);
    // As C declares it, too.
    // SAFETY: handles and contexts may have any value.
    unsafe { WebSocketCompleteAction(pointer(server.handle()), std::ptr::null(), 0) };
    assert_eq!(server.send(UTF8_MESSAGE, HELLO, 1), S_OK);
    assert_eq!(complete(server.handle(), 0, 0), E_INVALIDARG);
    let action = server.expect(SEND, TO_NETWORK);
    assert_eq!(complete(server.handle(), 0, 0), E_INVALIDARG);
    assert_eq!(server.complete(&action, 13), S_OK);
    ends(&server, UTF8_MESSAGE, 1);
    server.idle(SEND);
}

/// Scenario 30 with the buffers there.
pub(crate) fn hello_world(memory: Memory) {
    let server = server_in(memory);
    for queue in [SEND, ALL] {
        assert_eq!(server.send(UTF8_MESSAGE, HELLO, 0xC0FFEE), S_OK);
        let action = server.expect(queue, TO_NETWORK);
        assert_eq!(action.buffer_type, UTF8_MESSAGE);
        assert_eq!((action.count, action.application), (2, 0xC0FFEE));
        assert_eq!(action.entries[0].bytes, b"\x81\x0B");
        assert_eq!(action.entries[1].bytes, HELLO);
        assert_eq!(action.entries[1].address, HELLO.as_ptr().addr());
        assert_eq!(server.complete(&action, 13), S_OK);
        let end = server.expect(queue, INDICATE_SEND);
        assert_eq!(end.buffer_type, UTF8_MESSAGE);
        assert_eq!((end.count, end.application), (0, 0xC0FFEE));
        assert_eq!(server.complete(&end, 0), S_OK);
        server.idle(queue);
    }
}

#[test]
fn scenario_30_a_server_sends_header_and_payload_without_a_copy() {
    hello_world(Memory::Library);
}

#[test]
fn scenario_31_lengths_of_headers() {
    let payload = vec![0x5A; 1 << 20];
    let server = server();
    for (length, header) in [
        (1, &b"\x82\x01"[..]),
        (125, b"\x82\x7D"),
        (126, b"\x82\x7E\x00\x7E"),
        (65535, b"\x82\x7E\xFF\xFF"),
        (65536, b"\x82\x7F\0\0\0\0\0\x01\0\0"),
        (1 << 20, b"\x82\x7F\0\0\0\0\0\x10\0\0"),
    ] {
        let payload = &payload[..length];
        assert_eq!(server.send(BINARY_MESSAGE, payload, 0), S_OK);
        let action = server.expect(SEND, TO_NETWORK);
        assert_eq!(action.count, 2);
        assert_eq!(action.entries[0].bytes, header);
        let entry = &action.entries[1];
        assert_eq!(entry.address, payload.as_ptr().addr());
        assert_eq!(entry.length as usize, length);
        server.done(&action);
        ends(&server, BINARY_MESSAGE, 0);
    }
}

#[test]
fn scenario_32_an_empty_message_is_one_entry() {
    let server = server();
    assert_eq!(server.send(BINARY_MESSAGE, b"", 0), S_OK);
    let action = server.expect(SEND, TO_NETWORK);
    assert_eq!((action.count, action.bytes()), (1, b"\x82\0".to_vec()));
    server.done(&action);
    ends(&server, BINARY_MESSAGE, 0);
    // Without a struct too, and with a NULL pointer of no length.
    assert_eq!(server.send_null(UTF8_MESSAGE, 0), S_OK);
    assert_eq!(server.flush(), b"\x81\0");
    let buffer = WEB_SOCKET_BUFFER::default();
    // SAFETY: the buffer lives through the call and points to nothing.
    let result = unsafe { server.send_raw(BINARY_FRAGMENT, &raw const buffer, 0) };
    assert_eq!(result, S_OK);
    assert_eq!(server.flush(), b"\x02\0");
}

#[test]
fn scenario_33_one_entry_makes_two_actions() {
    let server = server();
    for queue in [SEND, ALL] {
        assert_eq!(server.send(UTF8_MESSAGE, HELLO, 7), S_OK);
        let header = server.get(queue, 1);
        assert_eq!((header.result, header.kind), (S_OK, TO_NETWORK));
        assert_eq!(header.bytes(), b"\x81\x0B");
        assert_eq!((header.buffer_type, header.application), (UTF8_MESSAGE, 7));
        server.done(&header);
        let payload = server.get(queue, 1);
        assert_eq!((payload.result, payload.kind), (S_OK, TO_NETWORK));
        assert_eq!(payload.entries[0].address, HELLO.as_ptr().addr());
        assert_eq!(payload.bytes(), HELLO);
        assert_eq!(
            (payload.buffer_type, payload.application),
            (UTF8_MESSAGE, 7)
        );
        server.done(&payload);
        ends(&server, UTF8_MESSAGE, 7);
        server.idle(queue);
    }
}

#[test]
fn scenario_34_fragments_with_a_ping_between() {
    let server = server();
    let send = |kind, payload: &'static [u8]| {
        assert_eq!(server.send(kind, payload, 0), S_OK);
        server.flush()
    };
    assert_eq!(send(UTF8_FRAGMENT, b"ab"), b"\x01\x02ab");
    assert_eq!(server.send_null(PING_PONG, 0), S_OK);
    assert_eq!(server.flush(), b"\x89\0");
    assert_eq!(send(UTF8_FRAGMENT, b"cd"), b"\x00\x02cd");
    assert_eq!(send(UTF8_MESSAGE, b"ef"), b"\x80\x02ef");
    // The next is a new message; an empty end has one entry.
    assert_eq!(send(BINARY_FRAGMENT, b"gh"), b"\x02\x02gh");
    assert_eq!(server.send(BINARY_MESSAGE, b"", 0), S_OK);
    let action = server.expect(SEND, TO_NETWORK);
    assert_eq!((action.count, action.bytes()), (1, b"\x80\0".to_vec()));
    server.done(&action);
    ends(&server, BINARY_MESSAGE, 0);
    assert_eq!(send(UTF8_MESSAGE, b"ij"), b"\x81\x02ij");
}

#[test]
fn scenario_35_kinds_do_not_mix_in_a_message() {
    for (first, other, end) in [
        (UTF8_FRAGMENT, BINARY_MESSAGE, UTF8_MESSAGE),
        (UTF8_FRAGMENT, BINARY_FRAGMENT, UTF8_MESSAGE),
        (BINARY_FRAGMENT, UTF8_MESSAGE, BINARY_MESSAGE),
        (BINARY_FRAGMENT, UTF8_FRAGMENT, BINARY_MESSAGE),
    ] {
        let server = server();
        assert_eq!(server.send(first, b"ab", 0), S_OK);
        assert_eq!(server.send(other, b"cd", 0), OPERATION);
        server.flush();
        server.idle(SEND);
        assert_eq!(server.send(other, b"cd", 0), OPERATION);
        assert_eq!(server.send(end, b"ef", 0), S_OK);
        assert_eq!(server.flush(), b"\x80\x02ef");
        assert_eq!(server.send(other, b"gh", 0), S_OK);
    }
}

#[test]
fn scenario_36_sends_are_done_one_after_the_other() {
    let server = server();
    assert_eq!(server.send(UTF8_MESSAGE, b"A", 1), S_OK);
    assert_eq!(server.send(BINARY_MESSAGE, b"B", 2), S_OK);
    for (kind, wire, context) in [
        (UTF8_MESSAGE, b"\x81\x01A", 1),
        (BINARY_MESSAGE, b"\x82\x01B", 2),
    ] {
        let action = server.expect(SEND, TO_NETWORK);
        assert_eq!(action.bytes(), wire);
        assert_eq!((action.buffer_type, action.application), (kind, context));
        server.idle(SEND);
        server.idle(ALL);
        server.done(&action);
        let end = server.expect(SEND, INDICATE_SEND);
        assert_eq!((end.buffer_type, end.application), (kind, context));
        server.idle(SEND);
        server.done(&end);
    }
    server.idle(SEND);
}

#[test]
fn scenario_37_a_send_that_is_completed_short_is_cancelled() {
    let server = server();
    for bytes in [0, 1, 12, 14, u32::MAX] {
        assert_eq!(server.send(UTF8_MESSAGE, HELLO, 3), S_OK);
        let action = server.expect(SEND, TO_NETWORK);
        assert_eq!(server.complete(&action, bytes), S_OK, "{bytes}");
        ends(&server, UTF8_MESSAGE, 3);
        server.idle(SEND);
        assert_eq!(server.send(UTF8_MESSAGE, b"next", 4), S_OK);
        assert_eq!(server.flush(), b"\x81\x04next");
    }
    // With one entry, the payload is skipped.
    assert_eq!(server.send(UTF8_MESSAGE, HELLO, 3), S_OK);
    let header = server.get(SEND, 1);
    assert_eq!(server.complete(&header, 0), S_OK);
    ends(&server, UTF8_MESSAGE, 3);
    server.idle(SEND);
}

#[test]
fn a_cancelled_fragment_stays_part_of_its_message() {
    let server = server();
    assert_eq!(server.send(UTF8_FRAGMENT, b"ab", 0), S_OK);
    let action = server.expect(SEND, TO_NETWORK);
    assert_eq!(server.complete(&action, 0), S_OK);
    ends(&server, UTF8_FRAGMENT, 0);
    assert_eq!(server.send(BINARY_MESSAGE, b"cd", 0), OPERATION);
    assert_eq!(server.send(UTF8_MESSAGE, b"cd", 0), S_OK);
    assert_eq!(server.flush(), b"\x80\x02cd");
}

/// Scenario 38 with the buffers there.
pub(crate) fn leftover_completions(memory: Memory) {
    let server = server_in(memory);
    assert_eq!(server.send(UTF8_MESSAGE, b"first", 0), S_OK);
    let mut pending = server.expect(SEND, TO_NETWORK);
    for context in 1..=1000 {
        assert_eq!(server.complete(&pending, 0), S_OK);
        assert_eq!(server.send(BINARY_MESSAGE, HELLO, context), S_OK);
        let end = server.expect(SEND, INDICATE_SEND);
        assert_eq!(end.application, context - 1);
        server.done(&end);
        pending = server.expect(SEND, TO_NETWORK);
        assert_eq!(pending.application, context);
        assert_eq!(pending.bytes(), b"\x82\x0BHello World");
    }
    server.done(&pending);
    ends(&server, BINARY_MESSAGE, 1000);
    server.idle(ALL);
}

#[test]
fn scenario_38_completions_that_are_fetched_with_the_next_send() {
    leftover_completions(Memory::Library);
}

#[test]
fn scenario_38_repeating_does_not_grow() {
    let server = server();
    let send = |context| {
        // SAFETY: the payload is static.
        let result = unsafe { server.send_lent(BINARY_MESSAGE, HELLO, context) };
        assert_eq!(result, S_OK);
    };
    let cycle = || {
        for context in 1..=1000 {
            send(context);
            let pending = server.expect(SEND, TO_NETWORK);
            assert_eq!(server.complete(&pending, 0), S_OK);
            send(context + 1);
            ends(&server, BINARY_MESSAGE, context);
            let pending = server.expect(SEND, TO_NETWORK);
            assert_eq!(server.complete(&pending, 0), S_OK);
            ends(&server, BINARY_MESSAGE, context + 1);
            server.forget_lent();
        }
    };
    cycle();
    assert!(!grows(cycle));
}

#[test]
fn scenario_39_the_struct_is_copied() {
    let server = server();
    let (right, wrong) = (b"right", b"wrong!!");
    let data = |bytes: &[u8]| WEB_SOCKET_BUFFER {
        Data: WEB_SOCKET_BUFFER_0 {
            pbBuffer: bytes.as_ptr().cast_mut(),
            ulBufferLength: bytes.len() as u32,
        },
    };
    let mut buffer = data(right);
    // SAFETY: the bytes are static.
    let result = unsafe { server.send_raw(UTF8_MESSAGE, &raw const buffer, 0) };
    assert_eq!(result, S_OK);
    // SAFETY: nothing else uses the struct any more.
    unsafe { (&raw mut buffer).write_volatile(data(wrong)) };
    assert_eq!(server.flush(), b"\x81\x05right");
}

#[test]
fn scenario_40_pings_and_pongs() {
    let server = server();
    for (kind, wire) in [(PING_PONG, b"\x89\0"), (UNSOLICITED_PONG, b"\x8A\0")] {
        assert_eq!(server.send_null(kind, 9), S_OK);
        let action = server.expect(SEND, TO_NETWORK);
        assert_eq!((action.count, action.bytes()), (1, wire.to_vec()));
        assert_eq!((action.buffer_type, action.application), (kind, 9));
        server.done(&action);
        ends(&server, kind, 9);
        // A buffer is an error, empty or not.
        for payload in [&b"hb"[..], b""] {
            assert_eq!(server.send(kind, payload, 0), E_INVALIDARG);
        }
        server.idle(SEND);
    }
}

#[test]
fn buffer_types_that_cannot_be_sent() {
    let server = server();
    let names = [UTF8_MESSAGE, CLOSE, UNSOLICITED_PONG];
    for kind in [
        0,
        1,
        2,
        0x1FF,
        UNSOLICITED_PONG + 1,
        -1,
        i32::MAX,
        0x4000_0000,
    ] {
        assert!(!names.contains(&kind));
        assert_eq!(server.send(kind, b"ab", 0), E_INVALIDARG, "{kind}");
        assert_eq!(server.send_null(kind, 0), E_INVALIDARG, "{kind}");
    }
    server.idle(ALL);
}

#[test]
fn queues_that_do_not_exist() {
    let server = server();
    assert_eq!(server.send(UTF8_MESSAGE, HELLO, 0), S_OK);
    for queue in [0, 4, 5, 7, -1, i32::MIN, i32::MAX] {
        assert_eq!(server.get(queue, 2).result, E_INVALIDARG, "{queue}");
    }
    assert_eq!(server.flush().len(), 13);
}

#[test]
fn without_entries_nothing_is_consumed() {
    let server = server();
    let none = server.get(ALL, 0);
    assert_eq!((none.result, none.kind), (S_OK, NO_ACTION));
    assert_eq!(server.send(UTF8_MESSAGE, HELLO, 0), S_OK);
    for queue in [SEND, ALL] {
        assert_eq!(server.get(queue, 0).result, TOO_SMALL);
    }
    let action = server.expect(SEND, TO_NETWORK);
    server.done(&action);
    // An indication of a send needs no entry.
    let end = server.get(SEND, 0);
    assert_eq!((end.result, end.kind), (S_OK, INDICATE_SEND));
    server.done(&end);
    server.idle(SEND);
}

#[test]
fn a_null_payload_with_a_length() {
    let server = server();
    for kind in [UTF8_MESSAGE, UTF8_FRAGMENT, BINARY_MESSAGE, BINARY_FRAGMENT] {
        for length in [1, u32::MAX] {
            let buffer = WEB_SOCKET_BUFFER {
                Data: WEB_SOCKET_BUFFER_0 {
                    pbBuffer: std::ptr::null_mut(),
                    ulBufferLength: length,
                },
            };
            // SAFETY: the buffer lives through the call; its payload must not be read.
            let result = unsafe { server.send_raw(kind, &raw const buffer, 0) };
            assert_eq!(result, E_INVALIDARG);
        }
    }
    server.idle(SEND);
}

#[test]
fn text_that_is_sent_is_not_verified() {
    let server = server();
    assert_eq!(server.send(UTF8_MESSAGE, b"\xC3\x28", 0), S_OK);
    assert_eq!(server.flush(), b"\x81\x02\xC3\x28");
}

#[test]
fn many_sends_can_be_queued() {
    let payload: Vec<u8> = (0..=255).collect();
    let server = server();
    for at in 0..256 {
        assert_eq!(server.send(BINARY_MESSAGE, &payload[at..=at], at), S_OK);
    }
    for at in 0..256 {
        let action = server.expect(SEND, TO_NETWORK);
        assert_eq!((action.application, action.bytes()[2]), (at, at as u8));
        server.done(&action);
        ends(&server, BINARY_MESSAGE, at);
    }
    server.idle(ALL);
}
