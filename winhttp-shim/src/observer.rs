//! The program's callback as the core's observer.

use std::ffi::c_void;

use winhttp_abi::handle::{Hinternet, from_bits};
use winhttp_abi::wide::Unit;
use winhttp_proto::handle::HandleId;
use winhttp_proto::notify::{Notification, Observer};

use crate::map::{self, Mask};

/// WINHTTP_STATUS_CALLBACK that is not NULL.
pub(crate) type StatusCallbackFn = unsafe extern "system" fn(
    handle: Hinternet,
    context: usize,
    status: u32,
    information: *mut c_void,
    length: u32,
);

/// The program's callback with the statuses it selected and the width of the text it expects.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProgramCallback {
    function: StatusCallbackFn,
    pub(crate) mask: Mask,
    deliver: fn(HandleId, &Notification, map::Call<'_>),
}

impl ProgramCallback {
    /// A callback that expects text in units of `W`.
    pub(crate) fn new<W: Unit>(function: StatusCallbackFn, mask: Mask) -> Self {
        Self {
            function,
            mask,
            deliver: map::deliver::<W>,
        }
    }

    /// The function's address, as WinHttpSetStatusCallback and WINHTTP_OPTION_CALLBACK return it.
    pub(crate) fn address(&self) -> usize {
        (self.function as *const c_void).addr()
    }
}

impl Observer for ProgramCallback {
    fn selects(&self, notification: &Notification) -> bool {
        self.mask.selects(map::status(notification))
    }

    fn notify(&self, handle: HandleId, context: usize, notification: &Notification) {
        if !self.selects(notification) {
            return;
        }
        let call = |status, information, length| {
            // SAFETY: the program keeps its callback callable until it is replaced and all handles
            // are closed.
            unsafe {
                (self.function)(
                    from_bits(handle.bits()),
                    context,
                    status,
                    information,
                    length,
                );
            }
        };
        (self.deliver)(handle, notification, &call);
    }
}
