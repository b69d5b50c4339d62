//! Pings and pongs that a server receives: scenarios 52 to 58, and section 10 beyond them.

use super::harness::{
    ALL, BINARY_MESSAGE, CLOSE, FROM_NETWORK, INDICATE_RECEIVE, INDICATE_SEND, Memory, PING_PONG,
    RECEIVE, Role, S_OK, SEND, Setup, Socket, TO_NETWORK, UTF8_FRAGMENT, UTF8_MESSAGE, client,
    frames, hex, masked, server, unmasked,
};

/// A ping with the payload "hb".
const PING: &str = "89 82 37FA213D 5F98";
const PONG: &[u8] = b"\x8A\x02hb";

fn server_in<'m>(memory: Memory) -> Socket<'m> {
    Setup::new(Role::Server).memory(memory).session()
}

/// The automatic pong that must come now, in the only entry that is offered.
fn pong(socket: &Socket<'_>, queue: i32) -> super::harness::Action {
    let action = socket.get(queue, 1);
    assert_eq!((action.result, action.kind), (S_OK, TO_NETWORK));
    assert_eq!((action.buffer_type, action.count), (PING_PONG, 1));
    assert_eq!(action.application, 0, "no operation of the application");
    action
}

/// Scenario 52 with the buffers there.
pub(crate) fn a_ping_in_a_message(memory: Memory) {
    for queue in [RECEIVE, ALL] {
        let server = server_in(memory);
        assert_eq!(server.receive(1), S_OK);
        server.feed(&hex(
            "01 83 37FA213D 569842  89 82 37FA213D 5F98  80 83 37FA213D 539F47",
        ));
        assert_eq!(server.indicated(UTF8_FRAGMENT).bytes(), b"abc");
        assert_eq!(server.receive(2), S_OK);
        let pong = pong(&server, queue);
        assert_eq!(pong.bytes(), PONG);
        assert_eq!(server.complete(&pong, 4), S_OK);
        let end = server.indicated(UTF8_MESSAGE);
        assert_eq!((end.bytes(), end.application), (b"def".to_vec(), 2));
        server.idle(ALL);
    }
}

#[test]
fn scenario_52_a_ping_in_a_fragmented_message() {
    a_ping_in_a_message(Memory::Library);
}

#[test]
fn scenario_53_a_ping_alone_does_not_end_the_receive() {
    let server = server();
    assert_eq!(server.receive(6), S_OK);
    server.feed(&hex(PING));
    let pong = pong(&server, RECEIVE);
    server.idle(RECEIVE);
    server.done(&pong);
    server.idle(SEND);
    let action = server.expect(RECEIVE, FROM_NETWORK);
    assert_eq!(action.application, 6);
    server.idle(SEND);
    server.fill(&action, &masked(0x81, b"Hello"));
    assert_eq!(server.indicated(UTF8_MESSAGE).application, 6);
}

/// Scenario 54 with the buffers there.
pub(crate) fn long_and_empty_pings(memory: Memory) {
    let server = server_in(memory);
    assert_eq!(server.receive(0), S_OK);
    for length in [125, 0, 1, 124] {
        let payload: Vec<u8> = (0..length).map(|at: u8| at ^ 0x55).collect();
        server.feed(&masked(0x89, &payload));
        let pong = pong(&server, RECEIVE);
        assert_eq!(pong.total(), 2 + u32::from(length));
        assert_eq!(pong.bytes(), [&[0x8A, length], &payload[..]].concat());
        server.done(&pong);
    }
    server.expect(RECEIVE, FROM_NETWORK);
}

#[test]
fn scenario_54_pings_of_every_size_are_answered_in_one_entry() {
    long_and_empty_pings(Memory::Library);
}

