//! What becomes of the handles that a forked child inherits.
//!
//! The child has its parent's memory, but none of its threads. A handle that one of those was using
//! is an *orphan*: whatever it waits for never comes, and its locks may be held for ever. So is
//! every handle of an asynchronous session that has begun to work, and one with a TLS connection,
//! whose keys parent and child must not both use. Orphans refuse every call and can be closed;
//! HANDLE_CLOSING is delivered inside that call. All other handles work on.
//!
//! Orphans keep their references to their parents for ever. So the HANDLE_CLOSING of an inherited
//! parent does not wait for its last reference, but until its children have ended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use winhttp_proto::embed::Embedder;
use winhttp_proto::handle::HandleKind;

use super::connect::Connect;
use super::handle::Handle;
use super::library::{Library, Object};
use super::session::Session;

impl<E: Embedder> Library<E> {
    /// Sorts what a forked child has inherited; to be called first in each process, before anything
    /// else uses a handle.
    pub fn adopt(&self) {
        let mut objects = self.table.values();
        // Those that were orphans in the parent already.
        let buried = std::mem::take(&mut *self.graveyard());
        let known: BTreeSet<usize> = objects.iter().map(Object::address).collect();
        let closed = |object: &Object<E>| !known.contains(&object.address());
        objects.extend(buried.into_iter().filter(closed));
        Census::of(&objects).adopt(&objects);
        objects.retain(|object| object.handle().heritage.is_orphaned());
        // This process must not drop what they own, also when they are closed.
        *self.graveyard() = objects;
    }

    /// Closes an inherited handle, which is out of the table already; its users in this process end
    /// as always.
    pub(super) fn close_inherited(&self, object: &Object<E>) {
        let handle = object.handle();
        if handle.heritage.is_orphaned() {
            object.disconnect();
            handle.end_if_inherited();
        } else if matches!(handle.kind(), HandleKind::Session | HandleKind::Connect) {
            handle.end_if_inherited();
        }
    }
}

impl<E: Embedder> Object<E> {
    /// Closes an orphan's connection in this process, as far as its lock is not held by a thread
    /// that does not exist.
    fn disconnect(&self) {
        match self {
            Self::Session(_) | Self::Connect(_) | Self::Resolver(_) => {}
            Self::Request(request) => request.disconnect(),
            Self::WebSocket(websocket) => websocket.disconnect(),
        }
    }
}

/// How many references to each object come from the table and from other objects. An object that
/// has more of them was in use by a thread of the parent process.
struct Census<'a, E: Embedder> {
    references: BTreeMap<usize, usize>,
    sessions: BTreeMap<usize, &'a Arc<Session<E>>>,
    connects: BTreeMap<usize, &'a Arc<Connect<E>>>,
    handles: BTreeMap<usize, &'a Arc<Handle<E>>>,
}

fn address<T>(shared: &Arc<T>) -> usize {
    Arc::as_ptr(shared).addr()
}

impl<'a, E: Embedder> Census<'a, E> {
    fn of(objects: &'a [Object<E>]) -> Self {
        let mut census = Self {
            references: BTreeMap::new(),
            sessions: BTreeMap::new(),
            connects: BTreeMap::new(),
            handles: BTreeMap::new(),
        };
        for object in objects {
            // In the table, and in this list.
            *census.references.entry(object.address()).or_default() += 2;
            match object {
                Object::Session(session) => census.meet_session(session),
                Object::Connect(connect) => census.meet_connect(connect),
                Object::Request(request) => {
                    census.refer_to(address(request.connect()));
                    census.meet_connect(request.connect());
                    census.refer_to_handle(request.handle());
                }
                Object::WebSocket(websocket) => census.refer_to_handle(websocket.handle()),
                Object::Resolver(resolver) => {
                    census.refer_to(address(resolver.session()));
                    census.meet_session(resolver.session());
                    census.refer_to_handle(resolver.handle());
                }
            }
        }
        census
    }

