//! The only place that reads the clock; everything below takes `now` as an argument.

use std::sync::OnceLock;
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

/// The performance counter, which programs read with QueryPerformanceCounter of
/// `compat/win32_time.h`: 100 nanoseconds of the system's monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Ticks {
    moment: Instant,
    ticks: u64,
}

impl Ticks {
    /// How it stands to the monotonic time.
    #[must_use]
    pub fn of_system() -> Self {
        static FIXED: OnceLock<Ticks> = OnceLock::new();
        if cfg!(target_vendor = "apple") {
            // Here one of the two clocks stands still while the machine sleeps.
            return Self::compare();
        }
        *FIXED.get_or_init(Self::compare)
    }

    /// Reads both clocks, a few times, as this thread may lose the processor in between.
    fn compare() -> Self {
        let read = |_| {
            let before = now();
            let clock = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
            (now().saturating_duration_since(before), before, clock)
        };
        let (took, moment, clock) =
            (1..4).map(read).fold(
                read(0),
                |best, next| {
                    if next.0 < best.0 { next } else { best }
                },
            );
        let seconds = u64::try_from(clock.tv_sec).unwrap_or(0);
        let nanoseconds = u64::try_from(clock.tv_nsec).unwrap_or(0);
        Self {
            moment: moment + took / 2,
            ticks: seconds * 10_000_000 + nanoseconds / 100,
        }
    }

    /// The counter at this moment; never 0, which stands for "not at all".
    #[must_use]
    pub fn at(self, moment: Instant) -> u64 {
        let ticks = |time: Duration| u64::try_from(time.as_nanos() / 100).unwrap_or(u64::MAX);
        let at = match moment.checked_duration_since(self.moment) {
            Some(later) => self.ticks.saturating_add(ticks(later)),
            None => {
                let earlier = self.moment.saturating_duration_since(moment);
                self.ticks.saturating_sub(ticks(earlier))
            }
        };
        at.max(1)
    }
}
