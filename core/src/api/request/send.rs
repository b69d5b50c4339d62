//! WinHttpSendRequest, WinHttpWriteData and WinHttpAddRequestHeaders.

use std::sync::Arc;

use winhttp_proto::embed::{Embedder, WriteMemory};
use winhttp_proto::error::{self, Error};
use winhttp_proto::failure::{Failure, Result};
use winhttp_proto::header::edit::{self, EditError, Modifiers};
use winhttp_proto::header::{HeaderList, text};
use winhttp_proto::notify::{Notification, RequestOperation};

use super::operation::{Awaits, Operation};
use super::{LaneWake, Phase, Request, RequestState};
use crate::api::completions::Completions;
use crate::engine::connect::dial::Attach;
use crate::engine::driver::{Driver, Plan};
use crate::engine::reactor::{Endpoint, Ready};
use crate::engine::sleeper::{self, Wake};
use crate::room::room_for;

/// Copies of the headers: the draft of an edit, what is sent, its bytes on the wire, and the same once more.
const HEADER_COPIES: usize = 4;

/// The body arguments of WinHttpSendRequest.
#[derive(Debug)]
pub struct Body<W> {
    /// Bytes sent right behind the head.
    pub optional: Option<W>,
    /// Length of the whole body in bytes; the rest follows with WinHttpWriteData. With 0, the Content-Length that the
    /// program has added counts, if there is one.
    pub total: u32,
}

impl<E: Embedder> Request<E> {
    /// Edits the headers the program adds (WinHttpAddRequestHeaders). All or nothing.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for malformed text, [`Error::HeaderNotFound`] for replacing what is not there,
    /// [`Error::HeaderAlreadyExists`] for adding what must be new.
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

    /// Sends the request (WinHttpSendRequest).
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for malformed headers, for lengths that exceed or contradict each other,
    /// [`Error::InvalidOperation`] while an operation is
    /// pending; synchronously also what connecting and sending fail with. In asynchronous mode those are notified.
    pub fn send(
        &self,
        headers: Option<&str>,
        body: Body<E::WriteBuffer>,
        context: usize,
    ) -> Result<()> {
        let optional_len = body
            .optional
            .as_ref()
            .map_or(0, |optional| optional.bytes().len());
        let optional_len = u64::try_from(optional_len).unwrap_or(u64::MAX);
        if u64::from(body.total) < optional_len && body.total != 0 {
            return Err(Error::InvalidParameter.into());
        }
        let thread = self.have_thread();
        let mut state = self.state();
        if state.pending.is_some() {
            return Err(Error::InvalidOperation.into());
        }
        state.have_room_for_headers(headers.map_or(0, str::len))?;
        if let Some(headers) = headers {
            edit::add_text(&mut state.headers, headers, Modifiers::ADD_OR_REPLACE)
                .map_err(Error::from)?;
        }
        if context != 0 {
            self.handle.set_context(context);
        }
        let total = body_length(&state.headers, body.total, optional_len)?;
        state.restart();
        state.use_up_credentials();
        let plan = match self.plan(&mut state, total) {
            Ok(plan) => plan,
            Err(error) => return self.refuse(state, RequestOperation::SendRequest, error),
        };
        state.body_left = total - optional_len;
        state.phase = Phase::Sending;
        if let Err(error) = thread.and_then(|()| self.prepare(&mut state, plan)) {
            return self.refuse(state, RequestOperation::SendRequest, error);
        }
        let all_given = state.body_left == 0 && !state.frames_own_body();
        let awaits = if all_given && self.handle.is_inline() {
            Awaits::Head
        } else {
            Awaits::Sent
        };
        self.run(state, Operation::Send(body.optional, awaits))
            .map(|_| ())
    }

    /// Sends more of the body (WinHttpWriteData).
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] beyond the announced length, [`Error::IncorrectHandleState`] at the wrong time.
    pub fn write(&self, data: E::WriteBuffer) -> Result<u32> {
        let mut state = self.state();
        if state.pending.is_some() {
            return Err(Error::InvalidOperation.into());
        }
        if state.phase != Phase::Sent {
            return self
                .refuse(
                    state,
                    RequestOperation::WriteData,
                    Error::IncorrectHandleState,
                )
                .map(|()| 0);
        }
        let length = u64::try_from(data.bytes().len()).unwrap_or(u64::MAX);
        if length > state.body_left && !state.frames_own_body() {
            return Err(Error::InvalidParameter.into());
        }
        state.body_left = state.body_left.saturating_sub(length);
        self.run(state, Operation::Write(data, 0))
    }

    /// A request whose state forbids the operation: synchronously that is the result, asynchronously it is notified
    /// while the call succeeds.
    pub(super) fn refuse(
        &self,
        mut state: super::Locked<'_, E>,
        operation: RequestOperation,
        failure: impl Into<Failure>,
    ) -> Result<()> {
        let failure = failure.into();
        if operation == RequestOperation::SendRequest {
            state.phase = Phase::Failed;
        }
        if !self.handle.is_asynchronous() {
            return Err(failure);
        }
        let mut ended = Completions::of_call(&self.handle);
        ended.push(Notification::RequestError(operation, failure));
        drop(state);
        ended.deliver();
        Ok(())
    }

    /// Has the thread run that continues the operation. Where none can be started, callbacks of others may run here: the
    /// state must not be locked.
    fn have_thread(&self) -> error::Result<()> {
        let Some(thread) = self.handle.delivery().thread() else {
            return Ok(());
        };
        thread.ensure_running().map_err(|_| Error::NotEnoughMemory)
    }

    /// Makes the driver, and the endpoint through which the poll reports to this request.
    fn prepare(&self, state: &mut RequestState<E>, plan: Plan) -> error::Result<()> {
        let (wake, attach): (Arc<dyn Wake>, Option<Arc<dyn Attach>>) =
            match self.handle.delivery().thread() {
                None => (sleeper::current()?.waker(), None),
                Some(thread) => {
                    let owner: std::sync::Weak<dyn Ready> = self.myself.clone();
                    let endpoint = Arc::new(Endpoint::new(&thread.reactor(), owner));
                    state.endpoint = Some(Arc::clone(&endpoint));
                    let wake = Arc::new(LaneWake(self.myself.clone()));
                    (wake, Some(endpoint))
                }
            };
        state.driver = Some(Box::new(Driver::new(plan, wake, attach)));
        Ok(())
    }
}

