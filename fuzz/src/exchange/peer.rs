//! The other side of an exchange's connection, by script, and the clock that both share.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use winhttp_proto::error::Error;
use winhttp_proto::exchange::timers::Carried;
use winhttp_proto::exchange::{Action, Arrived, Call, Exchange, Flow, Received, Room, Turn, Wrote};
use winhttp_proto::failure::Result;

use crate::input::Pieces;

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// What the inbox holds before it has to grow.
const INBOX_BYTES: usize = 4096;

/// How the peer's side ends behind its last byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Silence,
    Orderly,
    Cut,
    Reset,
}

impl End {
    pub(crate) const ALL: [Self; 4] = [Self::Silence, Self::Orderly, Self::Cut, Self::Reset];
}

/// Bytes that have arrived.
#[derive(Default)]
pub(crate) struct Inbox(pub(crate) Vec<u8>);

impl Received for Inbox {
    fn data(&self) -> &[u8] {
        &self.0
    }

    fn consume(&mut self, count: usize) {
        self.0.drain(..count);
    }
}

pub(crate) struct Peer<'w> {
    /// What has not arrived yet of all that it sends.
    pub(crate) wire: &'w [u8],
    pub(crate) end: End,
    pub(crate) inbox: Inbox,
    pub(crate) pieces: Pieces,
    pub(crate) now: Instant,
    pub(crate) carried: Carried,
    /// It has done nothing the last time it was asked.
    rested: bool,
    /// What was written to it, and what came from it.
    pub(crate) sent: Vec<u8>,
    pub(crate) came: Vec<u8>,
}

impl<'w> Peer<'w> {
    pub(crate) fn new(wire: &'w [u8], end: End, pieces: Pieces) -> Self {
        Self {
            wire,
            end,
            inbox: Inbox::default(),
            pieces,
            now: Instant::now(),
            carried: Carried::default(),
            rested: false,
            sent: Vec::new(),
            came: Vec::new(),
        }
    }

    /// The peer does something before the time is up, or the time jumps.
    pub(crate) fn sleep(&mut self, until: Option<Instant>) {
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

    /// Something is written to it, which fails once it is dead.
    pub(crate) fn take(
        &mut self,
        exchange: &mut Exchange,
        turn: &Turn<'_>,
        call: &mut Call<'_>,
        from: usize,
        is_dead: bool,
    ) -> Result<Flow> {
        let bytes = exchange.outgoing(call, from).concat();
        assert!(!bytes.is_empty(), "a write of nothing");
        let wrote = if is_dead {
            Wrote::Failed(Error::ConnectionError.into())
        } else if self.rests() {
            Wrote::Blocked
        } else {
            let count = self.pieces.next().min(bytes.len());
            self.sent.extend(&bytes[..count]);
            self.carried.sent += count as u64;
            Wrote::Bytes(count)
        };
        exchange.wrote(turn, call, wrote)
    }

    /// Something is read from it, `most` bytes at once; if it is dead, its orderly end.
    pub(crate) fn give(
        &mut self,
        exchange: &mut Exchange,
        turn: &Turn<'_>,
        call: &mut Call<'_>,
        room: Room,
        is_dead: bool,
        most: usize,
    ) -> Result<Flow> {
        let arrived = if is_dead {
            Arrived::Ended { in_order: true }
        } else if self.wire.is_empty() {
            match self.end {
                End::Silence => Arrived::Blocked,
                End::Orderly => Arrived::Ended { in_order: true },
                End::Cut => Arrived::Ended { in_order: false },
                End::Reset => Arrived::Failed(Error::ConnectionError.into()),
            }
        } else if self.rests() {
            Arrived::Blocked
        } else {
            self.deliver(call, room, most)
        };
        exchange.read(turn, call, room, arrived, &self.inbox.0)
    }

    fn deliver(&mut self, call: &mut Call<'_>, room: Room, most: usize) -> Arrived {
        let wanted = self.pieces.next().min(most).min(self.wire.len());
        let place = match room {
            Room::Inbox(most) => most.max(INBOX_BYTES).saturating_sub(self.inbox.0.len()),
            Room::Lent { bytes, .. } => bytes,
        };
        let (piece, rest) = self.wire.split_at(wanted.min(place));
        if piece.is_empty() {
            return Arrived::NoRoom;
        }
        match (room, call) {
            (Room::Lent { from, .. }, Call::Read { into, .. }) => {
                assert!(
                    self.inbox.0.is_empty(),
                    "what came before would be overtaken"
                );
                into[from..from + piece.len()].copy_from_slice(piece);
            }
            (Room::Lent { .. }, _) => panic!("nobody has lent anything"),
            (Room::Inbox(_), _) => self.inbox.0.extend(piece),
        }
        self.came.extend(piece);
        self.wire = rest;
        self.carried.received += piece.len() as u64;
        Arrived::Bytes(piece.len())
    }
}

/// Does a step of connecting, of which each succeeds at once; whether the peer is reached by it.
pub(crate) fn connects(exchange: &mut Exchange, action: &Action) -> bool {
    match action {
        Action::Resolve(_) => exchange.resolved(ADDRESS),
        Action::Dial(_) => exchange.dialed(ADDRESS),
        Action::Secure(_) => exchange.secured(),
        other => panic!("no step of connecting: {other:?}"),
    }
    matches!(action, Action::Dial(_))
}
