//! Close frames: which codes may be on the wire, and the body's layout (RFC 6455 §5.5.1, §7.4).

use std::fmt;

use super::code::CloseCode;
use super::control::ControlPayload;
use super::error::ProtocolError;
use super::frame::MAX_CONTROL_PAYLOAD_BYTES;
use super::inline::InlineBytes;

/// The longest reason in bytes: a control payload without the two bytes of the code.
pub const MAX_REASON_BYTES: usize = MAX_CONTROL_PAYLOAD_BYTES - 2;

impl CloseCode {
    /// The code of the close frame that a program asks for with `status` and a reason of
    /// `reason_bytes`, the same for both APIs, as the one is built on the other on Windows. `None`
    /// is a frame without a body: what 1005 stands for.
    ///
    /// Programs may send what nobody has defined; peers may not, see
    /// [`is_defined`](Self::is_defined).
    ///
    /// # Errors
    /// [`NotSendable`] for codes that are [never sent](Self::is_never_sent), 1005 with a reason
    /// among them, and for reasons above 123 bytes.
    pub const fn to_send(status: u16, reason_bytes: usize) -> Result<Option<Self>, NotSendable> {
        let code = Self::new(status);
        if code.get() == Self::NO_STATUS_RECEIVED.get() && reason_bytes == 0 {
            return Ok(None);
        }
        if code.is_never_sent() || reason_bytes > MAX_REASON_BYTES {
            return Err(NotSendable);
        }
        Ok(Some(code))
    }
}

/// Which received close frames are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CloseRules {
    /// Also codes that nobody has defined: all but those that are
    /// [never sent](CloseCode::is_never_sent).
    pub(super) undefined_codes: bool,
    /// The reason must be UTF-8.
    pub(super) verify_reason: bool,
}

impl CloseRules {
    /// RFC 6455's.
    pub(super) const STRICT: Self = Self {
        undefined_codes: false,
        verify_reason: true,
    };
}

/// What a close frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CloseFrame {
    /// The code; `None` for a frame without a body, which programs see as 1005 (§7.1.5).
    pub code: Option<CloseCode>,
    /// The reason; empty when there is no code.
    pub reason: CloseReason,
}

impl CloseFrame {
    /// A close frame without a body.
    pub const EMPTY: Self = Self {
        code: None,
        reason: CloseReason::EMPTY,
    };

    /// A close frame with a code and no reason.
    #[must_use]
    pub const fn with_code(code: CloseCode) -> Self {
        Self {
            code: Some(code),
            reason: CloseReason::EMPTY,
        }
    }

    /// Reads the unmasked payload of a received close frame.
    ///
    /// # Errors
    /// Half a code, a code that must not be sent, a reason that is not UTF-8 (RFC 6455 §5.5.1,
    /// §7.4) or longer than a control frame can carry.
    pub fn parse(payload: &[u8]) -> Result<Self, ProtocolError> {
        Self::parse_with(payload, CloseRules::STRICT)
    }

    /// As [`parse`](Self::parse), by other rules.
    pub(super) fn parse_with(payload: &[u8], rules: CloseRules) -> Result<Self, ProtocolError> {
        if payload.is_empty() {
            return Ok(Self::EMPTY);
        }
        let (&code, reason) = payload
            .split_first_chunk()
            .ok_or(ProtocolError::CloseTooShort)?;
        let code = CloseCode::new(u16::from_be_bytes(code));
        let refused = if rules.undefined_codes {
            code.is_never_sent()
        } else {
            !code.is_defined()
        };
        if refused {
            return Err(ProtocolError::CloseCodeInvalid(code));
        }
        if rules.verify_reason {
            simdutf8::basic::from_utf8(reason).map_err(|_| ProtocolError::CloseReasonNotUtf8)?;
        }
        let reason = CloseReason::new(reason).map_err(|_| ProtocolError::ControlTooLong)?;
        Ok(Self {
            code: Some(code),
            reason,
        })
    }

    /// The frame's payload, unmasked. A reason without a code has no place on the wire and is left
    /// out.
    ///
    /// Nothing is validated: which codes a program may send is decided above.
    #[must_use]
    pub fn encode(&self) -> ControlPayload {
        let mut payload = ControlPayload::new();
        if let Some(code) = self.code {
            payload.extend(&code.get().to_be_bytes());
            payload.extend(self.reason.as_bytes());
        }
        payload
    }
}

/// A close reason: at most 123 bytes, meant for people and logs. Received ones are UTF-8.
#[derive(Clone, Copy)]
pub struct CloseReason(InlineBytes<MAX_REASON_BYTES>);

/// A reason of more than 123 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReasonTooLong;

impl CloseReason {
    /// No reason.
    pub const EMPTY: Self = Self(InlineBytes::new());

    /// Stores a reason; whether it is UTF-8 is not checked.
    ///
    /// # Errors
    /// [`ReasonTooLong`] above 123 bytes.
    pub fn new(reason: &[u8]) -> Result<Self, ReasonTooLong> {
        let mut bytes = InlineBytes::new();
        if bytes.extend(reason) < reason.len() {
            return Err(ReasonTooLong);
        }
        Ok(Self(bytes))
    }

