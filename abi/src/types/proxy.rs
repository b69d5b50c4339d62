//! Structures of proxy configuration and detection.

use core::ffi::c_void;

use super::base::{Bool, FileTime};

/// A proxy configuration, `WINHTTP_OPTION_PROXY` and others (`WINHTTP_PROXY_INFO`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ProxyInfo<W> {
    /// A `WINHTTP_ACCESS_TYPE_*` value.
    pub dw_access_type: u32,
    /// Proxy list, NULL unless named; GlobalFree when returned.
    pub lpsz_proxy: *mut W,
    /// Bypass list; GlobalFree when returned.
    pub lpsz_proxy_bypass: *mut W,
}

/// How to find a proxy for a URL (`WINHTTP_AUTOPROXY_OPTIONS`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct AutoproxyOptions<W> {
    /// Mask of `WINHTTP_AUTOPROXY_*`.
    pub dw_flags: u32,
    /// Mask of `WINHTTP_AUTO_DETECT_TYPE_*`, with AUTO_DETECT only.
    pub dw_auto_detect_flags: u32,
    /// URL of the PAC file; non-NULL exactly with CONFIG_URL.
    pub lpsz_auto_config_url: *const W,
    /// NULL.
    pub lpv_reserved: *mut c_void,
    /// 0.
    pub dw_reserved: u32,
    /// Whether to send credentials when fetching the PAC file.
    pub f_auto_logon_if_challenged: Bool,
}

/// The user's proxy configuration; the caller frees its strings with GlobalFree
/// (`WINHTTP_CURRENT_USER_IE_PROXY_CONFIG`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct CurrentUserIeProxyConfig<W> {
    /// Whether to detect automatically.
    pub f_auto_detect: Bool,
    /// URL of the PAC file, or NULL.
    pub lpsz_auto_config_url: *mut W,
    /// Proxy list, or NULL.
    pub lpsz_proxy: *mut W,
    /// Bypass list, or NULL.
    pub lpsz_proxy_bypass: *mut W,
}

/// One proxy to try (`WINHTTP_PROXY_RESULT_ENTRY`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ProxyResultEntry<W> {
    /// Whether to use a proxy at all.
    pub f_proxy: Bool,
    /// Without a proxy: whether the bypass list matched.
    pub f_bypass: Bool,
    /// Scheme spoken to the proxy.
    pub proxy_scheme: i32,
    /// Host of the proxy.
    pub pwsz_proxy: *mut W,
    /// Port of the proxy.
    pub proxy_port: u16,
}

/// Proxies to try in order; released by `WinHttpFreeProxyResult` (`WINHTTP_PROXY_RESULT`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ProxyResult<W> {
    /// Number of entries.
    pub c_entries: u32,
    /// The entries.
    pub p_entries: *mut ProxyResultEntry<W>,
}

/// Proxies to try in order; released by `WinHttpFreeProxyResultEx` (`WINHTTP_PROXY_RESULT_EX`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ProxyResultEx<W> {
    /// Number of entries.
    pub c_entries: u32,
    /// The entries.
    pub p_entries: *mut ProxyResultEntry<W>,
    /// Opaque; NULL here.
    pub h_proxy_detection_handle: *mut c_void,
    /// Index of the network interface, or 0.
    pub dw_proxy_interface_affinity: u32,
}

/// The key of a network (`WINHTTP_PROXY_NETWORKING_KEY`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ProxyNetworkingKey {
    /// The key.
    pub pb_buffer: [u8; 128],
}

/// Stored proxy settings; released by `WinHttpFreeProxySettings` (`WINHTTP_PROXY_SETTINGS`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ProxySettings<W> {
    /// Size of this structure, set by the caller.
    pub dw_struct_size: u32,
    /// Mask of `WINHTTP_PROXY_TYPE_*`.
    pub dw_flags: u32,
    /// Version of the settings.
    pub dw_current_settings_version: u32,
    /// Name of the connection.
    pub pwsz_connection_name: *mut W,
    /// Proxy list.
    pub pwsz_proxy: *mut W,
    /// Bypass list.
    pub pwsz_proxy_bypass: *mut W,
    /// URL of the PAC file.
    pub pwsz_autoconfig_url: *mut W,
    /// Second URL of the PAC file.
    pub pwsz_autoconfig_secondary_url: *mut W,
    /// Undocumented.
    pub dw_auto_discovery_flags: u32,
    /// URL of the PAC file that worked last.
    pub pwsz_last_known_good_auto_config_url: *mut W,
    /// Minutes between reloads of the PAC file.
    pub dw_autoconfig_reload_delay_mins: u32,
    /// When detection last succeeded.
    pub ft_last_known_detect_time: FileTime,
    /// Number of interface addresses.
    pub dw_detected_interface_ip_count: u32,
    /// Interface addresses of the last detection.
    pub pdw_detected_interface_ip: *mut u32,
    /// Number of network keys.
    pub c_network_keys: u32,
    /// Network keys.
    pub p_network_keys: *mut ProxyNetworkingKey,
}

