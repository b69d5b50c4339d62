//! What is known of each handle: which operations were accepted and completed, what memory is lent,
//! what was told.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use winhttp_abi::constants as c;

use crate::lent::Block;
use crate::report::violation;
use crate::table::Function;
use crate::watch::Calling;

/// Notifications of a handle that are remembered for a report.
const REMEMBERED: usize = 24;

/// Kinds of handles, with their numbers of WINHTTP_OPTION_HANDLE_TYPE.
pub(crate) const SESSION: u32 = c::WINHTTP_HANDLE_TYPE_SESSION;
pub(crate) const CONNECT: u32 = c::WINHTTP_HANDLE_TYPE_CONNECT;
pub(crate) const REQUEST: u32 = c::WINHTTP_HANDLE_TYPE_REQUEST;
pub(crate) const RESOLVER: u32 = c::WINHTTP_HANDLE_TYPE_PROXY_RESOLVER;
pub(crate) const WEB_SOCKET: u32 = c::WINHTTP_HANDLE_TYPE_WEBSOCKET;

/// How a session delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Sync,
    Async,
    /// Asynchronous with WINHTTP_OPTION_ASSURED_NON_BLOCKING_CALLBACKS.
    Assured,
}

/// Asynchronous operations.
pub(crate) const OPERATIONS: [Function; 10] = [
    Function::SendRequest,
    Function::ReceiveResponse,
    Function::QueryDataAvailable,
    Function::ReadData,
    Function::WriteData,
    Function::WebSocketSend,
    Function::WebSocketReceive,
    Function::WebSocketClose,
    Function::WebSocketShutdown,
    Function::GetProxyForUrlEx,
];

fn index_of(operation: Function) -> usize {
    OPERATIONS.iter().position(|own| *own == operation).unwrap()
}

/// One side's lent memory.
#[derive(Debug, Default)]
pub(crate) struct Side {
    /// Taken, with the memory unless the completion has come already.
    claim: Option<Block>,
    claimed: bool,
    /// Two operations met: nobody knows which memory is whose.
    murky: bool,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    accepted: [u64; OPERATIONS.len()],
    completed: [u64; OPERATIONS.len()],
    /// Memory lent to receives and reads, and to sends and writes.
    sides: [Side; 2],
    /// Memory of SendRequest: lent until the handle has closed.
    pub(crate) bodies: Vec<Block>,
    /// Callbacks that run now, HANDLE_CREATED among them.
    running: u32,
    /// The thread of those that come one at a time, and how deep it is.
    runner: Option<(ThreadId, u32)>,
    closing: bool,
    over: bool,
    told: VecDeque<u32>,
    pub(crate) path: &'static str,
}

/// A handle.
#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) bits: usize,
    pub(crate) kind: u32,
    pub(crate) mode: Mode,
    /// The program's WinHttpCloseHandle has returned.
    pub(crate) closed: AtomicBool,
    /// A call that cancels was made: its report may come beside another callback.
    pub(crate) cancels: AtomicBool,
    /// Its callback was taken away or reduced: nothing is known of its completions.
    pub(crate) untracked: AtomicBool,
    state: Mutex<State>,
}

/// Which side's memory.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    In,
    Out,
}

