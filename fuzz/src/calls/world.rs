//! The program's side: handles, and the calls that are made with them.

use std::ffi::c_void;
use std::marker::PhantomData;
use std::ptr::{null, null_mut};
use std::thread::JoinHandle;

use winhttp::GetLastError;
use winhttp_abi::constants as c;
use winhttp_abi::wide::{Unit, terminated};

use super::board::{self, Operation};
use super::memory::Memory;
use super::{check, peer};
use crate::input::Input;

mod transfers;

use transfers::Transfers;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Session,
    Connect,
    Request,
    WebSocket,
}

pub struct World<W: Unit> {
    asynchronous: bool,
    port: u16,
    handles: Vec<(Kind, usize)>,
    closers: Vec<JoinHandle<()>>,
    width: PhantomData<W>,
}

/// Options whose value is a pointer, or that would make traffic beyond this machine.
const NOT_SET: &[u32] = &[1, 38, 39, 47, 97, 98, 99, 165];
/// Options whose length is in characters.
const TEXTS: &[u32] = &[41, 86, 168, 4096, 4097, 4098, 4099];
/// WINHTTP_OPTION_PROXY answers with memory that its caller frees.
const NOT_QUERIED: &[u32] = &[38];

const STATUSES: [u32; 14] = [
    c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE,
    c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE,
    c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE,
    c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE,
    c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR,
    c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE,
    c::WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE,
    c::WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE,
    c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER,
    c::WINHTTP_CALLBACK_STATUS_SENDING_REQUEST,
    c::WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE,
    c::WINHTTP_CALLBACK_STATUS_INTERMEDIATE_RESPONSE,
    c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED,
    c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING,
];

/// HINTERNET of a number.
fn raw(handle: usize) -> *mut c_void {
    std::ptr::without_provenance_mut(handle)
}

/// The result of a BOOL function: 0 or its error.
fn result(done: i32) -> u32 {
    let error = GetLastError();
    assert!(
        done == 0 || matches!(error, 0 | c::ERROR_IO_PENDING),
        "success with {error}"
    );
    assert!(done != 0 || error != 0, "failure without an error");
    if done == 0 { error } else { 0 }
}

unsafe extern "system" fn callback<W: Unit>(
    handle: *mut c_void,
    _context: usize,
    status: u32,
    information: *mut c_void,
    length: u32,
) {
    // SAFETY: the library passes what it documents.
    let action = unsafe { board::notified(handle.addr(), status, information, length) };
    if let Some(action) = action {
        inside_callback::<W>(handle.addr(), action);
        board::hook_ended();
    }
}

/// Calls from inside a callback; none of them may wait for another notification.
fn inside_callback<W: Unit>(handle: usize, action: u8) {
    let asynchronous = action & 0x80 != 0;
    let transfers = Transfers::<W>::new(handle, asynchronous);
    match action & 0x7f {
        0..16 => close::<W>(handle),
        16..32 => parent::<W>(handle).map_or((), close::<W>),
        32..48 => parent::<W>(handle)
            .and_then(parent::<W>)
            .map_or((), close::<W>),
        _ if !asynchronous => {}
        48..64 => transfers.receive(usize::from(action & 15) * 9 + 1),
        64..72 => transfers.send(i32::from(action & 3), vec![b'x'; 300]),
        72..80 => transfers.send(0, vec![7; 100_000]),
        80..88 => transfers.receive_response(),
        88..96 => transfers.read(100, false),
        96..104 => transfers.query_data(),
        104..112 => transfers.shutdown(1000, b"bye"),
        112..120 => transfers.close(1000, b""),
        _ => transfers.write(vec![b'w'; 10]),
    }
}

fn close<W: Unit>(handle: usize) {
    // SAFETY: any number may be passed.
    let closed = result(unsafe { winhttp::WinHttpCloseHandle::<W>(raw(handle)) });
    assert!(matches!(closed, 0 | c::ERROR_INVALID_HANDLE), "{closed}");
}

