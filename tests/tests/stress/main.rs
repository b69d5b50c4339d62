//! Verifies the promises of the whole API at once: many threads make random calls on random
//! handles, and nothing breaks.
//!
//! Every function is called on live, closed and invented handles of synchronous and asynchronous
//! sessions, against well-behaved and hostile peers, plain and TLS, from outside and from inside
//! callbacks that close, send, receive, block and nest. Each round checks: only documented results;
//! one completion for each operation that was accepted; HANDLE_CLOSING once and last; no two
//! callbacks of a handle at once, except those that a call of the same thread tells before it
//! returns; lent memory neither written after the completion nor sent from then on; a synchronous
//! call that waits ends when its handle is closed; in the end all threads, descriptors and bytes
//! are back.
//!
//! `WINHTTP_STRESS_SEED` sets the seed of the first round (each round prints its own),
//! `WINHTTP_STRESS_CALLS` the calls of a round's threads, `WINHTTP_STRESS_SECONDS` how long rounds
//! are begun. A seed fixes what each thread tries; what the threads meet still depends on their
//! timing. `tests/stress/run` runs it for long.
//!
//! A program of its own: its allocator counts, as it does the threads and descriptors of the
//! process.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::print_stderr,
    reason = "a test fails by panicking, and prints what it did"
)]
#![cfg(target_os = "linux")]

mod call;
mod callback;
mod chance;
mod lent;
mod measure;
mod report;
mod table;
mod track;
mod watch;
mod world;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

use winhttp_fixtures::certs::Authority;
use winhttp_tests::PATIENCE;
use winhttp_tests::scratch::kept;

use call::Caller;
use chance::Chance;
use measure::Held;
use table::Function;
use world::World;

#[global_allocator]
static ALLOCATOR: measure::Counting = measure::Counting;

/// Threads that call.
const CALLERS: usize = 6;
/// Bytes by which the heap may be above where it was after the first rounds: tables keep their
/// largest size, and the process its 1.6 MiB of buffers and larger pieces (docs/process.md).
const BYTES_KEPT: isize = (512 + 1680) * 1024;
/// Rounds after which the process holds all it makes once.
const WARM_UP: u64 = 2;

fn setting(name: &str, default: u64) -> u64 {
    let value = env::var(name).ok().filter(|value| !value.is_empty());
    value.map_or(default, |value| value.parse().unwrap())
}

/// A name that this process trusts, before its first session.
fn authority() -> Authority {
    let authority = Authority::new().unwrap();
    let file = authority.write_pem(kept("stress")).unwrap();
    // SAFETY: the only test of its process; no other thread reads the environment yet.
    unsafe { env::set_var("SSL_CERT_FILE", &file) };
    authority
}

/// Random calls from several threads, then the end of everything.
fn round(seed: u64, calls: u64, authority: &Authority) {
    let world = Arc::new(World::new(seed, authority));
    world::set_world(Some(Arc::clone(&world)));
    let running = AtomicUsize::new(CALLERS);
    thread::scope(|scope| {
        for number in 0..CALLERS {
            let (world, running) = (Arc::clone(&world), &running);
            scope.spawn(move || {
                let chance = Chance::new(seed.wrapping_mul(1000).wrapping_add(number as u64));
                let mut caller = Caller::new(world, chance);
                for _ in 0..calls / CALLERS as u64 {
                    caller.any();
                }
                running.fetch_sub(1, Ordering::AcqRel);
            });
        }
        watch::cancel_waiting(&world, || running.load(Ordering::Acquire) == 0);
    });
    end(&world);
    world::set_world(None);
    drop(world);
}

/// Closes every handle and waits until each has had its last word.
fn end(world: &World) {
    world.stopping.store(true, Ordering::Release);
    let deadline = Instant::now() + PATIENCE * 3;
    loop {
        // Calls from callbacks that run on may still make handles.
        watch::cancel_waiting(world, || true);
        world
            .live()
            .iter()
            .for_each(|track| watch::close(world, track));
        let open = track::all().into_iter().find(|track| !track.is_over());
        let Some(open) = open else { return };
        if Instant::now() > deadline {
            report::violation(format!("no HANDLE_CLOSING: {open:?}"));
            return;
        }
        let now = Instant::now();
        let waited = || now.elapsed() > Duration::from_millis(20);
        watch::cancel_waiting(world, waited);
    }
}

/// Waits until threads and descriptors are back; what is held then.
fn settled(limit: Option<Held>) -> Held {
    let deadline = Instant::now() + PATIENCE;
    let (mut smallest, mut unchanged) = (Held::now(), 0);
    loop {
        let now = Held::now();
        let less = Held {
            threads: now.threads.min(smallest.threads),
            descriptors: now.descriptors.min(smallest.descriptors),
            bytes: now.bytes.min(smallest.bytes),
        };
        unchanged = if less == smallest { unchanged + 1 } else { 0 };
        smallest = less;
        let fits = limit.is_none_or(|limit| {
            less.threads <= limit.threads && less.descriptors <= limit.descriptors
        });
        if (fits && unchanged >= 20) || Instant::now() > deadline {
            return smallest;
        }
        thread::park_timeout(Duration::from_millis(1));
    }
}

#[test]
fn random_calls_from_many_threads_keep_every_promise() {
    let first = setting("WINHTTP_STRESS_SEED", 1);
    let calls = setting("WINHTTP_STRESS_CALLS", 6000);
    let seconds = setting("WINHTTP_STRESS_SECONDS", 15);
    let authority = authority();
    let (start, mut seed) = (Instant::now(), first);
    let mut limit = None;
    while seed - first <= WARM_UP || start.elapsed() < Duration::from_secs(seconds) {
        // On a thread of its own, so that what synchronous calls keep for their thread ends with
        // it.
        thread::scope(|scope| {
            scope
                .spawn(|| round(seed, calls, &authority))
                .join()
                .unwrap();
        });
        let held = settled(limit);
        track::all().iter().for_each(|track| track.check());
        track::clear();
        lent::settle();
        let held = Held {
            bytes: Held::now().bytes,
            ..held
        };
        eprintln!("seed {seed}: {} calls so far, {held:?}", report::calls());
        if let Some(limit) = limit {
            check_held(held, limit);
        } else if seed - first + 1 == WARM_UP {
            limit = Some(held);
        }
        let violations = report::violations();
        assert!(
            violations.is_empty(),
            "WINHTTP_STRESS_SEED={seed}: {violations:#?}"
        );
        seed += 1;
    }
    eprintln!("{}", report::summary());
    assert_eq!(report::uncalled(), Vec::<&str>::new());
    for function in track::OPERATIONS {
        assert_ne!(
            report::times(function, 0),
            0,
            "{function:?} never succeeded"
        );
    }
    assert_ne!(report::times(Function::WebSocketCompleteUpgrade, 0), 0);
}

fn check_held(held: Held, limit: Held) {
    if held.threads > limit.threads || held.descriptors > limit.descriptors {
        report::violation(format!("left behind: {held:?}, was {limit:?}"));
    }
    if held.bytes > limit.bytes + BYTES_KEPT {
        report::violation(format!("memory grows: {held:?}, was {limit:?}"));
    }
}
