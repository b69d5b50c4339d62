//! The shelf against what it promises, and against a model that does the same by counting
//! ([`super::model`]).

use std::time::Duration;

use super::model::Model;
use super::*;

type Shelf = super::Shelf<&'static str, u32, u32>;

/// A shelf, and a time that only the test moves.
struct World {
    shelf: Shelf,
    now: Instant,
    aftermath: Aftermath<u32, u32>,
}

const LIFE: Duration = Duration::from_secs(60);

impl World {
    fn new() -> Self {
        Self {
            shelf: Shelf::new(),
            now: crate::engine::clock::now(),
            aftermath: Aftermath::default(),
        }
    }

    fn after(&mut self, time: Duration) {
        self.now += time;
    }

    fn ask(&mut self, key: &'static str, demand: Demand, name: u32) -> Answer<u32> {
        self.shelf.ask(
            &Arc::new(key),
            &demand,
            || name,
            self.now,
            &mut self.aftermath,
        )
    }

    /// Asks, and gets a connection or may open one.
    fn get(&mut self, key: &'static str, demand: Demand) -> Option<u32> {
        match self.ask(key, demand, 0) {
            Answer::Now(Grant::Use(kept)) => Some(kept.connection),
            Answer::Now(Grant::Open) => None,
            Answer::Wait(_) => panic!("there is room"),
        }
    }

    fn wait(&mut self, key: &'static str, demand: Demand, name: u32) -> u64 {
        match self.ask(key, demand, name) {
            Answer::Wait(number) => number,
            Answer::Now(grant) => panic!("there is no room for {grant:?}"),
        }
    }

    fn put(&mut self, key: &'static str, connection: u32) {
        let kept = kept(connection, self.now + LIFE);
        self.put_kept(key, kept);
    }

    fn put_kept(&mut self, key: &'static str, kept: Kept<u32>) {
        let aftermath = self.shelf.put(&key, kept, self.now);
        self.add(aftermath);
    }

    fn gone(&mut self, key: &'static str) {
        let aftermath = self.shelf.gone(&key, None, self.now);
        self.add(aftermath);
    }

    fn add(&mut self, aftermath: Aftermath<u32, u32>) {
        self.aftermath.closed.extend(aftermath.closed);
        self.aftermath.woken.extend(aftermath.woken);
    }

    fn woken(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.aftermath.woken)
    }

    fn closed(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.aftermath.closed)
    }
}

fn kept(connection: u32, until: Instant) -> Kept<u32> {
    Kept {
        connection,
        tolerated: SecureProblems::default(),
        mark: None,
        until,
    }
}

fn any() -> Demand {
    at_most(usize::MAX)
}

fn at_most(usual: usize) -> Demand {
    Demand {
        ignores: SecureProblems::default(),
        marks: Marks::All,
        limits: Limits {
            burst: usize::MAX,
            usual,
            ..Limits::NONE
        },
    }
}

#[test]
fn the_connection_that_came_last_leaves_first_and_only_for_its_server() {
    let mut world = World::new();
    for connection in [1, 2] {
        assert_eq!(world.get("a", any()), None);
        assert_eq!(world.get("b", any()), None, "{connection}");
    }
    world.put("a", 1);
    world.put("a", 2);
    assert_eq!(world.get("b", any()), None);
    assert_eq!(world.get("a", any()), Some(2));
    assert_eq!(world.get("a", any()), Some(1));
    assert_eq!(world.get("a", any()), None);
}

#[test]
fn fact_21_4_1_a_connection_serves_to_the_end_of_its_idle_life_and_not_beyond() {
    let mut world = World::new();
    assert_eq!(world.get("a", any()), None);
    world.put("a", 1);
    world.after(LIFE - Duration::from_nanos(1));
    assert_eq!(world.get("a", any()), Some(1));
    world.put("a", 1);
    world.after(LIFE);
    assert_eq!(world.get("a", any()), None);
    assert_eq!(world.closed(), [1]);
}

