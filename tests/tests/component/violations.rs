//! Peers that break the protocol: scenarios 64 to 71, and every rule of RFC 6455 in both
//! directions.

use super::harness::headers::{and, request};
use super::harness::{
    ALL, BINARY_FRAGMENT, BINARY_MESSAGE, CLOSE, FORMAT, INDICATE_RECEIVE, Memory, OPERATION,
    PING_PONG, RECEIVE, Role, S_OK, SEND, Setup, Socket, TO_NETWORK, UTF8_FRAGMENT, UTF8_MESSAGE,
    client, hex, masked, server, unmasked,
};

/// A server with one receive queued, fed with this.
fn fed<'m>(setup: Setup, wire: &[u8]) -> Socket<'m> {
    let socket = setup.session();
    assert_eq!(socket.receive(1), S_OK);
    socket.feed(wire);
    socket
}

fn fed_server<'m>(wire: &[u8]) -> Socket<'m> {
    fed(Setup::new(Role::Server), wire)
}

/// Takes what is indicated until the receive side fails; the failure.
fn failure(socket: &Socket<'_>) -> i32 {
    for _ in 0..100 {
        let action = socket.get(RECEIVE, 2);
        if action.result != S_OK {
            return action.result;
        }
        assert_eq!(action.kind, INDICATE_RECEIVE, "{action:?}");
        socket.done(&action);
        assert_eq!(socket.receive(1), S_OK);
    }
    panic!("no failure");
}

#[test]
fn scenario_64_an_unmasked_frame() {
    let wire = unmasked(0x81, b"Hello");
    fed_server(&wire).fails(FORMAT);
    let tolerant = Setup::new(Role::Server).without_masking();
    let server = fed(tolerant, &[wire, masked(0x82, b"masked")].concat());
    assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), b"Hello");
    server.takes(BINARY_MESSAGE, b"masked");
}

#[test]
fn scenario_65_malformed_headers() {
    let long_ping = masked(0x89, &[0; 126]);
    for wire in [
        masked(0xC1, b"Hello"),
        masked(0x83, b""),
        masked(0x09, b""),
        long_ping,
    ] {
        fed_server(&wire).fails(FORMAT);
    }
}

#[test]
fn scenario_66_frames_out_of_sequence() {
    fed_server(&masked(0x80, b"abc")).fails(OPERATION);
    fed_server(&masked(0x00, b"abc")).fails(OPERATION);
    for (first, second) in [(1, 0x81), (1, 0x82), (1, 1), (1, 2), (2, 0x81), (2, 0x82)] {
        let server = fed_server(&[masked(first, b"ab"), masked(second, b"cd")].concat());
        let kind = if first == 1 {
            UTF8_FRAGMENT
        } else {
            BINARY_FRAGMENT
        };
        assert_eq!(server.indicated(kind).bytes(), b"ab");
        assert_eq!(server.receive(0), S_OK);
        server.fails(OPERATION);
    }
    // After a message, a continuation is again out of place.
    let server = fed_server(&[masked(0x81, b"ab"), masked(0x80, b"cd")].concat());
    server.indicated(UTF8_MESSAGE);
    assert_eq!(server.receive(0), S_OK);
    server.fails(OPERATION);
}

#[test]
fn scenario_67_text_that_is_not_utf8() {
    let text = hex("81 82 37FA213D F4D2");
    assert_eq!(text, masked(0x81, b"\xC3\x28"));
    fed_server(&text).fails(FORMAT);
    let tolerant = fed(Setup::new(Role::Server).without_utf8(), &text);
    assert_eq!(tolerant.indicated(UTF8_MESSAGE).bytes(), b"\xC3\x28");
    let binary = fed_server(&masked(0x82, b"\xC3\x28"));
    assert_eq!(binary.indicated(BINARY_MESSAGE).bytes(), b"\xC3\x28");
}

