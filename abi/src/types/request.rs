//! Structures of requests: URLs, headers, errors and timings.

/// An HTTP version, `WINHTTP_OPTION_HTTP_VERSION` (`HTTP_VERSION_INFO`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct HttpVersionInfo {
    /// Must be 1.
    pub dw_major_version: u32,
    /// 0 or 1.
    pub dw_minor_version: u32,
}

/// The parts of a URL, for `WinHttpCrackUrl` and `WinHttpCreateUrl`; lengths are in characters
/// (`URL_COMPONENTS`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct UrlComponents<W> {
    /// Size of this structure, set by the caller.
    pub dw_struct_size: u32,
    /// Scheme.
    pub lpsz_scheme: *mut W,
    /// Length of the scheme.
    pub dw_scheme_length: u32,
    /// Scheme as a number; input only when `lpszScheme` is NULL.
    pub n_scheme: i32,
    /// Host name.
    pub lpsz_host_name: *mut W,
    /// Length of the host name.
    pub dw_host_name_length: u32,
    /// Port, in host byte order.
    pub n_port: u16,
    /// User name.
    pub lpsz_user_name: *mut W,
    /// Length of the user name.
    pub dw_user_name_length: u32,
    /// Password.
    pub lpsz_password: *mut W,
    /// Length of the password.
    pub dw_password_length: u32,
    /// Path.
    pub lpsz_url_path: *mut W,
    /// Length of the path.
    pub dw_url_path_length: u32,
    /// Query and fragment, with their marks.
    pub lpsz_extra_info: *mut W,
    /// Length of query and fragment.
    pub dw_extra_info_length: u32,
}

/// Data of `WINHTTP_CALLBACK_STATUS_REQUEST_ERROR` on a request or resolver handle
/// (`WINHTTP_ASYNC_RESULT`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct AsyncResult {
    /// The operation that failed, an `API_*` value; 0 for WebSocket operations.
    pub dw_result: usize,
    /// Error code; never 0.
    pub dw_error: u32,
}

/// One header, for `WinHttpAddRequestHeadersEx` and `WinHttpQueryHeadersEx`
/// (`WINHTTP_EXTENDED_HEADER`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct ExtendedHeader<W> {
    /// Name of the header.
    pub name: EitherString<W>,
    /// Value of the header.
    pub value: EitherString<W>,
}

/// The name of a header, for `WinHttpQueryHeadersEx` (`WINHTTP_HEADER_NAME`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct HeaderName<W> {
    /// Name of the header.
    pub name: EitherString<W>,
}

/// Automatic retries, `WINHTTP_OPTION_FAILED_CONNECTION_RETRIES`
/// (`WINHTTP_FAILED_CONNECTION_RETRIES`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct FailedConnectionRetries {
    /// How often a request is retried.
    pub dw_max_retries: u32,
    /// Mask of `WINHTTP_CONNECTION_RETRY_CONDITION_*`.
    pub dw_allowed_retry_conditions: u32,
}

/// When the steps of a request happened, `WINHTTP_OPTION_REQUEST_TIMES`
/// (`WINHTTP_REQUEST_TIMES`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RequestTimes {
    /// Number of entries; the caller sets it to those it wants.
    pub c_times: u32,
    /// Counter ticks by `WINHTTP_REQUEST_TIME_ENTRY`; 0 did not happen.
    pub rgull_times: [u64; 64],
}

/// Sizes and counters of a request, `WINHTTP_OPTION_REQUEST_STATS` (`WINHTTP_REQUEST_STATS`).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct RequestStats {
    /// Mask of `WINHTTP_REQUEST_STAT_FLAG_*`.
    pub ull_flags: u64,
    /// How many requests preceded this one on its connection.
    pub ul_index: u32,
    /// Number of entries; the caller sets it to those it wants.
    pub c_stats: u32,
    /// Values by `WINHTTP_REQUEST_STAT_ENTRY`.
    pub rgull_stats: [u64; 32],
}

/// A string whose flags say elsewhere whether it is wide or narrow: a C union of two pointers.
#[repr(transparent)]
#[derive(Debug, Clone, Copy)]
pub struct EitherString<W>(*const W);

impl<W> EitherString<W> {
    /// Holds a pointer to a wide string.
    #[must_use]
    pub const fn from_wide(text: *const W) -> Self {
        Self(text)
    }

    /// Holds a pointer to a narrow string.
    #[must_use]
    pub const fn from_narrow(text: *const u8) -> Self {
        Self(text.cast())
    }

    /// The pointer, when the string is wide.
    #[must_use]
    pub const fn wide(self) -> *const W {
        self.0
    }

    /// The pointer, when the string is narrow.
    #[must_use]
    pub const fn narrow(self) -> *const u8 {
        self.0.cast()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_those_of_windows() {
        layout!(HttpVersionInfo, 8, 4, { dw_major_version: 0, dw_minor_version: 4 });
        layout!(UrlComponents<u16>, 104, 8, {
            dw_struct_size: 0, lpsz_scheme: 8, dw_scheme_length: 16, n_scheme: 20, lpsz_host_name:
            24, dw_host_name_length: 32, n_port: 36, lpsz_user_name: 40, dw_user_name_length: 48,
            lpsz_password: 56, dw_password_length: 64, lpsz_url_path: 72, dw_url_path_length: 80,
            lpsz_extra_info: 88, dw_extra_info_length: 96,
        });
        layout!(AsyncResult, 16, 8, { dw_result: 0, dw_error: 8 });
        layout!(ExtendedHeader<u16>, 16, 8, { name: 0, value: 8 });
        layout!(HeaderName<u16>, 8, 8, { name: 0 });
        layout!(FailedConnectionRetries, 8, 4, {
            dw_max_retries: 0, dw_allowed_retry_conditions: 4,
        });
        layout!(RequestTimes, 520, 8, { c_times: 0, rgull_times: 8 });
        layout!(RequestStats, 272, 8, { ull_flags: 0, ul_index: 8, c_stats: 12, rgull_stats: 16 });
    }

    #[test]
    fn a_string_of_either_width_gives_back_the_pointer_it_was_made_from() {
        let (wide, narrow) = ([0_u16; 2], [0_u8; 2]);
        assert_eq!(EitherString::from_wide(wide.as_ptr()).wide(), wide.as_ptr());
        let text = EitherString::<u32>::from_narrow(narrow.as_ptr());
        assert_eq!(text.narrow(), narrow.as_ptr());
    }
}
