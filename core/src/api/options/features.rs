//! Which features of WinHTTP this version has (WINHTTP_OPTION_FEATURE_SUPPORTED).

/// The supported features (WINHTTP_FEATURE_*), sorted. An option that is only recorded is not among
/// them, unless what it asks for is always the case here.
pub const SUPPORTED: [(u32, &str); 25] = [
    (2, "IPV6_FAST_FALLBACK"),
    (3, "CONNECTION_STATS_V0"),
    (4, "REQUEST_TIMES"),
    (5, "EXPIRE_CONNECTION"),
    (6, "DISABLE_SECURE_PROTOCOL_FALLBACK"), // there never is one
    (8, "REQUEST_STATS"),
    (12, "CONNECTION_STATS_V1"),
    (13, "SECURITY_INFO"),
    (14, "TCP_KEEPALIVE"),
    (27, "RESOLUTION_HOSTNAME"),
    (34, "BACKGROUND_CONNECTIONS"),
    (35, "FIRST_AVAILABLE_CONNECTION"),
    (44, "IS_FEATURE_SUPPORTED"),
    (46, "ADD_REQUEST_HEADERS_EX"),
    (48, "READ_DATA_EX"),
    (49, "QUERY_HEADERS_EX"),
    (52, "SECURITY_FLAG_IGNORE_ALL_CERT_ERRORS"),
    (53, "FLAG_SECURE_DEFAULTS"),
    (54, "EXTENDED_HEADER_FLAG_UNICODE"),
    (55, "QUERY_FLAG_TRAILERS"),
    (56, "QUERY_FLAG_WIRE_ENCODING"),
    (59, "FLAG_AUTOMATIC_CHUNKING"),
    (62, "QUERY_EX_ALL_HEADERS"),
    (63, "READ_DATA_EX_FLAG_FILL_BUFFER"),
    (73, "REQUEST_ANNOTATION"),
];

/// Whether the feature with this number is supported; unknown numbers are not.
pub(super) fn is_supported(feature: u32) -> bool {
    SUPPORTED
        .binary_search_by_key(&feature, |(number, _)| *number)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_are_found_by_number_and_unknown_ones_are_not_there() {
        assert!(SUPPORTED.is_sorted_by_key(|(number, _)| *number));
        assert!(SUPPORTED.iter().all(|(number, _)| is_supported(*number)));
        // HTTP/3 keep-alive, and numbers without a feature.
        assert!(
            [69, 0, 10, u32::MAX]
                .into_iter()
                .all(|number| !is_supported(number))
        );
    }
}
