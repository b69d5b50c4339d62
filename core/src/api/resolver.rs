//! Resolvers: one look-up at a time for the proxies of a URL, whose end is notified.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use winhttp_proto::embed::Embedder;
use winhttp_proto::error::Error;
use winhttp_proto::failure::Result;
use winhttp_proto::handle::{HandleId, HandleKind};
use winhttp_proto::notify::{Notification, ResolverOperation};
use winhttp_proto::proxy::pac_result::Candidate;

use super::autoproxy::{AutoproxyQuery, Ticket, told_to_program};
use super::completions::Completions;
use super::handle::Handle;
use super::library::{Library, Object};
use super::session::Session;
use crate::engine::settings::{self, Settings};
use crate::lock::if_free;

/// A resolver.
#[derive(Debug)]
pub struct Resolver<E: Embedder> {
    session: Arc<Session<E>>,
    /// How often resolvers had been discarded when it was made.
    generation: u32,
    state: Mutex<State>,
    handle: Arc<Handle<E>>,
}

#[derive(Debug, Default)]
struct State {
    running: Option<Running>,
    /// The number of the last look-up.
    last_number: u64,
    /// What the last look-up that succeeded has found.
    found: Option<Vec<Candidate>>,
    /// What was read of the settings last.
    settings: Option<Arc<Settings>>,
}

/// The look-up that runs.
#[derive(Debug)]
struct Running {
    number: u64,
    /// Dropped, it ends the look-up.
    _ticket: Ticket,
}

impl<E: Embedder> Library<E> {
    /// Makes a resolver (WinHttpCreateProxyResolver). No I/O.
    ///
    /// # Errors
    /// [`Error::InvalidHandle`]; [`Error::IncorrectHandleType`] for all but asynchronous sessions;
    /// [`Error::NotEnoughMemory`].
    pub fn create_resolver(&self, session: u64) -> Result<HandleId> {
        let session = self.session(session)?;
        if !session.handle().is_asynchronous() {
            return Err(Error::IncorrectHandleType.into());
        }
        let make = |id| {
            let parent = session.handle();
            let handle = Handle::child(parent, parent, id, HandleKind::ProxyResolver);
            Object::Resolver(Arc::new(Resolver {
                generation: session.autoproxy().generation(),
                session: Arc::clone(&session),
                state: Mutex::default(),
                handle,
            }))
        };
        Ok(self.create(make)?)
    }
}

impl<E: Embedder> Resolver<E> {
    /// What every handle has.
    #[must_use]
    pub fn handle(&self) -> &Arc<Handle<E>> {
        &self.handle
    }

    pub(super) fn session(&self) -> &Arc<Session<E>> {
        &self.session
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody has its lock; in a forked child, maybe a thread that does not exist.
    pub(super) fn is_locked(&self) -> bool {
        if_free(&self.state).is_none()
    }

    /// Starts to look for the proxies of a URL (WinHttpGetProxyForUrlEx); the end is notified.
    /// After an error nothing is notified.
    ///
    /// # Errors
    /// [`Error::UnrecognizedScheme`], [`Error::InvalidUrl`]; [`Error::InvalidOperation`] while a
    /// look-up runs; [`Error::IncorrectHandleState`] if the resolver was discarded;
    /// [`Error::AutodetectionFailed`] if that is known already; [`Error::NotEnoughMemory`].
    pub fn look_up(
        self: &Arc<Self>,
        url: &str,
        query: AutoproxyQuery,
        context: usize,
    ) -> Result<()> {
        let autoproxy = self.session.autoproxy();
        let timeouts = self.session.settings().timeouts;
        let job = self.session.proxy_question(url, query.clone(), timeouts)?;
        self.check_generation()?;
        if autoproxy.misses(&query) {
            return Err(Error::AutodetectionFailed.into());
        }
        self.handle.delivery().have_thread()?;
        let mut state = self.state();
        // Closing sets this before it looks for what runs.
        if self.handle.is_closed() {
            return Err(Error::InvalidHandle.into());
        }
        if state.running.is_some() {
            return Err(Error::InvalidOperation.into());
        }
        let number = state.last_number + 1;
        let resolver = Arc::downgrade(self);
        let tell = move |answer| {
            if let Some(resolver) = resolver.upgrade() {
                resolver.ended(number, answer);
            }
        };
        // With the lock: neither its worker nor whoever closes this tells anything before all of it
        // is here, the context, too.
        let ticket = Ticket::start(job, Box::new(tell))?;
        state.last_number = number;
        state.running = Some(Running {
            number,
            _ticket: ticket,
        });
        self.handle.set_context(context);
        Ok(())
    }

    /// What the last look-up has found (WinHttpGetProxyResult).
    ///
    /// # Errors
    /// [`Error::IncorrectHandleState`] if none has succeeded, or the resolver was discarded.
    pub fn found(&self) -> Result<Vec<Candidate>> {
        self.check_generation()?;
        let found = self.state().found.clone();
        found.ok_or_else(|| Error::IncorrectHandleState.into())
    }

    /// Reads the proxy settings (WinHttpGetProxySettingsEx); that they are there is notified. After
    /// an error nothing is notified.
    ///
    /// # Errors
    /// [`Error::IncorrectHandleState`] if the resolver was discarded; [`Error::InvalidOperation`]
    /// while a look-up runs, whose context this would take; [`Error::NotEnoughMemory`].
    pub fn read_settings(self: &Arc<Self>, context: usize) -> Result<()> {
        self.check_generation()?;
        self.handle.delivery().have_thread()?;
        let read = settings::current()?;
        let mut completions = Completions::of_call(&self.handle);
        let mut state = self.state();
        if self.handle.is_closed() {
            return Err(Error::InvalidHandle.into());
        }
        if state.running.is_some() {
            return Err(Error::InvalidOperation.into());
        }
        state.settings = Some(read);
        self.handle.set_context(context);
        completions.push(Notification::ProxySettingsRead);
        drop(state);
        completions.deliver();
        Ok(())
    }

    /// What was read last (WinHttpGetProxySettingsResultEx).
    ///
    /// # Errors
    /// [`Error::IncorrectHandleState`] before anything was.
    pub fn settings(&self) -> Result<Arc<Settings>> {
        let settings = self.state().settings.clone();
        settings.ok_or_else(|| Error::IncorrectHandleState.into())
    }

    fn check_generation(&self) -> Result<()> {
        if self.session.autoproxy().generation() == self.generation {
            Ok(())
        } else {
            Err(Error::IncorrectHandleState.into())
        }
    }

    /// A worker has the answer of this look-up.
    fn ended(&self, number: u64, answer: Result<Vec<Candidate>>) {
        let mut completions = Completions::of(&self.handle);
        let mut state = self.state();
        let ended = state.running.take_if(|running| running.number == number);
        if ended.is_some() {
            completions.push(match answer {
                Ok(found) => {
                    state.found = Some(found);
                    Notification::ProxyForUrlFound
                }
                Err(failure) => Notification::ResolverError(
                    ResolverOperation::GetProxyForUrl,
                    told_to_program(failure),
                ),
            });
        }
        drop(state);
        completions.deliver();
        drop(ended);
    }

    /// Ends what runs: the handle was closed.
    pub(super) fn cancel(&self) {
        let mut completions = Completions::of_cancel(&self.handle);
        let mut state = self.state();
        let ended = state.running.take();
        if ended.is_some() {
            completions.push(Notification::ResolverError(
                ResolverOperation::GetProxyForUrl,
                Error::OperationCancelled.into(),
            ));
        }
        drop(state);
        completions.deliver();
        drop(ended);
    }
}
