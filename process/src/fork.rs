//! The fork epoch: which process this is, of those that forks have made.
//!
//! A descriptor, a thread or a count that was made in one epoch means nothing in the next: the
//! descriptor is shared with the parent, the thread does not exist, nobody ends what was counted.
//! Whoever owns one notes the epoch it was made in.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::undivided::forget_others;

static EPOCH: AtomicU32 = AtomicU32::new(0);

/// A number that differs between a process and the children it forks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(u32);

/// The epoch of this process.
#[must_use]
#[inline]
pub fn epoch() -> Epoch {
    Epoch(EPOCH.load(Ordering::Relaxed))
}

/// This is the child of a fork: what was before belongs to the parent. Safe in a handler of
/// `pthread_atfork`.
pub fn forked() {
    forget_others();
    EPOCH.fetch_add(1, Ordering::Relaxed);
}

impl Epoch {
    /// A number that no other epoch of the process has, and that is not 0.
    #[must_use]
    #[inline]
    pub fn number(self) -> u64 {
        u64::from(self.0) + 1
    }

    /// Was this noted in this very process, and not in one that it was forked from?
    #[must_use]
    #[inline]
    pub fn is_current(self) -> bool {
        self == epoch()
    }

    /// The epoch of a child that forks now.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }
}
