//! Connections: WinHttpConnect, and connection groups.
//!
//! This version has no groups: what asks for one checks its arguments as it will when there are
//! some, and then fails with ERROR_CALL_NOT_IMPLEMENTED.

use winhttp_abi::Code;
use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::{Nothing, Status};
use winhttp_abi::handle::{Hinternet, bits, from_bits};
use winhttp_abi::types::{Guid, QueryConnectionGroupResult};
use winhttp_core::api::Object;

use crate::arguments::{refuse_if, required_text};
use crate::library::library;
use crate::map;

export! {
    /// Names the server of later requests; no I/O. Port 0 means the scheme's default.
    ///
    /// NULL on failure: ERROR_INVALID_HANDLE, ERROR_WINHTTP_INCORRECT_HANDLE_TYPE,
    /// ERROR_INVALID_PARAMETER for a NULL name, ERROR_WINHTTP_INVALID_URL for one that cannot be a
    /// server's.
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

    /// ERROR_WINHTTP_INCORRECT_HANDLE_TYPE for all but connects and requests,
    /// ERROR_INVALID_PARAMETER for NULL and for other flags than
    /// WINHTTP_QUERY_CONNECTION_GROUP_FLAG_INSECURE.
    pub fn WinHttpQueryConnectionGroup<W>(
        handle: Hinternet,
        _guid: *const Guid,
        flags: u64,
        result: *mut *mut QueryConnectionGroupResult<W>,
    ) -> Status {
        match library().object(bits(handle)).map_err(map::code)? {
            Object::Connect(_) | Object::Request(_) => {}
            Object::Session(_) | Object::WebSocket(_) => {
                return Err(Code(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE));
            }
        }
        refuse_if(flags & !c::WINHTTP_QUERY_CONNECTION_GROUP_FLAG_INSECURE != 0)?;
        refuse_if(result.is_null())?;
        Err(Code::CALL_NOT_IMPLEMENTED)
    }

    /// Does nothing: nothing makes such a result.
    pub fn WinHttpFreeQueryConnectionGroupResult<W>(
        _result: *mut QueryConnectionGroupResult<W>,
    ) -> Nothing {
        Ok(Nothing)
    }
}
