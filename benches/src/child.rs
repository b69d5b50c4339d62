//! A contestant's process: pinned before anything else happens, then the work, then one line with
//! what it cost.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::arguments::Order;
use crate::machine;
use crate::rows::{Cores, HTTP_SMALL_BYTES, LARGE_BYTES, SMALL_BYTES, Work};

/// Does what it was told and prints the two numbers of [`Measured`].
pub(crate) fn main(order: &Order) {
    machine::pin(&order.cores);
    machine::allow_many_files();
    let result = order.contestant.run(order);
    println!("{} {}", result.value, result.cost);
}

impl Order {
    /// Connects to the server; small messages leave at once.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// Called when the first messages have passed: from now on the client stays where its row puts
    /// it.
    ///
    /// Until then it may use every core in the rows about two, as programs ordinarily may: a
    /// library that asks how many there are is told the truth, and yet the client never moves to
    /// the server's core.
    pub(crate) fn settle(&self) {
        if self.row.cores == Cores::Two {
            machine::settle(self.cores[0]);
        }
    }

    /// Where the server serves the row's work.
    pub(crate) fn path(&self) -> &'static str {
        match self.row.work {
            Work::Echo { .. } | Work::Idle | Work::Connect => "/echo",
            Work::Receive => "/stream",
            Work::Send => "/sink",
            Work::Get { .. } | Work::IdlePooled => "/small",
            Work::Download => "/large",
            Work::Upload => "/upload",
        }
    }

    /// Bytes of the row's messages.
    pub(crate) fn message_bytes(&self) -> usize {
        match self.row.work {
            Work::Echo { bytes, .. } => bytes,
            Work::Receive | Work::Send | Work::Download | Work::Upload => LARGE_BYTES,
            Work::Get { .. } | Work::IdlePooled => HTTP_SMALL_BYTES,
            Work::Idle | Work::Connect => SMALL_BYTES,
        }
    }

    /// Operations before the clock starts: caches, buffers and estimates settle.
    pub(crate) fn warm_up(&self) -> u64 {
        (self.operations / 10).max(2)
    }
}

/// What one run came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// Operations per second; in the rows about memory, KiB of a connection after its first echo.
    pub(crate) value: f64,
    /// CPU time of the process per operation, in microseconds; in the rows about memory, KiB before
    /// the first echo.
    pub(crate) cost: f64,
}

/// Runs from its start until [`Meter::stop`].
#[derive(Debug)]
pub(crate) struct Meter {
    clock: Instant,
    cpu: Duration,
}

impl Meter {
    pub(crate) fn start() -> Self {
        Self {
            cpu: machine::cpu_time(),
            clock: Instant::now(),
        }
    }

    pub(crate) fn stop(&self, operations: u64) -> Measured {
        let elapsed = self.clock.elapsed().as_secs_f64();
        let cpu = (machine::cpu_time() - self.cpu).as_secs_f64();
        let operations = operations as f64;
        Measured {
            value: operations / elapsed,
            cost: cpu * 1e6 / operations,
        }
    }
}

/// Takes the memory of connections: made before the first, asked after all were opened and after
/// all were used.
#[derive(Debug)]
pub(crate) struct Scales {
    before: f64,
    heap_before: f64,
    opened: f64,
}

impl Scales {
    pub(crate) fn new() -> Self {
        Self {
            heap_before: machine::heap_kib(),
            before: machine::resident_kib(),
            opened: 0.0,
        }
    }

    pub(crate) fn all_opened(&mut self) {
        self.opened = machine::resident_kib();
    }

    pub(crate) fn all_used(&self, connections: u64) -> Measured {
        let each = |resident: f64| (resident - self.before) / connections as f64;
        Measured {
            value: each(machine::resident_kib()),
            cost: each(self.opened),
        }
    }

    /// What connections hold that nobody uses any more: on the heap, and in pages, among which are
    /// those that were in use before.
    pub(crate) fn all_kept(&self, connections: u64) -> Measured {
        let each = |more: f64| more / connections as f64;
        Measured {
            value: each(machine::heap_kib() - self.heap_before),
            cost: each(machine::resident_kib() - self.before),
        }
    }
}
