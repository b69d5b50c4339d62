//! One table of wire images, each run whole, in every small cutting, and with trailing data.

use super::reader::Seen::{Close, Failed, Frame, Ping, Pong};
use super::reader::{Cuts, Seen, read};
use crate::websocket::MessageKind::{Binary, Text};
use crate::websocket::ProtocolError::*;
use crate::websocket::{CloseCode, ProtocolError, Receiver, Role, mask};

/// `wire` is what a server sends; a client's frames are made from it by masking.
struct Dialogue {
    name: &'static str,
    wire: Vec<u8>,
    seen: Vec<Seen>,
}

fn dialogue(name: &'static str, wire: impl AsRef<[u8]>, seen: Vec<Seen>) -> Dialogue {
    Dialogue {
        name,
        wire: wire.as_ref().to_vec(),
        seen,
    }
}

fn violation(name: &'static str, wire: impl AsRef<[u8]>, error: ProtocolError) -> Dialogue {
    dialogue(name, wire, vec![Failed(error)])
}

fn long(header: &[u8], len: usize) -> Vec<u8> {
    [header, &vec![b'*'; len]].concat()
}

fn text(fin: bool, payload: &[u8]) -> Seen {
    Frame(Text, fin, payload.to_vec())
}

fn binary(fin: bool, payload: &[u8]) -> Seen {
    Frame(Binary, fin, payload.to_vec())
}

/// RFC 6455 §5.7; its masked examples are in `masked_examples_of_the_rfc`.
fn rfc_examples() -> Vec<Dialogue> {
    vec![
        dialogue(
            "rfc: text message",
            b"\x81\x05Hello",
            vec![text(true, b"Hello")],
        ),
        dialogue(
            "rfc: fragmented text message",
            b"\x01\x03Hel\x80\x02lo",
            vec![text(false, b"Hel"), text(true, b"lo")],
        ),
        dialogue("rfc: ping", b"\x89\x05Hello", vec![Ping(b"Hello".to_vec())]),
        dialogue(
            "rfc: 256 bytes of binary",
            long(b"\x82\x7e\x01\x00", 256),
            vec![binary(true, &[b'*'; 256])],
        ),
        dialogue(
            "rfc: 64 KiB of binary",
            long(b"\x82\x7f\0\0\0\0\0\x01\0\0", 65536),
            vec![binary(true, &[b'*'; 65536])],
        ),
    ]
}

fn messages() -> Vec<Dialogue> {
    vec![
        dialogue(
            "empty messages",
            b"\x81\x00\x82\x00",
            vec![text(true, b""), binary(true, b"")],
        ),
        dialogue(
            "empty frames inside a message",
            b"\x02\x00\x00\x01x\x00\x00\x80\x00",
            vec![
                binary(false, b""),
                binary(false, b"x"),
                binary(false, b""),
                binary(true, b""),
            ],
        ),
        dialogue(
            "control frames between fragments",
            b"\x01\x01a\x89\x01p\x00\x01b\x8a\x01q\x89\x00\x80\x01c\x8a\x00",
            vec![
                text(false, b"a"),
                Ping(b"p".to_vec()),
                text(false, b"b"),
                Pong(b"q".to_vec()),
                Ping(vec![]),
                text(true, b"c"),
                Pong(vec![]),
            ],
        ),
        dialogue(
            "largest ping",
            long(b"\x89\x7d", 125),
            vec![Ping(vec![b'*'; 125])],
        ),
        dialogue(
            "a character over three frames",
            b"\x01\x01\xe2\x00\x01\x82\x80\x01\xac",
            vec![
                text(false, b"\xe2"),
                text(false, b"\x82"),
                text(true, b"\xac"),
            ],
        ),
        dialogue(
            "binary need not be text",
            b"\x02\x01\xff\x80\x01\xfe",
            vec![binary(false, b"\xff"), binary(true, b"\xfe")],
        ),
    ]
}

fn closings() -> Vec<Dialogue> {
    vec![
        dialogue(
            "close without a body",
            b"\x88\x00",
            vec![Close(1005, vec![])],
        ),
        dialogue(
            "close with a code",
            b"\x88\x02\x03\xe8",
            vec![Close(1000, vec![])],
        ),
        dialogue(
            "close with a reason",
            b"\x88\x05\x0f\xa0bye",
            vec![Close(4000, b"bye".to_vec())],
        ),
        dialogue(
            "longest reason",
            long(b"\x88\x7d\x03\xe9", 123),
            vec![Close(1001, vec![b'*'; 123])],
        ),
        dialogue(
            "close in the middle of a message",
            b"\x01\x01a\x88\x00\x80\x01b",
            vec![text(false, b"a"), Close(1005, vec![])],
        ),
        dialogue(
            "close inside a cut character",
            b"\x01\x01\xc3\x88\x00",
            vec![text(false, b"\xc3"), Close(1005, vec![])],
        ),
        dialogue(
            "garbage after close",
            b"\x88\x00\xff\xff\xff\xff",
            vec![Close(1005, vec![])],
        ),
    ]
}

