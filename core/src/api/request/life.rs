//! Where a request stands, and which calls run: two values, which own what they need.
//!
//! ```text
//! Created ──SendRequest──► Sent ──ReceiveResponse──► Responded ──a read that failed, an upgrade──► Gone
//!    ▲                      └───────────────────────── any of them failed ──► Failed
//!    └─ again ◄── any of these
//!
//! a call    Free ──► Parked ◄──► Turning (asynchronously), Blocking (synchronously) ──its end──► Free
//! ```
//!
//! WriteData has a place of its own: it may run beside a call that receives. Closed, when the
//! handle is: whatever it was before.

#[cfg(test)]
mod tests;

use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use winhttp_proto::embed::Embedder;
use winhttp_proto::exchange::legality::Stage;
use winhttp_proto::exchange::timers::earlier;
use winhttp_proto::failure::Result;
use winhttp_proto::notify::RequestOperation;
use winhttp_proto::proxy::pac_result::Candidate;

use super::operation::Operation;
use crate::api::autoproxy::Lookup;
use crate::engine::driver::Driver;
use crate::engine::pool::Returning;
use crate::engine::sleeper::Wake;
use crate::lock::if_free;

/// See the module.
pub(super) struct Life<E: Embedder> {
    pub(super) standing: Standing,
    /// WriteData.
    upload: Place<E>,
    /// Any other call.
    main: Place<E>,
    /// ReceiveResponse tells the program of a redirect.
    pub(super) is_redirecting: bool,
}

/// What the calls that are over have left.
pub(super) enum Standing {
    /// Nothing was sent.
    Created,
    /// The request is out.
    Sent(Attached),
    /// The response's head is there.
    Responded(Attached),
    /// As Responded, but the connection went: to a WebSocket, or with a read that failed.
    Gone {
        /// The request had asked for a WebSocket.
        asked_upgrade: bool,
    },
    /// Sending or receiving failed.
    Failed,
    /// The handle is closed: nothing begins any more.
    Closed,
}

/// A call, or the place for one.
pub(super) enum Place<E: Embedder> {
    /// None runs.
    Free,
    /// An asynchronous call waits for its lane, or for something to happen.
    Parked {
        attached: Attached,
        operation: Operation<E>,
        /// When it goes on in any case.
        until: Option<Instant>,
        /// The lane knows.
        queued: bool,
    },
    /// A lane moves an asynchronous call on, and has taken along what belongs to it.
    Turning {
        call: RequestOperation,
        activity: Activity,
        /// Something has happened meanwhile: another turn follows if the call is not over.
        again: bool,
    },
    /// A thread is inside a synchronous call, and has taken along what belongs to it.
    Blocking {
        call: RequestOperation,
        /// Ends its wait.
        waker: Arc<dyn Wake>,
    },
}

/// A request's exchange, with the connection it has. Shared by two calls that run side by side:
/// each step of either has the driver for itself, and waits without it.
#[derive(Clone)]
pub(super) struct Attached(Arc<Carriage>);

struct Carriage {
    driver: Mutex<Driver>,
    /// While the driver asks for its route.
    lookup: Mutex<Option<Lookup>>,
}

/// A call whose turn it is, with its connection.
type ParkedCall<E> = (Attached, Operation<E>);

/// What the thread does that runs a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// Moves bytes, also between the network and lent memory; never waits.
    Stepping,
    /// Is in the program's callback, with an informational notification of the call.
    Notifying,
}

impl Attached {
    pub(super) fn new((driver, lookup): (Driver, Option<Lookup>)) -> Self {
        Self(Arc::new(Carriage {
            driver: Mutex::new(driver),
            lookup: Mutex::new(lookup),
        }))
    }

    /// Puts another driver in the place of the one that was there.
    pub(super) fn replace(&self, (driver, lookup): (Driver, Option<Lookup>)) {
        *self.lookup() = lookup;
        let before = std::mem::replace(&mut *self.driver(), driver);
        drop(before); // without a lock
    }

    /// The routes that were asked for, once they are known.
    pub(super) fn routes(&self) -> Option<Result<Vec<Candidate>>> {
        let mut lookup = self.lookup();
        let answer = lookup.as_ref()?.poll()?;
        *lookup = None;
        Some(answer)
    }

    /// When they are known at the latest.
    pub(super) fn routes_until(&self) -> Option<Instant> {
        self.lookup().as_ref().and_then(Lookup::until)
    }

