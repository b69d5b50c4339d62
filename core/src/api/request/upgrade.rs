//! WinHttpWebSocketCompleteUpgrade: from a request whose answer was 101 to a WebSocket.

use winhttp_proto::embed::Embedder;
use winhttp_proto::error::Error;
use winhttp_proto::failure::Result;
use winhttp_proto::handle::{HandleId, HandleKind};
use winhttp_proto::option::OptionId;

use super::{Phase, Request};
use crate::api::completions::Completions;
use crate::api::library::{Library, Object};
use crate::api::websocket::{Upgraded, WebSocket};
use crate::contain::contained;
use crate::engine::clock;
use crate::engine::driver::{Driver, Step};
use crate::engine::sleeper;

impl<E: Embedder> Library<E> {
    /// Makes the WebSocket of a request whose upgrade was accepted (WinHttpWebSocketCompleteUpgrade).
    ///
    /// # Errors
    /// [`Error::InvalidHandle`], [`Error::IncorrectHandleType`]; [`Error::IncorrectHandleState`] if no upgrade was sent;
    /// [`Error::InvalidOperation`] if the server did not agree, an operation is pending, or the WebSocket was made
    /// before.
    pub fn complete_upgrade(&self, request: u64, context: usize) -> Result<HandleId> {
        let request = self.request(request)?;
        let mut ended = Completions::of(request.handle());
        let upgraded = request.take_upgraded(&mut ended);
        ended.deliver();
        let upgraded = upgraded?;
        let make = |id| {
            let parent = request.connect.handle();
            let handle = super::Handle::child(parent, &request.handle, id, HandleKind::WebSocket);
            handle.set_context(context);
            Object::WebSocket(WebSocket::new(upgraded, handle))
        };
        Ok(self.create(make)?)
    }
}

impl<E: Embedder> Request<E> {
    /// Takes the upgraded connection out of the request.
    fn take_upgraded(&self, ended: &mut Completions<'_, E>) -> Result<Upgraded> {
        let mut state = self.state();
        if state.pending.is_some() {
            return Err(Error::InvalidOperation.into());
        }
        if !state.upgrading || !matches!(state.phase, Phase::Sent | Phase::Response) {
            return Err(Error::IncorrectHandleState.into());
        }
        let mut driver = state.driver.take().ok_or(Error::InvalidOperation)?;
        if state.phase == Phase::Sent {
            // Allowed without ReceiveResponse (observed): the answer is received here, unseen by the program.
            state.pending = Some(winhttp_proto::notify::RequestOperation::ReceiveResponse);
            drop(state);
            let received = contained(|| self.receive_quietly(&mut driver));
            state = self.state();
            state.pending = None;
            state.waker = None;
            state.refuse_receives(ended);
            if let Err(error) = received {
                state.phase = Phase::Failed;
                return Err(error);
            }
        }
        let Some((stack, inbox)) = driver.take_upgraded() else {
            let failure = driver.upgrade_refused(state.response.as_deref());
            state.driver = Some(driver);
            return Err(failure);
        };
        let limit = state.values.dword(OptionId::WEB_SOCKET_RECEIVE_BUFFER_SIZE);
        Ok(Upgraded {
            stack,
            inbox,
            endpoint: state.endpoint.take(),
            read_ahead: usize::try_from(limit).unwrap_or(usize::MAX),
            send_timeout: winhttp_proto::option::Timeouts::effective(state.timeouts.send_ms),
        })
    }

    /// Receives the response's head on this thread without notifications.
    fn receive_quietly(&self, driver: &mut Driver) -> Result<()> {
        let sleeper = sleeper::current()?;
        self.state().waker = Some(sleeper.waker());
        driver.set_wake(sleeper.waker());
        loop {
            if self.handle.is_closed() {
                return Err(Error::OperationCancelled.into());
            }
            let timeouts = self.state().timeouts;
            let until = match driver.step_head(clock::now(), &timeouts)? {
                Step::Notify(_) | Step::Again => continue,
                Step::Done => return Ok(()),
                Step::Wait(until) => until,
            };
            sleeper.wait(&driver.interests(), until)?;
        }
    }
}
