//! Requests through a proxy's tunnel, with a proxy by script and a virtual clock: whatever it says
//! to CONNECT, in whatever pieces, and however its connections end, it ends; nothing of the request
//! leaves before a 2xx, nothing of CONNECT's credentials afterwards. Where a plain 2xx and a plain
//! response come whole, the program gets that response.
//!
//! Input: who the program is, how connections end, a seed for the pieces, and what comes over each
//! connection: first the proxy's answers, then the server's. A second, plain reader finds the same
//! answers (`exchange/reference.rs`).

use std::mem;

use winhttp_proto::auth::{
    AuthScheme, AuthTarget, Authenticator, Cnonce, Credentials, Login, Reaction, Sending,
};
use winhttp_proto::decode::Codings;
use winhttp_proto::exchange::compose::connect_head;
use winhttp_proto::exchange::request_body::Piece;
use winhttp_proto::exchange::tunnel::{CONNECT, Via};
use winhttp_proto::exchange::{
    Action, Awaits, Call, Composed, Exchange, ExchangeLimits, Flow, Release, Turn, Wrote,
};
use winhttp_proto::failure::Result;
use winhttp_proto::url::host::Host;
use winhttp_proto::url::{Origin, Scheme};

use crate::exchange::peer::{End, Peer, connects};
use crate::exchange::{STEPS_MAX, TIMEOUTS, head_limits, reference};
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
    peer: Peer<'w>,
    /// What the connections bring, the next one first.
    wires: Vec<&'w [u8]>,
    /// Pieces end where the proxy's heads do.
    is_polite: bool,
    has_small_limits: bool,
    /// What was written and has come since then is the server's.
    is_tunnelled: bool,
    /// CONNECTs on this connection, and on all of them.
    asked: usize,
    connects: usize,
    steps_max: usize,
}

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let flags = input.byte();
    let has = |bit: u8| flags & bit != 0;
    let end = End::ALL[input.below(4)];
    let who = input.below(4);
    let pieces = Pieces::new(input.number());
    let mut wires = vec![input.short(), input.short(), input.short()];
    wires.push(input.rest());
    wires.retain(|wire| !wire.is_empty());
    let bytes: usize = wires.iter().map(|wire| wire.len()).sum();
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
                head: head_limits(has(8)),
                max_interim: 3,
                max_drain: 100,
            },
        }),
        authenticator: authenticator(who),
        proxy: Origin::new(Scheme::of_request(has(2)), &proxy, 8080),
        peer: Peer::new(&[], end, pieces),
        wires,
        is_polite: has(16),
        has_small_limits: has(8),
        is_tunnelled: false,
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

impl<'w> World<'w> {
    fn dialogue(&mut self, awaits: Awaits) {
        let promised = self.promised();
        let received = self.receive(awaits);
        assert!(
            promised.is_none() || (received.is_ok() && self.is_tunnelled),
            "a response is lost: {received:?}"
        );
        if received.is_err() {
            return;
        }
        let head = self.exchange.take_head().expect("a head");
        let method = match self.exchange.is_of_proxy() {
            true => {
                assert!(!self.is_tunnelled && !(200..300).contains(&head.status));
                CONNECT
            }
            false => {
                assert!(self.is_tunnelled);
                "POST"
            }
        };
        // Behind another answer, only its status is looked for.
        if method == CONNECT && self.asked > 1 {
            return;
        }
        let whole = [&*self.peer.came, self.peer.wire].concat();
        let expected = reference::response(method, &whole).expect("a head that is there");
        assert_eq!(head.status, expected.status);
        let (delivered, end) = self.read();
        assert!(expected.body.starts_with(&delivered));
        if let Some(promised) = promised {
            assert_eq!((&*delivered, end), (promised, Ok(())));
        }
    }

