//! WinHttpSendRequest, WinHttpWriteData and WinHttpAddRequestHeaders.

use std::sync::Arc;

use winhttp_proto::embed::{Embedder, WriteMemory};
use winhttp_proto::error::{self, Error};
use winhttp_proto::exchange::Awaits;
use winhttp_proto::exchange::legality::{Function, Verdict};
use winhttp_proto::exchange::request_body::RequestBody;
use winhttp_proto::failure::{Failure, Result};
use winhttp_proto::header::HeaderList;
use winhttp_proto::header::edit::{self, EditError, Modifiers};
use winhttp_proto::notify::{Notification, RequestOperation};

use super::destination::Wanted;
use super::life::{Attached, Standing};
use super::operation::Operation;
use super::plan::{Payload, Plan};
use super::{LaneWake, Locked, Request, RequestState};
use crate::api::autoproxy::Lookup;
use crate::api::completions::Completions;
use crate::engine::driver::Driver;
use crate::engine::pool;
use crate::engine::reactor::{Place, Ready};
use crate::engine::sleeper::{Sleeper, Wake};
use crate::room::room_for;

/// Copies of the headers: the draft of an edit, what is sent, its bytes on the wire, and the same
/// once more.
const HEADER_COPIES: usize = 4;

/// The body arguments of WinHttpSendRequest.
#[derive(Debug)]
pub struct Body<W> {
    /// Bytes sent right behind the head.
    pub optional: Option<W>,
    /// Length of the whole body in bytes; the rest follows with WinHttpWriteData. With 0, the
    /// Content-Length that the program has added counts, if there is one.
    pub total: u32,
}

impl<E: Embedder> Request<E> {
    /// Edits the headers the program adds (WinHttpAddRequestHeaders). All or nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for malformed text, [`Error::HeaderNotFound`] for replacing what
    /// is not there, [`Error::HeaderAlreadyExists`] for adding what must be new.
    pub fn add_headers(&self, text: &str, modifiers: Modifiers) -> error::Result<()> {
        self.edit_headers(text.len(), |list| edit::add_text(list, text, modifiers))
    }

    /// As [`Request::add_headers`], for pairs of name and value in the bytes that go on the wire
    /// (WinHttpAddRequestHeadersEx).
    ///
    /// # Errors
    /// As [`Request::add_headers`].
    pub fn add_all(&self, pairs: &[(String, Vec<u8>)], modifiers: Modifiers) -> error::Result<()> {
        let bytes = pairs.iter().map(|(name, value)| name.len() + value.len());
        self.edit_headers(bytes.sum(), |list| {
            let mut changed = list.clone();
            for (name, value) in pairs {
                edit::add_pair(&mut changed, name, value, modifiers)?;
            }
            *list = changed;
            Ok(())
        })
    }

    fn edit_headers(
        &self,
        bytes: usize,
        change: impl Fn(&mut HeaderList) -> Result<(), EditError>,
    ) -> error::Result<()> {
        let mut state = self.state();
        state.have_room_for_headers(bytes)?;
        change(&mut state.headers)?;
        // What was sent shows the change too, as far as it applies there.
        if let Some(sent) = &mut state.sent_headers {
            let _ = change(sent);
        }
        Ok(())
    }

    /// The context value that WinHttpSendRequest is given, before anything of that call can fail:
    /// HANDLE_CLOSING finds the program's context by it. 0 leaves the one before.
    pub fn take_context(&self, context: usize) {
        if context != 0 {
            self.handle.set_context(context);
        }
    }

    /// Sends the request (WinHttpSendRequest).
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for malformed headers, for lengths that exceed or contradict
    /// each other, [`Error::InvalidOperation`] while an operation is pending; synchronously also
    /// what connecting and sending fail with. In asynchronous mode those are notified.
    pub fn send(&self, headers: Option<&str>, body: Body<E::WriteBuffer>) -> Result<()> {
        let optional_len = body
            .optional
            .as_ref()
            .map_or(0, |optional| optional.bytes().len());
        let optional_len = u64::try_from(optional_len).unwrap_or(u64::MAX);
        if u64::from(body.total) < optional_len && body.total != 0 {
            return Err(Error::InvalidParameter.into());
        }
        let thread = self.handle.delivery().have_thread();
        let mut state = self.state();
        if let Verdict::Begins = state.verdict(Function::SendRequest) {
            // The last exchange lets its connection go before the next one asks for one; without
            // the lock, as that may wake others.
            let before = state.restart();
            drop(state);
            drop(before);
            state = self.state();
        }
        match state.verdict(Function::SendRequest) {
            Verdict::Begins => {}
            Verdict::Follows => return Err(Error::InvalidOperation.into()),
            Verdict::Fails(error) => return Err(error.into()),
            Verdict::Refused(error) => {
                return self.refuse(state, RequestOperation::SendRequest, error);
            }
        }
        state.have_room_for_headers(headers.map_or(0, str::len))?;
        if let Some(headers) = headers {
            edit::add_text(&mut state.headers, headers, Modifiers::ADD_OR_REPLACE)
                .map_err(Error::from)?;
        }
        let moved = state.moved.clone();
        let leg = self.leg(moved.as_deref());
        let (left, length, piece) = RequestBody::new(
            leg.verb,
            &state.headers,
            leg.chunks,
            body.total,
            optional_len,
        )?;
        state.begin_authentication();
        let given = body.optional.as_ref().map(WriteMemory::bytes);
        let payload = Payload {
            bytes: length,
            whole: left.is_complete().then(|| given.unwrap_or_default()),
            is_later_leg: false,
        };
        let prepared = self.plan(&mut state, payload).and_then(|plan| {
            thread?;
            self.prepare(plan)
        });
        let (attached, sleeper) = match prepared {
            Ok(prepared) => prepared,
            Err(failure) => {
                state.life.standing = Standing::Failed;
                return self.refuse(state, RequestOperation::SendRequest, failure);
            }
        };
        state.body = left;
        let awaits = if left.is_complete() && self.handle.is_inline() {
            Awaits::Head
        } else {
            Awaits::Sent
        };
        self.run(
            state,
            attached,
            Operation::Send(body.optional, piece, awaits),
            sleeper,
        )
        .map(|_| ())
    }

