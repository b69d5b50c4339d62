//! What only C's library can do for a process; whoever embeds the library provides it, once.

use std::sync::OnceLock;

/// The C library as this process needs it.
pub trait System: Sync {
    /// The program has more rights than whoever started it (set-uid, set-gid, file capabilities).
    fn is_privileged(&self) -> bool;

    /// Runs `start` such that a thread it starts blocks all signals that are sent to the process.
    fn without_signals(&self, start: &mut dyn FnMut());

    /// Runs `work` such that the thread is not cancelled in it.
    fn without_cancellation(&self, work: &mut dyn FnMut());

    /// Called first on each thread of the library: it must not be cancelled.
    fn thread_started(&self);
}

static SYSTEM: OnceLock<&'static dyn System> = OnceLock::new();

/// Sets how the system is asked; only the first call has an effect.
pub fn install(system: &'static dyn System) {
    let _ = SYSTEM.set(system);
}

/// The program has more rights than whoever started it: what the starter can write is not to be
/// believed.
#[must_use]
pub fn is_privileged() -> bool {
    system().is_some_and(|system| system.is_privileged())
}

/// Runs `work` such that the thread is not cancelled in it: for what a thread's end does outside of
/// any call.
pub fn uncancelled(mut work: impl FnMut()) {
    match system() {
        Some(system) => system.without_cancellation(&mut work),
        None => work(),
    }
}

pub(crate) fn system() -> Option<&'static dyn System> {
    SYSTEM.get().copied()
}
