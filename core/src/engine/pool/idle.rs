//! A connection that no request uses: it owns no buffer, and belongs to no session.

use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::time::Instant;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use crate::engine::reactor::{Reactor, Registration};
use crate::engine::switches::Spin;
use crate::engine::transport::{Read, Stack};

/// The ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Own address.
    pub local: SocketAddr,
    /// The server's address.
    pub remote: SocketAddr,
}

/// See the module.
#[derive(Debug)]
pub struct Idle {
    /// Its layers.
    pub stack: Stack,
    /// Where it goes from and to.
    pub ends: Ends,
    /// How quickly the server answers.
    pub spin: Spin,
    /// How many requests have used it.
    pub served: u32,
    /// Its place in the poll of the session that used it last: the next request of that session
    /// needs no system call to be told of it.
    pub home: Option<Arc<Registration>>,
    /// When it was found alive for the request that has it now.
    pub looked_at: Option<Instant>,
    /// The keeper's poll watches it.
    pub watch: Option<Arc<Registry>>,
}

impl Idle {
    /// A connection whose request is over, or that has had none: nothing is counted yet.
    #[must_use]
    pub fn new(stack: Stack, ends: Ends, spin: Spin, home: Option<Arc<Registration>>) -> Self {
        if let Some(home) = &home {
            home.disown();
        }
        Self {
            stack,
            ends,
            spin,
            served: 0,
            home,
            looked_at: None,
            watch: None,
        }
    }

    /// Nothing has come from the server since its last answer that a request must not meet. Over
    /// TLS that takes in messages of the protocol itself, as tickets that come late.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.stack.read(&mut [0], &mut []), Ok(Read::Blocked))
    }

    /// Nobody watches it for the pool any more.
    pub fn unwatch(&mut self) {
        if let (Some(registry), Some(socket)) = (self.watch.take(), self.stack.socket()) {
            // It watches nothing by mistake: an event of a connection that is not idle is passed
            // over.
            let _ = registry.deregister(&mut SourceFd(&socket.as_raw_fd()));
        }
    }

    /// Leaves the session that used it last, unless that is the one whose poll this is.
    pub fn leave_home(&mut self, but: Option<&Reactor>) {
        let stays = match (&self.home, but) {
            (Some(home), Some(reactor)) => home.is_of(reactor),
            (home, _) => home.is_none(),
        };
        if !stays && let (Some(home), Some(socket)) = (self.home.take(), self.stack.socket()) {
            home.detach(socket);
        }
    }

    /// Says goodbye.
    pub fn close(mut self) {
        self.stack.finish();
    }

    /// Has the keeper's poll watch it.
    ///
    /// # Errors
    /// The poll's refusal.
    pub fn watch(&mut self, registry: &Arc<Registry>, token: Token) -> io::Result<()> {
        if let Some(socket) = self.stack.socket() {
            registry.register(
                &mut SourceFd(&socket.as_raw_fd()),
                token,
                Interest::READABLE,
            )?;
            self.watch = Some(Arc::clone(registry));
        }
        Ok(())
    }
}
