//! Abort, delete and stale contexts: scenarios 82 to 86 and 88, 13's memory, and section 13.

use super::harness::headers::{fields, request};
use super::harness::memory::grows;
use super::harness::raw::{abort, complete, delete};
use super::harness::{
    ALL, BINARY_MESSAGE, CLOSE, E_INVALIDARG, FROM_NETWORK, INDICATE_RECEIVE, INDICATE_SEND,
    Memory, NO_ACTION, OPERATION, PING_PONG, RECEIVE, Role, S_OK, SEND, Setup, TO_NETWORK,
    UTF8_MESSAGE, client, masked, server, unmasked,
};

#[test]
fn scenario_82_what_is_queued_is_indicated_after_an_abort() {
    for memory in [Memory::Library, Memory::Block] {
        let server = Setup::new(Role::Server).memory(memory).session();
        assert_eq!(server.send(UTF8_MESSAGE, b"never", 1), S_OK);
        assert_eq!(server.receive(2), S_OK);
        server.abort();
        assert_eq!(server.send(UTF8_MESSAGE, b"late", 0), OPERATION);
        assert_eq!(server.send_null(CLOSE, 0), OPERATION);
        assert_eq!(server.send_null(PING_PONG, 0), OPERATION);
        assert_eq!(server.receive(0), OPERATION);
        let end = server.expect(SEND, INDICATE_SEND);
        assert_eq!((end.application, end.buffer_type), (1, UTF8_MESSAGE));
        server.done(&end);
        server.idle(SEND);
        let end = server.expect(RECEIVE, INDICATE_RECEIVE);
        assert_eq!((end.application, end.count), (2, 1));
        assert_eq!((end.total(), end.entries[0].address), (0, 0));
        server.done(&end);
        server.idle(RECEIVE);
        server.idle(ALL);
        assert_eq!(server.receive(0), OPERATION);
    }
}

#[test]
fn every_queued_operation_is_indicated_in_order_after_an_abort() {
    let server = server();
    for context in 1..=5 {
        assert_eq!(server.send(BINARY_MESSAGE, b"x", context), S_OK);
        assert_eq!(server.receive(context + 100), S_OK);
    }
    server.abort();
    for context in 1..=5 {
        let end = server.get(SEND, 1);
        assert_eq!((end.kind, end.application), (INDICATE_SEND, context));
        server.done(&end);
    }
    for context in 101..=105 {
        let end = server.get(ALL, 1);
        assert_eq!((end.kind, end.application), (INDICATE_RECEIVE, context));
        assert_eq!(end.total(), 0);
        server.done(&end);
    }
    server.idle(ALL);
}

#[test]
fn scenario_83_a_read_that_is_outstanding_at_the_abort() {
    for bytes in [10, 0, 4096, u32::MAX] {
        let server = server();
        assert_eq!(server.receive(2), S_OK);
        let read = server.expect(RECEIVE, FROM_NETWORK);
        server.abort();
        server.idle(RECEIVE);
        server.idle(ALL);
        // Its memory is still there.
        let wire = masked(0x81, b"late");
        assert_eq!(wire.len(), 10);
        server.fill_without_completing(&read, &wire);
        assert_eq!(server.complete(&read, bytes), S_OK);
        let end = server.expect(RECEIVE, INDICATE_RECEIVE);
        assert_eq!((end.total(), end.application), (0, 2));
        server.done(&end);
        server.idle(RECEIVE);
    }
}

#[test]
fn scenario_84_a_send_that_is_outstanding_at_the_abort() {
    for bytes in [9, 0, 4] {
        let payload = *b"payload";
        let server = server();
        assert_eq!(server.send(UTF8_MESSAGE, &payload, 1), S_OK);
        assert_eq!(server.send(UTF8_MESSAGE, b"second", 2), S_OK);
        let send = server.expect(SEND, TO_NETWORK);
        assert_eq!(send.total(), 9);
        server.abort();
        server.idle(SEND);
        assert_eq!(server.complete(&send, bytes), S_OK);
        for context in [1, 2] {
            let end = server.expect(SEND, INDICATE_SEND);
            assert_eq!(end.application, context);
            server.done(&end);
        }
        server.idle(SEND);
    }
}

#[test]
fn an_abort_between_the_parts_of_a_frame() {
    let payload = vec![1; 600];
    let client = Setup::new(Role::Client).send(256).session();
    assert_eq!(client.send(BINARY_MESSAGE, &payload, 1), S_OK);
    let first = client.expect(SEND, TO_NETWORK);
    client.done(&first);
    client.abort();
    let end = client.expect(SEND, INDICATE_SEND);
    assert_eq!(end.application, 1);
    client.done(&end);
    client.idle(SEND);
}

