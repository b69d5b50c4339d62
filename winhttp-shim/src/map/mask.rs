//! Which statuses a notification mask selects.

use winhttp_abi::constants as c;

/// The notification flags of WinHttpSetStatusCallback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mask(u32);

/// Completions that no WINHTTP_CALLBACK_FLAG_* names.
///
/// WINHTTP_CALLBACK_FLAG_ALL_COMPLETIONS does not contain their bits either, and yet programs that
/// register it depend on the end of Shutdown and Close.
const UNNAMED_COMPLETIONS: u32 = c::WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE
    | c::WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE
    | c::WINHTTP_CALLBACK_STATUS_SETTINGS_WRITE_COMPLETE
    | c::WINHTTP_CALLBACK_STATUS_SETTINGS_READ_COMPLETE;

impl Mask {
    /// Selects everything.
    pub(crate) const ALL: Self = Self(c::WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS);

    /// The mask of these flags.
    pub(crate) const fn new(flags: u32) -> Self {
        Self(flags)
    }

    /// Whether a status is passed to the callback: its bit is set, or it is a completion without a
    /// flag and the program wants completions at all.
    pub(crate) const fn selects(self, status: u32) -> bool {
        let wants_completions = self.0 & c::WINHTTP_CALLBACK_FLAG_ALL_COMPLETIONS != 0;
        let implied = if wants_completions {
            UNNAMED_COMPLETIONS
        } else {
            0
        };
        status & (self.0 | implied) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every status and the mask of all flags that name it.
    const STATUSES: std::ops::Range<u32> = 0..30;

    fn selected(flags: u32) -> u32 {
        let mask = Mask::new(flags);
        let bits = STATUSES.map(|bit| 1 << bit);
        bits.filter(|status| mask.selects(*status)).sum()
    }

    #[test]
    fn completions_without_a_flag_come_with_any_other_completion() {
        for bit in STATUSES {
            let flag = 1_u32 << bit;
            let completion = flag & c::WINHTTP_CALLBACK_FLAG_ALL_COMPLETIONS != 0;
            let expected = flag | if completion { 0x3600_0000 } else { 0 };
            assert_eq!(selected(flag), expected, "{flag:#x}");
        }
        let programs = c::WINHTTP_CALLBACK_FLAG_ALL_COMPLETIONS | c::WINHTTP_CALLBACK_FLAG_HANDLES;
        assert_eq!(selected(programs), programs | 0x3600_0000);
        // The constant in older headers.
        assert_eq!(selected(0x007e_0000), 0x367e_0000);
        assert_eq!(selected(0x017e_0000), 0x377e_0000);
    }

    #[test]
    fn the_flags_of_the_header_leave_out_only_these_completions() {
        let named = c::WINHTTP_CALLBACK_FLAG_ALL_COMPLETIONS;
        assert_eq!(named & UNNAMED_COMPLETIONS, 0);
        // From HEADERS_AVAILABLE on all statuses are completions; 0x800000 is not assigned.
        let completions = 0x3fff_ffff & !0x0001_ffff & !0x0080_0000;
        assert_eq!(named | UNNAMED_COMPLETIONS, completions);
    }

    #[test]
    fn nothing_and_everything_can_be_selected() {
        assert_eq!(selected(0), 0);
        assert!(
            STATUSES
                .map(|bit| 1 << bit)
                .all(|status| Mask::ALL.selects(status))
        );
    }
}
