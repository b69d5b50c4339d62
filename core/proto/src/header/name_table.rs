//! The query levels of WinHttpQueryHeaders, one row each: number, name, where the answer is.

use AnswerSource::{
    Custom, Header, RawHeaders, RawHeadersCrlf, RequestMethod, StatusCode, StatusText, Version,
};
use NormallyOn::{Both, Request, Response};

/// The largest level except [`CUSTOM`]: WINHTTP_QUERY_MAX.
pub const MAX: u32 = crate::numbers::QUERY_MAX;

/// The level that names its header itself: WINHTTP_QUERY_CUSTOM.
pub const CUSTOM: u32 = crate::numbers::QUERY_CUSTOM;

/// Where the answer to a level comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerSource {
    /// The header of this name.
    Header(&'static str),
    /// The version of the start line.
    Version,
    /// The status code of the status line.
    StatusCode,
    /// The reason phrase of the status line.
    StatusText,
    /// The whole block, every line ended by NUL.
    RawHeaders,
    /// The whole block, every line ended by CR LF.
    RawHeadersCrlf,
    /// The method of the request line.
    RequestMethod,
    /// The header whose name the caller passes.
    Custom,
}

/// On which side of an exchange a level is usually asked for; information only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormallyOn {
    /// Requests.
    Request,
    /// Responses.
    Response,
    /// Requests and responses.
    Both,
}

/// One query level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The value in dwInfoLevel, without modifier flags.
    pub number: u32,
    /// The constant's name in winhttp.h.
    pub query_name: &'static str,
    /// Where the answer comes from.
    pub source: AnswerSource,
    /// Where the level is usually asked for.
    pub normally_on: NormallyOn,
}

impl Level {
    /// Whether the request is meant even without WINHTTP_QUERY_FLAG_REQUEST_HEADERS, and at any
    /// time: true for WINHTTP_QUERY_REQUEST_METHOD only.
    #[must_use]
    pub fn always_asks_the_request(&self) -> bool {
        self.source == RequestMethod
    }
}

/// The level with this number; `None` is ERROR_INVALID_PARAMETER for the caller.
#[must_use]
pub fn level(number: u32) -> Option<&'static Level> {
    let row = LEVELS
        .binary_search_by_key(&number, |level| level.number)
        .ok()?;
    LEVELS.get(row)
}

const fn row(
    number: u32,
    query_name: &'static str,
    source: AnswerSource,
    normally_on: NormallyOn,
) -> Level {
    Level {
        number,
        query_name,
        source,
        normally_on,
    }
}