#[test]
fn indications_that_are_outstanding_at_the_abort_are_completed_once() {
    let server = server();
    assert_eq!(server.send(UTF8_MESSAGE, b"x", 1), S_OK);
    let send = server.expect(SEND, TO_NETWORK);
    server.done(&send);
    let sent = server.expect(SEND, INDICATE_SEND);
    assert_eq!(server.receive(2), S_OK);
    assert_eq!(server.receive(3), S_OK);
    server.feed(&masked(0x81, b"text"));
    let received = server.expect(RECEIVE, INDICATE_RECEIVE);
    server.abort();
    server.idle(ALL);
    assert_eq!(received.bytes(), b"text");
    server.done(&received);
    let end = server.expect(RECEIVE, INDICATE_RECEIVE);
    assert_eq!((end.application, end.total()), (3, 0));
    server.done(&end);
    server.done(&sent);
    server.idle(ALL);
}

#[test]
fn scenario_85_aborting_twice() {
    let server = server();
    assert_eq!(server.receive(1), S_OK);
    server.abort();
    server.abort();
    let end = server.expect(RECEIVE, INDICATE_RECEIVE);
    server.abort();
    server.done(&end);
    server.idle(ALL);
    server.abort();
}

#[test]
fn scenario_85_deleting_null() {
    assert_eq!(delete(0), E_INVALIDARG);
    assert_eq!(abort(0), E_INVALIDARG);
    assert_eq!(complete(0, 0, 0), E_INVALIDARG);
}

/// What is left undone when a handle is deleted.
#[derive(Debug, Clone, Copy)]
enum Left {
    Aborted,
    Reading,
    Sending,
    Indicating,
    Pong,
    Handshake,
    ClientHandshake,
}

fn leave(left: Left, memory: Memory) {
    let payload = vec![3; 10000];
    let mut room = vec![0; 300];
    let server = match left {
        Left::Handshake => {
            let server = Setup::new(Role::Server).memory(memory).create();
            server.begin_server(None, &[], &request()).unwrap();
            return;
        }
        Left::ClientHandshake => {
            let initial = fields(&[("Connection", "Upgrade"), ("Upgrade", "websocket")]);
            let client = Setup::new(Role::Client).memory(memory).create();
            client
                .begin_client(&[c"chat"], &[c"extension"], &initial)
                .unwrap();
            return;
        }
        _ => Setup::new(Role::Server).memory(memory).session(),
    };
    for context in 0..10 {
        assert_eq!(server.send(BINARY_MESSAGE, &payload, context), S_OK);
    }
    assert_eq!(server.receive_into(&mut room, 0), S_OK);
    for context in 0..10 {
        assert_eq!(server.receive(context), S_OK);
    }
    match left {
        Left::Aborted => server.abort(),
        Left::Reading => drop(server.expect(RECEIVE, FROM_NETWORK)),
        Left::Sending => drop(server.expect(SEND, TO_NETWORK)),
        Left::Indicating => {
            server.feed(&masked(0x81, b"text"));
            server.expect(RECEIVE, INDICATE_RECEIVE);
        }
        Left::Pong => {
            server.feed(&masked(0x89, &[5; 125]));
            server.expect(RECEIVE, TO_NETWORK);
        }
        Left::Handshake | Left::ClientHandshake => {}
    }
}

#[test]
fn scenario_85_deleting_a_handle_with_anything_left_undone() {
    for left in [
        Left::Aborted,
        Left::Reading,
        Left::Sending,
        Left::Indicating,
        Left::Pong,
    ] {
        for memory in [Memory::Library, Memory::Block] {
            leave(left, memory);
            assert!(!grows(|| leave(left, memory)), "{left:?}");
        }
    }
}

#[test]
fn scenario_13_deleting_a_handle_without_the_handshakes_end_leaves_nothing() {
    for left in [Left::Handshake, Left::ClientHandshake] {
        leave(left, Memory::Library);
        assert!(!grows(|| leave(left, Memory::Library)), "{left:?}");
    }
}

