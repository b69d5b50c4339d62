//! The client's side of HTTP: requests with numbers, one after the other, from callback to callback
//! or in calls that wait; each answer must have its request's number.

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use winhttp_abi::constants as c;
use winhttp_abi::types::AsyncResult;
use winhttp_tests::{Call, Handle, call};

use crate::{calls, message};

/// Room for one read; longer bodies come in pieces.
const ROOM: usize = 4096;

/// Lines and counters of the process; callbacks find them here.
pub(crate) static LINES: OnceLock<Lines> = OnceLock::new();

pub(crate) fn lines() -> &'static Lines {
    LINES.get().unwrap()
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    /// Requests whose answers were right.
    pub(crate) answered: AtomicU64,
    /// Connections that were opened.
    pub(crate) connected: AtomicU64,
    pub(crate) errors: AtomicU64,
    /// Lines whose first answer has begun, and lines that have nothing more to ask.
    pub(crate) begun: AtomicUsize,
    pub(crate) idle: AtomicUsize,
    /// Requests of lines whose HANDLE_CLOSING came.
    pub(crate) requests_closed: AtomicU64,
}

/// Requests one after the other, on one connection at a time.
#[derive(Debug)]
struct Line {
    state: Mutex<State>,
    /// Lent to the pending read.
    room: UnsafeCell<[u8; ROOM]>,
}

// SAFETY: `room` is read only in the read's completion, before it is lent again.
unsafe impl Sync for Line {}

#[derive(Debug, Default)]
struct State {
    request: Option<Handle>,
    number: u64,
    /// Lent to the pending send.
    sending: Vec<u8>,
    body: Vec<u8>,
}

#[derive(Debug)]
pub(crate) struct Lines {
    /// Connects of http and https.
    connects: [Handle; 2],
    lines: Vec<Line>,
    /// The number of the next request, and the first that is not sent.
    next: AtomicU64,
    limit: AtomicU64,
    /// First answers are read: before, each line keeps its connection.
    pub(crate) reading: AtomicBool,
    pub(crate) counters: Counters,
}

/// What a request with this number carries.
fn upload(number: u64) -> Vec<u8> {
    let mut body = Vec::new();
    if number % 4 == 3 {
        message::write(number, &mut body);
    }
    body
}

fn open(connect: Handle, secure: bool, number: u64) -> Call<Handle> {
    let verb = if number % 4 == 3 { "POST" } else { "GET" };
    calls::open(connect, secure, verb, &format!("/{number}"))
}

/// Sends a request; `body` must live until that is complete.
fn send(request: Handle, body: &[u8], context: usize) -> Call<()> {
    let (data, length) = (body.as_ptr().cast_mut().cast(), body.len() as u32);
    let null = std::ptr::null();
    // SAFETY: the caller's promise of the body's life.
    call(unsafe {
        winhttp::WinHttpSendRequest::<u16>(request.raw(), null, 0, data, length, length, context)
    })
}

fn receive(request: Handle) -> Call<()> {
    // SAFETY: no memory is passed.
    call(unsafe { winhttp::WinHttpReceiveResponse::<u16>(request.raw(), std::ptr::null_mut()) })
}

fn close(request: Handle) -> Call<()> {
    // SAFETY: no memory is passed.
    call(unsafe { winhttp::WinHttpCloseHandle::<u16>(request.raw()) })
}

/// One exchange in calls that wait; the body of the answer.
fn exchange_now(connect: Handle, secure: bool, number: u64) -> Call<Vec<u8>> {
    let request = open(connect, secure, number)?;
    let sending = upload(number);
    let mut body = Vec::new();
    let outcome = send(request, &sending, 0)
        .and_then(|()| receive(request))
        .and_then(|()| read_now(request, &mut body));
    close(request)?;
    outcome.map(|()| body)
}

fn read_now(request: Handle, body: &mut Vec<u8>) -> Call<()> {
    let mut room = [0_u8; ROOM];
    loop {
        let mut count = 0;
        let pointer = room.as_mut_ptr().cast();
        // SAFETY: room and count live through the call, which waits.
        call(unsafe {
            winhttp::WinHttpReadData::<u16>(request.raw(), pointer, ROOM as u32, &raw mut count)
        })?;
        if count == 0 {
            return Ok(());
        }
        body.extend_from_slice(&room[..count as usize]);
    }
}

impl Lines {
    pub(crate) fn new(connects: [Handle; 2], count: usize) -> Self {
        let line = |_| Line {
            state: Mutex::default(),
            room: UnsafeCell::new([0; ROOM]),
        };
        Self {
            connects,
            lines: (0..count).map(line).collect(),
            next: AtomicU64::new(0),
            limit: AtomicU64::new(0),
            reading: AtomicBool::new(false),
            counters: Counters::default(),
        }
    }

