//! Decides how the five timeouts of a session or request are stored, read back and turned into
//! durations.

use std::time::Duration;

use super::{OptionError, OptionId};

/// The value that switches a timer off; so does 0. `WinHttpSetTimeouts` writes it as -1.
const INFINITE_MS: u32 = u32::MAX;

/// The timeouts in force on a session, or copied from it when a request is opened.
///
/// All in milliseconds; 0 and 0xFFFFFFFF mean no limit. Connects have none of their own: they
/// show what their session has now. Values are stored and read back exactly as given, except that
/// `receive_response_ms` is never below `receive_ms`, compared as unsigned numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Name resolution (`WINHTTP_OPTION_RESOLVE_TIMEOUT`).
    pub resolve_ms: u32,
    /// Each attempt to connect to an address (`WINHTTP_OPTION_CONNECT_TIMEOUT`).
    pub connect_ms: u32,
    /// Sending, from one progress to the next (`WINHTTP_OPTION_SEND_TIMEOUT`).
    pub send_ms: u32,
    /// Receiving, from one progress to the next (`WINHTTP_OPTION_RECEIVE_TIMEOUT`).
    pub receive_ms: u32,
    /// All response headers together (`WINHTTP_OPTION_RECEIVE_RESPONSE_TIMEOUT`).
    pub receive_response_ms: u32,
}

/// What WinHTTP documents, except that the last reads as 0xFFFFFFFF on Windows where 90 s are
/// documented; what programs can observe decides.
impl Default for Timeouts {
    fn default() -> Self {
        Self {
            resolve_ms: 0,
            connect_ms: 60_000,
            send_ms: 30_000,
            receive_ms: 30_000,
            receive_response_ms: INFINITE_MS,
        }
    }
}

impl Timeouts {
    /// Does what `WinHttpSetTimeouts` does to a session or request.
    pub const fn set_all(&mut self, arguments: TimeoutArguments) {
        self.resolve_ms = arguments.resolve_ms;
        self.connect_ms = arguments.connect_ms;
        self.send_ms = arguments.send_ms;
        self.receive_ms = arguments.receive_ms;
        self.raise_receive_response();
    }

    /// Sets the timeout this option stands for; any number is taken. Returns `false`, nothing
    /// changed, if the option is not a timeout.
    pub const fn set(&mut self, option: OptionId, ms: u32) -> bool {
        let place = match option {
            OptionId::RESOLVE_TIMEOUT => &mut self.resolve_ms,
            OptionId::CONNECT_TIMEOUT => &mut self.connect_ms,
            OptionId::SEND_TIMEOUT => &mut self.send_ms,
            OptionId::RECEIVE_TIMEOUT => &mut self.receive_ms,
            OptionId::RECEIVE_RESPONSE_TIMEOUT => &mut self.receive_response_ms,
            _ => return false,
        };
        *place = ms;
        self.raise_receive_response();
        true
    }

    /// What a query of this option reads, in milliseconds; `None` if the option is not a timeout.
    #[must_use]
    pub const fn get(&self, option: OptionId) -> Option<u32> {
        match option {
            OptionId::RESOLVE_TIMEOUT => Some(self.resolve_ms),
            OptionId::CONNECT_TIMEOUT => Some(self.connect_ms),
            OptionId::SEND_TIMEOUT => Some(self.send_ms),
            OptionId::RECEIVE_TIMEOUT => Some(self.receive_ms),
            OptionId::RECEIVE_RESPONSE_TIMEOUT => Some(self.receive_response_ms),
            _ => None,
        }
    }

    /// The duration a stored number stands for; `None` if there is no limit.
    #[must_use]
    pub const fn effective(ms: u32) -> Option<Duration> {
        match ms {
            0 | INFINITE_MS => None,
            ms => Some(Duration::from_millis(ms as u64)),
        }
    }

    /// Windows never shows a response timeout below the receive timeout, and compares without
    /// regard to the special meaning of 0 and 0xFFFFFFFF.
    const fn raise_receive_response(&mut self) {
        if self.receive_response_ms < self.receive_ms {
            self.receive_response_ms = self.receive_ms;
        }
    }
}

/// Arguments of `WinHttpSetTimeouts` that passed its check, which comes before that of the handle's
/// kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeoutArguments {
    resolve_ms: u32,
    connect_ms: u32,
    send_ms: u32,
    receive_ms: u32,
}

impl TimeoutArguments {
    /// Takes the arguments in their order, in milliseconds; 0 and -1 mean no limit.
    ///
    /// # Errors
    /// `InvalidParameter` if any is below -1.
    pub fn new(
        resolve_ms: i32,
        connect_ms: i32,
        send_ms: i32,
        receive_ms: i32,
    ) -> Result<Self, OptionError> {
        Ok(Self {
            resolve_ms: unsigned(resolve_ms)?,
            connect_ms: unsigned(connect_ms)?,
            send_ms: unsigned(send_ms)?,
            receive_ms: unsigned(receive_ms)?,
        })
    }
}