#[test]
fn scenario_54_a_client_masks_its_pong() {
    for memory in [Memory::Library, Memory::Block] {
        let setup = Setup::new(Role::Client).send(16).memory(memory);
        let client = setup.session();
        assert_eq!(client.receive(0), S_OK);
        for length in [125, 0, 2] {
            let payload = vec![0x42; length];
            client.feed(&unmasked(0x89, &payload));
            let pong = pong(&client, RECEIVE);
            assert_eq!(pong.total() as usize, 6 + length);
            let frames = frames(&pong.bytes());
            assert_eq!((frames[0].first, &frames[0].payload), (0x8A, &payload));
            assert!(frames[0].key.is_some());
            client.done(&pong);
        }
    }
}

#[test]
fn scenario_55_a_pong_that_is_dropped() {
    for bytes in [0, 3, 5, u32::MAX] {
        let server = server();
        assert_eq!(server.receive(0), S_OK);
        server.feed(&[hex(PING), masked(0x81, b"Hello")].concat());
        let pong = pong(&server, RECEIVE);
        assert_eq!(server.complete(&pong, bytes), S_OK);
        server.idle(SEND);
        assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), b"Hello");
        server.idle(ALL);
        assert_eq!(server.send(UTF8_MESSAGE, b"hi", 0), S_OK);
        assert_eq!(server.flush(), b"\x81\x02hi");
    }
}

#[test]
fn scenario_56_a_send_waits_for_the_pong() {
    let server = server();
    assert_eq!(server.receive(0), S_OK);
    server.feed(&hex(PING));
    let pong = pong(&server, RECEIVE);
    assert_eq!(server.send(UTF8_MESSAGE, b"data", 3), S_OK);
    server.idle(SEND);
    server.idle(ALL);
    server.done(&pong);
    let send = server.expect(SEND, TO_NETWORK);
    assert_eq!(
        (send.bytes(), send.application),
        (b"\x81\x04data".into(), 3)
    );
    server.done(&send);
    let end = server.expect(SEND, INDICATE_SEND);
    server.done(&end);
}

#[test]
fn scenario_56_what_is_over_is_indicated_while_a_pong_is_outstanding() {
    let server = server();
    assert_eq!(server.send(UTF8_MESSAGE, b"data", 3), S_OK);
    let send = server.expect(SEND, TO_NETWORK);
    server.done(&send);
    assert_eq!(server.receive(0), S_OK);
    server.feed(&hex(PING));
    let pong = pong(&server, RECEIVE);
    let end = server.expect(SEND, INDICATE_SEND);
    server.done(&end);
    server.idle(SEND);
    server.done(&pong);
}

/// Scenario 57 with the buffers there.
pub(crate) fn a_ping_during_a_send(memory: Memory) {
    let server = server_in(memory);
    assert_eq!(server.send(UTF8_MESSAGE, b"data", 3), S_OK);
    assert_eq!(server.receive(0), S_OK);
    let send = server.expect(SEND, TO_NETWORK);
    server.feed(&hex(PING));
    let first = server.get(RECEIVE, 1);
    assert_eq!(first.result, S_OK);
    let pong = if first.kind == FROM_NETWORK {
        server.done(&send);
        assert_eq!(server.complete(&first, 0), S_OK);
        pong(&server, RECEIVE)
    } else {
        assert_eq!(first.kind, TO_NETWORK, "never nothing");
        first
    };
    assert_eq!(pong.bytes(), PONG);
    assert_eq!(send.bytes(), b"\x81\x04data");
    server.done(&pong);
    server.expect(RECEIVE, FROM_NETWORK);
}

#[test]
fn scenario_57_a_ping_while_a_send_is_outstanding() {
    a_ping_during_a_send(Memory::Library);
}

#[test]
fn scenario_57_a_whole_frame_does_not_hold_up_the_pong() {
    // What our implementation does: a frame that is with the driver completely is no reason to
    // wait.
    let server = server();
    assert_eq!(server.send(UTF8_MESSAGE, b"data", 3), S_OK);
    assert_eq!(server.receive(0), S_OK);
    let send = server.expect(SEND, TO_NETWORK);
    server.feed(&hex(PING));
    let pong = pong(&server, RECEIVE);
    server.done(&send);
    server.done(&pong);
    server.expect(SEND, INDICATE_SEND);
}

