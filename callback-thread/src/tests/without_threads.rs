//! Verifies the fallback: no thread can be started, and still every job runs, in order.

use std::thread;

use super::*;

fn threadless(world: &World) -> Dispatcher<Task> {
    world.limited(Limits {
        threads: 0,
        ..Limits::default()
    })
}

#[test]
fn the_refusal_is_reported() {
    let dispatcher = threadless(&World::default());
    assert!(dispatcher.ensure_running().is_err());
    dispatcher.nudge();
    assert_eq!(dispatcher.threads().count(), 0);
}

#[test]
fn jobs_run_on_the_posting_thread_and_never_in_the_source() {
    let world = World::default();
    let dispatcher = threadless(&world);
    let lane = dispatcher.lane();
    let log = Log::new();
    let (sender, l, next) = (log.sender.clone(), lane.clone(), log.task(None));
    lane.post(task(move || {
        l.post(next);
        sender.send(Some(thread::current().id())).unwrap();
    }));
    // Both have run before the post returned.
    assert_eq!(log.receiver.try_recv(), Ok(Some(thread::current().id())));
    assert_eq!(log.receiver.try_recv(), Ok(None));
    assert_eq!(world.turns(), 0);
}

#[test]
fn lanes_keep_their_order_under_many_posting_threads() {
    let dispatcher = threadless(&World::default());
    stress::posters_and_lanes(&dispatcher, 4, 5, 300);
    dispatcher.close();
}

#[test]
fn inline_jobs_leave_nothing_behind() {
    let dispatcher = threadless(&World::default());
    let lane = dispatcher.lane();
    let log = Log::new();
    let (l, posted, sender) = (lane.clone(), log.task("posted"), log.sender.clone());
    run_or_post(
        &lane,
        task(move || {
            l.post(posted);
            sender.send("inline").unwrap();
        }),
        1,
    );
    assert_eq!(log.receiver.try_recv(), Ok("inline"));
    assert_eq!(log.receiver.try_recv(), Ok("posted"));
}

#[test]
fn closing_drops_the_source() {
    let world = World::default();
    let dispatcher = threadless(&world);
    let lane = dispatcher.lane();
    let log = Log::new();
    lane.post(log.task(1));
    drop(dispatcher);
    world.wait_until_dropped();
    lane.post(log.task(2));
    assert_eq!(log.take(2), [1, 2]);
}