/// WINHTTP_OPTION_PARENT_HANDLE.
fn parent<W: Unit>(handle: usize) -> Option<usize> {
    let (mut parent, mut length) = (0_usize, 8);
    // SAFETY: variable and length live through the call.
    let error = result(unsafe {
        winhttp::WinHttpQueryOption::<W>(raw(handle), 21, (&raw mut parent).cast(), &raw mut length)
    });
    (error == 0 && parent != 0).then_some(parent)
}

impl<W: Unit> World<W> {
    pub fn new(asynchronous: bool, port: u16) -> Self {
        board::start(asynchronous);
        let flags = if asynchronous {
            c::WINHTTP_FLAG_ASYNC
        } else {
            0
        };
        let agent = terminated::<W>("fuzz");
        // SAFETY: the text lives through the call.
        let session = unsafe {
            winhttp::WinHttpOpen::<W>(
                agent.as_ptr(),
                c::WINHTTP_ACCESS_TYPE_NO_PROXY,
                null(),
                null(),
                flags,
            )
        };
        assert!(!session.is_null());
        board::opened(session.addr(), None, false);
        // SAFETY: the callback lives as long as the process.
        let before = unsafe {
            winhttp::WinHttpSetStatusCallback::<W>(
                session,
                Some(callback::<W>),
                c::WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS,
                0,
            )
        };
        assert_eq!(before, 0);
        let handles = vec![(Kind::Session, session.addr())];
        Self {
            asynchronous,
            port,
            handles,
            closers: Vec::new(),
            width: PhantomData,
        }
    }

    /// What will happen inside a callback.
    pub fn hook(&mut self, input: &mut Input<'_>) {
        let status = STATUSES[input.below(STATUSES.len())];
        let mode = if self.asynchronous { 0x80 } else { 0 };
        board::hook(status, input.byte() & 0x7f | mode);
    }

    /// Goes the usual way to a WebSocket, as far as the peer lets it.
    pub fn open_websocket(&mut self) {
        self.connect();
        self.open_request(0, true);
        let Some(request) = self.last(Kind::Request) else {
            return;
        };
        let transfers = Transfers::<W>::new(request, self.asynchronous);
        transfers.send_request(&[], 0);
        self.settle(request);
        transfers.receive_response();
        self.settle(request);
        self.complete_upgrade(request);
    }

    fn last(&self, kind: Kind) -> Option<usize> {
        self.handles
            .iter()
            .rev()
            .find(|handle| handle.0 == kind)
            .map(|handle| handle.1)
    }

    fn settle(&self, handle: usize) {
        if self.asynchronous {
            board::settle(handle);
        }
    }

    fn opened(&mut self, kind: Kind, handle: *mut c_void, parent: usize) {
        if handle.is_null() {
            check::local(GetLastError());
            return;
        }
        board::opened(handle.addr(), Some(parent), kind == Kind::WebSocket);
        self.handles.push((kind, handle.addr()));
    }

    fn connect(&mut self) {
        let host = terminated::<W>("127.0.0.1");
        let session = self.handles[0].1;
        // SAFETY: the text lives through the call.
        let connect =
            unsafe { winhttp::WinHttpConnect::<W>(raw(session), host.as_ptr(), self.port, 0) };
        self.opened(Kind::Connect, connect, session);
    }

    fn open_request(&mut self, choice: usize, upgrade: bool) {
        let Some(connect) = self.last(Kind::Connect) else {
            return;
        };
        let verb = terminated::<W>(["GET", "POST", "HEAD", "PUT"][choice % 4]);
        let path = terminated::<W>("/path?query");
        let none = null();
        // SAFETY: the texts live through the call.
        let request = unsafe {
            winhttp::WinHttpOpenRequest::<W>(
                raw(connect),
                verb.as_ptr(),
                path.as_ptr(),
                none,
                none,
                null(),
                0,
            )
        };
        self.opened(Kind::Request, request, connect);
        if upgrade && !request.is_null() {
            // SAFETY: no memory is passed.
            let set = result(unsafe {
                winhttp::WinHttpSetOption::<W>(
                    request,
                    c::WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET,
                    null_mut(),
                    0,
                )
            });
            check::local(set);
        }
    }