    pub(crate) fn fail(&self, what: &str) {
        if self.counters.errors.fetch_add(1, Ordering::Relaxed) < 20 {
            eprintln!("client: {what}");
        }
    }

    /// Lets so many more requests be sent; the first number after them.
    pub(crate) fn allow(&self, count: u64) -> u64 {
        self.limit.fetch_add(count, Ordering::Relaxed) + count
    }

    /// The number of the next request.
    fn take_number(&self) -> Option<u64> {
        let limit = self.limit.load(Ordering::Relaxed);
        self.next
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| {
                (next < limit).then_some(next + 1)
            })
            .ok()
    }

    fn judge(&self, number: u64, body: &[u8]) {
        match message::read(body) {
            Some(told) if told == number => {
                self.counters.answered.fetch_add(1, Ordering::Relaxed);
            }
            Some(told) => self.fail(&format!("request {number} got the answer of {told}")),
            None => self.fail(&format!("request {number}: an answer is harmed")),
        }
    }

    /// Asks until there are no more numbers, in calls that wait.
    pub(crate) fn work(&self, connects: [Handle; 2], secure: bool) {
        while let Some(number) = self.take_number() {
            match exchange_now(connects[usize::from(secure)], secure, number) {
                Ok(body) => self.judge(number, &body),
                Err(error) => self.fail(&format!("request {number}: error {error}")),
            }
        }
    }

    fn state(&self, index: usize) -> MutexGuard<'_, State> {
        self.lines[index]
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A line asks, or rests for want of numbers; even ones are plain, odd ones over TLS.
    pub(crate) fn begin(&self, index: usize) {
        let Some(number) = self.take_number() else {
            self.counters.idle.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let secure = index % 2 == 1;
        let mut state = self.state(index);
        *state = State {
            number,
            sending: upload(number),
            ..State::default()
        };
        let outcome =
            open(self.connects[usize::from(secure)], secure, number).and_then(|request| {
                state.request = Some(request);
                send(request, &state.sending, index + 1)
            });
        if let Err(error) = outcome {
            self.fail(&format!("request {number}: error {error}"));
        }
    }

    /// Reads on.
    pub(crate) fn read(&self, index: usize) {
        let state = self.state(index);
        let Some(request) = state.request else { return };
        let room = self.lines[index].room.get().cast();
        let null = std::ptr::null_mut();
        // SAFETY: the room lives as long as the process.
        let asked = call(unsafe {
            winhttp::WinHttpReadData::<u16>(request.raw(), room, ROOM as u32, null)
        });
        drop(state);
        if let Err(error) = asked {
            self.fail(&format!("ReadData: {error}"));
        }
    }

    fn was_read(&self, index: usize, count: usize) {
        if count > 0 {
            let room = self.lines[index].room.get();
            // SAFETY: the read is complete and the next one not started.
            let room: &[u8; ROOM] = unsafe { &*room };
            self.state(index).body.extend_from_slice(&room[..count]);
            return self.read(index);
        }
        let state = std::mem::take(&mut *self.state(index));
        self.judge(state.number, &state.body);
        if let Some(Err(error)) = state.request.map(close) {
            self.fail(&format!("CloseHandle: {error}"));
        }
        self.begin(index);
    }

    fn told(&self, index: usize, handle: *mut c_void, status: u32, told: *mut c_void, length: u32) {
        match status {
            c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE => {
                if let Err(error) = receive(handle.into()) {
                    self.fail(&format!("ReceiveResponse: {error}"));
                }
            }
            c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE => {
                if self.reading.load(Ordering::Relaxed) {
                    self.read(index);
                } else {
                    self.counters.begun.fetch_add(1, Ordering::Relaxed);
                }
            }
            c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE => self.was_read(index, length as usize),
            c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR => {
                // SAFETY: WINHTTP_ASYNC_RESULT.
                let result = unsafe { told.cast::<AsyncResult>().read() };
                self.fail(&format!("line {index}: error {}", result.dw_error));
            }
            _ => {}
        }
    }
}

/// WINHTTP_STATUS_CALLBACK; the context is the line's index and one, 0 for requests
/// in calls that wait and for all other handles.
pub(crate) unsafe extern "system" fn told(
    handle: *mut c_void,
    context: usize,
    status: u32,
    information: *mut c_void,
    length: u32,
) {
    let Some(lines) = LINES.get() else { return };
    let counters = &lines.counters;
    match (status, context.checked_sub(1)) {
        (c::WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER, _) => {
            counters.connected.fetch_add(1, Ordering::Relaxed);
        }
        (c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING, Some(_)) => {
            counters.requests_closed.fetch_add(1, Ordering::Relaxed);
        }
        (_, Some(index)) => lines.told(index, handle, status, information, length),
        _ => {}
    }
}
