//! TLS versions, certificate flags, authentication schemes and policies.

constants! {
    table SECURITY;

    // TLS versions, `WINHTTP_OPTION_SECURE_PROTOCOLS`.
    /// SSL 2, never available.
    WINHTTP_FLAG_SECURE_PROTOCOL_SSL2: u32 = 0x8,
    /// SSL 3, never available.
    WINHTTP_FLAG_SECURE_PROTOCOL_SSL3: u32 = 0x20,
    /// TLS 1.0, never available.
    WINHTTP_FLAG_SECURE_PROTOCOL_TLS1: u32 = 0x80,
    /// TLS 1.1, never available.
    WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_1: u32 = 0x200,
    /// TLS 1.2.
    WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_2: u32 = 0x800,
    /// TLS 1.3.
    WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_3: u32 = 0x2000,
    /// SSL 2, SSL 3 and TLS 1.0: an old name that covers nothing newer.
    WINHTTP_FLAG_SECURE_PROTOCOL_ALL: u32 = 0xA8,

    // Certificate flags, `WINHTTP_OPTION_SECURITY_FLAGS`.
    /// Query: the request uses TLS.
    SECURITY_FLAG_SECURE: u32 = 0x1,
    /// Accept an unknown issuer.
    SECURITY_FLAG_IGNORE_UNKNOWN_CA: u32 = 0x100,
    /// Accept a certificate not meant for servers.
    SECURITY_FLAG_IGNORE_CERT_WRONG_USAGE: u32 = 0x200,
    /// Accept a certificate for another host.
    SECURITY_FLAG_IGNORE_CERT_CN_INVALID: u32 = 0x1000,
    /// Accept a certificate that is not valid now.
    SECURITY_FLAG_IGNORE_CERT_DATE_INVALID: u32 = 0x2000,
    /// Accept all of the four faults above.
    SECURITY_FLAG_IGNORE_ALL_CERT_ERRORS: u32 = 0x3300,
    /// Accept weak signatures.
    SECURITY_FLAG_IGNORE_WEAK_SIGNATURE: u32 = 0x00010000,
    /// Query: weak cipher.
    SECURITY_FLAG_STRENGTH_WEAK: u32 = 0x10000000,
    /// Query: strong cipher.
    SECURITY_FLAG_STRENGTH_STRONG: u32 = 0x20000000,
    /// Query: medium cipher.
    SECURITY_FLAG_STRENGTH_MEDIUM: u32 = 0x40000000,

    // Chain building in later headers.
    /// Fetch nothing, use cached data.
    WINHTTP_SERVER_CERT_CHAIN_CACHE_ONLY_URL_RETRIEVAL: u32 = 0x4,
    /// Do not fetch missing issuers.
    WINHTTP_SERVER_CERT_CHAIN_DISABLE_AIA: u32 = 0x2000,
    /// Check revocation against cached data only.
    WINHTTP_SERVER_CERT_CHAIN_REVOCATION_CHECK_CACHE_ONLY: u32 = 0x80000000,

    // Authentication targets.
    /// The server.
    WINHTTP_AUTH_TARGET_SERVER: u32 = 0,
    /// The proxy.
    WINHTTP_AUTH_TARGET_PROXY: u32 = 1,

    // Authentication schemes.
    /// Basic (RFC 7617).
    WINHTTP_AUTH_SCHEME_BASIC: u32 = 0x1,
    /// NTLM.
    WINHTTP_AUTH_SCHEME_NTLM: u32 = 0x2,
    /// Passport.
    WINHTTP_AUTH_SCHEME_PASSPORT: u32 = 0x4,
    /// Digest (RFC 7616).
    WINHTTP_AUTH_SCHEME_DIGEST: u32 = 0x8,
    /// Negotiate (RFC 4559).
    WINHTTP_AUTH_SCHEME_NEGOTIATE: u32 = 0x10,

    // Default credentials, `WINHTTP_OPTION_AUTOLOGON_POLICY`.
    /// Send them to intranet servers.
    WINHTTP_AUTOLOGON_SECURITY_LEVEL_MEDIUM: u32 = 0,
    /// Send them to every server.
    WINHTTP_AUTOLOGON_SECURITY_LEVEL_LOW: u32 = 1,
    /// Send them to no server.
    WINHTTP_AUTOLOGON_SECURITY_LEVEL_HIGH: u32 = 2,
    /// Send them to proxies only.
    WINHTTP_AUTOLOGON_SECURITY_LEVEL_PROXY_ONLY: u32 = 3,
    /// The largest level.
    WINHTTP_AUTOLOGON_SECURITY_LEVEL_MAX: u32 = 3,
    /// The level of a new request.
    WINHTTP_AUTOLOGON_SECURITY_LEVEL_DEFAULT: u32 = 0,

    // Kerberos names, `WINHTTP_OPTION_SPN`.
    /// The server's name stands without its port.
    WINHTTP_DISABLE_SPN_SERVER_PORT: u32 = 0,
    /// The server's name includes its port.
    WINHTTP_ENABLE_SPN_SERVER_PORT: u32 = 1,

    // Passport, `WINHTTP_OPTION_CONFIGURE_PASSPORT_AUTH`.
    /// No Passport authentication.
    WINHTTP_DISABLE_PASSPORT_AUTH: u32 = 0x0,
    /// Passport authentication.
    WINHTTP_ENABLE_PASSPORT_AUTH: u32 = 0x10000000,
    /// Do not use stored Passport credentials.
    WINHTTP_DISABLE_PASSPORT_KEYRING: u32 = 0x20000000,
    /// Use stored Passport credentials.
    WINHTTP_ENABLE_PASSPORT_KEYRING: u32 = 0x40000000,

    // Proxy schemes to refuse, `WINHTTP_OPTION_DISABLE_PROXY_AUTH_SCHEMES`.
    /// Refuse Basic.
    WINHTTP_PROXY_DISABLE_SCHEME_BASIC: u32 = 0x1,
    /// Refuse Digest.
    WINHTTP_PROXY_DISABLE_SCHEME_DIGEST: u32 = 0x2,
    /// Refuse NTLM.
    WINHTTP_PROXY_DISABLE_SCHEME_NTLM: u32 = 0x4,
    /// Refuse Kerberos.
    WINHTTP_PROXY_DISABLE_SCHEME_KERBEROS: u32 = 0x8,
    /// Refuse Negotiate.
    WINHTTP_PROXY_DISABLE_SCHEME_NEGOTIATE: u32 = 0x10,
    /// Refuse authentication as the local service.
    WINHTTP_PROXY_DISABLE_AUTH_LOCAL_SERVICE: u32 = 0x100,
}
