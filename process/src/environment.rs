//! The only place that reads the environment: a program with raised privileges has none.

use std::ffi::OsString;

use crate::system;

/// A variable of the environment; `None` if it is not set, or if the program has more rights than
/// whoever set it.
#[must_use]
pub fn variable(name: &str) -> Option<OsString> {
    if system::is_privileged() {
        return None;
    }
    std::env::var_os(name)
}
