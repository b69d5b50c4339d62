//! Actions: what the program must do next, and that it is done.

use std::ffi::c_void;
use std::ptr::{null_mut, with_exposed_provenance_mut};

use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::Succeeded;
use winhttp_abi::handle::{bits, from_bits};
use winhttp_abi::hresult::HResult;
use winhttp_abi::types::{CloseBuffer, DataBuffer, WebSocketBuffer};
use winhttp_abi::{input, output};
use winhttp_proto::websocket::component::{Action, Place, Received, Token};

use crate::handle::{Handle, with};
use crate::map::{buffer_type, hresult, queue};
use crate::memory::Buffers;
use crate::transfer::key;

/// What a receive ended with.
fn received_buffer(received: &Received, buffers: &Buffers) -> WebSocketBuffer {
    match received {
        Received::Data { payload, .. } | Received::Pong(payload) => place(payload, buffers),
        Received::Close { status, reason } => WebSocketBuffer {
            close: CloseBuffer {
                pb_reason: reason.map_or(null_mut(), |reason| buffers.address(&reason)),
                ul_reason_length: reason.map_or(0, |reason| length(&reason)),
                us_status: *status,
            },
        },
        Received::Nothing { .. } => data_buffer(null_mut(), 0),
    }
}

fn place(place: &Place, buffers: &Buffers) -> WebSocketBuffer {
    data_buffer(buffers.address(place), length(place))
}

/// Areas and lent memory have sizes of 32 bits.
fn length(place: &Place) -> u32 {
    u32::try_from(place.len()).unwrap_or(u32::MAX)
}

const fn data_buffer(pb_buffer: *mut u8, ul_buffer_length: u32) -> WebSocketBuffer {
    WebSocketBuffer {
        data: DataBuffer {
            pb_buffer,
            ul_buffer_length,
        },
    }
}

/// Where the program wants the reply.
#[derive(Clone, Copy)]
struct Reply {
    buffers: *mut WebSocketBuffer,
    count: *mut u32,
    action: *mut i32,
    buffer_type: *mut i32,
    application_context: *mut *mut c_void,
    action_context: *mut *mut c_void,
}

impl Reply {
    /// Whether all that must be there is, for so many entries.
    fn is_complete(self, entries: u32) -> bool {
        !self.count.is_null()
            && !self.action.is_null()
            && !self.buffer_type.is_null()
            && !self.action_context.is_null()
            && (entries == 0 || !self.buffers.is_null())
    }

    /// Tells the program what to do.
    ///
    /// # Safety
    /// Each is NULL or points to memory for its value; `buffers` to as many as the action has
    /// places.
    #[inline]
    unsafe fn tell(self, action: &Action, memory: &Buffers) {
        // SAFETY: the caller's promise, handed on, as for all below.
        let head = |number, context, token, count| unsafe {
            self.head(number, context, token, count);
        };
        // SAFETY: as above.
        let kind = |kind| unsafe { output::value(self.buffer_type, buffer_type(kind)) };
        // SAFETY: as above.
        let entry = |index: usize, buffer| unsafe {
            output::value(self.buffers.wrapping_add(index), buffer)
        };
        match action {
            // SAFETY: as above.
            Action::None => unsafe { self.nothing() },
            Action::SendToNetwork {
                buffer_type,
                first,
                second,
                context,
                token,
            } => {
                let count = 1 + u32::from(second.is_some());
                head(
                    c::WEB_SOCKET_SEND_TO_NETWORK_ACTION,
                    *context,
                    *token,
                    count,
                );
                kind(*buffer_type);
                entry(0, place(first, memory));
                if let Some(second) = second {
                    entry(1, place(second, memory));
                }
            }
            Action::IndicateSendComplete {
                buffer_type,
                context,
                token,
            } => {
                let number = c::WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION;
                head(number, Some(*context), *token, 0);
                kind(*buffer_type);
            }
            Action::ReceiveFromNetwork {
                place: room,
                context,
                token,
            } => {
                let number = c::WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION;
                head(number, Some(*context), *token, 1);
                // SAFETY: as above.
                unsafe { output::value(self.buffer_type, 0) };
                entry(0, place(room, memory));
            }
            Action::IndicateReceiveComplete {
                received,
                context,
                token,
            } => {
                let number = c::WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION;
                head(number, Some(*context), *token, 1);
                kind(received.buffer_type());
                entry(0, received_buffer(received, memory));
            }
        }
    }

