//! Reaching one of a host's addresses: one after the other in the resolver's order, or, where the
//! session says so, in a race (RFC 8305); each attempt has the connect timeout.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Reason, Result};

use crate::engine::clock;
use crate::engine::extended_error;
use crate::engine::shortage::is_shortage;
use crate::engine::socket::{Socket, TcpKeepAlive};

/// Head start of an attempt before the next address is tried beside it (RFC 8305 §5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// Addresses that a failure lists.
const TOLD_MAX: usize = 8;

/// What shapes connection attempts.
#[derive(Clone, Copy, Debug)]
pub struct DialSettings {
    /// Addresses tried at the most (CONNECT_RETRIES).
    pub max_addresses: usize,
    /// A silent address does not keep the next one waiting (IPV6_FAST_FALLBACK).
    pub races: bool,
    /// TCP keep-alive of the new connection.
    pub keep_alive: Option<TcpKeepAlive>,
}

/// Registers a new socket with whatever will tell about its readiness; synchronous callers look
/// themselves.
pub trait Attach: Send + Sync {
    /// Called once for each socket, before anything waits for it.
    ///
    /// # Errors
    /// The poll's refusal.
    fn attach(&self, socket: &Socket) -> io::Result<()>;
}

/// A connection attempt to one address.
pub trait Candidate: Sized {
    /// Starts it.
    ///
    /// # Errors
    /// What the system says: no descriptor left, no route, refused at once.
    fn connect(address: SocketAddr, keep_alive: Option<TcpKeepAlive>) -> io::Result<Self>;

    /// Registers it with whatever will tell about it.
    ///
    /// # Errors
    /// As [`Attach::attach`].
    fn attach(&self, to: &dyn Attach) -> io::Result<()>;

    /// Whether it has ended, and with whom: `None` while it goes on.
    fn result(&self) -> Option<io::Result<SocketAddr>>;
}

impl Candidate for Socket {
    fn connect(address: SocketAddr, keep_alive: Option<TcpKeepAlive>) -> io::Result<Self> {
        Self::connect(address, keep_alive)
    }

    fn attach(&self, to: &dyn Attach) -> io::Result<()> {
        to.attach(self)
    }

    fn result(&self) -> Option<io::Result<SocketAddr>> {
        self.connect_result()
    }
}

/// The attempts to reach one of several addresses.
#[derive(Debug)]
pub struct Race<S = Socket> {
    settings: DialSettings,
    untried: VecDeque<SocketAddr>,
    running: Vec<Attempt<S>>,
    next_start: Option<Instant>,
    /// What ended the attempts so far, the last of them last.
    failed: Vec<FailedAttempt>,
}

#[derive(Debug)]
struct Attempt<S> {
    address: SocketAddr,
    socket: Arc<S>,
    since: Instant,
    timeout: Option<Duration>,
    deadline: Option<Instant>,
}

/// The connection a race has brought.
#[derive(Debug)]
pub struct Winner<S = Socket> {
    /// The address that was tried.
    pub address: SocketAddr,
    /// The peer's address as the system calls it: another one if that was a wildcard.
    pub peer: SocketAddr,
    /// The connection.
    pub socket: Arc<S>,
    /// What it has used of the connect timeout.
    pub spent: Duration,
}

/// What a race has to say.
#[derive(Debug)]
pub enum RaceStep<S = Socket> {
    /// An attempt to reach this address starts now.
    Connecting(SocketAddr),
    /// Connected.
    Connected(Winner<S>),
    /// Nothing to do until a socket is writable or this time comes.
    Wait(Option<Instant>),
}

impl<S: Candidate> Race<S> {
    /// Attempts to reach `addresses`, in their order; in a race families are interleaved with the
    /// first address's family first (RFC 8305 §4).
    #[must_use]
    pub fn new(addresses: Vec<SocketAddr>, settings: DialSettings) -> Self {
        let mut untried = if settings.races {
            interleave(addresses)
        } else {
            addresses.into()
        };
        untried.truncate(settings.max_addresses.max(1));
        Self {
            settings,
            untried,
            running: Vec::new(),
            next_start: None,
            failed: Vec::new(),
        }
    }

