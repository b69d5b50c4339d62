//! Requests: one exchange with a server at a time, step by step as the program calls.
//!
//! One operation at a time, and where the body is chunked automatically a WriteData beside it;
//! where they stand is [`life`]. An operation that runs has been taken out of the request, so that
//! the lock is never held across I/O or user code: synchronously on the caller's thread,
//! asynchronously on the handle's lane. Which call is legal when is
//! [`winhttp_proto::exchange::legality`].

mod authentication;
mod cookies;
mod destination;
mod legs;
mod life;
mod operation;
mod plan;
pub(super) mod pooling;
mod query;
mod receive;
mod routing;
mod run;
mod send;
mod through;
mod upgrade;

use std::borrow::Cow;
use std::fmt;
use std::mem::ManuallyDrop;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

pub use query::HeaderBlock;
pub use receive::Outcome;
pub use send::Body;

use authentication::Authenticators;
use life::{Life, Place, Standing};
use plan::Announced;
use routing::Routes;
use through::Through;

use super::completions::Completions;
use super::connect::Connect;
use super::handle::{Handle, Stepwise};
use super::options::ConnectionStats;
use super::proxy::ProxyAccess;
use crate::engine::pool::Ends;
use crate::engine::reactor::Ready;
use crate::engine::sleeper::Wake;
use crate::engine::socket::Socket;
use crate::engine::transport::tls::TlsFacts;
use crate::lock::if_free;
use winhttp_proto::embed::Embedder;
use winhttp_proto::error::Error;
use winhttp_proto::exchange::legality::{Function, Verdict, verdict};
use winhttp_proto::exchange::record::Record;
use winhttp_proto::exchange::request_body::RequestBody;
use winhttp_proto::failure::Failure;
use winhttp_proto::header::{HeaderList, Version};
use winhttp_proto::http1::head::ResponseHead;
use winhttp_proto::notify::{Notification, RequestOperation};
use winhttp_proto::option::{OptionId, Timeouts, Values};
use winhttp_proto::redirect::Redirect;

/// A request.
pub struct Request<E: Embedder> {
    connect: Arc<Connect<E>>,
    secure: bool,
    /// Opened with WINHTTP_FLAG_AUTOMATIC_CHUNKING.
    chunks: bool,
    line: RequestLine,
    state: Mutex<RequestState<E>>,
    /// Signalled after a step of a request whose handle was closed.
    stepped: Condvar,
    myself: Weak<Self>,
    handle: Arc<Handle<E>>,
}

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
    pub(super) values: Values,
    /// The timeouts.
    pub(super) timeouts: Timeouts,
    /// How the server is reached.
    pub(super) proxy: ProxyAccess,
    /// Credentials, and how far they have come.
    authenticators: Authenticators,
    life: Life<E>,
    /// Nothing will ever be reported of the connection: what waits for it must fail.
    lost: bool,
    /// Calls of ReceiveResponse during a send or another receive. The first of those during a send
    /// follows it; the others fail when the receive before them is over.
    receives_waiting: u32,
    /// Asynchronously: CloseHandle has reported all it had to; what goes on then reports its end
    /// itself.
    cancelled: bool,
    /// What ended between the closing of the handle and that report.
    unreported: Vec<Notification>,
    /// The next exchange asks for a WebSocket (UPGRADE_TO_WEB_SOCKET).
    upgrade_wanted: bool,
    /// The jar gets the cookies of the answer; not when it has them, nor with
    /// WINHTTP_DISABLE_COOKIES.
    keeps_cookies: bool,
    response: Option<Box<ResponseHead>>,
    /// What is received is a proxy's answer to CONNECT.
    is_of_proxy: bool,
    /// What automatic configuration says of where it goes.
    routes: Option<Routes>,
    /// What goes with the head that was composed last.
    announced: Announced,
    /// The proxy that the exchange goes through.
    through: Option<Arc<Through>>,
    /// Where redirects have led.
    moved: Option<Arc<Redirect>>,
    /// How many were followed since SendRequest.
    redirects: u32,
    /// What SendRequest was lent, for a request that has to be sent once more.
    given: Option<E::WriteBuffer>,
    facts: Option<Arc<ConnectionFacts>>,
    /// What the exchange has recorded by its last notification or the end of its last call.
    record: Option<Record>,
    /// What is still to come of the body.
    body: RequestBody,
    /// No other request is to use the connection (EXPIRE_CONNECTION).
    expires: bool,
}

