//! Numbers of the C API that core itself decides with. Options and header levels have tables of
//! their own.
//!
//! `abi::constants` is their source; core does not know that crate, and a test compares all of them
//! (`tests/tests/suite/core_constants.rs`).

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident = $c_name:ident = $value:literal,)*) => {
        $($(#[$doc])* pub const $name: u32 = $value;)*

        /// All of them, by the names of winhttp.h.
        pub const ALL: &[(&str, u32)] = &[$((stringify!($c_name), $value)),*];
    };
}

numbers! {
    /// The connection is one over TLS.
    SECURITY_SECURE = SECURITY_FLAG_SECURE = 0x1,
    /// 128 bits or more, as every suite of TLS 1.2 and 1.3 here.
    SECURITY_STRONG = SECURITY_FLAG_STRENGTH_STRONG = 0x2000_0000,
    /// Certificates of unknown authorities are tolerated.
    IGNORE_UNKNOWN_CA = SECURITY_FLAG_IGNORE_UNKNOWN_CA = 0x100,
    /// Certificates for another use than that of servers are tolerated.
    IGNORE_WRONG_USAGE = SECURITY_FLAG_IGNORE_CERT_WRONG_USAGE = 0x200,
    /// Certificates for other names are tolerated.
    IGNORE_WRONG_NAME = SECURITY_FLAG_IGNORE_CERT_CN_INVALID = 0x1000,
    /// Certificates of another time are tolerated.
    IGNORE_WRONG_DATE = SECURITY_FLAG_IGNORE_CERT_DATE_INVALID = 0x2000,

    /// Cookies are neither stored nor sent.
    DISABLE_COOKIES = WINHTTP_DISABLE_COOKIES = 0x1,
    /// The connection serves no further request.
    DISABLE_KEEP_ALIVE = WINHTTP_DISABLE_KEEP_ALIVE = 0x8,
    /// CONFIGURE_PASSPORT_AUTH: Passport's redirects are challenges.
    ENABLE_PASSPORT_AUTH = WINHTTP_ENABLE_PASSPORT_AUTH = 0x1000_0000,
    /// DISABLE_FEATURE: no challenge is answered.
    DISABLE_AUTHENTICATION = WINHTTP_DISABLE_AUTHENTICATION = 0x4,
    /// DISABLE_FEATURE: no redirect is followed.
    DISABLE_REDIRECTS = WINHTTP_DISABLE_REDIRECTS = 0x2,
    /// REDIRECT_POLICY: the same.
    REDIRECT_POLICY_NEVER = WINHTTP_OPTION_REDIRECT_POLICY_NEVER = 0,
    /// REDIRECT_POLICY: all are followed, also from https to http.
    REDIRECT_POLICY_ALWAYS = WINHTTP_OPTION_REDIRECT_POLICY_ALWAYS = 2,

    /// Bodies coded with gzip are decoded.
    DECOMPRESS_GZIP = WINHTTP_DECOMPRESSION_FLAG_GZIP = 0x1,
    /// Bodies coded with deflate are decoded.
    DECOMPRESS_DEFLATE = WINHTTP_DECOMPRESSION_FLAG_DEFLATE = 0x2,

    /// TLS 1.2.
    PROTOCOL_TLS12 = WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_2 = 0x800,
    /// TLS 1.3.
    PROTOCOL_TLS13 = WINHTTP_FLAG_SECURE_PROTOCOL_TLS1_3 = 0x2000,

    /// A malformed certificate or a wrong signature.
    PROBLEM_INVALID_CERT = WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CERT = 0x2,
    /// A certificate that its issuer has revoked.
    PROBLEM_REVOKED = WINHTTP_CALLBACK_STATUS_FLAG_CERT_REVOKED = 0x4,
    /// A certificate that no trusted authority vouches for.
    PROBLEM_INVALID_CA = WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CA = 0x8,
    /// A certificate for another name.
    PROBLEM_WRONG_NAME = WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID = 0x10,
    /// A certificate of another time.
    PROBLEM_WRONG_DATE = WINHTTP_CALLBACK_STATUS_FLAG_CERT_DATE_INVALID = 0x20,
    /// A certificate for another use.
    PROBLEM_WRONG_USAGE = WINHTTP_CALLBACK_STATUS_FLAG_CERT_WRONG_USAGE = 0x40,
    /// TLS failed for another reason.
    PROBLEM_CHANNEL = WINHTTP_CALLBACK_STATUS_FLAG_SECURITY_CHANNEL_ERROR = 0x8000_0000,

    /// Replaces a header.
    HEADER_REPLACE = WINHTTP_ADDREQ_FLAG_REPLACE = 0x8000_0000,
    /// Appends to a header behind a comma.
    HEADER_COALESCE_COMMA = WINHTTP_ADDREQ_FLAG_COALESCE_WITH_COMMA = 0x4000_0000,
    /// Adds a header.
    HEADER_ADD = WINHTTP_ADDREQ_FLAG_ADD = 0x2000_0000,
    /// Adds a header that is not there.
    HEADER_ADD_IF_NEW = WINHTTP_ADDREQ_FLAG_ADD_IF_NEW = 0x1000_0000,
    /// Appends to a header behind a semicolon.
    HEADER_COALESCE_SEMICOLON = WINHTTP_ADDREQ_FLAG_COALESCE_WITH_SEMICOLON = 0x0100_0000,
    /// Which instance of a header is meant.
    HEADER_INDEX_MASK = WINHTTP_ADDREQ_INDEX_MASK = 0xFFFF,

    /// The largest header level but one.
    QUERY_MAX = WINHTTP_QUERY_MAX = 78,
    /// The header level that names its header itself.
    QUERY_CUSTOM = WINHTTP_QUERY_CUSTOM = 65535,

    /// Percent signs are escaped, too.
    ESCAPE_PERCENT = WINHTTP_FLAG_ESCAPE_PERCENT = 0x4,
    /// Next to nothing is escaped.
    ESCAPE_DISABLE = WINHTTP_FLAG_ESCAPE_DISABLE = 0x40,
    /// Next to nothing is escaped behind the question mark.
    ESCAPE_DISABLE_QUERY = WINHTTP_FLAG_ESCAPE_DISABLE_QUERY = 0x80,
}
