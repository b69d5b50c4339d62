//! tungstenite's blocking client.

use tungstenite::{Bytes, Message, WebSocket};

use super::tls::Connect;
use crate::arguments::Order;
use crate::work::blocking::Blocking;

pub(super) struct Socket<S> {
    socket: WebSocket<S>,
    last: Message,
}

impl<S: Connect + std::fmt::Debug> Blocking for Socket<S> {
    type Message = Message;

    fn open(order: &Order) -> Self {
        let url = format!("ws://127.0.0.1:{}{}", order.port, order.path());
        let (socket, _) = tungstenite::client(url, S::connect(order)).unwrap();
        let last = Message::Binary(Bytes::new());
        Self { socket, last }
    }

    fn text(text: &str) -> Message {
        Message::text(text)
    }

    fn binary(bytes: &[u8]) -> Message {
        Message::Binary(Bytes::copy_from_slice(bytes))
    }

    fn send(&mut self, message: &mut Message) {
        self.socket.send(message.clone()).unwrap();
    }

    fn receive(&mut self, _bytes: usize) -> &[u8] {
        self.last = Message::Binary(Bytes::new());
        self.last = self.socket.read().unwrap();
        let Message::Binary(bytes) = &self.last else {
            panic!("not a binary message: {:?}", self.last)
        };
        bytes
    }
}
