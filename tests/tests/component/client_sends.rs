//! What a client sends: scenarios 41 to 45, and section 8.4 beyond them.

use std::collections::BTreeSet;

use super::harness::{
    ALL, BINARY_MESSAGE, CLOSE, Frame, INDICATE_SEND, Memory, PING_PONG, Role, S_OK, SEND, Setup,
    Socket, TO_NETWORK, UNSOLICITED_PONG, UTF8_MESSAGE, client, frames,
};

const HELLO: &[u8] = b"Hello World";

fn client_in<'m>(memory: Memory) -> Socket<'m> {
    Setup::new(Role::Client).memory(memory).session()
}

/// Drives one send whose actions must have one entry of at most so many bytes each.
fn chunks(socket: &Socket<'_>, buffer_type: i32, context: usize, bytes_max: u32) -> Vec<Vec<u8>> {
    let mut chunks = Vec::new();
    loop {
        let action = socket.get(SEND, 2);
        assert_eq!(
            (action.buffer_type, action.application),
            (buffer_type, context)
        );
        socket.done(&action);
        if action.kind == INDICATE_SEND {
            socket.idle(SEND);
            return chunks;
        }
        assert_eq!((action.kind, action.count), (TO_NETWORK, 1));
        assert!(action.total() <= bytes_max);
        chunks.push(action.bytes());
    }
}

/// The only frame that was sent.
fn frame(wire: &[u8]) -> Frame {
    let mut frames = frames(wire);
    assert_eq!(frames.len(), 1);
    frames.remove(0)
}

/// Scenario 41 with the buffers there.
pub(crate) fn hello_world(memory: Memory) {
    let client = client_in(memory);
    assert_eq!(client.send(UTF8_MESSAGE, HELLO, 0xBEEF), S_OK);
    let action = client.expect(SEND, TO_NETWORK);
    assert_eq!((action.count, action.total()), (1, 17));
    assert_eq!(
        (action.buffer_type, action.application),
        (UTF8_MESSAGE, 0xBEEF)
    );
    let wire = action.bytes();
    assert_eq!(wire[..2], *b"\x81\x8B");
    let unmasked = wire[6..17].iter().zip(wire[2..6].iter().cycle());
    assert_eq!(unmasked.map(|(a, b)| a ^ b).collect::<Vec<_>>(), HELLO);
    assert_eq!(HELLO, b"Hello World", "the caller's bytes are unchanged");
    assert!(!client.is_lent(action.entries[0].address, 1));
    assert_eq!(client.complete(&action, 17), S_OK);
    let end = client.expect(SEND, INDICATE_SEND);
    assert_eq!((end.buffer_type, end.application), (UTF8_MESSAGE, 0xBEEF));
    client.done(&end);
    client.idle(ALL);
}

#[test]
fn scenario_41_a_client_masks_into_one_buffer() {
    hello_world(Memory::Library);
}

#[test]
fn scenario_41_the_callers_bytes_are_not_written() {
    let payload: Vec<u8> = (0..5000_u32).map(|at| at as u8).collect();
    let before = payload.clone();
    let client = client();
    assert_eq!(client.send(BINARY_MESSAGE, &payload, 0), S_OK);
    assert_eq!(frame(&client.flush()).payload, before);
    drop(client);
    assert_eq!(payload, before);
}

/// Scenario 42 with the buffers there.
pub(crate) fn a_frame_in_chunks(memory: Memory) {
    let payload: Vec<u8> = (0..1000_u32).map(|at| (at * 7) as u8).collect();
    let setup = Setup::new(Role::Client).send(256).memory(memory);
    let client = setup.session();
    assert_eq!(client.send(BINARY_MESSAGE, &payload, 5), S_OK);
    let chunks = chunks(&client, BINARY_MESSAGE, 5, 256);
    let wire = chunks.concat();
    assert_eq!(wire.len(), 1008);
    assert_eq!(wire[..4], *b"\x82\xFE\x03\xE8");
    assert_eq!(frame(&wire).payload, payload);
    let lengths: Vec<usize> = chunks.iter().map(Vec::len).collect();
    assert_eq!(lengths, [256, 256, 256, 240]);
}

#[test]
fn scenario_42_a_frame_larger_than_the_send_buffer() {
    a_frame_in_chunks(Memory::Library);
}

#[test]
fn scenario_43_every_frame_has_a_key_of_its_own() {
    let client = client();
    let keys: BTreeSet<[u8; 4]> = (0..100)
        .map(|_| {
            assert_eq!(client.send(UTF8_MESSAGE, b"same", 0), S_OK);
            let frame = frame(&client.flush());
            assert_eq!((frame.first, frame.payload), (0x81, b"same".to_vec()));
            frame.key.unwrap()
        })
        .collect();
    // By chance two of a hundred are equal once in a million runs.
    assert!(keys.len() >= 98, "{keys:?}");
}

