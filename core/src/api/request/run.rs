//! Running operations: on the caller's thread, or on the handle's lane in turns.

use std::mem::ManuallyDrop;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use winhttp_proto::embed::Embedder;
use winhttp_proto::error::{self, Error};
use winhttp_proto::exchange::Turn;
use winhttp_proto::failure::{Failure, Result};
use winhttp_proto::notify::{Notification, Observer as _, RequestOperation};

use super::life::{Activity, Attached, Place, Standing};
use super::operation::Operation;
use super::{ConnectionFacts, Locked, Request, RequestState};
use crate::api::completions::Completions;
use crate::api::handle::Stepwise;
use crate::contain::contained;
use crate::engine::clock;
use crate::engine::driver::Step;
use crate::engine::pool::Aside;
use crate::engine::sleeper::{self, Sleeper};
use crate::engine::transport::Stack;

/// Where an operation stands after as many steps as were possible.
enum Progress {
    Done,
    Wait(Option<Instant>),
    /// There is more to do, after others have had a turn.
    Yield,
}

impl<E: Embedder> Request<E> {
    /// How a call waits: here and now in synchronous mode; asynchronously it does not.
    pub(super) fn sleeper(&self) -> error::Result<Option<Arc<Sleeper>>> {
        if self.handle.is_asynchronous() {
            return Ok(None);
        }
        sleeper::current().map(Some)
    }

    /// Begins an operation on the connection that is there.
    ///
    /// Returns the operation's byte count, which means nothing for an asynchronous start.
    pub(super) fn begin(&self, state: Locked<'_, E>, operation: Operation<E>) -> Result<u32> {
        let sleeper = self.sleeper()?;
        let Some(attached) = state.life.attached().cloned() else {
            // It is gone, to a WebSocket or with a read that failed.
            let error = Error::IncorrectHandleState;
            return self.refuse(state, operation.name(), error).map(|()| 0);
        };
        self.run(state, attached, operation, sleeper)
    }

    /// Runs an operation: to its end in synchronous mode, else it is started.
    pub(super) fn run(
        &self,
        mut state: Locked<'_, E>,
        attached: Attached,
        mut operation: Operation<E>,
        sleeper: Option<Arc<Sleeper>>,
    ) -> Result<u32> {
        let call = operation.name();
        let Some(sleeper) = sleeper else {
            let on_caller = operation.begins_on_caller();
            *state.life.place(call) = Place::parked(attached, operation);
            if on_caller {
                self.schedule_here(state);
            } else {
                self.schedule(state);
            }
            return Ok(0);
        };
        let waker = sleeper.waker();
        *state.life.place(call) = Place::Blocking { call, waker };
        drop(state);
        if call != RequestOperation::WriteData {
            // A write needs no look-up, and the call beside it may.
            attached.driver().set_wake(sleeper.waker());
        }
        let here = winhttp_process::epoch();
        let outcome = contained(|| self.run_to_end(&attached, &mut operation, &sleeper));
        if !here.is_current() {
            // A callback has forked, and this is the child, where the lock may be held for ever.
            return Err(Error::OperationCancelled.into());
        }
        self.finish(attached, &mut operation, outcome)
            .map(|()| operation.count())
    }

    fn run_to_end(
        &self,
        attached: &Attached,
        operation: &mut Operation<E>,
        sleeper: &Sleeper,
    ) -> Result<()> {
        loop {
            let mut progress = self.advance(attached, operation)?;
            if let Progress::Wait(until) = progress {
                let call = operation.name();
                let looks = attached.driver().waits_for_answer(call);
                progress = match looks {
                    true => self.wait_for_answer(attached, operation, sleeper, until)?,
                    false => wait_once(attached, call, sleeper, until)?,
                };
            }
            if let Progress::Done = progress {
                return Ok(());
            }
        }
    }

    /// Looks for the answer for a while where that pays, then sleeps.
    fn wait_for_answer(
        &self,
        attached: &Attached,
        operation: &mut Operation<E>,
        sleeper: &Sleeper,
        until: Option<Instant>,
    ) -> Result<Progress> {
        let mut spin = *attached.driver().spin();
        let call = operation.name();
        let mut operation = operation;
        let found = spin.wait(
            &mut operation,
            |operation| match self.advance(attached, operation) {
                Ok(Progress::Wait(_)) => None,
                progress => Some(progress),
            },
            |_| wait_once(attached, call, sleeper, until),
        );
        *attached.driver().spin() = spin;
        found
    }

