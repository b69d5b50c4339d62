//! Sessions and what all handles share: WinHttpOpen, WinHttpCloseHandle, WinHttpSetTimeouts,
//! WinHttpCheckPlatform.

use winhttp_abi::Code;
use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::Done;
use winhttp_abi::handle::{Hinternet, bits, from_bits};
use winhttp_abi::input;
use winhttp_core::api::OpenSession;
use winhttp_proto::error::Error;
use winhttp_proto::option::TimeoutArguments;

use crate::library::library;
use crate::map;

/// The part of WINHTTP_FLAG_SECURE_DEFAULTS that is not WINHTTP_FLAG_ASYNC.
const SECURE_DEFAULTS_ONLY: u32 = c::WINHTTP_FLAG_SECURE_DEFAULTS & !c::WINHTTP_FLAG_ASYNC;

export! {
    /// Opens a session. NULL on failure: ERROR_INVALID_PARAMETER (also for an agent that cannot be
    /// a header's value), ERROR_NOT_ENOUGH_MEMORY.
    ///
    /// `agent` NULL sends no User-Agent header. `proxy` and `bypass` count for
    /// WINHTTP_ACCESS_TYPE_NAMED_PROXY only. No I/O; the text arguments are copied.
    pub fn WinHttpOpen<W>(
        agent: *const W,
        access_type: u32,
        proxy: *const W,
        bypass: *const W,
        flags: u32,
    ) -> Hinternet {
        // SAFETY: C's promise about its strings.
        let agent = unsafe { input::text(agent) }?;
        // SAFETY: as above.
        let proxy = unsafe { input::text(proxy) }?;
        // SAFETY: as above.
        let bypass = unsafe { input::text(bypass) }?;
        let asynchronous = flags & c::WINHTTP_FLAG_ASYNC != 0;
        let secure_defaults = flags & SECURE_DEFAULTS_ONLY != 0;
        if flags & !c::WINHTTP_FLAG_SECURE_DEFAULTS != 0 || (secure_defaults && !asynchronous) {
            return Err(Code::INVALID_PARAMETER);
        }
        // Before anything looks at the environment: it knows whether that is to be believed.
        let library = library();
        let is_named = access_type == c::WINHTTP_ACCESS_TYPE_NAMED_PROXY;
        let named = |text: Option<String>| text.filter(|_| is_named);
        let proxy = map::proxy_access(access_type, named(proxy), named(bypass))?;
        let session = OpenSession { agent, proxy, asynchronous, secure_defaults };
        let id = library.open(session).map_err(map::code)?;
        Ok(from_bits(id.bits()))
    }

    /// Closes a handle of any kind: it is invalid at once, what is pending ends with
    /// ERROR_WINHTTP_OPERATION_CANCELLED, and HANDLE_CLOSING is its last notification. Children
    /// live on.
    ///
    /// FALSE for NULL, closed and invented handles: ERROR_INVALID_HANDLE.
    pub fn WinHttpCloseHandle<W>(handle: Hinternet) -> Done {
        library().close(bits(handle)).map_err(map::code)?;
        Ok(Done)
    }

    /// Sets four timeouts of a session or request, in milliseconds; 0 and -1 mean no limit.
    ///
    /// FALSE, checked in this order: ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER below -1,
    /// ERROR_WINHTTP_INCORRECT_HANDLE_TYPE for connections and WebSockets.
    pub fn WinHttpSetTimeouts<W>(
        handle: Hinternet,
        resolve: i32,
        connect: i32,
        send: i32,
        receive: i32,
    ) -> Done {
        let object = library().object(bits(handle)).map_err(map::code)?;
        let timeouts = TimeoutArguments::new(resolve, connect, send, receive).map_err(Error::from).map_err(map::code)?;
        object.set_timeouts(timeouts).map_err(map::code)?;
        Ok(Done)
    }

    /// TRUE: the platform supports WinHTTP.
    pub fn WinHttpCheckPlatform<W>() -> Done {
        Ok(Done)
    }
}