#[test]
fn scenario_43_without_masking_the_key_is_zero() {
    for memory in [Memory::Library, Memory::Block] {
        let payload = vec![0x61; 70000];
        let setup = Setup::new(Role::Client).without_masking().memory(memory);
        let client = setup.session();
        for (length, header) in [
            (11, &b"\x82\x8B"[..]),
            (1000, b"\x82\xFE\x03\xE8"),
            (70000, b"\x82\xFF\0\0\0\0\0\x01\x11\x70"),
        ] {
            let payload = &payload[..length];
            assert_eq!(client.send(BINARY_MESSAGE, payload, 0), S_OK);
            let action = client.expect(SEND, TO_NETWORK);
            assert_eq!(action.count, 2, "the payload is not copied");
            assert_eq!(action.entries[0].bytes, [header, &[0; 4]].concat());
            assert_eq!(action.entries[1].address, payload.as_ptr().addr());
            assert_eq!(action.entries[1].length as usize, length);
            client.done(&action);
            let end = client.expect(SEND, INDICATE_SEND);
            client.done(&end);
        }
        assert_eq!(client.send_null(PING_PONG, 0), S_OK);
        assert_eq!(client.flush(), b"\x89\x80\0\0\0\0");
    }
}

/// Scenario 44 with the buffers there.
pub(crate) fn a_long_close(memory: Memory) {
    let reason = [b'r'; 123];
    let setup = Setup::new(Role::Client).send(16).memory(memory);
    let client = setup.session();
    assert_eq!(client.send_close(1001, &reason, 8), S_OK);
    // Control frames may come whole, from the control area.
    let wire = chunks(&client, CLOSE, 8, 131).concat();
    assert_eq!((wire.len(), &wire[..2]), (131, &b"\x88\xFD"[..]));
    let frame = frame(&wire);
    assert_eq!(frame.payload[..2], 1001_u16.to_be_bytes());
    assert_eq!(frame.payload[2..], reason);
}

#[test]
fn scenario_44_a_close_larger_than_the_send_buffer() {
    a_long_close(Memory::Library);
}

#[test]
fn scenario_45_a_frame_is_cancelled_between_its_chunks() {
    let payload = vec![1; 1000];
    let client = Setup::new(Role::Client).send(256).session();
    for bytes in [0, 255, 257, u32::MAX] {
        assert_eq!(client.send(BINARY_MESSAGE, &payload, 5), S_OK);
        let first = client.expect(SEND, TO_NETWORK);
        assert_eq!(client.complete(&first, bytes), S_OK);
        let end = client.expect(SEND, INDICATE_SEND);
        assert_eq!((end.buffer_type, end.application), (BINARY_MESSAGE, 5));
        client.done(&end);
        client.idle(SEND);
        // The next frame starts anew.
        assert_eq!(client.send(UTF8_MESSAGE, b"next", 6), S_OK);
        let next = frame(&client.flush());
        assert_eq!((next.first, next.payload), (0x81, b"next".to_vec()));
    }
}

#[test]
fn empty_frames_of_a_client() {
    for (kind, first) in [
        (UTF8_MESSAGE, 0x81),
        (BINARY_MESSAGE, 0x82),
        (CLOSE, 0x88),
        (PING_PONG, 0x89),
        (UNSOLICITED_PONG, 0x8A),
    ] {
        let client = client();
        assert_eq!(client.send_null(kind, 0), S_OK);
        let action = client.expect(SEND, TO_NETWORK);
        assert_eq!((action.count, action.total()), (1, 6));
        assert_eq!(action.buffer_type, kind);
        let frame = frame(&action.bytes());
        assert_eq!((frame.first, frame.payload), (first, vec![]));
        assert!(frame.key.is_some());
    }
}

#[test]
fn one_entry_is_enough_for_a_client() {
    let payload = vec![9; 300];
    let client = Setup::new(Role::Client).send(256).session();
    for sizes in [[256, 52], [256, 52]] {
        assert_eq!(client.send(BINARY_MESSAGE, &payload, 0), S_OK);
        for size in sizes {
            let action = client.get(SEND, 1);
            assert_eq!((action.kind, action.total()), (TO_NETWORK, size));
            client.done(&action);
        }
        let end = client.expect(SEND, INDICATE_SEND);
        client.done(&end);
    }
}

#[test]
fn every_length_is_masked_right_at_every_chunk_size() {
    let payload: Vec<u8> = (0..600_u32).map(|at| (at * 31) as u8).collect();
    for send in [16, 17, 18, 19, 64] {
        let client = Setup::new(Role::Client).send(send).session();
        for length in (0..40).chain([125, 126, 127, 600]) {
            assert_eq!(client.send(BINARY_MESSAGE, &payload[..length], 0), S_OK);
            let wire = chunks(&client, BINARY_MESSAGE, 0, send).concat();
            assert_eq!(frame(&wire).payload, &payload[..length]);
        }
    }
}
