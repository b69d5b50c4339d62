//! The stored proxy settings of a machine or user: reading, writing and watching them. This version
//! has none.
//!
//! Each function checks handles and arguments as it will when there are settings, and then fails
//! with ERROR_CALL_NOT_IMPLEMENTED. Where the true answer is known already, it gives that; its
//! documentation says so.

use std::ffi::c_void;

use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::{Nothing, Status};
use winhttp_abi::handle::{Hinternet, bits};
use winhttp_abi::types::{ProxySettings, ProxySettingsParam};
use winhttp_abi::{Code, input};

use super::resolver::no_resolver;
use crate::arguments::refuse_if;
use crate::library::library;
use crate::map;

/// WINHTTP_PROXY_CHANGE_CALLBACK.
type ProxyChangeCallback = Option<unsafe extern "C" fn(flags: u64, context: *mut c_void)>;

export! {
    /// The error of a handle that is no resolver, which no handle is.
    pub fn WinHttpGetProxySettingsEx<W>(
        resolver: Hinternet,
        _kind: i32,
        _parameters: *const ProxySettingsParam<W>,
        _context: usize,
    ) -> Status {
        Err(no_resolver(resolver))
    }

    /// The error of a handle that is no resolver, which no handle is.
    pub fn WinHttpGetProxySettingsResultEx<W>(resolver: Hinternet, _settings: *mut c_void) -> Status {
        Err(no_resolver(resolver))
    }

    /// Does nothing, as nothing fills such a structure; ERROR_INVALID_PARAMETER for a type that has
    /// none.
    pub fn WinHttpFreeProxySettingsEx<W>(kind: i32, _settings: *mut c_void) -> Status {
        refuse_if(!matches!(kind, c::WinHttpProxySettingsTypeWsl | c::WinHttpProxySettingsTypeWsa))?;
        Ok(Status)
    }

    /// ERROR_INVALID_PARAMETER for no structure to fill.
    pub fn WinHttpReadProxySettings<W>(
        session: Hinternet,
        _connection: *const W,
        _fall_back: i32,
        _set_auto_discover: i32,
        _version: *mut u32,
        _are_defaults: *mut i32,
        settings: *mut ProxySettings<W>,
    ) -> Status {
        library().session(bits(session)).map_err(map::code)?;
        refuse_if(settings.is_null())?;
        Err(Code::CALL_NOT_IMPLEMENTED)
    }

    /// ERROR_INVALID_PARAMETER for NULL and for another dwStructSize.
    pub fn WinHttpWriteProxySettings<W>(
        session: Hinternet,
        _force: i32,
        settings: *const ProxySettings<W>,
    ) -> Status {
        library().session(bits(session)).map_err(map::code)?;
        // SAFETY: C's promise about its structure.
        unsafe { input::structure(settings) }?;
        Err(Code::CALL_NOT_IMPLEMENTED)
    }

    /// Does nothing: nothing fills such a structure.
    pub fn WinHttpFreeProxySettings<W>(_settings: *mut ProxySettings<W>) -> Nothing {
        Ok(Nothing)
    }

    /// ERROR_INVALID_PARAMETER for NULL.
    pub fn WinHttpGetProxySettingsVersion<W>(session: Hinternet, version: *mut u32) -> Status {
        library().session(bits(session)).map_err(map::code)?;
        refuse_if(version.is_null())?;
        Err(Code::CALL_NOT_IMPLEMENTED)
    }

    /// ERROR_CALL_NOT_IMPLEMENTED.
    pub fn WinHttpSetProxySettingsPerUser<W>(_per_user: i32) -> Status {
        Err(Code::CALL_NOT_IMPLEMENTED)
    }

    /// ERROR_INVALID_PARAMETER for a missing argument and for other flags than
    /// WINHTTP_PROXY_NOTIFY_CHANGE.
    pub fn WinHttpRegisterProxyChangeNotification<W>(
        flags: u64,
        callback: ProxyChangeCallback,
        _context: *mut c_void,
        registration: *mut *mut c_void,
    ) -> Status {
        refuse_if(flags != c::WINHTTP_PROXY_NOTIFY_CHANGE)?;
        refuse_if(callback.is_none() || registration.is_null())?;
        Err(Code::CALL_NOT_IMPLEMENTED)
    }

    /// ERROR_INVALID_HANDLE: nothing can be registered (the true answer).
    pub fn WinHttpUnregisterProxyChangeNotification<W>(_registration: *mut c_void) -> Status {
        Err(Code::INVALID_HANDLE)
    }
}
