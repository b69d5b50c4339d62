//! Verifies that a panic in whatever runs for an operation ends it with an error that the program
//! is told, and that HANDLE_CLOSING is still the last word of every handle.
//!
//! What the library calls of its embedder (observers, memory) panics at one place after the other,
//! until a run has passed them all.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, and this one is about panics"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use winhttp_core::api::options::NewValue;
use winhttp_core::api::{Body, Library, OpenRequest, OpenSession, ProxyAccess};
use winhttp_fixtures::{Server, by_path};
use winhttp_proto::embed::{Embedder, ReadMemory, UnloadEvent, WriteMemory};
use winhttp_proto::error::Error;
use winhttp_proto::failure::Result;
use winhttp_proto::handle::HandleId;
use winhttp_proto::notify::{BufferKind, Notification, Observer};
use winhttp_proto::option::OptionId;

/// The longest any notification may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a handle was told.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    Success,
    Failure(Error),
    Closing,
    Other,
}

/// One run: where it panics, and what was told.
#[derive(Debug)]
struct Run {
    places: AtomicUsize,
    panic_at: usize,
    told: Mutex<Vec<(u64, Told)>>,
    news: Condvar,
}

impl Run {
    /// A place at which the library may find a defect.
    fn place(&self) {
        assert!(
            self.places.fetch_add(1, Ordering::SeqCst) != self.panic_at,
            "injected"
        );
    }

    fn told(&self) -> MutexGuard<'_, Vec<(u64, Told)>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the end of an operation on a handle, of which `before` had ended before.
    fn end(&self, handle: u64, before: usize) -> Told {
        self.wait(|told| {
            let own = told.iter().filter(|(own, _)| *own == handle);
            let mut ends = own.filter(|(_, told)| matches!(told, Told::Success | Told::Failure(_)));
            ends.nth(before).map(|(_, told)| told.clone())
        })
    }

    fn wait<T>(&self, look: impl Fn(&[(u64, Told)]) -> Option<T>) -> T {
        let mut told = self.told();
        loop {
            if let Some(found) = look(&told) {
                return found;
            }
            let (again, timeout) = self.news.wait_timeout(told, PATIENCE).unwrap();
            told = again;
            assert!(!timeout.timed_out(), "in vain; told so far: {told:?}");
        }
    }
}

#[derive(Debug)]
struct Edge;

impl Embedder for Edge {
    type Observer = Listener;
    type ReadBuffer = Memory;
    type WriteBuffer = Memory;
    type UnloadEvent = Nothing;
}

#[derive(Clone, Debug)]
struct Listener(Arc<Run>);

impl Observer for Listener {
    fn selects(&self, _: &Notification) -> bool {
        true
    }

    fn notify(&self, handle: HandleId, _: usize, notification: &Notification) {
        self.0.place();
        let told = match notification {
            Notification::SendRequestComplete { .. }
            | Notification::HeadersAvailable
            | Notification::ReadComplete { .. }
            | Notification::WebSocketSent { .. }
            | Notification::WebSocketReceived { .. }
            | Notification::ShutdownComplete
            | Notification::CloseComplete => Told::Success,
            Notification::RequestError(_, error) | Notification::WebSocketError(_, error) => {
                Told::Failure(error.error())
            }
            Notification::HandleClosing => Told::Closing,
            _ => Told::Other,
        };
        self.0.told().push((handle.bits(), told));
        self.0.news.notify_all();
    }
}

#[derive(Debug)]
struct Memory(Vec<u8>, Arc<Run>);

impl ReadMemory for Memory {
    fn bytes(&mut self) -> &mut [u8] {
        self.1.place();
        &mut self.0
    }

    fn address(&self) -> usize {
        1
    }
}

impl WriteMemory for Memory {
    fn bytes(&self) -> &[u8] {
        self.1.place();
        &self.0
    }

    fn address(&self) -> usize {
        1
    }
}

#[derive(Debug)]
struct Nothing;

impl UnloadEvent for Nothing {
    fn signal(&self) {}
}

/// A session in use.
struct World {
    library: Library<Edge>,
    run: Arc<Run>,
    asynchronous: bool,
}

impl World {
    /// Makes a call and waits for its end; `None` if it failed, or was refused, for the injected
    /// panic.
    fn call<T>(&self, handle: u64, call: impl FnOnce() -> Result<T>) -> Option<T> {
        let ended = |told: &[(u64, Told)]| {
            let is_end = |(own, told): &&(u64, Told)| {
                *own == handle && matches!(told, Told::Success | Told::Failure(_))
            };
            told.iter().filter(is_end).count()
        };
        let before = ended(&self.run.told());
        // The C edge's guard makes an internal error of a panic.
        let called = catch_unwind(AssertUnwindSafe(call)).unwrap_or(Err(Error::Internal.into()));
        let result = match called {
            Ok(result) => result,
            Err(failure) => {
                assert_eq!(failure.error(), Error::Internal);
                return None;
            }
        };
        if self.asynchronous && handle != 0 {
            match self.run.end(handle, before) {
                Told::Failure(error) => {
                    assert_eq!(error, Error::Internal);
                    return None;
                }
                _ => assert_eq!(ended(&self.run.told()), before + 1),
            }
        }
        Some(result)
    }

