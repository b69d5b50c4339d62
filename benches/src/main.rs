//! Times WebSocket work through the C ABI against tungstenite, interleaved in one run, and prints ratios.
//!
//! Run with `cargo run --release -p winhttp-benches`. Absolute figures move with the machine; ratios hold.
#![expect(clippy::print_stdout, reason = "printing is this program's job")]
#![expect(clippy::unwrap_used, reason = "a benchmark that fails must stop")]

mod ours;
mod peer;

use std::time::Instant;

use winhttp_fixtures::{Server, Settings, by_path};

/// Rounds of each contestant; the median counts.
const ROUNDS: usize = 7;

/// One kind of work: messages of `bytes` bytes, echoed one after the other.
struct Work {
    name: &'static str,
    bytes: usize,
    messages: usize,
}

const WORKS: &[Work] = &[
    Work {
        name: "ping-pong 64 B",
        bytes: 64,
        messages: 20_000,
    },
    Work {
        name: "echo 4 KiB",
        bytes: 4096,
        messages: 10_000,
    },
    Work {
        name: "echo 64 KiB",
        bytes: 65_536,
        messages: 2_000,
    },
    Work {
        name: "echo 1 MiB",
        bytes: 1 << 20,
        messages: 200,
    },
];

type Contestant = (&'static str, fn(u16, &Work));

const CONTESTANTS: &[Contestant] = &[
    ("tungstenite", peer::run),
    ("sync", ours::run_sync),
    ("async", ours::run_async),
];

fn main() {
    let settings = Settings {
        recording: false,
        ..Settings::default()
    };
    let server = Server::start(settings, by_path).unwrap();
    println!(
        "{:<16} {:>14} {:>14} {:>14} {:>8} {:>8}",
        "work", "tungstenite/s", "sync/s", "async/s", "sync", "async"
    );
    for work in WORKS {
        let mut rates = [const { Vec::new() }; 3];
        for _ in 0..ROUNDS {
            for ((_, run), rates) in CONTESTANTS.iter().zip(&mut rates) {
                let start = Instant::now();
                run(server.port(), work);
                rates.push(work.messages as f64 / start.elapsed().as_secs_f64());
            }
        }
        let [peer, sync, asynchronous] = rates.map(median);
        println!(
            "{:<16} {peer:>14.0} {sync:>14.0} {asynchronous:>14.0} {:>8.2} {:>8.2}",
            work.name,
            sync / peer,
            asynchronous / peer
        );
    }
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or(0.0)
}
