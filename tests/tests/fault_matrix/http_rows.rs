//! Rows of resolving, connecting, sending, and reading a response.

use std::io::{self, Read};

use winhttp_abi::constants as c;
use winhttp_fixtures::Connection;

use super::row::{Cue, Ends, Operation, Peer, Row, Until, Weight};

const CONNECTION: Ends = Ends::Fails(c::ERROR_WINHTTP_CONNECTION_ERROR);
const CANNOT: Ends = Ends::Fails(c::ERROR_WINHTTP_CANNOT_CONNECT);
const TIMEOUT: Ends = Ends::Fails(c::ERROR_WINHTTP_TIMEOUT);
const INVALID: Ends = Ends::Fails(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE);
const SIZE: Ends = Ends::Fails(c::ERROR_WINHTTP_HEADER_SIZE_OVERFLOW);
const COUNT: Ends = Ends::Fails(c::ERROR_WINHTTP_HEADER_COUNT_EXCEEDED);
const CHUNK: Ends = Ends::Fails(c::ERROR_WINHTTP_CHUNKED_ENCODING_HEADER_SIZE_OVERFLOW);

type Result = io::Result<()>;
pub(crate) type BoxedAct = Box<dyn Fn(&mut Connection, &Cue) -> Result + Send + Sync>;

/// Every row of this file.
pub(crate) fn rows() -> Vec<Row> {
    [resolving(), connecting(), sending(), heads(), bodies()]
        .into_iter()
        .flatten()
        .collect()
}

/// What every peer can do to a connection instead of what it should do.
pub(crate) fn silent(_: &mut Connection, _: &Cue) -> Result {
    Ok(())
}

pub(crate) fn ends(connection: &mut Connection, _: &Cue) -> Result {
    connection.finish_sending()
}

pub(crate) fn resets(connection: &mut Connection, _: &Cue) -> Result {
    connection.reset()
}

/// Reads until the client ends.
pub(crate) fn drain(connection: &mut Connection, _: &Cue) -> Result {
    let mut buffer = vec![0; 256 << 10];
    while connection.read(&mut buffer)? > 0 {}
    Ok(())
}

/// Sends these bytes and keeps the connection.
pub(crate) fn says(
    bytes: impl Into<Vec<u8>>,
) -> impl Fn(&mut Connection, &Cue) -> Result + Send + Sync + 'static {
    let bytes = bytes.into();
    move |connection, _| connection.send(&bytes)
}

/// Sends these bytes and a FIN.
pub(crate) fn says_and_ends(
    bytes: impl Into<Vec<u8>>,
) -> impl Fn(&mut Connection, &Cue) -> Result + Send + Sync + 'static {
    let bytes = bytes.into();
    move |connection, _| {
        connection.send(&bytes)?;
        connection.finish_sending()
    }
}

/// Sends these bytes and a reset.
pub(crate) fn says_and_resets(
    bytes: impl Into<Vec<u8>>,
) -> impl Fn(&mut Connection, &Cue) -> Result + Send + Sync + 'static {
    let bytes = bytes.into();
    move |connection, _| {
        connection.send(&bytes)?;
        connection.reset()
    }
}

/// Sends these bytes, each in a segment of its own.
pub(crate) fn trickles(
    bytes: impl Into<Vec<u8>>,
) -> impl Fn(&mut Connection, &Cue) -> Result + Send + Sync + 'static {
    let bytes = bytes.into();
    move |connection, _| connection.send_slow(&bytes)
}

/// Sends `first` and then `more` for as long as anybody reads.
pub(crate) fn never_ends(
    first: impl Into<Vec<u8>>,
    more: impl Into<Vec<u8>>,
) -> impl Fn(&mut Connection, &Cue) -> Result + Send + Sync + 'static {
    let (first, more) = (first.into(), more.into());
    let many = more.repeat(4096_usize.div_ceil(more.len()));
    move |connection, _| {
        connection.send(&first)?;
        loop {
            connection.send(&many)?;
        }
    }
}

fn resolving() -> Vec<Row> {
    let unknown = Peer::NoHost("no-such-host.invalid");
    let failed = Ends::Fails(c::ERROR_WINHTTP_NAME_NOT_RESOLVED);
    vec![Row {
        pends: false,
        ..Row::new(Operation::Resolve, "no such host", unknown, failed)
    }]
}

fn connecting() -> Vec<Row> {
    let row = |fault: &str, peer, ends| Row {
        pends: false,
        ..Row::new(Operation::Connect, fault, peer, ends)
    };
    vec![
        row("refused", Peer::Refused, CANNOT),
        row("port of another protocol", Peer::Port(25), CANNOT),
        Row {
            pends: true,
            limited: true,
            ..row("silent", Peer::Swallows, TIMEOUT)
        },
    ]
}

