//! Verifies that a callback that blocks stalls its own lane only, and what becomes of its thread.

use std::thread;
use std::time::Instant;

use super::*;

#[test]
fn a_callback_may_wait_for_another_handles_callback() {
    let dispatcher = World::default().dispatcher();
    let (waiting, setting) = (dispatcher.lane(), dispatcher.lane());
    let (event, log) = (Event::default(), Log::new());
    let (awaited, done) = (event.clone(), log.sender.clone());
    waiting.post(task(move || {
        awaited.wait();
        done.send("waited").unwrap();
    }));
    setting.post(task(move || event.set()));
    assert_eq!(log.next(), "waited");
}

#[test]
fn a_callback_may_wait_for_what_the_source_hands_out() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    let (waiting, setting) = (dispatcher.lane(), dispatcher.lane());
    let log = Log::new();
    let release = post_blocker(&waiting);
    waiting.post(log.task("released"));
    world.emit(move || setting.post(task(move || release.set())));
    assert_eq!(log.next(), "released");
}

#[test]
fn a_dispatcher_is_watched_while_it_runs_a_job() {
    // No stand-by: after a quiet time it would not be watched any more.
    let dispatcher = World::default().limited(Limits {
        overstay_ticks: u64::MAX,
        ..Limits::default()
    });
    assert!(!dispatcher.is_watched());
    let release = post_blocker(&dispatcher.lane());
    assert!(dispatcher.is_watched());
    release.set();
}

#[test]
fn a_callback_may_wait_for_jobs_it_posted_itself() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    let (waiting, setting) = (dispatcher.lane(), dispatcher.lane());
    let log = Log::new();
    let done = log.sender.clone();
    waiting.post(task(move || {
        let event = Event::default();
        let set = event.clone();
        setting.post(task(move || set.set()));
        event.wait();
        done.send("waited").unwrap();
    }));
    assert_eq!(log.next(), "waited");
}

#[test]
fn posts_after_the_stand_by_took_over_reach_it() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    let (waiting, other) = (dispatcher.lane(), dispatcher.lane());
    let log = Log::new();
    let release = post_blocker(&waiting);
    // Only a stand-by can block in the source now.
    world.wait_until_blocked();
    other.post(log.task("other"));
    assert_eq!(log.next(), "other");
    release.set();
}

#[test]
fn a_job_that_lost_the_role_wakes_the_stand_by_in_the_source_it_waited_in_itself() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    let (waiting, other) = (dispatcher.lane(), dispatcher.lane());
    let (started, release, log) = (Event::default(), Event::default(), Log::new());
    dispatcher.ensure_running().unwrap();
    world.wait_until_blocked();
    let (begin, released, posted) = (started.clone(), release.clone(), log.task("other"));
    waiting.post(task(move || {
        begin.set();
        released.wait();
        other.post(posted);
    }));
    started.wait();
    // The thread that was in the source runs the job, so it is a stand-by that sleeps there now.
    world.wait_until_blocked();
    let wakes = world.wakes();
    release.set();
    assert_eq!(log.next(), "other");
    assert_eq!(world.wakes(), wakes + 1);
}

#[test]
fn the_overstaying_thread_finishes_its_lane_in_order_and_becomes_the_spare() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    let release = post_blocker(&lane);
    world.wait_until_blocked();
    for number in 0..100 {
        let sender = log.sender.clone();
        lane.post(task(move || {
            sender.send((number, thread::current().id())).unwrap();
        }));
    }
    assert!(log.is_empty());
    release.set();
    let got = log.take(100);
    assert!(
        got.iter()
            .enumerate()
            .all(|(place, (number, _))| place == *number)
    );
    let first = got[0].1;
    assert!(got.iter().all(|(_, id)| *id == first));
    // It parks as the spare, and stands by when the one that stood by for it overstays.
    let parked_by = Instant::now() + PATIENCE;
    while !dispatcher.has_spare() {
        assert!(
            Instant::now() < parked_by,
            "the thread did not become the spare"
        );
        thread::yield_now();
    }
    assert_eq!(dispatcher.threads().count(), 2);
    let release = post_blocker(&lane);
    let sender = log.sender.clone();
    dispatcher.lane().post(task(move || {
        sender.send((0, thread::current().id())).unwrap();
    }));
    assert_eq!(log.next().1, first);
    release.set();
}

