//! Whole dialogues behind an exchange, with a peer by script and a virtual clock: whatever arrives
//! in whatever pieces, and whatever is called in whatever order, it ends, and what is delivered is
//! what a second, plain reader finds (`exchange/reference.rs`). An answer that asks for more is
//! answered by another exchange in the place of the first, as the library does it, on the same
//! connection where that has come to the answer's end; each of them is held to the same.
//!
//! Input: method, kind of connection, how it ends, how many requests may follow and how much of the
//! body is given at once, a seed for the pieces, calls, the wire, or codings and a body that they
//! are put on.

mod leg;
pub(crate) mod peer;
pub(crate) mod reference;

use winhttp_proto::exchange::request_body::{Piece, RequestBody};
use winhttp_proto::exchange::{Action, Awaits, Call, Exchange, Flow, Release, Turn, Wrote};
use winhttp_proto::failure::Result;
use winhttp_proto::header::HeaderList;
use winhttp_proto::http1::head::ResponseHead;
use winhttp_proto::option::Timeouts;
use winhttp_proto::redirect::{Place, Policy, Rules, followed};
use winhttp_proto::url::host::Host;

use crate::coded::Plan;
use crate::input::{Input, Pieces};
use leg::Leg;
pub(crate) use leg::head_limits;
use peer::{End, Peer, connects};

pub(crate) const TIMEOUTS: Timeouts = Timeouts {
    resolve_ms: 100,
    connect_ms: 200,
    send_ms: 300,
    receive_ms: 400,
    receive_response_ms: 100_000,
};
/// Steps that any call needs at the most, beside those for the bytes of the wire.
pub(crate) const STEPS_MAX: usize = 1000;

/// What SendRequest is given.
const GIVEN: &[u8] = b"123";
/// Redirects are followed from here.
const URL: &str = "http://server/";

/// Turns of others behind which the handle is closed.
const TURNS_MAX: usize = 20;

struct World<'w> {
    exchange: Exchange,
    leg: Leg,
    peer: Peer<'w>,
    /// All that the peer sends.
    all: &'w [u8],
    /// The connection was used before; this one has been given up by the peer.
    pooled: bool,
    stale: bool,
    /// What a plain reader finds of this leg's response.
    expected: Option<reference::Response>,
    /// What was read of the body.
    delivered: Vec<u8>,
    /// Codings are taken off, and others than those that a plain reader makes too much work of.
    decodes: bool,
    is_too_much_work: bool,
    /// How often others had a turn in between.
    turns: usize,
    steps_max: usize,
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let method = ["GET", "HEAD", "POST"][input.below(3)];
    let flags = input.byte();
    let has = |bit: u8| flags & bit != 0;
    let how = usize::from(input.byte());
    let end = End::ALL[how % 4];
    let pieces = Pieces::new(input.number());
    let calls = input.short();
    let coded = has(64) && has(128);
    let made = coded.then(|| coded_response(&mut input));
    let wire = made.as_deref().unwrap_or_else(|| input.rest());
    let leg = Leg {
        method,
        left: how / 4 % 4,
        is_later: false,
        is_authenticated: how & 16 != 0,
        secure: has(1),
        announces_close: has(8),
        has_small_limits: has(32),
        decodes: has(64),
    };
    let mut world = World {
        exchange: Exchange::new(leg.request()),
        leg,
        peer: Peer::new(wire, end, pieces),
        all: wire,
        pooled: has(2),
        stale: has(2) && has(4),
        expected: None,
        delivered: Vec::new(),
        decodes: has(64),
        is_too_much_work: false,
        turns: 0,
        steps_max: (STEPS_MAX + 10 * wire.len()) * (1 + leg.left),
    };
    let chunked = method == "POST" && has(16);
    world.dialogue(calls, chunked, how & 32 != 0);
}

/// A response whose body has codings, cut or changed somewhere.
fn coded_response(input: &mut Input<'_>) -> Vec<u8> {
    let plan = Plan::new(input);
    let (framing, damage, at) = (input.below(3), input.below(4), input.number());
    let body = plan.encode(input.rest());
    let fields = match framing {
        0 => format!("Content-Length: {}\r\n", body.len()),
        1 => "Transfer-Encoding: chunked\r\n".to_owned(),
        _ => String::new(),
    };
    let names = plan.names();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {names}\r\n{fields}\r\n");
    let mut wire = head.into_bytes();
    if framing == 1 {
        for chunk in body.chunks(100) {
            wire.extend(format!("{:x}\r\n", chunk.len()).as_bytes());
            wire.extend([chunk, b"\r\n"].concat());
        }
        wire.extend(b"0\r\n\r\n");
    } else {
        wire.extend(body);
    }
    let at = usize::from(at) % wire.len();
    match damage {
        1 => wire.truncate(at),
        2 => wire[at] ^= 0x10,
        _ => {}
    }
    wire
}

