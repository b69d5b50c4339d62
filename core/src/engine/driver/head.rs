//! Receiving the response's head.

use std::time::Instant;

use winhttp_proto::error::Error;
use winhttp_proto::exchange::HeadEvent;
use winhttp_proto::failure::{Failure, Result};
use winhttp_proto::notify::Notification;
use winhttp_proto::option::Timeouts;

use super::reasons::{bad_answer, ended_in_head, head_too_large};
use super::{Closing, Driver, State, Step};
use crate::engine::buffers::Inbox;
use crate::engine::clock;
use crate::engine::timed_out::{Wait, left_since};
use crate::engine::transport::Read;

impl Driver {
    /// Receives the final response's head, skipping interim ones.
    ///
    /// # Errors
    /// A malformed response, the end of the connection, a timeout.
    pub fn step_head(&mut self, now: Instant, timeouts: &Timeouts) -> Result<Step<'_>> {
        match &self.state {
            State::Sent(_) => {
                self.turn(|connection| State::Receiving {
                    connection,
                    since: now,
                });
                self.progress();
                Ok(Step::Notify(Notification::ReceivingResponse))
            }
            State::Receiving { .. } => self.receive_head(now, timeouts),
            State::Open(_) => Ok(Step::Done),
            State::Start
            | State::Resolving(_)
            | State::Dialing(_)
            | State::Connected(_)
            | State::Handshaking(_)
            | State::Refused(_)
            | State::Announced(_)
            | State::Sending(_)
            | State::Failed => Err(Error::IncorrectHandleState.into()),
        }
    }

    fn receive_head(&mut self, now: Instant, timeouts: &Timeouts) -> Result<Step<'_>> {
        loop {
            let State::Receiving { connection, since } = &mut self.state else {
                return Err(Error::Internal.into());
            };
            let since = *since;
            match connection.exchange.head(connection.inbox.data()) {
                Ok(HeadEvent::Partial) => {}
                Ok(HeadEvent::Interim { status, consumed }) => {
                    connection.inbox.consume(consumed);
                    return Ok(Step::Notify(Notification::IntermediateResponse(
                        status.into(),
                    )));
                }
                Ok(HeadEvent::Final {
                    head,
                    consumed,
                    reusable,
                }) => {
                    connection.inbox.consume(consumed);
                    connection.head = Some(head);
                    if !reusable && self.plan.announces_close && !connection.exchange.is_upgraded()
                    {
                        connection.closing = Closing::Announced;
                    }
                    let bytes = u32::try_from(consumed).unwrap_or(u32::MAX);
                    self.turn(State::Open);
                    self.progress();
                    return Ok(Step::Notify(Notification::ResponseReceived(bytes)));
                }
                Err(error) => {
                    let input = connection.inbox.data();
                    let failure = bad_answer(error, input, &self.plan.head);
                    return self.fail(failure);
                }
            }
            if let Err(failure) = left_for_head(now, since, timeouts) {
                return self.fail(failure);
            }
            let space = connection
                .inbox
                .space_up_to(self.plan.limits.head.max_bytes);
            if space.is_empty() {
                let failure = cannot_grow(&connection.inbox, self.plan.limits.head.max_bytes);
                return self.fail(failure);
            }
            match connection.stack.read(space, &mut []) {
                Ok(Read::End { .. }) => {
                    // A FIN instead of a response, or of its end, is a broken response; a reset that a write has met
                    // looks the same here, but is none.
                    let lost = connection.upload.lost();
                    let received = connection.inbox.data().len();
                    return self.fail(lost.unwrap_or_else(|| ended_in_head(received)));
                }
                Ok(Read::Bytes { count, .. }) => {
                    connection.inbox.filled(count);
                }
                Ok(nothing) => {
                    connection.gave_up = nothing == Read::Again;
                    connection.inbox.release();
                    return match connection.upload.lost() {
                        Some(failure) => self.fail(failure),
                        None => self.wait_for_head(now, since, timeouts),
                    };
                }
                Err(failure) => return self.fail(failure),
            }
        }
    }

    /// Waits for more of a head that is waited for since `since`: each wait has its limit, and so have all of them.
    pub(super) fn wait_for_head(
        &mut self,
        now: Instant,
        since: Instant,
        timeouts: &Timeouts,
    ) -> Result<Step<'static>> {
        let whole = left_for_head(now, since, timeouts);
        let next = self.time_left(Wait::Receive, now, Timeouts::effective(timeouts.receive_ms));
        match (whole, next) {
            (Ok(whole), Ok(next)) => Ok(Step::Wait(clock::earlier(whole, next))),
            (Err(failure), _) | (_, Err(failure)) => self.fail(failure),
        }
    }
}

/// Until when the whole head must have come.
fn left_for_head(now: Instant, since: Instant, timeouts: &Timeouts) -> Result<Option<Instant>> {
    left_since(
        Wait::ReceiveResponse,
        since,
        now,
        Timeouts::effective(timeouts.receive_response_ms),
    )
}

/// Why a head that waits in the inbox cannot go on.
fn cannot_grow(inbox: &Inbox, limit: usize) -> Failure {
    if inbox.data().len() < limit {
        Error::NotEnoughMemory.into()
    } else {
        head_too_large()
    }
}
