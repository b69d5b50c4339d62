//! What every handle has: its number, its parent, its callback, and HANDLE_CLOSING.
//!
//! A handle's `Handle` is shared by whoever may still notify for it: the object in the table, calls
//! in progress, queued notifications, children. HANDLE_CLOSING is sent when the last of these is
//! gone. That one rule gives all of WinHTTP's guarantees: it comes exactly once, after everything
//! else of the handle, and a parent's comes after its children's.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use callback_thread::{Appended, Hold, Lane};
use winhttp_proto::embed::{Embedder, UnloadEvent};
use winhttp_proto::error::Error;
use winhttp_proto::handle::{HandleId, HandleKind};
use winhttp_proto::notify::{Notification, Observer};

use super::delivery::Delivery;
use super::heritage::Heritage;
use crate::contain::contained;
use crate::engine::switches::switches;
use crate::lock::if_free;

/// Callbacks nested on one thread at the most, of whatever handles (Windows: about three).
pub(super) const NESTING_LIMIT: usize = 3;

/// The part of a handle that notifications need.
pub struct Handle<E: Embedder> {
    id: HandleId,
    kind: HandleKind,
    closed: AtomicBool,
    /// A receiving operation was accepted, and its completion has not begun: programs that poll for
    /// ERROR_INVALID_OPERATION rely on it. Asynchronous handles only.
    receiving: AtomicBool,
    pub(super) heritage: Heritage,
    callback: Mutex<Callback<E>>,
    delivery: Delivery<HandleJob<E>>,
    /// Made when the first notification is queued: a process may fork before that.
    lane: OnceLock<Lane<HandleJob<E>>>,
    /// Set on sessions only (UNLOAD_NOTIFY_EVENT).
    unload: OnceLock<Arc<E::UnloadEvent>>,
    parent: Option<Arc<Self>>,
}

/// What WinHttpSetStatusCallback and WINHTTP_OPTION_CONTEXT_VALUE have set.
struct Callback<E: Embedder> {
    observer: Option<E::Observer>,
    context: usize,
}

impl<E: Embedder> Handle<E> {
    /// A session's handle.
    pub(super) fn root(id: HandleId, delivery: Delivery<HandleJob<E>>) -> Arc<Self> {
        let callback = Callback {
            observer: None,
            context: 0,
        };
        Self::new(id, HandleKind::Session, callback, delivery, None)
    }

    /// A child's handle: callback and context are inherited now; later changes of the parent do not
    /// reach it.
    pub(super) fn child(
        parent: &Arc<Self>,
        from: &Self,
        id: HandleId,
        kind: HandleKind,
    ) -> Arc<Self> {
        let callback = {
            let inherited = from.callback();
            Callback {
                observer: inherited.observer.clone(),
                context: inherited.context,
            }
        };
        Self::new(
            id,
            kind,
            callback,
            parent.delivery.clone(),
            Some(Arc::clone(parent)),
        )
    }

    fn new(
        id: HandleId,
        kind: HandleKind,
        callback: Callback<E>,
        delivery: Delivery<HandleJob<E>>,
        parent: Option<Arc<Self>>,
    ) -> Arc<Self> {
        if let Some(parent) = &parent {
            parent.heritage.child_begins();
        }
        Arc::new(Self {
            id,
            kind,
            closed: AtomicBool::new(false),
            receiving: AtomicBool::new(false),
            heritage: Heritage::default(),
            callback: Mutex::new(callback),
            lane: OnceLock::new(),
            delivery,
            unload: OnceLock::new(),
            parent,
        })
    }

    /// The handle's number.
    #[must_use]
    pub fn id(&self) -> HandleId {
        self.id
    }

    /// The handle's kind.
    #[must_use]
    pub fn kind(&self) -> HandleKind {
        self.kind
    }

    /// The parent's number, whether or not that handle is still open; a session has none.
    #[must_use]
    pub(super) fn parent_id(&self) -> Option<HandleId> {
        self.parent.as_ref().map(|parent| parent.id)
    }

    /// The session was opened with WINHTTP_FLAG_ASYNC.
    #[must_use]
    pub fn is_asynchronous(&self) -> bool {
        self.delivery.thread().is_some()
    }

    pub(super) fn parent(&self) -> Option<&Arc<Self>> {
        self.parent.as_ref()
    }

    /// Where its notifications queue, in asynchronous mode.
    fn lane(&self) -> Option<&Lane<HandleJob<E>>> {
        let thread = self.delivery.thread()?;
        Some(self.lane.get_or_init(|| thread.lane()))
    }

    /// The program has closed the handle.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(super) fn set_closed(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// The context value.
    #[must_use]
    pub fn context(&self) -> usize {
        self.callback().context
    }

