//! Frames that RFC 6455 forbids, each with the close code that the peer is told.

use winhttp_abi::constants as c;

use super::http_rows::{says, trickles};
use super::row::{Ends, Operation, Row, Until};

const INVALID: Ends = Ends::Fails(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE);
/// RFC 6455 §7.4.1: protocol error; data that are not what the message's type says.
const PROTOCOL: u16 = 1002;
const DATA: u16 = 1007;

/// A row for every forbidden frame. What arrives whole here arrives byte by byte in an idle time,
/// and vice versa.
pub(crate) fn bad_frames(operation: Operation) -> Vec<Row> {
    let mut rows = Vec::new();
    for (fault, bytes, code) in all() {
        let until = Until::Accepted(Vec::new());
        rows.push(if operation == Operation::Receive {
            Row::script(operation, fault, until, says(bytes), INVALID)
        } else {
            Row::script(
                operation,
                format!("{fault}, byte by byte"),
                until,
                trickles(bytes),
                INVALID,
            )
        });
        if let Some(row) = rows.last_mut() {
            row.told = Some(code);
        }
    }
    rows
}

fn all() -> Vec<(String, Vec<u8>, u16)> {
    let mut all: Vec<(String, Vec<u8>, u16)> = FIXED
        .iter()
        .map(|(fault, bytes, code)| ((*fault).to_owned(), bytes.to_vec(), *code))
        .collect();
    for bits in 1..8_u8 {
        let byte = 0x81 | bits << 4;
        all.push((
            format!("reserved bits {bits:03b}"),
            vec![byte, 1, b'x'],
            PROTOCOL,
        ));
    }
    for opcode in [3_u8, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        all.push((format!("opcode {opcode}"), vec![0x80 | opcode, 0], PROTOCOL));
    }
    for (name, opcode) in [("close", 8_u8), ("ping", 9), ("pong", 10)] {
        all.push((
            format!("a fragmented {name}"),
            vec![opcode, 2, 3, 0xe8],
            PROTOCOL,
        ));
        let long = [&[0x80 | opcode, 126, 0, 126][..], &[b'x'; 126]].concat();
        all.push((format!("an oversized {name}"), long, PROTOCOL));
        let huge = vec![
            0x80 | opcode,
            127,
            0x7f,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
            0xff,
        ];
        all.push((format!("a huge {name}"), huge, PROTOCOL));
        all.push((
            format!("a masked {name}"),
            vec![0x80 | opcode, 0x80, 1, 2, 3, 4],
            PROTOCOL,
        ));
    }
    for code in [
        0_u16, 1, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535,
    ] {
        let bytes = [&[0x88, 2][..], &code.to_be_bytes()].concat();
        all.push((format!("close code {code}"), bytes, PROTOCOL));
    }
    for (fault, text) in BAD_TEXTS {
        let length = u8::try_from(text.len()).unwrap();
        all.push((
            format!("text with {fault}"),
            [&[0x81, length], *text].concat(),
            DATA,
        ));
        let reason = [&[0x88, length + 2, 3, 0xe8], *text].concat();
        all.push((format!("a reason with {fault}"), reason, DATA));
    }
    all
}

const FIXED: &[(&str, &[u8], u16)] = &[
    ("a masked text", b"\x81\x82\x01\x02\x03\x04ik", PROTOCOL),
    ("a masked empty text", b"\x81\x80\x01\x02\x03\x04", PROTOCOL),
    ("a continuation of nothing", b"\x80\x02hi", PROTOCOL),
    (
        "an unfinished continuation of nothing",
        b"\x00\x02hi",
        PROTOCOL,
    ),
    (
        "16 bits for a length of 5",
        b"\x81\x7e\x00\x05hello",
        PROTOCOL,
    ),
    ("16 bits for a length of 125", b"\x82\x7e\x00\x7d", PROTOCOL),
    (
        "64 bits for a length of 5",
        b"\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x05hello",
        PROTOCOL,
    ),
    (
        "64 bits for a length of 65535",
        b"\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff",
        PROTOCOL,
    ),
    (
        "a length of 2^63",
        b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00",
        PROTOCOL,
    ),
    (
        "a length of 2^64 - 1",
        b"\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff",
        PROTOCOL,
    ),
    ("half a close code", b"\x88\x01\x03", PROTOCOL),
    (
        "text that goes wrong behind an empty fragment",
        b"\x01\x00\x80\x02\xc3\x28",
        DATA,
    ),
];

const BAD_TEXTS: &[(&str, &[u8])] = &[
    ("a stray continuation byte", b"\x80"),
    ("a byte that is in no text", b"\xff"),
    ("a broken pair", b"\xc3\x28"),
    ("an overlong slash", b"\xc0\xaf"),
    ("an overlong NUL", b"\xe0\x80\x80"),
    ("a surrogate", b"\xed\xa0\x80"),
    ("more than U+10FFFF", b"\xf4\x90\x80\x80"),
    ("a character without its end", b"\xe2\x82"),
];
