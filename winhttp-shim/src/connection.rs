//! WinHttpConnect.

use winhttp_abi::export;
use winhttp_abi::handle::{Hinternet, bits, from_bits};

use crate::arguments::required_text;
use crate::library::library;
use crate::map;

export! {
    /// Names the server of later requests; no I/O. Port 0 means the scheme's default.
    ///
    /// NULL on failure: ERROR_INVALID_HANDLE, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE, ERROR_INVALID_PARAMETER for a NULL
    /// name, ERROR_WINHTTP_INVALID_URL for one that cannot be a server's.
    pub fn WinHttpConnect<W>(
        session: Hinternet,
        server_name: *const W,
        port: u16,
        _reserved: u32,
    ) -> Hinternet {
        library().session(bits(session)).map_err(map::code)?;
        // SAFETY: C's promise about its string.
        let server_name = unsafe { required_text(server_name) }?;
        let id = library().connect_to(bits(session), &server_name, port).map_err(map::code)?;
        Ok(from_bits(id.bits()))
    }
}