    /// Sends more of the body (WinHttpWriteData); `ends` a body that is chunked automatically.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] beyond the end of the body, [`Error::IncorrectHandleState`] at
    /// the wrong time.
    pub fn write(&self, data: E::WriteBuffer, ends: bool) -> Result<u32> {
        let mut state = self.state();
        match state.verdict(Function::WriteData) {
            Verdict::Begins => {}
            Verdict::Follows => return Err(Error::InvalidOperation.into()),
            Verdict::Fails(error) => return Err(error.into()),
            Verdict::Refused(error) => {
                let refused = self.refuse(state, RequestOperation::WriteData, error);
                return refused.map(|()| 0);
            }
        }
        let length = u64::try_from(data.bytes().len()).unwrap_or(u64::MAX);
        let piece = state.body.take(length, ends)?;
        self.begin(state, Operation::Write(data, piece, 0))
    }

    /// A request whose state forbids the operation: synchronously that is the result,
    /// asynchronously it is notified while the call succeeds.
    pub(super) fn refuse(
        &self,
        state: Locked<'_, E>,
        operation: RequestOperation,
        failure: impl Into<Failure>,
    ) -> Result<()> {
        let failure = failure.into();
        if !self.handle.is_asynchronous() {
            return Err(failure);
        }
        let mut ended = Completions::of_call(&self.handle);
        ended.push(Notification::RequestError(operation, failure));
        drop(state);
        ended.deliver();
        Ok(())
    }

    /// Makes the driver, and what the call waits with: a sleeper, or the endpoint through which the
    /// poll reports.
    fn prepare(&self, plan: Plan) -> Result<(Attached, Option<Arc<Sleeper>>)> {
        let sleeper = self.sleeper()?;
        let wake = sleeper.as_ref().map(|sleeper| sleeper.waker());
        Ok((Attached::new(self.driver(plan, wake)?), sleeper))
    }

    /// The driver of what is planned, and the look-up that it waits for; asynchronously nobody but
    /// the poll, the pool and that wakes it.
    ///
    /// # Errors
    /// [`Error::NotEnoughMemory`] if no look-up can be started.
    pub(super) fn driver(
        &self,
        plan: Plan,
        waker: Option<Arc<dyn Wake>>,
    ) -> Result<(Driver, Option<Lookup>)> {
        let place = self.handle.delivery().thread().map(|thread| {
            let owner: std::sync::Weak<dyn Ready> = self.myself.clone();
            Place::new(thread.reactor(), owner)
        });
        let wake = waker.unwrap_or_else(|| Arc::new(LaneWake(self.myself.clone())));
        if let Some(asked) = plan.asks {
            let session = self.connect.session();
            let lookup = session.look_up_proxy(&asked.url, asked.query, asked.timeouts, &wake)?;
            let route = plan.connection.route;
            let driver = Driver::unrouted(plan.request, route, wake, place);
            return Ok((driver, Some(lookup)));
        }
        let Wanted {
            route,
            key,
            demand,
            ahead,
        } = plan.connection;
        let asked = pool::ask(&key, demand, ahead, || Arc::clone(&wake));
        let driver = Driver::new(plan.request, route, wake, place, asked);
        Ok((driver, None))
    }
}

impl<E: Embedder> RequestState<E> {
    /// Forgets the last exchange; gives what it had.
    fn restart(&mut self) -> Standing {
        self.response = None;
        self.is_of_proxy = false;
        self.facts = None;
        self.record = None;
        self.lost = false;
        self.expires = false;
        self.redirects = 0;
        self.routes = None;
        self.given = None;
        std::mem::replace(&mut self.life.standing, Standing::Created)
    }

    /// Finds out whether the headers, and so many bytes more, can be edited and written.
    fn have_room_for_headers(&self, bytes: usize) -> error::Result<()> {
        let all = self.headers.bytes().saturating_add(bytes);
        room_for(all.saturating_mul(HEADER_COPIES))
    }
}
