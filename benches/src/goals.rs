//! What is to be reached, row by row; `docs/performance.md` says why these are the limits worth
//! having.

use crate::contestants::Contestant;

/// Which of a run's two figures is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figure {
    /// The one that counts: a rate, or memory.
    Value,
    /// CPU time of an operation.
    Cost,
}

/// What it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Against {
    Raw,
    /// Whichever peer is best in that row.
    Best,
    Peer(Contestant),
    /// The figure itself is limited.
    Nothing,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Goal {
    pub(crate) row: &'static str,
    pub(crate) mode: Contestant,
    pub(crate) figure: Figure,
    pub(crate) against: Against,
    pub(crate) limit: Limit,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    AtLeast(f64),
    AtMost(f64),
}

impl Limit {
    pub(crate) fn is_kept(self, figure: f64) -> bool {
        match self {
            Self::AtLeast(limit) => figure >= limit,
            Self::AtMost(limit) => figure <= limit,
        }
    }
}

const SYNC: Contestant = Contestant::OursSync;
const ASYNC: Contestant = Contestant::OursAsync;
const FAST: Against = Against::Peer(Contestant::FastWebSockets);
const HYPER: Against = Against::Peer(Contestant::Hyper);
const CURL: Against = Against::Peer(Contestant::Libcurl);
const TUNGSTENITE: Against = Against::Peer(Contestant::Tungstenite);

const fn rate(row: &'static str, mode: Contestant, against: Against, least: f64) -> Goal {
    Goal {
        row,
        mode,
        figure: Figure::Value,
        against,
        limit: Limit::AtLeast(least),
    }
}

const fn cpu(row: &'static str, mode: Contestant, most: f64) -> Goal {
    Goal {
        row,
        mode,
        figure: Figure::Cost,
        against: Against::Raw,
        limit: Limit::AtMost(most),
    }
}

const fn memory(row: &'static str, mode: Contestant, most_kib: f64) -> Goal {
    Goal {
        row,
        mode,
        figure: Figure::Value,
        against: Against::Nothing,
        limit: Limit::AtMost(most_kib),
    }
}

pub(crate) const GOALS: &[Goal] = &[
    rate("W1", SYNC, Against::Best, 3.0),
    rate("W1", ASYNC, Against::Best, 2.5),
    rate("W1f", SYNC, Against::Best, 1.0),
    rate("W1f", ASYNC, Against::Best, 1.0),
    rate("W1c", SYNC, Against::Best, 1.05),
    rate("W1c", SYNC, Against::Raw, 0.92),
    rate("W1c", ASYNC, FAST, 1.0),
    rate("W1c", ASYNC, Against::Raw, 0.88),
    rate("W2", SYNC, Against::Best, 1.05),
    rate("W2", SYNC, Against::Raw, 0.19),
    rate("W2", ASYNC, Against::Best, 3.0),
    rate("W2", ASYNC, Against::Raw, 0.6),
    rate("W3c", SYNC, Against::Best, 1.05),
    rate("W3c", SYNC, Against::Raw, 0.87),
    rate("W3c", ASYNC, Against::Best, 1.0),
    rate("W3c", ASYNC, Against::Raw, 0.83),
    rate("W4", SYNC, Against::Best, 1.1),
    rate("W4", SYNC, Against::Raw, 1.0),
    rate("W4", ASYNC, Against::Best, 1.1),
    rate("W4", ASYNC, Against::Raw, 0.95),
    rate("W5", SYNC, FAST, 0.95),
    rate("W5", SYNC, TUNGSTENITE, 1.4),
    rate("W5", SYNC, Against::Raw, 0.7),
    cpu("W5", SYNC, 1.45),
    rate("W5", ASYNC, FAST, 0.95),
    rate("W5", ASYNC, TUNGSTENITE, 1.4),
    rate("W5", ASYNC, Against::Raw, 0.68),
    rate("W6a", SYNC, Against::Best, 1.0),
    rate("W6a", SYNC, Against::Raw, 0.92),
    rate("W6a", ASYNC, Against::Best, 0.95),
    rate("W6a", ASYNC, Against::Raw, 0.85),
    rate("W6b", SYNC, Against::Best, 1.05),
    rate("W6b", SYNC, Against::Raw, 0.95),
    cpu("W6b", SYNC, 1.15),
    rate("W6b", ASYNC, Against::Best, 1.05),
    rate("W6b", ASYNC, Against::Raw, 0.92),
    rate("W6c", SYNC, Against::Best, 1.05),
    rate("W6c", SYNC, Against::Raw, 0.9),
    rate("W6c", ASYNC, Against::Best, 1.05),
    rate("W6c", ASYNC, Against::Raw, 0.88),
    memory("W7", SYNC, 1.5),
    memory("W7", ASYNC, 1.5),
    memory("W7t", SYNC, 9.0),
    memory("W7t", ASYNC, 9.0),
    rate("W7c", SYNC, Against::Best, 0.9),
    cpu("W7c", SYNC, 1.3),
    rate("W7c", ASYNC, Against::Best, 0.9),
    cpu("W7c", ASYNC, 1.3),
    rate("W8", SYNC, Against::Best, 1.5),
    rate("W8", ASYNC, Against::Best, 1.5),
    rate("W8c", SYNC, HYPER, 1.1),
    rate("W8c", SYNC, CURL, 1.3),
    rate("W8c", ASYNC, HYPER, 0.9),
    rate("W8c", ASYNC, CURL, 1.3),
    rate("W8t", SYNC, Against::Best, 1.5),
    rate("W8t", ASYNC, Against::Best, 1.5),
    rate("W8tc", SYNC, HYPER, 1.1),
    rate("W8tc", ASYNC, HYPER, 0.9),
    rate("W8d", SYNC, Against::Best, 1.0),
    rate("W8d", ASYNC, Against::Best, 1.0),
    rate("W8dt", SYNC, Against::Best, 1.0),
    rate("W8dt", ASYNC, Against::Best, 1.0),
    rate("W8u", SYNC, Against::Best, 1.0),
    rate("W8u", ASYNC, Against::Best, 1.0),
    rate("W8ut", SYNC, Against::Best, 1.0),
    rate("W8ut", ASYNC, Against::Best, 1.0),
    rate("W8m", ASYNC, Against::Peer(Contestant::Reqwest), 1.5),
    memory("W8i", SYNC, 1.0),
    memory("W8i", ASYNC, 1.0),
    memory("W8it", SYNC, 7.0),
    memory("W8it", ASYNC, 7.0),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::ROWS;

    #[test]
    fn every_goal_names_a_row_and_every_row_has_goals_for_both_modes() {
        for goal in GOALS {
            assert!(ROWS.iter().any(|row| row.name == goal.row), "{}", goal.row);
        }
        for row in ROWS {
            for mode in [SYNC, ASYNC]
                .into_iter()
                .filter(|mode| mode.takes_part(row))
            {
                let has_goal = GOALS
                    .iter()
                    .any(|goal| (goal.row, goal.mode) == (row.name, mode));
                assert!(has_goal, "{} {}", row.name, mode.name());
            }
        }
    }
}
