//! The status callback: checks what it is told, ends loans, and does what programs do in callbacks.

use std::cell::Cell;
use std::ffi::c_void;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use winhttp_abi::constants as c;
use winhttp_abi::types::{AsyncResult, WebSocketAsyncResult, WebSocketStatus};
use winhttp_abi::wide::Unit;
use winhttp_tests::Handle;

use crate::call::Caller;
use crate::lent::{Block, POISON};
use crate::report::violation;
use crate::table::{Function, may_end_with};
use crate::track::{self, Mode, REQUEST, RESOLVER, Track, WEB_SOCKET, Way};
use crate::watch::Calling;
use crate::world;

/// Callbacks inside callbacks in which calls are still made.
const DEEP: u32 = 4;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    /// The session of the resolver that this thread makes: a resolver does not name it.
    static SESSION_OF_RESOLVER: Cell<usize> = const { Cell::new(0) };
}

/// Makes a resolver of a session.
pub(crate) fn making_resolver<T>(session: usize, make: impl FnOnce() -> T) -> T {
    let before = SESSION_OF_RESOLVER.replace(session);
    let made = make();
    SESSION_OF_RESOLVER.set(before);
    made
}

/// What a notification says.
#[derive(Clone, Copy, Debug)]
enum Notice {
    /// An operation has completed, with so many bytes, of this buffer type or at this address.
    Done(Function, u32, usize),
    Failed(Function, u32),
    Other,
}

/// WINHTTP_STATUS_CALLBACK.
pub(crate) unsafe extern "system" fn told<W: Unit>(
    handle: *mut c_void,
    _context: usize,
    status: u32,
    information: *mut c_void,
    length: u32,
) {
    let bits = handle.addr();
    let known = match status {
        c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED => created(bits),
        _ => track::find(bits),
    };
    let Some(track) = known else {
        violation(format!(
            "status {status:#x} of a handle nobody made: {bits:#x}"
        ));
        return;
    };
    let alone = track.enter(status);
    // SAFETY: the library passes what its documentation says for each status.
    let notice = unsafe { read::<W>(&track, status, information, length) };
    settle(&track, notice);
    if status == c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING {
        let bodies = std::mem::take(&mut track.state().bodies);
        bodies.into_iter().for_each(Block::watch);
    }
    DEPTH.set(DEPTH.get() + 1);
    if DEPTH.get() <= DEEP {
        react(&track, status, notice);
    }
    DEPTH.set(DEPTH.get() - 1);
    track.leave(status, alone);
}

/// A new handle: it can be asked for its kind and parent already.
fn created(bits: usize) -> Option<Arc<Track>> {
    let kind = query::<u32>(bits, c::WINHTTP_OPTION_HANDLE_TYPE)?;
    let parent = match kind {
        RESOLVER => SESSION_OF_RESOLVER.get(),
        _ => query::<usize>(bits, c::WINHTTP_OPTION_PARENT_HANDLE)?,
    };
    let track = Track::new(bits, kind, track::find(parent)?.mode);
    track::add(&track);
    Some(track)
}

fn query<T: Default>(bits: usize, option: u32) -> Option<T> {
    let (mut value, mut length) = (T::default(), u32::try_from(size_of::<T>()).ok()?);
    let raw = Handle(bits).raw();
    let pointer = (&raw mut value).cast();
    // SAFETY: value and length live through the call.
    let found =
        unsafe { winhttp::WinHttpQueryOption::<u16>(raw, option, pointer, &raw mut length) };
    (found != 0).then_some(value)
}

/// Reads the information and checks its form.
///
/// # Safety
/// `information` is what the library passed for this status.
unsafe fn read<W: Unit>(
    track: &Track,
    status: u32,
    information: *mut c_void,
    length: u32,
) -> Notice {
    use Function as F;
    let expect = |wanted: u32| {
        if length != wanted || information.is_null() != (wanted == 0) {
            violation(format!(
                "status {status:#x} with {length} bytes, not {wanted}"
            ));
        }
    };
    let is_socket = track.kind == WEB_SOCKET;
    match status {
        c::WINHTTP_CALLBACK_STATUS_RESOLVING_NAME
        | c::WINHTTP_CALLBACK_STATUS_NAME_RESOLVED
        | c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER
        | c::WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER => {
            // SAFETY: the caller's promise.
            unsafe { check_text::<W>(status, information, length) };
            Notice::Other
        }
        c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED | c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING => {
            expect(8);
            // SAFETY: a HINTERNET.
            if unsafe { information.cast::<usize>().read() } != track.bits {
                violation("HANDLE_CREATED or HANDLE_CLOSING of another handle");
            }
            Notice::Other
        }
        c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE => Notice::Done(F::SendRequest, 0, 0),
        c::WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE => {
            expect(4);
            Notice::Done(F::QueryDataAvailable, 0, 0)
        }
        c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE if !is_socket => {
            Notice::Done(F::ReadData, length, information.addr())
        }
        c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE if !is_socket => {
            expect(4);
            Notice::Done(F::WriteData, 0, 0)
        }
        c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE | c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE => {
            expect(8);
            // SAFETY: WINHTTP_WEB_SOCKET_STATUS.
            let told = unsafe { information.cast::<WebSocketStatus>().read() };
            let is_read = status == c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE;
            let operation = if is_read {
                F::WebSocketReceive
            } else {
                F::WebSocketSend
            };
            if !(0..5).contains(&told.e_buffer_type) {
                violation(format!("buffer type {}", told.e_buffer_type));
            }
            Notice::Done(operation, told.dw_bytes_transferred, 0)
        }
        c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR => {
            expect(if is_socket { 24 } else { 16 });
            // SAFETY: WINHTTP_ASYNC_RESULT or WINHTTP_WEB_SOCKET_ASYNC_RESULT, by the kind of the
            // handle.
            unsafe { read_error(is_socket, information) }
        }
        _ => match without_information(status) {
            Some(operation) => {
                expect(0);
                Notice::Done(operation, 0, 0)
            }
            None => Notice::Other,
        },
    }
}

