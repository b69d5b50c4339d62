//! The only place that reads the clock; everything below takes `now` as an argument.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub use winhttp_proto::exchange::timers::{deadline, earlier};

/// The monotonic time.
#[must_use]
pub fn now() -> Instant {
    Instant::now()
}

/// The wall clock; zero before 1970.
#[must_use]
pub fn since_1970() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
