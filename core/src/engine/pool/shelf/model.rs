//! A shelf under judgement: random changes, each compared with a model that does the same by
//! counting.
//!
//! The model knows every open connection and everybody who waits. Never more are open than the
//! limit allows to the one that opens; nothing is lost, given twice, or given to those whom it does
//! not suit; what suits and came last is given first; the first who waits comes first, and nobody
//! waits for nothing; nothing is closed without a reason. The fuzz target `pool` compiles this
//! file, too.

use std::sync::Arc;
use std::time::{Duration, Instant};

use winhttp_proto::notify::SecureProblems;

use super::{Aftermath, Answer, Demand, Grant, Kept, Limits, Mark, Marks, Shelf};

/// Few, so that much happens to each.
const SERVERS: usize = 2;
/// As many connections and waiting requests as a server may have here.
const MOST: usize = 8;

/// Below this number, whatever decides.
type Choose<'c> = &'c mut dyn FnMut(usize) -> usize;

/// A connection that is idle, or was, as the model remembers it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Open {
    id: u32,
    mark: Option<Mark>,
    tolerated: SecureProblems,
    until: Instant,
}

impl Open {
    fn suits(&self, demand: &Demand, now: Instant) -> bool {
        let marked = match demand.marks {
            Marks::All => true,
            Marks::ThisOrNone(mark) => self.mark.is_none_or(|own| own == mark),
            Marks::This(mark) => self.mark == Some(mark),
        };
        marked && now < self.until && demand.ignores.has(self.tolerated)
    }

    fn is(&self, kept: &Kept<u32>) -> bool {
        let other = (kept.connection, kept.mark, kept.tolerated, kept.until);
        (self.id, self.mark, self.tolerated, self.until) == other
    }
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    name: u32,
    demand: Demand,
    /// What it was woken for.
    got: Option<Got>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Got {
    One(Open),
    Room,
}

#[derive(Debug, Default)]
struct Server {
    used: Vec<Open>,
    idle: Vec<Open>,
    waiting: Vec<Waiting>,
    old_until: Option<Instant>,
    ended: bool,
}

impl Server {
    fn open(&self) -> usize {
        let granted = self.waiting.iter().filter(|one| one.got.is_some()).count();
        self.used.len() + self.idle.len() + granted
    }

    fn limit(&self, demand: &Demand, now: Instant) -> usize {
        match self.old_until {
            Some(until) if now < until => demand.limits.http_1_0,
            _ => demand.limits.usual,
        }
    }

    /// Takes what is due to a request: the one that suits and came last, or room for one more.
    fn due(&mut self, demand: &Demand, now: Instant) -> Option<Got> {
        if let Some(place) = self.idle.iter().rposition(|one| one.suits(demand, now)) {
            return Some(Got::One(self.idle.remove(place)));
        }
        (self.open() < self.limit(demand, now)).then_some(Got::Room)
    }

    /// There is nothing for a request that waits: it would take what is idle, or its place.
    fn has_nothing_for(&self, demand: &Demand, now: Instant) -> bool {
        self.idle.is_empty() && self.open() >= self.limit(demand, now)
    }

    fn first_without(&self) -> Option<&Waiting> {
        self.waiting.iter().find(|one| one.got.is_none())
    }

    fn marks(&self) -> Vec<Mark> {
        let given = self.waiting.iter().filter_map(|one| match one.got {
            Some(Got::One(open)) => open.mark,
            Some(Got::Room) | None => None,
        });
        let others = self.used.iter().chain(&self.idle);
        let mut marks: Vec<Mark> = others.filter_map(|one| one.mark).chain(given).collect();
        marks.sort_unstable();
        marks
    }

