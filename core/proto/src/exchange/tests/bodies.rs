//! Bodies in every framing, in pieces of every size, and what breaks them off.

use super::*;

fn answer(fields: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes(), body].concat()
}

/// A world in which the response's head has been received; the body comes in pieces of this size,
/// then the end.
fn receiving(fields: &str, body: &[u8], size: usize, end: Peer) -> World {
    let mut world = World::answering(request(), &answer(fields, b""));
    for piece in body.chunks(size) {
        world.reading.push_back(Peer::Sends(piece.to_vec()));
    }
    world.reading.push_back(end);
    world.send().unwrap();
    world.receive().unwrap();
    world
}

#[test]
fn every_framing_in_pieces_of_every_size_into_buffers_of_every_size() {
    let body: Vec<u8> = (0..=255).cycle().take(50_000).collect();
    let mut chunked = Vec::new();
    for chunk in body.chunks(30_000) {
        chunked.extend(format!("{:x};a=b\r\n", chunk.len()).as_bytes());
        chunked.extend(chunk);
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\nTrailer: yes\r\n\r\n");
    let cases = [
        (format!("Content-Length: {}\r\n", body.len()), &body),
        ("Transfer-Encoding: chunked\r\n".to_owned(), &chunked),
        (String::new(), &body),
    ];
    for (fields, wire) in &cases {
        for size in [997, 20_000, wire.len()] {
            for buffer in [1000, 16 * 1024, 100_000] {
                let mut world = receiving(fields, wire, size, Peer::Ends);
                let read = world.rest(buffer).unwrap();
                assert!(read == body, "{fields} {size} {buffer}");
                assert!(world.exchange.trailers().is_some());
                assert_eq!(world.available().unwrap(), 0);
            }
        }
    }
}

#[test]
fn what_is_available_does_not_cross_a_chunk_or_a_limit() {
    let mut world = receiving(
        "Transfer-Encoding: chunked\r\n",
        b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n",
        100,
        Peer::Ends,
    );
    assert_eq!(world.available().unwrap(), 3);
    assert_eq!(world.available().unwrap(), 3, "asking takes nothing");
    assert_eq!(world.read(3, true).unwrap(), b"abc");
    assert_eq!(world.available().unwrap(), 4);
    assert_eq!(world.read(2, false).unwrap(), b"de");
    assert_eq!(world.available().unwrap(), 2);
    assert_eq!(world.rest(9).unwrap(), b"fg");

    let mut world = receiving("Content-Length: 9000\r\n", &[b'x'; 9000], 9000, Peer::Ends);
    assert_eq!(world.available().unwrap(), 8192);
}

#[test]
fn a_read_of_any_number_takes_what_is_there_and_a_full_one_waits() {
    let mut world = receiving("Content-Length: 6\r\n", b"abcdef", 2, Peer::Ends);
    assert_eq!(world.read(100, true).unwrap(), b"ab");
    assert_eq!(world.read(3, false).unwrap(), b"cde");
    assert_eq!(world.read(0, false).unwrap(), b"");
    assert_eq!(world.read(100, false).unwrap(), b"f");
}

#[test]
fn a_read_that_got_some_bytes_ends_with_them_and_the_next_one_fails() {
    let chunked = "Transfer-Encoding: chunked\r\n";
    let cases = [
        (
            chunked,
            &b"3\r\nabc\r\n"[..],
            Peer::Ends,
            Error::ConnectionError,
        ),
        (
            chunked,
            b"3\r\nabc\r\nzz\r\n",
            Peer::Ends,
            Error::InvalidServerResponse,
        ),
        (
            "Content-Length: 5\r\n",
            b"abc",
            Peer::Cut,
            Error::ConnectionError,
        ),
        (
            "Content-Length: 5\r\n",
            b"abc",
            Peer::Resets,
            Error::ConnectionError,
        ),
        (
            "Content-Length: 5\r\n",
            b"abc",
            Peer::Quiet(EVER),
            Error::Timeout,
        ),
    ];
    for (fields, wire, end, expected) in cases {
        let mut world = receiving(fields, wire, wire.len(), end.clone());
        assert_eq!(world.read(100, false).unwrap(), b"abc", "{end:?}");
        assert_eq!(error(world.read(100, false)), expected, "{end:?}");
        let over = error(world.read(100, false));
        assert_eq!(over, Error::IncorrectHandleState, "{end:?}");

        let mut world = receiving(fields, wire, wire.len(), end.clone());
        assert_eq!(world.available().unwrap(), 3);
        assert_eq!(world.read(3, false).unwrap(), b"abc");
        assert_eq!(error(world.available()), expected, "{end:?}");
    }
}

#[test]
fn an_orderly_end_before_the_announced_length_is_the_end() {
    let mut world = receiving("Content-Length: 5\r\n", b"abc", 3, Peer::Ends);
    assert_eq!(world.rest(100).unwrap(), b"abc");
}

#[test]
fn what_is_at_hand_needs_no_waiting() {
    let mut world = World::answering(request(), &answer("Content-Length: 4\r\n", b"ab"));
    world.send().unwrap();
    world.receive().unwrap();
    let at_hand = |world: &World, wanted| world.exchange.has_at_hand(wanted, &world.inbox.0);
    assert!(at_hand(&world, 2) && !at_hand(&world, 3) && !at_hand(&world, 0));
    world.reading.push_back(Peer::Sends(b"cd".to_vec()));
    assert_eq!(world.read(4, false).unwrap(), b"abcd");
    assert!(at_hand(&world, 100), "the body is over");
}

#[test]
fn reading_ahead_for_a_quotation_loses_nothing() {
    let mut world = World::answering(request(), &answer("Content-Length: 2\r\n", b""));
    world.send().unwrap();
    world.receive().unwrap();
    assert!(world.exchange.may_look_ahead(&world.inbox.0));
    world
        .exchange
        .looked_ahead(Arrived::Failed(Error::SecureChannelError.into()));
    assert!(!world.exchange.may_look_ahead(&world.inbox.0));
    assert_eq!(
        error(world.read(2, false)),
        Error::ConnectionError,
        "met by the next read"
    );
}

#[test]
fn trailers_are_there_when_the_body_is_over() {
    let wire = b"1\r\nx\r\n0\r\nTrailer: yes\r\n\r\n";
    let mut world = receiving("Transfer-Encoding: chunked\r\n", wire, 100, Peer::Ends);
    assert!(world.exchange.trailers().is_none());
    assert_eq!(world.rest(9).unwrap(), b"x");
    let trailers = world.exchange.trailers().flatten().unwrap();
    assert!(trailers.has_token("Trailer", "yes"));

    let mut world = receiving("Content-Length: 1\r\n", b"x", 1, Peer::Ends);
    assert!(world.exchange.trailers().is_none());
    world.rest(9).unwrap();
    assert!(matches!(world.exchange.trailers(), Some(None)));
}

#[test]
fn large_pieces_go_straight_into_the_programs_memory_and_small_ones_do_not() {
    let body = [b'x'; 40_000];
    for (buffer, expected) in [(16 * 1024 - 1, 0), (16 * 1024, 2), (40_000, 1)] {
        let length = "Content-Length: 40000\r\n";
        let mut world = receiving(length, &body, body.len(), Peer::Ends);
        assert!(world.rest(buffer).unwrap() == body);
        assert_eq!(world.direct, expected, "{buffer}");
    }
}
