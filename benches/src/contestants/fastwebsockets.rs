//! fastwebsockets on a runtime with one thread, in its fastest form: it masks in the program's
//! buffer.

use std::marker::PhantomData;

use fastwebsockets::{Frame, OpCode, Payload, Role, WebSocket};
use hyper::header::{CONNECTION, HOST, UPGRADE};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::tls::ConnectTokio;
use crate::arguments::Order;
use crate::wire;
use crate::work::concurrent::Concurrent;

/// Straight on the stream, after an upgrade by hand.
pub(super) struct Socket<S>(WebSocket<S>);

/// On what its own handshake through hyper leaves; the rows about opening use this one.
pub(super) struct Upgraded<S> {
    socket: WebSocket<TokioIo<hyper::upgrade::Upgraded>>,
    stream: PhantomData<S>,
}

/// Its bytes change with every send.
pub(super) struct Message {
    is_text: bool,
    bytes: Vec<u8>,
}

impl Message {
    fn new(is_text: bool, bytes: &[u8]) -> Self {
        let bytes = bytes.to_vec();
        Self { is_text, bytes }
    }
}

impl<S: ConnectTokio> Concurrent for Socket<S> {
    type Message = Message;

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

    fn text(text: &str) -> Message {
        Message::new(true, text.as_bytes())
    }

    fn binary(bytes: &[u8]) -> Message {
        Message::new(false, bytes)
    }

    async fn send(&mut self, message: &mut Message) {
        send(&mut self.0, message).await;
    }

    async fn receive(&mut self, look: impl FnOnce(&[u8])) {
        receive(&mut self.0, look).await;
    }
}

impl<S: ConnectTokio + Send + 'static> Concurrent for Upgraded<S> {
    type Message = Message;

    async fn open(order: &Order) -> Self {
        let request = hyper::Request::get(order.path())
            .header(HOST, "127.0.0.1")
            .header(UPGRADE, "websocket")
            .header(CONNECTION, "upgrade")
            .header(
                "Sec-WebSocket-Key",
                fastwebsockets::handshake::generate_key(),
            )
            .header("Sec-WebSocket-Version", "13")
            .body(http_body_util::Empty::<tungstenite::Bytes>::new())
            .unwrap();
        let stream = S::connect(order).await;
        let upgrade = fastwebsockets::handshake::client(&Spawn, request, stream);
        let (socket, _) = upgrade.await.unwrap();
        let stream = PhantomData;
        Self { socket, stream }
    }

    fn text(text: &str) -> Message {
        Message::new(true, text.as_bytes())
    }

    fn binary(bytes: &[u8]) -> Message {
        Message::new(false, bytes)
    }

    async fn send(&mut self, message: &mut Message) {
        send(&mut self.socket, message).await;
    }

    async fn receive(&mut self, look: impl FnOnce(&[u8])) {
        receive(&mut self.socket, look).await;
    }
}

async fn send<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocket<S>, message: &mut Message) {
    let payload = Payload::BorrowedMut(&mut message.bytes);
    let opcode = if message.is_text {
        OpCode::Text
    } else {
        OpCode::Binary
    };
    let frame = Frame::new(true, opcode, None, payload);
    socket.write_frame(frame).await.unwrap();
    // Over TLS, what was sealed may not have left yet.
    socket.flush().await.unwrap();
}

async fn receive<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocket<S>,
    look: impl FnOnce(&[u8]),
) {
    let frame = socket.read_frame().await.unwrap();
    assert!(frame.fin && frame.opcode == OpCode::Binary);
    look(&frame.payload);
}

/// hyper's connection runs beside us, on the same thread.
struct Spawn;

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Spawn {
    fn execute(&self, future: F) {
        tokio::spawn(future);
    }
}
