//! Calls with handles, contexts and arguments that no program should pass: refused, and without
//! effect.

use core::ffi::c_void;
use core::ptr;

use winhttp_abi::constants as c;
use winhttp_abi::types::{CloseBuffer, DataBuffer, WebSocketBuffer};

use super::World;
use crate::input::Input;
use crate::judge::{Judge, Stage, f};

fn number(bits: usize) -> *mut c_void {
    ptr::without_provenance_mut(bits)
}

/// Something that is no handle of a judge.
fn garbage(world: &World, own: usize, input: &mut Input<'_>) -> *mut c_void {
    let live = world.judges[own].handle().addr();
    let on_stack = ptr::from_ref(&live).addr();
    let bits = match input.byte() % 8 {
        0 => 0,
        1 => usize::from(input.number()),
        2 => usize::MAX - usize::from(input.byte()),
        3 => on_stack,
        4 => live ^ 1 << (input.byte() % 64),
        5 => live.rotate_left(u32::from(input.byte())),
        _ => world.dead.last().map_or(3, |dead| dead.addr()),
    };
    let lives = world
        .judges
        .iter()
        .any(|judge| judge.handle().addr() == bits);
    number(if lives { 0 } else { bits })
}

/// Every function with a handle that is none.
pub(super) fn handle(world: &World, own: usize, input: &mut Input<'_>) {
    let handle = garbage(world, own, input);
    let (mut headers, mut count) = (number(1).cast(), 7);
    let mut byte = 0_u8;
    let mut buffer = data(&raw mut byte, 1);
    // SAFETY: what is passed besides the handle is valid.
    let result = unsafe {
        match input.byte() % 10 {
            0 => f::WebSocketSend(
                handle,
                c::WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE,
                &raw mut buffer,
                handle,
            ),
            1 => f::WebSocketReceive(handle, ptr::null_mut(), handle),
            2 => f::WebSocketAbortHandle(handle),
            3 => f::WebSocketDeleteHandle(handle),
            4 => f::WebSocketCompleteAction(handle, number(1), 1),
            5 => f::WebSocketEndServerHandshake(handle),
            6 => {
                let result = f::WebSocketBeginClientHandshake(
                    handle,
                    ptr::null(),
                    0,
                    ptr::null(),
                    0,
                    ptr::null(),
                    0,
                    &raw mut headers,
                    &raw mut count,
                );
                assert!(headers.is_null() && count == 0);
                result
            }
            7 => {
                let fields =
                    crate::judge::handshake::Headers::new(crate::judge::handshake::REQUEST);
                let fields = fields.structures();
                let result = f::WebSocketBeginServerHandshake(
                    handle,
                    ptr::null(),
                    ptr::null(),
                    0,
                    fields.as_ptr(),
                    5,
                    &raw mut headers,
                    &raw mut count,
                );
                assert!(headers.is_null() && count == 0);
                result
            }
            8 => {
                let fields = crate::judge::handshake::Headers::new([("Upgrade", "websocket")]);
                let fields = fields.structures();
                let null = ptr::null_mut;
                f::WebSocketEndClientHandshake(handle, fields.as_ptr(), 1, null(), null(), null())
            }
            _ => Ask::new(c::WEB_SOCKET_ALL_ACTION_QUEUE).call(handle),
        }
    };
    assert_eq!(result, c::E_INVALIDARG, "{handle:?}");
}

/// Contexts that name nothing, or an action of another handle.
pub(super) fn completion(judges: &mut [Judge; 2], own: usize, input: &mut Input<'_>) {
    let live = judges[own].contexts_outstanding();
    let foreign = judges[1 - own].contexts_outstanding();
    let any = live
        .iter()
        .chain(&foreign)
        .next()
        .map_or(0x1_0000_0001, |context| context.addr());
    let bits = match input.byte() % 6 {
        0 => 0,
        1 => usize::from(input.number()),
        2 => foreign.first().map_or(9, |context| context.addr()),
        3 => any ^ 1 << (input.byte() % 64),
        4 => any.wrapping_add(usize::from(input.byte())),
        _ => usize::MAX,
    };
    if live.iter().any(|context| context.addr() == bits) {
        return;
    }
    // SAFETY: the library ignores what it does not know.
    let result = unsafe { f::WebSocketCompleteAction(judges[own].handle(), number(bits), 1) };
    assert_eq!(result, c::E_INVALIDARG);
}

fn data(pb_buffer: *mut u8, ul_buffer_length: u32) -> WebSocketBuffer {
    WebSocketBuffer {
        data: DataBuffer {
            pb_buffer,
            ul_buffer_length,
        },
    }
}

