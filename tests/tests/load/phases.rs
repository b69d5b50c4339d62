//! The phases with WebSockets, and what is demanded of each.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use winhttp_abi::constants as c;
use winhttp_tests::scratch::kept;
use winhttp_tests::{Callback, Handle, call, last_error, text};

use crate::client::{CLIENT, Client, client, told};
use crate::memory::Held;
use crate::requests::LINES;

/// Further connections tried when no descriptors are left.
const BEYOND: usize = 64;
/// Connections before all others, one of each kind.
const FIRST: usize = 2;
/// In a turn of waiting one connection of so many is closed and opened again.
const RENEWED: usize = 2000;
/// Time awake without any progress after which the test fails.
const STUCK: Duration = Duration::from_secs(120);
/// A turn of waiting; one that took far longer was a pause of the machine.
const TURN: Duration = Duration::from_millis(50);
/// Bytes that may stay on the heap: tables keep their largest size, the system's trust store is
/// read once.
pub(crate) const BYTES_KEPT: i64 = 3 << 20;
/// What an idle connection may keep on the heap, in bytes; TLS keeps its keys and its state.
const IDLE_PLAIN_MAX: i64 = 4096;
const IDLE_SECURE_MAX: i64 = 24 * 1024;

pub(crate) fn setting(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |value| value.parse().unwrap())
}

pub(crate) struct Peer {
    process: Child,
    output: BufReader<std::process::ChildStdout>,
    pub(crate) ports: [u16; 2],
}

