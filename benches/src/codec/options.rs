//! What may follow `--codec` on the command line.

use lexopt::prelude::{Long, ValueExt};

use super::Contestant;
use super::rows::{self, ROWS, Row};

#[derive(Debug)]
pub(crate) enum Task {
    /// Times everybody.
    All(Options),
    /// Does so many messages and prints nothing: for counting instructions.
    One {
        row: &'static Row,
        contestant: Contestant,
        messages: u64,
    },
}

#[derive(Debug)]
pub(crate) struct Options {
    pub(super) rounds: usize,
    pub(super) rows: Vec<&'static Row>,
    pub(super) contestants: Vec<Contestant>,
    pub(super) write_docs: bool,
}

/// Reads the rest of the command line; `one` is a row and a contestant, as in `C1-component`.
pub(crate) fn parse(one: Option<&str>, parser: &mut lexopt::Parser) -> Task {
    if let Some(one) = one {
        let (row, contestant) = one.split_once('-').expect("ROW-CONTESTANT");
        return Task::One {
            row: rows::by_name(row),
            contestant: Contestant::by_name(contestant),
            messages: parser.value().unwrap().parse().unwrap(),
        };
    }
    let mut options = Options {
        rounds: 15,
        rows: ROWS.iter().collect(),
        contestants: Contestant::ALL.to_vec(),
        write_docs: false,
    };
    while let Some(argument) = parser.next().unwrap() {
        let Long(name) = argument else {
            panic!("{argument:?} after --codec");
        };
        let name = name.to_owned();
        let mut value = || parser.value().unwrap().string().unwrap();
        match name.as_str() {
            "rounds" => options.rounds = value().parse().unwrap(),
            "rows" => options.rows = value().split(',').map(rows::by_name).collect(),
            "contestants" => {
                options.contestants = value().split(',').map(Contestant::by_name).collect();
            }
            "write-docs" => options.write_docs = true,
            other => panic!("--{other} after --codec"),
        }
    }
    Task::All(options)
}
