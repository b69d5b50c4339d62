//! The library as a whole: the handle table, and the look-ups every function starts with.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use winhttp_proto::embed::Embedder;
use winhttp_proto::error::{Error, Result};
use winhttp_proto::handle::{HandleId, HandleKind, Table, TableHeld};
use winhttp_proto::option::Values;

use super::connect::Connect;
use super::handle::Handle;
use super::request::Request;
use super::resolver::Resolver;
use super::session::Session;
use super::websocket::WebSocket;
use crate::engine::connect::resolve;

/// All handles of the process.
#[derive(Debug)]
pub struct Library<E: Embedder> {
    pub(super) table: Table<Object<E>>,
    /// The options of the process, set with the NULL handle.
    global: Mutex<Values>,
    /// Objects that were inherited by a fork and must not be dropped in this process.
    graveyard: Mutex<Vec<Object<E>>>,
}

/// All locks of the library, held during a fork: so none of them is held by a thread that the child
/// does not have.
#[derive(Debug)]
pub struct LibraryHeld<'a, E: Embedder> {
    _lookups: resolve::Held,
    _table: TableHeld<'a, Object<E>>,
    _global: MutexGuard<'a, Values>,
    _graveyard: MutexGuard<'a, Vec<Object<E>>>,
}

/// What a handle number names.
#[derive(Debug)]
pub enum Object<E: Embedder> {
    /// WinHttpOpen.
    Session(Arc<Session<E>>),
    /// WinHttpConnect.
    Connect(Arc<Connect<E>>),
    /// WinHttpOpenRequest.
    Request(Arc<Request<E>>),
    /// WinHttpWebSocketCompleteUpgrade.
    WebSocket(Arc<WebSocket<E>>),
    /// WinHttpCreateProxyResolver.
    Resolver(Arc<Resolver<E>>),
}

impl<E: Embedder> Clone for Object<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Session(session) => Self::Session(Arc::clone(session)),
            Self::Connect(connect) => Self::Connect(Arc::clone(connect)),
            Self::Request(request) => Self::Request(Arc::clone(request)),
            Self::WebSocket(websocket) => Self::WebSocket(Arc::clone(websocket)),
            Self::Resolver(resolver) => Self::Resolver(Arc::clone(resolver)),
        }
    }
}

impl<E: Embedder> Object<E> {
    /// What every handle has.
    #[must_use]
    pub fn handle(&self) -> &Arc<Handle<E>> {
        match self {
            Self::Session(session) => session.handle(),
            Self::Connect(connect) => connect.handle(),
            Self::Request(request) => request.handle(),
            Self::WebSocket(websocket) => websocket.handle(),
            Self::Resolver(resolver) => resolver.handle(),
        }
    }

    /// The handle's kind.
    #[must_use]
    pub fn kind(&self) -> HandleKind {
        self.handle().kind()
    }

    /// An address that tells objects apart; never dereferenced.
    pub(super) fn address(&self) -> usize {
        match self {
            Self::Session(session) => Arc::as_ptr(session).addr(),
            Self::Connect(connect) => Arc::as_ptr(connect).addr(),
            Self::Request(request) => Arc::as_ptr(request).addr(),
            Self::WebSocket(websocket) => Arc::as_ptr(websocket).addr(),
            Self::Resolver(resolver) => Arc::as_ptr(resolver).addr(),
        }
    }
}

impl<E: Embedder> Library<E> {
    /// A library without handles.
    #[must_use]
    pub fn new() -> Self {
        Self {
            table: Table::new(),
            global: Mutex::default(),
            graveyard: Mutex::default(),
        }
    }

