//! Running operations: on the caller's thread, or on the handle's lane in turns.

use std::mem::ManuallyDrop;
use std::sync::Arc;
use std::time::Instant;

use winhttp_proto::embed::Embedder;
use winhttp_proto::error::Error;
use winhttp_proto::failure::{Failure, Result};
use winhttp_proto::notify::{Notification, RequestOperation};

use super::operation::Operation;
use super::{Activity, ConnectionFacts, Phase, Released, Request, RequestState, Turn};
use crate::api::completions::Completions;
use crate::api::job;
use crate::contain::contained;
use crate::engine::clock;
use crate::engine::driver::{Driver, Step};
use crate::engine::sleeper::{self, Sleeper};
use crate::engine::transport::Stack;

/// Where an operation stands after as many steps as were possible.
enum Progress {
    Done,
    Wait(Option<Instant>),
}

impl<E: Embedder> Request<E> {
    /// Runs an operation whose driver is ready: to its end in synchronous mode, else it is started.
    ///
    /// Returns the operation's byte count, which means nothing for an asynchronous start.
    pub(super) fn run(
        &self,
        mut state: super::Locked<'_, E>,
        operation: Operation<E>,
    ) -> Result<u32> {
        let Some(mut driver) = state.driver.take() else {
            let error = self.without_connection();
            return self.refuse(state, operation.name(), error).map(|()| 0);
        };
        if self.handle.is_asynchronous() {
            state.driver = Some(driver);
            state.pending = Some(operation.name());
            let on_caller = operation.begins_on_caller();
            state.parked = Some(operation);
            if on_caller {
                self.schedule_here(state);
            } else {
                self.schedule(state);
            }
            return Ok(0);
        }
        let sleeper = match sleeper::current() {
            Ok(sleeper) => sleeper,
            Err(error) => {
                state.driver = Some(driver);
                return Err(error.into());
            }
        };
        state.pending = Some(operation.name());
        state.waker = Some(sleeper.waker());
        drop(state);
        driver.set_wake(sleeper.waker());
        let mut operation = operation;
        let here = winhttp_process::epoch();
        let outcome = contained(|| self.run_to_end(&mut driver, &mut operation, &sleeper));
        if !here.is_current() {
            // A callback has forked, and this is the child, where the lock may be held for ever.
            return Err(Error::OperationCancelled.into());
        }
        self.finish(Some(driver), &operation, outcome)
    }

    fn run_to_end(
        &self,
        driver: &mut Driver,
        operation: &mut Operation<E>,
        sleeper: &Sleeper,
    ) -> Result<()> {
        loop {
            match self.advance(driver, operation)? {
                Progress::Done => return Ok(()),
                Progress::Wait(until) => sleeper.wait(&driver.interests(), until)?,
            }
        }
    }

    /// Steps until the operation is done or must wait; notifications are delivered in between, without any lock.
    fn advance(&self, driver: &mut Driver, operation: &mut Operation<E>) -> Result<Progress> {
        let here = winhttp_process::epoch();
        loop {
            // A callback may have closed the handle, or forked: in the child the connection is somebody else's.
            if self.handle.is_closed() || !here.is_current() {
                return Err(Error::OperationCancelled.into());
            }
            // A timeout that was set meanwhile governs the waits from here on.
            let (now, timeouts) = (clock::now(), self.state().timeouts);
            match operation.step(driver, now, &timeouts)? {
                Step::Notify(Notification::SendingRequest) => {
                    self.note_connection(driver);
                    self.tell(&Notification::SendingRequest);
                }
                Step::Notify(notification) => self.tell(&notification),
                Step::Again => {}
                Step::Wait(until) => return Ok(Progress::Wait(until)),
                Step::Done => return Ok(Progress::Done),
            }
        }
    }

    /// Delivers an informational notification of the operation that runs.
    fn tell(&self, notification: &Notification<'_>) {
        if !self.handle.is_told_of(notification) {
            return; // and whoever closes the handle need not leave the rest to this thread
        }
        if !self.handle.is_asynchronous() {
            return self.handle.notify(notification);
        }
        let mut state = self.state();
        if self.handle.is_closed() {
            return; // whoever closes it waits for the end of the step
        }
        state.set_activity(Activity::Notifying);
        drop(state);
        let here = winhttp_process::epoch();
        self.handle.notify(notification);
        // A callback may have forked: in the child the lock may be held for ever.
        if here.is_current() {
            self.state().set_activity(Activity::Stepping);
        }
    }

