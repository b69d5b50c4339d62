//! A contestant's process: pinned before anything else happens, then the work, then one line with what it cost.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::arguments::Order;
use crate::machine;
use crate::rows::{LARGE_BYTES, Work};

/// Does what it was told and prints two numbers: operations per second, and microseconds of CPU time for each.
pub(crate) fn main(order: &Order) {
    machine::pin(&order.cores);
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

    /// Where the server serves the row's work.
    pub(crate) fn path(&self) -> &'static str {
        match self.row.work {
            Work::Echo { .. } => "/echo",
            Work::Receive => "/stream",
            Work::Send => "/sink",
        }
    }

    /// Bytes of the row's messages.
    pub(crate) fn message_bytes(&self) -> usize {
        match self.row.work {
            Work::Echo { bytes, .. } => bytes,
            Work::Receive | Work::Send => LARGE_BYTES,
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
    /// Operations per second.
    pub(crate) value: f64,
    /// CPU time of the process per operation, in microseconds.
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
