//! The results as text for a terminal.

use crate::contestants::Contestant;
use crate::goals::{Against, Figure, Limit};
use crate::results::{Results, Verdict};

/// One row's contestants with medians and ratios, and its goals.
pub(crate) fn render(results: &Results) -> String {
    let row = results.row;
    let mut text = format!(
        "\n{} {}\n{:<18} {:>10} {:>10} {:>7} {:>7} {:>7} {:>8}\n",
        row.name,
        row.title,
        "",
        row.unit,
        row.second_unit(),
        "to raw",
        "2nd",
        "to best",
        "2nd"
    );
    let best = results.best_peer();
    for (contestant, _) in &results.rounds {
        let median = |figure| number(results.median(*contestant, figure));
        let ratio = |to: Option<Contestant>, figure| {
            let ratio = to.and_then(|to| results.ratio(*contestant, to, figure));
            ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
        };
        text += &format!(
            "{:<18} {:>10} {:>10} {:>7} {:>7} {:>7} {:>8}\n",
            contestant.name(),
            median(Figure::Value),
            median(Figure::Cost),
            ratio(Some(Contestant::Raw), Figure::Value),
            ratio(Some(Contestant::Raw), Figure::Cost),
            ratio(best, Figure::Value),
            ratio(best, Figure::Cost),
        );
    }
    for verdict in results.verdicts() {
        text += &format!("  {}\n", goal(&verdict, best));
    }
    text
}

/// A goal in words, with what was found.
pub(crate) fn goal(verdict: &Verdict, best: Option<Contestant>) -> String {
    let goal = verdict.goal;
    let (sign, limit) = match goal.limit {
        Limit::AtLeast(limit) => ("≥", limit),
        Limit::AtMost(limit) => ("≤", limit),
    };
    let against = match goal.against {
        Against::Raw => "of raw".to_owned(),
        Against::Best => format!(
            "of the best peer, {}",
            best.map_or("none", Contestant::name)
        ),
        Against::Peer(peer) => format!("of {}", peer.name()),
        Against::Nothing => "KiB".to_owned(),
    };
    let figure = match goal.figure {
        Figure::Value => "",
        Figure::Cost => "CPU ",
    };
    let outcome = if verdict.is_reached() {
        "reached"
    } else {
        "NOT reached"
    };
    let mode = goal.mode.name();
    format!(
        "{mode}: {figure}{sign} {limit} {against}: {:.2}, {outcome}",
        verdict.found
    )
}

/// Three significant digits where they matter, thousands apart where they do not.
pub(crate) fn number(value: Option<f64>) -> String {
    let Some(value) = value else {
        return "-".to_owned();
    };
    if value < 100.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_have_the_digits_that_matter() {
        let texts = [0.5, 99.99, 100.4, 1234.0, 1_234_567.0].map(|value| number(Some(value)));
        assert_eq!(texts, ["0.50", "99.99", "100", "1 234", "1 234 567"]);
        assert_eq!(number(None), "-");
    }
}
