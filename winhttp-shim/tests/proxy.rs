//! Verifies what the proxy functions answer where nothing is configured and nothing is found.
#![expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all pointers are NULL or to locals"
)]
#![expect(
    clippy::unwrap_used,
    reason = "the common helpers fail a test by panicking"
)]

mod common;

use std::ffi::c_void;
use std::ptr::{null, null_mut, without_provenance_mut};

use common::{Handles, in_both_widths};
use winhttp::GetLastError;
use winhttp::{
    WinHttpDetectAutoProxyConfigUrl, WinHttpGetDefaultProxyConfiguration,
    WinHttpGetIEProxyConfigForCurrentUser, WinHttpGetProxyForUrl, WinHttpResetAutoProxy,
};
use winhttp_abi::constants as c;
use winhttp_abi::handle::{Hinternet, from_bits};
use winhttp_abi::types::{AutoproxyOptions, CurrentUserIeProxyConfig, ProxyInfo};
use winhttp_abi::wide::{Unit, terminated};

const OK: u32 = 0;
const BAD_PARAMETER: u32 = c::ERROR_INVALID_PARAMETER;
const WRONG_KIND: u32 = c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE;
const DETECT: u32 = c::WINHTTP_AUTOPROXY_AUTO_DETECT;
const SCRIPT: u32 = c::WINHTTP_AUTOPROXY_CONFIG_URL;
const STATIC: u32 = c::WINHTTP_AUTOPROXY_ALLOW_STATIC;

/// Something that is no pointer, to see whether it is replaced.
fn filled<T>() -> *mut T {
    without_provenance_mut(0x5555)
}

fn outcome(result: i32) -> u32 {
    let error = GetLastError();
    assert_eq!(result == 1, error == 0);
    error
}

fn options<W>(flags: u32, detect: u32, script: *const W) -> AutoproxyOptions<W> {
    AutoproxyOptions {
        dw_flags: flags,
        dw_auto_detect_flags: detect,
        lpsz_auto_config_url: script,
        lpv_reserved: null_mut(),
        dw_reserved: 0,
        f_auto_logon_if_challenged: 0,
    }
}

fn filled_info<W>() -> ProxyInfo<W> {
    ProxyInfo {
        dw_access_type: 99,
        lpsz_proxy: filled(),
        lpsz_proxy_bypass: filled(),
    }
}

/// Asks for a URL's proxy; a failure must leave the result alone, and the only success is "none".
fn ask<W: Unit>(session: Hinternet, url: &str, options: &AutoproxyOptions<W>) -> u32 {
    let url = terminated::<W>(url);
    let mut info = filled_info();
    let asked = outcome(unsafe {
        WinHttpGetProxyForUrl::<W>(session, url.as_ptr(), &raw const *options, &raw mut info)
    });
    let texts = if asked == OK { null_mut() } else { filled() };
    let kind = if asked == OK {
        c::WINHTTP_ACCESS_TYPE_NO_PROXY
    } else {
        99
    };
    assert_eq!(
        (info.dw_access_type, info.lpsz_proxy, info.lpsz_proxy_bypass),
        (kind, texts, texts)
    );
    asked
}

