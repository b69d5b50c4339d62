//! The answer that comes while its request is still being sent: found in what has arrived, and left
//! there.

use super::head::{HeadLimits, HeadParser, HeadStatus};

/// From this status on, the answer was decided without the rest of the request.
const REFUSALS: u16 = 300;

/// Looks for the head of the final response; whoever receives the response reads it once more.
#[derive(Clone, Debug, Default)]
pub struct EarlyAnswer {
    parser: HeadParser,
    /// Bytes of the interim responses in front.
    skipped: usize,
    search: Search,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Search {
    /// More bytes may complete it.
    #[default]
    Open,
    /// It has this status.
    Found(u16),
    /// There will be none, or it is malformed; receiving the response tells which.
    Vain,
}

impl EarlyAnswer {
    /// Looks at all bytes received so far: those of the call before, and more.
    pub fn look(&mut self, input: &[u8], limits: &HeadLimits) {
        while self.search == Search::Open {
            let rest = input.get(self.skipped..).unwrap_or_default();
            match self.parser.parse(rest, limits) {
                Ok(HeadStatus::Partial) => return,
                // Only 101 ends an exchange among the interim responses (RFC 9110 §15.2).
                Ok(HeadStatus::Complete { head, consumed })
                    if head.status < 200 && head.status != 101 =>
                {
                    self.skipped += consumed;
                }
                Ok(HeadStatus::Complete { head, .. }) => self.search = Search::Found(head.status),
                Err(_) => self.search = Search::Vain,
            }
        }
    }

    /// The head was received elsewhere.
    pub fn found(&mut self, status: u16) {
        self.search = Search::Found(status);
    }

    /// No more bytes will come, or they are not to be had.
    pub fn give_up(&mut self) {
        if self.search == Search::Open {
            self.search = Search::Vain;
        }
    }

    /// More bytes are worth a look.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.search == Search::Open
    }

    /// The head of the final response is there.
    #[must_use]
    pub fn is_found(&self) -> bool {
        matches!(self.search, Search::Found(_))
    }

    /// The answer is no success: nobody waits for the rest of the request (RFC 9112 §9.5).
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(self.search, Search::Found(status) if status >= REFUSALS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks at `wire` as it comes in pieces of `step` bytes.
    fn look(wire: &[u8], step: usize) -> EarlyAnswer {
        let mut early = EarlyAnswer::default();
        for end in (0..wire.len()).step_by(step).chain([wire.len()]) {
            early.look(&wire[..end], &HeadLimits::default());
        }
        early
    }

    #[test]
    fn a_final_head_is_found_behind_interim_ones_whole_and_byte_by_byte() {
        let refusal =
            &b"HTTP/1.1 413 Too Large\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n\r\n"[..];
        let cases = [
            (refusal, true, true),
            (
                b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 307 There\r\n\r\n",
                true,
                true,
            ),
            (b"HTTP/1.1 200 OK\r\n\r\n", true, false),
            (b"HTTP/1.1 299 Odd\r\n\r\n", true, false),
            (
                b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
                true,
                false,
            ),
            (b"HTTP/1.1 100 Continue\r\n\r\n", false, false),
            (b"HTTP/1.1 413 Too Large\r\n", false, false),
            (b"", false, false),
        ];
        for (wire, found, refused) in cases {
            for step in [1, 7, wire.len().max(1)] {
                let early = look(wire, step);
                let text = String::from_utf8_lossy(wire);
                assert_eq!(
                    (early.is_found(), early.is_refusal()),
                    (found, refused),
                    "{text}"
                );
                assert_eq!(early.is_open(), !found, "{text}");
            }
        }
    }

    #[test]
    fn garbage_ends_the_search_and_so_does_giving_up() {
        let mut early = look(b"ICY 200 OK\r\n\r\n", 1);
        assert!(!early.is_open() && !early.is_found());
        early.look(b"HTTP/1.1 413 Too Large\r\n\r\n", &HeadLimits::default());
        assert!(!early.is_found());
        let mut early = look(b"HTTP/1.1 413", 4);
        early.give_up();
        assert!(!early.is_open() && !early.is_found());
    }

    #[test]
    fn what_was_found_stays_found() {
        let mut early = look(b"HTTP/1.1 413 Too Large\r\n\r\n", 100);
        early.give_up();
        assert!(early.is_refusal());
    }
}
