//! The stored proxy settings of a user: reading and writing them. Those of a resolver are
//! `settings_ex`, and watching them is `notification`.

use std::ptr::null_mut;

use winhttp_abi::allocation::release;
use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::{Nothing, Status};
use winhttp_abi::handle::{Hinternet, bits};
use winhttp_abi::types::{FileTime, ProxySettings};
use winhttp_abi::wide::Unit;
use winhttp_abi::{Code, Result, input, output};
use winhttp_core::api::settings::{self, UserSettings};
use winhttp_proto::proxy::stored::{StaticTexts, UserTexts};

use crate::arguments::{refuse_if, required_text};
use crate::given::Given;
use crate::library::library;
use crate::map;

/// All of WINHTTP_PROXY_TYPE_*.
const KINDS: u32 = c::WINHTTP_PROXY_TYPE_DIRECT
    | c::WINHTTP_PROXY_TYPE_PROXY
    | c::WINHTTP_PROXY_TYPE_AUTO_PROXY_URL
    | c::WINHTTP_PROXY_TYPE_AUTO_DETECT;

export! {
    /// The user's settings, for WinHttpFreeProxySettings. There are no settings of single
    /// connections: those of all are returned, whatever is named, and the wishes for what is to be
    /// returned instead have no effect. `version` and `are_defaults` may be NULL.
    ///
    /// Errors: those of the session; ERROR_INVALID_PARAMETER for no structure to fill,
    /// ERROR_NOT_ENOUGH_MEMORY.
    pub fn WinHttpReadProxySettings<W>(
        session: Hinternet,
        _connection: *const W,
        _fall_back: i32,
        _set_auto_discover: i32,
        version: *mut u32,
        are_defaults: *mut i32,
        settings: *mut ProxySettings<W>,
    ) -> Status {
        library().session(bits(session)).map_err(map::code)?;
        refuse_if(settings.is_null())?;
        let now = settings::current().map_err(map::code)?;
        let filled = filled(&now.user, now.version)?;
        // SAFETY: C's promise about its structure.
        unsafe { output::value(settings, filled) };
        // SAFETY: C's promise about its result.
        unsafe { output::value(version, now.version) };
        // SAFETY: as above.
        unsafe { output::value(are_defaults, 1) };
        Ok(Status)
    }

    /// Stores the user's settings: those that dwFlags selects; without any of them, "directly".
    ///
    /// Errors: those of the session; ERROR_INVALID_PARAMETER for NULL, for another dwStructSize,
    /// for unknown flags, for a flag without its text, and for texts that
    /// WinHttpSetDefaultProxyConfiguration refuses, unless for not being ASCII; ERROR_ACCESS_DENIED
    /// if the file cannot be written, ERROR_NOT_ENOUGH_MEMORY if descriptors, memory or room are
    /// missing for that.
    pub fn WinHttpWriteProxySettings<W>(
        session: Hinternet,
        _force: i32,
        settings: *const ProxySettings<W>,
    ) -> Status {
        library().session(bits(session)).map_err(map::code)?;
        // SAFETY: C's promise about its structure.
        let given = unsafe { input::structure(settings) }?;
        // SAFETY: C's promise about its strings.
        let texts = unsafe { user_texts(&given) }?;
        settings::store_user(texts).map_err(map::code)?;
        Ok(Status)
    }

    /// Frees what is in the structure, which is empty then; it belongs to the program itself.
    pub fn WinHttpFreeProxySettings<W>(settings: *mut ProxySettings<W>) -> Nothing {
        // SAFETY: C's promise about its structure.
        let Some(filled) = (unsafe { input::value(settings) }) else {
            return Ok(Nothing);
        };
        // SAFETY: the structure is there, as it was read.
        unsafe { output::value(settings, empty()) };
        for text in [
            filled.pwsz_connection_name,
            filled.pwsz_proxy,
            filled.pwsz_proxy_bypass,
            filled.pwsz_autoconfig_url,
            filled.pwsz_autoconfig_secondary_url,
            filled.pwsz_last_known_good_auto_config_url,
            filled.pdw_detected_interface_ip.cast(),
            filled.p_network_keys.cast(),
        ] {
            // SAFETY: C's promise that WinHttpReadProxySettings filled it; NULL is fine.
            unsafe { release(text.cast()) };
        }
        Ok(Nothing)
    }

    /// A number that grows with every change of the settings. ERROR_INVALID_PARAMETER for NULL,
    /// ERROR_NOT_ENOUGH_MEMORY.
    pub fn WinHttpGetProxySettingsVersion<W>(session: Hinternet, version: *mut u32) -> Status {
        library().session(bits(session)).map_err(map::code)?;
        refuse_if(version.is_null())?;
        let now = settings::current().map_err(map::code)?;
        // SAFETY: C's promise about its result.
        unsafe { output::value(version, now.version) };
        Ok(Status)
    }

    /// Settings are each user's own: ERROR_ACCESS_DENIED for FALSE.
    pub fn WinHttpSetProxySettingsPerUser<W>(per_user: i32) -> Status {
        if per_user == 0 {
            return Err(Code(c::ERROR_ACCESS_DENIED));
        }
        Ok(Status)
    }
}

