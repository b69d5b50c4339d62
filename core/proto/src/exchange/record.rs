//! What is recorded of an exchange while it runs: when its steps happened, and how much went over
//! the wire (WINHTTP_OPTION_REQUEST_TIMES and REQUEST_STATS).
//!
//! The moments come from where an exchange stands whenever it is asked what to do next, and so need
//! no clock of their own. They are those of the last attempt: another connection, or another leg,
//! starts the record anew.

use std::time::Instant;

use super::retry::Provenance;
use super::{Call, Exchange, Hop, State};

/// A moment of an exchange, with its entry of WINHTTP_REQUEST_TIMES. The entries without one are of
/// what does not happen here (detection, streams, compressed headers), and of how long decoding
/// takes. The TLS handshake counts as its client's first leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the names are those of WINHTTP_REQUEST_TIME_ENTRY"
)]
pub enum Moment {
    ConnectionAcquireStart,
    ConnectionAcquireWaitEnd,
    ConnectionAcquireEnd,
    NameResolutionStart,
    NameResolutionEnd,
    ConnectionEstablishmentStart,
    ConnectionEstablishmentEnd,
    TlsHandshakeStart,
    TlsHandshakeEnd,
    SendRequestStart,
    SendRequestHeadersEnd,
    SendRequestEnd,
    ReceiveResponseStart,
    ReceiveResponseHeadersEnd,
    ReceiveResponseEnd,
    ProxyTunnelStart,
    ProxyTunnelEnd,
    ProxyTlsHandshakeStart,
    ProxyTlsHandshakeEnd,
}

/// All moments, in their order.
const MOMENTS: [(Moment, usize); 19] = [
    (Moment::ConnectionAcquireStart, 2),
    (Moment::ConnectionAcquireWaitEnd, 3),
    (Moment::ConnectionAcquireEnd, 4),
    (Moment::NameResolutionStart, 5),
    (Moment::NameResolutionEnd, 6),
    (Moment::ConnectionEstablishmentStart, 7),
    (Moment::ConnectionEstablishmentEnd, 8),
    (Moment::TlsHandshakeStart, 9),
    (Moment::TlsHandshakeEnd, 10),
    (Moment::SendRequestStart, 17),
    (Moment::SendRequestHeadersEnd, 20),
    (Moment::SendRequestEnd, 21),
    (Moment::ReceiveResponseStart, 22),
    (Moment::ReceiveResponseHeadersEnd, 25),
    (Moment::ReceiveResponseEnd, 27),
    (Moment::ProxyTunnelStart, 28),
    (Moment::ProxyTunnelEnd, 29),
    (Moment::ProxyTlsHandshakeStart, 30),
    (Moment::ProxyTlsHandshakeEnd, 31),
];

/// The record of one exchange.
#[derive(Clone, Copy, Debug, Default)]
pub struct Record {
    moments: [Option<Instant>; MOMENTS.len()],
    /// Bytes of the request's head that were sent, the empty line included.
    pub request_head_bytes: u64,
    /// Bytes of the final response's head, the empty line included.
    pub response_head_bytes: u64,
    /// Bytes of the response's body that the program was given, without the framing of chunks.
    pub body_bytes: u64,
    /// Bytes of the body that were taken from the connection to be decoded.
    pub(super) decoded_bytes: u64,
    /// Requests that had used the connection before.
    pub preceding: u32,
}

impl Record {
    /// When that happened; `None` if it has not.
    #[must_use]
    pub fn moment(&self, moment: Moment) -> Option<Instant> {
        *self.moments.get(moment as usize)?
    }

