//! A handle and its calls, each of which checks what is true of all calls.

use std::ffi::CStr;
use std::marker::PhantomData;
use std::ops::Range;
use std::ptr::{null, null_mut};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use windows_sys::Win32::Networking::WebSocket::*;

use super::block::Block;
use super::headers::{Header, raw, read};
use super::raw::{abort, complete, delete, pointer};
use super::{Action, FROM_NETWORK, INDICATE_RECEIVE, NO_ACTION, RECEIVE, S_OK, Setup, TO_NETWORK};

/// A handle, deleted at the end. What is lent to it lives for `'m`.
pub(crate) struct Socket<'m> {
    handle: usize,
    setup: Setup,
    /// Addresses of the caller's memory that actions may contain.
    lent: Mutex<Vec<Range<usize>>>,
    /// Makes `'m` invariant, so that nothing shorter is ever lent.
    life: PhantomData<fn(&'m ()) -> &'m ()>,
    /// Whether the handle is deleted at the end.
    is_owned: AtomicBool,
    /// Freed after the handle.
    block: Option<Block>,
}

impl<'m> Socket<'m> {
    pub(super) fn new(handle: usize, setup: Setup, block: Option<Block>) -> Self {
        Self {
            handle,
            setup,
            lent: Mutex::default(),
            life: PhantomData,
            is_owned: AtomicBool::new(true),
            block,
        }
    }

    pub(crate) fn handle(&self) -> usize {
        self.handle
    }

    /// The handle is somebody else's to delete, or was deleted.
    pub(crate) fn disown(&self) {
        self.is_owned.store(false, Ordering::Relaxed);
    }

    pub(crate) fn block(&self) -> Option<&Block> {
        self.block.as_ref()
    }

    /// WebSocketSend with a struct of its own that is gone afterwards.
    pub(crate) fn send(&self, kind: i32, payload: &'m [u8], context: usize) -> i32 {
        // SAFETY: the payload outlives the handle.
        unsafe { self.send_lent(kind, payload, context) }
    }

    /// As [`Self::send`], for memory that does not live as long.
    ///
    /// # Safety
    ///
    /// The payload lives until the send is indicated as complete or the handle is deleted.
    pub(crate) unsafe fn send_lent(&self, kind: i32, payload: &[u8], context: usize) -> i32 {
        self.lend(payload);
        let mut buffer = WEB_SOCKET_BUFFER {
            Data: WEB_SOCKET_BUFFER_0 {
                pbBuffer: payload.as_ptr().cast_mut(),
                ulBufferLength: payload.len() as u32,
            },
        };
        // SAFETY: as promised by the caller.
        let result = unsafe { self.send_raw(kind, &raw const buffer, context) };
        // What the struct says later is of no meaning.
        buffer.Data = WEB_SOCKET_BUFFER_0 {
            pbBuffer: pointer(0x10).cast(),
            ulBufferLength: u32::MAX,
        };
        std::hint::black_box(&raw mut buffer);
        result
    }

    /// WebSocketSend of a close frame.
    pub(crate) fn send_close(&self, status: u16, reason: &'m [u8], context: usize) -> i32 {
        self.lend(reason);
        let buffer = close_buffer(reason.as_ptr(), reason.len() as u32, status);
        // SAFETY: the reason outlives the handle.
        unsafe { self.send_raw(super::CLOSE, &raw const buffer, context) }
    }

    /// WebSocketSend without a buffer.
    pub(crate) fn send_null(&self, kind: i32, context: usize) -> i32 {
        // SAFETY: nothing is passed.
        unsafe { self.send_raw(kind, null(), context) }
    }

    /// WebSocketSend.
    ///
    /// # Safety
    ///
    /// The buffer is NULL or may be read, and what it points to lives until the send is indicated
    /// as complete.
    pub(crate) unsafe fn send_raw(
        &self,
        kind: i32,
        buffer: *const WEB_SOCKET_BUFFER,
        context: usize,
    ) -> i32 {
        // SAFETY: as promised by the caller.
        unsafe { WebSocketSend(pointer(self.handle), kind, buffer, pointer(context)) }
    }

    /// WebSocketReceive without a buffer.
    pub(crate) fn receive(&self, context: usize) -> i32 {
        // SAFETY: nothing is passed.
        unsafe { WebSocketReceive(pointer(self.handle), null(), pointer(context)) }
    }

    /// WebSocketReceive into the caller's memory.
    pub(crate) fn receive_into(&self, memory: &'m mut [u8], context: usize) -> i32 {
        self.lend(memory);
        let buffer = WEB_SOCKET_BUFFER {
            Data: WEB_SOCKET_BUFFER_0 {
                pbBuffer: memory.as_mut_ptr(),
                ulBufferLength: memory.len() as u32,
            },
        };
        // SAFETY: the memory outlives the handle.
        unsafe { WebSocketReceive(pointer(self.handle), &raw const buffer, pointer(context)) }
    }

    pub(super) fn lend(&self, memory: &[u8]) {
        let start = memory.as_ptr().addr();
        let range = start..start + memory.len();
        self.lent.lock().unwrap().push(range);
    }