fn violations() -> Vec<Dialogue> {
    [bad_control_frames(), bad_headers(), bad_text(), bad_order()]
        .into_iter()
        .flatten()
        .collect()
}

fn bad_control_frames() -> Vec<Dialogue> {
    vec![
        violation("close with half a code", b"\x88\x01\x03", CloseTooShort),
        violation(
            "close with 1005",
            b"\x88\x02\x03\xed",
            CloseCodeInvalid(CloseCode::NO_STATUS_RECEIVED),
        ),
        violation(
            "close with a bad reason",
            b"\x88\x04\x03\xe8\xc3\x28",
            CloseReasonNotUtf8,
        ),
        violation("fragmented ping", b"\x09\x00", ControlFragmented),
        violation("fragmented close", b"\x08\x00", ControlFragmented),
        violation(
            "ping of 126 bytes",
            long(b"\x89\x7e\x00\x7e", 126),
            ControlTooLong,
        ),
    ]
}

fn bad_headers() -> Vec<Dialogue> {
    let mut all = vec![
        violation(
            "length 125 in 16 bits",
            long(b"\x82\x7e\x00\x7d", 125),
            LengthNotMinimal,
        ),
        violation(
            "65535 in 64 bits",
            b"\x82\x7f\0\0\0\0\0\0\xff\xff",
            LengthNotMinimal,
        ),
        violation(
            "length of 2^63",
            b"\x82\x7f\x80\0\0\0\0\0\0\0",
            LengthTooLarge,
        ),
    ];
    for reserved in 1..=7 {
        all.push(violation(
            "reserved bits",
            [0x82 | reserved << 4, 0],
            ReservedBits,
        ));
    }
    for opcode in (3..=7).chain(0xB..=0xF) {
        all.push(violation(
            "reserved opcode",
            [0x80 | opcode, 0],
            ReservedOpcode(opcode),
        ));
    }
    all
}

fn bad_text() -> Vec<Dialogue> {
    vec![
        violation("text: overlong", b"\x81\x02\xc0\xaf", TextNotUtf8),
        violation(
            "text: surrogate, the rest never arrives",
            b"\x81\x05\xed\xa0",
            TextNotUtf8,
        ),
        violation(
            "text: above U+10FFFF, likewise",
            b"\x81\x7e\x01\x00\xf4\x90",
            TextNotUtf8,
        ),
        violation("text: cut at its end", b"\x81\x02a\xc3", TextNotUtf8),
        dialogue(
            "text: sequence broken by the next frame",
            b"\x01\x01\xed\x80\x01\xa0",
            vec![text(false, b"\xed"), Failed(TextNotUtf8)],
        ),
        dialogue(
            "text: cut at the end of an empty last frame",
            b"\x01\x02\xe2\x82\x80\x00",
            vec![text(false, b"\xe2\x82"), Failed(TextNotUtf8)],
        ),
    ]
}

fn bad_order() -> Vec<Dialogue> {
    vec![
        violation(
            "continuation at the start",
            b"\x80\x01x",
            ContinuationWithoutMessage,
        ),
        violation(
            "unfinished continuation at the start",
            b"\x00\x00",
            ContinuationWithoutMessage,
        ),
        dialogue(
            "continuation after a finished message",
            b"\x82\x01x\x80\x01y",
            vec![binary(true, b"x"), Failed(ContinuationWithoutMessage)],
        ),
        dialogue(
            "text inside a binary message",
            b"\x02\x01x\x81\x01y",
            vec![binary(false, b"x"), Failed(MessageInterrupted)],
        ),
        dialogue(
            "binary inside a binary message, after a ping",
            b"\x02\x01x\x89\x00\x02\x01y",
            vec![
                binary(false, b"x"),
                Ping(vec![]),
                Failed(MessageInterrupted),
            ],
        ),
    ]
}

fn dialogues() -> Vec<Dialogue> {
    [rfc_examples(), messages(), closings(), violations()]
        .into_iter()
        .flatten()
        .collect()
}

