//! Rows of requests that ReceiveResponse sends by itself, behind a redirect or a challenge, and of
//! the answers that lead there.

use std::sync::Arc;

use winhttp_abi::constants as c;
use winhttp_fixtures::certs::IdentityOptions;
use winhttp_fixtures::{Connection, Wire};

use super::http_rows::{
    BoxedAct, ends, never_ends, resets, says, says_and_ends, says_and_resets, silent, trickles,
};
use super::operation::HUGE;
use super::row::{Cue, Ends, Identity, Lead, Operation, Peer, Row, Until, WHOLE, Weight};
use super::stage::pass_body;
use super::upgrade_rows::answer;

const CANNOT: Ends = Ends::Fails(c::ERROR_WINHTTP_CANNOT_CONNECT);
const CHANNEL: Ends = Ends::Fails(c::ERROR_WINHTTP_SECURE_CHANNEL_ERROR);
const CONNECTION: Ends = Ends::Fails(c::ERROR_WINHTTP_CONNECTION_ERROR);
const INVALID: Ends = Ends::Fails(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE);
const OVERFLOW: Ends = Ends::Fails(c::ERROR_WINHTTP_RESPONSE_DRAIN_OVERFLOW);
const REFUSED: Ends = Ends::Fails(c::ERROR_WINHTTP_SECURE_FAILURE);
const SIZE: Ends = Ends::Fails(c::ERROR_WINHTTP_HEADER_SIZE_OVERFLOW);
const TIMEOUT: Ends = Ends::Fails(c::ERROR_WINHTTP_TIMEOUT);

/// Every row of this file.
pub(crate) fn rows() -> Vec<Row> {
    let ways = ways();
    let behind = ways.iter().flat_map(|way| {
        let rows = [heads(way), bodies(way), upgrades(way), uploads(way)];
        rows.into_iter().flatten()
    });
    behind.chain(unreached()).chain(passed_over()).collect()
}

/// A way to the request that meets the fault.
struct Way {
    name: &'static str,
    lead: Lead,
    /// The fault is met over TLS.
    secure: bool,
    verb: &'static str,
    /// What is certain to be told before the fault.
    stops: u8,
    /// What the quick run tries of its rows.
    weight: Weight,
}

fn ways() -> [Way; 11] {
    let way = |name, lead, stops, weight| Way {
        name,
        lead,
        secure: false,
        verb: "GET",
        stops,
        weight,
    };
    let secure = |way: Way, name| Way {
        name,
        secure: true,
        weight: Weight::Rare,
        ..way
    };
    let here = Lead::Server { secure: false };
    let path = || way("behind a redirect", Lead::Path, 6, Weight::Cut);
    let basic = || way("behind Basic", Lead::Basic, 5, Weight::Rare);
    let digest = || Way {
        verb: "POST",
        ..way("behind Digest, with POST", Lead::Digest, 5, Weight::Cut)
    };
    let both = || {
        let name = "behind a redirect and Basic";
        way(name, Lead::PathThenBasic, 9, Weight::Rare)
    };
    let server = || way("behind another server", here, 10, Weight::Cut);
    [
        path(),
        basic(),
        digest(),
        both(),
        server(),
        secure(path(), "behind a redirect, over TLS"),
        secure(basic(), "behind Basic, over TLS"),
        secure(digest(), "behind Digest, with POST, over TLS"),
        secure(both(), "behind a redirect and Basic, over TLS"),
        Way {
            weight: Weight::Cut,
            ..secure(server(), "behind another server, from http to https")
        },
        Way {
            lead: Lead::Server { secure: true },
            ..secure(server(), "behind another server, over TLS")
        },
    ]
}

impl Way {
    fn row(
        &self,
        operation: Operation,
        fault: &str,
        until: Until,
        act: BoxedAct,
        ends: Ends,
    ) -> Row {
        self.lead_to(Row::script(operation, fault, until, act, ends))
    }

    fn lead_to(&self, row: Row) -> Row {
        Row {
            fault: format!("{}, {}", row.fault, self.name),
            lead: self.lead,
            secure: self.secure,
            verb: self.verb,
            given: if self.verb == "POST" { 4 } else { 0 },
            weight: self.weight,
            ..row
        }
    }

    /// The request that meets the fault is the second or third of its connection.
    fn is_on_used(&self) -> bool {
        self.lead.keeps_connection()
    }
}

