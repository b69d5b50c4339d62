//! Keep-alive, the send timeout and the close timeout.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn pong() -> Frame {
    Frame::Pong(Vec::new())
}

#[test]
fn an_open_connection_is_kept_alive() {
    let mut world = World::new();
    for _ in 0..3 {
        world.pass(29 * SECOND);
        assert_eq!(world.peer.frames(), []);
        world.pass(SECOND);
        assert_eq!(world.peer.frames(), [pong()]);
    }
    world.io.set_keep_alive(15 * SECOND);
    world.pass(15 * SECOND);
    assert_eq!(world.peer.frames(), [pong()]);
}

#[test]
fn a_connection_that_is_closing_or_cannot_send_is_not_kept_alive() {
    let mut shut_down = World::new();
    shut_down.shutdown().unwrap();
    let mut broken = World::new();
    broken.peer.break_writes();
    broken.send(b"x").unwrap();
    for mut world in [shut_down, broken] {
        assert_eq!(world.io.deadline(), None);
        world.peer.bytes();
        world.io.pump(Some(now() + 60 * SECOND), &mut world.told);
        assert_eq!(world.peer.bytes(), b"");
    }
}

#[test]
fn a_send_fails_when_nothing_of_it_leaves_for_the_send_timeout() {
    let mut world = World::new();
    world.io.set_keep_alive(Duration::MAX);
    world.receive().unwrap();
    world.peer.make_room(3);
    world.send(b"payload").unwrap();
    world.pass(SEND_TIMEOUT - SECOND);
    world.peer.make_room(1);
    world.ready();
    // One byte has left, so the wait begins anew.
    world.pass(SEND_TIMEOUT - SECOND);
    world.ready();
    assert_eq!(world.told(), []);
    world.pass(SECOND);
    assert_eq!(
        world.told(),
        [
            failed(WebSocketOperation::Send, Error::Timeout),
            failed(WebSocketOperation::Receive, Error::Timeout)
        ]
    );
    world.peer.make_room(usize::MAX);
    world.ready();
    assert_eq!(world.peer.bytes().len(), 4, "nothing follows half a frame");
}

#[test]
fn close_gives_the_peer_ten_seconds() {
    let mut world = World::new();
    world.close().unwrap();
    world.pass(10 * SECOND - Duration::from_millis(1));
    world.arrives(HELLO);
    assert_eq!(world.told(), []);
    world.pass(Duration::from_millis(1));
    let late = failed(WebSocketOperation::Close, Error::Timeout);
    assert_eq!(world.told(), [late]);
    assert!(world.io.connection.channel().is_none(), "it was dropped");
    assert_eq!(world.io.deadline(), None);
    assert_eq!(world.receive(), Err(Error::InvalidOperation.into()));
    assert!(world.close_status().is_err());
}

#[test]
fn the_peers_frame_is_known_also_when_ours_was_too_late() {
    let mut world = World::new();
    world.io.close_timeout = SECOND;
    world.peer.make_room(0);
    world.close().unwrap();
    world.arrives(BYE);
    world.pass(SECOND);
    let late = failed(WebSocketOperation::Close, Error::Timeout);
    assert_eq!(world.told(), [late]);
    assert_eq!(world.close_status(), Ok(Some(1001)));
}

/// As when the process was stopped: the time is over when the owner comes back, and the poll has
/// not reported the socket yet.
#[test]
fn a_frame_that_has_arrived_counts_however_late_it_is_looked_at() {
    let mut world = World::new();
    world.close().unwrap();
    world.peer.send(BYE);
    world.pass(60 * SECOND);
    assert_eq!(world.told(), [Notification::CloseComplete]);
    assert_eq!(world.close_status(), Ok(Some(1001)));
}

#[test]
fn room_that_has_come_counts_however_late_it_is_looked_at() {
    let mut world = World::new();
    world.peer.make_room(3);
    world.send(b"payload").unwrap();
    world.peer.make_room(usize::MAX);
    world.pass(60 * SECOND);
    assert_eq!(world.told(), [sent(b"payload")]);

    world.peer.make_room(3);
    world.send(b"payload").unwrap();
    world.peer.make_room(1);
    world.pass(60 * SECOND);
    assert_eq!(world.told(), [], "it goes on, so the wait begins anew");
    world.pass(SEND_TIMEOUT);
    let late = failed(WebSocketOperation::Send, Error::Timeout);
    assert_eq!(world.told(), [late]);
}

#[test]
fn a_peer_that_never_stops_sending_does_not_keep_close() {
    let mut world = World::new();
    for _ in 0..300 {
        world.peer.send(HELLO);
    }
    world.peer.send(BYE);
    world.close().unwrap();
    assert_eq!(world.told(), []);
    assert_eq!(world.io.deadline(), Some(now()), "the rest follows at once");
    world.pass(Duration::ZERO);
    assert_eq!(world.told(), [Notification::CloseComplete]);
}
