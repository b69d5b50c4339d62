//! The behaviour tests of secure connections, in a process that trusts an authority of its own.
//!
//! A program of its own: the environment says whom a process trusts. `support::tls::world` writes
//! SSL_CERT_FILE and SSLKEYLOGFILE once, before the first session that needs them, and what other
//! tests start would inherit them.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, also in its helpers"
)]

mod body_cut;
mod chunked_uploads;
mod decompression;
mod early_answer;
mod error_details;
mod slow_readers;
mod tls;
mod tls_peers;
mod tls_proxies;
mod websocket_failed_write;
mod websocket_flows;
mod websocket_soak;
