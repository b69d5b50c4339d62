//! WinHttpWebSocketCompleteUpgrade: from a request whose answer was 101 to a WebSocket.

use winhttp_proto::embed::Embedder;
use winhttp_proto::error::Error;
use winhttp_proto::exchange::legality::{Function, Verdict};
use winhttp_proto::exchange::{Call, Turn};
use winhttp_proto::failure::Result;
use winhttp_proto::notify::RequestOperation;
use winhttp_proto::option::{OptionId, Timeouts};

use super::life::{Attached, Place, Standing};
use super::{Locked, Request};
use crate::api::completions::Completions;
use crate::api::websocket::Upgraded;
use crate::contain::contained;
use crate::engine::clock;
use crate::engine::driver::Step;
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
        if let Verdict::Fails(error) = state.verdict(Function::CompleteUpgrade) {
            return Err(error.into());
        }
        if !state.life.asked_upgrade() {
            return Err(Error::IncorrectHandleState.into());
        }
        // Allowed without ReceiveResponse (observed): the answer is received here, unseen by the
        // program.
        let unseen = matches!(state.life.standing, Standing::Sent(_));
        let Some(attached) = state.life.attached().cloned() else {
            return Err(Error::InvalidOperation.into());
        };
        if unseen {
            state = self.receive_quietly(state, &attached, ended)?;
        }
        let mut driver = attached.driver();
        let taken = driver.take_upgraded(state.response.as_deref());
        // Unseen by the program, but not without effect.
        let response = taken.is_ok().then(|| driver.take_head()).flatten();
        drop(driver);
        let (stack, inbox, endpoint) = taken?;
        if let Some(response) = response {
            self.responded(&mut state, &response);
        }
        let gone = Standing::Gone {
            asked_upgrade: true,
        };
        let before = std::mem::replace(&mut state.life.standing, gone);
        let limit = state.values.dword(OptionId::WEB_SOCKET_RECEIVE_BUFFER_SIZE);
        let send_timeout = Timeouts::effective(state.timeouts.send_ms);
        drop(state);
        // The exchange gives its place to others, who are woken: without the lock.
        drop((before, attached));
        Ok(Upgraded {
            stack,
            inbox,
            endpoint,
            read_ahead: usize::try_from(limit).unwrap_or(usize::MAX),
            send_timeout,
        })
    }

    /// Receives the response's head on this thread without notifications; the lock is let go
    /// meanwhile.
    fn receive_quietly<'s>(
        &'s self,
        mut state: Locked<'s, E>,
        attached: &Attached,
        ended: &mut Completions<'_, E>,
    ) -> Result<Locked<'s, E>> {
        let sleeper = sleeper::current()?;
        let call = RequestOperation::ReceiveResponse;
        let waker = sleeper.waker();
        *state.life.place(call) = Place::Blocking { call, waker };
        drop(state);
        attached.driver().set_wake(sleeper.waker());
        let received = contained(|| self.receive_head(attached, &sleeper));
        state = self.state();
        *state.life.place(call) = Place::Free;
        state.refuse_receives(ended);
        match received {
            Ok(()) => Ok(state),
            Err(failure) => {
                let before = std::mem::replace(&mut state.life.standing, Standing::Failed);
                drop(state);
                drop(before);
                Err(failure)
            }
        }
    }

    fn receive_head(&self, attached: &Attached, sleeper: &Sleeper) -> Result<()> {
        loop {
            let timeouts = self.state().timeouts;
            let turn = Turn {
                cancelled: self.handle.is_closed(),
                ..Turn::new(clock::now(), &timeouts)
            };
            let mut driver = attached.driver();
            let step = driver.step(turn, Call::RECEIVE);
            let returning = driver.take_returning();
            drop(driver);
            if let Some(returning) = returning {
                returning.settle();
            }
            match step? {
                Step::Notify(_) | Step::Yield => {}
                // Whoever has not received it gets it as it is.
                Step::Answered => attached.driver().give(),
                Step::Tunnel => self.ask_for_tunnel(attached),
                // What was sent has its route.
                Step::Routes => return Err(Error::Internal.into()),
                Step::Done => return Ok(()),
                Step::Wait(until) => {
                    let call = RequestOperation::ReceiveResponse;
                    let interests = attached.driver().interests(call);
                    sleeper.wait(&interests, until)?;
                }
            }
        }
    }
}
