//! Runs the cases of all rows, watches that memory does not grow, and says at the end how many
//! there were.

use std::collections::{BTreeMap, HashSet};
use std::env;
use std::time::{Duration, Instant};

use winhttp_tests::Mode;

use super::case::{self, Disturbance};
use super::exit;
use super::operation::HUGE;
use super::possessions::Live;
use super::row::{Lead, Row, Weight};
use super::stage;

/// Rows of each operation that are run before memory is watched: what is made once is made
/// meanwhile.
const WARM_UP_ROWS: usize = 2;
/// What a row may add, in bytes, beside buffers.
const ROW_GROWTH_MAX: usize = 4 << 10;
/// What all rows together may add, in bytes, beside buffers.
const GROWTH_MAX: usize = 16 << 10;
/// How many more buffers may be kept than before: by the threads of a session, its stand-by and the
/// test, and by the process.
const KEPT_MORE: usize = 12;

const MODES: [Mode; 2] = [Mode::Sync, Mode::Async];

/// Which cases are run.
struct Scope {
    full: bool,
    only: String,
}

impl Scope {
    fn from_environment() -> Self {
        let given = |name| env::var(name).unwrap_or_default();
        Self {
            full: given("WINHTTP_FAULTS") == "full",
            only: given("WINHTTP_FAULTS_ONLY"),
        }
    }

    fn has(&self, row: &Row) -> bool {
        row.name().contains(&self.only) && (self.full || row.weight != Weight::Rare)
    }

    fn disturbances(&self, row: &Row, mode: Mode) -> Vec<Disturbance> {
        let fits = |d: &Disturbance| d.fits(row, mode) && (self.full || row.weight.affords(*d));
        Disturbance::all(row).filter(fits).collect()
    }
}

/// How many there were.
#[derive(Default)]
struct Tally {
    rows: BTreeMap<String, usize>,
    cases: BTreeMap<String, usize>,
    exits: usize,
    peak: usize,
    growth: usize,
}

/// The whole test.
pub(crate) fn sweep() {
    let scope = Scope::from_environment();
    let possessions = stage::furnish();
    let start = Instant::now();
    let mut tally = Tally::default();
    let rows = super::rows();
    let names: HashSet<String> = rows.iter().map(Row::name).collect();
    assert_eq!(names.len(), rows.len(), "every row has a name of its own");
    let found = rows.iter().any(|row| scope.has(row));
    assert!(found, "no row has {:?} in its name", scope.only);
    warm_up(&rows, &scope);
    let live = Live::now();
    for (index, row) in rows.iter().enumerate().filter(|(_, row)| scope.has(row)) {
        let lives = run_row(row, &scope, &mut tally);
        assert_no_growth(row, &lives);
        if scope.full || exit::is_worth_a_process(row) {
            for mode in MODES {
                tally.exits += usize::from(exit::run(row, index, mode));
            }
        }
    }
    possessions.wait_for_keeper("all cases");
    let now = Live::now();
    tally.growth = now.bytes.saturating_sub(live.bytes);
    let fits = tally.growth <= GROWTH_MAX && now.buffers <= live.buffers + KEPT_MORE;
    assert!(fits, "{now:?} at the end, {live:?} at the start");
    tally.print(start.elapsed());
}

fn warm_up(rows: &[Row], scope: &Scope) {
    let mut seen = BTreeMap::new();
    for row in rows.iter().filter(|row| scope.has(row)) {
        let is_led = row.lead != Lead::None;
        let is_large = row.given == HUGE;
        let kind = (row.operation, stage::speaks_tls(row), is_led, is_large);
        let count = seen.entry(kind).or_insert(0);
        *count += 1;
        if *count <= WARM_UP_ROWS {
            run_row(row, scope, &mut Tally::default());
        }
    }
}

/// Runs the cases of a row; gives the live memory after each.
fn run_row(row: &Row, scope: &Scope, tally: &mut Tally) -> Vec<Live> {
    let mut lives = Vec::new();
    for mode in MODES {
        for disturbance in scope.disturbances(row, mode) {
            let peak = case::run(row, mode, disturbance);
            lives.push(Live::now());
            tally.peak = tally.peak.max(peak);
            *tally.cases.entry(disturbance.kind()).or_default() += 1;
        }
    }
    *tally
        .rows
        .entry(format!("{:?}", row.operation))
        .or_default() += 1;
    lives
}

/// Compares the least that was live in the first and in the second half of a row's cases: a leak
/// shows in both modes, a pool that is fuller for once does not.
fn assert_no_growth(row: &Row, lives: &[Live]) {
    let (first, second) = lives.split_at(lives.len() / 2);
    let growth = |part: fn(&Live) -> usize| {
        let least = |half: &[Live]| half.iter().map(part).min();
        least(second)
            .unwrap_or_default()
            .saturating_sub(least(first).unwrap_or(usize::MAX))
    };
    let (bytes, buffers) = (growth(|live| live.bytes), growth(|live| live.buffers));
    assert!(
        bytes <= ROW_GROWTH_MAX && buffers <= KEPT_MORE,
        "{}: {bytes} bytes and {buffers} buffers more; {lives:?}",
        row.name()
    );
}

impl Tally {
    #[expect(clippy::print_stdout, reason = "the summary of a run with --nocapture")]
    fn print(&self, took: Duration) {
        let rows: usize = self.rows.values().sum();
        let cases: usize = self.cases.values().sum();
        println!(
            "fault matrix: {rows} rows x 2 modes x up to {} disturbances",
            self.cases.len() + 1
        );
        println!("rows by operation: {:?}", self.rows);
        println!(
            "cases by disturbance: {:?}, process exit: {}",
            self.cases, self.exits
        );
        println!(
            "{} cases in {took:.1?}; at most {} KiB at once in one, {} bytes left after all",
            cases + self.exits,
            self.peak >> 10,
            self.growth
        );
    }
}