    /// Whether an entry is in memory that was lent.
    pub(crate) fn is_lent(&self, address: usize, length: u32) -> bool {
        let end = address + length as usize;
        let lent = self.lent.lock().unwrap();
        lent.iter()
            .any(|range| range.start <= address && end <= range.end)
    }

    /// Forgets what was lent so far, when its time is over.
    pub(crate) fn forget_lent(&self) {
        self.lent.lock().unwrap().clear();
    }

    /// WebSocketGetAction with so many entries.
    pub(crate) fn get(&self, queue: i32, entries: usize) -> Action {
        let action = Action::get(self.handle, queue, entries);
        let length_max = self.setup.receive_bytes().max(self.setup.send_bytes());
        for entry in &action.entries {
            if entry.length == 0 && entry.address == 0 {
                continue;
            }
            if action.kind != FROM_NETWORK && self.is_lent(entry.address, entry.length) {
                continue;
            }
            assert!(entry.length <= length_max, "in one area: {action:?}");
            let inside = |block: &Block| block.contains(entry.address, entry.length as usize);
            assert!(
                self.block.as_ref().is_none_or(inside),
                "outside the block and of what was lent: {action:?}"
            );
        }
        if let Some(block) = &self.block {
            assert!(block.guards_are_intact());
        }
        if matches!(action.kind, FROM_NETWORK | INDICATE_RECEIVE) {
            assert!(action.total() <= self.setup.receive_bytes(), "{action:?}");
        }
        action
    }

    /// The action that must come now, with two entries.
    pub(crate) fn expect(&self, queue: i32, kind: i32) -> Action {
        let action = self.get(queue, 2);
        assert_eq!((action.result, action.kind), (S_OK, kind), "{action:?}");
        action
    }

    /// Nothing is to be done.
    pub(crate) fn idle(&self, queue: i32) {
        self.expect(queue, NO_ACTION);
    }

    /// GetAction on the receive queue fails like this.
    pub(crate) fn fails(&self, result: i32) {
        let action = self.get(RECEIVE, 2);
        assert_eq!(action.result, result, "{action:?}");
    }

    /// WebSocketCompleteAction with any count.
    pub(crate) fn complete(&self, action: &Action, bytes: u32) -> i32 {
        complete(self.handle, action.context, bytes)
    }

    /// Completes an action as done: all bytes sent, or an indication taken.
    pub(crate) fn done(&self, action: &Action) {
        let bytes = if action.kind == TO_NETWORK {
            action.total()
        } else {
            assert_ne!(action.kind, FROM_NETWORK, "needs bytes");
            0
        };
        assert_eq!(self.complete(action, bytes), S_OK);
    }

    /// Puts bytes where a receive from the network wants them, and completes it.
    pub(crate) fn fill(&self, action: &Action, bytes: &[u8]) {
        self.fill_without_completing(action, bytes);
        assert_eq!(self.complete(action, bytes.len() as u32), S_OK);
    }

