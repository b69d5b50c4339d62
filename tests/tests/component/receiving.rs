//! What a server receives: scenarios 46 to 51 and 59 to 63.

use super::harness::{
    ALL, BINARY_FRAGMENT, BINARY_MESSAGE, FORMAT, FROM_NETWORK, INDICATE_RECEIVE, Memory,
    NO_ACTION, RECEIVE, Role, S_OK, SEND, Setup, Socket, UTF8_FRAGMENT, UTF8_MESSAGE, hex, masked,
    server,
};

/// "Hello" as an unfragmented text message.
const HELLO: &str = "81 85 37FA213D 7F9F4D5158";

#[test]
fn scenario_46_a_receive_wants_bytes_of_the_network() {
    for queue in [RECEIVE, ALL] {
        let server = server();
        assert_eq!(server.receive(0xC0FFEE), S_OK);
        server.idle(SEND);
        let action = server.expect(queue, FROM_NETWORK);
        assert_eq!((action.count, action.buffer_type), (1, 0));
        assert_eq!((action.application, action.total()), (0xC0FFEE, 4096));
        assert_ne!(action.context, 0);
        server.idle(queue);
        server.idle(RECEIVE);
        server.fill(&action, &hex(HELLO));
        assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), b"Hello");
    }
}

#[test]
fn scenario_47_hello() {
    for queue in [RECEIVE, ALL] {
        let server = server();
        assert_eq!(server.receive(5), S_OK);
        server.feed(&hex(HELLO));
        let action = server.expect(queue, INDICATE_RECEIVE);
        assert_eq!((action.buffer_type, action.count), (UTF8_MESSAGE, 1));
        assert_eq!((action.bytes(), action.application), (b"Hello".to_vec(), 5));
        server.idle(queue);
        server.done(&action);
        server.idle(queue);
        server.idle(SEND);
    }
}

#[test]
fn scenario_48_hello_byte_by_byte() {
    let server = server();
    let wire = hex(HELLO);
    assert_eq!(server.receive(0), S_OK);
    for byte in &wire[..6] {
        server.feed(&[*byte]);
    }
    let mut text = Vec::new();
    for (at, byte) in wire[6..].iter().enumerate() {
        let read = server.expect(RECEIVE, FROM_NETWORK);
        assert_eq!(read.application, at, "the latest receive's");
        server.fill(&read, &[*byte]);
        let last = at == 4;
        let kind = if last { UTF8_MESSAGE } else { UTF8_FRAGMENT };
        let piece = server.indicated(kind);
        assert_eq!((piece.total(), piece.application), (1, at));
        text.extend(piece.bytes());
        server.idle(RECEIVE);
        assert_eq!(server.receive(at + 1), S_OK);
    }
    assert_eq!(text, b"Hello");
    server.expect(RECEIVE, FROM_NETWORK);
}

#[test]
fn scenario_48_hello_in_three_pieces() {
    let server = server();
    let wire = hex(HELLO);
    assert_eq!(server.receive(0), S_OK);
    server.feed(&wire[..6]);
    server.feed(&wire[6..8]);
    assert_eq!(server.indicated(UTF8_FRAGMENT).bytes(), b"He");
    server.idle(RECEIVE);
    assert_eq!(server.receive(0), S_OK);
    server.feed(&wire[8..]);
    assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), b"llo");
}

#[test]
fn scenario_49_two_frames_at_once() {
    let server = server();
    assert_eq!(server.receive(1), S_OK);
    server.feed(&[masked(0x81, b"first"), masked(0x82, b"second")].concat());
    assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), b"first");
    server.idle(RECEIVE);
    assert_eq!(server.receive(2), S_OK);
    let second = server.indicated(BINARY_MESSAGE);
    assert_eq!(
        (second.bytes(), second.application),
        (b"second".to_vec(), 2)
    );
    server.idle(RECEIVE);
    assert_eq!(server.receive(3), S_OK);
    server.expect(RECEIVE, FROM_NETWORK);
}

#[test]
fn scenario_50_how_much_of_an_indication_was_used_is_of_no_meaning() {
    for used in [0, 5, 2, 6, u32::MAX] {
        let server = server();
        assert_eq!(server.receive(0), S_OK);
        server.feed(&[hex(HELLO), masked(0x82, b"next")].concat());
        let action = server.expect(RECEIVE, INDICATE_RECEIVE);
        assert_eq!(action.bytes(), b"Hello");
        assert_eq!(server.complete(&action, used), S_OK);
        server.idle(RECEIVE);
        server.takes(BINARY_MESSAGE, b"next");
        // Nor of a send's indication.
        assert_eq!(server.send(UTF8_MESSAGE, b"A", 1), S_OK);
        let action = server.expect(SEND, super::harness::TO_NETWORK);
        server.done(&action);
        let end = server.expect(SEND, super::harness::INDICATE_SEND);
        assert_eq!(server.complete(&end, used), S_OK);
        server.idle(SEND);
    }
}

