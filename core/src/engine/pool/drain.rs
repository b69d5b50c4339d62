//! The rest of an answer that nobody reads: read and thrown away, so that its connection serves
//! others.

use std::time::{Duration, Instant};

use winhttp_proto::exchange::Rest;

use super::{Idle, Returning, keeper};
use crate::engine::buffers::Inbox;
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

/// What became of a turn.
#[derive(Debug)]
pub(super) enum Drained {
    /// The connection serves others, or is closed.
    Over,
    /// More has to arrive.
    Wait(Drain),
    /// There may be more at once, after others have had a turn.
    Again(Drain),
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
        Drained::Wait(mut drain) | Drained::Again(mut drain) if may_wait => {
            // The session it leaves is not to be woken for what nobody waits for.
            if let Some(idle) = drain.idle() {
                idle.leave_home(None);
            }
            keeper::take_over(drain);
        }
        Drained::Over | Drained::Wait(_) | Drained::Again(_) => {}
    }
}

impl Drain {
    /// Reads what there is.
    pub(super) fn turn(mut self) -> Drained {
        for _ in 0..READS_MAX {
            let Ok(passed) = self.rest.discard(self.inbox.data()) else {
                return Drained::Over;
            };
            self.inbox.consume(passed);
            let Some(idle) = self.connection.idle.as_mut() else {
                return Drained::Over;
            };
            if self.rest.is_over() && self.inbox.is_empty() {
                idle.unwatch();
                self.connection.settle();
                return Drained::Over;
            }
            // Bytes behind the end belong to nobody.
            if self.rest.is_over() || self.rest.is_too_long() {
                return Drained::Over;
            }
            match idle.stack.read(self.inbox.space(), &mut []) {
                Ok(Read::Bytes { count, .. }) => self.inbox.filled(count),
                Ok(Read::Blocked) => {
                    self.inbox.release();
                    return Drained::Wait(self);
                }
                Ok(Read::Again) => break,
                Ok(Read::End { .. }) | Err(_) => return Drained::Over,
            }
        }
        self.inbox.release();
        Drained::Again(self)
    }

    /// Its connection.
    pub(super) fn idle(&mut self) -> Option<&mut Idle> {
        self.connection.idle.as_mut()
    }
}
