//! Verifies the promises under many threads: every job once, in order, never two of a lane at once.

use std::sync::Barrier;
use std::sync::atomic::AtomicBool;
use std::thread;

use super::*;

/// A fixed sequence of numbers that looks random (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap()).unwrap()
    }
}

/// A lane with what its jobs check about each other.
struct Checked {
    lane: Lane<Task>,
    /// The thread that is inside, as far as the jobs know.
    occupied: AtomicBool,
    /// Per poster, the next number expected.
    expected: Vec<AtomicUsize>,
    ran: AtomicUsize,
}

impl Checked {
    fn new(dispatcher: &Dispatcher<Task>, posters: usize) -> Arc<Self> {
        Arc::new(Self {
            lane: dispatcher.lane(),
            occupied: AtomicBool::new(false),
            expected: (0..posters).map(|_| AtomicUsize::new(0)).collect(),
            ran: AtomicUsize::new(0),
        })
    }

    /// The job `number` of `poster` for this lane; `inside` runs while the lane is occupied.
    fn job(
        self: &Arc<Self>,
        poster: usize,
        number: usize,
        inside: impl FnOnce() + Send + 'static,
    ) -> Task {
        let this = Arc::clone(self);
        task(move || {
            assert!(
                !this.occupied.swap(true, Ordering::SeqCst),
                "two jobs of a lane at once"
            );
            let expected = this.expected[poster].fetch_add(1, Ordering::SeqCst);
            let in_order = expected == number;
            inside();
            this.occupied.store(false, Ordering::SeqCst);
            // After a violation the count stays short, and the test fails by it.
            if in_order {
                this.ran.fetch_add(1, Ordering::SeqCst);
            }
        })
    }
}

/// `posters` threads post `jobs` jobs each, to lanes chosen by dice, and all of it is checked.
pub(super) fn posters_and_lanes(
    dispatcher: &Dispatcher<Task>,
    posters: usize,
    lanes: usize,
    jobs: usize,
) {
    let checked: Vec<_> = (0..lanes)
        .map(|_| Checked::new(dispatcher, posters))
        .collect();
    let start = Barrier::new(posters);
    thread::scope(|scope| {
        for poster in 0..posters {
            let (checked, start) = (&checked, &start);
            scope.spawn(move || {
                let mut dice = Dice(0x9E37_79B9_7F4A_7C15 + u64::try_from(poster).unwrap());
                let mut next = vec![0; checked.len()];
                start.wait();
                for _ in 0..jobs {
                    let place = dice.roll(checked.len());
                    let lane = &checked[place];
                    let job = lane.job(poster, next[place], || {});
                    next[place] += 1;
                    lane.lane.post(job);
                }
            });
        }
    });
    let drained = Log::new();
    for lane in &checked {
        lane.lane.post(drained.task(()));
    }
    drained.take(lanes);
    let ran: usize = checked
        .iter()
        .map(|lane| lane.ran.load(Ordering::SeqCst))
        .sum();
    assert_eq!(ran, posters * jobs);
}

#[test]
fn many_threads_hold_the_same_lanes_and_every_job_runs_once() {
    const JOBS: usize = 2000;
    const CALLERS: usize = 8;
    let dispatcher = World::default().dispatcher();
    let lanes = [dispatcher.lane(), dispatcher.lane(), dispatcher.lane()];
    let runs: Arc<Vec<AtomicUsize>> =
        Arc::new((0..CALLERS * JOBS).map(|_| AtomicUsize::new(0)).collect());
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let (lanes, runs) = (&lanes, &runs);
            scope.spawn(move || {
                let mut dice = Dice(0x9E37_79B9_7F4A_7C15 + u64::try_from(caller).unwrap());
                for job in caller * JOBS..(caller + 1) * JOBS {
                    let (lane, noted) = (&lanes[dice.roll(lanes.len())], Arc::clone(runs));
                    let task = task(move || {
                        noted[job].fetch_add(1, Ordering::SeqCst);
                    });
                    if dice.roll(2) == 0 {
                        lane.post(task);
                    } else if run_or_post(lane, task, 1) {
                        assert_eq!(runs[job].load(Ordering::SeqCst), 1, "told, but did not run");
                    }
                }
            });
        }
    });
    let drained = Log::new();
    for lane in &lanes {
        lane.post(drained.task(()));
    }
    drained.take(lanes.len());
    dispatcher.close();
    assert!(dispatcher.threads().wait_for_at_most(0, PATIENCE));
    assert!(runs.iter().all(|runs| runs.load(Ordering::SeqCst) == 1));
}

