//! Proxy resolvers, which ask scripts and detection asynchronously. This version has none.
//!
//! Each function checks handles and arguments as it will when there are resolvers, and then fails
//! with ERROR_CALL_NOT_IMPLEMENTED. Where the true answer is known already, it gives that; its
//! documentation says so.

use winhttp_abi::Code;
use winhttp_abi::constants as c;
use winhttp_abi::export;
use winhttp_abi::export::{Nothing, Status};
use winhttp_abi::handle::{Hinternet, bits};
use winhttp_abi::types::{AutoproxyOptions, ProxyResult, ProxyResultEx};

use crate::arguments::refuse_if;
use crate::library::library;
use crate::map;

export! {
    /// ERROR_WINHTTP_INCORRECT_HANDLE_TYPE for all but asynchronous sessions,
    /// ERROR_INVALID_PARAMETER for NULL.
    pub fn WinHttpCreateProxyResolver<W>(session: Hinternet, resolver: *mut Hinternet) -> Status {
        let session = library().session(bits(session)).map_err(map::code)?;
        if !session.handle().is_asynchronous() {
            return Err(Code(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE));
        }
        refuse_if(resolver.is_null())?;
        Err(Code::CALL_NOT_IMPLEMENTED)
    }

    /// The error of a handle that is no resolver, which no handle is.
    pub fn WinHttpGetProxyForUrlEx<W>(
        resolver: Hinternet,
        _url: *const W,
        _options: *const AutoproxyOptions<W>,
        _context: usize,
    ) -> Status {
        Err(no_resolver(resolver))
    }

    /// The error of a handle that is no resolver, which no handle is.
    pub fn WinHttpGetProxyForUrlEx2<W>(
        resolver: Hinternet,
        _url: *const W,
        _options: *const AutoproxyOptions<W>,
        _selection_length: u32,
        _selection: *const u8,
        _context: usize,
    ) -> Status {
        Err(no_resolver(resolver))
    }

    /// The error of a handle that is no resolver, which no handle is.
    pub fn WinHttpGetProxyResult<W>(resolver: Hinternet, _result: *mut ProxyResult<W>) -> Status {
        Err(no_resolver(resolver))
    }

    /// The error of a handle that is no resolver, which no handle is.
    pub fn WinHttpGetProxyResultEx<W>(
        resolver: Hinternet,
        _result: *mut ProxyResultEx<W>,
    ) -> Status {
        Err(no_resolver(resolver))
    }

    /// Does nothing: nothing fills such a structure.
    pub fn WinHttpFreeProxyResult<W>(_result: *mut ProxyResult<W>) -> Nothing {
        Ok(Nothing)
    }

    /// Does nothing: nothing fills such a structure.
    pub fn WinHttpFreeProxyResultEx<W>(_result: *mut ProxyResultEx<W>) -> Nothing {
        Ok(Nothing)
    }
}

/// The error of a handle where a resolver is expected: no live handle is one.
pub(super) fn no_resolver(handle: Hinternet) -> Code {
    match library().object(bits(handle)) {
        Ok(_) => Code(c::ERROR_WINHTTP_INCORRECT_HANDLE_TYPE),
        Err(error) => map::code(error),
    }
}
