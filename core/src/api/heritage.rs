//! What a handle knows of its process: whether it was inherited by a fork, and what of it has not ended.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// What a handle knows of its process.
#[derive(Debug, Default)]
pub(super) struct Heritage {
    /// Children whose last word has not been delivered.
    children: AtomicU32,
    /// The handle is of a process that this one was forked from.
    inherited: AtomicBool,
    orphaned: AtomicBool,
    /// The last word is on its way.
    ended: AtomicBool,
}

impl Heritage {
    pub(super) fn child_begins(&self) {
        self.children.fetch_add(1, Ordering::SeqCst);
    }

    /// The handle works in the parent process only.
    pub(super) fn is_orphaned(&self) -> bool {
        self.orphaned.load(Ordering::Relaxed)
    }

    pub(super) fn is_inherited(&self) -> bool {
        self.inherited.load(Ordering::Relaxed)
    }

    /// A child has had its last word.
    pub(super) fn child_ends(&self) {
        // A child that has forked in its own last word is not counted in the process that it comes back to.
        let count = &self.children;
        let _ = count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| {
            count.checked_sub(1)
        });
    }

    pub(super) fn has_children(&self) -> bool {
        self.children.load(Ordering::SeqCst) > 0
    }

    /// Is it the first time that the last word is called for?
    pub(super) fn end(&self) -> bool {
        !self.ended.swap(true, Ordering::SeqCst)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// This process was forked from the handle's: its children are counted anew.
    pub(super) fn inherit(&self) {
        self.inherited.store(true, Ordering::Relaxed);
        self.children.store(0, Ordering::Relaxed);
    }

    /// What the handle waits for never comes in this process.
    pub(super) fn orphan(&self) {
        self.orphaned.store(true, Ordering::Relaxed);
    }
}
