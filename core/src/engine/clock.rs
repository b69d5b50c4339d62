//! The only place that reads the clock; everything below takes `now` as an argument.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use winhttp_process::PerProcess;
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
        static FIXED: PerProcess<Ticks> = PerProcess::new(Ticks::compare);
        if cfg!(target_vendor = "apple") {
            // Here one of the two clocks stands still while the machine sleeps.
            return Self::compare();
        }
        *FIXED.get()
    }

    /// Reads both clocks, a few times, as this thread may lose the processor in between.
    fn compare() -> Self {
        let read = |_| {
            let before = now();
            let clock = winhttp_process::monotonic().unwrap_or_default();
            (now().saturating_duration_since(before), before, clock)
        };
        let (took, moment, clock) =
            (1..4).map(read).fold(
                read(0),
                |best, next| {
                    if next.0 < best.0 { next } else { best }
                },
            );
        Self {
            moment: moment + took / 2,
            ticks: ticks(clock),
        }
    }

    /// The counter at this moment; never 0, which stands for "not at all".
    #[must_use]
    pub fn at(self, moment: Instant) -> u64 {
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

fn ticks(time: Duration) -> u64 {
    u64::try_from(time.as_nanos() / 100).unwrap_or(u64::MAX)
}
