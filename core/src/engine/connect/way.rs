//! The way to a server: its name is looked up, one of its addresses is reached, the connection is
//! protected.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Result};
use winhttp_proto::notify::SecureProblems;
use winhttp_proto::option::Timeouts;

use super::dial::{Attach, DialSettings, Race, RaceStep};
use super::resolve::{Resolve, ResolveStep};
use super::secure::{Secure, SecureStep};
use crate::engine::pool::Ends;
use crate::engine::sleeper::{WaitFor, Wake};
use crate::engine::socket::Socket;
use crate::engine::transport::tls::TlsConfig;
use crate::engine::transport::{Stack, Tcp};

/// Where a connection is to go.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The server's name.
    pub host: Arc<str>,
    /// The name to look up, if it is not that of the server (RESOLUTION_HOSTNAME).
    pub look_up: Option<String>,
    /// The server's port.
    pub port: u16,
    /// Its TLS configuration, for https.
    pub tls: Option<Arc<TlsConfig>>,
    /// How addresses are tried.
    pub dial: DialSettings,
    /// What lies behind it, if it is a proxy that is asked for a tunnel.
    pub beyond: Option<Beyond>,
}

/// The server at the other end of a tunnel.
#[derive(Clone, Debug)]
pub struct Beyond {
    /// Its name.
    pub host: Arc<str>,
    /// Its TLS configuration, for https.
    pub tls: Option<Arc<TlsConfig>>,
}

/// How far one has come; see the module.
#[derive(Debug, Default)]
pub struct Way {
    stage: Stage,
    ends: Option<Ends>,
    behind: Behind,
}

/// What a way has led through already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Behind {
    #[default]
    Nothing,
    Tunnel,
    /// TLS protects the connection to the proxy, too.
    TunnelInTls,
}

#[derive(Debug, Default)]
enum Stage {
    #[default]
    Begun,
    Resolving(Resolve),
    Dialing(Race),
    /// With what that has used of CONNECT_TIMEOUT.
    Reached(Arc<Socket>, Duration),
    Securing(Secure),
    /// It has come to its end, good or bad.
    Over,
}

/// What a way has to say.
#[derive(Debug)]
pub enum WayStep {
    /// The name has addresses; the first of them.
    Resolved(IpAddr),
    /// An attempt to reach this address begins.
    Dialing(IpAddr),
    /// This address was reached. Without TLS that is all: see [`Way::arrive`].
    Reached(IpAddr),
    /// The connection is protected.
    Secured(Stack),
    /// Nothing to do until woken, until a socket is ready, or until this time comes.
    Wait(Option<Instant>),
}

/// Who is told of what a way waits for.
#[derive(Clone, Copy)]
#[expect(
    missing_debug_implementations,
    reason = "of two references to what has none"
)]
pub struct Told<'a> {
    /// The look-up's end.
    pub wake: &'a Arc<dyn Wake>,
    /// Its sockets' readiness; a synchronous call looks itself.
    pub attach: Option<&'a dyn Attach>,
}

impl Way {
    /// The last part of a way that has led through a tunnel: TLS with the server.
    ///
    /// # Errors
    /// There is none to be had, or its name cannot be a server name.
    pub fn through(tunnel: Stack, to: &Beyond, now: Instant) -> Result<Self> {
        let config = to.tls.as_ref().ok_or(Error::SecureChannelError)?;
        let socket = tunnel.socket().map(Arc::clone);
        let spent = Duration::ZERO; // a wait of its own
        let behind = match tunnel.tls() {
            Some(_) => Behind::TunnelInTls,
            None => Behind::Tunnel,
        };
        let secure = Secure::new(config, &to.host, Box::new(tunnel), socket, now, spent)?;
        Ok(Self {
            stage: Stage::Securing(secure),
            ends: None,
            behind,
        })
    }

    /// TLS has begun on a part of it.
    #[must_use]
    pub fn is_protected(&self) -> bool {
        matches!(self.stage, Stage::Securing(_)) || self.behind == Behind::TunnelInTls
    }

    /// It is the one from a proxy to its server.
    #[must_use]
    pub fn is_behind_tunnel(&self) -> bool {
        self.behind != Behind::Nothing
    }

    /// Moves on; `limit` is that of the part that it is in: RESOLVE_TIMEOUT or CONNECT_TIMEOUT,
    /// `None` for none.
    ///
    /// # Errors
    /// The failure, and the certificate's defects if those are the cause.
    pub fn step(
        &mut self,
        to: &Destination,
        told: Told<'_>,
        now: Instant,
        limit: Option<Duration>,
    ) -> Result<WayStep, (Failure, SecureProblems)> {
        let alone = |failure| (failure, SecureProblems::default());
        match &mut self.stage {
            Stage::Begun | Stage::Resolving(_) => {
                self.resolve(to, told.wake, now, limit).map_err(alone)
            }
            Stage::Dialing(_) => self.dial(told.attach, now, limit).map_err(alone),
            Stage::Reached(..) | Stage::Securing(_) => self.secure(to, now, limit),
            Stage::Over => Err(alone(Error::CannotConnect.into())),
        }
    }