    /// Makes addresses and certificate known: they can be queried from SENDING_REQUEST on.
    fn note_connection(&self, driver: &Driver) {
        let facts = driver.addresses().map(|(local, remote)| {
            let tls = driver.stack().and_then(Stack::tls);
            let tls = tls.map(Arc::clone);
            Arc::new(ConnectionFacts { local, remote, tls })
        });
        self.state().facts = facts;
    }

    /// Ends a synchronous operation: the request is ready for the next one.
    fn finish(
        &self,
        driver: Option<Box<Driver>>,
        operation: &Operation<E>,
        outcome: Result<()>,
    ) -> Result<u32> {
        let count = driver.as_ref().map_or(0, |driver| operation.count(driver));
        let mut state = self.state();
        let ended = state.end(driver, operation, outcome.as_ref().copied());
        // A callback of this very call may have closed the handle after the last step.
        let closed = self.handle.is_closed();
        let released = closed.then(|| state.release());
        drop(state);
        drop((ended.connection, released));
        if closed {
            outcome?;
            return Err(Error::OperationCancelled.into());
        }
        outcome.map(|()| count)
    }

    /// One turn on the lane.
    fn turn(&self) {
        let (mut driver, mut operation, lost) = {
            let mut state = self.state();
            let Some(operation) = state.parked.take() else {
                state.turn = Turn::None;
                return;
            };
            state.turn = Turn::Running {
                activity: Activity::Stepping,
                again: false,
            };
            let driver = state.driver.take();
            if let Some(endpoint) = &state.endpoint {
                endpoint.set_deadline(None);
            }
            (driver, operation, state.lost)
        };
        let here = winhttp_process::epoch();
        let progress = match &mut driver {
            Some(_) if lost => Err(Error::Internal.into()),
            Some(driver) => contained(|| self.advance(driver, &mut operation)),
            None => Err(self.without_connection().into()),
        };
        if !here.is_current() {
            // A callback has forked, and this is the child, where any lock may be held for ever: this thread ends, and what
            // it had in hand belongs to the parent.
            let _the_parents = ManuallyDrop::new((driver, operation, progress));
            return;
        }
        match progress {
            Ok(Progress::Wait(until)) => self.park(driver, operation, until),
            Ok(Progress::Done) => self.end_on_lane(driver, operation, Ok(())),
            Err(error) => self.end_on_lane(driver, operation, Err(error)),
        }
    }

    /// Why a request has nothing to continue with: its handle was closed between the call's look-up and its start, or
    /// its connection is gone, to a WebSocket or with a read that failed.
    fn without_connection(&self) -> Error {
        if self.handle.is_closed() {
            Error::OperationCancelled
        } else {
            Error::IncorrectHandleState
        }
    }

    fn park(&self, driver: Option<Box<Driver>>, operation: Operation<E>, until: Option<Instant>) {
        let mut state = self.state();
        state.driver = driver;
        state.parked = Some(operation);
        if let Some(endpoint) = &state.endpoint {
            endpoint.set_deadline(until);
        }
        let again = matches!(state.turn, Turn::Running { again: true, .. });
        self.stop_stepping(&mut state);
        if again {
            self.schedule(state);
        }
    }

    /// The turn is over; who closes the handle may wait for that.
    fn stop_stepping(&self, state: &mut RequestState<E>) {
        state.turn = Turn::None;
        if self.handle.is_closed() {
            self.stepped.notify_all();
        }
    }

    /// Ends an operation: the request is ready for the next one before the program is told.
    fn end_on_lane(
        &self,
        driver: Option<Box<Driver>>,
        operation: Operation<E>,
        outcome: Result<()>,
    ) {
        let count = driver.as_ref().map_or(0, |driver| operation.count(driver));
        let completion = outcome
            .clone()
            .and_then(|()| contained(|| Ok(operation.success(count))))
            .unwrap_or_else(|failure| operation.failure(failure));
        let mut behind = Completions::of(&self.handle);
        let mut state = self.state();
        let Ended {
            receive,
            connection,
        } = state.end(driver, &operation, outcome.as_ref().copied());
        self.stop_stepping(&mut state);
        let receives = matches!(receive, Follows::Begins);
        if receives {
            state.begin_receive();
        }
        if self.handle.is_closed() && !state.cancelled {
            // CloseHandle is about to report.
            state.unreported.push(completion);
            state.unreported.extend(receive.failure::<E>());
            drop(state);
            drop(connection);
            return;
        }
        if let Some(failure) = receive.failure::<E>() {
            behind.push(failure);
        }
        if !receives {
            state.refuse_receives(&mut behind);
        }
        let released = state.cancelled.then(|| state.release());
        drop(state);
        drop((connection, released, operation));
        let here = winhttp_process::epoch();
        self.handle.notify(&completion);
        if !here.is_current() {
            // As in `turn`: whatever is locked here stays so.
            let _the_parents = ManuallyDrop::new(behind);
            return;
        }
        behind.deliver();
        if receives {
            self.schedule(self.state());
        }
    }
}

