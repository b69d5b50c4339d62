//! The rest of an answer that nobody reads: read and thrown away, so that its connection serves
//! others.

use std::time::{Duration, Instant};

use winhttp_proto::exchange::Rest;

use super::keeper::{self, Turned};
use super::{Idle, Returning};
use crate::engine::buffers::Inbox;
use crate::engine::clock;
use crate::engine::transport::Read;

/// How long a server may take for the rest.
const DRAIN_TIME: Duration = Duration::from_secs(1);
/// Reads before others get their turn.
const READS_MAX: usize = 32;

/// See the module.
#[derive(Debug)]
pub struct Drain {
    connection: Returning,
    inbox: Inbox,
    rest: Rest,
    pub(super) deadline: Instant,
}

/// Takes the rest that has arrived; what has not is drained in the background, if it is worth
/// waiting for.
pub fn drain(connection: Returning, inbox: Inbox, rest: Rest, now: Instant) {
    let may_wait = rest.may_wait();
    let drain = Drain {
        connection,
        inbox,
        rest,
        deadline: now + DRAIN_TIME,
    };
    match drain.turn() {
        Turned::Wait(mut drain) | Turned::Again(mut drain) if may_wait => {
            // The session it leaves is not to be woken for what nobody waits for.
            if let Some(idle) = drain.idle() {
                idle.leave_home(None);
            }
            keeper::take_over(drain.into());
        }
        Turned::Over | Turned::Wait(_) | Turned::Again(_) => {}
    }
}

impl Drain {
    /// Reads what there is.
    pub(super) fn turn(mut self) -> Turned<Self> {
        if self.deadline <= clock::now() {
            return Turned::Over;
        }
        for _ in 0..READS_MAX {
            let Ok(passed) = self.rest.discard(self.inbox.data()) else {
                return Turned::Over;
            };
            self.inbox.consume(passed);
            let Some(idle) = self.connection.idle.as_mut() else {
                return Turned::Over;
            };
            if self.rest.is_over() && self.inbox.is_empty() {
                idle.unwatch();
                self.connection.settle();
                return Turned::Over;
            }
            // Bytes behind the end belong to nobody.
            if self.rest.is_over() || self.rest.is_too_long() {
                return Turned::Over;
            }
            match idle.stack.read(self.inbox.space(), &mut []) {
                Ok(Read::Bytes { count, .. }) => self.inbox.filled(count),
                Ok(Read::Blocked) => {
                    self.inbox.release();
                    return Turned::Wait(self);
                }
                Ok(Read::Again) => break,
                Ok(Read::End { .. }) | Err(_) => return Turned::Over,
            }
        }
        self.inbox.release();
        Turned::Again(self)
    }

    /// Its connection.
    pub(super) fn idle(&mut self) -> Option<&mut Idle> {
        self.connection.idle.as_mut()
    }
}
