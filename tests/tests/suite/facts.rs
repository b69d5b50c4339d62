//! Verifies that every numbered fact has a test that names it, or a reason to wait, and that
//! docs/facts.md says so.
//!
//! A test names a fact in its name: `fact_9_4_3_a_small_buffer_gives_fragments`; a requirement of
//! real programs likewise: `expectation_12_…`; an acceptance scenario of the protocol component in
//! `tests/tests/component`: `scenario_30_…`. Run with `UPDATE_DOCS=1` to write the document again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use winhttp_tests::support::programs::root;

/// The facts of observed behaviour, and those of HTTP that are built.
const FACTS: &str = "1.1 1.2 1.3 1.4 1.5 1.6 1.7 1.8 1.9 1.10 1.11 1.12 1.13 1.14 2.1 2.2 2.3 2.4 2.5 2.6 2.7 2.8 2.9 2.10 \
    2.11 2.12 2.13 2.14 2.15 2.16 3.1.1 3.1.2 3.1.3 3.1.4 3.2.1 3.2.2 3.2.3 3.2.4 3.2.5 3.2.6 3.2.7 3.2.8 \
    3.2.9 3.2.10 3.2.11 3.2.12 3.2.13 3.3.1 3.3.2 3.3.3 3.3.4 3.4.1 3.4.2 3.4.3 3.4.4 3.4.5 3.4.6 4.1.1 \
    4.1.2 4.1.3 4.1.4 4.1.5 4.1.6 4.2.1 4.2.2 4.2.3 4.2.4 4.2.5 4.2.6 4.2.7 5.1 5.1.1 5.1.2 5.2.1 5.2.2 \
    5.2.3 5.2.4 5.2.5 5.2.6 5.3.1 5.3.2 5.3.3 5.3.4 5.3.5 5.3.6 5.3.7 5.4.1 5.4.2 5.5.1 5.6.1 5.6.2 5.6.3 \
    5.6.4 5.7.1 5.7.2 5.7.3 5.7.4 6.1 6.2 6.3 6.4 6.5 6.6 7.1 7.2 7.3 7.4 8.1.1 8.1.2 8.1.3 8.2.1 8.2.2 \
    8.2.3 8.2.4 8.2.5 8.2.6 8.2.7 8.2.8 8.2.9 8.2.10 8.3.1 8.3.2 8.3.3 8.3.4 8.3.5 8.3.6 8.3.7 8.4.1 8.4.2 \
    8.4.3 8.4.4 8.4.5 9.1.1 9.1.2 9.1.3 9.1.4 9.1.5 9.1.6 9.2.1 9.2.2 9.2.3 9.2.4 9.2.5 9.2.6 9.2.7 9.2.8 \
    9.2.9 9.2.10 9.3.1 9.3.2 9.3.3 9.3.4 9.4.1 9.4.2 9.4.3 9.4.4 9.4.5 9.4.6 9.4.7 9.4.8 9.4.9 9.5.1 9.5.2 \
    9.5.3 9.5.4 9.5.5 9.5.6 9.5.7 9.5.8 9.5.9 9.6.1 9.6.2 9.6.3 9.6.4 9.7 21.1.1 21.1.2 21.1.3 21.1.4 21.1.5 \
    21.1.6 21.1.7 21.2.1 21.2.2 21.2.3 21.2.4 21.3.1 21.3.2 21.3.3 21.3.4 21.3.5 21.4.1 21.4.2 21.4.3 21.4.4 \
    21.5.1 21.5.2 21.5.3 21.5.4 21.6.1 21.6.2 21.6.3 21.6.4 21.7.1 21.7.2 21.7.3 21.7.4 21.8.1 22.1 22.2 \
    22.3 22.4 22.5 22.6 22.7 22.8 22.9 22.10 22.11 22.12 23.1.1 23.1.2 23.2.1 23.2.2 23.2.3 23.2.4 23.2.5 \
    23.2.6 23.3.1 23.3.2 23.3.3 23.4.1 23.4.2 24.1 24.2 24.3 24.4 24.5 24.6 24.7 24.8 24.9 24.10 24.11 24.12 \
    25.1 25.2 25.3 25.4 25.5 25.6 25.7 25.8 25.9 25.10 25.11 25.12 25.13 26.1 26.2 26.2.1 26.3 26.4 26.5 \
    26.6 26.7 26.8 26.9 26.10 26.11 26.12 26.13 26.14 26.15 26.16 26.17 26.18 28.1.1 28.1.2 28.1.3 28.1.4 \
    28.1.5 28.1.6 28.2.1 28.2.2 28.2.3 28.2.4 28.2.5 28.3.1 28.3.2 28.3.3 28.4.1 28.4.2 28.4.3 28.5.1 28.5.2 \
    28.5.3 28.5.4 28.5.5 28.5.6 28.6.1 28.6.2 28.6.3 28.6.4 28.6.5 28.7.1 28.7.2 28.7.3 28.7.4 27.1.1 27.1.2 \
    27.1.3 27.1.4 27.2.1 27.2.2 27.2.3 27.2.4 27.3.1 27.3.2 27.3.3 31.1 31.2 31.3 31.4 31.5 31.6 31.7 31.8 \
    31.9 34.1 34.2 34.3 34.4 34.5 34.6 34.7 35.1 35.2 35.3 35.4 35.5 35.6 35.7 35.8 35.9 \
    29.1.1 29.1.2 29.1.3 29.1.4 29.1.5 29.1.6 29.2.1 29.2.2 29.2.3 29.2.4 29.2.5 29.2.6 29.2.7 29.1.7 \
    29.3.1 29.3.2 29.3.3 29.3.4 29.3.5 29.3.6 29.3.7 29.3.8 29.3.9 29.3.10 29.4.1 29.4.2 29.4.3 \
    30.1.1 30.1.2 30.1.3 30.1.4 30.1.5 30.1.6 \
    30.1.7 30.1.8 30.1.9 30.1.10 30.2.1 30.2.2 30.2.3 30.2.4 30.2.5 30.3.1 30.3.2 30.4.1 30.4.2 30.4.3 30.4.4 \
    30.4.5 30.5.1 30.5.2 \
    30.5.3 30.5.4 30.5.5 30.5.6";

