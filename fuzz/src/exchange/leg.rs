//! One request of those that follow each other.

use winhttp_proto::decode::Codings;
use winhttp_proto::exchange::{Composed, ExchangeLimits};
use winhttp_proto::http1::head::HeadLimits;

/// One request of several.
#[derive(Clone, Copy)]
pub(super) struct Leg {
    pub(super) method: &'static str,
    /// How many others may follow.
    pub(super) left: usize,
    /// Others came before.
    pub(super) is_later: bool,
    pub(super) is_authenticated: bool,
    pub(super) secure: bool,
    pub(super) announces_close: bool,
    pub(super) has_small_limits: bool,
    pub(super) decodes: bool,
}

impl Leg {
    pub(super) fn request(self) -> Composed {
        Composed {
            host: "server".into(),
            secure: self.secure,
            via: None,
            head: self.head().into(),
            method: self.method.into(),
            announces_close: self.announces_close,
            retries: None,
            upgrade: None,
            is_later_leg: self.is_later,
            is_authenticated: self.is_authenticated,
            codings: Codings::new(if self.decodes { 3 } else { 0 }),
            limits: ExchangeLimits {
                head: head_limits(self.has_small_limits),
                max_interim: 3,
                max_drain: 1000,
            },
        }
    }

    pub(super) fn head(self) -> Vec<u8> {
        let method = self.method;
        format!("{method} / HTTP/1.1\r\nHost: server\r\n\r\n").into_bytes()
    }
}

/// The usual limits, or such as are soon reached.
pub(crate) fn head_limits(small: bool) -> HeadLimits {
    match small {
        true => HeadLimits {
            max_bytes: 64,
            max_count: 3,
        },
        false => HeadLimits::default(),
    }
}