impl<E: Embedder> RequestState<E> {
    /// No other request is to use the connection of this exchange (EXPIRE_CONNECTION); `false` if
    /// there is none.
    pub(super) fn expire(&mut self) -> bool {
        if !self.life.is_busy() && !self.life.has_connection() {
            return false;
        }
        self.expires = true;
        self.life.expire();
        true
    }

    /// The next SendRequest performs the WebSocket handshake (UPGRADE_TO_WEB_SOCKET).
    pub(super) fn ask_upgrade(&mut self) {
        self.upgrade_wanted = true;
    }

    /// SendRequest was called, and got as far as fixing what is sent.
    pub(super) fn was_sent(&self) -> bool {
        self.sent_headers.is_some()
    }

    /// The HTTP version to send (HTTP_VERSION): that of the opening unless the option was set
    /// since.
    fn version(&self) -> Version {
        self.values.http_version().unwrap_or(Version::HTTP_11)
    }

    /// What becomes of a call now.
    fn verdict(&self, function: Function) -> Verdict {
        verdict(function, self.life.stage(), self.body.uploads())
    }

    /// The response is a proxy's answer to CONNECT (IS_PROXY_CONNECT_RESPONSE).
    pub(super) fn is_of_proxy(&self) -> bool {
        self.is_of_proxy && self.response.is_some()
    }

