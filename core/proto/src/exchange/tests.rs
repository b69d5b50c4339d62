//! Whole dialogues, with bytes and a virtual clock.

mod again;
mod answers;
mod bodies;
mod coded;
mod legs;
mod order;
mod tunnels;
mod uploads;
mod waits;

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use super::request_body::Piece;
use super::timers::Carried;
use super::{
    Action, Arrived, Awaits, Call, Composed, Exchange, ExchangeLimits, Flow, Received, Release,
    Room, Turn, Wrote,
};
use crate::decode::Codings;
use crate::error::Error;
use crate::failure::{Failure, Result};
use crate::http1::head::HeadLimits;
use crate::notify::{Notification, SecureProblems};
use crate::option::Timeouts;
use crate::websocket::{Offer, client_key};

const HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: server\r\n\r\n";
const CONNECT_HEAD: &[u8] = b"CONNECT server:443 HTTP/1.1\r\nHost: server:443\r\n\r\n";
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// Actions that any dialogue needs at the most.
const ACTIONS_MAX: usize = 10_000;
const EVER: Duration = Duration::from_secs(1_000_000);

/// What the server, or the system, does next with what is asked of it.
#[derive(Clone, Debug)]
enum Peer {
    /// Nothing for so long.
    Quiet(Duration),
    /// Sends these bytes.
    Sends(Vec<u8>),
    /// Takes so many bytes.
    Takes(usize),
    /// Ends the connection as it should.
    Ends,
    /// A FIN where a close_notify belongs.
    Cut,
    Resets,
    /// The system fails with this.
    Fails(Error),
    /// What has arrived leaves no room for more.
    Fills,
    /// Shows a certificate with a defect.
    Defect,
}

/// Bytes that have arrived.
#[derive(Default)]
struct Inbox(Vec<u8>);

impl Received for Inbox {
    fn data(&self) -> &[u8] {
        &self.0
    }

    fn consume(&mut self, count: usize) {
        self.0.drain(..count);
    }
}

/// An exchange, its server, and the time.
struct World {
    exchange: Exchange,
    inbox: Inbox,
    now: Instant,
    /// When quiet ends that has begun.
    quiet_until: Option<Instant>,
    timeouts: Timeouts,
    carried: Carried,
    /// A connection that was used before is there.
    pooled: bool,
    /// Nobody accepts connections.
    unreachable: bool,
    /// A proxy's challenges are answered.
    answers_proxy: bool,
    /// What is done about shaking hands; that is over when it is empty.
    securing: VecDeque<Peer>,
    /// What is done about writing; takes everything when it is empty.
    writing: VecDeque<Peer>,
    /// What is done about reading; silence when it is empty.
    reading: VecDeque<Peer>,
    /// What the program was told, and what was done with the connection.
    told: Vec<String>,
    /// What the server got.
    got: Vec<u8>,
    /// Reads that were to go straight into the program's memory.
    direct: usize,
    /// How often others had a turn in between.
    yields: usize,
    /// What became of the connection at the end.
    let_go: Vec<Release>,
    /// What follows an answer that asks for more; the program gets it when nothing does.
    follows: VecDeque<Composed>,
    /// At each wait: whether it is for room to write, and whether for something to read.
    waits: Vec<(bool, bool)>,
    /// After so many actions the handle is closed.
    cancelled_after: usize,
    actions: usize,
}

fn request() -> Composed {
    Composed {
        host: "server".into(),
        secure: false,
        via: None,
        head: HEAD.to_vec().into(),
        method: "GET".into(),
        announces_close: false,
        retries: None,
        upgrade: None,
        is_later_leg: false,
        is_authenticated: false,
        codings: Codings::default(),
        limits: ExchangeLimits {
            head: HeadLimits::default(),
            max_interim: 2,
            max_drain: 100,
        },
    }
}

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Some moment: from here on the time is the test's.
#[expect(
    clippy::disallowed_methods,
    reason = "there is no other way to make one"
)]
fn some_time() -> Instant {
    Instant::now() + EVER
}

