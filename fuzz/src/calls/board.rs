//! Keeps account of what the library tells, and of what it owes: each notification is judged when
//! it arrives.
//!
//! Held to: one completion per accepted operation and none beside, the caller's memory neither
//! overrun nor touched after the completion, HANDLE_CLOSING once and last, a parent's after its
//! children's.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use winhttp_abi::constants as c;
use winhttp_abi::types::{AsyncResult, WebSocketAsyncResult, WebSocketStatus};

use super::memory::Memory;

/// Waits are counted in turns, not measured by the clock: a fuzzer that is stopped for a while goes
/// on afterwards.
const TURN: Duration = Duration::from_millis(100);
const TURNS_MAX: usize = 300;

/// An operation that has a completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    SendRequest,
    ReceiveResponse,
    QueryData,
    ReadData,
    WriteData,
    Send,
    Receive,
    Shutdown,
    Close,
}

#[derive(Default)]
pub struct Log {
    /// Calls that were accepted, or are being made now.
    accepted: HashMap<Operation, usize>,
    completed: HashMap<Operation, usize>,
    /// Memory of operations that are not over, in the order they were made.
    lent: Vec<(Operation, Memory)>,
    /// A WebSocket's; otherwise a request's or none.
    pub is_websocket: bool,
    /// When HANDLE_CLOSING came.
    closing: Option<usize>,
    parent: Option<usize>,
    /// What a WebSocket received: bytes and buffer type, in order.
    pub received: Vec<(Vec<u8>, i32)>,
    /// The peer's number of this WebSocket.
    pub number: Option<usize>,
}

#[derive(Default)]
struct State {
    asynchronous: bool,
    logs: HashMap<usize, Log>,
    /// Notifications so far.
    count: usize,
    /// What to do inside which callback.
    hooks: Vec<(u32, u8)>,
    /// Hooks that are running.
    running: usize,
    /// Memory of operations that are over.
    returned: Vec<Memory>,
}

struct Board {
    state: Mutex<Option<State>>,
    changed: Condvar,
}

static BOARD: Board = Board {
    state: Mutex::new(None),
    changed: Condvar::new(),
};

fn lock() -> MutexGuard<'static, Option<State>> {
    BOARD.state.lock().expect("a finding ends the process")
}

fn with<T>(body: impl FnOnce(&mut State) -> T) -> T {
    body(lock().as_mut().expect("an input is running"))
}

/// Begins an input.
pub fn start(asynchronous: bool) {
    let before = lock().replace(State {
        asynchronous,
        ..State::default()
    });
    assert!(before.is_none(), "inputs run one after the other");
}

/// A handle was opened; its HANDLE_CREATED may have come before.
pub fn opened(handle: usize, parent: Option<usize>, is_websocket: bool) {
    with(|state| {
        let log = state.logs.entry(handle).or_default();
        assert!(log.parent.is_none(), "a handle number came twice");
        log.parent = parent;
        log.is_websocket = is_websocket;
    });
}

/// Changes a handle's log.
pub fn log<T>(handle: usize, change: impl FnOnce(&mut Log) -> T) -> Option<T> {
    with(|state| state.logs.get_mut(&handle).map(change))
}

/// Whether a call was accepted counts from before it is made: its completion may come before it
/// returns.
pub fn begin(handle: usize, operation: Operation, memory: Option<Memory>) {
    with(|state| {
        let log = state.logs.entry(handle).or_default();
        *log.accepted.entry(operation).or_default() += 1;
        log.lent.extend(memory.map(|memory| (operation, memory)));
    });
}

/// The call was refused, or it was synchronous and is over: gives its memory back.
pub fn undo(handle: usize, operation: Operation) -> Option<Memory> {
    with(|state| {
        let log = state.logs.get_mut(&handle).expect("begun");
        *log.accepted.get_mut(&operation).expect("begun") -= 1;
        let at = log.lent.iter().rposition(|lent| lent.0 == operation);
        at.map(|at| log.lent.remove(at).1)
    })
}

/// Keeps memory that must not be touched any more.
pub fn retire(memory: Memory) {
    memory.seal();
    with(|state| state.returned.push(memory));
}

pub fn hook(status: u32, action: u8) {
    with(|state| state.hooks.push((status, action)));
}

/// Waits until no operation of a handle is pending.
pub fn settle(handle: usize) {
    wait(
        |state| {
            state
                .logs
                .get(&handle)
                .is_none_or(|log| log.accepted_is_completed())
        },
        "an operation never ends",
    );
}

/// Waits for the last word of all handles, checks the accounts and forgets them; the logs of
/// WebSockets remain.
pub fn finish() -> Vec<Log> {
    wait(
        |state| state.running == 0 && state.logs.values().all(|log| log.closing.is_some()),
        "a handle never closes",
    );
    let state = lock().take().expect("an input is running");
    for log in state.logs.values() {
        assert!(
            log.accepted_is_completed(),
            "an operation without completion"
        );
        if let Some(parent) = log.parent.and_then(|parent| state.logs.get(&parent)) {
            assert!(
                log.closing < parent.closing,
                "a parent closed before its child"
            );
        }
    }
    for memory in &state.returned {
        memory.check_sealed();
    }
    state
        .logs
        .into_values()
        .filter(|log| log.is_websocket)
        .collect()
}

fn wait(until: impl Fn(&State) -> bool, otherwise: &str) {
    let mut state = lock();
    for _ in 0..TURNS_MAX {
        if until(state.as_ref().expect("an input is running")) {
            return;
        }
        state = BOARD
            .changed
            .wait_timeout(state, TURN)
            .expect("a finding ends the process")
            .0;
    }
    panic!("{otherwise}");
}

