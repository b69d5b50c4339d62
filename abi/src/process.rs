//! How C's library is asked about the process and its sockets: raised privileges, the signals of a
//! thread, its cancellation, its forks, TCP statistics, the clock.

use std::ffi::c_int;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use winhttp_process::{System, undivided};

use crate::cancellation::NotCancelled;
use crate::{cancellation, fork};

/// Signals that the system raises for what a thread itself does. A callback may do it, too, and a
/// program that handles them (a debugger's breakpoints, the memory checks of a virtual machine)
/// handles them on every thread.
const FAULTS: [c_int; 6] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGSYS,
];

struct CLibrary;

static C_LIBRARY: CLibrary = CLibrary;

/// The way into one of the libraries: what makes it ready for the life of a process.
///
/// Each library has its own, with its own locks, also where both are linked into one program and
/// share this crate.
#[derive(Debug)]
pub struct Entry {
    hold: extern "C" fn(),
    release: extern "C" fn(),
    entered: AtomicBool,
}

impl Entry {
    /// `hold` takes the library's locks before each fork, and `release` lets them go after it. Both
    /// may be registered more than once, as nobody waits here for another thread: the child of a
    /// fork would wait for ever.
    #[must_use]
    pub const fn new(hold: extern "C" fn(), release: extern "C" fn()) -> Self {
        Self {
            hold,
            release,
            entered: AtomicBool::new(false),
        }
    }

    /// Every way into the library goes through here first.
    #[inline]
    pub fn enter(&self) {
        if !self.entered.load(Ordering::Acquire) {
            self.enter_first();
        }
    }

    #[cold]
    fn enter_first(&self) {
        static PREPARED: AtomicBool = AtomicBool::new(false);
        // Without memory for handlers the process has no memory for much.
        if !PREPARED.load(Ordering::Acquire) {
            let _ = fork::around(before_fork, after_fork, forked);
            undivided(|| winhttp_process::install(&C_LIBRARY));
            PREPARED.store(true, Ordering::Release);
        }
        let _ = fork::around(self.hold, self.release, self.release);
        self.entered.store(true, Ordering::Release);
    }
}

extern "C" fn before_fork() {
    winhttp_process::before_fork();
}

extern "C" fn after_fork() {
    winhttp_process::after_fork();
}

extern "C" fn forked() {
    winhttp_process::forked();
    winhttp_process::after_fork();
}

impl System for CLibrary {
    fn is_privileged(&self) -> bool {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        // SAFETY: reads a number that the kernel has left; `AT_SECURE` is always there.
        let raised = unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        // SAFETY: asks for a number of this process.
        let raised = unsafe { issetugid() } != 0;
        raised
    }

    fn without_signals(&self, start: &mut dyn FnMut()) {
        let before = block(&asynchronous_signals());
        start();
        if let Some(before) = before {
            // SAFETY: the set was filled by the same function.
            unsafe {
                libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut())
            };
        }
    }

    fn without_cancellation(&self, work: &mut dyn FnMut()) {
        let _not_cancelled = NotCancelled::new();
        work();
    }

    fn thread_started(&self) {
        // A callback may cancel the thread it runs on; that would end with the whole process.
        cancellation::disable();
    }

    fn tcp_info(&self, socket: BorrowedFd<'_>, into: &mut [u8]) -> Option<usize> {
        let mut length = libc::socklen_t::try_from(into.len()).ok()?;
        // SAFETY: the kernel writes at most `length` bytes, which `into` has, and the length.
        let failed = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::IPPROTO_TCP,
                TCP_INFO,
                into.as_mut_ptr().cast(),
                &raw mut length,
            )
        } != 0;
        usize::try_from(length).ok().filter(|_| !failed)
    }

    fn monotonic(&self) -> Duration {
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: the structure is written.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
        Duration::new(
            u64::try_from(time.tv_sec).unwrap_or_default(),
            u32::try_from(time.tv_nsec).unwrap_or_default(),
        )
    }
}

/// The option that tells a socket's TCP statistics.
#[cfg(any(target_os = "linux", target_os = "android"))]
const TCP_INFO: c_int = libc::TCP_INFO;
/// As above: TCP_CONNECTION_INFO of Apple's `netinet/tcp.h`.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const TCP_INFO: c_int = 0x106;

#[cfg(not(any(target_os = "linux", target_os = "android")))]
unsafe extern "C" {
    /// BSD and macOS: the process has changed its user or group, or was started set-uid.
    fn issetugid() -> c_int;
}

/// Signals with which runtimes stop single threads, to collect garbage for instance: those of
/// Boehm's collector and of Mono, and the real-time ones, as in .NET. A callback in such a language
/// makes our thread one of theirs.
fn stops_threads(signal: c_int) -> bool {
    #[cfg(target_os = "linux")]
    let named = signal == libc::SIGPWR || signal == libc::SIGXCPU || signal >= libc::SIGRTMIN();
    #[cfg(not(target_os = "linux"))]
    let named = signal == libc::SIGXCPU;
    named
}

