//! WinHttpSetStatusCallback.

use winhttp_abi::export;
use winhttp_abi::export::Pointer;
use winhttp_abi::handle::{Hinternet, bits};
use winhttp_abi::types::StatusCallback;

use crate::library::library;
use crate::map::{self, Mask};
use crate::observer::ProgramCallback;

export! {
    /// Installs or, with NULL, removes the status callback of a handle, and returns the one before.
    ///
    /// `flags` selects statuses (WINHTTP_CALLBACK_FLAG_*); any flag of a completion also selects
    /// CLOSE_COMPLETE and SHUTDOWN_COMPLETE, which have no flag. Children created afterwards
    /// inherit both. May be called from inside a callback. WINHTTP_INVALID_STATUS_CALLBACK (all
    /// ones) on failure: ERROR_INVALID_HANDLE.
    pub fn WinHttpSetStatusCallback<W>(
        handle: Hinternet,
        callback: StatusCallback,
        flags: u32,
        _reserved: usize,
    ) -> Pointer<{ usize::MAX }> {
        let object = library().object(bits(handle)).map_err(map::code)?;
        let observer = callback.map(|function| ProgramCallback::new::<W>(function, Mask::new(flags)));
        let before = object.handle().set_observer(observer);
        Ok(Pointer(before.map_or(0, |before| before.address())))
    }
}