    /// The body of the server's response, where nothing keeps it from the program.
    fn promised(&self) -> Option<&'w [u8]> {
        // Who has reset a connection takes no request either.
        let is_helpful = self.is_polite && !self.has_small_limits && self.peer.end != End::Reset;
        let wire = self.wires.first().filter(|_| is_helpful)?;
        let (status, _, rest) = plain_head(wire)?;
        let (of_server, length, body) = plain_head(rest)?;
        let is_promised = (200..300).contains(&status) && of_server == 200;
        body.get(..length?).filter(|_| is_promised)
    }

    fn receive(&mut self, awaits: Awaits) -> Result<()> {
        self.drive(&mut Call::Send {
            given: BODY,
            piece: Piece::WHOLE,
            awaits,
        })?;
        self.drive(&mut { Call::RECEIVE })
    }

    /// All of the body that comes, and how it ends.
    fn read(&mut self) -> (Vec<u8>, Result<()>) {
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
                return (delivered, read);
            }
        }
    }

    fn drive(&mut self, call: &mut Call<'_>) -> Result<()> {
        for _ in 0..self.steps_max {
            let turn = Turn {
                carried: self.peer.carried,
                ..Turn::new(self.peer.now, &TIMEOUTS)
            };
            let (exchange, peer) = (&mut self.exchange, &mut self.peer);
            let flow = match exchange.next(&turn, call, &mut peer.inbox)? {
                Action::Notify(_) | Action::Finish | Action::Yield => Flow::On,
                Action::Routes => panic!("the way is known"),
                Action::Acquire => {
                    exchange.must_connect();
                    Flow::On
                }
                step @ (Action::Resolve(_) | Action::Dial(_) | Action::Secure(_)) => {
                    if connects(exchange, &step) {
                        self.connected();
                    }
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
                Action::Write(from) => {
                    let is_dead = peer.wire.is_empty() && peer.end == End::Reset;
                    peer.take(exchange, &turn, call, from, is_dead)?
                }
                Action::Flush => exchange.wrote(&turn, call, Wrote::All)?,
                Action::Read(room) => {
                    let most = self.most();
                    let (exchange, peer) = (&mut self.exchange, &mut self.peer);
                    peer.give(exchange, &turn, call, room, false, most)?
                }
                Action::Release(Release::Replace) => {
                    assert!(peer.inbox.0.is_empty(), "of a connection that is gone");
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
                Flow::Wait(until) => self.peer.sleep(until),
            }
        }
        panic!("it goes on for ever");
    }

    fn connected(&mut self) {
        self.check_written();
        self.peer.wire = match self.wires.is_empty() {
            true => &[],
            false => self.wires.remove(0),
        };
        self.is_tunnelled = false;
        self.peer.came.clear();
        self.peer.sent.clear();
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
        assert!(!self.is_tunnelled && self.peer.inbox.0.is_empty());
        self.check_written();
        self.peer.sent.clear();
        let came = mem::take(&mut self.peer.came);
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
        let sent = &*self.peer.sent;
        match self.is_tunnelled {
            true => assert!([REQUEST, BODY].concat().starts_with(sent)),
            false => check_connects(sent),
        }
    }

    /// Bytes that the proxy sends at once.
    fn most(&self) -> usize {
        if self.is_tunnelled || !self.is_polite {
            return usize::MAX;
        }
        // The head may have ended with what came before.
        let came = &self.peer.came;
        let before = &came[came.len().saturating_sub(3)..];
        let end = head_end(&[before, self.peer.wire].concat());
        end.map_or(usize::MAX, |end| end - before.len())
    }
}

fn check_connects(mut sent: &[u8]) {
    let line = format!("CONNECT {SERVER} HTTP/1.1\r\n");
    while !sent.is_empty() {
        let begins = sent.len().min(line.len());
        assert_eq!(sent[..begins], line.as_bytes()[..begins]);
        let (head, rest) = sent.split_at(head_end(sent).unwrap_or(sent.len()));
        assert!(!holds(head, b"own") && !holds(head, b"\r\nAuthorization"));
        sent = rest;
    }
}

/// A head that nobody can take for another: its status and Content-Length, and what is behind it.
fn plain_head(wire: &[u8]) -> Option<(u16, Option<usize>, &[u8])> {
    let (head, rest) = wire.split_at(head_end(wire)?);
    let mut lines = std::str::from_utf8(head).ok()?.trim_end().split("\r\n");
    let line = lines.next()?.strip_prefix("HTTP/1.1 ")?;
    let (status, reason) = line.split_once(' ')?;
    let is_visible = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let mut is_plain = status.len() == 3 && is_number(status) && is_visible(reason);
    let mut length = None;
    for field in lines {
        let (name, value) = field.split_once(": ")?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        is_plain &= !name.is_empty() && name.bytes().all(is_name) && is_visible(value);
        is_plain &= !name.eq_ignore_ascii_case("Transfer-Encoding");
        if name.eq_ignore_ascii_case("Content-Length") {
            is_plain &= length.is_none() && is_number(value);
            length = Some(value.parse().ok()?);
        }
    }
    let status = status.parse().ok().filter(|_| is_plain)?;
    Some((status, length, rest))
}

/// Bytes up to the end of the first head.
fn head_end(bytes: &[u8]) -> Option<usize> {
    let empty_line = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    Some(empty_line? + 4)
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
