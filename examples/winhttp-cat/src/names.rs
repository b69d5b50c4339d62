//! Names for WinHTTP's numbers, so that people read names: errors, notifications, calls, types.

use windows_sys::Win32::Foundation::*;
use windows_sys::Win32::Networking::WinHttp::*;

/// Makes a table of (number, name) from constants, so that neither can be mistyped.
macro_rules! table {
    ($type:ty, strip $prefix:literal: $($constant:ident),+ $(,)?) => {
        &[$(($constant as $type, strip(stringify!($constant), $prefix))),+]
    };
}

/// Cuts a known prefix off a constant's name.
const fn strip(name: &'static str, prefix: &str) -> &'static str {
    match name.split_at_checked(prefix.len()) {
        Some((_, rest)) => rest,
        None => name,
    }
}

const ERRORS: &[(u32, &str)] = table!(u32, strip "":
    ERROR_FILE_NOT_FOUND, ERROR_ACCESS_DENIED, ERROR_INVALID_HANDLE, ERROR_NOT_ENOUGH_MEMORY,
    ERROR_NOT_SUPPORTED, ERROR_INVALID_PARAMETER,
    ERROR_INSUFFICIENT_BUFFER, ERROR_IO_PENDING, ERROR_INVALID_OPERATION,
    ERROR_WINHTTP_OUT_OF_HANDLES, ERROR_WINHTTP_TIMEOUT, ERROR_WINHTTP_INTERNAL_ERROR,
    ERROR_WINHTTP_INVALID_URL, ERROR_WINHTTP_UNRECOGNIZED_SCHEME, ERROR_WINHTTP_NAME_NOT_RESOLVED,
    ERROR_WINHTTP_INVALID_OPTION, ERROR_WINHTTP_OPTION_NOT_SETTABLE, ERROR_WINHTTP_SHUTDOWN,
    ERROR_WINHTTP_LOGIN_FAILURE, ERROR_WINHTTP_OPERATION_CANCELLED,
    ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, ERROR_WINHTTP_INCORRECT_HANDLE_STATE,
    ERROR_WINHTTP_CANNOT_CONNECT, ERROR_WINHTTP_CONNECTION_ERROR, ERROR_WINHTTP_RESEND_REQUEST,
    ERROR_WINHTTP_SECURE_CERT_DATE_INVALID, ERROR_WINHTTP_SECURE_CERT_CN_INVALID,
    ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED, ERROR_WINHTTP_SECURE_INVALID_CA,
    ERROR_WINHTTP_SECURE_CERT_REV_FAILED, ERROR_WINHTTP_CANNOT_CALL_BEFORE_OPEN,
    ERROR_WINHTTP_CANNOT_CALL_BEFORE_SEND, ERROR_WINHTTP_CANNOT_CALL_AFTER_SEND,
    ERROR_WINHTTP_CANNOT_CALL_AFTER_OPEN, ERROR_WINHTTP_HEADER_NOT_FOUND,
    ERROR_WINHTTP_INVALID_SERVER_RESPONSE, ERROR_WINHTTP_INVALID_HEADER,
    ERROR_WINHTTP_INVALID_QUERY_REQUEST, ERROR_WINHTTP_HEADER_ALREADY_EXISTS,
    ERROR_WINHTTP_REDIRECT_FAILED, ERROR_WINHTTP_SECURE_CHANNEL_ERROR,
    ERROR_WINHTTP_BAD_AUTO_PROXY_SCRIPT, ERROR_WINHTTP_UNABLE_TO_DOWNLOAD_SCRIPT,
    ERROR_WINHTTP_SECURE_INVALID_CERT, ERROR_WINHTTP_SECURE_CERT_REVOKED,
    ERROR_WINHTTP_NOT_INITIALIZED, ERROR_WINHTTP_SECURE_FAILURE,
    ERROR_WINHTTP_UNHANDLED_SCRIPT_TYPE, ERROR_WINHTTP_SCRIPT_EXECUTION_ERROR,
    ERROR_WINHTTP_AUTO_PROXY_SERVICE_ERROR, ERROR_WINHTTP_SECURE_CERT_WRONG_USAGE,
    ERROR_WINHTTP_AUTODETECTION_FAILED, ERROR_WINHTTP_HEADER_COUNT_EXCEEDED,
    ERROR_WINHTTP_HEADER_SIZE_OVERFLOW, ERROR_WINHTTP_CHUNKED_ENCODING_HEADER_SIZE_OVERFLOW,
    ERROR_WINHTTP_RESPONSE_DRAIN_OVERFLOW, ERROR_WINHTTP_CLIENT_CERT_NO_PRIVATE_KEY,
    ERROR_WINHTTP_CLIENT_CERT_NO_ACCESS_PRIVATE_KEY, ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED_PROXY,
    ERROR_WINHTTP_SECURE_FAILURE_PROXY, ERROR_WINHTTP_RESERVED_189,
    ERROR_WINHTTP_HTTP_PROTOCOL_MISMATCH, ERROR_WINHTTP_GLOBAL_CALLBACK_FAILED,
    ERROR_WINHTTP_FEATURE_DISABLED,
);

const STATUSES: &[(u32, &str)] = table!(u32, strip "WINHTTP_CALLBACK_STATUS_":
    WINHTTP_CALLBACK_STATUS_RESOLVING_NAME, WINHTTP_CALLBACK_STATUS_NAME_RESOLVED,
    WINHTTP_CALLBACK_STATUS_CONNECTING_TO_SERVER, WINHTTP_CALLBACK_STATUS_CONNECTED_TO_SERVER,
    WINHTTP_CALLBACK_STATUS_SENDING_REQUEST, WINHTTP_CALLBACK_STATUS_REQUEST_SENT,
    WINHTTP_CALLBACK_STATUS_RECEIVING_RESPONSE, WINHTTP_CALLBACK_STATUS_RESPONSE_RECEIVED,
    WINHTTP_CALLBACK_STATUS_CLOSING_CONNECTION, WINHTTP_CALLBACK_STATUS_CONNECTION_CLOSED,
    WINHTTP_CALLBACK_STATUS_HANDLE_CREATED, WINHTTP_CALLBACK_STATUS_HANDLE_CLOSING,
    WINHTTP_CALLBACK_STATUS_DETECTING_PROXY, WINHTTP_CALLBACK_STATUS_REDIRECT,
    WINHTTP_CALLBACK_STATUS_INTERMEDIATE_RESPONSE, WINHTTP_CALLBACK_STATUS_SECURE_FAILURE,
    WINHTTP_CALLBACK_STATUS_HEADERS_AVAILABLE, WINHTTP_CALLBACK_STATUS_DATA_AVAILABLE,
    WINHTTP_CALLBACK_STATUS_READ_COMPLETE, WINHTTP_CALLBACK_STATUS_WRITE_COMPLETE,
    WINHTTP_CALLBACK_STATUS_REQUEST_ERROR, WINHTTP_CALLBACK_STATUS_SENDREQUEST_COMPLETE,
    WINHTTP_CALLBACK_STATUS_GETPROXYFORURL_COMPLETE, WINHTTP_CALLBACK_STATUS_CLOSE_COMPLETE,
    WINHTTP_CALLBACK_STATUS_SHUTDOWN_COMPLETE, WINHTTP_CALLBACK_STATUS_GETPROXYSETTINGS_COMPLETE,
);

const CALLS: &[(usize, &str)] = table!(usize, strip "API_":
    API_RECEIVE_RESPONSE, API_QUERY_DATA_AVAILABLE, API_READ_DATA, API_WRITE_DATA,
    API_SEND_REQUEST, API_GET_PROXY_FOR_URL, API_GET_PROXY_SETTINGS,
);

const CERTIFICATE_FLAWS: &[(u32, &str)] = table!(u32, strip "WINHTTP_CALLBACK_STATUS_FLAG_":
    WINHTTP_CALLBACK_STATUS_FLAG_CERT_REV_FAILED, WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CERT,
    WINHTTP_CALLBACK_STATUS_FLAG_CERT_REVOKED, WINHTTP_CALLBACK_STATUS_FLAG_INVALID_CA,
    WINHTTP_CALLBACK_STATUS_FLAG_CERT_CN_INVALID, WINHTTP_CALLBACK_STATUS_FLAG_CERT_DATE_INVALID,
    WINHTTP_CALLBACK_STATUS_FLAG_CERT_WRONG_USAGE,
    WINHTTP_CALLBACK_STATUS_FLAG_SECURITY_CHANNEL_ERROR,
);

const OPERATIONS: &[(i32, &str)] = table!(i32, strip "WINHTTP_WEB_SOCKET_":
    WINHTTP_WEB_SOCKET_SEND_OPERATION, WINHTTP_WEB_SOCKET_RECEIVE_OPERATION,
    WINHTTP_WEB_SOCKET_CLOSE_OPERATION, WINHTTP_WEB_SOCKET_SHUTDOWN_OPERATION,
);

const BUFFER_TYPES: &[(i32, &str)] = table!(i32, strip "WINHTTP_WEB_SOCKET_":
    WINHTTP_WEB_SOCKET_BINARY_MESSAGE_BUFFER_TYPE, WINHTTP_WEB_SOCKET_BINARY_FRAGMENT_BUFFER_TYPE,
    WINHTTP_WEB_SOCKET_UTF8_MESSAGE_BUFFER_TYPE, WINHTTP_WEB_SOCKET_UTF8_FRAGMENT_BUFFER_TYPE,
    WINHTTP_WEB_SOCKET_CLOSE_BUFFER_TYPE,
);

fn find<N: PartialEq>(table: &[(N, &'static str)], number: &N) -> Option<&'static str> {
    table
        .iter()
        .find(|(known, _)| known == number)
        .map(|(_, name)| *name)
}

/// `ERROR_WINHTTP_TIMEOUT (12002)`.
pub(crate) fn error(code: u32) -> String {
    let name = find(ERRORS, &code).unwrap_or("error");
    format!("{name} ({code})")
}

/// `CONNECTED_TO_SERVER`, or the number in hexadecimal.
pub(crate) fn status(status: u32) -> String {
    find(STATUSES, &status).map_or_else(|| format!("{status:#x}"), str::to_owned)
}

/// The call a WINHTTP_ASYNC_RESULT is about: `SEND_REQUEST`.
pub(crate) fn call(api: usize) -> String {
    find(CALLS, &api).map_or_else(|| format!("API {api}"), str::to_owned)
}

/// The operation a WINHTTP_WEB_SOCKET_ASYNC_RESULT is about: `RECEIVE_OPERATION`.
pub(crate) fn operation(operation: i32) -> String {
    find(OPERATIONS, &operation).map_or_else(|| format!("operation {operation}"), str::to_owned)
}

/// `UTF8_MESSAGE_BUFFER_TYPE`, or the number.
pub(crate) fn buffer_type(kind: i32) -> String {
    find(BUFFER_TYPES, &kind).map_or_else(|| format!("type {kind}"), str::to_owned)
}

/// Every flaw of a SECURE_FAILURE word, joined by ` | `.
pub(crate) fn certificate_flaws(word: u32) -> String {
    let names: Vec<_> = CERTIFICATE_FLAWS
        .iter()
        .filter(|(bit, _)| word & bit != 0)
        .map(|(_, name)| *name)
        .collect();
    if names.is_empty() {
        format!("{word:#x}")
    } else {
        names.join(" | ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_have_names() {
        assert_eq!(error(12002), "ERROR_WINHTTP_TIMEOUT (12002)");
        assert_eq!(error(999_999), "error (999999)");
    }

    /// All that the library's header declares, but for one that windows-sys does not know, and that
    /// is never raised.
    #[test]
    fn every_error_of_winhttp_has_its_name() {
        let header = include_str!("../../../winhttp-shim/include/winhttp.h");
        let rows = header.lines().filter_map(|line| {
            let mut words = line.strip_prefix("#define ")?.split_whitespace();
            let name = words.next()?.strip_prefix("ERROR_WINHTTP_")?;
            Some((name, words.next()?.parse().ok()?))
        });
        let rows: Vec<(&str, u32)> = rows.collect();
        assert!(rows.len() > 50, "{rows:?}");
        for (name, number) in rows {
            if name != "FAST_FORWARDING_NOT_SUPPORTED" {
                assert_eq!(error(number), format!("ERROR_WINHTTP_{name} ({number})"));
            }
        }
    }

    #[test]
    fn statuses_lose_their_common_prefix() {
        assert_eq!(status(0x8), "CONNECTED_TO_SERVER");
        assert_eq!(status(0x2000), "0x2000");
    }

    #[test]
    fn several_certificate_flaws_are_all_named() {
        assert_eq!(certificate_flaws(0x18), "INVALID_CA | CERT_CN_INVALID");
        assert_eq!(certificate_flaws(0), "0x0");
    }
}
