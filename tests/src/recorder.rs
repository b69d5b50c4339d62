//! A status callback that writes down what it is told, and can be waited for.

use std::collections::HashMap;
use std::ffi::c_void;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::ThreadId;
use std::time::Instant;

use winhttp_abi::constants as c;
use winhttp_abi::wide::Unit;

use crate::PATIENCE;
use crate::client::Handle;

/// One notification as it arrived.
#[derive(Clone, Debug)]
pub struct Event {
    /// hInternet.
    pub handle: Handle,
    /// dwContext.
    pub context: usize,
    /// dwInternetStatus.
    pub status: u32,
    /// What lpvStatusInformation pointed to.
    pub info: Info,
    /// dwStatusInformationLength.
    pub length: u32,
    /// The thread it came on.
    pub thread: ThreadId,
}

/// Decoded status information.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Info {
    /// NULL.
    None,
    /// Text of the statuses that carry a string.
    Text(String),
    /// A DWORD.
    Dword(u32),
    /// A HINTERNET.
    Handle(usize),
    /// The caller's buffer.
    Buffer(usize),
    /// WINHTTP_ASYNC_RESULT: API and error.
    AsyncResult(usize, u32),
    /// WINHTTP_WEB_SOCKET_ASYNC_RESULT: dwResult, error, operation.
    WebSocketResult(usize, u32, i32),
    /// WINHTTP_WEB_SOCKET_STATUS: bytes and buffer type.
    WebSocketStatus(u32, i32),
}

type Hook = Arc<dyn Fn(&Event) + Send + Sync>;

#[derive(Default)]
struct State {
    events: Vec<Event>,
    hooks: HashMap<u32, Hook>,
    /// Handles may know the callback.
    in_use: bool,
    /// The session whose handles alone know it, if there is one.
    session: Option<Handle>,
}

impl State {
    /// Whether nobody will call the callback again: a session's HANDLE_CLOSING comes after those of
    /// its descendants.
    fn is_over(&self) -> bool {
        let closing = c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING;
        let closed = |session| {
            let mut events = self.events.iter().rev();
            events.any(|event| event.handle == session && event.status == closing)
        };
        !self.in_use || self.session.is_some_and(closed)
    }
}

/// Records the notifications of every handle whose callback it is; find them by recorder.
///
/// Each recorder has a callback function of its own (C callbacks carry no state beside the context
/// value, which tests want for themselves), taken from a fixed set of slots.
#[derive(Clone)]
pub struct Recorder {
    slot: &'static Slot,
    index: usize,
    lease: Arc<Lease>,
}

/// The use of a slot: shared by a recorder's clones, it gives the slot back once nobody calls the
/// callback any more.
struct Lease(usize);

#[derive(Default)]
struct Slot {
    state: Mutex<State>,
    changed: Condvar,
}

const SLOTS: usize = 64;

fn slots() -> &'static [Slot; SLOTS] {
    static ALL: OnceLock<[Slot; SLOTS]> = OnceLock::new();
    ALL.get_or_init(|| std::array::from_fn(|_| Slot::default()))
}

/// Slots without a recorder. The callbacks of some may still be called.
static SPARE: Mutex<Option<Vec<usize>>> = Mutex::new(None);

/// WINHTTP_STATUS_CALLBACK.
pub type Callback = unsafe extern "system" fn(*mut c_void, usize, u32, *mut c_void, u32);

unsafe extern "system" fn callback<W: Unit, const SLOT: usize>(
    handle: *mut c_void,
    context: usize,
    status: u32,
    information: *mut c_void,
    length: u32,
) {
    // SAFETY: the library passes what its documentation says for each status.
    let info = unsafe { decode::<W>(status, information, length) };
    let event = Event {
        handle: Handle(handle.addr()),
        context,
        status,
        info,
        length,
        thread: std::thread::current().id(),
    };
    let slot = &slots()[SLOT];
    let hook = {
        let mut state = slot.lock();
        state.events.push(event.clone());
        slot.changed.notify_all();
        state.hooks.get(&status).cloned()
    };
    if let Some(hook) = hook {
        hook(&event);
    }
}

macro_rules! callbacks {
    ($W:ty, $index:expr; $($slot:literal)*) => {
        match $index {
            $($slot => callback::<$W, $slot> as Callback,)*
            _ => unreachable!("there are {SLOTS} slots"),
        }
    };
}

impl Recorder {
    /// A recorder that has heard nothing. Its callback function serves another recorder only after
    /// [`Recorder::retire`].
    #[must_use]
    pub fn new() -> Self {
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        let all = spare.get_or_insert_with(|| (0..SLOTS).collect());
        let place = all.iter().position(|slot| slots()[*slot].lock().is_over());
        let index = all.remove(place.expect("more than 64 recorders at a time"));
        drop(spare);
        let slot = &slots()[index];
        let heard = std::mem::replace(
            &mut *slot.lock(),
            State {
                in_use: true,
                ..State::default()
            },
        );
        drop(heard); // hooks may hold other recorders
        Self {
            slot,
            index,
            lease: Arc::new(Lease(index)),
        }
    }

    /// The recorder of a session's handles and of no others: its callback function serves another
    /// recorder once the session is closed with all of them.
    #[must_use]
    pub fn of(session: Handle) -> Self {
        let recorder = Self::new();
        recorder.lock().session = Some(session);
        recorder
    }

    /// The callback function to install, for text of `W`.
    #[must_use]
    pub fn callback<W: Unit>(&self) -> Callback {
        callbacks!(W, self.index; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63)
    }

    /// Runs `hook` inside the callback for this status, on the callback's thread, after the event
    /// was recorded.
    pub fn on(&self, status: u32, hook: impl Fn(&Event) + Send + Sync + 'static) {
        self.lock().hooks.insert(status, Arc::new(hook));
    }

