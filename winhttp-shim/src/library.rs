//! The one library of the process, and what the C edge is to the core.

use std::cell::RefCell;
use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Once, OnceLock};

use winhttp_abi::buffer::{Lent, LentMut};
use winhttp_abi::{exit, process};
use winhttp_core::api::{Library, LibraryHeld};
use winhttp_process::{PerProcess, after_fork, before_fork, epoch, undivided};
use winhttp_proto::embed::{Embedder, ReadMemory, UnloadEvent, WriteMemory};

use crate::certificate;
use crate::observer::ProgramCallback;

static ENTRY: process::Entry = process::Entry::new(hold, release);
static LIBRARY: OnceLock<Library<Shim>> = OnceLock::new();
/// The epoch in which the library was last made ready; 0 in none.
static READY_IN: AtomicU64 = AtomicU64::new(0);
/// The handles that a process has inherited were looked through.
static ADOPTED: PerProcess<Once> = PerProcess::new(Once::new);

/// The handles of the process.
#[inline]
pub(crate) fn library() -> &'static Library<Shim> {
    // One look at the usual call: everything below was done in this very process.
    match LIBRARY.get() {
        Some(library) if READY_IN.load(Ordering::Acquire) == epoch().number() => library,
        _ => prepare(),
    }
}

#[cold]
fn prepare() -> &'static Library<Shim> {
    ENTRY.enter();
    let library = match LIBRARY.get() {
        Some(library) => library,
        None => undivided(|| {
            LIBRARY.get_or_init(|| {
                // Without memory for this the process has no memory for much.
                let _ = exit::before(end);
                Library::new()
            })
        }),
    };
    let adopted = ADOPTED.get();
    if !adopted.is_completed() {
        undivided(|| adopted.call_once(|| library.adopt()));
    }
    READY_IN.store(epoch().number(), Ordering::Release);
    library
}

extern "C" fn end() {
    // A forked child that has not used the library has nothing of its own.
    if let Some(library) = LIBRARY.get()
        && ADOPTED.get().is_completed()
    {
        library.end();
    }
}

/// The locks to be held during a fork: a thread that has one does not exist in the child.
type Locks = (LibraryHeld<'static, Shim>, certificate::CertificatesHeld);

thread_local! {
    /// Held by this thread, which forks. Never dropped when the thread ends: it may fork even then.
    static HELD: RefCell<Option<ManuallyDrop<Locks>>> = const { RefCell::new(None) };
}

extern "C" fn hold() {
    // Who makes something once may need the locks for it.
    before_fork();
    HELD.with_borrow_mut(|held| {
        if held.is_none()
            && let Some(library) = LIBRARY.get()
        {
            *held = Some(ManuallyDrop::new((library.hold(), certificate::hold())));
        }
    });
}

extern "C" fn release() {
    if let Some(locks) = HELD.take() {
        drop(ManuallyDrop::into_inner(locks));
    }
    after_fork();
}

/// The C edge as the core's embedder.
#[derive(Debug)]
pub(crate) struct Shim;

impl Embedder for Shim {
    type Observer = ProgramCallback;
    type ReadBuffer = ReadBuffer;
    type WriteBuffer = WriteBuffer;
    type UnloadEvent = UnloadHandle;
}

/// Memory of a receive or read call.
#[derive(Debug)]
pub(crate) struct ReadBuffer(pub(crate) LentMut);

impl ReadMemory for ReadBuffer {
    fn bytes(&mut self) -> &mut [u8] {
        self.0.bytes()
    }

    fn address(&self) -> usize {
        self.0.address()
    }
}

/// Memory of a send or write call.
#[derive(Debug)]
pub(crate) struct WriteBuffer(pub(crate) Lent);

impl WriteMemory for WriteBuffer {
    fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    fn address(&self) -> usize {
        self.0.address()
    }
}

/// What WINHTTP_OPTION_UNLOAD_NOTIFY_EVENT takes: the layout of `include/compat/winhttp_event.h`.
#[repr(C)]
#[derive(Debug)]
struct EventHeader {
    magic: u64,
    set: Option<unsafe extern "C" fn(event: *mut c_void)>,
}

/// The first field of an event this library can signal.
const EVENT_MAGIC: u64 = 0x5748_4556_454E_5431;

/// An event to signal when the session's last callback has returned.
#[derive(Debug)]
pub(crate) struct UnloadHandle {
    event: *mut c_void,
    set: unsafe extern "C" fn(event: *mut c_void),
}

// SAFETY: the program promises that its event may be signalled from any thread.
unsafe impl Send for UnloadHandle {}
// SAFETY: as above.
unsafe impl Sync for UnloadHandle {}

impl UnloadHandle {
    /// Takes an event; `None` if it is not one of this library's.
    ///
    /// # Safety
    /// `event` is NULL or points to an event that stays open until it was signalled.
    pub(crate) unsafe fn new(event: *mut c_void) -> Option<Self> {
        // SAFETY: the caller's promise: at least the header can be read.
        let header = unsafe { winhttp_abi::input::value(event.cast::<u64>()) }?;
        if header != EVENT_MAGIC {
            return None;
        }
        let set_field = event.wrapping_byte_add(std::mem::offset_of!(EventHeader, set));
        // SAFETY: the magic says that the rest of the header is there.
        let set = unsafe {
            set_field
                .cast::<Option<unsafe extern "C" fn(*mut c_void)>>()
                .read_unaligned()
        };
        Some(Self { event, set: set? })
    }
}

impl UnloadEvent for UnloadHandle {
    fn signal(&self) {
        // SAFETY: the program keeps the event open until it was signalled, which happens here,
        // once.
        unsafe { (self.set)(self.event) };
    }
}