/// -1 becomes 0xFFFFFFFF.
fn unsigned(ms: i32) -> Result<u32, OptionError> {
    match ms {
        -1 => Ok(INFINITE_MS),
        ms => u32::try_from(ms).map_err(|_| OptionError::InvalidParameter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESPONSE: OptionId = OptionId::RECEIVE_RESPONSE_TIMEOUT;

    fn set(timeouts: &mut Timeouts, option: OptionId, ms: u32) -> Option<u32> {
        assert!(timeouts.set(option, ms));
        timeouts.get(option)
    }

    fn set_all(timeouts: &mut Timeouts, [resolve, connect, send, receive]: [i32; 4]) {
        timeouts.set_all(TimeoutArguments::new(resolve, connect, send, receive).unwrap());
    }

    #[test]
    fn fact_3_4_1_arguments_below_minus_one_are_invalid() {
        for below in [-2, i32::MIN] {
            for place in 0..4 {
                let mut arguments = [5; 4];
                arguments[place] = below;
                let [resolve, connect, send, receive] = arguments;
                assert_eq!(
                    TimeoutArguments::new(resolve, connect, send, receive),
                    Err(OptionError::InvalidParameter)
                );
            }
        }
    }

    #[test]
    fn fact_3_4_1_minus_one_and_zero_are_valid_and_read_back() {
        let mut timeouts = Timeouts::default();
        set_all(&mut timeouts, [-1, 0, 7, 9]);
        assert_eq!(timeouts.get(OptionId::RESOLVE_TIMEOUT), Some(u32::MAX));
        assert_eq!(timeouts.get(OptionId::CONNECT_TIMEOUT), Some(0));
        assert_eq!(timeouts.get(OptionId::SEND_TIMEOUT), Some(7));
        assert_eq!(timeouts.get(OptionId::RECEIVE_TIMEOUT), Some(9));
    }

    #[test]
    fn fact_3_4_3_any_number_can_be_stored() {
        let options = [
            OptionId::RESOLVE_TIMEOUT,
            OptionId::CONNECT_TIMEOUT,
            OptionId::SEND_TIMEOUT,
            OptionId::RECEIVE_TIMEOUT,
            RESPONSE,
        ];
        for option in options {
            let mut timeouts = Timeouts::default();
            assert_eq!(set(&mut timeouts, option, 0xBEEF_DEAD), Some(0xBEEF_DEAD));
        }
    }

    #[test]
    fn fact_3_4_3_a_copy_is_independent() {
        let mut session = Timeouts::default();
        let request = session;
        session.set(OptionId::SEND_TIMEOUT, 1);
        assert_eq!(request.get(OptionId::SEND_TIMEOUT), Some(30_000));
    }

    #[test]
    fn fact_3_4_4_the_response_timeout_reads_all_ones_until_set() {
        let mut timeouts = Timeouts::default();
        assert_eq!(timeouts.get(RESPONSE), Some(0xFFFF_FFFF));
        set_all(&mut timeouts, [1, 2, 3, 4]);
        assert_eq!(timeouts.get(RESPONSE), Some(0xFFFF_FFFF));
    }

    #[test]
    fn fact_3_4_5_the_response_timeout_is_never_below_the_receive_timeout() {
        let mut timeouts = Timeouts::default();
        timeouts.set(OptionId::RECEIVE_TIMEOUT, 48_879);
        assert_eq!(set(&mut timeouts, RESPONSE, 48_878), Some(48_879));
        assert_eq!(set(&mut timeouts, RESPONSE, 48_880), Some(48_880));
    }

    #[test]
    fn fact_3_4_5_the_comparison_is_unsigned() {
        let mut timeouts = Timeouts::default();
        timeouts.set(OptionId::RECEIVE_TIMEOUT, 0xBEEF_DEAD);
        assert_eq!(set(&mut timeouts, RESPONSE, 30_000), Some(0xBEEF_DEAD));
        assert_eq!(set(&mut timeouts, RESPONSE, 0), Some(0xBEEF_DEAD));
    }

    #[test]
    fn raising_the_receive_timeout_raises_the_response_timeout() {
        let mut timeouts = Timeouts::default();
        timeouts.set(RESPONSE, 40_000);
        timeouts.set(OptionId::RECEIVE_TIMEOUT, 50_000);
        assert_eq!(timeouts.get(RESPONSE), Some(50_000));
        set_all(&mut timeouts, [0, 0, 0, 60_000]);
        assert_eq!(timeouts.get(RESPONSE), Some(60_000));
        timeouts.set(OptionId::RECEIVE_TIMEOUT, 1);
        assert_eq!(timeouts.get(RESPONSE), Some(60_000));
    }

    #[test]
    fn fact_3_4_6_defaults_and_the_numbers_that_mean_no_limit() {
        let timeouts = Timeouts::default();
        assert_eq!(Timeouts::effective(timeouts.resolve_ms), None);
        assert_eq!(
            Timeouts::effective(timeouts.connect_ms),
            Some(Duration::from_secs(60))
        );
        assert_eq!(
            Timeouts::effective(timeouts.send_ms),
            Some(Duration::from_secs(30))
        );
        assert_eq!(
            Timeouts::effective(timeouts.receive_ms),
            Some(Duration::from_secs(30))
        );
        assert_eq!(Timeouts::effective(0xFFFF_FFFF), None);
        assert_eq!(Timeouts::effective(1), Some(Duration::from_millis(1)));
    }

    #[test]
    fn the_table_has_the_same_defaults() {
        let timeouts = Timeouts::default();
        for option in (2..=7).filter(|number| *number != 4).map(OptionId) {
            let default = super::super::row(option.0).map(|row| row.default);
            let expected = timeouts.get(option).map(super::super::Default::Number);
            assert_eq!(default, expected, "{option:?}");
        }
    }

    #[test]
    fn other_options_are_not_timeouts() {
        let mut timeouts = Timeouts::default();
        assert!(!timeouts.set(OptionId::CONNECT_RETRIES, 1));
        assert_eq!(timeouts.get(OptionId::CONNECT_RETRIES), None);
        assert_eq!(timeouts, Timeouts::default());
    }
}
