//! The payload of the frame being received: data goes straight on, control payload is collected.

use super::super::control::ControlPayload;
use super::super::error::ProtocolError;
use super::super::frame::FrameHeader;
use super::super::mask::{self, MaskKey};
use super::super::message::MessageKind;
use super::super::utf8::{InvalidUtf8, Utf8Check};

/// Payload is unmasked and validated in pieces of this many bytes, so that the second pass finds
/// its piece in the first-level cache.
const PIECE_BYTES: usize = 16 * 1024;

/// A data frame under way.
#[derive(Clone, Copy)]
pub(super) struct DataFrame {
    pub(super) kind: MessageKind,
    pub(super) fin: bool,
    /// Payload bytes to come.
    pub(super) remaining: u64,
    mask: Option<MaskKey>,
    /// Payload bytes handed out.
    done: u64,
    /// Whether the payload must be UTF-8.
    verify: bool,
}

impl DataFrame {
    pub(super) fn new(kind: MessageKind, header: &FrameHeader, verify: bool) -> Self {
        let FrameHeader {
            fin,
            mask,
            payload_len,
            ..
        } = *header;
        Self {
            kind,
            fin,
            remaining: payload_len,
            mask,
            done: 0,
            verify,
        }
    }

    /// Unmasks or copies as much payload as there is and fits, and says how much that was.
    pub(super) fn copy(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        text: &mut Utf8Check,
    ) -> Result<usize, InvalidUtf8> {
        let len = self.at_most_remaining(input.len().min(output.len()));
        let input = input.get(..len).unwrap_or_default();
        let output = output.get_mut(..len).unwrap_or_default();
        for (from, to) in input
            .chunks(PIECE_BYTES)
            .zip(output.chunks_mut(PIECE_BYTES))
        {
            match self.mask {
                Some(key) => mask::copy_masked(key, self.done, from, to),
                None => to.copy_from_slice(from),
            }
            self.account(to, text)?;
        }
        Ok(len)
    }

    /// Unmasks payload where it lies.
    pub(super) fn take_in_place(
        &mut self,
        bytes: &mut [u8],
        text: &mut Utf8Check,
    ) -> Result<(), InvalidUtf8> {
        let len = self.at_most_remaining(bytes.len());
        debug_assert_eq!(
            len,
            bytes.len(),
            "more bytes than the frame has payload left"
        );
        for piece in bytes
            .get_mut(..len)
            .unwrap_or_default()
            .chunks_mut(PIECE_BYTES)
        {
            if let Some(key) = self.mask {
                mask::apply(key, self.done, piece);
            }
            self.account(piece, text)?;
        }
        Ok(())
    }

    /// Validates and counts plain payload.
    fn account(&mut self, plain: &[u8], text: &mut Utf8Check) -> Result<(), InvalidUtf8> {
        if self.verify {
            text.feed(plain)?;
        }
        let len = plain.len() as u64;
        self.done += len;
        self.remaining = self.remaining.saturating_sub(len);
        Ok(())
    }

    pub(super) fn at_most_remaining(&self, len: usize) -> usize {
        usize::try_from(self.remaining).map_or(len, |remaining| remaining.min(len))
    }
}

/// A control frame under way.
pub(super) struct ControlFrame {
    pub(super) kind: ControlKind,
    mask: Option<MaskKey>,
    /// As received, masked or not.
    payload: ControlPayload,
    payload_len: usize,
}

/// The three kinds of control frames.
#[derive(Clone, Copy)]
pub(super) enum ControlKind {
    Close,
    Ping,
    Pong,
}

impl ControlFrame {
    pub(super) fn new(kind: ControlKind, header: &FrameHeader) -> Result<Self, ProtocolError> {
        let payload_len =
            usize::try_from(header.payload_len).map_err(|_| ProtocolError::ControlTooLong)?;
        Ok(Self {
            kind,
            mask: header.mask,
            payload: ControlPayload::new(),
            payload_len,
        })
    }

    pub(super) fn is_complete(&self) -> bool {
        self.payload.len() >= self.payload_len
    }

    /// Stores as much payload as there is, and says how much that was.
    pub(super) fn collect(&mut self, input: &[u8]) -> usize {
        let missing = self.payload_len.saturating_sub(self.payload.len());
        self.payload.extend(input.get(..missing).unwrap_or(input))
    }

    /// The payload as it was meant.
    pub(super) fn unmasked(&self) -> ControlPayload {
        let mut payload = self.payload;
        if let Some(key) = self.mask {
            mask::apply(key, 0, payload.as_mut_bytes());
        }
        payload
    }
}
