//! What runs on a session's callback thread, and how a handle's notifications get there.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callback_thread::{Dispatcher, Lane};
use winhttp_process::{Epoch, epoch};
use winhttp_proto::embed::Embedder;
use winhttp_proto::notify::Notification;

use super::handle::{Closing, Handle};
use crate::engine::levers::{inline_callbacks, levers};
use crate::engine::parking::Parking;
use crate::engine::reactor::Reactor;
use crate::lock::if_free;

/// Callbacks nested on one thread at the most, of whatever handles (Windows: about three).
pub(super) const NESTING_LIMIT: usize = 3;

/// The name of the threads that call the program.
const CALLBACK_THREAD: &str = "winhttp-callback";
/// The name of the thread that polls for them, if they do not.
const POLL_THREAD: &str = "winhttp-poll";

/// One piece of work of a lane.
pub(super) enum Job<E: Embedder> {
    /// Deliver a notification.
    Notify(Arc<Handle<E>>, Notification),
    /// Move a handle's operation on.
    Step(Arc<dyn Operation>),
    /// Deliver HANDLE_CLOSING; always a handle's last job.
    Close(Box<Closing<E>>),
}

/// An asynchronous operation that continues on its handle's lane.
pub(super) trait Operation: Send + Sync {
    /// Continues as far as possible without waiting.
    fn step(self: Arc<Self>);
}

impl<E: Embedder> callback_thread::Job for Job<E> {
    fn run(self) {
        match self {
            Self::Notify(handle, notification) => handle.notify(&notification),
            Self::Step(operation) => operation.step(),
            Self::Close(closing) => closing.deliver(),
        }
    }
}

/// How a session's handles deliver notifications.
pub(super) enum Delivery<E: Embedder> {
    /// On the thread that called (synchronous sessions).
    Inline,
    /// On the session's callback thread.
    Thread(Arc<CallbackThread<E>>),
}

/// The callback thread of an asynchronous session, and the poll it waits in.
pub(super) struct CallbackThread<E: Embedder> {
    engine: Mutex<Engine<E>>,
    /// Something depends on this very engine: a handle has its lane, or a thread runs.
    used: AtomicBool,
    /// ASSURED_NON_BLOCKING_CALLBACKS, or WINHTTP_SHIM_CALLBACKS=inline: completions are delivered inside the call that
    /// caused them.
    inline: AtomicBool,
}

/// What a callback thread consists of; clones are the same one.
struct Engine<E: Embedder> {
    dispatcher: Dispatcher<Job<E>>,
    /// Polls on a thread of its own, if the callback thread does not (WINHTTP_SHIM_POLLING_CALLBACKS=0).
    poller: Option<Dispatcher<Job<E>>>,
    reactor: Reactor,
    /// The process whose descriptors and threads these are.
    epoch: Epoch,
}

impl<E: Embedder> Delivery<E> {
    /// The delivery of a new session.
    ///
    /// # Errors
    /// The system's refusal to open a poll.
    pub(super) fn open(asynchronous: bool) -> io::Result<Self> {
        // Read before anything runs: which CPUs a process may use is asked once.
        let _ = levers();
        if !asynchronous {
            return Ok(Self::Inline);
        }
        Ok(Self::Thread(Arc::new(CallbackThread {
            engine: Mutex::new(Engine::open()?),
            used: AtomicBool::new(false),
            inline: AtomicBool::new(inline_callbacks()),
        })))
    }

    /// Its threads are those of another process, which has forked this one.
    pub(super) fn is_strange(&self) -> bool {
        // Nobody can be told anything if another process's thread has the lock.
        self.thread().is_some_and(|thread| {
            !if_free(&thread.engine).is_some_and(|engine| engine.epoch.is_current())
        })
    }

    pub(super) fn thread(&self) -> Option<&Arc<CallbackThread<E>>> {
        match self {
            Self::Inline => None,
            Self::Thread(thread) => Some(thread),
        }
    }
}

impl<E: Embedder> Clone for Delivery<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Inline => Self::Inline,
            Self::Thread(thread) => Self::Thread(Arc::clone(thread)),
        }
    }
}

impl<E: Embedder> fmt::Debug for Delivery<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inline => "Inline",
            Self::Thread(_) => "Thread",
        })
    }
}

impl<E: Embedder> Engine<E> {
    fn open() -> io::Result<Self> {
        let (reactor, source) = Reactor::open()?;
        let wake = reactor.clone();
        let (dispatcher, poller) = if levers().polling_callbacks {
            (Dispatcher::new(CALLBACK_THREAD, source, wake), None)
        } else {
            let parking = Parking::default();
            let callbacks = Dispatcher::new(CALLBACK_THREAD, parking.clone(), parking);
            (callbacks, Some(Dispatcher::new(POLL_THREAD, source, wake)))
        };
        Ok(Self {
            dispatcher,
            poller,
            reactor,
            epoch: epoch(),
        })
    }
}

impl<E: Embedder> Clone for Engine<E> {
    fn clone(&self) -> Self {
        Self {
            dispatcher: self.dispatcher.clone(),
            poller: self.poller.clone(),
            reactor: self.reactor.clone(),
            epoch: self.epoch,
        }
    }
}

impl<E: Embedder> CallbackThread<E> {
    fn engine(&self) -> MutexGuard<'_, Engine<E>> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The engine, which stays what it is from now on.
    fn use_engine(&self) -> Engine<E> {
        // Before the lock: a child that is forked meanwhile must not wait for it.
        self.used.store(true, Ordering::SeqCst);
        self.engine().clone()
    }

    /// A new lane.
    pub(super) fn lane(&self) -> Lane<Job<E>> {
        self.use_engine().dispatcher.lane()
    }

    /// In a forked child: replaces the parent's engine by one of its own, if nothing depends on it.
    pub(super) fn renew(&self) {
        if !self.used.load(Ordering::SeqCst)
            && let Ok(own) = Engine::open()
        {
            let parents = std::mem::replace(&mut *self.engine(), own);
            drop(parents);
        }
    }

    pub(super) fn reactor(&self) -> Reactor {
        self.use_engine().reactor
    }

    pub(super) fn set_inline(&self, inline: bool) {
        self.inline.store(inline, Ordering::Relaxed);
    }

    pub(super) fn is_inline(&self) -> bool {
        self.inline.load(Ordering::Relaxed)
    }

    /// Starts the thread if it does not run: an operation that nobody would continue must not be accepted.
    ///
    /// # Errors
    /// The system's refusal to start a thread.
    pub(super) fn ensure_running(&self) -> io::Result<()> {
        let engine = self.use_engine();
        if let Some(poller) = &engine.poller {
            poller.ensure_running()?;
        }
        engine.dispatcher.ensure_running()
    }

    /// The session's last notification is delivered: the threads may end.
    pub(super) fn end(&self) {
        let engine = self.engine().clone();
        engine.dispatcher.close();
        if let Some(poller) = &engine.poller {
            poller.close();
        }
    }
}
