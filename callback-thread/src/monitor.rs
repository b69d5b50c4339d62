//! Notices when a callback overstays: one thread per process that ticks while callbacks run.
//!
//! The workers read no clock. They note the monitor's tick when a job starts; the monitor compares
//! it with the tick of now. A dispatcher is looked at only while it has work: it asks to be watched
//! when it picks up a lane, and is let go after [`QUIET_TICKS`] without one. With nobody to watch
//! the monitor sleeps, and with no dispatcher alive it ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread;
use std::time::Duration;

use winhttp_process::{Epoch, PerProcess, epoch};

use crate::sync::lock;

/// Time between two ticks.
///
/// Short, as a blocked session waits up to three of them; long enough to cost nothing measurable.
const TICK: Duration = Duration::from_millis(1);

/// A job that saw this many ticks has overstayed: it ran for one to two [`TICK`]s at least.
pub(crate) const OVERSTAY_TICKS: u64 = 2;

/// Ticks without work after which a dispatcher is no longer watched.
///
/// Waking the monitor costs the worker a system call, so steady traffic should keep it awake.
pub(crate) const QUIET_TICKS: u32 = 32;

/// The tick the count starts at. Lower values are free for other meanings.
const FIRST_TICK: u64 = 1;

/// The monitor all dispatchers of a process share. A forked child starts its own: its parent's
/// thread stays behind.
static MONITOR: PerProcess<Monitor> = PerProcess::new(Monitor::new);

/// The monitor of this process.
pub(crate) fn monitor() -> &'static Monitor {
    MONITOR.get()
}

/// What the monitor looks at.
pub(crate) trait Watched: Send + Sync {
    /// Acts on an overstaying job; returns whether to look again at the next tick.
    fn check(self: Arc<Self>, now: u64) -> bool;
}

/// The process's overstay monitor. Its thread starts with the first dispatcher that has work.
#[derive(Debug)]
pub(crate) struct Monitor {
    ticks: AtomicU64,
    registry: Mutex<Registry>,
    /// Signalled for a sleeping thread: there is something to watch, or no dispatcher is left.
    stirred: Condvar,
    /// Signalled when the thread ends.
    ended: Condvar,
}

#[derive(Debug)]
struct Registry {
    /// Dispatchers that asked to be watched since the last tick.
    newcomers: Vec<Weak<dyn Watched>>,
    /// How many dispatchers exist, watched or not.
    dispatchers: usize,
    /// Whether the thread exists.
    has_thread: bool,
}

impl Monitor {
    pub(crate) const fn new() -> Self {
        let registry = Registry {
            newcomers: Vec::new(),
            dispatchers: 0,
            has_thread: false,
        };
        Self {
            ticks: AtomicU64::new(FIRST_TICK),
            registry: Mutex::new(registry),
            stirred: Condvar::new(),
            ended: Condvar::new(),
        }
    }