#[test]
fn scenario_68_a_character_over_two_frames() {
    let first = hex("01 82 37FA213D D578");
    let last = hex("80 81 37FA213D 9B");
    let server = fed_server(&[first.clone(), last].concat());
    // What is incomplete at the end of a fragment is delivered as it is.
    assert_eq!(server.indicated(UTF8_FRAGMENT).bytes(), b"\xE2\x82");
    server.takes(UTF8_MESSAGE, b"\xAC");
    let server = fed_server(&[first, masked(0x80, b"")].concat());
    assert_eq!(server.indicated(UTF8_FRAGMENT).bytes(), b"\xE2\x82");
    assert_eq!(server.receive(0), S_OK);
    server.fails(FORMAT);
}

#[test]
fn scenario_69_after_a_violation() {
    let server = fed_server(&masked(0x83, b""));
    server.fails(FORMAT);
    server.fails(FORMAT);
    assert_eq!(server.get(ALL, 2).result, FORMAT);
    assert_eq!(server.receive(0), OPERATION);
    assert_eq!(server.send_close(1002, b"", 2), S_OK);
    let close = server.expect(SEND, TO_NETWORK);
    assert_eq!(
        (close.bytes(), close.buffer_type),
        (hex("8802 03EA"), CLOSE)
    );
    server.done(&close);
    server.fails(FORMAT);
    server.abort();
    let end = server.expect(RECEIVE, INDICATE_RECEIVE);
    assert_eq!((end.total(), end.application), (0, 1));
    server.done(&end);
    server.idle(RECEIVE);
    let end = server.expect(SEND, super::harness::INDICATE_SEND);
    assert_eq!(end.application, 2);
    server.done(&end);
    server.idle(ALL);
}

#[test]
fn scenario_70_what_comes_before_a_violation_is_indicated() {
    let server = fed_server(&[masked(0x81, b"valid"), masked(0x83, b"")].concat());
    assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), b"valid");
    server.idle(RECEIVE);
    assert_eq!(server.receive(0), S_OK);
    server.fails(FORMAT);
}

#[test]
fn scenario_71_a_client_takes_unmasked_frames_only() {
    let wire = masked(0x81, b"Hello");
    for setup in [
        Setup::new(Role::Client),
        Setup::new(Role::Client).without_masking(),
    ] {
        fed(setup, &wire).fails(FORMAT);
        let client = fed(setup, &hex("81 05 48656C6C6F"));
        assert_eq!(client.indicated(UTF8_MESSAGE).bytes(), b"Hello");
    }
}

