//! What the environment says: the tuning switches that can be turned off, read once per process,
//! and where callbacks run, read for each session.
//!
//! | variable | off with | what it does |
//! |---|---|---|
//! | `WINHTTP_SHIM_SPIN` | `0` | looks for the peer's answer for so many microseconds (at most 1,000; 20 unless set) before a thread sleeps |
//! | `WINHTTP_SHIM_GATHER` | `0` | sends that callbacks make in one turn leave together |
//! | `WINHTTP_SHIM_POLLING_CALLBACKS` | `0` | the callback thread is the thread that polls |
//!
//! `WINHTTP_SHIM_CALLBACKS=inline` is ASSURED_NON_BLOCKING_CALLBACKS for programs that cannot be
//! changed.
//!
//! Looking instead of sleeping needs another CPU for the peer to run on: with one usable CPU it is
//! always off.

use std::ffi::OsStr;
use std::time::Duration;

use winhttp_process::PerProcess;

use super::clock;

/// How long to look unless set: less than what waking a sleeping thread costs.
const SPIN: Duration = Duration::from_micros(20);
/// The longest look that can be set.
const SPIN_MAX_US: u64 = 1000;

/// The switches' positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Switches {
    /// How long to look before sleeping; `None` never.
    pub spin: Option<Duration>,
    /// Gather the sends of one turn of callbacks.
    pub gather: bool,
    /// Callbacks run on the thread that polls.
    pub polling_callbacks: bool,
}

/// The switches of this process.
#[must_use]
pub fn switches() -> &'static Switches {
    static SWITCHES: PerProcess<Switches> = PerProcess::new(|| {
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        Switches::read(winhttp_process::variable, cpus)
    });
    SWITCHES.get()
}

/// Sessions opened now deliver what a call ends inside that call.
#[must_use]
pub fn inline_callbacks() -> bool {
    winhttp_process::variable("WINHTTP_SHIM_CALLBACKS").is_some_and(|value| value == "inline")
}

impl Switches {
    fn read<S: AsRef<OsStr>>(variable: impl Fn(&str) -> Option<S>, cpus: usize) -> Self {
        let is_on = |name| variable(name).is_none_or(|value| value.as_ref() != "0");
        let polling_callbacks = is_on("WINHTTP_SHIM_POLLING_CALLBACKS");
        Self {
            spin: spin(
                variable("WINHTTP_SHIM_SPIN").as_ref().map(AsRef::as_ref),
                cpus,
            ),
            // Only the thread that polls knows when its callbacks have run.
            gather: polling_callbacks && is_on("WINHTTP_SHIM_GATHER"),
            polling_callbacks,
        }
    }
}

fn spin(value: Option<&OsStr>, cpus: usize) -> Option<Duration> {
    let number = value
        .and_then(OsStr::to_str)
        .and_then(|text| text.parse::<u64>().ok());
    let limit = number.map_or(SPIN, |us| Duration::from_micros(us.min(SPIN_MAX_US)));
    (cpus > 1 && !limit.is_zero()).then_some(limit)
}

/// Decides whether looking before sleeping pays for one connection or one poll.
///
/// Looks while answers come within the limit, stops after a few that did not, and starts again when
/// short sleeps show that the peer has become quick.
#[derive(Clone, Copy, Debug)]
pub struct Spin {
    credit: u8,
}

/// Credit of a new connection, and the most it can earn.
const CREDIT_MAX: u8 = 6;
/// What a look in vain costs.
const MISS: u8 = 2;
/// From this credit on it is worth looking.
const CREDIT_MIN: u8 = 3;
/// A sleep this many times as long as the limit was short: waking up takes most of it.
const SHORT_SLEEP: u32 = 3;

impl Default for Spin {
    fn default() -> Self {
        Self { credit: CREDIT_MAX }
    }
}

impl Spin {
    /// Waits with `it`: looks for a while where that pays, then sleeps. Returns what `look` found,
    /// or what `sleep` says.
    pub fn wait<C, T>(
        &mut self,
        it: &mut C,
        look: impl Fn(&mut C) -> Option<T>,
        sleep: impl FnOnce(&mut C) -> T,
    ) -> T {
        let Some(limit) = switches().spin else {
            return sleep(it);
        };
        let start = clock::now();
        if self.credit < CREDIT_MIN {
            let result = sleep(it);
            self.slept(start.elapsed(), limit);
            return result;
        }
        loop {
            if let Some(found) = look(it) {
                self.hit();
                return found;
            }
            if start.elapsed() >= limit {
                self.miss();
                return sleep(it);
            }
            std::hint::spin_loop();
        }
    }

    /// Looking brought the answer.
    fn hit(&mut self) {
        self.credit = CREDIT_MAX.min(self.credit + 1);
    }

    /// Looking was in vain.
    fn miss(&mut self) {
        self.credit = self.credit.saturating_sub(MISS);
    }

    /// The thread slept for so long, without having looked.
    fn slept(&mut self, time: Duration, limit: Duration) {
        if time < limit * SHORT_SLEEP {
            self.hit();
        } else {
            self.credit = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &'static str)], cpus: usize) -> Switches {
        let find = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, v)| *v);
        Switches::read(find, cpus)
    }

    #[test]
    fn everything_is_on_unless_switched_off() {
        let switches = read(&[], 2);
        assert_eq!(switches.spin, Some(SPIN));
        assert!(switches.gather && switches.polling_callbacks);
    }

    #[test]
    fn zero_switches_off() {
        let switches = read(
            &[
                ("WINHTTP_SHIM_SPIN", "0"),
                ("WINHTTP_SHIM_GATHER", "0"),
                ("WINHTTP_SHIM_POLLING_CALLBACKS", "0"),
            ],
            2,
        );
        assert_eq!(switches.spin, None);
        assert!(!switches.gather && !switches.polling_callbacks);
    }

    #[test]
    fn one_cpu_never_looks() {
        assert_eq!(read(&[("WINHTTP_SHIM_SPIN", "50")], 1).spin, None);
    }

    #[test]
    fn a_time_is_taken_up_to_its_limit_and_nonsense_is_as_if_unset() {
        let us = |value| {
            read(&[("WINHTTP_SHIM_SPIN", value)], 2)
                .spin
                .map(|d| d.as_micros())
        };
        assert_eq!(us("50"), Some(50));
        assert_eq!(us("9999999"), Some(1000));
        assert_eq!(us("fast"), Some(20));
    }

    #[test]
    fn looking_stops_after_a_few_misses_and_starts_again_after_short_sleeps() {
        let mut spin = Spin::default();
        let looks = |spin: &Spin| spin.credit >= CREDIT_MIN;
        assert!(looks(&spin));
        spin.miss();
        assert!(looks(&spin));
        spin.miss();
        assert!(!looks(&spin));
        spin.slept(Duration::from_secs(1), SPIN);
        assert_eq!(spin.credit, 0);
        for _ in 0..CREDIT_MIN {
            spin.slept(Duration::from_micros(1), SPIN);
        }
        assert!(looks(&spin));
    }
}