/// Settings as programs read them.
fn filled<W: Unit>(user: &UserSettings, version: u32) -> Result<ProxySettings<W>> {
    let proxy = user.fixed.texts.proxy.as_deref();
    let flags = kinds(user);
    let proxy = Given::text(proxy)?;
    let bypass = Given::text(user.fixed.texts.bypass.as_deref())?;
    let script = Given::text(user.pac_url.as_deref())?;
    Ok(ProxySettings {
        dw_struct_size: u32::try_from(size_of::<ProxySettings<W>>()).unwrap_or(0),
        dw_flags: flags,
        dw_current_settings_version: version,
        pwsz_proxy: proxy.hand_over(),
        pwsz_proxy_bypass: bypass.hand_over(),
        pwsz_autoconfig_url: script.hand_over(),
        ..empty()
    })
}

/// WINHTTP_PROXY_TYPE_* of what is set.
pub(super) fn kinds(user: &UserSettings) -> u32 {
    let flag = |is_set: bool, flag: u32| if is_set { flag } else { 0 };
    let has_proxy = user.fixed.texts.proxy.is_some();
    c::WINHTTP_PROXY_TYPE_DIRECT
        | flag(has_proxy, c::WINHTTP_PROXY_TYPE_PROXY)
        | flag(user.pac_url.is_some(), c::WINHTTP_PROXY_TYPE_AUTO_PROXY_URL)
        | flag(user.auto_detect, c::WINHTTP_PROXY_TYPE_AUTO_DETECT)
}

/// Nothing to be freed.
fn empty<W>() -> ProxySettings<W> {
    ProxySettings {
        dw_struct_size: 0,
        dw_flags: 0,
        dw_current_settings_version: 0,
        pwsz_connection_name: null_mut(),
        pwsz_proxy: null_mut(),
        pwsz_proxy_bypass: null_mut(),
        pwsz_autoconfig_url: null_mut(),
        pwsz_autoconfig_secondary_url: null_mut(),
        dw_auto_discovery_flags: 0,
        pwsz_last_known_good_auto_config_url: null_mut(),
        dw_autoconfig_reload_delay_mins: 0,
        ft_last_known_detect_time: FileTime {
            dw_low_date_time: 0,
            dw_high_date_time: 0,
        },
        dw_detected_interface_ip_count: 0,
        pdw_detected_interface_ip: null_mut(),
        c_network_keys: 0,
        p_network_keys: null_mut(),
    }
}

/// What a program wants to be stored.
///
/// # Safety
/// The structure's texts are NULL or terminated strings.
unsafe fn user_texts<W: Unit>(given: &ProxySettings<W>) -> Result<UserTexts> {
    let flags = given.dw_flags;
    refuse_if(flags & !KINDS != 0)?;
    let mut texts = UserTexts {
        auto_detect: flags & c::WINHTTP_PROXY_TYPE_AUTO_DETECT != 0,
        ..UserTexts::default()
    };
    if flags & c::WINHTTP_PROXY_TYPE_AUTO_PROXY_URL != 0 {
        // SAFETY: the caller's promise.
        let script = unsafe { required_text(given.pwsz_autoconfig_url.cast_const()) }?;
        refuse_if(script.trim().is_empty())?;
        texts.pac_url = Some(script);
    }
    if flags & c::WINHTTP_PROXY_TYPE_PROXY != 0 {
        // SAFETY: as above.
        let proxy = unsafe { required_text(given.pwsz_proxy.cast_const()) }?;
        refuse_if(proxy.trim().is_empty())?;
        texts.fixed = StaticTexts {
            proxy: Some(proxy),
            // SAFETY: as above.
            bypass: unsafe { input::text(given.pwsz_proxy_bypass.cast_const()) }?,
        };
    }
    Ok(texts)
}
