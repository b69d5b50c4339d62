//! Decides what each thread of a dispatcher does next: the run list and who holds the role.
//!
//! A board lives under its dispatcher's one lock and only decides. Its answers ([`Step`],
//! [`Reaction`], [`Inspection`]) are carried out by `workers` after the lock is let go.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::monitor::QUIET_TICKS;
use crate::role::{Kind, Offer, Pulse, Role, Worker};

/// Jobs after which the source gets a turn although lanes still have work.
///
/// It also gets one at each tick of the monitor, for jobs that are few but slow.
const JOBS_PER_SOURCE_TURN: u32 = 64;

/// Lanes the run list keeps room for while it is empty; more is given back to the allocator.
const RETAINED_LANES: usize = 1024;

/// What a change of the board asks of the thread that made it.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Reaction {
    Nothing,
    /// Wake the source.
    Wake,
    /// Signal the parked spare: the role is offered.
    CallSpare,
    /// Start a thread; withdraw the offer if that fails.
    Start(Offer),
}

/// What a thread is to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step<L> {
    /// Run this lane; `watch` asks to register with the monitor first.
    Run { lane: L, watch: bool },
    /// Give the source a turn.
    Poll { may_block: bool },
    /// Wake the source: its holder has something new to see. Then ask again.
    Wake,
    /// Wait as the spare while [`Board::spare_waits`].
    Park,
    /// End this thread; others go on, or will be started when needed.
    Leave,
    /// End this thread and drop the source: closed, and every lane has drained.
    Finish,
}

/// What the monitor is to do about a dispatcher.
#[derive(Debug)]
pub(crate) enum Inspection {
    /// All is well.
    Fine,
    /// No work for a while: stop watching.
    Quiet,
    /// The holder has overstayed and lost the role. The pulse is for giving it back.
    Overstayed(Reaction, Arc<Pulse>),
}

/// The state of a dispatcher; `L` is a lane that has work.
#[derive(Debug)]
pub(crate) struct Board<L> {
    overstay_ticks: u64,
    /// Lanes with work that no thread runs, in the order in which they got it.
    runnable: VecDeque<L>,
    role: Role,
    offers: u64,
    /// The holder is in a blocking wait, and nobody has woken it yet.
    asleep: bool,
    spare_parked: bool,
    closed: bool,
    /// The source is gone: nothing can wait in it any more.
    finished: bool,
    /// Lanes in the hands of threads.
    running_lanes: usize,
    /// Jobs run since the source's last turn, and the tick of that turn.
    jobs_since_turn: u32,
    turned_at: u64,
    watch: Watch,
}

/// What decides whether the monitor watches.
#[derive(Debug, Default)]
struct Watch {
    is_on: bool,
    /// A lane was picked since the monitor last looked.
    active: bool,
    quiet_ticks: u32,
}

impl<L> Board<L> {
    /// A board whose holder loses the role after a job of `overstay_ticks`.
    pub(crate) fn new(overstay_ticks: u64) -> Self {
        Self {
            overstay_ticks,
            runnable: VecDeque::new(),
            role: Role::Vacant,
            offers: 0,
            asleep: false,
            spare_parked: false,
            closed: false,
            finished: false,
            running_lanes: 0,
            jobs_since_turn: 0,
            turned_at: 0,
            watch: Watch::default(),
        }
    }

    /// Puts a lane that got work on the run list. `from_wait`: by the thread inside the source.
    pub(crate) fn schedule(&mut self, lane: L, from_wait: bool) -> Reaction {
        self.runnable.push_back(lane);
        self.rouse(from_wait)
    }

    /// Makes sure that somebody looks at the run list and at the source.
    fn rouse(&mut self, from_wait: bool) -> Reaction {
        match &self.role {
            Role::Held(_) if self.asleep => {
                // One wake per sleep: the next posts find it awake. The thread that is inside the
                // wait needs none, it is about to return.
                self.asleep = false;
                if from_wait {
                    Reaction::Nothing
                } else {
                    Reaction::Wake
                }
            }
            Role::Held(_) | Role::Offered(_) => Reaction::Nothing,
            Role::Vacant => self.offer(),
        }
    }

    /// Makes sure that the source is looked at again, while it is there.
    pub(crate) fn nudge(&mut self, from_wait: bool) -> Reaction {
        // From inside, the source sees its own news; it may still block and must count as asleep.
        if from_wait || (self.finished && self.runnable.is_empty()) {
            return Reaction::Nothing;
        }
        self.rouse(false)
    }

    /// Closes; returns the reaction and whether the source can be dropped at once.
    pub(crate) fn close(&mut self) -> (Reaction, bool) {
        self.closed = true;
        let unused = matches!(self.role, Role::Vacant) && self.is_drained();
        if unused {
            self.finished = true;
            return (Reaction::Nothing, true);
        }
        // Also from inside the source, which may be about to block.
        (self.rouse(false), false)
    }

    /// Takes an offer back that reached nobody; `holder` gets the role again.
    pub(crate) fn withdraw(&mut self, offer: Offer, holder: Option<Arc<Pulse>>) {
        if matches!(&self.role, Role::Offered(open) if *open == offer) {
            self.role = holder.map_or(Role::Vacant, Role::Held);
        }
    }