/// What the end of an operation leaves.
pub(super) struct Ended {
    pub(super) receive: Follows,
    /// The connection, if that ends too; to be dropped without the lock.
    pub(super) connection: Released,
}

/// What becomes of a ReceiveResponse that was called while SendRequest ran.
pub(super) enum Follows {
    /// There was none, or it is not its turn.
    Nothing,
    Begins,
    Fails(Error),
}

impl Follows {
    /// What the program is told if it fails.
    pub(super) fn failure<E: Embedder>(&self) -> Option<Notification<'static>> {
        match self {
            Self::Fails(error) => Some(Operation::<E>::Receive.failure((*error).into())),
            Self::Nothing | Self::Begins => None,
        }
    }
}

impl<E: Embedder> RequestState<E> {
    fn set_activity(&mut self, activity: Activity) {
        if let Turn::Running { again, .. } = self.turn {
            self.turn = Turn::Running { activity, again };
        }
    }

    /// The request takes its next operation.
    pub(super) fn end(
        &mut self,
        driver: Option<Box<Driver>>,
        operation: &Operation<E>,
        outcome: Result<(), &Failure>,
    ) -> Ended {
        self.pending = None;
        self.waker = None;
        self.driver = driver;
        let connection = match outcome {
            Ok(()) => {
                self.succeed(operation);
                (None, None)
            }
            Err(_) => self.fail(operation),
        };
        Ended {
            receive: self.follows(operation, outcome),
            connection,
        }
    }

    fn follows(&mut self, operation: &Operation<E>, outcome: Result<(), &Failure>) -> Follows {
        let is_send = matches!(operation, Operation::Send(..));
        if !is_send || self.receives_waiting == 0 {
            return Follows::Nothing;
        }
        self.receives_waiting -= 1;
        match outcome {
            Ok(()) => Follows::Begins,
            Err(failure) if failure.error() == Error::OperationCancelled => {
                Follows::Fails(Error::OperationCancelled)
            }
            Err(_) => Follows::Fails(Error::IncorrectHandleState),
        }
    }

    /// Nothing may come between a send and the receive that was asked for: it waits for the lane.
    fn begin_receive(&mut self) {
        self.phase = Phase::Receiving;
        self.pending = Some(RequestOperation::ReceiveResponse);
        self.parked = Some(Operation::Receive);
    }

    fn succeed(&mut self, operation: &Operation<E>) {
        match operation {
            Operation::Send(..) => self.phase = Phase::Sent,
            Operation::Receive => {
                self.phase = Phase::Response;
                self.response = self.driver.as_mut().and_then(|driver| driver.take_head());
            }
            Operation::Write(..) | Operation::Available | Operation::Read(..) => {}
        }
    }

    /// A failed send or receive ends the exchange, unless its answer came first; a failed read leaves the response's
    /// head readable.
    pub(super) fn fail(&mut self, operation: &Operation<E>) -> Released {
        let answered = self
            .driver
            .as_ref()
            .is_some_and(|driver| driver.is_answered());
        if answered && matches!(operation, Operation::Write(..)) {
            return (None, None);
        }
        match operation {
            Operation::Send(..) | Operation::Receive | Operation::Write(..) => {
                self.phase = Phase::Failed;
                self.release()
            }
            Operation::Available | Operation::Read(..) => (self.driver.take(), None),
        }
    }
}

impl<E: Embedder> job::Operation for Request<E> {
    fn step(self: Arc<Self>) {
        self.turn();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;
    use crate::api::edge::{Silent, handles_of};
    use crate::api::{OpenSession, ProxyAccess};

    #[test]
    fn nobody_is_called_for_what_is_not_selected_so_that_closing_need_not_leave_the_rest_to_that_call()
     {
        let handles = handles_of(OpenSession {
            agent: None,
            proxy: ProxyAccess::Direct,
            asynchronous: true,
            secure_defaults: false,
        });
        let request = handles.library.request(handles.request).unwrap();
        let observer = Silent::default();
        request.handle.set_observer(Some(observer.clone()));
        request.tell(&Notification::SendingRequest);
        assert_eq!(observer.0.load(Ordering::Relaxed), 0);
    }
}
