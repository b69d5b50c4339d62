//! The wall clock as TLS sees it: never before 1970, whatever the system says.

use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

use crate::engine::clock;

/// Certificates of a machine whose clock is before 1970 are not valid yet; that is no reason to
/// panic.
#[derive(Debug)]
pub(super) struct WallClock;

impl TimeProvider for WallClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(clock::since_1970()))
    }
}
