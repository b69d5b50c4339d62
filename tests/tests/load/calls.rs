//! Calls that both kinds of client make.

use winhttp_abi::constants as c;
use winhttp_tests::{Call, Handle, last_error, text};

/// WinHttpOpenRequest.
pub(crate) fn open(connect: Handle, secure: bool, verb: &str, path: &str) -> Call<Handle> {
    let (verb, path) = (text::<u16>(verb), text::<u16>(path));
    let flags = if secure { c::WINHTTP_FLAG_SECURE } else { 0 };
    let null = std::ptr::null();
    let (verb, path) = (verb.as_ptr(), path.as_ptr());
    // SAFETY: the texts live through the call.
    let request = unsafe {
        winhttp::WinHttpOpenRequest::<u16>(
            connect.raw(),
            verb,
            path,
            null,
            null,
            std::ptr::null(),
            flags,
        )
    };
    if request.is_null() {
        return Err(last_error());
    }
    Ok(request.into())
}
