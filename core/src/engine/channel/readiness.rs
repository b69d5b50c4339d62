//! Readiness: whether trying to read is worth a system call, and whether this thread may try.
//!
//! ```text
//! Ready ─a read took all there was─► Drained ─the poll reports the socket─► Ready
//! Ready ─a receive stops to give others a turn─► Unfinished ─the next receive─► Ready
//! Ready or Drained ─lend─► Lent ─take back─► Ready or Drained
//! ```
//!
//! Bytes that have left the socket already, read ahead or kept by TLS, are another matter: they can
//! be had in every state.

/// What is known of bytes in the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// There are none. The poll will tell, or the caller waits and tells.
    Drained,
    /// There may be some.
    Ready(ShortRead),
    /// There may be some, and nobody will tell: whoever received stopped to give others a turn. The
    /// owner comes back by itself.
    Unfinished(ShortRead),
    /// Another thread reads, without the connection's lock; nobody else may.
    Lent(ShortRead),
}

/// What it means that a read brought less than it could have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShortRead {
    /// That was all, and trying again would only cost a system call.
    WasAll,
    /// Nothing: the end of the stream was announced, maybe together with its last bytes. Only a
    /// read that finds nothing or the end is proof.
    ProvesNothing,
}

impl Readiness {
    /// What is known of a connection of which nothing was read.
    pub(super) const UNTRIED: Self = Self::Ready(ShortRead::WasAll);

    /// The poll has reported the socket, or its owner has waited for it.
    pub(super) fn reported(&mut self) {
        if *self == Self::Drained {
            *self = Self::UNTRIED;
        }
    }

    /// From now on only the socket itself can tell what has arrived.
    pub(super) fn trust_nothing(&mut self) {
        *self = match self {
            Self::Drained | Self::Ready(_) => Self::Ready(ShortRead::ProvesNothing),
            Self::Unfinished(_) => Self::Unfinished(ShortRead::ProvesNothing),
            Self::Lent(_) => Self::Lent(ShortRead::ProvesNothing),
        };
    }

    /// A receive tries (again).
    pub(super) fn resume(&mut self) {
        if let Self::Unfinished(short) = *self {
            *self = Self::Ready(short);
        }
    }

    /// A receive stops before it has everything.
    pub(super) fn stop(&mut self) {
        *self = match *self {
            Self::Drained => Self::Unfinished(ShortRead::WasAll),
            Self::Ready(short) | Self::Unfinished(short) => Self::Unfinished(short),
            Self::Lent(short) => Self::Lent(short),
        };
    }

    /// A read has brought less than it could have, or found nothing.
    pub(super) fn read_short(&mut self) {
        if *self == Self::Ready(ShortRead::WasAll) {
            *self = Self::Drained;
        }
    }

    /// Another thread reads from here on.
    pub(super) fn lend(&mut self) {
        *self = match *self {
            Self::Drained => Self::Lent(ShortRead::WasAll),
            Self::Ready(short) | Self::Unfinished(short) | Self::Lent(short) => Self::Lent(short),
        };
    }

    /// The other thread has read for the last time; whether that was a short read. It proves
    /// nothing if something has happened meanwhile that does not let it.
    pub(super) fn take_back(&mut self, short_read: bool) {
        if let Self::Lent(short) = *self {
            *self = Self::Ready(short);
            if short_read {
                self.read_short();
            }
        }
    }

    /// Another thread reads.
    pub(super) fn is_lent(self) -> bool {
        matches!(self, Self::Lent(_))
    }

    /// The owner must come back by itself.
    pub(super) fn is_unfinished(self) -> bool {
        matches!(self, Self::Unfinished(_))
    }
}

#[cfg(test)]
mod tests {
    use super::Readiness::{Drained, Lent, Ready, Unfinished};
    use super::ShortRead::{ProvesNothing, WasAll};
    use super::*;

    const ALL: [Readiness; 7] = [
        Drained,
        Ready(WasAll),
        Ready(ProvesNothing),
        Unfinished(WasAll),
        Unfinished(ProvesNothing),
        Lent(WasAll),
        Lent(ProvesNothing),
    ];

    /// What `change` makes of each state, in the order of [`ALL`].
    fn every(change: impl Fn(&mut Readiness)) -> [Readiness; 7] {
        ALL.map(|mut readiness| {
            change(&mut readiness);
            readiness
        })
    }

    #[test]
    fn a_report_tells_news_where_all_was_taken() {
        let mut expected = ALL;
        expected[0] = Ready(WasAll);
        assert_eq!(every(Readiness::reported), expected);
    }

    #[test]
    fn what_is_not_trusted_any_more_is_never_trusted_again() {
        for mut readiness in every(Readiness::trust_nothing) {
            readiness.stop();
            readiness.resume();
            readiness.read_short();
            readiness.reported();
            readiness.lend();
            readiness.take_back(true);
            assert_eq!(readiness, Ready(ProvesNothing));
        }
    }

    #[test]
    fn a_short_read_drains_only_where_it_is_proof() {
        let mut expected = ALL;
        expected[1] = Drained;
        assert_eq!(every(Readiness::read_short), expected);
    }

    #[test]
    fn a_receive_that_stops_is_taken_up_by_the_next() {
        for mut readiness in ALL {
            let lent = readiness.is_lent();
            readiness.stop();
            assert_eq!(readiness.is_unfinished(), !lent);
            readiness.resume();
            assert!(matches!(readiness, Ready(_)) || lent);
        }
    }

    #[test]
    fn what_the_other_thread_found_counts() {
        for (lent, short_read, expected) in [
            (Lent(WasAll), false, Ready(WasAll)),
            (Lent(WasAll), true, Drained),
            (Lent(ProvesNothing), false, Ready(ProvesNothing)),
            (Lent(ProvesNothing), true, Ready(ProvesNothing)),
        ] {
            let mut readiness = lent;
            readiness.take_back(short_read);
            assert_eq!(readiness, expected);
        }
    }
}