impl Track {
    pub(crate) fn new(bits: usize, kind: u32, mode: Mode) -> Arc<Self> {
        Arc::new(Self {
            bits,
            kind,
            mode,
            closed: AtomicBool::new(false),
            cancels: AtomicBool::new(false),
            untracked: AtomicBool::new(false),
            state: Mutex::default(),
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn is_async(&self) -> bool {
        self.mode != Mode::Sync
    }

    /// For a report.
    pub(crate) fn describe(&self) -> String {
        self.with(&self.state())
    }

    fn with(&self, state: &State) -> String {
        let (bits, kind, mode, path) = (self.bits, self.kind, self.mode, state.path);
        format!(
            "handle {bits:#x} of kind {kind}, {mode:?}, {path}, told {:x?}",
            state.told
        )
    }

    fn violation(&self, state: &State, what: &str) {
        violation(format!("{what}: {}", self.with(state)));
    }

    /// A callback begins; whether it must be the only one of its handle.
    pub(crate) fn enter(&self, status: u32) -> bool {
        let mut state = self.state();
        state.told.push_back(status);
        if state.told.len() > REMEMBERED {
            state.told.pop_front();
        }
        if state.over || state.closing {
            self.violation(&state, "notified during or after HANDLE_CLOSING");
        }
        if status == c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING {
            if state.running > 0 {
                self.violation(&state, "HANDLE_CLOSING while another callback runs");
            }
            state.closing = true;
        }
        state.running += 1;
        let alone = status != c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED && !self.may_be_beside();
        if alone {
            let me = thread::current().id();
            match &mut state.runner {
                Some((thread, depth)) if *thread == me => *depth += 1,
                Some(_) => self.violation(&state, "two callbacks of one handle at once"),
                free => *free = Some((me, 1)),
            }
        }
        alone
    }

    /// Whether this thread's callback may run beside others: inside its own call, if that may tell
    /// its end, or what it cancels, whatever runs elsewhere.
    fn may_be_beside(&self) -> bool {
        let inside = self.mode == Mode::Assured || self.cancels.load(Ordering::Acquire);
        inside && Calling::is_under_way()
    }

    /// A callback ends.
    pub(crate) fn leave(&self, status: u32, alone: bool) {
        let mut state = self.state();
        state.running = state.running.saturating_sub(1);
        if alone
            && let Some((thread, depth)) = &mut state.runner
            && *thread == thread::current().id()
        {
            *depth -= 1;
            if *depth == 0 {
                state.runner = None;
            }
        }
        if status == c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING {
            state.closing = false;
            state.over = true;
        }
    }

    pub(crate) fn accepted(&self, operation: Function) {
        self.state().accepted[index_of(operation)] += 1;
    }

    pub(crate) fn completed(&self, operation: Function) {
        self.state().completed[index_of(operation)] += 1;
    }

    /// HANDLE_CLOSING is through, or will never be told.
    pub(crate) fn is_over(&self) -> bool {
        self.untracked.load(Ordering::Acquire) || self.state().over
    }

    /// Everything that was accepted has completed, once.
    pub(crate) fn check(&self) {
        if !self.is_async() || self.untracked.load(Ordering::Acquire) {
            return;
        }
        let state = self.state();
        for (index, operation) in OPERATIONS.iter().enumerate() {
            let (accepted, completed) = (state.accepted[index], state.completed[index]);
            if accepted != completed {
                let what = format!("{operation:?}: {accepted} accepted, {completed} completed");
                self.violation(&state, &what);
            }
        }
    }

    /// Takes a side for an operation with this memory. `None`: the side is taken, and `force` is
    /// not set. Forced, the memory of this side is no longer followed.
    pub(crate) fn claim(&self, way: Way, block: Block, force: bool) -> Option<Loan> {
        let mut state = self.state();
        let side = &mut state.sides[way as usize];
        if side.claimed || side.murky {
            if !side.murky && !force {
                return None;
            }
            side.murky = true;
            block.keep();
            return Some(Loan { claims: false });
        }
        side.claimed = true;
        side.claim = Some(block);
        Some(Loan { claims: true })
    }

    /// The operation was refused: its memory comes back.
    pub(crate) fn refused(&self, way: Way, loan: &Loan) {
        if loan.claims
            && let Some(Some(block)) = self.take_claim(way)
        {
            block.watch();
        }
    }

    /// The operation of this side has completed: its memory, if it is known.
    pub(crate) fn end_loan(&self, way: Way, look: impl FnOnce(&Block)) {
        match self.take_claim(way) {
            None => {}
            Some(Some(block)) => {
                look(&block);
                block.watch();
            }
            Some(None) => self.violation(&self.state(), "a completion without an operation"),
        }
    }

    /// The memory of a side whose operation is over; `None` if the side is no longer followed.
    fn take_claim(&self, way: Way) -> Option<Option<Block>> {
        let mut state = self.state();
        let side = &mut state.sides[way as usize];
        if side.murky {
            return None;
        }
        side.claimed = false;
        Some(side.claim.take())
    }

    pub(crate) fn set_path(&self, path: &'static str) {
        self.state().path = path;
    }

    pub(crate) fn path(&self) -> &'static str {
        self.state().path
    }
}

/// Memory on loan.
#[derive(Debug)]
pub(crate) struct Loan {
    claims: bool,
}

static TRACKS: Mutex<Option<HashMap<usize, Arc<Track>>>> = Mutex::new(None);

fn tracks<T>(look: impl FnOnce(&mut HashMap<usize, Arc<Track>>) -> T) -> T {
    let mut tracks = TRACKS.lock().unwrap_or_else(PoisonError::into_inner);
    look(tracks.get_or_insert_default())
}

pub(crate) fn find(bits: usize) -> Option<Arc<Track>> {
    tracks(|tracks| tracks.get(&bits).cloned())
}

pub(crate) fn add(track: &Arc<Track>) {
    let before = tracks(|tracks| tracks.insert(track.bits, Arc::clone(track)));
    if before.is_some() {
        violation(format!(
            "handle number {:#x} was given out twice",
            track.bits
        ));
    }
}

pub(crate) fn all() -> Vec<Arc<Track>> {
    tracks(|tracks| tracks.values().cloned().collect())
}

/// Forgets every handle; all are closed.
pub(crate) fn clear() {
    tracks(|tracks| *tracks = HashMap::new());
}