impl<E: Embedder> RequestState<E> {
    /// Forgets the last exchange; its connection is closed.
    fn restart(&mut self) {
        self.driver = None;
        self.endpoint = None;
        self.response = None;
        self.facts = None;
        self.lost = false;
        self.upgrading = false;
    }

    /// Finds out whether the headers, and so many bytes more, can be edited and written.
    fn have_room_for_headers(&self, bytes: usize) -> error::Result<()> {
        let all = self.headers.bytes().saturating_add(bytes);
        room_for(all.saturating_mul(HEADER_COPIES))
    }

    /// The program writes its own chunk framing: lengths are its own business.
    fn frames_own_body(&self) -> bool {
        self.headers.contains("Transfer-Encoding")
    }
}

/// Bytes of the whole body: what the call or the program's Content-Length says, which must agree where both speak
/// (WINHTTP_IGNORE_REQUEST_TOTAL_LENGTH is 0), and at least what is given with the call.
fn body_length(headers: &HeaderList, total: u32, optional_len: u64) -> error::Result<u64> {
    let total = u64::from(total);
    if !headers.contains("Content-Length") {
        return Ok(total.max(optional_len));
    }
    let announced = announced_length(headers).ok_or(Error::InvalidParameter)?;
    let agrees = total == 0 || total == announced;
    // RFC 9112 §6.2: a message has one framing.
    if !agrees || announced < optional_len || headers.contains("Transfer-Encoding") {
        return Err(Error::InvalidParameter);
    }
    Ok(announced)
}

/// What the program's Content-Length headers say, if that is one number.
fn announced_length(headers: &HeaderList) -> Option<u64> {
    let mut lengths = headers.all("Content-Length").map(|value| {
        let digits = text::trim_blanks(value);
        let digits = digits.iter().all(u8::is_ascii_digit).then_some(digits)?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    });
    let first: u64 = lengths.next()??;
    lengths.all(|length| length == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(fields: &[(&str, &str)], total: u32, optional_len: u64) -> Option<u64> {
        let mut headers = HeaderList::new();
        for (name, value) in fields {
            headers.push(name, value);
        }
        body_length(&headers, total, optional_len).ok()
    }

    #[test]
    fn without_a_header_the_call_says_the_length() {
        assert_eq!(length(&[], 0, 0), Some(0));
        assert_eq!(length(&[], 7, 3), Some(7));
        assert_eq!(length(&[], 0, 3), Some(3));
        assert_eq!(length(&[("Transfer-Encoding", "chunked")], 0, 0), Some(0));
    }

    #[test]
    fn with_total_0_the_header_says_it() {
        let of = |value| length(&[("content-length", value)], 0, 2);
        assert_eq!(of("5"), Some(5));
        assert_eq!(of(" 5\t"), Some(5));
        assert_eq!(of("2"), Some(2));
        assert_eq!(of("1"), None, "less than is given");
        assert_eq!(of("18446744073709551615"), Some(u64::MAX));
        for bad in [
            "18446744073709551616",
            "",
            "+5",
            "-5",
            "5, 5",
            "0x5",
            "many",
        ] {
            assert_eq!(of(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn header_and_call_must_agree() {
        let of = |value, total| length(&[("Content-Length", value)], total, 0);
        assert_eq!(of("5", 5), Some(5));
        assert_eq!(of("5", 6), None);
        assert_eq!(of("4294967301", 5), None, "not even in 32 bits");
    }

    #[test]
    fn a_message_has_one_framing() {
        let of = |second| length(&[("Content-Length", "5"), second], 0, 0);
        assert_eq!(of(("Content-Length", "5")), Some(5));
        assert_eq!(of(("Content-Length", "6")), None);
        assert_eq!(of(("Content-Length", "")), None);
        assert_eq!(of(("transfer-encoding", "chunked")), None);
    }
}
