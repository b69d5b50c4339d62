//! Frame headers: the first 2 to 14 bytes of a frame and what alone makes them invalid.
//!
//! ```text
//! byte 0  FIN 1 | RSV1-3 3 | opcode 4      byte 1  MASK 1 | payload length 7
//! then    the length in 16 bits if the 7 bits say 126, in 64 bits if they say 127
//! then    the masking key, 4 bytes, if MASK is set                    RFC 6455 §5.2
//! ```

use std::fmt;

use super::error::ProtocolError;
use super::inline::InlineBytes;
use super::mask::MaskKey;

/// The longest header: two bytes, a 64-bit length and a masking key.
pub const MAX_HEADER_BYTES: usize = 14;

/// The longest payload of a control frame (RFC 6455 §5.5).
pub const MAX_CONTROL_PAYLOAD_BYTES: usize = 125;

const FIN: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OPCODE: u8 = 0x0F;
const MASK: u8 = 0x80;
const LENGTH: u8 = 0x7F;

/// In the 7 length bits: the length follows in 16 bits.
const LENGTH_16: u8 = 126;
/// In the 7 length bits: the length follows in 64 bits.
const LENGTH_64: u8 = 127;

/// What a frame is (RFC 6455 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Opcode {
    /// A further frame of the message that is open.
    Continuation = 0x0,
    /// The first frame of a text message.
    Text = 0x1,
    /// The first frame of a binary message.
    Binary = 0x2,
    /// The last frame in its direction.
    Close = 0x8,
    /// Asks for a pong with the same payload.
    Ping = 0x9,
    /// Answers a ping, or is sent unasked.
    Pong = 0xA,
}

impl Opcode {
    /// Whether this is a control frame (RFC 6455 §5.5).
    #[must_use]
    pub fn is_control(self) -> bool {
        match self {
            Self::Continuation | Self::Text | Self::Binary => false,
            Self::Close | Self::Ping | Self::Pong => true,
        }
    }
}

impl From<Opcode> for u8 {
    fn from(opcode: Opcode) -> Self {
        opcode as Self
    }
}

impl TryFrom<u8> for Opcode {
    type Error = ProtocolError;

    /// The opcode with these four bits; reserved ones and larger numbers are an error.
    fn try_from(bits: u8) -> Result<Self, ProtocolError> {
        Ok(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            _ => return Err(ProtocolError::ReservedOpcode(bits)),
        })
    }
}

/// A frame header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// Whether this is the last frame of its message.
    pub fin: bool,
    /// What the frame is.
    pub opcode: Opcode,
    /// The masking key, if the payload is masked.
    pub mask: Option<MaskKey>,
    /// Payload bytes that follow the header; below 2⁶³.
    pub payload_len: u64,
}

/// What [`FrameHeader::parse`] made of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parsed {
    /// A whole header.
    Complete {
        /// The header.
        header: FrameHeader,
        /// Bytes it took, 2 to 14.
        consumed: usize,
    },
    /// Valid so far, but more bytes are needed.
    Partial,
}

impl FrameHeader {
    /// Reads a header from the front of `bytes`.
    ///
    /// # Errors
    /// Anything that is invalid whatever came before and whoever sent it, as soon as the bytes show
    /// it.
    pub fn parse(bytes: &[u8]) -> Result<Parsed, ProtocolError> {
        let Some((&first, rest)) = bytes.split_first() else {
            return Ok(Parsed::Partial);
        };
        let (fin, opcode) = parse_first_byte(first)?;

        let Some((&second, rest)) = rest.split_first() else {
            return Ok(Parsed::Partial);
        };
        let short = second & LENGTH;
        if opcode.is_control() && usize::from(short) > MAX_CONTROL_PAYLOAD_BYTES {
            return Err(ProtocolError::ControlTooLong);
        }
        let Some((payload_len, rest)) = parse_length(short, rest)? else {
            return Ok(Parsed::Partial);
        };

        let (mask, rest) = if is_masked(second) {
            let Some((&key, rest)) = rest.split_first_chunk() else {
                return Ok(Parsed::Partial);
            };
            (Some(MaskKey::new(key)), rest)
        } else {
            (None, rest)
        };
        let header = Self {
            fin,
            opcode,
            mask,
            payload_len,
        };
        Ok(Parsed::Complete {
            header,
            consumed: bytes.len() - rest.len(),
        })
    }

