//! Sessions: what WinHttpOpen makes, and the settings its requests start from.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use winhttp_proto::cookie::Jar;
use winhttp_proto::embed::Embedder;
use winhttp_proto::option::{Timeouts, Values};

use super::autoproxy::Autoproxy;
use super::handle::Handle;
use super::proxy::ProxyAccess;
use super::request::pooling;
use crate::engine::pool::{self, Scope};
use crate::engine::transport::tls::TlsConfigs;
use crate::lock::if_free;

/// A session.
#[derive(Debug)]
pub struct Session<E: Embedder> {
    settings: Mutex<SessionSettings>,
    secure_defaults: bool,
    tls: TlsConfigs,
    cookies: Mutex<Jar>,
    /// Connections exist, or have existed, that only this session uses.
    has_own_connections: AtomicBool,
    /// What automatic proxy configuration has found out for it.
    autoproxy: Arc<Autoproxy>,
    /// Connects that exist.
    children: AtomicUsize,
    handle: Arc<Handle<E>>,
}

/// What can be set on a session.
#[derive(Debug)]
pub(super) struct SessionSettings {
    /// The user agent; `None` sends no such header.
    pub(super) agent: Option<String>,
    /// How servers are reached.
    pub(super) proxy: ProxyAccess,
    /// The options that were set.
    pub(super) values: Values,
    /// The timeouts requests start with.
    pub(super) timeouts: Timeouts,
}

impl<E: Embedder> Session<E> {
    pub(super) fn new(
        agent: Option<String>,
        proxy: ProxyAccess,
        secure_defaults: bool,
        handle: Arc<Handle<E>>,
    ) -> Self {
        let settings = SessionSettings {
            agent,
            proxy,
            values: Values::default(),
            timeouts: Timeouts::default(),
        };
        Self {
            settings: Mutex::new(settings),
            secure_defaults,
            tls: TlsConfigs::default(),
            cookies: Mutex::default(),
            has_own_connections: AtomicBool::new(false),
            autoproxy: Arc::default(),
            children: AtomicUsize::new(0),
            handle,
        }
    }

    /// What every handle has.
    #[must_use]
    pub fn handle(&self) -> &Arc<Handle<E>> {
        &self.handle
    }

    /// The settings, locked; never held while user code runs.
    pub(super) fn settings(&self) -> MutexGuard<'_, SessionSettings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cookies of all its requests, locked; no other lock is taken meanwhile, and nobody waits.
    pub(super) fn cookies(&self) -> MutexGuard<'_, Jar> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody has one of its locks; in a forked child, maybe a thread that does not exist.
    pub(super) fn is_locked(&self) -> bool {
        if_free(&self.settings).is_none()
            || if_free(&self.cookies).is_none()
            || self.tls.is_locked()
            || self.autoproxy.is_locked()
    }

    /// Automatic proxy configuration.
    pub(super) fn autoproxy(&self) -> &Arc<Autoproxy> {
        &self.autoproxy
    }

    /// The session was opened with WINHTTP_FLAG_SECURE_DEFAULTS.
    #[must_use]
    pub(super) fn secure_defaults(&self) -> bool {
        self.secure_defaults
    }

    /// Lets completions be delivered inside the call that caused them
    /// (ASSURED_NON_BLOCKING_CALLBACKS).
    pub(super) fn set_inline_completions(&self, inline: bool) {
        if let Some(thread) = self.handle.delivery().thread() {
            thread.set_inline(inline);
        }
    }

    pub(super) fn tls(&self) -> &TlsConfigs {
        &self.tls
    }

    /// Connects of it exist.
    pub(super) fn has_children(&self) -> bool {
        self.children.load(Ordering::Relaxed) > 0
    }

    /// A connect of it begins to exist.
    pub(super) fn gain_child(&self) {
        self.children.fetch_add(1, Ordering::Relaxed);
    }

    /// A connect of it has ended.
    pub(super) fn lose_child(&self) {
        self.children.fetch_sub(1, Ordering::Relaxed);
    }

    /// Who may use the connections that the session opens with these settings.
    pub(super) fn scope(&self, settings: &SessionSettings) -> Scope {
        if !pooling::is_private(&settings.values) {
            return Scope::Process;
        }
        self.has_own_connections.store(true, Ordering::Relaxed);
        Scope::Session(self.number())
    }

    /// Tells it from all other sessions.
    pub(super) fn number(&self) -> u64 {
        self.handle.id().bits()
    }
}

impl<E: Embedder> Drop for Session<E> {
    fn drop(&mut self) {
        if *self.has_own_connections.get_mut() {
            pool::close_session(self.number());
        }
    }
}
