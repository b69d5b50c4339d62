//! What libwebsocket receives: the bytes of a peer, in any cuts and with any properties, beside
//! sends and cancelled reads.
//!
//! Input: properties, seed of the script, the wire. Every call is held to `judge`'s prediction, and
//! all that was indicated to the second decoder in `frames/model.rs`.

use winhttp_abi::constants as c;
use winhttp_proto::websocket::{CloseFrame, Event, MessageKind, ProtocolError};

use crate::frames::{self, Trace};
use crate::input::{Input, Pieces};
use crate::judge::{Judge, Kind, Message, Polled, Role, Setup};

const SEND: i32 = c::WEB_SOCKET_SEND_ACTION_QUEUE;
const RECEIVE: i32 = c::WEB_SOCKET_RECEIVE_ACTION_QUEUE;
const ALL: i32 = c::WEB_SOCKET_ALL_ACTION_QUEUE;
/// Turns of the script; then everything is done in order.
const SCRIPT_TURNS: usize = 3000;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let setup = setup(&mut input);
    let mut script = Script {
        sizes: Pieces::new(input.number()),
        busy: input.byte(),
        turns: 0,
    };
    let mut judge = Judge::open(setup);
    let wire = input.rest();
    let (seen, fed, failed) = script.play(&mut judge, wire);
    compare(setup, &wire[..fed], &seen, failed);
    judge.drain();
    judge.delete();
}

/// Properties from a few bytes.
pub fn setup(input: &mut Input<'_>) -> Setup {
    let flags = input.byte();
    let sizes = input.byte();
    Setup {
        role: if flags & 1 == 0 {
            Role::Server
        } else {
            Role::Client
        },
        masking_off: flags & 2 != 0,
        verification_off: flags & 4 != 0,
        allocated: flags & 8 == 0,
        receive_size: [256, 257, 300, 4096][usize::from(sizes & 3)],
        send_size: [16, 17, 40, 4096][usize::from(sizes >> 2 & 3)],
    }
}

/// What is done when.
struct Script {
    sizes: Pieces,
    /// How much happens beside receiving.
    busy: u8,
    turns: usize,
}

impl Script {
    fn chance(&mut self, bit: u8) -> bool {
        self.busy & bit != 0 && self.turns < SCRIPT_TURNS && self.sizes.flag()
    }

    /// Until the wire is at its end and everything is indicated, or the peer has broken the
    /// protocol.
    fn play(&mut self, judge: &mut Judge, wire: &[u8]) -> (Vec<Polled>, usize, Option<i32>) {
        let (mut seen, mut fed) = (Vec::new(), 0);
        loop {
            self.turns += 1;
            if judge.queued().1 == 0 || self.chance(1) {
                let size = self.chance(2).then(|| self.sizes.next());
                let accepted = judge.receive(size);
                assert!(accepted || judge.receives_nothing());
            }
            if self.chance(4) {
                self.send(judge);
            }
            let queue = if self.chance(8) { ALL } else { RECEIVE };
            let beside = if self.sizes.flag() { ALL } else { SEND };
            for queue in [Some(queue), self.chance(32).then_some(beside)] {
                let polled = queue.map(|queue| judge.poll(queue, 1 + usize::from(self.chance(16))));
                match polled {
                    Some(Polled::Failed(code)) => {
                        let again = judge.poll(RECEIVE, 1);
                        assert_eq!(again, Polled::Failed(code), "it stays so");
                        return (seen, fed, Some(code));
                    }
                    Some(Polled::Close(status, reason)) => {
                        seen.push(Polled::Close(status, reason));
                        return (seen, fed, None);
                    }
                    Some(polled @ (Polled::Data(..) | Polled::Pong(_))) => seen.push(polled),
                    _ => {}
                }
            }
            if self.end_actions(judge, wire, &mut fed) {
                return (seen, fed, None);
            }
        }
    }

