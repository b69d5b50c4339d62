//! What was found: broken promises, and the count of calls by function and result.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};

use crate::table::{Function, TABLE};

/// Broken promises that are written down; one is enough to fail.
const VIOLATIONS_MAX: usize = 20;

static VIOLATIONS: Mutex<Vec<String>> = Mutex::new(Vec::new());
static RESULTS: [Mutex<BTreeMap<u32, u64>>; TABLE.len()] =
    [const { Mutex::new(BTreeMap::new()) }; TABLE.len()];

/// Writes down a broken promise.
pub(crate) fn violation(what: impl Into<String>) {
    let mut violations = VIOLATIONS.lock().unwrap_or_else(PoisonError::into_inner);
    if violations.len() < VIOLATIONS_MAX {
        let what = what.into();
        eprintln!("violation: {what}");
        violations.push(what);
    }
}

pub(crate) fn violations() -> Vec<String> {
    VIOLATIONS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// Counts a call with its result.
pub(crate) fn count(function: Function, code: u32) {
    let mut results = RESULTS[function as usize]
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    *results.entry(code).or_default() += 1;
}

pub(crate) fn calls() -> u64 {
    let sum = |results: &Mutex<BTreeMap<u32, u64>>| -> u64 {
        results
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .sum()
    };
    RESULTS.iter().map(sum).sum()
}

/// How often a function gave a result.
pub(crate) fn times(function: Function, code: u32) -> u64 {
    let results = RESULTS[function as usize]
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    results.get(&code).copied().unwrap_or(0)
}

/// Functions that were never called.
pub(crate) fn uncalled() -> Vec<&'static str> {
    let is_empty = |index: usize| {
        RESULTS[index]
            .lock()
            .is_ok_and(|results| results.is_empty())
    };
    TABLE
        .iter()
        .enumerate()
        .filter(|(index, _)| is_empty(*index))
        .map(|(_, row)| row.name)
        .collect()
}

/// One line for each function: calls by result.
pub(crate) fn summary() -> String {
    let mut text = String::new();
    for (row, results) in TABLE.iter().zip(&RESULTS) {
        let results = results.lock().unwrap_or_else(PoisonError::into_inner);
        let total: u64 = results.values().sum();
        write!(text, "{:<45}{total:>9} ", row.name).unwrap();
        for (code, times) in results.iter() {
            write!(text, " {code}:{times}").unwrap();
        }
        text.push('\n');
    }
    text
}
