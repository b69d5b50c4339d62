//! The only place that reads the clock; everything below takes `now` as an argument.

use std::time::{Duration, Instant};

/// The monotonic time.
#[must_use]
pub fn now() -> Instant {
    Instant::now()
}

/// `now` plus a timeout; `None` (never) for no timeout or one beyond what the clock can express.
#[must_use]
pub fn deadline(now: Instant, timeout: Option<Duration>) -> Option<Instant> {
    timeout.and_then(|timeout| now.checked_add(timeout))
}

/// The earlier of two deadlines, where `None` means never.
#[must_use]
pub fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