impl World {
    fn new(request: Composed) -> Self {
        Self {
            exchange: Exchange::new(request),
            inbox: Inbox::default(),
            now: some_time(),
            quiet_until: None,
            timeouts: Timeouts {
                resolve_ms: 100,
                connect_ms: 200,
                send_ms: 300,
                receive_ms: 400,
                receive_response_ms: 1000,
            },
            carried: Carried::default(),
            pooled: false,
            unreachable: false,
            answers_proxy: false,
            securing: VecDeque::new(),
            writing: VecDeque::new(),
            reading: VecDeque::new(),
            told: Vec::new(),
            got: Vec::new(),
            direct: 0,
            yields: 0,
            let_go: Vec::new(),
            follows: VecDeque::new(),
            waits: Vec::new(),
            cancelled_after: usize::MAX,
            actions: 0,
        }
    }

    /// Its server sends this, and is silent then.
    fn answering(request: Composed, answer: &[u8]) -> Self {
        let mut world = Self::new(request);
        world.reading.push_back(Peer::Sends(answer.to_vec()));
        world
    }

    fn send(&mut self) -> Result<()> {
        self.send_with(b"")
    }

    fn send_with(&mut self, given: &[u8]) -> Result<()> {
        self.send_piece(given, Piece::WHOLE)
    }

    fn send_piece(&mut self, given: &[u8], piece: Piece) -> Result<()> {
        let awaits = Awaits::Sent;
        self.run(&mut Call::Send {
            given,
            piece,
            awaits,
        })
    }

    /// Sends, and waits for the answer's head.
    fn send_and_await(&mut self) -> Result<()> {
        self.run(&mut Call::Send {
            given: b"",
            piece: Piece::WHOLE,
            awaits: Awaits::Head,
        })
    }

    fn write(&mut self, data: &[u8]) -> Result<usize> {
        self.write_piece(data, Piece::WHOLE)
    }

    fn write_piece(&mut self, data: &[u8], piece: Piece) -> Result<usize> {
        let mut written = 0;
        let call = &mut Call::Write {
            data,
            piece,
            written: &mut written,
        };
        self.run(call)?;
        Ok(written)
    }

    fn receive(&mut self) -> Result<()> {
        self.receive_with(b"")
    }

    /// Receives, with the data that was given to send.
    fn receive_with(&mut self, again: &[u8]) -> Result<()> {
        self.run(&mut Call::Receive {
            again,
            piece: Piece::WHOLE,
        })
    }

    fn available(&mut self) -> Result<u32> {
        let mut found = 77;
        self.run(&mut Call::Available { found: &mut found })?;
        Ok(found)
    }

    fn read(&mut self, bytes: usize, any: bool) -> Result<Vec<u8>> {
        let (mut buffer, mut filled) = (vec![0; bytes], 0);
        let call = &mut Call::Read {
            into: &mut buffer,
            filled: &mut filled,
            any,
        };
        self.run(call)?;
        buffer.truncate(filled);
        Ok(buffer)
    }

    /// Sends, receives, and reads everything, so many bytes at a time.
    fn whole(&mut self, bytes: usize) -> Result<Vec<u8>> {
        self.send()?;
        self.receive()?;
        self.rest(bytes)
    }

