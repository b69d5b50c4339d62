//! WinHttpWebSocketCompleteUpgrade: from a request whose answer was 101 to a WebSocket.

use winhttp_proto::embed::Embedder;
use winhttp_proto::error::Error;
use winhttp_proto::exchange::legality::{Function, Verdict, verdict};
use winhttp_proto::exchange::{Call, Turn};
use winhttp_proto::failure::Result;
use winhttp_proto::notify::RequestOperation;
use winhttp_proto::option::{OptionId, Timeouts};

use super::life::{Attached, Life};
use super::{Locked, Request};
use crate::api::completions::Completions;
use crate::api::websocket::Upgraded;
use crate::contain::contained;
use crate::engine::clock;
use crate::engine::driver::{Driver, Step};
use crate::engine::sleeper::{self, Sleeper};

impl<E: Embedder> Request<E> {
    /// Takes the upgraded connection out of the request (WinHttpWebSocketCompleteUpgrade).
    ///
    /// # Errors
    /// As [`Library::complete_upgrade`](crate::api::Library::complete_upgrade), but for those of
    /// the handle.
    pub(in crate::api) fn take_upgraded(&self) -> Result<Upgraded> {
        let mut ended = Completions::of(&self.handle);
        let upgraded = self.upgraded(&mut ended);
        ended.deliver();
        upgraded
    }

    fn upgraded(&self, ended: &mut Completions<'_, E>) -> Result<Upgraded> {
        let mut state = self.state();
        if let Verdict::Fails(error) = verdict(Function::CompleteUpgrade, state.life.stage()) {
            return Err(error.into());
        }
        if !state.life.asked_upgrade() {
            return Err(Error::IncorrectHandleState.into());
        }
        // Allowed without ReceiveResponse (observed): the answer is received here, unseen by the
        // program.
        let unseen = matches!(state.life, Life::Sent(_));
        let Some(mut attached) = state.life.take_idle() else {
            return Err(Error::InvalidOperation.into());
        };
        if unseen {
            (state, attached) = self.receive_quietly(state, attached, ended)?;
        }
        match attached.driver.into_upgraded(state.response.as_deref()) {
            Ok((stack, inbox, endpoint)) => {
                state.life = Life::Gone {
                    asked_upgrade: true,
                };
                let limit = state.values.dword(OptionId::WEB_SOCKET_RECEIVE_BUFFER_SIZE);
                Ok(Upgraded {
                    stack,
                    inbox,
                    endpoint,
                    read_ahead: usize::try_from(limit).unwrap_or(usize::MAX),
                    send_timeout: Timeouts::effective(state.timeouts.send_ms),
                })
            }
            Err((driver, failure)) => {
                let attached = Attached { driver };
                state.life = if unseen {
                    Life::Sent(attached)
                } else {
                    Life::Responded(attached)
                };
                Err(failure)
            }
        }
    }

    /// Receives the response's head on this thread without notifications; the lock is let go
    /// meanwhile.
    fn receive_quietly<'s>(
        &'s self,
        mut state: Locked<'s, E>,
        mut attached: Attached,
        ended: &mut Completions<'_, E>,
    ) -> Result<(Locked<'s, E>, Attached)> {
        let sleeper = match sleeper::current() {
            Ok(sleeper) => sleeper,
            Err(error) => {
                state.life = Life::Sent(attached);
                return Err(error.into());
            }
        };
        state.life = Life::Blocking {
            call: RequestOperation::ReceiveResponse,
            waker: sleeper.waker(),
        };
        drop(state);
        let driver = &mut attached.driver;
        driver.set_wake(sleeper.waker());
        let received = contained(|| self.receive_head(driver, &sleeper));
        state = self.state();
        state.refuse_receives(ended);
        match received {
            Ok(()) => Ok((state, attached)),
            Err(failure) => {
                state.life = Life::Failed;
                drop(state);
                Err(failure)
            }
        }
    }

    fn receive_head(&self, driver: &mut Driver, sleeper: &Sleeper) -> Result<()> {
        loop {
            let timeouts = self.state().timeouts;
            let turn = Turn {
                cancelled: self.handle.is_closed(),
                ..Turn::new(clock::now(), &timeouts)
            };
            match driver.step(turn, Call::Receive)? {
                Step::Notify(_) | Step::Yield => {}
                Step::Done => return Ok(()),
                Step::Wait(until) => sleeper.wait(&driver.interests(), until)?,
            }
        }
    }
}