    /// Sockets whose writability matters.
    pub fn sockets(&self) -> impl Iterator<Item = &Arc<S>> {
        self.running.iter().map(|attempt| &attempt.socket)
    }

    /// Moves on; call again until it says [`RaceStep::Wait`] or [`RaceStep::Connected`]. An attempt
    /// that starts now gets `timeout` (CONNECT_TIMEOUT), `None` for no limit.
    ///
    /// # Errors
    /// [`Error::CannotConnect`], [`Error::Timeout`] or [`Error::NotEnoughMemory`], by what ended
    /// the last attempt.
    pub fn step(
        &mut self,
        now: Instant,
        timeout: Option<Duration>,
        attach: Option<&dyn Attach>,
    ) -> Result<RaceStep<S>> {
        if let Some(winner) = self.check_running(now) {
            return Ok(RaceStep::Connected(winner));
        }
        let may_start = self.running.is_empty() || self.next_start.is_some_and(|at| at <= now);
        if may_start && let Some(address) = self.untried.pop_front() {
            self.start(address, now, timeout, attach);
            return Ok(RaceStep::Connecting(address));
        }
        if self.running.is_empty() {
            return Err(unreachable(std::mem::take(&mut self.failed)));
        }
        let next = if self.untried.is_empty() {
            None
        } else {
            self.next_start
        };
        let first = self
            .running
            .iter()
            .fold(next, |at, a| clock::earlier(at, a.deadline));
        Ok(RaceStep::Wait(first))
    }

    fn start(
        &mut self,
        address: SocketAddr,
        now: Instant,
        timeout: Option<Duration>,
        attach: Option<&dyn Attach>,
    ) {
        // Otherwise the next one starts when this one has failed.
        self.next_start = now
            .checked_add(ATTEMPT_DELAY)
            .filter(|_| self.settings.races);
        let opened = S::connect(address, self.settings.keep_alive).and_then(|socket| {
            attach
                .map_or(Ok(()), |to| socket.attach(to))
                .map(|()| socket)
        });
        match opened {
            Ok(socket) => self.running.push(Attempt {
                address,
                socket: Arc::new(socket),
                since: now,
                timeout,
                deadline: clock::deadline(now, timeout),
            }),
            Err(error) => self.failed.push(FailedAttempt {
                address,
                obstacle: Obstacle::System(error),
            }),
        }
    }

    /// Removes attempts that ended; the first that succeeded wins.
    fn check_running(&mut self, now: Instant) -> Option<Winner<S>> {
        let mut index = 0;
        while let Some(attempt) = self.running.get(index) {
            match attempt.socket.result() {
                Some(Ok(peer)) => {
                    let attempt = self.running.swap_remove(index);
                    return Some(Winner {
                        address: attempt.address,
                        peer,
                        socket: attempt.socket,
                        spent: now.saturating_duration_since(attempt.since),
                    });
                }
                Some(Err(error)) => self.give_up(index, Obstacle::System(error)),
                None if attempt.deadline.is_some_and(|deadline| deadline <= now) => {
                    let limit = attempt.timeout.unwrap_or_default();
                    self.give_up(index, Obstacle::TimedOut(limit));
                }
                None => index += 1,
            }
        }
        None
    }

    fn give_up(&mut self, index: usize, obstacle: Obstacle) {
        let address = self.running.remove(index).address;
        self.failed.push(FailedAttempt { address, obstacle });
    }
}

/// An address that could not be reached.
#[derive(Debug)]
struct FailedAttempt {
    address: SocketAddr,
    obstacle: Obstacle,
}

/// Why.
#[derive(Debug)]
enum Obstacle {
    System(io::Error),
    /// CONNECT_TIMEOUT.
    TimedOut(Duration),
}