/// Sending more than the peer takes.
fn sending() -> Vec<Row> {
    let drains = |connection: &mut Connection, cue: &Cue| {
        connection.finish_sending()?;
        drain(connection, cue)
    };
    let refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n";
    let mut rows = Vec::new();
    for operation in [Operation::SendRequest, Operation::WriteData] {
        let until = || Until::Request;
        // The answer can be received; of two calls that send, only the one that has written too
        // little fails (23.3.3).
        let refused = match operation {
            Operation::SendRequest => Ends::Succeeds,
            _ => CONNECTION,
        };
        rows.extend([
            Row {
                limited: true,
                ..Row::script(operation, "silent", until(), silent, TIMEOUT)
            },
            Row::script(operation, "reset", until(), resets, CONNECTION),
            // A body that was not sent to its end ends its connection (21.3.4).
            Row {
                later: true,
                ..Row::script(
                    operation,
                    "refused",
                    until(),
                    says(refusal),
                    refused.clone(),
                )
            },
            Row::script(
                operation,
                "refused and reset",
                until(),
                says_and_resets(refusal),
                refused,
            ),
            Row {
                endless: true,
                ..Row::script(
                    operation,
                    "half-closed and read",
                    until(),
                    drains,
                    Ends::Succeeds,
                )
            },
        ]);
    }
    rows
}

fn heads() -> Vec<Row> {
    let good = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let row = |fault: &str, act: BoxedAct, ends| {
        Row::script(Operation::ReadHead, fault, Until::Request, act, ends)
    };
    let mut rows = vec![
        Row {
            limited: true,
            ..row("silent", Box::new(silent), TIMEOUT)
        },
        // A FIN instead of a head is a broken response (http-behaviours 23.3.1).
        row("half-closed", Box::new(ends), INVALID),
        row("reset", Box::new(resets), CONNECTION),
        row("byte by byte", Box::new(trickles(good)), Ends::Succeeds),
        row(
            "reset inside",
            Box::new(|connection: &mut Connection, done: &Cue| {
                connection.send(b"HTTP/1.1 200 OK\r\nCont")?;
                resets(connection, done)
            }),
            CONNECTION,
        ),
        Row {
            limited: true,
            ..row(
                "silent inside",
                Box::new(says("HTTP/1.1 200 OK\r\nCont")),
                TIMEOUT,
            )
        },
    ];
    for (fault, bytes) in BAD_HEADS {
        rows.push(row(fault, Box::new(says_and_ends(*bytes)), INVALID));
    }
    for (fault, bytes) in ODD_HEADS {
        rows.push(Row {
            later: true,
            ..row(fault, Box::new(says_and_ends(*bytes)), Ends::Succeeds)
        });
    }
    let many = "X-Field: value\r\n".repeat(4000);
    let long = format!("HTTP/1.1 200 OK\r\nX-Long: {}\r\n\r\n", "x".repeat(70_000));
    rows.push(row("oversized", Box::new(says(long)), SIZE));
    rows.push(row(
        "4000 fields",
        Box::new(says(format!("HTTP/1.1 200 OK\r\n{many}\r\n"))),
        COUNT,
    ));
    for (fault, first, more, ends) in [
        ("an endless status line", "HTTP/1.1 200 ", "O", SIZE),
        ("an endless field", "HTTP/1.1 200 OK\r\nX: ", "x", SIZE),
        (
            "endless fields",
            "HTTP/1.1 200 OK\r\n",
            "X-Endless: and not the end\r\n",
            SIZE,
        ),
        (
            "endless interim responses",
            "",
            "HTTP/1.1 102 Processing\r\n\r\n",
            INVALID,
        ),
    ] {
        rows.push(Row {
            endless: true,
            ..row(fault, Box::new(never_ends(first, more)), ends)
        });
    }
    rows
}