#[test]
fn a_pong_never_comes_between_the_parts_of_a_frame() {
    let payload = vec![7; 600];
    let client = Setup::new(Role::Client).send(256).session();
    assert_eq!(client.send(BINARY_MESSAGE, &payload, 0), S_OK);
    assert_eq!(client.receive(0), S_OK);
    let first = client.expect(SEND, TO_NETWORK);
    client.feed(&unmasked(0x89, b"hb"));
    // The pong waits, and receiving goes on.
    let read = client.expect(RECEIVE, FROM_NETWORK);
    client.fill(&read, &unmasked(0x81, b"text"));
    assert_eq!(client.indicated(UTF8_MESSAGE).bytes(), b"text");
    client.done(&first);
    client.idle(RECEIVE);
    let second = client.expect(ALL, TO_NETWORK);
    assert_eq!((second.buffer_type, second.total()), (BINARY_MESSAGE, 256));
    client.idle(RECEIVE);
    client.done(&second);
    let last = client.expect(ALL, TO_NETWORK);
    assert_eq!(
        (last.buffer_type, last.total()),
        (BINARY_MESSAGE, 608 - 512)
    );
    // From the last part on, nothing is in the way; no receive is needed for a ping that was read.
    let pong = pong(&client, RECEIVE);
    assert_eq!(frames(&pong.bytes())[0].payload, b"hb");
    client.done(&pong);
    client.done(&last);
    client.expect(SEND, INDICATE_SEND);
}

#[test]
fn a_pong_never_comes_between_header_and_payload() {
    let server = server();
    assert_eq!(server.send(UTF8_MESSAGE, b"data", 0), S_OK);
    assert_eq!(server.receive(0), S_OK);
    let header = server.get(SEND, 1);
    server.feed(&hex(PING));
    let read = server.expect(RECEIVE, FROM_NETWORK);
    server.done(&header);
    server.idle(RECEIVE);
    let payload = server.get(ALL, 1);
    assert_eq!(payload.bytes(), b"data");
    server.done(&payload);
    // The receive slot is taken until the read is complete.
    server.idle(RECEIVE);
    server.fill(&read, &masked(0x81, b"text"));
    assert_eq!(pong(&server, RECEIVE).bytes(), PONG);
}

#[test]
fn a_cancelled_frame_lets_the_pong_go() {
    let payload = vec![7; 600];
    let client = Setup::new(Role::Client).send(256).session();
    assert_eq!(client.send(BINARY_MESSAGE, &payload, 0), S_OK);
    assert_eq!(client.receive(0), S_OK);
    let first = client.expect(SEND, TO_NETWORK);
    client.feed(&unmasked(0x89, b"hb"));
    let read = client.expect(RECEIVE, FROM_NETWORK);
    assert_eq!(client.complete(&first, 0), S_OK);
    client.fill(&read, &unmasked(0x81, b"text"));
    pong(&client, RECEIVE);
}

#[test]
fn all_prefers_the_pong_then_sends_then_receives() {
    let server = server();
    assert_eq!(server.receive(0), S_OK);
    server.feed(&[hex(PING), masked(0x81, b"text")].concat());
    // A ping is found when the receive queue is looked at: sends come before that.
    assert_eq!(server.send(UTF8_MESSAGE, b"data", 0), S_OK);
    let send = server.expect(ALL, TO_NETWORK);
    assert_eq!(send.buffer_type, UTF8_MESSAGE);
    let pong = pong(&server, ALL);
    server.done(&pong);
    server.done(&send);
    let end = server.expect(ALL, INDICATE_SEND);
    server.done(&end);
    server.expect(ALL, INDICATE_RECEIVE);
}

#[test]
fn the_newest_of_several_pings_is_answered() {
    let payload = vec![7; 600];
    let client = Setup::new(Role::Client).send(256).session();
    assert_eq!(client.send(BINARY_MESSAGE, &payload, 0), S_OK);
    assert_eq!(client.receive(0), S_OK);
    let first = client.expect(SEND, TO_NETWORK);
    client.feed(&[unmasked(0x89, b"one"), unmasked(0x89, b"two")].concat());
    let read = client.expect(RECEIVE, FROM_NETWORK);
    assert_eq!(client.complete(&first, 0), S_OK);
    client.fill(&read, &unmasked(0x81, b"text"));
    let pong = pong(&client, RECEIVE);
    assert_eq!(frames(&pong.bytes())[0].payload, b"two");
    client.done(&pong);
    assert_eq!(client.indicated(UTF8_MESSAGE).bytes(), b"text");
}