    /// The current tick; stands still while nothing is watched.
    pub(crate) fn now(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    /// Counts a dispatcher as alive until the result is dropped.
    pub(crate) fn attend(&'static self) -> Attendance {
        lock(&self.registry).dispatchers += 1;
        Attendance {
            monitor: self,
            epoch: epoch(),
        }
    }

    /// Watches `dispatcher` from the next tick on; returns false if no thread could be started.
    pub(crate) fn watch(&'static self, dispatcher: Weak<dyn Watched>) -> bool {
        let mut registry = lock(&self.registry);
        if !registry.has_thread {
            if winhttp_process::spawn("winhttp-monitor", move || self.run()).is_err() {
                return false;
            }
            registry.has_thread = true;
        }
        registry.newcomers.push(dispatcher);
        self.stirred.notify_one();
        true
    }

    fn run(&self) {
        let mut watched = Vec::new();
        while self.gather(&mut watched) {
            thread::sleep(TICK);
            let now = self.ticks.fetch_add(1, Ordering::Relaxed) + 1;
            watched.retain(|dispatcher| look_at(dispatcher, now));
        }
    }

    /// Adds the newcomers, sleeping until there are any; returns false when it is time to end.
    fn gather(&self, watched: &mut Vec<Weak<dyn Watched>>) -> bool {
        let mut registry = lock(&self.registry);
        loop {
            watched.append(&mut registry.newcomers);
            if !watched.is_empty() {
                return true;
            }
            if registry.dispatchers == 0 {
                registry.has_thread = false;
                self.ended.notify_all();
                return false;
            }
            registry = self
                .stirred
                .wait(registry)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    #[cfg(test)]
    fn wait_for_end(&self, timeout: Duration) -> bool {
        let registry = lock(&self.registry);
        let waited = self
            .ended
            .wait_timeout_while(registry, timeout, |now| now.has_thread);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

/// Looks at one dispatcher; returns whether to keep it.
fn look_at(dispatcher: &Weak<dyn Watched>, now: u64) -> bool {
    // The last owner may have let go meanwhile; the dispatcher's source is then dropped here, and
    // its panic must not end the monitor of all others.
    catch_unwind(AssertUnwindSafe(|| {
        dispatcher.upgrade().is_some_and(|alive| alive.check(now))
    }))
    .unwrap_or(false)
}

/// A dispatcher's place in the monitor's count of them.
#[derive(Debug)]
pub(crate) struct Attendance {
    monitor: &'static Monitor,
    epoch: Epoch,
}

impl Drop for Attendance {
    fn drop(&mut self) {
        // A forked child does not count the dispatchers it inherited.
        if !self.epoch.is_current() {
            return;
        }
        let mut registry = lock(&self.monitor.registry);
        registry.dispatchers -= 1;
        if registry.dispatchers == 0 {
            self.monitor.stirred.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    struct Probe {
        ticks_left: Mutex<u32>,
        seen: Sender<u64>,
    }

    impl Watched for Probe {
        fn check(self: Arc<Self>, now: u64) -> bool {
            self.seen.send(now).unwrap();
            let mut left = lock(&self.ticks_left);
            *left -= 1;
            *left > 0
        }
    }

    fn probe(ticks: u32, seen: Sender<u64>) -> Arc<Probe> {
        Arc::new(Probe {
            ticks_left: Mutex::new(ticks),
            seen,
        })
    }

    fn weak(probe: &Arc<Probe>) -> Weak<dyn Watched> {
        let weak: Weak<Probe> = Arc::downgrade(probe);
        weak
    }

    #[test]
    fn ticks_for_those_who_ask_and_ends_with_the_last_dispatcher() {
        static OWN: Monitor = Monitor::new();
        let attendance = OWN.attend();
        let (seen, ticks) = channel();
        let first = probe(3, seen.clone());
        assert!(OWN.watch(weak(&first)));
        let got: Vec<u64> = (0..3)
            .map(|_| ticks.recv_timeout(PATIENCE).unwrap())
            .collect();
        assert_eq!(got, [2, 3, 4]);

        // It sleeps now, at tick 4, and is woken by the next who asks.
        let second = probe(1, seen);
        assert!(OWN.watch(weak(&second)));
        assert_eq!(ticks.recv_timeout(PATIENCE).unwrap(), 5);
        assert_eq!(OWN.now(), 5);

        assert!(lock(&OWN.registry).has_thread);
        drop(attendance);
        assert!(OWN.wait_for_end(PATIENCE));

        // And starts anew.
        let _again = OWN.attend();
        let (seen, ticks) = channel();
        let third = probe(1, seen);
        assert!(OWN.watch(weak(&third)));
        assert_eq!(ticks.recv_timeout(PATIENCE).unwrap(), 6);
    }

    #[test]
    fn a_panic_in_one_check_leaves_the_others_watched() {
        struct Bad;
        impl Watched for Bad {
            fn check(self: Arc<Self>, _now: u64) -> bool {
                panic!("a check that panics, on purpose");
            }
        }
        static OWN: Monitor = Monitor::new();
        let _attendance = OWN.attend();
        let (seen, ticks) = channel();
        let good = probe(2, seen);
        let bad: Arc<dyn Watched> = Arc::new(Bad);
        assert!(OWN.watch(Arc::downgrade(&bad)));
        assert!(OWN.watch(weak(&good)));
        ticks.recv_timeout(PATIENCE).unwrap();
        ticks.recv_timeout(PATIENCE).unwrap();
    }
}
