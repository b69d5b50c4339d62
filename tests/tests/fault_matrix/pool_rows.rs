//! Rows of connections that more than one request has to do with: used again, waited for, read to
//! the end of an answer that nobody wants, and with more on them than an answer.

use std::sync::Arc;

use winhttp_abi::constants as c;

use super::http_rows::{
    BoxedAct, drain, ends, never_ends, resets, says, says_and_ends, says_and_resets, silent,
    trickles,
};
use super::row::{Earlier, Ends, Operation, Row, Until, WHOLE, Weight};
use super::secure_rows::says_goodbye;
use super::upgrade_rows::answer;

const CONNECTION: Ends = Ends::Fails(c::ERROR_WINHTTP_CONNECTION_ERROR);
const INVALID: Ends = Ends::Fails(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE);
const TIMEOUT: Ends = Ends::Fails(c::ERROR_WINHTTP_TIMEOUT);

/// A counted answer without its body.
const COUNTED: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
/// Answers that have begun, and may end behind "56789", or behind a chunk.
const COUNTED_BEGUN: &str = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234";
const CHUNKED_BEGUN: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n";

/// Every row of this file.
pub(crate) fn rows() -> Vec<Row> {
    [
        stale(),
        stale_uploads(),
        stale_in_other_ways(),
        waiting(),
        drained(),
        swapped(),
        secure(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The same over TLS.
fn over_tls(row: Row) -> Row {
    Row {
        fault: format!("{}, over TLS", row.fault),
        secure: true,
        weight: Weight::Heavy,
        ..row
    }
}

/// A row of a request on a connection that an earlier one has left, and whether it is repeated.
fn stale_row(operation: Operation, fault: &str, act: BoxedAct, ends: Ends, repeated: bool) -> Row {
    stale_row_from(operation, fault, Until::Request, act, ends, repeated)
}

fn stale_row_from(
    operation: Operation,
    fault: &str,
    until: Until,
    act: BoxedAct,
    ends: Ends,
    repeated: bool,
) -> Row {
    let fault = format!("{fault}, on a kept connection");
    Row {
        earlier: Earlier::Read,
        connections: Some(if repeated { 2 } else { 1 }),
        weight: Weight::Heavy,
        ..Row::script(operation, fault, until, act, ends)
    }
}

/// What becomes of a request whose connection is given up once it was sent: it is repeated once if
/// that does no harm, and nothing of an answer has come (21.5.3).
fn stale() -> Vec<Row> {
    let row = |fault: &str, act: BoxedAct, ends, repeated| {
        stale_row(Operation::ReadHead, fault, act, ends, repeated)
    };
    let post = |row: Row| Row {
        verb: "POST",
        fault: format!("{}, with POST", row.fault),
        ..row
    };
    let part = "HTTP/1.1 200 OK\r\nCont";
    vec![
        Row {
            weight: Weight::Light,
            ..row("half-closed", Box::new(ends), Ends::Succeeds, true)
        },
        Row {
            weight: Weight::Light,
            ..row("reset", Box::new(resets), Ends::Succeeds, true)
        },
        row("answered", Box::new(says(WHOLE)), Ends::Succeeds, false),
        row(
            "half-closed inside",
            Box::new(says_and_ends(part)),
            INVALID,
            false,
        ),
        row(
            "reset inside",
            Box::new(says_and_resets(part)),
            CONNECTION,
            false,
        ),
        row(
            "half-closed behind a byte",
            Box::new(says_and_ends("H")),
            INVALID,
            false,
        ),
        row(
            "garbage",
            Box::new(says_and_ends("what?\r\n\r\n")),
            INVALID,
            false,
        ),
        Row {
            limited: true,
            ..row("silent", Box::new(silent), TIMEOUT, false)
        },
        // Ruling 40.10: a POST may have been done.
        post(row("half-closed", Box::new(ends), CONNECTION, false)),
        post(row("reset", Box::new(resets), CONNECTION, false)),
        Row {
            again: Arc::new(ends),
            ..row("half-closed twice", Box::new(ends), INVALID, true)
        },
        Row {
            again: Arc::new(resets),
            ..row("reset twice", Box::new(resets), CONNECTION, true)
        },
        // Where all sessions share the connections.
        Row {
            earlier: Earlier::Shared,
            ..row("half-closed, shared", Box::new(ends), Ends::Succeeds, true)
        },
    ]
}

/// Bodies that are being sent: those that are there as a whole can be sent again.
fn stale_uploads() -> Vec<Row> {
    let row = |operation, fault: &str, verb, act: BoxedAct, ends, repeated| Row {
        verb,
        fault: format!("{fault}, on a kept connection, with {verb}"),
        again: Arc::new(drain),
        ..stale_row(operation, fault, act, ends, repeated)
    };
    let send = Operation::SendRequest;
    let write = Operation::WriteData;
    vec![
        row(send, "reset", "PUT", Box::new(resets), Ends::Succeeds, true),
        row(send, "reset", "POST", Box::new(resets), CONNECTION, false),
        // What was written is not there any more.
        row(write, "reset", "PUT", Box::new(resets), CONNECTION, false),
        Row {
            limited: true,
            ..row(send, "silent", "PUT", Box::new(silent), TIMEOUT, false)
        },
    ]
}

/// Other operations on a connection that others have used.
fn stale_in_other_ways() -> Vec<Row> {
    let body = |fault: &str, act: BoxedAct, ends| {
        let until = Until::Answered(COUNTED.into());
        stale_row_from(Operation::ReadBody, fault, until, act, ends, false)
    };
    vec![
        body("half-closed", Box::new(ends), Ends::Succeeds),
        body("reset", Box::new(resets), CONNECTION),
        Row {
            again: Arc::new(|connection, cue| connection.send(answer(cue.request()).as_bytes())),
            ..stale_row(
                Operation::Upgrade,
                "half-closed",
                Box::new(ends),
                Ends::Succeeds,
                true,
            )
        },
        Row {
            again: Arc::new(|connection, cue| connection.send(answer(cue.request()).as_bytes())),
            ..stale_row(
                Operation::Upgrade,
                "reset",
                Box::new(resets),
                Ends::Succeeds,
                true,
            )
        },
    ]
}

/// A request that waits for the only connection, and how many there are in the end: a place that
/// was lost would keep it waiting.
fn waiting_row(fault: &str, earlier: Earlier, act: BoxedAct, connections: usize) -> Row {
    Row {
        earlier,
        connections: Some(connections),
        weight: Weight::Heavy,
        ..Row::script(Operation::Wait, fault, Until::Request, act, Ends::Succeeds)
    }
}

/// Another request has the connection.
fn waiting() -> Vec<Row> {
    let row = |fault: &str, act: BoxedAct, connections| {
        waiting_row(fault, Earlier::Reads, act, connections)
    };
    let last = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno";
    let long = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01";
    vec![
        Row {
            ends: [Ends::Never, Ends::Never],
            weight: Weight::Light,
            ..waiting_row("silent", Earlier::Holds, Box::new(silent), 1)
        },
        // 21.6.4: nobody has read it, and nobody does so behind the program's back.
        Row {
            ends: [Ends::Never, Ends::Never],
            ..waiting_row(
                "answered, and not read",
                Earlier::Holds,
                Box::new(says(WHOLE)),
                1,
            )
        },
        Row {
            weight: Weight::Light,
            ..row("answered", Box::new(says(WHOLE)), 1)
        },
        Row {
            weight: Weight::Light,
            ..row("reset", Box::new(resets), 2)
        },
        row("half-closed", Box::new(ends), 2),
        row("answered byte by byte", Box::new(trickles(WHOLE)), 1),
        row("answered for the last time", Box::new(says(last)), 2),
        row("answered with garbage", Box::new(says("what?\r\n\r\n")), 2),
        row(
            "half-closed inside the answer's body",
            Box::new(says_and_ends(long)),
            2,
        ),
        row(
            "reset inside the answer's body",
            Box::new(says_and_resets(long)),
            2,
        ),
    ]
}

/// The rest of an answer that nobody wants is on its way: for a second at the most (21.3.2).
fn drained() -> Vec<Row> {
    let row = |fault: &str, begun, act: BoxedAct, connections| Row {
        // The second may be over before the peer is released.
        pends: false,
        ..waiting_row(
            &format!("{fault}, while an answer is passed over"),
            Earlier::Abandoned(begun),
            act,
            connections,
        )
    };
    let behind = [b"56789".as_slice(), WHOLE].concat();
    vec![
        row("silent", COUNTED_BEGUN, Box::new(silent), 2),
        row("the rest", COUNTED_BEGUN, Box::new(says("56789")), 1),
        row(
            "the rest byte by byte",
            COUNTED_BEGUN,
            Box::new(trickles("56789")),
            1,
        ),
        row(
            "half of the rest and silence",
            COUNTED_BEGUN,
            Box::new(says("567")),
            2,
        ),
        row("half-closed", COUNTED_BEGUN, Box::new(ends), 2),
        row("reset", COUNTED_BEGUN, Box::new(resets), 2),
        row(
            "the rest and a reset",
            COUNTED_BEGUN,
            Box::new(says_and_resets("56789")),
            2,
        ),
        row(
            "the rest and another answer",
            COUNTED_BEGUN,
            Box::new(says(behind)),
            2,
        ),
        row(
            "the last chunk",
            CHUNKED_BEGUN,
            Box::new(says("0\r\n\r\n")),
            1,
        ),
        row(
            "trailers",
            CHUNKED_BEGUN,
            Box::new(says("0\r\nX-Trailer: a\r\n\r\n")),
            1,
        ),
        row(
            "a chunk size of letters",
            CHUNKED_BEGUN,
            Box::new(says("xyz\r\n")),
            2,
        ),
        Row {
            endless: true,
            ..row(
                "endless chunks",
                CHUNKED_BEGUN,
                Box::new(never_ends("", "1\r\nx\r\n")),
                2,
            )
        },
    ]
}

/// More on a connection than an answer: that is nobody's, and the connection serves nobody any
/// more.
fn swapped() -> Vec<Row> {
    let row = |operation, fault: &str, until, act| Row {
        later: true,
        weight: Weight::Heavy,
        ..Row::script(operation, fault, until, act, Ends::Succeeds)
    };
    let wrong = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong";
    let empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let head = |fault, act: BoxedAct| row(Operation::ReadHead, fault, Until::Request, act);
    let body = |fault, begin: &str, act: BoxedAct| {
        row(
            Operation::ReadBody,
            fault,
            Until::Answered(begin.into()),
            act,
        )
    };
    let glued = |rest: &str| Box::new(says([rest, wrong].concat()));
    vec![
        head("a second answer behind it", glued(empty)),
        head(
            "a second answer behind it, byte by byte",
            Box::new(trickles([empty, wrong].concat())),
        ),
        body("a second answer behind it", COUNTED, glued("0123456789")),
        body(
            "a second answer behind chunks",
            chunked,
            glued("2\r\nab\r\n0\r\n\r\n"),
        ),
        body(
            "a second answer behind trailers, byte by byte",
            chunked,
            Box::new(trickles(["0\r\nX: y\r\n\r\n", wrong].concat())),
        ),
        body(
            "an end behind it",
            COUNTED,
            Box::new(says_and_ends("0123456789")),
        ),
        body(
            "a reset behind it",
            COUNTED,
            Box::new(says_and_resets("0123456789")),
        ),
    ]
}

/// Faults whose rows are played over TLS, too.
const SECURE_TOO: &[&str] = &[
    "half-closed, on a kept connection",
    "reset, on a kept connection",
    "reset inside, on a kept connection",
    "answered, on a kept connection",
    "answered",
    "reset",
    "the rest, while an answer is passed over",
    "reset, while an answer is passed over",
    "the rest and another answer, while an answer is passed over",
    "a second answer behind it",
    "a second answer behind trailers, byte by byte",
    "an end behind it",
];

/// Some of each kind, and what only TLS has.
fn secure() -> Vec<Row> {
    let plain = || {
        let all = [stale(), waiting(), drained(), swapped()];
        all.into_iter().flatten()
    };
    for fault in SECURE_TOO {
        assert!(plain().any(|row| row.fault == *fault), "{fault}");
    }
    let goodbye = || Box::new(says_goodbye);
    plain()
        .filter(|row| SECURE_TOO.contains(&row.fault.as_str()))
        .chain([
            stale_row(
                Operation::ReadHead,
                "close_notify",
                goodbye(),
                Ends::Succeeds,
                true,
            ),
            waiting_row("close_notify", Earlier::Reads, goodbye(), 2),
        ])
        .map(over_tls)
        .collect()
}
