//! Rows of a tunnel through a proxy: the dialogue of CONNECT cut at every byte, answers that are
//! none, challenges without an end, and TLS behind the tunnel cut at every byte.

use std::io;
use std::sync::Arc;

use rustls::ServerConnection;
use winhttp_abi::constants as c;
use winhttp_fixtures::Connection;

use super::cut_rows::Way;
use super::http_rows::{ends, never_ends, resets, says, says_and_ends, silent, trickles};
use super::row::{Act, Beyond, Cue, Ends, Identity, Operation, Peer, Row, Script, Until, Weight};
use super::stage::tls;

const CONNECTION: Ends = Ends::Fails(c::ERROR_WINHTTP_CONNECTION_ERROR);
const CANNOT: Ends = Ends::Fails(c::ERROR_WINHTTP_CANNOT_CONNECT);
const INVALID: Ends = Ends::Fails(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE);
const SIZE: Ends = Ends::Fails(c::ERROR_WINHTTP_HEADER_SIZE_OVERFLOW);
const TIMEOUT: Ends = Ends::Fails(c::ERROR_WINHTTP_TIMEOUT);
const CHANNEL: Ends = Ends::Fails(c::ERROR_WINHTTP_SECURE_CHANNEL_ERROR);

const OPENS: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";
const CHALLENGE: &[u8] =
    b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\nContent-Length: 9\r\n\r\nwho, then";
const CHALLENGE_BODY: usize = 9;
const STALE: &[u8] = b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Digest realm=\"x\", nonce=\"n\", stale=true\r\nContent-Length: 3\r\n\r\nwho";
/// Bytes of a server's first flight that are there in any case.
const FLIGHT_BYTES: usize = 600;
/// Every run tries one position of so many.
const STEP: usize = 41;

const WAYS: [Way; 3] = [
    ("FIN", || Arc::new(ends)),
    ("reset", || Arc::new(resets)),
    ("stall", || Arc::new(silent)),
];

/// Every row of this file.
pub(crate) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for beyond in [Beyond::Https, Beyond::WebSocket, Beyond::SecureWebSocket] {
        rows.extend(cuts(beyond));
        let said = answers(beyond).into_iter().chain(challenges(beyond));
        rows.extend(said.map(|row| match beyond {
            Beyond::Https => row,
            Beyond::WebSocket | Beyond::SecureWebSocket => Row {
                weight: match row.limited || row.endless {
                    true => Weight::Rare,
                    false => Weight::Cut,
                },
                ..row
            },
        }));
    }
    rows.extend(cut_flights());
    rows
}

fn row(beyond: Beyond, fault: impl Into<String>, until: Until, act: Act, ends: Ends) -> Row {
    let fault = format!("{}, for {beyond:?}", fault.into());
    Row {
        beyond: Some(beyond),
        ..Row::new(
            Operation::Tunnel,
            fault,
            Peer::Plays(Script { until, act }),
            ends,
        )
    }
}

/// Of many positions, one in so many is tried by every run; a stall has to be waited for.
fn weight(way: &str, cut: usize) -> Weight {
    let every = if way == "stall" { 4 * STEP } else { STEP / 4 };
    match cut.is_multiple_of(every) {
        true => Weight::Cut,
        false => Weight::Rare,
    }
}

/// The answer to CONNECT, and a challenge, cut at every byte.
fn cuts(beyond: Beyond) -> Vec<Row> {
    let mut rows = Vec::new();
    for (what, wire) in [("200", OPENS), ("407", CHALLENGE)] {
        for (way, act) in WAYS {
            // Every byte once: a proxy that is asked for a tunnel does not know yet what for.
            let step = if beyond == Beyond::Https { 1 } else { STEP / 4 };
            for cut in (0..wire.len()).step_by(step) {
                // A challenge is answered on another connection where its own ends in the body; the
                // next one is the program's.
                let is_challenged = what == "407" && cut >= wire.len() - CHALLENGE_BODY;
                let ends = match way {
                    "stall" => TIMEOUT,
                    _ if is_challenged => Ends::Succeeds,
                    // A FIN before or inside a head is a broken response (23.3.1).
                    "FIN" => INVALID,
                    _ => CONNECTION,
                };
                rows.push(Row {
                    weight: weight(way, cut),
                    limited: way == "stall",
                    connections: Some(if is_challenged && way != "stall" {
                        2
                    } else {
                        1
                    }),
                    ..row(
                        beyond,
                        format!("{way} at {cut} of the {what}"),
                        Until::Answered(wire[..cut].to_vec()),
                        act(),
                        ends,
                    )
                });
            }
        }
    }
    rows
}

