//! What the machine and the user have configured, as programs ask for it:
//! WinHttpGet- and WinHttpSetDefaultProxyConfiguration, WinHttpGetIEProxyConfigForCurrentUser.
//!
//! Where settings come from is `core/src/engine/settings.rs`.

use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::Done;
use winhttp_abi::types::{CurrentUserIeProxyConfig, ProxyInfo};
use winhttp_abi::wide::Unit;
use winhttp_abi::{Code, Result, input, output};
use winhttp_core::api::settings;
use winhttp_proto::proxy::stored::StaticTexts;

use super::no_proxy;
use crate::arguments::{refuse_if, required_text};
use crate::given::Given;
use crate::library::library;
use crate::map;

export! {
    /// The machine's static setting: NO_PROXY, or NAMED_PROXY with texts for GlobalFree. Without
    /// any setting it is NO_PROXY. FALSE: ERROR_INVALID_PARAMETER for NULL,
    /// ERROR_NOT_ENOUGH_MEMORY.
    pub fn WinHttpGetDefaultProxyConfiguration<W>(info: *mut ProxyInfo<W>) -> Done {
        refuse_if(info.is_null())?;
        library();
        let setting = settings::machine_default().map_err(map::code)?;
        let info_now = match &setting.texts.proxy {
            Some(proxy) => named(proxy, setting.texts.bypass.as_deref())?,
            None => no_proxy(),
        };
        // SAFETY: C's promise about its structure.
        unsafe { output::value(info, info_now) };
        Ok(Done)
    }

    /// Stores the machine's static setting in the user's file.
    /// FALSE: ERROR_INVALID_PARAMETER for NULL, for another type than NO_PROXY and NAMED_PROXY, for
    /// a named proxy without its name, for text that is not ASCII, has control characters or cannot
    /// be read as a list, and for user information in it; ERROR_ACCESS_DENIED if the file cannot be
    /// written, ERROR_NOT_ENOUGH_MEMORY if descriptors, memory or room are missing for that.
    pub fn WinHttpSetDefaultProxyConfiguration<W>(info: *const ProxyInfo<W>) -> Done {
        // SAFETY: C's promise about its structure.
        let info = unsafe { input::value(info) }.ok_or(Code::INVALID_PARAMETER)?;
        let texts = match info.dw_access_type {
            c::WINHTTP_ACCESS_TYPE_NO_PROXY => StaticTexts::default(),
            c::WINHTTP_ACCESS_TYPE_NAMED_PROXY => {
                // SAFETY: C's promise about its strings.
                let proxy = unsafe { required_text(info.lpsz_proxy.cast_const()) }?;
                // SAFETY: as above.
                let bypass = unsafe { input::text(info.lpsz_proxy_bypass.cast_const()) }?;
                refuse_if(!proxy.is_ascii() || !bypass.as_deref().is_none_or(str::is_ascii))?;
                refuse_if(proxy.trim().is_empty())?;
                StaticTexts { proxy: Some(proxy), bypass }
            }
            _ => return Err(Code::INVALID_PARAMETER),
        };
        library();
        settings::store_machine(texts).map_err(map::code)?;
        Ok(Done)
    }

    /// The user's settings: whether to detect, the URL of a script, proxy and bypass list, each
    /// NULL if there is none, with texts for GlobalFree. Without any setting all is empty, and the
    /// result TRUE. FALSE: ERROR_INVALID_PARAMETER for NULL, ERROR_NOT_ENOUGH_MEMORY.
    pub fn WinHttpGetIEProxyConfigForCurrentUser<W>(
        config: *mut CurrentUserIeProxyConfig<W>,
    ) -> Done {
        refuse_if(config.is_null())?;
        library();
        let user = settings::user().map_err(map::code)?;
        let script = Given::text(user.pac_url.as_deref())?;
        let proxy = Given::text(user.fixed.texts.proxy.as_deref())?;
        let bypass = Given::text(user.fixed.texts.bypass.as_deref())?;
        let config_now = CurrentUserIeProxyConfig {
            f_auto_detect: user.auto_detect.into(),
            lpsz_auto_config_url: script.hand_over(),
            lpsz_proxy: proxy.hand_over(),
            lpsz_proxy_bypass: bypass.hand_over(),
        };
        // SAFETY: C's promise about its structure.
        unsafe { output::value(config, config_now) };
        Ok(Done)
    }
}

/// A named proxy, with texts to be freed.
fn named<W: Unit>(proxy: &str, bypass: Option<&str>) -> Result<ProxyInfo<W>> {
    let proxy = Given::text(Some(proxy))?;
    let bypass = Given::text(bypass)?;
    Ok(ProxyInfo {
        dw_access_type: c::WINHTTP_ACCESS_TYPE_NAMED_PROXY,
        lpsz_proxy: proxy.hand_over(),
        lpsz_proxy_bypass: bypass.hand_over(),
    })
}
