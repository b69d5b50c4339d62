//! Requests: one exchange with a server at a time, step by step as the program calls.
//!
//! ```text
//! CREATED ──SendRequest──► SENDING ──► SENT ──ReceiveResponse──► RECEIVING ──► RESPONSE ──(101)──► CompleteUpgrade
//!    ▲                        │          │                           │             │
//!    └── may be sent again ◄──┴─ FAILED ◄┴───────────────────────────┘◄────────────┘
//! ```
//!
//! CompleteUpgrade is allowed in SENT, too: it receives the response itself.
//!
//! One operation at a time. While an operation runs, its driver is taken out of the request, so that the lock is never
//! held across I/O or user code: synchronously on the caller's thread, asynchronously on the handle's lane.

mod authentication;
mod operation;
mod plan;
mod query;
mod receive;
mod run;
mod send;
mod upgrade;

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};

pub use query::HeaderBlock;
pub use receive::Outcome;
pub use send::Body;

use operation::Operation;

use super::completions::Completions;
use super::connect::Connect;
use super::handle::Handle;
use super::job::Operation as Job;
use super::open::ProxyAccess;
use super::options::{http_version, http_version_value};
use crate::engine::driver::Driver;
use crate::engine::reactor::{Endpoint, Ready};
use crate::engine::sleeper::Wake;
use crate::engine::transport::tls::TlsFacts;
use crate::lock::if_free;
use winhttp_proto::auth::CredentialSet;
use winhttp_proto::embed::Embedder;
use winhttp_proto::error::Error;
use winhttp_proto::failure::Failure;
use winhttp_proto::header::{HeaderList, Version};
use winhttp_proto::http1::head::ResponseHead;
use winhttp_proto::notify::{Notification, RequestOperation};
use winhttp_proto::option::{OptionId, Timeouts, Values};

/// A request.
pub struct Request<E: Embedder> {
    connect: Arc<Connect<E>>,
    secure: bool,
    line: RequestLine,
    state: Mutex<RequestState<E>>,
    /// Signalled after a step of a request whose handle was closed.
    stepped: Condvar,
    myself: Weak<Self>,
    handle: Arc<Handle<E>>,
}

/// A connection that was given up, and its place in the poll.
type Released = (Option<Box<Driver>>, Option<Arc<Endpoint>>);

/// A request's state, locked.
type Locked<'a, E> = MutexGuard<'a, RequestState<E>>;

/// The request line as sent.
#[derive(Clone, Debug)]
pub(super) struct RequestLine {
    pub(super) verb: Cow<'static, str>,
    pub(super) target: String,
    /// As opened; see [`RequestState::version`].
    pub(super) version: Version,
}

/// What changes during a request's life.
pub struct RequestState<E: Embedder> {
    /// The headers the program added.
    headers: HeaderList,
    /// The headers as last sent, generated ones included.
    sent_headers: Option<HeaderList>,
    /// The options that were set.
    pub values: Values,
    /// The timeouts.
    pub timeouts: Timeouts,
    /// How the server is reached.
    pub(super) proxy: ProxyAccess,
    /// What WinHttpSetCredentials gave for the next exchange.
    credentials: CredentialSet,
    phase: Phase,
    /// An operation runs or waits; which one.
    pending: Option<RequestOperation>,
    /// The operation that waits for its lane or for readiness.
    parked: Option<Operation<E>>,
    turn: Turn,
    /// Nothing will ever be reported of the connection: what waits for it must fail.
    lost: bool,
    /// Calls of ReceiveResponse during a send or another receive. The first of those during a send follows it; the others
    /// fail when the receive before them is over.
    receives_waiting: u32,
    /// Asynchronously: CloseHandle has reported all it had to; what goes on then reports its end itself.
    cancelled: bool,
    /// What ended between the closing of the handle and that report.
    unreported: Vec<Notification<'static>>,
    driver: Option<Box<Driver>>,
    endpoint: Option<Arc<Endpoint>>,
    /// The next exchange asks for a WebSocket (UPGRADE_TO_WEB_SOCKET).
    upgrade_wanted: bool,
    /// The exchange under way asks for a WebSocket.
    upgrading: bool,
    response: Option<Box<ResponseHead>>,
    facts: Option<Arc<ConnectionFacts>>,
    /// Body bytes announced and not given yet.
    body_left: u64,
    /// Who to wake to cancel a call that waits.
    waker: Option<Arc<dyn Wake>>,
}

