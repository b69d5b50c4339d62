//! The command line: what people ask for, and how the runner starts its own processes.

use lexopt::prelude::{Long, ValueExt};

use crate::codec;
use crate::contestants::Contestant;
use crate::micro;
use crate::rows::{self, ROWS, Row};

const HELP: &str = "\
Times WebSockets and HTTP through libwinhttp's C ABI against named peers.

  --rounds N             interleaved rounds (7)
  --rows W1,W1c          only these rows
  --contestants a,b      only these contestants
  --quick                3 rounds of a quarter of the work
  --ours-env NAME=VALUE  environment of our two contestants; may be repeated
  --write-docs           write the results to docs/performance.md
  --micro                time the inner loops alone
  --codec                time the codec of libwebsocket; --rounds N (15), --rows, --contestants,
                         --write-docs may follow
  --list                 names of rows and contestants";

#[derive(Debug)]
pub(crate) enum Role {
    Runner(Options),
    Server {
        core: usize,
        has_own_core: bool,
    },
    Child(Order),
    /// One of the inner loops so many times, or all of them timed.
    Micro(Option<(String, u64)>),
    Codec(codec::Task),
}

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) rounds: usize,
    pub(crate) rows: Vec<&'static Row>,
    pub(crate) contestants: Vec<Contestant>,
    /// Divides the operations of every row.
    pub(crate) fraction: u64,
    pub(crate) ours_env: Vec<(String, String)>,
    pub(crate) write_docs: bool,
}

/// What one child process is to do.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) contestant: Contestant,
    pub(crate) row: &'static Row,
    pub(crate) operations: u64,
    pub(crate) port: u16,
    pub(crate) cores: Vec<usize>,
}

impl Order {
    /// The arguments that make a child of this order.
    pub(crate) fn to_arguments(&self) -> Vec<String> {
        let cores: Vec<String> = self.cores.iter().map(ToString::to_string).collect();
        vec![
            "--child".to_owned(),
            self.contestant.name().to_owned(),
            self.row.name.to_owned(),
            self.operations.to_string(),
            self.port.to_string(),
            cores.join(","),
        ]
    }
}

pub(crate) fn parse() -> Role {
    let mut options = Options {
        rounds: 7,
        rows: ROWS.iter().collect(),
        contestants: Contestant::ALL.to_vec(),
        fraction: 1,
        ours_env: Vec::new(),
        write_docs: false,
    };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next().unwrap() {
        let name = if let Long(name) = argument {
            name.to_owned()
        } else {
            String::new()
        };
        if let Some(role) = other_role(&name, &mut parser) {
            return role;
        }
        let mut value = || parser.value().unwrap().string().unwrap();
        match name.as_str() {
            "rounds" => options.rounds = value().parse().unwrap(),
            "rows" => options.rows = value().split(',').map(rows::by_name).collect(),
            "contestants" => {
                options.contestants = value().split(',').map(Contestant::by_name).collect();
            }
            "quick" => (options.rounds, options.fraction) = (3, 4),
            "ours-env" => {
                let pair = value();
                let (name, text) = pair.split_once('=').expect("NAME=VALUE");
                options.ours_env.push((name.to_owned(), text.to_owned()));
            }
            "write-docs" => options.write_docs = true,
            "list" => {
                ROWS.iter()
                    .for_each(|row| println!("{:<5} {}", row.name, row.title));
                Contestant::ALL
                    .iter()
                    .for_each(|one| println!("{}", one.name()));
                std::process::exit(0);
            }
            other => {
                println!("{HELP}");
                std::process::exit(if other == "help" { 0 } else { 2 });
            }
        }
    }
    Role::Runner(options)
}

/// What this process is if it is not the runner; benches/instructions uses these too.
fn other_role(name: &str, parser: &mut lexopt::Parser) -> Option<Role> {
    let optional = if ["micro", "codec"].contains(&name) {
        parser.optional_value().map(|one| one.string().unwrap())
    } else {
        None
    };
    if name == "codec" {
        return Some(Role::Codec(codec::parse(optional.as_deref(), parser)));
    }
    let mut value = || parser.value().unwrap().string().unwrap();
    Some(match name {
        "micro" => Role::Micro(optional.map(|name| (name, value().parse().unwrap()))),
        "list-micro" => {
            micro::names().for_each(|name| println!("{name}"));
            std::process::exit(0);
        }
        "server" => Role::Server {
            core: value().parse().unwrap(),
            has_own_core: value() == "own",
        },
        "child" => Role::Child(Order {
            contestant: Contestant::by_name(&value()),
            row: rows::by_name(&value()),
            operations: value().parse().unwrap(),
            port: value().parse().unwrap(),
            cores: value()
                .split(',')
                .map(|core| core.parse().unwrap())
                .collect(),
        }),
        _ => return None,
    })
}