    pub(crate) fn is_held_by(&self, worker: &Worker) -> bool {
        matches!(&self.role, Role::Held(holder) if Arc::ptr_eq(holder, &worker.pulse))
    }

    /// Does the parked spare have reason to stay parked?
    pub(crate) fn spare_waits(&self) -> bool {
        !self.closed && matches!(self.role, Role::Held(_))
    }

    #[cfg(test)]
    #[cfg(not(loom))]
    pub(crate) fn has_spare(&self) -> bool {
        self.spare_parked
    }

    pub(crate) fn spare_left(&mut self) {
        self.spare_parked = false;
    }

    /// Notes that `worker` has let go of a lane after `jobs` jobs; `left` is the lane, with work.
    pub(crate) fn let_go(&mut self, worker: &Worker, jobs: u32, left: Option<L>) {
        worker.pulse.rest();
        self.running_lanes -= 1;
        self.jobs_since_turn = self.jobs_since_turn.saturating_add(jobs);
        self.runnable.extend(left);
    }

    /// Notes that the source has had a turn.
    pub(crate) fn turned(&mut self, now: u64) {
        self.asleep = false;
        self.jobs_since_turn = 0;
        self.turned_at = now;
    }

    /// Decides what `worker`, which has nothing in hand, does next.
    pub(crate) fn next(&mut self, worker: &Worker, now: u64) -> Step<L> {
        if !self.take_role(worker) {
            return self.stand_aside(worker);
        }
        if self.source_is_due(worker, now) {
            return Step::Poll { may_block: false };
        }
        let Some(lane) = self.runnable.pop_front() else {
            return self.out_of_work(worker);
        };
        self.running_lanes += 1;
        worker.pulse.beat(now);
        self.watch.active = true;
        let watch = !std::mem::replace(&mut self.watch.is_on, true);
        Step::Run { lane, watch }
    }

    /// Notes that the monitor does not watch, although asked to.
    pub(crate) fn unwatched(&mut self) {
        self.watch.is_on = false;
    }

    /// The monitor's look at the board, once per tick.
    pub(crate) fn inspect(&mut self, now: u64) -> Inspection {
        if let Role::Held(holder) = &self.role
            && holder.has_overstayed(now, self.overstay_ticks)
        {
            let holder = Arc::clone(holder);
            return Inspection::Overstayed(self.offer(), holder);
        }
        let busy = matches!(&self.role, Role::Held(holder) if !holder.is_resting());
        if busy || std::mem::take(&mut self.watch.active) {
            self.watch.quiet_ticks = 0;
            return Inspection::Fine;
        }
        self.watch.quiet_ticks += 1;
        if self.watch.quiet_ticks < QUIET_TICKS {
            return Inspection::Fine;
        }
        self.watch = Watch::default();
        Inspection::Quiet
    }

    fn offer(&mut self) -> Reaction {
        self.offers += 1;
        let offer = Offer(self.offers);
        self.role = Role::Offered(offer);
        if self.spare_parked {
            Reaction::CallSpare
        } else {
            Reaction::Start(offer)
        }
    }

    fn take_role(&mut self, worker: &Worker) -> bool {
        if !matches!(self.role, Role::Held(_)) {
            self.role = Role::Held(Arc::clone(&worker.pulse));
            return true;
        }
        self.is_held_by(worker)
    }

    fn is_drained(&self) -> bool {
        self.runnable.is_empty() && self.running_lanes == 0
    }

    fn source_is_due(&self, worker: &Worker, now: u64) -> bool {
        // With an empty list it gets its turn anyway.
        worker.kind == Kind::Own
            && !self.finished
            && !self.runnable.is_empty()
            && self.jobs_since_turn > 0
            && (self.jobs_since_turn >= JOBS_PER_SOURCE_TURN || now != self.turned_at)
    }

    /// What a thread does that is not the holder: it lost the role while a job overstayed.
    fn stand_aside(&mut self, worker: &Worker) -> Step<L> {
        // It may have brought a lane back, or be the one a closed dispatcher was waiting for.
        let news = !self.runnable.is_empty() || (self.closed && self.running_lanes == 0);
        if news && self.asleep {
            self.asleep = false;
            return Step::Wake;
        }
        if worker.kind == Kind::Guest || self.closed || self.spare_parked {
            return Step::Leave;
        }
        self.spare_parked = true;
        Step::Park
    }

    fn out_of_work(&mut self, worker: &Worker) -> Step<L> {
        if self.runnable.capacity() > RETAINED_LANES {
            self.runnable.shrink_to(RETAINED_LANES);
        }
        let drained = self.running_lanes == 0;
        let polls = worker.kind == Kind::Own && !self.finished;
        if polls && !(self.closed && drained) {
            self.asleep = true;
            return Step::Poll { may_block: true };
        }
        if polls && self.jobs_since_turn > 0 {
            // A last turn, for what the source has put off.
            return Step::Poll { may_block: false };
        }
        self.role = Role::Vacant;
        if self.closed && drained {
            self.finished = true;
            return Step::Finish;
        }
        Step::Leave
    }
}

#[cfg(test)]
mod tests {
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
}
