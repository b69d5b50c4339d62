//! The WebSocket functions.

use std::sync::atomic::Ordering;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;

use super::{Caller, Target};
use crate::lent::{Block, POISON};
use crate::report::violation;
use crate::table::Function;
use crate::track::{WEB_SOCKET, Way};

impl Caller {
    /// Lower-case letters: valid as text, and never what memory holds whose loan is over.
    fn payload(&mut self) -> Vec<u8> {
        let size = match self.chance.below(200) {
            0 => 300_000,
            1..4 => 70_000,
            4..20 => 0,
            _ => self.chance.below(200),
        };
        let first = b'a' + self.chance.below(26) as u8;
        vec![first; size as usize]
    }

    pub(super) fn socket_send<W: Unit>(&mut self, target: &Target) {
        let data = self.payload();
        let block = Block::new(&data);
        let pointer = block.pointer();
        let Some((loan, own)) = self.lend(target, WEB_SOCKET, Way::Out, block) else {
            return;
        };
        let kind = match self.chance.below(40) {
            0 => 4,
            1 => -1,
            2..6 => c::WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE,
            6..10 => c::WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE,
            10..20 => c::WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE,
            _ => c::WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE,
        };
        let missing = self.chance.in_thousand(10);
        let buffer = if missing {
            std::ptr::null()
        } else {
            pointer.cast_const()
        };
        let code = Self::watched(Function::WebSocketSend, target, || {
            // SAFETY: the memory lives until the completion.
            unsafe {
                winhttp::WinHttpWebSocketSend::<W>(
                    target.raw(),
                    kind,
                    buffer.cast(),
                    data.len() as u32,
                )
            }
        });
        Self::take_back(target, WEB_SOCKET, Way::Out, loan, own, code);
        let operation = Function::WebSocketSend;
        self.started(operation, operation, target, WEB_SOCKET, code);
    }

    pub(super) fn socket_receive<W: Unit>(&mut self, target: &Target) {
        let size = self
            .chance
            .pick(&[0, 1, 5, 64, 64, 128, 1000, 4096, 100_000]);
        let block = Block::new(&vec![0xee; size]);
        let pointer = block.pointer();
        let Some((loan, own)) = self.lend(target, WEB_SOCKET, Way::In, block) else {
            return;
        };
        let out = Block::new(&[POISON; 8]);
        let (bytes, kind) = (out.pointer(), out.pointer().wrapping_add(4));
        let null = self.chance.in_thousand(300) && target.asynchronous(WEB_SOCKET).is_some();
        let (bytes, kind) = if null {
            Default::default()
        } else {
            (Some(bytes), Some(kind))
        };
        let place = |place: Option<*mut u8>| place.unwrap_or(std::ptr::null_mut());
        let code = Self::watched(Function::WebSocketReceive, target, || {
            // SAFETY: the memory lives until the completion, the results through the call.
            unsafe {
                winhttp::WinHttpWebSocketReceive::<W>(
                    target.raw(),
                    pointer.cast(),
                    size as u32,
                    place(bytes).cast(),
                    place(kind).cast(),
                )
            }
        });
        if target.asynchronous(WEB_SOCKET).is_some() && !out.all(8, |byte| byte == POISON) {
            violation("an asynchronous WinHttpWebSocketReceive has written its results");
        }
        out.watch();
        Self::take_back(target, WEB_SOCKET, Way::In, loan, own, code);
        let operation = Function::WebSocketReceive;
        self.started(operation, operation, target, WEB_SOCKET, code);
    }

    pub(super) fn socket_close<W: Unit>(&mut self, function: Function, target: &Target) {
        let status = self.chance.pick(&[
            1000, 1000, 1000, 1001, 1005, 3000, 4999, 0, 1006, 1015, 9999,
        ]);
        let length = self.chance.pick(&[0, 0, 0, 3, 123, 124]);
        let reason = [b'r'; 124];
        let (raw, pointer) = (target.raw(), reason.as_ptr().cast());
        if let Some(track) = &target.track
            && function == Function::WebSocketClose
        {
            track.cancels.store(true, Ordering::Release);
        }
        let code = Self::watched(function, target, || {
            if function == Function::WebSocketClose {
                // SAFETY: the reason lives through the call, which copies it.
                unsafe { winhttp::WinHttpWebSocketClose::<W>(raw, status, pointer, length) }
            } else {
                // SAFETY: as above.
                unsafe { winhttp::WinHttpWebSocketShutdown::<W>(raw, status, pointer, length) }
            }
        });
        self.started(function, function, target, WEB_SOCKET, code);
    }

    pub(super) fn close_status<W: Unit>(&mut self, target: &Target) {
        let (mut status, mut consumed) = (0, 0);
        let mut reason = [0_u8; 123];
        let length = self.chance.pick(&[123, 123, 0, 2]);
        // SAFETY: the results live through the call.
        let code = unsafe {
            winhttp::WinHttpWebSocketQueryCloseStatus::<W>(
                target.raw(),
                &raw mut status,
                reason.as_mut_ptr().cast(),
                length,
                &raw mut consumed,
            )
        };
        if code == 0 && (consumed > length || status == 0) {
            violation(format!(
                "close status {status} with {consumed} of {length} bytes"
            ));
        }
        self.done(Function::WebSocketQueryCloseStatus, target, code);
    }
}
