//! The operations of a request, with the memory the caller lent to each, and the notification that ends each.

use std::time::Instant;

use winhttp_proto::embed::{Embedder, ReadMemory, WriteMemory};
use winhttp_proto::failure::{Failure, Result};
use winhttp_proto::notify::{Notification, RequestOperation};
use winhttp_proto::option::Timeouts;

use crate::engine::clock;
use crate::engine::driver::{Driver, Step};

/// A call that may have to wait.
pub(super) enum Operation<E: Embedder> {
    /// WinHttpSendRequest, with the optional data, and whether it ends only when the response's head is there.
    Send(Option<E::WriteBuffer>, Awaits),
    /// WinHttpWriteData; bytes taken so far.
    Write(E::WriteBuffer, usize),
    /// WinHttpReceiveResponse.
    Receive,
    /// WinHttpQueryDataAvailable.
    Available,
    /// WinHttpReadData(Ex); bytes read so far, and whether any number of bytes will do.
    Read(E::ReadBuffer, usize, bool),
}

/// What SendRequest waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaits {
    /// The system has the head and the data given with the call.
    Sent,
    /// The response's head has arrived as well (observed on Windows, where nothing is left to send).
    Head,
}

impl<E: Embedder> Operation<E> {
    /// Moves on by one step; the request's `timeouts` are those of this moment.
    pub(super) fn step<'d>(
        &mut self,
        driver: &'d mut Driver,
        now: Instant,
        timeouts: &Timeouts,
    ) -> Result<Step<'d>> {
        match self {
            Self::Send(body, awaits) => {
                if driver.is_sent() && *awaits == Awaits::Head {
                    return driver.await_head(now, timeouts);
                }
                let body = body.as_ref().map(WriteMemory::bytes).unwrap_or_default();
                driver.step_send(now, timeouts, body)
            }
            Self::Write(data, written) => driver.step_write(now, timeouts, data.bytes(), written),
            Self::Receive => driver.step_head(now, timeouts),
            Self::Available => driver.step_available(now, timeouts),
            Self::Read(buffer, filled, any) => {
                driver.step_read(now, timeouts, buffer.bytes(), filled, *any)
            }
        }
    }

    /// Which call this is.
    pub(super) fn name(&self) -> RequestOperation {
        match self {
            Self::Send(..) => RequestOperation::SendRequest,
            Self::Write(..) => RequestOperation::WriteData,
            Self::Receive => RequestOperation::ReceiveResponse,
            Self::Available => RequestOperation::QueryDataAvailable,
            Self::Read(..) => RequestOperation::ReadData,
        }
    }

    /// It begins inside the call where the session allows that: what needs no waiting then ends there too.
    pub(super) fn begins_on_caller(&self) -> bool {
        matches!(self, Self::Receive | Self::Write(..))
    }

    /// The bytes a finished operation moved; what its out parameter gets.
    pub(super) fn count(&self, driver: &Driver) -> u32 {
        let count = match self {
            Self::Available => return driver.available(),
            Self::Write(_, written) => *written,
            Self::Read(_, filled, _) => *filled,
            Self::Send(..) | Self::Receive => 0,
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The notification of success.
    pub(super) fn success(&self, count: u32) -> Notification<'static> {
        match self {
            Self::Send(body, _) => Notification::SendRequestComplete {
                address: body.as_ref().map_or(0, WriteMemory::address),
                bytes: body.as_ref().map_or(0, |body| {
                    u32::try_from(body.bytes().len()).unwrap_or(u32::MAX)
                }),
            },
            Self::Write(..) => Notification::WriteComplete(count),
            Self::Receive => Notification::HeadersAvailable,
            Self::Available => Notification::DataAvailable(count),
            Self::Read(buffer, ..) => Notification::ReadComplete {
                address: buffer.address(),
                bytes: count,
            },
        }
    }

    /// The notification of failure.
    pub(super) fn failure(&self, failure: Failure) -> Notification<'static> {
        Notification::RequestError(self.name(), failure)
    }
}

impl<E: Embedder> Operation<E> {
    /// Finishes a read for which everything was received already; `None` if there is more to do than that.
    pub(super) fn finish_at_hand(
        &mut self,
        driver: &mut Driver,
        timeouts: &Timeouts,
    ) -> Option<u32> {
        if driver.ends_connection() {
            return None; // the end of the connection is to be notified on the way
        }
        match self.step(driver, clock::now(), timeouts) {
            Ok(Step::Done) => Some(self.count(driver)),
            Ok(Step::Notify(_) | Step::Again | Step::Wait(_)) | Err(_) => None,
        }
    }
}
