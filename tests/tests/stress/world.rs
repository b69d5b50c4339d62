//! Where the calls go: peers of every kind, and the handles that are open, were closed, or never
//! were.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use winhttp_fixtures::certs::{Authority, IdentityOptions};
use winhttp_fixtures::hole::{RefusedPort, TcpHole};
use winhttp_fixtures::{Server, Settings, TlsSettings, by_path};

use crate::chance::Chance;
use crate::track::{self, Track};

/// Numbers of closed handles that are called again.
const CLOSED_MAX: usize = 64;

/// Paths with a WebSocket by the book, several times: most calls need a peer that goes on.
pub(crate) const FRIENDLY: &[&str] = &[
    "/echo",
    "/echo",
    "/echo",
    "/echo",
    "/echo",
    "/echo",
    "/ping-then-echo",
    "/fragments?size=3&ping",
    "/greeting",
    "/push?count=20&size=50",
    "/push?count=3&size=100000",
    "/sink",
    "/idle",
    "/idle?ping=x",
    "/slow",
    "/1xx?count=2",
];

/// Paths where the peer ends, lies or breaks the protocol.
pub(crate) const HOSTILE: &[&str] = &[
    "/stall?name=never",
    "/close",
    "/close?now",
    "/close?code=none",
    "/close?now&code=1001&reason=bye",
    "/close-now",
    "/no-close-answer",
    "/drop",
    "/drop?now",
    "/reset",
    "/reset?now",
    "/drop-mid-frame?now",
    "/drop-mid-frame?size=70000&sent=65000",
    "/bad-accept",
    "/no-accept",
    "/bad-upgrade",
    "/no-upgrade",
    "/bad-connection",
    "/no-connection",
    "/invalid-utf8",
    "/masked-frame",
    "/reserved-bits",
    "/bad-opcode",
    "/bad-control-opcode",
    "/fragmented-control",
    "/long-control",
    "/orphan-continuation",
    "/interrupted-message",
    "/overlong-length",
    "/negative-length",
    "/huge-length",
    "/close-one-byte",
    "/close-bad-code",
    "/close-bad-utf8",
    "/garbage",
    "/empty",
    "/oversized-headers",
    "/many-headers?count=300",
];

/// Paths with a response of HTTP.
pub(crate) const PLAIN: &[&str] = &[
    "/status",
    "/status?size=100",
    "/status?code=404&body=no",
    "/status?code=401&close",
    "/status?size=30000&close",
    "/status?header=X-Test:1",
    "/headers",
    "/body",
    "/chunked",
    "/chunked?count=20&size=700&trailer=X:y",
    "/until-close?size=5000",
    "/drop-mid-body",
    "/oversized-headers",
    "/many-headers",
    "/garbage",
    "/empty",
    "/slow",
    "/1xx?count=3",
    "/stall?name=never",
    "/nowhere",
];

/// The peers of a round and the handles its calls use.
pub(crate) struct World {
    plain: Server,
    tls: Server,
    mute: Server,
    refusing: RefusedPort,
    silent: TcpHole,
    live: Mutex<Vec<Arc<Track>>>,
    closed: Mutex<VecDeque<usize>>,
    /// The round is ending: callbacks only write down.
    pub(crate) stopping: AtomicBool,
    seed: u64,
    callbacks: AtomicU64,
}

static WORLD: RwLock<Option<Arc<World>>> = RwLock::new(None);

/// The world of this round; `None` between rounds.
pub(crate) fn world() -> Option<Arc<World>> {
    WORLD.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Makes a round's world, or takes it away.
pub(crate) fn set_world(world: Option<Arc<World>>) {
    *WORLD.write().unwrap_or_else(PoisonError::into_inner) = world;
}

impl World {
    pub(crate) fn new(seed: u64, authority: &Authority) -> Self {
        let identity = authority.issue(&IdentityOptions::default()).unwrap();
        let server = |tls| {
            let settings = Settings {
                tls,
                recording: false,
                ..Settings::default()
            };
            Server::start(settings, by_path).unwrap()
        };
        Self {
            plain: server(None),
            tls: server(Some(TlsSettings::new(&identity))),
            mute: Server::silent().unwrap(),
            refusing: RefusedPort::new().unwrap(),
            silent: TcpHole::new().unwrap(),
            live: Mutex::default(),
            closed: Mutex::default(),
            stopping: AtomicBool::new(false),
            seed,
            callbacks: AtomicU64::new(0),
        }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Random numbers for one callback.
    pub(crate) fn chance(&self) -> Chance {
        let number = self.callbacks.fetch_add(1, Ordering::Relaxed);
        Chance::new(self.seed ^ number.wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    /// A port for a connect: mostly the friendly servers'.
    pub(crate) fn port(&self, chance: &mut Chance) -> u16 {
        match chance.below(40) {
            0 => self.refusing.port(),
            1 => self.mute.port(),
            2 => self.silent.port(),
            3..=18 => self.tls.port(),
            _ => self.plain.port(),
        }
    }

    pub(crate) fn is_tls(&self, port: u16) -> bool {
        port == self.tls.port()
    }

    /// A new handle that others may use from now on.
    pub(crate) fn share(&self, track: &Arc<Track>) {
        self.live
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::clone(track));
    }

    /// The program has closed a handle.
    pub(crate) fn forget(&self, bits: usize) {
        self.live
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|own| own.bits != bits);
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        if closed.len() == CLOSED_MAX {
            closed.pop_front();
        }
        closed.push_back(bits);
    }

    pub(crate) fn live(&self) -> Vec<Arc<Track>> {
        self.live
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn count(&self, kind: u32) -> usize {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.iter().filter(|track| track.kind == kind).count()
    }

    /// A live handle of a kind.
    pub(crate) fn of_kind(&self, kind: u32, chance: &mut Chance) -> Option<Arc<Track>> {
        let live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let fitting: Vec<&Arc<Track>> = live.iter().filter(|track| track.kind == kind).collect();
        if fitting.is_empty() {
            return None;
        }
        Some(Arc::clone(
            fitting[chance.below(fitting.len() as u64) as usize],
        ))
    }

    /// A handle for a function that wants this kind: mostly one, else another, a closed one, or
    /// garbage.
    pub(crate) fn handle(&self, kind: u32, chance: &mut Chance) -> (usize, Option<Arc<Track>>) {
        let wrong = chance.below(1000);
        if wrong >= 60
            && let Some(track) = self.of_kind(kind, chance)
        {
            return (track.bits, Some(track));
        }
        match wrong {
            0..20 => {
                let kind = chance.pick(&[
                    track::SESSION,
                    track::CONNECT,
                    track::REQUEST,
                    track::WEB_SOCKET,
                ]);
                match self.of_kind(kind, chance) {
                    Some(track) => (track.bits, Some(track)),
                    None => (0, None),
                }
            }
            20..40 => {
                let closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
                let bits = closed
                    .get(chance.below(CLOSED_MAX as u64) as usize)
                    .copied();
                drop(closed);
                (bits.unwrap_or(0), bits.and_then(track::find))
            }
            _ => {
                let on_stack = std::ptr::from_ref(&wrong).addr();
                let number = chance.number() as usize;
                (
                    chance.pick(&[0, 1, 2, 7, 0x1000, usize::MAX, on_stack, number]),
                    None,
                )
            }
        }
    }
}