    /// Promises that no open handle has this callback any more: it is free for another recorder
    /// when the last clone of this one is gone. Hooks are forgotten.
    pub fn retire(&self) {
        let mut state = self.lock();
        state.in_use = false;
        let hooks = std::mem::take(&mut state.hooks);
        drop(state);
        drop(hooks); // they may hold clones of this recorder
    }

    /// All events so far.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        self.lock().events.clone()
    }

    /// The events of one handle so far.
    #[must_use]
    pub fn events_of(&self, handle: Handle) -> Vec<Event> {
        self.lock()
            .events
            .iter()
            .filter(|event| event.handle == handle)
            .cloned()
            .collect()
    }

    /// The statuses of one handle so far, in order.
    #[must_use]
    pub fn statuses_of(&self, handle: Handle) -> Vec<u32> {
        self.events_of(handle)
            .iter()
            .map(|event| event.status)
            .collect()
    }

    /// Waits for an event that `wanted` accepts and returns the first such; panics when patience
    /// ends.
    pub fn wait_for(&self, what: &str, wanted: impl Fn(&Event) -> bool) -> Event {
        self.wait_until(what, |events| {
            events.iter().find(|event| wanted(event)).cloned()
        })
    }

    /// Waits for this status on this handle.
    pub fn wait(&self, handle: Handle, status: u32) -> Event {
        self.wait_nth(handle, status, 1)
    }

    /// Waits for the `count`-th occurrence (from 1) of this status on this handle.
    pub fn wait_nth(&self, handle: Handle, status: u32, count: usize) -> Event {
        self.wait_until(
            &format!("{count} × status {status:#x} of {handle:?}"),
            |events| {
                let is_it = |event: &&Event| event.handle == handle && event.status == status;
                events.iter().filter(is_it).nth(count - 1).cloned()
            },
        )
    }

    /// Waits for one of these statuses on this handle, not counting the handle's first `skip`
    /// events.
    pub fn wait_after(&self, handle: Handle, skip: usize, statuses: &[u32]) -> Event {
        self.wait_until(
            &format!("one of {statuses:x?} of {handle:?} after {skip}"),
            |events| {
                let own = events.iter().filter(|event| event.handle == handle);
                own.skip(skip)
                    .find(|event| statuses.contains(&event.status))
                    .cloned()
            },
        )
    }

    /// Waits until `look` finds what it wants among all events; panics when patience ends.
    pub fn wait_until<T>(&self, what: &str, look: impl Fn(&[Event]) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.lock();
        loop {
            if let Some(found) = look(&state.events) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "waited for {what} in vain; got {:#?}",
                state.events
            );
            let waited = self.slot.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.slot.lock()
    }
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut state = slots()[self.0].lock();
        let heard = state.is_over().then(|| std::mem::take(&mut *state));
        drop(state);
        drop(heard); // hooks may hold other recorders
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        spare.get_or_insert_default().push(self.0);
    }
}

impl Default for Recorder {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let users = Arc::strong_count(&self.lease);
        f.debug_struct("Recorder")
            .field("index", &self.index)
            .field("users", &users)
            .finish_non_exhaustive()
    }
}

/// # Safety
/// `information` is what the library documents for `status`.
#[expect(
    clippy::multiple_unsafe_ops_per_block,
    reason = "one promise of the library covers every arm"
)]
unsafe fn decode<W: Unit>(status: u32, information: *mut c_void, length: u32) -> Info {
    if information.is_null() {
        return Info::None;
    }
    // SAFETY: each status's information has at least the size read here.
    unsafe {
        match status {
            c::WINHTTP_CALLBACK_STATUS_RESOLVING_NAME
            | c::WINHTTP_CALLBACK_STATUS_NAME_RESOLVED
            | c::WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER
            | c::WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER
            | c::WINHTTP_CALLBACK_STATUS_REDIRECT => Info::Text(
                winhttp_abi::input::text::<W>(information.cast())
                    .unwrap()
                    .unwrap(),
            ),
            c::WINHTTP_CALLBACK_STATUS_HANDLE_CREATED
            | c::WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING => {
                Info::Handle(information.cast::<usize>().read())
            }
            c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE
            | c::WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE
                if length == 8 && is_web_socket_status(information) =>
            {
                let [bytes, kind] = information.cast::<[u32; 2]>().read();
                Info::WebSocketStatus(bytes, i32::try_from(kind).unwrap())
            }
            c::WINHTTP_CALLBACK_STATUS_READ_COMPLETE
            | c::WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE => Info::Buffer(information.addr()),
            c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR if length == 24 => {
                let result = information.cast::<usize>().read();
                let [error, _, operation, _] =
                    information.cast::<usize>().add(1).cast::<[u32; 4]>().read();
                Info::WebSocketResult(result, error, i32::try_from(operation).unwrap())
            }
            c::WINHTTP_CALLBACK_STATUS_REQUEST_ERROR => {
                let result = information.cast::<usize>().read();
                let error = information.cast::<usize>().add(1).cast::<u32>().read();
                Info::AsyncResult(result, error)
            }
            _ => Info::Dword(information.cast::<u32>().read()),
        }
    }
}

/// An 8-byte READ_COMPLETE of a request's body looks like a WebSocket's: requests write DWORDs (4
/// bytes) or name the caller's buffer, whose content is no WINHTTP_WEB_SOCKET_STATUS with a small
/// buffer type in practice; tests that read eight body bytes look at `length` themselves.
unsafe fn is_web_socket_status(information: *mut c_void) -> bool {
    // SAFETY: the caller checked that there are eight bytes.
    let [_, kind] = unsafe { information.cast::<[u32; 2]>().read_unaligned() };
    kind <= 4
}