    fn refer_to(&mut self, address: usize) {
        *self.references.entry(address).or_default() += 1;
    }

    fn meet_connect(&mut self, connect: &'a Arc<Connect<E>>) {
        if self.connects.insert(address(connect), connect).is_none() {
            self.refer_to(address(connect.session()));
            self.meet_session(connect.session());
            self.refer_to_handle(connect.handle());
        }
    }

    fn meet_session(&mut self, session: &'a Arc<Session<E>>) {
        if self.sessions.insert(address(session), session).is_none() {
            self.refer_to_handle(session.handle());
        }
    }

    fn refer_to_handle(&mut self, handle: &'a Arc<Handle<E>>) {
        let mut next = Some(handle);
        while let Some(handle) = next {
            self.refer_to(address(handle));
            let is_new = self.handles.insert(address(handle), handle).is_none();
            next = handle.parent().filter(|_| is_new);
        }
    }

    /// Does a thread of the parent process have a reference?
    fn is_in_use<T>(&self, shared: &Arc<T>) -> bool {
        let known = self.references.get(&address(shared)).copied();
        Arc::strong_count(shared) != known.unwrap_or_default()
    }

    fn is_orphan(&self, object: &Object<E>) -> bool {
        self.is_in_use(object.handle())
            || match object {
                Object::Session(session) => self.is_session_in_use(session),
                Object::Connect(connect) => self.is_connect_in_use(connect),
                Object::Request(request) => {
                    self.is_in_use(request)
                        || self.is_connect_in_use(request.connect())
                        || request.is_secured()
                }
                Object::WebSocket(websocket) => self.is_in_use(websocket) || websocket.is_secured(),
                Object::Resolver(resolver) => {
                    self.is_in_use(resolver)
                        || resolver.is_locked()
                        || self.is_session_in_use(resolver.session())
                }
            }
    }

    fn is_connect_in_use(&self, connect: &Arc<Connect<E>>) -> bool {
        self.is_in_use(connect) || connect.is_locked() || self.is_session_in_use(connect.session())
    }

    /// A thread that sends a request has no reference to the session, but locks it.
    fn is_session_in_use(&self, session: &Arc<Session<E>>) -> bool {
        self.is_in_use(session) || session.is_locked()
    }

    fn adopt(&self, objects: &[Object<E>]) {
        // An asynchronous session that has done nothing yet works in both processes.
        for session in self.sessions.values() {
            if let Some(thread) = session.handle().delivery().thread()
                && !self.is_in_use(session)
            {
                thread.renew();
            }
        }
        for handle in self.handles.values() {
            handle.heritage.inherit();
            if handle.delivery().is_strange() {
                handle.heritage.orphan();
            }
        }
        for handle in self.handles.values() {
            if !handle.heritage.has_ended()
                && let Some(parent) = handle.parent()
            {
                parent.heritage.child_begins();
            }
        }
        for object in objects {
            if self.is_orphan(object) {
                object.handle().heritage.orphan();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use winhttp_proto::error::Error;

    use crate::api::edge::handles;

    #[test]
    fn a_session_whose_lock_no_thread_of_the_child_will_release_is_refused_with_its_connects() {
        let handles = handles();
        let library = &handles.library;
        let request = library.request(handles.request).unwrap();
        let settings = request.connect().session().settings();
        library.adopt();
        for bits in [handles.session, handles.connect, handles.request] {
            assert_eq!(library.object(bits).unwrap_err(), Error::ParentsHandle);
        }
        drop(settings);
    }

    #[test]
    fn a_thread_inside_a_request_takes_that_alone_along() {
        let handles = handles();
        let library = &handles.library;
        let request = library.request(handles.request).unwrap();
        library.adopt();
        assert!(library.object(handles.session).is_ok());
        assert!(library.object(handles.connect).is_ok());
        assert!(library.object(handles.request).is_err());
        drop(request);
    }
}
