//! What WinHttpShimGetErrorDetail says: for every kind of error the culprit by name, after a failed call and inside the
//! callback that is told of it, in both widths and in UTF-8.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod asking;
mod certificates;
mod connections;
mod ear;
mod trust;
mod web_sockets;
