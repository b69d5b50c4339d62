//! The waiting half of the poll: takes what is ready and what is due, and hands it to the owners.

use std::fmt;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};

use super::{ALARM, Ready, Shared, Sleep};
use crate::engine::alarm::Alarm;
use crate::engine::clock;
use crate::engine::switches::Spin;

/// Events taken from the system at a time.
const EVENTS_PER_POLL: usize = 256;

/// Time between two attempts to wait when the system refuses.
const REFUSED_PAUSE: Duration = Duration::from_millis(20);

/// The waiting half of the poll; used by whichever thread holds the polling role.
pub struct PollSource {
    poll: Poll,
    events: Events,
    /// Registrations to flush; empty between turns.
    flushes: Vec<Token>,
    /// Owners of what became ready; empty between turns.
    owners: Vec<Arc<dyn Ready>>,
    alarm: Alarm,
    spin: Spin,
    /// The system has refused to wait in this turn.
    refused: bool,
    shared: Arc<Shared>,
}

impl PollSource {
    pub(super) fn new(poll: Poll, shared: Arc<Shared>) -> Self {
        Self {
            alarm: Alarm::new(poll.registry(), ALARM),
            poll,
            events: Events::with_capacity(EVENTS_PER_POLL),
            flushes: Vec::new(),
            owners: Vec::new(),
            spin: Spin::default(),
            refused: false,
            shared,
        }
    }
}

impl callback_thread::Source for PollSource {
    fn wait(&mut self, may_block: bool) {
        self.shared.turns.fetch_add(1, Ordering::Relaxed);
        let posted = self.flush();
        self.poll(may_block && !posted);
        if std::mem::take(&mut self.refused) {
            return self.give_up(may_block);
        }
        let mut entries = self.shared.lock();
        entries.sleep = None;
        for event in &self.events {
            if event.token() == ALARM {
                self.alarm.rang();
            }
            let ended = event.is_read_closed() || event.is_error();
            self.owners.extend(entries.owner_of(event.token(), ended));
        }
        // Until the alarm rings nothing is due.
        let first = entries.first_timer();
        let is_due = first.is_some_and(|first| !self.alarm.covers(first));
        drop(entries);
        for owner in self.owners.drain(..) {
            owner.ready();
        }
        if is_due {
            self.expire();
        }
    }
}

impl PollSource {
    /// Flushes what was put off until now; returns whether that may have posted any job.
    fn flush(&mut self) -> bool {
        std::mem::swap(&mut self.flushes, &mut self.shared.lock().flushes);
        let mut posted = false;
        for token in self.flushes.drain(..) {
            let owner = self.shared.lock().owner_of(token, false);
            let Some(owner) = owner else { continue };
            let left = Arc::downgrade(&owner);
            posted |= owner.flush();
            // The program has closed it meanwhile: if this was its last reference, that posted
            // HANDLE_CLOSING.
            posted |= left.strong_count() == 0;
        }
        posted
    }

    /// Takes what is ready; waits for it if that is allowed: looks for a while where that pays,
    /// then sleeps.
    fn poll(&mut self, may_block: bool) {
        if !may_block {
            return self.take_events(Some(Duration::ZERO));
        }
        let mut spin = self.spin;
        let look = |source: &mut Self| {
            source.take_events(Some(Duration::ZERO));
            (!source.events.is_empty()).then_some(())
        };
        spin.wait(self, look, Self::sleep);
        self.spin = spin;
    }

    fn sleep(&mut self) {
        let timeout = self.shared.fall_asleep(&mut self.alarm);
        self.take_events(timeout);
    }

    fn take_events(&mut self, timeout: Option<Duration>) {
        let polled = self.poll.poll(&mut self.events, timeout);
        if polled.is_err() {
            self.events.clear();
        }
        // After a signal the next turn looks again.
        self.refused = polled.is_err_and(|error| error.kind() != io::ErrorKind::Interrupted);
    }

    /// Fails what waits. The next turn tries again, but not without a pause.
    fn give_up(&mut self, may_block: bool) {
        let mut entries = self.shared.lock();
        entries.sleep = None;
        let owners = entries.owners();
        drop(entries);
        let mut posted = false;
        for owner in owners {
            posted |= owner.lost();
        }
        if may_block && !posted {
            std::thread::sleep(REFUSED_PAUSE);
        }
    }

    /// Tells the owners whose deadlines have passed, if any have.
    fn expire(&self) {
        // One look at the clock: a deadline set from here on waits for the next turn, and the
        // others get theirs first.
        let now = clock::now();
        while let Some(owner) = self.shared.next_expired(now) {
            owner.expired();
        }
    }
}

impl fmt::Debug for PollSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PollSource")
    }
}

impl Shared {
    /// How long the poll may sleep; from now on an earlier deadline wakes it.
    fn fall_asleep(&self, alarm: &mut Alarm) -> Option<Duration> {
        let mut entries = self.lock();
        if !entries.flushes.is_empty() {
            return Some(Duration::ZERO); // somebody put something off just now
        }
        let first = entries.first_timer();
        entries.sleep = Some(first.map_or(Sleep::Forever, Sleep::Until));
        let first = first.filter(|first| !alarm.covers(*first))?;
        let now = clock::now();
        if alarm.set(first, now) {
            return None;
        }
        Some(first.saturating_duration_since(now))
    }

    /// The next owner whose deadline has passed; its deadline is cleared.
    pub(super) fn next_expired(&self, now: Instant) -> Option<Arc<dyn Ready>> {
        let mut entries = self.lock();
        while let Some(&(at, index)) = entries.timers.first() {
            if at > now {
                return None;
            }
            entries.timers.pop_first();
            let Some(slot) = entries.slots.get_mut(index) else {
                continue;
            };
            slot.scheduled = None;
            match slot.deadline {
                Some(deadline) if deadline > now => {
                    slot.scheduled = Some(deadline);
                    entries.timers.insert((deadline, index));
                }
                Some(_) => {
                    slot.deadline = None;
                    if let Some(owner) = slot.owner.as_ref().and_then(Weak::upgrade) {
                        return Some(owner);
                    }
                }
                None => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use crate::engine::reactor::{Reactor, Registration};

    use super::*;

    /// An owner that is closed by another thread while it is flushed.
    #[derive(Default)]
    struct ClosedMeanwhile(Mutex<Option<Arc<Self>>>);

    impl Ready for ClosedMeanwhile {
        fn ready(self: Arc<Self>) {}
        fn expired(self: Arc<Self>) {}
        fn lost(self: Arc<Self>) -> bool {
            false
        }
        fn flush(self: Arc<Self>) -> bool {
            drop(self.0.lock().unwrap().take());
            false
        }
    }

    #[test]
    fn an_owner_that_ends_with_its_flush_may_have_posted() {
        let (reactor, mut source) = Reactor::open().unwrap();
        let owner = Arc::new(ClosedMeanwhile::default());
        let reference: Weak<dyn Ready> = Arc::downgrade(&(Arc::clone(&owner) as Arc<dyn Ready>));
        let registration = Registration::new(&reactor, reference);
        registration.flush_later();
        assert!(!source.flush(), "it is still there");
        *owner.0.lock().unwrap() = Some(Arc::clone(&owner));
        drop(owner);
        registration.flush_later();
        assert!(source.flush());
        registration.flush_later();
        assert!(!source.flush(), "it is gone");
    }
}