    /// Replaces the context value.
    pub(super) fn set_context(&self, context: usize) {
        self.callback().context = context;
    }

    /// The installed observer.
    #[must_use]
    pub fn observer(&self) -> Option<E::Observer> {
        self.callback().observer.clone()
    }

    /// Installs or removes the observer and returns the one before. Notifications delivered from
    /// now on use it.
    pub fn set_observer(&self, observer: Option<E::Observer>) -> Option<E::Observer> {
        std::mem::replace(&mut self.callback().observer, observer)
    }

    /// Sets the event to signal after the session's last notification; `false` if one was set
    /// before.
    pub(super) fn set_unload_event(&self, event: E::UnloadEvent) -> bool {
        self.unload.set(Arc::new(event)).is_ok()
    }

    pub(super) fn delivery(&self) -> &Delivery<HandleJob<E>> {
        &self.delivery
    }

    /// A receiving operation was accepted, and the callback that ends it has not begun: it still
    /// uses its buffer.
    ///
    /// Asked when a call begins and once more under the object's lock. While the call waits for the
    /// lock, the operation may end, and its callback may move the buffer that this call was given.
    pub(super) fn is_receiving(&self) -> bool {
        self.receiving.load(Ordering::Acquire)
    }

    /// Accepts a receiving operation; under the lock under which [`Handle::is_receiving`] was
    /// asked.
    pub(super) fn begin_receiving(&self) {
        self.receiving
            .store(self.is_asynchronous(), Ordering::Release);
    }

    /// Whether the program's callback selects this notification now.
    pub(super) fn is_told_of(&self, notification: &Notification) -> bool {
        let observer = self.observer();
        observer.is_some_and(|observer| observer.selects(notification))
    }

    /// Delivers on this thread. Must be called without any lock held.
    pub(super) fn notify(&self, notification: &Notification) {
        let (observer, context) = {
            let callback = self.callback();
            (callback.observer.clone(), callback.context)
        };
        if notification.ends_receiving() {
            // As late as possible, and also without a callback: the next receiving operation is
            // accepted from the callback on. Before, it could be given a buffer that this callback
            // moves.
            self.receiving.store(false, Ordering::Release);
        }
        if let Some(observer) = observer {
            tell(&observer, self.id, context, notification);
        }
    }

    /// Queues the end of an asynchronous operation, also with a lock held that decides its order;
    /// [`Handle::settle`] must follow without it.
    pub(super) fn queue(self: &Arc<Self>, notification: Notification) -> Appended {
        self.lane().map_or_else(Appended::default, |lane| {
            lane.append(HandleJob::Notify(Arc::clone(self), notification))
        })
    }

    /// As [`Handle::queue`], to be delivered by the call that holds the lane.
    pub(super) fn queue_here(
        self: &Arc<Self>,
        hold: &Hold<'_, HandleJob<E>>,
        notification: Notification,
    ) -> Appended {
        hold.append(HandleJob::Notify(Arc::clone(self), notification))
    }

    /// Has what was queued delivered by the callback thread.
    pub(super) fn settle(&self, queued: Appended) {
        if let Some(lane) = self.lane() {
            lane.settle(queued);
        }
    }

    /// What is queued and not begun.
    pub(super) fn queued(&self) -> Appended {
        self.lane().map_or_else(Appended::default, Lane::queued)
    }

    /// Completions are delivered inside the call that caused them.
    pub(super) fn is_inline(&self) -> bool {
        self.delivery
            .thread()
            .is_some_and(|thread| thread.is_inline())
    }

