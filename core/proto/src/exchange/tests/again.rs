//! A request is sent once more where its connection was stale, and nowhere else.

use super::*;
use crate::option::ConnectionRetries;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";

/// A connection that another request has used, given up by the server: the first read meets its
/// end.
fn stale(method: &'static str) -> World {
    let mut world = World::new(Composed {
        method: method.into(),
        ..request()
    });
    world.pooled = true;
    world
        .reading
        .extend([Peer::Ends, Peer::Sends(ANSWER.to_vec())]);
    world
}

#[test]
fn a_stale_connection_shows_only_in_the_new_one() {
    let mut world = stale("GET");
    world.send().unwrap();
    world.told();
    world.receive().unwrap();
    let expected = [
        "ReceivingResponse",
        "(release)",
        "ResolvingName",
        "NameResolved",
        "ConnectingToServer",
        "ConnectedToServer",
        "ResponseReceived(38)",
    ];
    assert_eq!(world.told(), expected);
    assert_eq!(world.rest(9).unwrap(), b"x");
    assert_eq!(world.got, [HEAD, HEAD].concat());
}

#[test]
fn one_that_is_met_while_sending_is_replaced_within_the_call() {
    let mut world = stale("GET");
    world.writing.push_back(Peer::Resets);
    world.reading[0] = Peer::Resets;
    world.send_with(b"body").unwrap();
    let told = world.told();
    assert_eq!(told[..2], ["SendingRequest", "(release)"]);
    let again = told.iter().filter(|told| *told == "SendingRequest").count();
    assert_eq!((again, told.len()), (1, 7), "{told:?}");
    assert_eq!(world.got, [HEAD, b"body"].concat());
}

#[test]
fn there_is_no_second_time() {
    let mut world = stale("GET");
    world.reading[1] = Peer::Ends;
    world.send().unwrap();
    assert_eq!(error(world.receive()), Error::InvalidServerResponse);
}

#[test]
fn what_may_have_been_executed_or_cannot_be_had_again_is_not_repeated() {
    let mut world = stale("POST");
    world.send().unwrap();
    assert_eq!(error(world.receive()), Error::ConnectionError);

    let mut written = stale("PUT");
    written.send().unwrap();
    written.write(b"body").unwrap();
    assert_eq!(error(written.receive()), Error::ConnectionError);

    let mut begun = stale("GET");
    begun.reading.push_front(Peer::Sends(b"HTTP".to_vec()));
    begun.send().unwrap();
    assert_eq!(error(begun.receive()), Error::InvalidServerResponse);

    let mut interim = stale("GET");
    interim
        .reading
        .push_front(Peer::Sends(b"HTTP/1.1 100 C\r\n\r\n".to_vec()));
    interim.send().unwrap();
    assert_eq!(error(interim.receive()), Error::InvalidServerResponse);

    let mut fresh = stale("GET");
    fresh.pooled = false;
    fresh.send().unwrap();
    assert_eq!(error(fresh.receive()), Error::InvalidServerResponse);
}

#[test]
fn fact_21_5_3_what_was_given_whole_is_sent_again_while_the_answer_is_waited_for() {
    let mut world = stale("PUT");
    world.send_with(b"body").unwrap();
    world.receive_with(b"body").unwrap();
    assert_eq!(world.got, [HEAD, b"body"].concat().repeat(2));

    let mut part = stale("PUT");
    part.send_piece(b"bo", Piece::default()).unwrap();
    assert_eq!(error(part.receive_with(b"bo")), Error::ConnectionError);
}

#[test]
fn silence_is_not_staleness() {
    let mut world = stale("GET");
    world.reading[0] = Peer::Quiet(EVER);
    world.send().unwrap();
    assert_eq!(error(world.receive()), Error::Timeout);
}

#[test]
fn a_request_of_which_nothing_was_written_can_have_done_no_harm() {
    for (taken, repeated) in [(0, true), (1, false)] {
        let mut world = stale("POST");
        if taken > 0 {
            world.writing.push_back(Peer::Takes(taken));
        }
        world.writing.push_back(Peer::Resets);
        world.reading[0] = Peer::Resets;
        assert_eq!(world.send().is_ok(), repeated, "{taken}");
    }
}

#[test]
fn a_server_that_takes_nothing_is_slow_and_not_gone() {
    let mut world = stale("GET");
    world.writing.push_back(Peer::Quiet(EVER));
    world.reading[0] = Peer::Quiet(EVER);
    assert_eq!(error(world.send()), Error::Timeout);
}

#[test]
fn a_later_leg_whose_connection_is_replaced_is_told_of_like_others() {
    let mut world = World::new(Composed {
        is_later_leg: true,
        ..request()
    });
    world.pooled = true;
    world.writing.push_back(Peer::Resets);
    world
        .reading
        .extend([Peer::Resets, Peer::Sends(ANSWER.to_vec())]);
    world.receive().unwrap();
    let expected = [
        "SendingRequest",
        "(release)",
        "ResolvingName",
        "NameResolved",
        "ConnectingToServer",
        "ConnectedToServer",
        "RequestSent(32)",
        "ReceivingResponse",
        "ResponseReceived(38)",
    ];
    assert_eq!(world.told(), expected);
}

/// A world whose request is sent once more as often as this says.
fn retrying(limit: u32, conditions: u32) -> World {
    let mut world = World::new(Composed {
        retries: Some(ConnectionRetries { limit, conditions }),
        ..request()
    });
    world.pooled = true;
    world
}

#[test]
fn fact_21_5_4_a_request_is_told_of_though_its_first_handshake_failed() {
    for (conditions, repeated) in [(2, true), (5, false)] {
        let mut world = World::new(Composed {
            retries: Some(ConnectionRetries {
                limit: 1,
                conditions,
            }),
            secure: true,
            ..request()
        });
        world.securing.push_back(Peer::Resets);
        assert_eq!(world.send().is_ok(), repeated, "{conditions}");
        let told = world.told();
        let sending = told.iter().filter(|told| *told == "SendingRequest").count();
        assert_eq!(sending, usize::from(repeated), "{told:?}");
    }
}

#[test]
fn facts_21_5_2_and_21_5_4_the_program_says_when_a_request_is_sent_once_more() {
    let refusal = b"HTTP/1.1 408 Late\r\nConnection: close\r\n\r\n";
    for (limit, conditions, hidden) in [(1, 1, true), (1, 6, false), (0, 7, false)] {
        let mut world = retrying(limit, conditions);
        world
            .reading
            .extend([Peer::Sends(refusal.to_vec()), Peer::Sends(ANSWER.to_vec())]);
        world.send().unwrap();
        world.receive().unwrap();
        let status = world.exchange.take_head().unwrap().status;
        assert_eq!(
            status,
            if hidden { 200 } else { 408 },
            "{limit} {conditions}"
        );
    }
    for (limit, conditions, repeated) in [(1, 4, true), (1, 3, false), (0, 7, false)] {
        let mut world = retrying(limit, conditions);
        world
            .reading
            .extend([Peer::Ends, Peer::Sends(ANSWER.to_vec())]);
        world.send().unwrap();
        assert_eq!(world.receive().is_ok(), repeated, "{limit} {conditions}");
    }
}
