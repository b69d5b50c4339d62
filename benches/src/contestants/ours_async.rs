//! The library in asynchronous mode, seen from the program's thread: it hands a plan to the
//! callbacks and waits.

mod pump;

use std::sync::mpsc::{Receiver, channel};

use winhttp_abi::constants as c;

use self::pump::Pump;
use super::ours::{self, Handle};
use crate::arguments::Order;
use crate::child::{Measured, Meter, Scales};
use crate::rows::Work;
use crate::work::{MARK, pattern};

const BINARY: i32 = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
const TEXT: i32 = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;

/// Messages to send and answers to wait for.
struct Plan {
    kind: i32,
    message: Vec<u8>,
    sends: u64,
    answers: u64,
    answer_bytes: usize,
    /// Messages that may be on their way unanswered.
    window: u64,
    /// Compare whole answers with the pattern.
    compare: bool,
}

impl Plan {
    /// Every message comes back.
    fn echo(bytes: usize, window: u64, count: u64) -> Self {
        Self {
            kind: BINARY,
            message: pattern(bytes),
            sends: count,
            answers: count,
            answer_bytes: bytes,
            window,
            compare: false,
        }
    }

    /// One message brings many.
    fn stream(bytes: usize, count: u64) -> Self {
        Self {
            message: count.to_be_bytes().to_vec(),
            sends: 1,
            ..Self::echo(bytes, 1, count)
        }
    }

    /// Nothing comes back.
    fn sink(bytes: usize, count: u64) -> Self {
        Self {
            answers: 0,
            answer_bytes: 0,
            ..Self::echo(bytes, u64::MAX, count)
        }
    }

    /// The server says how much it counted.
    fn mark() -> Self {
        Self {
            kind: TEXT,
            message: MARK.as_bytes().to_vec(),
            ..Self::echo(8, 1, 1)
        }
    }

    fn comparing(self) -> Self {
        Self {
            compare: true,
            ..self
        }
    }
}

pub(super) fn run(order: &Order) -> Measured {
    let program = Program::new(order);
    let bytes = order.message_bytes();
    match order.row.work {
        Work::Echo { in_flight, .. } => {
            let socket = program.open();
            program.run(socket, Plan::echo(bytes, 1, 1).comparing());
            order.settle();
            program.run(
                socket,
                Plan::echo(bytes, in_flight, order.warm_up()).comparing(),
            );
            time(order, |count| {
                program.run(socket, Plan::echo(bytes, in_flight, count));
            })
        }
        Work::Receive => {
            let socket = program.open();
            program.run(socket, Plan::stream(bytes, order.warm_up()).comparing());
            order.settle();
            time(order, |count| {
                program.run(socket, Plan::stream(bytes, count));
            })
        }
        Work::Send => {
            let socket = program.open();
            program.send(socket, order.warm_up());
            order.settle();
            time(order, |count| program.send(socket, count))
        }
        Work::Idle => program.idle(),
        Work::Get { .. } | Work::Download | Work::Upload | Work::IdlePooled => {
            panic!("these rows have work of their own")
        }
        Work::Connect => {
            program.open_and_close(order.warm_up());
            time(order, |count| program.open_and_close(count))
        }
    }
}

fn time(order: &Order, work: impl FnOnce(u64)) -> Measured {
    let meter = Meter::start();
    work(order.operations);
    meter.stop(order.operations)
}

/// The program's thread.
struct Program<'a> {
    order: &'a Order,
    connect: Handle,
    /// Invariant: comes from `Box::into_raw` and is never freed. Callbacks own it while anything is
    /// under way.
    pump: *mut Pump,
    done: Receiver<()>,
}

impl<'a> Program<'a> {
    fn new(order: &'a Order) -> Self {
        let (sender, done) = channel();
        let connect = ours::connect(ours::session(Some(pump::callback)), order);
        let pump = Pump::new(order, connect, sender);
        Self {
            order,
            connect,
            pump: Box::into_raw(Box::new(pump)),
            done,
        }
    }

    /// Opens a WebSocket.
    fn open(&self) -> Handle {
        let context = self.pump.expose_provenance();
        let request = ours::send_upgrade(self.connect, self.order, context);
        self.done.recv().unwrap();
        ours::complete_upgrade(request, context)
    }

    /// Lets the callbacks open and close connections, one after the other.
    fn open_and_close(&self, count: u64) {
        // SAFETY: nothing is under way, so nobody else looks.
        unsafe { (*self.pump).to_open = count };
        let context = self.pump.expose_provenance();
        ours::send_upgrade(self.connect, self.order, context);
        self.done.recv().unwrap();
    }

    /// Sets the callbacks going and waits until the plan is done.
    fn run(&self, websocket: Handle, plan: Plan) {
        let (kind, start, length) = (plan.kind, plan.message.as_ptr(), plan.message.len());
        // SAFETY: nothing is under way, so nobody else looks.
        unsafe { (*self.pump).take(plan) };
        // SAFETY: the plan stays until its last completion; moving it did not move the bytes.
        unsafe { ours::send(websocket, kind, start, length) };
        self.done.recv().unwrap();
    }

    /// Sends large messages, and the mark that makes the server count them.
    fn send(&self, websocket: Handle, count: u64) {
        let bytes = self.order.message_bytes();
        self.run(websocket, Plan::sink(bytes, count));
        self.run(websocket, Plan::mark());
        // SAFETY: nothing is under way.
        let answer = unsafe { (*self.pump).answer() };
        assert_eq!(answer, (count * bytes as u64).to_be_bytes());
    }

    /// The first connection is not counted: what it brings into being serves all.
    fn idle(&self) -> Measured {
        let echo = |socket| {
            self.run(
                socket,
                Plan::echo(self.order.message_bytes(), 1, 1).comparing(),
            );
        };
        echo(self.open());
        let mut scales = Scales::new();
        let sockets: Vec<Handle> = (0..self.order.operations).map(|_| self.open()).collect();
        scales.all_opened();
        sockets.into_iter().for_each(echo);
        scales.all_used(self.order.operations)
    }
}
