//! Answers that ask for another request, and the requests that ReceiveResponse sends by itself.

use super::super::request_body::RequestBody;
use super::*;
use crate::header::HeaderList;

const MOVED: &[u8] = b"HTTP/1.1 302 Moved\r\nLocation: /x\r\nContent-Length: 4\r\n\r\ngone";
const ASKS: &[u8] = b"HTTP/1.1 401 Who\r\nContent-Length: 0\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";

/// A request that answers another one's answer.
fn later(method: &'static str) -> Composed {
    Composed {
        method: method.into(),
        is_later_leg: true,
        ..request()
    }
}

/// A world whose first answer is followed by another request.
fn led(first: &[u8], then: impl IntoIterator<Item = Peer>) -> World {
    let mut world = World::answering(request(), first);
    world.reading.extend(then);
    world.follows.push_back(later("GET"));
    world
}

fn sends(bytes: &[u8]) -> Peer {
    Peer::Sends(bytes.to_vec())
}

#[test]
fn an_answer_that_asks_for_more_is_followed_inside_one_call() {
    for first in [MOVED, ASKS] {
        let mut world = led(first, [sends(ANSWER)]);
        world.send().unwrap();
        world.told();
        world.receive().unwrap();
        let head = if first == MOVED { 55 } else { 39 };
        let received = format!("ResponseReceived({head})");
        let expected = [
            "ReceivingResponse",
            &received,
            "(answered)",
            "SendingRequest",
            "RequestSent(32)",
            "ReceivingResponse",
            "ResponseReceived(38)",
        ];
        assert_eq!(world.told(), expected);
        assert_eq!(world.rest(9).unwrap(), b"x");
        assert_eq!(world.got, [HEAD, HEAD].concat());
        assert_eq!(world.let_go, [Release::Keep], "that of the last answer");
    }
}

#[test]
fn what_the_program_gets_is_asked_about_once() {
    for status in [300, 301, 302, 303, 307, 308, 401] {
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 1\r\n\r\nx");
        let mut world = World::answering(request(), answer.as_bytes());
        world.send().unwrap();
        world.receive().unwrap();
        assert_eq!(world.exchange.take_head().unwrap().status, status);
        assert_eq!(world.rest(9).unwrap(), b"x");
    }
    for (status, is_authenticated, asked) in [
        (200, false, false),
        (200, true, true),
        (304, false, false),
        (407, false, false),
        (401, true, true),
    ] {
        let request = Composed {
            is_authenticated,
            ..request()
        };
        let answer = format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n");
        let mut world = World::answering(request, answer.as_bytes());
        world.follows.push_back(later("GET"));
        world.reading.push_back(sends(ANSWER));
        world.send().unwrap();
        world.receive().unwrap();
        let was_asked = world.told().contains(&"(answered)".to_owned());
        assert_eq!(was_asked, asked, "{status}");
    }
}

#[test]
fn facts_21_3_3_and_26_1_only_of_a_connection_that_goes_on_there_can_be_too_much_to_pass() {
    let too_much = |fields: &str| {
        let answer = format!("HTTP/1.1 302 Moved\r\n{fields}\r\n\r\n");
        let mut world = World::answering(request(), answer.as_bytes());
        world.send().unwrap();
        world.receive().unwrap();
        world.exchange.is_too_much_to_pass()
    };
    assert!(!too_much("Content-Length: 100"));
    assert!(too_much("Content-Length: 101"));
    assert!(!too_much("Content-Length: 101\r\nConnection: close"));
    assert!(!too_much("Transfer-Encoding: chunked"), "nobody knows");
    assert!(!too_much("X: y"), "it ends with its connection");
    let none = World::new(request());
    assert!(!none.exchange.is_too_much_to_pass());
}

#[test]
fn a_rest_that_is_passed_leaves_its_connection_and_any_other_answer_ends_it() {
    let rest = |answer: &[u8], request| {
        let mut world = World::answering(request, answer);
        world.send().unwrap();
        world.receive().unwrap();
        world.exchange.take_rest()
    };
    assert!(rest(MOVED, request()).is_some());
    let ends = b"HTTP/1.1 302 Moved\r\nConnection: close\r\nContent-Length: 4\r\n\r\ngone";
    assert!(rest(ends, request()).is_none());
    assert!(rest(b"HTTP/1.1 302 Moved\r\n\r\ngone", request()).is_none());
    let announced = Composed {
        announces_close: true,
        ..request()
    };
    assert!(rest(MOVED, announced).is_none());

    let mut world = World::answering(request(), MOVED);
    world.send_piece(b"bo", Piece::default()).unwrap();
    world.receive().unwrap();
    assert!(
        world.exchange.take_rest().is_none(),
        "half a request is out"
    );
}

#[test]
fn a_body_that_was_given_whole_is_had_again_though_its_answer_came_early() {
    let early = |given: &[u8], piece| {
        let mut world = World::new(request());
        world
            .writing
            .extend([Peer::Takes(HEAD.len()), Peer::Quiet(EVER)]);
        world.reading.push_back(sends(ASKS));
        world.send_piece(given, piece).unwrap();
        world
    };
    let mut whole = early(b"body", Piece::WHOLE);
    whole.follows.push_back(later("POST"));
    whole.reading.push_back(sends(ANSWER));
    whole.writing.clear();
    whole.receive_with(b"body").unwrap();
    assert!(!whole.pooled, "half a request is out");
    assert_eq!(whole.got, [HEAD, HEAD, b"body"].concat());

    let whole = early(b"body", Piece::WHOLE);
    assert!(whole.exchange.is_replayable());
    let part = early(b"bo", Piece::default());
    assert!(!part.exchange.is_replayable());
    let none = HeaderList::new();
    let (mut left, _, first) = RequestBody::new("POST", &none, false, 4, 2).unwrap();
    let mut written = World::answering(request(), ASKS);
    written.send_piece(b"bo", first).unwrap();
    let rest = left.take(2, false).unwrap();
    written.write_piece(b"dy", rest).unwrap();
    written.receive_with(b"bo").unwrap();
    assert!(!written.exchange.is_replayable(), "the program has it back");
}

