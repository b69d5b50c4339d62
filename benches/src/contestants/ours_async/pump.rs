//! The callbacks: each completion makes the next calls, as WinHTTP programs do.
//!
//! WinHTTP allows one send and one receive at a time, so both are chains: WRITE_COMPLETE leads to
//! the next send while the window has room, READ_COMPLETE to the next receive.

use std::ffi::c_void;
use std::sync::mpsc::Sender;

use winhttp_abi::constants as c;
use winhttp_abi::types::WebSocketStatus;

use super::super::ours::{self, Handle};
use super::{BINARY, Plan};
use crate::arguments::Order;
use crate::work;

/// What the callbacks work on.
pub(super) struct Pump {
    order: Order,
    connect: Handle,
    /// Connections that are still to be opened and closed by callbacks; the program's thread takes
    /// the others.
    pub(super) to_open: u64,
    plan: Plan,
    buffer: Vec<u8>,
    filled: usize,
    sent: u64,
    answered: u64,
    sending: bool,
    receiving: bool,
    done: Sender<()>,
}

pub(super) unsafe extern "system" fn callback(
    handle: Handle,
    context: usize,
    status: u32,
    information: *mut c_void,
    _length: u32,
) {
    // SAFETY: the context is the pump, and one handle at a time has anything under way.
    let pump = unsafe { &mut *std::ptr::with_exposed_provenance_mut::<Pump>(context) };
    match status {
        c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE => ours::receive_response(handle),
        c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE => pump.upgraded(handle, context),
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
    pub(super) fn new(order: &Order, connect: Handle, done: Sender<()>) -> Self {
        Self {
            order: order.clone(),
            connect,
            to_open: 0,
            plan: Plan::mark(),
            buffer: Vec::new(),
            filled: 0,
            sent: 0,
            answered: 0,
            sending: false,
            receiving: false,
            done,
        }
    }

    /// Gets ready for a plan whose first message is about to be sent.
    pub(super) fn take(&mut self, plan: Plan) {
        self.buffer.resize(plan.answer_bytes, 0);
        self.plan = plan;
        (self.filled, self.sent, self.answered) = (0, 1, 0);
        (self.sending, self.receiving) = (true, false);
    }

    /// The last answer of the plan.
    pub(super) fn answer(&self) -> &[u8] {
        &self.buffer
    }

    fn upgraded(&mut self, request: Handle, context: usize) {
        if self.to_open > 0 {
            ours::close(ours::complete_upgrade(request, context));
            self.to_open -= 1;
            if self.to_open > 0 {
                ours::send_upgrade(self.connect, &self.order, context);
                return;
            }
        }
        self.done.send(()).unwrap();
    }

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
        // With a single message on its way, the next answer is asked for when the next message has
        // left.
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
        let (start, length) = (plan.message.as_ptr(), plan.message.len());
        // SAFETY: the plan stays until its last completion.
        unsafe { ours::send(websocket, plan.kind, start, length) };
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