    fn lookup(&self) -> MutexGuard<'_, Option<Lookup>> {
        self.0.lookup.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// See [`Driver::is_protected`]; a thread that does not exist in this process may have the
    /// driver.
    fn is_protected(&self) -> bool {
        if_free(&self.0.driver).is_none_or(|driver| driver.is_protected())
    }

    /// In a forked child: the place in the parent's poll, which is the parent's to give up. None if
    /// a thread that does not exist here has the driver.
    pub(super) fn forget_place(&self) {
        if let Some(mut driver) = if_free(&self.0.driver) {
            let _the_parents = ManuallyDrop::new(driver.take_place());
        }
    }

    /// The driver, for one step or question; no other lock is taken meanwhile, and nobody waits.
    pub(super) fn driver(&self) -> MutexGuard<'_, Driver> {
        self.0.driver.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Embedder> Life<E> {
    /// Of a request that was opened.
    pub(super) fn new() -> Self {
        Self {
            standing: Standing::Created,
            upload: Place::Free,
            main: Place::Free,
            is_redirecting: false,
        }
    }

    /// Where the request stands, as a program can tell.
    pub(super) fn stage(&self) -> Stage {
        use RequestOperation as Op;
        let writes = self.upload.is_busy();
        match (&self.standing, self.main.call()) {
            (Standing::Closed, _) => Stage::Closed,
            (_, Some(Op::SendRequest)) => Stage::Sending,
            (_, Some(Op::ReceiveResponse)) if self.is_redirecting => Stage::Redirecting,
            (_, Some(Op::ReceiveResponse)) if writes => Stage::Exchanging,
            (_, Some(Op::ReceiveResponse)) => Stage::Receiving,
            (_, Some(Op::QueryDataAvailable | Op::ReadData)) if writes => Stage::Streaming,
            (_, Some(Op::QueryDataAvailable | Op::ReadData)) => Stage::Reading,
            (Standing::Responded(_) | Standing::Gone { .. }, _) if writes => Stage::Uploading,
            (Standing::Responded(_) | Standing::Gone { .. }, _) => Stage::Response,
            _ if writes => Stage::Writing,
            (Standing::Created, _) => Stage::Created,
            (Standing::Sent(_), _) => Stage::Sent,
            (Standing::Failed, _) => Stage::Failed,
        }
    }

    /// Where this call runs.
    pub(super) fn place(&mut self, call: RequestOperation) -> &mut Place<E> {
        match call {
            RequestOperation::WriteData => &mut self.upload,
            RequestOperation::SendRequest
            | RequestOperation::ReceiveResponse
            | RequestOperation::QueryDataAvailable
            | RequestOperation::ReadData => &mut self.main,
        }
    }

    /// Both places: that of WriteData first.
    fn places(&self) -> [&Place<E>; 2] {
        [&self.upload, &self.main]
    }

    pub(super) fn places_mut(&mut self) -> [&mut Place<E>; 2] {
        [&mut self.upload, &mut self.main]
    }

    /// A call runs or waits.
    pub(super) fn is_busy(&self) -> bool {
        self.places().into_iter().any(Place::is_busy)
    }

    /// A call waits for its lane, or for something to happen.
    pub(super) fn is_parked(&self) -> bool {
        let mut places = self.places().into_iter();
        places.any(|place| matches!(place, Place::Parked { .. }))
    }

    /// A step of a call is under way, which waits for nothing.
    pub(super) fn is_stepping(&self) -> bool {
        self.places().into_iter().any(Place::is_stepping)
    }

    /// A lane has a call in hand.
    pub(super) fn is_turning(&self) -> bool {
        let mut places = self.places().into_iter();
        places.any(|place| matches!(place, Place::Turning { .. }))
    }

    /// When a call that waits goes on in any case.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let deadlines = self.places().map(|place| match place {
            Place::Parked { until, .. } => *until,
            Place::Free | Place::Turning { .. } | Place::Blocking { .. } => None,
        });
        deadlines.into_iter().fold(None, earlier)
    }

    /// The connection on which a call can begin.
    pub(super) fn attached(&self) -> Option<&Attached> {
        match &self.standing {
            Standing::Sent(attached) | Standing::Responded(attached) => Some(attached),
            Standing::Created | Standing::Gone { .. } | Standing::Failed | Standing::Closed => None,
        }
    }

    /// TLS protects a part of the connection that no call uses.
    pub(super) fn is_protected(&self) -> bool {
        self.attached().is_some_and(Attached::is_protected)
    }

    /// No call runs, and the exchange has its connection still.
    pub(super) fn has_connection(&self) -> bool {
        let attached = self.attached();
        attached.is_some_and(|attached| attached.driver().stack().is_some())
    }

    /// The connection that no call uses serves no other request.
    pub(super) fn expire(&self) {
        if let Some(attached) = self.attached() {
            attached.driver().expire();
        }
    }

    /// Takes a connection that is not needed any more; to be settled without the lock.
    pub(super) fn take_returning(&self) -> Option<Returning> {
        self.attached()?.driver().take_returning()
    }

    /// The request that was sent asked for a WebSocket; not to be asked while a call runs.
    pub(super) fn asked_upgrade(&self) -> bool {
        let asks = |attached: &Attached| attached.driver().exchange().asks_upgrade();
        matches!(
            self.standing,
            Standing::Gone {
                asked_upgrade: true
            }
        ) || self.attached().is_some_and(asks)
    }

    /// Nothing begins any more; gives what is to be dropped. A call that a thread has in hand ends
    /// by itself.
    pub(super) fn close(&mut self) -> (Standing, [Option<ParkedCall<E>>; 2]) {
        let standing = std::mem::replace(&mut self.standing, Standing::Closed);
        (standing, self.places_mut().map(Place::take_parked))
    }

    /// A call has succeeded; gives what stood before.
    pub(super) fn succeed(
        &mut self,
        call: RequestOperation,
        attached: &Attached,
    ) -> Option<Standing> {
        let next = match call {
            RequestOperation::SendRequest => Standing::Sent(attached.clone()),
            RequestOperation::ReceiveResponse => Standing::Responded(attached.clone()),
            RequestOperation::WriteData
            | RequestOperation::QueryDataAvailable
            | RequestOperation::ReadData => return None,
        };
        Some(std::mem::replace(&mut self.standing, next))
    }

    /// A call has failed; gives what stood before, with the connection where that ends. A failed
    /// send or receive ends the exchange, and a failed write, unless there is, or may be, an
    /// answer; a failed read leaves the response's head readable.
    pub(super) fn fail(&mut self, call: RequestOperation, attached: &Attached) -> Option<Standing> {
        let (goes_on, asked_upgrade) = {
            let driver = attached.driver();
            let exchange = driver.exchange();
            let goes_on = exchange.is_answered() || exchange.is_receiving();
            (goes_on, exchange.asks_upgrade())
        };
        let next = match call {
            RequestOperation::WriteData
                if goes_on || self.main.is_busy() || self.attached().is_none() =>
            {
                return None;
            }
            RequestOperation::SendRequest
            | RequestOperation::WriteData
            | RequestOperation::ReceiveResponse => Standing::Failed,
            RequestOperation::QueryDataAvailable | RequestOperation::ReadData => {
                Standing::Gone { asked_upgrade }
            }
        };
        Some(std::mem::replace(&mut self.standing, next))
    }
}

