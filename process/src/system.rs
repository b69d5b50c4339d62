//! What only C's library can do for a process, or tell of its sockets; whoever embeds the
//! library provides it, once.

use std::os::fd::BorrowedFd;
use std::sync::OnceLock;
use std::time::Duration;

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

    /// Asks for a socket's TCP statistics in the system's own layout (TCP_INFO, or
    /// TCP_CONNECTION_INFO), as far as `into` has room: how many bytes there are of them, `None` if
    /// the system does not say.
    fn tcp_info(&self, socket: BorrowedFd<'_>, into: &mut [u8]) -> Option<usize>;

    /// CLOCK_MONOTONIC, as programs read it: [`std::time::Instant`] does not say where it stands.
    fn monotonic(&self) -> Duration;
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

/// A socket's TCP statistics in the system's own layout, as far as `into` has room; `None` if the
/// system does not say.
pub fn tcp_info<'b>(socket: BorrowedFd<'_>, into: &'b mut [u8]) -> Option<&'b [u8]> {
    let bytes = system()?.tcp_info(socket, into)?;
    into.get(..bytes)
}

/// CLOCK_MONOTONIC; `None` if nobody has said how the system is asked.
pub fn monotonic() -> Option<Duration> {
    Some(system()?.monotonic())
}

pub(crate) fn system() -> Option<&'static dyn System> {
    SYSTEM.get().copied()
}