#[test]
fn a_later_leg_keeps_its_body_for_the_next_one() {
    let mut world = World::answering(request(), ASKS);
    world.follows.extend([later("POST"), later("POST")]);
    world.reading.extend([sends(MOVED), sends(ANSWER)]);
    world.send_with(b"body").unwrap();
    world.receive_with(b"body").unwrap();
    assert_eq!(world.got, [HEAD, b"body"].concat().repeat(3));
    assert!(world.exchange.is_replayable());
}

#[test]
fn a_later_leg_on_a_connection_that_was_given_up_goes_on_another_if_that_does_no_harm() {
    for (method, end, outcome) in [
        ("GET", Peer::Ends, None),
        ("GET", Peer::Resets, None),
        ("PUT", Peer::Ends, None),
        ("POST", Peer::Ends, Some(Error::ConnectionError)),
        ("POST", Peer::Resets, Some(Error::ConnectionError)),
    ] {
        let mut world = led(MOVED, [end.clone(), sends(ANSWER)]);
        world.follows = [later(method)].into();
        world.send_with(b"body").unwrap();
        let received = world.receive_with(b"body");
        let told = world.told();
        assert_eq!(
            received.err().map(|failure| failure.error()),
            outcome,
            "{method} {end:?}"
        );
        let replaced = told.contains(&"(release)".to_owned());
        assert_eq!(replaced, outcome.is_none(), "{method} {end:?}");
        let legs = if outcome.is_none() { 3 } else { 2 };
        assert_eq!(world.got, [HEAD, b"body"].concat().repeat(legs));
    }
    // There is no second time, and none for what has begun.
    let mut twice = led(MOVED, [Peer::Ends, Peer::Ends]);
    twice.send().unwrap();
    assert_eq!(error(twice.receive()), Error::InvalidServerResponse);
    let mut begun = led(MOVED, [sends(b"HTTP"), Peer::Ends]);
    begun.send().unwrap();
    assert_eq!(error(begun.receive()), Error::InvalidServerResponse);
}

#[test]
fn a_later_leg_on_a_new_connection_fails_like_a_first_request() {
    let ends = b"HTTP/1.1 302 Moved\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    for (end, expected) in [
        (Peer::Ends, Error::InvalidServerResponse),
        (Peer::Resets, Error::ConnectionError),
        (Peer::Quiet(EVER), Error::Timeout),
    ] {
        let mut world = led(ends, [end]);
        world.send().unwrap();
        assert_eq!(error(world.receive()), expected);
    }
}

#[test]
fn fact_26_14_each_leg_has_its_timeouts_afresh() {
    let quiet = |time| Peer::Quiet(ms(time));
    // RECEIVE_RESPONSE_TIMEOUT is 1000 ms: each leg takes less, both take more.
    let drips = |answer: &[u8]| {
        let (first, rest) = answer.split_at(10);
        [quiet(390), sends(first), quiet(390), sends(rest)]
    };
    let mut world = World::new(request());
    world
        .reading
        .extend(drips(MOVED).into_iter().chain(drips(ANSWER)));
    world.follows.push_back(later("GET"));
    world.writing.extend([
        Peer::Takes(1000),
        quiet(290),
        Peer::Takes(10),
        quiet(290),
        Peer::Takes(1000),
    ]);
    let begun = world.now;
    world.send().unwrap();
    world.receive().unwrap();
    assert_eq!(world.now - begun, ms(4 * 390 + 2 * 290));
    assert_eq!(world.rest(9).unwrap(), b"x");

    let mut silent = led(MOVED, [Peer::Quiet(EVER)]);
    silent.reading.push_front(quiet(399));
    let begun = silent.now;
    silent.send().unwrap();
    assert_eq!(error(silent.receive()), Error::Timeout);
    assert_eq!(silent.now - begun, ms(399 + 400));

    let mut stuck = led(MOVED, []);
    stuck.writing.extend([Peer::Takes(1000), Peer::Quiet(EVER)]);
    stuck.reading.push_back(Peer::Quiet(EVER));
    let begun = stuck.now;
    stuck.send().unwrap();
    assert_eq!(error(stuck.receive()), Error::Timeout);
    assert_eq!(stuck.now - begun, ms(300), "SEND_TIMEOUT");
}

#[test]
fn a_refusal_during_a_later_leg_is_its_answer() {
    let refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno";
    let mut world = led(MOVED, [sends(refusal)]);
    let taken = HEAD.len() + 4;
    world
        .writing
        .extend([Peer::Takes(taken), Peer::Takes(HEAD.len())]);
    world.writing.push_back(Peer::Quiet(EVER));
    world.send_with(b"body").unwrap();
    world.receive_with(b"body").unwrap();
    assert_eq!(world.exchange.take_head().unwrap().status, 413);
    assert_eq!(world.rest(9).unwrap(), b"no");
}

#[test]
fn a_handle_that_is_closed_ends_the_call_at_every_step_of_every_leg() {
    for actions in 0.. {
        let mut world = led(MOVED, [sends(ASKS), sends(ANSWER)]);
        world.follows.push_back(later("GET"));
        world.cancelled_after = actions;
        let outcome = world.send().and_then(|()| world.receive());
        if outcome.is_ok() {
            assert!(actions > 15, "{actions}");
            break;
        }
        assert_eq!(error(outcome), Error::OperationCancelled, "{actions}");
    }
}
