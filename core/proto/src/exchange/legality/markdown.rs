//! `docs/request-calls.md`, made from the table.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::{Stage, TABLE, Verdict, verdict};
use crate::error::Error;

const INTRODUCTION: &str = "\
# Which call on a request is legal when

Generated from `core/proto/src/exchange/legality.rs`; a test compares the two. After a change there:
`UPDATE_DOCS=1 cargo test -p winhttp-proto legality`.

* **begins**: the call does its work.
* **follows**: asynchronously the call succeeds and waits for the one that runs. Behind a SendRequest it begins then (the
  first of several); all others fail then, with ERROR_INVALID_OPERATION, or with ERROR_WINHTTP_INCORRECT_HANDLE_STATE where
  the SendRequest failed. Synchronously, from another thread, it fails with ERROR_INVALID_OPERATION.
* **fails** N: the call fails with this error in both modes, and nothing is notified.
* **refused** N: synchronously the call fails with this error; asynchronously it succeeds, and REQUEST_ERROR follows.

4317 is ERROR_INVALID_OPERATION, 12017 ERROR_WINHTTP_OPERATION_CANCELLED, 12019 ERROR_WINHTTP_INCORRECT_HANDLE_STATE.
\"Closed\" is a handle that another thread has closed during the call; a closed handle as an argument is invalid (6).
QueryDataAvailable and ReadData count as running until their callback begins.

";

fn markdown() -> String {
    let mut text = INTRODUCTION.to_owned();
    let stages = Stage::ALL.map(|stage| format!("{stage:?}")).join(" | ");
    let _ = writeln!(text, "| | {stages} |\n|---|{}", "---|".repeat(9));
    for (function, verdicts) in TABLE {
        let cells = verdicts.map(cell).join(" | ");
        let _ = writeln!(text, "| {function:?} | {cells} |");
    }
    text
}

fn cell(verdict: Verdict) -> String {
    match verdict {
        Verdict::Begins => "begins".to_owned(),
        Verdict::Follows => "follows".to_owned(),
        Verdict::Fails(error) => format!("fails {}", number(error)),
        Verdict::Refused(error) => format!("refused {}", number(error)),
    }
}

fn number(error: Error) -> u32 {
    if error == Error::InvalidOperation {
        4317
    } else if error == Error::OperationCancelled {
        12017
    } else {
        assert_eq!(error, Error::IncorrectHandleState);
        12019
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "this test keeps a file up to date, when it is asked to"
)]
fn docs_request_calls_md_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/request-calls.md");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, markdown()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written.replace("\r\n", "\n") == markdown(),
        "docs/request-calls.md is out of date: run this test with UPDATE_DOCS=1"
    );
}

#[test]
fn every_cell_is_found_by_its_row_and_column() {
    for (function, verdicts) in TABLE {
        for (stage, expected) in Stage::ALL.into_iter().zip(verdicts) {
            assert_eq!(verdict(function, stage), expected, "{function:?} {stage:?}");
        }
    }
}

#[test]
fn no_call_but_a_receive_is_accepted_while_another_runs() {
    let running = [
        Stage::Sending,
        Stage::Writing,
        Stage::Receiving,
        Stage::Reading,
    ];
    for (function, verdicts) in TABLE {
        for (stage, verdict) in Stage::ALL.into_iter().zip(verdicts) {
            let looks_only = function == super::Function::QueryHeaders;
            if running.contains(&stage) && !looks_only {
                assert_ne!(verdict, Verdict::Begins, "{function:?} {stage:?}");
            }
        }
    }
}