    fn memory(&self, bytes: &[u8]) -> Memory {
        Memory(bytes.to_vec(), Arc::clone(&self.run))
    }

    fn open_request(&self, connect: u64, verb: &str, object: &str) -> u64 {
        let arguments = OpenRequest {
            verb: Some(verb.into()),
            object: Some(object.into()),
            ..OpenRequest::default()
        };
        let request = self.library.open_request(connect, arguments);
        request
            .expect("a lost HANDLE_CREATED loses no handle")
            .bits()
    }

    fn exchange(&self, request: u64, body: Option<&[u8]>) -> Option<()> {
        let handle = self.library.request(request).unwrap();
        let total = u32::try_from(body.map_or(0, <[u8]>::len)).unwrap();
        let optional = body.map(|body| self.memory(body));
        self.call(request, || handle.send(None, Body { optional, total }, 0))?;
        self.call(request, || handle.receive())
    }

    /// A request with a body, whose answer is read.
    fn post(&self, request: u64) -> Option<()> {
        self.exchange(request, Some(b"posted"))?;
        let handle = self.library.request(request).unwrap();
        let read = |buffer| handle.read(buffer, false, |_| ());
        let (first, second) = (self.memory(&[0; 16]), self.memory(&[0; 16]));
        let ended = self.call(request, || read(first)).map(|_| ());
        // Whatever became of the first, nothing of it is outstanding.
        if let Ok(Err(failure)) = catch_unwind(AssertUnwindSafe(|| read(second))) {
            assert_ne!(failure.error(), Error::InvalidOperation);
        }
        ended
    }

    /// A WebSocket that echoes; its number is left in `websocket`.
    fn echo(&self, request: u64, websocket: &mut Option<u64>) -> Option<()> {
        let option = OptionId::UPGRADE_TO_WEB_SOCKET.0;
        let upgrade = self.library.set_option(request, option, false, 0).unwrap();
        upgrade.put(NewValue::Nothing).unwrap();
        self.exchange(request, None)?;
        let upgraded = self
            .call(0, || self.library.complete_upgrade(request, 0))?
            .bits();
        *websocket = Some(upgraded);
        let handle = self.library.websocket(upgraded).unwrap();
        let (message, buffer) = (self.memory(b"hello"), self.memory(&[0; 16]));
        self.call(upgraded, || handle.send(BufferKind::Utf8Message, message))?;
        self.call(upgraded, || handle.receive(buffer))?;
        self.call(upgraded, || handle.shutdown(1000, b""))?;
        self.call(upgraded, || handle.close(1000, b""))
    }
}

/// Plays everything with a panic at this place; whether the run came so far.
fn play(asynchronous: bool, panic_at: usize) -> bool {
    let server = Server::plain(by_path).unwrap();
    let run = Arc::new(Run {
        places: AtomicUsize::new(0),
        panic_at,
        told: Mutex::default(),
        news: Condvar::new(),
    });
    let library = Library::new();
    let session = OpenSession {
        agent: None,
        proxy: ProxyAccess::Direct,
        asynchronous,
        secure_defaults: false,
    };
    let session = library.open(session).unwrap().bits();
    let observer = Listener(Arc::clone(&run));
    let object = library.object(session).unwrap();
    object.handle().set_observer(Some(observer));
    drop(object);
    let world = World {
        library,
        run,
        asynchronous,
    };
    let connect = world
        .library
        .connect_to(session, "localhost", server.port())
        .unwrap()
        .bits();
    let post = world.open_request(connect, "POST", "/body");
    let _ = world.post(post);
    let upgrade = world.open_request(connect, "GET", "/echo");
    let mut websocket = None;
    let _ = world.echo(upgrade, &mut websocket);
    let handles: Vec<u64> = websocket
        .into_iter()
        .chain([post, upgrade, connect, session])
        .collect();
    for handle in &handles {
        world.library.close(*handle).unwrap();
    }
    for handle in &handles {
        let is_closing = |(own, told): &(u64, Told)| own == handle && *told == Told::Closing;
        world
            .run
            .wait(|told| told.iter().find(|told| is_closing(told)).cloned());
        let told = world.run.told();
        let own: Vec<&(u64, Told)> = told.iter().filter(|(own, _)| own == handle).collect();
        assert_eq!(
            own.iter().filter(|told| is_closing(told)).count(),
            1,
            "{panic_at}: {told:?}"
        );
        assert!(
            own.last().is_some_and(|told| is_closing(told)),
            "{panic_at}: {told:?}"
        );
    }
    world.run.places.load(Ordering::SeqCst) > panic_at
}

/// The places of one whole run, at the least.
const PLACES_MIN: usize = 30;

fn every_place(asynchronous: bool) {
    let reached = (0..).take_while(|place| play(asynchronous, *place)).count();
    assert!(reached >= PLACES_MIN, "only {reached}");
}

#[test]
fn of_a_synchronous_session() {
    every_place(false);
}

#[test]
fn of_an_asynchronous_session() {
    every_place(true);
}