/// Buffers, types, queues and outputs that are not as documented.
pub(super) fn arguments(judge: &mut Judge, input: &mut Input<'_>) {
    if judge.stage() == Stage::Handshake {
        return; // whether such a call ends the handshake is open
    }
    let handle = judge.handle();
    let mut byte = 0_u8;
    let mut some = data(&raw mut byte, 1);
    let length = 1 + u32::from(input.number());
    let mut dangling = data(ptr::null_mut(), length);
    let mut reason = WebSocketBuffer {
        close: CloseBuffer {
            pb_reason: ptr::null_mut(),
            ul_reason_length: length,
            us_status: 1000,
        },
    };
    let mut empty = data(&raw mut byte, 0);
    let kind = i32::from_be_bytes([input.byte(), input.byte(), input.byte(), input.byte()]);
    let kinds = c::WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE..=c::WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE;
    let kind = if kinds.contains(&kind) { 0 } else { kind };
    let context = number(5);
    // SAFETY: every pointer is NULL or to something of its type; lengths go with NULL.
    let result = unsafe {
        match input.byte() % 8 {
            0 => f::WebSocketSend(handle, kind, &raw mut some, context),
            1 => f::WebSocketSend(
                handle,
                c::WEB_SOCKET_PING_PONG_BUFFER_TYPE,
                &raw mut some,
                context,
            ),
            2 => f::WebSocketSend(
                handle,
                c::WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE,
                &raw mut some,
                context,
            ),
            3 => f::WebSocketSend(
                handle,
                c::WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE,
                &raw mut dangling,
                context,
            ),
            4 => f::WebSocketSend(
                handle,
                c::WEB_SOCKET_CLOSE_BUFFER_TYPE,
                &raw mut reason,
                context,
            ),
            5 => f::WebSocketReceive(handle, &raw mut dangling, context),
            6 => f::WebSocketReceive(handle, &raw mut empty, context),
            _ => {
                let mut ask = Ask::new(c::WEB_SOCKET_ALL_ACTION_QUEUE);
                match input.byte() % 6 {
                    0 => ask.queue = i32::from(input.number()) + 4,
                    1 => ask.queue = -i32::from(input.number()),
                    2 => ask.without = Some(Output::Count),
                    3 => ask.without = Some(Output::Action),
                    4 => ask.without = Some(Output::Type),
                    _ => ask.without = Some(Output::Context),
                }
                ask.call(handle)
            }
        }
    };
    let wrong_state = result == c::E_INVALID_PROTOCOL_OPERATION && !judge.in_session();
    assert!(result == c::E_INVALIDARG || wrong_state, "{result:#x}");
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Output {
    Count,
    Action,
    Type,
    Context,
}

/// A WebSocketGetAction that must fail.
struct Ask {
    queue: i32,
    without: Option<Output>,
}

impl Ask {
    fn new(queue: i32) -> Self {
        Self {
            queue,
            without: None,
        }
    }

    fn call(&self, handle: *mut c_void) -> i32 {
        let mut entries = [data(ptr::without_provenance_mut(0x77), 0x77); 2];
        let (mut count, mut action, mut kind) = (2, 9, 9);
        let (mut application, mut context) = (number(9), number(9));
        let without = |output, pointer| {
            if self.without == Some(output) {
                0
            } else {
                pointer
            }
        };
        let _ = without;
        let null_if = |output: Output| self.without == Some(output);
        // SAFETY: outputs are NULL or live through the call.
        let result = unsafe {
            f::WebSocketGetAction(
                handle,
                self.queue,
                entries.as_mut_ptr(),
                if null_if(Output::Count) {
                    ptr::null_mut()
                } else {
                    &raw mut count
                },
                if null_if(Output::Action) {
                    ptr::null_mut()
                } else {
                    &raw mut action
                },
                if null_if(Output::Type) {
                    ptr::null_mut()
                } else {
                    &raw mut kind
                },
                &raw mut application,
                if null_if(Output::Context) {
                    ptr::null_mut()
                } else {
                    &raw mut context
                },
            )
        };
        assert!(count == 0 || null_if(Output::Count));
        assert!(action == c::WEB_SOCKET_NO_ACTION || null_if(Output::Action));
        assert!(context.is_null() || null_if(Output::Context));
        assert!(application.is_null());
        for entry in entries {
            // SAFETY: every bit pattern of either member is one of the other.
            let part = unsafe { entry.data };
            assert!(part.pb_buffer.addr() == 0x77 && part.ul_buffer_length == 0x77);
        }
        result
    }
}
