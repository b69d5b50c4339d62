//! What the library must know of the process it lives in: forks, how threads start, whose
//! environment counts, and random bytes that a fork does not repeat.
//!
//! In scope: the one fork epoch, state that a forked child starts anew, the start of threads, the
//! reading of variables, and entropy. Out of scope: how the system is asked; the C edge does that,
//! and says so once ([`install`]).

#![forbid(unsafe_code)]

mod entropy;
mod environment;
mod fork;
mod per_process;
mod system;
mod thread;
mod undivided;

/// For tests that pretend to fork: one at a time.
#[cfg(test)]
static PRETENDING: std::sync::Mutex<()> = std::sync::Mutex::new(());

pub use entropy::random;
pub use environment::variable;
pub use fork::{Epoch, epoch, forked};
pub use per_process::PerProcess;
pub use system::{System, install, is_privileged, monotonic, tcp_info, uncancelled};
pub use thread::spawn;
pub use undivided::{after_fork, before_fork, undivided};