in_both_widths! {
    fn fact_39_22_detection_fails_and_the_static_setting_is_none<W>() {
        let handles = Handles::<W>::local();
        let failed = c::ERROR_WINHTTP_AUTODETECTION_FAILED;
        let others = c::WINHTTP_AUTOPROXY_ALLOW_AUTOCONFIG
            | c::WINHTTP_AUTOPROXY_NO_CACHE_SVC
            | c::WINHTTP_AUTOPROXY_RUN_INPROCESS
            | c::WINHTTP_AUTOPROXY_SORT_RESULTS;
        for (flags, expected) in [
            (DETECT, failed),
            (DETECT | others, failed),
            (DETECT | STATIC, OK),
            (DETECT | STATIC | others, OK),
        ] {
            // DHCP only: what DNS says depends on the machine.
            let options = options::<W>(flags, c::WINHTTP_AUTO_DETECT_TYPE_DHCP, null());
            assert_eq!(ask(handles.session, "http://host/", &options), expected, "{flags:#x}");
        }
    }

    fn fact_8_4_4_and_30_1_1_arguments_of_the_proxy_look_up<W>() {
        let handles = Handles::<W>::local();
        let session = handles.session;
        let url = terminated::<W>("http://pac.example/");
        let text = url.as_ptr();
        for bad in [
            options(0, 1, text),
            options(0, 0, null()),
            options(STATIC, 1, null()),
            options(STATIC, 0, text),
            options(DETECT, 0, null()),
            options(DETECT | SCRIPT, 1, null()),
            options(DETECT | SCRIPT, 0, text),
            options(SCRIPT, 0, null()),
            options(SCRIPT, 1, text),
            options(DETECT, 1, text),
            options(DETECT | 0x8000_0000, 1, null()),
            AutoproxyOptions { dw_reserved: 1, ..options(DETECT, 1, null()) },
            AutoproxyOptions { lpv_reserved: filled::<c_void>(), ..options(DETECT, 1, null()) },
        ] {
            assert_eq!(ask::<W>(session, "http://host/", &bad), BAD_PARAMETER, "{bad:?}");
        }
        let good = options::<W>(DETECT, 1, null());
        assert_eq!(ask(session, "", &good), BAD_PARAMETER);
        for scheme in ["ftp://host/", "ws://host/", "wss://host/", "host", "file:///x"] {
            assert_eq!(ask(session, scheme, &good), c::ERROR_WINHTTP_UNRECOGNIZED_SCHEME, "{scheme}");
        }
        assert_eq!(ask(session, "http:", &good), c::ERROR_WINHTTP_INVALID_URL);
        let file = terminated::<W>("file:///etc/proxy.pac");
        let local = options::<W>(SCRIPT, 0, file.as_ptr());
        assert_eq!(ask(session, "http://host/", &local), c::ERROR_WINHTTP_UNRECOGNIZED_SCHEME);

        let mut info = filled_info();
        let get = |session, url, options, info| {
            outcome(unsafe { WinHttpGetProxyForUrl::<W>(session, url, options, info) })
        };
        let (options, place) = (&raw const good, &raw mut info);
        assert_eq!(get(session, null(), options, place), BAD_PARAMETER);
        assert_eq!(get(session, text, null(), place), BAD_PARAMETER);
        assert_eq!(get(session, text, options, null_mut()), BAD_PARAMETER);
        assert_eq!(get(handles.request, text, options, place), WRONG_KIND);
        assert_eq!(get(handles.connect, text, options, place), WRONG_KIND);
        assert_eq!(get(null_mut(), null(), null(), null_mut()), c::ERROR_INVALID_HANDLE);
        assert_eq!(get(from_bits(0x1234_5678), text, options, place), c::ERROR_INVALID_HANDLE);
        assert_eq!(info.dw_access_type, 99);
    }

    fn fact_8_4_2_no_script_is_announced<W>() {
        let detect = |flags, url: *mut *mut W| {
            outcome(unsafe { WinHttpDetectAutoProxyConfigUrl::<W>(flags, url) })
        };
        let mut url = filled::<W>();
        assert_eq!(detect(0, &raw mut url), BAD_PARAMETER);
        assert_eq!(detect(1, null_mut()), BAD_PARAMETER);
        assert_eq!(url, filled());
        // DHCP only: what DNS says depends on the machine.
        assert_eq!(detect(1, &raw mut url), c::ERROR_WINHTTP_AUTODETECTION_FAILED);
        assert!(url.is_null());
    }

    fn fact_8_4_3_the_user_has_no_settings<W>() {
        let mut config = CurrentUserIeProxyConfig::<W> {
            f_auto_detect: 7,
            lpsz_auto_config_url: filled(),
            lpsz_proxy: filled(),
            lpsz_proxy_bypass: filled(),
        };
        let get = |config| outcome(unsafe { WinHttpGetIEProxyConfigForCurrentUser::<W>(config) });
        assert_eq!(get(null_mut()), BAD_PARAMETER);
        assert_eq!(get(&raw mut config), OK);
        assert_eq!(config.f_auto_detect, 0);
        assert!(config.lpsz_auto_config_url.is_null());
        assert!(config.lpsz_proxy.is_null() && config.lpsz_proxy_bypass.is_null());
    }

    fn fact_8_4_1_the_machine_has_no_proxy<W>() {
        let mut info = filled_info::<W>();
        let get = |info| outcome(unsafe { WinHttpGetDefaultProxyConfiguration::<W>(info) });
        assert_eq!(get(null_mut()), BAD_PARAMETER);
        assert_eq!(get(&raw mut info), OK);
        assert_eq!(info.dw_access_type, c::WINHTTP_ACCESS_TYPE_NO_PROXY);
        assert!(info.lpsz_proxy.is_null() && info.lpsz_proxy_bypass.is_null());
    }

    fn fact_30_4_5_what_is_remembered_can_be_reset<W>() {
        let handles = Handles::<W>::local();
        let reset = |handle, flags| unsafe { WinHttpResetAutoProxy::<W>(handle, flags) };
        assert_eq!(reset(handles.session, 0xffff), 0);
        assert_eq!(reset(handles.connect, 0), WRONG_KIND);
        assert_eq!(reset(null_mut(), 0), c::ERROR_INVALID_HANDLE);
    }
}
