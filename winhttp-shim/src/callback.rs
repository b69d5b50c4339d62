//! WinHttpSetStatusCallback, and the program's callback as the core's observer.

use std::ffi::c_void;

use winhttp_abi::export;
use winhttp_abi::export::Pointer;
use winhttp_abi::handle::{Hinternet, bits, from_bits};
use winhttp_abi::types;
use winhttp_abi::wide::Unit;
use winhttp_proto::handle::HandleId;
use winhttp_proto::notify::{Notification, Observer};

use crate::library::library;
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
pub(crate) struct InstalledCallback {
    pub(crate) function: StatusCallbackFn,
    pub(crate) mask: Mask,
    deliver: fn(HandleId, &Notification<'_>, map::Call<'_>),
}

impl InstalledCallback {
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

impl Observer for InstalledCallback {
    fn selects(&self, notification: &Notification<'_>) -> bool {
        self.mask.selects(map::status(notification))
    }

    fn notify(&self, handle: HandleId, context: usize, notification: &Notification<'_>) {
        if !self.selects(notification) {
            return;
        }
        let call = |status, information, length| {
            // SAFETY: the program keeps its callback callable until it is replaced and all handles are closed.
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

export! {
    /// Installs or, with NULL, removes the status callback of a handle, and returns the one before.
    ///
    /// `flags` selects statuses (WINHTTP_CALLBACK_FLAG_*); any flag of a completion also selects CLOSE_COMPLETE and
    /// SHUTDOWN_COMPLETE, which have no flag. Children created afterwards inherit both. May be called from
    /// inside a callback. WINHTTP_INVALID_STATUS_CALLBACK (all ones) on failure: ERROR_INVALID_HANDLE.
    pub fn WinHttpSetStatusCallback<W>(
        handle: Hinternet,
        callback: types::StatusCallback,
        flags: u32,
        _reserved: usize,
    ) -> Pointer<{ usize::MAX }> {
        let object = library().object(bits(handle)).map_err(map::code)?;
        let observer = callback.map(|function| InstalledCallback::new::<W>(function, Mask::new(flags)));
        let before = object.handle().set_observer(observer);
        Ok(Pointer(before.map_or(0, |before| before.address())))
    }
}
