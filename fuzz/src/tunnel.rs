//! Requests through a proxy's tunnel, with a proxy by script and a virtual clock: whatever it says
//! to CONNECT, in whatever pieces, and however its connections end, it ends; nothing of the request
//! leaves before a 2xx, nothing of CONNECT's credentials afterwards.
//!
//! Input: who the program is, how connections end, a seed for the pieces, and what comes over each
//! connection: first the proxy's answers, then the server's. A second, plain reader finds the same
//! answers (`exchange/reference.rs`).

use std::time::{Duration, Instant};

use winhttp_proto::auth::{
    AuthScheme, AuthTarget, Authenticator, Cnonce, Credentials, Login, Reaction, Sending,
};
use winhttp_proto::decode::Codings;
use winhttp_proto::error::Error;
use winhttp_proto::exchange::compose::connect_head;
use winhttp_proto::exchange::request_body::Piece;
use winhttp_proto::exchange::timers::Carried;
use winhttp_proto::exchange::tunnel::{CONNECT, Via};
use winhttp_proto::exchange::{
    Action, Arrived, Awaits, Call, Composed, Exchange, ExchangeLimits, Flow, Release, Room, Turn,
    Wrote,
};
use winhttp_proto::failure::Result;
use winhttp_proto::http1::head::HeadLimits;
use winhttp_proto::url::host::Host;
use winhttp_proto::url::{Origin, Scheme};

use crate::exchange::{ADDRESS, End, INBOX_BYTES, Inbox, STEPS_MAX, TIMEOUTS, reference};
use crate::input::{Input, Pieces};

const SERVER: &str = "server:443";
const REQUEST: &[u8] = b"POST /own HTTP/1.1\r\nHost: server\r\nAuthorization: own\r\n\r\n";
const BODY: &[u8] = b"body";
/// One without credentials, one that answers, one with a nonce that is not stale; the second and
/// the third on another connection if theirs ends.
const CONNECTS_MAX: usize = 5;

struct World<'w> {
    exchange: Exchange,
    authenticator: Authenticator,
    proxy: Origin,
    inbox: Inbox,
    /// What the connections bring, the next one first.
    wires: Vec<&'w [u8]>,
    wire: &'w [u8],
    end: End,
    pieces: Pieces,
    /// Pieces end where heads do.
    is_polite: bool,
    now: Instant,
    carried: Carried,
    rested: bool,
    is_tunnelled: bool,
    /// What has come over this connection before the tunnel, and behind its beginning.
    came: [Vec<u8>; 2],
    /// What was written in both.
    went: [Vec<u8>; 2],
    /// CONNECTs on this connection, and on all of them.
    asked: usize,
    connects: usize,
    steps_max: usize,
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let flags = input.byte();
    let has = |bit: u8| flags & bit != 0;
    let end = [End::Silence, End::Orderly, End::Cut, End::Reset][input.below(4)];
    let who = input.below(4);
    let pieces = Pieces::new(input.number());
    let mut wires = vec![input.short(), input.short(), input.short()];
    wires.push(input.rest());
    wires.retain(|wire| !wire.is_empty());
    let bytes: usize = wires.iter().map(|wire| wire.len()).sum();
    let head = if has(8) {
        HeadLimits {
            max_bytes: 64,
            max_count: 3,
        }
    } else {
        HeadLimits::default()
    };
    let proxy = Host::parse("proxy").expect("a host");
    let mut world = World {
        exchange: Exchange::new(Composed {
            host: "server".into(),
            secure: has(1),
            via: Some(Via {
                host: "proxy".into(),
                secure: has(2),
                tunnels: true,
                is_received: has(4),
            }),
            head: REQUEST.to_vec().into(),
            method: "POST".into(),
            announces_close: false,
            retries: None,
            upgrade: None,
            is_later_leg: false,
            is_authenticated: false,
            codings: Codings::default(),
            limits: ExchangeLimits {
                head,
                max_interim: 3,
                max_drain: 100,
            },
        }),
        authenticator: authenticator(who),
        proxy: Origin::new(Scheme::of_request(has(2)), &proxy, 8080),
        inbox: Inbox::default(),
        wires,
        wire: &[],
        end,
        pieces,
        is_polite: has(16),
        now: Instant::now(),
        carried: Carried::default(),
        rested: false,
        is_tunnelled: false,
        came: Default::default(),
        went: Default::default(),
        asked: 0,
        connects: 0,
        steps_max: STEPS_MAX + 10 * bytes,
    };
    let awaits = if has(32) { Awaits::Head } else { Awaits::Sent };
    world.dialogue(awaits);
    world.check_written();
}

