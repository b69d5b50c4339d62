//! The peers, each fed the way that is fastest for it, and the copy that everything is compared
//! with.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use fastwebsockets::{Frame, OpCode, Payload};
use tungstenite::Message;
use tungstenite::protocol::{Role, WebSocketConfig};

use super::Messages;
use super::memory::{Network, Seen};
use super::rows::{Row, Work};

pub(super) fn memcpy(row: &Row, mut seen: Seen) -> Messages {
    let (source, mut target) = (row.payload(), vec![0; row.bytes]);
    Box::new(move |messages| {
        for _ in 0..messages {
            black_box(&mut target).copy_from_slice(black_box(&source));
            seen.see(&target);
        }
    })
}

/// Its own types for a connection whose upgrade is done.
fn tungstenite(row: &Row, network: Network) -> tungstenite::WebSocket<Network> {
    let role = if row.work == Work::ClientSend {
        Role::Client
    } else {
        Role::Server
    };
    // It fills its whole buffer with zeros before every read: these sizes were its fastest of 64
    // bytes to 1 MiB.
    let read_bytes = if row.bytes > 1024 { 16 << 10 } else { 2 << 10 };
    let config = WebSocketConfig::default().read_buffer_size(read_bytes);
    tungstenite::WebSocket::from_raw_socket(network, role, Some(config))
}

pub(super) fn tungstenite_receive(row: &Row, mut seen: Seen) -> Messages {
    let mut socket = tungstenite(row, Network::new(row.incoming(), Seen::default()));
    Box::new(move |messages| {
        for _ in 0..messages {
            let Message::Text(text) = socket.read().unwrap() else {
                panic!("not a text message");
            };
            seen.see(text.as_bytes());
        }
    })
}

/// Its messages share their bytes, so that a clone is what a program has that makes each message
/// once.
pub(super) fn tungstenite_send(row: &Row, seen: Seen) -> Messages {
    let mut socket = tungstenite(row, Network::new(Vec::new(), seen));
    let message = Message::text(String::from_utf8(row.payload()).unwrap());
    Box::new(move |messages| {
        for _ in 0..messages {
            socket.send(black_box(&message).clone()).unwrap();
        }
    })
}

fn fastwebsockets(row: &Row, network: Network) -> fastwebsockets::WebSocket<Network> {
    let role = if row.work == Work::ClientSend {
        fastwebsockets::Role::Client
    } else {
        fastwebsockets::Role::Server
    };
    fastwebsockets::WebSocket::after_handshake(network, role)
}

/// Memory never makes anybody wait.
fn finish(work: impl Future<Output = ()>) {
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(()) = pin!(work).poll(&mut context) else {
        panic!("a wait for memory")
    };
}

/// No message is fragmented, which spares it the collecting of fragments.
pub(super) fn fastwebsockets_receive(row: &Row, mut seen: Seen) -> Messages {
    let mut socket = fastwebsockets(row, Network::new(row.incoming(), Seen::default()));
    Box::new(move |messages| {
        finish(async {
            for _ in 0..messages {
                let frame = socket.read_frame().await.unwrap();
                assert!(frame.opcode == OpCode::Text, "not a text message");
                seen.see(&frame.payload);
            }
        });
    })
}

/// The mask goes into the program's message, which is another one after every send.
pub(super) fn fastwebsockets_masking(row: &Row, seen: Seen) -> Messages {
    let mut socket = fastwebsockets(row, Network::new(Vec::new(), seen));
    let mut message = row.payload();
    Box::new(move |messages| {
        finish(async {
            for _ in 0..messages {
                let payload = Payload::BorrowedMut(black_box(&mut message));
                socket.write_frame(Frame::text(payload)).await.unwrap();
            }
        });
    })
}

/// The program's message stays as it is.
pub(super) fn fastwebsockets_keeping(row: &Row, seen: Seen) -> Messages {
    let mut socket = fastwebsockets(row, Network::new(Vec::new(), seen));
    let message = row.payload();
    Box::new(move |messages| {
        finish(async {
            for _ in 0..messages {
                let payload = Payload::Borrowed(black_box(&message));
                socket.write_frame(Frame::text(payload)).await.unwrap();
            }
        });
    })
}
