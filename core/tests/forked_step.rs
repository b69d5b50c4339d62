//! Verifies that a call in whose callback the process forks takes no lock in the child: a thread
//! that does not exist there may hold it for ever.
//!
//! A program of its own: that a fork has happened is true for all of a process.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use winhttp_core::api::{Body, Library, OpenRequest, OpenSession, ProxyAccess, Request};
use winhttp_proto::embed::{Embedder, ReadMemory, UnloadEvent, WriteMemory};
use winhttp_proto::error::Error;
use winhttp_proto::handle::HandleId;
use winhttp_proto::notify::{Notification, Observer};

const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug)]
struct Edge;

impl Embedder for Edge {
    type Observer = Forks;
    type ReadBuffer = Nothing;
    type WriteBuffer = Nothing;
    type UnloadEvent = Nothing;
}

#[derive(Debug)]
struct Nothing;

impl ReadMemory for Nothing {
    fn bytes(&mut self) -> &mut [u8] {
        &mut []
    }

    fn address(&self) -> usize {
        0
    }
}

impl WriteMemory for Nothing {
    fn bytes(&self) -> &[u8] {
        &[]
    }

    fn address(&self) -> usize {
        0
    }
}

impl UnloadEvent for Nothing {
    fn signal(&self) {}
}

/// In its first callback another thread takes the request's lock and keeps it; then the process is
/// another one.
#[derive(Clone)]
struct Forks(Arc<Mutex<Option<Plot>>>);

/// Whose lock is taken, and what lets it go.
type Plot = (Arc<Request<Edge>>, Receiver<()>);

impl std::fmt::Debug for Forks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Forks")
    }
}

impl Observer for Forks {
    fn selects(&self, _: &Notification) -> bool {
        true
    }

    fn notify(&self, _: HandleId, _: usize, _: &Notification) {
        let Some((request, release)) = self.0.lock().unwrap().take() else {
            return;
        };
        let (say, locked) = channel();
        thread::spawn(move || {
            let state = request.state();
            say.send(()).unwrap();
            let _until_the_test_is_over = release.recv();
            drop(state);
        });
        locked.recv_timeout(PATIENCE).unwrap();
        winhttp_process::forked();
    }
}

fn opened() -> (Library<Edge>, Arc<Request<Edge>>) {
    let library = Library::new();
    let session = library
        .open(OpenSession {
            agent: None,
            proxy: ProxyAccess::Direct,
            asynchronous: false,
            secure_defaults: false,
        })
        .unwrap();
    let connect = library.connect_to(session.bits(), "127.0.0.1", 9).unwrap();
    let request = OpenRequest::default();
    let request = library.open_request(connect.bits(), request).unwrap();
    let request = library.request(request.bits()).unwrap();
    (library, request)
}

#[test]
fn the_child_of_a_callback_does_not_wait_for_a_lock_that_nobody_lets_go() {
    let (_library, request) = opened();
    let (release, released): (Sender<()>, _) = channel();
    let forks = Forks(Arc::new(Mutex::new(Some((Arc::clone(&request), released)))));
    request.handle().set_observer(Some(forks));
    let (say, said) = channel();
    let call = thread::spawn(move || {
        let body = Body {
            optional: None,
            total: 0,
        };
        let sent = request.send(None, body, 0);
        say.send(sent.map_err(|failure| failure.error())).unwrap();
    });
    let sent = said.recv_timeout(PATIENCE);
    drop(release);
    assert_eq!(sent, Ok(Err(Error::OperationCancelled)));
    call.join().unwrap();
}
