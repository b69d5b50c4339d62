//! Status callback: notifications, the flags that select them, and what their data says.

constants! {
    table NOTIFICATIONS;

    // Notifications.
    /// Looking up the name of the server or proxy.
    WINHTTP_CALLBACK_STATUS_RESOLVING_NAME: u32 = 0x1,
    /// The name was found.
    WINHTTP_CALLBACK_STATUS_NAME_RESOLVED: u32 = 0x2,
    /// Connecting; the data is the address as text.
    WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER: u32 = 0x4,
    /// Connected; the data is the address as text.
    WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER: u32 = 0x8,
    /// Sending the request.
    WINHTTP_CALLBACK_STATUS_SENDING_REQUEST: u32 = 0x10,
    /// The request was sent; the data is the byte count.
    WINHTTP_CALLBACK_STATUS_REQUEST_SENT: u32 = 0x20,
    /// Waiting for the response.
    WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE: u32 = 0x40,
    /// A part of the response came; the data is the byte count.
    WINHTTP_CALLBACK_STATUS_RESPONSE_RECEIVED: u32 = 0x80,
    /// Closing the connection.
    WINHTTP_CALLBACK_STATUS_CLOSING_CONNECTION: u32 = 0x100,
    /// The connection is closed.
    WINHTTP_CALLBACK_STATUS_CONNECTION_CLOSED: u32 = 0x200,
    /// A handle was created; the data is the handle.
    WINHTTP_CALLBACK_STATUS_HANDLE_CREATED: u32 = 0x400,
    /// The last notification of a handle.
    WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING: u32 = 0x800,
    /// Detecting the proxy.
    WINHTTP_CALLBACK_STATUS_DETECTING_PROXY: u32 = 0x1000,
    /// The request is redirected; the data is the new URL.
    WINHTTP_CALLBACK_STATUS_REDIRECT: u32 = 0x4000,
    /// A 1xx response came; the data is its status code.
    WINHTTP_CALLBACK_STATUS_INTERMEDIATE_RESPONSE: u32 = 0x8000,
    /// The server's certificate has faults; the data is a mask of WINHTTP_CALLBACK_STATUS_FLAG_*
    /// values.
    WINHTTP_CALLBACK_STATUS_SECURE_FAILURE: u32 = 0x00010000,
    /// `WinHttpReceiveResponse` is complete.
    WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE: u32 = 0x00020000,
    /// `WinHttpQueryDataAvailable` is complete; the data is the byte count.
    WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE: u32 = 0x00040000,
    /// `WinHttpReadData` or `WinHttpWebSocketReceive` is complete.
    WINHTTP_CALLBACK_STATUS_READ_COMPLETE: u32 = 0x00080000,
    /// `WinHttpWriteData` or `WinHttpWebSocketSend` is complete.
    WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE: u32 = 0x00100000,
    /// An operation failed; the data is a `WINHTTP_ASYNC_RESULT`.
    WINHTTP_CALLBACK_STATUS_REQUEST_ERROR: u32 = 0x00200000,
    /// `WinHttpSendRequest` is complete.
    WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE: u32 = 0x00400000,
    /// `WinHttpGetProxyForUrlEx` is complete.
    WINHTTP_CALLBACK_STATUS_GETPROXYFORURL_COMPLETE: u32 = 0x01000000,
    /// `WinHttpWebSocketClose` is complete.
    WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE: u32 = 0x02000000,
    /// `WinHttpWebSocketShutdown` is complete.
    WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE: u32 = 0x04000000,
    /// `WinHttpGetProxySettingsEx` is complete.
    WINHTTP_CALLBACK_STATUS_GETPROXYSETTINGS_COMPLETE: u32 = 0x08000000,
    /// Writing settings is complete.
    WINHTTP_CALLBACK_STATUS_SETTINGS_WRITE_COMPLETE: u32 = 0x10000000,
    /// Reading settings is complete.
    WINHTTP_CALLBACK_STATUS_SETTINGS_READ_COMPLETE: u32 = 0x20000000,

    // Certificate faults, the data of `WINHTTP_CALLBACK_STATUS_SECURE_FAILURE`.
    /// Revocation could not be checked.
    WINHTTP_CALLBACK_STATUS_FLAG_CERT_REV_FAILED: u32 = 0x1,
    /// The certificate is malformed.
    WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CERT: u32 = 0x2,
    /// The certificate is revoked.
    WINHTTP_CALLBACK_STATUS_FLAG_CERT_REVOKED: u32 = 0x4,
    /// The issuer is not trusted.
    WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CA: u32 = 0x8,
    /// The certificate is for another host.
    WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID: u32 = 0x10,
    /// The certificate is not valid now.
    WINHTTP_CALLBACK_STATUS_FLAG_CERT_DATE_INVALID: u32 = 0x20,
    /// The certificate is not meant for servers.
    WINHTTP_CALLBACK_STATUS_FLAG_CERT_WRONG_USAGE: u32 = 0x40,
    /// The TLS handshake failed for another reason.
    WINHTTP_CALLBACK_STATUS_FLAG_SECURITY_CHANNEL_ERROR: u32 = 0x80000000,

    // Notification flags, for `WinHttpSetStatusCallback`.
    /// Selects the two notifications of name look-up.
    WINHTTP_CALLBACK_FLAG_RESOLVE_NAME: u32 = 0x3,
    /// Selects the two notifications of connecting.
    WINHTTP_CALLBACK_FLAG_CONNECT_TO_SERVER: u32 = 0xC,
    /// Selects the two notifications of sending.
    WINHTTP_CALLBACK_FLAG_SEND_REQUEST: u32 = 0x30,
    /// Selects the two notifications of receiving.
    WINHTTP_CALLBACK_FLAG_RECEIVE_RESPONSE: u32 = 0xC0,
    /// Selects the two notifications of closing a connection.
    WINHTTP_CALLBACK_FLAG_CLOSE_CONNECTION: u32 = 0x300,
    /// Selects the creation and closing of handles.
    WINHTTP_CALLBACK_FLAG_HANDLES: u32 = 0xC00,
    /// Selects proxy detection.
    WINHTTP_CALLBACK_FLAG_DETECTING_PROXY: u32 = 0x1000,
    /// Selects redirects.
    WINHTTP_CALLBACK_FLAG_REDIRECT: u32 = 0x4000,
    /// Selects 1xx responses.
    WINHTTP_CALLBACK_FLAG_INTERMEDIATE_RESPONSE: u32 = 0x8000,
    /// Selects certificate faults.
    WINHTTP_CALLBACK_FLAG_SECURE_FAILURE: u32 = 0x00010000,
    /// Selects the completion of `WinHttpReceiveResponse`.
    WINHTTP_CALLBACK_FLAG_HEADERS_AVAILABLE: u32 = 0x00020000,
    /// Selects the completion of `WinHttpQueryDataAvailable`.
    WINHTTP_CALLBACK_FLAG_DATA_AVAILABLE: u32 = 0x00040000,
    /// Selects the completion of reads.
    WINHTTP_CALLBACK_FLAG_READ_COMPLETE: u32 = 0x00080000,
    /// Selects the completion of writes.
    WINHTTP_CALLBACK_FLAG_WRITE_COMPLETE: u32 = 0x00100000,
    /// Selects failures.
    WINHTTP_CALLBACK_FLAG_REQUEST_ERROR: u32 = 0x00200000,
    /// Selects the completion of `WinHttpSendRequest`.
    WINHTTP_CALLBACK_FLAG_SENDREQUEST_COMPLETE: u32 = 0x00400000,
    /// Selects the completion of `WinHttpGetProxyForUrlEx`.
    WINHTTP_CALLBACK_FLAG_GETPROXYFORURL_COMPLETE: u32 = 0x01000000,
    /// Selects the completion of `WinHttpGetProxySettingsEx`.
    WINHTTP_CALLBACK_FLAG_GETPROXYSETTINGS_COMPLETE: u32 = 0x08000000,
    /// Selects every completion of a request or resolver. The bits of CLOSE_COMPLETE and
    /// SHUTDOWN_COMPLETE are not among them, but any of these flags selects those too.
    WINHTTP_CALLBACK_FLAG_ALL_COMPLETIONS: u32 = 0x097E0000,
    /// Selects everything.
    WINHTTP_CALLBACK_FLAG_ALL_NOTIFICATIONS: u32 = 0xFFFFFFFF,

    // Operations, `WINHTTP_ASYNC_RESULT.dwResult`.
    /// `WinHttpReceiveResponse` failed.
    API_RECEIVE_RESPONSE: u32 = 1,
    /// `WinHttpQueryDataAvailable` failed.
    API_QUERY_DATA_AVAILABLE: u32 = 2,
    /// `WinHttpReadData` failed.
    API_READ_DATA: u32 = 3,
    /// `WinHttpWriteData` failed.
    API_WRITE_DATA: u32 = 4,
    /// `WinHttpSendRequest` failed.
    API_SEND_REQUEST: u32 = 5,
    /// `WinHttpGetProxyForUrlEx` failed.
    API_GET_PROXY_FOR_URL: u32 = 6,
    /// `WinHttpGetProxySettingsEx` failed.
    API_GET_PROXY_SETTINGS: u32 = 7,
}