    /// What has happened, by entry of WINHTTP_REQUEST_TIMES.
    pub fn entries(&self) -> impl Iterator<Item = (usize, Instant)> + '_ {
        let happened = |(moment, entry)| Some((entry, self.moment(moment)?));
        MOMENTS.into_iter().filter_map(happened)
    }

    /// Bytes of the body as they came, without the framing of chunks.
    #[must_use]
    pub fn coded_body_bytes(&self) -> u64 {
        match self.decoded_bytes {
            0 => self.body_bytes, // nothing is decoded, or nothing has come
            decoded => decoded,
        }
    }

    /// It is the first request on its connection.
    #[must_use]
    pub fn is_first_on_connection(&self) -> bool {
        self.preceding == 0
    }

    /// So many bytes of the body were given to the program.
    pub(super) fn gave(&mut self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.body_bytes = self.body_bytes.saturating_add(bytes);
    }

    /// This happens now, unless it has before.
    fn mark(&mut self, moment: Moment, now: Instant) {
        if let Some(place) = self.moments.get_mut(moment as usize) {
            place.get_or_insert(now);
        }
    }

    /// This did not happen yet.
    fn forget(&mut self, moment: Moment) {
        if let Some(place) = self.moments.get_mut(moment as usize) {
            *place = None;
        }
    }

    /// This ends now, if it ever began.
    fn mark_end(&mut self, begin: Moment, end: Moment, now: Instant) {
        if self.moment(begin).is_some() {
            self.mark(end, now);
        }
    }

    fn acquired(&mut self, now: Instant) {
        self.mark(Moment::ConnectionAcquireStart, now);
        self.mark(Moment::ConnectionAcquireWaitEnd, now);
        self.mark(Moment::ConnectionAcquireEnd, now);
    }

    /// The connection is ready, and sending begins.
    fn sending(&mut self, now: Instant) {
        self.acquired(now);
        self.connected(now);
        self.mark_end(Moment::TlsHandshakeStart, Moment::TlsHandshakeEnd, now);
        self.mark(Moment::SendRequestStart, now);
    }

    fn connected(&mut self, now: Instant) {
        let begin = Moment::ConnectionEstablishmentStart;
        self.mark_end(begin, Moment::ConnectionEstablishmentEnd, now);
    }

    fn securing(&mut self, hop: Hop, now: Instant) {
        self.connected(now);
        match hop {
            Hop::Proxy => self.mark(Moment::ProxyTlsHandshakeStart, now),
            Hop::Server => {
                self.tunnelled(now);
                self.mark(Moment::TlsHandshakeStart, now);
            }
        }
    }

    fn tunnelling(&mut self, now: Instant) {
        self.connected(now);
        let begin = Moment::ProxyTlsHandshakeStart;
        self.mark_end(begin, Moment::ProxyTlsHandshakeEnd, now);
        self.mark(Moment::ProxyTunnelStart, now);
    }

    fn tunnelled(&mut self, now: Instant) {
        let begin = Moment::ProxyTlsHandshakeStart;
        self.mark_end(begin, Moment::ProxyTlsHandshakeEnd, now);
        self.mark_end(Moment::ProxyTunnelStart, Moment::ProxyTunnelEnd, now);
    }

    /// The head is out, which has so many bytes.
    fn sent_head(&mut self, bytes: usize, now: Instant) {
        self.mark(Moment::SendRequestHeadersEnd, now);
        self.request_head_bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    }
}

impl Exchange {
    /// What is recorded so far.
    #[must_use]
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Records where the exchange stands now.
    pub(super) fn note(&mut self, now: Instant, call: &Call<'_>) {
        let head_bytes = self.request.head.len();
        let record = &mut self.record;
        match &self.state {
            State::Composed => {
                if record.moment(Moment::SendRequestStart).is_some() {
                    *record = Record::default(); // another leg
                }
                record.mark(Moment::ConnectionAcquireStart, now);
            }
            State::Unconnected => {
                if self.provenance == Provenance::Replacement {
                    *record = Record::default();
                }
                record.acquired(now);
            }
            State::Resolving => {
                record.acquired(now);
                record.mark(Moment::NameResolutionStart, now);
            }
            State::Dialing(_) => {
                record.mark(Moment::NameResolutionEnd, now);
                record.mark(Moment::ConnectionEstablishmentStart, now);
            }
            State::Reached(_) => record.connected(now),
            State::Securing(hop) => record.securing(*hop, now),
            State::Tunnelling(_) => record.tunnelling(now),
            State::Refused(..) | State::Connected => {
                record.connected(now);
                record.tunnelled(now);
                record.mark_end(Moment::TlsHandshakeStart, Moment::TlsHandshakeEnd, now);
            }
            State::Sending => {
                let upload = &self.upload;
                record.sending(now);
                if upload.written() >= head_bytes {
                    record.sent_head(head_bytes, now);
                }
            }
            State::Written | State::Sent => {
                record.sent_head(head_bytes, now);
                if let Call::Write { .. } = call {
                    record.forget(Moment::SendRequestEnd);
                }
                record.mark(Moment::SendRequestEnd, now);
            }
            State::Head(_) => {
                record.sent_head(head_bytes, now);
                record.mark(Moment::SendRequestEnd, now);
                record.mark(Moment::ReceiveResponseStart, now);
            }
            State::Body(body) => {
                record.mark(Moment::ReceiveResponseHeadersEnd, now);
                if body.is_over() {
                    record.mark(Moment::ReceiveResponseEnd, now);
                }
            }
            State::Upgraded(_) => record.mark(Moment::ReceiveResponseHeadersEnd, now),
            State::Unrouted | State::Stale | State::Over => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_lie_in_the_order_of_their_entries() {
        assert!(MOMENTS.is_sorted_by_key(|(_, entry)| *entry));
        for (index, (moment, _)) in MOMENTS.into_iter().enumerate() {
            assert_eq!(moment as usize, index);
        }
    }
}