#[test]
fn several_blocking_callbacks_each_get_a_stand_by() {
    const BLOCKED: usize = 12;
    let world = World::default();
    let dispatcher = world.dispatcher();
    let lanes: Vec<_> = (0..BLOCKED).map(|_| dispatcher.lane()).collect();
    let releases: Vec<_> = lanes.iter().map(post_blocker).collect();
    world.wait_until_blocked();
    assert_eq!(dispatcher.threads().count(), BLOCKED + 1);
    // Back again, all but one spare leave.
    for release in &releases {
        release.set();
    }
    assert!(dispatcher.threads().wait_for_at_most(2, PATIENCE));
    let log = Log::new();
    lanes[3].post(log.task("still here"));
    assert_eq!(log.next(), "still here");
}

#[test]
fn a_chain_of_callbacks_waiting_for_each_other_resolves() {
    const CHAIN: usize = 20;
    let dispatcher = World::default().dispatcher();
    let lanes: Vec<_> = (0..CHAIN).map(|_| dispatcher.lane()).collect();
    let events: Vec<_> = (0..=CHAIN).map(|_| Event::default()).collect();
    for (place, lane) in lanes.iter().enumerate() {
        let (mine, next) = (events[place].clone(), events[place + 1].clone());
        lane.post(task(move || {
            next.wait();
            mine.set();
        }));
    }
    let last = events[CHAIN].clone();
    dispatcher.lane().post(task(move || last.set()));
    events[0].wait();
}

#[test]
fn at_the_limit_the_others_wait_until_a_callback_returns() {
    let world = World::default();
    let dispatcher = world.limited(Limits {
        threads: 3,
        ..Limits::default()
    });
    let lanes: Vec<_> = (0..3).map(|_| dispatcher.lane()).collect();
    let releases: Vec<_> = lanes.iter().map(post_blocker).collect();
    let log = Log::new();
    dispatcher.lane().post(log.task("fourth"));
    assert!(
        log.receiver
            .recv_timeout(Duration::from_millis(20))
            .is_err()
    );
    assert_eq!(dispatcher.threads().count(), 3);
    // The role stays where it is: a post does not run here for want of a thread.
    dispatcher.lane().post(log.task("fifth"));
    assert!(log.is_empty());
    releases[0].set();
    assert_eq!(log.take(2), ["fourth", "fifth"]);
    releases[1].set();
    releases[2].set();
}

#[test]
fn the_spare_leaves_after_its_time() {
    let world = World::default();
    let brief = Limits {
        spare_lifetime: Duration::from_millis(1),
        ..Limits::default()
    };
    let dispatcher = world.limited(brief);
    let lane = dispatcher.lane();
    let release = post_blocker(&lane);
    world.wait_until_blocked();
    assert_eq!(dispatcher.threads().count(), 2);
    release.set();
    assert!(dispatcher.threads().wait_for_at_most(1, PATIENCE));
    let log = Log::new();
    lane.post(log.task("served"));
    assert_eq!(log.next(), "served");
}

#[test]
fn a_nested_callback_that_blocks_stalls_the_lanes_on_its_stack_only() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    let (outer, inner, other) = (dispatcher.lane(), dispatcher.lane(), dispatcher.lane());
    let (release, log) = (Event::default(), Log::new());
    let (awaited, reached, done) = (release.clone(), Event::default(), log.sender.clone());
    let begun = reached.clone();
    outer.post(task(move || {
        let ran = run_or_post(
            &inner,
            task(move || {
                begun.set();
                awaited.wait();
            }),
            2,
        );
        done.send(if ran { "nested" } else { "posted" }).unwrap();
    }));
    reached.wait();
    other.post(log.task("other"));
    assert_eq!(log.next(), "other");
    release.set();
    assert_eq!(log.next(), "nested");
}

#[test]
fn a_callback_blocked_on_a_foreign_thread_stalls_nobody_else() {
    let dispatcher = World::default().dispatcher();
    let (inline, other) = (dispatcher.lane(), dispatcher.lane());
    let (started, release, log) = (Event::default(), Event::default(), Log::new());
    let (begin, awaited, lane) = (started.clone(), release.clone(), inline.clone());
    let caller = thread::spawn(move || {
        run_or_post(
            &lane,
            task(move || {
                begin.set();
                awaited.wait();
            }),
            1,
        )
    });
    started.wait();
    inline.post(log.task("after"));
    other.post(log.task("other"));
    assert_eq!(log.next(), "other");
    assert!(log.is_empty());
    release.set();
    assert_eq!(log.next(), "after");
    assert!(caller.join().unwrap());
}
