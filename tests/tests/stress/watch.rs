//! Who is inside a call, and since when: what waits too long is cancelled from outside, as programs
//! do.

use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use winhttp_tests::Handle;

use crate::table::{Function, TABLE};
use crate::track::{self, Track};
use crate::world::World;

/// A synchronous call that waits this long gets its handle closed.
const WAIT: Duration = Duration::from_millis(60);
/// A call that has not returned after this has hung; generous, as the machine may be busy.
const HUNG: Duration = Duration::from_secs(60);

#[derive(Clone, Debug)]
struct Busy {
    function: Function,
    bits: usize,
    since: Instant,
}

type Stack = Arc<Mutex<Vec<Busy>>>;

static STACKS: Mutex<Vec<Stack>> = Mutex::new(Vec::new());

struct Own(Stack);

impl Drop for Own {
    fn drop(&mut self) {
        let mut stacks = STACKS.lock().unwrap_or_else(PoisonError::into_inner);
        stacks.retain(|stack| !Arc::ptr_eq(stack, &self.0));
    }
}

thread_local! {
    static OWN: Own = {
        let stack = Stack::default();
        STACKS.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&stack));
        Own(stack)
    };
}

thread_local! {
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

/// As long as it lives, callbacks of this thread come from inside its calls.
pub(crate) struct Calling;

impl Calling {
    pub(crate) fn begin() -> Self {
        CALLS.set(CALLS.get() + 1);
        Self
    }

    /// Whether this thread is inside a call of the library.
    pub(crate) fn is_under_way() -> bool {
        CALLS.get() > 0
    }
}

impl Drop for Calling {
    fn drop(&mut self) {
        CALLS.set(CALLS.get() - 1);
    }
}

/// Runs a call under watch.
pub(crate) fn watched<T>(function: Function, bits: usize, call: impl FnOnce() -> T) -> T {
    let stack = OWN.with(|own| Arc::clone(&own.0));
    let lock = || stack.lock().unwrap_or_else(PoisonError::into_inner);
    lock().push(Busy {
        function,
        bits,
        since: Instant::now(),
    });
    let result = call();
    lock().pop();
    result
}

fn snapshot() -> Vec<Vec<Busy>> {
    let stacks = STACKS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    stacks
        .iter()
        .map(|stack| stack.lock().unwrap_or_else(PoisonError::into_inner).clone())
        .filter(|stack| !stack.is_empty())
        .collect()
}

/// Cancels what waits until the round stops; ends the process when a call hangs.
pub(crate) fn cancel_waiting(world: &World, done: impl Fn() -> bool) {
    while !done() {
        for stack in snapshot() {
            for busy in &stack {
                let waited = busy.since.elapsed();
                if waited > HUNG {
                    hung(&stack);
                }
                let synchronous = |track: &Arc<Track>| !track.is_async();
                if waited > WAIT
                    && let Some(track) = track::find(busy.bits).filter(synchronous)
                    && !track.closed.load(Ordering::Acquire)
                {
                    close(world, &track);
                }
            }
        }
        thread::park_timeout(Duration::from_millis(10));
    }
}

/// Closes a handle as the program would.
pub(crate) fn close(world: &World, track: &Track) {
    track.cancels.store(true, Ordering::Release);
    let raw = Handle(track.bits).raw();
    let _calling = Calling::begin();
    // SAFETY: no memory is passed.
    if unsafe { winhttp::WinHttpCloseHandle::<u16>(raw) } != 0 {
        track.closed.store(true, Ordering::Release);
        world.forget(track.bits);
    }
}

fn hung(stack: &[Busy]) -> ! {
    for busy in stack {
        let track = track::find(busy.bits);
        let name = TABLE[busy.function as usize].name;
        eprintln!("hung for {:?}: {name} of {track:?}", busy.since.elapsed());
    }
    std::process::abort();
}
