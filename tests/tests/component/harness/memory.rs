//! Counts what the current thread has allocated: all calls of the component work on the caller's
//! thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static LIVE_BYTES: Cell<isize> = const { Cell::new(0) };
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// How often the same thing is tried: tables that all threads share grow now and then.
const TRIES: usize = 8;

/// Whether doing this leaves more memory allocated, each time that it is done.
pub(crate) fn grows(mut what: impl FnMut()) -> bool {
    (0..TRIES).all(|_| {
        let before = LIVE_BYTES.get();
        what();
        LIVE_BYTES.get() > before
    })
}

/// Bytes the current thread allocated and did not free.
pub(crate) fn live_bytes() -> isize {
    LIVE_BYTES.get()
}

/// The system's allocator, counting bytes.
struct Counting;

fn count(bytes: usize, sign: isize) {
    let bytes = sign * bytes.cast_signed();
    // A thread that is ending does not count any more.
    let _ = LIVE_BYTES.try_with(|live| live.set(live.get() + bytes));
}

// SAFETY: everything is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, 1);
        count(layout.size(), -1);
        // SAFETY: the caller's promise.
        unsafe { System.realloc(memory, layout, size) }
    }
}