/// On a connection that has led there the request may be repeated (21.5.3); on a new one it is not.
fn heads(way: &Way) -> Vec<Row> {
    let row = |fault: &str, act: BoxedAct, ends| Row {
        connections: Some(1),
        ..way.row(Operation::ReadHead, fault, Until::Request, act, ends)
    };
    let given_up = |fault: &str, act: BoxedAct, otherwise| {
        let (ends, connections) = match (way.is_on_used(), way.verb) {
            (true, "GET") => (Ends::Succeeds, 2),
            // Ruling 40.10.
            (true, _) => (CONNECTION, 1),
            (false, _) => (otherwise, 1),
        };
        Row {
            connections: Some(connections),
            ..row(fault, act, ends)
        }
    };
    let part = "HTTP/1.1 200 OK\r\nCont";
    let endless = never_ends("HTTP/1.1 200 OK\r\n", "X-Endless: and not the end\r\n");
    let moved = "HTTP/1.1 302 Moved\r\nLocation: ftp://here/\r\nContent-Length: 0\r\n\r\n";
    let scheme = Ends::Fails(c::ERROR_WINHTTP_UNRECOGNIZED_SCHEME);
    vec![
        Row {
            limited: true,
            stops: way.stops,
            weight: if way.secure {
                way.weight
            } else {
                Weight::Light
            },
            ..row("silent", Box::new(silent), TIMEOUT)
        },
        Row {
            limited: true,
            ..row("silent inside", Box::new(says(part)), TIMEOUT)
        },
        given_up("half-closed", Box::new(ends), INVALID),
        given_up("reset", Box::new(resets), CONNECTION),
        row("half-closed inside", Box::new(says_and_ends(part)), INVALID),
        row("reset inside", Box::new(says_and_resets(part)), CONNECTION),
        row("garbage", Box::new(says_and_ends("what?\r\n\r\n")), INVALID),
        row("byte by byte", Box::new(trickles(WHOLE)), Ends::Succeeds),
        row("led to another scheme", Box::new(says(moved)), scheme),
        Row {
            endless: true,
            ..row("endless fields", Box::new(endless), SIZE)
        },
        Row {
            later: true,
            connections: None,
            ..row(
                "a second answer behind it",
                Box::new(says([WHOLE, b"HTTP/1.1 200 OK\r\n\r\nwrong"].concat())),
                Ends::Succeeds,
            )
        },
    ]
}

