//! General Win32 and Winsock numbers that cross the API, beside those of winhttp.h.

constants! {
    table WIN32;

    // Truth values of `BOOL`.
    /// The one false value of a `BOOL`.
    FALSE: i32 = 0,
    /// The true value functions return; any other non-zero value counts as true too.
    TRUE: i32 = 1,

    // General error codes.
    /// No error: the last error after every successful call.
    ERROR_SUCCESS: u32 = 0,
    /// Another name of `ERROR_SUCCESS`.
    NO_ERROR: u32 = 0,
    /// The function is not valid here.
    ERROR_INVALID_FUNCTION: u32 = 1,
    /// No proxy settings were found.
    ERROR_FILE_NOT_FOUND: u32 = 2,
    /// The caller lacks the privilege, or the session's security policy forbids the change.
    ERROR_ACCESS_DENIED: u32 = 5,
    /// The handle is NULL, closed, or was never valid.
    ERROR_INVALID_HANDLE: u32 = 6,
    /// An allocation failed.
    ERROR_NOT_ENOUGH_MEMORY: u32 = 8,
    /// A buffer's contents are malformed.
    ERROR_INVALID_DATA: u32 = 13,
    /// A rare variant of `ERROR_NOT_ENOUGH_MEMORY`.
    ERROR_OUTOFMEMORY: u32 = 14,
    /// Listed by the documentation; not raised.
    ERROR_NO_MORE_FILES: u32 = 18,
    /// The feature does not exist on this platform.
    ERROR_NOT_SUPPORTED: u32 = 50,
    /// An argument is not valid.
    ERROR_INVALID_PARAMETER: u32 = 87,
    /// The function is exported but not built yet.
    ERROR_CALL_NOT_IMPLEMENTED: u32 = 120,
    /// The output buffer is too small; the length argument holds the required size.
    ERROR_INSUFFICIENT_BUFFER: u32 = 122,
    /// A name is malformed.
    ERROR_INVALID_NAME: u32 = 123,
    /// The named object exists already.
    ERROR_ALREADY_EXISTS: u32 = 183,
    /// There is more data than fits; WinHTTP uses `ERROR_INSUFFICIENT_BUFFER` instead.
    ERROR_MORE_DATA: u32 = 234,
    /// An enumeration has ended.
    ERROR_NO_MORE_ITEMS: u32 = 259,
    /// The operation was cancelled.
    ERROR_OPERATION_ABORTED: u32 = 995,
    /// The operation has not completed yet.
    ERROR_IO_INCOMPLETE: u32 = 996,
    /// The operation was started and completes through the status callback.
    ERROR_IO_PENDING: u32 = 997,
    /// Text cannot be converted to the requested code page.
    ERROR_NO_UNICODE_TRANSLATION: u32 = 1113,
    /// The element does not exist.
    ERROR_NOT_FOUND: u32 = 1168,
    /// The operation was cancelled by the user.
    ERROR_CANCELLED: u32 = 1223,
    /// The time allowed has passed.
    ERROR_TIMEOUT: u32 = 1460,
    /// The operation is not allowed now.
    ERROR_INVALID_OPERATION: u32 = 4317,

    // Winsock codes, found through `WINHTTP_OPTION_EXTENDED_ERROR`.
    /// A blocking call was interrupted.
    WSAEINTR: u32 = 10004,
    /// Permission denied.
    WSAEACCES: u32 = 10013,
    /// An argument is not valid.
    WSAEINVAL: u32 = 10022,
    /// The operation would block.
    WSAEWOULDBLOCK: u32 = 10035,
    /// The address is in use.
    WSAEADDRINUSE: u32 = 10048,
    /// The address is not available.
    WSAEADDRNOTAVAIL: u32 = 10049,
    /// The network is down.
    WSAENETDOWN: u32 = 10050,
    /// The network is unreachable.
    WSAENETUNREACH: u32 = 10051,
    /// The network dropped the connection.
    WSAENETRESET: u32 = 10052,
    /// The connection was aborted by this side.
    WSAECONNABORTED: u32 = 10053,
    /// The connection was reset by the peer.
    WSAECONNRESET: u32 = 10054,
    /// No buffer space is available.
    WSAENOBUFS: u32 = 10055,
    /// The connection timed out.
    WSAETIMEDOUT: u32 = 10060,
    /// The connection was refused.
    WSAECONNREFUSED: u32 = 10061,
    /// The host is unreachable.
    WSAEHOSTUNREACH: u32 = 10065,
    /// The host name does not exist.
    WSAHOST_NOT_FOUND: u32 = 11001,
    /// The name look-up failed for now.
    WSATRY_AGAIN: u32 = 11002,
    /// The name look-up failed for good.
    WSANO_RECOVERY: u32 = 11003,
    /// The name exists but has no address.
    WSANO_DATA: u32 = 11004,

    // Address families, in Windows' numbers whatever the system's are.
    /// IPv4.
    WINHTTP_AF_INET: u16 = 2,
    /// IPv6.
    WINHTTP_AF_INET6: u16 = 23,

    // Certificates: encodings and trust status.
    /// The certificate is X.509 in DER.
    X509_ASN_ENCODING: u32 = 0x1,
    /// The message is PKCS #7 in DER.
    PKCS_7_ASN_ENCODING: u32 = 0x00010000,
    /// The chain is trusted.
    CERT_TRUST_NO_ERROR: u32 = 0x0,
    /// A certificate is not valid now.
    CERT_TRUST_IS_NOT_TIME_VALID: u32 = 0x1,
    /// A certificate is revoked.
    CERT_TRUST_IS_REVOKED: u32 = 0x4,
    /// A signature is wrong.
    CERT_TRUST_IS_NOT_SIGNATURE_VALID: u32 = 0x8,
    /// The certificate is not meant for this use.
    CERT_TRUST_IS_NOT_VALID_FOR_USAGE: u32 = 0x10,
    /// The chain ends in an untrusted root.
    CERT_TRUST_IS_UNTRUSTED_ROOT: u32 = 0x20,
    /// Revocation could not be checked.
    CERT_TRUST_REVOCATION_STATUS_UNKNOWN: u32 = 0x40,
    /// The chain does not reach a root.
    CERT_TRUST_IS_PARTIAL_CHAIN: u32 = 0x00010000,

    // TLS: protocols and algorithms of `SecPkgContext_ConnectionInfo`.
    /// The version the caller writes into `SecPkgContext_CipherInfo`.
    SECPKGCONTEXT_CIPHERINFO_V1: u32 = 0x1,
    /// TLS 1.0.
    SP_PROT_TLS1_CLIENT: u32 = 0x80,
    /// TLS 1.1.
    SP_PROT_TLS1_1_CLIENT: u32 = 0x200,
    /// TLS 1.2.
    SP_PROT_TLS1_2_CLIENT: u32 = 0x800,
    /// TLS 1.3.
    SP_PROT_TLS1_3_CLIENT: u32 = 0x2000,
    /// AES with a 128-bit key.
    CALG_AES_128: u32 = 0x660E,
    /// AES with a 256-bit key.
    CALG_AES_256: u32 = 0x6610,
    /// SHA-1.
    CALG_SHA1: u32 = 0x8004,
    /// SHA-256.
    CALG_SHA_256: u32 = 0x800C,
    /// SHA-384.
    CALG_SHA_384: u32 = 0x800D,
    /// Ephemeral elliptic-curve Diffie-Hellman.
    CALG_ECDH_EPHEM: u32 = 0xAE06,
    /// RSA key exchange.
    CALG_RSA_KEYX: u32 = 0xA400,

    // Connection states of `TCP_INFO_v0` and `TCP_INFO_v1`.
    /// No connection.
    TCPSTATE_CLOSED: i32 = 0,
    /// Waiting for connections.
    TCPSTATE_LISTEN: i32 = 1,
    /// SYN sent.
    TCPSTATE_SYN_SENT: i32 = 2,
    /// SYN received.
    TCPSTATE_SYN_RCVD: i32 = 3,
    /// Open.
    TCPSTATE_ESTABLISHED: i32 = 4,
    /// Closed here, not yet acknowledged.
    TCPSTATE_FIN_WAIT_1: i32 = 5,
    /// Closed here and acknowledged.
    TCPSTATE_FIN_WAIT_2: i32 = 6,
    /// Closed by the peer.
    TCPSTATE_CLOSE_WAIT: i32 = 7,
    /// Closed by both at once.
    TCPSTATE_CLOSING: i32 = 8,
    /// Waiting for the last acknowledgement.
    TCPSTATE_LAST_ACK: i32 = 9,
    /// Waiting for stray packets to die.
    TCPSTATE_TIME_WAIT: i32 = 10,
    /// One more than the largest state.
    TCPSTATE_MAX: i32 = 11,
}
