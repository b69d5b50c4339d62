//! The coding `gzip` (RFC 1952): members one after the other, each with a head, compressed data, a
//! checksum and a length.

use flate2::Crc;

use super::inflate::{Inflate, Stands};
use super::{Coding, DecodeError, Moved};

/// What every member begins with: two bytes that mark it, and its method.
const MARK: [u8; 3] = [0x1f, 0x8b, 8];
/// Bytes of a head before the parts that its flags announce.
const FIXED_BYTES: u16 = 10;
/// Where the flags are.
const FLAGS_AT: u16 = 3;
/// Checksum and length behind the data.
const TRAILER_BYTES: usize = 8;

const FLAG_CHECK: u8 = 0x02;
const FLAG_EXTRA: u8 = 0x04;
const FLAG_NAME: u8 = 0x08;
const FLAG_COMMENT: u8 = 0x10;
const FLAGS_RESERVED: u8 = 0xe0;

/// Decodes a `gzip` body.
#[derive(Debug, Default)]
pub(super) struct Gzip {
    place: Place,
    inflate: Inflate,
    /// Of the member's data.
    crc: Crc,
    /// A member was complete: what follows may be another one, or is ignored.
    is_behind_another: bool,
}

/// ```text
///  ┌─────────────────────────────────────────────┐
///  ▼                                             │
/// Head ─► Data ─► Trailer ─────────────────────►─┘
///  └─► Ignored: zeros and whatever else stands behind the last member
/// ```
#[derive(Debug)]
enum Place {
    Head(Head),
    Data,
    /// So many bytes of it.
    Trailer([u8; TRAILER_BYTES], usize),
    Ignored,
    Broken(DecodeError),
}

/// The part of a head that the next byte belongs to; none of it is kept but what decides the rest.
#[derive(Debug, Default)]
struct Head {
    part: Part,
    flags: u8,
    /// Of what comes before its checksum.
    crc: Crc,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    /// So many of the fixed bytes have come.
    Fixed(u16),
    /// Bytes of the length of the extra field, and the length.
    ExtraLength(u8, u16),
    /// So many bytes of it are to come.
    Extra(u16),
    /// Up to a zero.
    Name,
    /// Likewise.
    Comment,
    /// Bytes of the head's checksum, and the checksum.
    Check(u8, u16),
    Complete,
}

impl Default for Part {
    fn default() -> Self {
        Self::Fixed(0)
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::Head(Head::default())
    }
}

impl Gzip {
    pub(super) fn advance(&mut self, input: &[u8], output: &mut [u8]) -> Moved {
        let mut all = Moved::default();
        loop {
            let rest = input.get(all.consumed..).unwrap_or_default();
            let room = output.get_mut(all.produced..).unwrap_or_default();
            let Some(moved) = self.step(rest, room) else {
                return all;
            };
            all.consumed += moved.consumed;
            all.produced += moved.produced;
        }
    }

    /// One step; `None` if there is none to take.
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Option<Moved> {
        let consumed = match &mut self.place {
            Place::Head(_) | Place::Trailer(..) | Place::Ignored if input.is_empty() => {
                return None;
            }
            Place::Head(head) => {
                if self.is_behind_another && head.has_not_begun() && input.first() == Some(&0) {
                    let zeros = input.iter().take_while(|byte| **byte == 0);
                    zeros.count()
                } else {
                    let (consumed, is_one) = head.take(input);
                    let is_complete = matches!(head.part, Part::Complete);
                    match is_one {
                        Ok(()) if is_complete => self.begin_data(),
                        Ok(()) => {}
                        Err(NoHead::Unmarked) if self.is_behind_another => {
                            self.place = Place::Ignored;
                        }
                        Err(NoHead::Unmarked | NoHead::Broken) => {
                            self.place = Place::Broken(DecodeError::Header);
                        }
                    }
                    consumed
                }
            }
            Place::Data => return self.data(input, output),
            Place::Trailer(bytes, have) => {
                let missing = bytes.get_mut(*have..).unwrap_or_default();
                let count = missing.len().min(input.len());
                let pairs = missing.iter_mut().zip(input);
                pairs.for_each(|(place, byte)| *place = *byte);
                *have += count;
                if *have == TRAILER_BYTES {
                    let bytes = *bytes;
                    self.end_member(bytes);
                }
                count
            }
            Place::Ignored => input.len(),
            Place::Broken(_) => return None,
        };
        Some(Moved {
            consumed,
            produced: 0,
        })
    }

    fn begin_data(&mut self) {
        self.inflate.restart();
        self.crc.reset();
        self.place = Place::Data;
    }

