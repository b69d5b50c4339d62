//! Error codes of WinHTTP itself, 12001 and up; winhttp.h, "Error Messages".

constants! {
    table ERRORS;

    // Errors of WinHTTP.
    /// The number WinHTTP's own error codes start from.
    WINHTTP_ERROR_BASE: u32 = 12000,
    /// Obsolete, never raised.
    ERROR_WINHTTP_OUT_OF_HANDLES: u32 = 12001,
    /// A resolve, connect, send, receive or response timeout expired.
    ERROR_WINHTTP_TIMEOUT: u32 = 12002,
    /// Something failed inside the library.
    ERROR_WINHTTP_INTERNAL_ERROR: u32 = 12004,
    /// The URL has a known scheme but cannot be parsed or used.
    ERROR_WINHTTP_INVALID_URL: u32 = 12005,
    /// The URL's scheme is missing, or neither http nor https.
    ERROR_WINHTTP_UNRECOGNIZED_SCHEME: u32 = 12006,
    /// The name of the server or proxy could not be resolved.
    ERROR_WINHTTP_NAME_NOT_RESOLVED: u32 = 12007,
    /// The option number is unknown.
    ERROR_WINHTTP_INVALID_OPTION: u32 = 12009,
    /// The option exists but can only be queried.
    ERROR_WINHTTP_OPTION_NOT_SETTABLE: u32 = 12011,
    /// The library is being unloaded.
    ERROR_WINHTTP_SHUTDOWN: u32 = 12012,
    /// Authentication failed at protocol level; a plain 401 or 407 is no error.
    ERROR_WINHTTP_LOGIN_FAILURE: u32 = 12015,
    /// The handle was closed while the operation was pending.
    ERROR_WINHTTP_OPERATION_CANCELLED: u32 = 12017,
    /// The handle is of the wrong kind.
    ERROR_WINHTTP_INCORRECT_HANDLE_TYPE: u32 = 12018,
    /// The handle is of the right kind but the call comes at the wrong time.
    ERROR_WINHTTP_INCORRECT_HANDLE_STATE: u32 = 12019,
    /// The server or proxy refused the connection or cannot be reached.
    ERROR_WINHTTP_CANNOT_CONNECT: u32 = 12029,
    /// The connection was reset or closed prematurely.
    ERROR_WINHTTP_CONNECTION_ERROR: u32 = 12030,
    /// The request must be sent again on the same handle; not a real failure.
    ERROR_WINHTTP_RESEND_REQUEST: u32 = 12032,
    /// Certificate not yet/no longer valid.
    ERROR_WINHTTP_SECURE_CERT_DATE_INVALID: u32 = 12037,
    /// Certificate name does not match host.
    ERROR_WINHTTP_SECURE_CERT_CN_INVALID: u32 = 12038,
    /// The server asked for a client certificate: set one, or none, and send again.
    ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED: u32 = 12044,
    /// Chain ends in an untrusted root.
    ERROR_WINHTTP_SECURE_INVALID_CA: u32 = 12045,
    /// Revocation could not be checked (only when revocation is enabled).
    ERROR_WINHTTP_SECURE_CERT_REV_FAILED: u32 = 12057,
    /// Raised only by the COM object.
    ERROR_WINHTTP_CANNOT_CALL_BEFORE_OPEN: u32 = 12100,
    /// Raised only by the COM object.
    ERROR_WINHTTP_CANNOT_CALL_BEFORE_SEND: u32 = 12101,
    /// Raised only by the COM object.
    ERROR_WINHTTP_CANNOT_CALL_AFTER_SEND: u32 = 12102,
    /// Raised only by the COM object.
    ERROR_WINHTTP_CANNOT_CALL_AFTER_OPEN: u32 = 12103,
    /// The header is absent, or the index is past the last one.
    ERROR_WINHTTP_HEADER_NOT_FOUND: u32 = 12150,
    /// The response cannot be parsed, or the server broke the WebSocket protocol.
    ERROR_WINHTTP_INVALID_SERVER_RESPONSE: u32 = 12152,
    /// Declared but not raised: malformed request headers give `ERROR_INVALID_PARAMETER`.
    ERROR_WINHTTP_INVALID_HEADER: u32 = 12153,
    /// Obsolete, never raised.
    ERROR_WINHTTP_INVALID_QUERY_REQUEST: u32 = 12154,
    /// `WINHTTP_ADDREQ_FLAG_ADD_IF_NEW` met a header that exists.
    ERROR_WINHTTP_HEADER_ALREADY_EXISTS: u32 = 12155,
    /// More redirects than `WINHTTP_OPTION_MAX_HTTP_AUTOMATIC_REDIRECTS`, or an unusable redirect
    /// target.
    ERROR_WINHTTP_REDIRECT_FAILED: u32 = 12156,
    /// The TLS handshake failed for a reason other than the certificate.
    ERROR_WINHTTP_SECURE_CHANNEL_ERROR: u32 = 12157,
    /// PAC script failed to compile or run.
    ERROR_WINHTTP_BAD_AUTO_PROXY_SCRIPT: u32 = 12166,
    /// PAC file unreachable or non-success status.
    ERROR_WINHTTP_UNABLE_TO_DOWNLOAD_SCRIPT: u32 = 12167,
    /// Certificate malformed / chain rules violated.
    ERROR_WINHTTP_SECURE_INVALID_CERT: u32 = 12169,
    /// Certificate revoked.
    ERROR_WINHTTP_SECURE_CERT_REVOKED: u32 = 12170,
    /// Obsolete, never raised.
    ERROR_WINHTTP_NOT_INITIALIZED: u32 = 12172,
    /// The server certificate was rejected; `WINHTTP_CALLBACK_STATUS_SECURE_FAILURE` tells why.
    ERROR_WINHTTP_SECURE_FAILURE: u32 = 12175,
    /// PAC content type/script language not supported.
    ERROR_WINHTTP_UNHANDLED_SCRIPT_TYPE: u32 = 12176,
    /// The PAC script failed at run time.
    ERROR_WINHTTP_SCRIPT_EXECUTION_ERROR: u32 = 12177,
    /// No proxy could be located for the URL.
    ERROR_WINHTTP_AUTO_PROXY_SERVICE_ERROR: u32 = 12178,
    /// The certificate is not meant for server authentication.
    ERROR_WINHTTP_SECURE_CERT_WRONG_USAGE: u32 = 12179,
    /// WPAD found no PAC URL.
    ERROR_WINHTTP_AUTODETECTION_FAILED: u32 = 12180,
    /// Too many response headers.
    ERROR_WINHTTP_HEADER_COUNT_EXCEEDED: u32 = 12181,
    /// The response header block exceeds `WINHTTP_OPTION_MAX_RESPONSE_HEADER_SIZE`.
    ERROR_WINHTTP_HEADER_SIZE_OVERFLOW: u32 = 12182,
    /// Chunk header overflow while decoding.
    ERROR_WINHTTP_CHUNKED_ENCODING_HEADER_SIZE_OVERFLOW: u32 = 12183,
    /// A body to be discarded exceeds `WINHTTP_OPTION_MAX_RESPONSE_DRAIN_SIZE`.
    ERROR_WINHTTP_RESPONSE_DRAIN_OVERFLOW: u32 = 12184,
    /// Supplied client certificate has no private key.
    ERROR_WINHTTP_CLIENT_CERT_NO_PRIVATE_KEY: u32 = 12185,
    /// Private key not accessible.
    ERROR_WINHTTP_CLIENT_CERT_NO_ACCESS_PRIVATE_KEY: u32 = 12186,
    /// Like `ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED`, asked by a TLS proxy.
    ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED_PROXY: u32 = 12187,
    /// Like `ERROR_WINHTTP_SECURE_FAILURE`, for a TLS proxy.
    ERROR_WINHTTP_SECURE_FAILURE_PROXY: u32 = 12188,
    /// Reserved, never raised.
    ERROR_WINHTTP_RESERVED_189: u32 = 12189,
    /// `WINHTTP_OPTION_HTTP_PROTOCOL_REQUIRED` is set and the server did not agree to an enabled
    /// protocol.
    ERROR_WINHTTP_HTTP_PROTOCOL_MISMATCH: u32 = 12190,
    /// Undocumented, never raised.
    ERROR_WINHTTP_GLOBAL_CALLBACK_FAILED: u32 = 12191,
    /// A feature is switched off.
    ERROR_WINHTTP_FEATURE_DISABLED: u32 = 12192,
    /// The largest WinHTTP error code of the baseline header.
    WINHTTP_ERROR_LAST: u32 = 12192,
    /// Later headers: fast forwarding is not available; never raised.
    ERROR_WINHTTP_FAST_FORWARDING_NOT_SUPPORTED: u32 = 12193,
}
