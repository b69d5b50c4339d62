//! The results as text for a terminal and for `docs/performance.md`.

use super::Contestant;
use super::rows::Row;
use crate::{docs, results, table};

/// Nanoseconds per message, round by round.
#[derive(Debug)]
pub(super) struct Results {
    pub(super) row: &'static Row,
    pub(super) rounds: Vec<(Contestant, Vec<f64>)>,
}

impl Results {
    fn of(&self, contestant: Contestant) -> Option<&[f64]> {
        let found = self.rounds.iter().find(|(own, _)| *own == contestant);
        found.map(|(_, rounds)| rounds.as_slice())
    }

    /// The median of one contestant's rounds.
    fn median(&self, contestant: Contestant) -> Option<f64> {
        Some(results::median(self.of(contestant)?.iter().copied()))
    }

    /// How many times the other's time one takes: the median of the ratios taken round by round.
    fn times(&self, one: Contestant, other: Contestant) -> Option<f64> {
        let pairs = self.of(one)?.iter().zip(self.of(other)?);
        Some(results::median(pairs.map(|(one, other)| one / other)))
    }

    fn best_peer(&self) -> Option<Contestant> {
        let peers = self.rounds.iter().map(|(own, _)| *own);
        peers.filter(|one| one.is_peer()).min_by(|one, other| {
            let time = |own: &Contestant| self.median(*own).unwrap_or(f64::INFINITY);
            time(one).total_cmp(&time(other))
        })
    }

    /// How many times as fast as the best peer.
    fn speed(&self, contestant: Contestant) -> Option<f64> {
        self.times(self.best_peer()?, contestant)
    }

    fn mib_per_second(&self, contestant: Contestant) -> Option<f64> {
        let nanoseconds = self.median(contestant)?;
        Some(self.row.bytes as f64 / nanoseconds * 1e9 / f64::from(1 << 20))
    }
}

/// One row for the terminal.
pub(super) fn render(results: &Results) -> String {
    let row = results.row;
    let mut text = format!(
        "\n{} {}\n{:<24} {:>12} {:>10} {:>10} {:>10}\n",
        row.name, row.title, "", "ns", "MiB/s", "to memcpy", "speed"
    );
    for (contestant, _) in &results.rounds {
        text += &format!(
            "{:<24} {:>12} {:>10} {:>10} {:>10}\n",
            contestant.name(),
            table::number(results.median(*contestant)),
            table::number(results.mib_per_second(*contestant)),
            table::number(results.times(*contestant, Contestant::Memcpy)),
            table::number(results.speed(*contestant)),
        );
    }
    text
}

/// Writes the tables anew.
pub(super) fn write(all: &[Results], about: &str) {
    let mut text = format!("{about}\n\nNanoseconds per message, with the ratio to memcpy:\n\n");
    text += "| row | work |";
    for contestant in Contestant::ALL {
        text += &format!(" {} |", contestant.name());
    }
    text += " best peer | component's speed to it | whole |\n|---|---|---|---|---|";
    text += &"---|".repeat(Contestant::ALL.len());
    text.push('\n');
    for results in all {
        text += &format!("| {} | {} |", results.row.name, results.row.title);
        for contestant in Contestant::ALL {
            let median = table::number(results.median(*contestant));
            let times = results.times(*contestant, Contestant::Memcpy);
            let times = times.map_or_else(String::new, |times| {
                format!(" ({})", table::number(Some(times)))
            });
            text += &format!(" {median}{times} |");
        }
        text += &format!(
            " {} | {} | {} |\n",
            results.best_peer().map_or("-", Contestant::name),
            table::number(results.speed(Contestant::Component)),
            table::number(results.speed(Contestant::ComponentWhole)),
        );
    }
    docs::replace("codec", &text);
}
