//! Verifies the order of a lane's jobs, nesting, fairness, and the price of a post.

use std::thread;

use super::*;

#[test]
fn jobs_of_a_lane_run_in_the_order_of_their_posts_on_one_thread() {
    let dispatcher = World::default().dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    for number in 0..1000 {
        let sender = log.sender.clone();
        lane.post(task(move || {
            sender.send((number, thread::current().id())).unwrap();
        }));
    }
    let got = log.take(1000);
    assert!(
        got.iter()
            .enumerate()
            .all(|(place, (number, _))| place == *number)
    );
    assert!(got.iter().all(|(_, id)| *id != thread::current().id()));
}

#[test]
fn a_job_knows_its_dispatcher_and_its_lane() {
    let dispatcher = World::default().dispatcher();
    let (lane, other) = (dispatcher.lane(), dispatcher.lane());
    let stranger = World::default().dispatcher();
    let log = Log::new();
    let sender = log.sender.clone();
    let (d, l) = (dispatcher.clone(), lane.clone());
    lane.post(task(move || {
        let seen = [
            d.is_current(),
            stranger.is_current(),
            l.is_current(),
            other.is_current(),
        ];
        sender.send(seen).unwrap();
    }));
    assert_eq!(log.next(), [true, false, true, false]);
    assert!(!dispatcher.is_current());
    assert!(!lane.is_current());
}

#[test]
fn only_a_job_that_a_worker_runs_is_inside_the_dispatcher() {
    let dispatcher = World::default().dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    let asks = || {
        let (sender, l) = (log.sender.clone(), lane.clone());
        task(move || sender.send(l.is_inside_dispatcher()).unwrap())
    };
    assert!(run_or_post(&lane, asks(), 1));
    assert!(!log.next());
    lane.post(asks());
    assert!(log.next());
    assert!(!lane.is_inside_dispatcher());
}

#[test]
fn an_idle_lane_runs_the_job_here() {
    let dispatcher = World::default().dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    let (sender, l, d) = (log.sender.clone(), lane.clone(), dispatcher.clone());
    let ran = run_or_post(
        &lane,
        task(move || {
            let here = thread::current().id();
            sender.send((here, l.is_current(), d.is_current())).unwrap();
        }),
        1,
    );
    assert!(ran);
    assert_eq!(log.next(), (thread::current().id(), true, true));
    assert_eq!(dispatcher.threads().count(), 0);
    assert!(!lane.is_current() && !dispatcher.is_current());
}

/// Nests itself in its own lane as deep as the lane lets it.
fn nest(lane: &Lane<Task>, level: u32, limit: usize, log: Sender<(u32, bool)>) {
    let (inner_lane, inner_log) = (lane.clone(), log.clone());
    let inner = task(move || {
        if level < 10 {
            nest(&inner_lane, level + 1, limit, inner_log);
        }
    });
    let ran = run_or_post(lane, inner, limit);
    log.send((level, ran)).unwrap();
}

#[test]
fn nesting_stops_at_the_limit_and_goes_on_from_the_queue() {
    let dispatcher = World::default().dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    let (l, sender) = (lane.clone(), log.sender.clone());
    lane.post(task(move || nest(&l, 1, 3, sender)));
    // The posted job is the first on the stack, levels 1 and 2 nest, level 3 is posted; and so on.
    let got = log.take(10);
    let expected = [3, 2, 1, 6, 5, 4, 9, 8, 7, 10].map(|level| (level, level % 3 != 0));
    assert_eq!(got, expected);
}

#[test]
fn nothing_overtakes_a_job_that_waits() {
    let dispatcher = World::default().dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    let (first, second, l) = (log.task("first"), log.task("second"), lane.clone());
    lane.post(task(move || {
        l.post(first);
        assert!(run_or_post(&l, second, 2), "both ran, in their order");
    }));
    assert_eq!(log.take(2), ["first", "second"]);
}

#[test]
fn what_was_appended_runs_when_it_is_settled_and_not_before() {
    let dispatcher = World::default().dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    let first = lane.append(log.task("first"));
    let both = first.and(lane.append(log.task("second")));
    lane.post(log.task("third"));
    assert_eq!(
        dispatcher.threads().count(),
        0,
        "whoever settles has the lane run"
    );
    assert!(log.is_empty());
    assert!(lane.hold(1).unwrap().run(both));
    assert_eq!(log.take(2), ["first", "second"]);
    assert!(log.is_empty());
    lane.settle(both);
    assert_eq!(log.next(), "third");
}

#[test]
fn what_another_thread_ran_before_it_was_settled_did_not_run_here() {
    let dispatcher = World::default().dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    let first = lane.append(log.task("first"));
    let second = lane.append(log.task("second"));
    lane.settle(first);
    assert_eq!(log.take(2), ["first", "second"]);
    assert!(!lane.hold(3).unwrap().run(second));
}