    /// Steps until the operation is done or must wait; notifications are delivered in between,
    /// without any lock.
    fn advance(&self, attached: &Attached, operation: &mut Operation<E>) -> Result<Progress> {
        let call = operation.name();
        let here = winhttp_process::epoch();
        let mut now = clock::now();
        loop {
            // A callback may have forked: in the child the connection is somebody else's, and the
            // lock may be held for ever.
            if !here.is_current() {
                return Err(Error::OperationCancelled.into());
            }
            // A timeout that was set meanwhile governs the waits from here on.
            let (timeouts, expires) = {
                let state = self.state();
                (state.timeouts, state.expires)
            };
            let turn = Turn {
                // A callback may have closed the handle.
                cancelled: self.handle.is_closed(),
                expires,
                ..Turn::new(now, &timeouts)
            };
            let observer = self.handle.observer();
            let is_silent = |step: &Result<Step>| {
                let Ok(Step::Notify(news)) = step else {
                    return false;
                };
                let selects = |observer: &E::Observer| observer.selects(news);
                // From then on the program may ask for the connection.
                *news != Notification::SendingRequest && !observer.as_ref().is_some_and(selects)
            };
            let mut driver = attached.driver();
            let mut step = operation.step(&mut driver, turn);
            while is_silent(&step) {
                step = operation.step(&mut driver, turn);
            }
            let (returning, aside) = (driver.take_returning(), driver.take_aside());
            let is_told =
                matches!(&step, Ok(Step::Notify(other)) if *other != Notification::SendingRequest);
            // Before that the program is told of a connection, but cannot ask for it.
            let is_new = !is_told && driver.has_new_connection();
            drop(driver);
            if let Some(returning) = returning {
                returning.settle();
            }
            aside.into_iter().for_each(Aside::settle);
            let step = match step {
                Ok(step) => step,
                Err(failure) => {
                    self.reroute(attached, operation, failure)?;
                    now = clock::now();
                    continue;
                }
            };
            if is_new {
                self.note_connection(attached);
            }
            match step {
                Step::Notify(notification) => {
                    self.note_record(attached, &notification);
                    if self.tell(call, &notification) {
                        now = clock::now(); // that was the program's time
                    }
                }
                Step::Wait(until) => return Ok(Progress::Wait(until)),
                Step::Yield => return Ok(Progress::Yield),
                Step::Answered => {
                    self.answered(attached, operation)?;
                    now = clock::now();
                }
                Step::Routes => match self.routed(attached, operation)? {
                    true => now = clock::now(),
                    false => return Ok(Progress::Wait(attached.routes_until())),
                },
                Step::Tunnel => self.ask_for_tunnel(attached),
                Step::Done => return Ok(Progress::Done),
            }
        }
    }

    /// Delivers an informational notification of the operation that runs; `true` if the program's
    /// code may have run.
    pub(super) fn tell(&self, call: RequestOperation, notification: &Notification) -> bool {
        if !self.handle.is_told_of(notification) {
            return false; // and whoever closes the handle need not leave the rest to this thread
        }
        if !self.handle.is_asynchronous() {
            self.handle.notify(notification);
            return true;
        }
        let mut state = self.state();
        if self.handle.is_closed() {
            return false; // whoever closes it waits for the end of the step
        }
        state.set_activity(call, Activity::Notifying);
        drop(state);
        let here = winhttp_process::epoch();
        self.handle.notify(notification);
        // A callback may have forked: in the child the lock may be held for ever.
        if here.is_current() {
            self.state().set_activity(call, Activity::Stepping);
        }
        true
    }

    /// Makes addresses and certificate known: they can be queried from SENDING_REQUEST on.
    fn note_connection(&self, attached: &Attached) {
        let driver = attached.driver();
        let facts = driver.ends().map(|ends| {
            let tls = driver.stack().and_then(Stack::tls);
            // That of a proxy is not the server's.
            let tls = tls
                .filter(|_| driver.exchange().is_secure())
                .map(Arc::clone);
            let socket = driver.stack().and_then(Stack::socket);
            Arc::new(ConnectionFacts {
                ends,
                tls,
                socket: socket.map(Arc::downgrade).unwrap_or_default(),
                last: OnceLock::new(),
            })
        });
        drop(driver);
        self.state().facts = facts;
    }