#[test]
fn many_threads_post_to_many_lanes() {
    let dispatcher = World::default().dispatcher();
    posters_and_lanes(&dispatcher, 8, 13, 2000);
    dispatcher.close();
    assert!(dispatcher.threads().wait_for_at_most(0, PATIENCE));
}

#[test]
fn many_threads_post_to_one_lane() {
    let dispatcher = World::default().dispatcher();
    posters_and_lanes(&dispatcher, 8, 1, 2000);
}

#[test]
fn many_threads_post_while_the_dispatcher_closes() {
    for _ in 0..20 {
        let dispatcher = World::default().dispatcher();
        let closer = dispatcher.clone();
        let lane = dispatcher.lane();
        lane.post(task(move || closer.close()));
        posters_and_lanes(&dispatcher, 4, 5, 100);
        assert!(dispatcher.threads().wait_for_at_most(0, PATIENCE));
    }
}

#[test]
fn order_holds_while_some_callbacks_overstay() {
    const JOBS: usize = 400;
    const LANES: usize = 6;
    let brief = Limits {
        spare_lifetime: Duration::from_millis(3),
        ..Limits::default()
    };
    let world = World::default();
    let dispatcher = world.limited(brief);
    let checked: Vec<_> = (0..LANES).map(|_| Checked::new(&dispatcher, 1)).collect();
    let mut dice = Dice(42);
    let mut next = [0; LANES];
    let mut awaited: Option<Event> = None;
    for _ in 0..JOBS {
        let place = dice.roll(LANES);
        // Some jobs wait until a later one, mostly of another lane, has begun: they overstay.
        let job = if dice.roll(16) == 0 && place != 0 && awaited.is_none() {
            let event = Event::default();
            awaited = Some(event.clone());
            checked[place].job(0, next[place], move || event.wait())
        } else if place == 0 {
            let event = awaited.take();
            checked[place].job(0, next[place], move || event.iter().for_each(Event::set))
        } else {
            checked[place].job(0, next[place], || {})
        };
        next[place] += 1;
        let lane = checked[place].lane.clone();
        // Half come from other threads, half from the source.
        if dice.roll(2) == 0 {
            lane.post(job);
        } else {
            let handed_out = Event::default();
            let done = handed_out.clone();
            world.emit(move || {
                lane.post(job);
                done.set();
            });
            dispatcher.nudge();
            handed_out.wait();
        }
    }
    awaited.iter().for_each(Event::set);
    let drained = Log::new();
    for lane in &checked {
        lane.lane.post(drained.task(()));
    }
    drained.take(LANES);
    let ran: usize = checked
        .iter()
        .map(|lane| lane.ran.load(Ordering::SeqCst))
        .sum();
    assert_eq!(ran, JOBS);
    dispatcher.close();
    assert!(dispatcher.threads().wait_for_at_most(0, PATIENCE));
}

#[test]
fn jobs_that_post_to_other_lanes_all_run() {
    /// Posts two jobs to lanes chosen by dice, each of which does the same, `depth` levels deep.
    fn spread(lanes: &Arc<Vec<Lane<Task>>>, depth: u32, seed: u64, log: &Sender<()>) {
        log.send(()).unwrap();
        if depth == 0 {
            return;
        }
        let mut dice = Dice(seed);
        for branch in 1..=2 {
            let (inner, sender) = (Arc::clone(lanes), log.clone());
            let lane = &lanes[dice.roll(lanes.len())];
            let job = task(move || spread(&inner, depth - 1, seed * 2 + branch, &sender));
            if dice.roll(2) == 0 {
                lane.post(job);
            } else {
                run_or_post(lane, job, 3);
            }
        }
    }
    const DEPTH: u32 = 11;
    let dispatcher = World::default().dispatcher();
    let lanes = Arc::new((0..7).map(|_| dispatcher.lane()).collect::<Vec<_>>());
    let log = Log::new();
    let (inner, sender) = (Arc::clone(&lanes), log.sender.clone());
    lanes[0].post(task(move || spread(&inner, DEPTH, 7, &sender)));
    log.take((1 << (DEPTH + 1)) - 1);
    dispatcher.close();
    assert!(dispatcher.threads().wait_for_at_most(0, PATIENCE));
    assert!(log.is_empty());
}

#[test]
fn dispatchers_come_and_go() {
    for round in 0..100 {
        let world = World::default();
        let dispatcher = world.dispatcher();
        let (lane, threads, log) = (dispatcher.lane(), dispatcher.threads(), Log::new());
        lane.post(log.task(round));
        drop(dispatcher);
        lane.post(log.task(round + 1));
        assert_eq!(log.take(2), [round, round + 1]);
        assert!(threads.wait_for_at_most(0, PATIENCE));
        world.wait_until_dropped();
    }
}