/// All levels, by number; 71 to 74 are not assigned.
#[rustfmt::skip]
pub static LEVELS: [Level; 76] = [
    row(0, "WINHTTP_QUERY_MIME_VERSION", Header("MIME-Version"), Both),
    row(1, "WINHTTP_QUERY_CONTENT_TYPE", Header("Content-Type"), Both),
    row(2, "WINHTTP_QUERY_CONTENT_TRANSFER_ENCODING", Header("Content-Transfer-Encoding"), Both),
    row(3, "WINHTTP_QUERY_CONTENT_ID", Header("Content-ID"), Both),
    row(4, "WINHTTP_QUERY_CONTENT_DESCRIPTION", Header("Content-Description"), Both),
    row(5, "WINHTTP_QUERY_CONTENT_LENGTH", Header("Content-Length"), Both),
    row(6, "WINHTTP_QUERY_CONTENT_LANGUAGE", Header("Content-Language"), Both),
    row(7, "WINHTTP_QUERY_ALLOW", Header("Allow"), Response),
    row(8, "WINHTTP_QUERY_PUBLIC", Header("Public"), Response),
    row(9, "WINHTTP_QUERY_DATE", Header("Date"), Both),
    row(10, "WINHTTP_QUERY_EXPIRES", Header("Expires"), Response),
    row(11, "WINHTTP_QUERY_LAST_MODIFIED", Header("Last-Modified"), Response),
    row(12, "WINHTTP_QUERY_MESSAGE_ID", Header("Message-ID"), Both),
    row(13, "WINHTTP_QUERY_URI", Header("URI"), Both),
    row(14, "WINHTTP_QUERY_DERIVED_FROM", Header("Derived-From"), Both),
    row(15, "WINHTTP_QUERY_COST", Header("Cost"), Both),
    row(16, "WINHTTP_QUERY_LINK", Header("Link"), Both),
    row(17, "WINHTTP_QUERY_PRAGMA", Header("Pragma"), Both),
    row(18, "WINHTTP_QUERY_VERSION", Version, Both),
    row(19, "WINHTTP_QUERY_STATUS_CODE", StatusCode, Response),
    row(20, "WINHTTP_QUERY_STATUS_TEXT", StatusText, Response),
    row(21, "WINHTTP_QUERY_RAW_HEADERS", RawHeaders, Both),
    row(22, "WINHTTP_QUERY_RAW_HEADERS_CRLF", RawHeadersCrlf, Both),
    row(23, "WINHTTP_QUERY_CONNECTION", Header("Connection"), Both),
    row(24, "WINHTTP_QUERY_ACCEPT", Header("Accept"), Request),
    row(25, "WINHTTP_QUERY_ACCEPT_CHARSET", Header("Accept-Charset"), Request),
    row(26, "WINHTTP_QUERY_ACCEPT_ENCODING", Header("Accept-Encoding"), Request),
    row(27, "WINHTTP_QUERY_ACCEPT_LANGUAGE", Header("Accept-Language"), Request),
    row(28, "WINHTTP_QUERY_AUTHORIZATION", Header("Authorization"), Request),
    row(29, "WINHTTP_QUERY_CONTENT_ENCODING", Header("Content-Encoding"), Both),
    row(30, "WINHTTP_QUERY_FORWARDED", Header("Forwarded"), Request),
    row(31, "WINHTTP_QUERY_FROM", Header("From"), Request),
    row(32, "WINHTTP_QUERY_IF_MODIFIED_SINCE", Header("If-Modified-Since"), Request),
    row(33, "WINHTTP_QUERY_LOCATION", Header("Location"), Response),
    row(34, "WINHTTP_QUERY_ORIG_URI", Header("Orig-URI"), Request),
    row(35, "WINHTTP_QUERY_REFERER", Header("Referer"), Request),
    row(36, "WINHTTP_QUERY_RETRY_AFTER", Header("Retry-After"), Response),
    row(37, "WINHTTP_QUERY_SERVER", Header("Server"), Response),
    row(38, "WINHTTP_QUERY_TITLE", Header("Title"), Both),
    row(39, "WINHTTP_QUERY_USER_AGENT", Header("User-Agent"), Request),
    row(40, "WINHTTP_QUERY_WWW_AUTHENTICATE", Header("WWW-Authenticate"), Response),
    row(41, "WINHTTP_QUERY_PROXY_AUTHENTICATE", Header("Proxy-Authenticate"), Response),
    row(42, "WINHTTP_QUERY_ACCEPT_RANGES", Header("Accept-Ranges"), Response),
    row(43, "WINHTTP_QUERY_SET_COOKIE", Header("Set-Cookie"), Response),
    row(44, "WINHTTP_QUERY_COOKIE", Header("Cookie"), Request),
    row(45, "WINHTTP_QUERY_REQUEST_METHOD", RequestMethod, Request),
    row(46, "WINHTTP_QUERY_REFRESH", Header("Refresh"), Response),
    row(47, "WINHTTP_QUERY_CONTENT_DISPOSITION", Header("Content-Disposition"), Both),
    row(48, "WINHTTP_QUERY_AGE", Header("Age"), Response),
    row(49, "WINHTTP_QUERY_CACHE_CONTROL", Header("Cache-Control"), Both),
    row(50, "WINHTTP_QUERY_CONTENT_BASE", Header("Content-Base"), Both),
    row(51, "WINHTTP_QUERY_CONTENT_LOCATION", Header("Content-Location"), Both),
    row(52, "WINHTTP_QUERY_CONTENT_MD5", Header("Content-MD5"), Both),
    row(53, "WINHTTP_QUERY_CONTENT_RANGE", Header("Content-Range"), Response),
    row(54, "WINHTTP_QUERY_ETAG", Header("ETag"), Response),
    row(55, "WINHTTP_QUERY_HOST", Header("Host"), Request),
    row(56, "WINHTTP_QUERY_IF_MATCH", Header("If-Match"), Request),
    row(57, "WINHTTP_QUERY_IF_NONE_MATCH", Header("If-None-Match"), Request),
    row(58, "WINHTTP_QUERY_IF_RANGE", Header("If-Range"), Request),
    row(59, "WINHTTP_QUERY_IF_UNMODIFIED_SINCE", Header("If-Unmodified-Since"), Request),
    row(60, "WINHTTP_QUERY_MAX_FORWARDS", Header("Max-Forwards"), Request),
    row(61, "WINHTTP_QUERY_PROXY_AUTHORIZATION", Header("Proxy-Authorization"), Request),
    row(62, "WINHTTP_QUERY_RANGE", Header("Range"), Request),
    row(63, "WINHTTP_QUERY_TRANSFER_ENCODING", Header("Transfer-Encoding"), Both),
    row(64, "WINHTTP_QUERY_UPGRADE", Header("Upgrade"), Both),
    row(65, "WINHTTP_QUERY_VARY", Header("Vary"), Response),
    row(66, "WINHTTP_QUERY_VIA", Header("Via"), Both),
    row(67, "WINHTTP_QUERY_WARNING", Header("Warning"), Both),
    row(68, "WINHTTP_QUERY_EXPECT", Header("Expect"), Request),
    row(69, "WINHTTP_QUERY_PROXY_CONNECTION", Header("Proxy-Connection"), Both),
    row(70, "WINHTTP_QUERY_UNLESS_MODIFIED_SINCE", Header("Unless-Modified-Since"), Request),
    row(75, "WINHTTP_QUERY_PROXY_SUPPORT", Header("Proxy-Support"), Response),
    row(76, "WINHTTP_QUERY_AUTHENTICATION_INFO", Header("Authentication-Info"), Response),
    row(77, "WINHTTP_QUERY_PASSPORT_URLS", Header("PassportURLs"), Response),
    row(78, "WINHTTP_QUERY_PASSPORT_CONFIG", Header("PassportConfig"), Response),
    row(65535, "WINHTTP_QUERY_CUSTOM", Custom, Both),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::header::text;

    #[test]
    fn every_number_up_to_max_is_known_except_the_gap() {
        for number in 0..=MAX {
            let found = level(number).map(|level| level.number);
            assert_eq!(found, (!(71..=74).contains(&number)).then_some(number));
        }
        assert_eq!(level(CUSTOM).unwrap().source, Custom);
    }

    #[test]
    fn fact_4_2_4_levels_above_max_are_unknown() {
        for number in [MAX + 1, CUSTOM - 1, CUSTOM + 1, u32::MAX] {
            assert_eq!(level(number), None);
        }
    }

    #[test]
    fn rows_are_sorted_and_their_names_are_tokens() {
        assert!(LEVELS.is_sorted_by(|one, next| one.number < next.number));
        for level in &LEVELS {
            assert!(level.query_name.starts_with("WINHTTP_QUERY_"));
            if let Header(name) = level.source {
                assert!(text::is_token(name.as_bytes()), "{name}");
            }
        }
    }

    #[test]
    fn well_known_levels_have_their_published_numbers() {
        let cases = [
            (5, "WINHTTP_QUERY_CONTENT_LENGTH", Header("Content-Length")),
            (19, "WINHTTP_QUERY_STATUS_CODE", StatusCode),
            (22, "WINHTTP_QUERY_RAW_HEADERS_CRLF", RawHeadersCrlf),
            (33, "WINHTTP_QUERY_LOCATION", Header("Location")),
            (45, "WINHTTP_QUERY_REQUEST_METHOD", RequestMethod),
            (
                78,
                "WINHTTP_QUERY_PASSPORT_CONFIG",
                Header("PassportConfig"),
            ),
        ];
        for (number, name, source) in cases {
            let level = level(number).unwrap();
            assert_eq!((level.query_name, level.source), (name, source));
        }
    }
}
