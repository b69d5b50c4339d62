//! The monitor in a model: it has no thread and no clock; the model itself says when a callback has
//! overstayed.

use std::sync::Arc;
use std::sync::Weak;

/// As outside models.
pub(crate) const OVERSTAY_TICKS: u64 = 2;
/// As outside models.
pub(crate) const QUIET_TICKS: u32 = 32;

/// Where time stands still.
const NOW: u64 = 1;

/// The tick at which whatever began at [`NOW`] has overstayed.
pub(crate) const LATE: u64 = NOW + OVERSTAY_TICKS;

/// The monitor of the model.
pub(crate) fn monitor() -> &'static Monitor {
    &Monitor
}

/// What a monitor looks at.
pub(crate) trait Watched: Send + Sync {
    /// Acts on an overstaying job; returns whether to look again.
    fn check(self: Arc<Self>, now: u64) -> bool;
}

/// A monitor that never looks by itself.
#[derive(Debug)]
pub(crate) struct Monitor;

/// A dispatcher's place in a count that is not kept here.
#[derive(Debug)]
pub(crate) struct Attendance;

impl Monitor {
    pub(crate) fn now(&self) -> u64 {
        NOW
    }

    pub(crate) fn attend(&self) -> Attendance {
        Attendance
    }

    pub(crate) fn watch(&self, _dispatcher: Weak<dyn Watched>) -> bool {
        true
    }
}
