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

    fn receive_head(&mut self, now: Instant, timeouts: &Timeouts) -> Result<Step<'_>> {
        loop {
            let State::Receiving { connection, since } = &mut self.state else {
                return Err(Error::Internal);
            };
            let whole = Timeouts::effective(timeouts.receive_response_ms);
            let deadline = clock::deadline(*since, whole);
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
            let space = connection
                .inbox
                .space_up_to(self.plan.limits.head.max_bytes);
            if space.is_empty() {
                let error = cannot_grow(&connection.inbox, self.plan.limits.head.max_bytes);
                return self.fail(error);
            }
            match connection.transport.read(space) {
                Ok(0) => {
                    // A FIN instead of a response, or of its end, is a broken response; a reset that a write has met
                    // looks the same here, but is none.
                    let lost = connection.upload.lost();
                    return self.fail(lost.unwrap_or(Error::InvalidServerResponse));
                }
                Ok(count) => {
                    connection.inbox.filled(count);
                    self.progress();
                }
                Err(error) if is_would_block(&error) => {
                    connection.inbox.release();
                    let left = match connection.upload.lost() {
                        Some(error) => Err(error),
                        None => self.time_left(now, Timeouts::effective(timeouts.receive_ms)),
                    };
                    return match left {
                        Ok(until) => Ok(Step::Wait(clock::earlier(until, deadline))),
                        Err(error) => self.fail(error),
                    };
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
