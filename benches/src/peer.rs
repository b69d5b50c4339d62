//! tungstenite's blocking client.

use std::net::TcpStream;

use tungstenite::{Message, WebSocket};

use crate::Work;

/// Connects, then echoes the work's messages.
pub(crate) fn run(port: u16, work: &Work) {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut socket, _): (WebSocket<TcpStream>, _) =
        tungstenite::client(format!("ws://127.0.0.1:{port}/echo"), stream).unwrap();
    let payload = tungstenite::Bytes::from(vec![7_u8; work.bytes]);
    for _ in 0..work.messages {
        socket.send(Message::Binary(payload.clone())).unwrap();
        assert_eq!(socket.read().unwrap().len(), work.bytes);
    }
    socket.close(None).unwrap();
    while socket.read().is_ok() {}
}
