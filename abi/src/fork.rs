//! What must happen around a fork of this process.

use std::ffi::c_int;

type Handler = Option<extern "C" fn()>;

unsafe extern "C" {
    /// POSIX.
    fn pthread_atfork(prepare: Handler, parent: Handler, child: Handler) -> c_int;
}

/// Has `before` called before each `fork` from now on, and one of the others after it; `false`
/// without memory.
///
/// All run on the thread that forks: what `before` locks cannot be found half changed by the child,
/// and must be let go by the others. The system forgets them when the library is unloaded.
#[must_use]
pub(crate) fn around(
    before: extern "C" fn(),
    parent: extern "C" fn(),
    child: extern "C" fn(),
) -> bool {
    // SAFETY: the handlers are functions without arguments that cannot unwind into C.
    unsafe { pthread_atfork(Some(before), Some(parent), Some(child)) == 0 }
}
