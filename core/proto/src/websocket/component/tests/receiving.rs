//! Frames on their way in: pieces, control frames, violations.

use super::super::super::error::ProtocolError;
use super::super::super::mask;
use super::*;

/// A masked frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut wire = vec![first, 0x80 | u8::try_from(payload.len()).unwrap()];
    wire.extend(KEY);
    wire.extend(payload);
    mask::apply(MaskKey::new(KEY), 0, &mut wire[6..]);
    wire
}

/// The next payload, which must be at hand.
fn payload(server: &mut End) -> (BufferType, Vec<u8>) {
    server.receive();
    let action = server.action(Queue::Receive).unwrap();
    let Action::IndicateReceiveComplete { received, .. } = &action else {
        panic!("nothing is indicated: {action:?}");
    };
    let bytes = match received {
        Received::Data { payload: place, .. } | Received::Pong(place) => server.at(place),
        Received::Close { reason, .. } => reason.map_or(vec![], |reason| server.at(&reason)),
        Received::Nothing { .. } => vec![],
    };
    let buffer_type = received.buffer_type();
    server.done(&action, 0);
    (buffer_type, bytes)
}

#[test]
fn frames_of_one_read_are_told_one_by_one() {
    let mut server = End::new(Role::Server);
    server.receive();
    let wire = [
        frame(0x01, b"ab"),
        frame(0x8a, b"hb"),
        frame(0x00, b""),
        frame(0x80, b"cd"),
        frame(0x82, b""),
        frame(0x88, b"\x03\xe8bye"),
    ];
    server.feed(&wire.concat());
    let action = server.action(Queue::Receive).unwrap();
    server.done(&action, 0);
    assert_eq!(payload(&mut server), (BufferType::PingPong, b"hb".to_vec()));
    assert_eq!(
        payload(&mut server),
        (BufferType::Message(Text), b"cd".to_vec())
    );
    assert_eq!(
        payload(&mut server),
        (BufferType::Message(Binary), b"".to_vec())
    );
    assert_eq!(payload(&mut server), (BufferType::Close, b"bye".to_vec()));
    assert_eq!(
        server.0.receive(None, 0),
        Err(ComponentError::InvalidOperation)
    );
}

#[test]
fn pings_in_one_read_are_answered_before_what_follows_is_told() {
    let mut server = End::new(Role::Server);
    server.receive();
    server.feed(&[frame(0x89, b"1"), frame(0x89, b"2"), frame(0x81, b"x")].concat());
    for expected in [b"\x8a\x011", b"\x8a\x012"] {
        let pong = server.action(Queue::Receive).unwrap();
        let Action::SendToNetwork { first, .. } = &pong else {
            panic!("no pong: {pong:?}");
        };
        assert_eq!(server.at(first), expected);
        server.done(&pong, 3);
    }
    let told = server.action(Queue::Receive).unwrap();
    assert!(
        matches!(told, Action::IndicateReceiveComplete { .. }),
        "{told:?}"
    );
}

#[test]
fn a_target_takes_what_fits_and_the_rest_stays() {
    let mut server = End::new(Role::Server);
    server.0.receive(Some(vec![0; 4]), 2).unwrap();
    server.feed(&frame(0x81, b"Hello"));
    let expected = [(false, 4), (true, 1)];
    for (last, len) in expected {
        let action = server.action(Queue::Receive).unwrap();
        let Action::IndicateReceiveComplete {
            received:
                Received::Data {
                    last: told,
                    kind: Text,
                    payload: Place::Lent { len: stored, .. },
                },
            ..
        } = action
        else {
            panic!("{action:?}");
        };
        assert_eq!((told, stored), (last, len));
        server.done(&action, 0);
        server.0.receive(Some(vec![0; 4]), 2).unwrap();
    }
}

#[test]
fn a_violation_stays_until_the_abort() {
    let mut server = End::new(Role::Server);
    server.receive();
    server.feed(&[frame(0x81, b"ok"), vec![0x80, 0x80]].concat());
    let action = server.action(Queue::Receive).unwrap();
    server.done(&action, 0);
    server.receive();
    let failure = Err(ComponentError::Protocol(
        ProtocolError::ContinuationWithoutMessage,
    ));
    assert_eq!(server.action(Queue::Receive), failure);
    assert_eq!(server.action(Queue::All), failure);
    assert_eq!(
        server.0.receive(None, 0),
        Err(ComponentError::InvalidOperation)
    );
    server.send(Outgoing::Close(Some((1002, vec![])))).unwrap();
    let close = server.action(Queue::All).unwrap();
    assert!(matches!(close, Action::SendToNetwork { .. }), "{close:?}");
    server.0.abort();
    let told = server.action(Queue::Receive).unwrap();
    assert!(
        matches!(told, Action::IndicateReceiveComplete { .. }),
        "{told:?}"
    );
}

#[test]
fn without_entries_nothing_is_lost() {
    let mut server = End::new(Role::Server);
    server.receive();
    assert_eq!(
        server.0.action(Queue::All, 0, &keys),
        Err(ComponentError::InsufficientBuffer)
    );
    server.feed(&[frame(0x89, b"p"), frame(0x81, b"x")].concat());
    assert_eq!(
        server.0.action(Queue::All, 0, &keys),
        Err(ComponentError::InsufficientBuffer)
    );
    server.send(text("y")).unwrap();
    assert_eq!(
        server.0.action(Queue::Send, 0, &keys),
        Err(ComponentError::InsufficientBuffer)
    );
    let pong = server.action(Queue::Receive).unwrap();
    server.done(&pong, 3);
    let frame = server.action(Queue::Send).unwrap();
    server.done(&frame, 3);
    let indication = server.0.action(Queue::All, 0, &keys).unwrap();
    server.done(&indication, 0);
    let told = server.action(Queue::All).unwrap();
    assert!(
        matches!(told, Action::IndicateReceiveComplete { .. }),
        "{told:?}"
    );
}