    /// Only puts bytes there.
    pub(crate) fn fill_without_completing(&self, action: &Action, bytes: &[u8]) {
        assert_eq!(action.kind, FROM_NETWORK, "{action:?}");
        let room = &action.entries[0];
        assert!(bytes.len() <= room.length as usize, "{action:?}");
        let to = pointer(room.address).cast::<u8>();
        // SAFETY: there is room for so many bytes until the action is completed.
        unsafe { to.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }

    /// The "feed" of the scenarios: the receive queue wants bytes of the network, and gets these.
    pub(crate) fn feed(&self, bytes: &[u8]) {
        let action = self.expect(RECEIVE, FROM_NETWORK);
        self.fill(&action, bytes);
    }

    /// Takes the indication that must come now.
    pub(crate) fn indicated(&self, buffer_type: i32) -> Action {
        let action = self.expect(RECEIVE, INDICATE_RECEIVE);
        assert_eq!(action.buffer_type, buffer_type, "{action:?}");
        self.done(&action);
        action
    }

    /// Queues a receive and takes the indication of these bytes, which are already there.
    pub(crate) fn takes(&self, buffer_type: i32, bytes: &[u8]) {
        assert_eq!(self.receive(0), S_OK);
        assert_eq!(self.indicated(buffer_type).bytes(), bytes);
    }

    /// Drives the send queue until the oldest operation is complete; what went to the network.
    pub(crate) fn flush(&self) -> Vec<u8> {
        let mut wire = Vec::new();
        loop {
            let action = self.get(super::SEND, 2);
            assert_eq!(action.result, S_OK);
            self.done(&action);
            match action.kind {
                TO_NETWORK => wire.extend(action.bytes()),
                super::INDICATE_SEND => return wire,
                _ => panic!("neither bytes nor an end: {action:?}"),
            }
        }
    }

    /// Takes the automatic pong that must come now; what went to the network.
    pub(crate) fn flush_pong(&self) -> Vec<u8> {
        let pong = self.expect(RECEIVE, TO_NETWORK);
        assert_eq!(pong.buffer_type, super::PING_PONG);
        self.done(&pong);
        pong.bytes()
    }

    /// WebSocketAbortHandle.
    pub(crate) fn abort(&self) {
        assert_eq!(abort(self.handle), S_OK);
    }

    /// WebSocketBeginClientHandshake; fails with empty outputs.
    pub(crate) fn begin_client(
        &self,
        protocols: &[&CStr],
        extensions: &[&CStr],
        initial: &[Header],
    ) -> Result<Vec<Header>, i32> {
        let (protocols, extensions) = (pointers(protocols), pointers(extensions));
        let initial = raw(initial);
        let (mut headers, mut count) = (pointer(1).cast(), 77);
        // SAFETY: all arrays and outputs live through the call.
        let result = unsafe {
            WebSocketBeginClientHandshake(
                pointer(self.handle),
                start(&protocols),
                protocols.len() as u32,
                start(&extensions),
                extensions.len() as u32,
                start(&initial),
                initial.len() as u32,
                &raw mut headers,
                &raw mut count,
            )
        };
        // SAFETY: the two outputs belong to this call.
        unsafe { produced(result, headers, count) }
    }

    /// WebSocketEndClientHandshake without outputs.
    pub(crate) fn end_client(&self, headers: &[Header]) -> i32 {
        let headers = raw(headers);
        let array = start(&headers);
        let count = headers.len() as u32;
        let handle = pointer(self.handle);
        // SAFETY: the array lives through the call.
        unsafe {
            WebSocketEndClientHandshake(handle, array, count, null_mut(), null_mut(), null_mut())
        }
    }

    /// WebSocketEndClientHandshake with all outputs: the result, the selected extensions and
    /// sub-protocol.
    pub(crate) fn end_client_selecting(
        &self,
        headers: &[Header],
        capacity: usize,
    ) -> (i32, Vec<u32>, Option<u32>) {
        let headers = raw(headers);
        let mut extensions = vec![u32::MAX; capacity + 1];
        let (mut count, mut protocol) = (capacity as u32, u32::MAX);
        // SAFETY: the arrays and outputs live through the call.
        let result = unsafe {
            WebSocketEndClientHandshake(
                pointer(self.handle),
                start(&headers),
                headers.len() as u32,
                extensions.as_mut_ptr(),
                &raw mut count,
                &raw mut protocol,
            )
        };
        assert!(count as usize <= capacity);
        assert!(
            extensions[count as usize..]
                .iter()
                .all(|own| *own == u32::MAX)
        );
        extensions.truncate(count as usize);
        (
            result,
            extensions,
            Some(protocol).filter(|own| *own != u32::MAX),
        )
    }

    /// WebSocketBeginServerHandshake; fails with empty outputs.
    pub(crate) fn begin_server(
        &self,
        protocol: Option<&CStr>,
        extensions: &[&CStr],
        request: &[Header],
    ) -> Result<Vec<Header>, i32> {
        let extensions = pointers(extensions);
        let request = raw(request);
        let (mut headers, mut count) = (pointer(1).cast(), 77);
        // SAFETY: all arrays and outputs live through the call.
        let result = unsafe {
            WebSocketBeginServerHandshake(
                pointer(self.handle),
                protocol.map_or(null(), |protocol| protocol.as_ptr().cast()),
                start(&extensions),
                extensions.len() as u32,
                start(&request),
                request.len() as u32,
                &raw mut headers,
                &raw mut count,
            )
        };
        // SAFETY: the two outputs belong to this call.
        unsafe { produced(result, headers, count) }
    }

    /// WebSocketEndServerHandshake.
    pub(crate) fn end_server(&self) -> i32 {
        // SAFETY: nothing is passed.
        unsafe { WebSocketEndServerHandshake(pointer(self.handle)) }
    }
}

impl Drop for Socket<'_> {
    fn drop(&mut self) {
        if !self.is_owned.load(Ordering::Relaxed) {
            return;
        }
        let result = delete(self.handle);
        assert!(result == S_OK || std::thread::panicking());
    }
}

/// A close buffer.
pub(crate) fn close_buffer(reason: *const u8, length: u32, status: u16) -> WEB_SOCKET_BUFFER {
    WEB_SOCKET_BUFFER {
        CloseStatus: WEB_SOCKET_BUFFER_1 {
            pbReason: reason.cast_mut(),
            ulReasonLength: length,
            usStatus: status,
        },
    }
}

fn pointers(texts: &[&CStr]) -> Vec<*const u8> {
    texts.iter().map(|text| text.as_ptr().cast()).collect()
}

/// NULL for an empty array.
fn start<T>(array: &[T]) -> *const T {
    if array.is_empty() {
        null()
    } else {
        array.as_ptr()
    }
}

/// The header fields of a handshake's first half.
///
/// # Safety
///
/// The outputs are those of a call that returned `result`.
unsafe fn produced(
    result: i32,
    headers: *mut WEB_SOCKET_HTTP_HEADER,
    count: u32,
) -> Result<Vec<Header>, i32> {
    if result != S_OK {
        assert!(headers.is_null(), "NULL after a failure");
        assert_eq!(count, 0, "nothing after a failure");
        return Err(result);
    }
    // SAFETY: the library handed out so many fields.
    Ok(unsafe { read(headers, count) })
}
