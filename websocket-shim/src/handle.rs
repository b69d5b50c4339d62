//! Handles: making them, looking them up, ending them.

use std::cell::RefCell;
use std::ffi::c_void;
use std::mem::ManuallyDrop;

use winhttp_abi::export;
use winhttp_abi::export::Succeeded;
use winhttp_abi::handle::{bits, from_bits};
use winhttp_abi::header_block::HeaderBlock;
use winhttp_abi::hresult::HResult;
use winhttp_abi::types::Property;
use winhttp_abi::{output, process};
use winhttp_proto::handle::{Cells, CellsHeld, HandleId};
use winhttp_proto::websocket::Role;
use winhttp_proto::websocket::component::Endpoint;

use crate::memory::{Buffers, CallerMemory};
use crate::property;

/// WEB_SOCKET_HANDLE: a pointer-sized number that is never followed.
pub(crate) type Handle = *mut c_void;

/// What a handle names. A lock of its own is held during each call; no call waits for anything
/// else.
static HANDLES: Cells<Box<WebSocket>> = Cells::new();

/// The object behind a handle.
pub(crate) struct WebSocket {
    pub(crate) endpoint: Endpoint<CallerMemory>,
    /// What the beginning of the handshake handed out; gone when the handshake ends.
    pub(crate) headers: Option<HeaderBlock>,
}

/// Runs `work` with a handle's object.
pub(crate) fn with<R>(
    handle: Handle,
    work: impl FnOnce(&mut WebSocket) -> Result<R, HResult>,
) -> Result<R, HResult> {
    HandleId::from_bits(bits(handle))
        .and_then(|id| {
            HANDLES.with(id, |web_socket| {
                let result = work(web_socket);
                if web_socket.headers.is_some() && web_socket.endpoint.is_in_session() {
                    web_socket.headers = None;
                }
                result
            })
        })
        .unwrap_or(Err(HResult::INVALID_ARGUMENT))
}

static ENTRY: process::Entry = process::Entry::new(hold, release);

thread_local! {
    /// Held by this thread, which forks. Never dropped when the thread ends: it may fork even then.
    static HELD: RefCell<Option<ManuallyDrop<CellsHeld<'static, Box<WebSocket>>>>> =
        const { RefCell::new(None) };
}

extern "C" fn hold() {
    HELD.with_borrow_mut(|held| {
        held.get_or_insert_with(|| ManuallyDrop::new(HANDLES.hold()));
    });
}

extern "C" fn release() {
    if let Some(cells) = HELD.take() {
        drop(ManuallyDrop::into_inner(cells));
    }
}

/// # Safety
/// As the exported functions.
unsafe fn create(
    role: Role,
    properties: *const Property,
    count: u32,
    handle: *mut Handle,
) -> Result<Succeeded, HResult> {
    // SAFETY: the program's promise about `handle`.
    if !unsafe { output::value(handle, std::ptr::null_mut()) } {
        return Err(HResult::INVALID_ARGUMENT);
    }
    // SAFETY: the program's promise about the properties.
    let (settings, lent) = unsafe { property::settings(role, properties, count) }?;
    // Children of this process mask with keys of their own, and find no handle in the middle of a
    // call.
    ENTRY.enter();
    let memory = Buffers::new(&settings, lent);
    let id = HANDLES
        .insert_with(|id| {
            Box::new(WebSocket {
                endpoint: Endpoint::new(role, settings, id.tag(), memory),
                headers: None,
            })
        })
        .ok_or(HResult::OUT_OF_MEMORY)?;
    // SAFETY: as above.
    unsafe { output::value(handle, from_bits(id.bits())) };
    Ok(Succeeded)
}

export! {
    /// Creates the client's end of a connection (WebSocketCreateClientHandle). `phWebSocket`
    /// receives the handle, NULL after a failure; WebSocketDeleteHandle ends it.
    ///
    /// Fails with E_INVALIDARG for a property that is unknown, not for a handle, or has a wrong
    /// value; E_OUTOFMEMORY.
    pub fn WebSocketCreateClientHandle(
        properties: *const Property,
        count: u32,
        handle: *mut Handle,
    ) -> Succeeded {
        // SAFETY: the program's promise, handed on.
        unsafe { create(Role::Client, properties, count, handle) }
    }

    /// Creates the server's end of a connection (WebSocketCreateServerHandle); as
    /// [`WebSocketCreateClientHandle`].
    pub fn WebSocketCreateServerHandle(
        properties: *const Property,
        count: u32,
        handle: *mut Handle,
    ) -> Succeeded {
        // SAFETY: the program's promise, handed on.
        unsafe { create(Role::Server, properties, count, handle) }
    }

    /// Ends the session (WebSocketAbortHandle): queued operations can be indicated as complete,
    /// nothing more is sent or received. Before the session, and the second time, it does nothing.
    ///
    /// The header declares it VOID, as Windows does; the return register says E_INVALIDARG for what
    /// is no handle.
    pub fn WebSocketAbortHandle(handle: Handle) -> Succeeded {
        with(handle, |web_socket| {
            web_socket.endpoint.abort();
            Ok(Succeeded)
        })
    }

    /// Frees a handle and all it handed out (WebSocketDeleteHandle). Outstanding actions need not
    /// be completed.
    ///
    /// The header declares it VOID, as Windows does; the return register says E_INVALIDARG for what
    /// is no handle.
    pub fn WebSocketDeleteHandle(handle: Handle) -> Succeeded {
        HandleId::from_bits(bits(handle))
            .and_then(|id| HANDLES.remove(id))
            .map(|_| Succeeded)
            .ok_or(HResult::INVALID_ARGUMENT)
    }
}
