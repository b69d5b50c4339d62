//! Running operations: on the caller's thread, or on the handle's lane in turns.

use std::sync::Arc;
use std::time::Instant;

use super::operation::Operation;
use super::{ConnectionFacts, Phase, Request, RequestState, Turn};
use crate::api::job;
use crate::contain::contained;
use crate::embed::Embedder;
use crate::engine::clock;
use crate::engine::driver::{Driver, Step};
use crate::engine::sleeper::{self, Sleeper};
use crate::engine::transport::Transport;
use crate::error::{Error, Result};
use crate::notify::{Notification, RequestOperation};

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
            state.parked = Some(operation);
            self.schedule(state);
            return Ok(0);
        }
        let sleeper = match sleeper::current() {
            Ok(sleeper) => sleeper,
            Err(error) => {
                state.driver = Some(driver);
                return Err(error);
            }
        };
        state.pending = Some(operation.name());
        state.waker = Some(sleeper.waker());
        drop(state);
        driver.set_wake(sleeper.waker());
        let mut operation = operation;
        let outcome = contained(|| self.run_to_end(&mut driver, &mut operation, &sleeper));
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
                return Err(Error::OperationCancelled);
            }
            let now = clock::now();
            match operation.step(driver, now)? {
                Step::Notify(Notification::SendingRequest) => {
                    self.note_connection(driver);
                    self.handle.notify(&Notification::SendingRequest);
                }
                Step::Notify(notification) => self.handle.notify(&notification),
                Step::Wait(Some(until)) if until <= now => {}
                Step::Wait(until) => return Ok(Progress::Wait(until)),
                Step::Done => return Ok(Progress::Done),
            }
        }
    }

    /// Makes addresses and certificate known: they can be queried from SENDING_REQUEST on.
    fn note_connection(&self, driver: &Driver) {
        let facts = driver.addresses().map(|(local, remote)| {
            let tls = driver.transport().and_then(Transport::tls);
            let tls = tls.map(Arc::clone);
            Arc::new(ConnectionFacts { local, remote, tls })
        });
        self.state().facts = facts;
    }

    /// Ends an operation: the request is ready for the next one before anybody is told.
    fn finish(
        &self,
        driver: Option<Box<Driver>>,
        operation: &Operation<E>,
        outcome: Result<()>,
    ) -> Result<u32> {
        self.finish_with(driver, operation, outcome).0
    }

    /// As `finish`; also whether ReceiveResponse was called meanwhile: it has the request already if the send succeeded.
    fn finish_with(
        &self,
        driver: Option<Box<Driver>>,
        operation: &Operation<E>,
        outcome: Result<()>,
    ) -> (Result<u32>, bool) {
        let count = driver.as_ref().map_or(0, |driver| operation.count(driver));
        let mut state = self.state();
        let follows =
            matches!(operation, Operation::Send(_)) && std::mem::take(&mut state.receive_follows);
        // Nothing may come between a send and the receive that was asked for.
        let next = RequestOperation::ReceiveResponse;
        state.pending = (follows && outcome.is_ok()).then_some(next);
        state.waker = None;
        state.driver = driver;
        state.turn = Turn::None;
        match outcome {
            Ok(()) => state.succeed(operation),
            Err(_) => state.fail(operation),
        }
        let closed = self.handle.is_closed();
        let dropped = if closed {
            (state.driver.take(), state.endpoint.take())
        } else {
            (None, None)
        };
        drop(state);
        drop(dropped);
        // A callback of this very call may have closed the handle after the last step.
        let result = match outcome {
            Ok(()) if closed && !self.handle.is_asynchronous() => Err(Error::OperationCancelled),
            outcome => outcome.map(|()| count),
        };
        (result, follows)
    }

    /// One turn on the lane.
    fn turn(&self) {
        let (mut driver, mut operation, lost) = {
            let mut state = self.state();
            let Some(operation) = state.parked.take() else {
                state.turn = Turn::None;
                return;
            };
            state.turn = Turn::Running;
            let driver = state.driver.take();
            if let Some(endpoint) = &state.endpoint {
                endpoint.set_deadline(None);
            }
            (driver, operation, state.lost)
        };
        let progress = match &mut driver {
            Some(_) if lost => Err(Error::Internal),
            Some(driver) => contained(|| self.advance(driver, &mut operation)),
            None => Err(self.without_connection()),
        };
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
        let again = state.turn == Turn::RunningAgain;
        state.turn = Turn::None;
        if again {
            self.schedule(state);
        }
    }

    fn end_on_lane(
        &self,
        driver: Option<Box<Driver>>,
        operation: Operation<E>,
        outcome: Result<()>,
    ) {
        let (ended, follows) = self.finish_with(driver, &operation, outcome);
        match ended {
            Ok(count) => {
                let success = contained(|| Ok(operation.success(count)));
                let told = success.unwrap_or_else(|error| operation.failure(error));
                self.handle.notify(&told);
            }
            Err(error) => self.handle.notify(&operation.failure(error)),
        }
        drop(operation);
        if follows {
            self.follow_up(ended.is_ok());
        }
    }

    /// ReceiveResponse was called before the send was complete: it runs, or fails, now.
    fn follow_up(&self, sent: bool) {
        let result = if sent {
            self.start_receive(self.state())
        } else {
            Err(Error::IncorrectHandleState)
        };
        if let Err(error) = result {
            self.handle.notify(&Operation::<E>::Receive.failure(error));
        }
    }
}

impl<E: Embedder> RequestState<E> {
    fn succeed(&mut self, operation: &Operation<E>) {
        match operation {
            Operation::Send(_) => self.phase = Phase::Sent,
            Operation::Receive => {
                self.phase = Phase::Response;
                self.response = self.driver.as_mut().and_then(|driver| driver.take_head());
            }
            Operation::Write(..) | Operation::Available | Operation::Read(..) => {}
        }
    }

    /// A failed send or receive ends the exchange; a failed read leaves the response's head readable.
    fn fail(&mut self, operation: &Operation<E>) {
        self.driver = None;
        match operation {
            Operation::Send(_) | Operation::Receive | Operation::Write(..) => {
                self.phase = Phase::Failed;
                self.endpoint = None;
            }
            Operation::Available | Operation::Read(..) => {}
        }
    }
}

impl<E: Embedder> job::Operation for Request<E> {
    fn step(self: Arc<Self>) {
        self.turn();
    }
}
