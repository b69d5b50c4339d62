//! Verifies each decision of a board, without threads.

use super::*;
use crate::monitor::OVERSTAY_TICKS;

type Lanes = Board<&'static str>;

const BLOCK: Step<&str> = Step::Poll { may_block: true };
const LOOK: Step<&str> = Step::Poll { may_block: false };

fn run(lane: &'static str) -> Step<&'static str> {
    Step::Run { lane, watch: false }
}

/// A board whose role is held by the returned worker, watched, with nothing to do.
fn held() -> (Lanes, Worker) {
    let mut board = Lanes::new(OVERSTAY_TICKS);
    let holder = Worker::own();
    board.watch.is_on = true;
    assert_eq!(board.next(&holder, 1), BLOCK);
    board.turned(1);
    (board, holder)
}

/// `held`, with the holder overstaying in lane "slow", deposed, and the role taken by another.
fn deposed() -> (Lanes, Worker, Worker) {
    let (mut board, slow) = held();
    let _ = board.schedule("slow", false);
    assert_eq!(board.next(&slow, 1), run("slow"));
    assert!(matches!(
        board.inspect(3),
        Inspection::Overstayed(Reaction::Start(_), _)
    ));
    let standby = Worker::own();
    assert_eq!(board.next(&standby, 3), BLOCK);
    (board, slow, standby)
}

#[test]
fn the_first_post_starts_a_thread_and_the_next_ones_do_not() {
    let mut board = Lanes::new(OVERSTAY_TICKS);
    assert!(matches!(board.schedule("a", false), Reaction::Start(_)));
    assert_eq!(board.schedule("b", false), Reaction::Nothing);
    let worker = Worker::own();
    assert_eq!(
        board.next(&worker, 1),
        Step::Run {
            lane: "a",
            watch: true
        }
    );
}

#[test]
fn a_sleeping_holder_is_woken_once_per_sleep() {
    let (mut board, holder) = held();
    assert_eq!(board.next(&holder, 1), BLOCK);
    assert_eq!(board.schedule("a", false), Reaction::Wake);
    assert_eq!(board.schedule("b", false), Reaction::Nothing);
    board.turned(1);
    assert_eq!(board.next(&holder, 1), run("a"));
    assert_eq!(board.schedule("c", false), Reaction::Nothing);
}

#[test]
fn posts_from_inside_the_wait_wake_nobody() {
    let (mut board, holder) = held();
    assert_eq!(board.next(&holder, 1), BLOCK);
    assert_eq!(board.schedule("a", true), Reaction::Nothing);
    assert_eq!(board.schedule("b", false), Reaction::Nothing);
}

#[test]
fn nudged_or_closed_from_inside_the_wait_it_can_still_be_woken() {
    let (mut board, holder) = held();
    assert_eq!(board.next(&holder, 1), BLOCK);
    assert_eq!(board.nudge(true), Reaction::Nothing);
    assert_eq!(board.nudge(false), Reaction::Wake);
    board.turned(1);
    assert_eq!(board.next(&holder, 1), BLOCK);
    assert_eq!(board.close(), (Reaction::Wake, false));
}

#[test]
fn the_source_gets_a_turn_after_so_many_jobs_or_a_tick() {
    let (mut board, holder) = held();
    for lane in ["a", "b", "c", "d"] {
        let _ = board.schedule(lane, false);
    }
    assert_eq!(board.next(&holder, 1), run("a"));
    board.let_go(&holder, JOBS_PER_SOURCE_TURN - 1, None);
    assert_eq!(board.next(&holder, 1), run("b"));
    board.let_go(&holder, 1, None);
    assert_eq!(board.next(&holder, 1), LOOK);
    board.turned(1);
    assert_eq!(board.next(&holder, 1), run("c"));
    board.let_go(&holder, 1, None);
    assert_eq!(board.next(&holder, 2), LOOK);
}

#[test]
fn a_holder_that_overstays_loses_the_role_and_parks_when_it_is_back() {
    let (mut board, slow, standby) = deposed();
    assert!(board.is_held_by(&standby));
    board.let_go(&slow, 1, None);
    assert_eq!(board.next(&slow, 3), Step::Park);
    assert!(board.spare_waits());
    // The spare is called when the stand-by overstays in its turn.
    board.turned(3);
    let _ = board.schedule("slow too", false);
    assert_eq!(board.next(&standby, 3), run("slow too"));
    assert!(matches!(
        board.inspect(5),
        Inspection::Overstayed(Reaction::CallSpare, _)
    ));
    assert!(!board.spare_waits());
    board.spare_left();
    assert_eq!(board.next(&slow, 5), BLOCK);
    // With nobody parked any more, the next one is a new thread.
    board.turned(5);
    let _ = board.schedule("slow again", false);
    assert_eq!(board.next(&slow, 5), run("slow again"));
    assert!(matches!(
        board.inspect(7),
        Inspection::Overstayed(Reaction::Start(_), _)
    ));
}

#[test]
fn one_tick_is_not_an_overstay() {
    let (mut board, holder) = held();
    let _ = board.schedule("a", false);
    assert_eq!(board.next(&holder, 1), run("a"));
    assert!(matches!(board.inspect(2), Inspection::Fine));
    assert!(board.is_held_by(&holder));
}

#[test]
fn a_second_spare_leaves() {
    let (mut board, slow, _standby) = deposed();
    board.spare_parked = true;
    board.let_go(&slow, 1, None);
    assert_eq!(board.next(&slow, 3), Step::Leave);
}

#[test]
fn who_is_back_before_the_stand_by_keeps_the_role() {
    let (mut board, slow) = held();
    let _ = board.schedule("slow", false);
    assert_eq!(board.next(&slow, 1), run("slow"));
    assert!(matches!(board.inspect(3), Inspection::Overstayed(..)));
    board.let_go(&slow, 1, None);
    assert_eq!(board.next(&slow, 3), BLOCK);
    assert_eq!(board.next(&Worker::own(), 3), Step::Park);
}

#[test]
fn a_withdrawn_offer_gives_the_role_back_only_if_nobody_took_it() {
    let (mut board, slow) = held();
    let _ = board.schedule("slow", false);
    assert_eq!(board.next(&slow, 1), run("slow"));
    let Inspection::Overstayed(Reaction::Start(offer), pulse) = board.inspect(3) else {
        panic!("expected an overstay");
    };
    board.withdraw(offer, Some(Arc::clone(&pulse)));
    assert!(board.is_held_by(&slow));

    let Inspection::Overstayed(Reaction::Start(again), _) = board.inspect(4) else {
        panic!("expected an overstay");
    };
    board.withdraw(offer, None);
    assert!(matches!(board.role, Role::Offered(open) if open == again));
    let standby = Worker::own();
    assert_eq!(board.next(&standby, 4), BLOCK);
    board.withdraw(again, Some(pulse));
    assert!(board.is_held_by(&standby));
}

#[test]
fn a_lane_brought_back_by_a_deposed_thread_wakes_the_holder() {
    let (mut board, slow, standby) = deposed();
    board.let_go(&slow, 1, Some("slow"));
    assert_eq!(board.next(&slow, 3), Step::Wake);
    assert_eq!(board.next(&slow, 3), Step::Park);
    board.turned(3);
    assert_eq!(board.next(&standby, 3), run("slow"));
}

#[test]
fn closed_and_drained_ends_after_a_last_turn() {
    let (mut board, holder) = held();
    let _ = board.schedule("a", false);
    assert_eq!(board.close(), (Reaction::Nothing, false));
    assert_eq!(board.next(&holder, 1), run("a"));
    board.let_go(&holder, 1, None);
    assert_eq!(board.next(&holder, 1), LOOK);
    board.turned(1);
    assert_eq!(board.next(&holder, 1), Step::Finish);
    assert!(matches!(board.schedule("late", false), Reaction::Start(_)));
    let late = Worker::own();
    assert_eq!(board.next(&late, 1), run("late"));
    board.let_go(&late, 1, None);
    assert_eq!(board.next(&late, 1), Step::Finish);
}

#[test]
fn a_closed_holder_polls_until_the_overstaying_lane_is_back() {
    let (mut board, slow, standby) = deposed();
    assert_eq!(board.close(), (Reaction::Wake, false));
    board.turned(3);
    assert_eq!(board.next(&standby, 3), BLOCK);
    board.let_go(&slow, 1, None);
    assert_eq!(board.next(&slow, 3), Step::Wake);
    assert_eq!(board.next(&slow, 3), Step::Leave);
    board.turned(3);
    assert_eq!(board.next(&standby, 3), Step::Finish);
}

#[test]
fn closed_while_lanes_wait_for_want_of_a_thread_it_is_not_unused() {
    let mut board = Lanes::new(OVERSTAY_TICKS);
    let Reaction::Start(offer) = board.schedule("a", false) else {
        panic!("expected a start");
    };
    board.withdraw(offer, None);
    assert!(matches!(board.close(), (Reaction::Start(_), false)));
}

#[test]
fn who_could_not_be_watched_asks_again() {
    let (mut board, holder) = held();
    board.unwatched();
    let _ = board.schedule("a", false);
    assert!(matches!(
        board.next(&holder, 1),
        Step::Run { watch: true, .. }
    ));
}

#[test]
fn an_empty_run_list_gives_its_room_back() {
    let (mut board, holder) = held();
    for _ in 0..RETAINED_LANES * 4 {
        let _ = board.schedule("a", false);
    }
    for _ in 0..RETAINED_LANES * 4 {
        assert_eq!(board.next(&holder, 1), run("a"));
        board.let_go(&holder, 0, None);
    }
    assert_eq!(board.next(&holder, 1), BLOCK);
    assert!(board.runnable.capacity() < RETAINED_LANES * 2);
}

#[test]
fn closing_an_unused_dispatcher_needs_no_thread() {
    let mut board = Lanes::new(OVERSTAY_TICKS);
    assert_eq!(board.close(), (Reaction::Nothing, true));
    assert_eq!(board.nudge(false), Reaction::Nothing);
}

#[test]
fn a_guest_runs_what_is_there_and_never_polls() {
    let mut board = Lanes::new(OVERSTAY_TICKS);
    let Reaction::Start(offer) = board.schedule("a", false) else {
        panic!("expected a start");
    };
    board.withdraw(offer, None);
    let guest = Worker::guest();
    assert!(matches!(board.next(&guest, 1), Step::Run { lane: "a", .. }));
    assert_eq!(board.schedule("b", false), Reaction::Nothing);
    board.let_go(&guest, JOBS_PER_SOURCE_TURN, None);
    assert_eq!(board.next(&guest, 9), run("b"));
    board.let_go(&guest, 1, None);
    assert_eq!(board.next(&guest, 9), Step::Leave);
    assert!(matches!(board.nudge(false), Reaction::Start(_)));
}

#[test]
fn watching_stops_after_quiet_ticks_and_a_busy_holder_is_never_quiet() {
    let (mut board, holder) = held();
    for _ in 1..QUIET_TICKS {
        assert!(matches!(board.inspect(1), Inspection::Fine));
    }
    assert!(matches!(board.inspect(1), Inspection::Quiet));
    let _ = board.schedule("a", false);
    assert_eq!(
        board.next(&holder, 1),
        Step::Run {
            lane: "a",
            watch: true
        }
    );
    for _ in 0..QUIET_TICKS * 2 {
        assert!(matches!(board.inspect(1), Inspection::Fine));
    }
}
