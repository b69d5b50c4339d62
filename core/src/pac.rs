//! Automatic proxy configuration below the API: running a script, detecting where one is, and the
//! threads that do this.
//!
//! Everything here blocks the thread it is called on, and ends when its [`Cancel`] says so. A script
//! is hostile: it has no files, sockets or timers, and its memory, stack, time and name look-ups are
//! limited.

mod cancel;
mod detection;
mod network;
#[cfg(feature = "pac")]
mod script;
#[cfg(not(feature = "pac"))]
#[path = "pac/no_script.rs"]
mod script;
mod workers;

pub(crate) use cancel::Cancel;
pub use detection::Detection;
pub(crate) use detection::detect;
pub(crate) use network::{Network, System};
pub(crate) use script::{Script, run};
pub(crate) use workers::start;
