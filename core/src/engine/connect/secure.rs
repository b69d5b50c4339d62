//! Protecting a new connection: the TLS handshake, which is part of connecting and has what that
//! has left of its limit.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use winhttp_proto::error::{Error, Result};
use winhttp_proto::exchange::timers::{Wait, left_since};
use winhttp_proto::failure::Failure;
use winhttp_proto::notify::SecureProblems;

use crate::engine::sleeper::WaitFor;
use crate::engine::socket::Socket;
use crate::engine::transport::tls::{HandshakeStep, TlsConfig, TlsHandshake};
use crate::engine::transport::{Stack, Transport};

/// A handshake on its way.
pub struct Secure {
    handshake: Box<TlsHandshake>,
    socket: Option<Arc<Socket>>,
    since: Instant,
}

/// What a handshake has to say.
#[derive(Debug)]
pub enum SecureStep {
    /// The connection is protected.
    Done(Stack),
    /// Nothing to do with this until the socket is ready, or this time comes.
    Wait(Secure, Option<Instant>),
}

impl Secure {
    /// Starts a handshake with the server called `name`, over `below`, which is over `socket`;
    /// reaching the server has taken so long.
    ///
    /// # Errors
    /// [`Error::InvalidUrl`] if the name cannot be a server name.
    pub fn new(
        config: &TlsConfig,
        name: &str,
        below: Box<dyn Transport>,
        socket: Option<Arc<Socket>>,
        now: Instant,
        spent: Duration,
    ) -> Result<Self, Error> {
        let handshake = TlsHandshake::new(config, name, below)?;
        Ok(Self {
            handshake: Box::new(handshake),
            socket,
            since: now.checked_sub(spent).unwrap_or(now),
        })
    }

    /// The socket to wait for, and what for.
    #[must_use]
    pub fn interest(&self) -> Option<(&Arc<Socket>, WaitFor)> {
        let interest = match self.handshake.wants_write() {
            true => WaitFor::Either,
            false => WaitFor::Readable,
        };
        Some((self.socket.as_ref()?, interest))
    }

    /// Moves on; `timeout` is CONNECT_TIMEOUT, `None` for no limit.
    ///
    /// # Errors
    /// The failure, and the certificate's defects if those are the cause.
    pub fn step(
        self,
        now: Instant,
        timeout: Option<Duration>,
    ) -> Result<SecureStep, (Failure, SecureProblems)> {
        let alone = |failure| (failure, SecureProblems::default());
        match self.handshake.advance()? {
            HandshakeStep::Done(tls) => Ok(SecureStep::Done(Stack::secured(tls, self.socket))),
            HandshakeStep::Wait(handshake) => {
                let until = left_since(Wait::Handshake, self.since, now, timeout).map_err(alone)?;
                Ok(SecureStep::Wait(Self { handshake, ..self }, until))
            }
        }
    }
}

impl fmt::Debug for Secure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secure")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::clock;
    use crate::engine::transport::memory::Wire;
    use crate::engine::transport::tls::tests::trusting;

    const LIMIT: Duration = Duration::from_secs(60);

    fn started(wire: &Wire, now: Instant) -> Secure {
        started_after(Duration::ZERO, wire, now)
    }

    fn started_after(spent: Duration, wire: &Wire, now: Instant) -> Secure {
        let below = Box::new(wire.clone());
        Secure::new(&trusting(), "localhost", below, None, now, spent).unwrap()
    }

    #[test]
    fn a_silent_server_has_the_limit_of_connecting() {
        let begin = clock::now();
        let mut secure = started(&Wire::default(), begin);
        let last = LIMIT.checked_sub(Duration::from_nanos(1)).unwrap();
        for after in [Duration::ZERO, last] {
            let step = secure.step(begin + after, Some(LIMIT)).unwrap();
            let SecureStep::Wait(next, until) = step else {
                panic!("nobody answers");
            };
            assert_eq!(until, Some(begin + LIMIT));
            secure = next;
        }
        let (failure, problems) = secure.step(begin + LIMIT, Some(LIMIT)).unwrap_err();
        assert_eq!(failure.error(), Error::Timeout);
        assert!(problems.is_empty());
    }

    #[test]
    fn fact_35_9_reaching_the_server_has_used_some_of_the_limit() {
        let (begin, spent) = (clock::now(), LIMIT / 3);
        let secure = started_after(spent, &Wire::default(), begin);
        let Ok(SecureStep::Wait(secure, until)) = secure.step(begin, Some(LIMIT)) else {
            panic!("nobody answers");
        };
        let end = begin + LIMIT.saturating_sub(spent);
        assert_eq!(until, Some(end));
        let (failure, _) = secure.step(end, Some(LIMIT)).unwrap_err();
        assert_eq!(failure.error(), Error::Timeout);
    }

    #[test]
    fn without_a_limit_it_waits_for_ever() {
        let begin = clock::now();
        let secure = started(&Wire::default(), begin);
        let step = secure.step(begin + LIMIT, None).unwrap();
        assert!(matches!(step, SecureStep::Wait(_, None)));
    }

    #[test]
    fn a_server_that_ends_the_connection_has_failed() {
        let (wire, begin) = (Wire::default(), clock::now());
        let secure = started(&wire, begin);
        wire.end();
        let (failure, problems) = secure.step(begin, Some(LIMIT)).unwrap_err();
        assert_eq!(failure.error(), Error::ConnectionError);
        assert!(problems.is_empty());
    }
}