/// Frames that break a rule of RFC 6455: the opcode byte, a length and payload, unmasked; and the
/// failure.
fn broken() -> Vec<(&'static str, Vec<u8>, i32)> {
    let mut cases = Vec::new();
    for bits in [0x40, 0x20, 0x10, 0x70] {
        for opcode in [0x81, 0x82, 0x88, 0x89, 0x8A, 0x01] {
            cases.push(("reserved bits", vec![opcode | bits, 0], FORMAT));
        }
    }
    for opcode in [3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF] {
        cases.push(("reserved opcode", vec![0x80 | opcode, 0], FORMAT));
    }
    for opcode in [8, 9, 0xA] {
        cases.push(("fragmented control frame", vec![opcode, 0], FORMAT));
        let long = vec![0x80 | opcode, 126, 0, 126];
        cases.push(("long control frame", long, FORMAT));
        let longer = vec![0x80 | opcode, 127, 0, 0, 0, 0, 0, 1, 0, 0];
        cases.push(("very long control frame", longer, FORMAT));
    }
    for opcode in [0x81, 0x82] {
        let length = |bytes: &[u8]| [&[opcode][..], bytes].concat();
        cases.push(("length 125 in 16 bits", length(&[126, 0, 125]), FORMAT));
        cases.push(("length 0 in 16 bits", length(&[126, 0, 0]), FORMAT));
        let padded = length(&[127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]);
        cases.push(("length 65535 in 64 bits", padded, FORMAT));
        let padded = length(&[127, 0, 0, 0, 0, 0, 0, 0, 0]);
        cases.push(("length 0 in 64 bits", padded, FORMAT));
        let negative = length(&[127, 0x80, 0, 0, 0, 0, 0, 0, 0]);
        cases.push(("length with the top bit", negative, FORMAT));
        let largest = length(&[127, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        cases.push(("length of all ones", largest, FORMAT));
    }
    cases.push(("continuation of nothing", vec![0x80, 0], OPERATION));
    cases.push(("endless continuation of nothing", vec![0x00, 0], OPERATION));
    cases
}

/// Adds a masking key to a header.
fn with_key(header: &[u8]) -> Vec<u8> {
    let mut wire = header.to_vec();
    wire[1] |= 0x80;
    wire.extend(super::harness::frame::KEY);
    wire
}

#[test]
fn every_broken_rule_in_both_directions() {
    for (what, header, result) in broken() {
        for memory in [Memory::Library, Memory::Block] {
            for (role, wire) in [
                (Role::Server, with_key(&header)),
                (Role::Client, header.clone()),
            ] {
                let setup = Setup::new(role).memory(memory);
                let whole = fed(setup, &wire);
                assert_eq!(failure(&whole), result, "{what}: {wire:X?}");
                // Byte by byte: it fails, at the latest with the last byte of the header.
                let slow = setup.session();
                assert_eq!(slow.receive(0), S_OK);
                let failed = wire.iter().any(|byte| {
                    let action = slow.get(RECEIVE, 1);
                    if action.result == S_OK {
                        slow.fill(&action, &[*byte]);
                    }
                    action.result != S_OK
                });
                assert!(failed || slow.get(RECEIVE, 1).result == result, "{what}");
                slow.fails(result);
            }
        }
    }
}

#[test]
fn a_violation_between_good_frames_loses_nothing_before_it() {
    for (what, header, result) in broken() {
        let good = [
            masked(0x81, b"good"),
            masked(0x82, b"too"),
            masked(0x8A, b"pong"),
        ];
        let server = fed_server(&[good.concat(), with_key(&header)].concat());
        assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), b"good");
        server.takes(BINARY_MESSAGE, b"too");
        server.takes(PING_PONG, b"pong");
        assert_eq!(server.receive(0), S_OK);
        server.fails(result);
        assert_eq!(server.receive(0), OPERATION, "{what}");
        assert_eq!(server.send(UTF8_MESSAGE, b"still", 0), S_OK);
        assert_eq!(server.flush(), b"\x81\x05still");
    }
}

#[test]
fn all_gives_what_is_to_be_sent_before_the_failure() {
    let server = fed_server(&masked(0x83, b""));
    assert_eq!(server.send(UTF8_MESSAGE, b"data", 0), S_OK);
    let send = server.expect(ALL, TO_NETWORK);
    assert_eq!(server.get(ALL, 2).result, FORMAT);
    server.done(&send);
    let end = server.expect(ALL, super::harness::INDICATE_SEND);
    server.done(&end);
    assert_eq!(server.get(ALL, 2).result, FORMAT);
    server.idle(SEND);
}

/// Sequences that are not UTF-8.
const NOT_UTF8: &[&[u8]] = &[
    b"\x80",
    b"\xFF",
    b"\xFE",
    b"\xC0\xAF",
    b"\xC1\xBF",
    b"\xE0\x80\xAF",
    b"\xE0\x9F\xBF",
    b"\xED\xA0\x80",
    b"\xED\xBF\xBF",
    b"\xF0\x80\x80\xAF",
    b"\xF0\x8F\xBF\xBF",
    b"\xF4\x90\x80\x80",
    b"\xF5\x80\x80\x80",
    b"\xE2\x82",
    b"\xE2\x28\xA1",
    b"\xF0\x9F\x98",
];

/// Sequences at the edges of what is.
const UTF8: &[&[u8]] = &[
    b"\x00",
    b"\x7F",
    b"\xC2\x80",
    b"\xDF\xBF",
    b"\xE0\xA0\x80",
    b"\xED\x9F\xBF",
    b"\xEE\x80\x80",
    b"\xEF\xBF\xBF",
    b"\xF0\x90\x80\x80",
    b"\xF4\x8F\xBF\xBF",
];