impl<E: Embedder> RequestState<E> {
    /// The next SendRequest performs the WebSocket handshake (UPGRADE_TO_WEB_SOCKET).
    pub fn ask_upgrade(&mut self) {
        self.upgrade_wanted = true;
    }

    /// SendRequest was called, and got as far as fixing what is sent.
    pub(super) fn was_sent(&self) -> bool {
        self.sent_headers.is_some()
    }

    /// The HTTP version to send (HTTP_VERSION): that of the opening unless the option was set since.
    fn version(&self) -> Version {
        http_version(&self.values).unwrap_or(Version::HTTP_11)
    }

    fn asks_upgrade(&self) -> bool {
        self.upgrade_wanted
    }

    fn is_stepping(&self) -> bool {
        matches!(
            self.turn,
            Turn::Running {
                activity: Activity::Stepping,
                ..
            }
        )
    }

    /// Gives up the connection; to be dropped without the lock.
    fn release(&mut self) -> Released {
        (self.driver.take(), self.endpoint.take())
    }

    /// Fails the calls of ReceiveResponse that came during another one: that is over.
    fn refuse_receives(&mut self, ended: &mut Completions<'_, E>) {
        for _ in 0..std::mem::take(&mut self.receives_waiting) {
            let failure = Error::InvalidOperation.into();
            ended.push(Notification::RequestError(
                RequestOperation::ReceiveResponse,
                failure,
            ));
        }
    }
}

/// How far the exchange has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Created,
    Sending,
    Sent,
    Receiving,
    Response,
    Failed,
}

/// Where the turn stands in which the lane moves the pending operation on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    None,
    Queued,
    Running {
        activity: Activity,
        /// Something has happened since it runs: another one follows if the operation is not over.
        again: bool,
    },
}

/// What the thread does that runs a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Activity {
    /// Moves bytes, also between the network and lent memory; never waits.
    Stepping,
    /// Is in the program's callback, with an informational notification of the operation.
    Notifying,
}

/// The connection an exchange uses; known from SENDING_REQUEST on.
#[derive(Debug)]
pub struct ConnectionFacts {
    /// Own address.
    pub local: SocketAddr,
    /// The server's address.
    pub remote: SocketAddr,
    /// What TLS negotiated.
    pub tls: Option<Arc<TlsFacts>>,
}

impl<E: Embedder> Request<E> {
    pub(super) fn new(
        connect: Arc<Connect<E>>,
        line: RequestLine,
        headers: HeaderList,
        secure: bool,
        handle: Arc<Handle<E>>,
    ) -> Arc<Self> {
        let mut values = Values::default();
        let settings = connect.session().settings();
        let (timeouts, proxy) = (settings.timeouts, settings.proxy.clone());
        values.inherit_from(&settings.values);
        drop(settings);
        if http_version(&values).unwrap_or(Version::HTTP_11) != line.version {
            // From here on the option is what counts; its own row takes this value.
            let _ = values.set(OptionId::HTTP_VERSION, http_version_value(line.version));
        }
        let state = RequestState {
            headers,
            sent_headers: None,
            values,
            timeouts,
            proxy,
            credentials: CredentialSet::new(),
            phase: Phase::Created,
            pending: None,
            parked: None,
            turn: Turn::None,
            lost: false,
            receives_waiting: 0,
            cancelled: false,
            unreported: Vec::new(),
            driver: None,
            endpoint: None,
            upgrade_wanted: false,
            upgrading: false,
            response: None,
            facts: None,
            body_left: 0,
            waker: None,
        };
        Arc::new_cyclic(|myself| Self {
            connect,
            secure,
            line,
            state: Mutex::new(state),
            stepped: Condvar::new(),
            myself: Weak::clone(myself),
            handle,
        })
    }

    /// What every handle has.
    #[must_use]
    pub fn handle(&self) -> &Arc<Handle<E>> {
        &self.handle
    }

    /// The connect it belongs to.
    #[must_use]
    pub fn connect(&self) -> &Arc<Connect<E>> {
        &self.connect
    }

    /// Opened with WINHTTP_FLAG_SECURE.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The state, locked; never held while user code runs.
    pub fn state(&self) -> MutexGuard<'_, RequestState<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection of the exchange; `None` before SENDING_REQUEST.
    #[must_use]
    pub fn connection_facts(&self) -> Option<Arc<ConnectionFacts>> {
        self.state().facts.clone()
    }

