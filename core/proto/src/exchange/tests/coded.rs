//! Bodies that are decoded on their way: in every framing, cut, broken, too large, and given up.

use super::*;
use crate::decode::tests::{gzip, raw, text, zlib};
use crate::numbers as n;

const LAST_CHUNK: &[u8] = b"0\r\nTrailer: yes\r\n\r\n";

/// Asks for both codings.
fn asking() -> Composed {
    Composed {
        codings: Codings::new(n::DECOMPRESS_GZIP | n::DECOMPRESS_DEFLATE),
        ..request()
    }
}

fn answer(fields: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes(), body].concat()
}

/// A world in which the response's head has been received; the body comes in pieces of this size,
/// then the end.
fn receiving(fields: &str, body: &[u8], size: usize, end: Peer) -> World {
    let mut world = World::answering(asking(), &answer(fields, b""));
    for piece in body.chunks(size) {
        world.reading.push_back(Peer::Sends(piece.to_vec()));
    }
    world.reading.push_back(end);
    world.send().unwrap();
    world.receive().unwrap();
    world
}

fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let mut wire = Vec::new();
    for chunk in body.chunks(size) {
        wire.extend(format!("{:x};a=b\r\n", chunk.len()).as_bytes());
        wire.extend(chunk);
        wire.extend(b"\r\n");
    }
    wire
}

/// Fields and wire of a body in each framing; the last one ends with the connection.
fn framings(coding: &str, body: &[u8]) -> [(String, Vec<u8>); 3] {
    let coding = format!("Content-Encoding: {coding}\r\n");
    [
        (
            format!("{coding}Content-Length: {}\r\n", body.len()),
            body.to_vec(),
        ),
        (
            format!("Transfer-Encoding: chunked\r\n{coding}"),
            [&chunked(body, 700), LAST_CHUNK].concat(),
        ),
        (coding, body.to_vec()),
    ]
}

#[test]
fn facts_31_3_to_31_8_every_framing_in_pieces_of_every_size() {
    let text = text(12_000);
    for (coding, body) in [
        ("gzip", gzip(&text)),
        ("x-gzip", [gzip(&text[..999]), gzip(&text[999..])].concat()),
        ("Deflate", zlib(&text)),
        ("deflate", raw(&text)),
        ("deflate, identity, gzip", gzip(&raw(&text))),
    ] {
        for (framing, (fields, wire)) in framings(coding, &body).iter().enumerate() {
            for size in [1, 997, wire.len()] {
                for (room, asks) in [(1000, false), (100_000, false), (100_000, true), (9, true)] {
                    let mut world = receiving(fields, wire, size, Peer::Ends);
                    let head = world.exchange.take_head().unwrap();
                    assert!(!head.headers.contains("Content-Encoding"));
                    assert!(!head.headers.contains("Content-Length"));
                    assert!(world.exchange.trailers().is_none());
                    let mut read: Vec<u8> = Vec::new();
                    loop {
                        let found = asks.then(|| world.available().unwrap());
                        let piece = world.read(room, asks).unwrap();
                        assert!(found.is_none_or(|found| {
                            found <= 8192 && piece.len() == room.min(found.try_into().unwrap())
                        }));
                        read.extend(&piece);
                        if piece.is_empty() {
                            break;
                        }
                    }
                    assert!(read == text, "{fields} {size} {room}");
                    let trailers = world.exchange.trailers().unwrap();
                    assert_eq!(trailers.is_some(), framing == 1);
                    assert_eq!(world.available().unwrap(), 0);
                    assert_eq!(world.direct, 0, "nothing goes past the decoder");
                    let record = world.exchange.record();
                    let counts = (record.body_bytes, record.coded_body_bytes());
                    assert_eq!(counts, (12_000, body.len().try_into().unwrap()));
                    let kept = [[Release::Keep], [Release::Keep], [Release::Close]];
                    assert_eq!(world.let_go, kept[framing]);
                }
            }
        }
    }
}

