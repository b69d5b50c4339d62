//! Connects: a server's name and port, as WinHttpConnect takes them. No network is touched here.

use std::sync::{Arc, Mutex, PoisonError};

use winhttp_proto::embed::Embedder;
use winhttp_proto::url::Scheme;
use winhttp_proto::url::host::Host;

use super::handle::Handle;
use super::session::Session;
use crate::engine::pool::{Key, KeyRest};
use crate::lock::if_free;

/// A server to send requests to.
#[derive(Debug)]
pub struct Connect<E: Embedder> {
    session: Arc<Session<E>>,
    host: Host,
    /// 0 stands for the scheme's default.
    port: u16,
    /// Which connections the last request could use: the next one mostly can, too.
    key: Mutex<Option<Arc<Key>>>,
    handle: Arc<Handle<E>>,
}

impl<E: Embedder> Connect<E> {
    pub(super) fn new(
        session: Arc<Session<E>>,
        host: Host,
        port: u16,
        handle: Arc<Handle<E>>,
    ) -> Self {
        session.gain_child();
        Self {
            session,
            host,
            port,
            key: Mutex::default(),
            handle,
        }
    }

    /// What every handle has.
    #[must_use]
    pub fn handle(&self) -> &Arc<Handle<E>> {
        &self.handle
    }

    /// The session it belongs to; alive even if its handle was closed.
    #[must_use]
    pub fn session(&self) -> &Arc<Session<E>> {
        &self.session
    }

    /// The server.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Which connections a request can use.
    pub(super) fn key(&self, look_up: Option<&str>, rest: KeyRest) -> Arc<Key> {
        let mut last = self.key.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some(key) if key.fits(look_up, &rest) => Arc::clone(key),
            _ => {
                let key = Arc::new(Key::new(self.host.name(), look_up, rest));
                *last = Some(Arc::clone(&key));
                key
            }
        }
    }

    /// Somebody has its lock; in a forked child, maybe a thread that does not exist.
    pub(super) fn is_locked(&self) -> bool {
        if_free(&self.key).is_none()
    }

    /// The server's port for a request that is secure or not.
    #[must_use]
    pub fn port(&self, secure: bool) -> u16 {
        match (self.port, secure) {
            (0, false) => Scheme::Http.default_port(),
            (0, true) => Scheme::Https.default_port(),
            (port, _) => port,
        }
    }
}

impl<E: Embedder> Drop for Connect<E> {
    fn drop(&mut self) {
        self.session.lose_child();
    }
}
