//! The library in synchronous mode: everything on the caller's thread.

use std::sync::OnceLock;

use winhttp_abi::constants as c;

use super::ours::{self, Handle};
use crate::arguments::Order;
use crate::work::blocking::Blocking;

pub(super) struct Socket {
    websocket: Handle,
    buffer: Vec<u8>,
}

impl Blocking for Socket {
    /// Buffer type and payload.
    type Message = (i32, Vec<u8>);

    fn open(order: &Order) -> Self {
        static CONNECT: OnceLock<usize> = OnceLock::new();
        let connect = || ours::connect(ours::session(None), order).expose_provenance();
        let connect = std::ptr::with_exposed_provenance_mut(*CONNECT.get_or_init(connect));
        let request = ours::send_upgrade(connect, order, 0);
        ours::receive_response(request);
        Self {
            websocket: ours::complete_upgrade(request, 0),
            buffer: Vec::new(),
        }
    }

    fn text(text: &str) -> Self::Message {
        let kind = c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
        (kind, text.as_bytes().to_vec())
    }

    fn binary(bytes: &[u8]) -> Self::Message {
        let kind = c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE;
        (kind, bytes.to_vec())
    }

    fn send(&mut self, (kind, bytes): &mut Self::Message) {
        // SAFETY: the call blocks until the bytes have been used.
        unsafe { ours::send(self.websocket, *kind, bytes.as_ptr(), bytes.len()) };
    }

    fn receive(&mut self, bytes: usize) -> &[u8] {
        if self.buffer.len() < bytes {
            self.buffer.resize(bytes, 0);
        }
        let mut filled = 0;
        loop {
            let room = &mut self.buffer[filled..bytes];
            let (mut read, mut kind) = (0, 0);
            // SAFETY: the buffer and the results live through the call, which blocks.
            let result = unsafe {
                winhttp::WinHttpWebSocketReceive::<u16>(
                    self.websocket,
                    room.as_mut_ptr().cast(),
                    room.len() as u32,
                    &raw mut read,
                    &raw mut kind,
                )
            };
            assert_eq!(result, 0);
            filled += read as usize;
            match kind {
                c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE => return &self.buffer[..filled],
                c::WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE => {}
                other => panic!("buffer type {other}"),
            }
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        ours::close(self.websocket);
    }
}