/// The operation that a status ends which has nothing to say beside.
fn without_information(status: u32) -> Option<Function> {
    match status {
        c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE => Some(Function::ReceiveResponse),
        c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE => Some(Function::WebSocketClose),
        c::WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE => Some(Function::WebSocketShutdown),
        c::WINHTTP_CALLBACK_STATUS_GETPROXYFORURL_COMPLETE => Some(Function::GetProxyForUrlEx),
        _ => None,
    }
}

/// # Safety
/// `information` is the text that this status carries.
unsafe fn check_text<W: Unit>(status: u32, information: *mut c_void, length: u32) {
    let units = information.cast::<W>();
    // SAFETY: the text has `length` characters and a terminator.
    let ends = unsafe { units.wrapping_add(length as usize).read() } == W::default();
    if !ends || length == 0 {
        violation(format!("status {status:#x}: text without its end"));
    }
}

/// # Safety
/// `information` is what REQUEST_ERROR carries for this kind of handle.
unsafe fn read_error(is_socket: bool, information: *mut c_void) -> Notice {
    use Function as F;
    // SAFETY: the longer structure begins with the shorter.
    let result = unsafe { information.cast::<AsyncResult>().read() };
    let (number, operations): (usize, &[F]) = if is_socket {
        // SAFETY: the caller's promise.
        let whole = unsafe { information.cast::<WebSocketAsyncResult>().read() };
        let known = &[
            F::WebSocketSend,
            F::WebSocketReceive,
            F::WebSocketClose,
            F::WebSocketShutdown,
        ];
        (
            usize::try_from(whole.operation).unwrap_or(usize::MAX),
            known,
        )
    } else {
        let known = &[
            F::ReceiveResponse,
            F::QueryDataAvailable,
            F::ReadData,
            F::WriteData,
            F::SendRequest,
            F::GetProxyForUrlEx,
        ];
        (result.dw_result.wrapping_sub(1), known)
    };
    match operations.get(number) {
        Some(operation) => Notice::Failed(*operation, result.dw_error),
        None => {
            violation(format!("REQUEST_ERROR of operation {number}"));
            Notice::Other
        }
    }
}

/// Counts a completion and ends its loan.
fn settle(track: &Track, notice: Notice) {
    let (operation, bytes, address) = match notice {
        Notice::Done(operation, bytes, address) => (operation, bytes as usize, address),
        Notice::Failed(operation, code) => {
            if !may_end_with(operation, code) {
                violation(format!(
                    "{operation:?} ended with {code} ({})",
                    track.path()
                ));
            }
            (operation, 0, 0)
        }
        Notice::Other => return,
    };
    if !track.is_async() {
        violation(format!("a completion of {operation:?} in synchronous mode"));
    }
    track.completed(operation);
    let echoes = track.path().starts_with("/echo") && operation == Function::WebSocketReceive;
    let is_done = matches!(notice, Notice::Done(..));
    match operation {
        Function::ReadData | Function::WebSocketReceive => track.end_loan(Way::In, |block| {
            if bytes > block.len() {
                violation("more bytes than the buffer has");
            }
            if is_done && operation == Function::ReadData && block.pointer().addr() != address {
                violation("READ_COMPLETE with another buffer");
            }
            if echoes && !block.all(bytes, |byte| byte.is_ascii_lowercase()) {
                let poisoned = !block.all(bytes, |byte| byte != POISON);
                violation(format!(
                    "an echo of what was not sent (after its completion: {poisoned})"
                ));
            }
        }),
        Function::WriteData | Function::WebSocketSend => track.end_loan(Way::Out, |_| {}),
        _ => {}
    }
}

/// Does what programs do in callbacks.
fn react(track: &Arc<Track>, status: u32, notice: Notice) {
    let Some(world) = world::world().filter(|world| !world.is_stopping()) else {
        return;
    };
    let chance = world.chance();
    let mut caller = Caller::new(world, chance);
    let _calling = Calling::begin();
    match notice {
        Notice::Done(operation, ..) => caller.go_on(track, operation),
        Notice::Failed(..) if caller.chance.in_thousand(500) => caller.close(track.bits),
        Notice::Failed(..) | Notice::Other => {}
    }
    match caller.chance.below(1000) {
        0..25 => caller.close(track.bits),
        25..40 => caller.any(),
        40..60 if track.kind == REQUEST || track.kind == WEB_SOCKET => caller.on(track),
        60..66 if track.mode != Mode::Assured => {
            thread::park_timeout(Duration::from_millis(caller.chance.below(8)));
        }
        66..70 => caller.add_socket(),
        _ => {}
    }
    if status == c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING && caller.chance.in_thousand(100) {
        caller.on(track);
    }
}
