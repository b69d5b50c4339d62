//! Information levels and modifiers of `WinHttpQueryHeaders`, and modifiers of
//! `WinHttpAddRequestHeaders`.

constants! {
    table QUERY;

    // Information levels.
    /// The MIME-Version header.
    WINHTTP_QUERY_MIME_VERSION: u32 = 0,
    /// The Content-Type header.
    WINHTTP_QUERY_CONTENT_TYPE: u32 = 1,
    /// The Content-Transfer-Encoding header.
    WINHTTP_QUERY_CONTENT_TRANSFER_ENCODING: u32 = 2,
    /// The Content-ID header.
    WINHTTP_QUERY_CONTENT_ID: u32 = 3,
    /// The Content-Description header.
    WINHTTP_QUERY_CONTENT_DESCRIPTION: u32 = 4,
    /// The Content-Length header.
    WINHTTP_QUERY_CONTENT_LENGTH: u32 = 5,
    /// The Content-Language header.
    WINHTTP_QUERY_CONTENT_LANGUAGE: u32 = 6,
    /// The Allow header.
    WINHTTP_QUERY_ALLOW: u32 = 7,
    /// The Public header.
    WINHTTP_QUERY_PUBLIC: u32 = 8,
    /// The Date header.
    WINHTTP_QUERY_DATE: u32 = 9,
    /// The Expires header.
    WINHTTP_QUERY_EXPIRES: u32 = 10,
    /// The Last-Modified header.
    WINHTTP_QUERY_LAST_MODIFIED: u32 = 11,
    /// The Message-ID header.
    WINHTTP_QUERY_MESSAGE_ID: u32 = 12,
    /// The URI header.
    WINHTTP_QUERY_URI: u32 = 13,
    /// The Derived-From header.
    WINHTTP_QUERY_DERIVED_FROM: u32 = 14,
    /// The Cost header.
    WINHTTP_QUERY_COST: u32 = 15,
    /// The Link header.
    WINHTTP_QUERY_LINK: u32 = 16,
    /// The Pragma header.
    WINHTTP_QUERY_PRAGMA: u32 = 17,
    /// The HTTP version, such as "HTTP/1.1".
    WINHTTP_QUERY_VERSION: u32 = 18,
    /// The status code.
    WINHTTP_QUERY_STATUS_CODE: u32 = 19,
    /// The reason phrase; may be empty.
    WINHTTP_QUERY_STATUS_TEXT: u32 = 20,
    /// All headers as an array, for `WinHttpQueryHeadersEx`.
    WINHTTP_QUERY_EX_ALL_HEADERS: u32 = 21,
    /// All headers, each line ended by NUL.
    WINHTTP_QUERY_RAW_HEADERS: u32 = 21,
    /// All headers, lines separated by CR LF.
    WINHTTP_QUERY_RAW_HEADERS_CRLF: u32 = 22,
    /// The Connection header.
    WINHTTP_QUERY_CONNECTION: u32 = 23,
    /// The Accept header.
    WINHTTP_QUERY_ACCEPT: u32 = 24,
    /// The Accept-Charset header.
    WINHTTP_QUERY_ACCEPT_CHARSET: u32 = 25,
    /// The Accept-Encoding header.
    WINHTTP_QUERY_ACCEPT_ENCODING: u32 = 26,
    /// The Accept-Language header.
    WINHTTP_QUERY_ACCEPT_LANGUAGE: u32 = 27,
    /// The Authorization header.
    WINHTTP_QUERY_AUTHORIZATION: u32 = 28,
    /// The Content-Encoding header.
    WINHTTP_QUERY_CONTENT_ENCODING: u32 = 29,
    /// The Forwarded header.
    WINHTTP_QUERY_FORWARDED: u32 = 30,
    /// The From header.
    WINHTTP_QUERY_FROM: u32 = 31,
    /// The If-Modified-Since header.
    WINHTTP_QUERY_IF_MODIFIED_SINCE: u32 = 32,
    /// The Location header.
    WINHTTP_QUERY_LOCATION: u32 = 33,
    /// The Orig-URI header.
    WINHTTP_QUERY_ORIG_URI: u32 = 34,
    /// The Referer header.
    WINHTTP_QUERY_REFERER: u32 = 35,
    /// The Retry-After header.
    WINHTTP_QUERY_RETRY_AFTER: u32 = 36,
    /// The Server header.
    WINHTTP_QUERY_SERVER: u32 = 37,
    /// The Title header.
    WINHTTP_QUERY_TITLE: u32 = 38,
    /// The User-Agent header.
    WINHTTP_QUERY_USER_AGENT: u32 = 39,
    /// The WWW-Authenticate header.
    WINHTTP_QUERY_WWW_AUTHENTICATE: u32 = 40,
    /// The Proxy-Authenticate header.
    WINHTTP_QUERY_PROXY_AUTHENTICATE: u32 = 41,
    /// The Accept-Ranges header.
    WINHTTP_QUERY_ACCEPT_RANGES: u32 = 42,
    /// The Set-Cookie header.
    WINHTTP_QUERY_SET_COOKIE: u32 = 43,
    /// The Cookie header.
    WINHTTP_QUERY_COOKIE: u32 = 44,
    /// The verb of the request.
    WINHTTP_QUERY_REQUEST_METHOD: u32 = 45,
    /// The Refresh header.
    WINHTTP_QUERY_REFRESH: u32 = 46,
    /// The Content-Disposition header.
    WINHTTP_QUERY_CONTENT_DISPOSITION: u32 = 47,
    /// The Age header.
    WINHTTP_QUERY_AGE: u32 = 48,
    /// The Cache-Control header.
    WINHTTP_QUERY_CACHE_CONTROL: u32 = 49,
    /// The Content-Base header.
    WINHTTP_QUERY_CONTENT_BASE: u32 = 50,
    /// The Content-Location header.
    WINHTTP_QUERY_CONTENT_LOCATION: u32 = 51,
    /// The Content-MD5 header.
    WINHTTP_QUERY_CONTENT_MD5: u32 = 52,
    /// The Content-Range header.
    WINHTTP_QUERY_CONTENT_RANGE: u32 = 53,
    /// The ETag header.
    WINHTTP_QUERY_ETAG: u32 = 54,
    /// The Host header.
    WINHTTP_QUERY_HOST: u32 = 55,
    /// The If-Match header.
    WINHTTP_QUERY_IF_MATCH: u32 = 56,
    /// The If-None-Match header.
    WINHTTP_QUERY_IF_NONE_MATCH: u32 = 57,
    /// The If-Range header.
    WINHTTP_QUERY_IF_RANGE: u32 = 58,
    /// The If-Unmodified-Since header.
    WINHTTP_QUERY_IF_UNMODIFIED_SINCE: u32 = 59,
    /// The Max-Forwards header.
    WINHTTP_QUERY_MAX_FORWARDS: u32 = 60,
    /// The Proxy-Authorization header.
    WINHTTP_QUERY_PROXY_AUTHORIZATION: u32 = 61,
    /// The Range header.
    WINHTTP_QUERY_RANGE: u32 = 62,
    /// The Transfer-Encoding header.
    WINHTTP_QUERY_TRANSFER_ENCODING: u32 = 63,
    /// The Upgrade header.
    WINHTTP_QUERY_UPGRADE: u32 = 64,
    /// The Vary header.
    WINHTTP_QUERY_VARY: u32 = 65,
    /// The Via header.
    WINHTTP_QUERY_VIA: u32 = 66,
    /// The Warning header.
    WINHTTP_QUERY_WARNING: u32 = 67,
    /// The Expect header.
    WINHTTP_QUERY_EXPECT: u32 = 68,
    /// The Proxy-Connection header.
    WINHTTP_QUERY_PROXY_CONNECTION: u32 = 69,
    /// The Unless-Modified-Since header.
    WINHTTP_QUERY_UNLESS_MODIFIED_SINCE: u32 = 70,
    /// The Proxy-Support header.
    WINHTTP_QUERY_PROXY_SUPPORT: u32 = 75,
    /// The Authentication-Info header.
    WINHTTP_QUERY_AUTHENTICATION_INFO: u32 = 76,
    /// The PassportURLs header.
    WINHTTP_QUERY_PASSPORT_URLS: u32 = 77,
    /// The largest level below `WINHTTP_QUERY_CUSTOM`.
    WINHTTP_QUERY_MAX: u32 = 78,
    /// The PassportConfig header.
    WINHTTP_QUERY_PASSPORT_CONFIG: u32 = 78,
    /// The header whose name is an argument.
    WINHTTP_QUERY_CUSTOM: u32 = 65535,

    // Modifiers of a level.
    /// Return header bytes as they came.
    WINHTTP_QUERY_FLAG_WIRE_ENCODING: u32 = 0x01000000,
    /// Search the trailer section.
    WINHTTP_QUERY_FLAG_TRAILERS: u32 = 0x02000000,
    /// Return the value as a 64-bit number.
    WINHTTP_QUERY_FLAG_NUMBER64: u32 = 0x08000000,
    /// Return the value as a 32-bit number.
    WINHTTP_QUERY_FLAG_NUMBER: u32 = 0x20000000,
    /// Return the value as a `SYSTEMTIME` in UTC.
    WINHTTP_QUERY_FLAG_SYSTEMTIME: u32 = 0x40000000,
    /// Search the request headers.
    WINHTTP_QUERY_FLAG_REQUEST_HEADERS: u32 = 0x80000000,

    // Modifiers of `WinHttpAddRequestHeaders`.
    /// The bits of an index.
    WINHTTP_ADDREQ_INDEX_MASK: u32 = 0xFFFF,
    /// The bits of the flags.
    WINHTTP_ADDREQ_FLAGS_MASK: u32 = 0xFFFF0000,
    /// Append to an existing value after a semicolon.
    WINHTTP_ADDREQ_FLAG_COALESCE_WITH_SEMICOLON: u32 = 0x01000000,
    /// Add only when there is no such header.
    WINHTTP_ADDREQ_FLAG_ADD_IF_NEW: u32 = 0x10000000,
    /// Add, also when replacing finds nothing.
    WINHTTP_ADDREQ_FLAG_ADD: u32 = 0x20000000,
    /// Append to an existing value after a comma.
    WINHTTP_ADDREQ_FLAG_COALESCE_WITH_COMMA: u32 = 0x40000000,
    /// Another name of `WINHTTP_ADDREQ_FLAG_COALESCE_WITH_COMMA`.
    WINHTTP_ADDREQ_FLAG_COALESCE: u32 = 0x40000000,
    /// Replace or, with an empty value, remove.
    WINHTTP_ADDREQ_FLAG_REPLACE: u32 = 0x80000000,

    // Flags of `WinHttpAddRequestHeadersEx`.
    /// Names and values are wide strings.
    WINHTTP_EXTENDED_HEADER_FLAG_UNICODE: u64 = 0x1,
}
