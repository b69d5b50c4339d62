//! The coding `deflate`: a zlib stream (RFC 1950), as RFC 9110 §8.4.1.2 defines it, or what many
//! servers send instead and Windows decodes: the compressed data alone (RFC 1951).

use super::inflate::{Inflate, Stands};
use super::{Coding, DecodeError, Moved};

/// Decodes a `deflate` body.
#[derive(Debug, Default)]
pub(super) struct Deflate {
    place: Place,
}

/// ```text
/// Empty ─► First ─► Head (which of the two?) ─► Data ─► Over
/// ```
#[derive(Debug, Default)]
enum Place {
    /// Nothing has come.
    #[default]
    Empty,
    /// One byte, which says nothing yet.
    First(u8),
    /// Two bytes, so many of which are decoded.
    Head([u8; 2], usize, Inflate),
    Data(Inflate),
    /// All is decoded; what follows is ignored.
    Over,
    Broken,
}

impl Deflate {
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
        let of_input = |consumed| Moved {
            consumed,
            produced: 0,
        };
        match &mut self.place {
            Place::Empty => {
                self.place = Place::First(*input.first()?);
                Some(of_input(1))
            }
            Place::First(first) => {
                let head = [*first, *input.first()?];
                let inflate = if is_zlib(head) {
                    Inflate::zlib()
                } else {
                    Inflate::default()
                };
                self.place = Place::Head(head, 0, inflate);
                Some(of_input(1))
            }
            Place::Head(head, decoded, inflate) => {
                let rest = head.get(*decoded..).unwrap_or_default();
                let (moved, stands) = inflate.advance(rest, output);
                *decoded += moved.consumed;
                let is_done = *decoded == head.len();
                match stands {
                    Stands::Ended => self.place = Place::Over,
                    Stands::Broken => self.place = Place::Broken,
                    Stands::On if is_done => self.place = Place::Data(std::mem::take(inflate)),
                    Stands::On if moved.consumed + moved.produced == 0 => return None,
                    Stands::On => {}
                }
                Some(Moved {
                    consumed: 0,
                    produced: moved.produced,
                })
            }
            Place::Data(inflate) => {
                let (moved, stands) = inflate.advance(input, output);
                match stands {
                    Stands::Ended => self.place = Place::Over,
                    Stands::Broken => self.place = Place::Broken,
                    Stands::On if moved.consumed + moved.produced == 0 => return None,
                    Stands::On => {}
                }
                Some(moved)
            }
            Place::Over => (!input.is_empty()).then(|| of_input(input.len())),
            Place::Broken => None,
        }
    }

    pub(super) fn fault(&self) -> Option<DecodeError> {
        matches!(self.place, Place::Broken).then_some(DecodeError::Data(Coding::Deflate))
    }

    pub(super) fn may_end(&self) -> bool {
        matches!(self.place, Place::Empty | Place::Over)
    }
}

/// The head of RFC 1950 §2.2: method 8, a window of at most 32 KiB, and a multiple of 31. Data
/// alone begins like that only with a stored block whose padding is not 0, which no compressor
/// writes.
fn is_zlib([method, flags]: [u8; 2]) -> bool {
    let is_multiple = u16::from_be_bytes([method, flags]).is_multiple_of(31);
    method & 0x0f == 8 && method >> 4 <= 7 && is_multiple
}