#[test]
fn pings_that_need_not_wait_are_answered_one_by_one() {
    let server = server();
    assert_eq!(server.receive(0), S_OK);
    server.feed(&[masked(0x89, b"one"), masked(0x89, b"two")].concat());
    for wire in [b"\x8A\x03one", b"\x8A\x03two"] {
        let pong = pong(&server, RECEIVE);
        assert_eq!(pong.bytes(), wire);
        server.done(&pong);
    }
    server.expect(RECEIVE, FROM_NETWORK);
}

#[test]
fn scenario_58_a_pong_ends_the_receive() {
    let server = server();
    assert_eq!(server.receive(8), S_OK);
    server.feed(&[hex("8A 82 37FA213D 5F98"), masked(0x81, b"data")].concat());
    let pong = server.indicated(PING_PONG);
    assert_eq!((pong.bytes(), pong.application), (b"hb".to_vec(), 8));
    assert_eq!(pong.count, 1);
    server.idle(RECEIVE);
    server.takes(UTF8_MESSAGE, b"data");
}

#[test]
fn pongs_are_indicated_whole_and_also_inside_a_message() {
    for memory in [Memory::Library, Memory::Block] {
        let server = server_in(memory);
        let payload: Vec<u8> = (0..125).collect();
        assert_eq!(server.receive(0), S_OK);
        let wire = [
            masked(0x01, b"ab"),
            masked(0x8A, &payload),
            masked(0x8A, b""),
            masked(0x80, b"cd"),
        ];
        server.feed(&wire.concat());
        assert_eq!(server.indicated(UTF8_FRAGMENT).bytes(), b"ab");
        server.takes(PING_PONG, &payload);
        server.takes(PING_PONG, b"");
        server.takes(UTF8_MESSAGE, b"cd");
        // In two pieces, it is told of when it is complete.
        assert_eq!(server.receive(0), S_OK);
        let wire = masked(0x8A, &payload);
        server.feed(&wire[..60]);
        server.feed(&wire[60..]);
        assert_eq!(server.indicated(PING_PONG).bytes(), payload);
    }
}

#[test]
fn control_payload_is_never_put_into_the_callers_memory() {
    let mut memory = [[0xEE; 200]; 3];
    let [one, two, three] = &mut memory;
    let server = server();
    assert_eq!(server.receive_into(one, 0), S_OK);
    server.feed(&[masked(0x8A, b"pong"), masked(0x81, b"text")].concat());
    let pong = server.indicated(PING_PONG);
    assert_eq!(pong.bytes(), b"pong");
    assert!(!server.is_lent(pong.entries[0].address, 4));
    assert_eq!(server.receive_into(two, 0), S_OK);
    let text = server.indicated(UTF8_MESSAGE);
    assert!(server.is_lent(text.entries[0].address, 4));
    assert_eq!(server.receive_into(three, 0), S_OK);
    server.feed(&masked(0x88, b"\x03\xE8bye"));
    let close = server.indicated(CLOSE);
    assert_eq!(
        (close.bytes(), close.entries[0].status),
        (b"bye".to_vec(), 1000)
    );
    assert!(!server.is_lent(close.entries[0].address, 3));
    drop(server);
    assert_eq!((memory[0], memory[2]), ([0xEE; 200], [0xEE; 200]));
    assert_eq!(memory[1][..5], *b"text\xEE");
}

#[test]
fn a_ping_that_comes_in_pieces() {
    let client = client();
    assert_eq!(client.receive(0), S_OK);
    for byte in unmasked(0x89, b"hb") {
        client.feed(&[byte]);
    }
    assert_eq!(frames(&pong(&client, RECEIVE).bytes())[0].payload, b"hb");
}
