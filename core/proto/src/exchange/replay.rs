//! Whether a request's body can be sent once more.

/// What was sent of a body. RFC 9110 §9.2.2 asks whether a request may be repeated; this, whether
/// it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replay {
    /// What was given with SendRequest, which is lent until ReceiveResponse is over; `is_all` says
    /// that this is the whole body.
    Given { is_all: bool },
    /// Pieces of WriteData as well, which the program has back.
    Written,
}

impl Replay {
    /// What was sent so far can be had again.
    pub(super) fn is_possible(self) -> bool {
        matches!(self, Self::Given { .. })
    }

    /// The whole body can, whether the system has taken it or not.
    pub(super) fn is_given_whole(self) -> bool {
        matches!(self, Self::Given { is_all: true })
    }
}