    /// Writes the header, the length in its shortest form.
    #[must_use]
    #[inline]
    pub fn encode(&self) -> EncodedHeader {
        let fin = if self.fin { FIN } else { 0 };
        let masked = if self.mask.is_some() { MASK } else { 0 };
        let mut bytes = InlineBytes::new();
        bytes.extend(&[fin | u8::from(self.opcode)]);
        match (
            u8::try_from(self.payload_len),
            u16::try_from(self.payload_len),
        ) {
            (Ok(short), _) if short < LENGTH_16 => {
                bytes.extend(&[masked | short]);
            }
            (_, Ok(medium)) => {
                bytes.extend(&[masked | LENGTH_16]);
                bytes.extend(&medium.to_be_bytes());
            }
            (_, Err(_)) => {
                bytes.extend(&[masked | LENGTH_64]);
                bytes.extend(&self.payload_len.to_be_bytes());
            }
        }
        if let Some(key) = self.mask {
            bytes.extend(&key.to_bytes());
        }
        EncodedHeader(bytes)
    }
}

/// FIN and opcode. No extension is ever negotiated, so RSV bits must be 0 (RFC 6455 §5.2).
pub(super) fn parse_first_byte(byte: u8) -> Result<(bool, Opcode), ProtocolError> {
    if byte & RESERVED != 0 {
        return Err(ProtocolError::ReservedBits);
    }
    let fin = byte & FIN != 0;
    let opcode = Opcode::try_from(byte & OPCODE)?;
    if opcode.is_control() && !fin {
        return Err(ProtocolError::ControlFragmented);
    }
    Ok((fin, opcode))
}

/// Whether a header's second byte says that the payload is masked.
pub(super) fn is_masked(second_byte: u8) -> bool {
    second_byte & MASK != 0
}

/// The payload length and the bytes behind it; `None` when bytes are missing.
///
/// RFC 6455 §5.2: "the minimal number of bytes MUST be used to encode the length", and "the most
/// significant bit MUST be 0".
fn parse_length(short: u8, bytes: &[u8]) -> Result<Option<(u64, &[u8])>, ProtocolError> {
    match short {
        LENGTH_16 => {
            let Some((&length, rest)) = bytes.split_first_chunk() else {
                return Ok(None);
            };
            let length = u16::from_be_bytes(length);
            if length < u16::from(LENGTH_16) {
                return Err(ProtocolError::LengthNotMinimal);
            }
            Ok(Some((length.into(), rest)))
        }
        LENGTH_64 => {
            if bytes.first().is_some_and(|&top| top & 0x80 != 0) {
                return Err(ProtocolError::LengthTooLarge);
            }
            if bytes.starts_with(&[0; 6]) {
                return Err(ProtocolError::LengthNotMinimal);
            }
            let Some((&length, rest)) = bytes.split_first_chunk() else {
                return Ok(None);
            };
            Ok(Some((u64::from_be_bytes(length), rest)))
        }
        _ => Ok(Some((short.into(), bytes))),
    }
}

/// A header ready to be sent, at most 14 bytes.
#[derive(Clone, Copy)]
pub struct EncodedHeader(InlineBytes<MAX_HEADER_BYTES>);

impl EncodedHeader {
    /// The bytes for the wire.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }
}

