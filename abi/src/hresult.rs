//! HRESULTs that say failure, as a type of their own.

use crate::constants as c;

/// Why a function failed that returns an HRESULT; never S_OK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HResult(i32);

impl HResult {
    /// E_INVALIDARG.
    pub const INVALID_ARGUMENT: Self = Self(c::E_INVALIDARG);
    /// E_OUTOFMEMORY.
    pub const OUT_OF_MEMORY: Self = Self(c::E_OUTOFMEMORY);
    /// E_UNEXPECTED: a defect of the library.
    pub const UNEXPECTED: Self = Self(c::E_UNEXPECTED);
    /// HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER).
    pub const INSUFFICIENT_BUFFER: Self = Self(c::E_INSUFFICIENT_BUFFER);
    /// E_INVALID_PROTOCOL_OPERATION.
    pub const INVALID_PROTOCOL_OPERATION: Self = Self(c::E_INVALID_PROTOCOL_OPERATION);
    /// E_INVALID_PROTOCOL_FORMAT.
    pub const INVALID_PROTOCOL_FORMAT: Self = Self(c::E_INVALID_PROTOCOL_FORMAT);
    /// E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED.
    pub const EXTENSIONS_NOT_SUPPORTED: Self = Self(c::E_PROTOCOL_EXTENSIONS_NOT_SUPPORTED);
    /// E_SUBPROTOCOL_NOT_SUPPORTED.
    pub const SUBPROTOCOL_NOT_SUPPORTED: Self = Self(c::E_SUBPROTOCOL_NOT_SUPPORTED);
    /// E_PROTOCOL_VERSION_NOT_SUPPORTED.
    pub const VERSION_NOT_SUPPORTED: Self = Self(c::E_PROTOCOL_VERSION_NOT_SUPPORTED);

    /// The number.
    #[must_use]
    pub const fn get(self) -> i32 {
        self.0
    }
}
