//! Verifies how a dispatcher ends: no job lost, no thread left, whoever lets go last.

use std::sync::Weak;

use super::*;

fn assert_no_thread_left(dispatcher: &Dispatcher<Task>) {
    assert!(
        dispatcher.threads().wait_for_at_most(0, PATIENCE),
        "a thread is left"
    );
}

#[test]
fn there_is_no_thread_before_the_first_post() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    let _lane = dispatcher.lane();
    assert_eq!(dispatcher.threads().count(), 0);
    dispatcher.close();
    world.wait_until_dropped();
    assert_eq!(dispatcher.threads().count(), 0);
}

#[test]
fn what_was_posted_before_close_runs_and_the_threads_end() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    let lanes = [dispatcher.lane(), dispatcher.lane()];
    let log = Log::new();
    for number in 0..500 {
        lanes[number % 2].post(log.task(number));
    }
    dispatcher.close();
    dispatcher.close();
    log.take(500);
    assert_no_thread_left(&dispatcher);
    world.wait_until_dropped();
}

#[test]
fn a_sleeping_dispatcher_ends_at_close() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    dispatcher.ensure_running().unwrap();
    world.wait_until_blocked();
    dispatcher.close();
    assert_no_thread_left(&dispatcher);
}

#[test]
fn closed_from_inside_the_source_it_ends() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    dispatcher.ensure_running().unwrap();
    let inner = dispatcher.clone();
    world.emit(move || inner.close());
    assert_no_thread_left(&dispatcher);
}

#[test]
fn the_spare_ends_at_close() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    let release = post_blocker(&dispatcher.lane());
    world.wait_until_blocked();
    release.set();
    dispatcher.close();
    assert_no_thread_left(&dispatcher);
}

#[test]
fn posts_after_the_end_still_run_and_leave_no_thread() {
    let dispatcher = World::default().dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    for round in 0..50 {
        dispatcher.close();
        lane.post(log.task((round, 1)));
        lane.post(log.task((round, 2)));
        assert_eq!(log.take(2), [(round, 1), (round, 2)]);
        if round % 2 == 0 {
            assert_no_thread_left(&dispatcher);
        }
    }
    assert_no_thread_left(&dispatcher);
}

#[test]
fn after_the_end_there_is_nothing_to_nudge() {
    let dispatcher = World::default().dispatcher();
    dispatcher.ensure_running().unwrap();
    dispatcher.close();
    assert_no_thread_left(&dispatcher);
    dispatcher.nudge();
    dispatcher.ensure_running().unwrap();
    assert_eq!(dispatcher.threads().count(), 0);
}

#[test]
fn the_last_clone_closes_and_lanes_do_not_hold_it_open() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    let (lane, threads, second) = (dispatcher.lane(), dispatcher.threads(), dispatcher.clone());
    dispatcher.ensure_running().unwrap();
    world.wait_until_blocked();
    drop(dispatcher);
    assert_eq!(threads.count(), 1);
    drop(second);
    assert!(threads.wait_for_at_most(0, PATIENCE));
    world.wait_until_dropped();
    let log = Log::new();
    lane.post(log.task("late"));
    assert_eq!(log.next(), "late");
    assert!(threads.wait_for_at_most(0, PATIENCE));
}

#[test]
fn a_job_may_drop_the_last_dispatcher_and_the_last_lane() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    let (lane, threads) = (dispatcher.lane(), dispatcher.threads());
    let (log, poster) = (Log::new(), lane.clone());
    let (inner, go) = (log.task("posted inside"), Event::default());
    let gate = go.clone();
    poster.post(task(move || {
        gate.wait();
        drop(dispatcher);
        lane.post(inner);
        drop(lane);
    }));
    drop(poster);
    go.set();
    assert_eq!(log.next(), "posted inside");
    assert!(threads.wait_for_at_most(0, PATIENCE));
    world.wait_until_dropped();
}

#[test]
fn everything_is_freed_though_jobs_and_source_own_lanes() {
    struct Owned(
        #[expect(dead_code, reason = "held for its drop")] Lane<Task>,
        Arc<()>,
    );
    let world = World::default();
    let dispatcher = world.dispatcher();
    let (lane, threads, proof) = (dispatcher.lane(), dispatcher.threads(), Arc::new(()));
    let freed: Weak<()> = Arc::downgrade(&proof);
    let (in_source, in_job) = (lane.clone(), Owned(lane.clone(), Arc::clone(&proof)));
    world.emit(move || drop(in_source));
    let held = (lane.clone(), dispatcher.clone());
    lane.post(task(move || drop((in_job.1, held))));
    drop((proof, lane, dispatcher));
    assert!(threads.wait_for_at_most(0, PATIENCE));
    world.wait_until_dropped();
    assert!(freed.upgrade().is_none());
}

#[test]
fn a_job_may_close_its_dispatcher() {
    let dispatcher = World::default().dispatcher();
    let (lane, log) = (dispatcher.lane(), Log::new());
    let (inner, next, l) = (dispatcher.clone(), log.task("next"), lane.clone());
    lane.post(task(move || {
        inner.close();
        l.post(next);
    }));
    assert_eq!(log.next(), "next");
    assert_no_thread_left(&dispatcher);
}

#[test]
fn a_blocked_lane_is_not_drained_and_the_source_is_served_until_it_is() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    let (waiting, setting) = (dispatcher.lane(), dispatcher.lane());
    let release = post_blocker(&waiting);
    world.wait_until_blocked();
    dispatcher.close();
    world.emit(move || setting.post(task(move || release.set())));
    assert_no_thread_left(&dispatcher);
    world.wait_until_dropped();
}

#[test]
fn the_source_gets_a_last_turn_after_the_last_job() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    let (lane, log) = (dispatcher.lane(), Log::new());
    let (w, inner, flushed) = (world.clone(), dispatcher.clone(), log.sender.clone());
    lane.post(task(move || {
        inner.close();
        w.emit(move || flushed.send("flushed").unwrap());
    }));
    assert_eq!(log.next(), "flushed");
    assert_no_thread_left(&dispatcher);
}

#[test]
fn a_source_that_panics_when_dropped_ends_like_any_other() {
    struct Bad;
    impl Source for Bad {
        fn wait(&mut self, _may_block: bool) {}
    }
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("a source that panics as it goes, on purpose");
        }
    }
    let dispatcher = Dispatcher::<Task>::new("a\0name", Bad, World::default());
    let (lane, log) = (dispatcher.lane(), Log::new());
    lane.post(log.task("ran"));
    assert_eq!(log.next(), "ran");
    dispatcher.close();
    assert_no_thread_left(&dispatcher);
}