impl fmt::Display for FailedAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.address)?;
        match &self.obstacle {
            Obstacle::System(error) => error.fmt(f),
            Obstacle::TimedOut(limit) => {
                write!(
                    f,
                    "no answer within {} ms (CONNECT_TIMEOUT)",
                    limit.as_millis()
                )
            }
        }
    }
}

/// None of the server's addresses could be reached.
#[derive(Debug)]
struct Unreachable {
    /// The first of them.
    attempts: Vec<FailedAttempt>,
    /// How many there are beside those.
    more: usize,
    socket_error: u32,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot connect to ")?;
        for (index, attempt) in self.attempts.iter().enumerate() {
            if index > 0 {
                f.write_str("; to ")?;
            }
            attempt.fmt(f)?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "; nor to {more} more addresses"),
        }
    }
}

impl Reason for Unreachable {
    fn socket_error(&self) -> u32 {
        self.socket_error
    }
}

/// The failure of a race of which nothing is left; what ended the last attempt decides the error.
fn unreachable(mut attempts: Vec<FailedAttempt>) -> Failure {
    let (error, socket_error) = match attempts.last().map(|attempt| &attempt.obstacle) {
        Some(Obstacle::System(error)) => (connect_error(error), extended_error::of(error)),
        Some(Obstacle::TimedOut(_)) => (Error::Timeout, extended_error::TIMED_OUT),
        None => (Error::CannotConnect, 0),
    };
    let more = attempts.len().saturating_sub(TOLD_MAX);
    attempts.truncate(TOLD_MAX);
    attempts.shrink_to_fit();
    let reason = Unreachable {
        attempts,
        more,
        socket_error,
    };
    Failure::because(error, reason)
}

fn connect_error(error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::TimedOut {
        Error::Timeout
    } else if is_shortage(error) {
        Error::NotEnoughMemory
    } else {
        Error::CannotConnect
    }
}

