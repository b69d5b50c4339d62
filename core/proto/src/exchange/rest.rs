//! What becomes of a connection behind a response: whether it can serve another request, and what
//! of the body has to be passed before.

use super::body::Body;
use super::{Action, Exchange, Release, State};
use crate::http1::body::{BodyDecoder, BodyError};

/// The rest of a body that nobody will read.
#[derive(Debug)]
pub struct Rest {
    decoder: BodyDecoder,
    /// Bytes on the wire that may be passed.
    left: u64,
    may_wait: bool,
}

impl Rest {
    /// All of a body of which nothing was read, up to so many bytes on the wire.
    pub(super) fn of(decoder: BodyDecoder, most: u64) -> Self {
        Self {
            decoder,
            left: most,
            may_wait: true,
        }
    }

    /// Passes what of `input` belongs to the body; the number of those bytes.
    ///
    /// # Errors
    /// What is wrong with the body. One that is longer than it may be is never over.
    pub fn discard(&mut self, mut input: &[u8]) -> Result<usize, BodyError> {
        let mut passed = 0;
        while !self.decoder.is_done() && !input.is_empty() && self.left > 0 {
            let direct = self.decoder.direct_remaining().unwrap_or(0).min(self.left);
            let direct = usize::try_from(direct)
                .unwrap_or(usize::MAX)
                .min(input.len());
            let count = if direct > 0 {
                self.decoder.advance_direct(as_u64(direct));
                direct
            } else {
                self.decoder.advance(input, &mut [])?.consumed
            };
            if count == 0 {
                break;
            }
            self.left = self.left.saturating_sub(as_u64(count));
            input = input.get(count..).unwrap_or_default();
            passed += count;
        }
        Ok(passed)
    }

    /// All of the body has passed.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.decoder.is_done()
    }

    /// It is too long to be passed.
    #[must_use]
    pub fn is_too_long(&self) -> bool {
        !self.is_over() && self.left == 0
    }

    /// What has not arrived is worth waiting for. Windows closes the connection of a chunked body
    /// of which nothing was read (observed).
    #[must_use]
    pub fn may_wait(&self) -> bool {
        self.may_wait
    }
}

fn as_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

impl Exchange {
    /// The response is over: lets its connection go, once.
    pub(super) fn let_go(&mut self, input: &[u8]) -> Option<Action> {
        let (whole, expires) = (self.is_sent_whole(), self.expires);
        let State::Body(body) = &mut self.state else {
            return None;
        };
        if !body.is_finished() || body.released || !whole {
            return None;
        }
        body.released = true;
        // Bytes behind the response belong to nobody.
        let keep = body.reusable && !expires && input.is_empty();
        Some(Action::Release(if keep {
            Release::Keep
        } else {
            Release::Close
        }))
    }

    /// No other request is to use the connection (EXPIRE_CONNECTION).
    pub fn expire(&mut self) {
        self.expires = true;
    }

    /// The answer announces more of a body than is passed over for another leg
    /// (MAX_RESPONSE_DRAIN_SIZE). Of a connection that ends with it, nothing is.
    #[must_use]
    pub fn is_too_much_to_pass(&self) -> bool {
        let State::Body(body) = &self.state else {
            return false;
        };
        let left = body.decoder.direct_remaining();
        body.reusable && left.is_some_and(|left| left > self.request.limits.max_drain)
    }

    /// The rest of the response, if the connection serves others behind it; to be taken when nobody
    /// reads on.
    pub fn take_rest(&mut self) -> Option<Rest> {
        let whole = self.is_sent_whole() && !self.expires;
        let max_drain = self.request.limits.max_drain;
        let lost = self.upload.lost().is_some();
        let State::Body(body) = &mut self.state else {
            return None;
        };
        let rest = body
            .rest(max_drain)
            .filter(|_| whole && !lost && !body.released)?;
        self.state = State::Over;
        Some(rest)
    }
}

impl Body {
    fn rest(&self, max_drain: u64) -> Option<Rest> {
        let sound = self.reusable && self.owed.is_none();
        let announced = self
            .decoder
            .direct_remaining()
            .is_none_or(|left| left <= max_drain);
        (sound && announced).then(|| Rest {
            decoder: self.decoder.clone(),
            left: max_drain,
            may_wait: self.touched || !self.decoder.is_chunked(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http1::body::BodyFraming;

    fn rest(framing: BodyFraming, left: u64) -> Rest {
        Rest {
            decoder: BodyDecoder::new(framing),
            left,
            may_wait: true,
        }
    }

    #[test]
    fn a_rest_passes_up_to_its_end_and_leaves_what_is_behind_it() {
        for step in [1, 3, 100] {
            for (framing, wire) in [
                (BodyFraming::Length(5), &b"hello"[..]),
                (
                    BodyFraming::Chunked,
                    b"3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nA: b\r\n\r\n",
                ),
            ] {
                let mut rest = rest(framing, 1000);
                let all = [wire, b"HTTP/1.1"].concat();
                let (mut start, mut end) = (0, 0);
                while !rest.is_over() {
                    end = (end + step).min(all.len());
                    start += rest.discard(&all[start..end]).unwrap();
                }
                assert_eq!(start, wire.len());
            }
        }
    }

    #[test]
    fn a_rest_that_is_too_long_is_given_up() {
        let mut rest = rest(BodyFraming::Length(10), 4);
        assert_eq!(rest.discard(b"12345"), Ok(4));
        assert!(rest.is_too_long());
        let mut endless = self::rest(BodyFraming::Chunked, 64);
        while !endless.is_too_long() {
            endless.discard(b"1\r\nx\r\n").unwrap();
        }
        assert!(!endless.is_over());
    }
}