    /// Makes known what is recorded by now: a callback can query it.
    fn note_record(&self, attached: &Attached, before: &Notification) {
        if !self.handle.is_told_of(before) {
            return; // nobody can ask meanwhile
        }
        let record = *attached.driver().exchange().record();
        self.state().record = Some(record);
    }

    /// Ends a synchronous operation: the request is ready for the next one.
    fn finish(
        &self,
        attached: Attached,
        operation: &mut Operation<E>,
        outcome: Result<()>,
    ) -> Result<()> {
        let call = operation.name();
        let mut state = self.state();
        state.keep_given(operation, outcome.is_ok());
        let released = self.end(&mut state, &attached, call, outcome.as_ref().copied());
        // A callback of this very call may have closed the handle after the last step.
        let closed = self.handle.is_closed();
        let before = closed.then(|| state.life.close());
        let others = state.life.places_mut().map(|place| place.waker());
        drop(state);
        // What has ended this call may end the one beside it.
        for waker in others.into_iter().flatten() {
            waker.wake();
        }
        drop((released, before, attached));
        if closed {
            outcome?;
            return Err(Error::OperationCancelled.into());
        }
        outcome
    }

    /// As [`RequestState::end`]; a response that was received becomes visible.
    fn end(
        &self,
        state: &mut RequestState<E>,
        attached: &Attached,
        call: RequestOperation,
        outcome: Result<(), &Failure>,
    ) -> Option<Standing> {
        let is_closed = matches!(state.life.standing, Standing::Closed);
        if call == RequestOperation::ReceiveResponse && outcome.is_ok() && !is_closed {
            let mut driver = attached.driver();
            let response = driver.take_head();
            state.is_of_proxy = driver.exchange().is_of_proxy();
            drop(driver);
            if let Some(response) = response.as_ref().filter(|_| !state.is_of_proxy) {
                self.responded(state, response);
            }
            state.response = response;
        }
        state.end(attached, call, outcome)
    }

    /// One turn of this call on the lane, if it waits for that.
    fn turn(&self, call: RequestOperation) {
        let (attached, mut operation, lost) = {
            let mut state = self.state();
            let place = state.life.place(call);
            let Some((attached, operation)) = place.take_parked() else {
                return;
            };
            *place = Place::Turning {
                call: operation.name(),
                activity: Activity::Stepping,
                again: false,
            };
            attached.driver().set_deadline(state.life.deadline());
            (attached, operation, state.lost)
        };
        let here = winhttp_process::epoch();
        let progress = if lost {
            Err(Error::Internal.into())
        } else {
            contained(|| self.advance(&attached, &mut operation))
        };
        if !here.is_current() {
            // A callback has forked, and this is the child, where any lock may be held for ever:
            // this thread ends, and what it had in hand belongs to the parent.
            let _the_parents = ManuallyDrop::new((attached, operation, progress));
            return;
        }
        match progress {
            Ok(Progress::Wait(until)) => self.park(attached, operation, until, false),
            Ok(Progress::Yield) => self.park(attached, operation, None, true),
            Ok(Progress::Done) => self.end_on_lane(attached, operation, Ok(())),
            Err(failure) => self.end_on_lane(attached, operation, Err(failure)),
        }
    }

    /// The operation waits for its next turn, which follows at once if there is more to do.
    fn park(
        &self,
        attached: Attached,
        operation: Operation<E>,
        until: Option<Instant>,
        more: bool,
    ) {
        let mut state = self.state();
        let driver = attached.clone();
        let place = state.life.place(operation.name());
        let again = more || matches!(place, Place::Turning { again: true, .. });
        *place = Place::Parked {
            attached,
            operation,
            until,
            queued: false,
        };
        driver.driver().set_deadline(state.life.deadline());
        self.stop_stepping();
        if again {
            self.schedule(state);
        }
    }

    /// The turn is over; who closes the handle may wait for that.
    fn stop_stepping(&self) {
        if self.handle.is_closed() {
            self.stepped.notify_all();
        }
    }