/// Proxy settings of a connection; released by `WinHttpFreeProxySettingsEx`
/// (`WINHTTP_PROXY_SETTINGS_EX`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ProxySettingsEx<W> {
    /// Grows with every change of configuration.
    pub ull_generation_id: u64,
    /// Mask of `WINHTTP_PROXY_TYPE_*`.
    pub ull_flags: u64,
    /// URL of the PAC file.
    pub pcwsz_autoconfig_url: *const W,
    /// Proxy for http.
    pub pcwsz_proxy: *const W,
    /// Proxy for https.
    pub pcwsz_secure_proxy: *const W,
    /// Number of bypass entries.
    pub c_proxy_bypasses: u32,
    /// Bypass entries.
    pub rgpcwsz_proxy_bypasses: *mut *const W,
    /// Network interface the settings belong to.
    pub dw_interface_index: u32,
    /// Name of the connection.
    pub pcwsz_connection_name: *const W,
}

/// What `WinHttpGetProxySettingsEx` should look for (`WINHTTP_PROXY_SETTINGS_PARAM`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ProxySettingsParam<W> {
    /// 0.
    pub ull_flags: u64,
    /// Name of the connection.
    pub pcwsz_connection_name: *const W,
    /// Undocumented.
    pub pcwsz_probe_host: *const W,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_those_of_windows() {
        layout!(ProxyInfo<u16>, 24, 8, {
            dw_access_type: 0, lpsz_proxy: 8, lpsz_proxy_bypass: 16,
        });
        layout!(AutoproxyOptions<u16>, 32, 8, {
            dw_flags: 0, dw_auto_detect_flags: 4, lpsz_auto_config_url: 8, lpv_reserved: 16,
            dw_reserved: 24, f_auto_logon_if_challenged: 28,
        });
        layout!(CurrentUserIeProxyConfig<u16>, 32, 8, {
            f_auto_detect: 0, lpsz_auto_config_url: 8, lpsz_proxy: 16, lpsz_proxy_bypass: 24,
        });
        layout!(ProxyResultEntry<u16>, 32, 8, {
            f_proxy: 0, f_bypass: 4, proxy_scheme: 8, pwsz_proxy: 16, proxy_port: 24,
        });
        layout!(ProxyResult<u16>, 16, 8, { c_entries: 0, p_entries: 8 });
        layout!(ProxyResultEx<u16>, 32, 8, {
            c_entries: 0, p_entries: 8, h_proxy_detection_handle: 16, dw_proxy_interface_affinity:
            24,
        });
        layout!(ProxyNetworkingKey, 128, 1, { pb_buffer: 0 });
        layout!(ProxySettings<u16>, 112, 8, {
            dw_struct_size: 0, dw_flags: 4, dw_current_settings_version: 8, pwsz_connection_name:
            16, pwsz_proxy: 24, pwsz_proxy_bypass: 32, pwsz_autoconfig_url: 40,
            pwsz_autoconfig_secondary_url: 48, dw_auto_discovery_flags: 56,
            pwsz_last_known_good_auto_config_url: 64, dw_autoconfig_reload_delay_mins: 72,
            ft_last_known_detect_time: 76, dw_detected_interface_ip_count: 84,
            pdw_detected_interface_ip: 88, c_network_keys: 96, p_network_keys: 104,
        });
        layout!(ProxySettingsEx<u16>, 72, 8, {
            ull_generation_id: 0, ull_flags: 8, pcwsz_autoconfig_url: 16, pcwsz_proxy: 24,
            pcwsz_secure_proxy: 32, c_proxy_bypasses: 40, rgpcwsz_proxy_bypasses: 48,
            dw_interface_index: 56, pcwsz_connection_name: 64,
        });
        layout!(ProxySettingsParam<u16>, 24, 8, {
            ull_flags: 0, pcwsz_connection_name: 8, pcwsz_probe_host: 16,
        });
    }
}
