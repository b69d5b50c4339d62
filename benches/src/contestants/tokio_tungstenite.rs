//! tokio-tungstenite on a runtime with one thread.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::WebSocketStream;
use tungstenite::{Bytes, Message};

use super::tls::ConnectTokio;
use crate::arguments::Order;
use crate::work::concurrent::Concurrent;

pub(super) struct Socket<S>(WebSocketStream<S>);

impl<S: ConnectTokio> Concurrent for Socket<S> {
    type Message = Message;

    async fn open(order: &Order) -> Self {
        let url = format!("ws://127.0.0.1:{}{}", order.port, order.path());
        let stream = S::connect(order).await;
        let (socket, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
        Self(socket)
    }

    fn text(text: &str) -> Message {
        Message::text(text)
    }

    fn binary(bytes: &[u8]) -> Message {
        Message::Binary(Bytes::copy_from_slice(bytes))
    }

    async fn send(&mut self, message: &mut Message) {
        self.0.send(message.clone()).await.unwrap();
    }

    async fn receive(&mut self, look: impl FnOnce(&[u8])) {
        let message = self.0.next().await.unwrap().unwrap();
        let Message::Binary(bytes) = message else {
            panic!("not a binary message: {message:?}")
        };
        look(&bytes);
    }
}
