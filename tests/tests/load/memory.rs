//! What the process holds: bytes on the heap, resident memory, threads, descriptors.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt;
use std::fs;
use std::sync::atomic::{AtomicI64, Ordering};

static LIVE: AtomicI64 = AtomicI64::new(0);

/// The system's allocator, counting.
pub(crate) struct Counting;

// SAFETY: everything is passed on to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as i64, Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) live: i64,
    pub(crate) resident: i64,
    pub(crate) threads: usize,
    pub(crate) descriptors: usize,
}

impl Held {
    pub(crate) fn now() -> Self {
        let count = |path| fs::read_dir(path).unwrap().count();
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let resident = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        let kilobytes: i64 = resident
            .trim()
            .trim_end_matches("kB")
            .trim()
            .parse()
            .unwrap();
        Self {
            live: LIVE.load(Ordering::Relaxed),
            resident: kilobytes * 1024,
            threads: count("/proc/self/task"),
            descriptors: count("/proc/self/fd"),
        }
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>9.1} KiB live, {:>9.1} KiB resident, {} threads, {} descriptors",
            self.live as f64 / 1024.0,
            self.resident as f64 / 1024.0,
            self.threads,
            self.descriptors
        )
    }
}
