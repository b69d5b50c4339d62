//! Option numbers of `WinHttpSetOption` and `WinHttpQueryOption`, and values some of them take.

constants! {
    table OPTIONS;

    // Options.
    /// The smallest option number.
    WINHTTP_FIRST_OPTION: u32 = 1,
    /// The largest option number of the baseline header, credentials aside.
    WINHTTP_LAST_OPTION: u32 = 196,
    /// The status callback of the handle.
    WINHTTP_OPTION_CALLBACK: u32 = 1,
    /// Name-resolution timeout; 0 and 0xFFFFFFFF = infinite, in milliseconds.
    WINHTTP_OPTION_RESOLVE_TIMEOUT: u32 = 2,
    /// Per-address TCP connect timeout; 0xFFFFFFFF disables, in milliseconds.
    WINHTTP_OPTION_CONNECT_TIMEOUT: u32 = 3,
    /// Maximum number of addresses of a multi-homed host that are tried, each once.
    WINHTTP_OPTION_CONNECT_RETRIES: u32 = 4,
    /// Time allowed for sending the request / one write, in milliseconds.
    WINHTTP_OPTION_SEND_TIMEOUT: u32 = 5,
    /// Time allowed to receive part of a response / one read, in milliseconds.
    WINHTTP_OPTION_RECEIVE_TIMEOUT: u32 = 6,
    /// Time allowed for all response headers, in milliseconds; reads back at least
    /// `WINHTTP_OPTION_RECEIVE_TIMEOUT`.
    WINHTTP_OPTION_RECEIVE_RESPONSE_TIMEOUT: u32 = 7,
    /// The kind of the handle, a `WINHTTP_HANDLE_TYPE_*` value.
    WINHTTP_OPTION_HANDLE_TYPE: u32 = 9,
    /// Deprecated, no effect.
    WINHTTP_OPTION_READ_BUFFER_SIZE: u32 = 12,
    /// Deprecated, no effect.
    WINHTTP_OPTION_WRITE_BUFFER_SIZE: u32 = 13,
    /// The parent handle; a session has none.
    WINHTTP_OPTION_PARENT_HANDLE: u32 = 21,
    /// Winsock error behind the last `ERROR_WINHTTP_*` on this thread; `NULL` handle allowed.
    WINHTTP_OPTION_EXTENDED_ERROR: u32 = 24,
    /// Certificate errors to ignore, a mask of `SECURITY_FLAG_*` values.
    WINHTTP_OPTION_SECURITY_FLAGS: u32 = 31,
    /// Server certificate summary; two strings to `LocalFree`.
    WINHTTP_OPTION_SECURITY_CERTIFICATE_STRUCT: u32 = 32,
    /// The current URL, after redirects the final one.
    WINHTTP_OPTION_URL: u32 = 34,
    /// Cipher key strength in bits.
    WINHTTP_OPTION_SECURITY_KEY_BITNESS: u32 = 36,
    /// The proxy of the handle; a query allocates strings for `GlobalFree`.
    WINHTTP_OPTION_PROXY: u32 = 38,
    /// Use this entry of a resolver result for the request.
    WINHTTP_OPTION_PROXY_RESULT_ENTRY: u32 = 39,
    /// The user agent, sent unless a User-Agent header was added.
    WINHTTP_OPTION_USER_AGENT: u32 = 41,
    /// Callback context value.
    WINHTTP_OPTION_CONTEXT_VALUE: u32 = 45,
    /// The client certificate; `NULL` with length 0 is explicitly none.
    WINHTTP_OPTION_CLIENT_CERT_CONTEXT: u32 = 47,
    /// Deprecated, no effect.
    WINHTTP_OPTION_REQUEST_PRIORITY: u32 = 58,
    /// Legacy HTTP version; documented as process-wide with a `NULL` handle.
    WINHTTP_OPTION_HTTP_VERSION: u32 = 59,
    /// Switches features off, a mask of `WINHTTP_DISABLE_*` values.
    WINHTTP_OPTION_DISABLE_FEATURE: u32 = 63,
    /// Code page used to encode the URL query.
    WINHTTP_OPTION_CODEPAGE: u32 = 68,
    /// Connection limit per server; setting 0 means 2.
    WINHTTP_OPTION_MAX_CONNS_PER_SERVER: u32 = 73,
    /// Limit per HTTP/1.0 server.
    WINHTTP_OPTION_MAX_CONNS_PER_1_0_SERVER: u32 = 74,
    /// When default credentials are sent, a `WINHTTP_AUTOLOGON_SECURITY_LEVEL_*` value.
    WINHTTP_OPTION_AUTOLOGON_POLICY: u32 = 77,
    /// The server's certificate; the caller frees it with `CertFreeCertificateContext`.
    WINHTTP_OPTION_SERVER_CERT_CONTEXT: u32 = 78,
    /// Switches features on, a mask of `WINHTTP_ENABLE_*` values.
    WINHTTP_OPTION_ENABLE_FEATURE: u32 = 79,
    /// Size of the completion thread pool; settable once, before any asynchronous operation.
    WINHTTP_OPTION_WORKER_THREAD_COUNT: u32 = 80,
    /// Passport co-branding text after a 401.
    WINHTTP_OPTION_PASSPORT_COBRANDING_TEXT: u32 = 81,
    /// Passport co-branding image URL.
    WINHTTP_OPTION_PASSPORT_COBRANDING_URL: u32 = 82,
    /// Passport authentication, a mask of `WINHTTP_*_PASSPORT_*` values.
    WINHTTP_OPTION_CONFIGURE_PASSPORT_AUTH: u32 = 83,
    /// Enabled TLS versions.
    WINHTTP_OPTION_SECURE_PROTOCOLS: u32 = 84,
    /// Tracing switch, `NULL` handle only.
    WINHTTP_OPTION_ENABLETRACING: u32 = 85,
    /// Clears cookies related to the return URL.
    WINHTTP_OPTION_PASSPORT_SIGN_OUT: u32 = 86,
    /// The Passport return URL.
    WINHTTP_OPTION_PASSPORT_RETURN_URL: u32 = 87,
    /// Which redirects are followed, a `WINHTTP_OPTION_REDIRECT_POLICY_*` value.
    WINHTTP_OPTION_REDIRECT_POLICY: u32 = 88,
    /// Redirect limit.
    WINHTTP_OPTION_MAX_HTTP_AUTOMATIC_REDIRECTS: u32 = 89,
    /// How many 1xx responses are skipped.
    WINHTTP_OPTION_MAX_HTTP_STATUS_CONTINUE: u32 = 90,
    /// Response header block limit, in bytes.
    WINHTTP_OPTION_MAX_RESPONSE_HEADER_SIZE: u32 = 91,
    /// How much unread body is drained to reuse a connection, in bytes.
    WINHTTP_OPTION_MAX_RESPONSE_DRAIN_SIZE: u32 = 92,
    /// Local and remote socket addresses.
    WINHTTP_OPTION_CONNECTION_INFO: u32 = 93,
    /// Acceptable names of issuers; the caller frees the list with `GlobalFree`.
    WINHTTP_OPTION_CLIENT_CERT_ISSUER_LIST: u32 = 94,
    /// Whether the server port is part of the Kerberos name of the server.
    WINHTTP_OPTION_SPN: u32 = 96,
    /// Process-wide proxy credentials, a `WINHTTP_CREDS`.
    WINHTTP_OPTION_GLOBAL_PROXY_CREDS: u32 = 97,
    /// Process-wide server credentials, a `WINHTTP_CREDS_EX`.
    WINHTTP_OPTION_GLOBAL_SERVER_CREDS: u32 = 98,
    /// An event that is signalled after the last callback of the session.
    WINHTTP_OPTION_UNLOAD_NOTIFY_EVENT: u32 = 99,
    /// Reject URLs, redirect targets included, that contain a user name.
    WINHTTP_OPTION_REJECT_USERPWD_IN_URL: u32 = 100,
    /// Use the global server credentials as a last resort; affects later children only.
    WINHTTP_OPTION_USE_GLOBAL_SERVER_CREDENTIALS: u32 = 101,
    /// Make the proxy's non-2xx CONNECT response readable.
    WINHTTP_OPTION_RECEIVE_PROXY_CONNECT_RESPONSE: u32 = 103,
    /// Whether the current response came from the proxy CONNECT.
    WINHTTP_OPTION_IS_PROXY_CONNECT_RESPONSE: u32 = 104,
    /// Index of the network interface to use.
    WINHTTP_OPTION_NETWORK_INTERFACE_AFFINITY: u32 = 105,
    /// SPN given to SSPI for server authentication.
    WINHTTP_OPTION_SERVER_SPN_USED: u32 = 106,
    /// SPN for proxy authentication.
    WINHTTP_OPTION_PROXY_SPN_USED: u32 = 107,
    /// Channel binding token of the TLS connection; size query with `NULL` buffer.
    WINHTTP_OPTION_SERVER_CBT: u32 = 108,
    /// Reserved.
    WINHTTP_OPTION_UNSAFE_HEADER_PARSING: u32 = 110,
    /// Caller promises never to block in callbacks.
    WINHTTP_OPTION_ASSURED_NON_BLOCKING_CALLBACKS: u32 = 111,
    /// The next `WinHttpSendRequest` performs the WebSocket handshake; no value.
    WINHTTP_OPTION_UPGRADE_TO_WEB_SOCKET: u32 = 114,
    /// How long `WinHttpWebSocketClose` waits for the peer, in milliseconds.
    WINHTTP_OPTION_WEB_SOCKET_CLOSE_TIMEOUT: u32 = 115,
    /// Milliseconds between unsolicited pongs on an idle WebSocket; at least 15000.
    WINHTTP_OPTION_WEB_SOCKET_KEEPALIVE_INTERVAL: u32 = 116,
    /// Transparent decompression, a mask of `WINHTTP_DECOMPRESSION_FLAG_*` values.
    WINHTTP_OPTION_DECOMPRESSION: u32 = 118,
    /// Size of the WebSocket receive buffer, in bytes; inherited by later requests.
    WINHTTP_OPTION_WEB_SOCKET_RECEIVE_BUFFER_SIZE: u32 = 122,
    /// Size of the WebSocket send buffer, in bytes; at least 16.
    WINHTTP_OPTION_WEB_SOCKET_SEND_BUFFER_SIZE: u32 = 123,
    /// A hint about the priority of the traffic.
    WINHTTP_OPTION_TCP_PRIORITY_HINT: u32 = 128,
    /// Undocumented; not supported.
    WINHTTP_OPTION_CONNECTION_FILTER: u32 = 131,
    /// Protocols beyond HTTP/1.1 to offer, a mask of `WINHTTP_PROTOCOL_FLAG_*` values.
    WINHTTP_OPTION_ENABLE_HTTP_PROTOCOL: u32 = 133,
    /// The protocol actually used, a `WINHTTP_PROTOCOL_FLAG_*` value; 0 is HTTP/1.x.
    WINHTTP_OPTION_HTTP_PROTOCOL_USED: u32 = 134,
    /// In no public header: how long a connection may be idle and still be used, in milliseconds.
    WINHTTP_OPTION_CONNECTION_IDLE_TIMEOUT: u32 = 135,
    /// Undocumented; not supported.
    WINHTTP_OPTION_KDC_PROXY_SETTINGS: u32 = 136,
    /// Do not use the auto-proxy service.
    WINHTTP_OPTION_PROXY_DISABLE_SERVICE_CALLS: u32 = 137,
    /// Percent-encode path and query.
    WINHTTP_OPTION_ENCODE_EXTRA: u32 = 138,
    /// Open another HTTP/2 connection instead of waiting for a stream.
    WINHTTP_OPTION_DISABLE_STREAM_QUEUE: u32 = 139,
    /// Start IPv4 attempts soon when IPv6 does not answer.
    WINHTTP_OPTION_IPV6_FAST_FALLBACK: u32 = 140,
    /// TCP statistics of the connection.
    WINHTTP_OPTION_CONNECTION_STATS_V0: u32 = 141,
    /// Timestamps in performance-counter ticks; caller presets cTimes.
    WINHTTP_OPTION_REQUEST_TIMES: u32 = 142,
    /// Do not reuse this request's connection.
    WINHTTP_OPTION_EXPIRE_CONNECTION: u32 = 143,
    /// No retry with an older TLS version.
    WINHTTP_OPTION_DISABLE_SECURE_PROTOCOL_FALLBACK: u32 = 144,
    /// Fail unless an enabled advanced protocol is used.
    WINHTTP_OPTION_HTTP_PROTOCOL_REQUIRED: u32 = 145,
    /// Sizes and counters; caller presets cStats.
    WINHTTP_OPTION_REQUEST_STATS: u32 = 146,
    /// The server's certificate chain; the caller frees it with `CertFreeCertificateChain`.
    WINHTTP_OPTION_SERVER_CERT_CHAIN_CONTEXT: u32 = 147,
    /// TCP statistics of the connection, with the send-limit counters.
    WINHTTP_OPTION_CONNECTION_STATS_V1: u32 = 150,
    /// TLS connection and cipher information.
    WINHTTP_OPTION_SECURITY_INFO: u32 = 151,
    /// TCP keep-alive parameters (ms).
    WINHTTP_OPTION_TCP_KEEPALIVE: u32 = 152,
    /// Use TCP Fast Open.
    WINHTTP_OPTION_TCP_FAST_OPEN: u32 = 153,
    /// Use TLS False Start.
    WINHTTP_OPTION_TLS_FALSE_START: u32 = 154,
    /// Revocation server offline is not an error.
    WINHTTP_OPTION_IGNORE_CERT_REVOCATION_OFFLINE: u32 = 155,
    /// Allow fallback to TLS 1.0.
    WINHTTP_OPTION_TLS_PROTOCOL_INSECURE_FALLBACK: u32 = 158,
    /// HTTP/2 RST_STREAM code.
    WINHTTP_OPTION_STREAM_ERROR_CODE: u32 = 159,
    /// Ignore Content-Length on HTTP/2, read to END_STREAM.
    WINHTTP_OPTION_REQUIRE_STREAM_END: u32 = 160,
    /// Allow client certificates with HTTP/2.
    WINHTTP_OPTION_ENABLE_HTTP2_PLUS_CLIENT_CERT: u32 = 161,
    /// Automatic retries, a `WINHTTP_FAILED_CONNECTION_RETRIES`.
    WINHTTP_OPTION_FAILED_CONNECTION_RETRIES: u32 = 162,
    /// PING after idle time; minimum 5000, in milliseconds.
    WINHTTP_OPTION_HTTP2_KEEPALIVE: u32 = 164,
    /// Name used for DNS instead of the server name (Host and SNI unchanged).
    WINHTTP_OPTION_RESOLUTION_HOSTNAME: u32 = 165,
    /// Token binding; not supported.
    WINHTTP_OPTION_SET_TOKEN_BINDING: u32 = 166,
    /// Token binding; not supported.
    WINHTTP_OPTION_TOKEN_BINDING_PUBLIC_KEY: u32 = 167,
    /// Token binding; not supported.
    WINHTTP_OPTION_REFERER_TOKEN_BINDING_HOSTNAME: u32 = 168,
    /// FALSE makes an HTTP/2 response that carries Transfer-Encoding an error.
    WINHTTP_OPTION_HTTP2_PLUS_TRANSFER_ENCODING: u32 = 169,
    /// Name cache and secure DNS settings.
    WINHTTP_OPTION_RESOLVER_CACHE_CONFIG: u32 = 170,
    /// Skip building the server chain.
    WINHTTP_OPTION_DISABLE_CERT_CHAIN_BUILDING: u32 = 171,
    /// Number of connections opened in parallel on first send.
    WINHTTP_OPTION_BACKGROUND_CONNECTIONS: u32 = 172,
    /// A waiting request takes whichever connection is free first.
    WINHTTP_OPTION_FIRST_AVAILABLE_CONNECTION: u32 = 173,
    /// The priority hint in force.
    WINHTTP_OPTION_TCP_PRIORITY_STATUS: u32 = 177,
    /// Mark this request's connection with a GUID.
    WINHTTP_OPTION_CONNECTION_GUID: u32 = 178,
    /// Use only connections that carry this GUID.
    WINHTTP_OPTION_MATCH_CONNECTION_GUID: u32 = 179,
    /// Initial stream window and update threshold.
    WINHTTP_OPTION_HTTP2_RECEIVE_WINDOW: u32 = 183,
    /// Whether a feature number is supported.
    WINHTTP_OPTION_FEATURE_SUPPORTED: u32 = 184,
    /// QUIC connection statistics.
    WINHTTP_OPTION_QUIC_STATS: u32 = 185,
    /// HTTP/3 keep-alive, in milliseconds.
    WINHTTP_OPTION_HTTP3_KEEPALIVE: u32 = 188,
    /// HTTP/3 handshake timeout, in milliseconds.
    WINHTTP_OPTION_HTTP3_HANDSHAKE_TIMEOUT: u32 = 189,
    /// Initial RTT estimate, in milliseconds.
    WINHTTP_OPTION_HTTP3_INITIAL_RTT: u32 = 190,
    /// HTTP/3 stream error code.
    WINHTTP_OPTION_HTTP3_STREAM_ERROR_CODE: u32 = 191,
    /// Free-form label on the request.
    WINHTTP_OPTION_REQUEST_ANNOTATION: u32 = 192,
    /// Proxy authentication schemes to refuse, a mask of `WINHTTP_PROXY_DISABLE_*` values.
    WINHTTP_OPTION_DISABLE_PROXY_AUTH_SCHEMES: u32 = 193,
    /// Build chain with the process token.
    WINHTTP_OPTION_REVERT_IMPERSONATION_SERVER_CERT: u32 = 194,
    /// Private connection pool for this session.
    WINHTTP_OPTION_DISABLE_GLOBAL_POOLING: u32 = 195,
    /// One TLS credential per session.
    WINHTTP_OPTION_USE_SESSION_SCH_CRED: u32 = 196,
    /// The server user name.
    WINHTTP_OPTION_USERNAME: u32 = 4096,
    /// Server password.
    WINHTTP_OPTION_PASSWORD: u32 = 4097,
    /// Proxy user name.
    WINHTTP_OPTION_PROXY_USERNAME: u32 = 4098,
    /// Proxy password.
    WINHTTP_OPTION_PROXY_PASSWORD: u32 = 4099,

    // Options of later headers: declared, not supported.
    /// Flags for building the server's chain.
    WINHTTP_OPTION_SERVER_CERT_CHAIN_BUILD_FLAGS: u32 = 148,
    /// Build the server's chain from cached data only.
    WINHTTP_OPTION_SERVER_CERT_CHAIN_BUILD_CACHE_ONLY: u32 = 199,
    /// Newer QUIC connection statistics.
    WINHTTP_OPTION_QUIC_STATS_V2: u32 = 200,
    /// QUIC stream statistics.
    WINHTTP_OPTION_QUIC_STREAM_STATS: u32 = 202,
    /// Undocumented.
    WINHTTP_OPTION_USE_LOOKASIDE: u32 = 203,
    /// Undocumented.
    WINHTTP_OPTION_ERROR_LOG_GUID: u32 = 204,
    /// Undocumented.
    WINHTTP_OPTION_ENABLE_FAST_FORWARDING: u32 = 205,
    /// Undocumented.
    WINHTTP_OPTION_FAST_FORWARDING_RESPONSE_DATA: u32 = 206,
    /// Upgrade to a protocol of the caller's choice.
    WINHTTP_OPTION_UPGRADE_TO_PROTOCOL: u32 = 207,
    /// Newer TCP statistics.
    WINHTTP_OPTION_CONNECTION_STATS_V2: u32 = 208,
    /// Undocumented.
    WINHTTP_OPTION_FAST_FORWARDING_RESPONSE_STATUS: u32 = 209,
    /// Undocumented.
    WINHTTP_OPTION_DSCP_TAG: u32 = 210,
    /// Undocumented.
    WINHTTP_OPTION_HTTP11_DOWNGRADE_TTL: u32 = 211,
    /// Undocumented.
    WINHTTP_OPTION_SESSION_ERROR_LOG_GUID: u32 = 212,

    // Values and limits of options.
    /// Follow no redirect.
    WINHTTP_OPTION_REDIRECT_POLICY_NEVER: u32 = 0,
    /// Follow all redirects but those from https to http.
    WINHTTP_OPTION_REDIRECT_POLICY_DISALLOW_HTTPS_TO_HTTP: u32 = 1,
    /// Follow all redirects.
    WINHTTP_OPTION_REDIRECT_POLICY_ALWAYS: u32 = 2,
    /// The largest redirect policy.
    WINHTTP_OPTION_REDIRECT_POLICY_LAST: u32 = 2,
    /// The redirect policy of a new session.
    WINHTTP_OPTION_REDIRECT_POLICY_DEFAULT: u32 = 1,
    /// The valid bits of `WINHTTP_OPTION_SPN`.
    WINHTTP_OPTION_SPN_MASK: u32 = 1,
    /// The longest request annotation, in characters.
    WINHTTP_OPTION_REQUEST_ANNOTATION_MAX_LENGTH: u32 = 64000,

    // Connection limits.
    /// No limit, for `WINHTTP_OPTION_MAX_CONNS_PER_SERVER`.
    WINHTTP_CONNS_PER_SERVER_UNLIMITED: u32 = 0xFFFFFFFF,
}
