//! Rows for every position of a dialogue at which the peer can end it: in the 101, in frames, in
//! the close frame.

use winhttp_abi::constants as c;
use winhttp_fixtures::{Frame, Opcode};

use super::http_rows::{ends, resets};
use super::row::{Act, Ends, Operation, Peer, Row, Script, Until, Weight};

const CONNECTION: Ends = Ends::Fails(c::ERROR_WINHTTP_CONNECTION_ERROR);
const INVALID: Ends = Ends::Fails(c::ERROR_WINHTTP_INVALID_SERVER_RESPONSE);

/// Bytes of a good 101: every key has the same length.
const ANSWER_BYTES: usize = 129;

/// How a connection ends: its name, and the act.
pub(crate) type Way = (&'static str, fn() -> Act);

/// A row for each position and each way to end.
pub(crate) fn rows() -> Vec<Row> {
    let ways: [Way; 2] = [
        ("FIN", || std::sync::Arc::new(ends)),
        ("reset", || std::sync::Arc::new(resets)),
    ];
    let mut rows = Vec::new();
    for (way, act) in ways {
        for cut in 0..ANSWER_BYTES {
            // A FIN before or inside a head is a broken response (23.3.1); a reset, a broken
            // connection.
            let broken = way == "FIN";
            rows.push(Row {
                weight: Weight::Cut,
                ..row(
                    Operation::Upgrade,
                    format!("{way} at {cut} of the 101"),
                    Until::PartlyAccepted(cut),
                    act(),
                    if broken { INVALID } else { CONNECTION },
                )
            });
        }
        let (wire, payloads) = dialogue();
        for cut in 0..wire.len() {
            let before = payloads.iter().filter(|(end, _)| *end <= cut);
            rows.push(Row {
                weight: Weight::Cut,
                before: before.flat_map(|(_, payload)| payload.clone()).collect(),
                ..row(
                    Operation::Receive,
                    format!("{way} at {cut} of the frames"),
                    Until::Accepted(wire[..cut].to_vec()),
                    act(),
                    CONNECTION,
                )
            });
        }
    }
    rows
}

fn row(operation: Operation, fault: String, until: Until, act: Act, ends: Ends) -> Row {
    Row::new(operation, fault, Peer::Plays(Script { until, act }), ends)
}

/// The frames of a dialogue, and where each one that carries data ends; a piece of one is delivered
/// before the failure.
fn dialogue() -> (Vec<u8>, Vec<(usize, Vec<u8>)>) {
    let binary: Vec<u8> = (0..130).collect();
    let frames = [
        Frame::new(Opcode::TEXT, false, "Hel"),
        Frame::new(Opcode::PING, true, "in between"),
        Frame::new(Opcode::CONTINUATION, true, "lo"),
        Frame::new(Opcode::BINARY, true, binary),
        Frame::new(Opcode::PONG, true, ""),
        Frame::close(Some(1000), b"bye"),
    ];
    let (mut wire, mut payloads) = (Vec::new(), Vec::new());
    for frame in frames {
        wire.extend(frame.encode());
        if !frame.opcode.is_control() {
            payloads.push((wire.len(), frame.payload));
        }
    }
    (wire, payloads)
}
