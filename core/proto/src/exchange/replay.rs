//! Whether a request's body can be sent once more.

/// What was sent of a body. RFC 9110 §9.2.2 asks whether a request may be repeated; this, whether
/// it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replay {
    /// So many bytes, given with SendRequest and lent as long as that call lasts; `is_all` says
    /// that they are the whole body.
    Given { bytes: usize, is_all: bool },
    /// Pieces of WriteData as well, which the program has back.
    Written,
}

impl Replay {
    /// All of the body can be had again; `sending` says that SendRequest is not over.
    pub(super) fn is_possible(self, sending: bool) -> bool {
        match self {
            Self::Given { bytes, .. } => sending || bytes == 0,
            Self::Written => false,
        }
    }

    /// The data given with SendRequest is the whole body, whether the system has taken it or not.
    pub(super) fn is_given_whole(self) -> bool {
        matches!(self, Self::Given { is_all: true, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(bytes: usize) -> Replay {
        Replay::Given {
            bytes,
            is_all: false,
        }
    }

    #[test]
    fn what_the_program_has_back_cannot_be_sent_again() {
        assert!(given(5).is_possible(true), "still lent");
        assert!(given(0).is_possible(false), "there is none");
        assert!(!given(5).is_possible(false), "given back at the completion");
        assert!(!Replay::Written.is_possible(true));
    }
}
