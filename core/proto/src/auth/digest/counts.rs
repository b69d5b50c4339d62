//! How often each nonce has been used: nc, which never repeats for one nonce.

use std::collections::VecDeque;

/// Nonces that are remembered. A server that takes a nonce up again does so within a few
/// challenges, or always sends the same.
const NONCES_MAX: usize = 8;

/// The counters of one handle, the nonce used last at the end. They outlive what the nonces were
/// used with: a server that never changes its nonce still sees each number once.
#[derive(Debug, Default)]
pub(in crate::auth) struct Counts(VecDeque<(Box<[u8]>, u32)>);

impl Counts {
    /// The next number for a nonce, from 1; `None` when it has been used as often as can be
    /// counted.
    pub(super) fn next(&mut self, nonce: &[u8]) -> Option<u32> {
        let place = self.0.iter().position(|(own, _)| **own == *nonce);
        let known = place.and_then(|place| self.0.remove(place));
        let (nonce, used) = known.unwrap_or_else(|| (nonce.into(), 0));
        let next = used.checked_add(1);
        if self.0.len() >= NONCES_MAX {
            self.0.pop_front();
        }
        self.0.push_back((nonce, next.unwrap_or(used)));
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fact_28_5_2_each_nonce_counts_from_1_and_never_repeats() {
        let mut counts = Counts::default();
        let order = [b"a", b"a", b"b", b"a", b"c", b"b"];
        let numbers = order.map(|nonce| counts.next(nonce).unwrap());
        assert_eq!(numbers, [1, 2, 1, 3, 1, 2]);
    }

    #[test]
    fn a_nonce_that_is_worn_out_is_used_no_more() {
        let mut counts = Counts(VecDeque::from([(Box::from(&b"a"[..]), u32::MAX - 1)]));
        assert_eq!(counts.next(b"a"), Some(u32::MAX));
        assert_eq!(counts.next(b"a"), None);
        assert_eq!(counts.next(b"a"), None);
        assert_eq!(counts.next(b"b"), Some(1));
    }

    #[test]
    fn the_one_used_longest_ago_is_forgotten_first() {
        let mut counts = Counts::default();
        counts.next(b"a");
        for nonce in 0..u8::try_from(NONCES_MAX).unwrap() {
            counts.next(&[nonce]);
            if nonce == 3 {
                counts.next(b"a");
            }
        }
        assert_eq!(counts.0.len(), NONCES_MAX);
        assert_eq!(counts.next(b"a"), Some(3));
        assert_eq!(counts.next(&[0]), Some(1), "forgotten");
    }
}