#[test]
fn text_is_verified_strictly_however_it_is_cut() {
    for text in NOT_UTF8 {
        assert_eq!(failure(&fed_server(&masked(0x81, text))), FORMAT);
        let client = client();
        assert_eq!(client.receive(0), S_OK);
        client.feed(&unmasked(0x81, text));
        assert_eq!(failure(&client), FORMAT, "{text:X?}");
        for cut in 1..text.len() {
            let wire = [masked(0x01, &text[..cut]), masked(0x80, &text[cut..])];
            assert_eq!(failure(&fed_server(&wire.concat())), FORMAT, "{text:X?}");
        }
    }
    for text in UTF8 {
        let server = fed_server(&masked(0x81, text));
        assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), *text);
        for cut in 1..text.len() {
            let wire = [masked(0x01, &text[..cut]), masked(0x80, &text[cut..])];
            let server = fed_server(&wire.concat());
            assert_eq!(server.indicated(UTF8_FRAGMENT).bytes(), text[..cut]);
            server.takes(UTF8_MESSAGE, &text[cut..]);
        }
    }
}

#[test]
fn text_is_verified_over_reads_and_pings() {
    let server = server();
    let wire = masked(0x81, "a\u{20AC}b".as_bytes());
    assert_eq!(server.receive(0), S_OK);
    server.feed(&wire[..8]);
    assert_eq!(server.indicated(UTF8_FRAGMENT).bytes(), b"a\xE2");
    assert_eq!(server.receive(0), S_OK);
    server.feed(&wire[8..]);
    assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), b"\x82\xACb");
    // The same, broken in the second read: what is known to be wrong is not indicated.
    let wire = masked(0x81, b"a\xE2(b");
    assert_eq!(server.receive(0), S_OK);
    server.feed(&wire[..8]);
    assert_eq!(server.indicated(UTF8_FRAGMENT).bytes(), b"a\xE2");
    assert_eq!(server.receive(0), S_OK);
    server.feed(&wire[8..]);
    server.fails(FORMAT);
}

#[test]
fn text_in_the_callers_memory_is_verified_too() {
    let mut memory = [[0; 16]; 3];
    let [one, two, three] = &mut memory;
    let (two, rest) = two.split_at_mut(2);
    let server = server();
    assert_eq!(server.receive_into(one, 0), S_OK);
    server.feed(&masked(0x81, b"good"));
    assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), b"good");
    // A character cut by the end of the memory is no violation.
    assert_eq!(server.receive_into(two, 0), S_OK);
    server.feed(&masked(0x81, "\u{20AC}".as_bytes()));
    assert_eq!(server.indicated(UTF8_FRAGMENT).bytes(), b"\xE2\x82");
    assert_eq!(server.receive_into(rest, 0), S_OK);
    assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), b"\xAC");
    assert_eq!(server.receive_into(three, 0), S_OK);
    server.feed(&masked(0x81, b"\xC3\x28"));
    server.fails(FORMAT);
}

#[test]
fn without_verification_text_and_reasons_are_taken_as_they_are() {
    for role in [Role::Server, Role::Client] {
        let frame = if role == Role::Server {
            masked
        } else {
            unmasked
        };
        let socket = fed(Setup::new(role).without_utf8(), &frame(0x81, b"\xFF"));
        assert_eq!(socket.indicated(UTF8_MESSAGE).bytes(), b"\xFF");
        assert_eq!(socket.receive(0), S_OK);
        socket.feed(&frame(0x88, b"\x03\xE8\xFF"));
        assert_eq!(socket.indicated(CLOSE).bytes(), b"\xFF");
    }
}

#[test]
fn reserved_bits_are_wrong_even_after_an_extension_was_selected() {
    let offered = and(&request(), "Sec-WebSocket-Extensions", "permessage-deflate");
    let server = Setup::new(Role::Server).create();
    let selected = [c"permessage-deflate"];
    server.begin_server(None, &selected, &offered).unwrap();
    assert_eq!(server.receive(0), S_OK);
    server.feed(&masked(0xC1, b"Hello"));
    server.fails(FORMAT);
}