/// The same frames as a client sends them: each masked with its own key.
fn masked(wire: &[u8]) -> Vec<u8> {
    let mut result = Vec::new();
    let mut rest = wire;
    while let [first, second, after @ ..] = rest {
        let length_bytes = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let Some((length, after)) = after.split_at_checked(length_bytes) else {
            break;
        };
        let len = length
            .iter()
            .fold(0, |len, &byte| len << 8 | usize::from(byte));
        let len = if length.is_empty() {
            usize::from(second & 0x7f)
        } else {
            len
        };
        let (payload, after) = after.split_at(len.min(after.len()));
        let key = [0x37, 0xfa, 0x21, u8::try_from(result.len() % 256).unwrap()];
        let mut payload = payload.to_vec();
        mask::apply(key.into(), 0, &mut payload);
        result.extend([*first, second | 0x80]);
        result.extend_from_slice(length);
        result.extend_from_slice(&key);
        result.append(&mut payload);
        rest = after;
    }
    result.extend_from_slice(rest);
    result
}

fn peer_wire(role: Role, wire: &[u8]) -> Vec<u8> {
    match role {
        Role::Client => wire.to_vec(),
        Role::Server => masked(wire),
    }
}

#[test]
fn whole_and_in_every_small_cutting() {
    for role in [Role::Client, Role::Server] {
        for Dialogue { name, wire, seen } in dialogues() {
            let wire = peer_wire(role, &wire);
            for cuts in Cuts::all_small() {
                let result = read(Receiver::new(role), &wire, &cuts);
                assert!(result == seen, "{name}, {role:?}, {cuts:?}: {result:?}");
            }
        }
    }
}

#[test]
fn with_trailing_data() {
    for role in [Role::Client, Role::Server] {
        for Dialogue {
            name,
            wire,
            mut seen,
        } in dialogues()
        {
            if !matches!(seen.last(), Some(Close(..) | Failed(_))) {
                seen.push(Ping(b"next".to_vec()));
            }
            let wire = [peer_wire(role, &wire), peer_wire(role, b"\x89\x04next")].concat();
            for cuts in [Cuts::whole(), Cuts::byte_by_byte()] {
                let result = read(Receiver::new(role), &wire, &cuts);
                assert!(result == seen, "{name}, {role:?}, {cuts:?}: {result:?}");
            }
        }
    }
}

#[test]
fn masked_examples_of_the_rfc() {
    let key_and_hello = b"\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    for (start, expected) in [
        (b"\x81\x85", text(true, b"Hello")),
        (b"\x8a\x85", Pong(b"Hello".to_vec())),
    ] {
        let wire = [&start[..], key_and_hello].concat();
        for cuts in Cuts::all_small() {
            let result = read(Receiver::new(Role::Server), &wire, &cuts);
            assert_eq!(result, std::slice::from_ref(&expected), "{cuts:?}");
        }
    }
}

#[test]
fn masking_that_does_not_fit_the_role_fails_at_the_second_byte() {
    for first in [0x81, 0x02, 0x88, 0x89, 0x8a] {
        for cuts in [Cuts::whole(), Cuts::byte_by_byte()] {
            let result = read(Receiver::new(Role::Client), &[first, 0x80], &cuts);
            assert_eq!(result, [Failed(MaskUnexpected)]);
            let result = read(Receiver::new(Role::Server), &[first, 0x00], &cuts);
            assert_eq!(result, [Failed(MaskMissing)]);
        }
    }
}

#[test]
fn a_server_that_accepts_unmasked_frames_takes_both() {
    let wire = [
        &b"\x81\x05Hello"[..],
        &masked(b"\x81\x05Hello"),
        b"\x89\x02hi",
    ]
    .concat();
    let hello = text(true, b"Hello");
    for cuts in Cuts::all_small() {
        let result = read(Receiver::new(Role::Server).accept_unmasked(), &wire, &cuts);
        assert_eq!(result, [hello.clone(), hello.clone(), Ping(b"hi".to_vec())]);
    }
    let client = Receiver::new(Role::Client).accept_unmasked();
    let result = read(client, &masked(b"\x81\x00"), &Cuts::whole());
    assert_eq!(result, [Failed(MaskUnexpected)]);
}

#[test]
fn every_violation_but_bad_text_is_answered_with_1002() {
    for Dialogue { name, seen, .. } in violations() {
        let Some(Failed(error)) = seen.last() else {
            panic!("{name} is no violation")
        };
        let not_utf8 = [TextNotUtf8, CloseReasonNotUtf8];
        let expected = if not_utf8.contains(error) { 1007 } else { 1002 };
        assert_eq!(u16::from(error.close_code()), expected, "{name}");
    }
}
