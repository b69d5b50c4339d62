//! On which thread the program's callback runs: the one that made the call, or the session's
//! callback thread, which is made and ended here.

use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use callback_thread::{Dispatcher, Job, Lane};
use winhttp_process::{Epoch, epoch};
use winhttp_proto::error::{Error, Result};

use crate::engine::parking::Parking;
use crate::engine::pool;
use crate::engine::reactor::Reactor;
use crate::engine::switches::{inline_callbacks, switches};
use crate::lock::if_free;

/// The name of the threads that run callbacks.
const CALLBACK_THREAD: &str = "winhttp-callback";
/// The name of the thread that polls, if the callback thread does not.
const POLL_THREAD: &str = "winhttp-poll";

/// How a session's handles deliver notifications.
pub(super) enum Delivery<J: Job> {
    /// On the thread that called (synchronous sessions).
    Inline,
    /// On the session's callback thread.
    Thread(Arc<CallbackThread<J>>),
}

/// The callback thread of an asynchronous session, and the poll it waits in.
pub(super) struct CallbackThread<J: Job> {
    engine: Mutex<Engine<J>>,
    /// The engine is not replaced any more: a handle has its lane, or a thread runs.
    used: AtomicBool,
    /// ASSURED_NON_BLOCKING_CALLBACKS, or WINHTTP_SHIM_CALLBACKS=inline: completions are delivered
    /// inside the call that caused them.
    inline: AtomicBool,
}

/// What a callback thread consists of; clones are the same one.
struct Engine<J: Job> {
    dispatcher: Dispatcher<J>,
    /// Polls on a thread of its own, if the callback thread does not
    /// (WINHTTP_SHIM_POLLING_CALLBACKS=0).
    poller: Option<Dispatcher<J>>,
    reactor: Reactor,
    /// The process whose descriptors and threads these are.
    epoch: Epoch,
}

impl<J: Job> Delivery<J> {
    /// The delivery of a new session.
    ///
    /// # Errors
    /// The system's refusal to open a poll.
    pub(super) fn open(asynchronous: bool) -> io::Result<Self> {
        // Read before anything runs: which CPUs a process may use is asked once.
        let _ = switches();
        if !asynchronous {
            return Ok(Self::Inline);
        }
        Ok(Self::Thread(Arc::new(CallbackThread {
            engine: Mutex::new(Engine::open()?),
            used: AtomicBool::new(false),
            inline: AtomicBool::new(inline_callbacks()),
        })))
    }

    /// Its threads are those of the parent process, which has forked this one.
    pub(super) fn is_strange(&self) -> bool {
        // If the lock is taken, a thread of the parent process has it, which does not exist here.
        self.thread().is_some_and(|thread| {
            !if_free(&thread.engine).is_some_and(|engine| engine.epoch.is_current())
        })
    }

    /// Has the thread run that continues operations. Where none can be started, callbacks of others
    /// may run here: no state must be locked.
    ///
    /// # Errors
    /// [`Error::NotEnoughMemory`].
    pub(super) fn have_thread(&self) -> Result<()> {
        let Some(thread) = self.thread() else {
            return Ok(());
        };
        thread.ensure_running().map_err(|_| Error::NotEnoughMemory)
    }

    pub(super) fn thread(&self) -> Option<&Arc<CallbackThread<J>>> {
        match self {
            Self::Inline => None,
            Self::Thread(thread) => Some(thread),
        }
    }
}

impl<J: Job> Clone for Delivery<J> {
    fn clone(&self) -> Self {
        match self {
            Self::Inline => Self::Inline,
            Self::Thread(thread) => Self::Thread(Arc::clone(thread)),
        }
    }
}

impl<J: Job> fmt::Debug for Delivery<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inline => "Inline",
            Self::Thread(_) => "Thread",
        })
    }
}

impl<J: Job> Engine<J> {
    fn open() -> io::Result<Self> {
        let (reactor, source) = Reactor::open()?;
        let wake = reactor.clone();
        let (dispatcher, poller) = if switches().polling_callbacks {
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

impl<J: Job> Clone for Engine<J> {
    fn clone(&self) -> Self {
        Self {
            dispatcher: self.dispatcher.clone(),
            poller: self.poller.clone(),
            reactor: self.reactor.clone(),
            epoch: self.epoch,
        }
    }
}

impl<J: Job> CallbackThread<J> {
    fn engine(&self) -> MutexGuard<'_, Engine<J>> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The engine, which is not replaced from now on.
    fn use_engine(&self) -> Engine<J> {
        // Before the lock: a child that is forked meanwhile must not wait for it.
        self.used.store(true, Ordering::SeqCst);
        self.engine().clone()
    }

    /// A new lane.
    pub(super) fn lane(&self) -> Lane<J> {
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

    /// Starts the thread if it does not run: an operation that nobody would continue must not be
    /// accepted.
    ///
    /// # Errors
    /// The system's refusal to start a thread.
    fn ensure_running(&self) -> io::Result<()> {
        let engine = self.use_engine();
        if let Some(poller) = &engine.poller {
            poller.ensure_running()?;
        }
        engine.dispatcher.ensure_running()
    }

    /// The session's last notification is delivered: the threads may end.
    pub(super) fn end(&self) {
        let engine = self.engine().clone();
        pool::leave_reactor(&engine.reactor);
        engine.dispatcher.close();
        if let Some(poller) = &engine.poller {
            poller.close();
        }
    }
}
