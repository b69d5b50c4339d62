//! The work of contestants on an asynchronous runtime, which has one thread here.

use super::{MARK, check, check_content, pattern};
use crate::arguments::Order;
use crate::child::{Measured, Meter, Scales};
use crate::rows::Work;

/// A WebSocket whose calls are awaited.
pub(crate) trait Concurrent: Sized {
    /// A message in the form that is cheapest to send again.
    type Message;

    async fn open(order: &Order) -> Self;
    fn text(text: &str) -> Self::Message;
    fn binary(bytes: &[u8]) -> Self::Message;
    async fn send(&mut self, message: &mut Self::Message);
    /// The next message, whole, passed to `look`.
    async fn receive(&mut self, look: impl FnOnce(&[u8]));
}

pub(crate) fn run<C: Concurrent>(order: &Order) -> Measured {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    runtime.block_on(work::<C>(order))
}

async fn work<C: Concurrent>(order: &Order) -> Measured {
    let mut socket = C::open(order).await;
    match order.row.work {
        Work::Idle => idle(&mut socket, order).await,
        Work::Get { .. } | Work::Download | Work::Upload | Work::IdlePooled => {
            panic!("these rows have work of their own")
        }
        Work::Connect => {
            open_and_close::<C>(order, order.warm_up()).await;
            let meter = Meter::start();
            open_and_close::<C>(order, order.operations).await;
            meter.stop(order.operations)
        }
        Work::Echo { bytes, in_flight } => {
            let mut message = C::binary(&pattern(bytes));
            socket.send(&mut message).await;
            socket.receive(check_content).await;
            order.settle();
            echo(&mut socket, &mut message, bytes, in_flight, order.warm_up()).await;
            let meter = Meter::start();
            echo(
                &mut socket,
                &mut message,
                bytes,
                in_flight,
                order.operations,
            )
            .await;
            meter.stop(order.operations)
        }
        Work::Receive => {
            receive(&mut socket, order, order.warm_up(), true).await;
            order.settle();
            let meter = Meter::start();
            receive(&mut socket, order, order.operations, false).await;
            meter.stop(order.operations)
        }
        Work::Send => {
            let mut message = C::binary(&pattern(order.message_bytes()));
            send(&mut socket, order, &mut message, order.warm_up()).await;
            order.settle();
            let meter = Meter::start();
            send(&mut socket, order, &mut message, order.operations).await;
            meter.stop(order.operations)
        }
    }
}

/// The first connection is not counted: what it brings into being serves all.
async fn idle<C: Concurrent>(first: &mut C, order: &Order) -> Measured {
    let bytes = order.message_bytes();
    let echo = async |socket: &mut C| {
        socket.send(&mut C::binary(&pattern(bytes))).await;
        socket.receive(check_content).await;
    };
    echo(first).await;
    let mut scales = Scales::new();
    let mut sockets = Vec::new();
    for _ in 0..order.operations {
        sockets.push(C::open(order).await);
    }
    scales.all_opened();
    for socket in &mut sockets {
        echo(socket).await;
    }
    scales.all_used(order.operations)
}

async fn open_and_close<C: Concurrent>(order: &Order, count: u64) {
    for _ in 0..count {
        drop(C::open(order).await);
    }
}

async fn echo<C: Concurrent>(
    socket: &mut C,
    message: &mut C::Message,
    bytes: usize,
    in_flight: u64,
    count: u64,
) {
    for _ in 0..in_flight.min(count) {
        socket.send(message).await;
    }
    for received in 1..=count {
        socket.receive(|echoed| check(echoed, bytes)).await;
        if received + in_flight <= count {
            socket.send(message).await;
        }
    }
}

async fn receive<C: Concurrent>(socket: &mut C, order: &Order, count: u64, compare: bool) {
    socket.send(&mut C::binary(&count.to_be_bytes())).await;
    let bytes = order.message_bytes();
    for _ in 0..count {
        let look = |message: &[u8]| {
            check(message, bytes);
            if compare {
                check_content(message);
            }
        };
        socket.receive(look).await;
    }
}

async fn send<C: Concurrent>(socket: &mut C, order: &Order, message: &mut C::Message, count: u64) {
    for _ in 0..count {
        socket.send(message).await;
    }
    socket.send(&mut C::text(MARK)).await;
    let total = count * order.message_bytes() as u64;
    socket
        .receive(|answer| assert_eq!(answer, total.to_be_bytes()))
        .await;
}
