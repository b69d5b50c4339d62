//! A body whose codings are taken off on its way to the program.
//!
//! It is received into the inbox, never straight into the program's memory, and decoded from there
//! into that memory; only what QueryDataAvailable announces is decoded ahead of a read.

use super::body::{AVAILABLE_MAX, FIXED};
use super::{Action, Exchange, Received, State};
use crate::decode::Decoder;
use crate::failure::Result;
use crate::http1::body::BodyDecoder;

/// Bytes of work behind which others have their turn: a read into a large buffer may need nothing
/// more from the connection for long.
const TURN_BYTES_MAX: usize = 1024 * 1024;

/// What decodes a body, and what is decoded ahead.
#[derive(Debug)]
pub(super) struct Coded {
    /// `None` once everything is decoded.
    decoder: Option<Decoder>,
    /// What QueryDataAvailable has announced, and how much of that was read since.
    ahead: Vec<u8>,
    read: usize,
    /// Bytes of work since others had their turn.
    worked: usize,
    /// Bytes of the body that were taken from the wire.
    pub(super) taken: u64,
}

/// What came of decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gave {
    /// So many bytes.
    Bytes(usize),
    /// None yet: more of the body is needed.
    Dry,
    /// None yet: others have their turn first.
    Pause,
    /// None any more.
    Over,
}

impl Coded {
    pub(super) fn new(decoder: Decoder) -> Box<Self> {
        Box::new(Self {
            decoder: Some(decoder),
            ahead: Vec::new(),
            read: 0,
            worked: 0,
            taken: 0,
        })
    }

    /// One in front of the same body, if nothing was taken of that.
    pub(super) fn fresh(&self) -> Option<Box<Self>> {
        let codings = self.decoder.as_ref().filter(|_| self.taken == 0)?.codings();
        Decoder::new(&codings).map(Self::new)
    }

    /// Everything is decoded and read.
    pub(super) fn is_over(&self) -> bool {
        self.decoder.is_none() && self.waiting() == 0
    }

    /// Bytes that are decoded and not read.
    pub(super) fn waiting(&self) -> usize {
        self.ahead.len().saturating_sub(self.read)
    }

    fn take_ahead(&mut self, room: &mut [u8]) -> usize {
        let waiting = self.ahead.get(self.read..).unwrap_or_default();
        let count = waiting.len().min(room.len());
        let pairs = room.iter_mut().zip(waiting);
        pairs.for_each(|(place, byte)| *place = *byte);
        self.read += count;
        if self.waiting() == 0 {
            (self.ahead, self.read) = (Vec::new(), 0);
        }
        count
    }

    /// Decodes what has arrived into room that is not empty. What is wrong with the body is met
    /// behind everything in front of it, however often it is asked for.
    pub(super) fn decode(
        &mut self,
        framing: &mut BodyDecoder,
        input: &mut impl Received,
        room: &mut [u8],
    ) -> Result<Gave> {
        let Some(decoder) = &mut self.decoder else {
            return Ok(Gave::Over);
        };
        loop {
            if self.worked >= TURN_BYTES_MAX {
                self.worked = 0;
                return Ok(Gave::Pause);
            }
            // Without room for payload a turn only passes framing.
            let framed = framing.advance(input.data(), &mut []);
            if let Ok(step) = &framed {
                input.consume(step.consumed);
            }
            let payload = framing.direct_remaining().unwrap_or(0);
            let payload = usize::try_from(payload).unwrap_or(usize::MAX);
            let data = input.data();
            let payload = data.get(..payload).unwrap_or(data);
            let done = decoder.advance(payload, room)?;
            input.consume(done.consumed);
            let consumed = u64::try_from(done.consumed).unwrap_or(u64::MAX);
            framing.advance_direct(consumed);
            self.taken = self.taken.saturating_add(consumed);
            self.worked += done.worked;
            if done.produced > 0 {
                return Ok(Gave::Bytes(done.produced));
            }
            if done.worked > 0 {
                continue;
            }
            framed?;
            if !framing.is_done() {
                return Ok(Gave::Dry);
            }
            decoder.end()?;
            self.decoder = None;
            return Ok(Gave::Over);
        }
    }

