//! What a handle knows of its process: whether it was inherited by a fork, and what of it has not
//! ended.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// What a handle knows of its process.
#[derive(Debug, Default)]
pub(super) struct Heritage {
    /// Children whose HANDLE_CLOSING has not been delivered.
    children: AtomicU32,
    /// The handle is of a process that this one was forked from.
    inherited: AtomicBool,
    orphaned: AtomicBool,
    /// HANDLE_CLOSING was queued or delivered.
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

    /// A child's HANDLE_CLOSING was delivered.
    pub(super) fn child_ends(&self) {
        // A callback for a child's HANDLE_CLOSING may fork. In the process that is made there the
        // child is not counted.
        let count = &self.children;
        let _ = count.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| {
            count.checked_sub(1)
        });
    }

    pub(super) fn has_children(&self) -> bool {
        self.children.load(Ordering::SeqCst) > 0
    }

    /// HANDLE_CLOSING is to be delivered; `false` if it was before.
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

    /// The handle works in the parent process only, from now on.
    pub(super) fn orphan(&self) {
        self.orphaned.store(true, Ordering::Relaxed);
    }
}