#[test]
fn fact_31_3_what_is_not_decoded_stays_as_it_is() {
    let wire = gzip(b"data");
    let stays = |request: Composed, status: &str, coding: &str, body: &[u8]| {
        let fields = format!(
            "Content-Encoding: {coding}\r\nContent-Length: {}\r\n",
            wire.len()
        );
        let head = format!("HTTP/1.1 {status}\r\n{fields}\r\n");
        let mut world = World::answering(request, &[head.as_bytes(), body].concat());
        assert_eq!(world.whole(100).unwrap(), body, "{status} {coding}");
        let head = world.exchange.take_head().unwrap();
        assert_eq!(
            head.headers.first("Content-Encoding"),
            Some(coding.as_bytes())
        );
        assert!(head.headers.contains("Content-Length"));
        let record = world.exchange.record();
        assert_eq!(record.coded_body_bytes(), record.body_bytes);
    };
    stays(request(), "200", "gzip", &wire);
    for other in [
        "br",
        "zstd",
        "compress",
        "gzip, br",
        "identity",
        "aes128gcm",
    ] {
        stays(asking(), "200", other, &wire);
    }
    let deflate = Codings::new(n::DECOMPRESS_DEFLATE);
    stays(
        Composed {
            codings: deflate,
            ..request()
        },
        "200",
        "gzip",
        &wire,
    );
    let head = Composed {
        method: "HEAD".into(),
        ..asking()
    };
    stays(head, "200", "gzip", b"");
    stays(asking(), "204", "gzip", b"");
    stays(asking(), "304", "gzip", b"");
}

#[test]
fn fact_31_5_more_than_four_codings_are_refused_with_the_head() {
    let five = "Content-Encoding: gzip, gzip\r\nContent-Encoding: gzip, deflate, gzip\r\n";
    let mut world = World::answering(asking(), &answer(five, b""));
    world.send().unwrap();
    assert_eq!(error(world.receive()), Error::InvalidServerResponse);
    let head = Composed {
        method: "HEAD".into(),
        ..asking()
    };
    let mut world = World::answering(head, &answer(five, b""));
    world.send().unwrap();
    world.receive().unwrap();
}

#[test]
fn fact_31_9_partial_content_is_decoded_like_any_other() {
    let wire = gzip(b"data");
    for (body, outcome) in [
        (&wire[..], Ok(&b"data"[..])),
        (&wire[3..], Err(Error::InvalidServerResponse)),
    ] {
        let head =
            b"HTTP/1.1 206 Partial\r\nContent-Encoding: gzip\r\nContent-Range: bytes 0-9/*\r\n\r\n";
        let mut world = World::answering(asking(), &[head, body].concat());
        world.reading.push_back(Peer::Ends);
        let read = world.whole(100).map_err(|failure| failure.error());
        assert_eq!(read.as_deref().map_err(|error| *error), outcome);
    }
}

#[test]
fn fact_40_6_nothing_is_a_body_of_no_bytes() {
    for (fields, wire) in framings("gzip, deflate", b"") {
        let mut world = receiving(&fields, &wire, 100, Peer::Ends);
        assert!(
            !world
                .exchange
                .take_head()
                .unwrap()
                .headers
                .contains("Content-Length")
        );
        assert_eq!(world.available().unwrap(), 0);
        assert_eq!(world.rest(10).unwrap(), b"");
    }
}

/// Reads to the failure, in one of two ways: what came before it, and which it is.
fn to_the_end(mut world: World, asks: bool) -> (Vec<u8>, Option<Error>) {
    let mut read = Vec::new();
    let failure = loop {
        let found = if asks { world.available() } else { Ok(77) };
        match found.and_then(|found| world.read(found.try_into().unwrap(), false)) {
            Ok(piece) if piece.is_empty() => return (read, None),
            Ok(piece) => read.extend(piece),
            Err(failure) => break failure.error(),
        }
    };
    assert_eq!(error(world.read(100, false)), Error::IncorrectHandleState);
    assert_eq!(world.let_go, [], "nobody else uses the connection");
    (read, Some(failure))
}

