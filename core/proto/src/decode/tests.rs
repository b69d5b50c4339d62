//! Codings taken off in pieces of every size, cut at every byte and broken at every byte.

use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::*;

const GZIP: &[Coding] = &[Coding::Gzip];
const DEFLATE: &[Coding] = &[Coding::Deflate];

pub(crate) fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zlib(data: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn raw(data: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// Something of which some repeats and some does not.
pub(crate) fn text(bytes: usize) -> Vec<u8> {
    let mut sizes = Sizes::random(bytes, 40);
    let mut text = Vec::new();
    while text.len() < bytes {
        let number = sizes.next();
        text.extend(format!("line {number} of {bytes}, {};", number * 7919 % 1013).as_bytes());
    }
    text.truncate(bytes);
    text
}

/// Sizes of pieces: all the same, or any up to a limit.
#[derive(Clone, Copy)]
struct Sizes {
    seed: usize,
    max: usize,
    vary: bool,
}

impl Sizes {
    fn all(max: usize) -> Self {
        Self {
            seed: 0,
            max,
            vary: false,
        }
    }

    fn random(seed: usize, max: usize) -> Self {
        Self {
            seed,
            max,
            vary: true,
        }
    }

    fn next(&mut self) -> usize {
        if !self.vary {
            return self.max;
        }
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005);
        self.seed = self.seed.wrapping_add(1_442_695_040_888_963_407);
        1 + (self.seed >> 33) % self.max
    }
}

type Outcome = (Vec<u8>, Result<(), DecodeError>);

/// What becomes of a body that comes in pieces of these sizes and is taken in others.
fn decode(codings: &[Coding], wire: &[u8], mut arrive: Sizes, mut room: Sizes) -> Outcome {
    let mut decoder = Decoder::new(codings).unwrap();
    let (mut out, mut start, mut end) = (Vec::new(), 0, 0);
    loop {
        let mut buffer = vec![0; room.next()];
        match decoder.advance(&wire[start..end], &mut buffer) {
            Err(error) => {
                let again = decoder.advance(&wire[start..end], &mut buffer);
                assert_eq!(again, Err(error), "a defect stays");
                return (out, Err(error));
            }
            Ok(done) => {
                start += done.consumed;
                out.extend(&buffer[..done.produced]);
                if done.worked > 0 {
                    continue;
                }
                assert_eq!(start, end, "with room everything is taken");
            }
        }
        if end == wire.len() {
            return (out, decoder.end());
        }
        end = (end + arrive.next()).min(wire.len());
    }
}

fn whole(codings: &[Coding], wire: &[u8]) -> Outcome {
    decode(
        codings,
        wire,
        Sizes::all(usize::MAX >> 1),
        Sizes::all(1 << 16),
    )
}

/// The same whatever the pieces are.
fn in_any_pieces(codings: &[Coding], wire: &[u8]) -> Outcome {
    let expected = whole(codings, wire);
    for (arrive, room) in [
        (Sizes::all(1), Sizes::all(1)),
        (Sizes::all(1 << 20), Sizes::all(1)),
        (Sizes::all(1), Sizes::all(1 << 16)),
        (Sizes::random(wire.len(), 100), Sizes::random(3, 300)),
    ] {
        let found = decode(codings, wire, arrive, room);
        assert!(found == expected, "{:?} and {:?}", found.1, expected.1);
    }
    expected
}

fn member(flags: u8, parts: &[&[u8]], data: &[u8]) -> Vec<u8> {
    let plain = gzip(data);
    let mut member = plain[..10].to_vec();
    member[3] = flags;
    member.extend(parts.concat());
    if flags & 2 != 0 {
        let mut crc = flate2::Crc::new();
        crc.update(&member);
        member.extend(&crc.sum().to_le_bytes()[..2]);
    }
    member.extend(&plain[10..]);
    member
}

#[test]
fn facts_31_4_and_31_5_every_coding_in_pieces_of_every_size() {
    for bytes in [0, 1, 2, 300, 5000, 200_000] {
        let text = text(bytes);
        for (codings, wire) in [
            (GZIP, gzip(&text)),
            (DEFLATE, zlib(&text)),
            (DEFLATE, raw(&text)),
            (&[Coding::Gzip, Coding::Gzip], gzip(&gzip(&text))),
            (&[Coding::Deflate, Coding::Gzip], gzip(&raw(&text))),
            (&[Coding::Gzip, Coding::Deflate], zlib(&gzip(&text))),
            (&[Coding::Gzip; 4], gzip(&gzip(&gzip(&gzip(&text))))),
        ] {
            let found = in_any_pieces(codings, &wire);
            assert!(found == (text.clone(), Ok(())), "{codings:?} {bytes}");
            assert_eq!(Decoder::new(codings).unwrap().codings(), codings);
        }
    }
    assert!(Decoder::new(&[]).is_none());
}

#[test]
fn facts_31_6_and_40_6_cut_at_every_byte() {
    let text = text(1000);
    for (codings, wire) in [
        (GZIP, gzip(&text)),
        (
            GZIP,
            member(0x1e, &[&[3, 0], b"abc", b"name\0", b"comment\0"], &text),
        ),
        (DEFLATE, zlib(&text)),
        (DEFLATE, raw(&text)),
        (&[Coding::Gzip, Coding::Deflate], zlib(&gzip(&text))),
        (&[Coding::Deflate, Coding::Gzip], gzip(&raw(&text))),
    ] {
        for cut in 1..wire.len() {
            let (out, end) = in_any_pieces(codings, &wire[..cut]);
            assert!(text.starts_with(&out), "{codings:?} {cut}");
            let outermost = *codings.last().unwrap();
            assert_eq!(
                end,
                Err(DecodeError::Truncated(outermost)),
                "{codings:?} {cut}"
            );
        }
        // Most of it is there before the last byte is.
        let (out, _) = whole(codings, &wire[..wire.len() - 20]);
        assert!(out.len() > 500, "{codings:?} {}", out.len());
        assert_eq!(
            in_any_pieces(codings, b""),
            (Vec::new(), Ok(())),
            "nothing is nothing"
        );
    }
}

#[test]
fn fact_31_6_broken_at_every_byte() {
    let text = text(300);
    for (codings, wire, has_checksum) in [
        (GZIP, gzip(&text), true),
        (
            GZIP,
            member(0x1e, &[&[3, 0], b"abc", b"name\0", b"comment\0"], &text),
            true,
        ),
        (DEFLATE, zlib(&text), true),
        (DEFLATE, raw(&text), false),
        (&[Coding::Gzip, Coding::Deflate], raw(&gzip(&text)), true),
    ] {
        let mut refused = 0;
        for at in 0..wire.len() {
            for mask in [0x01, 0x80, 0xff] {
                let mut broken = wire.clone();
                broken[at] ^= mask;
                let (out, end) = in_any_pieces(codings, &broken);
                assert!(
                    !has_checksum || end.is_err() || out == text,
                    "{codings:?} {at} {mask}"
                );
                refused += usize::from(end.is_err());
            }
        }
        assert!(
            !has_checksum || refused > 2 * wire.len(),
            "{codings:?} {refused}"
        );
    }
}

#[test]
fn fact_31_6_what_is_in_front_of_a_defect_comes_first() {
    let text = text(100_000);
    // Behind the end: of the checksum, or of the length.
    for (codings, wire, at, wrong) in [
        (GZIP, gzip(&text), 1, DecodeError::Checksum),
        (GZIP, gzip(&text), 8, DecodeError::Checksum),
        (DEFLATE, zlib(&text), 1, DecodeError::Data(Coding::Deflate)),
    ] {
        let mut broken = wire;
        let at = broken.len() - at;
        broken[at] ^= 1;
        assert!(
            in_any_pieces(codings, &broken) == (text.clone(), Err(wrong)),
            "{at}"
        );
    }
    // A block of type 3, which there is not, behind one that is sound.
    let mut wire = vec![0, 5, 0, 0xfa, 0xff];
    wire.extend(b"sound\x07more");
    let found = in_any_pieces(DEFLATE, &wire);
    assert_eq!(
        found,
        (b"sound".to_vec(), Err(DecodeError::Data(Coding::Deflate)))
    );
}

#[test]
fn fact_40_6_what_is_no_gzip_is_refused() {
    let plain = gzip(b"abc");
    let mut cases = vec![
        b"plain text".to_vec(),
        b"\x1f".to_vec(),
        vec![0; 100],
        zlib(b"abc"),
    ];
    for (at, value) in [(0, 0x1e), (1, 0x8a), (2, 7), (3, 0x20), (3, 0x80)] {
        let mut broken = plain.clone();
        broken[at] = value;
        cases.push(broken);
    }
    let mut checked = member(0x02, &[], b"abc");
    checked[10] ^= 1;
    cases.push(checked);
    for case in cases {
        let expected = if case == [0x1f] {
            DecodeError::Truncated(Coding::Gzip)
        } else {
            DecodeError::Header
        };
        assert_eq!(
            in_any_pieces(GZIP, &case),
            (Vec::new(), Err(expected)),
            "{case:?}"
        );
    }
    for text in [&b"plain text"[..], b"<html>", b"\x78\xbbabcdef"] {
        let (_, end) = in_any_pieces(DEFLATE, text);
        assert!(end.is_err(), "{text:?}");
    }
}

#[test]
fn every_part_of_a_head_is_passed() {
    let long = [&[0xff; 300][..], b"\0"].concat();
    let parts: [(u8, &[u8]); 4] = [
        (0x04, &[2, 1, 7]), // 258 bytes
        (0x08, b"name\0"),
        (0x10, &long),
        (0x02, b""),
    ];
    for choice in 0..16 {
        let chosen = |index: &usize| choice >> index & 1 != 0;
        let flags = (0..4)
            .filter(chosen)
            .map(|index| parts[index].0)
            .sum::<u8>();
        let mut bytes: Vec<&[u8]> = Vec::new();
        for (flag, part) in parts {
            if flags & flag != 0 {
                bytes.push(part);
                if flag == 0x04 {
                    bytes.push(&[9; 257]);
                }
            }
        }
        // FTEXT means nothing.
        for flags in [flags, flags | 1] {
            let wire = member(flags, &bytes, b"data");
            let found = in_any_pieces(GZIP, &wire);
            assert_eq!(found, (b"data".to_vec(), Ok(())), "{flags:#x}");
        }
    }
    let empty_extra = member(0x04, &[&[0, 0]], b"data");
    assert_eq!(
        in_any_pieces(GZIP, &empty_extra),
        (b"data".to_vec(), Ok(()))
    );
}

#[test]
fn fact_31_5_all_members_are_decoded_and_what_is_behind_them_is_ignored() {
    let members = [gzip(b"one "), gzip(b""), gzip(b"two "), gzip(&text(9000))].concat();
    let expected = [b"one two ".to_vec(), text(9000)].concat();
    let ends: [&[u8]; 6] = [
        b"",
        &[0; 700],
        b"garbage",
        b"\0\0\0garbage\x1f\x8b\x08",
        b"\x1f\x8b\x07",
        b"\x1f\x1f\x8b\x08",
    ];
    for end in ends {
        let wire = [&members, end].concat();
        assert!(
            in_any_pieces(GZIP, &wire) == (expected.clone(), Ok(())),
            "{end:?}"
        );
    }
    // Zeros between members are padding.
    let padded = [gzip(b"one "), vec![0; 512], gzip(b"two")].concat();
    assert_eq!(in_any_pieces(GZIP, &padded), (b"one two".to_vec(), Ok(())));
    // What begins like a member is one, and must be whole.
    for (cut, error) in [
        (&b"\x1f"[..], DecodeError::Truncated(Coding::Gzip)),
        (b"\x1f\x8b", DecodeError::Truncated(Coding::Gzip)),
        (b"\x1f\x8b\x08\0", DecodeError::Truncated(Coding::Gzip)),
        (b"\x1f\x8b\x08\x80", DecodeError::Header),
    ] {
        let wire = [&gzip(b"one"), cut].concat();
        assert_eq!(
            in_any_pieces(GZIP, &wire),
            (b"one".to_vec(), Err(error)),
            "{cut:?}"
        );
    }
    for deflate in [zlib(b"one"), raw(b"one")] {
        let wire = [&deflate[..], b"garbage", &deflate].concat();
        assert_eq!(in_any_pieces(DEFLATE, &wire), (b"one".to_vec(), Ok(())));
    }
}

#[test]
fn fact_31_7_the_work_of_a_call_has_a_limit_however_little_comes_of_it() {
    // Millions of stored blocks of no bytes, which one coding makes of a few thousand.
    let nothing = [0, 0, 0, 0xff, 0xff].repeat(2_000_000);
    let wire = gzip(&nothing);
    assert!(wire.len() < 64 * 1024);
    let mut decoder = Decoder::new(&[Coding::Deflate, Coding::Gzip]).unwrap();
    let (mut consumed, mut calls) = (0, 0);
    loop {
        let done = decoder.advance(&wire[consumed..], &mut [0; 10]).unwrap();
        assert!(done.worked < CALL_BYTES_MAX + 2 * BETWEEN_BYTES + wire.len());
        assert_eq!(done.produced, 0);
        consumed += done.consumed;
        if done.worked == 0 {
            break;
        }
        calls += 1;
    }
    assert_eq!(consumed, wire.len());
    assert!(calls > 2 * nothing.len() / CALL_BYTES_MAX - 2, "{calls}");
    assert_eq!(decoder.end(), Err(DecodeError::Truncated(Coding::Deflate)));
}

#[test]
fn fact_31_7_a_bomb_is_decoded_as_far_as_there_is_room() {
    let bytes = 50_000_000;
    let wire = gzip(&gzip(&vec![0; bytes]));
    assert!(wire.len() < 2000, "{}", wire.len());
    let mut decoder = Decoder::new(&[Coding::Gzip; 2]).unwrap();
    let mut buffer = vec![1; 3_000_000];
    let first = decoder.advance(&wire, &mut buffer).unwrap();
    assert!(
        first.produced < 2 * CALL_BYTES_MAX,
        "one call does not fill {first:?}"
    );
    let (mut consumed, mut produced) = (first.consumed, first.produced);
    loop {
        let done = decoder.advance(&wire[consumed..], &mut buffer).unwrap();
        consumed += done.consumed;
        produced += done.produced;
        if done.worked == 0 {
            break;
        }
    }
    assert_eq!((produced, decoder.end()), (bytes, Ok(())));
    assert!(buffer[..100_000].iter().all(|byte| *byte == 0));
}

#[test]
fn without_room_nothing_is_done_and_no_defect_is_met() {
    let mut decoder = Decoder::new(GZIP).unwrap();
    assert_eq!(
        decoder.advance(b"plain text", &mut []),
        Ok(Decoded::default())
    );
    decoder.advance(b"plain text", &mut [0]).unwrap_err();
    assert_eq!(
        decoder.advance(b"plain text", &mut []),
        Ok(Decoded::default())
    );
}

#[test]
fn a_defect_says_what_is_wrong() {
    let said = |error: DecodeError| Failure::from(error).to_string();
    assert!(said(DecodeError::Header).contains("no head of gzip"));
    assert!(said(DecodeError::Truncated(Coding::Deflate)).contains("within its deflate data"));
    assert!(said(DecodeError::Data(Coding::Gzip)).contains("its gzip data is broken"));
    assert_eq!(
        Failure::from(DecodeError::Short).error(),
        Error::InvalidServerResponse
    );
}
