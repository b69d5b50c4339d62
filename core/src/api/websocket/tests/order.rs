//! What ends together, and in which order the program is told.

use super::*;
use crate::engine::sleeper::WaitFor;

/// A send and a receive that wait.
fn both_wait() -> World {
    let mut world = World::new();
    world.receive().unwrap();
    world.peer.make_room(3);
    world.send(b"payload").unwrap();
    assert_eq!(world.told(), []);
    world
}

#[test]
fn each_side_has_one_operation_at_a_time() {
    let mut world = both_wait();
    let refused = Err(Error::InvalidOperation.into());
    assert_eq!(world.receive(), refused);
    assert_eq!(world.send(b"x"), refused);
    assert_eq!(world.shutdown(), refused);
    assert_eq!(world.close(), refused);
    world.peer.make_room(usize::MAX);
    world.ready();
    assert_eq!(world.told(), [sent(b"payload")]);
    assert_eq!(world.send(b"x"), Ok(()));
    assert_eq!(world.receive(), refused);
}

#[test]
fn a_closed_handle_ends_the_receive_first_and_then_the_send() {
    let mut world = both_wait();
    world.io.cancel(&mut world.told);
    let cancelled = |operation| failed(operation, Error::OperationCancelled);
    assert_eq!(
        world.told(),
        [
            cancelled(WebSocketOperation::Receive),
            cancelled(WebSocketOperation::Send)
        ]
    );
    assert!(world.io.connection.let_go().is_some());
    assert!(world.io.connection.let_go().is_none());
    world.io.pump(Some(now()), &mut world.told);
    assert_eq!(world.told(), [], "each is told once");
    let gone = Err(Error::OperationCancelled.into());
    assert_eq!(world.send(b"x"), gone);
    assert_eq!(world.receive(), gone);
}

#[test]
fn a_closed_handle_ends_close() {
    let mut world = World::new();
    world.close().unwrap();
    world.io.cancel(&mut world.told);
    let close = failed(WebSocketOperation::Close, Error::OperationCancelled);
    assert_eq!(world.told(), [close]);
}

#[test]
fn a_receive_that_close_cancels_is_told_before_close() {
    let mut world = World::new();
    world.receive().unwrap();
    world.peer.send(BYE);
    world.io.note_ready(false);
    world.close().unwrap();
    assert_eq!(
        world.told(),
        [
            failed(WebSocketOperation::Receive, Error::OperationCancelled),
            Notification::CloseComplete
        ]
    );
}

#[test]
fn a_failed_write_ends_the_send_and_then_the_receive_that_finds_nothing() {
    let mut world = both_wait();
    world.peer.break_writes();
    world.ready();
    assert_eq!(
        world.told(),
        [
            failed(WebSocketOperation::Send, Error::ConnectionError),
            failed(WebSocketOperation::Receive, Error::ConnectionError)
        ]
    );
}

#[test]
fn a_call_that_cannot_write_ends_the_receive_that_waits() {
    for call in [WebSocketOperation::Send, WebSocketOperation::Shutdown] {
        let mut world = World::new();
        world.receive().unwrap();
        world.peer.break_writes();
        if call == WebSocketOperation::Send {
            world.send(b"x").unwrap();
        } else {
            world.shutdown().unwrap();
        }
        assert_eq!(
            world.told(),
            [
                failed(call, Error::ConnectionError),
                failed(WebSocketOperation::Receive, Error::ConnectionError)
            ]
        );
    }
}

#[test]
fn behind_a_failed_write_what_has_arrived_is_received() {
    let mut world = World::new();
    world.peer.send(HELLO);
    world.peer.break_writes();
    world.send(b"x").unwrap();
    let broken = failed(WebSocketOperation::Send, Error::ConnectionError);
    assert_eq!(world.told(), [broken]);
    assert_eq!(world.send(b"x"), Err(Error::ConnectionError.into()));
    world.receive().unwrap();
    assert_eq!(world.told(), [received(5, BufferKind::Utf8Message)]);
    assert_eq!(world.receive(), Err(Error::ConnectionError.into()));
}

#[test]
fn a_peer_that_breaks_the_protocol_ends_the_send_that_waits_too() {
    let mut world = both_wait();
    world.arrives(b"\x83\x00");
    assert_eq!(
        world.told(),
        [
            failed(WebSocketOperation::Receive, Error::InvalidServerResponse),
            failed(WebSocketOperation::Send, Error::InvalidServerResponse)
        ]
    );
    assert_eq!(world.io.deadline(), None, "nothing is to come");
}

#[test]
fn pings_are_answered_whether_or_not_anybody_receives() {
    let mut world = World::new();
    world.arrives(PING);
    world.receive().unwrap();
    world.arrives(PING);
    let pong = || Frame::Pong(b"ping".to_vec());
    assert_eq!(world.peer.frames(), [pong(), pong()]);
    assert_eq!(world.told(), []);
}

#[test]
fn a_panic_ends_all_that_waits() {
    let mut world = both_wait();
    let World { io, told, .. } = &mut world;
    io.contain(told, |_, _| panic!("a defect"));
    for operation in [WebSocketOperation::Send, WebSocketOperation::Receive] {
        assert!(world.told.contains(&failed(operation, Error::Internal)));
    }
    assert_eq!(world.told.len(), 2);
}

#[test]
fn a_thread_that_waits_to_receive_waits_for_room_too_while_a_pong_does() {
    let mut world = World::new();
    assert_eq!(world.io.interest(WaitFor::Readable), WaitFor::Readable);
    world.peer.make_room(0);
    world.arrives(PING);
    assert_eq!(world.io.interest(WaitFor::Readable), WaitFor::Either);
    assert_eq!(world.io.interest(WaitFor::Writable), WaitFor::Writable);
    // Nothing more is read behind the peer's close frame.
    world.arrives(BYE);
    assert_eq!(world.io.interest(WaitFor::Readable), WaitFor::Writable);
    world.peer.make_room(usize::MAX);
    world.ready();
    assert_eq!(world.io.interest(WaitFor::Readable), WaitFor::Readable);
}

#[test]
fn a_send_is_one_of_many_in_a_turn_with_another_or_with_more_to_come() {
    let mut world = World::new();
    assert!(!world.io.is_one_of_many(1));
    assert!(world.io.is_one_of_many(1));
    assert!(!world.io.is_one_of_many(2));
    world.arrives(HELLO);
    assert!(world.io.is_one_of_many(3));
}