#[test]
fn scenario_86_a_pong_that_waits_is_dropped_by_the_abort() {
    let payload = vec![7; 600];
    let client = Setup::new(Role::Client).send(256).session();
    assert_eq!(client.send(BINARY_MESSAGE, &payload, 1), S_OK);
    assert_eq!(client.receive(2), S_OK);
    let first = client.expect(SEND, TO_NETWORK);
    client.feed(&[unmasked(0x89, b"hb"), unmasked(0x81, b"text")].concat());
    assert_eq!(client.indicated(UTF8_MESSAGE).bytes(), b"text");
    assert_eq!(client.receive(3), S_OK);
    client.abort();
    let end = client.expect(RECEIVE, INDICATE_RECEIVE);
    assert_eq!((end.application, end.total()), (3, 0));
    client.done(&end);
    client.idle(RECEIVE);
    client.done(&first);
    let end = client.expect(ALL, INDICATE_SEND);
    client.done(&end);
    client.idle(ALL);
}

#[test]
fn scenario_86_a_ping_that_was_not_looked_at_is_dropped_too() {
    let server = server();
    assert_eq!(server.receive(2), S_OK);
    server.feed(&masked(0x89, b"hb"));
    server.abort();
    let end = server.expect(RECEIVE, INDICATE_RECEIVE);
    assert_eq!(end.total(), 0);
    server.done(&end);
    server.idle(RECEIVE);
}

#[test]
fn a_pong_that_is_outstanding_at_the_abort_keeps_its_slot() {
    let server = server();
    assert_eq!(server.receive(2), S_OK);
    server.feed(&masked(0x89, b"hb"));
    let pong = server.expect(RECEIVE, TO_NETWORK);
    server.abort();
    server.idle(RECEIVE);
    assert_eq!(pong.bytes(), b"\x8A\x02hb");
    server.done(&pong);
    let end = server.expect(RECEIVE, INDICATE_RECEIVE);
    assert_eq!((end.application, end.total()), (2, 0));
}

#[test]
fn scenario_88_a_context_counts_once() {
    let server = server();
    assert_eq!(server.send(UTF8_MESSAGE, b"A", 1), S_OK);
    assert_eq!(server.send(UTF8_MESSAGE, b"B", 2), S_OK);
    let first = server.expect(SEND, TO_NETWORK);
    assert_eq!(server.complete(&first, 3), S_OK);
    assert_eq!(server.complete(&first, 3), E_INVALIDARG);
    let end = server.expect(SEND, INDICATE_SEND);
    assert_eq!(server.complete(&first, 0), E_INVALIDARG);
    server.idle(SEND);
    assert_eq!(server.complete(&end, 0), S_OK);
    let second = server.expect(SEND, TO_NETWORK);
    for stale in [&first, &end] {
        assert_eq!(server.complete(stale, 0), E_INVALIDARG);
    }
    server.idle(SEND);
    assert_eq!(server.complete(&second, 3), S_OK);
    let end = server.expect(SEND, INDICATE_SEND);
    assert_eq!(end.application, 2);
    server.done(&end);

    assert_eq!(server.receive(1), S_OK);
    let read = server.expect(RECEIVE, FROM_NETWORK);
    server.fill(&read, &masked(0x81, b"text"));
    assert_eq!(server.complete(&read, 0), E_INVALIDARG);
    let text = server.indicated(UTF8_MESSAGE);
    assert_eq!((text.bytes(), text.application), (b"text".to_vec(), 1));
    assert_eq!(server.complete(&text, 0), E_INVALIDARG);
    server.idle(ALL);
}

#[test]
fn contexts_of_another_handle_and_garbage_are_ignored() {
    let (one, other) = (server(), server());
    for socket in [&one, &other] {
        assert_eq!(socket.receive(0), S_OK);
    }
    let (read, others) = (
        one.expect(RECEIVE, FROM_NETWORK),
        other.expect(RECEIVE, FROM_NETWORK),
    );
    assert_ne!(read.context, others.context);
    assert_eq!(one.complete(&others, 1), E_INVALIDARG);
    let local = 0_u64;
    let garbage = [1, 8, usize::MAX, (&raw const local).expose_provenance()];
    for context in garbage
        .into_iter()
        .chain([read.context ^ 1, read.context + 1])
    {
        assert_eq!(complete(one.handle(), context, 1), E_INVALIDARG);
    }
    one.idle(RECEIVE);
    one.fill(&read, &masked(0x81, b"text"));
    assert_eq!(one.indicated(UTF8_MESSAGE).bytes(), b"text");
}

#[test]
fn handles_do_not_disturb_each_other() {
    let (server, client) = (server(), client());
    assert_eq!(server.receive(0), S_OK);
    client.abort();
    assert_eq!(client.receive(0), OPERATION);
    server.feed(&masked(0x81, b"text"));
    drop(client);
    assert_eq!(server.indicated(UTF8_MESSAGE).bytes(), b"text");
    assert_eq!(server.get(ALL, 1).kind, NO_ACTION);
}
