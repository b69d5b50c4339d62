//! Which proxy serves a URL, and what the machine and the user have configured:
//! WinHttpGetProxyForUrl, WinHttpDetectAutoProxyConfigUrl, WinHttpResetAutoProxy, WinHttpGet- and
//! WinHttpSetDefaultProxyConfiguration, WinHttpGetIEProxyConfigForCurrentUser.
//!
//! This version has no configuration, detects nothing and runs no scripts. Each function says so in
//! the way programs recover from; the one that sets something checks its arguments and fails with
//! ERROR_CALL_NOT_IMPLEMENTED.

use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::{Done, Status};
use winhttp_abi::handle::{Hinternet, bits};
use winhttp_abi::types::{AutoproxyOptions, CurrentUserIeProxyConfig, ProxyInfo};
use winhttp_abi::wide::Unit;
use winhttp_abi::{Code, Result, input, output};

use crate::arguments::{refuse_if, required_text};
use crate::library::library;
use crate::map;
use crate::url::check_url;

mod resolver;
mod settings;

pub use resolver::{
    WinHttpCreateProxyResolver, WinHttpFreeProxyResult, WinHttpFreeProxyResultEx,
    WinHttpGetProxyForUrlEx, WinHttpGetProxyForUrlEx2, WinHttpGetProxyResult,
    WinHttpGetProxyResultEx,
};
pub use settings::{
    WinHttpFreeProxySettings, WinHttpFreeProxySettingsEx, WinHttpGetProxySettingsEx,
    WinHttpGetProxySettingsResultEx, WinHttpGetProxySettingsVersion, WinHttpReadProxySettings,
    WinHttpRegisterProxyChangeNotification, WinHttpSetProxySettingsPerUser,
    WinHttpUnregisterProxyChangeNotification, WinHttpWriteProxySettings,
};

/// All flags of WINHTTP_AUTOPROXY_OPTIONS.
const AUTOPROXY_FLAGS: u32 = c::WINHTTP_AUTOPROXY_AUTO_DETECT
    | c::WINHTTP_AUTOPROXY_CONFIG_URL
    | c::WINHTTP_AUTOPROXY_HOST_KEEPCASE
    | c::WINHTTP_AUTOPROXY_HOST_LOWERCASE
    | c::WINHTTP_AUTOPROXY_ALLOW_AUTOCONFIG
    | c::WINHTTP_AUTOPROXY_ALLOW_STATIC
    | c::WINHTTP_AUTOPROXY_ALLOW_CM
    | c::WINHTTP_AUTOPROXY_USE_INTERFACE_CONFIG
    | c::WINHTTP_AUTOPROXY_RUN_INPROCESS
    | c::WINHTTP_AUTOPROXY_RUN_OUTPROCESS_ONLY
    | c::WINHTTP_AUTOPROXY_NO_DIRECTACCESS
    | c::WINHTTP_AUTOPROXY_NO_CACHE_CLIENT
    | c::WINHTTP_AUTOPROXY_NO_CACHE_SVC
    | c::WINHTTP_AUTOPROXY_SORT_RESULTS;

