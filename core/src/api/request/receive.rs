//! WinHttpReceiveResponse, WinHttpQueryDataAvailable and WinHttpReadData.

use winhttp_proto::embed::{Embedder, ReadMemory};
use winhttp_proto::error::Error;
use winhttp_proto::failure::Result;
use winhttp_proto::notify::RequestOperation;

use super::operation::Operation;
use super::{Locked, Phase, Request};
use crate::api::completions::Completions;
use crate::contain::contained;

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
    /// Synchronously what receiving fails with, and [`Error::IncorrectHandleState`] before a send; in asynchronous
    /// mode all that is notified.
    pub fn receive(&self) -> Result<()> {
        let mut state = self.state();
        match state.pending {
            Some(RequestOperation::SendRequest | RequestOperation::ReceiveResponse)
                if self.handle.is_asynchronous() =>
            {
                // One of two receives fails, and the program is told of that when it has been told of everything of the
                // first.
                state.receives_waiting = state.receives_waiting.saturating_add(1);
                Ok(())
            }
            Some(_) => {
                let error = Error::InvalidOperation;
                self.refuse(state, RequestOperation::ReceiveResponse, error)
            }
            None => match state.phase {
                Phase::Sent => self.start_receive(state),
                Phase::Created
                | Phase::Sending
                | Phase::Receiving
                | Phase::Response
                | Phase::Failed => {
                    let error = Error::IncorrectHandleState;
                    self.refuse(state, RequestOperation::ReceiveResponse, error)
                }
            },
        }
    }

    pub(super) fn start_receive(&self, mut state: Locked<'_, E>) -> Result<()> {
        if state.phase != Phase::Sent {
            return Err(Error::IncorrectHandleState.into());
        }
        state.phase = Phase::Receiving;
        self.run(state, Operation::Receive).map(|_| ())
    }

    /// Waits for body bytes (WinHttpQueryDataAvailable).
    ///
    /// `known` gets 0 once there is a response, and the number if it is known before the call returns, and before anybody
    /// is told.
    ///
    /// # Errors
    /// As [`Request::receive`].
    pub fn query_data_available(&self, mut known: impl FnMut(u32)) -> Result<Outcome> {
        let state = self.begin_receiving()?;
        if state.phase != Phase::Response {
            let error = Error::IncorrectHandleState;
            let refused = self.refuse(state, RequestOperation::QueryDataAvailable, error);
            return refused.map(|()| Outcome::Pending);
        }
        known(0);
        self.start_or_finish(state, Operation::Available, 1, known)
    }

    /// Reads body bytes (WinHttpReadData): fills the buffer unless the body ends; with `any`, takes what is there
    /// (WinHttpReadDataEx). `known` gets the number if it is known before the call returns.
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
        let state = self.begin_receiving()?;
        if state.phase != Phase::Response {
            let error = Error::IncorrectHandleState;
            let refused = self.refuse(state, RequestOperation::ReadData, error);
            return refused.map(|()| Outcome::Pending);
        }
        self.start_or_finish(state, Operation::Read(buffer, 0, any), wanted, known)
    }

    /// Accepts a receiving operation.
    fn begin_receiving(&self) -> Result<Locked<'_, E>> {
        if self.handle.is_receiving() {
            return Err(Error::InvalidOperation.into());
        }
        let state = self.state();
        if state.pending.is_some() || self.handle.is_receiving() {
            return Err(Error::InvalidOperation.into());
        }
        self.handle.begin_receiving();
        Ok(state)
    }

    /// In asynchronous mode a read that needs no waiting is done at once, so that count and data are there when the
    /// call returns; its completion is delivered in order all the same.
    fn start_or_finish(
        &self,
        mut state: Locked<'_, E>,
        mut operation: Operation<E>,
        wanted: usize,
        known: impl FnOnce(u32),
    ) -> Result<Outcome> {
        if !self.handle.is_asynchronous() {
            known(self.run(state, operation)?);
            return Ok(Outcome::Done);
        }
        let timeouts = state.timeouts;
        let at_hand = contained(|| {
            let driver = state.driver.as_mut();
            let driver = driver.filter(|driver| driver.has_at_hand(wanted));
            Ok(driver.and_then(|driver| operation.finish_at_hand(driver, &timeouts)))
        });
        let (completion, connection) = match at_hand {
            Ok(None) => return self.run(state, operation).map(|_| Outcome::Pending),
            Ok(Some(count)) => {
                // The program may free the variable as soon as it was told.
                known(count);
                (operation.success(count), None)
            }
            Err(failure) => {
                let connection = state.fail(&operation);
                (operation.failure(failure), Some(connection))
            }
        };
        let mut ended = Completions::of_call(&self.handle);
        ended.push(completion);
        drop(state);
        drop(connection);
        Ok(if ended.deliver() {
            Outcome::Done
        } else {
            Outcome::Pending
        })
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
