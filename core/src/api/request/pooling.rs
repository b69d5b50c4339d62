//! What a session's and a request's options say of the connections they share.

use std::time::Duration;

use winhttp_proto::option::{ConnectionRetries, OptionId, Structure, Value, Values};

use crate::engine::pool::IDLE_LIFE;
use crate::engine::pool::shelf::{Limits, Mark, Marks};

/// What MAX_CONNS_PER_SERVER means with 0.
const FEWEST: usize = 2;
/// Connections to one server that are opened at once; further ones have a pace.
const BURST: usize = 32;
/// MAX_CONNS_PER_SERVER without a limit.
const UNLIMITED: u32 = u32::MAX;

/// So many connections are opened at once at the most: a number that is a mistake must not take all
/// descriptors.
const MOST_AHEAD: usize = 64;

/// Options that make a session keep its connections to itself: what they change must not reach
/// others through a connection.
const PRIVATE: [OptionId; 7] = [
    OptionId::MAX_CONNS_PER_SERVER,
    OptionId::MAX_CONNS_PER_1_0_SERVER,
    OptionId::SECURE_PROTOCOLS,
    OptionId::TCP_KEEPALIVE,
    OptionId::HTTP2_KEEPALIVE,
    OptionId::HTTP2_RECEIVE_WINDOW,
    OptionId::CONNECTION_IDLE_TIMEOUT,
];

/// A session with these options keeps its connections to itself.
pub(in crate::api) fn is_private(values: &Values) -> bool {
    values.flag(OptionId::DISABLE_GLOBAL_POOLING)
        || PRIVATE
            .iter()
            .any(|option| values.stored(*option).is_some())
}

/// Connections to one server are counted for the program.
pub(super) fn is_limited(values: &Values) -> bool {
    let limits = [
        OptionId::MAX_CONNS_PER_SERVER,
        OptionId::MAX_CONNS_PER_1_0_SERVER,
    ];
    limits.iter().any(|option| values.stored(*option).is_some())
}

/// How many connections to one server there may be.
pub(super) fn limits(values: &Values) -> Limits {
    let limit = |option| match values.dword(option) {
        0 => FEWEST,
        UNLIMITED => usize::MAX,
        limit => usize::try_from(limit).unwrap_or(usize::MAX),
    };
    Limits {
        burst: BURST,
        usual: limit(OptionId::MAX_CONNS_PER_SERVER),
        http_1_0: limit(OptionId::MAX_CONNS_PER_1_0_SERVER),
    }
}

/// How many connections are opened with the first one to a server (BACKGROUND_CONNECTIONS counts
/// that one, too).
pub(super) fn ahead(values: &Values) -> usize {
    let count = usize::try_from(values.dword(OptionId::BACKGROUND_CONNECTIONS));
    count
        .unwrap_or(usize::MAX)
        .min(MOST_AHEAD)
        .saturating_sub(1)
}

/// How long a connection may be idle (CONNECTION_IDLE_TIMEOUT).
pub(super) fn idle_life(values: &Values) -> Duration {
    match values.stored(OptionId::CONNECTION_IDLE_TIMEOUT) {
        Some(Value::Dword(ms)) => Duration::from_millis(u64::from(*ms)),
        _ => IDLE_LIFE,
    }
}

/// What marks the connection of a request (CONNECTION_GUID); all zeroes are no mark.
pub(super) fn mark(values: &Values) -> Option<Mark> {
    match values.stored(OptionId::CONNECTION_GUID) {
        Some(Value::Struct(Structure::Guid(guid))) => Some(*guid).filter(|guid| *guid != [0; 16]),
        _ => None,
    }
}

/// Which connections a request takes (MATCH_CONNECTION_GUID).
pub(super) fn marks(values: &Values) -> Marks {
    match values.stored(OptionId::MATCH_CONNECTION_GUID) {
        Some(Value::Struct(Structure::MatchConnectionGuid(wanted))) => {
            if wanted.requires_mark() {
                Marks::This(wanted.guid)
            } else {
                Marks::ThisOrNone(wanted.guid)
            }
        }
        _ => Marks::All,
    }
}

/// When a request is sent once more (FAILED_CONNECTION_RETRIES).
pub(super) fn retries(values: &Values) -> Option<ConnectionRetries> {
    match values.stored(OptionId::FAILED_CONNECTION_RETRIES) {
        Some(Value::Struct(Structure::FailedConnectionRetries(retries))) => Some(*retries),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_21_4_1_and_21_4_2_a_connection_is_idle_for_a_minute_unless_the_session_says_otherwise()
    {
        let mut values = Values::default();
        assert_eq!(idle_life(&values), Duration::from_secs(60));
        assert!(!is_private(&values));
        let option = OptionId::CONNECTION_IDLE_TIMEOUT;
        for ms in [5000, 60_000, u32::MAX] {
            values.set(option, Value::Dword(ms)).unwrap();
            assert_eq!(idle_life(&values), Duration::from_millis(u64::from(ms)));
            assert!(is_private(&values), "{ms}");
        }
    }
}
