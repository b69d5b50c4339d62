//! What must happen in the children of this process before they go on.

use std::ffi::c_int;

type Handler = Option<extern "C" fn()>;

unsafe extern "C" {
    /// POSIX.
    fn pthread_atfork(prepare: Handler, parent: Handler, child: Handler) -> c_int;
}

/// Has `run` called in each child that `fork` makes from now on, before `fork` returns there; `false` without memory.
///
/// `run` must be safe in a signal handler: other threads may have held any lock. The system forgets it when the library
/// is unloaded.
#[must_use]
pub fn in_children(run: extern "C" fn()) -> bool {
    // SAFETY: the handler is a function without arguments that cannot unwind into C.
    unsafe { pthread_atfork(None, None, Some(run)) == 0 }
}
