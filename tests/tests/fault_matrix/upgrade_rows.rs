//! Rows of the opening handshake: answers that are no acceptance, or a wrong one.

use std::io;

use winhttp_abi::constants as c;
use winhttp_fixtures::{Connection, Request};

use super::http_rows::{ends, never_ends, resets, silent};
use super::row::{Cue, Ends, Operation, Row, Until};

const INVALID: Ends = Ends::Fails(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE);
const CONNECTION: Ends = Ends::Fails(c::ERROR_WINHTTP_CONNECTION_ERROR);
const TIMEOUT: Ends = Ends::Fails(c::ERROR_WINHTTP_TIMEOUT);
/// What CompleteUpgrade says after an answer that is a response like any other.
const NO_UPGRADE: Ends = Ends::Fails(c::ERROR_INVALID_OPERATION);

/// A good 101 for a request.
pub(crate) fn answer(request: &Request) -> String {
    answer_of("HTTP/1.1 101 Switching Protocols", &request.accept_fields())
}

fn answer_of(status: &str, fields: &[(String, String)]) -> String {
    let fields = fields
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"));
    format!("{status}\r\n{}\r\n", fields.collect::<String>())
}

/// Changes the fields of a good answer.
type Spoil = fn(&mut Vec<(String, String)>);

fn without(fields: &mut Vec<(String, String)>, name: &str) {
    fields.retain(|(field, _)| field != name);
}

fn set(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    without(fields, name);
    add(fields, name, value);
}

fn add(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    fields.push((name.into(), value.into()));
}

fn twice(fields: &mut Vec<(String, String)>, name: &str) {
    let again = fields
        .iter()
        .find(|(field, _)| field == name)
        .unwrap()
        .clone();
    fields.push(again);
}

const ACCEPT: &str = "Sec-WebSocket-Accept";
const WRONG_ACCEPT: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// What is done to the fields of a 101, and what comes of it.
const SPOILED: &[(&str, Spoil, Ends)] = &[
    ("no Upgrade", |f| without(f, "Upgrade"), INVALID),
    ("another Upgrade", |f| set(f, "Upgrade", "h2c"), INVALID),
    ("an empty Upgrade", |f| set(f, "Upgrade", ""), INVALID),
    ("Upgrade twice", |f| twice(f, "Upgrade"), Ends::Succeeds),
    ("no Connection", |f| without(f, "Connection"), INVALID),
    (
        "another Connection",
        |f| set(f, "Connection", "keep-alive"),
        INVALID,
    ),
    (
        "a longer word in Connection",
        |f| set(f, "Connection", "Upgraded"),
        INVALID,
    ),
    (
        "Connection twice",
        |f| twice(f, "Connection"),
        Ends::Succeeds,
    ),
    ("no Accept", |f| without(f, ACCEPT), INVALID),
    ("another Accept", |f| set(f, ACCEPT, WRONG_ACCEPT), INVALID),
    ("an empty Accept", |f| set(f, ACCEPT, ""), INVALID),
    (
        "a quoted Accept",
        |f| {
            let value = format!(
                "\"{}\"",
                f.iter().find(|(name, _)| name == ACCEPT).unwrap().1
            );
            set(f, ACCEPT, &value);
        },
        INVALID,
    ),
    (
        "Accept in capitals",
        |f| {
            let value = f
                .iter()
                .find(|(name, _)| name == ACCEPT)
                .unwrap()
                .1
                .to_uppercase();
            set(f, ACCEPT, &value);
        },
        INVALID,
    ),
    ("Accept twice", |f| twice(f, ACCEPT), INVALID),
    (
        "a good and a wrong Accept",
        |f| add(f, ACCEPT, WRONG_ACCEPT),
        INVALID,
    ),
    (
        "an extension that nobody offered",
        |f| {
            add(f, "Sec-WebSocket-Extensions", "permessage-deflate");
        },
        INVALID,
    ),
    (
        "a sub-protocol that nobody offered",
        |f| {
            add(f, "Sec-WebSocket-Protocol", "chat");
        },
        INVALID,
    ),
    (
        "an empty sub-protocol",
        |f| {
            add(f, "Sec-WebSocket-Protocol", "");
        },
        Ends::Succeeds,
    ),
    (
        "a Content-Length",
        |f| add(f, "Content-Length", "5"),
        Ends::Succeeds,
    ),
    (
        "chunks",
        |f| add(f, "Transfer-Encoding", "chunked"),
        Ends::Succeeds,
    ),
];

/// Answers that are not 101.
const STATUSES: &[(&str, Ends)] = &[
    ("200 OK", NO_UPGRADE),
    ("204 No Content", NO_UPGRADE),
    ("400 Bad Request", NO_UPGRADE),
    ("403 Forbidden", NO_UPGRADE),
    ("404 Not Found", NO_UPGRADE),
    ("426 Upgrade Required", NO_UPGRADE),
    ("500 Internal Server Error", NO_UPGRADE),
    ("999 ?", NO_UPGRADE),
];

/// Every row of this file.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (fault, spoil, ends) in SPOILED {
        rows.push(row(*fault, ends.clone(), move |request| {
            let mut fields = request.accept_fields();
            spoil(&mut fields);
            answer_of("HTTP/1.1 101 Switching Protocols", &fields)
        }));
    }
    for (status, ends) in STATUSES {
        rows.push(row(*status, ends.clone(), move |request| {
            let mut fields = request.accept_fields();
            set(&mut fields, "Content-Length", "0");
            answer_of(&format!("HTTP/1.1 {status}"), &fields)
        }));
    }
    // RFC 6455 §4.1 lists what the client checks; the version is not among it.
    rows.push(row("HTTP/1.0", Ends::Succeeds, |request| {
        answer_of("HTTP/1.0 101 Switching Protocols", &request.accept_fields())
    }));
    rows.extend(broken());
    rows
}

/// A row whose peer gives this answer.
fn row(
    fault: impl Into<String>,
    ends: Ends,
    answer: impl Fn(&Request) -> String + Send + Sync + 'static,
) -> Row {
    let act = move |connection: &mut Connection, cue: &Cue| {
        let answer = answer(cue.request());
        connection.send(answer.as_bytes())
    };
    Row::script(Operation::Upgrade, fault, Until::Request, act, ends)
}

fn broken() -> Vec<Row> {
    let plain = |fault, act: fn(&mut Connection, &Cue) -> io::Result<()>, ends| {
        Row::script(Operation::Upgrade, fault, Until::Request, act, ends)
    };
    let endless = never_ends(
        "HTTP/1.1 101 Switching Protocols\r\n",
        "X-Endless: field\r\n",
    );
    let too_long = Ends::Fails(c::ERROR_WINHTTP_HEADER_SIZE_OVERFLOW);
    vec![
        Row {
            limited: true,
            ..plain("silent", silent, TIMEOUT)
        },
        // http-behaviours 23.3.1.
        plain("half-closed", ends, INVALID),
        plain("reset", resets, CONNECTION),
        plain(
            "byte by byte",
            |connection, cue| {
                let answer = answer(cue.request());
                connection.send_slow(answer.as_bytes())
            },
            Ends::Succeeds,
        ),
        plain(
            "half-closed behind it",
            |connection, cue| {
                let answer = answer(cue.request());
                connection.send(answer.as_bytes())?;
                connection.finish_sending()
            },
            Ends::Succeeds,
        ),
        Row {
            endless: true,
            ..Row::script(
                Operation::Upgrade,
                "endless fields",
                Until::Request,
                endless,
                too_long,
            )
        },
    ]
}
