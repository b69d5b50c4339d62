//! What the engine and an exchange say to each other.

use std::time::{Duration, Instant};

#[cfg(doc)]
use super::Exchange;
use super::request_body::Piece;
use super::timers::Carried;
use crate::failure::Failure;
use crate::notify::{Notification, RequestOperation};
use crate::option::Timeouts;

/// The call that is carried out, with the memory that the program lent for it, and how much of that
/// is done.
#[derive(Debug)]
pub enum Call<'m> {
    /// WinHttpSendRequest.
    Send {
        /// The optional data.
        given: &'m [u8],
        /// How it goes on the wire.
        piece: Piece,
        /// What ends the call.
        awaits: Awaits,
    },
    /// WinHttpWriteData.
    Write {
        /// What the program writes.
        data: &'m [u8],
        /// How it goes on the wire.
        piece: Piece,
        /// Bytes that are taken, those of the framing included.
        written: &'m mut usize,
    },
    /// WinHttpReceiveResponse.
    Receive {
        /// The optional data of SendRequest, for a request that is sent once more.
        again: &'m [u8],
        /// How it goes on the wire.
        piece: Piece,
    },
    /// WinHttpQueryDataAvailable.
    Available {
        /// Bytes that can be read; 0 at the end of the body.
        found: &'m mut u32,
    },
    /// WinHttpReadData and WinHttpReadDataEx.
    Read {
        /// Where body bytes go.
        into: &'m mut [u8],
        /// Bytes that are there.
        filled: &'m mut usize,
        /// Any number of bytes will do, instead of a full buffer.
        any: bool,
    },
}

impl Call<'_> {
    /// A receive of a request without a body.
    pub const RECEIVE: Self = Self::Receive {
        again: &[],
        piece: Piece::WHOLE,
    };

    /// Which call this is.
    #[must_use]
    pub fn operation(&self) -> RequestOperation {
        match self {
            Self::Send { .. } => RequestOperation::SendRequest,
            Self::Write { .. } => RequestOperation::WriteData,
            Self::Receive { .. } => RequestOperation::ReceiveResponse,
            Self::Available { .. } => RequestOperation::QueryDataAvailable,
            Self::Read { .. } => RequestOperation::ReadData,
        }
    }
}

/// What SendRequest waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaits {
    /// The system has the head and the data given with the call.
    Sent,
    /// The response's head has arrived as well (observed on Windows, where nothing is left to
    /// send).
    Head,
}

/// The moment in which something happens.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'t> {
    /// The time.
    pub now: Instant,
    /// The request's timeouts, which govern its waits from here on.
    pub timeouts: &'t Timeouts,
    /// What has gone through the socket by now.
    pub carried: Carried,
    /// The handle was closed.
    pub cancelled: bool,
    /// No other request is to use the connection (EXPIRE_CONNECTION).
    pub expires: bool,
}

impl<'t> Turn<'t> {
    /// Now, with nothing carried yet and the handle open.
    #[must_use]
    pub fn new(now: Instant, timeouts: &'t Timeouts) -> Self {
        Self {
            now,
            timeouts,
            carried: Carried::default(),
            cancelled: false,
            expires: false,
        }
    }
}

/// What the engine is to do.
#[derive(Debug)]
pub enum Action {
    /// Tell the program, then ask again.
    Notify(Notification),
    /// Find out how to get to the server; another exchange takes the place of this one then.
    Routes,
    /// Get a connection: [`Exchange::acquired`] for one that is there, [`Exchange::must_connect`]
    /// where there is none.
    Acquire,
    /// Look the server's name up within this time: [`Exchange::resolved`] or [`Exchange::failed`].
    Resolve(Option<Duration>),
    /// Move on with reaching one of the addresses, each within this time: [`Exchange::dialing`],
    /// [`Exchange::dialed`] or [`Exchange::failed`].
    Dial(Option<Duration>),
    /// Move on with the TLS handshake, which has this time: [`Exchange::secured`] or
    /// [`Exchange::refused`].
    Secure(Option<Duration>),
    /// Compose a CONNECT for the proxy: [`Exchange::ask_for_tunnel`].
    Tunnel,
    /// The connection leads to the server from here on; then ask again.
    Tunnelled,
    /// Write what the call sends, from this byte on ([`Exchange::outgoing`]): [`Exchange::wrote`].
    Write(usize),
    /// Have the system take all that was written: [`Exchange::wrote`].
    Flush,
    /// Read: [`Exchange::read`].
    Read(Room),
    /// End the sending direction, without waiting; then ask again.
    Finish,
    /// The connection serves this request no more; then ask again.
    Release(Release),
    /// An answer is there to which more can be said than the program has: [`Exchange::give`], or
    /// another exchange in place of this one.
    Answered,
    /// Let others have a turn, then ask again.
    Yield,
    /// The call is over.
    Done,
}

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// Another request may use it.
    Keep,
    /// It is closed without a word.
    Close,
    /// The same, and another one is needed in its place.
    Replace,
}

/// Where bytes that arrive go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// Behind what was received and not consumed; a full buffer grows up to this number of bytes.
    Inbox(usize),
    /// Into the memory lent to the call: a large body is touched once.
    Lent {
        /// The first byte.
        from: usize,
        /// How many at the most.
        bytes: usize,
    },
}

/// What came of [`Action::Write`] or [`Action::Flush`].
#[derive(Debug)]
pub enum Wrote {
    /// So many bytes were taken.
    Bytes(usize),
    /// The system has everything.
    All,
    /// There is no room now.
    Blocked,
    /// The connection is lost.
    Failed(Failure),
}

/// What came of [`Action::Read`].
#[derive(Debug)]
pub enum Arrived {
    /// So many bytes.
    Bytes(usize),
    /// Nothing yet.
    Blocked,
    /// The server ended the connection: as it should, or with a mere FIN where TLS has a
    /// close_notify.
    Ended {
        /// See above.
        in_order: bool,
    },
    /// The buffer is full, and cannot grow.
    NoRoom,
    /// The connection is lost.
    Failed(Failure),
}

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Ask for the next action.
    On,
    /// Ask again when the socket is ready, or at this time.
    Wait(Option<Instant>),
    /// The call is over.
    Done,
}

/// Bytes that have arrived and are not consumed.
pub trait Received {
    /// All of them.
    fn data(&self) -> &[u8];
    /// Drops the first `count`.
    fn consume(&mut self, count: usize);
}