    /// Tells the program that there is nothing to do.
    ///
    /// # Safety
    /// As [`tell`](Self::tell).
    unsafe fn nothing(self) {
        let (action, token) = (c::WEB_SOCKET_NO_ACTION, Token::from_bits(0));
        // SAFETY: the caller's promise, handed on.
        unsafe { self.head(action, None, token, 0) };
        // SAFETY: as above.
        unsafe { output::value(self.buffer_type, 0) };
    }

    /// Writes all but the type and the entries.
    ///
    /// # Safety
    /// As [`tell`](Self::tell).
    #[inline]
    unsafe fn head(self, action: i32, context: Option<usize>, token: Token, count: u32) {
        let context = context.map_or(null_mut(), with_exposed_provenance_mut);
        // SAFETY: the caller's promise, as for all below.
        unsafe { output::value(self.action, action) };
        // SAFETY: as above.
        unsafe { output::value(self.count, count) };
        // SAFETY: as above.
        unsafe { output::value(self.application_context, context) };
        // SAFETY: as above.
        unsafe { output::value(self.action_context, from_bits(token.bits())) };
    }
}

export! {
    /// Says what is to be done next (WebSocketGetAction).
    ///
    /// `count` is the number of entries at `buffers`, then of those written; what they point to may
    /// be used until WebSocketCompleteAction is called with the action context.
    /// `application_context` may be NULL, and `buffers` if `count` is 0. After a failure the
    /// outputs say WEB_SOCKET_NO_ACTION. Fails with E_INVALID_PROTOCOL_FORMAT or
    /// E_INVALID_PROTOCOL_OPERATION when the peer broke the protocol, until WebSocketAbortHandle is
    /// called, and with the latter before the session; with
    /// HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER) when an entry is needed and there is none, in
    /// which case nothing is lost; E_INVALIDARG.
    pub fn WebSocketGetAction(
        handle: Handle,
        action_queue: i32,
        buffers: *mut WebSocketBuffer,
        count: *mut u32,
        action: *mut i32,
        buffer_type: *mut i32,
        application_context: *mut *mut c_void,
        action_context: *mut *mut c_void,
    ) -> Succeeded {
        let reply = Reply {
            buffers,
            count,
            action,
            buffer_type,
            application_context,
            action_context,
        };
        // SAFETY: the program's promise.
        let entries = unsafe { input::value(count) }.unwrap_or(0);
        let result = match queue(action_queue).filter(|_| reply.is_complete(entries)) {
            None => Err(HResult::INVALID_ARGUMENT),
            Some(queue) => with(handle, |web_socket| {
                let entries = usize::try_from(entries).unwrap_or(usize::MAX);
                let action = web_socket.endpoint.action(queue, entries, &key);
                let action = action.map_err(hresult)?;
                // SAFETY: the program's promise; no more entries are written than there are.
                unsafe { reply.tell(&action, web_socket.endpoint.memory()) };
                Ok(Succeeded)
            }),
        };
        if result.is_err() {
            // SAFETY: as above.
            unsafe { reply.nothing() };
        }
        result
    }

    /// Says that an action is done (WebSocketCompleteAction). `bytes` is the number sent or
    /// received: fewer than all cancel a send, 0 a receive. It means nothing for the other actions.
    ///
    /// The header declares it VOID, as Windows does; the return register says E_INVALIDARG for a
    /// context that names no outstanding action of the handle, which is otherwise ignored.
    pub fn WebSocketCompleteAction(
        handle: Handle,
        action_context: *mut c_void,
        bytes: u32,
    ) -> Succeeded {
        let token = Token::from_bits(bits(action_context));
        with(handle, |web_socket| {
            web_socket.endpoint.complete(token, bytes).map_err(hresult)?;
            Ok(Succeeded)
        })
    }
}