#[test]
fn fact_21_4_1_a_sweep_closes_what_has_expired_and_says_when_the_next_one_does() {
    let mut world = World::new();
    for _ in 0..2 {
        assert_eq!(world.get("a", any()), None);
    }
    world.put("a", 1);
    let first = world.now + LIFE;
    world.after(Duration::from_secs(1));
    world.put("a", 2);
    let (swept, next) = world.shelf.sweep(world.now);
    assert!(swept.closed.is_empty());
    assert_eq!(next, Some(first));
    let (swept, next) = world.shelf.sweep(first);
    assert_eq!(
        (swept.closed, next),
        (vec![1], Some(first + Duration::from_secs(1)))
    );
    let second = first + Duration::from_secs(1);
    let (swept, next) = world.shelf.sweep(second);
    assert_eq!((swept.closed, next), (vec![2], None));
    assert!(world.shelf.servers.is_empty());
}

#[test]
fn nothing_becomes_idle_for_a_session_that_is_over() {
    let mut world = World::new();
    for key in ["a", "a", "b"] {
        assert_eq!(world.get(key, any()), None);
    }
    world.put("a", 1);
    let ended = world.shelf.end(world.now, |key| *key == "a");
    assert_eq!(ended.closed, [1]);
    // It was still read to its end then.
    world.put("a", 2);
    world.put("b", 3);
    assert_eq!(world.closed(), [2]);
    assert!(!world.shelf.servers.contains_key(&"a"));
    assert_eq!(world.get("b", any()), Some(3));
}

#[test]
fn servers_of_the_old_version_are_forgotten_also_where_no_connection_is_ever_idle() {
    let mut shelf = super::Shelf::<u32, u32, u32>::new();
    let mut now = crate::engine::clock::now();
    for key in 0..10_000 {
        let mut aftermath = Aftermath::default();
        shelf.ask(&Arc::new(key), &any(), || 0, now, &mut aftermath);
        shelf.answers_1_0(&key, now + LIFE);
        shelf.gone(&key, None, now);
        now += Duration::from_secs(1);
        assert!(shelf.servers.len() <= 2 * 60 + 1);
    }
}

#[test]
fn who_comes_over_the_limit_waits_in_order() {
    let mut world = World::new();
    assert_eq!(world.get("a", at_most(1)), None);
    let first = world.wait("a", at_most(1), 10);
    let second = world.wait("a", at_most(1), 11);
    assert_eq!(
        world.get("b", at_most(1)),
        None,
        "the limit is for each server"
    );
    world.put("a", 1);
    assert_eq!(world.woken(), [10]);
    assert!(world.shelf.collect(&"a", second).is_none());
    let got = world.shelf.collect(&"a", first);
    assert!(matches!(got, Some(Grant::Use(kept)) if kept.connection == 1));
    world.gone("a");
    assert_eq!(world.woken(), [11]);
    assert!(matches!(
        world.shelf.collect(&"a", second),
        Some(Grant::Open)
    ));
    assert!(world.shelf.collect(&"a", second).is_none(), "once");
}

#[test]
fn nobody_overtakes_those_who_wait() {
    let mut world = World::new();
    assert_eq!(world.get("a", at_most(1)), None);
    world.wait("a", at_most(1), 10);
    // There would be room for this one.
    world.wait("a", at_most(2), 11);
    world.gone("a");
    assert_eq!(world.woken(), [10, 11]);
}

#[test]
fn more_are_opened_with_the_first_one_up_to_the_limit() {
    let mut world = World::new();
    assert_eq!(world.get("a", at_most(3)), None);
    let now = world.now;
    let limits = at_most(3).limits;
    assert_eq!(world.shelf.open_ahead(&"a", 9, limits, now), 2);
    assert_eq!(world.shelf.open_ahead(&"a", 9, limits, now), 0, "once");
    world.wait("a", at_most(3), 10);
    world.put("a", 1);
    assert_eq!(world.woken(), [10]);
}

