//! What must happen before the process ends by `exit` or the end of `main`.

/// Has `run` called when the process ends that way; `false` without memory.
///
/// What the program registered before runs after it, and may still use the library.
#[must_use]
pub fn before(run: extern "C" fn()) -> bool {
    // SAFETY: the handler is a function without arguments that cannot unwind into C.
    unsafe { libc::atexit(run) == 0 }
}