impl Peer {
    /// Starts this program as the server, and trusts it.
    pub(crate) fn start() -> Self {
        let mut process = Command::new(env::current_exe().unwrap())
            .env(crate::SERVE, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut lines = Vec::new();
        while lines.last().map(String::as_str) != Some("ready") {
            let mut line = String::new();
            assert_ne!(
                output.read_line(&mut line).unwrap(),
                0,
                "the server did not start"
            );
            lines.push(line.trim().to_owned());
        }
        let ports: Vec<u16> = lines[0]
            .split(' ')
            .map(|port| port.parse().unwrap())
            .collect();
        let file = kept("load").join("ca.pem");
        fs::write(&file, lines[1..lines.len() - 1].join("\n")).unwrap();
        // SAFETY: no other thread of this process reads the environment yet.
        unsafe { env::set_var("SSL_CERT_FILE", &file) };
        Self {
            process,
            output,
            ports: [ports[0], ports[1]],
        }
    }

    /// Ends the server, and tells what it has seen, without an error.
    pub(crate) fn end(mut self) -> Seen {
        drop(self.process.stdin.take());
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert!(self.process.wait().unwrap().success());
        let counts: Vec<u64> = line
            .trim()
            .split(' ')
            .map(|count| count.parse().unwrap())
            .collect();
        let [messages, closes, requests, errors] = counts.try_into().unwrap();
        assert_eq!(errors, 0, "errors of the server");
        Seen {
            messages,
            closes,
            requests,
        }
    }
}

/// What a server has seen.
pub(crate) struct Seen {
    pub(crate) messages: u64,
    pub(crate) closes: u64,
    pub(crate) requests: u64,
}

/// A session without timeouts, and its connect.
pub(crate) fn session(port: u16, flags: u32, told: Callback) -> [Handle; 2] {
    let (agent, host) = (text::<u16>("load"), text::<u16>("127.0.0.1"));
    let (access, null) = (c::WINHTTP_ACCESS_TYPE_NO_PROXY, std::ptr::null());
    // SAFETY: the text lives through the call.
    let session = unsafe { winhttp::WinHttpOpen::<u16>(agent.as_ptr(), access, null, null, flags) };
    assert!(!session.is_null(), "WinHttpOpen: {}", last_error());
    // SAFETY: the callback lives as long as the process.
    unsafe { winhttp::WinHttpSetStatusCallback::<u16>(session, Some(told), u32::MAX, 0) };
    // SAFETY: no memory is passed.
    call(unsafe { winhttp::WinHttpSetTimeouts::<u16>(session, 0, 0, 0, 0) }).unwrap();
    // SAFETY: the text lives through the call.
    let connect = unsafe { winhttp::WinHttpConnect::<u16>(session, host.as_ptr(), port, 0) };
    assert!(!connect.is_null(), "WinHttpConnect: {}", last_error());
    [session.into(), connect.into()]
}

pub(crate) fn close(handle: Handle) {
    // SAFETY: no memory is passed.
    call(unsafe { winhttp::WinHttpCloseHandle::<u16>(handle.raw()) }).unwrap();
}

/// A number that changes while something is going on.
fn progress() -> u64 {
    let messages = CLIENT.get().map_or(0, |client| {
        let counters = &client.counters;
        counters.messages.load(Ordering::Relaxed)
            + counters.opened.load(Ordering::Relaxed)
            + counters.closed.load(Ordering::Relaxed)
    });
    let requests = LINES.get().map_or(0, |lines| {
        lines.counters.answered.load(Ordering::Relaxed)
            + lines.counters.connected.load(Ordering::Relaxed)
    });
    messages + requests
}

/// Waits until `done`; fails when awake for long without progress. Pauses of the machine do not
/// count.
pub(crate) fn wait(what: &str, mut done: impl FnMut() -> bool) -> Duration {
    let (mut awake, mut stuck, mut before) = (Duration::ZERO, Duration::ZERO, 0);
    while !done() {
        let turn = Instant::now();
        thread::park_timeout(TURN);
        let took = turn.elapsed().min(TURN * 4);
        awake += took;
        let now = progress();
        stuck = if now == before {
            stuck + took
        } else {
            Duration::ZERO
        };
        before = now;
        assert!(stuck < STUCK, "no progress: {what}");
    }
    awake
}

fn open_count() -> usize {
    client().counters.open.load(Ordering::Relaxed)
}

/// Opens these connections.
fn open_all(indices: impl Iterator<Item = usize>) {
    let before = open_count();
    let count = indices.map(|index| client().open(index)).count();
    wait("opening", || open_count() - before == count);
}

/// All exchange messages; some of them are always closed with the closing handshake and opened
/// again.
fn talk(seconds: u64, count: usize) {
    let client = client();
    client.talking.store(true, Ordering::Relaxed);
    let (begin, mut messages) = (client.counters.messages.load(Ordering::Relaxed), 0);
    (0..count).for_each(|index| client.poke(index));
    let (mut spent, mut renewed) = (Duration::ZERO, 0);
    while spent < Duration::from_secs(seconds) {
        let slice = Duration::from_secs(seconds.min(10));
        let mut waited = Duration::ZERO;
        let took = wait("talking", || {
            waited += TURN;
            // Bounded by turns, not by the clock, so that a pause brings no storm.
            for _ in 0..count.div_ceil(RENEWED) {
                renewed = (renewed + 7) % count;
                client.renew(renewed);
            }
            waited > slice
        });
        spent += took;
        let now = client.counters.messages.load(Ordering::Relaxed) - begin;
        println!(
            "{:>6.0} s: {now} messages, {:.0}/s; {} open, {} opened, {} closed, {} errors",
            spent.as_secs_f64(),
            (now - messages) as f64 / took.as_secs_f64(),
            open_count(),
            client.counters.opened.load(Ordering::Relaxed),
            client.counters.closed.load(Ordering::Relaxed),
            client.counters.errors.load(Ordering::Relaxed)
        );
        messages = now;
    }
    println!(
        "{messages} messages in {:.1} s awake, {:.0}/s",
        spent.as_secs_f64(),
        messages as f64 / spent.as_secs_f64()
    );
    // In this order: who is due is still open.
    wait("reopening", || {
        (0..count).all(|index| !client.is_due(index)) && open_count() == count
    });
}

/// With no descriptors left connecting fails as documented, and the others go on; with descriptors
/// it works again.
fn without_descriptors(count: usize) {
    let client = client();
    let before = getrlimit(Resource::Nofile);
    let taken: std::collections::BTreeSet<u64> = fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    // The limit is on the numbers of new descriptors: none is free below it.
    let limit = Rlimit {
        current: (0..).find(|number| !taken.contains(number)),
        ..before
    };
    setrlimit(Resource::Nofile, limit).unwrap();
    let beyond = count..count + BEYOND;
    beyond.clone().for_each(|index| client.open(index));
    let mut refused = Vec::new();
    wait("refusals", || {
        refused.extend(
            beyond
                .clone()
                .filter_map(|index| client.take_refusal(index).map(|error| (index, error))),
        );
        let open = beyond
            .clone()
            .filter(|index| client.is_open(*index))
            .count();
        refused.len() + open == BEYOND
    });
    let errors: std::collections::BTreeSet<u32> = refused.iter().map(|(_, error)| *error).collect();
    println!(
        "without descriptors: {} of {BEYOND} refused, with {errors:?}",
        refused.len()
    );
    assert!(refused.len() >= BEYOND / 2, "the limit had no effect");
    assert_eq!(errors, [c::ERROR_NOT_ENOUGH_MEMORY].into());
    let messages = client.counters.messages.load(Ordering::Relaxed);
    wait("others going on", || {
        client.counters.messages.load(Ordering::Relaxed) > messages + count as u64
    });
    setrlimit(Resource::Nofile, before).unwrap();
    refused.iter().for_each(|(index, _)| client.open(*index));
    wait("opening again", || open_count() == count + BEYOND);
    println!("with descriptors again: all {BEYOND} are open");
}

/// All connections idle, ws first: what each costs.
fn idle(start: Held, count: usize) {
    open_all((0..count).step_by(2));
    let plain = Held::now();
    open_all((1..count).step_by(2));
    let all = Held::now();
    println!("idle, half     {plain}\nidle, all      {all}");
    let half = count as i64 / 2;
    let cost = |name: &str, from: Held, to: Held, max: i64| {
        let (live, resident) = (
            (to.live - from.live) / half,
            (to.resident - from.resident) / half,
        );
        println!("an idle {name} connection: {live} bytes live, {resident} resident");
        assert!(count < 1000 || live < max, "more than {max} bytes");
    };
    cost("ws", start, plain, IDLE_PLAIN_MAX);
    cost("wss", plain, all, IDLE_SECURE_MAX);
}

/// The whole part with WebSockets.
pub(crate) fn run() {
    let count = setting("WINHTTP_LOAD_CONNECTIONS", 100) as usize;
    let seconds = setting("WINHTTP_LOAD_SECONDS", 3);
    let peer = Peer::start();
    let sessions = peer
        .ports
        .map(|port| session(port, c::WINHTTP_FLAG_ASYNC, told));
    let connects = sessions.map(|[_, connect]| connect);
    let optional = count + FIRST;
    CLIENT
        .set(Client::new(connects, optional + BEYOND, optional))
        .unwrap();
    // What the process makes once, such as the list of trusted authorities.
    open_all(count..optional);
    let start = Held::now();
    println!("start          {start}");
    idle(start, count);
    talk(seconds, optional);
    without_descriptors(optional);
    let busy = Held::now();
    println!("still talking  {busy}");
    client().ending.store(true, Ordering::Relaxed);
    (0..optional + BEYOND).for_each(|index| client().poke(index));
    wait("the end", || open_count() == 0);
    println!("all closed     {}", Held::now());
    for [session, connect] in sessions {
        close(connect);
        close(session);
    }
    let counters = &client().counters;
    wait("the last words", || {
        counters.sessions_closed.load(Ordering::Relaxed) == 4
    });
    wait("the threads", || Held::now().threads == 1);
    let end = Held::now();
    println!("end            {end}");
    let Seen {
        messages, closes, ..
    } = peer.end();
    let seen = counters.messages.load(Ordering::Relaxed);
    println!("{seen} messages here, {messages} there; {closes} closing handshakes there");
    assert_eq!(
        (seen, counters.closed.load(Ordering::Relaxed)),
        (messages, closes)
    );
    assert_eq!(
        counters.errors.load(Ordering::Relaxed),
        0,
        "errors of the client"
    );
    assert_eq!(
        counters.opened.load(Ordering::Relaxed),
        closes,
        "every connection was closed in order"
    );
    assert!(
        end.live < start.live + BYTES_KEPT,
        "memory does not return: {start}, {end}"
    );
    assert!(
        end.descriptors < start.descriptors,
        "descriptors do not return"
    );
}
