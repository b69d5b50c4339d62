//! A connection that nobody waits for: opened ahead (BACKGROUND_CONNECTIONS), or by a request that
//! took another one meanwhile (FIRST_AVAILABLE_CONNECTION). It serves others once it is there.

use std::io;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use winhttp_proto::option::Timeouts;

use super::keeper::{self, Turned};
use super::{Idle, Lease, Returning};
use crate::engine::clock;
use crate::engine::connect::dial::Attach;
use crate::engine::connect::way::{Destination, Told, Way, WayStep};
use crate::engine::sleeper::Wake;
use crate::engine::socket::Socket;
use crate::engine::switches::Spin;
use crate::engine::transport::Stack;

/// See the module.
#[derive(Debug)]
pub struct Opening {
    /// The right to have it open.
    pub lease: Lease,
    /// Where it goes.
    pub to: Destination,
    /// How far it has come; no other poll watches its sockets.
    pub way: Way,
    /// Its limits.
    pub timeouts: Timeouts,
    /// How long it may be idle.
    pub life: Duration,
}

/// Who looks after one, and tells it when there is something to do.
pub(super) struct Watched {
    pub(super) registry: Arc<Registry>,
    pub(super) token: Token,
    pub(super) wake: Arc<dyn Wake>,
}

/// One that the pool's thread looks after.
pub(super) struct Watching {
    opening: Opening,
    by: Watched,
    /// When it is to be looked at in any case.
    pub(super) until: Option<Instant>,
}

impl Opening {
    /// Goes on without anybody waiting for it.
    pub fn go_on_alone(self) {
        keeper::take_over(self.into());
    }

    /// # Errors
    /// The poll's refusal.
    pub(super) fn watch(mut self, by: Watched) -> io::Result<Watching> {
        self.way.forget_waker();
        for socket in self.way.sockets() {
            by.attach(&socket)?;
        }
        Ok(Watching {
            opening: self,
            by,
            until: None,
        })
    }
}

impl Watching {
    /// Moves on. A failure is told to nobody: the next request finds out.
    pub(super) fn turn(mut self) -> Turned<Self> {
        let Opening {
            to, way, timeouts, ..
        } = &mut self.opening;
        let told = Told {
            wake: &self.by.wake,
            attach: Some(&self.by),
        };
        loop {
            match way.step(to, told, clock::now(), way.limit(timeouts)) {
                Ok(WayStep::Resolved(_) | WayStep::Dialing(_)) => {}
                Ok(WayStep::Reached(_)) => {
                    if to.tls.is_none()
                        && let Some(stack) = way.arrive()
                    {
                        return self.arrived(stack);
                    }
                }
                Ok(WayStep::Secured(stack)) => return self.arrived(stack),
                Ok(WayStep::Wait(until)) => {
                    self.until = until;
                    return Turned::Wait(self);
                }
                Err(_) => return Turned::Over,
            }
        }
    }

    fn arrived(self, stack: Stack) -> Turned<Self> {
        let Self { opening, by, .. } = self;
        if let Some(ends) = opening.way.ends() {
            let tolerated = stack.tls().map(|tls| tls.tolerated).unwrap_or_default();
            let mut idle = Idle::new(stack, ends, Spin::default(), None);
            idle.watch = Some(by.registry);
            idle.unwatch();
            let connection = Returning {
                lease: opening.lease,
                idle: Some(idle),
                tolerated,
                life: opening.life,
            };
            connection.settle();
        }
        Turned::Over
    }
}

impl Attach for Watched {
    fn attach(&self, socket: &Socket) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.registry
            .register(&mut SourceFd(&socket.as_raw_fd()), self.token, interest)
    }
}
