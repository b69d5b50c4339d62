//! What all rounds of a row gave: medians, ratios taken round by round, and whether the goals are
//! reached.

use crate::child::Measured;
use crate::contestants::Contestant;
use crate::goals::{Against, Figure, GOALS, Goal};
use crate::rows::Row;

#[derive(Debug)]
pub(crate) struct Results {
    pub(crate) row: &'static Row,
    /// For each contestant its rounds, in order.
    pub(crate) rounds: Vec<(Contestant, Vec<Measured>)>,
}

/// A goal and what was found.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) goal: &'static Goal,
    pub(crate) found: f64,
}

impl Verdict {
    pub(crate) fn is_reached(&self) -> bool {
        self.goal.limit.is_kept(self.found)
    }
}

impl Figure {
    fn of(self, measured: &Measured) -> f64 {
        match self {
            Self::Value => measured.value,
            Self::Cost => measured.cost,
        }
    }
}

impl Results {
    /// The median of one contestant's rounds.
    pub(crate) fn median(&self, contestant: Contestant, figure: Figure) -> Option<f64> {
        let rounds = self.of(contestant)?.iter();
        Some(median(rounds.map(|one| figure.of(one))))
    }

    /// The median of the ratios taken round by round, which what slows the whole machine does not
    /// move.
    pub(crate) fn ratio(&self, one: Contestant, to: Contestant, figure: Figure) -> Option<f64> {
        let pairs = self.of(one)?.iter().zip(self.of(to)?);
        Some(median(
            pairs.map(|(one, to)| figure.of(one) / figure.of(to)),
        ))
    }

    /// The peer with the best median.
    pub(crate) fn best_peer(&self) -> Option<Contestant> {
        let value = |one: &Contestant| {
            let value = self.median(*one, Figure::Value).unwrap_or_default();
            if self.row.counts_cost() {
                -value
            } else {
                value
            }
        };
        let peers = Contestant::ALL.iter().filter(|one| one.is_peer());
        peers
            .filter(|one| self.of(**one).is_some())
            .max_by(|one, other| value(one).total_cmp(&value(other)))
            .copied()
    }

    /// The goals of this row that the run allows to judge.
    pub(crate) fn verdicts(&self) -> Vec<Verdict> {
        let goals = GOALS.iter().filter(|goal| goal.row == self.row.name);
        let judge = |goal: &'static Goal| {
            let found = match goal.against {
                Against::Raw => self.ratio(goal.mode, Contestant::Raw, goal.figure),
                Against::Best => self.ratio(goal.mode, self.best_peer()?, goal.figure),
                Against::Peer(peer) => self.ratio(goal.mode, peer, goal.figure),
                Against::Nothing => self.median(goal.mode, goal.figure),
            }?;
            Some(Verdict { goal, found })
        };
        goals.filter_map(judge).collect()
    }

    fn of(&self, contestant: Contestant) -> Option<&[Measured]> {
        let found = self.rounds.iter().find(|(own, _)| *own == contestant);
        found.map(|(_, rounds)| rounds.as_slice())
    }
}

/// The one in the middle.
pub(crate) fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn results(row: &str, rounds: &[(Contestant, &[f64])]) -> Results {
        let measured = |value: &f64| Measured {
            value: *value,
            cost: 1.0,
        };
        let rounds = rounds.iter();
        Results {
            row: crate::rows::by_name(row),
            rounds: rounds
                .map(|(one, values)| (*one, values.iter().map(measured).collect()))
                .collect(),
        }
    }

    #[test]
    fn ratios_are_taken_round_by_round() {
        let slow_second_round = results(
            "W1",
            &[
                (Contestant::Raw, &[100.0, 10.0, 100.0]),
                (Contestant::OursSync, &[50.0, 5.0, 60.0]),
            ],
        );
        let ratio = slow_second_round.ratio(Contestant::OursSync, Contestant::Raw, Figure::Value);
        assert_eq!(ratio, Some(0.5));
    }

    #[test]
    fn the_best_peer_is_the_fastest_and_with_memory_the_smallest() {
        let peers: &[(Contestant, &[f64])] = &[
            (Contestant::Raw, &[9.0]),
            (Contestant::Tungstenite, &[2.0]),
            (Contestant::FastWebSockets, &[3.0]),
        ];
        assert_eq!(
            results("W1", peers).best_peer(),
            Some(Contestant::FastWebSockets)
        );
        assert_eq!(
            results("W7", peers).best_peer(),
            Some(Contestant::Tungstenite)
        );
    }

    #[test]
    fn goals_whose_contestants_did_not_run_are_not_judged() {
        let alone = results("W1c", &[(Contestant::OursSync, &[1.0])]);
        assert!(alone.verdicts().is_empty());
        let with_raw: &[(Contestant, &[f64])] =
            &[(Contestant::Raw, &[2.0]), (Contestant::OursSync, &[1.0])];
        let verdicts = results("W1c", with_raw).verdicts();
        assert_eq!(verdicts.len(), 1);
        assert!(!verdicts[0].is_reached());
    }
}
