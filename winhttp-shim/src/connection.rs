//! Connections: WinHttpConnect, and connection groups.

mod groups;

use winhttp_abi::allocation;
use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::{Nothing, Status};
use winhttp_abi::handle::{Hinternet, bits, from_bits};
use winhttp_abi::input;
use winhttp_abi::types::{Guid, QueryConnectionGroupResult};

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

    /// How many connections to the server of a connect or request are open, by their GUIDs, or
    /// those with one GUID. A connect stands for https unless the flags say
    /// WINHTTP_QUERY_CONNECTION_GROUP_FLAG_INSECURE. The result is one block, for
    /// WinHttpFreeQueryConnectionGroupResult.
    ///
    /// ERROR_WINHTTP_INCORRECT_HANDLE_TYPE for all but connects and requests,
    /// ERROR_INVALID_PARAMETER for NULL and for other flags, ERROR_NOT_ENOUGH_MEMORY.
    pub fn WinHttpQueryConnectionGroup<W>(
        handle: Hinternet,
        guid: *const Guid,
        flags: u64,
        result: *mut *mut QueryConnectionGroupResult<W>,
    ) -> Status {
        let secure = flags & c::WINHTTP_QUERY_CONNECTION_GROUP_FLAG_INSECURE == 0;
        // SAFETY: C's promise about its structure.
        let mark = unsafe { input::value(guid) }.map(groups::mark);
        let found = library().connection_groups(bits(handle), mark, secure).map_err(map::code)?;
        refuse_if(flags & !c::WINHTTP_QUERY_CONNECTION_GROUP_FLAG_INSECURE != 0)?;
        refuse_if(result.is_null())?;
        let block = groups::give::<W>(&found)?;
        // SAFETY: C's promise about its variable, which need not be aligned.
        unsafe { result.write_unaligned(block) };
        Ok(Status)
    }

    /// Frees what WinHttpQueryConnectionGroup gave; NULL is fine.
    pub fn WinHttpFreeQueryConnectionGroupResult<W>(
        result: *mut QueryConnectionGroupResult<W>,
    ) -> Nothing {
        // SAFETY: the program promises that it is such a result, which is one block.
        unsafe { allocation::release(result.cast()) };
        Ok(Nothing)
    }
}
