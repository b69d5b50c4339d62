//! Rows of operations over TLS: connections that end with and without close_notify, records that
//! are none.

use std::io;

use winhttp_abi::constants as c;
use winhttp_fixtures::{Connection, Frame, Opcode};

use super::http_rows::{drain, ends, resets, says, says_and_resets, silent, trickles};
use super::row::{Cue, Ends, Operation, Row, Until, Weight};
use super::websocket_rows::pinged;

const CONNECTION: Ends = Ends::Fails(c::ERROR_WINHTTP_CONNECTION_ERROR);
const INVALID: Ends = Ends::Fails(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE);
const TIMEOUT: Ends = Ends::Fails(c::ERROR_WINHTTP_TIMEOUT);
const TEXT: i32 = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
const CLOSE: i32 = c::WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE;

type Act = Box<dyn Fn(&mut Connection, &Cue) -> io::Result<()> + Send + Sync>;

/// Every row of this file.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for operation in [
        Operation::Receive,
        Operation::Idle,
        Operation::Close,
        Operation::Send,
    ] {
        rows.extend(endings(operation, &Until::Accepted(Vec::new())));
    }
    let counted = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
    rows.extend(endings(Operation::ReadHead, &Until::Request));
    rows.extend(endings(
        Operation::ReadBody,
        &Until::Answered(counted.into()),
    ));
    rows.extend(endings(Operation::Upgrade, &Until::PartlyAccepted(0)));
    rows.extend(bodies());
    rows.extend(frames());
    rows
}

fn row(operation: Operation, fault: &str, until: Until, act: Act, ends: Ends) -> Row {
    Row {
        secure: true,
        weight: if operation == Operation::Send {
            Weight::Heavy
        } else {
            Weight::Light
        },
        ..Row::script(operation, format!("{fault}, over TLS"), until, act, ends)
    }
}

pub(crate) fn says_goodbye(connection: &mut Connection, _: &Cue) -> io::Result<()> {
    connection.close_notify()
}

fn endings(operation: Operation, until: &Until) -> Vec<Row> {
    let row = |fault, act, ends| row(operation, fault, until.clone(), act, ends);
    let below = |bytes: &[u8]| -> Act {
        let bytes = bytes.to_vec();
        Box::new(move |connection: &mut Connection, _: &Cue| connection.send_below_tls(&bytes))
    };
    let mut rows = vec![row("reset", Box::new(resets), CONNECTION)];
    if operation == Operation::Send {
        // Without optimisation, so much takes seconds to encrypt.
        rows.push(Row {
            limited: true,
            weight: Weight::Rare,
            ..row("silent", Box::new(silent), TIMEOUT)
        });
        rows.push(Row {
            endless: true,
            weight: Weight::Rare,
            ..row("read at last", Box::new(drain), Ends::Succeeds)
        });
        return rows;
    }
    // Before the response's head, TLS still speaks for itself.
    let objected = match operation {
        Operation::ReadHead | Operation::Upgrade => {
            Ends::Fails(c::ERROR_WINHTTP_SECURE_CHANNEL_ERROR)
        }
        _ => CONNECTION,
    };
    // An end before the head is a broken response, with close_notify or without (23.3.1); one
    // inside a counted body is the body's end, but only behind close_notify (24.1).
    let (half_closed, goodbye) = match operation {
        Operation::ReadHead | Operation::Upgrade => (INVALID, INVALID),
        Operation::ReadBody => (CONNECTION, Ends::Succeeds),
        _ => (CONNECTION, CONNECTION),
    };
    rows.extend([
        row("half-closed", Box::new(ends), half_closed),
        row("close_notify", Box::new(says_goodbye), goodbye),
        row(
            "a record of a wrong key",
            below(&[&[0x17, 3, 3, 0, 40][..], &[7; 40]].concat()),
            objected.clone(),
        ),
        row(
            "a record that is none",
            below(b"HTTP/1.1 200 OK\r\n\r\n"),
            objected.clone(),
        ),
        row(
            "an oversized record",
            below(&[&[0x17, 3, 3, 0xff, 0xff][..], &[7; 70_000]].concat()),
            objected.clone(),
        ),
    ]);
    rows
}

/// Where only the connection's end is the body's, its end counts with and without close_notify:
/// many servers leave it out.
fn bodies() -> Vec<Row> {
    let open = "HTTP/1.1 200 OK\r\n\r\nsome";
    let row = |fault, act, ends| {
        row(
            Operation::ReadBody,
            fault,
            Until::Answered(open.into()),
            act,
            ends,
        )
    };
    vec![
        row(
            "half-closed where the end is the connection's",
            Box::new(ends),
            Ends::Succeeds,
        ),
        row(
            "close_notify where the end is the connection's",
            Box::new(says_goodbye),
            Ends::Succeeds,
        ),
    ]
}

fn frames() -> Vec<Row> {
    let row =
        |operation, fault, act, ends| row(operation, fault, Until::Accepted(Vec::new()), act, ends);
    let text = Frame::new(Opcode::TEXT, true, "on").encode();
    let close = Frame::close(Some(1000), b"bye").encode();
    let pings = Frame::new(Opcode::PING, true, "p").encode().repeat(20_000);
    let mut rows = Vec::new();
    for operation in [Operation::Receive, Operation::Idle] {
        let receives = || Ends::Receives(b"on".to_vec(), TEXT);
        rows.extend([
            row(
                operation,
                "byte by byte",
                Box::new(trickles(text.clone())),
                receives(),
            ),
            row(
                operation,
                "20000 pings",
                Box::new(says([pings.clone(), text.clone()].concat())),
                receives(),
            ),
            row(
                operation,
                "reset behind pings and a message",
                Box::new(says_and_resets(pinged(&Frame::new(
                    Opcode::TEXT,
                    true,
                    "on",
                )))),
                receives(),
            ),
            row(
                operation,
                "a close frame",
                Box::new(says(close.clone())),
                Ends::Receives(Vec::new(), CLOSE),
            ),
            Row {
                told: Some(1002),
                ..row(
                    operation,
                    "a reserved opcode",
                    Box::new(says(b"\x83\x00")),
                    INVALID,
                )
            },
        ]);
    }
    rows.push(row(
        Operation::Close,
        "answered byte by byte",
        Box::new(trickles(close)),
        Ends::Succeeds,
    ));
    rows
}
