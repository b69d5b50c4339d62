//! `docs/request-calls.md`, made from the table.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::{Cell, STAGES, Stage, TABLE, Verdict, verdict};
use crate::error::Error;
use crate::exchange::request_body::Uploads;

const INTRODUCTION: &str = "\
# Which call on a request is legal when

Generated from `core/proto/src/exchange/legality.rs`; a test compares the two. After a change there:
`UPDATE_DOCS=1 cargo test -p winhttp-proto legality`.

* **begins**: the call does its work.
* **beside**: with WINHTTP_FLAG_AUTOMATIC_CHUNKING the call does its work while the other one goes on; else what follows.
* **more**: the call does its work where the body is chunked automatically, or has an announced length of which some is left; else
  what follows.
* **follows**: asynchronously the call succeeds and waits for the one that runs. Behind a SendRequest it begins then (the
  first of several); all others fail then, with ERROR_INVALID_OPERATION, or with ERROR_WINHTTP_INCORRECT_HANDLE_STATE where
  the SendRequest failed. Synchronously, from another thread, it fails with ERROR_INVALID_OPERATION.
* **fails** N: the call fails with this error in both modes, and nothing is notified.
* **refused** N: synchronously the call fails with this error; asynchronously it succeeds, and REQUEST_ERROR follows.

4317 is ERROR_INVALID_OPERATION, 12017 ERROR_WINHTTP_OPERATION_CANCELLED, 12019 ERROR_WINHTTP_INCORRECT_HANDLE_STATE.
\"Closed\" is a handle that another thread has closed during the call; a closed handle as an argument is invalid (6).
QueryDataAvailable and ReadData count as running until their callback begins. \"Exchanging\" is a WriteData beside a
ReceiveResponse, \"Uploading\" one behind the response's head, and \"Streaming\" one beside a QueryDataAvailable or ReadData.

";

fn markdown() -> String {
    let mut text = INTRODUCTION.to_owned();
    let stages = Stage::ALL.map(|stage| format!("{stage:?}")).join(" | ");
    let _ = writeln!(text, "| | {stages} |\n|---|{}", "---|".repeat(STAGES));
    for (function, verdicts) in TABLE {
        let cells = verdicts.map(cell).join(" | ");
        let _ = writeln!(text, "| {function:?} | {cells} |");
    }
    text
}

fn cell(cell: Cell) -> String {
    match cell {
        Cell::Always(verdict) => said(verdict),
        Cell::Beside(verdict) => format!("beside, {}", said(verdict)),
        Cell::More(verdict) => format!("more, {}", said(verdict)),
    }
}

fn said(verdict: Verdict) -> String {
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

const ALL_UPLOADS: [Uploads; 3] = [Uploads::BeforeResponse, Uploads::InTurn, Uploads::Beside];

#[test]
fn every_cell_is_found_by_its_row_and_column() {
    for (function, cells) in TABLE {
        for (stage, cell) in Stage::ALL.into_iter().zip(cells) {
            for uploads in ALL_UPLOADS {
                let expected = cell.verdict(uploads);
                let found = verdict(function, stage, uploads);
                assert_eq!(found, expected, "{function:?} {stage:?}");
            }
        }
    }
}

const RUNNING: [Stage; 7] = [
    Stage::Sending,
    Stage::Writing,
    Stage::Receiving,
    Stage::Exchanging,
    Stage::Uploading,
    Stage::Reading,
    Stage::Streaming,
];

#[test]
fn no_call_but_a_receive_is_accepted_while_another_runs() {
    for (function, _) in TABLE {
        let looks_only = function == super::Function::QueryHeaders;
        for stage in RUNNING {
            for uploads in [Uploads::BeforeResponse, Uploads::InTurn] {
                let verdict = verdict(function, stage, uploads);
                let begins = verdict == Verdict::Begins;
                assert!(looks_only || !begins, "{function:?} {stage:?}");
            }
        }
    }
}

#[test]
fn fact_25_3_a_write_runs_beside_a_receive_or_read_of_an_automatically_chunked_request() {
    use super::Function as F;
    let beside: Vec<_> = TABLE
        .into_iter()
        .flat_map(|(function, _)| RUNNING.map(|stage| (function, stage)))
        .filter(|(function, _)| *function != F::QueryHeaders)
        .filter(|(function, stage)| verdict(*function, *stage, Uploads::Beside) == Verdict::Begins)
        .collect();
    let expected = [
        (F::WriteData, Stage::Receiving),
        (F::WriteData, Stage::Reading),
        (F::ReceiveResponse, Stage::Writing),
        (F::QueryDataAvailable, Stage::Uploading),
        (F::ReadData, Stage::Uploading),
    ];
    assert_eq!(beside, expected);
    for (uploads, begins) in ALL_UPLOADS.into_iter().zip([false, true, true]) {
        let verdict = verdict(F::WriteData, Stage::Response, uploads);
        assert_eq!(verdict == Verdict::Begins, begins, "{uploads:?}");
    }
}
