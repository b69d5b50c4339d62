//! The work of contestants whose calls block.

use super::{MARK, check, check_content, pattern};
use crate::arguments::Order;
use crate::child::{Measured, Meter, Scales};
use crate::rows::Work;

/// A WebSocket whose calls block.
pub(crate) trait Blocking: Sized {
    /// A message in the form that is cheapest to send again.
    type Message;

    fn open(order: &Order) -> Self;
    fn text(text: &str) -> Self::Message;
    fn binary(bytes: &[u8]) -> Self::Message;
    fn send(&mut self, message: &mut Self::Message);
    /// The next message, which is known to hold `bytes`.
    fn receive(&mut self, bytes: usize) -> &[u8];

    /// Echoes with many messages on their way; the way of a program that sends one call at a time.
    fn flood(&mut self, message: &mut Self::Message, bytes: usize, in_flight: u64, count: u64) {
        for _ in 0..in_flight.min(count) {
            self.send(message);
        }
        for received in 1..=count {
            check(self.receive(bytes), bytes);
            if received + in_flight <= count {
                self.send(message);
            }
        }
    }
}

pub(crate) fn run<B: Blocking>(order: &Order) -> Measured {
    let mut socket = B::open(order);
    match order.row.work {
        Work::Idle => idle::<B>(&mut socket, order),
        Work::Get { .. } | Work::Download | Work::Upload | Work::IdlePooled => {
            panic!("these rows have work of their own")
        }
        Work::Connect => {
            (0..order.warm_up()).for_each(|_| drop(B::open(order)));
            let meter = Meter::start();
            (0..order.operations).for_each(|_| drop(B::open(order)));
            meter.stop(order.operations)
        }
        Work::Echo { bytes, in_flight } => echo(&mut socket, order, bytes, in_flight),
        Work::Receive => {
            receive(&mut socket, order, order.warm_up(), true);
            order.settle();
            let meter = Meter::start();
            receive(&mut socket, order, order.operations, false);
            meter.stop(order.operations)
        }
        Work::Send => {
            let mut message = B::binary(&pattern(order.message_bytes()));
            send(&mut socket, order, &mut message, order.warm_up());
            order.settle();
            let meter = Meter::start();
            send(&mut socket, order, &mut message, order.operations);
            meter.stop(order.operations)
        }
    }
}

fn echo<B: Blocking>(socket: &mut B, order: &Order, bytes: usize, in_flight: u64) -> Measured {
    let mut message = B::binary(&pattern(bytes));
    socket.send(&mut message);
    check_content(socket.receive(bytes));
    order.settle();
    let mut go = |count| {
        if in_flight > 1 {
            return socket.flood(&mut message, bytes, in_flight, count);
        }
        for _ in 0..count {
            socket.send(&mut message);
            check(socket.receive(bytes), bytes);
        }
    };
    go(order.warm_up());
    let meter = Meter::start();
    go(order.operations);
    meter.stop(order.operations)
}

/// The first connection is not counted: what it brings into being serves all.
fn idle<B: Blocking>(first: &mut B, order: &Order) -> Measured {
    let bytes = order.message_bytes();
    let mut echo = |socket: &mut B| {
        socket.send(&mut B::binary(&pattern(bytes)));
        check_content(socket.receive(bytes));
    };
    echo(first);
    let mut scales = Scales::new();
    let mut sockets: Vec<B> = (0..order.operations).map(|_| B::open(order)).collect();
    scales.all_opened();
    sockets.iter_mut().for_each(&mut echo);
    scales.all_used(order.operations)
}

fn receive<B: Blocking>(socket: &mut B, order: &Order, count: u64, compare: bool) {
    socket.send(&mut B::binary(&count.to_be_bytes()));
    let bytes = order.message_bytes();
    for _ in 0..count {
        let message = socket.receive(bytes);
        check(message, bytes);
        if compare {
            check_content(message);
        }
    }
}

fn send<B: Blocking>(socket: &mut B, order: &Order, message: &mut B::Message, count: u64) {
    for _ in 0..count {
        socket.send(message);
    }
    socket.send(&mut B::text(MARK));
    let total = count * order.message_bytes() as u64;
    assert_eq!(socket.receive(8), total.to_be_bytes());
}