/// What else a proxy can say to CONNECT.
fn answers(beyond: Beyond) -> Vec<Row> {
    let row = |fault: &str, act: Act, ends| Row {
        weight: Weight::Heavy,
        ..row(beyond, fault, Until::Request, act, ends)
    };
    let glued = [OPENS, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"].concat();
    let mut rows = vec![
        Row {
            limited: true,
            // Of the look-up, two of connecting, and of the sending of CONNECT.
            stops: 5,
            weight: Weight::Light,
            ..row("silent", Arc::new(silent), TIMEOUT)
        },
        Row {
            weight: Weight::Light,
            ..row("half-closed", Arc::new(ends), INVALID)
        },
        row("reset", Arc::new(resets), CONNECTION),
        row("garbage", Arc::new(says_and_ends(vec![0xaa; 300])), INVALID),
        row("SSH", Arc::new(says("SSH-2.0 hello\r\n")), INVALID),
        row("a response behind the 200", Arc::new(says(glued)), INVALID),
        row(
            "an alert behind the 200",
            Arc::new(says([OPENS, b"\x15\x03\x03\x00\x02\x02\x28"].concat())),
            INVALID,
        ),
        row(
            "503",
            Arc::new(says("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")),
            CANNOT,
        ),
        row("101", Arc::new(says("HTTP/1.1 101 Yes\r\n\r\n")), CANNOT),
        row(
            "a NUL in the head",
            Arc::new(says("HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n")),
            INVALID,
        ),
    ];
    for (fault, first, more, ends) in [
        ("an endless status line", "HTTP/1.1 200 ", "O", SIZE),
        (
            "endless fields",
            "HTTP/1.1 200 OK\r\n",
            "X-Endless: and not the end\r\n",
            SIZE,
        ),
        (
            "endless interim responses",
            "",
            "HTTP/1.1 102 Wait\r\n\r\n",
            INVALID,
        ),
    ] {
        rows.push(Row {
            endless: true,
            ..row(fault, Arc::new(never_ends(first, more)), ends)
        });
    }
    rows
}

/// Challenges that do not end, in one sense or another; the program gets the last one.
fn challenges(beyond: Beyond) -> Vec<Row> {
    let row = |fault: &str, act: Act, ends| Row {
        weight: Weight::Heavy,
        ..row(beyond, fault, Until::Request, act, ends)
    };
    let endless = "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"x\"\r\n";
    let mut rows = vec![
        row("407 for ever", again(CHALLENGE), Ends::Succeeds),
        row(
            "407 for ever, with stale nonces",
            again(STALE),
            Ends::Succeeds,
        ),
        row(
            "407 byte by byte, for ever",
            Arc::new(|connection: &mut Connection, cue: &Cue| {
                trickles(CHALLENGE)(connection, cue)?;
                while connection.read_head()?.is_some() {
                    trickles(CHALLENGE)(connection, cue)?;
                }
                Ok(())
            }),
            Ends::Succeeds,
        ),
        row(
            "407 with a bad length",
            Arc::new(says(format!("{endless}Content-Length: x\r\n\r\n"))),
            Ends::Succeeds,
        ),
    ];
    for (fault, framing, more) in [
        (
            "a longer body than is passed over",
            "Content-Length: 100000000\r\n",
            "x",
        ),
        ("an endless body", "", "x"),
        (
            "endless chunks",
            "Transfer-Encoding: chunked\r\n",
            "1\r\nx\r\n",
        ),
        (
            "endless trailers",
            "Transfer-Encoding: chunked\r\n",
            "0\r\nA: b\r\n",
        ),
    ] {
        rows.push(Row {
            endless: true,
            connections: Some(2),
            ..row(
                &format!("407 with {fault}"),
                Arc::new(never_ends(format!("{endless}{framing}\r\n"), more)),
                Ends::Succeeds,
            )
        });
    }
    rows
}

/// The same answer to each CONNECT of a connection.
fn again(answer: &'static [u8]) -> Act {
    Arc::new(move |connection, _| {
        connection.send(answer)?;
        while connection.read_head()?.is_some() {
            connection.send(answer)?;
        }
        Ok(())
    })
}

/// A tunnel that carries so much of the server's first flight, and then ends somehow.
fn cut_flights() -> Vec<Row> {
    let mut rows = Vec::new();
    for beyond in [Beyond::Https, Beyond::SecureWebSocket] {
        for (way, last) in WAYS {
            // Every byte once; a stall has to be waited for.
            let step = match (beyond, way) {
                (Beyond::Https, "FIN") => 1,
                (Beyond::Https, "reset") => STEP / 4,
                _ => STEP,
            };
            for cut in (0..FLIGHT_BYTES).step_by(step) {
                let last = last();
                let act: Act = Arc::new(move |connection, cue| {
                    connection.send(OPENS)?;
                    let flight = flight(connection)?;
                    connection.send(&flight[..cut])?;
                    last(connection, cue)
                });
                let is_tried = cut.is_multiple_of(if way == "stall" { 8 * STEP } else { STEP });
                rows.push(Row {
                    weight: if is_tried { Weight::Cut } else { Weight::Rare },
                    limited: way == "stall",
                    connections: Some(1),
                    ..row(
                        beyond,
                        format!("{way} at {cut} of the server's TLS"),
                        Until::Request,
                        act,
                        if way == "stall" { TIMEOUT } else { CONNECTION },
                    )
                });
            }
        }
        rows.push(Row {
            connections: None, // as elsewhere, TLS may be tried once more
            ..row(
                beyond,
                "no TLS in the tunnel",
                Until::Request,
                Arc::new(|connection, _| {
                    connection.send(OPENS)?;
                    connection.read_exactly(5)?;
                    connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                }),
                CHANNEL,
            )
        });
    }
    rows
}

/// What a server answers to the hello that comes through the tunnel.
fn flight(connection: &mut Connection) -> io::Result<Vec<u8>> {
    let config = tls(&Identity::Good).into_config()?;
    let mut server = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut flight = Vec::new();
    while flight.is_empty() {
        if server.read_tls(connection)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        server.process_new_packets().map_err(io::Error::other)?;
        while server.wants_write() {
            server.write_tls(&mut flight)?;
        }
    }
    Ok(flight)
}