/// Nobody, somebody by the options, or by WinHttpSetCredentials.
fn authenticator(who: usize) -> Authenticator {
    let login = || Login::new("user".to_owned(), "password".to_owned());
    let mut authenticator = Authenticator::new(AuthTarget::Proxy);
    let scheme = [
        None,
        None,
        Some(AuthScheme::Basic),
        Some(AuthScheme::Digest),
    ][who];
    if let Some(scheme) = scheme {
        authenticator.set_credentials(Credentials {
            target: AuthTarget::Proxy,
            scheme,
            login: Some(login()),
        });
    }
    authenticator.begin((who == 1).then(login));
    authenticator
}

impl World<'_> {
    fn dialogue(&mut self, awaits: Awaits) {
        let piece = Piece::WHOLE;
        let sent = self.drive(&mut Call::Send {
            given: BODY,
            piece,
            awaits,
        });
        if sent.is_err() || self.drive(&mut { Call::RECEIVE }).is_err() {
            return;
        }
        let head = self.exchange.take_head().expect("a head");
        let method = match self.exchange.is_of_proxy() {
            true => {
                assert!(!self.is_tunnelled && !(200..300).contains(&head.status));
                None
            }
            false => {
                assert!(self.is_tunnelled);
                Some("POST")
            }
        };
        let [before, behind] = &self.came;
        let whole = [if method.is_some() { behind } else { before }, self.wire].concat();
        // Behind another answer, only its status is looked for.
        let expected = match (method, self.asked) {
            (Some(method), _) => reference::response(method, &whole),
            (None, 1) => reference::response(CONNECT, &whole),
            (None, _) => None,
        };
        let Some(expected) = expected else {
            assert!(
                method.is_none() && self.asked > 1,
                "a head that is not there"
            );
            return;
        };
        assert_eq!(head.status, expected.status);
        let mut delivered = Vec::new();
        loop {
            let (mut into, mut filled) = (vec![0; 300], 0);
            let read = self.drive(&mut Call::Read {
                into: &mut into,
                filled: &mut filled,
                any: true,
            });
            delivered.extend(&into[..filled]);
            if read.is_err() || filled == 0 {
                break;
            }
        }
        assert!(expected.body.starts_with(&delivered));
    }

    fn drive(&mut self, call: &mut Call<'_>) -> Result<()> {
        for _ in 0..self.steps_max {
            let turn = Turn {
                carried: self.carried,
                ..Turn::new(self.now, &TIMEOUTS)
            };
            let exchange = &mut self.exchange;
            let flow = match exchange.next(&turn, call, &mut self.inbox)? {
                Action::Notify(_) | Action::Finish | Action::Yield => Flow::On,
                Action::Routes => panic!("the way is known"),
                Action::Acquire => {
                    exchange.must_connect();
                    Flow::On
                }
                Action::Resolve(_) => {
                    exchange.resolved(ADDRESS);
                    Flow::On
                }
                Action::Dial(_) => {
                    exchange.dialed(ADDRESS);
                    self.connected();
                    Flow::On
                }
                Action::Secure(_) => {
                    exchange.secured();
                    Flow::On
                }
                Action::Tunnel => {
                    self.ask();
                    Flow::On
                }
                Action::Tunnelled => {
                    self.tunnelled();
                    Flow::On
                }
                Action::Write(from) => self.take(&turn, call, from)?,
                Action::Flush => exchange.wrote(&turn, call, Wrote::All)?,
                Action::Read(room) => self.give(&turn, call, room)?,
                Action::Release(Release::Replace) => {
                    assert!(self.inbox.0.is_empty(), "of a connection that is gone");
                    Flow::On
                }
                Action::Release(Release::Keep | Release::Close) => Flow::On,
                Action::Answered => {
                    self.answered();
                    Flow::On
                }
                Action::Done => return Ok(()),
            };
            match flow {
                Flow::On => {}
                Flow::Done => return Ok(()),
                Flow::Wait(until) => self.sleep(until),
            }
        }
        panic!("it goes on for ever");
    }

    fn connected(&mut self) {
        self.check_written();
        self.wire = match self.wires.is_empty() {
            true => &[],
            false => self.wires.remove(0),
        };
        self.is_tunnelled = false;
        (self.came, self.went) = Default::default();
        self.asked = 0;
    }

    fn ask(&mut self) {
        let credentials = self.authenticator.authorization(&Sending {
            origin: &self.proxy,
            method: CONNECT,
            target: SERVER,
            body: Some(&[]),
        });
        let head = connect_head(SERVER, Some("agent"), credentials.as_ref());
        self.exchange.ask_for_tunnel(head);
        self.asked += 1;
        self.connects += 1;
        assert!(self.connects <= CONNECTS_MAX, "it asks for ever");
    }

    fn answered(&mut self) {
        if !self.exchange.is_challenged_by_proxy() {
            self.exchange.give();
            return;
        }
        assert!(!self.is_tunnelled);
        let response = self.exchange.response().expect("a challenge");
        assert_eq!(response.status, 407);
        let values = response.headers.all(AuthTarget::Proxy.challenge_field());
        let cnonce = Cnonce::new([0x5a; 16]);
        let reaction = self
            .authenticator
            .challenged(&self.proxy, values, true, cnonce);
        match reaction {
            Reaction::SendAgain => self.exchange.answer_proxy(),
            Reaction::Deliver => self.exchange.give(),
        }
    }

    /// What has come ends with the head of a 2xx, and nothing lies behind it.
    fn tunnelled(&mut self) {
        assert!(!self.is_tunnelled && self.inbox.0.is_empty());
        let came = &self.came[0];
        let is_2xx = |from: usize| {
            let answer = reference::response("HEAD", &came[from..]);
            answer.is_some_and(|answer| (200..300).contains(&answer.status))
                && reference::response("HEAD", &came[from..came.len() - 1]).is_none()
        };
        let starts = if self.asked == 1 { 1 } else { came.len() };
        assert!((0..starts).any(is_2xx), "no 2xx: {:?}", came.escape_ascii());
        self.is_tunnelled = true;
    }

    /// Before the tunnel there are CONNECTs only; in it, the request only.
    fn check_written(&self) {
        let [before, inside] = &self.went;
        let mut rest = &before[..];
        let line = format!("CONNECT {SERVER} HTTP/1.1\r\n");
        while !rest.is_empty() {
            let begins = rest.len().min(line.len());
            assert_eq!(rest[..begins], line.as_bytes()[..begins]);
            let end = rest.windows(4).position(|four| four == b"\r\n\r\n");
            let head = &rest[..end.map_or(rest.len(), |end| end + 4)];
            assert!(!holds(head, b"own") && !holds(head, b"\r\nAuthorization"));
            rest = &rest[head.len()..];
        }
        assert!([REQUEST, BODY].concat().starts_with(inside));
        assert!(self.is_tunnelled || inside.is_empty());
    }

    /// The peer does something before the time is up, or the time jumps.
    fn sleep(&mut self, until: Option<Instant>) {
        let until = until.expect("everything has its limit here");
        assert!(until > self.now, "a wait for nothing");
        let is_quiet = self.wire.is_empty() && self.end == End::Silence;
        self.now = if is_quiet {
            until
        } else {
            self.now + Duration::from_millis(1)
        };
    }

    /// Whether the peer rests this time: never twice in a row, unless it has nothing more to do.
    fn rests(&mut self) -> bool {
        self.rested = !self.rested && self.pieces.flag();
        self.rested
    }

    fn take(&mut self, turn: &Turn<'_>, call: &mut Call<'_>, from: usize) -> Result<Flow> {
        let bytes = self.exchange.outgoing(call, from).concat();
        assert!(!bytes.is_empty(), "a write of nothing");
        let wrote = if self.wire.is_empty() && self.end == End::Reset {
            Wrote::Failed(Error::ConnectionError.into())
        } else if self.rests() {
            Wrote::Blocked
        } else {
            let count = self.pieces.next().min(bytes.len());
            self.went[usize::from(self.is_tunnelled)].extend(&bytes[..count]);
            self.carried.sent += count as u64;
            Wrote::Bytes(count)
        };
        self.exchange.wrote(turn, call, wrote)
    }

    fn give(&mut self, turn: &Turn<'_>, call: &mut Call<'_>, room: Room) -> Result<Flow> {
        let arrived = if self.wire.is_empty() {
            match self.end {
                End::Silence => Arrived::Blocked,
                End::Orderly => Arrived::Ended { in_order: true },
                End::Cut => Arrived::Ended { in_order: false },
                End::Reset => Arrived::Failed(Error::ConnectionError.into()),
            }
        } else if self.rests() {
            Arrived::Blocked
        } else {
            self.deliver(call, room)
        };
        self.exchange.read(turn, call, room, arrived, &self.inbox.0)
    }

    fn deliver(&mut self, call: &mut Call<'_>, room: Room) -> Arrived {
        let wanted = self.pieces.next().min(self.wire.len());
        let empty_line = self.wire.windows(4).position(|four| four == b"\r\n\r\n");
        let polite = match empty_line.filter(|_| self.is_polite && !self.is_tunnelled) {
            Some(at) => wanted.min(at + 4),
            None => wanted,
        };
        let place = match room {
            Room::Inbox(most) => most.max(INBOX_BYTES).saturating_sub(self.inbox.0.len()),
            Room::Lent { bytes, .. } => bytes,
        };
        let (piece, rest) = self.wire.split_at(polite.min(place));
        if piece.is_empty() {
            return Arrived::NoRoom;
        }
        match (room, call) {
            (Room::Lent { from, .. }, Call::Read { into, .. }) => {
                into[from..from + piece.len()].copy_from_slice(piece);
            }
            _ => self.inbox.0.extend(piece),
        }
        self.came[usize::from(self.is_tunnelled)].extend(piece);
        self.wire = rest;
        self.carried.received += piece.len() as u64;
        Arrived::Bytes(piece.len())
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