fn interleave(addresses: Vec<SocketAddr>) -> VecDeque<SocketAddr> {
    if addresses.len() <= 1 {
        return addresses.into();
    }
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut preferred, mut other): (VecDeque<SocketAddr>, VecDeque<SocketAddr>) = addresses
        .into_iter()
        .partition(|address| address.is_ipv6() == first_is_v6);
    let mut mixed = VecDeque::with_capacity(preferred.len() + other.len());
    while !preferred.is_empty() || !other.is_empty() {
        mixed.extend(preferred.pop_front());
        mixed.extend(other.pop_front());
    }
    mixed
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An attempt whose port says what becomes of it.
    #[derive(Debug)]
    struct Fake(SocketAddr);

    const REFUSED_AT_ONCE: u16 = 1;
    const REFUSED: u16 = 2;
    const SILENT: u16 = 3;
    const GOOD: u16 = 4;

    impl Candidate for Fake {
        fn connect(address: SocketAddr, _: Option<TcpKeepAlive>) -> io::Result<Self> {
            match address.port() {
                REFUSED_AT_ONCE => Err(io::ErrorKind::ConnectionRefused.into()),
                _ => Ok(Self(address)),
            }
        }

        fn attach(&self, _: &dyn Attach) -> io::Result<()> {
            Ok(())
        }

        fn result(&self) -> Option<io::Result<SocketAddr>> {
            match self.0.port() {
                SILENT => None,
                GOOD => Some(Ok(self.0)),
                _ => Some(Err(io::ErrorKind::ConnectionRefused.into())),
            }
        }
    }

    const LIMIT: Duration = Duration::from_secs(2);

    /// A race over addresses that behave like this, at a time that only the test moves.
    struct World {
        race: Race<Fake>,
        begin: Instant,
    }

    impl World {
        fn new(ports: &[u16], max_addresses: usize) -> Self {
            Self::with(ports, max_addresses, false)
        }

        fn race(ports: &[u16], max_addresses: usize) -> Self {
            Self::with(ports, max_addresses, true)
        }

        fn with(ports: &[u16], max_addresses: usize, races: bool) -> Self {
            let addresses = ports.iter().map(|port| ([127, 0, 0, 1], *port).into());
            let settings = DialSettings {
                max_addresses,
                races,
                keep_alive: None,
            };
            Self {
                race: Race::new(addresses.collect(), settings),
                begin: clock::now(),
            }
        }

        /// What the race says so long after its beginning, without its waits' dates.
        fn says(&mut self, after: Duration) -> String {
            match self.race.step(self.begin + after, Some(LIMIT), None) {
                Ok(RaceStep::Connecting(address)) => format!("to {}", address.port()),
                Ok(RaceStep::Connected(winner)) => format!("with {}", winner.peer.port()),
                Ok(RaceStep::Wait(Some(until))) => {
                    format!("until {}", (until - self.begin).as_millis())
                }
                Ok(RaceStep::Wait(None)) => "for ever".to_owned(),
                Err(failure) => failure.error().to_string(),
            }
        }
    }

    #[test]
    fn fact_21_1_4_a_refused_address_is_followed_by_the_next_at_once_within_the_limit() {
        for refused in [REFUSED_AT_ONCE, REFUSED] {
            for races in [false, true] {
                let mut both = World::with(&[refused, GOOD], 2, races);
                for expected in [&*format!("to {refused}"), "to 4", "with 4"] {
                    assert_eq!(both.says(Duration::ZERO), expected);
                }
                let mut one = World::with(&[refused, GOOD], 1, races);
                let error = Error::CannotConnect.to_string();
                for expected in [&*format!("to {refused}"), &error] {
                    assert_eq!(one.says(Duration::ZERO), expected);
                }
            }
        }
    }

    #[test]
    fn fact_21_1_4_a_silent_address_is_followed_by_the_next_after_the_connect_timeout() {
        let mut world = World::new(&[SILENT, SILENT, GOOD], 3);
        assert_eq!(world.says(Duration::ZERO), "to 3");
        assert_eq!(world.says(ATTEMPT_DELAY), "until 2000", "nobody beside it");
        assert_eq!(world.says(LIMIT), "to 3");
        assert_eq!(world.says(LIMIT), "until 4000", "with a limit of its own");
        assert_eq!(world.says(LIMIT * 2), "to 4");
        assert_eq!(world.says(LIMIT * 2), "with 4");
    }

    #[test]
    fn fact_21_1_4_the_error_of_the_last_address_is_told() {
        let refused = Error::CannotConnect.to_string();
        let silent = Error::Timeout.to_string();
        for (ports, error) in [([SILENT, REFUSED], refused), ([REFUSED, SILENT], silent)] {
            let mut world = World::new(&ports, 2);
            assert_eq!(world.says(Duration::ZERO), format!("to {}", ports[0]));
            assert_eq!(world.says(LIMIT), format!("to {}", ports[1]));
            assert_eq!(world.says(LIMIT * 2), error, "{ports:?}");
        }
    }

    #[test]
    fn fact_21_1_4_without_a_race_the_resolvers_order_counts() {
        let mut world = World::new(&[REFUSED; 3], 3);
        let list: Vec<SocketAddr> = ["[::1]:2", "[::2]:2", "1.1.1.1:2"]
            .iter()
            .map(|s| s.parse().unwrap())
            .collect();
        world.race = Race::new(list.clone(), world.race.settings);
        let mut tried = Vec::new();
        while let Ok(RaceStep::Connecting(address)) = world.race.step(world.begin, None, None) {
            tried.push(address);
        }
        assert_eq!(tried, list);
    }

    #[test]
    fn in_a_race_a_silent_address_has_a_head_start_and_then_company() {
        let mut world = World::race(&[SILENT, GOOD], 2);
        assert_eq!(world.says(Duration::ZERO), "to 3");
        assert_eq!(world.says(Duration::ZERO), "until 250");
        let almost = ATTEMPT_DELAY - Duration::from_nanos(1);
        assert_eq!(world.says(almost), "until 250");
        assert_eq!(world.says(ATTEMPT_DELAY), "to 4");
        assert_eq!(world.says(ATTEMPT_DELAY), "with 4");
    }

    #[test]
    fn a_limit_of_one_address_leaves_a_silent_one_alone_until_its_timeout() {
        let mut world = World::race(&[SILENT, GOOD], 1);
        assert_eq!(world.says(Duration::ZERO), "to 3");
        assert_eq!(world.says(ATTEMPT_DELAY), "until 2000");
        let almost = LIMIT.checked_sub(Duration::from_nanos(1)).unwrap();
        assert_eq!(world.says(almost), "until 2000");
        assert_eq!(world.says(LIMIT), Error::Timeout.to_string());
    }

    #[test]
    fn in_a_race_each_attempt_has_its_own_timeout() {
        let mut world = World::race(&[SILENT, SILENT], 2);
        assert_eq!(world.says(Duration::ZERO), "to 3");
        assert_eq!(world.says(ATTEMPT_DELAY), "to 3");
        assert_eq!(world.says(ATTEMPT_DELAY), "until 2000");
        assert_eq!(world.says(LIMIT), "until 2250");
        assert_eq!(
            world.says(LIMIT + ATTEMPT_DELAY),
            Error::Timeout.to_string()
        );
    }

    #[test]
    fn in_a_race_what_ended_last_decides() {
        let mut world = World::race(&[SILENT, REFUSED], 2);
        assert_eq!(world.says(Duration::ZERO), "to 3");
        assert_eq!(world.says(ATTEMPT_DELAY), "to 2");
        assert_eq!(world.says(ATTEMPT_DELAY), "until 2000");
        assert_eq!(world.says(LIMIT), Error::Timeout.to_string());
    }

    #[test]
    fn fact_35_9_what_an_attempt_has_used_of_its_timeout_is_told() {
        let World { mut race, begin } = World::new(&[SILENT, GOOD], 2);
        let mut step = |after| race.step(begin + after, Some(LIMIT), None).unwrap();
        step(Duration::ZERO);
        step(LIMIT);
        let RaceStep::Connected(winner) = step(LIMIT + LIMIT / 3) else {
            panic!("it is good");
        };
        assert_eq!(winner.spent, LIMIT / 3, "of its own attempt");
    }

    #[test]
    fn without_a_timeout_an_attempt_waits_for_ever() {
        let World { mut race, begin } = World::new(&[SILENT], 1);
        let step = |race: &mut Race<Fake>, now| race.step(now, None, None).unwrap();
        assert!(matches!(step(&mut race, begin), RaceStep::Connecting(_)));
        assert!(matches!(
            step(&mut race, begin + LIMIT),
            RaceStep::Wait(None)
        ));
    }

    #[test]
    fn many_addresses_that_cannot_be_reached_are_counted() {
        let attempts = (1..=10).map(|port| FailedAttempt {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            obstacle: match port {
                10 => Obstacle::System(io::Error::from_raw_os_error(
                    rustix::io::Errno::CONNREFUSED.raw_os_error(),
                )),
                _ => Obstacle::TimedOut(Duration::from_secs(1)),
            },
        });
        let failure = unreachable(attempts.collect());
        assert_eq!(
            failure.error(),
            Error::CannotConnect,
            "the last one decides"
        );
        let reason = failure.reason().unwrap();
        assert_eq!(reason.socket_error(), 10061);
        let text = winhttp_proto::failure::detail(&**reason);
        assert!(
            text.starts_with("cannot connect to 127.0.0.1:1: no answer within 1000 ms"),
            "{text}"
        );
        assert!(
            text.contains("; to 127.0.0.1:8: ") && !text.contains("127.0.0.1:9"),
            "{text}"
        );
        assert!(text.ends_with("; nor to 2 more addresses"), "{text}");
    }

    #[test]
    fn in_a_race_families_take_turns_and_the_first_one_leads() {
        let list: Vec<SocketAddr> = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"]
            .iter()
            .map(|s| s.parse().unwrap())
            .collect();
        let mixed: Vec<String> = interleave(list).iter().map(ToString::to_string).collect();
        assert_eq!(mixed, ["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"]);
    }
}
