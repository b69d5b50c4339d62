//! What the library knows of an error beyond its number. Windows' own library knows nothing of
//! this.

/// What this thread knows of an error: behind the call that failed, or inside the callback that is
/// told.
#[cfg(unix)]
pub(crate) fn of(code: u32) -> Option<String> {
    use windows_sys::Win32::Foundation::NO_ERROR;
    /// WINHTTP_SHIM_ERROR_DETAIL_MAX.
    const LONGEST_BYTES: u32 = 8192;

    let mut text = vec![0_u8; usize::try_from(LONGEST_BYTES).ok()?];
    let mut length = LONGEST_BYTES;
    // SAFETY: the buffer is lent with its length.
    let known =
        unsafe { winhttp::WinHttpShimGetErrorDetailUtf8(code, text.as_mut_ptr(), &raw mut length) };
    if known != NO_ERROR {
        return None;
    }
    text.truncate(usize::try_from(length).ok()?);
    String::from_utf8(text).ok()
}

/// Nothing.
#[cfg(not(unix))]
pub(crate) fn of(_: u32) -> Option<String> {
    None
}
