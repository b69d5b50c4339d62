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
        self.runnable.shrink_to(RETAINED_LANES);
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
#[cfg(not(loom))]
impl<L> Board<L> {
    pub(crate) fn is_watched(&self) -> bool {
        self.watch.is_on
    }
}

#[cfg(test)]
mod tests;