    /// Completes what is outstanding, mostly; whether nothing more can come.
    fn end_actions(&mut self, judge: &mut Judge, wire: &[u8], fed: &mut usize) -> bool {
        if !self.chance(64) {
            let sent = judge.outstanding_send().unwrap_or(0);
            judge.complete_send(if self.chance(128) { 0 } else { sent as u32 });
        }
        let Some(room) = judge.outstanding_read() else {
            if !self.chance(64) {
                let bytes = judge.outstanding_receive().unwrap_or(0);
                judge.complete_receive(if self.chance(128) { 0 } else { bytes as u32 });
            }
            return false;
        };
        if self.chance(128) && self.sizes.next() > 30 {
            judge.complete_receive(if self.sizes.flag() { 0 } else { u32::MAX });
            return false;
        }
        let count = room.min(self.sizes.next()).min(wire.len() - *fed);
        if count == 0 {
            return true;
        }
        judge.feed(&wire[*fed..*fed + count]);
        *fed += count;
        false
    }

    /// A frame of the program's, sometimes longer than the send buffer.
    fn send(&mut self, judge: &mut Judge) {
        if judge.queued().0 < 3 {
            let payload = vec![0x2a; self.sizes.next()];
            judge.send(match self.sizes.next() % 4 {
                0 => Message::Ping,
                1 => Message::Pong,
                _ => Message::Data(Kind::Binary, true, payload),
            });
        }
    }
}

/// One step of what a program is told, whatever the pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Sign {
    Byte(u8),
    End(bool),
    Pong(Vec<u8>),
    Close(u16, Option<Vec<u8>>),
}

fn signs_of_seen(seen: &[Polled]) -> Vec<Sign> {
    let mut signs = Vec::new();
    for polled in seen {
        match polled {
            Polled::Data(kind, last, bytes) => {
                signs.extend(bytes.iter().copied().map(Sign::Byte));
                signs.extend(last.then_some(Sign::End(*kind == Kind::Text)));
            }
            Polled::Pong(payload) => signs.push(Sign::Pong(payload.clone())),
            Polled::Close(status, reason) => signs.push(Sign::Close(*status, reason.clone())),
            other => panic!("{other:?} is not seen"),
        }
    }
    signs
}

/// The signs of a trace, and how many of them belong to frames that have ended.
fn signs_of_trace(trace: &Trace) -> (Vec<Sign>, usize) {
    let (mut signs, mut from) = (Vec::new(), 0);
    for (to, event) in &trace.events {
        signs.extend(trace.payload[from..*to].iter().copied().map(Sign::Byte));
        from = *to;
        match event {
            Event::FrameEnd { fin: true, kind } => {
                signs.push(Sign::End(*kind == MessageKind::Text));
            }
            Event::FrameEnd { fin: false, .. } | Event::Ping(_) => {}
            Event::Pong(payload) => signs.push(Sign::Pong(payload.to_vec())),
            Event::Close(CloseFrame { code, reason }) => signs.push(Sign::Close(
                code.map_or(1005, |code| code.get()),
                code.map(|_| reason.as_bytes().to_vec()),
            )),
        }
    }
    let ended = signs.len();
    signs.extend(trace.payload[from..].iter().copied().map(Sign::Byte));
    (signs, ended)
}

fn compare(setup: Setup, fed: &[u8], seen: &[Polled], failed: Option<i32>) {
    let trace = frames::decode(
        frames::Setup {
            role: match setup.role {
                Role::Client => winhttp_proto::websocket::Role::Client,
                Role::Server => winhttp_proto::websocket::Role::Server,
            },
            unmasked: setup.masking_off,
            verify: !setup.verification_off,
            limit_bytes: u64::MAX,
            component: true,
        },
        fed,
    );
    let code = trace.error.map(|error| match error {
        ProtocolError::ContinuationWithoutMessage | ProtocolError::MessageInterrupted => {
            c::E_INVALID_PROTOCOL_OPERATION
        }
        _ => c::E_INVALID_PROTOCOL_FORMAT,
    });
    assert_eq!(failed, code, "{:?}", trace.error);
    let seen = signs_of_seen(seen);
    let (signs, ended) = signs_of_trace(&trace);
    if code.is_none() {
        assert_eq!(seen, signs);
        return;
    }
    // What is cut off by a violation may or may not be indicated.
    let (short, long) = if seen.len() < signs.len() {
        (&seen, &signs)
    } else {
        (&signs, &seen)
    };
    assert!(long.starts_with(short) && seen.len() >= ended);
}
