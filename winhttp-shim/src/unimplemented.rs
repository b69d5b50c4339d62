//! The functions whose subject this version does not have: proxy resolvers, changing and watching proxy settings,
//! connection groups.
//!
//! They check handles and arguments as they will when they are built, and then fail with ERROR_CALL_NOT_IMPLEMENTED.
//! Where the true answer is known already, they give it; the documentation of each says so.

use std::ffi::c_void;

use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::{Done, Nothing, Status};
use winhttp_abi::handle::{Hinternet, bits};
use winhttp_abi::types::{
    AutoproxyOptions, Guid, ProxyInfo, ProxyResult, ProxyResultEx, ProxySettings,
    ProxySettingsParam, QueryConnectionGroupResult,
};
use winhttp_abi::{Code, Result, input};
use winhttp_core::api::Object;

use crate::arguments::required_text;
use crate::library::library;
use crate::map;

/// WINHTTP_PROXY_CHANGE_CALLBACK.
type ProxyChangeCallback = Option<unsafe extern "C" fn(flags: u64, context: *mut c_void)>;

// Proxies found by scripts and detection.
export! {
    /// ERROR_WINHTTP_INCORRECT_HANDLE_TYPE for all but asynchronous sessions, ERROR_INVALID_PARAMETER for NULL.
    pub fn WinHttpCreateProxyResolver<W>(session: Hinternet, resolver: *mut Hinternet) -> Status {
        let session = library().session(bits(session)).map_err(map::code)?;
        if !session.handle().is_asynchronous() {
            return Err(Code(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE));
        }
        refuse_if(resolver.is_null())?;
        Err(Code::CALL_NOT_IMPLEMENTED)
    }

    /// The error of a handle that is no resolver, which no handle is.
    pub fn WinHttpGetProxyForUrlEx<W>(
        resolver: Hinternet,
        _url: *const W,
        _options: *const AutoproxyOptions<W>,
        _context: usize,
    ) -> Status {
        Err(no_resolver(resolver))
    }

    /// The error of a handle that is no resolver, which no handle is.
    pub fn WinHttpGetProxyForUrlEx2<W>(
        resolver: Hinternet,
        _url: *const W,
        _options: *const AutoproxyOptions<W>,
        _selection_length: u32,
        _selection: *const u8,
        _context: usize,
    ) -> Status {
        Err(no_resolver(resolver))
    }

    /// The error of a handle that is no resolver, which no handle is.
    pub fn WinHttpGetProxyResult<W>(resolver: Hinternet, _result: *mut ProxyResult<W>) -> Status {
        Err(no_resolver(resolver))
    }

    /// The error of a handle that is no resolver, which no handle is.
    pub fn WinHttpGetProxyResultEx<W>(
        resolver: Hinternet,
        _result: *mut ProxyResultEx<W>,
    ) -> Status {
        Err(no_resolver(resolver))
    }

    /// Does nothing: nothing fills such a structure.
    pub fn WinHttpFreeProxyResult<W>(_result: *mut ProxyResult<W>) -> Nothing {
        Ok(Nothing)
    }

    /// Does nothing: nothing fills such a structure.
    pub fn WinHttpFreeProxyResultEx<W>(_result: *mut ProxyResultEx<W>) -> Nothing {
        Ok(Nothing)
    }
}

// Proxy settings of the machine and the user.
export! {
    /// FALSE: ERROR_INVALID_PARAMETER for NULL, for another type than NO_PROXY and NAMED_PROXY, for a named proxy without
    /// its name, and for text that is not ASCII.
    pub fn WinHttpSetDefaultProxyConfiguration<W>(info: *const ProxyInfo<W>) -> Done {
        // SAFETY: C's promise about its structure.
        let info = unsafe { input::value(info) }.ok_or(Code::INVALID_PARAMETER)?;
        match info.dw_access_type {
            c::WINHTTP_ACCESS_TYPE_NO_PROXY => {}
            c::WINHTTP_ACCESS_TYPE_NAMED_PROXY => {
                // SAFETY: C's promise about its strings.
                let proxy = unsafe { required_text(info.lpsz_proxy.cast_const()) }?;
                // SAFETY: as above.
                let bypass = unsafe { input::text(info.lpsz_proxy_bypass.cast_const()) }?;
                refuse_if(!proxy.is_ascii() || !bypass.is_none_or(|bypass| bypass.is_ascii()))?;
            }
            _ => return Err(Code::INVALID_PARAMETER),
        }
        Err(Code::CALL_NOT_IMPLEMENTED)
    }

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

    /// Does nothing, as nothing fills such a structure; ERROR_INVALID_PARAMETER for a type that has none.
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

    /// ERROR_INVALID_PARAMETER for a missing argument and for other flags than WINHTTP_PROXY_NOTIFY_CHANGE.
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

// Connection groups.
export! {
    /// ERROR_WINHTTP_INCORRECT_HANDLE_TYPE for all but connects and requests, ERROR_INVALID_PARAMETER for NULL and for
    /// other flags than WINHTTP_QUERY_CONNECTION_GROUP_FLAG_INSECURE.
    pub fn WinHttpQueryConnectionGroup<W>(
        handle: Hinternet,
        _guid: *const Guid,
        flags: u64,
        result: *mut *mut QueryConnectionGroupResult<W>,
    ) -> Status {
        match library().object(bits(handle)).map_err(map::code)? {
            Object::Connect(_) | Object::Request(_) => {}
            Object::Session(_) | Object::WebSocket(_) => {
                return Err(Code(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE));
            }
        }
        refuse_if(flags & !c::WINHTTP_QUERY_CONNECTION_GROUP_FLAG_INSECURE != 0)?;
        refuse_if(result.is_null())?;
        Err(Code::CALL_NOT_IMPLEMENTED)
    }

    /// Does nothing: nothing makes such a result.
    pub fn WinHttpFreeQueryConnectionGroupResult<W>(
        _result: *mut QueryConnectionGroupResult<W>,
    ) -> Nothing {
        Ok(Nothing)
    }
}

fn refuse_if(wrong: bool) -> Result<()> {
    if wrong {
        Err(Code::INVALID_PARAMETER)
    } else {
        Ok(())
    }
}

/// The error of a handle where a resolver is expected: no live handle is one.
fn no_resolver(handle: Hinternet) -> Code {
    match library().object(bits(handle)) {
        Ok(_) => Code(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE),
        Err(error) => map::code(error),
    }
}
