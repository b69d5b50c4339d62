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

/// Name of the thread that looks after idle connections. There is one for the process, which ends
/// up to a second after it has nothing more to do: no case waits for that.
const KEEPER: &str = "winhttp-pool";
/// What that thread waits with: a poll, under two descriptors, and its waker.
const KEEPER_POLLERS: usize = 3;

/// Threads and descriptors of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Possessions {
    /// All but the keeper.
    pub(crate) threads: usize,
    /// Sockets and files.
    pub(crate) descriptors: usize,
    /// Descriptors of polls and wakers.
    pub(crate) pollers: usize,
}

impl Possessions {
    pub(crate) fn now() -> Self {
        let is_poller = |name: &str| name.starts_with("anon_inode:");
        let all = descriptors();
        let pollers = all.iter().filter(|name| is_poller(name)).count();
        Self {
            threads: threads().iter().filter(|name| *name != KEEPER).count(),
            descriptors: all.len() - pollers,
            pollers,
        }
    }

    /// Waits until there are no more than these, but for what the keeper has; threads vanish a
    /// moment after they were joined.
    pub(crate) fn wait_for(self, what: &str) {
        self.wait(KEEPER_POLLERS, what);
    }

    /// Waits until there are no more than these, and the keeper is gone.
    pub(crate) fn wait_for_keeper(self, what: &str) {
        self.wait(0, what);
    }

    fn wait(self, more: usize, what: &str) {
        let start = Instant::now();
        loop {
            let now = Self::now();
            if now.threads <= self.threads
                && now.descriptors <= self.descriptors
                && now.pollers <= self.pollers + more
            {
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

fn described() -> String {
    format!("threads {:?}, descriptors {:?}", threads(), descriptors())
}

/// The threads by name; one that is ending may have none.
fn threads() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
    let names = tasks.map(|task| fs::read_to_string(task.path().join("comm")));
    let names = names.map(|name| name.unwrap_or_default().trim_end().to_owned());
    names.collect()
}

/// The descriptors by what they are.
fn descriptors() -> Vec<String> {
    let files = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let names = files.map(|file| fs::read_link(file.path()).unwrap_or_default());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}
