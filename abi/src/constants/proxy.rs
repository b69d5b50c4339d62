//! Flags of automatic proxy configuration and of proxy settings.

constants! {
    table PROXY;

    // Auto-proxy, `WINHTTP_AUTOPROXY_OPTIONS.dwFlags`.
    /// Look for a PAC file by DHCP or DNS.
    WINHTTP_AUTOPROXY_AUTO_DETECT: u32 = 0x1,
    /// Use the PAC file at the given URL.
    WINHTTP_AUTOPROXY_CONFIG_URL: u32 = 0x2,
    /// Pass the host to the script as it is.
    WINHTTP_AUTOPROXY_HOST_KEEPCASE: u32 = 0x4,
    /// Pass the host to the script in lower case.
    WINHTTP_AUTOPROXY_HOST_LOWERCASE: u32 = 0x8,
    /// Allow PAC files.
    WINHTTP_AUTOPROXY_ALLOW_AUTOCONFIG: u32 = 0x100,
    /// Allow configured proxies.
    WINHTTP_AUTOPROXY_ALLOW_STATIC: u32 = 0x200,
    /// Allow the connection manager's proxies.
    WINHTTP_AUTOPROXY_ALLOW_CM: u32 = 0x400,
    /// Use the settings of the network interface.
    WINHTTP_AUTOPROXY_USE_INTERFACE_CONFIG: u32 = 0x800,
    /// Run the script in this process.
    WINHTTP_AUTOPROXY_RUN_INPROCESS: u32 = 0x00010000,
    /// Run the script in another process only.
    WINHTTP_AUTOPROXY_RUN_OUTPROCESS_ONLY: u32 = 0x00020000,
    /// Ignore DirectAccess proxies.
    WINHTTP_AUTOPROXY_NO_DIRECTACCESS: u32 = 0x00040000,
    /// Do not use this process's cache.
    WINHTTP_AUTOPROXY_NO_CACHE_CLIENT: u32 = 0x00080000,
    /// Do not use the service's cache.
    WINHTTP_AUTOPROXY_NO_CACHE_SVC: u32 = 0x00100000,
    /// Sort the proxies, most recently successful first.
    WINHTTP_AUTOPROXY_SORT_RESULTS: u32 = 0x00400000,

    // Detection, `WINHTTP_AUTOPROXY_OPTIONS.dwAutoDetectFlags`.
    /// Ask DHCP.
    WINHTTP_AUTO_DETECT_TYPE_DHCP: u32 = 0x1,
    /// Look up "wpad" in DNS.
    WINHTTP_AUTO_DETECT_TYPE_DNS_A: u32 = 0x2,

    // Kinds of settings, `WINHTTP_PROXY_SETTINGS.dwFlags`.
    /// Direct connections.
    WINHTTP_PROXY_TYPE_DIRECT: u32 = 0x1,
    /// Configured proxies.
    WINHTTP_PROXY_TYPE_PROXY: u32 = 0x2,
    /// A PAC file.
    WINHTTP_PROXY_TYPE_AUTO_PROXY_URL: u32 = 0x4,
    /// Detection.
    WINHTTP_PROXY_TYPE_AUTO_DETECT: u32 = 0x8,

    // `WinHttpResetAutoProxy`.
    /// Forget detection results.
    WINHTTP_RESET_STATE: u32 = 0x1,
    /// Forget the current network's detected URL.
    WINHTTP_RESET_SWPAD_CURRENT_NETWORK: u32 = 0x2,
    /// Forget all networks' detected URLs.
    WINHTTP_RESET_SWPAD_ALL: u32 = 0x4,
    /// Forget fetched scripts.
    WINHTTP_RESET_SCRIPT_CACHE: u32 = 0x8,
    /// All of the above.
    WINHTTP_RESET_ALL: u32 = 0xFFFF,
    /// The network has changed.
    WINHTTP_RESET_NOTIFY_NETWORK_CHANGED: u32 = 0x00010000,
    /// Reset the service, not this process.
    WINHTTP_RESET_OUT_OF_PROC: u32 = 0x00020000,
    /// Discard resolvers.
    WINHTTP_RESET_DISCARD_RESOLVERS: u32 = 0x00040000,

    // `WinHttpRegisterProxyChangeNotification`.
    /// Call back when proxy settings change.
    WINHTTP_PROXY_NOTIFY_CHANGE: u64 = 0x1,

    // Network keys, `WINHTTP_PROXY_NETWORKING_KEY`.
    /// Bytes of a network key.
    NETWORKING_KEY_BUFSIZE: u32 = 128,

    // Kinds of `WinHttpGetProxySettingsEx`.
    /// No kind.
    WinHttpProxySettingsTypeUnknown: i32 = 0,
    /// For the Windows Subsystem for Linux.
    WinHttpProxySettingsTypeWsl: i32 = 1,
    /// For the Windows Subsystem for Android.
    WinHttpProxySettingsTypeWsa: i32 = 2,
    /// Later headers: for Xbox.
    WinHttpProxySettingsTypeXBox: i32 = 3,
}