    /// What is remembered of a server that has ended goes with the last that has to do with it.
    fn forget(&mut self) {
        if self.ended && self.open() == 0 && self.waiting.is_empty() {
            self.old_until = None;
        }
    }
}

/// A shelf, the model of it, and a time that only the steps move.
#[derive(Debug)]
pub(super) struct Model {
    shelf: Shelf<usize, u32, u32>,
    servers: [Server; SERVERS],
    now: Instant,
    last_id: u32,
}

impl Model {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            shelf: Shelf::new(),
            servers: Default::default(),
            now,
            last_id: 0,
        }
    }

    /// One change, whichever `choose` decides, and all that must be true behind it.
    pub(super) fn step(&mut self, choose: Choose<'_>) {
        let key = choose(SERVERS);
        match choose(16) {
            0..=3 => self.ask(key, choose),
            4 | 5 => self.put(key, choose),
            6 => self.gone(key, choose),
            7 => self.collect(key, choose),
            8 => self.leave(key, choose),
            9 => self.instead(key, choose),
            10 => self.take(key, choose),
            11 => self.mark(key, choose),
            12 => self.answers_1_0(key, choose),
            13 if choose(4) == 0 => self.end(key),
            13 => self.strangers(key),
            14 => self.now += time(choose),
            _ => self.sweep(),
        }
        self.servers[key].forget();
        self.compare();
    }

    fn id(&mut self) -> u32 {
        self.last_id += 1;
        self.last_id
    }

    /// A connection that somebody has opened.
    fn opened(&mut self) -> Open {
        Open {
            id: self.id(),
            mark: None,
            tolerated: SecureProblems::default(),
            until: self.now,
        }
    }

    fn ask(&mut self, key: usize, choose: Choose<'_>) {
        if self.servers[key].used.len() + self.servers[key].waiting.len() >= MOST {
            return;
        }
        let (demand, name, now) = (any_demand(choose), self.id(), self.now);
        let mut aftermath = Aftermath::default();
        let answer = self
            .shelf
            .ask(&Arc::new(key), &demand, || name, now, &mut aftermath);
        self.servers[key].ended = false;
        self.close(key, &aftermath, Some(&demand));
        assert!(aftermath.woken.is_empty(), "one more request helps nobody");
        let server = &mut self.servers[key];
        match answer {
            Answer::Now(grant) => {
                assert!(server.first_without().is_none(), "others have waited");
                let due = server.due(&demand, now);
                self.granted(key, &grant, due);
            }
            Answer::Wait(number) => {
                assert!(server.first_without().is_some() || server.has_nothing_for(&demand, now));
                server.waiting.push(Waiting {
                    number,
                    name,
                    demand,
                    got: None,
                });
            }
        }
    }

    /// What somebody has got is what was due to them, and they use it.
    fn granted(&mut self, key: usize, grant: &Grant<u32>, due: Option<Got>) {
        let used = match (grant, due) {
            (Grant::Use(kept), Some(Got::One(open))) if open.is(kept) => open,
            (Grant::Open, Some(Got::Room)) => self.opened(),
            (Grant::Use(_) | Grant::Open, _) => panic!("{grant:?} instead of {due:?}"),
        };
        self.servers[key].used.push(used);
    }

    fn put(&mut self, key: usize, choose: Choose<'_>) {
        let Some(mut open) = pick(&mut self.servers[key].used, choose) else {
            return;
        };
        open.tolerated = any_problems(choose);
        open.until = self.now + time(choose);
        self.servers[key].idle.push(open);
        let kept = Kept {
            connection: open.id,
            tolerated: open.tolerated,
            mark: open.mark,
            until: open.until,
        };
        let aftermath = self.shelf.put(&key, kept, self.now);
        self.settle(key, &aftermath);
    }

    fn gone(&mut self, key: usize, choose: Choose<'_>) {
        if let Some(open) = pick(&mut self.servers[key].used, choose) {
            let aftermath = self.shelf.gone(&key, open.mark, self.now);
            self.settle(key, &aftermath);
        }
    }

    fn collect(&mut self, key: usize, choose: Choose<'_>) {
        let Some(waiting) = pick(&mut self.servers[key].waiting, choose) else {
            return;
        };
        match self.shelf.collect(&key, waiting.number) {
            Some(grant) => {
                assert!(self.shelf.collect(&key, waiting.number).is_none(), "once");
                self.granted(key, &grant, waiting.got);
            }
            None => {
                assert_eq!(waiting.got, None, "it was woken");
                let waits = &mut self.servers[key].waiting;
                waits.push(waiting);
                waits.sort_by_key(|one| one.number);
            }
        }
    }

    fn leave(&mut self, key: usize, choose: Choose<'_>) {
        let Some(waiting) = pick(&mut self.servers[key].waiting, choose) else {
            return;
        };
        if let Some(Got::One(open)) = waiting.got {
            self.servers[key].idle.push(open);
        }
        let aftermath = self.shelf.leave(&key, waiting.number, self.now);
        self.settle(key, &aftermath);
    }

    /// A connection that was given turns out dead, as the pool sees it.
    fn instead(&mut self, key: usize, choose: Choose<'_>) {
        let (demand, now) = (any_demand(choose), self.now);
        let Some(dead) = pick(&mut self.servers[key].used, choose) else {
            return;
        };
        self.shelf.unmark(&key, dead.mark);
        let mut aftermath = Aftermath::default();
        let other = self.shelf.instead(&key, &demand, now, &mut aftermath);
        self.close(key, &aftermath, None);
        assert!(
            aftermath.woken.is_empty(),
            "as many are open, or fewer by those closed"
        );
        let suits = |open: &Open| open.suits(&demand, now);
        let place = self.servers[key].idle.iter().rposition(suits);
        let due = place.map(|place| self.servers[key].idle.remove(place));
        assert_eq!(due.is_some(), other.is_some());
        let used = match (due, other) {
            (Some(due), Some(other)) if due.is(&other) => due,
            // It may still open one.
            (None, None) => self.opened(),
            (due, other) => panic!("{other:?} instead of {due:?}"),
        };
        self.servers[key].used.push(used);
    }

    fn take(&mut self, key: usize, choose: Choose<'_>) {
        let Some(open) = pick(&mut self.servers[key].idle, choose) else {
            return;
        };
        let found = self.shelf.idle().find(|(_, _, id)| **id == open.id);
        let (_, number, _) = found.expect("it is idle");
        let taken = self.shelf.take(&key, number).expect("it is idle");
        assert!(open.is(&taken) && self.shelf.take(&key, number).is_none());
        self.servers[key].used.push(open);
    }

    fn mark(&mut self, key: usize, choose: Choose<'_>) {
        let mark = [1 + u8::try_from(choose(2)).expect("a small number"); 16];
        let unmarks = choose(3) == 0;
        let Some(mut open) = pick(&mut self.servers[key].used, choose) else {
            return;
        };
        if unmarks {
            self.shelf.unmark(&key, open.mark.take());
        } else if open.mark != Some(mark) {
            self.shelf.mark(&key, open.mark.replace(mark), mark);
        }
        self.servers[key].used.push(open);
    }

    fn answers_1_0(&mut self, key: usize, choose: Choose<'_>) {
        if !self.servers[key].used.is_empty() {
            let until = self.now + time(choose);
            self.shelf.answers_1_0(&key, until);
            self.servers[key].old_until = Some(until);
        }
    }

    fn end(&mut self, key: usize) {
        let aftermath = self.shelf.end(self.now, |other| *other == key);
        self.servers[key].ended = true;
        self.settle(key, &aftermath);
        assert!(self.servers[key].idle.is_empty());
    }

    /// Nobody has these numbers, and nobody uses this server.
    fn strangers(&mut self, key: usize) {
        assert!(self.shelf.collect(&key, u64::MAX).is_none());
        assert!(self.shelf.take(&key, u64::MAX).is_none());
        assert!(self.shelf.collect(&SERVERS, 1).is_none());
        let now = self.now;
        let gone = self.shelf.gone(&SERVERS, None, now);
        assert!(gone.closed.is_empty() && gone.woken.is_empty());
        let left = self.shelf.leave(&key, u64::MAX, now);
        self.settle(key, &left);
    }

    fn sweep(&mut self) {
        let now = self.now;
        let all = self.servers.iter().flat_map(|server| &server.idle);
        let lives = all.map(|one| one.until).filter(|until| now < *until);
        let expected = lives.min();
        let (aftermath, next) = self.shelf.sweep(now);
        assert_eq!(next, expected);
        for key in 0..SERVERS {
            let server = &self.servers[key];
            let own = Aftermath {
                closed: some_of(&aftermath.closed, |id| {
                    server.idle.iter().any(|one| one.id == id)
                }),
                woken: some_of(&aftermath.woken, |name| {
                    server.waiting.iter().any(|one| one.name == name)
                }),
                serves_at: None,
            };
            self.settle(key, &own);
            let left = &self.servers[key].idle;
            assert!(left.iter().all(|one| now < one.until), "swept");
            self.servers[key].forget();
        }
    }

    /// What was closed was idle, and there was a reason: its time, the server's end, or a request
    /// that has no room beside it.
    fn close(&mut self, key: usize, aftermath: &Aftermath<u32, u32>, asks: Option<&Demand>) {
        let now = self.now;
        let server = &mut self.servers[key];
        for id in &aftermath.closed {
            let waits = server.waiting.iter().filter(|one| one.got.is_none());
            let demands = waits.map(|one| &one.demand).chain(asks);
            let limits = demands.map(|demand| server.limit(demand, now));
            // Those who are woken may have taken room before it was closed.
            let open = server.open() + aftermath.woken.len();
            let is_full = limits.min().is_some_and(|least| open >= least);
            let place = server.idle.iter().position(|one| one.id == *id);
            let closed = server.idle.remove(place.expect("it was idle"));
            assert!(closed.until <= now || server.ended || is_full, "{closed:?}");
        }
    }

    /// Behind a change that serves those who wait: the first get what is due to them, and there is
    /// nothing for the next.
    fn settle(&mut self, key: usize, aftermath: &Aftermath<u32, u32>) {
        self.close(key, aftermath, None);
        let now = self.now;
        for name in &aftermath.woken {
            let server = &mut self.servers[key];
            let next = server.first_without().expect("somebody waits");
            let demand = next.demand;
            assert_eq!(next.name, *name, "first come, first served");
            let due = server.due(&demand, now).expect("there is something");
            let next = server.waiting.iter_mut().find(|one| one.got.is_none());
            next.expect("somebody waits").got = Some(due);
        }
        let server = &self.servers[key];
        let next = server.first_without();
        assert!(
            next.is_none_or(|next| server.has_nothing_for(&next.demand, now)),
            "somebody waits for nothing"
        );
    }

    /// The shelf has what the model has.
    fn compare(&mut self) {
        for (key, server) in self.servers.iter().enumerate() {
            let idle = self.shelf.idle().filter(|(other, ..)| ***other == key);
            let ids: Vec<u32> = idle.map(|(_, _, id)| *id).collect();
            let expected: Vec<u32> = server.idle.iter().map(|one| one.id).collect();
            assert_eq!(ids, expected, "idle");
            let mut counted = self.shelf.open_by_mark(|other| *other == key);
            let (_, open, marks) = counted.next().unwrap_or((&key, 0, &[]));
            let mut marks = marks.to_vec();
            marks.sort_unstable();
            assert_eq!((open, marks), (server.open(), server.marks()), "open");
        }
        let nothing = self.servers.iter().all(|server| server.open() == 0);
        assert_eq!(self.shelf.is_empty(), nothing);
    }
}

