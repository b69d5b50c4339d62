//! Rows of an open WebSocket: frames that break RFC 6455, floods, and connections that end.

use std::io;

use winhttp_abi::constants as c;
use winhttp_fixtures::{Connection, Frame, Opcode};

use super::bad_frames::bad_frames;
use super::http_rows::{
    drain, ends, never_ends, resets, says, says_and_ends, says_and_resets, silent, trickles,
};
use super::row::{Cue, Ends, Operation, Row, Until, Weight};

const INVALID: Ends = Ends::Fails(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE);
const CONNECTION: Ends = Ends::Fails(c::ERROR_WINHTTP_CONNECTION_ERROR);
const TIMEOUT: Ends = Ends::Fails(c::ERROR_WINHTTP_TIMEOUT);
const TEXT: i32 = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
const CLOSE: i32 = c::WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE;

type Act = Box<dyn Fn(&mut Connection, &Cue) -> io::Result<()> + Send + Sync>;

/// Every row of this file.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for operation in [Operation::Receive, Operation::Idle] {
        rows.extend(receiving(operation));
        rows.extend(bad_frames(operation));
    }
    rows.extend(sending());
    rows.extend(closing());
    rows.extend(dead());
    rows
}

fn row(operation: Operation, fault: impl Into<String>, act: Act, ends: Ends) -> Row {
    Row::script(operation, fault, Until::Accepted(Vec::new()), act, ends)
}

fn wire(frames: &[Frame]) -> Vec<u8> {
    frames.iter().flat_map(Frame::encode).collect()
}

fn text(bytes: &[u8]) -> Frame {
    Frame::new(Opcode::TEXT, true, bytes)
}

fn receives(bytes: &[u8]) -> Ends {
    Ends::Receives(bytes.to_vec(), TEXT)
}