    fn resolve(
        &mut self,
        to: &Destination,
        wake: &Arc<dyn Wake>,
        now: Instant,
        limit: Option<Duration>,
    ) -> Result<WayStep> {
        if let Stage::Begun = self.stage {
            let name = to.look_up.as_deref().unwrap_or(&to.host);
            self.stage = Stage::Resolving(Resolve::new(name, to.port, now));
        }
        let Stage::Resolving(resolve) = &mut self.stage else {
            return Err(Error::NameNotResolved.into());
        };
        resolve.begin(wake)?;
        let addresses = match resolve.step(now, limit)? {
            ResolveStep::Found(addresses) => addresses,
            ResolveStep::Wait(until) => return Ok(WayStep::Wait(until)),
        };
        let first = addresses.first().map(SocketAddr::ip);
        let first = first.ok_or(Error::NameNotResolved)?;
        self.stage = Stage::Dialing(Race::new(addresses, to.dial));
        Ok(WayStep::Resolved(first))
    }

    fn dial(
        &mut self,
        attach: Option<&dyn Attach>,
        now: Instant,
        limit: Option<Duration>,
    ) -> Result<WayStep> {
        let Stage::Dialing(race) = &mut self.stage else {
            return Err(Error::CannotConnect.into());
        };
        Ok(match race.step(now, limit, attach)? {
            RaceStep::Connecting(address) => WayStep::Dialing(address.ip()),
            RaceStep::Connected(winner) => {
                self.ends = winner.socket.local_address().map(|local| Ends {
                    local,
                    remote: winner.peer,
                });
                self.stage = Stage::Reached(winner.socket, winner.spent);
                WayStep::Reached(winner.address.ip())
            }
            RaceStep::Wait(until) => WayStep::Wait(until),
        })
    }

    /// Moves on with the TLS handshake; the first time, TLS is put on the new connection.
    fn secure(
        &mut self,
        to: &Destination,
        now: Instant,
        limit: Option<Duration>,
    ) -> Result<WayStep, (Failure, SecureProblems)> {
        let alone = |failure| (failure, SecureProblems::default());
        let stage = std::mem::replace(&mut self.stage, Stage::Over);
        let secure = if let Stage::Securing(secure) = stage {
            secure
        } else if let Stage::Reached(socket, spent) = stage {
            begin_tls(to, socket, now, spent).map_err(alone)?
        } else {
            return Err(alone(Error::SecureChannelError.into()));
        };
        Ok(match secure.step(now, limit)? {
            SecureStep::Done(stack) => WayStep::Secured(match self.behind {
                Behind::TunnelInTls => stack.keep_to_layers(),
                Behind::Nothing | Behind::Tunnel => stack,
            }),
            SecureStep::Wait(secure, until) => {
                self.stage = Stage::Securing(secure);
                WayStep::Wait(until)
            }
        })
    }

    /// The connection that was reached, where it needs no protection.
    pub fn arrive(&mut self) -> Option<Stack> {
        if let Stage::Reached(socket, _) = std::mem::replace(&mut self.stage, Stage::Over) {
            Some(Stack::tcp(socket))
        } else {
            None
        }
    }

    /// Both ends, from [`WayStep::Reached`] on.
    #[must_use]
    pub fn ends(&self) -> Option<Ends> {
        self.ends
    }

    /// The limit of the part that it is in.
    #[must_use]
    pub fn limit(&self, timeouts: &Timeouts) -> Option<Duration> {
        Timeouts::effective(match self.stage {
            Stage::Begun | Stage::Resolving(_) => timeouts.resolve_ms,
            Stage::Dialing(_) | Stage::Reached(..) | Stage::Securing(_) | Stage::Over => {
                timeouts.connect_ms
            }
        })
    }

    /// Whoever was to be woken by a look-up is told no more: it begins anew.
    pub fn forget_waker(&mut self) {
        if let Stage::Resolving(_) = self.stage {
            self.stage = Stage::Begun;
        }
    }

    /// The sockets that it has.
    #[must_use]
    pub fn sockets(&self) -> Vec<Arc<Socket>> {
        match &self.stage {
            Stage::Dialing(race) => race.sockets().map(Arc::clone).collect(),
            Stage::Reached(socket, _) => vec![Arc::clone(socket)],
            Stage::Securing(secure) => secure
                .interest()
                .map(|(socket, _)| Arc::clone(socket))
                .into_iter()
                .collect(),
            Stage::Begun | Stage::Resolving(_) | Stage::Over => Vec::new(),
        }
    }

    /// The sockets that it waits for, and what for.
    #[must_use]
    pub fn interests(&self) -> Vec<(Arc<Socket>, WaitFor)> {
        match &self.stage {
            Stage::Dialing(race) => race
                .sockets()
                .map(|socket| (Arc::clone(socket), WaitFor::Writable))
                .collect(),
            Stage::Securing(secure) => {
                let wanted = secure.interest();
                let wanted = wanted.map(|(socket, interest)| (Arc::clone(socket), interest));
                wanted.into_iter().collect()
            }
            Stage::Begun | Stage::Resolving(_) | Stage::Reached(..) | Stage::Over => Vec::new(),
        }
    }
}

fn begin_tls(
    to: &Destination,
    socket: Arc<Socket>,
    now: Instant,
    spent: Duration,
) -> Result<Secure> {
    let config = to.tls.as_ref().ok_or(Error::SecureChannelError)?;
    let tcp = Box::new(Tcp::new(Arc::clone(&socket)));
    Ok(Secure::new(
        config,
        &to.host,
        tcp,
        Some(socket),
        now,
        spent,
    )?)
}
