//! Proxy settings that a resolver reads: WinHttpGetProxySettingsEx and what belongs to it.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use winhttp_abi::allocation::{allocate, release};
use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::Status;
use winhttp_abi::handle::{Hinternet, bits};
use winhttp_abi::types::{ProxySettingsEx, ProxySettingsParam};
use winhttp_abi::wide::Unit;
use winhttp_abi::{Code, Result, input, output};
use winhttp_core::api::settings::Settings;
use winhttp_proto::proxy::bypass_entries;

use super::settings::kinds;
use crate::arguments::refuse_if;
use crate::given::Given;
use crate::library::library;
use crate::map;

export! {
    /// Reads the user's settings: ERROR_IO_PENDING, and
    /// WINHTTP_CALLBACK_STATUS_GETPROXYSETTINGS_COMPLETE follows, with `context`. Settings are the
    /// same for all connections and of all kinds: the parameters are not looked at.
    ///
    /// Any other result means that nothing follows: the errors of the handle,
    /// ERROR_INVALID_PARAMETER for a kind that there is not, ERROR_INVALID_OPERATION while a
    /// look-up runs, ERROR_WINHTTP_INCORRECT_HANDLE_STATE after the resolver was discarded.
    pub fn WinHttpGetProxySettingsEx<W>(
        resolver: Hinternet,
        kind: i32,
        _parameters: *const ProxySettingsParam<W>,
        context: usize,
    ) -> Status {
        let resolver = library().resolver(bits(resolver)).map_err(map::code)?;
        refuse_if(!is_kind(kind))?;
        resolver.read_settings(context).map_err(map::code)?;
        Err(Code(c::ERROR_IO_PENDING))
    }

    /// What the resolver has read last, in a WINHTTP_PROXY_SETTINGS_EX, to be freed with
    /// WinHttpFreeProxySettingsEx. ERROR_WINHTTP_INCORRECT_HANDLE_STATE before anything was read,
    /// ERROR_INVALID_PARAMETER for NULL, ERROR_NOT_ENOUGH_MEMORY.
    pub fn WinHttpGetProxySettingsResultEx<W>(
        resolver: Hinternet,
        settings: *mut c_void,
    ) -> Status {
        let resolver = library().resolver(bits(resolver)).map_err(map::code)?;
        refuse_if(settings.is_null())?;
        let read = resolver.settings().map_err(map::code)?;
        let filled = filled::<W>(&read)?;
        // SAFETY: C's promise about its structure.
        unsafe { output::value(settings.cast(), filled) };
        Ok(Status)
    }

    /// Frees what WinHttpGetProxySettingsResultEx gave, and empties the structure; NULL is fine.
    /// ERROR_INVALID_PARAMETER for a kind that there is not.
    pub fn WinHttpFreeProxySettingsEx<W>(kind: i32, settings: *mut c_void) -> Status {
        refuse_if(!is_kind(kind))?;
        let place = settings.cast::<ProxySettingsEx<W>>();
        // SAFETY: C's promise about its structure.
        if let Some(given) = unsafe { input::value(place.cast_const()) } {
            // SAFETY: as above.
            unsafe { output::value(place, empty()) };
            // SAFETY: as above: the library filled it.
            unsafe { free(&given) };
        }
        Ok(Status)
    }
}

fn is_kind(kind: i32) -> bool {
    matches!(
        kind,
        c::WinHttpProxySettingsTypeWsl | c::WinHttpProxySettingsTypeWsa
    )
}

/// Settings as programs read them.
fn filled<W: Unit>(settings: &Settings) -> Result<ProxySettingsEx<W>> {
    let user = &settings.user;
    let proxy = |secure| Some(user.fixed.proxy.list.for_scheme(secure)?.url());
    let bypass = user.fixed.texts.bypass.as_deref().unwrap_or_default();
    let bypasses = bypass_entries(bypass)
        .map(|entry| Given::text(Some(entry)))
        .collect::<Result<Vec<Given<W>>>>()?;
    let script = Given::text(user.pac_url.as_deref())?;
    let (plain, secure) = (
        Given::text(proxy(false).as_deref())?,
        Given::text(proxy(true).as_deref())?,
    );
    let count = u32::try_from(bypasses.len()).map_err(|_| Code::NOT_ENOUGH_MEMORY)?;
    let array = array(bypasses)?;
    Ok(ProxySettingsEx {
        ull_generation_id: settings.version.into(),
        ull_flags: kinds(user).into(),
        pcwsz_autoconfig_url: script.hand_over(),
        pcwsz_proxy: plain.hand_over(),
        pcwsz_secure_proxy: secure.hand_over(),
        c_proxy_bypasses: count,
        rgpcwsz_proxy_bypasses: array,
        ..empty()
    })
}

/// An array of texts; NULL for none.
fn array<W: Unit>(texts: Vec<Given<W>>) -> Result<*mut *const W> {
    if texts.is_empty() {
        return Ok(null_mut());
    }
    let memory = allocate(texts.len().saturating_mul(size_of::<*const W>())).cast::<*const W>();
    if memory.is_null() {
        return Err(Code::NOT_ENOUGH_MEMORY);
    }
    for (index, text) in texts.into_iter().enumerate() {
        // SAFETY: the memory was allocated for as many.
        unsafe { output::value(memory.wrapping_add(index), text.hand_over().cast_const()) };
    }
    Ok(memory)
}

/// Nothing to be freed.
fn empty<W>() -> ProxySettingsEx<W> {
    ProxySettingsEx {
        ull_generation_id: 0,
        ull_flags: 0,
        pcwsz_autoconfig_url: null(),
        pcwsz_proxy: null(),
        pcwsz_secure_proxy: null(),
        c_proxy_bypasses: 0,
        rgpcwsz_proxy_bypasses: null_mut(),
        dw_interface_index: 0,
        pcwsz_connection_name: null(),
    }
}

/// Frees texts and their array.
///
/// # Safety
/// All of it comes from [`filled`], or is NULL, and is not used again.
unsafe fn free<W>(given: &ProxySettingsEx<W>) {
    let array = given.rgpcwsz_proxy_bypasses;
    // SAFETY: the caller's promise.
    let bypasses = unsafe { input::array(array.cast_const(), given.c_proxy_bypasses) };
    for text in bypasses.into_iter().flatten().chain([
        given.pcwsz_autoconfig_url,
        given.pcwsz_proxy,
        given.pcwsz_secure_proxy,
        given.pcwsz_connection_name,
    ]) {
        // SAFETY: as above; NULL is fine.
        unsafe { release(text.cast_mut().cast()) };
    }
    // SAFETY: as above.
    unsafe { release(array.cast()) };
}
