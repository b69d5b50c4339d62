//! `--write-docs`: the generated parts of `docs/performance.md`. What people wrote around them
//! stays as it is.

use std::fs;
use std::path::Path;

use crate::contestants::Contestant;
use crate::goals::Figure;
use crate::results::Results;
use crate::table;

/// Writes the results of the rows.
pub(crate) fn write(results: &[Results], about: &str) {
    replace("generated", &generate(results, about));
}

/// Replaces what stands between the marks of a part.
pub(crate) fn replace(part: &str, generated: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance.md");
    let text = fs::read_to_string(&file).unwrap();
    let [begin, end] = ["begin", "end"].map(|word| format!("<!-- {part}: {word} -->"));
    let (before, rest) = text.split_once(&begin).expect("the mark of the beginning");
    let (_, after) = rest.split_once(&end).expect("the mark of the end");
    fs::write(&file, format!("{before}{begin}\n{generated}{end}{after}")).unwrap();
    println!("wrote {}", file.display());
}

fn generate(results: &[Results], about: &str) -> String {
    let mut text = format!("{about}\n\n");
    text += &rates(results, "Figures", Figure::Value, |results| {
        results.row.unit
    });
    text += &rates(results, "The second figure", Figure::Cost, |results| {
        results.row.second_unit()
    });
    text += "Goals; every figure is the median of ratios taken round by round.\n\n";
    text += "| row | goal | found | |\n|---|---|---|---|\n";
    for results in results {
        for verdict in results.verdicts() {
            let words = table::goal(&verdict, results.best_peer());
            let (words, outcome) = words.rsplit_once(", ").unwrap_or_default();
            let (words, found) = words.rsplit_once(": ").unwrap_or_default();
            text += &format!("| {} | {words} | {found} | {outcome} |\n", results.row.name);
        }
    }
    text
}

/// A table of medians, each with its ratio to raw.
fn rates(
    results: &[Results],
    title: &str,
    figure: Figure,
    unit: fn(&Results) -> &'static str,
) -> String {
    let mut text = format!("{title}, with the ratio to raw:\n\n| row | work | unit |");
    for contestant in Contestant::ALL {
        text += &format!(" {} |", contestant.name());
    }
    text += "\n|---|---|---|";
    text += &"---|".repeat(Contestant::ALL.len());
    text.push('\n');
    for results in results {
        let row = results.row;
        text += &format!("| {} | {} | {} |", row.name, row.title, unit(results));
        for contestant in Contestant::ALL {
            let value = table::number(results.median(*contestant, figure));
            let ratio = results.ratio(*contestant, Contestant::Raw, figure);
            let ratio = ratio.map_or_else(String::new, |ratio| format!(" ({ratio:.2})"));
            text += &format!(" {value}{ratio} |");
        }
        text.push('\n');
    }
    text + "\n"
}