#[test]
fn facts_31_6_and_40_5_what_was_decoded_comes_before_what_ends_it() {
    let text = text(20_000);
    let body = gzip(&text);
    let (short, last) = body.split_at(body.len() - 9);
    let mut broken = body.clone();
    broken[body.len() - 1] ^= 1;
    let [counted, chunks, _] = framings("gzip", &body);
    let (counted, chunks) = (counted.0, chunks.0);
    let (invalid, lost) = (
        Some(Error::InvalidServerResponse),
        Some(Error::ConnectionError),
    );
    let coding = "Content-Encoding: gzip\r\n".to_owned();
    let ended = |body: &[u8]| [&chunked(body, 500), LAST_CHUNK].concat();
    for (fields, wire, end, expected) in [
        // The framing is whole, and the coding is not.
        (&coding, short.to_vec(), Peer::Ends, invalid),
        (&coding, broken.clone(), Peer::Ends, invalid),
        (&chunks, ended(short), Peer::Ends, invalid),
        (&chunks, ended(&broken), Peer::Ends, invalid),
        (&counted, broken, Peer::Ends, invalid),
        // The framing is not, whatever the coding is.
        (&counted, short.to_vec(), Peer::Ends, invalid),
        (&counted, short.to_vec(), Peer::Cut, lost),
        (&counted, short.to_vec(), Peer::Resets, lost),
        (
            &counted,
            short.to_vec(),
            Peer::Quiet(EVER),
            Some(Error::Timeout),
        ),
        (&chunks, chunked(&body, 500), Peer::Ends, lost),
        (
            &chunks,
            [&chunked(&body, 500)[..], b"zz\r\n"].concat(),
            Peer::Ends,
            invalid,
        ),
        (&coding, body.clone(), Peer::Ends, None),
        (&coding, body.clone(), Peer::Resets, lost),
    ] {
        for size in [1, 600, wire.len()] {
            for asks in [false, true] {
                let world = receiving(fields, &wire, size, end.clone());
                let (read, failure) = to_the_end(world, asks);
                assert_eq!(failure, expected, "{fields} {end:?} {size} {asks}");
                assert!(text.starts_with(&read));
                assert!(read.len() > text.len() - 200 * last.len(), "{}", read.len());
            }
        }
    }
    // A member may be whole where the body is not.
    let members = [gzip(b"one"), gzip(b"two")].concat();
    let fields = format!("{coding}Content-Length: {}\r\n", members.len());
    let world = receiving(&fields, &gzip(b"one"), 7, Peer::Ends);
    assert_eq!(to_the_end(world, false), (b"one".to_vec(), invalid));
}

#[test]
fn fact_31_6_plain_text_that_is_labelled_gzip_fails_where_it_is_read() {
    for asks in [false, true] {
        let [(fields, wire), ..] = framings("gzip", b"plain text");
        let world = receiving(&fields, &wire, 3, Peer::Ends);
        let invalid = Some(Error::InvalidServerResponse);
        assert_eq!(to_the_end(world, asks), (Vec::new(), invalid));
    }
}

#[test]
fn fact_31_7_what_is_available_is_decoded_and_stays_until_it_is_read() {
    let text = text(30_000);
    let [(fields, wire), ..] = framings("gzip", &gzip(&text));
    let mut world = receiving(&fields, &wire, wire.len(), Peer::Ends);
    let at_hand = |world: &World, wanted| world.exchange.has_at_hand(wanted, &world.inbox.0);
    assert!(!at_hand(&world, 1));
    for _ in 0..2 {
        assert_eq!(world.available().unwrap(), 8192, "asking takes nothing");
    }
    assert!(at_hand(&world, 8192) && !at_hand(&world, 8193) && !at_hand(&world, 0));
    assert_eq!(world.exchange.record().body_bytes, 0);
    assert_eq!(world.read(8000, true).unwrap(), &text[..8000]);
    assert_eq!(world.available().unwrap(), 192);
    assert_eq!(world.read(10_000, true).unwrap(), &text[8000..8192]);
    assert_eq!(world.available().unwrap(), 8192);
    assert_eq!(world.read(10_000, false).unwrap(), &text[8192..18_192]);
    assert_eq!(world.rest(7000).unwrap(), &text[18_192..]);
    assert!(at_hand(&world, 1), "the body is over");
}