    /// Decodes as much as QueryDataAvailable announces. A defect behind the first bytes is left for
    /// later.
    fn decode_ahead(
        &mut self,
        framing: &mut BodyDecoder,
        input: &mut impl Received,
    ) -> Result<Gave> {
        let mut ahead = vec![0; AVAILABLE_MAX];
        let mut filled = 0;
        let gave = loop {
            let room = ahead.get_mut(filled..).unwrap_or_default();
            if room.is_empty() {
                break Gave::Bytes(0);
            }
            match self.decode(framing, input, room) {
                Ok(Gave::Bytes(count)) => filled += count,
                Err(failure) if filled == 0 => return Err(failure),
                Ok(gave @ (Gave::Dry | Gave::Pause | Gave::Over)) => break gave,
                Err(_) => break Gave::Dry,
            }
        };
        ahead.truncate(filled);
        (self.ahead, self.read) = (ahead, 0);
        Ok(if filled > 0 {
            Gave::Bytes(filled)
        } else {
            gave
        })
    }
}

impl Exchange {
    /// As [`Exchange::next_of_available`], with codings to take off; apart from what most bodies
    /// take.
    #[inline(never)]
    pub(super) fn next_of_coded_available(
        &mut self,
        input: &mut impl Received,
        found: &mut u32,
    ) -> Result<Action> {
        let State::Body(body) = &mut self.state else {
            return Ok(Action::Done);
        };
        let Some(coded) = &mut body.coded else {
            return Ok(Action::Done);
        };
        if coded.waiting() == 0 {
            if let Some(failure) = body.owed.take() {
                return self.failed(failure);
            }
            let gave = coded.decode_ahead(&mut body.decoder, input);
            self.record.decoded_bytes = coded.taken;
            match gave {
                Ok(Gave::Bytes(_)) => {}
                Ok(Gave::Dry) => return Ok(Action::Read(FIXED)),
                Ok(Gave::Pause) => return Ok(Action::Yield),
                Ok(Gave::Over) => {
                    *found = 0;
                    return Ok(body.end(self.upload.is_complete()));
                }
                Err(failure) => return self.failed(failure),
            }
        }
        *found = u32::try_from(coded.waiting()).unwrap_or(u32::MAX);
        self.stall.over();
        Ok(Action::Done)
    }

    /// As [`Exchange::next_of_read`], likewise.
    #[inline(never)]
    pub(super) fn next_of_coded_read(
        &mut self,
        input: &mut impl Received,
        into: &mut [u8],
        filled: &mut usize,
        any: bool,
    ) -> Result<Action> {
        loop {
            let State::Body(body) = &mut self.state else {
                return Ok(Action::Done);
            };
            let Some(coded) = &mut body.coded else {
                return Ok(Action::Done);
            };
            if *filled >= into.len() || (any && *filled > 0) {
                self.stall.over();
                return Ok(Action::Done);
            }
            let room = into.get_mut(*filled..).unwrap_or_default();
            let gave = match (coded.take_ahead(room), body.owed.take()) {
                (0, None) => coded.decode(&mut body.decoder, input, room),
                (0, Some(owed)) => Err(owed),
                (count, owed) => {
                    body.owed = owed;
                    Ok(Gave::Bytes(count))
                }
            };
            self.record.decoded_bytes = coded.taken;
            match gave {
                Ok(Gave::Bytes(count)) => {
                    *filled += count;
                    self.record.gave(count);
                    body.touched = true;
                }
                Ok(Gave::Dry) => return Ok(Action::Read(FIXED)),
                Ok(Gave::Pause) => return Ok(Action::Yield),
                Ok(Gave::Over) => return Ok(body.end(self.upload.is_complete())),
                Err(failure) => return self.break_off(failure, *filled).map(|_| Action::Done),
            }
        }
    }
}