fn some_of(all: &[u32], wanted: impl Fn(u32) -> bool) -> Vec<u32> {
    all.iter().copied().filter(|one| wanted(*one)).collect()
}

/// Removes any of them, if there is one.
fn pick<T>(from: &mut Vec<T>, choose: Choose<'_>) -> Option<T> {
    (!from.is_empty()).then(|| from.remove(choose(from.len())))
}

fn any_demand(choose: Choose<'_>) -> Demand {
    let limit = |choose: Choose<'_>| [1, 2, 3, usize::MAX][choose(4)];
    let mark = [1 + u8::try_from(choose(2)).expect("a small number"); 16];
    Demand {
        ignores: any_problems(choose),
        marks: [
            Marks::All,
            Marks::All,
            Marks::ThisOrNone(mark),
            Marks::This(mark),
        ][choose(4)],
        limits: Limits {
            burst: usize::MAX,
            usual: limit(choose),
            http_1_0: limit(choose),
        },
    }
}

/// Few different ones, so that ends are met to the point.
fn time(choose: Choose<'_>) -> Duration {
    Duration::from_secs(10 * choose(7) as u64)
}

/// None in half of the cases.
fn any_problems(choose: Choose<'_>) -> SecureProblems {
    let (authority, name) = (SecureProblems::INVALID_CA, SecureProblems::CERT_CN_INVALID);
    let none = SecureProblems::default();
    [none, none, authority, authority.with(name)][choose(4)]
}
