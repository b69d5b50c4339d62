//! Changes of the proxy settings: WinHttpRegister- and WinHttpUnregisterProxyChangeNotification.

use std::ffi::c_void;
use std::ptr::without_provenance_mut;
use std::sync::Arc;

use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::Status;
use winhttp_abi::{Code, output};
use winhttp_core::api::settings::watch;

use crate::arguments::refuse_if;
use crate::library::library;
use crate::map;

/// WINHTTP_PROXY_CHANGE_CALLBACK.
type ProxyChangeCallback = Option<unsafe extern "C" fn(flags: u64, context: *mut c_void)>;

export! {
    /// Has `callback` called, on a thread of the library, when settings have changed: once for
    /// several changes that are less than 100 milliseconds apart, and never while anybody
    /// registers. The child of a fork has no registrations.
    ///
    /// Errors: ERROR_INVALID_PARAMETER for a missing argument and for other flags than
    /// WINHTTP_PROXY_NOTIFY_CHANGE, ERROR_NOT_ENOUGH_MEMORY.
    pub fn WinHttpRegisterProxyChangeNotification<W>(
        flags: u64,
        callback: ProxyChangeCallback,
        context: *mut c_void,
        registration: *mut *mut c_void,
    ) -> Status {
        refuse_if(flags != c::WINHTTP_PROXY_NOTIFY_CHANGE)?;
        let callback = callback.ok_or(Code::INVALID_PARAMETER)?;
        refuse_if(registration.is_null())?;
        library();
        let registering = watch::register().map_err(map::code)?;
        let number = usize::try_from(registering.number()).map_err(|_| Code::NOT_ENOUGH_MEMORY)?;
        // SAFETY: C's promise about its result.
        unsafe { output::value(registration, without_provenance_mut(number)) };
        let program = Program { callback, context };
        registering.finish(Arc::new(move || program.tell()));
        Ok(Status)
    }

    /// Ends a registration: when this returns, the callback has, and is called no more. Only inside
    /// that very callback it does not wait for it. ERROR_INVALID_HANDLE for what is no registration
    /// of this process.
    pub fn WinHttpUnregisterProxyChangeNotification<W>(registration: *mut c_void) -> Status {
        let number = u64::try_from(registration.addr()).map_err(|_| Code::INVALID_HANDLE)?;
        watch::unregister(number).map_err(map::code)?;
        Ok(Status)
    }
}

/// The program's function and what it wants to get.
struct Program {
    callback: unsafe extern "C" fn(u64, *mut c_void),
    context: *mut c_void,
}

// SAFETY: the context is handed back and not followed; that the function may be called on another
// thread is what the program has asked for.
unsafe impl Send for Program {}
// SAFETY: as above.
unsafe impl Sync for Program {}

impl Program {
    fn tell(&self) {
        // SAFETY: C's promise about its function, until it has unregistered it.
        unsafe { (self.callback)(c::WINHTTP_PROXY_NOTIFY_CHANGE, self.context) };
    }
}