    fn rest(&mut self, bytes: usize) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let piece = self.read(bytes, false)?;
            if piece.is_empty() {
                return Ok(body);
            }
            body.extend(piece);
        }
    }

    /// What the program was told since the last time.
    fn told(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told)
    }

    fn run(&mut self, call: &mut Call<'_>) -> Result<()> {
        let timeouts = self.timeouts;
        loop {
            self.actions += 1;
            assert!(self.actions < ACTIONS_MAX, "it goes on for ever");
            let turn = Turn {
                now: self.now,
                timeouts: &timeouts,
                carried: self.carried,
                cancelled: self.actions > self.cancelled_after,
                expires: false,
            };
            let flow = match self.exchange.next(&turn, call, &mut self.inbox)? {
                Action::Notify(notification) => self.note(&name(&notification)),
                Action::Routes => panic!("the way is known"),
                Action::Acquire => {
                    match self.pooled {
                        true => self.exchange.acquired(1),
                        false => self.exchange.must_connect(),
                    }
                    Flow::On
                }
                Action::Resolve(limit) => {
                    assert_eq!(limit, Some(ms(100)));
                    self.exchange.resolved(ADDRESS);
                    Flow::On
                }
                Action::Dial(limit) => {
                    assert_eq!(limit, Some(ms(200)));
                    self.dial();
                    Flow::On
                }
                Action::Secure(limit) => {
                    assert_eq!(limit, Some(ms(200)));
                    self.secure();
                    Flow::On
                }
                Action::Write(from) => self.take(&turn, call, from)?,
                Action::Flush => self.exchange.wrote(&turn, call, Wrote::All)?,
                Action::Read(room) => self.give(&turn, call, room)?,
                Action::Finish => self.note("(finish)"),
                Action::Release(Release::Replace) => self.note("(release)"),
                Action::Release(release) => {
                    self.let_go.push(release);
                    Flow::On
                }
                Action::Answered => {
                    self.answered();
                    continue;
                }
                Action::Tunnel => {
                    self.exchange.ask_for_tunnel(CONNECT_HEAD.to_vec().into());
                    self.note("(tunnel)")
                }
                Action::Tunnelled => self.note("(tunnelled)"),
                Action::Yield => {
                    self.yields += 1;
                    Flow::On
                }
                Action::Done => return Ok(()),
            };
            match flow {
                Flow::On => {}
                Flow::Done => return Ok(()),
                Flow::Wait(until) => self.sleep(call, until),
            }
        }
    }

    fn note(&mut self, what: &str) -> Flow {
        self.told.push(what.to_owned());
        Flow::On
    }

    /// An answer asks for more: another request takes its place, or the program gets it.
    fn answered(&mut self) {
        if self.exchange.is_challenged_by_proxy() && self.answers_proxy {
            return self.exchange.answer_proxy();
        }
        let Some(request) = self.follows.pop_front() else {
            return self.exchange.give();
        };
        self.told.push("(answered)".to_owned());
        self.pooled = match self.exchange.take_rest() {
            Some(mut rest) => {
                let passed = rest.discard(&self.inbox.0).unwrap();
                self.inbox.consume(passed);
                rest.is_over()
            }
            None => false,
        };
        self.exchange = Exchange::new(request);
    }

    /// The time jumps to whatever comes first.
    fn sleep(&mut self, call: &Call<'_>, until: Option<Instant>) {
        let (exchange, call) = (&self.exchange, call.operation());
        self.waits
            .push((exchange.waits_to_write(call), exchange.waits_to_read(call)));
        let next = super::timers::earlier(until, self.quiet_until);
        self.now = next.expect("nothing would ever happen");
    }

    /// What comes next of these; `None` while it is quiet.
    fn next_of(&mut self, which: fn(&mut Self) -> &mut VecDeque<Peer>) -> Option<Peer> {
        loop {
            match which(self).front() {
                Some(Peer::Quiet(time)) => {
                    let time = *time;
                    let until = *self.quiet_until.get_or_insert(self.now + time);
                    if self.now < until {
                        return None;
                    }
                    self.quiet_until = None;
                    which(self).pop_front();
                }
                _ => return which(self).pop_front(),
            }
        }
    }

    fn dial(&mut self) {
        if self.unreachable {
            let failure = super::timers::timed_out(super::timers::Wait::Resolve, None);
            let failure = failure.with_error(Error::CannotConnect);
            return self.exchange.refused(SecureProblems::default(), failure);
        }
        if self
            .told
            .last()
            .is_some_and(|told| told == "ConnectingToServer")
        {
            self.exchange.dialed(ADDRESS);
        } else {
            self.exchange.dialing(ADDRESS);
        }
    }

    fn secure(&mut self) {
        match self.securing.pop_front() {
            Some(Peer::Defect) => {
                let failure = Error::SecureFailure.into();
                self.exchange.refused(SecureProblems::INVALID_CA, failure);
            }
            Some(_) => {
                let failure = Error::SecureChannelError.into();
                self.exchange.refused(SecureProblems::default(), failure);
            }
            None => self.exchange.secured(),
        }
    }

    fn take(&mut self, turn: &Turn<'_>, call: &mut Call<'_>, from: usize) -> Result<Flow> {
        let bytes = self.exchange.outgoing(call, from).concat();
        assert!(!bytes.is_empty());
        let silent = self.writing.is_empty();
        let wrote = match self.next_of(|world| &mut world.writing) {
            None if silent => Wrote::Bytes(bytes.len()),
            None => Wrote::Blocked,
            Some(Peer::Takes(count)) => Wrote::Bytes(count.min(bytes.len())),
            Some(Peer::Fails(error)) => Wrote::Failed(error.into()),
            Some(_) => Wrote::Failed(Error::ConnectionError.into()),
        };
        if let Wrote::Bytes(count) = wrote {
            self.got.extend(&bytes[..count]);
            self.carried.sent += u64::try_from(count).unwrap();
        }
        let turn = Turn {
            carried: self.carried,
            ..*turn
        };
        self.exchange.wrote(&turn, call, wrote)
    }

    fn give(&mut self, turn: &Turn<'_>, call: &mut Call<'_>, room: Room) -> Result<Flow> {
        self.direct += usize::from(matches!(room, Room::Lent { .. }));
        let arrived = match self.next_of(|world| &mut world.reading) {
            None => Arrived::Blocked,
            Some(Peer::Sends(mut bytes)) => {
                if let (Room::Lent { from, bytes: max }, Call::Read { into, .. }) =
                    (room, &mut *call)
                {
                    let count = bytes.len().min(max);
                    into[from..from + count].copy_from_slice(&bytes[..count]);
                    bytes.drain(..count);
                    if !bytes.is_empty() {
                        self.reading.push_front(Peer::Sends(bytes));
                    }
                    let arrived = Arrived::Bytes(count);
                    return self.exchange.read(turn, call, room, arrived, &self.inbox.0);
                }
                self.carried.received += u64::try_from(bytes.len()).unwrap();
                self.inbox.0.extend(&bytes);
                Arrived::Bytes(bytes.len())
            }
            Some(Peer::Ends) => Arrived::Ended { in_order: true },
            Some(Peer::Cut) => Arrived::Ended { in_order: false },
            Some(Peer::Fails(error)) => Arrived::Failed(error.into()),
            Some(Peer::Fills) => Arrived::NoRoom,
            Some(_) => Arrived::Failed(Error::ConnectionError.into()),
        };
        let turn = Turn {
            carried: self.carried,
            ..*turn
        };
        self.exchange
            .read(&turn, call, room, arrived, &self.inbox.0)
    }
}

/// The variant, and the number in it where there is one.
fn name(notification: &Notification) -> String {
    let text = format!("{notification:?}");
    let numbered = matches!(
        notification,
        Notification::RequestSent(_)
            | Notification::ResponseReceived(_)
            | Notification::IntermediateResponse(_)
    );
    if numbered {
        text
    } else {
        text.split(['(', ' ']).next().unwrap().to_owned()
    }
}

fn error(result: Result<impl std::fmt::Debug>) -> Error {
    result
        .map_err(|failure: Failure| failure.error())
        .unwrap_err()
}

/// A request that asks for a WebSocket, and the field that agrees.
fn upgrading() -> (Composed, String) {
    let key = client_key([7; 16]);
    let accept = crate::websocket::accept_for(key.as_str())
        .as_str()
        .to_owned();
    let request = Composed {
        upgrade: Some(Offer {
            key,
            sub_protocols: Vec::new(),
        }),
        ..request()
    };
    (request, accept)
}
