//! Whether a request is sent once more, unseen, because its connection turned out stale.

use super::{Exchange, State};

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provenance {
    /// It was opened for this request.
    Fresh,
    /// Another request has used it before, and the server may have given it up meanwhile.
    Reused,
    /// It was opened in place of a stale one, and is the last attempt unless the program says
    /// otherwise (FAILED_CONNECTION_RETRIES).
    Replacement,
}

/// How a connection ended before the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loss<'r> {
    pub(super) provenance: Provenance,
    /// Bytes of an answer had come.
    pub(super) answered: bool,
    /// Bytes of the request were out.
    pub(super) written: bool,
    /// All of the body can be had again.
    pub(super) replayable: bool,
    pub(super) method: &'r str,
}

impl Loss<'_> {
    /// The server closed a connection that nobody used, which is no failure of this request:
    /// another one may try again. A request that may have been executed is repeated only if that
    /// does no harm (RFC 9112 §9.3.1).
    pub(super) fn is_stale(self) -> bool {
        self.is_of_a_used_connection()
            && self.replayable
            && (!self.written || is_idempotent(self.method))
    }

    /// The server closed a connection that nobody used, or would not answer on it.
    pub(super) fn is_of_a_used_connection(self) -> bool {
        self.provenance == Provenance::Reused && !self.answered
    }
}

/// What may be tried once more (WINHTTP_CONNECTION_RETRY_CONDITION_*).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// The server has waited too long for a request, on a connection that others have used.
    Status408 = 1,
    /// The TLS handshake failed, and not for a certificate.
    Handshake = 2,
    /// The connection turned out stale.
    Stale = 4,
}

impl Exchange {
    /// Counts one more attempt, if there may be one: a stale connection is replaced once, unless
    /// the program says what else.
    pub(super) fn tries_again(&mut self, condition: Condition) -> bool {
        let may = match self.request.retries {
            None => condition == Condition::Stale,
            Some(retries) => {
                retries.conditions & condition as u32 != 0 && self.retried < retries.limit
            }
        };
        self.retried += u32::from(may);
        may
    }
}

impl Exchange {
    /// The server has said something, or its last word, on a connection that others have used,
    /// before anything of this request was written: another connection takes its place, if one may.
    pub fn found_stale(&mut self) {
        let is_unwritten = self.upload.written() == 0;
        if is_unwritten
            && self.provenance == Provenance::Reused
            && self.tries_again(Condition::Stale)
        {
            self.state = State::Stale;
        }
    }
}

/// RFC 9110 §9.2.2. Methods are told apart by case.
fn is_idempotent(method: &str) -> bool {
    matches!(
        method,
        "GET" | "HEAD" | "OPTIONS" | "TRACE" | "PUT" | "DELETE"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALE: Loss<'static> = Loss {
        provenance: Provenance::Reused,
        answered: false,
        written: true,
        replayable: true,
        method: "GET",
    };

    #[test]
    fn each_condition_counts() {
        assert!(STALE.is_stale());
        let cases = [
            Loss {
                provenance: Provenance::Fresh,
                ..STALE
            },
            Loss {
                provenance: Provenance::Replacement,
                ..STALE
            },
            Loss {
                answered: true,
                ..STALE
            },
            Loss {
                replayable: false,
                ..STALE
            },
            Loss {
                method: "POST",
                ..STALE
            },
            Loss {
                method: "get",
                ..STALE
            },
        ];
        for loss in cases {
            assert!(!loss.is_stale(), "{loss:?}");
        }
        let unwritten = Loss {
            method: "POST",
            written: false,
            ..STALE
        };
        assert!(unwritten.is_stale(), "nothing can have been executed");
    }
}