    /// The options of the process, locked; never held while user code runs.
    pub(super) fn global(&self) -> MutexGuard<'_, Values> {
        self.global.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn graveyard(&self) -> MutexGuard<'_, Vec<Object<E>>> {
        self.graveyard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes all locks of the library, before a fork. They are released when the result is dropped,
    /// after it.
    #[must_use]
    pub fn hold(&self) -> LibraryHeld<'_, E> {
        LibraryHeld {
            // First, as it may take some time.
            _lookups: resolve::hold(),
            _table: self.table.hold(),
            _global: self.global(),
            _graveyard: self.graveyard(),
        }
    }

    /// The live object a caller's number names.
    ///
    /// # Errors
    /// [`Error::InvalidHandle`], [`Error::ParentsHandle`].
    pub fn object(&self, bits: u64) -> Result<Object<E>> {
        let id = HandleId::from_bits(bits).ok_or(Error::InvalidHandle)?;
        let object = self.table.get(id).ok_or(Error::InvalidHandle)?;
        if object.handle().heritage.is_orphaned() {
            return Err(Error::ParentsHandle);
        }
        Ok(object)
    }

    /// The session a caller's number names.
    ///
    /// # Errors
    /// [`Error::InvalidHandle`], [`Error::IncorrectHandleType`].
    pub fn session(&self, bits: u64) -> Result<Arc<Session<E>>> {
        match self.object(bits)? {
            Object::Session(session) => Ok(session),
            Object::Connect(_)
            | Object::Request(_)
            | Object::WebSocket(_)
            | Object::Resolver(_) => Err(Error::IncorrectHandleType),
        }
    }

    /// The connect a caller's number names.
    ///
    /// # Errors
    /// [`Error::InvalidHandle`], [`Error::IncorrectHandleType`].
    pub fn find_connect(&self, bits: u64) -> Result<Arc<Connect<E>>> {
        match self.object(bits)? {
            Object::Connect(connect) => Ok(connect),
            Object::Session(_)
            | Object::Request(_)
            | Object::WebSocket(_)
            | Object::Resolver(_) => Err(Error::IncorrectHandleType),
        }
    }

    /// The request a caller's number names.
    ///
    /// # Errors
    /// [`Error::InvalidHandle`], [`Error::IncorrectHandleType`].
    pub fn request(&self, bits: u64) -> Result<Arc<Request<E>>> {
        match self.object(bits)? {
            Object::Request(request) => Ok(request),
            Object::Session(_)
            | Object::Connect(_)
            | Object::WebSocket(_)
            | Object::Resolver(_) => Err(Error::IncorrectHandleType),
        }
    }

    /// The WebSocket a caller's number names.
    ///
    /// # Errors
    /// [`Error::InvalidHandle`], [`Error::IncorrectHandleType`].
    pub fn websocket(&self, bits: u64) -> Result<Arc<WebSocket<E>>> {
        match self.object(bits)? {
            Object::WebSocket(websocket) => Ok(websocket),
            Object::Session(_) | Object::Connect(_) | Object::Request(_) | Object::Resolver(_) => {
                Err(Error::IncorrectHandleType)
            }
        }
    }

    /// The resolver a caller's number names.
    ///
    /// # Errors
    /// [`Error::InvalidHandle`], [`Error::IncorrectHandleType`].
    pub fn resolver(&self, bits: u64) -> Result<Arc<Resolver<E>>> {
        match self.object(bits)? {
            Object::Resolver(resolver) => Ok(resolver),
            Object::Session(_) | Object::Connect(_) | Object::Request(_) | Object::WebSocket(_) => {
                Err(Error::IncorrectHandleType)
            }
        }
    }

    /// Closes a handle (WinHttpCloseHandle): its number is invalid at once, what is pending is
    /// cancelled, and its last notification follows when nothing uses it any more.
    ///
    /// # Errors
    /// [`Error::InvalidHandle`].
    pub fn close(&self, bits: u64) -> Result<()> {
        let id = HandleId::from_bits(bits).ok_or(Error::InvalidHandle)?;
        let object = self.table.remove(id).ok_or(Error::InvalidHandle)?;
        object.handle().set_closed();
        if object.handle().heritage.is_inherited() {
            self.close_inherited(&object);
        }
        if object.handle().heritage.is_orphaned() {
            return Ok(());
        }
        match &object {
            Object::Session(session) => session.autoproxy().cancel(),
            Object::Connect(_) => {}
            Object::Request(request) => request.cancel(),
            Object::WebSocket(websocket) => websocket.cancel(),
            Object::Resolver(resolver) => resolver.cancel(),
        }
        Ok(())
    }
}

impl<E: Embedder> Default for Library<E> {
    fn default() -> Self {
        Self::new()
    }
}
