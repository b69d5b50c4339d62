//! Ours: the loop of actions, as a program around websocket.h runs it.

mod session;

use std::ffi::c_void;
use std::hint::black_box;
use std::ptr::{copy_nonoverlapping, null, null_mut};
use std::slice;

use windows_sys::Win32::Networking::WebSocket as c;

use super::Messages;
use super::memory::{Network, Seen};
use super::rows::{Row, Work};
use session::End;

/// What GetAction asks for, with the context that CompleteAction wants.
struct Action {
    kind: i32,
    buffer_type: i32,
    context: *mut c_void,
    buffers: [c::WEB_SOCKET_BUFFER; 2],
    count: usize,
}

impl Action {
    /// The bytes of one of the buffers that were written.
    fn bytes(&self, at: usize) -> &[u8] {
        let (start, length) = self.place(at);
        if length == 0 {
            return &[];
        }
        // SAFETY: the library lends initialised bytes until the action is completed.
        unsafe { slice::from_raw_parts(start, length) }
    }

    fn place(&self, at: usize) -> (*mut u8, usize) {
        // SAFETY: both members of the union have a pointer and a length at these places.
        let data = unsafe { self.buffers[..self.count][at].Data };
        (data.pbBuffer, data.ulBufferLength as usize)
    }
}

impl End {
    #[inline]
    fn action(&self, queue: i32) -> Action {
        let mut action = Action {
            kind: 0,
            buffer_type: 0,
            context: null_mut(),
            buffers: [c::WEB_SOCKET_BUFFER::default(); 2],
            count: 0,
        };
        let (mut count, mut application_context) = (2, null_mut());
        // SAFETY: everything that is passed lives through the call, and two buffers are there.
        let result = unsafe {
            (self.functions.get_action)(
                self.handle,
                queue,
                action.buffers.as_mut_ptr(),
                &raw mut count,
                &raw mut action.kind,
                &raw mut action.buffer_type,
                &raw mut application_context,
                &raw mut action.context,
            )
        };
        assert_eq!(result, 0);
        action.count = count as usize;
        action
    }

    #[inline]
    fn complete(&self, action: &Action, bytes: usize) {
        // SAFETY: the context is the action's.
        unsafe { (self.functions.complete_action)(self.handle, action.context, bytes as u32) };
    }

    /// Starts a receive, into `target` if there is one; the program has no use for contexts.
    #[inline]
    fn start_receive(&self, target: Option<&mut [u8]>) {
        let buffer = target.map(buffer);
        let pointer = buffer.as_ref().map_or(null(), |buffer| &raw const *buffer);
        // SAFETY: the target is the caller's memory and stays where it is until the receive ends.
        let result = unsafe { (self.functions.receive)(self.handle, pointer, null()) };
        assert_eq!(result, 0);
    }

    /// Moves bytes from the network until the receive has a result; that is still to be completed.
    #[inline]
    fn finish_receive(&self, network: &mut Network) -> Action {
        loop {
            let action = self.action(c::WEB_SOCKET_RECEIVE_ACTION_QUEUE);
            match action.kind {
                c::WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION => {
                    let (start, room) = action.place(0);
                    let bytes = network.next(room);
                    // SAFETY: the library lends this room until the action is completed.
                    unsafe { copy_nonoverlapping(bytes.as_ptr(), start, bytes.len()) };
                    self.complete(&action, bytes.len());
                }
                c::WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION => return action,
                other => panic!("action {other}"),
            }
        }
    }
}

fn buffer(bytes: &mut [u8]) -> c::WEB_SOCKET_BUFFER {
    c::WEB_SOCKET_BUFFER {
        Data: c::WEB_SOCKET_BUFFER_0 {
            pbBuffer: bytes.as_mut_ptr(),
            ulBufferLength: bytes.len() as u32,
        },
    }
}

fn is_last(action: &Action) -> bool {
    match action.buffer_type {
        c::WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE => true,
        c::WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE => false,
        other => panic!("buffer type {other}"),
    }
}

/// Pieces of messages are looked at in the library's memory.
pub(super) fn receive(row: &Row, mut seen: Seen) -> Messages {
    let server = session::server();
    let mut network = Network::new(row.incoming(), Seen::default());
    Box::new(move |messages| {
        let mut left = messages;
        while left > 0 {
            server.start_receive(None);
            let action = server.finish_receive(&mut network);
            seen.see(action.bytes(0));
            server.complete(&action, 0);
            left -= u64::from(is_last(&action));
        }
    })
}

/// Every message is looked at when all of it is in the program's memory.
pub(super) fn receive_whole(row: &Row, mut seen: Seen) -> Messages {
    let server = session::server();
    let mut network = Network::new(row.incoming(), Seen::default());
    let mut message = vec![0; row.bytes];
    Box::new(move |messages| {
        for _ in 0..messages {
            let mut filled = 0;
            loop {
                server.start_receive(Some(&mut message[filled..]));
                let action = server.finish_receive(&mut network);
                filled += action.place(0).1;
                server.complete(&action, 0);
                if is_last(&action) {
                    break;
                }
            }
            seen.see(&message[..filled]);
        }
    })
}

pub(super) fn send(row: &Row, mut seen: Seen) -> Messages {
    let end = if row.work == Work::ClientSend {
        session::client()
    } else {
        session::server()
    };
    let mut message = row.payload();
    Box::new(move |messages| {
        for _ in 0..messages {
            let whole = buffer(black_box(&mut message));
            let kind = c::WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE;
            // SAFETY: the message stays as it is until the loop below has seen the send's end.
            let result =
                unsafe { (end.functions.send)(end.handle, kind, &raw const whole, null()) };
            assert_eq!(result, 0);
            loop {
                let action = end.action(c::WEB_SOCKET_SEND_ACTION_QUEUE);
                match action.kind {
                    c::WEB_SOCKET_SEND_TO_NETWORK_ACTION => {
                        let parts = (0..action.count).map(|at| action.bytes(at));
                        let sent = parts.map(|part| {
                            seen.see(part);
                            part.len()
                        });
                        end.complete(&action, sent.sum());
                    }
                    c::WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION => {
                        end.complete(&action, 0);
                        break;
                    }
                    other => panic!("action {other}"),
                }
            }
        }
    })
}
