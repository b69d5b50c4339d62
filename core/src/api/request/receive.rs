//! WinHttpReceiveResponse, WinHttpQueryDataAvailable and WinHttpReadData.

use winhttp_proto::embed::{Embedder, ReadMemory};
use winhttp_proto::error::Error;
use winhttp_proto::exchange::Turn;
use winhttp_proto::exchange::legality::{Function, Verdict};
use winhttp_proto::failure::Result;
use winhttp_proto::notify::RequestOperation;

use super::life::Standing;
use super::operation::Operation;
use super::{Locked, Request, RequestState};
use crate::api::completions::Completions;
use crate::contain::contained;
use crate::engine::clock;
use crate::engine::driver::Step;

/// What a read call did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Finished; in asynchronous mode the completion was delivered on this thread already.
    Done,
    /// The completion comes on another thread.
    Pending,
}

impl<E: Embedder> Request<E> {
    /// Receives the response's head (WinHttpReceiveResponse).
    ///
    /// # Errors
    /// Synchronously what receiving fails with, and [`Error::IncorrectHandleState`] before a send;
    /// in asynchronous mode all that is notified.
    pub fn receive(&self) -> Result<()> {
        let mut state = self.state();
        let call = RequestOperation::ReceiveResponse;
        match state.verdict(Function::ReceiveResponse) {
            Verdict::Begins => {
                let given = state.given.take();
                self.begin(state, Operation::Receive(given)).map(|_| ())
            }
            Verdict::Follows if self.handle.is_asynchronous() => {
                // One of two receives fails, and the program is told of that when it has been told
                // of everything of the first.
                state.receives_waiting = state.receives_waiting.saturating_add(1);
                Ok(())
            }
            Verdict::Follows => self.refuse(state, call, Error::InvalidOperation),
            Verdict::Fails(error) | Verdict::Refused(error) => self.refuse(state, call, error),
        }
    }

    /// Waits for body bytes (WinHttpQueryDataAvailable).
    ///
    /// `known` gets 0 once there is a response, and the number if it is known before the call
    /// returns, and before anybody is told.
    ///
    /// # Errors
    /// As [`Request::receive`].
    pub fn query_data_available(&self, mut known: impl FnMut(u32)) -> Result<Outcome> {
        let (state, verdict) = self.begin_receiving(Function::QueryDataAvailable)?;
        if let Verdict::Refused(error) = verdict {
            let refused = self.refuse(state, RequestOperation::QueryDataAvailable, error);
            return refused.map(|()| Outcome::Pending);
        }
        known(0);
        self.start_or_finish(state, Operation::Available(0), 1, known)
    }

    /// Reads body bytes (WinHttpReadData): fills the buffer unless the body ends; with `any`, takes
    /// what is there (WinHttpReadDataEx). `known` gets the number if it is known before the call
    /// returns.
    ///
    /// # Errors
    /// As [`Request::receive`].
    pub fn read(
        &self,
        mut buffer: E::ReadBuffer,
        any: bool,
        known: impl FnOnce(u32),
    ) -> Result<Outcome> {
        let wanted = if any { 1 } else { buffer.bytes().len() };
        let (state, verdict) = self.begin_receiving(Function::ReadData)?;
        if let Verdict::Refused(error) = verdict {
            let refused = self.refuse(state, RequestOperation::ReadData, error);
            return refused.map(|()| Outcome::Pending);
        }
        self.start_or_finish(state, Operation::Read(buffer, 0, any), wanted, known)
    }

    /// Accepts a receiving operation, which may be refused all the same when its turn comes.
    fn begin_receiving(&self, function: Function) -> Result<(Locked<'_, E>, Verdict)> {
        if self.handle.is_receiving() {
            return Err(Error::InvalidOperation.into());
        }
        let state = self.state();
        let verdict = state.verdict(function);
        if let Verdict::Fails(error) = verdict {
            return Err(error.into());
        }
        if self.handle.is_receiving() {
            return Err(Error::InvalidOperation.into());
        }
        self.handle.begin_receiving();
        Ok((state, verdict))
    }

    /// In asynchronous mode a read that needs no waiting is done at once, so that count and data
    /// are there when the call returns; its completion is delivered in order all the same.
    fn start_or_finish(
        &self,
        mut state: Locked<'_, E>,
        mut operation: Operation<E>,
        wanted: usize,
        known: impl FnOnce(u32),
    ) -> Result<Outcome> {
        if !self.handle.is_asynchronous() {
            known(self.begin(state, operation)?);
            return Ok(Outcome::Done);
        }
        let at_hand = contained(|| state.finish_at_hand(&mut operation, wanted));
        let mut released = None;
        let completion = match at_hand {
            Ok(false) => return self.begin(state, operation).map(|_| Outcome::Pending),
            Ok(true) => {
                // The program may free the variable as soon as it was told.
                known(operation.count());
                operation.success()
            }
            Err(failure) => {
                if let Some(attached) = state.life.attached().cloned() {
                    let ended = state.end(&attached, operation.name(), Err(&failure));
                    released = Some((ended, attached));
                }
                operation.failure(failure)
            }
        };
        let returning = state.life.take_returning();
        let mut ended = Completions::of_call(&self.handle);
        ended.push(completion);
        drop(state);
        let ended_with_it = released.is_some();
        drop(released);
        if let Some(returning) = returning {
            returning.settle();
        }
        if ended_with_it {
            // What has ended this call ends the one beside it.
            self.schedule(self.state());
        }
        Ok(if ended.deliver() {
            Outcome::Done
        } else {
            Outcome::Pending
        })
    }
}

impl<E: Embedder> RequestState<E> {
    /// Does a read for which everything was received already; `false` if there is more to do than
    /// that.
    fn finish_at_hand(&mut self, operation: &mut Operation<E>, wanted: usize) -> Result<bool> {
        let Standing::Responded(attached) = &self.life.standing else {
            return Ok(false);
        };
        // The driver may be in use by a write, which is not waited for.
        if self.life.is_turning() {
            return Ok(false);
        }
        let mut driver = attached.driver();
        if !driver.has_at_hand(wanted) {
            return Ok(false);
        }
        let turn = Turn {
            expires: self.expires,
            ..Turn::new(clock::now(), &self.timeouts)
        };
        Ok(matches!(operation.step(&mut driver, turn)?, Step::Done))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::api::edge::handles_of;
    use crate::api::{OpenSession, ProxyAccess};

    #[test]
    fn what_is_outstanding_when_a_call_begins_is_refused_whatever_ends_while_it_waits() {
        let handles = handles_of(OpenSession {
            agent: None,
            proxy: ProxyAccess::Direct,
            asynchronous: true,
            secure_defaults: false,
        });
        let request = handles.library.request(handles.request).unwrap();
        request.handle.begin_receiving();
        let state = request.state();
        let (say, said) = channel();
        let caller = {
            let request = std::sync::Arc::clone(&request);
            thread::spawn(move || say.send(request.query_data_available(|_| {})))
        };
        let refused = said.recv_timeout(Duration::from_secs(10));
        drop(state);
        assert_eq!(refused, Ok(Err(Error::InvalidOperation.into())));
        caller.join().unwrap().unwrap();
    }
}
