//! Entries of `WINHTTP_REQUEST_TIMES` and `WINHTTP_REQUEST_STATS`.

constants! {
    table STATISTICS;

    // Entries of `WINHTTP_REQUEST_TIMES`.
    /// Begin of proxy detection.
    WinHttpProxyDetectionStart: i32 = 0,
    /// End of proxy detection.
    WinHttpProxyDetectionEnd: i32 = 1,
    /// Begin of connection acquire.
    WinHttpConnectionAcquireStart: i32 = 2,
    /// End of connection acquire wait.
    WinHttpConnectionAcquireWaitEnd: i32 = 3,
    /// End of connection acquire.
    WinHttpConnectionAcquireEnd: i32 = 4,
    /// Begin of name resolution.
    WinHttpNameResolutionStart: i32 = 5,
    /// End of name resolution.
    WinHttpNameResolutionEnd: i32 = 6,
    /// Begin of connection establishment.
    WinHttpConnectionEstablishmentStart: i32 = 7,
    /// End of connection establishment.
    WinHttpConnectionEstablishmentEnd: i32 = 8,
    /// Begin of TLS handshake client leg1.
    WinHttpTlsHandshakeClientLeg1Start: i32 = 9,
    /// End of TLS handshake client leg1.
    WinHttpTlsHandshakeClientLeg1End: i32 = 10,
    /// Begin of TLS handshake client leg2.
    WinHttpTlsHandshakeClientLeg2Start: i32 = 11,
    /// End of TLS handshake client leg2.
    WinHttpTlsHandshakeClientLeg2End: i32 = 12,
    /// Begin of TLS handshake client leg3.
    WinHttpTlsHandshakeClientLeg3Start: i32 = 13,
    /// End of TLS handshake client leg3.
    WinHttpTlsHandshakeClientLeg3End: i32 = 14,
    /// Begin of stream wait.
    WinHttpStreamWaitStart: i32 = 15,
    /// End of stream wait.
    WinHttpStreamWaitEnd: i32 = 16,
    /// Begin of send request.
    WinHttpSendRequestStart: i32 = 17,
    /// Begin of send request headers compression.
    WinHttpSendRequestHeadersCompressionStart: i32 = 18,
    /// End of send request headers compression.
    WinHttpSendRequestHeadersCompressionEnd: i32 = 19,
    /// End of send request headers.
    WinHttpSendRequestHeadersEnd: i32 = 20,
    /// End of send request.
    WinHttpSendRequestEnd: i32 = 21,
    /// Begin of receive response.
    WinHttpReceiveResponseStart: i32 = 22,
    /// Begin of receive response headers decompression.
    WinHttpReceiveResponseHeadersDecompressionStart: i32 = 23,
    /// End of receive response headers decompression.
    WinHttpReceiveResponseHeadersDecompressionEnd: i32 = 24,
    /// End of receive response headers.
    WinHttpReceiveResponseHeadersEnd: i32 = 25,
    /// Time spent decompressing the response body, a duration.
    WinHttpReceiveResponseBodyDecompressionDelta: i32 = 26,
    /// End of receive response.
    WinHttpReceiveResponseEnd: i32 = 27,
    /// Begin of proxy tunnel.
    WinHttpProxyTunnelStart: i32 = 28,
    /// End of proxy tunnel.
    WinHttpProxyTunnelEnd: i32 = 29,
    /// Begin of proxy TLS handshake client leg1.
    WinHttpProxyTlsHandshakeClientLeg1Start: i32 = 30,
    /// End of proxy TLS handshake client leg1.
    WinHttpProxyTlsHandshakeClientLeg1End: i32 = 31,
    /// Begin of proxy TLS handshake client leg2.
    WinHttpProxyTlsHandshakeClientLeg2Start: i32 = 32,
    /// End of proxy TLS handshake client leg2.
    WinHttpProxyTlsHandshakeClientLeg2End: i32 = 33,
    /// Begin of proxy TLS handshake client leg3.
    WinHttpProxyTlsHandshakeClientLeg3Start: i32 = 34,
    /// End of proxy TLS handshake client leg3.
    WinHttpProxyTlsHandshakeClientLeg3End: i32 = 35,
    /// The number of entries in use.
    WinHttpRequestTimeLast: i32 = 36,
    /// The capacity of the array.
    WinHttpRequestTimeMax: i32 = 64,

    // Entries of `WINHTTP_REQUEST_STATS`.
    /// Number of failed connection attempts.
    WinHttpConnectFailureCount: i32 = 0,
    /// Number of failed proxy attempts.
    WinHttpProxyFailureCount: i32 = 1,
    /// Bytes of TLS handshake client leg1.
    WinHttpTlsHandshakeClientLeg1Size: i32 = 2,
    /// Bytes of TLS handshake server leg1.
    WinHttpTlsHandshakeServerLeg1Size: i32 = 3,
    /// Bytes of TLS handshake client leg2.
    WinHttpTlsHandshakeClientLeg2Size: i32 = 4,
    /// Bytes of TLS handshake server leg2.
    WinHttpTlsHandshakeServerLeg2Size: i32 = 5,
    /// Bytes of request headers.
    WinHttpRequestHeadersSize: i32 = 6,
    /// Bytes of request compressed headers.
    WinHttpRequestHeadersCompressedSize: i32 = 7,
    /// Bytes of response headers.
    WinHttpResponseHeadersSize: i32 = 8,
    /// Bytes of response compressed headers.
    WinHttpResponseHeadersCompressedSize: i32 = 9,
    /// Bytes of response body.
    WinHttpResponseBodySize: i32 = 10,
    /// Bytes of response compressed body.
    WinHttpResponseBodyCompressedSize: i32 = 11,
    /// Bytes of proxy TLS handshake client leg1.
    WinHttpProxyTlsHandshakeClientLeg1Size: i32 = 12,
    /// Bytes of proxy TLS handshake server leg1.
    WinHttpProxyTlsHandshakeServerLeg1Size: i32 = 13,
    /// Bytes of proxy TLS handshake client leg2.
    WinHttpProxyTlsHandshakeClientLeg2Size: i32 = 14,
    /// Bytes of proxy TLS handshake server leg2.
    WinHttpProxyTlsHandshakeServerLeg2Size: i32 = 15,
    /// The number of entries in use.
    WinHttpRequestStatLast: i32 = 16,
    /// The capacity of the array.
    WinHttpRequestStatMax: i32 = 32,

    // Flags of `WINHTTP_REQUEST_STATS`.
    /// TCP Fast Open was used.
    WINHTTP_REQUEST_STAT_FLAG_TCP_FAST_OPEN: u64 = 0x1,
    /// The TLS session was resumed.
    WINHTTP_REQUEST_STAT_FLAG_TLS_SESSION_RESUMPTION: u64 = 0x2,
    /// TLS False Start was used.
    WINHTTP_REQUEST_STAT_FLAG_TLS_FALSE_START: u64 = 0x4,
    /// The proxy's TLS session was resumed.
    WINHTTP_REQUEST_STAT_FLAG_PROXY_TLS_SESSION_RESUMPTION: u64 = 0x8,
    /// TLS False Start was used with the proxy.
    WINHTTP_REQUEST_STAT_FLAG_PROXY_TLS_FALSE_START: u64 = 0x10,
    /// First request on its connection.
    WINHTTP_REQUEST_STAT_FLAG_FIRST_REQUEST: u64 = 0x20,
}
