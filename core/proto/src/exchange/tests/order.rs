//! What the program is told, in which order.

use super::*;

const CONNECTED: [&str; 4] = [
    "ResolvingName",
    "NameResolved",
    "ConnectingToServer",
    "ConnectedToServer",
];

#[test]
fn a_first_exchange_tells_of_its_connection_and_its_steps() {
    for secure in [false, true] {
        let request = Composed {
            secure,
            ..request()
        };
        let mut world =
            World::answering(request, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        world.send().unwrap();
        let sent = format!("RequestSent({})", HEAD.len());
        let expected = [&CONNECTED[..], &["SendingRequest", &sent]].concat();
        assert_eq!(world.told(), expected);
        world.receive().unwrap();
        assert_eq!(world.told(), ["ReceivingResponse", "ResponseReceived(38)"]);
        assert_eq!(world.rest(64).unwrap(), b"ok");
        assert!(world.told().is_empty());
        assert_eq!(world.got, HEAD);
    }
}

#[test]
fn a_connection_that_is_there_is_not_mentioned() {
    let mut world = World::answering(request(), b"HTTP/1.1 204 No Content\r\n\r\n");
    world.pooled = true;
    world.send().unwrap();
    assert_eq!(world.told()[0], "SendingRequest");
    world.receive().unwrap();
    assert_eq!(world.rest(1).unwrap(), b"");
}

#[test]
fn the_end_of_the_connection_is_told_once_where_both_sides_announced_it() {
    let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx";
    for announces_close in [true, false] {
        let request = Composed {
            announces_close,
            ..request()
        };
        let mut world = World::answering(request, answer);
        world.send().unwrap();
        world.receive().unwrap();
        world.told();
        assert_eq!(world.exchange.ends_connection(), announces_close);
        assert_eq!(world.read(1, false).unwrap(), b"x");
        assert!(world.told().is_empty(), "only when the end is met");
        assert_eq!(world.read(1, false).unwrap(), b"");
        let expected: &[&str] = if announces_close {
            &["ClosingConnection", "(finish)", "ConnectionClosed"]
        } else {
            &[]
        };
        assert_eq!(world.told(), expected);
        assert_eq!(world.available().unwrap(), 0);
        assert!(world.told().is_empty());
    }
}

#[test]
fn a_certificate_with_a_defect_is_told_before_the_call_fails() {
    let secure = || Composed {
        secure: true,
        ..request()
    };
    let mut world = World::new(secure());
    world.securing.push_back(Peer::Defect);
    assert_eq!(error(world.send()), Error::SecureFailure);
    assert_eq!(world.told().last().unwrap(), "SecureFailure");

    let mut world = World::new(secure());
    world.securing.push_back(Peer::Resets);
    assert_eq!(error(world.send()), Error::SecureChannelError);
    assert_eq!(world.told().last().unwrap(), "ConnectedToServer");
}

#[test]
fn a_handle_that_is_closed_ends_the_call_at_every_step() {
    let answer = b"HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";
    let fresh = || {
        let request = Composed {
            secure: true,
            ..request()
        };
        World::answering(request, answer)
    };
    let mut whole = fresh();
    assert_eq!(whole.whole(2).unwrap(), b"body");
    let (all, told) = (whole.actions, whole.told());
    for actions in 0..all {
        let mut world = fresh();
        world.cancelled_after = actions;
        assert_eq!(
            error(world.whole(2)),
            Error::OperationCancelled,
            "{actions}"
        );
        assert!(told.starts_with(&world.told()), "{actions}");
    }
}

#[test]
fn what_was_composed_is_what_is_used() {
    let exchange = World::new(request()).exchange;
    assert!(!exchange.asks_upgrade() && !exchange.is_upgraded() && !exchange.is_answered());
    assert!(exchange.trailers().is_none());
    assert_eq!(format!("{exchange:?}"), "Exchange { state: Composed, .. }");
}
