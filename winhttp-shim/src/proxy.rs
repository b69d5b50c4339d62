//! Which proxy serves a URL: WinHttpGetProxyForUrl, WinHttpDetectAutoProxyConfigUrl,
//! WinHttpResetAutoProxy. What the machine and the user have configured: `configuration` and
//! `settings`.
//!
//! Scripts and detection are [`winhttp_core::api`]'s.

use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::{Done, Status};
use winhttp_abi::handle::{Hinternet, bits};
use winhttp_abi::types::{AutoproxyOptions, ProxyInfo};
use winhttp_abi::wide::Unit;
use winhttp_abi::{Code, Result, input, output};
use winhttp_core::api::{AutoproxyQuery, Detection, detect_script};
use winhttp_proto::proxy::pac::{HostCase, Question};
use winhttp_proto::proxy::pac_result::list_text;

use crate::arguments::{refuse_if, required_text};
use crate::given::Given;
use crate::library::library;
use crate::map;
use crate::url::check_url;

mod configuration;
mod notification;
mod resolver;
mod settings;
mod settings_ex;

pub use configuration::{
    WinHttpGetDefaultProxyConfiguration, WinHttpGetIEProxyConfigForCurrentUser,
    WinHttpSetDefaultProxyConfiguration,
};
pub use notification::{
    WinHttpRegisterProxyChangeNotification, WinHttpUnregisterProxyChangeNotification,
};
pub use resolver::{
    WinHttpCreateProxyResolver, WinHttpFreeProxyResult, WinHttpFreeProxyResultEx,
    WinHttpGetProxyForUrlEx, WinHttpGetProxyForUrlEx2, WinHttpGetProxyResult,
    WinHttpGetProxyResultEx,
};
pub use settings::{
    WinHttpFreeProxySettings, WinHttpGetProxySettingsVersion, WinHttpReadProxySettings,
    WinHttpSetProxySettingsPerUser, WinHttpWriteProxySettings,
};
pub use settings_ex::{
    WinHttpFreeProxySettingsEx, WinHttpGetProxySettingsEx, WinHttpGetProxySettingsResultEx,
};

/// Ways that somebody has configured. Nothing is known of connection managers here.
const AUTOPROXY_ALLOWED: u32 = c::WINHTTP_AUTOPROXY_ALLOW_AUTOCONFIG
    | c::WINHTTP_AUTOPROXY_ALLOW_STATIC
    | c::WINHTTP_AUTOPROXY_ALLOW_CM;

/// All flags of WINHTTP_AUTOPROXY_OPTIONS.
const AUTOPROXY_FLAGS: u32 = c::WINHTTP_AUTOPROXY_AUTO_DETECT
    | c::WINHTTP_AUTOPROXY_CONFIG_URL
    | c::WINHTTP_AUTOPROXY_HOST_KEEPCASE
    | c::WINHTTP_AUTOPROXY_HOST_LOWERCASE
    | AUTOPROXY_ALLOWED
    | c::WINHTTP_AUTOPROXY_USE_INTERFACE_CONFIG
    | c::WINHTTP_AUTOPROXY_RUN_INPROCESS
    | c::WINHTTP_AUTOPROXY_RUN_OUTPROCESS_ONLY
    | c::WINHTTP_AUTOPROXY_NO_DIRECTACCESS
    | c::WINHTTP_AUTOPROXY_NO_CACHE_CLIENT
    | c::WINHTTP_AUTOPROXY_NO_CACHE_SVC
    | c::WINHTTP_AUTOPROXY_SORT_RESULTS;

export! {
    /// The proxy for a URL, as a script says. Blocks in every mode, at most a second longer than
    /// the session's timeouts together.
    ///
    /// What is detected comes first, then the script of the program; with
    /// WINHTTP_AUTOPROXY_ALLOW_AUTOCONFIG that of the user where the program names none, and with
    /// WINHTTP_AUTOPROXY_ALLOW_STATIC the static setting of the user, else the machine's, where no
    /// script answers. Of what is found, proxies that speak plain HTTP are told, also if none is
    /// left: the answer is "directly" then. The text is freed with GlobalFree.
    ///
    /// FALSE, and the result is left alone: ERROR_INVALID_HANDLE,
    /// ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, ERROR_INVALID_PARAMETER for options that contradict
    /// each other, ERROR_WINHTTP_UNRECOGNIZED_SCHEME, ERROR_WINHTTP_INVALID_URL;
    /// ERROR_WINHTTP_AUTODETECTION_FAILED, ERROR_WINHTTP_UNABLE_TO_DOWNLOAD_SCRIPT,
    /// ERROR_WINHTTP_LOGIN_FAILURE, ERROR_WINHTTP_BAD_AUTO_PROXY_SCRIPT;
    /// ERROR_WINHTTP_AUTO_PROXY_SERVICE_ERROR for a script that takes too long, and for all scripts
    /// where the library was built without them; ERROR_WINHTTP_TIMEOUT.
    pub fn WinHttpGetProxyForUrl<W>(
        session: Hinternet,
        url: *const W,
        options: *const AutoproxyOptions<W>,
        result: *mut ProxyInfo<W>,
    ) -> Done {
        library().session(bits(session)).map_err(map::code)?;
        // SAFETY: C's promise about its strings and its structure.
        let (url, query) = unsafe { question(url, options) }?;
        refuse_if(result.is_null())?;
        let found = library().proxy_for_url(bits(session), &url, query).map_err(map::code)?;
        let info = match list_text(&found) {
            None => no_proxy(),
            Some(list) => ProxyInfo {
                dw_access_type: c::WINHTTP_ACCESS_TYPE_NAMED_PROXY,
                lpsz_proxy: given_text(&list)?,
                lpsz_proxy_bypass: std::ptr::null_mut(),
            },
        };
        // SAFETY: C's promise about its structure.
        unsafe { output::value(result, info) };
        Ok(Done)
    }

    /// The URL of the script that the network announces, to be freed with GlobalFree. Blocks. DNS
    /// is asked, not DHCP. FALSE: ERROR_WINHTTP_AUTODETECTION_FAILED, and `url` becomes NULL;
    /// ERROR_INVALID_PARAMETER for no way of detection and for NULL.
    pub fn WinHttpDetectAutoProxyConfigUrl<W>(detect_flags: u32, url: *mut *mut W) -> Done {
        if detect_flags == 0 || url.is_null() {
            return Err(Code::INVALID_PARAMETER);
        }
        // SAFETY: C's promise about its result.
        unsafe { output::value(url, std::ptr::null_mut()) };
        // Readies the library for forks, as every call does that uses its threads.
        let _ = library();
        let found = detect_script(detection(detect_flags)).map_err(map::code)?;
        let found = given_text(&found)?;
        // SAFETY: as above.
        unsafe { output::value(url, found) };
        Ok(Done)
    }

    /// Forgets what was detected and downloaded for a session, whatever the flags; with
    /// WINHTTP_RESET_DISCARD_RESOLVERS its resolvers work no more.
    pub fn WinHttpResetAutoProxy<W>(session: Hinternet, flags: u32) -> Status {
        let discards = flags & c::WINHTTP_RESET_DISCARD_RESOLVERS != 0;
        library().reset_autoproxy(bits(session), discards).map_err(map::code)?;
        Ok(Status)
    }
}