export! {
    /// The proxy for a URL; synchronous in every mode, and no I/O in this version.
    ///
    /// Detection never finds anything. With WINHTTP_AUTOPROXY_ALLOW_STATIC the static setting is
    /// asked then: there is none, which is the result. Scripts are not run, so that nothing is
    /// claimed where one was named.
    ///
    /// FALSE, and the result is left alone: ERROR_INVALID_HANDLE,
    /// ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, ERROR_INVALID_PARAMETER for a missing argument and for
    /// options that ask for nothing or contradict themselves, ERROR_WINHTTP_INVALID_URL,
    /// ERROR_WINHTTP_UNRECOGNIZED_SCHEME; ERROR_WINHTTP_AUTODETECTION_FAILED with
    /// WINHTTP_AUTOPROXY_AUTO_DETECT, ERROR_WINHTTP_AUTO_PROXY_SERVICE_ERROR with a script alone.
    pub fn WinHttpGetProxyForUrl<W>(
        session: Hinternet,
        url: *const W,
        options: *const AutoproxyOptions<W>,
        result: *mut ProxyInfo<W>,
    ) -> Done {
        library().session(bits(session)).map_err(map::code)?;
        // SAFETY: C's promise about its string.
        let url = unsafe { required_text(url) }?;
        // SAFETY: C's promise about its structure.
        let options = unsafe { input::value(options) }.ok_or(Code::INVALID_PARAMETER)?;
        if url.is_empty() || result.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        check_options(&options)?;
        check_url(&url)?;
        let asks = |flag| options.dw_flags & flag != 0;
        if asks(c::WINHTTP_AUTOPROXY_CONFIG_URL) {
            // SAFETY: C's promise about the string in its structure.
            let script = unsafe { required_text(options.lpsz_auto_config_url) }?;
            check_url(&script)?;
        }
        if !asks(c::WINHTTP_AUTOPROXY_AUTO_DETECT) {
            return Err(Code(c::ERROR_WINHTTP_AUTO_PROXY_SERVICE_ERROR));
        }
        if asks(c::WINHTTP_AUTOPROXY_CONFIG_URL) || !asks(c::WINHTTP_AUTOPROXY_ALLOW_STATIC) {
            return Err(Code(c::ERROR_WINHTTP_AUTODETECTION_FAILED));
        }
        // SAFETY: C's promise about its structure.
        unsafe { output::value(result, no_proxy()) };
        Ok(Done)
    }

    /// The URL of the script that the network announces. None is found in this version: FALSE,
    /// ERROR_WINHTTP_AUTODETECTION_FAILED, and `url` becomes NULL; ERROR_INVALID_PARAMETER for no
    /// way of detection and for NULL.
    pub fn WinHttpDetectAutoProxyConfigUrl<W>(detect_flags: u32, url: *mut *mut W) -> Done {
        if detect_flags == 0 || url.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: C's promise about its result.
        unsafe { output::value(url, std::ptr::null_mut()) };
        Err(Code(c::ERROR_WINHTTP_AUTODETECTION_FAILED))
    }

    /// Succeeds for a session, whatever the flags: nothing is remembered that could be forgotten.
    pub fn WinHttpResetAutoProxy<W>(session: Hinternet, _flags: u32) -> Status {
        library().session(bits(session)).map_err(map::code)?;
        Ok(Status)
    }

    /// No proxy: there is no setting for the machine, and requests go direct. FALSE:
    /// ERROR_INVALID_PARAMETER for NULL.
    pub fn WinHttpGetDefaultProxyConfiguration<W>(info: *mut ProxyInfo<W>) -> Done {
        // SAFETY: C's promise about its structure.
        let written = unsafe { output::value(info, no_proxy()) };
        if written { Ok(Done) } else { Err(Code::INVALID_PARAMETER) }
    }

    /// FALSE: ERROR_INVALID_PARAMETER for NULL, for another type than NO_PROXY and NAMED_PROXY, for
    /// a named proxy without its name, and for text that is not ASCII.
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

    /// The user's settings: no detection, no script, no proxy, since this version reads none.
    /// FALSE: ERROR_INVALID_PARAMETER for NULL.
    pub fn WinHttpGetIEProxyConfigForCurrentUser<W>(
        config: *mut CurrentUserIeProxyConfig<W>,
    ) -> Done {
        let nothing = CurrentUserIeProxyConfig {
            f_auto_detect: 0,
            lpsz_auto_config_url: std::ptr::null_mut(),
            lpsz_proxy: std::ptr::null_mut(),
            lpsz_proxy_bypass: std::ptr::null_mut(),
        };
        // SAFETY: C's promise about its structure.
        let written = unsafe { output::value(config, nothing) };
        if written { Ok(Done) } else { Err(Code::INVALID_PARAMETER) }
    }
}

/// One way at least, and everything that belongs to a way exactly if that is taken.
fn check_options<W: Unit>(options: &AutoproxyOptions<W>) -> Result<()> {
    let detect = options.dw_flags & c::WINHTTP_AUTOPROXY_AUTO_DETECT != 0;
    let configured = options.dw_flags & c::WINHTTP_AUTOPROXY_CONFIG_URL != 0;
    let known = options.dw_flags & !AUTOPROXY_FLAGS == 0;
    let ways_fit = detect == (options.dw_auto_detect_flags != 0)
        && configured != options.lpsz_auto_config_url.is_null();
    let unused = options.lpv_reserved.is_null() && options.dw_reserved == 0;
    if known && (detect || configured) && ways_fit && unused {
        Ok(())
    } else {
        Err(Code::INVALID_PARAMETER)
    }
}

/// "Go direct", without texts to be freed.
fn no_proxy<W: Unit>() -> ProxyInfo<W> {
    ProxyInfo {
        dw_access_type: c::WINHTTP_ACCESS_TYPE_NO_PROXY,
        lpsz_proxy: std::ptr::null_mut(),
        lpsz_proxy_bypass: std::ptr::null_mut(),
    }
}
