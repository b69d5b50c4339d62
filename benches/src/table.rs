//! Medians and ratios, as text.

use crate::child::Measured;
use crate::contestants::Contestant;
use crate::runner::Results;

/// Cores, processor and kernel, in one line.
pub(crate) fn machine_line() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("unknown processor", |rest| {
            rest.trim_start_matches([' ', '\t', ':'])
        });
    let kernel = read("/proc/sys/kernel/osrelease");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} cores, {model}, Linux {}", kernel.trim())
}

pub(crate) fn render(results: &Results) -> String {
    let row = results.row;
    let mut text = format!(
        "\n{} {}\n{:<18} {:>12} {:>9} {:>8} {:>8} {:>8}\n",
        row.name, row.title, "", row.unit, "CPU us", "to raw", "CPU", "to best"
    );
    let best = results.best_peer();
    for (contestant, rounds) in &results.rounds {
        let ratio = |to, of: fn(&Measured) -> f64| {
            let ratio = results.ratio(*contestant, to, of);
            ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
        };
        text += &format!(
            "{:<18} {:>12.0} {:>9.2} {:>8} {:>8} {:>8}\n",
            contestant.name(),
            median(rounds.iter().map(|one| one.value)),
            median(rounds.iter().map(|one| one.cost)),
            ratio(Some(Contestant::Raw), |one| one.value),
            ratio(Some(Contestant::Raw), |one| one.cost),
            ratio(best, |one| one.value),
        );
    }
    text
}

impl Results {
    /// The peer with the highest median.
    fn best_peer(&self) -> Option<Contestant> {
        let rate = |rounds: &[Measured]| median(rounds.iter().map(|one| one.value));
        self.rounds
            .iter()
            .filter(|(contestant, _)| contestant.is_peer())
            .max_by(|(_, one), (_, other)| rate(one).total_cmp(&rate(other)))
            .map(|(contestant, _)| *contestant)
    }

    fn of(&self, contestant: Contestant) -> Option<&[Measured]> {
        let found = self.rounds.iter().find(|(own, _)| *own == contestant);
        found.map(|(_, rounds)| rounds.as_slice())
    }

    /// The median of the ratios taken round by round, which what moves the whole machine does not move.
    fn ratio(
        &self,
        one: Contestant,
        to: Option<Contestant>,
        figure: fn(&Measured) -> f64,
    ) -> Option<f64> {
        let pairs = self.of(one)?.iter().zip(self.of(to?)?);
        Some(median(pairs.map(|(one, to)| figure(one) / figure(to))))
    }
}

fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
