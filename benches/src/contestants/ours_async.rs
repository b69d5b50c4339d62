//! The library in asynchronous mode: each completion's callback makes the next calls, as WinHTTP programs do.
//!
//! WinHTTP allows one send and one receive at a time, so both are chains: WRITE_COMPLETE leads to the next send while
//! the window has room, READ_COMPLETE to the next receive.

use std::ffi::c_void;
use std::sync::mpsc::{Receiver, Sender, channel};

use winhttp_abi::constants as c;
use winhttp_abi::types::WebSocketStatus;

use super::ours::{self, Handle, Upgrade};
use crate::arguments::Order;
use crate::child::{Measured, Meter};
use crate::rows::Work;
use crate::work::{self, MARK, pattern};

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

/// What the callbacks work on. The program's thread touches it only while nothing is under way.
struct Pump {
    plan: Plan,
    buffer: Vec<u8>,
    filled: usize,
    sent: u64,
    answered: u64,
    sending: bool,
    receiving: bool,
    done: Sender<()>,
}

/// A WebSocket and its pump, seen from the program's thread.
struct Socket {
    websocket: Handle,
    /// Invariant: comes from `Box::into_raw`, and is freed after the last completion.
    pump: *mut Pump,
    done: Receiver<()>,
}

pub(super) fn run(order: &Order) -> Measured {
    let socket = Socket::open(order, ours::session(Some(callback)));
    let answer_bytes = order.message_bytes();
    match order.row.work {
        Work::Echo { bytes, in_flight } => {
            let plan = |count, compare| Plan {
                kind: BINARY,
                message: pattern(bytes),
                sends: count,
                answers: count,
                answer_bytes,
                window: in_flight,
                compare,
            };
            socket.run(plan(order.warm_up(), true));
            time(order, |count| socket.run(plan(count, false)))
        }
        Work::Receive => {
            let plan = |count: u64, compare| Plan {
                kind: BINARY,
                message: count.to_be_bytes().to_vec(),
                sends: 1,
                answers: count,
                answer_bytes,
                window: 1,
                compare,
            };
            socket.run(plan(order.warm_up(), true));
            time(order, |count| socket.run(plan(count, false)))
        }
        Work::Send => {
            socket.send(answer_bytes, order.warm_up());
            time(order, |count| socket.send(answer_bytes, count))
        }
    }
}

fn time(order: &Order, work: impl FnOnce(u64)) -> Measured {
    let meter = Meter::start();
    work(order.operations);
    meter.stop(order.operations)
}

impl Socket {
    fn open(order: &Order, session: Handle) -> Self {
        let (sender, done) = channel();
        let pump = Box::into_raw(Box::new(Pump {
            plan: Plan {
                kind: BINARY,
                message: Vec::new(),
                sends: 0,
                answers: 0,
                answer_bytes: 0,
                window: 1,
                compare: false,
            },
            buffer: Vec::new(),
            filled: 0,
            sent: 0,
            answered: 0,
            sending: false,
            receiving: false,
            done: sender,
        }));
        let upgrade = Upgrade::send(session, order, pump.expose_provenance());
        done.recv().unwrap();
        let websocket = upgrade.complete(pump.expose_provenance());
        Self {
            websocket,
            pump,
            done,
        }
    }

    /// Sets the callbacks going and waits until the plan is done.
    fn run(&self, plan: Plan) {
        let (kind, start, length) = (plan.kind, plan.message.as_ptr(), plan.message.len());
        let pump = Pump {
            buffer: vec![0; plan.answer_bytes],
            filled: 0,
            sent: 1,
            answered: 0,
            sending: true,
            receiving: false,
            // SAFETY: nothing is under way, so nobody else looks.
            done: unsafe { (*self.pump).done.clone() },
            plan,
        };
        // SAFETY: as above.
        unsafe { *self.pump = pump };
        // SAFETY: the plan stays until its last completion; moving it did not move the bytes.
        unsafe { ours::send(self.websocket, kind, start, length) };
        self.done.recv().unwrap();
    }

    /// Sends large messages, and the mark that makes the server count them.
    fn send(&self, bytes: usize, count: u64) {
        self.run(Plan {
            kind: BINARY,
            message: pattern(bytes),
            sends: count,
            answers: 0,
            answer_bytes: 0,
            window: u64::MAX,
            compare: false,
        });
        self.run(Plan {
            kind: TEXT,
            message: MARK.as_bytes().to_vec(),
            sends: 1,
            answers: 1,
            answer_bytes: 8,
            window: 1,
            compare: false,
        });
        // SAFETY: nothing is under way.
        let answer = unsafe { std::mem::take(&mut (*self.pump).buffer) };
        assert_eq!(answer, (count * bytes as u64).to_be_bytes());
    }
}

unsafe extern "system" fn callback(
    handle: Handle,
    context: usize,
    status: u32,
    information: *mut c_void,
    _length: u32,
) {
    // SAFETY: the context is the pump, and a handle's notifications come one after the other.
    let pump = unsafe { &mut *std::ptr::with_exposed_provenance_mut::<Pump>(context) };
    match status {
        c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE => Upgrade::receive(handle),
        c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE => pump.done.send(()).unwrap(),
        c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE => pump.sent(handle),
        c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE => {
            // SAFETY: a WebSocket's READ_COMPLETE carries this structure.
            let read = unsafe { information.cast::<WebSocketStatus>().read() };
            pump.received(handle, &read);
        }
        other => panic!("status {other:#x}"),
    }
}

impl Pump {
    fn sent(&mut self, websocket: Handle) {
        self.sending = false;
        self.send_next(websocket);
        if !self.receiving && self.answered < self.plan.answers {
            self.receive(websocket);
        }
        self.finish_if_done();
    }

    fn received(&mut self, websocket: Handle, read: &WebSocketStatus) {
        self.receiving = false;
        self.filled += read.dw_bytes_transferred as usize;
        if read.e_buffer_type != BINARY {
            return self.receive(websocket);
        }
        work::check(&self.buffer[..self.filled], self.plan.answer_bytes);
        if self.plan.compare {
            work::check_content(&self.buffer);
        }
        self.filled = 0;
        self.answered += 1;
        // With a single message on its way, the next answer is asked for when the next message has left.
        let waits_for_send = self.plan.window == 1 && self.sent < self.plan.sends;
        if self.answered < self.plan.answers && !waits_for_send {
            self.receive(websocket);
        }
        self.send_next(websocket);
        self.finish_if_done();
    }

    fn send_next(&mut self, websocket: Handle) {
        let plan = &self.plan;
        let on_their_way = self.sent.saturating_sub(self.answered);
        if self.sending || self.sent == plan.sends || on_their_way >= plan.window {
            return;
        }
        self.sending = true;
        self.sent += 1;
        // SAFETY: the plan stays until its last completion.
        unsafe {
            ours::send(
                websocket,
                plan.kind,
                plan.message.as_ptr(),
                plan.message.len(),
            )
        };
    }

    fn receive(&mut self, websocket: Handle) {
        self.receiving = true;
        let room = &mut self.buffer[self.filled..];
        // SAFETY: the buffer stays until the plan's last completion.
        let result = unsafe {
            winhttp::WinHttpWebSocketReceive::<u16>(
                websocket,
                room.as_mut_ptr().cast(),
                room.len() as u32,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
            )
        };
        assert_eq!(result, 0);
    }

    fn finish_if_done(&mut self) {
        let all = self.sent == self.plan.sends && self.answered == self.plan.answers;
        if all && !self.sending {
            self.done.send(()).unwrap();
        }
    }
}