fn bodies(way: &Way) -> Vec<Row> {
    let row = |fault: &str, act: BoxedAct, ends| {
        let until = Until::Answered(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n".into());
        way.row(Operation::ReadBody, fault, until, act, ends)
    };
    // 24.1: without close_notify a FIN is not the body's end.
    let cut = if way.secure {
        CONNECTION
    } else {
        Ends::Succeeds
    };
    vec![
        Row {
            limited: true,
            ..row("silent", Box::new(silent), TIMEOUT)
        },
        row("half-closed inside", Box::new(says_and_ends("abc")), cut),
        row("reset", Box::new(resets), CONNECTION),
    ]
}

/// A WebSocket is asked for with GET.
fn upgrades(way: &Way) -> Vec<Row> {
    if way.verb != "GET" {
        return Vec::new();
    }
    let row = |fault: &str, act: BoxedAct, ends| Row {
        again: Arc::new(|connection, cue| connection.send(answer(cue.request()).as_bytes())),
        connections: Some(1),
        ..way.row(Operation::Upgrade, fault, Until::Request, act, ends)
    };
    let accepts = |connection: &mut Connection, cue: &Cue| {
        connection.send_slow(answer(cue.request()).as_bytes())
    };
    let of_another = |connection: &mut Connection, cue: &Cue| {
        let (accept, other) = ("Sec-WebSocket-Accept: ", "Sec-WebSocket-Accept: no");
        let answer = answer(cue.request()).replace(accept, other);
        connection.send(answer.as_bytes())
    };
    let given_up = if way.is_on_used() {
        Row {
            connections: Some(2),
            ..row("half-closed", Box::new(ends), Ends::Succeeds)
        }
    } else {
        row("half-closed", Box::new(ends), INVALID)
    };
    vec![
        Row {
            limited: true,
            stops: way.stops,
            ..row("silent", Box::new(silent), TIMEOUT)
        },
        given_up,
        row("byte by byte", Box::new(accepts), Ends::Succeeds),
        row("another Accept", Box::new(of_another), INVALID),
    ]
}

/// More body than the peer takes; encrypting it takes seconds without optimisation.
fn uploads(way: &Way) -> Vec<Row> {
    let row = |fault: &str, act: BoxedAct, ends| {
        let fault = format!("{fault} during a body");
        let row = way.row(Operation::ReadHead, &fault, Until::Request, act, ends);
        let verb = if way.verb == "GET" { "PUT" } else { way.verb };
        Row {
            given: HUGE,
            verb,
            again: Arc::new(|connection, cue| {
                pass_body(connection, cue.request())?;
                connection.send(WHOLE)
            }),
            ..row
        }
    };
    let refusal = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n";
    let is_repeated = way.is_on_used() && way.verb == "GET";
    vec![
        Row {
            limited: true,
            ..row("silent", Box::new(silent), TIMEOUT)
        },
        Row {
            connections: Some(if is_repeated { 2 } else { 1 }),
            ..row(
                "reset",
                Box::new(resets),
                if is_repeated {
                    Ends::Succeeds
                } else {
                    CONNECTION
                },
            )
        },
        row("refused", Box::new(says(refusal)), Ends::Succeeds),
        row(
            "refused and reset",
            Box::new(says_and_resets(refusal)),
            Ends::Succeeds,
        ),
    ]
}

/// Servers to which a redirect leads in vain.
fn unreached() -> Vec<Row> {
    let row = |fault: &str, peer, ends| Row {
        fault: format!("{fault}, where a redirect leads"),
        lead: Lead::Server { secure: false },
        pends: false,
        ..Row::new(Operation::ReadHead, fault, peer, ends)
    };
    let hello = |fault: &str, act: BoxedAct, ends| Row {
        fault: format!("{fault} in the handshake, where a redirect leads"),
        lead: Lead::Server { secure: false },
        ..Row::script(Operation::ReadHead, fault, Until::Hello, act, ends)
    };
    let unknown = Peer::NoHost("no-such-host.invalid");
    let unresolved = Ends::Fails(c::ERROR_WINHTTP_NAME_NOT_RESOLVED);
    let tls = |identity, wire| Peer::Tls(identity, wire);
    let certificate = |fault, identity, reasons| Row {
        reasons,
        pends: true,
        ..row(fault, tls(identity, Wire::Whole), REFUSED)
    };
    let expired = Identity::Of(IdentityOptions::expired());
    vec![
        row("no such host", unknown, unresolved),
        row("refused", Peer::Refused, CANNOT),
        Row {
            pends: true,
            limited: true,
            ..row("a port that swallows", Peer::Swallows, TIMEOUT)
        },
        certificate(
            "an expired certificate",
            expired,
            c::WINHTTP_CALLBACK_STATUS_FLAG_CERT_DATE_INVALID,
        ),
        certificate(
            "an unknown authority",
            Identity::Unknown,
            c::WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CA,
        ),
        Row {
            pends: true,
            ..row(
                "a cut handshake",
                tls(Identity::Good, Wire::CutAfter(100)),
                CONNECTION,
            )
        },
        Row {
            limited: true,
            ..hello("silent", Box::new(silent), TIMEOUT)
        },
        hello("half-closed", Box::new(ends), CONNECTION),
        hello("reset", Box::new(resets), CONNECTION),
        hello("garbage", Box::new(says_and_ends(vec![0xaa; 100])), CHANNEL),
    ]
}

/// The answer that leads on is the fault. Nobody reads its body: where that does not come to its
/// end, or is followed by more, the next request goes on another connection.
fn passed_over() -> Vec<Row> {
    let row = |fault: &str, fields: &str, rest: &str, connections| {
        let head = format!("HTTP/1.1 302 Moved\r\nLocation: /next\r\n{fields}\r\n\r\n{rest}");
        let fault = format!("{fault}, in an answer that leads on");
        Row {
            connections: Some(connections),
            weight: Weight::Cut,
            ..Row::script(
                Operation::ReadHead,
                fault,
                Until::Request,
                says(head),
                Ends::Succeeds,
            )
        }
    };
    let acting = |row: Row, act: fn(&mut Connection, &Cue) -> std::io::Result<()>| {
        let Peer::Plays(mut script) = row.peer else {
            unreachable!("all of these are scripts");
        };
        let first = script.act;
        script.act = Arc::new(move |connection, cue| {
            first(connection, cue)?;
            act(connection, cue)
        });
        Row {
            peer: Peer::Plays(script),
            ..row
        }
    };
    let (ten, chunked) = ("Content-Length: 10", "Transfer-Encoding: chunked");
    let none = "Content-Length: 0";
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong";
    let long = "Content-Length: 100000000";
    let chunks = "1\r\nx\r\n".repeat(100_000);
    vec![
        row("half a body", ten, "01234", 2),
        acting(row("half-closed", ten, "01234", 2), ends),
        acting(row("reset", ten, "01234", 2), resets),
        row("half a chunk", chunked, "5\r\n01", 2),
        row("a chunk size of letters", chunked, "xyz\r\n", 2),
        row("endless chunks", chunked, &chunks, 2),
        row("another answer behind it", none, answer, 2),
        acting(row("half-closed behind it", none, "", 2), ends),
        acting(row("reset behind it", none, "", 2), resets),
        Row {
            ends: [OVERFLOW, OVERFLOW],
            connections: Some(1),
            ..row("too much of a body", long, "", 1)
        },
        // It has the only connection, and leaves it within a second (21.3.2).
        Row {
            later: true,
            connections: None,
            ..row("half a body on the only connection", ten, "01234", 2)
        },
    ]
}
