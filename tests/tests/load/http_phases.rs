//! The phases with HTTP, and what is demanded of each.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use winhttp_abi::constants as c;
use winhttp_tests::Handle;

use crate::memory::Held;
use crate::phases::{BYTES_KEPT, Peer, close, session, setting, wait};
use crate::requests::{LINES, Lines, lines, told};

/// Threads that call functions that wait.
const THREADS: usize = 64;
/// Bytes that a connection with an open request may cost on the heap, TLS and plain together.
const EXCHANGE_MAX: i64 = 96 * 1024;
/// How soon everything is gone when the server is, which is long before idle connections expire.
const CLOSED_WITHIN: Duration = Duration::from_secs(20);

fn connected() -> u64 {
    lines().counters.connected.load(Ordering::Relaxed)
}

fn answered() -> u64 {
    lines().counters.answered.load(Ordering::Relaxed)
}

/// Lets all lines ask until so many more requests have been answered.
fn from_callbacks(count: usize, requests: u64) {
    let lines = lines();
    let begin = Instant::now();
    let limit = lines.allow(requests);
    lines.counters.idle.store(0, Ordering::Relaxed);
    (0..count).for_each(|index| lines.begin(index));
    wait("requests from callbacks", || {
        lines.counters.idle.load(Ordering::Relaxed) == count
    });
    assert_eq!(answered(), limit, "answers from callbacks");
    told_rate("from callbacks", requests, begin);
}

/// Every line has a request of its own open at once, so that each has a connection.
fn all_at_once(count: usize, start: Held) {
    let lines = lines();
    lines.reading.store(false, Ordering::Relaxed);
    let limit = lines.allow(count as u64);
    (0..count).for_each(|index| lines.begin(index));
    wait("all connections", || {
        lines.counters.begun.load(Ordering::Relaxed) == count
    });
    let open = Held::now();
    println!("all open       {open}");
    let cost = (open.live - start.live) / count as i64;
    println!("a connection with a request: {cost} bytes live");
    assert!(
        count < 1000 || cost < EXCHANGE_MAX,
        "more than {EXCHANGE_MAX} bytes"
    );
    lines.reading.store(true, Ordering::Relaxed);
    (0..count).for_each(|index| lines.read(index));
    wait("first answers", || {
        lines.counters.idle.load(Ordering::Relaxed) == count
    });
    assert_eq!(answered(), limit, "first answers");
    println!("all idle       {}", Held::now());
}

/// So many requests in calls that wait, from several threads, on connections that callbacks have
/// left.
fn from_threads(connects: [Handle; 2], requests: u64) {
    let begin = Instant::now();
    let limit = lines().allow(requests);
    let threads: Vec<_> = (0..THREADS)
        .map(|index| thread::spawn(move || lines().work(connects, index % 2 == 1)))
        .collect();
    wait("requests from threads", || {
        threads.iter().all(thread::JoinHandle::is_finished)
    });
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(answered(), limit, "answers to threads");
    told_rate("from threads", requests, begin);
}

fn told_rate(what: &str, requests: u64, begin: Instant) {
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "{requests} requests {what} in {seconds:.1} s, {:.0}/s; {} connections so far",
        requests as f64 / seconds,
        connected()
    );
}

/// The whole part.
pub(crate) fn run() {
    let count = setting("WINHTTP_LOAD_HTTP_CONNECTIONS", 100) as usize;
    let requests = setting("WINHTTP_LOAD_HTTP_REQUESTS", 10_000);
    let peer = Peer::start();
    let open = |flags| peer.ports.map(|port| session(port, flags, told));
    let (asynchronous, synchronous) = (open(c::WINHTTP_FLAG_ASYNC), open(0));
    let connects = |sessions: [[Handle; 2]; 2]| sessions.map(|[_, connect]| connect);
    LINES
        .set(Lines::new(connects(asynchronous), count))
        .unwrap();
    // What the process makes once.
    lines().reading.store(true, Ordering::Relaxed);
    from_callbacks(2, 2);
    let start = Held::now();
    println!("start          {start}");
    let before = connected();
    lines().counters.idle.store(0, Ordering::Relaxed);
    all_at_once(count, start);
    from_callbacks(count, requests / 2);
    // The two of the beginning serve too.
    assert!(
        connected() <= before + count as u64,
        "{} connections for {count} at once",
        connected()
    );
    from_threads(connects(synchronous), requests / 2);
    println!("all answered   {}", Held::now());
    for [session, connect] in asynchronous.into_iter().chain(synchronous) {
        close(connect);
        close(session);
    }
    let counters = &lines().counters;
    let asked = 2 + count as u64 + requests / 2;
    wait("the last words", || {
        counters.requests_closed.load(Ordering::Relaxed) == asked
    });
    // Connections are the process's and outlive sessions, until the server ends them.
    let served = peer.end().requests;
    let took = wait("threads and descriptors", || {
        let now = Held::now();
        now.threads == 1 && now.descriptors < start.descriptors
    });
    assert!(took < CLOSED_WITHIN, "connections stay that have ended");
    let end = Held::now();
    println!("end            {end}");
    println!("{} answered here, {served} there", answered());
    assert_eq!(answered(), served);
    assert_eq!(
        counters.errors.load(Ordering::Relaxed),
        0,
        "errors of the client"
    );
    assert!(
        end.live < start.live + BYTES_KEPT,
        "memory does not return: {start}, {end}"
    );
}
