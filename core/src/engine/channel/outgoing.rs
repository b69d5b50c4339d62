//! Writing: data frames masked block by block from the caller's memory, control frames between
//! them.

use winhttp_proto::failure::{Failure, Result, late};
use winhttp_proto::websocket::mask::copy_masked;
use winhttp_proto::websocket::{CloseFrame, EncodedHeader, MaskKey, MessageKind, Opcode};

use super::{Channel, Started, send_error};
use crate::engine::buffers::{PIECE_BYTES, with_scratch};
use crate::engine::entropy;
use crate::engine::transport::{Flush, Write};

/// A frame of so many bytes is masked on the stack: small enough to be zeroed first at next to no
/// cost.
const SMALL_BYTES: usize = 256;

/// A data frame on its way out; its payload stays in the caller's memory.
#[derive(Debug)]
pub struct Outgoing {
    header: EncodedHeader,
    key: MaskKey,
    /// Header and payload bytes taken by the transport.
    written: usize,
    len: usize,
}

impl Channel {
    /// Starts a data frame of `len` payload bytes; feed it to [`Channel::try_send`] until that is
    /// done.
    ///
    /// # Errors
    /// The connection's failure; what [`SendError`](winhttp_proto::websocket::SendError) says means
    /// that the parameter or the operation is invalid.
    pub fn begin(&mut self, kind: MessageKind, fin: bool, len: usize) -> Result<Outgoing> {
        self.life.check_sending()?;
        let key = entropy::mask_key()?;
        let length = len as u64;
        let header = self
            .sender
            .begin(kind, fin, length, Some(key))
            .map_err(send_error)?;
        Ok(Outgoing {
            header,
            key,
            written: 0,
            len,
        })
    }

    /// Writes as much of the frame as the transport takes; `true` when all of it has reached the
    /// system.
    ///
    /// # Errors
    /// The connection's failure.
    pub fn try_send(&mut self, frame: &mut Outgoing, payload: &[u8]) -> Result<bool> {
        self.life.check_sending()?;
        // Gathered frames, and a control frame that is partly written, leave before the data frame
        // begins.
        if frame.is_new() && self.wants_write() && !self.flush()? {
            return Ok(false);
        }
        let total = frame.total();
        while frame.written < total {
            let written = if total <= SMALL_BYTES {
                self.write_piece(frame, payload, &mut [0; SMALL_BYTES])
            } else {
                with_scratch(total, |scratch| {
                    let length = scratch.len().min(PIECE_BYTES);
                    let piece = scratch.get_mut(..length).unwrap_or_default();
                    self.write_piece(frame, payload, piece)
                })
            };
            match written {
                Ok(Write::Taken(count)) => {
                    frame.written += count;
                    self.controls.started = if frame.written < total {
                        Started::Data
                    } else {
                        Started::None
                    };
                }
                Ok(Write::Blocked) => return Ok(false),
                Err(failure) => return Err(self.cannot_write(failure)),
            }
        }
        self.flush_stack()
    }

    fn write_piece(&mut self, frame: &Outgoing, payload: &[u8], piece: &mut [u8]) -> Result<Write> {
        let length = frame.fill(payload, piece);
        self.stack.write(piece.get(..length).unwrap_or_default())
    }

    fn flush_stack(&mut self) -> Result<bool> {
        match self.stack.flush() {
            Ok(flush) => Ok(flush == Flush::Complete),
            Err(failure) => Err(self.cannot_write(failure)),
        }
    }

    /// Queues our close frame, once; nothing can be sent behind it.
    ///
    /// # Errors
    /// The connection's failure.
    pub fn close(&mut self, frame: &CloseFrame) -> Result<()> {
        self.life.check_sending()?;
        self.queue_close(frame)
    }

    /// Queues an unsolicited pong (RFC 6455 §5.5.3: a unidirectional heartbeat).
    ///
    /// # Errors
    /// The connection's failure.
    pub fn keep_alive(&mut self) -> Result<()> {
        self.life.check_sending()?;
        self.queue_pong(&[])
    }

    pub(super) fn queue_close(&mut self, frame: &CloseFrame) -> Result<()> {
        let key = entropy::mask_key()?;
        self.controls.close = Some(Box::new(self.sender.close(frame, Some(key))));
        Ok(())
    }

    pub(super) fn queue_pong(&mut self, payload: &[u8]) -> Result<()> {
        if self.keeps_alive() {
            let key = entropy::mask_key()?;
            let pong = self.sender.control(Opcode::Pong, payload, Some(key));
            self.controls.pong = Some(Box::new(pong));
        }
        Ok(())
    }

    /// Writes gathered and control frames, unless a data frame is partly written; `true` when none
    /// is left.
    ///
    /// # Errors
    /// The connection's failure.
    pub fn flush(&mut self) -> Result<bool> {
        self.life.check_sending()?;
        if matches!(self.controls.started, Started::Data) || !self.write_gathered()? {
            return Ok(false);
        }
        loop {
            let next = &mut self.controls;
            if let Started::None = next.started
                && let Some(frame) = next.pong.take().or_else(|| next.close.take())
            {
                next.started = Started::Control(frame, 0);
            }
            let Started::Control(frame, written) = &mut next.started else {
                break;
            };
            let rest = frame.as_bytes().get(*written..).unwrap_or_default();
            match self.stack.write(rest) {
                Ok(Write::Taken(count)) if count < rest.len() => *written += count,
                Ok(Write::Taken(_)) => next.started = Started::None,
                Ok(Write::Blocked) => return Ok(false),
                Err(failure) => return Err(self.cannot_write(failure)),
            }
        }
        self.flush_stack()
    }

    pub(super) fn cannot_write(&mut self, failure: Failure) -> Failure {
        self.fail_sending(late(failure))
    }
}

impl Outgoing {
    /// Payload bytes of the frame.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// The frame has no payload.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of the frame, header included, that the transport has taken.
    #[must_use]
    pub fn written(&self) -> usize {
        self.written
    }

    /// Header and payload bytes.
    pub(super) fn total(&self) -> usize {
        self.header.as_bytes().len() + self.len
    }

    /// Nothing of the frame has been taken yet.
    pub(super) fn is_new(&self) -> bool {
        self.written == 0
    }

    /// All of the frame has been taken.
    pub(super) fn set_written(&mut self) {
        self.written = self.total();
    }

    /// Puts the next bytes of the frame into `scratch`: the rest of the header, then masked
    /// payload.
    ///
    /// Payload the transport did not take is masked again from the caller's memory, so that a frame
    /// that waits owns no buffer.
    pub(super) fn fill(&self, payload: &[u8], scratch: &mut [u8]) -> usize {
        let header = self.header.as_bytes();
        let rest = header.get(self.written..).unwrap_or_default();
        let Some((front, room)) = scratch.split_at_mut_checked(rest.len()) else {
            return 0;
        };
        front.copy_from_slice(rest);
        let offset = self.written.saturating_sub(header.len());
        let data = payload.get(offset..self.len).unwrap_or_default();
        let length = data.len().min(room.len());
        if let (Some(data), Some(room)) = (data.get(..length), room.get_mut(..length)) {
            copy_masked(self.key, u64::try_from(offset).unwrap_or(0), data, room);
        }
        rest.len() + length
    }
}
