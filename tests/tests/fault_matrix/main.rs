//! Every fault of a peer at every operation, in both modes, undisturbed and cancelled in every way:
//! each case ends as documented, with one completion per accepted operation, and leaves no thread,
//! descriptor or byte behind.
//!
//! WINHTTP_FAULTS=full makes it the large sweep, WINHTTP_FAULTS_ONLY=TEXT takes only the rows with
//! TEXT in their name; `tests/faults/run` does either.
//!
//! A program of its own: its allocator counts, as it does the threads and descriptors of the
//! process.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking"
)]

mod bad_frames;
mod case;
mod cut_rows;
mod exit;
mod http_rows;
mod leg_rows;
mod operation;
mod pool_rows;
mod possessions;
mod proxy_rows;
mod row;
mod secure_rows;
mod stage;
mod sweep;
mod tls_rows;
mod upgrade_rows;
mod websocket_rows;

use row::Row;

/// Every row, always in the same order.
fn rows() -> Vec<Row> {
    [
        http_rows::rows(),
        pool_rows::rows(),
        leg_rows::rows(),
        tls_rows::rows(),
        upgrade_rows::rows(),
        websocket_rows::rows(),
        secure_rows::rows(),
        cut_rows::rows(),
        proxy_rows::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// One test only: it counts what the process has.
#[test]
fn every_fault_at_every_operation_ends_as_documented() {
    sweep::sweep();
}

#[test]
#[ignore = "a child of the other test, which exits while an operation is pending"]
fn child() {
    exit::child();
}
