//! An asynchronous request's place in its session's poll, from the moment that it needs one.

use std::fmt;
use std::io;
use std::sync::{Arc, Weak};
use std::time::Instant;

use super::{Reactor, Ready, Registration};
use crate::engine::connect::dial::Attach;
use crate::engine::socket::Socket;

/// See the module. A connection that the session has used before brings its own.
pub struct Place {
    reactor: Reactor,
    owner: Weak<dyn Ready>,
    registration: Option<Arc<Registration>>,
}

impl Place {
    /// A place in this poll, reporting to `owner`.
    #[must_use]
    pub fn new(reactor: Reactor, owner: Weak<dyn Ready>) -> Self {
        Self {
            reactor,
            owner,
            registration: None,
        }
    }

    /// The poll it is in.
    #[must_use]
    pub fn reactor(&self) -> &Reactor {
        &self.reactor
    }

    /// The registration, which is made if there is none.
    pub fn registration(&mut self) -> &Arc<Registration> {
        let owner = &self.owner;
        self.registration
            .get_or_insert_with(|| Arc::new(Registration::new(&self.reactor, Weak::clone(owner))))
    }

    /// Is told of this connection from now on: with its own place in the poll, if it has one there.
    ///
    /// # Errors
    /// The poll's refusal.
    pub fn take_in(&mut self, socket: &Socket, home: Option<Arc<Registration>>) -> io::Result<()> {
        match home {
            Some(home) => {
                home.hand_over(Weak::clone(&self.owner));
                self.registration = Some(home);
                Ok(())
            }
            None => self.registration().attach(socket),
        }
    }

    /// Sets or clears the deadline.
    pub fn set_deadline(&mut self, deadline: Option<Instant>) {
        if deadline.is_some() || self.registration.is_some() {
            self.registration().set_deadline(deadline);
        }
    }

    /// Gives the registration away, with the connection that it is about.
    pub fn give(&mut self) -> Option<Arc<Registration>> {
        self.registration.take()
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place")
            .field("registration", &self.registration)
            .finish_non_exhaustive()
    }
}
