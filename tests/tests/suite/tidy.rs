//! Verifies what lints cannot: every Rust file opens with its purpose, stays short, and says
//! nothing it should not.

use std::fs;
use std::path::{Path, PathBuf};

use winhttp_tests::support::programs::root;

/// Lines a file may have before it must be split; tables are exempt.
const LINES_MAX: usize = 600;
/// As in rustfmt.toml, which leaves comments alone.
const COLUMNS_MAX: usize = 100;
/// Files that are tables or lists.
const TABLES: &[&str] = &[
    "core/proto/src/option/table.rs",
    "core/proto/src/header/name_table.rs",
    "tests/tests/suite/header_windows_sys.rs",
];
/// Foreign servers give their connections up after a time and tell nobody; and what programs for
/// Windows sleep with is there, too.
const SLEEPS: &[&str] = &[
    "tests/interop/exchanges.c",
    "tests/c/header/compat_windows.c",
];
/// Words that announce unfinished work, spelled so that this file does not find itself.
const BANNED: &[&str] = &[
    "TO\u{44}O",
    "FIX\u{4d}E",
    "XX\u{58}",
    "todo\u{21}(",
    "unimplemented\u{21}(",
];

/// Every source file of the workspace with these extensions, as a path relative to its root.
fn sources(extensions: &[&str]) -> Vec<(String, String)> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !name.starts_with('.') && !name.starts_with("target") {
                    folders.push(path);
                }
            } else if extensions
                .iter()
                .any(|e| path.extension().is_some_and(|own| own == *e))
            {
                let relative = path
                    .strip_prefix(&root)
                    .unwrap()
                    .to_string_lossy()
                    .into_owned();
                found.push((relative, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 20, "the walk finds the workspace");
    found
}

#[test]
fn every_rust_file_opens_with_its_purpose() {
    let bad: Vec<String> = sources(&["rs"])
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "))
        .map(|(path, _)| path)
        .collect();
    assert!(bad.is_empty(), "no `//!` in the first line of {bad:#?}");
}

#[test]
fn comments_fit_into_the_columns_of_code() {
    // Pictures and tables are as wide as they must be; code is rustfmt's business.
    let is_drawn = |line: &str| line.contains(['─', '│', '►', '|']) || line.contains("   ");
    let mut wide = Vec::new();
    for (path, text) in sources(&["rs"]) {
        for (index, line) in text.lines().enumerate() {
            let is_comment = line.trim_start().starts_with("//");
            if is_comment && line.chars().count() > COLUMNS_MAX && !is_drawn(line.trim_start()) {
                wide.push(format!("{path}:{}", index + 1));
            }
        }
    }
    assert!(wide.is_empty(), "wrap these: {wide:#?}");
}

#[test]
fn files_stay_short() {
    let long: Vec<String> = sources(&["rs", "c", "cpp"])
        .into_iter()
        .filter(|(path, text)| !TABLES.contains(&path.as_str()) && text.lines().count() > LINES_MAX)
        .map(|(path, text)| format!("{path}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "split these: {long:#?}");
}

#[test]
fn nothing_is_announced_instead_of_done() {
    let mut bad = Vec::new();
    for (path, text) in sources(&["rs", "c", "h", "cpp", "sh", "toml"]) {
        for (number, line) in text.lines().enumerate() {
            if BANNED.iter().any(|word| line.contains(word)) {
                bad.push(format!("{path}:{}: {line}", number + 1));
            }
        }
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn tests_do_not_sleep() {
    let calls = [
        concat!("thread::sl", "eep"),
        concat!("usl", "eep("),
        concat!("nanosl", "eep("),
        concat!(" sl", "eep("),
        concat!("Sl", "eep("),
        concat!("sl", "eep_for("),
    ];
    let bad: Vec<String> = sources(&["rs", "c", "h", "cpp"])
        .into_iter()
        .filter(|(path, _)| path.contains("tests/") || path.starts_with("fixtures/"))
        .filter(|(path, _)| !SLEEPS.contains(&path.as_str()))
        .filter(|(_, text)| calls.iter().any(|call| text.contains(call)))
        .map(|(path, _)| path)
        .collect();
    assert!(bad.is_empty(), "these sleep: {bad:#?}");
}

/// Cargo's folder for tests is one for all of them: `winhttp_tests::scratch` makes folders in it.
#[test]
fn tests_write_into_folders_of_their_own() {
    let shared = concat!("CARGO_TARGET", "_TMPDIR");
    let bad: Vec<String> = sources(&["rs"])
        .into_iter()
        .filter(|(_, text)| text.contains(shared))
        .map(|(path, _)| path)
        .collect();
    assert!(bad.is_empty(), "these use the shared folder: {bad:#?}");
}

#[test]
fn unsafe_stays_where_it_belongs() {
    for crate_root in [
        "core/src/lib.rs",
        "core/proto/src/lib.rs",
        "callback-thread/src/lib.rs",
        "process/src/lib.rs",
    ] {
        let text = fs::read_to_string(root().join(crate_root)).unwrap();
        assert!(text.contains("#![forbid(unsafe_code)]"), "{crate_root}");
    }
}

#[test]
fn every_module_file_is_used() {
    let all = sources(&["rs"]);
    let mut dead = Vec::new();
    for (path, _) in all
        .iter()
        .filter(|(path, _)| path.contains("/src/") || path.starts_with("tests/tests/"))
        .filter(|(path, _)| !path.contains("/bin/") && !is_test_program(path))
    {
        let path = Path::new(path);
        let stem = path.file_stem().unwrap().to_string_lossy();
        if ["lib", "main", "mod"].contains(&&*stem) {
            continue;
        }
        let declared = format!("mod {stem};");
        let crate_folder: PathBuf = if path.starts_with("tests/tests") {
            path.iter().take(3).collect()
        } else {
            path.iter().take_while(|part| *part != "src").collect()
        };
        let is_declared = |(other, text): &&(String, String)| {
            Path::new(other).starts_with(&crate_folder) && text.contains(&declared)
        };
        if !all.iter().any(|file| is_declared(&file)) {
            dead.push(path.display().to_string());
        }
    }
    assert!(dead.is_empty(), "no `mod` names {dead:#?}");
}

/// Whether cargo makes a program of this file of `tests/tests`.
fn is_test_program(path: &str) -> bool {
    let inside = path.strip_prefix("tests/tests/");
    inside.is_some_and(|rest| !rest.contains('/') || rest.ends_with("/main.rs"))
}

#[test]
fn every_test_program_beside_the_suite_says_why() {
    let bad: Vec<String> = sources(&["rs"])
        .into_iter()
        .filter(|(path, _)| is_test_program(path) && path != "tests/tests/suite/main.rs")
        .filter(|(_, text)| !text.contains("//! A program of its own"))
        .map(|(path, _)| path)
        .collect();
    assert!(bad.is_empty(), "modules of the suite, or why not: {bad:#?}");
}