/// Connections that end, data in drops, floods with an end, and data behind the end.
#[expect(clippy::too_many_lines, reason = "a table")]
fn receiving(operation: Operation) -> Vec<Row> {
    let row = |fault: &str, act: Act, ends| row(operation, fault, act, ends);
    let closed = || Ends::Receives(Vec::new(), CLOSE);
    let close = Frame::close(Some(1000), b"bye");
    let behind = wire(&[
        close.clone(),
        text(b"too late"),
        close.clone(),
        Frame::new(Opcode::PING, true, ""),
    ]);
    let broken_behind = [close.encode(), vec![0xff; 100]].concat();
    let fragment = Frame::new(Opcode::CONTINUATION, false, "")
        .encode()
        .repeat(20_000);
    let (first, last) = (
        Frame::new(Opcode::TEXT, false, ""),
        Frame::new(Opcode::CONTINUATION, true, "end"),
    );
    let fragments = [first.encode(), fragment, last.encode()].concat();
    let pongs = [
        Frame::new(Opcode::PONG, true, "p").encode().repeat(20_000),
        text(b"on").encode(),
    ];
    let pings = [
        Frame::new(Opcode::PING, true, "p").encode().repeat(20_000),
        text(b"on").encode(),
    ];
    let mut rows = vec![
        row("half-closed", Box::new(ends), CONNECTION),
        row("reset", Box::new(resets), CONNECTION),
        row(
            "half-closed inside a header",
            Box::new(says_and_ends(b"\x82\x7e\x01")),
            CONNECTION,
        ),
        row(
            "reset inside a header",
            Box::new(|connection: &mut Connection, _: &Cue| {
                connection.send(b"\x82\x7e\x01")?;
                connection.reset()
            }),
            CONNECTION,
        ),
        row(
            "byte by byte",
            Box::new(trickles(wire(&[text(b"drops")]))),
            receives(b"drops"),
        ),
        row(
            "a close frame byte by byte",
            Box::new(trickles(close.encode())),
            closed(),
        ),
        row(
            "reset behind pings and a message",
            Box::new(says_and_resets(pinged(&text(b"last")))),
            receives(b"last"),
        ),
        row(
            "reset behind pings and a close frame",
            Box::new(says_and_resets(pinged(&close))),
            closed(),
        ),
        row(
            "half-closed behind a close frame",
            Box::new(says_and_ends(close.encode())),
            closed(),
        ),
        row(
            "frames behind a close frame",
            Box::new(says(behind)),
            closed(),
        ),
        row(
            "garbage behind a close frame",
            Box::new(says(broken_behind)),
            closed(),
        ),
        row(
            "20000 empty fragments",
            Box::new(says(fragments)),
            receives(b"end"),
        ),
        row(
            "20000 pongs",
            Box::new(says(pongs.concat())),
            receives(b"on"),
        ),
        row(
            "20000 pings",
            Box::new(says(pings.concat())),
            receives(b"on"),
        ),
    ];
    if operation == Operation::Receive {
        let piece = Frame::new(Opcode::CONTINUATION, false, "x").encode();
        let first = Frame::new(Opcode::TEXT, false, "x").encode();
        let empty = Frame::new(Opcode::TEXT, false, "").encode();
        rows.extend([
            Row {
                endless: true,
                ..row(
                    "a ping for every pong",
                    Box::new(ping_flood),
                    receives(b"on"),
                )
            },
            row("silent", Box::new(silent), Ends::Never),
            // 2^63 - 1 bytes are promised, one comes.
            row(
                "a frame of all memory",
                Box::new(says(b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff")),
                Ends::Never,
            ),
            Row {
                endless: true,
                ..row(
                    "endless fragments",
                    Box::new(never_ends(first, piece)),
                    Ends::Succeeds,
                )
            },
            Row {
                endless: true,
                ..row(
                    "endless pings, no pong read",
                    Box::new(deaf_flood(Opcode::PING, "x", &[])),
                    Ends::Never,
                )
            },
            Row {
                endless: true,
                ..row(
                    "endless empty fragments",
                    Box::new(deaf_flood(Opcode::CONTINUATION, "", &empty)),
                    Ends::Never,
                )
            },
        ]);
    }
    rows
}

/// A frame between pings: a peer that is gone takes no pong.
pub(crate) fn pinged(frame: &Frame) -> Vec<u8> {
    let ping = Frame::new(Opcode::PING, true, "p");
    wire(&[ping.clone(), ping.clone(), frame.clone(), ping])
}

/// Sends pings in batches and reads until each batch's last pong, then says something.
fn ping_flood(connection: &mut Connection, _: &Cue) -> io::Result<()> {
    for batch in 0..20_u8 {
        let ping = Frame::new(Opcode::PING, true, "p").encode().repeat(1000);
        connection.send(&ping)?;
        connection.send_frame(Opcode::PING, true, &[b'e', batch])?;
        loop {
            let pong = connection
                .read_frame()?
                .ok_or(io::ErrorKind::UnexpectedEof)?;
            if pong.payload == [b'e', batch] {
                break;
            }
        }
    }
    connection.send_frame(Opcode::TEXT, true, b"on")
}

/// Sends frames for ever and reads nothing; done when 64 KiB are on their way.
fn deaf_flood(
    opcode: Opcode,
    payload: &'static str,
    first: &[u8],
) -> impl Fn(&mut Connection, &Cue) -> io::Result<()> + Send + Sync + 'static {
    let frame = Frame::new(opcode, opcode != Opcode::CONTINUATION, payload);
    let many = frame.encode().repeat((16 << 10) / frame.encode().len());
    let first = first.to_vec();
    move |connection, cue| {
        connection.send(&first)?;
        for _ in 0..4 {
            connection.send(&many)?;
        }
        cue.done.tell();
        loop {
            connection.send(&many)?;
        }
    }
}

/// A send that does not fit, while the peer does something else than reading.
fn sending() -> Vec<Row> {
    let row = |fault: &str, act: Act, ends| Row {
        weight: Weight::Heavy,
        ..row(Operation::Send, fault, act, ends)
    };
    vec![
        Row {
            limited: true,
            ..row("silent", Box::new(silent), TIMEOUT)
        },
        row("reset", Box::new(resets), CONNECTION),
        Row {
            endless: true,
            ..row("read at last", Box::new(drain), Ends::Succeeds)
        },
        Row {
            endless: true,
            ..row(
                "a message first, then read",
                Box::new(|connection: &mut Connection, cue: &Cue| {
                    connection.send(&text(b"by the way").encode())?;
                    drain(connection, cue)
                }),
                Ends::Succeeds,
            )
        },
    ]
}

/// A close whose answer does not come, or not as it should.
#[expect(clippy::too_many_lines, reason = "a table")]
fn closing() -> Vec<Row> {
    let row = |fault: &str, act: Act, ends| row(Operation::Close, fault, act, ends);
    let close = || Frame::close(Some(1000), b"bye");
    let messages = text(b"unread").encode().repeat(10_000);
    vec![
        Row {
            limited: true,
            ..row("silent", Box::new(silent), TIMEOUT)
        },
        Row {
            limited: true,
            ..row(
                "half a close frame",
                Box::new(says(&close().encode()[..3])),
                TIMEOUT,
            )
        },
        Row {
            limited: true,
            endless: true,
            ..row(
                "endless messages",
                Box::new(deaf_flood(Opcode::TEXT, "x", &[])),
                TIMEOUT,
            )
        },
        Row {
            limited: true,
            endless: true,
            ..row(
                "endless pings",
                Box::new(deaf_flood(Opcode::PING, "x", &[])),
                TIMEOUT,
            )
        },
        row("half-closed", Box::new(ends), CONNECTION),
        row("reset", Box::new(resets), CONNECTION),
        row(
            "half-closed inside the answer",
            Box::new(says_and_ends(&close().encode()[..3])),
            CONNECTION,
        ),
        row(
            "answered byte by byte",
            Box::new(trickles(close().encode())),
            Ends::Succeeds,
        ),
        row(
            "answered and half-closed",
            Box::new(says_and_ends(close().encode())),
            Ends::Succeeds,
        ),
        row(
            "answered and reset behind pings",
            Box::new(says_and_resets(pinged(&close()))),
            Ends::Succeeds,
        ),
        row(
            "10000 messages, then answered",
            Box::new(says([messages, close().encode()].concat())),
            Ends::Succeeds,
        ),
        row("a reserved opcode", Box::new(says(b"\x83\x00")), INVALID),
        row(
            "an invalid close code",
            Box::new(says(b"\x88\x02\x03\xed")),
            INVALID,
        ),
        row(
            "an invalid close reason",
            Box::new(says(b"\x88\x04\x03\xe8\xc3\x28")),
            INVALID,
        ),
        row(
            "a message of no UTF-8",
            Box::new(says(b"\x81\x02\xc3\x28")),
            INVALID,
        ),
    ]
}

/// Operations on a connection whose end was seen.
fn dead() -> Vec<Row> {
    let mut rows = Vec::new();
    for operation in [
        Operation::Receive,
        Operation::Send,
        Operation::SendLittle,
        Operation::Shutdown,
        Operation::Close,
    ] {
        let seen = |fault: &str, act: Act, ends| Row {
            pends: false,
            seen: true,
            ..row(operation, fault, act, ends)
        };
        rows.extend([
            seen("half-closed before", Box::new(ends), CONNECTION),
            seen("reset before", Box::new(resets), CONNECTION),
            seen(
                "a reserved opcode before",
                Box::new(says(b"\x83\x00")),
                INVALID,
            ),
        ]);
    }
    // What fits is sent, whatever the peer is about to do.
    for operation in [Operation::SendLittle, Operation::Shutdown] {
        rows.push(Row {
            pends: false,
            ..row(operation, "silent", Box::new(silent), Ends::Succeeds)
        });
    }
    rows
}
