//! Flags of sessions, connections, requests and URLs; ports, schemes, handle kinds and switches.

constants! {
    table SESSION;

    // Access types of `WinHttpOpen`.
    /// The machine's proxy configuration.
    WINHTTP_ACCESS_TYPE_DEFAULT_PROXY: u32 = 0,
    /// No proxy.
    WINHTTP_ACCESS_TYPE_NO_PROXY: u32 = 1,
    /// The proxy given by name.
    WINHTTP_ACCESS_TYPE_NAMED_PROXY: u32 = 3,
    /// The user's proxy configuration, detected automatically.
    WINHTTP_ACCESS_TYPE_AUTOMATIC_PROXY: u32 = 4,

    // Flags of `WinHttpOpen`.
    /// Operations complete through the status callback.
    WINHTTP_FLAG_ASYNC: u32 = 0x10000000,
    /// Asynchronous, TLS 1.2 or newer, and no fallback.
    WINHTTP_FLAG_SECURE_DEFAULTS: u32 = 0x30000000,

    // Flags of `WinHttpOpenRequest`.
    /// Escape percent signs of the path as well.
    WINHTTP_FLAG_ESCAPE_PERCENT: u32 = 0x4,
    /// Encode the path as UTF-8.
    WINHTTP_FLAG_NULL_CODEPAGE: u32 = 0x8,
    /// Do not escape the path.
    WINHTTP_FLAG_ESCAPE_DISABLE: u32 = 0x40,
    /// Do not escape the query.
    WINHTTP_FLAG_ESCAPE_DISABLE_QUERY: u32 = 0x80,
    /// Ask proxies for a fresh response.
    WINHTTP_FLAG_REFRESH: u32 = 0x100,
    /// Another name of `WINHTTP_FLAG_REFRESH`.
    WINHTTP_FLAG_BYPASS_PROXY_CACHE: u32 = 0x100,
    /// Frame the request body in chunks.
    WINHTTP_FLAG_AUTOMATIC_CHUNKING: u32 = 0x200,
    /// Use TLS.
    WINHTTP_FLAG_SECURE: u32 = 0x00800000,

    // Total length of a request body.
    /// The total length is unknown.
    WINHTTP_IGNORE_REQUEST_TOTAL_LENGTH: u32 = 0,

    // Flags of `WinHttpReadDataEx`.
    /// Complete only when the buffer is full or the body ends.
    WINHTTP_READ_DATA_EX_FLAG_FILL_BUFFER: u64 = 0x1,

    // Handle kinds, `WINHTTP_OPTION_HANDLE_TYPE`.
    /// Made by `WinHttpOpen`.
    WINHTTP_HANDLE_TYPE_SESSION: u32 = 1,
    /// Made by `WinHttpConnect`.
    WINHTTP_HANDLE_TYPE_CONNECT: u32 = 2,
    /// Made by `WinHttpOpenRequest`.
    WINHTTP_HANDLE_TYPE_REQUEST: u32 = 3,
    /// Made by `WinHttpCreateProxyResolver`.
    WINHTTP_HANDLE_TYPE_PROXY_RESOLVER: u32 = 4,
    /// Made by `WinHttpWebSocketCompleteUpgrade`.
    WINHTTP_HANDLE_TYPE_WEBSOCKET: u32 = 5,
    /// Later headers: a handle of an upgraded protocol.
    WINHTTP_HANDLE_TYPE_PROTOCOL: u32 = 6,

    // Ports.
    /// The default port of the scheme.
    INTERNET_DEFAULT_PORT: u16 = 0,
    /// The port of http.
    INTERNET_DEFAULT_HTTP_PORT: u16 = 80,
    /// The port of https.
    INTERNET_DEFAULT_HTTPS_PORT: u16 = 443,

    // Schemes, `URL_COMPONENTS.nScheme`.
    /// The http scheme.
    INTERNET_SCHEME_HTTP: i32 = 1,
    /// The https scheme.
    INTERNET_SCHEME_HTTPS: i32 = 2,
    /// The ftp scheme, of proxies only.
    INTERNET_SCHEME_FTP: i32 = 3,
    /// The socks scheme, of proxies only.
    INTERNET_SCHEME_SOCKS: i32 = 4,
    /// Another name of `INTERNET_SCHEME_HTTP`.
    WINHTTP_INTERNET_SCHEME_HTTP: i32 = 1,
    /// Another name of `INTERNET_SCHEME_HTTPS`.
    WINHTTP_INTERNET_SCHEME_HTTPS: i32 = 2,
    /// Another name of `INTERNET_SCHEME_FTP`.
    WINHTTP_INTERNET_SCHEME_FTP: i32 = 3,
    /// Another name of `INTERNET_SCHEME_SOCKS`.
    WINHTTP_INTERNET_SCHEME_SOCKS: i32 = 4,

    // Flags of `WinHttpCrackUrl` and `WinHttpCreateUrl`.
    /// Escape percent signs.
    ICU_ENCODE_PERCENT: u32 = 0x1000,
    /// Escape user name and password.
    ICU_ESCAPE_AUTHORITY: u32 = 0x2000,
    /// Reject URLs that contain a user name.
    ICU_REJECT_USERPWD: u32 = 0x4000,
    /// Later headers: write the port also when it is the scheme's default.
    ICU_INCLUDE_DEFAULT_PORT: u32 = 0x8000,
    /// Escape as browsers do.
    ICU_BROWSER_MODE: u32 = 0x02000000,
    /// Escape spaces only.
    ICU_ENCODE_SPACES_ONLY: u32 = 0x04000000,
    /// Do not resolve "." and ".." segments.
    ICU_NO_META: u32 = 0x08000000,
    /// Unescape.
    ICU_DECODE: u32 = 0x10000000,
    /// Do not escape unsafe characters.
    ICU_NO_ENCODE: u32 = 0x20000000,
    /// Escape, or unescape when cracking.
    ICU_ESCAPE: u32 = 0x80000000,

    // Times.
    /// Bytes a UTF-16 HTTP date needs with its NUL: 31 code units; a 32-bit width needs twice as
    /// many.
    WINHTTP_TIME_FORMAT_BUFSIZE: u32 = 62,

    // Switches: `WINHTTP_OPTION_DISABLE_FEATURE`.
    /// Keep and send no cookies.
    WINHTTP_DISABLE_COOKIES: u32 = 0x1,
    /// Follow no redirects.
    WINHTTP_DISABLE_REDIRECTS: u32 = 0x2,
    /// Answer no challenges.
    WINHTTP_DISABLE_AUTHENTICATION: u32 = 0x4,
    /// Close the connection after the response.
    WINHTTP_DISABLE_KEEP_ALIVE: u32 = 0x8,

    // Switches: `WINHTTP_OPTION_ENABLE_FEATURE`.
    /// Check revocation of the server's certificate.
    WINHTTP_ENABLE_SSL_REVOCATION: u32 = 0x1,
    /// Use the process's identity for client certificates.
    WINHTTP_ENABLE_SSL_REVERT_IMPERSONATION: u32 = 0x2,

    // Switches: `WINHTTP_OPTION_DECOMPRESSION`.
    /// Decompress gzip.
    WINHTTP_DECOMPRESSION_FLAG_GZIP: u32 = 0x1,
    /// Decompress deflate.
    WINHTTP_DECOMPRESSION_FLAG_DEFLATE: u32 = 0x2,
    /// Decompress whatever is supported.
    WINHTTP_DECOMPRESSION_FLAG_ALL: u32 = 0x3,

    // Switches: `WINHTTP_OPTION_ENABLE_HTTP_PROTOCOL`.
    /// HTTP/2.
    WINHTTP_PROTOCOL_FLAG_HTTP2: u32 = 0x1,
    /// HTTP/3.
    WINHTTP_PROTOCOL_FLAG_HTTP3: u32 = 0x2,
    /// The valid protocol bits.
    WINHTTP_PROTOCOL_MASK: u32 = 0x3,

    // Retries: `WINHTTP_OPTION_FAILED_CONNECTION_RETRIES`.
    /// Retry after a 408 response.
    WINHTTP_CONNECTION_RETRY_CONDITION_408: u32 = 0x1,
    /// Retry after a failed TLS handshake.
    WINHTTP_CONNECTION_RETRY_CONDITION_SSL_HANDSHAKE: u32 = 0x2,
    /// Retry when a pooled connection was dead.
    WINHTTP_CONNECTION_RETRY_CONDITION_STALE_CONNECTION: u32 = 0x4,
    /// The valid retry bits.
    WINHTTP_CONNECTION_RETRY_CONDITION_MASK: u32 = 0x7,

    // Connection groups.
    /// Query groups of connections without TLS.
    WINHTTP_QUERY_CONNECTION_GROUP_FLAG_INSECURE: u64 = 0x1,
    /// Unmarked connections do not match.
    WINHTTP_MATCH_CONNECTION_GUID_FLAG_REQUIRE_MARKED_CONNECTION: u64 = 0x1,
    /// The valid flag bits.
    WINHTTP_MATCH_CONNECTION_GUID_FLAGS_MASK: u64 = 0x1,

    // Name cache: `WINHTTP_OPTION_RESOLVER_CACHE_CONFIG`.
    /// The limit of entries may be exceeded.
    WINHTTP_RESOLVER_CACHE_CONFIG_FLAG_SOFT_LIMIT: u64 = 0x1,
    /// Do not use the cache.
    WINHTTP_RESOLVER_CACHE_CONFIG_FLAG_BYPASS_CACHE: u64 = 0x2,
    /// Entries live as long as DNS says.
    WINHTTP_RESOLVER_CACHE_CONFIG_FLAG_USE_DNS_TTL: u64 = 0x4,
    /// Connections honour the DNS lifetime too.
    WINHTTP_RESOLVER_CACHE_CONFIG_FLAG_CONN_USE_TTL: u64 = 0x8,

    // Secure DNS, `WINHTTP_RESOLVER_CACHE_CONFIG.SecureDnsSetting`.
    /// The system's setting.
    WinHttpSecureDnsSettingDefault: i32 = 0,
    /// Plain DNS only.
    WinHttpSecureDnsSettingForcePlaintext: i32 = 1,
    /// Encrypted DNS only.
    WinHttpSecureDnsSettingRequireEncryption: i32 = 2,
    /// Encrypted DNS, plain when that fails.
    WinHttpSecureDnsSettingTryEncryptionWithFallback: i32 = 3,
    /// One more than the largest setting.
    WinHttpSecureDnsSettingMax: i32 = 4,
}
