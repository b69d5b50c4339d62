//! What the application is asked to do.

use super::super::message::MessageKind;
use super::slot::Token;

/// Which actions are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// Those of sends.
    Send,
    /// Those of receives, and pongs.
    Receive,
    /// Both.
    All,
}

impl Queue {
    pub(super) fn sends(self) -> bool {
        match self {
            Self::Send | Self::All => true,
            Self::Receive => false,
        }
    }

    pub(super) fn receives(self) -> bool {
        match self {
            Self::Receive | Self::All => true,
            Self::Send => false,
        }
    }
}

/// What data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BufferType {
    /// The end of a message, or all of it.
    Message(MessageKind),
    /// A part of a message; more follows.
    Fragment(MessageKind),
    /// A close frame.
    Close,
    /// Sent: a ping, or a pong that answers one. Received: a pong.
    PingPong,
    /// Sent: a pong nobody asked for.
    UnsolicitedPong,
}

/// Where bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the receive area.
    ReceiveArea {
        /// Offset of the first byte.
        start: usize,
        /// Number of bytes.
        len: usize,
    },
    /// At the start of the send area.
    SendArea {
        /// Number of bytes.
        len: usize,
    },
    /// In the control area.
    ControlArea {
        /// Offset of the first byte.
        start: usize,
        /// Number of bytes.
        len: usize,
    },
    /// In memory the application lent.
    Lent {
        /// The address that the lent memory gave, by [`WriteMemory`](crate::embed::WriteMemory) or
        /// [`ReadMemory`](crate::embed::ReadMemory).
        address: usize,
        /// Number of bytes.
        len: usize,
    },
}

impl Place {
    /// Number of bytes.
    #[must_use]
    #[inline]
    pub fn len(&self) -> usize {
        match *self {
            Self::ReceiveArea { len, .. }
            | Self::SendArea { len }
            | Self::ControlArea { len, .. }
            | Self::Lent { len, .. } => len,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What a receive ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// Payload of a data frame.
    Data {
        /// Whether this is the end of the message.
        last: bool,
        /// The message's kind.
        kind: MessageKind,
        /// The payload.
        payload: Place,
    },
    /// A pong.
    Pong(Place),
    /// A close frame.
    Close {
        /// Its status; 1005 for a frame without one (RFC 6455 §7.1.5).
        status: u16,
        /// Its reason; `None` without a status.
        reason: Option<Place>,
    },
    /// Nothing: the receive was cancelled or came to its end with the session.
    Nothing {
        /// The kind of the message that is open, else binary.
        kind: MessageKind,
    },
}

impl Received {
    /// What the data is.
    #[must_use]
    #[inline]
    pub fn buffer_type(&self) -> BufferType {
        match *self {
            Self::Data {
                last: true, kind, ..
            } => BufferType::Message(kind),
            Self::Data {
                last: false, kind, ..
            }
            | Self::Nothing { kind } => BufferType::Fragment(kind),
            Self::Pong(_) => BufferType::PingPong,
            Self::Close { .. } => BufferType::Close,
        }
    }
}

/// What is to be done next. All but `None` are outstanding until their token is given to
/// `complete`.
///
/// `context` is the number the application gave to the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    None,
    /// Send these bytes, in this order and undivided.
    SendToNetwork {
        /// What they are.
        buffer_type: BufferType,
        /// The first bytes.
        first: Place,
        /// More bytes.
        second: Option<Place>,
        /// `None` for a pong that answers a ping.
        context: Option<usize>,
        /// To be given back with the number of bytes sent; any other number than all of them ends
        /// the send.
        token: Token,
    },
    /// A send is over; its payload is the application's again.
    IndicateSendComplete {
        /// What was sent.
        buffer_type: BufferType,
        /// The operation's.
        context: usize,
        /// To be given back.
        token: Token,
    },
    /// Put bytes from the network here.
    ReceiveFromNetwork {
        /// At most so many.
        place: Place,
        /// The operation's.
        context: usize,
        /// To be given back with the number of bytes received; 0, or more than fit, ends the
        /// receive.
        token: Token,
    },
    /// A receive is over.
    IndicateReceiveComplete {
        /// With this.
        received: Received,
        /// The operation's.
        context: usize,
        /// To be given back.
        token: Token,
    },
}
