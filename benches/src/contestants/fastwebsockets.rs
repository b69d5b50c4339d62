//! fastwebsockets on a runtime with one thread, in its fastest form: it masks in the program's buffer.

use fastwebsockets::{Frame, OpCode, Payload, Role, WebSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::tls::ConnectTokio;
use crate::arguments::Order;
use crate::wire;
use crate::work::concurrent::Concurrent;

pub(super) struct Socket<S>(WebSocket<S>);

impl<S: ConnectTokio> Concurrent for Socket<S> {
    /// Its bytes change with every send.
    type Message = (OpCode, Vec<u8>);

    async fn open(order: &Order) -> Self {
        let mut stream = S::connect(order).await;
        let request = wire::upgrade_request(order.path());
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            assert!(stream.read_buf(&mut head).await.unwrap() > 0);
        }
        let mut socket = WebSocket::after_handshake(stream, Role::Client);
        socket.set_auto_close(false);
        Self(socket)
    }

    fn text(text: &str) -> Self::Message {
        (OpCode::Text, text.as_bytes().to_vec())
    }

    fn binary(bytes: &[u8]) -> Self::Message {
        (OpCode::Binary, bytes.to_vec())
    }

    async fn send(&mut self, (opcode, bytes): &mut Self::Message) {
        let payload = Payload::BorrowedMut(bytes);
        let opcode = match opcode {
            OpCode::Text => OpCode::Text,
            _ => OpCode::Binary,
        };
        self.0
            .write_frame(Frame::new(true, opcode, None, payload))
            .await
            .unwrap();
    }

    async fn receive(&mut self, look: impl FnOnce(&[u8])) {
        let frame = self.0.read_frame().await.unwrap();
        assert!(frame.fin && frame.opcode == OpCode::Binary);
        look(&frame.payload);
    }
}