    /// An exchange was started and not finished: the connection is in use.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.state().driver.is_some() || self.state().pending.is_some()
    }

    /// The handle was closed: what is pending ends with OPERATION_CANCELLED.
    pub(super) fn cancel(&self) {
        let mut state = self.state();
        if let Some(waker) = &state.waker {
            waker.wake();
        }
        if self.handle.is_asynchronous() {
            drop(state);
            return self.cancel_and_report();
        }
        let idle = state.pending.is_none();
        let released = idle.then(|| state.release());
        drop(state);
        drop(released);
    }

    /// Tells the program before this returns what waits to be told, and what is cancelled now. Only what another thread has
    /// in hand already, and an operation that is inside one of its own callbacks, is told there.
    fn cancel_and_report(&self) {
        let mut ended = Completions::of_cancel(&self.handle);
        let mut state = self.state();
        // A step moves on without waiting for anything, and nobody may touch lent memory after this returns.
        while state.is_stepping() {
            state = self
                .stepped
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.cancelled = true;
        for notification in std::mem::take(&mut state.unreported) {
            ended.push(notification);
        }
        let goes_on = matches!(state.turn, Turn::Running { .. });
        let mut released = None;
        if !goes_on {
            released = Some(state.release());
            if let Some(operation) = state.parked.take() {
                let cancelled = Failure::from(Error::OperationCancelled);
                ended.push(operation.failure(cancelled.clone()));
                let end = state.end(None, &operation, Err(&cancelled));
                if let Some(failure) = end.receive.failure::<E>() {
                    ended.push(failure);
                }
            }
            state.refuse_receives(&mut ended);
        }
        ended.before_return();
        drop(state);
        drop(released);
        ended.deliver();
    }

    /// The request has a TLS connection, as far as that can be found out without waiting.
    pub(super) fn is_secured(&self) -> bool {
        if_free(&self.state).is_some_and(|state| {
            let tls = state.facts.as_ref().and_then(|facts| facts.tls.as_ref());
            state.driver.is_some() && tls.is_some()
        })
    }

    /// In a forked child: lets go of the parent's connection, as far as the lock is free.
    pub(super) fn disconnect(&self) {
        let driver = if_free(&self.state).and_then(|mut state| state.driver.take());
        drop(driver);
    }

    /// Lets the lane continue the pending operation, if there is one.
    fn schedule(&self, state: Locked<'_, E>) {
        if let Some(turn) = self.queue_turn(state) {
            self.handle.schedule(turn);
        }
    }

    /// As [`Request::schedule`]; before this returns, where the session allows that.
    fn schedule_here(&self, state: Locked<'_, E>) {
        if let Some(turn) = self.queue_turn(state) {
            self.handle.schedule_here(turn);
        }
    }

    /// Decides whether a turn must be queued.
    fn queue_turn(&self, mut state: Locked<'_, E>) -> Option<Arc<dyn Job>> {
        match &mut state.turn {
            Turn::None => {
                state.pending?;
                state.turn = Turn::Queued;
            }
            Turn::Running { again, .. } => {
                *again = true;
                return None;
            }
            Turn::Queued => return None,
        }
        self.myself.upgrade().map(|myself| myself as Arc<dyn Job>)
    }
}

impl<E: Embedder> Ready for Request<E> {
    fn ready(self: Arc<Self>) {
        self.schedule(self.state());
    }

    fn expired(self: Arc<Self>) {
        self.schedule(self.state());
    }

    fn lost(self: Arc<Self>) -> bool {
        let mut state = self.state();
        state.lost = true;
        let is_pending = state.pending.is_some();
        self.schedule(state);
        is_pending
    }

    fn flush(self: Arc<Self>) -> bool {
        false // requests put nothing off
    }
}

/// Wakes an asynchronous request: the name look-up is done.
struct LaneWake<E: Embedder>(Weak<Request<E>>);

impl<E: Embedder> Wake for LaneWake<E> {
    fn wake(&self) {
        if let Some(request) = self.0.upgrade() {
            request.schedule(request.state());
        }
    }
}

impl<E: Embedder> fmt::Debug for Request<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("handle", &self.handle)
            .finish_non_exhaustive()
    }
}

impl<E: Embedder> fmt::Debug for RequestState<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestState")
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}
