//! The library through its C ABI, in both modes.
#![expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "chains of C calls on handles and buffers of their own, with one promise for all"
)]

use std::ffi::c_void;
use std::ptr::null;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};

use winhttp_abi::constants as c;
use winhttp_abi::wide::terminated;

use crate::Work;

type W = u16;

/// A WebSocket and the handles above it.
struct Socket {
    session: *mut c_void,
    websocket: *mut c_void,
}

impl Socket {
    /// Upgrades on a connection of its own; `wait` waits for one completion of an asynchronous session.
    fn open(port: u16, flags: u32, callback: Option<Callback>, wait: &dyn Fn()) -> Self {
        let (host, path) = (terminated::<W>("127.0.0.1"), terminated::<W>("/echo"));
        // SAFETY: the texts live through the calls, and the handles are this function's own.
        unsafe {
            let session = winhttp::WinHttpOpen::<W>(null(), 1, null(), null(), flags);
            if let Some(callback) = callback {
                winhttp::WinHttpSetStatusCallback::<W>(
                    session,
                    Some(callback),
                    c::WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS,
                    0,
                );
            }
            let connect = winhttp::WinHttpConnect::<W>(session, host.as_ptr(), port, 0);
            let request = winhttp::WinHttpOpenRequest::<W>(
                connect,
                null(),
                path.as_ptr(),
                null(),
                null(),
                null(),
                0,
            );
            let upgrade = c::WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET;
            winhttp::WinHttpSetOption::<W>(request, upgrade, std::ptr::null_mut(), 0);
            winhttp::WinHttpSendRequest::<W>(request, null(), 0, null(), 0, 0, 0);
            wait();
            winhttp::WinHttpReceiveResponse::<W>(request, std::ptr::null_mut());
            wait();
            let websocket = winhttp::WinHttpWebSocketCompleteUpgrade::<W>(request, 0);
            assert!(!websocket.is_null());
            winhttp::WinHttpCloseHandle::<W>(request);
            winhttp::WinHttpCloseHandle::<W>(connect);
            Self { session, websocket }
        }
    }

    fn close(self) {
        // SAFETY: the handles are this value's own.
        unsafe {
            winhttp::WinHttpCloseHandle::<W>(self.websocket);
            winhttp::WinHttpCloseHandle::<W>(self.session);
        }
    }
}

/// Echoes the work's messages with blocking calls.
pub(crate) fn run_sync(port: u16, work: &Work) {
    let socket = Socket::open(port, 0, None, &|| {});
    let payload = vec![7_u8; work.bytes];
    let mut buffer = vec![0_u8; work.bytes];
    let length = u32::try_from(work.bytes).unwrap();
    for _ in 0..work.messages {
        // SAFETY: the buffers live through the calls.
        unsafe {
            let sent = winhttp::WinHttpWebSocketSend::<W>(
                socket.websocket,
                0,
                payload.as_ptr().cast(),
                length,
            );
            assert_eq!(sent, 0);
            let mut received = 0;
            while received < length {
                let (mut bytes, mut kind) = (0, 0);
                let result = winhttp::WinHttpWebSocketReceive::<W>(
                    socket.websocket,
                    buffer.as_mut_ptr().add(received as usize).cast(),
                    length - received,
                    &raw mut bytes,
                    &raw mut kind,
                );
                assert_eq!(result, 0);
                received += bytes;
            }
        }
    }
    // SAFETY: no memory is passed.
    unsafe { winhttp::WinHttpWebSocketClose::<W>(socket.websocket, 1000, null(), 0) };
    socket.close();
}

type Callback = unsafe extern "system" fn(*mut c_void, usize, u32, *mut c_void, u32);

/// What the callback pumps.
struct Pump {
    payload: Vec<u8>,
    buffer: Vec<u8>,
    received: usize,
    left: usize,
    step: Sender<()>,
    running: bool,
}

static PUMP: Mutex<Option<Pump>> = Mutex::new(None);

/// Echoes the work's messages from inside the completion callbacks, as asynchronous WinHTTP programs do.
pub(crate) fn run_async(port: u16, work: &Work) {
    let (step, steps) = channel();
    let pump = Pump {
        payload: vec![7; work.bytes],
        buffer: vec![0; work.bytes],
        received: 0,
        left: work.messages,
        step,
        running: false,
    };
    *PUMP.lock().unwrap_or_else(PoisonError::into_inner) = Some(pump);
    let wait = || steps.recv().unwrap();
    let socket = Socket::open(port, c::WINHTTP_FLAG_ASYNC, Some(callback), &wait);
    if let Some(pump) = PUMP.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        pump.running = true;
        send(socket.websocket, pump);
    }
    wait();
    // SAFETY: no memory is passed.
    unsafe { winhttp::WinHttpWebSocketClose::<W>(socket.websocket, 1000, null(), 0) };
    wait();
    socket.close();
}

unsafe extern "system" fn callback(
    handle: *mut c_void,
    _context: usize,
    status: u32,
    information: *mut c_void,
    _length: u32,
) {
    let mut pump = PUMP.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(pump) = pump.as_mut() else { return };
    match status {
        c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE
        | c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE
        | c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE => pump.step.send(()).unwrap(),
        c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE => receive(handle, pump),
        c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE if pump.running => {
            // SAFETY: the information of a WebSocket's READ_COMPLETE starts with the byte count.
            pump.received += unsafe { information.cast::<u32>().read() } as usize;
            if pump.received < pump.buffer.len() {
                return receive(handle, pump);
            }
            pump.received = 0;
            pump.left -= 1;
            if pump.left == 0 {
                pump.step.send(()).unwrap();
            } else {
                send(handle, pump);
            }
        }
        _ => {}
    }
}

fn send(websocket: *mut c_void, pump: &Pump) {
    let length = u32::try_from(pump.payload.len()).unwrap();
    // SAFETY: the payload lives until the run is over.
    let sent = unsafe {
        winhttp::WinHttpWebSocketSend::<W>(websocket, 0, pump.payload.as_ptr().cast(), length)
    };
    assert_eq!(sent, 0);
}

fn receive(websocket: *mut c_void, pump: &mut Pump) {
    let Some(room) = pump.buffer.get_mut(pump.received..) else {
        return;
    };
    let length = u32::try_from(room.len()).unwrap();
    // SAFETY: the buffer lives until the run is over.
    let result = unsafe {
        winhttp::WinHttpWebSocketReceive::<W>(
            websocket,
            room.as_mut_ptr().cast(),
            length,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        )
    };
    assert_eq!(result, 0);
}