#[test]
fn who_opens_a_connection_takes_one_that_is_free_before_and_keeps_nobody_waiting() {
    let mut world = World::new();
    for _ in 0..2 {
        assert_eq!(world.get("a", at_most(2)), None);
    }
    let (shelf, now) = (&mut world.shelf, world.now);
    let number = shelf.stand_by(&"a", &at_most(2), 10, now, &mut world.aftermath);
    let waiting = world.wait("a", at_most(2), 11);
    world.put("a", 1);
    assert_eq!(world.woken(), [10], "it came first");
    // What it was opening serves the one behind it.
    world.put("a", 2);
    assert_eq!(world.woken(), [11]);
    assert!(world.shelf.collect(&"a", waiting).is_some());
    let got = world.shelf.collect(&"a", number);
    assert!(matches!(got, Some(Grant::Use(kept)) if kept.connection == 1));
    let (shelf, now) = (&mut world.shelf, world.now);
    shelf.stand_by(&"a", &at_most(2), 12, now, &mut world.aftermath);
    world.gone("a");
    assert_eq!(world.woken(), [0; 0], "it may open one already");
    assert_eq!(world.get("a", at_most(2)), None);
}

#[test]
fn what_somebody_got_who_has_left_serves_the_next() {
    let mut world = World::new();
    assert_eq!(world.get("a", at_most(1)), None);
    let first = world.wait("a", at_most(1), 10);
    let second = world.wait("a", at_most(1), 11);
    world.put("a", 1);
    assert_eq!(world.woken(), [10]);
    let aftermath = world.shelf.leave(&"a", first, world.now);
    world.add(aftermath);
    assert_eq!(world.woken(), [11]);
    let aftermath = world.shelf.leave(&"a", second, world.now);
    world.add(aftermath);
    assert_eq!(
        world.get("a", at_most(1)),
        Some(1),
        "and is idle behind the last"
    );
    let third = world.wait("a", at_most(1), 12);
    world.gone("a");
    let aftermath = world.shelf.leave(&"a", third, world.now);
    world.add(aftermath);
    assert!(world.shelf.servers.is_empty());
}

#[test]
fn one_that_does_not_suit_makes_room_for_one_that_does() {
    let mut world = World::new();
    let lenient = SecureProblems::INVALID_CA;
    assert_eq!(world.get("a", at_most(1)), None);
    let until = world.now + LIFE;
    world.put_kept(
        "a",
        Kept {
            tolerated: lenient,
            ..kept(1, until)
        },
    );
    let ignoring = Demand {
        ignores: lenient.with(SecureProblems::CERT_CN_INVALID),
        ..at_most(1)
    };
    assert_eq!(world.get("a", ignoring), Some(1));
    world.put_kept(
        "a",
        Kept {
            tolerated: lenient,
            ..kept(1, until)
        },
    );
    assert_eq!(world.get("a", at_most(1)), None, "it ignores nothing");
    assert_eq!(world.closed(), [1]);
}

#[test]
fn marks_choose() {
    let (one, other) = ([1; 16], [2; 16]);
    let marked = |marks| Demand { marks, ..any() };
    let cases = [
        (Marks::All, Some(one), true),
        (Marks::All, None, true),
        (Marks::ThisOrNone(one), Some(one), true),
        (Marks::ThisOrNone(one), None, true),
        (Marks::ThisOrNone(one), Some(other), false),
        (Marks::This(one), Some(one), true),
        (Marks::This(one), None, false),
        (Marks::This(one), Some(other), false),
    ];
    for (marks, mark, suits) in cases {
        let mut world = World::new();
        assert_eq!(world.get("a", any()), None);
        let until = world.now + LIFE;
        world.put_kept(
            "a",
            Kept {
                mark,
                ..kept(1, until)
            },
        );
        assert_eq!(
            world.get("a", marked(marks)).is_some(),
            suits,
            "{marks:?} {mark:?}"
        );
    }
}