    /// The bytes of the reason.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl Default for CloseReason {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl AsRef<[u8]> for CloseReason {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl PartialEq for CloseReason {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for CloseReason {}

impl fmt::Debug for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

impl fmt::Display for ReasonTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a close reason is longer than {MAX_REASON_BYTES} bytes")
    }
}

impl std::error::Error for ReasonTooLong {}

/// A status, or status and reason together, that no close frame can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotSendable;

impl fmt::Display for NotSendable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no close frame can carry this status and reason")
    }
}

impl std::error::Error for NotSendable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_a_peer_may_send() {
        let ranges = [
            (0, 999, false),
            (1000, 1003, true),
            (1004, 1006, false),
            (1007, 1014, true),
            (1015, 2999, false),
            (3000, 4999, true),
            (5000, u16::MAX, false),
        ];
        for (first, last, allowed) in ranges {
            for number in first..=last {
                let code = CloseCode::new(number);
                assert_eq!(code.is_defined(), allowed, "{number}");
                let parsed = CloseFrame::parse(&number.to_be_bytes());
                let expected = if allowed {
                    Ok(CloseFrame::with_code(code))
                } else {
                    Err(ProtocolError::CloseCodeInvalid(code))
                };
                assert_eq!(parsed, expected, "{number}");
            }
        }
    }

    #[test]
    fn programs_may_send_all_but_what_stands_for_the_absence_of_a_frame() {
        for number in 0..=u16::MAX {
            let never = number < 1000 || matches!(number, 1005 | 1006 | 1015);
            let with_reason = CloseCode::to_send(number, 1);
            assert_eq!(
                with_reason,
                if never {
                    Err(NotSendable)
                } else {
                    Ok(Some(CloseCode::new(number)))
                }
            );
            if number != 1005 {
                assert_eq!(CloseCode::to_send(number, 0), with_reason, "{number}");
            }
        }
        assert_eq!(CloseCode::to_send(1005, 0), Ok(None));
        assert_eq!(
            CloseCode::to_send(1000, 123),
            Ok(Some(CloseCode::new(1000)))
        );
        assert_eq!(CloseCode::to_send(1000, 124), Err(NotSendable));
    }

    #[test]
    fn bodies_that_are_valid_come_back_unchanged() {
        let longest = [&[0x03, 0xe8][..], &[b'r'; 123]].concat();
        let greek = [&[0x0b, 0xb8][..], "κόσμε".as_bytes()].concat();
        for body in [&b""[..], b"\x03\xe8", b"\x03\xe9bye", &greek, &longest] {
            let frame = CloseFrame::parse(body).unwrap();
            assert_eq!(frame.encode().as_bytes(), body);
            assert_eq!(frame.reason.as_bytes(), body.get(2..).unwrap_or_default());
        }
    }

    #[test]
    fn bodies_that_break_the_protocol() {
        let too_long = [&[0x03, 0xe8][..], &[b'r'; 124]].concat();
        let cases: [(&[u8], ProtocolError, CloseCode); 6] = [
            (
                b"\x03",
                ProtocolError::CloseTooShort,
                CloseCode::PROTOCOL_ERROR,
            ),
            (
                b"\x03\xed",
                ProtocolError::CloseCodeInvalid(CloseCode::NO_STATUS_RECEIVED),
                CloseCode::PROTOCOL_ERROR,
            ),
            (
                b"\x00\x00\xff",
                ProtocolError::CloseCodeInvalid(CloseCode::new(0)),
                CloseCode::PROTOCOL_ERROR,
            ),
            (
                b"\x03\xe8\xff",
                ProtocolError::CloseReasonNotUtf8,
                CloseCode::INVALID_FRAME_PAYLOAD_DATA,
            ),
            (
                b"\x03\xe8cut\xe2\x82",
                ProtocolError::CloseReasonNotUtf8,
                CloseCode::INVALID_FRAME_PAYLOAD_DATA,
            ),
            (
                &too_long,
                ProtocolError::ControlTooLong,
                CloseCode::PROTOCOL_ERROR,
            ),
        ];
        for (body, error, answer) in cases {
            assert_eq!(CloseFrame::parse(body), Err(error), "{body:x?}");
            assert_eq!(error.close_code(), answer);
        }
    }

    #[test]
    fn reasons_up_to_123_bytes_can_be_stored() {
        assert_eq!(
            CloseReason::new(&[b'x'; 123]).unwrap().as_bytes(),
            [b'x'; 123]
        );
        assert_eq!(CloseReason::new(&[b'x'; 124]), Err(ReasonTooLong));
        assert_eq!(
            CloseReason::new(b"\xff raw").unwrap().as_bytes(),
            b"\xff raw"
        );
    }

    #[test]
    fn a_reason_without_a_code_is_not_sent() {
        let frame = CloseFrame {
            code: None,
            reason: CloseReason::new(b"why").unwrap(),
        };
        assert_eq!(frame.encode().as_bytes(), b"");
    }
}
