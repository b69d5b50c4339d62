//! Behaviour of the whole: a scripted source and the handful of helpers its tests share.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use crate::sync::lock;
use crate::workers::Limits;
use crate::{Dispatcher, Job, Lane, Source, Wake};

mod blocking;
mod closing;
mod order;
mod stress;
mod without_threads;

/// Longest any test waits for what must come: generous, as the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(30);

/// A job from a closure.
struct Task(Box<dyn FnOnce() + Send>);

impl Job for Task {
    fn run(self) {
        (self.0)();
    }
}

fn task(work: impl FnOnce() + Send + 'static) -> Task {
    Task(Box::new(work))
}

/// The outside world of a scripted source: what becomes ready, and what happened to the source.
#[derive(Clone, Default)]
struct World {
    shared: Arc<WorldShared>,
}

#[derive(Default)]
struct WorldShared {
    state: Mutex<WorldState>,
    changed: Condvar,
    wakes: AtomicUsize,
    turns: AtomicUsize,
}

#[derive(Default)]
struct WorldState {
    woken: bool,
    ready: VecDeque<Box<dyn FnOnce() + Send>>,
    /// A thread is blocked in the source.
    blocked: bool,
    /// Blocked threads stay inside although woken.
    held: bool,
    dropped: bool,
}

struct Script(World);

impl Source for Script {
    fn wait(&mut self, may_block: bool) {
        let world = &self.0.shared;
        world.turns.fetch_add(1, Ordering::Relaxed);
        let mut state = lock(&world.state);
        while may_block && (state.held || (!state.woken && state.ready.is_empty())) {
            state.blocked = true;
            world.changed.notify_all();
            state = world.changed.wait(state).unwrap();
        }
        state.blocked = false;
        state.woken = false;
        let ready = std::mem::take(&mut state.ready);
        drop(state);
        for event in ready {
            event();
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        lock(&self.0.shared.state).dropped = true;
        self.0.shared.changed.notify_all();
    }
}

impl Wake for World {
    fn wake(&self) {
        self.shared.wakes.fetch_add(1, Ordering::Relaxed);
        lock(&self.shared.state).woken = true;
        self.shared.changed.notify_all();
    }
}

impl World {
    fn dispatcher(&self) -> Dispatcher<Task> {
        self.limited(Limits::default())
    }

    fn limited(&self, limits: Limits) -> Dispatcher<Task> {
        Dispatcher::with_limits("test", Script(self.clone()), self.clone(), limits)
    }

    /// Makes the source see readiness and run `hand_out` inside its wait.
    fn emit(&self, hand_out: impl FnOnce() + Send + 'static) {
        lock(&self.shared.state).ready.push_back(Box::new(hand_out));
        self.shared.changed.notify_all();
    }

    fn wakes(&self) -> usize {
        self.shared.wakes.load(Ordering::Relaxed)
    }

    fn turns(&self) -> usize {
        self.shared.turns.load(Ordering::Relaxed)
    }

    fn hold(&self, held: bool) {
        lock(&self.shared.state).held = held;
        self.shared.changed.notify_all();
    }

    fn wait_until_blocked(&self) {
        self.wait_until(|state| state.blocked);
    }

    fn wait_until_dropped(&self) {
        self.wait_until(|state| state.dropped);
    }

    fn wait_until(&self, reached: impl Fn(&WorldState) -> bool) {
        let state = lock(&self.shared.state);
        let waited = self
            .shared
            .changed
            .wait_timeout_while(state, PATIENCE, |s| !reached(s));
        assert!(!waited.unwrap().1.timed_out(), "the source never got there");
    }
}

/// What jobs report to the test, in the order in which they ran.
struct Log<T> {
    sender: Sender<T>,
    receiver: Receiver<T>,
}

impl<T: Send + 'static> Log<T> {
    fn new() -> Self {
        let (sender, receiver) = channel();
        Self { sender, receiver }
    }

    /// A job that reports `entry`.
    fn task(&self, entry: T) -> Task {
        let sender = self.sender.clone();
        task(move || sender.send(entry).unwrap())
    }

    fn next(&self) -> T {
        self.receiver
            .recv_timeout(PATIENCE)
            .expect("a job did not run")
    }

    fn take(&self, count: usize) -> Vec<T> {
        (0..count).map(|_| self.next()).collect()
    }

    fn is_empty(&self) -> bool {
        self.receiver.try_recv().is_err()
    }
}

/// Runs a job here if at most `limit` jobs are then on the stack, or posts it; returns whether it
/// ran.
fn run_or_post(lane: &Lane<Task>, job: Task, limit: usize) -> bool {
    if let Some(hold) = lane.hold(limit) {
        return hold.run(lane.append(job));
    }
    lane.post(job);
    false
}

/// An event that stays set.
#[derive(Clone, Default)]
struct Event {
    shared: Arc<(Mutex<bool>, Condvar)>,
}

impl Event {
    fn set(&self) {
        *lock(&self.shared.0) = true;
        self.shared.1.notify_all();
    }

    fn wait(&self) {
        let waited = self
            .shared
            .1
            .wait_timeout_while(lock(&self.shared.0), PATIENCE, |is_set| !*is_set);
        assert!(!waited.unwrap().1.timed_out(), "the event was never set");
    }
}

/// Posts a job that reports its start and blocks until the returned event is set.
fn post_blocker(lane: &Lane<Task>) -> Event {
    let (started, release) = (Event::default(), Event::default());
    let (begin, end) = (started.clone(), release.clone());
    lane.post(task(move || {
        begin.set();
        end.wait();
    }));
    started.wait();
    release
}
