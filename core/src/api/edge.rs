//! Handles without a program behind them, for unit tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use winhttp_proto::embed::{Embedder, ReadMemory, UnloadEvent, WriteMemory};
use winhttp_proto::handle::HandleId;
use winhttp_proto::notify::{Notification, Observer};

use super::{Library, OpenRequest, OpenSession, ProxyAccess};

/// An embedder without a program behind it.
#[derive(Debug)]
pub(super) struct Edge;

/// Selects no notification, and counts those it is given nevertheless.
#[derive(Clone, Debug, Default)]
pub(super) struct Silent(pub(super) Arc<AtomicUsize>);

#[derive(Debug)]
pub(super) struct Memory(pub(super) Vec<u8>);

#[derive(Debug)]
pub(super) struct Event;

impl Embedder for Edge {
    type Observer = Silent;
    type ReadBuffer = Memory;
    type WriteBuffer = Memory;
    type UnloadEvent = Event;
}

impl Observer for Silent {
    fn selects(&self, _: &Notification) -> bool {
        false
    }

    fn notify(&self, _: HandleId, _: usize, _: &Notification) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl ReadMemory for Memory {
    fn bytes(&mut self) -> &mut [u8] {
        &mut self.0
    }

    fn address(&self) -> usize {
        0
    }
}

impl WriteMemory for Memory {
    fn bytes(&self) -> &[u8] {
        &self.0
    }

    fn address(&self) -> usize {
        0
    }
}

impl UnloadEvent for Event {
    fn signal(&self) {}
}

/// A library with one handle of each kind that needs no network.
pub(super) struct Handles {
    pub(super) library: Library<Edge>,
    pub(super) session: u64,
    pub(super) connect: u64,
    pub(super) request: u64,
}

pub(super) fn handles() -> Handles {
    handles_of(OpenSession {
        agent: Some("agent".into()),
        proxy: ProxyAccess::Direct,
        asynchronous: false,
        secure_defaults: false,
    })
}

pub(super) fn handles_of(session: OpenSession) -> Handles {
    let library = Library::new();
    let session = library.open(session).unwrap().bits();
    let connect = library
        .connect_to(session, "localhost", 8080)
        .unwrap()
        .bits();
    let request = open_request(&library, connect, None);
    Handles {
        library,
        session,
        connect,
        request,
    }
}

pub(super) fn open_request(library: &Library<Edge>, connect: u64, version: Option<&str>) -> u64 {
    let request = OpenRequest {
        object: Some("/path?query".into()),
        version: version.map(str::to_owned),
        ..OpenRequest::default()
    };
    library.open_request(connect, request).unwrap().bits()
}
