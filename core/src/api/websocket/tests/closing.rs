//! Shutdown, the peer's close frame and Close, in every order.

use super::*;

/// Every call but Close, which ends the story: `true` where it is legal. All of them are refused in
/// the same way.
fn legal(world: &mut World) -> [bool; 4] {
    world.told();
    let send = world.send(b"x");
    assert_eq!(send.is_ok(), world.told() == [sent(b"x")]);
    let receive = world.receive();
    if receive.is_ok() {
        let cancelled = Err(Error::OperationCancelled.into());
        world.io.end_receive(cancelled, &mut world.told);
    }
    let status = world.close_status();
    let shutdown = world.io.permit(winhttp_proto::websocket::Call::Shutdown);
    let legal = [
        send.is_ok(),
        receive.is_ok(),
        shutdown.is_ok(),
        status.is_ok(),
    ];
    for refused in [send.err(), receive.err(), status.err()] {
        assert!(refused.is_none_or(|refused| refused.error() == Error::InvalidOperation));
    }
    world.told();
    legal
}

#[test]
fn a_life_from_shutdown_over_the_peers_frame_to_close() {
    let mut world = World::new();
    assert_eq!(legal(&mut world), [true, true, true, false]);
    assert_eq!(world.shutdown(), Ok(()));
    assert_eq!(world.told(), [Notification::ShutdownComplete]);
    assert_eq!(legal(&mut world), [false, true, false, false]);
    world.arrives(BYE);
    // It has arrived, but the program does not know yet.
    assert_eq!(
        world.close_status().map_err(|it| it.error()),
        Err(Error::InvalidOperation)
    );
    assert_eq!(world.receive(), Ok(()));
    assert_eq!(world.told(), [received(0, BufferKind::Close)]);
    assert_eq!(world.close_status(), Ok(Some(1001)));
    assert_eq!(legal(&mut world), [false, false, false, true]);
    assert_eq!(world.close(), Ok(()));
    assert_eq!(world.told(), [Notification::CloseComplete]);
    assert!(world.peer.is_finished());
    assert_eq!(world.close(), Err(Error::InvalidOperation.into()));
    assert_eq!(legal(&mut world), [false, false, false, true]);
    assert_eq!(
        world.peer.frames(),
        [message(b"x"), Frame::Close(Some(1000))]
    );
}

#[test]
fn after_the_peers_frame_the_program_may_still_send() {
    let mut world = World::new();
    world.receive().unwrap();
    world.arrives(BYE);
    assert_eq!(world.told(), [received(0, BufferKind::Close)]);
    assert_eq!(legal(&mut world), [true, false, true, true]);
    assert_eq!(world.shutdown(), Ok(()));
    assert_eq!(legal(&mut world), [false, false, false, true]);
    assert_eq!(
        world.peer.frames(),
        [message(b"x"), Frame::Close(Some(1000))]
    );
}

#[test]
fn close_discards_what_arrives_and_waits_for_the_peers_frame() {
    let mut world = World::new();
    assert_eq!(world.close(), Ok(()));
    assert_eq!(world.peer.frames(), [Frame::Close(Some(1000))]);
    assert_eq!(legal(&mut world), [false; 4]);
    world.arrives(HELLO);
    world.arrives(PING);
    assert_eq!(world.told(), []);
    assert!(!world.peer.is_finished());
    world.arrives(BYE);
    assert_eq!(world.told(), [Notification::CloseComplete]);
    assert_eq!(world.close_status(), Ok(Some(1001)));
    assert_eq!(world.peer.frames(), [], "no pong behind a close frame");
    assert!(world.peer.is_finished());
}

#[test]
fn close_is_not_complete_before_our_frame_has_left() {
    let mut world = World::new();
    world.peer.make_room(0);
    world.close().unwrap();
    world.arrives(BYE);
    assert_eq!(world.told(), []);
    world.peer.make_room(usize::MAX);
    world.ready();
    assert_eq!(world.told(), [Notification::CloseComplete]);
    assert_eq!(world.peer.frames(), [Frame::Close(Some(1000))]);
}

#[test]
fn shutdown_is_not_complete_before_its_frame_has_left() {
    let mut world = World::new();
    world.peer.make_room(4);
    world.shutdown().unwrap();
    assert_eq!(world.told(), []);
    let refused = Err(Error::InvalidOperation.into());
    assert_eq!(world.close(), refused, "it waits on the send side");
    world.peer.make_room(usize::MAX);
    world.ready();
    assert_eq!(world.told(), [Notification::ShutdownComplete]);
    assert_eq!(world.peer.frames(), [Frame::Close(Some(1000))]);
}

#[test]
fn the_peers_frame_is_enough_where_ours_cannot_be_written() {
    let mut world = World::new();
    world.peer.send(BYE);
    world.peer.break_writes();
    world.close().unwrap();
    assert_eq!(world.told(), [Notification::CloseComplete]);
    assert_eq!(world.close_status(), Ok(Some(1001)));
}

#[test]
fn close_finds_the_peers_frame_also_behind_a_failed_send() {
    let mut world = World::new();
    world.peer.break_writes();
    world.send(b"x").unwrap();
    world.told();
    world.peer.send(BYE);
    assert_eq!(world.close(), Ok(()));
    assert_eq!(world.told(), [Notification::CloseComplete]);
    assert_eq!(world.close_status(), Ok(Some(1001)));
}

#[test]
fn a_connection_that_ends_without_a_frame_fails_close() {
    let mut world = World::new();
    world.close().unwrap();
    world.peer.end();
    world.ready();
    let lost = failed(WebSocketOperation::Close, Error::ConnectionError);
    assert_eq!(world.told(), [lost]);
    assert_eq!(legal(&mut world), [false; 4]);
}

#[test]
fn failures_are_what_every_later_operation_is_told() {
    let mut world = World::new();
    world.receive().unwrap();
    world.peer.end();
    world.ready();
    let lost = failed(WebSocketOperation::Receive, Error::ConnectionError);
    assert_eq!(world.told(), [lost]);
    let lost = Err(Error::ConnectionError.into());
    assert_eq!(world.send(b"x"), lost);
    assert_eq!(world.receive(), lost);
    assert_eq!(world.shutdown(), lost);
    assert_eq!(world.close(), lost);
}

#[test]
fn what_is_not_legal_is_refused_also_on_a_connection_that_failed() {
    let mut world = World::new();
    world.shutdown().unwrap();
    world.peer.end();
    world.ready();
    assert_eq!(world.send(b"x"), Err(Error::InvalidOperation.into()));
    assert_eq!(world.receive(), Err(Error::ConnectionError.into()));
}

#[test]
fn messages_of_another_kind_are_refused_inside_a_message() {
    let mut world = World::new();
    let piece = |kind| (kind, Memory(b"x".to_vec()), Caller::Callback);
    let (kind, data, caller) = piece(BufferKind::Utf8Fragment);
    world.io.begin_send(kind, data, caller).unwrap();
    world.io.pump_send(&mut world.told);
    assert_eq!(world.send(b"x"), Err(Error::InvalidParameter.into()));
    let (kind, data, caller) = piece(BufferKind::Close);
    let close = world.io.begin_send(kind, data, caller);
    assert_eq!(close, Err(Error::InvalidParameter.into()));
    let (kind, data, caller) = piece(BufferKind::Utf8Message);
    assert_eq!(world.io.begin_send(kind, data, caller), Ok(()));
}