impl AsRef<[u8]> for EncodedHeader {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

/// Shows the length only: the bytes may hold a masking key.
impl fmt::Debug for EncodedHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncodedHeader({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: MaskKey = MaskKey::new([0x37, 0xfa, 0x21, 0x3d]);

    fn header(fin: bool, opcode: Opcode, mask: Option<MaskKey>, payload_len: u64) -> FrameHeader {
        FrameHeader {
            fin,
            opcode,
            mask,
            payload_len,
        }
    }

    #[test]
    fn valid_headers_whole_byte_by_byte_and_with_trailing_data() {
        use Opcode::{Binary, Close, Continuation, Ping, Pong, Text};
        let cases: &[(&[u8], FrameHeader)] = &[
            (b"\x81\x05", header(true, Text, None, 5)),
            (
                b"\x81\x85\x37\xfa\x21\x3d",
                header(true, Text, Some(KEY), 5),
            ),
            (b"\x01\x03", header(false, Text, None, 3)),
            (b"\x80\x02", header(true, Continuation, None, 2)),
            (b"\x89\x05", header(true, Ping, None, 5)),
            (
                b"\x8a\xfd\x37\xfa\x21\x3d",
                header(true, Pong, Some(KEY), 125),
            ),
            (b"\x88\x00", header(true, Close, None, 0)),
            (b"\x82\x7d", header(true, Binary, None, 125)),
            (b"\x82\x7e\x00\x7e", header(true, Binary, None, 126)),
            (b"\x82\x7e\x01\x00", header(true, Binary, None, 256)),
            (
                b"\x82\xfe\xff\xff\x37\xfa\x21\x3d",
                header(true, Binary, Some(KEY), 65535),
            ),
            (
                b"\x82\x7f\0\0\0\0\0\x01\0\0",
                header(true, Binary, None, 65536),
            ),
            (
                b"\x02\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x37\xfa\x21\x3d",
                header(false, Binary, Some(KEY), i64::MAX as u64),
            ),
        ];
        for (bytes, header) in cases {
            let complete = Ok(Parsed::Complete {
                header: *header,
                consumed: bytes.len(),
            });
            assert_eq!(FrameHeader::parse(bytes), complete);
            let trailing = [bytes, &b"\xff\xff\xff"[..]].concat();
            assert_eq!(FrameHeader::parse(&trailing), complete);
            for end in 0..bytes.len() {
                assert_eq!(
                    FrameHeader::parse(&bytes[..end]),
                    Ok(Parsed::Partial),
                    "{bytes:x?}"
                );
            }
            assert_eq!(header.encode().as_bytes(), *bytes);
        }
    }

    #[test]
    fn invalid_headers_fail_at_the_first_byte_that_shows_it() {
        // The last byte of each case is the one that shows it.
        let mut cases: Vec<(Vec<u8>, ProtocolError)> = vec![
            (vec![0x89, 0x7e], ProtocolError::ControlTooLong),
            (vec![0x8a, 0xff], ProtocolError::ControlTooLong),
            (vec![0x88, 0x7f], ProtocolError::ControlTooLong),
            (vec![0x82, 0x7e, 0, 0], ProtocolError::LengthNotMinimal),
            (vec![0x82, 0x7e, 0, 125], ProtocolError::LengthNotMinimal),
            (
                vec![0x82, 0x7f, 0, 0, 0, 0, 0, 0],
                ProtocolError::LengthNotMinimal,
            ),
            (vec![0x82, 0x7f, 0x80], ProtocolError::LengthTooLarge),
            (vec![0x82, 0xff, 0xff], ProtocolError::LengthTooLarge),
        ];
        for reserved in 1..=7 {
            cases.push((vec![0x81 | reserved << 4], ProtocolError::ReservedBits));
        }
        for opcode in (3..=7).chain(0xB..=0xF) {
            cases.push((vec![0x80 | opcode], ProtocolError::ReservedOpcode(opcode)));
            cases.push((vec![opcode], ProtocolError::ReservedOpcode(opcode)));
        }
        for opcode in [0x8, 0x9, 0xA] {
            cases.push((vec![opcode], ProtocolError::ControlFragmented));
        }
        for (bytes, error) in cases {
            let (_, before) = bytes.split_last().unwrap();
            assert_eq!(
                FrameHeader::parse(before),
                Ok(Parsed::Partial),
                "{bytes:x?}"
            );
            assert_eq!(FrameHeader::parse(&bytes), Err(error), "{bytes:x?}");
            let trailing = [&bytes[..], &[0xff; 14]].concat();
            assert_eq!(FrameHeader::parse(&trailing), Err(error), "{bytes:x?}");
        }
    }

    #[test]
    fn opcodes_are_their_numbers() {
        for bits in 0..=u8::MAX {
            match Opcode::try_from(bits) {
                Ok(opcode) => assert_eq!(u8::from(opcode), bits),
                Err(error) => assert_eq!(error, ProtocolError::ReservedOpcode(bits)),
            }
        }
        assert_eq!(
            (0..=u8::MAX)
                .filter(|&bits| Opcode::try_from(bits).is_ok())
                .count(),
            6
        );
    }

    #[test]
    fn debug_output_hides_the_key() {
        let encoded = header(true, Opcode::Text, Some(KEY), 5).encode();
        assert_eq!(format!("{encoded:?}"), "EncodedHeader(6 bytes)");
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_parsed_back(
            fin: bool,
            bits in prop::sample::select(vec![0_u8, 1, 2, 8, 9, 10]),
            key: Option<[u8; 4]>,
            magnitude in 0_u32..63,
            len: u64,
        ) {
            let opcode = Opcode::try_from(bits).unwrap();
            let len = len >> (63 - magnitude) >> 1;
            let (fin, len) = if opcode.is_control() { (true, len % 126) } else { (fin, len) };
            let header = header(fin, opcode, key.map(MaskKey::from), len);
            let encoded = header.encode();
            let consumed = encoded.as_bytes().len();
            let parsed = FrameHeader::parse(encoded.as_bytes());
            prop_assert_eq!(parsed, Ok(Parsed::Complete { header, consumed }));
        }

        #[test]
        fn what_is_parsed_is_encoded_back(bytes: [u8; MAX_HEADER_BYTES]) {
            if let Ok(Parsed::Complete { header, consumed }) = FrameHeader::parse(&bytes) {
                let encoded = header.encode();
                prop_assert_eq!(encoded.as_bytes(), &bytes[..consumed]);
            }
        }
    }
}