/// One way at least, and everything that belongs to a way exactly if that is taken.
fn check_options<W: Unit>(options: &AutoproxyOptions<W>) -> Result<()> {
    let detect = options.dw_flags & c::WINHTTP_AUTOPROXY_AUTO_DETECT != 0;
    let configured = options.dw_flags & c::WINHTTP_AUTOPROXY_CONFIG_URL != 0;
    let allowed = options.dw_flags & AUTOPROXY_ALLOWED != 0;
    let known = options.dw_flags & !AUTOPROXY_FLAGS == 0;
    let ways_fit = detect == (options.dw_auto_detect_flags != 0)
        && configured != options.lpsz_auto_config_url.is_null();
    let unused = options.lpv_reserved.is_null() && options.dw_reserved == 0;
    if known && (detect || configured || allowed) && ways_fit && unused {
        Ok(())
    } else {
        Err(Code::INVALID_PARAMETER)
    }
}

/// A URL and how to find its proxies.
///
/// # Safety
/// Each pointer is NULL or points to what its type says, with terminated strings.
unsafe fn question<W: Unit>(
    url: *const W,
    options: *const AutoproxyOptions<W>,
) -> Result<(String, AutoproxyQuery)> {
    // SAFETY: the caller's promise.
    let url = unsafe { required_text(url) }?;
    // SAFETY: as above.
    let options = unsafe { input::value(options) }.ok_or(Code::INVALID_PARAMETER)?;
    refuse_if(url.is_empty())?;
    check_options(&options)?;
    Question::about(&url, HostCase::Kept).map_err(map::code)?;
    let asks = |flag| options.dw_flags & flag != 0;
    let script_url = if asks(c::WINHTTP_AUTOPROXY_CONFIG_URL) {
        // SAFETY: as above.
        let script = unsafe { required_text(options.lpsz_auto_config_url) }?;
        check_url(&script)?;
        Some(script)
    } else {
        None
    };
    let lower = asks(c::WINHTTP_AUTOPROXY_HOST_LOWERCASE);
    let keep = asks(c::WINHTTP_AUTOPROXY_HOST_KEEPCASE);
    let query = AutoproxyQuery {
        detect: asks(c::WINHTTP_AUTOPROXY_AUTO_DETECT)
            .then(|| detection(options.dw_auto_detect_flags)),
        script_url,
        host_case: if lower && !keep {
            HostCase::Lower
        } else {
            HostCase::Kept
        },
        logs_on: options.f_auto_logon_if_challenged != 0,
        uncached: asks(c::WINHTTP_AUTOPROXY_NO_CACHE_CLIENT | c::WINHTTP_AUTOPROXY_NO_CACHE_SVC),
        allows_configured: asks(c::WINHTTP_AUTOPROXY_ALLOW_AUTOCONFIG),
        allows_static: asks(c::WINHTTP_AUTOPROXY_ALLOW_STATIC),
    };
    Ok((url, query))
}

fn detection(flags: u32) -> Detection {
    if flags & c::WINHTTP_AUTO_DETECT_TYPE_DNS_A != 0 {
        Detection::Dns
    } else {
        Detection::Dhcp
    }
}

/// Text that the program frees with GlobalFree.
fn given_text<W: Unit>(text: &str) -> Result<*mut W> {
    Ok(Given::text(Some(text))?.hand_over())
}

/// "Go direct", without texts to be freed.
fn no_proxy<W: Unit>() -> ProxyInfo<W> {
    ProxyInfo {
        dw_access_type: c::WINHTTP_ACCESS_TYPE_NO_PROXY,
        lpsz_proxy: std::ptr::null_mut(),
        lpsz_proxy_bypass: std::ptr::null_mut(),
    }
}
