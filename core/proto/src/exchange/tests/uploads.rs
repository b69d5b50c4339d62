//! Bodies on their way out, and answers that come first.

use super::super::request_body::RequestBody;
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
    assert_eq!(error(world.receive()), Error::ConnectionError);
}

#[test]
fn a_send_that_awaits_the_head_ends_with_it_or_when_there_can_be_none() {
    for last in [Peer::Sends(REFUSAL.to_vec()), Peer::Ends, Peer::Resets] {
        let mut world = World::new(request());
        world.reading.extend([Peer::Quiet(ms(300)), last]);
        let start = world.now;
        world.send_and_await().unwrap();
        assert_eq!(world.now - start, ms(300));
    }
    let mut world = World::new(request());
    world.reading.push_back(Peer::Quiet(EVER));
    assert_eq!(error(world.send_and_await()), Error::Timeout);
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

/// A request of which more is to be written, whose response's head has been received.
fn answered_early(status: &str) -> World {
    let mut world = World::new(request());
    world.send_piece(b"", Piece::default()).unwrap();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\n");
    world.reading.push_back(Peer::Sends(head.into_bytes()));
    world.receive().unwrap();
    world
}

#[test]
fn chunks_leave_in_their_frames_however_little_is_taken_at_a_time() {
    let pieces = [(&b"hello"[..], false), (b"", false), (b"", true)];
    for size in [1, 4, 1000] {
        let mut world = World::new(request());
        world.writing.extend(vec![Peer::Takes(size); 100]);
        let mut body = RequestBody::Chunked;
        let first = body.take(2, false).unwrap();
        world.send_piece(b"ab", first).unwrap();
        for (data, ends) in pieces {
            assert!(!world.exchange.is_sent_whole());
            let piece = body.take(u64::try_from(data.len()).unwrap(), ends).unwrap();
            world.write_piece(data, piece).unwrap();
        }
        assert!(world.exchange.is_sent_whole());
        let expected = b"2\r\nab\r\n5\r\nhello\r\n0\r\n\r\n";
        assert_eq!(world.got, [HEAD, expected].concat());
    }
}

#[test]
fn fact_25_3_an_upload_goes_on_after_the_response_and_so_does_the_response() {
    let mut world = answered_early("200 OK");
    world.write_piece(b"one", Piece::default()).unwrap();
    world.reading.push_back(Peer::Sends(b"o".to_vec()));
    assert_eq!(world.read(1, false).unwrap(), b"o");
    world.write(b"two").unwrap();
    world.reading.push_back(Peer::Sends(b"k".to_vec()));
    assert_eq!(world.rest(9).unwrap(), b"k");
    assert_eq!(world.got, [HEAD, b"onetwo"].concat());
}

#[test]
fn behind_the_response_a_stuck_upload_only_waits_for_room_and_leaves_the_rest_readable() {
    for (status, ended) in [
        ("200 OK", Error::Timeout),
        ("413 No", Error::ConnectionError),
    ] {
        let mut world = answered_early(status);
        world.writing.push_back(Peer::Quiet(EVER));
        let begun = world.now;
        world.waits.clear();
        assert_eq!(error(world.write(b"body")), ended);
        let waited = world.now - begun;
        assert_eq!(
            waited,
            if ended == Error::Timeout {
                ms(300)
            } else {
                ms(0)
            }
        );
        assert!(world.waits.iter().all(|wait| *wait == (true, false)));
        assert_eq!(
            error(world.write(b"body")),
            Error::ConnectionError,
            "for good"
        );
        world.quiet_until = None;
        world.reading.push_back(Peer::Sends(b"ok".to_vec()));
        assert_eq!(world.rest(9).unwrap(), b"ok", "{status}");
    }
}

#[test]
fn a_response_that_is_whole_is_no_failure_because_the_upload_met_a_reset() {
    let mut world = answered_early("200 OK");
    world.writing.push_back(Peer::Resets);
    assert_eq!(error(world.write(b"body")), Error::ConnectionError);
    world.reading.push_back(Peer::Sends(b"ok".to_vec()));
    assert_eq!(world.rest(9).unwrap(), b"ok");
}

#[test]
fn what_ends_the_response_ends_the_upload() {
    let mut world = answered_early("200 OK");
    world.reading.push_back(Peer::Fails(Error::NotEnoughMemory));
    assert_eq!(error(world.read(1, false)), Error::NotEnoughMemory);
    assert_eq!(error(world.write(b"body")), Error::NotEnoughMemory);
}

#[test]
fn the_end_of_the_connection_waits_for_the_upload() {
    let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    for piece in [Piece::default(), Piece::WHOLE] {
        let closing = Composed {
            announces_close: true,
            ..request()
        };
        let mut world = World::answering(closing, answer);
        world.send_piece(b"", piece).unwrap();
        world.receive().unwrap();
        world.told();
        assert_eq!(world.read(1, false).unwrap(), b"");
        assert_eq!(world.told().is_empty(), !piece.is_last);
    }
}

#[test]
fn fact_25_9_a_stalled_upload_ends_after_exactly_one_limit_without_progress() {
    let mut world = World::new(request());
    world.send().unwrap();
    world
        .writing
        .extend([Peer::Quiet(ms(299)), Peer::Takes(1), Peer::Quiet(EVER)]);
    let begun = world.now;
    assert_eq!(error(world.write(b"body")), Error::Timeout);
    assert_eq!(world.now - begun, ms(599));
}

#[test]
fn a_request_of_which_more_may_be_written_is_not_sent_once_more_while_it_is_received() {
    let mut world = World::new(request());
    world.pooled = true;
    world.send_piece(b"", Piece::default()).unwrap();
    world.reading.push_back(Peer::Ends);
    assert_eq!(error(world.receive()), Error::ConnectionError);
}
