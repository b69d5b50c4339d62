//! Protecting a new connection: the TLS handshake, which is part of connecting and has the same limit.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use winhttp_proto::error::{Error, Result};
use winhttp_proto::failure::Failure;
use winhttp_proto::notify::SecureProblems;

use crate::engine::sleeper::Interest;
use crate::engine::socket::Socket;
use crate::engine::timed_out::{Wait, left_since};
use crate::engine::transport::tls::{HandshakeStep, TlsHandshake};
use crate::engine::transport::{Stack, Transport};

/// A handshake on its way.
pub struct Secure {
    /// `None` once it has ended.
    handshake: Option<Box<TlsHandshake>>,
    socket: Option<Arc<Socket>>,
    since: Instant,
}

/// What a handshake has to say.
#[derive(Debug)]
pub enum SecureStep {
    /// The connection is protected.
    Done(Stack),
    /// Nothing to do until the socket is ready, or this time comes.
    Wait(Option<Instant>),
}

impl Secure {
    /// Starts a handshake with the server called `name`, over `below`, which is over `socket`.
    ///
    /// # Errors
    /// [`Error::InvalidUrl`] if the name cannot be a server name.
    pub fn new(
        config: &Arc<ClientConfig>,
        name: &str,
        below: Box<dyn Transport>,
        socket: Option<Arc<Socket>>,
        now: Instant,
    ) -> Result<Self> {
        let handshake = TlsHandshake::new(Arc::clone(config), name, below)?;
        Ok(Self {
            handshake: Some(Box::new(handshake)),
            socket,
            since: now,
        })
    }

    /// The socket to wait for, and what for.
    #[must_use]
    pub fn interest(&self) -> Option<(&Socket, Interest)> {
        let interest = match self.handshake.as_ref()?.wants_write() {
            true => Interest::Both,
            false => Interest::Readable,
        };
        Some((self.socket.as_deref()?, interest))
    }

    /// Moves on; `timeout` is CONNECT_TIMEOUT, `None` for no limit.
    ///
    /// # Errors
    /// The failure, and the certificate's defects if those are the cause.
    pub fn step(
        &mut self,
        now: Instant,
        timeout: Option<Duration>,
    ) -> Result<SecureStep, (Failure, SecureProblems)> {
        let alone = |failure| (failure, SecureProblems::default());
        let Some(handshake) = self.handshake.take() else {
            return Err(alone(Error::Internal.into()));
        };
        match handshake.advance()? {
            HandshakeStep::Done(tls) => {
                Ok(SecureStep::Done(Stack::secured(tls, self.socket.take())))
            }
            HandshakeStep::Wait(handshake) => {
                let until = left_since(Wait::Handshake, self.since, now, timeout).map_err(alone)?;
                self.handshake = Some(handshake);
                Ok(SecureStep::Wait(until))
            }
        }
    }
}

impl fmt::Debug for Secure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secure")
    }
}
