//! A connection on its way back: what its request does last, without any lock.

use std::time::Duration;

use winhttp_proto::notify::SecureProblems;

use super::opening::Opening;
use super::{Idle, Lease, Ticket};

/// See the module.
#[derive(Debug)]
pub struct Returning {
    /// The right to have it open.
    pub lease: Lease,
    /// The connection, if others may use it.
    pub idle: Option<Idle>,
    /// See [`Lease::keep`].
    pub tolerated: SecureProblems,
    /// See [`Lease::keep`].
    pub life: Duration,
}

impl Returning {
    /// Lets others use it, or have one in its place.
    pub fn settle(self) {
        if let Some(idle) = self.idle {
            self.lease.keep(idle, self.tolerated, self.life);
        }
    }
}

/// What a request has got that it does not use itself; to be settled without any lock, too.
#[derive(Debug)]
pub enum Aside {
    /// Its connection was there first.
    StandBy(Ticket),
    /// Connections that are opened for others: ahead, or as another one was there first.
    Openings(Vec<Opening>),
    /// The other connection turned out dead: one right to open one is enough.
    Right(Lease),
}

impl Aside {
    /// Lets others have it.
    pub fn settle(self) {
        match self {
            Self::StandBy(ticket) => drop(ticket),
            Self::Openings(openings) => openings.into_iter().for_each(Opening::go_on_alone),
            Self::Right(lease) => drop(lease),
        }
    }
}
