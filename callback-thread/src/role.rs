//! What a board decides about: the role, the workers that may hold it, and since when one runs its
//! job.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where a thread notes the tick at which its current job started.
///
/// Relaxed throughout: a stale value delays or hastens the monitor by a tick, no more. That a lane
/// is being run at all is noted under the board's lock.
#[derive(Debug, Default)]
pub(crate) struct Pulse(AtomicU64);

/// No job is being run. Ticks start above this value.
const RESTING: u64 = 0;

impl Pulse {
    pub(crate) fn beat(&self, now: u64) {
        self.0.store(now, Ordering::Relaxed);
    }

    pub(crate) fn rest(&self) {
        self.0.store(RESTING, Ordering::Relaxed);
    }

    pub(crate) fn is_resting(&self) -> bool {
        self.0.load(Ordering::Relaxed) == RESTING
    }

    pub(crate) fn has_overstayed(&self, now: u64, ticks: u64) -> bool {
        let since = self.0.load(Ordering::Relaxed);
        since != RESTING && now.saturating_sub(since) >= ticks
    }
}

/// A thread as the board sees it.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A thread of the dispatcher: polls, and may wait as the spare.
    Own,
    /// A posting thread, in place of one that could not be started: only runs what is there.
    Guest,
}

impl Worker {
    pub(crate) fn own() -> Self {
        Self {
            pulse: Arc::default(),
            kind: Kind::Own,
        }
    }

    pub(crate) fn guest() -> Self {
        Self {
            pulse: Arc::default(),
            kind: Kind::Guest,
        }
    }
}

/// Who may run lanes and wait in the source.
#[derive(Debug)]
pub(crate) enum Role {
    /// Nobody: not started yet, or ended.
    Vacant,
    /// On its way to a thread that is starting or waking up; whoever comes first takes it.
    Offered(Offer),
    /// The thread with this pulse.
    Held(Arc<Pulse>),
}

/// Tells one offer of the role from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer(pub(crate) u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pulse_overstays_after_so_many_ticks_unless_it_rests() {
        let pulse = Pulse::default();
        assert!(pulse.is_resting());
        assert!(!pulse.has_overstayed(100, 2));
        pulse.beat(99);
        assert!(!pulse.has_overstayed(100, 2));
        assert!(pulse.has_overstayed(101, 2));
        // A worker may have read a later tick than the monitor's round.
        assert!(!pulse.has_overstayed(98, 2));
        pulse.rest();
        assert!(!pulse.has_overstayed(101, 2));
    }
}
