//! Every wait has its limit, and none has that of another.

use super::*;

/// How long it took until this failed with a timeout.
fn lasts(mut world: World, work: impl FnOnce(&mut World) -> Result<()>) -> Duration {
    let start = world.now;
    assert_eq!(error(work(&mut world)), Error::Timeout);
    world.now - start
}

#[test]
fn each_wait_ends_after_its_own_limit() {
    let mut world = World::new(request());
    world.writing.push_back(Peer::Quiet(EVER));
    world.reading.push_back(Peer::Quiet(EVER));
    assert_eq!(lasts(world, World::send), ms(300), "sending");

    let mut world = World::new(request());
    world.reading.push_back(Peer::Quiet(EVER));
    world.send().unwrap();
    assert_eq!(lasts(world, World::receive), ms(400), "receiving");
}

#[test]
fn a_head_that_drips_ends_with_the_limit_of_the_whole() {
    let mut world = World::new(request());
    for _ in 0..20 {
        let drip = Peer::Sends(b"HTTP/1.1 100 C\r\nA: b\r\n"[..1].to_vec());
        world.reading.extend([Peer::Quiet(ms(150)), drip]);
    }
    world.reading[1] = Peer::Sends(b"HTTP/1.1 200 OK\r\nA: ".to_vec());
    world.send().unwrap();
    assert_eq!(
        lasts(world, World::receive),
        ms(1050),
        "the first drip after it"
    );
}

#[test]
fn fact_35_9_the_limit_of_the_whole_head_is_looked_at_when_something_arrives() {
    let receive = |world: &mut World| {
        world.send().unwrap();
        world.receive()
    };
    for awaits in [receive, World::send_and_await] {
        let begin = |receive_ms| {
            let mut world = World::new(request());
            world.timeouts.receive_ms = receive_ms;
            world
        };
        let mut silent = begin(5000);
        silent.reading.push_back(Peer::Quiet(EVER));
        assert_eq!(lasts(silent, awaits), ms(5000), "RECEIVE_TIMEOUT");
        for late in [&b"HTTP/1.1 204 No Content\r\n\r\n"[..], b"H"] {
            let mut world = begin(0);
            let comes = [Peer::Quiet(ms(7000)), Peer::Sends(late.to_vec())];
            world.reading.extend(comes);
            assert_eq!(lasts(world, awaits), ms(7000), "{late:?}");
        }
    }
}

#[test]
fn fact_35_9_the_head_is_due_from_the_end_of_sending_on() {
    let late = || [Peer::Quiet(ms(200)), Peer::Sends(b"H".to_vec())];
    let mut world = World::new(request());
    world.send().unwrap();
    world.now += ms(900);
    world.reading.extend(late());
    assert_eq!(lasts(world, World::receive), ms(200));
    // The end of sending is that of the last write.
    let mut world = World::new(request());
    world.send_piece(b"", Piece::default()).unwrap();
    world.now += ms(900);
    world.write(b"body").unwrap();
    world.now += ms(700);
    world.reading.extend(late());
    let rest = b"TTP/1.1 204 No Content\r\n\r\n";
    world.reading.push_back(Peer::Sends(rest.to_vec()));
    assert_eq!(world.receive(), Ok(()));
}

#[test]
fn a_body_that_drips_goes_on_as_long_as_it_drips() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
    let mut world = World::answering(request(), head);
    for _ in 0..10 {
        let drip = Peer::Sends(b"x".to_vec());
        world.reading.extend([Peer::Quiet(ms(399)), drip]);
    }
    let start = world.now;
    assert_eq!(world.whole(100).unwrap(), [b'x'; 10]);
    assert_eq!(world.now - start, ms(3990));
}

#[test]
fn the_time_between_calls_counts_for_no_wait() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
    let mut world = World::answering(request(), head);
    world.send().unwrap();
    world.now += EVER;
    world.receive().unwrap();
    for byte in [b"a", b"b"] {
        world.now += EVER;
        let late = Peer::Sends(byte.to_vec());
        world.reading.extend([Peer::Quiet(ms(399)), late]);
        assert_eq!(world.read(1, false).unwrap(), byte);
    }
}

#[test]
fn without_limits_anything_may_last() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
    let mut world = World::new(request());
    world.timeouts = Timeouts {
        resolve_ms: 100,
        connect_ms: 200,
        send_ms: u32::MAX,
        receive_ms: 0,
        receive_response_ms: 0,
    };
    world.writing.extend([Peer::Quiet(EVER), Peer::Takes(1000)]);
    world.send().unwrap();
    world
        .reading
        .extend([Peer::Quiet(EVER), Peer::Sends(head.to_vec())]);
    world.receive().unwrap();
    assert_eq!(world.rest(9).unwrap(), b"x");
}

#[test]
fn what_is_waited_for_is_room_to_write_or_something_to_read() {
    const WRITE: (bool, bool) = (true, false);
    const EITHER: (bool, bool) = (true, true);
    const READ: (bool, bool) = (false, true);
    let quiet = || Peer::Quiet(ms(10));
    let mut world = World::new(request());
    world.writing.extend([quiet(), Peer::Takes(1000)]);
    world.send().unwrap();
    assert_eq!(world.waits, [EITHER], "an answer may come first");
    let success = Peer::Sends(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n".to_vec());
    world
        .reading
        .extend([success, quiet(), Peer::Sends(b"x".to_vec())]);
    world
        .writing
        .extend([quiet(), Peer::Takes(1), quiet(), Peer::Takes(1)]);
    world.write(b"12").unwrap();
    assert_eq!(world.waits, [EITHER, WRITE, WRITE], "the answer is there");
    world.receive().unwrap();
    world.rest(1).unwrap();
    assert_eq!(world.waits[3..], [READ]);

    let mut world = World::answering(request(), b"HTTP/1.1 204 No Content\r\n\r\n");
    world.reading.push_front(quiet());
    world.send_and_await().unwrap();
    assert_eq!(world.waits, [READ], "nothing is left to write");

    let mut world = World::answering(request(), b"HTTP/1.1 204 No Content\r\n\r\n");
    world.reading.push_front(quiet());
    world.send().unwrap();
    world.receive().unwrap();
    assert_eq!(world.waits, [READ]);
}

#[test]
fn a_wait_is_not_taken_for_another_that_began_at_the_same_count() {
    let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
    let mut world = World::new(request());
    let quiet = [Peer::Takes(10), Peer::Quiet(ms(250)), Peer::Takes(1000)];
    world.writing.extend(quiet);
    world.send().unwrap();
    let (first, rest) = answer.split_at(10);
    let late = [Peer::Quiet(ms(399)), Peer::Sends(rest.to_vec())];
    world.reading.push_back(Peer::Sends(first.to_vec()));
    world.reading.extend(late);
    world.receive().unwrap();
}