    fn asks_upgrade(&self) -> bool {
        self.upgrade_wanted
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

/// The connection an exchange uses; known from SENDING_REQUEST on.
#[derive(Debug)]
pub(super) struct ConnectionFacts {
    /// Where it goes from and to.
    pub(super) ends: Ends,
    /// What TLS negotiated.
    pub(super) tls: Option<Arc<TlsFacts>>,
    /// While it is open.
    socket: Weak<Socket>,
    /// What its TCP had counted when it was let go.
    last: OnceLock<ConnectionStats>,
}

impl ConnectionFacts {
    /// What TCP has counted by now, or had when the connection was let go.
    pub(super) fn statistics(&self) -> Option<ConnectionStats> {
        let last = self.last.get().copied();
        last.or_else(|| ConnectionStats::of(self.socket.upgrade()?.as_ref()))
    }

    /// The connection is let go: from here on what it does is no more this request's.
    fn let_go(&self) {
        if let Some(stats) = self.statistics() {
            self.last.get_or_init(|| stats);
        }
    }
}

impl<E: Embedder> Request<E> {
    pub(super) fn new(
        connect: Arc<Connect<E>>,
        line: RequestLine,
        headers: HeaderList,
        (secure, chunks): (bool, bool),
        handle: Arc<Handle<E>>,
    ) -> Arc<Self> {
        let mut values = Values::default();
        let settings = connect.session().settings();
        let (timeouts, proxy) = (settings.timeouts, settings.proxy.clone());
        values.inherit_from(&settings.values);
        drop(settings);
        if values.http_version().unwrap_or(Version::HTTP_11) != line.version {
            // From here on the option is what counts; its own row takes this value.
            let _ = values.set(OptionId::HTTP_VERSION, line.version.into());
        }
        let state = RequestState {
            headers,
            sent_headers: None,
            values,
            timeouts,
            proxy,
            authenticators: Authenticators::default(),
            life: Life::new(),
            lost: false,
            receives_waiting: 0,
            cancelled: false,
            unreported: Vec::new(),
            upgrade_wanted: false,
            keeps_cookies: false,
            response: None,
            is_of_proxy: false,
            routes: None,
            announced: Announced::default(),
            through: None,
            moved: None,
            redirects: 0,
            given: None,
            facts: None,
            record: None,
            body: RequestBody::Length(0),
            expires: false,
        };
        Arc::new_cyclic(|myself| Self {
            connect,
            secure,
            chunks,
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
    pub(super) fn connect(&self) -> &Arc<Connect<E>> {
        &self.connect
    }

    /// Opened with WINHTTP_FLAG_SECURE.
    #[must_use]
    pub(super) fn is_secure(&self) -> bool {
        self.secure
    }

    /// The state, locked; never held while user code runs. Outside this crate, only a test holds
    /// it.
    pub fn state(&self) -> MutexGuard<'_, RequestState<E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection of the exchange; `None` before SENDING_REQUEST.
    #[must_use]
    pub(super) fn connection_facts(&self) -> Option<Arc<ConnectionFacts>> {
        self.state().facts.clone()
    }

    /// What is recorded of the exchange; `None` before SendRequest has got anywhere.
    #[must_use]
    pub(super) fn record(&self) -> Option<Record> {
        self.state().record
    }

    /// The handle was closed: what is pending ends with OPERATION_CANCELLED.
    pub(super) fn cancel(&self) {
        let mut state = self.state();
        for place in state.life.places_mut() {
            if let Some(waker) = place.waker() {
                waker.wake();
            }
        }
        let is_free = !self.handle.is_asynchronous() && !state.life.is_busy();
        let before = is_free.then(|| state.life.close());
        drop(state);
        drop(before);
        if self.handle.is_asynchronous() {
            self.cancel_and_report();
        }
    }

    /// Tells the program before this returns what waits to be told, and what is cancelled now. Only
    /// what another thread has in hand already, and an operation that is inside one of its own
    /// callbacks, is told there.
    fn cancel_and_report(&self) {
        let mut ended = Completions::of_cancel(&self.handle);
        let mut state = self.state();
        // A step moves on without waiting for anything, and nobody may touch lent memory after this
        // returns.
        while state.life.is_stepping() {
            state = self
                .stepped
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        state.cancelled = true;
        for notification in std::mem::take(&mut state.unreported) {
            ended.push(notification);
        }
        let parked = state.life.places_mut().map(Place::take_parked);
        for (_, operation) in parked.iter().flatten() {
            let cancelled = Failure::from(Error::OperationCancelled);
            ended.push(operation.failure(cancelled.clone()));
            let follows = state.follows(operation.name(), Err(&cancelled));
            if let Some(failure) = follows.failure() {
                ended.push(failure);
            }
        }
        // What a thread has in hand ends by itself: inside its callback, or in a call that is no
        // asynchronous one.
        let before = (!state.life.is_busy()).then(|| state.life.close());
        if !state.life.is_turning() {
            state.refuse_receives(&mut ended);
        }
        ended.before_return();
        drop(state);
        drop((parked, before));
        ended.deliver();
    }

    /// TLS protects a part of its connection, with the server or with a proxy, as far as that can
    /// be found out without waiting.
    pub(super) fn is_secured(&self) -> bool {
        if_free(&self.state).is_some_and(|state| state.life.is_protected())
    }

    /// In a forked child: lets go of the parent's connection, as far as the lock is free. The rest
    /// stays the parent's.
    pub(super) fn disconnect(&self) {
        let Some((standing, parked)) = if_free(&self.state).map(|mut state| state.life.close())
        else {
            return;
        };
        if let Standing::Sent(attached) | Standing::Responded(attached) = standing {
            attached.forget_place();
        }
        for (attached, operation) in parked.into_iter().flatten() {
            attached.forget_place();
            let _the_parents = ManuallyDrop::new(operation);
        }
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
    fn queue_turn(&self, mut state: Locked<'_, E>) -> Option<Arc<dyn Stepwise>> {
        let mut is_new = false;
        for place in state.life.places_mut() {
            match place {
                Place::Turning { again, .. } => *again = true,
                Place::Parked { queued, .. } => is_new |= !std::mem::replace(queued, true),
                Place::Free | Place::Blocking { .. } => {}
            }
        }
        if !is_new {
            return None;
        }
        self.myself
            .upgrade()
            .map(|myself| myself as Arc<dyn Stepwise>)
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
        let is_busy = state.life.is_busy();
        self.schedule(state);
        is_busy
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
            .field("stage", &self.life.stage())
            .finish_non_exhaustive()
    }
}
