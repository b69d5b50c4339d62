//! Where a request stands: one value, which owns what that state needs.
//!
//! ```text
//! Created ──SendRequest──► Parked ◄──► Turning (asynchronously), Blocking (synchronously)
//!    ▲                                      │ the end of the call
//!    │            Sent ◄────────────────────┼─ SendRequest, WriteData
//!    │            Responded, Gone ◄─────────┼─ ReceiveResponse, QueryDataAvailable, ReadData
//!    └─ again ◄── Failed ◄──────────────────┘
//! ```
//!
//! Closed, when the handle is: whatever it was before.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use winhttp_proto::embed::Embedder;
use winhttp_proto::exchange::legality::Stage;
use winhttp_proto::notify::RequestOperation;

use super::operation::Operation;
use crate::engine::driver::Driver;
use crate::engine::pool::Returning;
use crate::engine::sleeper::Wake;

/// See the module.
pub(super) enum Life<E: Embedder> {
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
    /// An asynchronous call waits for its lane, or for something to happen.
    Parked {
        attached: Attached,
        operation: Operation<E>,
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

/// A request's exchange, with the connection it has.
pub(super) struct Attached {
    pub(super) driver: Box<Driver>,
}

/// What the thread does that runs a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// Moves bytes, also between the network and lent memory; never waits.
    Stepping,
    /// Is in the program's callback, with an informational notification of the call.
    Notifying,
}

impl<E: Embedder> Life<E> {
    /// Where the request stands, as a program can tell.
    pub(super) fn stage(&self) -> Stage {
        match self {
            Self::Created => Stage::Created,
            Self::Sent(_) => Stage::Sent,
            Self::Responded(_) | Self::Gone { .. } => Stage::Response,
            Self::Failed => Stage::Failed,
            Self::Closed => Stage::Closed,
            Self::Parked { operation, .. } => running(operation.name()),
            Self::Turning { call, .. } | Self::Blocking { call, .. } => running(*call),
        }
    }

    /// A call runs or waits.
    pub(super) fn is_busy(&self) -> bool {
        matches!(
            self,
            Self::Parked { .. } | Self::Turning { .. } | Self::Blocking { .. }
        )
    }

    /// A step of a call is under way, which waits for nothing.
    pub(super) fn is_stepping(&self) -> bool {
        matches!(
            self,
            Self::Turning {
                activity: Activity::Stepping,
                ..
            }
        )
    }

    /// The connection, unless a thread has it.
    pub(super) fn attached(&self) -> Option<&Attached> {
        match self {
            Self::Sent(attached) | Self::Responded(attached) | Self::Parked { attached, .. } => {
                Some(attached)
            }
            Self::Created
            | Self::Gone { .. }
            | Self::Failed
            | Self::Closed
            | Self::Turning { .. }
            | Self::Blocking { .. } => None,
        }
    }

    /// No call runs, and the exchange has its connection still.
    pub(super) fn has_connection(&self) -> bool {
        self.attached()
            .is_some_and(|attached| attached.driver.stack().is_some())
    }

    /// The connection that no call uses serves no other request.
    pub(super) fn expire(&mut self) {
        if let Self::Sent(attached) | Self::Responded(attached) = self {
            attached.driver.expire();
        }
    }

    /// The request that was sent asked for a WebSocket.
    pub(super) fn asked_upgrade(&self) -> bool {
        let asks = |attached: &Attached| attached.driver.exchange().asks_upgrade();
        matches!(
            self,
            Self::Gone {
                asked_upgrade: true
            }
        ) || self.attached().is_some_and(asks)
    }

    /// Takes the state out, to make the next of it: meanwhile nothing begins.
    pub(super) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Closed)
    }

    /// Takes the connection of a request that no call uses.
    pub(super) fn take_idle(&mut self) -> Option<Attached> {
        let is_idle = matches!(self, Self::Sent(_) | Self::Responded(_));
        if let Self::Sent(attached) | Self::Responded(attached) = is_idle.then(|| self.take())? {
            return Some(attached);
        }
        None
    }

    /// Takes a connection that is not needed any more; to be settled without the lock.
    pub(super) fn take_returning(&mut self) -> Option<Returning> {
        match self {
            Self::Sent(attached) | Self::Responded(attached) => attached.driver.take_returning(),
            Self::Created
            | Self::Gone { .. }
            | Self::Failed
            | Self::Closed
            | Self::Parked { .. }
            | Self::Turning { .. }
            | Self::Blocking { .. } => None,
        }
    }

    /// Takes a call whose turn it is.
    pub(super) fn take_parked(&mut self) -> Option<(Attached, Operation<E>)> {
        let is_parked = matches!(self, Self::Parked { .. });
        if let Self::Parked {
            attached,
            operation,
            ..
        } = is_parked.then(|| self.take())?
        {
            return Some((attached, operation));
        }
        None
    }

    /// What follows a call that succeeded.
    pub(super) fn after(call: RequestOperation, attached: Attached) -> Self {
        match call {
            RequestOperation::SendRequest | RequestOperation::WriteData => Self::Sent(attached),
            RequestOperation::ReceiveResponse
            | RequestOperation::QueryDataAvailable
            | RequestOperation::ReadData => Self::Responded(attached),
        }
    }

    /// What follows a call that failed, and the connection that went with it. A failed send or
    /// receive ends the exchange, unless its answer came first; a failed read leaves the response's
    /// head readable.
    pub(super) fn after_failed(
        call: RequestOperation,
        attached: Attached,
    ) -> (Self, Option<Attached>) {
        let exchange = attached.driver.exchange();
        match call {
            RequestOperation::WriteData if exchange.is_answered() => (Self::Sent(attached), None),
            RequestOperation::SendRequest
            | RequestOperation::WriteData
            | RequestOperation::ReceiveResponse => (Self::Failed, Some(attached)),
            RequestOperation::QueryDataAvailable | RequestOperation::ReadData => {
                let asked_upgrade = exchange.asks_upgrade();
                (Self::Gone { asked_upgrade }, Some(attached))
            }
        }
    }
}

fn running(call: RequestOperation) -> Stage {
    match call {
        RequestOperation::SendRequest => Stage::Sending,
        RequestOperation::WriteData => Stage::Writing,
        RequestOperation::ReceiveResponse => Stage::Receiving,
        RequestOperation::QueryDataAvailable | RequestOperation::ReadData => Stage::Reading,
    }
}
