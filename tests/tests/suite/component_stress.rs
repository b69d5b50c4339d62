//! Verifies websocket.h under many threads: they call all its functions on the same handles,
//! complete each other's actions, and delete handles that others are using; nothing breaks, and
//! what was accepted is indicated once.
//!
//! The buffers of every handle lie in memory of the test's that outlives it, as a program needs
//! that deletes handles while others use them. `COMPONENT_STRESS_CALLS` sets the calls of each
//! thread, `COMPONENT_STRESS_SEED` the seed; tests/stress/run runs it for longer.

mod caller;
mod track;

use std::sync::Arc;
use std::thread;

use caller::Caller;
use track::{Table, Track};

const CALLERS: u64 = 6;

fn setting(name: &str, default: u64) -> u64 {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    value.map_or(default, |value| value.parse().unwrap())
}

#[test]
fn random_calls_from_many_threads_lose_nothing() {
    let calls = setting("COMPONENT_STRESS_CALLS", 20_000);
    let seed = setting("COMPONENT_STRESS_SEED", 1);
    let table = Table::new();
    thread::scope(|scope| {
        for number in 0..CALLERS {
            let table = &table;
            scope.spawn(move || {
                let mut caller = Caller::new(table, seed.wrapping_mul(1000) + number);
                for _ in 0..calls {
                    caller.call();
                }
            });
        }
    });
    let tracks = table.finish();
    assert!(tracks.len() as u64 > CALLERS, "handles came and went");
    let indicated: usize = tracks.iter().map(|track| track.indicated()).sum();
    assert!(
        indicated > 100,
        "the calls reached the session: {indicated}"
    );
    for track in tracks {
        Arc::into_inner(track).unwrap().check();
    }
}

/// What is left of a handle's track when all is over.
impl Track {
    fn check(self) {
        assert!(self.is_intact(), "written outside of the block: {self:?}");
    }
}
