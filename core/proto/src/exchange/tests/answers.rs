//! Heads: interim ones, upgrades, and what is no answer.

use super::*;
use crate::http1::shown::BODY_BYTES_MAX;

/// Feeds the answer in pieces of this size.
fn in_pieces(request: Composed, answer: &[u8], size: usize) -> World {
    let mut world = World::new(request);
    for piece in answer.chunks(size) {
        world.reading.push_back(Peer::Sends(piece.to_vec()));
    }
    world.send().unwrap();
    world.told();
    world
}

#[test]
fn interim_responses_are_told_and_skipped_whole_and_byte_by_byte() {
    let answer =
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n";
    for size in [1, 7, answer.len()] {
        let mut world = in_pieces(request(), answer, size);
        world.receive().unwrap();
        let expected = [
            "ReceivingResponse",
            "IntermediateResponse(100)",
            "IntermediateResponse(103)",
            "ResponseReceived(19)",
        ];
        assert_eq!(world.told(), expected, "{size}");
        assert_eq!(world.exchange.take_head().unwrap().status, 200);
        assert!(world.exchange.take_head().is_none());
    }
}

#[test]
fn too_many_interim_responses_are_no_answer() {
    let interim = b"HTTP/1.1 102 Processing\r\n\r\n".repeat(3);
    let mut world = in_pieces(request(), &interim, interim.len());
    assert_eq!(error(world.receive()), Error::InvalidServerResponse);
    let told = world.told();
    assert_eq!(told.len(), 3, "two are told: {told:?}");
}

#[test]
fn a_server_that_agrees_speaks_websocket_from_there_on() {
    let (request, accept) = upgrading();
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\nframes"
    );
    let mut world = in_pieces(request, answer.as_bytes(), answer.len());
    world.receive().unwrap();
    assert!(world.exchange.is_upgraded() && world.exchange.asks_upgrade());
    assert_eq!(world.inbox.0, b"frames");
    assert_eq!(world.available().unwrap(), 0);
    assert_eq!(world.read(10, false).unwrap(), b"", "it has no body");
    assert_eq!(world.exchange.take_head().unwrap().status, 101);
}

#[test]
fn fact_23_4_1_a_101_that_nobody_asked_for_is_a_response_without_a_body() {
    let answer = b"HTTP/1.1 101 Switching Protocols\r\nContent-Length: 5\r\n\r\nbytes";
    for size in [1, answer.len()] {
        let mut world = in_pieces(request(), answer, size);
        world.receive().unwrap();
        assert!(!world.exchange.is_upgraded());
        assert_eq!(world.available().unwrap(), 0);
        assert_eq!(world.rest(10).unwrap(), b"");
        assert!(world.exchange.take_rest().is_none(), "nobody else uses it");
        assert_eq!(world.exchange.take_head().unwrap().status, 101);
    }
}

#[test]
fn a_server_that_refuses_the_upgrade_is_quoted_and_its_body_can_still_be_read() {
    let (request, _) = upgrading();
    let answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\n\r\nno entry.";
    let mut world = in_pieces(request, answer, answer.len());
    world.receive().unwrap();
    assert!(!world.exchange.is_upgraded());
    let failure = world.exchange.upgrade_refused(None, &world.inbox.0);
    assert_eq!(failure.error(), Error::InvalidOperation);
    let text = failure.to_string();
    assert!(
        text.contains("403 Forbidden") && text.contains("no entry."),
        "{text}"
    );
    assert_eq!(world.rest(4).unwrap(), b"no entry.");
}

#[test]
fn what_is_no_answer_fails_by_its_kind() {
    let (asking, _) = upgrading();
    let switch = &b"HTTP/1.1 101 Switching Protocols\r\n\r\n"[..];
    let cases = [
        (asking, switch, Error::InvalidServerResponse),
        (
            request(),
            b"SSH-2.0-OpenSSH\r\n",
            Error::InvalidServerResponse,
        ),
        (
            request(),
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            Error::InvalidServerResponse,
        ),
    ];
    for (request, answer, expected) in cases {
        let mut world = in_pieces(request, answer, answer.len());
        assert_eq!(error(world.receive()), expected);
        assert_eq!(error(world.receive()), expected, "it is over");
    }
}

#[test]
fn an_end_instead_of_an_answer_is_one_of_the_server_or_of_the_connection() {
    for begun in [&b""[..], b"HTTP/1.1 200 OK\r\nA: "] {
        for (end, expected) in [
            (Peer::Ends, Error::InvalidServerResponse),
            (Peer::Cut, Error::InvalidServerResponse),
            (Peer::Resets, Error::ConnectionError),
        ] {
            let mut world = World::new(request());
            if !begun.is_empty() {
                world.reading.push_back(Peer::Sends(begun.to_vec()));
            }
            world.reading.push_back(end);
            world.send().unwrap();
            assert_eq!(error(world.receive()), expected);
        }
    }
}

#[test]
fn a_head_is_too_large_or_there_is_no_memory_for_it() {
    for (limit, expected) in [
        (20, Error::HeaderSizeOverflow),
        (21, Error::NotEnoughMemory),
    ] {
        let mut small = request();
        small.limits.head.max_bytes = limit;
        let part = b"HTTP/1.1 200 OK\r\nA: "[..20].to_vec();
        let mut world = World::new(small);
        world.reading.extend([Peer::Sends(part), Peer::Fills]);
        world.send().unwrap();
        assert_eq!(error(world.receive()), expected);
    }
}

#[test]
fn what_was_not_sent_has_no_answer() {
    let mut whole = World::new(request());
    whole.send().unwrap();
    for actions in 0..whole.actions {
        let mut world = World::new(request());
        world.cancelled_after = actions;
        let sent = world.send().is_ok();
        world.cancelled_after = usize::MAX;
        let was_told = |told: &String| told.starts_with("RequestSent");
        if !sent && !world.told.iter().any(was_told) {
            world.told();
            assert_eq!(error(world.receive()), Error::IncorrectHandleState);
            assert!(world.told.is_empty(), "nothing is done: {actions}");
        }
    }
}

#[test]
fn what_is_no_answer_is_said_in_words() {
    let refused = |answer: &[u8]| {
        let mut world = in_pieces(request(), answer, answer.len());
        world.receive().unwrap_err().to_string()
    };
    let foreign = refused(b"SSH-2.0-OpenSSH\r\n");
    assert!(
        foreign.contains("it begins with \"SSH-2.0-OpenSSH"),
        "{foreign}"
    );
    let line = refused(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n");
    assert!(line.contains("a name and a colon"), "{line}");
}

#[test]
fn of_a_refusals_body_so_much_is_quoted_and_the_rest_is_marked() {
    for (bytes, is_cut) in [(BODY_BYTES_MAX, false), (BODY_BYTES_MAX + 1, true)] {
        let (request, _) = upgrading();
        let head = format!("HTTP/1.1 403 No\r\nContent-Length: {bytes}\r\n\r\n");
        let answer = [head.as_bytes(), &vec![b'x'; bytes]].concat();
        let mut world = in_pieces(request, &answer, answer.len());
        world.receive().unwrap();
        let text = world
            .exchange
            .upgrade_refused(None, &world.inbox.0)
            .to_string();
        let quoted = text.bytes().rev().skip_while(|byte| *byte != b'x');
        assert_eq!(
            quoted.take_while(|byte| *byte == b'x').count(),
            BODY_BYTES_MAX
        );
        assert_eq!(!text.ends_with('x'), is_cut, "{bytes}");
    }
}
