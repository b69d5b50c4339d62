//! Models for loom: every order of the locks of lanes, board and source, for small numbers of
//! threads and jobs.
//!
//! A lost wake-up or a role that nobody holds shows as a deadlock: loom then finds all threads
//! blocked. Jobs note what they did, and the model judges when all threads have ended, as a panic
//! inside a job would end with the job. Run by `tests/loom/run`.

use std::sync::Arc;

use loom::sync::{Condvar, Mutex};
use loom::thread;

use crate::monitor::{LATE, Watched};
use crate::sync::lock;
use crate::workers::Limits;
use crate::{Dispatcher, Job, Lane, Source, Wake};

struct Task(Box<dyn FnOnce() + Send>);

impl Job for Task {
    fn run(self) {
        (self.0)();
    }
}

fn task(work: impl FnOnce() + Send + 'static) -> Task {
    Task(Box::new(work))
}

/// A source without sockets: it blocks until woken, like a poll with an eventfd.
#[derive(Clone, Default)]
struct Eventfd {
    shared: Arc<(Mutex<bool>, Condvar)>,
}

impl Source for Eventfd {
    fn wait(&mut self, may_block: bool) {
        let (woken, changed) = &*self.shared;
        let mut woken = lock(woken);
        while may_block && !*woken {
            woken = changed.wait(woken).unwrap();
        }
        *woken = false;
    }
}

impl Wake for Eventfd {
    fn wake(&self) {
        let (woken, changed) = &*self.shared;
        *lock(woken) = true;
        changed.notify_all();
    }
}

/// What jobs note, and a thread can wait for.
#[derive(Clone, Default)]
struct Notes {
    shared: Arc<(Mutex<Vec<u32>>, Condvar)>,
}

impl Notes {
    fn add(&self, note: u32) {
        lock(&self.shared.0).push(note);
        self.shared.1.notify_all();
    }

    fn noting(&self, note: u32) -> Task {
        let notes = self.clone();
        task(move || notes.add(note))
    }

    fn wait_for(&self, note: u32) {
        let mut notes = lock(&self.shared.0);
        while !notes.contains(&note) {
            notes = self.shared.1.wait(notes).unwrap();
        }
    }

    fn all(&self) -> Vec<u32> {
        lock(&self.shared.0).clone()
    }
}

fn dispatcher() -> Dispatcher<Task> {
    let eventfd = Eventfd::default();
    let limits = Limits {
        threads: 2,
        ..Limits::default()
    };
    Dispatcher::with_limits("model", eventfd.clone(), eventfd, limits)
}

/// Every order with at most this many preemptions; most mistakes need two.
fn explore(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

#[test]
fn loom_posts_of_two_threads_run_once_each_and_in_order() {
    explore(2, || {
        let (dispatcher, notes) = (dispatcher(), Notes::default());
        let lane = dispatcher.lane();
        let other = {
            let (lane, notes) = (lane.clone(), notes.clone());
            thread::spawn(move || lane.post(notes.noting(10)))
        };
        lane.post(notes.noting(1));
        lane.post(notes.noting(2));
        other.join().unwrap();
        drop((lane, dispatcher));
        for note in [1, 2, 10] {
            notes.wait_for(note);
        }
        let all = notes.all();
        let own: Vec<u32> = all.iter().copied().filter(|note| *note < 10).collect();
        assert_eq!((all.len(), own), (3, vec![1, 2]));
    });
}

#[test]
fn loom_a_post_always_wakes_a_sleeping_holder() {
    explore(3, || {
        let (dispatcher, notes) = (dispatcher(), Notes::default());
        dispatcher.ensure_running().unwrap();
        let lane = dispatcher.lane();
        lane.post(notes.noting(1));
        // Without the second wake-up this would wait for ever.
        notes.wait_for(1);
        lane.post(notes.noting(2));
        notes.wait_for(2);
        assert_eq!(notes.all(), [1, 2]);
    });
}

#[test]
fn loom_closing_beside_a_post_loses_no_job() {
    explore(3, || {
        let (dispatcher, notes) = (dispatcher(), Notes::default());
        let lane = dispatcher.lane();
        let closer = thread::spawn(move || dispatcher.close());
        lane.post(notes.noting(1));
        notes.wait_for(1);
        closer.join().unwrap();
        assert_eq!(notes.all(), [1]);
    });
}

#[test]
fn loom_a_held_lane_loses_no_job_and_what_is_run_here_is_over_at_once() {
    explore(2, || {
        let (dispatcher, notes) = (dispatcher(), Notes::default());
        let lane = dispatcher.lane();
        let caller = {
            let (lane, notes): (Lane<Task>, _) = (lane.clone(), notes.clone());
            thread::spawn(move || {
                let hold = lane.hold(3).unwrap();
                let ran = hold.run(lane.append(notes.noting(1)));
                notes.add(if ran { 10 } else { 99 });
            })
        };
        lane.post(notes.noting(2));
        caller.join().unwrap();
        notes.wait_for(2);
        let all = notes.all();
        let at = |note| all.iter().position(|noted| *noted == note);
        assert!(all.len() == 3 && at(1) < at(10), "{all:?}");
    });
}

#[test]
fn loom_of_two_holds_each_runs_its_own() {
    explore(2, || {
        let (dispatcher, notes) = (dispatcher(), Notes::default());
        let lane = dispatcher.lane();
        let call = |note| {
            let (lane, notes): (Lane<Task>, _) = (lane.clone(), notes.clone());
            move || {
                let hold = lane.hold(3).unwrap();
                assert!(hold.run(hold.append(notes.noting(note))));
            }
        };
        let other = thread::spawn(call(1));
        call(2)();
        other.join().unwrap();
        notes.wait_for(2);
        assert_eq!(notes.all().len(), 2);
    });
}

#[test]
fn loom_when_a_callback_overstays_a_stand_by_serves_the_other_lanes() {
    explore(2, || {
        let (dispatcher, notes) = (dispatcher(), Notes::default());
        let (slow, quick) = (dispatcher.lane(), dispatcher.lane());
        let blocked = notes.clone();
        slow.post(task(move || {
            blocked.add(1);
            // The other lane's job ends this one.
            blocked.wait_for(2);
            blocked.add(3);
        }));
        notes.wait_for(1);
        dispatcher.workers().check(LATE);
        quick.post(notes.noting(2));
        notes.wait_for(3);
        drop(dispatcher);
        assert_eq!(notes.all(), [1, 2, 3]);
    });
}
