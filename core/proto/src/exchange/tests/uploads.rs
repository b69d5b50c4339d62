//! Bodies on their way out, and answers that come first.

use super::*;

const REFUSAL: &[u8] = b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno";

/// A world in which the head is out and the system takes nothing more for a while.
fn stuck(reading: impl IntoIterator<Item = Peer>) -> World {
    let mut world = World::new(request());
    world.writing.push_back(Peer::Takes(HEAD.len()));
    world.send().unwrap();
    world.writing.push_back(Peer::Quiet(EVER));
    world.reading.extend(reading);
    world
}

#[test]
fn head_given_data_and_written_data_leave_in_order_however_little_is_taken_at_a_time() {
    for size in [1, 5, 1000] {
        let mut world = World::new(request());
        world.writing.extend(vec![Peer::Takes(size); 100]);
        world.send_with(b"given ").unwrap();
        let sent = format!("RequestSent({})", HEAD.len() + 6);
        assert_eq!(world.told().last(), Some(&sent));
        assert_eq!(world.write(b"written").unwrap(), 7);
        assert_eq!(world.write(b"").unwrap(), 0);
        assert_eq!(world.got, [HEAD, b"given written"].concat());
    }
}

#[test]
fn a_slow_but_steady_reader_gets_an_upload_that_lasts_longer_than_the_limit() {
    let slow = || {
        let steps = [Peer::Quiet(ms(299)), Peer::Takes(10)];
        steps.into_iter().cycle().take(60).collect::<VecDeque<_>>()
    };
    let mut world = World::new(request());
    let start = world.now;
    world.writing = slow();
    world.send_with(&[b'x'; 100]).unwrap();
    assert!(world.now - start > ms(1500), "several times 300 ms");
    world.writing = slow();
    assert_eq!(world.write(&[b'y'; 100]).unwrap(), 100);
}

#[test]
fn a_refusal_ends_an_upload_that_is_stuck_and_is_received() {
    let mut world = stuck([Peer::Sends(REFUSAL.to_vec())]);
    let failure = world.write(b"body").unwrap_err();
    assert_eq!(failure.error(), Error::ConnectionError);
    assert!(
        failure
            .to_string()
            .contains("has answered before the body was sent")
    );
    assert!(world.exchange.is_answered());
    assert_eq!(
        error(world.write(b"body")),
        Error::ConnectionError,
        "for good"
    );
    world.receive().unwrap();
    assert_eq!(world.rest(10).unwrap(), b"no");
}

#[test]
fn a_refusal_during_send_request_lets_it_succeed() {
    let mut world = World::new(request());
    world
        .writing
        .extend([Peer::Takes(HEAD.len()), Peer::Quiet(EVER)]);
    world.reading.push_back(Peer::Sends(REFUSAL.to_vec()));
    world.send_with(b"body").unwrap();
    let sent = format!("RequestSent({})", HEAD.len());
    assert_eq!(world.told().last(), Some(&sent));
    world.receive().unwrap();
}

#[test]
fn a_success_that_comes_early_does_not_end_the_upload_before_its_limit() {
    let success = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let mut world = stuck([Peer::Sends(success.to_vec())]);
    let start = world.now;
    assert_eq!(error(world.write(b"body")), Error::Timeout);
    assert_eq!(world.now - start, ms(300));
    world.receive().unwrap();
}

#[test]
fn a_connection_lost_behind_an_answer_leaves_the_answer() {
    let mut world = World::new(request());
    world.send().unwrap();
    world.writing.push_back(Peer::Resets);
    world
        .reading
        .extend([Peer::Sends(REFUSAL.to_vec()), Peer::Resets]);
    assert_eq!(error(world.write(b"body")), Error::ConnectionError);
    world.receive().unwrap();
    assert_eq!(world.rest(10).unwrap(), b"no");
}

#[test]
fn a_connection_lost_without_an_answer_is_the_end() {
    let mut world = World::new(request());
    world.send().unwrap();
    world.writing.push_back(Peer::Resets);
    world.reading.push_back(Peer::Resets);
    assert_eq!(error(world.write(b"body")), Error::ConnectionError);
    assert!(!world.exchange.is_answered());
    assert_eq!(error(world.receive()), Error::IncorrectHandleState);
}

#[test]
fn a_send_that_awaits_the_head_ends_with_it_or_when_there_can_be_none() {
    for last in [Peer::Sends(REFUSAL.to_vec()), Peer::Ends, Peer::Resets] {
        let mut world = World::new(request());
        world.reading.extend([Peer::Quiet(ms(300)), last]);
        let start = world.now;
        let awaits = Awaits::Head;
        world.run(&mut Call::Send { given: b"", awaits }).unwrap();
        assert_eq!(world.now - start, ms(300));
    }
    let mut world = World::new(request());
    world.reading.push_back(Peer::Quiet(EVER));
    let awaits = Awaits::Head;
    let sent = world.run(&mut Call::Send { given: b"", awaits });
    assert_eq!(error(sent), Error::Timeout);
}

#[test]
fn behind_what_had_arrived_a_lost_connection_is_met_whatever_the_end_looks_like() {
    let part = b"HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nno";
    for last in [Peer::Ends, Peer::Quiet(EVER)] {
        let mut world = World::new(request());
        world.send().unwrap();
        world.writing.push_back(Peer::Resets);
        world.reading.extend([Peer::Sends(part.to_vec()), last]);
        assert_eq!(error(world.write(b"body")), Error::ConnectionError);
        world.receive().unwrap();
        assert_eq!(world.read(10, false).unwrap(), b"no");
        let begun = world.now;
        assert_eq!(error(world.read(10, false)), Error::ConnectionError);
        assert_eq!(world.now, begun, "without waiting");
    }
}

#[test]
fn of_two_losses_the_first_counts() {
    let mut world = World::new(request());
    world.send().unwrap();
    world.writing.push_back(Peer::Fails(Error::NotEnoughMemory));
    world.reading.push_back(Peer::Resets);
    assert_eq!(error(world.write(b"body")), Error::NotEnoughMemory);
}

#[test]
fn a_refusal_in_pieces_is_read_to_its_end_before_anything_is_waited_for() {
    let (first, rest) = REFUSAL.split_at(10);
    let mut world = stuck([first, rest].map(|piece| Peer::Sends(piece.to_vec())));
    let begun = world.now;
    assert_eq!(error(world.write(b"body")), Error::ConnectionError);
    assert_eq!(world.now, begun);
}