/// How many requirements of real programs there are, numbered from 1.
const EXPECTATIONS: u32 = 35;

/// How many acceptance scenarios the protocol component has, numbered from 1.
const SCENARIOS: u32 = 92;

/// Where they are tests.
const SCENARIO_TESTS: &str = "tests/tests/component/";

/// Facts that wait, by prefix, and what they wait for.
const WAITING: &[(&str, &str)] = &[
    ("21.2.3", "authentication (NTLM)"),
    ("21.6.3", "proxies"),
    ("24.9", "HTTP/2"),
    ("24.12", "HTTP/2"),
    ("25.5", "HTTP/2"),
    (
        "5.3.2",
        "nothing: it allows notifications that are never sent here",
    ),
    ("28.1.4", "default credentials (NTLM)"),
    ("28.5.3", "NTLM"),
    ("28.5.4", "NTLM"),
    ("28.6.", "default credentials (NTLM)"),
    (
        "29.2.7",
        "nothing: present headers do not declare that export",
    ),
];

/// Requirements of real programs that wait, and what they wait for.
const EXPECTATIONS_WAITING: &[(u32, &str)] = &[];

/// What a number counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Fact,
    Expectation,
    Scenario,
}

type Named = BTreeMap<(Kind, Vec<u32>), BTreeSet<String>>;

/// Numbers named by tests, with the files that name them.
fn named() -> Named {
    let mut found = Named::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && !name.starts_with("target") {
                folders.push(path);
            } else if name.ends_with(".rs") && !path.ends_with("tests/tests/suite/facts.rs") {
                let file = path
                    .strip_prefix(root())
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                let text = fs::read_to_string(&path).unwrap();
                let scenarios = if file.starts_with(SCENARIO_TESTS) {
                    scenario_tests(&text)
                } else {
                    Vec::new()
                };
                let others = in_names(&text).into_iter().chain(in_comments(&text));
                for number in others.chain(scenarios) {
                    found.entry(number).or_default().insert(file.clone());
                }
            }
        }
    }
    found
}

/// Numbers in the names of functions: `fact_2_3_…`, `facts_9_3_1_and_9_4_1_…`,
/// `fact_9_3_1_and_expectation_11_…`.
fn in_names(text: &str) -> Vec<(Kind, Vec<u32>)> {
    let names = text.split("fn ").skip(1);
    names
        .flat_map(|rest| {
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            in_words(rest[..end].split('_'))
        })
        .collect()
}

/// Numbers of the scenarios that are tests: `#[test]` and `fn scenario_30_…`.
fn scenario_tests(text: &str) -> Vec<(Kind, Vec<u32>)> {
    let tests = text.split("#[test]\nfn scenario_").skip(1);
    let number = |rest: &str| rest.split('_').next()?.parse().ok();
    tests
        .filter_map(|rest| Some((Kind::Scenario, vec![number(rest)?])))
        .collect()
}