impl Log {
    /// Keeps memory until the handle's last word.
    pub fn keep(&mut self, operation: Operation, memory: Memory) {
        self.lent.push((operation, memory));
    }

    fn accepted_is_completed(&self) -> bool {
        let done = |operation| self.completed.get(operation).copied().unwrap_or(0);
        self.accepted
            .iter()
            .all(|(operation, count)| done(operation) == *count)
    }

    /// Takes a completion to its account; the memory of its operation.
    fn complete(&mut self, operation: Operation) -> Option<Memory> {
        let completed = self.completed.entry(operation).or_default();
        *completed += 1;
        let accepted = self.accepted.get(&operation).copied().unwrap_or(0);
        assert!(
            *completed <= accepted,
            "{operation:?} was completed once too often"
        );
        // A request's body stays lent until the response was received.
        if operation == Operation::SendRequest {
            return None;
        }
        let at = self.lent.iter().position(|lent| lent.0 == operation);
        at.map(|at| self.lent.remove(at).1)
    }
}

/// Judges a notification; what to do now, inside the callback.
///
/// # Safety
/// `information` is what the library documents for `status`.
pub unsafe fn notified(
    handle: usize,
    status: u32,
    information: *mut c_void,
    length: u32,
) -> Option<u8> {
    let mut state = lock();
    let state = state
        .as_mut()
        .expect("a notification behind all last words");
    state.count += 1;
    let now = state.count;
    let log = state.logs.entry(handle).or_default();
    assert!(
        log.closing.is_none(),
        "status {status:#x} behind HANDLE_CLOSING"
    );
    if status == c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING {
        // Calls that are being refused may still count as accepted; the final account tells.
        log.closing = Some(now);
        state
            .returned
            .extend(log.lent.drain(..).map(|lent| lent.1).inspect(Memory::seal));
    }
    // SAFETY: the caller's promise, handed on.
    let ended = unsafe { completion(log, status, information, length) };
    if let Some((operation, result)) = ended {
        assert!(state.asynchronous, "a completion in a synchronous session");
        let memory = log.complete(operation);
        if let Some(memory) = memory {
            take_result(log, operation, &memory, result);
            memory.seal();
            state.returned.push(memory);
        }
    }
    BOARD.changed.notify_all();
    let at = state.hooks.iter().position(|hook| hook.0 == status);
    let action = at.map(|at| state.hooks.remove(at).1);
    state.running += usize::from(action.is_some());
    action
}

/// What a notification asked for was done.
pub fn hook_ended() {
    with(|state| state.running -= 1);
    BOARD.changed.notify_all();
}

/// What a completion says.
enum Result {
    Error(u32),
    Bytes(u32),
    Received(u32, i32),
    Nothing,
}

/// Which operation a notification completes, and how.
///
/// # Safety
/// As [`notified`].
unsafe fn completion(
    log: &Log,
    status: u32,
    information: *mut c_void,
    length: u32,
) -> Option<(Operation, Result)> {
    use Operation as O;
    let websocket = log.is_websocket;
    Some(match status {
        c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE => (O::SendRequest, Result::Nothing),
        c::WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE => (O::ReceiveResponse, Result::Nothing),
        c::WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE => (O::QueryData, Result::Nothing),
        c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE if websocket => {
            assert_eq!(length, 8);
            // SAFETY: a WebSocket's READ_COMPLETE carries this structure.
            let status = unsafe { information.cast::<WebSocketStatus>().read() };
            (
                O::Receive,
                Result::Received(status.dw_bytes_transferred, status.e_buffer_type),
            )
        }
        c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE => (O::ReadData, Result::Bytes(length)),
        c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE if websocket => {
            // SAFETY: as above.
            let status = unsafe { information.cast::<WebSocketStatus>().read() };
            (O::Send, Result::Bytes(status.dw_bytes_transferred))
        }
        c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE => {
            // SAFETY: a request's WRITE_COMPLETE carries a DWORD.
            (
                O::WriteData,
                Result::Bytes(unsafe { information.cast::<u32>().read() }),
            )
        }
        c::WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE => (O::Shutdown, Result::Nothing),
        c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE => (O::Close, Result::Nothing),
        c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR if websocket => {
            // SAFETY: a WebSocket's REQUEST_ERROR carries this structure.
            let result = unsafe { information.cast::<WebSocketAsyncResult>().read() };
            let operation = [O::Send, O::Receive, O::Close, O::Shutdown];
            let number = usize::try_from(result.operation).expect("an operation");
            (
                operation[number],
                Result::Error(result.async_result.dw_error),
            )
        }
        c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR => {
            // SAFETY: a request's REQUEST_ERROR carries this structure.
            let result = unsafe { information.cast::<AsyncResult>().read() };
            let operation = [
                O::ReceiveResponse,
                O::QueryData,
                O::ReadData,
                O::WriteData,
                O::SendRequest,
            ];
            (
                operation[result.dw_result - 1],
                Result::Error(result.dw_error),
            )
        }
        _ => return None,
    })
}

fn take_result(log: &mut Log, operation: Operation, memory: &Memory, result: Result) {
    match result {
        Result::Error(error) => super::check::network_error(error),
        Result::Bytes(count) => assert!(
            count as usize <= memory.len(),
            "{operation:?}: {count} bytes"
        ),
        Result::Received(count, kind) => {
            assert!((0..=4).contains(&kind) && count as usize <= memory.len());
            log.received.push((memory.bytes(count as usize), kind));
        }
        Result::Nothing => {}
    }
}
