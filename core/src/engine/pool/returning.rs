//! A connection on its way back: what its request does last, without any lock.

use std::time::Duration;

use winhttp_proto::notify::SecureProblems;

use super::{Idle, Lease};

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