/// Feeds a frame as the library asks for it, and collects what is indicated; how many pieces.
fn pieces(server: &Socket<'_>, wire: &[u8], fragment: i32, message: i32) -> (Vec<u8>, usize) {
    let (mut wire, mut payload, mut count) = (wire, Vec::new(), 0);
    assert_eq!(server.receive(0), S_OK);
    loop {
        let action = server.get(RECEIVE, 1);
        assert_eq!(action.result, S_OK);
        if action.kind == FROM_NETWORK {
            let length = wire.len().min(action.total() as usize);
            assert_ne!(length, 0, "more was sent than is asked for");
            server.fill(&action, &wire[..length]);
            wire = &wire[length..];
            continue;
        }
        assert_eq!((action.kind, action.count), (INDICATE_RECEIVE, 1));
        assert!(action.total() > 0);
        payload.extend(action.bytes());
        count += 1;
        server.done(&action);
        server.idle(RECEIVE);
        if action.buffer_type == message {
            assert!(wire.is_empty());
            return (payload, count);
        }
        assert_eq!(action.buffer_type, fragment);
        assert_eq!(server.receive(0), S_OK);
    }
}

#[test]
fn scenario_51_a_frame_larger_than_the_receive_buffer() {
    for memory in [Memory::Library, Memory::Block] {
        let setup = Setup::new(Role::Server).receive(256).memory(memory);
        let server = setup.session();
        let sent: Vec<u8> = (0..1000_u32).map(|at| (at * 3) as u8).collect();
        // `get` checks that no piece is larger than the receive buffer.
        let wire = masked(0x82, &sent);
        let (payload, count) = pieces(&server, &wire, BINARY_FRAGMENT, BINARY_MESSAGE);
        assert!(payload == sent && count >= 4, "{count} pieces");
    }
}

#[test]
fn scenario_59_an_empty_text_message() {
    let server = server();
    assert_eq!(server.receive(0), S_OK);
    server.feed(&hex("81 80 37FA213D"));
    let action = server.indicated(UTF8_MESSAGE);
    assert_eq!((action.count, action.total()), (1, 0));
    server.idle(RECEIVE);
    // A frame without payload that ends nothing is not told of.
    assert_eq!(server.receive(0), S_OK);
    server.feed(&masked(0x02, b""));
    server.feed(&masked(0x00, b""));
    server.feed(&masked(0x80, b""));
    let action = server.indicated(BINARY_MESSAGE);
    assert_eq!((action.count, action.total()), (1, 0));
}

#[test]
fn scenario_60_the_end_of_the_stream() {
    let server = server();
    assert_eq!(server.receive(4), S_OK);
    let action = server.expect(RECEIVE, FROM_NETWORK);
    assert_eq!(server.complete(&action, 0), S_OK);
    let end = server.expect(RECEIVE, INDICATE_RECEIVE);
    assert_eq!((end.count, end.total(), end.application), (1, 0, 4));
    assert_eq!(
        (end.buffer_type, end.entries[0].address),
        (BINARY_FRAGMENT, 0)
    );
    server.done(&end);
    server.idle(RECEIVE);
    assert_eq!(server.receive(5), S_OK);
    let action = server.expect(RECEIVE, FROM_NETWORK);
    assert_eq!((action.total(), action.application), (4096, 5));
    server.fill(&action, &hex(HELLO));
    assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), b"Hello");
}

#[test]
fn the_end_of_the_stream_in_a_message_has_its_kind() {
    for (first, kind) in [(0x01, UTF8_FRAGMENT), (0x02, BINARY_FRAGMENT)] {
        let server = server();
        assert_eq!(server.receive(0), S_OK);
        server.feed(&masked(first, b"part"));
        assert_eq!(server.indicated(kind).bytes(), b"part");
        assert_eq!(server.receive(0), S_OK);
        let action = server.expect(RECEIVE, FROM_NETWORK);
        assert_eq!(server.complete(&action, 0), S_OK);
        let end = server.indicated(kind);
        assert_eq!((end.total(), end.entries[0].address), (0, 0));
        // The message goes on.
        assert_eq!(server.receive(0), S_OK);
        server.feed(&masked(0x80, b"end"));
        let message = if first == 1 {
            UTF8_MESSAGE
        } else {
            BINARY_MESSAGE
        };
        assert_eq!(server.indicated(message).bytes(), b"end");
    }
}

#[test]
fn more_bytes_than_there_is_room_for_cancel_the_receive() {
    for beyond in [4097, 5000, u32::MAX] {
        let server = server();
        assert_eq!(server.receive(0), S_OK);
        let action = server.expect(RECEIVE, FROM_NETWORK);
        assert_eq!(server.complete(&action, beyond), S_OK);
        assert_eq!(server.indicated(BINARY_FRAGMENT).total(), 0);
        server.idle(RECEIVE);
        assert_eq!(server.receive(0), S_OK);
        server.feed(&hex(HELLO));
        assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), b"Hello");
    }
}

