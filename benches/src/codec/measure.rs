//! The rounds: everybody in turn, in one process on one core.

use std::time::Instant;

use super::Messages;
use super::memory::Seen;
use super::options::Options;
use super::report::{self, Results};
use super::rows::Row;
use crate::machine;

/// How long one turn of a contestant takes, roughly.
const SECONDS: f64 = 0.01;

pub(super) fn run(options: &Options) {
    let priority = if machine::come_first() {
        "highest"
    } else {
        "ordinary"
    };
    let about = format!(
        "{}; {priority} priority; medians of {} interleaved rounds.",
        machine::description(),
        options.rounds,
    );
    let others = machine::others_percent();
    println!("{about}");
    if let Some(core) = machine::cores().last() {
        machine::pin(&[*core]);
    }
    let mut all = Vec::new();
    for row in &options.rows {
        let results = rounds(row, options);
        println!("{}", report::render(&results));
        all.push(results);
    }
    let others = others.max(machine::others_percent());
    let others = format!("Others used up to {others:.0} % of the machine.");
    println!("{others}");
    if options.write_docs {
        report::write(&all, &format!("{about} {others}"));
    }
}

fn rounds(row: &'static Row, options: &Options) -> Results {
    let taking_part = options.contestants.iter().filter(|one| one.takes_part(row));
    let mut turns: Vec<_> = taking_part
        .map(|contestant| {
            let mut work = contestant.prepare(row, Seen::default());
            let messages = messages_of_a_turn(&mut work);
            (*contestant, work, messages, Vec::new())
        })
        .collect();
    for _ in 0..options.rounds {
        for (_, work, messages, found) in &mut turns {
            found.push(seconds(work, *messages) * 1e9 / *messages as f64);
        }
    }
    let rounds = turns.into_iter();
    Results {
        row,
        rounds: rounds.map(|(own, _, _, found)| (own, found)).collect(),
    }
}

/// Warms up as well.
fn messages_of_a_turn(work: &mut Messages) -> u64 {
    let mut messages = 1;
    while seconds(work, messages) < SECONDS {
        messages *= 2;
    }
    messages
}

fn seconds(work: &mut Messages, messages: u64) -> f64 {
    let start = Instant::now();
    work(messages);
    start.elapsed().as_secs_f64()
}