#[test]
fn a_server_of_the_old_version_has_a_limit_of_its_own_for_a_while() {
    let mut world = World::new();
    let demand = Demand {
        limits: Limits {
            burst: usize::MAX,
            usual: 2,
            http_1_0: 1,
        },
        ..any()
    };
    assert_eq!(world.get("a", demand), None);
    let until = world.now + LIFE;
    world.shelf.answers_1_0(&"a", until);
    let waiting = world.wait("a", demand, 10);
    world.after(LIFE);
    assert_eq!(world.get("b", demand), None);
    world.gone("a");
    assert_eq!(world.woken(), [10]);
    assert!(world.shelf.collect(&"a", waiting).is_some());
    assert_eq!(world.get("a", demand), None, "two, as ever");
}

#[test]
fn beyond_the_first_ones_connections_are_opened_one_after_the_other() {
    let mut world = World::new();
    let demand = Demand {
        limits: Limits {
            burst: 2,
            ..Limits::NONE
        },
        ..any()
    };
    for _ in 0..3 {
        assert_eq!(world.get("a", demand), None);
    }
    assert_eq!(world.get("b", demand), None, "of each server");
    let first = world.wait("a", demand, 10);
    world.wait("a", demand, 11);
    assert_eq!(world.aftermath.serves_at, Some(world.now + PACE));
    let (swept, next) = world.shelf.sweep(world.now);
    assert!(swept.woken.is_empty());
    assert_eq!(next, Some(world.now + PACE));
    // One that is there needs no time.
    world.put("a", 1);
    assert_eq!(world.woken(), [10]);
    assert!(world.shelf.collect(&"a", first).is_some());
    world.after(PACE);
    let (swept, next) = world.shelf.sweep(world.now);
    assert_eq!((swept.woken, next), (vec![11], None));
    // Few that come and go have no pace.
    for _ in 0..4 {
        world.gone("a");
    }
    for _ in 0..100 {
        assert_eq!(world.get("b", demand), None);
        world.gone("b");
    }
}

#[test]
fn what_is_remembered_of_a_server_is_nothing_to_look_after() {
    let mut world = World::new();
    assert_eq!(world.get("a", any()), None);
    world.shelf.answers_1_0(&"a", world.now + LIFE);
    assert!(!world.shelf.is_empty());
    world.put("a", 1);
    let expires = Some(world.now + LIFE);
    assert_eq!(world.shelf.sweep(world.now).1, expires);
    assert_eq!(world.get("a", any()), Some(1));
    world.gone("a");
    assert!(world.shelf.is_empty());
    assert_eq!(world.shelf.servers.len(), 1, "it is remembered");
    assert_eq!(
        world.shelf.servers.get(&"a").unwrap().idle.capacity(),
        0,
        "and no more"
    );
    assert_eq!(world.shelf.sweep(world.now).1, None);
}

#[test]
fn a_dead_connection_is_replaced_by_another_idle_one_without_one_more_being_open() {
    let mut world = World::new();
    for _ in 0..2 {
        assert_eq!(world.get("a", any()), None);
    }
    world.put("a", 1);
    world.put("a", 2);
    assert_eq!(world.get("a", any()), Some(2));
    let (shelf, now) = (&mut world.shelf, world.now);
    let instead = shelf.instead(&"a", &any(), now, &mut world.aftermath);
    assert_eq!(instead.map(|kept| kept.connection), Some(1));
    let none = shelf.instead(&"a", &any(), now, &mut world.aftermath);
    assert!(none.is_none());
    world.wait("a", at_most(1), 10);
    world.gone("a");
    assert_eq!(world.woken(), [10], "one was open");
}

/// Random changes of every kind; the model says what must be true behind each.
#[test]
fn a_model_agrees() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut choose = move |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).expect("below a usize")
    };
    for _ in 0..20 {
        let mut model = Model::new(crate::engine::clock::now());
        for _ in 0..3_000 {
            model.step(&mut choose);
        }
    }
}