    fn complete_upgrade(&mut self, request: usize) {
        let number = self.number(request);
        // SAFETY: no memory is passed.
        let websocket = unsafe { winhttp::WinHttpWebSocketCompleteUpgrade::<W>(raw(request), 5) };
        let made = !websocket.is_null();
        // It may have been closed inside its first callback.
        let parent = parent::<W>(websocket.addr()).unwrap_or(0);
        self.opened(Kind::WebSocket, websocket, parent);
        if made {
            board::log(websocket.addr(), |log| log.number = number);
        }
    }

    /// Which of the peer's WebSockets answered.
    fn number(&self, request: usize) -> Option<usize> {
        let name = terminated::<W>(peer::NUMBER_HEADER);
        let level = c::WINHTTP_QUERY_CUSTOM | c::WINHTTP_QUERY_FLAG_NUMBER;
        let (mut number, mut length) = (0_u32, 4);
        // SAFETY: text and variables live through the call.
        let error = result(unsafe {
            winhttp::WinHttpQueryHeaders::<W>(
                raw(request),
                level,
                name.as_ptr(),
                (&raw mut number).cast(),
                &raw mut length,
                null_mut(),
            )
        });
        check::local(error);
        (error == 0).then_some(number as usize)
    }

    /// One call, with a handle of the right kind mostly.
    pub fn call(&mut self, input: &mut Input<'_>) {
        let what = input.byte();
        let (_, any) = self.handles[input.below(self.handles.len())];
        let pick = |kind| {
            if what & 0x80 == 0 {
                self.last(kind).unwrap_or(any)
            } else {
                any
            }
        };
        let request = Transfers::<W>::new(pick(Kind::Request), self.asynchronous);
        let websocket = Transfers::<W>::new(pick(Kind::WebSocket), self.asynchronous);
        match what & 0x1f {
            0 => self.connect(),
            1 => self.open_request(input.below(4), false),
            2 => self.open_request(input.below(4), true),
            3 => request.send_request(input.short(), u32::from(input.byte())),
            4 => request.receive_response(),
            5 => request.read(usize::from(input.number()), input.flag()),
            6 => request.query_data(),
            7 => request.write(input.short().to_vec()),
            8 => self.complete_upgrade(request.handle()),
            9 => self.open_websocket(),
            10 | 11 => websocket.send(i32::from(input.byte() % 6) - 1, input.short().to_vec()),
            12 => websocket.send(
                i32::from(input.byte() & 1),
                vec![input.byte(); 500 * input.below(256)],
            ),
            13..=16 => websocket.receive(usize::from(input.number()) >> input.below(16)),
            17 => websocket.shutdown(input.number(), input.short()),
            18 => websocket.close(input.number(), input.short()),
            19 => websocket.close(1000, b"done"),
            20 => websocket.close_status(input.below(140)),
            21 => close::<W>(any),
            22 => self.close_elsewhere(any),
            23 | 24 => self.settle(any),
            25 => self.hook(input),
            26 => self.set_option(any, input),
            27 => self.query_option(any, input),
            28 => self.query_headers(request.handle(), input),
            29 => self.add_headers(request.handle(), input),
            30 => self.invented_handle(input),
            _ => self.settle(websocket.handle()),
        }
    }

    /// Closes a handle while other calls go on.
    fn close_elsewhere(&mut self, handle: usize) {
        self.closers
            .push(std::thread::spawn(move || close::<W>(handle)));
    }

