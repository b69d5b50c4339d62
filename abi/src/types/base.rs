//! Types every chapter uses: time, identifiers, handles and callbacks.

use core::ffi::c_void;

/// A truth value: 0 is false, everything else is true.
pub type Bool = i32;

/// An opaque handle: never NULL when valid, never a pointer to anything.
pub type HInternet = *mut c_void;

/// The status callback: handle, context, `WINHTTP_CALLBACK_STATUS_*`, data, length of
/// the data in bytes.
///
/// `None` is NULL. The data is valid until the callback returns.
pub type StatusCallback =
    Option<unsafe extern "system" fn(HInternet, usize, u32, *mut c_void, u32)>;

/// The proxy change callback: flags, context.
pub type ProxyChangeCallback = Option<unsafe extern "system" fn(u64, *mut c_void)>;

/// A globally unique identifier, in the field layout of Windows (`GUID`).
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guid {
    /// First 32 bits.
    pub data1: u32,
    /// Next 16 bits.
    pub data2: u16,
    /// Next 16 bits.
    pub data3: u16,
    /// Last 64 bits, as bytes.
    pub data4: [u8; 8],
}

/// 100-nanosecond ticks since 1601-01-01 UTC, split in halves (`FILETIME`).
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FileTime {
    /// Low half of the tick count.
    pub dw_low_date_time: u32,
    /// High half of the tick count.
    pub dw_high_date_time: u32,
}

/// A date and time in UTC, to the millisecond (`SYSTEMTIME`).
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SystemTime {
    /// Year, 1601 to 30827.
    pub w_year: u16,
    /// Month, 1 to 12.
    pub w_month: u16,
    /// Day of the week, 0 is Sunday.
    pub w_day_of_week: u16,
    /// Day of the month, 1 to 31.
    pub w_day: u16,
    /// Hour, 0 to 23.
    pub w_hour: u16,
    /// Minute, 0 to 59.
    pub w_minute: u16,
    /// Second, 0 to 59.
    pub w_second: u16,
    /// Millisecond, 0 to 999.
    pub w_milliseconds: u16,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_are_those_of_windows() {
        layout!(Guid, 16, 4, { data1: 0, data2: 4, data3: 6, data4: 8 });
        layout!(FileTime, 8, 4, { dw_low_date_time: 0, dw_high_date_time: 4 });
        layout!(SystemTime, 16, 2, {
            w_year: 0, w_month: 2, w_day_of_week: 4, w_day: 6, w_hour: 8, w_minute: 10, w_second:
            12, w_milliseconds: 14,
        });
    }
}
