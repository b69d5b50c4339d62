//! WebSocket operations, buffer types, close statuses and limits (RFC 6455).

constants! {
    table WEBSOCKET;

    // Operations, `WINHTTP_WEB_SOCKET_ASYNC_RESULT.Operation`.
    /// `WinHttpWebSocketSend`.
    WINHTTP_WEB_SOCKET_SEND_OPERATION: i32 = 0,
    /// `WinHttpWebSocketReceive`.
    WINHTTP_WEB_SOCKET_RECEIVE_OPERATION: i32 = 1,
    /// `WinHttpWebSocketClose`.
    WINHTTP_WEB_SOCKET_CLOSE_OPERATION: i32 = 2,
    /// `WinHttpWebSocketShutdown`.
    WINHTTP_WEB_SOCKET_SHUTDOWN_OPERATION: i32 = 3,

    // Buffer types.
    /// The end of a binary message, or all of it.
    WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE: i32 = 0,
    /// A part of a binary message; more follows.
    WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE: i32 = 1,
    /// The end of a text message, or all of it.
    WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE: i32 = 2,
    /// A part of a text message; more follows.
    WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE: i32 = 3,
    /// The peer's close frame came.
    WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE: i32 = 4,

    // Close statuses (RFC 6455 section 7.4).
    /// The purpose is fulfilled.
    WINHTTP_WEB_SOCKET_SUCCESS_CLOSE_STATUS: i32 = 1000,
    /// The peer goes away.
    WINHTTP_WEB_SOCKET_ENDPOINT_TERMINATED_CLOSE_STATUS: i32 = 1001,
    /// The peer broke the protocol.
    WINHTTP_WEB_SOCKET_PROTOCOL_ERROR_CLOSE_STATUS: i32 = 1002,
    /// The kind of data is not accepted.
    WINHTTP_WEB_SOCKET_INVALID_DATA_TYPE_CLOSE_STATUS: i32 = 1003,
    /// The close frame carried no status; never sent.
    WINHTTP_WEB_SOCKET_EMPTY_CLOSE_STATUS: i32 = 1005,
    /// The connection ended without a close frame; never sent.
    WINHTTP_WEB_SOCKET_ABORTED_CLOSE_STATUS: i32 = 1006,
    /// The data does not fit its type, such as text that is not UTF-8.
    WINHTTP_WEB_SOCKET_INVALID_PAYLOAD_CLOSE_STATUS: i32 = 1007,
    /// The message violates a policy.
    WINHTTP_WEB_SOCKET_POLICY_VIOLATION_CLOSE_STATUS: i32 = 1008,
    /// The message is too big.
    WINHTTP_WEB_SOCKET_MESSAGE_TOO_BIG_CLOSE_STATUS: i32 = 1009,
    /// The server did not agree to an extension.
    WINHTTP_WEB_SOCKET_UNSUPPORTED_EXTENSIONS_CLOSE_STATUS: i32 = 1010,
    /// The server met an unexpected condition.
    WINHTTP_WEB_SOCKET_SERVER_ERROR_CLOSE_STATUS: i32 = 1011,
    /// The TLS handshake failed; never sent.
    WINHTTP_WEB_SOCKET_SECURE_HANDSHAKE_ERROR_CLOSE_STATUS: i32 = 1015,

    // Limits.
    /// The longest close reason, in bytes.
    WINHTTP_WEB_SOCKET_MAX_CLOSE_REASON_LENGTH: u32 = 123,
    /// The shortest keep-alive interval, in milliseconds.
    WINHTTP_WEB_SOCKET_MIN_KEEPALIVE_VALUE: u32 = 15000,
}