    /// Ends an operation: the request is ready for the next one before the program is told.
    fn end_on_lane(&self, attached: Attached, mut operation: Operation<E>, outcome: Result<()>) {
        let call = operation.name();
        let completion = outcome
            .clone()
            .and_then(|()| contained(|| Ok(operation.success())))
            .unwrap_or_else(|failure| operation.failure(failure));
        let mut behind = Completions::of(&self.handle);
        let mut state = self.state();
        state.keep_given(&mut operation, outcome.is_ok());
        let released = self.end(&mut state, &attached, call, outcome.as_ref().copied());
        let receive = state.follows(call, outcome.as_ref().copied());
        self.stop_stepping();
        let receives = matches!(receive, Follows::Begins);
        if receives {
            state.begin_receive();
        }
        if self.handle.is_closed() && !state.cancelled {
            // CloseHandle is about to report.
            state.unreported.push(completion);
            state.unreported.extend(receive.failure());
            drop(state);
            drop((released, attached));
            return;
        }
        if let Some(failure) = receive.failure() {
            behind.push(failure);
        }
        if !receives && call != RequestOperation::WriteData {
            state.refuse_receives(&mut behind);
        }
        let before = state.cancelled.then(|| state.life.close());
        // What has ended this call may end the one beside it.
        let goes_on = state.life.is_parked();
        drop(state);
        drop((released, before, attached, operation));
        let here = winhttp_process::epoch();
        self.handle.notify(&completion);
        if !here.is_current() {
            // As in `turn`: whatever is locked here stays so.
            let _the_parents = ManuallyDrop::new(behind);
            return;
        }
        behind.deliver();
        if goes_on {
            self.schedule(self.state());
        }
    }
}

/// Sleeps until something may have happened.
fn wait_once(
    attached: &Attached,
    call: RequestOperation,
    sleeper: &Sleeper,
    until: Option<Instant>,
) -> Result<Progress> {
    let interests = attached.driver().interests(call);
    sleeper.wait(&interests, until)?;
    Ok(Progress::Yield)
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
    pub(super) fn failure(&self) -> Option<Notification> {
        match self {
            Self::Fails(error) => Some(Notification::RequestError(
                RequestOperation::ReceiveResponse,
                (*error).into(),
            )),
            Self::Nothing | Self::Begins => None,
        }
    }
}

impl<E: Embedder> RequestState<E> {
    fn set_activity(&mut self, call: RequestOperation, now: Activity) {
        if let Place::Turning { activity, .. } = self.life.place(call) {
            *activity = now;
        }
    }

    /// What a send that has succeeded was lent stays lent until the response is received.
    fn keep_given(&mut self, operation: &mut Operation<E>, has_succeeded: bool) {
        if has_succeeded && let Some(given) = operation.keep() {
            self.given = Some(given);
        }
    }

    /// The call is over, and the request takes its next one. Gives what stood before, maybe with a
    /// connection that ends; to be dropped without the lock.
    pub(super) fn end(
        &mut self,
        attached: &Attached,
        call: RequestOperation,
        outcome: Result<(), &Failure>,
    ) -> Option<Standing> {
        *self.life.place(call) = Place::Free;
        match (call, outcome) {
            (RequestOperation::ReceiveResponse, Ok(())) => self.end_authentication(false),
            (RequestOperation::SendRequest | RequestOperation::ReceiveResponse, Err(failure)) => {
                self.end_authentication(failure.error() == Error::ResendRequest);
            }
            _ => {}
        }
        self.record = Some(*attached.driver().exchange().record());
        if matches!(self.life.standing, Standing::Closed) {
            return None;
        }
        if outcome.is_err() {
            let released = self.life.fail(call, attached);
            if let (Some(_), Some(facts)) = (&released, &self.facts) {
                facts.let_go();
            }
            return released;
        }
        self.life.succeed(call, attached)
    }

    /// What becomes of a ReceiveResponse behind the call that has ended.
    pub(super) fn follows(
        &mut self,
        call: RequestOperation,
        outcome: Result<(), &Failure>,
    ) -> Follows {
        if call != RequestOperation::SendRequest || self.receives_waiting == 0 {
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
        if let Some(attached) = self.life.attached().cloned() {
            let given = self.given.take();
            let place = self.life.place(RequestOperation::ReceiveResponse);
            *place = Place::parked(attached, Operation::Receive(given));
        }
    }
}

impl<E: Embedder> Stepwise for Request<E> {
    fn step(self: Arc<Self>) {
        self.turn(RequestOperation::WriteData);
        self.turn(RequestOperation::ReceiveResponse);
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
        request.tell(RequestOperation::SendRequest, &Notification::SendingRequest);
        assert_eq!(observer.0.load(Ordering::Relaxed), 0);
    }
}