    /// The right to deliver what this call ends on this thread, where the session allows that
    /// (ASSURED_NON_BLOCKING_CALLBACKS) and callbacks are not nested too deep.
    pub(super) fn hold_inline(&self) -> Option<Hold<'_, HandleJob<E>>> {
        if !self.is_inline() {
            return None;
        }
        self.lane()?.hold(NESTING_LIMIT)
    }

    /// The right to deliver on this thread what this call cancels. From inside a callback of the
    /// same handle there is none: what is cancelled there follows that callback.
    pub(super) fn hold_to_cancel(&self) -> Option<Hold<'_, HandleJob<E>>> {
        let lane = self.lane()?;
        if lane.is_current() {
            return None;
        }
        lane.hold(NESTING_LIMIT)
    }

    /// The call comes from a callback of the session: what it sends may leave together with what
    /// follows in this turn.
    pub(super) fn gathers(&self) -> bool {
        self.lane.get().is_some_and(Lane::is_inside_dispatcher) && switches().gather
    }

    /// Has an asynchronous operation go on, on the handle's lane.
    pub(super) fn schedule(&self, operation: Arc<dyn Stepwise>) {
        if let Some(lane) = self.lane() {
            lane.post(HandleJob::Step(operation));
        }
    }

    /// Has an asynchronous operation go on before this returns, where the session allows that; else
    /// as [`Handle::schedule`].
    pub(super) fn schedule_here(&self, operation: Arc<dyn Stepwise>) {
        let Some(lane) = self.lane() else { return };
        match self.hold_inline() {
            Some(hold) => {
                hold.run(hold.append(HandleJob::Step(operation)));
            }
            None => lane.post(HandleJob::Step(operation)),
        }
    }

    fn callback(&self) -> MutexGuard<'_, Callback<E>> {
        self.callback.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Embedder> Handle<E> {
    /// Delivers HANDLE_CLOSING, once: as the last job of the handle's lane, or right here if it has
    /// no lane.
    ///
    /// Called when the last reference is gone; in a forked child also when an inherited handle is
    /// closed.
    pub(super) fn end(&self) {
        if !self.heritage.end() {
            return;
        }
        // If a thread of the parent process has the lock, nobody can be notified here.
        let (observer, context) = if_free(&self.callback).map_or((None, 0), |callback| {
            (callback.observer.clone(), callback.context)
        });
        // In a forked child the parent's threads may hold any lock of a handle that they serve.
        let orphaned = self.heritage.is_orphaned();
        let session = self.parent.is_none() && !orphaned;
        let closing = ClosingNotice {
            id: self.id,
            observer,
            context,
            unload: self.unload.get().map(Arc::clone),
            session: session.then(|| self.delivery.clone()),
            parent: self.parent.clone(),
        };
        match if orphaned { None } else { self.lane() } {
            Some(lane) => lane.post(HandleJob::Close(Box::new(closing))),
            None => closing.deliver(),
        }
    }

    /// A child's HANDLE_CLOSING was delivered.
    fn child_ended(&self) {
        self.heritage.child_ends();
        if self.is_closed() {
            self.end_if_inherited();
        }
    }

    /// Ends an inherited handle that was closed, unless it must wait for its children.
    pub(super) fn end_if_inherited(&self) {
        if self.heritage.is_inherited() && !self.heritage.has_children() {
            self.end();
        }
    }
}

impl<E: Embedder> Drop for Handle<E> {
    fn drop(&mut self) {
        self.end();
    }
}

impl<E: Embedder> fmt::Debug for Handle<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// One piece of work of a lane.
pub(super) enum HandleJob<E: Embedder> {
    /// Deliver a notification.
    Notify(Arc<Handle<E>>, Notification),
    /// Have a handle's operation go on.
    Step(Arc<dyn Stepwise>),
    /// Deliver HANDLE_CLOSING; always a handle's last job.
    Close(Box<ClosingNotice<E>>),
}

/// An asynchronous operation that goes on in steps, on its handle's lane.
pub(super) trait Stepwise: Send + Sync {
    /// Goes on as far as possible without waiting.
    fn step(self: Arc<Self>);
}

impl<E: Embedder> callback_thread::Job for HandleJob<E> {
    fn run(self) {
        match self {
            Self::Notify(handle, notification) => handle.notify(&notification),
            Self::Step(operation) => operation.step(),
            Self::Close(closing) => closing.deliver(),
        }
    }
}

/// Calls the observer. If it panics over the notification, it is called once more, with the failure
/// in its place.
fn tell(observer: &impl Observer, id: HandleId, context: usize, notification: &Notification) {
    let deliver = |notification: &Notification| {
        contained(|| {
            observer.notify(id, context, notification);
            Ok::<(), Error>(())
        })
    };
    if deliver(notification).is_err() {
        let _ = deliver(&notification.clone().or_failure());
    }
}

/// HANDLE_CLOSING, and what follows it.
pub(super) struct ClosingNotice<E: Embedder> {
    id: HandleId,
    observer: Option<E::Observer>,
    context: usize,
    unload: Option<Arc<E::UnloadEvent>>,
    /// The delivery to end, if this is the session itself.
    session: Option<Delivery<HandleJob<E>>>,
    /// Released afterwards: the parent's own notice may follow then.
    parent: Option<Arc<Handle<E>>>,
}

impl<E: Embedder> ClosingNotice<E> {
    pub(super) fn deliver(self) {
        if let Some(observer) = &self.observer {
            let closing = Notification::HandleClosing;
            tell(observer, self.id, self.context, &closing);
        }
        if let Some(unload) = &self.unload {
            unload.signal();
        }
        if let Some(thread) = self.session.as_ref().and_then(Delivery::thread) {
            thread.end();
        }
        if let Some(parent) = &self.parent {
            parent.child_ended();
        }
        drop(self.parent);
    }
}