/// The process has a handler for the signal: one sent to the process does no harm on any thread.
fn has_handler(signal: c_int) -> bool {
    let mut action = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: only asks.
    let failed = unsafe { libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr()) } != 0;
    if failed {
        return false;
    }
    // SAFETY: a call that succeeds fills it.
    let action = unsafe { action.assume_init() };
    action.sa_sigaction != libc::SIG_DFL && action.sa_sigaction != libc::SIG_IGN
}

/// The last signal.
fn last_signal() -> c_int {
    #[cfg(target_os = "linux")]
    let last = libc::SIGRTMAX();
    #[cfg(not(target_os = "linux"))]
    let last = 31;
    last
}

/// All signals but those a thread raises itself, and those by which a runtime in this process stops
/// its threads.
fn asynchronous_signals() -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: fills the set.
    unsafe { libc::sigfillset(set.as_mut_ptr()) };
    // SAFETY: it is filled now.
    let mut set = unsafe { set.assume_init() };
    for fault in FAULTS {
        // SAFETY: the set is a set, and the number a signal.
        unsafe { libc::sigdelset(&raw mut set, fault) };
    }
    for signal in (1..=last_signal()).filter(|signal| stops_threads(*signal)) {
        if has_handler(signal) {
            // SAFETY: as above.
            unsafe { libc::sigdelset(&raw mut set, signal) };
        }
    }
    set
}

/// Blocks these signals in the calling thread; gives those that were blocked before, if it could.
fn block(set: &libc::sigset_t) -> Option<libc::sigset_t> {
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: both sets live through the call.
    let failed = unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, set, before.as_mut_ptr()) };
    // SAFETY: a call that succeeds fills it.
    (failed == 0).then(|| unsafe { before.assume_init() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_blocked(signal: c_int) -> bool {
        let before = block(&asynchronous_signals()).unwrap();
        // SAFETY: as in `without_signals`.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut())
        };
        // SAFETY: the set was filled by the system.
        unsafe { libc::sigismember(&raw const before, signal) == 1 }
    }

    /// Mono and Boehm's collector suspend threads so: with the signal blocked they would wait for
    /// ever.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_signal_by_which_a_runtime_stops_threads_stays_open_once_it_has_a_handler() {
        extern "C" fn ignore(_signal: c_int) {}
        let is_member = |set: &libc::sigset_t| {
            // SAFETY: the set is filled.
            unsafe { libc::sigismember(std::ptr::from_ref(set), libc::SIGXCPU) == 1 }
        };
        assert!(is_member(&asynchronous_signals()));
        let handler = ignore as extern "C" fn(c_int);
        // SAFETY: the handler does nothing, whatever interrupts it.
        unsafe { libc::signal(libc::SIGXCPU, handler as libc::sighandler_t) };
        assert!(!is_member(&asynchronous_signals()));
    }

    #[test]
    fn signals_are_blocked_for_as_long_as_a_thread_is_started() {
        assert!(!is_blocked(libc::SIGUSR1));
        let mut inside = (false, true);
        C_LIBRARY.without_signals(&mut || {
            inside = (is_blocked(libc::SIGUSR1), is_blocked(libc::SIGSEGV));
        });
        assert_eq!(inside, (true, false));
        assert!(!is_blocked(libc::SIGUSR1));
    }

    #[test]
    fn each_library_holds_its_own_locks_around_a_fork() {
        use std::sync::atomic::AtomicU32;
        static HELD: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
        static RELEASED: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
        extern "C" fn hold<const N: usize>() {
            HELD[N].fetch_add(1, Ordering::SeqCst);
        }
        extern "C" fn release<const N: usize>() {
            RELEASED[N].fetch_add(1, Ordering::SeqCst);
        }
        static ONE: Entry = Entry::new(hold::<0>, release::<0>);
        static OTHER: Entry = Entry::new(hold::<1>, release::<1>);
        for entry in [&ONE, &OTHER, &ONE] {
            entry.enter();
        }
        // SAFETY: the child does nothing but end.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: ends the child, without what the parent wants to have done at its end.
            unsafe { libc::_exit(0) };
        }
        // SAFETY: waits for the child just made; its status is not asked for.
        let ended = unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
        assert_eq!(ended, child);
        for counts in [&HELD, &RELEASED] {
            assert_eq!(counts.each_ref().map(|n| n.load(Ordering::SeqCst)), [1, 1]);
        }
    }

    #[test]
    fn a_test_has_no_raised_privileges() {
        assert!(!C_LIBRARY.is_privileged());
    }
}