/// Heads that are none, and how they are called.
const BAD_HEADS: &[(&str, &[u8])] = &[
    ("garbage", b"\x00\xff\x16 is it?\r\n\r\n"),
    ("no head at all", b"<html></html>\r\n\r\n"),
    ("truncated in the status line", b"HTTP/1.1 20"),
    ("truncated in a field", b"HTTP/1.1 200 OK\r\nContent-Le"),
    (
        "truncated before the empty line",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n",
    ),
    ("a status of two digits", b"HTTP/1.1 20 OK\r\n\r\n"),
    ("a status of letters", b"HTTP/1.1 abc OK\r\n\r\n"),
    ("another protocol", b"ICY 200 OK\r\n\r\n"),
    ("HTTP/2", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00"),
    (
        "a field without colon",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    ),
    ("a NUL in a field", b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n"),
    (
        "a negative length",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    ),
    (
        "a length of 2^64",
        b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n",
    ),
    (
        "two lengths",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ),
];

/// Heads that are odd, and good enough.
const ODD_HEADS: &[(&str, &[u8])] = &[
    (
        "a space in a field's name",
        b"HTTP/1.1 200 OK\r\nX Y: a\r\n\r\n",
    ),
    (
        "a 101 that nobody asked for",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ),
];

#[expect(clippy::too_many_lines, reason = "a table")]
fn bodies() -> Vec<Row> {
    let counted = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let open = "HTTP/1.1 200 OK\r\n\r\n";
    let row = |fault: &str, head: &str, act: BoxedAct, ends| {
        Row::script(
            Operation::ReadBody,
            fault,
            Until::Answered(head.into()),
            act,
            ends,
        )
    };
    let mut rows = vec![
        Row {
            limited: true,
            ..row("silent", counted, Box::new(silent), TIMEOUT)
        },
        Row {
            limited: true,
            ..row(
                "silent inside a chunk",
                chunked,
                Box::new(says("5\r\nab")),
                TIMEOUT,
            )
        },
        // A FIN ends a body that is shorter than its Content-Length; programs compare the lengths
        // (24.1).
        row("half-closed", counted, Box::new(ends), Ends::Succeeds),
        row(
            "half-closed inside",
            counted,
            Box::new(says_and_ends("abc")),
            Ends::Succeeds,
        ),
        row(
            "half-closed inside a chunk",
            chunked,
            Box::new(says_and_ends("5\r\nab")),
            CONNECTION,
        ),
        row(
            "half-closed between chunks",
            chunked,
            Box::new(says_and_ends("2\r\nab\r\n")),
            CONNECTION,
        ),
        row(
            "half-closed before the end",
            chunked,
            Box::new(says_and_ends("0\r\n")),
            CONNECTION,
        ),
        row(
            "half-closed where that is the end",
            open,
            Box::new(says_and_ends("ab")),
            Ends::Succeeds,
        ),
        row(
            "half-closed inside a trailer",
            chunked,
            Box::new(says_and_ends("0\r\nX-Tra")),
            CONNECTION,
        ),
        row(
            "half-closed behind a trailer",
            chunked,
            Box::new(says_and_ends("0\r\nX-Trailer: a\r\n")),
            CONNECTION,
        ),
        row(
            "reset inside a trailer",
            chunked,
            Box::new(says_and_resets("0\r\nX-Tra")),
            CONNECTION,
        ),
        Row {
            limited: true,
            ..row(
                "silent inside a trailer",
                chunked,
                Box::new(says("0\r\nX-Tra")),
                TIMEOUT,
            )
        },
        row("reset", counted, Box::new(resets), CONNECTION),
        row(
            "reset where the end is a FIN",
            open,
            Box::new(resets),
            CONNECTION,
        ),
        row(
            "byte by byte",
            counted,
            Box::new(trickles("0123456789")),
            Ends::Succeeds,
        ),
        // What is remembered for a while of each server that speaks HTTP/1.0 is memory, and keeps
        // no thread.
        Row {
            weight: Weight::Cut,
            ..row(
                "HTTP/1.0, byte by byte",
                "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 10\r\n\r\n",
                Box::new(trickles("0123456789")),
                Ends::Succeeds,
            )
        },
        row(
            "chunks byte by byte",
            chunked,
            Box::new(trickles("2\r\nab\r\n0\r\n\r\n")),
            Ends::Succeeds,
        ),
    ];
    for (fault, bytes, ends) in [
        ("a chunk size of letters", "xyz\r\n", INVALID),
        ("a negative chunk size", "-5\r\nhello\r\n", INVALID),
        (
            "a CR too many behind a chunk size",
            "5\r\r\nhello\r\n",
            INVALID,
        ),
        (
            "a CR inside a chunk extension",
            "5;a\rb\r\nhello\r\n",
            INVALID,
        ),
        ("a chunk of 2^64", "10000000000000000\r\n", CHUNK),
        (
            "a chunk without its line end",
            "2\r\nabcd\r\n0\r\n\r\n",
            INVALID,
        ),
        ("an empty chunk size", "\r\n", INVALID),
        ("a trailer without colon", "0\r\nno colon\r\n\r\n", INVALID),
        ("a NUL in a trailer", "0\r\nX: a\0b\r\n\r\n", INVALID),
    ] {
        rows.push(row(fault, chunked, Box::new(says(bytes)), ends));
    }
    for (fault, head, first, more, ends) in [
        ("an endless chunk size", chunked, "", "0", CHUNK),
        ("an endless chunk extension", chunked, "5;", "x", CHUNK),
        (
            "endless trailers",
            chunked,
            "0\r\n",
            "X-Trailer: and not the end\r\n",
            SIZE,
        ),
        (
            "endless chunks of a byte",
            chunked,
            "",
            "1\r\nx\r\n",
            Ends::Succeeds,
        ),
        ("endless data", open, "", "x", Ends::Succeeds),
    ] {
        rows.push(Row {
            endless: true,
            ..row(fault, head, Box::new(never_ends(first, more)), ends)
        });
    }
    rows
}
