//! The numbers of websocket.h, and the HRESULTs its functions return.

constants! {
    table COMPONENT_ROWS;

    /// Most bytes of a close reason.
    WEB_SOCKET_MAX_CLOSE_REASON_LENGTH: u32 = 123,

    // Properties, `WEB_SOCKET_PROPERTY_TYPE`.
    /// ULONG: size of the receive buffer in bytes.
    WEB_SOCKET_RECEIVE_BUFFER_SIZE_PROPERTY_TYPE: i32 = 0,
    /// ULONG: size of the send buffer in bytes.
    WEB_SOCKET_SEND_BUFFER_SIZE_PROPERTY_TYPE: i32 = 1,
    /// BOOL: a client masks with the key 0, a server takes frames that are not masked.
    WEB_SOCKET_DISABLE_MASKING_PROPERTY_TYPE: i32 = 2,
    /// PVOID: memory for the buffers.
    WEB_SOCKET_ALLOCATED_BUFFER_PROPERTY_TYPE: i32 = 3,
    /// BOOL: received text is not checked.
    WEB_SOCKET_DISABLE_UTF8_VERIFICATION_PROPERTY_TYPE: i32 = 4,
    /// ULONG, read only: how often an application should send something, in milliseconds.
    WEB_SOCKET_KEEPALIVE_INTERVAL_PROPERTY_TYPE: i32 = 5,
    /// ULONGs, read only: versions of the protocol.
    WEB_SOCKET_SUPPORTED_VERSIONS_PROPERTY_TYPE: i32 = 6,

    // Queues, `WEB_SOCKET_ACTION_QUEUE`.
    /// What sends need.
    WEB_SOCKET_SEND_ACTION_QUEUE: i32 = 1,
    /// What receives need.
    WEB_SOCKET_RECEIVE_ACTION_QUEUE: i32 = 2,
    /// Both.
    WEB_SOCKET_ALL_ACTION_QUEUE: i32 = 3,

    // Actions, `WEB_SOCKET_ACTION`.
    /// Nothing is to be done.
    WEB_SOCKET_NO_ACTION: i32 = 0,
    /// The buffers must be sent.
    WEB_SOCKET_SEND_TO_NETWORK_ACTION: i32 = 1,
    /// A send is over.
    WEB_SOCKET_INDICATE_SEND_COMPLETE_ACTION: i32 = 2,
    /// The buffer must be filled.
    WEB_SOCKET_RECEIVE_FROM_NETWORK_ACTION: i32 = 3,
    /// A receive is over.
    WEB_SOCKET_INDICATE_RECEIVE_COMPLETE_ACTION: i32 = 4,

    // Close statuses, `WEB_SOCKET_CLOSE_STATUS` (RFC 6455 section 7.4).
    /// The purpose is fulfilled.
    WEB_SOCKET_SUCCESS_CLOSE_STATUS: i32 = 1000,
    /// The peer goes away.
    WEB_SOCKET_ENDPOINT_UNAVAILABLE_CLOSE_STATUS: i32 = 1001,
    /// The peer broke the protocol.
    WEB_SOCKET_PROTOCOL_ERROR_CLOSE_STATUS: i32 = 1002,
    /// The kind of data is not accepted.
    WEB_SOCKET_INVALID_DATA_TYPE_CLOSE_STATUS: i32 = 1003,
    /// The close frame carried no status; never sent.
    WEB_SOCKET_EMPTY_CLOSE_STATUS: i32 = 1005,
    /// The connection ended without a close frame; never sent.
    WEB_SOCKET_ABORTED_CLOSE_STATUS: i32 = 1006,
    /// The data does not fit its type, such as text that is not UTF-8.
    WEB_SOCKET_INVALID_PAYLOAD_CLOSE_STATUS: i32 = 1007,
    /// The message violates a policy.
    WEB_SOCKET_POLICY_VIOLATION_CLOSE_STATUS: i32 = 1008,
    /// The message is too big.
    WEB_SOCKET_MESSAGE_TOO_BIG_CLOSE_STATUS: i32 = 1009,
    /// The server did not agree to an extension.
    WEB_SOCKET_UNSUPPORTED_EXTENSIONS_CLOSE_STATUS: i32 = 1010,
    /// The server met an unexpected condition.
    WEB_SOCKET_SERVER_ERROR_CLOSE_STATUS: i32 = 1011,
    /// The TLS handshake failed; never sent.
    WEB_SOCKET_SECURE_HANDSHAKE_ERROR_CLOSE_STATUS: i32 = 1015,
}

/// Declares constants with the sign bit set, written as the 32 bits they are: a row's value is
/// those bits.
macro_rules! signed_constants {
    (table $table:ident; $($(#[$doc:meta])* $name:ident = $bits:literal,)*) => {
        $($(#[$doc])* pub const $name: i32 = i32::from_ne_bytes(u32::to_ne_bytes($bits));)*

        const $table: &[(&str, u64)] = &[$((stringify!($name), $bits)),*];
    };
}

signed_constants! {
    table BUFFER_TYPES;

    /// The end of a text message, or all of it.
    WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE = 0x8000_0000,
    /// A part of a text message; more follows.
    WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE = 0x8000_0001,
    /// The end of a binary message, or all of it.
    WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE = 0x8000_0002,
    /// A part of a binary message; more follows.
    WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE = 0x8000_0003,
    /// A close frame.
    WEB_SOCKET_CLOSE_BUFFER_TYPE = 0x8000_0004,
    /// Sent: a ping, or the pong that answers one. Received: a pong.
    WEB_SOCKET_PING_PONG_BUFFER_TYPE = 0x8000_0005,
    /// A pong that nobody asked for.
    WEB_SOCKET_UNSOLICITED_PONG_BUFFER_TYPE = 0x8000_0006,
}

signed_constants! {
    table HRESULTS;

    /// A bad argument.
    E_INVALIDARG = 0x8007_0057,
    /// No memory.
    E_OUTOFMEMORY = 0x8007_000E,
    /// Something failed inside the library.
    E_UNEXPECTED = 0x8000_FFFF,
    /// The call is not allowed in this state, or the peer sent a frame that is not.
    E_INVALID_PROTOCOL_OPERATION = 0x8376_0001,
    /// A handshake's headers, or what the peer sent, are malformed.
    E_INVALID_PROTOCOL_FORMAT = 0x8376_0002,
    /// An extension was selected that was not offered, or none although some were.
    E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED = 0x8376_0003,
    /// A sub-protocol was selected that was not offered, or none although some were.
    E_SUBPROTOCOL_NOT_SUPPORTED = 0x8376_0004,
    /// The client speaks another version of the protocol.
    E_PROTOCOL_VERSION_NOT_SUPPORTED = 0x8376_0005,
}

/// `HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER)`: the caller's memory is too small.
pub const E_INSUFFICIENT_BUFFER: i32 = i32::from_ne_bytes(u32::to_ne_bytes(0x8007_007A));

/// Every constant of websocket.h: C name and value. Signed 32-bit values are given as their bits.
pub const COMPONENT: [&[(&str, u64)]; 3] = [COMPONENT_ROWS, BUFFER_TYPES, HRESULTS];
