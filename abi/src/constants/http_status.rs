//! HTTP status codes under winhttp.h's names (RFC 9110 section 15).

constants! {
    table HTTP_STATUS;

    // HTTP status codes.
    /// 100 Continue.
    HTTP_STATUS_CONTINUE: u32 = 100,
    /// 101 Switching Protocols.
    HTTP_STATUS_SWITCH_PROTOCOLS: u32 = 101,
    /// 200 OK.
    HTTP_STATUS_OK: u32 = 200,
    /// 201 Created.
    HTTP_STATUS_CREATED: u32 = 201,
    /// 202 Accepted.
    HTTP_STATUS_ACCEPTED: u32 = 202,
    /// 203 Non-Authoritative Information.
    HTTP_STATUS_PARTIAL: u32 = 203,
    /// 204 No Content.
    HTTP_STATUS_NO_CONTENT: u32 = 204,
    /// 205 Reset Content.
    HTTP_STATUS_RESET_CONTENT: u32 = 205,
    /// 206 Partial Content.
    HTTP_STATUS_PARTIAL_CONTENT: u32 = 206,
    /// 207 Multi-Status (RFC 4918).
    HTTP_STATUS_WEBDAV_MULTI_STATUS: u32 = 207,
    /// 300 Multiple Choices.
    HTTP_STATUS_AMBIGUOUS: u32 = 300,
    /// 301 Moved Permanently.
    HTTP_STATUS_MOVED: u32 = 301,
    /// 302 Found.
    HTTP_STATUS_REDIRECT: u32 = 302,
    /// 303 See Other.
    HTTP_STATUS_REDIRECT_METHOD: u32 = 303,
    /// 304 Not Modified.
    HTTP_STATUS_NOT_MODIFIED: u32 = 304,
    /// 305 Use Proxy.
    HTTP_STATUS_USE_PROXY: u32 = 305,
    /// 307 Temporary Redirect.
    HTTP_STATUS_REDIRECT_KEEP_VERB: u32 = 307,
    /// 308 Permanent Redirect.
    HTTP_STATUS_PERMANENT_REDIRECT: u32 = 308,
    /// 400 Bad Request.
    HTTP_STATUS_BAD_REQUEST: u32 = 400,
    /// 401 Unauthorized.
    HTTP_STATUS_DENIED: u32 = 401,
    /// 402 Payment Required.
    HTTP_STATUS_PAYMENT_REQ: u32 = 402,
    /// 403 Forbidden.
    HTTP_STATUS_FORBIDDEN: u32 = 403,
    /// 404 Not Found.
    HTTP_STATUS_NOT_FOUND: u32 = 404,
    /// 405 Method Not Allowed.
    HTTP_STATUS_BAD_METHOD: u32 = 405,
    /// 406 Not Acceptable.
    HTTP_STATUS_NONE_ACCEPTABLE: u32 = 406,
    /// 407 Proxy Authentication Required.
    HTTP_STATUS_PROXY_AUTH_REQ: u32 = 407,
    /// 408 Request Timeout.
    HTTP_STATUS_REQUEST_TIMEOUT: u32 = 408,
    /// 409 Conflict.
    HTTP_STATUS_CONFLICT: u32 = 409,
    /// 410 Gone.
    HTTP_STATUS_GONE: u32 = 410,
    /// 411 Length Required.
    HTTP_STATUS_LENGTH_REQUIRED: u32 = 411,
    /// 412 Precondition Failed.
    HTTP_STATUS_PRECOND_FAILED: u32 = 412,
    /// 413 Content Too Large.
    HTTP_STATUS_REQUEST_TOO_LARGE: u32 = 413,
    /// 414 URI Too Long.
    HTTP_STATUS_URI_TOO_LONG: u32 = 414,
    /// 415 Unsupported Media Type.
    HTTP_STATUS_UNSUPPORTED_MEDIA: u32 = 415,
    /// 449 Retry With, a Windows extension.
    HTTP_STATUS_RETRY_WITH: u32 = 449,
    /// 500 Internal Server Error.
    HTTP_STATUS_SERVER_ERROR: u32 = 500,
    /// 501 Not Implemented.
    HTTP_STATUS_NOT_SUPPORTED: u32 = 501,
    /// 502 Bad Gateway.
    HTTP_STATUS_BAD_GATEWAY: u32 = 502,
    /// 503 Service Unavailable.
    HTTP_STATUS_SERVICE_UNAVAIL: u32 = 503,
    /// 504 Gateway Timeout.
    HTTP_STATUS_GATEWAY_TIMEOUT: u32 = 504,
    /// 505 HTTP Version Not Supported.
    HTTP_STATUS_VERSION_NOT_SUP: u32 = 505,
    /// The smallest status code with a name.
    HTTP_STATUS_FIRST: u32 = 100,
    /// The largest status code with a name.
    HTTP_STATUS_LAST: u32 = 505,
}