impl<E: Embedder> Place<E> {
    /// For a call that begins.
    pub(super) fn parked(attached: Attached, operation: Operation<E>) -> Self {
        Self::Parked {
            attached,
            operation,
            until: None,
            queued: false,
        }
    }

    fn is_busy(&self) -> bool {
        !matches!(self, Self::Free)
    }

    pub(super) fn is_stepping(&self) -> bool {
        matches!(
            self,
            Self::Turning {
                activity: Activity::Stepping,
                ..
            }
        )
    }

    /// Which call runs here.
    fn call(&self) -> Option<RequestOperation> {
        match self {
            Self::Free => None,
            Self::Parked { operation, .. } => Some(operation.name()),
            Self::Turning { call, .. } | Self::Blocking { call, .. } => Some(*call),
        }
    }

    /// Takes a call whose turn it is.
    pub(super) fn take_parked(&mut self) -> Option<ParkedCall<E>> {
        let is_parked = matches!(self, Self::Parked { .. });
        if let Self::Parked {
            attached,
            operation,
            ..
        } = is_parked.then(|| std::mem::replace(self, Self::Free))?
        {
            return Some((attached, operation));
        }
        None
    }

    /// What ends the wait of the thread that is inside.
    pub(super) fn waker(&self) -> Option<Arc<dyn Wake>> {
        if let Self::Blocking { waker, .. } = self {
            Some(Arc::clone(waker))
        } else {
            None
        }
    }
}
