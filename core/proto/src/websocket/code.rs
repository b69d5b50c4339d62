//! Close status codes: which have a meaning, and which may be on the wire (RFC 6455 §7.4).

use std::fmt;

/// A close status code (RFC 6455 §7.4 and IANA's registry), also one that is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NORMAL_CLOSURE: Self = Self(1000);
    /// 1001: a server goes down, or a browser leaves the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: a kind of data that cannot be accepted.
    pub const UNSUPPORTED_DATA: Self = Self(1003);
    /// 1005: stands for "no code received"; never on the wire.
    pub const NO_STATUS_RECEIVED: Self = Self(1005);
    /// 1006: stands for "closed without a close frame"; never on the wire.
    pub const ABNORMAL_CLOSURE: Self = Self(1006);
    /// 1007: data that does not fit the message's kind, such as text that is not UTF-8.
    pub const INVALID_FRAME_PAYLOAD_DATA: Self = Self(1007);
    /// 1008: a message that violates the endpoint's policy.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// 1009: a message that is too big to process.
    pub const MESSAGE_TOO_BIG: Self = Self(1009);
    /// 1010: the client needed an extension the server did not negotiate.
    pub const MANDATORY_EXTENSION: Self = Self(1010);
    /// 1011: the server met an unexpected condition.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1015: stands for "TLS handshake failed"; never on the wire.
    pub const TLS_HANDSHAKE: Self = Self(1015);

    /// The code with this number.
    #[must_use]
    pub const fn new(number: u16) -> Self {
        Self(number)
    }

    /// The code's number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Whether the code must not stand in a close frame, whoever agreed on it: 0–999 are not used,
    /// and 1005, 1006 and 1015 only stand for what did not happen on the wire (RFC 6455 §7.4.1,
    /// §7.4.2).
    #[must_use]
    pub const fn is_never_sent(self) -> bool {
        matches!(self.0, 0..=999 | 1005 | 1006 | 1015)
    }

    /// Whether the code has a meaning; a peer must send no other.
    ///
    /// RFC 6455 §7.4.1 and IANA's registry define 1000–1003 and 1007–1014; §7.4.2 gives 3000–4999
    /// to libraries and applications. Everything else is reserved (1004, 1005, 1006, 1015 by name).
    #[must_use]
    pub const fn is_defined(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

impl From<u16> for CloseCode {
    fn from(number: u16) -> Self {
        Self(number)
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