/// Numbers in comments that say what a test proves: "Fact 3.2.10: …", "expectation 27".
fn in_comments(text: &str) -> Vec<(Kind, Vec<u32>)> {
    let is_comment = |line: &&str| line.trim_start().starts_with("//");
    text.lines()
        .filter(is_comment)
        .flat_map(|line| {
            let separators = [' ', '.', ',', ':', ';', '(', ')', '/'];
            let words = line.split(separators).filter(|word| !word.is_empty());
            in_words(
                words
                    .map(str::to_lowercase)
                    .collect::<Vec<_>>()
                    .iter()
                    .map(String::as_str),
            )
        })
        .collect()
}

/// Finds "fact" or "expectation" among words and reads the numbers behind it, joined by "and" or
/// "to".
fn in_words<'a>(words: impl Iterator<Item = &'a str>) -> Vec<(Kind, Vec<u32>)> {
    let mut found = Vec::new();
    let (mut kind, mut number) = (None, Vec::new());
    for word in words.chain(["end"]) {
        if let (Some(_), Ok(part)) = (kind, word.parse()) {
            number.push(part);
            continue;
        }
        if let Some(kind) = kind
            && !number.is_empty()
        {
            found.push((kind, std::mem::take(&mut number)));
        }
        kind = match word {
            "fact" | "facts" => Some(Kind::Fact),
            "expectation" | "expectations" => Some(Kind::Expectation),
            "and" => kind,
            _ => None,
        };
    }
    found
}

fn dotted(number: &[u32]) -> String {
    number
        .iter()
        .map(u32::to_string)
        .collect::<Vec<_>>()
        .join(".")
}

/// The files that prove a fact: those that name it, or for a heading such as 9.7 one of its parts.
fn files_of(kind: Kind, wanted: &str, named: &Named) -> BTreeSet<String> {
    let is_it = |(of, number): &(Kind, Vec<u32>)| {
        let number = dotted(number);
        let part = number
            .strip_prefix(wanted)
            .is_some_and(|rest| rest.starts_with('.'));
        *of == kind && (number == wanted || part)
    };
    let matching = named.iter().filter(|(number, _)| is_it(number));
    matching.flat_map(|(_, files)| files.clone()).collect()
}

fn waits_for(fact: &str) -> Option<&'static str> {
    let is_it =
        |prefix: &str| fact == prefix || (prefix.ends_with('.') && fact.starts_with(prefix));
    WAITING
        .iter()
        .find(|(prefix, _)| is_it(prefix))
        .map(|(_, reason)| *reason)
}

#[test]
fn every_fact_has_a_test_or_a_reason_to_wait() {
    let named = named();
    let mut missing = Vec::new();
    let mut document = String::from(
        "# Facts and the tests that prove them\n\n\
         Written by `UPDATE_DOCS=1 cargo test -p winhttp-tests --test suite facts::`. The numbers are those of the project's\n\
         specification of observed behaviour, of what real programs rely on, and of the protocol component's\n\
         acceptance scenarios.\n\n\
         | fact | proved in |\n|---|---|\n",
    );
    let mut row = |number: String, files: BTreeSet<String>, waits: Option<&str>| {
        let cell = match (files.is_empty(), waits) {
            (false, _) => files.into_iter().collect::<Vec<_>>().join(", "),
            (true, Some(reason)) => format!("waits for {reason}"),
            (true, None) => {
                missing.push(number.clone());
                "**missing**".to_owned()
            }
        };
        writeln!(document, "| {number} | {cell} |").unwrap();
    };
    for fact in FACTS.split_whitespace() {
        row(
            fact.to_owned(),
            files_of(Kind::Fact, fact, &named),
            waits_for(fact),
        );
    }
    for number in 1..=EXPECTATIONS {
        let waits = EXPECTATIONS_WAITING
            .iter()
            .find(|(own, _)| *own == number)
            .map(|(_, why)| *why);
        let files = files_of(Kind::Expectation, &number.to_string(), &named);
        row(format!("program expectation {number}"), files, waits);
    }
    for number in 1..=SCENARIOS {
        let files = files_of(Kind::Scenario, &number.to_string(), &named);
        row(format!("component scenario {number}"), files, None);
    }
    let path = root().join("docs/facts.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &document).unwrap();
    }
    assert!(missing.is_empty(), "no test names these facts: {missing:?}");
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == document,
        "docs/facts.md is out of date: run with UPDATE_DOCS=1"
    );
}