#[test]
fn a_hold_runs_what_waits_here_whatever_runs_elsewhere() {
    let dispatcher = World::default().dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    let release = post_blocker(&lane);
    let here = || thread::current().id();
    for _ in 0..2 {
        let sender = log.sender.clone();
        lane.post(task(move || sender.send(here()).unwrap()));
    }
    assert!(lane.hold(1).unwrap().run(lane.queued()));
    assert_eq!(log.take(2), [here(), here()]);
    release.set();
}

#[test]
fn nobody_else_takes_a_job_while_the_lane_is_held() {
    let dispatcher = World::default().dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    let release = post_blocker(&lane);
    let hold = lane.hold(1).unwrap();
    lane.post(log.task("own"));
    let own = lane.queued();
    // Its thread comes back from the job it had taken, finds the lane held and serves others.
    release.set();
    let other = dispatcher.lane();
    other.post(log.task("another lane"));
    assert_eq!(log.next(), "another lane");
    lane.post(log.task("later"));
    assert!(hold.run(own));
    assert_eq!(log.next(), "own");
    assert!(
        log.is_empty(),
        "what came later waits for the end of the hold"
    );
    drop(hold);
    assert_eq!(log.next(), "later");
}

#[test]
fn the_last_of_two_holds_lets_the_lane_go() {
    let dispatcher = World::default().dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    let (first, second) = (lane.hold(1).unwrap(), lane.hold(1).unwrap());
    lane.post(log.task("job"));
    drop(first);
    assert_eq!(dispatcher.threads().count(), 0, "the lane is still held");
    drop(second);
    assert_eq!(log.next(), "job");
}

#[test]
fn of_two_holds_each_runs_what_it_has_appended() {
    let dispatcher = World::default().dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    let (first, second) = (lane.hold(1).unwrap(), lane.hold(1).unwrap());
    lane.post(log.task("before"));
    let own = first.append(log.task("own of the first"));
    assert!(second.run(second.append(log.task("own of the second"))));
    assert_eq!(log.take(2), ["before", "own of the second"]);
    assert!(first.run(own));
    assert_eq!(log.next(), "own of the first");
}

#[test]
fn whoever_runs_everything_leaves_nothing_to_another_hold() {
    let dispatcher = World::default().dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    let (first, second) = (lane.hold(1).unwrap(), lane.hold(1).unwrap());
    let own = first.append(log.task("own of the first"));
    assert!(second.run_all(lane.queued()));
    assert_eq!(log.next(), "own of the first");
    assert!(!first.run(own));
}

#[test]
fn what_a_hold_leaves_behind_is_run_all_the_same() {
    let dispatcher = World::default().dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    let (first, second) = (lane.hold(1).unwrap(), lane.hold(1).unwrap());
    let _left = first.append(log.task("left"));
    drop(first);
    assert!(second.run(lane.queued()));
    assert_eq!(log.next(), "left");
    let _left = second.append(log.task("left again"));
    drop(second);
    assert_eq!(log.next(), "left again");
}

#[test]
fn what_another_thread_appends_after_a_nested_job_waits_for_the_end_of_the_outer_one() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    let (l, nested, outer) = (lane.clone(), log.task("nested"), log.task("outer ends"));
    let release = Event::default();
    let released = release.clone();
    lane.post(task(move || {
        assert!(run_or_post(&l, nested, 2));
        released.wait();
        outer.run();
    }));
    assert_eq!(log.next(), "nested");
    // Only a stand-by can block in the source now. It would run the lane if it were on the run
    // list.
    world.wait_until_blocked();
    lane.post(log.task("later"));
    dispatcher.lane().post(log.task("another lane"));
    assert_eq!(log.next(), "another lane");
    release.set();
    assert_eq!(log.take(2), ["outer ends", "later"]);
}

#[test]
fn debug_output_has_the_dispatchers_name_and_the_number_of_queued_jobs() {
    let dispatcher = World::default().dispatcher();
    let lane = dispatcher.lane();
    let hold = lane.hold(1).unwrap();
    lane.post(task(|| {}));
    assert!(format!("{dispatcher:?}").contains("\"test\""));
    assert!(format!("{lane:?}").contains("queued: 1"));
    assert!(format!("{hold:?}").contains("queued: 1"));
}

#[test]
fn jobs_posted_while_a_job_runs_inline_follow_it() {
    let dispatcher = World::default().dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    let (inline, posted, l) = (log.sender.clone(), log.task("posted"), lane.clone());
    assert!(run_or_post(
        &lane,
        task(move || {
            l.post(posted);
            inline.send("inline").unwrap();
        }),
        1,
    ));
    assert_eq!(log.take(2), ["inline", "posted"]);
}

#[test]
fn the_source_runs_nothing_inline() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    let lane = dispatcher.lane();
    let (ran, log) = (Log::new(), Log::new());
    let (answer, job) = (ran.sender.clone(), log.task("later"));
    dispatcher.ensure_running().unwrap();
    world.emit(move || answer.send(run_or_post(&lane, job, 100)).unwrap());
    assert!(!ran.next());
    assert_eq!(log.next(), "later");
}

