//! What the process has: threads, descriptors, and memory, counted by its own allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use winhttp_tests::PATIENCE;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static BUFFERS: AtomicUsize = AtomicUsize::new(0);

/// Size of a buffer that the library's threads and the process keep for what arrives.
const BUFFER_BYTES: usize = 64 << 10;

#[global_allocator]
static COUNTING: Counting = Counting;

/// The system's allocator, counting bytes, and blocks as large as a buffer.
struct Counting;

// SAFETY: everything is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        shrunk(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        grown(size);
        shrunk(layout.size());
        // SAFETY: the caller's promise.
        unsafe { System.realloc(memory, layout, size) }
    }
}

fn grown(bytes: usize) {
    let live = LIVE.fetch_add(bytes, Ordering::Relaxed) + bytes;
    PEAK.fetch_max(live, Ordering::Relaxed);
    if bytes == BUFFER_BYTES {
        BUFFERS.fetch_add(1, Ordering::Relaxed);
    }
}

fn shrunk(bytes: usize) {
    LIVE.fetch_sub(bytes, Ordering::Relaxed);
    if bytes == BUFFER_BYTES {
        BUFFERS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Bytes allocated and not freed.
pub(crate) fn live_bytes() -> usize {
    LIVE.load(Ordering::Relaxed)
}

/// Memory allocated and not freed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Live {
    /// Blocks as large as a buffer.
    pub(crate) buffers: usize,
    /// Bytes of all others.
    pub(crate) bytes: usize,
}

impl Live {
    /// Between cases, when nothing is allocated meanwhile.
    pub(crate) fn now() -> Self {
        let buffers = BUFFERS.load(Ordering::Relaxed);
        Self {
            buffers,
            bytes: live_bytes().saturating_sub(buffers * BUFFER_BYTES),
        }
    }
}

/// Most bytes that were allocated at once since [`forget_peak`].
pub(crate) fn peak_bytes() -> usize {
    PEAK.load(Ordering::Relaxed)
}

/// Begins a new measurement of [`peak_bytes`].
pub(crate) fn forget_peak() {
    PEAK.store(live_bytes(), Ordering::Relaxed);
}

/// Threads and descriptors of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Possessions {
    pub(crate) threads: usize,
    pub(crate) descriptors: usize,
}

impl Possessions {
    pub(crate) fn now() -> Self {
        let count = |folder: &str| fs::read_dir(folder).unwrap().count();
        Self {
            threads: count("/proc/self/task"),
            descriptors: count("/proc/self/fd"),
        }
    }

    /// Waits until there are no more than these; threads vanish a moment after they were joined.
    pub(crate) fn wait_for(self, what: &str) {
        let start = Instant::now();
        loop {
            let now = Self::now();
            if now.threads <= self.threads && now.descriptors <= self.descriptors {
                return;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{what}: left are {now:?}, before there were {self:?}; {}",
                described()
            );
            std::thread::yield_now();
        }
    }
}

/// The threads by name and the descriptors by what they are.
fn described() -> String {
    let entries = |folder: &str| fs::read_dir(folder).unwrap().flatten();
    let names = entries("/proc/self/task").map(|task| fs::read_to_string(task.path().join("comm")));
    let files = entries("/proc/self/fd").map(|file| fs::read_link(file.path()));
    let (names, files): (Vec<_>, Vec<_>) = (names.flatten().collect(), files.flatten().collect());
    format!("threads {names:?}, descriptors {files:?}")
}