    fn set_option(&self, handle: usize, input: &mut Input<'_>) {
        let option = u32::from(input.byte());
        if NOT_SET.contains(&option) {
            return;
        }
        let value = Memory::new(input.bytes([4, 4, 4, 0, 8, 12, 16, 24][option as usize & 7]));
        let length = if TEXTS.contains(&option) {
            value.len() / W::BYTES
        } else {
            value.len()
        };
        let length = u32::try_from(length).expect("short");
        // SAFETY: the buffer has this length.
        check::local(result(unsafe {
            winhttp::WinHttpSetOption::<W>(raw(handle), option, value.pointer().cast(), length)
        }));
        value.seal();
    }

    fn query_option(&self, handle: usize, input: &mut Input<'_>) {
        let option = u32::from(input.byte());
        if NOT_QUERIED.contains(&option) {
            return;
        }
        let value = Memory::new(&vec![0; input.below(128)]);
        let mut length = u32::try_from(value.len()).expect("short");
        // SAFETY: the buffer has this length.
        let error = result(unsafe {
            winhttp::WinHttpQueryOption::<W>(
                raw(handle),
                option,
                value.pointer().cast(),
                &raw mut length,
            )
        });
        check::local(error);
        assert!(error != 0 || length as usize <= value.len());
        value.seal();
    }

    fn query_headers(&self, request: usize, input: &mut Input<'_>) {
        let modifier = [0, 0, 0x8000_0000, 0x4000_0000, 0x2000_0000, 0x0800_0000][input.below(6)];
        let level = match u32::from(input.byte()) {
            255 => c::WINHTTP_QUERY_CUSTOM,
            level => level,
        };
        let name = terminated::<W>("Content-Length");
        let value = Memory::new(&vec![0; input.below(256)]);
        let (mut length, mut index) = (
            u32::try_from(value.len()).expect("short"),
            u32::from(input.byte() & 3),
        );
        // SAFETY: text, buffer and variables live through the call.
        let error = result(unsafe {
            winhttp::WinHttpQueryHeaders::<W>(
                raw(request),
                level | modifier,
                name.as_ptr(),
                value.pointer().cast(),
                &raw mut length,
                &raw mut index,
            )
        });
        check::local(error);
        assert!(error != 0 || length as usize <= value.len());
        assert!(error != c::ERROR_INSUFFICIENT_BUFFER || length as usize > value.len());
        value.seal();
    }

    fn add_headers(&self, request: usize, input: &mut Input<'_>) {
        let modifiers =
            u32::from(input.byte() >> 4) << 28 | u32::from(input.byte()) << 24 & 0x6100_0000;
        let text = String::from_utf8_lossy(input.short()).replace('\0', " ");
        let text = terminated::<W>(&text);
        // SAFETY: the text is terminated.
        check::local(result(unsafe {
            winhttp::WinHttpAddRequestHeaders::<W>(raw(request), text.as_ptr(), u32::MAX, modifiers)
        }));
    }

    /// Numbers nobody opened name nothing.
    fn invented_handle(&self, input: &mut Input<'_>) {
        let number =
            usize::from(input.number()) << (input.below(6) * 8) | usize::from(input.byte());
        if self.handles.iter().any(|handle| handle.1 == number) {
            return;
        }
        // SAFETY: any number may be passed.
        let closed = result(unsafe { winhttp::WinHttpCloseHandle::<W>(raw(number)) });
        assert_eq!(closed, c::ERROR_INVALID_HANDLE);
        // SAFETY: as above.
        let received =
            result(unsafe { winhttp::WinHttpReceiveResponse::<W>(raw(number), null_mut()) });
        assert_eq!(received, c::ERROR_INVALID_HANDLE);
    }

    /// Closes what is open, parents or children first.
    pub fn close_all(&mut self, parents_first: bool) {
        for closer in self.closers.drain(..) {
            closer.join().expect("closing does not fail");
        }
        if !parents_first {
            self.handles.reverse();
        }
        for (_, handle) in self.handles.drain(..) {
            close::<W>(handle);
        }
    }
}
