//! The operations of a request, with the memory the caller lent to each, and the notification that
//! ends each.

use winhttp_proto::embed::{Embedder, ReadMemory, WriteMemory};
use winhttp_proto::exchange::request_body::Piece;
use winhttp_proto::exchange::{Awaits, Call, Turn};
use winhttp_proto::failure::{Failure, Result};
use winhttp_proto::notify::{Notification, RequestOperation};

use crate::engine::driver::{Driver, Step};

/// A call that may have to wait.
pub(super) enum Operation<E: Embedder> {
    /// WinHttpSendRequest, with the optional data, and how it goes on the wire.
    Send(Option<E::WriteBuffer>, Piece, Awaits),
    /// WinHttpWriteData; the same, and bytes taken so far, those of the framing included.
    Write(E::WriteBuffer, Piece, usize),
    /// WinHttpReceiveResponse; the optional data of SendRequest, for a request that is sent once
    /// more.
    Receive(Option<E::WriteBuffer>),
    /// WinHttpQueryDataAvailable; bytes found.
    Available(u32),
    /// WinHttpReadData(Ex); bytes read so far, and whether any number of bytes will do.
    Read(E::ReadBuffer, usize, bool),
}

impl<E: Embedder> Operation<E> {
    /// Moves on, up to the next notification or wait.
    pub(super) fn step(&mut self, driver: &mut Driver, turn: Turn<'_>) -> Result<Step> {
        let call = match self {
            Self::Send(body, piece, awaits) => Call::Send {
                given: body.as_ref().map(WriteMemory::bytes).unwrap_or_default(),
                piece: *piece,
                awaits: *awaits,
            },
            Self::Write(data, piece, written) => Call::Write {
                data: data.bytes(),
                piece: *piece,
                written,
            },
            Self::Receive(given) => Call::Receive {
                again: given.as_ref().map(WriteMemory::bytes).unwrap_or_default(),
                piece: Piece::WHOLE,
            },
            Self::Available(found) => Call::Available { found },
            Self::Read(buffer, filled, any) => Call::Read {
                into: buffer.bytes(),
                filled,
                any: *any,
            },
        };
        driver.step(turn, call)
    }

    /// Which call this is.
    pub(super) fn name(&self) -> RequestOperation {
        match self {
            Self::Send(..) => RequestOperation::SendRequest,
            Self::Write(..) => RequestOperation::WriteData,
            Self::Receive(_) => RequestOperation::ReceiveResponse,
            Self::Available(_) => RequestOperation::QueryDataAvailable,
            Self::Read(..) => RequestOperation::ReadData,
        }
    }

    /// The optional data of SendRequest.
    pub(super) fn given(&self) -> Option<&E::WriteBuffer> {
        match self {
            Self::Send(given, ..) | Self::Receive(given) => given.as_ref(),
            Self::Write(..) | Self::Available(_) | Self::Read(..) => None,
        }
    }

    /// What a send was lent, which stays lent until the response is received.
    pub(super) fn keep(&mut self) -> Option<E::WriteBuffer> {
        match self {
            Self::Send(given, ..) => given.take(),
            Self::Receive(_) | Self::Write(..) | Self::Available(_) | Self::Read(..) => None,
        }
    }

    /// Nothing of a body is sent any more.
    pub(super) fn forget_given(&mut self) {
        if let Self::Receive(given) = self {
            *given = None;
        }
    }

    /// It begins inside the call where the session allows that: what needs no waiting then ends
    /// there too.
    pub(super) fn begins_on_caller(&self) -> bool {
        matches!(self, Self::Receive(_) | Self::Write(..))
    }

    /// The bytes a finished operation moved; what its out parameter gets.
    pub(super) fn count(&self) -> u32 {
        let count = match self {
            Self::Available(found) => return *found,
            Self::Write(data, ..) => data.bytes().len(),
            Self::Read(_, filled, _) => *filled,
            Self::Send(..) | Self::Receive(_) => 0,
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The notification of success.
    pub(super) fn success(&self) -> Notification {
        let count = self.count();
        match self {
            Self::Send(body, ..) => Notification::SendRequestComplete {
                address: body.as_ref().map_or(0, WriteMemory::address),
                bytes: body.as_ref().map_or(0, |body| {
                    u32::try_from(body.bytes().len()).unwrap_or(u32::MAX)
                }),
            },
            Self::Write(..) => Notification::WriteComplete(count),
            Self::Receive(_) => Notification::HeadersAvailable,
            Self::Available(_) => Notification::DataAvailable(count),
            Self::Read(buffer, ..) => Notification::ReadComplete {
                address: buffer.address(),
                bytes: count,
            },
        }
    }

    /// The notification of failure.
    pub(super) fn failure(&self, failure: Failure) -> Notification {
        Notification::RequestError(self.name(), failure)
    }
}
