//! Wakes the poll at a time far off, so that it can sleep without a timeout: a timeout costs each
//! sleep a timer to set up and to take down, an alarm one system call for many sleeps. Linux only;
//! elsewhere, and without a descriptor for it, the poll uses timeouts.

use std::time::{Duration, Instant};

use mio::{Registry, Token};

/// Deadlines nearer than this are not worth an alarm.
const FAR: Duration = Duration::from_millis(10);

/// A timer that the poll watches.
#[derive(Debug)]
pub struct Alarm {
    timer: Option<timer::Timer>,
    /// When it rings; `None` when it is not set.
    at: Option<Instant>,
}

impl Alarm {
    /// An alarm that reports itself to the poll as `token`.
    #[must_use]
    pub fn new(registry: &Registry, token: Token) -> Self {
        Self {
            timer: timer::Timer::open(registry, token),
            at: None,
        }
    }

    /// It rings no later than `deadline`.
    #[must_use]
    pub fn covers(&self, deadline: Instant) -> bool {
        self.at.is_some_and(|at| at <= deadline)
    }

    /// Has it ring at `deadline`, if that is far enough off to be worth it; returns whether it
    /// will.
    pub fn set(&mut self, deadline: Instant, now: Instant) -> bool {
        let left = deadline.saturating_duration_since(now);
        let is_set = left >= FAR && self.timer.as_ref().is_some_and(|timer| timer.set(left));
        if is_set {
            self.at = Some(deadline);
        }
        is_set
    }

    /// It has rung.
    pub fn rang(&mut self) {
        self.at = None;
    }
}

#[cfg(target_os = "linux")]
mod timer {
    use std::os::fd::{AsRawFd, OwnedFd};
    use std::time::Duration;

    use mio::unix::SourceFd;
    use mio::{Interest, Registry, Token};
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };

    #[derive(Debug)]
    pub(super) struct Timer(OwnedFd);

    impl Timer {
        pub(super) fn open(registry: &Registry, token: Token) -> Option<Self> {
            let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
            let timer = timerfd_create(TimerfdClockId::Monotonic, flags).ok()?;
            let mut source = SourceFd(&timer.as_raw_fd());
            registry
                .register(&mut source, token, Interest::READABLE)
                .ok()?;
            Some(Self(timer))
        }

        /// Each ringing is reported once, edge-triggered: nothing has to be read.
        pub(super) fn set(&self, left: Duration) -> bool {
            let none = Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            let Ok(it_value) = Timespec::try_from(left) else {
                return false;
            };
            let time = Itimerspec {
                it_interval: none,
                it_value,
            };
            timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &time).is_ok()
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod timer {
    use std::time::Duration;

    use mio::{Registry, Token};

    #[derive(Debug)]
    pub(super) enum Timer {}

    impl Timer {
        pub(super) fn open(_: &Registry, _: Token) -> Option<Self> {
            None
        }

        pub(super) fn set(&self, _: Duration) -> bool {
            match *self {}
        }
    }
}

#[cfg(test)]
mod tests {
    use mio::Poll;

    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn it_rings_in_a_poll_without_a_timeout_as_often_as_it_is_set() {
        let mut poll = Poll::new().unwrap();
        let mut alarm = Alarm::new(poll.registry(), Token(7));
        let mut events = mio::Events::with_capacity(4);
        for _ in 0..3 {
            let now = Instant::now();
            assert!(alarm.set(now + FAR, now));
            assert!(alarm.covers(now + FAR) && !alarm.covers(now));
            poll.poll(&mut events, None).unwrap();
            assert!(events.iter().any(|event| event.token() == Token(7)));
            assert!(now.elapsed() >= FAR);
            alarm.rang();
            assert!(!alarm.covers(now + FAR));
        }
    }

    #[test]
    fn what_is_near_needs_none() {
        let poll = Poll::new().unwrap();
        let mut alarm = Alarm::new(poll.registry(), Token(7));
        let now = Instant::now();
        assert!(!alarm.set(now + FAR / 2, now));
        assert!(!alarm.covers(now + FAR));
    }
}
