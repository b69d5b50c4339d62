//! Automatic proxy configuration below the API: running a script, detecting where one is, and the
//! threads that do this.
//!
//! Everything here blocks the thread it is called on, and ends when its [`Cancel`] says so. A
//! script is hostile: it has no files, sockets or timers, and its memory, stack, time and name
//! look-ups are limited.

mod aside;
mod cancel;
mod detection;
mod network;
#[cfg(not(feature = "pac"))]
mod no_script;
#[cfg(feature = "pac")]
mod script;
mod workers;

use std::sync::Arc;
use std::time::Instant;

use winhttp_proto::proxy::pac::Question;

pub(crate) use aside::aside;
pub(crate) use cancel::Cancel;
pub use detection::Detection;
pub(crate) use detection::{Detected, detect};
pub(crate) use network::{Network, System};
#[cfg(not(feature = "pac"))]
pub(crate) use no_script::run;
#[cfg(feature = "pac")]
pub(crate) use script::run;
pub(crate) use workers::start;

/// A script and its limits.
#[cfg_attr(
    not(feature = "pac"),
    expect(dead_code, reason = "without an engine nothing looks at a script")
)]
pub(crate) struct Script {
    pub(crate) source: Arc<str>,
    pub(crate) question: Question,
    pub(crate) network: Arc<dyn Network>,
    pub(crate) deadline: Instant,
    pub(crate) cancel: Cancel,
}