    fn data(&mut self, input: &[u8], output: &mut [u8]) -> Option<Moved> {
        let (moved, stands) = self.inflate.advance(input, output);
        self.crc
            .update(output.get(..moved.produced).unwrap_or_default());
        match stands {
            Stands::Ended => self.place = Place::Trailer([0; TRAILER_BYTES], 0),
            Stands::Broken => self.place = Place::Broken(DecodeError::Data(Coding::Gzip)),
            Stands::On if moved.consumed + moved.produced == 0 => return None,
            Stands::On => {}
        }
        Some(moved)
    }

    /// RFC 1952 §2.3.1: the checksum, then the length without what exceeds 32 bits.
    fn end_member(&mut self, [a, b, c, d, e, f, g, h]: [u8; TRAILER_BYTES]) {
        let is_right = u32::from_le_bytes([a, b, c, d]) == self.crc.sum()
            && u32::from_le_bytes([e, f, g, h]) == self.crc.amount();
        self.is_behind_another = true;
        self.place = if is_right {
            Place::default()
        } else {
            Place::Broken(DecodeError::Checksum)
        };
    }

    pub(super) fn fault(&self) -> Option<DecodeError> {
        if let Place::Broken(fault) = self.place {
            Some(fault)
        } else {
            None
        }
    }

    /// Between members, and before the first one: a body of no bytes has nothing to decode.
    pub(super) fn may_end(&self) -> bool {
        match &self.place {
            Place::Head(head) => head.has_not_begun(),
            Place::Ignored => true,
            Place::Data | Place::Trailer(..) | Place::Broken(_) => false,
        }
    }
}

/// What is no head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoHead {
    /// It does not even begin like one.
    Unmarked,
    Broken,
}

impl Head {
    fn has_not_begun(&self) -> bool {
        matches!(self.part, Part::Fixed(0))
    }

    /// Takes what of `input` belongs to the head: the number of those bytes, and what it is not.
    fn take(&mut self, input: &[u8]) -> (usize, Result<(), NoHead>) {
        let mut consumed = 0;
        let mut before_check = 0;
        let mut outcome = Ok(());
        for byte in input {
            let is_checked = !matches!(self.part, Part::Check(..));
            match self.next(*byte) {
                Ok(part) => self.part = part,
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
            consumed += 1;
            if is_checked {
                before_check = consumed;
            }
            if let Part::Check(0, _) | Part::Complete = self.part {
                break; // its checksum is needed, or the rest is data
            }
        }
        let checked = input.get(..before_check).unwrap_or_default();
        self.crc.update(checked);
        (consumed, outcome)
    }

    /// The part that follows behind this byte.
    fn next(&mut self, byte: u8) -> Result<Part, NoHead> {
        match self.part {
            Part::Fixed(at) => {
                let mark = MARK.get(usize::from(at));
                if mark.is_some_and(|mark| *mark != byte) {
                    return Err(NoHead::Unmarked);
                }
                if at == FLAGS_AT {
                    self.flags = byte;
                    if byte & FLAGS_RESERVED != 0 {
                        return Err(NoHead::Broken);
                    }
                }
                let is_last = at + 1 == FIXED_BYTES;
                Ok(if is_last {
                    self.behind_fixed()
                } else {
                    Part::Fixed(at + 1)
                })
            }
            Part::ExtraLength(0, _) => Ok(Part::ExtraLength(1, byte.into())),
            Part::ExtraLength(_, low) => match u16::from_be_bytes([byte, 0]) | low {
                0 => Ok(self.behind_extra()),
                length => Ok(Part::Extra(length)),
            },
            Part::Extra(1) => Ok(self.behind_extra()),
            Part::Extra(left) => Ok(Part::Extra(left.saturating_sub(1))),
            Part::Name if byte == 0 => Ok(self.behind_name()),
            Part::Comment if byte == 0 => Ok(self.behind_comment()),
            Part::Check(0, _) => Ok(Part::Check(1, byte.into())),
            Part::Check(_, low) => {
                // RFC 1952 §2.3.1: the lower half of the checksum of all that is before it.
                let says = u32::from(u16::from_be_bytes([byte, 0]) | low);
                let is_right = self.crc.sum() & 0xffff == says;
                is_right.then_some(Part::Complete).ok_or(NoHead::Broken)
            }
            unchanged @ (Part::Name | Part::Comment | Part::Complete) => Ok(unchanged),
        }
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    fn behind_fixed(&self) -> Part {
        if self.has(FLAG_EXTRA) {
            Part::ExtraLength(0, 0)
        } else {
            self.behind_extra()
        }
    }

    fn behind_extra(&self) -> Part {
        if self.has(FLAG_NAME) {
            Part::Name
        } else {
            self.behind_name()
        }
    }

    fn behind_name(&self) -> Part {
        if self.has(FLAG_COMMENT) {
            Part::Comment
        } else {
            self.behind_comment()
        }
    }

    fn behind_comment(&self) -> Part {
        if self.has(FLAG_CHECK) {
            Part::Check(0, 0)
        } else {
            Part::Complete
        }
    }
}