#[test]
fn chained_lanes_do_not_grow_the_stack_for_ever() {
    fn chain(dispatcher: &Dispatcher<Task>, left: usize, log: Sender<bool>) {
        if left == 0 {
            return;
        }
        let (inner, inner_log) = (dispatcher.clone(), log.clone());
        let next = task(move || chain(&inner, left - 1, inner_log));
        let ran = run_or_post(&dispatcher.lane(), next, 3);
        log.send(ran).unwrap();
    }
    let dispatcher = World::default().dispatcher();
    let log = Log::new();
    chain(&dispatcher, 300, log.sender.clone());
    let inline = log.take(300).into_iter().filter(|ran| *ran).count();
    // Three on this thread's stack; then one is posted, and two nest in it.
    assert_eq!(inline, 3 + 297 / 3 * 2);
}

#[test]
fn a_lane_that_posts_to_itself_for_ever_starves_neither_lanes_nor_source() {
    fn again(lane: &Lane<Task>, stop: Arc<AtomicUsize>) {
        if stop.load(Ordering::Relaxed) == 0 {
            let next = lane.clone();
            lane.post(task(move || again(&next, stop)));
        }
    }
    let world = World::default();
    // No stand-by: it would come to the rescue on a busy machine.
    let dispatcher = world.limited(Limits {
        overstay_ticks: u64::MAX,
        ..Limits::default()
    });
    let (greedy, modest) = (dispatcher.lane(), dispatcher.lane());
    let stop = Arc::new(AtomicUsize::new(0));
    again(&greedy, Arc::clone(&stop));
    let log = Log::new();
    modest.post(log.task("lane"));
    assert_eq!(log.next(), "lane");
    let readiness = log.sender.clone();
    world.emit(move || readiness.send("source").unwrap());
    assert_eq!(log.next(), "source");
    stop.store(1, Ordering::Relaxed);
    world.wait_until_blocked();
}

#[test]
fn a_batch_of_posts_wakes_the_sleeping_poll_once() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    let lanes = [dispatcher.lane(), dispatcher.lane(), dispatcher.lane()];
    let log = Log::new();
    dispatcher.ensure_running().unwrap();
    world.wait_until_blocked();
    world.hold(true);
    for number in 0..99 {
        lanes[number % 3].post(log.task(number));
    }
    assert_eq!(world.wakes(), 1);
    world.hold(false);
    log.take(99);
}

#[test]
fn posts_from_jobs_and_from_the_source_cost_no_wake() {
    let world = World::default();
    // On a busy machine a job can seem to overstay, and its posts then have to wake the stand-by.
    let dispatcher = world.limited(Limits {
        overstay_ticks: u64::MAX,
        ..Limits::default()
    });
    let (first, second) = (dispatcher.lane(), dispatcher.lane());
    let log = Log::new();
    dispatcher.ensure_running().unwrap();
    world.wait_until_blocked();
    let (same, other) = (log.task("same lane"), log.task("other lane"));
    world.emit(move || {
        let lane = first.clone();
        first.post(task(move || {
            lane.post(same);
            second.post(other);
        }));
    });
    let mut got = log.take(2);
    got.sort_unstable();
    assert_eq!(got, ["other lane", "same lane"]);
    assert_eq!(world.wakes(), 0);
}

#[test]
fn a_nudge_gives_a_sleeping_source_a_turn() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    dispatcher.nudge();
    world.wait_until_blocked();
    let turns = world.turns();
    world.hold(true);
    dispatcher.nudge();
    dispatcher.nudge();
    assert_eq!(world.wakes(), 1);
    world.hold(false);
    world.wait_until(|state| state.blocked && !state.woken);
    assert!(world.turns() > turns);
}

#[test]
fn a_panic_ends_its_own_job_only() {
    let dispatcher = World::default().dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    lane.post(task(|| panic!("a job that panics, on purpose")));
    lane.post(log.task("posted"));
    assert_eq!(log.next(), "posted");
    dispatcher.close();
    assert!(dispatcher.threads().wait_for_at_most(0, PATIENCE));
    assert!(run_or_post(&lane, task(|| panic!("inline, on purpose")), 1));
    assert!(run_or_post(&lane, log.task("inline"), 1));
    assert_eq!(log.next(), "inline");
}

#[test]
fn a_panic_in_the_source_ends_its_own_turn_only() {
    let world = World::default();
    let dispatcher = world.dispatcher();
    let lane = dispatcher.lane();
    let log = Log::new();
    dispatcher.ensure_running().unwrap();
    let reached = Event::default();
    let reach = reached.clone();
    world.emit(move || {
        reach.set();
        panic!("a source that panics, on purpose");
    });
    reached.wait();
    let job = log.task("next turn");
    world.emit(move || lane.post(job));
    assert_eq!(log.next(), "next turn");
}