impl World<'_> {
    fn dialogue(&mut self, calls: &[u8], chunked: bool, is_given_whole: bool) {
        let total = match (chunked, is_given_whole) {
            (true, _) => 0,
            (false, true) => 3,
            (false, false) => 600,
        };
        let none = HeaderList::new();
        let made = RequestBody::new(self.leg.method, &none, chunked, total, 3);
        let (mut left, _, first) = made.expect("lengths that agree");
        self.expect();
        let mut received = false;
        for call in calls {
            if self.is_too_much_work {
                return;
            }
            let size = usize::from(call >> 3) * 7;
            match call & 7 {
                0 => drop(self.send(first)),
                1 => {
                    let data = vec![b'd'; size];
                    let ends = size == 0;
                    if let Ok(piece) = left.take(size as u64, ends) {
                        drop(self.write(&data, piece));
                    }
                }
                2 | 3 => {
                    let again = &mut Call::Receive {
                        again: GIVEN,
                        piece: Piece::WHOLE,
                    };
                    let outcome = self.drive(again);
                    if outcome.is_ok() && !received && !self.is_too_much_work {
                        received = true;
                        let head = self.exchange.take_head().expect("a head");
                        let expected = self.expected.as_ref().expect("a head that is complete");
                        assert_eq!(head.status, expected.status);
                    }
                }
                4 => {
                    let mut found = u32::MAX;
                    if self
                        .drive(&mut Call::Available { found: &mut found })
                        .is_ok()
                    {
                        assert!(received && found <= 8192);
                        self.is_end(found == 0);
                    }
                }
                what => {
                    let size = if what == 7 { 40_000 } else { size };
                    let any = what == 6;
                    let Ok(count) = self.read(size, any) else {
                        continue;
                    };
                    assert!(received);
                    self.is_end(size > 0 && count == 0);
                }
            }
            if self.is_too_much_work {
                return;
            }
            if let Some(expected) = &self.expected {
                assert!(expected.body.starts_with(&self.delivered));
            } else {
                assert!(self.delivered.is_empty());
            }
        }
        if let Some(mut rest) = self.exchange.take_rest() {
            let all = [&*self.peer.inbox.0, self.peer.wire].concat();
            assert!(rest.discard(&all).is_ok_and(|passed| passed <= all.len()) || !rest.is_over());
        }
    }

    /// Has a plain reader read what comes on this leg's connection.
    fn expect(&mut self) {
        let wire = [&*self.peer.inbox.0, self.peer.wire].concat();
        // An empty line may stand before the response on a connection that was used before; when
        // the request went to another one, it may not.
        let skipped = wire
            .strip_prefix(b"\r\n")
            .filter(|_| self.pooled && !self.stale);
        self.expected = reference::response(self.leg.method, skipped.unwrap_or(&wire));
        if let Some(expected) = self.expected.as_mut().filter(|_| self.decodes) {
            self.is_too_much_work |= !expected.decode();
        }
    }

    /// An answer is there that asks for more: another request, or the program gets it.
    fn answered(&mut self, call: &mut Call<'_>) {
        let head = self.exchange.response().expect("an answer").clone();
        assert!(
            self.leg.is_authenticated || matches!(head.status, 300..=303 | 307 | 308 | 401),
            "nothing is asked"
        );
        let expected = self.expected.as_ref().expect("a head that is complete");
        assert_eq!(head.status, expected.status);
        let next = self.next(&head).filter(|_| self.leg.left > 0);
        let Some(next) = next.filter(|_| !self.exchange.is_too_much_to_pass()) else {
            return self.exchange.give();
        };
        let has_body = self.leg.method == "POST" && next.method == "POST";
        if has_body && !self.exchange.is_replayable() {
            return self.exchange.give();
        }
        self.is_sent(call);
        if !has_body && let Call::Receive { again, .. } = call {
            *again = b"";
        }
        self.pooled = self.passes();
        self.stale = false;
        self.leg = next;
        self.peer.sent.clear();
        self.exchange = Exchange::new(next.request());
        self.expect();
    }

    /// What follows this answer.
    fn next(&self, head: &ResponseHead) -> Option<Leg> {
        let host = Host::parse("server").expect("a host");
        let place = Place {
            secure: false,
            host: &host,
            port: 80,
            method: self.leg.method,
        };
        let rules = Rules {
            policy: Policy::Always,
            left: 1,
            rejects_userinfo: false,
        };
        let redirect = followed(rules, place, URL, head).ok().flatten();
        let becomes_get = redirect
            .as_ref()
            .is_some_and(|redirect| redirect.becomes_get);
        let method = if becomes_get { "GET" } else { self.leg.method };
        (redirect.is_some() || head.status == 401).then_some(Leg {
            method,
            left: self.leg.left.saturating_sub(1),
            is_later: true,
            is_authenticated: self.leg.is_authenticated || head.status == 401,
            ..self.leg
        })
    }

    /// Passes the rest of an answer; whether its connection serves another request. The peer sends
    /// what is behind it once it has got that.
    fn passes(&mut self) -> bool {
        let begin = self.all.len() - self.peer.wire.len() - self.peer.inbox.0.len();
        self.peer.inbox.0.clear();
        self.peer.wire = &self.all[begin..];
        let Some(mut rest) = self.exchange.take_rest() else {
            return false;
        };
        let passed = rest.discard(self.peer.wire).unwrap_or_default();
        self.peer.wire = &self.peer.wire[passed..];
        rest.is_over()
    }

    /// A later leg is written by nobody but us: its head, and all that was given.
    fn is_sent(&self, call: &Call<'_>) {
        let Call::Receive { again, .. } = call else {
            panic!("nobody else receives");
        };
        if self.leg.is_later && self.leg.method == "POST" {
            let whole = [&*self.leg.head(), again].concat();
            assert!(
                whole.starts_with(&self.peer.sent),
                "another request is sent"
            );
            assert!(!self.exchange.is_sent_whole() || whole == self.peer.sent);
        }
    }

    /// The end of the body was met: nothing of it is missing, or the connection has ended it.
    fn is_end(&self, met: bool) {
        let Some(expected) = self.expected.as_ref().filter(|_| met) else {
            return;
        };
        assert!(!expected.broken, "a defect is passed over");
        assert_eq!(self.delivered, expected.body);
        if !expected.complete {
            assert!(expected.may_be_short && self.peer.wire.is_empty());
            assert!(matches!(self.peer.end, End::Orderly | End::Cut));
        }
    }

    fn send(&mut self, piece: Piece) -> Result<()> {
        let awaits = if self.peer.pieces.flag() {
            Awaits::Head
        } else {
            Awaits::Sent
        };
        self.drive(&mut Call::Send {
            given: GIVEN,
            piece,
            awaits,
        })
    }

    fn write(&mut self, data: &[u8], piece: Piece) -> Result<()> {
        let mut written = 0;
        let whole = piece.wire_bytes(data.len());
        let call = &mut Call::Write {
            data,
            piece,
            written: &mut written,
        };
        let outcome = self.drive(call);
        assert!(written <= whole && (outcome.is_err() || written == whole));
        outcome
    }

    fn read(&mut self, size: usize, any: bool) -> Result<usize> {
        let (mut into, mut filled) = (vec![0; size], 0);
        let call = &mut Call::Read {
            into: &mut into,
            filled: &mut filled,
            any,
        };
        let outcome = self.drive(call);
        assert!(
            filled <= size && (filled == 0 || outcome.is_ok() || self.turns > TURNS_MAX),
            "bytes are lost"
        );
        self.delivered.extend(&into[..filled]);
        outcome.map(|()| filled)
    }

    fn drive(&mut self, call: &mut Call<'_>) -> Result<()> {
        for _ in 0..self.steps_max {
            let turn = Turn {
                carried: self.peer.carried,
                cancelled: self.turns > TURNS_MAX,
                ..Turn::new(self.peer.now, &TIMEOUTS)
            };
            let (exchange, peer) = (&mut self.exchange, &mut self.peer);
            let flow = match exchange.next(&turn, call, &mut peer.inbox)? {
                Action::Notify(_) | Action::Finish => Flow::On,
                Action::Routes | Action::Tunnel | Action::Tunnelled => {
                    unreachable!("there is no proxy")
                }
                Action::Acquire if self.pooled => {
                    exchange.acquired(1);
                    Flow::On
                }
                Action::Acquire => {
                    exchange.must_connect();
                    Flow::On
                }
                step @ (Action::Resolve(_) | Action::Dial(_) | Action::Secure(_)) => {
                    connects(exchange, &step);
                    Flow::On
                }
                Action::Write(from) => peer.take(exchange, &turn, call, from, self.stale)?,
                Action::Flush => exchange.wrote(&turn, call, Wrote::All)?,
                Action::Read(room) => {
                    peer.give(exchange, &turn, call, room, self.stale, usize::MAX)?
                }
                Action::Release(Release::Replace) => {
                    (self.pooled, self.stale) = (false, false);
                    peer.inbox.0.clear();
                    peer.sent.clear();
                    // What the server has sent on the connection that is given up is not lost
                    // here: it comes on the new one.
                    self.expect();
                    Flow::On
                }
                Action::Release(Release::Keep | Release::Close) => Flow::On,
                Action::Answered => {
                    self.answered(call);
                    Flow::On
                }
                Action::Yield => {
                    self.turns += 1;
                    Flow::On
                }
                Action::Done => return Ok(()),
            };
            match flow {
                Flow::On => {}
                Flow::Done => return Ok(()),
                Flow::Wait(until) => self.peer.sleep(until),
            }
        }
        panic!("it goes on for ever");
    }
}