#[test]
fn scenario_61_two_receives_in_order() {
    let server = server();
    assert_eq!(server.receive(1), S_OK);
    assert_eq!(server.receive(2), S_OK);
    server.feed(&[masked(0x81, b"first"), masked(0x81, b"second")].concat());
    for (context, text) in [(1, &b"first"[..]), (2, b"second")] {
        let action = server.indicated(UTF8_MESSAGE);
        assert_eq!((action.application, action.bytes()), (context, text.into()));
    }
    server.idle(RECEIVE);
    // One after the other, too.
    assert_eq!(server.receive(3), S_OK);
    assert_eq!(server.receive(4), S_OK);
    for context in [3, 4] {
        let action = server.expect(RECEIVE, FROM_NETWORK);
        assert_eq!(action.application, context);
        server.fill(&action, &hex(HELLO));
        assert_eq!(server.indicated(UTF8_MESSAGE).application, context);
    }
    server.idle(RECEIVE);
}

#[test]
fn scenario_62_a_receive_into_the_callers_memory() {
    for memory in [Memory::Library, Memory::Block] {
        let (mut first, mut second) = ([0xEE; 8], [0xEE; 8]);
        let (front, rest) = first.split_at_mut(4);
        let addresses = [front.as_ptr().addr(), second.as_ptr().addr()];
        let server = Setup::new(Role::Server).memory(memory).session();
        assert_eq!(server.receive_into(front, 1), S_OK);
        let read = server.expect(RECEIVE, FROM_NETWORK);
        assert_ne!(read.entries[0].address, addresses[0], "library memory");
        server.fill(&read, &hex(HELLO));
        let action = server.indicated(UTF8_FRAGMENT);
        assert_eq!((action.bytes(), action.application), (b"Hell".to_vec(), 1));
        assert_eq!(action.entries[0].address, addresses[0]);
        server.idle(RECEIVE);
        assert_eq!(server.receive_into(&mut second[..4], 2), S_OK);
        let action = server.indicated(UTF8_MESSAGE);
        assert_eq!((action.bytes(), action.application), (b"o".to_vec(), 2));
        assert_eq!(action.entries[0].address, addresses[1]);
        server.idle(RECEIVE);
        drop(server);
        assert_eq!((rest, &second[1..]), (&mut [0xEE; 4][..], &[0xEE; 7][..]));
    }
}

#[test]
fn scenario_63_long_lengths() {
    let sent: Vec<u8> = (0..70000_u32).map(|at| (at * 11) as u8).collect();
    for length in [65535, 65536, 70000] {
        let server = server();
        let wire = masked(0x82, &sent[..length]);
        assert_eq!(wire.len() - length, if length > 65535 { 14 } else { 8 });
        let (payload, count) = pieces(&server, &wire, BINARY_FRAGMENT, BINARY_MESSAGE);
        assert!(payload == sent[..length] && count > 1);
    }
    let server = server();
    assert_eq!(server.receive(0), S_OK);
    server.feed(&hex("82 FF 8000000000000000 37FA213D"));
    server.fails(FORMAT);
    // The largest length that there is begins like any other.
    let server = self::server();
    assert_eq!(server.receive(0), S_OK);
    server.feed(&hex("82 FF 7FFFFFFFFFFFFFFF 37FA213D 56"));
    assert_eq!(server.indicated(BINARY_FRAGMENT).bytes(), b"a");
}

#[test]
fn without_entries_nothing_received_is_lost() {
    let server = server();
    assert_eq!(server.receive(0), S_OK);
    let too_small = super::harness::TOO_SMALL;
    assert_eq!(server.get(RECEIVE, 0).result, too_small);
    server.feed(&hex(HELLO));
    for queue in [RECEIVE, ALL] {
        assert_eq!(server.get(queue, 0).result, too_small);
    }
    assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), b"Hello");
    let none = server.get(RECEIVE, 0);
    assert_eq!((none.result, none.kind), (S_OK, NO_ACTION));
}

#[test]
fn nothing_is_read_without_a_receive() {
    let server = server();
    server.idle(RECEIVE);
    assert_eq!(server.receive(0), S_OK);
    let wire = [hex(HELLO), masked(0x89, b"hb"), vec![0xFF; 20]].concat();
    server.feed(&wire);
    assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), b"Hello");
    // Neither the ping nor the violation behind it is looked at.
    server.idle(RECEIVE);
    server.idle(ALL);
    assert_eq!(server.receive(0), S_OK);
    let pong = server.expect(RECEIVE, super::harness::TO_NETWORK);
    assert_eq!(pong.bytes(), b"\x8A\x02hb");
    server.done(&pong);
    server.fails(FORMAT);
}
