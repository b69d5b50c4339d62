//! What a user of this crate implements: the work, the poll, and the way to wake it.

/// Work of a lane: a user callback, or a step that leads to one.
pub trait Job: Send + 'static {
    /// Does the work; may block, panic, and use every function of this crate.
    fn run(self);
}

/// What the holder of the role waits in when no lane has work: the engine lends its poll.
///
/// Only one thread at a time is inside, not always the same one. A panic in it is contained and
/// ends that one turn.
pub trait Source: Send + 'static {
    /// Looks for readiness once and hands it out by posting jobs to lanes.
    ///
    /// Blocks only if `may_block`, and then until there is readiness, a deadline of its own, or a
    /// [`Wake::wake`]. Whatever was put off until the callbacks have run (gathered sends) is done
    /// first: every blocking turn, and every turn a stand-by takes, starts here. Having posted
    /// anything, it returns without blocking: nobody else runs the jobs. It runs no user code.
    fn wait(&mut self, may_block: bool);
}

/// Ends a blocking [`Source::wait`] from another thread.
pub trait Wake: Send + Sync + 'static {
    /// Makes the current or else the next blocking [`Source::wait`] return soon.
    ///
    /// It must hold good when it comes just before the wait blocks, as an eventfd does. Called
    /// with no lock of this crate held, on any thread; it does not panic.
    fn wake(&self);
}
