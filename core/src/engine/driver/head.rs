//! Receiving the response's head.

use std::time::Instant;

use super::{Closing, Driver, State, Step};
use crate::engine::buffers::Inbox;
use crate::engine::clock;
use crate::engine::tls::is_would_block;
use crate::error::{Error, Result};
use crate::notify::Notification;
use crate::option::Timeouts;
use crate::proto::exchange::HeadEvent;

impl Driver {
    /// Receives the final response's head, skipping interim ones.
    ///
    /// # Errors
    /// A malformed response, the end of the connection, a timeout.
    pub fn step_head(&mut self, now: Instant) -> Result<Step<'_>> {
        match &self.state {
            State::Sent(_) => {
                let deadline = clock::deadline(
                    now,
                    Timeouts::effective(self.plan.timeouts.receive_response_ms),
                );
                self.turn(|connection| State::Receiving {
                    connection,
                    deadline,
                });
                self.progress();
                Ok(Step::Notify(Notification::ReceivingResponse))
            }
            State::Receiving { .. } => self.receive_head(now),
            State::Open(_) => Ok(Step::Done),
            State::Start
            | State::Resolving { .. }
            | State::Dialing(_)
            | State::Connected(_)
            | State::Handshaking { .. }
            | State::Refused(_)
            | State::Announced(_)
            | State::Sending(_)
            | State::Failed => Err(Error::IncorrectHandleState),
        }
    }

    fn receive_head(&mut self, now: Instant) -> Result<Step<'_>> {
        loop {
            let State::Receiving {
                connection,
                deadline,
            } = &mut self.state
            else {
                return Err(Error::Internal);
            };
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
                Err(error) => return self.fail(error),
            }
            if deadline.is_some_and(|deadline| deadline <= now) {
                return self.fail(Error::Timeout);
            }
            let deadline = *deadline;
            let space = connection
                .inbox
                .space_up_to(self.plan.limits.head.max_bytes);
            if space.is_empty() {
                let error = cannot_grow(&connection.inbox, self.plan.limits.head.max_bytes);
                return self.fail(error);
            }
            match connection.transport.read(space) {
                Ok(0) => {
                    // Nothing at all means that the connection died; a piece of a head is a broken response.
                    let error = if connection.inbox.is_empty() {
                        Error::ConnectionError
                    } else {
                        Error::InvalidServerResponse
                    };
                    return self.fail(error);
                }
                Ok(count) => {
                    connection.inbox.filled(count);
                    self.progress();
                }
                Err(error) if is_would_block(&error) => {
                    connection.inbox.release();
                    let until =
                        self.wait(now, Timeouts::effective(self.plan.timeouts.receive_ms))?;
                    return Ok(Step::Wait(clock::earlier(until, deadline)));
                }
                Err(error) => {
                    let error = connection.transport.error(&error);
                    return self.fail(error);
                }
            }
        }
    }
}

/// Why a head that waits in the inbox cannot go on.
fn cannot_grow(inbox: &Inbox, limit: usize) -> Error {
    if inbox.data().len() < limit {
        Error::NotEnoughMemory
    } else {
        Error::HeaderSizeOverflow
    }
}
