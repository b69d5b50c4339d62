//! Moves bytes between a handle and a stream, as a program with one thread does.

use std::io::{Read, Write};

use super::headers::{Header, and, value};
use super::{
    Action, CLOSE, FROM_NETWORK, INDICATE_RECEIVE, INDICATE_SEND, PING_PONG, RECEIVE, Role, S_OK,
    SEND, Socket, TO_NETWORK,
};

/// A handle and its transport.
pub(crate) struct Driver<'s, 'm, S> {
    pub(crate) socket: &'s Socket<'m>,
    pub(crate) stream: S,
}

/// What one receive ended with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) kind: i32,
    pub(crate) bytes: Vec<u8>,
    /// Of a close frame; else 0.
    pub(crate) status: u16,
}

impl<S: Read + Write> Driver<'_, '_, S> {
    /// Sends a frame: the send queue with two entries until the operation is over.
    pub(crate) fn send(&mut self, kind: i32, payload: &[u8]) {
        // SAFETY: `finish` returns when the operation is over.
        let result = unsafe { self.socket.send_lent(kind, payload, 1) };
        assert_eq!(result, S_OK);
        self.finish(kind);
    }

    /// Sends a frame without a buffer.
    pub(crate) fn send_null(&mut self, kind: i32) {
        assert_eq!(self.socket.send_null(kind, 1), S_OK);
        self.finish(kind);
    }

    /// Sends a close frame; its reason is never NULL.
    pub(crate) fn send_close(&mut self, status: u16, reason: &[u8]) {
        let buffer = super::socket::close_buffer(reason.as_ptr(), reason.len() as u32, status);
        self.socket.lend(reason);
        // SAFETY: `finish` returns when the operation is over.
        let result = unsafe { self.socket.send_raw(CLOSE, &raw const buffer, 1) };
        assert_eq!(result, S_OK);
        self.finish(CLOSE);
    }

    fn finish(&mut self, kind: i32) {
        loop {
            let action = self.socket.get(SEND, 2);
            assert_eq!((action.result, action.buffer_type), (S_OK, kind));
            assert_eq!(action.application, 1);
            if action.kind == INDICATE_SEND {
                self.socket.done(&action);
                break;
            }
            self.write(&action);
        }
        self.socket.idle(SEND);
        self.socket.forget_lent();
    }

    /// Writes the pong that is due without a receive, if there is one.
    pub(crate) fn answer(&mut self) {
        let action = self.socket.get(RECEIVE, 1);
        if action.kind == TO_NETWORK {
            self.write(&action);
        }
        self.socket.idle(RECEIVE);
    }

    fn write(&mut self, action: &Action) {
        assert_eq!(action.kind, TO_NETWORK);
        self.stream.write_all(&action.bytes()).unwrap();
        self.socket.done(action);
    }

    /// Receives once: the receive queue with one entry until the operation is over. Pings are
    /// answered.
    pub(crate) fn receive(&mut self) -> Piece {
        assert_eq!(self.socket.receive(2), S_OK);
        loop {
            let action = self.socket.get(RECEIVE, 1);
            assert_eq!(action.result, S_OK);
            match action.kind {
                FROM_NETWORK => {
                    let mut room = vec![0; action.total() as usize];
                    let length = self.stream.read(&mut room).unwrap();
                    self.socket.fill(&action, &room[..length]);
                }
                TO_NETWORK => {
                    assert_eq!(action.buffer_type, PING_PONG);
                    self.write(&action);
                }
                INDICATE_RECEIVE => {
                    assert_eq!(action.application, 2);
                    let piece = Piece::new(&action);
                    self.socket.done(&action);
                    self.socket.idle(RECEIVE);
                    return piece;
                }
                _ => panic!("a receive is pending: {action:?}"),
            }
        }
    }

    /// Receives a message in as many pieces as it comes; control frames as they are.
    pub(crate) fn message(&mut self) -> Piece {
        let mut piece = self.receive();
        while is_fragment(piece.kind) {
            let more = self.receive();
            assert_eq!(more.kind & !1, piece.kind & !1, "of one kind");
            assert!(more.kind != CLOSE && more.kind != PING_PONG);
            assert!(
                !more.bytes.is_empty() || !is_fragment(more.kind),
                "the peer is gone"
            );
            piece.bytes.extend(more.bytes);
            piece.kind = more.kind;
        }
        piece
    }

    /// Sends back what comes until a close frame, which is sent back too.
    pub(crate) fn echo(&mut self) -> Piece {
        loop {
            let piece = self.receive();
            match piece.kind {
                PING_PONG => {}
                CLOSE => {
                    self.send_close(piece.status, &piece.bytes);
                    return piece;
                }
                kind => {
                    assert!(
                        !piece.bytes.is_empty() || !is_fragment(kind),
                        "the peer is gone"
                    );
                    self.send(kind, &piece.bytes);
                }
            }
        }
    }

    /// Brings the handle into its session.
    pub(crate) fn shake_hands(&mut self, role: Role) {
        match role {
            Role::Client => {
                let headers = self.socket.begin_client(&[], &[], &[]).unwrap();
                let response = self.upgrade(&headers);
                assert_eq!(self.socket.end_client(&response), S_OK);
            }
            Role::Server => {
                let (line, request) = self.read_head();
                assert_eq!(line, "GET / HTTP/1.1");
                assert_eq!(value(&request, "Upgrade"), "websocket");
                let response = self.socket.begin_server(None, &[], &request).unwrap();
                self.write_head("HTTP/1.1 101 Switching Protocols", &response);
                assert_eq!(self.socket.end_server(), S_OK);
            }
        }
    }

    /// Sends a request with these fields, and gives those of the response, whose status is 101.
    pub(crate) fn upgrade(&mut self, headers: &[Header]) -> Vec<Header> {
        self.write_head("GET / HTTP/1.1", &and(headers, "Host", "localhost"));
        let (line, response) = self.read_head();
        assert!(line.starts_with("HTTP/1.1 101 "), "{line}");
        response
    }

    fn write_head(&mut self, line: &str, headers: &[Header]) {
        let mut text = format!("{line}\r\n");
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    /// Reads up to the empty line and not a byte further.
    fn read_head(&mut self) -> (String, Vec<Header>) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let mut lines = head.trim_end().split("\r\n");
        let line = lines.next().unwrap().to_owned();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_owned(), value.trim().to_owned())
        });
        (line, headers.collect())
    }
}

impl Piece {
    fn new(action: &Action) -> Self {
        let entry = &action.entries[0];
        let is_close = action.buffer_type == CLOSE;
        Self {
            kind: action.buffer_type,
            bytes: entry.bytes.clone(),
            status: if is_close { entry.status } else { 0 },
        }
    }
}

fn is_fragment(kind: i32) -> bool {
    kind == super::UTF8_FRAGMENT || kind == super::BINARY_FRAGMENT
}