#[test]
fn fact_31_7_others_have_their_turn_while_a_bomb_is_decoded() {
    let bytes = 20_000_000;
    let [(fields, wire), ..] = framings("gzip, gzip", &gzip(&gzip(&vec![0; bytes])));
    let mut world = receiving(&fields, &wire, wire.len(), Peer::Ends);
    assert_eq!(world.read(bytes, false).unwrap().len(), bytes);
    let turns = bytes / (1024 * 1024);
    assert!(
        (turns / 2..turns * 3).contains(&world.yields),
        "{}",
        world.yields
    );
    assert_eq!(world.read(1, false).unwrap(), b"");
    // Nothing comes of this, which takes its time as well.
    let nothing = [0, 0, 0, 0xff, 0xff].repeat(2_000_000);
    let [(fields, wire), ..] = framings("deflate, gzip", &gzip(&nothing));
    for asks in [false, true] {
        let mut world = receiving(&fields, &wire, wire.len(), Peer::Ends);
        let outcome = if asks {
            world.available().map(drop)
        } else {
            world.read(9, true).map(drop)
        };
        assert_eq!(error(outcome), Error::InvalidServerResponse);
        assert!(world.yields >= 8, "{}", world.yields);
    }
}

#[test]
fn the_end_is_there_when_everything_is_read() {
    let [_, (fields, wire), _] = framings("gzip", &gzip(b"data"));
    let mut world = receiving(&fields, &wire, wire.len(), Peer::Quiet(EVER));
    assert_eq!(world.available().unwrap(), 4);
    assert!(world.inbox.0.is_empty(), "all of it has come");
    for _ in 0..2 {
        assert!(world.exchange.trailers().is_none());
        assert_eq!(world.let_go, []);
        assert_eq!(world.read(2, false).unwrap().len(), 2);
    }
    assert!(world.exchange.trailers().is_some());
    assert_eq!(world.let_go, [Release::Keep]);
}

#[test]
fn what_is_behind_the_coded_data_is_passed_and_the_connection_kept() {
    for body in [
        [gzip(b"data"), vec![0; 40_000]].concat(),
        [&gzip(b"data")[..], &[b'g'; 40_000]].concat(),
    ] {
        for (fields, wire) in &framings("gzip", &body)[..2] {
            let mut world = receiving(fields, wire, 5000, Peer::Quiet(EVER));
            assert_eq!(world.rest(100).unwrap(), b"data");
            assert_eq!(world.let_go, [Release::Keep]);
        }
    }
}

#[test]
fn an_unread_rest_counts_as_it_comes_over_the_wire() {
    // The limit of these tests is 100 bytes.
    let text = vec![b'x'; 20_000];
    let small = gzip(&text);
    assert!(small.len() < 100);
    let large = gzip(&crate::decode::tests::text(2000));
    for (body, passes) in [(&small, true), (&large, false)] {
        for reads in [0, 1, 2] {
            let [(fields, wire), ..] = framings("gzip", body);
            let mut world = receiving(&fields, &wire, 10, Peer::Ends);
            if reads > 0 {
                world.available().unwrap();
            }
            if reads > 1 {
                world.read(10, false).unwrap();
            }
            let rest = world.exchange.take_rest();
            assert_eq!(rest.is_some(), passes);
            if let Some(mut rest) = rest {
                let left: Vec<u8> = world.inbox.0.drain(..).collect();
                assert_eq!(rest.discard(&left).unwrap(), left.len());
                for piece in world.reading.drain(..) {
                    if let Peer::Sends(piece) = piece {
                        assert_eq!(rest.discard(&piece).unwrap(), piece.len());
                    }
                }
                assert!(rest.is_over());
            }
        }
    }
}

#[test]
fn a_refusal_is_quoted_decoded_and_read_all_the_same() {
    let (upgrade, _) = upgrading();
    let request = Composed {
        codings: asking().codings,
        ..upgrade
    };
    let [_, (fields, wire), _] = framings("gzip", &gzip(b"no sockets here"));
    let mut world = World::answering(request, &answer(&fields, &wire));
    world.send().unwrap();
    world.receive().unwrap();
    let quoted = |world: &World| {
        world
            .exchange
            .upgrade_refused(None, &world.inbox.0)
            .to_string()
    };
    assert!(
        quoted(&world).contains("no sockets here"),
        "{}",
        quoted(&world)
    );
    assert_eq!(world.read(3, false).unwrap(), b"no ");
    assert!(
        !quoted(&world).contains("sockets"),
        "what is decoded in part is not quoted"
    );
    assert!(!world.exchange.may_look_ahead(&[]));
    assert_eq!(world.rest(5).unwrap(), b"sockets here");
}
